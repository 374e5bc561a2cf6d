"""The halo command: what it prints, where, and how it exits."""

import contextlib
import csv
import gzip
import io
import json
import os
import shlex
import subprocess
import sys
import threading
from pathlib import Path

import click
import numpy as np
import pytest
import tiny_report
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import cli, judgments
from halo_methods.cli.answering import Answer, answering, in_shell, reading_options, written
from halo_methods.cli.data_commands import typed
from halo_methods.errors import HaloError, Problem
from halo_methods.judgments.options import scale_of
from halo_methods.reports import places, runner

GATES = """
def share(low, high):
    rests = rests_on(j.frame, "labels")
    return Estimate(value=(low + high) / 2, low=low, high=high, method="a share", over="items", **rests)


with report.section("Gates") as show:
    show.gate("PIP-041", share(0.95, 0.99))
    show.gate("CAL-004", {"not_met": share(0.1, 0.2), "undecided": share(0.5, 0.99)}.get(step, share(0.95, 0.99)))
"""


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tmp_path_factory.mktemp("book")
    cells = [*tiny_report.standard_cells()[:5], ("code", GATES, [])]
    tiny_report.write(folder, cells=cells)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.BOOK, str(folder))
        yield folder


@pytest.fixture
def data(tmp_path):
    def write(*rows, header="item_id,rater_id,label"):
        file = tmp_path / "data.csv"
        file.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
        return str(file)

    return write


def test_help_loads_nothing_heavy():
    heavy = "('numpy', 'pandas', 'polars', 'IPython')"
    code = (
        f"import sys, halo_methods.cli as c; c.main(['check', '-h']); print([m for m in {heavy} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_checking_a_file_loads_no_statistics(data):
    code = f"import sys, halo_methods.cli as c; c.main(['check', {data('a,r,x')!r}]); print('scipy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "False"


@pytest.mark.parametrize(
    "line",
    [[], ["absent"], ["report"], ["check", "x", "--level", "cardinal"], ["report", "x", "-p", "novalue"],
     ["check", "x", "--columns", "item_id"], ["check", "x", "--values", "llm=model"],
     ["check", __file__, "--quiet", "--verbose"], ["check", "x", "--columns", "a=b,a=c"], ["standards"],
     ["check", "x", "--colums", "a=b"], ["check", __file__, "--encoding", "klingon"]],
)  # fmt: skip
def test_usage(line, capsys):
    assert cli.main(line) == cli.USAGE
    out, err = capsys.readouterr()
    assert out == ""
    assert "Usage: halo" in err


def test_a_scale_that_is_none_says_how_to_write_one(data, capsys):
    assert cli.main(["check", data("a,r1,yes"), "--scale", "a..b"]) == cli.USAGE
    assert "low..high" in capsys.readouterr().err


def test_check_says_what_was_read(data, capsys):
    file = data("a,r1,yes", "a,r2,no", "b,r1,")
    assert cli.main(["check", file, "--format", "json"]) == cli.FINE
    read = json.loads(capsys.readouterr().out)
    assert (read["rows_read"], read["rows_used"], sum(read["dropped"].values())) == (3, 2, 1)
    assert cli.main(["check", file]) == cli.FINE
    assert "3 rows read, 2 used" in capsys.readouterr().out


def test_check_lists_every_problem_by_kind(data, capsys):
    rows = [f"i{n},r1,{label}" for n, label in enumerate(["good"] * 3 + ["goood"] * 30)]
    assert cli.main(["check", data(*rows), "--scale", "poor,good", "--format", "json"]) == cli.FINDINGS
    problems = json.loads(capsys.readouterr().out)["problems"]
    assert [p["row"] for p in problems] == list(range(4, 34))
    assert cli.main(["check", data(*rows), "--scale", "poor,good"]) == cli.FINDINGS
    out = capsys.readouterr().out
    assert "30 problems" in out
    assert out.count("the label 'goood'") == 3
    assert "27 more of this kind, up to row 33" in out


def test_check_takes_the_options_of_reading(data, capsys):
    file = data("t1,r1,80,llm,x", "t1,r1,81,person,x", "t2,r2,n/a,person,y", header="task,rater_id,score,kind,place")
    line = ["check", file, "--columns", "item_id=task,label=score,rater_type=kind", "--values",
            "rater_type:llm=model,person=human", "--scale", "0..100", "--level", "interval", "--duplicates", "first",
            "--missing", "n/a", "--where", "place = 'x'", "--format", "json"]  # fmt: skip
    assert cli.main(line) == cli.FINE
    read = json.loads(capsys.readouterr().out)
    assert (read["rows_read"], read["rows_used"]) == (3, 1)
    assert cli.main([*line, "--where", "place ~ x"]) != cli.FINE


def test_check_of_nothing(capsys, tmp_path):
    assert cli.main(["check", str(tmp_path / "absent.csv")]) == cli.COULD_NOT_RUN
    out, err = capsys.readouterr()
    assert out == ""
    assert "there is no file" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("step", "fail_on", "status"),
    [("not_met", "not_met", cli.GATE_FAILED), ("undecided", "not_met", cli.FINE),
     ("undecided", "undecided", cli.GATE_FAILED), ("not_met", None, cli.FINE), ("met", "undecided", cli.FINE)],
)  # fmt: skip
def test_report_exits_by_its_gates(book, tmp_path, capsys, step, fail_on, status):
    line = ["report", "tiny", "--sample", "--out", str(tmp_path), "-p", f"step={step}", "--format", "json"]
    line += ["--audience", "operations"]
    assert cli.main([*line, *(["--fail-on", fail_on] if fail_on else [])]) == status
    out, err = capsys.readouterr()
    made = json.loads(out)
    assert [g["verdict"] for g in made["gates"]] == ["met", step]
    assert made["files"] == [str(tmp_path / f"tiny.{kind}") for kind in ("html", "ipynb", "json")]
    assert all(os.path.isfile(f) for f in made["files"])
    assert ("CAL-004" in err) == (status == cli.GATE_FAILED)


def test_report_passes_options_on(book, tmp_path, data, capsys):
    file = data("t1,r1,yes", "t1,r2,no", header="task,rater_id,label")
    line = ["report", "tiny", "--data", file, "--out", str(tmp_path / "o"), "--columns", "item_id=task",
            "--scale", "no,yes", "--level", "ordinal", "--audience", "operations", "--format", "json"]  # fmt: skip
    assert cli.main(line) == cli.FINE
    made = json.loads(capsys.readouterr().out)
    assert made["data"]["scale"] == ["no", "yes"]
    assert made["parameters"]["audience"] == "operations"
    assert made["parameters"]["columns"] == {"item_id": "task"}


@pytest.mark.parametrize(
    ("line", "status", "message"),
    [
        (["report", "tinny"], cli.COULD_NOT_RUN, "Did you mean tiny? There are: "),
        (["report", "tiny", "--sample", "-p", "stepp=1"], cli.USAGE, "Did you mean step"),
        (
            ["report", "tiny", "--sample", "-p", "by=rater_id"],
            cli.USAGE,
            "Invalid value for -p by: report tiny failed in section",
        ),
        (["report", "tiny", "--sample", "--scale", "a..b"], cli.USAGE, "low..high"),
        (["report", "tiny", "--data", "absent.csv"], cli.COULD_NOT_RUN, "there is no file absent.csv"),
        (["report", "tiny", "--data", "."], cli.COULD_NOT_RUN, ". is a folder; name a file in it"),
        (["report", "tiny", "--data", "tiny"], cli.COULD_NOT_RUN, "there is no file tiny"),
        (["report", "tiny"], cli.USAGE, "--sample for the invented ones"),
        (["report", "tiny", "--data", __file__, "--sample"], cli.USAGE, "--sample for the invented ones"),
        (["report", "tiny", "--sample", "--timeout", "0"], cli.USAGE, "timeout is 0"),
        (["report", "tiny", "--sample", "-p", "step=a", "-p", "step=b"], cli.USAGE, "step is given twice"),
        (
            ["report", "tiny", "--scale", "a,b", "-p", "scale=x"],
            cli.USAGE,
            "scale has an option of its own: give --scale",
        ),
    ],
)
def test_report_refuses_in_words(book, tmp_path, capsys, line, status, message):
    assert cli.main([*line, "--out", str(tmp_path / "out")]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert message in err
    assert list(tmp_path.iterdir()) == []


def test_a_file_is_no_folder_for_reports(book, data, capsys):
    file = data("a,r1,x")
    assert cli.main(["report", "tiny", "--data", file, "--out", file]) == cli.USAGE
    assert "which is a file; name a folder" in capsys.readouterr().err


def test_a_report_on_the_sample_says_so_everywhere_and_one_on_a_file_nowhere(book, data, tmp_path, capsys):
    for source, on_sample in ((["--sample"], True), (["--data", data("a,r1,x", "a,r2,y")], False)):
        line = ["report", "tiny", *source, "--out", str(tmp_path / "out"), "-p", "step=met"]
        assert cli.main(line) == cli.FINE
        out, err = capsys.readouterr()
        assert ("a sample that comes with the handbook" in out) == on_sample
        assert "2 gates withheld; those who run the programme see all with --audience operations" in err
        page, notebook, numbers = (
            (tmp_path / "out" / f"tiny.{k}").read_text("utf-8") for k in ("html", "ipynb", "json")
        )
        assert ("<strong>A sample.</strong>" in page) == on_sample
        assert ("come with the handbook" in notebook) == on_sample
        assert json.loads(numbers)["data"]["sample"] is on_sample


def test_a_sample_is_not_taken_for_the_file_beside(book, tmp_path, monkeypatch, capsys):
    (tmp_path / "tiny.csv").write_text("item_id,rater_id,label\na,r,x\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["report", "tiny", "--data", "tiny"]) == cli.COULD_NOT_RUN
    assert "there is no file tiny; there is tiny.csv" in capsys.readouterr().err
    with pytest.raises(HaloError, match=r"tiny is the name of a sample, and tiny\.csv stands here"):
        runner.locate("tiny")
    assert cli.main(["report", "tiny", "--sample", "--out", "out"]) == cli.FINE
    assert json.loads((tmp_path / "out" / "tiny.json").read_text("utf-8"))["data"]["sample"] is True


@given(st.text(max_size=20))
@settings(max_examples=50)
def test_a_parameter_is_the_text_that_was_typed(text):
    assert typed(text, "str") == typed(text, "NoneType") == text
    for kind in ("float", "int | None", "bool", "list[str]", "list[float] | None", "dict"):
        with contextlib.suppress(ValueError, KeyError, OverflowError, csv.Error):
            value = typed(text, kind)
            assert "float" not in kind or np.isfinite(value).all()


@pytest.mark.parametrize(
    "text", ["no", "yes", "0010", "2026-06-01", "1.50", ".nan", "&a [*a]", "[[a", "a]", "[" * 3000, "null", "~"]
)
def test_what_yaml_would_change_stays(text):
    assert typed(text, "NoneType") == text
    assert typed(text, "list[str]") == typed(f"[{text}]", "list[str]") == [text]


@pytest.mark.parametrize(
    "text", [".nan", "nan", "1e999", "1,000", "0x" + "f" * 9000, "9" * 5000, "[" * 3000, "", "&a 1"]
)
def test_a_parameter_that_is_no_number_is_refused_in_words(monkeypatch, capsys, text):
    assert cli.main(["report", "planning", "--sample", "-p", f"rate={text}"]) == cli.USAGE
    assert "can't be read; write numbers" in capsys.readouterr().err


def test_a_column_is_named_with_its_blanks(data, capsys):
    """Of two columns that differ by a blank the one that is named is read, and so it stands in the commands."""
    both = data("q,x,a,good", "r,x,a,good", header=" rater_id,rater_id,item_id,label")
    assert cli.main(["check", both, "--columns", "rater_id= rater_id"]) == cli.FINDINGS
    assert "two columns would be called rater_id: it and ' rater_id'" in capsys.readouterr().out
    assert cli.main(["check", both, "--columns", "rater_id= rater_id, other=rater_id"]) == cli.FINE
    out = capsys.readouterr().out
    assert "1 item, 2 raters" in out
    assert "--columns 'rater_id= rater_id,other=rater_id'" in out
    one = data("q,a,good", "r,a,good", header=" rater_id,item_id,label")
    for named in ("rater_id= rater_id", "rater_id=rater_id", "rater_id =  rater_id , label= label"):
        assert cli.main(["check", one, "--columns", named]) == cli.FINE


def test_bad_data_is_told_in_one_line(book, tmp_path, data, capsys):
    file = data("a,r1,x", "a,r1,y")
    assert cli.main(["report", "tiny", "--data", file, "--out", str(tmp_path / "out")]) == cli.COULD_NOT_RUN
    _, err = capsys.readouterr()
    assert err.count("\n") == 1
    assert "row 2" in err
    assert str(tmp_path) not in err


def test_a_report_on_a_raw_export_names_the_command_that_reads_it(book, tmp_path, file, capsys):
    export = file("_unit_id,_worker_id,q,q_gold\n1,w,x,x\n", "export.csv")
    assert cli.main(["report", "tiny", "--data", str(export), "--out", str(tmp_path / "out")]) == cli.COULD_NOT_RUN
    err = capsys.readouterr().err
    assert "the column item_id is missing" in err
    assert f"halo read {export} --from appen --out judgments.csv" in err


def test_a_fault_is_no_traceback_unless_asked(monkeypatch, capsys):
    def broken(*_, **__):
        raise RuntimeError("out of order")

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(judgments, "read_judgments", broken)
    assert cli.main(["check", __file__]) == cli.COULD_NOT_RUN
    assert "Traceback" not in capsys.readouterr().err
    assert cli.main(["check", __file__, "--verbose"]) == cli.COULD_NOT_RUN
    assert "Traceback" in capsys.readouterr().err
    monkeypatch.setattr(judgments, "read_judgments", interrupted)
    assert cli.main(["check", __file__]) == cli.INTERRUPTED


@pytest.mark.skipif(sys.platform == "win32", reason="a Unix pipe")
def test_a_closed_pipe_is_quiet(data):
    file = data(*(f"i{n},r1,x" for n in range(20000)), "i1,r1,x")
    program = [sys.executable, "-m", "halo_methods.cli", "check", file, "--scale", "y,z", "--format", "json"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        running.stdout.close()
        assert running.stderr.read() == b""


def test_standards(capsys):
    assert cli.main(["standards", "list", "--format", "json"]) == cli.FINE
    listed = json.loads(capsys.readouterr().out)
    named = {"id", "level", "tier", "title", "do", "moments", "topic", "evidence", "numbers"}
    assert named | {"owner", "since", "review_by"} == set(listed[0])
    assert [s["id"] for s in listed] == sorted(s["id"] for s in listed)
    one = listed[0]
    assert cli.main(["standards", "show", one["id"]]) == cli.FINE
    assert one["title"] in capsys.readouterr().out
    assert cli.main(["standards", "trace", "--topic", one["topic"]]) == cli.FINE
    traced = capsys.readouterr().out.splitlines()
    assert {line.split("  ")[1] for line in traced} == {s["id"] for s in listed if s["topic"] == one["topic"]}
    assert cli.main(["standards", "show", "XXX-999"]) == cli.COULD_NOT_RUN
    assert "no standard is called XXX-999" in capsys.readouterr().err


def test_plans_are_checked(root, tmp_path, capsys):
    plans = sorted(str(p) for p in (root / "data/plans").glob("*.yml"))
    page = tmp_path / "portfolio.html"
    assert cli.main(["standards", "check", *plans, "--out", str(page), "--format", "json"]) in (cli.FINE, cli.FINDINGS)
    assert len(json.loads(capsys.readouterr().out)["plans"]) == len(plans) == 3
    assert page.read_text("utf-8").startswith("<!DOCTYPE html>")
    assert os.listdir(tmp_path) == ["portfolio.html"]


def test_a_plan_with_findings_exits_so(tmp_path, capsys):
    assert cli.main(["standards", "blank"]) == cli.FINE
    blank = tmp_path / "plan.yml"
    blank.write_text(capsys.readouterr().out, "utf-8")
    assert cli.main(["standards", "check", str(blank)]) == cli.FINDINGS
    assert "ALN-001" in capsys.readouterr().out
    assert cli.main(["standards", "check", str(tmp_path / "absent.yml")]) == cli.COULD_NOT_RUN
    blank.write_text("a: ]", "utf-8")
    assert cli.main(["standards", "check", str(blank)]) == cli.COULD_NOT_RUN
    assert "line 1" in capsys.readouterr().err


def test_the_next_identifier(capsys):
    assert cli.main(["standards", "new", "cal"]) == cli.FINE
    assert capsys.readouterr().out.startswith("CAL-0")
    assert cli.main(["standards", "new", "XYZ"]) == cli.COULD_NOT_RUN


def test_mends_are_options_that_can_be_typed(data, tmp_path, capsys):
    file = data("t,r,x", header="task_id,rater_id,label")
    assert cli.main(["check", file]) == cli.FINDINGS
    assert "--columns item_id=task_id" in capsys.readouterr().out
    latin = tmp_path / "latin.csv"
    latin.write_bytes("item_id,rater_id,label\na,b,café\n".encode("latin-1"))
    assert cli.main(["check", str(latin)]) == cli.FINDINGS
    assert "--encoding cp1252" in capsys.readouterr().out
    assert cli.main(["check", str(latin), "--encoding", "cp1252"]) == cli.FINE


def told(texts):
    """Options as messages carry them, and their values."""
    labels = st.lists(texts, min_size=1, max_size=3, unique=True)
    cells = st.dictionaries(texts, texts, min_size=1, max_size=2)
    return st.one_of(
        st.tuples(st.just("columns"), st.dictionaries(texts, texts, min_size=1, max_size=3)),
        st.tuples(st.just("values"), st.dictionaries(texts, cells, min_size=1, max_size=2)),
        st.tuples(st.just("missing"), labels),
        st.tuples(st.just("scale"), labels.filter(lambda listed: len(listed) > 1)),
    )


def read_back(option, value):
    """What the command reads from the option as a message spells it; None where it is spelled without its value."""
    flag, *text = shlex.split(in_shell(option, value))
    assert flag == f"--{option}"

    @click.command()
    @reading_options
    def command(reading):
        return reading[option]

    back = command.main([flag, *text], standalone_mode=False) if text else None
    return list(scale_of(back)) if option == "scale" and back else back


@given(told(st.text(min_size=1, max_size=6)))
def test_an_option_in_a_message_reads_back_as_its_value_or_has_none(told):
    assert read_back(*told) in (told[1], None)


@given(told(st.text("aé7'\",$&;|*\\<", min_size=1, max_size=6)))
def test_what_a_list_can_hold_is_always_spelled(told):
    assert read_back(*told) == told[1]


def test_options_with_commas_and_spaces_are_quoted_for_the_shell():
    assert in_shell("columns", {"item_id": "task id"}) == "--columns 'item_id=task id'"
    assert in_shell("scale", ["poor", "fair, or so"]) == "--scale 'poor,\"fair, or so\"'"
    assert in_shell("values", {"label": {"it's": "good"}}) == '--values "label:it\'s=good"'
    assert in_shell("values", {"label": {"it's $5": "good"}}) == """--values 'label:it'"'"'s $5=good'"""
    assert in_shell("columns", {"item_id": "x", "label": "y"}) == "--columns item_id=x,label=y"
    assert in_shell("missing", [" "]) == "--missing"


def test_repeated_options_add_up(data, capsys):
    file = data("t1,r1,80,x", "t1,r2,na,x", "t2,r2,none,y", header="task,who,score,place")
    line = ["check", file, "--columns", "item_id=task", "--columns", "rater_id=who,label=score", "--format", "json"]
    assert cli.main([*line, "--missing", "na", "--missing", "none"]) == cli.FINE
    read = json.loads(capsys.readouterr().out)
    assert (read["rows_used"], sum(read["dropped"].values())) == (1, 2)


def test_json_carries_the_option_and_its_value(data, capsys):
    assert cli.main(["check", data("t,r,x", header="task_id,rater_id,label"), "--format", "json"]) == cli.FINDINGS
    (problem,) = json.loads(capsys.readouterr().out)["problems"]
    assert (problem["option"], problem["value"]) == ("columns", {"item_id": "task_id"})


def test_a_bad_option_is_usage_wherever_it_is_found(data, capsys):
    file = data("a,r1,x", header="item_id,rater_id,label")
    assert cli.main(["check", file, "--where", "lable = 'x'"]) == cli.USAGE
    assert "There is 'label'" in capsys.readouterr().err
    plan = ["plan", "capacity", "--data", file, "--volume", "1", "--start", "2026-06-08", "--market", "de-DE"]
    assert cli.main([*plan, "--yield", "7"]) != cli.FINE
    assert cli.main(["plan", "capacity", "--data", file, "--volume", "x"]) == cli.USAGE


HOSTILE = st.text("a\x1b\x07\n\r\x85\x9b\u2028\u202e\u2066\ud800é", min_size=1, max_size=5)


@given(HOSTILE, HOSTILE)
@settings(max_examples=30)
def test_a_terminal_shows_data_and_runs_none_of_it(name, label):
    problem = Problem(f"the label is {label}", f"Use {name}.", row=1, option="columns", value={"label": name})
    assert not set(problem.text(in_shell)) & set("\x1b\x07\n\r\x85\x9b\u2028\u202e\u2066\ud800")
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        command = click.Command("x", callback=answering(lambda: Answer({"a": label}, ["all", label])))
        command.params = command.callback.__click_params__
        assert command.main([], standalone_mode=False) == cli.FINE
        assert printed.getvalue().count("\n") == 2
        command.main(["--format", "json"], standalone_mode=False)
    assert printed.getvalue().replace("\n", "").isprintable()


def test_no_message_reaches_the_terminal_raw(data, monkeypatch, capsys):
    def refused(*_, **__):
        raise HaloError("bolt\x1b[2J\nhalo: all gates met")

    monkeypatch.setattr(judgments, "read_judgments", refused)
    assert cli.main(["check", data("a,r,x")]) == cli.COULD_NOT_RUN
    assert capsys.readouterr().err == "halo: bolt\\x1b[2J\\nhalo: all gates met\n"


def test_a_terminal_without_the_sign_gets_its_escape(data, monkeypatch, capsys):
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", terminal)
    assert cli.main(["check", data("a,r1,é", "a,r2,\U0001f600"), "--scale", "a,b"]) == cli.FINDINGS
    shown = terminal.buffer.getvalue().decode()
    assert "the label '\\xe9'" in shown
    assert "the label '\\U0001f600'" in shown
    assert capsys.readouterr().err == ""


@pytest.mark.skipif(sys.platform == "win32", reason="a shell that closes streams, a folder in use")
def test_a_closed_stream_and_a_deleted_folder_are_no_fault_of_halo(data, tmp_path):
    file = shlex.quote(data("a,r1,x"))
    call = f"{sys.executable} -m halo_methods.cli check"
    closed = subprocess.run(f"{call} {file} >&-", shell=True, capture_output=True, text=True, check=False)
    assert (closed.returncode, closed.stderr) == (cli.FINE, "")
    gone = tmp_path / "gone"
    gone.mkdir()
    code = f"import os; os.rmdir({str(gone)!r}); from halo_methods.cli import main; print(main(['check', 'x.csv']))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, filter(None, sys.path)))}
    line = [sys.executable, "-c", code]
    deleted = subprocess.run(line, cwd=gone, capture_output=True, text=True, env=environment, check=False)
    assert deleted.stdout == f"{cli.COULD_NOT_RUN}\n"
    assert "has been deleted; change to another folder" in deleted.stderr


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (["--level", "ordinal", "--level", "nominal"], "--level is given 2 times"),
        (["--where", "a = 1", "--where", "a = 1"], "--where is given 2 times"),
        (["--values", "label:x=1", "--values", "label:x=2"], "label:x is given twice"),
    ],
)
def test_an_option_of_one_value_is_given_once(data, capsys, line, message):
    assert cli.main(["check", data("a,r1,x"), *line]) == cli.USAGE
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(("shell", "word"), [("bash", "COMP_WORDS"), ("zsh", "compdef"), ("fish", "complete")])
def test_the_shell_can_complete(shell, word):
    environment = {**os.environ, "_HALO_COMPLETE": f"{shell}_source"}
    code = "import sys; from halo_methods.cli import main; sys.exit(main())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    if shell == "bash" and not done.stdout:
        pytest.skip("no bash recent enough")
    assert word in done.stdout


def piped(content):
    stdin, end = os.pipe()
    threading.Thread(target=lambda: Path(f"/dev/fd/{end}").write_bytes(content) and os.close(end)).start()
    return os.fdopen(stdin)


ONE = b"item_id,rater_id,label\na,x,good\n"


@pytest.mark.parametrize(
    "content",
    [ONE, gzip.compress(ONE, mtime=0), b'[{"item_id": "a", "rater_id": "x", "label": 1}]'],
    ids=["csv", "gzip", "json"],
)
def test_standard_input_and_pipes_are_read_like_files(content, monkeypatch, capsys):
    for name in ("-", "/dev/fd/"):
        with piped(content) as stdin:
            monkeypatch.setattr(sys, "stdin", stdin)
            place = name if name == "-" else f"{name}{stdin.fileno()}"
            assert cli.main(["check", place, "--format", "json"]) == cli.FINE
            assert json.loads(capsys.readouterr().out)["file"] == "standard-input"


def test_a_report_finds_what_came_through_standard_input_until_it_is_made(monkeypatch):
    seen = []

    def run(name, *, data, **_):
        seen.append((Path(data), Path(data).read_bytes()))
        return {"gates": [], "errors": []}

    monkeypatch.setattr("halo_methods.reports.run", run)
    with piped(ONE) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        assert cli.main(["report", "agreement", "--data", "-"]) == cli.FINE
    ((path, content),) = seen
    assert content == ONE
    assert not path.parent.exists()


@pytest.mark.parametrize("device", ["/dev/null", "/dev/zero"])
def test_a_device_is_no_file(device, capsys):
    assert cli.main(["check", device]) == cli.COULD_NOT_RUN
    assert "there is no file" in capsys.readouterr().err


NAMES = st.text(st.sampled_from("ab,:\"' =?(;|"), min_size=1, max_size=8).filter(lambda name: name == name.strip())


@settings(max_examples=25)
@given(names=st.lists(NAMES, min_size=3, max_size=3, unique=True))
def test_any_name_can_be_given_with_its_column(names, tmp_path_factory):
    file = tmp_path_factory.mktemp("names") / "f.csv"
    with file.open("w", newline="") as out:
        csv.writer(out, delimiter=",").writerows([names, ["q", "r", "x"]])
    made = dict(zip(("item_id", "rater_id", "label"), names, strict=True))
    words = [word for name, column in made.items() for word in ("--columns", written({name: column}))]
    assert cli.main(["check", str(file), "--delimiter", "comma", *words, "--quiet"]) == cli.FINE


def test_a_comma_that_was_not_quoted_is_answered_with_quotation_marks(data, capsys):
    assert cli.main(["check", data(), "--columns", "label=Good, or bad?"]) == cli.USAGE
    assert """'"label=Good, or bad?"'""" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "row"),
    [
        (["--dates", "day-first Europe/Berlin"], "a,x,good,24.3.2026 10:00"),
        (["--dates", "epoch"], "a,x,good,1774342800"),
        (["--delimiter", "bar"], None),
    ],
)
def test_forms_of_dates_and_delimiters_are_options(option, row, data, capsys):
    header = "item_id,rater_id,label,rated_at"
    file = data(row or "a|x|good|2026-03-24T09:00:00Z", header=header if row else header.replace(",", "|"))
    assert cli.main(["check", file, *option]) == cli.FINE
    assert cli.main(["check", file, option[0], "odd"]) == cli.USAGE
    assert f"{option[0]} is odd; allowed: " in capsys.readouterr().err
