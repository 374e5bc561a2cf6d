"""Marked errors: how many points the texts of each system lose, and whether raters mark the same places.

Takes `Spans`, or a frame with the same columns.
"""

from .overlap import Overlap, overlap
from .penalty_points import WEIGHTS, Scores, mqm_score

__all__ = ["WEIGHTS", "Overlap", "Scores", "mqm_score", "overlap"]
