"""From disagreement to a ranked list of what is changed, and the judgments that argue for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import as_numbers
from ..judgments.coding import once_a_table
from ..stats.crossed import Array, Ints
from .design import design_of
from .pair_distances import NONE, pair_matrices
from .soft import KEEP, adjudicate, item_counts
from .sources import disputed
from .worksheet import said

if TYPE_CHECKING:
    from matplotlib.figure import Figure

TIMES = 2.0
LEAST_ITEMS = 10


@dataclass(frozen=True, kw_only=True)
class Distances:
    """How far each rater lies from the others.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per rater, see `retraining`.
    by : str
        ``rater_id``.
    """

    table: pd.DataFrame
    by: str = "rater_id"

    def plot(self) -> "Figure":
        """The distances with their intervals."""
        from .. import plots

        unit, title = "distance from the others", "Distance from the others"
        return plots.intervals(self.table, "rater_id", "distance", unit=unit, title=title)


def confused_labels(j: Judgments) -> pd.DataFrame:
    """Which two labels raters give the same item, and how much of the disagreement each pair carries.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second``, ``pairs`` (pairs of raters, each item weighing 1 in all),
        ``items`` (on which both occur), ``share`` (of the disagreement, as
        `split` measures it); largest share first.

    Raises
    ------
    NotEstimable
        If no two raters differ on an item, or labels take more than 50 values.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if r < i % 4 else "y") for i in range(12) for r in range(4)]
    >>> confused_labels(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))["share"].tolist()
    [1.0]
    """
    j = as_judgments(j)
    _, labels, counts = item_counts(j)
    size = counts.sum(1, keepdims=True)
    pairs = (counts / np.maximum(size * (size - 1) / 2, 1)).T @ counts
    together = (counts > 0).T.astype(int) @ (counts > 0)
    at = as_numbers(labels)
    at = np.arange(len(labels)) if at is None else at
    distance = np.ones(pairs.shape) if design_of(j).nominal else (at[:, None] - at) ** 2 / 2
    a, b = np.nonzero(np.triu(pairs, 1))
    if not len(a):
        raise NotEstimable("no two raters ever differ on an item")
    names, share = np.array([str(x) for x in labels], dtype=object), (pairs * distance)[a, b]
    table = pd.DataFrame({"first": names[a], "second": names[b], "pairs": pairs[a, b], "items": together[a, b]})
    table["share"] = share / share.sum()
    return table.sort_values(["share", "first", "second"], ascending=[False, True, True], ignore_index=True)


def changes(j: Judgments, *, groups: str | None = None, clause: str = "clause", most: int = 20) -> pd.DataFrame:
    """What to change, largest share of the disagreement first.

    *guideline*: a clause whose items are more disputed than items drawn at
    random (see `split`); without clauses, the pair of labels most confused.
    *edge case*: an item with at least twice the mean disagreement of items
    under clear clauses, four labels or more, no matter of perspective.
    *retraining*: all raters of `retraining` together; nobody is named here.
    *nothing*: items on which groups hold different views, in one row.

    ``share`` is the part of all disagreement that would go if the change
    brought the clause, the item or the raters to the level of the others:
    the most it can gain, not a promise.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups, clause
        As `split` takes them.
    most : int
        Edge cases at most.

    Returns
    -------
    pandas.DataFrame
        ``change``, ``about``, ``share``, ``low``, ``high`` (95%; None where an
        interval would be empty talk), ``items`` (how many argue for it),
        ``examples`` (up to five item ids, most disputed first), ``labels``
        (their labels), ``confused`` (the two labels most confused there).

    Raises
    ------
    NotEstimable
        As `split`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "y" if i < 3 and r in "abc" else "x") for i in range(30) for r in "abcdef"]
    >>> made = changes(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> made["change"].value_counts().to_dict()
    {'edge case': 3, 'guideline': 1}
    """
    j = as_judgments(j)
    design, found, unclear, _ = disputed(j.one(), groups, clause)
    rows, within = design.rows, found.within
    ids, labels, counts = item_counts(j)
    ids, counts = np.array(ids, dtype=object)[found.item], counts[found.item]
    kept, under = np.zeros(len(within), bool), np.zeros(len(within), bool)
    if design.groups is not None:
        kept = np.isin(ids, adjudicate(j, groups=design.groups).kept()["item_id"].to_numpy())
    if rows.clause is not None:
        under = np.isin(rows.clause[found.item], unclear)
    base = float(np.nanmean(within[~under])) if np.isfinite(within[~under]).any() else 0.0
    scale = found.total * len(within)
    listed = []

    def row(change: str, about: str, chosen: Ints, *ends: float | None) -> None:
        order = chosen[np.argsort(-np.nan_to_num(within[chosen]), kind="stable")]
        shown, labels_of = ", ".join(ids[order[:5]]), "; ".join(said(labels, c) for c in counts[order[:5]])
        listed.append((change, about, *ends, len(order), shown, labels_of, _confused(labels, counts[order])))

    if rows.clause is not None:
        for c in unclear:
            chosen = np.flatnonzero(rows.clause[found.item] == c)
            x = within[chosen][np.isfinite(within[chosen])]
            half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5
            share, low, high = ((x.mean() + d - base) * len(chosen) / scale for d in (0.0, -half, half))
            row("guideline", f"clause {design.clauses[c]}", chosen, share, max(low, 0.0), min(high, 1.0))
    else:
        pair, names = confused_labels(j).iloc[0], [str(x) for x in labels]
        both = np.flatnonzero((counts[:, [names.index(pair[k]) for k in ("first", "second")]] > 0).all(axis=1))
        row("guideline", f"the line between {pair['first']} and {pair['second']}", both, pair["share"], None, None)
    far = (np.nan_to_num(within) >= TIMES * base) & (base > 0) & (counts.sum(axis=1) >= 4)
    edge = np.flatnonzero(far & ~under & ~kept)
    for k in edge[np.argsort(-within[edge], kind="stable")][:most]:
        row("edge case", f"item {ids[k]}", np.array([k]), (within[k] - base) / scale, None, None)
    people = retraining(j, groups=groups, clause=clause).table.query("change != ''")
    if len(people):
        what = "raters further from the others than luck allows"
        listed.append(("retraining", what, people["share"].sum(), None, None, people["items"].sum(), "", "", ""))
    if kept.any():
        what, share = f"items on which groups of {design.groups} hold different views", found.perspective or 0.0
        row("nothing", what, np.flatnonzero(kept), max(share, 0.0) / found.total, None, None)
    columns = ["change", "about", "share", "low", "high", "items", "examples", "labels", "confused"]
    table = pd.DataFrame(listed, columns=columns)
    table["share"] = table["share"].clip(0, 1)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


@once_a_table
def retraining(j: Judgments, *, groups: str | None = None, clause: str = "clause") -> Distances:
    """How far each rater lies from the others on the same items, and who would gain from training.

    Items under unclear clauses, and those on which groups hold different
    views, are left out: nobody is charged with them. The distance of a rater
    is the mean over their items of half the squared difference to each other
    rater of the item (on nominal labels the share that differ). The interval is a t interval
    over the rater's items, with Bonferroni's correction over all raters; on
    fewer than 10 items (house rule) it is every distance there can be. A
    rater is listed where the whole interval lies above the mean of the others.
    It is a reason to look at their items together, not a verdict: who sees
    what the others overlook is far from them too.

    Returns
    -------
    Distances
        Its table: ``rater_id``, ``items``, ``distance``, ``low``, ``high``, ``others``
        (mean distance of pairs without the rater), ``lean`` (in steps, above 0
        is higher labels; None on nominal labels), ``share`` (of the
        disagreement, were the rater like the others), ``change`` (``severity``
        where the lean explains half of the excess, ``slips`` otherwise, empty
        where not listed); largest share first.

    Raises
    ------
    NotEstimable
        As `split`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, i % 2 if r != 7 else (i // 2) % 2) for i in range(40) for r in range(8)]
    >>> made = retraining(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).table
    >>> made.loc[made["change"] != "", ["rater_id", "change"]].values.tolist()
    [['7', 'slips']]
    """
    j = as_judgments(j)
    design, found, unclear, _ = disputed(j.one(), groups, clause)
    rows, aside = design.rows, NONE
    if rows.clause is not None:
        aside = np.flatnonzero(np.isin(rows.clause, unclear))
    if design.groups is not None:
        routes = adjudicate(j, groups=design.groups).table.sort_values("item_id")
        aside = np.union1d(aside, np.flatnonzero((routes["route"] == KEEP).to_numpy()))
    every = len(np.unique(rows.item))
    rows = rows.without(items=aside)
    part = len(np.unique(rows.item)) / every
    size = np.bincount(rows.item)[rows.item]
    distance, others = np.zeros(len(rows.item)), np.maximum(size - 1, 1)
    for y in rows.y.T:
        total, square = (np.bincount(rows.item, v)[rows.item] for v in (y, y**2))
        distance += size * y**2 - 2 * y * total + square
    each = pd.DataFrame({"rater": rows.rater, "distance": distance / (2 * others)})
    if not design.nominal:
        each["lean"] = rows.y[:, 0] - (np.bincount(rows.item, rows.y[:, 0])[rows.item] - rows.y[:, 0]) / others
    of = each[size > 1].groupby("rater")
    table = of["distance"].agg(items="size", distance="mean", spread="std").query("items > 1")
    present, (raw, count) = np.unique(rows.rater), pair_matrices(rows, level=False)
    at = np.searchsorted(present, table.index)
    widest = float(((rows.y.max(axis=0) - rows.y.min(axis=0)) ** 2).max()) / (1 if design.nominal else 2)
    half = stats.t.ppf(1 - 0.025 / len(present), table["items"] - 1) * table["spread"] / table["items"] ** 0.5
    half = half.where(table["items"] >= LEAST_ITEMS, widest)
    table["low"], table["high"] = ((table["distance"] + d).clip(0, widest) for d in (-half, half))
    # Pairs without the rater: both matrices are symmetric, with an empty diagonal.
    raw_left, left = (m.sum() - 2 * m.sum(axis=1)[at] for m in (raw, count))
    table["others"] = np.divide(raw_left, left, out=table["distance"].to_numpy().copy(), where=left > 1e-9)
    table["lean"] = None if design.nominal else of["lean"].mean()
    excess = table["distance"] - table["others"]
    table["share"] = part * 2 * count.sum(axis=1)[at] / count.sum() * excess.clip(lower=0) / found.total
    lean = table["lean"].fillna(0.0).astype(float)
    table["change"] = np.where(lean**2 / 2 >= excess / 2, "severity", "slips")
    table["change"] = table["change"].where(table["low"] > table["others"], "")
    table.insert(0, "rater_id", j.one().frame["rater_id"].unique().sort().gather(table.index.to_numpy()).to_list())
    table = table.drop(columns="spread").sort_values(["share", "rater_id"], ascending=[False, True], ignore_index=True)
    return Distances(table=table)


def _confused(labels: tuple[object, ...], table: Array) -> str:
    """The two labels most often given to the same of these items."""
    pairs = np.triu(table.T @ table, 1)
    if pairs.size == 0 or pairs.max() == 0:
        return ""
    a, b = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return f"{labels[a]} and {labels[b]}"
