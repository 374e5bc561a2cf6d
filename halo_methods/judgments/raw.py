"""A table of text as it came, before anything is renamed, converted or dropped."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from ..errors import Problem
from .cells import cell_text, encodable, quoted, text_column


@dataclass
class Raw:
    """A table of text as it came: nothing renamed, converted or dropped.

    Attributes
    ----------
    frame : polars.DataFrame
        All columns text; an absent cell is null.
    problems, notes : list
        What reading found.
    decimal_comma : bool
        Whether the file is of the kind that writes 12,5 (semicolons between cells).
    """

    frame: pl.DataFrame
    name: str
    sha256: str | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decimal_comma: bool = False


def raw_table(header: Sequence[Any], columns: Sequence[pl.Series], name: str) -> Raw:
    """A raw table from a header, which may repeat or lack names, and columns of any type."""
    raw = Raw(pl.DataFrame(), name)
    kept: dict[str, pl.Series] = {}
    for at, (title, column) in enumerate(zip(header, columns, strict=True), start=1):
        label = cell_text(title) or ""
        texts = text_column(column)
        if not label.strip():
            if not texts.fill_null("").str.strip_chars().ne("").any():
                continue
            label = f"column {at}"
            raw.notes.append(f"column {at} has no name and is kept as {label!r}")
        if label in kept:
            raw.problems.append(
                Problem(f"two columns are called {quoted(label)}", "Rename one of them.", column=label[:80])
            )
            continue
        kept[label] = texts.alias(label)
    raw.frame = pl.DataFrame(list(kept.values()))
    return raw


def text_series(name: str, values: Iterable[str | None]) -> pl.Series:
    """Python strings as a column, whatever they hold."""
    held = list(values)
    try:
        return pl.Series(name, held, dtype=pl.String)
    except UnicodeEncodeError:
        return pl.Series(name, [None if v is None else encodable(v) for v in held], dtype=pl.String)
