"""Where raters disagree, why, and what is changed for it.

Functions take one criterion and one stage of a `Judgments` table.
"""

from .components import VarianceComponents, variance_components

__all__ = [
    "VarianceComponents",
    "variance_components",
]
