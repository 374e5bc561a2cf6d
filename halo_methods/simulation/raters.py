"""Raters whose truth is known, so that methods and samples can be held against it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import HaloError


@dataclass(frozen=True)
class Rater:
    """One simulated rater.

    Attributes
    ----------
    rater_id : str
    accuracy : float
        Chance of the true label on an item of no difficulty.
    lean : float
        Of the wrong labels on an ordered scale, the share that falls below the
        true one: 1 is always too severe, 0 always too lenient, .5 neither.
    rater_type : {"human", "model"}
    vendor : str
    """

    rater_id: str
    accuracy: float
    lean: float = 0.5
    rater_type: str = "human"
    vendor: str = ""


def label(truth: NDArray, difficulty: NDArray, rater: Rater, n_labels: int, rng: np.random.Generator) -> NDArray:
    """One rater's labels on an ordered scale of ``n_labels``.

    The rater gives the true label with chance accuracy × (1 - difficulty);
    otherwise a neighbouring label, below it with chance ``lean``, and at an
    end of the scale the only neighbour there is.

    Parameters
    ----------
    truth : ndarray of int, shape (n_items,)
        True labels, from 0.
    difficulty : ndarray of float, shape (n_items,)
        From 0 to 1.
    rater : Rater
    n_labels : int
        At least two.
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of int, shape (n_items,)

    Examples
    --------
    >>> import numpy as np
    >>> sure = Rater("a", accuracy=1.0)
    >>> label(np.array([0, 1, 2]), np.zeros(3), sure, 3, np.random.default_rng(1)).tolist()
    [0, 1, 2]
    """
    if n_labels < 2:
        raise HaloError(f"a scale needs at least two labels; got {n_labels}")
    right = rng.random(truth.size) < rater.accuracy * (1 - difficulty)
    step = np.where(rng.random(truth.size) < rater.lean, -1, 1)
    step = np.where(truth == 0, 1, np.where(truth == n_labels - 1, -1, step))
    return np.where(right, truth, truth + step)


def gold_round(
    raters: Sequence[Rater],
    labels: Sequence[str],
    truth: NDArray,
    *,
    item_ids: Sequence[str],
    difficulty: NDArray | None = None,
    wrong_gold: Sequence[int] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """A calibration round: every rater judges every gold item once.

    Parameters
    ----------
    raters : sequence of Rater
    labels : sequence of str
        The scale, in order.
    truth : ndarray of int, shape (n_items,)
        True labels as positions in the scale.
    item_ids : sequence of str, length n_items
    difficulty : ndarray of float, optional
        From 0 (none) to 1; none by default.
    wrong_gold : sequence of int
        Positions of items whose gold is one level off (a mistake in the gold).
    seed : int

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``gold``, ``rater_type``, ``vendor``.

    Examples
    --------
    >>> import numpy as np
    >>> frame = gold_round([Rater("a", 1.0)], ["no", "yes"], np.array([0, 1]), item_ids=["i1", "i2"])
    >>> frame["label"].tolist()
    ['no', 'yes']
    """
    rng = np.random.default_rng(seed)
    truth = np.asarray(truth)
    hard = np.zeros(truth.size) if difficulty is None else np.asarray(difficulty, float)
    gold = truth.copy()
    off = list(wrong_gold)
    gold[off] = np.where(truth[off] > 0, truth[off] - 1, truth[off] + 1)
    names = np.array(list(labels), dtype=object)
    return pd.concat(
        [
            pd.DataFrame(
                {
                    "item_id": list(item_ids),
                    "rater_id": rater.rater_id,
                    "label": names[label(truth, hard, rater, len(names), rng)],
                    "gold": names[gold],
                    "rater_type": rater.rater_type,
                    "vendor": rater.vendor,
                }
            )
            for rater in raters
        ],
        ignore_index=True,
    )
