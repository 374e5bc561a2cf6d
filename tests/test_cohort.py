"""The cohort report: what is planted in the sample is found, and an honest cohort raises no more than stated."""

import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
from samples import onboarding as made

from halo_methods import onboarding, reports
from halo_methods.certification import certify
from halo_methods.cli import FINE, USAGE, main
from halo_methods.errors import NotEstimable
from halo_methods.judgments import as_judgments, read_judgments

SAMPLE = as_judgments(made.sample())
TRUTH = made.truth()


def cohort(rng, right, raters=20) -> pd.DataFrame:
    """A cohort of 24 items whose chance of a right answer is given by round and item."""
    chance = np.repeat(np.stack([np.broadcast_to(one, 24) for one in right])[:, :, None], raters, axis=2)
    turn, item, rater = (place.ravel() for place in np.indices(chance.shape))
    label = np.where(rng.random(chance.shape) < chance, "x", "y").ravel()
    names = {"item_id": [f"i{i}" for i in item], "rater_id": [f"r{r}" for r in rater], "label": label, "gold": "x"}
    return pd.DataFrame({**names, "round": turn + 1, "section": [f"s{i // 4}" for i in item]})


def test_what_was_planted_is_found_and_nothing_else() -> None:
    assert onboarding.teaching_items(SAMPLE).to_fix == [TRUTH["bad_item"]]
    assert onboarding.section_errors(SAMPLE).to_fix == [TRUTH["bad_section"]]
    table = onboarding.readiness(SAMPLE).table.set_index("rater_id")
    assert sorted(table.index[table["verdict"] == "not_met"]) == sorted(TRUTH["unready"])
    waiting = set(TRUTH["no_exam"]) - set(TRUTH["unready"])
    assert set(table.index[table["verdict"] == "undecided"]) == waiting
    assert set(table.loc[sorted(waiting), "next_step"]) == {"exam of 56 items"}


def test_the_figures_are_counts_that_a_reader_can_make() -> None:
    frame = made.sample()
    items = onboarding.teaching_items(SAMPLE).table.set_index("item_id")
    bad = frame[(frame["item_id"] == TRUTH["bad_item"]) & (frame["round"] == 2)]
    assert items.loc[TRUTH["bad_item"], "wrong"] == (bad["label"] != bad["gold"]).mean()
    assert items.loc[TRUTH["bad_item"], "next_step"] == "check the gold"
    first = frame[(frame["section"] == TRUTH["bad_section"]) & (frame["round"] == 1)]
    sections = onboarding.section_errors(SAMPLE).table.set_index("section")
    assert sections.loc[TRUTH["bad_section"], "wrong"] == pytest.approx((first["label"] != first["gold"]).mean())
    assert {name for name in sections.index if ":" in name} == {f"solves: {label}" for label in made.LABELS}
    ready = onboarding.readiness(SAMPLE).table.set_index("rater_id")
    assert ready["n"].max() == made.EXAM_ITEMS
    one = ready.loc["R-13"]
    assert one["verdict"] == certify(one["right"], one["n"], attempts=2).verdict


def test_an_honest_cohort_raises_no_more_than_stated() -> None:
    """Items at the limit, and items that teach; the share of false entries and of false sections stays as stated."""
    rng = np.random.default_rng(4)
    false, sections, sent_back, rounds = 0, 0, 0, 25
    for _ in range(rounds):
        j = as_judgments(cohort(rng, (0.75, [0.75] * 12 + [0.95] * 12)))
        false += bool(onboarding.teaching_items(j).to_fix)
        sections += bool(onboarding.section_errors(j).to_fix)
        good = as_judgments(cohort(rng, (0.8, 0.95)))
        sent_back += (onboarding.readiness(good).table["verdict"] == "not_met").sum()
    assert false / rounds <= 0.10 + 3 * np.sqrt(0.09 / rounds)
    assert sections / rounds <= 0.05 + 3 * np.sqrt(0.05 / rounds)
    assert sent_back / (20 * rounds) <= 0.10 + 3 * np.sqrt(0.09 / 20 / rounds)


def test_a_bad_item_is_found_as_often_as_the_page_says() -> None:
    rng = np.random.default_rng(5)
    found = [
        "i0" in onboarding.teaching_items(as_judgments(cohort(rng, (0.8, [0.35] + [0.95] * 23)))).to_fix
        for _ in range(20)
    ]
    assert np.mean(found) >= 0.8


def test_attempts_beyond_those_permitted_count_for_nothing() -> None:
    rows = [(f"e{t}{i}", "r", "x" if i < right else "y", "x", str(t), "exam")
            for t, right in ((1, 40), (2, 41), (3, 56)) for i in range(56)]  # fmt: skip
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round", "kind"]))
    (row,) = onboarding.readiness(j, attempts=2).table.to_dict("records")
    assert (row["rests_on"], row["verdict"], row["next_step"]) == ("exam, attempt 2", "not_met", "another task")
    assert onboarding.readiness(j, attempts=3).table["verdict"].tolist() == ["met"]
    short = as_judgments(j.frame.filter(pl.col("item_id").str.starts_with("e1"))[11:41])
    assert onboarding.readiness(short).table["next_step"].tolist() == ["26 more exam items"]


def test_several_criteria_of_an_item_are_items_of_their_own() -> None:
    rows = [(i, f"r{r}", "y" if c == "tone" else "x", "x", c, t)
            for i in ("a", "b") for r in range(12) for c in ("facts", "tone") for t in "12"]  # fmt: skip
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "criterion", "round"]))
    assert sorted(onboarding.teaching_items(j).to_fix) == ["a / tone", "b / tone"]


def test_reasons_instead_of_figures() -> None:
    once = as_judgments(cohort(np.random.default_rng(1), (0.9,)))
    with pytest.raises(NotEstimable, match="practice done in two rounds"):
        onboarding.teaching_items(once)
    assert set(onboarding.readiness(once).table["rests_on"]) == {"first answers in practice"}
    with pytest.raises(NotEstimable, match="section"):
        onboarding.section_errors(as_judgments(once.frame.drop("section")))


def test_suspects_are_held_against_nobody() -> None:
    j = as_judgments(cohort(np.random.default_rng(2), (0.9, [0.0] * 4 + [1.0] * 20)))
    assert set(onboarding.readiness(j).table["verdict"]) == {"not_met"}
    assert set(onboarding.readiness(j, suspects=["i0", "i1", "i2", "i3"]).table["verdict"]) == {"undecided"}


def test_files_of_the_path_and_graded_exams_make_one_table_and_a_report(tmp_path) -> None:
    """Files as the path saves them and as `halo certify score` writes them; only operations sees a person."""
    whole = made.sample().astype({"round": str})
    whole.query("kind == 'exam'").drop(columns=["criterion", "section", "seconds"]).to_csv(tmp_path / "exams.csv")
    files = [tmp_path / "exams.csv"]
    for rater, rows in whole.query("kind != 'exam'").assign(locale="en-GB").groupby("rater_id"):
        files.append(tmp_path / f"attempts-{rater}-en-GB.json")
        saved = {"format": "halo-attempts 1", "answers": rows.to_dict("records")}
        files[-1].write_text(json.dumps(saved), encoding="utf-8")
    table = tmp_path / "cohort.csv"
    assert main(["certify", "collect", *map(str, [*files, files[1]]), "--out", str(table)]) == FINE
    j = read_judgments(table)
    assert len(j) == len(whole)
    ready = onboarding.readiness(j).table
    pd.testing.assert_frame_equal(ready, onboarding.readiness(SAMPLE).table)
    assert main(["certify", "collect", str(table), "--out", str(table)]) == USAGE
    found = reports.run("onboarding", table, tmp_path / "out", audience="partner")
    text = (tmp_path / "out" / "onboarding.html").read_text("utf-8")
    assert not [rater for rater in set(ready["rater_id"]) if rater in text]
    assert {gate["standard"]: gate["verdict"] for gate in found["gates"]} == {"LRN-011": "not_met"}
