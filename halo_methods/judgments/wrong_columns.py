"""Signs that a column of a table stands for the wrong thing: what was seen, and the column that looks right.

Each is a note and never a fault: a table may be so. Fewer than `LEAST` rows say nothing, except of labels that are
moments.
"""

import re
from collections.abc import Callable, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..results import counted
from .cells import Kinds, quoted
from .coding import one_rater_each
from .options import OPTIONAL, REQUIRED, alike
from .spellings import number

LEAST = 10
_NEARLY_ALL, _MOSTLY, _MOST_ANSWERS = 0.999, 0.9, 50
_WORDS_OF_TEXT, _DIGITS_OF_NAME = 5, 5
_MOMENT = re.compile(r"\s*\d{1,4}([-/.])\d{1,2}\1\d{2,4}([T ]\s*\d.*)?|\s*[A-Z][a-z]{2} [A-Z][a-z]{2} \d\d .*\d{4}\s*")
_SINCE_1970 = ((1e9, 2.2e9), (1e12, 2.2e12))
_STATUS = {"accept", "reject", "ignore", "skip", "accepted", "rejected", "ignored", "skipped", "approved", "submitted",
           "expired", "discarded", "draft", "pending", "completed"}  # fmt: skip
_MEANS = {"item_id": "the item", "rater_id": "the rater", "label": "the answer"}
Codes = NDArray[np.int32]


def wrong_columns(
    items: Codes, raters: Codes, labels: Kinds | pl.Series, rows: Callable[[], pl.DataFrame], *, source: str = "label"
) -> list[str]:
    """What looks wrong in the columns of item, rater and label.

    Parameters
    ----------
    items, raters : array of int
        The item and the rater of each judgment as numbers.
    labels : Kinds or polars.Series
        The labels as numbers and texts, or, where they are numbers, themselves.
    rows : callable
        Gives the table; asked only where there is something to say.
    source : str
        What the column of labels is called in the file.

    Examples
    --------
    >>> rows = [(f"task {n // 2}", f"row {n}", "yn"[n // 4 % 2], "ab"[n % 2]) for n in range(20)]
    >>> table = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "worker"], orient="row")
    >>> places = np.arange(20)
    >>> wrong_columns(places // 2, places, (places // 4 % 2, pl.Series(["y", "n"])), lambda: table)
    ["rater_id: each of the 20 rows has a rater of its own; 'worker' looks like the rater"]
    """
    notes = _of_labels(labels, rows, source)
    if (n := len(items)) < LEAST:
        return notes
    n_items, n_raters = _distinct(items), _distinct(raters)
    if n_items == 1:
        notes.append(_said("item_id", f"all {n:,} rows have one value", rows))
    elif n_raters == n:
        notes.append(_said("rater_id", f"each of the {n:,} rows has a rater of its own", rows))
    elif one_rater_each(items, raters):
        who = "one rater made all judgments" if n_raters == 1 else f"each of the {n_items:,} items has one rater"
        wrong = "item_id" if n_items == n else "rater_id"
        notes.append(_said(wrong, f"{who}, so agreement is not known", rows))
    return notes


def _distinct(codes: Codes) -> int:
    return int(np.count_nonzero(np.bincount(codes)))


def _said(column: str, what: str, rows: Callable[[], pl.DataFrame]) -> str:
    """A sign, and the column that looks right where there is one."""
    near = likely(rows(), column)
    return f"{column}: {what}" + (f"; {quoted(near)} looks like {_MEANS[column]}" if near else "")


def _of_labels(labels: Kinds | pl.Series, rows: Callable[[], pl.DataFrame], source: str) -> list[str]:
    if isinstance(labels, pl.Series):
        n, texts, middle = len(labels), [], labels.median()
        share, top = float((labels == middle).mean() or 0), middle  # type: ignore[arg-type]
        moments = _since_1970([labels.min(), labels.max()])
    else:
        times = np.bincount(labels[0], minlength=len(labels[1]))
        texts = [text for text in labels[1].filter(pl.Series(times > 0)).to_list() if text is not None]
        n, share, top = len(labels[0]), times.max() / len(labels[0]), labels[1][int(times.argmax())]
        moments = len(texts) > 1 and (_since_1970(texts) or all(map(_MOMENT.fullmatch, texts)))
    if moments:
        return [_said("label", "the labels are moments in time", rows)]
    if n < LEAST:
        return []
    if len(texts) > 1 and _STATUS.issuperset(text.strip().lower() for text in texts):
        near = likely(rows(), "label")
        if near == "accept" or (near in alike("label", [near or ""]) and not alike("label", [source])):
            return [_said("label", f"{', '.join(map(quoted, sorted(texts)))} look like a status of the work", rows)]
    if len(texts) >= _MOSTLY * n and not _measured(texts):
        what = "free text" if _is_text(texts) else "an identifier"
        return [_said("label", f"{counted(len(texts), 'label')} in {n:,} rows look like {what}", rows)]
    if len(texts) > n / 2 and _is_text(texts):
        return [_said("label", f"{counted(len(texts), 'label')} in {n:,} rows look like free text", rows)]
    if share >= _NEARLY_ALL:
        much = "every label" if share == 1 else f"{share:.2%} of the labels"
        return [_said("label", f"{quoted(top)} is {much}", rows)]
    return []


def _since_1970(values: Sequence[object]) -> bool:
    """Whether all are whole numbers, and such as count seconds or milliseconds since 1970."""
    numbers = [number(str(value)) for value in values]
    return any(all(x is not None and low <= x <= high for x in numbers) for low, high in _SINCE_1970)


def _measured(texts: Sequence[str]) -> bool:
    """Whether all are numbers, and such as a rating or a measurement has."""
    numbers = [number(text) for text in texts]
    return None not in numbers and not all(text.isdigit() and len(text) >= _DIGITS_OF_NAME for text in texts)


def _is_text(texts: Sequence[str]) -> bool:
    return sum(len(text.split()) for text in texts[:1000]) >= _WORDS_OF_TEXT * len(texts[:1000])


def likely(frame: pl.DataFrame, name: str) -> str | None:
    """Of the columns that stand for nothing yet, the one that looks like item, rater or answer; None where none does.

    A name that says so counts most. Without one, the column must be the only one that could be it.

    Examples
    --------
    >>> rows = [(f"t{n // 2}", f"a{n}", "yn"[n // 4 % 2], f"w{n % 2}", "x") for n in range(20)]
    >>> likely(pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "who", "site"], orient="row"), "rater_id")
    'who'
    """
    free = [c for c, kind in frame.schema.items() if c not in (*REQUIRED, *OPTIONAL) and kind == pl.String]
    fits = [column for column in free if _fits(frame, name, column)]
    named = [column for column in alike(name, free) if column in fits]
    return named[0] if named else fits[0] if len(fits) == 1 else None


def _fits(frame: pl.DataFrame, name: str, column: str) -> bool:
    """Whether a column behaves like items, raters or answers."""
    values, n = frame[column].drop_nulls(), len(frame)
    kinds = values.n_unique()
    if not 2 <= kinds <= n / 2 or len(values) < n / 2:
        return False
    if name == "item_id":  # a rater judges it once
        keys = [c for c in ("rater_id", "criterion", "stage", "round") if c in frame.columns]
        return len(frame.select(column, *keys).unique()) == n
    differs = len(frame.select("item_id", column).unique()) > frame["item_id"].n_unique()  # within an item
    if name == "rater_id":
        return differs and len(frame.select(column, "label").unique()) > kinds
    return differs and kinds <= _MOST_ANSWERS
