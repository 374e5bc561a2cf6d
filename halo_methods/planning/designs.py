"""The design that leaves least variance for a budget: raters x items x labels per item, and what another tenth buys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, counted, readable
from ..stats.checks import check_amount, check_count, check_probability

Array = NDArray[np.float64]
Decision = Literal["mean", "difference", "ranking", "item"]
Design = Literal["rotating", "crossed"]
Shared = Literal["items and raters", "items", "raters", "nothing"]
MOST_OPEN = 10
MOST_RATERS, MOST_LABELS = 500, 20
BUDGETS = (0.25, 0.5, 0.75, 1.0, 1.1, 1.5, 2.0, 3.0, 4.0)
POOLS = (5, 10, 20, 40)
CAUTIONS = {
    "small_pilot": "The pilot allows {open_to} times the variance shown: it is too small, or has too few raters, to "
    "plan from; judge more before you buy.",
    "no_rater_variance": "The pilot shows no variance between raters, so few look as good as many here; a small pilot "
    "may miss it: use all the raters you have.",
    "items_by_systems": "Items that favour one system are not in the pilot's variances; the true one may be larger.",
    "few_raters": "{raters} raters: the mean then depends on who they are.",
    "no_overlap": "No item gets two labels, so agreement can't be seen; have a second label on some items.",
}


@dataclass(frozen=True)
class Components:
    """Variances of a pilot, in squared units of the label.

    Attributes
    ----------
    item, rater : float
        Between items, and between raters (strictness).
    residual : float
        Of a single label beside these: the rater's own view of the item, and noise.

    Examples
    --------
    >>> Components(item=1, rater=.1, residual=2).residual
    2
    """

    item: float
    rater: float
    residual: float

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            check_amount(value, option=f"the {name} variance")


@dataclass(frozen=True)
class Prices:
    """What things cost, in one currency.

    Attributes
    ----------
    label : float
        One label.
    item : float
        Finding and preparing an item.
    rater : float
        Recruiting, training and certifying a rater.
    audit : float
        Labelling one label again by an auditor.

    Examples
    --------
    >>> Prices(label=.4, rater=120).item
    0.0
    """

    label: float = 1.0
    item: float = 0.0
    rater: float = 0.0
    audit: float = 0.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            check_amount(value, option=f"the price of {name}")
        if self.label + self.item <= 0:
            raise BadOption("a label and an item cost nothing together, so no budget limits them; give a price")


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What is decided, and within which limits a design is looked for.

    Attributes
    ----------
    decision : {"mean", "difference", "ranking", "item"}
        A system's mean, the difference of two, the order of two, or one item's label.
    design : {"rotating", "crossed"}
        Raters share the items, or every rater labels every item.
    shared : {"items and raters", "items", "raters", "nothing"}
        What two systems have in common.
    gap : float, optional
        For a ranking: a difference that must come out in its order.
    pool : int, optional
        Raters there are; without it, and with raters free, as many as 500, which is no proposal: see
        `BudgetPlan.question` and `pools`.
    items : int, optional
        Items there are; for ``decision="item"`` they must all be labelled.
    workload : int, optional
        Labels one rater can give at most.
    overlap, audit : float
        At least so large a share of items with a second label, of labels audited.
    audited_residual : float, optional
        Residual variance of an audited label; without it an audit buys safety, not precision.

    Raises
    ------
    BadOption
        For options outside their list or range.

    Examples
    --------
    >>> Limits(decision="ranking", gap=0.3).design
    'rotating'
    """

    decision: Decision = "mean"
    design: Design = "rotating"
    shared: Shared = "items and raters"
    gap: float | None = None
    pool: int | None = None
    items: int | None = None
    workload: int | None = None
    overlap: float = 0.0
    audit: float = 0.0
    audited_residual: float | None = None

    def __post_init__(self) -> None:
        for name, kind in (("decision", Decision), ("design", Design), ("shared", Shared)):
            BadOption.unless(name, getattr(self, name), get_args(kind))
        for name in ("overlap", "audit"):
            check_probability(getattr(self, name), option=name)
        for name in ("pool", "items", "workload"):
            if getattr(self, name) is not None:
                check_count(getattr(self, name), option=name, least=1)


NO_LIMITS = Limits()


def as_components(given: Any) -> tuple[Components, list[Components]]:
    """The three variances, and draws of them where a pilot gave them.

    Parameters
    ----------
    given : Components, mapping, or VarianceComponents
        `disagreement.variance_components` gives the last; what a rater sees again
        and again in an item (item_rater) is added to the residual.

    Examples
    --------
    >>> as_components({"item": 1, "rater": .1, "residual": 2})[0]
    Components(item=1, rater=0.1, residual=2)
    """
    if isinstance(given, Components):
        return given, []
    if isinstance(given, Mapping):
        if set(given) != {"item", "rater", "residual"}:
            raise BadOption(
                f"components has {', '.join(sorted(given)) or 'nothing'}; it takes item, rater and residual"
            )
        return Components(**given), []
    if not all(hasattr(given, name) for name in ("item", "rater", "residual")):
        raise BadOption("components must be Components, a mapping, or what disagreement.variance_components gives")
    both, draws = getattr(given, "item_rater", None), getattr(given, "draws", None)
    made = Components(given.item.value, given.rater.value, given.residual.value + (both.value if both else 0.0))
    if not draws:
        return made, []
    parts = draws["item"], draws["rater"], draws["residual"] + draws.get("item_rater", 0.0)
    return made, [Components(*map(float, drawn)) for drawn in np.maximum(parts, 0)[:, :1000].T]


def variance(
    components: Components,
    raters: ArrayLike,
    items: ArrayLike,
    labels_per_item: ArrayLike,
    *,
    limits: Limits = NO_LIMITS,
    audit: ArrayLike = 0.0,
) -> Array:
    r"""Variance that a design leaves in the quantity to be decided on.

    With :math:`R` raters who share the work evenly, :math:`I` items and
    :math:`k` labels on each:

    * ``mean``, a system's mean: :math:`\sigma_i^2/I + \sigma_r^2/R + \sigma_e^2/(Ik)`;
    * ``difference`` and ``ranking``, two systems: twice that, without the parts
      that both share;
    * ``item``, one item's mean: :math:`(\sigma_r^2 + \sigma_e^2)/k`.

    A crossed design has :math:`k = R`. ``labels_per_item`` between 1 and 2 means
    that so large a share of the items gets a second label; the mean is one of
    item means.

    Do not trust ``difference`` where items favour one system (an item by system
    part that no pilot measured): it is then too small.

    Parameters
    ----------
    components : Components
    raters, items, labels_per_item : array_like
        Of one shape, or broadcast.
    limits : Limits
        Of which ``decision``, ``shared`` and ``audited_residual`` count.
    audit : array_like
        Share of labels that an auditor makes again; the auditor's label counts.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapters 2 and 4.

    Examples
    --------
    >>> made = Components(item=1, rater=.1, residual=2)
    >>> round(float(variance(made, 8, 75, 8)), 4), round(float(variance(made, 20, 600, 1)), 3)
    (0.0292, 0.01)
    """
    r, i, k, share = (np.asarray(x, dtype=float) for x in (raters, items, labels_per_item, audit))
    audited = components.residual if limits.audited_residual is None else limits.audited_residual
    residual = components.residual + share * (audited - components.residual)
    whole, part = np.floor(k), k - np.floor(k)
    one_label = (1 - part) / whole + part / (whole + 1)  # mean over items of 1 / labels
    if limits.decision == "item":
        return np.asarray((components.rater + residual) * one_label + 0 * r * i)
    of_items, of_raters, of_labels = components.item / i, components.rater / r, residual * one_label / i
    if limits.decision == "mean":
        return np.asarray(of_items + of_raters + of_labels)
    left = of_labels + ("items" not in limits.shared) * of_items + ("raters" not in limits.shared) * of_raters
    return np.asarray(2 * left)


@dataclass(frozen=True, eq=False, kw_only=True)
class BudgetPlan:
    """A design that a budget buys.

    Attributes
    ----------
    limits : Limits
        What was decided on, and within which limits.
    raters, items : int
    labels_per_item : float
        Between 1 and 2: so large a share of the items gets a second label.
    overlap : float
        Share of items with two labels or more.
    audit : float
        Share of labels audited.
    variance : float
        Left in the quantity decided on, in squared units of the label.
    half_width : float
        Half the 95% interval the design buys, in units of the label.
    cost, budget : float
    low, high : float or None
        Interval of the variance from the pilot's uncertainty; None where none was given.
    right_order : float or None
        For a ranking: chance that two systems ``gap`` apart come out in their order.
    frontier : pandas.DataFrame
        The best design for a quarter to four times the budget, and for 10% more.
    cautions : tuple of Caution
    question : str
        What must be answered before the design is a proposal.
        That is how many raters there can be, where neither a pool nor a price limits them and each further one is worth
        having. Empty otherwise.

    Examples
    --------
    >>> crossed = Limits(design="crossed")
    >>> best_design({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600, limits=crossed).raters
    8
    """

    limits: Limits
    raters: int
    items: int
    labels_per_item: float
    overlap: float
    audit: float
    variance: float
    half_width: float
    cost: float
    budget: float
    low: float | None
    high: float | None
    right_order: float | None
    frontier: pd.DataFrame = field(repr=False)
    cautions: tuple[Caution, ...]
    question: str

    @property
    def table(self) -> pd.DataFrame:
        """The plan as one row a fact: ``what``, ``value``."""
        from_pilot = None if self.low is None else f"{readable(self.low)} to {readable(self.high or 0.0)}"
        facts = {
            "design": self.limits.design,
            "raters": self.raters,
            "items": self.items,
            "labels per item": self.labels_per_item,
            "items with two labels or more": self.overlap,
            "labels audited": self.audit,
            "variance left": self.variance,
            "variance, from the pilot's uncertainty": from_pilot,
            "half of the 95% interval": self.half_width,
            "cost": self.cost,
            "chance of the right order": self.right_order,
        }
        rows = [(what, value) for what, value in facts.items() if value is not None]
        return pd.DataFrame(rows, columns=["what", "value"])

    def plot(self) -> Figure:
        """The half-width that each budget buys."""
        from .. import plots

        return plots.frontier(self.frontier)

    @property
    def another_tenth(self) -> str:
        """What 10% more budget buys, as a sentence."""
        more = self.frontier.set_index("budget_share").to_dict("index")[1.1]
        less = 100 * (1 - more["half_width"] / self.half_width) if self.half_width else 0.0
        return (
            f"Another 10% of budget narrows the interval by {less:.2g}%: {more['raters']:.0f} raters, "
            f"{more['items']:,.0f} items, {readable(more['labels_per_item'])} labels per item."
        )


def best_design(components: Any, prices: Prices, budget: float, *, limits: Limits = NO_LIMITS) -> BudgetPlan:
    """The raters, items and labels per item that leave the least variance for a budget.

    Tried are every number of raters up to the pool and of labels per item up to 20, in steps of a tenth of overlap and
    a twentieth of audit.
    Each takes as many items as the money then buys; nothing is approximated beyond these steps.

    Do not read more into it than the pilot holds.
    With five raters or fewer the rater variance, and with it the best number of raters, is a guess; ``low`` and
    ``high`` say how much.

    Parameters
    ----------
    components : VarianceComponents, Components or mapping
        Of a pilot (`disagreement.variance_components`), or by hand.
    prices : Prices
    budget : float
        In the same currency.
    limits : Limits
        What is decided, and within which limits.

    Returns
    -------
    BudgetPlan

    Raises
    ------
    NotEstimable
        If the budget buys no design.
    BadOption
        For a budget of nothing, and a decision without what it needs.

    References
    ----------
    Brennan (2001), Generalizability Theory, chapter 4, for the variances; the search is exhaustive.

    Examples
    --------
    >>> plan = best_design({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600, limits=Limits(pool=20))
    >>> plan.raters, plan.items, plan.labels_per_item, round(plan.variance, 4)
    (20, 600, 1.0, 0.01)
    """
    parts, drawn = as_components(components)
    budget = check_amount(budget, option="budget", above=True)
    if limits.decision == "item" and limits.items is None:
        raise BadOption("for decision='item' say how many items there are: items=…")
    if limits.decision == "ranking" and limits.gap is None:
        raise BadOption("for decision='ranking' say which difference must come out in its order: gap=…")
    grid = _grid(limits)
    found = _best(parts, prices, budget, limits, grid)
    if found is None:
        raise NotEstimable(f"a budget of {readable(budget)} buys no such design at these prices and limits")
    frontier = {share: _best(parts, prices, share * budget, limits, grid) for share in BUDGETS}
    rows = [{"budget_share": share, "budget": share * budget, **row} for share, row in frontier.items() if row]
    low = high = order = None
    if drawn:
        size = found["raters"], found["items"], found["labels_per_item"]
        left = [variance(draw, *size, limits=limits, audit=found["audit"]) for draw in drawn]
        low, high = (float(end) for end in np.quantile(left, [0.025, 0.975]))
    if limits.gap is not None and limits.decision != "item":
        order = float(stats.norm.cdf(limits.gap / found["variance"] ** 0.5))
    return BudgetPlan(
        limits=limits,
        **found,
        budget=budget,
        low=low,
        high=high,
        right_order=order,
        frontier=pd.DataFrame(rows),
        cautions=_cautions(parts, found, limits, high),
        question=_question(parts, found, limits, prices),
    )


def _grid(limits: Limits) -> Array:
    """Raters, labels per item and audit share of every design tried (3, N)."""
    raters = np.arange(1, min(limits.pool or MOST_RATERS, MOST_RATERS) + 1)
    labels = np.unique([*np.round(1 + np.arange(0, 1, 0.1), 10), 1 + limits.overlap, *range(2, MOST_LABELS + 1)])
    audits = np.array([limits.audit])
    if limits.audited_residual is not None:
        audits = np.unique([*np.arange(limits.audit, 1, 0.05), limits.audit])
    crossed = limits.design == "crossed"
    r, k, a = (x.ravel() for x in np.meshgrid(raters, [1] if crossed else labels, audits, indexing="ij"))
    k = r if crossed else k
    return np.stack([r, k, a]).astype(float)[:, (np.ceil(k) <= r) & (k >= 1 + limits.overlap)]


def _best(parts: Components, prices: Prices, money: float, limits: Limits, grid: Array) -> dict[str, Any] | None:
    """The design of the grid that leaves least for the money, the cheapest of equals; None where nothing is bought."""
    r, k, a = grid
    each = prices.item + k * (prices.label + a * prices.audit)
    bought = np.floor((money - prices.rater * r) / each + 1e-9)
    if limits.workload is not None:
        bought = np.minimum(bought, np.floor(limits.workload * r / k + 1e-9))
    if limits.items is not None:
        bought = np.minimum(bought, limits.items)
    least = limits.items if limits.decision == "item" and limits.items else 1
    possible = (bought >= least) & (r <= bought * k)
    if not possible.any():
        return None
    r, k, a, bought, each = (x[possible] for x in (r, k, a, bought, each))
    left, spent = variance(parts, r, bought, k, limits=limits, audit=a), prices.rater * r + bought * each
    first = np.lexsort((r, spent, np.round(left, 12)))[0]
    return {
        "raters": int(r[first]),
        "items": int(bought[first]),
        "labels_per_item": float(k[first]),
        "overlap": float(min(k[first] - 1, 1.0)),
        "audit": float(a[first]),
        "variance": float(left[first]),
        "half_width": float(stats.norm.ppf(0.975) * left[first] ** 0.5),
        "cost": float(spent[first]),
    }


def _question(parts: Components, found: dict[str, Any], limits: Limits, prices: Prices) -> str:
    """What to ask where nothing but the search limits the raters: each further one is free and narrows the interval."""
    compared = limits.decision in ("difference", "ranking") and "raters" not in limits.shared
    matters = parts.rater > 0 and limits.design == "rotating" and (limits.decision == "mean" or compared)
    if limits.pool is not None or prices.rater > 0 or not matters:
        return ""
    stops = "where the search stops" if found["raters"] >= MOST_RATERS else "as many as there are labels to give"
    return (
        "How many raters can you recruit, train and certify? Neither a pool nor a price of a rater was given, so each "
        f"further rater looks free and narrows the interval: the best design takes {found['raters']:,}, {stops}. "
        "That is a limit and no proposal; give the pool, or what a rater costs before the first label."
    )


def _cautions(parts: Components, found: dict[str, Any], limits: Limits, high: float | None) -> tuple[Caution, ...]:
    decision, open_to = limits.decision, (high or 0.0) / (found["variance"] or 1.0)
    holds = {
        "small_pilot": open_to > MOST_OPEN,
        "no_rater_variance": parts.rater <= 0 and decision != "item",
        "items_by_systems": decision in ("difference", "ranking") and "items" in limits.shared,
        "few_raters": decision == "mean" and parts.rater > 0 and found["raters"] < 5,
        "no_overlap": found["overlap"] == 0,
    }
    figures = {"open_to": readable(open_to), "raters": found["raters"]}
    return tuple(Caution(code, CAUTIONS[code].format(**figures)) for code, held in holds.items() if held)


def pools(
    components: Any, prices: Prices, budget: float, *, limits: Limits = NO_LIMITS, sizes: Iterable[int] = POOLS
) -> pd.DataFrame:
    """The best design for the same budget from pools of several sizes, one row a pool.

    For who does not know yet how many raters can be recruited: it shows from
    which size on another rater buys little.

    Parameters
    ----------
    components, prices, budget, limits
        As `best_design` takes them; the pool of the limits gives way to each size.
    sizes : iterable of int
        Raters there could be.

    Returns
    -------
    pandas.DataFrame
        ``pool``, ``raters`` the design takes of it, ``items``, ``labels_per_item``, ``cost``, ``half_width`` and
        ``narrower``: by what share of the row above's the interval is narrower (none in the first). A pool that can't
        do the work for this budget has no row.

    Raises
    ------
    NotEstimable
        If the budget buys no design from any of the pools.
    BadOption
        If ``sizes`` is empty.

    Examples
    --------
    >>> made = pools({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600)
    >>> made[["pool", "items"]].values.tolist()
    [[5, 600], [10, 600], [20, 600], [40, 600]]
    >>> made["half_width"].round(3).tolist()
    [0.31, 0.24, 0.196, 0.17]
    """
    rows: list[dict[str, Any]] = []
    reason: Exception = BadOption("sizes is empty; give at least one size of a pool")
    for size in sorted(set(sizes)):
        try:
            plan = best_design(components, prices, budget, limits=replace(limits, pool=size))
        except NotEstimable as why:
            reason = why
        else:
            columns = ("raters", "items", "labels_per_item", "cost", "half_width")
            rows.append({"pool": size, **{column: getattr(plan, column) for column in columns}})
    if not rows:
        raise reason
    table = pd.DataFrame(rows)
    return table.assign(narrower=-table["half_width"].pct_change())


def pilot_items(j: Judgments, *, raters: int = 2) -> Estimate:
    """Count the items of a pilot that two or more people judged: what its variances rest on.

    Parameters
    ----------
    j : Judgments
        One criterion; people only where the table tells people from models.
    raters : int
        The fewest people a pilot must have.

    Raises
    ------
    NotEstimable
        If the pilot has fewer raters.

    Examples
    --------
    >>> rows = [("a", "r", "1"), ("a", "s", "2"), ("b", "r", "1")]
    >>> pilot_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).value
    1.0
    """
    check_count(raters, option="raters")
    labelled = as_judgments(j).people().one().frame.drop_nulls("label")
    people = labelled["rater_id"].n_unique()
    if people < raters:
        reason = f"the pilot has {counted(people, 'rater')}; it takes {raters} raters to size a programme from it"
        raise NotEstimable(reason, public=True)
    shared = labelled.group_by("item_id").agg(pl.col("rater_id").n_unique()).filter(pl.col("rater_id") > 1)
    return Estimate.count(
        shared.height, method="pilot items that two or more people judged", **rests_on(labelled, "pilot")
    )
