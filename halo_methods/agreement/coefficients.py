"""The coefficients as their papers give them, on arrays of counts.

Every coefficient here is a smooth function of sums over units (an item in one
round): ``sums`` turns the label counts of a unit into its terms, ``value``
turns totals of terms into the coefficient. Bootstraps and jackknives then
re-weight totals and never touch a judgment.

In all of it a unit has counts n_k (raters who gave label k), m = sum of n_k.

Below them: from counts to totals, the totals without each rater, and Gwet's influences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from ..judgments import CountedJudgments, Judgments
from ..judgments.counts import Moments, patterns, rater_patterns
from ..stats.totals import Totals, totals_without
from .agreement_weights import MOST_CATEGORIES, Array, Weights, agreement_weights, distances, few_enough, with_weights

_STEP = 1e-5


@dataclass(frozen=True)
class Coefficient:
    """A coefficient in two steps.

    Attributes
    ----------
    name : str
        As the literature calls it.
    sums : callable
        Counts (..., q) to terms (..., t); term 0 is 1 for a unit with at least two judgments.
    value : callable
        Totals (..., t) to the coefficient (...), nan where it is undefined.
    lowest : float
        The least value it can take.
    pairable : callable, optional
        Krippendorff's alpha only: totals to the number of judgments used, n.
    paired_only : bool
        Whether units judged once are left out.
    moments_of : {"", "ordinal", "interval"}
        For labels of many values: whether ``sums`` takes moments of labels, or of their ranks, in place of counts.
    """

    name: str
    sums: Callable[[Array], Array]
    value: Callable[[Array], Array]
    lowest: float = -1.0
    pairable: Callable[[Array], Array] | None = None
    paired_only: bool = False
    moments_of: str = ""


def _ratio(top: Array, bottom: Array) -> Array:
    """top / bottom, nan where the bottom vanishes."""
    bottom = np.asarray(bottom, dtype=float)
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=np.abs(bottom) > 1e-12)


def pairwise_agreement(counts: Array, weights: Array) -> Array:
    """Share of a unit's rater pairs that agree, in weights: sum_k n_k (n*_k - 1) / (m (m - 1)); 0 where m < 2.

    Examples
    --------
    >>> pairwise_agreement(np.array([[2., 1.]]), np.eye(2)).round(3)
    array([0.333])
    """
    m = counts.sum(-1)
    agreeing = (counts * (counts @ weights)).sum(-1) - m
    return np.divide(agreeing, m * (m - 1), out=np.zeros(m.shape), where=m > 1)


def percent_agreement(labels: Sequence[object], weights: Weights = "identity") -> Coefficient:
    """Mean over units of the share of agreeing pairs."""
    w = agreement_weights(weights, labels)

    def sums(counts: Array) -> Array:
        return np.stack([(counts.sum(-1) > 1).astype(float), pairwise_agreement(counts, w)], -1)

    name = with_weights("percent agreement", weights)
    return Coefficient(name, sums, lambda t: _ratio(t[..., 1], t[..., 0]), 0.0, paired_only=True)


def specific_agreement(label: object) -> Coefficient:
    """Of the other raters of an item to which a rater gave the label, the share that gave it too.

    On counts (..., 2) of the label and of the rest: sum n (n - 1) / (m - 1) over sum n, units with m > 1.

    Examples
    --------
    >>> rare = specific_agreement("rare")
    >>> float(rare.value(rare.sums(np.array([[2., 0], [1, 1], [0, 2]])).sum(0))).__round__(3)
    0.667
    """

    def sums(counts: Array) -> Array:
        n, m = counts[..., 0], counts.sum(-1)
        paired = (m > 1).astype(float)
        same = np.divide(n * (n - 1), m - 1, out=np.zeros(m.shape), where=m > 1)
        return np.stack([paired, same, n * paired], -1)

    name = f"specific agreement on {label!r}"
    return Coefficient(name, sums, lambda t: _ratio(t[..., 1], t[..., 2]), 0.0, paired_only=True)


Chance = Literal["fleiss", "gwet", "uniform"]


def expected_agreement(chance: Chance, prevalence: Array, weights: Array) -> Array:
    """Agreement by chance, from the prevalence of labels (..., q).

    Fleiss: sum_kl w_kl p_k p_l. Gwet: sum of w / (q (q - 1)) times sum_k p_k (1 - p_k).
    Uniform (Brennan-Prediger): sum of w / q^2.

    Examples
    --------
    >>> p = np.array([.9, .1])
    >>> [round(float(expected_agreement(c, p, np.eye(2))), 2) for c in ("fleiss", "gwet", "uniform")]
    [0.82, 0.18, 0.5]
    """
    q = weights.shape[0]
    if chance == "fleiss":
        return ((prevalence @ weights) * prevalence).sum(-1)
    if chance == "gwet":
        return weights.sum() / max(q * (q - 1), 1) * (prevalence * (1 - prevalence)).sum(-1)
    return np.full(prevalence.shape[:-1], weights.sum() / q**2)


def chance_corrected(name: str, labels: Sequence[object], chance: Chance, weights: Weights = "identity") -> Coefficient:
    """(p_a - p_e) / (1 - p_e), Gwet's form for any number of raters and missing cells.

    p_a averages over units with two or more judgments; the prevalence of labels
    averages each unit's shares over all units.
    """
    w = agreement_weights(weights, labels)

    def sums(counts: Array) -> Array:
        m = counts.sum(-1)
        shares = np.divide(counts, m[..., None], out=np.zeros(counts.shape), where=m[..., None] > 0)
        head = np.stack([(m > 1).astype(float), pairwise_agreement(counts, w)], -1)
        return np.concatenate([head, shares], -1)

    def value(totals: Array) -> Array:
        observed = _ratio(totals[..., 1], totals[..., 0])
        prevalence = _ratio(totals[..., 2:], totals[..., 2:].sum(-1, keepdims=True))
        chance_level = expected_agreement(chance, prevalence, w)
        return _ratio(observed - chance_level, 1 - chance_level)

    most = w.sum() / len(labels) ** 2
    return Coefficient(name, sums, value, min(-1.0, -most / (1 - most)) if most < 1 else -1.0)


def krippendorff(level: str, labels: Sequence[object]) -> Coefficient:
    """Krippendorff's alpha: 1 - (n - 1) D / sum_kl n_k n_l d_kl over units with two or more judgments.

    D adds up sum_kl n_k n_l d_kl / (m - 1) by unit; n_k and n are totals over those units.
    """
    if level == "ordinal":
        return _krippendorff_ordinal(len(labels))
    return krippendorff_from_distances(level, distances(level, labels))


def krippendorff_from_distances(name: str, d: Array) -> Coefficient:
    """Alpha for any table of distances (q, q), 0 on the diagonal."""

    def sums(counts: Array) -> Array:
        m = counts.sum(-1)
        apart = (counts * (counts @ d)).sum(-1)
        paired = (m > 1).astype(float)
        within = np.divide(apart, m - 1, out=np.zeros(m.shape), where=m > 1)
        return np.concatenate([np.stack([paired, within], -1), counts * paired[..., None]], -1)

    def value(totals: Array) -> Array:
        used = totals[..., 2:]
        expected = ((used @ d) * used).sum(-1)
        return 1 - _ratio((used.sum(-1) - 1) * totals[..., 1], expected)

    return Coefficient(f"Krippendorff's alpha ({name})", sums, value, -1.0, lambda t: t[..., 2:].sum(-1), True)


def _krippendorff_ordinal(q: int) -> Coefficient:
    """The ordinal distance is the squared difference of mid-ranks, so coincidences are kept whole."""

    def sums(counts: Array) -> Array:
        m = counts.sum(-1)
        paired = (m > 1).astype(float)
        scale = np.divide(paired, m - 1, out=np.zeros(m.shape), where=m > 1)
        pairs = counts[..., :, None] * counts[..., None, :] * scale[..., None, None]
        used, pairs = counts * paired[..., None], pairs.reshape(*counts.shape[:-1], q * q)
        return np.concatenate([paired[..., None], used, pairs], -1)

    def value(totals: Array) -> Array:
        used, pairs = totals[..., 1 : q + 1], totals[..., q + 1 :].reshape(*totals.shape[:-1], q, q)
        n = used.sum(-1)
        rank = (np.cumsum(used, -1) - used / 2) / np.where(n > 0, n, 1)[..., None]
        cross = ((pairs @ rank[..., None])[..., 0] * rank).sum(-1)
        within = 2 * ((pairs.sum(-1) * rank**2).sum(-1) - cross)
        expected = 2 * (n * (used * rank**2).sum(-1) - (used * rank).sum(-1) ** 2)
        return 1 - _ratio((n - 1) * within, np.where(expected > 1e-9 * n**2 / 4, expected, 0))

    return Coefficient("Krippendorff's alpha (ordinal)", sums, value, -1.0, lambda t: t[..., 1 : q + 1].sum(-1), True)


def krippendorff_from_moments(level: str = "interval") -> Coefficient:
    """Alpha from each unit's count, sum and sum of squares (..., 3) of labels, at interval level, or of their ranks.

    Exact for any number of distinct values; centre the labels first.
    """

    def sums(moments: Array) -> Array:
        m, s, ss = moments[..., 0], moments[..., 1], moments[..., 2]
        paired = (m > 1).astype(float)
        within = np.divide(2 * (m * ss - s**2), m - 1, out=np.zeros(m.shape), where=m > 1)
        return np.stack([paired, within, m * paired, s * paired, ss * paired], -1)

    def value(totals: Array) -> Array:
        n, s, ss = totals[..., 2], totals[..., 3], totals[..., 4]
        expected = 2 * (n * ss - s**2)
        return 1 - _ratio((n - 1) * totals[..., 1], np.where(expected > 1e-12 * n * ss, expected, 0))

    return Coefficient(f"Krippendorff's alpha ({level})", sums, value, -1.0, lambda t: t[..., 2], True, level)


def cohen(labels: Sequence[object], weights: Weights = "identity") -> Coefficient:
    """Cohen's kappa from the cells (..., q * q) of a two-rater table: 1 - sum v o / sum v e, v = 1 - w."""
    few_enough(labels, MOST_CATEGORIES)
    return kappa_from_disagreement(1 - agreement_weights(weights, labels), with_weights("Cohen's kappa", weights))


def kappa_from_disagreement(disagreement: Array, name: str = "Cohen's kappa") -> Coefficient:
    """Cohen's (weighted) kappa with any disagreement weights, 0 on the diagonal.

    References
    ----------
    Cohen (1960, 1968).

    Examples
    --------
    >>> table = np.array([[88., 14, 18], [10, 40, 10], [2, 6, 12]])
    >>> kappa = kappa_from_disagreement(np.array([[0., 1, 3], [1, 0, 6], [3, 6, 0]]))
    >>> round(float(kappa.value(kappa.sums(table.ravel()))), 3)
    0.348
    """
    q = disagreement.shape[0]

    def value(cells: Array) -> Array:
        table = cells.reshape(*cells.shape[:-1], q, q)
        rows, columns, n = table.sum(-1), table.sum(-2), cells.sum(-1)
        expected = ((rows @ disagreement) * columns).sum(-1)
        return 1 - _ratio(n * (table * disagreement).sum((-1, -2)), expected)

    return Coefficient(name, lambda cells: np.asarray(cells, dtype=float), value)


def pair_totals(table: Array, coefficient: Coefficient) -> Totals:
    """Totals of a two-rater table: its cells are the patterns, and the two raters stay."""
    q = len(table)
    cells, units = table.ravel(), np.eye(q * q)
    used = np.flatnonzero(table.sum(0) + table.sum(1))
    agree = np.diag(np.diag(table)).ravel()
    best = agree / agree.sum() if agree.any() else units[used[0] * (q + 1)]
    apart, nobody, kept = units[used[0] * q + used[-1]], np.zeros((0, q * q)), cells > 0
    value, lowest = coefficient.value, coefficient.lowest
    return Totals(units[kept], cells[kept], value, lambda: nobody, nobody, np.zeros(0), best, apart, lowest)


def pattern_totals(j: Judgments | CountedJudgments, coefficient: Coefficient) -> Totals:
    """Totals from pattern counts; a rater's removal takes one label out of each unit the rater judged."""
    counted = patterns(j)
    table, frequency = counted.table.astype(float), counted.frequency.astype(float)
    terms = coefficient.sums(table)
    frequency = frequency * (table.sum(1) > coefficient.paired_only)
    pattern, label = np.nonzero(table)
    row = np.zeros(table.shape, dtype=int)
    row[pattern, label] = np.arange(len(pattern))
    change = coefficient.sums(table[pattern] - np.eye(table.shape[1])[label]) - terms[pattern]
    times = frequency[pattern] * table[pattern, label]

    def without() -> Array:
        by_rater = rater_patterns(j)
        count = by_rater.count.astype(float) * (frequency[by_rater.pattern] > 0)
        done = row[by_rater.pattern, by_rater.label]
        return totals_without(frequency @ terms, change, by_rater.rater, done, count, len(by_rater.raters))

    # Two raters who agree on the most common label, and two as far apart as can be.
    used, two = frequency @ table, np.eye(table.shape[1])
    ends = np.flatnonzero(used) if (used > 0).sum() > 1 else [0, -1]
    best, worst = coefficient.sums(2 * two[int(np.argmax(used))]), coefficient.sums(two[ends[0]] + two[ends[-1]])
    kept, value, lowest = frequency > 0, coefficient.value, coefficient.lowest
    return Totals(terms[kept], frequency[kept], value, without, change, times, best, worst, lowest)


def moment_totals(counted: Moments, coefficient: Coefficient) -> Totals:
    """Totals from count, sum and sum of squares of centred labels, or of their mid-ranks."""
    rater, unit, value, n = counted.rater, counted.unit, counted.value, counted.n.astype(float)
    if coefficient.moments_of == "ordinal":
        distinct, times = np.unique(value[n[unit] > 1], return_counts=True)
        middle = np.cumsum(times) - times / 2
        value = middle[np.clip(np.searchsorted(distinct, value), 0, len(distinct) - 1)]
    value = (value - value.mean()) / (value.std() or 1)
    each = np.stack([np.ones(len(value)), value, value**2], -1)
    judged = np.stack([np.bincount(unit, column, len(n)) for column in each.T], -1, dtype=np.float64)
    terms = coefficient.sums(judged)
    less = coefficient.sums(judged[unit] - each) - terms[unit]
    kept, count = terms[n > 1], (n > 1)[unit].astype(float)

    def without() -> Array:
        return totals_without(kept.sum(0), less, rater, np.arange(len(value)), count, len(counted.raters))

    low, high = value.min(), value.max()
    best, worst = (coefficient.sums(np.array(m)) for m in ([2.0, 0, 0], [2.0, low + high, low**2 + high**2]))
    ones = np.ones(len(kept))
    return Totals(kept, ones, coefficient.value, without, less, count, best, worst, coefficient.lowest)


def influence(totals: Totals, coefficient: Coefficient, all_paired: bool = False) -> Array:
    """What one unit of each pattern contributes to the coefficient, less the coefficient (P,).

    The derivative of the coefficient in the direction of a unit's terms, times the
    number of units. Gwet holds the share of units with two judgments or more fixed,
    which adds value x (units / such units, where the unit is one, else 0, - 1). For
    alpha he takes the derivative without Krippendorff's small-sample term, and keeps
    that term where judgments a unit differ in number: - (1 - alpha) / (n - 1) x (m / mean m - 1).
    """

    def value(t: Array) -> Array:
        made = coefficient.value(t)
        if coefficient.pairable is None:
            return made
        n = coefficient.pairable(t)
        return np.asarray(1 - (1 - made) * n / (n - 1))

    n, total = totals.n_units, totals.total
    step = _STEP * n
    moved = (value(total + step * totals.terms) - value(total - step * totals.terms)) / (2 * step)
    if all_paired:
        return np.asarray(n * moved)
    if coefficient.pairable is not None:
        m = coefficient.pairable(totals.terms)
        judged = float(totals.frequency @ m)
        uneven = m * n / judged - 1
        return np.asarray(n * moved - (1 - totals.estimate) / (judged - 1) * uneven)
    return np.asarray(n * moved + totals.estimate * (n * totals.terms[:, 0] / total[0] - 1))


def standard_error(totals: Totals, coefficient: Coefficient, all_paired: bool = False) -> float:
    """Root of the sum of squared influences over n (n - 1).

    Examples
    --------
    >>> table = np.array([[2., 0], [1, 1], [0, 2]])
    >>> ac1 = chance_corrected("AC1", ["a", "b"], "gwet")
    >>> none = np.zeros((0, 4))
    >>> made = (lambda: none, none, np.zeros(0), table, table, -1)
    >>> totals = Totals(ac1.sums(table), np.array([40., 10, 50]), ac1.value, *made)
    >>> round(standard_error(totals, ac1), 4)
    0.06
    """
    n = totals.n_units
    if n < 2:
        return 0.0
    moved = influence(totals, coefficient, all_paired)
    return float(np.sqrt(totals.frequency @ moved**2 / (n * (n - 1))))
