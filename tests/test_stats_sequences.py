"""Sequences of looks, Welch's intervals and estimates derived from estimates."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats as scipy_stats

from halo_methods.errors import BadOption
from halo_methods.results import Basis, Estimate
from halo_methods.stats import e_benjamini_hochberg
from halo_methods.stats.change import difference, size_of
from halo_methods.stats.discovery import change_test, confidence_sequence
from halo_methods.stats.means import welch


class TestSequences:
    @pytest.mark.parametrize("p", [0.02, 0.2, 0.5])
    def test_every_interval_holds_at_once_where_ordinary_ones_fail(self, p):
        rng = np.random.default_rng(9)
        streams, looks = 300, 500
        x = (rng.random((streams, looks)) < p).astype(float)
        made = confidence_sequence(x, np.ones_like(x))
        ever_out = ((made.low > p) | (made.high < p)).any(axis=1).mean()
        assert ever_out <= 0.05
        k, n = x.cumsum(axis=1), np.arange(1, looks + 1)
        half = 1.96 * np.sqrt(np.clip(k / n * (1 - k / n), 1e-12, None) / n)
        assert (np.abs(k / n - p) > half)[:, 20:].any(axis=1).mean() > 0.3

    def test_the_ends_are_where_the_evidence_reaches_its_bar(self):
        made = confidence_sequence([7], [20])
        for end in (made.low[0], made.high[0]):
            assert change_test([7], [20], float(end)).e_value[0] == pytest.approx(20, rel=1e-6)

    def test_a_stable_stream_is_alarmed_as_seldom_as_said_and_a_change_is_found(self):
        rng = np.random.default_rng(10)
        wrong = found = 0
        for _ in range(200):
            base = int(rng.binomial(300, 0.15))
            stable, moved = rng.binomial(25, 0.15, 60), rng.binomial(25, 0.35, 60)
            wrong += bool(change_test(stable, [25] * 60, (base, 300)).signals)
            found += bool(change_test(moved, [25] * 60, (base, 300)).signals)
        assert wrong <= scipy_stats.binom.ppf(0.999, 200, 0.05)
        assert found == 200

    def test_refusals(self):
        for call in (
            lambda: confidence_sequence([2], [1]),
            lambda: change_test([1], [2], 1.0),
            lambda: change_test([1], [2], (3, 2)),
            lambda: confidence_sequence([1], [2], confidence=1),
        ):
            with pytest.raises(BadOption):
                call()


def test_e_values_hold_under_any_dependence():
    rng = np.random.default_rng(11)
    false = [e_benjamini_hochberg(np.exp(2 * z - 2) * np.ones(50), rate=0.1).any() for z in rng.normal(size=2000)]
    assert np.mean(false) <= 0.1 + 0.02


def test_welch_is_scipys_test_and_interval():
    rng = np.random.default_rng(16)
    for n, m, spread in ((5, 9, 1), (30, 12, 3), (8, 8, 0.2)):
        before, after = rng.normal(0, 1, n), rng.normal(0.5, spread, m)
        known = scipy_stats.ttest_ind(after, before, equal_var=False)
        sides = [(len(x), x.mean(), x.var(ddof=1)) for x in (before, after)]
        change, low, high, p_value = welch(*sides, confidence=0.9)
        assert change == pytest.approx(after.mean() - before.mean())
        assert p_value == pytest.approx(known.pvalue)
        assert (low, high) == pytest.approx(tuple(known.confidence_interval(0.9)))


def test_what_does_not_vary_has_a_point_for_an_interval_and_no_discovery_without_a_change():
    change, low, high, p_value = welch(([5, 5], [0, 0], [0, 0]), ([5, 5], [0, 1], [0, 0]))
    assert high - low == pytest.approx(0, abs=1e-6)
    assert (change.tolist(), p_value[0]) == ([0, 1], 1)
    assert p_value[1] < 1e-6


def test_a_difference_rests_on_the_judgments_of_both_and_a_size_is_folded():
    options = {"n_items": 9, "n_raters": 2, "n_judgments": 9, "method": "x", "over": "items"}
    a = Estimate(value=0.3, low=0.2, high=0.4, basis=Basis("m", {"r": np.array([1]), "s": np.array([2])}), **options)
    b = Estimate(value=0.1, low=-0.1, high=0.3, basis=Basis("m", {"r": np.array([3]), "t": np.array([4])}), **options)
    both = difference(a, b)
    assert (both.high - both.low) / 2 == pytest.approx(np.hypot(0.1, 0.2))
    assert both.basis.judgments["r"].tolist() == [1, 3]
    assert (both.n_raters, both.n_judgments) == (3, 18)

    def unasked():
        raise AssertionError("judgments are taken together only for who asks for them")

    a, b = (replace(one, basis=Basis("m", unasked, one.basis.judgments.keys)) for one in (a, b))
    assert difference(a, b).n_raters == 3
    for value, low, high, folded in ((-0.1, -0.3, 0.1, (0.1, 0, 0.3)), (-0.2, -0.3, -0.1, (0.2, 0.1, 0.3))):
        size = size_of(Estimate(value=value, low=low, high=high, **options))
        assert (size.value, size.low, size.high) == folded
