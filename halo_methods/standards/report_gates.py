"""The gates of the reports a plan names: what was measured, as the reports said it."""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from ..errors import Problem
from ..results import Verdict, readable
from .plan_reading import Plan, show

LARGEST = 16 * 2**20


@dataclass(frozen=True)
class ReportedGate:
    """One gate of a report: its verdict, for what, and what would settle it."""

    report: str
    verdict: Verdict
    subject: str
    said: str
    to_settle: str


def read_gates(plan: Plan) -> tuple[dict[str, list[ReportedGate]], list[Problem]]:
    """Gates by standard, from the files named under ``results``.

    A file that can't be read is a problem, and its gates count for nothing.
    """
    gates: dict[str, list[ReportedGate]] = {}
    problems: list[Problem] = []
    names = plan.get("results")
    for name in [n for n in names if isinstance(n, str)] if isinstance(names, list) else []:
        try:
            report = _read(plan.folder / name)
            for gate in report["gates"]:
                if gate["verdict"] not in get_args(Verdict):
                    raise ValueError(f"a gate's verdict is {show(gate['verdict'])}")
                entry = ReportedGate(
                    name, gate["verdict"], _text(gate, "subject"), _said(gate), _text(gate, "to_settle")
                )
                gates.setdefault(str(gate["standard"]), []).append(entry)
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            what = f"`results` names {show(name)}, which can't be read as a report: {_reason(error)}"
            problems.append(Problem(what, "Name the NAME.json that `halo report` wrote."))
    return gates, problems


def _read(path: Path) -> Any:
    status = path.stat()
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is not a file")
    if status.st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST // 2**20} MiB")
    return json.loads(path.read_text(encoding="utf-8"))


def _said(gate: dict[str, Any]) -> str:
    estimate = gate.get("estimate")
    if not isinstance(estimate, dict):
        return _text(gate, "reason") or "see the report"
    value, low, high = (float(estimate[key]) for key in ("value", "low", "high"))
    sure = estimate.get("kind") == "count" or (estimate.get("confidence") == 1 and low == value == high)
    ends = "exact" if sure else f"{readable(low)} to {readable(high)}"
    side = _text(gate, "direction").replace("_", " ") or "at least"
    return f"{readable(value)} ({ends}) against {side} {readable(float(gate['threshold']))}"


def _text(gate: dict[str, Any], key: str) -> str:
    value = gate.get(key) or ""
    return value if isinstance(value, str) else json.dumps(value)


def _reason(error: Exception) -> str:
    match error:
        case FileNotFoundError():
            return "there is no such file"
        case OSError():
            return error.strerror or "it can't be opened"
        case KeyError() | TypeError():
            return "it has no list of gates with a standard and a verdict"
        case RecursionError():
            return "it nests too deep"
        case json.JSONDecodeError() | UnicodeDecodeError():
            return "it is not JSON"
        case _:
            return str(error)
