"""Units, raters and labels as whole numbers, and a memory of what was counted."""

import weakref
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import polars as pl

from .table import Judgments

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Made = TypeVar("Made")

_remembered: "weakref.WeakKeyDictionary[Judgments, dict[str, Any]]" = weakref.WeakKeyDictionary()


def once(j: Judgments, what: str, make: Callable[[], Made]) -> Made:
    """Counts are made once for a table: it cannot change."""
    kept = _remembered.setdefault(j, {})
    if what not in kept:
        kept[what] = make()
    return kept[what]


def unit_keys(j: Judgments) -> list[str]:
    """The columns that name a unit: item_id, and round where rounds differ."""
    several = "round" in j.columns and j.frame["round"].n_unique() > 1
    return ["item_id", "round"] if several else ["item_id"]


def coded(j: Judgments) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Keys of the unit, rater and label as whole numbers (rater, label), and the sorted raters."""
    raters = tuple(j.frame["rater_id"].unique().sort().to_list())
    frame = j.frame.select(
        *[pl.col(key).fill_null("") for key in unit_keys(j)],
        rater=codes(raters, j.frame["rater_id"]),
        label=codes(j.labels, j.frame["label"]),
    )
    return frame, raters


def codes(values: Sequence[Any], given: pl.Series) -> pl.Series:
    """The index of each entry in values."""
    if given.dtype == pl.String:
        return given.cast(pl.Enum(list(values))).to_physical().cast(pl.Int64)
    return given.replace_strict(list(values), list(range(len(values))), return_dtype=pl.Int64)
