"""Exports of annotation tools as tables of judgments: a small reader per tool, in one frame.

Localization files give items in place of judgments: `read_units`.
"""

from .known_tools import TOOLS, read_export, recognise
from .localization_units import read_units
from .reading_exports import Export, Tool
from .tool_tasks import as_tasks

__all__ = ["TOOLS", "Export", "Tool", "as_tasks", "read_export", "read_units", "recognise"]
