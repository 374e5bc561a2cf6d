"""The plans side by side, and the next sample."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference
from .audit_findings import clustering, error_rate
from .double_plan import DoublePlan, double_plan
from .published_plans import LEVELS, standard_plan
from .sample_sizes import sample_size
from .sampling_plans import Plan, single_plan


def lot_size(j: Judgments, *, by: str | None = None) -> int:
    """Count the labels in the usual lot: the median size, or all labels where no column tells lots apart.

    Examples
    --------
    >>> rows = [(i, "r1", "x", "A" if i < 40 else "B") for i in range(100)]
    >>> lot_size(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "lot"]))
    50
    """
    frame, column = as_judgments(j).one().frame, by or "lot"
    if column not in frame.columns:
        return len(frame)
    return int(np.median(frame.group_by(column).len()["len"].to_numpy()))


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
            row = {
                "plan": name,
                "draw": f"{plan.n1}, then {plan.n2}" if two else str(plan.n),
                "accept": f"{plan.accept1}, then {plan.accept2}" if two else str(plan.accept),
                "consumer_risk": plan.consumer_risk if plan.rql == rql else float(plan.acceptance(rql)),
                "producer_risk": plan.producer_risk if plan.aql == aql else 1 - float(plan.acceptance(aql)),
                "limiting_quality": plan.limiting_quality(),
                "average_number": float(plan.average_number(aql)),
                "outgoing_limit": plan.outgoing_limit(lot) if plan.n <= lot else None,
            }
            rows.append(row)
    if not rows:
        raise NotEstimable(f"no plan can be made for a lot of {lot}")
    return pd.DataFrame(rows)


def next_sizes(j: Judgments, *, half_width: float = 0.03, reference: Reference | None = None) -> pd.DataFrame:
    """Work out how many labels to audit next for an error rate of a wanted precision, as errors clustered here.

    Returns
    -------
    pandas.DataFrame
        Columns ``supposing``, ``design_effect``, ``labels``. The design effect
        is the one seen with this many labels per rater; with more per rater it is
        larger, so draw from more raters rather than more from each.

    Raises
    ------
    NotEstimable
        If no item has gold or an audit.
    """
    j = as_judgments(j)
    rate, effects = error_rate(j, reference=reference, over="items").value, {"labels independent": 1.0}
    with suppress(NotEstimable):
        seen = clustering(j, reference=reference).design_effect
        effects["errors cluster in raters as seen here"] = max(seen, 1.0)
    rows = [(name, effect, sample_size(rate, half_width, design_effect=effect)) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=["supposing", "design_effect", "labels"])
