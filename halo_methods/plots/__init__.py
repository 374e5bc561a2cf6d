"""Pictures in one visual language: a dot for a value, a line for its interval, a dashed line for a bar.

Every function returns a matplotlib figure whose ``alt`` attribute says in
words what the picture shows.
"""

from .curves import (
    allowance,
    band,
    chances,
    chart,
    dependability,
    frontier,
    operating,
    outgoing,
    people,
    prevalence,
    tradeoff,
)
from .intervals import confidence, confusion, coverage, funnel, intervals, peers
from .panel_figures import by_week, failures, minutes_a_day, panels

__all__ = [
    "allowance",
    "band",
    "by_week",
    "chances",
    "chart",
    "confidence",
    "confusion",
    "coverage",
    "dependability",
    "failures",
    "frontier",
    "funnel",
    "intervals",
    "minutes_a_day",
    "operating",
    "outgoing",
    "panels",
    "peers",
    "people",
    "prevalence",
    "tradeoff",
]
