"""Raters in silico and policies under stress: what was set comes out, and alarms come as rarely as stated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods import simulation as sim
from halo_methods.errors import BadOption, HaloError, NotEstimable

SCALE = ["poor", "fair", "good"]
TEAM = tuple(sim.Worker(f"r{n}", 0.92) for n in range(8))


def right(log):
    return (log["label"] == log["truth"]).to_numpy()


class TestWorkers:
    def test_accuracy_and_severity_are_what_was_set(self):
        w = sim.Worker("a", 0.7, lean=0.9, daily=200)
        log = sim.work_log([w], 100, labels="abcde", prevalence=(0, 0.3, 0.4, 0.3, 0), truth=True)
        gap = log["label"].map("abcde".index) - log["truth"].map("abcde".index)
        assert right(log).mean() == pytest.approx(0.7, abs=0.012)
        assert gap.mean() == pytest.approx(w.severity, abs=0.015)

    def test_fatigue_falls_in_a_straight_line(self):
        log = sim.work_log([sim.Worker("a", 0.95, daily=100, fatigue=0.4)], 200, truth=True)
        place = log.groupby(log["rated_at"].str[:10]).cumcount()
        slope = np.polyfit(place, right(log), 1)[0]
        assert -100 * slope == pytest.approx(0.4, abs=0.04)

    def test_drift_begins_on_its_day(self):
        log = sim.work_log([sim.Worker("a", 0.95, daily=100, from_day=17, drift=0.2)], 40, truth=True)
        days = pd.Series(right(log)).groupby(log["rated_at"].str[:10].to_numpy()).mean().to_numpy()
        gain = [(days[:k].mean() - days[k:].mean()) ** 2 * k * (40 - k) for k in range(1, 40)]
        assert int(np.argmax(gain)) + 1 == 17
        assert days[17:].mean() == pytest.approx(0.75, abs=0.03)

    def test_copies_and_answers_of_a_model(self):
        team = [sim.Worker("a", 0.6, daily=200), sim.Worker("b", 0.9, daily=200, copies="a", copy_share=0.7)]
        log = sim.work_log(team, 50, truth=True).pivot_table(
            index="item_id", columns="rater_id", values="label", aggfunc="first"
        )
        alone = sim.work_log([team[0], replace(team[1], copies="", copy_share=0.0)], 50, truth=True)
        alone = alone.pivot_table(index="item_id", columns="rater_id", values="label", aggfunc="first")
        by_chance = (alone["a"] == alone["b"]).mean()
        assert (log["a"] == log["b"]).mean() == pytest.approx(0.7 + 0.3 * by_chance, abs=0.02)
        made = sim.work_log([sim.Worker("a", 0.9, daily=200, model_share=0.5, model_accuracy=0.5)], 50, truth=True)
        assert right(made).mean() == pytest.approx(0.7, abs=0.02)

    def test_daily_accuracy_is_what_the_log_shows(self):
        team = [sim.Worker("a", 0.8, daily=80, fatigue=0.2, from_day=3, drift=0.1),
                sim.Worker("b", 0.9, daily=80, from_day=2, copies="a", copy_share=0.5, model_share=0.4)]  # fmt: skip
        expected = sim.daily_accuracy(team, 5)[0]
        shown = np.zeros((2, 5))
        for seed in range(60):
            log = sim.work_log(team, 5, truth=True, seed=seed)
            log["right"] = right(log)
            shown += log.assign(day=log["rated_at"].str[:10]).pivot_table(
                index="rater_id", columns="day", values="right").to_numpy() / 60  # fmt: skip
        assert shown == pytest.approx(expected, abs=0.03)

    @pytest.mark.parametrize(
        ("options", "why"),
        [({"accuracy": 1.2}, "between 0 and 1"), ({"copies": "x"}, "copy_share"), ({"daily": 0}, "at least 1")],
    )
    def test_refused(self, options, why):
        with pytest.raises(HaloError, match=why):
            sim.Worker("a", **{"accuracy": 0.9, **options})

    def test_who_copies_shares_items_with_the_source(self):
        team = [*TEAM[:2], sim.Worker("c", 0.9, copies="r0", copy_share=0.5)]
        with pytest.raises(HaloError, match="side by side"):
            sim.work_log(team, 2)
        with pytest.raises(HaloError, match="must be another rater"):
            sim.work_log([sim.Worker("c", 0.9, copies="z", copy_share=0.5)], 2)


class TestFit:
    def test_recovers_the_truth(self):
        rng = np.random.default_rng(5)
        inside, lean, slopes = [], [], []
        for seed in range(6):
            team = [sim.Worker(f"r{n:02}", a, 0.95 if n == 3 else 0.5, daily=60, fatigue=0.15)
                    for n, a in enumerate(rng.beta(45, 5, 20))]  # fmt: skip
            log = sim.work_log(team, 20, gold_share=0.25, seed=seed, labels=SCALE)
            made = sim.fit(halo.as_judgments(log, scale=SCALE, level="ordinal"))
            true = sim.daily_accuracy(team, 1)[0, :, 0]
            inside += list((made.table["low"] <= true) & (true <= made.table["high"]))
            lean.append(made.workers[3].lean)
            slopes.append(made.workers[0].fatigue)
            assert set(made.table["daily"]) == {60}
        assert 0.88 <= np.mean(inside) <= 0.99
        assert np.mean(lean) > 0.75
        assert np.mean([s for s in slopes if s] or [0]) == pytest.approx(0.15, abs=0.06)

    def test_shrinks_to_the_team_and_nearer_to_the_truth(self):
        raw, shrunk = [], []
        for seed in range(8):
            log = sim.work_log(TEAM, 10, gold_share=0.04, seed=seed)
            table = sim.fit(halo.as_judgments(log)).table
            raw.append(((table["raw"] - 0.92) ** 2).mean())
            shrunk.append(((table["accuracy"] - 0.92) ** 2).mean())
        assert np.mean(shrunk) < np.mean(raw) / 2

    def test_says_what_is_missing(self):
        log = sim.work_log(TEAM, 5, gold_share=0.5)
        with pytest.raises(NotEstimable, match="gold"):
            sim.fit(halo.as_judgments(log.drop(columns="gold")))
        undated = halo.as_judgments(log.drop(columns="rated_at"))
        with pytest.raises(NotEstimable, match="rated_at"):
            sim.fit(undated)
        made = sim.fit(undated, daily=33)
        assert made.workers[0].daily == 33
        assert any("fatigue" in n for n in made.notes)
        with pytest.raises(NotEstimable, match="3 or more"):
            sim.fit(halo.as_judgments(log[log["rater_id"].isin(["r0", "r1"])]))

    def test_models_are_not_the_workforce(self):
        log = sim.work_log(TEAM, 5, gold_share=0.5).assign(rater_type="human")
        log.loc[log["rater_id"] == "r7", "rater_type"] = "model"
        assert [w.rater_id for w in sim.fit(halo.as_judgments(log)).workers] == [f"r{n}" for n in range(7)]

    def test_the_sample_beside_its_truth(self):
        made = sim.fit(halo.as_judgments(sim.simulation_sample(), scale=SCALE, level="ordinal"))
        true = [w.accuracy for w in sim.simulation_team()]
        assert ((made.table["low"] <= true) & (true <= made.table["high"])).mean() >= 0.8
        assert made.table["severity"].idxmin() == 2 or made.workers[2].lean > 0.6


def slow_looks(rule, accuracy, runs, seed):
    """The rule, one gold answer at a time, in plain loops."""
    rng = np.random.default_rng(seed)
    waits = []
    for _ in range(runs):
        total, looks = 0.0, 0
        while True:
            looks += 1
            wrong = sum(rng.random() >= accuracy for _ in range(rule.batch))
            total = max(0.0, total + wrong - rule.allowance) if rule.kind == "cusum" else wrong
            if total > rule.limit + 1e-9 or (abs(total - rule.limit) < 1e-9 and rng.random() < rule.tie):
                waits.append(looks)
                break
    return np.array(waits)


class TestRules:
    @pytest.mark.parametrize("kind", ["cusum", "p-chart"])
    @pytest.mark.parametrize("accuracy", [0.92, 0.80])
    def test_the_run_length_is_that_of_plain_loops(self, kind, accuracy):
        rule = sim.alarm_rule(kind, 0.92, 0.8, batch=5, run_length=40, exact=True)
        waits = slow_looks(rule, accuracy, 600, 3)
        assert waits.mean() == pytest.approx(rule.looks_until_signal(accuracy), abs=4 * waits.std() / 600**0.5)

    @pytest.mark.parametrize("kind", ["cusum", "p-chart"])
    @pytest.mark.parametrize("batch", [5, 20])
    def test_false_alarms_come_as_rarely_as_stated(self, kind, batch):
        rule = sim.alarm_rule(kind, 0.92, 0.8, batch=batch, run_length=50, exact=True)
        assert rule.run_length == pytest.approx(50)
        wrong = np.random.default_rng(1).binomial(batch, 0.08, size=(400, 2000))
        signals = rule.signals(wrong, np.random.default_rng(2))
        assert 800_000 / signals.sum() == pytest.approx(50, rel=0.04)

    @settings(max_examples=20)
    @given(good=st.floats(0.85, 0.97), gap=st.floats(0.05, 0.2), batch=st.integers(2, 20), wait=st.floats(10, 200))
    def test_the_limit_is_the_least(self, good, gap, batch, wait):
        rule = sim.alarm_rule("cusum", good, good - gap, batch=batch, run_length=wait)
        assert rule.run_length >= wait
        assert rule.looks_until_signal(good - gap) < rule.run_length

    def test_refused(self):
        with pytest.raises(BadOption, match="p-chart"):
            sim.alarm_rule("ewma", 0.9, 0.8)
        with pytest.raises(NotEstimable, match="thin"):
            sim.alarm_rule("cusum", 0.9, 0.8, run_length=1.2)
        with pytest.raises(HaloError, match="unacceptable < good"):
            sim.alarm_rule("cusum", 0.8, 0.9)


def slow_stress(built, w, days, runs, seed):
    """One rater, day by day and answer by answer: false alarms, and the day on which the rater was stopped."""
    rng = np.random.default_rng(seed)
    alarms, stops = 0, []
    for _ in range(runs):
        owed, answers, total, stop = 0.0, [], 0.0, days
        for day in range(days):
            accuracy = w.accuracy - (w.drift if day >= w.from_day else 0)
            owed += built.gold_share * w.daily
            while owed >= 1 - 1e-9:
                owed -= 1
                answers.append(rng.random() >= accuracy)
                if len(answers) == built.rule.batch:
                    total = max(0.0, total + sum(answers) - built.rule.allowance)
                    answers = []
                    if total > built.rule.limit + 1e-9:
                        total = 0.0
                        bad = bool(w.drift) and day >= w.from_day
                        errors = sum(rng.random() >= accuracy for _ in range(built.audit.n))
                        alarms += not bad
                        if bad and errors > built.audit.accept:
                            stop = day
                            break
            if stop < days:
                break
        stops.append(stop)
    return alarms, np.array(stops)


def test_gold_in_the_log_by_its_answer():
    rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "y", "y|x"), ("c", "r1", "x", "")]
    table = sim.gold_in_log(halo.as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])))
    assert table[["gold", "items", "answers", "right"]].to_numpy().tolist() == [["x", 1, 2, 0.5], ["y", 1, 1, 1.0]]


class TestStress:
    def test_is_what_plain_loops_give(self):
        w = sim.Worker("a", 0.92, daily=40, from_day=10, drift=0.15, fault="drift")
        built = sim.policy([w], gold_share=0.12, exam=False, false_alarm_days=60)
        made = sim.stress(built, [w], runs=2000, days=50)
        alarms, stops = slow_stress(built, w, 50, 400, 7)
        delays = np.minimum(stops + 1, 50) - 10
        assert made.days_to_detection("drift").value == pytest.approx(delays.mean(), abs=4 * delays.std() / 20)
        months = 400 * 10 / sim.MONTH
        assert made.alarms.value / 100 == pytest.approx(alarms / months, abs=4 * alarms**0.5 / months)

    def test_good_raters_are_accused_as_often_as_computed(self):
        built = sim.policy(TEAM, gold_share=0.2, false_alarm_days=60)
        told = sim.what_raters_meet(built, daily=50, accuracies=(0.92,)).iloc[0]
        made = sim.stress(built, TEAM, runs=400, days=420)
        assert made.alarms.low * 0.98 <= told["alarms"] <= made.alarms.high * 1.02
        assert made.accusations.low * 0.9 <= told["accusations"] <= made.accusations.high * 1.1
        assert made.found.empty
        assert made.caught is None

    def test_the_interval_holds_the_truth_as_often_as_it_says(self):
        built = sim.policy(TEAM, gold_share=0.2, false_alarm_days=100, exam=False)
        workers = sim.plant(TEAM)
        truth = sim.stress(built, workers, runs=4000, seed=99)
        tries = [sim.stress(built, workers, runs=60, seed=s) for s in range(60)]
        value = truth.days_to_detection("drift").value
        found = [t.days_to_detection("drift") for t in tries]
        assert np.mean([e.low <= value <= e.high for e in found]) >= 0.86
        assert np.mean([t.alarms.low <= truth.alarms.value <= t.alarms.high for t in tries]) >= 0.86
        assert truth.caught
        assert np.mean([t.caught.low <= truth.caught.value <= t.caught.high for t in tries]) >= 0.86

    def test_more_gold_never_detects_later(self):
        table = sim.how_large_a_gold_share(sim.plant(TEAM), team=TEAM, runs=600)
        assert (table["days"].diff().dropna() < 0).all()
        assert (table["cost"].diff().dropna() > 0).all()
        fixed = sim.policy(TEAM, gold_share=0.05)
        days = [sim.stress(replace(fixed, gold_share=g), sim.plant(TEAM), runs=600).days_to_detection("drift").value
                for g in (0.02, 0.05, 0.1, 0.2)]  # fmt: skip
        assert days == sorted(days, reverse=True)

    def test_who_hardly_errs_hardly_meets_an_alarm(self):
        told = sim.what_raters_meet(sim.policy(TEAM), daily=50, accuracies=(0.9999999,))
        assert told[["alarms", "accusations"]].to_numpy() == pytest.approx(0, abs=1e-3)

    def test_rules_are_compared_at_one_run_length(self):
        table = sim.which_alarm_rule(sim.plant(TEAM), team=TEAM, runs=300)
        assert table["run_length"].to_numpy() == pytest.approx(250)
        assert table.loc[table["days"].idxmin(), "rule"].startswith("cusum")

    def test_gold_does_not_find_who_copies_a_good_rater(self):
        built = sim.policy(TEAM, gold_share=0.2)
        found = sim.stress(built, sim.plant(TEAM)).found.set_index("fault")
        assert found.loc["copying", "found_high"] < 0.2
        assert found.loc["drift", "found_low"] > 0.9

    def test_two_hundred_months_in_a_few_seconds(self):
        import time

        start = time.process_time()
        sim.stress(sim.policy(TEAM), sim.plant(TEAM), runs=200, days=21)
        assert time.process_time() - start < 3

    def test_refused(self):
        built = sim.policy(TEAM)
        with pytest.raises(HaloError, match="20 runs"):
            sim.stress(built, TEAM, runs=3)
        with pytest.raises(NotEstimable, match="nearer to the good"):
            sim.stress(built, [sim.Worker("a", 0.5)])
        with pytest.raises(NotEstimable, match="no fault"):
            sim.stress(built, TEAM).days_to_detection("drift")
        with pytest.raises(NotEstimable, match="thin"):
            sim.how_large_a_gold_share(sim.plant(TEAM), team=TEAM, shares=(0.0005,))
