"""Standards in a small book: shown where they should be, and every fault in them fails the build by name."""

import os
import re
import shutil
import subprocess
import sys

import pytest
import yaml

from halo_methods.standards import load

PAGE = """# Page

See {std}`CAL-001` and {std}`ALN-001`.

```{standard} CAL-001
```

```{standards}
:topic: calibration
```

```{checklist}
:owner: programme manager
:stage: pilot
```

```{checklist}
:moment: before the pilot
```

```{traceability}
```

```{standards-changelog}
```
"""
HOUSE = {
    "id": "CAL-900", "level": "must", "tier": "core",
    "title": "Rounds start at nine", "do": "Start each round at nine", "moments": ["before the pilot"],
    "statement": "Verify that rounds start at nine.",
    "why": "Nobody is tired.", "how": "Read the plan.", "applies": {"task": ["any"], "risk": ["any"], "market": ["any"],
    "stage": ["pilot"]}, "evidence": {"kind": "declared", "clause": "house.start", "rule": {"equals": "nine"}},
    "owner": "quality lead", "since": "2026.1", "review_by": "2099-01-01", "subjects": [39], "responsibilities": ["R6"],
    "source": "house rule", "complies": {"example": "Nine.", "because": "It is nine."},
    "violates": {"example": "Ten.", "because": "It is ten."},
}  # fmt: skip


@pytest.fixture
def book(tmp_path, root):
    """A book of one page, with the report chapters' files beside it, and a house's standards."""
    source = tmp_path / "source"
    for chapter in sorted((root / "book" / "chapters").glob("*/*.ipynb")):
        beside = source / "book" / "chapters" / chapter.parent.name
        beside.mkdir(parents=True, exist_ok=True)
        shutil.copy(chapter, beside)
    (source / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(root / 'book/_ext')!r})\n"
        "extensions = ['myst_parser', 'standards']\nexclude_patterns = ['book/chapters/**']\n",
        "utf-8",
    )
    (source / "index.md").write_text(PAGE, "utf-8")
    (tmp_path / "standards").mkdir()
    (tmp_path / "halo.toml").write_text('[standards]\nfolder = "standards"\n[thresholds]\nCAL-004 = 0.9\n', "utf-8")
    write(tmp_path)
    return tmp_path


def write(book, **changes):
    """The house's one standard, with some fields changed; None takes a field away."""
    made = {k: v for k, v in (HOUSE | changes).items() if v is not None}
    if isinstance(made.get("review_by"), str):
        made["review_by"] = yaml.safe_load(made["review_by"])
    content = {"topic": "hours", "family": "CAL", "part": "calibration", "standards": [made]}
    (book / "standards" / "hours.yml").write_text(yaml.safe_dump(content), "utf-8")


def build(book):
    command = [sys.executable, "-m", "sphinx", "-W", "-n", "--keep-going", "-q", "-b", "html"]
    environment = os.environ | {"HALO_CONFIG": str(book / "halo.toml")}
    done = subprocess.run(
        [*command, str(book / "source"), str(book / "html")],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    return done.returncode, done.stderr


def test_standards_are_shown_linked_and_listed(book):
    assert build(book) == (0, "")
    page = (book / "html" / "index.html").read_text("utf-8")
    other = (book / "html" / "s" / "CAL-900" / "index.html").read_text("utf-8")
    assert page.count('id="CAL-001"') == 1
    assert page.count("<details>") == 1
    folds = re.findall(r"<summary>(R\d+): \d+ standards</summary>", page)
    assert folds == [f"R{n}" for n in range(1, 14)]
    assert 'href="s/ALN-001/index.html"' in page
    assert 'href="s/CAL-001/index.html"' in page
    for text in ("Rounds start at nine", "Nobody is tired.", "It is ten.", "halo-house", "house.start"):
        assert text in other
    lists = [re.findall(r"<li.*?</li>", made) for made in re.findall(r'<ul class="halo-checklist">.*?</ul>', page)]
    owned = load().filter(owner="programme manager", stage="pilot")
    assert [len(items) for items in lists] == [len(owned), len(load().filter(moment="before the pilot")) + 1]
    assert '<li data-owner="quality lead" data-tier="core"><label><input type="checkbox">' in page
    assert "<span>Start each round at nine</span></label>" in page
    assert "in this house 0.9" in (book / "html" / "s" / "CAL-004" / "index.html").read_text("utf-8")
    home = (book / "html" / "s" / "CAL-001" / "index.html").read_text("utf-8")
    assert 'It stands in the chapter <a href="../../index.html">Page</a>' in home
    assert (book / "html" / "standards.json").is_file()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"evidence": None}, "`standards[CAL-900].evidence` is missing"),
        ({"id": "CAL-001"}, "`standards[CAL-001].id` is used in calibration_round.yml too"),
        ({"review_by": "2020-01-01"}, "CAL-900 was to be reviewed by 2020-01-01"),
        ({"supersedes": ["CAL-999"]}, "`standards[CAL-900].supersedes[0]` is CAL-999, which is no standard"),
        ({"level": "ought"}, "level` is 'ought'; it takes one of: must, should"),
    ],
)
def test_a_fault_in_a_standard_fails_the_build_by_name(book, changes, said):
    write(book, **changes)
    status, errors = build(book)
    assert status != 0
    assert said in errors


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{std}`CAL-999`", "no standard is called CAL-999"),
        ("```{standard} CAL-999\n```", "no standard is called CAL-999"),
        ("```{standards}\n:topic: nowhere\n```", "no standard matches topic nowhere"),
    ],
)
def test_a_broken_reference_fails_the_build_with_its_place(book, text, said):
    with (book / "source" / "index.md").open("a", encoding="utf-8") as page:
        page.write(f"\n{text}\n")
    status, errors = build(book)
    assert status != 0
    assert said in errors
    assert "index.md" in errors


def test_a_gate_that_no_standard_asks_for_fails_the_build(book):
    chapter = book / "source/book/chapters/calibration/calibration.ipynb"
    chapter.write_text(
        chapter.read_text("utf-8").replace('show.gate(\\"CAL-004\\"', 'show.gate(\\"CAL-001\\"'), "utf-8"
    )
    status, errors = build(book)
    assert status != 0
    assert "report calibration gives a gate for CAL-001, which asks for none there" in errors


def test_a_measured_standard_without_its_gate_fails_the_build(book):
    (book / "source/book/chapters/calibration/calibration.ipynb").unlink()
    status, errors = build(book)
    assert status != 0
    assert "CAL-004 is measured, and there is no report calibration" in errors
