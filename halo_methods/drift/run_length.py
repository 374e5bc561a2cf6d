"""How long a chart runs before it signals, with a change and without."""

from dataclasses import dataclass
from functools import lru_cache
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import bdtrc, ndtr

from ..errors import BadOption, NotEstimable
from ..results import Basis, Estimate, counted
from ..stats.checks import check_count, check_probability

SHORTEST_BASELINE = 10
STEADY_BASELINE = 30
LONGEST = 1e9
DRAWN = 800_000
_legendre = lru_cache(maxsize=64)(np.polynomial.legendre.leggauss)


def cusum_run_length(k: float, h: float, shift: float = 0, *, baseline: int | None = None) -> float:
    r"""Compute the mean number of samples until a two-sided CUSUM chart signals.

    The upper side adds up what lies more than k above the centre,
    :math:`S_t = \max(0, S_{t-1} + z_t - k)`, and signals when it passes h; the
    lower side mirrors it. With density :math:`\varphi` of a sample, the run
    length from s solves

    .. math:: L(s) = 1 + L(0)\Phi(k - s - \delta) + \int_0^h L(y)\,\varphi(y + k - s - \delta)\,dy

    (Gauss-Legendre), and :math:`1/L = 1/L^+ + 1/L^-`. Samples are independent and
    normal, and both sides start at zero: a change that finds the chart part of
    the way up is seen a little sooner.

    Do not trust it for a centre and standard deviation taken from few periods
    unless `baseline` says how many, nor for counts below five or so; see
    `normal_approximation`.

    Parameters
    ----------
    k : float
        Allowance, in standard deviations; half the shift to be found.
    h : float
        Decision limit, in standard deviations.
    shift : float
        Of the mean, in standard deviations.
    baseline : int, optional
        Periods that gave the centre and the standard deviation.
        The result is then the harmonic mean over the luck of the baseline, so that charts × periods / run length is the
        number of false alarms to expect. Without it both
        are taken as known.

    Returns
    -------
    float
        In samples.

    Raises
    ------
    BadOption
        If k is negative, h is not positive, or the run is longer than a thousand million samples.

    References
    ----------
    Lucas (1976), Journal of Quality Technology 8, 1-12; Montgomery (2013),
    table 9.3. Reproduced to the printed digit in the tests.

    Examples
    --------
    >>> round(cusum_run_length(0.5, 5), 1), round(cusum_run_length(0.5, 5, 1), 2)
    (465.4, 10.38)
    """
    if not (_numbers(k, h, shift) and k >= 0 and h > 0):
        raise BadOption(f"k={k!r}, h={h!r}, shift={shift!r}; allowed: k from 0, h above 0 and a finite shift")
    return _finite(_mean_run(float(k), float(h), float(shift), baseline))


def ewma_run_length(lam: float, L: float, shift: float = 0) -> float:
    r"""Compute the mean number of samples until a two-sided EWMA chart with fixed limits signals.

    :math:`z_t = \lambda x_t + (1 - \lambda) z_{t-1}` from zero signals outside
    :math:`\pm c`, :math:`c = L\sqrt{\lambda / (2 - \lambda)}`. The run length from z solves

    .. math:: A(z) = 1 + \frac1\lambda\int_{-c}^{c} A(y)\,
              \varphi\!\left(\frac{y - (1 - \lambda) z}{\lambda} - \delta\right) dy

    by Gauss-Legendre. Samples are independent and normal.

    Parameters
    ----------
    lam : float
        Weight of the newest sample, above 0 and at most 1.
    L : float
        Width of the limits, in standard deviations of the statistic.
    shift : float
        Of the mean, in standard deviations.

    Returns
    -------
    float
        In samples.

    Raises
    ------
    BadOption
        If lam is not in (0, 1], L is not positive, or the run is longer than a thousand million samples.

    References
    ----------
    Lucas and Saccucci (1990), Technometrics 32, 1-12. Reproduced in the tests.

    Examples
    --------
    >>> round(ewma_run_length(0.2, 2.962)), round(ewma_run_length(0.2, 2.962, 1), 1)
    (500, 10.5)
    """
    if not (_numbers(lam, L, shift) and 0 < lam <= 1 and L > 0):
        raise BadOption(f"lam={lam!r}, L={L!r}, shift={shift!r}; allowed: lam above 0 to 1, L above 0, a finite shift")
    return _finite(_ewma(float(lam), float(L), float(shift)))


@dataclass(frozen=True)
class Design:
    """The settings of a CUSUM chart and what they buy.

    Attributes
    ----------
    weight : float
        The allowance k.
    limit : float
        The decision limit h.
    run_length : float
        Samples between false alarms.
    detection : float
        Samples until a shift of this size is seen, on average, also over the luck of the baseline.
        Infinite for a baseline below 30, where a rare one hides the shift for good.
    shift : float
        In standard deviations.
    nine_in_ten : float
        The mean samples until the shift is seen that nine baselines of ten stay below; of any length.
    """

    weight: float
    limit: float
    run_length: float
    detection: float
    shift: float
    nine_in_ten: float

    def false_alarms(self, charts: int, *, periods: int = 30) -> Estimate:
        """Compute the false alarms to expect over so many charts and periods: charts × periods / run length.

        Examples
        --------
        >>> cusum_design(465.44).false_alarms(10).value.__round__(3)
        0.645
        """
        charts = check_count(charts, option="charts")
        method = f"{counted(charts, 'chart')} × {periods} periods / run length of {self.run_length:.0f}; computed"
        value = charts * check_count(periods, option="periods") / self.run_length
        return Estimate.count(value, method=method, basis=Basis("plan", {}))

    def __str__(self) -> str:
        unit = "standard deviation" if abs(self.shift) == 1 else "standard deviations"
        seen = f"seen after {self.detection:.1f} on average"
        if not np.isfinite(self.detection):
            seen = (
                f"seen after at most {self.nine_in_ten:.1f} on average in nine baselines of ten, and perhaps never in "
                f"the tenth; take {STEADY_BASELINE} periods to say when it is"
            )
        return (
            f"cusum with k {self.weight:.3g} and h {self.limit:.4g}: a false alarm every {self.run_length:.0f} "
            f"samples, a shift of {self.shift:.3g} {unit} {seen}"
        )


def cusum_design(run_length: float, shift: float = 1, *, baseline: int | None = None) -> Design:
    """Set the limit of a CUSUM chart for a wanted number of samples between false alarms.

    Parameters
    ----------
    run_length : float
        Wanted in control; from 2 to a million.
    shift : float
        To be found soon, in standard deviations; k is half of it.
    baseline : int, optional
        Periods that give the centre and the standard deviation; the limit is then wider.

    Raises
    ------
    BadOption
        If no limit gives the run length.
    NotEstimable
        If the baseline has fewer than ten periods.

    Examples
    --------
    >>> print(cusum_design(465.44))
    cusum with k 0.5 and h 5: a false alarm every 465 samples, a shift of 1 standard deviation seen after 10.4
    on average
    """
    if baseline is not None and check_count(baseline, option="baseline", least=1) < SHORTEST_BASELINE:
        raise NotEstimable(
            f"a baseline of {baseline} periods is too short to set a limit; "
            f"take at least {SHORTEST_BASELINE}, better 20"
        )
    check_run_length(run_length)
    if not (_numbers(shift) and shift != 0):
        raise BadOption(f"shift is {shift!r}; allowed: a finite number of standard deviations other than 0")
    k = abs(shift) / 2

    def short(h: float) -> float:
        return float(np.log(min(_mean_run(k, h, 0.0, baseline), LONGEST) / run_length))

    low, high = 0.05, 1.0
    if short(low) > 0:
        raise BadOption(f"run_length is {run_length:g}, which is shorter than any limit of this chart gives")
    while short(high) < 0:
        low, high = high, 2 * high
    h = float(optimize.brentq(short, low, high, xtol=1e-4))
    mean, nine = _delays(k, h, shift, baseline)
    return Design(k, h, cusum_run_length(k, h, baseline=baseline), mean, shift, nine)


def normal_approximation(n: int, p: float, *, k: float = 0.5, h: float = 5) -> pd.DataFrame:
    """Compute the run length that charts of a share really have, beside the one of a normal curve.

    Counts of n judgments with share p are binomial. For the three-sigma chart
    the sums of the binomial are exact; for the CUSUM of standardised counts a
    Markov chain of 800 steps is solved. Centre and spread are taken as known.

    Parameters
    ----------
    n : int
        Judgments per period.
    p : float
        The share.
    k, h : float
        Of the CUSUM.

    Returns
    -------
    pandas.DataFrame
        Columns ``chart``, ``stated``, ``exact``, ``ratio`` (exact / stated).

    Raises
    ------
    BadOption
        If n is no count, or p no share above 0 and below 1.

    Examples
    --------
    >>> normal_approximation(20, 0.05)["exact"].round().astype(int).tolist()
    [63, 332]
    """
    n, p = check_count(n, option="n", least=1), check_probability(p, option="p", open_ends=True)
    x = np.arange(n + 1)
    weight, z = stats.binom.pmf(x, n, p), (x - n * p) / np.sqrt(n * p * (1 - p))
    outside = float(weight[np.abs(z) > 3].sum())
    z, weight = z[weight > 1e-18], weight[weight > 1e-18]
    signals = outside, sum(1 / _binomial_side(side, weight, k, h) for side in (z, -z))
    exact = [1 / rate if rate > 0 else np.inf for rate in signals]
    stated = [float(1 / (2 * ndtr(-3))), cusum_run_length(k, h)]
    table = pd.DataFrame({"chart": ["three sigma", f"CUSUM, k {k:g}, h {h:g}"], "stated": stated, "exact": exact})
    return table.assign(ratio=table["exact"] / table["stated"])


def _binomial_side(z: NDArray, weight: NDArray, k: float, h: float, steps: int = 800) -> float:
    """Run length of one side: the sum moves on a grid, each landing shared between its two neighbours."""
    if z.max() <= k:
        return np.inf
    width = h / steps
    start = np.arange(steps + 1) * width
    landed = np.maximum(start[:, None] + z[None, :] - k, 0) / width
    chain = np.zeros((steps + 1, steps + 2))
    low = np.minimum(np.floor(landed + 1e-9).astype(int), steps + 1)
    part = np.clip(landed - low, 0, 1)
    inside = landed <= steps + 1e-9
    rows = np.broadcast_to(np.arange(steps + 1)[:, None], low.shape)
    weights = np.broadcast_to(weight, low.shape)
    np.add.at(chain, (rows[inside], low[inside]), (weights * (1 - part))[inside])
    np.add.at(chain, (rows[inside], np.minimum(low + 1, steps)[inside]), (weights * part)[inside])
    return float(np.linalg.solve(np.eye(steps + 1) - chain[:, :-1], np.ones(steps + 1))[0])


def _numbers(*values: object) -> bool:
    return all(isinstance(x, Real) and bool(np.isfinite(float(x))) for x in values)


def check_run_length(run_length: float) -> None:
    """Refuse a run length that no limit is set for."""
    if not (_numbers(run_length) and 2 <= run_length <= 1e6):
        raise BadOption(f"run_length is {run_length!r}; allowed: a number of samples from 2 to 1,000,000")


@lru_cache(maxsize=16384)
def _cusum_one_sided(k: float, h: float, shift: float) -> float:
    nodes, weights = _legendre(max(40, int(np.ceil(4 * h))))
    y, w = h * (nodes + 1) / 2, h * weights / 2
    start = np.r_[0.0, y]
    kernel = np.empty((start.size, start.size))
    kernel[:, 0] = ndtr(k - start - shift)
    kernel[:, 1:] = w * _density(y[None, :] + k - start[:, None] - shift)
    return _positive(float(np.linalg.solve(np.eye(start.size) - kernel, np.ones(start.size))[0]))


def _cusum_two_sided(k: float, h: float, shift: float) -> float:
    rate = sum(1 / _cusum_one_sided(k, h, s) for s in (shift, -shift))
    return 1 / rate if rate > 0 else np.inf


def _mean_run(k: float, h: float, shift: float, baseline: int | None) -> float:
    """Run length; with a baseline the harmonic mean over the centre and standard deviation that it may give."""
    if baseline is None:
        return _cusum_two_sided(k, h, shift)
    luck = _luck(check_count(baseline, option="baseline", least=3))
    return float(1 / sum(w / _cusum_two_sided(k * s, h * s, shift + c) for w, s, c in luck))


def _delays(k: float, h: float, shift: float, baseline: int | None) -> tuple[float, float]:
    """Mean samples until a shift is seen, over the luck of the baseline, and what nine baselines of ten stay below."""
    if baseline is None:
        known = _cusum_two_sided(k, h, shift)
        return known, known
    luck = _luck(baseline)
    weight, delay = np.array([(w, _cusum_two_sided(k * s, h * s, shift + c)) for w, s, c in luck]).T
    order = np.argsort(delay)
    below = weight[order].cumsum() - weight[order] / 2
    nine = float(np.exp(np.interp(0.9, below, np.log(delay[order]))))
    return float(weight @ delay) if baseline >= STEADY_BASELINE else np.inf, nine


def _luck(baseline: int) -> list[tuple[float, float, float]]:
    """Standard deviations and centres that so many normal values may give, each pair with its weight."""
    centres, weights = np.polynomial.hermite_e.hermegauss(15)
    tails, parts = _legendre(12)
    deviations = np.sqrt(stats.chi2.ppf((tails + 1) / 2, baseline - 1) / (baseline - 1))
    return [
        (float(w * part / 2), float(s), float(c))
        for c, w in zip(centres / np.sqrt(baseline), weights / weights.sum(), strict=True)
        for s, part in zip(deviations, parts, strict=True)
    ]


def share_run_length(
    limit: float, share: float, size: float, *, baseline: NDArray | None = None, spread: float | None = None
) -> float:
    r"""Compute the mean number of periods until a chart of shares signals, over the luck of its baseline.

    Baselines of binomial counts are drawn, some ten thousand of them from a fixed
    seed. Each gives its own limits, and the counts outside them have a known
    probability. Where Laney's chart found periods to differ, by :math:`\sigma_z`
    times as much as items drawn at random, they differ here as much, normally.

    Parameters
    ----------
    limit : float
        L, in standard deviations.
    share : float
        Of all judgments, above 0 and below 1.
    size : float
        Judgments per period.
    baseline : ndarray, optional
        Judgments in each of its periods; without it share and spread are taken as known.
    spread : float, optional
        Laney's :math:`\sigma_z`; none where the spread follows from the share.

    Returns
    -------
    float
        In periods; one over the rate of false alarms. Infinite where no count lies outside the limits.

    Examples
    --------
    >>> round(share_run_length(3, 0.5, 100_000), -1)
    370.0
    >>> thirty = np.full(30, 200)
    >>> [round(share_run_length(3, 0.1, 200, baseline=thirty, spread=s), -1) for s in (None, 1)]
    [280.0, 130.0]
    """
    n = max(1, round(size))
    between = share * (1 - share) * (max(spread or 1.0, 1.0) ** 2 - 1)
    centre, wide = np.array([share]), np.array([spread or 1.0])
    if baseline is not None:
        rng = np.random.default_rng(20260)
        shape = (max(2000, DRAWN // baseline.size), baseline.size)
        true = share if between == 0 else share + rng.normal(size=shape) * np.sqrt(between / baseline)
        count = rng.binomial(baseline.astype(int), np.clip(true, 0, 1), shape)
        centre = count.sum(axis=1) / baseline.sum()
        wide = np.ones(len(count))
        if spread is not None:
            unit = np.sqrt(np.maximum(centre * (1 - centre), 1e-300))[:, None] / np.sqrt(baseline)
            wide = moving_spread((count / baseline - centre[:, None]) / unit)
    half = limit * wide * np.sqrt(centre * (1 - centre) / n)
    rate = _above(n * (centre + half), n, share, between) + _above(n * (1 - centre + half), n, 1 - share, between)
    return _finite(1 / rate.mean()) if rate.mean() > 0 else np.inf


def moving_spread(z: NDArray) -> NDArray:
    """Standard deviation of each row of values in order, from the mean of their moving ranges."""
    return np.abs(np.diff(z)).mean(axis=-1) / 1.128


def _above(bound: NDArray, n: int, share: float, between: float) -> NDArray:
    """Probability that a period counts more than each bound; its own share is normal with variance between / n."""
    normal = np.linspace(-6, 6, 61) if between else np.zeros(1)
    weight = stats.norm.pdf(normal) / stats.norm.pdf(normal).sum()
    own = np.clip(share + normal * np.sqrt(between / n), 0, 1)
    k = np.unique(np.clip(np.floor(np.linspace(bound.min(), bound.max(), 800)), 0, n))
    chance = bdtrc(k[:, None], n, own) @ weight
    log = np.log(np.maximum(chance, 1e-300))
    return np.where(bound >= n, 0.0, np.exp(np.interp(np.floor(bound), k, log)))


@lru_cache(maxsize=4096)
def _ewma(lam: float, L: float, shift: float) -> float:
    c = L * np.sqrt(lam / (2 - lam))
    nodes, weights = _legendre(max(40, int(np.ceil(8 * c / lam))))
    y, w = c * nodes, c * weights
    start = np.r_[0.0, y]
    kernel = w / lam * _density((y[None, :] - (1 - lam) * start[:, None]) / lam - shift)
    inner = np.linalg.solve(np.eye(y.size) - kernel[1:], np.ones(y.size))
    return _positive(float(1 + kernel[0] @ inner))


def _density(x: NDArray) -> NDArray:
    return np.exp(-(x**2) / 2) / np.sqrt(2 * np.pi)


def _positive(length: float) -> float:
    """Past what double precision can tell from never, never."""
    return length if 0 < length < 1e13 else np.inf


def _finite(length: float) -> float:
    if length > LONGEST:
        raise BadOption("this chart signals less than once in 1,000,000,000 samples; take a smaller limit")
    return float(length)
