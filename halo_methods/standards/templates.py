"""Templates that people fill in, with the numbers of standards put in: one Markdown source, three kinds of file."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from ..documents import nearest
from ..errors import BadOption, HaloError
from .numbers import Numbers, fill
from .register import all_numbers

if TYPE_CHECKING:
    from markdown_it.tree import SyntaxTreeNode

KINDS = (".md", ".docx", ".xlsx")
_FORMULA = re.compile(r"`(=[^`]*)`")
_BOX = re.compile(r"\[[ x]\] +")


class Run(NamedTuple):
    """Some text in one style."""

    text: str
    bold: bool = False
    italic: bool = False
    formula: bool = False


Runs = list[Run]


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, an entry of a list, a table, or the beginning of a new page.

    Attributes
    ----------
    runs : list of Run
        Its text; empty for a table.
    heading : int
        The heading's level; 0 for what is none.
    depth : int
        How many lists it stands in.
    marker : str
        What stands before an entry: a dot, its number, a box.
    rows : list of list
        A table's cells; the first row is its head, all blank where it has none.
    page : bool
        Whether a new page begins here, as a rule (``---``) says.
    """

    runs: Runs
    heading: int = 0
    depth: int = 0
    marker: str = ""
    rows: tuple[list[Runs], ...] = ()
    page: bool = False

    @property
    def text(self) -> str:
        """Its text without styles."""
        return text_of(self.runs)


def text_of(runs: Runs) -> str:
    """The text of runs; a formula is no text."""
    return "".join(run.text for run in runs if not run.formula)


def folder() -> Path:
    """Where the templates are: in a checkout, or in the installed package."""
    checkout = Path(__file__).parents[2] / "data" / "templates"
    return checkout if checkout.is_dir() else Path(__file__).parents[1] / "_book" / "templates"


def template_names() -> list[str]:
    """The templates there are, sorted.

    Examples
    --------
    >>> "escalation_record" in template_names()
    True
    """
    return sorted(path.stem for path in folder().glob("*.md"))


def source(name: str, numbers: Numbers | None = None) -> str:
    """A template's Markdown with its numbers, its formulas still marked.

    Raises
    ------
    HaloError
        When no template has that name, or it asks for a number that its standard does not have.
    """
    if name not in template_names():
        near = nearest(name, template_names())
        listed = f"did you mean {near}?" if near else f"there are: {', '.join(template_names())}"
        raise HaloError(f"no template is called {name!r}; {listed}")
    text = (folder() / f"{name}.md").read_text(encoding="utf-8")
    try:
        return str(fill(text, all_numbers() if numbers is None else numbers))
    except HaloError as unknown:
        raise HaloError(f"the template {name} asks for a number: {unknown}") from unknown


def template(name: str, kind: str = ".md", numbers: Numbers | None = None) -> bytes:
    """A template as a file, with the numbers of the standards, or of the house.

    Parameters
    ----------
    name : str
        One of `template_names`.
    kind : {".md", ".docx", ".xlsx"}
        Markdown, a text document, or a spreadsheet; only the last has formulas.
    numbers : mapping, optional
        Standard -> name -> number; the register's unless given.

    Returns
    -------
    bytes
        The file's content.

    Raises
    ------
    HaloError
        When no template has that name, or it asks for a number that its standard does not have.

    Examples
    --------
    >>> template("escalation_record").decode().splitlines()[0]
    '# Escalation record E-____'
    >>> template("escalation_record", ".xlsx")[:2]
    b'PK'
    """
    BadOption.unless("kind", kind, KINDS)
    text = source(name, numbers)
    if kind == ".md":
        return _FORMULA.sub("", text).encode()
    from . import template_files

    return template_files.docx(blocks(text)) if kind == ".docx" else template_files.xlsx(blocks(text))


@cache
def _parser():  # type: ignore[no-untyped-def]
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")


def blocks(text: str) -> list[Block]:
    """The parts of a Markdown text, in order.

    Raises
    ------
    HaloError
        At a part that templates don't have, as a picture or a block of code.

    Examples
    --------
    >>> made = blocks("# Record\\n\\n- [ ] told\\n\\n| field | entry |\\n| --- | --- |\\n| day | |")
    >>> [(b.heading, b.marker, b.text, len(b.rows)) for b in made]
    [(1, '', 'Record', 0), (0, '☐', 'told', 0), (0, '', '', 2)]
    """
    from markdown_it.tree import SyntaxTreeNode

    return list(_blocks(SyntaxTreeNode(_parser().parse(text)).children, 0))


def _blocks(nodes: "list[SyntaxTreeNode]", depth: int, marker: str = "") -> Iterator[Block]:
    for node in nodes:
        match node.type:
            case "heading":
                yield Block(_runs(node.children[0]), heading=int(node.tag[1:]))
            case "paragraph":
                runs = _runs(node.children[0])
                if marker and (box := _BOX.match(runs[0].text)):
                    runs, marker = [runs[0]._replace(text=runs[0].text[box.end() :]), *runs[1:]], "☐"
                yield Block(runs, depth=depth, marker=marker)
            case "hr":
                yield Block([], page=True)
            case "bullet_list" | "ordered_list":
                first = int(node.attrs.get("start", 1)) if node.type == "ordered_list" else None
                for at, item in enumerate(node.children):
                    yield from _blocks(item.children, depth + 1, "•" if first is None else f"{first + at}.")
            case "table":
                lines = [line for part in node.children for line in part.children]
                yield Block(
                    [], depth=depth, rows=tuple([_runs(c.children[0]) for c in line.children] for line in lines)
                )
            case _:
                line = f" in line {node.map[0] + 1}" if node.map else ""
                raise HaloError(f"a template holds headings, paragraphs, lists and tables, no {node.type}{line}")
        marker = ""


def _runs(node: "SyntaxTreeNode", bold: bool = False, italic: bool = False) -> Runs:
    runs: Runs = []
    for part in node.children:
        match part.type:
            case "text":
                runs.append(Run(part.content, bold, italic))
            case "softbreak":
                runs.append(Run(" ", bold, italic))
            case "code_inline":
                runs.append(Run(part.content, bold, italic, formula=part.content.startswith("=")))
            case "strong":
                runs += _runs(part, True, italic)
            case "em":
                runs += _runs(part, bold, True)
            case _:
                raise HaloError(f"a template's text is plain, bold, italic or code, no {part.type}")
    return runs or [Run("")]


def widths(rows: tuple[list[Runs], ...], whole: float) -> list[float]:
    """Widths of a table's columns that add up to the whole: by what they hold, room to write where they are blank.

    Examples
    --------
    >>> widths(([[Run("field")], [Run("entry")]], [[Run("the day")], [Run("")]]), 90)
    [20.0, 70.0]
    """
    weights = []
    for column in zip(*rows, strict=True):
        texts = [text_of(runs) for runs in column]
        formula = any(run.formula for runs in column for run in runs)
        blank = sum(not text for text in texts[1:]) > len(texts[1:]) / 2 and not formula
        longest = max(map(len, texts))
        weights.append(max(28.0 if blank and len(rows[0]) < 4 else 12.0 if blank else 8.0, min(longest, 40)))
    return [weight * whole / sum(weights) for weight in weights]
