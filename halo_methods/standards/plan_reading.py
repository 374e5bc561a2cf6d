"""Reading a plan: what is wrong with it as a document, before any standard is asked."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..documents import Document, Fault, check, read, show
from ..errors import InvalidData
from .plan_clauses import CLAUSES
from .plan_schema import plan_model

__all__ = ["Plan", "read_plan", "show"]


@dataclass(frozen=True)
class Plan:
    """A plan as read: its clauses, and what could not be read.

    Attributes
    ----------
    document : Document
        Its clauses with a value, nested, and their lines; dates are ISO text.
    problems : tuple of Fault
        What is wrong with the document.
    unreadable : dict
        Clause -> why a standard that needs it can't be decided.
    """

    document: Document
    problems: tuple[Fault, ...]
    unreadable: dict[str, str]

    def get(self, clause: str) -> Any:
        """The clause's value, or None when the plan doesn't give one."""
        node: Any = self.document.content
        for key in clause.split("."):
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def entries(self, clause: str) -> list[Any]:
        """Entries of a list; none where the clause holds no list."""
        held = self.get(clause)
        return held if isinstance(held, list) else []

    def records(self, clause: str, standard: str) -> list[dict[str, Any]]:
        """Entries of a list of records that name a standard."""
        return [e for e in self.entries(clause) if isinstance(e, dict) and e.get("standard") == standard]

    def why_unreadable(self, clause: str) -> str | None:
        """Why the clause can't be read, or None."""
        for path, why in self.unreadable.items():
            if clause == path or clause.startswith(path + ".") or path.startswith(clause + "."):
                return why
        return None

    @property
    def name(self) -> str:
        return self.document.name or "a plan"

    @property
    def title(self) -> str:
        title = self.get("title")
        return title if isinstance(title, str) else self.name

    @property
    def folder(self) -> Path:
        """Where relative paths of ``results`` start."""
        return self.document.folder


def read_plan(source: str | Path | Mapping[str, Any]) -> Plan:
    """Read a plan and list what is wrong with it as a document.

    Parameters
    ----------
    source : path or mapping
        A YAML file, or what such a file holds.

    Returns
    -------
    Plan
        With its problems; clauses without a value are left out.

    Raises
    ------
    HaloError
        When it is not a plan at all: unreadable, too large, not a block of clauses.

    Examples
    --------
    >>> plan = read_plan({"title": "Trial", "task": "label", "risk": "low", "stage": "design",
    ...                   "raters": {"overlapp": 3}})
    >>> print(plan.problems[0])
    `raters.overlapp` is not a known key. Did you mean `raters.overlap`?
    """
    document = read(source)
    problems = [_elsewhere(fault) for fault in check(plan_model(), document)[1]]
    if not isinstance(document.content, dict | None):
        raise InvalidData(problems)
    unreadable = {re.sub(r"\[.*?\]", "", fault.near or fault.path): fault.what for fault in problems}
    return Plan(document, tuple(problems), unreadable)


def _elsewhere(fault: Fault) -> Fault:
    """An unknown clause, with the section that has a clause of this name."""
    if fault.code != "extra_forbidden" or fault.near:
        return fault
    near = next((name for name in CLAUSES if name.rpartition(".")[2] == fault.path.rpartition(".")[2]), "")
    fix = f"Did you mean `{near}`?" if near else "Take it out, or put a house's own clauses under `house`."
    return replace(fault, near=near, mend=fix)
