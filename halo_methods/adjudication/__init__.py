"""Adjudication: who looks at an item next, what was decided, and whether the guideline's change helped."""

from .decisions import ClauseChanges, Decisions, clause_changes, recorded
from .packets import Packet, judgments_with, pack, read_decisions
from .routing_items import LabelSource, Routing, rater_source, route

__all__ = [
    "ClauseChanges",
    "Decisions",
    "LabelSource",
    "Packet",
    "Routing",
    "clause_changes",
    "judgments_with",
    "pack",
    "rater_source",
    "read_decisions",
    "recorded",
    "route",
]
