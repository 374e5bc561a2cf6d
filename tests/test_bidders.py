"""Two bidders on a paid trial: the page prints what the package gives, and the choice errs as often as it says."""

from pathlib import Path

import numpy as np
import pytest
from samples.workforce import BIDDERS, bidders_sample

from halo_methods import read_judgments, reports, standards, workforce
from halo_methods.errors import BadOption
from halo_methods.judgments import as_judgments

PAGE = Path(__file__).parents[1] / "book/chapters/people/manager_path.md"
PAIR = "arden and birch"


def chosen(seed: int, means: dict[str, float]) -> str:
    return workforce.comparisons(as_judgments(bidders_sample(seed, means))).better[PAIR]


def test_the_page_prints_what_its_code_gives(capsys, monkeypatch) -> None:
    text = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(reports.sample("workforce_bidders").parent)
    exec(text.split("```python\n")[1].split("```")[0], {})
    printed = capsys.readouterr().out
    assert f"```text\n{printed}```" in text
    compared = workforce.comparisons(read_judgments("workforce_bidders.csv").where("item_id <= 't20'"))
    assert compared.better == {PAIR: ""}
    early = compared.estimates[PAIR]
    assert f"{PAIR}: {early.found}\n{standards.to_settle(early, 0)}\n" in text


def test_the_better_bidder_is_found_and_equal_ones_seldom_differ() -> None:
    rounds = 40
    better = [chosen(seed, {"arden": 0.94, "birch": 0.84}) for seed in range(rounds)]
    assert np.mean([one == "arden" for one in better]) >= 0.85
    assert "birch" not in better
    equal = [chosen(seed, dict.fromkeys(BIDDERS, 0.9)) for seed in range(rounds)]
    assert np.mean([one != "" for one in equal]) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / rounds)


def test_agreement_says_nothing_about_who_is_better() -> None:
    with pytest.raises(BadOption, match="quantity"):
        _ = workforce.agreement_between(as_judgments(bidders_sample())).better
