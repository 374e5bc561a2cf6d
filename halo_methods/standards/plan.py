"""A plan, checked against the standards that apply to it.

A plan is a small YAML file whose clauses `plan_clauses` lists. Each standard that applies answers with a verdict, a
reason and a fix.
*Declared* standards answer from the plan's clauses, *attested* ones from its dated attestations, *measured* ones from
the gates of the reports it names.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, astuple, dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Literal

from ..documents import Fault, show
from ..errors import Problem
from ..results import Verdict, counted
from .attestations import Answers, answers, day_of, last_answer
from .compare import compare
from .gates import ReportedGate, reported_gates
from .model import CLAUSES, STAGES, Plan, block_of, read_plan
from .numbers import Number
from .register import Register, house
from .standards_file import Attested, Declared, Measured, Standard

Severity = Literal["error", "warning"]
DUE_SOON = 30
FIX = "Correct the clause first."
SWITCHES = (
    "experiment.planned", "launch.planned", "judge.used", "markets.locales", "vendors.used", "wellbeing.exposure",
    "reporting.audience",
)  # fmt: skip
_OPEN: tuple[Verdict, ...] = ("not_met", "undecided", "excepted")
_COUNTED: tuple[Verdict, ...] = ("met", "stated", *_OPEN)
_SEVERITY: dict[str, Severity] = {"must": "error", "should": "warning"}


@dataclass(frozen=True)
class Answer:
    """A verdict with its reason, how to fix it, and the last day it holds."""

    verdict: Verdict
    reason: str
    fix: str = ""
    due: date | None = None


@dataclass(frozen=True)
class Finding:
    """What one standard says of a plan.

    Attributes
    ----------
    standard, level, title, topic, owner, kind : str
        The standard, and its kind of evidence.
    clause : str
        The clause, ``attestations`` or ``results`` that was read.
    severity : {"error", "warning"} or None
        Error for a *must* that is not met, warning for a *should*.
    verdict : {"met", "not_met", "undecided", "excepted", "stated"}
        ``stated`` are words that nothing compared.
    reason, fix : str
        Why, and what to do; the fix is empty where nothing is to be done.
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
    fix: str
    due: date | None

    def __str__(self) -> str:
        state = self.verdict.replace("_", " ")
        fix = f"\n  {self.fix}" if self.fix else ""
        return f"{self.standard} {self.level}: {state}. {self.title}\n  {self.reason}{fix}"


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
        return tuple(f for f in self.findings if f.severity)

    @property
    def clean(self) -> bool:
        """No problem and no fault; undecided, excepted and stated are no faults."""
        return not self.problems and not self.faults

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
            "problems": [
                {"what": p.what, "fix": p.fix, "line": getattr(p, "line", None), "row": p.row} for p in self.problems
            ],
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
        counts = ", ".join(f"{len(self.of(v))} {v.replace('_', ' ')}" for v in _COUNTED)
        return "\n".join([*lines, "", f"{counts}; {self.not_applicable} standards do not apply."])

    __str__ = text


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
    read, standards, day = opened(plan, register, today)
    names = [name for name in read.entries("results") if isinstance(name, str)]
    gates, gate_problems = reported_gates(names, read.document.folder)
    given = answers(read, standards)
    problems = [*read.problems, *gate_problems, *_unknown_names(read, standards), *given.problems]
    binding = in_force(standards, day)
    findings = [f for s in binding if (f := _finding(s, read, gates, given, day, standards)) is not None]
    return PlanCheck(read, day, tuple(problems), tuple(findings), len(binding) - len(findings))


def opened(
    plan: str | Path | Mapping[str, Any], register: Register | None, today: date | None
) -> tuple[Plan, Register, date]:
    """A plan, read with the numbers of the standards; the standards, the house's unless given; the day, or today."""
    standards = house().register() if register is None else register
    return read_plan(plan, standards.numbers), standards, today or date.today()


def in_force(register: Register, today: date) -> list[Standard]:
    """The standards that are not retired on a day."""

    def retired(standard: Standard) -> bool:
        return any(a.type == "retired" and a.effective <= today for a in standard.amendments)

    return [s for s in register.values() if not retired(s)]


def _finding(
    standard: Standard,
    plan: Plan,
    gates: dict[str, list[ReportedGate]],
    given: Answers,
    today: date,
    register: Register,
) -> Finding | None:
    where = scope(standard, plan)
    if where == "out":
        return None
    match standard.evidence:
        case _ if where != "in":
            clause, answer = where, Answer("undecided", f"whether it applies depends on `{where}`", f"Write `{where}`.")
        case Declared() as evidence:
            clause, answer = evidence.clause, declared(evidence, plan, register, standard.numbers)
        case Attested() as evidence:
            clause, answer = "attestations", attested(standard.id, evidence, given, plan, today)
        case evidence:
            clause, answer = "results", measured(evidence, plan, gates.get(standard.id, []))
    answer = excepted(standard, answer, plan, today)
    severity = _SEVERITY[standard.level] if answer.verdict == "not_met" else None
    said = (standard.id, standard.level, standard.title, standard.topic, standard.owner, standard.evidence.kind)
    return Finding(*said, clause, severity, *astuple(answer))


def _unknown_names(plan: Plan, register: Register) -> Iterable[Fault]:
    """Standards that the plan names and the register lacks, and switches it leaves open."""
    for switch in SWITCHES:
        if plan.get(switch) is None and not plan.why_unreadable(switch):
            what = "is not said, so that the standards that apply are not known"
            yield plan.document.fault(tuple(switch.split(".")), "switch", what, f"Write it. {CLAUSES[switch].note}")
    for clause in ("exceptions", "attestations"):
        for i, entry in enumerate(plan.entries(clause)):
            name = entry.get("standard") if isinstance(entry, dict) else None
            if not isinstance(name, str) or plan.unreadable.get(f"{clause}.standard"):
                continue
            if name not in register:
                what = f"is {name}, which is no standard"
                yield plan.document.fault((clause, i, "standard"), "unknown", what, register.meant(name))


def tiers(plan: Plan) -> set[str]:
    """The tiers a plan owes.

    Every plan owes *core*. *Decision* comes with a launch, an experiment, a judge that is used, a vendor, more than
    one market, or a risk above low. *High risk* comes with that risk, or with any exposure to distressing items.
    """
    markets, risk = plan.entries("markets.locales"), plan.get("risk")
    switches = ("launch.planned", "experiment.planned", "judge.used", "vendors.used")
    decides = len(markets) > 1 or risk in ("medium", "high") or any(plan.get(name) is True for name in switches)
    exposed = risk == "high" or plan.get("wellbeing.exposure") in ("low", "high")
    return {"core"} | ({"decision"} if decides else set()) | ({"high_risk"} if exposed else set())


def scope(standard: Standard, plan: Plan) -> str:
    """Whether the standard applies: "in", "out", or the clause it depends on and the plan doesn't say."""
    if standard.tier not in tiers(plan):
        return "out"
    applies = standard.applies
    first = min(STAGES.index("design" if stage == "any" else stage) for stage in applies.stage)
    for clause, wanted, everything in (
        ("task", applies.task, "any"),
        ("risk", applies.risk, "any"),
        ("stage", STAGES[first:], STAGES[0]),
        ("markets.locales", applies.market, "any"),
    ):
        given = plan.get(clause)
        if everything in wanted:
            continue
        if given is None or plan.why_unreadable(clause):
            return clause
        if not set(given if isinstance(given, list) else [given]) & set(wanted):
            return "out"
    for clause, values in applies.when.items():
        if plan.why_unreadable(clause):
            return clause
        if not _among(plan.get(clause), values if isinstance(values, list) else [values]):
            return "out"
    return "in"


def declared(evidence: Declared, plan: Plan, register: Register, numbers: Mapping[str, Number]) -> Answer:
    """What the plan's clause says under the standard's rule; in a list of blocks, what the worst of them says."""
    clause = evidence.clause
    if why := plan.why_unreadable(clause):
        return Answer("undecided", why, FIX)
    if not (block := block_of(clause)):
        return _answer(evidence, clause, plan.get(clause), plan, register, numbers)
    names = [name or f"block {i}" for i, name in enumerate(plan.entries(f"{block}.name"), 1)]
    answers = [
        _answer(evidence, f"{clause}` of `{name}", value, plan, register, numbers)
        for name, value in zip(names, plan.entries(clause), strict=True)
    ]
    return min(
        answers or [_answer(evidence, clause, None, plan, register, numbers)], key=lambda a: a.verdict != "not_met"
    )


def _answer(
    evidence: Declared, clause: str, value: Any, plan: Plan, register: Register, numbers: Mapping[str, Number]
) -> Answer:
    bounds = evidence.rule.bounds
    wanted_words = "; ".join(_RULES[kind][0].format(_bound(bound)) for kind, bound in bounds.items())
    note = CLAUSES[evidence.clause].note if evidence.clause in CLAUSES else "A clause of the house."
    if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        say = f"Write `{clause}`" + (f": {wanted_words}" if wanted_words else "")
        return Answer("not_met", f"the plan does not say `{clause}`", f"{say}. {note}")
    if not all(_RULES[kind][1](value, bound) for kind, bound in bounds.items()):
        return Answer("not_met", f"`{clause}` is {_said(value)}", f"Make it {wanted_words}. {note}")
    if compared := evidence.rule.compared:
        verdict, reason, fix = compare(compared, value, plan, register, numbers)
        return Answer(verdict, f"`{clause}` {reason}", fix)
    words = list(bounds) == ["present"] or isinstance(value, dict)
    return Answer("stated" if words else "met", f"`{clause}` is {_said(value)}")


def _said(value: object) -> str:
    if isinstance(value, list) and all(isinstance(v, str) for v in value) and len(value) <= 8:
        return f"[{', '.join(v if len(v) <= 40 else v[:39] + '…' for v in value)}]"
    return show(value)


def _same(value: object, wanted: object) -> bool:
    return type(value) is type(wanted) and value == wanted


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _among(value: object, words: Iterable[object]) -> bool:
    return any(_same(value, word) for word in words)


_RULES: dict[str, tuple[str, Callable[[Any, Any], bool]]] = {
    "present": ("", lambda value, _: True),
    "at_least": ("at least {}", lambda value, bound: _number(value) and value >= bound),
    "at_most": ("at most {}", lambda value, bound: _number(value) and value <= bound),
    "one_of": ("one of {}", _among),
    "equals": ("{}", _same),
    "includes": (
        "a list with {}",
        lambda value, bound: isinstance(value, list | dict) and all(_among(b, value) for b in bound),
    ),
}


def _bound(bound: object) -> str:
    if isinstance(bound, list):
        return ", ".join(map(str, bound))
    return show(bound) if isinstance(bound, bool) else str(bound)


def attested(standard: str, evidence: Attested, answers: Answers, plan: Plan, today: date) -> Answer:
    """Whether the right role has answered with yes, and the answer still holds."""
    ask = f"A {evidence.role} answers: {evidence.question}"
    given = answers.of(standard)
    by_role = [g.date for g in given if g.by == evidence.role]
    if not by_role and (why := answers.why_unread(standard)):
        return Answer("undecided", why, FIX)
    if not given:
        return Answer("not_met", "it is not attested", ask)
    if not by_role:
        return Answer("not_met", f"attested by the {given[-1].by}, not by the {evidence.role}", ask)
    last, change = last_answer(evidence, given, plan, today)
    if last is None:
        return Answer("not_met", f"the attestation is dated {min(by_role)}, which is still to come", ask)
    if not last.yes:
        note = f": {last.note}" if last.note else ", without a note"
        return Answer("not_met", f"answered no by the {evidence.role} on {last.date}{note}", ask)
    if change:
        return Answer("not_met", f"attested on {last.date}, before the {change[1]} of {change[0]}", ask)
    due = last.date + timedelta(days=evidence.valid_days)
    if due < today:
        return Answer("not_met", f"the attestation of {last.date} ended on {due}", ask)
    left = (due - today).days
    soon = f"; due again in {counted(left, 'day')}" if left <= DUE_SOON else ""
    return Answer("met", f"attested by the {evidence.role} on {last.date}, good until {due}{soon}", due=due)


def measured(evidence: Measured, plan: Plan, gates: list[ReportedGate]) -> Answer:
    """The worst verdict of the reports' gates for it."""
    report = evidence.report
    if not gates:
        if why := plan.why_unreadable("results"):
            return Answer("undecided", why, FIX)
        if any(Path(name).stem == report for name in plan.entries("results") if isinstance(name, str)):
            fix = "`halo standards show` says how the report gives it."
            return Answer("undecided", f"the {report} report that `results` names holds no gate for it", fix)
        fix = f"Run `halo report {report}` on the data, then name its {report}.json under `results`."
        return Answer("undecided", f"no {report} report has measured it yet", fix)
    worst = min(gates, key=lambda g: ("not_met", "undecided", "excepted", "stated", "met").index(g.verdict))
    where = f"{worst.report}{f' ({worst.subject})' if worst.subject else ''}"
    more = f"; worst of {len(gates)} gates" if len(gates) > 1 else ""
    state = worst.verdict.replace("_", " ")
    return Answer(worst.verdict, f"{state} in {where}: {worst.said}{more}", worst.to_settle)


def excepted(standard: Standard, answer: Answer, plan: Plan, today: date) -> Answer:
    """The answer, as an exception by the owner changes it: excepted until its last day, not met after."""
    entries = plan.records("exceptions", standard.id)
    if answer.verdict in ("met", "stated") or not entries:
        return answer
    entry = max(entries, key=lambda e: str(e.get("until")))
    until = day_of(entry.get("until"))
    if until is None or not all(isinstance(entry.get(key), str) for key in ("reason", "granted_by")):
        return Answer("undecided", "its exception can't be read", "Correct the exception first.")
    if (by := entry["granted_by"]) != standard.owner:
        reason = f"its exception is granted by the {by}, not by the {standard.owner}; {answer.reason}"
        return Answer("not_met", reason, f"Let the {standard.owner} grant it, or meet it now.")
    if until < today:
        return Answer("not_met", f"the exception ended on {until}; {answer.reason}", answer.fix or "Meet it now.")
    reason = f"excepted until {until} by the {by}: {entry['reason']}"
    return Answer("excepted", reason, answer.fix, until)
