"""Which judgments are right, by gold or by an audit, and the label given most often."""

from typing import get_args

import polars as pl

from ..errors import BadOption, NotEstimable
from ..results import Caution, Estimate, Over
from ..stats.proportions import two_way_share
from .cells import accepted_answers
from .options import Reference as Reference
from .readers import as_judgments
from .table import Judgments, in_order, need

CHANCE = "inclusion_probability"
NUMBERS = (
    "Labels are numbers, and right means equal: where a near one will do, list all that are right in gold, "
    "for instance 7|7.5|8."
)
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
        raise NotEstimable(reason, public=True)
    frame = j.one().frame.drop("answer", "right", strict=False)  # columns of the file may bear our names
    known = frame.clear()
    if reference != "audit" and "gold" in frame.columns:
        known = _by_gold(frame)
    if reference != "gold" and len(audits := _first_audits(j)):
        rest = frame.join(known.select("item_id"), on="item_id", how="anti", maintain_order="left")
        known = pl.concat([known, _by_audit(rest, audits)], how="diagonal")
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
    need(rows, column)
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
    frame = frame.drop_nulls("gold")
    pairs = frame.select("gold", "label").unique()
    answers = pairs.with_columns(
        answer=pl.Series([accepted_answers(gold)[0] for gold in pairs["gold"]], dtype=pl.String),
        right=pl.Series([is_right(label, gold) for gold, label in pairs.iter_rows()], dtype=pl.Boolean),
    )
    return frame.join(answers, on=["gold", "label"], how="left", maintain_order="left")


def _first_audits(j: Judgments) -> pl.DataFrame:
    """The audits of each item's first audit round: the rows of stage `audit`, no row where there are none."""
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        return j.frame.clear()
    audits = j.only(stage="audit").one()
    if not audits.rounds:
        return audits.frame
    order = {value: n for n, value in enumerate(audits.rounds)}
    turn = pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    return audits.frame.filter(turn == turn.min().over("item_id"))


def _by_audit(frame: pl.DataFrame, audits: pl.DataFrame) -> pl.DataFrame:
    label = pl.col("label")
    found = audits.group_by("item_id").agg(label.first().alias("answer"), label.n_unique().alias("right"))
    found = found.filter(pl.col("right") == 1).drop("right")
    if CHANCE in audits.columns and audits[CHANCE].is_not_null().any():
        frame = frame.drop(CHANCE, strict=False)
        found = found.join(audits.group_by("item_id").agg(pl.col(CHANCE).first()), on="item_id")
    audited = frame.join(found, on="item_id", how="inner", maintain_order="left")
    return audited.with_columns(pl.col("answer").cast(pl.String), right=label == pl.col("answer"))


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
