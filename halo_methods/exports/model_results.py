"""Results of evaluations by models and by code: promptfoo, DeepEval, and lm-evaluation-harness."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ..errors import InvalidData, Problem
from .opened_files import ExportFile, Record
from .reading_exports import Tool


def _listed(held: Any, file: ExportFile) -> list[Record]:
    """What should be a list of objects."""
    if not isinstance(held, list) or not all(isinstance(one, dict) for one in held):
        raise InvalidData([Problem(f"{file.name} has no list of results where one should be", "Export it again.")])
    return held


def _promptfoo_records(file: ExportFile) -> list[Record]:
    found: list[Record] = []
    for record in file.records():
        results = record.get("results")
        results = results.get("results") if isinstance(results, dict) else results
        found += [record] if "promptIdx" in record else _listed(results, file)
    return found


def _promptfoo_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    graded = record.get("gradingResult") or {}
    if record.get("failureReason") == 2 or not graded or graded.get("reason") == "No assertions":
        file.tally["errors" if record.get("error") else "without a grade"] += 1
        return
    provider = record.get("provider") or {}
    system = provider.get("label") or provider.get("id") if isinstance(provider, dict) else provider
    row = {"item_id": f"{record['testIdx']}.{record['promptIdx']}", "cluster": record["testIdx"], "system": system}
    row["data"] = {**(record.get("vars") or {}), "id": record.get("id")}
    times = Counter[tuple[str, str]]()
    for part in graded.get("componentResults") or [graded]:
        asserted = part.get("assertion") or {}
        kind, judge = asserted.get("type") or "all assertions", asserted.get("provider")
        rater, criterion = (
            (judge.get("id") if isinstance(judge, dict) else judge) or kind,
            asserted.get("metric") or kind,
        )
        times[rater, criterion] += 1
        again = times[rater, criterion]
        yield {
            **row,
            "criterion": criterion if again == 1 else f"{criterion} {again}",
            "rater_id": rater,
            "rater_type": "human" if kind == "human" else "model",
            "label": "pass" if part["pass"] else "fail",
            "score": part.get("score"),
            "comment": part.get("comment") or part.get("reason"),
        }


def _deepeval_records(file: ExportFile) -> list[Record]:
    runs = [record.get("testRunData", record) for record in file.records()]
    cases = [part for run in runs for part in (run.get("testCases"), run.get("conversationalTestCases", []))]
    return [case for part in cases for case in _listed(part, file)]


def _deepeval_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    row = {"item_id": record["name"], "rater_type": "model", "data": record}
    for metric in record.get("metricsData") or ():
        if metric.get("error") or None in (metric.get("score"), metric.get("success")):
            file.tally["errors"] += 1
            continue
        yield {
            **row,
            "criterion": metric["name"],
            "rater_id": metric.get("evaluationModel") or metric["name"],
            "label": "pass" if metric["success"] else "fail",
            "score": metric["score"],
            "comment": metric.get("reason"),
            "cost": metric.get("evaluationCost"),
        }


_LM_EVAL = {"doc_id", "resps", "filtered_resps"}
_LM_EVAL_OWN = {*_LM_EVAL, "doc", "target", "arguments", "filter", "metrics", "doc_hash", "prompt_hash", "target_hash"}


def _lm_eval_rows(record: Record, file: ExportFile) -> Iterator[Record]:
    task = re.sub(r"^samples_|_\d{4}-\d\d-\d\dT[\d.-]+$", "", file.name.removesuffix(".jsonl"))
    row: Record = {"item_id": f"{task}/{record['doc_id']}", "rater_id": "lm-eval", "rater_type": "model"}
    doc = record.get("doc")
    row["data"] = {**(doc if isinstance(doc, dict) else {}), "doc_id": record["doc_id"], "target": record.get("target")}
    way = record.get("filter", "none")
    for metric in record.get("metrics") or [name for name in record if name not in _LM_EVAL_OWN]:
        value = record.get(metric)
        if not isinstance(value, bool | int | float):
            file.tally["not per sample"] += 1  # such as the parts of a perplexity
            continue
        yield {**row, "criterion": metric if way == "none" else f"{metric},{way}", "label": float(value)}


PROMPTFOO = Tool(
    title="promptfoo",
    shape="JSON with `results` inside `results`, or a line per result with `promptIdx` and `testIdx`",
    export="`promptfoo eval -o results.json`, or `promptfoo export eval ID -o results.json`",
    recognise=lambda file: (
        {"promptIdx", "testIdx"} <= set(file.first)
        or (isinstance(file.first.get("results"), dict) and {"results", "stats"} <= set(file.first["results"]))
    ),
    rows=_promptfoo_rows,
    records=_promptfoo_records,
)
DEEPEVAL = Tool(
    title="DeepEval",
    shape="JSON with `testCases` that have `metricsData`",
    export="the folder that `DEEPEVAL_RESULTS_FOLDER` names, or `.deepeval/.latest_run_full.json`",
    recognise=lambda file: (
        "testCases" in (file.first["testRunData"] if isinstance(file.first.get("testRunData"), dict) else file.first)
    ),
    rows=_deepeval_rows,
    records=_deepeval_records,
)
LM_EVAL = Tool(
    title="lm-evaluation-harness",
    shape="lines with `doc_id`, `resps` and `filtered_resps`",
    export="`lm_eval … --log_samples --output_path OUT`, the file `samples_TASK_DATE.jsonl`",
    recognise=lambda file: set(file.first) >= _LM_EVAL,
    rows=_lm_eval_rows,
)
