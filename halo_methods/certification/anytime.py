"""A verdict that may be read after every item."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy import special

from ..errors import BadOption
from ..judgments import Judgments, as_judgments
from ..results import Verdict, readable
from ..stats.checks import check_probability
from .exams import Certificates


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
        if passed not in (True, False):
            raise BadOption.of("passed", passed, (True, False))
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
