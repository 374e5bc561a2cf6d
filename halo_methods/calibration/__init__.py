"""Calibration and certification: raters against gold, what to do next, who is certified, who is due again.

Functions take one criterion and one stage of a `Judgments` table. Accuracy,
confusion and missed items use only judgments of items that have gold. Plans
and certificates take counts.
"""

from .anytime import Certification, streams
from .bars import Bars, bars_from_experts, expert_accuracy
from .certification import Certificate, certificates, certify
from .gold import accuracy, by_rater, confusion, missed_items, missed_share, on_gold, rater_estimates, rows_on_gold
from .groups import by_group, grouping
from .many_facet import ManyFacet, many_facet
from .next_steps import next_steps, rater_steps, suspect_items
from .plans import CertificationPlan, certification_plan, expected_items
from .reference import judges, majority_against_gold, people
from .rounds import by_round, change, current, first_and_last, rounds
from .severity import severity
from .severity_model import severity_model
from .spread import severity_spread
from .upkeep import gold_items, recertification, refresh_list

__all__ = [
    "Bars",
    "Certificate",
    "Certification",
    "CertificationPlan",
    "ManyFacet",
    "accuracy",
    "bars_from_experts",
    "by_group",
    "by_rater",
    "by_round",
    "certificates",
    "certification_plan",
    "certify",
    "change",
    "confusion",
    "current",
    "expected_items",
    "expert_accuracy",
    "first_and_last",
    "gold_items",
    "grouping",
    "judges",
    "majority_against_gold",
    "many_facet",
    "missed_items",
    "missed_share",
    "next_steps",
    "on_gold",
    "people",
    "rater_estimates",
    "rater_steps",
    "recertification",
    "refresh_list",
    "rounds",
    "rows_on_gold",
    "severity",
    "severity_model",
    "severity_spread",
    "streams",
    "suspect_items",
]
