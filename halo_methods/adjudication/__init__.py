"""Adjudication: who looks at an item next, what was decided, and whether the guideline's change helped."""

from .decisions import ClauseChanges, Decisions, clause_changes, recorded
from .packet_tasks import tool_files
from .packets import Packet, judgments_with, pack, read_decisions
from .record_keeping import decided_in_time, incomplete_decisions, raw_labels_kept
from .routing_items import LabelSource, Routing, rater_source, route

__all__ = [
    "ClauseChanges",
    "Decisions",
    "LabelSource",
    "Packet",
    "Routing",
    "clause_changes",
    "decided_in_time",
    "incomplete_decisions",
    "judgments_with",
    "pack",
    "rater_source",
    "raw_labels_kept",
    "read_decisions",
    "recorded",
    "route",
    "tool_files",
]
