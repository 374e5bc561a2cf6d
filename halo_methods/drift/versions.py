"""Versions of the guideline: which judgments name one, which named another than their day's, what was judged twice."""

import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import categorised, rests_on
from ..results import Estimate
from .dated_judgments import version_changes

NO_VERSION = "there is no `guideline` column; record the version each judgment was made under"
NO_DATE = "no judgment says when it was made and under which version; record both `rated_at` and `guideline`"
COUNTED = "; a count, without sampling error"
_ON_DAY = pl.len().over("period", "guideline")


def versioned_share(j: Judgments) -> Estimate:
    """Count the share of judgments that name the version of the guideline they were made under.

    Raises
    ------
    NotEstimable
        If there is no `guideline` column.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r", "x", "1.2"), ("b", "r", "y", "1.2"), ("c", "r", "x", None), ("d", "r", "y", "1.3")]
    >>> versioned_share(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline"])).value
    0.75
    """
    frame = as_judgments(j).one().frame
    if "guideline" not in frame.columns:
        raise NotEstimable(NO_VERSION, public=True)
    share = 1 - frame["guideline"].null_count() / frame.height
    return Estimate.count(share, method=f"judgments that name a version{COUNTED}", **rests_on(frame, "versions"))


def out_of_force_share(j: Judgments) -> Estimate:
    """Count the share of judgments that name another version than most judgments of their day, in UTC.

    A version in use by as many judgments of the day as any other is in force. Leave
    items that are judged twice for comparison out of the table, or give them a stage of their own.

    Raises
    ------
    NotEstimable
        If no judgment has both a moment and a version.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r", "x", "1.3"), ("b", "r", "y", "1.3"), ("c", "s", "x", "1.2"), ("d", "s", "y", "1.3")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline"])
    >>> out_of_force_share(frame.assign(rated_at="2026-11-11")).value
    0.25
    """
    frame = _by_day(j).with_columns(n=_ON_DAY)
    share = frame.select((pl.col("n") < pl.col("n").max().over("period")).mean()).item()
    method = f"judgments under another version than most of their day{COUNTED}"
    return Estimate.count(share, method=method, **rests_on(frame, "versions"))


def judged_under_both(j: Judgments) -> Estimate:
    """Count the items that one rater judged under the version in use and under the version before it.

    Raises
    ------
    NotEstimable
        If no judgment has both a moment and a version, or the version never changed.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "1.2", "2026-11-10"), ("b", "1.2", "2026-11-10"), ("a", "1.3", "2026-11-11")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "guideline", "rated_at"])
    >>> judged_under_both(frame.assign(rater_id="r", label=["x", "y", "x"], round=[1, 1, 2])).value
    1.0
    """
    frame = _by_day(j)
    days = frame.group_by("period").agg(pl.col("guideline").mode().min()).sort("period")
    changes = version_changes(days.to_pandas(date_as_object=True))
    if changes.empty:
        only = "one version of the guideline is in use throughout, so there are no scores before and after a change"
        raise NotEstimable(only, public=True)
    two = frame.filter(pl.col("guideline").is_in(changes[["before", "after"]].iloc[-1].tolist()))
    one, other = (part.select("item_id", "rater_id") for part in two.partition_by("guideline"))
    both = one.join(other, on=["item_id", "rater_id"], how="semi")
    method = f"items that one rater judged under both versions{COUNTED}"
    return Estimate.count(both["item_id"].n_unique(), method=method, **rests_on(two, "versions"))


def _by_day(j: Judgments) -> pl.DataFrame:
    """The judgments that have a moment and a version, with their day."""
    frame = as_judgments(j).one().frame
    if {"guideline", "rated_at"} <= set(frame.columns):
        frame = categorised(frame.select("item_id", "rater_id", "guideline", "rated_at"))
        frame = frame.drop_nulls(["guideline", "rated_at"])
        if frame.height:
            return frame.with_columns(pl.col("rated_at").dt.date().alias("period"))
    raise NotEstimable(NO_DATE, public=True)
