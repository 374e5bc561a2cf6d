"""Two groups beside each other: a standardised difference of shares, and how often their judgments agree."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_confidence
from .proportions import share_interval
from .variance import cluster_codes, cluster_variance


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
    r"""Estimate the mean of a first group less that of a second, both on the same mix of strata.

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
    people = np.bincount(np.unique(np.stack([centred, rater]), axis=1)[0], minlength=len(mean))
    larger = np.sqrt(people / np.maximum(people - 1, 1))[centred]
    by_item, by_rater = cluster_variance(influence, item), cluster_variance(influence * larger, rater)
    pairs = cluster_variance(influence, _joint(item, rater))
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
    item, a, b = (cluster_codes(np.asarray(of)) for of in (items, raters, others))
    single = [cluster_variance(influence, of) for of in (item, a, b)]
    double = [cluster_variance(influence, _joint(*of)) for of in ((item, a), (item, b), (a, b))]
    triple = cluster_variance(influence, _joint(_joint(item, a), b))
    variance = max(sum(single) - sum(double) + triple, *single)
    df = max(int(a.max()) + int(b.max()), 1)
    return (p, *share_interval(p, variance, int(item.max()) + 1, df=df, confidence=confidence))


def _joint(a: NDArray, b: NDArray) -> NDArray:
    """Number the pairs of two codes from 0."""
    return np.unique(a.astype(np.int64) * (int(b.max()) + 1) + b, return_inverse=True)[1]
