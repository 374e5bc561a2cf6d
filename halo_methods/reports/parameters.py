"""What a report's notebook takes, read and checked before anything runs."""

import ast
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..documents import nearest
from ..errors import BadOption, HaloError
from .places import sample, sample_names

READING: dict[str, Any] = {
    "columns": {},
    "values": {},
    "scale": None,
    "level": None,
    "duplicates": "error",
    "where": None,
    "missing": [""],
    "encoding": "utf-8",
    "audience": "partner",
}
NAME_RATERS = ("expert", "experts", "drifted")
OPEN = ("level", "audience", "duplicates", "by")
NOT_KEPT = "given; not kept, since it names raters"
WITHHELD = "given; not kept for this audience"


def tags(cell: Mapping[str, Any]) -> list[str]:
    """A cell's tags."""
    return list(cell["metadata"].get("tags", []))


def parameters_of(notebook: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The parameters of a report and their defaults, read without running anything.

    Raises
    ------
    HaloError
        When the notebook has no cell tagged ``parameters``, more than one, or one that
        does more than assign literal values.
    """
    cells = [c for c in notebook["cells"] if c["cell_type"] == "code" and "parameters" in tags(c)]
    if len(cells) != 1:
        many = "no cell" if not cells else f"{len(cells)} cells"
        raise HaloError(f"report {name} has {many} tagged 'parameters'; a report has exactly one")
    found: dict[str, Any] = {}
    try:
        for statement in ast.parse(cells[0]["source"]).body:
            targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
            if not isinstance(statement, (ast.Assign, ast.AnnAssign)) or statement.value is None:
                raise ValueError
            for target in targets:
                if not isinstance(target, ast.Name):
                    raise ValueError
                found[target.id] = ast.literal_eval(statement.value)
    except (SyntaxError, ValueError):
        raise HaloError(f"the parameters of report {name} must be plain assignments of literal values") from None
    return found


def check_parameters(given: Mapping[str, Any], known: Mapping[str, Any], name: str) -> None:
    """Refuse a parameter the report does not have; papermill alone would run with the default."""
    for parameter in given:
        if parameter not in known:
            meant = nearest(parameter, known)
            meant = f" Did you mean {meant}?" if meant else ""
            raise BadOption(f"report {name} has no parameter {parameter!r}.{meant} It has: {', '.join(sorted(known))}.")


def recorded(given: Mapping[str, Any], audience: str) -> dict[str, Any]:
    """The parameters as a report's files keep them.

    Operations keeps all but those that name raters. Other audiences keep numbers, choices of the house
    (level, audience, duplicates) and the grouping column; a filter or a file name can name a person.

    Examples
    --------
    >>> recorded({"experts": ["anna"], "where": "rater_id <> 'anna'", "by": "locale", "drifted": []}, "operations")
    {'experts': 'given; not kept, since it names raters', 'where': 'given; not kept, since it names raters',
     'by': 'locale', 'drifted': []}
    >>> recorded({"where": "locale = 'fr-FR'", "alpha": 0.05, "expert": 7, "by": "locale"}, "partner")
    {'where': 'given; not kept for this audience', 'alpha': 0.05, 'expert': 'given; not kept, since it names raters',
     'by': 'locale'}
    """
    return {k: v if v in (None, "", [], {}) else _kept(k, v, audience) for k, v in given.items()}


def _kept(name: str, value: Any, audience: str) -> Any:
    if name in NAME_RATERS or (name in ("where", "values") and audience == "operations" and "rater_id" in str(value)):
        return NOT_KEPT
    if audience == "operations" or name in OPEN or isinstance(value, (bool, int, float)):
        return value
    return WITHHELD


def literal(value: Any) -> Any:
    """A parameter as a notebook can be given it: a pair of numbers is written ``"low..high"``."""
    if isinstance(value, tuple):
        numbers = len(value) == 2 and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in value)
        return f"{value[0]}..{value[1]}" if numbers else [literal(v) for v in value]
    if isinstance(value, Mapping):
        return {str(k): literal(v) for k, v in value.items()}
    if isinstance(value, list):
        return [literal(v) for v in value]
    if isinstance(value, Path):
        return str(value)
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    raise BadOption(f"a parameter is a {type(value).__name__}; use text, numbers, lists or mappings")


def locate(data: str | Path) -> tuple[str, str]:
    """What the notebook is given for `data`, and what the report calls it.

    Raises
    ------
    HaloError
        When it is neither a file nor the name of a sample.
    """
    path = Path(data).expanduser()
    if path.is_file():
        return str(path.resolve()), path.name
    if str(data) in sample_names():
        return str(data), sample(str(data)).name
    samples = ", ".join(sample_names()) or "none"
    raise HaloError(
        f"there is no file {path.name!r} at the path given, and no sample of that name (samples: {samples})"
    )
