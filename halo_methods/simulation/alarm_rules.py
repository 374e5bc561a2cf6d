"""Alarm rules on gold answers, one rater at a time, with exact run lengths."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, stats

from ..errors import BadOption, NotEstimable
from ..results import counted, readable
from ..stats.checks import check_count, check_probability

Kind = Literal["cusum", "p-chart"]
LONGEST = 1e9
PARTS = 5
"""Parts of a wrong answer in which a CUSUM counts."""
MOST_STATES = 1500


@dataclass(frozen=True)
class AlarmRule:
    """A rule that looks at a rater's gold answers a batch at a time and signals when too many are wrong.

    Attributes
    ----------
    kind : {"cusum", "p-chart"}
        ``p-chart``: more than `limit` wrong in a batch. ``cusum``: the sum of what each batch has
        wrong beyond `allowance`, never below 0, passes `limit`.
    batch : int
        Gold answers between two looks.
    limit : float
        Wrong answers.
    tie : float
        Chance to signal when the limit is hit exactly; it makes run lengths equal that whole numbers cannot.
    allowance : float
        Of a CUSUM, wrong answers a batch.
    accuracy : float
        In control.
    run_length : float
        Looks until a rater of that accuracy signals, on average; exact.
    """

    kind: Kind
    batch: int
    limit: float
    tie: float
    allowance: float
    accuracy: float
    run_length: float

    def signals(self, wrong: NDArray, rng: np.random.Generator) -> NDArray:
        """Where the rule signals in batches of wrong answers; it begins anew after each signal.

        Parameters
        ----------
        wrong : ndarray of int, shape (runs, batches)
        rng : numpy.random.Generator
            Decides on the limit.

        Returns
        -------
        ndarray of bool, shape (runs, batches)

        Examples
        --------
        >>> rule = AlarmRule("p-chart", 5, 2, 0.0, 0.0, 0.9, 100.0)
        >>> rule.signals(np.array([[0, 3, 2]]), np.random.default_rng(0)).tolist()
        [[False, True, False]]
        """
        coin = rng.random(wrong.shape) < self.tie
        if self.kind == "p-chart":
            return (wrong > self.limit) | ((wrong == self.limit) & coin)
        signals = np.zeros(wrong.shape, bool)
        limit, allowance = round(self.limit * PARTS), round(self.allowance * PARTS)
        total = np.zeros(wrong.shape[0], int)
        for t in range(wrong.shape[1]):
            total = np.maximum(0, total + PARTS * wrong[:, t] - allowance)
            signals[:, t] = (total > limit) | ((total == limit) & coin[:, t])
            total[signals[:, t]] = 0
        return signals

    def looks_until_signal(self, accuracy: float) -> float:
        """Looks until a rater of this accuracy signals, on average; exact, from a fresh start.

        Examples
        --------
        >>> rule = alarm_rule("cusum", 0.92, 0.80, batch=5, run_length=100, exact=True)
        >>> round(rule.looks_until_signal(0.92)), round(rule.looks_until_signal(0.80), 1)
        (100, 7.4)
        """
        return mean_run_length(self.kind, self.batch, self.limit, self.tie, self.allowance, accuracy)

    def __str__(self) -> str:
        what = f"more than {readable(self.limit)} of {counted(self.batch, 'gold answer')} wrong"
        if self.kind == "cusum":
            what = (
                f"wrong gold answers beyond {readable(self.allowance)} in {self.batch} add up to more than "
                f"{readable(self.limit)}"
            )
        tie = f" (when equal, with chance {readable(self.tie)})" if self.tie > 0 else ""
        return f"{self.kind}: {what}{tie}"


def mean_run_length(kind: Kind, batch: int, limit: float, tie: float, allowance: float, accuracy: float) -> float:
    r"""Compute how many looks a rule waits for a signal, on average; at most a thousand million.

    A CUSUM of counts moves on a lattice of fifths, so with Q the chances to
    move between the states that do not signal, :math:`L = (I - Q)^{-1} 1`.

    Examples
    --------
    >>> round(mean_run_length("p-chart", 20, 3, 0.0, 0.0, 0.9), 2)
    7.52
    """
    chances = stats.binom.pmf(np.arange(batch + 1), batch, 1 - accuracy)
    if kind == "p-chart":
        at = int(limit)
        beyond = float(chances[at + 1 :].sum() + tie * (chances[at] if at <= batch else 0.0))
        return 1 / max(beyond, 1 / LONGEST)
    top, less = round(limit * PARTS), round(allowance * PARTS)
    from_, wrong = np.meshgrid(np.arange(top + 1), np.arange(batch + 1), indexing="ij")
    to = np.maximum(0, from_ + PARTS * wrong - less)
    stays = np.where(to < top, 1.0, np.where(to == top, 1 - tie, 0.0)) * chances
    q = np.zeros((top + 1, top + 1))
    np.add.at(q, (from_, np.minimum(to, top)), stays)
    length = float(np.linalg.solve(np.eye(top + 1) - q, np.ones(top + 1))[0])
    return length if 0 < length < LONGEST else LONGEST


@lru_cache(256)
def alarm_rule(
    kind: Kind, good: float, unacceptable: float, *, batch: int = 5, run_length: float = 50, exact: bool = False
) -> AlarmRule:
    """Find the rule with a wanted number of looks between false alarms.

    The limit is the least whose run length is at least the one wanted.

    Parameters
    ----------
    kind : {"cusum", "p-chart"}
    good, unacceptable : float
        Accuracy in control, and the one to be found soon: a CUSUM's allowance lies between.
    batch : int
        Gold answers between two looks.
    run_length : float
        In looks, at least 2.
    exact : bool
        Let a chance decide on the limit, so that the run length is the one wanted: for comparing rules, not for use.

    Raises
    ------
    NotEstimable
        If looks are so few that the rule would signal at one in two, or no limit waits so long.
    BadOption
        For another kind, or accuracies or a batch out of range.

    References
    ----------
    Page (1954), Biometrika 41, 100-115; Brook and Evans (1972), Biometrika 59, 539-549.

    Examples
    --------
    >>> print(alarm_rule("cusum", 0.92, 0.80, batch=5, run_length=100))
    cusum: wrong gold answers beyond 0.6 in 5 add up to more than 2.8
    """
    if kind not in get_args(Kind):
        raise BadOption.of("kind", kind, get_args(Kind))
    check_bars(good, unacceptable)
    check_count(batch, option="batch", least=1)
    if run_length < 2:
        raise NotEstimable(
            f"gold is so thin that a rule would have to signal at every {readable(run_length)} looks; "
            "give more gold, or look after fewer answers"
        )
    allowance = _allowance(batch, good, unacceptable) if kind == "cusum" else 0.0
    step = 1 / PARTS if kind == "cusum" else 1.0

    def length(places: int, tie: float = 0.0) -> float:
        return mean_run_length(kind, batch, places * step, tie, allowance, good)

    most = MOST_STATES if kind == "cusum" else batch
    low, high = 0, 1
    while length(min(high, most)) < run_length:
        if high >= most:
            raise NotEstimable(f"no limit of a {kind} with batches of {batch} gives a run length of {run_length:.4g}")
        low, high = high, high * 2
    low, high = (0 if low == 1 else low), min(high, most)
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if length(middle) >= run_length else (middle + 1, high)
    tie = 0.0
    if exact and length(low, 1.0) < run_length < length(low):
        tie = float(optimize.brentq(lambda x: length(low, x) - run_length, 0, 1, xtol=1e-10))
    return AlarmRule(kind, batch, low * step, tie, allowance, good, length(low, tie))


def check_bars(good: float, unacceptable: float) -> None:
    """Refuse two accuracies that are no shares, or the unacceptable one not below the good one."""
    check_probability(good, option="good", open_ends=True, example="0.92")
    check_probability(unacceptable, option="unacceptable", open_ends=True, example="0.80")
    if unacceptable >= good:
        raise BadOption(f"unacceptable is {unacceptable!r}; allowed: an accuracy below good, which is {good!r}")


def _allowance(batch: int, good: float, unacceptable: float) -> float:
    """Where a batch speaks as much for one accuracy as for the other, on the lattice."""
    q0, q1 = 1 - good, 1 - unacceptable
    k = batch * np.log((1 - q0) / (1 - q1)) / np.log(q1 * (1 - q0) / (q0 * (1 - q1)))
    return max(1, round(k * PARTS)) / PARTS
