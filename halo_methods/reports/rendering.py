"""Results as a page, a terminal and a program read them, and a whole report as one page that runs nothing."""

import base64
import json
import re
import struct
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from html import escape
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import pandas as pd

from .. import __version__
from ..errors import HaloError
from ..results import MIME, Estimate, counted, readable

HERE = Path(__file__).resolve().parent

TAGS = [
    *("a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "figcaption"),
    *("figure", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "i", "li", "ol", "p", "pre", "s", "small", "span", "strong"),
    *("sub", "summary", "sup", "u", "ul"),
    *("caption", "col", "colgroup", "table", "tbody", "td", "tfoot", "th", "thead", "tr"),
]
CLASS = re.compile(r"^[a-z][a-z0-9 _-]*$")
MIMEBundle = dict[str, Any]
LONGEST_CELL = 300
MOST_ROWS = 500
LONG_TABLE, FIRST_ROWS = 12, 6
HEADINGS = {
    "n_items": "items", "n_raters": "raters", "n_judgments": "judgments", "n_shared": "shared items",
    "n_tied": "ties", "n_differs": "differ", "n_before": "judgments before", "n_after": "judgments after",
    "low95": "95% line, low", "high95": "95% line, high", "low998": "99.8% line, low", "high998": "99.8% line, high",
    "effective": "effective size", "se": "standard error", "f1": "F1", "over": "speaks for",
    "a": "first", "b": "second",
    "adjusted": "adjusted p", "index": "row",
}  # fmt: skip


def plain(value: Any) -> Any:
    """The value as JSON can hold it: keys as text, numbers to 12 significant digits.

    Raises
    ------
    HaloError
        For a number that is not finite.

    Examples
    --------
    >>> plain({"share": 2 / 3, "ends": (0, 1)})
    {'share': 0.666666666667, 'ends': [0, 1]}
    """

    def other(held: Any) -> Any:
        if hasattr(held, "tolist"):
            return held.tolist()
        return sorted(held) if isinstance(held, set | frozenset) else str(held)

    try:
        text = json.dumps(value, default=other, allow_nan=False)
    except ValueError:
        problem = "a report holds a number that is not finite; raise NotEstimable with the reason instead"
        raise HaloError(problem) from None
    return json.loads(text, parse_float=lambda digits: float(f"{float(digits):.12g}"))


def cell(value: Any) -> str:
    """What a table shows for one value, as text.

    Examples
    --------
    >>> [cell(v) for v in (0.74342, 1200, True, None, ("a", "b"), float("nan"), "not_met")]
    ['0.743', '1,200', 'yes', '–', 'a, b', '–', 'not met']
    """
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(cell(v) for v in value) or "–"
    if isinstance(value, Estimate):
        return _found(value.to_dict())
    if pd.api.types.is_scalar(value) and pd.isna(value):
        return "–"
    if pd.api.types.is_bool(value):
        return "yes" if value else "no"
    if isinstance(value, Integral):
        return f"{int(value):,}"
    if isinstance(value, Real):
        return readable(float(value))
    if isinstance(value, pd.Timestamp) and value == value.normalize():
        return f"{value:%Y-%m-%d}"
    text = "not met" if value == "not_met" else str(value)
    return text if len(text) <= LONGEST_CELL else f"{text[:LONGEST_CELL]}… ({len(text):,} characters)"


def _ends(estimate: Mapping[str, Any]) -> str:
    """The interval of an estimate's payload; ``exact`` for what is counted or computed."""
    value, low, high, confidence = (estimate.get(k) for k in ("value", "low", "high", "confidence"))
    if estimate.get("kind") == "count" or (confidence == 1 and low == value == high):
        return "exact"
    return f"{cell(low)} to {cell(high)}"


def _found(estimate: Mapping[str, Any] | None) -> str:
    return f"{cell(estimate['value'])} ({_ends(estimate)})" if estimate else "–"


@cache
def _template(name: str) -> Any:
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(HERE), autoescape=True).get_template(name)


def _html(**what: Any) -> str:
    return _template("table.html.j2").render(what)


def scrolling(table: str, label: str) -> str:
    """A table that scrolls by itself on a narrow screen, and by keyboard."""
    return f'<div class="halo-scroll" role="group" tabindex="0" aria-label="{escape(label)}">{table}</div>'


def grid(
    headers: Iterable[Any], rows: Iterable[Iterable[Any]], *, caption: str = "", label: str = "Table", **below: Any
) -> str:
    """An HTML table of plain rows; the first column is each row's header."""
    shown = [[(cell(v), isinstance(v, Real) and not isinstance(v, bool)) for v in row] for row in rows]
    return _html(kind="table", headers=headers, rows=shown, caption=caption, label=caption or label, **below)


def in_words(columns: list[str]) -> list[str]:
    """Columns as a reader who never had statistics sees them; a word that stands there already is not given twice.

    >>> in_words(["rater_id", "n", "p_value", "se"])
    ['rater id', 'judgments', 'p value', 'standard error']
    """
    each = {"rater_id", "item_id"} & set(columns)
    words = {**HEADINGS, "n": "judgments" if each else "count"}
    return [words[c] if c in words and words[c] not in columns else c.replace("_", " ") for c in columns]


def folded(html: str, summary: str) -> str:
    """What a reader opens who wants it."""
    return f'<details class="halo-fold"><summary>{escape(summary)}</summary>{html}</details>'


def frame(table: pd.DataFrame, *, caption: str = "", label: str = "Table") -> str:
    """A DataFrame as HTML: the first rows of a long one are open, 500 at most are there, the rest are counted."""
    numbered = table.index.names == [None] and pd.api.types.is_integer_dtype(table.index)
    shown = table if numbered else table.reset_index()
    if table.empty:
        return f"<p>{escape(caption or label)}: none.</p>"
    headers = in_words([" ".join(map(str, filter(None, c))) if isinstance(c, tuple) else str(c) for c in shown.columns])
    rows = list(shown.head(MOST_ROWS).itertuples(index=False, name=None))
    more = f"The first {MOST_ROWS:,} of {len(shown):,} rows." if len(shown) > MOST_ROWS else ""
    if len(rows) <= LONG_TABLE:
        return grid(headers, rows, caption=caption, label=label, more=more)
    first = grid(headers, rows[:FIRST_ROWS], caption=caption, label=f"{label}, first rows")
    rest = grid(headers, rows[FIRST_ROWS:], label=f"{label}, further rows", more=more)
    return first + folded(rest, f"{counted(len(shown) - FIRST_ROWS, 'more row')}")


def facts(rows: Iterable[tuple[str, Any]], *, label: str = "Facts") -> str:
    """Names and values, one row each."""
    shown = [[(k, False), (v if isinstance(v, str) else cell(v), False)] for k, v in rows]
    return _html(kind="facts", rows=shown, label=label)


def estimates(given: dict[str, Estimate], *, caption: str = "", label: str = "Estimates") -> str:
    """Several estimates in one table, and under it their cautions."""
    rows = [
        (name, e.value, _ends(e.to_dict()), e.n_items, e.n_raters, e.n_judgments, e.over) for name, e in given.items()
    ]
    headers = ("quantity", "value", "interval", "items", "raters", "judgments", "speaks for")
    cautions = dict.fromkeys(c for e in given.values() for c in e.cautions)
    return grid(headers, rows, caption=caption, label=label, cautions=cautions)


def verdicts(gates: list[dict[str, Any]]) -> str:
    """The answer before the reasons: one row per standard, people counted, not named.

    Examples
    --------
    >>> gate = {"standard": "CAL-004", "level": "must", "title": "Right", "verdict": "met", "estimate": None}
    >>> "1 of 1 standards met" in verdicts([gate])
    True
    """
    by_standard: dict[str, list[dict[str, Any]]] = {}
    for gate in gates:
        by_standard.setdefault(gate["standard"], []).append(gate)
    rows, order = [], ("met", "excepted", "undecided", "not_met")
    for standard, held in by_standard.items():
        counts = Counter(g["verdict"] for g in held)
        found = _found(held[0].get("estimate")) if len(held) == 1 else "–"
        rows.append((standard, held[0], max(counts, key=order.index), sorted(counts.items()), found))
    whole = Counter(row[2] for row in rows)
    said = [f"{whole['met']} of {len(rows)} standards met"]
    said += [f"{whole[v]} {v.replace('_', ' ')}" for v in ("not_met", "undecided", "excepted") if whole[v]]
    return _template("verdicts.html.j2").render(rows=rows, said=", ".join(said))


def gate_table(made: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Gates of one standard as a table, and as text."""
    rows = [
        (g["subject"], cell(g["verdict"]), _found(g["estimate"]), g["to_settle"] or g["reason"] or "") for g in made
    ]
    counts = Counter(row[1] for row in rows)
    summary = ", ".join(f"{counts[v]} {v}" for v in sorted(counts))
    standard = made[0]["standard"]
    caption = f"{standard} {made[0]['title']}: {summary}"
    html = grid(("about", "verdict", "estimate", "what would settle it"), rows, caption=caption)
    return html, "\n".join([caption, *(f"{standard} {row[0]}: {row[1]} {row[2]}" for row in rows)])


def bundle(html: str, text: str, payload: dict[str, Any] | None = None) -> MIMEBundle:
    """Put HTML, text and, for programs, JSON into one output."""
    output: MIMEBundle = {"text/html": html, "text/plain": text}
    return output if payload is None else {**output, MIME: plain(payload)}


def publish(data: MIMEBundle, metadata: dict[str, Any] | None = None) -> None:
    """Show an output in a notebook; outside of one print its text."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if shell is None:
        print(data["text/plain"])
    else:
        shell.display_pub.publish(data, metadata or {})


def estimate_payload(estimate: Estimate, name: str, section: str) -> dict[str, Any]:
    """An estimate as ``NAME.json`` holds it."""
    return {"shows": "estimate", "name": name or estimate.method, "section": section, **estimate.to_dict()}


def figure_bundle(figure: Any, alt: str) -> tuple[MIMEBundle, dict[str, Any]]:
    """A figure as a PNG with its alternative text; the figure is closed."""
    from IPython.core.pylabtools import print_figure
    from matplotlib import pyplot as plt

    png = print_figure(figure, dpi=144, facecolor="white", base64=True)
    plt.close(figure)
    width, height = struct.unpack(">II", base64.b64decode(png[:32])[16:24])
    image = {"alt": alt, "width": round(width / 1.5), "height": round(height / 1.5)}
    return {"image/png": png, "text/plain": f"Figure: {alt}"}, {"image/png": image}


def rendered(what: Any, name: str, caption: str, section: str, *, fold: bool = False) -> MIMEBundle:
    """An object as one output: an estimate, several by name, a table, sentences, or what shows itself.

    With `fold` a table is closed: its picture stands above it.
    """
    if isinstance(what, Estimate):
        return bundle(what._repr_html_(), str(what), estimate_payload(what, name, section))
    if isinstance(what, Mapping):
        named = {str(k): e for k, e in what.items()}
        entries = [estimate_payload(e, k, section) for k, e in named.items()]
        html = estimates(named, caption=caption, label=caption or section)
        return bundle(
            html, "\n".join(f"{k}: {e}" for k, e in named.items()), {"shows": "estimates", "estimates": entries}
        )
    if isinstance(what, pd.DataFrame):
        html = frame(what, caption=caption, label=caption or section)
        if fold and len(what):
            html = folded(html, f"Table: {caption or section} ({counted(len(what), 'row')})")
        return bundle(html, what.to_string(max_rows=40))
    if isinstance(what, list | tuple):
        lines = "".join(f"<li>{escape(str(line))}</li>" for line in what)
        return bundle(f"<ul>{lines}</ul>", "\n".join(f"- {line}" for line in what))
    html = what._repr_html_() if hasattr(what, "_repr_html_") else f"<p>{escape(str(what))}</p>"
    return bundle(html, str(what))


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


def page(notebook: Any, name: str, gates: list[dict[str, Any]] | None = None, *, on_sample: bool = False) -> str:
    """The report as HTML: code left out, markup from data sanitized, pictures inside.

    Parameters
    ----------
    notebook : NotebookNode
        The executed notebook; it is not changed.
    name : str
        The report's name, for the title when no heading gives one.
    gates : list of dict, optional
        Their verdicts stand under the title, before the sections.
    on_sample : bool
        Whether the page says on top that it is about a sample of the handbook.
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
        "on_sample": on_sample,
        "folds": (closed := folds(notebook.cells)),
        "fold_ends": list(closed.values()),
    }
    html, _ = exporter.from_notebook_node(notebook, resources={"halo": about})
    return html.strip() + "\n"
