"""What is wrong with one cell, how to fix it and the option that would; and notes on what is allowed but looks odd."""

import re

import polars as pl

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


_LOCALE = r"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*$"
_LIKE_MISSING = ("nan", "na", "n/a", "null", "none", "<na>", "#n/a", "#ref!", "#value!", "#div/0!", "#name?")


def lookalikes(texts: pl.Series, column: str) -> list[str]:
    """Values that differ only by case, space or Unicode form: perhaps one thing written twice.

    Examples
    --------
    >>> lookalikes(pl.Series(["Ann", "ann", "bob"]), "rater_id")
    ["rater_id: 'Ann' and 'ann' differ only by case, space or Unicode form; they are kept apart"]
    """
    unique = pl.DataFrame({"text": texts.drop_nulls().unique()})
    plain = pl.col("text").str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    groups = unique.group_by(plain.alias("plain")).agg(pl.col("text").sort()).filter(pl.col("text").list.len() > 1)
    if not len(groups):
        return []
    first = " and ".join(quoted(t) for t in sorted(groups["text"].to_list())[0][:2])
    more = f", and {len(groups) - 1:,} more such groups" if len(groups) > 1 else ""
    return [f"{column}: {first} differ only by case, space or Unicode form{more}; they are kept apart"]


def like_missing(labels: pl.Series) -> list[str]:
    """Labels that look like an absent value.

    Examples
    --------
    >>> like_missing(pl.Series(["good", "NaN"]))
    ["the label 'NaN' looks like a missing value; if it is one, list it as missing"]
    """
    odd = labels.filter(labels.str.to_lowercase().is_in(_LIKE_MISSING)).unique().sort()
    return [f"the label {quoted(text)} looks like a missing value; if it is one, list it as missing" for text in odd]


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
