"""Intervals for a function of totals: over items, over raters, over both.

A coefficient of agreement is a function of totals of terms over units. Units of
one pattern are counted once, and a removal of a unit, a judgment or a rater is
a change of the totals.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from numpy.typing import ArrayLike, NDArray
from scipy import sparse, stats

from ..results import Caution, Over, readable
from .checks import check_confidence
from .variance import satterthwaite

Array = npt.NDArray[np.float64]


Ints = npt.NDArray[np.int64]


SEEN = 1e-18
FEWEST_UNITS, FEWEST_INFORMATIVE = 10, 4


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
    another : numpy.ndarray
        Terms of a unit on which the usual number of raters give the rarest label.
    shared : int or None
        How many units two raters or more judged, where not all.
    """

    terms: Array
    frequency: Array
    value: Callable[[Array], Array]
    removal: Callable[[], Array]
    change: Array
    times: Array
    best: Array
    worst: Array
    lowest: float
    another: Array
    shared: int | None = None

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


def leave_one_unit_out(totals: Totals) -> Array:
    """The coefficient without one unit of each pattern (P,)."""
    return totals.value(totals.total - totals.terms)


def pattern_variance(leave_one_out: Array, multiplicity: Array | None = None) -> float:
    """Tukey's (n - 1) / n times the sum of squares of the leave-one-out values about their mean.

    Examples
    --------
    >>> x = np.array([1., 2., 4.])
    >>> round(pattern_variance((x.sum() - x) / 2), 6), round(float(x.var(ddof=1)) / 3, 6)
    (0.777778, 0.777778)
    """
    x, f, n = _defined(leave_one_out, multiplicity)
    if n < 2:
        return float("nan")
    return float((n - 1) / n * (f @ (x - f @ x / n) ** 2))


def third_cumulant(leave_one_out: Array, multiplicity: Array) -> float:
    """The jackknife's third cumulant of an estimate: sum of cubes of the influences ((n - 1) / n)(mean - value).

    Examples
    --------
    >>> x = np.array([0., 0, 0, 4])
    >>> round(third_cumulant((x.sum() - x) / 3, np.ones(4)), 4), round(float(((x - 1) ** 3).sum()) / 64, 4)
    (0.375, 0.375)
    """
    x, f, n = _defined(leave_one_out, multiplicity)
    return float(((n - 1) / n) ** 3 * (f @ (f @ x / n - x) ** 3))


def degrees_of_freedom(leave_one_out: Array, multiplicity: Array) -> float:
    r"""Of a variance from n leave-one-out values with excess kurtosis k: :math:`2 / (2 / (n - 1) + k / n)`.

    A few items that carry most of the spread (the rare label's) make a variance
    as uncertain as one from a handful of values. A negative k counts as 0.

    Examples
    --------
    >>> even, rare = np.array([1., -1.] * 25), np.array([0.] * 48 + [1.] * 2)
    >>> round(degrees_of_freedom(even, np.ones(50))), round(degrees_of_freedom(rare, np.ones(50)))
    (49, 5)
    """
    x, f, n = _defined(leave_one_out, multiplicity)
    n = max(n, 2.0)
    gap = x - f @ x / n
    squares = f @ gap**2
    excess = max(float(n * (f @ gap**4) / squares**2) - 3, 0.0) if squares > 0 else 0.0
    return 2 / (2 / (n - 1) + excess / n)


def rater_degrees_of_freedom(n_raters: int) -> float:
    """As `degrees_of_freedom`, for raters: too few to measure a kurtosis, so one of .3 is assumed (house choice).

    It is that of accuracies from Beta(12, 3): most people good, some much worse.

    Examples
    --------
    >>> [round(rater_degrees_of_freedom(n), 1) for n in (3, 5, 20)]
    [1.8, 3.6, 16.6]
    """
    n = max(n_raters, 2)
    return 2 / (2 / (n - 1) + 0.3 / n)


def _defined(leave_one_out: Array, multiplicity: Array | None) -> tuple[Array, Array, float]:
    times = np.ones(len(leave_one_out)) if multiplicity is None else multiplicity
    defined = np.isfinite(leave_one_out)
    return leave_one_out[defined], times[defined], float(times[defined].sum())


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
    cautions: tuple[Caution, ...] = ()


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
    if unknown := whole_range(totals):
        return unknown
    left_out = leave_one_unit_out(totals)
    if not pattern_variance(left_out, totals.frequency) > SEEN:
        return no_spread(totals, confidence)
    if len(totals.frequency) * replicates > _BOOTSTRAP_CELLS:
        return over_shared_items(totals, confidence, third_cumulant(left_out, totals.frequency))
    drawn = bootstrap(totals, replicates, seed)
    made = drawn[np.isfinite(drawn)]
    lost = replicates - len(made)
    text = f"In {lost:,} of {replicates:,} resamples of items the coefficient was undefined; they are left out."
    cautions = (Caution("undefined_resamples", text),) if lost else ()
    ends = np.quantile(made, accelerated_levels(made, totals, left_out, confidence))
    return _within(totals, ends, f"bootstrap over items (BCa, {replicates:,} replicates)", cautions)


def _within(
    totals: Totals, ends: Iterable[float], how: str, cautions: tuple[Caution, ...] = (), *, drawn: bool = True
) -> Interval:
    """An interval clipped to the coefficient's range, and holding the estimate.

    Where items are drawn, also what one more item would make of it, on which all give the rarest label.
    In a few items with a rare label such an item is often missing, and no variance shows that.
    Simulated coverage of a rare label, ten to 20 items: .76 to .89 without it, .90 to .99 with it; never under .87
    in any design of benchmarks/coverage_edges.py.
    """
    (low, high), value = map(float, ends), totals.estimate
    more = float(totals.value(totals.total + totals.another)) if drawn else value
    high = max(min(high, 1.0), value, more if np.isfinite(more) else value)
    return Interval(min(max(low, totals.lowest), value), high, how, cautions)


def accelerated_levels(made: Array, totals: Totals, left_out: Array, confidence: float) -> Array:
    """The two quantiles of the replicates that the widened BCa takes in place of the tails."""
    below = ((made < totals.estimate).mean() + (made <= totals.estimate).mean()) / 2
    bias = stats.norm.ppf(np.clip(below, 0.5 / len(made), 1 - 0.5 / len(made)))
    x, f, n = _defined(left_out, totals.frequency)
    gap = f @ x / n - x
    acceleration = (f @ gap**3) / (6 * (f @ gap**2) ** 1.5)
    reach = float(stats.t.ppf((1 + confidence) / 2, degrees_of_freedom(x, f))) * (n / (n - 1)) ** 0.5
    z = bias + np.array([-reach, reach])
    return np.asarray(stats.norm.cdf(bias + z / np.maximum(1 - acceleration * z, 1e-3)))


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
    if unknown := undefined_raters(totals, left_out):
        return unknown
    df = rater_degrees_of_freedom(len(left_out))
    how = f"jackknife over raters, t on {readable(df)} df"
    return _jackknife(totals, pattern_variance(left_out), df, confidence, how, drawn=False)


def over_both(totals: Totals, confidence: float) -> Interval:
    """Interval if items and raters are drawn anew: the two-way jackknife.

    The delete-one-unit and the delete-one-rater jackknife variances both hold the part that belongs to single
    judgments.
    So the delete-one-judgment variance is taken off their sum (Cameron, Gelbach and Miller 2011); the variance is never
    below that over items. A t interval on the logit scale, with
    Satterthwaite's degrees of freedom and Johnson's correction for the skewness
    over items. Simulated coverage: benchmarks/results/coverage_agreement.csv.
    """
    by_item, left_out = leave_one_unit_out(totals), totals.value(totals.without)
    if unknown := whole_range(totals) or undefined_raters(totals, left_out):
        return unknown
    items, raters = pattern_variance(by_item, totals.frequency), pattern_variance(left_out)
    single = pattern_variance(totals.value(totals.total + totals.change), totals.times)
    variance = max(items + raters - single, items)
    if not variance > SEEN:
        return no_spread(totals, confidence)
    of_raters, df_items = min(raters, variance), degrees_of_freedom(by_item, totals.frequency)
    df_raters = rater_degrees_of_freedom(len(left_out))
    df = satterthwaite(variance - of_raters, df_items, of_raters, df_raters)
    third = third_cumulant(by_item, totals.frequency)
    return _jackknife(totals, variance, df, confidence, f"two-way jackknife, t on {readable(df)} df", third)


def _jackknife(
    totals: Totals,
    variance: float,
    df: float,
    confidence: float,
    how: str,
    third: float = 0.0,
    *,
    drawn: bool = True,
) -> Interval:
    if not variance > SEEN:
        return no_spread(totals, confidence)
    ends = logit_interval(totals.estimate, variance, df, confidence, totals.lowest, third)
    return _within(totals, ends, how, drawn=drawn)


def informative_units(totals: Totals) -> int:
    """Count the units without which the coefficient is undefined.

    For alpha they are those unlike the commonest item on which all agree; for raw agreement all with a pair of raters.

    Examples
    --------
    >>> terms = np.array([[0.0, 1], [1, 0]])  # two units of the second kind, two hundred of the first
    >>> nothing = (lambda: terms, terms, np.zeros(0), terms[0], terms[1], -1.0, terms[1])
    >>> value = lambda t: np.where(t[..., 0] > 0, t[..., 0], np.nan)
    >>> informative_units(Totals(terms, np.array([200, 2]), value, *nothing))
    2
    """
    terms, times = totals.terms, totals.frequency
    informs = np.isfinite(totals.value(terms))
    if not informs.all():
        at = int(np.argmax(np.where(informs, 0, times)))
        informs |= np.isfinite(totals.value(times[at] * terms[at] + times[:, None] * terms))
    return int(times[informs].sum())


def whole_range(totals: Totals) -> Interval | None:
    """All that the coefficient can be, where the items cannot say how much they differ; otherwise None.

    That is below ten items, and where fewer than four of many carry the coefficient.
    Without them it would be undefined, and the next sample may lack them or hold three times as many. Jackknife and
    bootstrap see no such sample
    (simulated coverage .1 to .8: benchmarks/coverage_edges.py).
    """
    n = totals.n_units if totals.shared is None else totals.shared
    few = informative_units(totals)
    text = "One shared item has no spread: the interval is the whole range."
    if n >= FEWEST_UNITS and few >= FEWEST_INFORMATIVE:
        return None
    if n >= FEWEST_UNITS:
        rests = "does" if few == 1 else "do"
        text = (
            f"Only {few} of {n:,} items {rests} not look like the others, and without {'it' if few == 1 else 'them'} "
            "the coefficient is undefined: the interval is the whole range."
        )
    elif n > 1:
        text = f"{n} shared items are too few to show how much items differ: the interval is the whole range."
    return Interval(totals.lowest, 1.0, "whole range", (Caution("whole_range", text),))


def undefined_raters(totals: Totals, left_out: Array) -> Interval | None:
    """All that the coefficient can be, where leaving out a rater makes it undefined; otherwise None."""
    lost = int((~np.isfinite(left_out)).sum())
    who = "one rater" if lost == 1 else f"any one of {lost:,} raters"
    text = (
        f"Without {who} the coefficient is undefined, so nothing can be said of other raters. The interval is the "
        'whole range; over="items" holds for these raters.'
    )
    return Interval(totals.lowest, 1.0, "whole range", (Caution("hangs_on_one_rater", text),)) if lost else None


def over_items_analytic(totals: Totals, error: float, confidence: float) -> Interval:
    """Value +- t standard errors, t on units - 1 degrees of freedom, cut at the coefficient's range.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61; Gwet (2014), chapters 5 and 6.
    """
    if unknown := whole_range(totals):
        return unknown
    if not error > 1e-9:
        return no_spread(totals, confidence)
    reach = float(stats.t.ppf((1 + confidence) / 2, totals.n_units - 1)) * error
    ends = (totals.estimate - reach, totals.estimate + reach)
    return _within(totals, ends, f"analytic over items (standard error {error:.4g})")


def over_shared_items(totals: Totals, confidence: float, third: float = 0.0) -> Interval:
    """Interval of two raters' coefficient over the items they share: jackknife on the logit scale, no bootstrap."""
    if unknown := whole_range(totals):
        return unknown
    left_out = leave_one_unit_out(totals)
    variance, df = pattern_variance(left_out, totals.frequency), degrees_of_freedom(left_out, totals.frequency)
    return _jackknife(totals, variance, df, confidence, "jackknife over items", third)


def no_spread(totals: Totals, confidence: float) -> Interval:
    """A bound where every unit looks alike, so that no variance can be seen.

    n units without an exception leave room for a share of 1 - (1 - c)^(1/n)
    exceptions, about 3 / n at 95% (the rule of three). The ends are the
    coefficient with that share of units turned to the worst, and to agreement.
    """
    n = totals.n_units
    share = 1 - (1 - confidence) ** (1 / n)
    ends = [float(totals.value((1 - share) * totals.total + share * n * unit)) for unit in (totals.worst, totals.best)]
    low, high = (end if np.isfinite(end) else totals.estimate for end in ends)
    if high - low < 1e-12:  # nothing worse, or better, among the labels given
        low, high = low - share * (low - totals.lowest), high + share * (1 - high)
    text = (
        f"All {n:,} items look alike, so no spread can be seen. The interval is what as many items without an "
        f"exception leave room for (up to {100 * share:.2g}% exceptions), with these raters only."
    )
    return _within(totals, (low, high), "rule of three over items", (Caution("no_spread", text),))


FEW_RATERS = 3


@dataclass(frozen=True)
class RatioContrast:
    """A signed sum of ratios with its interval.

    Attributes
    ----------
    value, low, high : float
    over : {"items", "items and raters"}
        Over items where leaving out a rater is possible for fewer than three of them.
    n_raters : int
        With something in one of the ratios.
    fewest : int
        Items in the ratio that has fewest.
    """

    value: float
    low: float
    high: float
    over: Over
    n_raters: int
    fewest: int


def ratio_contrast(
    by_item: Array, by_rater: Array, by_judgment: Array, times: Array, signs: ArrayLike, *, confidence: float = 0.95
) -> RatioContrast:
    r"""Estimate a signed sum of ratios of totals, each a share between 0 and 1.

    .. math:: D = \sum_c s_c A_c / B_c, \qquad V = V_{items} + V_{raters} - V_{judgments}

    Each variance is the jackknife's, leaving out one item, one rater or one judgment.
    Both of the first hold the noise of single judgments, which is taken off once, and V is never below that of the
    items. The quantile is a t at
    Satterthwaite's degrees of freedom. Where nothing or everything of a ratio
    counts, Agresti and Coull's adjusted share keeps the interval open. Where a ratio
    rests on one item, the interval is the whole range. Below about 20 items in a ratio the interval may be too short.

    Parameters
    ----------
    by_item, by_rater, by_judgment : ndarray, shape (n, c, 2)
        What each adds to the numerator and denominator of each ratio.
    times : ndarray
        How often the row of ``by_judgment`` occurs.
    signs : array_like, shape (c,)
        1 and -1.
    confidence : float

    References
    ----------
    Efron and Tibshirani (1993), An Introduction to the Bootstrap, chapter 11;
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics
    29, 238-249; Agresti and Coull (1998), The American Statistician 52, 119-126.

    Examples
    --------
    >>> items = np.array([[[1.0, 2.0], [0, 0]]] * 10 + [[[0, 0], [0.0, 2.0]], [[0, 0], [1.0, 2.0]]] * 5)
    >>> found = ratio_contrast(items, items.sum(0)[None], items, np.ones(20), [-1, 1])
    >>> found.value, found.over, found.low < -0.25 < found.high
    (-0.25, 'items', True)
    """
    check_confidence(confidence)
    signs = np.asarray(signs, float)
    total = by_item.sum(0)

    def value(totals: NDArray) -> NDArray:
        with np.errstate(invalid="ignore", divide="ignore"):
            return np.asarray((totals[..., 0] / totals[..., 1]) @ signs)

    used, raters, single = (part[:, :, 1].any(1) for part in (by_item, by_rater, by_judgment))
    counts = (by_item[:, :, 1] > 0).sum(0)
    shares, adjusted = total[:, 0] / total[:, 1], 2 / (counts + 4)
    unseen = np.where((shares > 0) & (shares < 1), 0.0, adjusted * (1 - adjusted) / (counts + 4)).sum()
    without = value(total - by_item[used])
    variance = float(pattern_variance(without) + unseen)
    over: Over = "items"
    df = float(max(counts.min() - 1, 1))
    left_out = value(total - by_rater[raters])
    if np.isfinite(left_out).sum() >= FEW_RATERS:
        of_raters = pattern_variance(left_out)
        of_judgments = pattern_variance(value(total - by_judgment[single]), times[single])
        variance, over = max(variance + of_raters - of_judgments, variance), "items and raters"
        of_raters = min(of_raters, variance)
        if variance > 0:
            df = satterthwaite(variance - of_raters, df, of_raters, int(raters.sum()) - 1)
    middle, least, most = float(value(total)), -float((signs < 0).sum()), float((signs > 0).sum())
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * variance**0.5 if np.isfinite(without).all() else np.inf
    ends, sizes = (max(middle - half, least), min(middle + half, most)), (int(raters.sum()), int(counts.min()))
    return RatioContrast(middle, *ends, over, *sizes)
