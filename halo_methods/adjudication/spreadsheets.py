"""Tables that people open in a spreadsheet: no cell runs as a formula."""

import csv
import re

import pandas as pd

from ..judgments.cells import encodable

_RUNS = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")


def neutral(text: str) -> str:
    """Return a cell that a spreadsheet shows and never runs.

    A text that begins with ``=``, ``+``, ``-``, ``@`` (also in full width), a
    tab or a line break, after any space, gets an apostrophe in front; so does
    one that has such an apostrophe already. `plain` takes it off again.

    Examples
    --------
    >>> [neutral(t) for t in ("=1+1", "-2", "'=x", "good", "'quoted'")]
    ["'=1+1", "'-2", "''=x", 'good', "'quoted'"]
    """
    return f"'{text}" if _RUNS.match(text) else text


def plain(text: str) -> str:
    """Return the text that `neutral` made safe; any other text unchanged.

    Examples
    --------
    >>> [plain(t) for t in ("'=1+1", "''=x", "-2", "'quoted'")]
    ['=1+1', "'=x", '-2', "'quoted'"]
    """
    return text[1:] if text.startswith("'") and _RUNS.match(text[1:]) else text


def table_text(table: pd.DataFrame, *, safe: bool = True) -> str:
    """Write a table as CSV, every cell in quotes, with a byte order mark so that spreadsheets read accents.

    Examples
    --------
    >>> table_text(pd.DataFrame({"a": ["=1"]}))[1:]
    '"a"\\n"\\'=1"\\n'
    """
    cells = table.astype(object).where(table.notna(), "").map(lambda cell: encodable(str(cell)))
    cells = cells.map(neutral) if safe else cells
    return "\ufeff" + cells.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")
