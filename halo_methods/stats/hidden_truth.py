"""How well data fix a chance when the truth itself is only estimated."""

import numpy as np
from numpy.typing import NDArray

from .proportions import wilson

Array = NDArray[np.float64]


def informed_size(trials: Array, hidden: Array, chance: Array) -> Array:
    r"""Compute the number of trials with known truth that would say as much.

    Louis' observed information is the complete one less what the hidden truth
    takes away: for a chance :math:`\theta` and items with probability
    :math:`p_i` of counting,

    .. math:: n = \sum p_i - \sum p_i(1-p_i)(x_i-\theta)^2 / \theta(1-\theta)

    Parameters
    ----------
    trials, hidden, chance : ndarray of one shape
        :math:`\sum p_i`, :math:`\sum p_i(1-p_i)(x_i-\theta)^2` and :math:`\theta`.

    References
    ----------
    Louis (1982), Journal of the Royal Statistical Society B 44, 226-233.

    Examples
    --------
    >>> informed_size(np.array([10.0]), np.array([1.0]), np.array([0.5]))
    array([6.])
    """
    spread = chance * (1 - chance)
    lost = np.divide(hidden, spread, out=np.zeros_like(hidden), where=spread > 1e-9)
    return np.clip(trials - lost, 0.0, None)


def informed_interval(trials: Array, hidden: Array, chance: Array) -> tuple[Array, Array]:
    """Compute Wilson's 95% interval of a chance at its `informed_size`; from 0 to 1 where nothing is known.

    The other parameters of the model are taken as known.

    Examples
    --------
    >>> [round(float(end[0]), 3) for end in informed_interval(np.array([10.0]), np.array([1.0]), np.array([0.5]))]
    [0.188, 0.812]
    """
    size = informed_size(trials, hidden, chance)
    known = size > 1e-6
    n = np.where(known, size, 1.0)
    low, high = wilson(chance * n, n)
    return np.where(known, low, 0.0), np.where(known, high, 1.0)
