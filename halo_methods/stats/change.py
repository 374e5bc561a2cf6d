"""After minus before, each rater compared with the same rater."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike
from scipy import stats

from ..errors import NotEstimable
from ..results import Caution, Estimate, counted
from .basis import basis_of_arrays
from .checks import check_confidence
from .variance import cluster_codes, cluster_variance


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
        The figure of each judgment, for instance whether it is right.
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
    figures, side, rater = figures[kept], side[kept], (np.cumsum(both) - 1)[rater[kept]]
    columns: list[Any] = [raters, items, items if cluster is None else cluster]
    raters, items, clusters = (pl.Series(values=column).filter(pl.Series(kept)) for column in columns)
    item = cluster_codes(items)
    groups = item if cluster is None else cluster_codes(clusters)
    size = np.stack([np.bincount(rater[s], minlength=n_raters) for s in (~side, side)])
    total = np.stack([np.bincount(rater[s], weights=figures[s], minlength=n_raters) for s in (~side, side)])
    means = total / size
    weight = size[0] * size[1] / size.sum(axis=0)
    weight = weight / weight.sum()
    gaps = means[1] - means[0]
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
        text = "With 2 raters on both sides the interval speaks for these raters only."
        cautions.append(Caution("items_only", text))
    if left:
        text = f"{counted(left, 'rater')} judged on one side only and {'is' if left == 1 else 'are'} left out."
        cautions.append(Caution("raters_left_out", text))
    if variance == 0:
        raise NotEstimable("nothing varies between raters or items before and after, so a change has no interval")
    seen = np.stack([np.bincount(item[s], minlength=item.max() + 1) for s in (~side, side)]) > 0
    shared, half = int(seen.all(axis=0).sum()), float(quantile) * variance**0.5
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        confidence=confidence,
        n_items=int(seen.any(axis=0).sum()),
        n_raters=n_raters,
        n_judgments=len(figures),
        method=f"{quantity}; after minus before, each rater against the same rater, {shared:,} shared items",
        over="items and raters" if n_raters > 2 else "items",
        cautions=tuple(cautions),
        basis=basis_of_arrays(raters, items, measure or quantity),
    )
