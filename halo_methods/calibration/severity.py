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
    interval over the rater's items. A rater whose every label lies equally far
    from its reference shows no spread; the interval takes that of all raters,
    pooled, because a few items without an error do not make severity certain.

    Without gold it answers how far this rater lies from the mean of the
    others, and takes those others as given: with few raters each is measured
    against the severity of a handful, and where raters judge different items,
    against a different handful each time, which the interval does not know.
    Use `severity_model` there; the study in ``benchmarks`` shows what it costs.

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
    found = gaps(j)
    if found.is_empty():
        raise NotEstimable("no item was judged by two raters, and none has gold: there is nothing to compare with")
    reference = found["reference"][0]
    table = (
        found.group_by("rater_id")
        .agg(pl.len().alias("n"), pl.col("gap").mean().alias("severity"), pl.col("gap").std().alias("sd"))
        .to_pandas()
    )
    kept = table[table["n"] > 1].copy()
    pooled = float(np.sqrt(np.average(kept["sd"] ** 2, weights=kept["n"] - 1))) if len(kept) else 0.0
    spread = kept["sd"].where(kept["sd"] > 0, pooled)
    half = stats.t.ppf((1 + confidence) / 2, kept["n"] - 1) * spread / np.sqrt(kept["n"])
    kept["low"], kept["high"], kept["reference"] = kept["severity"] - half, kept["severity"] + half, reference
    kept = kept.drop(columns="sd").sort_values(["severity", "rater_id"], ignore_index=True)
    kept.attrs["left_out"] = len(table) - len(kept)
    return kept


def gaps(j: Judgments) -> pl.DataFrame:
    """How far each judgment lies from its reference: the columns of the table, ``gap`` and ``reference``.

    Raises
    ------
    NotEstimable
        If labels are nominal.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "1", "3"), ("a", "r2", "3", "3")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["1", "2", "3"], level="ordinal")
    >>> gaps(j)["gap"].to_list()
    [-2.0, 0.0]
    """
    if j.level == "nominal":
        raise NotEstimable("nominal labels have no direction; give the scale in order and level='ordinal'")
    frame = j.one().frame
    if "gold" in frame.columns and frame["gold"].is_not_null().any():
        marked = on_gold(j)
        truth = pl.when("right").then(number(j, "label", marked)).otherwise(number(j, "gold", marked))
        return marked.with_columns((number(j, "label", marked) - truth).alias("gap"), pl.lit("gold").alias("reference"))
    unit = ["item_id", *(["round"] if "round" in frame.columns else [])]
    n, x = pl.len().over(unit), number(j, "label", frame)
    numbered = frame.with_columns(x.alias("x"), n.alias("m")).filter(pl.col("m") > 1)
    others = (pl.col("x").sum().over(unit) - pl.col("x")) / (pl.col("m") - 1)
    return numbered.with_columns((pl.col("x") - others).alias("gap"), pl.lit("other raters").alias("reference"))


def number(j: Judgments, column: str, frame: pl.DataFrame) -> pl.Expr:
    """A column of labels as numbers: as it stands, or the position in an ordered scale.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> frame = pd.DataFrame([("a", "r", "lo"), ("b", "r", "hi")], columns=["item_id", "rater_id", "label"])
    >>> j = as_judgments(frame, scale=["lo", "hi"], level="ordinal")
    >>> j.frame.select(number(j, "label", j.frame))["label"].to_list()
    [0.0, 1.0]
    """
    if frame[column].dtype.is_numeric():
        return pl.col(column)
    if j.level == "ordinal":
        return pl.col(column).replace_strict({str(x): float(i) for i, x in enumerate(j.labels)})
    return pl.col(column).cast(pl.Float64)
