"""Lots of two vendors, an auditor who errs, and an expert who is right."""

import hashlib
from typing import Any

import numpy as np
import pandas as pd

LABELS = ("account", "delivery", "refund", "other")
SENSITIVITY, SPECIFICITY = 0.85, 0.98
LOT_SIZE, DRAWN = 320, 74
NORTH = {"r01": 0.01, "r02": 0.03, "r03": 0.02, "r04": 0.04, "r05": 0.02, "r06": 0.03}
SOUTH = {"r07": 0.05, "r08": 0.16, "r09": 0.25, "r10": 0.08, "r11": 0.30, "r12": 0.14}
RATES = {
    **{f"N{week}": NORTH for week in (1, 2, 3)},
    **{f"S{week}": SOUTH for week in (1, 2)},
    "S3": {rater: rate / 2 for rater, rate in SOUTH.items()},
}
"""Chance of a wrong label, by lot and rater."""


def with_truth(seed: int = 20265) -> pd.DataFrame:
    """Draw the sample and the right answer of every label, as ``true_label``.

    Six lots of 320 labels, 74 drawn from each by rater. The auditor finds 85%
    of errors and passes 98% of right labels. An expert, who is right, audits
    again 60% of the labels found wrong and 20% of the others.

    >>> with_truth()["stage"].value_counts()["label"].item()
    1920
    """
    rng = np.random.default_rng(seed)
    parts, labels = [], np.array(LABELS, dtype=object)
    for lot, rates in RATES.items():
        right = rng.choice(4, LOT_SIZE, p=[0.3, 0.3, 0.25, 0.15])
        raters = np.resize(np.array(list(rates), dtype=object), LOT_SIZE)
        wrong = rng.random(LOT_SIZE) < np.array([rates[r] for r in raters])
        given = np.where(wrong, _other(right, rng), right)
        locale = rng.choice(["de-DE", "fr-FR"], LOT_SIZE)
        work = pd.DataFrame(
            {
                "item_id": [f"{lot}-{i:03d}" for i in range(1, LOT_SIZE + 1)],
                "rater_id": raters,
                "label": labels[given],
                "stage": "label",
                "round": "1",
                "vendor": "north" if lot[0] == "N" else "south",
                "lot": lot,
                "locale": locale,
                "true_label": labels[right],
            }
        )
        parts += [work, *_audits(work[_drawn(work, lot)], rng)]
    return pd.concat(parts, ignore_index=True)


def sample(seed: int = 20265) -> pd.DataFrame:
    """Draw the sample."""
    return with_truth(seed).drop(columns="true_label")


def truth() -> dict[str, Any]:
    """Return the share of labels that are wrong, of all and by lot, and how well the auditor sees.

    >>> truth()["error_rates"]["N1"]
    0.04375
    """
    work = with_truth().query("stage == 'label'")
    wrong = work["label"] != work["true_label"]
    return {
        "error_rate": float(wrong.mean()),
        "error_rates": wrong.groupby(work["lot"]).mean().to_dict(),
        "chances": RATES,
        "sensitivity": SENSITIVITY,
        "specificity": SPECIFICITY,
    }


def _drawn(work: pd.DataFrame, lot: str) -> pd.Series:
    """Which labels are drawn: by rater in proportion, the smallest SHA-256 of the lot's name and the label's key."""
    keys = work[["item_id", "rater_id", "round"]].agg("\x1f".join, axis=1)
    number = keys.map(lambda key: hashlib.sha256(f"{lot}\x1f{key}".encode()).hexdigest())
    held = work["rater_id"].value_counts().sort_index()
    sizes = held * DRAWN // LOT_SIZE
    sizes[held.sort_values(ascending=False, kind="stable").index[: DRAWN - sizes.sum()]] += 1
    return number.groupby(work["rater_id"]).rank() <= work["rater_id"].map(sizes)


def _other(right: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A wrong label: mostly the next one, so that kinds of errors stand out."""
    step = np.where(rng.random(right.size) < 0.7, 1, rng.integers(1, 4, right.size))
    return (right + step) % 4


def _audits(drawn: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    labels = np.array(LABELS, dtype=object)
    place = {label: i for i, label in enumerate(LABELS)}
    given, right = (drawn[c].map(place).to_numpy() for c in ("label", "true_label"))
    wrong = given != right
    finds = rng.random(len(drawn)) < np.where(wrong, SENSITIVITY, 1 - SPECIFICITY)
    says = np.where(finds, np.where(wrong, right, _other(right, rng)), given)
    first = drawn.assign(rater_id="auditor", label=labels[says], stage="audit", vendor="")
    again = rng.random(len(drawn)) < np.where(says != given, 0.6, 0.2)
    second = drawn[again].assign(rater_id="expert", label=labels[right[again]], stage="audit", vendor="")
    return first, second.assign(round="2")


SAMPLES = {"audit": sample}
