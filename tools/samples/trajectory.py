"""Two agents that run each of thirty tasks four times, judged step by step, with a verifier that is too kind."""

from typing import Any

import numpy as np
import pandas as pd

SCENARIOS, RUNS = 30, 4
TASKS = {"delta": (6, 2), "echo": (3, 2)}
"""Parameters of the beta distribution that the chance of success of a task is drawn from, by system."""
CODES = {"wrong_tool": 0.30, "wrong_argument": 0.35, "ignored_result": 0.20, "over_limit": 0.15}
RATERS = ("r1", "r2", "r3", "r4", "r5")
FINDS, NEXT = 0.75, 0.15
"""Chance that a rater names the first error, or the step after it; otherwise the rater finds none."""
LUCKY = 0.15
"""Share of successes with an error on the way, from which the agent recovered."""
SENSITIVITY, SPECIFICITY = 0.96, 0.80
INVALID = 0.03
COLUMNS = ["trajectory_id", "step", "rater_id", "label", "irreversible", "recovered", "scenario", "run", "system",
           "outcome", "verifier", "valid", "cost"]  # fmt: skip


def sample(seed: int = 20284) -> pd.DataFrame:
    """Draw the sample.

    >>> sample()["trajectory_id"].nunique()
    240
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    for scenario in range(SCENARIOS):
        length = int(rng.integers(3, 9))
        for system, ends in TASKS.items():
            chance = rng.beta(*ends)
            for run in range(RUNS):
                rows += _run(rng, scenario, system, run, length + int(rng.integers(3)), chance)
    return pd.DataFrame(rows, columns=COLUMNS)


def truth() -> dict[str, Any]:
    """Return the chance that all of k runs of a task succeed, by system, and how well the verifier sees.

    >>> round(truth()["pass"]["delta"]["4"], 3)
    0.382
    """
    made: dict[str, dict[str, float]] = {}
    for system, (a, b) in TASKS.items():
        each = [(a + i) / (a + b + i) for i in range(RUNS)]
        made[system] = {str(k): float(np.prod(each[:k])) for k in range(1, RUNS + 1)}
    return {"pass": made, "verifier": {"sensitivity": SENSITIVITY, "specificity": SPECIFICITY}}


def _run(
    rng: np.random.Generator, scenario: int, system: str, run: int, length: int, chance: float
) -> list[tuple[Any, ...]]:
    """The judged steps of one run: every fourth run by one rater, the others by two."""
    success = rng.random() < chance
    broken = rng.random() < (LUCKY if success else 1)
    first = int(rng.integers(1, length + 1)) if broken else 0
    code = str(rng.choice(list(CODES), p=list(CODES.values())))
    hard = [bool(x) for x in rng.random(length) < 0.2]
    valid = bool(rng.random() >= INVALID)
    passed = rng.random() < (SENSITIVITY if success else 1 - SPECIFICITY)
    cost = round(float(0.02 * length * rng.lognormal(0, 0.3)), 3)
    ended = map(_word, (success and valid, bool(passed) and valid, valid))
    of_run = (f"s{scenario + 1:02d}", str(run + 1), system, *ended, cost)
    rows = []
    for rater in rng.choice(RATERS, 1 if run == RUNS - 1 else 2, replace=False):
        seen = rng.random()
        named = first if seen < FINDS else min(first + 1, length) if first and seen < FINDS + NEXT else 0
        for step in range(1, length + 1):
            label, back = (code, _word(success)) if named == step else ("ok", "")
            judged = (f"s{scenario + 1:02d}-{system}-{run + 1}", step, str(rater), label, _word(hard[step - 1]), back)
            rows.append((*judged, *of_run))
    return rows


def _word(said: bool) -> str:
    return "yes" if said else "no"


SAMPLES = {"trajectory": sample}
