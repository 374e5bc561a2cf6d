"""Rates of a set of which a part is looked at twice: a fallible look at all of it, the true label of some of it."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import NotEstimable
from ..results import Basis, Estimate, Over, around, counted, for_the_items_only, resting
from .checks import check_confidence
from .proportions import two_way_share
from .variance import basis_of_arrays, cells, cluster_codes, cluster_variance, satterthwaite

FEW_RATERS = 3
DRAWS = 10_000


def two_phase_interval(
    sizes: ArrayLike, labelled: ArrayLike, positive: ArrayLike, *, confidence: float = 0.95
) -> tuple[float, float]:
    r"""Compute the interval of a rate from parts of known size, in each of which some items were labelled at random.

    The rate is :math:`\sum_k w_k q_k`, with w the parts' shares of all and q the shares positive within them.
    Their posteriors under Jeffreys' priors are independent: a Dirichlet for w, a Beta for each q.
    The ends are quantiles of 10,000 draws with a fixed seed, so that the same counts give the same interval.
    A part without any label leaves its q anywhere.

    Parameters
    ----------
    sizes : array_like, shape (k,)
        Items in each part, labelled or not. Fractions are allowed, for an effective size.
    labelled, positive : array_like, shape (k,)
        Of these the labelled ones, and the positive ones among them.
    confidence : float

    References
    ----------
    Tenenbein (1970), Journal of the American Statistical Association 65, 1350-1361, for the rate; Brown, Cai and
    DasGupta (2001), Statistical Science 16, 101-133, for the priors. Coverage:
    ``benchmarks/results/study_llm_judge.csv``.

    Examples
    --------
    >>> [round(end, 2) for end in two_phase_interval([180, 820], [9, 41], [1, 40])]
    [0.75, 0.88]
    """
    tail = (1 - check_confidence(confidence)) / 2
    n, m, k = (np.asarray(x, float) for x in (sizes, labelled, positive))
    rng = np.random.default_rng(0)
    q = rng.beta(k + 0.5, m - k + 0.5, (DRAWS, len(n)))
    w = rng.standard_gamma(n + 0.5, (DRAWS, len(n)))
    low, high = np.quantile((w * q).sum(axis=1) / w.sum(axis=1), [tail, 1 - tail])
    return float(low), float(high)


def two_phase_rate(
    first: ArrayLike,
    item: ArrayLike,
    label: ArrayLike,
    raters: ArrayLike | None = None,
    *,
    owners: ArrayLike | None = None,
    confidence: float = 0.95,
    quantity: str = "rate",
) -> Estimate:
    r"""Estimate a rate from a cheap look at all items and labels of a random part of them.

    Within each value of the first look the labelled items must be drawn at random; how many of each may differ. An
    item with several labels counts with their mean. The interval is `two_phase_interval` at effective sizes: several
    labels of an item are worth between one and all of them, and clustering by rater makes all counts smaller.
    So it speaks of such raters in general, and not of these alone. By rater the influences

    .. math:: \phi_{ir} = \frac{1}{n}\left(q_i - p + \frac{n_i}{m_i} (y_{ir} - q_i)\right)

    are summed, less those of single labels; a t quantile has Satterthwaite's degrees of freedom.

    Parameters
    ----------
    first : array_like of int, shape (n,)
        What the first look said of each item, coded from 0.
    item, label : array_like, shape (m,)
        The labels of the second look: the item's position in ``first``, and 0 or 1.
    raters : array_like, shape (m,), optional
        Who gave each label.
    owners : array_like, shape (n,), optional
        In place of ``raters``, who made each item: where labels are looked at twice.
    confidence : float
    quantity : str
        Its name, for the result.

    Raises
    ------
    NotEstimable
        If nothing was labelled.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> first = np.array([1] * 820 + [0] * 180)
    >>> item, labels = np.r_[:41, 820:829], np.r_[np.ones(40), 0, 1, np.zeros(8)]
    >>> print(two_phase_rate(first, item, labels))
    0.82 (95% interval 0.75 to 0.878 over items; 1,000 items, 1 rater, 50 judgments)
    """
    x, i, y = np.asarray(first, int), np.asarray(item, int), np.asarray(label, float)
    if not y.size:
        raise NotEstimable("no item was labelled")
    times = np.bincount(i, minlength=x.size)
    again, n = times > 0, np.bincount(x).astype(float)
    mean = np.bincount(i, y, minlength=x.size) / np.maximum(times, 1)
    m, k = (np.bincount(x[again], of, minlength=len(n)) for of in (np.ones(int(again.sum())), mean[again]))
    q, smooth = np.where(m > 0, k / np.maximum(m, 1), 0.5), (k + 0.5) / (m + 1)
    p = float(n @ q / x.size)
    least, spread = float((1 / times[again]).mean()), float((m * q * (1 - q)).sum())
    worth = float(np.clip(((mean - q[x])[again] ** 2).sum() / spread, least, 1)) if spread and least < 1 else 1.0
    of_labels = (
        n**2 * np.maximum(1 - m / np.maximum(n, 1), 0) * smooth * (1 - smooth) * worth / np.maximum(m, 1)
    ).sum()
    variance = float(of_labels / x.size**2 + p * (1 - p) / x.size)
    who, cautions, widen, over = np.zeros(1, int), [], 1.0, "items"
    given = raters if owners is None else owners
    if given is not None:
        who = cluster_codes(given)
        if (n_raters := int(who.max()) + 1) < FEW_RATERS:
            cautions.append(for_the_items_only(n_raters))
        else:
            rater = np.r_[n_raters + np.arange(x.size), who] if owners is None else np.r_[who, who[i]]
            part = (n / np.maximum(m, 1))[x[i]] / times[i]
            influence = np.r_[q[x] - p, part * (y - q[x[i]])] / x.size
            single = cluster_variance(influence, cells(np.r_[np.arange(x.size), i], rater)[1])
            more = max(cluster_variance(influence, rater) - single, 0.0)
            if variance > 0:
                df = satterthwaite(variance, max(int(again.sum()) - 1, 1), more, n_raters - 1)
                reach = stats.t.ppf((1 + check_confidence(confidence)) / 2, df) / stats.norm.ppf((1 + confidence) / 2)
                widen = (variance + more) / variance * float(reach) ** 2
            over = "items and raters"
    low, high = two_phase_interval(n / widen, m / widen / worth, k / widen / worth, confidence=confidence)
    method = f"{quantity}; two-phase posterior, {counted(int(again.sum()), 'item')} of {x.size:,} labelled"
    rests = resting(x.size, int(who.max()) + 1, x.size if owners is not None else y.size)
    place = {**around(p, low, high), "confidence": confidence, "over": over}
    return Estimate(**place, **rests, method=method, cautions=tuple(cautions))


def rogan_gladen(
    positive: float, n: int, sensitivity: tuple[int, int], specificity: tuple[int, int], *, confidence: float = 0.95
) -> tuple[float, float, float]:
    r"""Correct a share found for errors measured on other items; with the interval of Lee and others.

    .. math:: \hat\theta = \frac{\hat p + \hat q_0 - 1}{\hat q_0 + \hat q_1 - 1}

    The interval adds successes and failures to each count, as Agresti and Coull do, and moves its middle by the
    first-order bias. Value and ends are cut at 0 and 1.

    Parameters
    ----------
    positive, n : int
        Found, of how many.
    sensitivity, specificity : tuple of int
        Found right, of how many truly positive, and truly negative.
    confidence : float

    Raises
    ------
    NotEstimable
        If the check finds no more among the truly positive than among the others.

    References
    ----------
    Rogan and Gladen (1978), American Journal of Epidemiology 107, 71-76; Lee, Zeng, Jeong, Sohn and Lee (2025),
    arXiv 2511.21140.

    Examples
    --------
    >>> [round(x, 3) for x in rogan_gladen(135, 200, (90, 100), (85, 100))]
    [0.7, 0.594, 0.811]
    """
    z = float(stats.norm.ppf((1 + check_confidence(confidence)) / 2))
    (k1, n1), (k0, n0) = sensitivity, specificity
    better = k1 / n1 + k0 / n0 - 1
    if better <= 0:
        raise NotEstimable("the judge says yes as often to the truly negative as to the truly positive")
    value = min(max((positive / n + k0 / n0 - 1) / better, 0.0), 1.0)
    p, q1, q0 = (positive + z**2 / 2) / (n + z**2), (k1 + 1) / (n1 + 2), (k0 + 1) / (n0 + 2)
    slope = q0 + q1 - 1
    if slope <= 0:
        return value, 0.0, 1.0
    middle = min(max((p + q0 - 1) / slope, 0.0), 1.0)
    of_p, v1, v0 = p * (1 - p) / (n + z**2), q1 * (1 - q1) / (n1 + 2), q0 * (1 - q0) / (n0 + 2)
    half = z * (of_p + (1 - middle) ** 2 * v0 + middle**2 * v1) ** 0.5 / slope
    middle += 2 * z**2 * (middle * v1 - (1 - middle) * v0)
    return value, min(max(middle - half, 0.0), value), max(min(middle + half, 1.0), value)


def assisted_mean(
    labels: ArrayLike, guess: ArrayLike, rest: ArrayLike, *, confidence: float = 0.95
) -> tuple[float, float, float]:
    r"""Compute a mean of labels with the help of guesses, which more items have than labels.

    .. math:: \bar y + \lambda (\bar g_{rest} - \bar g_{labelled}),
       \qquad \lambda = \frac{\mathrm{cov}(y, g)}{(1 + n/N)\,\mathrm{var}(g)}

    With that weight the variance is smallest, so useless guesses get none. The t quantile has n - 2 degrees of
    freedom, since the weight is estimated.

    Parameters
    ----------
    labels, guess : array_like, shape (n,)
        Of the labelled items.
    rest : array_like, shape (N,)
        The guesses of the others, from the same population.
    confidence : float

    References
    ----------
    Angelopoulos, Duchi and Zrnic (2023), PPI++: efficient prediction-powered inference, arXiv 2311.01453.

    Examples
    --------
    >>> y = np.arange(20.0)
    >>> [round(x, 2) for x in assisted_mean(y, y, np.arange(20.0).repeat(9))]
    [9.5, 8.63, 10.37]
    """
    y, g, other = (np.asarray(x, float) for x in (labels, guess, rest))
    n, more = y.size, other.size
    spread = float(np.r_[g, other].var(ddof=1))
    weight = float(np.cov(y, g)[0, 1] / spread / (1 + n / more)) if spread > 0 and more else 0.0
    value = float(y.mean() + (weight * (other.mean() - g.mean()) if more else 0.0))
    left = (y - weight * g).var(ddof=1) * (n - 1) / (n - 2) / n
    variance = left + (weight**2 * spread / more if more else 0.0)
    half = float(stats.t.ppf((1 + check_confidence(confidence)) / 2, n - 2) * variance**0.5)
    return value, value - half, value + half


@dataclass(frozen=True, kw_only=True)
class DoubleSampling:
    """What double sampling says about a set of labels and about who checked them.

    Attributes
    ----------
    rate : Estimate
        The rate, corrected for the errors of the check.
    found : Estimate
        The share the check found, uncorrected.
    sensitivity, specificity : Estimate or None
        Chance that the check finds an error, and passes what is right, over labels, those not audited again included.
        None where the labels checked again hold no error, or nothing right.
    """

    rate: Estimate
    found: Estimate
    sensitivity: Estimate | None
    specificity: Estimate | None

    @property
    def estimates(self) -> dict[str, Estimate]:
        """All of them by name, without those that could not be estimated."""
        names = ("found by the auditor", "corrected", "sensitivity of the auditor", "specificity of the auditor")
        all_ = zip(names, (self.found, self.rate, self.sensitivity, self.specificity), strict=True)
        return {name: estimate for name, estimate in all_ if estimate is not None}


def double_sampling(
    found: ArrayLike,
    truth: ArrayLike,
    raters: ArrayLike | None = None,
    items: ArrayLike | None = None,
    *,
    confidence: float = 0.95,
) -> DoubleSampling:
    r"""Correct an error rate from a fallible auditor by an expert's look at a random part of the same labels.

    With W the share of labels the auditor found wrong and :math:`q_1, q_0` the
    share truly wrong among re-audited labels found wrong and found right, the
    rate is :math:`W q_1 + (1 - W) q_0`. The part re-audited may differ between
    found and not found, but within each it must be drawn at random. Because
    sensitivity and specificity come from the very labels they correct, nothing
    is carried over from another population, which is where the correction of
    Rogan and Gladen goes wrong.

    The interval is that of `two_phase_rate`. The expert is taken as right.

    Parameters
    ----------
    found : array_like of 0 and 1, shape (n,)
        What the auditor says: 1 is an error.
    truth : array_like of 0, 1 and nan, shape (n,)
        What the expert says; nan where it was not audited again.
    raters, items : array_like, shape (n,), optional
        Who made the label, and of what.
    confidence : float
        Of the intervals.

    Raises
    ------
    NotEstimable
        If fewer than two labels found wrong, or found right, were audited again
        (unless all of them were).

    References
    ----------
    Tenenbein (1970), Journal of the American Statistical Association 65, 1350-1361.

    Examples
    --------
    >>> found = np.array([1] * 40 + [0] * 360)
    >>> truth = np.full(400, np.nan)
    >>> truth[:20], truth[40:100], truth[40] = [1] * 15 + [0] * 5, 0, 1
    >>> print(double_sampling(found, truth).rate)
    0.09 (95% interval 0.0595 to 0.149 over items; 400 items, 1 rater, 400 judgments)
    """
    check_confidence(confidence)
    y, x = np.asarray(found, int), np.asarray(truth, float)
    n, again = y.size, ~np.isnan(x)
    if n == 0:
        raise NotEstimable("no label was audited")
    for side in (0, 1):
        here = y == side
        if here.any() and (here & again).sum() < min(2, here.sum()):
            kind = "found wrong" if side else "found right"
            raise NotEstimable(
                f"{counted(int((here & again).sum()), 'label')} of {int(here.sum())} {kind} was audited again; it "
                "takes two of each kind, drawn at random, to correct for the auditor's errors"
            )
    quantity = "error rate corrected for the auditor's errors"
    twice = np.flatnonzero(again)
    rate = two_phase_rate(y, twice, x[twice], owners=raters, confidence=confidence, quantity=quantity)
    basis = Basis("right", {"": n}) if raters is None else basis_of_arrays(raters, items, "right")
    rate = replace(rate, n_judgments=n, basis=basis)
    spoken: Over = "items" if raters is None else "items and raters"
    called = {"quantity": "share found wrong", "measure": "right"}
    judge = np.zeros(n, int) if raters is None else raters
    uncorrected = two_way_share(y, judge, items, over=spoken, confidence=confidence, **called)
    return DoubleSampling(
        rate=rate,
        found=uncorrected,
        sensitivity=conditional_share(y, x, 1, "sensitivity of the auditor", confidence),
        specificity=conditional_share(y, x, 0, "specificity of the auditor", confidence),
    )


def conditional_share(y: NDArray, x: NDArray, kind: int, quantity: str, confidence: float) -> Estimate | None:
    r"""Estimate the share that a check found of what is truly of one kind; None where nothing is of that kind.

    Of a hits and b misses among the labels audited again, each stands for w labels of
    its part. Given a + b, b is binomial with odds :math:`w_a / w_b` times those of a miss.
    Its Jeffreys interval (Clopper and Pearson's end where a or b is 0; Brown, Cai and DasGupta 2001) is turned back. So
    many labels of which few were looked at
    leave room for many misses. What sampling cannot lose is taken off: with q the
    share of the kind in a part, its count is worth :math:`1 - q (1 - 1/w)` less spread.
    """
    counts, weight = np.zeros(2), np.ones(2)  # hits, misses
    for side, here in enumerate((y == kind, y != kind)):
        m, counts[side] = (here & ~np.isnan(x)).sum(), (here & (x == kind)).sum()
        if m:
            weight[side] = here.sum() / m
            less = 1 - counts[side] / m * (1 - 1 / weight[side])
            counts[side], weight[side] = counts[side] / less, weight[side] * less
    if not counts.any():
        return None
    (hits, misses), tail = counts, (1 - confidence) / 2
    low = stats.beta.ppf(tail, misses + 0.5, hits + 0.5) if hits else tail ** (1 / misses)
    high = stats.beta.ppf(1 - tail, misses + 0.5, hits + 0.5) if misses else 1 - tail ** (1 / hits)
    odds = np.array([high / (1 - high), misses / hits if hits else np.inf, low / (1 - low)]) * weight[1] / weight[0]
    lowest, p, highest = 1 / (1 + odds)
    ends = around(p, lowest if hits else 0.0, highest if misses else 1.0)
    n, method = int((x == kind).sum()), f"{quantity}; weighted by the part audited again"
    return Estimate(**ends, confidence=confidence, **resting(n, 1, n), method=method, over="items")
