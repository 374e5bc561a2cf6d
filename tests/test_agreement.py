"""Published values, brute force, invariances, degenerate tables, coverage."""

import importlib.util
import warnings
from pathlib import Path

import numpy as np
import oracles
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods import agreement, reports
from halo_methods.agreement.coefficients import (
    chance_corrected,
    cohen,
    influence,
    kappa_from_disagreement,
    krippendorff,
    krippendorff_from_moments,
    moment_totals,
    pair_totals,
    pattern_totals,
    standard_error,
)
from halo_methods.errors import BadOption, HaloError, NotEstimable
from halo_methods.judgments.counts import contingency, moments
from halo_methods.stats.totals import leave_one_unit_out, pattern_variance

# Krippendorff (2011), https://repository.upenn.edu/asc_papers/43/: observers by units.
KRIPPENDORFF = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, None, None, None],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, None, 3],
    [None, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, None],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, None],
]
# Gwet (2014), the R package irrCAC: units by raters.
GWET = [
    [1, 1, None, 1], [2, 2, 3, 2], [3, 3, 3, 3], [3, 3, 3, 3], [2, 2, 2, 2], [1, 2, 3, 4], [4, 4, 4, 4],
    [1, 1, 2, 1], [2, 2, 2, 2], [None, 5, 5, 5], [None, None, 1, 1], [None, None, 3, None],
]  # fmt: skip
ABSTRACTORS = [[13, 0, 0], [0, 20, 7], [0, 4, 56]]
# Fleiss (1971), table 1: 30 subjects, six diagnoses each.
DIAGNOSES = [
    "444444", "222555", "233335", "555555", "222444", "113333", "333355", "113334", "114444", "555555",
    "144444", "124444", "222333", "144444", "224445", "333335", "111455", "111112", "224444", "133555",
    "555555", "244444", "224555", "114444", "144445", "222224", "111155", "224444", "133333", "555555",
]  # fmt: skip
SHROUT_FLEISS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]


def rows_of(table) -> list[tuple[str, str, float]]:
    """Units by raters, None missing, as rows."""
    return [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row) if x is not None]


def judgments(rows, **options):
    frame = pd.DataFrame([(i, r, str(x)) for i, r, x in rows], columns=["item_id", "rater_id", "label"])
    return halo.as_judgments(frame, **{"level": "nominal", **options})


def pair_table(counts):
    pairs = [(a, b) for a, row in enumerate(counts) for b, n in enumerate(row) for _ in range(n)]
    return judgments(rows_of(pairs))


@pytest.mark.parametrize(
    ("level", "published"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_krippendorff_2011(level, published):
    made = agreement.krippendorff_alpha(judgments(rows_of(zip(*KRIPPENDORFF, strict=True))), level=level)
    assert round(made.value, 3) == published


@pytest.mark.parametrize(
    ("measure", "options", "published"),
    [
        (agreement.gwet_ac, {}, 0.77544),
        (agreement.fleiss_kappa, {}, 0.76117),
        (agreement.krippendorff_alpha, {}, 0.74342),
        (agreement.brennan_prediger, {}, 0.77273),
        (agreement.percent_agreement, {}, 0.81818),
        # computed with irrCAC 0.4.4, not published
        (agreement.gwet_ac, {"weights": "ordinal"}, 0.89894),
        (agreement.gwet_ac, {"weights": "linear"}, 0.858739),
        (agreement.gwet_ac, {"weights": "quadratic"}, 0.914001),
    ],
)
def test_gwet_four_raters(measure, options, published):
    places = len(str(published)) - 2
    assert round(measure(judgments(rows_of(GWET)), **options).value, places) == published


@pytest.mark.parametrize(
    ("measure", "published"),
    [
        (lambda j: agreement.cohen_kappa(j, "r0", "r1"), 0.7964094),
        (agreement.scott_pi, 0.7962397),
        (agreement.gwet_ac, 0.8493305),
        (agreement.brennan_prediger, 0.835),
        (agreement.krippendorff_alpha, 0.7972585),
    ],
)
def test_gwet_two_abstractors(measure, published):
    assert round(measure(pair_table(ABSTRACTORS)).value, 7) == pytest.approx(published, abs=1e-12)


@pytest.mark.parametrize(
    ("measure", "error", "low"),
    [
        (agreement.gwet_ac, 0.14295, 0.461),
        (agreement.fleiss_kappa, 0.15302, 0.424),
        (agreement.krippendorff_alpha, 0.14557, 0.419),
        (agreement.brennan_prediger, 0.14472, 0.454),
    ],
)
def test_gwets_analytic_errors_and_intervals(measure, error, low):
    made = measure(judgments(rows_of(GWET)), over="items", replicates=0)
    assert (round(made.low, 3), made.high, made.over) == (low, 1, "items")
    assert float(made.method.split("error ")[1].rstrip(")")) == pytest.approx(error, abs=6e-5)


@pytest.mark.parametrize(
    ("coefficient", "error"),
    [
        (lambda q: chance_corrected("AC1", q, "gwet"), 0.04321747),
        (lambda q: chance_corrected("pi", q, "fleiss"), 0.05905473),
        (lambda q: chance_corrected("BP", q, "uniform"), 0.04693346),
        (lambda q: krippendorff("nominal", q), 0.05905473),
    ],
)
def test_gwets_analytic_errors_of_two_raters(coefficient, error):
    """For two raters Gwet divides by n squared, for more by n (n - 1)."""
    j = pair_table(ABSTRACTORS)
    made = coefficient(j.labels)
    totals = pattern_totals(j, made)
    n = totals.n_units
    assert standard_error(totals, made) * ((n - 1) / n) ** 0.5 == pytest.approx(error, abs=5e-9)


def test_the_analytic_error_of_cohens_kappa_is_gwets():
    j = pair_table(ABSTRACTORS)
    kappa = cohen(j.labels)
    totals = pair_totals(contingency(j, "r0", "r1").astype(float), kappa)
    moved = influence(totals, kappa, all_paired=True)
    assert (totals.frequency @ moved**2) ** 0.5 / totals.n_units == pytest.approx(0.05891072, abs=5e-9)
    made = agreement.cohen_kappa(j, "r0", "r1", replicates=0)
    reach = (made.high - made.low) / 2
    assert reach == pytest.approx(1.98422 * 0.05891072 * (100 / 99) ** 0.5, rel=1e-5)


def test_the_analytic_interval_is_over_items_and_wide_where_nothing_varies():
    j = judgments(simulated(60, 5))
    with pytest.raises(BadOption, match='say over="items"'):
        agreement.gwet_ac(j, replicates=0)
    with pytest.raises(BadOption, match="allowed: 100 or more, or 0 for the analytic interval"):
        agreement.gwet_ac(j, over="items", replicates=50)
    one, two = (agreement.gwet_ac(j, over="items", replicates=r) for r in (0, 1000))
    assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=0.02)
    alike = judgments([(f"i{i}", f"r{r}", i % 2) for i in range(20) for r in range(3)])
    assert agreement.krippendorff_alpha(alike, over="items", replicates=0).low < 1


def test_the_analytic_interval_covers():
    """Nominal alpha of 200 items by five fixed raters, against the mean over many samples."""
    values, ends = [], []
    for seed in range(120):
        made = agreement.krippendorff_alpha(
            judgments(simulated(200, 5, seed=seed, missing=0.1)), over="items", replicates=0
        )
        values.append(made.value)
        ends.append((made.low, made.high))
    truth = np.mean(values)
    assert 0.90 <= np.mean([low <= truth <= high for low, high in ends]) <= 0.99


def test_the_analytic_errors_gwet_prints_are_near_the_jackknife():
    j = pair_table(ABSTRACTORS)
    totals = pattern_totals(j, chance_corrected("AC1", j.labels, "gwet"))
    gaps = leave_one_unit_out(totals) - totals.estimate
    n = totals.n_units
    assert ((n - 1) / n * (totals.frequency @ gaps**2)) ** 0.5 == pytest.approx(0.04321747, rel=0.02)


def test_fleiss_1971():
    made = agreement.fleiss_kappa(judgments(rows_of([list(map(int, row)) for row in DIAGNOSES])))
    assert round(made.value, 2) == 0.43
    assert made.value == pytest.approx(0.43024452006014074, abs=1e-12)


def test_cohen_1968_given_disagreement_weights():
    table = np.array([[88.0, 14, 18], [10, 40, 10], [2, 6, 12]])
    kappa = kappa_from_disagreement(np.array([[0.0, 1, 3], [1, 0, 6], [3, 6, 0]]))
    assert round(float(kappa.value(kappa.sums(table.ravel()))), 3) == 0.348
    plain = agreement.cohen_kappa(pair_table(table.astype(int)), "r0", "r1")
    assert round(plain.value, 3) == 0.492


@pytest.mark.parametrize(
    ("form", "value", "low", "high"),
    [
        ("ICC1", 0.17, -0.13, 0.72),
        ("ICC2", 0.29, 0.02, 0.76),
        ("ICC3", 0.71, 0.34, 0.95),
        ("ICC1k", 0.44, -0.88, 0.91),
        ("ICC2k", 0.62, 0.07, 0.93),
        ("ICC3k", 0.91, 0.68, 0.99),
    ],
)
def test_shrout_fleiss_1979(form, value, low, high):
    made = agreement.icc(judgments(rows_of(SHROUT_FLEISS), level="interval"), form=form)
    assert (round(made.value, 2), round(made.low, 2), round(made.high, 2)) == (value, low, high)
    assert made.over == ("items and raters" if form.startswith("ICC2") else "items")


def test_icc3k_interval_is_feldts_at_full_precision():
    made = agreement.icc(judgments(rows_of(SHROUT_FLEISS), level="interval"), form="ICC3k")
    assert (round(made.low, 3), round(made.high, 3)) == (0.676, 0.986)
    assert made.value == pytest.approx(0.9093155423770694, abs=1e-12)


def test_icc_refuses_what_it_cannot_do():
    holes = [*rows_of(SHROUT_FLEISS)[:-1], ("i9", "r0", 3)]
    with pytest.raises(NotEstimable, match="2 of 7 items"):
        agreement.icc(judgments(holes, level="interval"))
    made = agreement.icc(judgments(holes, level="interval"), incomplete="drop")
    assert made.n_items == 5
    assert "2 items that not every rater judged are dropped." in made.cautions
    for table, words in (
        ([[3, 3], [3, 3], [3, 3]], "no variance"),
        ([[3, 4], [5, 3]], "fewer than three items"),
        ([[1, 1], [2, 2], [3, 3]], "agree on every item"),
        ([[1, 2], [2, 3], [3, 4]], "differ by a constant"),
        ([["a", "b"], ["b", "a"]], "numbers"),
        ([[1], [2]], "one rater"),
    ):
        with pytest.raises(NotEstimable, match=words):
            agreement.icc(judgments(rows_of(table)), form="ICC3")
    with pytest.raises(BadOption, match="ICC1"):
        agreement.icc(judgments(holes), form="ICC4")


@st.composite
def tables(draw, raters=4, items=7, labels=4):
    cells = st.one_of(st.none(), st.integers(0, labels - 1))
    made = draw(st.lists(st.lists(cells, min_size=raters, max_size=raters), min_size=3, max_size=items))
    rows = rows_of(made)
    paired = [x for row in made if sum(v is not None for v in row) > 1 for x in row if x is not None]
    assume(len(set(paired)) > 1)
    return rows


SCALE = ["0", "1", "2", "3"]


@given(tables(), st.sampled_from(["nominal", "ordinal", "interval", "ratio"]))
@settings(max_examples=80)
def test_alpha_equals_brute_force(rows, level):
    made = agreement.krippendorff_alpha(judgments(rows, scale=SCALE), level=level, replicates=100)
    assert made.value == pytest.approx(oracles.alpha(rows, level), abs=1e-9)
    assert made.low <= made.value <= made.high
    assert made.low < made.high or made.cautions


@given(tables())
@settings(max_examples=60)
def test_other_coefficients_equal_brute_force(rows):
    j = judgments(rows, scale=SCALE)
    for measure, oracle in (
        (agreement.percent_agreement, oracles.raw_agreement(rows)),
        (agreement.fleiss_kappa, oracles.fleiss(rows)),
        (agreement.gwet_ac, oracles.ac1(rows, 4)),
        (agreement.brennan_prediger, oracles.brennan_prediger(rows, 4)),
    ):
        assert measure(j, over="items", replicates=100).value == pytest.approx(oracle, abs=1e-9)


@given(tables(raters=2))
@settings(max_examples=40)
def test_cohen_equals_brute_force(rows):
    j = judgments(rows, scale=SCALE)
    try:
        made = agreement.cohen_kappa(j, "r0", "r1", replicates=100)
    except NotEstimable:
        with pytest.raises(ZeroDivisionError):
            oracles.cohen(rows, "r0", "r1")
        return
    assert made.value == pytest.approx(oracles.cohen(rows, "r0", "r1"), abs=1e-9)


@given(tables(), st.sampled_from(["nominal", "ordinal", "interval"]))
@settings(max_examples=60)
def test_delete_one_rater_is_exact(rows, level):
    j = judgments(rows, scale=SCALE)
    totals = pattern_totals(j, krippendorff(level, j.labels))
    left_out = totals.value(totals.without)
    for rater, found in zip(sorted({r for _, r, _ in rows}), left_out, strict=True):
        try:
            expected = oracles.alpha(oracles.without(rows, rater), level)
        except ZeroDivisionError:
            assert np.isnan(found)
        else:
            assert found == pytest.approx(expected, abs=1e-9)


def test_delete_one_rater_and_item_are_exact_from_moments():
    rng = np.random.default_rng(5)
    rows = [(f"i{i:02}", f"r{r}", float(rng.exponential())) for i in range(40) for r in range(4) if rng.random() < 0.7]
    j = judgments(rows, level="interval")
    for level in ("interval", "ordinal"):
        made = agreement.krippendorff_alpha(j, level=level)
        assert made.value == pytest.approx(oracles.alpha(rows, level), abs=1e-9)
        totals = moment_totals(moments(j), krippendorff_from_moments(level))
        if level == "interval":
            expected = [oracles.alpha(oracles.without(rows, f"r{r}"), level) for r in range(4)]
            assert totals.value(totals.without) == pytest.approx(expected, abs=1e-9)
            items = [i for i, labels in sorted(oracles.by_item(rows).items()) if len(labels) > 1]
            expected = [oracles.alpha([row for row in rows if row[0] != i], level) for i in items]
            assert leave_one_unit_out(totals) == pytest.approx(expected, abs=1e-9)


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=30)
def test_order_and_names_change_nothing(rows, random):
    names = ["w", "x", "y", "z"]
    random.shuffle(names)
    other = [(f"j{i}", f"s{r}", names[x]) for i, r, x in rows]
    random.shuffle(other)
    for measure in (agreement.krippendorff_alpha, agreement.gwet_ac, agreement.fleiss_kappa):
        one = measure(judgments(rows, scale=SCALE), over="items and raters")
        two = measure(judgments(other, scale=names), over="items and raters")
        assert (two.value, two.low, two.high) == pytest.approx((one.value, one.low, one.high), abs=1e-9)


def simulated(items, raters, seed=1, accuracy=0.8, missing=0.0):
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, items)
    right = rng.random((items, raters)) < accuracy
    label = np.where(right, truth[:, None], rng.integers(0, 3, (items, raters)))
    seen = rng.random(label.shape) >= missing
    return [(f"i{i}", f"r{r}", int(label[i, r])) for i, r in zip(*np.nonzero(seen), strict=True)]


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=25)
def test_order_of_rows_items_and_raters_changes_nothing(rows, random):
    """Also for measures that read the scale's order, where labels keep their names."""
    items, raters = (sorted({row[part] for row in rows}) for part in (0, 1))
    new_items, new_raters = ([f"n{k}" for k in range(len(names))] for names in (items, raters))
    random.shuffle(new_items)
    random.shuffle(new_raters)
    of, by = dict(zip(items, new_items, strict=True)), dict(zip(raters, new_raters, strict=True))
    other = [(of[i], by[r], x) for i, r, x in rows]
    random.shuffle(other)
    one, two = judgments(rows, scale=SCALE), judgments(other, scale=SCALE)
    for measure, options in (
        (agreement.percent_agreement, {"weights": "linear"}),
        (agreement.krippendorff_alpha, {"level": "ordinal"}),
        (agreement.krippendorff_alpha, {"level": "interval"}),
        (agreement.gwet_ac, {"weights": "quadratic"}),
        (agreement.fleiss_kappa, {"weights": "radical"}),
        (agreement.brennan_prediger, {"weights": "circular"}),
    ):
        for over in ("items", "items and raters"):
            a, b = (measure(j, over=over, replicates=100, **options) for j in (one, two))
            assert (b.value, b.low, b.high) == pytest.approx((a.value, a.low, a.high), abs=1e-9)


@given(tables())
@settings(max_examples=25)
def test_doubling_every_item_keeps_the_value(rows):
    twice = rows + [(f"{i}-again", r, x) for i, r, x in rows]
    one, two = judgments(rows, scale=SCALE), judgments(twice, scale=SCALE)
    for measure in (agreement.percent_agreement, agreement.fleiss_kappa, agreement.gwet_ac, agreement.brennan_prediger):
        assert measure(two).value == pytest.approx(measure(one).value, abs=1e-9)
    n = sum(len(labels) for labels in oracles.by_item(rows).values() if len(labels) > 1)
    alpha, doubled = (1 - agreement.krippendorff_alpha(j).value for j in (one, two))
    assert doubled * (n - 1) / n == pytest.approx(alpha * (2 * n - 1) / (2 * n), abs=1e-9)


def test_doubling_every_item_keeps_the_value_and_narrows_the_interval():
    rows = simulated(80, 4, missing=0.2)
    twice = rows + [(f"{i}-again", r, x) for i, r, x in rows]
    for measure in (agreement.percent_agreement, agreement.fleiss_kappa, agreement.gwet_ac):
        one = measure(judgments(rows), over="items", replicates=4000)
        two = measure(judgments(twice), over="items", replicates=4000)
        assert two.value == pytest.approx(one.value, abs=1e-12)
        assert (one.high - one.low) / (two.high - two.low) == pytest.approx(2**0.5, rel=0.1)


def test_whom_the_interval_speaks_for():
    j = judgments(simulated(60, 5))
    both, items, raters = (agreement.krippendorff_alpha(j, over=o) for o in ("items and raters", "items", "raters"))
    assert [e.over for e in (both, items, raters)] == ["items and raters", "items", "raters"]
    assert both.high - both.low > items.high - items.low
    assert both.items_only is None
    few = agreement.krippendorff_alpha(judgments(simulated(60, 3)))
    assert few.items_only is not None
    assert few.over == "items and raters"
    assert any("few to stand for others" in c for c in few.cautions)
    two = agreement.krippendorff_alpha(judgments(simulated(60, 2)))
    assert two.over == "items"
    assert any("nothing can be said of other raters" in c for c in two.cautions)


def test_the_same_seed_gives_the_same_interval():
    j = judgments(simulated(60, 5))
    one, two, other = (agreement.gwet_ac(j, over="items", seed=s) for s in (7, 7, 8))
    assert one == two
    assert one != other


def test_one_label_everywhere():
    j = judgments([(f"i{i}", f"r{r}", 1) for i in range(10) for r in range(5)], scale=["0", "1"])
    for measure in (agreement.krippendorff_alpha, agreement.fleiss_kappa):
        with pytest.raises(NotEstimable, match="every judgment is '1': chance-corrected agreement is undefined; raw"):
            measure(j)
    with pytest.raises(NotEstimable, match="every judgment is '1'"):
        agreement.cohen_kappa(j, "r0", "r1")
    for measure in (agreement.percent_agreement, agreement.gwet_ac, agreement.brennan_prediger):
        made = measure(j)
        assert made.value == 1
        assert made.low < 1 == made.high
        assert any("look alike" in c for c in made.cautions)
    share = 1 - 0.05**0.1
    assert agreement.percent_agreement(j).low == pytest.approx(1 - share)


def test_what_cannot_be_estimated_says_why():
    for rows, words in (
        ([("a", "x", 1), ("b", "x", 0)], "one rater"),
        ([("a", "x", 1), ("b", "y", 0)], "no item was judged by two"),
        ([("a", "x", 1), ("a", "y", 1), ("b", "y", 0)], "on items that two raters judged is '1'"),
    ):
        with pytest.raises(NotEstimable, match=words):
            agreement.krippendorff_alpha(judgments(rows))
    words = judgments([("a", "x", "low"), ("a", "y", "high"), ("b", "x", "low"), ("b", "y", "low")])
    with pytest.raises(NotEstimable, match="order is not known"):
        agreement.krippendorff_alpha(words, level="ordinal")
    with pytest.raises(HaloError, match="numbers"):
        agreement.krippendorff_alpha(words, level="interval")
    with pytest.raises(BadOption, match="over"):
        agreement.krippendorff_alpha(words, over="people")
    with pytest.raises(NotEstimable, match="Scott's pi is for two"):
        agreement.scott_pi(judgments(simulated(10, 3)))


def test_cautions():
    rare = judgments([(f"i{i}", f"r{r}", int(i == 3 and r < 2)) for i in range(60) for r in range(5)])
    made = agreement.krippendorff_alpha(rare)
    assert any("chance-corrected agreement is low" in c for c in made.cautions)
    assert "raw agreement" in made.method
    frame = pd.DataFrame(simulated(20, 5), columns=["item_id", "rater_id", "label"]).astype(str)
    made = agreement.krippendorff_alpha(halo.as_judgments(frame))
    assert any("taken as nominal" in c for c in made.cautions)
    assert any("20 shared items" in c for c in made.cautions)
    assert agreement.krippendorff_alpha(judgments(simulated(60, 5, missing=0.2))).cautions == ()


def test_tables():
    j = judgments(simulated(60, 4))
    table = agreement.pairs(j).table
    assert len(table) == 6
    row = table.iloc[0]
    alone = agreement.cohen_kappa(j, row["rater_a"], row["rater_b"])
    assert row["value"] == alone.value
    assert (row["low"], row["high"]) == pytest.approx((alone.low, alone.high), abs=0.05)
    summary = agreement.summary(j).table
    assert summary["coefficient"].iloc[0] == "raw agreement"
    assert summary["prevalence"].between(0, 1).all()
    frame = j.frame.to_pandas().assign(locale=lambda d: np.where(d["item_id"] < "i3", "fr-FR", "de-DE"))
    by = agreement.by(halo.as_judgments(frame, level="nominal"), "locale", measure=agreement.gwet_ac).table
    assert by["locale"].tolist() == ["de-DE", "fr-FR"]
    only = agreement.gwet_ac(halo.as_judgments(frame[frame["locale"] == "de-DE"], level="nominal"))
    assert (by["value"].iloc[0], by["low"].iloc[0]) == (only.value, only.low)


def test_pandalm(datasets):
    j = halo.read_judgments(
        datasets("pandalm_pairwise.csv"), values={"rater_type": {"llm": "model"}}, scale=["0", "1", "2"],
        level="nominal", missing=("", "garbage"),
    ).only(rater_type="human")  # fmt: skip
    found = [agreement.cohen_kappa(j, f"annotator{a}", f"annotator{b}").value for a, b in ((1, 2), (1, 3), (2, 3))]
    assert [round(x, 4) for x in found] == [0.8520, 0.8789, 0.8617]


def test_hatecheck(datasets):
    j = halo.read_judgments(datasets("mhc_hatecheck.csv.gz"), level="nominal")
    table = agreement.by(j, "locale", measure=agreement.fleiss_kappa).table.set_index("locale")["value"]
    known = {"ar": 0.573, "de": 0.598, "es": 0.751, "fr": 0.328, "hi": 0.723, "it": 0.807, "nl": 0.620, "pl": 0.794,
             "pt": 0.743, "zh": 0.506}  # fmt: skip
    assert table.to_dict() == pytest.approx(known, abs=0.001)


def test_wmt(datasets):
    j = halo.read_judgments(
        datasets("wmt23_sxs_mqm.csv.gz"), columns={"language_pair": "locale"}, scale=(0, "25+"), level="interval"
    )
    table = agreement.by(j, "language_pair").table.set_index("language_pair")["value"]
    assert table.round(3).to_dict() == {"en-de": 0.499, "zh-en": 0.457}


def coverage_study():
    path = Path(__file__).parent.parent / "benchmarks" / "coverage_agreement.py"
    spec = importlib.util.spec_from_file_location("coverage_agreement", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_intervals_cover_at_5_raters_by_50_items_without_a_warning():
    study = coverage_study()
    for prevalence, missing in ((0.5, 0.0), (0.1, 0.3)):
        cell = study.Setting(50, 5, prevalence, missing, 12.0, 3.0)
        which = [("alpha", "items and raters"), ("ac1", "items and raters"), ("alpha", "items")]
        for found in study.study(cell, which, rounds=150, seed=11).values():
            assert 0.91 <= found["coverage"] <= 0.995
            assert found["warned"] == 0
            assert found["undefined"] == 0


def test_the_study_of_coverage_is_committed_whole_and_within_bounds_where_the_code_does_not_warn():
    table = reports.study("coverage_agreement")
    assert (table["rounds"] >= 2000).all()
    for column, values in {"items": {20, 40, 50, 200, 1000}, "raters": {2, 3, 5, 20}, "missing": {0, 0.3}}.items():
        assert set(table[column]) == values
    silent = table[table["warned"] < 0.5]
    assert silent["coverage"].between(0.93, 0.98).all(), silent[~silent["coverage"].between(0.93, 0.98)]
    asked = table[(table["raters"] >= 5) & (table["items"] >= 50)]
    assert len(asked) == 96
    assert (asked["warned"] < 0.01).all()


def test_the_truth_of_the_study_is_the_limit():
    study = coverage_study()
    cell = study.Setting(3000, 60, 0.3, 0.0, 12.0, 3.0)
    j, accuracy = study.simulated(np.random.default_rng(2), cell)
    for measure in ("alpha", "ac1", "percent"):
        made = study.MEASURES[measure](j, over="raters")
        assert made.value == pytest.approx(study.true_value(measure, cell, accuracy), abs=0.01)


def test_the_variance_over_items_and_raters_is_that_of_simulated_rounds():
    """Delete-one-item plus delete-one-rater minus delete-one-judgment, against the spread of the coefficient."""
    study = coverage_study()
    cell = study.Setting(60, 8, 0.4, 0.2, 12.0, 3.0)
    rng = np.random.default_rng(5)
    values, variances = [], []
    for _ in range(400):
        j, _ = study.simulated(rng, cell)
        totals = pattern_totals(j, krippendorff("nominal", j.labels))
        by_item = pattern_variance(leave_one_unit_out(totals), totals.frequency)
        by_rater = pattern_variance(totals.value(totals.without))
        single = pattern_variance(totals.value(totals.total + totals.change), totals.times)
        values.append(totals.estimate)
        variances.append((by_item + by_rater - single, by_item + by_rater))
    taken_off, summed = np.mean(variances, axis=0) / np.var(values)
    assert 0.85 < taken_off < 1.15
    assert summed > taken_off + 0.1


def test_no_warning_escapes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agreement.summary(judgments(simulated(30, 5), level="ordinal", scale=["0", "1", "2"]))


# irrCAC 0.4.4, categories 1 to 5: radical, ratio and circular weights of 1 against 1 to 5.
WEIGHTED = {
    "radical": [1, 0.5, 1 - (2 / 4) ** 0.5, 1 - (3 / 4) ** 0.5, 0],
    "ratio": [1, 0.75, 0.4375, 0.19, 0],
    "circular": [1, 0.6180339887, 0, 0, 0.6180339887],
}


@pytest.mark.parametrize("kind", WEIGHTED)
def test_weights_are_those_of_the_papers(kind):
    w = agreement.agreement_weights(kind, [1, 2, 3, 4, 5])
    assert w[0] == pytest.approx(WEIGHTED[kind], abs=1e-9)
    assert np.array_equal(w, w.T)
    assert np.array_equal(np.diag(w), np.ones(5))


@given(tables(), st.sampled_from(["linear", "quadratic", "ordinal", "radical", "ratio", "circular", "jaccard", "masi"]))
@settings(max_examples=60)
def test_weighted_coefficients_equal_brute_force(rows, kind):
    j = judgments(rows, scale=SCALE)
    weight = oracles.weight(kind, [0, 1, 2, 3])
    options = {"weights": kind, "over": "items", "replicates": 100}
    assert agreement.percent_agreement(j, **options).value == pytest.approx(
        oracles.weighted_agreement(rows, weight), abs=1e-9
    )
    assert agreement.fleiss_kappa(j, **options).value == pytest.approx(oracles.weighted_fleiss(rows, weight), abs=1e-9)
    if kind not in ("jaccard", "masi"):
        found = agreement.gwet_ac(j, **options).value
        assert found == pytest.approx(oracles.ac2(rows, weight, [0, 1, 2, 3]), abs=1e-9)


def test_given_weights():
    rows = simulated(40, 4)
    table = pd.DataFrame([[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]], index=[0, 1, 2], columns=[0, 1, 2])
    j = judgments(rows, scale=["0", "1", "2"])
    for measure in (agreement.gwet_ac, agreement.fleiss_kappa, agreement.brennan_prediger, agreement.percent_agreement):
        known = measure(j, weights="linear")
        for given_ in (table, table.iloc[::-1, ::-1], table.to_numpy()):
            made = measure(j, weights=given_)
            assert (made.value, made.low, made.high) == (known.value, known.low, known.high)
        assert "given weights" in made.method
    pair = agreement.cohen_kappa(j, "r0", "r1", weights=table)
    assert pair.value == agreement.cohen_kappa(j, "r0", "r1", weights="linear").value
    assert len(agreement.pairs(j, weights=table).table) == 6
    two = judgments([row for row in rows if row[1] in ("r0", "r1")], scale=["0", "1", "2"])
    assert agreement.scott_pi(two, weights=table).value == agreement.scott_pi(two, weights="linear").value
    for wrong, words in (
        (table.to_numpy()[:2], "2 x 3; there are 3 labels"),
        (table.rename(index={2: 9}), "no row and column for '2'"),
        (table - 0.5, "not all from 0"),
        (table * 0.5, "not 1 on the diagonal"),
        (np.array([[1, 0.2, 0], [0.5, 1, 0], [0, 0, 1]]), "not symmetric"),
        (np.full((3, 3), np.nan), "not all from 0"),
        (np.array([["a"]]), "not numbers"),
    ):
        with pytest.raises(BadOption, match=words):
            agreement.gwet_ac(j, weights=wrong)
    with pytest.raises(BadOption, match="weights is 'cubic'; allowed: 'identity'"):
        agreement.gwet_ac(j, weights="cubic")
    with pytest.raises(NotEstimable, match="ratio weights need labels"):
        agreement.gwet_ac(judgments([(i, r, "abc"[x]) for i, r, x in rows], scale=["a", "b", "c"]), weights="ratio")


def test_circular_weights_go_around():
    hours = agreement.agreement_weights("circular", range(24))
    assert hours[0, 23] == pytest.approx(hours[0, 1])
    assert hours[0, 12] == 0
    longer = agreement.agreement_weights("circular", range(24), period=48)
    assert longer[0, 23] < longer[0, 1]
    with pytest.raises(BadOption, match="one point of the circle"):
        agreement.agreement_weights("circular", [0, 24], period=24)
    with pytest.raises(BadOption, match="period is 0"):
        agreement.agreement_weights("circular", range(24), period=0)


SETS = st.sets(st.sampled_from("abc"), min_size=1).map(lambda s: "|".join(sorted(s)))


@given(st.lists(st.lists(st.one_of(st.none(), SETS), min_size=3, max_size=3), min_size=3, max_size=7))
@settings(max_examples=60)
def test_alpha_of_sets_equals_brute_force(table):
    rows = rows_of(table)
    paired = [x for row in table if sum(v is not None for v in row) > 1 for x in row if x is not None]
    assume(len(set(paired)) > 1)
    for kind in ("jaccard", "masi"):
        made = agreement.krippendorff_alpha(judgments(rows), distance=kind, replicates=100)
        assert made.value == pytest.approx(oracles.alpha_with(rows, oracles.set_distance(kind)), abs=1e-9)


def test_sets_have_no_order_and_no_number():
    rows = [
        ("i0", "x", "a|b"),
        ("i0", "y", "b|a"),
        ("i1", "x", "c"),
        ("i1", "y", "c"),
        ("i2", "x", "d||e"),
        ("i2", "y", "d"),
    ]
    j = judgments(rows)
    assert agreement.percent_agreement(j, weights="masi").value == pytest.approx(2 / 3)
    assert agreement.percent_agreement(j).value == pytest.approx(1 / 3)
    with pytest.raises(BadOption, match="it is not known how many sets"):
        agreement.gwet_ac(j, weights="masi")
    with pytest.raises(BadOption, match="distance is 'dice'"):
        agreement.krippendorff_alpha(j, distance="dice")
    with pytest.raises(BadOption, match="give one"):
        agreement.krippendorff_alpha(j, distance="masi", level="nominal")


@given(tables())
@settings(max_examples=40)
def test_agreement_by_label_equals_brute_force(rows):
    j = judgments(rows, scale=SCALE)
    table = agreement.by_label(j, over="items").table.set_index("label")
    for label in range(4):
        found = table.loc[str(label)]
        assert found["judgments"] == sum(x == label for _, _, x in rows)
        two = [(i, r, int(x == label)) for i, r, x in rows]
        try:
            expected = oracles.specific(rows, label)
        except ZeroDivisionError:
            assert np.isnan(found["value"])
            assert "no rater gave" in found["remarks"]
        else:
            assert found["value"] == pytest.approx(expected, abs=1e-9)
            assert found["low"] <= found["value"] <= found["high"]
        assert found["ac1"] == pytest.approx(oracles.ac1(two, 2), abs=1e-9)
        if np.isfinite(found["alpha"]):
            assert found["alpha"] == pytest.approx(oracles.alpha(two), abs=1e-9)


def test_a_rare_label_shows_what_raw_agreement_hides():
    rng = np.random.default_rng(4)
    truth = rng.random(400) < 0.06
    rows = [(f"i{i}", f"r{r}", int(t and rng.random() < 0.6)) for i, t in enumerate(truth) for r in range(5)]
    j = judgments(rows)
    assert agreement.percent_agreement(j).value > 0.95
    assert agreement.rarest_label(j) == "1"
    made = agreement.specific_agreement(j, "1")
    assert made.value < 0.75
    assert made.over == "items and raters"
    with pytest.raises(BadOption, match="label is '7'"):
        agreement.specific_agreement(j, "7")
    few = judgments(rows[:60], scale=["0", "1", "2"])
    with pytest.raises(NotEstimable, match="no rater gave '2'"):
        agreement.specific_agreement(few, "2")
    with pytest.raises(NotEstimable, match="every judgment has the same label"):
        agreement.rarest_label(few)
    with pytest.raises(NotEstimable, match="it takes 500"):
        agreement.rarest_label(j, min_items=500)


def test_groups_of_several_criteria_show_raw_agreement_beside():
    frame = pd.concat(
        pd.DataFrame(simulated(30, 4, seed=seed), columns=["item_id", "rater_id", "label"]).assign(criterion=name)
        for seed, name in ((1, "tone"), (2, "accuracy"))
    ).astype(str)
    j = halo.as_judgments(frame, level="nominal")
    table = agreement.by(j, "criterion").table.set_index("criterion")
    for name in ("tone", "accuracy"):
        alone = j.only(criterion=name)
        assert table.loc[name, "value"] == agreement.krippendorff_alpha(alone).value
        assert table.loc[name, "raw_agreement"] == pytest.approx(agreement.percent_agreement(alone).value)
        assert table.loc[name, "prevalence"] == pytest.approx(alone.frame["label"].value_counts()["count"].max() / 120)
    assert len(agreement.icc_forms(j.only(criterion="tone")).table) == 6
    with pytest.raises(NotEstimable, match="2 criteria"):
        agreement.by_label(j)


def test_exact_equality_is_not_counted_among_numbers_of_many_values():
    rng = np.random.default_rng(2)
    rows = [(i, r, round(50 + 20 * rng.normal(), 1)) for i in range(60) for r in "ab"]
    j = halo.as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
    for measure in (agreement.fleiss_kappa, agreement.gwet_ac, agreement.brennan_prediger, agreement.scott_pi):
        with pytest.raises(NotEstimable, match="exactly equal says little"):
            measure(j)
    assert agreement.krippendorff_alpha(j).n_items == 60
