"""Preference: which system is stronger, from judgments that compare two, with what else moved the votes.

Takes `Pairs`, or a frame with the same columns.
"""

from .strengths import Strengths, battles_to_separate, bradley_terry

__all__ = ["Strengths", "battles_to_separate", "bradley_terry"]
