"""The register: the standards of the handbook and of a house, read from YAML, and the settings in ``halo.toml``."""

import difflib
import json
import os
import re
import stat
import tomllib
from collections import UserDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import Field

from ..documents import Document, Fault, Model, Text, check, nearest, read, schema
from ..errors import HaloError, InvalidData, NotEstimable, Problem
from .model import Declared, Family, Measured, Standard, StandardsFile
from .numbers import Number, fill_document, look_up, numbers_in, with_places

CONFIG = "HALO_CONFIG"
SITE = r"^https?://[^\s\"'<>?#]+$"
MOST_BYTES, LONGEST_LINE = 100_000, 1_000
FAMILIES: tuple[str, ...] = get_args(Family)
FOLDER = Path(__file__).parent
_NAMED = re.compile(r"[A-Z]{3}-\d{3}")
_GATE = re.compile(r"""(?:\.gates?\(\s*|gates\s*=\s*\[)(?:["'][A-Z]{3}-\d{3}["'],?\s*)+""")


class Register(UserDict[str, Standard]):
    """Standards by identifier, in order.

    Examples
    --------
    >>> load()["CAL-004"].level
    'must'
    >>> Register([load()["CAL-027"]])["CAL-999"]
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: no standard is called CAL-999; the nearest is CAL-027
    """

    def __init__(self, standards: Iterable[Standard]):
        super().__init__({s.id: s for s in sorted(standards, key=lambda s: s.id)})

    def __missing__(self, name: str) -> Standard:
        near = difflib.get_close_matches(name.upper(), self, n=1, cutoff=0)
        raise HaloError(f"no standard is called {name}; the nearest is {near[0]}" if near else "the register is empty")

    @property
    def numbers(self) -> dict[str, dict[str, Number]]:
        """Standard -> name -> number."""
        return {name: standard.numbers for name, standard in self.items()}

    def meant(self, name: str) -> str:
        """What to do about a name that no standard has.

        Examples
        --------
        >>> load().meant("CAL-004x")
        'Did you mean CAL-004?'
        """
        near = nearest(name, self)
        return f"Did you mean {near}?" if near else "`halo standards list` shows them all."

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
        tier: str = "",
        moment: str = "",
    ) -> "Register":
        """The standards that match everything given; retired ones are left out.

        Examples
        --------
        >>> sorted({s.topic for s in load().filter(report="calibration").values()})
        ['calibration']
        """

        asked = [topic, family, owner, report, kind, level, tier]

        def matches(s: Standard) -> bool:
            held = (s.topic, s.family, s.owner, getattr(s.evidence, "report", None), s.evidence.kind, s.level, s.tier)
            staged = stage in ("", *s.applies.stage) or "any" in s.applies.stage
            timed = moment in ("", *s.moments)
            return staged and timed and not s.retired and all(a in ("", h) for a, h in zip(asked, held, strict=True))

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
    files: list[tuple[str, bool]] = []
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
            files.append((file.stem, number > 0))
    numbers = numbers_in(documents)
    for document, (stem, own) in zip(documents, files, strict=True):
        faults += fill_document(document, numbers)
        content, found = check(StandardsFile, document)
        faults += found
        if content is None:
            continue
        if content.topic != stem:
            fix = f"Write topic: {stem}, as the file."
            faults.append(document.fault(("topic",), "topic", f"is {content.topic}", fix))
        where: dict[str, Any] = {"topic": content.topic, "part": content.part, "house": own}
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
    return (
        json.dumps({**with_places(schema(StandardsFile)), "$id": "urn:halo:standards"}, indent=1, ensure_ascii=False)
        + "\n"
    )


def gates_in(notebook: Path) -> set[str]:
    """The standards whose gates a chapter's code gives.

    Examples
    --------
    >>> import tempfile
    >>> code = 'with report.section("A", gates=["CAL-002"]) as show:\\n    show.gate("CAL-004", x)'
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "a.ipynb")
    ...     _ = file.write_text(json.dumps({"cells": [{"cell_type": "code", "source": code}]}))
    ...     sorted(gates_in(file))
    ['CAL-002', 'CAL-004']
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


class Standards(Model):
    """``[standards]``: the house's own."""

    folder: Text | None = None


class Privacy(Model):
    """``[privacy]``: who may be told of how few people."""

    threshold: int = Field(default=5, ge=2)
    key: Text | None = None


class HouseFile(Model):
    """What ``halo.toml`` may say."""

    thresholds: dict[str, Number] = Field(default_factory=dict)
    standards: Standards = Standards()
    privacy: Privacy = Privacy()
    site: Annotated[str, Field(pattern=SITE)] | None = None


@dataclass(frozen=True)
class House:
    """What a house sets for itself.

    Attributes
    ----------
    source : Path or None
        The ``halo.toml`` that applies; None without one.
    thresholds : dict of str to float
        Standard -> the house's threshold.
    folder : Path or None
        Where its own standards are.
    privacy_threshold : int
        The smallest group of people shown outside operations.
    key_path : Path or None
        The key of its pseudonyms.
    site : str
        Where its copy of the handbook stands, without a slash at the end; reports lead there. Empty without one.
    """

    source: Path | None = None
    thresholds: Mapping[str, Number] = field(default_factory=dict)
    folder: Path | None = None
    privacy_threshold: int = 5
    key_path: Path | None = None
    site: str = ""

    def register(self) -> Register:
        """The handbook's standards and the house's own."""
        return load(None, (self.folder,) if self.folder else ())

    def key(self) -> bytes | None:
        """The key of its pseudonyms, None where it has none.

        Raises
        ------
        HaloError
            When the file can't be read, others can read or change it, or it has fewer than 16 bytes.
        """
        if self.key_path is None:
            return None
        key = read_trusted(self.key_path, secret=True).strip()
        if len(key) < 16:
            raise HaloError(f"the pseudonym key {self.key_path.name} has {len(key)} bytes; it needs at least 16")
        return key


def distrust(status: os.stat_result, user: int, *, secret: bool = False) -> str:
    """Why a file or folder is not trusted; empty when it is.

    It is trusted when its owner is the user or root, and nobody else may change it. In a folder where
    everyone may only change what is their own, as the system's temporary folder, the file's owner counts.

    Parameters
    ----------
    status : os.stat_result
        Of the file or folder.
    user : int
        Whom the process works for.
    secret : bool
        Whether others may not read it either.

    Examples
    --------
    >>> here = os.stat_result((0o100644, 0, 0, 1, 1000, 1000, 0, 0, 0, 0))
    >>> distrust(here, 1000), distrust(here, 1001), distrust(here, 1000, secret=True)
    ('', 'another user owns it', 'others can read it')
    """
    own_only = stat.S_ISDIR(status.st_mode) and status.st_mode & stat.S_ISVTX
    if status.st_uid not in (user, 0):
        return "another user owns it"
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH) and not own_only:
        return "others can change it"
    return "others can read it" if secret and status.st_mode & stat.S_IROTH else ""


def read_trusted(path: Path, *, secret: bool = False) -> bytes:
    """The content of a file that decides what others may see.

    Raises
    ------
    HaloError
        When it can't be read, is too large, or it or its folder is not trusted; see `distrust`.
    """
    try:
        with path.open("rb") as file:
            checked = {path.parent: path.parent.stat(), path: os.fstat(file.fileno())}
            content = file.read(MOST_BYTES + 1)
    except OSError as problem:
        raise HaloError(f"{path.name} can't be read: {problem.strerror}") from problem
    for place, status in checked.items() if hasattr(os, "getuid") else ():
        if why := distrust(status, os.getuid(), secret=secret and place == path):
            fix = f"make it your own (chown, chmod {'600' if secret else 'go-w'})"
            fix += "" if secret else f", or name a file of your own in {CONFIG}"
            raise HaloError(f"{path} is not trusted, because of {place}: {why}; {fix}")
    if len(content) > MOST_BYTES or max(map(len, content.splitlines()), default=0) > LONGEST_LINE:
        most = f"{MOST_BYTES:,} bytes or {LONGEST_LINE:,} in a line"
        raise HaloError(f"{path.name} can't be read: it has more than {most}; a house's settings need a page")
    return content


def find() -> Path | None:
    """The ``halo.toml`` that applies: named by ``HALO_CONFIG``, or in this folder or above it.

    The search ends at the root of a repository, or at the home folder.
    """
    if os.environ.get(CONFIG):
        return Path(os.environ[CONFIG])
    home = Path(os.path.expanduser("~")).resolve()
    for folder in (Path.cwd(), *Path.cwd().parents):
        if os.path.isfile(folder / "halo.toml"):
            return folder / "halo.toml"
        if folder == home or os.path.exists(folder / ".git"):
            break
    return None


def house(path: Path | None = None) -> House:
    """Read ``halo.toml``.

    Parameters
    ----------
    path : Path, optional
        The file; otherwise the one that applies here, and the defaults without any::

            site = "https://handbook.example"

            [thresholds]
            CAL-004 = 0.9

            [standards]
            folder = "standards"

            [privacy]
            threshold = 5
            key = "pseudonyms.key"

    Raises
    ------
    HaloError
        If the file can't be read or is not trusted.
    InvalidData
        With every name or value in it that is not allowed.

    Examples
    --------
    >>> house(Path("no-such-file.toml"))
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: no-such-file.toml can't be read: No such file or directory
    """
    path = path or find()
    return House() if path is None else _house(path, read_trusted(path))


@cache
def _house(path: Path, content: bytes) -> House:
    try:
        document = read(tomllib.loads(content.decode("utf-8")), name=path.name)
    except (ValueError, RecursionError) as problem:
        raise HaloError(f"{path.name} can't be read: {str(problem)[:200]}") from problem
    file, faults = check(HouseFile, document)
    if file is None:
        raise InvalidData(faults)
    folder, key = (path.parent / name if name else None for name in (file.standards.folder, file.privacy.key))
    site = (file.site or "").rstrip("/")
    made = House(path, file.thresholds, folder, file.privacy.threshold, key, site)
    register = made.register()
    for name in made.thresholds:
        if name not in register:
            fix = f"Did you mean {nearest(name, register)}?"
            faults.append(document.fault(("thresholds", name), "unknown", "is no standard", fix))
        elif not isinstance(register[name].evidence, Measured):
            what = f"is {register[name].evidence.kind}, not measured"
            faults.append(document.fault(("thresholds", name), "kind", what, "Take the line out."))
    if faults:
        raise InvalidData(faults)
    return made


def number(name: str) -> Number:
    """A standard's number, as ``CAL-013.days``.

    Raises
    ------
    HaloError
        When the standard has no such number; it lists those it has.

    Examples
    --------
    >>> number("CAL-005.bar")
    0.8
    """
    standard, _, key = name.partition(".")
    return look_up(standard, key, all_numbers())


def all_numbers() -> dict[str, dict[str, Number]]:
    """Standard -> name -> number, of the handbook and the house."""
    return house().register().numbers


def threshold(name: str) -> float:
    """The threshold of a measured standard, the house's own where ``halo.toml`` sets one.

    Examples
    --------
    >>> threshold("CAL-005")
    0.8
    """
    evidence = house().register()[name].evidence
    if not isinstance(evidence, Measured):
        raise NotEstimable(f"{name} is {evidence.kind}, so it has no threshold")
    return float(house().thresholds.get(name, evidence.threshold))
