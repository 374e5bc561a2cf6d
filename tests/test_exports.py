"""Exports of annotation tools: what each reader makes of its tool's files, and what it refuses."""

import json
from pathlib import Path

import pytest

from halo_methods import cli, read_judgments
from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.exports import TOOLS, read_export, recognise

SAMPLES = Path(__file__).resolve().parent.parent / "data" / "samples" / "exports"
# The samples tell one story: three people on eight answers, and some of them a model beside.
STORY = {
    "ann": ["good", "good", "bad", "good", "bad", "good", "good", "bad"],
    "bo": ["good", "bad", "bad", "good", "bad", "good", "good", "good"],
    "cy": ["good", "good", "bad", "bad", "bad", "good", "good", "bad"],
}


def labels(export):
    """The labels of each person, in the order of the items."""
    people = export.table.filter(export.table.get_column("label").is_not_null())
    if "rater_type" in people.columns:
        people = people.filter(people["rater_type"].fill_null("human") == "human")
    told = {}
    for row in people.sort("item_id").iter_rows(named=True):
        told.setdefault(row["rater_id"].partition("@")[0], []).append(row["label"])
    return told


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_each_sample_tells_the_story(sample, tmp_path):
    tool = recognise(sample)
    assert tool.replace("-", "_") == sample.name.partition(".")[0]
    export = read_export([sample], tool)
    assert labels(export) == STORY
    assert (export.counts["people"], export.counts["kept"]) == (3, 24)
    judgments = read_judgments(export.write(tmp_path / "j.csv"))
    assert judgments.people().n_judgments == 24


# Label Studio.


def task(*annotations, id=1, data=None, **more):
    return {"id": id, "data": data or {"doc": f"d{id}"}, "annotations": list(annotations), **more}


def annotation(by, *results, **more):
    return {"completed_by": by, "result": list(results), "updated_at": "2026-03-01T10:00:00Z", **more}


def result(value, name="quality", type="choices"):
    return {"from_name": name, "to_name": "text", "type": type, "value": value}


def good(**more):
    return result({"choices": ["good"]}, **more)


@pytest.fixture
def read(tmp_path):
    def reading(*contents, tool="label-studio", names=None, **options):
        files = []
        for at, content in enumerate(contents):
            text = content if isinstance(content, str | bytes) else json.dumps(content)
            path = tmp_path / (names or [f"export{n}.json" for n in range(9)])[at]
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
            files.append(path)
        return read_export(files, tool, **options)

    return reading


def test_label_studio_counts_what_it_leaves_out(read):
    export = read(
        [
            task(annotation(1, good()), annotation(2, was_cancelled=True), annotation(3), drafts=[{}]),
            task(annotation(1, result({"start": 0, "end": 3, "labels": ["PER"]}, type="labels"))),
            task(id=3, predictions=[{"model_version": "m", "result": [good()]}]),
        ]
    )
    assert export.counts == {"tasks": 3, "people": 1, "kept": 1, "predictions": 1, "cancelled": 1} | {
        "drafts": 1,
        "empty": 2,
        "marks inside items": 1,
    }


@pytest.mark.parametrize(
    ("value", "type", "label"),
    [
        ({"choices": ["b", "a"]}, "choices", "a|b"),
        ({"rating": 4}, "rating", "4"),
        ({"number": 0.5}, "number", "0.5"),
        ({"taxonomy": [["tone", "rude"]]}, "taxonomy", "tone > rude"),
        ({"text": ["fine"]}, "textarea", "fine"),
        ({"selected": "left"}, "pairwise", "left"),
    ],
)
def test_label_studio_answers_of_each_type(read, value, type, label):
    assert read([task(annotation(1, result(value, type=type)))]).table["label"].to_list() == [label]


def test_label_studio_free_text_is_a_comment_of_the_other_answers(read):
    text = result({"text": ["too long"]}, name="why", type="textarea")
    export = read([task(annotation(1, good(), text, lead_time=9299.5))])
    (row,) = export.table.rows(named=True)
    assert (row["criterion"], row["comment"], row["seconds"]) == ("quality", "too long", "9299.5")


def test_label_studio_ground_truth_is_gold_and_no_judgment(read):
    many = result({"choices": ["a", "b"]})
    export = read([task(annotation(1, good()), annotation(9, many, ground_truth=True))])
    assert export.table.select("rater_id", "gold").rows() == [("1", "a||b")]
    assert export.counts["gold"] == 1


def test_label_studio_old_files_call_annotations_completions(read):
    old = task(annotation(1, good()))
    old["completions"] = old.pop("annotations")
    assert read([old, task(annotation(1, good()), id=2)]).counts["kept"] == 2


def test_label_studio_flat_json_keeps_answers_between_id_and_annotator(read):
    flat = {"text": "x", "id": 1, "quality": "good", "tags": {"choices": ["a", "b"]}, "stars": [{"rating": 4}]}
    flat |= {"annotator": 7, "annotation_id": 70, "created_at": "2026-03-01", "updated_at": "2026-03-01"}
    export = read(
        [flat | {"lead_time": 3.5}, {"text": "y", "id": 2, "annotator": None, "annotation_id": None, "lead_time": 1}]
    )
    assert export.table.select("criterion", "label").rows() == [("quality", "good"), ("tags", "a|b"), ("stars", "4")]
    assert export.counts["tasks"] == 2


CSV = "annotation_id,annotator,created_at,id,lead_time,quality,text,updated_at\n"


def test_label_studio_csv_tells_answers_by_what_differs_within_a_task(read):
    rows = "1,ann,2026-03-01,5,2.5,good,the text,2026-03-01\n\n2,bo,2026-03-01,5,2.5,bad,the text,2026-03-01\n"
    export = read(CSV + rows, names=["a.csv"])
    assert export.table.select("rater_id", "criterion", "label").rows() == [
        ("ann", "quality", "good"),
        ("bo", "quality", "bad"),
    ]
    assert "fields of the task: text" in export.notes[0]
    with pytest.raises(HaloError, match="--criteria"):
        read(CSV + rows.partition("\n")[0], names=["a.csv"])
    assert read(CSV + rows.partition("\n")[0], names=["a.csv"], criteria=["quality"]).counts["kept"] == 1


# What every tool shares.


def test_installations_number_tasks_and_people_alike(read):
    first, second = ([task(annotation(1, good()), data={"doc": doc})] for doc in ("x", "y"))
    export = read(first, second)
    assert "1 item such as '1' differ" in export.notes[0]
    assert "--rater-from file" in export.notes[1]
    joined = read(first, second, columns={"item_id": "doc"}, rater_from="file", names=["ann.json", "bo.json"])
    assert joined.table.select("item_id", "rater_id").rows() == [("x", "ann"), ("y", "bo")]
    assert not joined.notes
    with pytest.raises(BadOption, match="fields there are 'doc'"):
        read(first, columns={"item_id": "docs"})


def test_a_second_annotation_by_one_person_is_kept_and_counted(read):
    export = read([task(annotation(1, good()), annotation(1, good()))])
    assert (export.counts["kept"], export.counts["repeated"]) == (2, 1)


def test_gold_of_a_second_file(read, file):
    export = read([task(annotation(1, good()), id=1), task(annotation(1, good()), id=2)])
    with_gold = export.with_gold(file("task,answer\n2,a|b\n"), {"item_id": "task", "label": "answer"})
    assert with_gold.table["gold"].to_list() == [None, "a||b"]
    assert with_gold.notes[-1] == "gold of export.csv: 1 of 2 items"
    with pytest.raises(InvalidData, match="'3' is no item of the export"):
        export.with_gold(file("item_id,label\n3,a\n"))
    with pytest.raises(InvalidData, match="there twice, first in row 1"):
        export.with_gold(file("item_id,label\n1,a\n1,a\n"))
    with pytest.raises(InvalidData, match="column label is missing"):
        export.with_gold(file("item_id,answer\n1,a\n"))


def test_what_is_written_is_safe_in_a_spreadsheet_and_private(read, tmp_path):
    export = read([task(annotation(1, result({"choices": ["=1+1"]}), result({"number": -2}, name="n", type="number")))])
    path = export.write(tmp_path / "j.csv")
    assert read_judgments(path).frame["label"].to_list() == ["'=1+1", "-2"]
    assert path.stat().st_mode & 0o77 == 0
    for ending in ("parquet", "jsonl"):
        assert read_judgments(export.write(tmp_path / f"j.{ending}")).frame["label"].to_list() == ["=1+1", "-2"]
    with pytest.raises(BadOption):
        export.write(tmp_path / "j.xlsx")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('[{"id": 1, "data": {}, "annotations": [', "it may be cut short"),
        ('{"id": 1, "data": {}, "annotations": []}\n{"id": 2, "da', "line is not JSON"),
        ("[" * 10_000 + "]" * 10_000, "too deeply"),
        ('[{"id": 1, "data": ' + '{"a":' * 10_000 + "1" + "}" * 10_000 + ', "annotations": []}]', "too deeply"),
        ("[1, 2]", "no object"),
        ('[{"a": 1}]', "Expected tasks with"),
        ([task({"completed_by": 1, "result": 5})], "not as Label Studio writes it"),
        ([task(annotation(1, result({"choices": ["x" * 10_000_001]})))], "10,000,000 characters in a cell"),
        ([task()], "holds no judgment"),
        ([task(annotation(None, good()))], "without a rater"),
        (b"PK\x03\x04 no archive", "archive is damaged"),
    ],
)
def test_hostile_exports_end_in_a_clear_message(read, content, message):
    with pytest.raises(HaloError, match=message):
        read(content)


def test_a_file_of_another_tool_is_refused_by_its_right_name(read):
    for name in set(TOOLS) - {"label-studio"}:
        with pytest.raises(InvalidData, match="--from label-studio"):
            read([task(annotation(1, good()))], tool=name)


def test_the_command_prints_counts_and_what_comes_next(tmp_path, capsys):
    out = tmp_path / "j.csv"
    assert (
        cli.main(["read", str(SAMPLES / "label_studio.json"), "--from", "label-studio", "--out", str(out)]) == cli.FINE
    )
    printed = capsys.readouterr().out.splitlines()
    assert printed[:7] == [
        str(out),
        "read as Label Studio",
        "tasks: 8",
        "people: 3",
        "kept: 24",
        "predictions: 8",
        "gold: 2",
    ]
    assert printed[-1] == f"next: halo check {out}"
    assert cli.main(["read", str(out), "--out", str(out)]) == cli.USAGE
    assert cli.main(["read", str(out), "--out", str(tmp_path / "k.csv")]) == cli.USAGE
    assert cli.main(["read", str(out), "--from", "label-studio", "--out", str(tmp_path / "k.csv")]) == cli.FINDINGS
