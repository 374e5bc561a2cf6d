"""The statistics room: published values, brute force, invariances, and a slice of the coverage study."""

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as scipy_stats
from statsmodels.stats.proportion import proportion_confint

from halo_methods import NotEstimable, stats
from halo_methods.errors import BadOption
from halo_methods.stats.checks import check_confidence
from halo_methods.stats.discovery import adjusted_p_values
from halo_methods.stats.means import mean_errors
from halo_methods.stats.proportions import clopper_pearson, share_interval
from halo_methods.stats.totals import pattern_variance
from halo_methods.stats.variance import cluster_codes, icc_within_groups, two_way_variance

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "benchmarks"))

NEWCOMBE = [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)]


@pytest.mark.parametrize(("k", "n", "low", "high"), NEWCOMBE)
def test_wilson_gives_newcombes_printed_values(k, n, low, high):
    ends = stats.wilson(k, n)
    assert [round(float(end), 4) for end in ends] == [low, high]


@given(st.integers(0, 200), st.integers(1, 200), st.floats(0.5, 0.999))
def test_intervals_of_shares_equal_statsmodels_and_scipy(k, n, confidence):
    k = min(k, n)
    ours = np.array([stats.wilson(k, n, confidence=confidence), stats.clopper_pearson(k, n, confidence=confidence)])
    theirs = [proportion_confint(k, n, alpha=1 - confidence, method=m) for m in ("wilson", "beta")]
    exact = scipy_stats.binomtest(k, n).proportion_ci(confidence, method="exact")
    assert np.allclose(ours, theirs, atol=1e-9)
    assert np.allclose(ours[1], exact, atol=1e-6)


@pytest.mark.parametrize("confidence", [95, 0, 1, -0.1, "a", float("nan"), True, None])
def test_no_function_takes_an_impossible_confidence(confidence):
    calls = [
        lambda: check_confidence(confidence),
        lambda: stats.wilson(1, 2, confidence=confidence),
        lambda: stats.clopper_pearson(1, 2, confidence=confidence),
        lambda: stats.proportion(1, 2, confidence=confidence),
        lambda: share_interval(0.5, 0.01, 9, confidence=confidence),
        lambda: stats.two_way_share([0, 1], ["a", "b"], confidence=confidence),
        lambda: stats.change([0, 1], [0, 1], ["a", "a"], [1, 2], confidence=confidence),
    ]
    for call in calls:
        with pytest.raises(BadOption, match="confidence"):
            call()


@pytest.mark.parametrize(("k", "n"), [(3, 2), (-1, 2), (1.5, 3), (0, 0), ("1", 2), (True, 2)])
def test_impossible_counts_are_refused(k, n):
    with pytest.raises(BadOption, match="whole number"):
        stats.proportion(k, n)


def benjamini_hochberg_by_hand(p, rate):
    """Reject the smallest i p-values, i the largest with p(i) <= rate i / m."""
    p = np.asarray(p)
    order, m, last = np.argsort(p, kind="stable"), len(p), 0
    for i, at in enumerate(order, 1):
        if p[at] <= rate * i / m:
            last = i
    return np.isin(np.arange(m), order[:last])


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=20), st.sampled_from([0.05, 0.1, 0.2]))
def test_false_discovery_rules_by_hand(p, rate):
    harmonic = sum(1 / i for i in range(1, len(p) + 1))
    assert (stats.benjamini_hochberg(p, rate=rate) == benjamini_hochberg_by_hand(p, rate)).all()
    # A rate is compared with sums of floats; ties at the bar may fall either way.
    by = adjusted_p_values(p) <= rate
    assert (by <= benjamini_hochberg_by_hand(p, rate / harmonic * (1 + 1e-9))).all()
    assert (by >= benjamini_hochberg_by_hand(p, rate / harmonic * (1 - 1e-9))).all()


def test_e_values_are_rejected_by_their_own_rule():
    e = np.array([300, 40, 12, 1])
    k = max(k for k in range(5) if k == 0 or np.sort(e)[::-1][k - 1] >= 4 / (k * 0.1))
    assert stats.e_benjamini_hochberg(e, rate=0.1).sum() == k


def two_way_by_hand(y, rater, item):
    """Influences summed by loops over items, raters and pairs."""
    y = np.asarray(y, float)
    influence = (y - y.mean()) / len(y)

    def clustered(keys):
        sums = {k: sum(influence[i] for i in range(len(y)) if keys[i] == k) for k in set(keys)}
        return len(sums) / (len(sums) - 1) * sum(s**2 for s in sums.values()) if len(sums) > 1 else 0.0

    by_item, by_rater = clustered(item), clustered(rater)
    return max(by_item + by_rater - clustered(list(zip(item, rater, strict=True))), by_item, by_rater)


tables = (
    st.integers(0, 10_000)
    .map(lambda seed: np.random.default_rng(seed))
    .map(
        lambda rng: (lambda n: (rng.integers(0, 2, n), rng.integers(0, 5, n), rng.integers(0, 8, n)))(
            int(rng.integers(2, 60))
        )
    )
)


@given(tables)
def test_two_way_variance_by_loops(table):
    y, rater, item = table
    influence = (y - y.mean()) / len(y)
    ours = two_way_variance(influence, cluster_codes(item), cluster_codes(rater))
    assert np.isclose(ours, two_way_by_hand(y, rater.tolist(), item.tolist()))


@given(tables, st.randoms(use_true_random=False))
def test_a_share_does_not_depend_on_order_or_names(table, random):
    y, rater, item = table
    first = stats.two_way_share(y, rater, item)
    order = list(range(len(y)))
    random.shuffle(order)
    names = {r: f"{random.randint(0, 9)} {r}" for r in set(rater.tolist())}
    second = stats.two_way_share(y[order], [names[r] for r in rater[order].tolist()], [f"i{i}" for i in item[order]])
    assert np.allclose([first.value, first.low, first.high], [second.value, second.low, second.high])
    assert 0 <= first.low <= first.value <= first.high <= 1
    assert (first.n_items, first.n_raters) == (second.n_items, second.n_raters)


@given(tables)
def test_right_and_wrong_are_one_estimate(table):
    y, rater, item = table
    right, wrong = stats.two_way_share(y, rater, item), stats.two_way_share(1 - y, rater, item)
    assert np.allclose([right.value, right.low, right.high], [1 - wrong.value, 1 - wrong.high, 1 - wrong.low])


@given(tables)
def test_equal_weights_change_nothing(table):
    y, rater, item = table
    plain, weighted = (
        stats.two_way_share(y, rater, item),
        stats.two_way_share(y, rater, item, weights=np.full(len(y), 7)),
    )
    assert np.allclose([plain.low, plain.high], [weighted.low, weighted.high])


def test_a_share_says_whom_it_rests_on():
    share = stats.two_way_share([1, 0, 1, 1], ["a", "b", "a", "c"], [1, 1, 2, 2], measure="right")
    assert (share.basis.measure, {r: len(x) for r, x in share.basis.judgments.items()}) == (
        "right",
        {"a": 2, "b": 1, "c": 1},
    )
    assert "few_raters" in share.codes
    assert stats.two_way_share([1, 0], ["a", "b"]).codes == ("items_only",)
    assert stats.two_way_share([1] * 6, list("abcabc")).codes[0] == "no_spread"
    with pytest.raises(NotEstimable):
        stats.two_way_share([], [])


def test_one_way_analysis_equals_scipy():
    rng = np.random.default_rng(3)
    group = np.repeat(np.arange(6), [3, 5, 2, 9, 4, 4])
    y = rng.normal(group / 3, 1)
    f = scipy_stats.f_oneway(*[y[group == g] for g in range(6)]).statistic
    n = np.bincount(group)
    size = (n.sum() - (n**2).sum() / n.sum()) / 5
    icc, df = icc_within_groups(y, np.zeros(len(y), int), group, least=-np.inf)
    assert df == 5
    assert np.isclose(icc, (f - 1) / (f + size - 1))


def test_change_of_balanced_raters_is_the_difference_of_means():
    rng = np.random.default_rng(5)
    rater, item, after = np.repeat(np.arange(5), 16), np.tile(np.arange(16), 5), np.tile(np.arange(16) >= 8, 5)
    y = rng.random(80)
    moved = stats.change(y, after, rater, item)
    assert np.isclose(moved.value, y[after].mean() - y[~after].mean())
    back = stats.change(y, ~after, rater, item)
    assert np.allclose([moved.low, moved.high], [-back.high, -back.low])


def test_change_leaves_out_and_counts_who_was_there_once():
    y, after = [0, 1, 0, 1, 1, 1, 1], [0, 1, 0, 1, 1, 0, 1]
    moved = stats.change(y, after, ["p", "p", "q", "q", "s", "t", "t"], [1, 2, 1, 2, 2, 1, 3])
    assert (moved.n_raters, "raters_left_out" in moved.codes) == (3, True)
    with pytest.raises(NotEstimable, match="takes two"):
        stats.change([0, 1], [0, 1], ["p", "q"], [1, 2])


@given(st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.sampled_from("pqr")), min_size=4, max_size=12))
def test_a_change_of_shares_stays_within_what_can_be(rows):
    y, after, raters = zip(*rows, strict=True)
    try:
        moved = stats.change(y, after, raters, range(len(y)))
    except NotEstimable:
        return
    assert -1 - 1e-9 <= moved.low <= moved.value <= moved.high <= 1 + 1e-9


def test_few_items_never_weigh_more_than_their_judgments():
    # Each item has its two errors of three: items seem alike, by luck, and no error is certain.
    hits, item, rater = [1, 1, 0] * 5, np.repeat(np.arange(5), 3), ["p", "q", "r"] * 5
    same = stats.two_way_share(hits, rater, item, over="items")
    assert [same.low, same.high] == pytest.approx([float(end) for end in clopper_pearson(10 / 3, 5)])
    # Two errors of seven on two of five items: what seven independent judgments would say.
    few = stats.two_way_share([0, 0, 0, 1, 0, 1, 0], ["r"] * 7, [0, 1, 2, 3, 3, 4, 4], over="items")
    assert [few.low, few.high] == pytest.approx([float(end) for end in clopper_pearson(2, 7)])


def test_jackknife_of_a_mean_is_its_variance():
    x = np.random.default_rng(1).normal(size=30)
    assert np.isclose(pattern_variance((x.sum() - x) / 29), x.var(ddof=1) / 30)


def test_mean_of_runs_is_scipys_t_interval():
    x = np.random.default_rng(2).gamma(2.0, size=25)
    for confidence in (0.8, 0.95):
        ends = scipy_stats.t.interval(confidence, 24, x.mean(), scipy_stats.sem(x))
        assert np.allclose(stats.mean_interval(x, confidence=confidence), (x.mean(), *ends))
    for values in ([], [1.0]):
        with pytest.raises(BadOption, match="two values"):
            stats.mean_interval(values)


def test_the_interval_of_a_ratio_covers_and_a_sum_below_of_nothing_is_refused():
    rng = np.random.default_rng(3)
    held = []
    for _ in range(400):
        below = rng.poisson(20, 30)
        _, low, high = stats.ratio_interval(rng.binomial(below, 0.3), below)
        held.append(low <= 0.3 <= high)
    assert 0.92 <= np.mean(held) <= 0.98
    with pytest.raises(BadOption, match="positive sum"):
        stats.ratio_interval([1, 2], [0, 0])


@pytest.mark.parametrize(("events", "low", "high"), [(0, 0, 3.689), (1, 0.0253, 5.572), (10, 4.795, 18.390)])
def test_poisson_intervals_are_garwoods(events, low, high):
    assert np.allclose(stats.poisson_interval(events), (low, high), atol=6e-4)


def test_shrunk_shares_are_the_posterior_on_a_grid():
    k, n = np.array([9, 5, 10, 30]), np.array([10, 10, 10, 40])
    shares = stats.shrink_shares(k, n, confidence=0.9)
    p = np.linspace(0, 1, 200_001)[1:-1]
    for unit in range(4):
        density = scipy_stats.binom.pmf(k[unit], n[unit], p) * scipy_stats.beta.pdf(p, *shares.prior)
        mass = np.cumsum(density) / density.sum()
        mean = (density * p).sum() / density.sum()
        ends = p[np.searchsorted(mass, [0.05, 0.95])]
        assert np.allclose([shares.value[unit], shares.low[unit], shares.high[unit]], [mean, *ends], atol=1e-4)
        assert np.isclose(shares.sd[unit], ((density * (p - mean) ** 2).sum() / density.sum()) ** 0.5, rtol=1e-3)


def test_the_prior_of_shrunk_shares_is_where_the_likelihood_is_greatest():
    rng = np.random.default_rng(4)
    n = rng.integers(20, 60, 30)
    k = rng.binomial(n, rng.beta(18, 2, 30))
    a, b = stats.shrink_shares(k, n).prior

    def likelihood(a, b):
        return scipy_stats.betabinom.logpmf(k, n, a, b).sum()

    steps = (0.97, 1.0, 1.03)
    assert likelihood(a, b) >= max(likelihood(a * s, b * t) for s in steps for t in steps) - 1e-9
    assert stats.shrink_shares([5, 5], [5, 5]).prior == (0.5, 0.5)


@pytest.mark.parametrize("design", [0, 1, 2, 3])
def test_a_slice_of_the_coverage_study(design):
    from study_shares import DESIGNS, coverage

    covers = coverage(DESIGNS[design], 300, seed=11)["covers"]
    assert 0.92 <= covers <= 0.995


def test_the_committed_study_covers_what_is_promised(root):
    table = pd.read_csv(root / "benchmarks" / "results" / "study_shares.csv")
    shares = table[table["quantity"] == "share"]
    assert len(shares) == 4
    assert (shares["rounds"] == 2000).all()
    assert shares["covers"].between(0.94, 0.975).all()
    assert (table["covers"] >= 0.94).all()


@given(st.floats(1e-300, 1e307))
def test_mean_errors_of_any_size_are_those_of_ordinary_size(unit):
    y, group = np.array([1, 3, 5, 6.5]), np.array([0, 0, 1, 1])
    means, errors = mean_errors(y * unit, group)
    assert means / unit == pytest.approx([2, 5.75])
    assert errors / unit == pytest.approx([1, 0.75])
