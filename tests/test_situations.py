"""The page of situations: each has all parts of its form, and its tables are what the package computes."""

import re
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest

from halo_methods.agreement import krippendorff_alpha, percent_agreement, specific_agreement
from halo_methods.stats.proportions import clopper_pearson, proportion

TEXT = (Path(__file__).parents[1] / "book/situations.md").read_text("utf-8")
FOUND = re.findall(r"^\((when-[\w-]+)\)=\n### (.+)\n((?:(?!^\(when-|^## ).*\n)+)", TEXT, re.MULTILINE)
OWNERS = (
    "programme manager|quality lead|linguist lead|analyst|data steward|vendor manager|wellbeing lead|tooling engineer"
)
ROLE = rf"(?:{OWNERS}|partner's owner|counsel|duty lead|rater)"
LIMIT = r"within (?:an hour|[^:]*(?:minutes|hours?|working days?))(?: after it)?"
TIME = rf"(?:{LIMIT}|at once|the (?:same|next) [^:]+|before [^:]+|after the talk)"


def test_every_situation_is_in_the_index_once() -> None:
    linked = re.findall(r"\]\(#(when-[\w-]+)\)", TEXT)
    assert sorted(linked) == sorted(name for name, _, _ in FOUND)
    assert len(FOUND) == len(re.findall(r"^### ", TEXT, re.MULTILINE)) >= 18


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, _, text in FOUND])
def test_a_situation_has_all_parts_of_the_form(name: str, text: str) -> None:
    parts = ["**Do first.**", "**Rule and number.**", "**Template.**", "> **Send:**", "> **Never:**"]
    places = [text.find(part) for part in parts]
    assert -1 not in places
    assert places == sorted(places)
    first, rule, template = (text[a:b] for a, b in pairwise(places[:4]))
    steps = re.findall(r"^\d\. (.+)$", first, re.MULTILINE)
    assert 1 <= len(steps) <= 3
    for step in steps:
        assert re.match(rf"\*\*{ROLE}, {TIME}:\*\* \S", step, re.IGNORECASE), step
    assert "{std}" in rule
    assert "{download}" in template or "None: " in template
    assert "% fold: Template, sentence to " in text


def table(name: str) -> list[list[str]]:
    text = next(text for found, _, text in FOUND if found == name)
    rows = re.findall(r"^\| (.+) \|$", text, re.MULTILINE)
    return [row.split(" | ") for row in rows[2:]]


def half(share: float, items: int) -> str:
    found = proportion(round(share * items), items)
    return f"{50 * (found.high - found.low):.1f} points"


def test_what_so_many_items_can_say() -> None:
    rows = table("when-friday")
    assert [row[0] for row in rows] == ["50", "100", "200", "400"]
    for items, middle, high, none, _ in rows:
        n = int(items)
        bound = 100 * float(clopper_pearson(0, n, confidence=0.9)[1])  # one-sided 95%
        assert bound == pytest.approx(100 * (1 - 0.05 ** (1 / n)))
        assert (middle, high) == (half(0.5, n), half(0.9, n))
        assert none == (f"{bound:.1f}%" if bound > 1 else f"{bound:.2g}%")


def test_what_a_smaller_budget_can_say() -> None:
    for before, was, after, now in table("when-budget"):
        assert int(after) == pytest.approx(0.7 * int(before))
        assert (was, now) == (half(0.5, int(before)), half(0.5, int(after)))


def test_the_agreement_of_a_common_label() -> None:
    for raw, both, alone, specific, alpha in table("when-98"):
        rest = 400 - int(both) - int(alone)
        pairs = [("harmful", "harmful")] * int(both) + [("harmless", "harmless")] * rest
        pairs += [("harmful", "harmless"), ("harmless", "harmful")] * (int(alone) // 2)
        rows = [(f"i{i}", f"r{r}", label) for i, pair in enumerate(pairs) for r, label in enumerate(pair)]
        judged = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
        assert f"{percent_agreement(judged).value:.0%}" == raw
        assert f"{specific_agreement(judged, 'harmful').value:.2f}" == f"0{specific}"
        assert f"{krippendorff_alpha(judged).value:.2f}" == alpha.replace(".", "0.")
        assert (judged.label == "harmful").mean() == pytest.approx(0.03)
    assert round(0.03**2 + 0.97**2, 2) == 0.94
