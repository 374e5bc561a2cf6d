"""What a detector hands back, and what all detectors share."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray

ALPHA = 0.05


@dataclass(frozen=True)
class Evidence:
    """What one detector found: a reason to look at work, never a verdict on a person.

    Attributes
    ----------
    detector : str
        ``speeders``, ``straight_liners``, ``copied`` or ``model_written``.
    table : pandas.DataFrame
        One row a person (``rater_id``) or a pair (``a``, ``b``) tested, with
        ``listed``, the strongest first.
    rule : str
        When somebody is listed, in one sentence.
    innocent : str
        What else produces the same figures.
    """

    detector: str
    table: pd.DataFrame
    rule: str
    innocent: str

    @property
    def listed(self) -> pd.DataFrame:
        """The rows that the rule lists."""
        return self.table[self.table["listed"]].reset_index(drop=True)

    @property
    def people(self) -> frozenset[str]:
        """Everybody on the list."""
        return _who(self.listed)

    @property
    def tested(self) -> frozenset[str]:
        """Everybody with enough work to be tested."""
        return _who(self.table)


def _who(table: pd.DataFrame) -> frozenset[str]:
    columns = [c for c in ("rater_id", "a", "b") if c in table.columns]
    return frozenset(str(p) for c in columns for p in table[c])


def benjamini_yekutieli(p: ArrayLike, *, tests: int | None = None) -> NDArray:
    """P values adjusted for many tests that may depend on each other.

    Listing what is at most .05 keeps the expected share of false names on the
    list at .05; where everybody is honest, some name is listed in at most 5%
    of the tables.

    Parameters
    ----------
    p : array_like
        One p value a test.
    tests : int, optional
        How many tests were made, where only the smallest p values are given.

    References
    ----------
    Benjamini and Yekutieli (2001), The Annals of Statistics 29, 1165-1188.

    Examples
    --------
    >>> benjamini_yekutieli([.001, .04, .5]).round(4).tolist()
    [0.0055, 0.11, 0.9167]
    """
    given = np.asarray(p, float)
    m = max(tests or len(given), len(given))
    if not len(given):
        return given
    harmonic = (1 / np.arange(1, m + 1)).sum()
    order = np.argsort(given)
    raised = given[order] * m * harmonic / np.arange(1, len(given) + 1)
    made = np.empty_like(given)
    made[order] = np.minimum(np.minimum.accumulate(raised[::-1])[::-1], 1.0)
    return made


def in_time(frame: pl.DataFrame) -> pl.DataFrame:
    """The judgments in the order they were made, as far as the table says."""
    return frame.sort("rated_at", maintain_order=True) if "rated_at" in frame.columns else frame


def stratum(frame: pl.DataFrame) -> pl.Expr:
    """Locale and slice of a judgment, as far as the table has them."""
    there = [pl.col(c).cast(pl.String).fill_null("") for c in ("locale", "slice") if c in frame.columns]
    return pl.concat_str(there, separator="\x1f") if there else pl.lit("")
