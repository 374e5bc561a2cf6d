"""Calibration: how often raters are right, which way they lean, and what each does next.

Functions take one criterion and one stage of a `Judgments` table, or a frame.
"""

from .correctness import Accuracies, accuracy, accuracy_by, by_rater, change, judges, majority_accuracy
from .strictness import Confusion, NextSteps, RaterStrictness, confusion, next_steps, strictness, strictness_spread
from .suggestions import automation_bias

__all__ = [
    "Accuracies",
    "Confusion",
    "NextSteps",
    "RaterStrictness",
    "accuracy",
    "accuracy_by",
    "automation_bias",
    "by_rater",
    "change",
    "confusion",
    "judges",
    "majority_accuracy",
    "next_steps",
    "strictness",
    "strictness_spread",
]
