"""Judgments as tasks of a tool: what is written, and that reading it back loses nothing."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import as_judgments, cli
from halo_methods.errors import BadOption
from halo_methods.exports import as_tasks, read_export
from halo_methods.judgments.cells import cell_text, gold_text

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=6).filter(
    lambda text: text.strip() == text
)
MORE = {
    "comment": TEXT,
    "vendor": TEXT,
    "guideline": TEXT,
    "note": TEXT,
    "suggestion": TEXT,
    "seconds": st.integers(1, 900).map(lambda n: str(n / 2)),
    "rated_at": st.datetimes(pd.Timestamp(2020, 1, 1), pd.Timestamp(2030, 1, 1)).map(lambda at: at.isoformat() + "Z"),
}


@st.composite
def judged(draw):
    """Rows of judgments, columns at random; gold and what describes an item belong to the item."""
    names = draw(st.lists(TEXT, min_size=1, max_size=3, unique=True))
    keys = st.tuples(st.sampled_from(names), TEXT, st.sampled_from(["tone", "facts"]), st.sampled_from("12"))
    rows = draw(st.lists(keys, min_size=1, max_size=8, unique=True))
    of_item = {name: draw(st.lists(TEXT, min_size=1, max_size=2, unique=True)) for name in names}
    with_gold, with_models, system = draw(st.booleans()), draw(st.booleans()), draw(st.booleans())
    columns = draw(st.sets(st.sampled_from(sorted(MORE))))
    table = []
    for item, rater, criterion, round in rows:
        row = {"item_id": item, "rater_id": rater, "criterion": criterion, "round": round}
        row["label"] = draw(st.one_of(TEXT, st.sets(TEXT, min_size=2, max_size=3).map(lambda s: gold_text(sorted(s)))))
        row |= {"system": of_item[item][0], "locale": "fr-FR"} if system else {}
        row |= {"gold": gold_text(of_item[item])} if with_gold else {}
        row |= {"rater_type": "model" if rater < "a" else "human"} if with_models else {}
        table.append(row | {name: draw(MORE[name]) for name in sorted(columns)})
    return table


def plain(frame):
    """The rows of a table as text, in an order of their own; people where nothing tells them from models."""
    rows = [{k: cell_text(v) for k, v in row.items() if v is not None} for row in frame.iter_rows(named=True)]
    return sorted(json.dumps({"rater_type": "human"} | row, sort_keys=True) for row in rows)


@pytest.mark.parametrize("tool", ["label-studio", "argilla"])
@settings(max_examples=20)
@given(table=judged())
def test_reading_back_loses_nothing(tmp_path_factory, tool, table):
    frame = as_judgments(pd.DataFrame(table), duplicates="first").frame
    file = tmp_path_factory.mktemp("tasks") / "tasks.json"
    models = frame.filter(frame["rater_type"] == "model") if "rater_type" in frame.columns else frame.clear()
    if tool == "argilla" and models.select("item_id", "criterion", "round").is_duplicated().any():
        with pytest.raises(BadOption, match="one suggestion per question"):
            as_tasks(frame, tool)
        return
    file.write_text(as_tasks(frame, tool), encoding="utf-8")
    assert plain(as_judgments(read_export([file], tool).table).frame) == plain(frame)


ROWS = pd.DataFrame(
    {
        "item_id": ["a", "a", "b"],
        "rater_id": ["ann", "judge", "ann"],
        "label": ["good", "bad", "good"],
        "rater_type": ["human", "model", "human"],
        "gold": ["good", "good", None],
        "text": ["Open at 9.", "Open at 9.", "Closed."],
    }
)


def test_label_studio_gets_annotations_predictions_and_a_ground_truth():
    first, second = json.loads(as_tasks(ROWS, "label-studio", show=["text"], to_name="item-answer"))
    assert first["data"]["text"] == "Open at 9."
    assert [one["ground_truth"] for one in first["annotations"]] == [True, False]
    assert [one["model_version"] for one in first["predictions"]] == ["judge"]
    assert first["predictions"][0]["result"][0]["to_name"] == "item-answer"
    assert not second["predictions"]


def test_argilla_gets_responses_and_one_suggestion():
    first, _ = json.loads(as_tasks(ROWS, "argilla", show=["text"]))
    assert first["fields"] == {"text": "Open at 9."}
    assert first["suggestions"]["label"]["agent"] == "judge"
    assert first["responses"]["label"] == [{"value": "good", "user_id": "ann", "status": "submitted"}]
    assert first["metadata"]["gold-label"] == "good"
    two = pd.concat([ROWS, ROWS[1:2].assign(rater_id="judge-2")])
    with pytest.raises(BadOption, match="one suggestion per question"):
        as_tasks(two, "argilla")
    with pytest.raises(BadOption, match="'label-studio', 'argilla'"):
        as_tasks(ROWS, "prodigy")
    with pytest.raises(BadOption, match="show"):
        as_tasks(ROWS, "argilla", show=["prompt"])


def test_the_command_writes_tasks(tmp_path, capsys):
    data, out = tmp_path / "j.csv", tmp_path / "tasks.json"
    ROWS.to_csv(data, index=False)
    given = ["write", str(data), "--to", "label-studio", "--show", "text", "--out", str(out)]
    assert cli.main([*given, "--where", "rater_type = 'model'"]) == cli.FINE
    assert capsys.readouterr().out.splitlines() == [str(out), "1 task for label-studio"]
    (task,) = json.loads(out.read_text(encoding="utf-8"))
    assert task["annotations"][0]["ground_truth"]
    assert cli.main([*given[:-1], str(data)]) == cli.USAGE
