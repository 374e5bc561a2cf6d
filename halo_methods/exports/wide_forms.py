"""Wide tables: a column per rater, or a column per question; and the answers of forms."""

import re
from collections.abc import Iterator

from ..errors import HaloError
from ..judgments.cells import quoted
from ..judgments.options import OPTIONAL, REQUIRED
from .opened_files import ExportFile, Record
from .reading_exports import Tool

_FORMS = ({"timestamp"}, {"start time", "completion time"})  # Google Forms; Microsoft Forms
_PEOPLE = ("email address", "email", "username", "name")
_OWN = {"timestamp", "start time", "completion time", "last modified time", "id", "score", "total points", *_PEOPLE}
_GRID = re.compile(r"(.*\S)\s*\[([^\[\]]+)\]\s*", re.DOTALL)


def _is_form(file: ExportFile) -> bool:
    return any(form <= {column.casefold() for column in file.columns} for form in _FORMS)


def _is_wide(file: ExportFile) -> bool:
    return bool(file.columns) and not {*REQUIRED} <= {*file.columns} and not _is_form(file)


def _records(file: ExportFile) -> list[Record]:
    """Each row as what is known of it, its other fields, and its answers by column."""
    rows, columns, form = file.records(), file.table.frame.columns, _is_form(file)
    named = {name: name for name in (*REQUIRED, *OPTIONAL) if name in columns and name != "label"}
    named |= {name: column for name, column in file.options.columns.items() if column in columns}
    own = {column.casefold(): column for column in columns if form and column.casefold() in _OWN}
    if form:
        person = next((own[name] for name in _PEOPLE if name in own), None)
        given = {"rater_id": person, "rated_at": own.get("timestamp", own.get("completion time"))}
        named = {name: column for name, column in given.items() if column} | named
    elif named.keys().isdisjoint(("item_id", "rater_id")):
        listed = ", ".join(map(quoted, columns[:20]))
        text = f"{file.name} does not say which column is the item; columns are {listed}"
        raise HaloError(f"{text}; name the item with --columns item_id=COLUMN, the rater too where a column has it")
    asked = {named.pop("label")} if "label" in named else {*file.criteria}
    file.criteria = ()
    answers = [column for column in columns if column not in {*named.values(), *own.values()}]
    answers = [column for column in answers if not asked or not asked.isdisjoint((column, *_parts(column)))]
    kind = "rater" if not form and "rater_id" not in named else "question" if "item_id" in named else "item"
    said = f"each of these columns is one {kind}: {', '.join(map(quoted, answers[:20]))}"
    file.notes.append(f"{said}; where one is none, say what it is: --columns item_id=COLUMN")
    if form and "rater_id" not in named:
        file.notes.append("no column names the rater: each response is one, called response 1 and so on")
    return [
        {
            "about": ({"rater_id": f"response {at}"} if form else {})
            | {name: row[column] for name, column in named.items()},
            "data": {column: row[column] for column in columns if column not in answers},
            "answers": {column: row[column] for column in answers},
        }
        for at, row in enumerate(rows, start=1)
    ]


def _parts(column: str) -> tuple[str, str | None]:
    """Question and row of a grid.

    Examples
    --------
    >>> _parts("Conversation 1 [Helpful]"), _parts("Your mood")
    (('Conversation 1', 'Helpful'), ('Your mood', None))
    """
    grid = _GRID.fullmatch(column)
    return (grid[1], grid[2]) if grid else (column, None)


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    about, answers = (
        record["about"],
        {name: label for name, label in record["answers"].items() if (label or "").strip()},
    )
    file.tally["empty"] += len(record["answers"]) - len(answers) if answers else 0
    for column, label in answers.items():
        row = {"data": record["data"], "label": label, **about}
        if "item_id" not in about:
            item, criterion = _parts(column)
            yield {**row, "item_id": item, "criterion": criterion}
        else:
            yield {**row, "criterion" if "rater_id" in about else "rater_id": column}


_EXPORT = (
    "Google Forms: Responses, the three dots, Download responses (.csv). Microsoft Forms: Responses, Open in Excel."
)
FORM = Tool(
    "a form", "a table with a Timestamp and a column per question", _EXPORT, _is_form, _rows, _records, "year-first"
)
WIDE = Tool(
    title="a wide table",
    shape="a table with a column per rater or per question",
    export="Save the sheet as .csv or .xlsx, one header, a column for the item.",
    recognise=_is_wide,
    rows=_rows,
    records=_records,
)
