"""Crowds whose truth is known: raters with tables of confusion, and raters who copy."""

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray


def confusing(accuracy: float, n_labels: int, *, near: float = 0.0) -> NDArray:
    """A table of confusion: right with one chance; of the errors a share goes to neighbours, the rest anywhere.

    Parameters
    ----------
    accuracy : float
        Chance of the true label.
    n_labels : int
    near : float
        Of the errors, the share that falls one step beside the truth.

    Returns
    -------
    ndarray, shape (n_labels, n_labels)
        Rows true labels, columns given ones.

    Examples
    --------
    >>> confusing(0.8, 3, near=1.0).round(2).tolist()
    [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]]
    """
    k = np.arange(n_labels)
    apart = np.abs(k[:, None] - k[None, :])
    beside, anywhere = (apart == 1).astype(float), (apart > 0).astype(float)
    beside /= beside.sum(1, keepdims=True)
    anywhere /= anywhere.sum(1, keepdims=True)
    return np.asarray(accuracy * np.eye(n_labels) + (1 - accuracy) * (near * beside + (1 - near) * anywhere))


def crowd(
    tables: NDArray,
    prevalence: NDArray,
    n_items: int,
    rng: np.random.Generator,
    *,
    per_item: int | None = None,
    copies: Mapping[int, tuple[int, float]] | None = None,
) -> pd.DataFrame:
    """Judgments of raters who answer independently given the truth, except those who copy.

    Parameters
    ----------
    tables : ndarray, shape (n_raters, n_labels, n_labels)
        Each rater's chances: rows true labels, columns given ones.
    prevalence : ndarray, shape (n_labels,)
        Of the true labels.
    n_items : int
    rng : numpy.random.Generator
    per_item : int, optional
        Raters an item, drawn anew for each; all of them by default.
    copies : mapping, optional
        Rater to the rater copied and the share of labels copied. Who is copied
        must not copy. The copier sees the label even where it is not kept.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label`` and ``truth`` (labels are numbers from 1, as text).

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> made = crowd(np.stack([confusing(1.0, 2)] * 3), np.array([0.5, 0.5]), 10, rng, per_item=2)
    >>> len(made), bool((made["label"] == made["truth"]).all())
    (20, True)
    """
    n_raters, n_labels = tables.shape[:2]
    truth = rng.choice(n_labels, n_items, p=prevalence)
    chances = np.cumsum(tables, axis=2)[:, truth]
    label = np.minimum((rng.random((n_raters, n_items))[..., None] > chances).sum(2), n_labels - 1)
    for copier, (source, share) in (copies or {}).items():
        label[copier] = np.where(rng.random(n_items) < share, label[source], label[copier])
    kept = np.ones((n_items, n_raters), bool)
    if per_item is not None and per_item < n_raters:
        kept = rng.random((n_items, n_raters)).argsort(1) < per_item
    item, rater = np.nonzero(kept)
    width = len(str(n_items))
    return pd.DataFrame(
        {
            "item_id": [f"i{i + 1:0{width}d}" for i in item],
            "rater_id": [f"r{r + 1:02d}" for r in rater],
            "label": [str(x + 1) for x in label[rater, item]],
            "truth": [str(x + 1) for x in truth[item]],
        }
    )
