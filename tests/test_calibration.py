import importlib.util
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

import halo_methods as halo
from halo_methods import calibration, gold
from halo_methods.calibration.strictness import fit_many_facet, gaps
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.judgments import as_judgments
from halo_methods.judgments.table import rests_on, rests_on_each
from halo_methods.stats import change as stats_change
from halo_methods.stats import clopper_pearson, two_way_share
from halo_methods.stats.between_groups import effect_spread, rater_effects

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


def squared_sums(influence, by):
    """Variance of a sum of influences whose clusters are drawn anew, by a loop."""
    sums = [influence[by == one].sum() for one in by.unique()]
    return len(sums) / (len(sums) - 1) * sum(x**2 for x in sums)


@pytest.mark.parametrize("seed", range(4))
def test_accuracy_is_the_share_right_with_the_two_way_cluster_interval(seed):
    frame = random_round(seed)
    estimate = calibration.accuracy(halo.as_judgments(frame))
    right = (frame["label"] == frame["gold"]).astype(float)
    p = right.mean()
    influence = (right - p) / len(right)
    by_item, by_rater = (squared_sums(influence, frame[key]) for key in ("item_id", "rater_id"))
    single = squared_sums(influence, frame["item_id"] + frame["rater_id"])
    variance = max(by_item + by_rater - single, by_item, by_rater)
    t = stats.t.ppf(0.975, 4)
    n = min(p * (1 - p) / variance, len(right))
    for end in (estimate.low, estimate.high):
        assert (p - end) ** 2 == pytest.approx(t**2 * end * (1 - end) / n, rel=1e-9)
    assert estimate.value == pytest.approx(p)
    assert (estimate.n_items, estimate.n_raters, estimate.n_judgments) == (30, 5, len(frame))
    assert {rater: len(judged) for rater, judged in estimate.basis.judgments.items()} == dict(
        frame["rater_id"].value_counts()
    )


@pytest.mark.parametrize("over", ["items", "items and raters"])
def test_accuracy_covers_the_truth_as_often_as_it_says(over):
    rng = np.random.default_rng(1)
    pool = rng.beta(12, 3, size=5)
    item, rater = np.repeat(np.arange(100), 5), np.tile(np.arange(5), 100)
    hits = 0
    rounds = 400
    for _ in range(rounds):
        accuracy = rng.beta(12, 3, size=5) if over == "items and raters" else pool
        estimate = two_way_share(rng.random(500) < accuracy[rater], rater, item, over=over)
        hits += estimate.low <= (0.8 if over == "items and raters" else pool.mean()) <= estimate.high
    low, high = stats.binom.ppf([0.001, 0.999], rounds, [0.93, 0.98])
    assert low <= hits <= high


def test_right_answers_come_from_gold_or_the_audit():
    columns = ("item_id", "rater_id", "label", "gold", "stage")
    rows = [("a", "r", "x", "x", "label"), ("b", "r", "y", "", "label"), ("b", "q", "x", "", "audit")]
    j = table(rows, columns)
    assert calibration.accuracy(j).value == 0.5
    assert calibration.accuracy(j, reference="gold").value == 1.0
    assert calibration.accuracy(j, reference="audit").value == 0.0
    with pytest.raises(BadOption, match="allowed: 'gold', 'audit'"):
        calibration.accuracy(j, reference="truth")


def test_one_gold_item_condemns_nobody():
    j = table([("a", "r", "y", "x"), ("b", "s", "x", "x"), ("c", "s", "x", "x")])
    assert set(calibration.by_rater(j, bar=0.8).table["verdict"]) == {"undecided"}
    assert calibration.by_rater(j).estimates["r"].high == pytest.approx(0.975)
    assert calibration.accuracy(j.only(rater_id="r")).high == pytest.approx(0.975)


def test_a_rater_at_the_bar_is_condemned_as_seldom_as_said():
    for n in range(1, 120):
        right = np.arange(n + 1)
        high = clopper_pearson(right, np.full(n + 1, n))[1]
        assert stats.binom.pmf(right, n, 0.8)[high < 0.8].sum() <= 0.025


def test_an_accepted_second_answer_is_right():
    j = table([("a", "r1", "fair", "good|fair"), ("a", "r2", "poor", "good|fair"), ("b", "r1", "x|y", "x||y")])
    assert calibration.by_rater(j).table.set_index("rater_id")["right"].to_dict() == {"r1": 2, "r2": 0}


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
    made = calibration.confusion(halo.as_judgments(frame, scale=SCALE, level="ordinal")).table
    expected = pd.crosstab(frame["gold"], frame["label"])
    assert made.to_numpy().tolist() == expected.loc[SCALE, SCALE].to_numpy().tolist()


def steps_of(j):
    return calibration.next_steps(j, bar=0.8, suspects=gold.suspect_items(j).next_steps)


def test_a_verdict_that_hangs_on_suspect_items_asks_for_the_gold():
    rows = [(f"i{i}", r, "x", "x") for i in range(40) for r in "pqr"]
    rows += [(f"bad{i}", r, "y", "x") for i in range(6) for r in "pqr"]
    steps = steps_of(table(rows))
    assert (
        steps.table[["n", "verdict", "without_suspects", "next_step"]].to_numpy().tolist()
        == [[46, "undecided", "met", "check the gold"]] * 3
    )
    assert steps.work.iloc[0].tolist() == ["check the gold", 6, 3]
    assert set(calibration.next_steps(table(rows), bar=0.8).table["next_step"]) == {"more gold items"}


@pytest.mark.parametrize(("right", "step"), [(60, "pass"), (50, "more gold items"), (30, "train again")])
def test_the_next_step_of_a_rater_among_good_ones(right, step):
    rows = [(f"i{i}", r, "x", "x") for i in range(60) for r in "pqr"]
    rows += [(f"i{i}", "s", "x" if i < right else "y", "x") for i in range(60)]
    steps = steps_of(table(rows))
    assert steps.table.set_index("rater_id")["next_step"]["s"] == step
    work = steps.work.set_index("next_step")["raters"]
    assert work.sum() == 4
    assert work[step] >= 1


def test_where_every_gold_item_is_suspect_the_gold_is_checked_first():
    steps = steps_of(table([("a", r, "y", "x") for r in "pqr"]))
    assert set(steps.table["next_step"]) == {"check the gold"}


def test_groups_and_rounds_are_each_estimated_as_alone():
    frame = pd.concat([random_round(seed).assign(slice=f"s{seed}") for seed in (1, 2)])
    frame.loc[frame["slice"] == "s2", "item_id"] += "z"
    without = frame.assign(slice="none", gold="", item_id="n" + frame["item_id"])
    j = halo.as_judgments(pd.concat([frame, without]))
    groups = calibration.accuracy_by(j, "slice")
    assert (groups.by, list(groups.estimates)) == ("slice", ["s1", "s2"])
    for name, estimate in groups.estimates.items():
        assert estimate == calibration.accuracy(j.only(slice=name))
    assert groups.table["accuracy"].tolist() == [e.value for e in groups.estimates.values()]
    with pytest.raises(NotEstimable, match="no column"):
        calibration.accuracy_by(j, "vendor")


def test_several_criteria_are_taken_one_at_a_time():
    frame = pd.concat([random_round(seed).assign(criterion=c) for seed, c in ((1, "tone"), (2, "facts"))])
    j = halo.as_judgments(frame)
    with pytest.raises(NotEstimable, match="2 criteria"):
        calibration.accuracy(j)
    made = calibration.accuracy_by(j, "criterion").estimates
    assert {c: made[c] for c in ("facts", "tone")} == {
        c: calibration.accuracy(j.only(criterion=c)) for c in ("facts", "tone")
    }


def test_strictness_recovers_a_shift():
    rng = np.random.default_rng(5)
    hits = 0
    for _ in range(150):
        gaps = rng.choice([-1, 0, 1], p=[0.4, 0.5, 0.1], size=60)
        rows = [(i, "r", str(5 + g), "5") for i, g in enumerate(gaps)]
        made = calibration.strictness(table(rows, scale=(0, 10), level="interval")).table.iloc[0]
        hits += made["low"] <= -0.3 <= made["high"]
    low, high = stats.binom.ppf([0.001, 0.999], 150, [0.93, 0.97])
    assert low <= hits <= high


def test_strictness_without_gold_is_against_the_others():
    rows = [(i, r, str(3 + lean)) for i in range(5) for r, lean in (("a", 1), ("b", 0), ("c", -1))]
    made = calibration.strictness(table(rows, ("item_id", "rater_id", "label"), scale=(0, 9), level="interval")).table
    assert made.set_index("rater_id")["strictness"].to_dict() == {"a": 1.5, "b": 0.0, "c": -1.5}
    assert set(made["reference"]) == {"other raters"}


def test_change_is_each_rater_against_the_same_rater():
    one, two = random_round(1).assign(round=2), random_round(2).assign(round=10)
    two["item_id"] = "z" + two["item_id"]
    only_before = pd.DataFrame([("i0", "once", "poor", "good", 2)], columns=one.columns)
    frame = pd.concat([one, two, only_before], ignore_index=True)
    estimate = calibration.change(halo.as_judgments(frame))
    frame["right"] = frame["label"] == frame["gold"]
    both = frame[frame["rater_id"] != "once"]
    share = both.pivot_table(index="rater_id", columns="round", values="right", aggfunc="mean")
    n = both.pivot_table(index="rater_id", columns="round", values="right", aggfunc="size")
    weight = n[2] * n[10] / (n[2] + n[10])
    assert estimate.value == pytest.approx(np.average(share[10] - share[2], weights=weight))
    same = stats_change(frame["right"], frame["round"] == 10, frame["rater_id"], frame["item_id"])
    assert (estimate.low, estimate.high) == pytest.approx((same.low, same.high))
    assert estimate.codes == ("raters_left_out",)


def test_items_shown_in_both_rounds_are_named():
    frame = pd.concat([random_round(seed).assign(round=seed) for seed in (1, 2)])
    assert "shared_items" in calibration.change(halo.as_judgments(frame)).codes


def test_a_change_needs_two_rounds_that_are_there():
    j = halo.as_judgments(random_round(1).assign(round=1))
    with pytest.raises(NotEstimable, match="one round"):
        calibration.change(j)
    j = halo.as_judgments(pd.concat([random_round(seed).assign(round=seed) for seed in (1, 2)]))
    with pytest.raises(BadOption, match="allowed: '1', '2'"):
        calibration.change(j, after="3")


def test_judges_match_scikit_learn():
    rng = np.random.default_rng(9)
    truth = rng.choice(SCALE, size=80)
    judged = np.where(rng.random(80) < 0.7, truth, rng.choice(SCALE, size=80))
    rows = [(i, p, t, "human") for i, t in enumerate(truth) for p in "abc"]
    rows += [(i, "m", x, "model") for i, x in enumerate(judged)]
    made = calibration.judges(table(rows, ("item_id", "rater_id", "label", "rater_type"))).table.iloc[0]
    expected = precision_recall_fscore_support(truth, judged, average="macro", zero_division=0)[:3]
    assert tuple(made[["precision", "recall", "f1"]]) == pytest.approx(expected)
    assert made["accuracy"] == accuracy_score(truth, judged)


def test_tied_majorities_count_in_part_or_by_the_alphabet():
    j = table(
        [("a", "p", "x", "x"), ("a", "q", "y", "x"), ("b", "p", "z", "x"), ("b", "q", "y", "x"), ("b", "r", "x", "x")]
    )
    majority = calibration.majority_accuracy(j).table.iloc[0]
    assert majority["accuracy"] == pytest.approx((1 / 2 + 1 / 3) / 2)
    assert majority["alphabetical"] == 1.0
    assert majority["n_tied"] == 2


def test_the_majority_rests_on_all_who_voted():
    frame = random_round(4).assign(slice=lambda f: np.where(f["item_id"] < "i2", "a", "b"))
    j = halo.as_judgments(frame)
    groups = calibration.majority_accuracy(j, by="slice")
    assert groups.table["n_items"].sum() == frame["item_id"].nunique()
    for name, estimate in groups.estimates.items():
        alone = calibration.majority_accuracy(j.only(slice=name)).estimates["all items"]
        assert (estimate.value, estimate.low, estimate.high) == (alone.value, alone.low, alone.high)
        assert estimate.n_judgments == sum(len(judged) for judged in estimate.basis.judgments.values())


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (calibration.accuracy, "no judged item has a gold answer"),
        (calibration.strictness, "no direction"),
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
    assert made.codes == ("items_only", "no_spread")


def test_bad_options_list_what_is_allowed():
    j = table([("a", "r", "x", "x")])
    with pytest.raises(BadOption, match="allowed: 'items'"):
        calibration.accuracy(j, over="people")
    with pytest.raises(BadOption, match="allowed: 'mean', 'random_items'"):
        calibration.strictness(j, model="lenient")
    for call in (calibration.accuracy, calibration.by_rater, calibration.strictness, calibration.majority_accuracy):
        with pytest.raises(BadOption, match="confidence is 95"):
            call(j, confidence=95)


def test_a_frame_does_as_well():
    frame = random_round(2)
    assert calibration.accuracy(frame) == calibration.accuracy(halo.as_judgments(frame))


class TestStrictnessModel:
    @pytest.mark.parametrize("how", ["random_items", "fixed_items"])
    def test_complete_rounds_give_the_deviations_from_the_items_mean(self, how):
        rng = np.random.default_rng(4)
        y = rng.normal(5, 1, (30, 5)).clip(0, 10)
        rows = [(i, f"r{r}", y[i, r]) for i in range(30) for r in range(5)]
        j = table(rows, ("item_id", "rater_id", "label"), scale=(0, 10), level="interval")
        made = calibration.strictness(j, model=how).table.sort_values("rater_id")
        gap = y - y.mean(axis=1, keepdims=True)
        assert made["strictness"].to_numpy() == pytest.approx(gap.mean(axis=0), abs=1e-6)
        half = stats.t.ppf(0.975, 29) * gap.std(axis=0, ddof=1) / np.sqrt(30)
        assert (made["high"] - made["strictness"]).to_numpy() == pytest.approx(half, rel=1e-5)

    @pytest.mark.parametrize(("items", "raters", "labels"), [(25, 6, 3), (256, 10, 7), (120, 12, 12)])
    def test_fixed_items_are_least_squares_with_a_column_an_item(self, items, raters, labels):
        rng = np.random.default_rng(7)
        item, rater = study().dealt(rng, items, raters, labels)
        y = rng.integers(0, 3, size=items * labels) + rater / 3
        design = np.hstack([np.eye(items)[item], np.eye(raters)[rater]])
        expected = np.linalg.lstsq(design, y, rcond=None)[0][items:]
        found, _, _ = rater_effects(y, item, rater, centred=True, items="fixed")
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
        found, _, share = rater_effects(y, item, rater, centred=False)
        assert found == pytest.approx(restricted(share / (1 - share))[0])
        assert share / (1 - share) == pytest.approx(best, rel=0.03)

    @pytest.mark.parametrize(("gold", "labels"), [(False, 3), (True, 3), (False, 12)])
    def test_strictness_is_inside_its_interval_as_often_as_said(self, gold, labels):
        assert 0.93 <= study().mixed_rounds(150, items=60, raters=12, labels=labels, gold=gold, seed=11) <= 0.97

    def test_so_is_that_of_labels_at_the_ends_of_a_scale(self):
        assert 0.93 <= study().labelled_rounds(150, items=60, raters=12, labels=12, seed=12) <= 0.97

    def test_so_is_the_many_facet_one(self):
        assert 0.93 <= study().facet_rounds(60, items=60, raters=12, labels=3, seed=13) <= 0.975

    def test_raters_who_share_nothing_with_the_others_are_left_out(self):
        rows = [(i, r, str(i % 3)) for i in range(12) for r in "pqr"] + [(f"z{i}", "s", "1") for i in range(5)]
        j = table(rows, ("item_id", "rater_id", "label"), scale=["0", "1", "2"], level="ordinal")
        for model in ("random_items", "fixed_items", "many_facet"):
            made = calibration.strictness(j, model=model)
            assert set(made.table["rater_id"]) == set("pqr")
            assert [(c.code, c[:7]) for c in made.cautions] == [("raters_left_out", "1 rater")]

    def test_the_spread_is_nothing_among_equals_and_found_where_it_is(self):
        rng = np.random.default_rng(6)
        for spread in (0.0, 0.5):
            lean = rng.normal(0, spread, 30)
            rows = [
                (i, f"r{r}", str(int(np.clip(round(2 + lean[r] + rng.normal(0, 0.6)), 0, 4))), "2")
                for i in range(60)
                for r in range(30)
            ]
            j = table(rows, scale=list("01234"), level="ordinal")
            made = calibration.strictness_spread(j)
            truth = lean.std(ddof=1)
            assert made.low - 0.06 <= truth <= made.high
            assert (made.low == 0) == (spread == 0)

    def test_the_spread_counts_the_items_it_used(self):
        rows = [(i, r, str((i + k) % 3), "1" if i < 10 else None) for i in range(30) for k, r in enumerate("abcd")]
        made = calibration.strictness_spread(table(rows, scale=list("012"), level="ordinal"))
        assert (made.n_items, made.n_raters, made.n_judgments) == (10, 4, 40)
        assert sum(len(judged) for judged in made.basis.judgments.values()) == 40

    def test_a_rater_without_a_mistake_is_not_certain(self):
        rows = [(i, r, "1" if r == "a" else str(i % 3), "1") for i in range(9) for r in "abc"]
        made = calibration.strictness(table(rows, scale=list("012"), level="ordinal")).table.set_index("rater_id")
        assert made.loc["a", "low"] < 0 < made.loc["a", "high"]

    def test_the_steps_and_items_of_the_many_facet_model_come_back(self):
        rng = np.random.default_rng(9)
        item, rater = study().dealt(rng, 400, 8, 8)
        place = rng.normal(0, 1.5, 400)[item] + np.linspace(-1, 1, 8)[rater]
        p = np.exp(place[:, None] * np.arange(4) - np.concatenate([[0], study().STEPS.cumsum()]))
        y = (rng.random(item.size)[:, None] > (p / p.sum(1, keepdims=True)).cumsum(1)).sum(1)
        strictness, _, steps, sd = fit_many_facet(y, item, rater)
        assert strictness == pytest.approx(np.linspace(-1, 1, 8), abs=0.2)
        assert steps == pytest.approx(study().STEPS, abs=0.25)
        assert sd == pytest.approx(1.5, abs=0.2)

    def test_steps_of_the_scale_are_named_and_estimates_are_those_of_the_table(self):
        rng = np.random.default_rng(3)
        rows = [
            (i, r, str(min(3, max(0, i % 3 + lean + rng.integers(0, 2)))))
            for i in range(40)
            for r, lean in (("a", -1), ("b", 0), ("c", 1))
        ]
        made = calibration.strictness(
            table(rows, ("item_id", "rater_id", "label"), scale=list("01234"), level="ordinal"), model="many_facet"
        )
        assert made.table["rater_id"].tolist() == ["a", "b", "c"]
        assert made.steps[["lower", "upper"]].to_numpy().tolist() == [["0", "1"], ["1", "2"], ["2", "3"]]
        for row in made.table.itertuples():
            estimate = made.estimates[row.rater_id]
            assert (estimate.value, estimate.low, estimate.high) == (row.strictness, row.low, row.high)

    @pytest.mark.parametrize("seed", range(3))
    def test_the_spread_inverts_the_q_profile(self, seed):
        rng = np.random.default_rng(seed)
        errors = rng.uniform(0.1, 0.3, 9)
        effects = rng.normal(0, 0.9, 9) + rng.normal(size=9) * errors

        def q(sd):
            w = 1 / (errors**2 + sd**2)
            return (w * (effects - np.average(effects, weights=w)) ** 2).sum()

        value, low, high = effect_spread(effects, errors)
        assert q(value) == pytest.approx(8)
        assert stats.chi2.cdf([q(low), q(high)], 8) == pytest.approx([0.975, 0.025])

    @pytest.mark.parametrize(
        ("model", "level", "reason"),
        [
            ("mean", "nominal", "no direction"),
            ("random_items", "nominal", "no direction"),
            ("many_facet", "nominal", "no direction"),
            ("many_facet", "ordinal", "no two raters"),
            ("random_items", "ordinal", "no two raters"),
        ],
    )
    def test_strictness_that_cannot_be_told_says_why(self, model, level, reason):
        rows = [("a", "p", "x"), ("b", "q", "y"), ("c", "p", "y"), ("d", "q", "x")]
        j = table(rows, ("item_id", "rater_id", "label"), scale=["x", "y"], level=level)
        with pytest.raises(NotEstimable, match=reason):
            calibration.strictness(j, model=model)
        if level == "nominal":
            with pytest.raises(NotEstimable, match="ordinal scale"):
                calibration.strictness_spread(j)


class TestRealFiles:
    def test_pandalm_judges_against_the_human_majority(self, datasets):
        j = halo.read_judgments(
            datasets("pandalm_pairwise.csv"),
            values={"rater_type": {"llm": "model"}, "label": {"garbage": "0"}},
            scale=["0", "1", "2"],
        )
        made = calibration.judges(j).table.set_index("rater_id").round(4)
        scores = ["accuracy", "precision", "recall", "f1"]
        assert made.loc["gpt-3.5-turbo", scores].tolist() == [0.7107, 0.5879, 0.5736, 0.5755]
        assert made.loc["pandalm-7b", scores].tolist() == [0.6677, 0.5738, 0.5750, 0.5743]

    def test_hatecheck_items_whose_majority_differs(self, datasets):
        j = halo.read_judgments(datasets("mhc_hatecheck.csv.gz"))
        made = calibration.majority_accuracy(j, by="locale").table.set_index("locale")["n_differs"].astype(int)
        named = {
            "ar": 245,
            "de": 153,
            "es": 90,
            "fr": 789,
            "hi": 174,
            "it": 27,
            "nl": 362,
            "pl": 78,
            "pt": 152,
            "zh": 387,
        }
        assert made.to_dict() == named

    def test_majority_on_the_crowds(self, datasets):
        barzan = halo.read_judgments(datasets("gal_barzan.csv"), scale=["0", "1"])
        assert round(calibration.majority_accuracy(barzan).table["accuracy"].iloc[0], 3) == 0.696
        adult = halo.read_judgments(datasets("gal_adult2.csv.gz"), duplicates="round")
        majority = calibration.majority_accuracy(adult).table.iloc[0]
        assert (round(majority["alphabetical"], 3), round(majority["accuracy"], 3)) == (0.763, 0.760)


@pytest.mark.parametrize("answer", ["0", "2.5", "5", "good"])
def test_a_gold_answer_that_nobody_gave_has_its_place_on_an_ordinal_scale(answer):
    rows = [(f"q{i}", r, str(1 + (i + (r == "t")) % 4), answer if i == 0 else "2") for i in range(12) for r in "rst"]
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])
    j = as_judgments(frame, level="ordinal")
    assert len(gaps(j)) == (33 if answer == "good" else 36)
    assert calibration.strictness(j) is not None


def test_what_each_rater_rests_on_is_what_their_judgments_alone_rest_on():
    frame = pl.DataFrame({"item_id": [*"abacbb"], "rater_id": [*"sstrrr"]})
    each = rests_on_each(frame, "labels")
    assert list(each) == ["r", "s", "t"]
    for rater, rests in each.items():
        alone = rests_on(frame.filter(pl.col("rater_id") == rater), "labels")
        assert {k: v for k, v in rests.items() if k != "basis"} == {k: v for k, v in alone.items() if k != "basis"}
        assert [*map(list, rests["basis"].judgments.values())] == [*map(list, alone["basis"].judgments.values())]
        assert list(rests["basis"].judgments) == [rater]


def test_automation_bias_is_what_showing_adds_and_not_what_people_do_alone():
    """Raters take a wrong suggestion with chance .7 when shown and .2 alone; one in three suggestions is wrong."""
    rng, rows = np.random.default_rng(8), []
    for i in range(300):
        gold, suggested = ("a", "b") if i % 3 == 0 else ("a", "a")
        for r in range(8):
            shown = rng.random() < 0.5
            follows = rng.random() < (0.7 if shown else 0.2)
            label = (suggested if follows else gold) if suggested != gold else gold
            rows.append((f"i{i}", f"r{r}", label, suggested if shown else "", gold))
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "suggestion", "gold"])
    made = calibration.automation_bias(table)
    assert made["bias"].low <= 0.5 <= made["bias"].high
    assert made["bias"].high - made["bias"].low < 0.25
    assert made["gain"].value == pytest.approx(-made["bias"].value / 3, abs=0.03)
    for gone in ("suggestion", "gold"):
        with pytest.raises(NotEstimable):
            calibration.automation_bias(table.drop(columns=gone))
    with pytest.raises(NotEstimable, match="hide some at random"):
        calibration.automation_bias(table[table["suggestion"] != ""])
