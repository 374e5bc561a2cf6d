"""Intervals of means, ratios and rates over independent repetitions, such as simulated runs."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..errors import BadOption
from .checks import check_confidence

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
