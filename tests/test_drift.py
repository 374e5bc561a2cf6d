from datetime import date, timedelta
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.drift import sample as drift_sample
from scipy import stats

import halo_methods as halo
from halo_methods import drift, reports
from halo_methods.errors import BadOption, HaloError, NotEstimable

PUBLISHED = {
    "shift": [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 2.5, 3, 4],
    "cusum, k .5, h 5": [465, 139, 38.0, 17.0, 10.4, 5.75, 4.01, 3.11, 2.57, 2.01],
    (0.25, 2.998): [500, 170, 48.2, 20.1, 11.1, 5.5, 3.6, 2.7, 2.3, 1.7],
    (0.2, 2.962): [500, 150, 41.8, 18.2, 10.5, 5.5, 3.7, 2.9, 2.4, 1.9],
    (0.05, 2.615): [500, 84.1, 28.8, 16.4, 11.4, 7.1, 5.2, 4.2, 3.5, 2.7],
}


def runs(chart, shift, n, rng, *, burn=0):
    """Run lengths of simulated charts; those that signal in the `burn` samples before the shift are left out."""
    state = np.zeros((2, n))
    length = np.zeros(n)
    alive = np.ones(n, bool)
    t = 0
    while alive.any():
        t += 1
        z = rng.normal(size=n) + (shift if t > burn else 0)
        if chart[0] == "cusum":
            state = np.maximum(0, state + np.stack([z, -z]) - chart[1])
            out = (state > chart[2]).any(axis=0)
        else:
            state[0] = chart[1] * z + (1 - chart[1]) * state[0]
            out = np.abs(state[0]) > chart[2] * np.sqrt(chart[1] / (2 - chart[1]))
        length[alive & out] = t - burn
        alive &= ~out
    return length[length > 0]


def close(sample, stated, tolerance=0.05):
    error = sample.std() / np.sqrt(sample.size)
    assert error < tolerance * stated / 2, "simulate more"
    assert abs(sample.mean() - stated) < max(3.5 * error, 1e-9)
    assert sample.mean() == pytest.approx(stated, rel=tolerance)


class TestRunLength:
    def test_cusum_is_the_published_table(self):
        made = [drift.cusum_run_length(0.5, 5, s) for s in PUBLISHED["shift"]]
        assert made == pytest.approx(PUBLISHED["cusum, k .5, h 5"], rel=0.005)

    @pytest.mark.parametrize("scheme", [k for k in PUBLISHED if isinstance(k, tuple)], ids=str)
    def test_ewma_is_the_published_table(self, scheme):
        made = [drift.ewma_run_length(*scheme, s) for s in PUBLISHED["shift"]]
        assert made == pytest.approx(PUBLISHED[scheme], rel=0.02)

    def test_the_computed_reference_to_its_printed_digits(self):
        file = Path(__file__).parents[2] / "shared" / "reference" / "control_charts.yaml"
        if not file.exists():
            pytest.skip("the published values are not at ../shared/reference")
        known = yaml.safe_load(file.read_text("utf-8"))
        shifts = known["cusum"]["shift_sigma"]
        assert [round(drift.cusum_run_length(0.5, 5, s), 2) for s in shifts] == known["cusum"]["h5_computed"]
        for scheme in known["ewma"]["schemes"]:
            made = [round(drift.ewma_run_length(scheme["lam"], scheme["L"], s), 2) for s in shifts]
            assert made == scheme["computed"]

    @pytest.mark.parametrize(
        ("chart", "shift"),
        [(("cusum", 0.5, 5), 0), (("cusum", 0.5, 5), 1), (("cusum", 0.25, 8), 0.5), (("cusum", 0.5, 7.25), 1),
         (("ewma", 0.2, 2.962), 0), (("ewma", 0.2, 2.962), 1), (("ewma", 0.05, 2.615), 0.5)],
        ids=str,
    )  # fmt: skip
    def test_simulated_charts_run_as_long_as_stated(self, chart, shift):
        stated = (drift.cusum_run_length if chart[0] == "cusum" else drift.ewma_run_length)(*chart[1:], shift)
        close(runs(chart, shift, 4000, np.random.default_rng(2)), stated)

    def test_a_change_that_finds_the_chart_running_is_seen_no_later(self):
        made = runs(("cusum", 0.5, 5), 1, 20_000, np.random.default_rng(3), burn=40)
        stated = drift.cusum_run_length(0.5, 5, 1)
        assert 0.85 * stated < made.mean() < 1.02 * stated

    @pytest.mark.parametrize("baseline", [20, 50])
    def test_with_a_short_baseline_false_alarms_come_as_often_as_stated(self, baseline):
        rng = np.random.default_rng(4)
        n, periods = 3000, 400
        centre = rng.normal(size=n) / np.sqrt(baseline)
        spread = np.sqrt(rng.chisquare(baseline - 1, size=n) / (baseline - 1))
        h = drift.cusum_design(300, baseline=baseline).limit
        up, down, alarms = np.zeros(n), np.zeros(n), np.zeros(n)
        for _ in range(periods):
            z = (rng.normal(size=n) - centre) / spread
            up, down = np.maximum(0, up + z - 0.5), np.maximum(0, down - z - 0.5)
            out = (up > h) | (down > h)
            alarms += out
            up[out], down[out] = 0, 0
        assert alarms.mean() * 300 / periods == pytest.approx(1, abs=0.12)
        assert drift.cusum_run_length(0.5, 5, baseline=baseline) < 0.5 * drift.cusum_run_length(0.5, 5)

    @given(st.floats(50, 5000), st.floats(0.3, 2))
    @settings(max_examples=15)
    def test_a_design_has_the_run_length_asked_for(self, wanted, shift):
        for made in (drift.cusum_design(wanted, shift), drift.ewma_design(wanted, shift, lam=0.2)):
            assert made.run_length == pytest.approx(wanted, rel=0.005)
            assert made.detection < made.run_length

    def test_the_best_weight_finds_the_shift_soonest(self):
        best = drift.ewma_design(500, 1)
        assert all(best.detection <= drift.ewma_design(500, 1, lam=w).detection + 0.01 for w in (0.05, 0.1, 0.2, 0.4))

    @pytest.mark.parametrize("call", [
        lambda: drift.cusum_run_length(-1, 5), lambda: drift.cusum_run_length(0.5, 0),
        lambda: drift.ewma_run_length(0, 3), lambda: drift.ewma_run_length(0.2, float("nan")),
        lambda: drift.cusum_run_length(0.5, 40), lambda: drift.cusum_design(1), lambda: drift.cusum_design(300, 0),
        lambda: drift.cusum_run_length(0.5, 5, baseline=2),
    ])  # fmt: skip
    def test_what_is_out_of_range_is_refused(self, call):
        with pytest.raises(HaloError):
            call()


class TestCharts:
    def test_cusum_by_hand(self):
        x = [10.2, 9.1, 12.0, 12.4, 13.0]
        made = drift.cusum(x, 0.5, 3, centre=10, sigma=1)
        up = down = 0.0
        for value, (a, b) in zip(x, made.statistic, strict=True):
            up, down = max(0, up + value - 10.5), max(0, down + 9.5 - value)
            assert (a, -b) == pytest.approx((up, down))
        assert made.signals == (3, 4)
        assert made.alarms == (3,)
        assert made.onset(3) == 2
        assert drift.cusum(x, 0.5, 3, centre=10, sigma=1, restart=True).signals == (3,)

    def test_ewma_by_hand_and_opening_limits(self):
        x = np.array([1.0, -0.5, 2.0])
        made = drift.ewma(x, 0.3, 2.7)
        assert made.statistic == pytest.approx([0.3, 0.06, 0.642])
        assert made.limits[1] == pytest.approx(2.7 * np.sqrt(0.3 / 1.7))
        assert drift.ewma(x, 0.3, 2.7, exact_limits=True).limits[1][0] == pytest.approx(0.3 * 2.7)

    def test_baseline_gives_centre_and_spread_and_is_not_tested(self):
        x = np.r_[np.random.default_rng(1).normal(50, 4, 30), np.full(10, 60.0)]
        made = drift.cusum(x, 0.5, 5, baseline=30)
        assert (made.centre, made.sigma) == pytest.approx((x[:30].mean(), x[:30].std(ddof=1)))
        assert min(made.signals) >= 30
        assert made.run_length == pytest.approx(drift.cusum_run_length(0.5, 5, baseline=30))
        assert "fewer than 20" in drift.ewma(x, 0.2, 3, baseline=10).cautions[0]

    def test_laney_is_its_formula(self):
        rng = np.random.default_rng(6)
        n = rng.integers(80, 120, 40)
        d = rng.binomial(n, 0.2)
        made = drift.laney(d, n)
        p = d.sum() / n.sum()
        z = (d / n - p) / np.sqrt(p * (1 - p) / n)
        assert made.sigma_z == pytest.approx(np.abs(np.diff(z)).mean() / 1.128)
        assert made.limits[1] == pytest.approx(p + 3 * made.sigma_z * np.sqrt(p * (1 - p) / n))
        assert drift.p_chart(d, n).limits[1] == pytest.approx(p + 3 * np.sqrt(p * (1 - p) / n))

    def test_batch_variation_floods_the_plain_chart_and_laney_absorbs_it_and_slow_drift_too(self):
        rng = np.random.default_rng(7)
        n = np.full(20_000, 2000)
        d = rng.binomial(n, np.clip(rng.normal(0.1, 0.02, n.size), 0, 1))
        plain, wide = drift.p_chart(d, n), drift.laney(d, n)
        assert 0.28 < len(plain.signals) / n.size < 0.40
        assert len(wide.signals) / n.size == pytest.approx(0.0027, abs=0.0015)
        slow = rng.binomial(n[:90], np.linspace(0.2, 0.26, 90) + rng.normal(0, 0.02, 90))
        z = drift.standardised(slow / 2000, n[:90], baseline=30)
        z[:30] = 0
        assert drift.laney(slow, n[:90], baseline=30).signals == () or len(drift.cusum(z, 0.5, 7.25).signals) > len(
            drift.laney(slow, n[:90], baseline=30).signals
        )

    @pytest.mark.parametrize(("n", "p"), [(20, 0.05), (50, 0.1)])
    def test_the_run_length_of_counts_is_that_of_simulated_counts(self, n, p):
        table = drift.normal_approximation(n, p)
        rng = np.random.default_rng(8)
        x = np.arange(n + 1)
        outside = np.abs(x - n * p) > 3 * np.sqrt(n * p * (1 - p))
        assert table["exact"][0] == pytest.approx(1 / stats.binom.pmf(x, n, p)[outside].sum())
        many = 1500
        state, length, alive = np.zeros((2, many)), np.zeros(many), np.ones(many, bool)
        t = 0
        while alive.any():
            t += 1
            z = (rng.binomial(n, p, many) - n * p) / np.sqrt(n * p * (1 - p))
            state = np.maximum(0, state + np.stack([z, -z]) - 0.5)
            out = (state > 5).any(axis=0)
            length[alive & out], alive = t, alive & ~out
        close(length, table["exact"][1], 0.08)

    def test_few_expected_events_are_cautioned(self):
        assert any("normal curve" in c for c in drift.laney([0, 1, 2, 1, 0], [20] * 5).cautions)
        assert any("CUSUM" in c for c in drift.laney([20, 30, 25, 20], [100] * 4).cautions)

    @pytest.mark.parametrize("call", [
        lambda: drift.cusum([1, float("nan")], 0.5, 5), lambda: drift.laney([3], [2]), lambda: drift.laney([1.5], [2]),
        lambda: drift.cusum([1, 2], 0.5, 5, sigma=0), lambda: drift.p_chart([1, 2], [0, 2]),
    ])  # fmt: skip
    def test_bad_values_are_refused(self, call):
        with pytest.raises(HaloError):
            call()

    @pytest.mark.parametrize("call", [
        lambda: drift.cusum([1] * 30, 0.5, 5, baseline=20), lambda: drift.cusum([1, 2], 0.5, 5, baseline=20),
        lambda: drift.laney([0, 0, 0], [5, 5, 5]), lambda: drift.laney([1, 2], [5, 5]),
        lambda: drift.laney([1, 1, 1], [5, 5, 5]),
    ])  # fmt: skip
    def test_what_has_no_spread_is_not_estimable(self, call):
        with pytest.raises(NotEstimable):
            call()


class TestSequences:
    @pytest.mark.parametrize("p", [0.02, 0.2, 0.5])
    def test_every_interval_holds_at_once_where_ordinary_ones_fail(self, p):
        rng = np.random.default_rng(9)
        streams, looks = 300, 500
        x = (rng.random((streams, looks)) < p).astype(float)
        made = drift.confidence_sequence(x, np.ones_like(x))
        ever_out = ((made.low > p) | (made.high < p)).any(axis=1).mean()
        assert ever_out <= 0.05
        k, n = x.cumsum(axis=1), np.arange(1, looks + 1)
        half = 1.96 * np.sqrt(np.clip(k / n * (1 - k / n), 1e-12, None) / n)
        assert (np.abs(k / n - p) > half)[:, 20:].any(axis=1).mean() > 0.3

    def test_the_ends_are_where_the_evidence_reaches_its_bar(self):
        made = drift.confidence_sequence([7], [20])
        for end in (made.low[0], made.high[0]):
            assert drift.change_test([7], [20], float(end)).e_value[0] == pytest.approx(20, rel=1e-6)

    def test_a_stable_stream_is_alarmed_as_seldom_as_said_and_a_change_is_found(self):
        rng = np.random.default_rng(10)
        wrong = found = 0
        for _ in range(200):
            base = int(rng.binomial(300, 0.15))
            stable, moved = rng.binomial(25, 0.15, 60), rng.binomial(25, 0.35, 60)
            wrong += bool(drift.change_test(stable, [25] * 60, (base, 300)).signals)
            found += bool(drift.change_test(moved, [25] * 60, (base, 300)).signals)
        assert wrong <= stats.binom.ppf(0.999, 200, 0.05)
        assert found == 200

    def test_refusals(self):
        for call in (
            lambda: drift.confidence_sequence([2], [1]),
            lambda: drift.change_test([1], [2], 1.0),
            lambda: drift.change_test([1], [2], (3, 2)),
            lambda: drift.confidence_sequence([1], [2], confidence=1),
        ):
            with pytest.raises(HaloError):
                call()


class TestMany:
    @given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.01, 0.5))
    @settings(max_examples=60)
    def test_benjamini_hochberg_is_its_definition(self, p, rate):
        m = max([i for i in range(1, len(p) + 1) if sorted(p)[i - 1] <= rate * i / len(p)], default=0)
        assert drift.benjamini_hochberg(p, rate).sum() == sum(x <= rate * m / len(p) for x in p) * (m > 0)

    def test_e_values_hold_under_any_dependence(self):
        rng = np.random.default_rng(11)
        false = []
        for _ in range(2000):
            z = rng.normal()
            e = np.exp(2 * z - 2) * np.ones(50)
            false.append(drift.e_benjamini_hochberg(e, 0.1).any())
        assert np.mean(false) <= 0.1 + 0.02

    def test_false_discoveries_stay_within_the_rate_and_changes_are_found(self):
        rng = np.random.default_rng(12)
        design = drift.cusum_design(465, baseline=30)
        shares, found = [], 0
        for _ in range(50):
            x = rng.normal(size=(20, 70))
            x[:4, 45:] += 2
            made = drift.many({str(i): row for i, row in enumerate(x)}, design, baseline=30, rate=0.10)
            listed = made.table.loc[made.table["listed"], "chart"].astype(int)
            shares.append((listed >= 4).sum() / max(len(listed), 1))
            found += (listed < 4).sum()
        assert np.mean(shares) <= 0.10 + 3 * np.std(shares) / np.sqrt(len(shares))
        assert found / (50 * 4) > 0.9

    def test_the_expected_number_of_false_alarms_is_the_number_that_comes(self):
        rng = np.random.default_rng(13)
        design = drift.cusum_design(100)
        alarms = sum(
            len(drift.cusum(rng.normal(size=200), design.weight, design.limit, restart=True).signals)
            for _ in range(300)
        )
        assert alarms / 300 == pytest.approx(drift.expected_false_alarms(1, 200, design.run_length), rel=0.08)


SCALE = {"scale": ["poor", "fair", "good"], "level": "ordinal"}


@cache
def sample():
    return halo.as_judgments(drift_sample(), **SCALE)


def day(n):
    return date(2026, 3, 2) + timedelta(days=n)


class TestCauses:
    def test_each_planted_change_gets_its_cause(self):
        made = drift.causes(sample(), [day(55), day(70)], by="slice").set_index("at")
        assert dict(made["cause"]) == {
            day(40): "guideline change", day(55): "drift of single raters", day(70): "data drift"}  # fmt: skip
        assert made.loc[day(55), "raters"] == ("r07",)
        assert made.loc[day(70), "parts"] == ("mail",)

    def test_charts_find_the_rater_and_the_slice_after_their_day_and_not_before(self):
        anchors, fresh = drift.split_anchors(drift.dated(sample()))
        design = drift.cusum_design(500, baseline=30)
        for frame, by, value, anew, who, since in (
            (anchors, "rater_id", "gap", False, "r07", 55), (fresh, "slice", "y", True, "mail", 70)):  # fmt: skip
            values, _ = drift.series_of(frame, by, value, baseline=30, anew=anew)
            table = drift.many(values, design, baseline=30, ready=True).table.set_index("chart")
            assert list(table.index[table["listed"]]) == [who]
            assert since <= table.loc[who, "first_signal"] <= since + 20
            assert abs(table.loc[who, "onset"] - since) <= 3

    def test_without_anchors_raters_and_data_cannot_be_told_apart(self):
        frame = drift_sample()
        frame = frame[frame["item_id"].str.startswith("f")]
        made = drift.causes(halo.as_judgments(frame, **SCALE), [day(70)], by="slice").iloc[-1]
        assert made["cause"] == "cannot be told"
        assert "anchors" in made["said"]

    def test_without_the_version_a_step_of_the_whole_team_is_not_called_data_drift(self):
        frame = drift_sample().drop(columns="guideline")
        made = drift.causes(halo.as_judgments(frame, **SCALE), [day(40)]).iloc[0]
        assert made["cause"] in ("drift of the team", "drift of single raters")

    def test_change_covers_the_truth_as_often_as_it_says(self):
        rng = np.random.default_rng(14)
        hits, rounds = 0, 120
        for _ in range(rounds):
            item, lean = rng.normal(0.5, 0.15, 40), rng.normal(0, 0.05, 8)
            sides = []
            for side in (0, 1):
                rows = [(f"i{i}", f"r{r}", item[i] + lean[r] * side + rng.normal(0, 0.2) + 0.1 * side)
                        for r in range(8) for i in rng.choice(40, 15, replace=False)]  # fmt: skip
                sides.append(pl.DataFrame(rows, schema=["item_id", "rater_id", "y"], orient="row"))
            made = drift.on_anchors(*sides)
            hits += made.low <= 0.1 <= made.high
        low, high = stats.binom.ppf([0.001, 0.999], rounds, [0.92, 0.98])
        assert low <= hits <= high

    def test_nothing_planted_nothing_found(self):
        rng = np.random.default_rng(15)
        called = 0
        for _ in range(20):
            work = ((d, r, k, i) for d in range(30) for r in range(6) for k, i in enumerate(rng.permutation(20)[:4]))
            rows = [(f"a{i}" if k < 2 else f"f{d}{r}{k}", f"r{r}", str(rng.integers(0, 2)), day(d).isoformat(), d)
                    for d, r, k, i in work]  # fmt: skip
            columns = ["item_id", "rater_id", "label", "rated_at", "round"]
            j = halo.as_judgments(pd.DataFrame(rows, columns=columns))
            called += drift.causes(j, [day(15)])["cause"].iloc[0] != "no change shown"
        assert called <= stats.binom.ppf(0.999, 20, 0.2)

    def test_every_cause_has_a_step_with_who_and_when(self):
        found = pd.DataFrame([{"at": day(n), "cause": c, "said": ""} for n, c in enumerate(drift.PATH)])
        made = drift.alerts(found, dict.fromkeys(drift.PATH, "X-001"))
        assert made[["standard", "step", "who", "within"]].ne("").all(axis=None)
        assert made["at"].is_monotonic_decreasing
        with pytest.raises(HaloError, match="has no standard"):
            drift.alerts(found, {})

    def test_weeks_begin_on_monday_and_numbers_lie_between_the_ends(self):
        rows = [("a", "r", 2.0, "2026-03-08T23:59:59Z"), ("b", "r", 4.0, "2026-03-09T00:00:00Z")]
        j = halo.as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rated_at"]),
                              scale=(0, 4), level="interval")  # fmt: skip
        made = drift.dated(j, period="W")
        assert made["period"].to_list() == [date(2026, 3, 2), date(2026, 3, 9)]
        assert made["y"].to_list() == [0.5, 1.0]

    def test_what_is_missing_is_named(self):
        bare = halo.as_judgments(
            pd.DataFrame([("a", "r", "x"), ("b", "r", "y")], columns=["item_id", "rater_id", "label"])
        )
        with pytest.raises(NotEstimable, match="rated_at"):
            drift.causes(bare)
        with pytest.raises(BadOption, match="'D', 'W'"):
            drift.dated(sample(), period="M")
        with pytest.raises(NotEstimable, match="known items"):
            drift.split_anchors(
                drift.dated(sample().where("round == '1'")).filter(pl.col("item_id").str.starts_with("f"))
            )


class TestStudy:
    def test_its_simulated_run_lengths_are_those_stated(self):
        table = reports.study("study_drift")
        runs_ = table[table["part"].isin(["run length", "run length from a baseline"])]
        assert len(runs_) >= 20
        assert (runs_["simulated"] / runs_["stated"]).to_numpy() == pytest.approx(1, abs=0.05)

    def test_a_slice_of_it_comes_out_again(self):
        table = reports.study("study_drift").set_index("setting")
        counts = drift.normal_approximation(50, 0.05)["exact"]
        assert table.loc[["three sigma, n 50, p 0.05", "CUSUM, n 50, p 0.05"], "simulated"].to_numpy() == pytest.approx(
            counts.to_numpy(), rel=1e-4
        )
        false = table.loc[table["part"] == "peeking", "simulated"]
        assert (false[false.index.str.startswith("confidence")] <= 0.05).all()
        assert (false[false.index.str.startswith("ordinary")] > 0.4).all()


class TestReport:
    def test_its_json_holds_the_gates_and_the_verdict_on_the_drifting_rater(self, tmp_path):
        made = reports.run("drift", out=tmp_path, audience="operations")
        verdicts = pd.Series([g["verdict"] for g in made["gates"]], index=[g["standard"] for g in made["gates"]])
        assert set(verdicts.index) == {"CAL-030", "CAL-031", "CAL-032", "CAL-033", "CAL-034"}
        assert verdicts["CAL-033"].value_counts().to_dict() == {"met": 9, "undecided": 1}

    def test_without_dates_every_gate_says_what_is_missing(self, tmp_path):
        file = tmp_path / "bare.csv"
        rows = [(f"i{i}", f"r{r}", "xy"[(i + r) % 2]) for i in range(20) for r in range(3)]
        pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]).to_csv(file, index=False)
        made = reports.run("drift", file, tmp_path / "out", audience="operations")
        assert {g["verdict"] for g in made["gates"]} == {"undecided"}
        assert all("rated_at" in g["reason"] for g in made["gates"])


@pytest.mark.parametrize("baseline", [2, 4, 8])
def test_a_baseline_too_short_for_a_limit_is_refused_in_words(baseline):
    for design in (drift.cusum_design, drift.ewma_design):
        with pytest.raises(NotEstimable, match="too short to set a limit"):
            design(500, baseline=baseline)
