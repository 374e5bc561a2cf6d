"""Whether disagreement on a clause fell after the guideline changed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import quoted
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure
from ..stats.checks import check_confidence
from ..stats.totals import ratio_contrast
from .decisions import by_number, clause_name, recorded

FEW_ITEMS = 20
CHOSEN_FOR_IT = Caution(
    "chosen_for_it",
    "A clause chosen because raters differed on it differs less the next time by itself; "
    "the other clauses, and items that did not lead to the amendment, show how much.",
)
COMPARISONS = {
    "change": ("change of the share of disagreeing pairs on the clause", [2, 3]),
    "others": ("change of the share of disagreeing pairs on other clauses", [0, 1]),
    "difference": ("change on the clause minus change on other clauses", [2, 3, 0, 1]),
}
"""The quantity, and its cells: others before and after, the clause before and after."""
SIGNS = (-1.0, 1.0, 1.0, -1.0)


@dataclass(frozen=True, eq=False, kw_only=True)
class ClauseChanges:
    """Disagreement on clauses under two versions of the guideline.

    Attributes
    ----------
    by : str
        The column of clauses.
    before, after : str
        The versions.
    table : pandas.DataFrame
        Per clause one row per comparison (the clause, the others, the difference):
        ``clause``, ``what``, ``share_before``, ``share_after`` (of disagreeing
        pairs), ``change``, ``low``, ``high``, ``n_items``, ``n_raters``.
    estimates : dict of str to Estimate or NotEstimable
        By clause the change, after minus before; below zero where raters differ less.
    others : dict of str to Estimate
        The same on all other clauses together, where there are some.
    differences : dict of str to Estimate
        The change less that on the others: what is left when whatever happened to
        all clauses is taken off.
    """

    by: str
    before: str
    after: str
    table: pd.DataFrame
    estimates: Mapping[str, Estimate | NotEstimable]
    others: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]

    def plot(self) -> Figure:
        """Draw the changes with their intervals."""
        from .. import plots

        unit, title = "change of the share of pairs that differ", f"{self.after} minus {self.before}"
        return plots.intervals(self.table, "what", "change", bar=0, unit=unit, title=title)


def clause_changes(
    j: Judgments,
    *,
    clauses: Collection[str] | None = None,
    column: str = "clause",
    before: str | None = None,
    after: str | None = None,
    confidence: float = 0.95,
) -> ClauseChanges:
    r"""Estimate whether raters differ less on clauses since the guideline changed.

    The quantity is the share of pairs of judgments of one item that differ,
    :math:`d`, after minus before: :math:`d_{c1} - d_{c0}` on the clause,
    :math:`d_{o1} - d_{o0}` on the others, and the difference of the two; the
    interval is `stats.totals.ratio_contrast` over items and raters.

    It compares before and after; it does not prove that the amendment did it.

    Parameters
    ----------
    j : Judgments or frame
        One criterion, with columns ``guideline`` and the clause of each item.
    clauses : collection of str, optional
        The amended clauses; by default those that recorded decisions name with a
        gap or a conflict as their cause.
    column : str
        The column that holds the clause, one per item.
    before, after : str, optional
        Versions of the guideline; by default the last two, by their first
        judgment if the data are dated, otherwise by number.
    confidence : float

    Raises
    ------
    NotEstimable
        If a column is missing, an item names several clauses, there are not two
        versions, or no clause has two items with a pair in each of them.
    BadOption
        If there is no such version, or the confidence is no share.

    Examples
    --------
    >>> rows = [(f"{v}{i}", r, "ab"[v == "1" and (i + r) % 3 == 0], v, "3.2")
    ...         for v in "12" for i in range(30) for r in range(6)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline", "clause"])
    >>> changes = clause_changes(frame, clauses=["3.2"])
    >>> changes.table[["what", "share_before", "share_after"]].round(2).to_numpy().tolist()
    [['clause 3.2', 0.53, 0.0]]
    """
    check_confidence(confidence)
    j = as_judgments(j)
    names = recorded(j, clause=column).amended() if clauses is None else [clause_name(c) for c in clauses]
    if not names:
        raise NotEstimable("no clause was named")
    one = j.one()
    first, last = _versions(one, column, before, after)
    pairs = _pairs(one.frame, column, first, last)
    estimates: dict[str, Estimate | NotEstimable] = {}
    found: dict[str, dict[str, Estimate]] = {what: {} for what in COMPARISONS}
    rows = []
    for name in names:
        try:
            compared = _compared(pairs, name, (first, last), confidence)
        except NotEstimable as reason:
            estimates[name] = reason
            continue
        labels = {"change": f"clause {name}", "others": f"others than {name}", "difference": f"{name} less others"}
        for what, (e, shares) in compared.items():
            found[what][name] = e
            rows.append((name, labels[what], *shares, e.value, e.low, e.high, e.n_items, e.n_raters))
        estimates[name] = found["change"][name]
    if not rows:
        raise next(e for e in estimates.values() if isinstance(e, NotEstimable))
    columns = ["clause", "what", "share_before", "share_after", "change", "low", "high", "n_items", "n_raters"]
    return ClauseChanges(
        by=column,
        before=first,
        after=last,
        table=pd.DataFrame(rows, columns=columns),
        estimates=estimates,
        others=found["others"],
        differences=found["difference"],
    )


def _versions(j: Judgments, column: str, before: str | None, after: str | None) -> tuple[str, str]:
    """The two versions of the guideline that are compared."""
    for needed in ("guideline", column):
        if needed not in j.columns:
            text = f"the data has no column {needed}: it tells which judgments come before and after"
            raise NotEstimable(text, public=text)
    versions = guideline_versions(j)
    for name, version in (("before", before), ("after", after)):
        if version not in (None, *versions):
            raise BadOption.of(name, version, versions)
    if len(versions) < 2:
        text, there = "a change needs two versions of the guideline", ", ".join(map(quoted, versions)) or "none"
        raise NotEstimable(f"{text}; there is {there}", public=text)
    last = after or versions[-1]
    first = before or versions[max(versions.index(last) - 1, 0)]
    if first == last:
        raise BadOption(f"before and after are both {quoted(first)}")
    return first, last


def guideline_versions(j: Judgments) -> tuple[str, ...]:
    """List the versions of the guideline, oldest first: by their first judgment if dated, otherwise by number."""
    frame = j.frame.filter(pl.col("guideline").is_not_null())
    if "rated_at" in j.columns and not frame["rated_at"].has_nulls():
        first = frame.group_by("guideline").agg(pl.col("rated_at").min()).sort("rated_at", "guideline")
        return tuple(first["guideline"])
    return tuple(sorted(frame["guideline"].unique(), key=by_number))


def _pairs(frame: pl.DataFrame, column: str, first: str, last: str) -> pl.DataFrame:
    """Each judgment with a partner: of how many pairs it is part, and in how many of them the labels differ."""
    frame = frame.filter(pl.col("guideline").is_in([first, last]) & pl.col(column).is_not_null())
    frame = frame.with_columns(pl.col(column).str.strip_chars(" §").alias(" clause"))
    varies = frame.group_by("item_id").agg(pl.col(" clause").n_unique()).filter(pl.col(" clause") > 1)["item_id"].sort()
    if len(varies):
        text = f"the column {column} must hold one clause per item"
        named = f"{len(varies):,} items name several clauses, {quoted(varies[0])} first"
        raise NotEstimable(f"{named}; {text}", public=text)
    unit = ["item_id", "guideline", *(c for c in ("round",) if c in frame.columns)]
    pairs = pl.len().over(unit) - 1
    differ = pl.len().over(unit) - pl.len().over([*unit, "label"])
    return frame.with_columns(pairs.alias("pairs"), differ.alias("differ")).filter(pl.col("pairs") > 0)


def _compared(
    pairs: pl.DataFrame, clause: str, versions: tuple[str, str], confidence: float
) -> dict[str, tuple[Estimate, list[float | None]]]:
    """Each comparison that a clause allows, with the shares of disagreeing pairs before and after."""
    cell = (pl.col(" clause") == clause).cast(pl.Int64) * 2 + (pl.col("guideline") == versions[1]).cast(pl.Int64)
    frame = pairs.with_columns(cell.alias("cell"))
    by_item, by_rater = _sums(frame, "item_id") / 2, _sums(frame, "rater_id")  # a pair counts for each of its two
    single = frame.group_by("cell", "differ", "pairs").len().sort("cell", "differ", "pairs").with_row_index("alone")
    by_judgment, times = _sums(single, "alone"), single["len"].to_numpy().astype(float)
    items = (by_item[:, :, 1] > 0).sum(0)
    for n, name in zip(items[2:], versions, strict=True):
        if n < 2:
            text = f"clause {quoted(clause)} has {n} items with two judgments or more under guideline {quoted(name)}"
            raise NotEstimable(f"{text}; two are the least")
    total, compared = by_item.sum(0), {}
    for what in COMPARISONS if (items[:2] >= 2).all() else ("change",):
        quantity, cells = COMPARISONS[what]
        of_items, of_raters, alone = (part[:, cells] for part in (by_item, by_rater, by_judgment))
        contrast = ratio_contrast(of_items, of_raters, alone, times, SIGNS[: len(cells)], confidence=confidence)
        cautions = [] if what == "others" else [CHOSEN_FOR_IT]
        if contrast.fewest < FEW_ITEMS:
            text = f"A version has {contrast.fewest} items here: below {FEW_ITEMS} the interval may be too short."
            cautions.append(Caution("few_items", text))
        if contrast.over == "items":
            text = f"With {contrast.n_raters} raters the interval speaks for the items only."
            cautions.append(Caution("items_only", text))
        estimate = Estimate(
            value=contrast.value,
            low=contrast.low,
            high=contrast.high,
            confidence=confidence,
            method=f"{quantity}, {versions[1]} minus {versions[0]}; leave-one-out variances over {contrast.over}",
            over=contrast.over,
            cautions=tuple(cautions),
            **rests_on(frame.filter(pl.col("cell").is_in(cells)), "disagreement on clauses"),
        )
        before_and_after = (total[cells, 0] / total[cells, 1]).tolist()
        compared[what] = (estimate, before_and_after if what != "difference" else [None, None])
    return compared


def _sums(frame: pl.DataFrame, key: str) -> NDArray:
    """Disagreements and pairs by item, rater or judgment, and cell."""
    at = frame[key].rank("dense").to_numpy() - 1
    totals = np.zeros((at.max() + 1, 4, 2))
    np.add.at(totals, (at, frame["cell"]), frame.select("differ", "pairs").to_numpy())
    return totals
