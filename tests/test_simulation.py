"""Simulated raters and policies under stress: what was set comes out, and alarms come as rarely as stated."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.simulation import work_log

import halo_methods as halo
from halo_methods import reports, standards
from halo_methods import simulation as sim
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.simulation import SimulatedRater
from halo_methods.simulation.quality_policy import MONTH
from halo_methods.simulation.simulated_raters import daily_accuracy

SCALE = ["poor", "fair", "good"]
TEAM = tuple(SimulatedRater(f"r{n}", 0.92) for n in range(8))


def right(log):
    return (log["label"] == log["gold"]).to_numpy()


class TestRaters:
    def test_accuracy_and_strictness_are_what_was_set(self):
        rater = SimulatedRater("a", 0.7, daily=200)
        log = work_log([rater], 100, lean={"a": 0.9}, labels="abcde", prevalence=(0, 0.3, 0.4, 0.3, 0), gold_share=1)
        gap = log["label"].map("abcde".index) - log["gold"].map("abcde".index)
        assert right(log).mean() == pytest.approx(0.7, abs=0.012)
        assert gap.mean() == pytest.approx(0.3 * (0.1 - 0.9), abs=0.015)

    def test_fatigue_falls_in_a_straight_line(self):
        log = work_log([SimulatedRater("a", 0.95, daily=100, fatigue=0.4)], 200, gold_share=1)
        place = log.groupby(log["rated_at"].str[:10]).cumcount()
        slope = np.polyfit(place, right(log), 1)[0]
        assert -100 * slope == pytest.approx(0.4, abs=0.04)

    def test_drift_begins_on_its_day(self):
        log = work_log([SimulatedRater("a", 0.95, daily=100, from_day=17, drift=0.2)], 40, gold_share=1)
        days = pd.Series(right(log)).groupby(log["rated_at"].str[:10].to_numpy()).mean().to_numpy()
        gain = [(days[:k].mean() - days[k:].mean()) ** 2 * k * (40 - k) for k in range(1, 40)]
        assert int(np.argmax(gain)) + 1 == 17
        assert days[17:].mean() == pytest.approx(0.75, abs=0.03)

    def test_copies_and_answers_of_a_model(self):
        team = [
            SimulatedRater("a", 0.6, daily=200),
            SimulatedRater("b", 0.9, daily=200, copies="a", copy_share=0.7),
        ]
        log = work_log(team, 50, gold_share=1).pivot_table(
            index="item_id", columns="rater_id", values="label", aggfunc="first"
        )
        alone = work_log([team[0], replace(team[1], copies="", copy_share=0.0)], 50, gold_share=1)
        alone = alone.pivot_table(index="item_id", columns="rater_id", values="label", aggfunc="first")
        by_chance = (alone["a"] == alone["b"]).mean()
        assert (log["a"] == log["b"]).mean() == pytest.approx(0.7 + 0.3 * by_chance, abs=0.02)
        made = work_log([SimulatedRater("a", 0.9, daily=200, model_share=0.5, model_accuracy=0.5)], 50, gold_share=1)
        assert right(made).mean() == pytest.approx(0.7, abs=0.02)

    def test_daily_accuracy_is_what_the_log_shows(self):
        team = [
            SimulatedRater("a", 0.8, daily=80, fatigue=0.2, from_day=3, drift=0.1),
            SimulatedRater("b", 0.9, daily=80, from_day=2, copies="a", copy_share=0.5, model_share=0.4),
        ]
        expected = daily_accuracy(team, 5)[0]
        shown = np.zeros((2, 5))
        for seed in range(60):
            log = work_log(team, 5, gold_share=1, seed=seed)
            log["right"] = right(log)
            shown += (
                log.assign(day=log["rated_at"].str[:10])
                .pivot_table(index="rater_id", columns="day", values="right")
                .to_numpy()
                / 60
            )
        assert shown == pytest.approx(expected, abs=0.03)

    @pytest.mark.parametrize(
        ("options", "option"),
        [
            ({"accuracy": 1.2}, "accuracy"),
            ({"copies": "x"}, "copy_share"),
            ({"daily": 0}, "daily"),
            ({"sd": -1}, "sd"),
            ({"from_day": 1.5}, "from_day"),
            ({"fatigue": float("nan")}, "fatigue"),
        ],
    )
    def test_refused(self, options, option):
        with pytest.raises(BadOption, match=option):
            SimulatedRater("a", **{"accuracy": 0.9, **options})

    def test_who_copies_has_a_source_that_copies_from_nobody(self):
        for source in ("z", "c"):
            with pytest.raises(BadOption, match="copies"):
                daily_accuracy([*TEAM[:2], SimulatedRater("c", 0.9, copies=source, copy_share=0.5)], 2)

    def test_faults_are_planted_beside_a_team(self):
        planted = sim.plant_faults(TEAM, from_day=3, drop=0.2)
        assert planted[: len(TEAM)] == TEAM
        assert [r.fault for r in planted[len(TEAM) :]] == ["drift", "copying", "model-written", "fatigue"]
        assert daily_accuracy(planted, 4)[0, -4:, 3] == pytest.approx(
            [0.72, 0.92, 0.8 * 0.75 + 0.2 * 0.92, 0.773], abs=1e-3
        )
        with pytest.raises(BadOption, match="raters"):
            sim.plant_faults([])


class TestFit:
    def test_recovers_the_truth(self):
        rng = np.random.default_rng(5)
        inside, strictness, slopes = [], [], []
        for seed in range(6):
            accuracies = rng.beta(45, 5, 20)
            team = [SimulatedRater(f"r{n:02}", a, daily=60, fatigue=0.15) for n, a in enumerate(accuracies)]
            log = work_log(team, 20, lean={"r03": 0.95}, gold_share=0.25, seed=seed, labels=SCALE)
            fit = sim.fit_raters(halo.as_judgments(log, scale=SCALE, level="ordinal"))
            true = daily_accuracy(team, 1)[0, :, 0]
            inside += list((fit.table["low"] <= true) & (true <= fit.table["high"]))
            strictness.append(fit.table["strictness"] / (1 - fit.table["accuracy"]))
            slopes.append(fit.raters[0].fatigue)
            assert set(fit.table["daily"]) == {60}
        assert 0.88 <= np.mean(inside) <= 0.99
        mean = np.mean(strictness, axis=0)
        assert mean[3] < -0.5
        assert np.abs(np.delete(mean, 3)).max() < 0.35
        assert np.mean([s for s in slopes if s] or [0]) == pytest.approx(0.15, abs=0.06)

    def test_shrinks_to_the_team_and_nearer_to_the_truth(self):
        raw, shrunk = [], []
        for seed in range(8):
            log = work_log(TEAM, 10, gold_share=0.04, seed=seed)
            table = sim.fit_raters(log).table
            raw.append(((table["raw"] - 0.92) ** 2).mean())
            shrunk.append(((table["accuracy"] - 0.92) ** 2).mean())
        assert np.mean(shrunk) < np.mean(raw) / 2

    def test_says_what_is_missing(self):
        log = work_log(TEAM, 5, gold_share=0.5)
        with pytest.raises(NotEstimable, match="gold"):
            sim.fit_raters(log.drop(columns="gold"))
        undated = halo.as_judgments(log.drop(columns="rated_at"))
        with pytest.raises(NotEstimable, match="rated_at"):
            sim.fit_raters(undated)
        fit = sim.fit_raters(undated, daily=33)
        assert fit.raters[0].daily == 33
        assert [c.code for c in fit.cautions] == ["no_order", "no_time_of_day"]
        with pytest.raises(BadOption, match="daily"):
            sim.fit_raters(undated, daily=0)
        with pytest.raises(NotEstimable, match="from 3 up"):
            sim.fit_raters(log[log["rater_id"].isin(["r0", "r1"])])

    def test_models_are_not_the_workforce(self):
        log = work_log(TEAM, 5, gold_share=0.5).assign(rater_type="human")
        log.loc[log["rater_id"] == "r7", "rater_type"] = "model"
        assert sorted(r.rater_id for r in sim.fit_raters(log).raters) == [f"r{n}" for n in range(7)]

    def test_the_sample_beside_its_truth(self):
        fit = sim.fit_raters(
            halo.read_judgments(reports.sample("simulation"), scale=["no", "partly", "yes"], level="ordinal")
        )
        true = reports.truth("simulation")["raters"]["accuracy"]
        assert ((fit.table["low"] <= true) & (true <= fit.table["high"])).mean() >= 0.8
        assert fit.table["strictness"].idxmin() == 2
        assert fit.estimates["share right on gold"].n_raters == 10
        answers = fit.table.set_index("rater_id")["gold"]
        assert all(len(r.fitted_from) == answers[r.rater_id] for r in fit.raters)
        assert fit.plot().alt.startswith("Accuracy, pulled towards")

    def test_gold_by_its_answer(self):
        rows = [("a", r, "x", "x") for r in ("r1", "r2", "r3")] + [("b", "r1", "y", "y|x"), ("c", "r1", "x", "")]
        rows[1] = ("a", "r2", "y", "x")
        log = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])
        gold = sim.gold_in_log(log)
        assert gold[["gold", "items", "answers", "right"]].to_numpy().tolist() == [["x", 1, 3, 2 / 3], ["y", 1, 1, 1.0]]


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
        with pytest.raises(BadOption, match="unacceptable"):
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
                        errors = sum(rng.random() >= accuracy for _ in range(built.audit_plan.n))
                        alarms += not bad
                        if bad and errors > built.audit_plan.accept:
                            stop = day
                            break
            if stop < days:
                break
        stops.append(stop)
    return alarms, np.array(stops)


class TestPolicy:
    def test_what_a_team_does_not_say_the_policy_does(self):
        policy = sim.QualityPolicy(unacceptable=0.7, daily=40).for_team(TEAM)
        assert (policy.good, policy.unacceptable, policy.daily) == (0.92, 0.7, 40)
        assert policy.for_team([SimulatedRater("a", 0.5)]) == policy
        assert policy.table["part"].tolist()[:3] == ["Gold", "Built for", "Alarm"]

    def test_it_is_built_from_its_settings_or_from_a_rule_an_audit_and_an_exam_given(self):
        policy = sim.QualityPolicy().for_team(TEAM)
        assert policy.rule.run_length >= 250 * 0.1 * 50 / 5
        assert policy.audit_plan.acceptance(1 - policy.good) >= 0.9
        assert policy.audit_plan.acceptance(1 - policy.unacceptable) <= 0.1
        other = replace(policy, alarm=policy.rule, audit=policy.audit_plan, exam=policy.exam_plan, gold_share=0.2)
        assert (other.rule, other.audit_plan, other.exam_plan) == (policy.rule, policy.audit_plan, policy.exam_plan)
        bare = replace(policy, audit=None, exam=False)
        assert (bare.audit_plan, bare.exam_plan) == (None, None)
        assert bare.expectations()["turned_away"].eq(0).all()
        assert (bare.expectations()["alarms"] == bare.expectations()["accusations"]).all()

    def test_refused(self):
        for options, option in (({"gold_share": 1}, "gold_share"), ({"redo_days": -1}, "redo_days")):
            with pytest.raises(BadOption, match=option):
                sim.QualityPolicy(**options)
        with pytest.raises(BadOption, match="for_team"):
            _ = sim.QualityPolicy().rule
        with pytest.raises(BadOption, match="unacceptable"):
            sim.QualityPolicy(good=0.8, unacceptable=0.9).for_team(TEAM)


class TestStress:
    def test_is_what_plain_loops_give(self):
        w = SimulatedRater("a", 0.92, daily=40, from_day=10, drift=0.15, fault="drift")
        policy = sim.QualityPolicy(gold_share=0.12, exam=False, false_alarm_days=60).for_team([w])
        test = sim.stress_test(policy, [w], runs=2000, days=50)
        alarms, stops = slow_stress(policy, w, 50, 400, 7)
        delays = np.minimum(stops + 1, 50) - 10
        assert test.days_to_detection("drift").value == pytest.approx(delays.mean(), abs=4 * delays.std() / 20)
        months = 400 * 10 / MONTH
        assert test.estimates["alarms"].value / 100 == pytest.approx(alarms / months, abs=4 * alarms**0.5 / months)

    def test_good_raters_are_accused_as_often_as_computed(self):
        policy = sim.QualityPolicy(gold_share=0.2, false_alarm_days=60).for_team(TEAM)
        told = policy.expectations((0.92,)).iloc[0]
        test = sim.stress_test(policy, TEAM, runs=400, days=420)
        alarms, accused = test.estimates["alarms"], test.false_accusations
        assert alarms.low * 0.98 <= told["alarms"] <= alarms.high * 1.02
        assert accused.low * 0.9 <= told["accusations"] <= accused.high * 1.1
        assert test.found.empty
        assert "caught" not in test.estimates

    def test_the_interval_holds_the_truth_as_often_as_it_says(self):
        policy = sim.QualityPolicy(gold_share=0.2, false_alarm_days=100, exam=False)
        raters = sim.plant_faults(TEAM)
        truth = sim.stress_test(policy, raters, runs=2000, seed=99)
        tries = [sim.stress_test(policy, raters, runs=60, seed=s) for s in range(40)]
        value = truth.days_to_detection("drift").value
        found = [t.days_to_detection("drift") for t in tries]
        assert np.mean([e.low <= value <= e.high for e in found]) >= 0.86
        for name in ("alarms", "caught", "cost_per_defect"):
            value = truth.estimates[name].value
            assert np.mean([t.estimates[name].low <= value <= t.estimates[name].high for t in tries]) >= 0.86, name

    def test_more_gold_never_detects_later(self):
        raters = sim.plant_faults(TEAM)
        shares = sim.compare_policies(sim.QualityPolicy(), raters, setting="gold_share", runs=600)
        assert (shares.table["days"].diff().dropna() < 0).all()
        assert (shares.costs["cost"].diff().dropna() > 0).all()
        fixed = sim.QualityPolicy(gold_share=0.05).for_team(TEAM)
        fixed = replace(fixed, alarm=fixed.rule)
        days = [
            sim.stress_test(replace(fixed, gold_share=g), raters, runs=600).days_to_detection("drift").value
            for g in (0.02, 0.05, 0.1, 0.2)
        ]
        assert days == sorted(days, reverse=True)

    def test_who_hardly_errs_hardly_meets_an_alarm(self):
        told = sim.QualityPolicy().for_team(TEAM).expectations((0.9999999,))
        assert told[["alarms", "accusations"]].to_numpy() == pytest.approx(0, abs=1e-3)

    def test_rules_are_compared_at_one_run_length(self):
        rules = sim.compare_policies(sim.QualityPolicy(), sim.plant_faults(TEAM), setting="rule", runs=300)
        assert rules.table["run_length"].to_numpy() == pytest.approx(250)
        assert rules.table.loc[rules.table["days"].idxmin(), "rule"].startswith("cusum")
        assert list(rules.estimates) == [f"rule {name}" for name in rules.table["rule"]]
        assert list(rules.costs["rule"]) == list(rules.table["rule"])

    def test_gold_does_not_find_who_copies_a_good_rater(self):
        found = sim.stress_test(sim.QualityPolicy(gold_share=0.2), sim.plant_faults(TEAM)).found.set_index("fault")
        assert found.loc["copying", "found_high"] < 0.2
        assert found.loc["drift", "found_low"] > 0.9

    def test_it_rests_on_those_the_raters_were_fitted_from(self):
        fit = sim.fit_raters(work_log(TEAM[:5], 10, gold_share=0.5))
        test = sim.stress_test(sim.QualityPolicy(), sim.plant_faults(fit.raters), runs=20)
        for e in (*test.estimates.values(), *test.delays.values()):
            assert e.n_raters == 5
            assert set(e.basis.judgments) == {f"r{n}" for n in range(5)}
            assert e.codes == ("simulated",)
        assert sim.stress_test(sim.QualityPolicy(), TEAM, runs=20).false_accusations.basis.judgments == {}

    def test_other_names_and_another_order_of_rows_change_nothing(self):
        log = work_log(TEAM, 8, gold_share=0.5)
        names = {f"r{n}": f"{9 - n}-anna" for n in range(8)}
        other = log.assign(rater_id=log["rater_id"].map(names)).sample(frac=1, random_state=1)
        tests = [
            sim.stress_test(sim.QualityPolicy(), sim.plant_faults(sim.fit_raters(table).raters), runs=20).table
            for table in (log, other)
        ]
        pd.testing.assert_frame_equal(*tests)

    def test_an_undecided_gate_is_settled_by_more_runs(self):
        test = sim.stress_test(sim.QualityPolicy(), sim.plant_faults(TEAM), runs=20)
        accused = test.false_accusations
        gate = standards.gate("OPS-055", accused, threshold=(accused.value + accused.high) / 2)
        assert (gate.verdict, "`runs`" in gate.to_settle) == ("undecided", True)

    def test_two_hundred_months_in_a_few_seconds(self):
        import time

        start = time.process_time()
        sim.stress_test(sim.QualityPolicy(), sim.plant_faults(TEAM), runs=200, days=21)
        assert time.process_time() - start < 3

    def test_refused(self):
        policy = sim.QualityPolicy().for_team(TEAM)
        with pytest.raises(BadOption, match="runs"):
            sim.stress_test(policy, TEAM, runs=3)
        with pytest.raises(NotEstimable, match="nearer to the good"):
            sim.stress_test(policy, [SimulatedRater("a", 0.5)])
        with pytest.raises(NotEstimable, match="no fault"):
            sim.stress_test(policy, TEAM).days_to_detection("drift")
        for setting, values in (("gold_share", (0.0005,)), ("gold_share", ()), ("rule", ())):
            with pytest.raises(NotEstimable):
                sim.compare_policies(policy, sim.plant_faults(TEAM), setting=setting, values=values)
        with pytest.raises(BadOption, match="setting"):
            sim.compare_policies(policy, sim.plant_faults(TEAM), setting="exam")

    def test_pictures_say_what_they_show(self):
        raters = sim.plant_faults(TEAM)
        assert "drift" in sim.stress_test(sim.QualityPolicy(), raters, runs=20).plot().alt
        assert (
            "gold share" in sim.compare_policies(sim.QualityPolicy(), raters, setting="gold_share", runs=20).plot().alt
        )
        assert "cusum" in sim.compare_policies(sim.QualityPolicy(), raters, setting="rule", runs=20).plot().alt
