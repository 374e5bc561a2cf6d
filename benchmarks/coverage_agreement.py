"""How often nominal 95% intervals of agreement hold the true value.

    python benchmarks/coverage_agreement.py                    every cell, resuming
    python benchmarks/coverage_agreement.py --items 100 --raters 5 --prevalence .5 --missing 0 --rounds 1000

Raters are drawn from a population: each has an accuracy from a beta
distribution, Beta(12, 3) unless told otherwise, and errs on either of two
labels alike. The truth of an interval over items and raters is the coefficient
with infinitely many of both; over items only, the coefficient of these raters
on infinitely many items. Both are closed formulas, below.

Writes benchmarks/results/coverage_agreement.csv, a row a cell; cells already
there with as many rounds are not run again.
"""

import argparse
import csv
import itertools
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from halo_methods import agreement
from halo_methods.errors import NotEstimable
from halo_methods.judgments.table import Judgments, Source

RESULTS = Path(__file__).parent / "results" / "coverage_agreement.csv"
MEASURES: dict[str, Callable] = {
    "alpha": agreement.krippendorff_alpha,
    "fleiss": agreement.fleiss_kappa,
    "ac1": agreement.gwet_ac,
    "percent": agreement.percent_agreement,
}


@dataclass(frozen=True)
class Cell:
    """One setting of the study."""

    measure: str
    over: str
    items: int
    raters: int
    prevalence: float
    missing: float
    a: float
    b: float


FIELDS = [*Cell.__annotations__, "rounds", "coverage", "standard_error", "below", "above", "width", "undefined", "seed"]


def simulated(rng: np.random.Generator, cell: Cell) -> tuple[Judgments, np.ndarray]:
    """A table of judgments and the accuracies of its raters."""
    accuracy = rng.beta(cell.a, cell.b, cell.raters)
    truth = rng.random(cell.items) < cell.prevalence
    label = truth[:, None] ^ (rng.random((cell.items, cell.raters)) >= accuracy)
    item, rater = np.nonzero(rng.random(label.shape) >= cell.missing)
    frame = pl.DataFrame({"item_id": item, "rater_id": rater, "label": label[item, rater].astype(int)})
    frame = frame.with_columns(pl.all().cast(pl.String))
    n = len(frame)
    return Judgments(frame, ("0", "1"), "nominal", True, Source("simulated", None, n, n)), accuracy


def true_value(cell: Cell, accuracy: np.ndarray | None = None) -> float:
    """The coefficient with infinitely many items, and raters too unless their accuracies are given."""
    if accuracy is None:
        mean = cell.a / (cell.a + cell.b)
        agree = mean**2 + (1 - mean) ** 2
    else:
        r, right, wrong = len(accuracy), accuracy.sum(), (1 - accuracy).sum()
        agree = (right**2 - (accuracy**2).sum() + wrong**2 - ((1 - accuracy) ** 2).sum()) / (r * (r - 1))
        mean = accuracy.mean()
    share = cell.prevalence * mean + (1 - cell.prevalence) * (1 - mean)
    if cell.measure == "percent":
        return float(agree)
    chance = 2 * share * (1 - share)
    chance = chance if cell.measure == "ac1" else 1 - chance
    return float((agree - chance) / (1 - chance))


def study(cell: Cell, rounds: int, seed: int) -> dict[str, float]:
    """Coverage of one cell, the share of misses on either side, and the mean width."""
    rng = np.random.default_rng([seed, cell.items, cell.raters, int(1000 * cell.prevalence), int(1000 * cell.missing)])
    below = above = undefined = 0
    width = 0.0
    for _ in range(rounds):
        j, accuracy = simulated(rng, cell)
        truth = true_value(cell, accuracy if cell.over == "items" else None)
        try:
            made = MEASURES[cell.measure](j, over=cell.over, seed=int(rng.integers(2**31)))
        except NotEstimable:
            undefined += 1
            continue
        below += truth < made.low
        above += truth > made.high
        width += made.high - made.low
    n = max(rounds - undefined, 1)
    coverage = 1 - (below + above) / n
    error = (coverage * (1 - coverage) / n) ** 0.5
    return {"coverage": coverage, "standard_error": error, "below": below / n, "above": above / n,
            "width": width / n, "undefined": undefined}  # fmt: skip


def key(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(row[field]) for field in Cell.__annotations__)


def known(path: Path) -> list[dict[str, object]]:
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(line for line in file if not line.startswith("#")))


def write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(exist_ok=True)
    fresh = path.with_suffix(".part")
    with fresh.open("w", newline="", encoding="utf-8") as file:
        file.write("# made by: python benchmarks/coverage_agreement.py\n")
        made = csv.DictWriter(file, FIELDS, lineterminator="\n")
        made.writeheader()
        made.writerows(rows)
    fresh.replace(path)


def cells(args: argparse.Namespace) -> Iterator[Cell]:
    grid = (args.measure, args.over, args.items, args.raters, args.prevalence, args.missing)
    for measure, over, items, raters, prevalence, missing in itertools.product(*grid):
        if raters >= 3 or over == "items":
            yield Cell(measure, over, items, raters, prevalence, missing, *args.accuracy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="+", default=["alpha", "ac1"], choices=MEASURES)
    parser.add_argument("--over", nargs="+", default=["items and raters", "items"])
    parser.add_argument("--items", nargs="+", type=int, default=[20, 50, 100, 200, 1000])
    parser.add_argument("--raters", nargs="+", type=int, default=[2, 3, 5, 20])
    parser.add_argument("--prevalence", nargs="+", type=float, default=[0.5, 0.1])
    parser.add_argument("--missing", nargs="+", type=float, default=[0.0, 0.3])
    parser.add_argument("--accuracy", nargs=2, type=float, default=[12.0, 3.0], metavar=("A", "B"))
    parser.add_argument("--rounds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    rows = known(args.out)
    done = {key(row) for row in rows if int(str(row["rounds"])) >= args.rounds}
    wanted = [cell for cell in cells(args) if key(vars(cell)) not in done]
    for n, cell in enumerate(wanted, 1):
        start = time.perf_counter()
        made = study(cell, args.rounds, args.seed)
        row = {**vars(cell), "rounds": args.rounds, "seed": args.seed, **{k: round(v, 4) for k, v in made.items()}}
        rows = [r for r in rows if key(r) != key(row)] + [row]
        write(args.out, rows)
        spent = time.perf_counter() - start
        print(f"{n}/{len(wanted)} {cell}: {made['coverage']:.3f} ({spent:.0f} s)", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
