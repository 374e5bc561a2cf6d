"""Units, raters, labels and label counts as whole numbers, and a memory of what was counted."""

import weakref
from collections.abc import Callable, Sequence
from functools import reduce, wraps
from operator import add
from typing import Any, TypeVar

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl

from .cells import encoded
from .table import Judgments

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Made = TypeVar("Made")


def once_a_table(count: Callable[..., Made]) -> Callable[..., Made]:
    """Remember what a function of a table returned, by its options, as long as the table lives; tables cannot change.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> j = as_judgments(pl.DataFrame({"item_id": ["a"], "rater_id": ["x"], "label": ["1"]}))
    >>> items = once_a_table(lambda j: j.frame["item_id"].to_list())
    >>> items(j) is items(j)
    True
    """
    remembered: weakref.WeakKeyDictionary[Judgments, dict[Any, Made]] = weakref.WeakKeyDictionary()

    @wraps(count)
    def of(j: Judgments, *arguments: Any, **options: Any) -> Made:
        if not isinstance(j, Judgments):
            return count(j, *arguments, **options)
        results, key = remembered.setdefault(j, {}), (arguments, tuple(sorted(options.items())))
        if key not in results:
            results[key] = count(j, *arguments, **options)
        return results[key]

    return of


def unit_keys(j: Judgments) -> list[str]:
    """The columns that name a unit: item_id, and round where rounds differ."""
    several = "round" in j.columns and j.frame["round"].n_unique() > 1
    return ["item_id", "round"] if several else ["item_id"]


@once_a_table
def numbered(j: Judgments) -> tuple[Ints, Ints, tuple[str, ...]]:
    """The unit and the rater of each judgment as whole numbers from 0, and the sorted raters.

    Done once, when judgments are checked: counting numbers is several times as fast as counting texts.
    """
    place, names = _kinds(j, "rater_id")
    rank = np.argsort(names.arg_sort().to_numpy())
    unit, *rounds = (_kinds(j, key)[0] for key in unit_keys(j))
    for again in rounds:
        unit = encoded(pl.Series(unit * (int(again.max()) + 1) + again))[0].astype(np.int64)
    return unit, rank[place], tuple(names.sort().to_list())


def one_rater_each(item: npt.NDArray[Any], rater: npt.NDArray[Any]) -> bool:
    """Whether no item has a second rater, both as whole numbers from 0.

    Examples
    --------
    >>> one_rater_each(np.array([0, 0, 1]), np.array([3, 3, 4])), one_rater_each(np.array([0, 0]), np.array([1, 2]))
    (True, False)
    """
    last = np.empty(item.max(initial=-1) + 1, rater.dtype)
    last[item] = rater
    return bool((last[item] == rater).all())


def _kinds(j: Judgments, column: str) -> tuple[Ints, pl.Series]:
    """As `encoded`; what checking found is used once and let go."""
    place, values = j._kinds.pop(column) if column in j._kinds else encoded(j.frame[column])
    return place.astype(np.int64), values


@once_a_table
def labelled(j: Judgments) -> tuple[Ints, pl.Series]:
    """The label of each judgment as a whole number, and the labels in the order in which they first occur."""
    return _kinds(j, "label")


@once_a_table
def coded(j: Judgments) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Unit, rater and label as whole numbers (unit, rater, label), and the sorted raters."""
    (unit, rater, raters), (label, occurring) = numbered(j), labelled(j)
    label = codes(j.labels, occurring).to_numpy()[label]
    return pl.DataFrame({"unit": unit, "rater": rater, "label": label}), raters


def codes(values: Sequence[Any], given: pl.Series) -> pl.Series:
    """The index of each entry in values."""
    if given.dtype == pl.String:
        return given.cast(pl.Enum(list(values))).to_physical().cast(pl.Int64)
    return given.replace_strict(list(values), list(range(len(values))), return_dtype=pl.Int64)


_WORD_BITS = 52  # whole numbers that a float holds too
MOST_LABELS = 64


def _places(q: int, n_raters: int) -> tuple[Ints, Ints, int]:
    """For each label the word that holds its count and the bits below it there; and the bits of a count."""
    bits = max(int(n_raters).bit_length(), 1)
    word, place = np.divmod(np.arange(q), _WORD_BITS // bits)
    return word, place * bits, bits


def packed_units(frame: Any, keys: Sequence[str], labels: Sequence[list[Any]], n_raters: int) -> Any:
    """One row per unit: its keys and its label counts, packed into whole numbers word0, word1, …

    Parameters
    ----------
    frame : narwhals LazyFrame
        With the keys and a column `label`.
    labels : sequence of lists
        For each label what the column holds where it is given, never null; nothing where it never is.
    n_raters : int
        At most so many judgments in a unit.

    Returns
    -------
    narwhals LazyFrame
    """
    word, shift, _ = _places(len(labels), n_raters)
    parts: dict[str, list[nw.Expr]] = {}
    for written, at, below in zip(labels, word.tolist(), shift.tolist(), strict=True):
        given = nw.col("label").is_in(written) if written else nw.col("label").is_null()
        parts.setdefault(f"word{at}", []).append(given.cast(nw.Int64) * (1 << below))
    words = {name: reduce(add, held) for name, held in parts.items()}
    return frame.with_columns(**words).group_by(*keys).agg(*[nw.col(name).sum() for name in words])


def unpacked(words: Ints, q: int, n_raters: int) -> Ints:
    """Label counts (P, q) from packed words (P, W).

    Examples
    --------
    >>> unpacked(np.array([[1 + (2 << 2)]]), 2, 3)
    array([[1, 2]])
    """
    word, shift, bits = _places(q, n_raters)
    return (words[:, word] >> shift) & ((1 << bits) - 1)


def packed_numbers(unit: Ints, label: Ints, q: int, n_raters: int) -> pl.DataFrame:
    """As `packed_units`, where units and labels are already numbered: word0, word1, … in the order of the units."""
    word, shift, _ = _places(q, n_raters)
    weights = [np.where(word == at, 2.0**shift, 0) for at in range(word[-1] + 1)]
    return pl.DataFrame({f"word{w}": np.bincount(unit, x[label]).astype(np.int64) for w, x in enumerate(weights)})
