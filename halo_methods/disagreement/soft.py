"""Labels as distributions, what is done with each item, and the worksheet on which people say why labels differ."""

from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np
import pandas as pd
import polars as pl
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

from ..errors import InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cause_codes import CAUSES, causes
from ..judgments.coding import codes, once_a_table
from ..judgments.table import need
from ..results import Basis, Estimate
from ..stats.checks import check_confidence, check_count
from ..stats.discovery import benjamini_hochberg
from ..stats.proportions import proportion, wilson
from ..stats.variance import Array
from .design import MOST_LABELS, design_of, group_gaps, in_turn, of_items, perspective_groups

KEEP, LOOK, SETTLED = "keep the distribution", "adjudicate or amend", "settled"
CLEAR, FALSE_SHARE = 0.6, 0.1


@dataclass(frozen=True, kw_only=True)
class SoftLabels:
    """Each item's distribution of labels.

    Attributes
    ----------
    table : pandas.DataFrame
        One row for each item and label, see `soft_labels`.
    precision : float
        By the weight of how many labels drawn from all items those of an item are joined.
    """

    table: pd.DataFrame
    precision: float

    def __str__(self) -> str:
        return f"An item's labels are joined by the weight of {self.precision:.1f} labels drawn from all items."

    def most_divided(self, items: int = 5) -> pd.DataFrame:
        """The rows of the items with the highest entropy, labels that were given only."""
        each = self.table.drop_duplicates("item_id")
        kept = each.sort_values(["entropy", "item_id"], ascending=[False, True])["item_id"].head(items).tolist()
        part = self.table[self.table["item_id"].isin(kept) & (self.table["count"] > 0)]
        return part.sort_values("item_id", key=lambda ids: ids.map(kept.index), kind="stable", ignore_index=True)


def soft_labels(j: Judgments, *, confidence: float = 0.95) -> SoftLabels:
    r"""Each item's distribution of labels, shrunk towards that of all items.

    Three labels are a poor picture of a distribution: two against one is not
    two thirds. The counts of an item are a draw from a Dirichlet-multinomial with the shares of all items as its mean
    and a precision s estimated from all items (moments).
    The soft label is its posterior mean
    :math:`(n_k + s\,p_k) / (n + s)`. Intervals are the posterior's Beta
    quantiles of each label.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage. If a rater judged an item twice, only the first judgment counts.
    confidence : float
        Of each interval.

    Returns
    -------
    SoftLabels
        Its table has one row for each item and label: ``item_id``, ``label``, ``n`` (labels
        of the item), ``count``, ``share`` (raw), ``soft``, ``low``, ``high``,
        ``entropy`` (of the soft label, in bits; the same on each row of an
        item). ``precision`` is s.

    Raises
    ------
    NotEstimable
        If labels take more than 50 values, or no item has two labels.

    References
    ----------
    Mosimann (1962), Biometrika 49, 65-82, for the moments of the precision.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "yes" if r < i % 4 else "no") for i in range(40) for r in range(3)]
    >>> made = soft_labels(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).table
    >>> made.loc[made["item_id"] == "3", ["label", "share"]].values.tolist()
    [['no', 0.0], ['yes', 1.0]]
    """
    check_confidence(confidence)
    items, labels, counts = item_counts(j)
    n = counts.sum(axis=1)
    if n.max() < 2:
        raise NotEstimable("no item has two labels, so nothing is known about distributions")
    if len(n) < 2:
        raise NotEstimable("one item: how far items differ is not known, so its few labels stand for themselves")
    mean = counts.sum(axis=0) / counts.sum()
    s = _precision(counts, mean)
    soft, alpha = _smooth(counts, mean, s), counts + s * mean
    rest = alpha.sum(axis=1, keepdims=True) - alpha
    tails = ((1 - confidence) / 2, (1 + confidence) / 2)
    low, high = (stats.beta.ppf(q, np.maximum(alpha, 1e-9), np.maximum(rest, 1e-9)) for q in tails)
    cells = pd.MultiIndex.from_product([items, map(str, labels)], names=["item_id", "label"])
    each = {
        "n": n[:, None].astype(int),
        "count": counts.astype(int),
        "share": counts / n[:, None],
        "soft": soft,
        "low": np.minimum(low, soft),
        "high": np.maximum(high, soft),
        "entropy": special.entr(soft).sum(axis=1, keepdims=True) / np.log(2),
    }
    columns = {name: np.broadcast_to(values, counts.shape).ravel() for name, values in each.items()}
    return SoftLabels(table=pd.DataFrame(columns, index=cells).reset_index(), precision=s)


def item_counts(j: Judgments) -> tuple[list[str], tuple[object, ...], Array]:
    """Items, labels, and how often each item was given each label; of repeats the first counts.

    Raises
    ------
    NotEstimable
        If labels take more than 50 values.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> j = as_judgments(pd.DataFrame([("a", "r", "x"), ("b", "r", "y")], columns=["item_id", "rater_id", "label"]))
    >>> item_counts(j)[2].tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    first = first_judgments(j)
    if len(first.labels) > MOST_LABELS:
        raise NotEstimable(
            f"labels take {len(first.labels):,} values; a distribution of labels needs {MOST_LABELS} or fewer"
        )
    items = first.frame["item_id"].unique().sort()
    return items.to_list(), first.labels, _tally(first.frame, items, first.labels)


def _tally(frame: pl.DataFrame, items: pl.Series, labels: tuple[object, ...]) -> Array:
    cell = items.search_sorted(frame["item_id"]).to_numpy() * len(labels) + codes(labels, frame["label"]).to_numpy()
    return np.bincount(cell, minlength=len(items) * len(labels)).reshape(len(items), -1).astype(float)


def first_judgments(j: Judgments) -> Judgments:
    """One judgment per rater and item: that of the first round.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "1"), ("a", "r", "y", "2")]
    >>> first_judgments(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"]))).n_judgments
    1
    """
    j = as_judgments(j).one()
    turn = in_turn(j).alias("turn")
    turns = j.frame.select(turn, first=turn.min().over("item_id", "rater_id"))
    return j._kept(turns["turn"] == turns["first"], "a later round of the same rater and item")


def between_groups(j: Judgments, groups: str) -> pd.DataFrame:
    """How differently groups of raters label the same items.

    For each pair of groups and each item both judged: Jensen-Shannon divergence of their soft labels in bits (0 the
    same, 1 nothing in common).
    Then the cross-entropy of predicting the second group's labels from the first group's soft label, and the entropy of
    the second group itself.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups : str
        Column of the groups.

    Returns
    -------
    pandas.DataFrame
        ``first``, ``second``, ``items``, ``divergence`` (mean), ``shuffled`` (mean
        divergence when the item's labels are dealt to the two groups at
        random: few labels differ by luck), ``cross_entropy``, ``entropy``.

    Raises
    ------
    NotEstimable
        If the column is missing or no two groups judged the same item.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37, 145-151.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"{g}{r}", "x" if g == "n" else "y", g) for i in range(9) for g in "ns" for r in range(3)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"]))
    >>> made = between_groups(j, "vendor")
    >>> bool(made.loc[0, "divergence"] > made.loc[0, "shuffled"])
    True
    """
    first = first_judgments(j)
    ids, labels, all_counts = item_counts(first)
    items, mean = pl.Series(ids), all_counts.sum(axis=0) / all_counts.sum()
    s, rng = _precision(all_counts, mean), np.random.default_rng(1)
    of = {str(name): _tally(part.frame, items, labels) for name, part in first.groups(groups) if name is not None}
    rows = []
    for a, b in combinations(sorted(of), 2):
        both = (of[a].sum(1) > 0) & (of[b].sum(1) > 0)
        if not both.any():
            continue
        x, y = of[a][both], of[b][both]
        p, q = _smooth(x, mean, s), _smooth(y, mean, s)
        dealt = (_deal(x, y, rng) for _ in range(20))
        luck = np.mean([_divergence(_smooth(u, mean, s), _smooth(v, mean, s)) for u, v in dealt])
        cross = -(y / y.sum(1, keepdims=True) * np.log2(np.maximum(p, 1e-12))).sum(1).mean()
        own = special.entr(q).sum(1).mean() / np.log(2)
        rows.append((a, b, int(both.sum()), _divergence(p, q), luck, cross, own))
    if not rows:
        raise NotEstimable(f"no two groups of {groups} judged the same item")
    columns = ["first", "second", "items", "divergence", "shuffled", "cross_entropy", "entropy"]
    return pd.DataFrame(rows, columns=columns)


def _precision(counts: Array, mean: Array) -> float:
    """The Dirichlet-multinomial's precision by moments: rho of items, s = 1 / rho - 1, between .1 and 100."""
    several = counts[counts.sum(axis=1) > 1]
    if not len(several):
        return 1.0
    n = several.sum(axis=1)
    pairs = (several * (several - 1)).sum(axis=1) / (n * (n - 1))
    chance = float((mean**2).sum())
    if chance >= 1:
        return 0.1
    rho = (float(pairs.mean()) - chance) / (1 - chance)
    return float(np.clip(1 / max(rho, 1e-6) - 1, 0.1, 100.0))


def _smooth(counts: Array, mean: Array, s: float) -> Array:
    return np.asarray((counts + s * mean) / (counts.sum(axis=1, keepdims=True) + s))


def _divergence(p: Array, q: Array) -> float:
    """The mean Jensen-Shannon divergence of rows, in bits."""
    return float((jensenshannon(p, q, base=2, axis=1) ** 2).mean())


def _deal(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The labels of both groups dealt at random to groups of the same sizes."""
    both = (x + y).astype(np.int64)
    taken = np.stack([rng.multivariate_hypergeometric(row, int(n)) for row, n in zip(both, x.sum(1), strict=True)])
    return taken.astype(float), (both - taken).astype(float)


@dataclass(frozen=True, kw_only=True)
class Routes:
    """What is done with each item.

    Attributes
    ----------
    table : pandas.DataFrame
        ``item_id``, ``n``, ``divided``, ``leading``, ``soft``, ``entropy``, ``p_value``, ``route``; see `adjudicate`.
    basis : Basis
        Whose labels they are.
    """

    table: pd.DataFrame
    basis: Basis

    def counts(self) -> pd.DataFrame:
        """Count how many items take each route, how many of them are divided, and their share."""
        counts = self.table.groupby("route").agg(items=("item_id", "size"), divided=("divided", "sum"))
        counts = counts.reindex([SETTLED, KEEP, LOOK], fill_value=0).reset_index()
        return counts.assign(share=counts["items"] / max(len(self.table), 1))

    def kept(self) -> pd.DataFrame:
        """The items that keep their distribution."""
        return self.table[self.table["route"] == KEEP]

    def settled_share(self, *, confidence: float = 0.95) -> Estimate:
        """Estimate the share of items that need no adjudication; exact interval over items."""
        n = int((self.table["route"] != LOOK).sum())
        share = proportion(n, len(self.table), method="exact", confidence=confidence)
        what = "share of items that need no adjudication; exact interval over items, these raters taken as they are"
        return replace(share, method=what, n_judgments=int(self.table["n"].sum())).resting_on(self.basis)


@once_a_table
def adjudicate(j: Judgments, *, groups: str | None = None) -> Routes:
    """Which items are settled, which are looked at, and which must not be adjudicated.

    ``keep the distribution``: groups of raters label the item differently, beyond what labels shuffled over the groups
    do; one answer would silence a group.
    At most a tenth of such items are false on average (Benjamini and Hochberg 1995). ``settled``: the leading label's
    soft share is at least
    .6. ``adjudicate or amend``: the rest.

    That groups differ does not make the difference legitimate: the guideline
    must ask for the rater's own view. Where it does not, one group has learnt
    another rule.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups : str, optional
        Column of the groups of raters fixed beforehand; without it nothing is
        found to be a matter of perspective.

    Returns
    -------
    Routes
        Its table: ``item_id``, ``n``, ``divided`` (not all labels are the same),
        ``leading``, ``soft``, ``entropy``, ``p_value`` (of the groups; 1 where
        not tested), ``route``; highest entropy first.

    Raises
    ------
    NotEstimable
        If the groups do not fit (see `perspective_groups`), or as `soft_labels`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"{g}{r}", "x" if g == "n" or i > 3 else "y", g) for i in range(40) for g in "ns" for r in range(4)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"]))
    >>> adjudicate(j, groups="vendor").table["route"].value_counts().to_dict()
    {'settled': 36, 'keep the distribution': 4}
    """
    j = as_judgments(j)
    soft = soft_labels(j).table
    lead = soft.loc[soft.groupby("item_id")["soft"].idxmax()].rename(columns={"label": "leading"})
    p = np.ones(len(lead))
    if groups is not None:
        p = group_gaps(design_of(j, perspective_groups(j, groups)), 200, np.random.default_rng(3))
    apart = (p < 1) & benjamini_hochberg(p, rate=FALSE_SHARE)
    route = np.where(apart, KEEP, np.where(lead["soft"] >= CLEAR, SETTLED, LOOK))
    table = lead.assign(divided=lead["count"] < lead["n"], p_value=p, route=route)
    table = table[["item_id", "n", "divided", "leading", "soft", "entropy", "p_value", "route"]]
    table = table.sort_values(["entropy", "item_id"], ascending=[False, True], ignore_index=True)
    return Routes(table=table, basis=j.one().basis("labels"))


def worksheet(
    j: Judgments, *, n: int = 40, by: str | None = None, clause: str = "clause", seed: int = 1
) -> pd.DataFrame:
    """The most disputed items, drawn by stratum, for two coders who see no names.

    Every stratum gets places in proportion to its disputed items (by Webster's rule), at least one.
    Within it the most disputed items are taken (the share of pairs of raters that differ), ties by a draw from
    ``seed``. Rows are shuffled, so
    that a coder cannot read the rank. Write it with ``.to_csv(path,
    index=False)``; the same data, options and seed give the same file.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    n : int
        Items at most.
    by : str, optional
        Column of the strata, constant within an item (the first value counts); by default one stratum.
    clause : str
        Column of the guideline clause, shown where it is there.
    seed : int
        Of ties and of the order of rows.

    Returns
    -------
    pandas.DataFrame
        ``row``, ``item_id``, ``stratum``, ``clause``, ``labels`` (each label
        and how often, no raters), ``disputed`` (share of pairs that differ),
        and, empty for the coder, ``cause``, ``cited_clause``, ``note``.

    Raises
    ------
    NotEstimable
        If no item is disputed or the column is missing.
    BadOption
        If `by` or `clause` is the column of raters or of items.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if r < i % 4 else "y") for i in range(12) for r in range(4)]
    >>> sheet = worksheet(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])), n=3)
    >>> sheet["labels"].tolist()
    ['x: 2, y: 2', 'x: 2, y: 2', 'x: 2, y: 2']
    """
    n, j = check_count(n, option="n", least=1), as_judgments(j).one()
    if by is not None:
        need(j.frame, by)
    items, labels, counts = item_counts(j)
    pairs = np.maximum(counts.sum(axis=1) * (counts.sum(axis=1) - 1), 1)
    frame = pd.DataFrame({"item_id": items, "stratum": of_items(j, by, "", option="by").to_list() if by else "all"})
    frame["clause"] = of_items(j, clause, "", option="clause").to_list() if clause in j.columns else ""
    frame["labels"] = [said(labels, row) for row in counts]
    frame["disputed"] = (counts.sum(axis=1) ** 2 - (counts**2).sum(axis=1)) / pairs
    frame = frame[frame["disputed"] > 0]
    if frame.empty:
        raise NotEstimable("no two raters differ on any item: there is nothing to code")
    rng = np.random.default_rng(seed)
    frame = frame.assign(luck=rng.random(len(frame))).sort_values(["disputed", "luck"], ascending=[False, True])
    # Webster's apportionment: of each stratum the first item, then the item furthest behind its stratum's share.
    held, place = frame["stratum"].map(frame["stratum"].value_counts()), frame.groupby("stratum").cumcount()
    behind = ((place + 0.5) / held).where(place > 0, -held.astype(float))
    drawn = frame[frame.index.isin(behind.nsmallest(n).index)].sort_values("stratum", kind="stable")
    drawn = drawn.iloc[rng.permutation(len(drawn))].reset_index(drop=True)
    drawn.insert(0, "row", np.arange(1, len(drawn) + 1))
    return drawn.drop(columns="luck").assign(cause="", cited_clause="", note="")


def cause_shares(sheet: pd.DataFrame, *, confidence: float = 0.95) -> pd.DataFrame:
    """What the coders found: each cause's share of the coded items.

    The worksheet holds the most disputed items, so the shares hold for those, not for all items.

    Parameters
    ----------
    sheet : pandas.DataFrame
        A filled worksheet: ``cause`` (a code of `CAUSES`; empty
        rows are left out).
    confidence : float
        Of each interval (Wilson's, over items).

    Returns
    -------
    pandas.DataFrame
        ``cause``, ``name``, ``items``, ``share``, ``low``, ``high``,
        ``change``, ``route``; most frequent first.

    Raises
    ------
    InvalidData
        If a cause is none of the codes; every row is listed.
    NotEstimable
        If nothing is coded.

    Examples
    --------
    >>> sheet = pd.DataFrame({"item_id": ["a", "b", "c"], "cause": ["rater_slip", "guideline_gap", "guideline_gap"]})
    >>> cause_shares(sheet)[["cause", "items"]].values.tolist()
    [['guideline_gap', 2], ['rater_slip', 1]]
    """
    check_confidence(confidence)
    if "cause" not in sheet.columns:
        raise NotEstimable("the worksheet has no column cause")
    codes = sheet["cause"].fillna("").astype(str).str.strip()
    problems = [
        Problem(f"the cause is {cause[:60]!r}", f"Use one of {', '.join(CAUSES)}.", row=k, column="cause")
        for k, cause in enumerate(codes, start=1)
        if cause and cause not in CAUSES
    ]
    if problems:
        raise InvalidData(problems)
    counts = codes[codes != ""].value_counts()
    if counts.empty:
        raise NotEstimable("no row of the worksheet has a cause yet")
    table = causes().rename(columns={"code": "cause"}).merge(counts.rename("items"), left_on="cause", right_index=True)
    table = table.sort_values("items", ascending=False, kind="stable", ignore_index=True)
    table["share"] = table["items"] / counts.sum()
    table["low"], table["high"] = wilson(table["items"], counts.sum(), confidence=confidence)
    return table[["cause", "name", "items", "share", "low", "high", "change", "route"]]


def said(labels: tuple[object, ...], counts: Array) -> str:
    """Each label and how often it was given, in words."""
    return ", ".join(f"{label}: {int(c)}" for label, c in zip(labels, counts, strict=True) if c)
