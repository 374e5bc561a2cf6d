"""Counts made where the judgments are (DuckDB, Spark, Polars, pandas, Arrow): patterns, and labels by any column."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import polars as pl

from ..errors import BadOption, HaloError, InvalidData, NotEstimable, Problem
from .cells import accepted_answers, cell_text, quoted
from .coding import MOST_LABELS, packed_units, unpacked
from .counts import CountedJudgments, Patterns, RaterPatterns
from .options import REQUIRED, Reading, number
from .problems import no_order
from .table import Judgments, Source, in_order

_NO_ITEM = "no item"
_USED = (*REQUIRED, "criterion", "stage", "round")


def scan_judgments(
    data: Any,
    *,
    columns: Mapping[str, str] | None = None,
    scale: Sequence[Any] | None = None,
    level: str | None = None,
    missing: str | Sequence[str] = ("",),
    memory_limit: str = "3GB",
    temp_directory: str | os.PathLike[str] | None = None,
    name: str | None = None,
) -> CountedJudgments:
    """Counts of judgments that stay where they are, for data larger than memory.

    The engine that holds the data groups and adds; what comes back is how many
    items show each pattern of labels, and how often each rater gave each label on
    them. Agreement takes these counts as it takes `Judgments`. Only what counting
    needs is checked (columns, empty identifiers, labels, repeated judgments): for a
    full check read the file with `read_judgments`.

    Parameters
    ----------
    data : path, DuckDB relation, Spark frame, Polars (eager or lazy), pandas or Arrow
        A path is one Parquet file, a pattern (``"part-*.parquet"``) or a folder of
        them, counted by DuckDB in `memory_limit`.
    columns, scale, level, missing
        As for `read_judgments`; the scale is a list of labels.
    memory_limit : str
        What DuckDB may use for a path, default ``"3GB"``; beyond it DuckDB writes
        to `temp_directory`. Other engines keep their own settings.
    temp_directory : path, optional
        Where DuckDB writes what does not fit; among the system's temporary files unless given.
    name : str, optional
        What to call the data in messages.

    Returns
    -------
    CountedJudgments

    Raises
    ------
    InvalidData
        For a missing column, an empty identifier, a label outside the scale, a
        repeated judgment.
    NotEstimable
        For several criteria, several stages none of which is `label`, more than 64 labels, or
        no label at all.
    BadOption, HaloError
        For an option outside its list; for data that is no frame, cannot be read
        or whose engine is not installed.

    Examples
    --------
    >>> from halo_methods import agreement
    >>> frame = pl.LazyFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> counted = scan_judgments(frame, level="nominal")
    >>> counted.patterns.table.tolist(), counted.patterns.frequency.tolist()
    ([[2, 0], [1, 1], [0, 2]], [1, 1, 1])
    >>> round(agreement.krippendorff_alpha(counted).value, 3)
    0.444
    """
    how = Reading.of(columns, None, scale, level, "error", None, missing)
    if how.scale is not None and not isinstance(how.scale[0], str):
        raise BadOption("scale is a range; counts are of labels: give the list of labels in order")
    is_path = isinstance(data, str | os.PathLike)
    called = name or (Path(data).name if is_path else "a frame")
    with _parquet(data, memory_limit, temp_directory) if is_path else nullcontext(data) as held:
        rows = _lazy(held, called)
        try:
            return _counted(_renamed(rows, how), how, called)
        except HaloError:
            raise
        except Exception as error:  # each engine has its own family of errors
            raise HaloError(f"{called} cannot be counted: {str(error)[:500]}") from error


@contextmanager
def _parquet(
    path: str | os.PathLike[str], memory_limit: str, temp_directory: str | os.PathLike[str] | None
) -> Iterator[Any]:
    """A DuckDB relation over the files, in a database of its own that is closed afterwards."""
    try:
        import duckdb
    except ImportError as error:
        raise HaloError("counting a file where it is needs DuckDB: pip install 'halo-methods[engines]'") from error
    where = Path(path) / "*.parquet" if Path(path).is_dir() else Path(path)
    if not where.name.endswith((".parquet", ".pq")):
        raise HaloError(f"{Path(path).name} is not named as Parquet; use read_judgments, or hand over a frame")
    with tempfile.TemporaryDirectory(prefix="halo-") as spare:
        config: dict[str, Any] = {
            "memory_limit": memory_limit,
            "temp_directory": os.fspath(temp_directory or spare),
            "preserve_insertion_order": "false",
        }
        try:
            database = duckdb.connect(config=config)
            relation = database.read_parquet(str(where))
        except duckdb.Error as error:
            raise HaloError(f"{Path(path).name} cannot be opened: {str(error)[:500]}") from error
        try:
            yield relation
        finally:
            database.close()


def _lazy(frame: Any, name: str) -> Any:
    try:
        return nw.from_native(frame).lazy()
    except TypeError as error:
        kinds = "a path, a DuckDB relation, or a Spark, Polars, pandas or Arrow table"
        raise HaloError(f"{name} is of type {type(frame).__name__}; give {kinds}") from error


def _renamed(rows: Any, how: Reading) -> Any:
    """The columns that counting uses, under their own names."""
    there = rows.collect_schema().names()
    wanted = {c: how.columns.get(c, c) for c in _USED if c in REQUIRED or how.columns.get(c, c) in there}
    problems = [
        Problem(f"there is no column {quoted(source)}", f"There is {', '.join(map(quoted, there[:20]))}.", column=name)
        for name, source in wanted.items()
        if source not in there
    ]
    if problems:
        raise InvalidData(problems)
    return rows.select(**{c: nw.col(source) for c, source in wanted.items()})


def _collected(rows: Any) -> pl.DataFrame:
    made: pl.DataFrame = nw.from_native(rows.collect("pyarrow")).to_polars()
    return made


def _counted(rows: Any, how: Reading, name: str) -> CountedJudgments:
    seen = _seen(rows)
    used, source = _used(seen, how, name)
    labels = _labels(used, how)
    if how.level != "nominal" and how.scale is None and any(number(text) is None for text in labels):
        raise InvalidData([no_order(how.level)])
    if len(labels) > MOST_LABELS:
        raise NotEstimable(f"{len(labels):,} distinct labels are too many to count as categories; group the labels")
    rounds = "round" in used.columns and used["round"].n_unique() > 1
    keys = ["item_id", "round"] if rounds else ["item_id"]
    rows = _kept(rows, used, rounds)
    _refuse_repeated(rows, [*keys, "rater_id"])
    raters = tuple(sorted(set(used["rater text"])))
    cells, words = _cells(rows, keys, _native(used, labels), len(raters))
    cells = _coded(cells, used, labels, raters)
    kinds = cells.select(words).unique().sort(words).with_row_index("pattern")
    cells = cells.join(kinds, on=words)
    table = unpacked(kinds.select(words).to_numpy().astype(np.int64), len(labels), len(raters))
    by_rater = cells.group_by("rater", "label", "pattern").agg(pl.col("count").sum()).sort("rater", "label", "pattern")
    rater, label, pattern, count = (by_rater[c].to_numpy().astype(np.int64) for c in by_rater.columns)
    frequency = _frequency(table, label, pattern, count)
    n_items = int(_collected(rows.select(nw.col("item_id").n_unique()))[0, 0]) if rounds else int(frequency.sum())
    made = Patterns(labels, table, frequency, n_items, len(raters), source.rows_used)
    given = RaterPatterns(raters, rater, label, pattern, count)
    return CountedJudgments(made, given, how.scale, how.level, how.level_given, source)


def _seen(rows: Any) -> pl.DataFrame:
    """Every combination of rater, label, criterion, stage and round, and its number of rows."""
    schema = rows.collect_schema()
    empty = nw.col("item_id").is_null()
    if schema["item_id"] == nw.String:
        empty = empty | (nw.col("item_id").str.strip_chars() == "")
    by = [_NO_ITEM, *(c for c in schema.names() if c != "item_id")]
    return _collected(rows.with_columns(**{_NO_ITEM: empty}).group_by(*by).agg(nw.len().alias("rows")))


def _texts(column: pl.Series) -> list[str | None]:
    """Each value as the text of a cell, None where it is blank."""
    texts = (cell_text(value) for value in column.to_list())
    return [text if text is not None and text.strip() else None for text in texts]


def _used(seen: pl.DataFrame, how: Reading, name: str) -> tuple[pl.DataFrame, Source]:
    """The combinations to be counted, with texts of labels and raters, and what became of the rows."""
    seen = seen.with_columns(
        pl.Series("label text", _texts(seen["label"]), dtype=pl.String),
        pl.Series("rater text", _texts(seen["rater_id"]), dtype=pl.String),
    )
    total = int(seen["rows"].sum())
    source = Source(name, None, total, total)

    def without(frame: pl.DataFrame, hit: pl.Expr, reason: str) -> pl.DataFrame:
        nonlocal source
        source = source.less(reason, int(frame.filter(hit)["rows"].sum()))
        return frame.filter(~hit)

    seen = without(seen, pl.col("label text").is_null(), "empty label")
    for text in how.missing[1:]:
        seen = without(seen, pl.col("label text") == text, f"label {quoted(text)} taken as missing")
    stages = in_order(seen["stage"].unique().to_list()) if "stage" in seen.columns else []
    if len(stages) > 1:
        if "label" not in stages:
            raise NotEstimable(f"{len(stages)} stages: {', '.join(map(str, stages))}; count one, for instance the rows "
                               f"whose stage is {stages[0]!r}")  # fmt: skip
        seen = without(seen, pl.col("stage").ne_missing("label"), "stage is not 'label'")
    criteria = in_order(seen["criterion"].unique().to_list()) if "criterion" in seen.columns else []
    if len(criteria) > 1:
        shown = ", ".join(map(str, criteria[:10]))
        raise NotEstimable(f"{len(criteria)} criteria: {shown}; count one, for instance the rows whose criterion is "
                           f"{criteria[0]!r}")  # fmt: skip
    if not len(seen):
        raise NotEstimable(f"{name} has no judgment: {source}")
    problems = []
    for column, hit in (("item_id", pl.col(_NO_ITEM)), ("rater_id", pl.col("rater text").is_null())):
        if n := int(seen.filter(hit)["rows"].sum()):
            problems.append(
                Problem(f"the cell is empty in {n:,} rows", f"Give every judgment a {column}.", column=column)
            )
    if problems:
        raise InvalidData(problems)
    return seen, source


def _labels(used: pl.DataFrame, how: Reading) -> tuple[str, ...]:
    """The scale, or the labels that occur."""
    if how.scale is None:
        return tuple(in_order(used["label text"].unique().to_list()))
    wrong = used.filter(~pl.col("label text").is_in(list(how.scale))).group_by("label text").agg(pl.col("rows").sum())
    if len(wrong):
        fix = f"Use one of the scale ({', '.join(map(str, how.scale))[:300]}), or list it as missing."
        what = "the label {} is outside the scale, in {:,} rows"
        raise InvalidData(
            Problem(what.format(quoted(text), n), fix, column="label", option="missing", value=[text])
            for text, n in wrong.sort("label text").iter_rows()
        )
    return tuple(str(label) for label in how.scale)


def _native(used: pl.DataFrame, labels: Sequence[str]) -> list[list[Any]]:
    """For each label, the values in the engine that write it."""
    values: dict[str, list[Any]] = {label: [] for label in labels}
    for text, value in used.select("label text", "label").unique(maintain_order=True).iter_rows():
        values[text].append(value)
    return [values[label] for label in labels]


def _kept(rows: Any, used: pl.DataFrame, rounds: bool) -> Any:
    """The rows of the labels and the stage to be counted."""
    rows = rows.filter(nw.col("label").is_in(used["label"].unique().to_list()))
    if "stage" in used.columns and used["stage"].n_unique() == 1 and used["stage"][0] is not None:
        rows = rows.filter(nw.col("stage") == used["stage"][0])
    if rounds:
        return rows.select("item_id", "rater_id", "label", round=nw.col("round").cast(nw.String).fill_null(""))
    return rows.select("item_id", "rater_id", "label")


def _refuse_repeated(rows: Any, keys: list[str]) -> None:
    groups = rows.group_by(*keys).agg(nw.len().alias("times"))
    again = _collected(groups.filter(nw.col("times") > 1).head(20)).sort(keys)
    if len(again):
        fix = "Remove it, map the column that tells them apart (criterion, stage, round), or read the file with "
        fix += "read_judgments, which can keep the first, the last or all as rounds."
        raise InvalidData(
            Problem(f"{times} rows have the same {', '.join(keys)}: {', '.join(map(quoted, same))}", fix)
            for *same, times in again.select(*keys, "times").iter_rows()
        )


def _cells(rows: Any, keys: list[str], native: list[list[Any]], n_raters: int) -> tuple[pl.DataFrame, list[str]]:
    """How often each rater gave each label on units of each packed pattern, and the columns that hold it."""
    units = packed_units(rows, keys, native, n_raters)
    words = [c for c in units.collect_schema().names() if c.startswith("word")]
    units = units.with_columns(*[nw.col(word).cast(nw.Int64) for word in words])
    made = rows.join(units, on=keys).group_by("rater_id", "label", *words).agg(nw.len().alias("count"))
    return _collected(made), words


def _coded(cells: pl.DataFrame, used: pl.DataFrame, labels: Sequence[str], raters: Sequence[str]) -> pl.DataFrame:
    """Raters and labels as their places in the sorted raters and the labels."""
    who = {text: at for at, text in enumerate(raters)}
    what = {text: at for at, text in enumerate(labels)}
    return cells.with_columns(
        rater=pl.Series([who[text or ""] for text in _texts(cells["rater_id"])], dtype=pl.Int64),
        label=pl.Series([what[text or ""] for text in _texts(cells["label"])], dtype=pl.Int64),
    )


def _frequency(table: np.ndarray, label: np.ndarray, pattern: np.ndarray, count: np.ndarray) -> np.ndarray:
    """How many units show each pattern: the judgments on them over the judgments on one."""
    return np.bincount(pattern, count, len(table)).astype(np.int64) // table.sum(1)


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
