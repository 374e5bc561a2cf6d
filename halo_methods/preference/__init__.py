"""Preference: which system is stronger, from judgments that compare two, with what else moved the votes.

Takes `Pairs`, or a frame with the same columns.
"""

from .drawn_voters import Bootstrap, bootstrap
from .order_checks import OneOrder, Strata, one_order, strata
from .reward_models import RewardModel, accuracy_ceiling, decided_votes, repeated_votes, reward_models
from .strengths import Strengths, battles_to_separate, bradley_terry

__all__ = [
    "Bootstrap",
    "OneOrder",
    "RewardModel",
    "Strata",
    "Strengths",
    "accuracy_ceiling",
    "battles_to_separate",
    "bootstrap",
    "bradley_terry",
    "decided_votes",
    "one_order",
    "repeated_votes",
    "reward_models",
    "strata",
]
