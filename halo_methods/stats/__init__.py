"""Intervals, variances, resampling and multiplicity rules on plain arrays: every formula once, for all topics."""

from .between_groups import ShrunkShares, shrink_shares
from .change import change
from .checks import check_confidence, check_count, check_probability
from .discovery import benjamini_hochberg, benjamini_yekutieli, e_benjamini_hochberg
from .means import mean_interval, poisson_interval, ratio_interval
from .proportions import clopper_pearson, proportion, score_interval, share_interval, two_way_share, wilson
from .resampling import bootstrap_counts, jackknife_variance
from .variance import OneWay, cluster_codes, cluster_variance, one_way, satterthwaite, two_way_variance

__all__ = [
    "OneWay",
    "ShrunkShares",
    "benjamini_hochberg",
    "benjamini_yekutieli",
    "bootstrap_counts",
    "change",
    "check_confidence",
    "check_count",
    "check_probability",
    "clopper_pearson",
    "cluster_codes",
    "cluster_variance",
    "e_benjamini_hochberg",
    "jackknife_variance",
    "mean_interval",
    "one_way",
    "poisson_interval",
    "proportion",
    "ratio_interval",
    "satterthwaite",
    "score_interval",
    "share_interval",
    "shrink_shares",
    "two_way_share",
    "two_way_variance",
    "wilson",
]
