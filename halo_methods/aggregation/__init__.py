"""Aggregation: which label is it, how sure, and which raters to trust."""

from .consensus import Consensus
from .dawid_skene import dawid_skene, one_coin
from .dependence import Dependence
from .majority import majority, weighted_majority

__all__ = [
    "Consensus",
    "Dependence",
    "dawid_skene",
    "majority",
    "one_coin",
    "weighted_majority",
]
