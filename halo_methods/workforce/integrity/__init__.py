"""Signals of integrity: evidence with its false-positive rate, never a verdict on a person.

Each detector returns `Evidence`; `signals` runs them all and leaves off those
whose false-positive rate by locale and accommodation is not known. What is
listed starts a look at the work by a named person; it never feeds pay,
certification or a scorecard by itself.
"""

from .copying import copied
from .evidence import Evidence, benjamini_yekutieli
from .honest import DETECTORS, Signal, false_positive_rate, rates, signals, status
from .pace import speeders, straight_liners
from .texts import model_written

__all__ = [
    "DETECTORS",
    "Evidence",
    "Signal",
    "benjamini_yekutieli",
    "copied",
    "false_positive_rate",
    "model_written",
    "rates",
    "signals",
    "speeders",
    "status",
    "straight_liners",
]
