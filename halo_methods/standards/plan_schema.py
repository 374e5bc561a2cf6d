"""What the table of clauses is turned into: the plan's model, its JSON Schema, and the blank plan."""

import json
from functools import cache
from typing import Any

from pydantic import Field, create_model

from ..documents import Model, allowed, schema, subschema
from .plan_clauses import CLAUSES, NOTES, REQUIRED, SECTIONS


@cache
def plan_model(section: str = "") -> type[Model]:
    """The pydantic model of a plan, or of a section of it, as ``rubric.scale``."""
    above = f"{section}." if section else ""
    fields: dict[str, Any] = {}
    for name, (kind, about) in CLAUSES.items():
        if name.startswith(above):
            key, inside, _ = name.removeprefix(above).partition(".")
            note = None if inside else about + NOTES.get(kind, "")
            default = ... if name in REQUIRED else None
            fields[key] = (plan_model(above + key) if inside else kind, Field(default, description=note))
    name = section.title().replace(".", "").replace("_", "") or "Plan"
    what = SECTIONS.get(section) or "A plan for collecting human judgments, checked by `halo standards check`."
    return create_model(name, __base__=Model, __doc__=what, **fields)


def plan_schema_text() -> str:
    """The JSON Schema as ``plan.schema.json`` holds it."""
    return json.dumps({**schema(plan_model()), "$id": "urn:halo:plan"}, indent=1, ensure_ascii=False) + "\n"


def about(clause: str) -> str:
    """What a clause is for, in one sentence; empty for what is no clause.

    Examples
    --------
    >>> about("raters.overlap"), about("house.badge")
    ('Labels per item that counts.', 'A clause of the house.')
    """
    if clause.startswith("house."):
        return "A clause of the house."
    return str(subschema(schema(plan_model()), clause.split(".")).get("description", ""))


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
    above: list[str] = []
    for name in CLAUSES:
        *path, leaf = name.split(".")
        lines += [
            f"{'  ' * depth}{part}:" for depth, part in enumerate(path) if path[: depth + 1] != above[: depth + 1]
        ]
        above = path
        choices = ", ".join(allowed(subschema(schema(plan_model()), [*path, leaf])))
        lines.append(f"{'  ' * len(path)}{leaf}: # {about(name)}" + (f" One of: {choices}." if choices else ""))
    return "\n".join(lines) + "\n"
