"""Which judgments are right, by gold or by an audit, and the label given most often."""

from typing import Literal, get_args

import polars as pl

from ..errors import BadOption, NotEstimable
from ..results import Caution, Estimate, Over
from ..stats.proportions import two_way_share
from .cells import NUMBERS, accepted_answers
from .readers import as_judgments
from .table import Judgments, in_order

CHANCE = "inclusion_probability"
Reference = Literal["gold", "audit"]
MISSING = {
    "gold": "no judged item has a gold answer; add a `gold` column, at least for the calibration items",
    "audit": "no labelled item was audited; give the auditors' labels as rows of stage 'audit' beside the labels",
    None: "no judged item has a gold answer or an audit label; add a `gold` column, or rows of stage 'audit'",
}


def marked(j: Judgments, reference: Reference | None = None) -> pl.DataFrame:
    """See `Judgments.marked`."""
    if reference not in (None, *get_args(Reference)):
        raise BadOption.of("reference", reference, get_args(Reference))
    if "stage" in j.columns and not (j.frame["stage"] == "label").any():
        reason = "no row has stage 'label'; the labels are needed beside the audits"
        raise NotEstimable(reason, public=reason)
    frame = j.one().frame
    known = pl.DataFrame(schema={**frame.schema, "answer": pl.String, "right": pl.Boolean})
    if reference != "audit":
        known = _by_gold(frame)
    if reference != "gold":
        rest = frame.join(known.select("item_id").unique(), on="item_id", how="anti")
        known = pl.concat([known, _by_audit(j, rest)], how="diagonal")
    if known.is_empty():
        raise NotEstimable(MISSING[reference], public=MISSING[reference])
    return known


def share_right(
    rows: pl.DataFrame,
    *,
    wrong: bool = False,
    over: Over = "items and raters",
    confidence: float = 0.95,
    quantity: str = "",
) -> Estimate:
    """Estimate the share of judgments that are right, or wrong: the one estimate of both in the house.

    A column ``inclusion_probability`` without gaps weights each judgment by its inverse.

    Parameters
    ----------
    rows : polars.DataFrame
        Of `Judgments.marked`, all of them or a group.
    wrong : bool
        The share wrong, 1 minus the share right with the ends of its interval swapped.
    over, confidence
        Of `halo_methods.stats.two_way_share`.
    quantity : str
        Its name, for the result.

    Raises
    ------
    NotEstimable
        If there is no judgment.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": [*"abcd"], "rater_id": [*"rsrs"], "label": [*"xxyx"], "gold": ["x"] * 4})
    >>> rows = as_judgments(frame).marked()
    >>> share_right(rows).value, share_right(rows, wrong=True).value
    (0.75, 0.25)
    """
    weights = None
    if CHANCE in rows.columns and not rows[CHANCE].is_null().any():
        chances = rows[CHANCE].cast(pl.Float64).to_numpy()
        if not ((chances > 0) & (chances <= 1)).all():
            raise NotEstimable(f"an {CHANCE} lies outside 0 to 1, so the labels cannot be weighted")
        weights = 1 / chances
    share = two_way_share(
        (~rows["right"] if wrong else rows["right"]).to_numpy(),
        rows["rater_id"],
        rows["item_id"],
        weights=weights,
        over=over,
        confidence=confidence,
        quantity=quantity or ("error rate" if wrong else "accuracy"),
        measure="right",
    )
    return share.with_cautions(Caution("numbers", NUMBERS)) if rows["label"].dtype.is_numeric() else share


def shares_right(
    rows: pl.DataFrame, column: str, *, wrong: bool = False, over: Over = "items and raters", confidence: float = 0.95
) -> dict[str, Estimate]:
    """Estimate the share right, or wrong, in each group of a column, in the order of the groups.

    Raises
    ------
    NotEstimable
        If there is no such column.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": [*"ab"], "rater_id": [*"rs"], "label": [*"xy"], "gold": ["x"] * 2,
    ...                       "lot": [*"AB"]})
    >>> {lot: share.value for lot, share in shares_right(as_judgments(frame).marked(), "lot").items()}
    {'A': 1.0, 'B': 0.0}
    """
    if column not in rows.columns:
        raise NotEstimable(f"the data has no column {column}; it has {', '.join(rows.columns)}")
    parts = rows.partition_by(column, as_dict=True)
    return {
        "(missing)" if value is None else str(value): share_right(
            parts[(value,)], wrong=wrong, over=over, confidence=confidence
        )
        for value in in_order([key[0] for key in parts])
    }


def is_right(label: object, gold: str | None) -> bool | None:
    """Whether a label is one of the accepted gold answers; None without gold.

    Examples
    --------
    >>> is_right("fair", "good|fair"), is_right(2.0, "1|2"), is_right("x", None)
    (True, True, None)
    """
    answers = accepted_answers(gold)
    if not answers:
        return None
    return label in [float(a) for a in answers] if isinstance(label, float) else label in answers


def _by_gold(frame: pl.DataFrame) -> pl.DataFrame:
    if "gold" not in frame.columns:
        return frame.clear().with_columns(
            pl.lit(None, pl.String).alias("answer"), pl.lit(None, pl.Boolean).alias("right")
        )
    pairs = frame.select("gold", "label").unique().drop_nulls("gold")
    right = [is_right(label, gold) for gold, label in pairs.iter_rows()]
    first = [accepted_answers(gold)[0] for gold in pairs["gold"]]
    answers = pairs.with_columns(
        pl.Series("answer", first, dtype=pl.String), pl.Series("right", right, dtype=pl.Boolean)
    )
    return frame.filter(pl.col("gold").is_not_null()).join(
        answers, on=["gold", "label"], how="left", maintain_order="left"
    )


def first_audits(j: Judgments) -> pl.DataFrame:
    """The audits of each item's first audit round: the rows of stage `audit`, no row where there are none."""
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        return j.frame.clear()
    audits = j.only(stage="audit").one().frame
    if "round" not in audits.columns:
        return audits
    order = {value: n for n, value in enumerate(in_order(audits["round"].unique().to_list()))}
    turn = pl.Series("_turn", [order[value] for value in audits["round"]], dtype=pl.Int64)
    audits = audits.with_columns(turn)
    return audits.filter(pl.col("_turn") == pl.col("_turn").min().over("item_id")).drop("_turn")


def _by_audit(j: Judgments, frame: pl.DataFrame) -> pl.DataFrame:
    audits = (
        first_audits(j)
        .group_by("item_id")
        .agg(pl.col("label").n_unique().alias("_labels"), pl.col("label").first().alias("_audit"))
    )
    chances = first_audits(j)
    if CHANCE in chances.columns and chances[CHANCE].is_not_null().any():
        frame = frame.drop(CHANCE, strict=False).join(
            chances.group_by("item_id").agg(pl.col(CHANCE).first()), on="item_id", how="left", maintain_order="left"
        )
    audited = frame.join(audits.filter(pl.col("_labels") == 1), on="item_id", how="inner", maintain_order="left")
    answer, right = (
        pl.col("_audit").cast(pl.String).alias("answer"),
        (pl.col("label") == pl.col("_audit")).alias("right"),
    )
    return audited.with_columns(answer, right).drop("_labels", "_audit")


def majority(j: Judgments) -> pl.DataFrame:
    """List the label given most often to each item, every tied label; all rounds of an item count together.

    Returns
    -------
    polars.DataFrame
        One row per item and winning label: ``item_id``, ``label``, ``votes``,
        ``tied`` (how many labels share the win).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r1", "x"), ("a", "r2", "y"), ("b", "r1", "x")]
    >>> majority(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))["tied"].to_list()
    [2, 2, 1]
    """
    votes = as_judgments(j).one().frame.group_by("item_id", "label").agg(pl.len().alias("votes"))
    won = votes.filter(pl.col("votes") == pl.col("votes").max().over("item_id"))
    return won.with_columns(pl.len().over("item_id").alias("tied")).sort("item_id", "label")
