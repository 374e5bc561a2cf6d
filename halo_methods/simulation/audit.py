"""The sample of the audit chapter: lots of two vendors, an auditor who errs, an expert."""

import numpy as np
import pandas as pd

from .. import audit
from ..judgments import as_judgments

AUDIT_LABELS = ("account", "delivery", "refund", "other")
AUDITOR_SENSITIVITY, AUDITOR_SPECIFICITY = 0.85, 0.98
LOT_SIZE, DRAWN = 320, 74
_NORTH = {"r01": 0.01, "r02": 0.03, "r03": 0.02, "r04": 0.04, "r05": 0.02, "r06": 0.03}
_SOUTH = {"r07": 0.05, "r08": 0.16, "r09": 0.25, "r10": 0.08, "r11": 0.30, "r12": 0.14}


def audit_rates() -> dict[str, dict[str, float]]:
    """Chance of a wrong label, by lot and rater; in lot S3 those of south are halved.

    Examples
    --------
    >>> {lot: round(sum(rates.values()) / len(rates), 4) for lot, rates in audit_rates().items()}
    {'N1': 0.025, 'N2': 0.025, 'N3': 0.025, 'S1': 0.1633, 'S2': 0.1633, 'S3': 0.0817}
    """
    lots = {f"N{week}": dict(_NORTH) for week in (1, 2, 3)} | {f"S{week}": dict(_SOUTH) for week in (1, 2)}
    return lots | {"S3": {rater: rate / 2 for rater, rate in _SOUTH.items()}}


def audit_sample(seed: int = 20265, *, truth: bool = False) -> pd.DataFrame:
    """The sample of the audit chapter; its truth is described in ``data/samples/README.md``.

    Six lots of 320 labels, 74 drawn from each by rater. The auditor finds 85%
    of errors and passes 98% of right labels. An expert, who is right, audits
    again 60% of the labels found wrong and 20% of the others.

    Parameters
    ----------
    seed : int
    truth : bool
        Add the column ``true_label``.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``stage``, ``round``, ``vendor``, ``lot``, ``locale``.

    Examples
    --------
    >>> audit_sample()["stage"].value_counts()["label"].item()
    1920
    """
    rng = np.random.default_rng(seed)
    parts, labels = [], np.array(AUDIT_LABELS, dtype=object)
    for lot, rates in audit_rates().items():
        right = rng.choice(4, LOT_SIZE, p=[0.3, 0.3, 0.25, 0.15])
        raters = np.resize(np.array(list(rates), dtype=object), LOT_SIZE)
        wrong = rng.random(LOT_SIZE) < np.array([rates[r] for r in raters])
        given = np.where(wrong, _other(right, rng), right)
        locale = rng.choice(["de-DE", "fr-FR"], LOT_SIZE)
        made = pd.DataFrame({"item_id": [f"{lot}-{i:03d}" for i in range(1, LOT_SIZE + 1)], "rater_id": raters,
                             "label": labels[given], "stage": "label", "round": "1",
                             "vendor": "north" if lot[0] == "N" else "south", "lot": lot,
                             "locale": locale, "true_label": labels[right]})  # fmt: skip
        drawn = audit.draw(as_judgments(made), DRAWN, by="rater_id", seed=lot).table["item_id"]
        parts += [made, *_audits(made[made["item_id"].isin(drawn)], rng)]
    table = pd.concat(parts, ignore_index=True)
    return table if truth else table.drop(columns="true_label")


def _other(right: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A wrong label: mostly the next one, so that kinds of errors stand out."""
    step = np.where(rng.random(right.size) < 0.7, 1, rng.integers(1, 4, right.size))
    return (right + step) % 4


def _audits(drawn: pd.DataFrame, rng: np.random.Generator) -> tuple[pd.DataFrame, pd.DataFrame]:
    labels = np.array(AUDIT_LABELS, dtype=object)
    place = {label: i for i, label in enumerate(AUDIT_LABELS)}
    given, right = (drawn[c].map(place).to_numpy() for c in ("label", "true_label"))
    wrong = given != right
    finds = rng.random(len(drawn)) < np.where(wrong, AUDITOR_SENSITIVITY, 1 - AUDITOR_SPECIFICITY)
    says = np.where(finds, np.where(wrong, right, _other(right, rng)), given)
    first = drawn.assign(rater_id="auditor", label=labels[says], stage="audit", vendor="")
    again = rng.random(len(drawn)) < np.where(says != given, 0.6, 0.2)
    second = drawn[again].assign(rater_id="expert", label=labels[right[again]], stage="audit", vendor="")
    return first, second.assign(round="2")
