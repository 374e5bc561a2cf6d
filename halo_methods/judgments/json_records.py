"""JSON in the shapes that people have as a table of text."""

import contextlib
import json
import re
from typing import Any

from ..errors import InvalidData, Problem
from . import bounds
from .cells import Raw, quoted, raw_table


def json_table(text: str, name: str) -> Raw:
    """One object per judgment: line by line, one after another, in one list, or in a list inside one object.

    Raises
    ------
    InvalidData
        If it is no JSON, or holds no records.

    Examples
    --------
    >>> json_table('{"data": [{"item_id": "q1"}]}', "a.json").frame.rows()
    [('q1',)]
    """
    bounds.within(name, "MOST_OBJECTS", text.count("{") + text.count("["), "objects and lists")
    problems: list[Problem] = []
    records: list[dict[str, Any]] = []
    entries, notes = _entries(text)
    for at, entry in enumerate(entries, start=1):
        record = entry
        try:
            record = _loads(entry.strip() or "{}") if isinstance(entry, str) else entry
            if not isinstance(record, dict):
                problems.append(Problem("the line is not an object", "Write one {…} a line.", at))
        except (ValueError, RecursionError) as error:
            problems.append(Problem(f"the line is not JSON ({quoted(str(error))})", "Write one object a line.", at))
        records.append(record if isinstance(record, dict) else {})
    for key, tool in _TOOLS.items():
        if any(isinstance(record.get(key), list | dict) for record in records[:1]):
            fix = "Make a table of it, one row per judgment: halo read FILE --out judgments.csv."
            raise InvalidData([Problem(f"the file is {tool} export with {key} inside records", fix)])
    header = list(dict.fromkeys(key for record in records for key in record))
    bounds.table_within(name, len(records), len(header))
    columns = [[record.get(key) for record in records] for key in header]
    return raw_table(header, columns, name, problems, notes)


_TOOLS = {"annotations": "a Label Studio", "completions": "a Label Studio", "responses": "an Argilla"}


def _entries(text: str) -> tuple[list[Any], list[str]]:
    """What should be records, lines of JSON lines as they are, and what is to be said of the rest.

    Raises
    ------
    InvalidData
        If the file is no JSON, a table by columns (pandas' `to_json` as it comes), or holds several lists.
    """
    text, decoder, made, at = text.strip(), json.JSONDecoder(object_pairs_hook=_object), list[Any](), 0
    first = text.partition("\n")[0]
    with contextlib.suppress(ValueError, RecursionError):
        if first != text and isinstance(_loads(first), dict):
            return text.split("\n"), []
    try:
        while at < len(text):
            value, end = decoder.raw_decode(text, at)
            made.append(value)
            at = re.compile(r"\s*").match(text, end).end()  # type: ignore[union-attr]
    except (ValueError, RecursionError) as error:
        what = f"the file is not JSON ({quoted(str(error))})"
        raise InvalidData([Problem(what, "Export it again, or write one object a line.")]) from error
    whole = made[0] if len(made) == 1 else made
    if not isinstance(whole, dict):
        return (whole if isinstance(whole, list) else made), []
    tables = [key for key, held in whole.items() if isinstance(held, list) and held and isinstance(held[0], dict)]
    if len(tables) == 1:
        rest = ", ".join(quoted(key) for key in whole if key != tables[0])
        return whole[tables[0]], [f"read from {quoted(tables[0])} of the file{rest and f'; not read: {rest}'}"]
    if len(whole) > 1 and (tables or all(isinstance(held, dict | list) for held in whole.values())):
        held = "an object for each column, as to_json writes it"
        held = f"several lists: {', '.join(map(quoted, tables))}" if tables else held
        fix = "Write one object per row: to_json(path, orient='records', lines=True)."
        raise InvalidData([Problem(f"the file holds {held}", fix)])
    return made, []


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return made


def _loads(text: str) -> Any:
    return json.loads(text, object_pairs_hook=_object)
