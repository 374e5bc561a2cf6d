"""How many to draw, and how to share them among strata."""

import heapq
import math
from collections.abc import Sequence

from ..errors import BadOption, NotEstimable
from ..stats.checks import check_confidence, check_count, check_probability
from ..stats.proportions import wilson

MOST = 10_000_000


def allocate(
    weights: Sequence[float],
    deviations: Sequence[float],
    n: int,
    *,
    at_least: int = 1,
    at_most: Sequence[int] | None = None,
) -> tuple[int, ...]:
    r"""Neyman's allocation in whole numbers: sizes of strata, in order, that sum to ``n``.

    Minimizes :math:`\sum_h (W_h S_h)^2 / n_h`. Labels are given out one at a
    time, each to the stratum where it lowers the variance most, which is exact
    in whole numbers (Wright's algorithm); without the bounds it is Neyman's
    :math:`n_h \propto W_h S_h` rounded.

    The deviations are guesses from a pilot; a stratum guessed at 0 gets
    ``at_least`` and no more, so guess generously.

    Parameters
    ----------
    weights : sequence of float
        Size of each stratum, in labels or as a share of all.
    deviations : sequence of float
        Standard deviation within each; sqrt(p(1-p)) for an error rate p.
    n : int
        Labels to draw in all.
    at_least : int
        In each stratum.
    at_most : sequence of int, optional
        Labels there are in each stratum.

    Raises
    ------
    BadOption
        If sizes do not fit each other, or ``n`` is less than the strata need
        or more than they hold.

    References
    ----------
    Wright (2012), The equivalence of Neyman optimum allocation for sampling and
    equal proportions for apportioning the U.S. House of Representatives, The
    American Statistician 66, 217-224.

    Examples
    --------
    >>> allocate([0.5, 0.3, 0.2], [1, 2, 3], 100)
    (30, 35, 35)
    >>> allocate([800, 150, 50], [0.1, 0.3, 0.0], 20)
    (12, 7, 1)
    """
    strata = len(weights)
    if strata == 0 or len(deviations) != strata or (at_most is not None and len(at_most) != strata):
        raise BadOption("weights, deviations and at_most need one value a stratum, and there is at least one stratum")
    if any(not math.isfinite(x) or x < 0 for x in (*weights, *deviations)):
        raise BadOption("weights and deviations are finite and not negative")
    ceilings = [n] * strata if at_most is None else [int(most) for most in at_most]
    n = check_count(n, option="n")
    sizes = [min(at_least, most) for most in ceilings]
    if not sum(sizes) <= n <= sum(ceilings):
        raise BadOption(f"{n} labels cannot be shared: the strata need {sum(sizes)} and hold {sum(ceilings)}")
    products = [w * s for w, s in zip(weights, deviations, strict=True)]
    if not any(products):
        products = [float(w) for w in weights] if any(weights) else [1.0] * strata

    def gain(h: int) -> float:
        return products[h] ** 2 / (sizes[h] * (sizes[h] + 1)) if sizes[h] else math.inf

    queue = [(-gain(h), h) for h in range(strata) if sizes[h] < ceilings[h]]
    heapq.heapify(queue)
    for _ in range(n - sum(sizes)):
        _, h = heapq.heappop(queue)
        sizes[h] += 1
        if sizes[h] < ceilings[h]:
            heapq.heappush(queue, (-gain(h), h))
    return tuple(sizes)


def sample_size(
    rate: float,
    half_width: float,
    *,
    design_effect: float = 1.0,
    population: int | None = None,
    confidence: float = 0.95,
) -> int:
    """Labels to audit so that the interval of an error rate is about ``rate`` ± ``half_width``.

    The smallest n at which Wilson's interval at the effective size
    n / design_effect is at most 2 × half_width long; with ``population`` the
    sample is lowered by the finite population correction.

    Parameters
    ----------
    rate : float
        Error rate expected; on doubt take the larger.
    half_width : float
        In shares, for instance .02.
    design_effect : float
        1 where errors are independent; otherwise the one of `clustering`, or 1 + (m - 1) icc with m labels per rater.
    population : int, optional
        Labels in all.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If more than ten million would be needed.

    Examples
    --------
    >>> sample_size(0.05, 0.02), sample_size(0.05, 0.02, design_effect=2.2), sample_size(0.05, 0.02, population=1000)
    (469, 1032, 320)
    """
    check_probability(rate, option="rate")
    check_confidence(confidence)
    if not 0 < half_width < 0.5:
        raise BadOption(f"half_width is {half_width!r}; allowed: above 0 and below 0.5, for instance 0.02")
    if not design_effect > 0:
        raise BadOption(f"design_effect is {design_effect!r}; allowed: above 0, 1 where errors are independent")

    def long(n: float) -> bool:
        low, high = wilson(rate * n, n, confidence=confidence)
        return bool(high - low > 2 * half_width)

    low, high = 0, 1
    while long(high):
        low, high = high, 2 * high
        if high > MOST:
            raise NotEstimable("more than ten million labels would be needed; allow a wider interval")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if long(middle) else (low, middle)
    n = high * design_effect
    if population is not None:
        n = n / (1 + (n - 1) / population)
    return math.ceil(n - 1e-9)
