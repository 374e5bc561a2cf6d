"""Columns of numbers and moments, converted from their texts; what cannot be converted is a problem."""

from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from ..errors import Problem
from ..results import counted
from . import faults
from .cells import on_all_cores, quoted
from .dates import Dates, fitting, moment

if TYPE_CHECKING:
    from .validate import _Check

_PLAIN_MOMENT = r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-5][0-9](\.[0-9]{6})?(Z|\+00:00)?$"  # most are
_DURATION = r"^\s*(?<h>\d{1,4}):(?<m>[0-5]\d):(?<s>[0-5]\d(?:\.\d+)?)\s*$"
_WITH_COMMAS = r"^[-+]?\d+(,\d+)?(\|[-+]?\d+(,\d+)?)*$"


def pointed(state: "_Check", column: str) -> pl.Series:
    """The column's texts with a decimal point where a file of semicolons writes a comma, in each accepted answer."""
    plain = state.frame[column].str.strip_chars()
    if not state.decimal_comma or plain.str.contains(".", literal=True).any():
        return plain
    commas = plain.str.contains(",", literal=True) & plain.str.contains(_WITH_COMMAS)
    if not commas.any():
        return plain
    state.notes.append(f"{column}: the comma in {counted(int(commas.sum()), 'cell')} was read as a decimal point")
    return plain.str.replace_all(",", ".", literal=True)


def _of_clock(state: "_Check") -> pl.Series:
    """The column of seconds, durations such as 0:01:35 as their seconds."""
    texts = state.frame["seconds"]
    if not texts.str.contains(":", literal=True).any():
        return texts
    parts = texts.str.extract_groups(_DURATION).struct.unnest().cast(pl.Float64)
    clocked = (parts["h"] * 3600 + parts["m"] * 60 + parts["s"]).alias("seconds")
    if n := int(clocked.is_not_null().sum()):
        state.notes.append(f"seconds: durations such as 0:01:35 in {counted(n, 'cell')} were read as seconds")
        texts = clocked.cast(pl.String).zip_with(clocked.is_not_null(), texts)
    return texts


def as_numbers(state: "_Check", column: str) -> pl.Series:
    """The column as finite numbers; what is none is a problem."""
    texts = state.frame[column]
    made = texts.cast(pl.Float64, strict=False)
    if made.null_count() > texts.null_count():  # most columns are spared what follows
        if column == "seconds":
            state.put(_of_clock(state))
        made = pointed(state, column).cast(pl.Float64, strict=False)
    made = made.set(~made.is_finite().fill_null(True), None)
    state.problem(column, state.frame[column].is_not_null() & made.is_null(), faults.no_number)
    return made


def convert(state: "_Check") -> None:
    """Numbers, durations and moments of the table, in place."""
    for column in state.there("seconds", "cost"):
        numbers = as_numbers(state, column)
        state.problem(
            column, numbers < 0, lambda cell: Problem(f"{quoted(cell)} is below 0", "Correct or empty the cell.")
        )
        state.put(numbers)
    if state.there("rated_at"):
        state.put(_moments(state))
    for column in state.there("due", "opt_out") if state.how.dates != Dates() else ():
        state.put(_as_iso(state.frame[column], state.how.dates))
    if state.there("stage"):
        count = int((state.live & state.frame["stage"].is_null()).sum())
        state.notes += [f"stage: {count:,} empty cells were taken as 'label'"] if count else []
        state.put(state.frame["stage"].fill_null("label"))


def _as_iso(texts: pl.Series, dates: Dates) -> pl.Series:
    """The moments of a text column in ISO 8601; texts that are none, such as yes, as they are."""
    made = {}
    for text in texts.drop_nulls().unique():
        with suppress(ValueError):
            made[text] = moment(text.strip(), dates)[0].isoformat()
    return texts.replace(made)


def _moments(state: "_Check") -> pl.Series:
    texts, parsed, dates = state.frame["rated_at"], {}, state.how.dates
    told = _PLAIN_MOMENT if dates.zone is None else _PLAIN_MOMENT.replace(")?$", ")$")
    plain = texts.set(~on_all_cores(texts, lambda cells: cells.str.contains(told)), None)
    if ends := "Z" * bool((plain.str.len_bytes() == len("2026-03-24T17:57:00Z")).all()):
        fraction = ""  # as almost always: nothing is to be taken off
    else:
        plain = on_all_cores(plain, lambda cells: cells.str.strip_suffix("Z").str.strip_suffix("+00:00"))
        fraction = "%.f" if plain.str.contains(".", literal=True).any() else ""  # which takes four times as long
    form = {"format": f"%Y-%m-%dT%H:%M:%S{fraction}{ends}", "time_unit": "us", "strict": False}
    quick = on_all_cores(plain, lambda cells: cells.str.to_datetime(**form))
    bare, odd = not ends and bool((quick.is_not_null() & (plain == texts)).any()), dict[str, str]()
    for text in texts.filter(quick.is_null()).drop_nulls().unique():
        try:
            at, has_zone = moment(text.strip(), dates)
        except ValueError as error:
            odd[text] = str(error)
            continue
        parsed[text] = at.replace(tzinfo=None)
        bare |= not has_zone
    if bare:
        state.notes.append(
            "rated_at has moments without an offset; they were taken as UTC; the option dates names another zone"
        )
    other = texts.replace_strict(parsed, default=None, return_dtype=pl.Datetime("us")) if parsed else quick
    made = quick.zip_with(quick.is_not_null(), other).dt.replace_time_zone("UTC")
    state.problem("rated_at", texts.is_not_null() & made.is_null(), partial(faults.no_moment, odd, fitting(list(odd))))
    return made
