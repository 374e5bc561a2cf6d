"""Severity on an ordinal scale whose steps need not be of one size: the many-facet Rasch model."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import optimize, sparse, special, stats

from ..errors import NotEstimable
from ..judgments import Judgments
from .severity_model import connected

MOST_RATERS, MOST_LABELS = 100, 11
_NODES = np.linspace(-4.5, 4.5, 31)
_LOG_WEIGHTS = stats.norm.logpdf(_NODES) - special.logsumexp(stats.norm.logpdf(_NODES))
_RATER_SD, _LOG_SIGMA_SD = 5.0, 2.0  # of the penalties


@dataclass(frozen=True, eq=False)
class ManyFacet:
    """Severities, steps and items on one logit scale.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n``, ``severity`` (logits; below zero the rater labels
        lower than the team), ``low``, ``high``; lowest first.
    steps : pandas.DataFrame
        ``lower``, ``upper`` (neighbouring labels), ``step``: where on the
        scale of the items both are equally likely from a rater of severity 0.
    item_sd : float
        Standard deviation of the items' positions, in logits.
    left_out : int
        Raters with one item, or who share no item with the largest group.
    """

    table: pd.DataFrame
    steps: pd.DataFrame
    item_sd: float
    left_out: int


def many_facet(j: Judgments, *, confidence: float = 0.95) -> ManyFacet:
    r"""Severity from the rating scale model with raters as a facet.

    .. math:: \log\frac{P(y_{ir}=k)}{P(y_{ir}=k-1)} = \theta_i + s_r - \tau_k,
              \qquad \theta_i \sim N(0, \sigma^2), \quad \textstyle\sum_r s_r = 0

    Items are integrated out (marginal maximum likelihood on 31 nodes), so that
    their number does not bias the severities as it does in joint maximum
    likelihood; a weak penalty (5 logits) keeps a rater who uses one end of the
    scale only finite. The interval is Wald's, from the observed information.

    Sign: a positive severity here raises labels, so that it points the same
    way as in `severity` and `severity_model`. Prefer `severity_model` where a
    decision is about labels; prefer this one where raters press against an end
    of the scale, because there a step is worth less. It supposes that raters
    differ by a shift only: one who spreads labels more than others fits badly.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, ordinal; gold is not used.
    confidence : float
        Of each interval.

    Raises
    ------
    NotEstimable
        If labels are not ordinal, fewer than two or more than eleven labels
        are used, raters are not connected by shared items or more than 100,
        or the likelihood has no maximum that can be found.

    References
    ----------
    Andrich (1978), Psychometrika 43, 561-573; Linacre (1989), Many-Facet Rasch
    Measurement. Coverage is in ``benchmarks/results/study_calibration.csv``.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "0123"[min(3, max(0, i % 3 + lean + (i * k) % 2))]) for i in range(40)
    ...         for k, (r, lean) in enumerate([("a", -1), ("b", 0), ("c", 1)])]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]),
    ...                  scale=["0", "1", "2", "3"], level="ordinal")
    >>> many_facet(j).table["rater_id"].tolist()
    ['a', 'b', 'c']
    """
    if j.level != "ordinal":
        raise NotEstimable(f"the many-facet model needs labels in order; these are {j.level}")
    frame, left_out = connected(j)
    used = [str(label) for label in j.labels if label in set(frame["label"].unique())]
    if not 2 <= len(used) <= MOST_LABELS:
        raise NotEstimable(f"{len(used)} labels are used; the many-facet model takes 2 to {MOST_LABELS}")
    names = sorted(frame["rater_id"].unique().to_list())
    if len(names) > MOST_RATERS:
        raise NotEstimable(f"{len(names)} raters are more than the {MOST_RATERS} of this model; use severity_model")
    y = frame["label"].replace_strict({label: k for k, label in enumerate(used)}, return_dtype=pl.Int64).to_numpy()
    rater = frame["rater_id"].replace_strict({r: k for k, r in enumerate(names)}, return_dtype=pl.Int64).to_numpy()
    item = frame["item_id"].rank("dense").to_numpy().astype(np.int64) - 1
    severity, se, steps, item_sd = fit_many_facet(y, item, rater)
    half = float(stats.norm.ppf((1 + confidence) / 2)) * se
    table = pd.DataFrame(
        {"rater_id": names, "n": np.bincount(rater), "severity": severity,
         "low": severity - half, "high": severity + half}
    ).sort_values(["severity", "rater_id"], ignore_index=True)  # fmt: skip
    return ManyFacet(table, pd.DataFrame({"lower": used[:-1], "upper": used[1:], "step": steps}), item_sd, left_out)


def fit_many_facet(y: NDArray, item: NDArray, rater: NDArray) -> tuple[NDArray, NDArray, NDArray, float]:
    """Severities, their standard errors, steps, and the standard deviation of items.

    Parameters
    ----------
    y : ndarray of int, shape (n_judgments,)
        Labels from 0, each used.
    item, rater : ndarray of int
        Numbers without gaps.

    Examples
    --------
    >>> y, item, rater = np.array([0, 1, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> fit_many_facet(y, item, rater)[0].round(6).sum().item()
    0.0
    """
    n_raters, n_steps = int(rater.max()) + 1, int(y.max())
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
    found = optimize.minimize(value_and_slope, start, jac=True, method="L-BFGS-B",
                              options={"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-7})  # fmt: skip
    if np.abs(found.jac).max() > 1e-3 * max(1.0, n**0.5):
        raise NotEstimable("the many-facet model did not converge; use severity_model")
    h = 1e-4
    steps_away = np.eye(len(start)) * h
    information = np.array(
        [(value_and_slope(found.x + d)[1] - value_and_slope(found.x - d)[1]) / (2 * h) for d in steps_away]
    )
    try:
        covariance = np.linalg.inv((information + information.T) / 2)
    except np.linalg.LinAlgError:
        raise NotEstimable("the many-facet model is flat in some direction; use severity_model") from None
    contrast = np.eye(n_raters) - 1 / n_raters
    variance = np.diag(contrast @ covariance[:n_raters, :n_raters] @ contrast.T)
    if (variance < 0).any():
        raise NotEstimable("the many-facet model found no maximum; use severity_model")
    severity, steps = found.x[:n_raters], found.x[n_raters:-1]
    mean = severity.mean()
    return severity - mean, np.sqrt(variance), steps - mean, float(np.exp(found.x[-1]))
