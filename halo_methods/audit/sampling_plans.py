"""Single sampling plans: draw n labels, accept the lot with at most so many errors among them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from ..errors import BadOption, NotEstimable
from ..results import counted, readable
from ..stats.checks import check_count, check_probability

MOST = 100_000
RISK = 0.10


def check_two_points(aql: float, rql: float) -> None:
    """Refuse two error rates that are no shares, or the good one not below the bad one."""
    check_probability(aql, option="aql", open_ends=True, example="0.03")
    check_probability(rql, option="rql", open_ends=True, example="0.10")
    if aql >= rql:
        raise BadOption(f"aql is {aql!r}; allowed: a share below rql, which is {rql!r}")


def chance(accept: ArrayLike, n: int, p: ArrayLike, lot: int | None = None) -> NDArray:
    """Chance of at most ``accept`` errors among ``n`` labels drawn where a share p is wrong.

    Without ``lot`` the draws are independent (a stream of lots, type B of the
    textbooks). With ``lot`` they come from one lot without replacement (type A),
    and p is taken to the nearest whole number of wrong labels.

    Examples
    --------
    >>> [round(float(x), 4) for x in chance(2, 89, [0.01, 0.05])]
    [0.9397, 0.1721]
    """
    p = np.asarray(p, float)
    if lot is None:
        return stats.binom.cdf(accept, n, p)
    return stats.hypergeom.cdf(accept, lot, np.rint(p * lot).astype(int), n)


@dataclass(frozen=True)
class Plan:
    """Draw ``n``, accept the lot with at most ``accept`` errors.

    Attributes
    ----------
    n, accept : int
        Labels drawn; errors among them up to which the lot is accepted.
    aql : float
        Error rate of a good lot, which is accepted with chance 1 - `producer_risk`.
    rql : float
        Limiting quality: error rate of a lot that must not be used, which is
        accepted with chance `consumer_risk` only.
    producer_risk, consumer_risk : float
        The risks the plan really has, not the ones asked for.
    lot : int or None
        Size of the lot, where the risks were worked out for that size.
    source : str
        Where n and accept come from.

    Examples
    --------
    >>> print(single_plan(0.05, 0.10, 0.15, 0.05))
    Draw 76, accept with at most 6 errors. Buyer: a lot with 15% errors is accepted in 4.97% of audits.
    Producer: a lot with 5% errors is rejected in 8.56% of audits.
    """

    n: int
    accept: int
    aql: float
    rql: float
    producer_risk: float
    consumer_risk: float
    lot: int | None = None
    source: str = "smallest sample that holds both risks"

    def acceptance(self, p: ArrayLike) -> NDArray:
        """Chance that a lot with error rate ``p`` is accepted (the operating characteristic).

        Examples
        --------
        >>> round(float(single_plan(0.05, 0.10, 0.15, 0.05).acceptance(0.10)), 3)
        0.353
        """
        return chance(self.accept, self.n, p, self.lot)

    def average_number(self, p: ArrayLike) -> NDArray:
        """Labels audited on average; of a single plan always n."""
        return np.full(np.shape(np.asarray(p, float)), float(self.n))

    def outgoing(self, p: ArrayLike, lot: int) -> NDArray:
        """Average error rate after the audit, where rejected lots are relabelled whole and errors found are mended.

        p · P(accept) · (1 - n / lot). It is an average over many lots: a single
        accepted lot can be worse, and it supposes that the relabelling is right.

        Examples
        --------
        >>> round(float(single_plan(0.05, 0.10, 0.15, 0.05).outgoing(0.05, 1000)), 4)
        0.0422
        """
        return outgoing(self, p, lot)

    def outgoing_limit(self, lot: int) -> float:
        """The worst average error rate after the audit, whatever comes in (AOQL).

        Examples
        --------
        >>> round(Plan(89, 2, 0.01, 0.06, 0.06, 0.09).outgoing_limit(10_000), 4)
        0.0152
        """
        return outgoing_limit(self, lot)

    def limiting_quality(self, risk: float = RISK) -> float:
        """The error rate that is accepted with chance ``risk`` only.

        Examples
        --------
        >>> round(Plan(89, 2, 0.01, 0.06, 0.06, 0.09).limiting_quality(), 4)
        0.0587
        """
        return limiting_quality(self, risk)

    def curve(self, *, most: float | None = None, points: int = 41, lot: int | None = None) -> pd.DataFrame:
        """The operating characteristic as a table, see `curve_of`."""
        return curve_of(self, most=most, points=points, lot=lot)

    def __str__(self) -> str:
        return f"Draw {self.n:,}, accept with at most {counted(self.accept, 'error')}. {risks(self)}"

    def _repr_html_(self) -> str:
        return facts(self, [("Draw", f"{self.n:,}"), ("Accept with at most", counted(self.accept, "error"))])


def outgoing(plan: Any, p: ArrayLike, lot: int) -> NDArray:
    """Share of errors after the audit for any plan with `acceptance` and `average_number`."""
    p = np.asarray(p, float)
    return p * plan.acceptance(p) * np.clip(1 - plan.n / lot, 0, 1)


def outgoing_limit(plan: Any, lot: int) -> float:
    """Largest value of the average outgoing quality over the error rates that can come in."""
    if plan.n > lot:
        raise BadOption(f"lot is {lot!r}; allowed: {plan.n:,} or more, the sample of the plan")
    if plan.lot is not None:
        coarse = np.unique(np.linspace(0, lot, 2001).astype(int))
        best = int(np.argmax(plan.outgoing(coarse / lot, lot)))
        near = np.arange(coarse[max(best - 1, 0)], coarse[min(best + 1, len(coarse) - 1)] + 1)
        return float(plan.outgoing(near / lot, lot).max())
    grid = np.linspace(0, 1, 2001)
    best = int(np.argmax(plan.outgoing(grid, lot)))
    ends = grid[max(best - 1, 0)], grid[min(best + 1, 2000)]
    found = optimize.minimize_scalar(
        lambda p: -float(plan.outgoing(p, lot)),
        bounds=ends,
        method="bounded",
        options={"xatol": 1e-10},
    )
    return float(-found.fun)


def limiting_quality(plan: Any, risk: float) -> float:
    """The error rate at which the chance of acceptance falls to ``risk``."""
    check_probability(risk, option="risk", open_ends=True)
    if plan.lot is not None:
        coarse = np.unique(np.linspace(0, plan.lot, 2001).astype(int))
        first = int(np.argmax(plan.acceptance(coarse / plan.lot) <= risk))
        near = np.arange(coarse[max(first - 1, 0)], coarse[first] + 1) / plan.lot
        return float(near[np.argmax(plan.acceptance(near) <= risk)])
    return float(optimize.brentq(lambda p: float(plan.acceptance(p)) - risk, 0, 1, xtol=1e-12))


def curve_of(plan: Any, *, most: float | None = None, points: int = 41, lot: int | None = None) -> pd.DataFrame:
    """Chance of acceptance, labels audited and outgoing error rate by incoming error rate.

    Returns
    -------
    pandas.DataFrame
        Columns ``error_rate``, ``acceptance``, ``average_number`` and, with a
        lot size, ``outgoing``.
    """
    p = np.linspace(0, most or min(2 * plan.rql, 1.0), points)
    made = {"error_rate": p, "acceptance": plan.acceptance(p), "average_number": plan.average_number(p)}
    if lot is not None:
        made["outgoing"] = plan.outgoing(p, lot)
    return pd.DataFrame(made)


def percent(share: float) -> str:
    return f"{readable(100 * share)}%"


def buyer(plan: Any) -> str:
    """What the buyer is protected from, in words."""
    return f"a lot with {percent(plan.rql)} errors is accepted in {percent(plan.consumer_risk)} of audits."


def producer(plan: Any) -> str:
    """What the producer is protected from, in words."""
    return f"a lot with {percent(plan.aql)} errors is rejected in {percent(plan.producer_risk)} of audits."


def risks(plan: Any) -> str:
    """Both risks in words, the buyer's first."""
    return f"Buyer: {buyer(plan)} Producer: {producer(plan)}"


def facts(plan: Any, first: list[tuple[str, str]]) -> str:
    """A plan as a small table, the buyer's protection first."""
    from html import escape

    rows = [*first, ("Buyer", buyer(plan)), ("Producer", producer(plan)), ("From", plan.source)]
    body = "".join(f'<tr><th scope="row">{escape(k)}</th><td>{escape(v)}</td></tr>' for k, v in rows)
    return f'<table class="halo-estimate"><tbody>{body}</tbody></table>'


def single_plan(aql: float, producer_risk: float, rql: float, consumer_risk: float, *, lot: int | None = None) -> Plan:
    """The smallest single sampling plan that holds both risks.

    For each number of errors accepted, the sample grows until a lot at ``rql``
    is accepted with chance ``consumer_risk`` at most; the first such plan under
    which a lot at ``aql`` is rejected with chance ``producer_risk`` at most is
    the answer. Errors are counted as if the auditor never errs; see
    `corrected_rate` for when that does not hold.

    Parameters
    ----------
    aql, rql : float
        Error rate of a good lot, and limiting quality; shares, ``aql < rql``.
    producer_risk, consumer_risk : float
        Largest chance that a lot at ``aql`` is rejected, that one at ``rql`` is accepted.
    lot : int, optional
        Size of the lot, drawn without replacement (hypergeometric): a good lot
        has at most ``aql`` of its labels wrong, a bad one at least ``rql``.
        Without it the lot is taken as endless (binomial), which asks for more.

    Returns
    -------
    Plan
        ``.n .accept .acceptance(p) .outgoing_limit(lot)``.

    Raises
    ------
    BadOption
        If the shares are out of range or out of order.
    NotEstimable
        If the plan would need more than 100,000 labels.

    References
    ----------
    Montgomery (2013), Introduction to Statistical Quality Control, chapter 15.

    Examples
    --------
    >>> plan = single_plan(0.05, 0.05, 0.15, 0.075)
    >>> plan.n, plan.accept
    (80, 7)
    >>> single_plan(0.05, 0.05, 0.15, 0.075, lot=200).n
    59
    """
    check_two_points(aql, rql)
    check_probability(producer_risk, option="producer_risk", open_ends=True)
    check_probability(consumer_risk, option="consumer_risk", open_ends=True)
    if lot is not None:
        lot = check_count(lot, option="lot", least=1)
    # Nudged, because .15 × 200 is 30.000000000000004 and would be rounded up.
    good, bad = (aql, rql) if lot is None else (np.floor(aql * lot + 1e-9) / lot, np.ceil(rql * lot - 1e-9) / lot)
    most = MOST if lot is None else lot
    held = accept_number(most, rql, consumer_risk, lot=lot) if good < bad else None
    if held is not None and float(chance(held, most, good, lot)) >= 1 - producer_risk:
        for accept in range(held + 1):
            n = smallest_sample(accept, bad, consumer_risk, most, lot)
            if n is not None and float(chance(accept, n, good, lot)) >= 1 - producer_risk:
                producer, consumer = 1 - float(chance(accept, n, good, lot)), float(chance(accept, n, bad, lot))
                return Plan(n, accept, aql, rql, producer, consumer, lot)
    raise NotEstimable(
        f"no sample of up to {most:,} labels tells a lot with {percent(aql)} errors from one with {percent(rql)} at "
        "these risks; audit the whole lot, set the two rates further apart or allow a larger risk"
    )


def smallest_sample(accept: int, p: float, risk: float, most: int, lot: int | None = None) -> int | None:
    """The smallest n at which at most ``accept`` errors have chance ``risk`` at most; None beyond ``most``."""
    low, high = accept, most
    if accept >= most or float(chance(accept, most, p, lot)) > risk:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        if float(chance(accept, middle, p, lot)) <= risk:
            high = middle
        else:
            low = middle
    return high


def accept_number(n: int, rql: float, consumer_risk: float = RISK, *, lot: int | None = None) -> int | None:
    """With ``n`` labels drawn, the most errors at which the buyer's risk still holds; None if even 0 is too many.

    Parameters
    ----------
    n : int
        Labels drawn.
    rql, consumer_risk : float
        Limiting quality, and the largest chance that a lot at it is accepted.
    lot : int, optional
        Size of the lot, for a draw without replacement.

    Examples
    --------
    >>> accept_number(76, 0.15, 0.05), accept_number(20, 0.10, 0.10)
    (6, None)
    """
    check_probability(rql, option="rql", open_ends=True)
    check_probability(consumer_risk, option="consumer_risk", open_ends=True)
    n = check_count(n, option="n", least=1)
    bad = rql if lot is None else min(np.ceil(rql * lot - 1e-9), lot) / lot
    held = np.flatnonzero(np.asarray(chance(np.arange(n), n, bad, lot)) <= consumer_risk)
    return int(held[-1]) if held.size else None
