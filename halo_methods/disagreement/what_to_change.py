"""From disagreement to a ranked list of what is changed, and the judgments that argue for it."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..stats.crossed import Array, Ints
from .design import design_of
from .pair_distances import NONE, apart, pair_matrices
from .routes import KEEP, adjudicate
from .soft import item_counts
from .unclear_clauses import unclear_clauses

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
    nominal = design_of(j).nominal
    counts, size = counts[counts.sum(1) > 1], counts.sum(1)[counts.sum(1) > 1]
    weighted = counts / (size * (size - 1) / 2)[:, None]
    pairs = weighted.T @ counts
    together = (counts > 0).T.astype(float) @ (counts > 0)
    at = np.arange(len(labels), dtype=float)
    if not nominal and all(_number(x) is not None for x in labels):
        at = np.array([float(str(x)) for x in labels])
    made = []
    for a in range(len(labels)):
        for b in range(a + 1, len(labels)):
            if pairs[a, b] > 0:
                distance = 1.0 if nominal else (at[a] - at[b]) ** 2 / 2
                made.append((str(labels[a]), str(labels[b]), pairs[a, b], int(together[a, b]), pairs[a, b] * distance))
    if not made:
        raise NotEstimable("no two raters ever differ on an item")
    table = pd.DataFrame(made, columns=["first", "second", "pairs", "items", "share"])
    table["share"] /= table["share"].sum()
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
    design = design_of(j, groups, clause)
    rows, column, names = design.rows, design.groups, design.clauses
    found = apart(rows)
    if found.total <= 0:
        raise NotEstimable("no two raters ever differ on an item: there is nothing to change")
    items, labels, counts = item_counts(j)
    unclear, _ = unclear_clauses(found, rows, names)
    found = apart(rows, unclear)
    within = np.where(np.isfinite(found.within), found.within, np.nan)
    under = np.isin(rows.clause[found.item], unclear) if rows.clause is not None else np.zeros(len(within), bool)
    held = set()
    if column is not None:
        held = set(adjudicate(j, groups=column).kept()["item_id"])
    kept = np.array([items[i] in held for i in found.item])
    base = float(np.nanmean(within[~under])) if np.isfinite(within[~under]).any() else 0.0
    scale = found.total * len(within)
    made = []

    def row(change: str, about: str, chosen: Ints, share: float, low: float | None, high: float | None) -> None:
        order = chosen[np.argsort(-np.nan_to_num(within[chosen]), kind="stable")]
        table = counts[found.item[order]]
        shown = [items[i] for i in found.item[order[:5]]]
        said = "; ".join(_said(labels, c) for c in table[:5])
        made.append((change, about, share, low, high, len(order), ", ".join(shown), said, _confused(labels, table)))

    if rows.clause is not None:
        for c in unclear:
            chosen = np.flatnonzero(rows.clause[found.item] == c)
            x = within[chosen][np.isfinite(within[chosen])]
            half = stats.t.ppf(0.975, len(x) - 1) * x.std(ddof=1) / len(x) ** 0.5
            share, low, high = ((x.mean() + d - base) * len(chosen) / scale for d in (0.0, -half, half))
            row("guideline", f"clause {names[c]}", chosen, share, max(low, 0.0), min(high, 1.0))
    else:
        pair = confused_labels(j).iloc[0]
        at = [str(x) for x in labels]
        a, b = counts[found.item][:, at.index(pair["first"])] > 0, counts[found.item][:, at.index(pair["second"])] > 0
        row(
            "guideline",
            f"the line between {pair['first']} and {pair['second']}",
            np.flatnonzero(a & b),
            pair["share"],
            None,
            None,
        )
    several = counts[found.item].sum(axis=1) >= 4
    edge = np.flatnonzero(~under & ~kept & several & (np.nan_to_num(within) >= TIMES * base) & (base > 0))
    for k in edge[np.argsort(-within[edge], kind="stable")][:most]:
        row("edge case", f"item {items[found.item[k]]}", np.array([k]), (within[k] - base) / scale, None, None)
    people = retraining(j, groups=groups, clause=clause).table
    listed = people[people["change"] != ""]
    if len(listed):
        what = "raters further from the others than luck allows"
        made.append(
            ("retraining", what, float(listed["share"].sum()), None, None, int(listed["items"].sum()), "", "", "")
        )
    if kept.any():
        chosen = np.flatnonzero(kept)
        share = max(found.perspective or 0.0, 0.0) / found.total
        row("nothing", f"items on which groups of {column} hold different views", chosen, share, None, None)
    columns = ["change", "about", "share", "low", "high", "items", "examples", "labels", "confused"]
    table = pd.DataFrame(made, columns=columns)
    table["share"] = table["share"].clip(0, 1)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


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
    return _retraining(as_judgments(j), groups, clause)


@once_a_table
def _retraining(j: Judgments, groups: str | None, clause: str) -> Distances:
    design = design_of(j, groups, clause)
    rows, nominal, column, codes = design.rows, design.nominal, design.groups, design.clauses
    names = j.one().frame["rater_id"].unique().sort().to_list()
    found = apart(rows)
    if found.total <= 0:
        raise NotEstimable("no two raters ever differ on an item")
    aside = NONE
    if rows.clause is not None:
        aside = np.flatnonzero(np.isin(rows.clause, unclear_clauses(found, rows, codes)[0]))
    if column is not None:
        routes = adjudicate(j, groups=column).table.sort_values("item_id")
        aside = np.union1d(aside, np.flatnonzero((routes["route"] == KEEP).to_numpy()))
    every = len(np.unique(rows.item))
    rows = rows.without(items=aside)
    part = len(np.unique(rows.item)) / every
    n = int(rows.item.max()) + 1
    size = np.bincount(rows.item, minlength=n)
    distance = np.zeros(len(rows.item))
    for y in rows.y.T:
        total, square = np.bincount(rows.item, y, minlength=n), np.bincount(rows.item, y**2, minlength=n)
        distance += size[rows.item] * y**2 - 2 * y * total[rows.item] + square[rows.item]
    others = np.maximum(size[rows.item] - 1, 1)
    distance = np.where(size[rows.item] > 1, distance / (2 * others), np.nan)
    widest = float(((rows.y.max(axis=0) - rows.y.min(axis=0)) ** 2).max()) / (1 if nominal else 2)
    raw, count = pair_matrices(rows, level=False)
    lean_of = None
    if not nominal:
        lean_of = rows.y[:, 0] - (np.bincount(rows.item, rows.y[:, 0], minlength=n)[rows.item] - rows.y[:, 0]) / others
    made = []
    present = np.unique(rows.rater)
    order = np.argsort(rows.rater, kind="stable")
    order = order[np.isfinite(distance[order])]
    mine = np.split(order, np.searchsorted(rows.rater[order], present[1:]))
    all_raw, all_count, raw_of, count_of = raw.sum(), count.sum(), raw.sum(axis=1), count.sum(axis=1)
    for k, r in enumerate(present):
        x = distance[mine[k]]
        if len(x) < 2:
            continue
        half = widest
        if len(x) >= LEAST_ITEMS:
            half = float(stats.t.ppf(1 - 0.025 / len(present), len(x) - 1)) * x.std(ddof=1) / len(x) ** 0.5
        low, high = max(x.mean() - half, 0.0), min(x.mean() + half, widest)
        rest = all_count - 2 * count_of[k]  # both matrices are symmetric, with an empty diagonal
        level = float((all_raw - 2 * raw_of[k]) / rest) if rest > 1e-9 else float(x.mean())
        lean = None if lean_of is None else float(lean_of[mine[k]].mean())
        excess = float(x.mean()) - level
        share = part * 2 * count_of[k] / all_count * max(excess, 0.0) / found.total
        change = ""
        if low > level:
            change = "severity" if lean is not None and lean**2 / 2 >= excess / 2 else "slips"
        made.append((names[r], len(x), x.mean(), low, high, level, lean, share, change))
    columns = ["rater_id", "items", "distance", "low", "high", "others", "lean", "share", "change"]
    table = pd.DataFrame(made, columns=columns)
    return Distances(table=table.sort_values(["share", "rater_id"], ascending=[False, True], ignore_index=True))


def _said(labels: tuple[object, ...], counts: Array) -> str:
    return ", ".join(f"{label}: {int(c)}" for label, c in zip(labels, counts, strict=True) if c)


def _confused(labels: tuple[object, ...], table: Array) -> str:
    """The two labels most often given to the same of these items."""
    pairs = np.triu(table.T @ table, 1)
    if pairs.size == 0 or pairs.max() == 0:
        return ""
    a, b = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return f"{labels[a]} and {labels[b]}"


def _number(label: object) -> float | None:
    try:
        return float(str(label))
    except ValueError:
        return None
