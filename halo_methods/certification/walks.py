"""A test that may stop early, walked through item by item: exact chances, no approximation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..results import readable

MOST_ITEMS = 20_000
NEVER_PASS, NEVER_FAIL = np.iinfo(np.int64).max, -1


@dataclass(frozen=True, eq=False)
class Boundaries:
    """When a rater passes or fails, by the number of items answered (index 0 is no item).

    Attributes
    ----------
    pass_at : ndarray of int, shape (n + 1,)
        Right answers from which the rater passes.
    fail_at : ndarray of int, shape (n + 1,)
        Right answers up to which the rater fails.
    """

    pass_at: NDArray
    fail_at: NDArray

    @property
    def n(self) -> int:
        """Items at most."""
        return len(self.pass_at) - 1


def walk(boundaries: Boundaries, ability: float) -> tuple[float, float]:
    """Chance to pass and expected number of items of a rater with this ability.

    Each item is right with the same chance, whatever came before.

    Examples
    --------
    >>> chance, items = walk(single(76, 70), 0.85)
    >>> round(chance, 4), round(items, 4)
    (0.0497, 76.0)
    """
    state = np.zeros(boundaries.n + 1)
    state[0] = 1.0
    right = np.arange(boundaries.n + 1)
    passed = items = 0.0
    for done in range(1, boundaries.n + 1):
        state[1:], state[0] = state[1:] * (1 - ability) + state[:-1] * ability, state[0] * (1 - ability)
        passing, failing = right >= boundaries.pass_at[done], right <= boundaries.fail_at[done]
        passed += state[passing].sum()
        items += done * state[passing | failing].sum()
        state[passing | failing] = 0.0
    return float(passed), float(items)


def single(n: int, c: int) -> Boundaries:
    """All n items, then pass from c right answers on.

    Examples
    --------
    >>> single(3, 2).pass_at[-1].item()
    2
    """
    pass_at, fail_at = np.full(n + 1, NEVER_PASS), np.full(n + 1, NEVER_FAIL)
    pass_at[n], fail_at[n] = c, c - 1
    return Boundaries(pass_at, fail_at)


def curtailed(boundaries: Boundaries, c: int, looks: NDArray) -> Boundaries:
    """The same test, stopped as soon as what is left can't change its outcome; no error changes.

    Examples
    --------
    >>> import numpy as np
    >>> stopped = curtailed(single(76, 70), 70, np.ones(77, bool))
    >>> [round(x, 4) for x in walk(stopped, 0.85)]
    [0.0497, 46.0898]
    """
    done = np.arange(boundaries.n + 1)
    pass_at = np.where(looks, np.minimum(boundaries.pass_at, c), boundaries.pass_at)
    fail_at = np.where(looks, np.maximum(boundaries.fail_at, done - (boundaries.n - c) - 1), boundaries.fail_at)
    return Boundaries(pass_at, fail_at)


def likelihood_ratio_bounds(unacceptable: float, good: float, alpha: float, beta: float, looks: NDArray) -> Boundaries:
    r"""Wald's bounds on the ratio of the likelihoods at the two bars, as counts of right answers.

    Pass where :math:`\log LR \ge \log\frac{1-\beta}{\alpha}`, fail where
    :math:`\log LR \le \log\frac{\beta}{1-\alpha}`, at the looks only.

    References
    ----------
    Wald (1945), Annals of Mathematical Statistics 16, 117-186.

    Examples
    --------
    >>> import numpy as np
    >>> wald = likelihood_ratio_bounds(0.85, 0.95, 0.05, 0.10, np.ones(31, bool))
    >>> int(np.argmax(wald.pass_at <= np.arange(31)))
    26
    """
    done = np.arange(len(looks))
    gain, loss = np.log(good / unacceptable), np.log((1 - good) / (1 - unacceptable))
    upper, lower = np.log((1 - beta) / alpha), np.log(beta / (1 - alpha))
    pass_at = np.ceil((upper - done * loss) / (gain - loss) - 1e-9).astype(np.int64)
    fail_at = np.floor((lower - done * loss) / (gain - loss) + 1e-9).astype(np.int64)
    return Boundaries(np.where(looks, pass_at, NEVER_PASS), np.where(looks, fail_at, NEVER_FAIL))


def smallest_end(
    bounds: Boundaries, unacceptable: float, good: float, alpha: float, beta: float
) -> tuple[int, int] | None:
    """The fewest items after which some pass mark ends the test with both errors held; None if there is none.

    Examples
    --------
    >>> import numpy as np
    >>> smallest_end(likelihood_ratio_bounds(0.85, 0.95, 0.05, 0.10, np.ones(301, bool)), 0.85, 0.95, 0.05, 0.10)
    (108, 100)
    """
    right = np.arange(bounds.n + 1)
    states, passed, failed = {}, {unacceptable: 0.0, good: 0.0}, {unacceptable: 0.0, good: 0.0}
    for ability in (unacceptable, good):
        states[ability] = np.zeros(bounds.n + 1)
        states[ability][0] = 1.0
    for done in range(1, bounds.n + 1):
        for ability, state in states.items():
            state[1:], state[0] = state[1:] * (1 - ability) + state[:-1] * ability, state[0] * (1 - ability)
        bad, fine = states[unacceptable], states[good]
        passes = passed[unacceptable] + bad[::-1].cumsum()[::-1]  # by pass mark
        fails = failed[good] + np.concatenate([[0.0], fine.cumsum()[:-1]])
        held = (passes <= alpha) & (fails <= beta) & (right <= done)
        if held.any():
            return done, int(right[held][0])
        for ability, state in states.items():
            passing, failing = right >= bounds.pass_at[done], right <= bounds.fail_at[done]
            passed[ability] += state[passing].sum()
            failed[ability] += state[failing].sum()
            state[passing | failing] = 0.0
    return None


def attempt_errors(alpha: float, beta: float, attempts: int) -> tuple[float, float]:
    """What one attempt may err, so that all together err at most alpha and beta.

    Examples
    --------
    >>> [round(e, 4) for e in attempt_errors(0.05, 0.10, 2)]
    [0.0253, 0.3162]
    """
    return 1 - (1 - alpha) ** (1 / attempts), beta ** (1 / attempts)


def single_plan(unacceptable: float, good: float, alpha: float, beta: float) -> tuple[int, int]:
    """The fewest items, and the pass mark, for one attempt with both errors held.

    Raises
    ------
    NotEstimable
        If more than 20,000 items would be needed.

    Examples
    --------
    >>> single_plan(0.85, 0.95, 0.05, 0.10)
    (76, 70)
    """
    for start in range(1, MOST_ITEMS, 500):
        n = np.arange(start, start + 500)
        mark = stats.binom.isf(alpha, n, unacceptable).astype(int) + 1  # P(X >= mark) <= alpha
        held = (stats.binom.cdf(mark - 1, n, good) <= beta) & (mark <= n)
        if held.any():
            first = int(np.argmax(held))
            return int(n[first]), int(mark[first])
    raise NotEstimable(
        f"to tell {readable(unacceptable)} from {readable(good)} takes more than {MOST_ITEMS:,} gold items"
    )


def looks_at(n: int, every: int, min_items: int) -> NDArray:
    """Tell after which numbers of items a verdict is looked at: from ``min_items`` on each ``every``, and at the end.

    Examples
    --------
    >>> looks_at(7, 3, 4).nonzero()[0].tolist()
    [6, 7]
    """
    done = np.arange(n + 1)
    return (done >= min(min_items, n)) & ((done % every == 0) | (done == n)) & (done > 0)


def sequential(
    unacceptable: float, good: float, alpha: float, beta: float, looks: NDArray
) -> tuple[Boundaries, int, int]:
    """Cut Wald's test off at the fewest items where both errors hold: its bounds, that number, the mark there.

    Parameters
    ----------
    looks : ndarray of bool
        Whether a verdict is looked at after so many items, up to the most there may be.

    Raises
    ------
    NotEstimable
        If no end holds both errors.

    Examples
    --------
    >>> sequential(0.85, 0.95, 0.05, 0.10, looks_at(504, 10, 20))[1:]
    (89, 82)
    """
    bounds = likelihood_ratio_bounds(unacceptable, good, alpha, beta, looks)
    end = smallest_end(bounds, unacceptable, good, alpha, beta)
    if end is None:
        raise NotEstimable("no end to the test holds both errors; stop when it is certain")
    n, c = end
    pass_at, fail_at = bounds.pass_at[: n + 1].copy(), bounds.fail_at[: n + 1].copy()
    pass_at[n], fail_at[n] = c, c - 1
    return Boundaries(pass_at, fail_at), n, c
