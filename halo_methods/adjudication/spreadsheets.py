"""Tables that people open in a spreadsheet: no cell runs as a formula, and no file is ever half there."""

import csv
import io
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ..errors import HaloError
from ..judgments.cells import encodable

_RUNS = re.compile(r"'*\s*[=+\-@\t\r\n＝＋－＠]")


def neutral(text: str) -> str:
    """A cell that a spreadsheet shows and never runs.

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
    """The text that `neutral` made safe; any other text unchanged.

    Examples
    --------
    >>> [plain(t) for t in ("'=1+1", "''=x", "-2", "'quoted'")]
    ['=1+1', "'=x", '-2', "'quoted'"]
    """
    return text[1:] if text.startswith("'") and _RUNS.match(text[1:]) else text


def table_text(header: Sequence[str], rows: Iterable[Sequence[object]], *, safe: bool = True) -> str:
    """Rows as CSV, every cell in quotes, with a byte order mark so that spreadsheets read accents.

    Examples
    --------
    >>> table_text(["a"], [["=1"]])[1:]
    '"a"\\n"\\'=1"\\n'
    """
    written = io.StringIO()
    writer = csv.writer(written, quoting=csv.QUOTE_ALL, lineterminator="\n")
    writer.writerow(header)
    for row in rows:
        cells = ["" if c is None else encodable(str(c)) for c in row]
        writer.writerow([neutral(c) for c in cells] if safe else cells)
    return "\ufeff" + written.getvalue()


def write_all(folder: str | os.PathLike[str], files: Mapping[str, str], *, replace: bool = False) -> list[Path]:
    """Write files whole: all are staged beside their place first, then renamed.

    Parameters
    ----------
    folder : path
    files : mapping
        Path below the folder to text.
    replace : bool
        Whether files that are there already may be replaced.

    Raises
    ------
    HaloError
        If a file is there already and may not be replaced.
    """
    top = Path(folder)
    targets = {top / name: text for name, text in files.items()}
    there = [target for target in targets if target.exists()]
    if there and not replace:
        raise HaloError(f"{there[0]} is there already and may hold decisions; choose another folder")
    top.mkdir(parents=True, exist_ok=True)
    stage = Path(tempfile.mkdtemp(dir=top, prefix=".halo-"))
    try:
        staged = []
        for number, (target, text) in enumerate(targets.items()):
            held = stage / str(number)
            held.write_text(text, encoding="utf-8", newline="")
            held.chmod(0o644)
            staged.append((held, target))
        for held, target in staged:
            target.parent.mkdir(parents=True, exist_ok=True)
            os.replace(held, target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return list(targets)
