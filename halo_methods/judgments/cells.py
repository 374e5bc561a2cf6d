"""What one cell says (text out of any value, answers, moments, short quotations), and raw tables of text."""

import json
import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable, Problem
from ..results import counted
from . import bounds

LONGEST_QUOTE = 80
_Structure = list | tuple | set | frozenset | dict | np.ndarray


def quoted(value: object) -> str:
    """A value in quotation marks, cut to 80 characters, for a message.

    Examples
    --------
    >>> quoted("good"), len(quoted("x" * 10_000_000))
    ("'good'", 80)
    """
    text = repr(value[: LONGEST_QUOTE + 1] if isinstance(value, str) else value)
    return text if len(text) <= LONGEST_QUOTE else f"{text[: LONGEST_QUOTE - 2]}…{text[0]}"


_ANSWER = re.compile(r"((?:[^|]++|\|\|)*)\|")


def accepted_answers(gold: str | None) -> tuple[str, ...]:
    """The answers a gold cell accepts; `|` separates them, `||` is a bar inside an answer.

    Parameters
    ----------
    gold : str or None
        The cell.

    Returns
    -------
    tuple of str
        In the order written; empty if there is no gold.

    Examples
    --------
    >>> accepted_answers("yes|maybe"), accepted_answers("a||b|c"), accepted_answers(None)
    (('yes', 'maybe'), ('a|b', 'c'), ())
    """
    return tuple(answer.replace("||", "|") for answer in _ANSWER.findall(gold + "|")) if gold else ()


def gold_text(answers: Iterable[str]) -> str:
    """The cell that accepts these answers; the inverse of `accepted_answers`.

    Examples
    --------
    >>> gold_text(["a|b", "c"])
    'a||b|c'
    """
    return "|".join(answer.replace("|", "||") for answer in answers)


def cell_text(value: Any) -> str | None:
    """Any Python value as the text of a cell; None where there is nothing.

    Lists become answers separated by `|`, dictionaries and lists of lists JSON.

    Examples
    --------
    >>> [cell_text(v) for v in (None, 3, 3.0, Decimal("2.50"), True, ["a", "b|c"])]
    [None, '3', '3', '2.5', 'true', 'a|b||c']
    """
    if value is None or type(value).__name__ in ("NAType", "NaTType"):
        return None
    if isinstance(value, str):
        return encodable(str(value))
    if isinstance(value, int):
        return str(value).lower()
    if isinstance(value, float):
        whole = value.is_integer() and abs(value) < 2**53
        return None if math.isnan(value) else str(int(value)) if whole else repr(float(value))
    if isinstance(value, Decimal):
        return _decimal_text(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, set | frozenset):
        value = sorted(value, key=str)
    if isinstance(value, list | tuple | dict):
        levels = math.inf if _deeper(value, bounds.DEEPEST) else 0
        bounds.within("a cell", "DEEPEST", levels, "levels of lists or objects", "Write one plain value")
        if isinstance(value, dict) or _deeper(value, 1):
            return encodable(json.dumps(value, default=str, ensure_ascii=False))
        return gold_text(cell_text(v) or "" for v in value)
    if type(value).__module__ == "numpy":
        return cell_text(value.tolist())
    return encodable(str(value))


def structured(value: Any) -> bool:
    """Whether a value is a list or an object; a list of one plain value is that value.

    Examples
    --------
    >>> [structured(value) for value in ("a", ["a"], ["a", "b"], [["a", "b"]], {"a": 1}, [])]
    [False, False, True, True, True, False]
    """
    if isinstance(value, _Structure) and not isinstance(value, dict) and len(value) == 1:
        return any(isinstance(one, _Structure) or "|" in str(one) for one in value)
    return isinstance(value, _Structure) and len(value) > 0


def _deeper(value: Any, levels: int) -> bool:
    """Whether lists and objects stand inside each other on more levels than these."""
    held = value.values() if isinstance(value, dict) else value
    return isinstance(value, list | tuple | dict) and (not levels or any(_deeper(part, levels - 1) for part in held))


def _decimal_text(value: Decimal) -> str | None:
    if not value.is_finite() or abs(value.adjusted()) > 60:
        return None if value.is_nan() else str(value)
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def encodable(text: str) -> str:
    """The text with lone surrogates written out, so that it can be stored as UTF-8.

    Examples
    --------
    >>> encodable("fine"), encodable(chr(0xD800))
    ('fine', '\\\\ud800')
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]")


def writable(text: str) -> str:
    """A text with a replacement character for each sign that no XML file may hold.

    Examples
    --------
    >>> writable("a\x07b") == "a\ufffdb"
    True
    """
    return _UNWRITABLE.sub("\ufffd", text)


def blank_rows(frame: pl.DataFrame) -> pl.Series:
    """Whether each row of a table of texts is empty, blanks left aside.

    Examples
    --------
    >>> blank_rows(pl.DataFrame({"a": ["x", " ", None]})).to_list()
    [False, True, True]
    """
    return frame.select(pl.all_horizontal(pl.all().is_null() | (pl.all().str.strip_chars() == "")))[:, 0]


def reworded(column: pl.Series, values: Mapping[Any, Any]) -> pl.Series:
    """A column of texts with some values read as others.

    Examples
    --------
    >>> reworded(pl.Series(["ok", "-"]), {"-": ""}).to_list()
    ['ok', '']
    """
    return column.replace({str(text): str(value) for text, value in values.items()}) if values else column


def text_column(series: pl.Series) -> pl.Series:
    """A column of any type as text; whole floats lose their point, NaN becomes missing.

    Examples
    --------
    >>> text_column(pl.Series([1.0, None, 2.5])).to_list()
    ['1', None, '2.5']
    """
    kind = series.dtype
    if kind.is_float():
        return (series.fill_nan(None) + 0.0).cast(pl.String).str.strip_suffix(".0")
    if kind in (pl.Date, pl.Datetime):
        return series.dt.to_string("iso:strict")
    if kind.is_integer() or kind in (pl.String, pl.Boolean, pl.Null, pl.Categorical, pl.Enum):
        return series.cast(pl.String)
    return text_series([cell_text(value) for value in series.to_list()])


def as_numbers(labels: Sequence[object]) -> NDArray[np.float64] | None:
    """The labels as numbers, or None if any is a word.

    Examples
    --------
    >>> as_numbers(["1", "2", "5"]), as_numbers(["poor", "good"])
    (array([1., 2., 5.]), None)
    """
    try:
        values = np.array([float(str(label)) for label in labels])
    except ValueError:
        return None
    return values if np.isfinite(values).all() else None


def one_number(labels: Sequence[object], numbers: NDArray[np.float64]) -> tuple[str, str] | None:
    """Two labels whose numbers fall together in double precision, or None.

    Examples
    --------
    >>> one_number(["3", "10000000000000001", "10000000000000002"], np.array([3.0, 1e16, 1e16]))
    ('10000000000000001', '10000000000000002')
    """
    order = np.argsort(numbers, kind="stable")
    same = np.flatnonzero(np.diff(numbers[order]) == 0)
    return (str(labels[order[same[0]]]), str(labels[order[same[0] + 1]])) if len(same) else None


def distinct_numbers(labels: Sequence[object]) -> NDArray[np.float64] | None:
    """The labels as numbers, or None if any is a word; refused where two numbers fall together in double precision.

    Examples
    --------
    >>> distinct_numbers(["100000000000000001", "100000000000000002"])  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: labels '100000000000000001' and '100000000000000002' are one number at double ...
    """
    numbers = as_numbers(labels)
    if numbers is not None and (same := one_number(labels, numbers)):
        a, b = same
        raise NotEstimable(f"labels {a!r} and {b!r} are one number at double precision: subtract what all share")
    return numbers


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
    nested : dict of str to list of int
        By column, the rows from 1 that held a list or an object.
    dates : dict of str to int
        By column, how many cells a spreadsheet holds as dates.
    """

    frame: pl.DataFrame
    name: str
    sha256: str | None = None
    problems: list[Problem] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    decimal_comma: bool = False
    nested: dict[str, list[int]] = field(default_factory=dict)
    dates: dict[str, int] = field(default_factory=dict)


def raw_table(
    header: Sequence[Any],
    columns: Sequence[pl.Series | list[Any]],
    name: str,
    problems: Iterable[Problem] = (),
    notes: Iterable[str] = (),
) -> Raw:
    """A raw table from a header, which may repeat or lack names, and columns of any type, or of Python values."""
    raw = Raw(pl.DataFrame(), name, None, list(problems), list(notes))
    kept: dict[str, pl.Series] = {}
    for at, (title, column) in enumerate(zip(header, columns, strict=True), start=1):
        label, held = cell_text(title) or "", list[int]()
        if isinstance(column, list) or column.dtype.is_nested():
            held = [row for row, value in enumerate(column) if isinstance(value, _Structure | pl.Series) and len(value)]
        texts = text_series(map(cell_text, column)) if isinstance(column, list) else text_column(column)
        texts = texts.rechunk()  # where columns lie in unlike pieces, every later step copies them all
        longest: Any = texts.str.len_bytes().max() or 0
        longest = texts.str.len_chars().max() if longest > bounds.LONGEST_CELL else longest  # no more than bytes
        bounds.within(name, "LONGEST_CELL", longest, f"characters in a cell of {quoted(label)}")
        if not label.strip():
            if not texts.fill_null("").str.strip_chars().ne("").any():
                continue
            label = f"column {at}"
            raw.notes.append(f"column {at} has no name and is kept as {label!r}")
        if (plain := label.strip()) != label and plain not in header:
            raw.notes.append(f"column {quoted(label)} is read as {quoted(plain)}, without the blanks around it")
            label = plain
        if label in kept:
            raw.problems.append(
                Problem(f"two columns are called {quoted(label)}", "Rename one of them.", column=label[:80])
            )
            continue
        kept[label] = texts.alias(label)
        if held:
            said = f"lists or objects in {counted(len(held), 'cell')} were read as text"
            raw.notes.append(f"{label}: {said}, such as {quoted(texts[held[0]])}")
            raw.nested[label] = [row + 1 for row in held if structured(column[row])]
    raw.frame = pl.DataFrame(list(kept.values()))
    return raw


_MANY = 100_000


def on_all_cores(column: pl.Series, look: Callable[[Any], Any]) -> pl.Series:
    """What `look` says of a column cell by cell; a long column is shared among the cores.

    Examples
    --------
    >>> on_all_cores(pl.Series([" a", "b"]), lambda cells: cells.str.strip_chars()).to_list()
    ['a', 'b']
    """
    if len(column) < _MANY:
        return look(column)
    rows = column.alias("x").to_frame().lazy().select(look(pl.col("x")).alias("x"))
    return rows.collect(engine="streaming")["x"].rechunk().alias(column.name)


Kinds = tuple[NDArray[np.int32], pl.Series]


def encoded(values: pl.Series) -> Kinds:
    """For each cell the place of its value among the distinct ones, which stand as they first occur; null is one.

    Examples
    --------
    >>> places, kinds = encoded(pl.Series(["b", None, "b", "a"]))
    >>> places.tolist(), kinds.to_list()
    ([0, 1, 0, 2], ['b', None, 'a'])
    """
    made = values.hash().to_arrow().dictionary_encode()
    places, first = made.indices.to_numpy(), np.empty(len(made.dictionary), np.int64)
    first[places[::-1]] = np.arange(len(values))[::-1]
    kinds = values.gather(first)
    if kinds.gather(places).equals(values):
        return places, kinds
    made = values.to_arrow().dictionary_encode("encode")  # two values have one hash
    return made.indices.to_numpy(), pl.Series(values.name, made.dictionary, values.dtype)


def narrowed(kinds: Kinds, kept: pl.Series) -> Kinds:
    """What `encoded` gives for the rows that are kept."""
    if kept.all():
        return kinds
    places, still = encoded(pl.Series(kinds[0]).filter(kept))
    return places, kinds[1].gather(still)


def text_series(values: Iterable[str | None]) -> pl.Series:
    """Python strings as a column, whatever they hold."""
    return pl.Series([None if value is None else encodable(value) for value in values], dtype=pl.String)


def columns_of(rows: Sequence[Sequence[str | None]], width: int) -> list[pl.Series]:
    """Rows of texts as columns."""
    return [text_series(column) for column in zip(*rows, strict=True)] or [text_series([])] * width
