"""Limits of a mean and one-sided limits of a share."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_confidence, check_probability


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
    means = np.bincount(group, y) / n
    squares = np.bincount(group, (y - means[group]) ** 2)
    pooled = squares.sum() / (n - 1).sum()
    return means, np.sqrt(np.where(squares > 0, squares / (n - 1), pooled) / n)


def exact_limits(k: int, n: int, *, below: float, above: float) -> tuple[float, float]:
    r"""Compute a lower and an upper exact limit of a share, each with an error of its own.

    .. math:: P(X \ge k \mid p_{low}) = \text{below}, \qquad P(X \le k \mid p_{high}) = \text{above}

    Parameters
    ----------
    k, n : int
        Successes and trials.
    below, above : float
        Chance that the share lies below the lower limit, above the upper one.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> [round(end, 3) for end in exact_limits(70, 76, below=0.05, above=0.10)]
    [0.85, 0.958]
    """
    below = check_probability(below, option="below", open_ends=True)
    above = check_probability(above, option="above", open_ends=True)
    low = stats.beta.ppf(below, k, n - k + 1) if k else 0.0
    high = stats.beta.ppf(1 - above, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)
