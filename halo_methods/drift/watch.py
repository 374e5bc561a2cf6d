"""Charts of a table of judgments: fresh items, anchors, each rater, each slice."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from .charts import Chart, cusum
from .many import Many, many
from .periods import Period, dated, guideline_changes, of_periods, split_anchors
from .run_length import Design, cusum_design
from .sequences import ChangeTest, Sequence, change_test, confidence_sequence
from .series import series, series_of
from .shares import laney, p_chart

What = Literal["fresh", "anchors"]


@dataclass(frozen=True, eq=False)
class Watched:
    """One chart over its periods.

    Attributes
    ----------
    table : pandas.DataFrame
        Columns ``period``, ``n``, ``mean``, ``guideline``.
    chart : Chart
    design : Design
    watched : int
        Periods after the baselines, in which it can signal.
    """

    table: pd.DataFrame
    chart: Chart
    design: Design
    watched: int

    @property
    def drawn(self) -> pd.DataFrame:
        """The chart's table with its periods, ready for `plots.chart`."""
        return self.chart.table.assign(period=self.table["period"].to_list())

    @property
    def onsets(self) -> list[date]:
        """Where each alarm's change probably began."""
        return [self.table["period"].iloc[self.chart.onset(a)] for a in self.chart.alarms]


def watch(
    j: Judgments, what: What = "fresh", *, period: Period = "D", baseline: int = 30, run_length: float = 500
) -> Watched:
    """A CUSUM of fresh items, or of anchors against what each got before under the same guideline.

    Where no item comes back, every item is fresh.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, dated.
    what : {"fresh", "anchors"}
    period : {"D", "W"}
    baseline : int
        The first so many periods of each version of the guideline give its centre and spread.
    run_length : float
        Wanted periods between false alarms.

    Raises
    ------
    NotEstimable
        If nothing is dated, there are no anchors, or the baseline leaves nothing to watch.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> watch(j, "anchors").chart.signals
    ()
    """
    if what not in get_args(What):
        raise BadOption.of("what", what, get_args(What))
    frame, value = dated(j, period=period), "y"
    if what == "anchors":
        unit = ["item_id", *(["guideline"] if "guideline" in frame.columns else [])]
        frame = split_anchors(frame)[0].with_columns((pl.col("y") - pl.col("y").mean().over(unit)).alias("off"))
        value = "off"
    else:
        frame = _fresh(frame)
    table = of_periods(frame, value)
    z = series(table, baseline=baseline)
    design = cusum_design(run_length, baseline=baseline)
    sizes = table.groupby((table["guideline"] != table["guideline"].shift()).cumsum()).size()
    return Watched(table, cusum(z, design.weight, design.limit), design, int((sizes - baseline).clip(lower=0).sum()))


def watch_share(
    j: Judgments, watched: str | None = None, *, period: Period = "D", baseline: int = 30
) -> tuple[pd.DataFrame, Chart, Chart]:
    """Laney's chart and the plain p chart of one label's share among fresh items, under the version in use.

    Parameters
    ----------
    watched : str, optional
        The label; otherwise the first of an ordered scale, or the most frequent.

    Returns
    -------
    pandas.DataFrame, Chart, Chart
        Periods with ``n`` and ``mean``; Laney's chart; the plain one.

    Raises
    ------
    NotEstimable
        As `watch`; also for numbers, which have no share.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> table, wide, plain = watch_share(j)
    >>> len(table)
    50
    """
    if j.numeric:
        raise NotEstimable("labels are numbers, so no label has a share; see the CUSUM of their mean")
    labels = (watched or str(j.labels[0]),) if watched or j.level == "ordinal" else None
    frame = _fresh(in_use(dated(j, period=period, watched=labels)))
    table = of_periods(frame)
    counts = (table["mean"] * table["n"]).round(), table["n"]
    return table, laney(*counts, baseline=baseline), p_chart(*counts, baseline=baseline)


def watch_each(
    j: Judgments,
    by: str,
    *,
    period: Period = "D",
    baseline: int = 30,
    run_length: float = 500,
    rate: float = 0.10,
) -> tuple[Many, list[date]]:
    """A CUSUM for each rater, on anchors against the other raters, or for each value of another column, on fresh items.

    Returns
    -------
    Many and list of date
        The charts, and their periods.

    Raises
    ------
    NotEstimable
        As `watch`; also if there is no such column, or for raters no anchors.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> made, periods = watch_each(j, "slice")
    >>> made.table.loc[made.table["listed"], "chart"].tolist()
    ['mail']
    """
    frame = dated(j, period=period)
    raters = by == "rater_id"
    part = split_anchors(frame)[0] if raters else _fresh(frame)
    if raters and part["rater_id"].n_unique() < 3:
        raise NotEstimable("a rater is held against the others on the same anchors; it takes three raters")
    values, periods = series_of(part, by, "gap" if raters else "y", baseline=baseline, anew=not raters)
    made = many(values, cusum_design(run_length, baseline=baseline), baseline=baseline, rate=rate, ready=True)
    return made, periods


def with_dates(made: Many, periods: list[date]) -> pd.DataFrame:
    """The table of `watch_each` with dates for positions.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> with_dates(*watch_each(j, "slice"))["onset"].iloc[0]
    datetime.date(2026, 5, 11)
    """
    dates = {c: [None if pd.isna(i) else periods[int(i)] for i in made.table[c]] for c in ("first_signal", "onset")}
    return made.table.assign(**{c: pd.Series(d, dtype=object) for c, d in dates.items()})


def look_by_look(table: pd.DataFrame, *, baseline: int = 30) -> tuple[Sequence, ChangeTest]:
    """The share of `watch_share` after each period since the baseline, and the test against the baseline's share.

    Raises
    ------
    NotEstimable
        If no period follows the baseline.

    Examples
    --------
    >>> table = pd.DataFrame({"n": [10] * 6, "mean": [.1, .1, .1, .9, .9, .9]})
    >>> look_by_look(table, baseline=3)[1].signals
    (0, 1, 2)
    """
    if len(table) <= baseline:
        raise NotEstimable(f"there are {len(table)} periods and the baseline takes {baseline}; nothing follows it")
    k, n = (table["mean"] * table["n"]).round(), table["n"]
    since = k.iloc[baseline:], n.iloc[baseline:]
    before = int(k.iloc[:baseline].sum()), int(n.iloc[:baseline].sum())
    return confidence_sequence(*since), change_test(*since, before)


def onsets(
    j: Judgments, by: str | None = None, *, period: Period = "D", baseline: int = 30, run_length: float = 500
) -> list[date]:
    """Where all the charts that can be drawn saw a change begin.

    Raises
    ------
    NotEstimable
        If no chart can be drawn and no guideline changed.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> len(onsets(j, "slice")) >= 2
    True
    """
    dated(j, period=period)
    found: set[date] = set()
    drawn, why = 0, ""
    for what in get_args(What):
        try:
            found |= set(watch(j, what, period=period, baseline=baseline, run_length=run_length).onsets)
        except NotEstimable as reason:
            why = why or str(reason)
            continue
        drawn += 1
    for column in ("rater_id", *([by] if by else [])):
        try:
            made, periods = watch_each(j, column, period=period, baseline=baseline, run_length=run_length)
        except NotEstimable:
            continue
        drawn += 1
        seen = made.table[made.table["listed"] | made.table["first_signal"].notna()]
        found |= {periods[int(i)] for i in seen["onset"]}
    if not drawn and not marks(j, period=period):
        raise NotEstimable(f"no chart could be drawn and no guideline changed, so no date is known to look at: {why}")
    return sorted(found)


def marks(j: Judgments, *, period: Period = "D") -> list[tuple[date, str]]:
    """Dates and versions of the guideline for a picture; none where it is not recorded.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> marks(read_judgments(reports.sample("drift")))
    [(datetime.date(2026, 4, 11), '2')]
    """
    try:
        made = guideline_changes(j, period=period)
    except NotEstimable:
        return []
    return list(zip(made["period"], made["after"].astype(str), strict=True))


def _fresh(frame: pl.DataFrame) -> pl.DataFrame:
    try:
        fresh = split_anchors(frame)[1]
    except NotEstimable:
        return frame
    if fresh.is_empty():
        raise NotEstimable("every item is an anchor, so nothing shows what new items are like")
    return fresh


def in_use(frame: pl.DataFrame) -> pl.DataFrame:
    """The periods since the last change of the guideline."""
    table = of_periods(frame)
    moved = np.flatnonzero(table["guideline"].to_numpy()[1:] != table["guideline"].to_numpy()[:-1])
    return frame.filter(pl.col("period") >= table["period"].iloc[moved[-1] + 1]) if moved.size else frame
