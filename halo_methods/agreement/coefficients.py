"""The coefficients as their papers give them, on arrays of counts.

Every coefficient here is a smooth function of sums over units (an item in one round).
``sums`` turns the label counts of a unit into its terms, ``value`` turns totals of terms into the coefficient.
Bootstraps and jackknives then
re-weight totals and never touch a judgment.

In all of it a unit has counts n_k (raters who gave label k), m = sum of n_k.

Above them: how near two labels are. Below: from counts to totals, the totals without each rater, and Gwet's influences.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Union

import numpy as np

from ..errors import BadOption, NotEstimable
from ..judgments import CountedJudgments, Judgments, accepted_answers
from ..judgments.cells import as_numbers, distinct_numbers
from ..judgments.counts import Moments, patterns, rater_patterns
from ..stats.totals import Array, Totals, totals_without

if TYPE_CHECKING:
    import pandas as pd

Weights = Union[str, Array, "pd.DataFrame"]
WEIGHTS = ("identity", "linear", "quadratic", "ordinal", "radical", "ratio", "circular", "jaccard", "masi")
LEVELS = ("nominal", "ordinal", "interval", "ratio")
SETS = ("jaccard", "masi")
MOST_LABELS, MOST_CATEGORIES = 2000, 64


def few_enough(labels: Sequence[object], most: int = MOST_LABELS) -> None:
    """Refuse labels that take too many values to be categories.

    Examples
    --------
    >>> few_enough(range(5), most=3)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: the labels take 5 distinct values, too many to count as categories; ...
    """
    if len(labels) > most:
        raise NotEstimable(
            f"the labels take {len(labels):,} distinct values, too many to count as categories; "
            "for numbers use level='interval' with alpha or the intraclass correlation, otherwise group the labels"
        )


def moderate(numbers: Array) -> Array:
    """Numbers whose squares neither vanish nor overflow: in units of the largest, where they would.

    Examples
    --------
    >>> moderate(np.array([0.0, 2.0])).tolist(), moderate(np.array([0.0, 2e-200])).tolist()
    ([0.0, 2.0], [0.0, 1.0])
    """
    largest = np.abs(numbers).max(initial=0.0)
    return numbers if 1e-100 < largest < 1e100 or largest == 0 else numbers / largest


def weights_name(weights: Weights) -> str:
    """What to call the weights: their kind, or "given".

    Examples
    --------
    >>> weights_name("linear"), weights_name(np.eye(2))
    ('linear', 'given')
    """
    if not isinstance(weights, str):
        return "given"
    BadOption.unless("weights", weights, (*WEIGHTS, "a table of weights"))
    return weights


def with_weights(name: str, weights: Weights) -> str:
    """The name of a coefficient with the kind of its weights, where they are not the identity.

    Examples
    --------
    >>> with_weights("Fleiss' kappa", "linear")
    "Fleiss' kappa (linear weights)"
    """
    kind = weights_name(weights)
    return name if kind == "identity" else f"{name} ({kind} weights)"


def agreement_weights(kind: Weights, labels: Sequence[object], *, period: float | None = None) -> Array:
    """Weights of partial agreement between labels.

    Numeric labels are placed at their values, other labels at their positions
    in the scale.

    Parameters
    ----------
    kind : str, or a table
        With x and y two labels and every kind scaled so that the pair furthest
        apart has 0: ``identity`` 1 if equal; with d their distance, ``linear`` 1 - d; ``quadratic``
        1 - d^2; ``radical`` 1 - sqrt(d); ``ratio`` 1 - (d / (x + y))^2,
        numbers of zero or more only; ``circular`` 1 - sin^2(pi d / period), for
        hours or weekdays; ``ordinal`` 1 - C(s, 2), s the number of labels from one to
        the other, both included, which is not Krippendorff's ordinal metric; ``jaccard``
        and ``masi`` for labels that are sets (`set_distances`).
        A q x q array in the order of the scale, or a DataFrame with the labels as index and columns, is taken as it is.
        It is symmetric, 1 on the diagonal, from 0 to 1.
    labels : sequence
        The scale, in order.
    period : float, optional
        Of circular weights; by default the largest place minus the smallest plus 1, so
        that the last label is next to the first.

    Returns
    -------
    numpy.ndarray
        q x q, 1 on the diagonal.

    Raises
    ------
    BadOption
        For another kind, or a table that is no table of weights.
    NotEstimable
        For ratio weights of labels that are no numbers of zero or more.

    References
    ----------
    Cohen (1968); Gwet (2014), Handbook of Inter-Rater Reliability, chapter 3.

    Examples
    --------
    >>> agreement_weights("linear", ["poor", "fair", "good"])[0]
    array([1. , 0.5, 0. ])
    >>> agreement_weights("circular", ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"])[0].round(2)
    array([1.  , 0.8 , 0.36, 0.  , 0.  , 0.36, 0.8 ])
    """
    few_enough(labels)
    if not isinstance(kind, str):
        return _given(kind, labels)
    q, name = len(labels), weights_name(kind)
    if name in SETS:
        return 1 - set_distances(name, labels)
    if name == "identity" or q == 1:
        return np.eye(q)
    places, numbers = np.arange(q, dtype=float), distinct_numbers(labels)
    if name == "ratio" and (numbers is None or (numbers < 0).any()):
        raise NotEstimable("ratio weights need labels that are numbers of zero or more, measured from a true zero")
    at = places if numbers is None else numbers if name == "circular" else moderate(numbers)
    apart, steps = np.abs(at[:, None] - at), np.abs(places[:, None] - places)
    if name == "ordinal":
        apart = steps * (steps + 1)
    elif name in ("quadratic", "radical"):
        apart = apart ** (2 if name == "quadratic" else 0.5)
    elif name == "ratio":
        apart = distances("ratio", labels)
    elif name == "circular":
        around = np.ptp(at) + 1 if period is None else float(period)
        if not around > 0:
            raise BadOption(f"period is {period!r}; it is a positive number, for instance 24 for hours")
        apart = np.sin(np.pi * apart / around) ** 2
        if not apart.max() > 1e-12:
            raise BadOption(f"period is {around:g}; all labels fall on one point of the circle")
    return 1 - apart / apart.max()


def _given(table: Any, labels: Sequence[object]) -> Array:
    """A table of weights written by hand, in the order of the labels."""
    q = len(labels)
    if hasattr(table, "columns"):
        names, table = [str(label) for label in labels], table.rename(index=str, columns=str)
        absent = [name for name in names if name not in table.index or name not in table.columns]
        if absent:
            raise BadOption(f"the given weights have no row and column for {', '.join(map(repr, absent[:5]))}")
        if table.index.has_duplicates or table.columns.has_duplicates:
            raise BadOption("the given weights name a label twice")
        table = table.loc[names, names]
    try:
        w = np.asarray(table, dtype=float)
    except (TypeError, ValueError) as error:
        raise BadOption(f"the given weights are not numbers: {error}") from error
    if w.shape != (q, q):
        shape = " x ".join(map(str, w.shape))
        raise BadOption(f"the given weights are {shape}; there are {q} labels, so they are {q} x {q}")
    if not ((w >= 0) & (w <= 1)).all():
        raise BadOption("the given weights are not all from 0 (nothing in common) to 1 (the same)")
    if not (np.diag(w) == 1).all():
        raise BadOption("the given weights are not 1 on the diagonal: a label agrees with itself")
    if not np.allclose(w, w.T, rtol=0, atol=1e-12):
        raise BadOption("the given weights are not symmetric: the order of two raters means nothing")
    return w


def distances(level: str, labels: Sequence[object]) -> Array:
    """Krippendorff's squared distance between labels: nominal, interval or ratio.

    The ordinal distance depends on how often each label was used and lives with
    the coefficient.

    Returns
    -------
    numpy.ndarray
        q x q, 0 on the diagonal. Nominal: 1. Interval: (a - b)^2, in units of the
        largest label where that would vanish or overflow. Ratio: ((a - b) / (a + b))^2.

    Raises
    ------
    BadOption
        If labels are not numbers, or a ratio label is negative.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> distances("interval", ["1", "2", "4"])[0]
    array([0., 1., 9.])
    """
    few_enough(labels)
    if level == "nominal":
        return 1 - np.eye(len(labels))
    BadOption.unless("level", level, LEVELS)
    at = distinct_numbers(labels)
    if at is None:
        raise BadOption(
            f"level {level!r} needs labels that are numbers; {next(x for x in labels if as_numbers([x]) is None)!r}"
            " is not. Use level='ordinal' with a scale in order, or numbers for the labels"
        )
    at = moderate(at)
    apart = at[:, None] - at
    if level == "interval":
        return apart**2
    if (at < 0).any():
        raise BadOption("level 'ratio' needs labels of zero or more, measured from a true zero")
    total = at[:, None] + at
    return np.divide(apart, total, out=np.zeros_like(apart), where=total > 0) ** 2


def set_distances(kind: str, labels: Sequence[object]) -> Array:
    """Distance between labels that are sets of answers separated by ``|``.

    Parameters
    ----------
    kind : {"jaccard", "masi"}
        Jaccard: 1 - J, with J the answers both name over the answers either names.
        MASI: 1 - J M, with M 1 for equal sets, 2/3 where one holds the other, 1/3
        where they overlap otherwise, 0 where they share nothing.
    labels : sequence
        A label without ``|`` is a set of one; the order of answers means nothing.

    Returns
    -------
    numpy.ndarray
        q x q, between 0 (equal sets) and 1 (nothing in common).

    References
    ----------
    Passonneau (2006), Measuring Agreement on Set-valued Items (MASI) for Semantic
    and Pragmatic Annotation, LREC.

    Examples
    --------
    >>> set_distances("masi", ["a", "a|b", "b|c"]).round(3).tolist()
    [[0.0, 0.667, 1.0], [0.667, 0.0, 0.889], [1.0, 0.889, 0.0]]
    """
    few_enough(labels)
    sets = [frozenset(accepted_answers(str(label))) for label in labels]
    answers = sorted(set().union(*sets))
    has = np.array([[answer in one for answer in answers] for one in sets], dtype=float)
    size, both = has.sum(1), has @ has.T
    smaller = np.minimum(size[:, None], size)
    likeness = both / (size[:, None] + size - both)
    if kind == "masi":
        within = np.where(both == smaller, 2 / 3, np.where(both > 0, 1 / 3, 0.0))
        likeness *= np.where(likeness == 1, 1.0, within)
    return 1 - likeness


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


def _ratio(top: Array, bottom: Array, least: float = 1e-12) -> Array:
    """top / bottom, nan where the bottom vanishes: is not above ``least``, 0 for sums that are exactly 0 then."""
    bottom = np.asarray(bottom, dtype=float)
    return np.divide(top, bottom, out=np.full(np.broadcast(top, bottom).shape, np.nan), where=np.abs(bottom) > least)


def _paired(m: Array, top: Array) -> tuple[Array, Array]:
    """1 for a unit with two judgments or more, and top / (m - 1); 0 and 0 for other units."""
    return (m > 1).astype(float), np.divide(top, m - 1, out=np.zeros(m.shape), where=m > 1)


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
        n = counts[..., 0]
        paired, same = _paired(counts.sum(-1), n * (n - 1))
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
        paired, within = _paired(counts.sum(-1), (counts * (counts @ d)).sum(-1))
        return np.concatenate([np.stack([paired, within], -1), counts * paired[..., None]], -1)

    def value(totals: Array) -> Array:
        used = totals[..., 2:]
        expected = ((used @ d) * used).sum(-1)
        return 1 - _ratio((used.sum(-1) - 1) * totals[..., 1], expected, 0)

    return Coefficient(f"Krippendorff's alpha ({name})", sums, value, -1.0, lambda t: t[..., 2:].sum(-1), True)


def _krippendorff_ordinal(q: int) -> Coefficient:
    """The ordinal distance is the squared difference of mid-ranks, so coincidences are kept whole."""

    def sums(counts: Array) -> Array:
        paired, scale = _paired(counts.sum(-1), np.ones(counts.shape[:-1]))
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
        paired, within = _paired(m, 2 * (m * ss - s**2))
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
        return 1 - _ratio(n * (table * disagreement).sum((-1, -2)), expected, 0)

    return Coefficient(name, lambda cells: np.asarray(cells, dtype=float), value)


def pair_totals(table: Array, coefficient: Coefficient) -> Totals:
    """Totals of a two-rater table: its cells are the patterns, and the two raters stay."""
    q = len(table)
    cells, units = table.ravel(), np.eye(q * q)
    used = np.flatnonzero(table.sum(0) + table.sum(1))
    agree = np.diag(np.diag(table)).ravel()
    best = agree / agree.sum() if agree.any() else units[used[0] * (q + 1)]
    rarest = units[used[np.argmin((table.sum(0) + table.sum(1))[used])] * (q + 1)]
    apart, nobody, kept = units[used[0] * q + used[-1]], np.zeros((0, q * q)), cells > 0
    value, lowest = coefficient.value, coefficient.lowest
    return Totals(units[kept], cells[kept], value, lambda: nobody, nobody, np.zeros(0), best, apart, lowest, rarest)


def pattern_totals(j: Judgments | CountedJudgments, coefficient: Coefficient) -> Totals:
    """Totals from pattern counts; a rater's removal takes one label out of each unit the rater judged."""
    counted = patterns(j)
    table, frequency = counted.table.astype(float), counted.frequency.astype(float)
    terms = coefficient.sums(table)
    frequency = frequency * (table.sum(1) > coefficient.paired_only)
    pattern, label = np.nonzero(table)
    row = np.cumsum(table > 0).reshape(table.shape) - 1
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
    shared = int(frequency @ (table.sum(1) > 1))
    size = max(2, round(frequency @ table.sum(1) / max(frequency.sum(), 1)))
    another = coefficient.sums(size * two[int(np.argmin(np.where(used > 0, used, np.inf)))])
    return Totals(terms[kept], frequency[kept], value, without, change, times, best, worst, lowest, another, shared)


def moment_totals(counted: Moments, coefficient: Coefficient) -> Totals:
    """Totals from count, sum and sum of squares of centred labels, or of their mid-ranks."""
    rater, unit, value, n = counted.rater, counted.unit, counted.value, counted.n.astype(float)
    if coefficient.moments_of == "ordinal":
        distinct, times = np.unique(value[n[unit] > 1], return_counts=True)
        middle = np.cumsum(times) - times / 2
        value = middle[np.clip(np.searchsorted(distinct, value), 0, len(distinct) - 1)]
    value = moderate(value)
    value = value - value.mean()
    value = value / (value.std() or 1)
    each = np.stack([np.ones(len(value)), value, value**2], -1)
    judged = np.stack([np.bincount(unit, column, len(n)) for column in each.T], -1, dtype=np.float64)
    terms = coefficient.sums(judged)
    less = coefficient.sums(judged[unit] - each) - terms[unit]
    kept, count = terms[n > 1], (n > 1)[unit].astype(float)

    def without() -> Array:
        return totals_without(kept.sum(0), less, rater, np.arange(len(value)), count, len(counted.raters))

    low, high = value.min(), value.max()
    best, worst = (coefficient.sums(np.array(m)) for m in ([2.0, 0, 0], [2.0, low + high, low**2 + high**2]))
    size, far = max(2, round(float(n[n > 1].mean() if (n > 1).any() else 2))), max(low, high, key=abs)
    another = coefficient.sums(size * np.array([1.0, far, far**2]))
    lowest = coefficient.lowest
    return Totals(kept, np.ones(len(kept)), coefficient.value, without, less, count, best, worst, lowest, another)


def influence(totals: Totals, coefficient: Coefficient, all_paired: bool = False) -> Array:
    """What one unit of each pattern contributes to the coefficient, less the coefficient (P,).

    The derivative of the coefficient in the direction of a unit's terms, times the
    number of units. Gwet holds the share of units with two judgments or more fixed,
    which adds value x (units / such units, where the unit is one, else 0, - 1). For alpha he takes the derivative
    without Krippendorff's small-sample term.
    Where units differ in their number of judgments he keeps that term: - (1 - alpha) / (n - 1) x (m / mean m - 1).
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
        return np.asarray(n * moved - (1 - totals.estimate) / (judged - 1) * (m * n / judged - 1))
    return np.asarray(n * moved + totals.estimate * (n * totals.terms[:, 0] / total[0] - 1))


def standard_error(totals: Totals, coefficient: Coefficient, all_paired: bool = False) -> float:
    """Root of the sum of squared influences over n (n - 1).

    Examples
    --------
    >>> table = np.array([[2., 0], [1, 1], [0, 2]])
    >>> ac1 = chance_corrected("AC1", ["a", "b"], "gwet")
    >>> none = np.zeros((0, 4))
    >>> made = (lambda: none, none, np.zeros(0), table, table, -1, table[0])
    >>> totals = Totals(ac1.sums(table), np.array([40., 10, 50]), ac1.value, *made)
    >>> round(standard_error(totals, ac1), 4)
    0.06
    """
    n = totals.n_units
    if n < 2:
        return 0.0
    moved = influence(totals, coefficient, all_paired)
    return float(np.sqrt(totals.frequency @ moved**2 / (n * (n - 1))))
