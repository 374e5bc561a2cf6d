"""How far the true values of groups lie apart, when each is measured with a known error."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from ..errors import BadOption, NotEstimable
from .checks import check_confidence


def _measured(values: ArrayLike, variances: ArrayLike, *, fewest: int = 3) -> tuple[NDArray, NDArray]:
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < fewest:
        reason = f"with fewer than {fewest} groups nobody can say how much groups differ"
        raise NotEstimable(reason, public=reason)
    if not (v > 0).all():
        raise BadOption("variances hold one that is not above 0; allowed: numbers above 0")
    return x, v


def cochran_q(values: ArrayLike, variances: ArrayLike, between: float = 0.0) -> float:
    r"""Compute Cochran's Q, the weighted squared distance of values from their mean.

    .. math:: Q(\tau^2) = \sum_i w_i (x_i - \bar x_w)^2, \quad w_i = 1 / (v_i + \tau^2)

    Examples
    --------
    >>> cochran_q([1, 3], [1, 1])
    2.0
    """
    x, w = np.asarray(values, float), 1 / (np.asarray(variances, float) + between)
    return float((w * (x - (w * x).sum() / w.sum()) ** 2).sum())


def between_variance(values: ArrayLike, variances: ArrayLike) -> float:
    r"""Estimate the variance between groups by the moments of Cochran's Q, and never below 0.

    .. math:: \tau^2 = \frac{Q - (k - 1)}{\sum w - \sum w^2 / \sum w}, \quad w_i = 1 / v_i

    Raises
    ------
    NotEstimable
        With fewer than three groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> between_variance([1, 2, 6], [1, 1, 1])
    6.0
    """
    x, v = _measured(values, variances)
    w = 1 / v
    return float(max((cochran_q(x, v) - (len(x) - 1)) / (w.sum() - (w**2).sum() / w.sum()), 0.0))


def q_profile(values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> tuple[float, float, float]:
    """Estimate the variance between groups by Paule and Mandel, with the interval that inverts Cochran's Q.

    Returns
    -------
    estimate, low, high : float
        0 is inside where the errors alone explain what is seen.

    Raises
    ------
    NotEstimable
        With fewer than two groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26, 37-52.

    Examples
    --------
    >>> [round(x, 2) for x in q_profile([1, 2, 6], [1, 1, 1])]
    [6.0, 0.9, 275.49]
    """
    x, v = _measured(values, variances, fewest=2)
    df, tail = len(x) - 1, (1 - check_confidence(confidence)) / 2

    def solved(target: float) -> float:
        if cochran_q(x, v) <= target:
            return 0.0
        top = 10 * float(np.var(x) + v.max())
        while cochran_q(x, v, top) > target:
            top *= 10
        return float(optimize.brentq(lambda between: cochran_q(x, v, between) - target, 0.0, top))

    low, estimate, high = (solved(float(q)) for q in (stats.chi2.ppf(1 - tail, df), df, stats.chi2.ppf(tail, df)))
    return estimate, low, max(high, estimate)


@dataclass(frozen=True, kw_only=True)
class Shrunken:
    """Values drawn towards their common mean.

    Attributes
    ----------
    values, low, high : ndarray
    weight : ndarray
        Of each group's own value.
    """

    values: NDArray
    low: NDArray
    high: NDArray
    weight: NDArray


def shrink(values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> Shrunken:
    r"""Draw each value towards the common mean, the more the less it rests on.

    A normal empirical-Bayes model with the variance of `between_variance`: the
    mean is weighted by :math:`1/(v_i + \tau^2)`, and a group's own value by
    :math:`\tau^2/(\tau^2 + v_i)`. For ranking and planning; a must-pass gate
    uses the value as it was measured. The interval takes :math:`\tau^2` as known
    and is a little too short with few groups.

    Parameters
    ----------
    values, variances : array_like
        At least three, variances above 0.
    confidence : float

    Raises
    ------
    NotEstimable
        With fewer than three groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> shrink([.9, .8, .6], [.0004, .0004, .04]).weight.round(2).tolist()
    [0.92, 0.92, 0.11]
    """
    x, v = _measured(values, variances)
    quantile = stats.norm.ppf((1 + check_confidence(confidence)) / 2)
    between = between_variance(x, v)
    both = 1 / (v + between)
    mean, own = (both * x).sum() / both.sum(), between / (between + v)
    drawn = own * x + (1 - own) * mean
    half = quantile * np.sqrt(own * v + (1 - own) ** 2 / both.sum())
    return Shrunken(values=drawn, low=drawn - half, high=drawn + half, weight=own)
