"""Files into raw tables: every cell as text, every defect of the file with its row."""

import codecs
import csv
import gzip
import hashlib
import io
import json
import os
import re
import warnings
import zipfile
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from ..errors import BadOption, HaloError, InvalidData, Problem
from .cells import Raw, cell_text, quoted, raw_table, text_series


def read_raw(path: str | os.PathLike[str], encoding: str = "utf-8") -> Raw:
    """A file of any known kind as a table of text; the kind is told from the content.

    Raises
    ------
    HaloError
        If there is no such file or it cannot be opened.
    InvalidData
        If it is damaged, empty, or in another encoding.
    BadOption
        If the encoding has no such name.
    """
    try:
        stored = Path(path).read_bytes()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise HaloError(f"{quoted(str(path))} cannot be read: {reason}") from error
    name = Path(path).name
    content = _unzipped(stored)
    if not content.strip(b"\xef\xbb\xbf \t\r\n\0"):
        raise InvalidData([Problem("the file is empty", "Give a file with a header and at least one row.")])
    stem = name.lower().removesuffix(".gz")
    if content.startswith(b"PAR1"):
        raw = _parquet(content, name)
    elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raw = workbook(content, name)
    elif content.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidData([Problem("the file is an old Excel workbook (.xls)", "Save it as .xlsx or CSV.")])
    elif stem.endswith((".parquet", ".xlsx")):
        what = f"the file is no {stem.rpartition('.')[2]} file, whatever its name says"
        raise InvalidData([Problem(what, "Export it again, or give it the ending of what it is.")])
    else:
        text = _decoded(content, encoding)
        raw = _json(text, name) if stem.endswith((".jsonl", ".ndjson", ".json")) else _delimited(text, name, stem)
    raw.sha256 = hashlib.sha256(stored).hexdigest()
    return raw


def _unzipped(stored: bytes) -> bytes:
    if not stored.startswith(b"\x1f\x8b"):
        return stored
    try:
        return gzip.decompress(stored)
    except (OSError, EOFError, zlib.error) as error:
        cut = "is cut short" if isinstance(error, EOFError) else "is damaged"
        raise InvalidData([Problem(f"the gzip file {cut}", "Copy or export it again.")]) from error


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


def _undecodable(content: bytes, codec: str, at: int) -> Problem:
    place = f"byte 0x{content[at]:02x} at position {at:,}" if at < len(content) else "the end of the file"
    row = content.count(b"\n", 0, at) or None
    for guess in ("utf-8", "cp1252", "latin-1"):
        if guess == codec:
            continue
        try:
            content.decode(guess)
        except UnicodeDecodeError:
            continue
        fix = f"Export it again as UTF-8, or say so if it is {guess}."
        return Problem(f"{place} is not {codec}", fix, row, option="encoding", value=guess)
    return Problem(f"{place} is not {codec}", "Export it again as UTF-8.", row)


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
    mark = None
    told = re.match(r'"?sep=([,;\t])"?[ \t]*\r?\n', text)  # Excel's first line
    if told:
        mark, text = told[1], text[told.end() :]
    mark = mark or _delimiter(text, stem)
    raw = plain_table(text, mark, name) or _quoted_table(text, mark, name)
    raw.decimal_comma = mark == ";"
    return raw


def plain_table(text: str, mark: str, name: str) -> Raw | None:
    """The table of a file without quotation marks, each line as wide as the header; None for any other.

    The quick way: it gives what the careful way (`_quoted_table`) gives.
    """
    if '"' in text or "\r" in text.replace("\r\n", ""):
        return None
    content = np.frombuffer(text.encode("utf-8", "surrogatepass"), dtype=np.uint8)
    ends = np.flatnonzero(content == ord("\n"))
    if not len(ends) or ends[-1] != len(content) - 1:
        ends = np.append(ends, len(content))
    marks = np.searchsorted(np.flatnonzero(content == ord(mark)), ends)
    if len(ends) < 2 or marks[0] == 0 or (np.diff(marks) != marks[0]).any():
        return None
    header = text.split("\n", 1)[0].removesuffix("\r").split(mark)
    names = [str(at) for at in range(len(header))]
    try:
        frame = pl.read_csv(
            content.tobytes(),
            has_header=False,
            skip_rows=1,
            separator=mark,
            quote_char=None,
            infer_schema=False,
            new_columns=names,
        )
    except pl.exceptions.PolarsError:
        return None
    if frame.shape != (len(ends) - 1, len(header)) or not any(title.strip() for title in header):
        return None
    filled = frame.select(pl.any_horizontal(pl.all().fill_null("").str.strip_chars() != ""))[:, 0]
    return raw_table(header, frame.get_columns(), name) if filled.tail(1).any() else None


def _quoted_table(text: str, mark: str, name: str) -> Raw:
    rows, problems = _records(text, mark)
    while rows and not any(cell.strip() for cell in rows[0]):
        rows.pop(0)
    while rows and not any(cell.strip() for cell in rows[-1]):
        rows.pop()
    if not rows:
        raise InvalidData(problems or [Problem("the file is empty", "Give a file with a header and rows.")])
    header = rows.pop(0)
    width = len(header)
    for at, row in enumerate(rows, start=1):
        if len(row) == width:
            continue
        if len(row) < width:
            if any(cell.strip() for cell in row):
                problems.append(_ragged(at, len(row), width))
            row += [""] * (width - len(row))
        else:
            if any(cell.strip() for cell in row[width:]):
                problems.append(_ragged(at, len(row), width))
            del row[width:]
    columns = [text_series("", column) for column in zip(*rows, strict=True)] or [text_series("", [])] * width
    raw = raw_table(header, columns, name)
    raw.problems[:0] = problems
    return raw


def _records(text: str, mark: str) -> tuple[list[list[str]], list[Problem]]:
    """All records; a quotation mark out of place ends the reading and is a problem."""
    rows: list[list[str]] = []
    limit = csv.field_size_limit(2**31 - 1)
    try:
        rows.extend(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
    except csv.Error as error:
        opened = "unexpected end" in str(error)
        what = "a quotation mark is opened and never closed" if opened else "text follows a closing quotation mark"
        fix = "Double quotation marks inside a cell. Nothing after this row was checked."
        return rows, [Problem(what, fix, row=len(rows) or None)]
    finally:
        csv.field_size_limit(limit)
    return rows, []


def _ragged(row: int, cells: int, width: int) -> Problem:
    what = f"the row has {cells} cell{'s' if cells != 1 else ''}, the header {width}"
    return Problem(what, "Put cells that hold the delimiter or a line break in quotation marks.", row=row)


def _json(text: str, name: str) -> Raw:
    """JSON lines, or one JSON list of objects."""
    problems: list[Problem] = []
    records: list[dict[str, Any]] = []
    try:
        whole = _loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        whole = None
    if isinstance(whole, list) and all(isinstance(entry, dict) for entry in whole):
        entries: list[Any] = whole
    else:
        entries = list(text.strip().split("\n"))
    for at, entry in enumerate(entries, start=1):
        try:
            record = _loads(entry) if isinstance(entry, str) and entry.strip() else entry or {}
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"the line is not JSON ({quoted(str(error))})", "Write one object a line.", at))
            record = {}
        if not isinstance(record, dict):
            if not isinstance(record, str):
                problems.append(Problem("the line is not an object", "Write one {…} a line.", at))
            record = {}
        records.append(record)
    header = list(dict.fromkeys(key for record in records for key in record))
    columns = [text_series("", [cell_text(record.get(key)) for record in records]) for key in header]
    raw = raw_table(header, columns, name)
    raw.problems[:0] = problems
    return raw


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
        table = pq.read_table(io.BytesIO(content))
        table.validate(full=True)  # Polars trusts its texts to be UTF-8, and dies where they are not
        columns = [pl.Series(pl.from_arrow(pa.table({"x": column}))["x"]) for column in table.columns]  # type: ignore
    except (pa.ArrowException, OSError, ValueError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        raise InvalidData([Problem("the Parquet file is damaged or of an unknown kind", "Export it again.")]) from error
    return raw_table(table.column_names, columns, name)


def workbook(content: bytes, name: str) -> Raw:
    """The first sheet as a table of text; nothing is calculated.

    Raises
    ------
    InvalidData
        If the workbook is damaged or its first sheet is empty.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.namelist()
            if not any(part.startswith("xl/workbook") for part in parts):
                raise InvalidData([Problem("the file is a zip archive, not a workbook", "Give the file inside.")])
            sheets = [part for part in parts if part.startswith("xl/worksheets/")]
            formulas = any(re.search(rb"<(?:\w+:)?f[ />]", archive.read(part)) for part in sheets)
        values, notes = _sheet(content, data_only=True)
        written = _sheet(content, data_only=False)[0] if formulas else []
    except HaloError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part happens to cause
        raise InvalidData([Problem("the workbook is damaged", "Open it, save it as .xlsx or CSV.")]) from error
    problems = []
    for at, (shown, formula) in enumerate(zip(values, written, strict=False)):
        for column, (value, source) in enumerate(zip(shown, formula, strict=False)):
            if value is None and source is not None:
                header = cell_text(values[0][column]) if column < len(values[0]) else None
                problems.append(Problem(f"the formula {quoted(cell_text(source))} has no stored result",
                                        "Open the workbook, let it calculate, save it; or paste values.",
                                        at or None, header))  # fmt: skip
    while values and not any((cell_text(cell) or "").strip() for cell in values[-1]):
        values.pop()
    if not values:
        raise InvalidData([Problem("the first sheet is empty", "Put the judgments on the first sheet.")])
    width = max(map(len, values))
    full = [[cell_text(cell) for cell in row] + [None] * (width - len(row)) for row in values]
    columns = [text_series("", column) for column in zip(*full[1:], strict=True)] or [text_series("", [])] * width
    raw = raw_table(full[0], columns, name)
    raw.problems[:0] = problems
    raw.notes[:0] = notes
    return raw


def _sheet(content: bytes, data_only: bool) -> tuple[list[tuple[Any, ...]], list[str]]:
    import openpyxl

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
        try:
            sheet = book.worksheets[0]
            sheet.reset_dimensions()
            rows = [tuple(row) for row in sheet.iter_rows(values_only=True)]
            rest = [other.title for other in book.worksheets[1:]]
        finally:
            book.close()
    notes = [f"read from sheet {quoted(sheet.title)}; not read: {', '.join(map(quoted, rest))}"] if rest else []
    return rows, notes
