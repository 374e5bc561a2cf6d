"""Marked errors: who marked which stretch of which text, as what and how bad, and which texts had nothing to mark."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ..errors import InvalidData, NotEstimable, Problem
from .cells import Raw, blank_rows, quoted, reworded
from .files import read_raw
from .options import Reading, require
from .readers import as_judgments, raw_frame
from .table import Judgments
from .validate import conform

COLUMNS = ("item_id", "rater_id", "start", "end", "category", "severity")
MARK = COLUMNS[2:]
UNKNOWN = (
    "every text in the table has an error, so texts without one may have been left out; give each a row without a "
    "mark, or say complete=True"
)


@dataclass(frozen=True)
class Spans:
    """Marked errors, every one checked.

    Attributes
    ----------
    judgments : Judgments
        One row per reading: a rater and an item, or a system's item where there is a column ``system``. Its ``label``
        is the number of errors marked.
    marks : polars.DataFrame
        One row per error: ``reading`` (the row of the judgments, from 0), ``start``, ``end`` (characters from 0, the
        end not included), ``category``, ``severity``.
    complete : bool
        Whether readings without an error are known to be there.
    """

    judgments: Judgments
    marks: pl.DataFrame
    complete: bool

    @property
    def readings(self) -> pl.DataFrame:
        """The readings, where all of them are known.

        Raises
        ------
        NotEstimable
            If readings without an error may have been left out.
        """
        if not self.complete:
            raise NotEstimable(UNKNOWN, public=True)
        return self.judgments.frame

    def all_read(self, complete: bool = True) -> "Spans":
        """The same, where the caller knows that no reading was left out."""
        return replace(self, complete=self.complete or complete)

    def __len__(self) -> int:
        return self.marks.height

    def __str__(self) -> str:
        return f"Spans: {len(self):,} errors\n{self.judgments}"


def read_spans(
    path: str | os.PathLike[str],
    *,
    complete: bool = False,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    where: str | None = None,
    dates: str = "iso",
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
) -> Spans:
    """Marked errors from a file.

    Required columns are ``item_id``, ``rater_id``, ``start``, ``end`` (characters from 0, the end not included),
    ``category`` and ``severity``. A reading without an error is a row in which the last four are empty. Optional
    columns are those of `read_judgments`, ``words`` (of the text) and ``length`` (its characters).

    Parameters
    ----------
    path, columns, values, where, dates, encoding, sheet, delimiter
        As for `read_judgments`; ``values={"category": {"No-error": ""}}`` reads a word for no error.
    complete : bool
        Whether every reading is in the table though none is without an error.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.
    """
    return _marked(read_raw(path, encoding, sheet, delimiter), complete, columns, values, where, dates)


def as_spans(
    frame: Any,
    *,
    complete: bool = False,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    where: str | None = None,
    dates: str = "iso",
    name: str = "a frame",
) -> Spans:
    """Marked errors from a frame.

    Parameters
    ----------
    frame : Spans, or pandas, Polars, Arrow or DuckDB relation
    complete : bool
        As for `read_spans`.
    columns, values, where, dates, name
        As for `as_judgments`.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("s1", "ann", 0, 4, "accuracy", "major"), ("s1", "ann", 9, 12, "style", "minor"),
    ...         ("s1", "ben", None, None, None, None)]
    >>> spans = as_spans(pd.DataFrame(rows, columns=["item_id", "rater_id", "start", "end", "category", "severity"]))
    >>> len(spans), spans.judgments.frame["label"].to_list(), spans.complete
    (2, [2.0, 0.0], True)
    """
    if isinstance(frame, Spans):
        return frame
    return _marked(raw_frame(frame, name), complete, columns, values, where, dates)


def _marked(
    raw: Raw,
    complete: bool,
    columns: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None,
    where: str | None,
    dates: str,
) -> Spans:
    """Check what a span needs, read the rows as judgments, and take readings and marks apart."""
    own, new = dict(columns or {}), dict(values or {})
    source = {name: own.pop(name, name) for name in COLUMNS}
    require(source, raw.frame.columns)
    cells = {name: raw.frame[column].str.strip_chars() for name, column in source.items()}
    cells |= {name: reworded(cells[name], new.pop(name, {})) for name in MARK}
    cells = {name: cell.set(cell == "", None).alias(name) for name, cell in cells.items()}
    item, made = cells["item_id"], [cells["rater_id"], *(cells[name] for name in MARK)]
    system = own.get("system", "system")
    shown = item + " | " + raw.frame[system].fill_null("") if system in raw.frame.columns else item
    blank = blank_rows(raw.frame)
    row = pl.int_range(len(item), eager=True)
    made += [
        blank.replace_strict({True: None, False: "1"}, return_dtype=pl.String).alias("label"),
        (shown + "\n" + row.cast(pl.String)).alias("item_id"),
        shown.alias(" item"),
        row.cast(pl.String).alias(" row"),
    ]
    rest = raw.frame.drop(*source.values())
    if "cluster" not in rest.columns and "cluster" not in own:
        made.append(item.alias("cluster"))
    kept = [*raw.problems, *_faults(cells, blank, source)]
    checked = conform(
        replace(raw, frame=rest.with_columns(made), problems=kept),
        Reading(own, new, ["1"], "nominal", "error", where, ("",), dates),
    )
    return _taken_apart(checked, complete)


def _faults(cells: Mapping[str, pl.Series], blank: pl.Series, source: Mapping[str, str]) -> list[Problem]:
    """What is wrong with the place or the kind of a mark, by row."""
    frame = pl.DataFrame([cells[name] for name in MARK])
    numbers = frame.select(pl.col("start", "end").cast(pl.Int64, strict=False))
    none = frame.select(pl.all_horizontal(pl.all().is_null()))[:, 0]
    half = frame.select(pl.any_horizontal(pl.all().is_null()))[:, 0]
    no_place = (numbers["start"].is_null() | numbers["end"].is_null()) | (numbers["start"] < 0)
    turned = (numbers["end"] < numbers["start"]).fill_null(False)
    problems = []
    for at in (~blank & ~none & (half | no_place | turned)).arg_true().to_list():
        empty = [name for name in MARK if cells[name][at] is None]
        place = f"from {quoted(cells['start'][at])} to {quoted(cells['end'][at])}"
        if empty:
            what, fix = f"{', '.join(empty)} is empty and the rest is not", "Fill it in, or empty all four: no error."
        else:
            what, fix = f"the error goes {place}", "Give characters from 0, the start not after the end."
        problems.append(Problem(what, fix, row=at + 1, column=source[empty[0] if empty else "start"]))
    return problems


def _taken_apart(checked: Judgments, complete: bool) -> Spans:
    """One judgment per reading, and the marks with the number of their reading."""
    frame = checked.frame.with_columns(pl.col(" item").alias("item_id"), pl.col(" row").cast(pl.Int64))
    key = [name for name in ("item_id", "rater_id", "stage", "round", "criterion") if name in frame.columns]
    counts = pl.col("start").is_not_null().sum().cast(pl.Float64)
    both = frame.group_by(key, maintain_order=True).agg(
        counts.alias("label"), pl.col("start").is_null().sum().alias("clean"), pl.col(" row").last()
    )
    wrong = both.filter((pl.col("clean") > 1) | ((pl.col("clean") == 1) & (pl.col("label") > 0)))
    if wrong.height:
        fix = "Keep one row without an error for a reading that has none, and no such row beside errors."
        what = "the reading has a row without an error and other rows"
        raise InvalidData([Problem(what, fix, row=at + 1) for at in wrong[" row"].sort().to_list()])
    first = frame.drop("label", " item", " row", *MARK).unique(key, keep="first", maintain_order=True)
    readings = first.join(both.select(*key, "label"), on=key, how="left", maintain_order="left")
    judgments = as_judgments(readings, scale=(0, float("inf")), level="ratio")
    number = readings.select(key).with_row_index("reading").with_columns(pl.col("reading").cast(pl.Int64))
    marks = frame.filter(pl.col("start").is_not_null()).join(number, on=key, how="left", maintain_order="left")
    marks = marks.select("reading", pl.col("start", "end").cast(pl.Int64), "category", "severity")
    complete = complete or bool((readings["label"] == 0).any())
    notes = tuple(note for note in checked.source.notes if not note.startswith(("label: ", "item_id: ")))  # of rows
    return Spans(replace(judgments, source=replace(checked.source, notes=notes)), marks, complete)
