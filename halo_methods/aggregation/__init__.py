"""Aggregation: which label is it, how sure, and which raters to trust."""

from .consensus import Consensus, ConsensusShares
from .dependence import Dependence
from .em import EMOptions
from .fitting import aggregate, compare_methods, dawid_skene, glad, mace, majority, one_coin, ordinal

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
