"""Intervals of means, their differences, ratios and rates, and the resampling of whole people."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from ..errors import BadOption, NotEstimable
from ..results import counted
from .checks import check_confidence
from .totals import pattern_variance, rater_degrees_of_freedom
from .variance import both_ways, cells, satterthwaite


def t_interval(
    value: ArrayLike, error: ArrayLike, df: ArrayLike, *, confidence: float = 0.95
) -> tuple[NDArray, NDArray]:
    """Compute value ± t times its standard error.

    Parameters
    ----------
    value, error : array_like
        Estimates and their standard errors.
    df : array_like
        Degrees of freedom of the errors; ``numpy.inf`` gives the normal interval.
    confidence : float

    Returns
    -------
    low, high : ndarray

    Examples
    --------
    >>> [float(end.round(3)) for end in t_interval(1.0, 0.5, 9)]
    [-0.131, 2.131]
    """
    quantile = stats.t.ppf((1 + check_confidence(confidence)) / 2, df)
    return np.asarray(value - quantile * error), np.asarray(value + quantile * error)


def mean_errors(y: ArrayLike, group: NDArray) -> tuple[NDArray, NDArray]:
    """Compute the mean of each group and its standard error.

    A group whose values are all alike shows no spread and takes that of all
    groups, pooled: a few equal values do not make its mean certain.

    Parameters
    ----------
    y : array_like, shape (n,)
    group : ndarray of int, shape (n,)
        From 0, each with two values or more.

    Examples
    --------
    >>> means, errors = mean_errors([1, 3, 5, 5], np.array([0, 0, 1, 1]))
    >>> means.tolist(), errors.round(3).tolist()
    ([2.0, 5.0], [1.0, 0.707])
    """
    y, n = np.asarray(y, float), np.bincount(group)
    unit = np.ldexp(
        1.0, np.frexp(np.abs(y).max(initial=0.0))[1] - 1
    )  # a power of two: squares of huge values stay finite
    y = y / unit
    means = np.bincount(group, y) / n
    squares = np.bincount(group, (y - means[group]) ** 2)
    pooled = squares.sum() / (n - 1).sum()
    return unit * means, unit * np.sqrt(np.where(squares > 0, squares / (n - 1), pooled) / n)


def welch(
    before: tuple[ArrayLike, ArrayLike, ArrayLike],
    after: tuple[ArrayLike, ArrayLike, ArrayLike],
    *,
    confidence: float = 0.95,
) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    r"""Compute means after minus means before, with Welch's intervals and p-values.

    .. math:: \bar a - \bar b \pm t_\nu \sqrt{s_a^2/n_a + s_b^2/n_b}

    with Satterthwaite's degrees of freedom. Where nothing varies on either side,
    the interval is a point.

    Parameters
    ----------
    before, after : tuple of array_like
        Size, mean and variance (n - 1 in its denominator) of each part, from two values on.
    confidence : float

    Returns
    -------
    change, low, high, p_value : ndarray

    References
    ----------
    Welch (1947), Biometrika 34, 28-35.

    Examples
    --------
    >>> change, low, high, p_value = welch((10, 0.5, 0.25), (10, 0.9, 0.25))
    >>> [round(float(x), 3) for x in (change, low, high, p_value)]
    [0.4, -0.07, 0.87, 0.09]
    """
    check_confidence(confidence)
    (n, mean, variance), (n_after, mean_after, variance_after) = (
        [np.asarray(x, float) for x in side] for side in (before, after)
    )
    one, two = variance / n, variance_after / n_after
    both, tiny = one + two, np.finfo(float).tiny
    error = np.sqrt(np.maximum(both, tiny))
    share = one / np.maximum(both, tiny)
    df = 1 / np.maximum(share**2 / (n - 1) + (1 - share) ** 2 / (n_after - 1), tiny)
    df = np.maximum(df, np.minimum(n, n_after) - 1)
    change = mean_after - mean
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    p_value = np.where(change == 0, 1.0, 2 * stats.t.sf(np.abs(change) / error, df))
    return change, change - half, change + half, p_value


Interval = tuple[float, float, float]


"""The value and the ends of its interval."""


def mean_interval(x: ArrayLike, *, confidence: float = 0.95) -> Interval:
    r"""Compute the mean of independent values and its t interval :math:`\bar x \pm t\, s / \sqrt{n}`.

    Raises
    ------
    BadOption
        If there are fewer than two values.

    Examples
    --------
    >>> [round(number, 3) for number in mean_interval([1, 2, 3, 4])]
    [2.5, 0.446, 4.554]
    """
    x = np.asarray(x, float)
    return ratio_interval(x, np.ones(x.size), confidence=confidence)


def ratio_interval(above: ArrayLike, below: ArrayLike, *, confidence: float = 0.95) -> Interval:
    r"""Compute a ratio of sums over independent pairs and its interval by the delta method.

    .. math:: \hat R = \sum a_i / \sum b_i, \qquad se(\hat R) = sd(a_i - \hat R b_i) / (\sqrt n\, \bar b)

    with a t quantile on n - 1 degrees of freedom. Do not trust it where few of
    the ``above`` differ from 0; a count of few events has `poisson_interval`.

    Raises
    ------
    BadOption
        If there are fewer than two pairs, or nothing below the line.

    References
    ----------
    Cochran (1977), Sampling Techniques, 3rd ed., chapter 6.

    Examples
    --------
    >>> [round(number, 3) for number in ratio_interval([1, 2, 3], [2, 2, 2])]
    [1.0, -0.242, 2.242]
    """
    a, b = np.asarray(above, float), np.asarray(below, float)
    if a.size < 2 or b.sum() <= 0:
        raise BadOption("an interval takes two values or more, and a positive sum below the line")
    ratio = float(a.sum() / b.sum())
    error = (a - ratio * b).std(ddof=1) / np.sqrt(a.size) / b.mean()
    half = float(stats.t.ppf((1 + check_confidence(confidence)) / 2, a.size - 1) * error)
    return ratio, ratio - half, ratio + half


def poisson_interval(events: float, *, confidence: float = 0.95) -> tuple[float, float]:
    """Compute the exact interval of the expected number of events, of which so many were counted.

    References
    ----------
    Garwood (1936), Biometrika 28, 437-442.

    Examples
    --------
    >>> [round(end, 3) for end in poisson_interval(10)]
    [4.795, 18.39]
    """
    tail = (1 - check_confidence(confidence)) / 2
    low = float(stats.chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    return low, float(stats.chi2.ppf(1 - tail, 2 * (events + 1))) / 2


def widening(people: int, confidence: float) -> float:
    """Compute how much too short the percentile interval of so few people is: Student's t, and n - 1 for n.

    Examples
    --------
    >>> round(widening(5, 0.95), 2), round(widening(500, 0.95), 2)
    (1.58, 1.0)
    """
    tail = (1 + confidence) / 2
    return float(stats.t.ppf(tail, people - 1) / stats.norm.ppf(tail) * np.sqrt(people / (people - 1)))


def percentile_interval(
    value: ArrayLike, drawn: NDArray, people: int, *, confidence: float = 0.95
) -> tuple[NDArray, NDArray]:
    """Compute the percentile interval of a bootstrap over people, stretched around the value by `widening`.

    Parameters
    ----------
    value : array_like, shape (m,)
        Of the whole sample.
    drawn : ndarray, shape (replicates, m)
        Not a number where a sample has none.
    people : int
        Who was drawn anew.
    confidence : float

    Returns
    -------
    low, high : ndarray, shape (m,)

    Examples
    --------
    >>> low, high = percentile_interval([0.0], np.linspace(-1, 1, 1001)[:, None], 5)
    >>> low.round(2).tolist(), high.round(2).tolist()
    ([-1.5], [1.5])
    """
    tail, value = (1 - check_confidence(confidence)) / 2, np.asarray(value, float)
    low, high = np.nanquantile(drawn, [tail, 1 - tail], axis=0)
    wide = widening(people, confidence)
    return value + wide * (np.minimum(low, value) - value), value + wide * (np.maximum(high, value) - value)


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
        value, left_out = float(statistic(parts.sum(axis=0))), np.log(statistic(parts.sum(axis=0) - parts))
    if not (np.isfinite(left_out).all() and value > 0):
        raise NotEstimable("the figure rests on one rater alone, so it has no interval")
    times = float(np.exp(stats.t.ppf((1 + confidence) / 2, len(parts) - 1) * pattern_variance(left_out) ** 0.5))
    return value, value / times, value * times


def cluster_covariance(scores: Any, cluster: NDArray) -> NDArray:
    """Compute the covariance of the column totals of a sparse table whose clusters of rows are drawn anew.

    Examples
    --------
    >>> cluster_covariance(sparse.csr_array(np.array([[1.0], [-1.0]])), np.array([0, 1])).tolist()
    [[4.0]]
    """
    n, groups = len(cluster), int(cluster.max()) + 1
    sums = sparse.csr_array((np.ones(n), (cluster, np.arange(n))), (groups, n)) @ scores
    return np.asarray((sums.T @ sums).toarray() * (groups / (groups - 1) if groups > 1 else 0.0))


def two_way_variances(scores: Any, items: NDArray, raters: NDArray, contrasts: NDArray) -> tuple[NDArray, NDArray]:
    """Compute `two_way_variance` of several sums at once, and the degrees of freedom of each.

    Parameters
    ----------
    scores : sparse array, shape (n, p)
        The score of each judgment, by parameter; each column sums to 0.
    items, raters : ndarray of int, shape (n,)
    contrasts : ndarray, shape (m, p)
        The influence of a judgment on quantity k is ``scores[i] @ contrasts[k]``.

    Returns
    -------
    variances, df : ndarray, shape (m,)

    Examples
    --------
    >>> influence = sparse.csr_array(np.array([[0.1], [-0.1], [0.1], [-0.1]]))
    >>> both = two_way_variances(influence, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1]), np.ones((1, 1)))
    >>> both[0].round(3).tolist()
    [0.16]
    """

    def one_way(cluster: NDArray) -> NDArray:
        return np.einsum("kp,pq,kq->k", contrasts, cluster_covariance(scores, cluster), contrasts)

    by_item, by_rater = one_way(items), one_way(raters)
    df_item, df_rater = max(int(items.max()), 1), rater_degrees_of_freedom(int(raters.max()) + 1)
    df = [satterthwaite(a, df_item, b, df_rater) if a + b else np.inf for a, b in zip(by_item, by_rater, strict=True)]
    return both_ways(by_item, by_rater, one_way(cells(items, raters)[1])), np.array(df)
