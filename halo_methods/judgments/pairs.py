"""Judgments that compare two systems on one item: which side won, or neither."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import polars as pl

from ..errors import NotEstimable, Problem
from .cells import Raw, quoted
from .files import read_raw
from .options import Reading, require
from .readers import as_judgments, raw_frame
from .table import Judgments
from .validate import conform

COLUMNS = ("item_id", "rater_id", "left", "right", "winner")
WINNERS = ("left", "tie", "right")


@dataclass(frozen=True)
class Pairs:
    """Pairwise judgments, every one checked.

    Attributes
    ----------
    judgments : Judgments
        Its ``label`` is the winner: ``left``, ``tie`` or ``right``. Its item is one pair of systems on one item of the
        file; the item of the file stands in ``cluster``, unless the file has a column of that name.
    """

    judgments: Judgments

    @property
    def frame(self) -> pl.DataFrame:
        """The rows, with ``winner`` in place of ``label``."""
        return self.judgments.frame.rename({"label": "winner"})

    @property
    def systems(self) -> list[str]:
        """Every system, in the order of the alphabet."""
        return sorted(set(self.judgments.frame["left"]) | set(self.judgments.frame["right"]))

    def filter(self, keep: pl.Expr) -> "Pairs":
        """Those for which an expression holds.

        Raises
        ------
        NotEstimable
            If there are none.
        """
        frame = self.judgments.frame.filter(keep)
        if frame.is_empty():
            raise NotEstimable("no battle is left", public=True)
        return Pairs(replace(self.judgments, frame=frame))

    def people(self) -> "Pairs":
        """The votes of people; all of them where nothing tells people from models."""
        return Pairs(self.judgments.people())

    def has_models(self) -> bool:
        """Whether models voted beside people."""
        return "rater_type" in self.judgments.columns and len(self.people()) < len(self)

    def sided(self) -> list[str]:
        """What is told of each side in numbers: x for each two columns ``left_x`` and ``right_x``."""
        frame = self.judgments.frame
        names = [c.removeprefix("left_") for c in frame.columns if c.startswith("left_")]
        given = [f"{side}_{name}" for name in names for side in ("left", "right")]
        numbers = {c for c in given if c in frame.columns and frame[c].cast(pl.Float64, strict=False).is_finite().all()}
        return [name for name in names if {f"left_{name}", f"right_{name}"} <= numbers]

    def aligned(self) -> Judgments:
        """The votes with the same two systems named in the same order, whichever stood left.

        An item is an item of the file and two systems; a label says which won: ``first`` in the alphabet, ``second``,
        or ``tie``. A voter's second vote on an item, sides changed or in another round, is a round of its own.

        Examples
        --------
        >>> rows = [("q1", "ann", "a", "b", "left"), ("q1", "ben", "b", "a", "right"), ("q1", "ann", "b", "a", "left")]
        >>> pairs = as_pairs(pl.DataFrame(rows, schema=COLUMNS, orient="row"))
        >>> pairs.aligned().frame.select("item_id", "rater_id", "label", "round").rows()
        [('q1 | a | b', 'ann', 'first', '1'), ('q1 | a | b', 'ben', 'first', '1'), ('q1 | a | b', 'ann', 'second', '2')]
        """
        frame = self.judgments.frame.with_columns(
            pl.col("item_id", "rater_id", "left", "right", "label").cast(pl.String)
        )
        sides = " | " + pl.col("left") + " | " + pl.col("right")
        first = pl.col("left") < pl.col("right")
        tied = pl.when(pl.col("label") == "tie").then(pl.lit("tie"))
        won = tied.when((pl.col("label") == "left") == first).then(pl.lit("first")).otherwise(pl.lit("second"))
        named = " | " + pl.min_horizontal("left", "right") + " | " + pl.max_horizontal("left", "right")
        made = frame.with_columns(item_id=pl.col("item_id").str.strip_suffix(sides) + named, label=won)
        again = pl.int_range(1, pl.len() + 1).over("item_id", "rater_id").cast(pl.String)
        made = made.with_columns(round=again)
        return as_judgments(made, scale=("first", "tie", "second"), level="nominal")

    def __len__(self) -> int:
        return self.judgments.n_judgments

    def __str__(self) -> str:
        return f"Pairs of {len(self.systems)} systems\n{self.judgments}"


def read_pairs(
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
) -> Pairs:
    """Pairwise judgments from a file.

    Required columns are ``item_id``, ``rater_id``, ``left``, ``right`` and ``winner`` (``left``, ``right`` or
    ``tie``). Optional ones are those of `read_judgments`.

    Parameters
    ----------
    path, columns, values, duplicates, where, dates, encoding, sheet, delimiter
        As for `read_judgments`; ``values={"winner": {"A": "left"}}`` reads other words for the winner.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.
    """
    return _paired(read_raw(path, encoding, sheet, delimiter), columns, values, duplicates, where, dates)


def as_pairs(
    frame: Any,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    duplicates: str = "error",
    where: str | None = None,
    dates: str = "iso",
    name: str = "a frame",
) -> Pairs:
    """Pairwise judgments from a frame.

    Parameters
    ----------
    frame : Pairs, or pandas, Polars, Arrow or DuckDB relation
    columns, values, duplicates, where, dates, name
        As for `as_judgments`.

    Raises
    ------
    InvalidData
        With every problem found, its row and how to fix it.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("q1", "ann", "a", "b", "left"), ("q1", "ben", "a", "b", "tie"), ("q1", "ann", "b", "c", "right")]
    >>> pairs = as_pairs(pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"]))
    >>> pairs.systems, len(pairs)
    (['a', 'b', 'c'], 3)
    """
    if isinstance(frame, Pairs):
        return frame
    return _paired(raw_frame(frame, name), columns, values, duplicates, where, dates)


def _paired(
    raw: Raw,
    columns: Mapping[str, str] | None,
    values: Mapping[str, Mapping[str, str]] | None,
    duplicates: str,
    where: str | None,
    dates: str,
) -> Pairs:
    """Check what a pair needs, and read the rest as judgments whose label is the winner."""
    source = {name: (columns or {}).get(name, name) for name in COLUMNS}
    require(source, raw.frame.columns)
    problems = []
    item, left, right = (raw.frame[source[name]].str.strip_chars() for name in ("item_id", "left", "right"))
    alike = (left == right).fill_null(False) | left.is_in(["", None]) | right.is_in(["", None])
    for row in alike.fill_null(True).arg_true().to_list():
        what = f"left is {quoted(left[row] or '')} and right is {quoted(right[row] or '')}"
        problems.append(Problem(what, "Name two different systems.", row=row + 1, column=source["left"]))
    kept = raw.frame.drop(source["winner"], source["item_id"], source["left"], source["right"])
    for name in ("item_id", "left", "right", "winner", "label"):
        if name in kept.columns:
            what = f"two columns would be called {name}: it and {quoted(source.get(name, source['winner']))}"
            problems.append(Problem(what, "Rename or remove this one.", column=name))
    made = [
        (item + " | " + left + " | " + right).alias("item_id"),
        raw.frame[source["winner"]].alias("label"),
        left.alias("left"),
        right.alias("right"),
    ]
    own = dict(columns or {})
    if "cluster" not in kept.columns and "cluster" not in own:
        made.append(item.alias("cluster"))
    raw = replace(raw, frame=kept.with_columns(made), problems=[*raw.problems, *problems])
    others = {name: column for name, column in own.items() if name not in COLUMNS or name == "rater_id"}
    renamed = {"label" if name == "winner" else name: how for name, how in (values or {}).items()}
    return Pairs(conform(raw, Reading(others, renamed, list(WINNERS), "nominal", duplicates, where, ("",), dates)))
