"""Calibration: how often raters are right, which way they lean, and what each does next.

Functions take one criterion and one stage of a `Judgments` table, or a frame.
"""

from .correctness import (
    Accuracies,
    Confusion,
    NextSteps,
    accuracy,
    accuracy_by,
    by_rater,
    change,
    confusion,
    judges,
    majority_accuracy,
    next_steps,
)
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
