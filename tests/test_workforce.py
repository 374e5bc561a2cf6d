"""Scorecards, funnels, comparisons and integrity signals against oracles and simulated truth."""

import itertools

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import halo_methods as halo
from halo_methods import workforce
from halo_methods.errors import BadOption, HaloError, NotEstimable
from halo_methods.workforce import integrity

COLUMNS = ("item_id", "rater_id", "label", "gold", "vendor")


def table(rows, columns=COLUMNS, **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **options)


def team(seed, accuracy, raters=6, items=50, spread=0.03, shared=True):
    """Vendors of given accuracy whose raters differ by ``spread``."""
    rng = np.random.default_rng(seed)
    rows = []
    for vendor, share in accuracy.items():
        for r in range(raters):
            own = np.clip(share + rng.normal(0, spread), 0.02, 0.99)
            for i in range(items):
                name = f"g{i}" if shared else f"{vendor}{r}-{i}"
                rows.append((name, f"{vendor}{r}", "x" if rng.random() < own else rng.choice(["y", "z"]), "x", vendor))
    return rows


# ---------------------------------------------------------------- outcomes


def test_each_outcome_of_a_judgment():
    columns = ["item_id", "rater_id", "label", "gold", "stage", "round", "due", "rated_at"]
    on, late = "2026-03-01T10:00:00Z", "2026-03-02T10:00:00Z"
    rows = [
        ("gold", "r", "x", "x|y", "label", "1", late, on),
        ("audited", "r", "x", "", "label", "1", on, late),
        ("audited", "q", "y", "", "audit", "1", "", on),
        ("split", "r", "x", "", "label", "1", "", on),
        ("split", "q", "x", "", "audit", "1", "", on),
        ("split", "p", "y", "", "audit", "1", "", on),
        ("reviewed", "r", "x", "", "label", "1", on, on),
        ("reviewed", "q", "x", "", "review", "1", "", on),
        ("again", "r", "x", "", "label", "1", "soon", on),
        ("again", "r", "y", "", "label", "2", on, on),
    ]
    made = workforce.outcomes(table(rows, columns)).to_pandas().set_index(["item_id", "round"])
    assert made["right"].astype(object).where(made["right"].notna(), None).tolist() == [True, False] + [None] * 4
    known = {k: v for k, v in made["accepted"].items() if v is not None}
    assert known == {("gold", "1"): True, ("audited", "1"): False, ("reviewed", "1"): True, ("again", "1"): False}
    assert made["reworked"].tolist() == [False, False, False, False, True, False]
    assert made["on_time"].tolist() == [True, False, None, True, None, True]


def test_what_is_missing_is_said():
    j = table([(i, r, "x", "v") for i in range(5) for r in "ab"], ["item_id", "rater_id", "label", "vendor"])
    card = workforce.by_vendor(j)
    assert "no judged item has a gold answer" in card.missing["quality"]
    assert "missing: due and rated_at" in card.missing["on_time"]
    assert "no row of stage `review`" in card.missing["rework"]
    assert "column `cost`" in card.missing["cost_per_accepted"]
    assert card.view("volume")["judgments"].tolist() == [10]
    for view in ("quality", "funnel", "league", "delivery", "cost"):
        with pytest.raises(NotEstimable):
            card.view(view)
    with pytest.raises(NotEstimable, match="no column vendor"):
        workforce.by_vendor(table([("a", "r", "x")], COLUMNS[:3]))


def test_a_table_without_groups_names_only_columns_of_the_file():
    rows = [(i, r, "x", "x", "u") for i in range(5) for r in "ab"]
    with pytest.raises(NotEstimable, match="add one of vendor, queue, locale, slice") as bare:
        workforce.rates(table(rows, ["item_id", "rater_id", "label", "gold", "topic"]))
    assert "overturned" not in str(bare.value)
    with pytest.raises(NotEstimable, match="name another with `by`: locale"):
        workforce.rates(table(rows, ["item_id", "rater_id", "label", "gold", "locale"]))


def test_cost_and_pace_are_ratios_of_sums():
    rows = [(i, r, "x" if i % 4 else "y", "x", "v", 30.0 + 3 * n, 0.2) for n, r in enumerate("abc") for i in range(40)]
    card = workforce.by_vendor(table(rows, [*COLUMNS, "seconds", "cost"]))
    one = card.table.iloc[0]
    assert one["cost_per_accepted"] == pytest.approx(0.2 / 0.75)
    assert one["per_hour"] == pytest.approx(3600 / 33)
    assert one["per_hour_low"] < one["per_hour"] < one["per_hour_high"]


def test_pace_from_moments_leaves_breaks_out():
    moments = ["09:00:00", "09:01:00", "09:02:00", "12:00:00", "12:01:00"]
    rows = [(i, r, "x", "v", f"2026-03-01T{t}Z") for r in "ab" for i, t in enumerate(moments)]
    j = table(rows, ["item_id", "rater_id", "label", "vendor", "rated_at"])
    assert workforce.by_vendor(j).table["per_hour"].iloc[0] == pytest.approx(60)


# ---------------------------------------------------------------- funnel


@given(st.integers(1, 400), st.floats(0.05, 0.95), st.sampled_from([0.95, 0.998]))
@settings(max_examples=60)
def test_limits_are_those_of_the_binomial(n, rate, confidence):
    low, high = workforce.funnel_limits(rate, n, confidence=confidence)
    y, tail = np.arange(n + 1), (1 - confidence) / 2
    below, above = y[y / n < low[0] - 1e-9], y[y / n > high[0] + 1e-9]
    assert not len(below) or stats.binom.cdf(below.max(), n, rate) <= tail * (1 + 1e-6)
    assert not len(above) or stats.binom.sf(above.min() - 1, n, rate) <= tail * (1 + 1e-6)
    inside = y[(y / n > low[0] + 1e-9) & (y / n < high[0] - 1e-9)]
    if len(inside) and inside.min() > 0:
        assert stats.binom.cdf(inside.min(), n, rate) > tail * (1 - 1e-6)


def test_correlation_within_groups_by_hand():
    rows = [("i1", "a", True, "v"), ("i2", "a", True, "v"), ("i1", "b", False, "v"), ("i2", "b", False, "v"),
            ("i1", "c", True, "v"), ("i2", "c", False, "v")]  # fmt: skip
    marked = pl.DataFrame(rows, schema=["item_id", "rater_id", "right", "vendor"], orient="row")
    share = np.array([1.0, 0.0, 0.5])
    between, within = 2 * ((share - 0.5) ** 2).sum() / 2, 0.5 / 3
    made = workforce.spread(marked, "vendor")
    assert made.rater == pytest.approx((between - within) / (between + within))
    assert (made.df, made.item) == (2, 0.0)


def test_a_planted_bad_vendor_is_outside_and_a_good_one_inside():
    bad, good = 0, 0
    for seed in range(15):
        card = workforce.by_vendor(table(team(seed, {"a": 0.92, "b": 0.92, "c": 0.72, "d": 0.92})))
        where = card.table.set_index("vendor")["funnel"]
        bad += where["c"].startswith("below")
        good += all(not where[v].endswith("99.8%") for v in "abd")
    assert bad >= 13
    assert good >= 14


def test_an_even_team_is_flagged_as_seldom_as_the_lines_say():
    beyond95 = beyond998 = tested = 0
    for seed in range(30):
        rows = team(1000 + seed, dict.fromkeys("abcd", 0.88), items=40, spread=0.05, shared=False)
        where = workforce.by_vendor(table(rows)).table["funnel"]
        tested += len(where)
        beyond95 += (where != "inside").sum()
        beyond998 += where.str.endswith("99.8%").sum()
    assert beyond95 <= stats.binom.ppf(0.999, tested, 0.05)
    assert beyond998 <= stats.binom.ppf(0.999, tested, 0.002)


def test_a_small_team_is_not_ranked_by_luck():
    rows = team(3, {"a": 0.9, "b": 0.9, "c": 0.9}, spread=0.0)
    small = [(f"s{i}", f"s{i % 2}", "y" if i < 3 else "x", "x", "small") for i in range(12)]
    card = workforce.by_vendor(table(rows + small))
    one = card.table.set_index("vendor").loc["small"]
    assert one["quality"] == 0.75
    assert one["funnel"] == "inside"
    assert one["shrunken"] > 0.85
    assert (one["best"], one["worst"]) == (1, 4)
    assert workforce.rates(table(rows + small))["small"].value == 0.75


def test_spread_of_groups_needs_ten_and_widens():
    with pytest.raises(NotEstimable, match="it takes 10"):
        workforce.funnel([9, 8], [10, 10], dispersion="groups")
    with pytest.raises(BadOption):
        workforce.funnel([9], [10], dispersion="all")
    rng = np.random.default_rng(1)
    k = rng.binomial(100, np.clip(rng.normal(0.8, 0.1, 30), 0, 1))
    wide = workforce.funnel(k, np.full(30, 100), dispersion="groups")
    plain = workforce.funnel(k, np.full(30, 100), dispersion="none")
    assert (wide["low998"] < plain["low998"]).all()
    assert (wide["where"] != "inside").sum() < (plain["where"] != "inside").sum()


@pytest.mark.parametrize("seed", range(3))
def test_shrinkage_is_dersimonian_and_laird(seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(0.8, 0.1, 7), rng.uniform(0.0005, 0.004, 7)
    w = 1 / v
    q = sum(w * (x - np.average(x, weights=w)) ** 2)
    tau2 = max(0.0, (q - 6) / (w.sum() - (w**2).sum() / w.sum()))
    mean = np.average(x, weights=1 / (v + tau2))
    made = workforce.shrink(x, v)
    assert made["shrunken"].to_numpy() == pytest.approx((tau2 * x + v * mean) / (tau2 + v))
    assert ((made["shrunken"] - mean).abs() <= np.abs(x - mean) + 1e-12).all()
    with pytest.raises(NotEstimable):
        workforce.shrink([0.9, 0.8], [0.1, 0.1])
    with pytest.raises(HaloError):
        workforce.shrink([0.9, 0.8, 0.7], [0.1, 0.1, 0.0])


def test_rank_intervals_hold_all_true_ranks_at_once():
    truth = np.array([0.92, 0.9, 0.9, 0.86, 0.8])
    order = np.array([1, 2, 2, 4, 5])
    last = np.array([1, 3, 3, 4, 5])
    v, rng, held = np.full(5, 0.0009), np.random.default_rng(2), 0
    for _ in range(300):
        made = workforce.rank_intervals(truth + rng.normal(0, 0.03, 5), v, draws=800)
        held += bool(((made["best"] <= order) & (made["worst"] >= last)).all())
    assert held >= stats.binom.ppf(0.001, 300, 0.95)


# ---------------------------------------------------------------- comparisons


def brute_force(frame, a, b, strata):
    sizes = frame.groupby(strata).size()

    def difference(part):
        kept, weights = [], []
        for _, cell in part.groupby(strata):
            sides = [cell[cell["vendor"] == v] for v in (a, b)]
            if all(len(s) for s in sides):
                kept.append(sides[0]["right"].mean() - sides[1]["right"].mean())
                weights.append(sizes[cell[strata].iloc[0]])
        return np.average(kept, weights=weights)

    variance = 0.0
    for key in ("rater_id", "item_id"):
        left = np.array([difference(frame[frame[key] != one]) for one in frame[key].unique()])
        variance += (len(left) - 1) / len(left) * ((left - left.mean()) ** 2).sum()
    return difference(frame), variance**0.5


def test_case_mix_is_direct_standardisation_with_the_two_way_jackknife():
    rng = np.random.default_rng(4)
    rows = []
    for vendor, easy in (("a", 15), ("b", 5)):
        for r in range(4):
            for i in range(20):
                place = "easy" if i < easy else "hard"
                right = rng.random() < (0.95 if place == "easy" else 0.6)
                rows.append((f"{vendor}{r}-{i}", f"{vendor}{r}", "x" if right else "y", "x", vendor, place))
    made = workforce.compare(table(rows, [*COLUMNS, "slice"]), "a", "b")
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "slice"])
    frame["right"] = frame["label"] == frame["gold"]
    value, error = brute_force(frame, "a", "b", "slice")
    assert made.value == pytest.approx(value)
    assert (made.high - made.value) / stats.t.ppf(0.975, 6) == pytest.approx(error)
    crude = frame.groupby("vendor")["right"].mean()
    assert crude["a"] - crude["b"] > 0.1
    assert made.low < 0 < made.high


def test_on_shared_items_each_item_counts_once():
    rows = team(5, {"a": 0.9, "b": 0.8}, items=60)
    made = workforce.compare(table(rows), "a", "b")
    frame = pd.DataFrame(rows, columns=COLUMNS)
    shares = (
        (frame["label"] == "x")
        .groupby([frame["item_id"], frame["vendor"]])
        .mean()
        .reset_index(name="share")
        .pivot_table(index="item_id", columns="vendor", values="share")
    )
    assert made.value == pytest.approx((shares["a"] - shares["b"]).mean())
    assert made.n_items == 60


def test_vendors_that_cannot_be_told_from_their_locale_are_refused():
    rows = [(*row, "fr-FR" if row[4] == "a" else "de-DE") for row in team(1, {"a": 0.9, "b": 0.8}, shared=False)]
    j = table(rows, [*COLUMNS, "locale"])
    with pytest.raises(NotEstimable, match="vendor and locale can't be told apart"):
        workforce.compare(j, "a", "b")
    made = workforce.comparisons(j)
    assert made.table.empty
    assert made.refused["reason"].str.contains("never work in the same locale").all()
    assert workforce.overlap(j)["locale_shared"].tolist() == [0, 0]
    plain = table(team(1, {"a": 0.9, "b": 0.8}, shared=False))
    with pytest.raises(NotEstimable, match=r"no other column \(locale, queue, slice\) to adjust by"):
        workforce.compare(plain, "a", "b")


def test_too_little_overlap_is_refused():
    rows = [(*row, "common" if i % 50 < 12 else f"only {row[4]}")
            for i, row in enumerate(team(1, {"a": 0.9, "b": 0.8}, shared=False))]  # fmt: skip
    with pytest.raises(NotEstimable, match="24% and 24%"):
        workforce.compare(table(rows, [*COLUMNS, "queue"]), "a", "b")


def test_a_true_difference_is_covered():
    held = 0
    for seed in range(60):
        made = workforce.compare(table(team(seed, {"a": 0.9, "b": 0.8}, items=30, spread=0.05)), "a", "b")
        held += made.low <= 0.1 <= made.high
    assert held >= stats.binom.ppf(0.001, 60, 0.93)


def test_agreement_between_vendors_by_hand():
    rows = team(2, {"a": 0.8, "b": 0.7}, raters=3, items=25)
    made = workforce.between(table(rows)).iloc[0]
    by = {}
    for item, _, label, _, vendor in rows:
        by.setdefault(item, {}).setdefault(vendor, []).append(label)
    pairs = [x == y for sides in by.values() for x, y in itertools.product(sides["a"], sides["b"])]
    assert made["agreement"] == pytest.approx(np.mean(pairs))
    assert made["low"] < made["agreement"] < made["high"]
    with pytest.raises(NotEstimable, match="20 items in common"):
        workforce.between(table(team(2, {"a": 0.8, "b": 0.7}, shared=False)))


def test_weeks_begin_on_monday():
    rows = [(i, r, "x", "x", "v", f"2026-03-{day:02d}T23:30:00Z") for r in "abc"
            for i, day in enumerate([1, 2, 8, 9])]  # fmt: skip
    made = workforce.by_week(table(rows, [*COLUMNS, "rated_at"]))
    assert made["week"].tolist() == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert made["judgments"].tolist() == [3, 6, 3]


@given(st.integers(0, 1000))
@settings(max_examples=5)
def test_order_of_rows_and_names_of_raters_change_nothing(seed):
    rows = team(seed, {"a": 0.9, "b": 0.7, "c": 0.8}, raters=3, items=25)
    rng = np.random.default_rng(seed)
    mixed = [(i, f"other {r}", x, g, v) for i, r, x, g, v in (rows[k] for k in rng.permutation(len(rows)))]
    one, two = (workforce.by_vendor(table(t)).table for t in (rows, mixed))
    pd.testing.assert_frame_equal(one, two)


# ---------------------------------------------------------------- integrity


def shift(seed, *, raters=12, items=60, error=0.15, labels=4, hard=0.1, copy=None):
    """Honest raters on shared items, some of them hard; ``copy`` = share of answers the last takes from the first."""
    rng = np.random.default_rng(seed)
    gold = rng.integers(0, labels, items)
    harder = np.where(rng.random(items) < hard, 0.5, 0.0)
    lure = (gold + rng.integers(1, labels, items)) % labels
    rows, given_by = [], {}
    for r in range(raters):
        wrong = rng.random(items) < np.clip(error + rng.normal(0, 0.04), 0.02, 0.6) + harder
        pick = np.where(rng.random(items) < 0.6, lure, (gold + rng.integers(1, labels, items)) % labels)
        given = np.where(wrong, pick, gold)
        if copy and r == raters - 1:
            given = np.where(rng.random(items) < copy, given_by[0], given)
        given_by[r] = given
        rows += [(f"i{i}", f"r{r:02d}", f"L{x}", f"L{g}") for i, (x, g) in enumerate(zip(given, gold, strict=True))]
    return table(rows, COLUMNS[:4])


def test_a_planted_copied_pair_is_found_and_honest_pairs_are_left_alone():
    found = 0
    for seed in range(12):
        listed = integrity.copied(shift(seed, copy=0.9, items=100)).listed
        found += ["r00", "r11"] in listed[["a", "b"]].to_numpy().tolist()
    false = sum(not integrity.copied(shift(500 + s, items=80)).listed.empty for s in range(25))
    assert found >= 10
    assert false <= stats.binom.ppf(0.999, 25, 0.05)


def test_without_gold_the_majority_is_the_reference():
    j = halo.as_judgments(shift(3, copy=0.95, items=100).frame.drop("gold"))
    assert integrity.copied(j).listed[["a", "b"]].to_numpy().tolist() == [["r00", "r11"]]
    alone = table([(f"{r}{i}", r, "x") for r in "ab" for i in range(30)], COLUMNS[:3])
    with pytest.raises(NotEstimable, match="no item has gold"):
        integrity.copied(alone)


def test_wrong_gold_accuses_nobody():
    frame = shift(8, error=0.05, hard=0.0).frame.to_pandas()
    wrong = [f"i{i}" for i in range(12)]
    frame.loc[frame["item_id"].isin(wrong), "gold"] = "L9"
    assert integrity.copied(halo.as_judgments(frame)).listed.empty


def test_adjusted_p_values_are_benjamini_and_yekutieli():
    p = np.array([0.0001, 0.004, 0.03, 0.5])
    made = integrity.benjamini_yekutieli(p)
    assert made == pytest.approx(stats.false_discovery_control(p, method="by"))
    assert (integrity.benjamini_yekutieli(p, tests=100) >= made).all()


def timed(seed, fast=(), raters=20):
    rng = np.random.default_rng(seed)
    rows = []
    for r in range(raters):
        pace = np.exp(rng.normal(0, 0.2)) * (0.2 if r in fast else 1.0)
        for i in range(40):
            words = 20 + 10 * (i % 9)
            place = "long" if i % 2 else "short"
            usual = words * (0.6 if place == "long" else 0.3)
            rows.append((i, f"r{r:02d}", "x", usual * pace * np.exp(rng.normal(0, 0.3)), words, place))
    return table(rows, ["item_id", "rater_id", "label", "seconds", "length", "slice"])


def test_speeders_are_found_and_short_items_are_no_speed():
    assert integrity.speeders(timed(1, fast=(3,))).people == {"r03"}
    assert sum(bool(integrity.speeders(timed(s)).people) for s in range(30)) <= stats.binom.ppf(0.999, 30, 0.05)
    rows = timed(2).frame.filter((pl.col("rater_id") != "r00") | (pl.col("slice") == "short"))
    assert integrity.speeders(halo.as_judgments(rows)).people == frozenset()


def test_straight_liners_are_found_and_lenient_raters_are_not():
    rng = np.random.default_rng(1)
    rows = [(i, f"r{r}", "x" if r == 0 else rng.choice(["x", "y"], p=[0.75, 0.25] if r == 1 else [0.45, 0.55]))
            for r in range(10) for i in range(60)]  # fmt: skip
    assert integrity.straight_liners(table(rows, COLUMNS[:3])).people == {"r0"}
    p, n = np.array([0.5, 0.3, 0.2]), 30
    expected = integrity.pace._expected_runs(p, n)
    draws = rng.choice(3, size=(4000, n), p=p)
    change = np.diff(draws, axis=1) != 0
    runs = [np.diff(np.concatenate([[0], np.flatnonzero(c) + 1, [n]])) for c in change]
    for length in (1, 3, 6):
        assert np.mean([(r >= length).sum() for r in runs]) == pytest.approx(expected[length - 1], rel=0.06)


def test_comments_alike_and_fast_are_listed_and_a_template_alone_is_not():
    rng = np.random.default_rng(1)
    words = [f"w{n}" for n in range(400)]
    rows = []
    for r in range(6):
        for i in range(12):
            if r < 2:
                text, seconds = f"The response is accurate and fully addresses the user question number {i}", 4
            elif r == 2:
                text, seconds = f"Clause three point two {' '.join(rng.choice(words, 6))}", 40
            else:
                text, seconds = " ".join(rng.choice(words, 9)), 40
            rows.append((i, f"r{r}", "x", text, seconds))
    j = table(rows, ["item_id", "rater_id", "label", "comment", "seconds"])
    assert integrity.model_written(j).people == {"r0", "r1"}
    assert integrity.model_written(j).table.set_index("rater_id").loc["r2", "features"] == 1


def baseline(accommodated=12, raters=30):
    frame = timed(9, raters=raters).frame.to_pandas()
    number = frame["rater_id"].str[1:].astype(int)
    return halo.as_judgments(frame.assign(
        locale=np.where(number % 2, "fr-FR", "de-DE"),
        accommodation=np.where(number < accommodated, "screen reader", "")))  # fmt: skip


def live(fast=(3, 14)):
    frame = timed(1, fast=fast).frame.to_pandas()
    number = frame["rater_id"].str[1:].astype(int)
    return halo.as_judgments(frame.assign(locale=np.where(number % 2, "fr-FR", "de-DE"),
                                          accommodation=np.where(number < 5, "screen reader", "")))  # fmt: skip


def test_a_detector_is_off_where_its_rate_is_unknown():
    assert "no honest baseline" in integrity.signals(live())["speeders"].off
    bare = halo.as_judgments(baseline().frame.drop("accommodation"))
    assert "the honest baseline has no column accommodation" in integrity.signals(live(), bare)["speeders"].off
    on = integrity.signals(live(), baseline())["speeders"]
    assert (on.off, set(on.table["rater_id"]), on.held_back) == ("", {"r03", "r14"}, 0)
    few = integrity.signals(live(), baseline(accommodated=4))["speeders"]
    assert (set(few.table["rater_id"]), few.listed, few.held_back) == ({"r14"}, 1, 1)
    assert "comment" in integrity.signals(live(), baseline())["model_written"].off


def test_false_positive_rates_count_honest_people():
    made = integrity.false_positive_rate("speeders", baseline())
    assert {k: v.n_raters for k, v in made.items()} == {
        "everybody": 30, "locale de-DE": 15, "locale fr-FR": 15,
        "accommodation none stated": 18, "accommodation screen reader": 12}  # fmt: skip
    assert all(e.over == "raters" for e in made.values())
    all_listed = integrity.false_positive_rate(
        lambda j: integrity.Evidence("x", pd.DataFrame({"rater_id": sorted(set(j.frame["rater_id"])), "listed": True}),
                                     "", ""), baseline())  # fmt: skip
    assert {e.value for e in all_listed.values()} == {1.0}
    with pytest.raises(BadOption, match="speeders"):
        integrity.false_positive_rate("mind_reader", baseline())


def test_rates_and_status_say_what_is_off():
    off = integrity.signals(live())
    assert set(integrity.status(off)["state"]) == {"off"}
    with pytest.raises(NotEstimable, match="all detectors are off"):
        integrity.rates(off)
    on = integrity.signals(live(), baseline())
    assert "speeders: locale de-DE" in integrity.rates(on)
    assert all(name.endswith("everybody") for name in integrity.rates(on, groups=False))
    assert "listed" not in integrity.status(on, counts=False)


def test_what_to_do_next_follows_the_unpooled_figures():
    rows = [(*row, "pt-BR" if row[4] == "d" else "de-DE")
            for row in team(1, {"a": 0.95, "b": 0.6}, raters=8) + team(2, {"d": 0.95}, shared=False)]  # fmt: skip
    rows += [(f"g{i}", f"c{i % 3}", "y" if i % 20 == 0 else "x", "x", "c", "de-DE") for i in range(50)]
    made = workforce.next_steps(table(rows, [*COLUMNS, "locale"])).set_index("vendor")
    assert made["next_step"][["b", "c"]].tolist() == ["corrective action", "keep the volume; check more work"]
    assert set(made["next_step"][["a", "d"]]) == {"may take more volume"}
    assert made.loc["b", "worse_than"].startswith("a")
    assert made.loc["d", "not_compared_with"] == "a, b, c"


def test_the_sample_is_read_as_it_was_made(root):
    options = {"scale": ["poor", "fair", "good", "excellent"], "level": "ordinal"}
    j = halo.read_judgments(root / "data" / "samples" / "workforce.csv", **options)
    honest = halo.read_judgments(root / "data" / "samples" / "workforce_honest.csv", **options)
    steps = workforce.next_steps(j).set_index("vendor")
    assert steps["funnel"].to_dict() == {"east": "inside", "north": "inside", "south": "below 99.8%", "west": "inside"}
    assert steps["next_step"][["north", "south", "west"]].tolist() == [
        "may take more volume", "corrective action", "keep the volume; check more work"]  # fmt: skip
    found = integrity.signals(j, honest)
    assert found["copied"].table[["a", "b"]].to_numpy().tolist() == [["s03", "s07"]]
    assert found["speeders"].table["rater_id"].tolist() == ["n04"]
    assert sorted(found["model_written"].table["rater_id"]) == ["e02", "e05"]
    assert found["straight_liners"].table.empty
    assert {rate.value for rate in integrity.rates(found).values()} == {0.0}


def test_nothing_of_a_signal_reaches_the_scorecard():
    columns = set(workforce.by_vendor(table(team(1, {"a": 0.9, "b": 0.8}))).table.columns)
    assert not [c for c in columns for word in ("listed", "speed", "copied", "signal") if word in c]
