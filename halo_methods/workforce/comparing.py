"""Two vendors beside each other: on the same items, on the same mix of work, or not at all."""

from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..calibration.reference import people
from ..calibration.shares import jackknife_variance
from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .outcomes import MISSING, grouped, known, outcomes

Basis = Literal["best", "shared items", "case mix"]
STRATA = ("locale", "queue", "slice")
LEAST_SHARED, LEAST_RATERS, LEAST_JUDGMENTS, LEAST_OVERLAP = 20, 2, 10, 0.5


@dataclass(frozen=True)
class Comparisons:
    """Which groups could be compared, how they differ, and which could not and why.

    Attributes
    ----------
    table : pandas.DataFrame
        ``a``, ``b``, ``basis``, ``difference`` (share right of a less that of
        b), ``low``, ``high``, ``overlap`` (share of both groups' checked
        judgments that the comparison speaks for), ``n_items``, ``n_raters``;
        all intervals together hold at the stated confidence (Bonferroni).
    refused : pandas.DataFrame
        ``a``, ``b``, ``reason``.
    """

    table: pd.DataFrame
    refused: pd.DataFrame


def compare(
    j: Judgments, a: str, b: str, *, column: str = "vendor", basis: Basis = "best", confidence: float = 0.95
) -> Estimate:
    r"""The share right of one group less that of another, where their work can be compared.

    On shared items: each item both groups judged counts with one weight, the
    mean of a less the mean of b. By case mix: direct standardisation over the
    strata (locale × queue × slice, as far as the table has them) in which both
    groups have at least two raters and ten checked judgments; a stratum's
    weight is its share of both groups' judgments there. The variance adds the
    delete-one-item and the delete-one-rater jackknife; t quantile on raters - 2
    degrees of freedom.

    Parameters
    ----------
    j : Judgments
        One criterion.
    a, b : str
        Two values of the column.
    column : str
        What makes the groups.
    basis : {"best", "shared items", "case mix"}
        Best takes shared items where there are at least 20, otherwise case mix.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If there are too few shared items and no strata, if the groups share no
        stratum (vendor and locale can't be told apart), or if the shared
        strata hold less than half of either group's checked judgments.

    Notes
    -----
    Case mix adjusts for the columns named and for nothing else. Work assigned
    by lot needs no adjustment, and gets the same answer from either basis.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"{v}{r}", "x" if (i + r) % m else "y", "x", v)
    ...         for v, m in (("north", 10), ("south", 5)) for r in range(4) for i in range(40)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))
    >>> round(compare(j, "north", "south").value, 2)
    0.1
    """
    if basis not in get_args(Basis):
        raise BadOption.of("basis", basis, get_args(Basis))
    groups = dict(grouped(known(outcomes(people(j)), "right"), column))
    for name in (a, b):
        if name not in groups:
            raise NotEstimable(f"no checked judgment has {column} {name!r}; there are {', '.join(groups)}")
    return _compare(groups[a], groups[b], a, b, column, basis, confidence)[0]


def comparisons(j: Judgments, *, column: str = "vendor", confidence: float = 0.95) -> Comparisons:
    """Every pair of groups: compared where that is fair, refused with the reason where it is not.

    Parameters
    ----------
    j, column, confidence
        As for `compare`.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong, or there is one group.
    """
    groups = dict(grouped(known(outcomes(people(j)), "right"), column))
    groups.pop(MISSING, None)
    if len(groups) < 2:
        raise NotEstimable(f"{counted(len(groups), 'group')} with checked judgments in {column}; it takes two")
    pairs = list(combinations(groups, 2))
    each = 1 - (1 - confidence) / len(pairs)
    rows, refused, fewest = [], [], []
    for a, b in pairs:
        try:
            made, basis, overlap, behind = _compare(groups[a], groups[b], a, b, column, "best", each)
        except NotEstimable as reason:
            refused.append({"a": a, "b": b, "reason": str(reason)})
            continue
        fewest.append(behind)
        rows.append({"a": a, "b": b, "basis": basis, "difference": made.value, "low": made.low, "high": made.high,
                     "overlap": overlap, "n_items": made.n_items, "n_raters": made.n_raters})  # fmt: skip
    columns = ["a", "b", "basis", "difference", "low", "high", "overlap", "n_items", "n_raters"]
    table = pd.DataFrame(rows, columns=columns)
    table.attrs["fewest"] = fewest
    return Comparisons(table, pd.DataFrame(refused, columns=["a", "b", "reason"]))


def overlap(j: Judgments, *, column: str = "vendor") -> pd.DataFrame:
    """Where each group works: for each stratum column, its values, and how many it shares with another group.

    Returns
    -------
    pandas.DataFrame
        ``column``'s values and, for each of locale, queue and slice that the
        table has, ``x`` (its values) and ``x_shared`` (share of the group's
        judgments in values where another group works too). A 0 is a group that
        can't be told apart from its own locale or queue.

    Raises
    ------
    NotEstimable
        If the table has none of these columns, or no such grouping column.
    """
    frame = outcomes(people(j))
    groups = grouped(frame, column)
    strata = [c for c in STRATA if c in frame.columns and c != column]
    if not strata:
        raise NotEstimable(f"none of the columns {', '.join(STRATA)} is there, so nobody can see who does which work")
    rows = []
    for name, part in groups:
        row: dict[str, object] = {column: name, "people": part["rater_id"].n_unique(), "judgments": part.height}
        others = pl.concat([p for n, p in groups if n != name] or [frame.clear()])
        for c in strata:
            there = part[c].is_in(others[c].unique().implode(), nulls_equal=True)
            row |= {c: ", ".join(str(v) for v in part[c].unique().sort().to_list()[:8]), f"{c}_shared": there.mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def _compare(
    left: pl.DataFrame, right: pl.DataFrame, a: str, b: str, column: str, basis: Basis, confidence: float
) -> tuple[Estimate, str, float, int]:
    both = pl.concat([left.with_columns(pl.lit(0).alias("_side")), right.with_columns(pl.lit(1).alias("_side"))])
    for name, part in ((a, left), (b, right)):
        if part["rater_id"].n_unique() < LEAST_RATERS:
            raise NotEstimable(f"{name} has one rater with checked work: the person can't be told from the {column}")
    shared = set(left["item_id"]) & set(right["item_id"])
    if basis == "shared items" or (basis == "best" and len(shared) >= LEAST_SHARED):
        if len(shared) < LEAST_SHARED:
            raise NotEstimable(f"{a} and {b} share {counted(len(shared), 'checked item')}; it takes {LEAST_SHARED}")
        kept = both.filter(pl.col("item_id").is_in(list(shared))).with_columns(pl.col("item_id").alias("_stratum"))
        weights = pl.DataFrame({"_stratum": sorted(shared), "_weight": 1 / len(shared)})
        return (
            _standard(kept, weights, both, "on shared items", confidence),
            "shared items",
            kept.height / both.height,
            _fewest(kept),
        )
    kept = _common(both, a, b, column, len(shared))
    covered = [float(kept.filter(pl.col("_side") == s).height / p.height) for s, p in ((0, left), (1, right))]
    if min(covered) < LEAST_OVERLAP:
        raise NotEstimable(
            f"{a} and {b} do the same kind of work in {covered[0]:.0%} and {covered[1]:.0%} of their checked "
            f"judgments; a comparison speaks for both only from {LEAST_OVERLAP:.0%} of each"
        )
    weights = kept.group_by("_stratum").agg((pl.len() / kept.height).alias("_weight")).sort("_stratum")
    made = _standard(kept, weights, both, "standardised to the same mix of work", confidence)
    if min(covered) < 1:
        said = f"It speaks for {covered[0]:.0%} of the checked judgments of {a} and {covered[1]:.0%} of those of {b}."
        made = made.with_cautions(said)
    return made, "case mix", kept.height / both.height, _fewest(kept)


def _fewest(kept: pl.DataFrame) -> int:
    """Raters of the smaller side."""
    return int(min(kept.group_by("_side").agg(pl.col("rater_id").n_unique())["rater_id"].to_list(), default=0))


def _common(both: pl.DataFrame, a: str, b: str, column: str, shared: int) -> pl.DataFrame:
    """The judgments in strata where both groups work, with their stratum."""
    strata = [c for c in STRATA if c in both.columns and c != column]
    if not strata:
        others = ", ".join(c for c in STRATA if c != column)
        raise NotEstimable(
            f"{a} and {b} share {counted(shared, 'checked item')} and there is no other column ({others}) to "
            "adjust by, so a difference could be the work's and not theirs"
        )
    for c in strata:
        values = [set(both.filter(pl.col("_side") == s)[c].to_list()) for s in (0, 1)]
        if not values[0] & values[1]:
            raise NotEstimable(
                f"{a} and {b} never work in the same {c}, and share {counted(shared, 'checked item')}: {column} and "
                f"{c} can't be told apart; let both judge the same {LEAST_SHARED} items, or give both a part of one {c}"
            )
    made = both.with_columns(
        pl.concat_str([pl.col(c).fill_null("") for c in strata], separator="\x1f").alias("_stratum")
    )
    cells = made.group_by("_stratum", "_side").agg(pl.col("rater_id").n_unique().alias("r"), pl.len().alias("n"))
    enough = cells.filter((pl.col("r") >= LEAST_RATERS) & (pl.col("n") >= LEAST_JUDGMENTS))
    good = enough.group_by("_stratum").len().filter(pl.col("len") == 2)["_stratum"]
    kept = made.filter(pl.col("_stratum").is_in(good.implode()))
    if kept.is_empty():
        raise NotEstimable(
            f"{a} and {b} share no kind of work ({' × '.join(strata)}) in which each has {LEAST_RATERS} raters and "
            f"{LEAST_JUDGMENTS} checked judgments"
        )
    return kept


def _standard(kept: pl.DataFrame, weights: pl.DataFrame, both: pl.DataFrame, how: str, confidence: float) -> Estimate:
    """The weighted difference over strata with its two-way jackknife."""
    order = {s: n for n, s in enumerate(weights["_stratum"])}
    weight = weights["_weight"].to_numpy()
    side = kept["_side"].to_numpy()
    stratum = np.array([order[s] for s in kept["_stratum"]])
    right = kept["right"].to_numpy().astype(float)

    def sums(unit: str) -> NDArray:
        codes = np.asarray(pd.factorize(kept[unit].to_numpy())[0])
        made = np.zeros((codes.max() + 1, len(order), 2, 2))
        for place, x in ((0, right), (1, np.ones_like(right))):
            np.add.at(made[..., place], (codes, stratum, side), x)
        return made

    def difference(t: NDArray) -> NDArray:
        there = (t[..., 1] > 0).all(axis=-1)
        share = t[..., 0] / np.maximum(t[..., 1], 1)
        w = weight * there
        return ((share[..., 0] - share[..., 1]) * w).sum(axis=-1) / w.sum(axis=-1)

    by_rater = sums("rater_id")
    totals = by_rater.sum(axis=0)
    value, n_items = float(difference(totals)), kept["item_id"].n_unique()
    if n_items == len(order):
        share = totals[..., 0] / totals[..., 1]
        of_items = float((share[:, 0] - share[:, 1]).var(ddof=1) / n_items)
    else:
        of_items = jackknife_variance(sums("item_id"), difference)
    variance = jackknife_variance(by_rater, difference) + of_items
    df = max(len(by_rater) - 2, 1)
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * variance**0.5
    cautions = () if variance else ("Nothing varies between items or raters, so the interval has no width.",)
    return Estimate(
        value=value,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        confidence=confidence,
        n_items=n_items,
        n_raters=len(by_rater),
        n_judgments=kept.height,
        method=f"difference of shares right, {how}; two-way jackknife",
        over="items and raters",
        cautions=cautions,
    )
