"""What a page folds: code, sections after their answer; how long the rest takes to read; a chapter's options.

- Code of the chapters is folded: who wants it opens it; the numbers come first.
- A comment line ``% fold: The table by rater`` folds what follows it in its section, under that summary. In a notebook
  a Markdown cell tagged ``fold`` does the same, with its text as the summary, on the page and in reports.
- ``{reading-time}`` is replaced by the minutes that the open text takes at 230 words a minute, in the
  language of the page.
- ``{options}`` is a table of the chapter's parameters, read from its parameters cell: the comment behind each says
  what it does, which is also what ``papermill --help-notebook`` prints.
"""

import ast
import io
import json
import re
import tokenize
from html import escape
from pathlib import Path

import standards
from docutils import nodes
from page_language import interface, language
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective, SphinxRole

SHOWN = {"hide-cell", "hide-input", "remove-cell", "remove-input"}
WORDS_A_MINUTE = 230
FOLD = re.compile(r"fold:\s*(.+)")


class minutes(nodes.inline):
    """Where the reading time is written once the page is known."""


def folded(text: str) -> str:
    """A notebook whose code is folded, but for cells whose tags say otherwise, and whose `fold` cells are comments.

    >>> folded('{"cells": [{"cell_type": "code", "metadata": {}}]}')
    '{"cells": [{"cell_type": "code", "metadata": {"tags": ["hide-input"]}}]}'
    """
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and not SHOWN & set(tags):
            cell["metadata"]["tags"] = [*tags, "remove-input" if "parameters" in tags else "hide-input"]
        if "fold" in tags:
            cell["source"] = f"% fold: {' '.join(''.join(cell['source']).split())}"
    return json.dumps(notebook)


def options_of(source: str) -> list[tuple[str, str, str]]:
    """Name, default and meaning of each parameter of a parameters cell.

    >>> options_of('by = None  # column of the groups')
    [('by', 'None', 'column of the groups')]
    """
    comments = {
        token.start[0]: token.string.lstrip("# ")
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    }
    rows = []
    for line in ast.parse(source).body:
        if isinstance(line, ast.Assign | ast.AnnAssign) and line.value is not None:
            name = ast.unparse(line.targets[0] if isinstance(line, ast.Assign) else line.target)
            rows.append((name, ast.unparse(line.value), comments.get(line.end_lineno or 0, "")))
    return rows


class Options(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        path = Path(self.env.doc2path(self.env.docname))
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        source = next("".join(c["source"]) for c in cells if "parameters" in c["metadata"].get("tags", []))
        rows = "".join(
            f"<tr><th scope='row'><code>{name}</code></th><td><code>{escape(default)}</code></td>"
            f"<td>{escape(meaning)}</td></tr>"
            for name, default, meaning in options_of(source)
            if name != "reading"
        )
        head = "".join(f'<th scope="col">{h}</th>' for h in ("option (-p)", "default", "what it does"))
        table = f'<table class="halo-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        html = f'<div class="halo-scroll" role="group" tabindex="0" aria-label="Options">{table}</div>'
        return [nodes.raw("", html, format="html")]


class ReadingTime(SphinxRole):
    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        return [minutes()], []


def fold(app: Sphinx, docname: str, source: list[str]) -> None:
    if str(app.env.doc2path(docname)).endswith(".ipynb"):
        source[0] = folded(source[0])


def _hide(doctree: nodes.document) -> None:
    """Put what follows a fold comment in its section between the tags of a fold."""
    for comment in list(doctree.findall(nodes.comment)):
        if not (found := FOLD.fullmatch(comment.astext().strip())):
            continue
        section = comment.parent
        summary = f'<details class="halo-fold"><summary>{escape(found[1])}</summary>'
        start = section.index(comment)
        behind = section.children[start + 1 :]
        ends = (k for k, n in enumerate(behind) if isinstance(n, nodes.comment) and n.astext().startswith("fold"))
        end = next(ends, len(behind))
        opened, closed = (nodes.raw("", html, format="html") for html in (summary, "</details>"))
        section.children[start:] = []
        section += [opened, *behind[:end], closed, *behind[end:]]


def _count(doctree: nodes.document) -> int:
    """Words of a page that are open: neither code nor folded."""
    words, depth = 0, 0
    for node in doctree.findall():
        if isinstance(node, nodes.raw):
            depth += node.astext().count("<details") - node.astext().count("</details>")
        elif depth == 0 and isinstance(node, standards.home):
            shown = standards.REGISTER[node["standard"]]
            words += len(f"{shown.statement} {shown.why}".split())
        elif (
            isinstance(node, nodes.Text) and depth == 0 and not isinstance(node.parent, nodes.literal_block | nodes.raw)
        ):
            words += len(node.astext().split())
    return words


def read(app: Sphinx, doctree: nodes.document) -> None:
    _hide(doctree)
    for node in list(doctree.findall(minutes)):
        count = max(2, -(-_count(doctree) // WORDS_A_MINUTE))
        node.replace_self(nodes.Text(interface()[language(app.env, app.env.docname)]["minutes"].format(n=count)))


def setup(app: Sphinx) -> dict[str, object]:
    app.add_node(minutes)
    app.add_role("reading-time", ReadingTime())
    app.add_directive("options", Options)
    app.connect("source-read", fold)
    app.connect("doctree-read", read)
    return {"version": "3", "env_version": 3, "parallel_read_safe": True, "parallel_write_safe": True}
