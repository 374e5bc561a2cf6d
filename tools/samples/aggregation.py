"""A crowd whose truth is known: raters with tables of confusion, one who copies and one who does not look."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

SCALE = ("fine", "minor", "major", "critical")
ACCURACY = (0.86, 0.84, 0.83, 0.82, 0.80, 0.78, 0.74, 0.64, 0.64)
PREVALENCE = (0.62, 0.20, 0.12, 0.06)
CARELESS = (0.75, 0.15, 0.07, 0.03)
COPIER, COPIED, COPY_SHARE = 8, 7, 0.9


def confusing(accuracy: float, n_labels: int, *, near: float = 0.0) -> NDArray:
    """Return a table of confusion: rows true labels, columns given ones.

    Of the errors the share ``near`` falls one step beside the truth, the rest anywhere.

    >>> confusing(0.8, 3, near=1.0).round(2).tolist()
    [[0.8, 0.2, 0.0], [0.1, 0.8, 0.1], [0.0, 0.2, 0.8]]
    """
    k = np.arange(n_labels)
    distance = np.abs(k[:, None] - k[None, :])
    beside, anywhere = (distance == 1).astype(float), (distance > 0).astype(float)
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
    """Draw judgments of raters who answer independently given the truth, except those who copy.

    ``tables`` has one table of confusion per rater. ``per_item`` raters, drawn anew
    for each item, judge it; all of them by default. ``copies`` maps a rater to the
    rater copied and the share of labels copied. Who is copied must not copy; the
    copier sees the label even where it is not among those drawn.

    >>> rng = np.random.default_rng(1)
    >>> judged = crowd(np.stack([confusing(1.0, 2)] * 3), np.array([0.5, 0.5]), 10, rng, per_item=2)
    >>> len(judged), bool((judged["label"] == judged["truth"]).all())
    (20, True)
    """
    n_raters, n_labels = tables.shape[:2]
    truth = rng.choice(n_labels, n_items, p=prevalence)
    chances = np.cumsum(tables, axis=2)[:, truth]
    label = np.minimum((rng.random((n_raters, n_items))[..., None] > chances).sum(2), n_labels - 1)
    for copier, (source, share) in (copies or {}).items():
        label[copier] = np.where(rng.random(n_items) < share, label[source], label[copier])
    judges = np.ones((n_items, n_raters), bool)
    if per_item is not None and per_item < n_raters:
        judges = rng.random((n_items, n_raters)).argsort(1) < per_item
    item, rater = np.nonzero(judges)
    width = len(str(n_items))
    return pd.DataFrame(
        {
            "item_id": [f"i{i + 1:0{width}d}" for i in item],
            "rater_id": [f"r{r + 1:02d}" for r in rater],
            "label": [str(x + 1) for x in label[rater, item]],
            "truth": [str(x + 1) for x in truth[item]],
        }
    )


def with_truth(seed: int = 20262) -> pd.DataFrame:
    """Draw the sample and the true label of every item, as ``truth``.

    Ten raters grade the defects of 360 answers, five raters per answer. r09
    copies r08 nine times in ten, and r10 answers without looking. Every fourth
    item has gold.

    >>> with_truth().shape
    (1800, 7)
    """
    rng = np.random.default_rng(seed)
    tables = np.stack([*(confusing(a, 4, near=0.8) for a in ACCURACY), np.tile(CARELESS, (4, 1))])
    judged = crowd(tables, np.array(PREVALENCE), 360, rng, per_item=5, copies={COPIER: (COPIED, COPY_SHARE)})
    names = {str(k + 1): name for k, name in enumerate(SCALE)}
    true = judged["truth"].map(names)
    number = judged["item_id"].str[1:].astype(int)
    return judged[["item_id", "rater_id"]].assign(
        label=judged["label"].map(names),
        gold=true.where(number % 4 == 0),
        vendor=np.where(judged["rater_id"] <= "r05", "north", "south"),
        slice=np.where(number % 3 == 0, "mail", "chat"),
        truth=true,
    )


def sample(seed: int = 20262) -> pd.DataFrame:
    """Draw the sample."""
    return with_truth(seed).drop(columns="truth")


def truth() -> dict[str, Any]:
    """Return each rater's accuracy, the true labels, and who copies whom.

    The accuracy of the careless rater is the one at the prevalence set.

    >>> round(truth()["accuracy"]["r10"], 2)
    0.51
    """
    accuracy = {f"r{n + 1:02d}": a for n, a in enumerate(ACCURACY)} | {"r10": float(np.dot(PREVALENCE, CARELESS))}
    return {
        "accuracy": accuracy,
        "prevalence": dict(zip(SCALE, PREVALENCE, strict=True)),
        "copies": {"rater": "r09", "of": "r08", "share": COPY_SHARE},
        "labels": with_truth().drop_duplicates("item_id").set_index("item_id")["truth"].to_dict(),
    }


SAMPLES = {"aggregation": sample}
