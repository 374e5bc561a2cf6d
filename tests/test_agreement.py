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
from halo_methods import agreement
from halo_methods.agreement.coefficients import chance_corrected, kappa_from_disagreement, krippendorff
from halo_methods.agreement.intervals import leave_one_unit_out
from halo_methods.agreement.sums import moment_totals, pattern_totals
from halo_methods.errors import BadOption, HaloError, NotEstimable
from halo_methods.judgments.counts import moments

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
        ([[3, 3], [3, 3]], "no variance"),
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
@settings(max_examples=80, deadline=None)
def test_alpha_equals_brute_force(rows, level):
    made = agreement.krippendorff_alpha(judgments(rows, scale=SCALE), level=level, replicates=100)
    assert made.value == pytest.approx(oracles.alpha(rows, level), abs=1e-9)
    assert made.low <= made.value <= made.high
    assert made.low < made.high or made.cautions


@given(tables())
@settings(max_examples=60, deadline=None)
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
@settings(max_examples=40, deadline=None)
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
@settings(max_examples=60, deadline=None)
def test_delete_one_rater_is_exact(rows, level):
    j = judgments(rows, scale=SCALE)
    totals = pattern_totals(j, krippendorff(level, j.labels), paired_only=True)
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
    for ranks, level in ((False, "interval"), (True, "ordinal")):
        made = agreement.krippendorff_alpha(j, level=level)
        assert made.value == pytest.approx(oracles.alpha(rows, level), abs=1e-9)
        totals = moment_totals(moments(j), agreement.measures.formulas.krippendorff_from_moments(), ranks=ranks)
        if not ranks:
            expected = [oracles.alpha(oracles.without(rows, f"r{r}"), level) for r in range(4)]
            assert totals.value(totals.without) == pytest.approx(expected, abs=1e-9)
            items = [i for i, labels in sorted(oracles.by_item(rows).items()) if len(labels) > 1]
            expected = [oracles.alpha([row for row in rows if row[0] != i], level) for i in items]
            assert leave_one_unit_out(totals) == pytest.approx(expected, abs=1e-9)


@given(tables(), st.randoms(use_true_random=False))
@settings(max_examples=30, deadline=None)
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
    table = agreement.pairs(j)
    assert len(table) == 6
    row = table.iloc[0]
    alone = agreement.cohen_kappa(j, row["a"], row["b"])
    assert row["value"] == alone.value
    assert (row["low"], row["high"]) == pytest.approx((alone.low, alone.high), abs=0.05)
    summary = agreement.summary(j)
    assert summary["coefficient"].iloc[0] == "raw agreement"
    assert summary["prevalence"].between(0, 1).all()
    frame = j.frame.to_pandas().assign(locale=lambda d: np.where(d["item_id"] < "i3", "fr-FR", "de-DE"))
    by = agreement.by(halo.as_judgments(frame, level="nominal"), "locale", measure=agreement.gwet_ac)
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
    table = agreement.by(j, "locale", measure=agreement.fleiss_kappa).set_index("locale")["value"]
    known = {"ar": 0.573, "de": 0.598, "es": 0.751, "fr": 0.328, "hi": 0.723, "it": 0.807, "nl": 0.620, "pl": 0.794,
             "pt": 0.743, "zh": 0.506}  # fmt: skip
    assert table.to_dict() == pytest.approx(known, abs=0.001)


def test_wmt(datasets):
    j = halo.read_judgments(
        datasets("wmt23_sxs_mqm.csv.gz"), columns={"language_pair": "locale"}, scale=(0, "25+"), level="interval"
    )
    table = agreement.by(j, "language_pair").set_index("language_pair")["value"]
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


def test_coverage_of_the_default_interval_at_5_raters_by_100_items():
    study = coverage_study()
    cell = study.Cell("alpha", "items and raters", 100, 5, 0.5, 0.0, 12.0, 3.0)
    made = study.study(cell, rounds=300, seed=11)
    assert 0.91 <= made["coverage"] <= 0.99
    items = study.study(study.Cell("alpha", "items", 100, 5, 0.5, 0.0, 12.0, 3.0), rounds=150, seed=11)
    assert 0.89 <= items["coverage"] <= 1


def test_the_truth_of_the_study_is_the_limit():
    study = coverage_study()
    cell = study.Cell("alpha", "items and raters", 3000, 60, 0.3, 0.0, 12.0, 3.0)
    j, accuracy = study.simulated(np.random.default_rng(2), cell)
    for measure in ("alpha", "ac1", "percent"):
        this = study.Cell(measure, "items", *list(vars(cell).values())[2:])
        assert study.MEASURES[measure](j, over="raters").value == pytest.approx(
            study.true_value(this, accuracy), abs=0.01
        )


def test_no_warning_escapes():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        agreement.summary(judgments(simulated(30, 5), level="ordinal", scale=["0", "1", "2"]))
