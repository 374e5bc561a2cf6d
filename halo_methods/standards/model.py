"""What plans are made of: their clauses, and a plan as read.

The clauses stand in ``plans/clauses.yml``, each with what it takes and what it is for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import Field, create_model

from ..documents import Day, Document, Fault, Model, Once, Text, check, load, read, schema
from ..errors import InvalidData
from .numbers import Numbers, fill_document, with_places

Task = Literal["label", "pairwise", "spans", "steps"]
Risk = Literal["low", "medium", "high"]
Stage = Literal["design", "pilot", "live", "closing"]
Tier = Literal["core", "decision", "high_risk"]
Change = Literal["amendment", "new market", "new vendor", "new judge", "new data set", "new tool", "incident"]
STAGES: tuple[Stage, ...] = get_args(Stage)
Role = Literal[
    "programme manager",
    "quality lead",
    "linguist lead",
    "data steward",
    "analyst",
    "vendor manager",
    "wellbeing lead",
    "tooling engineer",
]
Threat = Literal["order", "length", "style", "halo", "anchoring", "self_preference", "central_tendency"]
T = TypeVar("T")
StandardName = Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{3}$", description="The standard's identifier, as CAL-004.")]
Locale = Annotated[
    str, Field(pattern=r"^[a-z]{2,3}(-[A-Z][a-z]{3})?-([A-Z]{2}|\d{3})$", description="Language and country, as fr-FR.")
]
Records = Annotated[list[T], Field(max_length=1000)]
REQUIRED = ("title", "task", "risk", "stage")


class PlanException(Model):
    """A standard not met until a date, by agreement."""

    standard: StandardName
    until: Day = Field(description="Last day it holds. As 2027-01-31.")
    reason: Text = Field(description="Why.")
    granted_by: Role = Field(description="The role that answers for it.")


class Attestation(Model):
    """An audit question answered with yes, by a role, on a day."""

    standard: StandardName
    by: Role = Field(description="The role that answers for it.")
    date: Day = Field(description="The day of the answer. As 2027-01-31.")
    note: Text = Field(default="", description="What was seen.")


class PlanChange(Model):
    """What changed in a programme, after which some questions are asked again."""

    what: Change = Field(description="What changed.")
    date: Day = Field(description="The day. As 2027-01-31.")


class Decision(Model):
    """What was decided on which report, and what came of it."""

    date: Day = Field(description="The day. As 2027-01-31.")
    report: Text = Field(description="The report it rests on.")
    decision: Text = Field(description="What was decided.")
    by: Text = Field(description="The role.")
    outcome: Text = Field(default="", description="What came of it.")


TYPES: dict[str, Any] = {
    "text": Text,
    "texts": Records[Text],
    "whole": Annotated[int, Field(ge=0, le=1_000_000_000)],
    "positive": Annotated[int, Field(ge=1, le=1_000_000_000)],
    "number": Annotated[float, Field(ge=0, le=1e12)],
    "share": Annotated[float, Field(ge=0, le=1)],
    "yes_or_no": bool,
    "day": Day,
    "task": Task,
    "risk": Risk,
    "stage": Stage,
    "locales": Once[Locale],
    "text_by_threat": Annotated[dict[Threat, Text], Field(min_length=1)],
    "text_by_market": Annotated[dict[Locale, Text], Field(json_schema_extra={"additionalProperties": False})],
    "exceptions": Records[PlanException],
    "attestations": Records[Attestation],
    "changes": Records[PlanChange],
    "decisions": Records[Decision],
    "anything": dict[str, Any],
}
NOTES = {"share": " A share between 0 and 1.", "day": " As 2027-01-31."}


class ClauseEntry(Model):
    """What a clause takes and what it is for: a kind of value, or one or several of a list."""

    takes: str = ""
    at_most: int | None = None
    one_of: list[Text] = Field(default_factory=list)
    some_of: list[Text] = Field(default_factory=list)
    about: Text

    @property
    def note(self) -> str:
        """What it is for, and how some kinds of value are written."""
        return self.about + NOTES.get(self.takes, "")

    @property
    def choices(self) -> tuple[str, ...]:
        """The words it takes, where they are a list."""
        named = TYPES.get(self.takes)
        return get_args(named) if get_origin(named) is Literal else (*self.one_of, *self.some_of)

    @property
    def type(self) -> Any:
        """The type that pydantic checks."""
        if not self.takes:
            one: Any = Literal[self.choices]
            return one if self.one_of else Once[one]
        return Annotated[TYPES[self.takes], Field(le=self.at_most)] if self.at_most else TYPES[self.takes]


class ClausesFile(Model):
    """The clauses of a plan in their order, what each section of it is for, and which sections are lists of blocks."""

    sections: dict[str, Text]
    several: list[str]
    clauses: dict[str, ClauseEntry]


_FILE = load(ClausesFile, Path(__file__).parent / "plans" / "clauses.yml")
CLAUSES = _FILE.clauses


def block_of(clause: str) -> str:
    """The list of blocks that a clause stands in, or "": each block then has its own value.

    Examples
    --------
    >>> block_of("rubric.criteria.level"), block_of("rubric.name")
    ('rubric.criteria', '')
    """
    return next((name for name in _FILE.several if clause.startswith(f"{name}.")), "")


@cache
def plan_model(section: str = "") -> type[Model]:
    """The pydantic model of a plan, or of a section of it, as ``rubric.pilot``."""
    above = f"{section}." if section else ""
    fields: dict[str, Any] = {}
    for name, clause in CLAUSES.items():
        if name.startswith(above):
            key, inside, _ = name.removeprefix(above).partition(".")
            default = ... if name in REQUIRED else None
            kind: Any = plan_model(above + key) if inside else clause.type
            if above + key in _FILE.several:
                kind = Annotated[list[kind], Field(max_length=1000)]
            fields[key] = (kind, Field(default, description=None if inside else clause.note))
    name = section.title().replace(".", "").replace("_", "") or "Plan"
    what = _FILE.sections.get(section) or "A plan for collecting human judgments, checked by `halo standards check`."
    return create_model(name, __base__=Model, __doc__=what, **fields)


def plan_schema_text() -> str:
    """The JSON Schema as ``plan.schema.json`` holds it."""
    return (
        json.dumps({**with_places(schema(plan_model())), "$id": "urn:halo:plan"}, indent=1, ensure_ascii=False) + "\n"
    )


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
        """The clause's value, or None when the plan doesn't give one; of blocks in a list, a list of their values."""
        node: Any = self.document.content
        for key in clause.split("."):
            if isinstance(node, list) and block_of(clause):
                node = [entry.get(key) if isinstance(entry, dict) else None for entry in node]
            else:
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


def read_plan(source: str | Path | Mapping[str, Any], numbers: Numbers | None = None) -> Plan:
    """Read a plan and list what is wrong with it as a document.

    Parameters
    ----------
    source : path or mapping
        A YAML file, or what such a file holds.
    numbers : mapping, optional
        Numbers of standards, which a clause may name in place of typing them, as ``"{CAL-013.days}"``.

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
    unfilled = fill_document(document, numbers) if numbers is not None else []
    problems = [*unfilled, *(_elsewhere(fault) for fault in check(plan_model(), document)[1])]
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
    return replace(fault, near=near, fix=fix)
