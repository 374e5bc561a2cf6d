"""Prodigy: JSON lines of `prodigy db-out`, one answer per line."""

from collections.abc import Iterator

from .opened_files import ExportFile, Record
from .reading_exports import Tool


def _recognise(file: ExportFile) -> bool:
    return "answer" in file.first and not file.first.keys().isdisjoint(("_task_hash", "_input_hash"))


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    answer, choice = record["answer"], "options" in record
    rater = record.get("_annotator_id") or record.get("_session_id")
    row: Record = {"rater_id": rater, "rated_at": record.get("_timestamp")}
    row["data"] = {**record, **(record.get("meta") or {})}
    row["item_id"] = record.get("_task_hash" if choice else "_input_hash", record.get("_task_hash"))
    if answer == "ignore" or (choice and answer == "reject"):
        file.tally["ignored" if answer == "ignore" else "rejected"] += 1
    elif choice:
        chosen = record.get("accept") or []
        file.tally["empty"] += not chosen
        if chosen:
            yield {**row, "label": set(chosen)}
    elif "spans" in record or "label" not in record:
        file.tally["marks inside items"] += len(record.get("spans") or ())
    else:
        yield {**row, "criterion": record["label"], "label": answer}


TOOL = Tool(
    title="Prodigy",
    shape="lines with `answer` and `_task_hash`",
    export="`prodigy db-out DATASET > DATASET.jsonl`, with a session per person (`?session=ann`).",
    recognise=_recognise,
    rows=_rows,
    dates="epoch",
)
