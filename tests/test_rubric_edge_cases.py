"""From disagreement to a rubric: the items that people split on, as examples that a person has to finish."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from hypothesis import given
from test_rubric_renders import few, hostile

from halo_methods import as_judgments, disagreement, reports, rubric
from halo_methods.documents import read
from halo_methods.errors import BadOption, NotEstimable

ROOT = Path(__file__).parents[1]
CONTENT = read(ROOT / "data/rubrics/search_relevance.yml").content
RATERS = ["anna-w", "r2", "r3", "r4", "r5", "r6"]


def labelled(query: str = "lampe", result: str = "Lampe, 40 cm", comment: str = "") -> pd.DataFrame:
    """Forty items that people agree on, and two that they split on."""
    rows = [
        (f"i{i}", rater, "exact" if i % 2 else "unrelated", "relevance", f"query {i}", f"result {i}", "")
        for i in range(40)
        for rater in RATERS
    ]
    for item, labels in {"split": ["related"] * 4 + ["exact"] * 2, "half": ["substitute", "related"] * 3}.items():
        rows += [(item, rater, label, "relevance", query, result, comment)
                 for rater, label in zip(RATERS, labels, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "criterion", "query", "result", "comment"])


def drafted(frame: pd.DataFrame, **options: Any) -> list[dict[str, Any]]:
    j = as_judgments(frame, scale=["unrelated", "related", "substitute", "exact"], level="ordinal")
    text = rubric.edge_cases(j, disagreement.changes(j), **options)
    return yaml.safe_load(text)["examples"]


def test_what_people_split_on_is_drafted_with_its_counts_and_without_names() -> None:
    frame = labelled(comment="Anna-W says it is a spare part\n# for lamps")
    first, second = drafted(frame, shown=["query", "result"])
    assert (first["name"], first["kind"]) == ("edge-1", "edge")
    assert first["item"] == {"query": "lampe", "result": "Lampe, 40 cm"}
    judged = first["labels"]["relevance"]
    assert judged["label"] == "related"
    assert judged["why"].startswith("TODO: item split, raters who gave “related”: 4, “exact”: 2. Decide")
    assert "“[a rater] says it is a spare part # for lamps”" in judged["why"]
    assert "item half, raters who gave “related”: 3, “substitute”: 3." in second["labels"]["relevance"]["why"]
    assert "anna" not in json.dumps([first, second]).lower()


def test_lint_refuses_a_draft_until_a_person_has_filled_it() -> None:
    examples = drafted(labelled(), shown=["query", "result"])
    held = {**CONTENT, "examples": [*CONTENT["examples"], *examples]}
    found = [one for one in rubric.lint(held) if "draft" in one.what]
    assert [one.place for one in found] == [f"examples[edge-{i}].labels.relevance.why" for i in (1, 2)]
    assert all(one.fix for one in found)
    for example, language in zip(examples, ("local", "mixed"), strict=True):
        example["labels"]["relevance"]["why"] = "The shopper still needs the lamp."
        example["labels"]["page_language"] = {"label": language, "why": "So the words of the result say."}
        example["defects"] = ["part_or_companion"]
    assert rubric.lint(held) == []


def test_without_its_text_an_item_is_to_be_filled_in_too() -> None:
    frame = labelled().drop(columns=["criterion", "comment"])
    examples = drafted(frame)
    assert examples[0]["item"] == {"item": "TODO: the text of item split"}
    assert list(examples[0]["labels"]) == ["criterion"]
    rubric.Rubric.model_validate({**one_criterion(), "examples": examples})
    assert sum("draft" in one.what for one in rubric.lint({**one_criterion(), "examples": examples})) == 4


def one_criterion() -> dict[str, Any]:
    (criterion, *_) = CONTENT["criteria"]
    return {**CONTENT, "criteria": [{**criterion, "name": "criterion"}], "order": [], "examples": [], "markets": {}}


readable = hostile.map(lambda text: text.replace("\x00", "") or "x")


@few
@given(readable, readable)
def test_whatever_an_item_holds_the_draft_is_a_rubrics_example(text: str, comment: str) -> None:
    frame = labelled(query=text, result="x" * 9000, comment=comment).query("query.str.startswith('query') == False")
    j = as_judgments(frame.assign(item_id=frame["item_id"] + text))
    ranked = pd.DataFrame({"change": "edge case", "examples": j.frame["item_id"].unique().to_list()})
    examples = yaml.safe_load(rubric.edge_cases(j, ranked, shown=["query", "result"]))["examples"]
    rubric.Rubric.model_validate({**CONTENT, "examples": examples})
    assert len(examples) == 2


def test_what_is_not_there_is_said() -> None:
    with pytest.raises(NotEstimable, match="no item stands out"):
        rubric.edge_cases(labelled(), pd.DataFrame({"change": ["guideline"], "examples": ["split"]}))
    with pytest.raises(BadOption, match="shown"):
        drafted(labelled(), shown=["text"])


def test_the_report_prints_them_for_operations_alone() -> None:
    cells = json.loads(reports.find("disagreement").read_text("utf-8"))["cells"]
    (cell,) = [cell for cell in cells if "rubric.edge_cases" in "".join(cell["source"])]
    assert cell["metadata"]["tags"] == ["operations"]
