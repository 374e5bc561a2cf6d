"""Gwet's analytic variance: items drawn anew, the raters stay, and no resampling."""

import numpy as np
from scipy import stats

from ..errors import BadOption
from .coefficients import Coefficient
from .intervals import Interval, Totals, no_spread
from .weights import Array

INTERVALS = ("resampled", "analytic")
_STEP = 1e-5


def is_analytic(interval: str, over: str) -> bool:
    """Whether the analytic interval is asked for; it is over items only."""
    if interval not in INTERVALS:
        raise BadOption.of("interval", interval, INTERVALS)
    if interval == "analytic" and over != "items":
        raise BadOption('the analytic interval is for these raters only: say over="items" with interval="analytic"')
    return interval == "analytic"


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


def over_items_analytic(
    totals: Totals, coefficient: Coefficient, confidence: float, all_paired: bool = False
) -> Interval:
    """value +- t standard errors, t on units - 1 degrees of freedom, cut at the coefficient's range.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61; Gwet (2014), chapters 5 and 6.
    """
    error = standard_error(totals, coefficient, all_paired)
    if not error > 1e-9:
        return no_spread(totals, confidence)
    reach = float(stats.t.ppf((1 + confidence) / 2, totals.n_units - 1)) * error
    how = f"analytic over items (standard error {error:.4g})"
    return Interval(totals.estimate - reach, totals.estimate + reach, how).within(totals.lowest, totals.estimate)
