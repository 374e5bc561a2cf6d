"""How much one file may hold, so that a small file cannot take all memory; a limit is raised here, in one place."""

from ..errors import HaloError

# Bytes of a file as it is stored, and of what a packed file, a workbook's part or a Parquet file unpacks to.
MOST_BYTES, MOST_UNPACKED = 2_000_000_000, 600_000_000
# Times as large as stored a file may become: tables of judgments become 5 to 40 times as large. Less is free.
MOST_PACKED, PACKED_FREELY, PART_FREELY = 100, 100_000_000, 5_000_000
MOST_ROWS, MOST_COLUMNS, MOST_CELLS = 10_000_000, 2_000, 60_000_000
MOST_SHEETS, MOST_SHEET_ROWS = 500, 1_048_576
# Characters of a cell; bytes of a line (in JSON, between two quotation marks).
LONGEST_CELL, LONGEST_LINE = 10_000_000, 40_000_000
# Objects and lists in a JSON file, each far larger than its text; how many stand inside each other in a cell.
MOST_OBJECTS, DEEPEST = 6_000_000, 12
# Units of a localization file, which the translate toolkit holds each as several objects.
MOST_UNITS = 300_000


def within(name: str, limit: str, size: float, what: str, fix: str = "Split it") -> None:
    """Refuse what is larger than a limit of this module.

    Raises
    ------
    HaloError
        In one line: the file, the limit, and what to do.

    Examples
    --------
    >>> within("a.csv", "MOST_COLUMNS", 20_000, "columns")
    Traceback (most recent call last):
    ...
    halo_methods.errors.HaloError: a.csv has more than 2,000 columns. Split it, or raise bounds.MOST_COLUMNS
    """
    if size > (most := globals()[limit]):
        raise HaloError(f"{name} has more than {most:,} {what}. {fix}, or raise bounds.{limit}")


def unpacked_within(name: str, size: int, stored: int, fix: str, freely: int = PACKED_FREELY) -> None:
    """Refuse what unpacks to too much, or to far more than a table does."""
    within(name, "MOST_UNPACKED", size, "bytes when it is unpacked", fix)
    if size > freely:
        within(name, "MOST_PACKED", size / max(stored, 1), "times its size when it is unpacked", fix)


def table_within(name: str, rows: int, columns: int) -> None:
    """Refuse a table of too many rows, columns or cells."""
    within(name, "MOST_COLUMNS", columns, "columns", "Keep those that are needed")
    within(name, "MOST_ROWS", rows, "rows")
    within(name, "MOST_CELLS", rows * columns, "cells", "Split it, keep the columns that are needed")
