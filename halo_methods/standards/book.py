"""Standards against the chapters: every gate is asked for, every measured standard has its gate."""

import json
import re
from pathlib import Path

from ..errors import Problem
from .model import Declared, Measured, Standard
from .register import Register

_NAMED = re.compile(r"[A-Z]{3}-\d{3}")
_GATE = re.compile(r"""(?:\.gates?\(\s*|gates\s*=\s*\[)(?:["'][A-Z]{3}-\d{3}["'],?\s*)+""")


def gates_in(notebook: Path) -> set[str]:
    """The standards whose gates a chapter's code gives.

    Examples
    --------
    >>> import tempfile
    >>> code = 'with report.section("A", gates=["CAL-003"]) as show:\\n    show.gate("CAL-004", x)'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.ipynb")
    ...     _ = file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}))
    ...     sorted(gates_in(file))
    ['CAL-003', 'CAL-004']
    """
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    code = "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
    return {name for call in _GATE.findall(code) for name in _NAMED.findall(call)}


def gates_and_standards(register: Register, chapters: Path) -> list[Problem]:
    """Gates no standard asks for, and measured standards no report answers.

    Parameters
    ----------
    register : Register
    chapters : Path
        The folder of the parts.

    Returns
    -------
    list of Problem
        One for each mismatch; empty where all is well.

    Examples
    --------
    >>> gates_and_standards(Register([]), Path("no-such-folder"))
    []
    """
    given = {notebook.stem: gates_in(notebook) for notebook in sorted(chapters.glob("*/*.ipynb"))}
    problems = []
    asked: dict[str, set[str]] = {}
    for s in register.filter(kind="measured").values():
        if isinstance(s.evidence, Measured):
            asked.setdefault(s.evidence.report, set()).add(s.id)
    for report, names in given.items():
        for name in sorted(names - asked.get(report, set())):
            problems.append(
                Problem(
                    f"report {report} gives a gate for {name}, which asks for none there",
                    f"Give {name} evidence that is measured by report {report}, or take the gate out.",
                )
            )
    for report, names in asked.items():
        for name in sorted(names - given.get(report, set())):
            where = f"report {report} never gives its gate" if report in given else f"there is no report {report}"
            problems.append(Problem(f"{name} is measured, and {where}", "Give the gate, or change the evidence."))
    return problems


def trace(register: Register, root: Path | None = None) -> list[dict[str, str]]:
    """From responsibility to standard, evidence, report or clause, and test.

    Returns
    -------
    list of dict
        ``responsibility``, ``standard``, ``title``, ``kind``, ``where``,
        ``report``, ``test`` (empty where there is none yet).

    Examples
    --------
    >>> from halo_methods.standards import load
    >>> rows = [row for row in trace(load()) if row["standard"] == "CAL-004"]
    >>> rows[0]["where"]
    'report calibration, gate gold_accuracy'
    """
    root = root or Path(__file__).parents[2]
    rows = []
    for s in register.values():
        if s.retired:
            continue
        for responsibility in s.responsibilities:
            rows.append(
                {
                    "responsibility": responsibility,
                    "standard": s.id,
                    "title": s.title,
                    "kind": s.evidence.kind,
                    "where": _where(s),
                    "report": s.evidence.report if isinstance(s.evidence, Measured) else "",
                    "test": _test(s, root),
                }
            )
    return sorted(rows, key=lambda r: (int(r["responsibility"][1:]), r["standard"]))


def _where(s: Standard) -> str:
    if isinstance(s.evidence, Measured):
        return f"report {s.evidence.report}, gate {s.evidence.gate}"
    if isinstance(s.evidence, Declared):
        return f"plan clause {s.evidence.clause}"
    return f"asked of the {s.evidence.role}"


def _test(s: Standard, root: Path) -> str:
    """Measured: the topic's tests; declared and attested: those of the plan check."""
    name = (
        f"tests/test_{s.evidence.method.split('.')[0]}.py" if isinstance(s.evidence, Measured) else "tests/test_plan.py"
    )
    return name if (root / name).is_file() else ""
