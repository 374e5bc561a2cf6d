"""Rater drift, data drift, guideline change: what can be told apart, and what to collect for the rest."""

from collections.abc import Iterable
from datetime import date
from typing import Any

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .changes import against_before, by_part, difference, fresh_only, on_anchors, on_fresh
from .periods import Period, dated, guideline_changes

NEAR = 3
GUIDELINE, SINGLE, TEAM, DATA, NOTHING, UNKNOWN = (
    "guideline change", "drift of single raters", "drift of the team", "data drift", "no change shown",
    "cannot be told",
)  # fmt: skip
EVERYBODY = 10**9


def cuts(j: Judgments, onsets: Iterable[date] = (), *, period: Period = "D", near: int = NEAR) -> pd.DataFrame:
    """The dates to look before and after: changes of the guideline, and where charts saw a change begin.

    An onset within `near` periods of a change of the guideline, or of an earlier onset, is the same date.

    Returns
    -------
    pandas.DataFrame
        Columns ``at`` and ``guideline`` (the new version, or empty), in order.

    Raises
    ------
    NotEstimable
        If nothing is dated.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "2026-01-05", "1"), ("b", "r", "y", "2026-01-06", "2")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at", "guideline"]))
    >>> cuts(j)["guideline"].tolist()
    ['2']
    """
    periods = sorted(dated(j, period=period)["period"].unique().to_list())
    position = {p: i for i, p in enumerate(periods)}
    try:
        changes = guideline_changes(j, period=period)
        found = dict(zip(changes["period"], changes["after"].astype(str), strict=True))
    except NotEstimable:
        found = {}
    for onset in sorted(set(onsets)):
        if all(abs(position[onset] - position[other]) > near for other in found):
            found[onset] = ""
    return pd.DataFrame(sorted(found.items()), columns=["at", "guideline"])


def windows(frame: pl.DataFrame, dates: pd.DataFrame, at: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The judgments before and after a date.

    A change of the guideline is held against all that was judged under the
    version before, up to the next date of any kind; another date against what lies
    between it and the date before, up to the next change of the guideline.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 4]})
    >>> dates = pd.DataFrame({"at": [2, 4], "guideline": ["", "2"]})
    >>> [part["period"].to_list() for part in windows(frame, dates, 2)]
    [[1], [2, 3]]
    """
    own = dates.loc[dates["at"] == at, "guideline"].iloc[0]
    earlier = dates.loc[(dates["at"] < at) & ((dates["guideline"] != "") | (own == "")), "at"]
    later = dates.loc[(dates["at"] > at) & ((dates["guideline"] != "") | (own != "")), "at"]
    when = pl.col("period")
    before = frame.filter((when < at) & (when >= earlier.iloc[-1] if len(earlier) else pl.lit(True)))
    after = frame.filter((when >= at) & (when < later.iloc[0] if len(later) else pl.lit(True)))
    return before, after


def causes(
    j: Judgments, onsets: Iterable[date] = (), *, period: Period = "D", by: str | None = None, rate: float = 0.10
) -> pd.DataFrame:
    """For each date: the change on anchors, on fresh items, beyond anchors, and the likely cause.

    *Guideline change*: the figure moves at a date on which the version changes.
    *Drift of single raters*: some raters move on anchors, most do not.
    *Drift of the team*: the anchors move and no version changes then; an unrecorded change of
    the guideline looks the same. *Data drift*: fresh items move beyond the anchors.
    *Cannot be told*: without anchors, items and raters move as one.

    Dates taken from charts were chosen because something stood out there, so
    the size of the change is flattered; collect a fortnight more before the size is used.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, dated.
    onsets : iterable of date
        Where charts saw a change begin.
    period : {"D", "W"}
    by : str, optional
        Column in which data drift is looked for, slice or locale for instance.
    rate : float
        False discovery rate of lists of raters and slices.

    Returns
    -------
    pandas.DataFrame
        ``at``, ``guideline``, then for ``anchors``, ``fresh`` and ``beyond``
        an `Estimate` or None, ``raters`` (identifiers listed), ``parts`` (values
        of `by` listed), ``cause``, ``said`` (one sentence, no names). Its
        ``attrs["fewest"]`` holds how many people a row is about: those listed where single raters drift.

    Raises
    ------
    NotEstimable
        If nothing is dated, or there is no date to look at.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{i}{d}", r, "xy"[(i + d) % 2], f"2026-01-{d:02}")
    ...         for i in range(4) for d in range(1, 9) for r in "pq"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at"]))
    >>> causes(j, [date(2026, 1, 5)])["cause"].tolist()
    ['cannot be told']
    """
    frame = dated(j, period=period)
    dates = cuts(j, onsets, period=period)
    if dates.empty:
        raise NotEstimable("no chart saw a change begin and no guideline changed, so there is no date to look at")
    rows: list[dict[str, Any]] = []
    for at, guideline in dates.itertuples(index=False, name=None):
        before, after = windows(frame, dates, at)
        rows.append({"at": at, "guideline": guideline, **_at(before, after, bool(guideline), by, rate)})
    made = pd.DataFrame(rows)
    made.attrs["fewest"] = [len(row["raters"]) if row["cause"] == SINGLE else EVERYBODY for row in rows]
    return made


def _at(before: pl.DataFrame, after: pl.DataFrame, is_guideline: bool, by: str | None, rate: float) -> dict[str, Any]:
    anchors = _or_none(lambda: on_anchors(before, after))
    fresh = _or_none(lambda: on_fresh(before, after))
    beyond = difference(fresh, anchors) if fresh and anchors else None
    raters: list[str] = []
    parts: list[str] = []
    if anchors and not is_guideline:
        table = _or_none(lambda: by_part(*against_before(before, after), "rater_id", rate=rate))
        raters = [] if table is None else list(table.loc[table["listed"], "rater_id"])
    if by and by in before.columns and not is_guideline:
        table = _or_none(lambda: by_part(*fresh_only(before, after), by, rate=rate))
        parts = [] if table is None else list(table.loc[table["listed"], by])
    cause, said = _verdict(anchors, fresh, beyond, raters, parts, is_guideline, by)
    return {"anchors": anchors, "fresh": fresh, "beyond": beyond, "raters": tuple(raters), "parts": tuple(parts),
            "cause": cause, "said": said}  # fmt: skip


def _verdict(
    anchors: Estimate | None, fresh: Estimate | None, beyond: Estimate | None, raters: list[str], parts: list[str],
    is_guideline: bool, by: str | None,
) -> tuple[str, str]:  # fmt: skip
    moved = [e is not None and not e.low <= 0 <= e.high for e in (anchors, fresh, beyond)]
    if is_guideline:
        if moved[0] or (anchors is None and moved[1]):
            note = "" if moved[0] else " Without anchors, other items at the same time would look the same."
            return GUIDELINE, "The figure moves where the version changes." + note
        shown = " Fresh items move beyond the anchors: look at the data." if moved[2] else ""
        return (DATA if moved[2] else NOTHING), "The version changes and the anchors do not move." + shown
    if anchors is None:
        return UNKNOWN, (
            "No anchors on both sides, so raters and items cannot be told apart: give every rater the same known items "
            "again, a few each week."
        )
    also = f" Listed: {counted(len(parts), 'value')} of {by}." if parts and by else ""
    if raters and len(raters) <= max(1, anchors.n_raters // 3):
        more = " Fresh items move beyond the anchors as well: data drift too." if moved[2] else ""
        return SINGLE, f"{counted(len(raters), 'rater')} of {anchors.n_raters} moved on the same items.{more}"
    if moved[0]:
        return TEAM, ("The whole team moves on the same items, and no version changes; an unrecorded change of the "
                      "guideline looks the same, so ask who answered questions that week.")  # fmt: skip
    if moved[2] or parts:
        return DATA, f"Fresh items move and the anchors do not.{also}"
    return NOTHING, "Neither anchors nor fresh items show a change beyond their intervals."


def _or_none(make: Any) -> Any:
    try:
        return make()
    except NotEstimable:
        return None
