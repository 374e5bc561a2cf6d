"""Reports: what is written, what is refused, what an audience sees, what can't run in the page."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import weakref
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import nbformat
import numpy as np
import pandas as pd
import psutil
import pytest
import tiny_report
from hypothesis import given
from hypothesis import strategies as st

from halo_methods import reports
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.judgments.options import scale_of
from halo_methods.reports import audience, places, rendering, runner, section, whole_page
from halo_methods.results import MIME, Basis, Estimate
from halo_methods.standards.register import house


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    folder = tiny_report.write(tmp_path_factory.mktemp("book"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(places.BOOK, str(folder))
        yield folder


@pytest.fixture(scope="module")
def export(tmp_path_factory):
    file = tmp_path_factory.mktemp("private") / "export.csv"
    file.write_text(tiny_report.judgments(), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def made(book, export, tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "reports"
    return out, reports.run("tiny", export, out, audience="operations")


class Page(HTMLParser):
    """Collects the tags of a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text.append(data)

    def named(self, name):
        return [a for t, a in self.tags if t == name]


def test_json_holds_what_the_design_names(made, export):
    out, result = made
    written = json.loads((out / "tiny.json").read_text(encoding="utf-8"))
    assert list(written) == ["report", "parameters", "data", "estimates", "gates", "next", "errors", "versions"]
    assert written == json.loads(json.dumps(result))
    assert written["report"] == "tiny"
    assert written["parameters"] == {
        "data": "export.csv", "columns": {}, "values": {}, "scale": None, "level": None, "duplicates": "error",
        "where": None, "missing": [""], "dates": "iso", "encoding": "utf-8", "sheet": None, "delimiter": None,
        "audience": "operations", "by": None, "step": "none",
    }  # fmt: skip
    assert written["data"]["sha256"] == hashlib.sha256(export.read_bytes()).hexdigest()
    assert (written["data"]["rows_read"], written["data"]["rows_used"], written["data"]["dropped"]) == (12, 12, {})
    assert [e["name"] for e in written["estimates"]] == ["share_of_yes", tiny_report.HOSTILE[0], "yes"]
    first = written["estimates"][0]
    assert (first["value"], first["low"], first["high"], first["n_items"]) == (0.5, 0.4, 0.6, 4)
    assert first["section"] == "Share of yes"
    assert set(written["versions"]) >= {"halo_methods", "python", "pandas", "numpy", "polars"}


def test_no_file_names_the_machine(made, export):
    out, _ = made
    for file in out.iterdir():
        text = file.read_text(encoding="utf-8")
        assert str(export.parent) not in text
        assert str(Path.cwd()) not in text
        assert tempfile.gettempdir() + "/halo-" not in text
    assert sorted(p.name for p in out.iterdir()) == ["tiny.html", "tiny.ipynb", "tiny.json"]
    assert [p.name for p in out.parent.iterdir()] == ["reports"]


def test_notebook_is_whole_and_without_the_books_cells(made):
    out, _ = made
    notebook = nbformat.read(out / "tiny.ipynb", as_version=4)
    nbformat.validate(notebook)
    assert not any("handbook" in c.metadata.get("tags", []) for c in notebook.cells)
    assert all("papermill" not in c.metadata for c in notebook.cells)
    assert "papermill" not in notebook.metadata
    injected = next(c for c in notebook.cells if "injected-parameters" in c.metadata.get("tags", []))
    assert 'reading = {"data": "export.csv", "audience": "operations"}' in injected.source


def test_nothing_can_run_or_call_out_of_the_page(made):
    out, _ = made
    text = (out / "tiny.html").read_text(encoding="utf-8")
    page = Page(text)
    names = {t for t, _ in page.tags}
    assert not names & {"script", "iframe", "object", "embed", "link", "base", "form", "svg", "foreignobject"}
    for tag, attributes in page.tags:
        assert not [a for a in attributes if a.startswith("on")], (tag, attributes)
        assert "style" not in attributes
        for where in ("src", "href", "srcset", "action", "poster", "background"):
            if where in attributes:
                assert attributes[where].startswith(("#", "data:image/png;base64,")), attributes[where]
    assert "@import" not in text
    assert "url(" not in text
    shown = "".join(page.text)
    assert "<script>alert(1)</script>" in shown, "a label is shown as the text it is"
    assert '<img src=x onerror="alert(2)">' in shown


def test_page_is_one_a_reader_can_use(made):
    out, _ = made
    page = Page((out / "tiny.html").read_text(encoding="utf-8"))
    assert page.named("html") == [{"lang": "en"}]
    assert "".join(page.text).count("A tiny report") == 2
    assert any("width=device-width" in m.get("content", "") for m in page.named("meta"))
    assert len(page.named("main")) == 1
    assert next(a for a in page.named("a"))["href"] == "#" + page.named("main")[0]["id"]
    assert len(page.named("h1")) == 1
    assert [i["alt"] for i in page.named("img")] == ["People"]
    assert all(int(i["width"]) > 100 for i in page.named("img"))
    tables_ = len(page.named("table"))
    assert tables_ >= 4
    assert sum("halo-scroll" in d.get("class", "") for d in page.named("div")) == tables_
    shown = "".join(page.text)
    assert "Rows read" in shown
    assert "Not estimated. no item has a <i>gold</i> label" in " ".join(shown.split())
    assert "reports.start(" not in shown
    assert "CAL-001" not in shown


def test_same_input_same_numbers(made, export, tmp_path):
    _, first = made
    again = reports.run("tiny", export, tmp_path / "again", audience="operations")
    assert again == first


def test_sample_by_name_or_left_out(book, tmp_path, monkeypatch):
    monkeypatch.delenv("MPLBACKEND", raising=False)
    by_default = reports.run("tiny", out=tmp_path)
    assert by_default["data"]["name"] == "withheld"
    assert by_default["parameters"]["audience"] == "partner", "the careful audience is the default"
    assert by_default["estimates"] == [], "three people are too few"
    shown = (tmp_path / "tiny.html").read_text(encoding="utf-8")
    assert "Withheld" in shown
    assert "<img" not in shown
    assert "rater-" not in shown


@pytest.mark.parametrize(
    ("step", "reason"),
    [
        ("refuse", 'section "Share of yes", the cell that begins `with report.section("Share of yes") as show:`: '
                   "two criteria are one too many"),
        ("after", "KeyError: 'absent'"),
    ],
)  # fmt: skip
def test_a_failing_cell_is_named_in_one_line_and_nothing_is_left(book, tmp_path, step, reason):
    out = tmp_path / "out"
    with pytest.raises(HaloError) as failed:
        reports.run("tiny", out=out, step=step)
    assert reason in str(failed.value)
    assert "Share of yes" in str(failed.value)
    assert "\n" not in str(failed.value)
    assert list(tmp_path.iterdir()) == []


def test_a_failed_report_leaves_the_earlier_one(made, export, tmp_path):
    out, _ = made
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    with pytest.raises(HaloError, match="absent"):
        reports.run("tiny", export, out, step="after")
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before
    assert [p.name for p in out.parent.iterdir()] == ["reports"]


@pytest.mark.stops_at_errors
@pytest.mark.parametrize(("audience", "told"), [("operations", True), ("partner", False)])
def test_an_error_of_ours_ends_its_section_and_no_report(book, export, tmp_path, audience, told):
    made = reports.run("tiny", export, tmp_path, step="break", audience=audience)
    assert made["errors"] == [{"section": "Share of yes", "error": "KeyError"}]
    shown = (tmp_path / "tiny.html").read_text(encoding="utf-8")
    assert "own, KeyError; the rest of the report stands" in shown
    assert ("absent" in shown) == told
    assert "no item has a" in shown or not told


def test_a_cell_that_takes_too_long_is_named(book, tmp_path):
    with pytest.raises(HaloError, match=r'section "Share of yes".*still running after 3 s'):
        reports.run("tiny", out=tmp_path, step="sleep", timeout=3)


def test_a_dead_kernel_gets_one_more_chance(book, tmp_path):
    made = reports.run("tiny", out=tmp_path / "a", step="die once", audience="operations")
    assert made["estimates"]
    with pytest.raises(HaloError, match=r'section "Share of yes".*the kernel died, twice'):
        reports.run("tiny", out=tmp_path / "b", step="die")


UNFINISHED = """
print("printed")
open(os.environ["BEGUN"], "w").close()
time.sleep(600)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("how", ["SIGTERM", "SIGHUP with an ordinary kernel", "SIGINT", "SIGKILL"])
def test_an_ended_report_leaves_nothing(tmp_path, how):
    cells = [*tiny_report.standard_cells()[:5], ("code", UNFINISHED, [])]
    book, out, folder = tiny_report.write(tmp_path, cells=cells), tmp_path / "out" / "here", tmp_path / "t"
    folder.mkdir()
    environment = {**os.environ, places.BOOK: str(book), "TMPDIR": str(folder), "BEGUN": str(tmp_path / "begun")}
    environment["HALO_COLD_KERNELS"] = "1" if "ordinary" in how else ""
    command = [sys.executable, "-m", "halo_methods.cli", "report", "tiny", "--sample", "--out", str(out)]
    signum = getattr(signal, how.split()[0])
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
        while not (tmp_path / "begun").exists():
            assert process.poll() is None, process.stderr.read()
            time.sleep(0.05)
        below = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signum)
        said = process.stderr.read()
    assert process.returncode == (-signum if how == "SIGKILL" else 128 + signum)
    assert "Traceback" not in said
    while any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in below):
        time.sleep(0.05)
    assert list(folder.iterdir()) == []
    assert list(out.parent.iterdir()) == [] or how == "SIGKILL"


def test_a_misspelt_parameter_is_refused_before_anything_runs(book, tmp_path):
    with pytest.raises(
        BadOption, match=r"no parameter 'colums'. Did you mean columns\? It has: audience, by, columns, data"
    ):
        reports.run("tiny", out=tmp_path / "out", colums={})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", ["text", True, float("nan"), [1], None])
def test_a_parameter_that_can_be_no_number_is_refused_before_anything_runs(tmp_path, number):
    with pytest.raises(BadOption, match=r"runs is .*; give a number such as 400 or 0.4"):
        reports.run("simulation", out=tmp_path / "out", runs=number)
    assert list(tmp_path.iterdir()) == []


def test_unknown_names_list_those_there_are(book, tmp_path):
    with pytest.raises(HaloError, match=r"no report is called 'tinny'. Did you mean tiny\?"):
        reports.find("tinny")
    with pytest.raises(HaloError, match=r"no sample is called 'tinny'. Did you mean tiny\?"):
        reports.sample("tinny")
    with pytest.raises(HaloError, match=r"no file 'absent.csv'"):
        reports.run("tiny", tmp_path / "absent.csv", tmp_path)
    with pytest.raises(BadOption, match="audience is 'boss'"):
        reports.run("tiny", out=tmp_path, audience="boss")


def test_a_notebook_that_reads_no_data_is_no_report(tmp_path, monkeypatch):
    folder = tiny_report.write(tmp_path, name="page")
    monkeypatch.setenv(places.BOOK, str(folder))
    assert "page" in reports.names()
    notebook = folder / "chapters" / "made" / "page.ipynb"
    content = json.loads(notebook.read_text(encoding="utf-8"))
    content["metadata"]["halo"] = {"input": "none"}
    notebook.write_text(json.dumps(content), encoding="utf-8")
    assert "page" not in reports.names()
    with pytest.raises(HaloError, match="no report is called 'page'"):
        reports.find("page")


def test_tables_of_studies(tmp_path, monkeypatch):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "study_x.csv").write_text("# made by: python x.py\na,b\n1,#2\n", encoding="utf-8")
    monkeypatch.setenv(places.BOOK, str(tmp_path))
    assert reports.study("study_x").to_dict("records") == [{"a": 1, "b": "#2"}]
    assert len(reports.study("coverage_agreement"))
    with pytest.raises(HaloError, match=r"no study is called 'study_y'. Did you mean study_x"):
        reports.study("study_y")


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ([("code", "data = 'tiny'", [])], "no cell tagged 'parameters'"),
        ([("code", "a = 1", ["parameters"]), ("code", "b = 1", ["parameters"])], "2 cells tagged 'parameters'"),
        ([("code", "import os", ["parameters"])], "plain assignments"),
        ([("code", "a = open('x')", ["parameters"])], "plain assignments"),
    ],
)
def test_a_notebook_that_is_no_report_is_refused(tmp_path, monkeypatch, cells, message):
    monkeypatch.setenv(places.BOOK, str(tiny_report.write(tmp_path, cells=cells, name="odd")))
    with pytest.raises(HaloError, match=message):
        reports.run("odd", out=tmp_path / "out")


def test_parameters_are_read_without_running():
    cell = {"cell_type": "code", "metadata": {"tags": ["parameters"]}, "source": "a = {}; b = c = [1]\nd: int = -2"}
    assert runner.parameters_of({"cells": [cell]}, "x") == {
        "a": ({}, "dict"), "b": ([1], "list"), "c": ([1], "list"), "d": (-2, "int"),
    }  # fmt: skip
    assert runner.literal((0, 100)) == "0..100"
    assert runner.literal(("poor", "good")) == ["poor", "good"]
    assert scale_of(runner.literal((0, 100))) == (0.0, 100.0)
    with pytest.raises(BadOption, match="a parameter is a DataFrame"):
        runner.literal(pd.DataFrame())


def test_sections_and_gates_outside_a_notebook(book, capsys):
    report = reports.start("tiny", data="tiny", audience="operations")
    with pytest.raises(HaloError, match="lists CAL-001 and never gives it"), report.section("S", gates=["CAL-001"]):
        pass
    with pytest.raises(ZeroDivisionError), report.section("S"):
        _ = 1 / 0
    bundle = report._repr_mimebundle_()
    assert bundle["application/vnd.halo+json"]["shows"] == "data"
    assert str(book) not in json.dumps(bundle)


# ---------------------------------------------------------------- people


def test_pseudonyms_are_keyed_and_never_shared():
    one, other = audience.Pseudonyms(b"k" * 16), audience.Pseudonyms(b"l" * 16)
    names = [str(n) for n in range(5000)]
    one.learn(names)
    assert len({one.of(n) for n in names}) == 5000, "6 digits collide among 5,000 people; a longer one is used then"
    assert all(re.fullmatch(r"R-[0-9a-f]{6,7}", one.of(n)) for n in names)
    assert one.of("1") != other.of("1")
    assert audience.Pseudonyms().of("1") != audience.Pseudonyms().of("1")


def test_only_the_people_of_the_handbooks_own_samples_have_pseudonyms_that_can_be_guessed(tmp_path, monkeypatch):
    guess = audience.Pseudonyms(b"an invented person")
    monkeypatch.delenv(places.BOOK, raising=False)
    own = reports.start("audit", audience="operations")
    person = min(own.raters)
    assert own.name_of(person) == guess.of(person)
    (tmp_path / "samples").mkdir()
    (tmp_path / "samples" / "audit.csv").write_bytes(places.sample("audit").read_bytes())
    monkeypatch.setenv(places.BOOK, str(tmp_path))
    other = reports.start("audit", audience="operations")
    assert other.on_sample
    assert other.name_of(person) != guess.of(person)


def test_house_settings(tmp_path):
    file = tmp_path / "halo.toml"
    assert house(None).privacy_threshold == 5
    file.write_text('[privacy]\nthreshold = 8\nkey = "pseudonyms.key"\n')
    with pytest.raises(HaloError, match=r"pseudonyms\.key can't be read"):
        house(file).key()
    (tmp_path / "pseudonyms.key").write_bytes(b"0123456789abcdef\n")
    (tmp_path / "pseudonyms.key").chmod(0o600)
    settings = house(file)
    assert (settings.privacy_threshold, settings.key()) == (8, b"0123456789abcdef")
    file.write_text("[privacy]\nthreshold = 1\n")
    with pytest.raises(InvalidData, match="at least 2"):
        house(file)


# ---------------------------------------------------------------- pieces


def test_numbers_that_are_not_finite_never_reach_the_json():
    assert rendering.plain({"a": np.float64(0.1), "b": np.int64(3), "c": np.array([1, 2])}) == {
        "a": 0.1,
        "b": 3,
        "c": [1, 2],
    }
    for bad in (float("nan"), np.float64("inf"), {"x": [float("nan")]}):
        with pytest.raises(HaloError, match="NotEstimable"):
            rendering.plain(bad)


def test_long_tables_and_cells_say_what_is_left_out():
    assert "first 500 of 501 rows" in rendering.frame(pd.DataFrame({"a": range(501)}))
    long = "x" * 10_000_000
    shown = rendering.frame(pd.DataFrame({"a": [long]}))
    assert len(shown) < 1000
    assert "10,000,000 characters" in shown


@given(st.text())
def test_no_text_becomes_markup(text):
    table = Page(rendering.frame(pd.DataFrame({"a": [text]}), caption=text))
    assert {t for t, _ in table.tags} <= {"div", "table", "caption", "thead", "tbody", "tr", "th", "td"}


@pytest.mark.parametrize(
    ("tag", "attribute", "value", "kept"),
    [
        ("a", "href", "#x", True), ("a", "href", "https://x.example", False), ("a", "href", "javascript:x", False),
        ("img", "src", "data:x", False), ("td", "style", "color:red", False), ("td", "onclick", "x", False),
        ("th", "scope", "col", True), ("td", "colspan", "2", True),
    ],
)  # fmt: skip
def test_attributes_of_the_data(tag, attribute, value, kept):
    assert whole_page.allowed(tag, attribute, value) is kept


def test_why_is_one_line():
    assert runner.why("NotEstimable", "no\n gold") == "no gold"
    assert runner.why("KeyError", "'x'") == "KeyError: 'x'"
    assert runner.why("ValueError", "first\nlast") == "ValueError: last"


# ---------------------------------------------------------------- gates


@pytest.fixture
def published(monkeypatch):
    outputs = []
    monkeypatch.setattr(section, "publish", lambda data, metadata=None: outputs.append(data))
    return outputs


def of(share, n=400, basis=None):
    return Estimate(
        value=share,
        low=share - 0.04,
        high=share + 0.04,
        n_items=n,
        n_raters=1,
        n_judgments=n,
        method="a share",
        over="items",
        basis=basis,
    )


def started(tmp_path, raters, who):
    file = tmp_path / "some.csv"
    file.write_text(tiny_report.judgments(raters), encoding="utf-8")
    return reports.start("tiny", data=file, audience=who)


def payloads(outputs):
    held = [o[MIME] for o in outputs if MIME in o]
    return [g for p in held for g in (p["gates"] if p["shows"] == "gates" else [p])]


def test_a_section_that_cannot_be_estimated_leaves_its_gates_undecided(tmp_path, published):
    report = started(tmp_path, 3, "operations")
    with report.section("Gold", gates=["CAL-026", "CAL-004"]) as section:
        section.gate("CAL-026", of(0.9))
        raise NotEstimable("no item has gold")
    found = {g["standard"]: g for g in payloads(published)}
    assert found["CAL-026"]["verdict"] == "met"
    assert (found["CAL-004"]["verdict"], found["CAL-004"]["reason"]) == ("undecided", "no item has gold")
    assert found["CAL-004"]["section"] == "Gold"


@pytest.mark.parametrize("who", ["operations", "partner", "public", "rater"])
def test_verdicts_on_people_are_for_operations(tmp_path, published, who):
    report = started(tmp_path, 6, who)
    with report.section("Each rater", gates=["CAL-005"]) as shown:
        verdicts = {r: of(0.95 if n else 0.3) for n, r in enumerate(sorted(report.raters))}
        shown.gates("CAL-005", SimpleNamespace(by="rater_id", estimates=verdicts))
        shown(pd.DataFrame({"rater_id": sorted(report.raters)}))
    found, text = payloads(published), json.dumps(published)
    assert "rater-" not in text
    if who == "operations":
        assert {g["subject"] for g in found} == {report.name_of(r) for r in report.raters}
        assert all(g["estimate"] for g in found)
    else:
        assert [(g["subject"], g["verdict"], g["estimate"]) for g in found] == [("6 withheld", "undecided", None)]
        assert "R-" not in text


def test_what_is_shown_outside_operations_is_rounded_and_without_words(tmp_path, published):
    report = started(tmp_path, 6, "partner")
    rests = Basis("right", dict.fromkeys(report.raters, 10))
    with report.section("S") as shown:
        shown.gate("CAL-004", of(0.91234, basis=rests), name="accuracy")
        shown(of(0.5), name="nobody knows whose")
        shown("rater-1 said so")
        shown(pd.DataFrame({"share": [0.4321]}))
    text = json.dumps(published)
    assert "0.91" in text
    assert not re.search(r"0\.91\d|a share|rater-|0\.43|nobody knows", text)
    gate = payloads(published)[0]
    assert gate["estimate"]["n_items"] == 400


def test_a_result_is_computed_once_a_report_with_the_reason_it_has_none(tmp_path):
    report, calls = started(tmp_path, 6, "operations"), []

    def method(j, *, fails=False):
        calls.append(fails)
        if fails:
            raise NotEstimable("no gold")
        return len(calls)

    assert report.compute(method, report.judgments) == report.compute(method, report.judgments) == 1
    for _ in range(2):
        with pytest.raises(NotEstimable, match="no gold"):
            report.compute(method, report.judgments, fails=True)
    assert calls == [False, True]


def test_a_refusal_that_is_remembered_holds_no_data(tmp_path):
    report, held = started(tmp_path, 6, "operations"), []

    def method(j):
        rows = np.zeros(9)
        held.append(weakref.ref(rows))
        raise NotEstimable(f"no gold in {len(rows)} rows")

    with pytest.raises(NotEstimable):
        report.compute(method, report.judgments)
    assert held[0]() is None


def test_files_do_not_keep_parameters_that_name_raters(book, export, tmp_path):
    made = reports.run("tiny", export, tmp_path, audience="operations", where="rater_id <> 'r1'")
    assert "names raters" in made["parameters"]["where"]
    for file in tmp_path.iterdir():
        assert "'r1'" not in file.read_text(encoding="utf-8"), file.name


@pytest.mark.parametrize("who", ["rater", "partner", "public"])
def test_files_outside_operations_say_only_that_a_parameter_was_given(book, tmp_path, who):
    data, beside = tmp_path / "Anna Quist.csv", tmp_path / "Bela Quist.csv"
    data.write_text(tiny_report.judgments(7).replace("comment", "full_name", 1), encoding="utf-8")
    beside.write_text("item_id,harm\n", encoding="utf-8")
    given = {
        "where": "full_name <> 'Anna Quist'", "values": {"full_name": {"Anna Quist": "Quist"}}, "missing": ["Quist"],
        "columns": {"full_name": "full_name"}, "step": str(beside), "duplicates": "first",
    }  # fmt: skip
    made = reports.run("tiny", data, tmp_path / "out", audience=who, **given)
    kept = made["parameters"]
    assert {kept[k] for k in ("data", "where", "values", "missing", "columns", "step")} == {runner.WITHHELD}
    assert (kept["duplicates"], kept["audience"], kept["scale"]) == ("first", who, None)
    for file in (tmp_path / "out").iterdir():
        text = file.read_text(encoding="utf-8")
        assert "Quist" not in text, file.name
        assert str(tmp_path) not in text
        assert not re.search(r"[0-9a-f]{64}", text), "a SHA-256 of the data"


@pytest.mark.parametrize("value", [7, "7", ["7"], 0, False])
def test_a_rater_named_by_a_number_is_not_kept(value):
    for who in runner.AUDIENCES:
        assert runner.recorded({"expert": value}, who) == {"expert": runner.NOT_KEPT}


def test_what_a_cell_prints_and_what_operations_alone_sees_stays_inside(tmp_path, monkeypatch):
    inside = "print('printed'); open('ran', 'w').close()"
    there = "print(os.path.exists('ran'))"
    cells = [*tiny_report.standard_cells()[:5], ("code", inside, ["operations"]), ("code", there, [])]
    monkeypatch.setenv(places.BOOK, str(tiny_report.write(tmp_path, cells=cells)))
    for who in ("operations", "partner"):
        reports.run("tiny", out=tmp_path / who, audience=who)
        notebook = nbformat.read(tmp_path / who / "tiny.ipynb", as_version=4)
        printed = [o.text for c in notebook.cells for o in c.get("outputs", []) if o.output_type == "stream"]
        assert printed == (["printed\n", "True\n"] if who == "operations" else [])
        assert any("operations" in c.metadata.get("tags", []) for c in notebook.cells) == (who == "operations")


def test_a_temporary_folder_with_braces(book, tmp_path):
    odd = tmp_path / "{data.__class__}"
    odd.mkdir()
    code = "from halo_methods import reports; reports.run('tiny', out='out')"
    environment = {**os.environ, "TMPDIR": str(odd), "PYTHONPATH": str(places.PACKAGE.parent)}
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=environment, check=True)
    assert (tmp_path / "out" / "tiny.html").exists()
    assert [list(odd.iterdir()), sorted(p.name for p in tmp_path.iterdir())] == [[], ["out", odd.name]]


def test_files_name_a_further_table_without_its_folder(book, export, tmp_path):
    beside = tmp_path / "beside.csv"
    beside.write_text("item_id,harm\n", encoding="utf-8")
    made = reports.run("tiny", export, tmp_path / "out", audience="operations", step=str(beside))
    assert made["parameters"]["step"] == "beside.csv"
    for file in (tmp_path / "out").iterdir():
        assert str(tmp_path) not in file.read_text(encoding="utf-8")
