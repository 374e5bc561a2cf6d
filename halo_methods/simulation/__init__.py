"""Raters whose truth is known, so that methods and samples can be held against it.

>>> "calibration" in SAMPLES
True
"""

from collections.abc import Callable

import pandas as pd

from .aggregation import confusing, crowd
from .calibration import CALIBRATION_SCALE, calibration_sample, calibration_team
from .raters import Rater, gold_round, label

SAMPLES: dict[str, Callable[[], pd.DataFrame]] = {
    "calibration": calibration_sample,
}

__all__ = [
    "CALIBRATION_SCALE",
    "SAMPLES",
    "Rater",
    "calibration_sample",
    "calibration_team",
    "confusing",
    "crowd",
    "gold_round",
    "label",
]
