"""Rater effects in a two-way model, with items at random or fixed, and the spread of effects."""

from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, sparse

from ..errors import BadOption
from .heterogeneity import q_profile

Items = Literal["random", "fixed"]
DENSE = 1_000_000


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
    if items not in get_args(Items):
        raise BadOption.of("items", items, get_args(Items))
    n_raters = int(rater.max()) + 1
    incidence = sparse.csr_array((np.ones(len(y)), (item, rater)))
    if incidence.shape[0] * n_raters < DENSE:
        incidence = incidence.toarray()
    ratio = np.inf if items == "fixed" else _variance_ratio(y, item, rater, incidence)
    m = np.bincount(item)
    shrink = 1 / m if np.isinf(ratio) else ratio / (1 + m * ratio)
    information, right = _normal_equations(y, item, rater, incidence, shrink)
    inverse = np.linalg.pinv(information, hermitian=True)
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
    gram = incidence.T @ weighted
    information = np.diag(np.bincount(rater)) - (gram.toarray() if sparse.issparse(gram) else gram)
    return information, np.bincount(rater, y) - weighted.T @ np.bincount(item, y)


def _variance_ratio(y: NDArray, item: NDArray, rater: NDArray, incidence: Any) -> float:
    """Item variance over residual variance by restricted maximum likelihood."""
    m, totals = np.bincount(item), np.bincount(item, y)
    df = len(y) - incidence.shape[1]
    if m.max() < 2 or df < 1 or np.allclose(y, y[0]):
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
