"""Do raters agree with each other more than the truth makes them? A test on pairs."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl
import scipy.stats
from scipy import sparse

from ..errors import NotEstimable
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, around, counted
from ..stats import wilson
from ..stats.discovery import largest_of_all, sidak, simulated_p_interval, upper_mid_p
from .em import DAWID_SKENE, Fit, iterate
from .vote_table import Array, Ints, Votes

FEWEST_SHARED, FEW_SHARED = 5, 30
REPLICATES = 199
MOST_SIMULATED = 20_000
ALPHA = 0.05
LISTED = 60
DRAWN = 15
SMOOTHED = replace(DAWID_SKENE, smoothing=0.1, max_iterations=200, tolerance=1e-4)
QUICK = replace(SMOOTHED, max_iterations=15, tolerance=1e-3)


@dataclass(frozen=True, eq=False)
class Dependence:
    """Whether pairs of raters agree more than raters who answer independently given the truth.

    Attributes
    ----------
    statistic : float
        The largest standardized excess of agreement over all pairs.
    p_value : float
        Chance of one as large if the model holds; 1 where no pair can be tested.
    table : pandas.DataFrame
        ``rater_a``, ``rater_b``, ``n_shared``, ``agreement`` with its Wilson
        interval ``low`` and ``high``, ``expected`` (under the model), ``z``,
        ``p_value`` (adjusted for the number of pairs), and ``same_alone`` (first
        60 pairs): of the items where the other raters prefer another label than
        the first rater's, the share on which the second gives the first one's
        label. Largest ``z`` first.
    simulated : bool
        Whether the p-values come from judgments that the fitted model made.
    cautions : tuple of Caution
        ``dependence`` if the p-value is below .05; ``few_shared_items``.
    """

    statistic: float
    p_value: float
    table: pd.DataFrame
    simulated: bool
    cautions: tuple[Caution, ...]
    _rows: pl.DataFrame

    def power(self) -> float:
        r"""Compute the chance to find a pair that copies half of its labels, at the usual number of shared items.

        With the median number :math:`n` of shared items and the median chance :math:`c` of agreement, such a pair
        agrees on :math:`c' = c + (1 - c) / 2` of them. Normal approximation, Šidák's critical value for all pairs.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rng = np.random.default_rng(1)
        >>> rows = [(i, r, "xy"[(i % 2) ^ (rng.random() < 0.2)]) for i in range(40) for r in "pqrs"]
        >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
        >>> 0.3 < aggregation.dawid_skene(frame).dependence.power() < 0.8
        True
        """
        if self.table.empty:
            return 0.0
        n, c = (float(self.table[column].median()) for column in ("n_shared", "expected"))
        c = min(max(c, 0.01), 0.99)
        copied = c + (1 - c) / 2
        critical = scipy.stats.norm.isf(1 - (1 - ALPHA) ** (1 / len(self.table)))
        over = (copied - c) * n**0.5 - critical * (c * (1 - c)) ** 0.5
        return float(scipy.stats.norm.cdf(over / (copied * (1 - copied)) ** 0.5))

    def estimate(self, *, power: float = 0.0) -> Estimate:
        """Return the p-value, with the interval that its simulation leaves.

        A p-value at or above .05 says that no pair of raters was caught, not that no rater copies: with few shared
        items two raters who copy pass.

        Parameters
        ----------
        power : float
            The least `power` at which a test that does not reject says anything.

        Raises
        ------
        NotEstimable
            If no two raters share five items, or the test does not reject and its power is less than asked.

        Examples
        --------
        >>> from halo_methods import aggregation
        >>> rng = np.random.default_rng(1)
        >>> rows = [(i, r, "xy"[(i % 2) ^ (rng.random() < 0.2)]) for i in range(40) for r in "pqrs"]
        >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
        >>> aggregation.dawid_skene(frame).dependence.estimate().value > 0.05
        True
        """
        if self.table.empty:
            text = f"no two raters share {FEWEST_SHARED} items: whether raters copy cannot be tested"
            raise NotEstimable(text, public="too few items are shared by two raters to test whether raters copy")
        if self.p_value >= ALPHA and self.power() < power:
            text = (
                f"the test does not reject (p = {self.p_value:.2g}), but would find a pair that copies half of its "
                f"labels with a chance of {self.power():.0%} only. Let pairs of raters share more items"
            )
            raise NotEstimable(text, public="too few items are shared by two raters to test whether raters copy")
        low, high = self.p_value, self.p_value
        how = "binomial tails with the fitted chances, adjusted by the number of pairs"
        if self.simulated:
            low, high = simulated_p_interval(self.p_value, REPLICATES)
            how = f"{REPLICATES} sets of judgments made by the fitted model and fitted again"
        tested = pd.unique(self.table[["rater_a", "rater_b"]].to_numpy().ravel()).tolist()
        rests = rests_on(self._rows.filter(pl.col("rater_id").is_in(tested)), "dependence of raters")
        place = around(self.p_value, low, high) | {"confidence": 0.95 if low < high else 1, "over": "items"}
        method = f"adjusted p-value of the largest excess of agreement over {counted(len(self.table), 'pair')}; {how}"
        return Estimate(**place, **rests, kind="p_value", method=method, cautions=self.cautions)

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The p-value, where there is one."""
        return {} if self.table.empty else {"p-value": self.estimate()}

    def plot(self) -> Figure:
        """Draw the agreement of the pairs with the largest excess."""
        from .. import plots

        top = self.table.head(DRAWN)
        pairs = top.assign(pair=top["rater_a"] + " and " + top["rater_b"])
        unit = "share of shared items with one label"
        return plots.intervals(pairs, "pair", "agreement", unit=unit, title="Pairs with the largest excess")


def dependence(votes: Votes, *, seed: int = 0) -> Dependence:
    """Test each pair's agreement against Dawid and Skene's model; see `Dependence`.

    The model is fitted with .1 added to each expected count, however the labels were aggregated. So a rater's own
    habits do not look like copying. Up to 20,000 judgments the fit is repeated on 199 sets of judgments that it makes.
    Pairs are then adjusted together by the largest excess of them (Westfall and Young). Above, each pair has a binomial
    tail with the fitted
    chances, adjusted by the number of pairs (Šidák), a little cautious.
    """
    fit = iterate(SMOOTHED, votes, votes.shares, None)
    a, b, shared, same = agreements(votes)
    enough = shared >= FEWEST_SHARED
    a, b, shared, same = a[enough], b[enough], shared[enough], same[enough]
    chance = agreement_chance(fit, a, b)
    expected, z, p = shared * chance, np.zeros(len(a)), np.ones(len(a))
    simulated = len(a) > 0 and len(votes.rows) <= MOST_SIMULATED
    if simulated:
        excess = _simulated_excess(votes, fit, a, b, np.random.default_rng(seed))
        middle, spread = excess.mean(0), np.maximum(excess.std(0, ddof=1), 0.05 * np.sqrt(shared))
        z = (same - expected - middle) / spread
        p = largest_of_all(z, (excess - middle) / spread)
        expected = expected + middle
    elif len(a):
        z = (same - expected) / np.sqrt(np.maximum(expected * (1 - chance), 1e-12))
        p = sidak(upper_mid_p(same, shared, np.clip(chance, 0, 1)))
    names, (low, high) = np.array([*votes.raters], dtype=object), wilson(same, shared)
    columns = {"rater_a": names[a], "rater_b": names[b], "n_shared": shared.astype(int), "agreement": same / shared}
    columns |= {"low": low, "high": high, "expected": expected / shared, "z": z, "p_value": p}
    order = np.lexsort((b, a, -z))
    alone = [same_alone(votes, a[n], b[n]) for n in order[:LISTED]]
    table = pd.DataFrame(columns).iloc[order].reset_index(drop=True)
    table["same_alone"] = pd.Series(alone, dtype=float)
    statistic, p_value = float(z.max()) if len(z) else 0.0, float(p.min(initial=1.0))
    return Dependence(statistic, p_value, table, simulated, _cautions(table), votes.rows)


def agreements(votes: Votes) -> tuple[Ints, Ints, Array, Array]:
    """Count for each pair of raters the judgments they share, and on how many they agree."""
    n = len(votes.labels)
    parts = [votes.by_column[:, label::n] for label in range(n)]
    who = sum(parts[1:], parts[0])
    shared = sparse.triu(who.T @ who, 1, format="csr").sorted_indices().tocoo()
    same = sum((part.T @ part for part in parts[1:]), parts[0].T @ parts[0])
    return *shared.coords, shared.data, np.asarray(same.tocsr()[shared.coords]).ravel()


def agreement_chance(fit: Fit, a: Ints, b: Ints) -> Array:
    """Compute the chance that two raters give one label, if they answer independently given the truth."""
    tables = fit.tables.reshape(len(fit.tables), -1)
    weighted = (fit.tables * fit.prior).reshape(len(fit.tables), -1)
    return np.asarray(np.einsum("pq,pq->p", weighted[a], tables[b]))


def _simulated_excess(votes: Votes, fit: Fit, a: Ints, b: Ints, rng: np.random.Generator) -> Array:
    """Agreements beyond what a new fit allows, on sets of judgments that the model makes, shape (sets, pairs)."""
    n_raters, n_labels = len(votes.raters), len(votes.labels)
    item, rater, _ = (np.repeat(part, votes.given.data.astype(int)) for part in votes.entries)
    columns = map(votes.of, range(n_raters))
    labels = [b"".join(part.tobytes() for part in (c.indices, c.indptr, c.data)) for c in columns]
    place = np.argsort(np.argsort(np.array(labels, dtype=object), kind="stable"))  # names change nothing
    order = np.lexsort((place[rater], item))
    item, rater = item[order], rater[order]
    chances = np.cumsum(np.moveaxis(fit.tables, 2, 1), axis=2)
    priors = np.cumsum(fit.prior)
    excess = np.empty((REPLICATES, len(a)))
    for n in range(REPLICATES):
        truth = np.minimum((rng.random(len(votes.items))[:, None] > priors).sum(1), n_labels - 1)
        label = np.minimum((rng.random(len(item))[:, None] > chances[rater, truth[item]]).sum(1), n_labels - 1)
        given = sparse.coo_array((np.ones(len(item)), (item, rater * n_labels + label)), shape=votes.given.shape)
        again = Votes(votes.items, votes.raters, votes.labels, given.tocsr(), votes.rows)
        first, second, shared, same = agreements(again)
        at = np.searchsorted(first * n_raters + second, a * n_raters + b)
        excess[n] = same[at] - shared[at] * agreement_chance(iterate(QUICK, again, again.shares, None), a, b)
    return excess


def same_alone(votes: Votes, a: int, b: int) -> float:
    """Compute how often b gives a's label where the others prefer another one; missing if they never do."""
    both = np.intersect1d(votes.of(a).indices, votes.of(b).indices)
    mine, yours = (votes.of(rater)[both].toarray() for rater in (a, b))
    others = votes.tally[both] - mine - yours
    label = mine.argmax(1)
    alone = others.max(1, initial=0) > others[np.arange(len(both)), label]
    return float((yours.argmax(1) == label)[alone].mean()) if alone.any() else float("nan")


def _cautions(table: pd.DataFrame) -> tuple[Caution, ...]:
    """What the test says in words; names no rater."""
    cautions = []
    if (pairs := int((table["p_value"] < ALPHA).sum())) > 0:
        text = (
            f"In {counted(pairs, 'pair')} the two raters agree more than independent raters would "
            f"(p = {table['p_value'].min():.2g}): they may copy or share a habit, or items differ in difficulty. "
            "The probabilities are then too sure, and raters who copy each other outvote the rest; "
            "set them aside and compare."
        )
        cautions.append(Caution("dependence", text))
    if len(table) and (shared := int(table["n_shared"].median())) < FEW_SHARED:
        text = f"Half of the pairs share at most {counted(shared, 'item')}: raters who copy may pass."
        cautions.append(Caution("few_shared_items", text))
    return tuple(cautions)
