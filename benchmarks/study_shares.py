"""How often the interval of a share over items and raters holds the true share.

    python benchmarks/study_shares.py            writes benchmarks/results/study_shares.csv

Raters differ in ability and items in difficulty, both normal about a mean share; the true share is the mean
over raters and items to come. The probability of each judgment is cut at 0 and 1, and the truth is worked out
from the cut probabilities by drawing a million of them.
"""

import argparse
from pathlib import Path

import numpy as np
import pandas as pd

from halo_methods.stats import change, two_way_share

DESIGNS = ((6, 40, 0.05, 0.0), (6, 40, 0.08, 0.10), (12, 60, 0.06, 0.10), (30, 60, 0.06, 0.10))
MEAN = 0.85
RESULTS = Path(__file__).parent / "results" / "study_shares.csv"


def true_share(rater_sd: float, item_sd: float, mean: float = MEAN) -> float:
    """The mean of the probabilities after they are cut at 0 and 1."""
    rng = np.random.default_rng(0)
    draws = mean + rng.normal(0, rater_sd, 1_000_000) + rng.normal(0, item_sd, 1_000_000)
    return float(np.clip(draws, 0, 1).mean())


def table_of(rng: np.random.Generator, raters: int, items: int, rater_sd: float, item_sd: float) -> np.ndarray:
    """One table of right (1) and wrong (0) judgments, shape (raters, items)."""
    p = MEAN + rng.normal(0, rater_sd, (raters, 1)) + rng.normal(0, item_sd, (1, items))
    return (rng.random((raters, items)) < np.clip(p, 0, 1)).astype(int)


def coverage(design: tuple[int, int, float, float], rounds: int, seed: int = 1) -> dict[str, float]:
    """Share of rounds in which the interval holds the truth, and its mean width."""
    raters, items, rater_sd, item_sd = design
    truth, rng = true_share(rater_sd, item_sd), np.random.default_rng(seed)
    who, what = np.repeat(np.arange(raters), items), np.tile(np.arange(items), raters)
    estimates = [two_way_share(table_of(rng, *design).ravel(), who, what) for _ in range(rounds)]
    held = np.mean([e.low <= truth <= e.high for e in estimates])
    width = np.mean([e.high - e.low for e in estimates])
    return {"covers": float(held), "width": float(width)}


def change_coverage(design: tuple[int, int, float, float], rounds: int, seed: int = 2) -> dict[str, float]:
    """The same for after minus before: other items, the same raters, who all gain .05."""
    raters, items, rater_sd, item_sd = design
    rng = np.random.default_rng(seed)
    who, what = np.repeat(np.arange(raters), items), np.tile(np.arange(items), raters)
    held, width = [], []
    for _ in range(rounds):
        ability = MEAN - 0.1 + rng.normal(0, rater_sd, (raters, 1))
        learned = 0.05 + rng.normal(0, 0.03, (raters, 1))
        sides = [ability, ability + learned]
        y = [rng.random((raters, items)) < np.clip(s + rng.normal(0, item_sd, (1, items)), 0, 1) for s in sides]
        e = change(
            np.concatenate([part.ravel() for part in y]),
            np.repeat([False, True], raters * items),
            np.tile(who, 2),
            np.concatenate([what, what + items]),
        )
        held.append(e.low <= 0.05 <= e.high)
        width.append(e.high - e.low)
    return {"covers": float(np.mean(held)), "width": float(np.mean(width))}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=2000)
    rounds = parser.parse_args().rounds
    rows = []
    for quantity, study in (("share", coverage), ("change", change_coverage)):
        for design in DESIGNS:
            raters, items, rater_sd, item_sd = design
            row = {"quantity": quantity, "raters": raters, "items": items, "sd_raters": rater_sd, "sd_items": item_sd}
            rows.append({**row, "rounds": rounds, **study(design, rounds)})
            print(rows[-1], flush=True)
    pd.DataFrame(rows).round(4).to_csv(RESULTS, index=False)


if __name__ == "__main__":
    main()
