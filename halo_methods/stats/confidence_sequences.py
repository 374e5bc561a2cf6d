"""Intervals and tests that hold however often one looks."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ..errors import BadOption
from .checks import check_confidence, check_count, check_probability
from .proportions import clopper_pearson


@dataclass(frozen=True, eq=False)
class Sequence:
    """An interval after every look, all of them right at once with the stated confidence.

    Attributes
    ----------
    value, low, high : ndarray
        The share so far and its interval, one entry a look.
    trials : ndarray
        Judgments so far.
    confidence : float
        Chance that every interval of the sequence holds the share.
    """

    value: NDArray
    low: NDArray
    high: NDArray
    trials: NDArray
    confidence: float

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
    rate : tuple of float
        The rates that count as unchanged, lowest and highest.
    """

    e_value: NDArray
    threshold: float
    signals: tuple[int, ...]
    rate: tuple[float, float]


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

    return Sequence(value, np.where(k == 0, 0.0, end(0.0)), np.where(k == n, 1.0, end(1.0)), n, confidence)


def change_test(
    successes: ArrayLike, trials: ArrayLike, baseline: float | tuple[int, int], *, alpha: float = 0.05
) -> ChangeTest:
    """Test at every look whether a share has moved away from its baseline.

    Against a known rate the e-value is the mixture of `confidence_sequence`,
    and it signals at 1/alpha. Against a rate taken from k of n judgments half
    of alpha is spent on the exact interval of the rate: the smallest e-value
    over that interval has to reach 2/alpha. A stable stream signals, ever,
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
        ends = clopper_pearson(successes_before, out_of, confidence=1 - alpha / 2)
        low, high = float(ends[0]), float(ends[1])
        bar = 2 / alpha
    else:
        low = high = check_probability(baseline, option="baseline", open_ends=True)
    nearest = np.clip(np.divide(k, n, out=np.full(n.shape, low), where=n > 0), low, high)
    e = np.exp(np.minimum(_log_e(k, n, nearest), 700))
    return ChangeTest(e, bar, tuple(map(int, np.flatnonzero(e >= bar))), (low, high))


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
