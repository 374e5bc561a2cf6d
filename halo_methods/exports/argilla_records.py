"""Argilla: records with responses inside (2, and 1), or with parallel lists of them (flattened, and from the Hub)."""

import json
from collections.abc import Iterator
from typing import Any

from ..judgments.cells import accepted_answers
from .opened_files import ExportFile, Record
from .reading_exports import Tool

_FLAT = ".responses"


def _recognise(file: ExportFile) -> bool:
    keys = file.first or dict.fromkeys(file.columns)
    if {"fields", "responses"} <= keys.keys() or any(key.endswith(_FLAT) for key in keys):
        return True
    return any(_answered(held) for held in keys.values())


def _answered(held: Any) -> bool:
    """Whether a field of an Argilla 1 record holds answers to a question."""
    return (
        isinstance(held, list) and bool(held) and isinstance(held[0], dict) and {"user_id", "value"} <= held[0].keys()
    )


def _listed(held: Any) -> list[Any]:
    """A list, also where a table holds it as text."""
    if isinstance(held, str):
        return json.loads(held) if held.startswith("[") else list(accepted_answers(held))
    return list(held or ())


def _questions(record: Record) -> Iterator[tuple[str, list[Record], Record | None]]:
    """Name, responses and suggestion of each question, as Argilla 2 nests them."""
    if isinstance(record.get("responses"), dict):
        for name in {**record["responses"], **(record.get("suggestions") or {})}:
            yield name, record["responses"].get(name) or [], (record.get("suggestions") or {}).get(name)
        return
    for key, held in record.items():
        name = key.removesuffix(_FLAT)
        if key.endswith(_FLAT):
            values, users = _listed(held), _listed(record.get(f"{key}.users"))
            states = _listed(record.get(f"{key}.status")) or [None] * len(values)
            parts = zip(values, users, states, strict=True)
            responses = [{"value": value, "user_id": user, "status": state} for value, user, state in parts]
            told = {"value": record.get(f"{name}.suggestion"), "agent": record.get(f"{name}.suggestion.agent")}
            yield name, responses, told
        elif _answered(held):
            about = record.get(f"{key}-suggestion-metadata") or {}
            yield key, held, {"value": record.get(f"{key}-suggestion"), "agent": about.get("agent")}


def _label(value: Any, file: ExportFile) -> Any:
    """The label in a value: text, a number, a set of labels or a ranking; None where there is none."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(one, dict) for one in value):
        return set(value)
    if value and "rank" in value[0]:
        return " > ".join(one["value"] for one in sorted(value, key=lambda one: one["rank"] or len(value) + 1))
    file.tally["marks inside items"] += len(value)
    return None


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    file.tally["tasks"] += 1
    metadata = record.get("metadata")
    metadata = json.loads(metadata) if isinstance(metadata, str) else metadata
    questions = {name: (responses, suggestion) for name, responses, suggestion in _questions(record)}
    if not questions and "fields" not in record:
        raise ValueError("neither fields nor responses")
    data = {key: held for key, held in record.items() if not isinstance(held, list | dict)}
    data |= {**(record.get("fields") or {}), **(metadata or {})}
    own = json.loads(data.pop("halo", "null"))
    same = {"item_id": record.get("id") or record.get("external_id") or record.get("_server_id"), "data": data}
    same |= own["item"] if own else {}
    whys = {why for name in questions if (why := f"why-{name}") in questions}
    for name, (responses, suggestion) in questions.items():
        if name in whys:
            continue
        told, reasons = _label((suggestion or {}).get("value"), file), questions.get(f"why-{name}", ((), None))[0]
        comments = {one["user_id"]: one["value"] for one in reasons}
        more = own["answers"].get(name, {}) if own else {}
        gold = {"gold": data[f"gold-{name}"]} if data.get(f"gold-{name}") else {}
        for one in responses:
            state, label, by = one.get("status") or "submitted", _label(one["value"], file), one["user_id"]
            if state != "submitted":
                file.tally[state] += 1
            elif label is not None:
                about = {"rater_id": by, "suggestion": None if own else told, "comment": comments.get(by)}
                yield {**same, **about, "criterion": name, "label": label, **gold, **more.get(by, {})}
        if told is not None:
            by = (suggestion or {}).get("agent") or "suggestion"
            about = {"rater_id": by, "rater_type": "model"}
            yield {**same, **about, "criterion": name, "label": told, **gold, **more.get(by, {})}


TOOL = Tool(
    title="Argilla",
    shape="records with `fields` and `responses`, or with a `QUESTION.responses` list",
    export="In Python `dataset.records.to_json(path)`, or the data set on the Hub as JSON lines or Parquet.",
    recognise=_recognise,
    rows=_rows,
)
