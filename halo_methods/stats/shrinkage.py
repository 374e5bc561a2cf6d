"""Shares of several units, each pulled towards what all have in common."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special, stats

from .checks import check_confidence

JEFFREYS = (0.5, 0.5)


@dataclass(frozen=True, kw_only=True)
class ShrunkShares:
    """Posterior shares of units whose shares come from one beta distribution.

    Attributes
    ----------
    prior : (float, float)
        The two parameters of that distribution.
    value, sd, low, high : ndarray, shape (units,)
        Posterior means, standard deviations, and ends of equal-tailed intervals.
    """

    prior: tuple[float, float]
    value: NDArray
    sd: NDArray
    low: NDArray
    high: NDArray


def shrink_shares(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> ShrunkShares:
    r"""Estimate the share of each unit with the beta-binomial model.

    .. math:: k_u \mid p_u \sim \mathrm{Bin}(n_u, p_u), \qquad p_u \sim \mathrm{Beta}(\mu M, (1 - \mu) M)

    with :math:`\mu` and M by maximum marginal likelihood, M between 2 and 2,000. Where all
    trials are alike there is no spread to learn from, and Jeffreys' prior stands in.

    Do not use it for a must-pass gate: a unit of few trials borrows the share of the others.

    Parameters
    ----------
    k, n : array_like, shape (units,)
        Successes and trials of each unit.
    confidence : float
        Of the intervals.

    References
    ----------
    Griffiths (1973), Biometrics 29, 637-648.

    Examples
    --------
    >>> shrink_shares([9, 5, 10], [10, 10, 10]).value.round(2).tolist()
    [0.88, 0.58, 0.95]
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    tail = (1 - check_confidence(confidence)) / 2
    prior = _prior(k, n)
    up, down = k + prior[0], n - k + prior[1]
    size = up + down
    return ShrunkShares(
        prior=prior,
        value=up / size,
        sd=np.sqrt(up * down / (size**2 * (size + 1))),
        low=stats.beta.ppf(tail, up, down),
        high=stats.beta.ppf(1 - tail, up, down),
    )


def _prior(k: NDArray, n: NDArray) -> tuple[float, float]:
    if k.sum() in (0, n.sum()):
        return JEFFREYS

    def parameters(x: NDArray) -> tuple[float, float]:
        mean, size = special.expit(x[0]), np.exp(x[1])
        return float(mean * size), float((1 - mean) * size)

    def loss(x: NDArray) -> float:
        a, b = parameters(x)
        return -float((special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum())

    share = np.clip(k.sum() / n.sum(), 0.01, 0.99)
    ends = [(-6.0, 6.0), (np.log(2.0), np.log(2000.0))]
    return parameters(optimize.minimize(loss, [special.logit(share), np.log(30.0)], bounds=ends, method="L-BFGS-B").x)
