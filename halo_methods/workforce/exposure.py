"""Minutes of distressing items by rater, day and kind of harm, held against the daily limit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..stats import clopper_pearson
from ..calibration.reference import people
from ..calibration.shares import jackknife_variance, share
from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .exposure_counts import DAYS_OVER, ROUNDING, STILL_ROUTED, against, days_over, opted_out, still_routed

Criteria = Literal["add", "longest"]
FEWEST_RATERS = 3


@dataclass(frozen=True, repr=False)
class Exposure:
    """Who saw how much of what. The tables name raters: for operations only, through ``show.people``.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``day``, ``harm``, ``minutes``, ``judgments``: one row for each rater, day and class of harm.
    days : pandas.DataFrame
        ``rater_id``, ``day``, ``minutes`` of all classes, ``over`` (the limit was passed).
    held : pandas.DataFrame
        Every rater-day beside every limit, with ``class`` (a class of harm, or ``all``), ``minutes``, ``limit``,
        ``minutes_over`` (negative: so much was left).
    over : pandas.DataFrame
        Those of them over the limit.
    routed : pandas.DataFrame
        ``rater_id``, ``day``, ``harm``, ``minutes``, ``judgments`` of distressing items that reached a rater who had
        opted out. Empty where the table has no column ``opt_out``.
    share : Estimate
        Share of the rater-days with exposure that passed the limit: how often it happens, for planning.
    counts : dict
        What must not happen once: rater-days over the limit, and with a distressing item after opting out. Nobody's
        day is averaged away: ``value`` and ``low`` are those known, ``high`` those possible if each judgment without
        ``seconds`` took as long as the longest in the log, each undated one fell on the rater's worst day, and each
        item missing in the side table was distressing. The second is a `NotEstimable` without a column ``opt_out``.
    limit_minutes : float or dict
        As given.
    cautions : tuple of str
        What the minutes leave out.
    """

    table: pd.DataFrame
    days: pd.DataFrame
    held: pd.DataFrame
    over: pd.DataFrame
    routed: pd.DataFrame
    share: Estimate
    counts: dict[str, Estimate | NotEstimable]
    limit_minutes: float | dict[str, float]
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        over, days = int(self.days["over"].sum()), counted(len(self.days), "rater-day")
        routed = self.routed["rater_id"].nunique()
        lines = [f"{over:,} of {days} with exposure over the limit", f"share over the limit: {self.share}",
                 f"{counted(routed, 'rater')} opted out and still routed"]  # fmt: skip
        return "\n".join([*lines, *self.cautions])

    __repr__ = __str__

    @property
    def by_person(self) -> pd.DataFrame:
        """One row a rater, the longest day first: that day, its minutes by class, and how many days were over."""
        worst = self.days.sort_values(["minutes", "rater_id"], ascending=[False, True]).drop_duplicates("rater_id")
        keys = ["rater_id", "day"]
        classes = self.table.pivot_table(index=keys, columns="harm", values="minutes", fill_value=0.0)
        classes = classes.add_prefix("minutes_").reset_index()
        each = self.days.groupby("rater_id").agg(days=("day", "size"), days_over=("over", "sum")).reset_index()
        made = worst[[*keys, "minutes"]].merge(classes, on=keys).merge(each, on="rater_id")
        return made.rename(columns={"day": "longest_day"})


def exposure(
    j: Judgments,
    *,
    harm: str = "harm",
    limit_minutes: float | Mapping[str, float] = 240.0,
    items: Any = None,
    harmless: Collection[str] = ("none",),
    criteria: Criteria = "add",
    timezone: str = "UTC",
    confidence: float = 0.95,
) -> Exposure:
    """Minutes of distressing items by rater, day and class of harm, against the limit of a day.

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
        Side table with ``item_id`` and the column ``harm``, one row an item.
    harmless : collection of str
        Values of ``harm`` that mean no harm.
    criteria : {"add", "longest"}
        An item judged on several criteria has several rows: their seconds are added, or, where the tool writes the
        whole time into each row, the longest is taken.
    timezone : str
        IANA name of the clock that a day is counted by, such as ``America/Sao_Paulo``.
    confidence : float
        Of the interval: exact, at the effective number of rater-days, because days of one rater go together.

    Raises
    ------
    NotEstimable
        Without ``rated_at``, ``seconds`` or a class of harm, if none of these is filled in where an item distresses,
        or if nobody was exposed.
    HaloError
        If the side table names an item twice, or ``opt_out`` holds something else than yes, no or a moment.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24, 193-201, for the interval.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = {"item_id": ["a", "b", "c"], "rater_id": ["r", "r", "s"], "label": ["x", "x", "y"],
    ...         "rated_at": ["2026-03-02T09:00:00Z", "2026-03-02T11:00:00Z", "2026-03-02T09:00:00Z"],
    ...         "seconds": [5400, 3600, 1800], "harm": ["violence", "self-harm", "violence"]}
    >>> found = exposure(as_judgments(pl.DataFrame(rows)), limit_minutes=120)
    >>> found.over[["class", "minutes", "minutes_over"]].values.tolist()
    [['all', 150.0, 30.0]]
    >>> found.share.value, found.counts["days over the limit"].value
    (0.5, 1.0)
    """
    if criteria not in get_args(Criteria):
        raise BadOption.of("criteria", criteria, get_args(Criteria))
    if timezone not in available_timezones():
        raise HaloError(f"timezone is {timezone!r}; write an IANA name such as UTC or Europe/Paris")
    limits = _limits(limit_minutes)
    frame, cautions = _exposed(people(j), harm, items, harmless)
    all_sittings, more = _sittings(frame, criteria, ZoneInfo(timezone))
    sittings = all_sittings.filter(pl.col("harm").is_not_null() & pl.col("day").is_not_null())
    table = _summed(sittings)
    days = table.group_by("rater_id", "day").agg(pl.col("minutes").sum()).sort("rater_id", "day")
    held = against(table, days, limits)
    over = held.filter(pl.col("minutes_over") > ROUNDING)
    passed = over.select("rater_id", "day").unique().with_columns(over=pl.lit(True))
    days = days.join(passed, on=["rater_id", "day"], how="left").with_columns(pl.col("over").fill_null(False))
    known = all_sittings.filter(pl.col("harm").is_not_null())
    routed = _summed(known.filter(opted_out(known).fill_null(False)))
    given = dict(limit_minutes) if isinstance(limit_minutes, Mapping) else float(limit_minutes)
    tables = [t.sort("rater_id", "day").to_pandas() for t in (table, days, held, over, routed)]
    counts = {
        DAYS_OVER: days_over(all_sittings, over, limits),
        STILL_ROUTED: still_routed(all_sittings, "opt_out" in frame.columns),
    }
    return Exposure(
        tables[0], tables[1], tables[2], tables[3], tables[4], _share(days, sittings, confidence), counts, given,
        (*cautions, *more),
    )  # fmt: skip


def _limits(given: float | Mapping[str, float]) -> dict[str | None, float]:
    limits = dict(given) if isinstance(given, Mapping) else {None: given}
    for name, minutes in limits.items():
        if not (np.isfinite(minutes) and minutes >= 0):
            raise HaloError(f"limit_minutes{'' if name is None else ' of ' + name} is {minutes!r}; write minutes a day")
    return limits  # type: ignore[return-value]


def _exposed(j: Judgments, harm: str, items: Any, harmless: Collection[str]) -> tuple[pl.DataFrame, list[str]]:
    """The judgments of distressing items, the class in the column ``_harm``."""
    absent = [c for c in ("rated_at", "seconds") if c not in j.columns]
    if absent:
        raise NotEstimable(
            f"exposure needs the columns `rated_at` and `seconds`; missing: {' and '.join(absent)}; have the tool "
            "write when each judgment was made and how long the item was open"
        )
    frame, cautions = j.frame, []
    if items is None:
        if harm not in frame.columns:
            raise NotEstimable(
                f"no column `{harm}` says which items distress; collect an items table, item_id and {harm} (`items`)"
            )
        frame = frame.with_columns(pl.col(harm).cast(pl.String).fill_null("").alias("_harm"))
    else:
        side = pl.DataFrame(items) if not isinstance(items, pl.DataFrame) else items
        if not {"item_id", harm} <= set(side.columns):
            raise NotEstimable(f"the side table needs the columns item_id and {harm}")
        side = side.select(pl.col("item_id").cast(pl.String), pl.col(harm).cast(pl.String).fill_null("").alias("_harm"))
        if side["item_id"].is_duplicated().any():
            raise HaloError("the side table names an item twice")
        unknown = frame.filter(~pl.col("item_id").is_in(side["item_id"].implode()))["item_id"].n_unique()
        if unknown:
            cautions.append(f"{counted(unknown, 'item')} not in the side table, counted as harmless.")
        frame = frame.join(side, on="item_id", how="left")
    frame = frame.filter(pl.col("_harm").is_null() | ~pl.col("_harm").is_in(["", *harmless]))
    known = frame.filter(pl.col("_harm").is_not_null())
    if known.is_empty():
        raise NotEstimable(f"no judgment is of an item with a class of harm in `{harm}`")
    for column, what in (("rated_at", "when it was made"), ("seconds", "how long it took")):
        if known[column].null_count() == known.height:
            raise NotEstimable(f"no judgment of a distressing item says {what} (`{column}`)")
    longest = j.frame["seconds"].max()
    return frame.with_columns(pl.col("seconds").fill_null(longest).alias("_most")), cautions


def _sittings(frame: pl.DataFrame, criteria: Criteria, clock: ZoneInfo) -> tuple[pl.DataFrame, list[str]]:
    """One row for each time a rater had an item before them: day on their clock (null: unknown), minutes, at most.

    The class of harm is null where the side table does not name the item.
    """
    cautions = []
    known = frame.filter(pl.col("_harm").is_not_null())
    untimed = known["seconds"].null_count()
    if untimed:
        cautions.append(f"{counted(untimed, 'judgment')} of distressing items without seconds, counted as no time.")
    if "criterion" in frame.columns and frame["criterion"].n_unique() > 1 and criteria == "add":
        cautions.append("Seconds of several criteria were added; take criteria='longest' if each holds the whole time.")
    if "opt_out" not in frame.columns:
        cautions.append("No column `opt_out`: nobody can say whether somebody who opted out was still routed.")
        frame = frame.with_columns(pl.lit("").alias("opt_out"))

    def minutes(of: str) -> pl.Expr:
        return (pl.col(of).sum() if criteria == "add" else pl.col(of).max()).fill_null(0) / 60

    keys = [c for c in ("item_id", "rater_id", "stage", "round") if c in frame.columns]
    sittings = frame.group_by(keys).agg(
        pl.col("_harm").first().alias("harm"),
        pl.col("rated_at").min(),
        minutes("seconds").alias("minutes"),
        minutes("_most").alias("most"),
        pl.col("opt_out").cast(pl.String).fill_null("").max(),
    )
    unclear = sittings.filter(pl.col("harm").is_not_null())["rated_at"].null_count()
    if unclear:
        cautions.append(f"{counted(unclear, 'judgment')} of distressing items without a moment, left out.")
    local = [None if t is None else t.astimezone(clock).date() for t in sittings["rated_at"].to_list()]
    return sittings.with_columns(pl.Series("day", local, dtype=pl.Date)), cautions


def _summed(sittings: pl.DataFrame) -> pl.DataFrame:
    by = ["rater_id", "day", "harm"]
    return sittings.group_by(by).agg(pl.col("minutes").sum(), pl.len().cast(pl.Int64).alias("judgments")).sort(by)


def _share(days: pl.DataFrame, sittings: pl.DataFrame, confidence: float) -> Estimate:
    parts = days.group_by("rater_id").agg(pl.col("over").sum().cast(pl.Float64), pl.len().cast(pl.Float64).alias("n"))
    counts = parts.sort("rater_id").select("over", "n").to_numpy()
    k, n = counts.sum(axis=0)
    p, raters, variance = float(k / n), len(counts), jackknife_variance(counts, share)
    size, cautions = float(n), []
    if raters < FEWEST_RATERS:
        cautions.append(f"With {counted(raters, 'rater')} the interval speaks for other days of the same people only.")
    elif variance > 0:
        wider = stats.t.ppf((1 + confidence) / 2, [n - 1, raters - 1])
        size = min(size, p * (1 - p) / variance * float(wider[0] / wider[1]) ** 2)
    else:
        cautions.append("Nothing varies between raters, so each day counts as independent.")
    low, high = clopper_pearson(p * size, size, confidence=confidence)
    return Estimate(
        value=p,
        low=float(low),
        high=float(high),
        confidence=confidence,
        n_items=sittings["item_id"].n_unique(),
        n_raters=raters,
        n_judgments=sittings.height,
        method=(
            f"share of {counted(int(n), 'rater-day')} with exposure that passed the limit; exact interval at the "
            "effective number of days"
        ),
        over="raters" if raters >= FEWEST_RATERS else "items",
        cautions=tuple(cautions),
    )
