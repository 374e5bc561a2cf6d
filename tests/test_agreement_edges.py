"""Agreement at the edges: where little can be known, the interval says so."""

import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import agreement, reports
from halo_methods.agreement.icc import f_interval
from halo_methods.errors import NotEstimable
from halo_methods.judgments import as_judgments
from halo_methods.stats.between_groups import rank_intervals, rater_effects
from halo_methods.stats.means import welch
from halo_methods.stats.totals import ratio_contrast

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import coverage_edges


def judged(table, **options):
    """A table of labels, items by raters, None where there is none."""
    rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row) if x is not None]
    return as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), **options)


@pytest.mark.parametrize("odd", [["bad", "bad", "ok"], ["bad", "ok", "ok"], ["bad", "bad", "bad"]])
@pytest.mark.parametrize("measure", [agreement.krippendorff_alpha, agreement.fleiss_kappa])
def test_one_item_that_differs_says_next_to_nothing(measure, odd):
    for over in ("items and raters", "items"):
        e = measure(judged([odd] + [["ok"] * 3] * 99), over=over)
        assert (e.low, e.high) == (-1, 1)
        assert e.codes.count("whole_range") == 1
        assert "no_spread" not in e.codes
        assert any("Only 1 of 100 items" in caution for caution in e.cautions)


@given(st.integers(10, 80), st.integers(2, 5), st.integers(1, 3), st.data())
@settings(max_examples=30, deadline=None)
def test_up_to_three_items_that_differ_carry_no_interval(n, raters, k, data):
    label = st.sampled_from(["bad", "ok", "worse"])
    odd = data.draw(st.lists(st.lists(label, min_size=raters, max_size=raters), min_size=k, max_size=k))
    odd[0][0] = "bad"
    j = judged(odd + [["ok"] * raters] * (n - k))
    for measure in (agreement.krippendorff_alpha, agreement.fleiss_kappa, agreement.pairs):
        try:
            made = measure(j)
        except NotEstimable:
            continue
        rows = (
            made.table[["low", "high"]].dropna().to_numpy() if measure is agreement.pairs else [[made.low, made.high]]
        )
        assert all((low, high) == (-1, 1) for low, high in rows)


@given(st.integers(2, 9), st.sampled_from([2, 3, 60]), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_two_to_nine_items_carry_no_interval(n, raters, seed):
    rng = np.random.default_rng(seed)
    label = np.where(rng.random((n, raters)) < rng.random((n, 1)), "a", "b")
    single = [["a", *[None] * (raters - 1)]] * 20  # judged once, which says nothing of agreement
    for measure in (agreement.krippendorff_alpha, agreement.gwet_ac, agreement.percent_agreement):
        try:
            e = measure(judged([*label.tolist(), *single]))
        except NotEstimable:
            continue
        assert e.high == 1
        assert e.low in (-1, 0)
        assert "whole_range" in e.codes


def test_two_items_of_a_hundred_raters_do_not_look_alike():
    e = agreement.krippendorff_alpha(judged([["a"] * 30 + ["b"] * 70, ["a"] * 80 + ["b"] * 20]))
    assert (e.low, e.high) == (-1, 1)
    assert "no_spread" not in e.codes


def test_a_coefficient_that_hangs_on_one_rater_says_nothing_of_others():
    rng = np.random.default_rng(1)
    table = [[x, y, None] if i % 2 else [x, None, y] for i, (x, y) in enumerate(rng.choice(["a", "b"], (60, 2)))]
    for over in ("items and raters", "raters"):
        e = agreement.krippendorff_alpha(judged(table), over=over)
        assert (e.low, e.high) == (-1, 1)
        assert "hangs_on_one_rater" in e.codes
        assert -1 < e.items_only[0] < e.items_only[1] < 1
    assert agreement.krippendorff_alpha(judged(table), over="items").low > -1


def test_a_slice_of_the_study_of_edges():
    made = coverage_edges.study(8, 7, rare_raters=(3,), few_raters=(50,), items=(2,))
    assert (made["coverage"] > 0.85).all()


def test_the_committed_study_of_edges_covers():
    made = reports.study("coverage_edges")
    known = made[(made["setting"] == "rare") | (made["items"] < 10)]
    assert len(known) > 400
    assert (known["coverage"] >= 0.9).all()


@given(st.integers(1, 9), st.integers(2, 6), st.booleans())
@settings(max_examples=20, deadline=None)
def test_the_rarest_label_is_never_left_out(k, raters, alone):
    rare = ["bad"] + [None if alone else "ok"] * (raters - 1)
    j = judged([rare] * k + [["ok"] * raters] * 60 + [["fine"] * raters] * 20)
    items = "0 items" if alone else "1 item" if k == 1 else f"{k} items"
    with pytest.raises(NotEstimable, match=f"'bad' was given on {items} only"):
        agreement.rarest_label(j)
    assert agreement.rarest_label(judged([["ok"] * raters] * 60 + [["fine"] * raters] * 20)) == "fine"


def test_a_thousand_items_with_seven_bad_ones_are_undecided():
    rng = np.random.default_rng(2)
    table = np.full((1000, 6), "ok", dtype=object)
    table[np.arange(7), rng.integers(0, 6, 7)] = "bad"
    with pytest.raises(NotEstimable, match="'bad' was given on 7 items only"):
        agreement.rarest_label(judged(table.tolist()))


FORMS = ("ICC1", "ICC2", "ICC3", "ICC1k", "ICC2k", "ICC3k")


@pytest.mark.parametrize("points", [2, 5])
def test_a_rater_who_reverses_the_scale_has_no_correlation(points):
    table = [[i % points, points - 1 - i % points] for i in range(20)]
    for form in FORMS:
        with pytest.raises(NotEstimable, match="all items have the same mean"):
            agreement.icc(judged(table, level="interval"), form=form)
    with pytest.raises(NotEstimable, match="the other way round"):
        agreement.icc_forms(judged(table, level="interval"))


@given(
    st.integers(2, 12),
    st.integers(2, 4),
    st.integers(0, 10_000),
    st.sampled_from([0.0, 0.05, 0.5, 1.0]),
    st.sampled_from(FORMS),
)
@settings(max_examples=20, deadline=None)
def test_an_intraclass_correlation_stays_within_what_can_be(items, raters, seed, own, form):
    rng = np.random.default_rng(seed)
    table = rng.integers(0, 3, (items, 1)) + rng.integers(-1, 2, (items, raters)) * 2
    table[:, 0] = np.where(rng.random(items) < own, table[:, 0], 2 - table[:, -1])
    j = judged(table.tolist(), level="interval")
    try:
        e = agreement.icc(j, form=form)
    except NotEstimable:
        return
    least = -np.inf if form.endswith("k") else -1 / (raters - 1)
    assert least - 1e-9 <= e.low <= e.value <= e.high <= 1 + 1e-9
    assert e.low < e.high


def test_rounds_are_not_items_for_the_intraclass_correlation():
    rng = np.random.default_rng(3)
    item = rng.normal(size=10)
    rows = [(i, r, t, round(item[i] + rng.normal(), 2)) for i in range(10) for r in range(4) for t in range(5)]
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "round", "label"]), level="interval")
    e = agreement.icc(j)
    assert (e.n_items, e.n_judgments) == (10, 200)
    assert {"rounds_as_items", "few_items"} <= set(e.codes)
    once = agreement.icc(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "round", "label"])
                                      .query("round == 1").drop(columns="round"), level="interval"))  # fmt: skip
    assert "rounds_as_items" not in once.codes


def mean_squares(y):
    """Mean squares of items, raters, the rest, and all within items, of a whole table."""
    (n, k), off = y.shape, y - y.mean()
    item, rater = off.mean(1, keepdims=True), off.mean(0)
    rest = ((off - item - rater) ** 2).sum() / ((n - 1) * (k - 1))
    within = ((off - item) ** 2).sum() / (n * (k - 1))
    return k * (item**2).sum() / (n - 1), n * (rater**2).sum() / (k - 1), rest, within


def of_rounds(y, form, items):
    """The interval of `icc` for a table of items in several rounds by raters."""
    (n, k), (between, raters, rest, within) = y.shape, mean_squares(y)
    error = within if form == "ICC1" else rest
    also = k * (raters - rest) / n if form == "ICC2" else 0.0
    value = (between - error) / (between + (k - 1) * error + also)
    return f_interval(form, value, between / error, raters / rest, items, k, 0.95)


@pytest.mark.parametrize(("form", "spread"), [("ICC1", 0), ("ICC2", 0.2), ("ICC3", 0.2)])
def test_items_of_five_rounds_hold_the_intraclass_correlation_as_often_as_stated(form, spread):
    rng, hits, studies, k = np.random.default_rng(6), 0, 400, 4
    for _ in range(studies):
        y = np.repeat(rng.normal(size=10), 5)[:, None] + rng.normal(size=k) * spread**0.5 + rng.normal(size=(50, k))
        low, high = of_rounds(y, form, 10)
        hits += low <= 1 / (2 + (spread if form == "ICC2" else 0)) <= high
    assert hits >= 0.92 * studies
    rows = [(f"i{u // 5}", f"r{r}", u % 5, x) for (u, r), x in np.ndenumerate(y)]
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "round", "label"])
    e = agreement.icc(as_judgments(frame, level="interval"), form=form)
    assert (e.low, e.high) == pytest.approx((low, high))
    with pytest.raises(NotEstimable, match="fewer than three items"):
        agreement.icc(as_judgments(frame[frame["item_id"] < "i2"], level="interval"))


def test_what_would_take_minutes_is_refused_at_once():
    n = 3000
    rows = pd.DataFrame({"item_id": [f"i{i}" for i in range(n)] * 2, "rater_id": ["a"] * n + ["b"] * n})
    many = as_judgments(rows.assign(label=[f"text {i}" for i in range(2 * n)], slice=[f"s{i}" for i in range(n)] * 2))
    crowd = pd.DataFrame([(i, r, "x") for i in range(20) for r in range(800)], columns=["item_id", "rater_id", "label"])
    shared = crowd[(crowd["rater_id"] < 160)].assign(label=lambda f: ["x", "y"] * (len(f) // 2))
    start = time.perf_counter()
    with pytest.raises(NotEstimable, match="6,000 labels, more than the 300"):
        agreement.by_label(many)
    with pytest.raises(NotEstimable, match="3,000 values of slice, more than the 300"):
        agreement.by(many, "slice")
    with pytest.raises(NotEstimable, match="6,392,000 pairs of judgments on one item"):
        agreement.pairs(crowd)
    with pytest.raises(NotEstimable, match="12,720 pairs of raters, more than the 10,000"):
        agreement.pairs(shared)
    with pytest.raises(NotEstimable, match="501 groups, more than the 500"):
        rank_intervals(np.arange(501.0), np.ones(501))
    of = np.arange(4000)
    with pytest.raises(NotEstimable, match="4,000 raters are more than the 3,000"):
        rater_effects(of.astype(float), of // 2, of, centred=True)
    assert time.perf_counter() - start < 5


@given(st.sampled_from([1e-250, 1e-9, 1e-3, 1e6, 1e120]), st.integers(0, 99), st.sampled_from([4, 200]))
@settings(max_examples=20, deadline=None)
def test_the_unit_of_the_labels_changes_nothing(unit, seed, values):
    rng = np.random.default_rng(seed)
    plain = np.clip(rng.integers(0, values, (40, 1)) + rng.integers(-1, 2, (40, 3)), 0, values)

    def measured(table):
        j = judged(table.tolist(), level="interval")
        alpha, icc = agreement.krippendorff_alpha(j), agreement.icc(j)
        found = [alpha.value, alpha.low, alpha.high, icc.value, icc.low, icc.high]
        if values == 4:
            kappa = agreement.gwet_ac(j, weights="quadratic")
            found += [kappa.value, kappa.low, agreement.cohen_kappa(j, "r0", "r1", weights="linear").value]
        return found

    assert measured(plain * unit) == pytest.approx(measured(plain), abs=1e-6)


def test_numbers_that_double_precision_cannot_tell_apart_are_refused():
    start = 100_000_000_000_000_000
    j = judged([[str(start + i % 3), str(start + (i + i // 5) % 3)] for i in range(30)])
    same = "one number at double precision: subtract what all share"
    with pytest.raises(NotEstimable, match=same):
        agreement.krippendorff_alpha(j, level="interval")
    for measure in (agreement.icc, agreement.icc_forms):
        with pytest.raises(NotEstimable, match=same):
            measure(j)


def test_means_in_a_tiny_unit_have_the_same_interval():
    plain, tiny = (welch((10, 0.5 * u, 0.25 * u * u), (12, 0.9 * u, 0.16 * u * u)) for u in (1.0, 1e-12))
    assert [float(x) / 1e-12 for x in tiny[:3]] == pytest.approx([float(x) for x in plain[:3]])
    assert float(tiny[3]) == pytest.approx(float(plain[3]))


def test_a_contrast_of_which_one_side_is_one_item_has_the_whole_range():
    items = np.array([[[1.0, 2], [0, 0]]] * 20 + [[[0, 0], [2.0, 2]]])
    made = ratio_contrast(items, items.sum(0)[None], items, np.ones(21), [-1, 1])
    assert (made.value, made.low, made.high) == (0.5, -1, 1)


@pytest.mark.parametrize("measure", [agreement.krippendorff_alpha, agreement.fleiss_kappa])
def test_a_rare_label_may_be_agreed_on_by_one_more_item(measure):
    table = [["ok"] * 8 + ["bad"] * 2, ["ok"] * 9 + ["bad"], ["ok"] * 7 + ["bad"] * 3] * 3 + [["ok"] * 10]
    more = measure(judged([*table, ["bad"] * 10])).value
    for over in ("items and raters", "items"):
        assert measure(judged(table), over=over).high >= more - 1e-9
    assert measure(judged(table), over="raters").high < more  # these items, and no others


def test_ten_items_with_a_rare_label_hold_the_truth():
    made = coverage_edges.study(25, 8, rare_raters=(), few_raters=(50,), items=(10,))
    alpha = made[(made["measure"] == "alpha") & (made["a"] == 0.5)]
    assert (alpha["coverage"] > 0.85).all()
