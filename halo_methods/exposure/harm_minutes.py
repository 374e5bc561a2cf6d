"""Minutes of distressing items by rater, day and class of harm, held against the daily limit, and what must not be."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import quoted
from ..judgments.dates import moment
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, counted
from ..stats.checks import check_confidence
from ..stats.proportions import two_way_share

Criteria = Literal["add", "longest"]
LimitMinutes = float | Mapping[str, float]
Limits = dict[str | None, float]
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
ROUNDING = 1e-9
DAYS_OVER, STILL_ROUTED = "days over the limit", "opted out and still routed"
RATER_DAY = ["rater_id", "day"]
ALWAYS = datetime(1, 1, 1)
NO_OPT_OUT = "no column `opt_out` says who left a class or the queue; have the tool write yes, no or the moment"
NO_MINUTES = (
    "exposure needs the columns `rated_at` and `seconds`; have the tool write when each judgment was made and how "
    "long the item was open"
)
NO_HARM = "no column `{harm}` says which items distress; collect an items table, item_id and {harm} (`items`)"


@dataclass(frozen=True, kw_only=True, repr=False)
class Exposure:
    """Who saw how much of what. The tables name raters, so they are for operations only.

    Attributes
    ----------
    table : pandas.DataFrame
        Every rater-day beside every limit: ``rater_id``, ``day``, ``class`` (a class of harm, or ``all``),
        ``minutes``, ``limit``, ``minutes_over`` (negative: so much was left).
    by_harm : pandas.DataFrame
        ``rater_id``, ``day``, ``harm``, ``minutes``, ``judgments``.
    routed : pandas.DataFrame
        The same rows for distressing items that reached a rater who had opted out. Empty where the table has no
        column ``opt_out``.
    share : Estimate
        Share of the rater-days with exposure that passed the limit: how often it happens, for planning.
    counts : dict
        What must not happen once: rater-days over the limit, and with a distressing item after opting out. No rater's
        day is averaged away: ``value`` and ``low`` are those known, ``high`` those possible.
        Possible means: each judgment without ``seconds`` took as long as the longest in the log, and each undated one
        fell on the rater's worst day.
        Each item missing in the side table was distressing. The second is a `NotEstimable` without a column
        ``opt_out``.
    complete : Estimate
        Share of all judgments whose minutes are known: the item has a class of harm and, where it distresses, the
        judgment has ``seconds`` and ``rated_at``.
    cautions : tuple of Caution
        What the minutes leave out.
    """

    table: pd.DataFrame
    by_harm: pd.DataFrame
    routed: pd.DataFrame
    share: Estimate
    counts: dict[str, Estimate | NotEstimable]
    complete: Estimate
    cautions: tuple[Caution, ...] = ()

    @property
    def over(self) -> pd.DataFrame:
        """The rows of the table over their limit."""
        return self.table[self.table["minutes_over"] > ROUNDING].reset_index(drop=True)

    @property
    def days(self) -> pd.DataFrame:
        """``rater_id``, ``day``, ``minutes`` of all classes, ``over`` (a limit was passed)."""
        days = self.by_harm.groupby(RATER_DAY, as_index=False)[["minutes"]].sum()
        over = pd.MultiIndex.from_frame(self.over[RATER_DAY])
        return days.assign(over=pd.MultiIndex.from_frame(days[RATER_DAY]).isin(over))

    @property
    def by_person(self) -> pd.DataFrame:
        """One row per rater, the longest day first: that day, its minutes by class, and how many days were over."""
        days = self.days
        worst = days.sort_values(["minutes", "rater_id"], ascending=[False, True]).drop_duplicates("rater_id")
        classes = self.by_harm.pivot_table(index=RATER_DAY, columns="harm", values="minutes", fill_value=0.0)
        classes = classes.add_prefix("minutes_").reset_index()
        each = days.groupby("rater_id").agg(days=("day", "size"), days_over=("over", "sum")).reset_index()
        rows = worst[[*RATER_DAY, "minutes"]].merge(classes, on=RATER_DAY).merge(each, on="rater_id")
        return rows.rename(columns={"day": "longest_day"})

    def plot(self) -> Figure:
        """One row per person, one dot per day, each limit as a line."""
        from .. import plots

        return plots.minutes_a_day(self.table)

    def __str__(self) -> str:
        over, days = int(self.days["over"].sum()), counted(len(self.days), "rater-day")
        routed = counted(self.routed["rater_id"].nunique(), "rater")
        lines = [f"{over:,} of {days} with exposure over the limit", f"share over the limit: {self.share}"]
        return "\n".join([*lines, f"{routed} opted out and still routed", *self.cautions])

    __repr__ = __str__


def daily_minutes(
    j: Judgments,
    *,
    harm: str = "harm",
    limit_minutes: LimitMinutes,
    items: Any = None,
    harmless: Collection[str] = ("none",),
    criteria: Criteria = "add",
    timezone: str = "UTC",
    confidence: float = 0.95,
) -> Exposure:
    """Add up minutes of distressing items by rater, day and class of harm, against the limit of a day.

    All stages and rounds count: a reviewer and an auditor see the item too.
    Do not trust the minutes where ``seconds`` is a tool's time-out, where people
    look at items without judging them, or where one person has two accounts.
    ``opt_out`` speaks of all classes of harm; who left one class only needs a log filtered to it.

    Parameters
    ----------
    j : Judgments
        With ``rated_at`` and ``seconds``; people only where the table tells people from models.
    harm : str
        The column with the class of harm: of ``items``, otherwise of the judgments. Empty means none.
    limit_minutes : float or mapping
        Minutes a day of all classes together; or by class, where a class that is not named has no limit.
    items : frame, optional
        Side table with ``item_id`` and the column ``harm``, one row per item.
    harmless : collection of str
        Values of ``harm`` that mean no harm.
    criteria : {"add", "longest"}
        An item judged on several criteria has several rows: their seconds are added, or, where the tool writes the
        whole time into each row, the longest is taken.
    timezone : str
        IANA name of the clock that a day is counted by, such as ``America/Sao_Paulo``.
    confidence : float
        Of the interval of the share.

    Raises
    ------
    NotEstimable
        Without ``rated_at``, ``seconds`` or a class of harm, if none of these is filled in where an item distresses,
        or if no rater was exposed.
    BadOption
        For an impossible limit, time zone or rule for criteria, if the side table names an item twice, or if
        ``opt_out`` holds something else than yes, no or a moment.

    References
    ----------
    See `halo_methods.stats.two_way_share` for the interval: days are clustered in raters.

    Examples
    --------
    >>> rows = {"item_id": ["a", "b", "c"], "rater_id": ["r", "r", "s"], "label": ["x", "x", "y"],
    ...         "rated_at": ["2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z", "2026-03-02T09:00:00Z"],
    ...         "seconds": [5400, 3600, 1800], "harm": ["violence", "self-harm", "violence"]}
    >>> seen = daily_minutes(pl.DataFrame(rows), limit_minutes=120)
    >>> seen.over[["class", "minutes", "minutes_over"]].values.tolist()
    [['all', 150.0, 30.0]]
    >>> seen.share.value, seen.counts["days over the limit"].value, seen.complete.value
    (0.5, 1.0, 1.0)
    """
    check_confidence(confidence)
    BadOption.unless("criteria", criteria, get_args(Criteria))
    if timezone not in available_timezones():
        raise BadOption(f"timezone is {timezone!r}; allowed: an IANA name such as UTC or Europe/Paris")
    limits = _limits(limit_minutes)
    log = as_judgments(j).people().frame
    log = log.with_columns(_opt_outs(log))
    frame, missing = _distressing(log, harm, items, harmless)
    sittings, more = _sittings(frame, criteria, ZoneInfo(timezone))
    known = sittings.drop_nulls("harm")
    minutes = _minutes(known.drop_nulls("day"))
    held = _against(minutes, limits)
    over = held.filter(pl.col("minutes_over") > ROUNDING)
    return Exposure(
        table=held.to_pandas(),
        by_harm=minutes.to_pandas(),
        routed=_minutes(known.filter(pl.col("out").fill_null(False))).to_pandas(),
        share=_share(known.drop_nulls("day"), over, confidence),
        counts={DAYS_OVER: _days_over(sittings, over, limits), STILL_ROUTED: _still_routed(sittings, log)},
        complete=_complete(frame, log),
        cautions=(*missing, *more),
    )


def _limits(limit_minutes: LimitMinutes) -> Limits:
    by_class = limit_minutes if isinstance(limit_minutes, Mapping) else {None: limit_minutes}
    limits: Limits = dict(by_class.items())
    for name, minutes in limits.items():
        if isinstance(minutes, (bool, str)) or not (np.isfinite(minutes) and minutes >= 0):
            of = "" if name is None else f" of {name}"
            raise BadOption(f"limit_minutes{of} is {minutes!r}; allowed: minutes a day, 0 or more")
    return limits


def _distressing(
    log: pl.DataFrame, harm: str, items: Any, harmless: Collection[str]
) -> tuple[pl.DataFrame, list[Caution]]:
    """The judgments of distressing items, the class in the column ``_harm``, null for items the side table lacks."""
    if not {"rated_at", "seconds"} <= set(log.columns):
        raise NotEstimable(NO_MINUTES, public=True)
    cautions = []
    if items is None:
        if harm not in log.columns:
            reason = NO_HARM.format(harm=harm)
            raise NotEstimable(reason, public=True)
        frame = log.with_columns(pl.col(harm).cast(pl.String).fill_null("").alias("_harm"))
    else:
        side = pl.DataFrame(items)
        if not {"item_id", harm} <= set(side.columns):
            raise NotEstimable(f"the side table needs the columns item_id and {harm}")
        side = side.select(pl.col("item_id").cast(pl.String), pl.col(harm).cast(pl.String).fill_null("").alias("_harm"))
        if side["item_id"].is_duplicated().any():
            raise BadOption("items names an item twice; allowed: one row per item")
        frame = log.join(side, on="item_id", how="left")
        if unknown := frame.filter(pl.col("_harm").is_null())["item_id"].n_unique():
            text = f"{counted(unknown, 'item')} not in the side table, counted as harmless."
            cautions.append(Caution("items_missing", text))
    frame = frame.filter(pl.col("_harm").is_null() | ~pl.col("_harm").is_in(["", *harmless]))
    known = frame.drop_nulls("_harm")
    if known.is_empty():
        raise NotEstimable(f"no judgment is of an item with a class of harm in `{harm}`")
    for column, what in (("rated_at", "when it was made"), ("seconds", "how long it took")):
        if known[column].null_count() == known.height:
            raise NotEstimable(f"no judgment of a distressing item says {what} (`{column}`)")
    return frame.with_columns(pl.col("seconds").fill_null(log["seconds"].max()).alias("_most")), cautions


def _sittings(frame: pl.DataFrame, criteria: Criteria, clock: ZoneInfo) -> tuple[pl.DataFrame, list[Caution]]:
    """One row for each time a rater had an item before them: day on their clock (null: unknown), minutes, at most.

    The class of harm is null where the side table does not name the item.
    """
    cautions = []
    if untimed := frame.drop_nulls("_harm")["seconds"].null_count():
        text = f"{counted(untimed, 'judgment')} of distressing items without seconds, counted as no time."
        cautions.append(Caution("no_seconds", text))
    if "criterion" in frame.columns and frame["criterion"].n_unique() > 1 and criteria == "add":
        text = "Seconds of several criteria were added; take criteria='longest' if each holds the whole time."
        cautions.append(Caution("criteria_added", text))
    if "opt_out" not in frame.columns:
        text = "No column `opt_out`: whether a rater who opted out was still routed cannot be told."
        cautions.append(Caution("no_opt_out", text))

    def minutes(of: str) -> pl.Expr:
        return (pl.col(of).sum() if criteria == "add" else pl.col(of).max()).fill_null(0) / 60

    keys = [c for c in ("item_id", "rater_id", "stage", "round") if c in frame.columns]
    sittings = frame.group_by(keys).agg(
        pl.col("_harm").first().alias("harm"),
        pl.col("rated_at").min(),
        minutes("seconds").alias("minutes"),
        minutes("_most").alias("most"),
        pl.col("_since").min().alias("since"),
    )
    if undated := sittings.drop_nulls("harm")["rated_at"].null_count():
        text = f"{counted(undated, 'judgment')} of distressing items without a moment, left out."
        cautions.append(Caution("no_moment", text))
    days = [None if t is None else t.astimezone(clock).date() for t in sittings["rated_at"].to_list()]
    always, never = pl.col("since").dt.year() == 1, pl.col("since").is_null()
    out = pl.when(always).then(True).when(never).then(False).otherwise(pl.col("since") <= pl.col("rated_at"))
    return sittings.with_columns(pl.Series("day", days, dtype=pl.Date), out.alias("out")), cautions


def _minutes(sittings: pl.DataFrame) -> pl.DataFrame:
    by = [*RATER_DAY, "harm"]
    return sittings.group_by(by).agg(pl.col("minutes").sum(), pl.len().cast(pl.Int64).alias("judgments")).sort(by)


def _share(dated: pl.DataFrame, over: pl.DataFrame, confidence: float) -> Estimate:
    """The share of rater-days over the limit, days clustered in raters."""
    days = dated.select(RATER_DAY).unique().sort(RATER_DAY)
    passed = days.join(over.select(RATER_DAY).unique().with_columns(over=True), on=RATER_DAY, how="left")["over"]
    quantity = f"share of {counted(days.height, 'rater-day')} with exposure that passed the limit"
    raters, measure = days["rater_id"], "rater-days"
    share = two_way_share(passed.fill_null(False), raters, confidence=confidence, quantity=quantity, measure=measure)
    return replace(share, n_items=dated["item_id"].n_unique(), n_judgments=dated.height)


def _against(minutes: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Each rater-day beside each limit: ``rater_id, day, class, minutes, limit, minutes_over`` (negative: left)."""
    parts = []
    for name, limit in limits.items():
        rows = minutes if name is None else minutes.filter(pl.col("harm") == name)
        rows = rows.group_by(RATER_DAY).agg(pl.lit(name or "all").alias("class"), pl.col("minutes").sum())
        parts.append(rows.with_columns(limit=pl.lit(float(limit)), minutes_over=pl.col("minutes") - limit))
    return pl.concat(parts).sort("class", *RATER_DAY)


def _complete(frame: pl.DataFrame, log: pl.DataFrame) -> Estimate:
    """The share of the log whose minutes are known; what does not distress needs no time."""
    gaps = frame.filter(pl.any_horizontal(pl.col("_harm", "seconds", "rated_at").is_null())).height
    method = "judgments with a class of harm and, where it distresses, seconds and a moment, as a share of the log"
    return Estimate.count(1 - gaps / log.height, method=method, **rests_on(log, "complete minutes"))


def _opt_outs(log: pl.DataFrame) -> pl.Series:
    """Since when the rater of each judgment had opted out: the year 1 for a plain yes, null for no or no column.

    Raises
    ------
    BadOption
        If an entry is none of yes, no and a moment.
    """
    entries = log["opt_out"].cast(pl.String).fill_null("") if "opt_out" in log.columns else pl.Series([""] * len(log))
    read: dict[str, datetime | None] = {}
    for text in entries.unique():
        low = text.strip().lower()
        try:
            read[text] = ALWAYS if low in YES else None if low in NO else moment(text.strip())[0].replace(tzinfo=None)
        except ValueError:
            raise BadOption(f"opt_out holds {quoted(text)}; allowed: yes, no, or the moment since when") from None
    return entries.replace_strict(read, return_dtype=pl.Datetime("us")).dt.replace_time_zone("UTC").alias("_since")


def _days_over(sittings: pl.DataFrame, over: pl.DataFrame, limits: Limits) -> Estimate:
    """Rater-days over a limit: known, and possible if every gap of the log hides the worst.

    It rests on those who may have passed one; that none did is said of all who were exposed.
    """
    possible = pl.concat(_possible(sittings, name, limit) for name, limit in limits.items())
    exposed = sittings.drop_nulls("harm")
    who = pl.concat([over["rater_id"], possible["rater_id"]]).unique()
    theirs = exposed if who.is_empty() else exposed.filter(pl.col("rater_id").is_in(who.implode()))
    return _count(over, possible, "rater-days over the limit", rests_on(theirs, DAYS_OVER))


def _still_routed(sittings: pl.DataFrame, log: pl.DataFrame) -> Estimate | NotEstimable:
    """Rater-days with a distressing item after opting out; not estimable where nothing says who opted out.

    It rests on those who opted out and on no other rater.
    """
    if "opt_out" not in log.columns:
        return NotEstimable(NO_OPT_OUT, public=True)
    leavers = log.drop_nulls("_since")["rater_id"].unique()
    theirs = log.filter(pl.col("rater_id").is_in(leavers.implode()))
    possible = sittings.filter(pl.col("out").fill_null(True))
    sure = possible.drop_nulls(["out", "harm"])
    return _count(sure, possible, "rater-days with a distressing item after opting out", rests_on(theirs, STILL_ROUTED))


def _possible(sittings: pl.DataFrame, name: str | None, limit: float) -> pl.DataFrame:
    """Rater-days that may be over one limit: every class unknown is this one, every undated minute of that day."""
    rows = sittings if name is None else sittings.filter((pl.col("harm") == name) | pl.col("harm").is_null())
    loose = rows.filter(pl.col("day").is_null()).group_by("rater_id").agg(pl.col("most").sum().alias("loose"))
    dated = rows.filter(pl.col("day").is_not_null()).group_by(RATER_DAY).agg(pl.col("most").sum())
    dated = dated.join(loose, on="rater_id", how="left").with_columns(pl.col("loose").fill_null(0))
    alone = loose.filter(pl.col("loose") > limit + ROUNDING).select("rater_id", day=pl.lit(None, dtype=pl.Date))
    return pl.concat([dated.filter(pl.col("most") + pl.col("loose") > limit + ROUNDING).select(RATER_DAY), alone])


def _count(sure: pl.DataFrame, possible: pl.DataFrame, what: str, rests: dict[str, Any]) -> Estimate:
    known = sure.select(RATER_DAY).unique()
    low, high = known.height, pl.concat([known, possible.select(RATER_DAY)]).unique().height
    count = Estimate.count(
        low,
        method=f"{what}, all of the log counted; from what is known to the most that its gaps could hide",
        **rests,
    )
    text = f"{counted(high - low, 'more rater-day')} could be: times, moments or classes are missing."
    return count if high == low else replace(count, high=high, kind="bounds", cautions=(Caution("gaps", text),))
