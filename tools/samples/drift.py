"""Ninety days of runs of an agent in which three things change, each for its own reason."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from .raters import labels_of

SCALE = labels_of("agent_task", "goals_met")
START = date(2026, 3, 2)
CHANGES = {"guideline change": 40, "drift of single raters": 55, "data drift": 70}
"""Day, from 0, on which each change was planted."""
RATER, SLICE = "r07", "mail"


def sample(seed: int = 20263) -> pd.DataFrame:
    """Draw the sample.

    Ten raters judge two fresh runs and two of forty anchors each on a
    working day, one of each on a weekend day. On day 40 version 2 of the
    guideline makes *none* of eight in ten runs that were *partly*; from day 55
    r07 gives six runs in ten one level less; from day 70 the runs in the slice
    mail are worse.

    >>> sample()["guideline"].unique().tolist()
    [1, 2]
    """
    rng = np.random.default_rng(seed)
    names = np.array(SCALE, dtype=object)
    usual, worse = (0.2, 0.35, 0.45), (0.65, 0.25, 0.1)
    anchors = rng.choice(3, size=40, p=usual)
    borderline = (anchors == 1) & (np.cumsum(anchors == 1) % 5 != 0)
    seen: dict[tuple[int, int], int] = {}
    parts = rng.choice(["web", "app", "mail"], size=40)
    turn = {r: rng.permutation(40) for r in range(10)}
    rows, fresh = [], 0
    for day in range(90):
        when = START + timedelta(days=day)
        version = 1 + (day >= CHANGES["guideline change"])
        each = 2 if when.weekday() < 5 else 1
        for r in range(10):
            name, locale = f"r{r + 1:02}", "fr-FR" if r < 5 else "de-DE"
            work = []
            for _ in range(each):
                i = int(turn[r][0])
                turn[r] = np.roll(turn[r], -1)
                seen[r, i] = seen.get((r, i), 0) + 1
                truth = 0 if version == 2 and borderline[i] else int(anchors[i])
                work.append((f"a{i + 1:02}", truth, names[truth], parts[i], seen[r, i]))
            for _ in range(each):
                fresh += 1
                part = rng.choice(["web", "app", "mail"])
                late = part == SLICE and day >= CHANGES["data drift"]
                truth = int(rng.choice(3, p=worse if late else usual))
                truth = 0 if version == 2 and truth == 1 and rng.random() < 0.8 else truth
                work.append((f"f{fresh:04}", truth, "", part, 1))
            for item, truth, gold, part, number in work:
                given = truth
                if rng.random() > 0.88:
                    given = 1 if truth != 1 else int(rng.choice([0, 2]))
                if name == RATER and day >= CHANGES["drift of single raters"] and rng.random() < 0.6:
                    given = max(given - 1, 0)
                rows.append((item, name, names[given], gold, when.isoformat(), version, part, locale, number))
    columns = ["item_id", "rater_id", "label", "gold", "rated_at", "guideline", "slice", "locale", "round"]
    return pd.DataFrame(rows, columns=columns)


def truth() -> dict[str, Any]:
    """Return the day, from 0, on which each change begins, whom it is about, and the accuracy of everybody else.

    >>> truth()["changes"]["data drift"]
    70
    """
    return {"start": START.isoformat(), "changes": CHANGES, "rater": RATER, "slice": SLICE, "accuracy": 0.88}


SAMPLES = {"drift": sample}
