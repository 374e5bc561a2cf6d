"""Minutes of distressing items by rater, day and kind of harm, held against the daily limit."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args
from zoneinfo import ZoneInfo, available_timezones

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..audit import clopper_pearson
from ..calibration.reference import people
from ..calibration.shares import jackknife_variance, share
from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments
from ..judgments.cells import moment, quoted
from ..results import Estimate, counted

Criteria = Literal["add", "longest"]
YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
ROUNDING = 1e-9
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
    over : pandas.DataFrame
        The days over the limit, with ``class`` (a class of harm, or ``all``), ``minutes``, ``limit``, ``minutes_over``.
    routed : pandas.DataFrame
        ``rater_id``, ``day``, ``harm``, ``minutes``, ``judgments`` of distressing items that reached a rater who had
        opted out. Empty where the table has no column ``opt_out``.
    share : Estimate
        Share of the rater-days with exposure that passed the limit.
    limit_minutes : float or dict
        As given.
    cautions : tuple of str
        What the minutes leave out.
    """

    table: pd.DataFrame
    days: pd.DataFrame
    over: pd.DataFrame
    routed: pd.DataFrame
    share: Estimate
    limit_minutes: float | dict[str, float]
    cautions: tuple[str, ...] = ()

    def __str__(self) -> str:
        over, days = int(self.days["over"].sum()), counted(len(self.days), "rater-day")
        routed = self.routed["rater_id"].nunique()
        lines = [f"{over:,} of {days} with exposure over the limit", f"share over the limit: {self.share}",
                 f"{counted(routed, 'rater')} opted out and still routed"]  # fmt: skip
        return "\n".join([*lines, *self.cautions])

    __repr__ = __str__


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
        Without ``rated_at``, ``seconds`` or a class of harm, or if nobody was exposed.
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
    >>> found.share.value
    0.5
    """
    if criteria not in get_args(Criteria):
        raise BadOption.of("criteria", criteria, get_args(Criteria))
    if timezone not in available_timezones():
        raise HaloError(f"timezone is {timezone!r}; write an IANA name such as UTC or Europe/Paris")
    limits = _limits(limit_minutes)
    frame, cautions = _exposed(people(j), harm, items, harmless)
    sittings, more = _sittings(frame, criteria, ZoneInfo(timezone))
    table = _summed(sittings)
    days = table.group_by("rater_id", "day").agg(pl.col("minutes").sum()).sort("rater_id", "day")
    over = _over(table, days, limits)
    passed = over.select("rater_id", "day").unique().with_columns(over=pl.lit(True))
    days = days.join(passed, on=["rater_id", "day"], how="left").with_columns(pl.col("over").fill_null(False))
    routed = _summed(sittings.filter(_opted_out(sittings)))
    given = dict(limit_minutes) if isinstance(limit_minutes, Mapping) else float(limit_minutes)
    tables = [t.sort("rater_id", "day").to_pandas() for t in (table, days, over, routed)]
    return Exposure(
        tables[0], tables[1], tables[2], tables[3], _share(days, sittings, confidence), given, (*cautions, *more)
    )


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
        raise NotEstimable(f"exposure needs the columns `rated_at` and `seconds`; {' and '.join(absent)} is missing")
    frame, cautions = j.frame, []
    if items is None:
        if harm not in frame.columns:
            raise NotEstimable(f"no column `{harm}` says which items distress; name it with `harm=`, or give `items=`")
        frame = frame.with_columns(pl.col(harm).cast(pl.String).alias("_harm"))
    else:
        side = pl.DataFrame(items) if not isinstance(items, pl.DataFrame) else items
        if not {"item_id", harm} <= set(side.columns):
            raise NotEstimable(f"the side table needs the columns item_id and {harm}")
        side = side.select(pl.col("item_id").cast(pl.String), pl.col(harm).cast(pl.String).alias("_harm"))
        if side["item_id"].is_duplicated().any():
            raise HaloError("the side table names an item twice")
        unknown = frame.filter(~pl.col("item_id").is_in(side["item_id"].implode()))["item_id"].n_unique()
        if unknown:
            cautions.append(f"{counted(unknown, 'item')} not in the side table, counted as harmless.")
        frame = frame.join(side, on="item_id", how="left")
    frame = frame.filter(pl.col("_harm").is_not_null() & ~pl.col("_harm").is_in(["", *harmless]))
    if frame.is_empty():
        raise NotEstimable(f"no judgment is of an item with a class of harm in `{harm}`")
    return frame, cautions


def _sittings(frame: pl.DataFrame, criteria: Criteria, clock: ZoneInfo) -> tuple[pl.DataFrame, list[str]]:
    """One row for each time a rater had an item before them: its day on their clock and its minutes."""
    cautions = []
    unclear = frame["rated_at"].null_count()
    untimed = frame["seconds"].null_count()
    if untimed:
        cautions.append(f"{counted(untimed, 'judgment')} of distressing items without seconds, counted as no time.")
    if unclear:
        cautions.append(f"{counted(unclear, 'judgment')} of distressing items without a moment, left out.")
        frame = frame.filter(pl.col("rated_at").is_not_null())
        if frame.is_empty():
            raise NotEstimable("no judgment of a distressing item says when it was made (`rated_at`)")
    if "criterion" in frame.columns and frame["criterion"].n_unique() > 1 and criteria == "add":
        cautions.append("Seconds of several criteria were added; take criteria='longest' if each holds the whole time.")
    if "opt_out" not in frame.columns:
        cautions.append("No column `opt_out`: nobody can say whether somebody who opted out was still routed.")
        frame = frame.with_columns(pl.lit("").alias("opt_out"))
    minutes = pl.col("seconds").sum() if criteria == "add" else pl.col("seconds").max()
    keys = [c for c in ("item_id", "rater_id", "stage", "round") if c in frame.columns]
    sittings = frame.group_by(keys).agg(
        pl.col("_harm").first().alias("harm"), pl.col("rated_at").min(), (minutes.fill_null(0) / 60).alias("minutes"),
        pl.col("opt_out").cast(pl.String).fill_null("").max())  # fmt: skip
    local = [t.astimezone(clock).date() for t in sittings["rated_at"].to_list()]
    return sittings.with_columns(pl.Series("day", local, dtype=pl.Date)), cautions


def _summed(sittings: pl.DataFrame) -> pl.DataFrame:
    by = ["rater_id", "day", "harm"]
    return sittings.group_by(by).agg(pl.col("minutes").sum(), pl.len().cast(pl.Int64).alias("judgments")).sort(by)


def _over(table: pl.DataFrame, days: pl.DataFrame, limits: Mapping[str | None, float]) -> pl.DataFrame:
    parts = []
    for name, limit in limits.items():
        rows = days if name is None else table.filter(pl.col("harm") == name)
        rows = rows.select("rater_id", "day", pl.lit(name or "all").alias("class"), "minutes")
        rows = rows.with_columns(pl.lit(float(limit)).alias("limit"), (pl.col("minutes") - limit).alias("minutes_over"))
        parts.append(rows.filter(pl.col("minutes_over") > ROUNDING))
    return pl.concat(parts)


def _opted_out(sittings: pl.DataFrame) -> pl.Series:
    """Whether the rater had opted out when the item came: yes, or a moment not after it."""
    since: dict[str, Any] = {}
    for text in sittings["opt_out"].unique().to_list():
        low = text.strip().lower()
        try:
            since[text] = True if low in YES else False if low in NO else moment(text.strip())[0]
        except ValueError:
            raise HaloError(f"opt_out holds {quoted(text)}; write yes, no, or the moment since when") from None
    pairs = zip(sittings["opt_out"].to_list(), sittings["rated_at"].to_list(), strict=True)
    return pl.Series([s if isinstance(s := since[t], bool) else s <= at for t, at in pairs], dtype=pl.Boolean)


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
        p, float(low), float(high), confidence, None, sittings["item_id"].n_unique(), raters, sittings.height,
        f"share of {counted(int(n), 'rater-day')} with exposure that passed the limit; exact interval at the "
        "effective number of days", "raters" if raters >= FEWEST_RATERS else "items", tuple(cautions),
    )  # fmt: skip
