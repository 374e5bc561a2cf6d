"""How far groups and raters truly lie apart, how they rank, and what luck alone would show."""

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, sparse, special, stats

from ..errors import BadOption, NotEstimable
from .checks import check_confidence


def _measured(values: ArrayLike, variances: ArrayLike, *, fewest: int = 3) -> tuple[NDArray, NDArray]:
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < fewest:
        reason = f"with fewer than {fewest} groups the difference between groups cannot be estimated"
        raise NotEstimable(reason, public=True)
    if not (v > 0).all():
        raise BadOption("variances hold one that is not above 0; allowed: numbers above 0")
    return x, v


def cochran_q(values: ArrayLike, variances: ArrayLike, between: float = 0.0) -> float:
    r"""Compute Cochran's Q, the weighted squared distance of values from their mean.

    .. math:: Q(\tau^2) = \sum_i w_i (x_i - \bar x_w)^2, \quad w_i = 1 / (v_i + \tau^2)

    Examples
    --------
    >>> cochran_q([1, 3], [1, 1])
    2.0
    """
    x, w = np.asarray(values, float), 1 / (np.asarray(variances, float) + between)
    return float((w * (x - (w * x).sum() / w.sum()) ** 2).sum())


def between_variance(values: ArrayLike, variances: ArrayLike) -> float:
    r"""Estimate the variance between groups by the moments of Cochran's Q, and never below 0.

    .. math:: \tau^2 = \frac{Q - (k - 1)}{\sum w - \sum w^2 / \sum w}, \quad w_i = 1 / v_i

    Raises
    ------
    NotEstimable
        With fewer than three groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> between_variance([1, 2, 6], [1, 1, 1])
    6.0
    """
    x, v = _measured(values, variances)
    w = 1 / v
    return float(max((cochran_q(x, v) - (len(x) - 1)) / (w.sum() - (w**2).sum() / w.sum()), 0.0))


def q_profile(values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> tuple[float, float, float]:
    """Estimate the variance between groups by Paule and Mandel, with the interval that inverts Cochran's Q.

    Returns
    -------
    estimate, low, high : float
        0 is inside where the errors alone explain what is seen.

    Raises
    ------
    NotEstimable
        With fewer than two groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26, 37-52.

    Examples
    --------
    >>> [round(x, 2) for x in q_profile([1, 2, 6], [1, 1, 1])]
    [6.0, 0.9, 275.49]
    """
    x, v = _measured(values, variances, fewest=2)
    df, tail = len(x) - 1, (1 - check_confidence(confidence)) / 2

    def solved(target: float) -> float:
        if cochran_q(x, v) <= target:
            return 0.0
        top = 10 * float(np.var(x) + v.max())
        while cochran_q(x, v, top) > target:
            top *= 10
        return float(optimize.brentq(lambda between: cochran_q(x, v, between) - target, 0.0, top))

    low, estimate, high = (solved(float(q)) for q in (stats.chi2.ppf(1 - tail, df), df, stats.chi2.ppf(tail, df)))
    return estimate, low, max(high, estimate)


@dataclass(frozen=True, kw_only=True)
class Shrunken:
    """Values drawn towards their common mean.

    Attributes
    ----------
    values, low, high : ndarray
    weight : ndarray
        Of each group's own value.
    """

    values: NDArray
    low: NDArray
    high: NDArray
    weight: NDArray


def shrink(values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> Shrunken:
    r"""Draw each value towards the common mean, the more the less it rests on.

    A normal empirical-Bayes model with the variance of `between_variance`: the
    mean is weighted by :math:`1/(v_i + \tau^2)`, and a group's own value by
    :math:`\tau^2/(\tau^2 + v_i)`. For ranking and planning; a must-pass gate
    uses the value as it was measured. The interval takes :math:`\tau^2` as known
    and is a little too short with few groups.

    Parameters
    ----------
    values, variances : array_like
        At least three, variances above 0.
    confidence : float

    Raises
    ------
    NotEstimable
        With fewer than three groups.
    BadOption
        If a variance is not above 0.

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> shrink([.9, .8, .6], [.0004, .0004, .04]).weight.round(2).tolist()
    [0.92, 0.92, 0.11]
    """
    x, v = _measured(values, variances)
    quantile = stats.norm.ppf((1 + check_confidence(confidence)) / 2)
    between = between_variance(x, v)
    both = 1 / (v + between)
    mean, own = (both * x).sum() / both.sum(), between / (between + v)
    drawn = own * x + (1 - own) * mean
    half = quantile * np.sqrt(own * v + (1 - own) ** 2 / both.sum())
    return Shrunken(values=drawn, low=drawn - half, high=drawn + half, weight=own)


Items = Literal["random", "fixed"]
MOST_GROUPS, MOST_EFFECTS = 500, 3000


def rater_effects(
    y: NDArray, item: NDArray, rater: NDArray, *, centred: bool, items: Items = "random"
) -> tuple[NDArray, NDArray, float]:
    r"""Estimate the effect of each rater by generalized least squares, however the items were dealt out.

    .. math:: y_{ir} = s_r + a_i + e_{ir}, \qquad a_i \sim N(0, \sigma_a^2)

    The variances are found by restricted maximum likelihood. The standard
    errors are the sandwich over items, so that a rater who is noisier than the
    others has a larger one. ``items="fixed"`` compares raters on shared items only.

    Parameters
    ----------
    y, item, rater : ndarray, shape (n_judgments,)
        Values, and numbers of items and raters without gaps.
    centred : bool
        Effects against their mean, not against 0.
    items : {"random", "fixed"}

    Returns
    -------
    effects, errors : ndarray, shape (n_raters,)
    share : float
        The items' share of the variance within raters.

    Raises
    ------
    BadOption
        For other ``items``.
    NotEstimable
        With more than 3,000 raters.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components; Liang and Zeger
    (1986), Biometrika 73, 13-22.

    Examples
    --------
    >>> y, item, rater = np.array([1.0, 3.0, 2.0, 4.0]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> rater_effects(y, item, rater, centred=True)[0].round(6).tolist()
    [-1.0, 1.0]
    """
    BadOption.unless("items", items, get_args(Items))
    n_raters = int(rater.max()) + 1
    if n_raters > MOST_EFFECTS:
        raise NotEstimable(
            f"{n_raters:,} raters are more than the {MOST_EFFECTS:,} whose effects are estimated at once: keep the "
            "raters of one team or period"
        )
    incidence = sparse.csr_array((np.ones(len(y)), (item, rater)))
    ratio = np.inf if items == "fixed" else _variance_ratio(y, item, rater, incidence)
    m = np.bincount(item)
    shrink = 1 / m if np.isinf(ratio) else ratio / (1 + m * ratio)
    information, right = _normal_equations(y, item, rater, incidence, shrink)
    inverse = np.linalg.pinv(information, rcond=1e-10, hermitian=True)  # fixed items leave the mean open
    effects = inverse @ right
    residual = y - effects[rater]
    residual = residual - (shrink * np.bincount(item, residual))[item]
    scores = sparse.csr_array((residual, (item, rater)))
    if centred:
        effects = effects - effects.mean()
        inverse = (np.eye(n_raters) - 1 / n_raters) @ inverse
    n = np.bincount(rater)
    variance = ((inverse @ (scores.T @ scores).toarray()) * inverse).sum(axis=1) * n / np.maximum(n - 1, 1)
    return effects, np.sqrt(np.maximum(variance, 0)), 1.0 if np.isinf(ratio) else float(ratio / (1 + ratio))


def _normal_equations(
    y: NDArray, item: NDArray, rater: NDArray, incidence: Any, shrink: NDArray
) -> tuple[NDArray, NDArray]:
    """The information about raters after items are taken out, and the right side."""
    weighted = sparse.diags_array(shrink) @ incidence
    information = np.diag(np.bincount(rater)) - (incidence.T @ weighted).toarray()
    return information, np.bincount(rater, y) - weighted.T @ np.bincount(item, y)


def _variance_ratio(y: NDArray, item: NDArray, rater: NDArray, incidence: Any) -> float:
    """Item variance over residual variance by restricted maximum likelihood."""
    m, totals = np.bincount(item), np.bincount(item, y)
    df = len(y) - incidence.shape[1]
    if m.max() < 2 or df < 1 or np.ptp(y) <= 1e-12 * np.abs(y).max():
        return 0.0

    def minus_log_likelihood(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        shrink = ratio / (1 + m * ratio)
        information, right = _normal_equations(y, item, rater, incidence, shrink)
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return 1e300
        half = np.linalg.solve(root, right)
        squares = y @ y - (shrink * totals**2).sum() - half @ half
        if squares <= 0:
            return 1e300
        return float(df * np.log(squares) + np.log1p(m * ratio).sum() + 2 * np.log(np.diag(root)).sum())

    optimum = optimize.minimize_scalar(minus_log_likelihood, bounds=(-12.0, 12.0), method="bounded")
    return float(np.exp(optimum.x))


def effect_spread(effects: ArrayLike, errors: ArrayLike, *, confidence: float = 0.95) -> tuple[float, float, float]:
    """Estimate the standard deviation of true effects from estimates that have errors of their own.

    The value is Paule and Mandel's. The interval inverts Cochran's Q (the Q
    profile), so that 0 is in it where the errors alone explain what is seen.

    Parameters
    ----------
    effects, errors : array_like, shape (m,)
        At least two, errors above 0.
    confidence : float

    Returns
    -------
    value, low, high : float

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26, 37-52.

    Examples
    --------
    >>> [round(x, 2) for x in effect_spread([-1.0, 0.0, 1.0], [0.1, 0.1, 0.1])]
    [0.99, 0.51, 6.28]
    """
    value, low, high = q_profile(effects, np.asarray(errors, float) ** 2, confidence=confidence)
    return value**0.5, low**0.5, high**0.5


@dataclass(frozen=True, kw_only=True)
class Ranks:
    """Ranks of groups, 1 for the highest value, and the best and worst rank each may truly have."""

    rank: NDArray
    best: NDArray
    worst: NDArray


def rank_intervals(
    values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95, draws: int = 4000, seed: int = 1
) -> Ranks:
    """Find the ranks each group may truly have, all intervals together at the stated confidence.

    A parametric bootstrap draws the groups' errors and takes the quantile of the
    largest studentized difference of any two. A group outranks another where
    their difference exceeds it. The best possible rank is one more than the
    number of groups that outrank it, and likewise for the worst.

    Parameters
    ----------
    values, variances : array_like
        At least two.
    confidence : float
    draws, seed : int
        Of the bootstrap.

    Raises
    ------
    NotEstimable
        If there is one group, or more than 500.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518.

    Examples
    --------
    >>> ranks = rank_intervals([.9, .89, .6], [.0004, .0004, .0004])
    >>> ranks.best.tolist(), ranks.worst.tolist()
    ([1, 1, 3], [2, 2, 3])
    """
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < 2:
        reason = "there is one group, so there is no order"
        raise NotEstimable(reason, public=True)
    if len(x) > MOST_GROUPS:
        reason = f"there are {len(x):,} groups, more than the {MOST_GROUPS} that are ranked at once: merge them"
        raise NotEstimable(reason)
    a, b = np.triu_indices(len(x), 1)
    errors = np.random.default_rng(seed).normal(size=(draws, len(x))) * np.sqrt(v)
    parts = np.array_split(errors, -(-draws * len(a) // 4_000_000))  # at most 32 MB at a time
    largest = np.concatenate([(np.abs(e[:, a] - e[:, b]) / np.sqrt(v[a] + v[b])).max(axis=1) for e in parts])
    critical = np.quantile(largest, check_confidence(confidence))
    ahead = (x[:, None] - x[None, :]) > critical * np.sqrt(v[:, None] + v[None, :])
    rank = stats.rankdata(-x, method="min").astype(int)
    return Ranks(rank=rank, best=1 + ahead.sum(axis=0), worst=len(x) - ahead.sum(axis=1))


HAIR = 1e-9


def funnel_limits(
    rate: float, size: ArrayLike, *, confidence: float = 0.95, df: ArrayLike | None = None
) -> tuple[NDArray, NDArray]:
    r"""Compute the limits within which a share of ``size`` trials lies when the true share is ``rate``.

    The lower limit is the share y / n at which the binomial tail
    :math:`P(Y \le y)` reaches half of what the confidence leaves over, with y
    interpolated between whole numbers through the beta function; the upper
    limit mirrors it. A group strictly beyond a limit lies there by luck at
    most as often as stated. With ``df`` the size is divided by the square of
    the ratio of the t quantile to the normal one, for a dispersion that was
    itself estimated.

    Parameters
    ----------
    rate : float
        Between 0 and 1, both excluded.
    size : array_like
        Trials, at their effective number; fractions are allowed.
    confidence : float
        .95 and .998 are the funnel's customary lines.
    df : array_like, optional
        Degrees of freedom of the variance behind the size.

    Returns
    -------
    low, high : ndarray
        Shares; 0 and 1 where so few trials can never be unusual.

    Raises
    ------
    NotEstimable
        If the rate is 0 or 1.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202.

    Examples
    --------
    >>> low, high = funnel_limits(0.9, [20, 200])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.729, 0.854], [1.0, 0.942])
    """
    n, tail = np.atleast_1d(np.asarray(size, float)), (1 - check_confidence(confidence)) / 2
    if not 0 < rate < 1:
        raise NotEstimable(f"the overall share is {rate:g}: nothing varies, so there are no limits")
    if df is not None:
        n = n / np.maximum((stats.t.isf(tail, np.asarray(df, float)) / stats.norm.isf(tail)) ** 2, 1.0)
    # P(Y <= y) = tail solved for y / n; 0 where even P(Y = 0) is more.
    low, mirrored = (np.nan_to_num(special.bdtrik(tail, n, p)) / n for p in (rate, 1 - rate))
    return low, 1 - mirrored


def _in_control(rate: NDArray, n: NDArray, size: NDArray, df: NDArray | None) -> tuple[float, NDArray]:
    """Pool the groups inside the 99.8% limits; return their share and the sizes to compare each group with it at.

    The furthest group is left out one at a time, never half of them. A group that is part of the pooled share lies
    closer to it than its own variance says: v (1 - w).
    One that is not lies further: v plus that of the pool.
    """
    inside = np.ones(len(rate), bool)
    while True:
        pooled = size[inside].sum()
        centre = float((rate * n)[inside].sum() / n[inside].sum())
        compared = np.where(inside, size / np.maximum(1 - size / pooled, 0.1), size * pooled / (size + pooled))
        if not 0 < centre < 1:
            return centre, compared
        low, high = funnel_limits(centre, compared, confidence=0.998, df=df)
        beyond = inside & ((rate < low - HAIR) | (rate > high + HAIR))
        if not beyond.any() or 2 * (inside.sum() - 1) <= len(rate):
            return centre, compared
        inside[np.where(beyond, np.abs(rate - centre) * np.sqrt(compared), -1.0).argmax()] = False


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Lines that luck draws around a share, for each group.

    Attributes
    ----------
    centre : float
        What the lines are drawn around.
    low95, high95, low998, high998 : ndarray
    where : ndarray of str
        ``inside``, ``below 95%``, ``below 99.8%``, ``above 95%`` or ``above 99.8%``.
    """

    centre: float
    low95: NDArray
    high95: NDArray
    low998: NDArray
    high998: NDArray
    where: NDArray


def funnel(
    right: ArrayLike, n: ArrayLike, *, effective: ArrayLike | None = None, df: ArrayLike | None = None
) -> Funnel:
    r"""Find the groups that lie further from the overall share than luck explains.

    The limits are drawn around the pooled share of the groups.
    Those beyond the 99.8% limits are left out one at a time, the furthest first and never half of them.
    So one bad group does not pull the good ones over the upper line.

    Parameters
    ----------
    right, n : array_like of int
        Right answers and judgments of each group.
    effective : array_like, optional
        Effective number of judgments (`halo_methods.stats.effective_size`); n without it.
    df : array_like, optional
        Degrees of freedom of the dispersion behind ``effective``. A group's own
        variance is in part binomial, which is known, so its degrees of freedom
        are these over the square of the estimated part (Satterthwaite).

    Raises
    ------
    NotEstimable
        If all answers are right or all wrong.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202; leaving out what
    is beyond the limits before they are drawn is usual for control charts
    (Montgomery 2013). The error rates are simulated in ``benchmarks/study_workforce.py``.

    Examples
    --------
    >>> funnel([90, 91, 60], [100, 100, 100]).where.tolist()
    ['inside', 'inside', 'below 99.8%']
    """
    k, trials = np.asarray(right, float), np.asarray(n, float)
    size = trials if effective is None else np.asarray(effective, float)
    rate, own = k / trials, None if df is None else np.asarray(df) / np.maximum(1 - size / trials, 1e-3) ** 2
    centre, size = _in_control(rate, trials, size, own)
    (low95, high95), (low998, high998) = (
        funnel_limits(centre, size, confidence=line, df=own) for line in (0.95, 0.998)
    )
    beyond = [rate < low998 - HAIR, rate < low95 - HAIR, rate > high998 + HAIR, rate > high95 + HAIR]
    where = np.select(beyond, ["below 99.8%", "below 95%", "above 99.8%", "above 95%"], "inside")
    return Funnel(centre=centre, low95=low95, high95=high95, low998=low998, high998=high998, where=where)


@dataclass(frozen=True, kw_only=True)
class ShrunkShares:
    """Posterior shares of units whose shares come from one beta distribution.

    Attributes
    ----------
    prior : (float, float)
        The two parameters of that distribution.
    value, sd, low, high : ndarray, shape (units,)
        Posterior means, standard deviations, and ends of equal-tailed intervals.
    """

    prior: tuple[float, float]
    value: NDArray
    sd: NDArray
    low: NDArray
    high: NDArray


def shrink_shares(k: ArrayLike, n: ArrayLike, *, confidence: float = 0.95) -> ShrunkShares:
    r"""Estimate the share of each unit with the beta-binomial model.

    .. math:: k_u \mid p_u \sim \mathrm{Bin}(n_u, p_u), \qquad p_u \sim \mathrm{Beta}(\mu M, (1 - \mu) M)

    with :math:`\mu` and M by maximum marginal likelihood, M between 2 and 2,000. Where all
    trials are alike there is no spread to learn from, and Jeffreys' prior stands in.

    Do not use it for a must-pass gate: a unit of few trials borrows the share of the others.

    Parameters
    ----------
    k, n : array_like, shape (units,)
        Successes and trials of each unit.
    confidence : float
        Of the intervals.

    References
    ----------
    Griffiths (1973), Biometrics 29, 637-648.

    Examples
    --------
    >>> shrink_shares([9, 5, 10], [10, 10, 10]).value.round(2).tolist()
    [0.88, 0.58, 0.95]
    """
    k, n = np.asarray(k, float), np.asarray(n, float)
    tail = (1 - check_confidence(confidence)) / 2
    prior = _prior(k, n)
    up, down = k + prior[0], n - k + prior[1]
    size = up + down
    low, high = (stats.beta.ppf(at, up, down) for at in (tail, 1 - tail))
    sd = np.sqrt(up * down / (size**2 * (size + 1)))
    return ShrunkShares(prior=prior, value=up / size, sd=sd, low=low, high=high)


def _prior(k: NDArray, n: NDArray) -> tuple[float, float]:
    if k.sum() in (0, n.sum()):
        return 0.5, 0.5  # Jeffreys'

    def parameters(x: NDArray) -> tuple[float, float]:
        mean, size = special.expit(x[0]), np.exp(x[1])
        return float(mean * size), float((1 - mean) * size)

    def loss(x: NDArray) -> float:
        a, b = parameters(x)
        return -float((special.betaln(k + a, n - k + b) - special.betaln(a, b)).sum())

    share = np.clip(k.sum() / n.sum(), 0.01, 0.99)
    ends = [(-6.0, 6.0), (np.log(2.0), np.log(2000.0))]
    return parameters(optimize.minimize(loss, [special.logit(share), np.log(30.0)], bounds=ends, method="L-BFGS-B").x)
