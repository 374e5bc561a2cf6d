"""GLAD: raters differ in ability, and items in difficulty."""

from dataclasses import replace
from typing import get_args

import numpy as np
from scipy import special

from ..errors import BadOption
from ..judgments import Judgments
from .consensus import Consensus, Ties, settled
from .em import Fit, Gold, Prevalence, finished, first_guess
from .vote_table import Array, Votes, accepted, votes


def glad(
    j: Judgments,
    *,
    max_iterations: int = 500,
    tolerance: float = 1e-4,
    prevalence: Prevalence = "uniform",
    gold: Gold = "ignore",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
) -> Consensus:
    r"""The labels most likely to be true, where some items are harder for everybody.

    Rater :math:`r` is right on item :math:`i` with chance
    :math:`\sigma(a_r e^{b_i})`, where :math:`a` is the ability (below 0: worse
    than a coin) and :math:`e^{b}` the ease of the item; wrong labels are
    equally likely. Both have normal priors with mean and variance 1, as
    published. Each maximization is one damped Newton step for all abilities,
    then one for all items.

    The only model here that knows hard items. With few judgments an item the
    ease is mostly its prior. It knows no confusion between particular labels.

    Parameters
    ----------
    j, gold, ties, least, margin
        As in `dawid_skene`.
    max_iterations, tolerance
        Rounds at most; converged when no chance of a label moves by more.
    prevalence : {"uniform", "estimated"}
        Of the true labels.

    Returns
    -------
    Consensus
        ``.raters`` has ``ability`` besides; ``.labels`` has ``ease``, larger
        for easier items (the prior's middle is e = 2.72).

    References
    ----------
    Whitehill, Ruvolo, Wu, Bergsma and Movellan (2009), Advances in Neural
    Information Processing Systems 22, 2035-2043.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(40) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(40)]
    >>> made = glad(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> bool(made.raters["ability"].iloc[2] < made.raters["ability"].iloc[0])
    True
    """
    for option, given, allowed in (("gold", gold, get_args(Gold)), ("prevalence", prevalence, get_args(Prevalence))):
        if given not in allowed:
            raise BadOption.of(option, given, allowed)
    if int(max_iterations) < 1 or tolerance < 0:
        raise BadOption("max_iterations is at least 1, and tolerance is at least 0")
    made = votes(j)
    mask = accepted(j) if gold == "use" else None
    fit, ability, ease = _fitted(made, first_guess(made, mask), mask, prevalence, max_iterations, tolerance)
    fit = finished(made, fit, (), tolerance, gold_used=mask is not None)
    fit = replace(fit, raters=fit.raters.assign(ability=ability))
    done = settled(made, fit, ties=ties, least=least, margin=margin, seed=0)
    done.labels["ease"] = np.exp(ease)
    return done


def _fitted(
    made: Votes, p: Array, mask: np.ndarray | None, prevalence: Prevalence, max_iterations: int, tolerance: float
) -> tuple[Fit, Array, Array]:
    """Abilities and eases from the votes."""
    n_items, n_raters, n = len(made.items), len(made.raters), len(made.labels)
    item = np.repeat(np.arange(n_items), np.diff(made.given.indptr))
    rater, label = np.divmod(made.given.indices.astype(np.int64), n)
    times, cell = made.given.data, item * n + label
    ability, ease = np.ones(n_raters), np.ones(n_items)
    spread = np.log(max(n - 1, 1))
    done, change, log_likelihood = 0, np.inf, 0.0
    prior = np.full(n, 1 / n)
    while done < max_iterations and change > tolerance:
        done += 1
        right = p.ravel()[cell]
        beta = np.exp(ease)[item]
        chance = special.expit(ability[rater] * beta)
        slope = np.bincount(rater, times * beta * (right - chance), n_raters) - (ability - 1)
        bend = np.bincount(rater, times * beta**2 * chance * (1 - chance), n_raters) + 1
        ability = ability + np.clip(slope / bend, -1, 1)
        strength = ability[rater] * beta
        chance = special.expit(strength)
        slope = np.bincount(item, times * strength * (right - chance), n_items) - (ease - 1)
        bend = np.bincount(item, times * strength**2 * chance * (1 - chance), n_items) + 1
        ease = np.clip(ease + np.clip(slope / bend, -1, 1), -5, 5)
        strength = ability[rater] * np.exp(ease)[item]
        yes, no = -np.logaddexp(0, -strength), -np.logaddexp(0, strength) - spread
        if prevalence == "estimated":
            prior = p.mean(0)
        logs = np.bincount(cell, times * (yes - no), n_items * n).reshape(n_items, n)
        logs += np.bincount(item, times * no, n_items)[:, None] + np.log(np.maximum(prior, 1e-300))
        if mask is not None:
            logs[~mask] = -np.inf
        top = logs.max(1, keepdims=True)
        new = np.exp(logs - top)
        total = new.sum(1, keepdims=True)
        log_likelihood = float((top + np.log(total)).sum())
        new /= total
        change = float(np.abs(new - p).max())
        p = new
    counts = made.sums(p)
    tables = counts / np.maximum(counts.sum(1, keepdims=True), 1e-300)
    fit = Fit(p, prior, tables, None, log_likelihood, change <= tolerance, done, change, method="GLAD")
    return fit, ability, ease
