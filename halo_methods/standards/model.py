"""What plans and standards are made of: the clauses of a plan, a plan as read, and a standard as its file holds it.

The clauses stand in ``plans/clauses.yml``, each with what it takes and what it is for.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

from pydantic import AfterValidator, Field, create_model, model_validator

from ..documents import Day, Document, Fault, Model, Once, Text, check, load, nearest, read, schema, show, wrong
from ..errors import InvalidData
from .numbers import Number, Numbers, fill_document, with_places

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
Moment = Literal[
    "when the programme is planned",
    "before the pilot",
    "before the first live item",
    "each day",
    "each Monday",
    "each month",
    "each quarter or year",
    "on a change",
    "when something goes wrong",
    "before a number is reported",
    "before a launch",
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


Direction = Literal["at_least", "at_most"]
Family = Literal[
    "ALN", "RUB", "EVS", "PIP", "QUA", "DAT", "CAL", "VEN", "WEL", "OPS", "EXP", "TOL", "USE", "LRN", "MKT"
]
Name = Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{3}$", description="A family and three digits, as CAL-004.")]
Scalar = bool | int | float | str
Several = Annotated[list[Scalar], Field(min_length=1)]
Responsibility = Annotated[str, Field(pattern=r"^R([1-9]|1[0-3])$", description="R1 to R13.")]


def _clause(name: str) -> str:
    if name not in CLAUSES and not name.startswith("house."):
        near = nearest(name, CLAUSES)
        listed = "`halo standards blank` lists them; a house's own begin with `house.`"
        raise wrong(f"is {show(name)}, which is no clause of a plan", f"Did you mean {near}?" if near else listed)
    return name


Clause = Annotated[str, AfterValidator(_clause)]


class Measured(Model):
    """Shown by a number: a report's gate holds an estimate against the threshold."""

    kind: Literal["measured"]
    report: Text
    gate: Text
    method: Text
    threshold: float
    direction: Direction
    unit: Text


class Rule(Model):
    """What a clause must hold, and what it is then ``compared`` with."""

    present: Literal[True] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    one_of: Several | None = None
    equals: Scalar | None = None
    includes: Several | None = None
    compared: (
        Literal[
            "decision",
            "priority",
            "gates",
            "exam",
            "certificate",
            "power",
            "reach",
            "margin",
            "rollback",
            "each_market",
            "expiry",
            "checked",
        ]
        | None
    ) = None

    @model_validator(mode="after")
    def _some(self) -> "Rule":
        if not self.bounds:
            raise wrong("asks for nothing", "Write present, at_least, at_most, one_of, equals or includes.")
        return self

    @property
    def bounds(self) -> dict[str, Any]:
        """The kinds of bound that are set, each with its value."""
        return {k: v for k in Rule.model_fields if k != "compared" and (v := getattr(self, k)) is not None}


class Declared(Model):
    """Shown by a clause of a plan, which a rule checks."""

    kind: Literal["declared"]
    clause: Clause
    rule: Rule


class Attested(Model):
    """Shown by an answer: a role other than the owner is asked in a sitting, and again after a change it names."""

    kind: Literal["attested"]
    question: Text
    role: Role
    every: Literal["quarter", "year"]
    after: list[Change] = Field(default_factory=list)

    @property
    def valid_days(self) -> int:
        """Days an answer holds: until the next sitting, with a week or two to hold it."""
        return {"quarter": 100, "year": 380}[self.every]

    @property
    def quarters(self) -> int:
        """Quarters from one sitting that asks it to the next."""
        return {"quarter": 1, "year": 4}[self.every]


class Example(Model):
    """What a team does, and why it complies or doesn't."""

    example: Text
    because: Text


class Applies(Model):
    """What a standard applies to: ``any`` in a list means all; clauses under ``when`` must hold one of their values."""

    task: list[Literal[Task, "any"]] = Field(default=["any"], min_length=1)
    risk: list[Literal[Risk, "any"]] = Field(default=["any"], min_length=1)
    market: list[Text] = Field(default=["any"], min_length=1)
    stage: list[Literal[Stage, "any"]] = Field(default=["design"], min_length=1)
    when: dict[Clause, Scalar | Several] = Field(default_factory=dict)


class Amendment(Model):
    """A change of a standard."""

    date: Day = Field(description="When it was decided.")
    type: Literal["clarification", "strengthened", "weakened", "added", "retired"]
    effective: Day = Field(description="The day it is in force from.")
    recalibrate: bool = Field(description="Whether raters calibrate again before it takes effect.")
    earlier: Text = Field(description="What becomes of judgments collected before.")
    note: Text = Field(description="What a team does differently.")


class WrittenStandard(Model):
    """One normative sentence and all that belongs to it; see "How to read this handbook"."""

    id: Name
    level: Literal["must", "should"]
    tier: Tier = Field(description="Core: every programme. Decision and high_risk: see `scope`.")
    title: Annotated[str, Field(min_length=1, max_length=80)]
    do: Annotated[str, Field(max_length=60, pattern=r"^[A-Z][a-z]+ .*[^.]$")] = Field(
        description="What its owner does, in a checklist: a short imperative without a period."
    )
    moments: Annotated[Once[Moment], Field(min_length=1, max_length=2)] = Field(
        description="When it is done: one or two moments."
    )
    statement: Text = Field(pattern="^Verify that ", description='A statement begins "Verify that ".')
    why: Text
    how: Text
    applies: Applies
    numbers: dict[Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")], Number] = Field(
        default_factory=dict, description="Its numbers by name; texts and evidence write {name}."
    )
    evidence: Measured | Declared | Attested = Field(discriminator="kind", description="What shows that it is met.")
    fix: Text | None = Field(default=None, description="What its owner does first where it is not met; an imperative.")
    owner: Role
    since: Text
    review_by: Day
    subjects: list[Annotated[int, Field(ge=1, le=72)]] = Field(min_length=1)
    responsibilities: list[Responsibility] = Field(min_length=1)
    source: Text
    complies: Example
    violates: Example
    amendments: list[Amendment] = Field(default_factory=list)
    supersedes: list[Name] = Field(default_factory=list)

    @model_validator(mode="after")
    def _another_role(self) -> "WrittenStandard":
        if isinstance(self.evidence, Attested) and self.evidence.role == self.owner:
            raise wrong(f"is answered by its owner, the {self.owner}", "Ask another role.")
        return self


class Standard(WrittenStandard):
    """A standard with the topic and the part of its file, and whether it is a house's own."""

    topic: str
    part: str
    house: bool = False

    @property
    def family(self) -> str:
        return self.id[:3]

    @property
    def retired(self) -> bool:
        return any(a.type == "retired" for a in self.amendments)

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON."""
        return self.model_dump(mode="json", exclude_none=True)


class StandardsFile(Model):
    """The standards of one topic."""

    topic: Text = Field(description="One topic, one name: the file's.")
    family: Family
    part: Text
    standards: list[WrittenStandard]
