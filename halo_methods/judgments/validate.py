"""Raw text into judgments: mapped, converted, filtered, and every problem listed with its fix."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from ..errors import BadOption, InvalidData, Problem
from ..results import counted
from . import faults
from .cells import Kinds, Raw, accepted_answers, encoded, narrowed, on_all_cores, one_number, quoted
from .coding import labelled, numbered
from .conversion import as_numbers, convert, pointed
from .options import OPTIONAL, REQUIRED, Reading, matching, nearest, number, renamed
from .spellings import LIKE_MISSING, lookalikes, number_spellings, odd_labels, respelled, rewritten, rounded, shortest
from .table import GROUPING, Judgments, Source
from .wrong_columns import wrong_columns

_NAMES = ("item_id", "rater_id", "criterion", *GROUPING, "round", "guideline")
_FEW = (*_NAMES, "label", "gold", "suggestion", "rater_type", "stage")  # columns whose distinct cells are looked at
UNIT = ("item_id", "rater_id", "criterion", "stage", "round")
ALLOWED = {"rater_type": ("human", "model"), "stage": ("label", "review", "audit", "adjudication")}


class _Check:
    """One table on its way: `frame` keeps every row until the end, `live` says which still count."""

    def __init__(self, raw: Raw, how: Reading):
        self.how, self.decimal_comma = how, raw.decimal_comma
        self.problems, self.notes, self.dates = list(raw.problems), list(raw.notes), raw.dates
        self.broken = {p.row for p in raw.problems if p.column is None}
        self.frame, self.names = renamed(raw.frame, how.columns, self.problems)
        self.nested = {c: raw.nested[n] for c in self.there(*REQUIRED) if (n := self.names.get(c, c)) in raw.nested}
        self.n = len(raw.frame)
        self.live = pl.repeat(True, self.n, dtype=pl.Boolean, eager=True)
        self.dropped: dict[str, int] = {}
        self.found: list[Problem] = []
        self.looked_at: set[str] = set()
        self.labels: set[str] = set()
        self.known: dict[str, Kinds] = {}

    def kinds(self, column: str, kept: pl.Series | None = None) -> pl.Series:
        """The distinct cells of a column, found once, or of the rows that are kept."""
        if column not in self.known:
            self.known[column] = encoded(self.frame[column])
        return self.known[column][1] if kept is None else narrowed(self.known[column], kept)[1]

    def each(self, column: str, look: Callable[[Any], Any]) -> pl.Series:
        """What `look` says of each cell; in a column of few values it is asked once for each."""
        if column not in _FEW:
            return on_all_cores(self.frame[column], look)
        seen = look(self.kinds(column))
        return seen.gather(self.known[column][0]) if seen.any() else pl.repeat(False, self.n, eager=True)

    def put(self, column: pl.Series) -> None:
        """Another column in place of the one of its name."""
        self.frame = self.frame.with_columns(column)
        self.known.pop(column.name, None)

    def respell(self, column: str, kinds: pl.Series) -> None:
        """Write the distinct cells of a column another way; they are known already where they stay distinct."""
        places = self.known[column][0]
        self.put(kinds.gather(places))
        if kinds.is_unique().all():
            self.known[column] = places, kinds

    def there(self, *columns: str) -> list[str]:
        """Those of the columns that the table has."""
        return [column for column in columns if column in self.frame.columns]

    def problem(self, column: str, hit: pl.Series, about: Callable[[str], Problem]) -> None:
        """A problem for each live row that is hit; rows already known as broken are passed over."""
        rows = (self.live & hit).fill_null(False).arg_true()
        cells = self.frame[column].gather(rows).cast(pl.String)
        for row, cell in zip((rows + 1).to_list(), cells.to_list(), strict=True):
            if row not in self.broken:
                self.found.append(replace(about(cell or ""), row=row, column=self.names.get(column, column)))

    def drop(self, hit: pl.Series, reason: str) -> None:
        hit = self.live & hit.fill_null(False)
        if hit.any():
            self.dropped[reason] = self.dropped.get(reason, 0) + int(hit.sum())
            self.live = self.live & ~hit


def conform(raw: Raw, how: Reading) -> Judgments:
    """Judgments out of a raw table.

    Raises
    ------
    InvalidData
        With every problem in the order of the rows.
    """
    state = _Check(raw, how)
    raw.frame = raw.frame.clear()  # what is replaced is let go
    if state.frame.width:
        for step in (_blank, _replace, convert, _filter, _spelled, _labels, _words, _gold, _repeated, _remarks):
            step(state)
    left = int(state.live.sum())
    live = set((state.live.arg_true() + 1).to_list()) if state.found else set()
    columns = {state.names.get(c, c) for c in state.looked_at}
    kept = [p for p in state.found if p.row in live or p.column in columns]
    faults = sorted([*state.problems, *kept], key=lambda p: p.row or 0)
    if not faults and not left:
        why = "; ".join(f"{n:,} {reason}" for reason, n in state.dropped.items()) or "the table has no rows"
        faults = [Problem(f"no judgment is left ({why})", "Give at least one row with a label.")]
    if faults:
        raise InvalidData(faults)
    source = Source(raw.name, raw.sha256, state.n, left, state.dropped, tuple(state.notes))
    judgments = Judgments(
        frame=state.frame if left == state.n else state.frame.filter(state.live),
        scale=how.scale,
        level=how.level or "nominal",  # type: ignore[arg-type]
        level_given=how.level is not None,
        source=source,
        rounds_are_repeats=how.duplicates == "round",
    )
    for column in {"item_id", "rater_id", "label", "round"}.intersection(state.known):
        judgments._kinds[column] = narrowed(state.known[column], state.live)
    numbered(judgments)
    if not judgments.numeric:
        labelled(judgments)
    return judgments


def _blank(state: _Check) -> None:
    with ThreadPoolExecutor(pl.thread_pool_size()) as cores:  # each column by itself
        list(cores.map(state.kinds, state.there(*_FEW)))
    for column in state.frame.columns:
        cells = state.kinds(column) if (few := column in _FEW) else state.frame[column]
        empty = on_all_cores(cells, lambda cells: cells.str.strip_chars() == "")
        if empty.any():
            (partial(state.respell, column) if few else state.put)(cells.set(empty, None))
    state.drop(state.frame.select(pl.all_horizontal(pl.all().is_null()))[:, 0], "blank row")
    titles = {column: state.names.get(column, column) for column in state.frame.columns}
    first = state.frame.columns[0]
    if state.frame[first].eq(titles[first]).any():
        again = pl.all_horizontal(pl.col(column).eq_missing(title) for column, title in titles.items())
        state.drop(state.frame.select(again.alias("again"))["again"], "repeated header")
    for column in state.there(*OPTIONAL):
        if state.n and state.frame[column].null_count() == state.n:
            state.frame = state.frame.drop(column)
            state.notes.append(f"column {state.names.get(column, column)} is empty and was left out")


def _replace(state: _Check) -> None:
    for column, mapping in state.how.values.items():
        if column not in state.frame.columns:
            what = f"there is no column {quoted(column)}, whose values are to be replaced"
            state.problems.append(Problem(what, nearest(column, state.frame.columns), option="values"))
            continue
        there = set(state.kinds(column))
        absent = [text for text in mapping if str(text) not in there]
        state.notes += [f"values: {quoted(text)} does not occur in {column}" for text in absent]
        new = {str(text): str(value) or None for text, value in mapping.items()}
        if new:
            state.put(state.frame[column].replace(new))


def _filter(state: _Check) -> None:
    if not state.how.where:
        return
    frame = state.frame
    if state.how.range and state.there("label"):
        frame = frame.with_columns(pl.col("label").str.strip_chars().cast(pl.Float64, strict=False))
    try:
        kept, state.looked_at = matching(state.how.where, frame)
    except BadOption:
        if state.problems:
            return
        raise
    state.drop(~kept, f"not where {state.how.where}")


def _spelled(state: _Check) -> None:
    """One spelling of each label, gold answer and suggestion, by the rule of `spellings`."""
    how = state.how
    if how.range or not state.there("label"):
        return
    given = set(state.kinds("label", state.live).drop_nulls())
    known = number_spellings(given, how.listed, how.missing)
    labels = {*(known.values() if known else given), *(how.listed or ())}
    for column in state.there("label", "gold", "suggestion"):
        new = respelled(state.kinds(column), known, labels)
        if n := int((state.frame[column].is_in(list(new)) & state.live).sum()) if new else 0:
            state.notes.append(rewritten(column, n, new))
            state.put(state.frame[column].replace(new))
    state.labels = labels


def _labels(state: _Check) -> None:
    if not state.there("label"):
        return
    labels, how = state.frame["label"], state.how
    state.drop(labels.is_null(), "empty label")
    for text in how.missing[1:]:
        state.drop(labels == text, f"label {quoted(text)} taken as missing")
    if how.range:
        numbers = as_numbers(state, "label")
        state.problem("label", ~numbers.is_between(*how.range), partial(faults.off_scale, how, "label"))
        long = labels.filter(labels.str.len_chars() > faults.DIGITS).unique()
        long = long.filter(long.cast(pl.Float64, strict=False).is_not_null())
        texts = sorted(set(map(shortest, long.filter(long.cast(pl.Float64).is_duplicated()))))
        if same := one_number(texts, np.array(texts, float)):
            state.problems.append(faults.too_long(*same))
        state.put(numbers)
    elif how.listed:
        on = state.each("label", lambda texts: texts.is_in(how.listed or ()))
        state.problem("label", ~on, partial(faults.off_scale, how, "label"))
    elif how.level == "ordinal" and any(number(t) is None for t in state.kinds("label", state.live)):
        state.problems.append(faults.no_order("ordinal"))


def _words(state: _Check) -> None:
    """Identifiers, which are never empty, and columns of a few words."""
    for column in state.there("item_id", "rater_id"):
        state.problem(column, state.frame[column].is_null(), partial(faults.no_value, column))
    for column, rows in state.nested.items():
        state.problem(column, pl.int_range(1, state.n + 1, eager=True).is_in(rows), faults.nested)
    for column in state.there(*ALLOWED):
        state.problem(
            column, ~state.frame[column].is_in(ALLOWED[column]), partial(faults.no_word, column, ALLOWED[column])
        )


def _gold(state: _Check) -> None:
    if not state.there("gold"):
        return
    absent = state.frame["gold"].is_in(state.how.missing[1:]).fill_null(False)
    if absent.any():
        state.notes.append(f"gold: {int(absent.sum()):,} cells listed as missing were taken as no gold")
        state.put(state.frame["gold"].set(absent, None))
    if state.how.range:
        state.put(pointed(state, "gold"))
    gold = state.frame["gold"]
    wrong = [text for text in state.kinds("gold").drop_nulls() if not _on_scale(state.how, accepted_answers(text))]
    state.problem("gold", gold.is_in(wrong), partial(faults.off_scale, state.how, "gold"))
    if state.how.scale is None and not state.how.range:
        unseen = {text: set(accepted_answers(text)) - state.labels for text in state.kinds("gold", state.live)}
        odd = [text for text, answers in unseen.items() if any(a.strip().lower() in LIKE_MISSING for a in answers)]
        state.problem("gold", gold.is_in(odd), faults.no_answer)
        if never := sorted({answer for answers in unseen.values() for answer in answers}):
            n = counted(len(never), "gold answer")
            state.notes.append(
                f"gold: {n} equal to no label, such as {quoted(never[0])}; if it is an error, correct it"
            )


def _on_scale(how: Reading, answers: tuple[str, ...]) -> bool:
    """Whether every answer may be a label."""
    if how.range:
        numbers = [number(answer) for answer in answers]
        return all(n is not None and how.range[0] <= n <= how.range[1] for n in numbers)
    return "" not in answers and (how.listed is None or set(how.listed).issuperset(answers))


def _repeated(state: _Check) -> None:
    keys, rule = state.there(*UNIT), state.how.duplicates
    if not set(REQUIRED) <= set(state.frame.columns):
        return
    named = state.frame["item_id"].is_not_null() & state.frame["rater_id"].is_not_null()
    cell = np.zeros(state.n, dtype=np.int64)
    for key in keys:  # where numbers wrap, keys may only look the same
        cell = cell * len(state.kinds(key)) + state.known[key][0]
    cell = np.sort(cell[(state.live & named).to_numpy()])
    if rule != "round" and (cell[1:] != cell[:-1]).all():  # far cheaper than numbering them
        return
    rows = state.frame.select(*keys, pl.int_range(pl.len()).alias("row")).filter(state.live & named)
    rows = rows.with_columns(
        nth=pl.col("row").cum_count().over(keys), of=pl.len().over(keys), first=pl.col("row").first().over(keys)
    )
    if rule == "round" and "round" not in keys:
        number = pl.Series("round", [None] * state.n, dtype=pl.String).scatter(rows["row"], rows["nth"].cast(pl.String))
        at = len(state.there(*REQUIRED, *OPTIONAL[: OPTIONAL.index("round")]))
        state.frame = state.frame.insert_column(at, number)
        if later := int((rows["nth"] > 1).sum()):
            state.notes.append(f"{later:,} repeated judgments were numbered as later rounds, in the order of the file")
    elif rule in ("first", "last"):
        extra = rows.filter(pl.col("nth") > 1 if rule == "first" else pl.col("nth") < pl.col("of"))
        state.drop(pl.int_range(state.n, eager=True).is_in(extra["row"]), f"repeated judgment, {rule} kept")
    else:
        fix = "Remove it, map the column that tells them apart (criterion, stage, round), or say which to keep "
        fix += f"(first, last{'' if 'round' in keys else ' or round'})."
        lost = [note for key in ("item_id", "rater_id") for note in rounded(state.kinds(key, state.live), key)]
        told = {} if lost else {"option": "duplicates", "value": "first"}
        for row, first in rows.filter(pl.col("nth") > 1).select("row", "first").iter_rows():
            if row + 1 not in state.broken:
                what = f"the same {', '.join(keys)} as row {first + 1}"
                state.found.append(Problem(what, f"{lost[0]}." if lost else fix, row + 1, **told))


def _wrong_columns(state: _Check) -> list[str]:
    """The signs of `wrong_columns` in the rows that are left."""
    for column in REQUIRED[:2]:
        state.kinds(column)
    whole, live = state.live.all(), state.live.to_numpy()
    places = {column: kinds[0] if whole else kinds[0][live] for column, kinds in state.known.items()}
    labels: Any = state.frame["label"] if whole else state.frame["label"].filter(state.live)
    if labels.dtype == pl.String:
        kinds = state.kinds("label")
        labels = (state.known["label"][0] if whole else state.known["label"][0][live], kinds)
    rows = state.frame if whole else state.frame.filter(state.live)
    source = state.names.get("label", "label")
    return wrong_columns(places["item_id"], places["rater_id"], labels, lambda: rows, source=source)


def _remarks(state: _Check) -> None:
    """Notes on what is allowed but looks odd, and bytes that are never right."""
    texts = [column for column, kind in state.frame.schema.items() if kind == pl.String]
    for column in texts:
        state.problem(column, state.each(column, lambda cells: cells.str.contains("\0", literal=True)), faults.nul_byte)
    named = [column for column in state.there(*_NAMES, "label") if column in texts]
    distinct = {column: state.kinds(column, state.live) for column in named}
    for column, values in distinct.items():
        state.notes += lookalikes(values, column) if column != "label" or state.how.scale is None else []
        state.notes += rounded(values, column) if column in ("item_id", "rater_id") else []
    for column in state.there(*REQUIRED, "gold", "suggestion"):
        if n := state.dates.get(state.names.get(column, column)):
            what = f"{column}: dates in {counted(n, 'cell')}"
            state.notes.append(f"{what}; a spreadsheet makes them of texts such as 1-2: format the column as text")
    state.notes += odd_labels(distinct["label"]) if "label" in distinct and state.how.scale is None else []
    if not (state.problems or state.found) and set(REQUIRED) <= set(state.frame.columns) and state.live.any():
        state.notes += _wrong_columns(state)
    state.notes += faults.odd_locales(distinct["locale"]) if "locale" in distinct else []
