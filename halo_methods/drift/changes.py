"""How far a figure moved between two windows: on anchors, on fresh items, for each rater or slice."""

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import NotEstimable
from ..results import Estimate, counted
from .many import benjamini_hochberg


def change(
    before: pl.DataFrame, after: pl.DataFrame, quantity: str, *, cluster: str, confidence: float = 0.95
) -> Estimate:
    r"""Mean figure after minus before, each rater against himself.

    .. math:: D = \sum_r w_r (\bar a_r - \bar b_r) / \sum_r w_r,\quad w_r = a_r b_r / (a_r + b_r)

    over raters with a judgments after and b before. The variance adds the
    squared influences summed by cluster and by rater (a linearized jackknife);
    a t quantile on raters - 1 degrees of freedom.

    Parameters
    ----------
    before, after : polars.DataFrame
        Columns ``rater_id``, ``y`` and the cluster.
    quantity : str
        Its name.
    cluster : str
        ``item_id`` for anchors, ``period`` for fresh items.

    Raises
    ------
    NotEstimable
        If no rater stands on both sides.

    Examples
    --------
    >>> rows = {"rater_id": [*"pqrpqr"], "item_id": [*"aaabbb"]}
    >>> one, two = (pl.DataFrame({**rows, "y": y}) for y in ([0, 0, 0, 1, 1, 1], [1, 1, 1, 1, 1, 1]))
    >>> change(one, two, "a share", cluster="item_id").value
    0.5
    """
    both = sorted(set(before["rater_id"]) & set(after["rater_id"]))
    if not both:
        raise NotEstimable("no rater judged both before and after, so a change of raters cannot be told from drift")
    columns = list(dict.fromkeys(["rater_id", "item_id", cluster, "y"]))
    kept = (part.filter(pl.col("rater_id").is_in(both)).select(columns) for part in (before, after))
    sides = pl.concat(
        part.with_columns(pl.col("y").cast(pl.Float64), pl.lit(s).alias("side")) for s, part in enumerate(kept)
    ).to_pandas()
    means = sides.pivot_table(index="rater_id", columns="side", values="y", aggfunc="mean")
    sizes = sides.pivot_table(index="rater_id", columns="side", values="y", aggfunc="size")
    weight = sizes[0] * sizes[1] / (sizes[0] + sizes[1])
    weight = weight / weight.sum()
    gaps = means[1] - means[0]
    value = float((weight * gaps).sum())
    of, side = sides["rater_id"], sides["side"]
    mean = np.where(side == 1, of.map(means[1]), of.map(means[0]))
    size = np.where(side == 1, of.map(sizes[1]), of.map(sizes[0]))
    influence = np.where(side == 1, 1, -1) * of.map(weight) / size * (sides["y"] - mean)
    by_cluster = influence.groupby(sides[cluster]).sum().to_numpy()
    m, raters = len(by_cluster), len(both)
    variance = float((by_cluster**2).sum()) * m / max(m - 1, 1)
    cautions = []
    if raters > 2:
        variance += float(((weight * (gaps - value)) ** 2).sum()) * raters / (raters - 1)
        quantile = stats.t.ppf((1 + confidence) / 2, raters - 1)
    else:
        quantile = stats.norm.ppf((1 + confidence) / 2)
        cautions.append(f"With {counted(raters, 'rater')} on both sides the interval speaks for these raters only.")
    left = len(set(before["rater_id"]) | set(after["rater_id"])) - raters
    if left:
        cautions.append(f"{counted(left, 'rater')} judged on one side only and is left out.")
    if variance == 0:
        raise NotEstimable("nothing varies between raters or items before and after, so a change has no interval")
    half = float(quantile) * variance**0.5
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        confidence=confidence,
        n_items=int(sides["item_id"].nunique()),
        n_raters=raters,
        n_judgments=len(sides),
        method=f"{quantity}; after minus before, each rater against himself, linearized jackknife",
        over="items and raters" if raters > 2 else "items",
        cautions=tuple(cautions),
    )


def on_anchors(before: pl.DataFrame, after: pl.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """The change on items judged on both sides, each item against what it got before.

    Raises
    ------
    NotEstimable
        If no item was judged on both sides.

    Examples
    --------
    >>> rows = {"rater_id": [*"pqrpqr"], "item_id": [*"aaabbb"]}
    >>> one, two = (pl.DataFrame({**rows, "y": y}) for y in ([0, 0, 1, 1, 1, 1], [1, 1, 1, 1, 1, 0]))
    >>> round(on_anchors(one, two).value, 3)
    0.167
    """
    one, two = against_before(before, after)
    return change(one, two, "change on anchors", cluster="item_id", confidence=confidence)


def against_before(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both sides' judgments of the items they share, as distances from the item's mean before."""
    means = before.group_by("item_id").agg(pl.col("y").mean().alias("was"))
    shared = means.join(after.select("item_id").unique(), on="item_id")
    if shared.is_empty():
        raise NotEstimable(
            "no item was judged both before and after, so raters cannot be told from data; give every rater the same "
            "known items (anchors) again each week"
        )
    one, two = (
        part.join(shared, on="item_id").with_columns((pl.col("y") - pl.col("was")).alias("y"))
        for part in (before, after)
    )
    return one, two


def on_fresh(before: pl.DataFrame, after: pl.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """The change on items judged on one side only.

    Raises
    ------
    NotEstimable
        If a side has no such items.

    Examples
    --------
    >>> rows = {"rater_id": [*"pqrpqr"], "period": [1, 1, 1, 2, 2, 2]}
    >>> one = pl.DataFrame({**rows, "item_id": [*"abcdef"], "y": [0, 0, 1, 1, 1, 1]})
    >>> two = one.with_columns(pl.col("item_id") + "2", pl.col("period") + 2, pl.lit(1).alias("y"))
    >>> round(on_fresh(one, two).value, 3)
    0.333
    """
    one, two = fresh_only(before, after)
    if one.is_empty() or two.is_empty():
        raise NotEstimable("every item was judged on both sides, so nothing shows what new items are like")
    return change(one, two, "change on fresh items", cluster="period", confidence=confidence)


def fresh_only(before: pl.DataFrame, after: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Both sides without the items they share.

    Examples
    --------
    >>> one, two = (pl.DataFrame({"item_id": items}) for items in (["a", "b"], ["b", "c"]))
    >>> [part["item_id"].to_list() for part in fresh_only(one, two)]
    [['a'], ['c']]
    """
    shared = before.select("item_id").unique().join(after.select("item_id").unique(), on="item_id")
    return before.join(shared, on="item_id", how="anti"), after.join(shared, on="item_id", how="anti")


def difference(fresh: Estimate, anchors: Estimate) -> Estimate:
    """What the change on fresh items has beyond that on anchors: the part that the items bring.

    The variances add, which is careful: raters common to both would make it smaller.

    Examples
    --------
    >>> e = Estimate(value=.3, low=.2, high=.4, n_items=9, n_raters=9, n_judgments=99, method="x", over="items")
    >>> difference(e, e).value
    0.0
    """
    value = fresh.value - anchors.value
    half = float(np.hypot(fresh.high - fresh.low, anchors.high - anchors.low)) / 2
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        confidence=fresh.confidence,
        n_items=fresh.n_items + anchors.n_items,
        n_raters=min(fresh.n_raters, anchors.n_raters),
        n_judgments=fresh.n_judgments + anchors.n_judgments,
        method="change on fresh items beyond that on anchors; variances added",
        over=fresh.over,
        cautions=tuple(dict.fromkeys((*fresh.cautions, *anchors.cautions))),
    )


def by_part(
    before: pl.DataFrame, after: pl.DataFrame, column: str, *, rate: float = 0.10, confidence: float = 0.95
) -> pd.DataFrame:
    """The change of each rater, or of each slice, and which to believe.

    Parameters
    ----------
    before, after : polars.DataFrame
        For raters the two sides of `against_before`; for slices fresh items.
    column : str
        ``rater_id``, ``slice``, ``locale``, …
    rate : float
        False discovery rate of the list.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``n_before``, ``n_after``, ``change``, ``low``, ``high``
        (Welch's interval), ``listed``; lowest change first. Parts with fewer than
        five judgments on a side are left out.

    Raises
    ------
    NotEstimable
        If no part has them.

    Examples
    --------
    >>> one = pl.DataFrame({"slice": ["a"] * 6, "y": [0, 1, 0, 1, 0, 1]})
    >>> by_part(one, one, "slice")["listed"].tolist()
    [False]
    """

    def sums(part: pl.DataFrame) -> pd.DataFrame:
        made = part.filter(pl.col(column).is_not_null()).group_by(column)
        return made.agg(pl.len().alias("n"), pl.col("y").mean().alias("m"), pl.col("y").var().alias("v")
                        ).to_pandas().set_index(column)  # fmt: skip

    table = sums(before).merge(sums(after), left_index=True, right_index=True, suffixes=("_before", "_after"))
    table = table[(table["n_before"] >= 5) & (table["n_after"] >= 5)].copy()
    if table.empty:
        raise NotEstimable(f"no {column.removesuffix('_id')} has five judgments on each side of the change")
    one, two = table["v_before"] / table["n_before"], table["v_after"] / table["n_after"]
    error = np.sqrt(one + two).clip(lower=1e-9)
    df = (one + two) ** 2 / (one**2 / (table["n_before"] - 1) + two**2 / (table["n_after"] - 1)).clip(lower=1e-18)
    df = df.clip(lower=table[["n_before", "n_after"]].min(axis=1) - 1)
    table["change"] = table["m_after"] - table["m_before"]
    half = stats.t.ppf((1 + confidence) / 2, df) * error
    table["low"], table["high"] = table["change"] - half, table["change"] + half
    p = 2 * stats.t.sf(np.abs(table["change"]) / error, df)
    table["listed"] = benjamini_hochberg(np.where(table["change"] == 0, 1.0, p), rate)
    shown = ["n_before", "n_after", "change", "low", "high", "listed"]
    return table[shown].reset_index().sort_values(["change", column], ignore_index=True)
