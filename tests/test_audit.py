import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from halo_methods import audit
from halo_methods.errors import HaloError

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
    low, high = audit.wilson(k, n)
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


def test_exact_interval_never_covers_less_than_it_says():
    n = 30
    for p in np.linspace(0.02, 0.98, 25):
        k = np.arange(n + 1)
        low, high = audit.clopper_pearson(k, n)
        assert stats.binom.pmf(k, n, p)[(low <= p) & (p <= high)].sum() >= 0.95


@pytest.mark.parametrize("counts", [(3, 2), (-1, 2), (0, 0), (1.5, 3)])
def test_impossible_counts_are_refused(counts):
    with pytest.raises(HaloError, match="whole numbers"):
        audit.proportion(*counts)


def test_an_unknown_method_names_those_allowed():
    with pytest.raises(HaloError, match=r"allowed: 'wilson', 'exact'"):
        audit.proportion(1, 2, method="wald")
