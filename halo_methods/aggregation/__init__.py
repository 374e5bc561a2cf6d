"""Aggregation: which label is it, how sure, and which raters to trust."""

from . import amendments
from .compare import aggregate, differing, independence, label_counts, side_by_side, usual_errors
from .consensus import Consensus
from .dawid_skene import dawid_skene, one_coin
from .decisions import Decisions, read_decisions, recorded
from .dependence import Dependence
from .glad import glad
from .gold import bands, confident_share, gold_accuracy, gold_calibration
from .mace import mace
from .majority import majority, weighted_majority
from .ordinal import ordinal
from .packets import Packet, pack
from .routing import Routing, Source, rater_source, route

__all__ = [
    "Consensus",
    "Decisions",
    "Dependence",
    "Packet",
    "Routing",
    "Source",
    "aggregate",
    "amendments",
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
    "pack",
    "rater_source",
    "read_decisions",
    "recorded",
    "route",
    "side_by_side",
    "usual_errors",
    "weighted_majority",
]
