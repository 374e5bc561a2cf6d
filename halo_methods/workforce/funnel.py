"""How far a group's share may lie from the overall share by luck alone, and what luck leaves of a ranking."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from ..errors import BadOption, HaloError, NotEstimable

Dispersion = Literal["raters", "groups", "none"]
FEW_GROUPS = 10


def funnel_limits(
    rate: float, size: ArrayLike, *, confidence: float = 0.95, df: ArrayLike | None = None
) -> tuple[NDArray, NDArray]:
    r"""Limits within which a share of ``size`` trials lies with this probability when the true share is ``rate``.

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

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202.

    Examples
    --------
    >>> low, high = funnel_limits(0.9, [20, 200])
    >>> low.round(3).tolist(), high.round(3).tolist()
    ([0.729, 0.854], [1.0, 0.942])
    """
    if not 0 < rate < 1:
        raise NotEstimable(f"the overall share is {rate:g}: nothing varies, so there are no limits")
    if not 0 < confidence < 1:
        raise HaloError(f"a confidence lies between 0 and 1; got {confidence}")
    n, tail = np.atleast_1d(np.asarray(size, float)), (1 - confidence) / 2
    if df is not None:
        n = n / np.maximum((stats.t.isf(tail, np.asarray(df, float)) / stats.norm.isf(tail)) ** 2, 1.0)
    return _lower(rate, n, tail), 1 - _lower(1 - rate, n, tail)


def _lower(rate: float, n: NDArray, tail: float) -> NDArray:
    """Bisection for y with P(Y <= y) = tail; the share below which a group is unusual."""
    low, high = np.zeros_like(n), n * rate
    for _ in range(60):
        middle = (low + high) / 2
        unusual = special.betainc(np.maximum(n - middle, 1e-12), middle + 1, 1 - rate) <= tail
        low, high = np.where(unusual, middle, low), np.where(unusual, high, middle)
    never = special.betainc(np.maximum(n, 1e-12), 1.0, 1 - rate) > tail
    return np.where(never, 0.0, low / np.maximum(n, 1e-12))


def _in_control(k: NDArray, n: NDArray, size: NDArray, df: NDArray | None) -> tuple[float, NDArray]:
    """The pooled share of the groups inside the 99.8% limits, and the sizes to compare each group with it at.

    The furthest group is left out one at a time, never half of them. A group
    that is part of the pooled share lies closer to it than its own variance
    says, one that is not lies further: v (1 - w), or v plus that of the pool.
    """
    kept = np.ones(len(k), bool)
    while True:
        pooled = size[kept].sum()
        centre = float(k[kept].sum() / n[kept].sum())
        compared = np.where(kept, size / np.maximum(1 - size / pooled, 0.1), size * pooled / (size + pooled))
        if not 0 < centre < 1:
            return centre, compared
        low, high = funnel_limits(centre, compared, confidence=0.998, df=df)
        beyond = kept & ((k / n < low - 1e-9) | (k / n > high + 1e-9))
        if not beyond.any() or 2 * (kept.sum() - 1) <= len(k):
            return centre, compared
        far = np.where(beyond, np.abs(k / n - centre) * np.sqrt(compared), -1.0)
        kept[far.argmax()] = False


@dataclass(frozen=True)
class Spread:
    """How judgments hang together by rater and by item within a group.

    Attributes
    ----------
    rater, item : float
        Intraclass correlation of right answers, 0 where it is not above chance.
    df : int
        Degrees of freedom between raters: raters less groups.
    """

    rater: float
    item: float
    df: int


def spread(marked: pl.DataFrame, column: str, flag: str = "right") -> Spread:
    r"""Intraclass correlations by rater and by item, pooled within groups.

    :math:`\rho = (MSB - MSW) / (MSB + (n_0 - 1) MSW)` of the one-way analysis
    of variance of right answers, set to 0 where negative. Because it is taken
    within groups, a bad group does not widen its own limits.

    Raises
    ------
    NotEstimable
        If no group has two raters.

    References
    ----------
    Ridout, Demétrio and Firth (1999), Biometrics 55, 137-148.
    """
    rater, df = _correlation(marked, column, "rater_id", flag)
    if df < 1:
        raise NotEstimable("no group has two raters, so the spread between raters cannot be told from luck")
    return Spread(rater, _correlation(marked, column, "item_id", flag)[0], df)


def _correlation(marked: pl.DataFrame, column: str, unit: str, flag: str) -> tuple[float, int]:
    cells = marked.group_by(column, unit).agg(pl.col(flag).sum().cast(pl.Float64).alias("y"), pl.len().alias("n"))
    group = pd.factorize(cells[column].to_numpy(), use_na_sentinel=False)[0]
    y, n = cells["y"].to_numpy(), cells["n"].to_numpy().astype(float)
    sizes, squares, right = (np.bincount(group, w) for w in (n, n**2, y))
    between_df, within_df = len(n) - len(sizes), n.sum() - len(n)
    if between_df < 1 or within_df < 1:
        return 0.0, max(between_df, 0)
    between = (n * (y / n - (right / sizes)[group]) ** 2).sum() / between_df
    within = (y * (1 - y / n)).sum() / within_df
    typical = (n.sum() - (squares / sizes).sum()) / between_df
    total = between + (typical - 1) * within
    return float(np.clip((between - within) / total, 0, 1)) if total > 0 else 0.0, between_df


def effective_sizes(marked: pl.DataFrame, column: str, spread: Spread) -> pd.DataFrame:
    r"""Each group's judgments, right answers and effective number of judgments.

    :math:`n / (1 + \rho_r(\sum n_r^2/n - 1) + \rho_i(\sum n_i^2/n - 1))`: many
    judgments by few raters, or of few items, count for less.
    """
    inflation: dict[object, float] = {}
    for unit, rho in (("rater_id", spread.rater), ("item_id", spread.item)):
        cells = marked.group_by(column, unit).agg(pl.len().alias("n"))
        sums = cells.group_by(column).agg((pl.col("n").pow(2).sum() / pl.col("n").sum()).alias("m"))
        for value, m in sums.iter_rows():
            inflation[value] = inflation.get(value, 1.0) + rho * (m - 1)
    counts = marked.group_by(column).agg(pl.col("right").sum().alias("right"), pl.len().alias("n"))
    made = counts.to_pandas()
    made["effective"] = made["n"] / made[column].map(inflation)
    return made.sort_values(column, ignore_index=True)


def funnel(
    right: ArrayLike,
    n: ArrayLike,
    *,
    effective: ArrayLike | None = None,
    around: float | None = None,
    df: ArrayLike | None = None,
    dispersion: Dispersion = "raters",
) -> pd.DataFrame:
    r"""Which groups lie further from the overall share than luck explains.

    Parameters
    ----------
    right, n : array_like of int
        Right answers and judgments of each group.
    effective : array_like, optional
        Effective number of judgments (`effective_sizes`); n without it.
    around : float, optional
        The share the limits are drawn around. Otherwise the pooled share of the
        groups, of which those beyond the 99.8% limits are left out one at a
        time, the furthest first and never half of them, so that one bad group
        does not pull the good ones over the upper line.
    df : array_like, optional
        Degrees of freedom of the dispersion behind ``effective``. A group's own
        variance is in part binomial, which is known, so its degrees of freedom
        are these over the square of the estimated part (Satterthwaite).
    dispersion : {"raters", "groups", "none"}
        Where over-dispersion comes from: the spread of raters within groups
        (already in ``effective``); the spread of the groups themselves, as
        Spiegelhalter does it, with the z scores winsorised at 10%, which needs
        ten groups or more because a bad group widens its own limits; or none.

    Returns
    -------
    pandas.DataFrame
        ``rate``, ``low95``, ``high95``, ``low998``, ``high998`` and ``where``:
        ``inside``, ``below 95%``, ``below 99.8%``, ``above 95%`` or ``above 99.8%``.

    Raises
    ------
    NotEstimable
        If all answers are right or all wrong, or there are too few groups for
        their own dispersion.

    References
    ----------
    Spiegelhalter (2005), Statistics in Medicine 24, 1185-1202; leaving out what
    is beyond the limits before they are drawn is usual for control charts
    (Montgomery 2013). The error rates are simulated in ``benchmarks/study_workforce.py``.

    Examples
    --------
    >>> funnel([90, 70, 9], [100, 100, 10], around=0.9)["where"].tolist()
    ['inside', 'below 99.8%', 'inside']
    """
    if dispersion not in get_args(Dispersion):
        raise BadOption.of("dispersion", dispersion, get_args(Dispersion))
    k, trials = np.asarray(right, float), np.asarray(n, float)
    size = trials.copy() if effective is None or dispersion == "none" else np.asarray(effective, float)
    rate, centre = k / trials, float(k.sum() / trials.sum()) if around is None else float(around)
    if dispersion == "groups":
        if len(k) < FEW_GROUPS:
            raise NotEstimable(f"the spread of {len(k)} groups cannot set their own limits; it takes {FEW_GROUPS}")
        z = (rate - centre) / np.sqrt(centre * (1 - centre) / trials)
        phi = float((np.clip(z, *np.quantile(z, [0.1, 0.9])) ** 2).mean())
        size, df = trials / max(phi, 1.0), None
    own = None if df is None or dispersion == "none" else np.asarray(df) / np.maximum(1 - size / trials, 1e-3) ** 2
    compared = size
    if around is None:
        centre, compared = _in_control(k, trials, size, own)
    lines = {name: funnel_limits(centre, compared, confidence=c, df=own) for name, c in (("95", 0.95), ("998", 0.998))}
    made = pd.DataFrame({"rate": rate, "effective": size})
    for name, (low, high) in lines.items():
        made[f"low{name}"], made[f"high{name}"] = low, high
    hair = 1e-9
    made["where"] = np.select(
        [rate < made["low998"] - hair, rate < made["low95"] - hair,
         rate > made["high998"] + hair, rate > made["high95"] + hair],
        ["below 99.8%", "below 95%", "above 99.8%", "above 95%"], "inside")  # fmt: skip
    made.attrs["around"] = centre
    return made


def shrink(values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95) -> pd.DataFrame:
    r"""Each value drawn towards the common mean, the more the less it rests on.

    A normal empirical-Bayes model: :math:`\tau^2` between groups by DerSimonian
    and Laird, the mean weighted by :math:`1/(v_i + \tau^2)`, and the weight of a
    group's own value :math:`\tau^2/(\tau^2 + v_i)`. For ranking and planning;
    a must-pass gate uses the value as it was measured. The interval takes
    :math:`\tau^2` as known and is a little too short with few groups.

    Parameters
    ----------
    values, variances : array_like
        At least three, variances above 0.

    Returns
    -------
    pandas.DataFrame
        ``shrunken``, ``low``, ``high``, ``weight`` (of the group's own value).

    References
    ----------
    DerSimonian and Laird (1986), Controlled Clinical Trials 7, 177-188.

    Examples
    --------
    >>> shrink([.9, .8, .6], [.0004, .0004, .04])["weight"].round(2).tolist()
    [0.92, 0.92, 0.11]
    """
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < 3:
        raise NotEstimable("shrinkage needs three groups: with fewer nobody can say how much groups differ")
    if not (v > 0).all():
        raise HaloError("shrinkage needs variances above 0")
    w = 1 / v
    q = (w * (x - (w * x).sum() / w.sum()) ** 2).sum()
    tau2 = max((q - (len(x) - 1)) / (w.sum() - (w**2).sum() / w.sum()), 0.0)
    both = 1 / (v + tau2)
    mean, own = (both * x).sum() / both.sum(), tau2 / (tau2 + v)
    drawn = own * x + (1 - own) * mean
    half = stats.norm.ppf((1 + confidence) / 2) * np.sqrt(own * v + (1 - own) ** 2 / both.sum())
    return pd.DataFrame({"shrunken": drawn, "low": drawn - half, "high": drawn + half, "weight": own})


def rank_intervals(
    values: ArrayLike, variances: ArrayLike, *, confidence: float = 0.95, draws: int = 4000, seed: int = 1
) -> pd.DataFrame:
    """The ranks each group may truly have, all intervals together at the stated confidence.

    A parametric bootstrap draws the groups' errors and takes the quantile of the
    largest studentized difference of any two; a group outranks another where
    their difference exceeds it. The best possible rank is one more than the
    number of groups that outrank it, and likewise for the worst.

    Parameters
    ----------
    values, variances : array_like
        At least two; 1 is the highest value.

    Returns
    -------
    pandas.DataFrame
        ``rank``, ``best``, ``worst``.

    References
    ----------
    Mogstad, Romano, Shaikh and Wilhelm (2024), Review of Economic Studies 91, 476-518.

    Examples
    --------
    >>> made = rank_intervals([.9, .89, .6], [.0004, .0004, .0004])
    >>> made[["best", "worst"]].to_numpy().tolist()
    [[1, 2], [1, 2], [3, 3]]
    """
    x, v = np.asarray(values, float), np.asarray(variances, float)
    if len(x) < 2:
        raise NotEstimable("there is one group, so there is no order")
    a, b = np.triu_indices(len(x), 1)
    scale = np.sqrt(v[a] + v[b])
    errors = np.random.default_rng(seed).normal(size=(draws, len(x))) * np.sqrt(v)
    critical = np.quantile((np.abs(errors[:, a] - errors[:, b]) / scale).max(axis=1), confidence)
    ahead = (x[:, None] - x[None, :]) > critical * np.sqrt(v[:, None] + v[None, :])
    return pd.DataFrame({
        "rank": stats.rankdata(-x, method="min").astype(int),
        "best": 1 + ahead.sum(axis=0), "worst": len(x) - ahead.sum(axis=1)})  # fmt: skip
