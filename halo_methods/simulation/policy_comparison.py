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
        """The setting and what it does.

        ``run_length`` (working days between false alarms of a rater at the good accuracy; exact), ``days`` to
        detection, ``found`` (share of the runs), then the figures of `StressTest.estimates`; all but the first with
        ``_low`` and ``_high``.
        """
        rows = []
        for value, test in self.tests.items():
            policy, found = test.policy, test.found.set_index("fault").loc[self.fault]
            waits = policy.rule.run_length * policy.rule.batch / (policy.gold_share * policy.built_for[2])
            row = {self.setting: value, "run_length": waits, **found[["found", "found_low", "found_high"]]}
            for name, e in {"days": test.days_to_detection(self.fault), **test.estimates}.items():
                row |= {name: e.value, f"{name}_low": e.low, f"{name}_high": e.high}
            rows.append(row)
        return pd.DataFrame(rows)

    @property
    def detection(self) -> pd.DataFrame:
        """The columns of the table that say how soon the fault is found."""
        return self.table.filter(regex=f"^({self.setting}|run_length|days.*|found|caught)$")

    @property
    def costs(self) -> pd.DataFrame:
        """The columns of the table that say what it costs good raters and the house."""
        return self.table.filter(regex=f"^({self.setting}|false_accusations.*|cost|cost_per_defect.*)$")

    def plot(self) -> "Figure":
        """Draw what changes with the gold share, or how soon each rule finds the fault."""
        from .. import plots

        if self.setting == "gold_share":
            drawn = {name: unit for name, unit in PANELS.items() if name in self.table}
            return plots.panels(self.table, "gold_share", drawn, x_unit="gold share", title="What gold buys")
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
    >>> rules.detection["run_length"].round(6).tolist()
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
