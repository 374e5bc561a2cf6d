"""Planning a certification: two bars, each with its own error, over all attempts that are allowed."""

from dataclasses import dataclass, field, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from ..errors import BadOption, HaloError
from ..results import counted, readable
from .walks import (
    Boundaries,
    attempt_errors,
    chances,
    curtailed,
    looks_at,
    sequential,
    single,
    single_plan,
    walk,
)

Stop = Literal["end", "certain", "clear"]


@dataclass(frozen=True, eq=False)
class CertificationPlan:
    """How many gold items, how many right, and what that does to raters of every ability.

    Attributes
    ----------
    unacceptable, good : float
        The two bars, as accuracies.
    alpha, beta : float
        Allowed: the chance that a rater at the unacceptable bar passes, and
        that one at the good bar fails, over all attempts together.
    attempts : int
        Attempts a rater may make, each with items not seen before.
    stop : {"end", "certain", "clear"}
        When an attempt ends; see `certification_plan`.
    n : int
        Items of an attempt, at most.
    c : int
        The pass mark: right answers among n.
    actual_alpha, actual_beta : float
        The two errors of this plan, over all attempts, computed exactly.
    table : pandas.DataFrame
        For four abilities: ``ability``, ``passes_an_attempt``, ``passes``
        (over all attempts), ``items_an_attempt``, ``items`` (expected gold
        items of one rater over all attempts made).
    gold_pool : int
        Gold items that must exist so that no attempt shows one again.
    """

    unacceptable: float
    good: float
    alpha: float
    beta: float
    attempts: int
    stop: Stop
    n: int
    c: int
    actual_alpha: float
    actual_beta: float
    table: pd.DataFrame
    gold_pool: int
    boundaries: Boundaries = field(repr=False)

    def passes(self, ability: float) -> float:
        """Chance that a rater with this ability passes, over all attempts together.

        Examples
        --------
        >>> round(certification_plan().passes(0.95), 3)
        0.914
        """
        return 1 - (1 - walk(self.boundaries, ability)[0]) ** self.attempts

    def retried(self, attempts: int) -> "CertificationPlan":
        """The same exam taken up to this many times, though it was not planned for that: what the errors become.

        Examples
        --------
        >>> round(certification_plan().retried(3).actual_alpha, 3)
        0.142
        """
        at = chances(self.boundaries, np.array([self.unacceptable, self.good]), attempts)["passes"]
        return replace(
            self, attempts=attempts, actual_alpha=float(at[0]), actual_beta=float(1 - at[1]),
            table=chances(self.boundaries, self.table["ability"].to_numpy(), attempts), gold_pool=attempts * self.n,
        )  # fmt: skip

    def curve(self, *, low: float | None = None, high: float = 1.0, points: int = 61) -> pd.DataFrame:
        """The chance to pass against ability, for a picture: ``ability``, ``passes``, ``items_an_attempt``.

        Examples
        --------
        >>> certification_plan().curve(points=3)["ability"].round(3).tolist()
        [0.75, 0.875, 1.0]
        """
        start = max(2 * self.unacceptable - self.good, 0.0) if low is None else low
        abilities = np.linspace(start, high, points)
        return chances(self.boundaries, abilities, self.attempts)[["ability", "passes", "items_an_attempt"]]

    def rules(self) -> pd.DataFrame:
        """When to stop: after how many items who passes and who fails; only rows where something can end.

        Examples
        --------
        >>> certification_plan().rules().to_dict("records")
        [{'items': 76, 'pass_from': 70, 'fail_up_to': 69}]
        """
        done = np.arange(self.n + 1)
        passing, failing = self.boundaries.pass_at <= done, self.boundaries.fail_at >= 0
        kept = (passing | failing) & (done > 0)
        return pd.DataFrame(
            {
                "items": done[kept],
                "pass_from": pd.Series(self.boundaries.pass_at[kept], dtype="Int64").where(passing[kept]),
                "fail_up_to": pd.Series(self.boundaries.fail_at[kept], dtype="Int64").where(failing[kept]),
            }
        )

    def __str__(self) -> str:
        over = f" in any of {counted(self.attempts, 'attempt')}" if self.attempts > 1 else ""
        early = {"end": "", "certain": "; stop when the outcome is certain", "clear": "; stop when the answer is clear"}
        return (
            f"{counted(self.n, 'gold item')} an attempt, pass from {self.c} right{early[self.stop]}. "
            f"A rater at {readable(self.unacceptable)} passes{over} with chance {readable(self.actual_alpha)}, "
            f"one at {readable(self.good)} fails with chance {readable(self.actual_beta)}. "
            f"Gold to have ready: {counted(self.gold_pool, 'item')}."
        )


def certification_plan(
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    *,
    attempts: int = 1,
    stop: Stop = "end",
    every: int = 1,
    least: int = 20,
    abilities: tuple[float, ...] | None = None,
) -> CertificationPlan:
    r"""The smallest certification that holds both errors over all attempts together.

    An attempt's share of the errors is :math:`1-(1-\alpha)^{1/k}` and
    :math:`\beta^{1/k}` for k attempts: whoever is unacceptable passes none of
    them with chance :math:`1-\alpha`, whoever is good fails all with chance
    :math:`\beta`. All chances are exact.

    It supposes that gold items are drawn at random for each attempt, that none
    returns, and that the rater's ability stays what it was; a rater who trains
    between attempts has another ability, and the chance for that one holds.

    Parameters
    ----------
    unacceptable, good : float
        Accuracies, ``0 < unacceptable < good < 1``.
    alpha, beta : float
        Chance that an unacceptable rater passes, that a good one fails.
    attempts : int
        Attempts a rater may make.
    stop : {"end", "certain", "clear"}
        ``end``: all items, then the verdict. ``certain``: as soon as the items
        left can't change it; the errors stay the same. ``clear``: Wald's test
        on the ratio of likelihoods, cut off where both errors still hold; it
        needs the fewest items on average and more at worst.
    every : int
        With ``certain`` or ``clear``: the verdict is looked at after each batch
        of this many items.
    least : int
        With ``certain`` or ``clear``: no verdict before this many items, so
        that an exam touches every slice.
    abilities : tuple of float, optional
        Where the table shows the chances; otherwise the two bars, the middle
        between them, and half their distance below.

    Raises
    ------
    HaloError
        If the bars or errors are out of range.
    NotEstimable
        If more than 20,000 items would be needed: the bars are too close.

    References
    ----------
    Wald (1945), Annals of Mathematical Statistics 16, 117-186. The single plan
    is Guenther's (1969), Journal of Quality Technology 1, 105-109, read for raters.

    Examples
    --------
    >>> plan = certification_plan()
    >>> plan.n, plan.c
    (76, 70)
    >>> print(certification_plan(attempts=2, stop="certain"))
    56 gold items an attempt, pass from 53 right; stop when the outcome is certain. A rater at 0.85 passes
    in any of 2 attempts with chance 0.0466, one at 0.95 fails with chance 0.0942. Gold to have ready: 112 items.
    """
    if not 0 < unacceptable < good < 1:
        raise HaloError(f"the bars must satisfy 0 < unacceptable < good < 1; got {unacceptable!r} and {good!r}")
    if not (0 < alpha < 0.5 and 0 < beta < 0.5):
        raise HaloError(f"each error lies between 0 and .5; got alpha={alpha!r}, beta={beta!r}")
    for name, number in (("attempts", attempts), ("every", every)):
        if number < 1 or int(number) != number:
            raise HaloError(f"{name} is a whole number from 1; got {number!r}")
    if stop not in get_args(Stop):
        raise BadOption.of("stop", stop, get_args(Stop))
    one_alpha, one_beta = attempt_errors(alpha, beta, attempts)
    n, c = single_plan(unacceptable, good, one_alpha, one_beta)
    bounds = single(n, c)
    if stop == "clear":
        bounds, n, c = sequential(unacceptable, good, one_alpha, one_beta, n, every, least)
    if stop != "end":
        bounds = curtailed(bounds, c, looks_at(n, every, least))
    middle = (unacceptable + good) / 2
    four = abilities or (max(unacceptable - (good - unacceptable) / 2, 0.0), unacceptable, middle, good)
    at = chances(bounds, np.array([unacceptable, good]), attempts)["passes"]
    return CertificationPlan(
        unacceptable, good, alpha, beta, attempts, stop, n, c, float(at[0]), float(1 - at[1]),
        chances(bounds, np.array(four), attempts), attempts * n, bounds,
    )  # fmt: skip


def expected_items(
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    *,
    attempts: int = 1,
    every: int = 1,
) -> pd.DataFrame:
    """What each way to stop costs: expected gold items of one rater at four abilities, and at most.

    Parameters
    ----------
    unacceptable, good, alpha, beta, attempts, every
        As in `certification_plan`.

    Returns
    -------
    pandas.DataFrame
        ``ability``, ``end``, ``certain``, ``clear`` (items over all attempts
        made); the last row, without an ability, is the most there can be.

    Examples
    --------
    >>> expected_items().round(1).iloc[[1, -1]].to_numpy().tolist()
    [[0.8, 76.0, 46.1, 36.4], [nan, 76.0, 76.0, 109.0]]
    """
    plans = {
        stop: certification_plan(unacceptable, good, alpha, beta, attempts=attempts, stop=stop, every=every)
        for stop in get_args(Stop)
    }
    table = pd.DataFrame({"ability": plans["end"].table["ability"], **{s: p.table["items"] for s, p in plans.items()}})
    table.loc[len(table)] = [np.nan, *(float(p.gold_pool) for p in plans.values())]
    return table
