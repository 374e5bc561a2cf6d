"""The table of judgments: reading, mapping, checking."""

from .cells import accepted_answers
from .readers import as_judgments, check, read_judgments
from .table import Judgments, Source

__all__ = ["Judgments", "Source", "accepted_answers", "as_judgments", "check", "read_judgments"]
