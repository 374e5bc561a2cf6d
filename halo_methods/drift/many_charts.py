"""Hundreds of charts at once: which of those that stand out to believe."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..results import Figure, counted, readable
from ..stats.checks import check_probability
from ..stats.discovery import benjamini_hochberg
from .control_charts import Chart, cusum_chart, enough, sums
from .run_length import Design


@dataclass(frozen=True, eq=False, kw_only=True)
class ManyCharts:
    """Several CUSUM charts over the same periods.

    A chart is *listed* if Benjamini and Hochberg's procedure keeps it, at the
    false discovery rate stated, on the p-value of the highest its cumulative
    sum stood since the baseline, among simulated charts without a change.

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
    z: Mapping[str, ArrayLike],
    design: Design,
    *,
    baseline: int,
    rate: float = 0.10,
    by: str = "chart",
    tested: NDArray | None = None,
    left_out: Mapping[str, str] | None = None,
) -> ManyCharts:
    """Chart several series by one CUSUM each, and list those to believe.

    Of the charts listed at the day of the report at most a share of `rate` is
    false on average. `expected` counts the false alarms of the charts read one by one, day by day.

    Parameters
    ----------
    z : mapping of str to array_like
        One value per period, all over the same periods, standardised by their baselines; see `standardised`.
    design : Design
        Of `cusum_design`, with this baseline.
    baseline : int
        The first so many periods gave each series its centre and spread.
    rate : float
        False discovery rate.
    by : str
        What the charts are of: a column of the table.
    tested : ndarray of bool, optional
        The periods in which charts can signal; otherwise all after the baseline.
    left_out : mapping of str to str, optional
        Series that could not be standardised, and why.

    Raises
    ------
    NotEstimable
        If there is no series to watch.
    BadOption
        If the series differ in length.

    Examples
    --------
    >>> from halo_methods.drift import cusum_design, standardised
    >>> rng = np.random.default_rng(1)
    >>> series = rng.normal(size=(10, 60)) + 2 * np.outer(np.arange(10) == 9, np.arange(60) >= 40)
    >>> z = standardised(series, np.ones((10, 60)), baseline=30)
    >>> charts = many({f"r{i}": row for i, row in enumerate(z)}, cusum_design(465, baseline=30), baseline=30)
    >>> charts.table.loc[charts.table["listed"], "chart"].tolist()
    ['r9']
    """
    check_probability(rate, option="rate", open_ends=True)
    left_out = dict(left_out or {})
    if not z:
        raise NotEstimable(next(iter(left_out.values()), "there is no series to watch"))
    if len({np.size(series) for series in z.values()}) > 1:
        raise BadOption("z: allowed: series over the same periods; fill or leave out periods beforehand")
    series = np.array(list(z.values()), float)
    tested = np.arange(series.shape[1]) >= enough(series.shape[1], baseline) if tested is None else tested
    sides = sums(series, tested, design.weight)
    settings = (tested, design.weight, design.limit, design.run_length)
    charts = [cusum_chart(each, *settings) for each in sides]
    p_values = cusum_p_values(np.abs(sides).max(axis=(1, 2)), design.weight, baseline=baseline, periods=len(tested))
    believed = benjamini_hochberg(p_values, rate)
    rows = [
        (name, *_signal(chart, listed), p, listed)
        for name, chart, p, listed in zip(z, charts, p_values, believed, strict=True)
    ]
    table = pd.DataFrame(rows, columns=[by, "first_signal", "onset", "side", "p_value", "listed"])
    table = table.astype({"first_signal": "Int64", "onset": "Int64"}).sort_values(["p_value", by])
    by_name = {table[by][i]: charts[i] for i in table.index}
    expected = design.false_alarms(len(charts), periods=int(tested.sum())).value
    return ManyCharts(table=table.reset_index(drop=True), charts=by_name, by=by, expected=expected, left_out=left_out)


def _signal(chart: Chart, listed: bool) -> tuple[int | None, int | None, str]:
    """The first signal, where the change began, to which side; a listed chart that never signals, at its highest."""
    first = chart.signals[0] if chart.signals else None
    if first is None and not listed:
        return None, None, ""
    seen = int(np.abs(chart.statistic).max(axis=1).argmax()) if first is None else first
    up, down = chart.statistic[seen]
    return first, chart.onset(seen), "up" if up >= -down else "down"


def cusum_p_values(highest: ArrayLike, k: float, *, baseline: int, periods: int) -> NDArray:
    """Compute the chance that a chart on which nothing changes ever stood as high since its baseline.

    Each chart is compared with 20,000 simulated ones over as many periods,
    whose centre and spread come from a baseline of the same length, so that
    the luck of the baseline is in the figure.

    Parameters
    ----------
    highest : array_like
        The highest that either side of each CUSUM stood.
    k : float
        Allowance, in standard deviations.
    baseline, periods : int
        Periods of the baseline, and of baseline and watch together.

    Examples
    --------
    >>> p = cusum_p_values([0, 5, 30], 0.5, baseline=20, periods=60)
    >>> bool(p[0] == 1) and bool(p[1] > p[2])
    True
    """
    null = _highest_without_change(int(periods), float(k), int(baseline))
    return (1 + null.size - np.searchsorted(null, np.asarray(highest, float), side="left")) / (null.size + 1)


@lru_cache(maxsize=16)
def _highest_without_change(periods: int, k: float, baseline: int, charts: int = 20_000) -> NDArray:
    """The highest that simulated charts without a change stood, sorted."""
    rng = np.random.default_rng(20260)
    centre = rng.normal(size=charts) / np.sqrt(baseline)
    spread = np.sqrt(rng.chisquare(baseline - 1, size=charts) / (baseline - 1))
    up, down, highest = np.zeros(charts), np.zeros(charts), np.zeros(charts)
    for _ in range(baseline, periods):
        z = (rng.normal(size=charts) - centre) / spread
        up, down = np.maximum(0, up + z - k), np.maximum(0, down - z - k)
        highest = np.maximum(highest, np.maximum(up, down))
    return np.sort(highest)
