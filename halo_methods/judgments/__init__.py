"""The table of judgments: reading, mapping, checking, and counting where the data is."""

from .cells import accepted_answers
from .counts import CountedJudgments
from .engines import scan_judgments
from .readers import as_judgments, read_judgments
from .table import Judgments, Source

__all__ = [
    "CountedJudgments",
    "Judgments",
    "Source",
    "accepted_answers",
    "as_judgments",
    "read_judgments",
    "scan_judgments",
]
