"""Dawid and Skene's model and its poorer relation with one coin a rater."""

from typing import Any

import numpy as np

from ..errors import BadOption
from ..judgments import Judgments
from .consensus import Consensus, Ties, settled
from .em import Gold, Model, Prevalence, fit
from .vote_table import Array

MAX_ITERATIONS, TOLERANCE = 2000, 1e-6


def dawid_skene(
    j: Judgments,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    smoothing: float = 0.0,
    prevalence: Prevalence = "estimated",
    gold: Gold = "ignore",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
    starts: int = 1,
    seed: int = 0,
) -> Consensus:
    r"""The labels most likely to be true, where each rater errs in a way of their own.

    Item :math:`i` is truly :math:`k` with chance :math:`\pi_k`, and rater
    :math:`r` then says :math:`l` with chance :math:`\theta_{rkl}`, independently
    of the other raters. Maximum likelihood by expectation and maximization,
    from each item's shares of votes:

    .. math::

        T_{ik} \propto \pi_k \prod_{r,l} \theta_{rkl}^{n_{irl}}, \quad
        \theta_{rkl} \propto \sum_i T_{ik} n_{irl}, \quad \pi_k = \operatorname{mean}_i T_{ik}

    Rounds are repeats of one rater on one item.

    Do not trust it where raters copy from each other (see ``.dependence``),
    where an item has fewer than three judgments, where a rater has so few that
    the table of confusion cannot be learnt, or where one label has nearly all
    items. Probabilities lie too near 0 and 1 wherever items differ in
    difficulty.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    max_iterations : int
        Rounds at most; not converging is a caution.
    tolerance : float
        Converged when no prevalence and no chance of a label moves by more.
    smoothing : float
        Added to each expected count of a rater's label; 0 is the published
        model, .1 to 1 steadies raters with few judgments.
    prevalence : {"estimated", "uniform"}
        Of the true labels.
    gold : {"ignore", "use"}
        Whether items with gold are taken as known. Ignored by default, so that
        gold can check the result.
    ties : {"none", "share", "first"}
        As in `majority`.
    least, margin : float
        Lowest probability, and lowest distance to the runner-up, for a consensus.
    starts : int
        Starts beyond the first mix the votes with noise; the likeliest end wins.
    seed : int
        For the starts and the test of dependence.

    Returns
    -------
    Consensus

    Raises
    ------
    NotEstimable
        If labels are too many to be categories.

    References
    ----------
    Dawid and Skene (1979), Applied Statistics 28, 20-28. Intervals of raters:
    Wilson's, at the size that Louis' information leaves (1982, J. Royal
    Statistical Society B 44, 226-233), the other raters' parameters held fixed.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(20) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(20)]
    >>> made = dawid_skene(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> made.raters[["rater_id", "accuracy"]].round(2).values.tolist()
    [['p', 1.0], ['q', 1.0], ['s', 0.75]]
    """
    if smoothing < 0:
        raise BadOption(f"smoothing is a count of 0 or more; got {smoothing!r}")

    def step(counts: Array, _: Any) -> tuple[Array, Any]:
        more = counts + smoothing
        total = more.sum(1, keepdims=True)
        tables = np.divide(more, total, out=np.full_like(more, 1 / more.shape[1]), where=total > 0)
        return tables, tables

    model = Model("Dawid-Skene", step, prevalence)
    made = fit(j, model, max_iterations=max_iterations, tolerance=tolerance, gold=gold, starts=starts, seed=seed)
    return settled(*made, ties=ties, least=least, margin=margin, seed=seed)


def one_coin(
    j: Judgments,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    prevalence: Prevalence = "estimated",
    gold: Gold = "ignore",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
    starts: int = 1,
    seed: int = 0,
) -> Consensus:
    r"""Dawid and Skene with one number a rater: a chance to be right, whatever the label.

    :math:`\theta_{rkk} = p_r` and each wrong label has :math:`(1-p_r)/(K-1)`.
    Steadier than `dawid_skene` where raters judged few items; wrong where
    raters lean to one label, as most do where one label dominates.

    Parameters
    ----------
    j, max_iterations, tolerance, prevalence, gold, ties, least, margin, starts, seed
        As in `dawid_skene`.

    References
    ----------
    Zhang, Chen, Zhou and Jordan (2016), J. Machine Learning Research 17 (102).

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(20) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(20)]
    >>> made = one_coin(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> made.raters["accuracy"].round(2).tolist()
    [1.0, 1.0, 0.75]
    """

    def step(counts: Array, _: Any) -> tuple[Array, Any]:
        k = np.arange(counts.shape[1])
        right = counts[:, k, k].sum(1) / counts.sum((1, 2))
        return coins(right, len(k)), right

    model = Model("one coin a rater", step, prevalence)
    made = fit(j, model, max_iterations=max_iterations, tolerance=tolerance, gold=gold, starts=starts, seed=seed)
    return settled(*made, ties=ties, least=least, margin=margin, seed=seed)


def coins(right: Array, n_labels: int) -> Array:
    """Chances of labels for raters who err evenly.

    Examples
    --------
    >>> coins(np.array([0.8]), 3).round(2).tolist()
    [[[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.1, 0.8]]]
    """
    if n_labels == 1:
        return np.ones((len(right), 1, 1))
    same = np.eye(n_labels)
    made: Array = right[:, None, None] * same + ((1 - right) / (n_labels - 1))[:, None, None] * (1 - same)
    return made
