"""Differences of ratios of totals, such as shares of pairs, whose items and raters are drawn anew."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..results import Over
from .checks import check_confidence
from .totals import pattern_variance
from .variance import satterthwaite

FEW_RATERS = 3


@dataclass(frozen=True, kw_only=True)
class RatioContrast:
    """A signed sum of ratios with its interval.

    Attributes
    ----------
    value, low, high : float
    over : {"items", "items and raters"}
        Over items where leaving out a rater is possible for fewer than three of them.
    n_items, n_raters : int
        With something in one of the ratios.
    fewest : int
        Items in the ratio that has fewest.
    """

    value: float
    low: float
    high: float
    over: Over
    n_items: int
    n_raters: int
    fewest: int


def ratio_contrast(
    by_item: NDArray,
    by_rater: NDArray,
    by_judgment: NDArray,
    times: NDArray,
    signs: ArrayLike,
    *,
    confidence: float = 0.95,
) -> RatioContrast:
    r"""Estimate a signed sum of ratios of totals, each a share between 0 and 1.

    .. math:: D = \sum_c s_c A_c / B_c, \qquad V = V_{items} + V_{raters} - V_{judgments}

    Each variance is the jackknife's, leaving out one item, one rater or one
    judgment; both of the first hold the noise of single judgments, which is taken
    off once, and V is never below that of the items. The quantile is a t at
    Satterthwaite's degrees of freedom. Where nothing or everything of a ratio
    counts, Agresti and Coull's adjusted share keeps the interval open. Below
    about 20 items in a ratio the interval may be too short.

    Parameters
    ----------
    by_item, by_rater, by_judgment : ndarray, shape (n, c, 2)
        What each adds to the numerator and denominator of each ratio.
    times : ndarray
        How often the row of ``by_judgment`` occurs.
    signs : array_like, shape (c,)
        1 and -1.
    confidence : float

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11;
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics
    29, 238-249; Agresti and Coull (1998), The American Statistician 52, 119-126.

    Examples
    --------
    >>> items = np.array([[[1.0, 2.0], [0, 0]]] * 10 + [[[0, 0], [0.0, 2.0]], [[0, 0], [1.0, 2.0]]] * 5)
    >>> found = ratio_contrast(items, items.sum(0)[None], items, np.ones(20), [-1, 1])
    >>> found.value, found.over, found.low < -0.25 < found.high
    (-0.25, 'items', True)
    """
    check_confidence(confidence)
    signs = np.asarray(signs, float)
    total = by_item.sum(0)

    def value(totals: NDArray) -> NDArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((totals[..., 0] / totals[..., 1]) @ signs)

    used, raters, single = (part[:, :, 1].any(1) for part in (by_item, by_rater, by_judgment))
    counts = (by_item[:, :, 1] > 0).sum(0)
    shares, adjusted = total[:, 0] / total[:, 1], 2 / (counts + 4)
    unseen = np.where((shares > 0) & (shares < 1), 0.0, adjusted * (1 - adjusted) / (counts + 4)).sum()
    variance = float(pattern_variance(value(total - by_item[used])) + unseen)
    over: Over = "items"
    df = float(max(counts.min() - 1, 1))
    left_out = value(total - by_rater[raters])
    if np.isfinite(left_out).sum() >= FEW_RATERS:
        of_raters = pattern_variance(left_out)
        of_judgments = pattern_variance(value(total - by_judgment[single]), times[single])
        variance, over = max(variance + of_raters - of_judgments, variance), "items and raters"
        of_raters = min(of_raters, variance)
        if variance > 0:
            df = satterthwaite(variance - of_raters, df, of_raters, int(raters.sum()) - 1)
    middle, most = float(value(total)), len(signs) / 2
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * variance**0.5
    return RatioContrast(
        value=middle,
        low=max(middle - half, -most),
        high=min(middle + half, most),
        over=over,
        n_items=int(used.sum()),
        n_raters=int(raters.sum()),
        fewest=int(counts.min()),
    )
