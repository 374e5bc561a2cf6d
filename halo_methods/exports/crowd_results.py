"""Results of crowd work: Mechanical Turk (three layouts of answers), Toloka, and CrowdFlower, later Appen."""

import contextlib
import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

from .opened_files import ExportFile, Record
from .reading_exports import Tool

_HOURS = {"PST": -8, "PDT": -7, "UTC": 0, "GMT": 0}  # Mechanical Turk writes Pacific time


def seconds_between(started: str | None, ended: str | None, form: str | None = None) -> float | None:
    """How long work took, by two moments in ISO 8601 or in a form of `datetime.strptime`; None where one is not so.

    Examples
    --------
    >>> seconds_between("2026-03-01T10:00:00", "2026-03-01T10:01:30.5"), seconds_between("", "soon")
    (90.5, None)
    """
    with contextlib.suppress(TypeError, ValueError):
        begun, done = (
            datetime.strptime(text or "", form) if form else datetime.fromisoformat(text or "")
            for text in (started, ended)
        )
        return (done - begun).total_seconds()
    return None


def _kept(file: ExportFile, status: str | None, out: Iterable[str]) -> bool:
    """Whether work of this status counts; what does not is counted by it."""
    low = (status or "").strip().lower()
    file.tally[low] += low in out
    return low not in out


def turk_moment(text: str | None) -> str | None:
    """A moment of Mechanical Turk as ISO 8601; as it is where it has another form or zone.

    Examples
    --------
    >>> turk_moment("Fri Dec 22 02:16:35 PST 2023"), turk_moment("soon")
    ('2023-12-22T02:16:35-08:00', 'soon')
    """
    with contextlib.suppress(ValueError, KeyError):
        *words, zone, year = (text or "").split()
        at = datetime.strptime(" ".join([*words, year]), "%a %b %d %H:%M:%S %Y")
        return at.replace(tzinfo=timezone(timedelta(hours=_HOURS[zone]))).isoformat()
    return text


def turk_answers(record: Record) -> dict[str, Any]:
    """The label of each question of an assignment, from any of the three layouts.

    Examples
    --------
    >>> turk_answers({"Answer.quality": "good"}), turk_answers({"Answer.q.good": "true", "Answer.q.bad": "false"})
    ({'quality': 'good'}, {'q': {'good'}})
    >>> turk_answers({"Answer.taskAnswers": '[{"quality": {"good": true, "bad": false}, "stars": 4}]'})
    {'quality': {'good'}, 'stars': 4}
    """
    cells = {name[7:]: held for name, held in record.items() if name.startswith("Answer.") and held not in (None, "")}
    if "taskAnswers" in cells:
        return {name: _chosen(held) for part in json.loads(cells["taskAnswers"]) for name, held in part.items()}
    answers: dict[str, Any] = {}
    for name, held in cells.items():
        question, dot, option = name.rpartition(".")
        if dot and held.lower() in ("true", "false"):
            answers.setdefault(question, set()).update({option} if held.lower() == "true" else ())
        else:
            answers[name] = held
    return answers


def _chosen(held: Any) -> Any:
    return {option for option, chosen in held.items() if chosen} if isinstance(held, dict) else held


def _place(name: str) -> tuple[str, str]:
    """A field's name and the number at its end, which tells the item of a HIT with several: ``text_2``."""
    told = re.fullmatch(r"(.+)_(\d+)", name)
    return (told[1], told[2]) if told else (name, "")


def _turk_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    if not _kept(file, record.get("AssignmentStatus"), ("rejected",)):
        return
    inputs = {name[6:]: held for name, held in record.items() if name.startswith("Input.")}
    row = {"item_id": record["HITId"], "rater_id": record["WorkerId"], "data": {**record, **inputs}}
    row |= {"seconds": record.get("WorkTimeInSeconds"), "rated_at": turk_moment(record.get("SubmitTime"))}
    answers = {name: label for name, label in turk_answers(record).items() if label not in (None, "", set())}
    file.tally["empty"] += not answers
    places = {at for name in inputs if (at := _place(name)[1])}
    items = {at for name in answers if (at := _place(name)[1]) in places}
    if items:
        row["cluster"] = record["HITId"]
    if len(items) > 1:
        row["seconds"] = float(row["seconds"]) / len(items) if row["seconds"] else None
        file.notes = ["a HIT has several items: each is a row, and its seconds are shared evenly among them"]
    for name, label in answers.items():
        question, at = _place(name)
        if at not in items:
            yield {**row, "criterion": name, "label": label}
            continue
        own = {field.removesuffix(f"_{at}"): held for field, held in inputs.items() if _place(field)[1] == at}
        data = {**row["data"], **own}
        yield {**row, "item_id": f"{record['HITId']}.{at}", "criterion": question, "label": label, "data": data}


def _toloka_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    held = {name: cell for name, cell in record.items() if cell not in (None, "")}
    if not held or not _kept(file, held.get("ASSIGNMENT:status"), ("rejected", "skipped", "expired")):
        return
    inputs = {name[6:]: cell for name, cell in record.items() if name.startswith("INPUT:")}
    same = {"item_id": held["ASSIGNMENT:task_id"], "data": {**record, **inputs}}
    done = held.get("ASSIGNMENT:submitted")
    about = {"rater_id": held["ASSIGNMENT:worker_id"], "rated_at": done}
    about["seconds"] = seconds_between(held.get("ASSIGNMENT:started"), done)
    outputs = {name[7:]: label for name, label in held.items() if name.startswith("OUTPUT:")}
    file.tally["empty"] += not outputs
    for name, label in outputs.items():
        yield {**same, **about, "criterion": name, "label": label}
    for name, answer in held.items():
        if name.startswith("GOLDEN:"):
            yield {**same, "criterion": name[7:], "gold": answer}


def _appen_records(file: ExportFile) -> list[Record]:
    """The records; the questions are those with a column of gold, unless they are named."""
    records = file.records()
    names = list(records[0]) if records else []
    file.criteria = file.criteria or tuple(name for name in names if f"{name}_gold" in names)
    if records and not file.criteria:
        raise file.untold(name for name in names if not name.startswith("_"))
    return records


def _appen_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    tainted = str(record.get("_tainted")).lower() == "true"
    file.tally["tainted"] += tainted
    if tainted:
        return
    same = {"item_id": record["_unit_id"], "data": record}
    about = {"rater_id": record["_worker_id"], "rated_at": record.get("_created_at")}
    about["seconds"] = seconds_between(record.get("_started_at"), record.get("_created_at"), "%m/%d/%Y %H:%M:%S")
    for name in file.criteria:
        labels = [label for label in (record.get(name) or "").split("\n") if label]
        file.tally["empty"] += not labels
        if labels:
            yield {**same, **about, "criterion": name, "label": set(labels)}
        for answer in filter(None, (record.get(f"{name}_gold") or "").split("\n")):
            yield {**same, "criterion": name, "gold": answer}


MECHANICAL_TURK = Tool(
    title="Mechanical Turk",
    shape="a batch's CSV with `HITId`, `WorkerId` and columns `Answer.…`",
    export="Manage, the batch, Download CSV",
    recognise=lambda file: {"HITId", "AssignmentId", "WorkerId"} <= set(file.columns),
    rows=_turk_rows,
)
TOLOKA = Tool(
    title="Toloka",
    shape="a TSV with `INPUT:…`, `OUTPUT:…` and `ASSIGNMENT:worker_id`",
    export="the pool, Download results, with the status and the identifiers of assignments",
    recognise=lambda file: {"ASSIGNMENT:task_id", "ASSIGNMENT:worker_id"} <= set(file.columns),
    rows=_toloka_rows,
)
APPEN = Tool(
    title="Appen (CrowdFlower)",
    shape="a full report with `_unit_id` and `_worker_id`",
    export="the job, Results, Full report",
    recognise=lambda file: {"_unit_id", "_worker_id"} <= set(file.columns),
    rows=_appen_rows,
    records=_appen_records,
    dates="month-first",
)
