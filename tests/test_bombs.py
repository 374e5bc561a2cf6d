"""Small files that would take all memory or hours end at once, in one line that names the limit."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from halo_methods.errors import HaloError
from halo_methods.judgments import bounds, read_judgments

MOST_SECONDS, MOST_MEMORY, MOST_LINES = 5, 2**30, 2


@pytest.fixture(scope="module")
def ends():
    """How every bomb ended, all of them in one process of one core."""
    program = [sys.executable, str(Path(__file__).with_name("bombs.py"))]
    path = os.pathsep.join(filter(None, (str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", ""))))
    one_core = {"POLARS_MAX_THREADS": "1", "OMP_NUM_THREADS": "1", "ARROW_DEFAULT_MEMORY_POOL": "system"}
    made = subprocess.run(program, env={**os.environ, **one_core, "PYTHONPATH": path}, capture_output=True, text=True)
    assert made.returncode == 0, made.stderr[-2000:]
    return [json.loads(line) for line in made.stdout.splitlines()]


def test_bombs_end_in_one_line_within_seconds_and_a_gibibyte(ends):
    assert len(ends) > 40
    for end in ends:
        said = (end["out"] + end["err"]).strip()
        assert end["status"] in (1, 4), end
        assert 0 < len(said) < 500, end
        assert "fault in halo" not in said, end
        assert said.count("\n") < MOST_LINES, end
        assert end["seconds"] < MOST_SECONDS, end
        assert end["peak"] < MOST_MEMORY, end


def test_bombs_name_the_limit_and_how_to_raise_it(ends):
    """All but those that are refused for what they are."""
    for_what_they_are = [end["bomb"] for end in ends if "bounds." not in end["err"]]
    assert len(for_what_they_are) < len(ends) / 3, for_what_they_are
    assert all(getattr(bounds, end["err"].rsplit("bounds.")[-1].strip()) for end in ends if "bounds." in end["err"])


@pytest.mark.parametrize(
    ("limit", "most", "text"),
    [
        ("MOST_BYTES", 20, "item_id,rater_id,label\n1,ann,good\n"),
        ("MOST_ROWS", 1, "item_id,rater_id,label\n1,ann,good\n2,ann,good\n"),
        ("MOST_COLUMNS", 2, "item_id,rater_id,label\n1,ann,good\n"),
        ("MOST_CELLS", 5, 'item_id,rater_id,label\n1,ann,"good"\n2,ann,good\n'),
        ("LONGEST_CELL", 3, "item_id,rater_id,label\n1,ann,good\n"),
        ("LONGEST_LINE", 20, "item_id,rater_id,label\n1,ann,good\n"),
    ],
)
def test_a_limit_can_be_raised(tmp_path, monkeypatch, limit, most, text):
    file = tmp_path / "a.csv"
    file.write_text(text)
    assert read_judgments(file).n_judgments > 0
    monkeypatch.setattr(bounds, limit, most)
    with pytest.raises(HaloError, match=f"more than {most} .*bounds.{limit}"):
        read_judgments(file)
