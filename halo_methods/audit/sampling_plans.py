"""Sampling plans, single, double and published: draw labels, accept the lot with at most so many errors among them."""

import math
from bisect import bisect_left
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from html import escape
from itertools import combinations
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, stats

from ..errors import BadOption, HaloError, NotEstimable
from ..results import counted, readable
from ..stats.checks import check_ascending, check_count, check_probability

MOST = 100_000
RISK = 0.10


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


def whole_errors(aql: float, rql: float, lot: int | None) -> tuple[float, float]:
    """Error rates of a good and of a bad lot: of a lot of this size, as shares of whole labels.

    Examples
    --------
    >>> whole_errors(0.03, 0.15, 110), whole_errors(0.03, 0.15, None)
    ((0.02727272727272727, 0.15454545454545454), (0.03, 0.15))
    """
    if lot is None:
        return aql, rql
    # Nudged, because .15 × 200 is 30.000000000000004 and would be rounded up.
    return math.floor(aql * lot + 1e-9) / lot, math.ceil(rql * lot - 1e-9) / lot


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
    lot : int or None
        Size of the lot, where the risks are those of a lot of that size.
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
    lot: int | None = None
    source: str = "smallest sample that holds both risks"

    def _accepted(self, p: ArrayLike) -> list[tuple[int, NDArray]]:
        """Of each draw, the labels audited up to it, and the chance that it is the one that accepts the lot."""
        return [(self.n, chance(self.accept, self.n, p, self.lot))]

    def acceptance(self, p: ArrayLike) -> NDArray:
        """Chance that a lot with error rate ``p`` is accepted (the operating characteristic).

        Examples
        --------
        >>> round(float(single_plan(0.05, 0.10, 0.15, 0.05).acceptance(0.10)), 3)
        0.353
        """
        return np.sum([accepted for _, accepted in self._accepted(p)], axis=0)

    @property
    def producer_risk(self) -> float:
        """The chance that a lot at ``aql`` is rejected: the risk the plan really has, not the one asked for."""
        return 1 - float(self.acceptance(whole_errors(self.aql, self.rql, self.lot)[0]))

    @property
    def consumer_risk(self) -> float:
        """The chance that a lot at ``rql`` is accepted."""
        return float(self.acceptance(whole_errors(self.aql, self.rql, self.lot)[1]))

    def average_number(self, p: ArrayLike) -> NDArray:
        """Labels audited on average; of a single plan always n."""
        return np.full(np.shape(np.asarray(p, float)), float(self.n))

    def outgoing(self, p: ArrayLike, lot: int) -> NDArray:
        """Average error rate after the audit, where rejected lots are relabelled whole and errors found are fixed.

        p · P(accept) · (1 - n / lot). It is an average over many lots: a single
        accepted lot can be worse, and it supposes that the relabelling is right.

        Examples
        --------
        >>> round(float(single_plan(0.05, 0.10, 0.15, 0.05).outgoing(0.05, 1000)), 4)
        0.0422
        """
        left = [accepted * np.clip(1 - n / lot, 0, 1) for n, accepted in self._accepted(p)]
        return np.asarray(p, float) * np.sum(left, axis=0)

    def outgoing_limit(self, lot: int) -> float:
        """The worst average error rate after the audit, whatever comes in (AOQL).

        Raises
        ------
        BadOption
            If the lot is smaller than the sample.

        Examples
        --------
        >>> round(Plan(89, 2, 0.01, 0.06).outgoing_limit(10_000), 4)
        0.0152
        """
        if self.n > lot:
            raise BadOption(f"lot is {lot!r}; allowed: {self.n:,} or more, the sample of the plan")
        steps = self.lot or 20_000
        return float(self.outgoing(np.arange(steps + 1) / steps, lot).max())

    def limiting_quality(self, risk: float = RISK) -> float:
        """The error rate that is accepted with chance ``risk`` only.

        Examples
        --------
        >>> round(Plan(89, 2, 0.01, 0.06).limiting_quality(), 4)
        0.0587
        """
        check_probability(risk, option="risk", open_ends=True)
        if self.lot is None:
            return float(optimize.brentq(lambda p: float(self.acceptance(p)) - risk, 0, 1, xtol=1e-12))
        lot = self.lot
        return bisect_left(range(lot + 1), True, key=lambda wrong: float(self.acceptance(wrong / lot)) <= risk) / lot

    def _steps(self) -> dict[str, str]:
        """What is drawn, and when the lot is accepted, in words."""
        return {"draw": f"{self.n:,}", "accept with at most": counted(self.accept, "error")}

    def _risks(self) -> dict[str, str]:
        """What buyer and producer are protected from, in words."""
        bought, made = percent(self.rql), percent(self.aql)
        return {
            "Buyer": f"a lot with {bought} errors is accepted in {percent(self.consumer_risk)} of audits.",
            "Producer": f"a lot with {made} errors is rejected in {percent(self.producer_risk)} of audits.",
        }

    def __str__(self) -> str:
        steps = ", ".join(f"{step} {what}" for step, what in self._steps().items())
        return f"{steps.capitalize()}. " + " ".join(f"{who}: {risk}" for who, risk in self._risks().items())

    def _repr_html_(self) -> str:
        rows = {**self._steps(), **self._risks(), "from": self.source}
        cells = ((escape(name.capitalize()), escape(text)) for name, text in rows.items())
        body = "".join(f'<tr><th scope="row">{name}</th><td>{text}</td></tr>' for name, text in cells)
        return f'<table class="halo-facts"><tbody>{body}</tbody></table>'


@dataclass(frozen=True, kw_only=True)
class DoublePlan(Plan):
    """Draw ``n1``; accept with at most ``accept1`` errors, reject with ``reject1``; otherwise draw ``n2`` more.

    After the second draw the lot is accepted with at most ``accept`` errors
    in both draws together. Risks are those of a stream of lots.

    Attributes
    ----------
    n, accept, aql, rql, lot, source
        As in `Plan`; n and accept of both draws together.
    n1, accept1, reject1 : int
        Of the first draw.

    Examples
    --------
    >>> plan = DoublePlan(150, 3, 0.01, 0.10, n1=50, accept1=1, reject1=4)
    >>> round(float(plan.acceptance(0.05)), 3)
    0.29
    """

    n1: int
    accept1: int
    reject1: int

    def __post_init__(self) -> None:
        if not (0 < self.n1 < self.n and 0 <= self.accept1 < self.reject1 <= self.accept + 1):
            raise BadOption("a double plan needs 0 < n1 < n and 0 <= accept1 < reject1 <= accept + 1")

    @property
    def n2(self) -> int:
        """Labels of the second draw."""
        return self.n - self.n1

    def _accepted(self, p: ArrayLike) -> list[tuple[int, NDArray]]:
        p = np.asarray(p, float)
        unsure = np.arange(self.accept1 + 1, self.reject1)
        first, each = stats.binom.cdf(self.accept1, self.n1, p), p[..., None]
        again = stats.binom.pmf(unsure, self.n1, each) * stats.binom.cdf(self.accept - unsure, self.n2, each)
        return [(self.n1, first), (self.n, again.sum(axis=-1))]

    def average_number(self, p: ArrayLike) -> NDArray:
        """Labels audited on average, where the first draw is always finished and the second once begun.

        Examples
        --------
        >>> round(float(DoublePlan(150, 3, 0.01, 0.10, n1=50, accept1=1, reject1=4).average_number(0.05)), 1)
        98.1
        """
        settled = stats.binom.cdf(self.accept1, self.n1, p) + stats.binom.sf(self.reject1 - 1, self.n1, p)
        return self.n1 + self.n2 * (1 - settled)

    def _steps(self) -> dict[str, str]:
        first, both = counted(self.accept1, "error"), counted(self.accept, "error")
        return {
            "draw first": f"{self.n1:,}; accept with at most {first}, reject with {self.reject1}",
            "otherwise draw": f"{self.n2:,} more; accept with at most {both} in both draws",
            "on average": f"{float(self.average_number(self.aql)):.0f} labels in a good lot",
        }


def percent(share: float) -> str:
    """A share as a percentage."""
    return f"{readable(100 * share)}%"


def single_plan(aql: float, producer_risk: float, rql: float, consumer_risk: float, *, lot: int | None = None) -> Plan:
    """The smallest single sampling plan that holds both risks.

    For each number of errors accepted, the sample grows until a lot at ``rql`` is accepted with chance
    ``consumer_risk`` at most.
    The answer is the first such plan under which a lot at ``aql`` is rejected with chance ``producer_risk`` at most.
    Errors are counted as if the auditor never errs; see
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
    check_ascending(aql=aql, rql=rql)
    check_probability(producer_risk, option="producer_risk", open_ends=True)
    check_probability(consumer_risk, option="consumer_risk", open_ends=True)
    if lot is not None:
        lot = check_count(lot, option="lot", least=1)
    good, bad = whole_errors(aql, rql, lot)
    most = MOST if lot is None else lot
    held = accept_number(most, rql, consumer_risk, lot=lot) if good < bad else None
    found = None if held is None else _first_plan(held, most, good, bad, producer_risk, consumer_risk, lot)
    if found is not None:
        return Plan(*found, aql, rql, lot)
    raise NotEstimable(
        f"no sample of up to {most:,} labels tells a lot with {percent(aql)} errors from one with {percent(rql)} at "
        "these risks. Audit the whole lot, set the two rates further apart or allow a larger risk"
    )


@lru_cache(maxsize=256)
def _first_plan(
    held: int, most: int, good: float, bad: float, producer_risk: float, consumer_risk: float, lot: int | None
) -> tuple[int, int] | None:
    """Labels drawn and errors accepted, of checked values; policies that are compared share their audit."""
    if float(chance(held, most, good, lot)) < 1 - producer_risk:
        return None
    for accept in range(held + 1):
        n = smallest_sample(accept, bad, consumer_risk, most, lot)
        if n is not None and float(chance(accept, n, good, lot)) >= 1 - producer_risk:
            return n, accept
    return None


def smallest_sample(accept: int, p: float, risk: float, most: int, lot: int | None = None) -> int | None:
    """The smallest n at which at most ``accept`` errors have chance ``risk`` at most; None beyond ``most``."""
    sizes = range(accept + 1, most + 1)
    at = bisect_left(sizes, True, key=lambda n: float(chance(accept, n, p, lot)) <= risk)
    return sizes[at] if at < len(sizes) else None


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
    held = np.flatnonzero(chance(np.arange(n), n, whole_errors(rql, rql, lot)[1], lot) <= consumer_risk)
    return int(held[-1]) if held.size else None


def double_plan(aql: float, producer_risk: float, rql: float, consumer_risk: float) -> DoublePlan:
    """The double sampling plan that holds both risks and audits fewest labels in a good lot.

    The second draw is as large as the first, and the lot is rejected after
    the first draw with as many errors as would reject it after both. Among
    such plans the one with the smallest average number at ``aql`` is taken.

    Parameters
    ----------
    aql, producer_risk, rql, consumer_risk : float
        As in `single_plan`.

    Returns
    -------
    DoublePlan
        ``.n1 .accept1 .reject1 .n2 .accept``, and the methods of a `Plan`.

    Raises
    ------
    BadOption
        If the shares are out of range or out of order.
    NotEstimable
        If no such plan stays below 100,000 labels.

    Examples
    --------
    >>> plan = double_plan(0.02, 0.05, 0.10, 0.10)
    >>> plan.n1, plan.accept1, plan.n2, plan.accept
    (34, 0, 34, 3)
    >>> single = single_plan(0.02, 0.05, 0.10, 0.10)
    >>> bool(plan.average_number(0.02) < single.n)
    True
    """
    single = single_plan(aql, producer_risk, rql, consumer_risk)
    source = "fewest labels on average in a good lot, second draw as large as the first"

    def made(accepts: tuple[int, int], n1: int) -> DoublePlan:
        accept1, accept = accepts
        return DoublePlan(2 * n1, accept, aql, rql, source=source, n1=n1, accept1=accept1, reject1=accept + 1)

    def held(accepts: tuple[int, int], n1: int) -> bool:
        return made(accepts, n1).consumer_risk <= consumer_risk

    plans, sizes = [], range(single.n + 1)
    for accepts in combinations(range(2 * single.accept + 4), 2):
        n1 = bisect_left(sizes, True, lo=1, key=partial(held, accepts))
        if n1 in sizes and made(accepts, n1).producer_risk <= producer_risk:
            plans.append(made(accepts, n1))
    if not plans:
        raise NotEstimable("no double plan of this shape holds both risks; use the single plan")
    return min(plans, key=lambda plan: float(plan.average_number(aql)))


Inspection = Literal["I", "II", "III"]

# Facts of MIL-STD-105E (1989), tables I and II-A, the plans of which ISO 2859-1 also uses.
LETTERS = "ABCDEFGHJKLMNPQR"
SIZES = dict(zip(LETTERS, (2, 3, 5, 8, 13, 20, 32, 50, 80, 125, 200, 315, 500, 800, 1250, 2000), strict=True))
UP_TO = (8, 15, 25, 50, 90, 150, 280, 500, 1200, 3200, 10_000, 35_000, 150_000, 500_000)
LETTER_OF = {"I": "AABCCDEFGHJKLMN", "II": "ABCDEFGHJKLMNPQ", "III": "BCDEFGHJKLMNPQR"}
LEVELS = (0.010, 0.015, 0.025, 0.040, 0.065, 0.10, 0.15, 0.25, 0.40, 0.65, 1.0, 1.5, 2.5, 4.0, 6.5, 10.0)
# Each mark of the master table stands one AQL further left a letter later, so its diagonals are the whole of it:
# a number is the accept number, v sends to the next larger sample, ^ to the next smaller.
DIAGONALS = [*"v" * 14, "0", "^", "v", "1", "2", "3", "5", "7", "10", "14", "21", *"^" * 6]
MASTER = {letter: DIAGONALS[i : i + len(LEVELS)] for i, letter in enumerate(LETTERS)}
# No sample is smaller than A's, none larger than R's, so these two arrows turn.
MASTER["A"][15], MASTER["R"][1] = "v", "^"


def standard_plan(lot: int, aql: float, inspection: Inspection = "II") -> Plan:
    """The plan of MIL-STD-105E and ISO 2859-1 for a lot: single sampling, normal inspection.

    The table protects the producer: a lot at ``aql`` is accepted nearly
    always. What the buyer is protected from is not asked for, so it is printed first.
    ``.rql`` is the error rate that is still accepted in 10% of audits, and it is often five times the AQL. The standard
    also asks for tightened
    inspection after two rejections in five lots; without that switch its
    protection is less than it says. Where the arrow of the table leads to
    a sample as large as the lot, the whole lot is audited.

    Parameters
    ----------
    lot : int
        Labels in the lot, at least 2.
    aql : float
        A share as in the table, .0001 to .10, for instance .01 for 1%; from .65
        up it is read as the percentage the table prints (1.0 is 1%).
    inspection : {"I", "II", "III"}
        General inspection level; II unless there is a reason.

    Returns
    -------
    Plan
        ``.n .accept .acceptance(p) .outgoing_limit(lot)``; ``.source`` gives the
        code letter.

    Raises
    ------
    BadOption
        If the AQL is none of the table's, the level is unknown, or the lot has fewer than two labels.

    References
    ----------
    MIL-STD-105E (1989), tables I and II-A; Montgomery (2013), section 15.4.

    Examples
    --------
    >>> plan = standard_plan(2000, 0.0065)
    >>> plan.n, plan.accept
    (125, 2)
    >>> print(plan)
    Draw 125, accept with at most 2 errors. Buyer: a lot with 4.2% errors is accepted in 10% of audits.
    Producer: a lot with 0.65% errors is rejected in 4.87% of audits.
    """
    BadOption.unless("inspection", inspection, LETTER_OF)
    lot = check_count(lot, option="lot", least=2)
    percent = aql if aql >= 0.65 else 100 * aql
    if not np.isclose(LEVELS, percent, rtol=0, atol=1e-9).any():
        raise BadOption.of("aql", aql, tuple(round(level / 100, 6) for level in LEVELS))
    column = int(np.abs(np.subtract(LEVELS, percent)).argmin())
    first = LETTER_OF[inspection][sum(lot > end for end in UP_TO)]
    letter, mark = first, MASTER[first][column]
    while mark in "v^":
        letter = LETTERS[LETTERS.index(letter) + (1 if mark == "v" else -1)]
        mark = MASTER[letter][column]
    n, accept, share = SIZES[letter], int(mark), LEVELS[column] / 100
    moved = f", by its arrow to {letter}" if letter != first else ""
    source = f"MIL-STD-105E table II-A, level {inspection}: code letter {first}{moved}, AQL {readable(100 * share)}%"
    if n >= lot:
        n, source = lot, f"{source}; the sample is as large as the lot, so all {counted(lot, 'label')}"
        accept = min(accept, n - 1)
    plan = Plan(n, accept, share, share, source=source)
    return replace(plan, rql=plan.limiting_quality())


def compare_plans(
    lot: int, *, aql: float = 0.03, producer_risk: float = 0.05, rql: float = 0.10, consumer_risk: float = 0.10
) -> pd.DataFrame:
    """Set four ways to audit a lot side by side, both risks of each, the buyer's first.

    Returns
    -------
    pandas.DataFrame
        Columns ``plan``, ``draw``, ``accept``, ``consumer_risk`` (a lot at ``rql`` is
        accepted), ``producer_risk`` (a lot at ``aql`` is rejected),
        ``limiting_quality`` (accepted in 10% of audits), ``average_number``
        (labels audited in a lot at ``aql``), ``outgoing_limit`` (empty where
        the plan asks for more than the lot). Plans that cannot be made are left out.

    Examples
    --------
    >>> compare_plans(320)["plan"].tolist()
    ['single, for this lot', 'single, for many lots', 'double, for many lots', 'published table, AQL 2.5%']
    """
    listed = max((level for level in LEVELS if level / 100 <= aql + 1e-12), default=LEVELS[0]) / 100
    points = (aql, producer_risk, rql, consumer_risk)
    makers: dict[str, Callable[[], Plan]] = {
        "single, for this lot": partial(single_plan, *points, lot=lot),
        "single, for many lots": partial(single_plan, *points),
        "double, for many lots": partial(double_plan, *points),
        f"published table, AQL {100 * listed:g}%": partial(standard_plan, lot, listed),
    }
    rows = []
    for name, make in makers.items():
        with suppress(HaloError):
            plan = replace(make(), aql=aql, rql=rql)
            draw, accept = str(plan.n), str(plan.accept)
            if isinstance(plan, DoublePlan):
                draw, accept = f"{plan.n1}, then {plan.n2}", f"{plan.accept1}, then {plan.accept}"
            risks = plan.consumer_risk, plan.producer_risk, plan.limiting_quality(), float(plan.average_number(aql))
            rows.append((name, draw, accept, *risks, plan.outgoing_limit(lot) if plan.n <= lot else None))
    if not rows:
        raise NotEstimable(f"no plan can be made for a lot of {lot}")
    columns = ["plan", "draw", "accept", "consumer_risk", "producer_risk", "limiting_quality", "average_number"]
    return pd.DataFrame(rows, columns=[*columns, "outgoing_limit"])
