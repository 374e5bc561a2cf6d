"""Signals of integrity: evidence with its false-positive rate, never a verdict on a person.

Each detector returns `Evidence`; `signals` runs them all and leaves off those
whose false-positive rate by locale and accommodation is not known. What is
listed starts a look at the work by a named person. It never feeds pay,
certification or a scorecard by itself.
"""

from .detectors import Evidence, copied, model_written, speeders, straight_liners
from .false_alarms import DETECTORS, Signals, false_positive_rate, signals

__all__ = [
    "DETECTORS",
    "Evidence",
    "Signals",
    "copied",
    "false_positive_rate",
    "model_written",
    "signals",
    "speeders",
    "straight_liners",
]
