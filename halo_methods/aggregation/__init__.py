"""Aggregation: which label is it, how sure, and which raters to trust."""

from .consensus import Consensus
from .dependence import Dependence
from .em import EMOptions
from .fitting import dawid_skene, glad, mace, majority, one_coin, ordinal
from .item_shares import ConsensusShares
from .method_comparison import aggregate, compare_methods

__all__ = [
    "Consensus",
    "ConsensusShares",
    "Dependence",
    "EMOptions",
    "aggregate",
    "compare_methods",
    "dawid_skene",
    "glad",
    "mace",
    "majority",
    "one_coin",
    "ordinal",
]
