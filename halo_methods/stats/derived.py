"""Estimates that follow from other estimates: a difference, a size without its direction."""

from dataclasses import replace

import numpy as np

from ..results import Basis, Estimate


def difference(a: Estimate, b: Estimate, *, quantity: str = "difference") -> Estimate:
    """Estimate a minus b from estimates of different judgments; the squared half-widths add.

    Raters common to both would make the interval shorter, so it leans long.

    Examples
    --------
    >>> e = Estimate(value=.3, low=.2, high=.4, n_items=9, n_raters=9, n_judgments=99, method="x", over="items")
    >>> print(difference(e, e))
    0 (95% interval -0.141 to 0.141 over items; 18 items, 9 raters, 198 judgments)
    """
    value, half = a.value - b.value, float(np.hypot(a.high - a.low, b.high - b.low)) / 2
    basis, n_raters = None, max(a.n_raters, b.n_raters)
    if a.basis and b.basis:
        of = (a.basis.judgments, b.basis.judgments)
        raters = sorted({*of[0], *of[1]})
        both = {r: np.concatenate([numbers[r] for numbers in of if r in numbers]) for r in raters}
        basis, n_raters = Basis(a.basis.measure, both), len(both)
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        confidence=a.confidence,
        n_items=a.n_items + b.n_items,
        n_raters=n_raters,
        n_judgments=a.n_judgments + b.n_judgments,
        method=f"{quantity}; half-widths added in squares",
        over=a.over if a.over == b.over else "items",
        cautions=tuple(dict.fromkeys((*a.cautions, *b.cautions))),
        basis=basis,
    )


def size_of(change: Estimate) -> Estimate:
    """Estimate the size of a change, whichever way it goes: value and interval folded at 0.

    Examples
    --------
    >>> size_of(Estimate(value=-.1, low=-.3, high=.1, n_items=9, n_raters=9, n_judgments=99, method="a change",
    ...                  over="items")).interval
    '95% interval 0 to 0.3 over items'
    """
    ends = sorted((abs(change.low), abs(change.high)))
    return replace(
        change,
        value=abs(change.value),
        low=0.0 if change.low <= 0 <= change.high else ends[0],
        high=ends[1],
        items_only=None,
        method=f"size of the {change.method}",
    )
