"""doccano: an archive with a file of JSON lines per member, each named after the person."""

from collections.abc import Iterator

from ..errors import HaloError
from .opened_files import ExportFile, Record
from .reading_exports import Tool


def _recognise(file: ExportFile) -> bool:
    first = file.first
    if "id" not in first or first.keys().isdisjoint(("text", "data")):
        return False
    return isinstance(first.get("label"), list) or _old(first) or {"cats", "entities"} <= first.keys()


def _old(record: Record) -> bool:
    held = record.get("annotations")
    return isinstance(held, list) and "data" not in record and all("user" in one for one in held)


def _records(file: ExportFile) -> list[Record]:
    records = file.records()
    if file.stem == "all" and not any(map(_old, records)):
        text = f"{file.name} holds the labels of all members without their names, so it cannot give agreement"
        raise HaloError(f"{text}; in doccano stop sharing annotations, or give one file per member")
    if file.stem == "unknown":
        file.notes.append("unknown.jsonl has no name of a person; its labels stand under the rater unknown")
    return records


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    row = {"item_id": record["id"], "rater_id": file.stem, "comment": "\n".join(record.get("Comments") or ()) or None}
    row["data"] = {key: held for key, held in record.items() if key not in ("label", "Comments")}
    if _old(record):
        for one in record["annotations"]:
            yield {**row, "rater_id": one["user"], "label": one["label"]}
        return
    labels = record.get("label", record.get("cats")) or []
    texts = {label for label in labels if isinstance(label, str)}
    file.tally["marks inside items"] += len(labels) - len(texts) + len(record.get("entities") or ())
    file.tally["empty"] += not labels
    if texts:
        yield {**row, "label": texts}


TOOL = Tool(
    title="doccano",
    shape="lines with `id`, `text` and a list `label`, in one file per member",
    export="Dataset, Actions, Export dataset, JSONL; the archive has a file per member.",
    recognise=_recognise,
    rows=_rows,
    records=_records,
)
