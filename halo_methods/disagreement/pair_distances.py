"""How far two labels of one item lie apart, by item and by pair of raters."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..stats.crossed import Array, Ints, crossed, rater_effects, solved

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
