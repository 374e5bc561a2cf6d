"""Sheets of audit questions: what a sitting asks, and what comes back through the check."""

import io
import json
from datetime import date, timedelta

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import LAUNCH, REGISTER, TODAY, check, plan, put

from halo_methods import cli
from halo_methods.errors import BadOption
from halo_methods.standards import Register
from halo_methods.standards.attestations import COLUMNS, Quarter
from halo_methods.standards.plan import check_plan, scope
from halo_methods.standards.sitting import sitting
from halo_methods.standards.standards_file import Attested

EMPTY = put(put(check(plan(LAUNCH)).plan.document.content, "attestations", None), "stage", "live")


def ask(values, quarter="2027-Q1"):
    return sitting(values, REGISTER, quarter=quarter, today=TODAY)


def names(asked):
    return [s.id for s in asked.questions]


def filled(asked, answers):
    """The sheet with these cells filled in: standard -> column -> value."""
    book = openpyxl.load_workbook(io.BytesIO(asked.workbook()))
    sheet = book.active
    for line in sheet.iter_rows(min_row=2):
        for column, value in answers.get(line[0].value, {}).items():
            line[COLUMNS.index(column)].value = value
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


@pytest.fixture
def checked(tmp_path):
    """Check a plan with one sheet beside it, given as bytes."""

    def run(content, values=EMPTY, today=date(2027, 2, 1), name="sheet.xlsx"):
        (tmp_path / name).write_bytes(content)
        file = tmp_path / "plan.yml"
        file.write_text(json.dumps(put(values, "attestation_sheets", [name]), default=str), "utf-8")
        return check_plan(file, REGISTER, today=today)

    return run


def found(check, name):
    return next(f for f in check.findings if f.standard == name)


def test_the_first_sitting_asks_all_that_applies():
    asked = ask(EMPTY)
    applies = [s.id for s in REGISTER.values() if s.evidence.kind == "attested" and scope(s, asked.plan) == "in"]
    assert sorted(names(asked)) == applies
    roles = [s.evidence.role for s in asked.questions]
    assert roles == sorted(roles)


def test_the_sheet_holds_questions_and_nothing_else():
    asked = ask(EMPTY)
    book = openpyxl.load_workbook(io.BytesIO(asked.workbook()))
    head, *rows = book.active.iter_rows(values_only=True)
    assert head == COLUMNS
    assert [row[:3] for row in rows] == [(s.id, s.evidence.question, s.evidence.role) for s in asked.questions]
    assert {row[3:] for row in rows} == {(None, None, None)}
    assert not any("{" in str(cell) for row in rows for cell in row)
    rules = {str(rule.sqref): rule.type for rule in book.active.data_validations.dataValidation}
    assert rules == {f"D2:D{len(rows) + 1}": "list", f"E2:E{len(rows) + 1}": "date"}


QUARTERLY, YEARLY = names(ask(EMPTY))[:2]
KINDS = {
    QUARTERLY: {"every": "quarter", "after": []},
    YEARLY: {"every": "year", "after": ["amendment"]},
}
CHANGED = {n: REGISTER[n].evidence.model_copy(update=kind) for n, kind in KINDS.items()}
REGULAR = Register(REGISTER[n].model_copy(update={"evidence": evidence}) for n, evidence in CHANGED.items())


def asked_in(values, quarter):
    return set(names(sitting(values, REGULAR, quarter=quarter, today=TODAY)))


def yes(name, day):
    return {"standard": name, "by": REGISTER[name].evidence.role, "date": day}


def test_quarterly_questions_return_each_quarter_and_yearly_ones_after_four():
    answered = put(EMPTY, "attestations", [yes(n, date(2027, 1, 20)) for n in (QUARTERLY, YEARLY)])
    asked = {q: asked_in(answered, q) for q in ("2027-Q1", "2027-Q2", "2027-Q4", "2028-Q1")}
    assert asked == {"2027-Q1": set(), "2027-Q2": {QUARTERLY}, "2027-Q4": {QUARTERLY}, "2028-Q1": {QUARTERLY, YEARLY}}


def test_a_change_asks_its_questions_in_its_quarter():
    changed = put(EMPTY, "changes", [{"what": "amendment", "date": date(2027, 2, 10)}])
    before, after = ([yes(YEARLY, day)] for day in (date(2027, 1, 20), date(2027, 2, 10)))
    assert YEARLY in asked_in(put(changed, "attestations", before), "2027-Q1")
    assert YEARLY not in asked_in(put(changed, "attestations", after), "2027-Q1")
    assert YEARLY not in asked_in(put(EMPTY, "attestations", before), "2027-Q1")


def test_what_a_clause_decides_is_named_and_not_asked():
    asked = ask({k: v for k, v in EMPTY.items() if k != "stage"})
    assert set(asked.unsure.values()) == {"stage"}


@pytest.mark.parametrize("text", ["2027", "2027-Q5", "27-Q1", "2027-q1", "0000-Q1", "2027-Q1 "])
def test_a_quarter_is_written_so(text):
    with pytest.raises(BadOption, match="write it as 2027-Q1"):
        ask(EMPTY, text)


@settings(max_examples=50)
@given(day=st.dates(date(1990, 1, 1), date(2100, 1, 1)), back=st.integers(0, 9))
def test_quarters_follow_each_other(day, back):
    quarter = Quarter.of(day)
    assert quarter.first <= day <= quarter.last
    assert Quarter.of(quarter.last + timedelta(days=1)).before(1) == quarter
    assert Quarter.named(str(quarter)).before(back).before(1) == quarter.before(back + 1)


def test_answers_come_back_through_the_check(checked):
    asked = ask(EMPTY)
    first, second, third = names(asked)[:3]
    answers = {
        first: {"answer": "yes", "date": date(2027, 1, 20), "note": "seen"},
        second: {"answer": "No", "date": "2027-01-21", "note": "two pages are missing"},
    }
    check = checked(filled(asked, answers))
    assert not check.problems
    assert (found(check, first).verdict, found(check, first).due) == (
        "met",
        date(2027, 1, 20) + timedelta(days=REGISTER[first].evidence.valid_days),
    )
    refused = found(check, second)
    assert refused.verdict == "not_met"
    assert refused.reason.endswith("on 2027-01-21: two pages are missing")
    assert found(check, third).reason == "it is not attested"


def test_a_later_yes_settles_a_no_and_on_one_day_the_no_counts(checked):
    asked = ask(EMPTY)
    name = names(asked)[0]
    sheet = filled(asked, {name: {"answer": "no", "date": date(2027, 1, 20)}})
    for day, verdict in ((date(2027, 1, 25), "met"), (date(2027, 1, 20), "not_met")):
        check = checked(sheet, put(EMPTY, "attestations", [yes(name, day)]))
        assert found(check, name).verdict == verdict
    assert name not in names(ask(put(EMPTY, "attestations", [yes(name, date(2027, 1, 25))])))


GOOD = {"answer": "yes", "date": date(2027, 1, 20)}
WRONG = [
    ({"question": "Is all well?"}, "question", "has another question"),
    ({"role": "product lead"}, "role", "answered by 'product lead'"),
    ({"standard": "CAL-999"}, "standard", "is no standard"),
    ({"standard": "CAL-004"}, "standard", "which is measured, not attested"),
    ({"answer": "maybe"}, "answer", "with 'maybe'"),
    ({"date": None}, "date", "has no date"),
    ({"date": "20.1.2027"}, "date", "has '20.1.2027'"),
]


@pytest.mark.parametrize(("change", "column", "words"), WRONG, ids=[f"{c}: {w}" for _, c, w in WRONG])
def test_a_row_that_cannot_be_used_is_a_problem_with_its_row(checked, change, column, words):
    asked = ask(EMPTY)
    name = names(asked)[1]
    check = checked(filled(asked, {name: GOOD | change}))
    (problem,) = check.problems
    assert (problem.row, problem.column) == (2, column)
    assert words in problem.what
    assert found(check, name).verdict == ("not_met" if column == "standard" else "undecided")


def test_a_formula_is_not_calculated_and_a_questions_equals_sign_is_text(checked):
    asked = ask(EMPTY)
    name = names(asked)[0]
    check = checked(filled(asked, {name: GOOD | {"answer": '=IF(1,"yes","no")'}}))
    assert "has no stored result" in check.problems[0].what
    assert found(check, name).verdict == "undecided"
    evidence = REGISTER[name].evidence.model_copy(update={"question": "=1+1 is two?"})
    standard = REGISTER[name].model_copy(update={"evidence": evidence})
    cells = openpyxl.load_workbook(
        io.BytesIO(type(asked)(asked.plan, asked.quarter, (standard,), {}).workbook())
    ).active
    assert cells["B2"].data_type != "f"


def test_sheets_that_cannot_be_read(checked, tmp_path):
    name = names(ask(EMPTY))[0]
    cells = b"standard,answer\nA,yes\n"
    for content, words in ((b"PK\x03\x04 no", "damaged"), (b"", "empty"), (cells, "no xlsx"), (cells, "no column")):
        check = checked(content, name="sheet.csv" if words == "no column" else "sheet.xlsx")
        assert words in check.problems[0].what
        assert found(check, name).verdict == "undecided"
    (tmp_path / "plan.yml").write_text(json.dumps(EMPTY | {"attestation_sheets": ["gone.xlsx"]}, default=str), "utf-8")
    assert "no such file" in check_plan(tmp_path / "plan.yml", REGISTER, today=TODAY).problems[0].what


@settings(max_examples=8)
@given(
    said=st.dictionaries(st.sampled_from([QUARTERLY, YEARLY]), st.sampled_from(["yes", "no"])), on=st.integers(1, 31)
)
def test_whatever_is_answered_is_what_the_check_says(said, on, tmp_path_factory):
    asked = sitting(EMPTY, REGULAR, quarter="2027-Q1", today=TODAY)
    folder, day = tmp_path_factory.mktemp("sheets"), date(2027, 1, on)
    (folder / "a.xlsx").write_bytes(filled(asked, {n: {"answer": a, "date": day} for n, a in said.items()}))
    (folder / "plan.yml").write_text(json.dumps(EMPTY | {"attestation_sheets": ["a.xlsx"]}, default=str), "utf-8")
    check = check_plan(folder / "plan.yml", REGULAR, today=date(2027, 1, 31))
    assert not check.problems
    verdicts = {f.standard: f.verdict for f in check.findings if f.clause == "attestations"}
    assert verdicts == {n: "met" if said.get(n) == "yes" else "not_met" for n in verdicts}


def test_the_command_writes_the_sheet(tmp_path, capsys, root):
    out = tmp_path / "sheet.xlsx"
    file = str(root / "data/plans/preference_launch.yml")
    line = ["standards", "audit", file, "--out", str(out), "--quarter", "2027-Q3"]
    assert cli.main(line) == cli.FINE
    said = capsys.readouterr().out
    assert "for 2027-Q3" in said
    assert "attestation_sheets" in said
    assert openpyxl.load_workbook(out).active.title == "Sitting 2027-Q3"
    assert cli.main(line) == cli.COULD_NOT_RUN
    assert "is there already, perhaps filled in" in capsys.readouterr().err
    out.unlink()
    assert cli.main([*line, "--format", "json"]) == cli.FINE
    asked = json.loads(capsys.readouterr().out)
    assert sum(asked["by_role"].values()) == len(asked["questions"])
    out.unlink()
    assert cli.main([*line[:-1], "soon"]) == cli.USAGE
    assert "quarter is 'soon'; write it as 2027-Q1" in capsys.readouterr().err
    assert cli.main(["standards", "audit", file, "--out", str(tmp_path / "sheet.csv")]) == cli.USAGE


def test_the_role_that_answers_is_never_the_owner():
    assert not [s.id for s in REGISTER.values() if isinstance(s.evidence, Attested) and s.evidence.role == s.owner]
