"""Policies under stress, alone and compared: false accusations, days until planted faults are found, cost."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..results import Basis, Caution, Estimate, Figure
from ..stats.checks import check_count
from ..stats.means import Interval, mean_interval, poisson_interval, ratio_interval
from ..stats.proportions import wilson
from .quality_policy import MONTH, QualityPolicy
from .simulated_raters import SimulatedRater, daily_accuracy

FEW_EVENTS, MOST_ANSWERS, FEWEST_RUNS = 30, 3e8, 20
CAUTION = Caution(
    "simulated", "The interval is that of the simulation; whether the raters are like these it cannot say."
)
FIGURES = {
    "alarms": "alarms on good raters in 100 rater-months",
    "false_accusations": "false accusations in 100 rater-months",
    "audits": "audits a month",
    "cost": "cost a month",
    "caught": "share of defects caught",
    "cost_per_defect": "cost per defect caught",
}
VALUES: dict[str, Sequence[Any]] = {
    "gold_share": (0.02, 0.05, 0.10, 0.15, 0.20),
    "rule": (("cusum", 5), ("cusum", 20), ("p-chart", 10), ("p-chart", 20)),
}


@dataclass(frozen=True, kw_only=True, eq=False)
class StressTest:
    """What a policy did in simulated runs.

    Attributes
    ----------
    policy : QualityPolicy
    estimates : dict of str to Estimate
        ``alarms`` on good raters, and ``false_accusations``, those an audit confirmed, in 100 rater-months; ``audits``
        in a month, of good raters and others; ``cost`` of a month: gold, audits and labels done again, of the whole
        team; ``caught``: of the wrong labels that faulty raters give beyond a good one's, the share done again or
        never given; ``cost_per_defect`` caught. The last two are missing if there were no such labels, or none was
        caught.
    delays : dict of str to Estimate
        By planted fault, see `days_to_detection`.
    found : pandas.DataFrame
        A row for each planted fault: ``fault``, ``found`` (share of the runs), ``found_low``, ``found_high``,
        ``days``, ``low``, ``high``.
    """

    policy: QualityPolicy
    estimates: dict[str, Estimate]
    delays: dict[str, Estimate]
    found: pd.DataFrame

    @property
    def false_accusations(self) -> Estimate:
        """Good raters accused in 100 rater-months."""
        return self.estimates["false_accusations"]

    def days_to_detection(self, fault: str) -> Estimate:
        """Return the working days from the beginning of a planted fault to its confirmed alarm, on average.

        A run without such an alarm counts with the days to its end.

        Raises
        ------
        NotEstimable
            If no such fault was planted.
        """
        if fault not in self.delays:
            raise NotEstimable(f"no fault {fault!r} was planted; planted were {', '.join(self.delays) or 'none'}")
        return self.delays[fault]

    @property
    def table(self) -> pd.DataFrame:
        """``figure``, ``value``, ``low``, ``high``: the estimates, then whether and when each fault is found."""
        rows = [(FIGURES[name], e.value, e.low, e.high) for name, e in self.estimates.items()]
        for _, fault in self.found.iterrows():
            rows.append((f"share of runs that find {fault['fault']}", *fault[["found", "found_low", "found_high"]]))
            rows.append((f"working days until {fault['fault']} is found", *fault[["days", "low", "high"]]))
        return pd.DataFrame(rows, columns=["figure", "value", "low", "high"])

    def plot(self) -> Figure:
        """Draw how long each planted fault stays unseen."""
        from .. import plots

        title = "From the beginning of a fault to its confirmed alarm"
        return plots.intervals(self.found, "fault", "days", unit="working days", title=title)


def stress_test(
    policy: QualityPolicy, raters: Sequence[SimulatedRater], *, runs: int = 200, days: int = 84, seed: int = 0
) -> StressTest:
    """Run a quality policy on simulated raters before it meets people.

    In each run each rater works `days` days. Gold answers are counted batch by batch, and an alarm calls an audit of
    labels of that day.
    A confirmed alarm stops a faulty rater, whose last labels are done again and whose further ones a good rater gives.
    Others who are accused work on. A rater is faulty from the day a fault begins, or while no better than the policy's
    unacceptable accuracy. Otherwise a rater is good while nearer to its good accuracy (`QualityPolicy.fair`), and
    between the two neither. The exam is not part of
    the run: see `QualityPolicy.expectations`.

    The intervals are those of the simulation. They say nothing of how well
    the raters were fitted, beyond the draw of each fitted accuracy in each run.

    Parameters
    ----------
    policy : QualityPolicy
        Built for the raters without faults unless it was built before.
    raters : sequence of SimulatedRater
        With faults; see `plant_faults`.
    runs : int
        At least 20.
    days : int
        Working days of a run.
    seed : int

    Raises
    ------
    NotEstimable
        If no rater is good on any day, or the runs are too many to draw.
    BadOption
        If runs or days are too few.

    Examples
    --------
    >>> from halo_methods.simulation import plant_faults
    >>> team = [SimulatedRater(f"r{n}", 0.92) for n in range(8)]
    >>> test = stress_test(QualityPolicy(), plant_faults(team), runs=50)
    >>> test.found["fault"].iloc[0], test.false_accusations.value < test.estimates["alarms"].value
    ('drift', True)
    """
    runs, days = check_count(runs, option="runs", least=FEWEST_RUNS), check_count(days, option="days", least=1)
    policy = policy.for_team([r for r in raters if not r.faulty] or raters)
    answers = runs * sum(_gold_answers(policy, r, days) for r in raters)
    if answers > MOST_ANSWERS:
        raise NotEstimable(f"this would draw {answers:,.0f} gold answers; take fewer runs or days")
    accuracy = daily_accuracy(raters, days, _drawn(raters, runs, np.random.default_rng([seed, 999])))
    each = [
        _one_rater(policy, rater, accuracy[:, i], np.random.default_rng([seed, i])) for i, rater in enumerate(raters)
    ]
    total = {name: np.sum([one[name] for one in each], axis=0) for name in each[0]}
    if not total["good days"].any():
        raise NotEstimable(
            "no rater here is nearer to the good accuracy than to the unacceptable one: none can be accused falsely"
        )
    fitted = {r.rater_id: r.fitted_from for r in raters if len(r.fitted_from)}
    months, exposure = days / MONTH, total["good days"] / MONTH / 100

    def estimate(what: str, interval: Interval) -> Estimate:
        value, low, high = interval
        return Estimate(
            value=value,
            low=max(low, 0.0),
            high=min(high, 1.0) if what == FIGURES["caught"] else high,
            n_items=answers,
            n_raters=len(fitted) or len(raters),
            n_judgments=answers,
            method=f"{what}; {runs} simulated runs",
            over="items and raters",
            cautions=(CAUTION,),
            basis=Basis("right", fitted),
        )

    intervals = {
        "alarms": _rate(total["alarms"], exposure),
        "false_accusations": _rate(total["accused"], exposure),
        "audits": mean_interval(total["audits"] / months),
        "cost": mean_interval(total["cost"] / months),
    }
    if total["defects"].any():
        intervals["caught"] = ratio_interval(total["caught"], total["defects"])
    if total["caught"].any():
        intervals["cost_per_defect"] = ratio_interval(total["cost"], total["caught"])
    rows, delays = [], {}
    for r, one in zip(raters, each, strict=True):
        if r.fault and r.from_day < days:
            wait, most = np.minimum(one["stopped"] + 1, days) - r.from_day, days - r.from_day
            e = estimate("working days to a confirmed alarm, cut at the end of the run", mean_interval(wait))
            delays[r.fault] = e
            low, high = wilson((wait < most).sum(), runs)
            rows.append((r.fault, (wait < most).mean(), float(low), float(high), e.value, e.low, e.high))
    return StressTest(
        policy=policy,
        estimates={name: estimate(FIGURES[name], interval) for name, interval in intervals.items()},
        delays=delays,
        found=pd.DataFrame(rows, columns=["fault", "found", "found_low", "found_high", "days", "low", "high"]),
    )


def _gold_answers(policy: QualityPolicy, rater: SimulatedRater, days: int) -> int:
    return int(policy.gold_share * rater.daily * days + 1e-9)


def _one_rater(
    policy: QualityPolicy, rater: SimulatedRater, accuracy: NDArray, rng: np.random.Generator
) -> dict[str, NDArray]:
    """One rater in all runs: what happened, by run; ``stopped`` is the day of the stop, or the number of days."""
    runs, days = accuracy.shape
    rate, batch, plan = policy.gold_share * rater.daily, policy.rule.batch, policy.audit_plan
    good_bar, unacceptable, _ = policy.built_for
    day = np.arange(days)
    bad = ((day >= rater.from_day) & rater.faulty) | (accuracy <= unacceptable)
    good = ~bad & (accuracy >= policy.fair)
    gold = _gold_answers(policy, rater, days)
    looks = gold // batch
    on = np.minimum(np.ceil((np.arange(looks * batch) + 1) / rate - 1e-9).astype(int) - 1, days - 1)
    wrong = (rng.random((runs, on.size)) >= accuracy[:, on]).reshape(runs, looks, batch).sum(axis=2)
    alarm = policy.rule.signals(wrong, rng)
    when = on[batch - 1 :: batch]
    confirmed = alarm
    if plan is not None:
        errors = rng.binomial(plan.n, np.clip(1 - accuracy[:, when], 0, 1))
        confirmed = alarm & (errors > plan.accept)
    first = np.column_stack([confirmed & bad[:, when], np.ones(runs, bool)]).argmax(axis=1)
    stopped = np.where(first < looks, np.append(when, days)[first], days)
    seen = np.arange(looks)[None, :] <= first[:, None]
    fine = good[:, when] & seen
    last = stopped[:, None]
    live = rater.daily * (1 - policy.gold_share)
    lost = live * np.maximum(good_bar - accuracy, 0) * bad
    audits, again = (alarm & seen).sum(axis=1), (confirmed & seen).sum(axis=1) * live * policy.redo_days
    prices = policy.prices
    return {
        "stopped": stopped,
        "good days": (good & (day <= last)).sum(axis=1),
        "alarms": (alarm & fine).sum(axis=1),
        "accused": (confirmed & fine).sum(axis=1),
        "audits": audits,
        "defects": lost.sum(axis=1),
        "caught": (lost * ((last < days) & (day > last - policy.redo_days))).sum(axis=1),
        "cost": gold * prices.gold + audits * (plan.n if plan else 0) * prices.audit + again * prices.judgment,
    }


def _drawn(raters: Sequence[SimulatedRater], runs: int, rng: np.random.Generator) -> NDArray:
    """Accuracies of each run: as set, or anew from a beta distribution where they were fitted."""
    drawn = np.empty((runs, len(raters)))
    for i, r in enumerate(raters):
        size = r.accuracy * (1 - r.accuracy) / r.sd**2 - 1 if r.sd else 0.0
        drawn[:, i] = rng.beta(r.accuracy * size, (1 - r.accuracy) * size, runs) if size > 0 else r.accuracy
    return drawn


def _rate(events: NDArray, exposure: NDArray) -> Interval:
    """Events for an exposure; few events have the interval of a Poisson count."""
    count, time = float(events.sum()), float(exposure.sum())
    if count > FEW_EVENTS:
        return ratio_interval(events, exposure)
    low, high = poisson_interval(count)
    return count / time, low / time, high / time


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyComparison:
    """Stress tests of policies that differ in one setting.

    Attributes
    ----------
    setting : {"gold_share", "rule"}
    tests : dict of str or float to StressTest
        By the setting.
    fault : str
        The planted fault whose detection is timed; for another one see `dataclasses.replace`.
    """

    setting: str
    tests: Mapping[Any, StressTest]
    fault: str = "drift"

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The working days until the fault is found, by setting."""
        name = self.setting.replace("_", " ")
        return {f"{name} {value}": test.days_to_detection(self.fault) for value, test in self.tests.items()}

    @property
    def table(self) -> pd.DataFrame:
        """Return how soon the fault is found.

        The setting, ``run_length`` (working days between false alarms of a rater at the good accuracy; exact),
        ``days`` with ``days_low`` and ``days_high``, ``found`` (share of the runs), ``caught`` (share of defects).
        """
        rows = []
        for value, test in self.tests.items():
            policy, days, caught = test.policy, test.days_to_detection(self.fault), test.estimates.get("caught")
            waits = policy.rule.run_length * policy.rule.batch / (policy.gold_share * policy.built_for[2])
            found = test.found.set_index("fault")["found"][self.fault]
            rows.append((value, waits, days.value, days.low, days.high, found, caught and caught.value))
        columns = [self.setting, "run_length", "days", "days_low", "days_high", "found", "caught"]
        return pd.DataFrame(rows, columns=columns)

    @property
    def costs(self) -> pd.DataFrame:
        """Return what each setting costs good raters and the house.

        The setting, ``false_accusations`` in 100 rater-months, ``cost`` of a month and ``cost_per_defect`` caught,
        each with ``_low`` and ``_high``.
        """
        rows = []
        for value, test in self.tests.items():
            row: dict[str, Any] = {self.setting: value}
            for name in ("false_accusations", "cost", "cost_per_defect"):
                e = test.estimates.get(name)
                row |= {name: e and e.value, f"{name}_low": e and e.low, f"{name}_high": e and e.high}
            rows.append(row)
        return pd.DataFrame(rows)

    def plot(self) -> Figure:
        """Draw what changes with the gold share, or how soon each rule finds the fault."""
        from .. import plots

        unit = "working days to detection"
        if self.setting == "gold_share":
            shown = {"days": unit} | {name: FIGURES[name] for name in ("false_accusations", "cost_per_defect")}
            rows = self.table.merge(self.costs)
            return plots.panels(rows, "gold_share", shown, x_unit="gold share", title="What gold buys")
        rows = self.table.assign(low=lambda t: t["days_low"], high=lambda t: t["days_high"])
        return plots.intervals(rows, "rule", "days", unit=unit, title="Rules with equally many false alarms")


def compare_policies(
    policy: QualityPolicy,
    raters: Sequence[SimulatedRater],
    *,
    setting: str,
    values: Sequence[Any] | None = None,
    runs: int = 200,
    days: int = 84,
    seed: int = 0,
) -> PolicyComparison:
    """Compare policies that differ in one setting on the same raters: time to detection, false accusations, cost.

    The rule is built anew for each value, so that a good rater waits equally
    long for a false alarm: what more gold, or another rule, buys is time.

    Parameters
    ----------
    policy : QualityPolicy
        Its gold share, or its rule, is what changes.
    raters : sequence of SimulatedRater
        With faults; see `plant_faults`.
    setting : {"gold_share", "rule"}
    values : sequence, optional
        Gold shares, or rules as ``(kind, batch)``, see `alarm_rule`; otherwise a few usual ones. One with too little
        gold for the run length is left out.
    runs, days, seed
        As in `stress_test`.

    Raises
    ------
    NotEstimable
        If there is too little gold for each of them.
    BadOption
        For another setting.

    Examples
    --------
    >>> from halo_methods.simulation import plant_faults
    >>> team = plant_faults([SimulatedRater(f"r{n}", 0.92) for n in range(6)])
    >>> shares = compare_policies(QualityPolicy(), team, setting="gold_share", values=(0.05, 0.2), runs=50)
    >>> shares.table["run_length"].round(6).tolist()
    [250.0, 250.0]
    """
    BadOption.unless("setting", setting, VALUES)
    tests: dict[Any, StressTest] = {}
    reason = NotEstimable("no setting was given to compare")
    for value in VALUES[setting] if values is None else values:
        name, changed = value, {"gold_share": value}
        if setting == "rule":
            name, changed = f"{value[0]}, looks after {value[1]}", {"alarm": value[0], "batch": value[1]}
        other = replace(policy, **changed, exact_run_length=True)
        try:
            tests[name] = stress_test(other, raters, runs=runs, days=days, seed=seed)
        except NotEstimable as why:
            reason = why
    if not tests:
        raise reason
    return PolicyComparison(setting=setting, tests=tests)
