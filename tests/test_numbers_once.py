"""A number that a standard sets stands in its file alone: no text of it, page, notebook or template types it again."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from halo_methods.standards import load
from halo_methods.standards.register import FOLDER

ROOT = Path(__file__).resolve().parent.parent
WRITTEN = {
    entry["id"]: entry
    for file in sorted(FOLDER.glob("*.yml"))
    for entry in yaml.safe_load(file.read_text("utf-8"))["standards"]
}
PAGES = sorted([*ROOT.glob("book/**/*.md"), *ROOT.glob("book/chapters/*/*.ipynb"), *ROOT.glob("data/templates/*.md")])
NAMED = re.compile(r"\b[A-Z]{3}-\d{3}\b")
READ = re.compile(r"\{number\}`[^`]*`|\{[A-Z]{3}-\d{3}\.[^}]*\}|\{[a-z0-9_]+(?::%)?\}")


def spellings(value: float) -> set[str]:
    """How a number is typed.

    >>> sorted(spellings(0.8)), sorted(spellings(1000))
    (['.8', '.80', '0.8', '0.80', '80 %', '80 percent', '80%'], ['1,000', '1000'])
    """
    if float(value).is_integer():
        return {f"{int(value)}", f"{int(value):,}"}
    texts = {f"{value:.10g}", f"{value:.2f}"}
    texts |= {text.replace("0.", ".", 1) for text in texts if value < 1}
    return texts | ({f"{100 * value:.10g}{sign}" for sign in ("%", " %", " percent")} if value < 1 else set())


def typed(text: str, numbers: dict[str, float]) -> list[str]:
    """The numbers among these that a text types; 0 and 1 stand in every text.

    >>> typed("at least 80% of {items} items, CAL-080", {"bar": .8, "items": 200}), typed("1,200 items", {"n": 200})
    (['80%'], [])
    """
    bare = NAMED.sub("", READ.sub("", text))
    found = {s for value in numbers.values() if value not in (0, 1) for s in spellings(value)}
    return sorted(s for s in found if re.search(rf"(?<![\w.,-]){re.escape(s)}(?![\w%]|[.,]\d)", bare))


def blocks(path: Path) -> Iterator[str]:
    """The paragraphs, table rows and list items of a page without their own number; of a notebook, of its prose."""
    if path.suffix == ".ipynb":
        cells = json.loads(path.read_text("utf-8"))["cells"]
        texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    else:
        texts = [path.read_text("utf-8")]
    for text in texts:
        for block in re.split(r"\n\s*\n|\n(?=\||[-*] |\d+\. )", text):
            yield re.sub(r"^(\d+\.|\| *\d+ *\|)", "", block)


@pytest.mark.parametrize("name", WRITTEN)
def test_a_standard_names_its_numbers_and_types_them_nowhere(name: str) -> None:
    entry = WRITTEN[name]
    evidence = entry["evidence"]
    texts = [entry["title"], entry["statement"], entry["why"], entry["how"], evidence.get("question", "")]
    assert {text: found for text in texts if (found := typed(text, entry.get("numbers", {})))} == {}
    bounds = [evidence.get("threshold"), *map((evidence.get("rule") or {}).get, ("at_least", "at_most"))]
    assert all(isinstance(bound, str | None) for bound in bounds), "name the number, and write its place"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_a_page_reads_the_numbers_of_the_standards_it_names(path: Path) -> None:
    register = load()
    found = [
        (name, number, " ".join(block.split())[:100])
        for block in blocks(path)
        for name in sorted(set(NAMED.findall(block)) & set(register))
        for number in typed(block, register[name].numbers)
    ]
    assert found == []


def test_a_typed_number_is_found() -> None:
    assert typed("a certificate ends after 90 days", {"days": 90}) == ["90"]
    assert typed("at least 0.80", {"bar": 0.8}) == ["0.80"]
    assert typed("at least {bar}, as {CAL-004.bar:%}", {"bar": 0.8}) == []


def test_the_register_is_one_that_can_be_signed() -> None:
    register = load()
    assert len(register) <= 170
    assert {s.tier for s in register.values()} == {"core", "decision", "high_risk"}
    measured = [s for s in register.values() if s.evidence.kind == "measured"]
    assert len(measured) >= 50
