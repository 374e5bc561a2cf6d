import importlib.util
import math
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, stats
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

import halo_methods as halo
from halo_methods import audit, calibration
from halo_methods.calibration import shares
from halo_methods.calibration.anytime import e_above
from halo_methods.calibration.many_facet import fit_many_facet
from halo_methods.calibration.severity_model import fit
from halo_methods.errors import BadOption, HaloError, NotEstimable

SCALE = ["poor", "fair", "good"]
STUDY = Path(__file__).parent.parent / "benchmarks" / "study_calibration.py"


@cache
def study():
    """The long study, of which the tests run a fixed slice."""
    spec = importlib.util.spec_from_file_location("study_calibration", STUDY)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def table(rows, columns=("item_id", "rater_id", "label", "gold"), **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **options)


def random_round(seed, n_items=30, n_raters=5, share=0.8):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n_items):
        gold = rng.choice(SCALE)
        for r in range(n_raters):
            if rng.random() < share:
                rows.append((f"i{i}", f"r{r}", rng.choice(SCALE) if rng.random() < 0.3 else gold, gold))
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])


def brute_force_jackknife(frame, key, statistic):
    left_out = np.array([statistic(frame[frame[key] != one]) for one in frame[key].unique()])
    m = len(left_out)
    return (m - 1) / m * ((left_out - left_out.mean()) ** 2).sum()


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_is_the_share_right_with_the_two_way_jackknife(seed):
    frame = random_round(seed)
    made = calibration.accuracy(halo.as_judgments(frame))

    def right(part):
        return (part["label"] == part["gold"]).mean()

    p = right(frame)
    variance = brute_force_jackknife(frame, "item_id", right) + brute_force_jackknife(frame, "rater_id", right)
    t = stats.t.ppf(0.975, 4)
    n = p * (1 - p) / variance
    for end in (made.low, made.high):
        assert (p - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / n, rel=1e-9)
    assert made.value == pytest.approx(p)
    assert (made.n_items, made.n_raters, made.n_judgments) == (30, 5, len(frame))


@pytest.mark.parametrize("over", ["items", "items and raters"])
def test_accuracy_covers_the_truth_as_often_as_it_says(over):
    rng = np.random.default_rng(1)
    pool = rng.beta(12, 3, size=5)
    hits = 0
    rounds = 400
    for _ in range(rounds):
        accuracy = rng.beta(12, 3, size=5) if over == "items and raters" else pool
        right = rng.random((100, 5)) < accuracy
        by_item = np.column_stack([right.sum(1), np.full(100, 5)]).astype(float)
        by_rater = np.column_stack([right.sum(0), np.full(5, 100)]).astype(float)
        made = shares.share_estimate(by_item, by_rater, "accuracy", over=over)
        hits += made.low <= (0.8 if over == "items and raters" else pool.mean()) <= made.high
    low, high = stats.binom.ppf([0.001, 0.999], rounds, [0.93, 0.98])
    assert low <= hits <= high


def test_one_gold_item_condemns_nobody():
    j = table([("a", "r", "y", "x"), ("b", "s", "x", "x"), ("c", "s", "x", "x")])
    assert set(calibration.by_rater(j)["verdict"]) == {"undecided"}
    assert calibration.rater_estimates(j)["r"].high == pytest.approx(0.975)
    assert calibration.accuracy(j.only(rater_id="r")).high == pytest.approx(0.975)


def test_a_rater_at_the_bar_is_condemned_as_seldom_as_said():
    for n in range(1, 120):
        right = np.arange(n + 1)
        high = audit.clopper_pearson(right, np.full(n + 1, n))[1]
        assert stats.binom.pmf(right, n, 0.8)[high < 0.8].sum() <= 0.025


def test_an_accepted_second_answer_is_right():
    j = table([("a", "r1", "fair", "good|fair"), ("a", "r2", "poor", "good|fair"), ("b", "r1", "x|y", "x||y")])
    assert calibration.by_rater(j).set_index("rater_id")["right"].to_dict() == {"r1": 2, "r2": 0}


def test_numbers_as_gold_are_compared_as_numbers():
    j = table([("a", "r1", "1.50", "1.5"), ("b", "r1", "2", "3")], scale=(0, 5), level="interval")
    assert calibration.accuracy(j).value == 0.5


@given(st.integers(0, 1000))
@settings(max_examples=25)
def test_order_of_rows_and_names_of_raters_change_nothing(seed):
    frame = random_round(seed)
    again = frame.sample(frac=1, random_state=seed)
    again["rater_id"] = "x" + again["rater_id"]
    one, other = (calibration.accuracy(halo.as_judgments(f)) for f in (frame, again))
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))
    assert one.rests_on == other.rests_on


def test_confusion_counts_every_gold_judgment_once():
    frame = random_round(3)
    made = calibration.confusion(halo.as_judgments(frame, scale=SCALE, level="ordinal"))
    expected = pd.crosstab(frame["gold"], frame["label"])
    assert made.to_numpy().tolist() == expected.loc[SCALE, SCALE].to_numpy().tolist()


def test_missed_items_and_what_they_ask_for():
    rows = [("same", r, "y", "x") for r in "pqrs"] + [("split", r, a, "x") for r, a in zip("pqrs", "yzyz", strict=True)]
    rows += [("fine", r, "x", "x") for r in "pqrs"] + [("two", r, "y", "x") for r in "pq"]
    j = table(rows)
    assert set(calibration.missed_items(j)["item_id"]) == {"same", "split", "two"}
    assert calibration.missed_items(j).attrs["n_items"] == 4
    steps = calibration.suspect_items(j).set_index("item_id")["next_step"].to_dict()
    assert steps == {"same": "check the gold", "split": "mend the guideline"}


def test_a_verdict_that_hangs_on_suspect_items_asks_for_the_gold():
    rows = [(f"i{i}", r, "x", "x") for i in range(40) for r in "pqr"]
    rows += [(f"bad{i}", r, "y", "x") for i in range(6) for r in "pqr"]
    steps = calibration.rater_steps(table(rows))
    assert (
        steps[["n", "verdict", "without_suspects", "next_step"]].to_numpy().tolist()
        == [[46, "undecided", "met", "check the gold"]] * 3
    )
    assert steps.attrs["suspect"] == 6


@pytest.mark.parametrize(("right", "step"), [(60, "pass"), (50, "more gold items"), (30, "train again")])
def test_the_next_step_of_a_rater_among_good_ones(right, step):
    rows = [(f"i{i}", r, "x", "x") for i in range(60) for r in "pqr"]
    rows += [(f"i{i}", "s", "x" if i < right else "y", "x") for i in range(60)]
    steps = calibration.rater_steps(table(rows)).set_index("rater_id")["next_step"]
    assert steps["s"] == step
    work = calibration.next_steps(table(rows)).set_index("next_step")["raters"]
    assert work.sum() == 4
    assert work[step] >= 1


def test_where_every_gold_item_is_suspect_the_gold_is_checked_first():
    steps = calibration.rater_steps(table([("a", r, "y", "x") for r in "pqr"]))
    assert set(steps["next_step"]) == {"check the gold"}


def test_severity_recovers_a_shift():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(300):
        gaps = rng.choice([-1, 0, 1], p=[0.4, 0.5, 0.1], size=60)
        rows = [(i, "r", str(5 + g), "5") for i, g in enumerate(gaps)]
        made = calibration.severity(table(rows, scale=(0, 10), level="interval")).iloc[0]
        hits += made["low"] <= -0.3 <= made["high"]
    low, high = stats.binom.ppf([0.001, 0.999], 300, [0.93, 0.97])
    assert low <= hits <= high


def test_severity_without_gold_is_against_the_others():
    rows = [(i, r, str(3 + lean)) for i in range(5) for r, lean in (("a", 1), ("b", 0), ("c", -1))]
    made = calibration.severity(table(rows, ("item_id", "rater_id", "label"), scale=(0, 9), level="interval"))
    assert made.set_index("rater_id")["severity"].to_dict() == {"a": 1.5, "b": 0.0, "c": -1.5}
    assert set(made["reference"]) == {"other raters"}


def test_change_is_the_difference_for_those_who_did_both():
    one, two = random_round(1).assign(round=1), random_round(2).assign(round=2)
    two["item_id"] = "z" + two["item_id"]
    only_before = pd.DataFrame([("i0", "once", "poor", "good", 1)], columns=one.columns)
    frame = pd.concat([one, two, only_before])
    j = halo.as_judgments(frame)
    first, last = calibration.rounds(j)
    made = calibration.change(j, before=first, after=last)
    kept = frame[frame["rater_id"] != "once"]

    def difference(part):
        share = (part["label"] == part["gold"]).groupby(part["round"]).mean()
        return share[2] - share[1]

    variance = sum(brute_force_jackknife(kept, key, difference) for key in ("rater_id", "item_id"))
    half = stats.t.ppf(0.975, 4) * np.sqrt(variance)
    assert (made.value, made.low, made.high) == pytest.approx(
        (difference(kept), difference(kept) - half, difference(kept) + half)
    )
    assert any("1 rater judged gold in one of the rounds only" in c for c in made.cautions)


def test_the_current_round_is_the_last():
    j = table([("a", "r", "x", "x", 1), ("b", "r", "x", "x", 2), ("c", "r", "x", "x", 10)],
              ("item_id", "rater_id", "label", "gold", "round"))  # fmt: skip
    assert calibration.current(j).frame["item_id"].to_list() == ["c"]
    assert calibration.current(j, repeats=True).n_items == 3


def test_judges_match_scikit_learn():
    rng = np.random.default_rng(9)
    truth = rng.choice(SCALE, size=80)
    judged = np.where(rng.random(80) < 0.7, truth, rng.choice(SCALE, size=80))
    rows = [(i, p, t, "human") for i, t in enumerate(truth) for p in "abc"]
    rows += [(i, "m", x, "model") for i, x in enumerate(judged)]
    made = calibration.judges(table(rows, ("item_id", "rater_id", "label", "rater_type"))).iloc[0]
    expected = precision_recall_fscore_support(truth, judged, average="macro", zero_division=0)[:3]
    assert tuple(made[["precision", "recall", "f1"]]) == pytest.approx(expected)
    assert made["accuracy"] == accuracy_score(truth, judged)


def test_tied_majorities_count_in_part_or_by_the_alphabet():
    j = table(
        [("a", "p", "x", "x"), ("a", "q", "y", "x"), ("b", "p", "z", "x"), ("b", "q", "y", "x"), ("b", "r", "x", "x")]
    )
    split, first = (calibration.majority_against_gold(j, ties=t).iloc[0] for t in ("split", "first"))
    assert split["accuracy"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert first["accuracy"] == 1.0
    assert split["n_tied"] == 2


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (calibration.accuracy, "no judged item has a gold answer"),
        (calibration.severity, "no direction"),
        (calibration.judges, "rater_type"),
    ],
)
def test_what_cannot_be_estimated_says_why(call, reason):
    j = table([("a", "r1", "x"), ("a", "r2", "y")], ("item_id", "rater_id", "label"))
    with pytest.raises(NotEstimable, match=reason):
        call(j)


def test_one_rater_speaks_for_items_only():
    made = calibration.accuracy(table([(i, "r", "x", "x") for i in range(10)]))
    assert made.over == "items"
    assert made.low == pytest.approx(0.025 ** (1 / 10))
    assert "1 rater" in made.cautions[0]
    with pytest.raises(NotEstimable):
        calibration.accuracy(table([("a", "r", "x", "x")]), over="raters")


def test_bad_options_list_what_is_allowed():
    j = table([("a", "r", "x", "x")])
    with pytest.raises(BadOption, match="allowed: 'split', 'first'"):
        calibration.majority_against_gold(j, ties="coin")
    with pytest.raises(HaloError, match="allowed"):
        calibration.accuracy(j, over="people")


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
        plan = calibration.certification_plan(0.85, 0.95, 0.05, 0.10)
        assert (plan.n, plan.c, plan.gold_pool) == (76, 70, 76)
        assert plan.actual_alpha == pytest.approx(stats.binom.sf(69, 76, 0.85))
        assert plan.actual_beta == pytest.approx(stats.binom.cdf(69, 76, 0.95))
        assert plan.table["ability"].tolist() == pytest.approx([0.80, 0.85, 0.90, 0.95])
        assert plan.table["passes"].to_numpy() == pytest.approx(stats.binom.sf(69, 76, [0.80, 0.85, 0.90, 0.95]))

    @pytest.mark.parametrize("case", [(0.7, 0.9, 0.05, 0.1), (0.5, 0.8, 0.1, 0.2), (0.8, 0.97, 0.05, 0.05)])
    def test_the_smallest_plan_is_the_one_found_by_trying_all(self, case):
        plan = calibration.certification_plan(*case)
        assert (plan.n, plan.c) == by_enumeration(*case)

    @given(
        st.floats(0.5, 0.85), st.floats(0.05, 0.12), st.sampled_from([0.01, 0.05, 0.1]), st.integers(1, 4),
        st.sampled_from(["end", "certain", "clear"]), st.sampled_from([1, 5, 10]),
    )  # fmt: skip
    @settings(max_examples=25)
    def test_both_errors_hold_over_all_attempts(self, unacceptable, apart, alpha, attempts, stop, every):
        plan = calibration.certification_plan(
            unacceptable, unacceptable + apart, alpha, 0.1, attempts=attempts, stop=stop, every=every
        )
        assert plan.actual_alpha <= alpha + 1e-9
        assert plan.actual_beta <= 0.1 + 1e-9
        assert plan.table["passes"].is_monotonic_increasing
        assert (plan.table["items_an_attempt"] <= plan.n + 1e-9).all()
        assert plan.gold_pool == attempts * plan.n

    def test_stopping_when_certain_changes_no_error_and_saves_items(self):
        end, certain = (calibration.certification_plan(stop=s) for s in ("end", "certain"))
        assert (certain.n, certain.c) == (end.n, end.c)
        assert certain.table["passes"].to_numpy() == pytest.approx(end.table["passes"].to_numpy())
        assert (certain.table["items"] < end.table["items"]).all()

    def test_stopping_when_clear_needs_fewer_items_on_average(self):
        clear, end = (calibration.certification_plan(stop=s) for s in ("clear", "end"))
        assert clear.n > end.n
        assert (clear.table["items"] < 0.75 * end.n).all()
        assert clear.rules()["items"].min() >= 20

    @pytest.mark.parametrize(("attempts", "stop"), [(1, "clear"), (2, "certain"), (3, "clear")])
    @pytest.mark.parametrize("ability", [0.85, 0.93])
    def test_a_simulated_exam_passes_as_often_as_the_plan_says(self, attempts, stop, ability):
        found, said = study().attempts_pass(ability, raters=4000, attempts=attempts, stop=stop)
        assert abs(found - said) <= 4 * np.sqrt(said * (1 - said) / 4000)

    def test_the_same_exam_taken_three_times_lets_more_through(self):
        plan = calibration.certification_plan()
        again = plan.retried(3)
        assert again.actual_alpha == pytest.approx(1 - (1 - plan.actual_alpha) ** 3)
        assert again.actual_alpha > 0.14
        assert calibration.certification_plan(attempts=3).actual_alpha <= 0.05

    def test_expected_items_count_the_attempts_that_are_made(self):
        row = calibration.certification_plan(attempts=2).table.iloc[1]
        assert row["items"] == pytest.approx(row["items_an_attempt"] * (2 - row["passes_an_attempt"]))

    @pytest.mark.parametrize(
        ("options", "match"),
        [
            ({"unacceptable": 0.95, "good": 0.85}, "unacceptable < good"),
            ({"alpha": 0.7}, "each error"),
            ({"attempts": 0}, "whole number"),
            ({"stop": "soon"}, "allowed: 'end', 'certain', 'clear'"),
            ({"unacceptable": 0.9, "good": 0.9001}, "20,000 gold items"),
        ],
    )
    def test_plans_that_cannot_be_made_say_why(self, options, match):
        with pytest.raises(HaloError, match=match):
            calibration.certification_plan(**options)


class TestCertify:
    def test_at_the_planned_number_of_items_there_is_always_a_verdict(self):
        for options in ({}, {"attempts": 2}, {"unacceptable": 0.7, "good": 0.9}):
            plan = calibration.certification_plan(**options)
            said = [calibration.certify(k, plan.n, **options).verdict for k in range(plan.n + 1)]
            assert said == ["not_met"] * plan.c + ["met"] * (plan.n + 1 - plan.c)

    @pytest.mark.parametrize("n", [5, 20, 60, 76, 150, 400])
    def test_a_rater_at_a_bar_is_misjudged_as_seldom_as_said_at_any_number_of_items(self, n):
        said = np.array([calibration.certify(k, n).verdict for k in range(n + 1)])
        right = np.arange(n + 1)
        assert stats.binom.pmf(right, n, 0.85)[said == "met"].sum() <= 0.05
        assert stats.binom.pmf(right, n, 0.95)[said == "not_met"].sum() <= 0.10

    def test_the_limits_are_exact_and_agree_with_the_verdict(self):
        for k in range(77):
            made = calibration.certify(k, 76)
            assert (made.low >= 0.85) == (made.verdict == "met")
            assert 0 <= made.low <= k / 76 <= made.high <= 1
        made = calibration.certify(60, 76)
        assert stats.binom.sf(59, 76, made.low) == pytest.approx(0.05)
        assert stats.binom.cdf(60, 76, made.high) == pytest.approx(0.10)

    def test_each_rater_of_a_round_is_certified_as_alone(self):
        rows = [(i, r, "x" if i < k else "y", "x") for r, k in (("p", 79), ("q", 60), ("s", 72)) for i in range(80)]
        made = calibration.certificates(table(rows)).set_index("rater_id")
        for rater, right in (("p", 79), ("q", 60), ("s", 72)):
            alone = calibration.certify(right, 80)
            assert made.loc[rater, ["low", "high", "verdict"]].tolist() == [alone.low, alone.high, alone.verdict]

    def test_a_wrong_gold_answer_shows_in_the_verdict_without_suspects(self):
        rows = [(i, r, "y" if i < 8 else "x", "x") for r in "pqr" for i in range(82)]
        made = calibration.certificates(table(rows))
        assert made["verdict"].tolist() == ["not_met"] * 3
        assert made["without_suspects"].tolist() == ["met"] * 3

    @pytest.mark.parametrize("counts", [(-1, 10), (11, 10), (0, 0), (1.5, 3)])
    def test_counts_that_cannot_be_are_refused(self, counts):
        with pytest.raises(HaloError, match="0 <= passes <= trials"):
            calibration.certify(*counts)


class TestAnytime:
    @pytest.mark.parametrize("outcomes", [(), (1,) * 12, (1, 0, 1, 1, 1), (0,) * 9])
    def test_the_e_value_is_the_integral(self, outcomes):
        stream = calibration.Certification(bar=0.8)
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
            stream = calibration.Certification(bar=0.9)
            for _ in range(400):
                stream.update(bool(rng.random() < ability))
            assert stream.verdict == expected
            for _ in range(50):
                stream.update(expected == "not_met")
            assert stream.verdict == expected

    def test_the_stream_of_a_table_is_that_of_its_rows_in_time(self):
        rng = np.random.default_rng(4)
        rows = [(f"i{i}", "r", "x" if rng.random() < 0.6 else "y", "x", f"2026-01-{30 - i:02d}") for i in range(30)]
        made = calibration.streams(table(rows, ("item_id", "rater_id", "label", "gold", "rated_at")), bar=0.95).iloc[0]
        stream, verdicts = calibration.Certification(bar=0.95), []
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
        with pytest.raises(HaloError, match="between 0 and 1"):
            calibration.Certification(**options)


class TestBars:
    def team(self, accuracies, n=120, labels="abcd", seed=3):
        rng = np.random.default_rng(seed)
        gold = rng.choice(list(labels), size=n)
        return table([(i, f"e{k}", g if rng.random() < p else "x", g)
                      for k, p in enumerate(accuracies) for i, g in enumerate(gold)])  # fmt: skip

    def test_the_good_bar_is_the_low_end_of_what_experts_score(self):
        j = self.team([0.95, 0.96, 0.94, 0.97])
        made = calibration.bars_from_experts(j, experts="e0, e1, e2, e3")
        assert made.estimate == calibration.accuracy(j, over="items")
        assert made.good == math.floor(100 * made.estimate.low) / 100
        assert made.unacceptable == pytest.approx(made.good - 0.10)
        assert len(made.by_expert) == 4
        assert calibration.expert_accuracy(j, experts=["e0", "e1", "e2", "e3"]) == made.estimate

    def test_a_column_may_say_who_the_experts_are(self):
        frame = (
            self.team([0.95] * 4).to_pandas().assign(role=lambda f: np.where(f["rater_id"] < "e3", "expert", "rater"))
        )
        made = calibration.expert_accuracy(halo.as_judgments(frame))
        assert made == calibration.expert_accuracy(halo.as_judgments(frame), experts="e0,e1,e2")
        assert made.n_raters == 3

    @pytest.mark.parametrize(
        ("experts", "n", "labels", "reason"),
        [
            (None, 120, "abcd", "nobody is named"),
            (["e0", "e1"], 120, "abcd", "2 experts answered gold"),
            (["e0", "e1", "e2"], 40, "abcd", "answered 40 gold items"),
            (["e0", "e1", "e2"], 120, "a", "always giving the most common answer"),
        ],
    )
    def test_bars_that_rest_on_too_little_are_refused(self, experts, n, labels, reason):
        with pytest.raises(NotEstimable, match=reason):
            calibration.bars_from_experts(self.team([0.95] * 3, n, labels), experts=experts)

    def test_a_figure_about_four_experts_is_for_operations_only(self):
        for audience in ("operations", "partner"):
            report = halo.reports.start("calibration", data="calibration", audience=audience)
            if audience == "operations":
                report.may_tell_of(4)
                continue
            report.may_tell_of(report.house.privacy_threshold)
            with pytest.raises(NotEstimable, match="withheld"):
                report.may_tell_of(4)


class TestSeverityModel:
    @pytest.mark.parametrize("how", ["random", "fixed"])
    def test_complete_rounds_give_the_deviations_from_the_items_mean(self, how):
        rng = np.random.default_rng(4)
        y = rng.normal(5, 1, (30, 5)).clip(0, 10)
        rows = [(i, f"r{r}", y[i, r]) for i in range(30) for r in range(5)]
        j = table(rows, ("item_id", "rater_id", "label"), scale=(0, 10), level="interval")
        made = calibration.severity_model(j, items=how).sort_values("rater_id")
        gap = y - y.mean(axis=1, keepdims=True)
        assert made["severity"].to_numpy() == pytest.approx(gap.mean(axis=0), abs=1e-6)
        half = stats.t.ppf(0.975, 29) * gap.std(axis=0, ddof=1) / np.sqrt(30)
        assert (made["high"] - made["severity"]).to_numpy() == pytest.approx(half, rel=1e-5)

    def test_fixed_items_are_least_squares_with_a_column_an_item(self):
        rng = np.random.default_rng(7)
        item, rater = study().dealt(rng, 25, 6, 3)
        y = rng.normal(size=75) + rater / 3
        design = np.hstack([np.eye(25)[item], np.eye(6)[rater]])
        expected = np.linalg.lstsq(design, y, rcond=None)[0][25:]
        found, _, _ = fit(y, item, rater, centred=True, items="fixed")
        assert found == pytest.approx(expected - expected.mean())

    def test_random_items_are_generalized_least_squares_at_the_likeliest_variance(self):
        rng = np.random.default_rng(8)
        item, rater = study().dealt(rng, 40, 5, 3)
        y = rng.normal(size=40)[item] + rater / 4 + rng.normal(size=120) * 0.7
        x, z = np.eye(5)[rater], np.eye(40)[item]

        def restricted(ratio):
            v = np.eye(120) + ratio * z @ z.T
            inverse = np.linalg.inv(v)
            information = x.T @ inverse @ x
            b = np.linalg.solve(information, x.T @ inverse @ y)
            e = y - x @ b
            return b, sum(np.linalg.slogdet(m)[1] for m in (v, information)) + 115 * np.log(e @ inverse @ e)

        best = min(np.exp(np.linspace(-4, 4, 400)), key=lambda r: restricted(r)[1])
        found, _, share = fit(y, item, rater, centred=False)
        assert found == pytest.approx(restricted(share / (1 - share))[0])
        assert share / (1 - share) == pytest.approx(best, rel=0.03)

    @pytest.mark.parametrize(("gold", "labels"), [(False, 3), (True, 3), (False, 12)])
    def test_severity_is_inside_its_interval_as_often_as_said(self, gold, labels):
        assert 0.93 <= study().mixed_rounds(150, items=60, raters=12, labels=labels, gold=gold, seed=11) <= 0.97

    def test_so_is_that_of_labels_at_the_ends_of_a_scale(self):
        assert 0.93 <= study().labelled_rounds(150, items=60, raters=12, labels=12, seed=12) <= 0.97

    def test_so_is_the_many_facet_one(self):
        assert 0.93 <= study().facet_rounds(60, items=60, raters=12, labels=3, seed=13) <= 0.975

    def test_raters_who_share_nothing_with_the_others_are_left_out(self):
        rows = [(i, r, str(i % 3)) for i in range(12) for r in "pqr"] + [(f"z{i}", "s", "1") for i in range(5)]
        j = table(rows, ("item_id", "rater_id", "label"), scale=["0", "1", "2"], level="ordinal")
        assert set(calibration.severity_model(j)["rater_id"]) == set("pqr")
        assert calibration.severity_model(j).attrs["left_out"] == 1
        assert calibration.many_facet(j).left_out == 1

    def test_the_spread_is_nothing_among_equals_and_found_where_it_is(self):
        rng = np.random.default_rng(6)
        for spread in (0.0, 0.5):
            lean = rng.normal(0, spread, 30)
            rows = [(i, f"r{r}", str(int(np.clip(round(2 + lean[r] + rng.normal(0, 0.6)), 0, 4))), "2")
                    for i in range(60) for r in range(30)]  # fmt: skip
            j = table(rows, scale=list("01234"), level="ordinal")
            made = calibration.severity_spread(j)
            truth = lean.std(ddof=1)
            assert made.low - 0.06 <= truth <= made.high
            assert (made.low == 0) == (spread == 0)

    def test_the_spread_counts_the_items_it_used(self):
        rows = [(i, r, str((i + k) % 3), "1" if i < 10 else None) for i in range(30) for k, r in enumerate("abcd")]
        made = calibration.severity_spread(table(rows, scale=list("012"), level="ordinal"))
        assert (made.n_items, made.n_judgments) == (10, 40)

    def test_a_rater_without_a_mistake_is_not_certain(self):
        rows = [(i, r, "1" if r == "a" else str(i % 3), "1") for i in range(9) for r in "abc"]
        made = calibration.severity(table(rows, scale=list("012"), level="ordinal")).set_index("rater_id")
        assert made.loc["a", "low"] < 0 < made.loc["a", "high"]

    def test_the_steps_and_items_of_the_many_facet_model_come_back(self):
        rng = np.random.default_rng(9)
        item, rater = study().dealt(rng, 400, 8, 8)
        place = rng.normal(0, 1.5, 400)[item] + np.linspace(-1, 1, 8)[rater]
        p = np.exp(place[:, None] * np.arange(4) - np.concatenate([[0], study().STEPS.cumsum()]))
        y = (rng.random(item.size)[:, None] > (p / p.sum(1, keepdims=True)).cumsum(1)).sum(1)
        severity, _, steps, sd = fit_many_facet(y, item, rater)
        assert severity == pytest.approx(np.linspace(-1, 1, 8), abs=0.2)
        assert steps == pytest.approx(study().STEPS, abs=0.25)
        assert sd == pytest.approx(1.5, abs=0.2)

    @pytest.mark.parametrize(
        ("call", "level", "reason"),
        [
            (calibration.severity_model, "nominal", "no direction"),
            (calibration.many_facet, "nominal", "labels in order"),
            (calibration.severity_spread, "nominal", "ordinal scale"),
            (calibration.many_facet, "ordinal", "no two raters"),
            (calibration.severity_model, "ordinal", "no two raters"),
        ],
    )
    def test_severity_that_cannot_be_told_says_why(self, call, level, reason):
        rows = [("a", "p", "x"), ("b", "q", "y"), ("c", "p", "y"), ("d", "q", "x")]
        j = table(rows, ("item_id", "rater_id", "label"), scale=["x", "y"], level=level)
        with pytest.raises(NotEstimable, match=reason):
            call(j)


class TestUpkeep:
    def test_an_item_that_good_raters_miss_is_suspect_and_bad_raters_make_none(self):
        rows = [(i, r, "x", "x") for i in range(20) for r in "pqrs"]
        rows += [("wrong", r, "y", "x") for r in "pqr"] + [("wrong", "s", "x", "x")]
        rows += [(i, b, "y", "x") for i in range(20) for b in ("bad1", "bad2", "bad3", "bad4", "bad5")]
        made = calibration.gold_items(table(rows)).set_index("item_id")
        assert made.loc["wrong", "action"] == "check the gold"
        assert made.loc["wrong", "good_missed"] == 0.75
        assert made.loc["3", ["action", "good_n", "good_missed"]].tolist() == ["keep", 4, 0.0]
        assert made.loc["3", "missed"] == pytest.approx(5 / 9)
        assert calibration.refresh_list(table(rows))["item_id"].tolist() == ["wrong"]

    def test_discrimination_is_the_correlation_with_the_rest(self):
        frame = random_round(5)
        made = calibration.gold_items(halo.as_judgments(frame)).set_index("item_id")["discrimination"]
        frame["right"] = frame["label"] == frame["gold"]
        for item in ("i0", "i7", "i20"):
            here = frame[frame["item_id"] == item]
            others = frame[frame["item_id"] != item].groupby("rater_id")["right"].mean()
            rest = here["rater_id"].map(others)
            if len(set(here["right"])) > 1:
                assert made[item] == pytest.approx(np.corrcoef(here["right"], rest)[0, 1])
            else:
                assert np.isnan(made[item])

    def test_a_worn_item_and_an_old_one_are_replaced(self):
        rows = [("often", f"r{r}", "x", "x", "2026-05-01") for r in range(12)] + [("old", "r0", "x", "x", "2025-01-01")]
        j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at"))
        made = calibration.refresh_list(j, most_shown=10).set_index("item_id")
        assert made["why"].to_dict() == {"often": "shown more than 10 times", "old": "in use for more than 180 days"}
        assert made.loc["old", "days"] == 485

    def test_who_is_due_and_why(self):
        rows = [
            ("g", "fresh", "x", "x", "2026-05-10", "1.1"), ("g", "timed", "x", "x", "2026-01-10", "1.1"),
            ("l1", "timed", "x", "", "2026-02-05", "1.1"), ("l2", "timed", "x", "", "2026-03-01", "1.1"),
            ("l3", "timed", "x", "", "2026-03-30", "1.1"), ("l4", "timed", "x", "", "2026-04-25", "1.1"),
            ("l5", "timed", "x", "", "2026-05-11", "1.1"), ("g", "amended", "x", "x", "2026-05-01", "1.0"),
            ("g", "away", "x", "x", "2026-03-20", "1.1"), ("l1", "away", "x", "", "2026-05-10", "1.1"),
            ("l1", "never", "x", "", "2026-05-10", "1.1"), ("g", "drifting", "x", "x", "2026-05-10", "1.1"),
        ]  # fmt: skip
        j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at", "guideline"))
        made = calibration.recertification(j, drifted=["drifting"]).set_index("rater_id")
        assert made["why"].str.split(":").str[0].to_dict() == {
            "amended": "amendment", "away": "absence", "drifting": "drift", "never": "never", "timed": "time",
            "fresh": "",
        }  # fmt: skip
        assert made["due"].sum() == 5
        late = calibration.recertification(j, today="2026-12-01", absent_days=1000).set_index("rater_id")
        assert late.loc["fresh", "why"] == "time: last gold 205 days ago"

    @pytest.mark.parametrize(
        ("columns", "reason"), [(("gold",), "not dated"), (("rated_at",), "no judged item has a gold")]
    )
    def test_what_is_needed_to_say_who_is_due(self, columns, reason):
        values = {"gold": "x", "rated_at": "2026-01-01"}
        j = table([("a", "r", "x", *(values[c] for c in columns))], ("item_id", "rater_id", "label", *columns))
        with pytest.raises(NotEstimable, match=reason):
            calibration.recertification(j)

    def test_the_latest_guideline_is_the_highest_version_or_the_last_to_come(self):
        for versions, latest in ((["1.9", "1.10"], "1.10"), (["spring", "autumn"], "autumn")):
            rows = [(f"g{k}", "r", "x", "x", f"2026-0{k + 1}-01", v) for k, v in enumerate(versions)]
            rows += [("g9", "s", "x", "x", "2026-02-02", versions[0])]
            j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at", "guideline"))
            made = calibration.recertification(j)
            assert made.attrs["latest_guideline"] == latest
            assert made.loc[made["due"], "rater_id"].tolist() == ["s"]

    def test_a_day_that_is_none_is_refused(self):
        j = table([("a", "r", "x", "x", "2026-01-01")], ("item_id", "rater_id", "label", "gold", "rated_at"))
        with pytest.raises(HaloError, match="today is a date"):
            calibration.recertification(j, today="soon")


class TestRealFiles:
    def test_pandalm_judges_against_the_human_majority(self, datasets):
        j = halo.read_judgments(
            datasets("pandalm_pairwise.csv"),
            values={"rater_type": {"llm": "model"}, "label": {"garbage": "0"}},
            scale=["0", "1", "2"],
        )
        made = calibration.judges(j).set_index("rater_id").round(4)
        scores = ["accuracy", "precision", "recall", "f1"]
        assert made.loc["gpt-3.5-turbo", scores].tolist() == [0.7107, 0.5879, 0.5736, 0.5755]
        assert made.loc["pandalm-7b", scores].tolist() == [0.6677, 0.5738, 0.5750, 0.5743]

    def test_hatecheck_items_whose_majority_differs(self, datasets):
        j = halo.read_judgments(datasets("mhc_hatecheck.csv.gz"))
        made = calibration.majority_against_gold(j, by="locale").set_index("locale")["n_differs"].astype(int)
        named = {"ar": 245, "de": 153, "es": 90, "fr": 789, "hi": 174, "it": 27, "nl": 362, "pl": 78, "pt": 152,
                 "zh": 387}  # fmt: skip
        assert made.to_dict() == named

    def test_majority_on_the_crowds(self, datasets):
        barzan = halo.read_judgments(datasets("gal_barzan.csv"), scale=["0", "1"])
        assert round(calibration.majority_against_gold(barzan)["accuracy"].iloc[0], 3) == 0.696
        adult = halo.read_judgments(datasets("gal_adult2.csv.gz"), duplicates="round")
        first, split = (
            calibration.majority_against_gold(adult, ties=t)["accuracy"].iloc[0] for t in ("first", "split")
        )
        assert (round(first, 3), round(split, 3)) == (0.763, 0.760)
