"""The sample of the calibration chapter."""

import numpy as np
import pandas as pd

from .raters import Rater, gold_round

CALIBRATION_SCALE = ("poor", "fair", "good", "excellent")
_ACCURACY = (0.95, 0.93, 0.96, 0.92, 0.80, 0.94, 0.97, 0.91, 0.78, 0.95, 0.66, 0.55)
_AFTER = {"r09": 0.93, "r11": 0.90}
_EXPERTS = ("r01", "r03", "r07", "r10")
_WRONG_GOLD = {1: (7,), 2: (19, 33)}
_EARLY = ("r02", "r09")  # in round 2, before the amendment was in force


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

    The team of `calibration_team` labels 60 gold items in round 1 and 60
    others in round 2. Three gold answers are wrong: g108, g220 and g234.
    Guideline 1.1 follows round 1 on 9 March; r02 and r09 judge round 2 before
    it is in force. r01, r03, r07 and r10 are marked as experts.

    Returns
    -------
    pandas.DataFrame
        Columns as in `gold_round`, and ``round``, ``slice``, ``rated_at``,
        ``guideline`` and ``role``.

    Examples
    --------
    >>> calibration_sample().shape
    (1560, 11)
    """
    parts = [
        gold_round(
            calibration_team(number),
            CALIBRATION_SCALE,
            items["truth"].to_numpy(),
            item_ids=list(items["item_id"]),
            difficulty=items["difficulty"].to_numpy(),
            wrong_gold=_WRONG_GOLD[number],
            seed=seed + number,
        ).assign(round=number, slice=list(items["slice"]) * len(calibration_team(number)))
        for number, items in _items(seed).items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    early = (frame["round"] == 2) & frame["rater_id"].isin(_EARLY)
    later = (frame["round"] == 2) & ~early
    last = frame["rater_id"].isin(["r10", "r11", "r12"])
    return frame.assign(
        rated_at=np.select([early, later & last, later], ["2026-03-05", "2026-03-12", "2026-03-10"], "2026-03-02"),
        guideline=np.where(later, "1.1", "1.0"),
        role=np.where(frame["rater_id"].isin(_EXPERTS), "expert", "rater"),
    )


def calibration_truth(round_number: int, seed: int = 20261) -> pd.DataFrame:
    """What is true of each rater on the items of a round of the sample, before chance: accuracy and severity.

    Parameters
    ----------
    round_number : {1, 2}

    Returns
    -------
    pandas.DataFrame
        ``rater_id``, ``accuracy`` (share of true labels to expect),
        ``severity`` (label minus true label to expect, in steps).

    Examples
    --------
    >>> float(calibration_truth(2).set_index("rater_id").loc["r05", "severity"].round(2))
    -0.13
    """
    items = _items(seed)[round_number]
    truth, hard = items["truth"].to_numpy(), items["difficulty"].to_numpy()
    top = len(CALIBRATION_SCALE) - 1
    rows = []
    for rater in calibration_team(round_number):
        right = rater.accuracy * (1 - hard)
        step = np.where(truth == 0, 1.0, np.where(truth == top, -1.0, 1 - 2 * rater.lean))
        rows.append((rater.rater_id, right.mean(), ((1 - right) * step).mean()))
    return pd.DataFrame(rows, columns=["rater_id", "accuracy", "severity"])


def _items(seed: int) -> dict[int, pd.DataFrame]:
    """The items of both rounds: true label, difficulty and slice."""
    rng = np.random.default_rng(seed)
    made = {}
    for number in (1, 2):
        truth = rng.choice(4, size=60, p=[0.15, 0.25, 0.4, 0.2])
        difficulty = np.where(rng.random(60) < 0.06, 0.45, 0.0)
        slices = rng.choice(["billing", "delivery", "returns"], size=60)
        ids = [f"g{number}{i:02d}" for i in range(1, 61)]
        made[number] = pd.DataFrame({"item_id": ids, "truth": truth, "difficulty": difficulty, "slice": slices})
    return made
