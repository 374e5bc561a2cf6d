"""A quality policy: how much gold, which exam, which alarm, which audit, at which prices."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from ..audit import Plan, single_plan
from ..certification import ExamPlan, exam_plan
from ..errors import BadOption
from ..results import readable
from ..stats.checks import check_count, check_probability
from .alarm_rules import AlarmRule, Kind, alarm_rule, check_bars
from .simulated_raters import SimulatedRater

MONTH = 21
"""Working days of a month."""
GAP = 0.12
"""How far the unacceptable accuracy lies below the good one where nobody says (house rule)."""


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
        check_bars(good, unacceptable)
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
        check_bars(self.good, self.unacceptable)
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
