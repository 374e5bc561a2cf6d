import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import accuracy_score, precision_recall_fscore_support

import halo_methods as halo
from halo_methods import audit, calibration
from halo_methods.calibration import shares
from halo_methods.errors import BadOption, HaloError, NotEstimable

SCALE = ["poor", "fair", "good"]


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
@settings(max_examples=25, deadline=None)
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
