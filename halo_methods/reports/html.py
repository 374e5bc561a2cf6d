"""An executed report as one HTML file that needs nothing else and runs nothing."""

import re
from pathlib import Path
from typing import Any

from .. import __version__
from .rendering import verdicts

HERE = Path(__file__).resolve().parent

TAGS = [
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong"),
    *("sub", "summary", "sup", "u", "ul"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
]
CLASS = re.compile(r"^[a-z][a-z0-9 _-]*$")


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
    return attribute in ("aria-label", "title", "open", "start")


def title_of(notebook: Any, name: str) -> str:
    """The first heading of the notebook, as text."""
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and (found := re.search(r"^#\s+(.+?)\s*#*$", cell.source, re.MULTILINE)):
            return re.sub(r"[*_`]", "", found[1])
    return name.replace("_", " ").capitalize()


def language_of(notebook: Any) -> str:
    """The language a chapter is written in, ``en`` unless its metadata says otherwise."""
    language = str(notebook.metadata.get("halo", {}).get("lang", "en"))
    return language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*", language) else "en"


def page(notebook: Any, name: str, gates: list[dict[str, Any]] | None = None) -> str:
    """The report as HTML: code left out, markup from data sanitized, pictures inside.

    Parameters
    ----------
    notebook : NotebookNode
        The executed notebook; it is not changed.
    name : str
        The report's name, for the title when no heading gives one.
    gates : list of dict, optional
        Their verdicts stand under the title, before the sections.
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
    about = {
        "title": title_of(notebook, name),
        "language": language_of(notebook),
        "version": __version__,
        "css": (HERE / "report.css").read_text(encoding="utf-8"),
        "verdicts": verdicts(gates) if gates else "",
    }
    html, _ = exporter.from_notebook_node(notebook, resources={"halo": about})
    return html.strip() + "\n"
