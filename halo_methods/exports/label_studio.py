"""Label Studio: JSON (tasks with annotations inside), and JSON-MIN and CSV (one annotation per row)."""

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from ..judgments.cells import cell_text, writable
from .opened_files import ExportFile, Record
from .reading_exports import Tool

_FLAT = {"annotator", "annotation_id", "lead_time"}
_OWN = {*_FLAT, "id", "created_at", "updated_at", "agreement", "history"}
_REGION = ("start", "x", "points", "brushlabels", "rle")  # keys of a mark inside the item, not a judgment of it


def fixed(text: str) -> str:
    """A text of a configuration in which the tool finds no variable (`$name` is a field) and XML no sign it can't hold.

    Examples
    --------
    >>> fixed("costs $5") == "costs $\u20605"
    True
    """
    return writable(text).replace("$", "$\u2060")


def _recognise(file: ExportFile) -> bool:
    keys = set(file.first) | set(file.columns)
    return keys >= _FLAT or ("data" in keys and not keys.isdisjoint(("annotations", "completions")))


def answer(value: Any) -> Any:
    """The label in one value of a result; None for a mark inside the item.

    Examples
    --------
    >>> answer({"choices": ["good"]}), answer({"rating": 4}), answer({"taxonomy": [["tone", "rude"]]})
    ({'good'}, 4, {'tone > rude'})
    """
    if not isinstance(value, dict):
        return value
    if any(key in value for key in _REGION):
        return None
    if "taxonomy" in value:
        return {" > ".join(path) for path in value["taxonomy"]}
    for key in ("choices", "rating", "number", "text", "selected", "datetime"):
        if key in value:
            return set(value[key]) if key == "choices" else value[key]
    return None


def _rows(task: Record, file: ExportFile) -> Iterator[Record]:
    if "data" not in task:
        yield from _flat_rows(task, file)
        return
    file.tally["tasks"] += 1
    file.tally["drafts"] += len(task.get("drafts") or ())
    same = {"item_id": task.get("id"), "data": task["data"], **(task["data"].get("halo") or {})}
    for one in task.get("annotations", task.get("completions")) or ():
        cancelled = bool(one.get("was_cancelled") or one.get("skipped"))
        file.tally["cancelled"] += cancelled
        if cancelled:
            continue
        about = {"rater_id": person(one.get("completed_by")), "seconds": one.get("lead_time")}
        about["rated_at"] = one.get("updated_at") or one.get("created_at")
        for answered in _answers(one.get("result") or (), file):
            if one.get("ground_truth"):
                yield {**same, "criterion": answered["criterion"], "gold": answered["label"]}
            else:
                yield {**same, **about, **answered}
    for one in task.get("predictions") or ():
        about = {"rater_id": one.get("model_version") or "prediction", "rater_type": "model"}
        for answered in _answers(one.get("result") or (), file):
            yield {**same, **about, "rated_at": one.get("created_at"), **answered}


def person(by: Any) -> Any:
    """Who annotated: an address holds in every installation, a number only in its own.

    Examples
    --------
    >>> person({"id": 3, "email": "ann@example.org"}), person({"id": 3}), person(3)
    ('ann@example.org', 3, 3)
    """
    return by.get("email") or by.get("id") if isinstance(by, dict) else by


def _answers(results: Any, file: ExportFile) -> list[Record]:
    """Each question with its label and comment: a text called `why-QUESTION`, or else any text beside other answers."""
    labels: dict[str, Any] = {}
    texts: dict[str, str] = {}
    more: dict[str, Record] = defaultdict(dict)
    for one in results:
        label, name = answer(one.get("value")), one.get("from_name")
        more[name] |= (one.get("meta") or {}).get("halo") or {}
        if label is None:
            file.tally["marks inside items"] += one.get("type") != "relation"
        elif one.get("type") == "textarea":
            texts[name] = "\n".join(label if isinstance(label, list) else [label])
        else:
            labels[name] = labels.get(name, set()) | label if isinstance(label, set) else label
    file.tally["empty"] += not labels and not texts
    if not labels:
        return [{"criterion": name, "label": text} for name, text in texts.items()]
    own = {f"why-{name}" for name in labels}
    rest = "\n".join(text for name, text in texts.items() if name not in own) or None
    return [
        {"criterion": name, "label": label, "comment": texts.get(f"why-{name}", rest), **more[name]}
        for name, label in labels.items()
    ]


def _flat_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    if record.get("annotation_id") in (None, ""):
        return  # a task that nobody has done yet
    if not file.criteria:
        raise ValueError("one annotation among tasks")
    about = {"item_id": record.get("id"), "rater_id": person(record.get("annotator"))}
    about |= {"seconds": record.get("lead_time"), "rated_at": record.get("updated_at") or record.get("created_at")}
    about["data"] = {name: held for name, held in record.items() if name not in file.criteria}
    answered = 0
    for name in file.criteria:
        values = _parsed(record.get(name))
        labels = [answer(value) for value in (values if isinstance(values, list) else [values])]
        file.tally["marks inside items"] += sum(isinstance(values, list) and label is None for label in labels)
        for label in labels:
            if label not in (None, "", set()):
                answered += 1
                yield {**about, "criterion": name, "label": label}
    file.tally["empty"] += not answered


def _parsed(value: Any) -> Any:
    """A cell of the CSV, which holds JSON where the answer is no plain text."""
    return json.loads(value) if isinstance(value, str) and value.startswith(('{"', "[{")) else value


def _records(file: ExportFile) -> list[Record]:
    """The records; of a flat file also which of its columns are answers, and what it counts as a task."""
    records = file.records()
    if records and "data" not in records[0]:
        file.tally["tasks"] = len({cell_text(record.get("id")) for record in records})
        if not file.criteria:
            file.criteria = _answer_columns(records, file)
    return records


def _answer_columns(records: list[Record], file: ExportFile) -> tuple[str, ...]:
    """In JSON-MIN the keys between id and annotator; in CSV, which is sorted, what differs within a task or is JSON."""
    done = [record for record in records if record.get("annotation_id")]
    names = list(dict.fromkeys(name for record in done for name in record))
    if file.is_json:
        between = [[*record][[*record].index("id") + 1 : [*record].index("annotator")] for record in done]
        return tuple(dict.fromkeys(name for keys in between for name in keys))
    by_task: dict[Any, list[Record]] = defaultdict(list)
    for record in done:
        by_task[record["id"]].append(record)
    others = [name for name in names if name not in _OWN and not name.endswith("_transcript")]
    found = [
        name
        for name in others
        if any(isinstance(_parsed(record[name]), dict | list) for record in done)
        or any(len({record[name] for record in same}) > 1 for same in by_task.values())
    ]
    if not found:
        raise file.untold(others)
    rest = ", ".join(name for name in others if name not in found)
    said = f"answers: {', '.join(found)}; fields of the task: {rest or 'none'}"
    file.notes.append(f"{said}; where that is wrong, name the answers: --criteria A,B")
    return tuple(found)


TOOL = Tool(
    title="Label Studio",
    shape="tasks with `data` and `annotations` (JSON), or one annotation per row (JSON-MIN, CSV)",
    export="Project, Export, JSON",
    recognise=_recognise,
    rows=_rows,
    records=_records,
)
