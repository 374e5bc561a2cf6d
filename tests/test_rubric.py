"""Rubrics as files: the shipped ones load, and whatever a file holds, reading it ends soon and in words."""

import time
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from halo_methods import reports
from halo_methods.cli import COULD_NOT_RUN, FINDINGS, FINE, USAGE, main
from halo_methods.documents import read
from halo_methods.errors import BadOption, HaloError, InvalidData
from halo_methods.judgments import read_judgments
from halo_methods.reports import places
from halo_methods.rubric import Rubric, lint, read_rubric, rubric_schema

ROOT = Path(__file__).parents[1]
RUBRICS = {path.stem: path for path in sorted((ROOT / "data/rubrics").glob("*.yml"))}
TEXTS = {name: path.read_text(encoding="utf-8") for name, path in RUBRICS.items()}
CONTENT = {name: read(path).content for name, path in RUBRICS.items()}
ONE_CRITERION: dict[str, Any] = {
    "criteria": CONTENT["search_relevance"]["criteria"][:1],
    "order": [],
    "examples": [],
    "markets": {},
}
MARKETS = {"fr-FR", "de-DE", "es-ES", "pt-BR"}

quick = settings(max_examples=25, deadline=60_000, suppress_health_check=[HealthCheck.too_slow])


def ends_in_words(content: str | bytes | dict[str, Any]) -> Rubric | None:
    try:
        rubric = read_rubric(content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content)
        assert all(found.what and found.fix for found in lint(rubric))
        return rubric
    except InvalidData as refused:
        faults = refused
    assert all(problem.what and problem.fix for problem in faults.problems)
    assert 0 < len(str(faults)) < 100_000
    assert "\x1b" not in str(faults)
    return None


@pytest.mark.parametrize("name", RUBRICS)
def test_a_shipped_rubric_is_whole(name: str) -> None:
    rubric = read_rubric(RUBRICS[name])
    assert rubric.name == name.replace("_", "-")
    assert set(rubric.markets) == MARKETS
    assert {kind for kind in ("easy", "edge", "trap") for e in rubric.examples if e.kind == kind} == {
        "easy",
        "edge",
        "trap",
    }
    assert all(defect.near for defect in rubric.defects)
    assert {has for defect in rubric.defects for e in defect.examples for has in [e.has_it]} == {True, False}
    assert all(set(example.item) == set(rubric.shows) for example in rubric.examples)


def test_the_schema_knows_every_key() -> None:
    assert set(rubric_schema()["properties"]) == set(Rubric.model_fields)


@quick
@given(content=st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_text_ends_in_words(content: str | bytes) -> None:
    assert ends_in_words(content) is None


@quick
@given(
    name=st.sampled_from(sorted(RUBRICS)),
    start=st.integers(0, 18_000),
    length=st.integers(0, 500),
    put=st.text(max_size=5),
)
def test_any_damaged_rubric_ends_in_words(name: str, start: int, length: int, put: str) -> None:
    ends_in_words(TEXTS[name][:start] + put + TEXTS[name][start + length :])


@quick
@given(name=st.sampled_from(sorted(RUBRICS)), end=st.integers(0, 18_000))
def test_any_truncated_rubric_ends_in_words(name: str, end: int) -> None:
    ends_in_words(TEXTS[name][:end])


scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.dates())
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=20), inner, max_size=4)
)


@quick
@given(name=st.sampled_from(sorted(RUBRICS)), key=st.sampled_from(sorted(Rubric.model_fields)), value=anything)
def test_any_value_of_any_key_ends_in_words(name: str, key: str, value: object) -> None:
    ends_in_words({**CONTENT[name], key: value})


HOSTILE = {
    "aliases": "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 60)),
    "itself": "criteria: &a [*a]",
    "merged": "a: &a {b: c}\n" + "criteria: [{<<: *a}]\n",
    "braces": "criteria: " + "{a: " * 5000,
    "brackets": "[" * 200_000,
    "dashes": "- " * 3000 + "x",
    "key often": "terms: 1\n" * 100_000,
    "many criteria": "criteria:\n" + "- {name: a, question: b}\n" * 3_000,
    "many labels": "criteria: [{name: a, labels: [" + "{name: x}," * 1_000 + "]}]",
    "5 MB": "title: " + "x" * 3_000_000,
    "long text": "verdict: " + "and or " * 10_000,
    "python": "title: !!python/object/apply:os.system [ls]",
    "digits": "seconds: " + "9" * 10_000,
    "not a number": "seconds: .nan",
    "nothing": "",
    "zero byte": "\x00",
    "surrogate": 'title: "\\ud800"',
    "terminal codes": 'title: "\\e[31m"',
    "two documents": "a: 1\n---\nb: 2",
    "list as key": "? [a, b]\n: c",
    "a list": "- a",
    "a market of markets": "markets: {fr-FR: {fr-FR: {fr-FR: {}}}}",
    "label that is a truth value": "criteria: [{name: a, labels: [{name: yes}, {name: no}]}]",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_rubric_ends_in_words_in_bounded_time_and_memory(content: str) -> None:
    tracemalloc.start()
    began = time.process_time()
    assert ends_in_words(content) is None
    seconds, peak = time.process_time() - began, tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert seconds < 10
    assert peak < 100e6


def test_a_criterion_says_how_its_judgments_are_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, rubric = tmp_path / "export.csv", RUBRICS["search_relevance"]
    file.write_text("item_id,rater_id,label\nq1,r1,related\nq1,r2,exact\n", encoding="utf-8")
    reading = read_rubric(rubric).reading("relevance")
    assert reading == {"scale": ["unrelated", "related", "substitute", "exact"], "level": "ordinal"}
    assert read_judgments(file, **reading).scale == tuple(reading["scale"])
    with pytest.raises(BadOption, match="allowed: 'relevance', 'page_language'"):
        read_rubric(rubric).reading()
    assert read_rubric({**CONTENT["search_relevance"], **ONE_CRITERION}).reading() == reading

    typed = ["check", str(file), "--scale"]
    assert main([*typed, f"{rubric}#relevance"]) == FINE
    assert "labels: unrelated, related, substitute, exact (ordinal)" in capsys.readouterr().out
    assert main([*typed, f"{rubric}#relevance", "--level", "nominal"]) == FINE
    assert "exact (nominal)" in capsys.readouterr().out
    assert main([*typed, f"{rubric}#page_language"]) == FINDINGS
    assert "foreign" in capsys.readouterr().out
    assert main([*typed, str(rubric)]) == USAGE
    assert "'page_language'" in capsys.readouterr().err
    assert main([*typed, str(tmp_path / "gone.yml")]) == COULD_NOT_RUN


def test_a_rubric_is_found_by_its_name_the_working_folder_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert places.rubric("agent_task").read_bytes() == RUBRICS["agent_task"].read_bytes()
    with pytest.raises(
        HaloError, match=r"Did you mean agent_task\? There are: agent_task, assistant_response, capstone_"
    ):
        places.rubric("agent_tusk")
    assert main(["rubric", "lint", "agent_task"]) == FINE
    assert capsys.readouterr().out == f"{RUBRICS['agent_task']}: 0 findings\n"
    own = Path("agent_task.yml")
    own.write_text(RUBRICS["agent_task"].read_text("utf-8").replace("\nseconds: ", "\nsecond: "), "utf-8")
    assert places.rubric("agent_task") == own
    assert main(["rubric", "lint", "agent_task"]) == FINDINGS
    assert "agent_task.yml: 2 problems" in capsys.readouterr().out
    assert main(["rubric", "render", "gone", "--to", "card", "--out", "out"]) == COULD_NOT_RUN
    assert "no rubric is called 'gone'. There are: agent_task" in capsys.readouterr().err
    assert main(["rubric", "lint", "gone.yml"]) == COULD_NOT_RUN
    assert "there is no file gone.yml" in capsys.readouterr().err
    assert main(["rubric", "lint", "."]) == COULD_NOT_RUN
    assert ". is a folder" in capsys.readouterr().err


def test_a_scale_names_a_shipped_rubric_and_its_criterion(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("export.csv").write_text("item_id,rater_id,label\nq1,r1,related\nq1,r2,exact\n", encoding="utf-8")
    scale = ["unrelated", "related", "substitute", "exact"]
    typed = ["check", "export.csv", "--scale"]
    assert main([*typed, "search_relevance#relevance"]) == FINE
    assert "labels: unrelated, related, substitute, exact (ordinal)" in capsys.readouterr().out
    assert main([*typed, "search_relevance"]) == USAGE
    assert "write the scale as search_relevance#CRITERION" in capsys.readouterr().err
    assert main([*typed, "search_relevanse#relevance"]) == COULD_NOT_RUN
    assert "Did you mean search_relevance?" in capsys.readouterr().err
    assert main([*typed, "related"]) == USAGE
    assert "scale has one label" in capsys.readouterr().err
    report = reports.start("agreement", data="export.csv", scale="search_relevance#relevance", level="nominal")
    assert (report.judgments.scale, report.judgments.level) == (tuple(scale), "nominal")
    with pytest.raises(BadOption, match="write the scale as agent_task#CRITERION"):
        reports.run("agreement", "export.csv", tmp_path, scale="agent_task#relevance")
    for other in (None, scale, (0, 1), "a,b", "0..1", "#1,#2", "C#,F#"):
        assert places.by_rubric({"scale": other, "level": None}) == {"scale": other, "level": None}
