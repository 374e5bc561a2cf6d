"""The label given most often to each item."""

import polars as pl

from .readers import as_judgments
from .table import Judgments


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
