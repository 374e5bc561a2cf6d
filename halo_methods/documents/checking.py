"""Documents held against pydantic models: every fault in words, at its line, and the JSON Schema of the same models."""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import ErrorDetails, PydanticCustomError

from ..errors import InvalidData
from .bounded_yaml import MOST_FAULTS, Document, Fault, Place, holds, nearest, read, show

Schema = dict[str, Any]
AModel = TypeVar("AModel", bound="Model")
T = TypeVar("T")
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a block of keys",
}
_BOUNDS = {"greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le")}


class Model(BaseModel):
    """What models of documents share: no unknown key, nothing converted in silence, no change once read."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


def wrong(what: str, fix: str) -> PydanticCustomError:
    """The error a model's own check raises: what is wrong, to follow the key's name, and how to fix it."""
    return PydanticCustomError("value", "{what}", {"what": what, "fix": fix})


def _day(value: object) -> object:
    try:
        day = date.fromisoformat(value) if isinstance(value, str) else value
    except ValueError:
        day = None
    if not isinstance(day, date) or str(day) != str(value):
        raise wrong(f"is {show(value)}; it takes a date", "Write it as 2027-01-31.")
    return day


def _once(values: list[Any]) -> list[Any]:
    if len(set(map(repr, values))) < len(values):
        raise wrong("lists something twice", "List each once.")
    return values


Text = Annotated[str, Field(min_length=1, max_length=4000)]
Day = Annotated[date, BeforeValidator(_day)]
Once = Annotated[list[T], Field(max_length=1000, json_schema_extra={"uniqueItems": True}), AfterValidator(_once)]


def load(model: type[AModel], source: str | Path | bytes | Mapping[str, Any], *, name: str = "") -> AModel:
    """Read one document as a model.

    Raises
    ------
    HaloError
        When the file can't be read.
    InvalidData
        With every fault, each with its line and how to fix it.

    Examples
    --------
    >>> class Raters(Model):
    ...     overlap: int = Field(description="Labels per item.", ge=1)
    ...     pool: str
    >>> load(Raters, b"overlap: 2\\npool: closed").overlap
    2
    >>> load(Raters, b"overlap: two\\npol: closed")
    Traceback (most recent call last):
    ...
    halo_methods.errors.InvalidData: 3 problems:
      line 1: `overlap` is 'two'; it takes a whole number. Write it without quotes.
      line 1: `pool` is missing. Write it.
      line 2: `pol` is not a known key. Did you mean `pool`?
    """
    made, faults = check(model, read(source, name=name))
    if made is None:
        raise InvalidData(faults)
    return made


def check(model: type[AModel], document: Document) -> tuple[AModel | None, list[Fault]]:
    """The document as a model, None where it has a fault, and every fault in the order of lines."""
    made, faults = None, list(document.faults)
    try:
        made = model.model_validate_json(json.dumps({} if document.content is None else document.content))
    except ValidationError as problem:
        for error in problem.errors(include_url=False)[:MOST_FAULTS]:
            fault = _fault(schema(model), document, error)
            if all(fault.path != known.path for known in faults):
                faults.append(fault)
    return None if faults else made, sorted(faults, key=lambda fault: fault.line or 0)


class _Plain(GenerateJsonSchema):
    """A schema without titles, and without the default or the null that stands for a key left out."""

    def default_schema(self, schema: Any) -> Schema:
        return self.generate_inner(schema["schema"])

    nullable_schema = default_schema

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


@cache
def schema(model: type[BaseModel]) -> Schema:
    """The JSON Schema (draft 2020-12) of a model, for editors that complete YAML."""
    return {"$schema": GenerateJsonSchema.schema_dialect, **model.model_json_schema(schema_generator=_Plain)}


def subschema(tree: Schema, place: Iterable[str | int], content: Any = None) -> Schema:
    """The part of a schema that describes a place; the content tells which of several kinds of block it is.

    Examples
    --------
    >>> class Raters(Model):
    ...     pools: list[Text] = Field(description="Where raters come from.")
    >>> subschema(schema(Raters), ["pools"])["description"]
    'Where raters come from.'
    """
    node = _whole(tree, tree, content)
    for part in place:
        content = content[part] if holds(content, part) else None
        free: Any = node.get("additionalProperties") or next(iter(node.get("patternProperties", {}).values()), {})
        node = node.get("items", {}) if isinstance(part, int) else node.get("properties", {}).get(part, free)
        node = _whole(tree, node, content) if isinstance(node, dict) else {}
    return node


def _whole(tree: Schema, node: Schema, content: Any) -> Schema:
    if "discriminator" in node and isinstance(content, dict):
        kinds = node["discriminator"]
        reference = kinds["mapping"].get(str(content.get(kinds["propertyName"])))
        node = {**node, "$ref": reference} if reference else node
    return {**tree["$defs"][node["$ref"].rpartition("/")[2]], **node} if "$ref" in node else node


def allowed(node: Schema) -> list[str]:
    """The values that a part of a schema lists, for itself or for each entry."""
    one = [node["const"]] if "const" in node else []
    return node.get("enum") or one or (allowed(node["items"]) if "items" in node else [])


def _takes(node: Schema) -> str:
    if "enum" in node or "const" in node:
        return f"one of: {', '.join(allowed(node))}"
    if "anyOf" in node:
        kinds = dict.fromkeys(map(_takes, node["anyOf"]))
        return " or ".join(kind for kind in kinds if not (kind == "a whole number" and "a number" in kinds))
    return _TYPES[node.get("type", "object")]


def _fault(tree: Schema, document: Document, error: ErrorDetails) -> Fault:
    """An error of pydantic's, at its place in the document and in words."""
    code, value, context = error["type"], error["input"], {"said": error["msg"], **error.get("ctx", {})}
    content = document.content
    place: Place = ()
    for part in error["loc"]:  # what the document lacks are pydantic's own names for the members of a union
        if holds(content, part):
            content, place = content[part], (*place, part)
    node = subschema(tree, place, document.content)
    if code.startswith("union_tag"):
        kinds = node["discriminator"]
        code = "literal_error" if code.endswith("invalid") else "missing"
        place, value = (*place, kinds["propertyName"]), context.get("tag")
        node = {"enum": list(kinds["mapping"])}
    elif code == "missing":
        place = (*place, error["loc"][-1])
        node = subschema(tree, place, document.content)
    elif code == "extra_forbidden":
        *above, key = place
        known = subschema(tree, above, document.content).get("properties", {})
        near = nearest(str(key), known)
        near = document.path((*above, near)) if near else ""
        fix = f"Did you mean `{near}`?" if near else f"Allowed: {', '.join(known)}."
        return document.fault(place, code, "is not a known key", fix, near=near)
    return document.fault(place, code, *_said(code, value, context, node))


def _said(code: str, value: Any, context: Mapping[str, Any], node: Schema) -> tuple[str, str]:
    """What is wrong and how to fix it."""
    note, listed = node.get("description", ""), ", ".join(allowed(node))
    match code:
        case "value":
            return context["what"], context["fix"]
        case "missing":
            return "is missing", " ".join(filter(None, (note, f"One of: {listed}." if listed else ""))) or "Write it."
        case "greater_than_equal" | "less_than_equal":
            word, bound = _BOUNDS[code]
            return f"is {show(value)}; it is {word} {context[bound]:g}", note or "Correct it."
        case "string_pattern_mismatch":
            return f"is {show(value)}, which is not of the form it takes", note or f"Its form is {context['pattern']}."
        case "string_too_short" | "too_short":
            said = f"is shorter than {context['min_length']}" if value else "is empty"
            return said, "Write it, or take the line out."
        case "string_too_long" | "too_long":
            return f"is longer than {context['max_length']}", "Shorten it, or name a file that holds the details."
    if not code.endswith(("_type", "literal_error", "int_from_float")):
        return f"is {show(value)}: {context['said']}", note or "Correct it."
    return f"is {show(value)}; it takes {_takes(node)}", _fix(value, node) or note or "Write one that it takes."


def _fix(value: object, node: Schema) -> str:
    """How a value of the wrong type, or outside a list, is written."""
    kind = "object" if "oneOf" in node else node.get("type")
    if kind == "array":
        return "Write it as a list, as [one, another]."
    if listed := allowed(node):
        near = nearest(value, listed) if isinstance(value, str) else ""
        return f"Did you mean {near}?" if near else ""
    if kind == "string" and not isinstance(value, list | dict):
        return "Write it in quotes."
    if kind == "object":
        return "Write its keys, one on a line."
    return "Write it without quotes." if isinstance(value, str) else ""
