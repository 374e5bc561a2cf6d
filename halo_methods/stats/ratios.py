"""Ratios of sums over raters."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..results import counted
from .checks import check_confidence
from .resampling import jackknife_variance


def jackknife_ratio(
    parts: NDArray, statistic: Callable[[NDArray], NDArray], *, confidence: float = 0.95
) -> tuple[float, float, float]:
    """Estimate a positive ratio of column totals, with a delete-one jackknife over rows on the log scale.

    A t quantile on rows - 1 degrees of freedom. With few rows, or one that holds
    most of a total, the interval is somewhat too short.

    Parameters
    ----------
    parts : ndarray, shape (raters, totals)
        What each rater adds to the totals.
    statistic : callable
        Totals of shape (..., totals) to ratios of shape (...).
    confidence : float

    Returns
    -------
    value, low, high : float
        All equal where nothing varies between raters.

    Raises
    ------
    NotEstimable
        With fewer than two raters, or if without one of them there is no ratio.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.

    Examples
    --------
    >>> parts = np.array([[30.0, 10], [50, 10], [40, 10]])
    >>> [round(x, 2) for x in jackknife_ratio(parts, lambda t: t[..., 0] / t[..., 1])]
    [4.0, 2.14, 7.47]
    """
    check_confidence(confidence)
    if len(parts) < 2:
        reason = f"{counted(len(parts), 'rater')}: the spread between raters, and so an interval, is unknown"
        raise NotEstimable(reason)
    with np.errstate(all="ignore"):
        value = float(statistic(parts.sum(axis=0)))
        variance = jackknife_variance(parts, lambda totals: np.log(statistic(totals)))
    if not (np.isfinite(variance) and value > 0):
        raise NotEstimable("the figure rests on one rater alone, so it has no interval")
    times = float(np.exp(stats.t.ppf((1 + confidence) / 2, len(parts) - 1) * variance**0.5))
    return value, value / times, value * times
