"""The table of judgments: reading, mapping, checking, and counting where the data is."""

from .cells import accepted_answers
from .counts import CountedJudgments
from .engines import scan_judgments
from .pairs import Pairs, as_pairs, read_pairs
from .readers import as_judgments, read_judgments
from .spans import Spans, as_spans, read_spans
from .steps import Steps, as_steps, read_steps
from .table import Judgments, Source

__all__ = [
    "CountedJudgments",
    "Judgments",
    "Pairs",
    "Source",
    "Spans",
    "Steps",
    "accepted_answers",
    "as_judgments",
    "as_pairs",
    "as_spans",
    "as_steps",
    "read_judgments",
    "read_pairs",
    "read_spans",
    "read_steps",
    "scan_judgments",
]
