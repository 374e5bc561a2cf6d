"""Leave-one-out and bootstrap resampling, of judgments and of whole people."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..results import counted
from .checks import check_confidence


def jackknife_variance(parts: NDArray, statistic: Callable[[NDArray], NDArray]) -> float:
    """Compute the delete-one jackknife variance of a statistic of column totals.

    .. math:: V = \\frac{m-1}{m} \\sum_i (t_{(i)} - \\bar t_{(\\cdot)})^2

    Parameters
    ----------
    parts : ndarray, shape (m, t)
        One row per item or rater: what it adds to the totals.
    statistic : callable
        Totals of shape (..., t) to values of shape (...).

    Returns
    -------
    float
        0 where there is a single row.

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11.

    Examples
    --------
    >>> x = np.array([1.0, 4.0, 7.0])
    >>> parts = np.column_stack([x, np.ones(3)])
    >>> bool(np.isclose(jackknife_variance(parts, lambda t: t[..., 0] / t[..., 1]), x.var(ddof=1) / 3))
    True
    """
    m = len(parts)
    if m < 2:
        return 0.0
    left_out = statistic(parts.sum(axis=0) - parts)
    return float((m - 1) / m * ((left_out - left_out.mean()) ** 2).sum())


def bootstrap_counts(n: int, replicates: int, seed: int) -> NDArray:
    """Draw how often each of n units stands in each bootstrap sample of as many units.

    Returns
    -------
    ndarray of int, shape (replicates, n)

    Examples
    --------
    >>> bootstrap_counts(4, 3, 0).sum(axis=1).tolist()
    [4, 4, 4]
    """
    return np.random.default_rng(seed).multinomial(n, np.full(n, 1 / n), size=replicates)


def delete_a_group_variance(values: NDArray) -> float:
    """Compute the jackknife variance of an estimate from its values without one group each.

    References
    ----------
    Kott (2001), Journal of Official Statistics 17, 521-526.

    Examples
    --------
    >>> float(delete_a_group_variance(np.array([1.0, 2.0, 3.0])))
    1.3333333333333333
    """
    n = len(values)
    return (n - 1) / n * float(((values - values.mean()) ** 2).sum()) if n > 1 else 0.0


def widening(people: int, confidence: float) -> float:
    """Compute how much too short the percentile interval of so few people is: Student's t, and n - 1 for n.

    Examples
    --------
    >>> round(widening(5, 0.95), 2), round(widening(500, 0.95), 2)
    (1.58, 1.0)
    """
    tail = (1 + confidence) / 2
    return float(stats.t.ppf(tail, people - 1) / stats.norm.ppf(tail) * np.sqrt(people / (people - 1)))


def drawn_people(rng: np.random.Generator, people: int, replicates: int) -> NDArray:
    """Draw how often each of the people stands in each bootstrap sample of as many, shape (replicates, people).

    Examples
    --------
    >>> drawn_people(np.random.default_rng(0), 4, 3).sum(axis=1).tolist()
    [4, 4, 4]
    """
    return rng.multinomial(people, np.full(people, 1 / people), replicates)


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
