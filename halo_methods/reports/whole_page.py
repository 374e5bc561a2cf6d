"""A whole report as one page that runs nothing."""

import copy
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from .. import __version__
from ..results import MIME
from .front import first_screen

HERE = Path(__file__).resolve().parent

TAGS = [
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong"),
    *("sub", "summary", "sup", "u", "ul"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
]
CLASS = re.compile(r"^[a-z][a-z0-9 _-]*$")
SAID = re.compile(r'<(p|li|span) class="(halo-said|halo-why)">(.*?)</\1>', re.DOTALL)
EMPTY_LIST = re.compile(r"<ul[^>]*></ul>")
AGAIN = {"halo-said": "A caution above holds here too.", "halo-why": "For a reason given above."}


def allowed(tag: str, attribute: str, value: str) -> bool:
    """Whether the data's HTML may carry an attribute; no address of another host, no style, no handler."""
    if attribute == "class":
        return bool(CLASS.match(value))
    if attribute == "href":
        return tag == "a" and value.startswith("#")
    if attribute in ("colspan", "rowspan"):
        return tag in ("td", "th") and value.isdigit()
    if attribute == "scope":
        return tag == "th" and value in ("row", "col", "rowgroup", "colgroup")
    if attribute in ("role", "tabindex"):
        return tag == "div" and value in ("group", "note", "0")
    if attribute == "id":
        return bool(re.fullmatch(r"said-\d+", value))
    return attribute in ("aria-label", "title", "open", "start")


def folds(cells: Sequence[Any]) -> dict[int, int]:
    """Cells tagged `fold`, each with the last cell that it closes: up to the next heading of its section's level.

    >>> from types import SimpleNamespace as Cell
    >>> texts = ("## A", "The table", "long", "## B")
    >>> folds([Cell(cell_type="markdown", source=t, metadata={"tags": ["fold"] if "The" in t else []}) for t in texts])
    {1: 2}
    """
    level, closed, opened = 6, {}, None
    for k, cell in enumerate(cells):
        heads = re.findall(r"^(#+) ", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
        starts = "fold" in cell.metadata.get("tags", [])
        if opened is not None and (starts or any(len(h) <= level for h in heads)):
            closed[opened], opened = k - 1, None
        level = len(heads[-1]) if heads and opened is None else level
        opened = k if starts else opened
    return closed if opened is None else {**closed, opened: len(cells) - 1}


def headings(cell: Any, level: int) -> list[str]:
    """The headings of a cell that are of this level, as text.

    >>> from types import SimpleNamespace as Cell
    >>> headings(Cell(cell_type="markdown", source="# A *report*"), 1)
    ['A report']
    """
    found = (
        re.findall(rf"^#{{{level}}}\s+(.+?)\s*#*$", cell.source, re.MULTILINE) if cell.cell_type == "markdown" else []
    )
    return [re.sub(r"[*_`]", "", heading) for heading in found]


def sections(cells: Sequence[Any]) -> dict[int, list[str]]:
    """The cells that begin a section, with the text of their second-level headings.

    >>> from types import SimpleNamespace as Cell
    >>> sections([Cell(cell_type="markdown", source=text) for text in ("# A *report*", "## Its `part`")])
    {1: ['Its part']}
    """
    return {k: found for k, cell in enumerate(cells) if (found := headings(cell, 2))}


def given_in(cells: Sequence[Any], starts: Mapping[int, Any]) -> dict[str, str]:
    """Standard -> the anchor of the section that gives it first."""
    places: dict[str, str] = {}
    for k, cell in enumerate(cells):
        shown = [o.get("data", {}).get(MIME, {}) for o in cell.get("outputs", [])]
        above = [start for start in starts if start <= k]
        for gate in [g for one in shown for g in (one.get("gates", [one]))]:
            if above and "standard" in gate:
                places.setdefault(gate["standard"], f"section-{above[-1]}")
    return places


def say_once(cells: Sequence[Any], starts: Mapping[int, Any]) -> None:
    """Leave a caution or a reason whole where it stands first, and lead there from where it stands again.

    A caution that stands again in its own section is left out; a reason never is, or a verdict would have none.
    """
    numbers: dict[str, int] = {}
    here: set[str] = set()

    def once(said: re.Match[str]) -> str:
        tag, kind, text = said.groups()
        key, before = text.rstrip("."), text.rstrip(".") in here
        here.add(key)
        if key not in numbers:
            numbers[key] = len(numbers) + 1
            return f'<{tag} class="{kind}" id="said-{numbers[key]}">{text}</{tag}>'
        there = f'<a href="#said-{numbers[key]}">{AGAIN[kind]}</a>'
        return "" if before and kind == "halo-said" else f'<{tag} class="{kind}">{there}</{tag}>'

    for k, cell in enumerate(cells):
        if k in starts:
            here.clear()
        for output in cell.get("outputs", []):
            if html := output.get("data", {}).get("text/html"):
                output["data"]["text/html"] = EMPTY_LIST.sub("", SAID.sub(once, html))


def title_of(notebook: Any, name: str) -> str:
    """The first heading of the notebook, as text."""
    titles = (title for cell in notebook.cells for title in headings(cell, 1))
    return next(titles, name.replace("_", " ").capitalize())


def language_of(notebook: Any) -> str:
    """The language a chapter is written in, ``en`` unless its metadata says otherwise."""
    language = str(notebook.metadata.get("halo", {}).get("lang", "en"))
    return language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else "en"


def page(notebook: Any, name: str, found: Mapping[str, Any] | None = None) -> str:
    """The report as HTML: code left out, markup from data sanitized, pictures inside.

    Parameters
    ----------
    notebook : NotebookNode
        The executed notebook; it is not changed.
    name : str
        The report's name, for the title when no heading gives one.
    found : mapping, optional
        As ``NAME.json`` holds it: its ``data``, ``gates`` and ``next`` stand on the first screen.
    """
    from nbconvert.exporters import HTMLExporter
    from nbconvert.preprocessors.sanitize import SanitizeHTML

    cleaner = SanitizeHTML(attributes=allowed, tags=TAGS, styles=[])
    exporter = HTMLExporter(
        template_name="basic",
        template_file="report.html.j2",
        extra_template_paths=[str(HERE)],
        exclude_anchor_links=True,
        filters={"sanitized": cleaner.sanitize_html_tags},
    )
    notebook = copy.deepcopy(notebook)
    starts = sections(notebook.cells)
    say_once(notebook.cells, starts)
    about = {
        "title": title_of(notebook, name),
        "language": language_of(notebook),
        "version": __version__,
        "css": (HERE / "report.css").read_text(encoding="utf-8"),
        "first": first_screen(found or {}, given_in(notebook.cells, starts)),
        "sections": starts,
        "folds": (closed := folds(notebook.cells)),
        "fold_ends": list(closed.values()),
    }
    html, _ = exporter.from_notebook_node(notebook, resources={"halo": about})
    return html.strip() + "\n"
