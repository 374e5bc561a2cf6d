"""Exports of annotation tools: what each reader makes of its tool's files, and what it refuses."""

import contextlib
import io
import json
import subprocess
import zipfile
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import cli, read_judgments
from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.exports import TOOLS, Export, as_tasks, read_export, recognise
from halo_methods.exports.opened_files import ExportFile
from halo_methods.judgments import bounds

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples" / "exports"
# The samples tell one story: three people on eight answers, and some of them a model beside.
STORY = {
    "ann": ["good", "good", "bad", "good", "bad", "good", "good", "bad"],
    "bo": ["good", "bad", "bad", "good", "bad", "good", "good", "good"],
    "cy": ["good", "good", "bad", "bad", "bad", "good", "good", "bad"],
}


def labels(export):
    """The labels of each person in the order of the items, people in the order of their identifiers."""
    told = {}
    for row in export.table.sort("rater_id", "item_id").iter_rows(named=True):
        if row.get("rater_type") != "model":
            told.setdefault(row["rater_id"], []).append(row["label"])
    return [*told.values()]


OF_MODELS = ("deepeval.json", "lm_eval.jsonl", "promptfoo.json")  # whose raters are models: test_model_results
OF_PEOPLE = sorted(path for path in SAMPLES.iterdir() if path.name not in OF_MODELS)


@pytest.mark.parametrize("sample", OF_PEOPLE, ids=lambda path: path.name)
def test_each_sample_tells_the_story(sample, tmp_path):
    tool = recognise(sample)
    assert tool.replace("-", "_") == sample.name.partition(".")[0]
    export = read_export([sample], tool)
    assert labels(export) == [*STORY.values()]
    assert (export.counts["people"], export.counts["kept"]) == (3, 24)
    judgments = read_judgments(export.write(tmp_path / "j.csv"))
    assert judgments.people().n_judgments == 24


@pytest.fixture(scope="module")
def own(tmp_path_factory, tools_python):
    """What the tools' own code counts in our samples, and the folder of the samples in their other forms."""
    folder = tmp_path_factory.mktemp("own")
    for tool in ("label-studio", "argilla"):
        sample = read_export([SAMPLES / f"{tool.replace('-', '_')}.json"], tool).table.drop("gold", strict=False)
        (folder / f"tasks.{tool}.json").write_text(as_tasks(sample, tool, show=["item_id"]), encoding="utf-8")
    command = [tools_python, ROOT / "tests/tool_readers.py", SAMPLES, folder]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1]), folder


@pytest.mark.parametrize(("tool", "sign"), [("deepeval", "deepeval/*.json"), ("lm-eval", "lm_eval/*/samples_*.jsonl")])
def test_counts_and_scores_are_those_of_an_evaluation_by_the_tool_itself(own, tool, sign):
    counts, folder = own[0][tool.replace("-", "_")], own[1]
    (written,) = folder.glob(sign)
    for file in (written, next(SAMPLES.glob(f"{tool.replace('-', '_')}.*"))):
        assert recognise(file) == tool
        export = read_export([file], tool)
        assert {name: export.counts[name] for name in counts.keys() & export.counts.keys()}.items() <= counts.items()
        assert set(counts) - set(export.counts) <= {"passes", "mean"}
        if tool == "deepeval":
            passed = export.table.filter(pl.col("label") == "pass").group_by("criterion").len()
            assert dict(passed.iter_rows()) == counts["passes"]
            assert export.table["rater_id"].n_unique() == 3
        else:
            assert export.table["label"].cast(float).mean() == counts["mean"]


@pytest.mark.parametrize("tool", ["argilla", "inspect"])
def test_counts_are_those_of_the_tool_itself(own, tool):
    counts, folder = own
    for file in [*SAMPLES.glob(f"{tool}.*"), *folder.glob(f"{tool}*"), *folder.glob(f"tasks.{tool}_again*")]:
        export = read_export([file], tool)
        assert {name: export.counts[name] for name in counts[tool]} == counts[tool]
        assert labels(export) == [*STORY.values()]


def test_counts_are_those_of_label_studio_itself(own):
    counts, folder = own[0]["label_studio"], own[1]
    told = read_export([SAMPLES / "label_studio.json"], "label-studio").counts
    same = ("tasks", "cancelled", "predictions")
    assert {name: told[name] for name in same} == {name: counts[name] for name in same}
    assert told["kept"] + told["gold"] == counts["annotations"]
    assert labels(read_export([folder / "tasks/result.json"], "label-studio")) == [*STORY.values()]
    for file in (folder / "min/result.json", folder / "csv/result.csv"):
        export = read_export([file], "label-studio")
        assert (export.counts["tasks"], export.counts["kept"]) == (counts["tasks"], counts["annotations"])
        people = export.table.filter(export.table["rater_id"] != "lead@example.org")
        assert labels(Export(people, {}, ())) == [*STORY.values()]


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


@pytest.mark.parametrize("tool", ["label-studio", "argilla", "inspect", "deepeval"])
def test_a_record_of_another_tool_among_those_of_one_is_refused_or_counted(read, tool):
    held = json.loads((SAMPLES / f"{tool.replace('-', '_')}.json").read_text("utf-8"))
    mixed = [*(held if isinstance(held, list) else [held]), {"promptIdx": 1, "testIdx": 1}]
    if tool == "label-studio":
        assert read(mixed, tool=tool).counts["records without a judgment"] == 1
    else:
        with pytest.raises(InvalidData, match=r"no log|neither fields|no list of results"):
            read(mixed, tool=tool)


# Wide tables and forms.


def test_wide_tables_of_three_kinds(read):
    def rows(text, **columns):
        return read(text, tool="wide", names=["a.csv"], columns=columns).table.rows()

    with pytest.raises(HaloError, match="does not say which column is the item; columns are 'Task'"):
        rows("Task,ann,bo\nq1,good,\n")
    assert rows("Task,ann,bo\nq1,good,\n", item_id="Task") == [("q1", "ann", "good")]
    each = [("q1", "ann", "4", "tone"), ("q1", "ann", "5", "facts")]
    assert rows("Task,Who,tone,facts\nq1,ann,4,5\n", item_id="Task", rater_id="Who") == each
    each = [("q1", "ann", "4", "tone"), ("q2", "ann", "5", "tone")]
    assert rows("Who,q1 [tone],q2 [tone]\nann,4,5\n", rater_id="Who") == each


def test_forms_without_names_count_each_response_as_a_rater(read):
    form = "Timestamp,Clear?,Kind?\n3/14/2026 15:04:05,yes,\n3/15/2026 15:04:05,no,yes\n"
    export = read(form, tool="form", names=["a.csv"], criteria=["Clear?"], dates="month-first")
    assert export.table.select("item_id", "rater_id", "label", "rated_at").rows() == [
        ("Clear?", "response 1", "yes", "2026-03-14T15:04:05Z"),
        ("Clear?", "response 2", "no", "2026-03-15T15:04:05Z"),
    ]
    assert "each response is one" in export.notes[1]
    undated = read(form, tool="form", names=["a.csv"])
    assert "rated_at" not in undated.table.columns
    assert "--dates day-first" in undated.notes[-1]
    assert undated.counts["empty"] == 1


# Inspect.


def log(*samples, **config):
    return {"status": "success", "eval": {"model": "m", "task": "t", "config": config}, "samples": list(samples)}


def sample(value, epoch=1, **more):
    return {"id": 1, "epoch": epoch, "input": "i", "target": "x", "scores": {"judge": {"value": value}}, **more}


def test_inspect_scores_by_epoch_key_and_reason(read):
    export = read(log(sample("C"), sample({"tone": 1, "facts": None}, 2), epochs=2), tool="inspect")
    assert export.table.select("item_id", "cluster", "system", "rater_id", "criterion", "label").rows() == [
        ("1#1", "1", "m", "judge", None, "C"),
        ("1#2", "1", "m", "judge", "tone", "1"),
    ]
    assert export.counts == {"tasks": 2, "people": 0, "kept": 0, "predictions": 2, "unscored": 1}
    left = [sample("C", invalidation={"author": "a"}), {"id": 2, "epoch": 1, "error": {"message": "x"}}]
    counts = read(log(sample("C"), *left, sample(float("nan"))), tool="inspect").counts
    assert (counts["invalidated"], counts["errors"], counts["unscored"]) == (1, 1, 1)


def test_inspect_archives_of_old_and_cut_off_runs(read):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("_journal/start.json", json.dumps({"eval": log()["eval"]}))
        archive.writestr("samples/1_epoch_1.json", json.dumps({"id": 1, "epoch": 1, "score": {"value": "I"}}))
    export = read(buffer.getvalue(), tool="inspect", names=["a.eval"])
    assert export.table.select("item_id", "rater_id", "label").rows() == [("1", "score", "I")]


# Argilla.


def test_argilla_flat_keeps_what_was_submitted(read):
    record = {"id": "r", "q.responses": ["good", ["b", "a"], "bad"], "q.responses.users": ["u", "v", "w"]}
    record |= {"q.responses.status": ["submitted", "submitted", "discarded"], "q.suggestion": "good", "lang": "fr-FR"}
    export = read([record], tool="argilla", columns={"locale": "lang"})
    assert export.table.select("rater_id", "label", "rater_type", "suggestion", "locale").rows() == [
        ("u", "good", "human", "good", "fr-FR"),
        ("v", "a|b", "human", "good", "fr-FR"),
        ("suggestion", "good", "model", None, "fr-FR"),
    ]
    assert export.counts["discarded"] == 1
    with pytest.raises(InvalidData, match="not as Argilla writes it"):
        read([{"id": 1, "q.responses": ["a"], "q.responses.users": []}], tool="argilla")


def test_argilla_of_the_hub_as_a_table(read):
    held = "id,q.responses,q.responses.users,q.responses.status\n"
    held += 'r,"[""a"", ""b""]","[""u"", ""v""]","[""draft"", ""submitted""]"\n'
    export = read(held, tool="argilla", names=["a.csv"])
    assert export.table.select("item_id", "rater_id", "label").rows() == [("r", "v", "b")]


def test_argilla_1_and_rankings_and_spans(read):
    ranked = [{"value": "x", "rank": 2}, {"value": "y", "rank": 1}]
    record = {"external_id": "e", "metadata": '{"lang": "de"}', "text": "t"}
    record["order"] = [{"user_id": "u", "value": ranked, "status": "submitted"}]
    record["parts"] = [{"user_id": "u", "value": [{"start": 0, "end": 1, "label": "A"}], "status": "submitted"}]
    export = read([record], tool="argilla", columns={"lang": "lang"})
    assert export.table.rows() == [("e", "u", "y > x", "order", "de")]
    assert export.counts["marks inside items"] == 1


# Prodigy and doccano.


def test_prodigy_binary_answers_and_what_is_ignored(read):
    same = {"text": "t", "_input_hash": 1, "_session_id": "s-ann", "_timestamp": 1652787105}
    lines = [
        same | {"_task_hash": 2, "label": "RUDE", "answer": "reject"},
        same | {"_task_hash": 3, "label": "LATE", "answer": "accept"},
        same | {"_task_hash": 4, "label": "LATE", "answer": "ignore"},
        same | {"_task_hash": 5, "options": [], "accept": ["b", "a"], "answer": "accept"},
        same | {"_task_hash": 6, "options": [], "accept": [], "answer": "accept"},
        same | {"_task_hash": 7, "options": [], "accept": ["a"], "answer": "reject"},
        same | {"_task_hash": 8, "spans": [{"start": 0}], "answer": "accept"},
    ]
    export = read("\n".join(map(json.dumps, lines)), tool="prodigy", names=["a.jsonl"])
    assert export.table.select("item_id", "rater_id", "criterion", "label").rows() == [
        ("1", "s-ann", "RUDE", "reject"),
        ("1", "s-ann", "LATE", "accept"),
        ("5", "s-ann", None, "a|b"),
    ]
    left = {"ignored": 1, "empty": 1, "rejected": 1, "marks inside items": 1}
    assert left.items() <= export.counts.items()


def test_doccano_members_and_shared_annotations(read):
    line = json.dumps({"id": 1, "text": "t", "label": ["b", "a"]}) + "\n"
    spans = json.dumps({"id": 2, "text": "t", "label": [[0, 1, "PER"]]})
    export = read(line + spans, line, tool="doccano", names=["ann.jsonl", "unknown.jsonl"])
    assert export.table.select("item_id", "rater_id", "label").rows() == [("1", "ann", "a|b"), ("1", "unknown", "a|b")]
    assert export.counts["marks inside items"] == 1
    assert "unknown" in export.notes[0]
    with pytest.raises(HaloError, match="without their names, so it cannot give agreement"):
        read(line, tool="doccano", names=["all.jsonl"])
    old = json.dumps({"id": 1, "text": "t", "annotations": [{"label": 3, "user": 7}], "meta": {}})
    assert read(old, tool="doccano", names=["all.jsonl"]).table.rows() == [("1", "7", "3")]


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
    with pytest.raises(InvalidData, match="two columns would be called label"):
        export.with_gold(file("item_id,label,answer\n1,a,b\n"), {"label": "answer"})


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
        (
            [task(annotation(1, good())), {"id": 1, "q": "x", "annotation_id": 1, "annotator": 1}],
            "annotation among tasks",
        ),
        (b"PK\x03\x04 no archive", "archive is damaged"),
    ],
)
def test_hostile_exports_end_in_a_clear_message(read, content, message):
    with pytest.raises(HaloError, match=message):
        read(content)


@pytest.mark.parametrize("sample", sorted(SAMPLES.iterdir()), ids=lambda path: path.name)
def test_a_file_of_another_tool_is_refused_by_its_right_name(sample):
    right = recognise(sample)
    for name in set(TOOLS) - {right}:
        with pytest.raises(InvalidData, match=f"--from {right}"):
            read_export([sample], name)


ODD = st.sampled_from([None, 5, -0.5, "", "x", "2026", [], {}, [[]], [None], {"a": None}, [{"value": [1]}], True, "[{"])
OBJECTS = sorted(path for path in SAMPLES.iterdir() if path.suffix in (".json", ".jsonl"))


def places(held, at=()):
    """Where a value stands in JSON, for each value in it."""
    yield at
    for key, value in held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ():
        yield from places(value, (*at, key))


@settings(max_examples=50)
@given(data=st.data(), path=st.sampled_from(OBJECTS))
def test_an_export_with_odd_values_is_read_or_refused(data, path, tmp_path_factory):
    text = path.read_text(encoding="utf-8")
    held = [json.loads(line) for line in text.splitlines()] if path.suffix == ".jsonl" else json.loads(text)
    for _ in range(data.draw(st.integers(1, 3))):
        *way, last = data.draw(st.sampled_from([place for place in places(held) if place]))
        inside = held
        for key in way:
            inside = inside[key]
        inside[last] = data.draw(ODD)
    odd = tmp_path_factory.mktemp("odd") / path.name
    odd.write_text("\n".join(map(json.dumps, held)) if path.suffix == ".jsonl" else json.dumps(held), encoding="utf-8")
    with contextlib.suppress(HaloError):
        read_export([odd], recognise(path))


def test_what_is_no_table_has_no_header():
    assert ExportFile("a.csv", b"\0" * 200_000).columns == ()
    assert recognise(ExportFile("a.csv", b"x" * 200_000 + b",y\n")) is None


def test_an_archive_that_unpacks_to_too_much_is_refused(read, monkeypatch):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.json", json.dumps(log()))
        archive.writestr("samples/1.json", b" " * 300_000)
    for limit, most in {"MOST_UNPACKED": 200_000, "MOST_BYTES": 200_000, "PACKED_FREELY": 1}.items():
        with monkeypatch.context() as patch:
            patch.setattr(bounds, limit, most)
            with pytest.raises(HaloError, match=r"raise bounds\.MOST_"):
                read(buffer.getvalue(), tool="inspect", names=["a.eval"])


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
