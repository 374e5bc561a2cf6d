"""Quality policies tried on simulated raters before they meet people.

Raters are set by hand or fitted to a log, faults are planted, and a policy is stress-tested.
The result says whom it accuses falsely, how soon it finds a fault, and at what cost.
"""

from .quality_policy import AlarmRule, PolicyPrices, QualityPolicy, alarm_rule
from .simulated_raters import RaterFit, SimulatedRater, fit_raters, gold_in_log, plant_faults
from .stress_testing import PolicyComparison, StressTest, compare_policies, stress_test

__all__ = [
    "AlarmRule",
    "PolicyComparison",
    "PolicyPrices",
    "QualityPolicy",
    "RaterFit",
    "SimulatedRater",
    "StressTest",
    "alarm_rule",
    "compare_policies",
    "fit_raters",
    "gold_in_log",
    "plant_faults",
    "stress_test",
]
