"""Leave-one-out and bootstrap resampling."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray


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
