"""Who is certified: a verdict against two bars, or one that may be read after every item."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import polars as pl
from scipy import special, stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Estimate, Figure, Verdict, counted, readable
from ..stats import check_count, check_probability
from ..stats.proportions import exact_limits
from .exam_plans import ExamPlan, attempt_errors, exam_plan, right_counts


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
    plan = exam_plan(unacceptable=unacceptable, good=good, alpha=alpha, beta=beta, attempts=attempts)
    one_alpha, one_beta = attempt_errors(alpha, beta, attempts)
    as_well = float(stats.binom.sf(passes - 1, trials, unacceptable))
    as_badly = float(stats.binom.cdf(passes, trials, good))
    verdict: Verdict = "met" if as_well <= one_alpha else "not_met" if as_badly <= one_beta else "undecided"
    low, high = exact_limits(passes, trials, below=one_alpha, above=one_beta)
    return Certificate(passes=passes, trials=trials, verdict=verdict, low=low, high=high, plan=plan)


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

    def plot(self) -> Figure:
        """Draw each rater's accuracy with its limits, and the bars."""
        from .. import plots

        unit, title = "accuracy against gold", "Who would hold a certificate"
        return plots.intervals(
            self.table, "rater_id", "accuracy", marks=self.marks, verdict="verdict", unit=unit, title=title
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
    marks, errors = {"unacceptable": unacceptable, "good": good}, {"alpha": alpha, "beta": beta}

    def decided(rows: pl.DataFrame) -> dict[str, Certificate]:
        counts = right_counts(rows).iter_rows()
        return {rater: certify(right, n, **marks, **errors, attempts=attempts) for rater, n, right in counts}

    whole, rest = decided(marked), decided(marked.filter(~pl.col("item_id").is_in(list(suspects))))
    rows = [(rater, c.trials, c.passes, c.low, c.high, c.verdict, c.items_short) for rater, c in whole.items()]
    table = pd.DataFrame(rows, columns=["rater_id", "n", "right", "low", "high", "verdict", "items_short"])
    table.insert(3, "accuracy", table["right"] / table["n"])
    table.insert(7, "without_suspects", [rest[r].verdict if r in rest else "" for r in whole])
    return Certificates(table=table.sort_values(["accuracy", "rater_id"], ignore_index=True), marks=marks)


def returned_items(j: Judgments) -> Estimate:
    """Count the gold items that a rater met again in a later attempt; a round is an attempt.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold and `round`.

    Raises
    ------
    NotEstimable
        If there is no `round`, or no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x", 1), ("b", "r1", "x", "x", 1), ("a", "r1", "x", "x", 2)]
    >>> returned_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round"])).value
    1.0
    """
    marked = as_judgments(j).marked("gold")
    if "round" not in marked.columns:
        raise NotEstimable("there is no column `round`, so one attempt cannot be told from the next", public=True)
    again = marked.filter(pl.col("round").n_unique().over("item_id", "rater_id") > 1)
    method = "gold items that a rater judged in two rounds or more; a count, without sampling error"
    n = again.select("item_id", "rater_id").n_unique()
    return Estimate.count(n, method=method, **rests_on(marked, "gold judgments"))


@dataclass
class Certification:
    r"""One bar, a verdict that may be read after every item, and an error that holds all the same.

    The e-value is the betting score of :math:`p > p_0` against :math:`p \le p_0`:

    .. math:: E_n = \int_{p_0}^1 \Bigl(\frac{p}{p_0}\Bigr)^{x}
              \Bigl(\frac{1-p}{1-p_0}\Bigr)^{n-x} \frac{dp}{1-p_0}

    with x right of n. The prior is uniform above the bar only; with weight
    below it the score could grow for a rater who does not clear the bar.
    Whoever is at or below the bar reaches :math:`1/\alpha` at any time with
    chance :math:`\alpha` at most (Ville). A second score, with a uniform prior
    below the bar, says the same about ``not_met``. A verdict once reached stays.

    It costs items: a rater near the bar may go on for hundreds. Do not use it
    where items are chosen after looking at the rater's answers. Further
    attempts are the same stream going on, never a new start.

    Parameters
    ----------
    bar : float
        Accuracy to show.
    alpha : float
        Chance that a rater at or below the bar is ever certified.
    beta : float, optional
        Chance that a rater at or above the bar ever reads ``not_met``;
        ``alpha`` unless given.

    Attributes
    ----------
    verdict : {"met", "not_met", "undecided"}
    e_value, e_below : float
        Evidence that the accuracy is above the bar, and that it is below it.
    passes, trials : int

    References
    ----------
    Ville (1939), Étude critique de la notion de collectif; Ramdas, Grünwald,
    Vovk and Shafer (2023), Statistical Science 38, 576-601.

    Examples
    --------
    >>> stream = Certification(bar=0.9)
    >>> for _ in range(60):
    ...     stream.update(True)
    >>> stream.verdict, round(stream.e_value, 1)
    ('met', 91.1)
    """

    bar: float = 0.9
    alpha: float = 0.05
    beta: float | None = None
    passes: int = field(default=0, init=False)
    trials: int = field(default=0, init=False)
    verdict: Verdict = field(default="undecided", init=False)

    def __post_init__(self) -> None:
        for option, value in (("bar", self.bar), ("alpha", self.alpha), ("beta", self.beta)):
            if value is not None:
                check_probability(value, option=option, open_ends=True)

    def update(self, passed: bool) -> None:
        """Count one more gold item, right or wrong.

        Examples
        --------
        >>> stream = Certification()
        >>> stream.update(False)
        >>> stream.passes, stream.trials
        (0, 1)
        """
        BadOption.unless("passed", passed, (True, False))
        self.passes, self.trials = self.passes + int(passed), self.trials + 1
        if self.verdict == "undecided" and self.e_value >= 1 / self.alpha:
            self.verdict = "met"
        elif self.verdict == "undecided" and self.e_below >= 1 / (self.alpha if self.beta is None else self.beta):
            self.verdict = "not_met"

    @property
    def e_value(self) -> float:
        """Evidence that the accuracy is above the bar; 1 is none."""
        return float(e_above(self.passes, self.trials, self.bar))

    @property
    def e_below(self) -> float:
        """Evidence that the accuracy is below the bar; 1 is none."""
        return float(e_above(self.trials - self.passes, self.trials, 1 - self.bar))

    def __str__(self) -> str:
        verdict = self.verdict.replace("_", " ")
        return f"{verdict}: {self.passes} of {self.trials} right; e-value {readable(self.e_value)} against the bar"


def e_above(passes: np.ndarray | int, trials: np.ndarray | int, bar: float) -> np.ndarray:
    """The e-value of `Certification` for whole arrays of counts.

    Examples
    --------
    >>> float(e_above(0, 0, 0.9))
    1.0
    """
    x, n = np.asarray(passes, float), np.asarray(trials, float)
    with np.errstate(divide="ignore"):
        mass = np.log(special.betaincc(x + 1, n - x + 1, bar))
    score = mass + special.betaln(x + 1, n - x + 1) - np.log1p(-bar)
    return np.exp(np.minimum(score - x * np.log(bar) - (n - x) * np.log1p(-bar), 700.0))


def streams(j: Judgments, *, bar: float = 0.9, alpha: float = 0.05) -> Certificates:
    """Follow `Certification` through each rater's gold judgments, in the order of ``rated_at``.

    Without ``rated_at`` it is the order of the table.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    bar, alpha : float
        As in `Certification`.

    Returns
    -------
    Certificates
        Table: ``rater_id``, ``n``, ``right``, ``e_value``, ``e_below`` (after the
        last item), ``verdict``, ``decided_after`` (items; empty where
        undecided); largest ``e_value`` first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(i, "r1", "x", "x") for i in range(60)]
    >>> watched = streams(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> watched.table[["verdict", "decided_after"]].to_numpy().tolist()
    [['met', 43]]
    """
    bar = check_probability(bar, option="bar", open_ends=True)
    enough = 1 / check_probability(alpha, option="alpha", open_ends=True)
    j = as_judgments(j).one()
    if "rated_at" in j.columns:
        j = replace(j, frame=j.frame.sort("rated_at", maintain_order=True, nulls_last=True))
    rows = []
    for (rater,), part in j.marked("gold").partition_by("rater_id", as_dict=True, maintain_order=True).items():
        right = part["right"].to_numpy().cumsum()
        done = np.arange(1, len(right) + 1)
        above, below = e_above(right, done, bar), e_above(done - right, done, 1 - bar)
        ends = np.flatnonzero((above >= enough) | (below >= enough))
        verdict = "undecided" if not ends.size else "met" if above[ends[0]] >= enough else "not_met"
        after = int(done[ends[0]]) if ends.size else None
        rows.append((rater, len(right), int(right[-1]), above[-1], below[-1], verdict, after))
    columns = ["rater_id", "n", "right", "e_value", "e_below", "verdict", "decided_after"]
    table = pd.DataFrame(rows, columns=columns).astype({"decided_after": "Int64"})
    return Certificates(table=table.sort_values(["e_value", "rater_id"], ascending=[False, True], ignore_index=True))
