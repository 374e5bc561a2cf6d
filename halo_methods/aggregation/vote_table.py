"""Who gave which item which label, as one sparse table of counts."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from ..errors import NotEstimable
from ..judgments import Judgments, accepted_answers, as_judgments
from ..judgments.coding import codes, numbered, once_a_table, unit_keys

Array = npt.NDArray[np.float64]
MOST_LABELS = 60


@dataclass(frozen=True, eq=False)
class Votes:
    """Judgments counted: one row an item, one column a rater's label.

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
    tested : dict
        What the test of dependence found, by its seed.
    """

    items: npt.NDArray[Any]
    raters: tuple[str, ...]
    labels: tuple[Any, ...]
    given: sparse.csr_array
    tested: dict[int, Any] = field(default_factory=dict)

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
    def n_by_rater(self) -> Array:
        """Judgments of each rater."""
        return np.asarray(self.given.sum(axis=0)).reshape(len(self.raters), -1).sum(1)

    @cached_property
    def shares(self) -> Array:
        """Each item's votes as shares."""
        made: Array = self.tally / self.n_by_item[:, None]
        return made

    @cached_property
    def by_column(self) -> sparse.csc_array:
        """The same counts, kept column by column."""
        return self.given.tocsc()

    def of(self, rater: int) -> tuple[npt.NDArray[Any], npt.NDArray[Any], Array]:
        """One rater's items, labels and how often."""
        n, columns = len(self.labels), self.by_column
        ends = columns.indptr[rater * n : (rater + 1) * n + 1]
        part = slice(ends[0], ends[-1])
        return columns.indices[part], np.repeat(np.arange(n), np.diff(ends)), columns.data[part]

    @property
    def n_judgments(self) -> int:
        """Judgments in all."""
        return int(self.n_by_item.sum())

    def sums(self, by_item: Array) -> Array:
        """Sums of a table over items by rater and label, shape (n_raters, n_labels, its columns)."""
        made: Array = (self.backwards @ by_item).reshape(len(self.raters), len(self.labels), -1)
        return made


def votes(j: Judgments) -> Votes:
    """The votes of one criterion and one stage, counted once.

    Raises
    ------
    NotEstimable
        If the labels are too many to be categories.
    """
    return _votes(as_judgments(j).one())


@once_a_table
def _votes(j: Judgments) -> Votes:
    labels = j.labels
    if len(labels) > MOST_LABELS:
        raise NotEstimable(
            f"{len(labels):,} different labels: a consensus needs a few categories, at most {MOST_LABELS}; "
            "numbers on a wide scale are averaged, not voted on"
        )
    unit, rater, raters = numbered(j)
    listed = j.frame["item_id"].to_arrow().dictionary_encode()
    item = unit if unit_keys(j) == ["item_id"] else listed.indices.to_numpy().astype(np.int64)
    label = codes(labels, j.frame["label"]).to_numpy()
    shape = (len(listed.dictionary), len(raters) * len(labels))
    column = rater * len(labels) + label
    given = sparse.coo_array((np.ones(len(item)), (item, column)), shape=shape).tocsr()
    return Votes(listed.dictionary.to_numpy(zero_copy_only=False), raters, labels, given)


def accepted(j: Judgments) -> npt.NDArray[np.bool_] | None:
    """Which labels each item's gold accepts (all of them where there is no gold); None without any gold.

    An item whose gold is none of the labels counts as without gold.
    """
    return _accepted(as_judgments(j).one())


@once_a_table
def _accepted(j: Judgments) -> npt.NDArray[np.bool_] | None:
    made = votes(j)
    if "gold" not in j.columns or j.frame["gold"].is_null().all():
        return None
    gold = j.frame.select("item_id", "gold").drop_nulls().unique("item_id", keep="first", maintain_order=True)
    place = {item: n for n, item in enumerate(made.items)}
    number = {label: n for n, label in enumerate(made.labels)}
    allowed = np.ones((len(made.items), len(made.labels)), bool)
    for item, cell in gold.iter_rows():
        answers = [float(a) for a in accepted_answers(cell)] if j.numeric else accepted_answers(cell)
        known = [number[a] for a in answers if a in number]
        if known:
            allowed[place[item]] = False
            allowed[place[item], known] = True
    return allowed
