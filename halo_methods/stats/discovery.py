"""Many tests and many looks: lists whose share of false entries is bounded, adjusted p-values, and intervals and tests
that hold however often one looks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from ..errors import BadOption
from .checks import check_confidence, check_count, check_probability
from .proportions import clopper_pearson


def benjamini_hochberg(p_values: ArrayLike, *, rate: float = 0.10) -> NDArray:
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
    >>> benjamini_hochberg([0.001, 0.04, 0.9], rate=0.10).tolist()
    [True, True, False]
    """
    check_probability(rate, option="rate", open_ends=True)
    p = np.asarray(p_values, float)
    return stats.false_discovery_control(p) <= rate if p.size else np.zeros(0, bool)


def e_benjamini_hochberg(e_values: ArrayLike, *, rate: float = 0.10) -> NDArray:
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
    >>> e_benjamini_hochberg([100, 20, 1], rate=0.10).tolist()
    [True, True, False]
    """
    e = np.asarray(e_values, float)
    # The p-value of an e-value is 1 / e; the rule itself asks nothing of their dependence.
    return benjamini_hochberg(np.minimum(1 / np.maximum(e, 1e-300), 1), rate=rate)


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


@dataclass(frozen=True, eq=False)
class Sequence:
    """An interval after every look, all of them right at once with the stated confidence.

    Attributes
    ----------
    value, low, high : ndarray
        The share so far and its interval, one entry a look.
    trials : ndarray
        Judgments so far.
    """

    value: NDArray
    low: NDArray
    high: NDArray
    trials: NDArray

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``trials``, ``value``, ``low``, ``high``, one row a look."""
        return pd.DataFrame({"trials": self.trials, "value": self.value, "low": self.low, "high": self.high})


@dataclass(frozen=True, eq=False)
class ChangeTest:
    """A test against a baseline rate that may be read at every look.

    Attributes
    ----------
    e_value : ndarray
        Evidence against the baseline rate after each look.
    threshold : float
        The e-value that signals.
    signals : tuple of int
        Looks at which the test signals, from 0.
    """

    e_value: NDArray
    threshold: float
    signals: tuple[int, ...]


def confidence_sequence(successes: ArrayLike, trials: ArrayLike, *, confidence: float = 0.95) -> Sequence:
    r"""Estimate a share at every look, with intervals that all hold at once (a confidence sequence).

    A share p is in the interval while its e-value stays below :math:`1/\alpha`:

    .. math:: E_t(p) = \frac{B(a + k_t,\; b + n_t - k_t)}{B(a, b)\; p^{k_t} (1 - p)^{n_t - k_t}}

    With k successes of n judgments so far, and the beta mixture a = b = 1/2, which serves all shares. By
    Ville's inequality the chance that p is ever left out is at most
    :math:`\alpha`. It holds as well for the sum of values between 0 and 1
    with one mean. The price is an interval wider than one planned for a single look.

    Do not trust it where judgments come in clusters or the share moves: it is
    about one share that holds throughout.

    Parameters
    ----------
    successes, trials : array_like
        New successes and new judgments at each look.
    confidence : float
        Of the whole sequence.

    Returns
    -------
    Sequence

    Raises
    ------
    BadOption
        If a count is negative or more than its trials.

    References
    ----------
    Robbins (1970), Annals of Mathematical Statistics 41, 1397-1409; Howard et
    al. (2021), Annals of Statistics 49, 1055-1080. Coverage is simulated in the tests.

    Examples
    --------
    >>> share = confidence_sequence([8, 41], [10, 50])
    >>> [round(float(x), 2) for x in (share.value[-1], share.low[-1], share.high[-1])]
    [0.82, 0.62, 0.94]
    """
    k, n = _running(successes, trials)
    bar = -np.log1p(-check_confidence(confidence))
    value = np.divide(k, n, out=np.full(n.shape, 0.5), where=n > 0)

    def end(outer: float) -> NDArray:
        inside, outside = value.copy(), np.full(n.shape, outer)
        for _ in range(50):
            middle = (inside + outside) / 2
            out = _log_e(k, n, middle) >= bar
            inside, outside = np.where(out, inside, middle), np.where(out, middle, outside)
        return inside

    return Sequence(value, np.where(k == 0, 0.0, end(0.0)), np.where(k == n, 1.0, end(1.0)), n)


def change_test(
    successes: ArrayLike, trials: ArrayLike, baseline: float | tuple[int, int], *, alpha: float = 0.05
) -> ChangeTest:
    """Test at every look whether a share has moved away from its baseline.

    Against a known rate the e-value is the mixture of `confidence_sequence`,
    and it signals at 1/alpha. Against a rate taken from k of n judgments half of alpha is spent on the exact interval
    of the rate.
    The smallest e-value over that interval has to reach 2/alpha. A stable stream signals, ever,
    with chance at most alpha.

    A change that comes late has first to outweigh all that came before it, so
    begin the test anew each quarter, and run a CUSUM chart beside it.

    Parameters
    ----------
    successes, trials : array_like
        New successes and new judgments at each look, none of them from the baseline.
    baseline : float or (int, int)
        The rate, or its successes and judgments.
    alpha : float
        Chance of ever signalling while nothing changes.

    Returns
    -------
    ChangeTest

    Raises
    ------
    BadOption
        If counts or the rate are out of range.

    References
    ----------
    Ville (1939); Ramdas, Gruenwald, Vovk and Shafer (2023), Statistical Science 38, 576-601.

    Examples
    --------
    >>> change_test([10] * 8, [20] * 8, 0.2).signals[0]
    1
    """
    k, n = _running(successes, trials)
    alpha = check_probability(alpha, option="alpha", open_ends=True)
    bar = 1 / alpha
    if isinstance(baseline, tuple):
        out_of = check_count(baseline[1], option="baseline's judgments", least=1)
        successes_before = check_count(baseline[0], option="baseline's successes", most=out_of)
        low, high = map(float, clopper_pearson(successes_before, out_of, confidence=1 - alpha / 2))
        bar = 2 / alpha
    else:
        low = high = check_probability(baseline, option="baseline", open_ends=True)
    nearest = np.clip(np.divide(k, n, out=np.full(n.shape, low), where=n > 0), low, high)
    e = np.exp(np.minimum(_log_e(k, n, nearest), 700))
    return ChangeTest(e, bar, tuple(map(int, np.flatnonzero(e >= bar))))


def _log_e(k: NDArray, n: NDArray, p: NDArray) -> NDArray:
    """The mixture's e-value against the share p, its logarithm."""
    mixture = special.betaln(0.5 + k, 0.5 + n - k) - special.betaln(0.5, 0.5)
    return mixture - special.xlogy(k, p) - special.xlog1py(n - k, -p)


def _running(successes: ArrayLike, trials: ArrayLike) -> tuple[NDArray, NDArray]:
    k, n = np.asarray(successes, float), np.asarray(trials, float)
    if k.shape != n.shape or not (np.isfinite(k).all() and np.isfinite(n).all() and (k >= 0).all() and (k <= n).all()):
        fix = "two rows of one length with 0 <= successes <= trials at each look"
        raise BadOption(f"successes and trials: allowed: {fix}")
    return np.cumsum(k, axis=-1), np.cumsum(n, axis=-1)
