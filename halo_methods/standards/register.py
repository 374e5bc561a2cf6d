"""The register: every standard of the handbook, read from the YAML files beside this module."""

import difflib
import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, get_args

from ..documents import Document, Fault, check, read, schema
from ..errors import HaloError, InvalidData, Problem
from .model import Family, Standard, StandardsFile

FAMILIES: tuple[str, ...] = get_args(Family)
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
