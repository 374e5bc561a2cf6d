"""What became of each judgment: right, overturned, done again, accepted, on time."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import moment
from ..judgments.coding import once_a_table
from ..judgments.marking import CHANCE
from ..judgments.table import GROUPING, in_order

ROW = "row of the table"
MISSING = "(missing)"
NEEDS = {
    "right": "no judged item has a gold answer or an audit label; add a `gold` column, or rows of stage `audit`",
    "accepted": "nothing says which work was accepted: no gold, no rows of stage `audit`, none of stage `review`",
    "reworked": "nothing shows rework: there is no `round` with a second round and no row of stage `review`",
    "on_time": "timeliness needs `due` and `rated_at`, both ISO 8601 and both in at least one row",
}


def outcomes(j: Judgments) -> pd.DataFrame:
    """Show what became of each judgment of stage `label`.

    Parameters
    ----------
    j : Judgments
        One criterion; people only where the table tells people from models. Rows
        of the stages `audit` and `review` are looked up by item; where reviewers
        of an item differ, it has no answer from them.

    Returns
    -------
    pandas.DataFrame
        The columns of the table and

        - ``right``: as `Judgments.marked` has it; missing where nothing is known;
        - ``overturned``: the reviewer's label differs; missing without a review;
        - ``reworked``: the reviewer's label differs, or the same rater judges
          the item again in a later round; missing where the table has neither
          reviews nor a second round;
        - ``accepted``: not done again, and right, or where nobody knows, not
          overturned; missing where nothing is known;
        - ``on_time``: ``rated_at`` is not after ``due``; missing without them.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "label"), ("b", "r1", "x", "label"), ("a", "q", "y", "audit")]
    >>> outcomes(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"]))["right"].tolist()
    [False, None]
    """
    return judged(as_judgments(j)).to_pandas()


@once_a_table
def judged(j: Judgments) -> pl.DataFrame:
    """The judgments of people with their outcomes, once for a table."""
    people = j.people()
    people = replace(people, frame=people.frame.with_row_index(ROW))
    frame = people.one().frame
    try:
        marked = people.marked()
        right = marked.select(ROW, "right", *(c for c in marked.columns if c == CHANCE))
    except NotEstimable:
        right = frame.select(ROW, pl.lit(None, pl.Boolean).alias("right")).clear()
    keys = [c for c in ("item_id", "criterion") if c in frame.columns]
    frame = (
        frame.drop(CHANCE, strict=False)
        .join(right, on=ROW, how="left", maintain_order="left")
        .join(_reviewed(people, keys), on=keys, how="left", maintain_order="left", nulls_equal=True)
    )
    frame = frame.with_columns(
        (pl.col("label") != pl.col("_review")).alias("overturned"), _redone(frame).alias("_redone")
    )
    known = frame["overturned"].is_not_null().any() or frame["_redone"].any()
    reworked = (pl.col("overturned").fill_null(False) | pl.col("_redone")) if known else pl.lit(None, pl.Boolean)
    accepted = pl.when("_redone").then(False).otherwise(pl.coalesce("right", ~pl.col("overturned")))
    outcome = [reworked.alias("reworked"), accepted.alias("accepted"), _on_time(frame).alias("on_time")]
    return frame.with_columns(outcome).drop(ROW, "_review", "_redone")


def known(frame: pl.DataFrame, flag: str) -> pl.DataFrame:
    """The rows whose flag is known.

    Raises
    ------
    NotEstimable
        If there are none; the reason says which column to add.
    """
    rows = frame.filter(pl.col(flag).is_not_null())
    if rows.is_empty():
        raise NotEstimable(NEEDS[flag], public=NEEDS[flag])
    return rows


def grouped(frame: pl.DataFrame, column: str) -> dict[str, pl.DataFrame]:
    """The rows of each value of a column, sorted; rows without a value are a group of their own, last.

    Raises
    ------
    NotEstimable
        If there is no such column.
    BadOption
        If each row would be a group of its own.
    """
    if column in ("rater_id", "item_id"):
        raise BadOption(f"column is {column!r}, which makes no groups; allowed: a column such as vendor or locale")
    if column not in frame.columns:
        there = [c for c in GROUPING if c in frame.columns]
        advice = f"name another with `by`: {', '.join(there)}" if there else f"add one of {', '.join(GROUPING)}"
        raise NotEstimable(f"the data has no column {column} to group by; {advice}")
    parts = frame.partition_by(column, as_dict=True)
    order = in_order([key[0] for key in parts])
    return {MISSING if value is None else str(value): parts[(value,)] for value in order}


def _reviewed(j: Judgments, keys: Sequence[str]) -> pl.DataFrame:
    """One label per item from its reviewers, where they agree."""
    stages = j.frame["stage"].to_list() if "stage" in j.columns else []
    reviews = j.only(stage="review").frame if {"label", "review"} <= set(stages) else j.frame.clear()
    labels = reviews.group_by(keys).agg(pl.col("label").unique())
    return labels.filter(pl.col("label").list.len() == 1).select(*keys, pl.col("label").list.first().alias("_review"))


def _redone(frame: pl.DataFrame) -> pl.Series:
    if "round" not in frame.columns:
        return pl.repeat(False, frame.height, eager=True)
    order = {value: n for n, value in enumerate(in_order(frame["round"].unique().to_list()))}
    place = pl.col("round").replace_strict(list(order), list(order.values()), return_dtype=pl.Int64)
    return frame.select((place < place.max().over("item_id", "rater_id")).alias("redone"))["redone"]


def _on_time(frame: pl.DataFrame) -> pl.Series:
    if not {"due", "rated_at"} <= set(frame.columns):
        return pl.repeat(None, frame.height, dtype=pl.Boolean, eager=True)
    texts = frame["due"].cast(pl.String).unique().drop_nulls().to_list()
    moments: list[datetime | None] = []
    for text in texts:
        try:
            moments.append(moment(text.strip())[0].replace(tzinfo=None))
        except ValueError:
            moments.append(None)
    due = frame["due"].cast(pl.String).replace_strict(texts, moments, default=None, return_dtype=pl.Datetime("us"))
    return frame["rated_at"] <= due.dt.replace_time_zone("UTC")
