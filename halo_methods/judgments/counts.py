"""From the long table to the small tables that inference needs.

The counts of a unit (an item in one round) are packed into whole numbers, some
bits for each label, so that one sum counts every label at once. Where an engine
holds the rows, one narwhals path does it: columns first, then plain sums. Rows
in memory are numbered when they are checked, and a sum by number is enough.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn

import narwhals as nw
import numpy as np
import polars as pl

from ..errors import NotEstimable
from .coding import MOST_LABELS, Floats, Ints, coded, codes, numbered, once_a_table, packed_numbers, unit_keys, unpacked
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

    @property
    def n_units(self) -> int:
        """Items by rounds."""
        return int(self.frequency.sum())


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
        False if nobody said.
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
