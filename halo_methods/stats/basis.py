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
    rater = pl.Series("rater", raters)
    item = pl.Series("item", np.arange(len(rater)) if items is None else items)

    def by_rater() -> dict[str, np.ndarray]:
        rows = pl.DataFrame([rater.cast(pl.String), item.cast(pl.String).hash(seed=0).alias("item")])
        numbers = rows.group_by("rater").agg("item").sort("rater")
        arrays = (series.to_numpy() for series in numbers["item"])
        return dict(zip(numbers["rater"].to_list(), arrays, strict=True))

    return Basis(measure, by_rater)
