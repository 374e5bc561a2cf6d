"""Scorecards, funnels and comparisons against oracles and simulated truth."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import halo_methods as halo
from halo_methods import audit, workforce
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.standards import gate
from halo_methods.workforce.group_figures import judged

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
    made = judged(table(rows, columns)).to_pandas().set_index(["item_id", "round"])
    assert made["right"].astype(object).where(made["right"].notna(), None).tolist() == [True, False] + [None] * 4
    known = {k: v for k, v in made["accepted"].items() if v is not None}
    assert known == {("gold", "1"): True, ("audited", "1"): False, ("reviewed", "1"): True, ("again", "1"): False}
    assert made["reworked"].tolist() == [False, False, False, False, True, False]
    assert made["on_time"].tolist() == [True, False, None, True, None, True]


def test_what_is_missing_is_said():
    j = table([(i, r, "x", "v") for i in range(5) for r in "ab"], ["item_id", "rater_id", "label", "vendor"])
    card = workforce.by_vendor(j)
    assert "no judged item has a gold answer" in card.missing["quality"]
    assert "`due` and `rated_at`" in card.missing["on_time"]
    assert "no row of stage `review`" in card.missing["rework"]
    assert "column `cost`" in card.missing["cost_per_accepted"]
    assert card.view("volume")["judgments"].tolist() == [10]
    for view in ("funnel", "league"):
        with pytest.raises(NotEstimable):
            card.view(view)
    with pytest.raises(BadOption, match="'volume', 'funnel', 'league'"):
        card.view("quality")
    with pytest.raises(NotEstimable, match="no column vendor"):
        workforce.by_vendor(table([("a", "r", "x")], COLUMNS[:3]))


def test_a_table_without_groups_names_only_columns_of_the_file():
    rows = [(i, r, "x", "x", "u") for i in range(5) for r in "ab"]
    with pytest.raises(NotEstimable, match="add one of vendor, locale, slice, queue, system") as bare:
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
    assert workforce.rates(table(rows + small)).estimates["small"].value == 0.75


# ---------------------------------------------------------------- comparisons


def test_case_mix_is_direct_standardisation():
    rng = np.random.default_rng(4)
    rows = []
    for vendor, easy in (("a", 15), ("b", 5)):
        for r in range(4):
            for i in range(20):
                place = "easy" if i < easy else "hard"
                right = rng.random() < (0.95 if place == "easy" else 0.6)
                rows.append((f"{vendor}{r}-{i}", f"{vendor}{r}", "x" if right else "y", "x", vendor, place))
    made = workforce.comparisons(table(rows, [*COLUMNS, "slice"])).estimates["a and b"]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, "slice"])
    frame["right"] = frame["label"] == frame["gold"]
    shares = frame.pivot_table(index="slice", columns="vendor", values="right")
    weights = frame["slice"].value_counts()
    assert made.value == pytest.approx(np.average((shares["a"] - shares["b"])[weights.index], weights=weights))
    crude = frame.groupby("vendor")["right"].mean()
    assert crude["a"] - crude["b"] > 0.1
    assert made.low < 0 < made.high


def test_on_shared_items_each_item_counts_once():
    rows = team(5, {"a": 0.9, "b": 0.8}, items=60)
    made = workforce.comparisons(table(rows)).estimates["a and b"]
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
    made = workforce.comparisons(j)
    assert made.table.empty
    assert made.refused["reason"].str.contains("vendor and locale can't be told apart").all()
    assert made.refused["reason"].str.contains("never work in the same locale").all()
    assert workforce.overlap(j)["locale_shared"].tolist() == [0, 0]
    plain = table(team(1, {"a": 0.9, "b": 0.8}, shared=False))
    assert "no other column (locale, queue, slice) to adjust by" in workforce.comparisons(plain).refused["reason"][0]


def test_too_little_overlap_is_refused():
    rows = [(*row, "common" if i % 50 < 12 else f"only {row[4]}")
            for i, row in enumerate(team(1, {"a": 0.9, "b": 0.8}, shared=False))]  # fmt: skip
    made = workforce.comparisons(table(rows, [*COLUMNS, "queue"]))
    assert made.refused["reason"].str.contains("24% and 24%").tolist() == [True]


def test_a_true_difference_is_covered():
    held = 0
    for seed in range(60):
        rows = team(seed, {"a": 0.9, "b": 0.8}, items=30, spread=0.05)
        made = workforce.comparisons(table(rows)).estimates["a and b"]
        held += made.low <= 0.1 <= made.high
    assert held >= stats.binom.ppf(0.001, 60, 0.93)


def test_agreement_between_vendors_by_hand():
    rows = team(2, {"a": 0.8, "b": 0.7}, raters=3, items=25)
    made = workforce.agreement_between(table(rows))
    one, estimate = made.table.iloc[0], made.estimates["a and b"]
    by = {}
    for item, _, label, _, vendor in rows:
        by.setdefault(item, {}).setdefault(vendor, []).append(label)
    pairs = [x == y for sides in by.values() for x, y in itertools.product(sides["a"], sides["b"])]
    assert one["agreement"] == pytest.approx(np.mean(pairs))
    assert one["low"] < one["agreement"] < one["high"]
    assert (estimate.n_items, estimate.n_raters, estimate.n_judgments) == (25, 6, 150)
    apart = workforce.agreement_between(table(team(2, {"a": 0.8, "b": 0.7}, shared=False)))
    assert apart.table.empty
    assert "takes 20" in apart.refused["reason"][0]


@pytest.mark.parametrize("level", ["ordinal", "interval"])
def test_agreement_between_vendors_knows_how_far_apart_two_scores_are(level):
    rng, rows = np.random.default_rng(3), []
    for i in range(40):
        true = rng.integers(5, 95)
        rows += [(f"i{i}", f"{v}{r}", str(true + rng.integers(-4, 5)), "", v) for v in "ab" for r in range(3)]
    j = halo.as_judgments(table(rows).frame.drop("gold", strict=False), scale=(0, 100), level=level)
    one = workforce.agreement_between(j).table.iloc[0]
    labels = pd.Series([float(row[2]) for row in rows])
    place = labels.rank() - 0.5 if level == "ordinal" else labels
    span = np.ptp(place) if level == "ordinal" else 100
    at = pd.DataFrame({"item": [row[0] for row in rows], "v": [row[4] for row in rows], "x": place / span})
    a, b = (at[at["v"] == v] for v in "ab")
    both = a.merge(b, on="item")
    seen = ((both["x_x"] - both["x_y"]) ** 2).mean()
    expected = np.mean([(x - y) ** 2 for x in a["x"] for y in b["x"]])
    assert one["agreement"] == pytest.approx(1 - seen)
    assert one["kappa"] == pytest.approx(1 - seen / expected)
    assert one["low"] < one["agreement"] < one["high"]
    assert one["kappa"] > 0.95
    assert workforce.agreement_between(table(rows)).table["agreement"].iloc[0] < 0.3


def test_weeks_begin_on_monday():
    rows = [(i, r, "x", "x", "v", f"2026-03-{day:02d}T23:30:00Z") for r in "abc" for i, day in enumerate([1, 2, 8, 9])]
    made = workforce.rates(table(rows, [*COLUMNS, "rated_at"]), weekly=True)
    assert made.table["week"].tolist() == ["2026-02-23", "2026-03-02", "2026-03-09"]
    assert made.table["judgments"].tolist() == [3, 6, 3]
    assert made.estimates == {}
    assert "2026-02-23" in made.plot().alt
    with pytest.raises(NotEstimable, match="rated_at"):
        workforce.rates(table([row[:5] for row in rows]), weekly=True)


def test_the_share_right_is_that_of_the_audit_chapter():
    j = table(team(3, {"a": 0.9, "b": 0.7}))
    wrong = audit.by_group(j, "vendor").estimates
    for vendor, right in workforce.rates(j).estimates.items():
        assert (right.value, right.low, right.high) == pytest.approx(
            (1 - wrong[vendor].value, 1 - wrong[vendor].high, 1 - wrong[vendor].low)
        )


def test_figures_rest_on_the_people_who_have_them():
    rows = [(i, f"r{r}", "x" if (i + r) % 4 else "y", "x" if r < 2 else "", "v", 0.2 if r < 3 else None)
            for r in range(5) for i in range(20)]  # fmt: skip
    j = table(rows, [*COLUMNS, "cost"])
    right = workforce.rates(j).estimates["v"]
    assert right.n_raters == len(right.basis.judgments) == 2
    assert (right.basis.measure, right.over) == ("right", "items")
    cost = workforce.rates(j, measure="cost_per_accepted").estimates["v"]
    assert sorted(cost.basis.judgments) == ["r0", "r1", "r2"]
    card = workforce.by_group(j, "vendor")
    assert card.estimates["v"] == right
    assert card.table[["people", "checked"]].values.tolist() == [[5, 40]]


# ---------------------------------------------------------------- shared items and weeks

CELL = st.tuples(st.integers(0, 5), st.sampled_from("pqr"), st.sampled_from(["north", "south", "west", None]),
                 st.sampled_from(["de-DE", "pt-BR"]))  # fmt: skip


@given(st.lists(CELL, min_size=1, max_size=40, unique_by=lambda c: c[:2]))
@settings(max_examples=30)
def test_shared_items_are_counted_pair_by_pair_in_each_locale(cells):
    rows = [(f"{locale}{i}", f"{vendor}{r}", "x", "x", vendor, locale) for i, r, vendor, locale in cells]
    expected = {}
    for locale in sorted({row[5] for row in rows}):
        items: dict = {}
        for item, _, _, _, vendor, where in rows:
            if where == locale:
                items.setdefault(vendor, set()).add(item)
        vendors = sorted(v for v in items if v)
        teams = vendors if len(vendors) != 1 else [*vendors, *(v for v in items if v is None)]
        for a, b in itertools.combinations(teams, 2):
            expected[f"{a} and {b or '(missing)'} in {locale}"] = len(items[a] & items[b])
        if len(teams) == 1:
            expected[f"{teams[0]} alone in {locale}"] = 0
    j = table(rows, [*COLUMNS, "locale"])
    if expected:
        assert {pair: e.value for pair, e in workforce.shared_items(j).items()} == expected
    else:
        with pytest.raises(NotEstimable, match="vendor"):
            workforce.shared_items(j)


def test_weeks_with_checked_work_are_counted_for_each_vendor():
    days = ["2026-03-01", "2026-03-02", "2026-03-08", "2026-03-09", ""]  # Sunday, Monday, Sunday, Monday, unknown
    rows = [(f"{i}", "r", "x", "x", "north", day) for i, day in enumerate(days)]
    rows += [("a", "s", "x", "x", "south", days[0]), ("b", "s", "x", "", "south", days[3])]
    found = workforce.weeks_checked(table(rows, [*COLUMNS, "rated_at"]))
    assert {vendor: e.value for vendor, e in found.items()} == {"north": 3, "south": 1}
    assert {gate("VEN-048", e).verdict for e in found.values()} == {"not_met"}
    with pytest.raises(NotEstimable, match="rated_at"):
        workforce.weeks_checked(table([row[:5] for row in rows]))


def test_what_makes_no_groups_is_refused():
    j = table(team(1, {"a": 0.9, "b": 0.8}))
    for call in (
        lambda: workforce.rates(j, "rater_id"),
        lambda: workforce.comparisons(j, "item_id"),
        lambda: workforce.rates(j, measure="speed"),
        lambda: workforce.next_steps(j, bar=85),
    ):
        with pytest.raises(BadOption, match="allowed"):
            call()


@given(st.integers(0, 1000))
@settings(max_examples=5)
def test_order_of_rows_and_names_of_raters_change_nothing(seed):
    rows = team(seed, {"a": 0.9, "b": 0.7, "c": 0.8}, raters=3, items=25)
    rng = np.random.default_rng(seed)
    mixed = [(i, f"other {r}", x, g, v) for i, r, x, g, v in (rows[k] for k in rng.permutation(len(rows)))]
    one, two = (workforce.by_vendor(table(t)).table for t in (rows, mixed))
    pd.testing.assert_frame_equal(one, two)


def test_what_to_do_next_follows_the_unpooled_figures():
    rows = [(*row, "pt-BR" if row[4] == "d" else "de-DE")
            for row in team(1, {"a": 0.95, "b": 0.6}, raters=8) + team(2, {"d": 0.95}, shared=False)]  # fmt: skip
    rows += [(f"g{i}", f"c{i % 3}", "y" if i % 20 == 0 else "x", "x", "c", "de-DE") for i in range(50)]
    made = workforce.next_steps(table(rows, [*COLUMNS, "locale"]), bar=0.85).set_index("vendor")
    assert made["next_step"][["b", "c"]].tolist() == ["corrective action", "keep the volume; check more work"]
    assert set(made["next_step"][["a", "d"]]) == {"may take more volume"}
    assert made.loc["b", "worse_than"].startswith("a")
    assert made.loc["d", "not_compared_with"] == "a, b, c"


def test_the_sample_is_read_as_it_was_made(root):
    options = {"scale": ["poor", "fair", "good", "excellent"], "level": "ordinal"}
    j = halo.read_judgments(root / "data" / "samples" / "workforce.csv", **options)
    steps = workforce.next_steps(j, bar=0.85).set_index("vendor")
    assert steps["funnel"].to_dict() == {"east": "inside", "north": "inside", "south": "below 99.8%", "west": "inside"}
    expected = ["may take more volume", "corrective action", "keep the volume; check more work"]
    assert steps["next_step"][["north", "south", "west"]].tolist() == expected


def test_nothing_of_a_signal_reaches_the_scorecard():
    columns = set(workforce.by_vendor(table(team(1, {"a": 0.9, "b": 0.8}))).table.columns)
    assert not [c for c in columns for word in ("listed", "speed", "copied", "signal") if word in c]
