"""When aggregation fails: few labels per item, raters who copy, one label that dominates.

    PYTHONPATH=tools python benchmarks/study_aggregation.py             writes results/study_aggregation.csv
    PYTHONPATH=tools python benchmarks/study_aggregation.py --rounds 4  fewer rounds; prints, writes nothing

Each round draws raters and 300 items anew. Accuracy is the share of items given
the true label (ties by the order of the scale), confidence the mean probability
of the label given; both are means over rounds with t intervals. ``flagged`` is the share of
rounds in which the test of dependence rejects at .05, with Wilson's interval; it
is made in the first two thirds of the rounds, once for all methods.
"""

import argparse
import csv
from pathlib import Path
from typing import Any

import numpy as np
from samples.aggregation import confusing, crowd
from scipy import stats

from halo_methods import aggregation, as_judgments
from halo_methods.stats import wilson

RESULTS = Path(__file__).parent / "results" / "study_aggregation.csv"
ITEMS = 300
METHODS = {
    "majority": aggregation.majority,
    "Dawid-Skene": aggregation.dawid_skene,
    "Dawid-Skene, smoothed": lambda j: aggregation.dawid_skene(j, options=aggregation.EMOptions(smoothing=1)),
    "one coin": aggregation.one_coin,
    "MACE": aggregation.mace,
    "GLAD": aggregation.glad,
    "ordered errors": aggregation.ordinal,
}
# what fails, setting, raters, labels, range of accuracies, raters an item, copies, prevalence
THREE = (1 / 3, 1 / 3, 1 / 3)
SETTINGS = (
    ("few labels per item", "2", 30, (0.55, 0.9), 2, {}, THREE),
    ("few labels per item", "3", 30, (0.55, 0.9), 3, {}, THREE),
    ("few labels per item", "5", 30, (0.55, 0.9), 5, {}, THREE),
    ("few labels per item", "9", 30, (0.55, 0.9), 9, {}, THREE),
    ("raters of seven who give one answer", "none", 7, (0.55, 0.75), None, {}, THREE),
    ("raters of seven who give one answer", "2", 7, (0.55, 0.75), None, {6: (5, 1.0)}, THREE),
    ("raters of seven who give one answer", "3", 7, (0.55, 0.75), None, {6: (4, 1.0), 5: (4, 1.0)}, THREE),
    ("share of the commonest label", ".5", 7, (0.6, 0.9), None, {}, (0.5, 0.3, 0.2)),
    ("share of the commonest label", ".8", 7, (0.6, 0.9), None, {}, (0.8, 0.15, 0.05)),
    ("share of the commonest label", ".95", 7, (0.6, 0.9), None, {}, (0.95, 0.04, 0.01)),
)


def one_round(setting: tuple, seed: int) -> tuple[Any, np.ndarray]:
    """Judgments of one round and the truth of its items."""
    _, name, n, (low, high), per_item, copies, prevalence = setting
    rng = np.random.default_rng([seed, n, per_item or 0, len(copies), int(1000 * prevalence[0]), len(name)])
    tables = np.stack([confusing(a, 3, near=0.7) for a in rng.uniform(low, high, n)])
    frame = crowd(tables, np.array(prevalence), ITEMS, rng, per_item=per_item, copies=copies)
    j = as_judgments(frame[["item_id", "rater_id", "label"]], scale=["1", "2", "3"], level="ordinal")
    return j, frame.drop_duplicates("item_id")["truth"].to_numpy()


def study(setting: tuple, rounds: int) -> list[dict[str, Any]]:
    """A row a method."""
    found = np.zeros((len(METHODS), rounds, 2))
    flags = []
    for n in range(rounds):
        j, truth = one_round(setting, n)
        for m, way in enumerate(METHODS.values()):
            made = way(j).decide(ties="first")
            found[m, n] = (made.labels["label"].to_numpy() == truth).mean(), made.labels["probability"].mean()
        if n < 2 * rounds / 3:
            flags.append(made.dependence.p_value < 0.05)
    low, high = wilson(sum(flags), len(flags))
    rows = []
    for m, method in enumerate(METHODS):
        mean = found[m].mean(0)
        half = stats.t.ppf(0.975, rounds - 1) * found[m].std(0, ddof=1) / np.sqrt(rounds)
        row = {"failure": setting[0], "setting": setting[1], "method": method, "rounds": rounds}
        for k, name in enumerate(("accuracy", "confidence")):
            row |= {name: mean[k], f"{name}_low": mean[k] - half[k], f"{name}_high": min(mean[k] + half[k], 1.0)}
        row |= {"flagged": np.mean(flags), "flagged_low": float(low), "flagged_high": float(high)}
        rows.append({k: round(float(v), 4) if isinstance(v, float) else v for k, v in row.items()})
    return rows


def main() -> None:
    """Prints a line a method; with all rounds writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=24)
    rounds = parser.parse_args().rounds
    table: list[dict[str, Any]] = []
    for setting in SETTINGS:
        table += study(setting, rounds)
        for row in table[-len(METHODS) :]:
            print("; ".join(f"{k} {v}" for k, v in row.items()), flush=True)
    if rounds >= 24:
        with RESULTS.open("w", newline="", encoding="utf-8") as file:
            file.write("# made by: python benchmarks/study_aggregation.py\n")
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    main()
