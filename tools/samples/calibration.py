"""Two calibration rounds of twelve raters and a model judge, with an amended guideline between them."""

from typing import Any

import numpy as np
import pandas as pd

from .raters import QUALITY, Rater, gold_round

ACCURACY = (0.95, 0.93, 0.96, 0.92, 0.80, 0.94, 0.97, 0.91, 0.78, 0.95, 0.66, 0.55)
AFTER = {"r09": 0.93, "r11": 0.90}
EXPERTS = ("r01", "r03", "r07", "r10")
WRONG_GOLD = {1: (7,), 2: (19, 33)}
EARLY = ("r02", "r09")  # in round 2, before the amendment was in force


def team(round_number: int) -> list[Rater]:
    """Return who judges: twelve raters of two vendors and a model judge; r09 and r11 improve between the rounds.

    >>> [team(n)[10].accuracy for n in (1, 2)]
    [0.66, 0.9]
    """
    after = AFTER if round_number == 2 else {}
    raters = []
    for number, accuracy in enumerate(ACCURACY, start=1):
        name = f"r{number:02d}"
        lean = 0.95 if name == "r05" else 0.5
        raters.append(Rater(name, after.get(name, accuracy), lean, vendor="north" if number <= 6 else "south"))
    return [*raters, Rater("judge-a", 0.84, lean=0.1, rater_type="model")]


def sample(seed: int = 20261) -> pd.DataFrame:
    """Draw the sample: the team labels 60 gold items in round 1 and 60 others in round 2.

    Three gold answers are wrong: g108, g220 and g234. Guideline 1.1 follows
    round 1 on 9 March; r02 and r09 judge round 2 before it is in force.

    >>> sample().shape
    (1560, 11)
    """
    parts = [
        gold_round(team(number), QUALITY, items, wrong_gold=WRONG_GOLD[number], seed=seed + number).assign(
            round=number, slice=list(items["slice"]) * len(team(number))
        )
        for number, items in _items(seed).items()
    ]
    frame = pd.concat(parts, ignore_index=True)
    early = (frame["round"] == 2) & frame["rater_id"].isin(EARLY)
    later = (frame["round"] == 2) & ~early
    last = frame["rater_id"].isin(["r10", "r11", "r12"])
    return frame.assign(
        rated_at=np.select([early, later & last, later], ["2026-03-05", "2026-03-12", "2026-03-10"], "2026-03-02"),
        guideline=np.where(later, "1.1", "1.0"),
        role=np.where(frame["rater_id"].isin(EXPERTS), "expert", "rater"),
    )


def truth() -> dict[str, Any]:
    """Return what was set for each rater in each round, and what follows on the items drawn.

    ``accuracy`` is the chance of the true label on an item of no difficulty;
    ``on_items`` the share of true labels to expect on the round's items, ``strictness``
    the label minus the true label to expect, in steps.

    >>> [round(r["strictness"], 2) for r in truth()["raters"] if r["rater_id"] == "r05" and r["round"] == 2]
    [-0.13]
    """
    rows = []
    for number, items in _items(20261).items():
        true, hard = items["truth"].to_numpy(), items["difficulty"].to_numpy()
        for rater in team(number):
            right = rater.accuracy * (1 - hard)
            step = np.where(true == 0, 1.0, np.where(true == len(QUALITY) - 1, -1.0, 1 - 2 * rater.lean))
            rows.append(
                {
                    "round": number,
                    "rater_id": rater.rater_id,
                    "accuracy": rater.accuracy,
                    "on_items": float(right.mean()),
                    "strictness": float(((1 - right) * step).mean()),
                }
            )
    wrong = [f"g{number}{place + 1:02d}" for number, places in WRONG_GOLD.items() for place in places]
    return {"raters": rows, "experts": EXPERTS, "wrong_gold": wrong}


def _items(seed: int) -> dict[int, pd.DataFrame]:
    """The items of both rounds: true label, difficulty and slice."""
    rng = np.random.default_rng(seed)
    rounds = {}
    for number in (1, 2):
        truth = rng.choice(4, size=60, p=[0.15, 0.25, 0.4, 0.2])
        difficulty = np.where(rng.random(60) < 0.06, 0.45, 0.0)
        slices = rng.choice(["billing", "delivery", "returns"], size=60)
        ids = [f"g{number}{i:02d}" for i in range(1, 61)]
        rounds[number] = pd.DataFrame({"item_id": ids, "truth": truth, "difficulty": difficulty, "slice": slices})
    return rounds


SAMPLES = {"calibration": sample}
