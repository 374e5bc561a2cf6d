"""Intervals for a function of totals: over items, over raters, over both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import sparse, stats

from ..judgments.coding import Ints
from .weights import Array

Value = Callable[[Array], Array]


@dataclass(frozen=True)
class Totals:
    """Terms by unit pattern, and what removing each rater takes away.

    Attributes
    ----------
    terms : numpy.ndarray
        P x t, the terms of one unit with this pattern.
    frequency : numpy.ndarray
        P, how many units show the pattern.
    value : callable
        Totals (..., t) to the coefficient (...), nan where undefined.
    removal : callable
        Makes `without`, R x t: the totals when a rater's judgments are removed.
    best, worst : numpy.ndarray
        Terms of a unit on which two raters agree, and of one on which they are
        as far apart as the labels allow.
    lowest : float
        The least value the coefficient can take.
    """

    terms: Array
    frequency: Array
    value: Value
    removal: Callable[[], Array]
    best: Array
    worst: Array
    lowest: float

    @cached_property
    def total(self) -> Array:
        return self.frequency @ self.terms

    @property
    def n_units(self) -> int:
        return int(self.frequency.sum())

    @cached_property
    def without(self) -> Array:
        return self.removal()

    @cached_property
    def estimate(self) -> float:
        return float(self.value(self.total))


def totals_without(total: Array, change: Array, rater: Ints, row: Ints, count: Array, n_raters: int) -> Array:
    """Totals with each rater removed: total + sum over what the rater did of count x change.

    Parameters
    ----------
    total : (t,) totals over all units.
    change : (L, t) terms of a unit after one judgment is taken out, minus before.
    rater, row, count : (M,) how often (count) a rater made the judgment in `row` of change.
    """
    did = sparse.csr_matrix((count.astype(float), (rater, row)), shape=(n_raters, len(change)))
    return total + did @ change


def jackknife_variance(leave_one_out: Array, multiplicity: Array | None = None) -> float:
    """Tukey's (n - 1) / n times the sum of squares of the leave-one-out values about their mean.

    Examples
    --------
    >>> x = np.array([1., 2., 4.])
    >>> round(jackknife_variance((x.sum() - x) / 2), 6), round(float(x.var(ddof=1)) / 3, 6)
    (0.777778, 0.777778)
    """
    times = np.ones(len(leave_one_out)) if multiplicity is None else multiplicity
    defined = np.isfinite(leave_one_out)
    x, f = leave_one_out[defined], times[defined]
    n = f.sum()
    if n < 2:
        return float("nan")
    return float((n - 1) / n * (f @ (x - f @ x / n) ** 2))


def leave_one_unit_out(totals: Totals) -> Array:
    """The coefficient without one unit of each pattern (P,)."""
    return totals.value(totals.total - totals.terms)


def bootstrap(totals: Totals, replicates: int, seed: int) -> Array:
    """The coefficient in resamples of units: multinomial draws over patterns, nan where undefined."""
    rng = np.random.default_rng(seed)
    share = totals.frequency / totals.frequency.sum()
    made = []
    step = max(1, int(4e6 / len(share)))
    for start in range(0, replicates, step):
        drawn = rng.multinomial(totals.n_units, share, size=min(step, replicates - start))
        made.append(totals.value(drawn @ totals.terms))
    return np.concatenate(made)


@dataclass(frozen=True)
class Interval:
    """Two ends, how they were made, and what to beware of."""

    low: float
    high: float
    how: str
    cautions: tuple[str, ...] = ()

    def within(self, lowest: float, value: float) -> "Interval":
        """Clipped to the coefficient's range, and holding the estimate."""
        low, high = max(min(self.low, value), lowest), min(max(self.high, value), 1.0)
        return Interval(low, high, self.how, self.cautions)


_BOOTSTRAP_CELLS = 40_000_000
FEW_ITEMS = 50


def over_items(totals: Totals, confidence: float, replicates: int, seed: int) -> Interval:
    """Interval if units are drawn anew and the raters stay.

    The bias-corrected and accelerated bootstrap (Efron 1987), resampling unit
    patterns; the acceleration is the skewness of the leave-one-out values. Where
    patterns times replicates exceed 40 million draws, the jackknife on the
    log(1 - coefficient) scale takes its place.
    """
    left_out = leave_one_unit_out(totals)
    variance = jackknife_variance(left_out, totals.frequency)
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    if len(totals.frequency) * replicates > _BOOTSTRAP_CELLS:
        ends = log_interval(totals.estimate, variance, totals.n_units - 1, confidence)
        return Interval(*ends, "jackknife over items").within(totals.lowest, totals.estimate)
    drawn = bootstrap(totals, replicates, seed)
    made = drawn[np.isfinite(drawn)]
    lost = replicates - len(made)
    cautions: tuple[str, ...] = ()
    if lost:
        cautions = (
            f"In {lost:,} of {replicates:,} resamples of items the coefficient was undefined; they are left out.",
        )
    if len(made) < replicates / 2:
        vacuous = "Most resamples of items leave the coefficient undefined: the interval is its whole range."
        return Interval(totals.lowest, 1.0, "whole range", (vacuous,))
    low, high = np.quantile(made, accelerated_levels(made, totals, left_out, confidence))
    how = f"bootstrap over items (BCa, {replicates:,} replicates)"
    return Interval(float(low), float(high), how, cautions).within(totals.lowest, totals.estimate)


def accelerated_levels(made: Array, totals: Totals, left_out: Array, confidence: float) -> Array:
    """The two quantiles of the replicates that BCa takes in place of the tails."""
    below = ((made < totals.estimate).mean() + (made <= totals.estimate).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 0.5 / len(made), 1 - 0.5 / len(made)))
    defined = np.isfinite(left_out)
    f, x = totals.frequency[defined], left_out[defined]
    gap = f @ x / f.sum() - x
    acceleration = (f @ gap**3) / (6 * (f @ gap**2) ** 1.5)
    z = bias + stats.norm.ppf([(1 - confidence) / 2, (1 + confidence) / 2])
    levels: Array = stats.norm.cdf(bias + z / (1 - acceleration * z))
    return levels


def log_interval(
    estimate: float, variance: float, df: float, confidence: float, third: float = 0.0
) -> tuple[float, float]:
    """A t interval on log(1 - coefficient), turned back: it never passes 1 and is longer downwards.

    With a third cumulant of the estimate the interval is shifted by Johnson's
    (1978) term for skewness, at most half the reach either way.

    Examples
    --------
    >>> [round(x, 3) for x in log_interval(.8, .0025, 1e6, .95)]
    [0.674, 0.877]
    """
    t = float(stats.t.ppf((1 + confidence) / 2, df))
    shift = -third / variance**1.5 * (1 + 2 * t**2) / 6
    shift = min(max(shift, -t / 2), t / 2)
    step = variance**0.5 / max(1 - estimate, 1e-12)
    low, high = (1 - (1 - estimate) * float(np.exp(min(step * x, 500.0))) for x in (shift + t, shift - t))
    return low, high


def third_cumulant(leave_one_out: Array, multiplicity: Array) -> float:
    """The jackknife's third cumulant of an estimate: sum of cubes of the influences ((n - 1) / n)(mean - value).

    Examples
    --------
    >>> x = np.array([0., 0, 0, 4])
    >>> round(third_cumulant((x.sum() - x) / 3, np.ones(4)), 4), round(float(((x - 1) ** 3).sum()) / 64, 4)
    (0.375, 0.375)
    """
    defined = np.isfinite(leave_one_out)
    x, f = leave_one_out[defined], multiplicity[defined]
    n = f.sum()
    return float(((n - 1) / n) ** 3 * (f @ (f @ x / n - x) ** 3))


def over_raters(totals: Totals, confidence: float) -> Interval:
    """Interval if raters are drawn anew and the items stay: delete-one-rater jackknife, t on raters - 1."""
    left_out = totals.value(totals.without)
    variance = jackknife_variance(left_out)
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    defined = int(np.isfinite(left_out).sum())
    ends = log_interval(totals.estimate, variance, defined - 1, confidence)
    made = Interval(*ends, f"jackknife over raters, t on {defined - 1} df", undefined_raters(left_out))
    return made.within(totals.lowest, totals.estimate)


def over_both(totals: Totals, confidence: float) -> Interval:
    """Interval if items and raters are drawn anew: the two-way jackknife.

    The variance is the sum of the delete-one-unit and the delete-one-rater
    jackknife variances. Both hold the item-by-rater part, so the sum errs on the
    wide side. A t interval on log(1 - coefficient), with Satterthwaite's degrees
    of freedom (v_i + v_r)^2 / (v_i^2 / (n - 1) + v_r^2 / (R - 1)) and Johnson's
    correction for the skewness over items.
    Simulated coverage: benchmarks/results/coverage_agreement.csv.
    """
    by_item = leave_one_unit_out(totals)
    items = jackknife_variance(by_item, totals.frequency)
    left_out = totals.value(totals.without)
    raters = jackknife_variance(left_out)
    variance = items + raters
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    n_raters = int(np.isfinite(left_out).sum())
    df = satterthwaite(items, totals.n_units - 1, raters, n_raters - 1)
    ends = log_interval(totals.estimate, variance, df, confidence, third_cumulant(by_item, totals.frequency))
    made = Interval(*ends, f"two-way jackknife, t on {df:.3g} df", undefined_raters(left_out))
    return made.within(totals.lowest, totals.estimate)


def satterthwaite(a: float, df_a: float, b: float, df_b: float) -> float:
    """Degrees of freedom of a sum of two variances.

    Examples
    --------
    >>> satterthwaite(1, 4, 1, 4)
    8.0
    """
    return float((a + b) ** 2 / (a**2 / df_a + b**2 / df_b))


def undefined_raters(left_out: Array) -> tuple[str, ...]:
    """A caution if the coefficient rests on a single rater."""
    lost = int((~np.isfinite(left_out)).sum())
    if not lost:
        return ()
    return (f"Without {'one rater' if lost == 1 else f'any one of {lost:,} raters'} the coefficient is undefined; "
            "the interval is too short by an unknown amount.",)  # fmt: skip


def no_spread(totals: Totals, confidence: float) -> Interval:
    """A bound where every unit looks alike, so that no variance can be seen.

    n units without an exception leave room for a share of 1 - (1 - c)^(1/n)
    exceptions, about 3 / n at 95% (the rule of three). The ends are the
    coefficient with that share of units turned to the worst, and to agreement.
    """
    n = totals.n_units
    if n < 2:
        return Interval(
            totals.lowest, 1.0, "whole range", ("One item has no spread: the interval is the whole range.",)
        )
    share = 1 - (1 - confidence) ** (1 / n)
    ends = [float(totals.value((1 - share) * totals.total + share * n * unit)) for unit in (totals.worst, totals.best)]
    low, high = (end if np.isfinite(end) else totals.estimate for end in ends)
    caution = (f"All {n:,} items look alike, so no spread can be seen: the interval is what as many items without an "
               f"exception leave room for (up to {100 * share:.2g}% exceptions), with these raters only.")  # fmt: skip
    return Interval(low, high, "rule of three over items", (caution,)).within(totals.lowest, totals.estimate)
