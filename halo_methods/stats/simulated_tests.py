"""P-values by simulation, and p-values adjusted for the number of tests made at once."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .proportions import clopper_pearson

Array = NDArray[np.float64]


def largest_of_all(observed: Array, simulated: Array) -> Array:
    r"""Adjust the p-value of each statistic by the largest of all in each simulated set.

    .. math:: p_j = \frac{1 + \#\{b : \max_k t_{bk} \ge t_j\}}{B + 1}

    Parameters
    ----------
    observed : ndarray, shape (m,)
        Statistics, large where the hypothesis fails.
    simulated : ndarray, shape (B, m)
        The same under the hypothesis.

    References
    ----------
    Westfall and Young (1993), Resampling-Based Multiple Testing, chapter 2.

    Examples
    --------
    >>> largest_of_all(np.array([3.0, 0.5]), np.array([[1.0, 0.0], [0.0, 2.0], [0.4, 0.1]])).tolist()
    [0.25, 0.75]
    """
    largest = np.sort(simulated.max(axis=1))
    above = len(largest) - np.searchsorted(largest, observed - 1e-9, side="left")
    return (above + 1) / (len(largest) + 1)


def simulated_p_interval(p_value: float, replicates: int) -> tuple[float, float]:
    """Compute the 95% interval that the number of simulated sets leaves of a p-value (above + 1) / (sets + 1).

    Examples
    --------
    >>> [round(end, 4) for end in simulated_p_interval(0.05, 199)]
    [0.0209, 0.0841]
    """
    above = round(p_value * (replicates + 1)) - 1
    low, high = clopper_pearson(above, replicates)
    return min(float(low), p_value), max(float(high), p_value)


def upper_mid_p(k: Array, n: Array, chance: Array) -> Array:
    """Compute the chance of more than k successes in n trials, plus half the chance of k.

    References
    ----------
    Lancaster (1961), Journal of the American Statistical Association 56, 223-234.

    Examples
    --------
    >>> upper_mid_p(np.array([2]), np.array([2]), np.array([0.5])).tolist()
    [0.125]
    """
    return 0.5 * (stats.binom.sf(k - 1, n, chance) + stats.binom.sf(k, n, chance))


def sidak(p_values: Array) -> Array:
    """Adjust p-values for their number, exactly where the tests are independent: 1 - (1 - p)^m.

    References
    ----------
    Šidák (1967), Journal of the American Statistical Association 62, 626-633.

    Examples
    --------
    >>> sidak(np.array([0.01, 0.5])).round(4).tolist()
    [0.0199, 0.75]
    """
    return -np.expm1(len(p_values) * np.log1p(-np.minimum(p_values, 1 - 1e-15)))
