"""Whether the tools themselves take what a rubric renders to: `python tests/tool_acceptance.py FOLDER`.

It runs in an environment of its own, with label-studio-sdk, argilla and inspect-ai; nothing of it asks a network.
"""

import json
import sys
from pathlib import Path
from unittest.mock import MagicMock


def label_studio(file: Path) -> str:
    from label_studio_sdk._extensions.label_studio_tools.core.label_config import parse_config
    from label_studio_sdk.label_interface import LabelInterface

    text = file.read_text(encoding="utf-8")
    interface = LabelInterface(text)
    interface.validate()
    sample = interface.generate_sample_task()
    assert interface.validate_task({"data": sample}) is not False
    annotation = interface.generate_sample_annotation()
    assert annotation is None or interface.validate_annotation(annotation)
    controls = parse_config(text)
    return json.dumps({name: control["labels"] for name, control in controls.items() if control["type"] == "Choices"})


def argilla(file: Path) -> str:
    import argilla as rg
    from argilla.settings import Settings

    client = MagicMock()
    held = json.loads(file.read_text(encoding="utf-8"))
    made = {
        kind: [getattr(rg, one.pop("type"))(**one, client=client) for one in held[kind]]
        for kind in ("fields", "questions")
    }
    settings = Settings(guidelines=held["guidelines"], **made)
    settings.validate()
    return json.dumps({q.name: list(q.labels) for q in settings.questions if hasattr(q, "labels")})


def inspect(file: Path) -> str:
    from inspect_ai import Task, eval
    from inspect_ai._eval.loader import scorer_from_spec
    from inspect_ai.dataset import Sample
    from inspect_ai.model import Model, ModelOutput, ModelUsage, get_model
    from inspect_ai.scorer._scorer import ScorerSpec

    held: dict = {"__name__": "rendered", "__file__": str(file)}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), held)
    answers = [
        {"labels": {name: {"why": "Seen.", "label": [*labels][-1]} for name, labels in held["VALUES"].items()}},
        {"why": "Cut off.", "way_out": "invalid_task"},
    ]
    if "defects" in held["SCHEMA"]["properties"]["answer"]["anyOf"][0]["properties"]:
        answers[0]["defects"] = []
    said = [json.dumps({"answer": answer}) for answer in answers] + ["no JSON at all"]

    def mock(texts: list[str]) -> Model:
        """The tool's own mock model; with the usage given it loads no tokenizer."""
        outputs = [ModelOutput.from_content("mockllm/model", text) for text in texts]
        for output in outputs:
            output.usage = ModelUsage(input_tokens=1, output_tokens=1, total_tokens=2)
        return get_model("mockllm/model", custom_outputs=outputs, memoize=False)

    judge = mock(said)
    name = next(key for key in held if key.startswith("rubric_"))
    scorer = scorer_from_spec(ScorerSpec(scorer=f"{file}@{name}"), None, model=judge)
    metadata = dict.fromkeys(held["FIELDS"], "x")
    task = Task(dataset=[Sample(input="x", metadata=metadata) for _ in said], scorer=scorer)
    (log,) = eval(task, model=mock(["x"] * 3), display="none", log_dir=str(file.parent / "logs"), max_samples=1)
    assert log.status == "success", log.error.message
    values = [next(iter(sample.scores.values())).value for sample in log.samples]
    assert all(value == held["VALUES"][key][[*held["VALUES"][key]][-1]] for key, value in values[0].items())
    assert all(value != value for judged in values[1:] for value in judged.values())
    return json.dumps({score.name: score.metrics["mean"].value for score in log.results.scores})


if __name__ == "__main__":
    for kind, check in {"*.label-studio.xml": label_studio, "*.argilla.json": argilla, "*.inspect.py": inspect}.items():
        for rendered in sorted(Path(sys.argv[1]).glob(kind)):
            print(rendered.name, check(rendered))
