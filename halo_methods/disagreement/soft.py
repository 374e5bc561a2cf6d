"""Labels as distributions, where disagreement is information."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from scipy import special, stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..stats.checks import check_confidence
from ..stats.crossed import Array


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
    two thirds. The counts of an item are a draw from a Dirichlet-multinomial
    with the shares of all items as its mean and a precision s estimated from
    all items (moments); the soft label is its posterior mean
    :math:`(n_k + s\,p_k) / (n + s)`. Intervals are the posterior's Beta
    quantiles of each label.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage. Of a rater's repeats the first counts.
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
    if (n > 1).sum() == 0:
        raise NotEstimable("no item has two labels, so nothing is known about distributions")
    mean = counts.sum(axis=0) / counts.sum()
    s = _precision(counts, mean)
    alpha = counts + s * mean
    soft = alpha / alpha.sum(axis=1, keepdims=True)
    rest = alpha.sum(axis=1, keepdims=True) - alpha
    tail = (1 - confidence) / 2
    with np.errstate(invalid="ignore"):
        low, high = (stats.beta.ppf(q, np.maximum(alpha, 1e-9), np.maximum(rest, 1e-9)) for q in (tail, 1 - tail))
    k = len(labels)
    table = pd.DataFrame(
        {
            "item_id": np.repeat(items, k),
            "label": np.tile(np.array([str(x) for x in labels], dtype=object), len(items)),
            "n": np.repeat(n.astype(int), k),
            "count": counts.ravel().astype(int),
            "share": (counts / n[:, None]).ravel(),
            "soft": soft.ravel(),
            "low": np.minimum(low, soft).ravel(),
            "high": np.maximum(high, soft).ravel(),
            "entropy": np.repeat(special.entr(soft).sum(axis=1) / np.log(2), k),
        }
    )
    return SoftLabels(table=table, precision=s)


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
    labels = first.labels
    if len(labels) > 50:
        raise NotEstimable(f"labels take {len(labels):,} values; a distribution of labels needs 50 or fewer")
    counts = first.frame.group_by("item_id", "label").len()
    items = counts["item_id"].unique().sort()
    at = {x: k for k, x in enumerate(labels)}
    made = np.zeros((len(items), len(labels)))
    row = items.search_sorted(counts["item_id"])
    column = [at[x] for x in counts["label"].to_list()]
    made[row.to_numpy(), column] = counts["len"].to_numpy()
    return items.to_list(), labels, made


def first_judgments(j: Judgments) -> Judgments:
    """One judgment a rater and item: that of the first round.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r", "x", "1"), ("a", "r", "y", "2")]
    >>> first_judgments(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"]))).n_judgments
    1
    """
    j = as_judgments(j).one()
    if "round" not in j.columns:
        return j
    frame = j.frame.with_row_index("row_")
    order = pl.col("round").cast(pl.Float64, strict=False)
    kept = (
        frame.sort(order, "round", "row_", nulls_last=True)
        .unique(["item_id", "rater_id"], keep="first", maintain_order=True)["row_"]
        .to_list()
    )
    return j._kept(frame["row_"].is_in(kept), "a later round of the same rater and item")


def between_groups(j: Judgments, groups: str) -> pd.DataFrame:
    """How differently groups of raters label the same items.

    For each pair of groups and each item both judged: Jensen-Shannon
    divergence of their soft labels in bits (0 the same, 1 nothing in common),
    and the cross-entropy of predicting the second group's labels from the
    first group's soft label, beside the entropy of the second group itself.

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
    items, labels, all_counts = item_counts(first)
    of: dict[str, Array] = {}
    for name, part in first.groups(groups):
        if name is None:
            continue
        there, _, counts = item_counts(part)
        full = np.zeros((len(items), len(labels)))
        columns = [labels.index(x) for x in part.labels]
        full[np.ix_([items.index(i) for i in there], columns)] = counts
        of[str(name)] = full
    mean = all_counts.sum(axis=0) / all_counts.sum()
    s = _precision(all_counts, mean)
    rng = np.random.default_rng(1)
    rows = []
    names = sorted(of)
    for k, a in enumerate(names):
        for b in names[k + 1 :]:
            x, y = of[a], of[b]
            both = (x.sum(1) > 0) & (y.sum(1) > 0)
            if not both.any():
                continue
            x, y = x[both], y[both]
            p, q = _smooth(x, mean, s), _smooth(y, mean, s)
            dealt = [_deal(x, y, rng) for _ in range(20)]
            luck = np.mean([_jsd(_smooth(u, mean, s), _smooth(v, mean, s)).mean() for u, v in dealt])
            observed = y / y.sum(1, keepdims=True)
            cross = -(observed * np.log2(np.maximum(p, 1e-12))).sum(1).mean()
            own = special.entr(q).sum(1).mean() / np.log(2)
            rows.append((a, b, int(both.sum()), float(_jsd(p, q).mean()), float(luck), float(cross), float(own)))
    if not rows:
        raise NotEstimable(f"no two groups of {groups} judged the same item")
    columns = ["first", "second", "items", "divergence", "shuffled", "cross_entropy", "entropy"]
    return pd.DataFrame(rows, columns=columns)


def _precision(counts: Array, mean: Array) -> float:
    """The Dirichlet-multinomial's precision by moments: rho of items, s = 1 / rho - 1, between .1 and 100."""
    n = counts.sum(axis=1)
    several = counts[n > 1]
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
    made: Array = (counts + s * mean) / (counts.sum(axis=1, keepdims=True) + s)
    return made


def _jsd(p: Array, q: Array) -> Array:
    middle = (p + q) / 2
    made: Array = (special.rel_entr(p, middle) + special.rel_entr(q, middle)).sum(axis=1) / (2 * np.log(2))
    return made


def _deal(x: Array, y: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """The labels of both groups dealt at random to groups of the same sizes."""
    both = (x + y).astype(np.int64)
    taken = np.stack([rng.multivariate_hypergeometric(row, int(n)) for row, n in zip(both, x.sum(1), strict=True)])
    return taken.astype(float), (both - taken).astype(float)
