"""Which texts are one value: one rule for numbers as text, one for look-alikes, one for natural order.

Numbers: where every label (of the scale, or all that occur) is a number, "1", "1.0", "1.00" and "1e0" are one label. It
is written as on the scale, and without a scale in its shortest form. Leading zeros ("03") are kept, and noted beside
"3". Gold and suggestions follow the labels. Look-alikes are kept apart and noted.
"""

import math
import re
from collections.abc import Iterable, Sequence
from decimal import Decimal

import polars as pl

from ..results import counted
from .cells import accepted_answers, cell_text, gold_text, quoted

_NUMBER = re.compile(r"\s*[-+]?((0|[1-9]\d*)(\.\d*)?|\.\d+)(e[-+]?\d{1,3})?\s*", re.ASCII | re.IGNORECASE)
_UNSEEN = r"[\u00AD\u061C\u200B-\u200F\u202A-\u202E\u2060-\u2064\u2066-\u2069\uFE0E\uFE0F\uFEFF]"
_ROUNDED = r"^[-+]?\d([.,]\d+)?[eE]\+?\d+$"
_PLAIN_CHANGES = r"[^!-@\[-~]|^0|^[0-9]+\."  # where none is met, folding changes nothing: distinct stays distinct
_LISTED = r"^\s*(\[.*\]|\{.*\})\s*$"
LIKE_MISSING = ("nan", "na", "n/a", "null", "none", "<na>", "#n/a", "#ref!", "#value!", "#div/0!", "#name?")


def number(text: str) -> float | None:
    """The finite number a text writes, or None.

    Examples
    --------
    >>> number("2.50"), number("1_000"), number("nan")
    (2.5, None, None)
    """
    try:
        made = float(text)
    except ValueError:
        return None
    return made if math.isfinite(made) and "_" not in text else None


def shortest(text: str) -> str:
    """A number in its shortest form; any other text, and a number with leading zeros, as it is.

    Examples
    --------
    >>> [shortest(text) for text in ("1.00", "1e0", " +1", "-0", "03", "one")]
    ['1', '1', '1', '0', '03', 'one']
    """
    if len(text) > 80 or not _NUMBER.fullmatch(text):
        return text
    made = Decimal(text.strip())
    return (cell_text(made) if made else "0") or text


def number_spellings(texts: Iterable[str], scale: Sequence[str] | None, missing: Sequence[str]) -> dict[str, str]:
    """How labels that are numbers are written, by their shortest form; empty where one label is a word.

    Examples
    --------
    >>> number_spellings(["1", "1.0", "2.0"], None, []), number_spellings(["1", "2.0"], ["1.0", "2.0"], [])
    ({'1': '1', '2': '2'}, {'1': '1.0', '2': '2.0'})
    >>> number_spellings(["1", "1.0", "good"], None, [])
    {}
    """
    labels = sorted(set(texts).difference(missing)) if scale is None else scale
    if any(number(label) is None for label in labels):
        return {}
    known = {shortest(label): label if scale else shortest(label) for label in labels}
    return known | {shortest(text): text for text in missing if number(text) is not None}


def respelled(texts: pl.Series, known: dict[str, str], labels: set[str]) -> dict[str, str]:
    """The cells of a column that follow the labels, and how they are written now; each accepted answer by itself.

    Examples
    --------
    >>> respelled(pl.Series(["1.0|2", "1", " good"]), {"1": "1", "2": "2"}, {"1", "2", "good"})
    {'1.0|2': '1|2', ' good': 'good'}
    """
    made = {}
    for text in texts.unique(maintain_order=True).drop_nulls():
        answers = [text] if text in labels or texts.name == "label" else list(accepted_answers(text))
        new = [known.get(shortest(a), a.strip() if a not in labels and a.strip() in labels else a) for a in answers]
        if new != answers:
            made[text] = new[0] if len(new) == 1 and answers == [text] else gold_text(new)
    return made


def rewritten(column: str, n: int, new: dict[str, str]) -> str:
    """The note on cells that `respelled` found.

    Examples
    --------
    >>> rewritten("label", 2, {"1.0": "1"})
    "label: 2 cells rewritten so that equal values are one, such as '1.0' as '1'"
    """
    old = next(iter(new))
    said = f"{quoted(old)} as {quoted(new[old])}"
    return f"{column}: {counted(n, 'cell')} rewritten so that equal values are one, such as {said}"


def natural(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """A key that sorts the numbers in texts as numbers: round 2 before round 10.

    Examples
    --------
    >>> sorted(["Round 10", "round 2", "Round 1"], key=natural)
    ['Round 1', 'round 2', 'Round 10']
    """
    parts = re.findall(r"([0-9]{1,4000})|([^0-9]+)", text)
    return [(not digits, int(digits or 0), word.casefold()) for digits, word in parts], text


def lookalikes(texts: pl.Series, column: str) -> list[str]:
    """Distinct values that differ only in ways that are not seen or meant: perhaps one thing written twice.

    Examples
    --------
    >>> lookalikes(pl.Series(["Ann", "ann", "bob"]), "rater_id")
    ["rater_id: 'Ann' and 'ann' differ only by case, space, zeros or Unicode form; they are kept apart"]
    """
    unique, plain = pl.DataFrame({"text": texts.drop_nulls()}), pl.col("text")
    if not unique["text"].str.contains(_PLAIN_CHANGES).any():
        return []
    if unique["text"].str.len_bytes().sum() > unique["text"].str.len_chars().sum():
        plain = plain.str.normalize("NFKC").str.replace_all(_UNSEEN, "").str.to_uppercase()
    plain = plain.str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars()
    plain = plain.str.replace(r"^0*([0-9]+)(\.0*)?$", "$1")
    groups = unique.group_by(plain.alias("plain")).agg(pl.col("text").sort()).filter(pl.col("text").list.len() > 1)
    if not len(groups):
        return []
    first = " and ".join(quoted(t) for t in sorted(groups["text"].to_list())[0][:2])
    more = f", and {len(groups) - 1:,} more such groups" if len(groups) > 1 else ""
    return [f"{column}: {first} differ only by case, space, zeros or Unicode form{more}; they are kept apart"]


def rounded(texts: pl.Series, column: str) -> list[str]:
    """Identifiers that a spreadsheet rounded, so that several things may have become one.

    Examples
    --------
    >>> rounded(pl.Series(["1.23765E+18", "q1"]), "item_id")
    ["item_id: '1.23765E+18' looks rounded by a spreadsheet; export it as text, several may have become one"]
    """
    odd = texts.filter(texts.str.contains(_ROUNDED)).sort()
    what = "looks rounded by a spreadsheet; export it as text, several may have become one"
    return [f"{column}: {quoted(odd[0])} {what}"] if len(odd) else []


def odd_labels(labels: pl.Series) -> list[str]:
    """Labels that look like an absent value, or like a list, of which another order would be another label.

    Examples
    --------
    >>> print(*odd_labels(pl.Series(["good", "NaN", "[1, 2]"])), sep="\\n")
    the label 'NaN' looks like a missing value; if it is one, list it as missing
    the label '[1, 2]' looks like a list; in another order it would be another label: write one value per row
    """
    odd = labels.filter(labels.str.to_lowercase().is_in(LIKE_MISSING)).unique().sort()
    notes = [f"the label {quoted(text)} looks like a missing value; if it is one, list it as missing" for text in odd]
    lists = labels.filter(labels.str.contains(_LISTED)).sort()[:1]
    why = "looks like a list; in another order it would be another label: write one value per row"
    return notes + [f"the label {quoted(text)} {why}" for text in lists]
