"""Calibration: how often raters are right, which way they lean, and what each does next.

Functions take one criterion and one stage of a `Judgments` table, or a frame.
"""

from .against_majority import judges, majority_accuracy
from .correctness import Accuracies, Confusion, accuracy, accuracy_by, by_rater, change, confusion
from .next_steps import NextSteps, next_steps
from .severity import Severities, severity, severity_spread

__all__ = [
    "Accuracies",
    "Confusion",
    "NextSteps",
    "Severities",
    "accuracy",
    "accuracy_by",
    "by_rater",
    "change",
    "confusion",
    "judges",
    "majority_accuracy",
    "next_steps",
    "severity",
    "severity_spread",
]
