"""Eighteen raters of three markets who differ for reasons that are planted."""

from typing import Any

import numpy as np
import pandas as pd

SCALE = ("1", "2", "3", "4", "5")
LOCALES = ("en-GB", "en-IN", "en-US")
UNCLEAR_CLAUSE, OWN_VIEW_CLAUSE = "3.2", "4.1"
CLAUSES = ("1.1", "1.2", "2.1", "2.2", "3.1", "3.2", "4.1", "4.2")
STRICTNESS = {"r03": -1, "r12": 1}
NOISE = {"r07": 0.5, "r15": 0.5}


def truth() -> dict[str, Any]:
    """Return how much disagreement is planted by source, before labels are cut to the scale.

    Half the expected squared difference of two raters' labels on one item is
    the sum of these, in squared steps. Items under the unclear clause are held
    to be as ambiguous as others on average; what they have above that is the
    clause's.

    >>> {name: round(amount, 2) for name, amount in truth()["sources"].items()}
    {'strictness': 0.12, 'noise': 0.23, 'perspective': 0.1, 'clause': 0.12, 'item': 0.12}
    """
    reading = 18 / 17
    ambiguous = 20 / 175 * reading
    sources = {
        "strictness": 2 / 17,
        "noise": (16 * 0.2 + 2 * 0.5) / 18,
        "perspective": 20 / 200 * 0.75 * 4 / 3,
        "clause": 25 / 200 * (reading - ambiguous),
        "item": ambiguous,
    }
    return {"sources": sources, "unclear_clause": UNCLEAR_CLAUSE, "own_view_clause": OWN_VIEW_CLAUSE}


def sample(seed: int = 20263) -> pd.DataFrame:
    """Draw the sample: labels of 200 answers from 1 to 5.

    Nine raters per item, three from each market; each rater judges 20 of the items
    again in round 2. Labels are whole steps: a level of the item, plus the
    rater's strictness, plus on some items a market's view, a reading of the
    unclear clause or of the item, plus noise of one step.

    >>> sample().shape
    (2160, 7)
    """
    rng = np.random.default_rng(seed)
    n = 200
    names = np.array([f"r{k:02d}" for k in range(1, 19)])
    market = np.arange(18) % 3
    clause = np.array(CLAUSES)[np.arange(n) % 8]
    level = rng.choice([2, 3, 4], size=n, p=[0.3, 0.4, 0.3])
    ambiguous = rng.choice(np.flatnonzero(~np.isin(clause, (UNCLEAR_CLAUSE, OWN_VIEW_CLAUSE))), 20, replace=False)
    split = np.flatnonzero(clause == OWN_VIEW_CLAUSE)[:20]

    def halves(size: int) -> np.ndarray:
        return np.stack([rng.permutation(np.repeat([-1, 1], 9)) for _ in range(size)])

    shift = np.zeros((n, 18), dtype=int)
    shift[clause == UNCLEAR_CLAUSE] = halves(1)[0]
    shift[ambiguous] = halves(20)
    up = np.where(level[split] <= 3, 2, -2)
    shift[split] = np.where(market == rng.integers(0, 3, 20)[:, None], up[:, None], 0)
    strictness = np.array([STRICTNESS.get(name, 0) for name in names])
    steady = level[:, None] + shift + strictness
    chosen = np.sort(
        np.concatenate(
            [np.flatnonzero(market == m)[np.argsort(rng.random((n, 6)), axis=1)[:, :3]] for m in range(3)], axis=1
        )
    )
    item, rater = np.repeat(np.arange(n), 9), chosen.ravel()
    again = np.concatenate([rng.choice(np.flatnonzero(rater == r), 20, replace=False) for r in range(18)])
    item, rater = np.concatenate([item, item[again]]), np.concatenate([rater, rater[again]])
    often = np.array([NOISE.get(name, 0.2) for name in names])[rater]
    noise = np.where(rng.random(item.size) < often, rng.choice([-1, 1], size=item.size), 0)
    return pd.DataFrame(
        {
            "item_id": [f"a{i + 1:03d}" for i in item],
            "rater_id": names[rater],
            "label": np.clip(steady[item, rater] + noise, 1, 5),
            "round": np.where(np.arange(item.size) < 9 * n, 1, 2),
            "clause": clause[item],
            "locale": np.array(LOCALES)[market[rater]],
            "slice": np.array(["chat", "mail"])[item % 2],
        }
    )


SAMPLES = {"disagreement": sample}
