"""Raw text into judgments: mapped, converted, filtered, and every problem listed."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from functools import partial

import polars as pl

from ..errors import BadOption, InvalidData, Problem
from ..results import counted
from .cells import Raw, accepted_answers, moment, quoted
from .coding import numbered
from .options import OPTIONAL, REQUIRED, Reading, nearest, number, renamed
from .problems import (
    below_zero,
    like_missing,
    lookalikes,
    no_moment,
    no_number,
    no_order,
    no_word,
    nul_byte,
    odd_locales,
    off_scale,
)
from .table import Judgments, Source
from .where import matching

UNIT = ("item_id", "rater_id", "criterion", "stage", "round")
ALLOWED = {
    "rater_type": ("human", "model"),
    "stage": ("label", "review", "audit", "adjudication"),
}
_WITH_COMMAS = r"^[-+]?\d+(,\d+)?(\|[-+]?\d+(,\d+)?)*$"


class _Check:
    """One table on its way: `frame` keeps every row until the end, `live` says which still count."""

    def __init__(self, raw: Raw, how: Reading):
        self.how, self.name, self.decimal_comma = how, raw.name, raw.decimal_comma
        self.problems, self.notes = list(raw.problems), list(raw.notes)
        self.broken = {p.row for p in raw.problems if p.column is None}
        self.frame, self.names = renamed(raw.frame, how.columns, self.problems)
        self.n = len(raw.frame)
        self.live = pl.repeat(True, self.n, dtype=pl.Boolean, eager=True)
        self.dropped: dict[str, int] = {}
        self.found: list[Problem] = []
        self.looked_at: set[str] = set()

    def problem(self, column: str, hit: pl.Series, about: Callable[[str], Problem]) -> None:
        """A problem for each row that is hit; rows already known as broken are passed over."""
        rows = hit.fill_null(False).arg_true()
        cells = self.frame[column].gather(rows).cast(pl.String)
        name = self.names.get(column, column)
        for row, cell in zip((rows + 1).to_list(), cells.to_list(), strict=True):
            if row not in self.broken:
                self.found.append(replace(about(cell or ""), row=row, column=name))

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
    if state.frame.width:
        for step in (_blank, _replace, _convert, _filter, _labels, _identifiers, _words, _gold, _repeated, _remarks):
            step(state)
    live = set((state.live.arg_true() + 1).to_list())
    columns = {state.names.get(c, c) for c in state.looked_at}
    kept = [p for p in state.found if p.row in live or p.column in columns]
    problems = sorted([*state.problems, *kept], key=lambda p: p.row or 0)
    used = int(state.live.sum())
    if not problems and not used:
        why = "; ".join(f"{n:,} {reason}" for reason, n in state.dropped.items()) or "the table has no rows"
        problems = [Problem(f"no judgment is left ({why})", "Give at least one row with a label.")]
    if problems:
        raise InvalidData(problems)
    source = Source(raw.name, raw.sha256, state.n, used, state.dropped, tuple(state.notes))
    repeats = how.duplicates == "round"
    judgments = Judgments(state.frame.filter(state.live), how.scale, how.level, how.level_given, source, repeats)
    numbered(judgments)
    return judgments


def _blank(state: _Check) -> None:
    empty = pl.all().str.strip_chars() == ""
    state.frame = state.frame.with_columns(pl.when(~empty).then(pl.all()))
    state.drop(state.frame.select(pl.all_horizontal(pl.all().is_null()))[:, 0], "blank row")
    for column in [c for c in OPTIONAL if c in state.frame.columns]:
        if state.n and state.frame[column].null_count() == state.n:
            state.frame = state.frame.drop(column)
            state.notes.append(f"column {state.names.get(column, column)} is empty and was left out")


def _replace(state: _Check) -> None:
    for column, mapping in state.how.values.items():
        if column not in state.frame.columns:
            what = f"there is no column {quoted(column)}, whose values are to be replaced"
            state.problems.append(Problem(what, nearest(column, state.frame.columns), option="values"))
            continue
        there = set(state.frame[column].unique())
        for text in mapping:
            if str(text) not in there:
                state.notes.append(f"values: {quoted(text)} does not occur in {column}")
        old, new = [str(t) for t in mapping], [str(t) or None for t in mapping.values()]
        state.frame = state.frame.with_columns(pl.col(column).replace(old, new) if old else pl.col(column))


def _pointed(state: _Check, column: str) -> pl.Series:
    """The column's texts with a decimal point where a file of semicolons writes a comma, in each accepted answer."""
    plain = state.frame[column].str.strip_chars()
    if state.decimal_comma and not plain.str.contains(".", literal=True).any():
        commas = plain.str.contains(",") & plain.str.contains(_WITH_COMMAS)
        if commas.any():
            count = int(commas.sum())
            state.notes.append(f"{column}: the comma in {counted(count, 'cell')} was read as a decimal point")
            return plain.str.replace_all(",", ".", literal=True)
    return plain


def _numbers(state: _Check, column: str) -> pl.Series:
    """The column as finite numbers; what is none is a problem."""
    texts = state.frame[column]
    plain = _pointed(state, column)
    made = plain.cast(pl.Float64, strict=False)
    made = made.set(~made.is_finite().fill_null(True), None)
    wrong = texts.is_not_null() & made.is_null()
    if column == "label":
        wrong = wrong & ~texts.is_in(list(state.how.missing))
    state.problem(column, wrong, no_number)
    return made


def _convert(state: _Check) -> None:
    made: list[pl.Series] = []
    for column in ("seconds", "cost"):
        if column in state.frame.columns:
            numbers = _numbers(state, column)
            state.problem(column, numbers < 0, below_zero)
            made.append(numbers)
    if "rated_at" in state.frame.columns:
        made.append(_moments(state))
    if "stage" in state.frame.columns:
        stage = state.frame["stage"]
        if stage.null_count():
            count = int((state.live & stage.is_null()).sum())
            state.notes += [f"stage: {count:,} empty cells were taken as 'label'"] if count else []
            made.append(stage.fill_null("label"))
    state.frame = state.frame.with_columns(made)


def _moments(state: _Check) -> pl.Series:
    texts = state.frame["rated_at"]
    unique = texts.drop_nulls().unique().to_list()
    parsed: list[datetime | None] = []
    bare = False
    for text in unique:
        try:
            at, told = moment(text.strip())
            parsed.append(at.replace(tzinfo=None))
            bare |= not told
        except ValueError:
            parsed.append(None)
    if bare:
        state.notes.append("rated_at has moments without an offset; they were taken as UTC")
    made = texts.replace_strict(unique, parsed, default=None, return_dtype=pl.Datetime("us"))
    made = made.dt.replace_time_zone("UTC")
    state.problem("rated_at", texts.is_not_null() & made.is_null(), no_moment)
    return made


def _filter(state: _Check) -> None:
    if state.how.where is None:
        return
    frame = state.frame
    if state.how.numeric and "label" in frame.columns:
        frame = frame.with_columns(pl.col("label").str.strip_chars().cast(pl.Float64, strict=False))
    try:
        kept, looked_at = matching(state.how.where, frame)
    except BadOption as error:
        if state.problems:
            return
        raise error
    state.looked_at = looked_at
    state.drop(~kept, f"not where {state.how.where}")


def _labels(state: _Check) -> None:
    if "label" not in state.frame.columns:
        return
    labels, how = state.frame["label"], state.how
    state.drop(labels.is_null(), "empty label")
    for text in how.missing[1:]:
        state.drop(labels == text, f"label {quoted(text)} taken as missing")
    if not how.numeric:
        if how.scale is not None:
            state.problem("label", state.live & ~labels.is_in(list(how.scale)), partial(off_scale, how, "label"))
        elif how.level == "ordinal" and any(number(t) is None for t in labels.filter(state.live).unique()):
            state.problems.append(no_order("ordinal"))
        return
    numbers = _numbers(state, "label")
    if how.scale is not None:
        low, high = (float(end) for end in how.scale)
        state.problem("label", state.live & ~numbers.is_between(low, high), partial(off_scale, how, "label"))
    state.frame = state.frame.with_columns(numbers)


def _empty(column: str, cell: str) -> Problem:
    return Problem("the cell is empty", f"Give every judgment a {column}.")


def _identifiers(state: _Check) -> None:
    for column in ("item_id", "rater_id"):
        if column in state.frame.columns:
            empty = state.live & state.frame[column].is_null()
            state.problem(column, empty, partial(_empty, column))


def _words(state: _Check) -> None:
    for column, allowed in ALLOWED.items():
        if column not in state.frame.columns:
            continue

        words = state.frame[column]
        wrong = state.live & words.is_not_null() & ~words.is_in(list(allowed))
        state.problem(column, wrong, partial(no_word, column, allowed))


def _gold(state: _Check) -> None:
    if "gold" not in state.frame.columns:
        return
    how, wrong = state.how, []
    gold = state.frame["gold"]
    absent = gold.is_in(list(how.missing[1:])).fill_null(False)
    if absent.any():
        state.notes.append(f"gold: {int(absent.sum()):,} cells listed as missing were taken as no gold")
        state.frame = state.frame.with_columns(gold.set(absent, None))
    if how.numeric:
        state.frame = state.frame.with_columns(_pointed(state, "gold"))
    gold = state.frame["gold"]
    allowed = set(how.scale or ()) if not how.numeric else set()
    for text in gold.drop_nulls().unique():
        answers = accepted_answers(text)
        if "" in answers:
            wrong.append(text)
        elif how.numeric:
            low, high = (float(e) for e in (how.scale or (float("-inf"), float("inf"))))
            numbers = [number(answer) for answer in answers]
            if any(n is None or n != n or abs(n) == float("inf") or not low <= n <= high for n in numbers):
                wrong.append(text)
        elif allowed and not allowed.issuperset(answers):
            wrong.append(text)
    state.problem("gold", state.live & gold.is_in(wrong), partial(off_scale, how, "gold"))


def _repeated(state: _Check) -> None:
    keys = [c for c in UNIT if c in state.frame.columns]
    if not set(REQUIRED) <= set(state.frame.columns):
        return
    rows = state.frame.select(keys).with_columns(
        pl.int_range(1, state.n + 1).alias(" row"), (state.live & ~_nulls(state.frame)).alias(" live")
    )
    live = rows.filter(pl.col(" live")).with_columns(
        pl.col(" row").cum_count().over(keys).alias(" nth"),
        pl.len().over(keys).alias(" of"),
        pl.col(" row").first().over(keys).alias(" first"),
    )
    again = live.filter(pl.col(" of") > 1)
    if not len(again) and state.how.duplicates != "round":
        return
    rule = state.how.duplicates
    if rule == "round" and "round" not in keys:
        number = pl.Series("round", [None] * state.n, dtype=pl.String)
        number = number.scatter(live[" row"] - 1, live[" nth"].cast(pl.String))
        at = len([c for c in (*REQUIRED, *OPTIONAL[: OPTIONAL.index("round")]) if c in state.frame.columns])
        state.frame = state.frame.insert_column(at, number.alias("round"))
        if len(again):
            count = int((live[" nth"] > 1).sum())
            state.notes.append(f"{count:,} repeated judgments were numbered as later rounds, in the order of the file")
    elif rule in ("first", "last"):
        extra = live.filter(pl.col(" nth") > 1 if rule == "first" else pl.col(" nth") < pl.col(" of"))
        hit = pl.repeat(False, state.n, dtype=pl.Boolean, eager=True).scatter(extra[" row"] - 1, True)
        state.drop(hit, f"repeated judgment, {rule} kept")
    else:
        fix = "Remove it, map the column that tells them apart (criterion, stage, round), or say which to keep "
        fix += f"(first, last{'' if 'round' in keys else ' or round'})."
        for row, first in live.filter(pl.col(" nth") > 1).select(" row", " first").iter_rows():
            if row not in state.broken:
                what = f"the same {', '.join(keys)} as row {first}"
                state.found.append(Problem(what, fix, row, option="duplicates", value="first"))


def _nulls(frame: pl.DataFrame) -> pl.Series:
    return frame["item_id"].is_null() | frame["rater_id"].is_null()


def _remarks(state: _Check) -> None:
    """Notes on what is allowed but looks odd, and bytes that are never right."""
    frame = state.frame
    for column, kind in frame.schema.items():
        if kind == pl.String:
            nul = state.live & frame[column].str.contains("\0", literal=True)
            state.problem(column, nul, nul_byte)
    texts = {c: frame[c].filter(state.live) for c, kind in frame.schema.items() if kind == pl.String}
    for column in ("item_id", "rater_id", *(("label",) if state.how.scale is None else ())):
        if column in texts:
            state.notes += lookalikes(texts[column], column)
    state.notes += like_missing(texts["label"]) if "label" in texts else []
    state.notes += odd_locales(texts["locale"]) if "locale" in texts else []
