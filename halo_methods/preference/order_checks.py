"""Is there one order at all, and is it the same in every group: two tests of what Bradley-Terry takes for granted."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, stats

from ..errors import NotEstimable
from ..judgments.pairs import as_pairs
from ..judgments.table import in_order, need
from ..results import Caution, Estimate, counted, resting
from ..stats import check_confidence
from ..stats.discovery import adjusted_p_values
from ..stats.means import cluster_covariance, t_interval, two_way_variances
from ..stats.totals import rater_degrees_of_freedom
from ..stats.variance import cells, cluster_codes
from .bradley_terry import Ties, slopes_at
from .strengths import Strengths, bradley_terry

DRAWS, ALPHA = 20_000, 0.05


@dataclass(frozen=True)
class OneOrder:
    """Whether one order explains who beats whom.

    Attributes
    ----------
    table : DataFrame
        One row per two systems that met, the largest departure first: ``system``, ``against``, ``battles``, ``wins``
        (share, a tie as half), ``expected`` of it by the strengths.
    estimates : dict of str to Estimate
        ``one order``: the p-value of the test. ``circles``: the share of three systems, of those that all met, of which
        each beats the next.
    circles : list of tuple of str
        Each beats the next, and the last the first.
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    circles: list[tuple[str, str, str]]
    cautions: tuple[Caution, ...]

    def __str__(self) -> str:
        p = self.estimates["one order"].value
        told = "one order explains the wins" if p >= ALPHA else "one order does not explain the wins"
        named = "; ".join(" beats ".join([*three, three[0]]) for three in self.circles[:5])
        return f"{told} (p = {p:.3f}); circles seen: {named or 'none'}"


def one_order(made: Strengths, *, seed: int = 1) -> OneOrder:
    r"""Test whether strengths explain the wins, or some systems beat each other in a circle.

    The score test of an effect for each two systems beside the strengths. Its statistic, the sum of squared departures
    over their information, is compared with the weighted sum of squares that other items and other voters would give.

    Parameters
    ----------
    made : Strengths
        Of `bradley_terry`.
    seed : int

    Raises
    ------
    NotEstimable
        If no three systems all met, so that there is no circle to see.

    References
    ----------
    Rao and Scott (1981), on such sums of squares.

    Examples
    --------
    >>> rows = [(f"q{i}", f"r{i % 12}", *"abbcca"[i % 3 * 2 :][:2], "left" if i % 7 else "right") for i in range(252)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"])
    >>> print(one_order(bradley_terry(frame, left=False)))
    one order does not explain the wins (p = 0.009); circles seen: a beats b beats c beats a
    """
    battles, k = made.battles, len(made.systems)
    low, high = np.minimum(battles.left, battles.right), np.maximum(battles.left, battles.right)
    pair, of_cell = np.unique(low * k + high, return_inverse=True)
    m, n_cells = len(pair), len(of_cell)
    sign = np.where(battles.left < battles.right, 1.0, -1.0)
    onto = sparse.coo_array((sign, (np.arange(n_cells), of_cell)), (n_cells, m)).tocsr()
    whole = slopes_at(battles, made.fitted, made.ties, battles.counts)
    beside = sparse.hstack([battles.design() * whole.odds_odds[:, None], sparse.csr_array(whole.odds_tie[:, None])])
    each = [slopes_at(battles, made.fitted, made.ties, np.tile(won, (n_cells, 1))) for won in np.eye(3)]
    residual = np.stack([one.by_odds for one in each], axis=1).ravel()[made._outcomes]
    by_pair = sparse.csr_array(sparse.csr_array(onto[made._outcomes // 3]) * residual[:, None])
    project = np.hstack([np.eye(m), -(onto.T @ beside).toarray() @ made.fitted.inverse])
    information = np.bincount(of_cell, whole.odds_odds, m)
    scores = sparse.csr_array(sparse.hstack([by_pair, made._scores]))
    item, rater = made._items, made._raters
    parts = [cluster_covariance(scores, cluster) for cluster in (item, rater, cells(item, rater)[1])]
    scale = np.sqrt(information)
    departure = by_pair.sum(axis=0)
    covariance = project @ (parts[0] + parts[1] - parts[2]) @ project.T / scale[:, None] / scale
    weights = np.sort(np.linalg.eigvalsh(covariance))[::-1][: m - k + 1]
    net = np.bincount(of_cell, sign * (battles.counts[:, 0] - battles.counts[:, 2]), m)
    circles, triads = _circles(net, pair, k)
    if not triads or not len(weights):
        raise NotEstimable("no three of the systems all met each other, so no circle can be seen", public=True)
    df = rater_degrees_of_freedom(made.n_raters)
    rng = np.random.default_rng(seed)
    null = rng.chisquare(1, (DRAWS, len(weights))) @ np.maximum(weights, 0) * (df / rng.chisquare(df, DRAWS))
    p = (1 + (null >= (departure**2 / information).sum()).sum()) / (DRAWS + 1)
    n = np.bincount(of_cell, battles.counts.sum(axis=1), m)
    ahead = np.exp(each[0].log_likelihood) - np.exp(each[2].log_likelihood)
    expected = np.bincount(of_cell, sign * ahead * battles.counts.sum(axis=1), m)
    names = np.array(made.systems)
    met = {"system": names[pair // k], "against": names[pair % k], "battles": n.astype(int)}
    table = pd.DataFrame(met | {"wins": (1 + net / n) / 2, "expected": (1 + expected / n) / 2})
    order = np.argsort(-np.abs(departure) / scale, kind="stable")
    rests = resting(made.n_items, made.n_raters, made.n_battles, made.basis)
    of_test: dict[str, Any] = {
        "confidence": 1,
        "kind": "p_value",
        "over": "items and raters",
        "cautions": made.cautions,
    }
    share = Estimate.count(len(circles) / triads, method="share of threes in a circle", **rests)
    estimates = {
        "one order": Estimate(
            value=p, low=p, high=p, method="p-value of the score test of one order", **of_test, **rests
        ),
        "circles": share,
    }
    named = [(made.systems[a], made.systems[b], made.systems[c]) for a, b, c in circles]
    return OneOrder(table.iloc[order].reset_index(drop=True), estimates, named, made.cautions)


def _circles(margin: NDArray, pair: NDArray, k: int) -> tuple[list[tuple[int, int, int]], int]:
    """Threes of systems of which each won more often than it lost against the next, and how many threes all met."""
    lead = np.full((k, k), np.nan)
    lead[pair // k, pair % k], lead[pair % k, pair // k] = margin, -margin
    met = [(a, b, c) for a, b, c in combinations(range(k), 3) if not np.isnan(lead[a, b] + lead[b, c] + lead[a, c])]
    turns = [(a, b, c) if lead[a, b] > 0 else (a, c, b) for a, b, c in met]
    return [(a, b, c) for a, b, c in turns if lead[a, b] > 0 and lead[b, c] > 0 and lead[c, a] > 0], len(met)


@dataclass(frozen=True)
class Strata:
    """Whether two systems stand to each other in one group as in the others.

    Attributes
    ----------
    by : str
        The column.
    table : DataFrame
        One row per group and two systems, the surest change first: the group, ``system``, ``against``, ``difference``
        of their log strengths in the group, ``elsewhere``, the ``change`` from there with ``low`` and ``high``,
        ``p_value`` (adjusted for all rows), and ``turned``: whether the change is clear and the order another.
    left_out : dict of str to str
        Groups that cannot be compared, and why.
    """

    by: str
    table: pd.DataFrame
    left_out: dict[str, str]

    def __str__(self) -> str:
        turned, clear = self.table[self.table["turned"]], int((self.table["p_value"] < ALPHA).sum())
        said = [f"{row[self.by]}: {row['system']} and {row['against']}" for _, row in turned.iterrows()]
        head = f"{counted(clear, 'difference')} of {len(self.table)} not as elsewhere; the order turns for {len(said)}"
        return head + (f" ({'; '.join(said[:5])})" if said else "")


def strata(
    pairs: Any, by: str, *, ties: Ties = "davidson", left: bool = True, covariates: Sequence[str] = (),
    confidence: float = 0.95,
) -> Strata:  # fmt: skip
    """Compare each group's differences between systems with those of all other battles.

    The interval of a change counts that the same voters, or the same items, may stand on both sides.

    Parameters
    ----------
    pairs : Pairs or frame
    by : str
        The column that holds the groups, such as ``locale`` or ``slice``.
    ties, left, covariates, confidence
        As for `bradley_terry`.

    Raises
    ------
    NotEstimable
        If there is no such column, or no two groups can be compared.

    Examples
    --------
    >>> rows = [(f"q{i}", f"r{i % 14}", "a", "b", ("left", "right")[(i % 5 == 0) ^ (i % 3 == 0)], "yx"[i % 3 == 0])
    ...         for i in range(300)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner", "slice"])
    >>> print(strata(frame, "slice", left=False))
    1 difference of 1 not as elsewhere; the order turns for 1 (x: a and b)
    """
    check_confidence(confidence)
    given = as_pairs(pairs)
    need(given.judgments.frame, by)
    how: dict[str, Any] = {"ties": ties, "left": left, "covariates": covariates, "confidence": confidence}
    parts: list[pd.DataFrame] = []
    left_out: dict[str, str] = {}
    groups = in_order(given.judgments.frame[by].drop_nulls().unique().to_list())
    for value in groups[:1] if len(groups) == 2 else groups:  # of two groups each is the other's rest
        inside = pl.col(by).eq_missing(value)
        try:
            here, there = (bradley_terry(given.filter(keep), **how) for keep in (inside, ~inside))
            changes = _changes(here, there, confidence)
            changes.insert(0, by, value)
            parts.append(changes)
        except NotEstimable as refused:
            left_out[str(value)] = str(refused)
    if not parts:
        raise NotEstimable(f"no two groups of {by} can be compared: {'; '.join(left_out.values()) or 'there is one'}")
    table = pd.concat(parts)
    table["p_value"] = adjusted_p_values(table["p_value"])
    table["turned"] = (table["p_value"] < ALPHA) & (table["difference"] * table["elsewhere"] < 0)
    return Strata(by, table.sort_values("p_value", kind="stable", ignore_index=True), left_out)


def _changes(here: Strengths, there: Strengths, confidence: float) -> pd.DataFrame:
    """The differences of log strengths here and there, and how they change."""
    if here.systems != there.systems:
        raise NotEstimable("some of its systems met only there, or never there", public=True)
    k = len(here.systems)
    a, b = np.triu_indices(k, 1)
    contrast = np.eye(k)[a] - np.eye(k)[b]
    influence = np.hstack([contrast @ here.fitted.inverse[:k], -contrast @ there.fitted.inverse[:k]])
    scores = sparse.csr_array(sparse.block_diag([here._scores, there._scores]))
    items, raters = (cluster_codes(pl.concat(names)) for names in zip(here._names, there._names, strict=True))
    variances, df = two_way_variances(scores, items, raters, influence)
    inside, outside = (contrast @ side.fitted.strengths for side in (here, there))
    change, error, names = inside - outside, np.sqrt(variances), np.array(here.systems)
    low, high = t_interval(change, error, df, confidence=confidence)
    table = pd.DataFrame({"system": names[a], "against": names[b], "difference": inside, "elsewhere": outside})
    return table.assign(change=change, low=low, high=high, p_value=2 * stats.t.sf(np.abs(change) / error, df))
