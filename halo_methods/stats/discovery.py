"""Many tests at once: lists whose share of false entries is bounded, adjusted and simulated p-values."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_count, check_probability
from .proportions import clopper_pearson


def _below(p_values: ArrayLike, rate: float, method: str, tests: int | None) -> NDArray:
    p = np.asarray(p_values, float)
    check_probability(rate, option="rate", open_ends=True)
    if p.size == 0:
        return np.zeros(0, bool)
    if tests is not None and tests > p.size:
        p = np.concatenate([p, np.ones(tests - p.size)])
    adjusted = stats.false_discovery_control(p, method=method)
    return adjusted[: np.asarray(p_values).size] <= rate


def benjamini_hochberg(p_values: ArrayLike, rate: float = 0.10) -> NDArray:
    """Tell which hypotheses to reject so that at most ``rate`` of the rejections are false on average.

    For independent (or positively dependent) tests.

    Parameters
    ----------
    p_values : array_like, shape (m,)
    rate : float
        False discovery rate.

    Returns
    -------
    ndarray of bool, shape (m,)

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([0.001, 0.04, 0.9], 0.10).tolist()
    [True, True, False]
    """
    return _below(p_values, rate, "bh", None)


def benjamini_yekutieli(p_values: ArrayLike, rate: float = 0.05, *, tests: int | None = None) -> NDArray:
    """Tell which hypotheses to reject, for tests that depend on each other in any way.

    Parameters
    ----------
    p_values : array_like, shape (m,)
    rate : float
        False discovery rate.
    tests : int, optional
        How many tests were made, where only the smallest p-values are handed over.

    Returns
    -------
    ndarray of bool, shape (m,)

    References
    ----------
    Benjamini and Yekutieli (2001), Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> benjamini_yekutieli([0.001, 0.04, 0.9], 0.05).tolist()
    [True, False, False]
    """
    return _below(p_values, rate, "by", tests)


def e_benjamini_hochberg(e_values: ArrayLike, rate: float = 0.10) -> NDArray:
    """Tell which hypotheses to reject by e-values, which may depend on each other and be looked at any time.

    Parameters
    ----------
    e_values : array_like, shape (m,)
    rate : float
        False discovery rate.

    Returns
    -------
    ndarray of bool, shape (m,)

    References
    ----------
    Wang and Ramdas (2022), Journal of the Royal Statistical Society B 84, 822-852.

    Examples
    --------
    >>> e_benjamini_hochberg([100, 20, 1], 0.10).tolist()
    [True, True, False]
    """
    e = np.asarray(e_values, float)
    # The p-value of an e-value is 1 / e; the rule itself asks nothing of their dependence.
    return _below(np.minimum(1 / np.maximum(e, 1e-300), 1), rate, "bh", None)


def adjusted_p_values(p_values: ArrayLike, *, tests: int | None = None) -> NDArray:
    """Adjust p values for many tests that may depend on each other in any way.

    Listing what is at most .05 keeps the expected share of false entries on the
    list at .05. Where every hypothesis holds, some entry is listed in at most 5%
    of the tables.

    Parameters
    ----------
    p_values : array_like, shape (m,)
    tests : int, optional
        How many tests were made, where only the smallest p values are given.

    References
    ----------
    Benjamini and Yekutieli (2001), Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> adjusted_p_values([.001, .04, .5]).round(4).tolist()
    [0.0055, 0.11, 0.9167]
    """
    p = np.asarray(p_values, float)
    more = 0 if tests is None else max(check_count(tests, option="tests") - p.size, 0)
    if not p.size:
        return p
    return stats.false_discovery_control(np.concatenate([p, np.ones(more)]), method="by")[: p.size]


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
