"""Aggregation: which label is it, how sure, and which raters to trust."""

from .consensus import Consensus
from .dependence import Dependence
from .em import EMOptions
from .fitting import aggregate, dawid_skene, glad, mace, majority, one_coin, ordinal, compare_methods
from .item_shares import ConsensusShares

__all__ = [
    "Consensus",
    "ConsensusShares",
    "Dependence",
    "EMOptions",
    "aggregate",
    "dawid_skene",
    "glad",
    "mace",
    "majority",
    "one_coin",
    "ordinal",
    "compare_methods",
]
