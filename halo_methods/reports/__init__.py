"""Chapters run on somebody's own data.

In a notebook: ``start``, ``study`` for a table that a study left, and ``truth`` for what is true of a sample.
Elsewhere: ``run``, ``find``, ``names`` and ``sample``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

_PLACES = {
    "start": "report",
    "Report": "report",
    "run": "runner",
    "find": "places",
    "names": "places",
    "page": "plain_page",
    "sample": "places",
    "study": "places",
    "truth": "places",
}

__all__ = ["Report", "find", "names", "page", "run", "sample", "start", "study", "truth"]

if TYPE_CHECKING:
    from .places import find, names, sample, study, truth
    from .plain_page import page
    from .report import Report, start
    from .runner import run


def __getattr__(name: str) -> Any:
    if name in _PLACES:
        found = getattr(import_module(f".{_PLACES[name]}", __name__), name)
        globals()[name] = found
        return found
    raise AttributeError(f"halo_methods.reports has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return list(__all__)
