"""Planning an exam: two bars, set from what experts score, each with its own error, over all attempts.

A test that may stop early is walked through item by item: exact chances, no approximation.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right
from ..results import Estimate, Figure, counted, readable
from ..stats import check_count, check_probability

When = Literal["end", "certain", "clear"]
MOST_ITEMS, FEWEST_EXPERTS, FEWEST_ITEMS = 20_000, 3, 50
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

    @property
    def c(self) -> int:
        """Right answers that pass at the last item."""
        return int(self.pass_at[-1])

    def ended(self, n: int, c: int) -> "Boundaries":
        """The same test, over after n items: from c right answers on the rater passes, below it they fail."""
        return Boundaries(np.append(self.pass_at[:n], c), np.append(self.fail_at[:n], c - 1))


def stages(boundaries: Boundaries, ability: ArrayLike) -> Iterator[tuple[NDArray, NDArray, NDArray]]:
    """After each item: the chance of each number of right answers, and to have passed and failed before it.

    The first are those of the raters who went on until this item. Each item is
    right with the same chance, whatever came before. Of several abilities each has a row; the array is written over.
    """
    right, ability = np.arange(boundaries.n + 1), np.asarray(ability, float)
    state, passed, failed = np.zeros((*ability.shape, boundaries.n + 1)), np.zeros_like(ability), np.zeros_like(ability)
    state[..., 0], yes = 1.0, ability[..., None]
    for pass_at, fail_at in zip(boundaries.pass_at[1:], boundaries.fail_at[1:], strict=True):
        state[..., 1:] = state[..., 1:] * (1 - yes) + state[..., :-1] * yes
        state[..., 0] *= 1 - ability
        yield state, passed, failed
        passing, failing = right >= pass_at, right <= fail_at
        passed, failed = passed + state[..., passing].sum(-1), failed + state[..., failing].sum(-1)
        state[..., passing | failing] = 0.0


def walk(boundaries: Boundaries, ability: ArrayLike) -> tuple[NDArray, NDArray]:
    """Chance to pass and expected number of items of a rater with this ability, or of each of several.

    Examples
    --------
    >>> chance, items = walk(single_plan(0.85, 0.95, 0.05, 0.10), 0.85)
    >>> round(float(chance), 4), round(float(items), 4)
    (0.0497, 76.0)
    """
    items = np.zeros(np.shape(ability))
    for state, passed, _ in stages(boundaries, ability):
        items = items + state.sum(-1)
        chance = passed + state[..., boundaries.c :].sum(-1)
    return chance, items


def single_plan(unacceptable: float, good: float, alpha: float, beta: float) -> Boundaries:
    """The fewest items, and the pass mark after all of them, for one attempt with both errors held.

    Raises
    ------
    NotEstimable
        If more than 20,000 items would be needed.

    Examples
    --------
    >>> plan = single_plan(0.85, 0.95, 0.05, 0.10)
    >>> plan.n, plan.c
    (76, 70)
    """
    for start in range(1, MOST_ITEMS, 500):
        n = np.arange(start, start + 500)
        mark = stats.binom.isf(alpha, n, unacceptable).astype(int) + 1  # P(X >= mark) <= alpha
        held = (stats.binom.cdf(mark - 1, n, good) <= beta) & (mark <= n)
        if held.any():
            fewest, c = int(n[held][0]), int(mark[held][0])
            return Boundaries(np.full(fewest, NEVER_PASS), np.full(fewest, NEVER_FAIL)).ended(fewest, c)
    raise NotEstimable(
        f"to tell {readable(unacceptable)} from {readable(good)} takes more than {MOST_ITEMS:,} gold items"
    )


def curtailed(boundaries: Boundaries, looks: NDArray) -> Boundaries:
    """The same test, stopped as soon as what is left can't change its outcome; no error changes.

    Examples
    --------
    >>> stopped = curtailed(single_plan(0.85, 0.95, 0.05, 0.10), np.ones(77, bool))
    >>> [round(float(x), 4) for x in walk(stopped, 0.85)]
    [0.0497, 46.0898]
    """
    certain = np.arange(boundaries.n + 1) - (boundaries.n - boundaries.c) - 1
    pass_at = np.where(looks, np.minimum(boundaries.pass_at, boundaries.c), boundaries.pass_at)
    return Boundaries(pass_at, np.where(looks, np.maximum(boundaries.fail_at, certain), boundaries.fail_at))


def sequential(unacceptable: float, good: float, alpha: float, beta: float, looks: NDArray) -> Boundaries:
    r"""Wald's test on the ratio of the likelihoods at the two bars, ended at the fewest items where both errors hold.

    Pass where :math:`\log LR \ge \log\frac{1-\beta}{\alpha}`, fail where
    :math:`\log LR \le \log\frac{\beta}{1-\alpha}`, at the looks only.

    Parameters
    ----------
    looks : ndarray of bool
        Whether a verdict is looked at after so many items, up to the most there may be.

    Raises
    ------
    NotEstimable
        If no end holds both errors.

    References
    ----------
    Wald (1945), Annals of Mathematical Statistics 16, 117-186.

    Examples
    --------
    >>> test = sequential(0.85, 0.95, 0.05, 0.10, Stopping(every=10).looks(504))
    >>> test.n, test.c
    (89, 82)
    """
    right = np.arange(len(looks))
    gain, loss = np.log(good / unacceptable), np.log((1 - good) / (1 - unacceptable))
    upper, lower = (bound - right * loss for bound in (np.log((1 - beta) / alpha), np.log(beta / (1 - alpha))))
    pass_at = np.ceil(upper / (gain - loss) - 1e-9).astype(np.int64)
    fail_at = np.floor(lower / (gain - loss) + 1e-9).astype(np.int64)
    bounds = Boundaries(np.where(looks, pass_at, NEVER_PASS), np.where(looks, fail_at, NEVER_FAIL))
    both = zip(stages(bounds, unacceptable), stages(bounds, good), strict=True)
    for n, ((bad, passed, _), (fine, _, failed)) in enumerate(both, start=1):
        passes = passed + bad[::-1].cumsum()[::-1]  # by pass mark
        fails = failed + np.concatenate([[0.0], fine.cumsum()[:-1]])
        held = (passes <= alpha) & (fails <= beta) & (right <= n)
        if held.any():
            return bounds.ended(n, int(right[held][0]))
    raise NotEstimable("no end to the test holds both errors; stop when it is certain")


def attempt_errors(alpha: float, beta: float, attempts: int) -> tuple[float, float]:
    """What one attempt may err, so that all together err at most alpha and beta.

    Examples
    --------
    >>> [round(e, 4) for e in attempt_errors(0.05, 0.10, 2)]
    [0.0253, 0.3162]
    """
    return 1 - (1 - alpha) ** (1 / attempts), beta ** (1 / attempts)


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
        BadOption.unless("when", self.when, get_args(When))
        check_count(self.every, option="every", least=1)
        check_count(self.min_items, option="min_items")

    def looks(self, n: int) -> NDArray:
        """Whether a verdict is looked at, by the number of items: from ``min_items`` on each ``every``, and at the end.

        Examples
        --------
        >>> Stopping(every=3, min_items=4).looks(7).nonzero()[0].tolist()
        [6, 7]
        """
        done = np.arange(n + 1)
        return (done >= min(self.min_items, n)) & ((done % self.every == 0) | (done == n)) & (done > 0)

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
        return float(1 - (1 - walk(self.boundaries, ability)[0]) ** self.attempts)

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
        once, items = walk(self.boundaries, abilities)
        tries = ((1 - once)[:, None] ** np.arange(self.attempts)).sum(axis=1)
        table = pd.DataFrame(
            {"ability": abilities, "passes_an_attempt": once, "passes": 1 - (1 - once) ** self.attempts}
        )
        return table.assign(items_an_attempt=items, items=items * tries)

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
        counts = {"pass_from": self.boundaries.pass_at, "fail_up_to": self.boundaries.fail_at}
        table = pd.DataFrame(counts, dtype="Int64").rename_axis("items").reset_index()
        passing, failing = table["pass_from"] <= table["items"], table["fail_up_to"] >= 0
        table = table.assign(pass_from=table["pass_from"].where(passing), fail_up_to=table["fail_up_to"].where(failing))
        return table[(passing | failing) & (table["items"] > 0)].reset_index(drop=True)

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

    def plot(self) -> Figure:
        """Draw the chance to pass against ability; with several attempts also the exam planned for one."""
        from .. import plots

        abilities = np.linspace(max(2 * self.unacceptable - self.good, 0.0), 1.0, 61)
        plans = {f"planned for {counted(self.attempts, 'attempt')}": self}
        if self.attempts > 1:
            once = self._planned(self.stopping, 1)
            repeated = f"planned for 1 attempt, up to {self.attempts} taken"
            plans = {"planned for 1 attempt": once, repeated: once.retried(self.attempts), **plans}
        curves = {name: plan.chances(abilities) for name, plan in plans.items()}
        marks, chance = {"unacceptable": self.unacceptable, "good": self.good}, "chance to pass, over all attempts"
        unit, title = "true accuracy of a rater", "Who passes"
        return plots.chances(curves, "ability", "passes", marks=marks, unit=unit, chance=chance, title=title)

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

    It supposes that gold items are drawn at random for each attempt, that none returns, and that the rater's ability
    stays what it was.
    A rater who trains between attempts has another ability, and the chance for that one holds.

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
        Unless ``0 < unacceptable < good < 1`` and both errors lie between 0 and .5.
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
    for option, bar in (("unacceptable", unacceptable), ("good", good)):
        check_probability(bar, option=option, open_ends=True, example="0.9")
    if not unacceptable < good:
        raise BadOption(f"unacceptable is {unacceptable!r} and good {good!r}; allowed: unacceptable < good")
    for option, error in (("alpha", alpha), ("beta", beta)):
        if check_probability(error, option=option, open_ends=True) >= 0.5:
            raise BadOption(f"{option} is {error!r}; allowed: a number above 0 and below 0.5")
    attempts = check_count(attempts, option="attempts", least=1)
    each = attempt_errors(alpha, beta, attempts)
    bounds = single_plan(unacceptable, good, *each)
    if stopping.when == "clear":
        bounds = sequential(unacceptable, good, *each, stopping.looks(4 * bounds.n + 200))
    if stopping.when != "end":
        bounds = curtailed(bounds, stopping.looks(bounds.n))
    bars = {"unacceptable": unacceptable, "good": good, "alpha": alpha, "beta": beta}
    return ExamPlan(**bars, attempts=attempts, stopping=stopping, n=bounds.n, c=bounds.c, boundaries=bounds)


@dataclass(frozen=True, eq=False, kw_only=True)
class Bars:
    """Two bars for a certification, and what they rest on.

    Attributes
    ----------
    unacceptable, good : float
        Proposed bars.
    estimate : Estimate
        The experts' accuracy, pooled, with its interval.
    guess : float
        What a rater scores who always gives the most common gold answer.
    """

    unacceptable: float
    good: float
    estimate: Estimate
    guess: float

    def __str__(self) -> str:
        return (
            f"good {readable(self.good)}, unacceptable {readable(self.unacceptable)}: experts score {self.estimate}; "
            f"the most common answer alone would score {readable(self.guess)}"
        )


def expert_accuracy(j: Judgments, *, experts: Iterable[str] | str | None = None) -> Estimate:
    """Estimate the accuracy of the experts against gold, over items: they are a named panel, not a sample.

    Fewer than three experts, or than 50 items from one of them, are refused.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold, the experts among the raters.
    experts : iterable of str, or text with commas, optional
        Who they are, by ``rater_id``; otherwise those whose column ``role`` says ``expert``.

    Raises
    ------
    NotEstimable
        If no experts are named, or experts or items are too few.

    Examples
    --------
    >>> rows = [(i, r, "x" if (i + 7 * k) % 20 else "y", "x") for i in range(100) for k, r in enumerate("abc")]
    >>> frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "gold"], orient="row")
    >>> expert_accuracy(frame, experts="a,b,c").value
    0.95
    """
    return share_right(_answers(j, experts), over="items", quantity="accuracy of the experts against gold")


def bars_from_experts(j: Judgments, *, experts: Iterable[str] | str | None = None, margin: float = 0.10) -> Bars:
    """Propose the bars that this gold allows: no rater is asked to do better than experts do on it.

    The good bar is the low end of the interval of the experts' accuracy (over items, for this panel), rounded down to a
    full percent.
    A rater who is as good as the experts is at or above it. The unacceptable bar lies ``margin`` below.

    Experts who wrote the gold score themselves; use answers they gave before,
    independently, or other experts. An easy gold set gives high bars that say
    little about hard items.

    Parameters
    ----------
    j, experts
        As in `expert_accuracy`.
    margin : float
        Between the bars.

    Raises
    ------
    NotEstimable
        If experts or items are too few, or the unacceptable bar would be
        cleared by always giving the most common gold answer.

    Examples
    --------
    >>> rows = [(i, r, "xyz"[(i + (i + 7 * k) % 20 // 19) % 3], "xyz"[i % 3])
    ...         for i in range(300) for k, r in enumerate("abcd")]
    >>> frame = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "gold"], orient="row")
    >>> bars = bars_from_experts(frame, experts=["a", "b", "c", "d"])
    >>> bars.good, bars.unacceptable
    (0.93, 0.83)
    """
    margin = check_probability(margin, option="margin", open_ends=True)
    j = as_judgments(j)
    estimate, gold = expert_accuracy(j, experts=experts), _answers(j, experts).unique("item_id")["answer"]
    good = min(math.floor(100 * estimate.low + 1e-9) / 100, 0.99)
    unacceptable = round(good - margin, 10)
    guess = float(gold.value_counts()["count"].max()) / len(gold)  # type: ignore[arg-type]
    if unacceptable <= guess:
        raise NotEstimable(
            f"experts score {readable(estimate.value)} (low end {readable(estimate.low)}), so the unacceptable bar "
            f"would be {readable(unacceptable)}; always giving the most common answer scores {readable(guess)} on this "
            "gold. Balance the gold over the labels, or settle what the experts miss"
        )
    return Bars(unacceptable=unacceptable, good=good, estimate=estimate, guess=guess)


def _answers(j: Judgments, experts: Iterable[str] | str | None) -> pl.DataFrame:
    """The marked answers of the experts."""
    j = as_judgments(j)
    named = [e.strip() for e in experts.split(",")] if isinstance(experts, str) else list(experts or ())
    if not named and "role" in j.columns:
        named = j.frame.filter(pl.col("role") == "expert")["rater_id"].unique().to_list()
    if not named:
        raise NotEstimable(
            "no rater is named as an expert; give the `rater_id` of each with the option `experts`, "
            "or mark their judgments with `expert` in a column `role`",
            public=True,
        )
    answers = j.one().only(rater_id=named).marked("gold")
    counts = right_counts(answers)
    if len(counts) < FEWEST_EXPERTS:
        found = counted(len(counts), "expert")
        raise NotEstimable(f"{found} answered gold; it takes {FEWEST_EXPERTS} to see how far experts differ")
    few = counts.filter(pl.col("n") < FEWEST_ITEMS).sort("n")
    if len(few):
        text = f"an expert answered {counted(few['n'][0], 'gold item')}; {FEWEST_ITEMS} from each are needed"
        raise NotEstimable(text, who=few["rater_id"].sort().to_list())
    return answers


def right_counts(marked: pl.DataFrame) -> pl.DataFrame:
    """Count each rater's judgments and right answers: ``rater_id``, ``n``, ``right``, by rater.

    Examples
    --------
    >>> right_counts(pl.DataFrame({"rater_id": ["a", "a", "b"], "right": [True, False, True]})).rows()
    [('a', 2, 1), ('b', 1, 1)]
    """
    counts = marked.group_by("rater_id").agg(pl.len().alias("n"), pl.col("right").sum().cast(pl.Int64))
    return counts.sort("rater_id")
