"""What a file supports today: each report needs what its notebook says, and no more; the commands run as printed."""

import json
import shlex
from types import SimpleNamespace

import pandas as pd
import pytest
from helpers import run_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import cli, reports
from halo_methods.cli.answering import report_command
from halo_methods.judgments import as_judgments
from halo_methods.reports import section
from halo_methods.reports.places import needs
from halo_methods.reports.runner import findings
from halo_methods.reports.supports import NEEDS, supported

REQUIRED = ["item_id", "rater_id", "label"]
NEEDED = needs()
BY_COLUMNS = [name for name, wanted in NEEDED.items() if not {"raters", "honest_baseline"} & set(wanted)]
COLUMNS = {"group": "vendor"}


def columns_of(need):
    """The columns of each way to satisfy a need."""
    return [COLUMNS.get(one, one).partition("=")[0] for one in need.split(" | ")]


def whole():
    """Every column a report may need, on 24 items and 3 raters; with `stage` an auditor, with `rater_type` a judge."""
    rows = [(f"i{i}", f"r{r}", "abc"[(i + (i * r) % 5 % 2) % 3]) for i in range(24) for r in range(3)]
    made = pd.DataFrame(rows, columns=REQUIRED)
    at = pd.date_range("2026-03-02", periods=len(made), freq="14h").strftime("%Y-%m-%dT%H:%MZ")
    made = made.assign(vendor=made["rater_id"].replace({"r2": "r1"}), stage="label", gold=["abc"[i // 3 % 3] for i in
                       range(len(made))], rated_at=at, seconds="600", harm="violence")  # fmt: skip
    audits = made[made["rater_id"] == "r0"].assign(rater_id="auditor", stage="audit", label=lambda t: t["gold"])
    judged = made[made["rater_id"] == "r0"].assign(rater_id="judge", rater_type="model")
    return pd.concat([made.assign(rater_type="human"), audits.assign(rater_type="human"), judged])


def slice_of(columns):
    table = whole()
    table = table if "stage" in columns else table[table["rater_id"] != "auditor"]
    table = table if "rater_type" in columns else table[table["rater_id"] != "judge"]
    return table[[column for column in table if column in {*REQUIRED, *columns}]]


def answers(name, table, folder, patch):
    """How many gates and sections of a report found something, and its gates."""
    file = folder / "made.csv"
    table.to_csv(file, index=False)
    patch.setattr(section, "figure_bundle", lambda *_, **__: ({}, {"image/png": ()}))  # drawing takes most of the time
    outputs, _ = run_cells(name, file, "operations", patch, **({"runs": 20} if name == "simulation" else {}))
    outputs = [shown for shown in outputs if shown]
    gates = findings(SimpleNamespace(cells=[{"outputs": [{"data": shown} for shown in outputs]}]))["gate"]
    silent = [shown for shown in outputs if shown.get("text/plain", "").startswith("Not estimated")]
    return len(outputs) - len(silent) - sum(gate["estimate"] is None for gate in gates), gates


def test_every_report_says_what_it_needs():
    for name, wanted in NEEDED.items():
        about = json.loads(reports.find(name).read_text("utf-8"))["metadata"]["halo"]
        assert isinstance(about.get("needs"), list), f"{name}: its notebook's metadata has no list `needs` under `halo`"
        known = {*NEEDS, *as_judgments(whole()).columns}
        assert {one.partition("=")[0] for need in wanted for one in need.split(" | ")} <= known


@pytest.mark.parametrize("name", BY_COLUMNS)
def test_a_report_answers_on_what_it_needs_and_without_any_of_it_says_that_it_cannot(name, tmp_path, monkeypatch):
    enough = {columns_of(need)[0] for need in NEEDED[name]}
    assert name in supported(as_judgments(slice_of(enough))).reports
    found, gates = answers(name, slice_of(enough), tmp_path, monkeypatch)
    for need in NEEDED[name]:
        table = slice_of(enough - set(columns_of(need)))
        assert name not in supported(as_judgments(table)).reports
        fewer, gates = answers(name, table, tmp_path, monkeypatch)
        assert fewer < found
        assert [gate for gate in gates if gate["estimate"] is not None] == []
        assert all(gate["reason"] for gate in gates)


def test_one_of_several_columns_is_enough():
    assert {"audit", "workforce"} <= set(supported(as_judgments(slice_of({"stage", "vendor"}))).reports)
    assert "audit" not in supported(as_judgments(slice_of({"vendor"}))).reports


def test_one_rater_per_item_supports_no_agreement():
    table = slice_of({"vendor"})
    found = supported(as_judgments(table[table["rater_id"] == "r0"]))
    assert "agreement" not in found.reports
    assert "agreement" in found.opens[("raters",)]
    two = table[table["rater_id"] != "r2"].assign(
        rater_type=lambda t: t["rater_id"].map({"r0": "human", "r1": "model"})
    )
    assert "agreement" not in supported(as_judgments(two)).reports


@pytest.mark.parametrize(("raters", "pairs"), [("rr", False), ("rs", True)])
def test_rounds_of_one_rater_are_no_second_rater(raters, pairs):
    rows = [("a", rater, "x", f"{n}") for n, rater in enumerate(raters)]
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"])
    assert ("agreement" in supported(as_judgments(frame)).reports) == pairs


@pytest.mark.parametrize(
    "options", [{}, {"scale": ["a", "b", "c"], "level": "ordinal"}, {"scale": ["a", "b", "c"]}, {"level": "nominal"}]
)
def test_planning_needs_an_order_of_the_labels(options):
    has = "planning" in supported(as_judgments(slice_of(()), **options)).reports
    assert has == (options.get("level") == "ordinal")


def test_labels_that_are_numbers_have_an_order(tmp_path, monkeypatch):
    numbers = slice_of(()).replace({"label": {"a": "1", "b": "2", "c": "3"}})
    assert "planning" in supported(as_judgments(numbers)).reports
    assert answers("planning", numbers, tmp_path, monkeypatch)[0] > 0


def test_of_several_criteria_a_command_takes_one(tmp_path, capsys):
    table = pd.concat([slice_of({"gold"}).assign(criterion=c) for c in ("tone", "the reader's view")])
    file = tmp_path / "two.csv"
    table.to_csv(file, index=False)
    assert cli.main(["check", str(file), "--where", "gold <> 'a'", "--format", "json"]) == cli.FINE
    told = json.loads(capsys.readouterr().out)
    words = shlex.split(told["supports"][0]["command"])
    assert words[words.index("--where") + 1] == "(gold <> 'a') AND criterion = 'the reader''s view'"
    assert cli.main(["check", *words[words.index("--data") + 1 : -2]]) == cli.FINE
    assert "tone" not in capsys.readouterr().out.partition("What this file supports")[2]


@pytest.mark.parametrize("name", ["audit", "gold"])
def test_several_criteria_without_a_filter_end_in_reasons_and_in_no_error(name, tmp_path, monkeypatch):
    table = pd.concat([slice_of({"gold"}).assign(criterion=c) for c in ("tone", "facts")])
    gates = answers(name, table, tmp_path, monkeypatch)[1]
    assert {gate["estimate"] for gate in gates} == {None}


def test_check_ends_with_commands_that_run_as_printed(tmp_path, monkeypatch, capsys):
    file = tmp_path / "week 12.csv"
    slice_of({"gold"}).rename(columns={"item_id": "task, old"}).to_csv(file, index=False)
    options = ["--columns", '"item_id=task, old"', "--scale", "a,b,c", "--level", "ordinal"]
    assert cli.main(["check", str(file), *options, "--format", "json"]) == cli.FINE
    told = json.loads(capsys.readouterr().out)
    text = "`rated_at` would open drift, simulation"
    assert {"columns": ["rated_at"], "reports": ["drift", "simulation"], "text": text} in told["opens"]
    commands = {one["report"]: one["command"] for one in told["supports"]}
    assert set(commands) == set(
        supported(as_judgments(slice_of({"gold"}), scale=["a", "b", "c"], level="ordinal")).reports
    )
    called = []
    made = {"gates": [], "errors": []}
    monkeypatch.setattr(reports, "run", lambda name, **given: called.append((name, given)) or made)
    assert cli.main(shlex.split(commands["gold"])[1:]) == cli.FINE
    ((name, given),) = called
    assert (name, given["data"], given["out"]) == ("gold", str(file), "reports")
    assert given["columns"] == {"item_id": "task, old"}
    assert (given["scale"], given["level"]) == ("a,b,c", "ordinal")
    capsys.readouterr()
    assert cli.main(["check", str(file), *options]) == cli.FINE
    out = capsys.readouterr().out
    assert all(command in out for command in commands.values())


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)


@given(texts, st.dictionaries(st.sampled_from(["where", "sheet", "scale"]), texts), st.dictionaries(texts, texts))
@settings(max_examples=25)
def test_a_command_is_read_by_a_shell_as_it_was_meant(file, options, columns):
    words = shlex.split(report_command("gold", file, options | ({"columns": columns} if columns else {})))
    assert words[:5] == ["halo", "report", "gold", "--data", file]
    assert words[-2:] == ["--out", "reports"]
    assert all(words[words.index(f"--{name}") + 1] == value for name, value in options.items() if f"--{name}" != value)
