"""Files into raw tables: every cell as text, every defect of the file with its row."""

import codecs
import contextlib
import csv
import hashlib
import io
import json
import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl

from ..errors import BadOption, HaloError, InvalidData, Problem
from ..results import counted
from . import bounds
from .cells import Raw, quoted, raw_table, text_series
from .packing import PACKED, unpacked
from .workbooks import of_rows, workbook


def read_raw(path: str | os.PathLike[str], encoding: str = "utf-8", sheet: str | None = None) -> Raw:
    """A file of any known kind as a table of text; the kind is told from the content.

    Raises
    ------
    HaloError
        If there is no such file or it cannot be opened.
    InvalidData
        If it is damaged, empty, or in another encoding.
    BadOption
        If the encoding has no such name, or the file no such sheet.
    """
    name, blank = Path(path).name, b"\xef\xbb\xbf \t\r\n\0"
    try:
        with open(path, "rb") as file:
            bounds.within(name, "MOST_BYTES", os.fstat(file.fileno()).st_size, "bytes")
            stored = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise HaloError(f"{quoted(str(path))} cannot be read: {reason}") from error
    content = unpacked(stored, name)
    if not content[:1000].strip(blank) and not content.strip(blank):
        raise InvalidData([Problem("the file is empty", "Give a file with a header and at least one row.")])
    stem = name.lower()
    for ending in PACKED:
        stem = stem.removesuffix(ending)
    if sheet is not None and not content.startswith(b"PK"):
        raise BadOption(f"sheet is {quoted(sheet)}, but the file is no workbook", option="sheet", given=sheet)
    if content.startswith(b"PAR1"):
        raw = _parquet(content, name)
    elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raw = workbook(content, name, sheet)
    elif stem.endswith((".parquet", ".xlsx")):
        what = f"the file is no {stem.rpartition('.')[2]} file, whatever its name says"
        raise InvalidData([Problem(what, "Export it again, or give it the ending of what it is.")])
    else:
        objects = stem.endswith((".jsonl", ".ndjson", ".json"))
        _refuse_long(content, b'"' if objects else b"\n", name)
        text = _decoded(content, encoding)
        raw = _json(text, name) if objects else _delimited(text, name, stem)
    raw.sha256 = hashlib.sha256(stored).hexdigest()
    return raw


def _refuse_long(content: bytes, mark: bytes, name: str) -> None:
    """Refuse text that goes on for too long without a mark, before anything is made of it."""
    at, longest = 0, bounds.LONGEST_LINE
    while len(content) - at > longest:
        at, before = content.rfind(mark, at, at + longest) + 1, at
        bounds.within(name, "LONGEST_LINE", 0 if at > before else longest + 1, "bytes in one line or cell")


def _decoded(content: bytes, encoding: str) -> str:
    try:
        codec = codecs.lookup(encoding).name
    except (LookupError, ValueError, UnicodeError) as error:
        text = f"encoding is {encoding!r}, which is not known; for instance utf-8, cp1252"
        raise BadOption(text, option="encoding", given=encoding) from error
    for mark, told in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark) and codec in ("utf-8", "utf-16", "utf-8-sig"):
            codec = told
    start = content[:4000]
    if codec in ("utf-8", "utf-8-sig") and start.count(0) > len(start) / 4:
        guess = "utf-16-be" if start[0] == 0 else "utf-16-le"
        what = "the file is full of NUL bytes; it looks like UTF-16"
        fix = "Export it again as UTF-8, or say which it is."
        raise InvalidData([Problem(what, fix, option="encoding", value=guess)])
    try:
        return content.decode(codec)
    except UnicodeDecodeError as error:
        raise InvalidData([_undecodable(content, codec, error.start)]) from error
    except (LookupError, UnicodeError, ValueError) as error:
        text = f"encoding is {encoding!r}, which does not decode this file"
        raise BadOption(text, option="encoding", given=encoding) from error


_BINARY = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


def _undecodable(content: bytes, codec: str, at: int) -> Problem:
    if len(_BINARY.findall(content, 0, 4000)) > min(len(content), 4000) / 20:
        return Problem("the file is no text, and of no kind that is read", "Export it as CSV, .xlsx or Parquet.")
    place = f"byte 0x{content[at]:02x} at position {at:,}" if at < len(content) else "the end of the file"
    problem = Problem(f"{place} is not {codec}", "Export it again as UTF-8.", content.count(b"\n", 0, at) or None)
    for guess in ("utf-8", "cp1252", "latin-1"):
        with contextlib.suppress(UnicodeDecodeError):
            content.decode(guess)
            fix = f"Export it again as UTF-8, or say so if it is {guess}."
            return replace(problem, mend=fix, option="encoding", value=guess)
    return problem


def _delimiter(text: str, stem: str) -> str:
    """Of comma, semicolon and tab, the one that cuts the header into most cells."""
    header = io.StringIO(text[:1_000_000], newline="")
    first = next((line for line in header if line.strip()), "")
    order = "\t,;" if stem.endswith((".tsv", ".tab")) else ",;\t"
    cells = {}
    for mark in order:
        try:
            cells[mark] = len(next(csv.reader([first], delimiter=mark), []))
        except csv.Error:
            cells[mark] = first.count(mark) + 1
    return max(order, key=lambda mark: cells[mark])


def _delimited(text: str, name: str, stem: str) -> Raw:
    told = re.match(r'"?sep=([,;\t])"?[ \t]*\r?\n', text)  # Excel's first line
    text = text[told.end() :] if told else text
    mark = told[1] if told else _delimiter(text, stem)
    bounds.within(name, "MOST_ROWS", text.count("\n"), "lines")
    bounds.within(name, "MOST_CELLS", text.count(mark), "cells")
    raw = plain_table(text, mark, name) or _quoted_table(text, mark, name)
    raw.decimal_comma = mark == ";"
    return raw


def plain_table(text: str, mark: str, name: str) -> Raw | None:
    """The table of a file without quotation marks, each line as wide as the header; None for any other.

    The quick way: it gives what the careful way (`_quoted_table`) gives.
    """
    text = text.replace("\r\n", "\n").removesuffix("\n")
    if '"' in text or "\r" in text:
        return None
    lines = text_series(text.split("\n"))
    marks = lines.str.count_matches(mark, literal=True)
    blank = lines.gather([0, -1]).str.replace_all(mark, "", literal=True).str.strip_chars() == ""
    if len(lines) < 2 or not marks[0] or (marks != marks[0]).any() or blank.any():
        return None
    bounds.table_within(name, len(lines) - 1, marks[0] + 1)
    cells = lines.str.split_exact(mark, marks[0]).struct.unnest()
    return raw_table(cells.row(0), cells[1:].get_columns(), name)


def _quoted_table(text: str, mark: str, name: str) -> Raw:
    rows, problems = _records(text, mark, name)
    filled = [at for at, row in enumerate(rows) if any(cell.strip() for cell in row)]
    if not filled:
        raise InvalidData(problems or [Problem("the file is empty", "Give a file with a header and rows.")])
    header, *rows = rows[filled[0] : filled[-1] + 1]
    width = len(header)
    bounds.table_within(name, len(rows), width)
    for at, row in enumerate(rows, start=1):
        odd = row[width:] if len(row) > width else row if len(row) < width else []
        if any(cell.strip() for cell in odd):
            what = f"the row has {counted(len(row), 'cell')}, the header {width}"
            fix = "Put cells that hold the delimiter or a line break in quotation marks."
            problems.append(Problem(what, fix, row=at))
    return of_rows(header, [(row + [""] * width)[:width] for row in rows], name, problems)


def _records(text: str, mark: str, name: str) -> tuple[list[list[str]], list[Problem]]:
    """All records; a quotation mark out of place ends the reading and is a problem."""
    rows: list[list[str]] = []
    problems: list[Problem] = []
    lines, read = re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text), 0
    limit = csv.field_size_limit(bounds.LONGEST_CELL)
    reader = csv.reader(lines, delimiter=mark, strict=True)
    try:
        for row in reader:
            inside = lines[read : reader.line_num] if reader.line_num > read + 1 else []
            rows.append(row)
            read = reader.line_num
            if inside and rows[0] is not row and {line.count(mark) for line in inside} == {len(rows[0]) - 1 or None}:
                what = f"a pair of quotation marks makes one row of {len(inside)} lines that are whole rows"
                problems.append(Problem(what, "Double quotation marks inside a cell.", row=len(rows) - 1))
    except csv.Error as error:
        longest, fix = math.inf if "field larger" in str(error) else 0, "Close the quotation mark that was opened"
        bounds.within(name, "LONGEST_CELL", longest, f"characters in a cell after row {len(rows) - 1}", fix)
        opened = "unexpected end" in str(error)
        what = "a quotation mark is opened and never closed" if opened else "text follows a closing quotation mark"
        fix = "Double quotation marks inside a cell. Nothing after this row was checked."
        return rows, [*problems, Problem(what, fix, row=len(rows) or None)]
    finally:
        csv.field_size_limit(limit)
    return rows, problems


def _json(text: str, name: str) -> Raw:
    """JSON lines, or one JSON list of objects."""
    bounds.within(name, "MOST_OBJECTS", text.count("{") + text.count("["), "objects and lists")
    problems: list[Problem] = []
    records: list[dict[str, Any]] = []
    entries: Any = None
    with contextlib.suppress(ValueError, RecursionError):
        entries = _loads(text)
    _refuse_known(entries)
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        entries = text.strip().split("\n")
    for at, entry in enumerate(entries, start=1):
        record = entry
        try:
            record = _loads(entry.strip() or "{}") if isinstance(entry, str) else entry
            if not isinstance(record, dict):
                problems.append(Problem("the line is not an object", "Write one {…} a line.", at))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"the line is not JSON ({quoted(str(error))})", "Write one object a line.", at))
        records.append(record if isinstance(record, dict) else {})
    header = list(dict.fromkeys(key for record in records for key in record))
    bounds.table_within(name, len(records), len(header))
    raw = raw_table(header, [[record.get(key) for record in records] for key in header], name)
    raw.problems[:0] = problems
    return raw


_TOOLS = {"annotations": "a Label Studio", "completions": "a Label Studio", "responses": "an Argilla"}


def _refuse_known(entries: Any) -> None:
    """Refuse exports that are no list of judgments, with the way to one.

    Raises
    ------
    InvalidData
        If it is a table by columns (pandas' `to_json` as it comes) or a Label Studio or Argilla export.
    """
    if isinstance(entries, dict) and len(entries) > 1 and all(isinstance(held, dict) for held in entries.values()):
        fix = "Write one object a row: to_json(path, orient='records', lines=True)."
        raise InvalidData([Problem("the file holds an object for each column, as to_json writes it", fix)])
    first = entries[0] if isinstance(entries, list) and entries else entries
    for key, tool in _TOOLS.items() if isinstance(first, dict) else ():
        if isinstance(first.get(key), list | dict):
            fix = "Write one row a judgment (Label Studio: as CSV or JSON-MIN) and say which column is which."
            raise InvalidData([Problem(f"the file is {tool} export with {key} inside records", fix)])


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return made


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object)


def _parquet(content: bytes, name: str) -> Raw:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        file = pq.ParquetFile(io.BytesIO(content))
        held, columns = file.metadata, range(file.metadata.num_columns)
        bounds.table_within(name, held.num_rows, len(columns))
        chunks = [held.row_group(of).column(at) for of in range(held.num_row_groups) for at in columns]
        bounds.within(name, "MOST_CELLS", sum(part.num_values for part in chunks), "cells")
        size = sum(part.total_uncompressed_size for part in chunks)
        bounds.unpacked_within(name, size, len(content), "Write it as CSV if it is meant")
        widths = [math.prod(map(int, re.findall(r"\[(\d+)\]", str(kind)))) for kind in file.schema_arrow.types]
        bounds.within(name, "MOST_UNPACKED", held.num_rows * max(widths, default=0), "bytes in a column of fixed width")
        texts = [leaf.path for at in columns if (leaf := held.schema.column(at)).physical_type == "BYTE_ARRAY"]
        table = pq.ParquetFile(io.BytesIO(content), read_dictionary=texts).read()
        table.validate(full=True)  # Polars trusts its texts to be UTF-8, and dies where they are not
        bounds.within(name, "MOST_UNPACKED", sum(map(_text_bytes, table.columns)), "bytes of text")
        written = table.cast(file.schema_arrow).columns
        series = [pl.Series(pl.from_arrow(pa.table({"x": column}))["x"]) for column in written]  # type: ignore
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InvalidData([Problem("the Parquet file is damaged or of an unknown kind", "Export it again.")]) from error
    return raw_table(table.column_names, series, name)


def _text_bytes(array: Any) -> int:
    """How many bytes of text an Arrow array stands for when each value is written out."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if isinstance(array, pa.DictionaryArray):
        return pc.sum(pc.take(pc.binary_length(array.dictionary), array.indices)).as_py() or 0
    if isinstance(array, pa.ChunkedArray | pa.MapArray):
        return sum(map(_text_bytes, array.chunks if isinstance(array, pa.ChunkedArray) else (array.keys, array.items)))
    parts = array.flatten() if pa.types.is_nested(array.type) else []
    return sum(map(_text_bytes, parts if isinstance(parts, list) else [parts]))
