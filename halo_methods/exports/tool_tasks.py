"""Judgments as tasks that a tool takes in: pre-filled by models or people, gold among them; read back, they are equal.

What a tool has no place for stands under the key ``halo`` where it keeps what it does not know.
"""

import json
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import BadOption
from ..judgments import Judgments, as_judgments
from ..judgments.cells import accepted_answers, cell_text, gold_text
from .opened_files import Record

_TASK = ("item_id", "system", "cluster", "slice", "locale")


def as_tasks(j: Judgments, to: str, *, show: Sequence[str] = (), to_name: str = "item") -> str:
    """Judgments as the JSON that an annotation tool imports, a task per item.

    Labels of people become annotations, those of models pre-filled answers, and gold a ground truth.
    Reading the file with `read_export` gives the judgments back, whether or not the tool has held them.

    Parameters
    ----------
    j : Judgments or frame
        A criterion is a question of the tool; without one the question is called ``label``.
    to : {"label-studio", "argilla"}
        The tool.
    show : list of str
        Columns that hold the item itself, for the rater to see.
    to_name : str
        In Label Studio the name of the tag that shows the item (``toName``); ``item-answer`` for a rendered rubric.

    Raises
    ------
    BadOption
        For another tool, a column that is not there, or two models on one question where the tool holds one.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": ["a"], "rater_id": ["judge"], "label": ["good"], "rater_type": ["model"]})
    >>> (task,) = json.loads(as_tasks(frame, "label-studio"))
    >>> task["data"], task["predictions"][0]["result"][0]["value"]
    ({'halo': {'item_id': 'a'}}, {'choices': ['good']})
    """
    BadOption.unless("to", to, _WRITERS)
    frame = as_judgments(j).frame
    for column in show:
        BadOption.unless("show", column, frame.columns)
    named = ({name: cell_text(cell) for name, cell in row.items()} for row in frame.iter_rows(named=True))
    rows = [{name: cell for name, cell in row.items() if cell is not None} for row in named]
    tasks = _WRITERS[to](rows, show, to_name)
    return "[\n" + ",\n".join(json.dumps(task, ensure_ascii=False) for task in tasks) + "\n]\n"


def _choices(label: str) -> list[str]:
    """The choices of a label that is a set of them, otherwise the label alone."""
    several = accepted_answers(label)
    return list(several) if len(several) > 1 and gold_text(sorted(set(several))) == label else [label]


def _split(row: Record, task: Sequence[str], show: Sequence[str]) -> tuple[Record, Record, str]:
    """What is said of the item and what is shown of it, taken out of a row, and the question."""
    shown = {name: row.pop(name, "") for name in show if name not in task}
    about = {name: row.pop(name) for name in task if name in row}
    return about, shown | {name: about.get(name, "") for name in show if name in task}, row.pop("criterion", "label")


def _label_studio(rows: list[Record], show: Sequence[str], to_name: str) -> list[Record]:
    tasks: dict[str, Record] = {}
    made: dict[tuple[str, ...], list[Record]] = {}

    def result(name: str, kind: str, value: Any, meta: Record | None = None) -> Record:
        told = {"from_name": name, "to_name": to_name, "type": kind, "value": {kind.replace("textarea", "text"): value}}
        return told | ({"meta": {"halo": meta}} if meta else {})

    for row in rows:
        about, shown, name = _split(row, _TASK, show)
        key = json.dumps([about, shown])
        new = {"id": len(tasks) + 1, "data": {**shown, "halo": about}, "annotations": [], "predictions": []}
        task = tasks.setdefault(key, new)
        gold, label, comment = row.pop("gold", None), row.pop("label"), row.pop("comment", None)
        if gold and (key, name) not in made:
            made[key, name] = []
            for answer in accepted_answers(gold):
                truth = [result(name, "choices", _choices(answer))]
                task["annotations"].append({"ground_truth": True, "was_cancelled": False, "result": truth})
        rater, model = row.pop("rater_id"), row.pop("rater_type", None) == "model"
        if model:
            one: Record = {"model_version": rater, "created_at": row.pop("rated_at", None), "result": []}
        else:
            one = {"completed_by": {"email": rater}, "was_cancelled": False, "ground_truth": False, "result": []}
            one |= {"updated_at": row.pop("rated_at", None), "lead_time": row.pop("seconds", None)}
        open_ = made.setdefault((key, json.dumps(one), "model" if model else ""), [])
        same = [held for held in open_ if name not in {part["from_name"] for part in held["result"]}]
        if not same:
            open_.append(one)
            task["predictions" if model else "annotations"].append(one)
        held = (same or [one])[0]
        held["result"].append(result(name, "choices", _choices(label), row))
        held["result"] += [result(f"why-{name}", "textarea", [comment])] if comment else []
    written = (one for task in tasks.values() for one in (*task["annotations"], *task["predictions"]))
    for at, one in enumerate(written, start=1):
        one["id"] = at
    return list(tasks.values())


def _argilla(rows: list[Record], show: Sequence[str], to_name: str) -> list[Record]:
    records: dict[str, Record] = {}
    more: dict[str, Record] = {}
    for row in rows:
        about, shown, name = _split(row, (*_TASK, "stage", "round"), show)
        key = json.dumps([about, shown])
        new = {"id": f"{len(records) + 1}", "fields": shown or {"item": about["item_id"]}, "vectors": {}}
        record = records.setdefault(key, new | {"metadata": {}, "suggestions": {}, "responses": {}})
        answers = more.setdefault(key, {"item": about, "answers": {}})["answers"].setdefault(name, {})
        if gold := row.pop("gold", None):
            record["metadata"][f"gold-{name}"] = gold
        rater, chosen = row.pop("rater_id"), _choices(row.pop("label"))
        value = chosen if len(chosen) > 1 else chosen[0]
        if rater in answers:
            raise BadOption(f"argilla holds one answer per rater and question; item {about['item_id']!r} has two")
        if row.pop("rater_type", None) == "model":
            if name in record["suggestions"]:
                raise BadOption("argilla holds one suggestion per question; keep one model, with where=")
            record["suggestions"][name] = {"value": value, "score": None, "agent": rater}
        else:
            said = {"user_id": rater, "status": "submitted"}
            record["responses"].setdefault(name, []).append({"value": value, **said})
            if comment := row.pop("comment", None):
                record["responses"].setdefault(f"why-{name}", []).append({"value": comment, **said})
        answers[rater] = row
    for key, record in records.items():
        record["metadata"]["halo"] = json.dumps(more[key], ensure_ascii=False)
    return list(records.values())


_WRITERS: dict[str, Callable[[list[Record], Sequence[str], str], list[Record]]] = {
    "label-studio": _label_studio,
    "argilla": _argilla,
}
