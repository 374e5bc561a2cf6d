"""MACE: a rater either knows the label or guesses, each in a way of their own."""

from typing import Any

import numpy as np

from ..judgments import Judgments
from .consensus import Consensus, Ties, settled
from .dawid_skene import MAX_ITERATIONS, TOLERANCE
from .em import Gold, Model, Prevalence, fit
from .vote_table import Array


def mace(
    j: Judgments,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    smoothing: float = 0.1,
    prevalence: Prevalence = "uniform",
    gold: Gold = "ignore",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
    starts: int = 1,
    seed: int = 0,
) -> Consensus:
    r"""The labels most likely to be true, where a rater either knows or guesses.

    Rater :math:`r` knows with chance :math:`c_r` (the competence) and gives
    the true label; otherwise draws label :math:`l` with chance
    :math:`\xi_{rl}`, whatever the truth:
    :math:`\theta_{rkl} = c_r [l = k] + (1 - c_r)\, \xi_{rl}`.

    Good against raters who always press one button; wrong where raters err in
    a direction (one step too low), for it calls every error a guess.

    Parameters
    ----------
    j, max_iterations, tolerance, gold, ties, least, margin, starts, seed
        As in `dawid_skene`.
    smoothing : float
        Added to the counts of knowing, of guessing, and of each guessed label.
    prevalence : {"uniform", "estimated"}
        Of the true labels; the published model takes all as equally likely.

    Returns
    -------
    Consensus
        ``.raters`` has ``competence`` besides.

    References
    ----------
    Hovy, Berg-Kirkpatrick, Vaswani and Hovy (2013), NAACL-HLT, 1120-1130.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(40) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes") for i in range(40)]
    >>> made = mace(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> made.raters["competence"].round(1).tolist()
    [1.0, 1.0, 0.0]
    """

    def step(counts: Array, before: Any) -> tuple[Array, Any]:
        n = counts.shape[1]
        k = np.arange(n)
        if before is None:
            before = np.hstack([np.full((len(counts), 1), 0.5), np.full((len(counts), n), 1 / n)])
        competence, guess = before[:, :1], before[:, 1:]
        right = counts[:, k, k]
        sure = right * competence / np.maximum(competence + (1 - competence) * guess, 1e-300)
        total = counts.sum((1, 2))
        competence = (sure.sum(1) + smoothing) / (total + 2 * smoothing)
        guess = counts.sum(2) - sure + smoothing / n
        guess /= np.maximum(guess.sum(1, keepdims=True), 1e-300)
        tables = competence[:, None, None] * np.eye(n) + ((1 - competence)[:, None] * guess)[:, :, None]
        return tables, np.hstack([competence[:, None], guess])

    model = Model("MACE", step, prevalence, lambda state: {"competence": state[:, 0]})
    made = fit(j, model, max_iterations=max_iterations, tolerance=tolerance, gold=gold, starts=starts, seed=seed)
    return settled(*made, ties=ties, least=least, margin=margin, seed=seed)
