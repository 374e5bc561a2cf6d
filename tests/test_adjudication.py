"""From a disagreement to a changed clause: packets, decisions, amendments, and what they changed."""

import csv
import importlib.util
import io
import itertools
import json
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from halo_methods import adjudication, aggregation, as_judgments, cli, read_judgments, reports
from halo_methods.adjudication import LabelSource, packets
from halo_methods.adjudication.decisions import ASKS, guideline_versions
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.judgments.cause_codes import CAUSES
from halo_methods.judgments.spreadsheets import neutral, plain, table_text
from halo_methods.stats.totals import ratio_contrast

STUDY = importlib.util.spec_from_file_location(
    "study_adjudication", Path(__file__).parents[1] / "benchmarks" / "study_adjudication.py"
)
study = importlib.util.module_from_spec(STUDY)
sys.modules["study_adjudication"] = study
STUDY.loader.exec_module(study)

HOSTILE = [
    "=cmd|' /C calc'!A0",
    "<script>alert(1)</script>",
    "@SUM(1)",
    "\t=1",
    "+1",
    "-1",
    "＝1",
    "\ufe66cmd",
    "\u200b=1",
    "\ufeff\ufe62 1",
    "x;=cmd|' /C calc'!A0;y",
    "x\t=1",
    "fine\n=1",
    'a "quote", and\na line',
]


def frame(n=8, comment="because", **more):
    """Three raters; of item k, one says poor where k is odd, so odd items are disagreed on."""
    rows = [(f"i{k}", f"rater-{r}", "poor" if k % 2 and r == k % 3 else "good", f"{comment} {r}" if comment else "",
             f"§ {1 + k % 2}.{k % 3}", "v1") for k in range(n) for r in range(3)]  # fmt: skip
    made = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "comment", "clause", "guideline"])
    return made.assign(**more)


def judgments(made=None, **options):
    return as_judgments(frame() if made is None else made, **{"scale": ["poor", "good"], "level": "ordinal"} | options)


def filled(packet, **cells):
    """The packet as somebody fills it: the same decision in every row."""
    told = {"decision": "poor", "cause": "guideline_gap", "clause": "§3.10", "rationale": "No clause on refunds.",
            "decided_by": "eva", "decided_at": "2026-11-24"}  # fmt: skip
    return packet.table.assign(**(told | cells))


def saved(table, path):
    path.write_text(table_text(table), encoding="utf-8")
    return path


def kept(folder):
    """The key that was kept apart."""
    key = pd.read_csv(folder / "kept_apart" / "key.csv", dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return key.map(plain)


# --- cells


@given(st.text())
@settings(max_examples=500)
def test_a_neutral_cell_never_begins_a_formula_and_comes_back(text):
    made = neutral(text)
    assert plain(made) == text
    assert not made.lstrip().startswith(tuple("=+-@＝＋－＠"))
    assert made == text or made == f"'{text}"


@given(st.text(alphabet="'=+-@ \tab", max_size=6))
@settings(max_examples=500)
def test_neutral_comes_back_on_what_it_was_made_for(text):
    assert plain(neutral(text)) == text
    assert plain(neutral(neutral(text))) == neutral(text)
    assert not neutral(text).startswith(("=", "+", "-", "@", "\t"))


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=1, max_size=4))
def test_a_table_comes_back_cell_by_cell(cells):
    read = list(
        csv.reader(
            io.StringIO(
                table_text(pd.DataFrame([cells], columns=[f"c{k}" for k in range(len(cells))])).removeprefix("\ufeff")
            )
        )
    )
    assert [plain(c) for c in read[1]] == cells


# --- the packet


def test_a_packet_holds_the_disagreements_and_nobodys_name_or_count():
    made = adjudication.pack(judgments(), seed=3)
    assert set(made.key["item_id"]) == {"i1", "i3", "i5", "i7"}
    assert made.table["packet_id"].is_unique
    text = made.table.to_csv() + made.sheet()
    assert "rater-" not in text
    for row in made.table.to_dict("records"):
        assert {row["answer_1"], row["answer_2"]} == {"poor", "good"}
        assert row["reason_1"]
        assert row["reason_2"]
    assert not {"rater_id", "n", "votes", "margin", "label"} & set(made.table.columns)
    assert list(made.table.columns[-6:]) == list(packets.DECISION_COLUMNS)


def test_the_majority_stands_first_no_more_often_than_second():
    made = adjudication.pack(judgments(frame(800)), seed=1)
    first = (made.table["answer_1"] == "good").mean()
    assert abs(first - 0.5) < 0.1


def test_one_reason_an_answer_whatever_the_number_of_raters():
    made = adjudication.pack(judgments(), seed=0)
    by_answer = {row[f"answer_{n}"]: row[f"reason_{n}"] for row in made.table.to_dict("records") for n in (1, 2)}
    assert by_answer["good"].count("because") == 1


@given(st.randoms(use_true_random=False), st.integers(0, 5))
@settings(max_examples=20)
def test_the_order_of_rows_changes_nothing_and_the_seed_does(random, seed):
    rows = frame()
    mixed = rows.sample(frac=1, random_state=random.randrange(2**31))
    one, other = adjudication.pack(judgments(rows), seed=seed), adjudication.pack(judgments(mixed), seed=seed)
    pd.testing.assert_frame_equal(one.table, other.table)
    pd.testing.assert_frame_equal(one.key, other.key)
    assert one.sheet() == other.sheet()
    assert one.table["packet_id"][0] != adjudication.pack(judgments(rows), seed=seed + 1).table["packet_id"][0]


def test_names_in_reasons_are_taken_out():
    rows = frame(2)
    rows.loc[rows["item_id"] == "i1", "comment"] = "As Rater-2 says, and NORTH agrees; rater-20 is nobody"
    made = adjudication.pack(judgments(rows.assign(vendor="north")))
    reason = made.table["reason_1"][0]
    assert reason == "As [a rater] says, and [a rater] agrees; rater-20 is nobody"


def test_the_most_divided_come_first_and_the_rest_is_said():
    rows = [("close", r, "good" if r < "c" else "poor") for r in "abcd"]
    rows += [("clear", r, "good" if r < "d" else "poor") for r in "abcd"]
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    made = adjudication.pack(j, most=1)
    assert made.key["item_id"].tolist() == ["close"]
    assert made.notes == ("1 item left for a later packet",)


def test_an_item_on_which_all_agree_shows_no_answer():
    made = adjudication.pack(judgments(), items=["i2", "i1"])
    row = made.table[made.key["item_id"] == "i2"].iloc[0]
    assert (row["answer_1"], row["answer_2"]) == ("", "")


def test_what_would_tell_who_judged_cannot_be_shown():
    rows = frame().assign(text="the item", shift=lambda t: t["rater_id"].str[-1], vendor="north")
    j = judgments(rows)
    assert "the item" in adjudication.pack(j, show=["text"]).sheet()
    assert "i1" not in adjudication.pack(j, show=["text"]).table.to_csv()
    for column in ("vendor", "rater_id", "label"):
        with pytest.raises(BadOption, match="blind"):
            adjudication.pack(j, show=[column])
    with pytest.raises(BadOption, match="differs between judgments of one item"):
        adjudication.pack(j, show=["shift"])
    with pytest.raises(BadOption, match="allowed"):
        adjudication.pack(j, show=["absent"])
    with pytest.raises(BadOption, match="no item 'i99'"):
        adjudication.pack(j, items=["i99"])


def test_perspectives_and_decided_items_are_not_packed():
    j = judgments(frame().assign(criterion="offence"))
    with pytest.raises(NotEstimable, match="declared a perspective"):
        adjudication.pack(j, perspectives=["offence"])
    done = frame().assign(stage="label")
    more = pd.DataFrame({"item_id": ["i1"], "rater_id": ["eva"], "label": ["poor"], "stage": ["adjudication"]})
    made = adjudication.pack(judgments(pd.concat([done, more], ignore_index=True)))
    assert "i1" not in set(made.key["item_id"])
    assert made.notes == ("1 item left out: decided already",)
    with pytest.raises(NotEstimable, match="no item has two different answers"):
        adjudication.pack(judgments(frame(1)))


class Elements(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags = set()

    def handle_starttag(self, tag, attributes):
        self.tags.add(tag)


def test_hostile_text_stays_text(tmp_path):
    rows = [(HOSTILE[k], f"r{r}", HOSTILE[(k + r) % 6], HOSTILE[k], HOSTILE[k]) for k in range(8) for r in range(2)]
    rows = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "comment", "clause"])
    made = adjudication.pack(as_judgments(rows))
    files = made.write(tmp_path)
    found = Elements()
    found.feed((tmp_path / "packet" / "packet.html").read_text("utf-8"))
    assert "script" not in found.tags
    for file in files:
        if file.suffix == ".csv":
            with file.open(encoding="utf-8-sig", newline="") as opened:
                cells = [c for row in csv.reader(opened) for c in row]
            assert not [c for c in cells if c.strip().startswith(("=", "+", "-", "@", "＝"))]
    assert set(kept(tmp_path)["item_id"]) == set(rows["item_id"])


# --- decisions


def test_round_trip(tmp_path):
    j = judgments()
    packet = adjudication.pack(j, seed=2)
    packet.write(tmp_path)
    made = adjudication.read_decisions(saved(filled(packet), tmp_path / "packet" / "back.csv"), j)
    assert dict(zip(made.table["packet_id"], made.table["item_id"], strict=True)) == dict(
        zip(packet.key["packet_id"], packet.key["item_id"], strict=True)
    )
    assert set(made.table["clause"]) == {"3.10"}
    assert made.undecided == ()
    summary = made.summary().set_index("name")
    assert summary.loc["guideline_gap", "share"] == 1
    assert 0.3 < summary.loc["guideline_gap", "low"] < 1


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"packet_id": "P-999"}, "'P-999' is not in the key"),
        ({"cause": "rater_slp"}, "If it is rater_slip, write that"),
        ({"cause": ""}, "the cause '' is not on the list"),
        ({"decision": "goood"}, "If it is good, write that"),
        ({"decision": ""}, "guideline_gap needs a decision"),
        ({"clause": " § "}, "guideline_gap needs a clause"),
        ({"rationale": ""}, "guideline_gap needs a reason"),
        ({"decided_by": ""}, "nobody is named"),
        ({"decided_by": "rater-1"}, "judged this item as a rater"),
        ({"decided_at": "24/11/2026"}, "'24/11/2026' is no day"),
        ({"cause": "legitimate_perspective"}, "legitimate_perspective takes no decision"),
        ({"cause": "bad_item"}, "bad_item takes no decision"),
    ],
)
def test_each_problem_is_named_with_its_row(tmp_path, cells, says):
    j = judgments()
    packet = adjudication.pack(j)
    table = filled(packet)
    for column, value in cells.items():
        table.loc[2, column] = value
    with pytest.raises(InvalidData) as raised:
        adjudication.read_decisions(saved(table, tmp_path / "back.csv"), j, key=packet.key)
    assert [p.row for p in raised.value.problems] == [3]
    assert says in str(raised.value)


def test_all_problems_are_listed_at_once(tmp_path):
    j = judgments()
    packet = adjudication.pack(j)
    table = pd.concat([filled(packet, decision="x", cause="y"), filled(packet).head(1)])
    with pytest.raises(InvalidData) as raised:
        adjudication.read_decisions(saved(table, tmp_path / "back.csv"), j, key=packet.key)
    assert len(raised.value.problems) == 2 * len(packet.table) + 1
    assert "decided twice, first in row 1" in raised.value.problems[-1].what
    with pytest.raises(InvalidData, match="the column cause is missing"):
        adjudication.read_decisions(saved(table.drop(columns="cause"), tmp_path / "back.csv"), j, key=packet.key)


def test_rows_left_empty_wait(tmp_path):
    j = judgments()
    packet = adjudication.pack(j)
    table = filled(packet)
    table.loc[1, list(packets.DECISION_COLUMNS)] = ""
    made = adjudication.read_decisions(saved(table, tmp_path / "back.csv"), j, key=packet.key)
    assert made.undecided == (packet.key["packet_id"][1],)
    assert len(made.table) == len(packet.table) - 1


def test_a_negative_label_and_a_numeric_scale(tmp_path):
    rows = pd.DataFrame([("a", "x", "-1"), ("a", "y", "2")], columns=["item_id", "rater_id", "label"])
    j = as_judgments(rows, scale=(-3, 3), level="interval")
    packet = adjudication.pack(j)
    assert {packet.table["answer_1"][0], packet.table["answer_2"][0]} == {"-1", "2"}
    made = adjudication.read_decisions(saved(filled(packet, decision="-1"), tmp_path / "b.csv"), j, key=packet.key)
    assert made.table["decision"].tolist() == ["-1"]
    with pytest.raises(InvalidData, match="outside the scale"):
        adjudication.read_decisions(saved(filled(packet, decision="4"), tmp_path / "b.csv"), j, key=packet.key)


def test_raw_rows_are_kept_under_the_files_own_names_and_values(tmp_path):
    source = frame().rename(columns={"item_id": "task", "label": "answer"}).replace({"good": "1", "poor": "0"})
    source.loc[0, "answer"] = ""
    file = tmp_path / "data.csv"
    source.to_csv(file, index=False)
    options = {"columns": {"item_id": "task", "label": "answer"}, "values": {"label": {"1": "good", "0": "poor"}}}
    j = read_judgments(file, **options, scale=["poor", "good"])
    packet = adjudication.pack(j)
    made = adjudication.read_decisions(saved(filled(packet), tmp_path / "b.csv"), j, key=packet.key)
    whole = tmp_path / "whole.csv"
    whole.write_text(adjudication.judgments_with(file, made, **options), encoding="utf-8")
    kept = pd.read_csv(whole, dtype=str, keep_default_na=False)
    assert kept[source.columns].head(len(source)).equals(source)
    again = read_judgments(whole, **options, scale=["poor", "good"])
    added = again.only(stage="adjudication")
    assert added.n_judgments == len(packet.table)
    assert set(added.frame["label"]) == {"poor"}
    assert set(added.frame["rater_id"]) == {"eva"}
    assert again.only(stage="label").n_judgments == j.n_judgments
    with pytest.raises(InvalidData, match="adjudicated before"):
        adjudication.read_decisions(tmp_path / "b.csv", again, key=packet.key)


def test_a_perspective_or_a_bad_item_adds_no_label(tmp_path):
    file = tmp_path / "data.csv"
    frame().to_csv(file, index=False)
    j = read_judgments(file, scale=["poor", "good"])
    packet = adjudication.pack(j)
    table = filled(packet, cause="legitimate_perspective", decision="", clause="")
    made = adjudication.read_decisions(saved(table, tmp_path / "b.csv"), j, key=packet.key)
    assert len(pd.read_csv(io.StringIO(adjudication.judgments_with(file, made)))) == len(frame())
    assert made.drafts() == []


def test_the_causes_are_those_of_the_topic_disagreement():
    assert list(ASKS) == list(CAUSES)


# --- amendments


def decided(*rows):
    columns = ["packet_id", "item_id", "criterion", *packets.DECISION_COLUMNS[:4], "adjudicator_rater_id", "decided_at"]
    whole = [(f"P{n}", f"i{n}", "", *row, "eva", "2026-11-24") for n, row in enumerate(rows)]
    return adjudication.Decisions(pd.DataFrame(whole, columns=columns))


def test_a_gap_amends_slips_clarify_and_the_owner_dates_it():
    made = decided(
        ("poor", "guideline_gap", "3.10", "No clause."), ("good", "guideline_gap", "3.10", "None."),
        *[("poor", "rater_slip", "3.9", "")] * 3, *[("poor", "rater_slip", "2.1", "")] * 2,
        ("", "ambiguous_item", "4", "Two readings."), ("good", "guideline_conflict", "1.1|1.2", "=cmd"),
    ).drafts()  # fmt: skip
    assert [(d["clause"], d["change"], d["recalibrate"]) for d in made] == [
        ("1.1|1.2", "amendment", True), ("3.9", "clarification", False), ("3.10", "amendment", True),
        ("4", "clarification", False),
    ]  # fmt: skip
    assert [d["label"] for d in made[2]["decided"]] == ["good", "poor"]
    text = decided(("good", "guideline_conflict", "1.1|1.2", "=cmd: {x}\n- y")).draft_text()
    (read,) = yaml.safe_load(text)["amendments"]
    assert read["decided"][0]["reasons"] == ["=cmd: {x}\n- y"]
    assert (read["decided_on"], read["effective_from"], read["text"]) == ("", "", "")
    assert "eva" not in text


def versions_frame(rng, *, fell, items=60, raters=8, others=60, per_item=4):
    """Binary labels; the chance that a label is off its item's truth, by clause and version."""
    rows = []
    for version in ("1.9", "1.10"):
        for clause, n in (("3.2", items), ("4.1", others)):
            off = 0.25 if clause == "3.2" and (version == "1.9" or not fell) else 0.1
            for k in range(n):
                who = rng.choice(raters, per_item, replace=False)
                wrong = rng.random(per_item) < off
                rows += [(f"{version}-{clause}-{k}", f"r{w}", "ab"[int(x)], version, clause)
                         for w, x in zip(who, wrong, strict=True)]  # fmt: skip
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline", "clause"])


def effect(j, clause, **options):
    """The change on one clause, on the others, and the difference."""
    made = adjudication.clause_changes(j, clauses=[clause], **options)
    (name,) = made.estimates
    parts = {"others": made.others.get(name), "difference": made.differences.get(name)}
    return SimpleNamespace(before=made.before, after=made.after, table=made.table, change=made.estimates[name], **parts)


def slow_share(rows):
    pairs = [(a != b) for _, g in rows.groupby(["item_id", "guideline"]) for i, a in enumerate(g["label"])
             for b in g["label"].iloc[i + 1:]]  # fmt: skip
    return sum(pairs) / len(pairs)


def slow_change(rows, clause):
    part = rows[(rows["clause"] == "3.2") == clause]
    return slow_share(part[part["guideline"] == "1.10"]) - slow_share(part[part["guideline"] == "1.9"])


def test_the_change_and_its_variance_are_what_counting_pairs_gives():
    rows = versions_frame(np.random.default_rng(5), fell=True, items=12, others=9, raters=5, per_item=3)
    made = effect(as_judgments(rows), "§ 3.2")
    assert (made.before, made.after) == ("1.9", "1.10")
    assert made.change.value == pytest.approx(slow_change(rows, True))
    assert made.others.value == pytest.approx(slow_change(rows, False))
    assert made.difference.value == pytest.approx(slow_change(rows, True) - slow_change(rows, False))
    on = rows[rows["clause"] == "3.2"]
    parts = []
    on = on.assign(judgment=range(len(on)))
    for key in ("item_id", "rater_id", "judgment"):
        left = np.array([slow_change(on[on[key] != k], True) for k in on[key].unique()])
        parts.append((len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum())
    items, raters, single = parts
    variance = max(items + raters - single, items)
    of_raters = min(raters, variance)
    df = variance**2 / ((variance - of_raters) ** 2 / 11 + of_raters**2 / 4)
    half = stats.t.ppf(0.975, df) * variance**0.5
    assert made.change.high - made.change.value == pytest.approx(half)
    assert made.change.over == "items and raters"


def test_rows_that_occur_several_times_are_as_good_as_written_out():
    rng = np.random.default_rng(3)
    rows = rng.integers(0, 3, (9, 2, 2)) + np.array([0, 3])
    times = rng.integers(1, 4, 9)
    whole = np.repeat(rows, times, axis=0)
    brief = ratio_contrast(whole / 2, whole[:4] + 1, rows, times.astype(float), [-1, 1])
    assert brief == ratio_contrast(whole / 2, whole[:4] + 1, whole, np.ones(len(whole)), [-1, 1])
    with pytest.raises(BadOption, match="confidence"):
        ratio_contrast(whole, whole, whole, np.ones(len(whole)), [-1, 1], confidence=95)


def test_intervals_of_the_change_hold_the_truth_and_see_a_fall():
    rng = np.random.default_rng(11)
    truth = 2 * 0.1 * 0.9 - 2 * 0.25 * 0.75
    held = seen = did = 0
    for _ in range(60):
        made = effect(as_judgments(versions_frame(rng, fell=True, items=40, others=40)), "3.2")
        held += made.change.low <= truth <= made.change.high
        did += made.difference.low <= truth <= made.difference.high
        seen += made.change.high < 0
    assert held >= 54
    assert did >= 54
    assert seen >= 24


def test_without_a_fall_the_gate_is_rarely_met():
    rng = np.random.default_rng(12)
    met = sum(
        effect(as_judgments(versions_frame(rng, fell=False, items=40, others=10)), "3.2").change.high < 0
        for _ in range(60)
    )
    assert met <= 4


def test_no_disagreement_at_all_still_leaves_room():
    rows = versions_frame(np.random.default_rng(1), fell=True).assign(label="a")
    made = effect(as_judgments(rows), "3.2")
    assert made.change.value == 0
    assert made.change.low < -0.01
    assert made.change.high > 0.01


def test_what_a_change_needs():
    rows = versions_frame(np.random.default_rng(1), fell=True)
    with pytest.raises(NotEstimable, match="no column guideline"):
        effect(as_judgments(rows.drop(columns="guideline")), "3.2")
    with pytest.raises(NotEstimable, match="no column rule"):
        effect(as_judgments(rows), "3.2", column="rule")
    with pytest.raises(NotEstimable, match="two versions"):
        effect(as_judgments(rows[rows["guideline"] == "1.9"]), "3.2")
    with pytest.raises(NotEstimable, match="has 0 items"):
        effect(as_judgments(rows), "9.9")
    with pytest.raises(BadOption, match="allowed"):
        effect(as_judgments(rows), "3.2", before="0.1")
    with pytest.raises(BadOption, match="both"):
        effect(as_judgments(rows), "3.2", before="1.10")
    mixed = rows.assign(clause=["3.2", "4.1"] * (len(rows) // 2))
    with pytest.raises(NotEstimable, match="several clauses"):
        effect(as_judgments(mixed), "3.2")
    alone = effect(as_judgments(rows[rows["clause"] == "3.2"]), "3.2")
    assert alone.others is None
    assert "leads" not in alone.table["what"].tolist()
    few = rows[rows["rater_id"].isin(["r0", "r1"])]
    assert effect(as_judgments(few), "3.2").change.over == "items"


def test_the_sample_tells_the_whole_loop():
    j = read_judgments(
        reports.sample("adjudication"), scale=["unrelated", "related", "substitute", "exact"], level="ordinal"
    )
    made = adjudication.recorded(j)
    assert set(made.table["cause"]) == {"guideline_gap", "rater_slip"}
    assert made.amended() == ("3.2",)
    drafted = made.draft_table().set_index("clause")
    assert drafted.loc["3.2", ["change", "recalibrate"]].tolist() == ["amendment", True]
    assert set(drafted["change"].drop("3.2")) == {"clarification"}
    found = effect(j, "3.2")
    assert (found.before, found.after) == ("1.2", "1.3")
    assert found.change.high < 0
    assert found.difference.high < 0
    assert found.others.low < 0 < found.others.high
    kept = adjudication.pack(j.only(guideline="1.2", stage="label"))
    assert set(kept.key["item_id"]) == set(made.table["item_id"])


def test_a_change_depends_on_no_order_and_no_names():
    rows = versions_frame(np.random.default_rng(7), fell=True, items=12, others=12)
    other = rows.sample(frac=1, random_state=1).assign(
        item_id=lambda t: "z" + t["item_id"].str[::-1], rater_id=lambda t: "p" + t["rater_id"].str[::-1]
    )
    first, second = (adjudication.clause_changes(table, clauses=["3.2", "4.1"]) for table in (rows, other))
    pd.testing.assert_frame_equal(first.table, second.table)
    change = first.estimates["3.2"]
    assert set(change.basis.judgments) == {f"r{r}" for r in range(8)}
    assert sum(map(len, change.basis.judgments.values())) == change.n_judgments == 96
    assert first.differences["3.2"].n_judgments == 192
    assert first.plot().alt.startswith("1.10 minus 1.9")


def test_dated_versions_follow_their_dates():
    rows = versions_frame(np.random.default_rng(1), fell=True)
    rows["rated_at"] = np.where(rows["guideline"] == "1.10", "2026-01-01", "2026-02-01")
    assert guideline_versions(as_judgments(rows)) == ("1.10", "1.9")


def test_amended_clauses_are_read_from_adjudicated_rows():
    rows = versions_frame(np.random.default_rng(1), fell=True).assign(stage="label", cause="")
    with pytest.raises(NotEstimable, match="no decisions are recorded"):
        adjudication.recorded(as_judgments(rows))
    more = [("a", "eva", "a", "3.10|3.2", "guideline_conflict"), ("b", "eva", "a", "1.1", "rater_slip")]
    more = pd.DataFrame(more, columns=["item_id", "rater_id", "label", "clause", "cause"]).assign(stage="adjudication")
    j = as_judgments(pd.concat([rows, more], ignore_index=True))
    assert adjudication.recorded(j).amended() == ("3.2", "3.10")
    found = adjudication.clause_changes(j)
    assert isinstance(found.estimates["3.10"], NotEstimable)
    assert set(found.table["clause"]) == set(found.others) == {"3.2"}
    assert found.table["change"].tolist() == [
        e["3.2"].value for e in (found.estimates, found.others, found.differences)
    ]
    with pytest.raises(NotEstimable, match="has 0 items"):
        adjudication.clause_changes(j, clauses=["7.7"])
    with pytest.raises(NotEstimable, match="no clause was named"):
        adjudication.clause_changes(j, clauses=[])


# --- the command


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "data.csv"
    frame().to_csv(file, index=False)
    return file


READING = ["--scale", "poor,good", "--level", "ordinal"]


def test_pack_fill_apply(data, tmp_path, capsys):
    out = tmp_path / "out"
    assert cli.main(["adjudicate", "pack", "--data", str(data), "--out", str(out), "--most", "3", *READING]) == cli.FINE
    printed = capsys.readouterr().out
    assert "1 item left for a later packet" in printed
    packet = out / "packet" / "packet.csv"
    line = [
        "adjudicate",
        "apply",
        "--decisions",
        str(packet),
        "--data",
        str(data),
        "--out",
        str(tmp_path / "back"),
        *READING,
    ]
    assert cli.main(line) == cli.COULD_NOT_RUN
    assert "no decision yet" in capsys.readouterr().err
    table = pd.read_csv(packet, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    table[["decision", "cause", "decided_by", "decided_at"]] = ["poor", "guideline_gap", "eva", "2026-11-24"]
    table["rationale"] = "=none"
    saved(table, packet)
    assert cli.main([*line, "--format", "json"]) == cli.FINDINGS
    found = json.loads(capsys.readouterr().out)["problems"]
    assert [(p["row"], p["column"]) for p in found] == [(1, "clause"), (2, "clause"), (3, "clause")]
    assert not (tmp_path / "back").exists()
    table["clause"] = "§3.2"
    table.to_csv(packet, index=False, sep=";")
    assert cli.main([*line, "--format", "json"]) == cli.FINE
    made = json.loads(capsys.readouterr().out)
    assert (made["decided"], made["labels_added"], made["problems"]) == (3, 3, [])
    assert made["amendments"][0]["clause"] == "3.2"
    assert sorted(p.name for p in (tmp_path / "back").iterdir()) == [
        "amendments.yml", "decisions_summary.csv", "judgments.csv",
    ]  # fmt: skip
    again = read_judgments(tmp_path / "back" / "judgments.csv", scale=["poor", "good"])
    assert again.only(stage="adjudication").n_judgments == 3
    assert again.only(stage="label").n_judgments == 24
    assert cli.main(line) == cli.FINE
    assert "draft: amendment of clause 3.2 from 3 items; raters calibrate again" in capsys.readouterr().out


def test_a_packet_is_not_written_over(data, tmp_path, capsys):
    line = ["adjudicate", "pack", "--data", str(data), "--out", str(tmp_path / "o"), *READING]
    assert cli.main([*line, "--seed", "4"]) == cli.FINE
    before = (tmp_path / "o" / "packet" / "packet.csv").read_bytes()
    assert cli.main([*line, "--seed", "5"]) == cli.COULD_NOT_RUN
    assert "may hold decisions" in capsys.readouterr().err
    assert (tmp_path / "o" / "packet" / "packet.csv").read_bytes() == before
    line[5] = str(tmp_path / "p")
    assert cli.main([*line, "--seed", "4"]) == cli.FINE
    assert (tmp_path / "p" / "packet" / "packet.csv").read_bytes() == before


def test_budget_queue_and_guideline(data, tmp_path, capsys):
    base = ["adjudicate", "pack", "--data", str(data), *READING]
    assert cli.main([*base, "--out", str(tmp_path / "a"), "--budget", "10"]) == cli.USAGE
    assert cli.main([*base, "--out", str(tmp_path / "a"), "--budget", "1", "--price", "4"]) == cli.USAGE
    text = tmp_path / "rules.md"
    text.write_text("# Rules\n", encoding="utf-8")
    queue = tmp_path / "queue.csv"
    queue.write_text("item_id,next\ni3,adjudicator\ni5,stop\ni7,adjudicator\n", encoding="utf-8")
    more = ["--budget", "5", "--price", "4", "--queue", str(queue), "--guideline", str(text)]
    assert cli.main([*base, "--out", str(tmp_path / "b"), *more, "--format", "json"]) == cli.FINE
    assert json.loads(capsys.readouterr().out)["items"] == 1
    assert (tmp_path / "b" / "packet" / "guideline.md").read_text("utf-8") == "# Rules\n"
    assert kept(tmp_path / "b")["item_id"].tolist() == ["i3"]


def test_apply_never_writes_over_what_it_reads(tmp_path, capsys):
    file = tmp_path / "judgments.csv"
    frame().to_csv(file, index=False)
    assert cli.main(["adjudicate", "pack", "--data", str(file), "--out", str(tmp_path), *READING]) == cli.FINE
    packet = tmp_path / "packet" / "packet.csv"
    table = pl.read_csv(packet, infer_schema=False).to_pandas().fillna("")
    table[["decision", "cause", "clause", "rationale", "decided_by", "decided_at"]] = [
        "poor", "guideline_gap", "§1", "none", "eva", "2026-11-24",
    ]  # fmt: skip
    saved(table, packet)
    line = ["adjudicate", "apply", "--decisions", str(packet), "--data", str(file), *READING]
    assert cli.main([*line, "--out", str(tmp_path)]) == cli.USAGE
    assert "would overwrite" in capsys.readouterr().err
    assert len(pd.read_csv(file)) == len(frame())
    assert cli.main([*line, "--out", str(tmp_path / "o"), "--key", str(tmp_path / "absent.csv")]) == cli.COULD_NOT_RUN


# --- who looks next


def slow_value(p, table, loss, n=1):
    """Expected cost now less expected cost after n labels: every way they can fall, one at a time."""
    k = len(p)
    now = min(sum(p[t] * loss[t][d] for t in range(k)) for d in range(k))
    after = 0.0
    for said in itertools.product(range(len(table[0])), repeat=n):
        joint = [p[t] * np.prod([table[t][x] for x in said]) for t in range(k)]
        chance = sum(joint)
        if chance > 0:
            posterior = [x / chance for x in joint]
            after += chance * min(sum(posterior[t] * loss[t][d] for t in range(k)) for d in range(k))
    return now - after


@st.composite
def problems(draw):
    k = draw(st.integers(2, 4))
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    p = rng.dirichlet(np.full(k, 0.7), size=3)
    loss = rng.uniform(0.5, 3, (k, k)) * (1 - np.eye(k))
    return p, rng.dirichlet(np.ones(k), size=(2, k)), loss, rng.dirichlet(np.ones(2))


@given(problems(), st.integers(1, 3))
@settings(max_examples=40)
def test_the_value_of_one_more_label_is_what_enumeration_gives(problem, n):
    p, tables, loss, weights = problem
    labels = list("abcd")[: p.shape[1]]
    table = pd.DataFrame(p, columns=labels, index=["x", "y", "z"])
    cost = pd.DataFrame(loss, index=labels, columns=labels)
    made = adjudication.route(table, [LabelSource("pool", 1e-6, tables, weights)], error_cost=cost, ahead=n)
    one = [sum(w * slow_value(q, t, loss) for w, t in zip(weights, tables, strict=True)) for q in p]
    assert made.values["pool"].to_numpy() == pytest.approx(np.array(one), abs=1e-9)
    average = np.tensordot(weights, tables, 1)
    net = [max([one[i] - 1e-6, *(slow_value(q, average, loss, m) - m * 1e-6 for m in range(2, n + 1))])
           for i, q in enumerate(p)]  # fmt: skip
    chosen = made.table["next"] != "stop"
    assert made.table["net"][chosen].to_numpy() == pytest.approx(np.array(net)[chosen], abs=1e-9)
    assert all(x <= 1e-9 for x in np.array(net)[~chosen])


RATER, EXPERT, MODEL = (
    LabelSource("another rater", 1, 0.8),
    LabelSource("adjudicator", 5, 0.97),
    LabelSource("model", 0.05, 0.6),
)


def posterior(**rows):
    return pd.DataFrame(rows, index=["good", "poor"]).T


def test_the_best_buy_is_taken_and_said():
    made = adjudication.route(posterior(split=[0.5, 0.5], near=[0.97, 0.03]), [RATER, EXPERT], error_cost=50).table
    assert made["next"].tolist() == ["adjudicator", "stop"]
    assert made["reason"][0] == "adjudicator: 5 buys 23.5 of the 25 that errors here are expected to cost"
    assert made["value"][0] == pytest.approx(50 * 0.47)
    assert adjudication.route(pd.DataFrame({"good": [1.0]}), [RATER], error_cost=9).table["next"].tolist() == ["stop"]
    cheap = adjudication.route(posterior(split=[0.5, 0.5]), [RATER, EXPERT], error_cost=10).table
    assert cheap["next"].tolist() == ["another rater"]
    free = adjudication.route(posterior(split=[0.5, 0.5]), [RATER, EXPERT], error_cost=2).table
    assert free["next"].tolist() == ["stop"]
    assert "worth 0.94 at most" in free["reason"][0]


def test_two_labels_can_turn_what_one_cannot():
    p = posterior(a=[0.85, 0.15])
    assert adjudication.route(p, [RATER], error_cost=60).table["next"].tolist() == ["stop"]
    made = adjudication.route(p, [RATER], error_cost=60, ahead=2).table
    assert made[["next", "labels", "price"]].values.tolist() == [["another rater", 2, 2.0]]


def test_perspectives_decided_items_and_a_second_look_of_the_same_model():
    p = posterior(a=[0.5, 0.5], b=[0.5, 0.5], c=[0.5, 0.5])
    made = adjudication.route(p, [RATER], error_cost=50, perspective=["a"], done=["b"])
    assert made.table["next"].tolist() == ["keep all answers", "stop", "another rater"]
    assert made.queue()["item_id"].tolist() == ["c"]
    assert set(adjudication.route(p, [RATER], error_cost=50, perspective=True).table["next"]) == {"keep all answers"}
    seen = LabelSource("model", 0.05, 0.9, seen=["a"])
    assert adjudication.route(p, [seen], error_cost=50).table["next"].tolist() == ["stop", "model", "model"]


def test_the_queue_is_in_order_of_value_for_the_price_and_ends_with_the_money(tmp_path):
    p = posterior(**{"=a": [0.5, 0.5], "b": [0.7, 0.3], "c": [0.6, 0.4], "d": [0.99, 0.01]})
    made = adjudication.route(p, [RATER, EXPERT], error_cost=100)
    queue = made.queue()
    assert queue["item_id"].tolist() == ["=a", "c", "b"]
    assert queue["spent"].tolist() == [5, 10, 15]
    assert made.summary[["next", "items", "price"]].values.tolist() == [["adjudicator", 3, 15.0], ["stop", 1, 0.0]]
    assert made.queue(budget=12)["item_id"].tolist() == ["=a", "c"]
    assert made.queue(budget=0).empty
    assert adjudication.route(p.loc[["d"]], [RATER], error_cost=1).queue(budget=9).columns.tolist() == list(
        queue.columns
    )
    text = made.write(tmp_path / "queue.csv", budget=12).read_text("utf-8-sig")
    assert '"\'=a"' in text
    with pytest.raises(BadOption):
        made.queue(budget=float("nan"))


@pytest.mark.parametrize(
    "call",
    [
        lambda p: adjudication.route(p * 2, [RATER]),
        lambda p: adjudication.route(p * np.nan, [RATER]),
        lambda p: adjudication.route(p.iloc[:0], [RATER]),
        lambda p: adjudication.route(p, []),
        lambda p: adjudication.route(p, [RATER, RATER]),
        lambda p: adjudication.route(p, [RATER], ahead=4),
        lambda p: adjudication.route(p, [RATER], error_cost=-1),
        lambda p: adjudication.route(p, [RATER], error_cost=pd.DataFrame({"good": [0.0]}, index=["good"])),
        lambda p: adjudication.route(p, [LabelSource("x", 0, 0.8)]),
        lambda p: adjudication.route(p, [LabelSource("x", 1, [[0.5, 0.4], [0.1, 0.9]])]),
        lambda p: adjudication.route(p, [LabelSource("x", 1, 1.2)]),
        lambda p: adjudication.route(p, [LabelSource("x", 1, 0.8, weights=[1, 1])]),
        lambda p: adjudication.route(p, [LabelSource("stop", 1, 0.8)]),
    ],
)
def test_what_cannot_be_routed_is_refused(call):
    with pytest.raises(HaloError):
        call(posterior(a=[0.5, 0.5]))


def test_raters_of_a_consensus_are_a_source():
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 2, 300)
    rows = [(f"i{k}", f"r{r}", "ab"[t if rng.random() < acc else 1 - t])
            for k, t in enumerate(truth) for r, acc in enumerate([0.95, 0.9, 0.7, 0.6])]  # fmt: skip
    consensus = aggregation.dawid_skene(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    tables, weights = adjudication.rater_source(consensus, price=1).tables(2)
    assert weights.tolist() == [0.25] * 4
    assert np.diagonal(tables, axis1=1, axis2=2).mean(1) == pytest.approx([0.95, 0.9, 0.7, 0.6], abs=0.08)
    best = adjudication.rater_source(consensus, price=1, raters=["r0"])
    sources = [adjudication.rater_source(consensus, price=1), LabelSource("best", 1, best.confusion)]
    made = adjudication.route(consensus, sources, error_cost=30)
    assert set(made.table["next"]) <= {"best", "stop"}
    with pytest.raises(BadOption):
        adjudication.rater_source(consensus, price=1, raters=["nobody"])


def test_a_slice_of_the_study_of_policies():
    made = study.run(rounds=10, items=300, seed=7, budgets=(0.5, 2.0), scenarios=("independent",))
    rows = made.set_index(["policy", "budget"])
    error, cost, total = (rows[c].to_dict() for c in ("error", "cost", "total"))
    for budget in (0.5, 2.0):
        assert error["value", budget] < 0.7 * error["none", 0.0]
        assert error["margin", budget] < error["random", budget] < error["none", 0.0]
        assert max(cost[p, budget] for p in ("random", "margin", "value")) <= budget + 1e-9
    assert abs(error["value", 0.5] - error["margin", 0.5]) < 0.01
    assert total["value", 2.0] < total["margin", 2.0] < total["random", 2.0]
    assert cost["value", 2.0] < 1.2
    assert (cost["none", 0.0], cost["all", 5.0]) == (0, 5)
    assert abs(error["all", 5.0] - error["margin", 2.0]) < 0.01


DAYS = [f"2026-09-{day:02}" for day in range(1, 29)]


@settings(max_examples=30)
@given(st.lists(st.tuples(st.sampled_from(DAYS), st.sampled_from(DAYS)), min_size=1, max_size=8), st.integers(0, 15))
def test_decisions_in_time_are_counted_from_the_last_label_before_them(made, days):
    """A day after the decision is no wait; weekends are not counted. Checked day by day."""
    rows = [(f"i{n}", "r1", "label", label) for n, (label, _) in enumerate(made)]
    rows += [(f"i{n}", "eva", "adjudication", decision) for n, (_, decision) in enumerate(made)]
    judged = pd.DataFrame(rows, columns=["item_id", "rater_id", "stage", "rated_at"]).assign(label="x")
    waits = [sum(pd.Timestamp(d).weekday() < 5 for d in DAYS if a <= d < b) for a, b in made if a <= b]
    if not waits:
        with pytest.raises(NotEstimable, match="dated label before it"):
            adjudication.decided_in_time(judged, days=days)
        return
    assert adjudication.decided_in_time(judged, days=days).value == pytest.approx(np.mean(np.array(waits) <= days))


def test_a_decided_item_needs_complete_raw_labels():
    rows = [(item, f"r{n}", "label", at) for item, n, at in
            [("a", 1, "2026-09-01"), ("a", 2, "2026-09-02"), ("b", 1, "2026-09-01"), ("b", 2, None)]]  # fmt: skip
    rows += [(item, "eva", "adjudication", "2026-09-09") for item in "abc"]
    judged = pd.DataFrame(rows, columns=["item_id", "rater_id", "stage", "rated_at"]).assign(label="x", guideline="1")
    assert adjudication.raw_labels_kept(judged).value == pytest.approx(1 / 3)
    assert adjudication.raw_labels_kept(judged, labels=1).value == pytest.approx(2 / 3)
    with pytest.raises(NotEstimable, match="no column guideline"):
        adjudication.raw_labels_kept(judged.drop(columns="guideline"))
    with pytest.raises(NotEstimable, match="no row has stage adjudication"):
        adjudication.raw_labels_kept(judged[judged["stage"] == "label"])


@pytest.mark.parametrize("cause", list(ASKS))
def test_a_decision_is_complete_with_what_its_cause_needs(cause):
    row = {"item_id": "a", "rater_id": "eva", "label": "x", "stage": "adjudication", "cause": cause,
           "clause": "§ 3.2", "rated_at": "2026-09-21"}  # fmt: skip
    assert adjudication.incomplete_decisions(pd.DataFrame([row])).value == 0
    bare = adjudication.incomplete_decisions(pd.DataFrame([row | {"clause": " § "}])).value
    assert bare == (ASKS[cause].clause == "required")
    for lacking in ({"cause": "as discussed"}, {"rated_at": None}):
        assert adjudication.incomplete_decisions(pd.DataFrame([row, row | {"item_id": "b"} | lacking])).value == 1


def test_a_report_on_judgments_with_decisions_gates_the_amended_clause(tmp_path):
    made = reports.run("adjudication", "adjudication", tmp_path, audience="operations")
    (gate,) = [g for g in made["gates"] if g["standard"] == "PIP-047"]
    assert (gate["verdict"], gate["subject"]) == ("met", "3.2")
    page = (tmp_path / "adjudication.html").read_text("utf-8")
    assert "guideline_gap" in page
    assert "adjudicator-1" not in page


def test_the_committed_study_says_what_the_chapter_says():
    made = reports.study("study_adjudication").set_index(["scenario", "policy", "budget"])
    assert set(made["rounds"]) == {40}
    apart, hard = made.loc["independent"], made.loc["hard items"]
    assert apart.loc[("value", 2.0), "total_high"] < apart.loc[("margin", 2.0), "total_low"]
    assert hard.loc[("value", 2.0), "error"] > hard.loc[("margin", 2.0), "error"]


# ---- hostile hands


CALC = "=cmd|' /C calc'!A0"
BEGINS = re.compile(r"[\s\u200b\ufeff]*[=+@\-＝\ufe62\ufe63\ufe66\ufe6b]")


@given(st.lists(st.sampled_from([*"=+-@;'x \t\n\r", "\ufe66", "\ufeff", "\u200b"]), max_size=8).map("".join))
@settings(max_examples=50)
def test_no_part_of_a_neutral_cell_runs_where_semicolons_or_tabs_end_a_cell(text):
    made = neutral(text)
    assert plain(made) == text
    assert not any(BEGINS.match(part) for part in re.split(r"[;\t\r\n]", made))


def test_what_apply_adds_never_runs(tmp_path):
    raw = frame()
    raw.loc[0, "rater_id"] = "@maria"
    file = tmp_path / "judgments.csv"
    raw.to_csv(file, index=False)
    packet = adjudication.pack(as_judgments(raw, scale=["poor", "good"]))
    table = filled(packet, decided_by=CALC, clause=CALC, rationale=f"x;{CALC}")
    table.loc[0, "decided_by"] = "@maria"
    made = adjudication.read_decisions(saved(table, tmp_path / "b.csv"), raw, key=packet.key)
    text = adjudication.judgments_with(file, made)
    added = pd.read_csv(io.StringIO(text), dtype=str, keep_default_na=False).query("stage == 'adjudication'")
    cells = added.drop(columns=["item_id", "label"]).to_numpy().ravel()
    parts = [part for cell in cells for part in re.split(r"[;\t\r\n]", cell)]
    assert [part for part in parts if BEGINS.match(part)] == ["@maria"]  # as the file holds it already
    again = adjudication.recorded(as_judgments(added)).table
    assert set(again["adjudicator_rater_id"]) == {CALC, "@maria"}
    assert set(again["clause"]) == {CALC}


def test_the_key_kept_apart_is_used_and_a_key_of_other_items_refused(tmp_path, capsys):
    file = tmp_path / "judgments.csv"
    frame().to_csv(file, index=False)
    packet = adjudication.pack(frame(), seed=3)
    packet.write(tmp_path)
    saved(filled(packet, cause="rater_slip", clause="1.1"), tmp_path / "packet" / "packet.csv")
    planted = packet.key.assign(item_id=[*packet.key["item_id"][:-1], "i0"])
    saved(planted, tmp_path / "packet" / "key.csv")
    saved(planted, tmp_path / "planted.csv")
    line = ["adjudicate", "apply", "--decisions", str(tmp_path / "packet" / "packet.csv"), "--data", str(file)]
    line += ["--scale", "poor,good", "--out", str(tmp_path / "out")]
    assert cli.main(line) == cli.FINE
    assert str(tmp_path / "kept_apart" / "key.csv") in capsys.readouterr().out
    decided = pd.read_csv(tmp_path / "out" / "judgments.csv", dtype=str).query("stage == 'adjudication'")
    assert set(decided["item_id"]) == set(packet.key["item_id"])
    assert cli.main([*line, "--key", str(tmp_path / "planted.csv")]) == cli.COULD_NOT_RUN
    assert "planted.csv has other items than those its packet was made from" in capsys.readouterr().err


NAMED = {
    "Zoë Quist": ["Zoe\u0308 Quist", "_zoë quist_", "zoë  quist", "Zoë\u00a0Quist", "ＺＯË Quist", "Zo\u200bë Quist"],
    "anna-lee": ["anna\u2011lee", "**Anna-Lee**", "ANNA–LEE"],
    "Strauß": ["STRAUSS", "Strauß"],
    "O'Hara": ["O’Hara", "o\u02bchara"],
}


@pytest.mark.parametrize(("rater", "written"), [(r, w) for r, all_ in NAMED.items() for w in all_])
def test_no_column_of_a_packet_names_a_rater_however_it_is_written(rater, written):
    rows = [("i1", rater, "good", f"as {written} said", f"3.1 as {written}", f"v1 ({written})", f"by {written}.")]
    rows += [("i1", "bob", "poor", "no", *rows[0][4:])]
    names = ["item_id", "rater_id", "label", "comment", "clause", "guideline", "text"]
    table = adjudication.pack(pd.DataFrame(rows, columns=names), show=["text"]).table
    assert table["text"][0].replace("*", "").replace("_", "") == "by [a rater]."
    told = " ".join(map(str, table.iloc[0]))
    assert written.strip("_*") not in told
    assert told.count("[a rater]") == 4
