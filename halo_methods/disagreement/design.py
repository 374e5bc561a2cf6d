"""Judgments as numbers, what they lack, and how far two labels of one item lie apart."""

from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import sparse

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import as_numbers, quoted
from ..judgments.coding import once_a_table
from ..results import Caution, counted, readable
from ..stats.variance import Array, Ints, crossed, rater_effects, solved

NONE: Ints = np.array([], dtype=np.int64)


@dataclass(frozen=True)
class Rows:
    """Judgments as numbers: the first judgment of each rater on each item, and how far repeats lie apart.

    Attributes
    ----------
    item, rater : ndarray of int, shape (n,)
    y : ndarray, shape (n, k)
        One column for numbers; one a label, 0 or 1, for nominal labels.
    again : ndarray, shape (n,)
        Variance of what the rater said on the item; NaN where it was judged once.
    group : ndarray of int or None
        Of each rater.
    clause : ndarray of int or None
        Of each item.
    """

    item: Ints
    rater: Ints
    y: Array
    again: Array
    group: Ints | None
    clause: Ints | None

    def without(self, items: Ints = NONE, raters: Ints = NONE) -> "Rows":
        """Less some items and raters; numbers stay."""
        kept = ~np.isin(self.item, items) & ~np.isin(self.rater, raters)
        return replace(self, item=self.item[kept], rater=self.rater[kept], y=self.y[kept], again=self.again[kept])


@dataclass(frozen=True)
class Apart:
    """What `apart` finds: disagreement as half the squared difference of two labels of one item.

    Attributes
    ----------
    total, severity : float
        Mean over items; the part of it that is raters stricter or milder throughout.
    item : ndarray
        The items judged by two raters or more.
    within : ndarray
        Of each of them, severity taken out, between raters of one group (of all raters without groups);
        NaN where there is no such pair.
    perspective : float or None
        The part that is groups seeing items differently, severity taken out.
    noise : float or None
        Mean variance of repeats on the items kept for it.
    """

    total: float
    severity: float
    item: Ints
    within: Array
    perspective: float | None
    noise: float | None


def apart(rows: Rows, unclear: Ints = NONE) -> Apart:
    """Disagreement between two raters on one item, and the parts that pairs tell.

    Half the squared difference of two labels, averaged over the pairs of an
    item, is the variance of its labels; on nominal labels as 0 and 1 it is the
    share of pairs that differ.
    """
    n = int(rows.item.max()) + 1
    size = np.bincount(rows.item, minlength=n)
    shared = np.flatnonzero(size > 1)
    total = float((_variation(rows.item, rows.y, n)[shared] / (size[shared] - 1)).mean())
    severity, effect = _severity(rows, unclear)
    severity = min(severity, total)
    level = rows.y - effect[rows.rater]
    all_pairs = _variation(rows.item, level, n)[shared]
    within = all_pairs / (size[shared] - 1)
    scale = (total - severity) / within.mean() if within.mean() > 0 else 1.0
    perspective = None
    if rows.group is not None:
        perspective, within = _by_group(rows, level, size, shared, all_pairs)
        perspective *= scale
    again = rows.again if rows.clause is None else rows.again[~np.isin(rows.clause[rows.item], unclear)]
    noise = float(np.nanmean(again)) if np.isfinite(again).any() else None
    return Apart(total, severity, shared, scale * within, perspective, noise)


def _severity(rows: Rows, unclear: Ints) -> tuple[float, Array]:
    """Variance between raters and each rater's lean, from items under clear clauses where every rater has some."""
    kept = np.ones(len(rows.item), dtype=bool)
    if rows.clause is not None and len(unclear):
        clear = ~np.isin(rows.clause[rows.item], unclear)
        kept = clear if len(np.unique(rows.rater[clear])) == len(np.unique(rows.rater)) else kept
    raters, rater = np.unique(rows.rater[kept], return_inverse=True)
    item, y = np.unique(rows.item[kept], return_inverse=True)[1], rows.y[kept]
    sums = crossed(item, rater, y)
    variance = y.shape[1] * float(solved(sums, {k: np.array([s.value]) for k, s in sums.items()})["rater"][0])
    effect = np.zeros((int(rows.rater.max()) + 1, y.shape[1]))
    effect[raters] = rater_effects(item, rater, y)
    return max(variance, 0.0), effect


def _by_group(rows: Rows, level: Array, in_item: Ints, shared: Ints, all_pairs: Array) -> tuple[float, Array]:
    """What pairs of two groups lie further apart, by the share of such pairs, and each item's mean distance inside."""
    assert rows.group is not None
    n, groups = len(in_item), int(rows.group.max()) + 1
    code = rows.item * groups + rows.group[rows.rater]
    size = np.bincount(code, minlength=n * groups)
    apart_inside = (size * _variation(code, level, n * groups)).reshape(n, groups).sum(axis=1)[shared]
    pairs_inside = (size * (size - 1) / 2).reshape(n, groups).sum(axis=1)[shared]
    pairs = (in_item * (in_item - 1) / 2)[shared]
    outside = 1 - pairs_inside / pairs
    across, inside = outside.sum(), (pairs_inside / pairs).sum()
    between = ((in_item[shared] * all_pairs - apart_inside) / pairs).sum() / across / 2 if across else 0.0
    gap = between - (apart_inside / pairs).sum() / inside / 2 if inside else 0.0
    each = np.divide(apart_inside, 2 * pairs_inside, out=np.full(len(shared), np.nan), where=pairs_inside > 0)
    return float(outside.mean() * gap), each


def _variation(code: Ints, y: Array, size: int) -> Array:
    """Sum of squared deviations from the mean in each class."""
    n = np.maximum(np.bincount(code, minlength=size), 1)
    made = np.zeros(size)
    for column in (y - y.mean(axis=0)).T:
        made += np.bincount(code, column**2, minlength=size) - np.bincount(code, column, minlength=size) ** 2 / n
    return np.maximum(made, 0.0)


def group_gaps(rows: Rows, shuffles: int, rng: np.random.Generator) -> tuple[Ints, Array]:
    """Items that two groups labelled twice or more, and how likely labels shuffled over the groups lie so far apart.

    The statistic is the variance between groups over that inside them, the
    latter drawn towards the mean of all items (as worth four labels) so that
    three equal labels do not make it infinite. Its null distribution pools the
    shufflings of all items.
    """
    assert rows.group is not None
    order = np.argsort(rows.item, kind="stable")
    items, item = np.unique(rows.item[order], return_inverse=True)
    group = rows.group[rows.rater[order]]
    rater = np.unique(rows.rater[order], return_inverse=True)[1]
    y = rows.y[order] - rater_effects(item, rater, rows.y[order])[rater]
    n, groups = len(items), int(group.max()) + 1
    code = item * groups + group
    size = np.bincount(code, minlength=n * groups).reshape(n, groups)
    tested = np.flatnonzero(((size > 1).sum(axis=1) > 1) & (_variation(item, rows.y[order], n) > 1e-9))
    there, labels = (size > 0).sum(axis=1)[tested], size.sum(axis=1)[tested]

    def heights(values: Array) -> Array:
        inside = _variation(code, values, n * groups).reshape(n, groups).sum(axis=1)[tested]
        between = _variation(item, values, n)[tested] - inside
        usual = max(float(inside.sum() / np.maximum(labels - there, 1).sum()), 1e-12)
        made: Array = between / (there - 1) / ((inside + 4 * usual) / (labels - there + 4))
        return made

    if not len(tested):
        return NONE, np.array([])
    seen = heights(y)
    null = np.sort(np.concatenate([heights(y[np.lexsort((rng.random(len(item)), item))]) for _ in range(shuffles)]))
    above = len(null) - np.searchsorted(null, seen - 1e-12)
    return items[tested], (1 + above) / (1 + len(null))


def pair_matrices(rows: Rows, *, level: bool = True) -> tuple[Array, Array]:
    """Of each pair of raters, distance and shared items, an item weighing 1; with ``level`` severity is taken out."""
    _, item = np.unique(rows.item, return_inverse=True)
    raters, rater = np.unique(rows.rater, return_inverse=True)
    y = rows.y - rater_effects(item, rater, rows.y)[rater] if level else rows.y
    shape = (int(item.max()) + 1, len(raters))
    size = np.bincount(item)
    weight = sparse.diags(np.where(size > 1, 2 / np.maximum(size * (size - 1), 1), 0.0))
    there = sparse.csr_matrix((np.ones(len(item)), (item, rater)), shape=shape)
    count = (there.T @ weight @ there).toarray()
    distance = np.zeros_like(count)
    for column in (y - y.mean(axis=0)).T:
        value = sparse.csr_matrix((column, (item, rater)), shape=shape)
        square = (value.multiply(value).T @ weight @ there).toarray()
        distance += (square + square.T - 2 * (value.T @ weight @ value).toarray()) / 2
    for matrix in (count, distance):
        np.fill_diagonal(matrix, 0.0)
    return distance, count


def permuted(distance: Array, count: Array, group: NDArray, draws: int, rng: np.random.Generator) -> float:
    """Share of shufflings of the raters over the groups that set groups as far apart as they are."""

    def gap(labels: NDArray) -> float:
        same = labels[:, None] == labels
        inside, across = count[same].sum(), count[~same].sum()
        if inside == 0 or across == 0:
            return -np.inf
        return float(distance[~same].sum() / across - distance[same].sum() / inside)

    seen = gap(group)
    return float((1 + sum(gap(rng.permutation(group)) >= seen - 1e-12 for _ in range(draws))) / (1 + draws))


GROUPS = ("vendor", "locale", "queue")
FEWEST_REPEATS, MOST_LABELS, FEW_RATERS = 10, 50, 5


def as_values(j: Judgments, label: str | None = None) -> tuple[Array, str]:
    """Each judgment as a number, and what the number is.

    Ordinal labels count as 0, 1, 2, … in the order of the scale, interval and
    ratio labels as themselves, two nominal labels as 0 and 1. With ``label``
    the number is 1 where that label was given and 0 elsewhere.

    Parameters
    ----------
    j : Judgments
    label : str, optional
        One label against all others.

    Raises
    ------
    NotEstimable
        If there are three nominal labels or more and none is named.
    BadOption
        If no such label occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "good"), ("b", "r1", "poor")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), scale=["poor", "fair", "good"],
    ...                  level="ordinal")
    >>> as_values(j)
    (array([2., 0.]), 'steps of the scale')
    """
    column = j.frame["label"]
    names = [str(x) for x in j.labels]
    if label is not None:
        if label not in names:
            raise BadOption.of("label", label[:80], [name[:80] for name in names[:20]])
        return (column.cast(pl.String) == label).cast(pl.Float64).to_numpy(), f"share of {quoted(label)}"
    numbers = as_numbers(names)
    if column.dtype.is_numeric():
        return column.to_numpy().astype(float), "the label's unit"
    places, unit = np.arange(len(names), dtype=float), "steps of the scale"
    if numbers is not None and (j.level == "ordinal" or not j.level_given):
        places, unit = numbers, "the label's unit"
    elif j.level != "ordinal" and len(names) <= 2:
        unit = f"share of {quoted(names[-1])}"
    elif j.level != "ordinal":
        raise NotEstimable(
            f"the {len(names)} labels are nominal, so they have no variance; give the scale in order and "
            "level='ordinal', or name one label to set against the others"
        )
    at = dict(zip(names, places, strict=True))
    return column.replace_strict(at, return_dtype=pl.Float64).to_numpy().astype(float), unit


def coded(values: pl.Series) -> Ints:
    """Values as whole numbers from 0, in sorted order.

    Examples
    --------
    >>> coded(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.asarray(values.rank("dense").to_numpy(), dtype=np.int64) - 1


def in_turn(j: Judgments) -> pl.Expr:
    """The place of each judgment's round among the rounds, the missing one last."""
    order = {value: n for n, value in enumerate(j.rounds)}
    return pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64) if order else pl.lit(0)


def of_items(j: Judgments, column: str, missing: str) -> pl.Series:
    """What a column says most often of each item, items in sorted order."""
    said = pl.col(column).cast(pl.String).drop_nulls().mode().sort().first().fill_null(missing)
    return j.frame.group_by("item_id").agg(said).sort("item_id")[column]


def few_raters(n: int) -> list[Caution]:
    """What to beware of where raters are few."""
    if n < 3:
        return [Caution("items_only", "With 2 raters the interval speaks for the items only.")]
    text = f"{n} raters say little about raters in general."
    return [Caution("few_raters", text)] if n < FEW_RATERS else []


def below_zero(value: float) -> list[Caution]:
    """What to beware of where an estimate of what cannot be negative is."""
    text = f"The estimate is negative ({readable(value)}) and is set to zero."
    return [Caution("set_to_zero", text)] if value < 0 else []


def level_rounds(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Caution]]:
    """Takes the mean shift between rounds out, seen where the same rater judged the same item again."""
    cell = ("item_id", "rater_id")
    again = frame.filter(pl.len().over(cell) > 1)
    if "round" not in frame.columns or again["round"].n_unique() < 2:
        return frame, []
    rounds = again["round"].unique().sort()[1:].to_list()
    columns = [*(pl.col("round").eq_missing(r).cast(pl.Float64).alias(r) for r in rounds), pl.col("y")]
    within = again.select(column - column.mean().over(cell) for column in columns).to_numpy()
    shift = np.linalg.lstsq(within[:, :-1], within[:, -1], rcond=None)[0]
    taken = dict(zip(rounds, shift.tolist(), strict=True))
    moved = frame.with_columns(
        pl.col("y") - pl.col("round").replace_strict(taken, default=0.0, return_dtype=pl.Float64)
    )
    largest, spread = float(np.abs(shift).max()), float(again.select(pl.col("y").std(ddof=0)).item())
    if largest <= 0.05 * spread:
        return moved, []
    text = f"A mean shift between rounds of {readable(largest)} at most is taken out."
    return moved, [Caution("rounds_levelled", text)]


@dataclass(frozen=True, kw_only=True)
class Design:
    """Judgments as numbers, with the repeats, groups and clauses there are.

    Attributes
    ----------
    rows : Rows
    nominal : bool
        Whether labels have no order.
    collect : dict of str to str
        What to collect, by the source that it would show.
    groups : str or None
        The column of groups that meet on items.
    clauses : list of str
        Names of the clauses.
    """

    rows: Rows
    nominal: bool
    collect: dict[str, str]
    groups: str | None
    clauses: list[str]


@once_a_table
def design_of(j: Judgments, groups: str | None = None, clause: str = "clause") -> Design:
    """The judgments of one criterion and stage as numbers, and what they lack."""
    j = j.one()
    try:
        number, unit = as_values(j)
        nominal = unit.startswith("share of")
    except NotEstimable:
        nominal = True
        if len(j.labels) > MOST_LABELS:
            raise NotEstimable(
                f"labels take {len(j.labels):,} values and are nominal; disagreement needs {MOST_LABELS} or fewer"
            ) from None
    if j.n_raters < 2 or j.n_items < 2:
        raise NotEstimable(f"{counted(j.n_items, 'item')} and {counted(j.n_raters, 'rater')}: it takes two of each")
    if nominal:
        values = {f"y{k}": as_values(j, str(x))[0] for k, x in enumerate(j.labels)}
    else:
        values = {"y": level_rounds(j.frame.with_columns(y=number))[0]["y"].to_numpy()}
    frame = j.frame.select("item_id", "rater_id", turn=in_turn(j)).with_columns(**values)
    by_cell = frame.sort("turn", maintain_order=True).group_by("item_id", "rater_id", maintain_order=True)
    cells = by_cell.agg(pl.col(*values).first(), pl.col(*values).var().name.prefix("again_")).sort(
        "item_id", "rater_id"
    )
    item, rater, y = coded(cells["item_id"]), coded(cells["rater_id"]), cells.select(*values).to_numpy()
    spread = cells.select(again=pl.sum_horizontal(pl.col("^again_.*$"), ignore_nulls=False))["again"]
    again = spread.to_numpy().astype(float)
    collect = {}
    if np.isfinite(again).sum() < FEWEST_REPEATS:
        again[:] = np.nan
        collect["noise"] = "collect retests: let each rater judge 20 items again two weeks later, drawn at random"
    column, group = _groups(j, groups)
    if group is None:
        collect["perspective"] = (
            f"let raters of two groups of {column} judge the same items; no item has labels of two"
            if column
            else "collect each rater's group in a column fixed beforehand (market, vendor, user group), "
            "two raters or more a group"
        )
        column = None
    named = of_items(j, clause, "(none)") if clause in j.columns and j.frame[clause].n_unique() > 1 else None
    if named is None:
        collect["clause"] = f"collect the guideline clause of each item in a column `{clause}`, for two clauses or more"
    code = None if named is None else coded(named)
    rows = Rows(item, rater, y, again, group, code)
    clauses = [] if named is None else named.unique().sort().to_list()
    return Design(rows=rows, nominal=nominal, collect=collect, groups=column, clauses=clauses)


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
