"""How a table is to be read: the options of `read_judgments`, checked, and the caller's names for columns onto ours."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any, Literal, get_args

import polars as pl

from ..errors import BadOption, Problem
from .cells import LONGEST_QUOTE, cell_text, quoted

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Scale = tuple[str, ...] | tuple[float, float]

_LEVELS = get_args(Level)
_DUPLICATES = ("error", "first", "last", "round")


@dataclass(frozen=True)
class Reading:
    """The options of `read_judgments`, checked."""

    columns: dict[str, str]
    values: dict[str, dict[str, str]]
    scale: Scale | None
    level: Level
    level_given: bool
    duplicates: str
    where: str | None
    missing: tuple[str, ...]

    @classmethod
    def of(
        cls,
        columns: Mapping[str, str] | None,
        values: Mapping[str, Mapping[str, str]] | None,
        scale: Any,
        level: str | None,
        duplicates: str,
        where: str | None,
        missing: str | Sequence[str],
    ) -> "Reading":
        """The options, or BadOption with what is allowed."""
        if level is not None and level not in _LEVELS:
            raise BadOption.of("level", level, _LEVELS)
        if duplicates not in _DUPLICATES:
            raise BadOption.of("duplicates", duplicates, _DUPLICATES)
        columns, values = dict(columns or {}), {c: dict(v) for c, v in (values or {}).items()}
        absent = dict.fromkeys(["", *([missing] if isinstance(missing, str) else missing)])
        told = scale_of(scale)
        if told and isinstance(told[0], str):
            for text in told:
                if text in absent:
                    raise BadOption(f"{quoted(text)} is on the scale and listed as missing; it can't be both")
            if level in ("interval", "ratio") and any(number(str(text)) is None for text in told):
                raise BadOption(f"level is {level!r} but the scale holds labels that are no numbers")
        return cls(columns, values, told, level or "nominal", level is not None, duplicates,  # type: ignore[arg-type]
                   where or None, tuple(absent))  # fmt: skip

    @property
    def numeric(self) -> bool:
        """Whether labels become numbers."""
        if self.scale is None:
            return self.level in ("interval", "ratio")
        return not isinstance(self.scale[0], str)


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


def scale_of(given: Any) -> Scale | None:
    """A scale as given by a caller or on a command line.

    Parameters
    ----------
    given : None, list of labels, (low, high), or str
        A tuple of two numbers is a range; an end may be infinite or written
        ``"25+"``, which leaves the upper end open. Everything else is the list
        of labels in order. As text: ``"poor,fair,good"``, ``"0..25+"`` or ``"(0, 25+)"``;
        a label that holds a comma stands in double quotes.

    Raises
    ------
    BadOption
        If the scale is empty, repeats a label, or its ends are not in order.

    Examples
    --------
    >>> scale_of([1, 2, 3]), scale_of((0, "25+")), scale_of("poor,fair"), scale_of("0..100")
    (('1', '2', '3'), (0.0, inf), ('poor', 'fair'), (0.0, 100.0))
    """
    if given is None:
        return None
    if isinstance(given, str):
        inside = given.strip()
        bracketed = inside[:1] in ("(", "[") and inside[-1:] in (")", "]")
        dotted = ".." in inside and "," not in inside
        ranged = bracketed or dotted
        if not ranged:
            rows = csv.reader(inside.splitlines(), skipinitialspace=True)
            return scale_of([part.strip() for row in rows for part in row if part.strip()])
        ends = tuple(_end(p) for p in (inside[1:-1] if bracketed else inside).split(".." if dotted else ","))
        if len(ends) != 2 or None in ends:
            raise BadOption(f"scale is {quoted(given)}; write low..high, or the labels in order with commas")
        return _range(given, ends[0], ends[1])
    if not isinstance(given, list | tuple):
        raise BadOption(f"scale is {quoted(given)}; give a list of labels in order or (low, high)")
    numbers = [isinstance(g, int | float) and not isinstance(g, bool) for g in given]
    if isinstance(given, tuple) and len(given) == 2 and any(numbers):
        return _range(given, _end(given[0]), _end(given[1]))
    labels = tuple(cell_text(g) or "" for g in given)
    if not labels or "" in labels or len(set(labels)) < len(labels):
        raise BadOption(f"scale is {quoted(given)}; list each label once, none of them empty")
    return labels


def _end(given: Any) -> float | None:
    try:
        if isinstance(given, str) and given.endswith("+"):
            return float("inf") if float(given[:-1]) is not None else None
        return float(given)
    except (TypeError, ValueError, OverflowError):
        return None


def _range(given: Any, low: float | None, high: float | None) -> tuple[float, float]:
    if low is None or high is None or not low < high:
        raise BadOption(f"scale is {quoted(given)}; (low, high) are two numbers, low below high")
    return low, high


REQUIRED = ("item_id", "rater_id", "label")
OPTIONAL = (
    "criterion", "system", "cluster", "slice", "locale", "rated_at", "vendor", "queue", "rater_type", "stage",
    "round", "guideline", "suggestion", "gold", "seconds", "cost", "comment",
)  # fmt: skip


def renamed(
    frame: pl.DataFrame, columns: dict[str, str], problems: list[Problem]
) -> tuple[pl.DataFrame, dict[str, str]]:
    """The table under canonical names, and each renamed column's name in the source."""
    taken = set(columns.values())
    made: dict[str, pl.Series] = {}
    names: dict[str, str] = {}
    for name, source in columns.items():
        if source not in frame.columns:
            what = f"there is no column {quoted(source)}, which the option columns names for {name}"
            problems.append(Problem(what, nearest(source, frame.columns), option="columns"))
            continue
        made[name], names[name] = frame[source].alias(name), source
    for name in frame.columns:
        if name in made and name not in taken:
            what = f"two columns would be called {name}: it and {quoted(names[name])}"
            other = {f"other_{name}": name}
            problems.append(Problem(what, "Rename this one too.", column=name, option="columns", value=other))
        elif name not in taken:
            made[name] = frame[name]
    order = [c for c in (*REQUIRED, *OPTIONAL) if c in made]
    free = [c for c in made if c not in order]
    for name in REQUIRED:
        if name not in made and name not in columns:
            problems.append(_missing(name, free))
    return pl.DataFrame([made[c] for c in order + free]), names


def nearest(name: str, there: Sequence[str]) -> str:
    """Columns that are there and look like the one that is not."""
    near = get_close_matches(name, there, 3, 0.5) or list(there)[:20]
    return f"There is {', '.join(map(quoted, near))}."


_SYNONYMS = {
    "item_id": ("task_id", "task", "item", "id", "unit_id", "example_id", "sample_id", "question_id", "prompt_id"),
    "rater_id": ("rater", "annotator", "annotator_id", "worker", "worker_id", "user", "user_id", "judge", "labeler"),
    "label": ("answer", "rating", "score", "judgment", "judgement", "value", "choice", "annotation", "verdict"),
}


def _missing(name: str, free: Sequence[str]) -> Problem:
    """A required column that is not there, with the mapping that would supply it if a name looks right."""
    plain = {re.sub(r"[\W_]+", "_", c.strip().lower()).strip("_"): c for c in reversed(free)}
    near = [plain[s] for s in (name, *_SYNONYMS[name]) if s in plain]
    near += [plain[m] for m in get_close_matches(name, plain, 1, 0.6) if plain[m] not in near]
    if near:
        fix, source = f"If it is {quoted(near[0])}, map it.", near[0]
    else:
        there = ", ".join(quoted(c) for c in free[:20]) or "no other column"
        fix, source = f"Name the column that holds it; there is {there}.", "…"
    value = {name: source} if len(source) <= LONGEST_QUOTE else None
    return Problem(f"the column {name} is missing", fix, option="columns", value=value)
