"""Judgments by day or week, and what of them a chart watches."""

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments

Period = Literal["D", "W"]
GROUPING = ("slice", "locale", "queue", "system", "vendor")
_STEPS = {"D": "1d", "W": "1w"}


def dated(j: Judgments, *, period: Period = "D", watched: tuple[str, ...] | None = None) -> pl.DataFrame:
    """The judgments that have a moment, each with its period and its place on the scale.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    period : {"D", "W"}
        Day, or week from Monday; in UTC.
    watched : tuple of str, optional
        Labels that count as 1, all others as 0. Otherwise ordered labels
        count from 0 (the first of the scale) to 1 (the last), numbers from the low
        end of the scale to the high end, and nominal labels as 1 for the one most frequent.

    Returns
    -------
    polars.DataFrame
        Columns ``period`` (a date), ``item_id``, ``rater_id``, ``y`` (from 0
        to 1), and ``guideline``, ``slice``, ``locale`` and others that are there.

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
    if period not in get_args(Period):
        raise BadOption.of("period", period, get_args(Period))
    frame = j.one().frame
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        raise NotEstimable(
            "no judgment says when it was made; drift needs a `rated_at` column with the moment of each judgment"
        )
    frame = frame.filter(pl.col("rated_at").is_not_null())
    if frame["label"].n_unique() < 2:
        raise NotEstimable("one label only occurs, so nothing can be seen to move")
    when = pl.col("rated_at").dt.truncate(_STEPS[period]).dt.date().alias("period")
    return frame.with_columns(when, _place(j, frame, watched).alias("y")).sort("period", "item_id", "rater_id")


def fewest_people(
    j: Judgments, *, period: Period = "D", by: str | None = None, what: Literal["all", "anchors", "fresh"] = "all"
) -> int:
    """The fewest people, models aside, who judged in one period, or in one group in one period.

    ``what`` counts those of anchors or of fresh items only, as a chart of them does.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "2026-01-05"), ("a", "s", "y", "2026-01-05"), ("b", "r", "x", "2026-01-06")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at"]))
    >>> fewest_people(j), fewest_people(j, period="W")
    (1, 2)
    """
    frame = dated(j, period=period)
    if what != "all":
        try:
            frame = split_anchors(frame)[what == "fresh"]
        except NotEstimable:
            frame = frame if what == "fresh" else frame.clear()
    if "rater_type" in frame.columns:
        frame = frame.filter(pl.col("rater_type").ne_missing("model"))
    sizes = frame.group_by("period", *([by] if by else [])).agg(pl.col("rater_id").n_unique())["rater_id"]
    return min(sizes.to_list(), default=0)


def labels_given(j: Judgments) -> pd.DataFrame:
    """How often each label was given, and whether judgments of it say when they were made.

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``judgments``, ``dated``; the 20 most frequent.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "bad"), ("b", "r", "bad")]
    >>> labels_given(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))).values.tolist()
    [['bad', 2, 0]]
    """
    frame = j.one().frame
    when = pl.col("rated_at").is_not_null().sum() if "rated_at" in frame.columns else pl.lit(0)
    table = frame.group_by("label").agg(pl.len().cast(pl.Int64).alias("judgments"), when.cast(pl.Int64).alias("dated"))
    return table.sort(["judgments", "label"], descending=[True, False]).head(20).to_pandas()


def watched_label(j: Judgments) -> str:
    """What a rise of the charts' figure means, in words.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "bad"), ("b", "r", "good")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> watched_label(j)
    'share of the label bad'
    """
    if j.numeric:
        return "mean label, from 0 (low end) to 1 (high end)"
    if j.level == "ordinal":
        return f"mean place on the scale, from 0 ({j.labels[0]}) to 1 ({j.labels[-1]})"
    return f"share of the label {_usual(j.one().frame)}"


def of_periods(frame: pl.DataFrame, value: str = "y") -> pd.DataFrame:
    """Mean and number of judgments of each period that has some.

    Returns
    -------
    pandas.DataFrame
        Columns ``period``, ``n``, ``mean``, ``guideline`` (the one most
        judgments of the period were made under; empty where unknown).

    Examples
    --------
    >>> frame = pl.DataFrame({"period": ["a", "a", "b"], "y": [0.0, 1.0, 1.0]})
    >>> of_periods(frame)["mean"].tolist()
    [0.5, 1.0]
    """
    versions = pl.col("guideline").drop_nulls().mode().sort().first() if "guideline" in frame.columns else pl.lit("")
    table = frame.group_by("period").agg(
        pl.len().alias("n"), pl.col(value).mean().alias("mean"), versions.alias("guideline")
    )
    table = table.sort("period").with_columns(pl.col("guideline").fill_null(""))
    return table.drop("period").to_pandas().assign(period=pd.Series(table["period"].to_list(), dtype=object))


def guideline_changes(j: Judgments, *, period: Period = "D") -> pd.DataFrame:
    """When another version of the guideline came into use.

    Returns
    -------
    pandas.DataFrame
        Columns ``period`` (the first in which most judgments are made under
        the new version), ``before``, ``after``.

    Raises
    ------
    NotEstimable
        If there is no `guideline` column or no date.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "2026-01-05", "1"), ("b", "r", "y", "2026-01-06", "2")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at", "guideline"]))
    >>> guideline_changes(j)["after"].tolist()
    ['2']
    """
    if "guideline" not in j.columns:
        raise NotEstimable(
            "there is no `guideline` column, so a change of the guideline cannot be told from drift; record the "
            "version each judgment was made under"
        )
    table = of_periods(dated(j, period=period))
    before = table["guideline"].shift()
    moved = table[before.notna() & (table["guideline"] != before)]
    return pd.DataFrame({"period": moved["period"], "before": before[moved.index], "after": moved["guideline"]}
                        ).reset_index(drop=True)  # fmt: skip


def split_anchors(frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Judgments of anchors, and of everything else.

    An anchor is an item that was judged in three periods or more. Its
    judgments carry ``gap``: how far they lie above what the item got on average
    under the same guideline, from the other raters where there are others.

    Raises
    ------
    NotEstimable
        If no item comes back.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 3], "item_id": ["a", "a", "a", "b"],
    ...                       "rater_id": ["r", "s", "t", "r"], "y": [0.0, 1.0, 1.0, 0.0]})
    >>> anchors, fresh = split_anchors(frame)
    >>> anchors["gap"].to_list(), len(fresh)
    ([-1.0, 0.5, 0.5], 1)
    """
    times = frame.group_by("item_id").agg(pl.col("period").n_unique().alias("times"))
    names = times.filter(pl.col("times") >= 3)["item_id"]
    repeated = pl.col("item_id").is_in(names.implode())
    anchors, fresh = frame.filter(repeated), frame.filter(~repeated)
    if anchors.is_empty():
        raise NotEstimable(
            "no item was judged in three periods, so there are no anchors; give every rater the same known items "
            "again, a few each week"
        )
    unit = ["item_id", *(["guideline"] if "guideline" in frame.columns else [])]
    own = [*unit, "rater_id"]
    total, n = pl.col("y").sum().over(unit), pl.len().over(unit)
    mine, n_mine = pl.col("y").sum().over(own), pl.len().over(own)
    others = pl.when(n > n_mine).then((total - mine) / (n - n_mine)).otherwise(total / n)
    return anchors.with_columns((pl.col("y") - others).alias("gap")), fresh


def grouping(j: Judgments) -> str:
    """The column to chart by where nobody named one: slice, locale, queue, system or vendor, the first with two values.

    Raises
    ------
    NotEstimable
        If none of them has two values.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "web"), ("b", "r", "y", "app")]
    >>> grouping(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "slice"])))
    'slice'
    """
    for column in GROUPING:
        if column in j.columns and j.frame[column].drop_nulls().n_unique() > 1:
            return column
    raise NotEstimable(
        f"none of the columns {', '.join(GROUPING)} has two values; name another with the parameter `by`"
    )


def _usual(frame: pl.DataFrame) -> str:
    counts = frame.group_by("label").len().sort(["len", "label"], descending=[True, False])
    return str(counts["label"][0])


def _place(j: Judgments, frame: pl.DataFrame, watched: tuple[str, ...] | None) -> pl.Expr:
    if watched is not None:
        known: set[Any] = {str(label) for label in j.labels}
        for label in watched:
            if str(label) not in known:
                raise BadOption.of("watched", label, sorted(known))
        return pl.col("label").cast(pl.String).is_in(list(map(str, watched))).cast(pl.Float64)
    if j.numeric:
        scale = j.scale or (None, None)
        low, high = (x if x is not None and np.isfinite(float(x)) else end for x, end in
                     zip(scale, (frame["label"].min(), frame["label"].max()), strict=True))  # fmt: skip
        if not float(high) > float(low):  # type: ignore[arg-type]
            raise HaloError("the scale's high end is not above its low end")
        return (pl.col("label") - float(low)) / (float(high) - float(low))  # type: ignore[arg-type]
    if j.level == "ordinal" and len(j.labels) > 1:
        steps = {str(label): i / (len(j.labels) - 1) for i, label in enumerate(j.labels)}
        return pl.col("label").replace_strict(steps, return_dtype=pl.Float64)
    return (pl.col("label") == _usual(frame)).cast(pl.Float64)
