"""Exercises: solutions pass, each mistake gets its own hint, and what a learner gets holds no solution."""

import ast
import json
import re

import nbformat
import pytest

from halo_methods import agreement, integrity, read_judgments, reports, standards, workforce
from halo_methods.cli import FINDINGS, FINE, main
from halo_methods.errors import BadOption, HaloError
from halo_methods.reports import exercises, places
from halo_methods.reports.exercises import check, handout, tasks
from halo_methods.rubric import lint, read_rubric

NAMES = places.exercise_names()
SOURCES = {name: nbformat.read(places.exercise_file(name), as_version=4) for name in NAMES}


def tagged(name, tag):
    return [cell["source"] for cell in SOURCES[name].cells if tag in cell.metadata.get("tags", [])]


def test_the_exercises_cover_the_chapters_that_a_junior_reads():
    wanted = {"agreement", "calibration", "certification", "audit", "disagreement", "drift", "workforce"}
    assert wanted <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_solution_passes_and_each_mistake_gets_its_own_hint(name):
    assert len(tagged(name, "solution")) == len(tasks(name)) >= 2
    for task, known in tasks(name).items():
        assert check(name, **{task: known.right}).right
        assert len(known.mistakes) >= 2, task
        assert known.hint, task
        hints = [hint for _, hint in known.mistakes]
        assert len(set(hints)) == len(hints)
        assert all(len(hint) > 30 for hint in hints)
        for value, hint in known.mistakes:
            said = check(name, **{task: value})
            assert not said.right, (task, value)
            assert repr(said) == f"Not yet. {hint}"


@pytest.mark.parametrize("name", NAMES)
def test_a_hint_does_not_give_the_answer(name):
    for task, known in tasks(name).items():
        answer = known.right if isinstance(known.right, str) else str(getattr(known.right, "value", known.right))
        for hint in (known.hint, *(hint for _, hint in known.mistakes)):
            assert not re.search(rf"(?<![\w.]){re.escape(answer)}(?![\w.])", hint), (task, hint)


@pytest.mark.parametrize("name", NAMES)
def test_the_handout_holds_no_solution_no_mistake_and_no_answer(name):
    made = nbformat.reads(handout(name), as_version=4)
    nbformat.validate(made)
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    kept = {ast.unparse(line) for line in ast.parse(code).body}
    for source in (*tagged(name, "solution"), *tagged(name, "mistake")):
        hint, *lines = ast.parse(source).body
        assert ast.literal_eval(hint.value).strip() not in handout(name)
        assert not {ast.unparse(line) for line in lines} & kept
    assert not any(cell.get("outputs") for cell in made.cells)
    assert not any(cell.metadata.get("tags") for cell in made.cells)
    assert made.cells[0].cell_type == "markdown"
    assert re.findall(r"^(\w+) = \.\.\.  # your turn$", code, re.M) == list(tasks(name))


SITE = places.PACKAGE.parent / "_build" / "html" / "exercises"


@pytest.mark.skipif(not SITE.is_dir(), reason="the book is not built: make book")
@pytest.mark.parametrize("name", NAMES)
def test_the_site_offers_the_handout_as_it_is_made_today(name):
    assert (SITE / f"{name}.ipynb").read_text("utf-8") == handout(name)


def test_an_exercise_that_is_not_solved_fails_gently():
    """Each cell of a handout runs; each check says that an answer is missing."""
    space, said = {}, []
    for cell in nbformat.reads(handout("certification"), as_version=4).cells:
        if cell.cell_type == "code" and cell.source.startswith("check"):
            said.append(eval(cell.source, space))
        elif cell.cell_type == "code":
            exec(cell.source, space)
    assert len(said) == len(tasks("certification"))
    assert {repr(one) for one in said} == {"No answer yet: put one in place of the three dots."}


@pytest.mark.parametrize(
    ("exercise", "answer", "says"),
    [
        ("audit", {"rate": 8.108108}, "in percent"),
        ("audit", {"rate": 0.08}, "rounded"),
        ("audit", {"rate": "0.081"}, "A number is asked for, and this is a str"),
        ("audit", {"rate": 0.5}, "no mistake that we know"),
        ("audit", {"rate": float("nan")}, "no mistake that we know"),
        ("audit", {"back": "S1"}, "A list is asked for, and this is a str"),
        ("audit", {"verdict": 0.05}, "A text is asked for, and this is a float"),
        ("certification", {"items": None}, "No answer yet"),
    ],
)
def test_a_slip_is_told_in_its_own_words(exercise, answer, says):
    said = check(exercise, **answer)
    assert not said.right
    assert says in repr(said)


def test_an_answer_is_right_however_it_is_written():
    assert check("audit", back=("s3", "S1", "s2")).right
    assert check("audit", verdict="Undecided ").right
    assert check("certification", items=56.0).right
    assert check("audit", rate=0.0811).right


def test_an_unknown_exercise_or_task_is_named_with_those_there_are():
    with pytest.raises(HaloError, match=r"agreemnt.*agreement"):
        check("agreemnt", alpha=1)
    with pytest.raises(BadOption, match=r"alpha, verdict, market"):
        check("agreement", beta=1)
    with pytest.raises(BadOption, match=r"one of them at a time"):
        check("agreement")


def test_a_mistake_that_is_right_stops_the_author(tmp_path, monkeypatch):
    cell = nbformat.v4.new_code_cell
    tag = {"tags": ["mistake"]}
    cells = [cell('"""Look."""\nx = 1', metadata={"tags": ["solution"]}), cell('"""No."""\nx = 2 - 1', metadata=tag)]
    (tmp_path / "exercises").mkdir()
    (tmp_path / "exercises" / "made.ipynb").write_text(nbformat.writes(nbformat.v4.new_notebook(cells=cells)), "utf-8")
    monkeypatch.setenv(places.BOOK, str(tmp_path))
    with pytest.raises(HaloError, match="is its solution"):
        exercises.tasks("made")


def test_the_command_writes_a_handout(tmp_path, capsys):
    assert main(["exercise", "audit", "--out", str(tmp_path)]) == FINE
    assert (tmp_path / "audit.ipynb").read_text("utf-8") == handout("audit")
    assert str(tmp_path / "audit.ipynb") in capsys.readouterr().out
    assert json.loads((tmp_path / "audit.ipynb").read_text("utf-8"))["metadata"]["kernelspec"]["name"] == "python3"


CAPSTONE, TRUTH = reports.sample("capstone"), reports.truth("capstone")
COLUMNS = "item_id=task,rater_id=annotator,criterion=question,label=answer,gold=expected,vendor=supplier,locale=market,\
rated_at=when"
READ = {
    "columns": dict(pair.split("=") for pair in COLUMNS.split(",")),
    "duplicates": "first", "dates": "spreadsheet", "where": "criterion = 'correct'", "scale": ["0", "1"],
}  # fmt: skip


@pytest.fixture(scope="module")
def correct():
    return read_judgments(CAPSTONE, **READ)


class TestCapstone:
    """What the reviewer's rubric expects is what the handbook's own commands find, and what was planted."""

    def checked(self, capsys, *options):
        status = main(["check", str(CAPSTONE), "--columns", COLUMNS, *options])
        return status, capsys.readouterr().out

    def test_each_fault_is_a_defect_of_the_rubric_and_has_a_test_here(self):
        named = {name.removeprefix("test_") for name in vars(TestCapstone)}
        defects = {defect.name for defect in read_rubric(places.rubric("capstone_report")).defects}
        assert defects <= named
        assert len(defects) == 7

    def test_repeated_rows(self, capsys):
        status, said = self.checked(capsys)
        assert status == FINDINGS
        assert said.count("the same item_id, rater_id, criterion as row") == TRUTH["repeated"] + TRUTH["contradicted"]

    def test_spreadsheet_moments(self, capsys):
        said = self.checked(capsys)[1]
        assert "--dates spreadsheet" in said
        assert f"{TRUTH['serial_dates'] - 3} more of this kind" in said

    def test_spellings(self, capsys):
        status, said = self.checked(capsys, "--duplicates", "first", "--dates", "spreadsheet")
        assert status == FINE
        assert "'FITTING' and 'Fitting' differ only by case" in said

    def test_gold_with_decimals(self, correct):
        assert "such as '0.0' as '0'" in str(correct)
        raw = read_judgments(CAPSTONE, **READ | {"where": None, "scale": None})
        assert "gold answers equal to no label" in str(raw)

    def test_one_answer(self, correct):
        for found in (integrity.straight_liners(correct).table, integrity.speeders(correct).table):
            assert found.loc[found["listed"], "rater_id"].tolist() == [TRUTH["lazy"]]

    def test_below_the_bar(self, correct):
        right = workforce.rates(correct, "vendor").table.set_index("vendor")
        bar = standards.threshold("VEN-040")
        assert right.index[right["high"] < bar].tolist() == [TRUTH["below_the_bar"]]
        assert right.loc["south", "low"] < TRUTH["accuracy"]["south"] < right.loc["south", "high"]

    def test_no_bridge(self, correct):
        assert agreement.bridge_items(correct).value == 0
        assert agreement.bridge_items(correct.where(f"locale <> '{TRUTH['without_bridge']}'")).value == 40

    def test_the_rubric_lints_clean(self):
        assert lint(places.rubric("capstone_report")) == []
