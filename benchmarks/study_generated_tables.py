"""Generated tables through `halo check` and every method: what comes of them, counted.

    python benchmarks/study_generated_tables.py [--tables 20000] [--first 0] [--out OUT.csv]

Spellings, headers, names, gaps, one or two items or raters, rare labels, huge and tiny numbers: see
tests/generated_tables.py. A fault is a traceback, an interval outside what can be, a check that disagrees with
reading, or a verdict *met* or *not met* that the bootstrap over items calls undecided at 90%, twice; each is printed
with what was drawn. Batches of 20 already in `_build/benchmarks/generated_tables` are not run again, so the study can
be stopped and goes on; with `--first` a second process takes later batches. Remove the folder after a change in
the package.
Writes benchmarks/results/study_generated_tables.csv, a row an outcome.
"""

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

import pandas as pd
from hypothesis import HealthCheck, Phase, given, seed, settings

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests"))
from generated_tables import answers, tables  # noqa: E402

RESULTS = ROOT / "benchmarks" / "results" / "study_generated_tables.csv"
DONE = ROOT / "_build" / "benchmarks" / "generated_tables"
BATCH = 20


def batch(number: int) -> dict[str, int]:
    """Outcomes of 20 tables and their counts."""
    counts: Counter[str] = Counter()

    @seed(number)
    @settings(max_examples=BATCH, database=None, deadline=None, phases=[Phase.generate],
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @given(tables())
    def run(table):
        said = answers(table)
        counts["tables"] += 1
        read = not any(name == "reading" for name, _ in said.refused)
        counts["tables read" if read else "tables refused with a reason"] += 1
        counts["estimates"] += len(said.estimates)
        counts["answers refused with a reason"] += len(said.refused) if read else 0
        for _, verdict, _ in said.verdicts:
            counts[f"verdicts {verdict.replace('_', ' ')}"] += 1
        counts["faults"] += len(said.faults)
        for name, fault in said.faults:
            print(f"batch {number}, {name}: {fault[:300]}\n  {table.drawn}", flush=True)

    run()
    return dict(counts)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tables", type=int, default=20_000)
    parser.add_argument("--first", type=int, default=0, help="number of the first batch")
    parser.add_argument("--out", type=Path, default=RESULTS)
    args = parser.parse_args()
    DONE.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    for number in range(args.first, args.first + -(-args.tables // BATCH)):
        path = DONE / f"{number}.json"
        if not path.exists():
            path.write_text(json.dumps(batch(number)), encoding="utf-8")
            if number % 25 == 24:
                print(f"{BATCH * (number + 1 - args.first):,} tables, {time.monotonic() - start:.0f} s", flush=True)
        write(args.out)


def write(out: Path) -> None:
    """The counts of every batch there is, added up."""
    total: Counter[str] = Counter()
    for path in DONE.glob("*.json"):
        total.update(json.loads(path.read_text(encoding="utf-8")))
    order = ["tables", *sorted(set(total) - {"tables", "faults"}), "faults"]
    with out.open("w", encoding="utf-8", newline="") as file:
        file.write("# made by: python benchmarks/study_generated_tables.py\n")
        rows = pd.DataFrame({"outcome": order, "count": [total[name] for name in order]})
        rows.to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
