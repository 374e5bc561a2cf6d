"""The sample of the calibration chapter."""

import numpy as np
import pandas as pd

from .raters import Rater, gold_round

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
