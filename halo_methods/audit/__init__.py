"""Audits of labelled lots: how many to draw, what the draw says, and what to do with the lot.

Plans need no data. Findings compare labels with gold, or with the rows of stage
`audit` of the same items.
"""

from ..stats.proportions import proportion
from .audit_coverage import audited_again, raters_missed
from .audit_findings import (
    Clustering,
    Findings,
    Lots,
    auditor_agreement,
    by_group,
    by_rater,
    clustering,
    corrected_rate,
    error_rate,
    kinds,
    lot_size,
    lots,
)
from .sample_draw import Drawn, allocate, draw, next_sizes, redraws, sample_size
from .sampling_plans import DoublePlan, Plan, compare_plans, double_plan, single_plan, standard_plan

__all__ = [
    "Clustering",
    "DoublePlan",
    "Drawn",
    "Findings",
    "Lots",
    "Plan",
    "allocate",
    "audited_again",
    "auditor_agreement",
    "by_group",
    "by_rater",
    "clustering",
    "compare_plans",
    "corrected_rate",
    "double_plan",
    "draw",
    "error_rate",
    "kinds",
    "lot_size",
    "lots",
    "next_sizes",
    "proportion",
    "raters_missed",
    "redraws",
    "sample_size",
    "single_plan",
    "standard_plan",
]
