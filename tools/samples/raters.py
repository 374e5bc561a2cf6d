"""Raters whose accuracy and lean are set: what several samples share."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import yaml
from numpy.typing import NDArray

RUBRICS = Path(__file__).resolve().parents[2] / "data" / "rubrics"
QUALITY = ("poor", "fair", "good", "excellent")


def labels_of(rubric: str, criterion: str) -> tuple[str, ...]:
    """Return the labels of a criterion in order, as the shipped rubric names them.

    >>> labels_of("assistant_response", "helpful")
    ('no', 'partly', 'yes')
    """
    criteria = yaml.safe_load((RUBRICS / f"{rubric}.yml").read_text(encoding="utf-8"))["criteria"]
    return next(tuple(one["name"] for one in c["labels"]) for c in criteria if c["name"] == criterion)


@dataclass(frozen=True)
class Rater:
    """A rater who gives the true label with chance ``accuracy``, otherwise a neighbouring one.

    ``lean`` is the share of the wrong labels that fall below the true one: 1 is
    always too strict, 0 always too lenient.
    """

    rater_id: str
    accuracy: float
    lean: float = 0.5
    rater_type: str = "human"
    vendor: str = ""


def label(truth: NDArray, difficulty: NDArray, rater: Rater, n_labels: int, rng: np.random.Generator) -> NDArray:
    """Draw one rater's labels on an ordered scale.

    Right with chance accuracy × (1 - difficulty); at an end of the scale the only
    neighbour there is stands for both.

    >>> label(np.array([0, 1, 2]), np.zeros(3), Rater("a", accuracy=1.0), 3, np.random.default_rng(1)).tolist()
    [0, 1, 2]
    """
    right = rng.random(truth.size) < rater.accuracy * (1 - difficulty)
    step = np.where(rng.random(truth.size) < rater.lean, -1, 1)
    step = np.where(truth == 0, 1, np.where(truth == n_labels - 1, -1, step))
    return np.where(right, truth, truth + step)


def gold_round(
    raters: Sequence[Rater],
    labels: Sequence[str],
    items: pd.DataFrame,
    *,
    wrong_gold: Sequence[int] = (),
    seed: int = 0,
) -> pd.DataFrame:
    """Draw a calibration round: every rater judges every gold item once.

    ``items`` has ``item_id``, ``truth`` (a position in the scale) and
    ``difficulty``; the gold of the items at ``wrong_gold`` is one level off.

    >>> items = pd.DataFrame({"item_id": ["i1", "i2"], "truth": [0, 1], "difficulty": 0.0})
    >>> gold_round([Rater("a", 1.0)], ["no", "yes"], items)["label"].tolist()
    ['no', 'yes']
    """
    rng = np.random.default_rng(seed)
    truth, difficulty = items["truth"].to_numpy(), items["difficulty"].to_numpy()
    gold, off = truth.copy(), list(wrong_gold)
    gold[off] = np.where(truth[off] > 0, truth[off] - 1, truth[off] + 1)
    names = np.array(list(labels), dtype=object)
    parts = [
        pd.DataFrame(
            {
                "item_id": list(items["item_id"]),
                "rater_id": rater.rater_id,
                "label": names[label(truth, difficulty, rater, len(names), rng)],
                "gold": names[gold],
                "rater_type": rater.rater_type,
                "vendor": rater.vendor,
            }
        )
        for rater in raters
    ]
    return pd.concat(parts, ignore_index=True)
