"""Ranks, as far as the errors of what is ranked allow them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import NotEstimable
from .checks import check_confidence


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Ranks of groups, 1 for the highest value, and the best and worst rank each may truly have."""

    rank: NDArray
    best: NDArray
    worst: NDArray


def rank_intervals(
    values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95, draws: int = 4000, seed: int = 1
) -> Ranks:
    """Find the ranks each group may truly have, all intervals together at the stated confidence.

    A parametric bootstrap draws the groups' errors and takes the quantile of the
    largest studentized difference of any two. A group outranks another where
    their difference exceeds it. The best possible rank is one more than the
    number of groups that outrank it, and likewise for the worst.

    Parameters
    ----------
    values, variances : array_like
        At least two.
    confidence : float
    draws, seed : int
        Of the bootstrap.

    Raises
    ------
    NotEstimable
        If there is one group.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518.

    Examples
    --------
    >>> ranks = rank_intervals([.9, .89, .6], [.0004, .0004, .0004])
    >>> ranks.best.tolist(), ranks.worst.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < 2:
        reason = "there is one group, so there is no order"
        raise NotEstimable(reason, public=reason)
    a, b = np.triu_indices(len(x), 1)
    errors = np.random.default_rng(seed).normal(size=(draws, len(x))) * np.sqrt(v)
    largest = (np.abs(errors[:, a] - errors[:, b]) / np.sqrt(v[a] + v[b])).max(axis=1)
    critical = np.quantile(largest, check_confidence(confidence))
    ahead = (x[:, None] - x[None, :]) > critical * np.sqrt(v[:, None] + v[None, :])
    rank = stats.rankdata(-x, method="min").astype(int)
    return Ranks(rank=rank, best=1 + ahead.sum(axis=0), worst=len(x) - ahead.sum(axis=1))
