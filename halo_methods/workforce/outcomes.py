"""What became of each judgment: right, overturned, done again, accepted, on time."""

from datetime import datetime

import polars as pl

from ..calibration.reference import people
from ..errors import NotEstimable
from ..judgments import Judgments, accepted_answers
from ..judgments.cells import moment
from ..judgments.table import in_order

MISSING = "(missing)"
GROUPABLE = ("vendor", "queue", "locale", "slice")
NEEDS = {
    "right": "no judged item has a gold answer or an audit label; add a `gold` column, or rows of stage `audit`",
    "accepted": "nothing says which work was accepted: no gold, no rows of stage `audit`, none of stage `review`",
    "reworked": "nothing shows rework: there is no `round` with a second round and no row of stage `review`",
    "on_time": "timeliness needs the columns `due` and `rated_at`, both ISO 8601; missing: {missing}",
}


def outcomes(j: Judgments) -> pl.DataFrame:
    """Each judgment of stage `label`, and what became of it.

    Parameters
    ----------
    j : Judgments
        One criterion. Rows of the stages `audit` and `review` are looked up by
        item; where auditors (or reviewers) of an item differ, it has no answer
        from them.

    Returns
    -------
    polars.DataFrame
        The columns of the table and

        - ``right``: the label is an accepted gold answer, or, without gold,
          the auditor's label; null where there is neither;
        - ``overturned``: the reviewer's label differs; null without a review;
        - ``reworked``: the reviewer's label differs, or the same rater judges
          the item again in a later round; null where the table has neither
          reviews nor a second round;
        - ``accepted``: not done again, and right, or where nobody knows, not
          overturned; null where nothing is known;
        - ``on_time``: ``rated_at`` is not after ``due``; null without them.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "label"), ("b", "r1", "x", "label"), ("a", "q", "y", "audit")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"]))
    >>> outcomes(j)["right"].to_list()
    [False, None]
    """
    one = j.one()
    frame = one.frame
    keys = ["item_id", *(["criterion"] if "criterion" in frame.columns else [])]
    made = _gold(frame).with_columns(pl.lit(None, pl.Boolean).alias("overturned"))
    audit, review = (_settled(j, stage, keys) for stage in ("audit", "review"))
    if audit is not None:
        made = made.join(audit, on=keys, how="left", nulls_equal=True)
        made = made.with_columns(pl.coalesce("right", pl.col("label") == pl.col("_settled")).alias("right"))
        made = made.drop("_settled")
    if review is not None:
        made = made.join(review, on=keys, how="left", nulls_equal=True)
        made = made.with_columns((pl.col("label") != pl.col("_settled")).alias("overturned")).drop("_settled")
    made = made.with_columns(_redone(made).alias("_redone"))
    known = review is not None or made["_redone"].any()
    reworked = (pl.col("overturned").fill_null(False) | pl.col("_redone")) if known else pl.lit(None, pl.Boolean)
    accepted = pl.when("_redone").then(False).otherwise(pl.coalesce("right", ~pl.col("overturned")))
    return made.with_columns(
        reworked.alias("reworked"), accepted.alias("accepted"), _on_time(made).alias("on_time")
    ).drop("_redone")


def known(frame: pl.DataFrame, flag: str) -> pl.DataFrame:
    """The rows whose flag is known.

    Raises
    ------
    NotEstimable
        If there are none; the reason says which column to add.
    """
    kept = frame.filter(pl.col(flag).is_not_null())
    if kept.is_empty():
        absent = [c for c in ("due", "rated_at") if c not in frame.columns]
        raise NotEstimable(NEEDS[flag].format(missing=" and ".join(absent) or "one of them in every row"))
    return kept


def known_rows(j: Judgments, *columns: str) -> list[pl.DataFrame]:
    """For each column, or flag of `outcomes`, the people's judgments that have a value there; none where none has.

    They are what a figure rests on, as a report's ``groups(of=...)`` takes them.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", None)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> [len(part) for part in known_rows(j, "right", "cost")]
    [1]
    """
    try:
        frame = outcomes(people(j))
    except NotEstimable:
        return []
    parts = [frame.filter(pl.col(c).is_not_null()) for c in columns if c in frame.columns]
    return [part for part in parts if len(part)]


def grouped(frame: pl.DataFrame, column: str) -> list[tuple[str, pl.DataFrame]]:
    """The rows of each value of a column, sorted; rows without a value are a group of their own, last.

    Raises
    ------
    NotEstimable
        If there is no such column.
    """
    if column not in frame.columns:
        there = [c for c in GROUPABLE if c in frame.columns]
        named = f"name another with `by`: {', '.join(there)}" if there else f"add one of {', '.join(GROUPABLE)}"
        raise NotEstimable(f"the data has no column {column} to group by; {named}")
    parts = frame.partition_by(column, as_dict=True)
    order = in_order([key[0] for key in parts])
    return [(MISSING if value is None else str(value), parts[(value,)]) for value in order]


def grouping(j: Judgments) -> str:
    """The column to group by where nobody named one: vendor, queue, locale or slice, the first that is there.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "fr-FR")]
    >>> grouping(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "locale"])))
    'locale'
    """
    return next((c for c in GROUPABLE if c in j.columns), "vendor")


def _gold(frame: pl.DataFrame) -> pl.DataFrame:
    if "gold" not in frame.columns:
        return frame.with_columns(pl.lit(None, pl.Boolean).alias("right"))
    pairs = frame.select("gold", "label").unique().filter(pl.col("gold").is_not_null())
    numeric = pairs["label"].dtype.is_numeric()
    right = []
    for gold, label in pairs.iter_rows():
        answers = accepted_answers(gold)
        right.append(label in [float(a) for a in answers] if numeric else label in answers)
    marked = pairs.with_columns(pl.Series("right", right, dtype=pl.Boolean))
    return frame.join(marked, on=["gold", "label"], how="left", maintain_order="left")


def _settled(j: Judgments, stage: str, keys: list[str]) -> pl.DataFrame | None:
    """One label an item from another stage, where its people agree."""
    if "stage" not in j.columns or not (j.frame["stage"] == stage).any() or not (j.frame["stage"] == "label").any():
        return None
    found = j.frame.filter(pl.col("stage") == stage).group_by(keys).agg(
        pl.col("label").n_unique().alias("n"), pl.col("label").first().alias("_settled"))  # fmt: skip
    return found.filter(pl.col("n") == 1).drop("n")


def _redone(frame: pl.DataFrame) -> pl.Series:
    if "round" not in frame.columns:
        return pl.Series([False] * frame.height, dtype=pl.Boolean)
    order = {value: n for n, value in enumerate(in_order(frame["round"].unique().to_list()))}
    keys = [c for c in ("item_id", "rater_id", "criterion") if c in frame.columns]
    place = pl.col("round").replace_strict(list(order), list(order.values()), return_dtype=pl.Int64)
    return frame.select((place < place.max().over(keys)).alias("redone"))["redone"]


def _on_time(frame: pl.DataFrame) -> pl.Series:
    if not {"due", "rated_at"} <= set(frame.columns):
        return pl.Series([None] * frame.height, dtype=pl.Boolean)
    texts = [t for t in frame["due"].cast(pl.String).unique().to_list() if t is not None]
    parsed: list[datetime | None] = []
    for text in texts:
        try:
            parsed.append(moment(text.strip())[0].replace(tzinfo=None))
        except ValueError:
            parsed.append(None)
    due = frame["due"].cast(pl.String).replace_strict(texts, parsed, default=None, return_dtype=pl.Datetime("us"))
    return frame["rated_at"] <= due.dt.replace_time_zone("UTC")
