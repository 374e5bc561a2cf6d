"""Aggregation: which label is it, how sure, and which raters to trust."""

from .against_gold import bands, confident_share, gold_accuracy, gold_calibration
from .consensus import Consensus
from .dawid_skene import dawid_skene, one_coin
from .dependence import Dependence
from .glad import glad
from .mace import mace
from .majority import majority, weighted_majority
from .method_comparison import aggregate, differing, independence, label_counts, side_by_side, usual_errors
from .ordinal import ordinal

__all__ = [
    "Consensus",
    "Dependence",
    "aggregate",
    "bands",
    "confident_share",
    "dawid_skene",
    "differing",
    "glad",
    "gold_accuracy",
    "gold_calibration",
    "independence",
    "label_counts",
    "mace",
    "majority",
    "one_coin",
    "ordinal",
    "side_by_side",
    "usual_errors",
    "weighted_majority",
]
