"""What the tools' own code says of our samples: `python tests/tool_readers.py SAMPLES FOLDER` prints counts.

It runs in the environment of the tools and writes the samples in the tools' other forms into FOLDER.
"""

import json
import sys
from pathlib import Path


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


if __name__ == "__main__":
    places = map(Path, sys.argv[1:])
    samples, folder = places
    print(json.dumps({tool.__name__: tool(samples, folder) for tool in (label_studio, argilla, inspect)}))
