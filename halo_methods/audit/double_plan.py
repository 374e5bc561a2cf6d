"""Double sampling plans: a first draw that often settles the matter, a second where it does not."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..results import counted
from .sampling_plans import RISK, curve_of, facts, limiting_quality, outgoing_limit, risks, single_plan


@dataclass(frozen=True)
class DoublePlan:
    """Draw ``n1``; accept with at most ``accept1`` errors, reject with ``reject1``; otherwise draw ``n2`` more.

    After the second draw the lot is accepted with at most ``accept2`` errors
    in both draws together.

    Attributes
    ----------
    n1, accept1, reject1, n2, accept2 : int
    aql, rql, producer_risk, consumer_risk : float
        As in `Plan`.
    lot : None
        Risks are those of a stream of lots.
    source : str

    Examples
    --------
    >>> plan = DoublePlan(50, 1, 4, 100, 3)
    >>> round(float(plan.acceptance(0.05)), 3)
    0.29
    """

    n1: int
    accept1: int
    reject1: int
    n2: int
    accept2: int
    aql: float = 0.01
    rql: float = 0.10
    producer_risk: float = float("nan")
    consumer_risk: float = float("nan")
    lot: None = None
    source: str = "given"

    def __post_init__(self) -> None:
        if not (self.n1 > 0 and self.n2 > 0 and 0 <= self.accept1 < self.reject1 <= self.accept2 + 1):
            raise BadOption("a double plan needs n1 and n2 above 0 and 0 <= accept1 < reject1 <= accept2 + 1")
        for name, value in (
            ("producer_risk", 1 - float(self.acceptance(self.aql))),
            ("consumer_risk", float(self.acceptance(self.rql))),
        ):
            object.__setattr__(self, name, value)

    @property
    def n(self) -> int:
        """Labels drawn at most."""
        return self.n1 + self.n2

    @property
    def accept(self) -> int:
        """Errors up to which the lot is accepted after both draws."""
        return self.accept2

    def acceptance(self, p: ArrayLike) -> NDArray:
        """Chance that a lot with error rate ``p`` is accepted."""
        p = np.asarray(p, float)
        total = stats.binom.cdf(self.accept1, self.n1, p)
        for d in range(self.accept1 + 1, self.reject1):
            total = total + stats.binom.pmf(d, self.n1, p) * stats.binom.cdf(self.accept2 - d, self.n2, p)
        return total

    def average_number(self, p: ArrayLike) -> NDArray:
        """Labels audited on average, each draw finished once begun.

        Examples
        --------
        >>> round(float(DoublePlan(50, 1, 4, 100, 3).average_number(0.05)), 1)
        98.1
        """
        p = np.asarray(p, float)
        settled = stats.binom.cdf(self.accept1, self.n1, p) + stats.binom.sf(self.reject1 - 1, self.n1, p)
        return self.n1 + self.n2 * (1 - settled)

    def outgoing(self, p: ArrayLike, lot: int) -> NDArray:
        """Average error rate after the audit, where rejected lots are relabelled whole and errors found are mended."""
        p = np.asarray(p, float)
        first = stats.binom.cdf(self.accept1, self.n1, p)
        return p * (first * (lot - self.n1) + (self.acceptance(p) - first) * (lot - self.n)) / lot

    def outgoing_limit(self, lot: int) -> float:
        """The worst average error rate after the audit, whatever comes in (AOQL)."""
        return outgoing_limit(self, lot)

    def limiting_quality(self, risk: float = RISK) -> float:
        """The error rate that is accepted with chance ``risk`` only."""
        return limiting_quality(self, risk)

    def curve(self, *, most: float | None = None, points: int = 41, lot: int | None = None) -> pd.DataFrame:
        """The operating characteristic as a table, see `Plan.curve`."""
        return curve_of(self, most=most, points=points, lot=lot)

    def _words(self) -> tuple[str, str]:
        return (
            f"{self.n1:,}; accept with at most {counted(self.accept1, 'error')}, reject with {self.reject1}",
            f"{self.n2:,} more; accept with at most {counted(self.accept2, 'error')} in both draws",
        )

    def __str__(self) -> str:
        first, second = self._words()
        return f"Draw {first}; otherwise draw {second}. {risks(self)}"

    def _repr_html_(self) -> str:
        first, second = self._words()
        mean = f"{float(self.average_number(self.aql)):.0f} labels in a good lot"
        return facts(self, [("Draw first", first), ("Otherwise draw", second), ("On average", mean)])


def double_plan(aql: float, producer_risk: float, rql: float, consumer_risk: float, *, ratio: int = 1) -> DoublePlan:
    """The double sampling plan that holds both risks and audits fewest labels in a good lot.

    The second draw is ``ratio`` times the first, and the lot is rejected after
    the first draw with as many errors as would reject it after both. Among
    such plans the one with the smallest average number at ``aql`` is taken.

    Parameters
    ----------
    aql, producer_risk, rql, consumer_risk : float
        As in `single_plan`.
    ratio : {1, 2}
        Size of the second draw over the first.

    Returns
    -------
    DoublePlan
        ``.n1 .accept1 .reject1 .n2 .accept2``, and the methods of a `Plan`.

    Raises
    ------
    BadOption
        If the shares are out of range or out of order.
    NotEstimable
        If no such plan stays below 100,000 labels.

    Examples
    --------
    >>> plan = double_plan(0.02, 0.05, 0.10, 0.10)
    >>> plan.n1, plan.accept1, plan.n2, plan.accept2
    (34, 0, 34, 3)
    >>> single = single_plan(0.02, 0.05, 0.10, 0.10)
    >>> bool(plan.average_number(0.02) < single.n)
    True
    """
    single = single_plan(aql, producer_risk, rql, consumer_risk)
    if ratio not in (1, 2):
        raise BadOption.of("ratio", ratio, (1, 2))
    best: tuple[float, DoublePlan] | None = None
    for accept2 in range(1, 2 * single.accept + 4):
        for accept1 in range(accept2):
            made = _smallest(accept1, accept2, ratio, single.n, rql, aql, consumer_risk)
            if made is None or made.producer_risk > producer_risk:
                continue
            mean = float(made.average_number(aql))
            if best is None or mean < best[0]:
                best = mean, made
    if best is None:
        raise NotEstimable("no double plan of this shape holds both risks; use the single plan or another ratio")
    return best[1]


def _smallest(
    accept1: int, accept2: int, ratio: int, most: int, rql: float, aql: float, consumer_risk: float
) -> DoublePlan | None:
    low, high = 0, most

    def risk(n1: int) -> float:
        p1, rest = stats.binom.cdf(accept1, n1, rql), np.arange(accept1 + 1, accept2 + 1)
        pairs = stats.binom.pmf(rest, n1, rql) * stats.binom.cdf(accept2 - rest, ratio * n1, rql)
        return float(p1 + pairs.sum())

    if risk(most) > consumer_risk:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if risk(middle) <= consumer_risk else (middle, high)
    return DoublePlan(high, accept1, accept2 + 1, ratio * high, accept2, aql, rql,
                      source=f"fewest labels on average in a good lot, second draw {ratio} × the first")  # fmt: skip
