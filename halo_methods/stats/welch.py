"""Differences of two means whose spreads differ."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_confidence


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
    error = np.maximum(np.sqrt(one + two), 1e-9)
    df = (one + two) ** 2 / np.maximum(one**2 / (n - 1) + two**2 / (n_after - 1), 1e-18)
    df = np.maximum(df, np.minimum(n, n_after) - 1)
    change = mean_after - mean
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    p_value = np.where(change == 0, 1.0, 2 * stats.t.sf(np.abs(change) / error, df))
    return change, change - half, change + half, p_value
