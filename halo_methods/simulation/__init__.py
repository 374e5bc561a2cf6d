"""Raters whose truth is known, so that methods and samples can be held against it.

>>> "calibration" in SAMPLES
True
"""

from collections.abc import Callable

import pandas as pd

from .adjudication import ADJUDICATION_SCALE, adjudication_sample
from .aggregation import AGGREGATION_SCALE, aggregation_accuracy, aggregation_sample, confusing, crowd
from .agreement import AGREEMENT_SCALE, agreement_sample, agreement_team, agreement_truth, agreement_truth_by_label
from .alarm_rules import AlarmRule, alarm_rule
from .audit import AUDIT_LABELS, AUDITOR_SENSITIVITY, AUDITOR_SPECIFICITY, audit_rates, audit_sample
from .calibration import CALIBRATION_SCALE, calibration_sample, calibration_team, calibration_truth
from .disagreement import DISAGREEMENT_SCALE, UNCLEAR_CLAUSE, disagreement_sample, disagreement_truth
from .drift import DRIFT_DAYS, DRIFT_SCALE, drift_sample
from .fit import Fitted, fit, gold_in_log, plant
from .planning import PLANNING_TRUTH, planning_sample
from .policies import Policy, Prices, bars, policy
from .policy_questions import DRIFT, how_large_a_gold_share, what_raters_meet, which_alarm_rule
from .raters import Rater, gold_round, label
from .silico import SIMULATION_SCALE, simulation_sample, simulation_team
from .stress import MONTH, Stress, stress
from .workers import Worker, daily_accuracy, work_log
from .workforce import workforce_honest_sample, workforce_items_sample, workforce_sample, workforce_team

SAMPLES: dict[str, Callable[[], pd.DataFrame]] = {
    "agreement": agreement_sample,
    "adjudication": adjudication_sample,
    "aggregation": aggregation_sample,
    "audit": audit_sample,
    "calibration": calibration_sample,
    "disagreement": disagreement_sample,
    "drift": drift_sample,
    "workforce": workforce_sample,
    "workforce_honest": workforce_honest_sample,
    "workforce_items": workforce_items_sample,
    "planning": planning_sample,
    "simulation": simulation_sample,
}

__all__ = [
    "ADJUDICATION_SCALE",
    "AGGREGATION_SCALE",
    "AGREEMENT_SCALE",
    "AUDITOR_SENSITIVITY",
    "AUDITOR_SPECIFICITY",
    "AUDIT_LABELS",
    "CALIBRATION_SCALE",
    "DISAGREEMENT_SCALE",
    "DRIFT",
    "DRIFT_DAYS",
    "DRIFT_SCALE",
    "MONTH",
    "PLANNING_TRUTH",
    "SAMPLES",
    "SIMULATION_SCALE",
    "UNCLEAR_CLAUSE",
    "AlarmRule",
    "Fitted",
    "Policy",
    "Prices",
    "Rater",
    "Stress",
    "Worker",
    "adjudication_sample",
    "aggregation_accuracy",
    "aggregation_sample",
    "agreement_sample",
    "agreement_team",
    "agreement_truth",
    "agreement_truth_by_label",
    "alarm_rule",
    "audit_rates",
    "audit_sample",
    "bars",
    "calibration_sample",
    "calibration_team",
    "calibration_truth",
    "confusing",
    "crowd",
    "daily_accuracy",
    "disagreement_sample",
    "disagreement_truth",
    "drift_sample",
    "fit",
    "gold_in_log",
    "gold_round",
    "how_large_a_gold_share",
    "label",
    "planning_sample",
    "plant",
    "policy",
    "simulation_sample",
    "simulation_team",
    "stress",
    "what_raters_meet",
    "which_alarm_rule",
    "work_log",
    "workforce_honest_sample",
    "workforce_items_sample",
    "workforce_sample",
    "workforce_team",
]
