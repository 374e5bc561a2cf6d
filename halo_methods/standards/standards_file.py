"""A standard as its file holds it: its sentence, what it applies to, its numbers and what shows that it is met."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..documents import Day, Model, Once, Text, nearest, show, wrong
from .model import CLAUSES, Change, Risk, Role, Stage, Task, Tier
from .numbers import Number

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
