"""A packet as a project of a tool: what the tool gets, and the decisions back out of its export."""

import json
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pandas as pd
import pytest

from halo_methods import adjudication, as_judgments, cli
from halo_methods.adjudication.decisions import ASKS, DECISION_COLUMNS
from halo_methods.errors import BadOption, InvalidData
from halo_methods.judgments.spreadsheets import table_text

ROOT = Path(__file__).resolve().parent.parent
TOLD = {"decision": "poor", "cause": "guideline_gap", "clause": "§3.10", "rationale": "No clause on $refunds."}


@pytest.fixture
def packet():
    rows = [
        (f"i{k}", f"rater-{r}", "poor" if k % 2 and r == k % 3 else "good", f"costs ${r} or $name & <b>", f"Answer {k}")
        for k in range(8)
        for r in range(3)
    ]
    j = as_judgments(
        pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "comment", "text shown"]),
        scale=["poor", "good"],
        level="ordinal",
    )
    return j, adjudication.pack(j, show=["text shown"], seed=2)


def answered(packet, tool):
    """The tool's export once two people were asked and one decided each item but the last."""
    files = adjudication.tool_files(packet, tool)
    tasks = json.loads(next(iter(files.values())))
    for task in tasks[:-1]:
        if tool == "argilla":
            said = {**TOLD, "decided_at": "2026-11-24"}
            held = {name: [{"value": value, "user_id": "eva", "status": "submitted"}] for name, value in said.items()}
            held["cause"].append({"value": "bad_item", "user_id": "bo", "status": "discarded"})
            task["responses"] = held
            continue
        kinds = {"decision": "choices", "cause": "choices", "clause": "text", "rationale": "text"}
        parts = [{"from_name": name, "value": {kind: [TOLD[name]]}} for name, kind in kinds.items()]
        one = {"completed_by": {"email": "eva"}, "updated_at": "2026-11-24T09:00:00Z", "result": parts}
        task["annotations"] = [one, {"completed_by": 2, "was_cancelled": True, "result": []}]
    if tool == "label-studio":
        tasks[-1]["annotations"] = []
    return json.dumps(tasks)


@pytest.mark.parametrize("tool", ["label-studio", "argilla"])
def test_decisions_come_back_from_the_tool_as_from_the_sheet(packet, tool, tmp_path):
    j, made = packet
    sheet = made.table.assign(**TOLD, decided_by="eva", decided_at="2026-11-24")[:-1]
    (tmp_path / "back.csv").write_text(table_text(sheet), encoding="utf-8")
    (tmp_path / "export.json").write_text(answered(made, tool), encoding="utf-8")
    known = adjudication.read_decisions(tmp_path / "back.csv", j, key=made.key)
    found = adjudication.read_decisions(tmp_path / "export.json", j, key=made.key)
    pd.testing.assert_frame_equal(found.table, known.table)
    assert found.undecided == known.undecided == (made.table["packet_id"].iloc[-1],)


def test_the_tools_see_what_the_sheet_shows_and_no_more(packet):
    _, made = packet
    visible = [column for column in made.table if column not in ("packet_id", *DECISION_COLUMNS)]
    tasks, view = adjudication.tool_files(made, "label-studio").values()
    assert [[*task["data"].values()][1:] for task in json.loads(tasks)] == made.table[visible].to_numpy().tolist()
    tree = ElementTree.fromstring(view)
    headers = [tag.get("value") for tag in tree.iter("Header")]
    assert headers == [*visible, "cause", "decision", "clause", "rationale"]
    aliases = [[tag.get("alias") for tag in asked] for asked in tree.iter("Choices")]
    assert aliases == [list(ASKS), ["poor", "good"]]
    records, _ = adjudication.tool_files(made, "argilla").values()
    assert [[*one["fields"].values()] for one in json.loads(records)] == made.table[visible].to_numpy().tolist()


def test_what_is_no_packet_is_refused(packet, tmp_path):
    j, made = packet
    other = [{"id": 1, "data": {"text": "x"}, "annotations": [{"completed_by": 1, "result": []}]}]
    (tmp_path / "export.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(InvalidData, match="the task is none of a packet"):
        adjudication.read_decisions(tmp_path / "export.json", j, key=made.key)
    with pytest.raises(BadOption, match="'label-studio', 'argilla'"):
        adjudication.tool_files(made, "prodigy")


def test_the_command_writes_the_project_beside_the_packet(tmp_path):
    data = pd.DataFrame({"item_id": ["a", "a"], "rater_id": ["r", "s"], "label": ["good", "poor"]})
    data.to_csv(tmp_path / "j.csv", index=False)
    given = ["adjudicate", "pack", "--data", str(tmp_path / "j.csv"), "--out", str(tmp_path / "out"), "--to"]
    assert cli.main([*given, "argilla"]) == cli.FINE
    made = {path.name for path in (tmp_path / "out" / "packet").iterdir()}
    assert made == {"packet.csv", "packet.html", "records.json", "packet.argilla.json"}


def test_the_tools_themselves_take_the_questions(packet, tmp_path, tools_python):
    for tool in ("label-studio", "argilla"):
        for name, text in adjudication.tool_files(packet[1], tool).items():
            (tmp_path / name).write_text(text, encoding="utf-8")
    command = [tools_python, ROOT / "tests/tool_acceptance.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == 2
