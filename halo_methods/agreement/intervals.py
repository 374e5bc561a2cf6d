"""Intervals for a function of totals: over items, over raters, over both."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy import stats

from ..results import readable
from .jackknife import (
    degrees_of_freedom,
    jackknife_variance,
    leave_one_unit_out,
    rater_degrees_of_freedom,
    satterthwaite,
    third_cumulant,
)
from .weights import Array

Value = Callable[[Array], Array]


@dataclass(frozen=True)
class Totals:
    """Terms by unit pattern, and what removing a rater or a judgment takes away.

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
    change, times : numpy.ndarray
        L x t and L: the terms of a unit after one of its judgments is taken out, minus
        before, and how many judgments of this kind there are.
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
    change: Array
    times: Array
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
        low, high = min(max(self.low, lowest), value), max(min(self.high, 1.0), value)
        return Interval(low, high, self.how, self.cautions)


_BOOTSTRAP_CELLS = 40_000_000


def over_items(totals: Totals, confidence: float, replicates: int, seed: int) -> Interval:
    """Interval if units are drawn anew and the raters stay.

    The bias-corrected and accelerated bootstrap (Efron 1987), resampling unit
    patterns; the acceleration is the skewness of the leave-one-out values. Its
    levels are widened as Hesterberg (2015) does, from the normal to the t
    distribution, here with the degrees of freedom that the leave-one-out values
    support. Where patterns times replicates exceed 40 million draws, the
    jackknife on the logit scale takes its place.
    """
    left_out = leave_one_unit_out(totals)
    variance = jackknife_variance(left_out, totals.frequency)
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    if len(totals.frequency) * replicates > _BOOTSTRAP_CELLS:
        df, third = degrees_of_freedom(left_out, totals.frequency), third_cumulant(left_out, totals.frequency)
        ends = logit_interval(totals.estimate, variance, df, confidence, totals.lowest, third)
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
    """The two quantiles of the replicates that the widened BCa takes in place of the tails."""
    below = ((made < totals.estimate).mean() + (made <= totals.estimate).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 0.5 / len(made), 1 - 0.5 / len(made)))
    defined = np.isfinite(left_out)
    f, x = totals.frequency[defined], left_out[defined]
    gap = f @ x / f.sum() - x
    acceleration = (f @ gap**3) / (6 * (f @ gap**2) ** 1.5)
    n = float(f.sum())
    reach = float(stats.t.ppf((1 + confidence) / 2, degrees_of_freedom(x, f))) * (n / (n - 1)) ** 0.5
    z = bias + np.array([-reach, reach])
    levels: Array = stats.norm.cdf(bias + z / np.maximum(1 - acceleration * z, 1e-3))
    return levels


def logit_interval(
    estimate: float, variance: float, df: float, confidence: float, lowest: float = -1.0, third: float = 0.0
) -> tuple[float, float]:
    """A t interval on the logit of where the coefficient lies between its least value and 1, turned back.

    With a least value of -1 that is Fisher's z. The interval never leaves the
    range and is longer towards its middle. With a third cumulant of the estimate
    it is shifted by Johnson's (1978) term for skewness, at most half its reach.

    Examples
    --------
    >>> [round(x, 3) for x in logit_interval(.8, .0025, 1e6, .95)]
    [0.679, 0.879]
    """
    t = float(stats.t.ppf((1 + confidence) / 2, df))
    z = float(stats.norm.ppf((1 + confidence) / 2))
    shift = third / variance**1.5 * (1 + 2 * z**2) / 6
    shift = min(max(shift, -t / 2), t / 2)
    place = min(max((estimate - lowest) / (1 - lowest), 1e-12), 1 - 1e-12)
    middle = np.log(place / (1 - place))
    step = variance**0.5 / (1 - lowest) / (place * (1 - place))
    ends = 1 / (1 + np.exp(-np.clip(middle + step * np.array([shift - t, shift + t]), -500, 500)))
    low, high = (lowest + (1 - lowest) * float(end) for end in ends)
    return low, high


def over_raters(totals: Totals, confidence: float) -> Interval:
    """Interval if raters are drawn anew and the items stay: delete-one-rater jackknife, t distribution."""
    left_out = totals.value(totals.without)
    variance = jackknife_variance(left_out)
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    df = rater_degrees_of_freedom(int(np.isfinite(left_out).sum()))
    ends = logit_interval(totals.estimate, variance, df, confidence, totals.lowest)
    made = Interval(*ends, f"jackknife over raters, t on {readable(df)} df", undefined_raters(left_out))
    return made.within(totals.lowest, totals.estimate)


def over_both(totals: Totals, confidence: float) -> Interval:
    """Interval if items and raters are drawn anew: the two-way jackknife.

    The delete-one-unit and the delete-one-rater jackknife variances both hold
    the part that belongs to single judgments, so the delete-one-judgment variance
    is taken off their sum (Cameron, Gelbach and Miller 2011); the variance is
    never below that over items. A t interval on the logit scale, with
    Satterthwaite's degrees of freedom and Johnson's correction for the skewness
    over items. Simulated coverage: benchmarks/results/coverage_agreement.csv.
    """
    by_item = leave_one_unit_out(totals)
    items = jackknife_variance(by_item, totals.frequency)
    left_out = totals.value(totals.without)
    raters = jackknife_variance(left_out)
    single = jackknife_variance(totals.value(totals.total + totals.change), totals.times)
    variance = max(items + raters - single, items)
    if not variance > 1e-18:
        return no_spread(totals, confidence)
    of_raters = min(raters, variance)
    df_items = degrees_of_freedom(by_item, totals.frequency)
    df_raters = rater_degrees_of_freedom(int(np.isfinite(left_out).sum()))
    df = satterthwaite(variance - of_raters, df_items, of_raters, df_raters)
    third = third_cumulant(by_item, totals.frequency)
    ends = logit_interval(totals.estimate, variance, df, confidence, totals.lowest, third)
    made = Interval(*ends, f"two-way jackknife, t on {readable(df)} df", undefined_raters(left_out))
    return made.within(totals.lowest, totals.estimate)


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
    if high - low < 1e-12:  # nothing worse, or better, among the labels given
        low, high = low - share * (low - totals.lowest), high + share * (1 - high)
    caution = (f"All {n:,} items look alike, so no spread can be seen: the interval is what as many items without an "
               f"exception leave room for (up to {100 * share:.2g}% exceptions), with these raters only.")  # fmt: skip
    return Interval(low, high, "rule of three over items", (caution,)).within(totals.lowest, totals.estimate)
