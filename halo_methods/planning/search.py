"""The best design for a budget, the frontier between cost and precision, and what another tenth buys."""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..results import Caution, readable
from ..stats.checks import check_count, check_probability
from .designs import Array, Components, Decision, Prices, Shared, as_components, cost, variance

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Design = Literal["rotating", "crossed"]
DESIGNS = ("rotating", "crossed")
MOST_OPEN = 10
MOST_RATERS, MOST_LABELS = 500, 20
BUDGETS = (0.25, 0.5, 0.75, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0)


@dataclass(frozen=True, eq=False)
class BudgetPlan:
    """A design that a budget buys.

    Attributes
    ----------
    design : {"rotating", "crossed"}
        Each label by one of the raters in turn, or every rater on every item.
    decision : {"mean", "difference", "ranking", "item"}
    raters, items : int
    labels_per_item : float
        Between 1 and 2: so large a share of the items gets a second label.
    overlap : float
        Share of items with two labels or more.
    audit : float
        Share of labels audited.
    variance : float
        Left in the quantity decided on, in squared units of the label.
    low, high : float or None
        Interval of the variance from the pilot's uncertainty; None where none was given.
    half_width : float
        Half the 95% interval the design buys, in units of the label.
    right_order : float or None
        For a ranking: chance that two systems ``gap`` apart come out in their order.
    cost, budget : float
    frontier : pandas.DataFrame
        The best design for a quarter to four times the budget, and for 10% more.
    cautions : tuple of Caution
    question : str
        What must be answered before the design is a proposal: how many raters there can be, where neither a pool nor
        a price limits them and each further one is worth having. Empty otherwise.

    Examples
    --------
    >>> best_design({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600, design="crossed").raters
    8
    """

    design: Design
    decision: Decision
    raters: int
    items: int
    labels_per_item: float
    overlap: float
    audit: float
    variance: float
    low: float | None
    high: float | None
    half_width: float
    right_order: float | None
    cost: float
    budget: float
    frontier: pd.DataFrame = field(repr=False)
    cautions: tuple[Caution, ...] = ()
    question: str = ""

    @property
    def table(self) -> pd.DataFrame:
        """The plan as one row a fact: ``what``, ``value``."""
        rows: list[tuple[str, Any]] = [
            ("design", self.design),
            ("raters", self.raters),
            ("items", self.items),
            ("labels an item", self.labels_per_item),
            ("items with two labels or more", self.overlap),
            ("labels audited", self.audit),
            ("variance left", self.variance),
            ("half of the 95% interval", self.half_width),
            ("cost", self.cost),
        ]
        if self.low is not None and self.high is not None:
            rows.insert(7, ("variance, from the pilot's uncertainty", f"{readable(self.low)} to {readable(self.high)}"))
        if self.right_order is not None:
            rows.append(("chance of the right order", self.right_order))
        return pd.DataFrame(rows, columns=["what", "value"])

    def plot(self) -> "Figure":
        """The half-width that each budget buys."""
        from .. import plots

        return plots.frontier(self.frontier)

    @property
    def another_tenth(self) -> str:
        """What 10% more budget buys, as a sentence."""
        more = next(row for row in self.frontier.to_dict("records") if row["budget_share"] == 1.1)
        less = 100 * (1 - more["half_width"] / self.half_width) if self.half_width else 0.0
        return (
            f"Another 10% of budget narrows the interval by {less:.2g}%: {more['raters']:.0f} raters, "
            f"{more['items']:,.0f} items, {readable(more['labels_per_item'])} labels an item."
        )


def best_design(
    components: Any,
    prices: Prices,
    budget: float,
    *,
    decision: Decision = "mean",
    design: Design = "rotating",
    shared: Shared = "items and raters",
    gap: float | None = None,
    pool: int | None = None,
    items: int | None = None,
    workload: int | None = None,
    overlap: float = 0.0,
    audit: float = 0.0,
    audited_residual: float | None = None,
) -> BudgetPlan:
    """The raters, items and labels an item that leave the least variance for a budget.

    Every number of raters up to the pool, every number of labels an item up to
    20, steps of a tenth of overlap and of a twentieth of audit are tried with as
    many items as the money then buys; nothing is approximated beyond these steps.

    Do not read more into it than the pilot holds: with five raters or fewer the
    rater variance, and with it the best number of raters, is a guess; ``low`` and
    ``high`` say how much.

    Parameters
    ----------
    components : VarianceComponents, Components or mapping
        Of a pilot (`disagreement.variance_components`), or by hand.
    prices : Prices
    budget : float
        In the same currency.
    decision : {"mean", "difference", "ranking", "item"}
        A system's mean, the difference of two, the order of two, or one item's label.
    design : {"rotating", "crossed"}
        Raters share the items, or every rater labels every item.
    shared : {"items and raters", "items", "raters", "nothing"}
        What two systems have in common.
    gap : float, optional
        For a ranking: a difference that must come out in its order.
    pool : int, optional
        Raters there are; without it, and with raters free, as many as 500, which is no proposal: see ``question``
        and `pools`.
    items : int, optional
        Items there are; for ``decision="item"`` they must all be labelled.
    workload : int, optional
        Labels one rater can give at most.
    overlap, audit : float
        At least so large a share of items with a second label, of labels audited.
    audited_residual : float, optional
        Residual variance of an audited label.

    Returns
    -------
    BudgetPlan

    Raises
    ------
    NotEstimable
        If the budget buys no design.
    BadOption
        For options outside their list.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapter 4, for the variances; the search is exhaustive.

    Examples
    --------
    >>> plan = best_design({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600, pool=20)
    >>> plan.raters, plan.items, plan.labels_per_item, round(plan.variance, 4)
    (20, 600, 1.0, 0.01)
    """
    made, draws = as_components(components)
    if design not in DESIGNS:
        raise BadOption.of("design", design, DESIGNS)
    for name, share in (("overlap", overlap), ("audit", audit)):
        check_probability(share, option=name)
    for name, limit in (("pool", pool), ("items", items), ("workload", workload)):
        if limit is not None:
            check_count(limit, option=name, least=1)
    if not (np.isfinite(budget) and budget > 0):
        raise BadOption(f"budget is {budget!r}; allowed: more than 0")
    if decision == "item" and items is None:
        raise BadOption("for decision='item' say how many items there are: items=…")
    if decision == "ranking" and gap is None:
        raise BadOption("for decision='ranking' say which difference must come out in its order: gap=…")
    how = {"decision": decision, "shared": shared, "audited_residual": audited_residual}
    grid = _grid(design, pool, overlap, audit, audited_residual, prices, items if decision == "item" else None)

    def best(money: float) -> dict[str, float] | None:
        return _best(made, prices, money, grid, items, workload, how)

    found = best(budget)
    if found is None:
        raise NotEstimable(f"a budget of {readable(budget)} buys no such design at these prices and limits")
    rows = []
    for share in BUDGETS:
        row = best(share * budget)
        if row is not None:
            rows.append({"budget_share": share, "budget": share * budget, **row, "half_width": _half(row["variance"])})
    low = high = None
    if draws:
        r, i, k, a = (found[n] for n in ("raters", "items", "labels_per_item", "audit"))
        drawn = [
            float(variance(Components(*map(float, c)), r, i, k, audit=a, **how))  # type: ignore[arg-type]
            for c in zip(*(np.maximum(draws[n][:1000], 0) for n in ("item", "rater", "residual")), strict=True)
        ]
        low, high = (float(x) for x in np.quantile(drawn, [0.025, 0.975]))
    order = None if gap is None or decision == "item" else float(stats.norm.cdf(gap / found["variance"] ** 0.5))
    return BudgetPlan(
        design=design,
        decision=decision,
        raters=int(found["raters"]),
        items=int(found["items"]),
        labels_per_item=found["labels_per_item"],
        overlap=found["overlap"],
        audit=found["audit"],
        variance=found["variance"],
        low=low,
        high=high,
        half_width=_half(found["variance"]),
        right_order=order,
        cost=found["cost"],
        budget=float(budget),
        frontier=pd.DataFrame(rows),
        cautions=_cautions(made, found, decision, shared, high),
        question=_question(found) if _endless(made, design, decision, shared, pool, prices) else "",
    )


def _half(left: float) -> float:
    return float(stats.norm.ppf(0.975) * left**0.5)


def _grid(
    design: str,
    pool: int | None,
    overlap: float,
    audit: float,
    audited_residual: float | None,
    prices: Prices,
    given_items: int | None,
) -> Array:
    """Raters, labels an item and audit share of every design tried (N, 3)."""
    most = min(pool or MOST_RATERS, MOST_RATERS)
    raters = np.arange(1, most + 1)
    audits = np.unique(np.append(np.arange(audit, 1, 0.05), audit)) if audited_residual is not None else [audit]
    if design == "crossed":
        r, a = (x.ravel() for x in np.meshgrid(raters, audits, indexing="ij"))
        kept = (r > 1) | (overlap == 0)
        return np.stack([r[kept], r[kept], a[kept]], 1).astype(float)
    steps = np.round(np.arange(0, 1, 0.1), 10)
    single = 1 + np.unique(np.append(steps[steps >= overlap], min(overlap, 1)))
    labels = np.unique(np.concatenate([single, np.arange(2, MOST_LABELS + 1)]))
    r, k, a = (x.ravel() for x in np.meshgrid(raters, labels, audits, indexing="ij"))
    kept = np.ceil(k) <= r
    return np.stack([r[kept], k[kept], a[kept]], 1).astype(float)


def _best(
    made: Components,
    prices: Prices,
    money: float,
    grid: Array,
    items: int | None,
    workload: int | None,
    how: dict[str, Any],
) -> dict[str, float] | None:
    r, k, a = grid.T
    each = prices.item + k * (prices.label + a * prices.audit)
    bought = np.floor((money - prices.rater * r) / each + 1e-9)
    if how["decision"] == "item":
        bought = np.where(bought >= (items or 0), float(items or 0), 0.0)
    elif items is not None:
        bought = np.minimum(bought, items)
    if workload is not None:
        bought = np.minimum(bought, np.floor(workload * r / k + 1e-9))
        if how["decision"] == "item":
            bought = np.where(bought >= (items or 0), bought, 0.0)
    possible = (bought >= 1) & (r <= bought * k)
    if not possible.any():
        return None
    r, k, a, bought = r[possible], k[possible], a[possible], bought[possible]
    left = variance(made, r, bought, k, audit=a, **how)
    spent = cost(prices, r, bought, k, audit=a)
    first = np.lexsort((r, spent, np.round(left, 12)))[0]
    return {
        "raters": float(r[first]), "items": float(bought[first]), "labels_per_item": float(k[first]),
        "overlap": float(min(k[first] - 1, 1.0)), "audit": float(a[first]), "variance": float(left[first]),
        "cost": float(spent[first]),
    }  # fmt: skip


def _endless(made: Components, design: str, decision: str, shared: str, pool: int | None, prices: Prices) -> bool:
    """Whether nothing but the search limits the raters: each further one is free and narrows the interval."""
    matters = made.rater > 0 and (decision == "mean" or (decision != "item" and "raters" not in shared))
    return pool is None and prices.rater == 0 and design == "rotating" and matters


def _question(found: dict[str, float]) -> str:
    stops = "where the search stops" if found["raters"] >= MOST_RATERS else "as many as there are labels to give"
    return (
        "How many raters can you recruit, train and certify? Neither a pool nor a price of a rater was given, so each "
        f"further rater looks free and narrows the interval: the best design takes {found['raters']:,.0f}, {stops}. "
        "That is a limit and no proposal; give the pool, or what a rater costs before the first label."
    )


def _cautions(
    parts: Components, found: dict[str, float], decision: str, shared: str, high: float | None
) -> tuple[Caution, ...]:
    cautions = []
    if high is not None and high > MOST_OPEN * found["variance"]:
        text = (
            f"The pilot allows {readable(high / found['variance'])} times the variance shown: it is too "
            "small, or has too few raters, to plan from; judge more before you buy."
        )
        cautions.append(Caution("small_pilot", text))
    if parts.rater <= 0 and decision != "item":
        text = (
            "The pilot shows no variance between raters, so few look as good as many here; a small pilot may miss it: "
            "use all the raters you have."
        )
        cautions.append(Caution("no_rater_variance", text))
    if decision in ("difference", "ranking") and "items" in shared:
        text = "Items that favour one system are not in the pilot's variances; the true variance may be larger."
        cautions.append(Caution("items_by_systems", text))
    if decision == "mean" and parts.rater > 0 and found["raters"] < 5:
        text = f"{int(found['raters'])} raters: the mean then depends on who they are."
        cautions.append(Caution("few_raters", text))
    if found["overlap"] == 0:
        text = "No item gets two labels, so agreement can't be seen; have a second label on some items."
        cautions.append(Caution("no_overlap", text))
    return tuple(cautions)
