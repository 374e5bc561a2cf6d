"""Two questions that come ready: how large a gold share, and which alarm rule."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

import pandas as pd

from ..errors import NotEstimable
from ..results import Estimate
from .alarm_rules import Kind
from .quality_policy import QualityPolicy
from .simulated_raters import SimulatedRater
from .stress_testing import StressTest, stress_test

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Setting = TypeVar("Setting", str, float)
GOLD_SHARES = (0.02, 0.05, 0.10, 0.15, 0.20)
RULES: tuple[tuple[Kind, int], ...] = (("cusum", 5), ("cusum", 20), ("p-chart", 10), ("p-chart", 20))
PANELS = {
    "days": "working days to detection",
    "false_accusations": "false accusations, 100 rater-months",
    "cost_per_defect": "cost per defect caught",
}


@dataclass(frozen=True, kw_only=True, eq=False)
class PolicyComparison:
    """Stress tests of policies that differ in one setting.

    Attributes
    ----------
    setting : {"gold_share", "rule"}
    tests : dict of str or float to StressTest
        By the setting.
    fault : str
        The planted fault whose detection is timed.
    """

    setting: str
    tests: Mapping[Any, StressTest]
    fault: str

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
            policy, found = test.policy, test.found.set_index("fault").loc[self.fault]
            waits = policy.rule.run_length * policy.rule.batch / (policy.gold_share * policy.built_for[2])
            days = _spread("days", test.days_to_detection(self.fault))
            caught = _spread("caught", test.estimates.get("caught"))["caught"]
            rows.append({self.setting: value, "run_length": waits, **days, "found": found["found"], "caught": caught})
        return pd.DataFrame(rows)

    @property
    def costs(self) -> pd.DataFrame:
        """Return what each setting costs good raters and the house.

        The setting, ``false_accusations`` in 100 rater-months, ``cost`` of a month and ``cost_per_defect`` caught,
        each with ``_low`` and ``_high``.
        """
        names = ("false_accusations", "cost", "cost_per_defect")
        rows = [
            (value, [_spread(name, test.estimates.get(name)) for name in names]) for value, test in self.tests.items()
        ]
        return pd.DataFrame([{self.setting: value, **a, **b, **c} for value, (a, b, c) in rows])

    def plot(self) -> "Figure":
        """Draw what changes with the gold share, or how soon each rule finds the fault."""
        from .. import plots

        if self.setting == "gold_share":
            rows = self.table.merge(self.costs)
            return plots.panels(rows, "gold_share", PANELS, x_unit="gold share", title="What gold buys")
        rows = self.table.assign(low=lambda t: t["days_low"], high=lambda t: t["days_high"])
        title = "Rules with equally many false alarms"
        return plots.intervals(rows, "rule", "days", unit=PANELS["days"], title=title)


def compare_gold_shares(
    policy: QualityPolicy,
    raters: Sequence[SimulatedRater],
    *,
    shares: Sequence[float] = GOLD_SHARES,
    fault: str = "drift",
    runs: int = 200,
    days: int = 84,
    seed: int = 0,
) -> PolicyComparison:
    """Compare gold shares on the same raters: time to detection, false accusations, cost.

    The rule is built anew for each share, so that a good rater waits equally
    long for a false alarm: what more gold buys is time.

    Parameters
    ----------
    policy : QualityPolicy
        Its gold share is the one that changes.
    raters : sequence of SimulatedRater
        With faults; see `plant_faults`.
    shares : sequence of float
        A share too thin for the rule is left out.
    fault : str
        The planted fault whose detection is timed.
    runs, days, seed
        As in `stress_test`.

    Raises
    ------
    NotEstimable
        If every share is too thin.

    Examples
    --------
    >>> from halo_methods.simulation import plant_faults
    >>> team = plant_faults([SimulatedRater(f"r{n}", 0.92) for n in range(6)])
    >>> compare_gold_shares(QualityPolicy(), team, shares=(0.05, 0.2), runs=50).table["gold_share"].tolist()
    [0.05, 0.2]
    """
    policies = {share: replace(policy, gold_share=share, exact_run_length=True) for share in shares}
    tests = _tests(policies, lambda p: stress_test(p, raters, runs=runs, days=days, seed=seed))
    return PolicyComparison(setting="gold_share", tests=tests, fault=fault)


def compare_alarm_rules(
    policy: QualityPolicy,
    raters: Sequence[SimulatedRater],
    *,
    rules: Sequence[tuple[Kind, int]] = RULES,
    fault: str = "drift",
    runs: int = 200,
    days: int = 84,
    seed: int = 0,
) -> PolicyComparison:
    """Compare alarm rules at one in-control run length: which finds the planted fault soonest.

    Parameters
    ----------
    policy : QualityPolicy
        Its rule is the one that changes.
    raters : sequence of SimulatedRater
    rules : sequence of (kind, batch)
        As in `alarm_rule`. A rule that looks too seldom for the run length is left out.
    fault, runs, days, seed
        As in `compare_gold_shares`.

    Raises
    ------
    NotEstimable
        If every rule looks too seldom.

    Examples
    --------
    >>> from halo_methods.simulation import plant_faults
    >>> team = plant_faults([SimulatedRater(f"r{n}", 0.92) for n in range(6)])
    >>> rules = compare_alarm_rules(QualityPolicy(), team, rules=(("cusum", 5), ("p-chart", 20)), runs=50)
    >>> rules.table["run_length"].round(6).tolist()
    [250.0, 250.0]
    """
    policies = {
        f"{kind}, looks after {batch}": replace(policy, alarm=kind, batch=batch, exact_run_length=True)
        for kind, batch in rules
    }
    tests = _tests(policies, lambda p: stress_test(p, raters, runs=runs, days=days, seed=seed))
    return PolicyComparison(setting="rule", tests=tests, fault=fault)


def _tests(
    policies: Mapping[Setting, QualityPolicy], run: Callable[[QualityPolicy], StressTest]
) -> dict[Setting, StressTest]:
    """Test each policy; those that cannot be built are left out, unless none can."""
    tests: dict[Setting, StressTest] = {}
    reason = NotEstimable("no setting was given to compare")
    for setting, policy in policies.items():
        try:
            tests[setting] = run(policy)
        except NotEstimable as why:
            reason = why
    if not tests:
        raise reason
    return tests


def _spread(name: str, e: Estimate | None) -> dict[str, float | None]:
    ends = (e.value, e.low, e.high) if e else (None, None, None)
    return dict(zip((name, f"{name}_low", f"{name}_high"), ends, strict=True))
