"""Results of evaluations by models: graders and metrics become raters of type model, errors are counted."""

import json
from pathlib import Path

import pytest

from halo_methods import read_judgments
from halo_methods.errors import InvalidData
from halo_methods.exports import read_export, recognise

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples" / "exports"


@pytest.fixture
def read(file):
    return lambda tool, content: read_export([file(json.dumps(content), "results.json")], tool)


@pytest.mark.parametrize(
    ("name", "tool", "people", "models"),
    [("promptfoo.json", "promptfoo", 8, 16), ("deepeval.json", "deepeval", 0, 24), ("lm_eval.jsonl", "lm-eval", 0, 8)],
)
def test_each_sample_is_recognised_and_counted(name, tool, people, models, tmp_path):
    assert recognise(SAMPLES / name) == tool
    export = read_export([SAMPLES / name], tool)
    assert (export.counts["tasks"], export.counts["kept"], export.counts["predictions"]) == (8, people, models)
    assert read_judgments(export.write(tmp_path / "j.csv")).models().n_judgments == models


def test_promptfoo_counts_are_those_of_its_own_statistics():
    stats = json.loads((SAMPLES / "promptfoo.json").read_text("utf-8"))["results"]["stats"]
    export = read_export([SAMPLES / "promptfoo.json"], "promptfoo")
    failed = export.table.filter(export.table["label"] == "fail")["item_id"].n_unique()
    assert (export.counts["tasks"] - failed, failed, export.counts["errors"]) == (
        stats["successes"], stats["failures"], stats["errors"]
    )  # fmt: skip


def test_promptfoo_tells_assertions_of_one_grader_apart(read):
    parts = [{"pass": True, "score": 1, "assertion": {"type": "contains"}}] * 2 + [{"pass": False, "score": 0}]
    result = {"promptIdx": 1, "testIdx": 4, "provider": "m", "gradingResult": {"componentResults": parts}}
    table = read("promptfoo", [result]).table
    assert table.select("item_id", "rater_id", "criterion", "label", "system", "cluster").rows() == [
        ("4.1", "contains", "contains", "pass", "m", "4"),
        ("4.1", "contains", "contains 2", "pass", "m", "4"),
        ("4.1", "all assertions", "all assertions", "fail", "m", "4"),
    ]
    unasked = {**result, "gradingResult": {"pass": True, "score": 1, "reason": "No assertions", "assertion": None}}
    assert read("promptfoo", [result, unasked]).counts["without a grade"] == 1
    with pytest.raises(InvalidData, match="no list of results"):
        read("promptfoo", {"results": {"results": 7, "stats": {}}})


def test_deepeval_reads_a_run_with_and_without_its_wrapping(read):
    metric = {"name": "Tone", "success": True, "score": 0.8, "evaluationModel": "m"}
    run = {"testCases": [{"name": "a", "metricsData": [metric, {**metric, "name": "Safety", "error": "no answer"}]}]}
    run["conversationalTestCases"] = [{"name": "b", "metricsData": [{**metric, "success": False}]}]
    for content in (run, {"testRunData": run}):
        export = read("deepeval", content)
        assert export.table["label"].to_list() == ["pass", "fail"]
        assert export.counts["errors"] == 1
    unmarked = {name: value for name, value in metric.items() if name != "success"}
    run["testCases"].append({"name": "c", "metricsData": [unmarked]})
    assert read("deepeval", run).counts["errors"] == 2


def test_lm_eval_reads_old_files_and_several_filters(file):
    old = {"doc_id": 3, "doc": {}, "resps": [["x"]], "filtered_resps": ["x"], "acc": 1.0, "word_perplexity": [1.0, 2]}
    new = {**old, "filter": "flexible", "metrics": ["acc"], "acc": False}
    name = "samples_arc_easy_2024-05-01T10-00-00.123456.jsonl"
    table = read_export([file(f"{json.dumps(old)}\n{json.dumps(new)}\n", name)], "lm-eval").table
    assert table.select("item_id", "criterion", "label").rows() == [
        ("arc_easy/3", "acc", "1"),
        ("arc_easy/3", "acc,flexible", "0"),
    ]
