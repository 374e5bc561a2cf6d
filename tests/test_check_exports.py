"""`halo check` says of which tool a file is an export and which command reads it, however its columns are mapped."""

import json
import shlex
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import cli, reports
from halo_methods.cli.data_commands import export_of
from halo_methods.exports import TOOLS
from halo_methods.reports.places import sample_names

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = sorted((ROOT / "data" / "samples" / "exports").iterdir())
CASES = ROOT.parent / "shared" / "cases" / "files"
TOOL_OF_CASE = {
    "argilla_flat.jsonl": "argilla",
    "argilla_nested.json": "argilla",
    "crowdflower_like.csv": "appen",
    "forms.csv": "form",
    "google_form.csv": "form",
    "labelstudio_like.json": "label-studio",
    "prodigy_like.jsonl": "prodigy",
    "toloka.tsv": "toloka",
}


@pytest.fixture
def checked(capsys):
    def check(file, *options):
        status = cli.main(["check", str(file), *options, "--format", "json"])
        out = capsys.readouterr().out
        return status, json.loads(out) if out else {}

    return check


@pytest.fixture(scope="module")
def cases():
    if not CASES.is_dir():
        pytest.skip("the files of cases are not at ../shared/cases/files")
    return CASES


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_check_names_the_command_that_reads_an_export(sample, checked, tmp_path, monkeypatch, capsys):
    status, told = checked(sample)
    assert status == cli.FINDINGS
    tool = sample.name.partition(".")[0].replace("_", "-")
    assert told["tool"] == TOOLS[tool].title
    monkeypatch.chdir(tmp_path)
    assert cli.main(shlex.split(told["read"])[1:]) == cli.FINE
    assert cli.main(["check", "judgments.csv"]) == cli.FINE
    people = tool not in ("promptfoo", "lm-eval")  # these have one person, and one grader
    assert ("halo report agreement --data judgments.csv" in capsys.readouterr().out) == people


@pytest.mark.parametrize("name", TOOL_OF_CASE)
def test_every_case_that_is_an_export_is_recognised(name, cases, checked):
    status, told = checked(cases / name)
    assert status == cli.FINDINGS
    assert told["read"] == f"halo read {cases / name} --from {TOOL_OF_CASE[name]} --out judgments.csv"


def test_no_case_and_no_sample_that_is_none_is_taken_for_an_export(cases):
    others = [path for path in sorted(cases.iterdir()) if path.name not in TOOL_OF_CASE]
    for file in [*others, *map(reports.sample, sample_names())]:
        assert export_of(str(file), "") == {}, file.name


@pytest.mark.parametrize("name", ["crowdflower_like.csv", "prodigy_like.jsonl", "toloka.tsv", "argilla_flat.jsonl"])
def test_an_export_is_never_accepted_under_another_reading_without_a_note(name, cases, capsys):
    text = (cases / name).read_text("utf-8").partition("\n")[0]
    names = list(json.loads(text)) if text.startswith("{") else text.split("\t" if name.endswith("tsv") else ",")

    @given(st.lists(st.sampled_from(names), min_size=3, max_size=3, unique=True))
    @settings(max_examples=5)
    def noted(columns):
        mapping = ",".join(
            f"{role}={column}" for role, column in zip(("item_id", "rater_id", "label"), columns, strict=True)
        )
        cli.main(["check", str(cases / name), "--columns", mapping, "--duplicates", "round"])
        assert f"--from {TOOL_OF_CASE[name]}" in capsys.readouterr().out

    noted()


def test_a_table_with_a_column_per_rater_is_told_from_a_table_of_items(file, checked):
    wide, items = "item_id,ann,bo\n1,good,bad\n2,good,good\n", "item_id,topic,words\n1,prices,20\n2,hours,31\n"
    assert checked(file(wide))[1]["read"].split()[3:5] == ["--from", "wide"]
    assert "tool" not in checked(file(items))[1]
