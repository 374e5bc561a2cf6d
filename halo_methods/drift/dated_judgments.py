"""Judgments by day or week: tracking items and fresh ones, versions of the guideline, what moved and why."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from typing import Any, Literal, TypeVar

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from ..stats.change import change, difference
from ..stats.discovery import benjamini_hochberg
from ..stats.means import welch
from .control_charts import FLAT, scaled

Period = Literal["D", "W"]
Part = TypeVar("Part")
NEAR = 3
FEWEST_ON_A_SIDE = 5
BEYOND = "change on fresh items beyond that on tracking items"
TIMES = 3
MEASURE = "place on the scale"
NO_GROUPS = ("item_id", "rater_id", "label", "guideline", "rated_at", "period", "y", "off", "gap", "after", "was")
NO_TRACKING = (
    "no item was judged in three periods, so there are no tracking items; give every rater the same known items "
    "again, a few each week"
)


def dated(j: Judgments, *, period: Period = "D", by: str | None = None) -> pl.DataFrame:
    """List the judgments that have a moment, each with its period and its place on the scale.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    period : {"D", "W"}
        Day, or week from Monday; in UTC.
    by : str, optional
        A further column to keep.

    Returns
    -------
    polars.DataFrame
        ``period`` (a date), ``item_id``, ``rater_id``, ``label``, ``y`` (see `figure`), and ``guideline`` where there
        is one.

    Raises
    ------
    NotEstimable
        If nothing is dated, or only one label occurs.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "bad", "2026-01-05"), ("b", "r", "good", "2026-01-11")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at"]),
    ...                  scale=["bad", "good"], level="ordinal")
    >>> dated(j, period="W")["y"].to_list()
    [0.0, 1.0]
    """
    frame = j.one().frame
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        reason = "no judgment says when it was made; drift needs a `rated_at` column with the moment of each judgment"
        raise NotEstimable(reason, public=True)
    kept = [column for column in ("guideline", by) if column in frame.columns]
    frame = frame.select("rated_at", "item_id", "rater_id", "label", *kept).drop_nulls("rated_at")
    if frame["label"].n_unique() < 2:
        raise NotEstimable("one label only occurs, so nothing can be seen to move")
    when = pl.col("rated_at").dt.truncate(f"1{period.lower()}").dt.date().alias("period")
    return frame.select(when, "item_id", "rater_id", "label", figure(j)[0].alias("y"), *kept)


def figure(j: Judgments) -> tuple[pl.Expr, str]:
    """Place a label from 0 to 1, and say what a rise means.

    Ordered labels from 0 (the first of the scale) to 1 (the last), numbers from the low end of the scale to the high
    end.
    Nominal labels are 1 for the most frequent and 0 for others.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "bad"), ("b", "r", "good")]
    >>> figure(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))[1]
    'share of the label bad'
    """
    label = pl.col("label")
    if j.numeric:
        ends = zip(map(float, j.scale or (np.inf, np.inf)), (label.min(), label.max()), strict=True)
        low, high = (pl.lit(end) if np.isfinite(end) else seen for end, seen in ends)
        return (label - low) / (high - low), "mean label, from 0 (low end) to 1 (high end)"
    if j.level == "ordinal" and len(j.labels) > 1:
        steps = {str(name): i / (len(j.labels) - 1) for i, name in enumerate(j.labels)}
        words = f"mean place on the scale, from 0 ({j.labels[0]}) to 1 ({j.labels[-1]})"
        return label.replace_strict(steps, return_dtype=pl.Float64), words
    usual = usual_label(j)
    return (label == usual).cast(pl.Float64), f"share of the label {usual}"


def usual_label(j: Judgments) -> str:
    """The most frequent label."""
    counts = j.one().frame.group_by("label").len().sort(["len", "label"], descending=[True, False])
    return str(counts["label"][0])


def of_periods(frame: pl.DataFrame, value: str = "y") -> pd.DataFrame:
    """Count and average the judgments of each period that has some.

    Returns
    -------
    pandas.DataFrame
        ``period``, ``n``, ``mean``, ``guideline`` (the version of most judgments; empty where unknown).

    Examples
    --------
    >>> frame = pl.DataFrame({"period": ["a", "a", "b"], "y": [0.0, 1.0, 1.0]})
    >>> of_periods(frame)["mean"].tolist()
    [0.5, 1.0]
    """
    version = pl.col("guideline").drop_nulls().mode().cast(pl.String).min().fill_null("")
    version = version if "guideline" in frame.columns else pl.lit("").alias("guideline")
    table = frame.group_by("period").agg(pl.len().alias("n"), pl.col(value).mean().alias("mean"), version)
    return table.sort("period").to_pandas(date_as_object=True)


def version_changes(table: pd.DataFrame) -> pd.DataFrame:
    """List where another version of the guideline came into use: ``period``, ``before``, ``after``."""
    changes = table[["period", "guideline"]].rename(columns={"guideline": "after"})
    changes.insert(1, "before", changes["after"].shift())
    return changes[changes["before"].notna() & (changes["before"] != changes["after"])].reset_index(drop=True)


def split(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split judgments into those of tracking items, and all others.

    A tracking item was judged in three periods or more. Its judgments carry
    ``off``: how far above the item's mean under the same guideline; and ``gap``:
    how far above the mean of the other raters, where there are others.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 3], "item_id": ["a", "a", "a", "b"],
    ...                       "rater_id": ["r", "s", "t", "r"], "y": [0.0, 1.0, 1.0, 0.0]})
    >>> tracking, fresh = split(frame)
    >>> tracking["gap"].to_list(), len(fresh)
    ([-1.0, 0.5, 0.5], 1)
    """
    comes_back = frame.select(pl.col("period").n_unique().over("item_id") >= TIMES).to_series()
    tracking, fresh = frame.filter(comes_back), frame.filter(~comes_back)
    unit = ["item_id", *(["guideline"] if "guideline" in frame.columns else [])]
    own = [*unit, "rater_id"]
    y, total, n = pl.col("y"), pl.col("y").sum().over(unit), pl.len().over(unit)
    mine, n_mine = pl.col("y").sum().over(own), pl.len().over(own)
    others = pl.when(n > n_mine).then((total - mine) / (n - n_mine)).otherwise(total / n)
    return tracking.with_columns((y - total / n).alias("off"), (y - others).alias("gap")), fresh


def in_use(frame: pl.DataFrame) -> pl.DataFrame:
    """Keep the periods since the last change of the guideline."""
    changes = version_changes(of_periods(frame))
    return frame.filter(pl.col("period") >= changes["period"].iloc[-1]) if len(changes) else frame


def series_of(
    frame: pl.DataFrame, value: str, by: str | None, periods: list[Any]
) -> tuple[list[str], NDArray, NDArray]:
    """Sum up the judgments of each value of a column, or all of them: names, means and sizes by period."""
    of = pl.lit("all") if by is None else pl.col(by).cast(pl.String)
    cells = frame.group_by(of.alias("of"), "period").agg(pl.len().alias("n"), pl.col(value).mean().alias("mean"))
    cells = cells.drop_nulls("of")
    names, row = np.unique(cells["of"].to_numpy(), return_inverse=True)
    means, sizes = np.zeros((2, len(names), len(periods)))
    column = cells["period"].replace_strict(periods, range(len(periods)), return_dtype=pl.Int64).to_numpy()
    means[row, column], sizes[row, column] = cells["mean"], cells["n"]
    return names.tolist(), means, sizes


def by_version(
    means: NDArray, sizes: NDArray, versions: NDArray, *, baseline: int
) -> tuple[NDArray, NDArray, dict[int, str]]:
    """Standardise series, each begun anew with each version of the guideline.

    Judgments under two versions are two measurements, so each version's first `baseline` periods give a centre and a
    spread of their own.
    These periods are zero themselves, as are versions too short to be watched and periods without judgments.

    Parameters
    ----------
    means, sizes : ndarray, shape (series, periods)
    versions : ndarray, shape (periods,)
    baseline : int

    Returns
    -------
    z : ndarray, shape (series, periods)
    tested : ndarray of bool, shape (periods,)
        Whether a period is no baseline.
    left_out : dict of int to str
        The series that can't be watched under any version, and why.

    Examples
    --------
    >>> versions = np.array([*"aaaab"])
    >>> z, tested, left_out = by_version(np.array([[1.0, 2, 3, 4, 9]]), np.ones((1, 5)), versions, baseline=3)
    >>> z.tolist(), tested.tolist(), left_out
    ([[0.0, 0.0, 0.0, 2.0, 0.0]], [False, False, False, True, False], {})
    """
    z, watched, tested = np.zeros_like(means), np.zeros(len(means), bool), np.zeros(len(versions), bool)
    why: dict[int, str] = {}
    for part in blocks(versions):
        if len(part) <= baseline:
            continue
        first, later = part[:baseline], part[baseline:]
        tested[later] = True
        learnt = (sizes[:, first] > 0).sum(axis=1)
        figures, varies = scaled(means[:, part], sizes[:, part], baseline)
        good = varies & (learnt >= max(3, baseline / 2)) & (sizes[:, later] > 0).any(axis=1)
        z[np.ix_(good, later)] = figures[good, baseline:]
        watched |= good
        for i in np.flatnonzero(~good):
            reason = f"{learnt[i]} of the {baseline} periods of a baseline have judgments, or nothing follows; too few"
            why.setdefault(int(i), reason if varies[i] else FLAT.format(baseline=baseline))
    short = (
        f"no version of the guideline lasts longer than {max(map(len, blocks(versions)))} periods, and the baseline "
        f"alone takes {baseline}; watch longer, or name a shorter `baseline`"
    )
    return z, tested, {int(i): why.get(int(i), short) for i in np.flatnonzero(~watched)}


def blocks(versions: NDArray) -> list[NDArray]:
    """The positions of each unbroken run of a version."""
    return np.split(np.arange(len(versions)), np.flatnonzero(versions[1:] != versions[:-1]) + 1)


@dataclass(frozen=True, eq=False, kw_only=True)
class Causes:
    """What moved at each date, and the likely cause.

    Attributes
    ----------
    table : pandas.DataFrame
        ``at``, ``guideline`` (the new version, or empty), then for ``tracking_items``, ``fresh_items`` and ``beyond``
        (fresh items beyond tracking items) the change as an `Estimate` or None, ``raters_moved`` (how many are listed),
        ``groups_moved`` (values of the grouping column listed), ``cause`` and ``why``; latest first.
    raters : dict of date to tuple of str
        The raters listed at each date.
    """

    table: pd.DataFrame
    raters: dict[date, tuple[str, ...]]


def estimable(part: Callable[[], Part]) -> Part | None:
    """A part, or None where it can't be estimated."""
    try:
        return part()
    except NotEstimable:
        return None


def dates_to_look_at(periods: pd.Series, versions: dict[date, str], onsets: Iterable[date]) -> dict[date, str]:
    """List changes of the guideline, and where charts saw a change begin: the new version (or empty) by date.

    An onset within three periods of a change of the guideline, or of an earlier onset, is the same date.
    """
    position, dates = {period: n for n, period in enumerate(periods)}, {**versions}
    for onset in sorted(set(onsets)):
        if all(abs(position[onset] - position[other]) > NEAR for other in dates):
            dates[onset] = ""
    return dict(sorted(dates.items()))


def window(frame: pl.DataFrame, dates: dict[date, str], at: date) -> pl.DataFrame:
    """Keep the judgments before and after a date, which a column ``after`` tells apart.

    A change of the guideline is compared with all that was judged under the version before, up to the next date of any
    kind.
    Another date is compared with what lies between it and the date before, up to the next change of the guideline.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 4]})
    >>> window(frame, {2: "", 4: "2"}, 2).rows()
    [(1, False), (2, True), (3, True)]
    """
    earlier = [day for day, version in dates.items() if day < at and (version or not dates[at])]
    later = [day for day, version in dates.items() if day > at and (version or dates[at])]
    when = pl.col("period")
    bounds = [pl.lit(True), *(when >= day for day in earlier[-1:]), *(when < day for day in later[:1])]
    return frame.filter(bounds).with_columns((when >= at).alias("after"))


def on_both_sides(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split into items judged on both sides, as distances from their mean before, and items judged on one side.

    Examples
    --------
    >>> frame = pl.DataFrame({"item_id": [*"abbc"], "y": [0.0, 0.5, 1.0, 1.0], "after": [False, False, True, True]})
    >>> shared, fresh = on_both_sides(frame)
    >>> shared["y"].to_list(), fresh["item_id"].to_list()
    ([0.0, 0.5], ['a', 'c'])
    """
    both = frame.select(pl.col("after").n_unique().over("item_id") == 2).to_series()
    was = pl.col("y").filter(~pl.col("after")).mean().over("item_id")
    return frame.filter(both).with_columns(pl.col("y") - was), frame.filter(~both)


def change_on_tracking(shared: pl.DataFrame) -> Estimate:
    """Estimate the change on items judged on both sides, each item against its mean before.

    Raises
    ------
    NotEstimable
        If no item was judged on both sides, or fewer than two raters judged on both.
    """
    if shared.is_empty():
        reason = (
            "no item was judged both before and after, so raters cannot be told from data; give every rater the same "
            "known items (tracking items) again each week"
        )
        raise NotEstimable(reason, public=True)
    columns = (shared[c] for c in ("y", "after", "rater_id", "item_id"))
    return change(*columns, quantity="change on tracking items", measure=MEASURE)


def change_on_fresh(fresh: pl.DataFrame) -> Estimate:
    """Estimate the change on items judged on one side only; periods are drawn anew beside raters.

    Raises
    ------
    NotEstimable
        If a side has no such items, or fewer than two raters judged on both.
    """
    if fresh["after"].n_unique() < 2:
        reason = "every item was judged on both sides, so nothing shows what new items are like"
        raise NotEstimable(reason, public=True)
    columns = (fresh[c] for c in ("y", "after", "rater_id", "item_id"))
    periods = fresh["period"].rank("dense")
    return change(*columns, cluster=periods, quantity="change on fresh items", measure=MEASURE)


def by_part(frame: pl.DataFrame, column: str, *, rate: float) -> pd.DataFrame:
    """Compare each rater, or each group, after and before, and list which changes to believe.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``n_before``, ``n_after``, ``change``, ``low``, ``high``
        (Welch's interval), ``listed``; lowest change first. Parts with fewer than
        five judgments on a side are left out.

    Raises
    ------
    NotEstimable
        If no part has them.

    Examples
    --------
    >>> side = pl.DataFrame({"slice": ["a"] * 6, "y": [0, 1, 0, 1, 0, 1]})
    >>> frame = pl.concat([side.with_columns(after=pl.lit(after)) for after in (False, True)])
    >>> by_part(frame, "slice", rate=0.1)["listed"].tolist()
    [False]
    """
    y, after = pl.col("y"), pl.col("after")
    sums = [
        figure.alias(f"{name}_{side}")
        for side, part in (("before", y.filter(~after)), ("after", y.filter(after)))
        for name, figure in (("n", part.len()), ("mean", part.mean()), ("variance", part.var()))
    ]
    summed = frame.drop_nulls(column).group_by(column).agg(*sums)
    table = summed.with_columns(pl.col(column).cast(pl.String)).sort(column).to_pandas()
    table = table[(table[["n_before", "n_after"]] >= FEWEST_ON_A_SIDE).all(axis=1)].copy()
    if table.empty:
        raise NotEstimable(f"no {column.removesuffix('_id')} has five judgments on each side of the change")
    one, two = ((table[f"n_{side}"], table[f"mean_{side}"], table[f"variance_{side}"]) for side in ("before", "after"))
    table["change"], table["low"], table["high"], p_values = welch(one, two)
    table["listed"] = benjamini_hochberg(p_values, rate=rate)
    shown = [column, "n_before", "n_after", "change", "low", "high", "listed"]
    return table[shown].sort_values(["change", column], ignore_index=True)


def causes_at(frame: pl.DataFrame, dates: dict[date, str], *, by: str | None, rate: float) -> Causes:
    """For each date: the change on tracking items, on fresh items, beyond tracking items, and the likely cause.

    *Guideline change*: the figure moves at a date on which the version changes.
    *Drift of single raters*: some raters move on tracking items, most do not.
    *Drift of the team*: the tracking items move and no version changes then; an unrecorded change of
    the guideline looks the same. *Data drift*: fresh items move beyond the tracking items.
    *Cannot be told*: without tracking items, items and raters move as one.

    Dates taken from charts were chosen because something stood out there, so
    the size of the change is flattered; collect a fortnight more before the size is used.

    Parameters
    ----------
    frame : polars.DataFrame
        Of `dated`.
    dates : dict of date to str
        Of `dates_to_look_at`.
    by : str, optional
        Column in which data drift is looked for, slice or locale for instance.
    rate : float
        False discovery rate of lists of raters and groups.
    """
    rows: list[dict[str, Any]] = []
    raters: dict[date, tuple[str, ...]] = {}
    for at, guideline in sorted(dates.items(), reverse=True):
        shared, fresh = on_both_sides(window(frame, dates, at))
        tracking, new = estimable(partial(change_on_tracking, shared)), estimable(partial(change_on_fresh, fresh))
        extra = difference(new, tracking, quantity=BEYOND) if new and tracking else None
        raters[at] = _listed(shared, "rater_id", rate) if tracking and not guideline else ()
        groups = _listed(fresh, by, rate) if by in frame.columns and not guideline else ()
        bare = [one and replace(one, basis=None) for one in (tracking, new, extra)]  # else each date keeps its rows
        row: dict[str, Any] = {"at": at, "guideline": guideline}
        row |= dict(zip(("tracking_items", "fresh_items", "beyond"), bare, strict=True))
        row |= {"raters_moved": len(raters[at]), "groups_moved": groups}
        row["cause"], row["why"] = _at_a_version(row) if guideline else _at_another_date(row, by)
        rows.append(row)
    return Causes(table=pd.DataFrame(rows), raters=raters)


def _listed(frame: pl.DataFrame, column: str | None, rate: float) -> tuple[str, ...]:
    table = estimable(lambda: by_part(frame, str(column), rate=rate))
    return () if table is None else tuple(table.loc[table["listed"], column])


def _moved(change: Estimate | None) -> bool:
    return change is not None and not change.low <= 0 <= change.high


def _at_a_version(row: dict[str, Any]) -> tuple[str, str]:
    """Cause and reason where the version of the guideline changes."""
    if _moved(row["tracking_items"]):
        return "guideline change", "The figure moves where the version changes."
    if row["tracking_items"] is None and _moved(row["fresh_items"]):
        return "guideline change", (
            "The figure moves where the version changes. Without tracking items, other items at the same time would "
            "look the same."
        )
    still = "The version changes and the tracking items do not move."
    if _moved(row["beyond"]):
        return "data drift", f"{still} Fresh items move beyond the tracking items: look at the data."
    return "no change shown", still


def _at_another_date(row: dict[str, Any], by: str | None) -> tuple[str, str]:
    tracking, raters, groups, more = row["tracking_items"], row["raters_moved"], row["groups_moved"], row["beyond"]
    if tracking is None:
        return "cannot be told", (
            "No tracking items on both sides, so raters and items cannot be told apart: give every rater the same "
            "known items again, a few each week."
        )
    if 0 < raters <= max(1, tracking.n_raters // 3):
        also = " Fresh items move beyond the tracking items as well: data drift too." if _moved(more) else ""
        return "drift of single raters", (
            f"{counted(raters, 'rater')} of {tracking.n_raters} moved on the same items.{also}"
        )
    if _moved(tracking):
        return "drift of the team", (
            "The whole team moves on the same items, and no version changes; an unrecorded change of the guideline "
            "looks the same, so ask who answered questions that week."
        )
    if _moved(more) or groups:
        listed = f" Listed: {counted(len(groups), 'value')} of {by}." if groups else ""
        return "data drift", f"Fresh items move and the tracking items do not.{listed}"
    return "no change shown", "Neither tracking items nor fresh items show a change beyond their intervals."
