"""How often the intervals of marked errors hold the truth, with raters and documents drawn anew.

    PYTHONPATH=tools python benchmarks/study_spans.py              writes benchmarks/results/study_spans.csv
    PYTHONPATH=tools python benchmarks/study_spans.py --rounds 20  fewer rounds; prints, writes nothing

Each round draws forty documents of three systems as the generator of the sample does, and six raters anew: their
chance to find an error from Beta(8.9, 3.1), their false marks from a gamma distribution. The true score follows from
the rates. The true overlap is the mean over rounds.
"""

import argparse
from pathlib import Path
from unittest import mock

import numpy as np
import pandas as pd
from samples import spans as generator

from halo_methods import as_spans, spans

RESULTS = Path(__file__).parent / "results" / "study_spans.csv"
MEASURES = ("partial", "characters", "alpha")


def one_round(number: int) -> tuple[spans.Scores, dict]:
    """What the methods say of one round."""
    rng = np.random.default_rng([7, number])
    finds, false = rng.beta(8.9, 3.1, 6), rng.gamma(2, 0.43 / 2, 6)
    raters = list(generator.FINDS)
    with mock.patch.multiple(generator, FINDS=dict(zip(raters, finds, strict=True)),
                             FALSE=dict(zip(raters, false, strict=True))):  # fmt: skip
        read = as_spans(generator.sample(seed=1000 + number))
    return spans.mqm_score(read), spans.overlap(read).estimates


def study(rounds: int) -> pd.DataFrame:
    """One row per quantity: how often its interval holds the truth."""
    with mock.patch.multiple(generator, FINDS={"mean": 8.9 / 12}, FALSE={"mean": 0.43}):
        true = generator.truth()["score"]
    held: dict[str, list[bool]] = {"score": [], "difference": []}
    drawn: dict[str, list[tuple[float, float, float]]] = {name: [] for name in MEASURES}
    for number in range(rounds):
        scores, met = one_round(number)
        held["score"] += [e.low <= true[name] <= e.high for name, e in scores.estimates.items()]
        for row in scores.differences.itertuples():
            held["difference"].append(row.low <= true[row.worse] - true[row.better] <= row.high)
        for name in MEASURES:
            drawn[name].append((met[name].value, met[name].low, met[name].high))
    for name, found in drawn.items():
        value, low, high = np.array(found).T
        held[name] = list((low <= value.mean()) & (value.mean() <= high))
    return pd.DataFrame({"quantity": list(held), "rounds": rounds, "covers": [np.mean(h) for h in held.values()]})


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=600)
    rounds = parser.parse_args().rounds
    table = study(rounds).round(4)
    print(table.to_string(index=False))
    if rounds >= 600:
        with RESULTS.open("w", encoding="utf-8", newline="") as file:
            file.write("# made by: PYTHONPATH=tools python benchmarks/study_spans.py\n")
            table.to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
