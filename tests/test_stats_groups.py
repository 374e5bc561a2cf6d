"""Groups in the statistics room: funnel, shrinkage, ranks, ratios, comparisons, adjusted p values."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from halo_methods.errors import BadOption, NotEstimable
from halo_methods.stats.between_groups import (
    between_variance,
    cochran_q,
    funnel,
    funnel_limits,
    q_profile,
    rank_intervals,
    shrink,
)
from halo_methods.stats.change import pair_share, standardised_difference
from halo_methods.stats.discovery import adjusted_p_values
from halo_methods.stats.means import jackknife_ratio
from halo_methods.stats.variance import cells, cluster_codes, effective_sizes, icc_within_groups

# ---------------------------------------------------------------- funnel


@given(st.integers(1, 400), st.floats(0.05, 0.95), st.sampled_from([0.95, 0.998]))
@settings(max_examples=60)
def test_limits_are_those_of_the_binomial(n, rate, confidence):
    low, high = funnel_limits(rate, n, confidence=confidence)
    y, tail = np.arange(n + 1), (1 - confidence) / 2
    below, above = y[y / n < low[0] - 1e-9], y[y / n > high[0] + 1e-9]
    assert not len(below) or stats.binom.cdf(below.max(), n, rate) <= tail * (1 + 1e-6)
    assert not len(above) or stats.binom.sf(above.min() - 1, n, rate) <= tail * (1 + 1e-6)
    inside = y[(y / n > low[0] + 1e-9) & (y / n < high[0] - 1e-9)]
    if len(inside) and inside.min() > 0:
        assert stats.binom.cdf(inside.min(), n, rate) > tail * (1 - 1e-6)


def test_no_limits_where_nothing_varies():
    for rate in (0, 1):
        with pytest.raises(NotEstimable):
            funnel_limits(rate, 20)
    with pytest.raises(NotEstimable):
        funnel([10, 20], [10, 20])


def test_a_bad_group_does_not_move_the_centre():
    lines = funnel([90, 91, 60], [100, 100, 100])
    assert lines.centre == pytest.approx(181 / 200)
    assert lines.where.tolist() == ["inside", "inside", "below 99.8%"]


def test_correlation_within_groups_by_hand():
    right, rater, item = [1, 1, 0, 0, 1, 0], np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    share = np.array([1.0, 0.0, 0.5])
    between, within = 2 * ((share - 0.5) ** 2).sum() / 2, 0.5 / 3
    icc, df = icc_within_groups(right, np.zeros(6, int), rater)
    assert (icc, df) == (pytest.approx((between - within) / (between + within)), 2)
    assert icc_within_groups(right, np.zeros(6, int), item)[0] == 0.0


def test_effective_sizes_by_loops():
    rng = np.random.default_rng(1)
    group, rater, item = np.sort(rng.permutation(np.arange(300) % 3)), rng.integers(0, 9, 300), rng.integers(0, 40, 300)
    sizes = effective_sizes(group, (rater, 0.1), (item, 0.03))
    for g in range(3):
        n = (group == g).sum()
        heaped = [sum(((group == g) & (unit == u)).sum() ** 2 for u in set(unit)) / n - 1 for unit in (rater, item)]
        assert sizes[g] == pytest.approx(n / (1 + 0.1 * heaped[0] + 0.03 * heaped[1]))


# ---------------------------------------------------------------- heterogeneity and ranks


@pytest.mark.parametrize("seed", range(3))
def test_shrinkage_is_dersimonian_and_laird(seed):
    rng = np.random.default_rng(seed)
    x, v = rng.normal(0.8, 0.1, 7), rng.uniform(0.0005, 0.004, 7)
    w = 1 / v
    q = sum(w * (x - np.average(x, weights=w)) ** 2)
    tau2 = max(0.0, (q - 6) / (w.sum() - (w**2).sum() / w.sum()))
    mean = np.average(x, weights=1 / (v + tau2))
    drawn = shrink(x, v)
    assert between_variance(x, v) == pytest.approx(tau2)
    assert drawn.values == pytest.approx((tau2 * x + v * mean) / (tau2 + v))
    assert (np.abs(drawn.values - mean) <= np.abs(x - mean) + 1e-12).all()
    with pytest.raises(NotEstimable):
        shrink([0.9, 0.8], [0.1, 0.1])
    with pytest.raises(BadOption):
        shrink([0.9, 0.8, 0.7], [0.1, 0.1, 0.0])


def test_q_profile_solves_its_three_equations_and_covers():
    rng = np.random.default_rng(5)
    x, v = rng.normal(0, 4, 9), rng.uniform(0.2, 1, 9)
    estimate, low, high = q_profile(x, v)
    assert cochran_q(x, v, estimate) == pytest.approx(8)
    assert cochran_q(x, v, low) == pytest.approx(stats.chi2.ppf(0.975, 8))
    assert cochran_q(x, v, high) == pytest.approx(stats.chi2.ppf(0.025, 8))
    assert q_profile([1, 1, 1], [1, 1, 1])[:2] == (0.0, 0.0)
    held = 0
    for _ in range(300):
        v = rng.uniform(0.2, 1, 8)
        _, low, high = q_profile(rng.normal(0, np.sqrt(0.5 + v)), v)
        held += low <= 0.5 <= high
    assert stats.binom.ppf(0.001, 300, 0.95) <= held <= stats.binom.ppf(0.999, 300, 0.95)


def test_rank_intervals_hold_all_true_ranks_at_once():
    truth = np.array([0.92, 0.9, 0.9, 0.86, 0.8])
    order = np.array([1, 2, 2, 4, 5])
    last = np.array([1, 3, 3, 4, 5])
    v, rng, held = np.full(5, 0.0009), np.random.default_rng(2), 0
    for _ in range(300):
        ranks = rank_intervals(truth + rng.normal(0, 0.03, 5), v, draws=800)
        held += bool(((ranks.best <= order) & (ranks.worst >= last)).all())
    assert held >= stats.binom.ppf(0.001, 300, 0.95)
    with pytest.raises(NotEstimable):
        rank_intervals([0.9], [0.1])


# ---------------------------------------------------------------- ratios and comparisons


def test_a_ratio_is_jackknifed_on_the_log_scale():
    rng = np.random.default_rng(3)
    parts = np.column_stack([rng.uniform(20, 40, 8), rng.uniform(5, 8, 8)])
    value, low, high = jackknife_ratio(parts, lambda t: t[..., 0] / t[..., 1])
    left_out = [np.log(np.delete(parts, r, 0)[:, 0].sum() / np.delete(parts, r, 0)[:, 1].sum()) for r in range(8)]
    error = np.sqrt(7 / 8 * ((left_out - np.mean(left_out)) ** 2).sum())
    assert value == parts[:, 0].sum() / parts[:, 1].sum()
    assert np.log([low, high]) == pytest.approx(np.log(value) + np.array([-1, 1]) * stats.t.ppf(0.975, 7) * error)
    with pytest.raises(NotEstimable):
        jackknife_ratio(parts[:1], lambda t: t[..., 0] / t[..., 1])
    with pytest.raises(NotEstimable):
        jackknife_ratio(np.array([[1.0, 2], [0, 3]]), lambda t: t[..., 0] / t[..., 1])


def two_groups(rng, shared, raters=6, items=60):
    """Judgments of two groups: right, second group, stratum, rater, item."""
    rows = []
    for group, accuracy in enumerate((0.85, 0.75)):
        for r in range(raters):
            own = accuracy + rng.normal(0, 0.05)
            for i in range(items):
                kind = i if shared else int(rng.random() < (0.7, 0.4)[group])
                item = str(i) if shared else f"{group}-{r}-{i}"
                right = rng.random() < np.clip(own + (0 if shared else 0.1 * kind - 0.05), 0, 1)
                rows.append((float(right), group, kind, f"{group}-{r}", item))
    return [np.array(column) for column in zip(*rows, strict=True)]


@pytest.mark.parametrize("shared", [True, False])
def test_a_standardised_difference_lies_close_to_its_jackknife(shared):
    y, side, stratum, rater, item = two_groups(np.random.default_rng(4), shared)
    kinds = np.unique(stratum)
    weight = np.full(len(kinds), 1 / len(kinds)) if shared else np.array([(stratum == k).mean() for k in kinds])

    def difference(rows):
        gaps = [[y[rows & (stratum == k) & (side == s)] for s in (0, 1)] for k in kinds]
        both = [(w, a.mean() - b.mean()) for w, (a, b) in zip(weight, gaps, strict=True) if len(a) and len(b)]
        return sum(w * d for w, d in both) / sum(w for w, _ in both)

    def jackknife(unit):
        left_out = np.array([difference(unit != one) for one in np.unique(unit)])
        return (len(left_out) - 1) / len(left_out) * ((left_out - left_out.mean()) ** 2).sum()

    value, low, high = standardised_difference(y, side, stratum, rater, item, drawn=shared)
    assert value == pytest.approx(difference(np.ones(len(y), bool)))
    pairs = np.array([f"{r} {i}" for r, i in zip(rater, item, strict=True)])
    of_rater, of_item, single = (jackknife(unit) for unit in (rater, item, pairs))
    error = np.sqrt(max(of_rater + of_item - single, of_rater, of_item))
    df = len(np.unique(rater)) - 2
    assert (high - low) / 2 / stats.t.ppf(0.975, df) == pytest.approx(error, rel=0.06)


@pytest.mark.parametrize("shared", [True, False])
def test_a_standardised_difference_covers_the_truth(shared):
    rng, held, rounds = np.random.default_rng(6), 0, 150
    for _ in range(rounds):
        y, side, stratum, rater, item = two_groups(rng, shared, items=30)
        _, low, high = standardised_difference(y, side, stratum, rater, item, drawn=shared)
        held += low <= 0.1 <= high
    assert held >= stats.binom.ppf(0.001, rounds, 0.95)


def test_a_share_of_pairs_by_loops():
    rng = np.random.default_rng(7)
    pairs = list(itertools.product(range(20), "abc", "pqrs"))
    same = rng.random(len(pairs)) < 0.7
    influence = (same - same.mean()) / len(pairs)

    def clustered(*places):
        sums = {}
        for x, pair in zip(influence, pairs, strict=True):
            key = tuple(pair[p] for p in places)
            sums[key] = sums.get(key, 0) + x
        return len(sums) / (len(sums) - 1) * sum(s**2 for s in sums.values())

    single, double = [clustered(p) for p in range(3)], [clustered(*p) for p in ((0, 1), (0, 2), (1, 2))]
    variance = max(sum(single) - sum(double) + clustered(0, 1, 2), *single)
    value, low, high = pair_share(same, *zip(*pairs, strict=True))
    assert value == same.mean()
    size, t = value * (1 - value) / variance, stats.t.ppf(0.975, 5)
    middle, half = (value + t**2 / 2 / size), t * np.sqrt(value * (1 - value) / size + t**2 / 4 / size**2)
    assert [low, high] == pytest.approx([(middle - half) / (1 + t**2 / size), (middle + half) / (1 + t**2 / size)])


def test_clusters_are_numbered_in_any_type():
    same = [True, False, True, True]
    assert pair_share(same, [1, 1, 2, 2], [*"aabb"], [*"pqpq"]) == pair_share(same, [*"xxyy"], [5, 5, 6, 6], [*"pqpq"])
    assert cluster_codes(["b", "a", "b"]).tolist() == [0, 1, 0]


@settings(max_examples=40)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=1, max_size=30), st.sampled_from([1, 40]))
def test_cells_are_numbered_in_their_order_whether_counted_or_sorted(pairs, apart):
    group, unit = np.array(pairs).T * apart
    codes, number = np.unique(group * 1000 + unit, return_inverse=True)
    of, cell = cells(group, unit)
    assert (of.tolist(), cell.tolist()) == ((codes // 1000).tolist(), number.tolist())


# ---------------------------------------------------------------- p values


@given(st.lists(st.floats(1e-9, 1), min_size=1, max_size=20), st.integers(0, 30))
def test_adjusted_p_values_are_those_of_benjamini_and_yekutieli(p, more):
    m = len(p) + more
    order, harmonic, least = np.argsort(p, kind="stable"), sum(1 / i for i in range(1, m + 1)), 1.0
    by_hand = np.empty(len(p))
    for place in range(len(p) - 1, -1, -1):
        least = min(least, p[order[place]] * m * harmonic / (place + 1))
        by_hand[order[place]] = least
    assert adjusted_p_values(p, tests=m) == pytest.approx(by_hand)
    assert (adjusted_p_values(p, tests=m + 50) >= adjusted_p_values(p, tests=m) - 1e-12).all()
    assert adjusted_p_values([]).size == 0
