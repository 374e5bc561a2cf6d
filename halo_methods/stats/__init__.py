"""Intervals, variances, resampling and multiplicity rules on plain arrays: every formula once, for all topics."""

from .between_groups import shrink_shares
from .change import change
from .checks import check_confidence, check_count, check_probability
from .discovery import benjamini_hochberg, e_benjamini_hochberg
from .means import mean_interval, poisson_interval, ratio_interval
from .proportions import clopper_pearson, proportion, score_interval, two_way_share, wilson

__all__ = [
    "benjamini_hochberg",
    "change",
    "check_confidence",
    "check_count",
    "check_probability",
    "clopper_pearson",
    "e_benjamini_hochberg",
    "mean_interval",
    "poisson_interval",
    "proportion",
    "ratio_interval",
    "score_interval",
    "shrink_shares",
    "two_way_share",
    "wilson",
]
