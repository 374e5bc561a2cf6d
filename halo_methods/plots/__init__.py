"""Pictures in one visual language: a dot for a value, a line for its interval, a dashed line for a bar.

Every function returns a matplotlib figure whose ``alt`` attribute says in
words what the picture shows.
"""

from .aggregation import confidence, failures
from .agreement import coverage, peers, prevalence
from .chances import chances
from .charts import band, chart
from .confusion import confusion
from .dependability import dependability
from .groups import by_week, funnel, minutes_a_day
from .intervals import intervals
from .operating import operating, outgoing
from .planning import frontier, people
from .setting_panels import panels
from .tradeoff import tradeoff

__all__ = [
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
