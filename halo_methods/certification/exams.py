"""Who is certified: a verdict against two bars."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd
import polars as pl
from scipy import stats

from ..judgments import Judgments, as_judgments
from ..results import Verdict, counted, readable
from ..stats import check_count
from ..stats.proportions import exact_limits
from .exam_plans import ExamPlan, exam_plan
from .walks import attempt_errors

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, eq=False, kw_only=True)
class Certificate:
    """The outcome of an exam on gold items.

    Attributes
    ----------
    passes, trials : int
        Right answers and items answered.
    verdict : {"met", "not_met", "undecided"}
    low, high : float
        Exact limits of the accuracy: the low one holds with chance
        1 - ``alpha``, the high one with 1 - ``beta``, each for one attempt.
        ``met`` is a low limit at or above the unacceptable bar.
    plan : ExamPlan
        The exam that both bars ask for, for comparison with ``trials``.
    """

    passes: int
    trials: int
    verdict: Verdict
    low: float
    high: float
    plan: ExamPlan

    @property
    def items_short(self) -> int:
        """Items that the plan asks for beyond those answered; 0 where there is a verdict."""
        return max(self.plan.n - self.trials, 0) if self.verdict == "undecided" else 0

    def __str__(self) -> str:
        verdict = self.verdict.replace("_", " ")
        ends = f"accuracy from {readable(self.low)} to {readable(self.high)}"
        more = f"; the plan asks for {counted(self.items_short, 'more item')}" if self.items_short else ""
        return f"{verdict}: {self.passes} of {self.trials} right, {ends}{more}"


def certify(
    passes: int,
    trials: int,
    *,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    attempts: int = 1,
) -> Certificate:
    """Decide one rater's exam: clearly above the unacceptable bar, clearly below the good one, or neither.

    ``met`` where a rater at the unacceptable bar would do as well with chance
    ``alpha`` at most; otherwise ``not_met`` where one at the good bar would do
    as badly with chance ``beta`` at most; otherwise ``undecided``. At the
    plan's number of items it is always one of the first two.

    Decide the number of items beforehand. Looking after each item and stopping
    when it says ``met`` breaks the first error: use `Certification`, or a plan
    that stops when the answer is clear. It supposes items drawn at random and
    answered independently.

    Parameters
    ----------
    passes, trials : int
        Right answers and items answered in this attempt.
    unacceptable, good, alpha, beta
        As in `exam_plan`.
    attempts : int
        Attempts the rater is allowed, this one included; each then errs so
        little that all together keep ``alpha`` and ``beta``.

    Raises
    ------
    BadOption
        If the counts are not whole numbers with ``0 <= passes <= trials``,
        ``trials >= 1``, or the bars are out of range.

    Examples
    --------
    >>> print(certify(70, 76))
    met: 70 of 76 right, accuracy from 0.85 to 0.958
    >>> print(certify(30, 32))
    undecided: 30 of 32 right, accuracy from 0.816 to 0.983; the plan asks for 44 more items
    """
    trials = check_count(trials, option="trials", least=1)
    passes = check_count(passes, option="passes", most=trials)
    plan = _plan(unacceptable, good, alpha, beta, attempts)
    one_alpha, one_beta = attempt_errors(alpha, beta, attempts)
    as_well = float(stats.binom.sf(passes - 1, trials, unacceptable))
    as_badly = float(stats.binom.cdf(passes, trials, good))
    verdict: Verdict = "met" if as_well <= one_alpha else "not_met" if as_badly <= one_beta else "undecided"
    low, high = exact_limits(passes, trials, below=one_alpha, above=one_beta)
    return Certificate(passes=passes, trials=trials, verdict=verdict, low=low, high=high, plan=plan)


@cache
def _plan(unacceptable: float, good: float, alpha: float, beta: float, attempts: int) -> ExamPlan:
    return exam_plan(unacceptable=unacceptable, good=good, alpha=alpha, beta=beta, attempts=attempts)


@dataclass(frozen=True, eq=False, kw_only=True)
class Certificates:
    """A verdict per rater.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per rater, with ``verdict``; see the function that made it.
    marks : mapping of str to float
        The bars, by name.
    """

    table: pd.DataFrame
    marks: Mapping[str, float] = field(default_factory=dict)
    by: str = "rater_id"

    def plot(self) -> "Figure":
        """Draw each rater's accuracy with its limits, and the bars."""
        from .. import plots

        return plots.intervals(
            self.table,
            "rater_id",
            "accuracy",
            marks=self.marks,
            verdict="verdict",
            unit="accuracy against gold",
            title="Who would hold a certificate",
        )


def certificates(
    j: Judgments,
    *,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    attempts: int = 1,
    suspects: Iterable[str] = (),
) -> Certificates:
    """Decide each rater's gold judgments, as if they had been one exam.

    A round that was not planned as an exam leaves many undecided; that is the
    answer, not a fault of theirs. Each verdict errs as often as it says, so
    among many raters some verdicts are wrong.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    unacceptable, good, alpha, beta, attempts
        As in `certify`.
    suspects : iterable of str
        Items whose gold is in doubt, by ``item_id``.

    Returns
    -------
    Certificates
        Table: ``rater_id``, ``n``, ``right``, ``accuracy``, ``low``, ``high``,
        ``verdict``, ``without_suspects`` (the verdict without the items in doubt,
        empty where nothing is left; it leans in the raters' favour),
        ``items_short`` (of the plan, where undecided); lowest accuracy first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(i, "r1", "x" if i < 74 else "y", "x") for i in range(76)]
    >>> exam = certificates(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> exam.table["verdict"].tolist()
    ['met']
    """
    marked = as_judgments(j).marked("gold")

    def decided(rows: pl.DataFrame) -> dict[str, Certificate]:
        counts = right_counts(rows).iter_rows()
        bars = {"unacceptable": unacceptable, "good": good, "alpha": alpha, "beta": beta}
        return {rater: certify(right, n, **bars, attempts=attempts) for rater, n, right in counts}

    whole, rest = decided(marked), decided(marked.filter(~pl.col("item_id").is_in(list(suspects))))
    rows = [
        (
            rater,
            c.trials,
            c.passes,
            c.passes / c.trials,
            c.low,
            c.high,
            c.verdict,
            rest[rater].verdict if rater in rest else "",
            c.items_short,
        )
        for rater, c in whole.items()
    ]
    columns = ["rater_id", "n", "right", "accuracy", "low", "high", "verdict", "without_suspects", "items_short"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["accuracy", "rater_id"], ignore_index=True)
    return Certificates(table=table, marks={"unacceptable": unacceptable, "good": good})


def right_counts(marked: pl.DataFrame) -> pl.DataFrame:
    """Count each rater's judgments and right answers: ``rater_id``, ``n``, ``right``, by rater.

    Examples
    --------
    >>> right_counts(pl.DataFrame({"rater_id": ["a", "a", "b"], "right": [True, False, True]})).rows()
    [('a', 2, 1), ('b', 1, 1)]
    """
    counts = marked.group_by("rater_id").agg(pl.len().alias("n"), pl.col("right").sum().cast(pl.Int64))
    return counts.sort("rater_id")
