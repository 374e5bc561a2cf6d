"""What a standard is made of, and how one is made from YAML."""

import difflib
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields
from datetime import date as Date
from typing import Any, ClassVar, Literal, get_args

Level = Literal["must", "should", "may"]
Direction = Literal["at_least", "at_most"]
Change = Literal["clarification", "strengthened", "weakened", "added", "retired"]


@dataclass(frozen=True)
class Measured:
    """Shown by a number: a report's gate holds an estimate against the threshold."""

    kind: ClassVar[str] = "measured"
    report: str
    gate: str
    method: str
    threshold: float
    direction: Direction
    unit: str


@dataclass(frozen=True)
class Declared:
    """Shown by a clause of a plan, which a rule checks; ``when`` names other clauses that switch it on."""

    kind: ClassVar[str] = "declared"
    clause: str
    rule: Mapping[str, Any]


@dataclass(frozen=True)
class Attested:
    """Shown by an answer: a role is asked, answers with a date, and the answer expires."""

    kind: ClassVar[str] = "attested"
    question: str
    role: str
    valid_days: int


Evidence = Measured | Declared | Attested
EVIDENCE: dict[str, type[Any]] = {c.kind: c for c in (Measured, Declared, Attested)}


@dataclass(frozen=True)
class Example:
    """What somebody does, and why it complies or doesn't."""

    example: str
    because: str


@dataclass(frozen=True)
class Applies:
    """What a standard applies to; ``any`` in a list means all."""

    task: tuple[str, ...] = ("any",)
    risk: tuple[str, ...] = ("any",)
    market: tuple[str, ...] = ("any",)
    stage: tuple[str, ...] = ("design",)


@dataclass(frozen=True)
class Amendment:
    """A change of a standard.

    Attributes
    ----------
    date, effective : datetime.date
        Decided; in force from.
    type : {"clarification", "strengthened", "weakened", "added", "retired"}
    recalibrate : bool
        Whether raters calibrate again before it takes effect.
    earlier : str
        What becomes of judgments collected before.
    note : str
        What a team does differently.
    """

    date: Date
    type: Change
    effective: Date
    recalibrate: bool
    earlier: str
    note: str


@dataclass(frozen=True)
class Standard:
    """One normative sentence and all that belongs to it; see "How to read this handbook"."""

    id: str
    topic: str
    part: str
    level: Level
    title: str
    statement: str
    why: str
    how: str
    applies: Applies
    evidence: Evidence
    owner: str
    since: str
    review_by: Date
    subjects: tuple[int, ...]
    responsibilities: tuple[str, ...]
    source: str
    complies: Example
    violates: Example
    amendments: tuple[Amendment, ...] = ()
    supersedes: tuple[str, ...] = ()
    house: bool = False

    @property
    def family(self) -> str:
        return self.id[:3]

    @property
    def retired(self) -> bool:
        return any(a.type == "retired" for a in self.amendments)

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON."""
        made = asdict(self)
        made["evidence"] = {"kind": self.evidence.kind, **made["evidence"]}
        made["review_by"] = self.review_by.isoformat()
        for amendment in made["amendments"]:
            amendment |= {k: amendment[k].isoformat() for k in ("date", "effective")}
        return made


class Fault(Exception):
    def __init__(self, what: str, mend: str):
        self.what, self.mend = what, mend


def build(kind: type[Any], given: Any, path: str) -> Any:
    """A dataclass from a mapping; a `Fault` names the field that does not fit."""
    if not isinstance(given, Mapping):
        raise Fault(f"{path or 'it'} is {str(given)[:60]!r}", "Write its fields as a mapping.")
    known = {f.name: f for f in fields(kind)}
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(str(key), known, n=1)
            raise Fault(
                f"unknown field {path}{key}", f"Did you mean {near[0]}?" if near else f"Allowed: {', '.join(known)}."
            )
    made = {}
    for name, field in known.items():
        if name in given:
            made[name] = _value(given[name], field.type, f"{path}{name}")
        elif field.default is MISSING:
            raise Fault(f"it has no {path}{name}", "Write it; see the fields of another standard.")
    return kind(**made)


def _value(value: Any, kind: Any, path: str) -> Any:
    if kind is Evidence:
        held = EVIDENCE.get(str(value.get("kind"))) if isinstance(value, Mapping) else None
        if held is None:
            raise Fault("it has no evidence of a known kind", f"Write evidence with kind: {' | '.join(EVIDENCE)}.")
        return build(held, {k: v for k, v in value.items() if k != "kind"}, f"{path}.")
    if kind in (Example, Applies):
        return build(kind, value, f"{path}.")
    if get_args(kind) and getattr(kind, "__origin__", None) is tuple:
        if not isinstance(value, list):
            raise Fault(f"{path} is {str(value)[:60]!r}", "Write a list in square brackets.")
        of = get_args(kind)[0]
        return tuple(build(of, v, f"{path}.") if of is Amendment else _value(v, of, path) for v in value)
    if getattr(kind, "__origin__", None) is Literal:
        if value not in get_args(kind):
            raise Fault(f"{path} is {str(value)[:60]!r}", f"Allowed: {', '.join(get_args(kind))}.")
        return value
    wanted: Any = {float: (int, float), Mapping[str, Any]: dict}.get(kind, kind)
    if not isinstance(value, wanted) or (isinstance(value, bool) and kind is not bool) or value == "":
        raise Fault(f"{path} is {str(value)[:60]!r}", f"It takes {_WORDS.get(kind, 'a mapping')}.")
    return value


_WORDS: dict[Any, str] = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Date: "a date, 2027-11-30",
}
