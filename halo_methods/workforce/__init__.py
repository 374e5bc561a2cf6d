"""Vendors and teams: what they deliver, how good it is, and which of them can be compared.

`by_vendor` sets groups side by side; `comparisons` says which pairs may be
compared, and `next_steps` what the figures allow.
"""

from .group_figures import GroupFigures, rates, weeks_checked
from .shared_work import overlap, shared_items
from .vendors import Comparisons, Scorecard, agreement_between, by_group, by_vendor, comparisons, next_steps

__all__ = [
    "Comparisons",
    "GroupFigures",
    "Scorecard",
    "agreement_between",
    "by_group",
    "by_vendor",
    "comparisons",
    "next_steps",
    "overlap",
    "rates",
    "shared_items",
    "weeks_checked",
]
