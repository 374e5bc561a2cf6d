"""A model judge on the answers of two versions of an assistant, beside six people on a third of them."""

from typing import Any

import numpy as np
import pandas as pd

SEED = 20270
LABELS = ("ok", "faulty")
FAULTY = {"v3": 0.35, "v4": 0.30}
RIGHT = 0.93  # a person's chance of the true label
FINDS, FLAGS_OK = 0.90, 0.08  # judge-a, on an answer of usual length by another model
LENGTH, OWN = 0.06, 0.20  # what it flags less: per standard deviation of length; a faulty answer of its own model
REPEATS, KEEPS = 150, 0.94
PEOPLE = tuple(f"r{k}" for k in range(1, 7))


def sample(seed: int = SEED) -> pd.DataFrame:
    """Draw the sample: 600 answers per version, judge-a on all, judge-b and two of six people on 200 of each.

    Judge-a judges 150 answers again in round 2. Version v4 is by the model that judge-a is.

    >>> sample().shape
    (2550, 8)
    """
    rng = np.random.default_rng(seed)
    parts = []
    for system, share in FAULTY.items():
        faulty = rng.random(600) < share
        z = rng.normal(size=600)
        items = pd.DataFrame({"item_id": [f"{system}-{i:03d}" for i in range(1, 601)], "system": system})
        items["length"], items["own"] = np.round(np.exp(5 + 0.4 * z)).astype(int), "yes" if system == "v4" else "no"
        chance = np.where(faulty, FINDS - (OWN if system == "v4" else 0), FLAGS_OK) - LENGTH * z
        flags = rng.random(600) < np.clip(chance, 0.01, 0.99)
        sure = np.round(rng.uniform(0.85, 0.99, 600), 2)
        parts.append(_rows(items, "judge-a", flags, "model", sure))
        again = np.sort(rng.choice(600, REPEATS // 2, replace=False))
        kept = np.where(rng.random(len(again)) < KEEPS, flags[again], ~flags[again])
        parts.append(_rows(items.iloc[again], "judge-a", kept, "model", sure[again], 2))
        labelled = np.sort(rng.choice(600, 200, replace=False))
        other = np.where(rng.random(200) < 0.85, faulty[labelled], ~faulty[labelled])
        other = np.where(rng.random(200) < 0.5, flags[labelled], other)
        parts.append(_rows(items.iloc[labelled], "judge-b", other, "model"))
        for turn in range(2):
            said = np.where(rng.random(200) < RIGHT, faulty[labelled], ~faulty[labelled])
            who = np.array(PEOPLE)[(np.arange(200) % 15 + turn * (1 + np.arange(200) % 5)) % 6]
            parts.append(_rows(items.iloc[labelled], who, said, "human"))
    return pd.concat(parts, ignore_index=True)


def _rows(items: pd.DataFrame, who: Any, faulty: Any, kind: str, sure: Any = None, turn: int = 1) -> pd.DataFrame:
    rows = items.assign(rater_id=who, label=np.array(LABELS)[np.asarray(faulty).astype(int)], rater_type=kind)
    rows["confidence"] = "" if sure is None else [f"{x:.2f}" for x in sure]
    return rows.assign(round=turn)[
        ["item_id", "rater_id", "label", "rater_type", "round", "system", "length", "confidence"]
    ]


def truth() -> dict[str, Any]:
    """Return the share that people of this kind call faulty, by version and over both; and what was planted.

    >>> truth()["rates"]["v3"]
    0.371
    """
    rates = {system: round(p * RIGHT + (1 - p) * (1 - RIGHT), 10) for system, p in FAULTY.items()}
    rates["both"] = sum(rates.values()) / len(FAULTY)
    planted = {"length": -LENGTH, "own": -OWN, "repeats": KEEPS}
    return {"rates": rates, "finds": FINDS, "flags_ok": FLAGS_OK, "planted": planted}


SAMPLES = {"llm_judge": sample}
