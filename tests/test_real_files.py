"""What real and hostile files brought to light: small, uniform, numeric or unlike data, read without nonsense."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import halo_methods as halo
from halo_methods import (
    aggregation,
    agreement,
    audit,
    calibration,
    cli,
    disagreement,
    drift,
    planning,
    simulation,
    workforce,
)
from halo_methods.agreement.coefficients import few_enough
from halo_methods.errors import NotEstimable
from halo_methods.reports import rendering
from halo_methods.results import Estimate, readable

COLUMNS = ["item_id", "rater_id", "label"]


def judged(rows, columns=COLUMNS, **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=columns), **options)


def uniform(items=60, raters=3):
    return judged([(f"i{i}", f"r{k}", "ok", "ok") for i in range(items) for k in range(raters)], [*COLUMNS, "gold"])


def test_a_dozen_items_with_one_disagreement_are_split_and_not_a_crash():
    rows = [(f"i{i}", x, "no" if i % 5 == 0 and not (x == "b" and i == 5) else "yes") for i in range(12) for x in "ab"]
    found = disagreement.split(judged(rows))
    assert found.total.value == pytest.approx(1 / 12)
    assert found.total.low < found.total.value < found.total.high


def test_two_items_accuse_nobody():
    rng = np.random.default_rng(4)
    rows = [(f"i{i}", f"r{k}", str(i % 2 if rng.random() < 0.9 else 1 - i % 2)) for i in range(60) for k in range(5)]
    rows += [(f"i{i}", "new", str(1 - i % 2)) for i in range(2)]
    people = disagreement.retraining(judged(rows, scale=["0", "1"])).table.set_index("rater_id")
    assert people.loc["new", ["low", "high", "change"]].tolist() == [0, 0.5, ""]
    assert people["high"].max() <= 0.5  # half the square of the widest difference there can be
    assert people["high"].drop("new").max() < 0.5


def test_retraining_is_what_a_loop_over_raters_gives():
    """Oracle: masks and sums for each rater and for all the others."""
    rng = np.random.default_rng(8)
    rows = [(f"i{i}", f"r{k}", float(rng.normal(i % 7, 1 + k / 4))) for i in range(80) for k in rng.choice(9, 4, False)]
    made = disagreement.retraining(judged(rows, level="interval")).table.set_index("rater_id")
    frame = pd.DataFrame(rows, columns=COLUMNS)
    for rater, part in frame.groupby("rater_id"):
        others = frame[(frame["rater_id"] != rater)]
        both = part.merge(others, on="item_id")
        apart = ((both["label_x"] - both["label_y"]) ** 2 / 2).groupby(both["item_id"]).mean()
        lean = part.set_index("item_id")["label"] - others.groupby("item_id")["label"].mean()
        assert made.loc[rater, "distance"] == pytest.approx(apart.mean())
        assert made.loc[rater, "lean"] == pytest.approx(lean.mean())
        left = others.merge(others, on="item_id")
        left = left[left["rater_id_x"] != left["rater_id_y"]]
        assert made.loc[rater, "others"] == pytest.approx(((left["label_x"] - left["label_y"]) ** 2 / 2).mean())


def test_settled_items_that_are_divided_are_counted():
    rows = [(f"i{i}", f"r{k}", "a" if i % 2 else "b") for i in range(30) for k in range(3)]
    rows[0] = ("i0", "r0", "a")
    table = disagreement.adjudicate(judged(rows)).counts().set_index("route")
    assert table.loc["settled", ["items", "divided"]].tolist() == [30, 1]


def test_where_nobody_differs_there_is_still_room():
    found = agreement.percent_agreement(uniform())
    assert found.value == found.high == 1
    assert found.low == pytest.approx(0.05 ** (1 / 60))
    with pytest.raises(NotEstimable, match="same label"):
        agreement.rarest_label(uniform())


def test_a_label_on_which_no_pair_agrees_has_an_interval_of_the_items_it_was_given_on():
    rows = [(f"i{i}", f"r{k}", "x") for i in range(100) for k in range(4)]
    for i in range(10):
        rows[4 * i] = (f"i{i}", "r0", "y")
    found = agreement.specific_agreement(judged(rows, level="nominal"), "y")
    room = 1 - 0.05 ** (1 / 10)
    assert (found.value, found.low, found.over) == (0, 0, "items")
    assert found.high == pytest.approx(2 * room / (1 + room))
    assert not any("100 items look alike" in c for c in found.cautions)


def test_numbers_are_no_labels_that_a_decision_hangs_on():
    rng = np.random.default_rng(1)
    rows = [(f"i{i}", f"r{k}", round(float(rng.uniform(0, 100)), 1)) for i in range(60) for k in range(3)]
    j = judged(rows, scale=(0, 100), level="interval")
    with pytest.raises(NotEstimable, match="no single number matters"):
        agreement.rarest_label(j)
    with pytest.raises(NotEstimable, match="exactly equal says little"):
        agreement.by_label(j)
    with pytest.raises(NotEstimable, match="for numbers use level='interval' with alpha"):
        few_enough(range(3000))


def test_numbers_against_gold_say_that_right_means_equal():
    rows = [(f"i{i}", f"r{k}", 5.0 + k / 2, "5") for i in range(30) for k in range(3)]
    j = judged(rows, [*COLUMNS, "gold"], scale=(0, 10), level="interval")
    for found in (calibration.accuracy(j), audit.error_rate(j)):
        assert any("right means equal" in c for c in found.cautions)
    assert not any("right means equal" in c for c in calibration.accuracy(uniform()).cautions)


def test_items_seen_by_other_raters_on_other_days_are_no_tracking_items():
    rows = [(f"i{i}", f"r{k}", "xy"[i % 2], f"2026-03-{1 + k:02d}") for i in range(20) for k in range(4)]
    with pytest.raises(NotEstimable, match="none to the same rater"):
        drift.Watch(judged(rows, [*COLUMNS, "rated_at"])).tracking_share()
    rows += [(f"i{i}", "r0", "xy"[i], f"2026-03-{9 + k:02d}", k) for i in range(2) for k in range(2)]
    found = drift.Watch(judged([(*r, -1)[:5] for r in rows], [*COLUMNS, "rated_at", "round"])).tracking_share()
    assert (found.value, found.n_items, found.n_judgments) == (12 / 84, 20, 84)


def test_charts_that_cannot_be_drawn_have_not_seen_nothing():
    rows = [(f"i{d}", f"r{k}", "xy"[(d + k) % 2], f"2026-03-{1 + d:02d}") for d in range(10) for k in range(3)]
    with pytest.raises(NotEstimable, match="the baseline alone takes 30"):
        _ = drift.Watch(judged(rows, [*COLUMNS, "rated_at"])).onsets


def test_what_is_computed_has_no_interval_and_rests_on_no_items():
    for found in (
        drift.cusum_design(600).false_alarms(10),
        agreement.shared_items(uniform()),
        agreement.raters(uniform()),
    ):
        assert "without an interval" in str(found)
    assert drift.cusum_design(600).false_alarms(10).rests_on == ""
    decided = audit.lots(uniform(), aql=0.03, rql=0.1, consumer_risk=0.1)
    assert decided.worst_consumer_risk().rests_on == f"{decided.table['drawn'].sum():,} judgments"
    assert "without an interval" in str(decided.outgoing_rate())


def test_a_group_that_can_be_compared_with_nobody_is_not_accused_by_the_funnel():
    rng = np.random.default_rng(3)
    rows = [(f"{v}{i}", f"{v}{k}", "x" if rng.random() < p else "y", "x", v)
            for v, p in (("ar", 0.96), ("de", 0.96), ("fr", 0.89)) for i in range(800) for k in range(6)]  # fmt: skip
    made = workforce.next_steps(judged(rows, [*COLUMNS, "gold", "locale"]), "locale", bar=0.85).set_index("locale")
    assert made.loc["fr", "funnel"] == "below 99.8%"
    assert made.loc["fr", "next_step"] != "corrective action"
    refused = workforce.comparisons(judged(rows, [*COLUMNS, "gold", "locale"]), column="locale").refused
    assert refused.iloc[:, -1].str.contains("no other column (queue, slice)", regex=False).all()


def test_raters_who_never_erred_in_the_log_are_not_taken_for_perfect():
    rows = [(f"i{i}", f"r{k}", "ok", "ok", f"2026-05-{1 + i % 28:02d}") for i in range(60) for k in range(3)]
    table = simulation.fit_raters(judged(rows, [*COLUMNS, "gold", "rated_at"])).table
    assert (table["low"] < table["accuracy"]).all()
    assert table["low"].max() < 0.97


def test_an_exact_p_value_has_no_interval():
    rng = np.random.default_rng(9)
    rows = [(f"i{i}", f"r{k}", str(i % 2 if rng.random() < 0.9 else 1 - i % 2)) for i in range(40) for k in range(5)]
    made = aggregation.dawid_skene(judged(rows))
    simulated = made.dependence.estimate()
    assert (simulated.confidence, simulated.low < simulated.high) == (0.95, True)
    found = replace(made.dependence, simulated=False, p_value=0.0556).estimate()
    assert "0.0556 (counted or computed, so without an interval" in str(found)


def test_a_pilot_without_variance_between_raters_is_not_believed():
    plan = planning.best_design({"item": 1, "rater": 0, "residual": 2}, planning.Prices(label=1), 600)
    assert any("use all the raters you have" in c for c in plan.cautions)
    assert not any("search stops" in c for c in plan.cautions)


def test_a_pilot_too_small_to_plan_from_says_so(tmp_path, capsys):
    rows = [(f"i{i}", x, "no" if i % 5 == 0 and not (x == "b" and i == 5) else "yes") for i in range(12) for x in "ab"]
    pd.DataFrame(rows, columns=COLUMNS).to_csv(tmp_path / "tiny.csv", index=False)
    assert cli.main(["plan", "design", "--budget", "1000", "--data", str(tmp_path / "tiny.csv")]) == 0
    assert "judge more before you buy" in capsys.readouterr().out


def test_people_are_planned_from_people_and_not_from_models(tmp_path, capsys):
    rng = np.random.default_rng(2)
    rows = [
        (f"i{i}", f"r{k}", str(int(i % 2 == (rng.random() < 0.9))), "human", 30.0) for i in range(60) for k in range(4)
    ]
    rows += [(f"i{i}", f"m{k}", "1", "model", 0.1) for i in range(60) for k in range(6)]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "rater_type", "seconds"])
    said = []
    for name, part in (("both", frame), ("people", frame[frame["rater_type"] == "human"])):
        part.to_csv(tmp_path / f"{name}.csv", index=False)
        data = ["--data", str(tmp_path / f"{name}.csv"), "--format", "json"]
        assert cli.main(["plan", "design", "--budget", "600", "--prices", "label=1,rater=9", *data]) == 0
        design = json.loads(capsys.readouterr().out)
        hire = ["--volume", "9000,9000", "--start", "2026-06-01", "--market", "de-DE", *data]
        assert cli.main(["plan", "capacity", *hire]) == 0
        said.append((design["variance"], json.loads(capsys.readouterr().out)["weeks"]))
    assert said[0] == said[1]


def test_a_share_short_of_one_does_not_read_as_one():
    assert [readable(x) for x in (0.9996, 0.99991, 1, 1 - 1e-9, -0.9999)] == ["0.9996", "0.99991", "1", "1", "-0.9999"]
    assert (
        "0.9999 to 1"
        in Estimate(
            value=1, low=0.9999, high=1, n_items=9, n_raters=3, n_judgments=27, method="a share", over="items"
        ).interval
    )


def test_an_empty_table_says_so():
    html = rendering.frame(pd.DataFrame({"item_id": []}), caption="Items that keep <their> distribution")
    assert html == "<p>Items that keep &lt;their&gt; distribution: none.</p>"
