"""Shares of things found right or wrong, with intervals that hold for small samples; shares corrected by a check."""

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..results import Caution, Estimate, Over, around, for_the_items_only, resting
from .checks import check_confidence, check_count, check_probability
from .variance import basis_of_arrays, cluster_codes, cluster_variance, two_way_variance

Method = Literal["wilson", "exact"]


FEW_RATERS = 5


def score_interval(k: ArrayLike, n: ArrayLike, quantile: float) -> tuple[NDArray, NDArray]:
    r"""Compute Wilson's score interval with a quantile of the caller's choice, for instance of a t distribution.

    .. math:: \frac{k + z^2/2 \pm z\sqrt{k(n-k)/n + z^2/4}}{n + z^2}

    Parameters
    ----------
    k, n : array_like
        Successes and trials, of one shape; fractions are allowed, for an effective size.
    quantile : float
        z above.

    Returns
    -------
    low, high : ndarray
        Shares from 0 to 1.

    Examples
    --------
    >>> [round(float(end), 4) for end in score_interval(81, 263, 1.959964)]
    [0.2553, 0.3662]
    """
    k, n, z = np.asarray(k, float), np.asarray(n, float), float(quantile)
    middle = (k + z**2 / 2) / (n + z**2)
    half = z * np.sqrt(k * (n - k) / n + z**2 / 4) / (n + z**2)
    return np.where(k == 0, 0.0, middle - half), np.where(k == n, 1.0, middle + half)


def wilson(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[NDArray, NDArray]:
    """Compute Wilson's score interval for k successes in n independent trials.

    Do not trust it where the trials come in clusters (many judgments by one
    rater, many by one prompt): it is then too narrow.

    Parameters
    ----------
    k, n : array_like
        Successes and trials, of one shape; fractions are allowed, for an effective size.
    confidence : float
        Long-run share of such intervals that hold the true share.

    Returns
    -------
    low, high : ndarray
        Shares from 0 to 1.

    Raises
    ------
    BadOption
        If the confidence is no number above 0 and below 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872.

    Examples
    --------
    >>> [round(float(end), 4) for end in wilson(81, 263)]
    [0.2553, 0.3662]
    """
    return score_interval(k, n, stats.norm.ppf((1 + check_confidence(confidence)) / 2))


def clopper_pearson(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> tuple[NDArray, NDArray]:
    """Compute Clopper and Pearson's exact interval: it never covers less than it says, often more.

    Parameters
    ----------
    k, n : array_like
        Successes and trials; fractions are allowed, for an effective size.
    confidence : float
        At least this share of such intervals holds the true share.

    Returns
    -------
    low, high : ndarray
        Shares from 0 to 1.

    Raises
    ------
    BadOption
        If the confidence is no number above 0 and below 1.

    References
    ----------
    Newcombe (1998), Statistics in Medicine 17, 857-872.

    Examples
    --------
    >>> [round(float(end), 4) for end in clopper_pearson(81, 263)]
    [0.2527, 0.3676]
    """
    from statsmodels.stats.proportion import proportion_confint

    alpha = 1 - check_confidence(confidence)
    k, n = np.broadcast_arrays(np.asarray(k, float), np.asarray(n, float))
    low, high = proportion_confint(k, n, alpha=alpha, method="beta")
    return np.where(k == 0, 0.0, low), np.where(k == n, 1.0, high)


def proportion(k: int, n: int, *, method: Method = "wilson", confidence: float = 0.95) -> Estimate:
    """Estimate a share k / n of independent trials, with its interval.

    Parameters
    ----------
    k, n : int
        Successes and trials, ``0 <= k <= n`` and ``n >= 1``.
    method : {"wilson", "exact"}
        Wilson's score interval, or Clopper and Pearson's.
    confidence : float
        Of the interval.

    Raises
    ------
    BadOption
        If the counts are not whole numbers with ``0 <= k <= n`` and ``n >= 1``, or the method is another.

    Examples
    --------
    >>> print(proportion(0, 20))
    0 (95% interval 0 to 0.161 over items; 20 items, 1 rater, 20 judgments)
    """
    BadOption.unless("method", method, get_args(Method))
    n = check_count(n, option="n", least=1)
    k = check_count(k, option="k", most=n)
    interval = wilson if method == "wilson" else clopper_pearson
    name = "Wilson's score interval" if method == "wilson" else "Clopper and Pearson's exact interval"
    low, high = interval(k, n, confidence=confidence)
    ends, rests = around(k / n, float(low), float(high)), resting(n, 1, n)
    return Estimate(**ends, confidence=confidence, **rests, method=f"share of {n} trials; {name}", over="items")


def share_interval(
    p: float,
    variance: float,
    n: float,
    *,
    most: float = np.inf,
    df: float | None = None,
    confidence: float = 0.95,
) -> tuple[float, float]:
    """Compute the interval of a share at its effective size p (1 - p) / variance, at most ``most``.

    A score interval with a t quantile where degrees of freedom are given. The
    exact interval without them, or, at ``n``, where nothing varies.
    A few clusters may vary less than independent judgments by luck, so ``most`` is the number of judgments.

    References
    ----------
    Korn and Graubard (1998), Survey Methodology 24, 193-201.

    Examples
    --------
    >>> [round(end, 3) for end in share_interval(0.0, 0.0, 1)]
    [0.0, 0.975]
    """
    check_confidence(confidence)
    if variance <= 1e-12 * p * (1 - p):
        low, high = clopper_pearson(p * n, n, confidence=confidence)
    else:
        size = min(p * (1 - p) / variance, most)
        if df is None:
            low, high = clopper_pearson(p * size, size, confidence=confidence)
        else:
            low, high = score_interval(p * size, size, stats.t.ppf((1 + confidence) / 2, df))
    return min(float(low), p), max(float(high), p)


def two_way_share(
    hits: ArrayLike,
    raters: ArrayLike,
    items: ArrayLike | None = None,
    *,
    weights: ArrayLike | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
    quantity: str = "share",
    measure: str = "",
) -> Estimate:
    r"""Estimate a share of judgments that cluster in raters and in items, with its interval.

    With weights w it is Hájek's :math:`p = \sum w y / \sum w`. Its variance sums
    the influences :math:`w(y - p) / \sum w` by cluster: by item, plus by rater,
    less by judgment. The interval is a score interval at the effective size, with a t quantile on raters - 1 degrees of
    freedom.
    Over items only it is the exact interval at the effective size.

    With fewer than about ten raters, or a few raters who make most judgments,
    the interval is somewhat too short. Where all judgments are alike the
    clustering cannot be seen, and a caution says so.

    Parameters
    ----------
    hits : array_like of bool or 0 and 1, shape (n,)
    raters, items : array_like, shape (n,)
        Who judged, which item; without items each judgment is its own.
    weights : array_like, shape (n,), optional
        For instance 1 / inclusion probability; equal by default.
    over : {"items", "raters", "items and raters"}
        What the interval covers.
    confidence : float
        Of the interval.
    quantity : str
        Its name, for the result.
    measure : str
        Of the result's `Basis`; without it the quantity.

    Raises
    ------
    NotEstimable
        If there is no judgment.
    BadOption
        For another ``over`` or an impossible confidence.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics
    29, 238-249; Korn and Graubard (1998), Survey Methodology 24, 193-201.
    Coverage: ``benchmarks/results/study_shares.csv``.

    Examples
    --------
    >>> wrong = [1, 1, 0, 0] * 5 + [0] * 40
    >>> print(two_way_share(wrong, [f"r{i // 10}" for i in range(60)]))
    0.167 (95% interval 0.033 to 0.54 over items and raters; 60 items, 6 raters, 60 judgments)
    """
    check_confidence(confidence)
    BadOption.unless("over", over, get_args(Over))
    y = np.asarray(hits, float)
    if y.size == 0:
        raise NotEstimable(f"there is no judgment to take a {quantity} of")
    rater = cluster_codes(raters)
    item = np.arange(y.size) if items is None else cluster_codes(items)
    w = np.ones(y.size) if weights is None else np.asarray(weights, float)
    p = float((w * y).sum() / w.sum())
    influence = w * (y - p) / w.sum()
    n_raters, n_items = int(rater.max()) + 1, int(item.max()) + 1
    items_only = share_interval(p, cluster_variance(influence, item), n_items, most=y.size, confidence=confidence)
    cautions = []
    if over != "items" and n_raters < 3:
        over = "items"
        cautions.append(for_the_items_only(n_raters))
    few = over != "items" and n_raters < FEW_RATERS
    if over == "items":
        low, high = items_only
    else:
        of_raters = cluster_variance(influence, rater)
        variance = of_raters if over == "raters" else two_way_variance(influence, item, rater)
        low, high = share_interval(p, variance, n_items, most=y.size, df=n_raters - 1, confidence=confidence)
    if p in (0.0, 1.0):
        text = "All judgments are alike, so how they cluster cannot be seen; the interval takes items as independent."
        cautions.append(Caution("no_spread", text))
    if few:
        text = f"{n_raters} raters say little about raters in general; the items-only interval is beside it."
        cautions.append(Caution("few_raters", text))
    how = "exact interval at the effective size" if over == "items" else "two-way cluster score interval"
    rests = resting(n_items, n_raters, y.size, basis_of_arrays(raters, items, measure or quantity))
    place = {**around(p, low, high), "confidence": confidence, "items_only": items_only if few else None, "over": over}
    method = f"{quantity}; {how}{'' if weights is None else ', weighted'}"
    return Estimate(**place, **rests, method=method, cautions=tuple(cautions))


def exact_limits(k: int, n: int, *, below: float, above: float) -> tuple[float, float]:
    r"""Compute a lower and an upper exact limit of a share, each with an error of its own.

    .. math:: P(X \ge k \mid p_{low}) = \text{below}, \qquad P(X \le k \mid p_{high}) = \text{above}

    Parameters
    ----------
    k, n : int
        Successes and trials.
    below, above : float
        Chance that the share lies below the lower limit, above the upper one.

    References
    ----------
    Clopper and Pearson (1934), Biometrika 26, 404-413.

    Examples
    --------
    >>> [round(end, 3) for end in exact_limits(70, 76, below=0.05, above=0.10)]
    [0.85, 0.958]
    """
    below = check_probability(below, option="below", open_ends=True)
    above = check_probability(above, option="above", open_ends=True)
    low = stats.beta.ppf(below, k, n - k + 1) if k else 0.0
    high = stats.beta.ppf(1 - above, k + 1, n - k) if k < n else 1.0
    return float(low), float(high)


Array = NDArray[np.float64]


def informed_size(trials: Array, hidden: Array, chance: Array) -> Array:
    r"""Compute the number of trials with known truth that would say as much.

    Louis' observed information is the complete one minus what the hidden truth takes away: for a chance :math:`\theta`
    and items with probability
    :math:`p_i` of counting,

    .. math:: n = \sum p_i - \sum p_i(1-p_i)(x_i-\theta)^2 / \theta(1-\theta)

    Parameters
    ----------
    trials, hidden, chance : ndarray of one shape
        :math:`\sum p_i`, :math:`\sum p_i(1-p_i)(x_i-\theta)^2` and :math:`\theta`.

    References
    ----------
    Louis (1982), Journal of the Royal Statistical Society B 44, 226-233.

    Examples
    --------
    >>> informed_size(np.array([10.0]), np.array([1.0]), np.array([0.5]))
    array([6.])
    """
    spread = chance * (1 - chance)
    lost = np.divide(hidden, spread, out=np.zeros_like(hidden), where=spread > 1e-9)
    return np.clip(trials - lost, 0.0, None)


def informed_interval(trials: Array, hidden: Array, chance: Array) -> tuple[Array, Array]:
    """Compute Wilson's 95% interval of a chance at its `informed_size`; from 0 to 1 where nothing is known.

    The other parameters of the model are taken as known.

    Examples
    --------
    >>> [round(float(end[0]), 3) for end in informed_interval(np.array([10.0]), np.array([1.0]), np.array([0.5]))]
    [0.188, 0.812]
    """
    size = informed_size(trials, hidden, chance)
    known = size > 1e-6
    n = np.where(known, size, 1.0)
    low, high = wilson(chance * n, n)
    return np.where(known, low, 0.0), np.where(known, high, 1.0)
