"""Who is certified: a verdict against two bars."""

from dataclasses import dataclass
from functools import cache

import pandas as pd
from scipy import stats

from ..errors import HaloError
from ..judgments import Judgments
from ..results import Verdict, counted, readable
from .gold import by_rater, on_gold
from .next_steps import suspect_items
from .plans import CertificationPlan, certification_plan
from .walks import attempt_errors


@dataclass(frozen=True, eq=False)
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
    plan : CertificationPlan
        The exam that both bars ask for, for comparison with ``trials``.
    """

    passes: int
    trials: int
    verdict: Verdict
    low: float
    high: float
    plan: CertificationPlan

    def __str__(self) -> str:
        said = self.verdict.replace("_", " ")
        ends = f"accuracy from {readable(self.low)} to {readable(self.high)}"
        short = self.plan.n - self.trials
        more = f"; the plan asks for {counted(short, 'item')} more" if self.verdict == "undecided" and short > 0 else ""
        return f"{said}: {self.passes} of {self.trials} right, {ends}{more}"


def certify(
    passes: int,
    trials: int,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    *,
    attempts: int = 1,
) -> Certificate:
    """The verdict on one rater's exam: clearly above the unacceptable bar, clearly below the good one, or neither.

    ``met`` where a rater at the unacceptable bar would do as well with chance
    ``alpha`` at most; otherwise ``not_met`` where one at the good bar would do
    as badly with chance ``beta`` at most; otherwise ``undecided``. At the
    plan's number of items it is always one of the first two.

    Decide the number of items beforehand. Looking after each item and stopping
    when it says ``met`` breaks the first error: use `Certification`, or a plan
    with ``stop="clear"``. It supposes items drawn at random and answered
    independently of each other.

    Parameters
    ----------
    passes, trials : int
        Right answers and items answered in this attempt.
    unacceptable, good, alpha, beta
        As in `certification_plan`.
    attempts : int
        Attempts the rater is allowed, this one included; each then errs so
        little that all together keep ``alpha`` and ``beta``.

    Returns
    -------
    Certificate

    Raises
    ------
    HaloError
        If the counts are not whole numbers with ``0 <= passes <= trials``,
        ``trials >= 1``, or the bars are out of range.

    Examples
    --------
    >>> print(certify(70, 76))
    met: 70 of 76 right, accuracy from 0.85 to 0.958
    >>> print(certify(30, 32))
    undecided: 30 of 32 right, accuracy from 0.816 to 0.983; the plan asks for 44 items more
    """
    if not (int(passes) == passes and int(trials) == trials and 0 <= passes <= trials and trials >= 1):
        raise HaloError(f"an exam has 0 <= passes <= trials, trials >= 1; got {passes!r} of {trials!r}")
    plan = _plan(unacceptable, good, alpha, beta, attempts)
    one_alpha, one_beta = attempt_errors(alpha, beta, attempts)
    as_well = float(stats.binom.sf(passes - 1, trials, unacceptable))
    as_badly = float(stats.binom.cdf(passes, trials, good))
    verdict: Verdict = "met" if as_well <= one_alpha else "not_met" if as_badly <= one_beta else "undecided"
    low = float(stats.beta.ppf(one_alpha, passes, trials - passes + 1)) if passes else 0.0
    high = float(stats.beta.ppf(1 - one_beta, passes + 1, trials - passes)) if passes < trials else 1.0
    return Certificate(int(passes), int(trials), verdict, low, high, plan)


def certificates(
    j: Judgments,
    *,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    attempts: int = 1,
) -> pd.DataFrame:
    """`certify` for each rater's gold judgments, as if they had been one exam.

    A round that was not planned as an exam leaves many undecided; that is the
    answer, not a fault of theirs. Each verdict errs as often as it says, so
    among many raters some verdicts are wrong.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    unacceptable, good, alpha, beta, attempts
        As in `certify`.

    Returns
    -------
    pandas.DataFrame
        ``rater_id``, ``n``, ``right``, ``low``, ``high``, ``verdict``,
        ``without_suspects`` (the verdict without items that most raters miss,
        empty where nothing is left; it leans in the raters' favour),
        ``items_short`` (of the plan, where undecided); lowest share right first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 74 else "y", "x") for i in range(76)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> certificates(j)["verdict"].tolist()
    ['met']
    """

    def each(table: pd.DataFrame) -> list[Certificate]:
        counts = zip(table["right"], table["n"], strict=True)
        return [certify(int(k), int(n), unacceptable, good, alpha, beta, attempts=attempts) for k, n in counts]

    table = by_rater(j)[["rater_id", "n", "right"]]
    made = each(table)
    suspect = set(suspect_items(j)["item_id"])
    kept = sorted(set(on_gold(j)["item_id"]) - suspect)
    rest = by_rater(j.only(item_id=kept)) if kept else table.head(0)
    without = dict(zip(rest["rater_id"], (c.verdict for c in each(rest)), strict=True))
    return table.assign(
        low=[c.low for c in made],
        high=[c.high for c in made],
        verdict=[c.verdict for c in made],
        without_suspects=[without.get(rater, "") for rater in table["rater_id"]],
        items_short=[max(c.plan.n - c.trials, 0) if c.verdict == "undecided" else 0 for c in made],
    )


@cache
def _plan(unacceptable: float, good: float, alpha: float, beta: float, attempts: int) -> CertificationPlan:
    return certification_plan(unacceptable, good, alpha, beta, attempts=attempts)
