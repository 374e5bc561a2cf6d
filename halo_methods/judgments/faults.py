"""What is wrong with a cell or a column, each said once with its fix."""

import re

import polars as pl

from ..errors import Problem
from ..results import readable
from .cells import LONGEST_QUOTE, accepted_answers, quoted
from .options import Reading, number

_ALIASES = {"llm": "model", "ai": "model", "machine": "model", "person": "human", "annotator": "human"}
_LOCALE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
DIGITS = 15


def no_value(column: str, _: str) -> Problem:
    """A cell that must hold something."""
    return Problem("the cell is empty", f"Give every judgment a {column}.")


def no_number(cell: str) -> Problem:
    """A cell that should hold a finite number."""
    fix = "Write a number such as 12.5, or leave the cell empty."
    if re.fullmatch(r"\s*[-+]?\d{1,3}(,\d{3})+\s*", cell):
        fix = "Write the number without commas: it is not clear whether one marks thousands or decimals."
    elif re.fullmatch(r"\s*[-+]?\d+,\d+\s*", cell):
        fix = "Write a decimal point, not a comma."
    elif re.fullmatch(r"\s*\d+:\d\d\s*", cell):
        fix = "Write the seconds, such as 95, or hours, minutes and seconds, such as 0:01:35."
    return Problem(f"{quoted(cell)} is not a finite number", fix)


def no_answer(cell: str) -> Problem:
    """A gold answer that no rater gave and that looks like no answer."""
    what = f"the gold answer {quoted(cell)} equals no label and looks like a missing value"
    return Problem(what, "List it as missing, or give the scale.", option="missing", value=[cell])


def no_moment(odd: dict[str, str], forms: list[str], cell: str) -> Problem:
    """A cell that should hold a moment: what is wrong with it, and the forms in which every such cell can be read."""
    if forms:
        fix = f"{' or '.join(forms)} reads every such cell; say so if it is right."
        return Problem(odd[cell], fix, option="dates", value=forms[0])
    fix = "Write 2026-03-01T09:30:00Z or with an offset such as +01:00, in place of a zone's letters."
    return Problem(odd[cell], fix)


def nul_byte(cell: str) -> Problem:
    """A cell with a byte that is never right."""
    return Problem(f"{quoted(cell)} holds a NUL byte", "Remove it, or name the file's encoding.", option="encoding")


def no_order(level: str) -> Problem:
    """Labels of an ordered level that are words, without an order."""
    what = f"{level} labels that are no numbers have no known order"
    return Problem(what, "Give them in order.", column="label", option="scale", value=["poor", "good"])


def too_long(one: str, other: str) -> Problem:
    """Two labels with more digits than a number holds, so that they would be one."""
    what = f"{quoted(one)} and {quoted(other)} are one number to a computer, which holds {DIGITS} digits"
    how = "Take off what all labels have in common, or read them as nominal."
    return Problem(what, how, column="label")


def nested(cell: str) -> Problem:
    """A list or an object where one value should stand."""
    return Problem(f"{quoted(cell)} comes from a list or an object", "Write one plain value a judgment.")


def no_word(column: str, allowed: tuple[str, ...], cell: str) -> Problem:
    """A cell that should hold one of a few words."""
    plain = cell.strip().lower()
    near = plain if plain in allowed else _ALIASES.get(plain)
    what, fix = f"{quoted(cell)} is no {column}", f"Allowed: {', '.join(allowed)}."
    return _read_as(what, f"{fix} If it means {near}, read it so.", column, cell, near) if near else Problem(what, fix)


def off_scale(how: Reading, column: str, cell: str) -> Problem:
    """A label, or a gold answer, that is not on the scale."""
    what = f"the {'label' if column == 'label' else 'gold answer'} {quoted(cell)} is outside the scale"
    for label in how.listed or ():
        same = number(cell) is not None and number(cell) == number(label)
        if same or cell.strip().casefold() == label.strip().casefold():
            return _read_as(what, f"If it means {label}, read it so.", column, cell, label)
    if "" in accepted_answers(cell):
        fix = "Separate accepted answers with |, leave none empty, and double a bar that belongs to an answer."
        return Problem(what, fix)
    shown = " to ".join(map(readable, how.range)) if how.range else ", ".join(how.listed or ())[:300]
    fix = f"Use one of the scale ({shown}), correct the scale, or list it as missing."
    return Problem(what, fix, option="missing", value=[cell] if len(cell) <= LONGEST_QUOTE else None)


def _read_as(what: str, fix: str, column: str, cell: str, value: str) -> Problem:
    """A problem that reading one value as another would settle."""
    short = len(cell) <= LONGEST_QUOTE
    return Problem(what, fix, option="values", value={column: {cell: value}} if short else None)


def odd_locales(locales: pl.Series) -> list[str]:
    """Locales, at most five, that do not look like BCP 47 tags; a language pair such as en-de does.

    Examples
    --------
    >>> odd_locales(pl.Series(["fr_FR", "en-de"]))
    ["the locale 'fr_FR' does not look like a BCP 47 tag; write 'fr-FR'"]
    """
    tags = locales.drop_nulls().unique()
    notes = []
    for tag in tags.filter(~tags.str.contains(_LOCALE)).sort().head(5):
        said = tag.replace("_", "-")
        hint = f"; write {quoted(said)}" if re.match(_LOCALE, said) else ""
        notes.append(f"the locale {quoted(tag)} does not look like a BCP 47 tag{hint}")
    return notes
