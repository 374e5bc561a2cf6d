"""A template as a text document, by python-docx, and as a spreadsheet, by openpyxl."""

import io
import math
import re
from itertools import zip_longest
from typing import Any

from .printed_sheet import SHADE, saved, set_head, set_text
from .templates import Block, Runs, text_of, widths

CONTENT_CM, LANDSCAPE_CM = 17.0, 25.7  # A4 without its margins of 2 cm
WIDE = 6  # columns from which a page lies on its side
SHEET_WIDTH = 110  # characters
AUTHOR = "The HALO handbook"
_NUMBER = re.compile(r"(\d[\d,]*(?:\.\d+)?|\.\d+)(%?)")


def _headed(block: Block) -> bool:
    """Whether a table has a head."""
    return any(text_of(cell) for cell in block.rows[0])


def docx(blocks: list[Block]) -> bytes:
    """The blocks as DOCX on A4 pages; a page with a wide table lies on its side."""
    from docx import Document
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm, Pt

    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height, whole = Cm(21), Cm(29.7), CONTENT_CM
    if any(len(block.rows[0]) >= WIDE for block in blocks if block.rows):
        section.orientation = WD_ORIENT.LANDSCAPE
        section.page_width, section.page_height, whole = Cm(29.7), Cm(21), LANDSCAPE_CM
    for side in ("left_margin", "right_margin", "top_margin", "bottom_margin"):
        setattr(section, side, Cm(2))
    document.styles["Normal"].font.name, document.styles["Normal"].font.size = "Calibri", Pt(10.5)
    titles = [block.text for block in blocks if block.heading == 1]
    document.core_properties.author, document.core_properties.title = AUTHOR, titles[0] if titles else ""
    document.core_properties.comments = ""
    for block in blocks:
        if block.rows:
            _docx_table(document, block, whole)
            continue
        if block.page:
            document.add_page_break()
            continue
        paragraph = document.add_heading(level=min(block.heading, 4)) if block.heading else document.add_paragraph()
        if block.depth:
            paragraph.paragraph_format.left_indent = Cm(0.75 * block.depth)
            paragraph.paragraph_format.space_after = Pt(3)
        if block.marker:
            paragraph.paragraph_format.first_line_indent = Cm(-0.75)
            paragraph.paragraph_format.tab_stops.add_tab_stop(Cm(0.75 * block.depth))
            paragraph.add_run(f"{block.marker}\t")
        _docx_runs(paragraph, block.runs)
    made = io.BytesIO()
    document.save(made)
    return made.getvalue()


def _docx_runs(paragraph: Any, runs: Runs, *, bold: bool = False) -> None:
    for run in runs:
        if not run.formula:
            written = paragraph.add_run(run.text)
            written.bold, written.italic = run.bold or bold or None, run.italic or None


def _docx_table(document: Any, block: Block, whole: float) -> None:
    """A table with lines; its head is shaded, and repeated on each page."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn
    from docx.shared import Cm, Pt

    rows = block.rows if _headed(block) else block.rows[1:]
    table = document.add_table(len(rows), len(rows[0]), style="Table Grid")
    table.autofit = False
    columns = widths(block.rows, whole)
    for column, width in zip(table.columns, columns, strict=True):
        column.width = Cm(width)
    for at, (line, cells) in enumerate(zip(table.rows, rows, strict=True)):
        head = at == 0 and _headed(block)
        for cell, runs, width in zip(line.cells, cells, columns, strict=True):
            cell.width = Cm(width)
            cell.paragraphs[0].paragraph_format.space_after = Pt(2)
            _docx_runs(cell.paragraphs[0], runs, bold=head)
            if head:
                shade = OxmlElement("w:shd")
                for key, value in (("val", "clear"), ("color", "auto"), ("fill", SHADE)):
                    shade.set(qn(f"w:{key}"), value)
                cell._tc.get_or_add_tcPr().append(shade)
        if head:
            line._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
    document.add_paragraph().paragraph_format.space_after = Pt(4)


def xlsx(blocks: list[Block]) -> bytes:
    """The blocks as one sheet, each table in cells of its own.

    A cell that is a number, or a percentage, is one. A formula may name its row as ``{row}``, the table's first row
    as ``{first}`` and the row above as ``{above}``; one that ends in `` %`` shows percent.
    """
    import openpyxl
    from openpyxl.styles import Alignment, Font
    from openpyxl.utils import get_column_letter
    from openpyxl.worksheet.pagebreak import Break

    book = openpyxl.Workbook()
    book.properties.creator = AUTHOR
    sheet: Any = book.active
    titles = [block.text for block in blocks if block.heading == 1]
    sheet.title = re.split(r"[\[\]:*?/\\,_(]", titles[0] if titles else "")[0][:31].strip(" '-") or "Template"
    book.properties.title = titles[0] if titles else ""
    tables = [block for block in blocks if block.rows]
    across = max((len(block.rows[0]) for block in tables), default=1)
    columns = [max(row) for row in zip_longest(*(widths(t.rows, SHEET_WIDTH) for t in tables), fillvalue=8.0)]
    for at, width in enumerate(columns or [SHEET_WIDTH], start=1):
        sheet.column_dimensions[get_column_letter(at)].width = round(width, 1)
    whole = sum(columns or [SHEET_WIDTH])
    at = 1
    for block in blocks:
        if block.rows:
            at = _xlsx_table(sheet, block, at, columns) + 1
            continue
        if block.page:
            sheet.row_breaks.append(Break(id=at - 1))
            continue
        cell = sheet.cell(at, 1)
        set_text(cell, f"{'   ' * max(block.depth - 1, 0)}{block.marker} {block.text}".strip(" ") or None)
        size = {1: 16, 2: 13}.get(block.heading, 11)
        cell.font = Font(bold=bool(block.heading) or all(run.bold for run in block.runs), size=size)
        cell.alignment = Alignment(wrap_text=True, vertical="top", indent=max(block.depth - 1, 0))
        if across > 1:
            sheet.merge_cells(start_row=at, start_column=1, end_row=at, end_column=across)
        lines = math.ceil(len(str(cell.value or "")) * size / 11 / (whole * 0.95))
        sheet.row_dimensions[at].height = max(lines, 1) * size * 1.4
        at += 1
    return saved(book, landscape=across >= WIDE)


def _xlsx_table(sheet: Any, block: Block, at: int, columns: list[float]) -> int:
    """Write a table from a row on; the row after it."""
    from openpyxl.styles import Alignment, Border, Side

    line = Side(style="thin", color="808080")
    rows = block.rows if _headed(block) else block.rows[1:]
    first = at + _headed(block)
    for n, cells in enumerate(rows):
        head = n == 0 and _headed(block)
        most = 1
        for column, runs in enumerate(cells, start=1):
            cell = sheet.cell(at, column)
            _fill_cell(cell, runs, {"row": at, "first": first, "above": at - 1})
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            cell.border = Border(left=line, right=line, top=line, bottom=line)
            if head:
                set_head(cell)
            most = max(most, math.ceil(len(text_of(runs)) / (columns[column - 1] * 0.9)))
        sheet.row_dimensions[at].height = most * 15.4
        at += 1
    return at


def _fill_cell(cell: Any, runs: Runs, rows: dict[str, int]) -> None:
    """A formula, a number, or text."""
    formula = next((run.text for run in runs if run.formula), "")
    text = text_of(runs).strip()
    if formula:
        percent = formula.endswith(" %")
        for name, row in rows.items():
            formula = formula.replace(f"{{{name}}}", str(row))
        cell.value = formula.removesuffix(" %")
        cell.number_format = "0.0%" if percent else "General"
    elif number := _NUMBER.fullmatch(text):
        value = float(number[1].replace(",", ""))
        cell.value = value / 100 if number[2] else int(value) if value.is_integer() else value
        cell.number_format = ("0%" if value.is_integer() else "0.0%") if number[2] else "General"
    else:
        set_text(cell, text or None)
