"""The register: every standard of the handbook, read from YAML and held against the chapters."""

import difflib
import json
import re
from collections import UserDict
from collections.abc import Iterable, Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

from ..documents import Document, Fault, check, read, schema
from ..errors import HaloError, InvalidData, Problem
from .model import Declared, Family, Measured, Standard, StandardsFile

FAMILIES: tuple[str, ...] = get_args(Family)
FOLDER = Path(__file__).parent
_NAMED = re.compile(r"[A-Z]{3}-\d{3}")
_GATE = re.compile(r"""(?:\.gates?\(\s*|gates\s*=\s*\[)(?:["'][A-Z]{3}-\d{3}["'],?\s*)+""")


class Register(UserDict[str, Standard]):
    """Standards by identifier, in order.

    Examples
    --------
    >>> load()["CAL-003"].level
    'should'
    >>> Register([load()["CAL-023"]])["CAL-999"]
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: no standard is called CAL-999; the nearest is CAL-023
    """

    def __init__(self, standards: Iterable[Standard]):
        super().__init__({s.id: s for s in sorted(standards, key=lambda s: s.id)})

    def __missing__(self, name: str) -> Standard:
        near = difflib.get_close_matches(name.upper(), self, n=1, cutoff=0)
        raise HaloError(f"no standard is called {name}; the nearest is {near[0]}" if near else "the register is empty")

    def filter(
        self,
        *,
        topic: str = "",
        family: str = "",
        owner: str = "",
        stage: str = "",
        report: str = "",
        kind: str = "",
        level: str = "",
    ) -> "Register":
        """The standards that match everything given; retired ones are left out.

        Examples
        --------
        >>> sorted({s.topic for s in load().filter(report="calibration").values()})
        ['calibration']
        """

        asked = [topic, family, owner, report, kind, level]

        def matches(s: Standard) -> bool:
            held = (s.topic, s.family, s.owner, getattr(s.evidence, "report", None), s.evidence.kind, s.level)
            staged = stage in ("", *s.applies.stage) or "any" in s.applies.stage
            return staged and not s.retired and all(a in ("", h) for a, h in zip(asked, held, strict=True))

        return Register(s for s in self.values() if matches(s))

    def next_id(self, family: str) -> str:
        """The next identifier of a family; numbers are never used again.

        Examples
        --------
        >>> Register([]).next_id("CAL")
        'CAL-001'
        """
        if family not in FAMILIES:
            raise HaloError(f"family is {family!r}; allowed: {', '.join(FAMILIES)}")
        taken = [int(name[4:]) for name in self if name.startswith(family)]
        return f"{family}-{max(taken, default=0) + 1:03d}"

    def expired(self, today: date) -> list[Problem]:
        """Standards whose review date has passed."""
        fix = "Review the standard, then set a new date."
        late = [s for s in self.values() if s.review_by < today and not s.retired]
        return [Problem(f"{s.id} was to be reviewed by {s.review_by}", fix) for s in late]


@cache
def load(directory: str | Path | None = None, extra: tuple[str | Path, ...] = ()) -> Register:
    """Read the register.

    Parameters
    ----------
    directory : path, optional
        Where the files are; the handbook's own by default.
    extra : tuple of path
        Folders with a house's own standards, read after the handbook's.

    Raises
    ------
    InvalidData
        With every fault of every file, each with its line.

    Examples
    --------
    >>> len(load()) >= 60
    True
    """
    standards: list[Standard] = []
    documents: list[Document] = []
    faults: list[Problem] = []
    for number, folder in enumerate([Path(directory or FOLDER), *map(Path, extra)]):
        if not folder.is_dir():
            raise HaloError(f"there is no folder {folder} with standards")
        for file in sorted(folder.glob("*.yml")):
            try:
                document = read(file)
            except HaloError as unreadable:
                faults += getattr(unreadable, "problems", [Problem(str(unreadable), "Make it readable.")])
                continue
            documents.append(document)
            content, found = check(StandardsFile, document)
            faults += found
            if content is None:
                continue
            if content.topic != file.stem:
                fix = f"Write topic: {file.stem}, as the file."
                faults.append(document.fault(("topic",), "topic", f"is {content.topic}", fix))
            where: dict[str, Any] = {"topic": content.topic, "part": content.part, "house": number > 0}
            standards += (Standard.model_construct(**dict(entry), **where) for entry in content.standards)
    faults += _across(documents, whole=not faults)
    if faults:
        raise InvalidData(faults)
    return Register(standards)


def _list(held: Any, key: str) -> list[Any]:
    found = held.get(key) if isinstance(held, dict) else None
    return found if isinstance(found, list) else []


def _across(documents: list[Document], *, whole: bool) -> Iterator[Fault]:
    """What no single standard shows: names used twice, or that belong elsewhere."""
    ids: dict[str, str] = {}
    gates: dict[tuple[str, str], str] = {}
    held = [(d, ("standards", i), e) for d in documents for i, e in enumerate(_list(d.content, "standards"))]
    entries = [entry for entry in held if isinstance(entry[2], dict) and isinstance(entry[2].get("id"), str)]
    for document, place, entry in entries:
        name, family, evidence = entry["id"], document.content.get("family"), entry.get("evidence")
        if not name.startswith(str(family)):
            fix = "Move it, or give it the family's next number."
            yield document.fault((*place, "id"), "family", f"is of another family than the file, {family}", fix)
        if name in ids:
            fix = "Give one of them the next free number; numbers are never used again."
            yield document.fault((*place, "id"), "twice", f"is used in {ids[name]} too", fix)
        ids[name] = document.name
        if isinstance(evidence, dict) and "gate" in evidence:
            gate = (str(evidence.get("report")), str(evidence["gate"]))
            if gate in gates:
                what = f"is {gate[1]}, which in report {gate[0]} belongs to {gates[gate]}"
                yield document.fault((*place, "evidence", "gate"), "gate", what, "Name another gate.")
            gates[gate] = name
    for document, place, entry in entries if whole else ():
        for i, old in enumerate(entry.get("supersedes", ())):
            if old not in ids:
                at = (*place, "supersedes", i)
                yield document.fault(at, "unknown", f"is {old}, which is no standard", "Correct the reference.")


def standards_schema_text() -> str:
    """The JSON Schema as ``standards.schema.json`` holds it."""
    return json.dumps({**schema(StandardsFile), "$id": "urn:halo:standards"}, indent=1, ensure_ascii=False) + "\n"


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
    notebooks = sorted(chapters.glob("*/*.ipynb"))
    given = {(notebook.stem, name) for notebook in notebooks for name in gates_in(notebook)}
    measured = register.filter(kind="measured").values()
    asked = {(s.evidence.report, s.id) for s in measured if isinstance(s.evidence, Measured)}
    problems = []
    for report, name in sorted(given - asked):
        what = f"report {report} gives a gate for {name}, which asks for none there"
        fix = f"Give {name} evidence that is measured by report {report}, or take the gate out."
        problems.append(Problem(what, fix))
    for report, name in sorted(asked - given):
        there = report in {notebook.stem for notebook in notebooks}
        where = f"report {report} never gives its gate" if there else f"there is no report {report}"
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
    rows = [
        {
            "responsibility": responsibility,
            "standard": s.id,
            "title": s.title,
            "kind": s.evidence.kind,
            "where": _where(s),
            "report": s.evidence.report if isinstance(s.evidence, Measured) else "",
            "test": _test(s, root),
        }
        for s in register.values()
        for responsibility in s.responsibilities
        if not s.retired
    ]
    return sorted(rows, key=lambda r: (int(r["responsibility"][1:]), r["standard"]))


def _where(s: Standard) -> str:
    if isinstance(s.evidence, Measured):
        return f"report {s.evidence.report}, gate {s.evidence.gate}"
    if isinstance(s.evidence, Declared):
        return f"plan clause {s.evidence.clause}"
    return f"asked of the {s.evidence.role}"


def _test(s: Standard, root: Path) -> str:
    """Measured: the topic's tests; declared and attested: those of the plan check."""
    topic = s.evidence.method.split(".")[0] if isinstance(s.evidence, Measured) else "plan"
    name = f"tests/test_{topic}.py"
    return name if (root / name).is_file() else ""
