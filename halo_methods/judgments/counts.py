"""From the long table to the small tables that inference needs.

The counts of a unit (an item in one round) are packed into whole numbers, some
bits for each label, so that one sum counts every label at once. Where an engine
holds the rows, one narwhals path does it (`engines`): columns first, then plain sums. Rows
in memory are numbered when they are checked, and a sum by number is enough.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
import polars as pl

from ..errors import NotEstimable
from .coding import MOST_LABELS, Floats, Ints, coded, numbered, once_a_table, packed_numbers, unit_keys, unpacked
from .options import Level, Scale
from .table import Judgments, Source


@dataclass(frozen=True)
class Patterns:
    """How many units show each pattern of labels.

    Attributes
    ----------
    labels : tuple
        The q labels, in the order of the scale.
    table : numpy.ndarray
        P x q: how many raters gave each label.
    frequency : numpy.ndarray
        P: how many units show the pattern.
    n_items, n_raters, n_judgments : int
        Of the judgments counted. Units are items by rounds, so
        ``frequency.sum()`` exceeds n_items where rounds repeat.
    """

    labels: tuple[Any, ...]
    table: Ints
    frequency: Ints
    n_items: int
    n_raters: int
    n_judgments: int


@dataclass(frozen=True)
class RaterPatterns:
    """How often each rater gave each label on units of each pattern.

    Attributes
    ----------
    raters : tuple of str
        Sorted.
    rater, label, pattern, count : numpy.ndarray
        One entry for each combination that occurs; indices into `raters`,
        `Patterns.labels` and `Patterns.table`.
    """

    raters: tuple[str, ...]
    rater: Ints
    label: Ints
    pattern: Ints
    count: Ints


@dataclass(frozen=True, eq=False)
class CountedJudgments:
    """Judgments counted where they are; a method that needs only counts takes them as it takes `Judgments`.

    Made by `scan_judgments`.

    Attributes
    ----------
    patterns : Patterns
        How many items show each pattern of labels.
    rater_patterns : RaterPatterns
        How often each rater gave each label on items of each pattern.
    scale : tuple of str, or None
        The allowed labels in order.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What differences between labels mean.
    level_given : bool
        False if it was not said.
    source : Source
        Rows read, used, and dropped with reasons.

    Examples
    --------
    >>> import polars as pl
    >>> from halo_methods.judgments import scan_judgments
    >>> frame = pl.LazyFrame({"item_id": ["a", "a", "b"], "rater_id": ["x", "y", "x"], "label": ["1", "2", ""]})
    >>> counted = scan_judgments(frame)
    >>> counted.n_items, counted.n_raters, counted.n_judgments, counted.source.dropped
    (1, 2, 2, {'empty label': 1})
    """

    patterns: Patterns
    rater_patterns: RaterPatterns
    scale: Scale | None
    level: Level
    level_given: bool
    source: Source

    numeric = False

    @property
    def labels(self) -> tuple[Any, ...]:
        """The scale, or the labels that occur."""
        return self.patterns.labels

    @property
    def n_items(self) -> int:
        """Distinct items."""
        return self.patterns.n_items

    @property
    def n_raters(self) -> int:
        """Distinct raters."""
        return self.patterns.n_raters

    @property
    def n_judgments(self) -> int:
        """Judgments counted."""
        return self.patterns.n_judgments

    def one(self, by: str | None = None) -> "CountedJudgments":
        """Itself: counts are of one criterion and one stage."""
        return self

    @property
    def frame(self) -> NoReturn:
        """Not held.

        Raises
        ------
        NotEstimable
            Always.
        """
        raise NotEstimable(
            f"{self.source.name} was counted where it is, and this method needs the judgments: use read_judgments"
        )


@once_a_table
def _counted(j: Judgments) -> tuple[Patterns, pl.DataFrame, pl.DataFrame]:
    """The patterns, the packed counts of each unit, and the packed counts of each pattern."""
    rows, raters = coded(j)
    unit, label, q = rows["unit"].to_numpy(), rows["label"].to_numpy(), len(j.labels)
    if q > MOST_LABELS:  # nearly every unit is a pattern of its own
        n = int(unit.max()) + 1
        if n * q > 100_000_000:
            raise NotEstimable(
                f"{q:,} distinct labels on {n:,} items are too many to count as categories; "
                "declare level='interval', or group the labels"
            )
        table = np.bincount(unit * q + label, minlength=n * q).reshape(n, q)
        packed = pl.DataFrame({"word0": np.arange(n)})
    else:
        packed = packed_numbers(unit, label, q, len(raters))
    words = packed.columns
    kinds = packed.group_by(words).agg(pl.len().alias("frequency")).sort(words).with_row_index("pattern")
    if q <= MOST_LABELS:
        table = unpacked(kinds.select(words).to_numpy(), q, len(raters))
    frequency = kinds["frequency"].to_numpy().astype(np.int64)
    n_items = j.n_items if len(unit_keys(j)) > 1 else int(frequency.sum())
    return Patterns(j.labels, table, frequency, n_items, len(raters), j.n_judgments), packed, kinds


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
    return j.patterns if isinstance(j, CountedJudgments) else _counted(j)[0]


def rater_patterns(j: Judgments | CountedJudgments) -> RaterPatterns:
    """How often each rater gave each label on units of each pattern of `patterns`.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pl.DataFrame({"item_id": ["a", "a", "b", "b"], "rater_id": list("xyxy"), "label": list("1122")})
    >>> rater_patterns(as_judgments(frame)).count.tolist()
    [1, 1, 1, 1]
    """
    return j.rater_patterns if isinstance(j, CountedJudgments) else _rater_patterns(j)


def tally(values: Ints, size: int) -> tuple[Ints, Ints]:
    """The whole numbers below size that occur, in order, and how often: counted where they are few, else sorted.

    Examples
    --------
    >>> [made.tolist() for made in tally(np.array([3, 1, 3]), 5)]
    [[1, 3], [1, 2]]
    """
    if size > 4 * len(values):
        return np.unique(values, return_counts=True)
    count = np.bincount(values, minlength=size)
    return np.flatnonzero(count), count[count > 0]


@once_a_table
def _rater_patterns(j: Judgments) -> RaterPatterns:
    (rows, raters), (_, packed, kinds) = coded(j), _counted(j)
    pattern = packed.join(kinds, on=packed.columns, how="left", maintain_order="left")["pattern"].to_numpy()
    rater, label, unit = (rows[c].to_numpy() for c in ("rater", "label", "unit"))
    shape = len(raters), len(j.labels), len(kinds)
    cells, count = tally(np.ravel_multi_index((rater, label, pattern[unit]), shape), int(np.prod(shape)))
    rater, label, pattern = np.unravel_index(cells, shape)
    return RaterPatterns(raters, rater, label, pattern, count)


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
    if raters is not None:
        rows = rows.filter(pl.col("rater").is_in([names.index(r) for r in raters]))
    both = rows.lazy().join(rows.lazy(), on="unit", suffix="_b").filter(pl.col("rater") < pl.col("rater_b"))
    by = ["rater", "rater_b", "label", "label_b"]
    return both.group_by(by).agg(pl.len().alias("count")).sort(by).collect()


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
    unit, rater, raters = numbered(j)
    label = j.frame["label"].cast(pl.Float64, strict=False)
    if label.null_count():
        raise NotEstimable("labels are not all numbers")
    value = label.to_numpy()
    n, total, squares = (np.bincount(unit, weights) for weights in (None, value, value * value))
    return Moments(n, total, squares, raters, rater, unit, value, j.n_items)  # type: ignore[arg-type]
