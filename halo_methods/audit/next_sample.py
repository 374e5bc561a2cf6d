"""The plans side by side, and the next sample."""

from collections.abc import Callable
from contextlib import suppress

import numpy as np
import pandas as pd

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from .double import DoublePlan, double_plan
from .draw import Drawn, draw
from .findings import findings, labelled
from .plans import Plan, single_plan
from .sizes import sample_size
from .table import LEVELS, standard_plan
from .weighted import clustering


def lot_size(j: Judgments, *, by: str | None = None) -> int:
    """Labels in the usual lot: the median size, or all labels where no column tells lots apart.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x", "A" if i < 40 else "B") for i in range(100)]
    >>> lot_size(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "lot"])))
    50
    """
    frame, column = labelled(j), by or "lot"
    if column not in frame.columns:
        return len(frame)
    return int(np.median(frame.group_by(column).len()["len"].to_numpy()))


def compare_plans(
    lot: int, *, aql: float = 0.03, producer_risk: float = 0.05, rql: float = 0.10, consumer_risk: float = 0.10
) -> pd.DataFrame:
    """Four ways to audit a lot, both risks beside each, the buyer's first.

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
        try:
            plan = make()
        except HaloError:
            continue
        rows.append({
            "plan": name,
            "draw": f"{plan.n1}, then {plan.n2}" if isinstance(plan, DoublePlan) else str(plan.n),
            "accept": f"{plan.accept1}, then {plan.accept2}" if isinstance(plan, DoublePlan) else str(plan.accept),
            "consumer_risk": plan.consumer_risk if plan.rql == rql else float(plan.acceptance(rql)),
            "producer_risk": plan.producer_risk if plan.aql == aql else 1 - float(plan.acceptance(aql)),
            "limiting_quality": plan.limiting_quality(),
            "average_number": float(plan.average_number(aql)),
            "outgoing_limit": plan.outgoing_limit(lot) if plan.n <= lot else None,
        })  # fmt: skip
    if not rows:
        raise NotEstimable(f"no plan can be made for a lot of {lot}")
    return pd.DataFrame(rows)


def next_sizes(j: Judgments, *, half_width: float = 0.03) -> pd.DataFrame:
    """Labels to audit next for an error rate of a wanted precision, as this audit saw errors cluster.

    Returns
    -------
    pandas.DataFrame
        Columns ``supposing``, ``design_effect``, ``labels``. The design effect
        is the one seen with this many labels a rater; with more a rater it is
        larger, so draw from more raters rather than more from each.

    Raises
    ------
    NotEstimable
        If there is no audit.
    """
    table = findings(j)
    rate = float(table["wrong"].to_numpy().mean())
    effects = {"labels independent": 1.0}
    with suppress(NotEstimable):
        made = clustering(table["wrong"].to_numpy(), table["rater_id"].to_numpy())
        effects["errors cluster in raters as seen here"] = max(made.design_effect, 1.0)
    rows = [(name, effect, sample_size(rate, half_width, design_effect=effect)) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=["supposing", "design_effect", "labels"])


def next_draw(j: Judgments, n: int, *, seed: int | str) -> Drawn:
    """Draw ``n`` labels (all, where there are fewer), by rater where each rater can have one.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{i % 4}", "x") for i in range(100)]
    >>> print(next_draw(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])), 8, seed=1))
    8 of 100 labels drawn, strata of rater_id; seed 1, frame SHA-256 625df7b8e5c7…
    """
    one = j.one()
    n = min(n, one.n_judgments)
    return draw(j, n, by="rater_id" if one.n_raters <= n else None, seed=seed)


def drawn_by_rater(j: Judgments, drawn: Drawn) -> pd.DataFrame:
    """How many labels of each rater there are and were drawn.

    Returns
    -------
    pandas.DataFrame
        Columns ``rater_id``, ``labels``, ``drawn``, ``share``.
    """
    table = j.one().frame["rater_id"].value_counts(name="labels").sort("rater_id").to_pandas()
    table["drawn"] = table["rater_id"].map(drawn.table["rater_id"].value_counts()).fillna(0).astype(int)
    table["share"] = table["drawn"] / table["labels"]
    return table
