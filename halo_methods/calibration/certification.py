"""Who is certified: a verdict against two bars, and one that may be read after every item."""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
from scipy import special, stats

from ..errors import HaloError
from ..results import Verdict, counted, readable
from .plans import CertificationPlan, attempt_errors, certification_plan


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


@cache
def _plan(unacceptable: float, good: float, alpha: float, beta: float, attempts: int) -> CertificationPlan:
    return certification_plan(unacceptable, good, alpha, beta, attempts=attempts)


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
        if not 0 < self.bar < 1:
            raise HaloError(f"the bar lies between 0 and 1; got {self.bar!r}")
        for name, error in (("alpha", self.alpha), ("beta", self.beta)):
            if error is not None and not 0 < error < 1:
                raise HaloError(f"{name} lies between 0 and 1; got {error!r}")

    def update(self, passed: bool) -> None:
        """Count one more gold item, right or wrong.

        Examples
        --------
        >>> stream = Certification()
        >>> stream.update(False)
        >>> stream.passes, stream.trials
        (0, 1)
        """
        if passed not in (True, False):
            raise HaloError(f"an item was passed or not; got {passed!r}")
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
        said = self.verdict.replace("_", " ")
        return f"{said}: {self.passes} of {self.trials} right; e-value {readable(self.e_value)} against the bar"


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
