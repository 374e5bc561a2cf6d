"""How well the data fix a rater's accuracy and confusion, when the truth itself is only estimated."""

import numpy as np
import pandas as pd

from ..stats import wilson
from .vote_table import Array, Votes


def informed(trials: Array, hidden: Array, chance: Array) -> Array:
    r"""The number of trials with known truth that would say as much.

    Louis' observed information is the complete one less what the hidden truth
    takes away: for a chance :math:`\theta` and items with probability
    :math:`p_i` of counting,
    :math:`n = \sum p_i - \sum p_i(1-p_i)(x_i-\theta)^2 / \theta(1-\theta)`.

    Examples
    --------
    >>> informed(np.array([10.0]), np.array([1.0]), np.array([0.5]))
    array([6.])
    """
    spread = chance * (1 - chance)
    lost = np.divide(hidden, spread, out=np.zeros_like(hidden), where=spread > 1e-9)
    made: Array = np.clip(trials - lost, 0.0, None)
    return made


def ends(chance: Array, size: Array) -> tuple[Array, Array]:
    """Wilson's interval at an effective size; from 0 to 1 where nothing is known."""
    some = size > 1e-6
    n = np.where(some, size, 1.0)
    low, high = wilson(chance * n, n)
    return np.where(some, low, 0.0), np.where(some, high, 1.0)


def rater_table(votes: Votes, posterior: Array) -> pd.DataFrame:
    """Each rater's estimated share of right judgments, with its interval."""
    labels = np.arange(len(votes.labels))
    n = votes.n_by_rater
    right = votes.sums(posterior)[:, labels, labels].sum(1)
    doubt = votes.sums(posterior * (1 - posterior))[:, labels, labels].sum(1)
    accuracy = np.clip(right / n, 0.0, 1.0)
    low, high = ends(accuracy, informed(n, doubt / 1.0, accuracy))
    return pd.DataFrame(
        {"rater_id": list(votes.raters), "n": n.astype(int), "accuracy": accuracy, "low": low, "high": high}
    )


def confusion_table(votes: Votes, posterior: Array, tables: Array) -> pd.DataFrame:
    """What each rater makes of each true label: long, with intervals."""
    weight = np.moveaxis(votes.sums(posterior), 2, 1)
    doubt = np.moveaxis(votes.sums(posterior * (1 - posterior)), 2, 1)
    chance = np.clip(np.moveaxis(tables, 2, 1), 0.0, 1.0)
    all_weight, all_doubt = weight.sum(2, keepdims=True), doubt.sum(2, keepdims=True)
    hidden = doubt * (1 - chance) ** 2 + (all_doubt - doubt) * chance**2
    low, high = ends(chance, informed(np.broadcast_to(all_weight, chance.shape), hidden, chance))
    r, k, given = np.indices(chance.shape).reshape(3, -1)
    labels = np.array([*votes.labels], dtype=object)
    raters = np.array([*votes.raters], dtype=object)
    columns = {"rater_id": raters[r], "true": labels[k], "given": labels[given], "probability": chance.ravel()}
    return pd.DataFrame(columns | {"low": low.ravel(), "high": high.ravel()})
