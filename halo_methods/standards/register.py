"""The register: every standard of the handbook, read from the YAML files beside this module."""

import difflib
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from ..errors import HaloError, InvalidData, Problem
from .clauses import RISKS, ROLES, TASKS
from .loading import read_yaml
from .model import Attested, Declared, Fault, Measured, Standard, build

FAMILIES = ("ALN", "RUB", "EVS", "PIP", "DAT", "CAL", "VEN", "EXP", "TOL", "USE", "LRN", "MKT")
STAGES = ("design", "pilot", "live", "closing")
RULES = ("present", "at_least", "at_most", "one_of", "equals", "includes")
RESPONSIBILITIES = tuple(f"R{n}" for n in range(1, 14))
SUBJECTS = range(1, 73)
FOLDER = Path(__file__).parent


class Register(Mapping[str, Standard]):
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
        self._standards = {s.id: s for s in sorted(standards, key=lambda s: s.id)}

    def __getitem__(self, name: str) -> Standard:
        if name in self._standards:
            return self._standards[name]
        near = difflib.get_close_matches(name.upper(), self._standards, n=1, cutoff=0)
        raise HaloError(f"no standard is called {name}; the nearest is {near[0]}" if near else "the register is empty")

    def __contains__(self, name: object) -> bool:
        return name in self._standards

    def __iter__(self) -> Iterator[str]:
        return iter(self._standards)

    def __len__(self) -> int:
        return len(self._standards)

    def filter(self, *, topic: str = "", family: str = "", owner: str = "", stage: str = "", report: str = "",
               kind: str = "", level: str = "") -> "Register":  # fmt: skip
        """The standards that match everything given; retired ones are left out.

        Examples
        --------
        >>> sorted({s.topic for s in load().filter(report="calibration").values()})
        ['calibration']
        """

        def matches(s: Standard) -> bool:
            return (
                not s.retired
                and topic in ("", s.topic)
                and family in ("", s.family)
                and owner in ("", s.owner)
                and (not stage or stage in s.applies.stage or "any" in s.applies.stage)
                and report in ("", getattr(s.evidence, "report", None))
                and kind in ("", s.evidence.kind)
                and level in ("", s.level)
            )

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
        mend = "Review the standard, then set a new date."
        return [Problem(f"{s.id} was to be reviewed by {s.review_by}", mend) for s in self.values()
                if s.review_by < today and not s.retired]  # fmt: skip


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
        With every problem found, each naming its file and standard.

    Examples
    --------
    >>> len(load()) >= 60
    True
    """
    folders = [Path(directory or FOLDER), *map(Path, extra)]
    standards: list[Standard] = []
    problems: list[Problem] = []
    for number, folder in enumerate(folders):
        if not folder.is_dir():
            raise HaloError(f"there is no folder {folder} with standards")
        for file in sorted(folder.glob("*.yml")):
            _read_file(file, standards, problems, house=number > 0)
    problems += _across(standards)
    if problems:
        raise InvalidData(problems)
    return Register(standards)


def _read_file(file: Path, standards: list[Standard], problems: list[Problem], *, house: bool) -> None:
    def problem(what: str, mend: str, name: str = "") -> None:
        problems.append(Problem(f"{file.name}{', ' + name if name else ''}: {what}", mend))

    try:
        content = read_yaml(file)
    except HaloError as unreadable:
        problems.append(Problem(str(unreadable), "Mend the file."))
        return
    if not isinstance(content, dict) or not isinstance(content.get("standards"), list):
        problem("it has no list `standards`", "Write `topic`, `family`, `part` and `standards`.")
        return
    if content.get("topic") != file.stem:
        problem(f"its topic is {content.get('topic')!r}", f"One topic, one name: write topic: {file.stem}.")
    for key in set(content) - {"topic", "family", "part", "standards"}:
        problem(f"unknown key {key!r}", "Allowed: topic, family, part, standards.")
    for entry in content["standards"]:
        name = str(entry.get("id", "a standard without id")) if isinstance(entry, dict) else "a standard"
        try:
            given = {**entry, "topic": file.stem, "part": str(content.get("part", "")), "house": house}
            made = build(Standard, given, "")
            _check(made, str(content.get("family")))
            standards.append(made)
        except Fault as fault:
            problem(fault.what, fault.mend, name)
        except TypeError:
            problem("it is not a mapping", "Write its fields, `id: …`, one a line.", name)


def _check(s: Standard, family: str) -> None:
    """What types alone don't say."""
    if not re.fullmatch(r"[A-Z]{3}-\d{3}", s.id) or s.family not in FAMILIES:
        raise Fault(f"the identifier is {s.id!r}", f"Write a family and three digits; families: {', '.join(FAMILIES)}.")
    if s.family != family:
        raise Fault(
            f"its family is {s.family}, the file's is {family}", "Move it, or give it the family's next number."
        )
    if not s.statement.startswith("Verify that ") or len(s.title) > 80:
        raise Fault("statement or title", 'A statement begins "Verify that "; a title has at most 80 characters.')
    words: dict[str, tuple[tuple[object, ...], Iterable[object]]] = {
        "applies.task": (s.applies.task, (*TASKS, "any")),
        "applies.risk": (s.applies.risk, (*RISKS, "any")),
        "applies.stage": (s.applies.stage, (*STAGES, "any")),
        "owner": ((s.owner,), ROLES),
        "responsibilities": (s.responsibilities, RESPONSIBILITIES),
        "subjects": (s.subjects, SUBJECTS),
    }
    if isinstance(s.evidence, Attested):
        words["evidence.role"] = ((s.evidence.role,), ROLES)
        if s.evidence.valid_days < 1:
            raise Fault(f"evidence.valid_days is {s.evidence.valid_days}", "An answer holds for a day at least.")
    for field, (held, allowed) in words.items():
        _one_of(field, held, allowed)
    if isinstance(s.evidence, Declared):
        _rule(s.evidence)


def _one_of(field: str, held: tuple[object, ...], allowed: Iterable[object]) -> None:
    if not held:
        raise Fault(f"{field} is empty", "Write at least one.")
    known = list(map(str, allowed))
    for word in held:
        if str(word) not in known:
            near = difflib.get_close_matches(str(word), known, n=1)
            mend = f"Did you mean {near[0]}?" if near else f"Allowed: {', '.join(known)}."
            raise Fault(f"{field} holds {str(word)[:60]!r}", mend)


def _rule(evidence: Declared) -> None:
    rules = set(evidence.rule) - {"when"}
    if not rules or rules - set(RULES):
        raise Fault(f"evidence.rule is {dict(evidence.rule)}", f"Allowed: {', '.join(RULES)}, and when.")
    takes: dict[str, tuple[Any, str]] = {
        "at_least": ((int, float), "a number"), "at_most": ((int, float), "a number"),
        "one_of": (list, "a list"), "includes": (list, "a list"), "when": (dict, "clauses and their values"),
    }  # fmt: skip
    for name, bound in evidence.rule.items():
        kind, said = takes.get(name, (object, ""))
        if not isinstance(bound, kind) or (isinstance(bound, bool) and kind == (int, float)):
            raise Fault(f"evidence.rule.{name} is {str(bound)[:60]!r}", f"It takes {said}.")


def _across(standards: list[Standard]) -> list[Problem]:
    """What only shows when all are there."""
    found: list[Problem] = []
    seen: dict[str, str] = {}
    gates: dict[tuple[str, str], str] = {}
    for s in standards:
        if s.id in seen:
            found.append(Problem(f"{s.topic}.yml, {s.id}: the identifier is used in {seen[s.id]}.yml too",
                                 "Give one of them the next free number; numbers are never used again."))  # fmt: skip
        seen[s.id] = s.topic
        if isinstance(s.evidence, Measured):
            key = (s.evidence.report, s.evidence.gate)
            if key in gates:
                found.append(
                    Problem(f"{s.id}: gate {key[1]} of report {key[0]} belongs to {gates[key]}", "Name another gate.")
                )
            gates[key] = s.id
    for s in standards:
        found += [Problem(f"{s.id} supersedes {old}, which is no standard", "Mend the reference.")
                  for old in s.supersedes if old not in seen]  # fmt: skip
    return found
