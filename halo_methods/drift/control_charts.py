"""Charts over periods: exponentially weighted means, cumulative sums."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import HaloError, NotEstimable
from ..results import counted
from .run_length import cusum_run_length, ewma_run_length

FEW_PERIODS = 20


@dataclass(frozen=True, eq=False)
class Chart:
    """A chart: what was plotted, its limits, and where it signals.

    Attributes
    ----------
    statistic : ndarray
        One value a period; a CUSUM has two columns, the upper side and the lower side (negative).
    limits : tuple of ndarray
        Lower and upper, one value a period.
    centre, sigma : float
        What the chart took for the mean and the standard deviation of a period.
    signals : tuple of int
        Positions outside the limits, from 0.
    run_length : float
        Periods between false alarms if periods are independent and normal.
    method : str
    cautions : tuple of str
        When not to trust it, one sentence each.
    sigma_z : float
        Of Laney's chart: how many times the binomial one the spread between periods is; otherwise 1.
    """

    statistic: NDArray
    limits: tuple[NDArray, NDArray]
    centre: float
    sigma: float
    signals: tuple[int, ...]
    run_length: float
    method: str
    cautions: tuple[str, ...] = ()
    sigma_z: float = 1.0

    @cached_property
    def alarms(self) -> tuple[int, ...]:
        """The first position of each unbroken run of signals."""
        return tuple(s for s in self.signals if s - 1 not in set(self.signals))

    def onset(self, signal: int) -> int:
        """Where the change behind a signal of a CUSUM probably began: after its side last stood at zero.

        Other charts have no such memory; for them it is the signal itself.

        Examples
        --------
        >>> chart = cusum([0, 0, 0, 2, 2, 2, 2], 0.5, 4)
        >>> chart.signals[0], chart.onset(chart.signals[0])
        (5, 3)
        """
        if self.statistic.ndim == 1:
            return signal
        up = self.statistic[signal, 0] >= -self.statistic[signal, 1]
        side = self.statistic[: signal + 1, 0 if up else 1]
        zeros = np.flatnonzero(side == 0)
        return int(zeros[-1]) + 1 if zeros.size else 0

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``statistic`` (or ``upper``, ``lower``), ``low``, ``high``, ``signal``."""
        shown = {"statistic": self.statistic} if self.statistic.ndim == 1 else {
            "upper": self.statistic[:, 0], "lower": self.statistic[:, 1]}  # fmt: skip
        marked = np.isin(np.arange(len(self.statistic)), self.signals)
        return pd.DataFrame({**shown, "low": self.limits[0], "high": self.limits[1], "signal": marked})


def cusum(
    values: ArrayLike,
    k: float,
    h: float,
    *,
    centre: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    restart: bool = False,
) -> Chart:
    """A two-sided cumulative sum chart: finds small lasting shifts.

    Parameters
    ----------
    values : array_like
        One value a period, in order. Without the options below they are taken
        as standardised: centre 0, standard deviation 1.
    k, h : float
        Allowance and decision limit, in standard deviations; see `cusum_design`.
    centre, sigma : float, optional
        Known mean and standard deviation of a period.
    baseline : int, optional
        The first so many periods give whichever of the two is not given; they
        are not tested themselves, and the sums start after them.
    restart : bool
        Begin at zero after each signal, so that signals count alarms.

    Returns
    -------
    Chart

    Raises
    ------
    HaloError
        If a value is missing, or an option is out of range.
    NotEstimable
        If the baseline leaves nothing to watch or does not vary.

    References
    ----------
    Page (1954), Biometrika 41, 100-115; Montgomery (2013), chapter 9.

    Examples
    --------
    >>> cusum([0, 1, 2, 2, 2, 2], 0.5, 4).signals
    (4, 5)
    """
    x, centre, sigma, first, cautions = _prepared(values, centre, sigma, baseline)
    length = cusum_run_length(k, h, baseline=baseline if first else None)
    z = (x - centre) / sigma
    sums = np.zeros((x.size, 2))
    up = down = 0.0
    signals = []
    for t in range(first, x.size):
        up, down = max(0.0, up + z[t] - k), max(0.0, down - z[t] - k)
        sums[t] = up, -down
        if up > h or down > h:
            signals.append(t)
            if restart:
                up = down = 0.0
    limit = np.full(x.size, float(h))
    return Chart(sums, (-limit, limit), centre, sigma, tuple(signals), length,
                 f"two-sided CUSUM, k {k:.3g}, h {h:.4g}", cautions)  # fmt: skip


def ewma(
    values: ArrayLike,
    lam: float,
    L: float,
    *,
    centre: float | None = None,
    sigma: float | None = None,
    baseline: int | None = None,
    exact_limits: bool = False,
) -> Chart:
    """An exponentially weighted moving average with its limits, in the unit of the values.

    Parameters
    ----------
    values, centre, sigma, baseline
        As in `cusum`.
    lam : float
        Weight of the newest value.
    L : float
        Width of the limits, in standard deviations of the average.
    exact_limits : bool
        Limits that open from the start; the run length stated is that of fixed limits.

    Returns
    -------
    Chart

    Raises
    ------
    HaloError, NotEstimable
        As `cusum`.

    References
    ----------
    Roberts (1959), Technometrics 1, 239-250; Lucas and Saccucci (1990).

    Examples
    --------
    >>> ewma([0, 0, 3, 3, 3], 0.2, 2.962).signals
    (3, 4)
    """
    x, centre, sigma, first, cautions = _prepared(values, centre, sigma, baseline)
    length = ewma_run_length(lam, L, baseline=baseline if first else None)
    z = np.full(x.size, centre)
    now = centre
    for t in range(first, x.size):
        now = z[t] = lam * x[t] + (1 - lam) * now
    steps = np.maximum(np.arange(x.size) - first + 1, 0)
    opening = 1 - (1 - lam) ** (2 * steps) if exact_limits else np.ones(x.size)
    half = L * sigma * np.sqrt(lam / (2 - lam) * opening)
    outside = np.flatnonzero((np.abs(z - centre) > half) & (np.arange(x.size) >= first))
    return Chart(z, (centre - half, centre + half), centre, sigma, tuple(map(int, outside)), length,
                 f"EWMA, lam {lam:.3g}, L {L:.4g}", cautions)  # fmt: skip


def standardised(means: ArrayLike, sizes: ArrayLike, *, baseline: int) -> NDArray:
    r"""Means of periods of unequal size on one footing, for a CUSUM or an EWMA.

    :math:`z_i = (\bar x_i - \bar x)\sqrt{n_i} / s`, with the centre and the
    standard deviation s of :math:`(\bar x_i - \bar x)\sqrt{n_i}` from the
    baseline, so that variation between periods is in it.

    Raises
    ------
    NotEstimable
        If the baseline has fewer than three periods or does not vary.

    Examples
    --------
    >>> standardised([1, 2, 3, 4], [1, 1, 1, 1], baseline=3).tolist()
    [-1.0, 0.0, 1.0, 2.0]
    """
    x, n = np.asarray(means, float), np.asarray(sizes, float)
    enough(x.size, baseline)
    centre = np.average(x[:baseline], weights=n[:baseline])
    scaled = (x - centre) * np.sqrt(n)
    spread = scaled[:baseline].std(ddof=1)
    if not spread > 1e-12 * max(1.0, abs(float(centre))):
        raise NotEstimable(f"the {baseline} periods of the baseline do not vary, so there is no unit to measure in")
    return scaled / spread


def _prepared(
    values: ArrayLike, centre: float | None, sigma: float | None, baseline: int | None
) -> tuple[NDArray, float, float, int, tuple[str, ...]]:
    x = np.asarray(values, float)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise HaloError("a chart takes one finite value a period, in order; leave periods without judgments out")
    if sigma is not None and not (np.isfinite(sigma) and sigma > 0):
        raise HaloError(f"sigma is a positive number of the values' unit, not {sigma!r}")
    estimated = baseline is not None and (centre is None or sigma is None)
    if not estimated:
        return x, 0.0 if centre is None else float(centre), 1.0 if sigma is None else float(sigma), 0, ()
    assert baseline is not None
    enough(x.size, baseline)
    part = x[:baseline]
    if sigma is None:
        sigma = float(part.std(ddof=1))
        if not sigma > 1e-12 * max(1.0, abs(float(part.mean()))):
            raise NotEstimable(f"the {baseline} periods of the baseline do not vary, so there is no unit to measure in")
    return x, float(part.mean()) if centre is None else float(centre), float(sigma), baseline, short_baseline(baseline)


def short_baseline(baseline: int) -> tuple[str, ...]:
    """The caution of a short baseline.

    Examples
    --------
    >>> short_baseline(20)
    ()
    """
    if baseline >= FEW_PERIODS:
        return ()
    said = f"The baseline has {counted(baseline, 'period')}, fewer than {FEW_PERIODS}: centre and spread are rough."
    return (said,)


def enough(periods: int, baseline: int) -> None:
    if not (int(baseline) == baseline and baseline >= 3):
        raise HaloError(f"a baseline is a whole number of periods, at least 3; got {baseline!r}")
    if periods <= baseline:
        raise NotEstimable(
            f"there {'is' if periods == 1 else 'are'} {counted(periods, 'period')}, and the baseline alone takes "
            f"{baseline}; watch longer, or name a shorter `baseline`"
        )
