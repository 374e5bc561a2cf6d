"""A sheet to fill in and print: text is never a formula, the head is shaded, and it is as wide as an A4 page."""

import io
from typing import Any

SHADE = "DDE6EE"


def set_text(cell: Any, text: str | None) -> None:
    """Write a text; what begins with = is text."""
    cell.value = text
    if text is not None:
        cell.data_type = "s"


def set_head(cell: Any) -> None:
    """Mark a cell as part of a table's head."""
    from openpyxl.styles import Font, PatternFill

    cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor=SHADE)


def saved(book: Any, *, landscape: bool) -> bytes:
    """The workbook as XLSX, its sheet as wide as an A4 page."""
    from openpyxl.worksheet.properties import PageSetupProperties

    sheet = book.active
    sheet.page_setup.orientation = "landscape" if landscape else "portrait"
    sheet.page_setup.paperSize, sheet.page_setup.fitToHeight = sheet.PAPERSIZE_A4, 0
    sheet.sheet_properties.pageSetUpPr = PageSetupProperties(fitToPage=True)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()
