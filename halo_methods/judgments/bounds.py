"""How much one file may hold, so that a small file cannot take all memory; a limit is raised here, in one place."""

from ..errors import HaloError

MOST_BYTES = 2_000_000_000
"""Of a file as it is stored."""
MOST_UNPACKED = 600_000_000
"""Of what a packed file, a workbook or a Parquet file unpacks to."""
MOST_PACKED = 100
"""Times as large as stored a file may become; tables of judgments become 5 to 40 times as large."""
PACKED_FREELY, PART_FREELY = 100_000_000, 5_000_000
"""Bytes up to which a file, or a part of a workbook, may become any times as large."""
MOST_ROWS = 10_000_000
MOST_COLUMNS = 2_000
MOST_CELLS = 60_000_000
LONGEST_CELL = 10_000_000
"""In characters."""
LONGEST_LINE = 40_000_000
"""In bytes; in JSON, between two quotation marks."""
DEEPEST = 12
"""Lists and objects inside each other in one cell."""
MOST_OBJECTS = 6_000_000
"""Objects and lists in a JSON file; each takes far more memory than its text."""
MOST_SHEET_ROWS = 1_048_576
MOST_SHEETS = 500
MOST_PARTS = 10_000
"""Parts of a workbook."""


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
