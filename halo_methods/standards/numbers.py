"""Numbers of standards, each written once: ``{days}`` in a standard's own texts, ``{CAL-013.days}`` anywhere else."""

import re
from collections.abc import Mapping
from typing import Any

from ..documents import Document, Fault, nearest
from ..errors import HaloError
from ..results import readable

Number = int | float
Numbers = Mapping[str, Mapping[str, Number]]
_PLACE = re.compile(r"\{(?:([A-Z]{3}-\d{3})\.)?([a-z][a-z0-9_]*)(?::(%))?\}")


def written(value: Number, style: str = "") -> str:
    """A number as prose shows it: ``.80``, ``1,000`` or, with the style ``%``, ``80%``.

    Examples
    --------
    >>> written(.8), written(.667), written(1000), written(2.5), written(.125, "%")
    ('.80', '.667', '1,000', '2.5', '12.5%')
    """
    if style == "%":
        return f"{readable(100 * value)}%"
    if isinstance(value, int) or float(value).is_integer():
        return f"{int(value):,}"
    text = f"{value:.10g}"
    return text if abs(value) >= 1 else f"{text:0<4}".replace("0.", ".", 1)


def look_up(name: str, key: str, numbers: Numbers) -> Number:
    """A standard's number, or an error that lists those it has.

    Raises
    ------
    HaloError
        When the standard has no such number.

    Examples
    --------
    >>> look_up("CAL-013", "days", {"CAL-013": {"days": 90}})
    90
    """
    held = numbers.get(name, {})
    if key not in held:
        has = f"; it has {', '.join(sorted(held))}" if held else f"; did you mean {nearest(name, numbers)}?"
        raise HaloError(f"{name} has no number {key}{has}")
    return held[key]


def fill(text: str, numbers: Numbers, own: str = "") -> Any:
    """A text with its numbers put in; a text that is one place alone becomes the number itself.

    Parameters
    ----------
    text : str
        With places as ``{CAL-013.days}``, or ``{CAL-004.bar:%}`` for a percentage.
    numbers : mapping
        Standard -> name -> number.
    own : str
        The standard whose own numbers need no identifier; without one, such places stay as they are.

    Raises
    ------
    HaloError
        When a place names a number that its standard does not have.

    Examples
    --------
    >>> fill("after {days} days, {CAL-004.bar:%} right", {"CAL-013": {"days": 90}, "CAL-004": {"bar": .8}}, "CAL-013")
    'after 90 days, 80% right'
    >>> fill("{days}", {"CAL-013": {"days": 90}}, "CAL-013")
    90
    """

    def put(match: re.Match[str]) -> str:
        standard, key, style = match.groups()
        if not (standard or own):
            return match[0]
        return written(look_up(standard or own, key, numbers), style or "")

    whole = _PLACE.fullmatch(text)
    if whole and not whole[3] and (whole[1] or own):
        return look_up(whole[1] or own, whole[2], numbers)
    return _PLACE.sub(put, text)


def numbers_in(documents: list[Document]) -> dict[str, dict[str, Number]]:
    """The named numbers of all standards of these documents."""
    found: dict[str, dict[str, Number]] = {}
    for document in documents:
        entries = document.content.get("standards") if isinstance(document.content, dict) else None
        for entry in entries if isinstance(entries, list) else ():
            held = entry.get("numbers") if isinstance(entry, dict) else None
            if isinstance(held, dict) and isinstance(entry.get("id"), str):
                found[entry["id"]] = {k: v for k, v in held.items() if type(v) in (int, float)}
    return found


def fill_document(document: Document, numbers: Numbers) -> list[Fault]:
    """Put numbers into every text of a document; a place that names none is a fault with its line."""
    faults: list[Fault] = []

    def filled(node: Any, place: tuple[str | int, ...], own: str) -> Any:
        if isinstance(node, dict):
            here = node["id"] if isinstance(node.get("id"), str) else own
            return {key: filled(value, (*place, key), here) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value, (*place, i), own) for i, value in enumerate(node)]
        if not isinstance(node, str) or "{" not in node:
            return node
        try:
            return fill(node, numbers, own)
        except HaloError as unknown:
            fix = "Write the number under `numbers` of its standard, or correct the name."
            faults.append(document.fault(place, "number", f"asks for a number: {unknown}", fix))
            return node

    document.content = filled(document.content, (), "")
    return faults


def with_places(schema: Any) -> Any:
    """A JSON Schema whose numbers may also be written as the place of a standard's number."""
    if isinstance(schema, list):
        return [with_places(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("type") in ("number", "integer"):
        return {"anyOf": [schema, {"type": "string", "pattern": f"^{_PLACE.pattern}$"}]}
    return {key: with_places(part) for key, part in schema.items()}
