"""How often nominal 95% intervals of agreement hold the true value.

    python benchmarks/coverage_agreement.py                    every cell, resuming
    python benchmarks/coverage_agreement.py --items 50 --raters 5 --prevalence .5 --missing 0 --rounds 500

Raters are drawn from a population: each has an accuracy from a beta
distribution, Beta(12, 3) unless told otherwise, and errs on either of two
labels alike. The truth of an interval over items and raters is the coefficient
with infinitely many of both; over items only, the coefficient of these raters
on infinitely many items. Both are closed formulas, below. With two labels a
prevalence of .9 is one of .1 with the labels exchanged, and is not run.

Writes benchmarks/results/coverage_agreement.csv, a row a cell; cells already
there with as many rounds are not run again. `warned` is the share of rounds in
which the result carried a caution, other than that items were judged once.
"""

import argparse
import csv
import itertools
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from halo_methods import agreement
from halo_methods.errors import NotEstimable
from halo_methods.judgments.table import Judgments, Source
from halo_methods.results import Estimate

RESULTS = Path(__file__).parent / "results" / "coverage_agreement.csv"
MEASURES: dict[str, Callable] = {
    "alpha": agreement.krippendorff_alpha,
    "fleiss": agreement.fleiss_kappa,
    "ac1": agreement.gwet_ac,
    "percent": agreement.percent_agreement,
}


@dataclass(frozen=True)
class Setting:
    """What is simulated; every measure and interval is held against the same rounds."""

    items: int
    raters: int
    prevalence: float
    missing: float
    a: float
    b: float


FIELDS = ("measure", "over", *Setting.__annotations__)
FOUND = ("rounds", "coverage", "standard_error", "below", "above", "width", "undefined", "warned", "seed")


def simulated(rng: np.random.Generator, cell: Setting) -> tuple[Judgments, np.ndarray]:
    """A table of judgments and the accuracies of its raters."""
    accuracy = rng.beta(cell.a, cell.b, cell.raters)
    truth = rng.random(cell.items) < cell.prevalence
    label = truth[:, None] ^ (rng.random((cell.items, cell.raters)) >= accuracy)
    item, rater = np.nonzero(rng.random(label.shape) >= cell.missing)
    frame = pl.DataFrame({"item_id": item, "rater_id": rater, "label": label[item, rater].astype(int)})
    frame = frame.with_columns(pl.all().cast(pl.String))
    n = len(frame)
    return Judgments(frame, ("0", "1"), "nominal", True, Source("simulated", None, n, n)), accuracy


def true_value(measure: str, cell: Setting, accuracy: np.ndarray | None = None) -> float:
    """The coefficient with infinitely many items, and raters too unless their accuracies are given."""
    if accuracy is None:
        mean = cell.a / (cell.a + cell.b)
        agree = mean**2 + (1 - mean) ** 2
    else:
        r, right, wrong = len(accuracy), accuracy.sum(), (1 - accuracy).sum()
        agree = (right**2 - (accuracy**2).sum() + wrong**2 - ((1 - accuracy) ** 2).sum()) / (r * (r - 1))
        mean = accuracy.mean()
    share = cell.prevalence * mean + (1 - cell.prevalence) * (1 - mean)
    if measure == "percent":
        return float(agree)
    chance = 2 * share * (1 - share)
    chance = chance if measure == "ac1" else 1 - chance
    return float((agree - chance) / (1 - chance))


def warned(made: Estimate) -> bool:
    return any(not caution.startswith("Judged once") for caution in made.cautions)


def study(
    cell: Setting, wanted: Sequence[tuple[str, str]], rounds: int, seed: int
) -> dict[tuple[str, str], dict[str, float]]:
    """Coverage of each measure and interval, the share of misses on either side, and the mean width."""
    rng = np.random.default_rng([seed, cell.items, cell.raters, int(1000 * cell.prevalence), int(1000 * cell.missing)])
    tally = {which: np.zeros(5) for which in wanted}  # estimated, below, above, width, warned
    for _ in range(rounds):
        j, accuracy = simulated(rng, cell)
        for measure, over in wanted:
            truth = true_value(measure, cell, accuracy if over == "items" else None)
            try:
                made = MEASURES[measure](j, over=over, seed=int(rng.integers(2**31)))
            except NotEstimable:
                continue
            width = made.high - made.low
            tally[measure, over] += 1, truth < made.low, truth > made.high, width, warned(made)
    return {which: summary(sums, rounds) for which, sums in tally.items()}


def summary(sums: np.ndarray, rounds: int) -> dict[str, float]:
    n = max(sums[0], 1.0)
    below, above, width, cautioned = (float(x) for x in sums[1:] / n)
    coverage = 1 - below - above
    return {"coverage": coverage, "standard_error": (coverage * (1 - coverage) / n) ** 0.5, "below": below,
            "above": above, "width": width, "undefined": rounds - int(sums[0]), "warned": cautioned}  # fmt: skip


def key(row: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(row[field]) for field in FIELDS)


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
        made = csv.DictWriter(file, [*FIELDS, *FOUND], lineterminator="\n")
        made.writeheader()
        made.writerows(rows)
    fresh.replace(path)


def settings(args: argparse.Namespace) -> Iterator[Setting]:
    for numbers in itertools.product(args.items, args.raters, args.prevalence, args.missing):
        yield Setting(*numbers, *args.accuracy)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", nargs="+", default=["alpha", "ac1"], choices=MEASURES)
    parser.add_argument("--over", nargs="+", default=["items and raters", "items"])
    parser.add_argument("--items", nargs="+", type=int, default=[20, 40, 50, 200, 1000])
    parser.add_argument("--raters", nargs="+", type=int, default=[2, 3, 5, 20])
    parser.add_argument("--prevalence", nargs="+", type=float, default=[0.5, 0.1])
    parser.add_argument("--missing", nargs="+", type=float, default=[0.0, 0.3])
    parser.add_argument("--accuracy", nargs=2, type=float, default=[12.0, 3.0], metavar=("A", "B"))
    parser.add_argument("--rounds", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    rows = known(args.out)
    done = {key(row) for row in rows if int(str(row["rounds"])) >= args.rounds}
    todo = list(settings(args))
    for n, cell in enumerate(todo, 1):
        which = [
            (measure, over)
            for measure, over in itertools.product(args.measure, args.over)
            if (cell.raters >= 3 or over == "items")
            and key({"measure": measure, "over": over, **vars(cell)}) not in done
        ]
        if not which:
            continue
        start = time.perf_counter()
        for (measure, over), made in study(cell, which, args.rounds, args.seed).items():
            row = {"measure": measure, "over": over, **vars(cell), "rounds": args.rounds, "seed": args.seed}
            row |= {k: round(v, 4) for k, v in made.items()}
            rows = [r for r in rows if key(r) != key(row)] + [row]
            print(f"  {measure} over {over}: {made['coverage']:.3f}, warned {made['warned']:.2f}", file=sys.stderr)
        write(args.out, sorted(rows, key=order))
        spent = time.perf_counter() - start
        print(f"{n}/{len(todo)} {cell} ({spent:.0f} s)", file=sys.stderr, flush=True)


def order(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[f] if f in ("measure", "over") else float(str(row[f])) for f in FIELDS)


if __name__ == "__main__":
    main()
