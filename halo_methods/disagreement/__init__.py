"""Where raters disagree, why, and what is changed for it.

Functions take one criterion and one stage of a `Judgments` table.
"""

from .causes import CAUSES, Cause, causes
from .components import VarianceComponents, variance_components

__all__ = [
    "CAUSES",
    "Cause",
    "VarianceComponents",
    "causes",
    "variance_components",
]
