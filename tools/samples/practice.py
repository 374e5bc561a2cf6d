"""What colleagues gave in practice: simulated, one file for the practice of every language."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

PRACTICE = Path(__file__).resolve().parents[2] / "data" / "practice"
RIGHT = {"easy": 0.9, "edge": 0.7, "trap": 0.55}
COLLEAGUES = 30


def sample(seed: int = 20269) -> pd.DataFrame:
    """Draw the labels of thirty colleagues for each practice item of each language.

    A colleague gives the gold label with the chance of the item's kind in `RIGHT`, otherwise one of the criterion's
    other labels, each as likely. A language draws with its own seed, so that a new one changes no other.

    >>> sorted(sample().columns)
    ['criterion', 'item_id', 'label', 'rater_id']
    """
    rows = []
    for path in sorted(PRACTICE.glob("*.yml")):
        rubric = yaml.safe_load(path.read_text(encoding="utf-8"))
        rng = np.random.default_rng([seed, *path.stem.encode()])
        labels = {c["name"]: [label["name"] for label in c["labels"]] for c in rubric["criteria"]}
        for example in rubric["examples"]:
            for criterion, judged in example["labels"].items():
                others = [label for label in labels[criterion] if label != judged["label"]]
                for n in range(COLLEAGUES):
                    right = rng.random() < RIGHT[example["kind"]]
                    label = judged["label"] if right else others[rng.integers(len(others))]
                    rows.append((f"{rubric['name']}/{example['name']}", f"c{n + 1:02d}", criterion, label))
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "criterion", "label"])


def truth() -> dict[str, Any]:
    """Return with what chance a colleague gives the gold label, by the kind of item.

    >>> truth()["right"]["easy"]
    0.9
    """
    return {"right": RIGHT, "colleagues": COLLEAGUES}


SAMPLES = {"practice": sample}
