"""Hundreds of charts at once: which of those that stand out to believe."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import HaloError, NotEstimable
from ..results import Estimate, counted
from .charts import Chart, cusum, standardised
from .run_length import Design

RULE = (
    "A chart is listed if Benjamini and Hochberg's procedure keeps it, at the false discovery rate stated, on the "
    "p-value of the highest its cumulative sum stood since the baseline, among simulated charts without a change."
)


@dataclass(frozen=True, eq=False)
class Many:
    """Several charts over the same periods.

    Attributes
    ----------
    charts : dict of str to Chart
    table : pandas.DataFrame
        Columns ``chart``, ``first_signal`` (of the chart by itself), ``onset``
        (where the change probably began), ``side``, ``p_value``, ``listed``;
        smallest p-value first. Positions count from 0.
    expected : float
        False alarms to expect over all charts and periods if nothing changes.
    rate : float
        False discovery rate of the list.
    left_out : dict of str to str
        Charts that could not be drawn, and why.
    """

    charts: dict[str, Chart]
    table: pd.DataFrame
    expected: float
    rate: float
    left_out: dict[str, str]
    rule: str = RULE


def benjamini_hochberg(p_values: ArrayLike, rate: float = 0.10) -> NDArray:
    """Which of several p-values to keep so that, on average, at most this share of those kept is false.

    For independent tests, or tests that err in the same direction together.

    References
    ----------
    Benjamini and Hochberg (1995), Journal of the Royal Statistical Society B 57, 289-300.

    Examples
    --------
    >>> benjamini_hochberg([.01, .5, .04, .02], .05).tolist()
    [True, False, False, True]
    """
    p = np.asarray(p_values, float)
    if not (np.isfinite(p).all() and (p >= 0).all() and (p <= 1).all() and 0 < rate < 1):
        raise HaloError("p-values lie from 0 to 1 and the rate between 0 and 1")
    if p.size == 0:
        return np.zeros(0, bool)
    ordered = np.sort(p)
    below = np.flatnonzero(ordered <= rate * np.arange(1, p.size + 1) / p.size)
    return p <= ordered[below[-1]] if below.size else np.zeros(p.size, bool)


def e_benjamini_hochberg(e_values: ArrayLike, rate: float = 0.10) -> NDArray:
    """The same from e-values: holds however the charts depend on each other, and at every look.

    Take the largest m with m e-values of at least charts / (rate × m).

    References
    ----------
    Wang and Ramdas (2022), Journal of the Royal Statistical Society B 84, 822-852.

    Examples
    --------
    >>> e_benjamini_hochberg([100, 1, 50, 0.2], .10).tolist()
    [True, False, True, False]
    """
    e = np.asarray(e_values, float)
    if not ((e >= 0).all() and 0 < rate < 1):
        raise HaloError("e-values are at least 0 and the rate lies between 0 and 1")
    return benjamini_hochberg(np.minimum(1, 1 / np.maximum(e, 1e-300)), rate)


def expected_false_alarms(charts: int, periods: int, run_length: float) -> float:
    """Charts × periods / run length: the alarms that come if nothing changes.

    Examples
    --------
    >>> expected_false_alarms(100, 30, 370.4).__round__(1)
    8.1
    """
    if charts < 0 or periods < 0 or not run_length > 0:
        raise HaloError("charts and periods are counts and the run length is positive")
    return charts * periods / run_length


def expected_estimate(charts: int, run_length: float, *, periods: int = 30) -> Estimate:
    """False alarms to expect over all charts in so many periods, for a gate; a computed figure, without an interval.

    Examples
    --------
    >>> expected_estimate(10, 600.0).value
    0.5
    """
    value = expected_false_alarms(charts, periods, run_length)
    said = f"{counted(charts, 'chart')} × {periods} periods / run length of {run_length:.0f}; computed, so no interval"
    return Estimate(
        value=value,
        low=value,
        high=value,
        confidence=1,
        kind="count",
        n_items=0,
        n_raters=0,
        n_judgments=0,
        method=said,
        over="items",
    )


def cusum_p_values(highest: ArrayLike, k: float, *, baseline: int, periods: int) -> NDArray:
    """Chance that a chart on which nothing changes ever stood as high since its baseline.

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


def many(
    values: Mapping[str, ArrayLike], design: Design, *, baseline: int, rate: float = 0.10, ready: bool = False
) -> Many:
    """One CUSUM a series, and the list of those to believe, period by period.

    Of the charts listed at the day of the report at most a share of `rate` is
    false on average. `expected` counts the false alarms of the charts read one by one, day by day.

    Parameters
    ----------
    values : mapping of str to array_like
        One value a period, all over the same periods.
    design : Design
        Of `cusum_design`, with this baseline.
    baseline : int
        The first so many periods of each series give its centre and spread.
    rate : float
        False discovery rate.
    ready : bool
        The values are standardised already, by a baseline of this length; see `series`.

    Returns
    -------
    Many

    Raises
    ------
    NotEstimable
        If no series can be watched.
    HaloError
        If the series differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from halo_methods.drift import cusum_design
    >>> rng = np.random.default_rng(1)
    >>> flat = {f"r{i}": rng.normal(size=60) for i in range(9)}
    >>> moved = {"r9": np.r_[rng.normal(size=40), rng.normal(2, 1, 20)]}
    >>> found = many(flat | moved, cusum_design(465, baseline=30), baseline=30)
    >>> found.table.loc[found.table["listed"], "chart"].tolist()
    ['r9']
    """
    charts: dict[str, Chart] = {}
    left_out: dict[str, str] = {}
    for name, series in values.items():
        try:
            z = (
                standardised(series, np.ones(np.size(series)), baseline=baseline)
                if not ready
                else np.array(series, float)
            )
        except NotEstimable as reason:
            left_out[name] = str(reason)
            continue
        z[:baseline] = 0
        charts[name] = cusum(z, design.weight, design.limit)
    if not charts:
        raise NotEstimable(next(iter(left_out.values()), "there is no series to watch"))
    lengths = {len(chart.statistic) for chart in charts.values()}
    if len(lengths) > 1:
        raise HaloError("all series cover the same periods; fill or leave out periods beforehand")
    periods = lengths.pop()
    sides = {name: np.maximum(c.statistic[:, 0], -c.statistic[:, 1]) for name, c in charts.items()}
    p = cusum_p_values([s.max() for s in sides.values()], design.weight, baseline=baseline, periods=periods)
    rows: list[dict[str, Any]] = []
    for (name, chart), p_value, listed in zip(charts.items(), p, benjamini_hochberg(p, rate), strict=True):
        first = chart.signals[0] if chart.signals else None
        seen = first if first is not None else int(sides[name].argmax()) if listed else None
        side = "" if seen is None else "up" if chart.statistic[seen, 0] >= -chart.statistic[seen, 1] else "down"
        onset = None if seen is None else chart.onset(seen)
        rows.append({"chart": name, "first_signal": first, "onset": onset, "side": side, "p_value": float(p_value),
                     "listed": bool(listed)})  # fmt: skip
    table = pd.DataFrame(rows).astype({"first_signal": "Int64", "onset": "Int64"})
    table = table.sort_values(["p_value", "chart"], ignore_index=True)
    expected = expected_false_alarms(len(charts), periods - baseline, design.run_length)
    return Many(charts, table, expected, rate, left_out)


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
