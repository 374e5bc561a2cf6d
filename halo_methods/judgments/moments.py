"""Count, sum and sum of squares of numeric labels by unit."""

from dataclasses import dataclass

import narwhals as nw
import numpy as np
import polars as pl

from ..errors import NotEstimable
from .coding import Floats, Ints, codes, once_a_table, unit_keys
from .table import Judgments


@dataclass(frozen=True)
class Moments:
    """Count, sum and sum of squares of numeric labels.

    Attributes
    ----------
    n, total, squares : numpy.ndarray
        By unit (an item in one round).
    raters : tuple of str
        Sorted.
    rater, unit, value : numpy.ndarray
        By judgment: indices into `raters` and the units, and the label.
    n_items : int
        Distinct items.
    """

    n: Ints
    total: Floats
    squares: Floats
    raters: tuple[str, ...]
    rater: Ints
    unit: Ints
    value: Floats
    n_items: int


@once_a_table
def moments(j: Judgments) -> Moments:
    """Count, sum and sum of squares of numeric labels by unit, and the judgments by rater.

    Raises
    ------
    NotEstimable
        If a label is not a number.
    """
    keys = unit_keys(j)
    raters = tuple(j.frame["rater_id"].unique().sort().to_list())
    frame = j.frame.select(
        *[pl.col(key).fill_null("") for key in keys],
        rater=codes(raters, j.frame["rater_id"]),
        label=pl.col("label").cast(pl.Float64, strict=False),
    )
    if frame["label"].null_count():
        raise NotEstimable("labels are not all numbers")
    units = (
        nw.from_native(frame.lazy())
        .with_columns(square=nw.col("label") * nw.col("label"))
        .group_by(*keys)
        .agg(nw.len().alias("n"), nw.col("label").sum().alias("total"), nw.col("square").sum().alias("squares"))
        .collect(backend="polars")
        .to_native()
        .sort(keys)
        .with_row_index("unit")
    )
    rows = frame.join(units.select(*keys, "unit"), on=keys)
    return Moments(
        units["n"].to_numpy().astype(np.int64),
        units["total"].to_numpy(),
        units["squares"].to_numpy(),
        raters,
        rows["rater"].to_numpy(),
        rows["unit"].to_numpy().astype(np.int64),
        rows["label"].to_numpy(),
        len(units) if len(keys) == 1 else j.n_items,
    )
