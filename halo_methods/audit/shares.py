"""Shares of things found right or wrong, with intervals that hold for small samples."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, HaloError
from ..results import Estimate

Method = Literal["wilson", "exact"]


def wilson(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[NDArray, NDArray]:
    r"""Wilson's score interval for k successes in n independent trials.

    .. math:: \frac{k + z^2/2 \pm z\sqrt{k(n-k)/n + z^2/4}}{n + z^2}

    Do not trust it where the trials come in clusters (many judgments by one
    rater, many by one prompt): it is then too narrow.

    Parameters
    ----------
    k, n : array_like
        Successes and trials, of one shape; fractions are allowed, so that an
        effective sample size can be used.
    confidence : float
        Long-run share of such intervals that hold the true share.

    Returns
    -------
    low, high : ndarray
        Shares from 0 to 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872.

    Examples
    --------
    >>> [round(float(end), 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    return score_interval(np.asarray(k, float), np.asarray(n, float), stats.norm.ppf((1 + confidence) / 2))


def score_interval(k: NDArray, n: NDArray, z: float) -> tuple[NDArray, NDArray]:
    """Wilson's interval with a quantile ``z`` of the caller's choice, a t quantile for instance."""
    middle = (k + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
    low = np.where(k == 0, 0.0, middle - half)
    high = np.where(k == n, 1.0, middle + half)
    return low, high


def clopper_pearson(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[NDArray, NDArray]:
    """Clopper and Pearson's exact interval: never covers less than it says, often more.

    Parameters
    ----------
    k, n : array_like
        Successes and trials; fractions are allowed, for an effective size.
    confidence : float
        At least this share of such intervals holds the true share.

    Returns
    -------
    low, high : ndarray
        Shares from 0 to 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872.

    Examples
    --------
    >>> [round(float(end), 4) for end in clopper_pearson(81, 263)]
    [0.2527, 0.3676]
    """
    k, n, tail = np.asarray(k, float), np.asarray(n, float), (1 - confidence) / 2
    low = np.where(k == 0, 0.0, stats.beta.ppf(tail, np.where(k == 0, 1, k), n - k + 1))
    high = np.where(k == n, 1.0, stats.beta.ppf(1 - tail, k + 1, np.where(k == n, 1, n - k)))
    return low, high


def proportion(k: int, n: int, *, method: Method = "wilson", confidence: float = 0.95) -> Estimate:
    """A share k / n of independent trials, with its interval.

    Parameters
    ----------
    k, n : int
        Successes and trials, ``0 <= k <= n`` and ``n >= 1``.
    method : {"wilson", "exact"}
        Wilson's score interval, or Clopper and Pearson's.
    confidence : float
        Of the interval.

    Raises
    ------
    HaloError
        If the counts are not whole numbers with ``0 <= k <= n``, ``n >= 1``.

    Examples
    --------
    >>> print(proportion(0, 20))
    0 (95% interval 0 to 0.161 over items; 20 items, 1 rater, 20 judgments)
    """
    if method not in ("wilson", "exact"):
        raise BadOption.of("method", method, ("wilson", "exact"))
    if not (int(k) == k and int(n) == n and 0 <= k <= n and n >= 1):
        raise HaloError(f"a share needs whole numbers with 0 <= k <= n and n >= 1; got k={k!r}, n={n!r}")
    interval, name = {
        "wilson": (wilson, "Wilson's score interval"),
        "exact": (clopper_pearson, "Clopper and Pearson's exact interval"),
    }[method]
    low, high = interval(k, n, confidence=confidence)
    return Estimate(
        k / n, float(low), float(high), confidence, None, int(n), 1, int(n), f"share of {n} trials; {name}", "items"
    )
