"""The frame that every tool's reader stands in: records become rows, rows one table, and all is counted."""

import io
import json
import os
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC
from pathlib import Path
from typing import Any

import polars as pl

from ..atomic_files import write_files
from ..errors import BadOption, HaloError, InvalidData, Problem
from ..judgments.cells import cell_text, gold_text, quoted, raw_table
from ..judgments.dates import Dates, moment
from ..judgments.files import read_raw
from ..judgments.options import OPTIONAL, REQUIRED, renamed
from ..judgments.spreadsheets import neutral, table_text
from ..results import counted
from .opened_files import ExportFile, Options, Record

CANONICAL = (*REQUIRED, *OPTIONAL)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
BROKEN = (AttributeError, IndexError, KeyError, TypeError, ValueError)


@dataclass(frozen=True)
class Tool:
    """A tool and how its export is read.

    Attributes
    ----------
    title : str
        What people call it.
    shape : str
        What its export looks like, to follow the word *expected*.
    export : str
        Where in the tool the export is, for the page of tools.
    recognise : callable
        Whether a file is this tool's; it looks at `first`, `columns` or `members`, and reads no more.
    rows : callable
        The rows of one record. A row is a dict of canonical names, and under ``data`` the fields of the task that
        ``columns`` may name. A row without a label gives gold to all rows of its item and criterion.
        What gives no row is counted: ``file.tally["cancelled"] += 1``.
    records : callable
        The records of a file, where they are not its objects or lines.
    dates : str
        How the tool writes moments that are not ISO 8601.
    archive : bool
        Whether the reader takes an archive as one file; otherwise each of its files is read.
    """

    title: str
    shape: str
    export: str
    recognise: Callable[[ExportFile], bool]
    rows: Callable[[Record, ExportFile], Iterable[Record]]
    records: Callable[[ExportFile], Iterable[Record]] = ExportFile.records
    dates: str = "iso"
    archive: bool = False


@dataclass(frozen=True)
class Export:
    """What a tool's export holds, as a table of judgments.

    Attributes
    ----------
    table : polars.DataFrame
        One row per judgment; the canonical columns that are there, then those that were asked for.
    counts : dict of str to int
        ``tasks``, ``people``, ``kept`` (judgments of people), ``predictions`` (of models), and what was left out.
    notes : tuple of str
        What a reader of the table should know.
    """

    table: pl.DataFrame
    counts: dict[str, int]
    notes: tuple[str, ...]

    def with_gold(self, path: str | os.PathLike[str], columns: Mapping[str, str] | None = None) -> "Export":
        """The same judgments with the answers of a second file as their gold, joined by identifier.

        Parameters
        ----------
        path : path
            A table with an answer a row. Columns: ``item_id``; ``label``, or ``gold`` where several answers are
            accepted; ``criterion`` where it has one.
        columns : mapping, optional
            Name here to name in that file.

        Raises
        ------
        InvalidData
            If a column is missing, an identifier repeats, or one matches no item of the export.
        """
        return _with_gold(self, path, columns or {})

    def write(self, path: str | os.PathLike[str]) -> Path:
        """Write the table, whole or not at all, for its owner alone; the ending tells CSV, Parquet or JSON lines.

        In a CSV no cell runs as a formula: a text that begins like one gets an apostrophe in front.

        Raises
        ------
        BadOption
            If the ending is another.
        """
        target = Path(path)
        BadOption.unless("ending of --out", kind := target.suffix.lower(), (".csv", ".parquet", ".jsonl"))
        buffer = io.BytesIO()
        if kind == ".parquet":
            self.table.write_parquet(buffer)
        elif kind == ".jsonl":
            self.table.write_ndjson(buffer)
        else:
            cells = self.table.fill_null("").to_pandas().map(lambda c: c if _NUMBER.fullmatch(c) else neutral(c))
            buffer.write(table_text(cells.rename(columns=neutral), safe=False).encode())
        return write_files({target: buffer.getvalue()}, private=(target.name,))[0]


@dataclass
class Gathered:
    """The rows of all files of an export, as they come."""

    options: Options
    rows: list[Record] = field(default_factory=list)
    gold: dict[tuple[Any, ...], list[str]] = field(default_factory=lambda: defaultdict(list))
    places: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    names: set[str] = field(default_factory=set)
    several: bool = False

    def add(self, file: ExportFile, tool: Tool) -> None:
        """Add the rows of one file.

        Raises
        ------
        InvalidData
            With every record that is not as the tool writes it.
        """
        problems = []
        for at, record in enumerate(tool.records(file), start=1):
            before = file.tally.total()
            try:
                row = None
                for row in tool.rows(record, file):
                    self._row(row, file)
                file.tally["records without a judgment"] += row is None and file.tally.total() == before
            except BROKEN as error:
                said = quoted(f"{type(error).__name__}: {error}")
                what = f"the record is not as {tool.title} writes it ({said})"
                problems.append(Problem(what, "Export it again, or remove it.", at))
        if problems:
            raise InvalidData(problems)

    def _row(self, row: Record, file: ExportFile) -> None:
        data, columns = row.pop("data", None) or {}, dict(self.options.columns)
        self.names |= data.keys()
        person = row.get("rater_type") != "model"
        for name, key in columns.items():
            if key in data and (person or name != "rater_id"):
                row[name] = data[key]
        if person and self.options.rater_from == "file" and "label" in row:
            row["rater_id"] = file.stem
        for name in ("label", "gold"):
            if isinstance(row.get(name), set) and len(row[name]) == 1:
                (row[name],) = row[name]
        item, criterion = cell_text(row.get("item_id")), cell_text(row.get("criterion"))
        if file.criteria and criterion not in (None, *file.criteria):
            return
        row |= {"item_id": item, "criterion": criterion}
        if "label" not in row:
            self.gold[item, criterion, cell_text(row.get("system"))].append(cell_text(row["gold"]) or "")
            return
        if self.several and file.name not in self.places[item or ""]:
            self.places[item or ""][file.name] = json.dumps(data, sort_keys=True, default=str)
        self.rows.append({name: cell_text(value) for name, value in row.items()} | {"file": file.name})


def gathered(files: Sequence[ExportFile], tool: Tool, options: Options) -> Export:
    """The export that the files of one tool are.

    Raises
    ------
    InvalidData
        With each record that cannot be read.
    HaloError
        If there is no judgment, or nothing says who judged.
    """
    all_rows = Gathered(options, several=len(files) > 1)
    for file in files:
        try:
            all_rows.add(file, tool)
        except InvalidData as invalid:
            raise _in_file(invalid, file.name if len(files) > 1 else "") from invalid
    tally: dict[str, int] = {}
    for file in files:
        tally = {name: tally.get(name, 0) + file.tally[name] for name in (*tally, *file.tally)}
    rows, notes = all_rows.rows, [note for file in files for note in file.notes]
    if not rows:
        left = ", ".join(f"{name}: {n:,}" for name, n in tally.items())
        raise HaloError(f"the export holds no judgment{left and f' ({left})'}")
    if absent := [key for key in options.columns.values() if all_rows.names and key not in all_rows.names]:
        there = ", ".join(map(quoted, sorted(all_rows.names)[:20]))
        raise BadOption(f"no record has the field {quoted(absent[0])}; fields there are {there}", option="columns")
    if nameless := sum(row.get("rater_id") is None for row in rows):
        text = f"{counted(nameless, 'judgment')} of {tool.title} without a rater"
        raise HaloError(f"{text}; where each rater has a file, name the rater by it: --rater-from file")
    only = {row["criterion"] for row in rows} == {"label"}  # a name that tells nothing
    for row in rows:
        answers = all_rows.gold.get((row["item_id"], row["criterion"], row.get("system")), ())
        row["gold"] = row.get("gold") or gold_text(dict.fromkeys(answers))
        row["criterion"] = None if only else row["criterion"]
    notes += _moments(rows, Dates.of(options.dates or tool.dates))
    people = [row for row in rows if row.get("rater_type") != "model"]
    if len(people) < len(rows):
        for row in people:
            row["rater_type"] = "human"
    counts = {"tasks": tally.pop("tasks", 0) or len({row["item_id"] for row in rows})}
    counts |= {"people": len({row["rater_id"] for row in people}), "kept": len(people)}
    counts |= {"predictions": len(rows) - len(people), "gold": len(all_rows.gold), **tally}
    counts["repeated"] = _repeated(rows)
    return Export(
        _table(rows), {k: n for k, n in counts.items() if n or k in _ALWAYS}, (*notes, *_said(all_rows, counts))
    )


_ALWAYS = ("tasks", "people", "kept", "cancelled", "predictions")


def _in_file(invalid: InvalidData, name: str) -> InvalidData:
    return InvalidData([replace(p, what=f"{name}: {p.what}") for p in invalid.problems]) if name else invalid


def _moments(rows: list[Record], dates: Dates) -> Iterator[str]:
    """Every moment as ISO 8601 in UTC; those that cannot be read are left out, and said."""
    odd = []
    for row in rows:
        if text := row.get("rated_at"):
            try:
                row["rated_at"] = moment(text.strip(), dates)[0].astimezone(UTC).isoformat().replace("+00:00", "Z")
            except ValueError:
                odd.append(row.pop("rated_at"))
    if odd:
        said = f"{counted(len(odd), 'moment')} such as {quoted(odd[0])} left out: not in the form {dates.form}"
        yield f"{said}; give the form, such as --dates day-first"


def _key(row: Record) -> tuple[Any, ...]:
    return tuple(row.get(name) for name in ("item_id", "rater_id", "criterion", "system", "stage", "round"))


def _repeated(rows: list[Record]) -> int:
    return len(rows) - len({_key(row) for row in rows})


def _said(all_rows: Gathered, counts: dict[str, int]) -> Iterator[str]:
    shared = [item for item, at in all_rows.places.items() if len(set(at.values())) > 1]
    if shared:
        text = (
            f"{counted(len(shared), 'item')} such as {quoted(shared[0])} differ from file to file under one identifier"
        )
        yield f"{text}; join on a field of the task: --columns item_id=FIELD"
    if counts["repeated"]:
        one = counted(counts["repeated"], "row")
        text = f"{one} repeat the item, rater and criterion of an earlier one"
        if all_rows.several and all_rows.options.rater_from is None:
            text += "; where raters of several files share a number: --rater-from file"
        yield f"{text}; otherwise read the table with --duplicates last"


def _table(rows: list[Record]) -> pl.DataFrame:
    own = dict.fromkeys(name for row in rows for name in row if name not in CANONICAL and name != "file")
    names = [name for name in (*CANONICAL, *own) if name in REQUIRED or any(row.get(name) for row in rows)]
    columns = [pl.Series([row.get(name) for row in rows], dtype=pl.String) for name in names]
    return raw_table(names, columns, "the export").frame


def _with_gold(export: Export, path: str | os.PathLike[str], columns: Mapping[str, str]) -> Export:
    raw, name = read_raw(path), Path(path).name
    given = {here: there for here, there in columns.items() if there in raw.frame.columns}
    twice: list[Problem] = []
    frame, _ = renamed(raw.frame, given, twice, required=())
    problems = [*raw.problems, *(replace(p, what=f"{name}: {p.what}", option="gold_columns") for p in twice)]
    kind = "gold" if "gold" in frame.columns else "label"
    for missing in [column for column in ("item_id", kind) if column not in frame.columns]:
        fix = f"Say which it is: --gold-columns {missing}=COLUMN."
        problems.append(Problem(f"{name}: the column {columns.get(missing, missing)} is missing", fix))
    if problems:
        raise InvalidData(problems)
    by = [column for column in ("item_id", "criterion") if column in frame.columns and column in export.table.columns]
    known, first = set(export.table.select(by).iter_rows()), dict[tuple[Any, ...], int]()
    answers: dict[tuple[Any, ...], str] = {}
    for at, (*key, answer) in enumerate(frame.select(*by, kind).iter_rows(), start=1):
        place = tuple(key)
        said = f"{name}: {quoted(', '.join(map(str, key)))}"
        if place not in known:
            problems.append(Problem(f"{said} is no item of the export", "Correct the identifier, or remove it.", at))
        elif place in first:
            problems.append(Problem(f"{said} is there twice, first in row {first[place]}", "Keep one answer.", at))
        first.setdefault(place, at)
        if answer:
            answers[place] = answer if kind == "gold" else gold_text([answer])
    if problems:
        raise InvalidData(problems)
    had = export.table["gold"].to_list() if "gold" in export.table.columns else [None] * len(export.table)
    keys = [tuple(key) for key in export.table.select(by).iter_rows()]
    made = [answers.get(key, old) for key, old in zip(keys, had, strict=True)]
    table = export.table.with_columns(gold=pl.Series(made, dtype=pl.String))
    landed = len({key[0] for key in keys if key in answers})
    note = f"gold of {name}: {landed:,} of {table['item_id'].n_unique():,} items"
    return Export(table, {**export.counts, "gold": landed}, (*export.notes, note))
