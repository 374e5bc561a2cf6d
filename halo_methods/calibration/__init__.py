"""A calibration round: raters against gold, before and after, and what to do next.

Functions take one criterion and one stage of a `Judgments` table. Accuracy,
confusion and missed items use only judgments of items that have gold.
"""

from .gold import accuracy, by_rater, confusion, missed_items, missed_share, rater_estimates
from .groups import by_group, grouping
from .next_steps import next_steps, rater_steps, suspect_items
from .reference import judges, majority_against_gold, people
from .rounds import by_round, change, current, first_and_last, rounds
from .severity import severity

__all__ = [
    "accuracy",
    "by_group",
    "by_rater",
    "by_round",
    "change",
    "confusion",
    "current",
    "first_and_last",
    "grouping",
    "judges",
    "majority_against_gold",
    "missed_items",
    "missed_share",
    "next_steps",
    "people",
    "rater_estimates",
    "rater_steps",
    "rounds",
    "severity",
    "suspect_items",
]
