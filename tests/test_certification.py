import importlib.util
import json
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats

import halo_methods as halo
from halo_methods import calibration, certification
from halo_methods.certification import Stopping
from halo_methods.certification.exams import e_above
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.standards import number

ROOT = Path(__file__).parents[1]
STUDY = ROOT / "benchmarks" / "study_calibration.py"


@cache
def study():
    """The long study, of which the tests run a fixed slice."""
    spec = importlib.util.spec_from_file_location("study_calibration", STUDY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(rows, columns=("item_id", "rater_id", "label", "gold"), **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **options)


BARS = ("unacceptable", "good", "alpha", "beta")


def by_enumeration(unacceptable, good, alpha, beta):
    """Every n and every mark, one binomial sum each."""
    for n in range(1, 400):
        for mark in range(n + 1):
            passes = sum(math.comb(n, k) * unacceptable**k * (1 - unacceptable) ** (n - k) for k in range(mark, n + 1))
            fails = sum(math.comb(n, k) * good**k * (1 - good) ** (n - k) for k in range(mark))
            if passes <= alpha and fails <= beta:
                return n, mark
    raise AssertionError


class TestPlan:
    def test_the_published_plan(self):
        plan = certification.exam_plan()
        assert (plan.n, plan.c, plan.gold_pool) == (76, 70, 76)
        assert plan.actual_alpha == pytest.approx(stats.binom.sf(69, 76, 0.85))
        assert plan.actual_beta == pytest.approx(stats.binom.cdf(69, 76, 0.95))
        assert plan.table["ability"].tolist() == pytest.approx([0.80, 0.85, 0.90, 0.95])
        assert plan.table["passes"].to_numpy() == pytest.approx(stats.binom.sf(69, 76, [0.80, 0.85, 0.90, 0.95]))

    @pytest.mark.parametrize("case", [(0.7, 0.9, 0.05, 0.1), (0.5, 0.8, 0.1, 0.2), (0.8, 0.97, 0.05, 0.05)])
    def test_the_smallest_plan_is_the_one_found_by_trying_all(self, case):
        plan = certification.exam_plan(**dict(zip(BARS, case, strict=True)))
        assert (plan.n, plan.c) == by_enumeration(*case)

    @given(
        st.floats(0.5, 0.85),
        st.floats(0.05, 0.12),
        st.sampled_from([0.01, 0.05, 0.1]),
        st.integers(1, 4),
        st.sampled_from(["end", "certain", "clear"]),
        st.sampled_from([1, 5, 10]),
    )
    @settings(max_examples=25)
    def test_both_errors_hold_over_all_attempts(self, unacceptable, apart, alpha, attempts, stop, every):
        plan = certification.exam_plan(
            unacceptable=unacceptable,
            good=unacceptable + apart,
            alpha=alpha,
            attempts=attempts,
            stopping=Stopping(stop, every=every),
        )
        assert plan.actual_alpha <= alpha + 1e-9
        assert plan.actual_beta <= 0.1 + 1e-9
        assert plan.table["passes"].is_monotonic_increasing
        assert (plan.table["items_an_attempt"] <= plan.n + 1e-9).all()
        assert plan.gold_pool == attempts * plan.n

    def test_stopping_when_certain_changes_no_error_and_saves_items(self):
        end, certain = (certification.exam_plan(stopping=Stopping(s)) for s in ("end", "certain"))
        assert (certain.n, certain.c) == (end.n, end.c)
        assert certain.table["passes"].to_numpy() == pytest.approx(end.table["passes"].to_numpy())
        assert (certain.table["items"] < end.table["items"]).all()

    def test_stopping_when_clear_needs_fewer_items_on_average(self):
        clear, end = (certification.exam_plan(stopping=Stopping(s)) for s in ("clear", "end"))
        assert clear.n > end.n
        assert (clear.table["items"] < 0.75 * end.n).all()
        assert clear.rules()["items"].min() >= 20

    @pytest.mark.parametrize(("attempts", "stop"), [(1, "clear"), (2, "certain"), (3, "clear")])
    @pytest.mark.parametrize("ability", [0.85, 0.93])
    def test_a_simulated_exam_passes_as_often_as_the_plan_says(self, attempts, stop, ability):
        found, said = study().attempts_pass(ability, raters=4000, attempts=attempts, stop=stop)
        assert abs(found - said) <= 4 * np.sqrt(said * (1 - said) / 4000)

    def test_the_same_exam_taken_three_times_lets_more_through(self):
        plan = certification.exam_plan()
        again = plan.retried(3)
        assert again.actual_alpha == pytest.approx(1 - (1 - plan.actual_alpha) ** 3)
        assert again.actual_alpha > 0.14
        assert certification.exam_plan(attempts=3).actual_alpha <= 0.05

    def test_expected_items_count_the_attempts_that_are_made(self):
        row = certification.exam_plan(attempts=2).table.iloc[1]
        assert row["items"] == pytest.approx(row["items_an_attempt"] * (2 - row["passes_an_attempt"]))

    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"unacceptable": 0.95, "good": 0.85}, "unacceptable < good"),
            ({"unacceptable": 85}, "unacceptable is 85"),
            ({"alpha": 0.7}, "below 0.5"),
            ({"attempts": 0}, "whole number"),
        ],
    )
    def test_bars_and_errors_out_of_range_are_refused(self, options, match):
        with pytest.raises(BadOption, match=match):
            certification.exam_plan(**options)

    def test_plans_that_cannot_be_made_say_why(self):
        with pytest.raises(NotEstimable, match="20,000 gold items"):
            certification.exam_plan(unacceptable=0.9, good=0.9001)
        with pytest.raises(BadOption, match="allowed: 'end', 'certain', 'clear'"):
            Stopping("soon")

    def test_what_it_costs_to_stop_in_each_way(self):
        table = certification.exam_plan(attempts=2).expected_items()
        for when in ("end", "certain", "clear"):
            plan = certification.exam_plan(attempts=2, stopping=Stopping(when))
            assert table[when].tolist() == [*plan.table["items"], plan.gold_pool]


class TestCertify:
    def test_at_the_planned_number_of_items_there_is_always_a_verdict(self):
        for options in ({}, {"attempts": 2}, {"unacceptable": 0.7, "good": 0.9}):
            plan = certification.exam_plan(**options)
            said = [certification.certify(k, plan.n, **options).verdict for k in range(plan.n + 1)]
            assert said == ["not_met"] * plan.c + ["met"] * (plan.n + 1 - plan.c)

    @pytest.mark.parametrize("n", [5, 20, 60, 76, 150, 400])
    def test_a_rater_at_a_bar_is_misjudged_as_seldom_as_said_at_any_number_of_items(self, n):
        said = np.array([certification.certify(k, n).verdict for k in range(n + 1)])
        right = np.arange(n + 1)
        assert stats.binom.pmf(right, n, 0.85)[said == "met"].sum() <= 0.05
        assert stats.binom.pmf(right, n, 0.95)[said == "not_met"].sum() <= 0.10

    def test_the_limits_are_exact_and_agree_with_the_verdict(self):
        for k in range(77):
            made = certification.certify(k, 76)
            assert (made.low >= 0.85) == (made.verdict == "met")
            assert 0 <= made.low <= k / 76 <= made.high <= 1
        made = certification.certify(60, 76)
        assert stats.binom.sf(59, 76, made.low) == pytest.approx(0.05)
        assert stats.binom.cdf(60, 76, made.high) == pytest.approx(0.10)

    def test_each_rater_of_a_round_is_certified_as_alone(self):
        rows = [(i, r, "x" if i < k else "y", "x") for r, k in (("p", 79), ("q", 60), ("s", 72)) for i in range(80)]
        made = certification.certificates(table(rows)).table.set_index("rater_id")
        for rater, right in (("p", 79), ("q", 60), ("s", 72)):
            alone = certification.certify(right, 80)
            assert made.loc[rater, ["low", "high", "verdict"]].tolist() == [alone.low, alone.high, alone.verdict]

    def test_a_wrong_gold_answer_shows_in_the_verdict_without_suspects(self):
        rows = [(i, r, "y" if i < 8 else "x", "x") for r in "pqr" for i in range(82)]
        made = certification.certificates(table(rows), suspects=[str(i) for i in range(8)]).table
        assert made["verdict"].tolist() == ["not_met"] * 3
        assert made["without_suspects"].tolist() == ["met"] * 3

    @pytest.mark.parametrize("counts", [(-1, 10), (11, 10), (0, 0), (1.5, 3)])
    def test_counts_that_cannot_be_are_refused(self, counts):
        with pytest.raises(BadOption, match="a whole number"):
            certification.certify(*counts)


class TestAnytime:
    @pytest.mark.parametrize("outcomes", [(), (1,) * 12, (1, 0, 1, 1, 1), (0,) * 9])
    def test_the_e_value_is_the_integral(self, outcomes):
        stream = certification.Certification(bar=0.8)
        for outcome in outcomes:
            stream.update(bool(outcome))
        x, n = sum(outcomes), len(outcomes)
        above, _ = integrate.quad(lambda p: (p / 0.8) ** x * ((1 - p) / 0.2) ** (n - x), 0.8, 1)
        below, _ = integrate.quad(lambda p: (p / 0.8) ** x * ((1 - p) / 0.2) ** (n - x), 0, 0.8)
        assert stream.e_value == pytest.approx(above / 0.2)
        assert stream.e_below == pytest.approx(below / 0.8)

    @pytest.mark.parametrize("ability", [0.5, 0.8, 0.9])
    def test_its_expectation_is_at_most_one_below_the_bar(self, ability):
        for n in (1, 10, 100):
            right = np.arange(n + 1)
            expected = (stats.binom.pmf(right, n, ability) * e_above(right, n, 0.9)).sum()
            assert expected <= 1 + 1e-9
            assert (expected == pytest.approx(1)) == (ability == 0.9)

    @pytest.mark.parametrize("bar", [0.8, 0.9])
    def test_looking_after_every_item_certifies_as_seldom_as_said(self, bar):
        for side in ("above", "below"):
            false = study().ever(bar, bar=bar, side=side, streams=1000, items=300)
            assert false <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 1000)

    def test_an_ordinary_test_looked_at_after_every_item_does_not(self):
        assert study().peeking(0.9, bar=0.9, streams=500, items=300) > 0.15

    def test_a_verdict_comes_and_stays(self):
        rng = np.random.default_rng(2)
        for ability, expected in ((0.99, "met"), (0.7, "not_met")):
            stream = certification.Certification(bar=0.9)
            for _ in range(400):
                stream.update(bool(rng.random() < ability))
            assert stream.verdict == expected
            for _ in range(50):
                stream.update(expected == "not_met")
            assert stream.verdict == expected

    def test_the_stream_of_a_table_is_that_of_its_rows_in_time(self):
        rng = np.random.default_rng(4)
        rows = [(f"i{i}", "r", "x" if rng.random() < 0.6 else "y", "x", f"2026-01-{30 - i:02d}") for i in range(30)]
        j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at"))
        made = certification.streams(j, bar=0.95).table.iloc[0]
        stream, verdicts = certification.Certification(bar=0.95), []
        for row in reversed(rows):
            stream.update(row[2] == "x")
            verdicts.append(stream.verdict)
        assert (made["e_value"], made["e_below"]) == pytest.approx((stream.e_value, stream.e_below))
        assert made["verdict"] == stream.verdict == "not_met"
        assert made["decided_after"] == verdicts.index("not_met") + 1

    def test_no_number_of_items_breaks_it(self):
        assert np.isfinite(e_above(np.array([0, 10**6]), 10**6, 0.9)).all()

    @pytest.mark.parametrize("options", [{"bar": 1.0}, {"alpha": 0.0}, {"beta": 2.0}])
    def test_options_out_of_range_are_refused(self, options):
        with pytest.raises(BadOption, match="above 0 and below 1"):
            certification.Certification(**options)


class TestBars:
    def team(self, accuracies, n=120, labels="abcd", seed=3):
        rng = np.random.default_rng(seed)
        gold = rng.choice(list(labels), size=n)
        return table(
            [
                (i, f"e{k}", g if rng.random() < p else "x", g)
                for k, p in enumerate(accuracies)
                for i, g in enumerate(gold)
            ]
        )

    def test_the_good_bar_is_the_low_end_of_what_experts_score(self):
        j = self.team([0.95, 0.96, 0.94, 0.97])
        made = certification.bars_from_experts(j, experts="e0, e1, e2, e3")
        pooled = calibration.accuracy(j, reference="gold", over="items")
        assert (made.estimate.value, made.estimate.low) == (pooled.value, pooled.low)
        assert made.good == math.floor(100 * made.estimate.low) / 100
        assert made.unacceptable == pytest.approx(made.good - 0.10)
        assert certification.expert_accuracy(j, experts=["e0", "e1", "e2", "e3"]) == made.estimate

    def test_a_column_may_say_who_the_experts_are(self):
        frame = (
            self.team([0.95] * 4).to_pandas().assign(role=lambda f: np.where(f["rater_id"] < "e3", "expert", "rater"))
        )
        made = certification.expert_accuracy(halo.as_judgments(frame))
        assert made == certification.expert_accuracy(halo.as_judgments(frame), experts="e0,e1,e2")
        assert made.n_raters == 3

    @pytest.mark.parametrize(
        ("experts", "n", "labels", "reason"),
        [
            (None, 120, "abcd", "no rater is named"),
            (["e0", "e1"], 120, "abcd", "2 experts answered gold"),
            (["e0", "e1", "e2"], 40, "abcd", "answered 40 gold items"),
            (["e0", "e1", "e2"], 120, "a", "always giving the most common answer"),
        ],
    )
    def test_bars_that_rest_on_too_little_are_refused(self, experts, n, labels, reason):
        with pytest.raises(NotEstimable, match=reason):
            certification.bars_from_experts(self.team([0.95] * 3, n, labels), experts=experts)

    def test_who_answered_too_little_is_a_field_and_no_word(self):
        j = self.team([0.95] * 3)
        j = halo.as_judgments(j.to_pandas().query("rater_id != 'e1' or item_id < '2'"))
        with pytest.raises(NotEstimable) as refused:
            certification.expert_accuracy(j, experts="e0,e1,e2")
        assert refused.value.who == ("e1",)
        assert "e1" not in str(refused.value)


class TestRecertification:
    def test_who_is_due_and_why(self):
        rows = [
            ("g", "fresh", "x", "x", "2026-05-10", "1.1"),
            ("g", "timed", "x", "x", "2026-01-10", "1.1"),
            ("l1", "timed", "x", "", "2026-02-05", "1.1"),
            ("l2", "timed", "x", "", "2026-03-01", "1.1"),
            ("l3", "timed", "x", "", "2026-03-30", "1.1"),
            ("l4", "timed", "x", "", "2026-04-25", "1.1"),
            ("l5", "timed", "x", "", "2026-05-11", "1.1"),
            ("g", "amended", "x", "x", "2026-05-01", "1.0"),
            ("g", "away", "x", "x", "2026-03-20", "1.1"),
            ("l1", "away", "x", "", "2026-05-10", "1.1"),
            ("l1", "never", "x", "", "2026-05-10", "1.1"),
            ("g", "drifting", "x", "x", "2026-05-10", "1.1"),
        ]
        j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at", "guideline"))
        made = certification.recertification(j, drifted=["drifting"]).table.set_index("rater_id")
        assert made["why"].str.split(":").str[0].to_dict() == {
            "amended": "amendment",
            "away": "absence",
            "drifting": "drift",
            "never": "never",
            "timed": "time",
            "fresh": "",
        }
        assert made["due"].sum() == 5
        late = certification.recertification(j, today="2026-12-01", absent_days=1000).table.set_index("rater_id")
        assert late.loc["fresh", "why"] == "time: last gold 205 days ago"

    @pytest.mark.parametrize(
        ("columns", "reason"), [(("gold",), "not dated"), (("rated_at",), "no judged item has a gold")]
    )
    def test_what_is_needed_to_say_who_is_due(self, columns, reason):
        values = {"gold": "x", "rated_at": "2026-01-01"}
        j = table([("a", "r", "x", *(values[c] for c in columns))], ("item_id", "rater_id", "label", *columns))
        with pytest.raises(NotEstimable, match=reason):
            certification.recertification(j)

    def test_the_latest_guideline_is_the_highest_version_or_the_last_to_come(self):
        for versions, latest in ((["1.9", "1.10"], "1.10"), (["spring", "autumn"], "autumn")):
            rows = [(f"g{k}", "r", "x", "x", f"2026-0{k + 1}-01", v) for k, v in enumerate(versions)]
            rows += [("g9", "s", "x", "x", "2026-02-02", versions[0])]
            j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at", "guideline"))
            made = certification.recertification(j)
            assert made.latest_guideline == latest
            assert made.table.loc[made.table["due"], "rater_id"].tolist() == ["s"]

    def test_a_day_that_is_none_is_refused(self):
        j = table([("a", "r", "x", "x", "2026-01-01")], ("item_id", "rater_id", "label", "gold", "rated_at"))
        with pytest.raises(BadOption, match="today is 'soon'"):
            certification.recertification(j, today="soon")


class TestReturned:
    columns = ("item_id", "rater_id", "round", "label", "gold")

    @given(st.sets(st.tuples(st.sampled_from("abc"), st.sampled_from("xy"), st.integers(1, 3)), min_size=1))
    @settings(max_examples=30, deadline=None)
    def test_items_met_again_are_those_a_loop_finds(self, judged):
        seen = [(item, rater) for item, rater, _ in judged]
        again = {pair for pair in seen if seen.count(pair) > 1}
        rows = [(*row, "good", "good") for row in judged]
        assert certification.returned_items(table(rows, self.columns)).value == len(again)

    def test_another_raters_attempt_does_not_count(self):
        rows = [("a", "r1", 1, "x", "x"), ("a", "r2", 2, "x", "x")]
        assert certification.returned_items(table(rows, self.columns)).value == 0

    def test_without_rounds_no_attempt_can_be_told_from_the_next(self):
        with pytest.raises(NotEstimable, match="round"):
            certification.returned_items(table([("a", "r1", "x", "x")]))


def test_the_chapters_parameters_are_the_numbers_of_its_standards():
    cells = json.loads((ROOT / "book/chapters/calibration/certification.ipynb").read_text("utf-8"))["cells"]
    (code,) = ("".join(c["source"]) for c in cells if c["metadata"].get("tags") == ["parameters"])
    given: dict = {}
    exec(code, given)
    numbers = {"alpha": "CAL-009.lets_in", "beta": "CAL-009.turns_away", "attempts": "CAL-009.attempts",
               "valid_days": "CAL-013.days", "away_days": "CAL-013.away_days"}  # fmt: skip
    assert {name: given[name] for name in numbers} == {name: number(of) for name, of in numbers.items()}
