"""Judged steps of an agent's runs: who said what about which step, and what is true of the whole run."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ..errors import NotEstimable, Problem
from .cells import Raw, blank_rows, quoted, reworded
from .files import read_raw
from .options import Reading, require
from .readers import raw_frame
from .table import Judgments
from .validate import conform

COLUMNS = ("trajectory_id", "step", "rater_id", "label")
OF_RUN = ("scenario", "run", "system", "outcome", "verifier", "valid", "cost")
YES = ("yes", "true", "1", "success", "pass", "passed")
NO = ("no", "false", "0", "failure", "fail", "failed")
"""What `outcome`, `verifier`, `valid`, `irreversible` and `recovered` may say, in any case of letters."""


def answers(name: str) -> pl.Expr:
    """A column of yes and no as true and false, null where it is empty."""
    said = pl.col(name).cast(pl.String).str.strip_chars().str.to_lowercase()
    return pl.when(said.is_in(YES)).then(True).when(said.is_in(NO)).then(False).alias(name)


@dataclass(frozen=True)
class Steps:
    """Judged steps, every one checked.

    Attributes
    ----------
    judgments : Judgments
        One row per judged step. Its item is ``trajectory_id | step``; its ``cluster`` is the scenario.
    runs : polars.DataFrame
        One row per trajectory: ``trajectory_id``, ``scenario``, ``steps`` (the last judged one), and
        those of ``run``, ``system``, ``outcome``, ``verifier``, ``valid`` (true or false) and ``cost`` that there are.
    """

    judgments: Judgments
    runs: pl.DataFrame

    def need(self, *columns: str) -> pl.DataFrame:
        """The runs, which must have these columns.

        Raises
        ------
        NotEstimable
            For a column that is not there.
        """
        for name in columns:
            if name not in self.runs.columns:
                raise NotEstimable(f"there is no column `{name}` that says it of each run", public=True)
        return self.runs

    def __len__(self) -> int:
        return self.judgments.n_judgments

    def __str__(self) -> str:
        return f"Steps of {self.runs.height:,} runs\n{self.judgments}"


def read_steps(
    path: str | os.PathLike[str],
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    duplicates: str = "error",
    where: str | None = None,
    dates: str = "iso",
    encoding: str = "utf-8",
    sheet: str | None = None,
    delimiter: str | None = None,
) -> Steps:
    """Judged steps from a file.

    Required columns are ``trajectory_id``, ``step`` (from 1), ``rater_id`` and ``label``. Of each run may be told
    ``scenario``, ``run``, ``system``, ``outcome``, ``verifier`` (an automatic check), ``valid`` and ``cost``; of each
    step ``irreversible`` and ``recovered``. Other columns are those of `read_judgments`.

    Parameters
    ----------
    path, columns, values, duplicates, where, dates, encoding, sheet, delimiter
        As for `read_judgments`.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.
    """
    return _stepped(read_raw(path, encoding, sheet, delimiter), columns, values, duplicates, where, dates)


def as_steps(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    duplicates: str = "error",
    where: str | None = None,
    dates: str = "iso",
    name: str = "a frame",
) -> Steps:
    """Judged steps from a frame.

    Parameters
    ----------
    frame : Steps, or pandas, Polars, Arrow or DuckDB relation
    columns, values, duplicates, where, dates, name
        As for `as_judgments`.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("t1", 1, "ann", "ok", "yes"), ("t1", 2, "ann", "wrong_tool", "yes"), ("t2", 1, "ann", "ok", "no")]
    >>> steps = as_steps(pd.DataFrame(rows, columns=["trajectory_id", "step", "rater_id", "label", "outcome"]))
    >>> steps.runs.select("trajectory_id", "steps", "outcome").rows()
    [('t1', 2, True), ('t2', 1, False)]
    """
    if isinstance(frame, Steps):
        return frame
    return _stepped(raw_frame(frame, name), columns, values, duplicates, where, dates)


def _stepped(
    raw: Raw,
    columns: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None,
    duplicates: str,
    where: str | None,
    dates: str,
) -> Steps:
    """Check what a step needs, and read the rows as judgments of trajectory and step."""
    own = dict(columns or {})
    source = {name: own.pop(name, name) for name in (*COLUMNS, *OF_RUN, "irreversible", "recovered")}
    there = {name: column for name, column in source.items() if column in raw.frame.columns}
    require({name: source[name] for name in COLUMNS}, raw.frame.columns)
    cells = {name: raw.frame[column].str.strip_chars().alias(name) for name, column in there.items()}
    new = dict(values or {})
    for name in (set(cells) - {"label", "rater_id", "system"}) & set(new):
        cells[name] = reworded(cells[name], new.pop(name))
    problems = [*raw.problems, *_faults(cells, blank_rows(raw.frame), there)]
    scenario = cells.get("scenario", cells["trajectory_id"])
    made = [
        (cells["trajectory_id"] + " | " + cells["step"]).set(cells["trajectory_id"] == "", None).alias("item_id"),
        scenario.alias("cluster"),
        *(cell for name, cell in cells.items()),
    ]
    rest = raw.frame.drop(*there.values(), *(c for c in ("item_id", "cluster") if c in raw.frame.columns))
    how = Reading(own, new, None, "nominal", duplicates, where, ("",), dates)
    judgments = conform(replace(raw, frame=rest.with_columns(made), problems=problems), how)
    frame = judgments.frame
    of_run = [name for name in OF_RUN if name in frame.columns]
    runs = frame.group_by("trajectory_id", maintain_order=True).agg(
        pl.col("step").cast(pl.Int64).max().alias("steps"),
        *(pl.col(name).drop_nulls().first() for name in of_run),
        *([] if "scenario" in of_run else [pl.col("cluster").first().alias("scenario")]),
    )
    said = [answers(name) for name in ("outcome", "verifier", "valid") if name in of_run]
    cost = [pl.col("cost").cast(pl.Float64)] if "cost" in of_run else []
    return Steps(judgments, runs.with_columns(*said, *cost))


def _faults(cells: Mapping[str, pl.Series], blank: pl.Series, there: Mapping[str, str]) -> list[Problem]:
    """Steps that are no number, words that are neither yes nor no, and runs of which two things are said."""
    number = cells["step"].cast(pl.Int64, strict=False)
    problems = [
        Problem(f"step is {quoted(cells['step'][at] or '')}", "Number the steps of a run from 1.", row=at + 1,
                column=there["step"])
        for at in (~blank & ~(number >= 1).fill_null(False)).arg_true().to_list()
    ]  # fmt: skip
    frame = pl.DataFrame(list(cells.values()))
    for name in ("outcome", "verifier", "valid", "irreversible", "recovered"):
        if name in cells:
            odd = frame.select((pl.col(name) != "") & answers(name).is_null())[:, 0].fill_null(False)
            fix = f"Write yes or no, or say what it means (`values`): {', '.join((*YES, *NO))}."
            problems += [
                Problem(f"{name} is {quoted(cells[name][at])}", fix, row=at + 1, column=there[name])
                for at in odd.arg_true().to_list()
            ]
    one = "Say the same of each step of a run."
    for name in (name for name in OF_RUN if name in cells):
        first = pl.col(name).replace("", None).drop_nulls().first().over("trajectory_id")
        differs = frame.select((pl.col(name) != "") & (pl.col(name) != first))[:, 0].fill_null(False)
        problems += [
            Problem(f"{name} is {quoted(cells[name][at])}, and another before", one, row=at + 1, column=there[name])
            for at in differs.arg_true().to_list()
        ]
    if "cost" in cells:
        odd = (cells["cost"] != "") & (cells["cost"].cast(pl.Float64, strict=False).is_null())
        problems += [
            Problem(f"cost is {quoted(cells['cost'][at])}", "Give a number.", row=at + 1, column=there["cost"])
            for at in odd.fill_null(False).arg_true().to_list()
        ]
    return problems
