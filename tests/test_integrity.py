"""Integrity signals: planted cheats are found, honest people are left alone, and what is unknown stays off."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import stats

import halo_methods as halo
from halo_methods import integrity
from halo_methods.errors import BadOption, NotEstimable
from halo_methods.integrity.detectors import expected_runs

COLUMNS = ("item_id", "rater_id", "label", "gold")


def table(rows, columns=COLUMNS, **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **options)


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
    return table(rows, COLUMNS)


def test_a_planted_copied_pair_is_found_and_honest_pairs_are_left_alone():
    found = 0
    for seed in range(12):
        listed = integrity.copied(shift(seed, copy=0.9, items=100)).listed
        found += ["r00", "r11"] in listed[["rater_a", "rater_b"]].to_numpy().tolist()
    false = sum(not integrity.copied(shift(500 + s, items=80)).listed.empty for s in range(25))
    assert found >= 10
    assert false <= stats.binom.ppf(0.999, 25, 0.05)


def test_without_gold_the_majority_is_the_reference():
    j = halo.as_judgments(shift(3, copy=0.95, items=100).frame.drop("gold"))
    assert integrity.copied(j).listed[["rater_a", "rater_b"]].to_numpy().tolist() == [["r00", "r11"]]
    alone = table([(f"{r}{i}", r, "x") for r in "ab" for i in range(30)], COLUMNS[:3])
    with pytest.raises(NotEstimable, match="no item has gold"):
        integrity.copied(alone)


def test_wrong_gold_accuses_nobody():
    frame = shift(8, error=0.05, hard=0.0).frame.to_pandas()
    wrong = [f"i{i}" for i in range(12)]
    frame.loc[frame["item_id"].isin(wrong), "gold"] = "L9"
    assert integrity.copied(halo.as_judgments(frame)).listed.empty


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


def test_a_median_stands_beside_the_number_of_judgments_that_it_rests_on():
    whole = timed(1).frame
    row_of = pl.int_range(pl.len()).over("rater_id")
    some = whole.with_columns(seconds=pl.when(row_of < 18).then("seconds"))
    made = integrity.speeders(halo.as_judgments(some)).table
    assert set(made["n"]) == {18}
    first = some.filter(pl.col("rater_id") == "r07")["seconds"].drop_nulls().median()
    assert made.set_index("rater_id")["seconds"]["r07"] == pytest.approx(first)
    with pytest.raises(NotEstimable, match="timed judgments"):
        integrity.speeders(halo.as_judgments(some.with_columns(seconds=pl.when(row_of < 9).then("seconds"))))


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
    expected = expected_runs(1e7 * p, 1e7 * (1 - p), n)
    draws = rng.choice(3, size=(4000, n), p=p)
    change = np.diff(draws, axis=1) != 0
    runs = [np.diff(np.concatenate([[0], np.flatnonzero(c) + 1, [n]])) for c in change]
    for length in (1, 3, 6):
        assert np.mean([(r >= length).sum() for r in runs]) == pytest.approx(expected[length - 1], rel=0.06)


@pytest.mark.parametrize("spread", [0.3, 0.8, 1.5])
@pytest.mark.parametrize("raters", [6, 12])
def test_honest_raters_are_seldom_straight_liners_however_much_leniency_differs(spread, raters):
    rng, listed, studies = np.random.default_rng(4), 0, 40
    for _ in range(studies):
        lean = np.exp(spread * rng.normal(size=(raters, 1)) * [-1, 0, 1]) * [0.2, 0.3, 0.5]
        labels = [rng.choice(list("xyz"), 40, p=p) for p in lean / lean.sum(axis=1, keepdims=True)]
        rows = [(f"{r}-{i}", f"r{r}", label) for r, given in enumerate(labels) for i, label in enumerate(given)]
        listed += bool(integrity.straight_liners(table(rows, COLUMNS[:3])).people)
    assert listed <= stats.binom.ppf(0.999, studies, 0.05)


@pytest.mark.parametrize(("spread", "least", "most"), [(0.0, 8, 8), (0.3, 6, 8), (1.5, 0, 1)])
def test_runs_of_twenty_are_found_unless_leniency_differs_much(spread, least, most):
    rng, found, studies = np.random.default_rng(5), 0, 8
    for _ in range(studies):
        lean = np.exp(spread * rng.normal(size=(11, 1)) * [-1, 0, 1]) * [0.2, 0.3, 0.5]
        labels = [rng.choice(list("xyz"), 60, p=p) for p in lean / lean.sum(axis=1, keepdims=True)]
        labels.append(np.repeat(list("zyz"), 20))
        rows = [(f"{r}-{i}", f"r{r}", label) for r, given in enumerate(labels) for i, label in enumerate(given)]
        found += "r11" in integrity.straight_liners(table(rows, COLUMNS[:3])).people
    assert least <= found <= most


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


def test_without_comments_of_people_nobody_is_tested():
    rows = [(i, r, "x", said, kind) for r, said, kind in (("r", None, "human"), ("m", "a b c d e f", "model"))
            for i in range(12)]  # fmt: skip
    with pytest.raises(NotEstimable, match="no rater has 8 comments"):
        integrity.model_written(table(rows, ["item_id", "rater_id", "label", "comment", "rater_type"]))


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


def row(found, detector):
    return found.table.set_index("detector").loc[detector]


def test_a_detector_is_off_where_its_rate_is_unknown():
    assert "no honest baseline" in row(integrity.signals(live()), "speeders")["why_off"]
    bare = halo.as_judgments(baseline().frame.drop("accommodation"))
    off = row(integrity.signals(live(), bare), "speeders")
    assert "the honest baseline has no column accommodation" in off["why_off"]
    found = integrity.signals(live(), baseline())
    on = row(found, "speeders")
    assert (on["state"], set(found.lists["speeders"]["rater_id"]), on["held_back"]) == ("on", {"r03", "r14"}, 0)
    found = integrity.signals(live(), baseline(accommodated=4))
    few = row(found, "speeders")
    assert (set(found.lists["speeders"]["rater_id"]), few["listed"], few["held_back"]) == ({"r14"}, 1, 1)
    assert "comment" in row(found, "model written")["why_off"]
    strict = integrity.signals(live(), baseline(), min_people=40)
    assert "40 honest people" in row(strict, "speeders")["why_off"]
    assert strict.lists == {}


def test_false_positive_rates_count_honest_people(monkeypatch):
    made = integrity.false_positive_rate("speeders", baseline())
    assert {k: v.n_raters for k, v in made.items()} == {
        "everybody": 30, "locale de-DE": 15, "locale fr-FR": 15,
        "accommodation none stated": 18, "accommodation screen reader": 12}  # fmt: skip
    assert all(e.over == "raters" for e in made.values())
    monkeypatch.setitem(integrity.DETECTORS, "speeders", lambda j: integrity.Evidence(
        "x", pd.DataFrame({"rater_id": sorted(set(j.frame["rater_id"])), "listed": True}), "", ""))  # fmt: skip
    assert {e.value for e in integrity.false_positive_rate("speeders", baseline()).values()} == {1.0}
    with pytest.raises(BadOption, match="speeders"):
        integrity.false_positive_rate("mind_reader", baseline())


def test_rates_and_status_say_what_is_off():
    off = integrity.signals(live())
    assert set(off.table["state"]) == {"off"}
    with pytest.raises(NotEstimable, match="all detectors are off") as reason:
        off.everybody()
    assert "no honest baseline" in reason.value.public
    on = integrity.signals(live(), baseline())
    assert "speeders: locale de-DE" in on.by_group()
    assert "speeders" in on.everybody()
    assert not [name for name in on.by_group() if name.endswith("everybody")]


def test_rates_rest_on_the_honest_people():
    rate = integrity.false_positive_rate("speeders", baseline())["accommodation screen reader"]
    assert sorted(rate.basis.judgments) == [f"r{n:02d}" for n in range(12)]
    assert rate.basis.measure == "listed by speeders"


def test_impossible_options_are_refused():
    for call in (
        lambda: integrity.signals(live(), baseline(), min_people=0),
        lambda: integrity.signals(live(), baseline(), max_rate=5),
        lambda: integrity.false_positive_rate("speeders", baseline(), confidence=95),
    ):
        with pytest.raises(BadOption, match="allowed"):
            call()


def test_the_sample_lists_who_was_planted(root):
    options = {"scale": ["poor", "fair", "good", "excellent"], "level": "ordinal"}
    j = halo.read_judgments(root / "data" / "samples" / "workforce.csv", **options)
    honest = halo.read_judgments(root / "data" / "samples" / "workforce_honest.csv", **options)
    found = integrity.signals(j, honest)
    assert found.lists["copied"][["rater_a", "rater_b"]].to_numpy().tolist() == [["s03", "s07"]]
    assert found.lists["speeders"]["rater_id"].tolist() == ["n04"]
    assert sorted(found.lists["model_written"]["rater_id"]) == ["e02", "e05"]
    assert found.lists["straight_liners"].empty
    assert {rate.value for rate in (found.everybody() | found.by_group()).values()} == {0.0}
