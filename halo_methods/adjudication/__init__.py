"""Adjudication: who looks at an item next, what was decided, and whether the guideline's change helped."""

from .amendments import (
    Effect,
    amended,
    changes,
    clauses,
    draft,
    draft_table,
    draft_text,
    effect,
    effects,
    effects_table,
    versions,
)
from .decisions import Decisions, judgments_with, read_decisions, recorded, summary_text
from .packets import Packet, pack, read_key
from .routing_items import Routing, Source, rater_source, route

__all__ = [
    "Decisions",
    "Effect",
    "Packet",
    "Routing",
    "Source",
    "amended",
    "changes",
    "clauses",
    "draft",
    "draft_table",
    "draft_text",
    "effect",
    "effects",
    "effects_table",
    "judgments_with",
    "pack",
    "rater_source",
    "read_decisions",
    "read_key",
    "recorded",
    "route",
    "summary_text",
    "versions",
]
