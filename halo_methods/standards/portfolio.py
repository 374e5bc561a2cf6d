"""Many plans on one page: what is excepted until when, what is undecided, what falls due, what was decided."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from ..errors import HaloError
from .house import house
from .plan import DUE_SOON, Finding, PlanCheck, check_plan
from .register import Register

Row = tuple[str, ...]


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
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    standards = house().register() if register is None else register
    day = today or date.today()
    checks: list[PlanCheck] = []
    unread: list[Row] = []
    for source in paths:
        try:
            checks.append(check_plan(source, standards, today=day))
        except HaloError as error:
            unread.append(("a plan" if isinstance(source, Mapping) else Path(source).name, str(error)))
    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("portfolio.html.j2").render(
        day=day.isoformat(),
        plans=len(checks) + len(unread),
        clean=sum(c.clean for c in checks),
        tables=_tables(checks, unread, day),
    )


def _tables(checks: list[PlanCheck], unread: list[Row], day: date) -> list[tuple[str, Row, list[Row], str]]:
    """Caption, heads, rows, and what to say where there is no row; nothing is said where that is empty."""
    owned = ("Plan", "Standard", "Title", "Owner", "Reason")
    plan = ("Plan", "Stage", "Risk", "Markets", "Decision owner", "Met", "Not met", "Undecided", "Excepted", "Problems")
    ledger = ("Date", "Plan", "Report", "Decision", "By", "Outcome")
    soon = day + timedelta(days=DUE_SOON)

    def rows(keep: Callable[[Finding], Any], lead: Callable[[Finding], Row], *, by_day: bool = False) -> list[Row]:
        found = [(f, c.plan.title) for c in checks for f in c.findings if keep(f)]
        found.sort(key=lambda pair: (pair[0].due or date.max) if by_day else (pair[0].owner, pair[0].standard))
        return [(*lead(f), title, f.standard, f.title, f.owner, f.reason) for f, title in found]

    def left(f: Finding) -> Row:
        return str(f.due), str(((f.due or day) - day).days)

    excepted = rows(lambda f: f.verdict == "excepted", left, by_day=True)
    not_met = rows(lambda f: f.verdict == "not_met", lambda f: (f.level,))
    undecided = rows(lambda f: f.verdict == "undecided", lambda f: (f.kind,))
    due = rows(lambda f: f.kind == "attested" and f.due and f.due <= soon, left, by_day=True)
    return [
        ("Plans", plan, [_plan_row(c) for c in checks], "No plan could be read."),
        ("Plans that can't be read", ("Plan", "Why"), unread, ""),
        ("Open exceptions, the first to end first", ("Until", "Days left", *owned), excepted, "No exception is open."),
        ("Standards not met, by owner", ("Level", *owned), not_met, "Every standard is met."),
        ("Undecided", ("Evidence", *owned), undecided, "Nothing is undecided."),
        (f"Attestations due within {DUE_SOON} days", ("Due", "Days left", *owned), due, "No attestation falls due."),
        ("Decisions and what came of them", ledger, _ledger(checks), "No decision is recorded."),
    ]


def _plan_row(check: PlanCheck) -> Row:
    plan = check.plan
    counts = tuple(str(len(check.of(v))) for v in ("met", "not_met", "undecided", "excepted"))
    said = tuple(_said(plan.get(clause)) for clause in ("stage", "risk"))
    where = ", ".join(map(str, plan.entries("markets.locales"))) or "not said"
    return (plan.title, *said, where, _said(plan.get("owner")), *counts, str(len(check.problems)))


def _said(value: object, otherwise: str = "not said") -> str:
    return value if isinstance(value, str) else otherwise


def _ledger(checks: list[PlanCheck]) -> list[Row]:
    entries = ((e, c.plan.title) for c in checks for e in c.plan.entries("decisions") if isinstance(e, dict))
    rows = []
    for entry, title in entries:
        day, *said = (_said(entry.get(key)) for key in ("date", "report", "decision", "by"))
        rows.append((day, title, *said, _said(entry.get("outcome"), "not yet recorded")))
    return sorted(rows, reverse=True)
