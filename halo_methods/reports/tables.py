"""Values and tables as HTML, every character of the data escaped."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from numbers import Integral, Real
from typing import Any

import pandas as pd

from ..errors import HaloError
from ..results import Estimate, readable

_GRAVEST = ("met", "excepted", "undecided", "not_met")
LONGEST_CELL = 300
MOST_ROWS = 500
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
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, (list, tuple, set, frozenset)):
        return [plain(v) for v in (sorted(value) if isinstance(value, (set, frozenset)) else value)]
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real):
        if not math.isfinite(value):
            raise HaloError(f"a report holds the number {value}; raise NotEstimable with the reason instead")
        return float(f"{float(value):.12g}")
    return str(value)


def cell(value: Any) -> str:
    """What a table shows for one value, as text.

    Examples
    --------
    >>> [cell(v) for v in (0.74342, 1200, True, None, ("a", "b"), float("nan"), "not_met")]
    ['0.743', '1,200', 'yes', '–', 'a, b', '–', 'not met']
    """
    if isinstance(value, (list, tuple, set, frozenset)):
        return ", ".join(cell(v) for v in value) or "–"
    if isinstance(value, Estimate):
        return _found(value.to_dict())
    if isinstance(value, (bool,)) or type(value).__name__ == "bool_":
        return "yes" if value else "no"
    if value is None or value is pd.NA or value is pd.NaT or (isinstance(value, Real) and math.isnan(value)):
        return "–"
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


def _found(estimate: Mapping[str, Any]) -> str:
    return f"{cell(estimate.get('value'))} ({_ends(estimate)})"


def scrolling(table: str, label: str) -> str:
    """A table that scrolls by itself on a narrow screen, and by keyboard."""
    return f'<div class="halo-scroll" role="group" tabindex="0" aria-label="{escape(label)}">{table}</div>'


def grid(headers: Iterable[Any], rows: Iterable[Iterable[Any]], *, caption: str = "", label: str = "Table") -> str:
    """An HTML table of plain rows; the first column is each row's header."""
    parts = ['<table class="halo-table">']
    if caption:
        parts.append(f"<caption>{escape(caption)}</caption>")
    parts.append("<thead><tr>")
    parts += [f'<th scope="col">{escape(str(h)) or "row"}</th>' for h in headers]
    parts.append("</tr></thead><tbody>")
    for row in rows:
        parts.append("<tr>")
        for n, value in enumerate(row):
            number = isinstance(value, Real) and not isinstance(value, bool)
            kind = ' class="number"' if number else ""
            text = escape(cell(value))
            parts.append(f'<th scope="row"{kind}>{text}</th>' if n == 0 else f"<td{kind}>{text}</td>")
        parts.append("</tr>")
    parts.append("</tbody></table>")
    return scrolling("".join(parts), caption or label)


def in_words(columns: list[str]) -> list[str]:
    """Columns as a reader who never had statistics sees them; a word that stands there already is not given twice.

    >>> in_words(["rater_id", "n", "p_value", "se"])
    ['rater id', 'judgments', 'p value', 'standard error']
    """
    each = {"rater_id", "item_id"} & set(columns)
    words = {**HEADINGS, "n": "judgments" if each else "count"}
    return [words[c] if c in words and words[c] not in columns else c.replace("_", " ") for c in columns]


def frame(table: pd.DataFrame, *, caption: str = "", label: str = "Table") -> str:
    """A DataFrame as HTML: at most 500 rows, and a sentence that counts the rest; no rows, and it says so."""
    numbered = table.index.names == [None] and pd.api.types.is_integer_dtype(table.index)
    shown = table if numbered else table.reset_index()
    headers = [" ".join(str(p) for p in c if p != "") if isinstance(c, tuple) else str(c) for c in shown.columns]
    headers = in_words(headers)
    if table.empty:
        return f"<p>{escape(caption or label)}: none.</p>"
    html = grid(headers, shown.head(MOST_ROWS).itertuples(index=False, name=None), caption=caption, label=label)
    if len(shown) > MOST_ROWS:
        html += f"<p>The first {MOST_ROWS:,} of {len(shown):,} rows.</p>"
    return html


def facts(rows: Iterable[tuple[str, Any]], *, caption: str = "", label: str = "Facts") -> str:
    """Names and values, one row each."""
    body = "".join(
        f'<tr><th scope="row">{escape(k)}</th><td>{escape(v if isinstance(v, str) else cell(v))}</td></tr>'
        for k, v in rows
    )
    head = f"<caption>{escape(caption)}</caption>" if caption else ""
    return scrolling(f'<table class="halo-facts">{head}<tbody>{body}</tbody></table>', caption or label)


def estimates(given: dict[str, Estimate], *, caption: str = "", label: str = "Estimates") -> str:
    """Several estimates in one table, and under it their cautions."""
    rows = [
        (name, e.value, _ends(e.to_dict()), e.n_items, e.n_raters, e.n_judgments, e.over) for name, e in given.items()
    ]
    headers = ("quantity", "value", "interval", "items", "raters", "judgments", "speaks for")
    html = grid(headers, rows, caption=caption, label=label)
    cautions = dict.fromkeys(c for e in given.values() for c in e.cautions)
    if cautions:
        html += '<ul class="halo-cautions">' + "".join(f"<li>{escape(c)}</li>" for c in cautions) + "</ul>"
    return html


def verdicts(gates: list[dict[str, Any]]) -> str:
    """The answer before the reasons: one row a standard, people counted, not named.

    Examples
    --------
    >>> gate = {"standard": "CAL-004", "level": "must", "title": "Right", "verdict": "met", "estimate": None}
    >>> "1 of 1 standards met" in verdicts([gate])
    True
    """
    by_standard: dict[str, list[dict[str, Any]]] = {}
    for gate in gates:
        by_standard.setdefault(gate["standard"], []).append(gate)
    rows, whole = [], Counter[str]()
    for standard, held in by_standard.items():
        counts = Counter(g["verdict"] for g in held)
        verdict = max(counts, key=lambda v: _GRAVEST.index(v) if v in _GRAVEST else len(_GRAVEST))
        whole[verdict] += 1
        words = verdict.replace("_", " ")
        badge = f'<span class="halo-gate halo-gate--{verdict}">{words}</span>'
        if len(held) > 1:
            badge += " " + ", ".join(f"{n} {v.replace('_', ' ')}" for v, n in sorted(counts.items()))
        found = held[0].get("estimate") if len(held) == 1 else None
        value = _found(found) if found else "–"
        about = f"{standard} ({held[0].get('level') or 'gate'})"
        asks = escape(str(held[0].get("title") or ""))
        rows.append(f'<tr><th scope="row">{about}</th><td>{asks}</td><td>{badge}</td><td>{value}</td></tr>')
    said = [f"{whole['met']} of {len(by_standard)} standards met"]
    said += [f"{whole[v]} {v.replace('_', ' ')}" for v in ("not_met", "undecided", "excepted") if whole[v]]
    head = "".join(f'<th scope="col">{h}</th>' for h in ("standard", "asks", "verdict", "found"))
    table = f'<table class="halo-table"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return f"<p><strong>{', '.join(said)}.</strong></p>{scrolling(table, 'Verdicts')}"


def gates(made: Sequence[Mapping[str, Any]]) -> tuple[str, str]:
    """Gates of one standard as a table, and as text."""
    rows, lines = [], []
    for g in made:
        estimate = g.get("estimate")
        shown = _found(estimate) if isinstance(estimate, dict) else "–"
        verdict = str(g["verdict"]).replace("_", " ")
        rows.append((g["subject"], verdict, shown, str(g.get("to_settle") or g.get("reason") or "")))
        lines.append(f"{g['standard']} {g['subject']}: {verdict} {shown}")
    counts = Counter(row[1] for row in rows)
    summary = ", ".join(f"{counts[v]} {v}" for v in sorted(counts))
    caption = f"{made[0]['standard']} {made[0].get('title') or ''}: {summary}".replace(" :", ":")
    html = grid(("about", "verdict", "estimate", "what would settle it"), rows, caption=caption)
    return html, "\n".join([caption, *lines])
