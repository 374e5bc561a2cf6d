"""From counts to totals: the terms of each pattern, and the totals without each rater."""

import numpy as np

from ..judgments import Judgments
from ..judgments.counts import Moments, patterns, rater_patterns
from .coefficients import Coefficient
from .intervals import Totals
from .jackknife import totals_without
from .weights import Array


def pair_totals(table: Array, coefficient: Coefficient) -> Totals:
    """Totals of a two-rater table: its cells are the patterns, and the two raters stay."""
    q = len(table)
    cells = table.ravel()
    used = np.flatnonzero(table.sum(0) + table.sum(1))
    agree, apart = np.diag(np.diag(table)).ravel(), np.zeros((q, q))
    apart[used[0], used[-1]] = 1
    best = agree / agree.sum() if agree.any() else np.eye(q * q)[used[0] * (q + 1)]
    kept = cells > 0
    nobody = np.zeros((0, q * q))
    return Totals(
        np.eye(q * q)[kept], cells[kept], coefficient.value, lambda: nobody, nobody, np.zeros(0), best, apart.ravel(),
        coefficient.lowest,
    )  # fmt: skip


def pattern_totals(j: Judgments, coefficient: Coefficient, paired_only: bool = False) -> Totals:
    """Totals from pattern counts; a rater's removal takes one label out of each unit the rater judged."""
    counted = patterns(j)
    table = counted.table.astype(float)
    terms = coefficient.sums(table)
    frequency = counted.frequency.astype(float)
    if paired_only:
        frequency = frequency * (table.sum(1) > 1)

    row = np.full(table.shape, -1)
    pattern, label = np.nonzero(table)
    row[pattern, label] = np.arange(len(pattern))
    less = table[pattern]
    less[np.arange(len(pattern)), label] -= 1
    change = coefficient.sums(less) - terms[pattern]
    times = frequency[pattern] * table[pattern, label]

    def without() -> Array:
        by_rater = rater_patterns(j)
        count = by_rater.count * (frequency[by_rater.pattern] > 0).astype(float)
        done = row[by_rater.pattern, by_rater.label]
        return totals_without(frequency @ terms, change, by_rater.rater, done, count, len(by_rater.raters))

    kept = frequency > 0
    best, worst = _extremes(frequency @ table, coefficient)
    return Totals(
        terms[kept], frequency[kept], coefficient.value, without, change, times, best, worst, coefficient.lowest
    )


def _extremes(used: Array, coefficient: Coefficient) -> tuple[Array, Array]:
    """Terms of two raters agreeing on the most common label, and of two as far apart as can be."""
    q = len(used)
    agree, apart = np.zeros(q), np.zeros(q)
    agree[int(np.argmax(used))] = 2
    ends = np.flatnonzero(used)
    low, high = (int(ends[0]), int(ends[-1])) if len(ends) > 1 else (0, q - 1)
    apart[low] += 1
    apart[high] += 1
    return coefficient.sums(agree), coefficient.sums(apart)


def moment_totals(counted: Moments, coefficient: Coefficient, ranks: bool = False) -> Totals:
    """Totals from count, sum and sum of squares of centred labels, or of their mid-ranks."""
    rater, unit, value = counted.rater, counted.unit, counted.value
    units = len(counted.n)
    if ranks:
        used = counted.n[unit] > 1
        distinct, times = np.unique(value[used], return_counts=True)
        middle = np.cumsum(times) - times / 2
        value = middle[np.clip(np.searchsorted(distinct, value), 0, len(distinct) - 1)]
    spread = value.std()
    value = (value - value.mean()) / (spread if spread > 0 else 1)
    n = counted.n.astype(float)
    s, ss = np.bincount(unit, value, units), np.bincount(unit, value**2, units)
    moments = np.stack([n, s, ss], -1)
    terms = coefficient.sums(moments)
    judged = moments[unit]
    less = coefficient.sums(judged - np.stack([np.ones(len(value)), value, value**2], -1)) - terms[unit]
    paired = n > 1
    kept = terms[paired]

    count = paired[unit].astype(float)

    def without() -> Array:
        return totals_without(kept.sum(0), less, rater, np.arange(len(value)), count, len(counted.raters))

    low, high = value.min(), value.max()
    best, worst = np.array([2.0, 0, 0]), np.array([2.0, low + high, low**2 + high**2])
    ones = np.ones(len(kept))
    best, worst = coefficient.sums(best), coefficient.sums(worst)
    return Totals(kept, ones, coefficient.value, without, less, count, best, worst, coefficient.lowest)
