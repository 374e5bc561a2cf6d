"""The published table of single sampling plans, normal inspection, and plans side by side."""

from collections.abc import Callable
from contextlib import suppress
from typing import Literal

import pandas as pd

from ..errors import BadOption, HaloError, NotEstimable
from ..results import counted, readable
from ..stats.checks import check_count
from .sampling_plans import RISK, DoublePlan, Plan, chance, double_plan, single_plan

Inspection = Literal["I", "II", "III"]

# Facts of MIL-STD-105E (1989), tables I and II-A, the plans of which ISO 2859-1 also uses.
LETTERS = "ABCDEFGHJKLMNPQR"
SIZES = dict(zip(LETTERS, (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000), strict=True))
UP_TO = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
LETTER_OF = {"I": "AABCCDEFGHJKLMN", "II": "ABCDEFGHJKLMNPQ", "III": "BCDEFGHJKLMNPQR"}
LEVELS = (0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0)
# One string a code letter, one mark an AQL: a number is the accept number,
# v sends to the next larger sample, ^ to the next smaller.
MASTER = {
    "A": "v v v v v v v v v v v v v v 0 v",
    "B": "v v v v v v v v v v v v v 0 ^ v",
    "C": "v v v v v v v v v v v v 0 ^ v 1",
    "D": "v v v v v v v v v v v 0 ^ v 1 2",
    "E": "v v v v v v v v v v 0 ^ v 1 2 3",
    "F": "v v v v v v v v v 0 ^ v 1 2 3 5",
    "G": "v v v v v v v v 0 ^ v 1 2 3 5 7",
    "H": "v v v v v v v 0 ^ v 1 2 3 5 7 10",
    "J": "v v v v v v 0 ^ v 1 2 3 5 7 10 14",
    "K": "v v v v v 0 ^ v 1 2 3 5 7 10 14 21",
    "L": "v v v v 0 ^ v 1 2 3 5 7 10 14 21 ^",
    "M": "v v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^",
    "N": "v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^",
    "P": "v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^",
    "Q": "0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^ ^",
    "R": "^ ^ 1 2 3 5 7 10 14 21 ^ ^ ^ ^ ^ ^",
}


def standard_plan(lot: int, aql: float, inspection: Inspection = "II") -> Plan:
    """The plan of MIL-STD-105E and ISO 2859-1 for a lot: single sampling, normal inspection.

    The table protects the producer: a lot at ``aql`` is accepted nearly
    always. What the buyer is protected from is not asked for, so it is printed
    first: ``.rql`` is the error rate that is still accepted in 10% of audits,
    and it is often five times the AQL. The standard also asks for tightened
    inspection after two rejections in five lots; without that switch its
    protection is less than it says. Where the arrow of the table leads to
    a sample as large as the lot, the whole lot is audited.

    Parameters
    ----------
    lot : int
        Labels in the lot, at least 2.
    aql : float
        A share as in the table, .0001 to .10, for instance .01 for 1%; from .65
        up it is read as the percentage the table prints (1.0 is 1%).
    inspection : {"I", "II", "III"}
        General inspection level; II unless there is a reason.

    Returns
    -------
    Plan
        ``.n .accept .acceptance(p) .outgoing_limit(lot)``; ``.source`` gives the
        code letter.

    Raises
    ------
    BadOption
        If the AQL is none of the table's, the level is unknown, or the lot has fewer than two labels.

    References
    ----------
    MIL-STD-105E (1989), tables I and II-A; Montgomery (2013), section 15.4.

    Examples
    --------
    >>> plan = standard_plan(2000, 0.0065)
    >>> plan.n, plan.accept
    (125, 2)
    >>> print(plan)
    Draw 125, accept with at most 2 errors. Buyer: a lot with 4.2% errors is accepted in 10% of audits.
    Producer: a lot with 0.65% errors is rejected in 4.87% of audits.
    """
    if inspection not in LETTER_OF:
        raise BadOption.of("inspection", inspection, tuple(LETTER_OF))
    lot = check_count(lot, option="lot", least=2)
    column = _column(aql)
    first = LETTER_OF[inspection][sum(lot > end for end in UP_TO)]
    letter, mark = first, MASTER[first].split()[column]
    while mark in "v^":
        letter = LETTERS[LETTERS.index(letter) + (1 if mark == "v" else -1)]
        mark = MASTER[letter].split()[column]
    n, accept, share = SIZES[letter], int(mark), LEVELS[column] / 100
    moved = f", by its arrow to {letter}" if letter != first else ""
    source = f"MIL-STD-105E table II-A, level {inspection}: code letter {first}{moved}, AQL {readable(100 * share)}%"
    if n >= lot:
        n, source = lot, f"{source}; the sample is as large as the lot, so all {counted(lot, 'label')}"
        accept = min(accept, n - 1)
    limit = Plan(n, accept, share, share, 0.0, 0.0).limiting_quality(RISK)
    return Plan(n, accept, share, limit, 1 - float(chance(accept, n, share)), RISK, None, source)


def _column(aql: float) -> int:
    percent = float(aql) if aql >= 0.65 else 100 * float(aql)
    near = [i for i, level in enumerate(LEVELS) if abs(percent - level) < 1e-9]
    if not near:
        raise BadOption.of("aql", aql, tuple(round(level / 100, 6) for level in LEVELS))
    return near[0]


def compare_plans(
    lot: int, *, aql: float = 0.03, producer_risk: float = 0.05, rql: float = 0.10, consumer_risk: float = 0.10
) -> pd.DataFrame:
    """Set four ways to audit a lot side by side, both risks of each, the buyer's first.

    Returns
    -------
    pandas.DataFrame
        Columns ``plan``, ``draw``, ``accept``, ``consumer_risk`` (a lot at ``rql`` is
        accepted), ``producer_risk`` (a lot at ``aql`` is rejected),
        ``limiting_quality`` (accepted in 10% of audits), ``average_number``
        (labels audited in a lot at ``aql``), ``outgoing_limit`` (empty where
        the plan asks for more than the lot). Plans that cannot be made are left out.

    Examples
    --------
    >>> compare_plans(320)["plan"].tolist()
    ['single, for this lot', 'single, for many lots', 'double, for many lots', 'published table, AQL 2.5%']
    """
    listed = max((level for level in LEVELS if level / 100 <= aql + 1e-12), default=LEVELS[0]) / 100
    makers: dict[str, Callable[[], Plan | DoublePlan]] = {
        "single, for this lot": lambda: single_plan(aql, producer_risk, rql, consumer_risk, lot=lot),
        "single, for many lots": lambda: single_plan(aql, producer_risk, rql, consumer_risk),
        "double, for many lots": lambda: double_plan(aql, producer_risk, rql, consumer_risk),
        f"published table, AQL {100 * listed:g}%": lambda: standard_plan(lot, listed),
    }
    rows = []
    for name, make in makers.items():
        with suppress(HaloError):
            plan = make()
            two = isinstance(plan, DoublePlan)
            rows.append(
                {
                    "plan": name,
                    "draw": f"{plan.n1}, then {plan.n2}" if two else str(plan.n),
                    "accept": f"{plan.accept1}, then {plan.accept2}" if two else str(plan.accept),
                    "consumer_risk": plan.consumer_risk if plan.rql == rql else float(plan.acceptance(rql)),
                    "producer_risk": plan.producer_risk if plan.aql == aql else 1 - float(plan.acceptance(aql)),
                    "limiting_quality": plan.limiting_quality(),
                    "average_number": float(plan.average_number(aql)),
                    "outgoing_limit": plan.outgoing_limit(lot) if plan.n <= lot else None,
                }
            )
    if not rows:
        raise NotEstimable(f"no plan can be made for a lot of {lot}")
    return pd.DataFrame(rows)
