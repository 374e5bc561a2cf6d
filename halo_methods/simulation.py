"""Raters whose truth is known, so that methods and samples can be held against it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .errors import HaloError


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


CALIBRATION_SCALE = ("poor", "fair", "good", "excellent")
_ACCURACY = (0.95, 0.93, 0.96, 0.92, 0.80, 0.94, 0.97, 0.91, 0.78, 0.95, 0.66, 0.55)
_AFTER = {"r09": 0.93, "r11": 0.90}


def calibration_team(round_number: int) -> list[Rater]:
    """Who judges in the calibration sample: twelve raters of two vendors and a model judge.

    Parameters
    ----------
    round_number : {1, 2}
        Between the rounds r09 and r11 improve.

    Examples
    --------
    >>> [calibration_team(n)[10].accuracy for n in (1, 2)]
    [0.66, 0.9]
    """
    after = _AFTER if round_number == 2 else {}
    team = []
    for number, accuracy in enumerate(_ACCURACY, start=1):
        name = f"r{number:02d}"
        lean = 0.95 if name == "r05" else 0.5
        team.append(Rater(name, after.get(name, accuracy), lean, vendor="north" if number <= 6 else "south"))
    return [*team, Rater("judge-a", 0.84, lean=0.1, rater_type="model")]


def calibration_sample(seed: int = 20261) -> pd.DataFrame:
    """The sample of the calibration chapter; its truth is described in ``data/samples/README.md``.

    The team of `calibration_team` labels 48 gold items in round 1 and 48
    others in round 2. Three gold answers are wrong: g108, g220 and g234.

    Returns
    -------
    pandas.DataFrame
        Columns as in `gold_round`, and ``round`` and ``slice``.

    Examples
    --------
    >>> calibration_sample().shape
    (1560, 8)
    """
    rng = np.random.default_rng(seed)
    parts = []
    for number, wrong in ((1, (7,)), (2, (19, 33))):
        truth = rng.choice(4, size=60, p=[0.15, 0.25, 0.4, 0.2])
        difficulty = np.where(rng.random(60) < 0.06, 0.45, 0.0)
        ids = [f"g{number}{i:02d}" for i in range(1, 61)]
        made = gold_round(
            calibration_team(number),
            CALIBRATION_SCALE,
            truth,
            item_ids=ids,
            difficulty=difficulty,
            wrong_gold=wrong,
            seed=seed + number,
        )
        slices = dict(zip(ids, rng.choice(["billing", "delivery", "returns"], size=60), strict=True))
        parts.append(made.assign(round=number, slice=made["item_id"].map(slices)))
    return pd.concat(parts, ignore_index=True)
