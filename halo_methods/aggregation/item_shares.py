"""Shares of items, each item one trial, with their intervals."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import accepted_answers
from ..judgments.table import rests_on
from ..results import Caution, Estimate, counted
from ..stats import two_way_share
from .vote_table import Array, Mask, Votes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class ConsensusShares:
    """Shares with their intervals, one row per band of probability, rater or method.

    Attributes
    ----------
    by : str
        The column that names the rows.
    value : str
        The column of shares; ``low`` and ``high`` are beside it.
    table : pandas.DataFrame
    unit, title : str
        Of the picture.
    estimates : dict of str to Estimate
        By row; empty for raters, whose table holds the intervals.
    """

    by: str
    value: str
    table: pd.DataFrame
    unit: str
    title: str
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        by: str,
        value: str,
        rows: Mapping[str, Mapping[str, Any]],
        estimates: Mapping[str, Estimate],
        *,
        unit: str,
        title: str,
    ) -> "ConsensusShares":
        """Make the table of some rows and their estimates; a row without an estimate has none of the three figures."""
        ends = {name: {value: e.value, "low": e.low, "high": e.high} for name, e in estimates.items()}
        missing = dict.fromkeys((value, "low", "high"), np.nan)
        table = pd.DataFrame([{by: name, **row, **ends.get(name, missing)} for name, row in rows.items()])
        return cls(by=by, value=value, table=table, unit=unit, title=title, estimates=estimates)

    def plot(self) -> "Figure":
        """Draw a dot per row with its interval; where the probability claimed is known, against it."""
        from .. import plots

        if "probability" in self.table and self.value == "accuracy" and self.by == "band":
            return plots.confidence(self.table, title=self.title)
        table = self.table.dropna(subset=[self.value])
        return plots.intervals(table, self.by, self.value, unit=self.unit, title=self.title)


def share_of_items(
    votes: Votes, items: npt.NDArray[np.int64], hits: Array, *, quantity: str, measure: str, confidence: float
) -> Estimate:
    """Estimate a share of items, all raters of an item together one trial.

    What is drawn anew is the cluster (prompt, conversation, document) where the
    data have a column ``cluster``, otherwise the item; see `stats.two_way_share`
    over items.

    Parameters
    ----------
    votes : Votes
    items : ndarray of int
        Places of the items in ``votes.items``.
    hits : ndarray
        1 for a hit, 0 for none, a part where labels tie.
    """
    names = votes.items[items]
    rows = votes.rows if len(items) == len(votes.items) else votes.rows.filter(pl.col("item_id").is_in(names.tolist()))
    groups = names
    if "cluster" in rows.columns:
        first = rows.group_by("item_id").agg(pl.col("cluster").drop_nulls().first())
        of = {item: f"cluster {cluster}" for item, cluster in first.iter_rows() if cluster is not None}
        groups = np.array([of.get(name, name) for name in names], dtype=object)
    share = two_way_share(hits, np.zeros(len(hits)), groups, over="items", confidence=confidence, quantity=quantity)
    return replace(share, **rests_on(rows, measure))


def in_bands(p: Array) -> Iterator[tuple[str, Mask]]:
    """Tell for each band of probability that occurs which of the probabilities lie in it.

    Examples
    --------
    >>> [(band, inside.tolist()) for band, inside in in_bands(np.array([0.4, 1.0]))]
    [('0.0 to 0.5', [True, False]), ('0.99 to 1.0', [False, True])]
    """
    at = np.clip(np.digitize(p + 1e-12, BANDS), 1, len(BANDS) - 1)
    for k in np.unique(at):
        yield f"{BANDS[k - 1]} to {BANDS[k]}", at == k


def credit_on_gold(
    votes: Votes, table: pd.DataFrame, *, shared: bool
) -> tuple[npt.NDArray[np.int64], Array, tuple[Caution, ...]]:
    """Mark the labels of gold items: 1 right, 0 wrong, a part where tied labels share.

    Parameters
    ----------
    votes : Votes
    table : pandas.DataFrame
        ``label`` and ``settled`` of each item.
    shared : bool
        Whether a tie stands for all of its labels.

    Returns
    -------
    items : ndarray of int
        Places of the gold items with a label.
    credit : ndarray
    cautions : tuple of Caution
        How many gold items have no label.

    Raises
    ------
    NotEstimable
        If there is no gold, or no gold item has a consensus.
    """
    if votes.accepted is None:
        text = "no judged item has a gold answer; add a `gold` column, at least for some items"
        raise NotEstimable(text, public=text)
    known = np.flatnonzero(~np.asarray(votes.accepted.all(axis=1)))
    if not len(known):
        raise NotEstimable("no gold answer is one of several labels")
    number = {str(label): k for k, label in enumerate(votes.labels)}
    labels, tied = table["label"].to_numpy(), (table["settled"] == "tie").to_numpy()
    credit = np.full(len(known), np.nan)
    for n, item in enumerate(known):
        if not pd.isna(label := labels[item]):
            answers = accepted_answers(str(label)) if tied[item] and shared else (str(label),)
            credit[n] = np.mean([votes.accepted[item, number[answer]] for answer in answers])
    settled = ~np.isnan(credit)
    if not settled.any():
        raise NotEstimable(f"none of the {counted(len(known), 'gold item')} has a consensus")
    text = f"{(~settled).sum():,} of {counted(len(known), 'gold item')} have no consensus and are left out."
    cautions = () if settled.all() else (Caution("no_consensus_left_out", text),)
    return known[settled], credit[settled], cautions
