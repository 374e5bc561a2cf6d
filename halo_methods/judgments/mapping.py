"""The caller's names for columns onto ours, with a suggestion where one is missing."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

import polars as pl

from ..errors import Problem
from .cells import LONGEST_QUOTE, quoted

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
