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


AGGREGATION_SCALE = ("fine", "minor", "major", "critical")
_ACCURACY = (0.86, 0.84, 0.83, 0.82, 0.80, 0.78, 0.74, 0.64, 0.64)
_PREVALENCE = (0.62, 0.20, 0.12, 0.06)
_CARELESS = (0.75, 0.15, 0.07, 0.03)


def aggregation_sample(seed: int = 20262, *, truth: bool = False) -> pd.DataFrame:
    """The sample of the chapter on aggregation; its truth is described in ``data/samples/README.md``.

    Ten raters grade the defects of 360 answers, five raters an answer. r09
    copies r08 nine times in ten, and r10 answers without looking. Every fourth
    item has gold.

    Parameters
    ----------
    seed : int
    truth : bool
        Whether the true label of every item is added, as ``truth``.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``gold``, ``vendor``, ``slice``.

    Examples
    --------
    >>> aggregation_sample().shape
    (1800, 6)
    """
    rng = np.random.default_rng(seed)
    tables = np.stack([*(confusing(a, 4, near=0.8) for a in _ACCURACY), np.tile(_CARELESS, (4, 1))])
    made = crowd(tables, np.array(_PREVALENCE), 360, rng, per_item=5, copies={8: (7, 0.9)})
    names = {str(k + 1): name for k, name in enumerate(AGGREGATION_SCALE)}
    label, true = made["label"].map(names), made["truth"].map(names)
    number = made["item_id"].str[1:].astype(int)
    frame = made[["item_id", "rater_id"]].assign(
        label=label,
        gold=true.where(number % 4 == 0),
        vendor=np.where(made["rater_id"] <= "r05", "north", "south"),
        slice=np.where(number % 3 == 0, "mail", "chat"),
    )
    return frame.assign(truth=true) if truth else frame


def aggregation_accuracy() -> dict[str, float]:
    """True accuracy of each rater in the sample, the careless one's at the sample's prevalence.

    Examples
    --------
    >>> round(aggregation_accuracy()["r10"], 2)
    0.51
    """
    made = {f"r{n + 1:02d}": a for n, a in enumerate(_ACCURACY)}
    return {**made, "r10": float(np.dot(_PREVALENCE, _CARELESS))}
