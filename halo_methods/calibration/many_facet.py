"""The many-facet Rasch model: severity on an ordinal scale whose steps need not be of one size."""

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, sparse, special, stats

from ..errors import NotEstimable

MOST_RATERS, MOST_LABELS = 100, 11
INSTEAD = "take items at random instead"
_NODES = np.linspace(-4.5, 4.5, 31)
_LOG_WEIGHTS = stats.norm.logpdf(_NODES) - special.logsumexp(stats.norm.logpdf(_NODES))
_RATER_SD, _LOG_SIGMA_SD = 5.0, 2.0  # of the penalties


def fit_many_facet(y: NDArray, item: NDArray, rater: NDArray) -> tuple[NDArray, NDArray, NDArray, float]:
    r"""Fit the rating scale model with raters as a facet.

    .. math:: \log\frac{P(y_{ir}=k)}{P(y_{ir}=k-1)} = \theta_i + s_r - \tau_k,
              \qquad \theta_i \sim N(0, \sigma^2), \quad \textstyle\sum_r s_r = 0

    Items are integrated out (marginal maximum likelihood on 31 nodes), so that
    their number does not bias the severities as it does in joint maximum
    likelihood. A weak penalty (5 logits) keeps a rater who uses one end of the
    scale only finite. Standard errors are from the observed information.

    A positive severity raises labels. The model supposes that raters differ by a
    shift only: one who spreads labels more than others fits badly.

    Parameters
    ----------
    y : ndarray of int, shape (n_judgments,)
        Labels from 0, each used.
    item, rater : ndarray of int
        Numbers without gaps.

    Returns
    -------
    severity, errors : ndarray, shape (n_raters,)
        In logits.
    steps : ndarray
        tau, one fewer than labels.
    item_sd : float

    Raises
    ------
    NotEstimable
        If fewer than two or more than eleven labels are used, raters are more than
        100, or the likelihood has no maximum that can be located.

    References
    ----------
    Andrich (1978), Psychometrika 43, 561-573; Linacre (1989), Many-Facet Rasch Measurement.

    Examples
    --------
    >>> y, item, rater = np.array([0, 1, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> fit_many_facet(y, item, rater)[0].round(6).sum().item()
    0.0
    """
    n_raters, n_steps = int(rater.max()) + 1, int(y.max())
    if not 1 <= n_steps < MOST_LABELS:
        raise NotEstimable(f"{n_steps + 1} labels are used; the many-facet model takes 2 to {MOST_LABELS}")
    if n_raters > MOST_RATERS:
        raise NotEstimable(f"{n_raters} raters are more than the {MOST_RATERS} of this model; {INSTEAD}")
    n = len(y)
    by_item = sparse.csr_array((np.ones(n), (item, np.arange(n))), shape=(int(item.max()) + 1, n))
    by_rater = sparse.csr_array((np.ones(n), (rater, np.arange(n))), shape=(n_raters, n))
    total = np.bincount(rater, y)
    reached = np.array([(y >= k).sum() for k in range(1, n_steps + 1)], float)
    labels = np.arange(n_steps + 1)

    def value_and_slope(x: NDArray) -> tuple[float, NDArray]:
        severity, steps, log_sigma = x[:n_raters], x[n_raters:-1], x[-1]
        theta = np.exp(log_sigma) * _NODES
        height = (theta[None, :] + severity[:, None])[..., None] * labels - np.concatenate([[0.0], steps.cumsum()])
        log_p = height - special.logsumexp(height, axis=2, keepdims=True)  # raters, nodes, labels
        p = np.exp(log_p)
        expected = p @ labels
        joint = by_item @ log_p[rater, :, y] + _LOG_WEIGHTS
        marginal = special.logsumexp(joint, axis=1)
        posterior = np.exp(joint - marginal[:, None])
        weight = by_rater @ posterior[item]  # raters, nodes
        of_rater = total - (weight * expected).sum(axis=1)
        at_least = p[..., ::-1].cumsum(axis=2)[..., ::-1][..., 1:]
        of_step = np.einsum("rq,rqk->k", weight, at_least) - reached
        pulled = np.bincount(item, y) @ (posterior @ theta) - ((weight * expected) @ theta).sum()
        slope = np.concatenate([of_rater, of_step, [pulled]])
        mean = severity.mean()
        value = marginal.sum() - (severity**2).sum() / (2 * _RATER_SD**2) - n * mean**2 / 2
        slope[:n_raters] -= severity / _RATER_SD**2 + mean * n / n_raters
        value -= log_sigma**2 / (2 * _LOG_SIGMA_SD**2)
        slope[-1] -= log_sigma / _LOG_SIGMA_SD**2
        return -value, -slope

    start = np.zeros(n_raters + n_steps + 1)
    options = {"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-7}
    optimum = optimize.minimize(value_and_slope, start, jac=True, method="L-BFGS-B", options=options)
    if np.abs(optimum.jac).max() > 1e-3 * max(1.0, n**0.5):
        raise NotEstimable(f"the many-facet model did not converge; {INSTEAD}")
    h = 1e-4
    steps_away = np.eye(len(start)) * h
    information = np.array(
        [(value_and_slope(optimum.x + d)[1] - value_and_slope(optimum.x - d)[1]) / (2 * h) for d in steps_away]
    )
    try:
        covariance = np.linalg.inv((information + information.T) / 2)
    except np.linalg.LinAlgError:
        raise NotEstimable(f"the many-facet model is flat in some direction; {INSTEAD}") from None
    contrast = np.eye(n_raters) - 1 / n_raters
    variance = np.diag(contrast @ covariance[:n_raters, :n_raters] @ contrast.T)
    if (variance < 0).any():
        raise NotEstimable(f"the many-facet model found no maximum; {INSTEAD}")
    severity, steps = optimum.x[:n_raters], optimum.x[n_raters:-1]
    mean = severity.mean()
    return severity - mean, np.sqrt(variance), steps - mean, float(np.exp(optimum.x[-1]))
