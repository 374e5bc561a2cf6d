"""A plan, checked against the standards that apply to it.

A plan is a small YAML file whose clauses `plan_clauses` lists. Each standard
that applies answers with a verdict, a reason and a mend: *declared* standards
from the plan's clauses, *attested* ones from its dated attestations, *measured*
ones from the gates of the reports it names.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from ..documents import Fault, nearest
from ..errors import Problem
from ..results import Verdict
from .house import house
from .model import Attested, Declared, Standard
from .plan_answers import DUE_SOON, Answer, ReportedGate, attested, declared, excepted, measured, read_gates, scope
from .plan_clauses import Plan, read_plan
from .register import Register

Severity = Literal["error", "warning", "note"]
_OPEN: tuple[Verdict, ...] = ("not_met", "undecided", "excepted")
_SEVERITY: dict[str, Severity] = {"must": "error", "should": "warning", "may": "note"}


@dataclass(frozen=True)
class Finding:
    """What one standard says of a plan.

    Attributes
    ----------
    standard, level, title, topic, owner, kind : str
        The standard, and its kind of evidence.
    clause : str
        The clause, ``attestations`` or ``results`` that was read.
    severity : {"error", "warning", "note"} or None
        Error for a *must* that is not met, warning for a *should*, note for a *may*.
    verdict : {"met", "not_met", "undecided", "excepted"}
    reason, mend : str
        Why, and what to do; the mend is empty where nothing is to be done.
    due : date or None
        The last day the verdict holds: of an attestation or an exception.
    """

    standard: str
    level: str
    title: str
    topic: str
    owner: str
    kind: str
    clause: str
    severity: Severity | None
    verdict: Verdict
    reason: str
    mend: str
    due: date | None

    def __str__(self) -> str:
        state = self.verdict.replace("_", " ")
        mend = f"\n  {self.mend}" if self.mend else ""
        return f"{self.standard} {self.level}: {state}. {self.title}\n  {self.reason}{mend}"


@dataclass(frozen=True)
class PlanCheck:
    """A plan's answers, standard by standard.

    Attributes
    ----------
    plan : Plan
        As read.
    today : date
        The day attestations and exceptions were held against.
    problems : tuple of Problem
        What is wrong with the document itself.
    findings : tuple of Finding
        One for each standard that applies, in the order of identifiers.
    not_applicable : int
        Standards of the register that don't apply to this plan.
    """

    plan: Plan
    today: date
    problems: tuple[Problem, ...]
    findings: tuple[Finding, ...]
    not_applicable: int

    def of(self, verdict: Verdict) -> tuple[Finding, ...]:
        """The findings with this verdict."""
        return tuple(f for f in self.findings if f.verdict == verdict)

    @property
    def faults(self) -> tuple[Finding, ...]:
        """Standards not met that bind or must be explained: errors and warnings."""
        return tuple(f for f in self.findings if f.severity in ("error", "warning"))

    @property
    def clean(self) -> bool:
        """No problem and no fault; undecided and excepted are no faults."""
        return not self.problems and not self.faults

    @property
    def exit_code(self) -> int:
        """0 when clean, 1 otherwise."""
        return 0 if self.clean else 1

    def due(self, within: int = DUE_SOON) -> tuple[Finding, ...]:
        """Findings that hold for at most so many days more, the first to end first."""
        soon = [f for f in self.findings if f.due and f.due <= self.today + timedelta(days=within)]
        return tuple(sorted(soon, key=lambda f: (f.due or self.today, f.standard)))

    @property
    def table(self) -> Any:
        """The findings as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame([asdict(f) for f in self.findings], columns=list(Finding.__dataclass_fields__))

    def to_dict(self) -> dict[str, Any]:
        """What `halo standards check --format json` prints."""
        return {
            "plan": self.plan.name,
            "title": self.plan.title,
            "today": self.today.isoformat(),
            "clean": self.clean,
            "problems": [{"what": p.what, "mend": p.mend, "line": getattr(p, "line", None)} for p in self.problems],
            "findings": [{**asdict(f), "due": f.due.isoformat() if f.due else None} for f in self.findings],
            "not_applicable": self.not_applicable,
        }

    def text(self, most: int | None = None) -> str:
        """What `halo standards check` prints, with at most so many entries under each heading."""
        problems = [str(replace(p, file="") if isinstance(p, Fault) else p) for p in self.problems]
        blocks = [("The document", problems)]
        blocks += [(v.replace("_", " ").capitalize(), [str(f) for f in self.of(v)]) for v in _OPEN]
        soon = [f"{f.standard} until {f.due}: {f.title}" for f in self.due() if f.verdict == "met"]
        lines = [f"{self.plan.name}: {self.plan.title}"]
        for heading, entries in (block for block in [*blocks, ("Due soon", soon)] if block[1]):
            more = len(entries[most:]) if most is not None else 0
            entries = [*entries[:most], *([f"… and {more} more"] if more else [])]
            lines += ["", heading, *(f"  {entry}".replace("\n", "\n  ") for entry in entries)]
        counts = ", ".join(f"{len(self.of(v))} {v.replace('_', ' ')}" for v in ("met", *_OPEN))
        return "\n".join([*lines, "", f"{counts}; {self.not_applicable} standards do not apply."])

    def __str__(self) -> str:
        return self.text()


def check_plan(
    plan: str | Path | Mapping[str, Any], register: Register | None = None, *, today: date | None = None
) -> PlanCheck:
    """Hold a plan against every standard that applies to it.

    Parameters
    ----------
    plan : path or mapping
        A YAML file, or what such a file holds.
    register : Register, optional
        The standards; the handbook's with the house's own unless given.
    today : date, optional
        The day attestations and exceptions are held against; today unless given.

    Returns
    -------
    PlanCheck
        One finding for each standard that applies.

    Raises
    ------
    HaloError
        When the file can't be read as a plan at all.

    Notes
    -----
    A standard applies from the first life-cycle stage it names on. One whose
    clause can't be read is undecided, so that a slip is reported once. A plan
    that checks clean says what it should; whether it is *done* is for the
    attestations and the reports to show.

    Examples
    --------
    >>> check = check_plan({"title": "Trial", "task": "label", "risk": "low", "stage": "design"})
    >>> check.clean, next(f.reason for f in check.findings if f.standard == "ALN-001")
    (False, 'the plan does not say `decision`')
    """
    read = read_plan(plan)
    standards = house().register() if register is None else register
    day = today or date.today()
    gates, gate_problems = read_gates(read)
    problems = [*read.problems, *gate_problems, *_unknown_names(read, standards)]
    in_force = [s for s in standards.values() if not _retired(s, day)]
    findings = [f for s in in_force if (f := _finding(s, read, gates, day)) is not None]
    return PlanCheck(read, day, tuple(problems), tuple(findings), len(in_force) - len(findings))


def _retired(standard: Standard, today: date) -> bool:
    return any(a.type == "retired" and a.effective <= today for a in standard.amendments)


def _finding(standard: Standard, plan: Plan, gates: dict[str, list[ReportedGate]], today: date) -> Finding | None:
    where = scope(standard, plan)
    if where == "out":
        return None
    answer: Answer | None
    match standard.evidence:
        case _ if where != "in":
            clause, answer = where, Answer("undecided", f"whether it applies depends on `{where}`", f"Write `{where}`.")
        case Declared() as evidence:
            clause, answer = evidence.clause, declared(evidence, plan)
        case Attested() as evidence:
            clause, answer = "attestations", attested(standard.id, evidence, plan, today)
        case evidence:
            clause, answer = "results", measured(evidence, plan, gates.get(standard.id, []))
    if answer is None:
        return None
    answer = excepted(standard.id, answer, plan, today)
    severity = _SEVERITY[standard.level] if answer.verdict == "not_met" else None
    said = (standard.id, standard.level, standard.title, standard.topic, standard.owner, standard.evidence.kind)
    return Finding(*said, clause, severity, *astuple(answer))


def _unknown_names(plan: Plan, register: Register) -> Iterable[Fault]:
    """Standards that the plan names and the register lacks, or that can't be attested."""
    for clause in ("exceptions", "attestations"):
        for i, entry in enumerate(plan.entries(clause)):
            name = entry.get("standard") if isinstance(entry, dict) else None
            if not isinstance(name, str) or plan.unreadable.get(f"{clause}.standard"):
                continue
            if name not in register:
                near = nearest(name, register)
                fix = f"Did you mean {near}?" if near else "`halo standards list` shows them all."
                yield plan.document.fault((clause, i, "standard"), "unknown", f"is {name}, which is no standard", fix)
            elif clause == "attestations" and (kind := register[name].evidence.kind) != "attested":
                what = f"is {name}, which is {kind}, not attested"
                yield plan.document.fault((clause, i, "standard"), "kind", what, "Take the entry out.")
