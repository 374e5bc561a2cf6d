"""Chapters run on a reader's own data.

In a notebook: ``start``, ``study`` for a table that a study left, and ``truth`` for what is true of a sample.
Elsewhere: ``run``, ``find``, ``names``, ``sample`` and ``rubric``.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from .places import find, names, rubric, sample, study, truth

if TYPE_CHECKING:
    from .report import Report, start
    from .runner import run
    from .section import page

__all__ = ["Report", "find", "names", "page", "rubric", "run", "sample", "start", "study", "truth"]
_LATER = {"Report": "report", "start": "report", "page": "section", "run": "runner"}  # what they import is heavy


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f".{_LATER[name]}", __name__), name)
    raise AttributeError(f"halo_methods.reports has no {name!r}; it has {', '.join(__all__)}")


def __dir__() -> list[str]:
    return list(__all__)
