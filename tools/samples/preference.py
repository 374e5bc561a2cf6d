"""Votes of 24 people on answers of four assistants, with a side that helps, length that helps, and a reward model."""

from typing import Any

import numpy as np
import pandas as pd
from scipy import special

SYSTEMS = ("aster", "birch", "cedar", "dahlia")
STRENGTH = {"chat": (0.8, 0.5, -0.2, -1.1), "code": (-0.2, 0.9, 0.2, -0.9)}
"""Log strengths by slice: aster leads in chat and is third in code."""
SIDE, PER_HUNDRED_WORDS, TIE = 0.25, 0.8, 0.5
VOTERS, ITEMS, VOTES, REPEATS = 24, 200, 8, 240
ALIKE = 0.55
"""Share of a vote's normal deviate that all votes on the same two answers have in common."""
SURE = 2.5
"""How many times too large the reward model's log odds are."""


def sample(seed: int = 20271) -> pd.DataFrame:
    """Draw the sample: eight votes on two pairs of answers to each of 200 prompts, and 240 votes again, sides changed.

    >>> sample().shape
    (1840, 10)
    """
    rng = np.random.default_rng(seed)
    words = np.exp(rng.normal(np.log([150, 190, 160, 140]), 0.35, (ITEMS, 4))).astype(int)
    common = rng.normal(size=(ITEMS, 4, 4))
    noise = rng.normal(size=(ITEMS, 4, 4))
    rows: list[tuple[Any, ...]] = []

    def vote(item: int, voter: int, left: int, right: int) -> None:
        kind = "code" if item % 2 else "chat"
        first, second = sorted((left, right))
        sign = 1 if left < right else -1
        odds = STRENGTH[kind][first] - STRENGTH[kind][second]
        odds += PER_HUNDRED_WORDS * (words[item, first] - words[item, second]) / 100
        weights = np.exp([(odds + sign * SIDE) / 2, np.log(TIE), -(odds + sign * SIDE) / 2])
        place = ALIKE**0.5 * common[item, first, second] + (1 - ALIKE) ** 0.5 * rng.normal()
        won = int((special.ndtr(place) > (weights / weights.sum()).cumsum()).sum())
        seen = SURE * (odds - common[item, first, second] + noise[item, first, second])
        rows.append(
            (f"q{item + 1:03d}", f"v{voter + 1:02d}", SYSTEMS[left], SYSTEMS[right],
             ("left", "tie", "right")[:: sign][won], kind, "fr-FR" if voter % 3 == 0 else "de-DE",
             words[item, left], words[item, right], round(float(special.expit(sign * seen)), 3))
        )  # fmt: skip

    for item in range(ITEMS):
        four = rng.permutation(4)
        for n, voter in enumerate(rng.choice(VOTERS, VOTES, replace=False)):
            two = four[:2] if n % 2 else four[2:]
            vote(item, voter, *(two if rng.random() < 0.5 else two[::-1]))
    for at in rng.choice(len(rows), REPEATS, replace=False):
        item, voter, left, right = rows[at][:4]
        vote(int(item[1:]) - 1, int(voter[1:]) - 1, SYSTEMS.index(right), SYSTEMS.index(left))
    columns = ["item_id", "rater_id", "left", "right", "winner", "slice", "locale", "left_words", "right_words",
               "probability"]  # fmt: skip
    return pd.DataFrame(rows, columns=columns)


def truth() -> dict[str, Any]:
    """Return the log strengths in each slice, and what else moves the votes on the log odds of the left answer.

    >>> truth()["effects"]["left"]
    0.25
    """
    strengths = [
        {"slice": kind, "system": name, "strength": value}
        for kind, values in STRENGTH.items()
        for name, value in zip(SYSTEMS, values, strict=True)
    ]
    return {"strengths": strengths, "effects": {"left": SIDE, "words": PER_HUNDRED_WORDS / 100}, "tie": TIE}


SAMPLES = {"preference": sample}
