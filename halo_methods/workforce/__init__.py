"""Vendors and teams: what they deliver, how good it is, which of them can be compared, and signals of integrity.

`by_vendor` sets groups side by side; `comparisons` says which pairs may be
compared. The module `workforce.integrity` holds the signals; they are
evidence for a look at the work, and never part of a scorecard.
"""

from . import integrity
from .comparing import Comparisons, compare, comparisons, overlap
from .deciding import next_steps
from .exposure import Exposure, exposure
from .funnel import Spread, effective_sizes, funnel, funnel_limits, rank_intervals, shrink, spread
from .measures import cost_per_accepted, rates, throughput
from .outcomes import grouping, known_rows, outcomes
from .over_time import between, by_week, week_of
from .scorecard import Scorecard, by_group, by_vendor

__all__ = [
    "Comparisons",
    "Exposure",
    "Scorecard",
    "Spread",
    "between",
    "by_group",
    "by_vendor",
    "by_week",
    "compare",
    "comparisons",
    "cost_per_accepted",
    "effective_sizes",
    "exposure",
    "funnel",
    "funnel_limits",
    "grouping",
    "integrity",
    "known_rows",
    "next_steps",
    "outcomes",
    "overlap",
    "rank_intervals",
    "rates",
    "shrink",
    "spread",
    "throughput",
    "week_of",
]
