"""A sheet of a workbook as a table of text; nothing in it is calculated."""

import contextlib
import io
import re
import warnings
import zipfile
from datetime import date
from itertools import zip_longest
from typing import Any

from ..errors import BadOption, HaloError, InvalidData, Problem
from ..results import counted
from . import bounds
from .cells import Raw, cell_text, columns_of, quoted, raw_table
from .options import SEARCHED, header_at

_OTHERS = {
    "content.xml": "an OpenDocument spreadsheet (.ods)",
    "xl/workbook.bin": "a binary workbook (.xlsb)",
    "Index/Document.iwa": "a Numbers spreadsheet",
}


def workbook(content: bytes, name: str, sheet: str | None = None) -> Raw:
    """The sheet of that name, or the first that is not hidden, as a table of text; nothing is calculated.

    Raises
    ------
    InvalidData
        If the workbook is damaged or the sheet is empty.
    BadOption
        If there is no such sheet.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_parts(archive, name)
            parts = archive.namelist()
            for part, what in _OTHERS.items():
                if part in parts:
                    raise InvalidData([Problem(f"the file is {what}", "Save it as .xlsx or CSV.")])
            if not any(part.startswith("xl/workbook") for part in parts):
                raise InvalidData([Problem("the file is a zip archive, not a workbook", "Give the file inside.")])
        written, notes = _sheet(content, name, sheet, data_only=False)
        formulas = any(str(cell).startswith(("=", "<openpyxl")) for row in written for cell in row)
        values = _sheet(content, name, sheet, data_only=True)[0] if formulas else written
    except HaloError:
        raise
    except Exception as error:  # openpyxl raises whatever a damaged part happens to cause
        raise InvalidData([Problem("the workbook is damaged", "Open it, save it as .xlsx or CSV.")]) from error
    before = header_at([[cell_text(cell) for cell in row] for row in values[:SEARCHED]])
    written, values = written[before:], values[before:]
    notes += [f"passed over: {counted(before, 'row')} before the header"] if before else []
    texts = [[cell_text(cell) for cell in row] for row in values]
    width = max(map(len, texts), default=0)
    header, *rows = [row + [None] * (width - len(row)) for row in texts] or [[]]
    fix = "Open the workbook, let it calculate, save it; or paste values."
    problems = [
        Problem(f"the formula {quoted(cell_text(source))} has no stored result", fix, at or None, header[column])
        for at, (sources, results) in enumerate(zip(written, values, strict=False))
        for column, (source, result) in enumerate(zip_longest(sources, results))
        if source is not None and result is None
    ]
    while rows and not any((cell or "").strip() for cell in rows[-1]):
        rows.pop()
    if not rows and not any((cell or "").strip() for cell in header):
        raise InvalidData([Problem("the sheet is empty", "Put the judgments there, or name another.")])
    raw = raw_table(header, columns_of(rows, len(header)), name, problems, notes)
    for column in zip_longest(*values):
        if dates := sum(isinstance(cell, date) for cell in column[1:]):
            raw.dates[cell_text(column[0]) or ""] = dates
    return raw


def _refuse_parts(archive: zipfile.ZipFile, name: str) -> None:
    """Refuse a workbook with too large a part, which never unpacks to more than it says, or too many sheets."""
    for part in archive.infolist():
        bounds.unpacked_within(name, part.file_size, part.compress_size, "Save it as CSV", bounds.PART_FREELY)
        sheets = re.findall(rb"<(?:\w+:)?sheet\s", archive.read(part)) if "workbook.xml" in part.filename else ()
        bounds.within(name, "MOST_SHEETS", len(sheets), "sheets", "Delete those that are not needed")


def _bounded_rows(sheet: Any, name: str) -> list[list[Any]]:
    """The rows of a sheet without the empty cells at their ends; refused while they are read."""
    rows: list[list[Any]] = []
    width = cells = size = 0
    for row in sheet.iter_rows(values_only=True):
        rows.append(list(row))
        if row or len(rows) > bounds.MOST_SHEET_ROWS:
            filled = max((at for at, cell in enumerate(row, start=1) if cell is not None), default=0)
            rows[-1], width, cells = list(row[:filled]), max(width, filled), cells + len(row)
            size += sum(len(cell) for cell in row if isinstance(cell, str))
            bounds.within(name, "MOST_SHEET_ROWS", len(rows), "rows in a sheet")
            bounds.within(name, "MOST_CELLS", cells, "cells", "Delete the empty ones at the sheet's end")
            bounds.within(name, "MOST_UNPACKED", size, "characters")
            bounds.table_within(name, len(rows), width)
    return rows


def _sheet(content: bytes, name: str, wanted: str | None, data_only: bool) -> tuple[list[list[Any]], list[str]]:
    import openpyxl

    with warnings.catch_warnings(action="ignore"):
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=data_only)
        with contextlib.closing(book):
            sheets = {sheet.title: sheet for sheet in book.worksheets}
            shown = [title for title, sheet in sheets.items() if sheet.sheet_state == "visible"] or list(sheets)
            title = wanted or shown[0]
            BadOption.unless("sheet", title, sheets)
            sheets[title].reset_dimensions()
            rows = _bounded_rows(sheets[title], name)
            xml = book._archive.read(sheets[title]._worksheet_path)
    rest = ", ".join(f"{quoted(other)}{'' if other in shown else ' (hidden)'}" for other in sheets if other != title)
    notes = [f"read from sheet {quoted(title)}; not read: {rest}"] if rest else []
    notes += _unmerge(rows, re.findall(r'<mergeCell ref="([^"]+)"', xml.decode("utf-8", "replace")), name)
    if hidden := len(re.findall(rb'<row [^>]*\bhidden="(?:1|true)"', xml)):
        notes.append(f"{counted(hidden, 'hidden row')} of the sheet read like the others")
    return rows, notes


def _unmerge(rows: list[list[Any]], merged: list[str], name: str) -> list[str]:
    """Give each row of cells that are merged down a column their value, and say what became of merged cells."""
    from openpyxl.utils.cell import range_boundaries

    filled = 0
    for ref in (ref for ref in merged if re.fullmatch(r"([A-Z]{1,3})[0-9]{1,7}:\1[0-9]{1,7}", ref)):
        column, first, _, last = range_boundaries(ref)
        value = rows[first - 1][column - 1] if first <= len(rows) and column <= len(rows[first - 1]) else None
        filled += min(last, len(rows)) - first
        bounds.within(name, "MOST_CELLS", filled, "cells")
        for row in rows[first:last] if value is not None else ():
            row.extend([None] * (column - len(row)))
            row[column - 1] = value
    what = f"{counted(len(merged), 'group')} of merged cells, the first {quoted(merged[0])}" if merged else ""
    return [f"{what}: read in every row where they go down one column, else in the first cell alone"] if merged else []
