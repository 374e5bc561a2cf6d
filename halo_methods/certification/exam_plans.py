"""Planning an exam: two bars, each with its own error, over all attempts that are allowed."""

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from ..errors import BadOption
from ..results import counted, readable
from ..stats.checks import check_count, check_probability
from .walks import Boundaries, attempt_errors, curtailed, looks_at, sequential, single, single_plan, walk

if TYPE_CHECKING:
    from matplotlib.figure import Figure

When = Literal["end", "certain", "clear"]


@dataclass(frozen=True)
class Stopping:
    """When an attempt ends.

    Attributes
    ----------
    when : {"end", "certain", "clear"}
        ``end``: all items, then the verdict. ``certain``: as soon as the items
        left can't change it; the errors stay the same. ``clear``: Wald's test on
        the ratio of likelihoods, cut off where both errors still hold; it needs
        the fewest items on average and more at worst.
    every : int
        The verdict is looked at after each batch of this many items.
    min_items : int
        No verdict before this many items, so that an exam touches every slice.

    Examples
    --------
    >>> Stopping("clear", every=10)
    Stopping(when='clear', every=10, min_items=20)
    """

    when: When = "end"
    every: int = 1
    min_items: int = 20

    def __post_init__(self) -> None:
        if self.when not in get_args(When):
            raise BadOption.of("when", self.when, get_args(When))
        check_count(self.every, option="every", least=1)
        check_count(self.min_items, option="min_items")

    def __str__(self) -> str:
        early = {"end": "", "certain": "stop when the outcome is certain", "clear": "stop when the answer is clear"}
        return early[self.when]


AT_THE_END = Stopping()


@dataclass(frozen=True, eq=False, kw_only=True)
class ExamPlan:
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
    stopping : Stopping
    n : int
        Items of an attempt, at most.
    c : int
        The pass mark: right answers among n.
    boundaries : Boundaries
        When an attempt is passed or failed.
    """

    unacceptable: float
    good: float
    alpha: float
    beta: float
    attempts: int
    stopping: Stopping
    n: int
    c: int
    boundaries: Boundaries = field(repr=False)

    @cached_property
    def table(self) -> pd.DataFrame:
        """`chances` at the two bars, the middle between them, and half their distance below."""
        low = max(self.unacceptable - (self.good - self.unacceptable) / 2, 0.0)
        return self.chances([low, self.unacceptable, (self.unacceptable + self.good) / 2, self.good])

    @property
    def actual_alpha(self) -> float:
        """The exact chance that a rater at the unacceptable bar passes, over all attempts."""
        return self.passes(self.unacceptable)

    @property
    def actual_beta(self) -> float:
        """The exact chance that a rater at the good bar fails, over all attempts."""
        return 1 - self.passes(self.good)

    @property
    def gold_pool(self) -> int:
        """Gold items that must exist so that no attempt shows one again."""
        return self.attempts * self.n

    def passes(self, ability: float) -> float:
        """Compute the chance that a rater with this ability passes, over all attempts together.

        Examples
        --------
        >>> round(exam_plan().passes(0.95), 3)
        0.914
        """
        ability = check_probability(ability, option="ability")
        return 1 - (1 - walk(self.boundaries, ability)[0]) ** self.attempts

    def chances(self, abilities: ArrayLike) -> pd.DataFrame:
        """Compute what happens to raters of these abilities.

        Returns
        -------
        pandas.DataFrame
            ``ability``, ``passes_an_attempt``, ``passes`` (over all attempts),
            ``items_an_attempt``, ``items`` (expected gold items of one rater over all attempts made).

        Examples
        --------
        >>> exam_plan().chances([0.9])["passes"].round(2).tolist()
        [0.35]
        """
        abilities = np.asarray(abilities, float)
        once, items = np.array([walk(self.boundaries, float(ability)) for ability in abilities]).T
        tries = ((1 - once)[:, None] ** np.arange(self.attempts)).sum(axis=1)
        return pd.DataFrame(
            {
                "ability": abilities,
                "passes_an_attempt": once,
                "passes": 1 - (1 - once) ** self.attempts,
                "items_an_attempt": items,
                "items": items * tries,
            }
        )

    def retried(self, attempts: int) -> "ExamPlan":
        """The same exam taken up to this many times, though it was not planned for that: what the errors become.

        Examples
        --------
        >>> round(exam_plan().retried(3).actual_alpha, 3)
        0.142
        """
        return replace(self, attempts=check_count(attempts, option="attempts", least=1))

    def rules(self) -> pd.DataFrame:
        """Boundaries of the test: at each number of items, the counts at which a rater passes or fails.

        Numbers of items at which neither can happen are left out.

        Examples
        --------
        >>> exam_plan().rules().to_dict("records")
        [{'items': 76, 'pass_from': 70, 'fail_up_to': 69}]
        """
        done = np.arange(self.n + 1)
        passing, failing = self.boundaries.pass_at <= done, self.boundaries.fail_at >= 0
        ends = (passing | failing) & (done > 0)
        return pd.DataFrame(
            {
                "items": done[ends],
                "pass_from": pd.Series(self.boundaries.pass_at[ends], dtype="Int64").where(passing[ends]),
                "fail_up_to": pd.Series(self.boundaries.fail_at[ends], dtype="Int64").where(failing[ends]),
            }
        )

    def expected_items(self) -> pd.DataFrame:
        """What each way to stop costs: expected gold items of one rater at four abilities, and at most.

        Returns
        -------
        pandas.DataFrame
            ``ability``, ``end``, ``certain``, ``clear`` (items over all attempts
            made); the last row, without an ability, is the most there can be.

        Examples
        --------
        >>> exam_plan().expected_items().round(1).iloc[[1, -1]].to_numpy().tolist()
        [[0.8, 76.0, 46.1, 36.4], [nan, 76.0, 76.0, 109.0]]
        """
        plans = {when: self._planned(replace(self.stopping, when=when), self.attempts) for when in get_args(When)}
        table = pd.DataFrame({when: plan.table["items"] for when, plan in plans.items()})
        table.insert(0, "ability", self.table["ability"])
        table.loc[len(table)] = [np.nan, *(float(plan.gold_pool) for plan in plans.values())]
        return table

    def plot(self) -> "Figure":
        """Draw the chance to pass against ability; with several attempts also the exam planned for one."""
        from .. import plots

        abilities = np.linspace(max(2 * self.unacceptable - self.good, 0.0), 1.0, 61)
        plans = {f"planned for {counted(self.attempts, 'attempt')}": self}
        if self.attempts > 1:
            once = self._planned(self.stopping, 1)
            repeated = f"planned for 1 attempt, up to {self.attempts} taken"
            plans = {"planned for 1 attempt": once, repeated: once.retried(self.attempts), **plans}
        return plots.chances(
            {name: plan.chances(abilities) for name, plan in plans.items()},
            "ability",
            "passes",
            marks={"unacceptable": self.unacceptable, "good": self.good},
            unit="true accuracy of a rater",
            chance="chance to pass, over all attempts",
            title="Who passes",
        )

    def _planned(self, stopping: Stopping, attempts: int) -> "ExamPlan":
        bars = {"unacceptable": self.unacceptable, "good": self.good, "alpha": self.alpha, "beta": self.beta}
        return exam_plan(**bars, attempts=attempts, stopping=stopping)

    def __str__(self) -> str:
        over = f" in any of {counted(self.attempts, 'attempt')}" if self.attempts > 1 else ""
        early = f"; {self.stopping}" if self.stopping.when != "end" else ""
        return (
            f"{counted(self.n, 'gold item')} per attempt, pass from {self.c} right{early}. "
            f"A rater at {readable(self.unacceptable)} passes{over} with chance {readable(self.actual_alpha)}, "
            f"one at {readable(self.good)} fails with chance {readable(self.actual_beta)}. "
            f"Gold to have ready: {counted(self.gold_pool, 'item')}."
        )


def check_bars(unacceptable: float, good: float, alpha: float, beta: float) -> None:
    """Refuse bars and errors that no exam can have.

    Raises
    ------
    BadOption
        Unless ``0 < unacceptable < good < 1`` and both errors lie between 0 and .5.

    Examples
    --------
    >>> check_bars(0.85, 0.95, 0.05, 0.10)
    """
    for option, bar in (("unacceptable", unacceptable), ("good", good)):
        check_probability(bar, option=option, open_ends=True, example="0.9")
    if not unacceptable < good:
        raise BadOption(f"unacceptable is {unacceptable!r} and good {good!r}; allowed: unacceptable < good")
    for option, error in (("alpha", alpha), ("beta", beta)):
        if check_probability(error, option=option, open_ends=True) >= 0.5:
            raise BadOption(f"{option} is {error!r}; allowed: a number above 0 and below 0.5")


def exam_plan(
    *,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    attempts: int = 1,
    stopping: Stopping = AT_THE_END,
) -> ExamPlan:
    r"""Plan the smallest exam that holds both errors over all attempts together.

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
    stopping : Stopping
        When an attempt ends.

    Raises
    ------
    BadOption
        If the bars or errors are out of range.
    NotEstimable
        If more than 20,000 items would be needed: the bars are too close.

    References
    ----------
    Wald (1945), Annals of Mathematical Statistics 16, 117-186. The single plan
    is Guenther's (1969), Journal of Quality Technology 1, 105-109, read for raters.

    Examples
    --------
    >>> plan = exam_plan()
    >>> plan.n, plan.c
    (76, 70)
    >>> print(exam_plan(attempts=2, stopping=Stopping("certain")))
    56 gold items per attempt, pass from 53 right; stop when the outcome is certain. A rater at 0.85 passes
    in any of 2 attempts with chance 0.0466, one at 0.95 fails with chance 0.0942. Gold to have ready: 112 items.
    """
    check_bars(unacceptable, good, alpha, beta)
    attempts = check_count(attempts, option="attempts", least=1)
    one_alpha, one_beta = attempt_errors(alpha, beta, attempts)
    n, c = single_plan(unacceptable, good, one_alpha, one_beta)
    bounds = single(n, c)
    if stopping.when == "clear":
        most = 4 * n + 200
        looks = looks_at(most, stopping.every, stopping.min_items)
        bounds, n, c = sequential(unacceptable, good, one_alpha, one_beta, looks)
    if stopping.when != "end":
        bounds = curtailed(bounds, c, looks_at(n, stopping.every, stopping.min_items))
    return ExamPlan(
        unacceptable=unacceptable,
        good=good,
        alpha=alpha,
        beta=beta,
        attempts=attempts,
        stopping=stopping,
        n=n,
        c=c,
        boundaries=bounds,
    )
