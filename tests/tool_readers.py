"""What the tools' own code says of our samples: `python tests/tool_readers.py SAMPLES FOLDER` prints counts.

It runs in the environment of the tools and writes the samples in the tools' other forms into FOLDER.
"""

import json
import os
import sys
from pathlib import Path
from typing import Any


def label_studio(samples: Path, folder: Path) -> dict[str, int]:
    from label_studio_sdk.converter import Converter

    source = samples / "label_studio.json"
    config = '<View><Text name="answer" value="$answer"/><Choices name="quality" toName="answer">'
    config += '<Choice value="good"/><Choice value="bad"/></Choices></View>'
    converter = Converter(config, str(folder), download_resources=False)
    converter.convert_to_json_min(str(source), str(folder / "min"), is_dir=False)
    converter.convert_to_csv(str(source), str(folder / "csv"), is_dir=False, sep=",")
    converter.convert_to_json_min(str(folder / "tasks.label-studio.json"), str(folder / "tasks"), is_dir=False)
    items = list(converter.iter_from_json_file(str(source)))
    tasks = json.loads(source.read_text(encoding="utf-8"))
    return {
        "tasks": len({item["id"] for item in items}),
        "annotations": len(items),
        "cancelled": sum(task["cancelled_annotations"] for task in tasks),
        "predictions": sum(len(task["predictions"]) for task in tasks),
    }


def argilla(samples: Path, folder: Path) -> dict[str, int]:
    from argilla.records._io import GenericIO, JsonIO

    records = JsonIO._records_from_json(samples / "argilla.json")
    flat = GenericIO.to_list(records, flatten=True)
    (folder / "argilla_flat.jsonl").write_text("".join(json.dumps(one) + "\n" for one in flat), encoding="utf-8")
    JsonIO.to_json(records, folder / "argilla_again.json")
    JsonIO.to_json(JsonIO._records_from_json(folder / "tasks.argilla.json"), folder / "tasks.argilla_again.json")
    return {
        "tasks": len(records),
        "people": len({response.user_id for record in records for response in record.responses}),
        "kept": sum(len(list(record.responses)) for record in records),
        "predictions": sum(len(list(record.suggestions)) for record in records),
    }


def inspect(samples: Path, folder: Path) -> dict[str, int]:
    from inspect_ai.log import read_eval_log, write_eval_log

    log = read_eval_log(str(samples / "inspect.json"))
    write_eval_log(log, str(folder / "inspect.eval"))
    edits = [edit for sample in log.samples for score in sample.scores.values() for edit in score.history]
    people = [edit.provenance.author for edit in edits if edit.provenance]
    return {
        "tasks": len(log.samples),
        "people": len(set(people)),
        "kept": len(people),
        "predictions": len(edits) - len(people),
    }


def deepeval(samples: Path, folder: Path) -> dict[str, Any]:
    """An evaluation by the tool, with metrics that say again what those of the sample said."""
    os.environ |= {"DEEPEVAL_TELEMETRY_OPT_OUT": "1", "DEEPEVAL_DISABLE_DOTENV": "1"}
    os.environ["DEEPEVAL_RESULTS_FOLDER"] = str(folder / "deepeval")
    os.chdir(folder)
    from deepeval.errors import MissingTestCaseParamsError
    from deepeval.evaluate import evaluate
    from deepeval.evaluate.configs import AsyncConfig, DisplayConfig, ErrorConfig
    from deepeval.metrics import BaseMetric
    from deepeval.test_case import LLMTestCase
    from deepeval.test_run.test_run import TestRun

    class Told(BaseMetric):
        async_mode, include_reason, threshold, __name__ = False, True, 0.5, property(lambda self: self.of[0])  # type: ignore[assignment]

        def __init__(self, *of: str) -> None:
            self.of, self.evaluation_model = of, of[1]

        def measure(self, case: LLMTestCase, *args: Any, **options: Any) -> float:
            told = said[case.name].get(self.of)
            if told is None:
                raise MissingTestCaseParamsError
            if told.error:
                raise RuntimeError(told.error)
            self.score, self.reason, self.success = told.score, told.reason, told.score >= self.threshold
            self.evaluation_cost = told.evaluation_cost
            return self.score

        def is_successful(self) -> bool:
            return self.success

    sample = TestRun(**json.loads((samples / "deepeval.json").read_text(encoding="utf-8")))
    said = {
        case.name: {(one.name, one.evaluation_model): one for one in case.metrics_data} for case in sample.test_cases
    }
    cases = [LLMTestCase(name=one.name, input=one.input, actual_output=one.actual_output) for one in sample.test_cases]
    metrics = [Told(*of) for of in dict.fromkeys(of for told in said.values() for of in told)]
    evaluate(
        cases,
        metrics,
        async_config=AsyncConfig(run_async=False),
        display_config=DisplayConfig(show_indicator=False, print_results=False),
        error_config=ErrorConfig(ignore_errors=True, skip_on_missing_params=True),
    )
    sample.construct_metrics_scores()
    return {
        "tasks": len(sample.test_cases),
        "predictions": sum(one.passes + one.fails for one in sample.metrics_scores),
        "errors": sum(one.errors for one in sample.metrics_scores),
        "passes": {one.metric: one.passes for one in sample.metrics_scores if one.passes},
    }


def lm_eval(samples: Path, folder: Path) -> dict[str, Any]:
    """An evaluation by the tool of a model that answers what that of the sample answered."""
    os.environ |= {"HF_HOME": str(folder / "hf"), "HF_HUB_OFFLINE": "1"}
    from lm_eval import simple_evaluate
    from lm_eval.api.model import LM
    from lm_eval.loggers import EvaluationTracker
    from lm_eval.tasks import TaskManager

    lines = [json.loads(line) for line in (samples / "lm_eval.jsonl").read_text(encoding="utf-8").splitlines()]
    docs = folder / "docs.jsonl"
    docs.write_text("".join(json.dumps(one["doc"]) + "\n" for one in lines), encoding="utf-8")

    class Told(LM):
        def generate_until(self, requests: list[Any]) -> list[str]:
            return [lines[request.doc_id]["resps"][0][0] for request in requests]

        loglikelihood = loglikelihood_rolling = generate_until  # no task asks for them

    task = {
        "task": "hours",
        "dataset_path": "json",
        "dataset_kwargs": {"data_files": {"test": str(docs)}},
        "test_split": "test",
        "output_type": "generate_until",
        "doc_to_text": "Q: {{question}}",
        "doc_to_target": "{{expected}}",
        "generation_kwargs": {"until": ["\n"]},
        "metric_list": [
            {"metric": "exact_match", "aggregation": "mean", "higher_is_better": True},
            {"metric": "bleu", "aggregation": "bleu", "higher_is_better": True},
        ],
        "filter_list": [{"name": "strict-match", "filter": [{"function": "take_first"}]}],
    }
    tracker = EvaluationTracker(output_path=str(folder / "lm_eval"))
    tasks = TaskManager(include_defaults=False)
    done = simple_evaluate(model=Told(), tasks=[task], task_manager=tasks, log_samples=True, bootstrap_iters=0)
    written = done.pop("samples")
    tracker.save_results_aggregated(results=done, samples=written)
    tracker.save_results_samples(task_name="hours", samples=written["hours"])
    return {
        "tasks": done["n-samples"]["hours"]["effective"],
        "predictions": sum("exact_match" in one for one in written["hours"]),
        "mean": float(done["results"]["hours"]["exact_match,strict-match"]),
    }


if __name__ == "__main__":
    samples, folder = (Path(place).resolve() for place in sys.argv[1:])
    tools = (label_studio, argilla, inspect, deepeval, lm_eval)
    print(json.dumps({tool.__name__: tool(samples, folder) for tool in tools}))
