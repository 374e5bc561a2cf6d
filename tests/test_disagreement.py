import sys
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from oracles import quadratic_forms, reml, three_way
from samples.disagreement import SCALE, UNCLEAR_CLAUSE
from samples.disagreement import sample as disagreement_sample

import halo_methods as halo
from halo_methods import disagreement, reports
from halo_methods.disagreement import design as designs
from halo_methods.errors import BadOption, InvalidData, NotEstimable
from halo_methods.stats.variance import crossed

sys.path.insert(0, str(Path(__file__).parents[1] / "benchmarks"))
import study_disagreement

SHROUT = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
COLUMNS = ["item_id", "rater_id", "label"]


def complete(values, **options):
    rows = [(f"i{i:03d}", f"r{r:02d}", x) for i, row in enumerate(values) for r, x in enumerate(row)]
    return halo.as_judgments(pd.DataFrame(rows, columns=COLUMNS), **{"level": "interval", **options})


def sparse_design(seed, items=40, raters=6, each=3, repeats=0):
    rng = np.random.default_rng(seed)
    item = np.repeat(np.arange(items), each)
    rater = np.argsort(rng.random((items, raters)), axis=1)[:, :each].ravel()
    again = rng.choice(len(item), repeats, replace=False)
    item, rater = np.concatenate([item, item[again]]), np.concatenate([rater, rater[again]])
    interaction = rng.normal(0, 0.7, (items, raters))
    y = rng.normal(size=items)[item] + rng.normal(0, 0.6, raters)[rater] + interaction[item, rater]
    return item, rater, y + rng.normal(0, 0.5, len(item))


def test_variance_components_of_shrout_and_fleiss():
    made = disagreement.variance_components(complete(SHROUT))
    assert (made.item.value, made.rater.value, made.residual.value) == pytest.approx((2.555556, 5.244444, 1.019444))
    assert made.reliability(1).value == pytest.approx(0.714841, abs=1e-6)
    assert made.reliability(4).value == pytest.approx(0.909316, abs=1e-6)
    assert made.dependability(1).value == pytest.approx(0.289764, abs=1e-6)
    assert made.dependability(4).value == pytest.approx(0.620051, abs=1e-6)
    assert made.reliability(4).low == pytest.approx(0.676, abs=0.01)
    assert made.reliability(4).high == pytest.approx(0.986, abs=0.01)
    assert made.rater.items_only is not None
    assert made.table["share"].sum() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_complete_designs_agree_with_restricted_maximum_likelihood(seed):
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(12, 1)) + rng.normal(size=(1, 5)) + rng.normal(size=(12, 5))
    made = disagreement.variance_components(complete(values))
    item, rater = (x.ravel().tolist() for x in np.indices(values.shape))
    assert [e.value for e in made.parts.values()] == pytest.approx(reml(item, rater, values.ravel().tolist()), rel=1e-3)


def test_sparse_designs_lie_near_restricted_maximum_likelihood():
    item, rater, y = sparse_design(1, items=25)
    frame = pd.DataFrame({"item_id": item, "rater_id": rater, "label": y})
    made = disagreement.variance_components(halo.as_judgments(frame, level="interval"))
    for estimate, other in zip(made.parts.values(), reml(item.tolist(), rater.tolist(), y.tolist()), strict=True):
        assert estimate.value == pytest.approx(other, rel=0.35)


@pytest.mark.parametrize("repeats", [0, 25])
def test_sums_and_expectations_are_those_of_dense_projections(repeats):
    item, rater, y = sparse_design(3, repeats=repeats)
    made = crossed(item, rater, y[:, None])
    for name, (value, expects) in quadratic_forms(item.tolist(), rater.tolist(), y.tolist()).items():
        name = name if repeats else {"cell": "residual", "residual": "none"}.get(name, name)
        if name == "none":
            continue
        assert made[name].value == pytest.approx(value)
        for factor, times in made[name].expects.items():
            assert times == pytest.approx(expects[factor], abs=1e-8)


def two_rounds(seed):
    rng = np.random.default_rng(seed)
    item, rater, _ = sparse_design(seed, items=300, raters=12)
    own = rng.normal(0, 1.0, (300, 12))[item, rater]
    base = rng.normal(0, 1.5, 300)[item] + rng.normal(0, 0.5, 12)[rater] + own
    again = rng.random(len(item)) < 0.6
    keys = pd.DataFrame({"item_id": item, "rater_id": rater})
    first = keys.assign(label=base + rng.normal(0, 0.8, len(item)), round=1)
    second = keys.assign(label=base + 0.4 + rng.normal(0, 0.8, len(item)), round=2)
    return first, second[again]


def test_repeats_set_noise_apart_from_what_a_rater_sees_in_an_item():
    true = {"item": 2.25, "rater": 0.25, "item_rater": 1.0, "residual": 0.64}
    held, values = dict.fromkeys(true, 0), {k: [] for k in true}
    for seed in range(50):
        made = disagreement.variance_components(halo.as_judgments(pd.concat(two_rounds(seed)), level="interval"))
        for name, e in made.parts.items():
            held[name] += e.low <= true[name] <= e.high
            values[name].append(e.value)
    assert min(held.values()) >= 43, held
    for name, found in values.items():
        assert np.mean(found) == pytest.approx(true[name], rel=0.12)
    assert any("shift between rounds" in c for c in made.residual.cautions)
    one_round = disagreement.variance_components(halo.as_judgments(two_rounds(0)[0], level="interval"))
    assert one_round.item_rater is None
    assert one_round.residual.value == pytest.approx(1.64, rel=0.2)


def test_criteria_as_a_facet_agree_with_expected_mean_squares():
    rng = np.random.default_rng(4)
    y = (
        rng.normal(size=(15, 1, 1)) + rng.normal(size=(1, 5, 1)) + rng.normal(size=(1, 1, 4))
        + rng.normal(size=(15, 5, 1)) + rng.normal(size=(15, 1, 4))
        + rng.normal(0, 0.5, (1, 5, 4)) + rng.normal(size=(15, 5, 4))
    )  # fmt: skip
    frame = pd.DataFrame(
        [(f"i{i}", f"r{r}", f"c{c}", y[i, r, c]) for i, r, c in np.ndindex(y.shape)],
        columns=["item_id", "rater_id", "criterion", "label"],
    )
    made = disagreement.variance_components(halo.as_judgments(frame, level="interval"), facets=("criterion",))
    expected = three_way(y)
    assert set(made.parts) == set(expected)
    for name, e in made.parts.items():
        assert e.value == pytest.approx(max(expected[name], 0), abs=1e-9)
    assert made.n_criteria == 4
    fewer = made.dependability(3, n_criteria=1)
    error = (made.rater.value + made.item_rater.value + made.rater_criterion.value + made.residual.value) / 3
    error += made.item_criterion.value
    assert fewer.value == pytest.approx(made.item.value / (made.item.value + error))
    assert made.reliability(3).value > made.dependability(3).value > fewer.value
    with pytest.raises(NotEstimable, match="one at a time"):
        disagreement.variance_components(halo.as_judgments(frame, level="interval"))


@given(st.integers(0, 10**6), st.floats(0.1, 50), st.floats(-100, 100))
@settings(max_examples=25)
def test_components_scale_with_the_square_and_forget_names_and_order(seed, scale, shift):
    item, rater, y = sparse_design(seed, items=25)
    frame = pd.DataFrame({"item_id": item, "rater_id": rater, "label": y})
    other = frame.assign(label=scale * y + shift, rater_id=100 - rater).sample(frac=1, random_state=1)
    a, b = (disagreement.variance_components(halo.as_judgments(f, level="interval")) for f in (frame, other))
    for name in a.parts:
        assert b.parts[name].value == pytest.approx(scale**2 * a.parts[name].value, rel=1e-6, abs=1e-9 * scale**2)
        assert a.parts[name].low <= a.parts[name].value <= a.parts[name].high
    curve = a.d_study(6)
    assert (curve.groupby("coefficient")["value"].diff().dropna() >= -1e-12).all()
    assert ((curve["low"] <= curve["value"]) & (curve["value"] <= curve["high"])).all()


@pytest.mark.parametrize("design", list(study_disagreement.DESIGNS))
def test_intervals_hold_the_truth_as_often_as_they_say(design):
    for row in study_disagreement.study(design, 60, seed=5):
        assert row["coverage"] >= 0.87, row
        assert row["mean"] == pytest.approx(row["truth"], rel=0.2), row


def test_the_committed_study_holds():
    table = pd.read_csv(Path(study_disagreement.__file__).parent / "results/study_disagreement.csv", comment="#")
    assert table["coverage"].between(0.92, 1).all()


def test_labels_that_have_no_variance_are_refused():
    words = [["x", "y", "z"], ["y", "y", "z"], ["x", "x", "x"]]
    with pytest.raises(NotEstimable, match="nominal"):
        disagreement.variance_components(complete(words, level="nominal"))
    assert disagreement.variance_components(complete(words, level="nominal"), label="x").unit == "share of 'x'"
    with pytest.raises(BadOption, match="label"):
        disagreement.variance_components(complete(words, level="nominal"), label="w")
    with pytest.raises(NotEstimable, match="the same"):
        disagreement.variance_components(complete([[1, 1], [1, 1]]))
    with pytest.raises(NotEstimable, match="2 items and 1 rater"):
        disagreement.variance_components(complete([[1], [2]]))
    lonely = pd.DataFrame({"item_id": list("abcd"), "rater_id": list("xxyy"), "label": [1, 2, 3, 4]})
    with pytest.raises(NotEstimable, match="two raters"):
        disagreement.variance_components(halo.as_judgments(lonely, level="interval"))
    with pytest.raises(BadOption, match="facets"):
        disagreement.variance_components(complete(SHROUT), facets=("market",))
    with pytest.raises(BadOption, match="n_raters"):
        disagreement.variance_components(complete(SHROUT)).reliability(0)


def test_a_negative_component_is_set_to_zero_and_said():
    values = np.array([[0.0, 1, 0, 1], [1, 0, 1, 0], [0, 1, 1, 0]])
    made = disagreement.variance_components(complete(values))
    assert made.item.value == 0
    assert any("negative" in c for c in made.item.cautions)


def test_two_raters_speak_for_the_items_only():
    rng = np.random.default_rng(1)
    made = disagreement.variance_components(complete(rng.normal(size=(30, 1)) + rng.normal(size=(30, 2))))
    assert made.item.over == "items"
    assert made.rater.high < 10


def test_binary_labels_and_a_hundred_thousand_judgments():
    rng = np.random.default_rng(2)
    n = 33_334
    rater = np.argsort(rng.random((n, 60)), axis=1)[:, :3].ravel()
    chance = np.clip(rng.beta(2, 2, n)[:, None] + rng.normal(0, 0.05, 60)[rater.reshape(n, 3)], 0, 1)
    said = np.where(rng.random((n, 3)) < chance, "yes", "no").ravel()
    frame = pd.DataFrame({"item_id": np.repeat(np.arange(n), 3), "rater_id": rater, "label": said})
    made = disagreement.variance_components(halo.as_judgments(frame))
    assert made.item.value == pytest.approx(0.05, rel=0.1)
    assert made.residual.value == pytest.approx(0.2, rel=0.05)


def test_causes_have_one_code_one_question_and_one_route_each():
    table = disagreement.causes()
    assert table["code"].tolist() == list(disagreement.CAUSES)
    assert table["test"].str.endswith("?").all()
    assert table.map(bool).all(axis=None)
    assert set(table["change"]) == {"guideline", "edge case", "retraining", "items", "gold", "none"}


def planted(seed, **options):
    frame = disagreement_sample(seed)
    options = {"scale": list(SCALE), "level": "ordinal", **options}
    return halo.as_judgments(frame, **options)


def test_planted_sources_of_disagreement_are_recovered():
    amounts = reports.truth("disagreement")["sources"]
    true = {name: amount / sum(amounts.values()) for name, amount in amounts.items()}
    held, values, flagged = dict.fromkeys(true, 0), {k: [] for k in true}, []
    for seed in range(5):
        made = disagreement.split(planted(seed))
        assert not made.collect
        assert made.perspective_p < 0.05
        flagged += made.clauses.loc[made.clauses["unclear"], "clause"].tolist()
        for name, e in made.shares.items():
            held[name] += e.low <= true[name] <= e.high
            values[name].append(e.value)
        assert made.table["share"].sum() == pytest.approx(1, abs=1e-6)
    assert min(held.values()) >= 4, held
    for name, found in values.items():
        assert np.mean(found) == pytest.approx(true[name], abs=0.05), name
    assert flagged.count(UNCLEAR_CLAUSE) >= 4
    assert len(flagged) <= 6


@pytest.mark.parametrize("column", ["rater_id", "item_id"])
def test_a_rater_or_an_item_is_no_clause_and_no_stratum(column):
    j = planted(0)
    for use in (disagreement.split, disagreement.changes, disagreement.worksheet):
        with pytest.raises(BadOption, match=f"clause is '{column}', which says nothing about an item"):
            use(j, clause=column)
    with pytest.raises(BadOption, match=f"by is '{column}'"):
        disagreement.worksheet(j, by=column)


def test_without_retests_groups_and_clauses_the_split_says_what_to_collect():
    frame = disagreement_sample()
    bare = halo.as_judgments(frame[frame["round"] == 1][COLUMNS], scale=list("12345"), level="ordinal")
    made = disagreement.split(bare)
    assert set(made.collect) == {"noise", "perspective", "clause"}
    assert set(made.shares) == {"strictness", "noise, perspective, clause, item"}
    assert sum(e.value for e in made.shares.values()) == pytest.approx(1)
    assert made.table["remark"].str.startswith("not identified: collect").sum() == 3
    assert disagreement.split(planted(1), groups="slice").collect.keys() == {"perspective"}
    same = halo.as_judgments(pd.DataFrame([(i, r, "x") for i in range(5) for r in "ab"], columns=COLUMNS))
    with pytest.raises(NotEstimable, match="ever differ"):
        disagreement.split(same)


def test_groups_that_share_no_item_say_nothing_about_perspectives():
    rng = np.random.default_rng(3)
    rows = [(f"{g}{i}", f"{g}{r}", str(rng.integers(1, 4)), g) for g in "ns" for i in range(30) for r in range(3)]
    j = halo.as_judgments(pd.DataFrame(rows, columns=[*COLUMNS, "locale"]), scale=list("123"), level="ordinal")
    made = disagreement.split(j)
    assert "no item has labels of two" in made.collect["perspective"]
    with pytest.raises(NotEstimable, match="no two groups of locale judged the same item"):
        disagreement.perspective_groups(j)
    beside = j.frame.to_pandas().assign(vendor=lambda t: np.where(t["rater_id"].isin(["n0", "s0"]), "a", "b"))
    met = halo.as_judgments(beside.assign(label=beside["label"].astype(str)), scale=list("123"), level="ordinal")
    assert disagreement.split(met).groups == "vendor"


def test_counts_are_of_what_was_used():
    rows = [(i, r, "xy"[(i + ord(r)) % 3 == 0], "label") for i in range(20) for r in ("abc" if i < 12 else "a")]
    rows += [(0, q, "x", "audit") for q in "pqrs"]
    j = halo.as_judgments(pd.DataFrame(rows, columns=[*COLUMNS, "stage"]))
    total = disagreement.split(j).total
    assert (total.n_items, total.n_raters, total.n_judgments) == (12, 3, 36)
    assert disagreement.adjudicate(j).settled_share().n_raters == 3


def test_a_strictness_no_larger_than_its_error_has_an_interval_of_ordinary_width():
    rng = np.random.default_rng(12)
    rows = [(i, f"r{r}", str(1 + int(rng.random() < 0.3)), "v") for i in range(150) for r in rng.choice(12, 3, False)]
    j = halo.as_judgments(pd.DataFrame(rows, columns=[*COLUMNS, "vendor"]), scale=list("12"), level="ordinal")
    strictness = disagreement.split(j).shares["strictness"]
    assert strictness.low <= strictness.value <= strictness.high < 0.2


def test_raters_of_one_item_each_are_the_reason_given():
    rows = [(i, f"{i}{r}", "xyz"[(i * r) % 3]) for i in range(20) for r in range(3)]
    with pytest.raises(NotEstimable, match="no rater judged two items"):
        disagreement.split(halo.as_judgments(pd.DataFrame(rows, columns=COLUMNS)))


def test_groups_dealt_at_random_are_seldom_called_perspectives():
    rng = np.random.default_rng(8)
    p = []
    for seed in range(40):
        item, rater, y = sparse_design(seed, items=60, raters=12, each=4)
        group = rng.permutation(np.repeat(["n", "s"], 6))
        frame = pd.DataFrame({"item_id": item, "rater_id": rater, "label": y, "vendor": group[rater]})
        made = halo.as_judgments(frame, level="interval")
        p.append(designs.chance_of_groups(designs.design_of(made), 199, rng))
    assert sum(x < 0.05 for x in p) <= 6
    assert 0.3 < np.mean(p) < 0.7


def test_disagreement_is_the_mean_over_pairs_by_brute_force():
    item, rater, y = sparse_design(2, items=20, raters=6, each=4)
    frame = pd.DataFrame({"item_id": item, "rater_id": rater, "label": y.round(1)})
    made = disagreement.split(halo.as_judgments(frame, level="interval"))
    halves = [
        np.mean([(a - b) ** 2 / 2 for a, b in combinations(part["label"], 2)]) for _, part in frame.groupby("item_id")
    ]
    assert made.total.value == pytest.approx(np.mean(halves))
    words = frame.assign(label=np.where(y > 0, "x", np.where(y > -1, "y", "z")))
    made = disagreement.split(halo.as_judgments(words))
    shares = [np.mean([a != b for a, b in combinations(part["label"], 2)]) for _, part in words.groupby("item_id")]
    assert made.total.value == pytest.approx(np.mean(shares))


def test_items_that_groups_see_differently_are_kept_from_adjudication():
    j = planted(20263)
    found = disagreement.adjudicate(j, groups="locale")
    routes = found.table
    kept = set(routes.loc[routes["route"] == "keep the distribution", "item_id"])
    split_items = {f"a{k + 1:03d}" for k in np.flatnonzero(np.arange(200) % 8 == 6)[:20]}
    assert len(kept & split_items) >= 14
    assert len(kept - split_items) <= 4
    assert found.settled_share().value == pytest.approx((routes["route"] != "adjudicate or amend").mean())
    alone = disagreement.adjudicate(j).table
    assert set(alone["route"]) == {"settled", "adjudicate or amend"}
    with pytest.raises(NotEstimable, match="one group"):
        disagreement.adjudicate(j, groups="slice")


@given(st.integers(0, 10**6))
@settings(max_examples=20)
def test_soft_labels_are_distributions_between_the_item_and_all_items(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"item_id": np.repeat(np.arange(15), 4), "rater_id": np.tile(np.arange(4), 15)})
    frame["label"] = rng.choice(list("xyz"), p=rng.dirichlet(np.ones(3)), size=60)
    soft = disagreement.soft_labels(frame)
    made = soft.table
    assert np.allclose(made.groupby("item_id")["soft"].sum(), 1)
    assert ((made["low"] <= made["soft"]) & (made["soft"] <= made["high"])).all()
    mean = made["label"].map(frame["label"].value_counts(normalize=True))
    s = soft.precision
    assert np.allclose(made["soft"], (made["count"] + s * mean) / (made["n"] + s))
    assert made["entropy"].between(0, np.log2(3) + 1e-9).all()


def test_thousands_of_raters_are_refused_at_once():
    rows = [(i, f"r{r}", "xy"[(i + r) % 2]) for i in range(2) for r in range(3000)]
    with pytest.raises(NotEstimable, match="3,000 raters are more than the 2,000"):
        disagreement.split(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))


def test_one_item_has_no_soft_labels():
    rows = [("a", "r1", "x"), ("a", "r2", "x"), ("a", "r3", "y")]
    with pytest.raises(NotEstimable, match="one item"):
        disagreement.soft_labels(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))


def test_soft_labels_are_shrunk_by_as_much_as_items_are_alike():
    rng = np.random.default_rng(5)
    for precision in (1.0, 10.0):
        chance = rng.beta(0.5 * precision, 0.5 * precision, 3000)
        said = np.where(rng.random((3000, 3)) < chance[:, None], "yes", "no")
        frame = pd.DataFrame([(i, r, said[i, r]) for i in range(3000) for r in range(3)], columns=COLUMNS)
        soft = disagreement.soft_labels(frame)
        made = soft.table
        assert soft.precision == pytest.approx(precision, rel=0.25)
        yes = made[made["label"] == "yes"]
        yes = yes.assign(true=chance[yes["item_id"].astype(int)])
        assert ((yes["low"] <= yes["true"]) & (yes["true"] <= yes["high"])).mean() == pytest.approx(0.95, abs=0.02)
        assert ((yes["soft"] - yes["true"]) ** 2).mean() < ((yes["share"] - yes["true"]) ** 2).mean()


def test_groups_that_differ_stand_out_of_shuffled_ones():
    made = disagreement.between_groups(planted(3), "locale")
    assert made["items"].tolist() == [200, 200, 200]
    assert (made["divergence"] > 0).all()
    with pytest.raises(NotEstimable, match="no column"):
        disagreement.between_groups(planted(3), "team")


def test_the_ranked_list_names_what_was_planted():
    j = planted(20263)
    table = disagreement.changes(j)
    assert table.loc[0, ["change", "about"]].tolist() == ["guideline", f"clause {UNCLEAR_CLAUSE}"]
    assert table["share"].is_monotonic_decreasing
    assert {"guideline", "edge case", "retraining", "nothing"} == set(table["change"])
    clause = j.frame.filter(j.frame["clause"] == UNCLEAR_CLAUSE)["item_id"].to_list()
    assert set(table.loc[0, "examples"].split(", ")) <= set(clause)
    assert not table.to_string().count("r03")
    people = disagreement.retraining(j).table
    assert people.loc[people["change"] == "strictness", "rater_id"].tolist() == ["r03", "r12"]
    confused = disagreement.confused_labels(j)
    assert confused["share"].sum() == pytest.approx(1)


def test_honest_raters_are_seldom_sent_to_training():
    listed = 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        rows = [(i, r, rng.integers(1, 4) if rng.random() < 0.3 else i % 3 + 1) for i in range(60) for r in range(8)]
        frame = pd.DataFrame(rows, columns=COLUMNS)
        listed += (disagreement.retraining(halo.as_judgments(frame, level="interval")).table["change"] != "").sum()
    assert listed <= 3


def test_a_worksheet_is_blind_stratified_and_the_same_for_a_seed():
    j = planted(4)
    sheet = disagreement.worksheet(j, n=24, by="clause", seed=9)
    pd.testing.assert_frame_equal(sheet, disagreement.worksheet(j, n=24, by="clause", seed=9))
    assert len(sheet) == 24
    assert set(sheet["stratum"]) == set(j.frame["clause"].unique())
    assert not any(rater in sheet.to_csv() for rater in ("r01", "r03", "r18"))
    assert (sheet[["cause", "cited_clause", "note"]] == "").all(axis=None)
    assert disagreement.worksheet(j, n=24, by="clause", seed=10)["item_id"].tolist() != sheet["item_id"].tolist()
    assert len(disagreement.worksheet(j, n=3, by="clause")) == 3
    with pytest.raises(NotEstimable, match="no column"):
        disagreement.worksheet(j, by="team")
    with pytest.raises(BadOption, match="n is 0"):
        disagreement.worksheet(j, n=0)


def test_a_filled_worksheet_becomes_shares_and_a_wrong_code_is_named():
    sheet = disagreement.worksheet(planted(4), n=10)
    sheet["cause"] = ["guideline_gap"] * 6 + ["rater_slip"] * 3 + [""]
    made = disagreement.cause_shares(sheet)
    assert made["items"].tolist() == [6, 3]
    assert made["share"].sum() == pytest.approx(1)
    assert (made["low"] < made["share"]).all()
    sheet.loc[2, "cause"] = "stupid rater"
    with pytest.raises(InvalidData, match="row 3, column cause"):
        disagreement.cause_shares(sheet)
    with pytest.raises(NotEstimable, match="no row"):
        disagreement.cause_shares(sheet.assign(cause=""))


@given(st.sets(st.tuples(st.sampled_from("abcd"), st.sampled_from("xy"), st.integers(1, 3)), min_size=1))
@settings(max_examples=30, deadline=None)
def test_repeats_are_those_of_the_rater_who_repeats_fewest(judged):
    rows = pd.DataFrame(sorted(judged), columns=["item_id", "rater_id", "round"]).assign(label="good")
    rounds = {(item, rater): set() for item, rater, _ in judged}
    for item, rater, turn in judged:
        rounds[item, rater].add(turn)
    of = {r: sum(len(turns) > 1 for (_, who), turns in rounds.items() if who == r) for _, r, _ in judged}
    assert disagreement.repeats(rows).value == min(of.values())


def test_repeats_need_rounds():
    with pytest.raises(NotEstimable, match="round"):
        disagreement.repeats(complete(SHROUT))


def test_a_label_given_once_where_raters_share_no_item_has_no_variance_to_divide():
    rows = [("a", "p", "b"), ("a", "q", "b"), ("b", "r", "worse"), ("c", "p", "a"), ("c", "q", "a")]
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    with pytest.raises(NotEstimable, match="show no variance"):
        disagreement.variance_components(frame, label="worse")
