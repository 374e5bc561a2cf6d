"""What an assistant on the same machine may ask: standards by a question, and the tools of `halo mcp`."""

from .finding_standards import find_standards
from .served_tools import server

__all__ = ["find_standards", "server"]
