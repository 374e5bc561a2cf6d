"""The verdict on each lot, and what follows from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .findings import chances, findings, labelled, not_people, rate_of
from .plans import RISK, accept_number, chance, share_in_range, smallest_sample

ACCEPT, REJECT, MORE = "accept", "reject", "draw more"
MOST_UNEVEN = 2.0


def lots(
    j: Judgments, *, by: str | None = None, aql: float = 0.03, rql: float = 0.10, consumer_risk: float = RISK
) -> pd.DataFrame:
    """Each lot's verdict from the labels that were audited, the buyer's risk held first.

    For the number drawn from a lot, the accept number is the largest at which
    a lot of that size with ``rql`` wrong labels is accepted with chance
    ``consumer_risk`` at most (draws without replacement). What this costs the
    producer is printed beside it. ``draw more``: even a draw without any error
    would leave the buyer a larger risk.

    The verdict is on the lot, and counts the auditor's errors as the labellers'.

    Parameters
    ----------
    j : Judgments
        One criterion; stages ``label`` and ``audit``, or ``gold``.
    by : str, optional
        Column that names the lot; ``lot`` where there is one, otherwise all
        labels are one lot.
    aql, rql, consumer_risk : float
        Error rate of a good lot, limiting quality, and the largest chance that
        a lot at the limiting quality is accepted.

    Returns
    -------
    pandas.DataFrame
        Columns: the lot, ``size``, ``drawn``, ``found``, ``accept`` (accept
        number), ``verdict``, ``consumer_risk``, ``producer_risk``,
        ``error_rate``, ``low``, ``high`` (over the lot's items; its raters are
        all there are), ``outgoing`` (share of the lot still
        wrong after errors found are mended; accepted lots only), ``more``
        (labels still to draw).

    Raises
    ------
    NotEstimable
        If there is no audit, or labels were drawn with very unequal chances.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{i % 5}", "x" if i % 50 else "y", "x" if i < 100 else "") for i in range(400)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> lots(j)[["size", "drawn", "found", "accept", "verdict"]].values.tolist()
    [[400, 100, 2, 6, 'accept']]
    """
    share_in_range("aql", aql), share_in_range("rql", rql), share_in_range("consumer_risk", consumer_risk)
    if aql >= rql:
        raise HaloError(f"the good lot must be better than the bad one: aql {aql!r} is not below rql {rql!r}")
    not_people(by or "lot")
    frame, found = labelled(j), findings(j)
    column = by or ("lot" if "lot" in frame.columns else None)
    if column is None:
        column = "lot"
        frame, found = (t.with_columns(pl.lit("all labels").alias("lot")) for t in (frame, found))
    elif column not in frame.columns:
        raise NotEstimable(f"the data has no column {column}; it has {', '.join(frame.columns)}")
    frame, found = (t.with_columns(pl.col(column).cast(pl.String).fill_null("(missing)")) for t in (frame, found))
    rows = []
    for lot, size in frame.group_by(column).len().sort(column).iter_rows():
        part = found.filter(pl.col(column) == lot)
        rows.append({column: lot, **_row(part, size, aql, rql, consumer_risk)})
    return pd.DataFrame(rows)


def _row(part: pl.DataFrame, size: int, aql: float, rql: float, risk: float) -> dict[str, object]:
    drawn, wrong = len(part), int(part["wrong"].sum())
    probabilities = chances(part)
    if probabilities and max(probabilities) > MOST_UNEVEN * min(probabilities):
        raise NotEstimable(
            "labels of one lot were drawn with chances that differ more than twofold; an accept number supposes equal "
            "chances: judge such lots by the upper end of the weighted error rate"
        )
    bad, good = min(np.ceil(rql * size - 1e-9), size) / size, np.floor(aql * size + 1e-9) / size
    accept = accept_number(drawn, rql, risk, lot=size) if drawn else None
    used = accept or 0
    row: dict[str, object] = {"size": size, "drawn": drawn, "found": wrong, "accept": accept}
    row["verdict"] = MORE if accept is None else ACCEPT if wrong <= accept else REJECT
    row["consumer_risk"] = float(chance(used, drawn, bad, size)) if drawn else 1.0
    row["producer_risk"] = 1 - float(chance(used, drawn, good, size)) if drawn else 0.0
    row |= {"error_rate": None, "low": None, "high": None, "outgoing": None, "more": 0}
    if drawn:
        made = rate_of(part, over="items")
        row |= {"error_rate": made.value, "low": made.low, "high": made.high}
        if row["verdict"] == ACCEPT:
            row["outgoing"] = made.value * (size - drawn) / size
    if row["verdict"] == MORE:
        row["more"] = (smallest_sample(0, bad, risk, size, size) or size) - drawn
    return row


def worst_consumer_risk(table: pd.DataFrame) -> Estimate:
    """The largest chance with which any of these lots would be accepted at the limiting quality.

    It follows from sizes and plan alone, so it has no interval.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `lots`.

    Examples
    --------
    >>> worst_consumer_risk(pd.DataFrame({"consumer_risk": [0.05, 0.09], "drawn": [90, 60], "size": [500, 300]})).value
    0.09
    """
    worst = float(table["consumer_risk"].max())
    drawn = int(table["drawn"].sum())
    return Estimate(
        value=worst,
        low=worst,
        high=worst,
        confidence=1,
        kind="count",
        n_items=0,
        n_raters=0,
        n_judgments=drawn,
        method=f"consumer's risk, the largest of {counted(len(table), 'lot')}; hypergeometric, from the plan",
        over="items",
    )


def next_steps(table: pd.DataFrame) -> pd.DataFrame:
    """What each lot's verdict triggers.

    A rejected lot is relabelled whole and audited again by a fresh draw; the
    work is paid, and who bears its cost stands in the contract.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `lots`.

    Returns
    -------
    pandas.DataFrame
        The lot, ``verdict``, ``labels`` (how many the step concerns), ``next_step``.

    Examples
    --------
    >>> row = {"lot": "A", "size": 400, "drawn": 90, "found": 2, "verdict": "accept", "more": 0}
    >>> next_steps(pd.DataFrame([row]))["next_step"].item()
    'use the lot; mend the errors found'
    """
    steps = {
        ACCEPT: ("use the lot; mend the errors found", "found"),
        REJECT: ("send back: paid rework of the whole lot, then a fresh draw", "size"),
        MORE: ("hold; draw this many more, once, before anybody decides", "more"),
    }
    column = table.columns[0]
    return pd.DataFrame(
        [
            {column: row[column], "verdict": row["verdict"], "labels": int(row[steps[row["verdict"]][1]]),
             "next_step": steps[row["verdict"]][0]}
            for row in table.to_dict("records")
        ],
        columns=[column, "verdict", "labels", "next_step"],
    )  # fmt: skip


def outgoing_rate(j: Judgments, table: pd.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """Share of the labels of accepted lots still wrong once the errors found are mended.

    The error rate found in accepted lots, times the part of them nobody
    audited. It leans low: lots are accepted because few errors were found.

    Parameters
    ----------
    j : Judgments
        As for `lots`.
    table : pandas.DataFrame
        Of `lots`.

    Raises
    ------
    NotEstimable
        If no lot is accepted.
    """
    kept = table[table["verdict"] == ACCEPT]
    if kept.empty:
        raise NotEstimable("no lot is accepted, so nothing goes out")
    column, found = table.columns[0], findings(j)
    if column in found.columns:
        found = found.filter(pl.col(column).cast(pl.String).fill_null("(missing)").is_in(kept[column].tolist()))
    made, left = rate_of(found, over="items", confidence=confidence), 1 - kept["drawn"].sum() / kept["size"].sum()
    sure = confidence if left > 0 else 1
    return replace(made, value=made.value * left, low=made.low * left, high=made.high * left, confidence=sure,
                   method="share still wrong in accepted lots; error rate found × part not audited").with_cautions(
        "Lots are accepted because few errors were found, so this leans low.")  # fmt: skip
