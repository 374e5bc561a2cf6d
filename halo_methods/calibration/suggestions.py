"""What a suggestion does to the answer: automation bias, from suggestions shown or hidden at random."""

from typing import Any

import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import accepted_answers
from ..judgments.table import need
from ..results import Estimate
from ..stats import change as stats_change
from ..stats import check_confidence


def automation_bias(j: Judgments, *, confidence: float = 0.95) -> dict[str, Estimate | NotEstimable]:
    r"""Estimate how far people take over a suggestion because it is shown.

    An item has one suggestion, of which some raters see nothing: whether it is shown is drawn at random for each
    judgment. An empty ``suggestion`` means hidden. Each rater is compared with the same rater.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with ``suggestion`` and ``gold``; people only are used.
    confidence : float

    Returns
    -------
    dict
        ``bias``: where the suggestion is wrong, the share that gives just this answer, shown less hidden. ``gain``: the
        share of right answers over all items, shown less hidden. A reason in place of one that the data cannot give.

    Raises
    ------
    NotEstimable
        Without ``suggestion`` or ``gold``, or if all suggestions are shown or all hidden.

    Notes
    -----
    The share that takes a wrong suggestion when it is shown is no bias by itself: people make the machine's mistakes
    alone, too. Do not trust it where raters chose whether to look.

    References
    ----------
    See `halo_methods.stats.change` for the interval.

    Examples
    --------
    >>> rows = [(f"i{i}", f"r{r}", "b" if (i + r) % 2 and (i + r) % 3 else "a", "b" if (i + r) % 2 else "", "a")
    ...         for i in range(24) for r in range(4)]
    >>> frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "suggestion", "gold"], orient="row")
    >>> round(automation_bias(frame)["bias"].value, 2)
    0.67
    """
    check_confidence(confidence)
    one = as_judgments(j).one().people()
    need(one.frame, "suggestion")
    need(one.frame, "gold")
    shown = pl.col("suggestion").is_not_null().alias("shown")
    frame = one.frame.with_columns(shown, pl.col("suggestion").drop_nulls().first().over("item_id").alias("of_item"))
    frame = frame.drop_nulls(["gold", "of_item"])
    if frame["shown"].n_unique() < 2:
        reason = "suggestions are all shown, or all hidden, on items with gold; hide some at random"
        raise NotEstimable(reason, public=True)
    answers = [accepted_answers(gold) for gold in frame["gold"]]
    labels, suggested = (frame[name].cast(pl.String).to_list() for name in ("label", "of_item"))
    right = pl.Series([label in known for label, known in zip(labels, answers, strict=True)])
    wrong = pl.Series([answer not in known for answer, known in zip(suggested, answers, strict=True)])
    same = pl.Series([label == answer for label, answer in zip(labels, suggested, strict=True)])
    of_wrong = frame.filter(wrong)
    return {
        "bias": _shown_less_hidden(of_wrong, same.filter(wrong), "share that gives the wrong suggestion", confidence),
        "gain": _shown_less_hidden(frame, right, "share of right answers", confidence),
    }


def _shown_less_hidden(frame: pl.DataFrame, y: pl.Series, quantity: str, confidence: float) -> Estimate | NotEstimable:
    """Each rater with the suggestion, compared with the same rater without it."""
    columns: list[Any] = [frame["shown"], frame["rater_id"], frame["item_id"]]
    try:
        return stats_change(y, *columns, confidence=confidence, quantity=f"{quantity}, suggestion shown less hidden")
    except NotEstimable as reason:
        return reason
