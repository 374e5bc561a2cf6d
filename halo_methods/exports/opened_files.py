"""One file of an export: opened within bounds, and its records in whatever form it holds them."""

import csv
import io
import json
import os
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from ..errors import HaloError, InvalidData, Problem
from ..judgments import bounds
from ..judgments.cells import Raw, quoted
from ..judgments.files import content_of, table_of, text_of
from ..judgments.packing import unpacked

Record = dict[str, Any]
_HEAD, _ZSTANDARD = 200_000, 93
_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    NotImplementedError,
    RuntimeError,
    OSError,
    EOFError,
    KeyError,
)


class Options(NamedTuple):
    """How an export is to be read, as `read_export` takes it."""

    columns: Mapping[str, str] = {}
    criteria: Sequence[str] = ()
    rater_from: str | None = None
    dates: str | None = None
    encoding: str = "utf-8"
    sheet: str | None = None
    delimiter: str | None = None


class ExportFile:
    """One file of an export.

    Attributes
    ----------
    name : str
        Its name, or that of a member of an archive.
    tally : Counter
        What a reader counts on the way: tasks, cancelled annotations.
    notes : list of str
        What a reader says on the way.
    options : Options
        What the caller asked for.
    """

    def __init__(self, name: str, content: bytes | Callable[[], bytes], options: Options | None = None):
        self.name, self._content, self.options = name, content, options or Options()
        self.tally: Counter[str] = Counter()
        self.notes: list[str] = []
        self.criteria = tuple(self.options.criteria)

    @classmethod
    def at(cls, path: str | os.PathLike[str], options: Options | None = None, *, xml: bool = False) -> "ExportFile":
        """The file at a path, XML only where it is asked for; HaloError where it cannot be opened."""
        return cls(Path(path).name, content_of(path, xml=xml)[0], options)

    @cached_property
    def content(self) -> bytes:
        """Its bytes, unpacked."""
        return self._content() if callable(self._content) else self._content

    @property
    def stem(self) -> str:
        """The name without folder and ending: the rater, where there is a file per rater.

        Examples
        --------
        >>> ExportFile("round/ann.jsonl.gz", b"").stem
        'ann'
        """
        return Path(self.name).name.partition(".")[0]

    @cached_property
    def packed(self) -> bool:
        """Whether it is a zip archive, and no workbook."""
        return self.content.startswith((b"PK\x03\x04", b"PK\x05\x06")) and "[Content_Types].xml" not in self.names

    @property
    def is_json(self) -> bool:
        """Whether it holds JSON: one value, or one a line."""
        return self.content[:1000].removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))

    @cached_property
    def names(self) -> list[str]:
        """The names of the files in an archive, within bounds."""
        with self._archive() as archive:
            infos = [info for info in archive.infolist() if not info.is_dir()]
        bounds.within(self.name, "MOST_ROWS", len(infos), "files")
        size, stored = sum(info.file_size for info in infos), len(self.content)
        bounds.within(self.name, "MOST_BYTES", size, "bytes when it is unpacked", "Give the files inside")
        if size > bounds.PACKED_FREELY:
            times = "times its size when it is unpacked"
            bounds.within(self.name, "MOST_PACKED", size / stored, times, "Give the files inside")
        return list(dict.fromkeys(info.filename for info in infos))

    def member(self, name: str) -> "ExportFile":
        """One file of an archive, unpacked when it is looked at."""
        return ExportFile(name, lambda: self._unpacked(name), self.options)

    @cached_property
    def members(self) -> dict[str, "ExportFile"]:
        """The files of an archive by name; none where it is no archive."""
        return {name: self.member(name) for name in self.names} if self.packed else {}

    @contextmanager
    def _archive(self) -> Iterator[zipfile.ZipFile]:
        try:
            with zipfile.ZipFile(io.BytesIO(self.content)) as archive:
                yield archive
        except _DAMAGED as error:
            what = f"{self.name}: the archive is damaged, or of a kind that is not read ({quoted(str(error))})"
            raise InvalidData([Problem(what, "Export it again.")]) from error

    def _unpacked(self, name: str) -> bytes:
        """A file of the archive, which may hold no more than it says it does."""
        with self._archive() as archive:
            info = archive.getinfo(name)
            bounds.within(name, "MOST_UNPACKED", info.file_size, "bytes when it is unpacked")
            if info.compress_type != _ZSTANDARD:
                with archive.open(info) as member:
                    return member.read(info.file_size)
            name_and_extra = struct.unpack_from("<HH", self.content, info.header_offset + 26)
            start = info.header_offset + 30 + sum(name_and_extra)
            return unpacked(self.content[start : start + info.compress_size], name)

    @cached_property
    def text(self) -> str:
        """The content as text."""
        return text_of(self.content, self.name, self.options.encoding, objects=self.is_json)

    @cached_property
    def table(self) -> Raw:
        """The content as a table of text."""
        how = self.options
        return table_of(self.content, self.name, how.encoding, how.sheet, how.delimiter)

    @cached_property
    def first(self) -> Record:
        """The first object of a file of JSON; empty for any other file, and where the object is cut short.

        Examples
        --------
        >>> ExportFile("a.json", b'[{"id": 1}, {"id": 2}').first
        {'id': 1}
        """
        if not self.is_json:
            return {}
        with_lines = self.text.lstrip()
        try:
            value = json.JSONDecoder().raw_decode(with_lines, with_lines.find("{"))[0]
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}

    @cached_property
    def columns(self) -> tuple[str, ...]:
        """The header of a table; empty for JSON and archives."""
        if self.is_json or self.packed:
            return ()
        if self.content.startswith((b"PK", b"PAR1")) or self.options.delimiter:
            return tuple(self.table.frame.columns)
        codec = "utf-16" if self.content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
        lines = self.content[:_HEAD].decode(codec, "replace").lstrip().splitlines(keepends=True) or [""]
        mark = max("\t,;|", key=lines[0].count)
        try:
            return tuple(cell.strip() for cell in next(csv.reader(lines, delimiter=mark), ()))
        except csv.Error:  # no header of a table; who reads it says what is wrong
            return ()

    def untold(self, others: Iterable[str]) -> HaloError:
        """What to say where nothing tells which of these columns are answers."""
        columns = ", ".join(map(quoted, others))
        return HaloError(
            f"{self.name} does not tell answers from fields of the task ({columns}); name them: --criteria"
        )

    def records(self) -> list[Record]:
        """The objects of a file of JSON, or the rows of a table by column.

        Raises
        ------
        InvalidData
            If it is cut short, nested too deeply, or holds something else.

        Examples
        --------
        >>> ExportFile("a.jsonl", b'{"id": 1}\\n{"id": 2}').records()
        [{'id': 1}, {'id': 2}]
        """
        if self.packed:
            raise InvalidData([Problem(f"{self.name} is an archive", "Give the files inside.")])
        if not self.is_json:
            if self.table.problems:
                raise InvalidData(self.table.problems)
            return list(self.table.frame.iter_rows(named=True))
        bounds.within(self.name, "MOST_OBJECTS", self.text.count("{") + self.text.count("["), "objects and lists")
        held = list(self._values())
        odd = [Problem("the record is no object", "Export it again.", at) for at, one in held if type(one) is not dict]
        if odd:
            raise InvalidData(odd)
        return [value for _, value in held]

    def _values(self) -> Iterator[tuple[int, Any]]:
        lines = self.text.strip().split("\n")
        whole = len(lines) == 1 or _loaded(lines[0]) is None
        try:
            if whole:
                value = json.loads(self.text)
                yield from enumerate(value if isinstance(value, list) else [value], start=1)
            for at, line in enumerate(() if whole else lines, start=1):
                if line.strip():
                    yield at, json.loads(line)
        except RecursionError:
            what = "lists or objects stand inside each other too deeply"
            raise InvalidData([Problem(what, "Export it again; no tool writes this.")]) from None
        except ValueError as error:
            row = None if whole else at
            what = f"the {'file' if whole else 'line'} is not JSON ({quoted(str(error))}); it may be cut short"
            raise InvalidData([Problem(what, "Export it again, or copy it whole.", row)]) from error


def _loaded(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None
