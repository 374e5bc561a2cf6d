"""The table of judgments: reading, mapping, checking, and counting where the data is."""

from .cells import accepted_answers
from .counts import CountedJudgments
from .engines import scan_judgments
from .pairs import Pairs, as_pairs, read_pairs
from .readers import as_judgments, read_judgments
from .spans import Spans, as_spans, read_spans
from .table import Judgments, Source

__all__ = [
    "CountedJudgments",
    "Judgments",
    "Pairs",
    "Source",
    "Spans",
    "accepted_answers",
    "as_judgments",
    "as_pairs",
    "as_spans",
    "read_judgments",
    "read_pairs",
    "read_spans",
    "scan_judgments",
]
