"""Do raters agree with each other more than the truth makes them? A test on pairs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import sparse, stats

from ..results import Caution, counted
from ..stats import wilson
from .em import Fit, Model, iterate
from .vote_table import Array, Votes

FEWEST_SHARED = 5
REPLICATES = 199
MOST_SIMULATED = 20_000
ROUNDS = 15
ALPHA = 0.05
LISTED = 60


@dataclass(frozen=True, eq=False)
class Dependence:
    """Whether pairs of raters agree more than raters who answer independently given the truth.

    Attributes
    ----------
    statistic : float
        The largest standardized excess of agreement over all pairs.
    p_value : float
        Chance of one as large if the model holds; 1 where no pair can be tested.
    pairs : pandas.DataFrame
        ``rater_a``, ``rater_b``, ``n_shared``, ``agreement`` with its Wilson interval
        ``low`` and ``high``, ``expected`` (under the model), ``z``, ``p_value`` (adjusted for the number of pairs), and
        ``same_alone`` (first 60 pairs): of the items where the other raters prefer
        another label than a's, the share on which b gives a's label. Largest ``z`` first.
    simulated : bool
        Whether the p-values come from sets of judgments that the fitted model made.
    cautions : tuple of Caution
        One if the p-value is below .05.
    how : str
        How the p-values were made.
    """

    statistic: float
    p_value: float
    pairs: pd.DataFrame
    how: str
    simulated: bool = False
    cautions: tuple[Caution, ...] = ()

    @property
    def dependent(self) -> pd.DataFrame:
        """The pairs whose adjusted p-value is below .05."""
        return self.pairs[self.pairs["p_value"] < ALPHA]


def dependence(votes: Votes, *, seed: int = 0) -> Dependence:
    """Test each pair's agreement against Dawid and Skene's model; see `Dependence`.

    The model is fitted with .1 added to each expected count, whichever way the
    labels were aggregated: so a rater's own habits do not look like copying.
    Up to 20,000 judgments the fit is repeated on 199 sets of judgments
    that it makes, and pairs are adjusted together by the largest excess
    of them (Westfall and Young). Above, each pair has a binomial tail with the
    fitted chances, adjusted by the number of pairs (Šidák), a little cautious.
    """
    if seed not in votes.tested:
        votes.tested[seed] = _tested(votes, seed)
    made: Dependence = votes.tested[seed]
    return made


def _tested(votes: Votes, seed: int) -> Dependence:
    model = SATURATED
    made = iterate(votes, model, votes.shares, None, 200, 1e-4)
    a, b, shared, same = agreements(votes.given, len(votes.raters))
    enough = shared >= FEWEST_SHARED
    a, b, shared, same = a[enough], b[enough], shared[enough], same[enough]
    if not len(a):
        return Dependence(0.0, 1.0, _pairs(votes, a, b, shared, same, same, same, same),
                          f"no two raters share {FEWEST_SHARED} items")  # fmt: skip
    chance = agreement_chance(made.tables, made.prior, a, b)
    simulated = votes.n_judgments <= MOST_SIMULATED
    if simulated:
        z, p, expected = _simulated(votes, made, model, a, b, same - shared * chance, shared, seed)
        how = f"{REPLICATES} sets of judgments made by the fitted model and fitted again"
    else:
        expected = shared * chance
        z = (same - expected) / np.sqrt(np.maximum(expected * (1 - chance), 1e-12))
        tail = stats.binom.sf(same - 1, shared, np.clip(chance, 0, 1)) * 0.5
        tail += stats.binom.sf(same, shared, np.clip(chance, 0, 1)) * 0.5
        p = -np.expm1(len(a) * np.log1p(-np.minimum(tail, 1 - 1e-15)))
        how = "binomial tails with the fitted chances, adjusted by the number of pairs"
    table = _pairs(votes, a, b, shared, same, expected, z, p)
    overall = float(p.min())
    return Dependence(float(z.max()), overall, table, how, simulated, _cautions(table, overall))


def _saturated(counts: Array, _: object) -> tuple[Array, Array]:
    more = counts + 0.1
    tables = more / more.sum(1, keepdims=True)
    return tables, tables


SATURATED = Model("Dawid-Skene", _saturated)


def agreements(given: sparse.csr_array, n_raters: int) -> tuple[np.ndarray, np.ndarray, Array, Array]:
    """Pairs of raters, the judgments they share, and on how many they agree."""
    n_labels = given.shape[1] // n_raters
    pick = sparse.csr_array(np.ones((n_labels, 1)))
    raters = sparse.csr_array(sparse.kron(sparse.eye_array(n_raters), pick, format="csr"))
    who = sparse.csr_array(given @ raters)
    shared = sparse.triu(sparse.coo_array(who.T @ who), 1, format="coo")
    same = sparse.coo_array((n_raters, n_raters)).tocsr()
    columns = given.tocsc()
    for label in range(n_labels):
        part = columns[:, label::n_labels]
        same = same + part.T @ part
    a, b = shared.coords
    order = np.lexsort((b, a))
    a, b = a[order], b[order]
    return a, b, shared.data[order], np.asarray(same.tocsr()[a, b]).ravel()


def agreement_chance(tables: Array, prior: Array, a: np.ndarray, b: np.ndarray) -> Array:
    """Chance that two raters give one label, if they answer independently given the truth."""
    weighted = (tables * prior).reshape(len(tables), -1)
    made: Array = np.einsum("pq,pq->p", weighted[a], tables.reshape(len(tables), -1)[b])
    return made


def _simulated(
    votes: Votes, made: Fit, model: Model, a: np.ndarray, b: np.ndarray, excess: Array, shared: Array, seed: int
) -> tuple[Array, Array, Array]:
    """Standardized excess, adjusted p-values and expected agreements, from sets that the model makes."""
    rng = np.random.default_rng(seed)
    n_raters, n_labels = len(votes.raters), len(votes.labels)
    item = np.repeat(np.arange(len(votes.items)), np.diff(votes.given.indptr))
    times = votes.given.data.astype(int)
    item, rater = np.repeat(item, times), np.repeat(votes.given.indices // n_labels, times)
    said = [b"".join(part.tobytes() for part in votes.of(r)) for r in range(n_raters)]
    place = np.argsort(np.argsort(np.array(said, dtype=object), kind="stable"))  # names change nothing
    by = np.lexsort((place[rater], item))
    item, rater = item[by], rater[by]
    chances = np.cumsum(np.moveaxis(made.tables, 2, 1), axis=2)
    priors = np.cumsum(made.prior)
    null = np.empty((REPLICATES, len(a)))
    at = None
    for n in range(REPLICATES):
        truth = np.minimum((rng.random(len(votes.items))[:, None] > priors).sum(1), n_labels - 1)
        label = np.minimum((rng.random(len(item))[:, None] > chances[rater, truth[item]]).sum(1), n_labels - 1)
        given = sparse.coo_array((np.ones(len(item)), (item, rater * n_labels + label)), shape=votes.given.shape)
        again = Votes(votes.items, votes.raters, votes.labels, given.tocsr())
        fitted = iterate(again, model, again.shares, None, ROUNDS, 1e-3)
        first, second, n_shared, same = agreements(again.given, n_raters)
        if at is None:
            at = np.searchsorted(first * n_raters + second, a * n_raters + b)
        null[n] = same[at] - n_shared[at] * agreement_chance(fitted.tables, fitted.prior, a, b)
    middle, spread = null.mean(0), np.maximum(null.std(0, ddof=1), 0.05 * np.sqrt(shared))
    z = (excess - middle) / spread
    largest = np.sort(((null - middle) / spread).max(1))
    above = REPLICATES - np.searchsorted(largest, z - 1e-9, side="left")
    return z, (above + 1) / (REPLICATES + 1), shared * agreement_chance(made.tables, made.prior, a, b) + middle


def _pairs(
    votes: Votes, a: np.ndarray, b: np.ndarray, shared: Array, same: Array, expected: Array, z: Array, p: Array
) -> pd.DataFrame:
    """The table of pairs, largest excess first."""
    names = np.array([*votes.raters], dtype=object)
    n = np.maximum(shared, 1)
    low, high = wilson(same, n)
    columns = {"rater_a": names[a], "rater_b": names[b], "n_shared": shared.astype(int), "agreement": same / n}
    table = pd.DataFrame(columns | {"low": low, "high": high, "expected": expected / n, "z": z, "p_value": p})
    order = np.lexsort((b, a, -z)) if len(a) else np.arange(0)
    table = table.iloc[order].reset_index(drop=True)
    alone = [same_alone(votes, int(x), int(y)) for x, y in zip(a[order[:LISTED]], b[order[:LISTED]], strict=True)]
    table["same_alone"] = pd.Series(alone, dtype=float).reindex(table.index)
    return table


def same_alone(votes: Votes, a: int, b: int) -> float:
    """Where the others prefer another label than a's, how often b gives a's label; missing if never."""
    both = np.intersect1d(votes.of(a)[0], votes.of(b)[0])
    mine, yours = _labels_on(votes, a, both), _labels_on(votes, b, both)
    others = votes.tally[both] - mine - yours
    label, rows = mine.argmax(1), np.arange(len(both))
    alone = others.max(1, initial=0) > others[rows, label]
    if not alone.any():
        return float("nan")
    return float((yours.argmax(1) == label)[alone].mean())


def _labels_on(votes: Votes, rater: int, items: np.ndarray) -> Array:
    """A rater's labels on some items, items by labels."""
    item, label, times = votes.of(rater)
    at = np.minimum(np.searchsorted(items, item), len(items) - 1)
    there = items[at] == item
    made = np.zeros((len(items), len(votes.labels)))
    made[at[there], label[there]] = times[there]
    return made


def _cautions(table: pd.DataFrame, overall: float) -> tuple[Caution, ...]:
    """What the test says in words; names nobody."""
    if overall >= ALPHA:
        return ()
    pairs = int((table["p_value"] < ALPHA).sum())
    text = (
        f"In {counted(pairs, 'pair')} the two raters agree more than independent raters would (p = {overall:.2g}): "
        "they may copy or share a habit, or items differ in difficulty. The probabilities are then too sure, and "
        "raters who copy each other outvote the rest; set them aside and compare."
    )
    return (Caution("dependence", text),)
