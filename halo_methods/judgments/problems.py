"""What is wrong with one cell, how to fix it, and the option that would."""

import re

from ..errors import Problem
from ..results import readable
from .cells import LONGEST_QUOTE, accepted_answers, quoted
from .options import Reading, number

_ALIASES = {"llm": "model", "ai": "model", "machine": "model", "person": "human", "annotator": "human"}


def no_number(cell: str) -> Problem:
    """A cell that should hold a finite number."""
    comma = re.fullmatch(r"\s*[-+]?\d+,\d+\s*", cell)
    fix = "Write a decimal point, not a comma." if comma else "Write a number such as 12.5, or leave the cell empty."
    return Problem(f"{quoted(cell)} is not a finite number", fix)


def below_zero(cell: str) -> Problem:
    """A number that should not be negative."""
    return Problem(f"{quoted(cell)} is below 0", "Correct or empty the cell.")


def no_moment(cell: str) -> Problem:
    """A cell that should hold a moment."""
    fix = "Write 2026-03-01T09:30:00Z or with an offset such as +01:00."
    if re.fullmatch(r"\s*\d{5}(\.\d+)?\s*", cell):
        fix = f"It looks like a spreadsheet's day number: format the column as a date and time there. {fix}"
    return Problem(f"{quoted(cell)} is not ISO 8601", fix)


def nul_byte(cell: str) -> Problem:
    """A cell with a byte that is never right."""
    return Problem(f"{quoted(cell)} holds a NUL byte", "Remove it, or name the file's encoding.", option="encoding")


def no_order(level: str) -> Problem:
    """Labels of an ordered level that are words, in no order anybody gave."""
    what = f"{level} labels that are no numbers have no known order"
    return Problem(what, "Give them in order.", column="label", option="scale", value=["poor", "good"])


def no_word(column: str, allowed: tuple[str, ...], cell: str) -> Problem:
    """A cell that should hold one of a few words."""
    plain = cell.strip().lower()
    near = plain if plain in allowed else _ALIASES.get(plain)
    what, fix = f"{quoted(cell)} is no {column}", f"Allowed: {', '.join(allowed)}."
    return _read_as(what, f"{fix} If it means {near}, read it so.", column, cell, near) if near else Problem(what, fix)


def off_scale(how: Reading, column: str, cell: str) -> Problem:
    """A label, or a gold answer, that is not on the scale."""
    scale = how.scale or ()
    what = f"the {'label' if column == 'label' else 'gold answer'} {quoted(cell)} is outside the scale"
    for label in () if how.numeric else map(str, scale):
        same = number(cell) is not None and number(cell) == number(label)
        if same or cell.strip().casefold() == label.strip().casefold():
            return _read_as(what, f"If it means {label}, read it so.", column, cell, label)
    if "" in accepted_answers(cell):
        fix = "Separate accepted answers with |, leave none empty, and double a bar that belongs to an answer."
        return Problem(what, fix)
    shown = " to ".join(readable(float(end)) for end in scale) if how.numeric else ", ".join(map(str, scale))[:300]
    fix = f"Use one of the scale ({shown}), correct the scale, or list it as missing."
    return Problem(what, fix, option="missing", value=[cell] if len(cell) <= LONGEST_QUOTE else None)


def _read_as(what: str, fix: str, column: str, cell: str, value: str) -> Problem:
    """A problem that reading one value as another would settle."""
    short = len(cell) <= LONGEST_QUOTE
    return Problem(what, fix, option="values", value={column: {cell: value}} if short else None)
