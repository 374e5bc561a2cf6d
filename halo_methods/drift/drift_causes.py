"""Rater drift, data drift, guideline change: what can be told apart, and what to collect for the rest."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal, TypeVar

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..results import Estimate, counted
from ..stats.change import change, difference
from ..stats.discovery import benjamini_hochberg
from ..stats.means import welch
from .dated_judgments import MEASURE, of_periods, version_changes

NEAR = 3
FEWEST_ON_A_SIDE = 5
Cause = Literal[
    "guideline change", "drift of single raters", "drift of the team", "data drift", "no change shown", "cannot be told"
]
Part = TypeVar("Part")


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


def dates_to_look_at(frame: pl.DataFrame, onsets: Iterable[date], *, near: int = NEAR) -> pd.DataFrame:
    """List changes of the guideline, and where charts saw a change begin: ``at``, ``guideline`` (or empty).

    An onset within `near` periods of a change of the guideline, or of an earlier onset, is the same date.
    """
    table = of_periods(frame)
    position = {period: n for n, period in enumerate(table["period"])}
    changes = version_changes(table)
    versions = dict(zip(changes["period"], changes["after"], strict=True))
    for onset in sorted(set(onsets)):
        if all(abs(position[onset] - position[other]) > near for other in versions):
            versions[onset] = ""
    return pd.DataFrame(sorted(versions.items()), columns=["at", "guideline"])


def window(frame: pl.DataFrame, dates: pd.DataFrame, at: date) -> pl.DataFrame:
    """Keep the judgments before and after a date, which a column ``after`` tells apart.

    A change of the guideline is compared with all that was judged under the
    version before, up to the next date of any kind; another date with what lies
    between it and the date before, up to the next change of the guideline.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 4]})
    >>> window(frame, pd.DataFrame({"at": [2, 4], "guideline": ["", "2"]}), 2).rows()
    [(1, False), (2, True), (3, True)]
    """
    recorded = dates["guideline"] != ""
    own = bool(recorded[dates["at"] == at].iloc[0])
    earlier = dates.loc[(dates["at"] < at) & (recorded | (not own)), "at"]
    later = dates.loc[(dates["at"] > at) & (recorded | own), "at"]
    when = pl.col("period")
    inside = pl.lit(True)
    inside = inside & (when >= earlier.iloc[-1]) if len(earlier) else inside
    inside = inside & (when < later.iloc[0]) if len(later) else inside
    return frame.filter(inside).with_columns((when >= at).alias("after"))


def on_both_sides(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Split into items judged on both sides, as distances from their mean before, and items judged on one side.

    Examples
    --------
    >>> frame = pl.DataFrame({"item_id": [*"abbc"], "y": [0.0, 0.5, 1.0, 1.0], "after": [False, False, True, True]})
    >>> shared, fresh = on_both_sides(frame)
    >>> shared["y"].to_list(), fresh["item_id"].to_list()
    ([0.0, 0.5], ['a', 'c'])
    """
    several = frame.group_by("item_id").len().filter(pl.col("len") > 1).select("item_id")
    sides = frame.join(several, on="item_id", how="semi").group_by("item_id")
    shared = sides.agg(pl.col("y").filter(~pl.col("after")).mean().alias("was"), pl.col("after").any().alias("again"))
    shared = shared.filter(pl.col("was").is_not_null() & pl.col("again")).drop("again")
    same = frame.join(shared, on="item_id", how="inner", maintain_order="left")
    fresh = frame.join(shared, on="item_id", how="anti", maintain_order="left")
    return same.with_columns(pl.col("y") - pl.col("was")).drop("was"), fresh


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
        raise NotEstimable(reason, public=reason)
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
        raise NotEstimable(reason, public=reason)
    columns = (fresh[c] for c in ("y", "after", "rater_id", "item_id"))
    periods = fresh["period"].rank("dense")
    return change(*columns, cluster=periods, quantity="change on fresh items", measure=MEASURE)


def beyond(fresh: Estimate, tracking: Estimate) -> Estimate:
    """Estimate the change on fresh items beyond that on tracking items: the part that the items bring."""
    return difference(fresh, tracking, quantity="change on fresh items beyond that on tracking items")


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
    table = frame.drop_nulls(column).group_by(column).agg(*sums).sort(column).to_pandas()
    table = table[(table[["n_before", "n_after"]] >= FEWEST_ON_A_SIDE).all(axis=1)].copy()
    if table.empty:
        raise NotEstimable(f"no {column.removesuffix('_id')} has five judgments on each side of the change")
    one, two = ((table[f"n_{side}"], table[f"mean_{side}"], table[f"variance_{side}"]) for side in ("before", "after"))
    table["change"], table["low"], table["high"], p_values = welch(one, two)
    table["listed"] = benjamini_hochberg(p_values, rate)
    shown = [column, "n_before", "n_after", "change", "low", "high", "listed"]
    return table[shown].sort_values(["change", column], ignore_index=True)


def causes_at(frame: pl.DataFrame, dates: pd.DataFrame, *, by: str | None, rate: float) -> Causes:
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
    dates : pandas.DataFrame
        Of `dates_to_look_at`.
    by : str, optional
        Column in which data drift is looked for, slice or locale for instance.
    rate : float
        False discovery rate of lists of raters and groups.
    """
    rows: list[dict[str, Any]] = []
    raters: dict[date, tuple[str, ...]] = {}
    for at, guideline in dates.sort_values("at", ascending=False).itertuples(index=False, name=None):
        shared, fresh = on_both_sides(window(frame, dates, at))
        tracking = estimable(lambda shared=shared: change_on_tracking(shared))  # type: ignore[misc]
        new = estimable(lambda fresh=fresh: change_on_fresh(fresh))  # type: ignore[misc]
        extra = beyond(new, tracking) if new and tracking else None
        raters[at] = _listed(shared, "rater_id", rate) if tracking and not guideline else ()
        groups = _listed(fresh, by, rate) if by in frame.columns and not guideline else ()
        cause, why = _verdict(tracking, new, extra, len(raters[at]), groups, bool(guideline), by)
        moved = {"tracking_items": tracking, "fresh_items": new, "beyond": extra, "raters_moved": len(raters[at])}
        rows.append({"at": at, "guideline": guideline, **moved, "groups_moved": groups, "cause": cause, "why": why})
    return Causes(table=pd.DataFrame(rows), raters=raters)


def _listed(frame: pl.DataFrame, column: str | None, rate: float) -> tuple[str, ...]:
    table = estimable(lambda: by_part(frame, str(column), rate=rate))
    return () if table is None else tuple(table.loc[table["listed"], column])


def _verdict(
    tracking: Estimate | None,
    fresh: Estimate | None,
    extra: Estimate | None,
    raters: int,
    groups: tuple[str, ...],
    is_guideline: bool,
    by: str | None,
) -> tuple[Cause, str]:
    on_tracking, on_fresh, more = (e is not None and not e.low <= 0 <= e.high for e in (tracking, fresh, extra))
    if is_guideline:
        if on_tracking or (tracking is None and on_fresh):
            note = "" if on_tracking else " Without tracking items, other items at the same time would look the same."
            return "guideline change", "The figure moves where the version changes." + note
        still = "The version changes and the tracking items do not move."
        if more:
            return "data drift", f"{still} Fresh items move beyond the tracking items: look at the data."
        return "no change shown", still
    if tracking is None:
        return "cannot be told", (
            "No tracking items on both sides, so raters and items cannot be told apart: give every rater the same "
            "known items again, a few each week."
        )
    if 0 < raters <= max(1, tracking.n_raters // 3):
        also = " Fresh items move beyond the tracking items as well: data drift too." if more else ""
        return "drift of single raters", (
            f"{counted(raters, 'rater')} of {tracking.n_raters} moved on the same items.{also}"
        )
    if on_tracking:
        return "drift of the team", (
            "The whole team moves on the same items, and no version changes; an unrecorded change of the guideline "
            "looks the same, so ask who answered questions that week."
        )
    if more or groups:
        listed = f" Listed: {counted(len(groups), 'value')} of {by}." if groups else ""
        return "data drift", f"Fresh items move and the tracking items do not.{listed}"
    return "no change shown", "Neither tracking items nor fresh items show a change beyond their intervals."
