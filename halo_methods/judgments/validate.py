"""Raw text into judgments: mapped, converted, filtered, and every problem listed."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import polars as pl

from ..errors import BadOption, InvalidData, Problem
from ..results import counted
from .cells import Raw, accepted_answers, moment, quoted
from .coding import numbered
from .options import OPTIONAL, REQUIRED, Reading, nearest, number, renamed
from .problems import (
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
        self.how, self.decimal_comma = how, raw.decimal_comma
        self.problems, self.notes = list(raw.problems), list(raw.notes)
        self.broken = {p.row for p in raw.problems if p.column is None}
        self.frame, self.names = renamed(raw.frame, how.columns, self.problems)
        self.n = len(raw.frame)
        self.live = pl.repeat(True, self.n, dtype=pl.Boolean, eager=True)
        self.dropped: dict[str, int] = {}
        self.found: list[Problem] = []
        self.looked_at: set[str] = set()

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
    if state.frame.width:
        for step in (_blank, _replace, _convert, _filter, _labels, _words, _gold, _repeated, _remarks):
            step(state)
    live = set((state.live.arg_true() + 1).to_list())
    columns = {state.names.get(c, c) for c in state.looked_at}
    kept = [p for p in state.found if p.row in live or p.column in columns]
    problems = sorted([*state.problems, *kept], key=lambda p: p.row or 0)
    if not problems and not live:
        why = "; ".join(f"{n:,} {reason}" for reason, n in state.dropped.items()) or "the table has no rows"
        problems = [Problem(f"no judgment is left ({why})", "Give at least one row with a label.")]
    if problems:
        raise InvalidData(problems)
    source = Source(raw.name, raw.sha256, state.n, len(live), state.dropped, tuple(state.notes))
    judgments = Judgments(
        frame=state.frame.filter(state.live),
        scale=how.scale,
        level=how.level or "nominal",  # type: ignore[arg-type]
        level_given=how.level is not None,
        source=source,
        rounds_are_repeats=how.duplicates == "round",
    )
    numbered(judgments)
    return judgments


def _blank(state: _Check) -> None:
    empty = pl.all().str.strip_chars() == ""
    state.frame = state.frame.with_columns(pl.when(~empty).then(pl.all()))
    state.drop(state.frame.select(pl.all_horizontal(pl.all().is_null()))[:, 0], "blank row")
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
        there = set(state.frame[column].unique())
        absent = [text for text in mapping if str(text) not in there]
        state.notes += [f"values: {quoted(text)} does not occur in {column}" for text in absent]
        new = {str(text): str(value) or None for text, value in mapping.items()}
        if new:
            state.frame = state.frame.with_columns(pl.col(column).replace(new))


def _pointed(state: _Check, column: str) -> pl.Series:
    """The column's texts with a decimal point where a file of semicolons writes a comma, in each accepted answer."""
    plain = state.frame[column].str.strip_chars()
    commas = plain.str.contains(",") & plain.str.contains(_WITH_COMMAS)
    if not state.decimal_comma or plain.str.contains(".", literal=True).any() or not commas.any():
        return plain
    state.notes.append(f"{column}: the comma in {counted(int(commas.sum()), 'cell')} was read as a decimal point")
    return plain.str.replace_all(",", ".", literal=True)


def _numbers(state: _Check, column: str) -> pl.Series:
    """The column as finite numbers; what is none is a problem."""
    made = _pointed(state, column).cast(pl.Float64, strict=False)
    made = made.set(~made.is_finite().fill_null(True), None)
    state.problem(column, state.frame[column].is_not_null() & made.is_null(), no_number)
    return made


def _convert(state: _Check) -> None:
    for column in state.there("seconds", "cost"):
        numbers = _numbers(state, column)
        state.problem(
            column, numbers < 0, lambda cell: Problem(f"{quoted(cell)} is below 0", "Correct or empty the cell.")
        )
        state.frame = state.frame.with_columns(numbers)
    if state.there("rated_at"):
        state.frame = state.frame.with_columns(_moments(state))
    if state.there("stage"):
        count = int((state.live & state.frame["stage"].is_null()).sum())
        state.notes += [f"stage: {count:,} empty cells were taken as 'label'"] if count else []
        state.frame = state.frame.with_columns(pl.col("stage").fill_null("label"))


def _moments(state: _Check) -> pl.Series:
    texts, parsed, bare = state.frame["rated_at"], {}, False
    for text in texts.drop_nulls().unique():
        try:
            at, told = moment(text.strip())
        except ValueError:
            continue
        parsed[text] = at.replace(tzinfo=None)
        bare |= not told
    if bare:
        state.notes.append("rated_at has moments without an offset; they were taken as UTC")
    made = texts.replace_strict(parsed, default=None, return_dtype=pl.Datetime("us")).dt.replace_time_zone("UTC")
    state.problem("rated_at", texts.is_not_null() & made.is_null(), no_moment)
    return made


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


def _labels(state: _Check) -> None:
    if not state.there("label"):
        return
    labels, how = state.frame["label"], state.how
    state.drop(labels.is_null(), "empty label")
    for text in how.missing[1:]:
        state.drop(labels == text, f"label {quoted(text)} taken as missing")
    if how.range:
        numbers = _numbers(state, "label")
        state.problem("label", ~numbers.is_between(*how.range), partial(off_scale, how, "label"))
        state.frame = state.frame.with_columns(numbers)
    elif how.listed:
        state.problem("label", ~labels.is_in(how.listed), partial(off_scale, how, "label"))
    elif how.level == "ordinal" and any(number(t) is None for t in labels.filter(state.live).unique()):
        state.problems.append(no_order("ordinal"))


def _empty(column: str, _: str) -> Problem:
    return Problem("the cell is empty", f"Give every judgment a {column}.")


def _words(state: _Check) -> None:
    """Identifiers, which are never empty, and columns of a few words."""
    for column in state.there("item_id", "rater_id"):
        state.problem(column, state.frame[column].is_null(), partial(_empty, column))
    for column in state.there(*ALLOWED):
        state.problem(column, ~state.frame[column].is_in(ALLOWED[column]), partial(no_word, column, ALLOWED[column]))


def _gold(state: _Check) -> None:
    if not state.there("gold"):
        return
    absent = state.frame["gold"].is_in(state.how.missing[1:]).fill_null(False)
    if absent.any():
        state.notes.append(f"gold: {int(absent.sum()):,} cells listed as missing were taken as no gold")
        state.frame = state.frame.with_columns(state.frame["gold"].set(absent, None))
    if state.how.range:
        state.frame = state.frame.with_columns(_pointed(state, "gold"))
    gold = state.frame["gold"]
    wrong = [text for text in gold.drop_nulls().unique() if not _on_scale(state.how, accepted_answers(text))]
    state.problem("gold", gold.is_in(wrong), partial(off_scale, state.how, "gold"))


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
        for row, first in rows.filter(pl.col("nth") > 1).select("row", "first").iter_rows():
            if row + 1 not in state.broken:
                what = f"the same {', '.join(keys)} as row {first + 1}"
                state.found.append(Problem(what, fix, row + 1, option="duplicates", value="first"))


def _remarks(state: _Check) -> None:
    """Notes on what is allowed but looks odd, and bytes that are never right."""
    texts = {c: state.frame[c].filter(state.live) for c, kind in state.frame.schema.items() if kind == pl.String}
    for column in texts:
        state.problem(column, state.frame[column].str.contains("\0", literal=True), nul_byte)
    for column in ("item_id", "rater_id", *(("label",) if state.how.scale is None else ())):
        state.notes += lookalikes(texts[column], column) if column in texts else []
    state.notes += like_missing(texts["label"]) if "label" in texts else []
    state.notes += odd_locales(texts["locale"]) if "locale" in texts else []
