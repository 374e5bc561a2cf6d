"""How often nominal 95% intervals of agreement hold the true value where little can be known.

    python benchmarks/coverage_edges.py [OUT.csv]

Rare: 100 items, of which one to three show anything but the common label; rounds with more or fewer are not counted.
Few: two to 20 items, each with a chance of the second label of its own, from a beta distribution.
Raters are alike and err independently, so that the truth is a closed formula over items and raters, both below.
`whole` is the share of rounds whose interval is the whole range of the coefficient.
Writes benchmarks/results/coverage_edges.csv, a row a cell.
"""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl
from coverage_agreement import MEASURES

from halo_methods.errors import NotEstimable
from halo_methods.judgments.table import Judgments, Source

OUT = Path(__file__).parent / "results" / "coverage_edges.csv"
OVER = ("items and raters", "items")
RARE = [(prevalence, sensitivity) for prevalence in (0.01, 0.03) for sensitivity in (0.5, 0.8, 0.95)]
FEW = [(0.3, 0.3), (1.0, 1.0), (4.0, 4.0), (0.5, 2.0)]


def truths(mean: float, square: float) -> dict[str, float]:
    """The coefficients with infinitely many items and raters, from the mean of the items' chances and of its square."""
    agree, chance = 1 - 2 * (mean - square), 2 * mean * (1 - mean)
    kappa = (agree - 1 + chance) / chance
    return {"alpha": kappa, "fleiss": kappa, "ac1": (agree - chance) / (1 - chance), "percent": agree}


def judged(label: np.ndarray) -> Judgments:
    """A table of judgments, each item by each rater."""
    item, rater = (x.ravel() for x in np.indices(label.shape))
    frame = pl.DataFrame({"item_id": item, "rater_id": rater, "label": label.ravel().astype(int)})
    return Judgments(
        frame.cast(pl.String), ("0", "1"), "nominal", True, Source("simulated", None, label.size, label.size)
    )


def rare(rng: np.random.Generator, raters: int, prevalence: float, sensitivity: float) -> np.ndarray | None:
    """100 items with false alarms on one judgment in a thousand; None unless one to three items show the rare label."""
    chance = np.where(rng.random(100) < prevalence, sensitivity, 0.001)
    label = rng.random((100, raters)) < chance[:, None]
    return label if 1 <= label.any(1).sum() <= 3 else None


def few(rng: np.random.Generator, items: int, raters: int, a: float, b: float) -> np.ndarray:
    return rng.random((items, raters)) < rng.beta(a, b, items)[:, None]


def covered(draw: Callable, truth: dict[str, float], rounds: int) -> Iterator[dict[str, object]]:
    """Coverage of each measure and interval over the same rounds."""
    tally = {(measure, over): np.zeros(5) for measure in MEASURES for over in OVER}
    for _ in range(rounds):
        while (label := draw()) is None:
            pass
        j = judged(label)
        for (measure, over), sums in tally.items():
            try:
                e = MEASURES[measure](j, over=over)
            except NotEstimable:
                continue
            whole = "whole_range" in [caution.code for caution in e.cautions]
            sums += 1, truth[measure] < e.low, truth[measure] > e.high, e.high - e.low, whole
    for (measure, over), sums in tally.items():
        n, (below, above, width, whole) = int(sums[0]), (sums[1:] / max(sums[0], 1)).tolist()
        yield {"measure": measure, "over": over, "rounds": rounds, "estimated": n, "coverage": 1 - below - above,
               "below": below, "above": above, "width": width, "whole": whole}  # fmt: skip


def study(
    rounds: int = 300,
    seed: int = 20261128,
    rare_raters: tuple[int, ...] = (3, 5),
    few_raters: tuple[int, ...] = (3, 10, 50),
    items: tuple[int, ...] = (2, 3, 5, 7, 9, 10, 15, 20),
) -> pd.DataFrame:
    rows = []
    for raters in rare_raters:
        for prevalence, sensitivity in RARE:
            rng = np.random.default_rng([seed, raters, int(1000 * prevalence), int(100 * sensitivity)])
            mean = prevalence * sensitivity + (1 - prevalence) * 0.001
            truth = truths(mean, prevalence * sensitivity**2 + (1 - prevalence) * 0.001**2)
            cell = {"setting": "rare", "items": 100, "raters": raters, "a": prevalence, "b": sensitivity}
            found = covered(lambda: rare(rng, raters, prevalence, sensitivity), truth, rounds)  # noqa: B023
            rows += [cell | row for row in found]
    for n in items:
        for raters in few_raters:
            for a, b in FEW:
                rng = np.random.default_rng([seed, n, raters, int(10 * a), int(10 * b)])
                mean = a / (a + b)
                truth = truths(mean, mean * (a + 1) / (a + b + 1))
                cell = {"setting": "few", "items": n, "raters": raters, "a": a, "b": b}
                rows += [cell | row for row in covered(lambda: few(rng, n, raters, a, b), truth, rounds)]  # noqa: B023
    return pd.DataFrame(rows).round(4)


def main(out: str | Path = OUT) -> None:
    table = study()
    with Path(out).open("w", encoding="utf-8", newline="") as file:
        file.write("# made by: python benchmarks/coverage_edges.py\n")
        table.to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main(*sys.argv[1:2])
