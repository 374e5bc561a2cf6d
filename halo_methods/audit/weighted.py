"""A share from labels drawn with unequal chances and in clusters."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, HaloError, NotEstimable
from ..results import Estimate, Over, counted, readable
from .shares import clopper_pearson, score_interval

FEW_RATERS = 5


@dataclass(frozen=True)
class Clustering:
    """How much errors cluster in raters.

    Attributes
    ----------
    n, n_raters : int
    design_effect : float
        Variance of the error rate over that of as many independent labels.
    icc : float
        Share of the variance of errors that lies between raters; can be a
        little below 0 by chance.
    """

    n: int
    n_raters: int
    design_effect: float
    icc: float

    def __str__(self) -> str:
        return (
            f"design effect {readable(self.design_effect)}, intraclass correlation {readable(self.icc)} "
            f"({counted(self.n, 'label')} of {counted(self.n_raters, 'rater')})"
        )


def codes(values: ArrayLike) -> NDArray:
    """Clusters numbered from 0."""
    return np.unique(np.asarray(values).astype(str), return_inverse=True)[1]


def cluster_variance(influence: NDArray, cluster: NDArray) -> float:
    """Variance of a sum of influences whose clusters are drawn anew: G/(G-1) · Σ (cluster sum)²."""
    sums = np.bincount(cluster, weights=influence)
    return float(len(sums) / (len(sums) - 1) * (sums**2).sum()) if len(sums) > 1 else 0.0


def two_way_variance(influence: NDArray, items: NDArray, raters: NDArray | None) -> float:
    """Variance over items and raters: by item, plus by rater, less by both, and never below either."""
    by_item = cluster_variance(influence, items)
    if raters is None:
        return by_item
    by_rater = cluster_variance(influence, raters)
    both = cluster_variance(influence, items * (int(raters.max()) + 1) + raters)
    return max(by_item + by_rater - both, by_item, by_rater)


def interval(p: float, variance: float, n: float, df: int | None, confidence: float) -> tuple[float, float]:
    """Ends of a share's interval at its effective size; exact where nothing varies."""
    if variance <= 0 or p <= 0 or p >= 1:
        low, high = clopper_pearson(p * n, n, confidence=confidence)
    else:
        size = p * (1 - p) / variance
        z = stats.norm.ppf((1 + confidence) / 2) if df is None else stats.t.ppf((1 + confidence) / 2, df)
        low, high = score_interval(np.asarray(p * size), np.asarray(size), float(z))
    return float(low), float(high)


def clustered_share(
    wrong: ArrayLike,
    raters: ArrayLike,
    items: ArrayLike | None = None,
    *,
    probability: ArrayLike | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
    quantity: str = "error rate",
) -> Estimate:
    r"""A share of labels whose errors cluster in raters (and items), with its interval.

    With weights w = 1 / probability it is Hájek's :math:`\sum w e / \sum w`.
    Its variance sums the influences :math:`w(e - p) / \sum w` by cluster: by
    item, plus by rater, less by both. The interval is a score interval at the
    effective size, with a t quantile on raters - 1 degrees of freedom.

    With fewer than about ten raters, or a few raters who make most labels, the
    interval is somewhat too short. With no error found the clustering cannot
    be seen and the interval is that of independent labels; a caution says so.

    Parameters
    ----------
    wrong : array_like of bool or 0 and 1
        One value a label.
    raters, items : array_like
        Who made the label, of which item; without items each label is its own.
    probability : array_like, optional
        Chance with which the label was drawn; equal for all by default.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for.
    confidence : float
        Of the interval.
    quantity : str
        Its name, for the result.

    Raises
    ------
    NotEstimable
        If there is no label.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Robust inference with multiway
    clustering, Journal of Business & Economic Statistics 29, 238-249;
    Korn and Graubard (1998).

    Examples
    --------
    >>> wrong = [1, 1, 0, 0] * 5 + [0] * 40
    >>> print(clustered_share(wrong, [f"r{i // 10}" for i in range(60)]))
    0.167 (95% interval 0.0329 to 0.54 over items and raters; 60 items, 6 raters, 60 judgments)
    """
    if over not in ("items", "raters", "items and raters"):
        raise BadOption.of("over", over, ("items", "raters", "items and raters"))
    e, who = np.asarray(wrong, float), codes(raters)
    if e.size == 0:
        raise NotEstimable("no label was audited")
    what = np.arange(e.size) if items is None else codes(items)
    w = weights(probability, e.size)
    p, n_raters, n_items = float((w * e).sum() / w.sum()), int(who.max()) + 1, int(what.max()) + 1
    influence, cautions = w * (e - p) / w.sum(), []
    items_only = interval(p, cluster_variance(influence, what), n_items, None, confidence)
    if over != "items" and n_raters < 3:
        over = "items"
        cautions.append(f"With {counted(n_raters, 'rater')} the interval speaks for the items only.")
    if over == "items":
        low, high = items_only
    else:
        variance = cluster_variance(influence, who) if over == "raters" else two_way_variance(influence, what, who)
        # Clusters that happen to differ less than chance would are no proof of more information.
        variance = max(variance, cluster_variance(influence, what)) if over != "raters" else variance
        low, high = interval(p, variance, n_items, n_raters - 1, confidence)
    if p in (0.0, 1.0):
        cautions.append(
            "All labels are alike, so how errors cluster cannot be seen; the interval takes them as independent."
        )
    few = over != "items" and n_raters < FEW_RATERS
    if few:
        cautions.append(f"{n_raters} raters say little about raters in general; the items-only interval is beside it.")
    how = "cluster-robust score interval" + ("" if probability is None else ", weighted by 1 / inclusion probability")
    return Estimate(
        value=p,
        low=min(low, p),
        high=max(high, p),
        confidence=confidence,
        items_only=items_only if few else None,
        n_items=n_items,
        n_raters=n_raters,
        n_judgments=e.size,
        method=f"{quantity}; {how}",
        over=over,
        cautions=tuple(cautions),
    )


def weights(probability: ArrayLike | None, n: int) -> NDArray:
    """1 / probability, checked."""
    if probability is None:
        return np.ones(n)
    chances = np.asarray(probability, float)
    if chances.size != n or not ((chances > 0) & (chances <= 1)).all():
        raise HaloError("an inclusion probability is above 0 and at most 1, one for each label")
    return 1 / chances


def clustering(wrong: ArrayLike, raters: ArrayLike) -> Clustering:
    """Design effect and intraclass correlation of errors within raters (one-way analysis of variance).

    Raises
    ------
    NotEstimable
        If there are fewer than two raters, no rater has two labels, or no label differs.

    Examples
    --------
    >>> wrong = [1, 1, 0, 0] * 5 + [0] * 40
    >>> print(clustering(wrong, [f"r{i // 10}" for i in range(60)]))
    design effect 5.09, intraclass correlation 0.41 (60 labels of 6 raters)
    """
    e, who = np.asarray(wrong, float), codes(raters)
    if e.size == 0 or who.max() == 0:
        raise NotEstimable("to see whether errors cluster in raters it takes labels of two raters or more")
    m = np.bincount(who)
    groups, n, p = len(m), e.size, e.mean()
    if n == groups or p in (0, 1):
        raise NotEstimable(
            "errors of at least one rater must repeat, and some labels be right, to see how they cluster"
        )
    means = np.bincount(who, weights=e) / m
    between = (m * (means - p) ** 2).sum() / (groups - 1)
    within = ((e - means[who]) ** 2).sum() / (n - groups)
    typical = (n - (m**2).sum() / n) / (groups - 1)
    icc = (between - within) / (between + (typical - 1) * within)
    effect = cluster_variance((e - p) / n, who) / (p * (1 - p) / n)
    return Clustering(n, groups, float(effect), float(icc))


def weighted_rate(
    wrong: ArrayLike,
    probability: ArrayLike,
    *,
    total: int | None = None,
    estimator: Literal["hajek", "horvitz-thompson"] = "hajek",
    confidence: float = 0.95,
) -> Estimate:
    r"""An error rate from a sample drawn with known, unequal chances, for instance by risk.

    Hájek: :math:`\sum e/\pi \,/ \sum 1/\pi`. Horvitz-Thompson:
    :math:`\sum e/\pi \,/ N`, which needs the number of labels N and is
    unbiased, but varies more where chances differ a lot. The variance is the
    one of draws with replacement, a little too large where a good part of the
    frame is drawn. Never pool a risk-based sample without its weights: it
    looks for trouble, and finds more than there is.

    Parameters
    ----------
    wrong : array_like of 0 and 1
    probability : array_like
        Inclusion probability of each label drawn.
    total : int, optional
        Labels in the frame; needed for Horvitz-Thompson.
    estimator : {"hajek", "horvitz-thompson"}
    confidence : float

    References
    ----------
    Horvitz and Thompson (1952), Journal of the American Statistical Association 47, 663-685.

    Examples
    --------
    >>> print(weighted_rate([1, 1, 0, 0, 0, 0], [0.5, 0.5, 0.5, 0.1, 0.1, 0.1]))
    0.111 (95% interval 0.0223 to 0.407 over items; 6 items, 1 rater, 6 judgments)
    """
    if estimator not in ("hajek", "horvitz-thompson"):
        raise BadOption.of("estimator", estimator, ("hajek", "horvitz-thompson"))
    e = np.asarray(wrong, float)
    if e.size < 2:
        raise NotEstimable("an error rate by weights needs at least two labels")
    w = weights(probability, e.size)
    if estimator == "hajek":
        p = float((w * e).sum() / w.sum())
        influence = w * (e - p) / w.sum()
    else:
        if total is None or total < e.size:
            raise NotEstimable("Horvitz and Thompson's estimate needs the number of labels in the frame (total=)")
        p = min(float((w * e).sum() / total), 1.0)
        influence = (w * e - (w * e).mean()) / total
    low, high = interval(p, cluster_variance(influence, np.arange(e.size)), e.size, None, confidence)
    name = {"hajek": "Hájek", "horvitz-thompson": "Horvitz and Thompson"}[estimator]
    return Estimate(
        value=p,
        low=min(low, p),
        high=max(high, p),
        confidence=confidence,
        n_items=e.size,
        n_raters=1,
        n_judgments=e.size,
        method=f"error rate of the frame; {name}, score interval at the effective size",
        over="items",
    )
