"""Control charts over periods: cumulative sums, exponentially weighted means."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..results import Caution, Figure, counted
from ..stats.checks import check_count
from .run_length import cusum_run_length, ewma_run_length

FEW_PERIODS = 20
SMALLEST_SPREAD = 1e-12
FLAT = "the {baseline} periods of the baseline do not vary, so there is no unit to measure in"


@dataclass(frozen=True, eq=False, kw_only=True)
class Chart:
    """A control chart: what was plotted, its limits, and where it signals.

    Attributes
    ----------
    statistic : ndarray
        One value per period; a CUSUM has two columns, the upper side and the lower side (negative).
    limits : tuple of ndarray
        Lower and upper, one value per period.
    centre, sigma : float
        Taken for the mean and the standard deviation of a period.
    tested : ndarray of bool
        The periods in which it can signal; the others are baselines.
    run_length : float
        Periods between false alarms if periods are independent and normal.
    method : str
    cautions : tuple of Caution
        When not to trust it.
    sigma_z : float
        Of Laney's chart: the spread between periods in units of the binomial one; otherwise 1.
    periods : tuple
        Their dates, where it was made from dated judgments; otherwise empty.
    changes : tuple of (period, version)
        Where another version of the guideline came into use.
    title, unit : str
        For the picture.
    """

    statistic: NDArray
    limits: tuple[NDArray, NDArray]
    centre: float
    sigma: float
    tested: NDArray
    run_length: float
    method: str
    cautions: tuple[Caution, ...] = ()
    sigma_z: float = 1.0
    periods: tuple[Any, ...] = ()
    changes: tuple[tuple[Any, str], ...] = ()
    title: str = ""
    unit: str = ""

    @cached_property
    def signals(self) -> tuple[int, ...]:
        """Positions outside the limits, from 0."""
        low, high = (end.reshape(-1, *(1,) * (self.statistic.ndim - 1)) for end in self.limits)
        outside = ((self.statistic > high) | (self.statistic < low)).reshape(len(self.tested), -1).any(axis=1)
        return tuple(map(int, np.flatnonzero(outside & self.tested)))

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
    def onsets(self) -> list[Any]:
        """The period in which the change behind each alarm probably began."""
        places = [self.onset(alarm) for alarm in self.alarms]
        return [self.periods[i] for i in places] if self.periods else places

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``period``, ``statistic`` (or ``upper``, ``lower``), ``low``, ``high``, ``signal``."""
        sides = self.statistic if self.statistic.ndim == 2 else self.statistic[:, None]
        names = ("upper", "lower") if self.statistic.ndim == 2 else ("statistic",)
        place = np.arange(len(sides))
        return pd.DataFrame(
            {
                "period": pd.Series(self.periods, dtype=object) if self.periods else place + 1,
                **dict(zip(names, sides.T, strict=True)),
                "low": self.limits[0],
                "high": self.limits[1],
                "signal": np.isin(place, self.signals),
            }
        )

    def plot(self) -> Figure:
        """The chart over its periods, signals as crosses, changes of the guideline dashed."""
        from .. import plots

        return plots.chart(self.table, changes=self.changes, unit=self.unit, title=self.title or self.method)

    def __str__(self) -> str:
        watched = counted(int(self.tested.sum()), "period")
        return f"{counted(len(self.alarms), 'alarm')} in {watched} watched; {self.method}."


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
    """Chart two-sided cumulative sums, which find small lasting shifts.

    Parameters
    ----------
    values : array_like
        One value per period, in order. Without the options below they are taken
        as standardised: centre 0, standard deviation 1.
    k, h : float
        Allowance and decision limit, in standard deviations; see `cusum_design`.
    centre, sigma : float, optional
        Known mean and standard deviation of a period.
    baseline : int, optional
        The first periods, which give whichever of the two is missing; they
        are not tested themselves, and the sums start after them.
    restart : bool
        Begin at zero after each signal, so that signals count alarms.

    Raises
    ------
    BadOption
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
    x, centre, sigma, tested, cautions = _prepared(values, centre, sigma, baseline)
    length = cusum_run_length(k, h, baseline=None if tested.all() else baseline)
    sides = sums((x - centre) / sigma, tested, k, h if restart else np.inf)
    chart = cusum_chart(sides, tested, k, h, length)
    return replace(chart, centre=centre, sigma=sigma, cautions=cautions)


def sums(z: NDArray, tested: NDArray, k: float, restart_at: float = np.inf) -> NDArray:
    """Add up what lies more than k above, and below, the centre: shape (..., periods, 2), 0 where nothing is tested."""
    sides = np.zeros((*z.shape, 2))
    now = np.zeros((*z.shape[:-1], 2))
    for t in np.flatnonzero(tested):
        if t and not tested[t - 1]:
            now = np.zeros_like(now)
        now = np.maximum(0, now + np.stack([z[..., t], -z[..., t]], axis=-1) - k)
        sides[..., t, :] = now
        now = np.where((now > restart_at).any(axis=-1, keepdims=True), 0, now)
    sides[..., 1] *= -1
    return sides


def cusum_chart(sides: NDArray, tested: NDArray, k: float, h: float, run_length: float) -> Chart:
    """A chart of cumulative sums of standardised values."""
    limit = np.full(len(tested), float(h))
    method = f"two-sided CUSUM, k {k:.3g}, h {h:.4g}"
    return Chart(
        statistic=sides,
        limits=(-limit, limit),
        centre=0.0,
        sigma=1.0,
        tested=tested,
        run_length=run_length,
        method=method,
        unit="cumulative sum",
    )


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
    """Chart an exponentially weighted moving average with its limits, in the unit of the values.

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

    Raises
    ------
    BadOption, NotEstimable
        As `cusum`.

    References
    ----------
    Roberts (1959), Technometrics 1, 239-250; Lucas and Saccucci (1990).

    Examples
    --------
    >>> ewma([0, 0, 3, 3, 3], 0.2, 2.962).signals
    (3, 4)
    """
    x, centre, sigma, tested, cautions = _prepared(values, centre, sigma, baseline)
    length = ewma_run_length(lam, L, baseline=None if tested.all() else baseline)
    z = np.full(x.size, centre)
    now = centre
    for t in np.flatnonzero(tested):
        now = z[t] = lam * x[t] + (1 - lam) * now
    opening = 1 - (1 - lam) ** (2 * np.cumsum(tested)) if exact_limits else np.ones(x.size)
    half = L * sigma * np.sqrt(lam / (2 - lam) * opening)
    method = f"EWMA, lam {lam:.3g}, L {L:.4g}"
    return Chart(
        statistic=z,
        limits=(centre - half, centre + half),
        centre=centre,
        sigma=sigma,
        tested=tested,
        run_length=length,
        method=method,
        cautions=cautions,
        unit="weighted average",
    )


def standardised(means: ArrayLike, sizes: ArrayLike, *, baseline: int) -> NDArray:
    r"""Put means of periods of unequal size on one footing, for a CUSUM or an EWMA.

    :math:`z_i = (\bar x_i - \bar x)\sqrt{n_i} / s`, with the centre and the
    standard deviation s of :math:`(\bar x_i - \bar x)\sqrt{n_i}` from the
    baseline, so that variation between periods is in it.

    Parameters
    ----------
    means, sizes : array_like, shape (periods,) or (series, periods)
        A period of size 0 is missing: it gets 0.
    baseline : int
        The first so many periods.

    Raises
    ------
    NotEstimable
        If there is no period after the baseline, or a baseline does not vary.

    Examples
    --------
    >>> standardised([1, 2, 3, 4], [1, 1, 1, 1], baseline=3).tolist()
    [-1.0, 0.0, 1.0, 2.0]
    """
    x, n = np.asarray(means, float), np.asarray(sizes, float)
    enough(x.shape[-1], baseline)
    z, varies = scaled(x, n, baseline)
    if not varies.all():
        raise NotEstimable(FLAT.format(baseline=baseline))
    return z


def scaled(x: NDArray, n: NDArray, baseline: int) -> tuple[NDArray, NDArray]:
    """As `standardised`, and which series vary in the baseline; the others are 0."""
    x = np.where(n > 0, x, 0.0)
    first, there = n[..., :baseline], n[..., :baseline] > 0
    centre = (x[..., :baseline] * first).sum(axis=-1, keepdims=True) / np.maximum(first.sum(axis=-1, keepdims=True), 1)
    off = (x - centre) * np.sqrt(n)
    m = there.sum(axis=-1, keepdims=True)
    mean = off[..., :baseline].sum(axis=-1, keepdims=True) / np.maximum(m, 1)
    squares = (there * (off[..., :baseline] - mean) ** 2).sum(axis=-1, keepdims=True)
    spread = np.sqrt(squares / np.maximum(m - 1, 1))
    varies = spread > SMALLEST_SPREAD * np.maximum(1.0, np.abs(centre))
    return np.where(varies, off / np.where(varies, spread, 1.0), 0.0), varies[..., 0]


def _prepared(
    values: ArrayLike, centre: float | None, sigma: float | None, baseline: int | None
) -> tuple[NDArray, float, float, NDArray, tuple[Caution, ...]]:
    x = np.asarray(values, float)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise BadOption("values: allowed: one finite number per period, in order; leave out periods without judgments")
    if sigma is not None and not (np.isfinite(sigma) and sigma > 0):
        raise BadOption(f"sigma is {sigma!r}; allowed: a positive number, in the unit of the values")
    if baseline is None or not (centre is None or sigma is None):
        return x, 0.0 if centre is None else centre, 1.0 if sigma is None else sigma, np.ones(x.size, bool), ()
    tested = np.arange(x.size) >= enough(x.size, baseline)
    part = x[:baseline]
    centre = float(part.mean()) if centre is None else centre
    if sigma is None:
        sigma = float(part.std(ddof=1))
        if not sigma > SMALLEST_SPREAD * max(1.0, abs(centre)):
            raise NotEstimable(FLAT.format(baseline=baseline))
    return x, centre, sigma, tested, short_baseline(baseline)


def short_baseline(baseline: int) -> tuple[Caution, ...]:
    """The caution of a short baseline, or none."""
    if baseline >= FEW_PERIODS:
        return ()
    text = f"The baseline has {counted(baseline, 'period')}, fewer than {FEW_PERIODS}: centre and spread are rough."
    return (Caution("short_baseline", text),)


def enough(periods: int, baseline: int) -> int:
    """Return a baseline, or refuse one that leaves nothing to watch."""
    baseline = check_count(baseline, option="baseline", least=3)
    if periods <= baseline:
        reason = (
            f"there {'is' if periods == 1 else 'are'} {counted(periods, 'period')}, and the baseline alone takes "
            f"{baseline}; watch longer, or name a shorter `baseline`"
        )
        raise NotEstimable(reason)
    return baseline
