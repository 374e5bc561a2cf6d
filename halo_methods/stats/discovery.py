"""Lists of discoveries whose share of false ones is bounded."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_probability


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
