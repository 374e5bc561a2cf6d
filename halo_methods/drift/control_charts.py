"""Control charts over periods: cumulative sums, weighted means, shares, and hundreds of charts at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..results import Caution, Figure, counted, readable
from ..stats.checks import check_count, check_probability
from ..stats.discovery import benjamini_hochberg
from .run_length import Design, cusum_run_length, ewma_run_length, moving_spread, share_run_length

FEW_EXPECTED = 5
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
    centre : float
        Taken for the mean of a period, in the unit of the limits.
    tested : ndarray of bool
        The periods in which it can signal; the others are baselines.
    run_length : float
        Periods between false alarms if periods are independent and normal; for a chart of shares, binomial.
    method : str
    cautions : tuple of Caution
        When not to trust it.
    periods : sequence
        Their dates, where it was made from dated judgments; otherwise positions from 0.
    changes : tuple of (period, version)
        Where another version of the guideline came into use.
    title, unit : str
        For the picture.
    """

    statistic: NDArray
    limits: tuple[NDArray, NDArray]
    tested: NDArray
    run_length: float
    method: str
    periods: Sequence[Any]
    centre: float = 0.0
    cautions: tuple[Caution, ...] = ()
    changes: tuple[tuple[Any, str], ...] = ()
    title: str = ""
    unit: str = ""

    @cached_property
    def signals(self) -> tuple[int, ...]:
        """Positions outside the limits, from 0."""
        outside = (self.limits[1] < self.statistic.T) | (self.limits[0] > self.statistic.T)
        return tuple(map(int, np.flatnonzero(np.atleast_2d(outside).any(axis=0) & self.tested)))

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
        return [self.periods[self.onset(alarm)] for alarm in self.alarms]

    @property
    def table(self) -> pd.DataFrame:
        """Columns ``period``, ``statistic`` (or ``upper``, ``lower``), ``low``, ``high``, ``signal``."""
        names = ("upper", "lower") if self.statistic.ndim == 2 else ("statistic",)
        sides = dict(zip(names, np.atleast_2d(self.statistic.T), strict=True))
        table = pd.DataFrame({"period": pd.Series(self.periods, dtype=object), **sides})
        return table.assign(low=self.limits[0], high=self.limits[1], signal=table.index.isin(self.signals))

    def plot(self) -> Figure:
        """The chart over its periods, signals as crosses, changes of the guideline dashed."""
        from .. import plots

        return plots.chart(self.table, changes=self.changes, unit=self.unit, title=self.title or self.method)

    def __str__(self) -> str:
        watched = counted(int(self.tested.sum()), "period")
        return f"{counted(len(self.alarms), 'alarm')} in {watched} watched; {self.method}."


def cusum(values: ArrayLike, k: float, h: float, *, baseline: int | None = None) -> Chart:
    """Chart two-sided cumulative sums, which find small lasting shifts.

    Parameters
    ----------
    values : array_like
        One value per period, in order; without a baseline standardised: less
        their known mean, divided by their known standard deviation.
    k, h : float
        Allowance and decision limit, in standard deviations; see `cusum_design`.
    baseline : int, optional
        The first periods, which give mean and standard deviation; they
        are not tested themselves, and the sums start after them.

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
    z = _in_order(values)
    tested = np.ones(z.size, bool)
    if baseline is not None:
        tested = np.arange(z.size) >= enough(z.size, baseline)
        z, varies = scaled(z, np.ones(z.size), baseline)
        if not varies:
            raise NotEstimable(FLAT.format(baseline=baseline))
    length = cusum_run_length(k, h, baseline=baseline)
    chart = cusum_chart(sums(z, tested, k), tested, k, h, length)
    return chart if baseline is None else replace(chart, cautions=short_baseline(baseline))


def sums(z: NDArray, tested: NDArray, k: float) -> NDArray:
    """Add up what lies more than k above, and below, the centre: shape (..., periods, 2), 0 where nothing is tested."""
    sides = np.zeros((*z.shape, 2))
    now = np.zeros((*z.shape[:-1], 2))
    for t in np.flatnonzero(tested):
        if t and not tested[t - 1]:
            now = np.zeros_like(now)
        now = np.maximum(0, now + np.stack([z[..., t], -z[..., t]], axis=-1) - k)
        sides[..., t, :] = now
    sides[..., 1] *= -1
    return sides


def cusum_chart(sides: NDArray, tested: NDArray, k: float, h: float, run_length: float) -> Chart:
    """A chart of cumulative sums of standardised values."""
    limit = np.full(len(tested), float(h))
    return Chart(
        statistic=sides,
        limits=(-limit, limit),
        tested=tested,
        run_length=run_length,
        method=f"two-sided CUSUM, k {k:.3g}, h {h:.4g}",
        periods=range(len(tested)),
        unit="cumulative sum",
    )


def ewma(values: ArrayLike, lam: float, L: float) -> Chart:
    """Chart an exponentially weighted moving average with its limits.

    Parameters
    ----------
    values : array_like
        One value per period, in order, standardised: less their known mean, divided by their known standard deviation.
    lam : float
        Weight of the newest value.
    L : float
        Width of the limits, in standard deviations of the average.

    Raises
    ------
    BadOption
        If a value is missing, or an option is out of range.

    References
    ----------
    Roberts (1959), Technometrics 1, 239-250; Lucas and Saccucci (1990).

    Examples
    --------
    >>> ewma([0, 0, 3, 3, 3], 0.2, 2.962).signals
    (3, 4)
    """
    x, length = _in_order(values), ewma_run_length(lam, L)
    limit = np.full(x.size, L * np.sqrt(lam / (2 - lam)))
    return Chart(
        statistic=pd.Series([0.0, *x]).ewm(alpha=lam, adjust=False).mean().to_numpy()[1:],
        limits=(-limit, limit),
        tested=np.ones(x.size, bool),
        run_length=length,
        method=f"EWMA, lam {lam:.3g}, L {L:.4g}",
        periods=range(x.size),
        unit="weighted average",
    )


def scaled(x: NDArray, n: NDArray, baseline: int) -> tuple[NDArray, NDArray]:
    r"""Put means of periods of unequal size on one footing, and tell which series vary in the baseline; others are 0.

    :math:`z_i = (\bar x_i - \bar x)\sqrt{n_i} / s`, with the centre and the
    standard deviation s of :math:`(\bar x_i - \bar x)\sqrt{n_i}` from the
    baseline, so that variation between periods is in it. A period of size 0 is missing: it gets 0.

    Examples
    --------
    >>> scaled(np.array([1.0, 2, 3, 4]), np.ones(4), 3)[0].tolist()
    [-1.0, 0.0, 1.0, 2.0]
    """
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


def _in_order(values: ArrayLike) -> NDArray:
    x = np.asarray(values, float)
    if x.ndim != 1 or x.size == 0 or not np.isfinite(x).all():
        raise BadOption("values: allowed: one finite number per period, in order; leave out periods without judgments")
    return x


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


def laney(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    r"""Chart a share per period by Laney's p' chart, with limits as wide as periods really differ.

    .. math:: \bar p \pm 3 \sigma_{p_i} \sigma_z,\quad \sigma_{p_i} = \sqrt{\bar p (1 - \bar p)/n_i},\quad
              \sigma_z = \overline{|z_i - z_{i-1}|} / 1.128

    Never use it alone: a slow drift looks to it like variation between
    periods, and the limits widen to hold it. Set a `cusum` beside it. Without
    a baseline the chart judges the periods by themselves.

    Parameters
    ----------
    defects, sizes : array_like
        Counts and what they were counted in, one per period; leave out periods of size 0.
    baseline : int, optional
        The first so many periods give the centre and the spread; all periods are shown, those after it are tested.
    limit : float
        In standard deviations.

    Returns
    -------
    Chart
        ``statistic`` is the share; the method says how much wider than the plain ones its limits are.

    Raises
    ------
    BadOption
        If the counts are not whole numbers with 0 <= defects <= sizes and sizes >= 1.
    NotEstimable
        If fewer than three periods, or no variation, leave the spread unknown.

    References
    ----------
    Laney (2002), Quality Engineering 14, 531-537.

    Examples
    --------
    >>> chart = laney([10, 12, 9, 11, 30], [100] * 5, baseline=4)
    >>> chart.signals, round(chart.centre, 3)
    ((4,), 0.105)
    """
    return _share_chart(defects, sizes, baseline, limit, widened=True)


def p_chart(defects: ArrayLike, sizes: ArrayLike, *, baseline: int | None = None, limit: float = 3) -> Chart:
    """Chart a share per period by the plain p chart, whose limits know only the chance of drawing items.

    Where batches differ it flags periods in which nothing happened; see
    `laney`, whose parameters it shares.

    Examples
    --------
    >>> p_chart([10, 12, 9, 11, 30], [100] * 5, baseline=4).signals
    (4,)
    """
    return _share_chart(defects, sizes, baseline, limit, widened=False)


def _share_chart(defects: ArrayLike, sizes: ArrayLike, baseline: int | None, limit: float, *, widened: bool) -> Chart:
    d, n = np.asarray(defects, float), np.asarray(sizes, float)
    counts = d.shape == n.shape and d.ndim == 1 and bool(((d == d.round()) & (n == n.round())).all())
    if not (counts and ((d >= 0) & (d <= n) & (n >= 1) & np.isfinite(n)).all()):
        raise BadOption("defects and sizes: allowed: two rows of whole numbers, 0 <= defects <= sizes and sizes >= 1")
    part = np.arange(d.size) < (d.size if baseline is None else enough(d.size, baseline))
    p = float(d[part].sum() / n[part].sum())
    if not 0 < p < 1:
        raise NotEstimable(
            f"{'all' if p == 1 else 'none'} of the {int(n[part].sum()):,} judgments of the baseline count, so the "
            "share has no spread to judge by"
        )
    sigma = np.sqrt(p * (1 - p) / n)
    spread, method = 1.0, "p chart"
    cautions = list(short_baseline(int(part.sum())))
    if widened:
        if part.sum() < 3:
            raise NotEstimable(f"the spread between periods needs three of them; there are {part.sum()}")
        spread = float(moving_spread(((d / n - p) / sigma)[part]))
        if spread <= 0:
            raise NotEstimable("the share is the same in every period, so there is no spread to judge by")
        method = f"Laney's p' chart, limits {spread:.3g} times the plain ones"
        cautions.append(Caution("absorbs_drift", "This chart absorbs slow drift: read it beside a CUSUM."))
    half = limit * sigma * spread
    tested = part if baseline is None else ~part
    expected = float(n.min() * min(p, 1 - p))
    if expected < FEW_EXPECTED:
        text = (
            f"The smallest period expects {expected:.1f} of the rarer answer, fewer than {FEW_EXPECTED}: the limits "
            "come from a normal curve that such counts do not follow."
        )
        cautions.append(Caution("few_expected", text))
    return Chart(
        statistic=d / n,
        limits=(np.maximum(p - half, 0), np.minimum(p + half, 1)),
        centre=p,
        tested=tested,
        run_length=share_run_length(
            limit,
            p,
            float(n[tested].mean()),
            baseline=None if baseline is None else n[part],
            spread=spread if widened else None,
        ),
        method=method,
        cautions=tuple(cautions),
        periods=range(d.size),
        unit="share",
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class ManyCharts:
    """Several CUSUM charts over the same periods.

    A chart is *listed* if Benjamini and Hochberg's procedure keeps it, at the false discovery rate stated.
    Its p-value is that of the highest its cumulative sum stood since the baseline, among simulated charts without a
    change.

    Attributes
    ----------
    table : pandas.DataFrame
        ``by``, ``first_signal`` (of the chart alone), ``onset`` (where the change
        probably began), ``side``, ``p_value``, ``listed``; smallest p-value first.
        Positions count from 0; charts of dated judgments have dates.
    charts : dict of str to Chart
        In the order of the table.
    by : str
        What the charts are of.
    expected : float
        False alarms to expect over all charts and periods if nothing changes.
    left_out : dict of str to str
        Charts that could not be drawn, and why.
    """

    table: pd.DataFrame
    charts: dict[str, Chart]
    by: str
    expected: float
    left_out: dict[str, str]

    @property
    def onsets(self) -> list[Any]:
        """Where the change behind each chart that signals or is listed probably began."""
        return self.table["onset"].dropna().tolist()

    def plot(self) -> Figure:
        """The chart that stands out most."""
        from .. import plots

        first = next(iter(self.charts.values()))
        names = "" if self.by == "rater_id" else f": {self.table[self.by].iloc[0]}"
        title = f"The {self.by.removesuffix('_id')} that stands out most{names}"
        return plots.chart(first.table, changes=first.changes, unit=first.unit, title=title)

    def __str__(self) -> str:
        left_out = f"; {counted(len(self.left_out), 'chart')} could not be drawn" if self.left_out else ""
        return (
            f"{int(self.table['listed'].sum())} of {counted(len(self.charts), 'chart')} listed; false alarms to expect "
            f"since the baseline: {readable(self.expected)}{left_out}."
        )


def many(
    charts: Mapping[str, Chart],
    design: Design,
    *,
    baseline: int,
    rate: float = 0.10,
    by: str = "chart",
    left_out: Mapping[str, str] | None = None,
) -> ManyCharts:
    """Read several CUSUM charts at once, and list those to believe.

    Of the charts listed at the day of the report at most a share of `rate` is
    false on average. `expected` counts the false alarms of the charts read one by one, day by day.

    Parameters
    ----------
    charts : mapping of str to Chart
        Of `cusum`, all over the same periods and with the settings of the design.
    design : Design
        Of `cusum_design`, with this baseline.
    baseline : int
        The first so many periods gave each series its centre and spread.
    rate : float
        False discovery rate.
    by : str
        What the charts are of: a column of the table.
    left_out : mapping of str to str, optional
        Charts that could not be drawn, and why.

    Raises
    ------
    NotEstimable
        If there is no chart.
    BadOption
        If the charts differ in length.

    Examples
    --------
    >>> from halo_methods.drift import cusum_design
    >>> series = np.random.default_rng(1).normal(size=(10, 60))
    >>> series[9, 40:] += 2
    >>> design = cusum_design(465, baseline=30)
    >>> each = {f"r{i}": cusum(x, design.weight, design.limit, baseline=30) for i, x in enumerate(series)}
    >>> charts = many(each, design, baseline=30)
    >>> charts.table.loc[charts.table["listed"], "chart"].tolist()
    ['r9']
    """
    check_probability(rate, option="rate", open_ends=True)
    left_out = dict(left_out or {})
    if not charts:
        raise NotEstimable(next(iter(left_out.values()), "there is no chart to read"))
    if len({len(chart.tested) for chart in charts.values()}) > 1:
        raise BadOption("charts: allowed: charts over the same periods; fill or leave out periods beforehand")
    tested = next(iter(charts.values())).tested
    highest = [np.abs(chart.statistic).max() for chart in charts.values()]
    null = highest_without_change(len(tested), design.weight, baseline)
    p_values = (1 + null.size - np.searchsorted(null, highest)) / (null.size + 1)
    found = zip(charts.items(), p_values, benjamini_hochberg(p_values, rate=rate), strict=True)
    rows = [(name, *_signal(chart, listed), p, listed) for (name, chart), p, listed in found]
    columns = [by, "first_signal", "onset", "side", "p_value", "listed"]
    table = pd.DataFrame(rows, columns=columns, dtype=object).infer_objects()
    table = table.sort_values(["p_value", by], ignore_index=True)
    expected = design.false_alarms(len(charts), periods=int(tested.sum())).value
    in_order = {name: charts[name] for name in table[by]}
    return ManyCharts(table=table, charts=in_order, by=by, expected=expected, left_out=left_out)


def _signal(chart: Chart, listed: bool) -> tuple[Any, Any, str]:
    """The first signal, where the change began, to which side; a listed chart that never signals, at its highest."""
    if not chart.signals and not listed:
        return None, None, ""
    seen = chart.signals[0] if chart.signals else int(np.abs(chart.statistic).max(axis=1).argmax())
    up, down = chart.statistic[seen]
    first = chart.periods[seen] if chart.signals else None
    return first, chart.periods[chart.onset(seen)], "up" if up >= -down else "down"


@lru_cache(maxsize=16)
def highest_without_change(periods: int, k: float, baseline: int, charts: int = 20_000) -> NDArray:
    """Simulate how high CUSUM charts on which nothing changes stand since their baseline, sorted.

    Their centre and spread come from a baseline of the same length, so that the luck of the baseline is in the figure.

    Examples
    --------
    >>> null = highest_without_change(60, 0.5, 20)
    >>> null.size, bool(np.median(null) < 5 < null[-1])
    (20000, True)
    """
    rng = np.random.default_rng(20260)
    centre = rng.normal(size=charts) / np.sqrt(baseline)
    spread = np.sqrt(rng.chisquare(baseline - 1, size=charts) / (baseline - 1))
    up, down, highest = np.zeros(charts), np.zeros(charts), np.zeros(charts)
    for _ in range(baseline, periods):
        z = (rng.normal(size=charts) - centre) / spread
        up, down = np.maximum(0, up + z - k), np.maximum(0, down - z - k)
        highest = np.maximum(highest, np.maximum(up, down))
    return np.sort(highest)
