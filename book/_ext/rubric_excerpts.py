"""Excerpts of the shipped rubrics, so that a page repeats no label, number or sentence of them.

- ``{rubric}`search_relevance.seconds` `` is a value of ``data/rubrics/search_relevance.yml``. An entry of a list is
  named by its name or its number.
- ``{rubric-table} search_relevance.exits`` with ``:columns: name, when`` is a table, one row per entry. ``:heads:``
  names the columns.
- ``{rubric-defect} search_relevance.defects.wrong_product`` is a defect with its neighbours and examples.
- ``{rubric-lint} search_relevance`` sets each place below it, one per line, to another value. It shows what the lint
  then finds.
"""

import copy
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from docutils import nodes
from docutils.parsers.rst import directives
from docutils.statemachine import StringList
from sphinx.application import Sphinx
from sphinx.util import logging
from sphinx.util.docutils import SphinxDirective, SphinxRole

from halo_methods.rubric import Finding, lint
from halo_methods.rubric.renders import escaped

log = logging.getLogger(__name__)
COLUMNS = dict.fromkeys(("columns", "heads"), directives.unchanged_required)
parsed = cache(yaml.safe_load)
FOLDER = Path(__file__).resolve().parents[2] / "data" / "rubrics"


def content(name: str) -> Any:
    """What the file of a shipped rubric holds."""
    return parsed((FOLDER / f"{name}.yml").read_text(encoding="utf-8"))


def key(node: Any, part: str) -> Any:
    """Where a part of a place leads: a key, a number in a list, or the number of the entry with that name.

    >>> key([{"name": "a"}, {"name": "b"}], "b"), key(["x"], "0"), key({"seconds": 40}, "seconds")
    (1, 0, 'seconds')
    """
    if not isinstance(node, list):
        return part
    return int(part) if part.isdigit() else [one["name"] for one in node].index(part)


def found(node: Any, place: str) -> Any:
    """The value at a place.

    >>> found({"labels": [{"name": "no", "means": "None."}]}, "labels.no.means")
    'None.'
    """
    for part in place.split("."):
        node = node[key(node, part)]
    return node


def changed(name: str, place: str, value: Any) -> list[Finding]:
    """What the lint finds in a shipped rubric with one value changed.

    >>> [one.standard for one in changed("search_relevance", "out_of_scope", [])]
    ['RUB-003']
    """
    whole = copy.deepcopy(content(name))
    *above, last = place.split(".")
    node = found(whole, ".".join(above)) if above else whole
    node[key(node, last)] = value
    return lint(whole)


def markdown(heads: list[str], rows: list[list[Any]]) -> str:
    """A table; what it holds is escaped, a term between asterisks apart."""
    lines = [heads, ["---"] * len(heads), *([escaped(cell) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


class Excerpt(SphinxDirective):
    """What the directives share: the file is read anew when it changes, and a wrong place stops the build."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name, _, place = self.arguments[0].partition(".")
        self.env.note_dependency(str(FOLDER / f"{name}.yml"))
        try:
            text = self.text(name, place)
        except (LookupError, ValueError, TypeError, OSError) as wrong:
            log.warning("no rubric has %s: %r", self.arguments[0], wrong, location=self.get_location())
            return []
        node = nodes.Element()
        self.state.nested_parse(StringList(text.splitlines(), "rubric"), 0, node)
        return node.children

    def text(self, name: str, place: str) -> str:
        raise NotImplementedError


def _columns(given: str) -> list[str]:
    return [part.strip() for part in given.split(",")]


def _given(row: Any, column: str) -> Any:
    """What an entry has under a key; nothing where it leaves it out."""
    try:
        return found(row, column)
    except LookupError:
        return ""


class Rows(Excerpt):
    """``{rubric-table} search_relevance.exits``."""

    option_spec = COLUMNS  # type: ignore[assignment]

    def text(self, name: str, place: str) -> str:
        columns = _columns(self.options["columns"])
        heads = _columns(self.options.get("heads", self.options["columns"]))
        rows = [[_given(row, column) for column in columns] for row in found(content(name), place)]
        if unknown := [column for column, held in zip(columns, zip(*rows, strict=True), strict=True) if not any(held)]:
            raise LookupError(unknown)
        return markdown(heads, rows)


class OneDefect(Excerpt):
    """``{rubric-defect} search_relevance.defects.wrong_product``."""

    def text(self, name: str, place: str) -> str:
        code = found(content(name), place)
        rows = [["definition", code["definition"]], ["test question", code["test"]]]
        rows += [[f"not {near['defect']}", near["difference"]] for near in code["near"]]
        rows += [
            ["has it" if e["has_it"] else "does not have it", f"{e['text']} ({e['why']})"] for e in code["examples"]
        ]
        return markdown([escaped(code["name"]), ""], rows)


class Found(Excerpt):
    """``{rubric-lint} search_relevance``."""

    has_content = True

    def text(self, name: str, place: str) -> str:
        rows = []
        for place, value in yaml.safe_load("\n".join(self.content)).items():
            (one,) = changed(name, place, value)
            standard = f"{{std}}`{one.standard}`" if one.standard[3:4] == "-" else one.standard
            said = value if isinstance(value, str) else "(left out)"
            rows.append(f"| {' › '.join(place.split('.'))} | {escaped(said)} | {standard}: it {one.what}. {one.fix} |")
        return "\n".join(["| where | a bad version | what the lint says |", "| --- | --- | --- |", *rows])


class Value(SphinxRole):
    """``{rubric}`search_relevance.seconds` ``."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        name, _, place = self.text.partition(".")
        self.env.note_dependency(str(FOLDER / f"{name}.yml"))
        try:
            said = str(found(content(name), place)).split("*")
            return [nodes.emphasis(text=text) if i % 2 else nodes.Text(text) for i, text in enumerate(said)], []
        except (LookupError, ValueError, TypeError, OSError) as wrong:
            log.warning("no rubric has %s: %r", self.text, wrong, location=(self.env.docname, self.lineno))
            return [nodes.literal(text=self.text)], []


def setup(app: Sphinx) -> dict[str, object]:
    app.add_role("rubric", Value())
    for name, directive in (("rubric-table", Rows), ("rubric-defect", OneDefect), ("rubric-lint", Found)):
        app.add_directive(name, directive)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
