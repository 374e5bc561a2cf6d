"""From the long table to the small tables that inference needs.

The counts of a unit (an item in one round) are packed into whole numbers, some
bits for each label, so that one sum counts every label at once_a_table. Where an engine
holds the rows, one narwhals path does it: columns first, then plain sums. Rows
in memory are numbered when they are checked, and a sum by number is enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl

from ..errors import NotEstimable
from .cells import accepted_answers
from .coding import Ints, coded, numbered, once_a_table, unit_keys
from .counted import CountedJudgments, Patterns, RaterPatterns
from .moments import Moments, moments
from .packing import MOST_LABELS, packed_numbers, unpacked
from .table import Judgments
from .tallies import by_column

__all__ = [
    "GoldConfusion",
    "Moments",
    "Patterns",
    "RaterPatterns",
    "by_column",
    "contingency",
    "gold_confusion",
    "moments",
    "pair_cells",
    "patterns",
    "rater_patterns",
]


@dataclass(frozen=True)
class GoldConfusion:
    """What each rater said by what was right.

    Attributes
    ----------
    raters : tuple of str
    labels : tuple
        Rows (gold) and columns (given) of every table.
    table : numpy.ndarray
        R x q x q counts, gold first. Where gold accepts several answers the row
        is the answer given if it is accepted, otherwise the first accepted one.
    """

    raters: tuple[str, ...]
    labels: tuple[Any, ...]
    table: Ints


@dataclass(frozen=True)
class _Counted:
    """Patterns, the coded rows and what gives each unit its pattern, kept for the rater part."""

    patterns: Patterns
    rows: pl.DataFrame
    raters: tuple[str, ...]
    pattern: Callable[[], Ints]


@once_a_table
def _counted(j: Judgments) -> _Counted:
    rows, raters = coded(j)
    unit, label, q = rows["unit"].to_numpy(), rows["label"].to_numpy(), len(j.labels)
    if q > MOST_LABELS:
        table = _one_pattern_a_unit(unit, label, q)
        frequency = np.ones(len(table), dtype=np.int64)
        made = _Counted(_patterns(j, table, frequency), rows, raters, lambda: np.arange(len(table)))
    else:
        packed = packed_numbers(unit, label, q, len(raters))
        words = packed.columns
        kinds = packed.group_by(words).agg(pl.len().alias("frequency")).sort(words).with_row_index("pattern")
        frequency = kinds["frequency"].to_numpy().astype(np.int64)
        table = unpacked(kinds.select(words).to_numpy(), q, len(raters))

        def pattern() -> Ints:
            found = packed.join(kinds, on=words, how="left", maintain_order="left")["pattern"]
            return found.to_numpy().astype(np.int64)

        made = _Counted(_patterns(j, table, frequency), rows, raters, pattern)
    return made


def _patterns(j: Judgments, table: Ints, frequency: Ints) -> Patterns:
    n_items = j.n_items if len(unit_keys(j)) > 1 else int(frequency.sum())
    return Patterns(j.labels, table, frequency, n_items, len(numbered(j)[2]), j.n_judgments)


def _one_pattern_a_unit(unit: Ints, label: Ints, q: int) -> Ints:
    """With many labels nearly every unit is a pattern of its own."""
    n = int(unit.max()) + 1
    if n * q > 100_000_000:
        raise NotEstimable(
            f"{q:,} distinct labels on {n:,} items are too many to count as categories; "
            "declare level='interval', or group the labels"
        )
    return np.bincount(unit * q + label, minlength=n * q).reshape(n, q)


def patterns(j: Judgments | CountedJudgments) -> Patterns:
    """How many units show each pattern of labels.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": ["a", "a", "b", "b"], "rater_id": list("xyxy"), "label": list("1122")})
    >>> counted = patterns(as_judgments(frame))
    >>> counted.table.tolist(), counted.frequency.tolist()
    ([[2, 0], [0, 2]], [1, 1])
    """
    return j.patterns if isinstance(j, CountedJudgments) else _counted(j).patterns


def rater_patterns(j: Judgments | CountedJudgments) -> RaterPatterns:
    """How often each rater gave each label on units of each pattern of `patterns`.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": ["a", "a", "b", "b"], "rater_id": list("xyxy"), "label": list("1122")})
    >>> rater_patterns(as_judgments(frame)).count.tolist()
    [1, 1, 1, 1]
    """
    if isinstance(j, CountedJudgments):
        return j.rater_patterns
    return _rater_patterns(j)


@once_a_table
def _rater_patterns(j: Judgments) -> RaterPatterns:
    made = _counted(j)
    q, n_patterns = len(made.patterns.labels), len(made.patterns.table)
    rater, label, unit = (made.rows[c].to_numpy() for c in ("rater", "label", "unit"))
    cells = (rater * q + label) * n_patterns + made.pattern()[unit]
    there, count = _tally(cells, len(made.raters) * q * n_patterns)
    given, pattern = np.divmod(there, n_patterns)
    rater, label = np.divmod(given, q)
    return RaterPatterns(made.raters, rater, label, pattern, count)


def _tally(values: Ints, most: int) -> tuple[Ints, Ints]:
    """The distinct values below `most`, sorted, and how often each occurs."""
    if most > 4 * len(values):
        there, count = np.unique(values, return_counts=True)
        return there, count.astype(np.int64)
    count = np.bincount(values)
    there = np.flatnonzero(count)
    return there, count[there]


def contingency(j: Judgments, a: str, b: str) -> Ints:
    """Labels of two raters on the units they share: rows rater a, columns rater b.

    Raises
    ------
    NotEstimable
        If either is not there or they share nothing.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": ["a", "a", "b", "b"], "rater_id": list("xyxy"), "label": list("1121")})
    >>> contingency(as_judgments(frame), "x", "y").tolist()
    [[1, 0], [1, 0]]
    """
    for rater in (a, b):
        if not (j.frame["rater_id"] == rater).any():
            raise NotEstimable(f"there is no judgment by rater {rater!r}")
    if a == b:
        raise NotEstimable(f"rater {a!r} is compared with themselves")
    q = len(j.labels)
    table = np.zeros((q, q), dtype=np.int64)
    cells = pair_cells(j, [a, b])
    if not len(cells):
        raise NotEstimable(f"raters {a!r} and {b!r} judged no item in common")
    table[cells["label"].to_numpy(), cells["label_b"].to_numpy()] = cells["count"].to_numpy()
    return table if a < b else table.T


def pair_cells(j: Judgments, raters: Sequence[str] | None = None) -> pl.DataFrame:
    """For every two raters (rater < rater_b) and two labels: on how many shared units they gave them.

    Columns rater and rater_b (indices into the sorted raters), label and
    label_b (indices into the labels), count.
    """
    rows, names = coded(j)
    frame = nw.from_native(rows.lazy())
    if raters is not None:
        frame = frame.filter(nw.col("rater").is_in([names.index(r) for r in raters]))
    both = frame.join(frame, on="unit", suffix="_b").filter(nw.col("rater") < nw.col("rater_b"))
    by = ["rater", "rater_b", "label", "label_b"]
    counted = both.group_by(*by).agg(nw.len().alias("count"))
    return counted.collect(backend="polars").to_native().sort(by)


@once_a_table
def gold_confusion(j: Judgments) -> GoldConfusion:
    """What each rater said on units with gold, by what was right.

    Raises
    ------
    NotEstimable
        If no judgment has a gold label.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": ["a", "b"], "rater_id": ["x", "x"], "label": ["1", "2"], "gold": ["1", "1"]})
    >>> gold_confusion(as_judgments(frame)).table.tolist()
    [[[1, 1], [0, 0]]]
    """
    if "gold" not in j.columns or j.frame["gold"].null_count() == j.n_judgments:
        raise NotEstimable("no item has a gold label")
    frame = nw.from_native(j.frame.lazy()).filter(~nw.col("gold").is_null())
    by = ["rater_id", "gold", "label"]
    cells = frame.group_by(*by).agg(nw.len().alias("count")).collect(backend="polars").to_native().sort(by)
    rows = []
    for rater, gold, label, count in cells.iter_rows():
        accepted: Sequence[Any] = accepted_answers(gold)
        if j.numeric:
            accepted = [float(answer) for answer in accepted]
        rows.append((rater, label if label in accepted else accepted[0], label, count))
    labels = j.labels
    extra = sorted({gold for _, gold, _, _ in rows} - set(labels), key=str)
    labels = (*labels, *extra)
    at = {label: k for k, label in enumerate(labels)}
    raters = tuple(sorted({row[0] for row in rows}))
    which = {rater: r for r, rater in enumerate(raters)}
    table = np.zeros((len(raters), len(labels), len(labels)), dtype=np.int64)
    for rater, gold, label, count in rows:
        table[which[rater], at[gold], at[label]] += count
    return GoldConfusion(raters, labels, table)
