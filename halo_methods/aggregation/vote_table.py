"""Who gave which item which label, as one sparse table of counts."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from ..errors import NotEstimable
from ..judgments import Judgments
from ..judgments.coding import coded, once_a_table
from ..judgments.marking import is_right

Array = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]
MOST_LABELS = 60


@dataclass(frozen=True, eq=False)
class Votes:
    """Judgments counted: one row per item, one column per rater and label.

    Attributes
    ----------
    items : ndarray of str
        Items in the order in which they first appear.
    raters : tuple of str
        Sorted.
    labels : tuple
        The scale, or the labels that occur.
    given : scipy.sparse.csr_array, shape (n_items, n_raters * n_labels)
        How often column ``rater * n_labels + label`` was given to the item:
        rounds count as repeats.
    rows : polars.DataFrame
        The judgments counted.
    """

    items: npt.NDArray[Any]
    raters: tuple[str, ...]
    labels: tuple[Any, ...]
    given: sparse.csr_array
    rows: pl.DataFrame

    @cached_property
    def backwards(self) -> sparse.csc_array:
        """The same counts with items as columns."""
        return self.given.T

    @cached_property
    def tally(self) -> Array:
        """How often each item was given each label, items by labels."""
        return np.asarray(self.given @ np.tile(np.eye(len(self.labels)), (len(self.raters), 1)))

    @cached_property
    def n_by_item(self) -> Array:
        """Judgments of each item."""
        return self.tally.sum(1)

    @cached_property
    def shares(self) -> Array:
        """Each item's votes as shares."""
        return np.asarray(self.tally / self.n_by_item[:, None])

    @cached_property
    def by_column(self) -> sparse.csc_array:
        """The same counts, stored column by column."""
        return self.given.tocsc()

    @cached_property
    def entries(self) -> tuple[Ints, Ints, Ints]:
        """Item, rater and label of each stored count."""
        item = np.repeat(np.arange(len(self.items)), np.diff(self.given.indptr))
        return item, *np.divmod(self.given.indices.astype(np.int64), len(self.labels))

    def of(self, rater: int) -> sparse.csc_array:
        """One rater's counts, items by labels."""
        n = len(self.labels)
        return self.by_column[:, rater * n : (rater + 1) * n]

    def sums(self, by_item: Array) -> Array:
        """Sums of a table over items by rater and label, shape (n_raters, n_labels, its columns)."""
        return np.asarray(self.backwards @ by_item).reshape(len(self.raters), len(self.labels), -1)

    def shares_given(self, p: Array) -> Array:
        """Compute which labels each rater gives to items of each true label, shape (rater, given, true)."""
        counts = self.sums(p)
        return np.asarray(counts / np.maximum(counts.sum(1, keepdims=True), 1e-300))

    @cached_property
    def accepted(self) -> Mask | None:
        """Which labels each item's gold accepts, all of them where there is no gold; None without any gold.

        An item whose gold is none of the labels counts as without gold.
        """
        if "gold" not in self.rows.columns or self.rows["gold"].is_null().all():
            return None
        gold = self.rows.group_by("item_id", maintain_order=True).agg(pl.col("gold").drop_nulls().first())["gold"]
        rules = {cell: [bool(is_right(label, cell)) for label in self.labels] for cell in gold.drop_nulls().unique()}
        anything = [True] * len(self.labels)
        return np.array([rules[cell] if cell is not None and any(rules[cell]) else anything for cell in gold])


@once_a_table
def votes(j: Judgments) -> Votes:
    """Count the votes of one criterion and one stage, once for a table.

    Raises
    ------
    NotEstimable
        If the labels are too many to be categories.
    """
    j = j.one()
    labels = j.labels
    if len(labels) > MOST_LABELS:
        text = f"a consensus needs a few categories, at most {MOST_LABELS}; numbers are averaged, not voted on"
        raise NotEstimable(f"{len(labels):,} different labels: {text}", public=text)
    numbers, raters = coded(j)
    listed = j.frame["item_id"].to_arrow().dictionary_encode()
    item = listed.indices.to_numpy().astype(np.int64)
    shape = (len(listed.dictionary), len(raters) * len(labels))
    column = numbers["rater"].to_numpy() * len(labels) + numbers["label"].to_numpy()
    given = sparse.coo_array((np.ones(len(item)), (item, column)), shape=shape).tocsr()
    return Votes(listed.dictionary.to_numpy(zero_copy_only=False), raters, labels, given, j.frame)
