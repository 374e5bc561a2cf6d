"""Everything that is watched in a table of judgments: charts, changes, causes."""

from dataclasses import KW_ONLY, dataclass, replace
from functools import cached_property, partial
from typing import Any, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import basis_of, rests_on
from ..results import Estimate, Figure, counted, readable
from ..stats.change import difference, size_of
from ..stats.checks import check_count, check_probability
from ..stats.discovery import ChangeTest, Sequence, change_test, confidence_sequence
from ..stats.proportions import two_way_share
from . import dated_judgments as days
from .control_charts import Chart, ManyCharts, cusum_chart, enough, laney, many, p_chart, sums
from .dated_judgments import Period
from .run_length import Design, check_run_length, cusum_design, normal_approximation


@dataclass(frozen=True, eq=False, kw_only=True)
class ShareCharts:
    """One label's share among fresh items, by period, under the version of the guideline in use.

    Attributes
    ----------
    table : pandas.DataFrame
        ``period``, ``n`` (judgments), ``count`` (those of the label).
    laney, plain : Chart
        Laney's chart, and the plain p chart.
    run_lengths : pandas.DataFrame
        The run lengths that charts of so small counts really have, see `normal_approximation`.
    sequence : Sequence
        The share after each period since the baseline, with intervals that hold at every look.
    test : ChangeTest
        The test, at each look, against the baseline's share.
    """

    table: pd.DataFrame
    laney: Chart
    plain: Chart
    run_lengths: pd.DataFrame
    sequence: Sequence
    test: ChangeTest

    def __str__(self) -> str:
        looks = f"{len(self.test.signals)} of {counted(len(self.test.e_value), 'look')}"
        return (
            f"Signals: {len(self.laney.signals)} by Laney's limits, {len(self.plain.signals)} by the plain ones. "
            f"{looks} signal a change from the baseline's share; evidence at the last look "
            f"{readable(float(self.test.e_value[-1]))}, needed {readable(self.test.threshold)}."
        )


@dataclass(frozen=True, kw_only=True)
class RaterChanges:
    """How far each rater moved on tracking items, against the other raters.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n_before``, ``n_after``, ``change``, ``low``, ``high``, ``listed``; lowest change first.
    estimates : dict of str to Estimate
        The size of each rater's change, as a share of the scale.
    by : str
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str = "rater_id"

    def plot(self) -> Figure:
        """The changes with their intervals."""
        from .. import plots

        title = "Change of each rater on tracking items"
        return plots.intervals(self.table, self.by, "change", bar=0, unit="share of the scale", title=title)


@dataclass(frozen=True, eq=False)
class Watch:
    """Dated judgments that are watched: charts, changes since the baseline, and their likely causes.

    Each part is worked out when it is first asked for; one that the data cannot
    support raises `NotEstimable` with the reason.

    Parameters
    ----------
    judgments : Judgments
        One criterion and one stage, with ``rated_at``; better with ``guideline`` and tracking items, known items
        that come back to each rater (each repeat with its own ``round``).
    by : str, optional
        Column whose values get a chart each; otherwise the default group of the judgments.
    label : str, optional
        The label whose share is charted; otherwise the first of an ordered scale, or the most frequent.
    period : {"D", "W"}
        Day, or week from Monday; in UTC.
    baseline : int
        The first so many periods of each version of the guideline give its centre and spread.
    run_length : float
        Wanted periods between false alarms of one chart.
    rate : float
        False discovery rate of the lists of raters and groups.

    Raises
    ------
    BadOption
        If an option is out of range.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["none", "partly", "whole"], level="ordinal")
    >>> watch = Watch(j, by="slice")
    >>> watch.groups.table.loc[watch.groups.table["listed"], "slice"].tolist()
    ['mail']
    >>> watch.causes.table["cause"].tolist()
    ['data drift', 'drift of single raters', 'guideline change', 'no change shown']
    """

    judgments: Judgments
    _: KW_ONLY
    by: str | None = None
    label: str | None = None
    period: Period = "D"
    baseline: int = 30
    run_length: float = 500
    rate: float = 0.10

    def __post_init__(self) -> None:
        BadOption.unless("period", self.period, get_args(Period))
        if self.by in days.NO_GROUPS:
            raise BadOption(f"by is {self.by!r}, which makes no groups; allowed: a column such as vendor or locale")
        check_count(self.baseline, option="baseline", least=3)
        check_run_length(self.run_length)
        check_probability(self.rate, option="rate", open_ends=True)
        object.__setattr__(self, "judgments", as_judgments(self.judgments))

    @property
    def labels(self) -> pd.DataFrame:
        """How often each label was given, and how many of its judgments say when; the 20 most frequent."""
        frame = self.judgments.one().frame
        dated = pl.col("rated_at").count() if "rated_at" in frame.columns else pl.lit(0)
        table = frame.group_by("label").agg(pl.len().alias("n"), dated.alias("dated"))
        return table.sort(["n", "label"], descending=[True, False]).head(20).to_pandas()

    @property
    def figure(self) -> str:
        """What a rise of the charts means, in words."""
        return days.figure(self.judgments)[1]

    @cached_property
    def table(self) -> pd.DataFrame:
        """The periods: ``period``, ``n`` (judgments), ``mean`` (of the figure), ``guideline``."""
        return days.of_periods(self._frame)

    @property
    def summary(self) -> pd.DataFrame:
        """Judgments and figure of the lowest, the median and the highest of the periods."""
        ends = self.table[["n", "mean"]].quantile([0, 0.5, 1]).reset_index(drop=True)
        ends.insert(0, "of_all_periods", ["lowest", "median", "highest"])
        return ends.rename(columns={"n": "judgments", "mean": "figure"})

    @property
    def guideline_changes(self) -> pd.DataFrame:
        """When another version of the guideline came into use: ``period``, ``before``, ``after``.

        Raises
        ------
        NotEstimable
            If there is no `guideline` column or no date.
        """
        if "guideline" not in self._frame.columns:
            reason = (
                "there is no `guideline` column, so a change of the guideline cannot be told from drift; record the "
                "version each judgment was made under"
            )
            raise NotEstimable(reason, public=True)
        return days.version_changes(self.table)

    @cached_property
    def design(self) -> Design:
        """The settings of each CUSUM chart and their cost in false alarms."""
        return cusum_design(self.run_length, baseline=self.baseline)

    @cached_property
    def fresh(self) -> Chart:
        """The CUSUM of fresh items; where no item comes back, every item is fresh."""
        return self._one(self._fresh, "y", "Fresh items")

    @cached_property
    def tracking(self) -> Chart:
        """The CUSUM of tracking items, each against what it got on average under the same guideline."""
        return self._one(self._tracking, "off", "Tracking items")

    @cached_property
    def share(self) -> ShareCharts:
        """One label's share among fresh items.

        Raises
        ------
        NotEstimable
            Where labels are numbers, or the guideline in use has no period after its baseline.
        BadOption
            If the label does not occur.
        """
        j, label = self.judgments, self.label
        if j.numeric:
            raise NotEstimable("labels are numbers, so no label has a share; see the CUSUM of their mean")
        if label is not None and label not in map(str, j.labels):
            raise BadOption.of("label", label, map(str, j.labels))
        name = label or (str(j.labels[0]) if j.level == "ordinal" else days.usual_label(j))
        hits = (pl.col("label").cast(pl.String) == name).sum().alias("count")
        by_period = days.in_use(self._fresh).group_by("period").agg(pl.len().alias("n"), hits)
        table = by_period.sort("period").to_pandas(date_as_object=True)
        wide, plain = (c(table["count"], table["n"], baseline=self.baseline) for c in (laney, p_chart))
        first, since = table.iloc[: self.baseline], table.iloc[self.baseline :]
        return ShareCharts(
            table=table,
            laney=self._dated(wide, table["period"], f"Share of the label {name} among fresh items: {wide.method}"),
            plain=plain,
            run_lengths=normal_approximation(int(table["n"].median()), wide.centre),
            sequence=confidence_sequence(since["count"], since["n"]),
            test=change_test(since["count"], since["n"], (int(first["count"].sum()), int(first["n"].sum()))),
        )

    @cached_property
    def raters(self) -> ManyCharts:
        """A CUSUM for each rater, on tracking items against the other raters."""
        return self._many(self._three_raters, "gap", "rater_id", anew=False)

    @cached_property
    def groups(self) -> ManyCharts:
        """A CUSUM for each value of the grouping column, on fresh items."""
        frame, column = self._frame, self._group
        if column not in frame.columns:
            raise NotEstimable(f"the data has no column {column}; it has {', '.join(self.judgments.columns)}")
        return self._many(self._fresh, "y", column)

    def false_alarms(self, *, periods: int = 30) -> Estimate:
        """Compute the false alarms to expect over all charts that can be drawn, if nothing changes.

        Raises
        ------
        NotEstimable
            If no chart can be drawn.
        """
        drawn = self._drawn or [self.fresh]  # which then says why there is none
        charts = sum(len(part.charts) if isinstance(part, ManyCharts) else 1 for part in drawn)
        return self.design.false_alarms(charts, periods=periods)

    @property
    def onsets(self) -> list[Any]:
        """The periods in which all the charts that can be drawn saw a change begin.

        Raises
        ------
        NotEstimable
            If no chart can be drawn and no guideline changed.
        """
        drawn = self._drawn if self._versions else self._drawn or [self.fresh]
        return sorted({onset for part in drawn for onset in part.onsets})

    @cached_property
    def causes(self) -> days.Causes:
        """What moved at each date on which the guideline changed or a chart saw a change begin; see `causes_of`."""
        return self.causes_of(self.onsets)

    def causes_of(self, onsets: Any) -> days.Causes:
        """What moved at each change of the guideline and at each of these dates, and the likely cause.

        Raises
        ------
        NotEstimable
            If nothing is dated, or there is no date to look at.
        """
        dates = days.dates_to_look_at(self.table["period"], self._versions, onsets)
        if not dates:
            raise NotEstimable("no chart saw a change begin and no guideline changed, so there is no date to look at")
        return days.causes_at(self._frame, dates, by=days.estimable(lambda: self._group), rate=self.rate)

    def change_on_tracking(self) -> Estimate:
        """Estimate how far the team moved on tracking items since the baseline of the guideline in use.

        Returns
        -------
        Estimate
            The size of the change, from 0, as a share of the scale.

        Raises
        ------
        NotEstimable
            If the guideline in use has no periods after its baseline, or no items are there to compare.
        """
        return size_of(days.change_on_tracking(self._since_baseline[0]))

    def change_on_fresh(self) -> Estimate:
        """Estimate how far fresh items moved beyond tracking items, which is what the items bring.

        Raises
        ------
        NotEstimable
            As `change_on_tracking`.
        """
        shared, fresh = self._since_baseline
        changes = days.change_on_fresh(fresh), days.change_on_tracking(shared)
        return size_of(difference(*changes, quantity=days.BEYOND))

    @cached_property
    def rater_changes(self) -> RaterChanges:
        """Each rater on tracking items against the other raters: the last `baseline` periods and the first.

        Raises
        ------
        NotEstimable
            If there are no tracking items, fewer than three raters, or fewer than two baselines of periods.
        """
        tracking, periods = self._three_raters, self.table["period"]
        if len(periods) < 2 * self.baseline:
            raise NotEstimable(
                f"first and last {self.baseline} periods overlap: there are {len(periods)}; watch longer, or name a "
                "shorter `baseline`"
            )
        after = pl.col("period") >= periods.iloc[-self.baseline]
        rows = tracking.filter((pl.col("period") < periods[self.baseline]) | after)
        rows = rows.with_columns(pl.col("gap").alias("y"), after.alias("after"))
        table = days.by_part(rows, "rater_id", rate=self.rate)
        parts = rows.partition_by("rater_id", as_dict=True)
        method = "a rater's change on tracking items against the other raters; Welch's interval"
        estimates = {}
        for rater, value, low, high in table[["rater_id", "change", "low", "high"]].itertuples(index=False, name=None):
            basis = rests_on(parts[rater,], days.MEASURE)
            estimates[rater] = size_of(Estimate(value=value, low=low, high=high, method=method, over="items", **basis))
        return RaterChanges(table=table, estimates=estimates)

    def tracking_share(self) -> Estimate:
        """Estimate the share of judgments that are of tracking items.

        They came back in three periods, and to one rater at least twice.

        Raises
        ------
        NotEstimable
            If nothing is dated, no item comes back, or none comes back to the same rater.
        """
        rows, tracking = self._frame, self._tracking
        again = tracking.filter(pl.col("period").n_unique().over("item_id", "rater_id") > 1)["item_id"].unique()
        if again.is_empty():
            raise NotEstimable(
                "items come back, but none to the same rater, so they are overlap and no tracking items; give every "
                "rater the same known items again, a few each week"
            )
        hits = rows["item_id"].is_in(again.implode())
        share = two_way_share(hits, rows["rater_id"], quantity="share of judgments that are of tracking items")
        return replace(share, n_items=rows["item_id"].n_unique(), basis=basis_of(rows, "of a tracking item"))

    def baseline_periods(self) -> Estimate:
        """Count the periods of the baseline under the guideline in use.

        Raises
        ------
        NotEstimable
            If nothing is dated, or the guideline in use has no period after its baseline.
        """
        frame = days.in_use(self._frame)
        n = enough(frame["period"].n_unique(), self.baseline)
        method = "periods of the baseline under the guideline in use; a count, without sampling error"
        return Estimate.count(n, method=method, **rests_on(frame, days.MEASURE))

    @cached_property
    def _frame(self) -> pl.DataFrame:
        frame = days.dated(self.judgments, period=self.period, by=days.estimable(lambda: self._group))
        return frame.with_columns(pl.col(pl.String).cast(pl.Categorical))  # a quarter as large, and copied often

    @property
    def _group(self) -> str:
        return self.by or self.judgments.default_group()

    @cached_property
    def _split(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return days.split(self._frame)

    @property
    def _tracking(self) -> pl.DataFrame:
        if self._split[0].is_empty():
            raise NotEstimable(days.NO_TRACKING, public=days.NO_TRACKING)
        return self._split[0]

    @property
    def _three_raters(self) -> pl.DataFrame:
        if self._tracking["rater_id"].n_unique() < 3:
            raise NotEstimable("a rater is compared with the others on the same tracking items; it takes three raters")
        return self._tracking

    @property
    def _fresh(self) -> pl.DataFrame:
        if self._split[1].is_empty():
            raise NotEstimable("every item is a tracking item, so nothing shows what new items are like")
        return self._split[1]

    @cached_property
    def _since_baseline(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        frame = days.in_use(self._frame)
        periods = frame["period"].unique().sort()
        enough(len(periods), self.baseline)
        return days.on_both_sides(frame.with_columns((pl.col("period") >= periods[self.baseline]).alias("after")))

    @cached_property
    def _versions(self) -> dict[Any, str]:
        changes = days.version_changes(self.table)
        return dict(zip(changes["period"], changes["after"], strict=True))

    def _cusums(
        self, frame: pl.DataFrame, value: str, by: str | None = None, *, anew: bool = True
    ) -> tuple[dict[str, Chart], dict[str, str]]:
        """A chart of each value of a column, or of all judgments, and why some can't be drawn."""
        table, design = days.of_periods(frame, value), self.design
        names, means, sizes = days.series_of(frame, value, by, table["period"].to_list())
        versions = table["guideline"].to_numpy() if anew else np.full(len(table), "")
        z, tested, why = days.by_version(means, sizes, versions, baseline=self.baseline)
        settings = (tested, design.weight, design.limit, design.run_length)
        charts = [cusum_chart(sides, *settings) for sides in sums(z, tested, design.weight)]
        drawn = {names[i]: self._dated(chart, table["period"]) for i, chart in enumerate(charts) if i not in why}
        return drawn, {names[i]: reason for i, reason in why.items()}

    def _one(self, frame: pl.DataFrame, value: str, name: str) -> Chart:
        charts, left_out = self._cusums(frame, value)
        if not charts:
            raise NotEstimable(*left_out.values())
        return replace(*charts.values(), title=f"{name}: cumulative sum, both sides")

    def _many(self, frame: pl.DataFrame, value: str, by: str, *, anew: bool = True) -> ManyCharts:
        charts, left_out = self._cusums(frame, value, by, anew=anew)
        return many(charts, self.design, baseline=self.baseline, rate=self.rate, by=by, left_out=left_out)

    def _dated(self, chart: Chart, periods: pd.Series, title: str = "") -> Chart:
        return replace(chart, periods=tuple(periods), changes=tuple(self._versions.items()), title=title)

    @property
    def _drawn(self) -> list[Chart | ManyCharts]:
        """All charts that can be drawn."""
        parts = (days.estimable(partial(getattr, self, name)) for name in ("fresh", "tracking", "raters", "groups"))
        return [part for part in parts if part is not None]
