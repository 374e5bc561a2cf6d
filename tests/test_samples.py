"""The samples are what their descriptions say, and what the handbook calls true of them holds in them."""

import json

import numpy as np
import pandas as pd
import pytest
import samples
from samples import adjudication, audit, disagreement, drift, planning, simulation
from samples.raters import Rater, gold_round, label

from halo_methods import reports
from halo_methods.errors import HaloError
from halo_methods.reports import places
from halo_methods.simulation import SimulatedRater

FILES = {
    "adjudication": (1022, 9),
    "aggregation": (1800, 6),
    "agreement": (2070, 6),
    "audit": (2470, 8),
    "calibration": (1560, 11),
    "capstone": (1620, 9),
    "disagreement": (2160, 7),
    "drift": (3100, 9),
    "llm_judge": (2550, 8),
    "onboarding": (2520, 10),
    "planning": (360, 5),
    "preference": (1840, 10),
    "practice": (1800, 4),
    "simulation": (3600, 5),
    "spans": (853, 10),
    "trajectory": (2931, 13),
    "workforce": (1518, 15),
    "workforce_bidders": (960, 6),
    "workforce_honest": (1872, 9),
    "workforce_items": (504, 2),
}

RUBRICS = {name: scale for name in FILES if "#" in (scale := str(places.sample_reading(name).get("scale", "")))}


def stored(name):
    return pd.read_csv(reports.sample(name), dtype=str, keep_default_na=False)


def made(name):
    topic = next(topic for topic in samples.TOPICS if name in samples.generator(topic).SAMPLES)
    return samples.generator(topic).SAMPLES[name]()


class TestFiles:
    def test_every_sample_has_a_generator_or_a_citation(self, root):
        generated = {name for topic in samples.TOPICS for name in samples.generator(topic).SAMPLES}
        described = (root / "data" / "samples" / "README.md").read_text("utf-8")
        assert generated == set(FILES)
        for path in (root / "data" / "samples").glob("*.csv"):
            assert f"`{path.name}`" in described
            assert path.stem in generated or path.stem[-4:].isdigit()

    @pytest.mark.parametrize("name", FILES)
    def test_the_file_has_the_columns_and_rows_that_the_generator_makes(self, name):
        there, again = stored(name), made(name)
        assert there.shape == again.shape == FILES[name]
        assert list(there.columns) == list(again.columns)
        item = next(name for name in ("item_id", "trajectory_id", "task") if name in there)
        assert there[item].tolist() == again[item].tolist()

    @pytest.mark.parametrize("name", sorted(set(FILES) - {"spans", "trajectory", "workforce_items", "capstone"}))
    def test_a_rater_judges_an_item_once_for_each_criterion_stage_and_round(self, name):
        keys = ["item_id", "rater_id", "criterion", "stage", "round"]
        if name in ("adjudication", "drift"):
            keys.append("guideline")
        if name == "preference":
            keys += ["left", "right"]
        table = stored(name)
        assert not table.duplicated([key for key in keys if key in table]).any()

    @pytest.mark.parametrize(("name", "scale"), sorted(RUBRICS.items()))
    def test_a_sample_read_by_a_rubric_has_all_its_labels_and_no_other(self, name, scale):
        table = stored(name)
        labels = set(table["label"]) | set(table.get("gold", table["label"])) - {""}
        assert labels == set(places.by_rubric({"scale": scale})["scale"])

    def test_the_truth_file_is_what_the_generators_say(self, root):
        written = json.loads((root / "data" / "samples" / "truth.json").read_text("utf-8"))
        worked_out = json.loads(json.dumps(samples.truth()))
        assert list(written) == list(samples.TOPICS)
        assert flat(written).keys() == flat(worked_out).keys()
        for place, value in flat(worked_out).items():
            assert flat(written)[place] == pytest.approx(value, abs=1e-6), place

    def test_no_truth_uses_the_package(self, root):
        for path in (root / "tools" / "samples").glob("*.py"):
            uses = [
                line for line in path.read_text("utf-8").splitlines() if line.startswith(("from halo", "import halo"))
            ]
            assert uses == (["from halo_methods.simulation import SimulatedRater"] if path.stem == "simulation" else [])

    def test_an_unknown_truth_is_named_with_those_there_are(self):
        with pytest.raises(HaloError, match=r"audits.*audit.*workforce"):
            reports.truth("audits")


def flat(value, place=()):
    """The leaves of a nested value, by their place."""
    if isinstance(value, dict):
        parts = value.items()
    elif isinstance(value, list):
        parts = enumerate(value)
    else:
        return {place: value}
    return {k: v for key, part in parts for k, v in flat(part, (*place, key)).items()}


class TestTruth:
    def test_raters_of_an_aggregated_crowd_are_as_accurate_as_said(self):
        truth = reports.truth("aggregation")
        table = stored("aggregation").assign(true=lambda t: t["item_id"].map(truth["labels"]))
        right = (table["label"] == table["true"]).groupby(table["rater_id"]).agg(["mean", "size"])
        for rater, accuracy in truth["accuracy"].items():
            share, n = right.loc[rater]
            assert share == pytest.approx(accuracy, abs=3.5 * (accuracy * (1 - accuracy) / n) ** 0.5), rater
        gold = table[table["gold"] != ""]
        assert (gold["gold"] == gold["true"]).all()
        assert gold["item_id"].nunique() == 90
        grid = table.pivot_table(index="item_id", columns="rater_id", values="label", aggfunc="first")
        both = grid[[truth["copies"]["rater"], truth["copies"]["of"]]].dropna()
        assert (both.iloc[:, 0] == both.iloc[:, 1]).mean() > truth["copies"]["share"] - 0.08

    def test_an_agreement_team_agrees_as_often_as_said(self):
        table = stored("agreement").query("criterion == 'helpfulness'")
        truth = reports.truth("agreement")["raw_agreement"]["helpfulness"]
        for locale, rows in table.groupby("locale"):
            grid = rows.pivot_table(index="item_id", columns="rater_id", values="label", aggfunc="first").to_numpy()
            same = [
                x == y
                for row in grid
                for i, x in enumerate(row)
                for y in row[:i]
                if isinstance(x, str) and isinstance(y, str)
            ]
            assert np.mean(same) == pytest.approx(truth[locale], abs=0.08)

    def test_calibrated_raters_are_right_and_strict_as_said(self):
        table = stored("calibration")
        place = {name: i for i, name in enumerate(("poor", "fair", "good", "excellent"))}
        truth = reports.truth("calibration")
        right = (table["label"] == table["gold"]).groupby(table["item_id"]).mean().sort_values()
        assert sorted(right.index[:3]) == truth["wrong_gold"]
        table = table[~table["item_id"].isin(truth["wrong_gold"])]
        step = table["label"].map(place) - table["gold"].map(place)
        assert set(step) <= {-1, 0, 1}
        rows = truth["raters"].assign(round=lambda t: t["round"].astype(str)).set_index(["round", "rater_id"])
        by = [table["round"], table["rater_id"]]
        for name, values in (("on_items", step == 0), ("strictness", step)):
            gap = values.groupby(by).mean() - rows[name]
            assert gap.abs().max() < 0.2
            assert gap.mean() == pytest.approx(0, abs=0.03)
        assert set(table.loc[table["role"] == "expert", "rater_id"]) == set(truth["experts"])

    def test_the_auditor_finds_and_passes_as_often_as_said(self):
        truth, frames = reports.truth("audit"), [audit.with_truth(seed) for seed in range(4)]
        found, passed = [], []
        for frame in frames:
            work = frame[frame["stage"] == "label"].set_index("item_id")
            first = frame[(frame["stage"] == "audit") & (frame["round"] == "1")].set_index("item_id")
            said = first["label"] != work.loc[first.index, "label"]
            wrong = first["true_label"] != work.loc[first.index, "label"]
            assert first["lot"].value_counts().eq(74).all()
            found += said[wrong].tolist()
            passed += (~said[~wrong]).tolist()
            expert = frame[frame["rater_id"] == "expert"]
            assert (expert["label"] == expert["true_label"]).all()
        assert np.mean(found) == pytest.approx(truth["sensitivity"], abs=0.08)
        assert np.mean(passed) == pytest.approx(truth["specificity"], abs=0.015)

    def test_two_raters_of_an_item_differ_on_the_gap_as_often_as_said(self):
        gap = reports.truth("adjudication")["gap"]
        for row in gap["by_version"]:
            differ = []
            for seed in range(5):
                log = adjudication.sample(seed).query("stage == 'label'")
                log = log[(log["clause"] == gap["clause"]) & (log["guideline"] == row["guideline"])]
                differ += [
                    x != y for _, g in log.groupby("item_id")["label"] for i, x in enumerate(g) for y in list(g)[:i]
                ]
            assert np.mean(differ) == pytest.approx(row["differ"], abs=0.05)

    def test_disagreement_is_the_sum_of_its_sources(self):
        planted = sum(reports.truth("disagreement")["sources"].values())
        halves = []
        for seed in range(4):
            table = disagreement.sample(seed).query("round == 1")
            halves.append(table.groupby("item_id")["label"].var().mean())
        assert np.mean(halves) == pytest.approx(planted, rel=0.1)

    def test_drift_begins_on_its_day(self):
        truth = reports.truth("drift")
        table = drift.sample().assign(
            day=lambda t: (pd.to_datetime(t["rated_at"]) - pd.Timestamp(truth["start"])).dt.days
        )
        changes = truth["changes"]
        assert table.loc[table["guideline"] == 2, "day"].min() == changes["guideline change"]
        anchors = table[table["gold"] != ""].assign(right=lambda t: t["label"] == t["gold"])
        late = anchors["day"] >= changes["drift of single raters"]
        drifter = anchors["rater_id"] == truth["rater"]
        assert anchors.loc[~drifter, "right"].mean() == pytest.approx(truth["accuracy"], abs=0.02)
        assert anchors.loc[drifter & ~late, "right"].mean() > 0.8 > 0.7 > anchors.loc[drifter & late, "right"].mean()
        fresh = table[(table["gold"] == "") & (table["slice"] == truth["slice"])]
        begins = changes["data drift"]
        near = fresh[fresh["day"].between(begins - 14, begins + 13)]
        none = (near["label"] == "none").groupby(near["day"] >= begins).mean()
        assert none[True] > none[False] + 0.15

    def test_a_pilot_varies_as_said(self):
        truth = reports.truth("planning")
        pilots = [planning.sample(seed) for seed in range(20)]
        medians = [np.median(np.log(pilot["seconds"])) for pilot in pilots]
        assert np.exp(np.mean(medians)) == pytest.approx(truth["seconds"]["median"], rel=0.05)
        variance = np.mean([pilot["label"].var() for pilot in pilots])
        assert variance == pytest.approx(sum(truth["components"].values()), rel=0.1)
        within = np.mean([pilot.groupby("item_id")["label"].var().mean() for pilot in pilots])
        assert within == pytest.approx(truth["components"]["rater"] + truth["components"]["residual"], rel=0.1)

    def test_vendors_are_as_good_as_said_and_what_is_planted_is_there(self):
        truth = reports.truth("workforce")
        table = stored("workforce")
        gold = table[table["gold"] != ""]
        right = (gold["label"] == gold["gold"]).groupby(gold["vendor"]).mean()
        for vendor, quality in truth["quality"].items():
            assert right[vendor] == pytest.approx(quality, abs=0.04)
        people = truth["people"].groupby("vendor")["accuracy"].mean()
        assert people.to_dict() == pytest.approx(truth["quality"])
        by_rater = gold.pivot_table(index="item_id", columns="rater_id", values="label", aggfunc="first")
        copies, source = truth["copies"]["rater"], truth["copies"]["of"]
        both = by_rater[[copies, source]].dropna()
        assert (both[copies] == both[source]).mean() == pytest.approx(truth["copies"]["share"], abs=0.08)
        median = gold.assign(seconds=gold["seconds"].astype(float)).groupby("rater_id")["seconds"].median()
        assert median.idxmin() == truth["speeder"]
        said = table[table["comment"].str.startswith("The response is accurate")]
        assert sorted(said["rater_id"].unique()) == truth["model_written"]
        harm = stored("workforce_items").set_index("item_id")["harm"]
        seen = table.assign(minutes=table["seconds"].astype(float) / 60, day=table["rated_at"].str[:10])
        minutes = seen[seen["item_id"].map(harm) != "none"].groupby(["rater_id", "day"])["minutes"].sum()
        assert minutes[minutes > truth["limit_minutes"]].index.tolist() == [tuple(truth["over_limit"])]

    def test_the_raters_of_the_simulation_sample_are_those_said(self):
        truth = reports.truth("simulation")
        team = [SimulatedRater(**row) for row in truth["raters"].to_dict("records")]
        assert tuple(team) == simulation.team()
        table = stored("simulation")
        gold = table[table["gold"] != ""]
        right = (gold["label"] == gold["gold"]).groupby(gold["rater_id"]).mean()
        assert right.tolist() == pytest.approx([r.accuracy for r in team], abs=0.08)
        wrong = gold[(gold["rater_id"] == "r03") & (gold["gold"] == "partly") & (gold["label"] != "partly")]
        assert set(wrong["label"]) == {"no"}
        assert table.groupby(["rater_id", table["rated_at"].str[:10]]).size().eq(18).all()


class TestRaters:
    def test_they_are_as_accurate_and_lean_as_they_were_told(self):
        rng = np.random.default_rng(3)
        truth = rng.integers(1, 3, size=40_000)
        labels = label(truth, np.full(truth.size, 0.5), Rater("a", accuracy=0.7, lean=0.9), 4, rng)
        wrong = labels[labels != truth] - truth[labels != truth]
        assert (labels == truth).mean() == pytest.approx(0.35, abs=0.01)
        assert (wrong == -1).mean() == pytest.approx(0.9, abs=0.01)

    def test_at_the_ends_of_the_scale_the_only_neighbour_is_taken(self):
        truth = np.repeat([0, 2], 50)
        labels = label(truth, np.zeros(100), Rater("a", accuracy=0.0), 3, np.random.default_rng(3))
        assert set(labels) == {1}

    def test_wrong_gold_is_planted_where_asked(self):
        items = pd.DataFrame({"item_id": ["x", "y", "z"], "truth": [0, 1, 2], "difficulty": 0.0})
        frame = gold_round([Rater("a", 1.0)], "abc", items, wrong_gold=[0, 2])
        assert frame["gold"].tolist() == ["b", "b", "b"]
