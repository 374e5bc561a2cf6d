"""Model judges: whether one may stand in for people, what corrects its rates, what its errors depend on.

Functions take `Judgments` with rows of `rater_type` ``model`` beside those of people, or a frame. One criterion and one
stage at a time. Nothing here calls a model: judgments come in as files.
"""

from .alternative_annotator import AlternativeAnnotator, alternative_annotator_test
from .judge_errors import Consistency, Drivers, Panel, StatedConfidence, consistency, drivers, panel, stated_confidence
from .judge_passport import Bars, Passport, passport
from .judged_rates import JudgedRate, corrected_rate, judged_rate, prediction_powered_mean

__all__ = [
    "AlternativeAnnotator",
    "Bars",
    "Consistency",
    "Drivers",
    "JudgedRate",
    "Panel",
    "Passport",
    "StatedConfidence",
    "alternative_annotator_test",
    "consistency",
    "corrected_rate",
    "drivers",
    "judged_rate",
    "panel",
    "passport",
    "prediction_powered_mean",
    "stated_confidence",
]
