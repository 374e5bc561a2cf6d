"""Whether decisions are kept well: beside the raw labels, with cause, clause and day, and soon."""

import numpy as np
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import need, rests_on
from ..results import Estimate
from ..stats.checks import check_count
from .decisions import ASKS

WITH_CLAUSE = [code for code, asks in ASKS.items() if asks.clause == "required"]


def raw_labels_kept(j: Judgments, *, labels: int = 2) -> Estimate:
    """Count the share of decided items that still have their raw labels, each with moment and guideline version.

    Parameters
    ----------
    j : Judgments or frame
        Stages ``label`` and ``adjudication``, with ``rated_at`` and ``guideline``.
    labels : int
        Complete raw labels that an item needs.

    Raises
    ------
    NotEstimable
        If no item was decided, or a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r1", "label"), ("a", "r2", "label"), ("a", "eva", "adjudication"), ("b", "eva", "adjudication")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "stage"])
    >>> raw_labels_kept(frame.assign(label="x", guideline="1.2", rated_at="2026-09-01")).value
    0.5
    """
    check_count(labels, option="labels", least=1)
    raw, decided = raw_and_decided(j, "rated_at", "guideline")
    complete = raw.filter(pl.col("rated_at").is_not_null() & pl.col("guideline").is_not_null())
    kept = complete.group_by("item_id").len().filter(pl.col("len") >= labels)
    items = decided.select("item_id").unique()
    share = items.join(kept, on="item_id", how="semi").height / items.height
    method = f"share of decided items with {labels} complete raw labels or more"
    return Estimate.count(share, method=method, **rests_on(decided, "decisions"))


def incomplete_decisions(j: Judgments, *, clause: str = "clause") -> Estimate:
    """Count the decisions without a cause of the list, without the clause that their cause needs, or without a day.

    Parameters
    ----------
    j : Judgments or frame
        With rows of stage ``adjudication``, and the columns ``cause`` and ``rated_at``.
    clause : str
        The column that holds the clause.

    Raises
    ------
    NotEstimable
        If no item was decided, or a column is missing.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "guideline_gap", "3.2"), ("b", "guideline_gap", ""), ("c", "bad_item", ""), ("d", "", "3.2")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "cause", "clause"])
    >>> frame = frame.assign(rater_id="eva", label="x", stage="adjudication", rated_at="2026-09-21")
    >>> incomplete_decisions(frame).value
    2.0
    """
    _, decided = raw_and_decided(j, "rated_at", "cause", clause)
    named = pl.col(clause).cast(pl.String).str.strip_chars(" §").fill_null("") != ""
    complete = pl.col("cause").is_in(list(ASKS)) & pl.col("rated_at").is_not_null()
    complete &= named | ~pl.col("cause").is_in(WITH_CLAUSE)
    missing = decided.height - decided.filter(complete).height
    method = "decisions without a listed cause, the clause it needs, or a day; a count"
    return Estimate.count(missing, method=method, **rests_on(decided, "decisions"))


def decided_in_time(j: Judgments, *, days: int = 10) -> Estimate:
    """Count the share of decisions that came within so many working days of the item's last label.

    Monday to Friday are counted, public holidays among them. Labels given after the decision do not count.

    Parameters
    ----------
    j : Judgments or frame
        Stages ``label`` and ``adjudication``, with ``rated_at``.
    days : int
        Working days.

    Raises
    ------
    NotEstimable
        If no item was decided, or no decision has a dated label before it.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r1", "label", "2026-09-04"), ("a", "eva", "adjudication", "2026-09-18"),
    ...         ("b", "r1", "label", "2026-09-04"), ("b", "eva", "adjudication", "2026-09-21")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "stage", "rated_at"]).assign(label="x")
    >>> decided_in_time(frame, days=10).value
    0.5
    """
    check_count(days, option="days")
    raw, decided = raw_and_decided(j, "rated_at")
    pairs = decided.join(raw.select("item_id", last="rated_at"), on="item_id").filter(
        pl.col("last") <= pl.col("rated_at")
    )
    if pairs.is_empty():
        text = "no decision has a dated label before it, so nothing says how long it took"
        raise NotEstimable(text, public=True)
    waits = pairs.group_by("item_id", "rater_id", "rated_at").agg(pl.col("last").max())
    first, last = (waits[c].dt.date().to_numpy().astype("datetime64[D]") for c in ("last", "rated_at"))
    in_time = float((np.busday_count(first, last) <= days).mean())
    method = f"share of decisions within {days} working days of the item's last label"
    return Estimate.count(in_time, method=method, **rests_on(waits, "decisions"))


def raw_and_decided(j: Judgments, *columns: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The raters' labels and the decisions, where the data hold these columns.

    Raises
    ------
    NotEstimable
        If a column is missing, or no row has stage ``adjudication``.
    """
    frame = as_judgments(j).frame
    for column in ("stage", *columns):
        need(frame, column)
    raw, decided = (frame.filter(pl.col("stage") == stage) for stage in ("label", "adjudication"))
    if decided.is_empty():
        text = "no decisions are recorded: no row has stage adjudication"
        raise NotEstimable(text, public=True)
    return raw, decided
