"""P values adjusted for how many tests were made."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from .checks import check_count


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
