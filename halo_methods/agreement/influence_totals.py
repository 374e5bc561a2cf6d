"""From counts to totals: the terms of each pattern, the totals without each rater, Gwet's influences."""

import numpy as np

from ..judgments import CountedJudgments, Judgments
from ..judgments.counts import Moments, patterns, rater_patterns
from ..stats.totals import Array, Totals, totals_without
from .coefficients import Coefficient

_STEP = 1e-5


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


def pattern_totals(j: Judgments | CountedJudgments, coefficient: Coefficient, paired_only: bool = False) -> Totals:
    """Totals from pattern counts; a rater's removal takes one label out of each unit the rater judged."""
    counted = patterns(j)
    table, frequency = counted.table.astype(float), counted.frequency.astype(float)
    terms = coefficient.sums(table)
    if paired_only:
        frequency = frequency * (table.sum(1) > 1)
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


def moment_totals(counted: Moments, coefficient: Coefficient, ranks: bool = False) -> Totals:
    """Totals from count, sum and sum of squares of centred labels, or of their mid-ranks."""
    rater, unit, value, n = counted.rater, counted.unit, counted.value, counted.n.astype(float)
    if ranks:
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
    >>> from .coefficients import chance_corrected
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
