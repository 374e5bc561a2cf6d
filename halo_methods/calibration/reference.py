"""When the reference is not gold: the majority of the raters, and model judges against it."""

from typing import Literal, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from .gold import on_gold

Ties = Literal["split", "first"]


def people(j: Judgments) -> Judgments:
    """The human raters; everybody where the table does not tell people from models, or holds no people.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "human"), ("a", "m", "x", "model")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"]))
    >>> people(j).n_raters
    1
    """
    if "rater_type" not in j.columns or not (j.frame["rater_type"] == "human").any():
        return j
    return j.only(rater_type="human")


def majority(j: Judgments) -> pl.DataFrame:
    """The label given most often to each item, with every tied label kept.

    All rounds of an item count together.

    Returns
    -------
    polars.DataFrame
        One row for each item and winning label: ``item_id``, ``label``,
        ``votes``, ``tied`` (how many labels share the win).

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x"), ("a", "r2", "y"), ("b", "r1", "x")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> majority(j)["tied"].to_list()
    [2, 2, 1]
    """
    votes = j.one().frame.group_by("item_id", "label").agg(pl.len().alias("votes"))
    won = votes.filter(pl.col("votes") == pl.col("votes").max().over("item_id"))
    return won.with_columns(pl.len().over("item_id").alias("tied")).sort("item_id", "label")


def majority_against_gold(j: Judgments, *, by: str | None = None, ties: Ties = "split") -> pd.DataFrame:
    """How often the majority of an item's raters gives an accepted gold answer.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    by : str, optional
        A column; one row for each of its values.
    ties : {"split", "first"}
        Of m tied labels each counts 1/m (honest), or the alphabetically first
        wins (what many tools do without a word).

    Returns
    -------
    pandas.DataFrame
        Columns: the ``by`` column or ``all``, ``n_items``, ``n_tied``,
        ``n_differs`` (items, ties counted in part), ``accuracy``.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "x", "x")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> split, first = majority_against_gold(j), majority_against_gold(j, ties="first")
    >>> float(split["accuracy"].iloc[0]), float(first["accuracy"].iloc[0])
    (0.75, 1.0)
    """
    if ties not in get_args(Ties):
        raise BadOption.of("ties", ties, get_args(Ties))
    groups = j.one().groups(by) if by else [("all items", j.one())]
    rows = [{by or "all": value, **_against_gold(group, ties)} for value, group in groups]
    kept = [row for row in rows if row["n_items"]]
    if not kept:
        on_gold(j)
    return pd.DataFrame(kept)


def _against_gold(j: Judgments, ties: Ties) -> dict[str, float]:
    try:
        marked = on_gold(j)
    except NotEstimable:
        return {"n_items": 0}
    right = marked.select("item_id", "label", "right").unique(["item_id", "label"])
    won = majority(j).join(right, on=["item_id", "label"], how="inner")
    if ties == "first":
        won = won.sort("item_id", "label").group_by("item_id", maintain_order=True).first()
        credit = won["right"].cast(pl.Float64)
    else:
        credit = won["right"].cast(pl.Float64) / won["tied"]
    n, right_ones = won["item_id"].n_unique(), float(credit.to_numpy().sum())
    tied = won.filter(pl.col("tied") > 1)["item_id"].n_unique()
    return {"n_items": n, "n_tied": tied, "n_differs": n - right_ones, "accuracy": right_ones / n}


def judges(j: Judgments) -> pd.DataFrame:
    """Each model judge against the majority of the people on the same items.

    Items whose people tie have no reference; they are left out and counted.
    Precision, recall and F1 are macro averages: the plain mean over the labels
    that people or the judge used. A judge that answers like the average person
    still errs where people err: this is not accuracy against the truth.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with ``rater_type``.

    Returns
    -------
    pandas.DataFrame
        Columns ``rater_id``, ``n`` (items), ``n_tied`` (left out),
        ``accuracy``, ``precision``, ``recall``, ``f1``.

    Raises
    ------
    NotEstimable
        If there are no model judges, no people, or no shared items.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "xy"[i % 2], "human") for i in "0123" for i in [int(i)] for r in ("p", "q", "s")]
    >>> rows += [(i, "m", "x", "model") for i in range(4)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"]))
    >>> float(judges(j)["accuracy"].iloc[0])
    0.5
    """
    one = j.one()
    kinds = set(one.frame["rater_type"].drop_nulls()) if "rater_type" in one.frame.columns else set()
    if not {"human", "model"} <= kinds:
        raise NotEstimable("to set model judges beside people, `rater_type` must hold both 'human' and 'model'")
    won = majority(one.only(rater_type="human"))
    tied = won.filter(pl.col("tied") > 1)["item_id"].unique()
    truth = won.filter(pl.col("tied") == 1).select("item_id", pl.col("label").alias("truth"))
    model = one.only(rater_type="model").frame.select("rater_id", "item_id", "label")
    if model.join(truth, on="item_id").is_empty():
        raise NotEstimable("no item was judged by a model and has a majority among the people")
    rows = []
    for (rater,), mine in sorted(model.group_by("rater_id")):
        both = mine.join(truth, on="item_id")
        if both.is_empty():
            continue
        n_tied = mine["item_id"].is_in(tied.implode()).sum()
        rows.append({"rater_id": rater, "n": both.height, "n_tied": n_tied, **_macro(both["truth"], both["label"])})
    return pd.DataFrame(rows)


def _macro(truth: pl.Series, label: pl.Series) -> dict[str, float]:
    found, labels = truth == label, sorted(set(truth) | set(label))
    precision = np.array([_part(found, label == x) for x in labels])
    recall = np.array([_part(found, truth == x) for x in labels])
    total = precision + recall
    f1 = np.divide(2 * precision * recall, total, out=np.zeros(len(labels)), where=total > 0)
    means = {"precision": precision, "recall": recall, "f1": f1}
    return {"accuracy": float(found.to_numpy().mean()), **{name: float(x.mean()) for name, x in means.items()}}


def _part(found: pl.Series, of: pl.Series) -> float:
    """Share of ``of`` that was found; 0 where there is nothing to find, as is usual for macro averages."""
    return float((found & of).to_numpy().sum() / of.to_numpy().sum()) if of.any() else 0.0
