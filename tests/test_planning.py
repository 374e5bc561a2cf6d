"""The variances of designs against simulation, the search against brute force, capacity against a closed form."""

import json
from datetime import date

import numpy as np
import pandas as pd
import pytest
from helpers import run_cells
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import as_judgments, cli, disagreement, planning
from halo_methods.errors import BadOption, HaloError, NotEstimable
from halo_methods.planning import Components, Limits, Prices, Staffing, best_design, capacity, piece_rate, variance
from halo_methods.standards import gate

KNOWN = {"item": 1.0, "rater": 0.1, "residual": 2.0}


def simulated_means(rng, parts, raters, items, labels, rounds):
    """Means of item means of simulated tables: raters take turns, `labels` on each item."""
    item = rng.normal(0, parts["item"] ** 0.5, (rounds, items))
    rater = rng.normal(0, parts["rater"] ** 0.5, (rounds, raters))
    noise = rng.normal(0, (parts["residual"] / labels) ** 0.5, (rounds, items))
    turn = np.arange(items * labels) % raters
    return (item + noise).mean(1) + rater[:, turn].mean(1)


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 8)), min_size=1, max_size=120, unique=True))
@settings(max_examples=30)
def test_a_pilots_items_are_those_that_two_people_judged(cells):
    rows = [(f"i{i}", f"r{r}", "1") for i, r in cells]
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    items = [i for i, _ in cells]
    if len({r for _, r in cells}) < 5:
        with pytest.raises(NotEstimable, match="raters"):
            planning.pilot_items(j, raters=5)
    else:
        assert planning.pilot_items(j, raters=5).value == sum(items.count(i) > 1 for i in set(items))


def test_weeks_that_the_staff_does_not_cover_are_counted():
    times, start = [60.0] * 50, {"start": "2026-05-25", "market": "de-DE", "volume_error": 0, "attrition": 0}
    volume = [2000, 2000, 9000, 2000]
    made = capacity(volume, times, Staffing(staff=2, weeks_to_start=4, **start), raters=["a", "b"] * 25)
    assert made.weeks_short.value == (made.table["covered"] < made.covered).sum() == 1
    assert gate("OPS-053", made.weeks_short).verdict == "not_met"
    enough = capacity(volume, times, Staffing(staff=9, weeks_to_start=4, **start), raters=["a", "b"] * 25)
    assert gate("OPS-053", enough.weeks_short).verdict == "met"


def test_the_worked_numbers():
    crossed = best_design(KNOWN, Prices(label=1), 600, limits=Limits(design="crossed"))
    assert (crossed.raters, crossed.items, crossed.labels_per_item) == (8, 75, 8)
    assert crossed.variance == pytest.approx(0.0292, abs=5e-5)
    rotating = best_design(KNOWN, Prices(label=1), 600, limits=Limits(pool=20))
    assert (rotating.raters, rotating.items, rotating.labels_per_item) == (20, 600, 1)
    assert rotating.variance == pytest.approx(0.010, abs=5e-5)


@pytest.mark.parametrize(("raters", "items", "labels"), [(8, 75, 8), (20, 600, 1), (5, 60, 2)])
def test_the_variance_is_that_of_simulated_tables(raters, items, labels):
    made = simulated_means(np.random.default_rng(3), KNOWN, raters, items, labels, 20_000)
    assert made.var() == pytest.approx(float(variance(Components(**KNOWN), raters, items, labels)), rel=0.04)


def test_the_best_plan_is_within_two_per_cent_of_the_best_by_simulation():
    """Every design of a grid that costs at most the budget is simulated; the planner's must be as good."""
    parts, prices, budget = {"item": 0.5, "rater": 0.2, "residual": 1.0}, Prices(label=1, rater=20, item=0.5), 600
    plan = best_design(parts, prices, budget, limits=Limits(pool=15))
    rng, found = np.random.default_rng(8), {}
    for raters in range(2, 16):
        for labels in range(1, min(raters, 4) + 1):
            items = int((budget - prices.rater * raters) / (prices.item + labels * prices.label))
            if items >= raters:
                found[raters, items, labels] = simulated_means(rng, parts, raters, items, labels, 6000).var()
    # simulated ranks are noisy: the true variance of each is known, so the best by it is what simulation estimates
    smallest = min(found, key=lambda d: float(variance(Components(**parts), *d)))
    ours = simulated_means(rng, parts, plan.raters, plan.items, int(plan.labels_per_item), 60_000).var()
    theirs = simulated_means(rng, parts, *smallest, 60_000).var()
    assert ours <= 1.02 * theirs
    assert ours <= 1.08 * min(found.values())  # the least of forty simulated variances is too low by luck
    assert plan.cost <= budget


@given(
    st.floats(0.01, 3), st.floats(0, 2), st.floats(0.01, 4), st.floats(0.1, 3), st.floats(0, 2), st.floats(0, 30),
    st.integers(2, 12), st.sampled_from(["rotating", "crossed"]), st.sampled_from(["mean", "difference"]),
)  # fmt: skip
@settings(max_examples=60)
def test_no_design_of_the_grid_is_better(item, rater, residual, label, each, fixed, pool, design, decision):
    parts, prices, budget = Components(item, rater, residual), Prices(label=label, item=each, rater=fixed), 400.0
    limits = Limits(pool=pool, design=design, decision=decision)
    try:
        plan = best_design(parts, prices, budget, limits=limits)
    except NotEstimable:
        assert fixed + label + each > budget
        return
    best = np.inf
    for raters in range(1, pool + 1):
        for labels in [raters] if design == "crossed" else range(1, min(raters, 20) + 1):
            items = int((budget - fixed * raters) / (each + labels * label) + 1e-9)
            if items >= 1 and raters <= items * labels:
                best = min(best, float(variance(parts, raters, items, labels, limits=limits)))
    assert plan.variance <= best * (1 + 1e-9)


@given(st.floats(1.1, 5))
@settings(max_examples=20)
def test_more_money_never_buys_less(times):
    less, more = (best_design(KNOWN, Prices(label=1, rater=10), b, limits=Limits(pool=30)) for b in (500, 500 * times))
    assert more.variance <= less.variance + 1e-12


def test_prices_in_another_currency_change_nothing():
    limits = Limits(pool=12, audit=0.05, overlap=0.1)
    one = best_design(KNOWN, Prices(label=1, item=2, rater=40, audit=3), 900, limits=limits)
    two = best_design(KNOWN, Prices(label=7, item=14, rater=280, audit=21), 6300, limits=limits)
    assert (one.raters, one.items, one.labels_per_item) == (two.raters, two.items, two.labels_per_item)


def test_limits_are_kept():
    plan = best_design(
        KNOWN, Prices(label=1), 600, limits=Limits(pool=20, workload=20, overlap=0.2, audit=0.1, items=300)
    )
    assert plan.items <= 300
    assert plan.items * plan.labels_per_item <= 20 * plan.raters
    assert plan.overlap >= 0.2
    assert plan.audit == 0.1
    every = best_design(KNOWN, Prices(label=1), 650, limits=Limits(decision="item", items=200, pool=10))
    assert (every.items, every.labels_per_item) == (200, 3)


def test_an_audit_buys_precision_only_where_its_labels_are_better():
    free = {"pool": 20, "audit": 0.05}
    without = best_design(KNOWN, Prices(label=1, audit=1), 2000, limits=Limits(**free))
    better = best_design(KNOWN, Prices(label=1, audit=0.2), 2000, limits=Limits(audited_residual=0.1, **free))
    assert without.audit == 0.05
    assert better.audit > 0.5


def test_a_ranking_says_how_sure_its_order_is():
    plan = best_design(KNOWN, Prices(label=1), 600, limits=Limits(decision="ranking", gap=0.3, pool=20))
    # shared items and raters cancel: 2 x 2 / 600 is left
    assert plan.variance == pytest.approx(2 * 2 / 600)
    assert plan.right_order == pytest.approx(0.99989, abs=1e-4)
    assert any("favour one system" in c for c in plan.cautions)


def test_a_pilot_gives_the_variances_and_their_uncertainty():
    rng = np.random.default_rng(1)
    item, rater = rng.normal(0, 1, 80), rng.normal(0, 0.5, 12)
    rows = [(f"i{i}", f"r{r}", item[i] + rater[r] + rng.normal()) for i in range(80) for r in range(12)]
    pilot = as_judgments(
        pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval", scale=(-20, 20)
    )
    plan = best_design(disagreement.variance_components(pilot), Prices(label=1), 600, limits=Limits(pool=12))
    assert plan.low is not None
    assert plan.high is not None
    assert plan.low < plan.variance < plan.high
    assert 1.1 in set(plan.frontier["budget_share"])
    assert "narrows the interval" in plan.another_tenth


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"budget": 0}, HaloError), ({"budget": 0.5}, NotEstimable), ({"decision": "launch"}, BadOption),
        ({"design": "nested"}, BadOption), ({"decision": "item"}, BadOption), ({"decision": "ranking"}, BadOption),
        ({"pool": 0}, BadOption), ({"overlap": 1.5}, BadOption), ({"components": {"item": 1}}, BadOption),
        ({"components": {"item": -1, "rater": 0, "residual": 1}}, HaloError), ({"shared": "all"}, BadOption),
    ],
)  # fmt: skip
def test_refusals(change, error):
    asked = {"components": KNOWN, "prices": Prices(label=1), "budget": 600, **change}
    with pytest.raises(error):
        best_design(asked.pop("components"), asked.pop("prices"), asked.pop("budget"), limits=Limits(**asked))


def test_holidays_are_the_ones_of_2026_and_2027():
    off = planning.public_holidays
    french = ["01-01", "04-06", "05-01", "05-08", "05-14", "05-25", "07-14", "08-15", "11-01", "11-11", "12-25"]
    assert off("fr-FR", 2026) == {date.fromisoformat(f"2026-{day}") for day in french}
    german = ["01-01", "03-26", "03-29", "05-01", "05-06", "05-17", "10-03", "12-25", "12-26"]
    assert off("de-DE", 2027) == {date.fromisoformat(f"2027-{day}") for day in german}
    spanish = ["01-01", "01-06", "04-03", "05-01", "10-12", "12-08", "12-25"]  # those of 2026 on a working day
    assert {d for d in off("es-ES", 2026) if d.weekday() < 5} == {date.fromisoformat(f"2026-{d}") for d in spanish}
    brazilian = ["01-01", "03-26", "04-21", "09-07", "10-12", "11-02", "11-15"]
    assert {d for d in off("pt-BR", 2027) if d.weekday() < 5} == {date.fromisoformat(f"2027-{d}") for d in brazilian}
    assert date(2024, 4, 1) in off("fr-FR", 2024)  # Easter Monday
    assert date(2038, 4, 26) in off("de-DE", 2038)  # after the latest Easter there can be
    assert date(2026, 6, 2) in off("it-IT", 2026)
    assert planning.working_days("de-DE", date(2025, 12, 29)) == 4
    assert planning.working_days("de-DE", date(2026, 6, 1), more=frozenset({date(2026, 6, 4)})) == 4
    with pytest.raises(BadOption, match="Monday"):
        planning.working_days("de-DE", date(2026, 6, 2))
    for market in ("de", "xx-QQ", "Germany", "de_DE", ""):
        with pytest.raises(BadOption, match="such as fr-FR"):
            off(market, 2026)


WEEKS = {"start": date(2026, 6, 8), "market": "es-ES"}


def test_people_without_any_uncertainty_are_hours_over_hours():
    made = capacity([3000] * 3, [50.0] * 40, Staffing(volume_error=0, attrition=0, shrinkage=0.25, staff=2, **WEEKS))
    wanted = 3000 * 50 / 3600 / (5 * 7 * 0.75)
    assert made.table["people"].to_list() == pytest.approx([wanted] * 3)
    assert made.hires == 0
    assert (made.table["covered"] == 1).all()


def test_hires_cover_what_they_are_said_to_cover():
    asked = {"volume_error": 0.1, "attrition": 0.02, "staff": 1, "covered": 0.9, "certification_yield": 0.7}
    seconds = np.random.default_rng(4).lognormal(4, 0.6, 400)
    made = capacity([9000] * 10, seconds, Staffing(**asked, **WEEKS))
    again = capacity([9000] * 10, seconds, Staffing(**asked, **WEEKS), seed=99)
    live = again.table["covered"].iloc[2 + 2 :]  # after hiring and ramp
    assert abs(made.hires - again.hires) <= 1
    assert (live >= 0.87).all()
    assert any("No hire of today" in c for c in made.cautions)


def test_more_volume_needs_more_people_and_never_fewer_hires():
    seconds = np.random.default_rng(4).lognormal(4, 0.6, 100)
    made = [capacity([v] * 8, seconds, Staffing(staff=2, **WEEKS)) for v in (4000, 6000, 9000)]
    assert [m.hires for m in made] == sorted(m.hires for m in made)
    assert made[0].table["high"].iloc[0] < made[2].table["low"].iloc[0]


def test_capacity_refuses_guesses():
    with pytest.raises(NotEstimable, match="at least 30"):
        capacity([10], [5.0] * 29, Staffing(**WEEKS))
    with pytest.raises(BadOption, match="shrinkage"):
        Staffing(shrinkage=1.2, **WEEKS)
    with pytest.raises(BadOption, match="market"):
        capacity([10], [5.0] * 30, Staffing(start=date(2026, 6, 8), market="Italy"))


def test_the_interval_of_people_holds_where_raters_differ_in_pace():
    rng, hits, alone = np.random.default_rng(4), 0, 0
    who, staffing = np.repeat(np.arange(16), 25), Staffing(**WEEKS, volume_error=0, staff=9)
    truth = 9000 * np.exp(4 + (0.3**2 + 0.4**2) / 2) / 3600
    given = 5 * 7 * 0.7
    for n in range(60):
        times = np.exp(4 + np.repeat(rng.normal(0, 0.3, 16), 25) + rng.normal(0, 0.4, 400))
        week = capacity([9000], times, staffing, raters=who, seed=n).table.iloc[0]
        hits += week["low"] <= truth / given <= week["high"]
        week = capacity([9000], times, staffing, seed=n).table.iloc[0]
        alone += week["low"] <= truth / given <= week["high"]
    assert hits / 60 >= 0.8, "nominal .90"
    assert alone / 60 < 0.65, "times taken as independent"


def test_a_piece_rate_pays_four_in_five_the_floor_and_the_mean_does_not():
    seconds = np.random.default_rng(2).lognormal(4, 0.5, 4000)
    made = piece_rate(seconds, 15, unpaid_seconds=10)
    earned = made.value * 3600 / (seconds + 10)
    assert np.mean(earned >= 15) == pytest.approx(0.8, abs=0.001)
    assert made.low <= made.value <= made.high
    assert "would earn less than the floor" in made.cautions[0]
    with pytest.raises(BadOption, match="percentile"):
        piece_rate(seconds, 15, unpaid_seconds=10, percentile=0.3)


def test_the_interval_of_a_piece_rate_covers():
    rng, hits = np.random.default_rng(6), 0
    truth = 12 * (np.exp(4 + 0.5 * 0.8416212) + 8) / 3600
    for n in range(300):
        made = piece_rate(rng.lognormal(4, 0.5, 120), 12, unpaid_seconds=8, replicates=400, seed=n)
        hits += made.low <= truth <= made.high
    assert 0.90 <= hits / 300 <= 0.985


def test_the_interval_over_people_covers_where_they_differ_in_pace():
    rng, hits, alone = np.random.default_rng(3), 0, 0
    truth = 15 * (np.exp(4 + 0.8416212 * np.hypot(0.3, 0.5)) + 10) / 3600
    who = np.repeat([f"r{n}" for n in range(20)], 30)
    for n in range(250):
        times = np.exp(4 + np.repeat(rng.normal(0, 0.3, 20), 30) + rng.normal(0, 0.5, 600))
        made = piece_rate(times, 15, unpaid_seconds=10, raters=who, replicates=300, seed=n)
        hits += made.low <= truth <= made.high
        found = piece_rate(times, 15, unpaid_seconds=10, replicates=300, seed=n)
        alone += found.low <= truth <= found.high
    assert 0.89 <= hits / 250 <= 0.98
    assert alone / 250 < 0.75, "times taken as independent"
    assert (made.n_raters, made.over, made.value) == (20, "raters", found.value)


def test_whole_people_are_drawn():
    """Oracle: the same bootstrap by concatenating the times of the people drawn."""
    rng = np.random.default_rng(8)
    who = np.repeat(np.arange(15), 20)
    times = np.exp(4 + np.repeat(rng.normal(0, 0.4, 15), 20) + rng.normal(0, 0.3, 300))
    made = piece_rate(times, 3600, unpaid_seconds=0, raters=who, replicates=4000)
    drawn = [np.quantile(np.concatenate([times[who == p] for p in rng.integers(0, 15, 15)]), 0.8) for _ in range(2000)]
    wider = 2.1447867 / 1.9599640 * np.sqrt(15 / 14)
    for end, q in ((made.low, 0.025), (made.high, 0.975)):
        assert end == pytest.approx(made.value + wider * (np.quantile(drawn, q) - made.value), rel=0.03)


def test_raters_of_a_piece_rate_are_counted():
    times, few = [40.0 + n for n in range(60)], ["a", "b"] * 30
    assert "2 raters the interval is too short" in piece_rate(times, 15, unpaid_seconds=1, raters=few).cautions[1]
    with pytest.raises(NotEstimable, match="one person"):
        piece_rate(times, 15, unpaid_seconds=1, raters=["a"] * 60)
    with pytest.raises(HaloError, match="60 times and 2 raters"):
        piece_rate(times, 15, unpaid_seconds=1, raters=["a", "b"])
    with_gaps = piece_rate([*times, np.nan], 15, unpaid_seconds=1, raters=[*few, "c"])
    assert with_gaps.n_raters == 2


def test_the_command_gives_the_same_plan(capsys, tmp_path):
    asked = ["plan", "design", "--budget", "600", "--components", "item=1,rater=.1,residual=2", "--format", "json"]
    assert cli.main([*asked, "--design", "crossed", "--overlap", "0", "--audit", "0"]) == cli.FINE
    said = json.loads(capsys.readouterr().out)
    assert (said["raters"], said["items"]) == (8, 75)
    assert cli.main(["plan", "design", "--budget", "600"]) == cli.USAGE
    assert cli.main([*asked[:-2], "--prices", "label=1,gold=2"]) == cli.USAGE
    file = tmp_path / "timed.csv"
    rows = [(f"i{i}", "r1", "a", 40 + i) for i in range(50)]
    pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"]).to_csv(file, index=False)
    wanted = ["plan", "capacity", "--data", str(file), "--volume", "9000,9000,9000,9000", "--start", "2026-06-08"]
    assert cli.main([*wanted, "--market", "fr-FR"]) == cli.FINE
    assert "hire now:" in capsys.readouterr().out
    assert cli.main([*wanted, "--market", "Germany"]) == cli.USAGE


# ---------------------------------------------------------------- how many raters there can be


@pytest.mark.parametrize("limits", [{}, {"overlap": 0.1, "audit": 0.05}, {"decision": "difference", "shared": "items"}])
def test_each_row_of_the_pools_is_the_best_design_from_it(limits):
    made = planning.pools(KNOWN, Prices(label=0.5, item=1), 700, limits=Limits(**limits), sizes=(20, 3, 8))
    assert made["pool"].tolist() == [3, 8, 20]
    for row in made.to_dict("records"):
        plan = best_design(KNOWN, Prices(label=0.5, item=1), 700, limits=Limits(pool=row["pool"], **limits))
        for name in ("raters", "items", "labels_per_item", "cost", "half_width"):
            assert row[name] == getattr(plan, name)
    widths = made["half_width"].to_numpy()
    assert made["narrower"].to_numpy()[1:] == pytest.approx(1 - widths[1:] / widths[:-1])
    assert np.isnan(made["narrower"].iloc[0])
    assert (np.diff(widths) <= 0).all()  # a larger pool is never worse


def test_pools_that_cannot_do_the_work_have_no_row():
    made = planning.pools(KNOWN, Prices(label=1), 500, limits=Limits(decision="item", items=100, workload=15))
    assert made["pool"].tolist() == [10, 20, 40]
    with pytest.raises(NotEstimable, match="buys no such design"):
        planning.pools(KNOWN, Prices(label=1), 5, limits=Limits(decision="item", items=100))
    with pytest.raises(BadOption, match="sizes"):
        planning.pools(KNOWN, Prices(label=1), 500, sizes=())


def test_the_question_is_asked_only_where_nothing_limits_the_raters():
    def asked(parts=KNOWN, prices=None, budget=1000, **limits):
        return best_design(parts, prices or Prices(label=1), budget, limits=Limits(**limits)).question

    assert "takes 500, where the search stops" in asked()
    assert "takes 100, as many as there are labels" in asked(budget=100)
    assert asked().startswith("How many raters can you recruit")
    assert "How many" in asked(decision="difference", shared="items")
    free = [{"pool": 12}, {"prices": Prices(label=1, rater=5)}, {"design": "crossed"}, {"decision": "difference"},
            {"decision": "item", "items": 50}, {"parts": {**KNOWN, "rater": 0}}]  # fmt: skip
    assert [asked(**limits) for limits in free] == [""] * len(free)


def test_the_command_asks_first(capsys):
    asked = ["plan", "design", "--budget", "600", "--components", "item=1,rater=.1,residual=2"]
    assert cli.main(asked) == cli.FINE
    text = capsys.readouterr().out
    assert text.startswith("How many raters can you recruit")
    assert text.index("\n40   40   ") < text.index("Without a limit of raters:") < text.index("raters: 500")
    assert cli.main([*asked, "--format", "json"]) == cli.FINE
    said = json.loads(capsys.readouterr().out)
    assert [row["pool"] for row in said["pools"]] == [5, 10, 20, 40]
    assert cli.main([*asked, "--pool", "12", "--format", "json"]) == cli.FINE
    assert "pools" not in json.loads(capsys.readouterr().out)


@pytest.mark.parametrize(("pool", "asked"), [(None, True), (12, False)])
def test_the_report_leads_with_the_question(monkeypatch, pool, asked):
    outputs, _ = run_cells("planning", "planning", "operations", monkeypatch, rater_price=0.0, pool=pool)
    assert ("How many raters can you recruit" in str(outputs)) == asked
