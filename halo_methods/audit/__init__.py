"""Audits of labelled lots: how many to draw, what the draw says, and what to do with the lot.

Plans need no data. Findings compare `label` rows with `audit` rows of the same
items, or with gold where nothing was audited.
"""

from .corrected import DoubleSampling, auditor_agreement, auditor_quality, corrected_rate, double_sampling
from .double import DoublePlan, double_plan
from .draw import Drawn, draw, redraws
from .findings import (
    auditors,
    by_group,
    by_rater,
    defects,
    error_rate,
    findings,
    grouping,
    rows_audited,
    rows_of_defects,
    rows_of_lots,
)
from .lots import lots, next_steps, outgoing_rate, worst_consumer_risk
from .next_sample import compare_plans, drawn_by_rater, lot_size, next_draw, next_sizes
from .plans import Plan, accept_number, single_plan
from .shares import clopper_pearson, proportion, score_interval, wilson
from .sizes import allocate, design_effect, sample_size
from .table import standard_plan
from .weighted import Clustering, clustered_share, clustering, weighted_rate

__all__ = [
    "Clustering",
    "DoublePlan",
    "DoubleSampling",
    "Drawn",
    "Plan",
    "accept_number",
    "allocate",
    "auditor_agreement",
    "auditor_quality",
    "auditors",
    "by_group",
    "by_rater",
    "clopper_pearson",
    "clustered_share",
    "clustering",
    "compare_plans",
    "corrected_rate",
    "defects",
    "design_effect",
    "double_plan",
    "double_sampling",
    "draw",
    "drawn_by_rater",
    "error_rate",
    "findings",
    "grouping",
    "lot_size",
    "lots",
    "next_draw",
    "next_sizes",
    "next_steps",
    "outgoing_rate",
    "proportion",
    "redraws",
    "rows_audited",
    "rows_of_defects",
    "rows_of_lots",
    "sample_size",
    "score_interval",
    "single_plan",
    "standard_plan",
    "weighted_rate",
    "wilson",
    "worst_consumer_risk",
]
