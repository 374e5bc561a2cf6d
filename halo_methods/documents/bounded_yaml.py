"""YAML from any writer, read within bounds of size, depth and time, with the line of every value."""

import difflib
import math
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from itertools import takewhile
from pathlib import Path
from typing import Any

import yaml
from yaml.constructor import SafeConstructor
from yaml.resolver import Resolver

from ..errors import HaloError, InvalidData, Problem

MOST_BYTES, MOST_VALUES, DEEPEST, MOST_FAULTS, LONGEST_NUMBER = 400_000, 40_000, 12, 100, 40
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_EVENTS: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

Place = tuple[str | int, ...]


@dataclass(frozen=True)
class Fault(Problem):
    """A problem of a document, with its place.

    Attributes
    ----------
    code : str
        The kind of fault, for programs: ``syntax``, ``anchor``, ``twice``, ``missing``, ``extra_forbidden`` and others.
    file : str
        The document's name; empty for what was not read from a file.
    line : int or None
        Line in the file, from 1.
    path : str
        The key, as ``raters.overlap`` or ``standards[CAL-002].level``.
    near : str
        For an unknown key, the path that was probably meant.
    """

    code: str = ""
    file: str = ""
    line: int | None = None
    path: str = ""
    near: str = ""

    def text(self, *_: Any) -> str:
        """File, line, fault and fix in one line of text."""
        where = ", ".join(filter(None, (self.file, f"line {self.line}" if self.line else "")))
        return f"{where + ': ' if where else ''}{self.what}. {self.fix}"

    __str__ = text


@dataclass
class Document:
    """A document as read, before a model is asked.

    Attributes
    ----------
    name : str
        The file's name, empty without a file.
    folder : Path
        Where relative paths in it start.
    content : object
        Mappings, lists, text, finite numbers and truth values. A date is text; a key without a value is left out.
    lines : dict
        Place, as ``("standards", 0, "level")`` -> line.
    faults : list of Fault
        What is wrong with it as a document; the values concerned are left out.
    """

    name: str = ""
    folder: Path = field(default_factory=Path)
    content: Any = None
    lines: dict[Place, int] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def path(self, place: Place) -> str:
        """A place as text; an entry of a list is named by its ``id`` where it has one."""
        path, node = "", self.content
        for part in place:
            node = node[part] if holds(node, part) else None
            name = node.get("id") if isinstance(part, int) and isinstance(node, dict) else None
            name = name if isinstance(name, str) and re.fullmatch(r"[\w.-]{1,40}", name) else part
            path += f"[{name}]" if isinstance(part, int) else f".{part}" if path else str(part)
        return path

    def fault(self, place: Place, code: str, what: str, fix: str, *, line: int | None = None, near: str = "") -> Fault:
        """A fault at a place; `what` goes on after the key."""
        path = self.path(place)
        said = f"`{path}` {what}" if path else f"the document {what}"
        return Fault(said, fix, code=code, file=self.name, line=line or self.line(place), path=path, near=near)

    def line(self, place: Place) -> int | None:
        """The line of a place, or of the nearest block around it that has one."""
        known = (self.lines[place[:n]] for n in range(len(place), -1, -1) if place[:n] in self.lines)
        return next(known, None)


def holds(node: Any, part: str | int) -> bool:
    """Whether a mapping has the key, or a list the index."""
    return part in node if isinstance(node, dict) else isinstance(node, list) and part in range(len(node))


def read(source: str | Path | bytes | Mapping[str, Any], *, name: str = "") -> Document:
    """Read one document, bounded in size, depth and time.

    Parameters
    ----------
    source : path, bytes or mapping
        A YAML file, its bytes, or what such a file holds. UTF-8, at most 400,000 bytes, 12 levels, 40,000 values
        and 40 characters a number; no anchor, alias, tag or merge, and no key twice.
    name : str
        What faults call it; the file's name unless given.

    Returns
    -------
    Document
        With its faults as a document; `check` adds those a model finds.

    Raises
    ------
    HaloError
        When the file can't be read.
    InvalidData
        When it is not YAML, or larger or deeper than allowed.

    Examples
    --------
    >>> document = read(b"raters:\\n  overlap: 3\\n  overlap: 4\\n")
    >>> print(document.content, document.lines[("raters",)], document.faults[0])
    {'raters': {'overlap': 3}} 1 line 3: `raters.overlap` stands twice. Write each key once.
    """
    document = Document(name)
    if not isinstance(source, Mapping | bytes):
        document = Document(name or Path(source).name, Path(source).parent)
        try:
            with open(source, "rb") as file:
                source = file.read(MOST_BYTES + 1)
        except (OSError, ValueError) as problem:
            raise HaloError(f"{document.name} can't be read: {getattr(problem, 'strerror', problem)}") from problem
    reader = _Reader(document)
    if isinstance(source, Mapping):
        document.content = reader.plain(source)
        document.faults = reader.faults()
        return document
    if len(source) > MOST_BYTES:
        raise reader.stop("large", f"has more than {MOST_BYTES:,} bytes", "Split it into several files.")
    try:
        reader.events = yaml.parse(source.decode("utf-8-sig"), Loader=_EVENTS)
        for event in reader.events:
            if isinstance(event, yaml.NodeEvent):
                if document.lines:
                    raise reader.stop("second", "holds a second document", "Write one in a file.", event)
                document.content = reader.node(event)
    except InvalidData:
        raise
    except UnicodeDecodeError as problem:
        what = f"is not UTF-8 at byte {problem.start + 1}"
        raise reader.stop("encoding", what, "Save the file as UTF-8.") from None
    except (yaml.YAMLError, ValueError, OverflowError, RecursionError) as problem:
        said = getattr(problem, "problem", None) or getattr(problem, "context", None) or problem
        what = f"is not YAML: {' '.join(str(said).split())[:120]}"
        raise reader.stop("syntax", what, "Correct the line.", getattr(problem, "problem_mark", None)) from None
    document.faults = reader.faults()
    return document


class _Reader(Resolver, SafeConstructor):
    """Builds a document's content, and refuses while it builds what would grow."""

    def __init__(self, document: Document):
        Resolver.__init__(self)
        SafeConstructor.__init__(self)
        self.document, self.values = document, 0
        self.events: Iterator[Any] = iter(())
        self.refused: list[tuple[Place, str, str, str, int | None]] = []

    def refuse(self, place: Place, code: str, what: str, fix: str) -> None:
        if len(self.refused) < MOST_FAULTS:
            self.refused.append((place, code, what, fix, self.document.line(place)))

    def faults(self) -> list[Fault]:
        """What was refused, its places named by what the document holds."""
        return [self.document.fault(place, code, what, fix, line=n) for place, code, what, fix, n in self.refused]

    def stop(self, code: str, what: str, fix: str, near: Any = None) -> InvalidData:
        """The end of reading: everything found so far, and what ended it, at an event or a mark."""
        mark = getattr(near, "start_mark", near)
        fault = self.document.fault((), code, what, fix, line=mark.line + 1 if mark else None)
        return InvalidData([*self.faults(), fault])

    def count(self, place: Place, event: Any = None) -> None:
        self.values += 1
        if self.values > MOST_VALUES:
            raise self.stop("large", f"holds more than {MOST_VALUES:,} values", "Split it into several files.", event)
        if len(place) > DEEPEST:
            raise self.stop("deep", f"nests deeper than {DEEPEST} levels", "Write it with fewer levels.", event)

    def plain(self, value: Any, place: Place = ()) -> Any:
        """A Python value in JSON's types."""
        self.count(place)
        if isinstance(value, Mapping):
            return self.block(place, ((key, partial(self.plain, held)) for key, held in value.items()))
        if isinstance(value, list | tuple):
            return [self.plain(held, (*place, i)) for i, held in enumerate(value)]
        return self.scalar(value.isoformat() if isinstance(value, date) else value, place)

    def node(self, event: Any, place: Place = ()) -> Any:
        """The value that begins with an event of YAML."""
        self.document.lines.setdefault(place, event.start_mark.line + 1)
        self.count(place, event)
        if event.anchor:
            self.refuse(place, "anchor", "has an anchor (&) or an alias (*)", "Write the value out.")
        elif getattr(event, "tag", None):
            self.refuse(place, "tag", f"has the tag {show(event.tag)}", "Take the tag out.")
        if isinstance(event, yaml.MappingStartEvent):
            keys = takewhile(lambda e: not isinstance(e, yaml.MappingEndEvent), self.events)
            return self.block(place, ((self.key(e, place), lambda at: self.node(next(self.events), at)) for e in keys))
        if isinstance(event, yaml.SequenceStartEvent):
            held = takewhile(lambda e: not isinstance(e, yaml.SequenceEndEvent), self.events)
            return [self.node(e, (*place, i)) for i, e in enumerate(held)]
        return self.scalar(self.resolved(event), place) if isinstance(event, yaml.ScalarEvent) else None

    def key(self, event: Any, place: Place) -> Any:
        key = self.node(event, (*place, "?"))
        for at in ("?", *([key] if isinstance(key, str) else [])):
            self.document.lines[(*place, at)] = event.start_mark.line + 1
        return key

    def block(self, place: Place, pairs: Iterable[tuple[Any, Callable[[Place], Any]]]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        seen = set()
        for key, build in pairs:
            named = isinstance(key, str) and key.isprintable() and 0 < len(key) <= 80 and key != "<<"
            at = (*place, key if named else "?")
            value = build(at)
            if not named:
                self.refuse(at, "key", f"stands for the key {show(key)}", "Write each key as a word, without merging.")
            elif key in seen:
                self.refuse(at, "twice", "stands twice", "Write each key once.")
            elif value is not None:
                content[key] = value
            seen.add(key if named else "?")
        return content

    def resolved(self, event: Any) -> Any:
        """What a scalar of YAML stands for; dates stay text."""
        tag = self.resolve(yaml.ScalarNode, event.value, event.implicit)
        kind, node = tag.rpartition(":")[2], yaml.ScalarNode(tag, event.value)
        if kind in ("null", "bool"):
            return self.bool_values[event.value.lower()] if kind == "bool" else None
        if kind not in ("int", "float"):
            return event.value
        if len(event.value) > LONGEST_NUMBER:  # base 60 and hexadecimal cost more than they look
            return math.nan
        try:
            return self.construct_yaml_int(node) if kind == "int" else self.construct_yaml_float(node)
        except ValueError:
            return math.nan

    def scalar(self, value: Any, place: Place) -> Any:
        """The value, or None and a fault where it can't be shown or compared."""
        if isinstance(value, str):
            if all(c in "\n\t" or not (c in _BIDI or unicodedata.category(c) in ("Cc", "Cs")) for c in value):
                return value
            return self.refuse(place, "text", "holds a character that can't be shown", "Write it again by hand.")
        if isinstance(value, bool | None):
            return value
        if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 1e15:
            return value
        kind = "a number out of range" if isinstance(value, int | float) else show(value)
        return self.refuse(place, "value", f"is {kind}", "Write text, an ordinary number, a date, true or false.")


def show(value: object) -> str:
    """A value as a message quotes it, at most 60 characters of it.

    Examples
    --------
    >>> show("x" * 100)[:5], show([1, 2]), show(None), show(True)
    ("'xxxx", 'a list of 2', 'empty', 'true')
    """
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a block of keys"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    return str(value)[:60] if isinstance(value, int | float) else f"a {type(value).__name__}"


def nearest(word: str, words: Iterable[str]) -> str:
    """The word most like the given one; empty when none is near.

    Examples
    --------
    >>> nearest("overlapp", ["overlap", "count"]), nearest("colour", ["overlap", "count"])
    ('overlap', '')
    """
    return next(iter(difflib.get_close_matches(word[:80], list(words), n=1, cutoff=0.7)), "")
