"""Rates that a judge and a few people make together, where the judge alone would be wrong and people alone too few."""

from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import basis_of
from ..results import Caution, Estimate, Figure, around, counted, readable, resting
from ..stats.change import difference
from ..stats.checks import check_confidence, check_count
from ..stats.proportions import two_way_share
from ..stats.two_phase import assisted_mean, conditional_share, rogan_gladen, two_phase_interval, two_phase_rate
from .alternative_annotator import FEWEST_PEOPLE, beside, counted_label

Labelled = Literal["by truth", "at random"]
PEOPLE, JUDGE, CORRECTED = "people only", "judge alone", "corrected"
RARER = 50
FEW_PEOPLE = 8  # coverage of a 95% interval: .924 with 5, .936 with 8, .943 with 16 people who differ


def corrected_rate(
    positive: int,
    n: int,
    *,
    sensitivity: tuple[int, int],
    specificity: tuple[int, int],
    labelled: Labelled = "by truth",
    confidence: float = 0.95,
) -> Estimate:
    """Correct the share that a judge found for its errors, from counts.

    Which items were labelled decides the interval. ``by truth``: truly positive and truly negative items were chosen
    apart, perhaps elsewhere; Rogan and Gladen's correction, which holds only if the judge errs there as here.
    ``at random``: the labelled items are a random part of the n, and counted in them. Then the shares truly positive
    among what the judge passes and flags are known, and the interval is much narrower.

    Parameters
    ----------
    positive, n : int
        What the judge found, of how many.
    sensitivity, specificity : tuple of int
        Found positive of how many truly positive; found negative of how many truly negative.
    labelled : {"by truth", "at random"}
    confidence : float

    Raises
    ------
    BadOption
        If a count is impossible.
    NotEstimable
        If the judge finds no more among the truly positive than among the others.

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76; Lee and others (2025), arXiv 2511.21140;
    Tenenbein (1970), Journal of the American Statistical Association 65, 1350-1361.

    Examples
    --------
    >>> print(corrected_rate(135, 200, sensitivity=(90, 100), specificity=(85, 100)))
    0.7 (95% interval 0.594 to 0.811 over items; 400 items, 200 judgments)
    >>> print(corrected_rate(825, 1000, sensitivity=(81, 90), specificity=(9, 10), labelled="at random").found)
    0.902 (95% interval 0.849 to 0.941 over items)
    """
    check_confidence(confidence)
    BadOption.unless("labelled", labelled, get_args(Labelled))
    n = check_count(n, option="n", least=1)
    positive = check_count(positive, option="positive", most=n)
    counts = []
    for name, pair in (("sensitivity", sensitivity), ("specificity", specificity)):
        of = check_count(pair[1], option=f"{name}[1]", least=1)
        counts.append((check_count(pair[0], option=f"{name}[0]", most=of), of))
    (k1, n1), (k0, n0) = counts
    if labelled == "by truth":
        value, low, high = rogan_gladen(positive, n, *counts, confidence=confidence)
        text = "It holds only if the judge errs on these items as on those that were labelled."
        method, cautions, items = "corrected rate; Rogan-Gladen", (Caution("carried_over", text),), n + n1 + n0
    else:
        found, passed = k1 + n0 - k0, n1 - k1 + k0
        if found > positive or passed > n - positive:
            raise BadOption("more items were labelled than the judge judged; allowed: the labelled ones are part of n")
        first = np.repeat([1, 0], [positive, n - positive])
        item = np.r_[:found, positive : positive + passed]
        truth = np.repeat([1, 0, 1, 0], [k1, n0 - k0, n1 - k1, k0])
        return two_phase_rate(first, item, truth, confidence=confidence, quantity="corrected rate")
    place = {**around(value, low, high), "confidence": confidence, "over": "items"}
    return Estimate(**place, **resting(items, 0, n1 + n0), method=method, cautions=cautions)


def prediction_powered_mean(
    labels: ArrayLike, judge_on_labelled: ArrayLike, judge_on_unlabelled: ArrayLike, *, confidence: float = 0.95
) -> Estimate:
    """Estimate a mean of people's labels with a judge's help: few items have both, many the judge's score alone.

    The labelled items are a random part of all. A judge that says nothing about people's labels changes nothing.
    Where all labels and scores are 0 or 1, it is `corrected_rate` with items labelled at random: the same
    number, and an interval that holds for rare labels too.

    Parameters
    ----------
    labels, judge_on_labelled : array_like, shape (n,)
        People's labels, or their mean for an item, and the judge's scores of the same items.
    judge_on_unlabelled : array_like, shape (N,)
        Its scores of the others.
    confidence : float

    Raises
    ------
    NotEstimable
        With fewer than three labelled items.
    BadOption
        If lengths differ or a value is not finite.

    References
    ----------
    Angelopoulos, Duchi and Zrnic (2023), PPI++: efficient prediction-powered inference, arXiv 2311.01453.

    Examples
    --------
    >>> labels, judge = [4, 2, 5, 3, 4, 1] * 5, [4, 2, 4, 3, 5, 1] * 5
    >>> print(prediction_powered_mean(labels, judge, [3, 4, 4, 2, 5, 3] * 50).found)
    3.68 (95% interval 3.25 to 4.1 over items)
    """
    y, g, rest = (np.asarray(x, float).ravel() for x in (labels, judge_on_labelled, judge_on_unlabelled))
    if y.size != g.size:
        raise BadOption(f"labels has {y.size} values and judge_on_labelled {g.size}; allowed: one each per item")
    if not all(np.isfinite(x).all() for x in (y, g, rest)):
        raise BadOption("a label or score is not finite; allowed: numbers, without gaps")
    if y.size < 3:
        raise NotEstimable(f"{counted(y.size, 'labelled item')}; the mean and its interval take three")
    if np.isin(np.r_[y, g, rest], (0, 1)).all():
        first = np.r_[g, rest].astype(int)
        return two_phase_rate(first, np.arange(y.size), y, confidence=confidence, quantity="prediction-powered mean")
    value, low, high = assisted_mean(y, g, rest, confidence=confidence)
    place = {**around(value, low, high), "confidence": confidence, "over": "items"}
    return Estimate(**place, **resting(y.size + rest.size, 0, y.size), method="prediction-powered mean; PPI++, t")


@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedRate:
    """The rate of one label three ways, and how well the judge finds that label.

    Attributes
    ----------
    estimates : dict of str to Estimate
        ``people only``, ``judge alone`` and ``corrected``.
    sensitivity, specificity : Estimate or NotEstimable
        Against the majority of people on an item, ties left out. Refused below so many labelled items of the rarer
        kind.
    positive : str
        The label whose rate it is.
    sizes, labelled, shares : ndarray, shape (2,)
        What the judge passes and flags: items, labelled items, and the share positive among these.
    """

    estimates: dict[str, Estimate]
    sensitivity: Estimate | NotEstimable
    specificity: Estimate | NotEstimable
    positive: str
    sizes: NDArray[np.float64]
    labelled: NDArray[np.float64]
    shares: NDArray[np.float64]

    @property
    def rate(self) -> Estimate:
        """The corrected rate."""
        return self.estimates[CORRECTED]

    @property
    def found(self) -> dict[str, Estimate]:
        """Sensitivity and specificity by name.

        Raises
        ------
        NotEstimable
            If there are too few labelled items of the rarer kind.
        """
        both = {"sensitivity": self.sensitivity, "specificity": self.specificity}
        for reason in both.values():
            if isinstance(reason, NotEstimable):
                raise reason
        return {name: estimate for name, estimate in both.items() if isinstance(estimate, Estimate)}

    @property
    def half_width(self) -> Estimate:
        """Half the width of the corrected rate's interval, which has none of its own."""
        half = (self.rate.high - self.rate.low) / 2
        rests = resting(self.rate.n_items, self.rate.n_raters, self.rate.n_judgments, self.rate.basis)
        return Estimate.count(half, method="half the width of the corrected rate's interval", **rests)

    @property
    def recommended(self) -> str:
        """The narrower of ``people only`` and ``corrected``; the judge alone counts its own errors as right."""
        return min((PEOPLE, CORRECTED), key=lambda name: self.estimates[name].high - self.estimates[name].low)

    @property
    def saving(self) -> float:
        """How many times the labels people alone would need for an interval as narrow as the corrected one."""
        alone, both = (self.estimates[name].high - self.estimates[name].low for name in (PEOPLE, CORRECTED))
        return float((alone / both) ** 2)

    @property
    def table(self) -> pd.DataFrame:
        """``estimator``, ``rate``, ``low``, ``high``, ``half_width``, ``use``."""
        rows = [
            (name, e.value, e.low, e.high, (e.high - e.low) / 2, "yes" if name == self.recommended else "")
            for name, e in self.estimates.items()
        ]
        return pd.DataFrame(rows, columns=["estimator", "rate", "low", "high", "half_width", "use"])

    def next_labels(self, n: int) -> pd.DataFrame:
        """Say which items people label next: n more, by what the judge said of them, and what it would buy.

        Neyman's rule on smoothed shares: most where many items are and their truth is least sure. Draw again after
        each batch, with the shares as they then are.

        Returns
        -------
        pandas.DataFrame
            ``judge_says``, ``items``, ``labelled``, ``share_positive``, ``next``, ``half_width`` (predicted, of the
            whole).
        """
        n = check_count(n, option="n", least=1)
        smooth = (self.shares * self.labelled + 0.5) / (self.labelled + 1)
        spread = self.sizes * np.sqrt(smooth * (1 - smooth))
        total = self.labelled.sum() + n
        more = np.clip(total * spread / spread.sum() - self.labelled, 0, self.sizes - self.labelled)
        more = np.round(more * min(n / max(more.sum(), 1e-9), 1))
        m = self.labelled + more
        low, high = two_phase_interval(self.sizes, m, m * self.shares, confidence=self.rate.confidence)
        columns = {"judge_says": [f"not {self.positive}", self.positive], "items": self.sizes.astype(int)}
        columns |= {"labelled": self.labelled.astype(int), "share_positive": self.shares, "next": more.astype(int)}
        return pd.DataFrame({**columns, "half_width": (high - low) / 2})

    def minus(self, other: "JudgedRate") -> Estimate:
        """This corrected rate minus another's, each with labelled items of its own."""
        return difference(self.rate, other.rate, quantity="difference of corrected rates")

    def plot(self) -> Figure:
        """The three rates with their intervals."""
        from .. import plots

        table, title = self.table, f"Share {self.positive}, three ways"
        return plots.intervals(table, "estimator", "rate", unit="share of items", title=title)

    def __str__(self) -> str:
        return f"{self.recommended}: {self.estimates[self.recommended]}; saves {readable(self.saving)} times the labels"


def judged_rate(
    j: Judgments,
    *,
    positive: str | None = None,
    judge: str | None = None,
    fewest: int = RARER,
    confidence: float = 0.95,
) -> JudgedRate:
    """Estimate the rate of a label by people only, by the judge alone, and by the judge corrected by people.

    People label a part of the judge's items, drawn at random from what the judge flags and from what it passes. The
    rate is what such people would say on average. Several labels of an item count with their mean, and the interval
    covers items and people: who happened to judge is part of the error. That needs three people; with fewer, a caution
    says that the interval takes their labels as the truth. A judge that is worse for one system than for another
    corrects wrongly if both are corrected together: use one call for each system, and ``JudgedRate.minus``.

    Parameters
    ----------
    j : Judgments or frame
    positive : str, optional
        The label whose rate is wanted; by default the last of two.
    judge : str, optional
        The model's ``rater_id``, where there are several.
    fewest : int
        Labelled items of the rarer kind below which sensitivity and specificity are refused.
    confidence : float

    Raises
    ------
    NotEstimable
        If no item has both, there are more than two labels and none is named, or labels are numbers.

    References
    ----------
    See ``halo_methods.stats.two_phase``.

    Examples
    --------
    >>> rows = [(i, "m", "bad" if i % 5 == 0 else "good", "model") for i in range(200)]
    >>> rows += [(i, f"r{i % 4}", "bad" if i % 10 == 0 else "good", "human") for i in range(100)]
    >>> made = judged_rate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"]), positive="bad")
    >>> round(made.rate.value, 3), made.recommended
    (0.1, 'corrected')
    """
    check_confidence(confidence)
    people, model = beside(j, judge)
    positive = counted_label(as_judgments(j), positive, "a rate is that of")
    first = model.frame.select("item_id", flagged=(pl.col("label").cast(pl.String) == positive).cast(pl.Int64))
    first = first.unique("item_id", keep="last", maintain_order=True).with_row_index("at")
    rows = people.frame.join(first, on="item_id", maintain_order="left")
    if rows.is_empty():
        raise NotEstimable("no item has a label of a person and of the judge", public=True)
    x, y = first["flagged"].to_numpy(), (rows["label"].cast(pl.String) == positive).to_numpy().astype(float)
    at, basis = rows["at"].to_numpy().astype(np.int64), basis_of(rows, "labels beside the judge")
    if not (x.any() or y.any()):
        raise NotEstimable("neither people nor the judge give the label that is counted")
    rate = two_phase_rate(x, at, y, rows["rater_id"], confidence=confidence, quantity="corrected rate")
    if FEWEST_PEOPLE <= rate.n_raters < FEW_PEOPLE:
        text = f"{rate.n_raters} raters say little about raters in general; the interval is somewhat too short."
        rate = rate.with_cautions(Caution("few_raters", text))
    weights = (np.bincount(x, minlength=2) / np.maximum(np.bincount(x[np.unique(at)], minlength=2), 1))[x[at]]
    times = np.bincount(at, minlength=x.size)
    called: dict[str, Any] = {"confidence": confidence, "measure": "labels beside the judge"}
    alone = two_way_share(y, rows["rater_id"], rows["item_id"], weights=weights / times[at], quantity=PEOPLE, **called)
    by_judge = two_way_share(x, np.zeros(x.size), first["item_id"], over="items", quantity=JUDGE, **called)
    text = "The judge's errors are in this value and not in its interval."
    by_judge = by_judge.with_cautions(Caution("uncorrected", text))
    mean = np.bincount(at, y, minlength=x.size) / np.maximum(times, 1)
    truth = np.where((times == 0) | (mean == 0.5), np.nan, (mean > 0.5).astype(float))
    again, sizes = times > 0, np.bincount(x, minlength=2).astype(float)
    labelled = np.bincount(x[again], minlength=2).astype(float)
    shares = np.bincount(x[again], mean[again], minlength=2) / np.maximum(labelled, 1)
    few = int(min((truth == 1).sum(), (truth == 0).sum()))

    def held(kind: int, name: str) -> Estimate | NotEstimable:
        found = conditional_share(x, truth, kind, f"{name} of the judge", confidence) if few >= fewest else None
        if found is None:
            return NotEstimable(f"{name}: {counted(few, 'labelled item')} of the rarer kind, {fewest} are needed")
        return replace(found, basis=basis, n_raters=rate.n_raters)

    return JudgedRate(
        estimates={PEOPLE: alone, JUDGE: by_judge.resting_on(basis), CORRECTED: rate.resting_on(basis)},
        sensitivity=held(1, "sensitivity"),
        specificity=held(0, "specificity"),
        positive=positive,
        sizes=sizes,
        labelled=labelled,
        shares=shares,
    )
