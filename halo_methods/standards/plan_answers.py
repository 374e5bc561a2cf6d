"""How one standard is answered from a plan: by its clause, by an attestation, or by a report's gate."""

import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..documents import show
from ..errors import Problem
from ..results import Verdict, readable
from .model import Attested, Declared, Measured, Standard
from .plan_clauses import STAGES, Plan, about

DUE_SOON = 30
LARGEST = 16 * 2**20
FIX = "Correct the clause first."
_SWITCHES = {"vendors": "vendors.used"}


@dataclass(frozen=True)
class Answer:
    """A verdict with its reason, how to fix it, and the last day it holds."""

    verdict: Verdict
    reason: str
    mend: str = ""
    due: date | None = None


def _day(text: object) -> date | None:
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        return None


def scope(standard: Standard, plan: Plan) -> str:
    """Whether the standard applies: "in", "out", or the clause it depends on and the plan doesn't say."""
    if plan.get(_SWITCHES.get(standard.topic, "title")) is False:
        return "out"
    for clause, wanted in (
        ("task", standard.applies.task),
        ("risk", standard.applies.risk),
        ("stage", standard.applies.stage),
        ("markets.locales", standard.applies.market),
    ):
        if "any" in wanted or (clause == "stage" and STAGES[0] in wanted):
            continue
        given = plan.get(clause)
        if given is None or plan.why_unreadable(clause):
            return clause
        if clause == "stage":
            if STAGES.index(given) < min(STAGES.index(s) for s in wanted):
                return "out"
        elif not set(given if isinstance(given, list) else [given]) & set(wanted):
            return "out"
    return "in"


def declared(evidence: Declared, plan: Plan) -> Answer | None:
    """What the plan's clause says under the standard's rule; None where its ``when`` doesn't hold."""
    clause = evidence.clause
    for switch, wanted in evidence.rule.when.items():
        if why := plan.why_unreadable(switch):
            return Answer("undecided", why, FIX)
        if not _same(plan.get(switch), wanted):
            return None
    if why := plan.why_unreadable(clause):
        return Answer("undecided", why, FIX)
    value, bounds = plan.get(clause), evidence.rule.bounds
    wanted_words = "; ".join(_RULES[kind][0].format(_bound(bound)) for kind, bound in bounds.items())
    note = about(clause)
    if value is None or value in ("", [], {}) or (isinstance(value, str) and not value.strip()):
        say = f"Write `{clause}`" + (f": {wanted_words}" if wanted_words else "")
        return Answer("not_met", f"the plan does not say `{clause}`", f"{say}. {note}")
    if all(_RULES[kind][1](value, bound) for kind, bound in bounds.items()):
        return Answer("met", f"`{clause}` is {_said(value)}")
    return Answer("not_met", f"`{clause}` is {_said(value)}", f"Make it {wanted_words}. {note}")


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
        lambda value, bound: isinstance(value, list) and all(_among(b, value) for b in bound),
    ),
}


def _bound(bound: object) -> str:
    if isinstance(bound, list):
        return ", ".join(map(str, bound))
    return show(bound) if isinstance(bound, bool) else str(bound)


def attested(standard: str, evidence: Attested, plan: Plan, today: date) -> Answer:
    """Whether the right role has answered, and the answer still holds."""
    ask = f"A {evidence.role} answers: {evidence.question}"
    entries = [(day, e.get("by")) for e in plan.records("attestations", standard) if (day := _day(e.get("date")))]
    if not entries and (why := plan.why_unreadable("attestations")):
        return Answer("undecided", why, FIX)
    if not entries:
        return Answer("not_met", "nobody has attested it", ask)
    by_role = [day for day, role in entries if role == evidence.role]
    if not by_role and (why := plan.why_unreadable("attestations")):
        return Answer("undecided", why, FIX)
    if not by_role:
        return Answer("not_met", f"attested by the {entries[-1][1]}, not by the {evidence.role}", ask)
    if not (past := [day for day in by_role if day <= today]):
        return Answer("not_met", f"the attestation is dated {min(by_role)}, which is still to come", ask)
    due = max(past) + timedelta(days=evidence.valid_days)
    if due < today:
        return Answer("not_met", f"the attestation of {max(past)} ended on {due}", ask)
    left = (due - today).days
    soon = f"; due again in {left} day{'s' if left != 1 else ''}" if left <= DUE_SOON else ""
    return Answer("met", f"attested by the {evidence.role} on {max(past)}, good until {due}{soon}", due=due)


class ReportedEstimate(BaseModel):
    """What a report's gate rests on."""

    value: float
    low: float
    high: float
    kind: str = "sampled"
    confidence: float = 0.95


class ReportedGate(BaseModel):
    """One gate of a report: its verdict, for what, and what would settle it."""

    standard: str
    verdict: Verdict
    threshold: float = 0
    direction: str = "at_least"
    estimate: ReportedEstimate | None = None
    subject: str = ""
    reason: str = ""
    to_settle: str = ""
    report: str = ""

    @property
    def said(self) -> str:
        """The estimate against the threshold, or why there is none."""
        found = self.estimate
        if found is None:
            return self.reason or "see the report"
        exact = found.kind == "count" or (found.confidence == 1 and found.low == found.value == found.high)
        ends = "exact" if exact else f"{readable(found.low)} to {readable(found.high)}"
        return f"{readable(found.value)} ({ends}) against {self.direction.replace('_', ' ')} {readable(self.threshold)}"


class ReportFile(BaseModel):
    """The part of a report's ``NAME.json`` that a plan reads."""

    gates: list[ReportedGate]


def read_gates(plan: Plan) -> tuple[dict[str, list[ReportedGate]], list[Problem]]:
    """Gates by standard, from the files named under ``results``.

    A file that can't be read is a problem, and its gates count for nothing.
    """
    gates: dict[str, list[ReportedGate]] = {}
    problems: list[Problem] = []
    for name in (n for n in plan.entries("results") if isinstance(n, str)):
        try:
            for gate in ReportFile.model_validate_json(_content(plan.folder / name)).gates:
                gates.setdefault(gate.standard, []).append(gate.model_copy(update={"report": name}))
        except (OSError, ValueError) as error:
            what = f"`results` names {show(name)}, which can't be read as a report: {_reason(error)}"
            problems.append(Problem(what, "Name the NAME.json that `halo report` wrote."))
    return gates, problems


def _content(path: Path) -> bytes:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a file")
    if status.st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
    return path.read_bytes()


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case OSError():
            return error.strerror or "it can't be opened"
        case ValidationError():
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"]))
            return f"{place}: {first['msg']}" if place else "it is not JSON with a list of gates"
    return str(error)


def measured(evidence: Measured, plan: Plan, gates: list[ReportedGate]) -> Answer:
    """The worst verdict of the reports' gates for it."""
    report = evidence.report
    if not gates:
        if why := plan.why_unreadable("results"):
            return Answer("undecided", why, FIX)
        fix = f"Run `halo report {report}` on the data, then name its {report}.json under `results`."
        return Answer("undecided", f"no {report} report has measured it yet", fix)
    worst = min(gates, key=lambda g: ("not_met", "undecided", "excepted", "met").index(g.verdict))
    where = f"{worst.report}{f' ({worst.subject})' if worst.subject else ''}"
    more = f"; worst of {len(gates)} gates" if len(gates) > 1 else ""
    state = worst.verdict.replace("_", " ")
    return Answer(worst.verdict, f"{state} in {where}: {worst.said}{more}", worst.to_settle)


def excepted(standard: str, answer: Answer, plan: Plan, today: date) -> Answer:
    """The answer, as an exception changes it: excepted until its last day, not met after."""
    entries = plan.records("exceptions", standard)
    if answer.verdict == "met" or not entries:
        return answer
    entry = max(entries, key=lambda e: str(e.get("until")))
    until = _day(entry.get("until"))
    if until is None or not all(isinstance(entry.get(key), str) for key in ("reason", "granted_by")):
        return Answer("undecided", "its exception can't be read", "Correct the exception first.")
    if until < today:
        return Answer("not_met", f"the exception ended on {until}; {answer.reason}", answer.mend or "Meet it now.")
    reason = f"excepted until {until} by the {entry['granted_by']}: {entry['reason']}"
    return Answer("excepted", reason, answer.mend, until)
