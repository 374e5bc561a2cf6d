"""Severity and leniency: which way a rater leans, and by how much."""

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments
from .gold import on_gold


def severity(j: Judgments, *, confidence: float = 0.95) -> pd.DataFrame:
    """How far above or below the reference each rater labels, on average.

    The reference of an item is its gold answer where it has one; without gold
    in the table it is the mean of the other raters on that item. Ordered
    labels count as 0, 1, 2, … in the order of the scale. The interval is a t
    interval over the rater's items, which takes the other raters as given.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; ordinal, interval or ratio.
    confidence : float
        Of each interval.

    Returns
    -------
    pandas.DataFrame
        Columns ``rater_id``, ``n`` (items), ``severity`` (in scale steps, or
        in the label's unit), ``low``, ``high``, ``reference`` (``gold`` or
        ``other raters``); lowest first. Raters with fewer than two items have
        no interval and are left out; ``table.attrs["left_out"]`` counts them.

    Raises
    ------
    NotEstimable
        If labels are nominal, or no item has a reference.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "fair" if i % 2 else "good", "good") for i in range(8)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["poor", "fair", "good"], level="ordinal")
    >>> float(severity(j)["severity"].iloc[0])
    -0.5
    """
    if j.level == "nominal":
        raise NotEstimable("nominal labels have no direction; give the scale in order and level='ordinal'")
    frame = j.one().frame
    if "gold" in frame.columns and frame["gold"].is_not_null().any():
        marked, reference = on_gold(j), "gold"
        truth = pl.when("right").then(_number(j, "label", marked)).otherwise(_number(j, "gold", marked))
        gaps = marked.with_columns((_number(j, "label", marked) - truth).alias("gap"))
    else:
        reference = "other raters"
        unit = ["item_id", *(["round"] if "round" in frame.columns else [])]
        n, x = pl.len().over(unit), _number(j, "label", frame)
        numbered = frame.with_columns(x.alias("x"), n.alias("m")).filter(pl.col("m") > 1)
        others = (pl.col("x").sum().over(unit) - pl.col("x")) / (pl.col("m") - 1)
        gaps = numbered.with_columns((pl.col("x") - others).alias("gap"))
    if gaps.is_empty():
        raise NotEstimable("no item was judged by two raters, and none has gold: there is nothing to compare with")
    table = (
        gaps.group_by("rater_id")
        .agg(pl.len().alias("n"), pl.col("gap").mean().alias("severity"), pl.col("gap").std().alias("sd"))
        .to_pandas()
    )
    kept = table[table["n"] > 1].copy()
    half = stats.t.ppf((1 + confidence) / 2, kept["n"] - 1) * kept["sd"] / np.sqrt(kept["n"])
    kept["low"], kept["high"], kept["reference"] = kept["severity"] - half, kept["severity"] + half, reference
    kept = kept.drop(columns="sd").sort_values(["severity", "rater_id"], ignore_index=True)
    kept.attrs["left_out"] = len(table) - len(kept)
    return kept


def _number(j: Judgments, column: str, frame: pl.DataFrame) -> pl.Expr:
    if frame[column].dtype.is_numeric():
        return pl.col(column)
    if j.level == "ordinal":
        return pl.col(column).replace_strict({str(x): float(i) for i, x in enumerate(j.labels)})
    return pl.col(column).cast(pl.Float64)
