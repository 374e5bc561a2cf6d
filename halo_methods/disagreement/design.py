"""Judgments with their groups and clauses, and how far two labels of one item lie apart."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..stats.variance import Array, Ints, crossed, rater_effects, solved
from .components import as_values, check_two_of_each, coded, level_rounds, places

NONE: Ints = np.array([], dtype=np.int64)
GROUPS = ("vendor", "locale", "queue")
FEWEST_REPEATS, MOST_LABELS = 10, 50


@dataclass(frozen=True, kw_only=True)
class Design:
    """Judgments as numbers: the first judgment of each rater on each item, by item and rater, and what they lack.

    Attributes
    ----------
    item, rater : ndarray of int, shape (n,)
    y : ndarray, shape (n, k)
        One column for numbers; one a label, 0 or 1, for nominal labels.
    again : ndarray, shape (n,)
        Variance of what the rater said on the item; NaN where it was judged once.
    group : ndarray of int or None
        Of each rater.
    clause : ndarray of int
        Of each item.
    nominal : bool
        Whether labels have no order.
    groups : str or None
        The column of groups that meet on items.
    clauses : list of str
        Names of the clauses.
    collect : dict of str to str
        What to collect, by the source that it would show.
    """

    item: Ints
    rater: Ints
    y: Array
    again: Array
    group: Ints | None
    clause: Ints
    nominal: bool
    groups: str | None
    clauses: list[str]
    collect: dict[str, str]

    def kept(self, kept: NDArray) -> "Design":
        """Some of the judgments; numbers stay."""
        return replace(self, item=self.item[kept], rater=self.rater[kept], y=self.y[kept], again=self.again[kept])


@once_a_table
def design_of(j: Judgments, groups: str | None = None, clause: str = "clause") -> Design:
    """The judgments of one criterion and stage as numbers, and what they lack."""
    j = j.one()
    at, unit = places(j)
    nominal = at is None or unit.startswith("share of")
    if nominal and len(j.labels) > MOST_LABELS:
        raise NotEstimable(
            f"labels take {len(j.labels):,} values and are nominal; disagreement needs {MOST_LABELS} or fewer"
        )
    check_two_of_each(j)
    if nominal:
        values = {f"y{k}": as_values(j, str(x))[0] for k, x in enumerate(j.labels)}
    else:
        values = {"y": level_rounds(j.frame.with_columns(y=as_values(j)[0]))[0]["y"].to_numpy()}
    frame = j.frame.select("item_id", "rater_id", turn=in_turn(j)).with_columns(**values)
    by_cell = frame.sort("turn", maintain_order=True).group_by("item_id", "rater_id", maintain_order=True)
    spread = pl.sum_horizontal([pl.col(column).var() for column in values], ignore_nulls=False)
    cells = by_cell.agg(pl.col(*values).first(), again=spread).sort("item_id", "rater_id")
    again, collect = cells["again"].to_numpy().astype(float), {}
    if np.isfinite(again).sum() < FEWEST_REPEATS:
        again[:] = np.nan
        collect["noise"] = "collect retests: let each rater judge 20 items again two weeks later, drawn at random"
    column, group = _groups(j, groups)
    if group is None and column:
        collect["perspective"] = f"let raters of two groups of {column} judge the same items; no item has labels of two"
    elif group is None:
        collect["perspective"] = (
            "collect each rater's group in a column fixed beforehand (market, vendor, user group), "
            "two raters or more a group"
        )
    named = pl.Series([""] * j.n_items)
    if clause in j.columns and j.frame[clause].n_unique() > 1:
        named = of_items(j, clause, "(none)", option="clause")
    else:
        collect["clause"] = f"collect the guideline clause of each item in a column `{clause}`, for two clauses or more"
    return Design(
        item=coded(cells["item_id"]),
        rater=coded(cells["rater_id"]),
        y=cells.select(*values).to_numpy(),
        again=again,
        group=group,
        clause=coded(named),
        nominal=nominal,
        groups=None if group is None else column,
        clauses=named.unique().sort().to_list(),
        collect=collect,
    )


def in_turn(j: Judgments) -> pl.Expr:
    """The place of each judgment's round among the rounds, the missing one last."""
    order = {value: n for n, value in enumerate(j.rounds)}
    return pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64) if order else pl.lit(0)


def of_items(j: Judgments, column: str, missing: str, *, option: str) -> pl.Series:
    """What a column says most often of each item, items in sorted order; raters and items themselves say nothing."""
    if column in ("rater_id", "item_id"):
        raise BadOption(f"{option} is {column!r}, which says nothing about an item; name a column such as clause")
    said = pl.col(column).cast(pl.String).drop_nulls().mode().sort().first().fill_null(missing)
    return j.frame.group_by("item_id").agg(said).sort("item_id")[column]


def perspective_groups(j: Judgments, groups: str | None = None) -> str:
    """The column of rater groups to compare: the one named, else vendor, locale or queue, the first that fits.

    Raises
    ------
    NotEstimable
        If none gives every rater one group, and two groups two raters each,
        or if no item has labels of two groups.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", f"{v}{r}", "x", v) for v in "ns" for r in range(2)]
    >>> perspective_groups(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"])))
    'vendor'
    """
    column, group = _groups(as_judgments(j).one(), groups)
    if column is not None and group is None:
        raise NotEstimable(f"no two groups of {column} judged the same item")
    if column is None:
        looked = groups or ", ".join(GROUPS)
        raise NotEstimable(f"no column ({looked}) gives every rater one group, and two groups two raters each")
    return column


def _groups(j: Judgments, groups: str | None) -> tuple[str | None, Ints | None]:
    """Each rater's group, where every rater has one and two groups have two raters; None where no groups meet."""
    apart = None
    for column in GROUPS if groups is None else (groups,):
        if column not in j.columns or column in ("item_id", "rater_id", "label", "round"):
            continue
        by_rater = j.frame.group_by("rater_id").agg(pl.col(column).unique()).sort("rater_id")[column]
        one = by_rater.list.first()
        fixed = (by_rater.list.len() == 1).all() and one.null_count() == 0
        if fixed and (one.value_counts()["count"] > 1).sum() > 1:
            if j.frame.select((pl.col(column).n_unique().over("item_id") > 1).any()).item():
                return column, coded(one.cast(pl.String))
            apart = apart or column
    return apart, None


@dataclass(frozen=True)
class Apart:
    """What `apart` finds: disagreement as half the squared difference of two labels of one item.

    Attributes
    ----------
    total : float
        Mean over items.
    item : ndarray
        The items judged by two raters or more.
    within : ndarray
        Of each of them, strictness taken out, between raters of one group (of all raters without groups);
        NaN where there is no such pair.
    shares : dict of str to float
        The share of the total that each source has, 0 where pairs do not tell it; the rest is the item's.
    """

    total: float
    item: Ints
    within: Array
    shares: dict[str, float]


def apart(design: Design, unclear: Ints = NONE) -> Apart:
    """Disagreement between two raters on one item, and the parts that pairs tell.

    Half the squared difference of two labels, averaged over the pairs of an item, is the variance of its labels.
    On nominal labels as 0 and 1 it is the share of pairs that differ.
    """
    strictness, effect = _strictness(design, unclear)
    n = int(design.item.max()) + 1
    size = np.bincount(design.item, minlength=n)
    shared = np.flatnonzero(size > 1)
    total = float((_variation(design.item, design.y, n)[shared] / (size[shared] - 1)).mean())
    parts = {"strictness": min(strictness, total), "noise": 0.0, "perspective": 0.0}
    level = design.y - effect[design.rater]
    all_pairs = _variation(design.item, level, n)[shared]
    within = all_pairs / (size[shared] - 1)
    scale = (total - parts["strictness"]) / within.mean() if within.mean() > 0 else 1.0
    if design.group is not None:
        gap, outside, within = _by_group(design, level, size, shared, all_pairs)
        parts["perspective"] = scale * outside * gap if np.isfinite(gap) else 0.0
    within, under = scale * within, np.isin(design.clause, unclear)
    again = design.again[~under[design.item]]
    if np.isfinite(again).any():
        parts["noise"] = float(np.nanmean(again))
    parts["clause"] = above(within, under[shared])
    parts["item"] = total - sum(parts.values())
    return Apart(total, shared, within, {k: v / total if total > 0 else 0.0 for k, v in parts.items()})


def above(within: Array, under: NDArray) -> float:
    """What items under unclear clauses have above the others, by their share."""
    x, under = within[np.isfinite(within)], under[np.isfinite(within)]
    return float(under.mean() * (x[under].mean() - x[~under].mean())) if under.any() and not under.all() else 0.0


def _strictness(design: Design, unclear: Ints) -> tuple[float, Array]:
    """Variance between raters and each rater's lean, from items under clear clauses where every rater has some."""
    clear = ~np.isin(design.clause[design.item], unclear)
    if len(np.unique(design.rater[clear])) < len(np.unique(design.rater)):
        clear[:] = True
    raters, rater = np.unique(design.rater[clear], return_inverse=True)
    item, y = np.unique(design.item[clear], return_inverse=True)[1], design.y[clear]
    sums = crossed(item, rater, y)
    variance = y.shape[1] * float(solved(sums, {k: np.array([s.value]) for k, s in sums.items()})["rater"][0])
    effect = np.zeros((int(design.rater.max()) + 1, y.shape[1]))
    effect[raters] = rater_effects(item, rater, y)
    return max(variance, 0.0), effect


def _by_group(design: Design, level: Array, size: Ints, shared: Ints, all_pairs: Array) -> tuple[float, float, Array]:
    """What pairs of two groups lie further apart, the share of such pairs, and each item's mean distance inside groups.

    The first is -inf where there are no such pairs, or none inside groups.
    """
    assert design.group is not None
    n, groups = len(size), int(design.group.max()) + 1
    code = design.item * groups + design.group[design.rater]
    of_group = np.bincount(code, minlength=n * groups)
    apart_inside = (of_group * _variation(code, level, n * groups)).reshape(n, groups).sum(axis=1)[shared]
    pairs_inside = (of_group * (of_group - 1) / 2).reshape(n, groups).sum(axis=1)[shared]
    pairs, gap = (size * (size - 1) / 2)[shared], -np.inf
    outside = 1 - pairs_inside / pairs
    across, inside = outside.sum(), (pairs_inside / pairs).sum()
    if across and inside:
        between = ((size[shared] * all_pairs - apart_inside) / pairs).sum() / across / 2
        gap = between - (apart_inside / pairs).sum() / inside / 2
    each = np.divide(apart_inside, 2 * pairs_inside, out=np.full(len(shared), np.nan), where=pairs_inside > 0)
    return float(gap), float(outside.mean()), each


def _variation(code: Ints, y: Array, size: int) -> Array:
    """Sum of squared deviations from the mean in each class."""
    n = np.maximum(np.bincount(code, minlength=size), 1)
    made = np.zeros(size)
    for column in (y - y.mean(axis=0)).T:
        made += np.bincount(code, column**2, minlength=size) - np.bincount(code, column, minlength=size) ** 2 / n
    return np.maximum(made, 0.0)


def group_gaps(design: Design, shuffles: int, rng: np.random.Generator) -> Array:
    """How likely each item's labels, shuffled over the groups, lie so far apart; 1 unless two groups gave two labels.

    The statistic is the variance between groups over that inside them.
    The latter is drawn towards the mean of all items (as worth four labels), so that three equal labels do not make the
    statistic infinite. Its null distribution pools the
    shufflings of all items.
    """
    assert design.group is not None
    item, n, groups = design.item, int(design.item.max()) + 1, int(design.group.max()) + 1
    y = design.y - rater_effects(item, design.rater, design.y)[design.rater]
    code = item * groups + design.group[design.rater]
    size = np.bincount(code, minlength=n * groups).reshape(n, groups)
    tested = np.flatnonzero(((size > 1).sum(axis=1) > 1) & (_variation(item, design.y, n) > 1e-9))
    there, labels = (size > 0).sum(axis=1)[tested], size.sum(axis=1)[tested]

    def heights(values: Array) -> Array:
        inside = _variation(code, values, n * groups).reshape(n, groups).sum(axis=1)[tested]
        between = _variation(item, values, n)[tested] - inside
        usual = max(float(inside.sum() / np.maximum(labels - there, 1).sum()), 1e-12)
        return np.asarray(between / (there - 1) / ((inside + 4 * usual) / (labels - there + 4)))

    p = np.ones(n)
    if not len(tested):
        return p
    seen = heights(y)
    null = np.sort(np.concatenate([heights(y[np.lexsort((rng.random(len(item)), item))]) for _ in range(shuffles)]))
    above = len(null) - np.searchsorted(null, seen - 1e-12)
    p[tested] = (1 + above) / (1 + len(null))
    return p


def chance_of_groups(design: Design, draws: int, rng: np.random.Generator) -> float:
    """Share of shufflings of the raters over the groups that set groups as far apart as they are, strictness taken out.

    How far two raters lie apart is averaged over the items they share, an item weighing 1 in all.
    """
    size = np.bincount(design.item)
    shared = np.flatnonzero(size > 1)
    level = design.y - rater_effects(design.item, design.rater, design.y)[design.rater]
    all_pairs = _variation(design.item, level, len(size))[shared]

    def gap(group: Ints) -> float:
        return _by_group(replace(design, group=group), level, size, shared, all_pairs)[0]

    assert design.group is not None
    seen = gap(design.group)
    return (1 + sum(gap(rng.permutation(design.group)) >= seen - 1e-12 for _ in range(draws))) / (1 + draws)
