"""Disagreement split by where it comes from, and the ranked list of what is changed for it."""

from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..judgments.table import basis_of, rests_on
from ..results import Estimate, Figure, Over, around
from ..stats.checks import check_confidence
from ..stats.discovery import largest_of_all
from ..stats.totals import pattern_variance
from ..stats.variance import Array, Ints
from .components import below_zero, few_raters, places
from .design import NONE, Apart, Design, above, apart, chance_of_groups, design_of
from .soft import KEEP, adjudicate, first_judgments, item_counts, said

ALPHA, PERMUTATIONS = 0.05, 999
TIMES, LEAST_ITEMS, MOST_EDGE_CASES, MOST_RATERS = 2.0, 10, 20, 2000
SOURCES = {
    "strictness": "raters stricter or milder throughout",
    "noise": "the same rater does not repeat the label",
    "perspective": "groups of raters see the item differently",
    "clause": "a clause that raters read in more than one way",
    "item": "raters read the item in more than one way, in no group and under no unclear clause",
}
ROUTES = {
    "strictness": "calibrate: each rater sees where they lie, and works the anchors again",
    "noise": "more labels per item, shorter shifts, a simpler screen; feedback to raters far above the others",
    "perspective": "do not adjudicate: keep the distribution and show results by group",
    "clause": "amend the clause with an example, then calibrate again",
    "item": "write the item up as an edge case, give more context, or allow 'cannot judge'",
}


@dataclass(frozen=True, eq=False)
class Split:
    """Where disagreement comes from.

    Attributes
    ----------
    total : Estimate
        Half the squared difference of two raters' labels on one item; on
        nominal labels the share of pairs that differ.
    shares : dict of str to Estimate
        The share of it that each source has; only what the data identify.
    collect : dict of str to str
        For each source the data do not identify, what to collect.
    perspective_p : float or None
        Of the permutation test of the groups.
    groups : str or None
        The column whose groups were compared.
    clauses : pandas.DataFrame or None
        ``clause``, ``items``, ``disagreement`` (strictness and perspective taken
        out), ``times`` (over the mean of the items under clear clauses),
        ``p_value`` (over all clauses together), ``unclear``; most disputed first.
    """

    total: Estimate
    shares: dict[str, Estimate]
    collect: dict[str, str]
    perspective_p: float | None = None
    groups: str | None = None
    clauses: pd.DataFrame | None = None

    @property
    def rest(self) -> str:
        """What the last row is called: ambiguous items, or what cannot be told apart from them."""
        return list(self.shares)[-1]

    def share(self, source: str) -> Estimate:
        """The share of one source.

        Raises
        ------
        NotEstimable
            If the data do not identify it; the message says what to collect.
        BadOption
            If there is no such source.

        Examples
        --------
        >>> import pandas as pd
        >>> from halo_methods import as_judgments
        >>> rows = [(i, r, "y" if i < 5 and r in "ab" else "x") for i in range(20) for r in "abcd"]
        >>> split(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))).share("clause")
        Traceback (most recent call last):
        ...
        halo_methods.errors.NotEstimable: collect the guideline clause of each item in a column `clause`,
        for two clauses or more
        """
        BadOption.unless("source", source, SOURCES)
        if source in self.collect:
            raise NotEstimable(self.collect[source])
        if source not in self.shares:
            raise NotEstimable(f"{self.rest} cannot be told apart")
        return self.shares[source]

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The disagreement and the share of each source that the data identify."""
        return {"disagreement": self.total, **self.shares}

    def plot(self) -> Figure:
        """The shares with their intervals."""
        from .. import plots

        shown, unit = self.table.dropna(subset="share"), "share of the disagreement"
        return plots.intervals(shown, "source", "share", unit=unit, title="Sources of disagreement")

    @property
    def table(self) -> pd.DataFrame:
        """``source``, ``meaning``, ``share``, ``low``, ``high``, ``remark``, ``route``; None where not identified."""
        shares = {"rest" if name == self.rest != "item" else name: share for name, share in self.shares.items()}
        texts = {name: (SOURCES[name], ROUTES[name]) for name in SOURCES if name in self.collect or name in shares}
        if "rest" in shares:
            texts["rest"] = f"{self.rest}, not told apart", "collect what is named above before you act on it"
        remarks = {name: f"not identified: {what}" for name, what in self.collect.items()}
        if self.perspective_p is not None:
            apart = "more apart than" if self.perspective_p < ALPHA else "no further apart than"
            what = f"groups of {self.groups} are {apart} raters shuffled over them (p = {self.perspective_p:.3g})"
            remarks["perspective"] = what
        ends = {name: (e.value, e.low, e.high) for name, e in shares.items()}
        rows = [(k, text, *ends.get(k, [None] * 3), remarks.get(k, ""), route) for k, (text, route) in texts.items()]
        return pd.DataFrame(rows, columns=["source", "meaning", "share", "low", "high", "remark", "route"])


@once_a_table
def split(j: Judgments, *, groups: str | None = None, clause: str = "clause", confidence: float = 0.95) -> Split:
    """How much of the disagreement is people, noise, perspective, guideline, and items.

    Disagreement is half the squared difference of two raters' labels on one
    item, averaged over pairs and items; on nominal labels that is the share of
    pairs that differ. It is taken apart in this order:

    - *strictness*: the variance between raters (`variance_components`);
    - *noise*: the variance of a rater's own labels on one item, from repeats
      (rounds), outside unclear clauses; raters who waver on an ambiguous item
      count here;
    - *perspective*: how much further raters of different groups lie apart than
      raters of one group, strictness taken out. Groups must be fixed before the
      data are seen; the p-value is that of a permutation of raters;
    - *clause*: what items under unclear clauses have above those under clear
      ones, between raters of one group. A clause is unclear if its items are
      more disputed than items drawn at random, at 5% over all clauses together;
    - *item*: the rest.

    What the data do not identify is not estimated: `Split.collect` says what
    is missing, and the rest carries the names of all it may hold.

    Intervals add the delete-a-group jackknife variances over items (40 groups) and over raters (at most 20), with a t
    on the raters' groups - 1.
    That of strictness is taken on the log scale. Unclear clauses are held fixed; where
    none is found, the interval reaches up to what the most disputed one would
    carry.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups : str, optional
        Column with each rater's group; by default locale, vendor or queue, the
        first that gives every rater one group and has two groups of two raters.
    clause : str
        Column with the clause of each item; where it differs within an item,
        the one named most often counts.
    confidence : float
        Of each interval.

    Raises
    ------
    NotEstimable
        If fewer than two raters share items, more than 2,000 judged, or all agree on every item.

    References
    ----------
    Searle, Casella and McCulloch (1992); Westfall and Young (1993),
    Resampling-Based Multiple Testing, for the test of all clauses together;
    recovery of planted sources is simulated in the tests.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "y" if i < 5 and r in "ab" else "x") for i in range(20) for r in "abcd"]
    >>> made = split(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> round(made.total.value, 3), sorted(made.collect)
    (0.167, ['clause', 'noise', 'perspective'])
    """
    check_confidence(confidence)
    j = as_judgments(j).one()
    if j.n_raters > MOST_RATERS:
        raise NotEstimable(
            f"{j.n_raters:,} raters are more than the {MOST_RATERS:,} whose disagreement can be taken apart; keep one "
            "vendor or locale with where"
        )
    design, found, unclear, clauses = disputed(j, groups, clause)
    rng = np.random.default_rng(2026)
    p = None if design.group is None else chance_of_groups(design, PERMUTATIONS, rng)
    errors, df, over = _jackknife(design, unclear, rng)
    point, t, top = {"total": found.total, **found.shares}, float(stats.t.ppf((1 + confidence) / 2, df)), None
    if clauses is not None and not len(unclear):
        most = np.array([design.clauses.index(clauses["clause"].iloc[0])])
        top = above(found.within, np.isin(design.clause[found.item], most)) / found.total
        top += t * _jackknife(design, most, rng)[0]["clause"]
    rests = rests_on(j.frame.filter(pl.col("rater_id").n_unique().over("item_id") > 1), "disagreement")

    def estimate(name: str, what: str, most: float = 1.0) -> Estimate:
        value, half = point[name], t * errors[name]
        low, high = value - half, value + half
        if name == "strictness":  # on the log scale
            factor = np.exp(half / value) if value > half else np.inf
            low, high = value / factor, value * factor if value > half else value + half * (np.e - 1)
        if name == "clause" and top is not None:
            low, high = 0.0, top
        return Estimate(
            **around(min(max(value, 0.0), most), max(low, 0.0), min(high, most)),
            confidence=confidence,
            method=f"{what}; delete-a-group jackknife over {over}",
            over=over,
            cautions=(*few_raters(rests["n_raters"]), *below_zero(value)),
            **rests,
        )

    unit = "share of pairs that differ" if design.nominal else "half the squared difference of two labels of an item"
    names = {k: k for k in ("strictness", "noise", "perspective", "clause") if k not in design.collect}
    names["item"] = ", ".join([*(k for k in SOURCES if k in design.collect), "item"])
    shares = {shown: estimate(name, f"share of disagreement: {shown}") for name, shown in names.items()}
    if "noise" in shares:  # what repeats show rests on those who repeated
        repeated = j.frame.filter(pl.len().over("item_id", "rater_id") > 1)
        shares["noise"] = shares["noise"].resting_on(basis_of(repeated, "repeats"))
    total = estimate("total", unit, 1.0 if design.nominal else np.inf)
    return Split(total, shares, design.collect, perspective_p=p, groups=design.groups, clauses=clauses)


@once_a_table
def disputed(j: Judgments, groups: str | None, clause: str) -> tuple[Design, Apart, Ints, pd.DataFrame | None]:
    """The judgments as numbers, how far labels lie apart, which clauses are unclear, and the table of clauses."""
    design = design_of(j, groups, clause)
    found = apart(design)
    if found.total <= 0:
        raise NotEstimable("no two raters ever differ on an item")
    if "clause" in design.collect:
        return design, found, NONE, None
    unclear, clauses = _unclear_clauses(design, found)
    return design, apart(design, unclear), unclear, clauses


def _unclear_clauses(design: Design, found: Apart) -> tuple[Ints, pd.DataFrame]:
    """Which clauses are more disputed than items drawn at random."""
    rng, has = np.random.default_rng(2027), np.isfinite(found.within)
    code, x = design.clause[found.item[has]], found.within[has]
    n = np.bincount(code, minlength=len(design.clauses))
    p, least = np.ones(len(n)), np.maximum(n, 1)
    scale = x.std() * np.sqrt(np.maximum(1 / least - 1 / max(len(x), 1), 1e-12))

    def means(values: Array) -> Array:
        return np.bincount(code, values, minlength=len(n)) / least

    def heights(values: Array) -> Array:
        return np.where(n > 1, (means(values) - x.mean()) / scale, -np.inf)

    if len(x) > 1 and x.std() > 1e-12:
        p = largest_of_all(heights(x), np.array([heights(rng.permutation(x)) for _ in range(PERMUTATIONS)]))
    unclear = (p < ALPHA) & (n > 1)
    clear = x[~unclear[code]].mean()
    table = pd.DataFrame({"clause": design.clauses, "items": n, "disagreement": means(x)})
    table = table.assign(times=means(x) / clear if clear > 0 else np.nan, p_value=p, unclear=unclear)[n > 0]
    table = table.sort_values(["disagreement", "clause"], ascending=[False, True], ignore_index=True)
    return np.flatnonzero(unclear), table


def _jackknife(design: Design, unclear: Ints, rng: np.random.Generator) -> tuple[dict[str, float], int, Over]:
    """Roots of the delete-a-group variances over items and over raters added up, and what they allow to say."""
    raters = rng.permutation(np.unique(design.rater))
    if design.group is not None:
        raters = raters[np.argsort(design.group[raters], kind="stable")]
    items = rng.permutation(np.unique(design.item))

    def left_out(code: Ints, ids: Ints, most: int) -> pd.DataFrame:
        values, most = [], min(most, len(ids))
        for k in range(most):
            with suppress(NotEstimable, ValueError):
                found = apart(design.kept(~np.isin(code, ids[k::most])), unclear)
                values.append({"total": found.total, **found.shares})
        return pd.DataFrame(values)

    by_item = left_out(design.item, items, 40)
    by_rater = left_out(design.rater, raters if len(raters) > 2 else NONE, 20)
    many = [table for table in (by_item, by_rater) if len(table) > 1]
    errors = {k: sum(pattern_variance(table[k].to_numpy()) for table in many) ** 0.5 for k in ("total", *SOURCES)}
    if len(by_rater) > 1:
        return errors, len(by_rater) - 1, "items and raters"
    return errors, max(len(by_item) - 1, 1), "items"


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

    def plot(self) -> Figure:
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
    at, _ = places(first_judgments(j))
    a, b = np.nonzero(np.triu(pairs, 1))
    if not len(a):
        raise NotEstimable("no two raters ever differ on an item")
    gap = np.ones(len(a)) if at is None else np.abs(at[a] - at[b])
    names, share = np.array([str(x) for x in labels], dtype=object), pairs[a, b] * (gap / gap.max()) ** 2
    table = pd.DataFrame({"first": names[a], "second": names[b], "pairs": pairs[a, b], "items": together[a, b]})
    table["share"] = share / share.sum()
    return table.sort_values(["share", "first", "second"], ascending=[False, True, True], ignore_index=True)


def changes(j: Judgments, *, groups: str | None = None, clause: str = "clause") -> pd.DataFrame:
    """What to change, largest share of the disagreement first.

    *guideline*: a clause whose items are more disputed than items drawn at
    random (see `split`); without clauses, the pair of labels most confused.
    *edge case*: an item with at least twice the mean disagreement of items
    under clear clauses, four labels or more, no matter of perspective; the 20 most disputed.
    *retraining*: all raters of `retraining` together; no rater is named here.
    *nothing*: items on which groups hold different views, in one row.

    ``share`` is the part of all disagreement that would go if the change brought the clause, the item or the raters to
    the level of the others.
    It is the most that can be gained, not a promise.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups, clause
        As `split` takes them.

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
    item_ids, labels, counts = item_counts(j)
    within, ids, counts = found.within, np.array(item_ids, dtype=object)[found.item], counts[found.item]
    kept, of_clause = np.zeros(len(within), bool), design.clause[found.item]
    if design.groups is not None:
        kept = np.isin(ids, adjudicate(j, groups=design.groups).kept()["item_id"].to_numpy())
    under = np.isin(of_clause, unclear)
    base = float(np.nanmean(within[~under])) if np.isfinite(within[~under]).any() else 0.0
    scale = found.total * len(within)
    listed = []

    def row(change: str, about: str, chosen: Ints, *ends: float | None) -> None:
        order = chosen[np.argsort(-np.nan_to_num(within[chosen]), kind="stable")]
        shown, labels_of = ", ".join(ids[order[:5]]), "; ".join(said(labels, c) for c in counts[order[:5]])
        listed.append((change, about, *ends, len(order), shown, labels_of, _confused(labels, counts[order])))

    if "clause" not in design.collect:
        for c in unclear:
            chosen = np.flatnonzero(of_clause == c)
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
    for k in edge[np.argsort(-within[edge], kind="stable")][:MOST_EDGE_CASES]:
        row("edge case", f"item {ids[k]}", np.array([k]), (within[k] - base) / scale, None, None)
    people = retraining(j, groups=groups, clause=clause).table.query("change != ''")
    if len(people):
        what = "raters further from the others than luck allows"
        listed.append(("retraining", what, people["share"].sum(), None, None, people["items"].sum(), "", "", ""))
    if kept.any():
        what = f"items on which groups of {design.groups} hold different views"
        row("nothing", what, np.flatnonzero(kept), max(found.shares["perspective"], 0.0), None, None)
    columns = ["change", "about", "share", "low", "high", "items", "examples", "labels", "confused"]
    table = pd.DataFrame(listed, columns=columns)
    table["share"] = table["share"].clip(0, 1)
    return table.sort_values("share", ascending=False, kind="stable", ignore_index=True)


@once_a_table
def retraining(j: Judgments, *, groups: str | None = None, clause: str = "clause") -> Distances:
    """How far each rater lies from the others on the same items, and who would gain from training.

    Items under unclear clauses, and those on which groups hold different
    views, are left out: they count against no rater. The distance of a rater
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
        disagreement, were the rater like the others), ``change`` (``strictness``
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
    aside = np.isin(design.clause, unclear)
    if design.groups is not None:
        routes = adjudicate(j, groups=design.groups).table.sort_values("item_id")
        aside |= (routes["route"] == KEEP).to_numpy()
    rest = design.kept(~aside[design.item])
    item, n_raters = rest.item, len(np.unique(rest.rater))
    size = np.bincount(item)[item]
    distance, others = np.zeros(len(item)), np.maximum(size - 1, 1)
    for y in rest.y.T:
        total, square = (np.bincount(item, v)[item] for v in (y, y**2))
        distance += (size * y**2 - 2 * y * total + square) / (2 * others)
    each = pd.DataFrame({"rater": rest.rater, "distance": distance, "weight": 2 / size})
    each = each.assign(raw=each["weight"] * distance, lean=rest.y[:, 0])
    each["lean"] -= (np.bincount(item, rest.y[:, 0])[item] - rest.y[:, 0]) / others
    of = each[size > 1].groupby("rater")
    table = of["distance"].agg(items="size", distance="mean", spread="std").join(of[["raw", "weight", "lean"]].sum())
    whole, table = table[["raw", "weight"]].sum(), table.query("items > 1").rename_axis(None)
    table["lean"] = None if design.nominal else table["lean"] / table["items"]
    widest = float(((rest.y.max(axis=0) - rest.y.min(axis=0)) ** 2).max()) / (1 if design.nominal else 2)
    half = stats.t.ppf(1 - 0.025 / n_raters, table["items"] - 1) * table["spread"] / table["items"] ** 0.5
    half = half.where(table["items"] >= LEAST_ITEMS, widest)
    table["low"], table["high"] = ((table["distance"] + d).clip(0, widest) for d in (-half, half))
    # Pairs without the rater: each pair stands in the sums of both its raters.
    left = whole["weight"] - 2 * table["weight"]
    table["others"] = ((whole["raw"] - 2 * table["raw"]) / left).where(left > 1e-9, table["distance"])
    excess = table["distance"] - table["others"]
    part = 2 * (1 - aside.mean()) * table["weight"] / whole["weight"]
    table["share"] = part * excess.clip(lower=0) / found.total
    lean = table["lean"].fillna(0.0).astype(float)
    table["change"] = np.where(lean**2 / 2 >= excess / 2, "strictness", "slips")
    table["change"] = table["change"].where(table["low"] > table["others"], "")
    table["rater_id"] = j.one().frame["rater_id"].unique().sort().gather(table.index.to_numpy()).to_list()
    columns = ["rater_id", "items", "distance", "low", "high", "others", "lean", "share", "change"]
    table = table[columns].sort_values(["share", "rater_id"], ascending=[False, True], ignore_index=True)
    return Distances(table=table)


def _confused(labels: tuple[object, ...], table: Array) -> str:
    """The two labels most often given to the same of these items."""
    pairs = np.triu(table.T @ table, 1)
    if pairs.size == 0 or pairs.max() == 0:
        return ""
    a, b = np.unravel_index(int(pairs.argmax()), pairs.shape)
    return f"{labels[a]} and {labels[b]}"
