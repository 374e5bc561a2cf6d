"""What the table of clauses is turned into: the JSON Schema that editors read, and the blank plan."""

import json
from typing import Any

from ..errors import HaloError
from .clauses import CLAUSES, REQUIRED, SECTIONS, Clause


def _branch(node: Clause, keys: list[str]) -> Clause:
    for key in keys:
        node = node["properties"].setdefault(key, {"type": "object", "properties": {}, "additionalProperties": False})
    return node


def schema() -> dict[str, Any]:
    """The JSON Schema (draft 2020-12) of a plan.

    Returns
    -------
    dict
        Ready for ``json.dumps``; also stored as ``plan.schema.json`` beside
        this module, for editors that complete YAML.

    Examples
    --------
    >>> schema()["properties"]["raters"]["properties"]["overlap"]["minimum"]
    1
    """
    top: Clause = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:halo:plan",
        "title": "Evaluation plan",
        "description": "A plan for collecting human judgments, checked by `halo standards check`.",
        "type": "object",
        "required": list(REQUIRED),
        "properties": {},
        "additionalProperties": False,
    }
    for name, clause in CLAUSES.items():
        *path, leaf = name.split(".")
        _branch(top, path)["properties"][leaf] = clause
    for section, about in SECTIONS.items():
        top["properties"][section]["description"] = about
    top["properties"]["house"] = {"type": "object", "description": "Clauses of a house's own standards, free in form."}
    return top


def schema_text() -> str:
    """The schema as ``plan.schema.json`` holds it."""
    return json.dumps(schema(), indent=1, ensure_ascii=False) + "\n"


def about(clause: str) -> str:
    """What a clause is for, in one sentence.

    Examples
    --------
    >>> about("raters.overlap"), about("house.badge")
    ('Labels for an item that counts.', 'A clause of the house.')
    """
    if clause.split(".")[0] == "house":
        return "A clause of the house."
    if clause in SECTIONS:
        return SECTIONS[clause]
    if clause not in CLAUSES:
        raise HaloError(f"a plan has no clause {clause!r}; `halo_methods/standards/plan.schema.json` lists them all")
    return str(CLAUSES[clause]["description"])


def blank() -> str:
    """A plan to fill in: every clause without a value, with what it is for.

    Returns
    -------
    str
        YAML; a clause counts once a value is written before its comment.

    Examples
    --------
    >>> print(blank().splitlines()[0])
    title: # The plan's name, as people say it.
    """
    lines: list[str] = []
    open_path: list[str] = []
    for name, clause in CLAUSES.items():
        *path, leaf = name.split(".")
        common = next((i for i, (a, b) in enumerate(zip(path, open_path, strict=False)) if a != b), None)
        shared = min(len(path), len(open_path)) if common is None else common
        lines += [f"{'  ' * depth}{path[depth]}:" for depth in range(shared, len(path))]
        open_path = path
        lines.append(f"{'  ' * len(path)}{leaf}: # {_blank_note(clause)}")
    return "\n".join(lines) + "\n"


def _blank_note(clause: Clause) -> str:
    choices = clause.get("enum") or clause.get("items", {}).get("enum") or []
    return clause["description"] + (f" One of: {', '.join(choices)}." if choices else "")
