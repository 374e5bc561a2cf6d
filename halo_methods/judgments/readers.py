"""Judgments from a file or a frame."""

import contextlib
import os
from collections.abc import Mapping, Sequence
from typing import Any

import narwhals as nw
import polars as pl

from ..errors import HaloError
from .cells import Raw, raw_table
from .counts import CountedJudgments
from .files import read_raw
from .options import Reading
from .table import Judgments
from .validate import conform


def read_judgments(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scale: Any = None,
    level: str | None = None,
    duplicates: str = "error",
    where: str | None = None,
    missing: str | Sequence[str] = ("",),
    dates: str = "iso",
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
) -> Judgments:
    """Judgments from a file, every one checked.

    Required columns are `item_id`, `rater_id` and `label`; optional ones are
    used when there: `criterion`, `system`, `cluster`, `slice`, `locale`
    (BCP 47), `rated_at` (ISO 8601), `vendor`, `queue`, `rater_type` (human or
    model), `stage` (label, review, audit or adjudication), `round`,
    `guideline`, `suggestion`, `gold` (accepted answers separated by ``|``),
    `seconds`, `cost`, `comment`. Other columns are kept as text. A row without
    a label is dropped and counted.

    Parameters
    ----------
    path : str or path
        CSV or TSV (comma, semicolon, tab or bar, told from the header), Parquet, XLSX (one sheet, formulas as their
        stored results), JSON lines.
        Each may be packed by gzip, bzip2, xz, zstd or lz4.
    columns : mapping, optional
        Name here to name in the file, ``{"item_id": "task"}``.
    values : mapping, optional
        Column here to replacements of whole cells,
        ``{"rater_type": {"llm": "model"}}``.
    scale : list of labels in order, or (low, high), optional
        See `scale_of`.
    level : {"nominal", "ordinal", "interval", "ratio"}, optional
        Nominal if not given, and then results say so.
    duplicates : {"error", "first", "last", "round"}
        What to do when a rater judged an item again for the same criterion and stage.
        The choices: refuse, keep the first or last row of the file, or number them as rounds in the order of the file.
    where : str, optional
        A filter, see `Judgments.where`; rows it leaves out are counted, and
        not checked.
    missing : list of str
        Label texts that mean no label; they are counted apart.
    dates : str
        How `rated_at` (and a column `due` or `opt_out`) is written: a form, a zone for moments that name
        none (otherwise UTC), or both, ``"day-first Europe/Berlin"``. The forms: ``"iso"``; ``"day-first"``
        (24.3.2026 17:57), ``"month-first"`` (3/24/2026 5:57 PM), ``"year-first"`` (2026/3/24 17:57 UTC);
        ``"epoch"`` (seconds since 1970), ``"epoch-ms"``, ``"epoch-us"``, ``"epoch-ns"``; ``"spreadsheet"``
        (a day number).
        ISO 8601 is read in each. Nothing is guessed from the cells.
    encoding : str
        Of text files. A byte order mark is obeyed first.
    sheet : str, optional
        Of a workbook; the first that is not hidden if not given.
    delimiter : str, optional
        What stands between cells: ``","``, ``";"``, ``"|"``, another sign, or ``"comma"``,
        ``"semicolon"``, ``"tab"``, ``"bar"``, ``"blanks"`` (runs of blanks and tabs).

    Returns
    -------
    Judgments

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.
    BadOption
        For an option outside its list.
    HaloError
        If the file cannot be opened.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> file = pathlib.Path(tempfile.mkdtemp(), "export.csv")
    >>> _ = file.write_text("task;rater_id;label\\n1;ann;good\\n2;ann;\\n")
    >>> read_judgments(file, columns={"item_id": "task"}, scale=["poor", "good"], level="ordinal")
    Judgments: 1 item, 1 rater, 1 judgment
      labels: poor, good (ordinal)
      columns: item_id, rater_id, label
      export.csv: 2 rows read, 1 used, dropped: 1 empty label
    """
    how = Reading(columns or {}, values or {}, scale, level, duplicates, where, missing, dates)
    return conform(read_raw(path, encoding, sheet, delimiter), how)


def as_judgments(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    scale: Any = None,
    level: str | None = None,
    duplicates: str = "error",
    where: str | None = None,
    missing: str | Sequence[str] = ("",),
    dates: str = "iso",
    name: str = "a frame",
) -> Judgments:
    """Judgments from a frame, every one checked.

    Parameters
    ----------
    frame : Judgments, or pandas, Polars (eager or lazy), Arrow or DuckDB relation
        Judgments come back as they are unless an option is given.
        Anything narwhals understands. It is collected into memory and read as
        text: a whole float (a pandas column of integers with gaps) loses its
        point, NaN is an empty cell.
    name : str
        What to call it in messages.
    columns, values, scale, level, duplicates, where, missing, dates
        As for `read_judgments`.

    Returns
    -------
    Judgments

    Raises
    ------
    InvalidData, BadOption, HaloError
        As `read_judgments`; HaloError also for something that is no frame.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": [1, 2], "rater_id": ["ann", "ann"], "label": [1, None]})
    >>> as_judgments(frame).frame.rows()
    [('1', 'ann', '1')]
    """
    how = Reading(columns or {}, values or {}, scale, level, duplicates, where, missing, dates)
    if isinstance(frame, Judgments | CountedJudgments) and how == Reading():
        return frame  # type: ignore[return-value]
    return conform(raw_frame(frame, name), how)


def raw_frame(frame: Any, name: str) -> Raw:
    """A frame of any kind as a table of text.

    Raises
    ------
    HaloError
        If it is no frame, or its engine fails.
    """
    if isinstance(frame, Judgments):
        frame = frame.frame
    if nw.dependencies.is_pandas_dataframe(frame):
        return raw_table(list(frame.columns), [_pandas(frame.iloc[:, at]) for at in range(frame.shape[1])], name)
    rows = lazy(frame, name)
    try:
        collected = rows.collect("polars").to_native()
    except Exception as error:  # each engine has its own family of errors
        raise HaloError(f"{name} cannot be collected: {str(error)[:500]}") from error
    return raw_table(collected.columns, collected.get_columns(), name)


def lazy(frame: Any, name: str) -> Any:
    """A frame of any kind as narwhals sees it, nothing collected.

    Raises
    ------
    HaloError
        If it is no frame.
    """
    try:
        return nw.from_native(frame).lazy()
    except TypeError as error:
        kinds = "a pandas, Polars, Arrow or Spark table, or a DuckDB relation"
        raise HaloError(f"{name} is of type {type(frame).__name__}; give {kinds}") from error


def _pandas(series: Any) -> pl.Series | list[Any]:
    if series.dtype != object:
        with contextlib.suppress(Exception):  # types Arrow does not know, such as sparse
            return pl.Series(pl.from_pandas(series.rename("x"), nan_to_null=True))
    return list(series.astype(object))
