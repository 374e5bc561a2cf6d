"""Two sides beside each other: after minus before, one group and another, one estimate and another."""

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import stats

from ..errors import NotEstimable
from ..results import Basis, Caution, Estimate, Over, around, counted, resting
from .checks import check_confidence
from .proportions import share_interval
from .variance import basis_of_arrays, cells, cluster_codes, cluster_variance


def change(
    y: ArrayLike,
    after: ArrayLike,
    raters: ArrayLike,
    items: ArrayLike,
    *,
    cluster: ArrayLike | None = None,
    confidence: float = 0.95,
    quantity: str = "change",
    measure: str = "",
) -> Estimate:
    r"""Estimate a mean after minus the mean before, for the raters who judged on both sides.

    .. math:: D = \sum_r w_r (\bar a_r - \bar b_r) / \sum_r w_r,\quad w_r = a_r b_r / (a_r + b_r)

    with a judgments after and b before. The variance sums squared influences by
    rater, plus by cluster, less by judgment (never below the larger of the two).
    A t quantile on raters - 1 degrees of freedom; with two raters a normal
    quantile over items.

    A rise is no proof that something worked: other items may be easier, and
    items shown twice are remembered.

    Parameters
    ----------
    y : array_like, shape (n,)
        The figure of each judgment from 0 to 1, for instance whether it is right; the interval stays within -1 to 1.
    after : array_like of bool, shape (n,)
        Whether the judgment was made after.
    raters, items : array_like, shape (n,)
    cluster : array_like, shape (n,), optional
        What is drawn anew beside raters: the items, unless something else is given.
    confidence : float
    quantity, measure : str
        Its name, and the measure of its `Basis`.

    Raises
    ------
    NotEstimable
        If fewer than two raters judged on both sides, or nothing varies.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> y, after = [0, 0, 0, 1, 1, 0, 1, 1], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> change(y, after, ["p", "p", "q", "q"] * 2, range(8)).value
    0.5
    """
    check_confidence(confidence)
    figures, side, rater = np.asarray(y, float), np.asarray(after).astype(bool), cluster_codes(raters)
    sides = [np.bincount(rater[s], minlength=rater.max(initial=-1) + 1) for s in (~side, side)]
    both = (sides[0] > 0) & (sides[1] > 0)
    n_raters, left = int(both.sum()), int((~both).sum())
    if n_raters < 2:
        raise NotEstimable(f"{counted(n_raters, 'rater')} judged both before and after; it takes two")
    kept = both[rater]
    if left:
        figures, side, rater = figures[kept], side[kept], (np.cumsum(both) - 1)[rater[kept]]
    columns: list[Any] = [raters, items, items if cluster is None else cluster]
    parts = (pl.Series(values=column) for column in columns)
    raters, items, clusters = (part.filter(pl.Series(kept)) if left else part for part in parts)
    item, groups = cluster_codes(items), cluster_codes(clusters)
    size = np.stack(sides)[:, both]
    means = np.stack([np.bincount(rater[s], weights=figures[s], minlength=n_raters) for s in (~side, side)]) / size
    weight, gaps = size[0] * size[1] / size.sum(axis=0), means[1] - means[0]
    weight = weight / weight.sum()
    value = float(weight @ gaps)
    of = side.astype(int)
    influence = np.where(side, 1, -1) * weight[rater] / size[of, rater] * (figures - means[of, rater])
    single = float((influence**2).sum())
    by_cluster = cluster_variance(influence, groups)
    cautions = []
    if n_raters > 2:
        by_rater = float(((weight * (gaps - value)) ** 2).sum()) * n_raters / (n_raters - 1)
        variance = max(by_cluster + by_rater - single, by_cluster, by_rater)
        quantile = stats.t.ppf((1 + confidence) / 2, n_raters - 1)
    else:
        variance, quantile = by_cluster, stats.norm.ppf((1 + confidence) / 2)
        text = "With 2 raters on both sides the interval holds for these raters only."
        cautions.append(Caution("items_only", text))
    if left:
        text = f"{counted(left, 'rater')} judged on one side only and {'is' if left == 1 else 'are'} left out."
        cautions.append(Caution("raters_left_out", text))
    if variance == 0:
        raise NotEstimable("nothing varies between raters or items before and after, so a change has no interval")
    seen = [np.bincount(item[s], minlength=item.max() + 1) > 0 for s in (~side, side)]
    shared, half = int((seen[0] & seen[1]).sum()), float(quantile) * variance**0.5
    rests = resting(item.max() + 1, n_raters, len(figures), basis_of_arrays(raters, items, measure or quantity))
    place = {**around(value, max(value - half, -1.0), min(value + half, 1.0)), "confidence": confidence}
    over: Over = "items and raters" if n_raters > 2 else "items"
    method = f"{quantity}; after minus before, each rater against the same rater, {shared:,} shared items"
    return Estimate(**place, **rests, method=method, over=over, cautions=tuple(cautions))


def standardised_difference(
    y: ArrayLike,
    second: ArrayLike,
    stratum: ArrayLike,
    raters: ArrayLike,
    items: ArrayLike,
    *,
    drawn: bool = False,
    confidence: float = 0.95,
) -> tuple[float, float, float]:
    r"""Estimate the mean of a first group minus that of a second, both on the same mix of strata.

    .. math:: D = \sum_s w_s (\bar a_s - \bar b_s)

    The variance sums squared influences by item, plus by rater, less by
    judgment, and is never below the first two. A rater's part is enlarged by
    R / (R - 1) with R the raters of the cell, because a mean of few raters lies
    close to each of them. A t quantile on raters - 2 degrees of freedom.

    Parameters
    ----------
    y : array_like, shape (n,)
        For instance whether a judgment is right.
    second : array_like of bool, shape (n,)
        Whether the judgment is of the second group.
    stratum : array_like, shape (n,)
        Each holds judgments of both groups.
    raters, items : array_like, shape (n,)
    drawn : bool
        Whether strata are drawn anew, as items are: each then weighs the same.
        Otherwise they are kinds of work, which weigh as their judgments, both groups together.
    confidence : float

    Returns
    -------
    value, low, high : float
        All equal where nothing varies.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> y, side = [1, 1, 1, 0, 1, 0, 0, 0], [0, 0, 0, 0, 1, 1, 1, 1]
    >>> standardised_difference(y, side, [*"abababab"], [*"ppqqrrss"], range(8))[0]
    0.5
    """
    y, side, codes = np.asarray(y, float), np.asarray(second).astype(int), cluster_codes(stratum)
    cell = codes * 2 + side
    n = np.bincount(cell).astype(float)
    sizes = np.bincount(codes)
    weight = (np.full(len(sizes), 1 / len(sizes)) if drawn else sizes / y.size)[codes] / n[cell]
    sign = np.where(side == 1, -1.0, 1.0)
    value = float((sign * weight * y).sum())
    centred = side if drawn else cell
    mean = np.bincount(centred, weights=weight * y) / np.maximum(np.bincount(centred, weights=weight), 1e-300)
    influence = sign * weight * (y - mean[centred])
    rater, item = cluster_codes(raters), cluster_codes(items)
    people = np.bincount(cells(centred, rater)[0], minlength=len(mean))
    larger = np.sqrt(people / np.maximum(people - 1, 1))[centred]
    by_item, by_rater = cluster_variance(influence, item), cluster_variance(influence * larger, rater)
    pairs = cluster_variance(influence, cells(item, rater)[1])
    variance = max(by_item + by_rater - pairs, by_item, by_rater)
    df = max(int(rater.max()) - 1, 1)
    half = float(stats.t.ppf((1 + check_confidence(confidence)) / 2, df)) * variance**0.5
    return value, max(value - half, -1.0), min(value + half, 1.0)


def pair_share(
    same: ArrayLike, items: ArrayLike, raters: ArrayLike, others: ArrayLike, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Estimate the share of pairs of judgments, one from each of two groups, that are alike.

    Pairs cluster in items, in the raters of the one group and in those of the
    other: a three-way cluster variance, never below any of the three. A score
    interval at the effective size, with a t quantile on raters - 2 degrees of
    freedom.

    Parameters
    ----------
    same : array_like of bool, shape (n,)
        Whether the two judgments of the pair are alike.
    items, raters, others : array_like, shape (n,)
        The item of each pair, and its raters in the one and in the other group.
    confidence : float

    Returns
    -------
    value, low, high : float

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> pairs = [(i, a, b) for i in range(10) for a in "pq" for b in "rs"]
    >>> [round(x, 2) for x in pair_share([i % 5 > 0 for i, _, _ in pairs], *zip(*pairs))]
    [0.8, 0.21, 0.98]
    """
    check_confidence(confidence)
    y = np.asarray(same, float)
    p = float(y.mean())
    influence = (y - p) / y.size
    item, a, b = map(cluster_codes, (items, raters, others))
    single = [cluster_variance(influence, of) for of in (item, a, b)]
    double = [cluster_variance(influence, cells(*of)[1]) for of in ((item, a), (item, b), (a, b))]
    triple = cluster_variance(influence, cells(cells(item, a)[1], b)[1])
    variance = max(sum(single) - sum(double) + triple, *single)
    df = max(int(a.max()) + int(b.max()), 1)
    return (p, *share_interval(p, variance, int(item.max()) + 1, df=df, confidence=confidence))


def difference(a: Estimate, b: Estimate, *, quantity: str = "difference") -> Estimate:
    """Estimate a minus b from estimates of different judgments; the squared half-widths add.

    Raters common to both would make the interval shorter, so it leans long.

    Examples
    --------
    >>> e = Estimate(value=.3, low=.2, high=.4, n_items=9, n_raters=9, n_judgments=99, method="x", over="items")
    >>> print(difference(e, e))
    0 (95% interval -0.141 to 0.141 over items; 18 items, 9 raters, 198 judgments)
    """
    value, half = a.value - b.value, float(np.hypot(a.high - a.low, b.high - b.low)) / 2
    basis, n_raters = None, max(a.n_raters, b.n_raters)
    if a.basis and b.basis:
        of, raters = (a.basis, b.basis), a.basis.raters | b.basis.raters

        def both() -> dict[str, Any]:
            parts = [one.judgments for one in of]
            return {r: np.concatenate([numbers[r] for numbers in parts if r in numbers]) for r in sorted(raters)}

        basis, n_raters = Basis(a.basis.measure, both, lambda: raters), len(raters)
    place = around(value, value - half, value + half)
    rests = resting(a.n_items + b.n_items, n_raters, a.n_judgments + b.n_judgments, basis)
    over: Over = a.over if a.over == b.over else "items"
    method, cautions = f"{quantity}; half-widths added in squares", tuple(dict.fromkeys((*a.cautions, *b.cautions)))
    return Estimate(**place, **rests, confidence=a.confidence, method=method, over=over, cautions=cautions)


def size_of(change: Estimate) -> Estimate:
    """Estimate the size of a change, in either direction: value and interval folded at 0.

    Examples
    --------
    >>> size_of(Estimate(value=-.1, low=-.3, high=.1, n_items=9, n_raters=9, n_judgments=99, method="a change",
    ...                  over="items")).interval
    '95% interval 0 to 0.3 over items'
    """
    low, high = sorted((abs(change.low), abs(change.high)))
    ends = around(abs(change.value), 0.0 if change.low <= 0 <= change.high else low, high)
    return replace(change, **ends, items_only=None, method=f"size of the {change.method}")
