"""A quality policy: how much gold, which exam, which alarm with its exact run length, which audit, at which prices."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import optimize, stats

from ..audit import Plan, single_plan
from ..certification import ExamPlan, exam_plan
from ..errors import BadOption, NotEstimable
from ..results import counted, readable
from ..stats.checks import check_ascending, check_count, check_probability
from .simulated_raters import SimulatedRater

Kind = Literal["cusum", "p-chart"]
LONGEST = 1e9
PARTS = 5
"""Parts of a wrong answer in which a CUSUM counts."""
MOST_STATES = 1500
MONTH = 21
"""Working days of a month."""
GAP = 0.12
"""How far the unacceptable accuracy lies below the good one where the policy does not say (house rule)."""


@dataclass(frozen=True)
class AlarmRule:
    """A rule that looks at a rater's gold answers batch by batch and signals when too many are wrong.

    Attributes
    ----------
    kind : {"cusum", "p-chart"}
        ``p-chart``: more than `limit` wrong in a batch. ``cusum``: the sum of what each batch has
        wrong beyond `allowance`, never below 0, passes `limit`.
    batch : int
        Gold answers between two looks.
    limit : float
        Wrong answers.
    tie : float
        Chance to signal when the limit is hit exactly; it makes run lengths equal that whole numbers cannot.
    allowance : float
        Of a CUSUM, wrong answers per batch.
    accuracy : float
        In control.
    """

    kind: Kind
    batch: int
    limit: float
    tie: float
    allowance: float
    accuracy: float

    def signals(self, wrong: NDArray, rng: np.random.Generator) -> NDArray:
        """Where the rule signals in batches of wrong answers; it begins anew after each signal.

        Parameters
        ----------
        wrong : ndarray of int, shape (runs, batches)
        rng : numpy.random.Generator
            Decides on the limit.

        Returns
        -------
        ndarray of bool, shape (runs, batches)

        Examples
        --------
        >>> rule = AlarmRule("p-chart", 5, 2, 0.0, 0.0, 0.9)
        >>> rule.signals(np.array([[0, 3, 2]]), np.random.default_rng(0)).tolist()
        [[False, True, False]]
        """
        coin = rng.random(wrong.shape) < self.tie
        if self.kind == "p-chart":
            return (wrong > self.limit) | ((wrong == self.limit) & coin)
        signals = np.zeros(wrong.shape, bool)
        limit, allowance = round(self.limit * PARTS), round(self.allowance * PARTS)
        total = np.zeros(wrong.shape[0], int)
        for t in range(wrong.shape[1]):
            total = np.maximum(0, total + PARTS * wrong[:, t] - allowance)
            signals[:, t] = (total > limit) | ((total == limit) & coin[:, t])
            total[signals[:, t]] = 0
        return signals

    @cached_property
    def run_length(self) -> float:
        """Looks until a rater in control signals, on average; exact."""
        return self.looks_until_signal(self.accuracy)

    def looks_until_signal(self, accuracy: float) -> float:
        r"""Compute the looks until a rater of this accuracy signals, on average; at most a thousand million.

        Exact, from a fresh start. A CUSUM of counts moves on a lattice of fifths, so with Q the chances to
        move between the states that do not signal, :math:`L = (I - Q)^{-1} 1`.

        Examples
        --------
        >>> rule = alarm_rule("cusum", 0.92, 0.80, batch=5, run_length=100, exact=True)
        >>> round(rule.looks_until_signal(0.92)), round(rule.looks_until_signal(0.80), 1)
        (100, 7.4)
        >>> round(AlarmRule("p-chart", 20, 3, 0.0, 0.0, 0.9).run_length, 2)
        7.52
        """
        counts, tie = np.arange(self.batch + 1), self.tie
        chances = stats.binom.pmf(counts, self.batch, 1 - accuracy)
        if self.kind == "p-chart":
            return 1 / max(float(chances @ ((counts > self.limit) + tie * (counts == self.limit))), 1 / LONGEST)
        top, less = round(self.limit * PARTS), round(self.allowance * PARTS)
        from_, wrong = np.meshgrid(np.arange(top + 1), counts, indexing="ij")
        to = np.maximum(0, from_ + PARTS * wrong - less)
        stays = np.where(to < top, 1.0, np.where(to == top, 1 - tie, 0.0)) * chances
        q = np.zeros((top + 1, top + 1))
        np.add.at(q, (from_, np.minimum(to, top)), stays)
        length = float(np.linalg.solve(np.eye(top + 1) - q, np.ones(top + 1))[0])
        return length if 0 < length < LONGEST else LONGEST

    def __str__(self) -> str:
        limit = readable(self.limit)
        what = f"more than {limit} of {counted(self.batch, 'gold answer')} wrong"
        if self.kind == "cusum":
            what = f"wrong gold answers beyond {readable(self.allowance)} in {self.batch} add up to more than {limit}"
        tie = f" (when equal, with chance {readable(self.tie)})" if self.tie > 0 else ""
        return f"{self.kind}: {what}{tie}"


@lru_cache(256)
def alarm_rule(
    kind: Kind, good: float, unacceptable: float, *, batch: int = 5, run_length: float = 50, exact: bool = False
) -> AlarmRule:
    """Find the rule with a wanted number of looks between false alarms.

    The limit is the least whose run length is at least the one wanted.

    Parameters
    ----------
    kind : {"cusum", "p-chart"}
    good, unacceptable : float
        Accuracy in control, and the one to be found soon: a CUSUM's allowance lies between.
    batch : int
        Gold answers between two looks.
    run_length : float
        In looks, at least 2.
    exact : bool
        Let a chance decide on the limit, so that the run length is the one wanted: for comparing rules, not for use.

    Raises
    ------
    NotEstimable
        If looks are so few that the rule would signal at one in two, or no limit waits so long.
    BadOption
        For another kind, or accuracies or a batch out of range.

    References
    ----------
    Page (1954), Biometrika 41, 100-115; Brook and Evans (1972), Biometrika 59, 539-549.

    Examples
    --------
    >>> print(alarm_rule("cusum", 0.92, 0.80, batch=5, run_length=100))
    cusum: wrong gold answers beyond 0.6 in 5 add up to more than 2.8
    """
    BadOption.unless("kind", kind, get_args(Kind))
    check_ascending(unacceptable=unacceptable, good=good)
    check_count(batch, option="batch", least=1)
    if run_length < 2:
        raise NotEstimable(
            f"gold is so thin that a rule would have to signal at every {readable(run_length)} looks; "
            "give more gold, or look after fewer answers"
        )
    allowance, step, most = 0.0, 1.0, batch
    if kind == "cusum":
        # Where a batch speaks as much for one accuracy as for the other, on the lattice.
        odds = np.log(good / unacceptable)
        between = batch * odds / (odds + np.log((1 - unacceptable) / (1 - good)))
        allowance, step, most = max(1, round(between * PARTS)) / PARTS, 1 / PARTS, MOST_STATES

    def rule(places: int, tie: float = 0.0) -> AlarmRule:
        return AlarmRule(kind, batch, places * step, tie, allowance, good)

    high = 1
    while high < most and rule(high).run_length < run_length:
        high *= 2
    limits = range(min(high, most) + 1)
    least = bisect_left(limits, run_length, key=lambda places: rule(places).run_length)
    if least not in limits:
        raise NotEstimable(f"no limit of a {kind} with batches of {batch} gives a run length of {run_length:.4g}")
    if not exact or not rule(least, 1.0).run_length < run_length < rule(least).run_length:
        return rule(least)
    return rule(least, float(optimize.brentq(lambda tie: rule(least, tie).run_length - run_length, 0, 1, xtol=1e-10)))


@dataclass(frozen=True, kw_only=True)
class PolicyPrices:
    """What things cost, in any one currency or in judgments.

    Attributes
    ----------
    judgment : float
        One judgment of live work, also when it is done again.
    gold : float
        One gold answer: the judgment, and its share of making and renewing the gold.
    audit : float
        One judgment looked at by an auditor.
    """

    judgment: float = 1.0
    gold: float = 1.5
    audit: float = 3.0


@dataclass(frozen=True, kw_only=True)
class QualityPolicy:
    """A quality policy; `for_team` fills in what depends on the team.

    Attributes
    ----------
    gold_share : float
        Of a rater's judgments.
    good, unacceptable : float or None
        Accuracies the policy is built for; of a team its median, and .12 below good.
    daily : float or None
        Judgments per working day, which turn days into gold answers; of a team the median.
    alarm : {"cusum", "p-chart"} or AlarmRule
        Which gold answers call for an audit: the kind of a rule to be built, or the rule itself.
    batch : int
        Gold answers between two looks of a rule to be built.
    false_alarm_days : float
        Working days between two alarms of a rater at the good accuracy: at least so many.
    exact_run_length : bool
        As in `alarm_rule`.
    audit : float, halo_methods.audit.Plan or None
        What an alarm triggers: both risks of an audit to be built, or its plan. So many of the
        rater's labels are drawn, and more errors than accepted confirm the alarm.
        Without an audit every alarm is a confirmed one.
    exam : bool or ExamPlan
        Before live work: one attempt with errors 5% and 10%, none, or another plan.
    redo_days : int
        Working days whose labels are done again after a confirmed alarm.
    prices : PolicyPrices

    Raises
    ------
    BadOption
        If a number is out of range.

    Examples
    --------
    >>> policy = QualityPolicy(gold_share=0.1).for_team([SimulatedRater("a", 0.92, daily=50)])
    >>> policy.rule.kind, round(policy.rule.run_length)
    ('cusum', 288)
    """

    gold_share: float = 0.1
    good: float | None = None
    unacceptable: float | None = None
    daily: float | None = None
    alarm: Kind | AlarmRule = "cusum"
    batch: int = 5
    false_alarm_days: float = 250
    exact_run_length: bool = False
    audit: float | Plan | None = 0.10
    exam: bool | ExamPlan = True
    redo_days: int = 5
    prices: PolicyPrices = PolicyPrices()

    def __post_init__(self) -> None:
        check_probability(self.gold_share, option="gold_share", open_ends=True)
        check_count(self.redo_days, option="redo_days")

    def for_team(self, raters: Sequence[SimulatedRater]) -> "QualityPolicy":
        """Return the policy with the accuracies and the day of a team, where it names none.

        Raises
        ------
        BadOption
            If the accuracies do not satisfy 0 < unacceptable < good < 1.
        """
        middle = float(np.median([r.accuracy - r.fatigue / 100 * (r.daily - 1) / 2 for r in raters]))
        good = round(float(np.clip(middle, 0.2, 0.98)), 3) if self.good is None else self.good
        unacceptable = round(max(good - GAP, 0.01), 3) if self.unacceptable is None else self.unacceptable
        check_ascending(unacceptable=unacceptable, good=good)
        daily = float(np.median([r.daily for r in raters])) if self.daily is None else self.daily
        return replace(self, good=good, unacceptable=unacceptable, daily=daily)

    @property
    def built_for(self) -> tuple[float, float, float]:
        """The good and the unacceptable accuracy, and the judgments per day.

        Raises
        ------
        BadOption
            If the policy names none and was built for no team.
        """
        if self.good is None or self.unacceptable is None or self.daily is None:
            raise BadOption("the policy names no good, unacceptable and daily; allowed: its `for_team(raters)`")
        check_ascending(unacceptable=self.unacceptable, good=self.good)
        return self.good, self.unacceptable, self.daily

    @property
    def fair(self) -> float:
        """From this accuracy on, halfway between the two, an alarm is a false one."""
        return sum(self.built_for[:2]) / 2

    @cached_property
    def rule(self) -> AlarmRule:
        """The alarm rule.

        Raises
        ------
        NotEstimable
            If the gold is too thin for it.
        """
        if isinstance(self.alarm, AlarmRule):
            return self.alarm
        good, unacceptable, daily = self.built_for
        looks = self.false_alarm_days * self.gold_share * daily / self.batch
        return alarm_rule(
            self.alarm, good, unacceptable, batch=self.batch, run_length=looks, exact=self.exact_run_length
        )

    @cached_property
    def audit_plan(self) -> Plan | None:
        """The audit after an alarm."""
        if self.audit is None or isinstance(self.audit, Plan):
            return self.audit
        good, unacceptable, _ = self.built_for
        return single_plan(1 - good, self.audit, 1 - unacceptable, self.audit)

    @cached_property
    def exam_plan(self) -> ExamPlan | None:
        """The exam before live work."""
        if isinstance(self.exam, ExamPlan):
            return self.exam
        good, unacceptable, _ = self.built_for
        return exam_plan(unacceptable=unacceptable, good=good) if self.exam else None

    @property
    def table(self) -> pd.DataFrame:
        """The policy in words: ``part``, ``setting``."""
        good, unacceptable, _ = self.built_for
        prices = self.prices
        settings = {
            "Gold": f"{readable(100 * self.gold_share)}% of the judgments",
            "Built for": f"good is {readable(good)} right, unacceptable {readable(unacceptable)}",
            "Alarm": str(self.rule),
            "After an alarm": str(self.audit_plan or "the alarm stands without an audit"),
            "Exam before live work": str(self.exam_plan or "none"),
            "Done again": f"the rater's labels of {self.redo_days} working days",
            "Prices": f"judgment {readable(prices.judgment)}, gold answer {readable(prices.gold)}, "
            f"audited judgment {readable(prices.audit)}",
        }
        return pd.DataFrame(list(settings.items()), columns=["part", "setting"])

    def expectations(self, accuracies: Sequence[float] | None = None) -> pd.DataFrame:
        """Compute what a rater of each accuracy has to expect; exact, for telling raters before the policy starts.

        Parameters
        ----------
        accuracies : sequence of float, optional
            Otherwise five, from the unacceptable one to halfway between the good one and 1.

        Returns
        -------
        pandas.DataFrame
            ``accuracy``, ``alarms`` and ``accusations`` (confirmed alarms) in 100 rater-months,
            ``days_between`` (working days between alarms), ``turned_away`` (chance to fail the exam).

        Examples
        --------
        >>> policy = QualityPolicy(good=0.92, unacceptable=0.80, daily=50)
        >>> policy.expectations((0.92,)).round(2)["alarms"].tolist()
        [7.28]
        """
        top, low, daily = self.built_for
        plan, rows = self.audit_plan, []
        for accuracy in accuracies or (low, (low + top) / 2, (low + 3 * top) / 4, top, (1 + top) / 2):
            days = self.rule.looks_until_signal(accuracy) * self.rule.batch / (self.gold_share * daily)
            confirmed = 1.0 if plan is None else float(1 - plan.acceptance(1 - accuracy))
            alarms = 100 * MONTH / days
            turned_away = 1 - self.exam_plan.passes(accuracy) if self.exam_plan else 0.0
            rows.append((accuracy, alarms, alarms * confirmed, days, turned_away))
        return pd.DataFrame(rows, columns=["accuracy", "alarms", "accusations", "days_between", "turned_away"])
