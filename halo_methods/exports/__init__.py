"""Exports of annotation tools as tables of judgments: a small reader per tool, in one frame."""

from .known_tools import TOOLS, read_export, recognise
from .reading_exports import Export, Tool

__all__ = ["TOOLS", "Export", "Tool", "read_export", "recognise"]
