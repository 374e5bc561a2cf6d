"""Results as a page, a terminal and a program read them."""

import base64
import json
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

from ..errors import HaloError
from ..results import MIME, Caution, Estimate, counted, readable, said_once

HERE = Path(__file__).resolve().parent

MIMEBundle = dict[str, Any]
LONGEST_CELL = 300
MOST_ROWS = 500
LONG_TABLE, FIRST_ROWS = 12, 6
TALL = 560
WORST_FIRST = ("not_met", "undecided", "excepted", "met")
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
        return in_short(value.to_dict())
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


def in_short(estimate: Mapping[str, Any] | None) -> str:
    """An estimate's payload as value and interval; a dash without one."""
    return f"{cell(estimate['value'])} ({_ends(estimate)})" if estimate else "–"


@cache
def template(name: str) -> Any:
    """A template of this folder; what is put into it is text, not markup."""
    from jinja2 import Environment, FileSystemLoader

    return Environment(loader=FileSystemLoader(HERE), autoescape=True).get_template(name)


def _html(**what: Any) -> str:
    return template("table.html.j2").render(what)


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
    return _first_rows(headers, rows, len(shown), caption=caption, label=label, more=more)


def _first_rows(
    headers: Sequence[Any], rows: Sequence[Sequence[Any]], of: int, *, caption: str, label: str, more: str = ""
) -> str:
    """A table whose rows after the first stand in a fold, where they are many."""
    if len(rows) <= LONG_TABLE:
        return grid(headers, rows, caption=caption, label=label, more=more)
    first = grid(headers, rows[:FIRST_ROWS], caption=caption, label=f"{label}, first rows")
    rest = grid(headers, rows[FIRST_ROWS:], label=f"{label}, further rows", more=more)
    return first + folded(rest, counted(of - FIRST_ROWS, "more row"))


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


def gate_table(made: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Gates of one standard as a table, the worst verdicts first where they are many, and as text."""
    rows = [
        (g["subject"], cell(g["verdict"]), in_short(g["estimate"]), g["to_settle"] or g["reason"] or "") for g in made
    ]
    counts = Counter(row[1] for row in rows)
    summary = ", ".join(f"{counts[v]} {v}" for v in sorted(counts))
    standard = made[0]["standard"]
    caption = f"{standard} {made[0]['title']}: {summary}"
    worst = sorted(zip(made, rows, strict=True), key=lambda pair: WORST_FIRST.index(pair[0]["verdict"]))
    shown = [row for _, row in worst] if len(rows) > LONG_TABLE else rows
    headers = ("about", "verdict", "estimate", "what would settle it")
    html = _first_rows(headers, shown, len(rows), caption=caption, label=caption)
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


def figure_bundle(figure: Any, alt: str, *, beside_table: bool = False) -> tuple[MIMEBundle, dict[str, Any]]:
    """A figure as a PNG with its alternative text; the figure is closed.

    A tall one next to its table is marked: a report folds it and leaves the table's first rows open.
    """
    from IPython.core.pylabtools import print_figure
    from matplotlib import pyplot as plt

    png = print_figure(figure, dpi=144, facecolor="white", base64=True)
    plt.close(figure)
    width, height = struct.unpack(">II", base64.b64decode(png[:32])[16:24])
    image = {"alt": alt, "width": round(width / 1.5), "height": round(height / 1.5)}
    image |= {"fold": True} if beside_table and image["height"] > TALL else {}
    return {"image/png": png, "text/plain": f"Figure: {alt}"}, {"image/png": image}


def rendered(what: Any, name: str, caption: str, section: str, *, fold: bool = False) -> MIMEBundle:
    """An object as one output: an estimate, several by name, a table, sentences, or what shows itself.

    With `fold` a table is closed: its picture stands above it.
    """
    if isinstance(what, Estimate):
        html = what.html(name.replace("_", " ").capitalize())
        return bundle(html, str(what), estimate_payload(what, name, section))
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
        lines = [said_once([x], "li") if isinstance(x, Caution) else f"<li>{escape(str(x))}</li>" for x in what]
        return bundle(f"<ul>{''.join(lines)}</ul>", "\n".join(f"- {line}" for line in what))
    html = what._repr_html_() if hasattr(what, "_repr_html_") else f"<p>{escape(str(what))}</p>"
    return bundle(html, str(what))
