"""What a standard is made of, as its YAML file holds it."""

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, model_validator

from ..documents import Day, Model, Text, nearest, show, wrong
from .plan_clauses import CLAUSES, Risk, Role, Stage, Task

Level = Literal["must", "should", "may"]
Direction = Literal["at_least", "at_most"]
Change = Literal["clarification", "strengthened", "weakened", "added", "retired"]
Family = Literal["ALN", "RUB", "EVS", "PIP", "DAT", "CAL", "VEN", "EXP", "TOL", "USE", "LRN", "MKT"]
Name = Annotated[str, Field(pattern=r"^[A-Z]{3}-\d{3}$", description="A family and three digits, as CAL-003.")]
Number = int | float
Scalar = bool | int | float | str
Several = Annotated[list[Scalar], Field(min_length=1)]
Subject = Annotated[int, Field(ge=1, le=72)]
Responsibility = Annotated[str, Field(pattern=r"^R([1-9]|1[0-3])$", description="R1 to R13.")]


def _clause(name: str) -> str:
    if name not in CLAUSES and not name.startswith("house."):
        near = nearest(name, CLAUSES)
        fix = (
            f"Did you mean {near}?" if near else "`halo standards blank` lists them; a house's own begin with `house.`"
        )
        raise wrong(f"is {show(name)}, which is no clause of a plan", fix)
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
    """What a clause must hold; ``when`` names other clauses that switch the rule on."""

    present: Literal[True] | None = None
    at_least: Number | None = None
    at_most: Number | None = None
    one_of: Several | None = None
    equals: Scalar | None = None
    includes: Several | None = None
    when: dict[Clause, Scalar] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _some(self) -> "Rule":
        if not self.bounds:
            raise wrong("asks for nothing", "Write present, at_least, at_most, one_of, equals or includes.")
        return self

    @property
    def bounds(self) -> dict[str, Any]:
        """The kinds of bound that are set, each with its value."""
        return {k: v for k in Rule.model_fields if k != "when" and (v := getattr(self, k)) is not None}


class Declared(Model):
    """Shown by a clause of a plan, which a rule checks."""

    kind: Literal["declared"]
    clause: Clause
    rule: Rule


class Attested(Model):
    """Shown by an answer: a role is asked, answers with a date, and the answer expires."""

    kind: Literal["attested"]
    question: Text
    role: Role
    valid_days: int = Field(ge=1)


class Example(Model):
    """What somebody does, and why it complies or doesn't."""

    example: Text
    because: Text


class Applies(Model):
    """What a standard applies to; ``any`` in a list means all."""

    task: list[Literal[Task, "any"]] = Field(default=["any"], min_length=1)
    risk: list[Literal[Risk, "any"]] = Field(default=["any"], min_length=1)
    market: list[Text] = Field(default=["any"], min_length=1)
    stage: list[Literal[Stage, "any"]] = Field(default=["design"], min_length=1)


class Amendment(Model):
    """A change of a standard."""

    date: Day = Field(description="When it was decided.")
    type: Change
    effective: Day = Field(description="The day it is in force from.")
    recalibrate: bool = Field(description="Whether raters calibrate again before it takes effect.")
    earlier: Text = Field(description="What becomes of judgments collected before.")
    note: Text = Field(description="What a team does differently.")


class WrittenStandard(Model):
    """One normative sentence and all that belongs to it; see "How to read this handbook"."""

    id: Name
    level: Level
    title: Annotated[str, Field(min_length=1, max_length=80)]
    statement: Text = Field(pattern="^Verify that ", description='A statement begins "Verify that ".')
    why: Text
    how: Text
    applies: Applies
    evidence: Measured | Declared | Attested = Field(discriminator="kind", description="What shows that it is met.")
    owner: Role
    since: Text
    review_by: Day
    subjects: list[Subject] = Field(min_length=1)
    responsibilities: list[Responsibility] = Field(min_length=1)
    source: Text
    complies: Example
    violates: Example
    amendments: list[Amendment] = Field(default_factory=list)
    supersedes: list[Name] = Field(default_factory=list)


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
