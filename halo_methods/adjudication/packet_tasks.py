"""A packet as a project of Label Studio or Argilla, and its decisions out of the tool's export."""

import json
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree

from ..errors import BadOption, InvalidData, Problem
from ..exports.known_tools import recognise
from ..exports.label_studio import fixed, person
from ..exports.opened_files import ExportFile, Record
from ..exports.reading_exports import BROKEN
from ..judgments.cause_codes import CAUSES
from ..judgments.cells import Raw, columns_of, quoted, raw_table, writable
from .decisions import ASKS, DECISION_COLUMNS

if TYPE_CHECKING:
    from .packets import Packet

TOOLS = ("label-studio", "argilla")
MOST_LABELS = 100
_TEXTS = {"clause": "The clause, as §3.2", "rationale": "One sentence of reason, from the guideline"}


def tool_files(packet: "Packet", to: str) -> dict[str, str]:
    """The files that make a packet a project of a tool: tasks to import, and the questions.

    Parameters
    ----------
    packet : Packet
    to : {"label-studio", "argilla"}
        The tool. What it exports is read by `read_decisions` as the filled packet is.

    Returns
    -------
    dict of str to str
        File name to text.

    Raises
    ------
    BadOption
        For another tool, or more labels than people can choose from.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.adjudication import pack
    >>> frame = pd.DataFrame({"item_id": ["a", "a"], "rater_id": ["r", "s"], "label": ["good", "poor"]})
    >>> list(tool_files(pack(frame), "label-studio"))
    ['tasks.json', 'packet.label-studio.xml']
    """
    BadOption.unless("to", to, TOOLS)
    if len(packet.labels) > MOST_LABELS:
        raise BadOption(
            f"the packet has {len(packet.labels)} labels, more than {MOST_LABELS}; fill packet.csv in place"
        )
    shown = [column for column in packet.table.columns if column not in ("packet_id", *DECISION_COLUMNS)]
    names = {column: f"c{at}" for at, column in enumerate(shown, start=1)}
    rows = packet.table.to_dict("records")
    held = [{name: str(row[column]) for column, name in names.items()} for row in rows]
    if to == "label-studio":
        tasks = [{"data": {"packet_id": row["packet_id"], **data}} for row, data in zip(rows, held, strict=True)]
        return {"tasks.json": _json(tasks), "packet.label-studio.xml": _configuration(packet, names)}
    empty: Record = {"suggestions": {}, "responses": {}, "vectors": {}}
    about = [{"id": row["packet_id"], "metadata": {"packet_id": row["packet_id"]}} for row in rows]
    records = [{**one, "fields": data, **empty} for one, data in zip(about, held, strict=True)]
    return {"records.json": _json(records), "packet.argilla.json": _settings(packet, names)}


def _json(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _configuration(packet: "Packet", names: dict[str, str]) -> str:
    view = ElementTree.Element("View")
    for column, name in names.items():
        ElementTree.SubElement(view, "Header", value=fixed(column), size="5")
        ElementTree.SubElement(view, "Text", name=name, value=f"${name}")
    of = next(iter(names.values()))
    causes: dict[str, str] = {code: CAUSES[code].test for code in ASKS}
    for name, choices in (("cause", causes), ("decision", dict.fromkeys(packet.labels, ""))):
        ElementTree.SubElement(view, "Header", value=name, size="4")
        asked = ElementTree.SubElement(view, "Choices", name=name, toName=of, choice="single")
        for label, hint in choices.items():
            alias = {"alias": writable(label)} | ({"hint": fixed(hint)} if hint else {})
            ElementTree.SubElement(asked, "Choice", {"value": fixed(label), **alias})
    for name, hint in _TEXTS.items():
        ElementTree.SubElement(view, "Header", value=name, size="4")
        ElementTree.SubElement(view, "TextArea", name=name, toName=of, placeholder=hint, maxSubmissions="1")
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def _settings(packet: "Packet", names: dict[str, str]) -> str:
    """The arguments of `Settings`; `type` is the class of a field or question."""
    fields = [
        {"type": "TextField", "name": name, "title": column[:500], "required": False} for column, name in names.items()
    ]
    choices: dict[str, dict[str, str]] = {"cause": {code: code for code in ASKS}}
    choices["decision"] = {label: label for label in packet.labels}
    questions: list[Record] = [
        {"type": "LabelQuestion", "name": name, "title": name, "labels": labels, "required": name == "cause"}
        for name, labels in choices.items()
    ]
    texts = {**_TEXTS, "decided_at": "The day, as 2026-11-24"}
    questions += [
        {"type": "TextQuestion", "name": name, "title": name, "description": hint, "required": name == "decided_at"}
        for name, hint in texts.items()
    ]
    told = "\n".join(f"- {code}: {CAUSES[code].test}" for code in ASKS)
    return _json({"guidelines": told[:10_000], "fields": fields, "questions": questions})


def decided_in_tool(path: str | os.PathLike[str]) -> Raw | None:
    """The filled packet that a tool's export holds; None for any file that is no such export.

    Raises
    ------
    InvalidData
        If a task is not one of a packet.
    """
    if not (file := ExportFile.at(path)).is_json or recognise(file) not in TOOLS:
        return None
    columns = ("packet_id", *DECISION_COLUMNS)
    rows = []
    for at, record in enumerate(file.records(), start=1):
        try:
            found = list(_answered(record))
        except BROKEN as error:
            what = f"the task is none of a packet ({quoted(f'{type(error).__name__}: {error}')})"
            fix = "Export the project that was made of the packet's files."
            raise InvalidData([Problem(what, fix, at)]) from error
        rows += [[str(one.get(column) or "") for column in columns] for one in found]
    return raw_table(columns, columns_of(rows, len(columns)), file.name)


def _answered(record: Record) -> Iterator[Record]:
    """The decisions on one item, a dict for each person who decided."""
    if "annotations" in record:
        for one in record["annotations"]:
            if one.get("was_cancelled"):
                continue
            said = {part["from_name"]: next(iter(part["value"].values())) for part in one["result"]}
            said = {name: " ".join(held) if isinstance(held, list) else held for name, held in said.items()}
            said["decided_by"] = person(one["completed_by"])
            said["decided_at"] = (one.get("updated_at") or one["created_at"])[:10]
            yield {**said, "packet_id": record["data"]["packet_id"]}
        return
    people: dict[str, Record] = {}
    for name, responses in record["responses"].items():
        for one in responses:
            if one.get("status") in (None, "submitted"):
                people.setdefault(str(one["user_id"]), {})[name] = one["value"]
    yield from ({**said, "decided_by": by, "packet_id": record["metadata"]["packet_id"]} for by, said in people.items())
