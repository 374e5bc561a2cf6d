"""One page on many plans: their verdicts, open exceptions, what is due, and the ledger of decisions."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import HaloError
from .plan import DUE_SOON, PlanCheck, check_plan
from .register import Register, house


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
        A whole page that needs no other file and no network.
        It has plans and their verdicts, open exceptions and their last day, standards not met by owner, and undecided
        gates.
        It also has attestations due within 30 days or ended, and the ledger of decisions with their results.

    Examples
    --------
    >>> page = portfolio([{"title": "A <b> plan", "task": "label", "risk": "low", "stage": "design"}])
    >>> "A &lt;b&gt; plan" in page, "<script" in page
    (True, False)
    """
    standards = house().register() if register is None else register
    day = today or date.today()
    checks: list[PlanCheck] = []
    unread: list[tuple[str, str]] = []
    for source in paths:
        try:
            checks.append(check_plan(source, standards, today=day))
        except HaloError as error:
            unread.append(("a plan" if isinstance(source, Mapping) else Path(source).name, str(error)))
    found = [(c.plan.title, f) for c in checks for f in c.findings]
    decided = (
        (c.plan.title, entry) for c in checks for entry in c.plan.entries("decisions") if isinstance(entry, dict)
    )
    return _page().render(
        day=day,
        within=DUE_SOON,
        checks=checks,
        unread=unread,
        by_owner=sorted(found, key=lambda entry: (entry[1].owner, entry[1].standard)),
        by_day=sorted(found, key=lambda entry: entry[1].due or date.max),
        soon=day + timedelta(days=DUE_SOON),
        decisions=sorted((_decision(title, entry) for title, entry in decided), reverse=True),
    )


@cache
def _page() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    folder = FileSystemLoader(Path(__file__).parent)
    environment = Environment(loader=folder, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template("portfolio.html.j2")


def _decision(title: str, entry: dict[str, Any]) -> tuple[str, ...]:
    """A row of the ledger: date, plan, report, decision, role and outcome."""
    texts = {key: held for key, held in entry.items() if isinstance(held, str)}
    day, *said = (texts.get(key, "not said") for key in ("date", "report", "decision", "by"))
    return (day, title, *said, texts.get("outcome", "not yet recorded"))
