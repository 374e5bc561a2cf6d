"""How far a group's share may lie from the overall share by luck alone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from ..errors import NotEstimable
from .checks import check_confidence

HAIR = 1e-9


def funnel_limits(
    rate: float, size: ArrayLike, *, confidence: float = 0.95, df: ArrayLike | None = None
) -> tuple[NDArray, NDArray]:
    r"""Compute the limits within which a share of ``size`` trials lies when the true share is ``rate``.

    The lower limit is the share y / n at which the binomial tail
    :math:`P(Y \le y)` reaches half of what the confidence leaves over, with y
    interpolated between whole numbers through the beta function; the upper
    limit mirrors it. A group strictly beyond a limit lies there by luck at
    most as often as stated. With ``df`` the size is divided by the square of
    the ratio of the t quantile to the normal one, for a dispersion that was
    itself estimated.

    Parameters
    ----------
    rate : float
        Between 0 and 1, both excluded.
    size : array_like
        Trials, at their effective number; fractions are allowed.
    confidence : float
        .95 and .998 are the funnel's customary lines.
    df : array_like, optional
        Degrees of freedom of the variance behind the size.

    Returns
    -------
    low, high : ndarray
        Shares; 0 and 1 where so few trials can never be unusual.

    Raises
    ------
    NotEstimable
        If the rate is 0 or 1.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202.

    Examples
    --------
    >>> low, high = funnel_limits(0.9, [20, 200])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.729, 0.854], [1.0, 0.942])
    """
    n, tail = np.atleast_1d(np.asarray(size, float)), (1 - check_confidence(confidence)) / 2
    if not 0 < rate < 1:
        raise NotEstimable(f"the overall share is {rate:g}: nothing varies, so there are no limits")
    if df is not None:
        n = n / np.maximum((stats.t.isf(tail, np.asarray(df, float)) / stats.norm.isf(tail)) ** 2, 1.0)
    return _lower(rate, n, tail), 1 - _lower(1 - rate, n, tail)


def _lower(rate: float, n: NDArray, tail: float) -> NDArray:
    """Solve P(Y <= y) = tail for y / n by bisection."""
    low, high = np.zeros_like(n), n * rate
    for _ in range(60):
        middle = (low + high) / 2
        unusual = special.betainc(np.maximum(n - middle, 1e-12), middle + 1, 1 - rate) <= tail
        low, high = np.where(unusual, middle, low), np.where(unusual, high, middle)
    never = special.betainc(np.maximum(n, 1e-12), 1.0, 1 - rate) > tail
    return np.where(never, 0.0, low / np.maximum(n, 1e-12))


def _in_control(rate: NDArray, n: NDArray, size: NDArray, df: NDArray | None) -> tuple[float, NDArray]:
    """Pool the groups inside the 99.8% limits; return their share and the sizes to compare each group with it at.

    The furthest group is left out one at a time, never half of them. A group
    that is part of the pooled share lies closer to it than its own variance
    says, one that is not lies further: v (1 - w), or v plus that of the pool.
    """
    inside = np.ones(len(rate), bool)
    while True:
        pooled = size[inside].sum()
        centre = float((rate * n)[inside].sum() / n[inside].sum())
        compared = np.where(inside, size / np.maximum(1 - size / pooled, 0.1), size * pooled / (size + pooled))
        if not 0 < centre < 1:
            return centre, compared
        low, high = funnel_limits(centre, compared, confidence=0.998, df=df)
        beyond = inside & ((rate < low - HAIR) | (rate > high + HAIR))
        if not beyond.any() or 2 * (inside.sum() - 1) <= len(rate):
            return centre, compared
        inside[np.where(beyond, np.abs(rate - centre) * np.sqrt(compared), -1.0).argmax()] = False


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Lines that luck draws around a share, for each group.

    Attributes
    ----------
    centre : float
        What the lines are drawn around.
    low95, high95, low998, high998 : ndarray
    where : ndarray of str
        ``inside``, ``below 95%``, ``below 99.8%``, ``above 95%`` or ``above 99.8%``.
    """

    centre: float
    low95: NDArray
    high95: NDArray
    low998: NDArray
    high998: NDArray
    where: NDArray


def funnel(
    right: ArrayLike,
    n: ArrayLike,
    *,
    effective: ArrayLike | None = None,
    around: float | None = None,
    df: ArrayLike | None = None,
) -> Funnel:
    r"""Find the groups that lie further from the overall share than luck explains.

    Parameters
    ----------
    right, n : array_like of int
        Right answers and judgments of each group.
    effective : array_like, optional
        Effective number of judgments (`halo_methods.stats.effective_size`); n without it.
    around : float, optional
        The share the limits are drawn around. Otherwise the pooled share of the
        groups, of which those beyond the 99.8% limits are left out one at a
        time, the furthest first and never half of them, so that one bad group
        does not pull the good ones over the upper line.
    df : array_like, optional
        Degrees of freedom of the dispersion behind ``effective``. A group's own
        variance is in part binomial, which is known, so its degrees of freedom
        are these over the square of the estimated part (Satterthwaite).

    Raises
    ------
    NotEstimable
        If all answers are right or all wrong.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202; leaving out what
    is beyond the limits before they are drawn is usual for control charts
    (Montgomery 2013). The error rates are simulated in ``benchmarks/study_workforce.py``.

    Examples
    --------
    >>> funnel([90, 70, 9], [100, 100, 10], around=0.9).where.tolist()
    ['inside', 'below 99.8%', 'inside']
    """
    k, trials = np.asarray(right, float), np.asarray(n, float)
    size = trials if effective is None else np.asarray(effective, float)
    rate, centre = k / trials, around
    own = None if df is None else np.asarray(df) / np.maximum(1 - size / trials, 1e-3) ** 2
    if centre is None:
        centre, size = _in_control(rate, trials, size, own)
    (low95, high95), (low998, high998) = (
        funnel_limits(centre, size, confidence=line, df=own) for line in (0.95, 0.998)
    )
    beyond = [rate < low998 - HAIR, rate < low95 - HAIR, rate > high998 + HAIR, rate > high95 + HAIR]
    where = np.select(beyond, ["below 99.8%", "below 95%", "above 99.8%", "above 95%"], "inside")
    return Funnel(centre=centre, low95=low95, high95=high95, low998=low998, high998=high998, where=where)
