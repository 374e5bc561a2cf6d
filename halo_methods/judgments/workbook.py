"""The first sheet of an Excel workbook, its formulas as the results stored with them."""

import io
import re
import warnings
import zipfile
from typing import Any

from ..errors import HaloError, InvalidData, Problem
from .cells import cell_text, quoted
from .raw import Raw, raw_table, text_series


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
