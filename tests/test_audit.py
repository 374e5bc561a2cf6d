import json
import sys
from pathlib import Path

import numpy as np
import oracles
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from halo_methods import as_judgments, audit, read_judgments, reports, standards
from halo_methods import stats as stats_room
from halo_methods.audit import sampling_plans as table
from halo_methods.audit.audit_findings import audited_twice
from halo_methods.errors import HaloError, NotEstimable
from halo_methods.stats.two_phase import double_sampling

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))
import study_audit

NEWCOMBE_1998_TABLE_1 = {
    (81, 263): {"wilson": (0.2553, 0.3662), "exact": (0.2527, 0.3676)},
    (0, 20): {"wilson": (0, 0.1611), "exact": (0, 0.1684)},
}


@pytest.mark.parametrize(("counts", "printed"), NEWCOMBE_1998_TABLE_1.items())
@pytest.mark.parametrize("method", ["wilson", "exact"])
def test_newcombe_1998(counts, printed, method):
    share = audit.proportion(*counts, method=method)
    assert (round(share.low, 4), round(share.high, 4)) == printed[method]


@given(st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_inverts_the_score_test(counts):
    k, n = counts
    low, high = stats_room.wilson(k, n)
    for end, beyond in ((float(low), k > 0), (float(high), k < n)):
        if beyond:
            z = (k / n - end) / np.sqrt(end * (1 - end) / n)
            assert abs(z) == pytest.approx(stats.norm.ppf(0.975), rel=1e-6)


@given(st.integers(1, 200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
@pytest.mark.parametrize("method", ["wilson", "exact"])
def test_swapping_success_and_failure_mirrors_the_interval(method, counts):
    k, n = counts
    one, other = audit.proportion(k, n, method=method), audit.proportion(n - k, n, method=method)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low), abs=1e-12)


# Plans.

MONTGOMERY_OC = {  # n = 89, c = 2, as printed
    0.005: 0.9897, 0.01: 0.9397, 0.02: 0.7366, 0.03: 0.4985, 0.04: 0.3042,
    0.05: 0.1721, 0.06: 0.0919, 0.07: 0.0468, 0.08: 0.0230, 0.09: 0.0109,
}  # fmt: skip


def test_montgomerys_operating_characteristic():
    plan = audit.Plan(89, 2, 0.01, 0.06)
    assert {p: round(float(plan.acceptance(p)), 4) for p in MONTGOMERY_OC} == MONTGOMERY_OC


def test_published_single_plans():
    """R's AcceptanceSampling prints n = 80, c = 7; the certification of .85 against .95 is 76 items, pass at 70."""
    plans = [audit.single_plan(0.05, 0.05, 0.15, 0.075), audit.single_plan(0.05, 0.10, 0.15, 0.05)]
    assert [(p.n, p.accept) for p in plans] == [(80, 7), (76, 6)]


@pytest.mark.parametrize("lot", [None, 150, 400])
@pytest.mark.parametrize("points", [(0.02, 0.05, 0.12, 0.10), (0.05, 0.10, 0.15, 0.05), (0.03, 0.05, 0.20, 0.10)])
def test_no_smaller_plan_holds_both_risks(points, lot):
    aql, producer, rql, consumer = points
    good, bad = (aql, rql) if lot is None else (int(aql * lot + 1e-9), int(np.ceil(rql * lot - 1e-9)))

    def accepted(c, n, p):
        return stats.binom.cdf(c, n, p) if lot is None else stats.hypergeom.cdf(c, lot, p, n)

    plan = audit.single_plan(aql, producer, rql, consumer, lot=lot)
    assert accepted(plan.accept, plan.n, good) >= 1 - producer
    assert accepted(plan.accept, plan.n, bad) <= consumer
    smaller = [(n, c) for n in range(1, plan.n) for c in range(n)
               if accepted(c, n, bad) <= consumer and accepted(c, n, good) >= 1 - producer]  # fmt: skip
    assert smaller == []


def test_montgomerys_double_plan():
    plan = audit.DoublePlan(150, 3, 0.01, 0.10, n1=50, accept1=1, reject1=4)
    assert float(stats.binom.cdf(1, 50, 0.05)) == pytest.approx(0.279, abs=5e-4)
    assert float(plan.acceptance(0.05)) == pytest.approx(0.2897, abs=1e-3)  # printed from rounded factors


def test_a_double_plan_plays_out_as_computed():
    plan, rng, runs = audit.double_plan(0.03, 0.05, 0.10, 0.10), np.random.default_rng(4), 200_000
    for p in (0.03, 0.06, 0.10):
        first, second = rng.binomial(plan.n1, p, runs), rng.binomial(plan.n2, p, runs)
        unsure = (first > plan.accept1) & (first < plan.reject1)
        accepted = (first <= plan.accept1) | (unsure & (first + second <= plan.accept))
        left = np.where(unsure, 1000 - plan.n1 - plan.n2, 1000 - plan.n1) * accepted * p / 1000
        assert float(plan.acceptance(p)) == pytest.approx(accepted.mean(), abs=0.005)
        assert float(plan.average_number(p)) == pytest.approx((plan.n1 + plan.n2 * unsure).mean(), abs=0.3)
        assert float(plan.outgoing(p, 1000)) == pytest.approx(left.mean(), abs=4e-4)
    assert plan.producer_risk <= 0.05
    assert plan.consumer_risk <= 0.10
    single = audit.single_plan(0.03, 0.05, 0.10, 0.10)
    assert float(plan.average_number(0.03)) < single.n


@pytest.mark.parametrize("plan", [audit.single_plan(0.03, 0.05, 0.10, 0.10), audit.double_plan(0.03, 0.05, 0.10, 0.10),
                                  audit.single_plan(0.03, 0.05, 0.10, 0.10, lot=1000)])  # fmt: skip
def test_the_outgoing_limit_is_the_top_of_the_curve(plan):
    p = np.linspace(0, 0.3, 301)
    outgoing = plan.outgoing(p, 1000)
    assert plan.outgoing_limit(1000) >= outgoing.max() - 1e-12
    assert plan.outgoing_limit(1000) == pytest.approx(outgoing.max(), rel=1e-3)
    assert (np.diff(plan.acceptance(p)) <= 1e-12).all()


def test_the_limiting_quality_is_accepted_with_its_risk():
    for plan in (audit.standard_plan(2000, 0.01), audit.double_plan(0.03, 0.05, 0.10, 0.10)):
        assert float(plan.acceptance(plan.limiting_quality(0.10))) == pytest.approx(0.10, abs=1e-6)


def test_the_buyers_protection_is_printed_first():
    shown = str(audit.single_plan(0.03, 0.05, 0.10, 0.10))
    assert shown.index("Buyer") < shown.index("Producer")


# The published table: cells of MIL-STD-105E, table II-A, as textbooks print them.
CELLS = {
    (2000, 0.0065): (125, 2), (2000, 0.01): (125, 3), (1000, 0.01): (80, 2), (1000, 0.025): (80, 5),
    (1000, 0.04): (80, 7), (500, 0.04): (50, 5), (5000, 0.015): (200, 7), (20_000, 0.0065): (315, 5),
    (100, 0.10): (20, 5), (1000, 0.0015): (80, 0),
}  # fmt: skip


@pytest.mark.parametrize(("asked", "plan"), CELLS.items())
def test_cells_of_the_table(asked, plan):
    made = audit.standard_plan(*asked)
    assert (made.n, made.accept) == plan
    assert asked[1] < 0.0065 or audit.standard_plan(asked[0], asked[1] * 100) == made


# Table II-A of MIL-STD-105E as printed, AQL .010% to 10%: accept numbers, an arrow down (v) or up (^).
PRINTED = """
A 2 v v v v v v v v v v v v v v 0 v
B 3 v v v v v v v v v v v v v 0 ^ v
C 5 v v v v v v v v v v v v 0 ^ v 1
D 8 v v v v v v v v v v v 0 ^ v 1 2
E 13 v v v v v v v v v v 0 ^ v 1 2 3
F 20 v v v v v v v v v 0 ^ v 1 2 3 5
G 32 v v v v v v v v 0 ^ v 1 2 3 5 7
H 50 v v v v v v v 0 ^ v 1 2 3 5 7 10
J 80 v v v v v v 0 ^ v 1 2 3 5 7 10 14
K 125 v v v v v 0 ^ v 1 2 3 5 7 10 14 21
L 200 v v v v 0 ^ v 1 2 3 5 7 10 14 21 ^
M 315 v v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^
N 500 v v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^
P 800 v 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^
Q 1250 0 ^ v 1 2 3 5 7 10 14 21 ^ ^ ^ ^ ^
R 2000 ^ ^ 1 2 3 5 7 10 14 21 ^ ^ ^ ^ ^ ^
"""


def test_every_cell_of_the_printed_table():
    printed = {letter: (int(size), marks) for letter, size, *marks in map(str.split, PRINTED.strip().splitlines())}
    assert printed == {letter: (table.SIZES[letter], table.MASTER[letter]) for letter in table.LETTERS}
    assert len(table.LEVELS) == 16


def test_arrows_lead_to_the_next_plan():
    down, up = audit.standard_plan(1000, 0.004), audit.standard_plan(1000, 0.0025)
    assert (down.n, down.accept) == (125, 1)
    assert "by its arrow to K" in down.source
    assert (up.n, up.accept) == (50, 0)
    assert (audit.standard_plan(600_000, 0.10).n, audit.standard_plan(600_000, 0.10).accept) == (125, 21)
    small = audit.standard_plan(20, 0.0001)
    assert (small.n, small.accept) == (20, 0)
    assert "all 20 labels" in small.source


def test_levels_and_letters():
    letters = [audit.standard_plan(1000, 0.01, level).source.split("letter ")[1][0] for level in ("I", "II", "III")]
    assert letters == ["G", "J", "K"]


def test_the_producer_is_protected_by_the_table_and_the_buyer_is_not_asked():
    for lot in (100, 1000, 10_000):
        for aql in (0.01, 0.025, 0.04):
            made = audit.standard_plan(lot, aql)
            assert made.producer_risk < 0.13
            assert made.rql > 2 * aql


@pytest.mark.parametrize("call", [
    lambda: audit.single_plan(0.1, 0.05, 0.05, 0.1), lambda: audit.single_plan(0, 0.05, 0.05, 0.1),
    lambda: audit.standard_plan(1000, 0.03), lambda: audit.standard_plan(1, 0.01),
    lambda: audit.standard_plan(1000, 0.01, "IV"), lambda: audit.allocate([1, 1], [1, 1], 1),
    lambda: audit.allocate([1, 1], [1], 9), lambda: audit.single_plan(0.03, 1e-9, 0.0301, 1e-9),
    lambda: audit.DoublePlan(100, 4, 0.01, 0.10, n1=50, accept1=3, reject1=2),
])  # fmt: skip
def test_plans_that_cannot_be_are_refused(call):
    with pytest.raises(HaloError):
        call()


# Sizes.


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=4),
    st.integers(0, 8),
)
def test_allocation_against_brute_force(strata, more):
    weights, deviations = zip(*strata, strict=True)
    n = len(strata) + more
    made = audit.allocate(weights, deviations, n)
    assert sum(made) == n
    assert min(made) >= 1

    def variance(sizes):
        return sum((w * s) ** 2 / m for w, s, m in zip(weights, deviations, sizes, strict=True))

    best = min(variance(sizes) for sizes in oracles.compositions(n, len(strata)))
    assert variance(made) == pytest.approx(best, rel=1e-12)


def test_neymans_example():
    assert audit.allocate([0.5, 0.3, 0.2], [1, 2, 3], 170) == (50, 60, 60)


def test_the_sample_size_gives_the_precision_and_one_less_does_not():
    n = audit.sample_size(0.05, 0.02)
    widths = [float(np.diff(stats_room.wilson(0.05 * m, m), axis=0)[0]) for m in (n, n - 1)]
    assert widths[0] <= 0.04 < widths[1]


# The draw.


def frame_of(n=90, raters=3, **more):
    return pd.DataFrame({"item_id": [f"i{i}" for i in range(n)], "rater_id": [f"r{i % raters}" for i in range(n)],
                         "label": "x", **more})  # fmt: skip


@given(st.permutations(range(30)), st.integers(0, 5))
@settings(max_examples=15)
def test_a_draw_does_not_depend_on_the_order_of_the_rows(order, seed):
    frame = frame_of(30)
    one, other = (audit.draw(as_judgments(f), 9, by="rater_id", seed=seed) for f in (frame, frame.iloc[list(order)]))
    pd.testing.assert_frame_equal(one.table, other.table)
    assert one.facts == other.facts


@pytest.mark.parametrize("how", [{}, {"by": "rater_id"}, {"risk": "score"}])
def test_inclusion_probabilities_are_those_of_many_draws(how):
    j = as_judgments(frame_of(60, score=["1", "2", "5"] * 20))
    drawn = [audit.draw(j, 12, seed=s, **how).table for s in range(80)]
    assert {len(t) for t in drawn} == {12}
    often = pd.concat(drawn).groupby("item_id").size() / 80
    stated = pd.concat(drawn).drop_duplicates("item_id").set_index("item_id")["inclusion_probability"]
    assert (often - stated).abs().max() < 4.5 * 0.5 / np.sqrt(80)
    assert abs((often - stated).mean()) < 0.02


def test_the_file_draws_again_and_says_when_the_frame_changed(tmp_path):
    j = as_judgments(frame_of(locale=["de-DE", "fr-FR"] * 45))
    for how in ({}, {"by": "locale"}):
        file = audit.draw(j, 10, seed="lot 14", **how).write(tmp_path / "draw.csv")
        assert "# seed: lot 14" in file.read_text()
        assert "label" not in pd.read_csv(file, comment="#").columns
        assert audit.redraws(file, j)
        lines = file.read_text().splitlines()
        file.write_text("\n".join([*lines[:-1], lines[-1].replace("i", "j", 1)]) + "\n")
        assert not audit.redraws(file, j)
    with pytest.raises(HaloError, match="another frame"):
        audit.redraws(file, j.only(rater_id=["r0", "r1"]))


@pytest.mark.parametrize("call", [
    lambda j: audit.draw(j, 91, seed=1), lambda j: audit.draw(j, 2, by="rater_id", seed=1),
    lambda j: audit.draw(j, 9, by="nowhere", seed=1), lambda j: audit.draw(j, 9, by="rater_id", risk="label", seed=1),
    lambda j: audit.draw(j, 9, risk="label", seed=1),
])  # fmt: skip
def test_draws_that_cannot_be_are_refused(call):
    with pytest.raises(HaloError):
        call(as_judgments(frame_of()))


# Findings.


def audited(rows, columns=("item_id", "rater_id", "label", "stage", "round")):
    return as_judgments(pd.DataFrame(rows, columns=list(columns)))


def test_findings_by_hand():
    j = audited([
        ("a", "p", "x", "label", "1"), ("b", "p", "y", "label", "1"), ("c", "q", "x", "label", "1"),
        ("b", "aud", "x", "audit", "1"), ("c", "aud", "x", "audit", "1"), ("b", "exp", "y", "audit", "2"),
    ])  # fmt: skip
    assert j.marked("audit").select("item_id", "right").rows() == [("b", False), ("c", True)]
    assert audit.kinds(j)[["label", "answer", "n"]].to_numpy().tolist() == [["y", "x", 1]]
    assert audit.lots(j).table[["size", "drawn", "found"]].to_numpy().tolist() == [[3, 2, 1]]
    assert audited_twice(j)["second_wrong"].to_list() == [False, None]


def test_gold_takes_the_place_of_an_audit():
    rows = [("a", "p", "x", "x|y"), ("b", "p", "z", "x"), ("c", "p", "x", "")]
    j = audited(rows, ("item_id", "rater_id", "label", "gold"))
    assert j.marked()["right"].to_list() == [True, False]
    mixed = audited([("a", "p", "y", "x", "label"), ("b", "p", "x", "", "label"), ("a", "q", "y", "", "audit"),
                     ("b", "q", "y", "", "audit")], ("item_id", "rater_id", "label", "gold", "stage"))  # fmt: skip
    assert mixed.marked().select("item_id", "right").rows() == [("a", False), ("b", False)]
    assert mixed.marked("audit")["right"].to_list() == [True, False]


def test_a_weighted_rate_by_hand():
    """Two of two risky labels (chance 1/2) and none of three others (chance 1/10): 4 of 34."""
    rows = [("a", "p", "y", "x", "0.5"), ("b", "p", "y", "x", "0.5"), *[(i, i, "x", "x", "0.1") for i in "cde"]]
    j = audited(rows, ("item_id", "rater_id", "label", "gold", "inclusion_probability"))
    assert audit.error_rate(j).value == pytest.approx(4 / 34)


def test_when_everything_is_audited_again_the_rate_is_the_experts():
    rng = np.random.default_rng(2)
    truth, found = rng.random(300) < 0.2, rng.random(300) < 0.3
    made = double_sampling(found, truth.astype(float))
    assert made.rate.value == pytest.approx(truth.mean())
    assert made.sensitivity.value == pytest.approx(found[truth].mean())
    assert made.specificity.value == pytest.approx((~found)[~truth].mean())


def test_what_was_not_looked_at_leaves_room_for_missed_errors():
    """57 of 570 without a miss leave up to 36 missed errors beside the 21 that were found."""
    found, truth = np.array([1] * 30 + [0] * 570), np.full(600, np.nan)
    truth[:30], truth[30:87] = [1] * 21 + [0] * 9, 0
    made = double_sampling(found, truth)
    assert (made.sensitivity.value, made.sensitivity.high) == (1, 1)
    assert 0.3 < made.sensitivity.low <= 0.37
    assert made.specificity.value == pytest.approx(570 / 579)


@given(st.lists(st.tuples(st.booleans(), st.booleans(), st.booleans()), min_size=8, max_size=80))
@settings(max_examples=50, deadline=None)
def test_looking_at_less_never_makes_the_sensitivity_surer(labels):
    found, truth, again = (np.array(x) for x in zip(*labels, strict=True))
    try:
        part = double_sampling(found, np.where(again | found, truth, np.nan)).sensitivity
    except NotEstimable:
        return
    whole = double_sampling(found, truth.astype(float)).sensitivity
    if part is not None:
        assert 0 <= part.low <= part.value <= part.high <= 1
        if part.value == whole.value == 1:
            assert part.low <= whole.low + 1e-9


def test_the_committed_study_covers_sensitivity_in_the_four_designs():
    made = reports.study("study_audit")
    made = made[made["what"] == "sensitivity"]["value"]
    assert len(made) == 4
    assert made.between(0.93, 0.98).all()


@pytest.mark.parametrize(("rows", "reason"), [
    ([("a", "p", "x", "label", "1")], "gold answer or an audit"),
    ([("a", "p", "x", "label", "1"), ("b", "q", "x", "audit", "1")], "gold answer or an audit"),
    ([("a", "p", "x", "audit", "1")], "no row has stage 'label'"),
])  # fmt: skip
def test_missing_audits_are_named(rows, reason):
    with pytest.raises(NotEstimable, match=reason):
        audit.error_rate(audited(rows))


def test_two_auditors_without_an_expert_agree_but_do_not_correct():
    rows = [(f"i{i}", f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    rows += [(f"i{i}", who, "x", "audit", "1") for i in range(60) for who in ("aud", "bud")]
    j = audited(rows)
    assert audit.auditor_agreement(j).value == 1
    with pytest.raises(NotEstimable, match="expert"):
        audit.corrected_rate(j)
    assert audit.corrected_rate(j, expert="bud").rate.value == pytest.approx(0.2)


def test_a_lot_drawn_too_thin_is_neither_accepted_nor_rejected():
    rows = [(i, f"r{i % 5}", "x", "x" if i < 10 else "") for i in range(400)]
    lots = audit.lots(audited(rows, ("item_id", "rater_id", "label", "gold")))
    table = lots.table
    assert table["verdict"].item() == "draw more"
    more = 10 + int(table["more"].item())
    assert stats.hypergeom.cdf(0, 400, 40, more) <= 0.10 < stats.hypergeom.cdf(0, 400, 40, more - 1)
    assert lots.worst_consumer_risk().value > 0.10


LOTS = ("item_id", "rater_id", "label", "stage", "lot")


@settings(max_examples=20)
@given(st.lists(st.tuples(st.sampled_from("AB"), st.sampled_from("pqr"), st.booleans()), min_size=1, max_size=30))
def test_raters_without_an_audited_label_are_counted_lot_by_lot(made):
    rows = [(f"i{n}", rater, "x", "label", lot) for n, (lot, rater, _) in enumerate(made)]
    rows += [(f"i{n}", "aud", "x", "audit", lot) for n, (lot, _, drawn) in enumerate(made) if drawn]
    drawn = {lot: {r for m, r, d in made if d and m == lot} for lot, _, d in made if d}
    if not drawn:
        with pytest.raises(NotEstimable):
            audit.raters_missed(pd.DataFrame(rows, columns=LOTS))
        return
    missed = sum(len({r for m, r, _ in made if m == lot} - raters) for lot, raters in drawn.items())
    assert audit.raters_missed(pd.DataFrame(rows, columns=LOTS)).value == missed


def test_the_samples_of_the_example_have_every_rater():
    j = read_judgments(reports.sample("audit"))
    assert audit.raters_missed(j).value == 0
    with pytest.raises(NotEstimable, match="no column batch"):
        audit.raters_missed(j, by="batch")
    with pytest.raises(NotEstimable, match="rater_id is no group"):
        audit.raters_missed(j, by="rater_id")


def test_what_was_audited_again_is_counted_by_finding():
    """30 labels, 10 of them found wrong; an expert audits 8 of these and 4 of the others again."""
    rows = [(f"i{n}", "r", "y" if n < 10 else "x", "label", "1") for n in range(30)]
    rows += [(f"i{n}", "aud", "x", "audit", "1") for n in range(30)]
    rows += [(f"i{n}", "exp", "x", "audit", "2") for n in (*range(8), *range(10, 14))]
    again = audit.audited_again(audited(rows))
    assert {name: share.value for name, share in again.items()} == {"found wrong": 0.8, "found right": 0.2}
    assert {share.n_raters for share in again.values()} == {1}
    with pytest.raises(NotEstimable, match="audited again"):
        audit.audited_again(audited(rows[:60]))


def test_the_reports_limits_are_those_of_the_standard():
    chapter = json.loads((Path(__file__).parents[1] / "book/chapters/pipelines/audit.ipynb").read_text("utf-8"))
    (cell,) = [c for c in chapter["cells"] if "parameters" in c["metadata"].get("tags", ())]
    options: dict = {}
    exec("".join(cell["source"]), options)
    names = {"aql": "expected", "rql": "rejectable", "consumer_risk": "risk"}
    assert {o: options[o] for o in names} == {o: standards.number(f"QUA-006.{name}") for o, name in names.items()}


def test_the_truth_of_the_sample_is_recovered():
    j, truth = read_judgments(reports.sample("audit")), reports.truth("audit")
    corrected = audit.corrected_rate(j)
    for estimate, true in (
        (corrected.rate, truth["error_rate"]),
        (corrected.sensitivity, truth["sensitivity"]),
        (corrected.specificity, truth["specificity"]),
        (audit.error_rate(j), truth["error_rate"]),
    ):
        assert estimate.low <= true <= estimate.high
    lots = audit.lots(j).table.set_index("lot")
    assert dict(lots["verdict"]) == {lot: "accept" if lot[0] == "N" else "reject" for lot in lots.index}
    truths = pd.Series(truth["error_rates"])
    assert ((lots["low"] <= truths) & (truths <= lots["high"])).sum() >= 5


def test_many_simulated_audits_decide_the_lots_as_the_plan_says():
    """Lots at 3% and at 10%, drawn and judged by the method: the risks are those printed."""
    rng, size, verdicts = np.random.default_rng(8), 320, {0.03: [], 0.10: []}
    for p, seen in verdicts.items():
        gold = np.array(["x"] * size, dtype=object)
        for _ in range(60):
            label = np.where(rng.permutation(size) < int(p * size + 1e-9), "y", "x")
            kept = np.where(rng.permutation(size) < 74, gold, "")
            frame = pd.DataFrame({"item_id": range(size), "rater_id": "r", "label": label, "gold": kept})
            seen.append(audit.lots(as_judgments(frame)).table["verdict"].item())
    assert np.mean([v == "accept" for v in verdicts[0.03]]) > 0.88
    assert np.mean([v == "accept" for v in verdicts[0.10]]) < 0.22


def test_the_plans_side_by_side_and_the_next_sample():
    j = read_judgments(reports.sample("audit"))
    plans = audit.compare_plans(audit.lot_size(j))
    assert plans.loc[0, "draw"] == "74"
    assert plans["consumer_risk"].iloc[:3].max() <= 0.10
    sizes = audit.next_sizes(j).set_index("supposing")["labels"]
    assert sizes.iloc[1] > 2 * sizes.iloc[0]
    drawn = audit.draw(j, 74, by="rater_id", seed="S4")
    assert drawn.by_rater()["drawn"].min() >= 6
    assert set(drawn.table["rater_id"]) == {f"r{i:02d}" for i in range(1, 13)}


def test_raters_are_no_group():
    j = audited([("a", "r", "x", "x")], ("item_id", "rater_id", "label", "gold"))
    for call in (lambda: audit.by_group(j, "rater_id"), lambda: audit.lots(j, by="rater_id")):
        with pytest.raises(NotEstimable, match="by rater"):
            call()


# Slices of benchmarks/study_audit.py.


@pytest.mark.parametrize(("icc", "raters"), [(0.05, 20), (0.05, 40)])
def test_the_clustered_interval_covers(icc, raters):
    robust, plain = study_audit.clustered(400, 1, icc=icc, raters=raters)
    assert 0.92 <= robust <= 0.985
    assert plain < 0.90


def test_double_sampling_covers_and_beats_a_carried_over_correction():
    hit, (double, found, carried), sensed = study_audit.corrected(400, 2)
    assert hit >= 0.935
    assert 0.93 <= sensed <= 0.99
    assert double < found
    assert double < carried


def test_double_sampling_covers_where_errors_cluster():
    assert study_audit.corrected(400, 5, icc=0.05)[0] >= 0.93


@pytest.mark.parametrize("lot", [None, 400])
def test_both_risks_hold(lot):
    plan, producer, consumer = study_audit.risks(100_000, 3, lot=lot)
    assert producer == pytest.approx(plan.producer_risk, abs=0.004)
    assert consumer == pytest.approx(plan.consumer_risk, abs=0.004)
    assert plan.producer_risk <= 0.05
    assert plan.consumer_risk <= 0.10


def test_a_risk_based_sample_needs_its_weights():
    hit, rate, plain = study_audit.by_risk(400, 4)
    assert hit >= 0.90
    assert plain > 2 * rate


def test_limits_of_a_large_lot_are_those_of_every_count_of_errors():
    """Oracle: all error counts one by one, which takes half a minute in a lot of 90,000."""
    plan = audit.single_plan(0.03, 0.05, 0.10, 0.10, lot=9_000)
    every = np.arange(9_001) / 9_000
    assert plan.outgoing_limit(9_000) == pytest.approx(plan.outgoing(every, 9_000).max(), rel=1e-12)
    assert plan.limiting_quality() == every[np.argmax(plan.acceptance(every) <= 0.10)]
