"""Many plans on one page: what is excepted until when, what is undecided, what falls due, what was decided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from html import escape
from pathlib import Path
from typing import Any

from ..errors import HaloError
from .house import house
from .plan import Finding, PlanCheck, check_plan
from .plan_answers import DUE_SOON
from .register import Register

Row = tuple[str, ...]

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1a1a1a; background: #fff; max-width: 75rem;
  margin: 0 auto; padding: 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 2rem; }
caption { text-align: left; font-weight: 600; padding: .25rem 0; }
th, td { border-bottom: 1px solid #8c8c8c; padding: .375rem .5rem; text-align: left; vertical-align: top;
  overflow-wrap: break-word; }
th { white-space: nowrap; }
tbody th { min-width: 7rem; white-space: normal; }
div.wide { overflow-x: auto; }
@media print { body { max-width: none; } }
"""


def portfolio(
    paths: Iterable[str | Path | Mapping[str, Any]], register: Register | None = None, *, today: date | None = None
) -> str:
    """One HTML page on many plans.

    Parameters
    ----------
    paths : iterable of paths or mappings
        The plans; one that can't be read is listed with the reason.
    register : Register, optional
        The standards; the handbook's with the house's own unless given.
    today : date, optional
        The day everything is held against.

    Returns
    -------
    str
        A whole page that needs no other file and no network: plans and their
        verdicts, open exceptions and their last day, standards not met by
        owner, undecided gates, attestations due within 30 days or ended, and
        the ledger of decisions with what came of them.

    Examples
    --------
    >>> page = portfolio([{"title": "A <b> plan", "task": "label", "risk": "low", "stage": "design"}])
    >>> "A &lt;b&gt; plan" in page, "<script" in page
    (True, False)
    """
    standards = house().register() if register is None else register
    day = today or date.today()
    checks: list[PlanCheck] = []
    unread: list[Row] = []
    for source in paths:
        try:
            checks.append(check_plan(source, standards, today=day))
        except HaloError as error:
            unread.append(("a plan" if isinstance(source, Mapping) else Path(source).name, str(error)))
    return page(checks, unread, day)


def page(checks: list[PlanCheck], unread: list[Row], day: date) -> str:
    """The page itself, from plans already checked and those that could not be read."""
    parts = [
        _table("Plans", _PLAN, [_plan_row(c) for c in checks], "No plan could be read."),
        _table("Plans that can't be read", ("Plan", "Why"), unread, ""),
        _table(
            "Open exceptions, the first to end first", ("Until", "Days left", *_OWNED, "Reason"),
            _rows(checks, lambda f: f.verdict == "excepted", lambda f: _left(f, day), by_day=True),
            "No exception is open.",
        ),
        _table(
            "Standards not met, by owner", ("Level", *_OWNED, "Reason"),
            _rows(checks, lambda f: f.verdict == "not_met", lambda f: (f.level,)), "Every standard is met.",
        ),
        _table(
            "Undecided", ("Evidence", *_OWNED, "Reason"),
            _rows(checks, lambda f: f.verdict == "undecided", lambda f: (f.kind,)), "Nothing is undecided.",
        ),
        _table(
            f"Attestations due within {DUE_SOON} days", ("Due", "Days left", *_OWNED, "Reason"),
            _rows(checks, lambda f: _due(f, day), lambda f: _left(f, day), by_day=True), "No attestation falls due.",
        ),
        _table("Decisions and what came of them", _LEDGER, _ledger(checks), "No decision is recorded."),
    ]  # fmt: skip
    clean = sum(c.clean for c in checks)
    said = f"{len(checks) + len(unread)} plans on {day.isoformat()}; {clean} clean."
    body = "\n".join(p for p in parts if p)
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Portfolio of plans, {day.isoformat()}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>Portfolio of plans</h1>\n<p>{said}</p>\n{body}\n</main>\n</body>\n</html>\n"
    )


_PLAN = ("Plan", "Stage", "Risk", "Markets", "Decision owner", "Met", "Not met", "Undecided", "Excepted", "Problems")
_OWNED = ("Plan", "Standard", "Title", "Owner")
_LEDGER = ("Date", "Plan", "Report", "Decision", "By", "Outcome")


def _plan_row(check: PlanCheck) -> Row:
    plan = check.plan
    markets = plan.get("markets.locales")
    counts = tuple(str(len(check.of(v))) for v in ("met", "not_met", "undecided", "excepted"))
    said = tuple(_said(plan.get(clause)) for clause in ("stage", "risk"))
    where = ", ".join(map(str, markets)) if isinstance(markets, list) else "not said"
    return (plan.title, *said, where, _said(plan.get("owner")), *counts, str(len(check.problems)))


def _said(value: object) -> str:
    return value if isinstance(value, str) else "not said"


def _due(finding: Finding, day: date) -> bool:
    return finding.kind == "attested" and finding.due is not None and (finding.due - day).days <= DUE_SOON


def _left(finding: Finding, day: date) -> Row:
    due = finding.due or day
    return due.isoformat(), str((due - day).days)


def _rows(
    checks: list[PlanCheck], keep: Callable[[Finding], bool], lead: Callable[[Finding], Row], *, by_day: bool = False
) -> list[Row]:
    found = [(f, c.plan.title) for c in checks for f in c.findings if keep(f)]
    found.sort(key=lambda pair: (pair[0].due or date.max) if by_day else (pair[0].owner, pair[0].standard))
    return [(*lead(f), plan, f.standard, f.title, f.owner, f.reason) for f, plan in found]


def _ledger(checks: list[PlanCheck]) -> list[Row]:
    rows: list[Row] = []
    for check in checks:
        entries = check.plan.get("decisions")
        for entry in entries if isinstance(entries, list) else []:
            if isinstance(entry, dict):
                cells = [entry.get(k) for k in ("date", "report", "decision", "by")]
                day, *rest = (_said(cell) for cell in cells)
                outcome = entry.get("outcome")
                rows.append((day, check.plan.title, *rest, outcome if isinstance(outcome, str) else "not yet recorded"))
    return sorted(rows, reverse=True)


def _table(caption: str, heads: Row, rows: list[Row], none: str) -> str:
    if not rows:
        return f"<h2>{escape(caption)}</h2>\n<p>{escape(none)}</p>" if none else ""
    head = "".join(f'<th scope="col">{escape(h)}</th>' for h in heads)
    body = "\n".join(
        "<tr>" + f'<th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(c)}</td>" for c in row[1:]) + "</tr>"
        for row in rows
    )
    label = escape(caption, quote=True)
    return (
        f'<h2>{label}</h2>\n<div class="wide" role="region" aria-label="{label}" tabindex="0">\n'
        f"<table><caption>{label}: {len(rows)}</caption>\n<thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{body}\n</tbody></table></div>"
    )
