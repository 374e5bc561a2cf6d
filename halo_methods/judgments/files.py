"""Files into raw tables: every cell as text, every defect of the file with its row."""

import codecs
import contextlib
import csv
import hashlib
import io
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
from .cells import Raw, columns_of, quoted, raw_table
from .json_records import json_table
from .options import SEARCHED, header_at
from .packing import PACKED, unpacked
from .workbooks import workbook

_OBJECTS = re.compile(rb'(\xef\xbb\xbf)?\s*(\{\s*"|\[\s*\{)')


def read_raw(
    path: str | os.PathLike[str], encoding: str = "utf-8", sheet: str | None = None, delimiter: str | None = None
) -> Raw:
    """A file of any known kind as a table of text; the kind is told from the content.

    Raises
    ------
    HaloError
        If there is no such file or it cannot be opened.
    InvalidData
        If it is damaged, empty, or in another encoding.
    BadOption
        If the encoding or the delimiter has no such name, or the file no such sheet or no delimiter.
    """
    content, sha256 = content_of(path)
    raw = table_of(content, Path(path).name, encoding, sheet, delimiter)
    raw.sha256 = sha256
    return raw


def content_of(path: str | os.PathLike[str], *, xml: bool = False) -> tuple[bytes, str]:
    """What a file holds, unpacked within bounds, and the SHA-256 of the file as it is stored; XML where asked for.

    Raises
    ------
    HaloError
        If there is no such file or it cannot be opened.
    InvalidData
        If it is damaged, empty or of no kind that is read.
    """
    name, blank = Path(path).name, b"\xef\xbb\xbf \t\r\n\0"
    try:
        with open(path, "rb") as file:
            bounds.within(name, "MOST_BYTES", os.fstat(file.fileno()).st_size, "bytes")
            stored = file.read()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise HaloError(f"{quoted(str(path))} cannot be read: {reason}") from error
    content = unpacked(stored, name, xml=xml)
    if not content[:1000].strip(blank) and not content.strip(blank):
        raise InvalidData([Problem("the file is empty", "Give a file with a header and at least one row.")])
    return content, hashlib.sha256(stored).hexdigest()


def table_of(
    content: bytes, name: str, encoding: str = "utf-8", sheet: str | None = None, delimiter: str | None = None
) -> Raw:
    """The content of a file as a table of text, as `read_raw` makes it."""
    mark = None if delimiter is None else _named(delimiter)
    stem = name.lower()
    for ending in PACKED:
        stem = stem.removesuffix(ending)
    if sheet is not None and not content.startswith(b"PK"):
        raise BadOption(f"sheet is {quoted(sheet)}, but the file is no workbook", option="sheet", given=sheet)
    objects = stem.endswith((".jsonl", ".ndjson", ".json")) or bool(_OBJECTS.match(content, 0, 1000))
    if mark and (objects or content.startswith((b"PAR1", b"PK"))):
        raise BadOption(f"delimiter is {quoted(delimiter)}, but the file is no text with delimiters")
    if content.startswith(b"PAR1"):
        raw = _parquet(content, name)
    elif content.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        raw = workbook(content, name, sheet)
    elif stem.endswith((".parquet", ".xlsx")):
        what = f"the file is no {stem.rpartition('.')[2]} file, whatever its name says"
        raise InvalidData([Problem(what, "Export it again, or give it the ending of what it is.")])
    elif objects:
        raw = json_table(text_of(content, name, encoding, objects=True), name)
    else:
        _refuse_long(content, b"\n", name)
        try:
            raw = _delimited(_as_utf8(content, encoding), name, stem, mark)
        except UnicodeDecodeError:
            _text(content, encoding)  # which says where in the file
            raise
    return raw


def text_of(content: bytes, name: str, encoding: str = "utf-8", *, objects: bool) -> str:
    """The text of a file of delimited cells, or of JSON objects; refused where one cell or line goes on for too long.

    Raises
    ------
    InvalidData
        If it is damaged or in another encoding.
    BadOption
        If the encoding has no such name.
    """
    _refuse_long(content, b'"' if objects else b"\n", name)
    return _text(content, encoding)


def _refuse_long(content: bytes, mark: bytes, name: str) -> None:
    """Refuse text that goes on for too long without a mark, before anything is made of it."""
    at, longest = 0, bounds.LONGEST_LINE
    while len(content) - at > longest:
        at, before = content.rfind(mark, at, at + longest) + 1, at
        bounds.within(name, "LONGEST_LINE", 0 if at > before else longest + 1, "bytes in one line or cell")


def _codec(content: bytes, encoding: str) -> str:
    """The name of the encoding that is given, or that the file's first bytes tell."""
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
    return codec


def _as_utf8(content: bytes, encoding: str) -> bytes:
    """The text as UTF-8 without a byte order mark; what is UTF-8 already is not looked through."""
    codec = _codec(content, encoding)
    if codec in ("utf-8", "utf-8-sig"):
        return content.removeprefix(codecs.BOM_UTF8) if codec == "utf-8-sig" else content
    return _text(content, encoding).encode("utf-8", "backslashreplace")


def _text(content: bytes, encoding: str) -> str:
    codec = _codec(content, encoding)
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
            return replace(problem, fix=fix, option="encoding", value=guess)
    return problem


_LINE_END = r"\r\n?|\n"
DELIMITERS = {"comma": ",", "semicolon": ";", "tab": "\t", "bar": "|", "blanks": " ", "\\t": "\t"}


def _named(delimiter: str) -> str:
    """The sign between cells that an option names.

    Raises
    ------
    BadOption
        If it is more than one sign, or one that stands inside cells.
    """
    mark = DELIMITERS.get(delimiter, delimiter)
    if len(mark) != 1 or mark.isalnum() or mark in '"\r\n\0':
        raise BadOption.of("delimiter", delimiter, [*DELIMITERS][:5])
    return mark


def _delimiter(header: str, stem: str) -> str:
    """Of comma, semicolon, tab and bar, the one that stands most often in the header outside quotation marks."""
    order = "\t,;|" if stem.endswith((".tsv", ".tab")) else ",;\t|"
    plain = re.sub(r'"(?:[^"]|"")*("|$)', "", header)
    return max(order, key=plain.count)


def _delimited(content: bytes, name: str, stem: str, given: str | None) -> Raw:
    told = re.match(rb'"?sep=([,;\t|])"?[ \t]*\r?\n', content)  # Excel's first line
    content = content[told.end() :] if told else content
    start = re.split(_LINE_END, content[:1_000_000].decode(errors="replace"))[:SEARCHED]
    before = header_at([re.split(r"[,;\t|]", line.replace('"', "")) for line in start])
    if before:
        content = re.split(_LINE_END, content.decode(), maxsplit=before)[-1].encode()
    header = next((line for line in start[before:] if line.strip()), "")
    mark = given or (told[1].decode() if told else _delimiter(header, stem))
    spaced = header.count(mark) == len(re.findall(re.escape(mark) + " ", header)) > 0
    if mark == " ":
        text = re.sub(r"(?m)^[ \t]+|[ \t]+(?=\r?$)", "", content.decode())
        text, mark = re.sub(r'("(?:[^"]|"")*")|[ \t]+', lambda found: found[1] or "\t", text), "\t"
        content, spaced = text.encode(), False
    elif spaced and b'"' not in content:
        content = re.sub(f"{re.escape(mark)} +", mark, content.decode()).encode()
    raw = plain_table(content, mark, name)
    if raw is None:
        bounds.within(name, "MOST_ROWS", content.count(b"\n"), "lines")
        bounds.within(name, "MOST_CELLS", content.count(mark.encode()), "cells")
        raw = _quoted_table(content.decode(), mark, name, spaced)
    raw.decimal_comma = mark == ";"
    raw.notes += [f"passed over: {counted(before, 'line')} before the header"] if before else []
    raw.notes += [f"blanks after each {quoted(mark)} were taken off"] if spaced else []
    if raw.frame.width == 1 and len(header.split()) > 1 and not given:
        what = "the header is one cell: no comma, semicolon, tab or bar stands in it"
        raw.problems[:0] = [Problem(what, "Say what stands between cells.", option="delimiter", value="blanks")]
    return raw


def plain_table(content: bytes, mark: str, name: str) -> Raw | None:
    """The table of a file without quotation marks, each line as wide as the header; None for any other.

    The quick way: it gives what the careful way (`_quoted_table`) gives. The file is UTF-8.
    """
    content = content.replace(b"\r\n", b"\n") if b"\r" in content else content
    stop, lines = len(content) - content.endswith(b"\n"), content.count(b"\n") + 1 - content.endswith(b"\n")
    if b'"' in content or b"\r" in content or not mark.isascii() or lines < 2:
        return None
    first, last = content[: content.find(b"\n")].decode(), content[content.rfind(b"\n", 0, stop) + 1 : stop].decode()
    header = first.split(mark)
    blank = any(not line.replace(mark, "").strip() for line in (first, last))
    if len(header) < 2 or blank:
        return None
    bounds.table_within(name, lines - 1, len(header))
    schema = {str(at): pl.String for at in range(len(header))}
    how: dict[str, Any] = {"quote_char": None, "empty_string_is_null": False, "extra_columns": "raise"}
    try:
        cells = pl.read_csv(bytes(content), has_header=False, skip_lines=1, schema=schema, separator=mark, **how)
    except pl.exceptions.PolarsError:  # a line is wider than the header, or is not UTF-8
        return None
    if len(cells) < lines - 1 or (  # cells that a line lacks are read as empty ones
        (cells[:, -1] == "").any() and content.count(mark.encode()) != lines * (len(header) - 1)
    ):
        return None
    columns = cells.get_columns()
    del cells
    for at, column in enumerate(columns):  # one by one, so that no two copies of the table are held
        columns[at] = column.rechunk()
    return raw_table(header, columns, name)


def _quoted_table(text: str, mark: str, name: str, spaced: bool = False) -> Raw:
    rows, problems = _records(text, mark, name, spaced)
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
    cells = [(row + [""] * width)[:width] for row in rows]
    return raw_table(header, columns_of(cells, width), name, problems)


def _records(text: str, mark: str, name: str, spaced: bool) -> tuple[list[list[str]], list[Problem]]:
    """All records; a quotation mark out of place ends the reading and is a problem."""
    rows: list[list[str]] = []
    problems: list[Problem] = []
    lines, read = re.findall(r"[^\r\n]*(?:\r\n?|\n)|[^\r\n]+", text), 0
    limit = csv.field_size_limit(bounds.LONGEST_CELL)
    reader = csv.reader(lines, delimiter=mark, strict=True, skipinitialspace=spaced)
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
