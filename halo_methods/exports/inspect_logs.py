"""Inspect: logs of an evaluation (.eval and .json); a score per scorer, and the edits that people made to it."""

from collections.abc import Iterator
from typing import Any

from ..errors import InvalidData, Problem
from .opened_files import ExportFile, Record
from .reading_exports import Tool

_HEADERS = ("header.json", "_journal/start.json")  # of a log that is whole, and of one that was cut off


def _recognise(file: ExportFile) -> bool:
    if file.packed:
        return not set(_HEADERS).isdisjoint(file.names)
    return {"eval", "status"} <= file.first.keys()


def _records(file: ExportFile) -> Iterator[Record]:
    """The samples, each with what the log says of all of them."""
    if not file.packed:
        for at, log in enumerate(file.records(), start=1):
            if "eval" not in log:
                raise InvalidData([Problem("the record is no log of Inspect", "Remove it, or export it again.", at)])
            yield from ({"sample": sample, "eval": log["eval"]} for sample in log.get("samples") or ())
        return
    spec = file.member(next(name for name in _HEADERS if name in file.names)).records()[0]["eval"]
    for name in file.names:
        if name.startswith("samples/"):
            yield {"sample": file.member(name).records()[0], "eval": spec}


def _rows(record: Record, file: ExportFile) -> Iterator[Record]:
    spec, sample = record["eval"], record["sample"]
    scores = sample.get("scores") or ({"score": sample["score"]} if sample.get("score") else {})
    for reason in ("invalidation", "error"):
        if sample.get(reason) and (reason == "invalidation" or not scores):
            file.tally["invalidated" if reason == "invalidation" else "errors"] += 1
            return
    epochs = (spec.get("config") or {}).get("epochs") or 1
    data = {"task": spec.get("task"), "input": sample.get("input"), "target": sample.get("target")}
    same = {"item_id": f"{sample['id']}#{sample['epoch']}" if epochs > 1 else sample["id"], "cluster": sample["id"]}
    same |= {"system": spec["model"], "data": data | (sample.get("metadata") or {})}
    for scorer, score in scores.items():
        for given in score.get("history") or [score]:
            by = given.get("provenance")
            about: Record = {"rater_id": scorer, "rater_type": "model", "rated_at": sample.get("completed_at")}
            about["comment"] = given.get("explanation")
            if by:
                about = {"rater_id": by["author"], "rated_at": by["timestamp"], "comment": by.get("reason")}
            for criterion, label in _labels(given["value"]):
                if label == "UNCHANGED":
                    continue
                if label is None or label != label:
                    file.tally["unscored"] += 1
                else:
                    yield {**same, **about, "criterion": criterion, "label": label}


def _labels(value: Any) -> list[tuple[str | None, Any]]:
    """Criterion and label of each value of a score: one, or one for each key.

    Examples
    --------
    >>> _labels("C"), _labels({"tone": 1, "facts": 0})
    ([(None, 'C')], [('tone', 1), ('facts', 0)])
    """
    return list(value.items()) if isinstance(value, dict) else [(None, value)]


TOOL = Tool(
    title="Inspect",
    shape="a log: a .eval archive, or JSON with `eval` and `samples`",
    export="The log folder of your evaluation (`logs` unless told), one .eval file per run.",
    recognise=_recognise,
    rows=_rows,
    records=_records,
    archive=True,
)
