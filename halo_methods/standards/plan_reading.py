"""Reading a plan: what is wrong with it as a document, before any standard is asked.

Types are checked by ``jsonschema`` against :func:`.plan_schema.schema`; its errors
are put into words here, each with the clause's path and a mend.
"""

import difflib
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any

from ..errors import HaloError, InvalidData, Problem
from .clauses import CLAUSES
from .loading import read_yaml
from .plan_schema import about, schema

MOST_VALUES, DEEPEST, MOST_PROBLEMS = 20_000, 12, 100
_BIDI = set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_WORDS = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a block of clauses",
}


@dataclass(frozen=True)
class Plan:
    """A plan as read: its clauses, and what could not be read.

    Attributes
    ----------
    name : str
        The file's name, or "a plan".
    values : dict
        Clauses with a value, nested; dates are ISO text.
    problems : tuple of Problem
        What is wrong with the document.
    unreadable : dict
        Clause -> why a standard that needs it can't be decided.
    folder : Path
        Where relative paths of ``results`` start.
    """

    name: str
    values: dict[str, Any]
    problems: tuple[Problem, ...]
    unreadable: dict[str, str]
    folder: Path

    def get(self, clause: str) -> Any:
        """The clause's value, or None when the plan doesn't give one."""
        node: Any = self.values
        for key in clause.split("."):
            node = node.get(key) if isinstance(node, dict) else None
        return node

    def why_unreadable(self, clause: str) -> str | None:
        """Why the clause can't be read, or None."""
        for path, why in self.unreadable.items():
            if clause == path or clause.startswith(path + ".") or path.startswith(clause + "."):
                return why
        return None

    @property
    def title(self) -> str:
        title = self.get("title")
        return title if isinstance(title, str) else self.name


def read_plan(source: str | Path | Mapping[str, Any]) -> Plan:
    """Read a plan and list what is wrong with it as a document.

    Parameters
    ----------
    source : path or mapping
        A YAML file, or what such a file holds.

    Returns
    -------
    Plan
        With its problems; clauses without a value are left out.

    Raises
    ------
    HaloError
        When it is not a plan at all: unreadable, too large, not a block of clauses.

    Examples
    --------
    >>> plan = read_plan({"title": "Trial", "task": "label", "risk": "low", "stage": "design",
    ...                   "raters": {"overlapp": 3}})
    >>> print(plan.problems[0])
    `raters.overlapp` is not a clause of a plan. Did you mean `raters.overlap`?
    """
    if isinstance(source, Mapping):
        raw, name, folder = source, "a plan", Path()
    else:
        raw, name, folder = read_yaml(source), Path(source).name, Path(source).parent
    if raw is None:
        raw = {}
    if not isinstance(raw, Mapping):
        raise InvalidData([Problem(f"the plan is {show(raw)}", "Write clauses, as `title: …`, one on a line.")])
    found: list[tuple[str, Problem]] = []
    values = _plain(raw, "", 0, [0], found)
    found = list(dict.fromkeys([*found, *islice(_faults(values), MOST_PROBLEMS)]))
    unreadable = {re.sub(r"\[\d+\]", "", path): f"{p.what}" for path, p in found if path}
    return Plan(name, values, tuple(p for _, p in found[:MOST_PROBLEMS]), unreadable, folder)


def show(value: object) -> str:
    """A value as a message quotes it, at most 60 characters of it.

    Examples
    --------
    >>> show("x" * 100)[:5], show([1, 2]), show(None), show(True)
    ("'xxxx", 'a list of 2', 'empty', 'true')
    """
    if value is None or isinstance(value, bool):
        return {None: "empty", True: "true", False: "false"}[value]
    if isinstance(value, list | tuple):
        return f"a list of {len(value)}"
    if isinstance(value, Mapping):
        return "a block of clauses"
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:59] + "…")
    return str(value) if isinstance(value, int | float) else f"a {type(value).__name__}"


def nearest(word: str, words: list[str]) -> str | None:
    """The word most like the given one, or None when nothing is near."""
    found = difflib.get_close_matches(word[:80], words, n=1, cutoff=0.7)
    return found[0] if found else None


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _plain(value: Any, path: str, depth: int, seen: list[int], found: list[tuple[str, Problem]]) -> Any:
    """The value in JSON's types; what has none is left out and noted."""
    seen[0] += 1
    if seen[0] > MOST_VALUES:
        raise HaloError(f"the plan holds more than {MOST_VALUES:,} values; a plan is a page or two")
    if depth > DEEPEST:
        return _refuse(path, f"nests deeper than {DEEPEST} levels", "A plan needs four.", found)
    if isinstance(value, Mapping):
        block = {}
        for key, inner in value.items():
            if not isinstance(key, str) or not re.fullmatch(r"[\w.-]{1,80}", key):
                _refuse(_join(path, "?"), f"holds the key {show(key)}", "Keys are words of a plan.", found)
            elif (plain := _plain(inner, _join(path, key), depth + 1, seen, found)) is not None:
                block[key] = plain
        return block
    if isinstance(value, list | tuple):
        plains = [_plain(v, f"{path}[{i}]", depth + 1, seen, found) for i, v in enumerate(value)]
        return [p for p in plains if p is not None]
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, str):
        if any(c in _BIDI or (c not in "\n\t" and unicodedata.category(c) in ("Cc", "Cs")) for c in value):
            return _refuse(path, "holds a character that can't be shown", "Write it again by hand.", found)
        return value
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int | float):
        if abs(value) < 1e15 and math.isfinite(value):
            return value
        return _refuse(path, "is not a number a plan can use", "Write an ordinary number.", found)
    return _refuse(path, f"is {show(value)}", "Write text, a number, a date, true or false.", found)


def _refuse(path: str, what: str, mend: str, found: list[tuple[str, Problem]]) -> None:
    if len(found) < MOST_PROBLEMS:
        found.append((path, Problem(f"`{path or 'the plan'}` {what}", mend)))


@cache
def _validator() -> Any:
    from jsonschema import Draft202012Validator, FormatChecker

    return Draft202012Validator(schema(), format_checker=FormatChecker(formats=["date"]))


def _faults(values: Any) -> Iterator[tuple[str, Problem]]:
    for error in _validator().iter_errors(values):
        path = ""
        for part in error.absolute_path:
            path = f"{path}[{part}]" if isinstance(part, int) else _join(path, part)
        if error.validator == "required":
            full = _join(path, error.message.split("'")[1])
            yield full, _missing(full)
        elif error.validator == "additionalProperties":
            known = [*error.schema.get("properties", {})]
            patterns = [*error.schema.get("patternProperties", {})]
            for key in error.instance:
                if key not in known and not any(re.search(p, key) for p in patterns):
                    yield _unknown(path, key, known)
        else:
            yield path, _fault(f"`{path}`", error)


def _missing(path: str) -> Problem:
    clause = re.sub(r"\[\d+\]", "", path)
    note = about(clause) if clause in CLAUSES else "Every entry needs it."
    choices = CLAUSES.get(clause, {}).get("enum")
    return Problem(f"`{path}` is missing", note + (f" One of: {', '.join(choices)}." if choices else ""))


def _unknown(path: str, key: str, known: list[str]) -> tuple[str, Problem]:
    full = _join(path, key)
    what = f"`{full}` is not a clause of a plan"
    if not known:
        return full, Problem(what, "Markets are named by BCP 47 tag, as fr-FR.")
    near = nearest(key, known)
    if near:
        return _join(path, near), Problem(what, f"Did you mean `{_join(path, near)}`?")
    elsewhere = [name for name in CLAUSES if name.split(".")[-1] == key]
    if elsewhere:
        return elsewhere[0], Problem(what, f"Did you mean `{elsewhere[0]}`?")
    return full, Problem(what, "Take it out, or put a house's own clauses under `house`.")


def _fault(place: str, error: Any) -> Problem:
    value, wanted = error.instance, error.validator_value
    note = error.schema.get("description", "")
    match error.validator:
        case "type":
            return Problem(f"{place} is {show(value)}; it takes {_WORDS[wanted]}", _type_mend(value, wanted, note))
        case "enum":
            near = nearest(value, wanted) if isinstance(value, str) else None
            what = f"{place} is {show(value)}; it takes one of: {', '.join(wanted)}"
            return Problem(what, f"Did you mean {near}?" if near else note or "Write one of them.")
        case "minimum" | "maximum":
            bound = "least" if error.validator == "minimum" else "most"
            return Problem(f"{place} is {show(value)}; it is at {bound} {wanted:g}", note)
        case "pattern" | "format":
            return Problem(f"{place} is {show(value)}, which is not of the form it takes", note)
        case "minLength":
            return Problem(f"{place} is empty text", "Write it, or take the line out.")
        case "uniqueItems":
            return Problem(f"{place} lists something twice", "List each once.")
        case _:
            return Problem(f"{place} is too long", "A plan is a page or two; put details in a document it names.")


def _type_mend(value: object, wanted: str, note: str) -> str:
    if wanted == "string" and not isinstance(value, list | dict):
        return "Write it in quotes."
    if wanted == "array":
        return "Write it as a list, as [one, another]."
    if wanted in ("boolean", "integer", "number") and isinstance(value, str):
        return f"Write {_WORDS[wanted]}, without quotes."
    return note or "Write the clauses inside it, one on a line."
