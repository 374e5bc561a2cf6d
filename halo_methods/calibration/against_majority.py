"""The majority of an item's raters against gold, and model judges against the majority of the people."""

from dataclasses import replace

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import majority
from ..judgments.table import rests_on
from ..stats import proportion, two_way_share
from ..stats.checks import check_confidence
from .correctness import Accuracies


def majority_accuracy(j: Judgments, *, by: str | None = None, confidence: float = 0.95) -> Accuracies:
    """Estimate how often the label that most raters gave is an accepted gold answer.

    Of m tied labels each counts 1/m. Many tools let the alphabet decide instead,
    which gives another figure for the same votes; it stands beside the first.
    Intervals are over items.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    by : str, optional
        A column; one row for each of its values.
    confidence : float

    Returns
    -------
    Accuracies
        Table: the ``by`` column or ``all``, ``n_items``, ``n_tied``, ``n_differs``
        (items, ties counted in part), ``accuracy``, ``low``, ``high``,
        ``alphabetical`` (the share where the alphabet decides ties).

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "x", "x")]
    >>> majority = majority_accuracy(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> majority.table[["accuracy", "alphabetical"]].to_numpy().tolist()
    [[0.75, 1.0]]
    """
    j = as_judgments(j).one()
    marked = replace(j, frame=j.marked("gold"))
    rows, estimates = [], {}
    for value, group in marked.groups(by) if by else [("all items", marked)]:
        name = "(missing)" if value is None else str(value)
        right = group.frame.select("item_id", "label", "right").unique(["item_id", "label"])
        won = majority(group).join(right, on=["item_id", "label"]).sort("item_id", "label")
        items = won.group_by("item_id", maintain_order=True).agg(
            pl.col("right").mean().alias("credit"), pl.col("tied").first(), pl.col("right").first().alias("first")
        )
        share = two_way_share(
            items["credit"],
            np.zeros(len(items)),
            items["item_id"],
            over="items",
            confidence=confidence,
            quantity="accuracy of the majority, ties in part",
        )
        estimates[name] = replace(share, **rests_on(group.frame, "majority is right"))
        rows.append(
            {
                by or "all": name,
                "n_items": len(items),
                "n_tied": int((items["tied"] > 1).sum()),
                "n_differs": len(items) - items["credit"].sum(),
                "accuracy": share.value,
                "low": share.low,
                "high": share.high,
                "alphabetical": items["first"].mean(),
            }
        )
    return Accuracies(by=by or "", table=pd.DataFrame(rows), estimates=estimates)


def judges(j: Judgments, *, confidence: float = 0.95) -> Accuracies:
    """Compare each model judge with the majority of the people on the same items.

    Items whose people tie have no reference; they are left out and counted.
    Precision, recall and F1 are macro averages: the plain mean over the labels
    that people or the judge used. A judge that answers like the average person
    still errs where people err: this is not accuracy against the truth.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with ``rater_type``.
    confidence : float

    Returns
    -------
    Accuracies
        Table: ``rater_id``, ``n`` (items), ``n_tied`` (left out), ``accuracy``,
        ``low``, ``high``, ``precision``, ``recall``, ``f1``.

    Raises
    ------
    NotEstimable
        If there are no model judges, no people, or no shared items.

    Examples
    --------
    >>> rows = [(i, r, "xy"[i % 2], "human") for i in range(4) for r in ("p", "q", "s")]
    >>> rows += [(i, "m", "x", "model") for i in range(4)]
    >>> judges(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"])).estimates["m"].value
    0.5
    """
    check_confidence(confidence)
    one = as_judgments(j).one()
    kinds = set(one.frame["rater_type"].drop_nulls()) if "rater_type" in one.columns else set()
    if not {"human", "model"} <= kinds:
        text = "to set model judges beside people, `rater_type` must hold both 'human' and 'model'"
        raise NotEstimable(text, public=text)
    people = one.people()
    won = majority(people).rename({"label": "truth"})
    rows, estimates = [], {}
    for (judge,), labels in sorted(one.models().frame.group_by("rater_id")):
        shared = labels.select("item_id", "label").join(won, on="item_id")
        both = shared.filter(pl.col("tied") == 1)
        if both.is_empty():
            continue
        truth, label = both["truth"].to_numpy(), both["label"].to_numpy()
        share = proportion(int((truth == label).sum()), len(both), method="exact", confidence=confidence)
        judged = people.frame.filter(pl.col("item_id").is_in(both["item_id"].implode()))
        method = "a model judge's agreement with the majority of the people; exact interval"
        estimates[str(judge)] = replace(share, method=method, **rests_on(judged, "majority of the people"))
        tied = shared.filter(pl.col("tied") > 1)["item_id"].n_unique()
        counts = {"rater_id": judge, "n": len(both), "n_tied": tied}
        ends = {"accuracy": share.value, "low": share.low, "high": share.high}
        rows.append({**counts, **ends, **_macro(truth, label)})
    if not rows:
        raise NotEstimable("no item was judged by a model and has a majority among the people")
    return Accuracies(by="rater_id", table=pd.DataFrame(rows), estimates=estimates)


def _macro(truth: NDArray, label: NDArray) -> dict[str, float]:
    """Macro averages; 0 for a label with nothing to find, as is usual."""
    used = np.unique(np.concatenate([truth, label]))
    hits = np.array([((truth == x) & (label == x)).sum() for x in used])
    said, true = (np.array([(values == x).sum() for x in used]) for values in (label, truth))
    precision, recall = hits / np.maximum(said, 1), hits / np.maximum(true, 1)
    f1 = 2 * precision * recall / np.where(hits > 0, precision + recall, 1)
    return {"precision": float(precision.mean()), "recall": float(recall.mean()), "f1": float(f1.mean())}
