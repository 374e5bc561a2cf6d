"""Quality policies tried on simulated raters before they meet people.

Raters are set by hand or fitted to a log, faults are planted, and a policy is
stress-tested: whom it accuses falsely, how soon it finds a fault, at what cost.
"""

from .alarm_rules import AlarmRule, alarm_rule
from .fitted_raters import RaterFit, fit_raters, gold_in_log
from .policy_comparison import PolicyComparison, compare_alarm_rules, compare_gold_shares
from .quality_policy import PolicyPrices, QualityPolicy
from .simulated_raters import SimulatedRater, plant_faults
from .stress_testing import StressTest, stress_test

__all__ = [
    "AlarmRule",
    "PolicyComparison",
    "PolicyPrices",
    "QualityPolicy",
    "RaterFit",
    "SimulatedRater",
    "StressTest",
    "alarm_rule",
    "compare_alarm_rules",
    "compare_gold_shares",
    "fit_raters",
    "gold_in_log",
    "plant_faults",
    "stress_test",
]
