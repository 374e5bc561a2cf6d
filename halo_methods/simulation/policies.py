"""A quality policy: how much gold, which exam, which alarm, which audit, at which prices."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..audit import Plan, single_plan
from ..certification import ExamPlan, exam_plan
from ..errors import HaloError
from ..results import readable
from .alarm_rules import AlarmRule, Kind, alarm_rule
from .workers import Worker


@dataclass(frozen=True)
class Prices:
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


@dataclass(frozen=True)
class Policy:
    """A quality policy; made by `policy`, or by hand.

    Attributes
    ----------
    gold_share : float
        Of a rater's judgments.
    good, unacceptable : float
        Accuracies the policy is built for.
    rule : AlarmRule
        Which gold answers call for an audit.
    audit : halo_methods.audit.Plan or None
        What an alarm triggers: so many of the rater's labels are drawn, and more errors than accepted confirm it.
        Without it every alarm is a confirmed one.
    exam : halo_methods.certification.ExamPlan or None
        Before live work.
    redo_days : int
        Working days whose labels are done again after a confirmed alarm.
    prices : Prices
    """

    gold_share: float
    good: float
    unacceptable: float
    rule: AlarmRule
    audit: Plan | None = None
    exam: ExamPlan | None = None
    redo_days: int = 5
    prices: Prices = Prices()

    def __post_init__(self) -> None:
        if not 0 < self.gold_share < 1:
            raise HaloError(f"gold_share is a share of the judgments between 0 and 1; got {self.gold_share!r}")

    @property
    def fair(self) -> float:
        """From this accuracy on, halfway between the two, an alarm is a false one; below it nobody says so."""
        return (self.good + self.unacceptable) / 2

    def chance_turned_away(self, accuracy: float) -> float:
        """Chance that a rater of this accuracy fails the exam in all attempts; 0 without an exam.

        Examples
        --------
        >>> round(policy([Worker("a", 0.95)], good=0.95, unacceptable=0.85).chance_turned_away(0.95), 2)
        0.09
        """
        if self.exam is None:
            return 0.0
        return 1 - self.exam.passes(accuracy)

    @property
    def table(self) -> pd.DataFrame:
        """The policy in words: ``part``, ``setting``."""
        rows = [("Gold", f"{readable(100 * self.gold_share)}% of the judgments"),
                ("Built for", f"good is {readable(self.good)} right, unacceptable {readable(self.unacceptable)}"),
                ("Alarm", str(self.rule)),
                ("After an alarm", str(self.audit) if self.audit else "the alarm stands without an audit"),
                ("Exam before live work", str(self.exam) if self.exam else "none"),
                ("Done again", f"the rater's labels of {self.redo_days} working days"),
                ("Prices", f"judgment {readable(self.prices.judgment)}, gold answer {readable(self.prices.gold)}, "
                           f"audited judgment {readable(self.prices.audit)}")]  # fmt: skip
        return pd.DataFrame(rows, columns=["part", "setting"])


def bars(
    workers: Sequence[Worker], good: float | None = None, unacceptable: float | None = None
) -> tuple[float, float]:
    """The two accuracies a policy is built for; what is not given is the team's median, and .12 below good.

    Examples
    --------
    >>> bars([Worker("a", 0.9)])
    (0.9, 0.78)
    """
    middle = float(np.median([w.accuracy - w.fatigue / 100 * (w.daily - 1) / 2 for w in workers]))
    top = round(float(np.clip(middle, 0.2, 0.98)), 3) if good is None else good
    low = round(max(top - 0.12, 0.01), 3) if unacceptable is None else unacceptable
    if not 0 < low < top < 1:
        raise HaloError(f"the accuracies must satisfy 0 < unacceptable < good < 1; got {low!r} and {top!r}")
    return top, low


def policy(
    workers: Sequence[Worker],
    *,
    gold_share: float = 0.1,
    good: float | None = None,
    unacceptable: float | None = None,
    rule: Kind = "cusum",
    batch: int = 5,
    false_alarm_days: float = 250,
    exact: bool = False,
    audit_errors: float | None = 0.10,
    exam: bool = True,
    redo_days: int = 5,
    prices: Prices = Prices(),
) -> Policy:
    """A policy built for a team.

    Parameters
    ----------
    workers : sequence of Worker
        Their median day turns working days into gold answers.
    gold_share : float
    good, unacceptable : float, optional
        As in `bars`.
    rule : {"cusum", "p-chart"}
    batch : int
        Gold answers between two looks.
    false_alarm_days : float
        Working days between two alarms of a rater at the good accuracy: at least so many.
    exact : bool
        As in `alarm_rule`.
    audit_errors : float or None
        Both risks of the audit after an alarm (`halo_methods.audit.single_plan`);
        None for no audit.
    exam : bool
        With the exam of `halo_methods.certification.exam_plan`, one attempt, errors 5% and 10%.
    redo_days, prices
        As in `Policy`.

    Raises
    ------
    NotEstimable
        If the gold is too thin for the rule.

    Examples
    --------
    >>> made = policy([Worker("a", 0.92, daily=50)], gold_share=0.1)
    >>> made.rule.kind, round(made.rule.run_length)
    ('cusum', 288)
    """
    top, low = bars(workers, good, unacceptable)
    looks = false_alarm_days * gold_share * float(np.median([w.daily for w in workers])) / batch
    return Policy(
        gold_share, top, low,
        alarm_rule(rule, top, low, batch=batch, run_length=looks, exact=exact),
        None if audit_errors is None else single_plan(1 - top, audit_errors, 1 - low, audit_errors),
        exam_plan(unacceptable=low, good=top) if exam else None,
        redo_days, prices,
    )  # fmt: skip
