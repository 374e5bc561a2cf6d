"""The page from a tool's export to a report: it names every tool, and each of its commands runs."""

import re
import shlex
import shutil
from pathlib import Path

import pytest

from halo_methods import cli
from halo_methods.exports import TOOLS
from halo_methods.exports.localization_units import KINDS

ROOT = Path(__file__).resolve().parent.parent
SAMPLES = ROOT / "data" / "samples" / "exports"
PAGE = (ROOT / "book" / "from_your_tool.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^\$ halo (.+)$", PAGE, re.M)
ALL_READS = list(dict.fromkeys(line for line in COMMANDS if line.startswith("read ")))


def tool_of(line: str) -> str:
    return re.search(r"--from (\S+)", line)[1]


READS = [line for line in ALL_READS if tool_of(line) not in KINDS]
UNITS = [line for line in ALL_READS if tool_of(line) in KINDS]


def sample_of(tool: str) -> Path:
    return next(iter(sorted(SAMPLES.glob(f"{tool.replace('-', '_')}.*"))))


def test_every_tool_has_its_command_on_the_page():
    assert set(map(tool_of, READS)) == set(TOOLS)


@pytest.mark.parametrize("line", READS)
def test_each_command_leads_from_the_sample_of_its_tool_to_a_report(line, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    _, *words = shlex.split(line)
    for name in words[: words.index("--from")]:
        if tool_of(line) == "trec-qrels":
            Path(name).write_text("1 0 a1 2\n1 0 a2 0\n", encoding="utf-8")
            continue
        assert Path(name).suffix == sample_of(tool_of(line)).suffix, "the page names another ending than the sample has"
        shutil.copyfile(sample_of(tool_of(line)), name)
    Path("gold.csv").write_text("id,answer\na1,good\na2,bad\n", encoding="utf-8")
    assert cli.main(["read", *words]) == cli.FINE
    assert cli.main(["check", "judgments.csv", "--duplicates", "first"]) == cli.FINE
    assert re.search(r"halo report (agreement|calibration)", capsys.readouterr().out)


def test_the_way_back_runs_too(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["--from", "label-studio", "--columns", "text=answer", "--out", "judgments.csv"]
    assert cli.main(["read", str(sample_of("label-studio")), *given]) == cli.FINE
    back = [line for line in COMMANDS if line.startswith(("write", "adjudicate"))]
    assert len(back) == 3
    assert [cli.main(shlex.split(line)) for line in back] == [cli.FINE] * 3


def test_the_commands_for_localization_files_give_items(tmp_path, monkeypatch, capsys):
    pytest.importorskip("translate", reason="the extra localization is not installed")
    shutil.copytree(SAMPLES.parent / "localization", tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    assert set(map(tool_of, UNITS)) == set(KINDS)
    for line in UNITS:
        assert cli.main(shlex.split(line)) == cli.FINE
        assert "these are items and no judgments" in capsys.readouterr().out
        text = Path("items.csv").read_text("utf-8-sig")
        if tool_of(line) == "xliff":
            row = next(row for row in PAGE.splitlines() if row.startswith("| answers/a2@"))
            assert all(cell.strip() in text for cell in row.strip("|").split("|"))
