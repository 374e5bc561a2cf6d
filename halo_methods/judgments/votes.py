"""The label that most raters gave to an item."""

import polars as pl

from .readers import as_judgments
from .table import Judgments


def majority(j: Judgments) -> pl.DataFrame:
    """List the label given most often to each item, every tied label; all rounds of an item count together.

    Parameters
    ----------
    j : Judgments or frame
        One criterion; of several stages, stage `label`.

    Returns
    -------
    polars.DataFrame
        One row per item and winning label, sorted by both: ``item_id``,
        ``label``, ``votes``, ``tied`` (how many labels share the win).

    Examples
    --------
    >>> rows = {"item_id": ["a", "a", "b"], "rater_id": ["r1", "r2", "r1"], "label": ["x", "y", "x"]}
    >>> majority(pl.DataFrame(rows))["tied"].to_list()
    [2, 2, 1]
    """
    votes = as_judgments(j).one().frame.group_by("item_id", "label").agg(pl.len().cast(pl.Int64).alias("votes"))
    won = votes.filter(pl.col("votes") == pl.col("votes").max().over("item_id"))
    return won.with_columns(pl.len().over("item_id").cast(pl.Int64).alias("tied")).sort("item_id", "label")
