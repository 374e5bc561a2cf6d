"""Rates that a judge and a few labels make together: coverage, width and time of this package and of its peers.

    python benchmarks/peers_llm_judge.py            2,000 rounds; writes results/peers_llm_judge.csv
    python benchmarks/peers_llm_judge.py 100        fewer; prints, writes nothing

Every peer gets the same rounds: items with a true label, a judge's label of all of them, and the truth of a part drawn
at random. The peers run in the environment that the script makes in _build/benchmarks from requirements-judges.lock.
A round in which a method gives no interval is counted and left out of its coverage. An interval is cut at 0 and 1
before it is measured. Seconds are those of one call, the mean over the rounds. judgy draws a bootstrap of 20,000 by
default; it runs with 1,000, and on the first 100 rounds.
"""

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers

RUNS = 2000
FEWER = {"judgy": 100}
# Share positive, labelled items, all items, sensitivity, specificity.
REGIMES = (
    (0.9, 50, 1000, 0.9, 0.85),
    (0.9, 100, 1000, 0.9, 0.85),
    (0.98, 200, 1000, 0.9, 0.85),
    (0.97, 100, 4000, 0.97, 0.47),
    (0.3, 200, 2000, 0.7, 0.7),
)
# who, what, environment
METHODS = {
    "halo": ("halo_methods", "labelled at random", None),
    "truescore_ppi": ("truescore", "ppi_estimate", "judges"),
    "ppi_python": ("ppi-python", "ppi_mean_ci", "judges"),
    "halo_rogan_gladen": ("halo_methods", "Rogan-Gladen", None),
    "truescore_rogan_gladen": ("truescore", "rogan_gladen_estimate", "judges"),
    "judgy": ("judgy", "estimate_success_rate", "judges"),
}


def method(name: str) -> Callable[[Any, Any], tuple[float, float]]:
    """A call on the labels of some items and the judge's of all, the labelled ones first, that gives an interval."""
    import numpy as np

    if name == "halo":
        from halo_methods.llm_judge import prediction_powered_mean

        def call(y: Any, x: Any) -> tuple[float, float]:
            made = prediction_powered_mean(y, x[: len(y)], x[len(y) :])
            return made.low, made.high

    elif name == "halo_rogan_gladen":
        from halo_methods.llm_judge import corrected_rate

        def call(y: Any, x: Any) -> tuple[float, float]:
            seen, rest = x[: len(y)], x[len(y) :]
            found, passed = seen[y == 1], 1 - seen[y == 0]
            made = corrected_rate(
                int(rest.sum()),
                len(rest),
                sensitivity=(int(found.sum()), len(found)),
                specificity=(int(passed.sum()), len(passed)),
            )
            return made.low, made.high

    elif name.startswith("truescore"):
        import truescore

        estimate = truescore.ppi_estimate if name.endswith("ppi") else truescore.rogan_gladen_estimate

        def call(y: Any, x: Any) -> tuple[float, float]:
            made = estimate(x, y, np.arange(len(y)))
            return made.low, made.high

    elif name == "ppi_python":
        from ppi_py import ppi_mean_ci

        def call(y: Any, x: Any) -> tuple[float, float]:
            n = len(y)
            low, high = ppi_mean_ci(y.astype(float), x[:n].astype(float), x[n:].astype(float), alpha=0.05)
            return float(np.squeeze(low)), float(np.squeeze(high))

    else:
        from judgy import estimate_success_rate

        def call(y: Any, x: Any) -> tuple[float, float]:
            n = len(y)
            _, low, high = estimate_success_rate(y, x[:n], x[n:], bootstrap_iterations=1000)
            return float(low), float(high)

    return call


def measure(name: str, regime: tuple[float, int, int, float, float], runs: int) -> dict[str, float]:
    """Coverage and mean width of a method, and its seconds."""
    import warnings

    import numpy as np

    warnings.simplefilter("ignore")
    rate, labelled, items, sensitivity, specificity = regime
    rng, call = np.random.default_rng(20281), method(name)
    hit = used = refused = 0
    width = spent = 0.0
    for _ in range(min(runs, FEWER.get(name, runs))):
        truth = rng.random(items) < rate
        found = np.where(truth, rng.random(items) < sensitivity, rng.random(items) > specificity)
        y, x = truth[:labelled].astype(int), found.astype(int)
        start = time.perf_counter()
        try:
            low, high = call(y, x)
        except Exception:
            low = high = float("nan")
        spent += time.perf_counter() - start
        if not np.isfinite([low, high]).all():
            refused += 1
            continue
        low, high = max(low, 0.0), min(high, 1.0)
        used, hit, width = used + 1, hit + (low <= rate <= high), width + high - low
    rounds = used + refused
    return {
        "coverage": hit / max(used, 1),
        "mean width": width / max(used, 1),
        "milliseconds": 1000 * spent / rounds,
        "rounds": rounds,
        "without interval": refused,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("runs", nargs="?", type=int, default=RUNS)
    parser.add_argument("--run", nargs=2, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.run:
        print(json.dumps(measure(told.run[0], REGIMES[int(told.run[1])], told.runs)))
        return
    import csv

    table = []
    for number, (rate, labelled, items, sensitivity, specificity) in enumerate(REGIMES):
        case = f"{labelled} of {items} labelled, {rate:.0%} positive, judge {sensitivity:g}/{specificity:g}"
        for name, (who, what, environment) in METHODS.items():
            command = [peers.python_of(environment), __file__, str(told.runs), "--run", name, str(number)]
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            made = json.loads(done.stdout.splitlines()[-1])
            table.append({"case": case, "who": who, "what": what, **{k: round(v, 4) for k, v in made.items()}})
            print(*table[-1].values(), sep="  ", flush=True)
    if told.runs == RUNS:
        with (peers.HERE / "results" / f"{Path(__file__).stem}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    sys.exit(main())
