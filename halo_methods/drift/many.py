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
    "In each period a chart is listed if Benjamini and Hochberg's procedure keeps it at the false discovery rate "
    "stated, on the p-value of its cumulative sum among simulated charts on which nothing changes."
)


@dataclass(frozen=True, eq=False)
class Many:
    """Several charts over the same periods.

    Attributes
    ----------
    charts : dict of str to Chart
    listed : dict of str to tuple of int
        Positions at which the procedure keeps the chart.
    table : pandas.DataFrame
        Columns ``chart``, ``first_signal`` (of the chart by itself), ``first_listed``,
        ``onset``, ``side``, ``listed_now``.
    expected : float
        False alarms to expect over all charts and periods if nothing changes.
    rate : float
        False discovery rate of each period's list.
    left_out : dict of str to str
        Charts that could not be drawn, and why.
    """

    charts: dict[str, Chart]
    listed: dict[str, tuple[int, ...]]
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
    return Estimate(value, value, value, 0.95, None, periods, 1, charts * periods, said, "items")


def cusum_p_values(sums: ArrayLike, k: float, baseline: int) -> NDArray:
    """Chance that a chart on which nothing changes stands as high, period by period.

    The larger side of each chart is compared with those of 20,000 simulated
    charts in the same period, whose centre and spread come from a baseline of
    the same length, so that the luck of the baseline is in the figure.

    Parameters
    ----------
    sums : array_like, shape (n_charts, n_periods)
        The larger side of each CUSUM; zero during the baseline.
    k : float
        Allowance, in standard deviations.
    baseline : int
        Periods of the baseline.

    Examples
    --------
    >>> p = cusum_p_values([[0] * 20 + [0.0, 3.0, 9.0]], 0.5, 20)[0]
    >>> bool(p[20] == 1) and bool(p[21] > p[22])
    True
    """
    observed = np.asarray(sums, float)
    null = _null_sums(observed.shape[1], float(k), int(baseline))
    size = null.shape[1]
    return np.stack(
        [(1 + size - np.searchsorted(null[t], observed[:, t], side="left")) / (size + 1) for t in range(len(null))],
        axis=1,
    )


def many(
    values: Mapping[str, ArrayLike], design: Design, *, baseline: int, rate: float = 0.10, ready: bool = False
) -> Many:
    """One CUSUM a series, and the list of those to believe, period by period.

    The list of a period holds, on average, at most `rate` false ones. Over a
    quarter with nothing changed some period lists something now and then;
    `expected` counts the alarms of the charts read one by one.

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
    >>> found.table.loc[found.table["listed_now"], "chart"].tolist()
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
    sides = np.stack([np.maximum(c.statistic[:, 0], -c.statistic[:, 1]) for c in charts.values()])
    p = cusum_p_values(sides, design.weight, baseline)
    kept: NDArray[np.bool_] = np.zeros(p.shape, dtype=bool)
    for t in range(baseline, p.shape[1]):
        kept[:, t] = benjamini_hochberg(p[:, t], rate)
    listed = {name: tuple(map(int, np.flatnonzero(row))) for name, row in zip(charts, kept, strict=True)}
    rows: list[dict[str, Any]] = []
    for name, chart in charts.items():
        first = listed[name][0] if listed[name] else None
        seen = first if first is not None else (chart.signals[0] if chart.signals else None)
        up = seen is not None and chart.statistic[seen, 0] >= -chart.statistic[seen, 1]
        rows.append({"chart": name, "first_signal": chart.signals[0] if chart.signals else None, "first_listed": first,
                     "onset": None if seen is None else chart.onset(seen), "side": None if seen is None else
                     ("up" if up else "down"), "listed_now": bool(kept[len(rows), -1])})  # fmt: skip
    table = pd.DataFrame(rows).astype(dict.fromkeys(("first_signal", "first_listed", "onset"), "Int64"))
    expected = expected_false_alarms(len(charts), lengths.pop() - baseline, design.run_length)
    return Many(charts, listed, table, expected, rate, left_out)


@lru_cache(maxsize=16)
def _null_sums(periods: int, k: float, baseline: int, charts: int = 20_000) -> NDArray:
    """The larger side of simulated charts without a change, sorted, one row a period."""
    rng = np.random.default_rng(20260)
    centre = rng.normal(size=charts) / np.sqrt(baseline)
    spread = np.sqrt(rng.chisquare(baseline - 1, size=charts) / (baseline - 1))
    sums = np.zeros((periods, charts))
    up, down = np.zeros(charts), np.zeros(charts)
    for t in range(baseline, periods):
        z = (rng.normal(size=charts) - centre) / spread
        up, down = np.maximum(0, up + z - k), np.maximum(0, down - z - k)
        sums[t] = np.sort(np.maximum(up, down))
    return sums
