"""Judgments by day or week: the figure that is watched, tracking items and fresh ones, versions of the guideline."""

from typing import Any, Literal

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments import Judgments
from .control_charts import FLAT, scaled

Period = Literal["D", "W"]
TIMES = 3
MEASURE = "place on the scale"
NO_GROUPS = ("item_id", "rater_id", "label", "guideline", "rated_at", "period", "y", "off", "gap", "after", "was")
NO_TRACKING = (
    "no item was judged in three periods, so there are no tracking items; give every rater the same known items "
    "again, a few each week"
)
_STEPS = {"D": "1d", "W": "1w"}


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
        ``period`` (a date), ``item_id``, ``rater_id``, ``label``, ``y`` (see `place`), and ``guideline`` where there
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
        raise NotEstimable(reason, public=reason)
    frame = frame.filter(pl.col("rated_at").is_not_null())
    if frame["label"].n_unique() < 2:
        raise NotEstimable("one label only occurs, so nothing can be seen to move")
    when = pl.col("rated_at").dt.truncate(_STEPS[period]).dt.date().alias("period")
    kept = [column for column in ("guideline", by) if column in frame.columns]
    return frame.select(when, "item_id", "rater_id", "label", place(j).alias("y"), *kept)


def place(j: Judgments) -> pl.Expr:
    """Place a label from 0 to 1.

    Ordered labels from 0 (the first of the scale) to 1 (the last), numbers from the low end of
    the scale to the high end, nominal labels 1 for the most frequent and 0 for others.
    """
    label = pl.col("label")
    if j.numeric:
        ends = zip(map(float, j.scale or (np.inf, np.inf)), (label.min(), label.max()), strict=True)
        low, high = (pl.lit(end) if np.isfinite(end) else seen for end, seen in ends)
        return (label - low) / (high - low)
    if j.level == "ordinal" and len(j.labels) > 1:
        steps = {str(name): i / (len(j.labels) - 1) for i, name in enumerate(j.labels)}
        return label.replace_strict(steps, return_dtype=pl.Float64)
    return (label == usual_label(j)).cast(pl.Float64)


def usual_label(j: Judgments) -> str:
    """The most frequent label."""
    counts = j.one().frame.group_by("label").len().sort(["len", "label"], descending=[True, False])
    return str(counts["label"][0])


def figure_in_words(j: Judgments) -> str:
    """Say what a rise of the charts' figure means.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "bad"), ("b", "r", "good")]
    >>> figure_in_words(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    'share of the label bad'
    """
    if j.numeric:
        return "mean label, from 0 (low end) to 1 (high end)"
    if j.level == "ordinal":
        return f"mean place on the scale, from 0 ({j.labels[0]}) to 1 ({j.labels[-1]})"
    return f"share of the label {usual_label(j)}"


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
    table = frame.group_by("period").agg(pl.len().alias("n"), pl.col(value).mean().alias("mean"))
    versions = pl.DataFrame(schema={"period": frame.schema["period"], "guideline": pl.String})
    if "guideline" in frame.columns:
        counts = frame.drop_nulls("guideline").group_by("period", "guideline").len()
        order = counts.sort(["period", "len", "guideline"], descending=[False, True, False])
        versions = order.unique("period", keep="first", maintain_order=True).drop("len")
    table = table.join(versions, on="period", how="left").sort("period")
    return pd.DataFrame(
        {
            "period": pd.Series(table["period"].to_list(), dtype=object),
            "n": table["n"].to_numpy(),
            "mean": table["mean"].to_numpy(),
            "guideline": table["guideline"].fill_null("").to_list(),
        }
    )


def version_changes(table: pd.DataFrame) -> pd.DataFrame:
    """List where another version of the guideline came into use: ``period``, ``before``, ``after``."""
    before = table["guideline"].shift()
    moved = before.notna() & (table["guideline"] != before)
    return pd.DataFrame(
        {"period": table["period"][moved], "before": before[moved], "after": table["guideline"][moved]}
    ).reset_index(drop=True)


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
    several = frame.group_by("item_id").len().filter(pl.col("len") >= TIMES).select("item_id")
    times = frame.join(several, on="item_id", how="semi").group_by("item_id").agg(pl.col("period").n_unique())
    items = times.filter(pl.col("period") >= TIMES).select("item_id")
    tracking = frame.join(items, on="item_id", how="semi", maintain_order="left")
    fresh = frame.join(items, on="item_id", how="anti", maintain_order="left")
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


def series_of(frame: pl.DataFrame, by: str, value: str, periods: list[Any]) -> tuple[list[str], NDArray, NDArray]:
    """Sum up the judgments of each value of a column: their names, means and sizes by period."""
    cells = frame.drop_nulls(by).group_by(by, "period").agg(pl.len().alias("n"), pl.col(value).mean().alias("mean"))
    names = cells[by].unique().sort().to_list()
    row = cells[by].replace_strict(names, range(len(names)), return_dtype=pl.Int64).to_numpy()
    column = cells["period"].replace_strict(periods, range(len(periods)), return_dtype=pl.Int64).to_numpy()
    means, sizes = np.zeros((2, len(names), len(periods)))
    means[row, column], sizes[row, column] = cells["mean"], cells["n"]
    return [str(name) for name in names], means, sizes


def by_version(
    means: NDArray, sizes: NDArray, versions: NDArray, *, baseline: int
) -> tuple[NDArray, NDArray, dict[int, str]]:
    """Standardise series, each begun anew with each version of the guideline.

    Judgments under two versions are two measurements, so each version's first
    `baseline` periods give a centre and a spread of their own and are zero
    themselves, as are versions too short to be watched and periods without judgments.

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
