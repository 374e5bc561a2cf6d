"""How often each label was given, by day, week or month, or by any column, on whatever engine holds the rows."""

import os
from collections.abc import Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import polars as pl

from ..errors import BadOption, InvalidData, NotEstimable, Problem
from .cells import accepted_answers, cell_text
from .engines import _collected, _lazy, _parquet
from .table import Judgments, in_order

if TYPE_CHECKING:
    import pandas as pd

EVERY = {"day": "1d", "week": "1w", "month": "1mo"}
_OFFSET, _NONE = r"[Tt ].*[+-]\d\d:?\d?\d?$", r"[+-]00:?0?0?$"


def by_column(
    data: Any,
    column: str,
    *,
    every: Literal["day", "week", "month"] | None = None,
    columns: Mapping[str, str] | None = None,
    memory_limit: str = "3GB",
) -> "pd.DataFrame":
    """Counts of labels, and of right labels where there is gold, for each value of a column.

    Grouping and adding are done where the rows are; what comes back is the small table.

    Parameters
    ----------
    data : Judgments, or what `scan_judgments` takes
        A path of Parquet, a DuckDB relation, a Spark, Polars, pandas or Arrow table. Rows
        without a label are left out. Judgments of several criteria are refused, unless
        `column` is the criterion; other frames are counted as they are.
    column : str
        For instance vendor, locale, rater_id; with `every`, a column of moments such as rated_at.
    every : {"day", "week", "month"}, optional
        Cut moments into periods, each named by its first day (weeks begin on Monday). Moments are
        taken as they are stored: keep them in UTC. Text is ISO 8601 and must not end in
        another offset.
    columns : mapping, optional
        Canonical names to the names in a frame that is not Judgments.
    memory_limit : str
        What DuckDB may use for a path.

    Returns
    -------
    pandas.DataFrame
        One row for each value and label that occur, sorted, a missing value last: the column, label,
        judgments, with_gold (how many of them are on items with gold), right (how many of those
        gave an accepted answer).

    Raises
    ------
    NotEstimable
        If the column is not there, or nothing is left to count.
    BadOption
        For another `every`.
    InvalidData
        If moments can't be read.

    Examples
    --------
    >>> frame = pl.DataFrame({"item_id": ["a", "a", "b"], "rater_id": ["x", "y", "x"], "label": ["1", "2", "1"],
    ...                       "gold": ["1", "1", None], "rated_at": ["2026-11-02", "2026-11-08", "2026-11-09"]})
    >>> by_column(frame, "rated_at", every="week")
         rated_at label  judgments  with_gold  right
    0  2026-11-02     1          1          1      1
    1  2026-11-02     2          1          1      0
    2  2026-11-09     1          1          0      0
    """
    if every is not None and every not in EVERY:
        raise BadOption.of("every", every, EVERY)
    if isinstance(data, Judgments):
        return _tallied(nw.from_native(data.one(by=column).frame.lazy()), column, every, {})
    is_path = isinstance(data, str | os.PathLike)
    with _parquet(data, memory_limit, None) if is_path else nullcontext(data) as held:
        return _tallied(_lazy(held, "a frame"), column, every, dict(columns or {}))


def _tallied(rows: Any, column: str, every: str | None, names: Mapping[str, str]) -> "pd.DataFrame":
    schema = rows.collect_schema()
    wanted = {"value": names.get(column, column), "label": names.get("label", "label")}
    gold = names.get("gold", "gold")
    if gold in schema.names():
        wanted["gold"] = gold
    for name in wanted.values():
        if name not in schema.names():
            raise NotEstimable(f"the data has no column {name}; it has {', '.join(schema.names()[:20])}")
    rows = rows.select(**{k: nw.col(name) for k, name in wanted.items()}).filter(~nw.col("label").is_null())
    if every is not None:
        rows = rows.with_columns(value=_days(rows, schema[wanted["value"]], column))
    counted = _collected(rows.group_by(*wanted).agg(nw.len().alias("judgments")))
    return _table(counted, column, every)


def _days(rows: Any, kind: Any, column: str) -> Any:
    """The calendar day of each moment, as text."""
    value = nw.col("value")
    if kind == nw.String:
        text = value.str.strip_chars()
        foreign = rows.filter(text.str.contains(_OFFSET) & ~text.str.contains(_NONE))
        if len(found := _collected(foreign.select("value").head(3))):
            shown = ", ".join(map(repr, found["value"].to_list()))
            what = f"{column} has moments that are not in UTC, such as {shown}"
            mend = "Store them in UTC, or read the file with read_judgments."
            raise InvalidData([Problem(what, mend, column=column)])
        return text.str.slice(0, 10)
    if kind == nw.Date or kind == nw.Datetime:
        return value.dt.to_string("%Y-%m-%d")
    raise InvalidData([Problem(f"{column} holds no moments: it is of type {kind}", "Give ISO 8601.", column=column)])


def _table(counted: pl.DataFrame, column: str, every: str | None) -> "pd.DataFrame":
    """Right and wrong, periods and the order of rows, on the small table."""
    cells: dict[tuple[str | None, str], list[int]] = {}
    for row in counted.iter_rows(named=True):
        label, value = cell_text(row["label"]), cell_text(row["value"])
        if label is None or not label.strip():
            continue
        if every is not None:
            value = _period(value, every, column)
        answers = accepted_answers(cell_text(row.get("gold")))
        held = cells.setdefault((value or None, label), [0, 0, 0])
        held[0] += row["judgments"]
        held[1] += row["judgments"] * bool(answers)
        held[2] += row["judgments"] * (label in answers)
    if not cells:
        raise NotEstimable("no judgment has a label")
    values, labels = (in_order([key[part] for key in cells]) for part in (0, 1))
    made = [(v, k, *cells[v, k]) for v in values for k in labels if (v, k) in cells]
    import pandas as pd

    return pd.DataFrame(made, columns=[column, "label", "judgments", "with_gold", "right"])


def _period(value: str | None, every: str, column: str) -> str | None:
    """The first day of the period, as text."""
    if value is None or not value.strip():
        return None
    day = pl.Series([value[:10]]).str.to_date("%Y-%m-%d", strict=False)
    if day[0] is None:
        raise InvalidData(
            [Problem(f"{column} has {value[:40]!r}, which is not ISO 8601", "Give 2026-11-02.", column=column)]
        )
    return str(day.dt.truncate(EVERY[every])[0])
