"""Tables that people open in a spreadsheet: no cell runs as a formula."""

import csv
import re

import pandas as pd

from .cells import encodable

# Where a cell begins, also for a spreadsheet that splits at semicolons, tabs or line breaks inside quotation marks.
_BEGINS = r"(?:^|(?<=[;\t\r\n]))"
_RUNS = r"(?='*[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\t\r\n＝＋－＠\ufe62\ufe63\ufe66\ufe6b])"
_LIVE, _SAFE = re.compile(_BEGINS + _RUNS), re.compile(f"{_BEGINS}'{_RUNS}")


def neutral(text: str) -> str:
    """Return a cell that a spreadsheet shows and never runs.

    A text that begins with ``=``, ``+``, ``-``, ``@`` (also wide or small), a tab or a line break, after any space,
    gets an apostrophe in front.
    So does one that has such an apostrophe already. The same holds after a semicolon, a
    tab or a line break inside it, where some spreadsheets begin a new cell.
    `plain` takes them off again.

    Examples
    --------
    >>> [neutral(t) for t in ("=1+1", "-2", "'=x", "good", "x;=1")]
    ["'=1+1", "'-2", "''=x", 'good', "x;'=1"]
    """
    return _LIVE.sub("'", text)


def plain(text: str) -> str:
    """Return the text that `neutral` made safe; any other text unchanged.

    Examples
    --------
    >>> [plain(t) for t in ("'=1+1", "''=x", "-2", "'quoted'")]
    ['=1+1', "'=x", '-2', "'quoted'"]
    """
    return _SAFE.sub("", text)


def table_text(table: pd.DataFrame, *, safe: bool = True) -> str:
    """Write a table as CSV, every cell in quotes, with a byte order mark so that spreadsheets read accents.

    Examples
    --------
    >>> table_text(pd.DataFrame({"a": ["=1"]}))[1:]
    '"a"\\n"\\'=1"\\n'
    """
    cells = table.astype(object).where(table.notna(), "").map(lambda cell: encodable(str(cell)))
    cells = cells.map(neutral).rename(columns=neutral) if safe else cells
    return "\ufeff" + cells.to_csv(index=False, quoting=csv.QUOTE_ALL, lineterminator="\n")
