"""Label counts of a unit packed into whole numbers, so that one sum counts every label at once."""

from collections.abc import Sequence
from functools import reduce
from operator import add
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from .coding import Ints

_WORD_BITS = 52  # whole numbers that a float holds too
MOST_LABELS = 64


def _bits(n_raters: int) -> int:
    """Bits that hold a count from 0 to n_raters."""
    return max(int(n_raters).bit_length(), 1)


def _is(label: Any) -> nw.Expr:
    """Whether the label is this one, or one of these."""
    if not isinstance(label, list):
        return nw.col("label") == label
    return nw.col("label").is_in(label) if label else nw.col("label").is_null()


def packed_units(frame: Any, keys: Sequence[str], labels: Sequence[Any], n_raters: int) -> Any:
    """One row a unit: its keys and its label counts, packed into whole numbers word0, word1, …

    Parameters
    ----------
    frame : narwhals LazyFrame
        With the keys and a column `label`.
    labels : sequence
        What the column holds, never null; for a label written in several ways, or in none, the list of them.
    n_raters : int
        At most so many judgments in a unit.

    Returns
    -------
    narwhals LazyFrame
    """
    bits = _bits(n_raters)
    per_word = _WORD_BITS // bits
    words = {}
    for start in range(0, len(labels), per_word):
        parts = [
            _is(label).cast(nw.Int64) * (1 << (bits * k)) for k, label in enumerate(labels[start : start + per_word])
        ]
        words[f"word{start // per_word}"] = reduce(add, parts)
    marked = frame.with_columns(**words)
    return marked.group_by(*keys).agg(*[nw.col(word).sum() for word in words])


def unpacked(words: Ints, q: int, n_raters: int) -> Ints:
    """Label counts (P, q) from packed words (P, W).

    Examples
    --------
    >>> unpacked(np.array([[1 + (2 << 2)]]), 2, 3)
    array([[1, 2]])
    """
    bits = _bits(n_raters)
    per_word = _WORD_BITS // bits
    mask = (1 << bits) - 1
    return np.stack([(words[:, k // per_word] >> (bits * (k % per_word))) & mask for k in range(q)], 1)


def packed_numbers(unit: Ints, label: Ints, q: int, n_raters: int) -> pl.DataFrame:
    """As `packed_units`, where units and labels are already numbered: word0, word1, … in the order of the units."""
    bits = _bits(n_raters)
    per_word = _WORD_BITS // bits
    words = {}
    for start in range(0, q, per_word):
        weight = np.zeros(q)
        held = min(per_word, q - start)
        weight[start : start + held] = 2.0 ** (bits * np.arange(held))
        words[f"word{start // per_word}"] = np.bincount(unit, weight[label]).astype(np.int64)
    return pl.DataFrame(words)
