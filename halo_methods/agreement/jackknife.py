"""Leave-one-out values and what they say: variance, skewness, degrees of freedom."""

from typing import TYPE_CHECKING

import numpy as np
from scipy import sparse

from ..judgments.coding import Ints
from .weights import Array

if TYPE_CHECKING:
    from .intervals import Totals


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


def leave_one_unit_out(totals: "Totals") -> Array:
    """The coefficient without one unit of each pattern (P,)."""
    return totals.value(totals.total - totals.terms)


def jackknife_variance(leave_one_out: Array, multiplicity: Array | None = None) -> float:
    """Tukey's (n - 1) / n times the sum of squares of the leave-one-out values about their mean.

    Examples
    --------
    >>> x = np.array([1., 2., 4.])
    >>> round(jackknife_variance((x.sum() - x) / 2), 6), round(float(x.var(ddof=1)) / 3, 6)
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
    return 2 / (2 / (n_raters - 1) + 0.3 / n_raters)


def satterthwaite(a: float, df_a: float, b: float, df_b: float) -> float:
    """Degrees of freedom of a sum of two variances.

    Examples
    --------
    >>> satterthwaite(1, 4, 1, 4)
    8.0
    """
    return float((a + b) ** 2 / (a**2 / df_a + b**2 / df_b))


def _defined(leave_one_out: Array, multiplicity: Array | None) -> tuple[Array, Array, float]:
    times = np.ones(len(leave_one_out)) if multiplicity is None else multiplicity
    defined = np.isfinite(leave_one_out)
    return leave_one_out[defined], times[defined], float(times[defined].sum())
