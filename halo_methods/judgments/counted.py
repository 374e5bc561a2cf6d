"""The small tables that inference needs, and judgments of which only these are held."""

from dataclasses import dataclass
from typing import Any, NoReturn

from ..errors import NotEstimable
from .coding import Ints
from .options import Level, Scale
from .table import Source


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
