"""Whose judgments a figure rests on, from arrays."""

from typing import Any

import numpy as np
import polars as pl

from ..results import Basis


def basis_of_arrays(raters: Any, items: Any, measure: str) -> Basis:
    """Number the judgments of each rater, the same item of the same rater by the same number.

    Parameters
    ----------
    raters, items : array_like, shape (n,)
        Without items each judgment is numbered by its place.
    measure : str
        What is counted.

    Examples
    --------
    >>> basis = basis_of_arrays(["r", "r", "s"], ["a", "b", "a"], "right")
    >>> {rater: len(numbers) for rater, numbers in basis.judgments.items()}
    {'r': 2, 's': 1}
    """
    who = pl.Series("rater", raters).cast(pl.String)
    what = pl.Series("item", np.arange(len(who)) if items is None else items).cast(pl.String)
    rows = pl.DataFrame([who, what.hash(seed=0).alias("item")])
    by_rater = rows.group_by("rater").agg("item").sort("rater")
    numbers = (series.to_numpy() for series in by_rater["item"])
    return Basis(measure, dict(zip(by_rater["rater"].to_list(), numbers, strict=True)))
