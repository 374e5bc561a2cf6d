"""Counts made where the judgments are (DuckDB, Spark, Polars, pandas, Arrow): patterns, and labels by any column."""

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import narwhals as nw
import numpy as np
import polars as pl

from ..errors import BadOption, HaloError, InvalidData, NotEstimable, Problem
from .cells import accepted_answers, cell_text, quoted
from .coding import MOST_LABELS, codes, packed_units, unpacked
from .counts import CountedJudgments, Patterns, RaterPatterns
from .faults import no_order
from .options import REQUIRED, Reading, number
from .readers import lazy
from .spellings import number_spellings, respelled, rewritten
from .table import Judgments, Source, in_order

if TYPE_CHECKING:
    import pandas as pd

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

    The engine that holds the data groups and adds.
    What comes back is how many items show each pattern of labels, and how often each rater gave each label on them.
    Agreement takes these counts as it takes `Judgments`. Only what counting
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
    how = Reading(columns or {}, scale=scale, level=level, missing=missing)
    if how.scale is not None and how.listed is None:
        raise BadOption("scale is a range; counts are of labels: give the list of labels in order")
    called = name or (Path(data).name if isinstance(data, str | os.PathLike) else "a frame")
    with _held(data, called, memory_limit, temp_directory) as rows:
        try:
            return _counted(_renamed(rows, how), how, called)
        except HaloError:
            raise
        except Exception as error:  # each engine has its own family of errors
            raise HaloError(f"{called} cannot be counted: {str(error)[:500]}") from error


@contextmanager
def _held(data: Any, name: str, memory_limit: str, spill: str | os.PathLike[str] | None) -> Iterator[Any]:
    """The rows where they are; files are a DuckDB relation, in a database of its own that is closed afterwards."""
    if not isinstance(data, str | os.PathLike):
        yield lazy(data, name)
        return
    try:
        import duckdb
    except ImportError as error:
        raise HaloError("counting a file where it is needs DuckDB: pip install 'halo-methods[engines]'") from error
    where = Path(data) / "*.parquet" if Path(data).is_dir() else Path(data)
    if not where.name.endswith((".parquet", ".pq")):
        raise HaloError(f"{Path(data).name} is not named as Parquet; use read_judgments, or hand over a frame")
    with tempfile.TemporaryDirectory(prefix="halo-") as spare, ExitStack() as opened:
        settings = {"memory_limit": memory_limit, "temp_directory": os.fspath(spill or spare)}
        try:
            database = opened.enter_context(duckdb.connect(config={**settings, "preserve_insertion_order": "false"}))
            relation = database.read_parquet(str(where))
        except duckdb.Error as error:
            raise HaloError(f"{Path(data).name} cannot be opened: {str(error)[:500]}") from error
        yield nw.from_native(relation).lazy()


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
    used, source = _used(_seen(rows), how, name)
    labels, raters = _labels(used, how), tuple(sorted(used["rater text"].unique()))
    keys = ["item_id", "round"] if "round" in used.columns and used["round"].n_unique() > 1 else ["item_id"]
    rows = rows.filter(nw.col("label").is_in(used["label"].unique().to_list()))
    if "stage" in used.columns and used["stage"].eq_missing("label").all():
        rows = rows.filter(nw.col("stage") == "label")
    if "round" in keys:
        rows = rows.with_columns(round=nw.col("round").cast(nw.String).fill_null(""))
    rows = rows.select(*keys, "rater_id", "label")
    _refuse_repeated(rows, [*keys, "rater_id"])
    written = dict(used.group_by("label text").agg(pl.col("label").unique()).iter_rows())
    units = packed_units(rows, keys, [written.get(label, []) for label in labels], len(raters))
    words = [c for c in units.collect_schema().names() if c.startswith("word")]
    units = units.with_columns(*[nw.col(word).cast(nw.Int64) for word in words])
    cells = _collected(rows.join(units, on=keys).group_by("rater_id", "label", *words).agg(nw.len().alias("count")))
    kinds = cells.select(words).unique().sort(words).with_row_index("pattern")
    cells = cells.join(kinds, on=words).with_columns(
        rater=codes(raters, _texts(cells["rater_id"])),
        label=codes(labels, cells["label"].replace_strict(dict(used.select("label", "label text").iter_rows()))),
    )
    by = ["rater", "label", "pattern"]
    given = RaterPatterns(raters, *cells.group_by(by).agg(pl.col("count").sum()).sort(by).cast(pl.Int64).to_numpy().T)
    table = unpacked(kinds.select(words).to_numpy().astype(np.int64), len(labels), len(raters))
    # how many units show a pattern: the judgments on them over the judgments on one
    frequency = np.bincount(given.pattern, given.count, len(table)).astype(np.int64) // table.sum(1)
    n_items = int(_collected(rows.select(nw.col("item_id").n_unique()))[0, 0]) if "round" in keys else frequency.sum()
    return CountedJudgments(
        patterns=Patterns(labels, table, frequency, int(n_items), len(raters), source.rows_used),
        rater_patterns=given,
        scale=how.scale,
        level=how.level or "nominal",  # type: ignore[arg-type]
        level_given=how.level is not None,
        source=source,
    )


def _seen(rows: Any) -> pl.DataFrame:
    """Every combination of rater, label, criterion, stage and round, and its number of rows."""
    schema = rows.collect_schema()
    empty = nw.col("item_id").is_null()
    if schema["item_id"] == nw.String:
        empty = empty | (nw.col("item_id").str.strip_chars() == "")
    by = [_NO_ITEM, *(c for c in schema.names() if c != "item_id")]
    return _collected(rows.with_columns(**{_NO_ITEM: empty}).group_by(*by).agg(nw.len().alias("rows")))


def _texts(column: pl.Series) -> pl.Series:
    """Each value as the text of a cell, missing where it is blank."""
    texts = (cell_text(value) for value in column.to_list())
    return pl.Series([text if text is not None and text.strip() else None for text in texts], dtype=pl.String)


def _used(seen: pl.DataFrame, how: Reading, name: str) -> tuple[pl.DataFrame, Source]:
    """The combinations to be counted, with texts of labels and raters, and what became of the rows."""
    seen = seen.with_columns(_texts(seen["label"]).alias("label text"), _texts(seen["rater_id"]).alias("rater text"))

    known = number_spellings(seen["label text"].drop_nulls(), how.listed, how.missing)
    new = respelled(seen["label text"].alias("label"), known, set())

    def n_rows(hit: pl.Expr | bool = True) -> int:
        return int(seen.filter(hit)["rows"].sum())

    text = pl.col("label text")
    notes = (rewritten("label", n_rows(text.is_in(list(new))), new),) if new else ()
    source, seen = Source(name, None, n_rows(), n_rows(), notes=notes), seen.with_columns(text.replace(new))
    absent = {f"label {quoted(word)} taken as missing": text == word for word in how.missing[1:]}
    for reason, hit in {"empty label": text.is_null(), **absent}.items():
        source, seen = source.less(reason, n_rows(hit)), seen.filter(~hit)
    for column, several in (("stage", "stages"), ("criterion", "criteria")):
        values = in_order(seen[column].unique().to_list()) if column in seen.columns else []
        if len(values) > 1 and column == "stage" and "label" in values:
            other = pl.col("stage").ne_missing("label")
            source, seen = source.less("stage is not 'label'", n_rows(other)), seen.filter(~other)
        elif len(values) > 1:
            shown = f"{len(values)} {several}: {', '.join(map(str, values[:10]))}"
            raise NotEstimable(f"{shown}; count one, for instance the rows whose {column} is {values[0]!r}")
    if not len(seen):
        raise NotEstimable(f"{name} has no judgment: {source}")
    empty = {"item_id": n_rows(pl.col(_NO_ITEM)), "rater_id": n_rows(pl.col("rater text").is_null())}
    problems = [
        Problem(f"the cell is empty in {n:,} rows", f"Give every judgment a {column}.", column=column)
        for column, n in empty.items()
        if n
    ]
    if problems:
        raise InvalidData(problems)
    return seen, source


def _labels(used: pl.DataFrame, how: Reading) -> tuple[str, ...]:
    """The scale, or the labels that occur, where they can be counted."""
    labels = how.listed or tuple(in_order(used["label text"].unique().to_list()))
    wrong = used.filter(~pl.col("label text").is_in(labels)).group_by("label text").agg(pl.col("rows").sum())
    if len(wrong):
        fix = f"Use one of the scale ({', '.join(labels)[:300]}), or list it as missing."
        raise InvalidData(
            Problem(
                f"the label {quoted(text)} is outside the scale, in {n:,} rows",
                fix,
                column="label",
                option="missing",
                value=[text],
            )
            for text, n in wrong.sort("label text").iter_rows()
        )
    if how.level not in (None, "nominal") and not how.listed and any(number(text) is None for text in labels):
        raise InvalidData([no_order(str(how.level))])
    if len(labels) > MOST_LABELS:
        raise NotEstimable(f"{len(labels):,} distinct labels are too many to count as categories; group the labels")
    return labels


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
        One row for each value and label that occur, sorted, a missing value last.
        The columns: the column, label, judgments, with_gold (how many of them are on items with gold), right (how many
        of those gave an accepted answer).

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
    if every not in (None, *EVERY):
        raise BadOption.of("every", every, EVERY)
    names = dict(columns or {})
    if isinstance(data, Judgments):
        data, names = data.one(by=column).frame, {}
    with _held(data, "a frame", memory_limit, None) as rows:
        schema = rows.collect_schema()
        wanted = {"value": names.get(column, column), **{c: names.get(c, c) for c in ("label", "gold")}}
        if wanted["gold"] not in schema.names():
            del wanted["gold"]
        for name in wanted.values():
            if name not in schema.names():
                raise NotEstimable(f"the data has no column {name}; it has {', '.join(schema.names()[:20])}")
        rows = rows.select(**{key: nw.col(name) for key, name in wanted.items()}).filter(~nw.col("label").is_null())
        if every is not None:
            rows = rows.with_columns(value=_days(rows, schema[wanted["value"]], column))
        counted = _collected(rows.group_by(*wanted).agg(nw.len().alias("judgments")))
    value, label = _texts(counted["value"]), _texts(counted["label"])
    if every is not None:
        days = value.str.to_date("%Y-%m-%d", strict=False)
        if len(odd := value.filter(value.is_not_null() & days.is_null())):
            what = f"{column} has {odd[0][:40]!r}, which is not ISO 8601"
            raise InvalidData([Problem(what, "Give 2026-11-02.", column=column)])
        value = days.dt.truncate(EVERY[every]).dt.to_string()
    gold = _texts(counted["gold"]) if "gold" in counted.columns else pl.Series([None] * len(counted), dtype=pl.String)
    known = number_spellings(label.drop_nulls().unique(), None, ())
    label = label.replace(respelled(label.alias("label"), known, set()))
    gold = gold.replace(respelled(gold, known, set(label.drop_nulls())))
    right = [(bool(answers), said in answers) for said, answers in zip(label, map(accepted_answers, gold), strict=True)]
    times = pl.DataFrame(right, schema={"with_gold": pl.Int64, "right": pl.Int64}, orient="row")
    made = counted.select(value.alias(column), label.alias("label"), pl.col("judgments").cast(pl.Int64))
    made = made.hstack(times.select(pl.all() * made["judgments"])).drop_nulls("label").group_by(column, "label").sum()
    if made.is_empty():
        raise NotEstimable("no judgment has a label")
    order = [
        made[c].replace_strict({text: at for at, text in enumerate(in_order(made[c].to_list()))}, return_dtype=pl.Int64)
        for c in (column, "label")
    ]
    return made.sort(order).to_pandas()


def _days(rows: Any, kind: Any, column: str) -> Any:
    """The calendar day of each moment, as text."""
    value = nw.col("value")
    if kind == nw.String:
        text = value.str.strip_chars()
        foreign = rows.filter(text.str.contains(_OFFSET) & ~text.str.contains(_NONE))
        if len(found := _collected(foreign.select("value").head(3))):
            shown = ", ".join(map(repr, found["value"].to_list()))
            what = f"{column} has moments that are not in UTC, such as {shown}"
            fix = "Store them in UTC, or read the file with read_judgments."
            raise InvalidData([Problem(what, fix, column=column)])
        return text.str.slice(0, 10)
    if kind == nw.Date or kind == nw.Datetime:
        return value.dt.to_string("%Y-%m-%d")
    raise InvalidData([Problem(f"{column} holds no moments: it is of type {kind}", "Give ISO 8601.", column=column)])
