"""How many to draw, how to share them among strata, and how many to draw next."""

import math
from bisect import bisect_left
from collections.abc import Sequence
from contextlib import suppress

import numpy as np
import pandas as pd

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference
from ..stats.checks import check_confidence, check_count, check_probability
from ..stats.proportions import wilson
from .audit_findings import clustering, error_rate

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
    n = check_count(n, option="n")
    ceilings = np.full(strata, n) if at_most is None else np.asarray(at_most, int)
    sizes = np.minimum(at_least, ceilings)
    if not sizes.sum() <= n <= ceilings.sum():
        raise BadOption(f"{n} labels cannot be shared: the strata need {sizes.sum()} and hold {ceilings.sum()}")
    products = np.multiply(weights, deviations)
    if not products.any():
        products = np.asarray(weights, float) if any(weights) else np.ones(strata)
    # The gain of a further label in a stratum that has some, for every label that could be given out.
    stratum = np.repeat(np.arange(strata), ceilings - sizes)
    has = np.concatenate([np.arange(size, ceiling) for size, ceiling in zip(sizes, ceilings, strict=True)])
    gain = np.where(has > 0, products[stratum] ** 2 / np.maximum(has * (has + 1), 1), np.inf)
    given = stratum[np.lexsort((stratum, -gain))[: n - sizes.sum()]]
    return tuple((sizes + np.bincount(given, minlength=strata)).tolist())


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

    def short(n: int) -> bool:
        low, high = wilson(rate * n, n, confidence=confidence)
        return bool(high - low <= 2 * half_width)

    n = 1 + bisect_left(range(1, MOST + 1), True, key=short)
    if n > MOST:
        raise NotEstimable("more than ten million labels would be needed; allow a wider interval")
    drawn = n * design_effect
    return math.ceil((drawn if population is None else drawn / (1 + (drawn - 1) / population)) - 1e-9)


def next_sizes(j: Judgments, *, half_width: float = 0.03, reference: Reference | None = None) -> pd.DataFrame:
    """Work out how many labels to audit next for an error rate of a wanted precision, as errors clustered here.

    Returns
    -------
    pandas.DataFrame
        Columns ``supposing``, ``design_effect``, ``labels``. The design effect
        is the one seen with this many labels per rater; with more per rater it is
        larger, so draw from more raters rather than more from each.

    Raises
    ------
    NotEstimable
        If no item has gold or an audit.
    """
    j = as_judgments(j)
    rate, effects = error_rate(j, reference=reference, over="items").value, {"labels independent": 1.0}
    with suppress(NotEstimable):
        seen = clustering(j, reference=reference).design_effect
        effects["errors cluster in raters as seen here"] = max(seen, 1.0)
    rows = [(name, effect, sample_size(rate, half_width, design_effect=effect)) for name, effect in effects.items()]
    return pd.DataFrame(rows, columns=["supposing", "design_effect", "labels"])
