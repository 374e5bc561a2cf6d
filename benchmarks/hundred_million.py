"""100 million judgments in Parquet: alpha, AC1 and Fleiss' kappa with intervals, in bounded memory.

    python benchmarks/hundred_million.py               writes benchmarks/results/hundred_million.csv
    python benchmarks/hundred_million.py 10000000      fewer rows; prints, writes nothing

The data is generated into _build/benchmarks (about half a gigabyte) and kept.
DuckDB counts it under a memory limit of 3 GB and writes what does not fit to
_build/benchmarks/duckdb. The peak is the resident memory of the whole process;
1 GiB = 2**30 bytes.
"""

import csv
import multiprocessing
import resource
import sys
import time
from pathlib import Path

import generate

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build" / "benchmarks"
ROWS = 100_000_000
LIMIT = "3GB"


def peak() -> float:
    """Peak resident memory of this process in GiB."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**30


def measured(data: Path) -> list[dict[str, str]]:
    """Each step with its seconds, the peak so far, and what it found."""
    from halo_methods import agreement
    from halo_methods.judgments.engines import scan_judgments

    start = time.perf_counter()
    counted = scan_judgments(
        data, scale=list("12345"), level="ordinal", memory_limit=LIMIT, temp_directory=BUILD / "duckdb"
    )
    found = f"{counted.n_judgments:,} judgments, {counted.n_items:,} items, {len(counted.patterns.table)} patterns"
    rows = [row("count, every repeated judgment looked for", start, found)]
    for measure in (agreement.krippendorff_alpha, agreement.gwet_ac, agreement.fleiss_kappa):
        for over in ("items", "items and raters"):
            start = time.perf_counter()
            made = measure(counted, over=over)
            rows.append(row(f"{measure.__name__}, interval over {over}", start,
                            f"{made.value:.5f} ({made.low:.5f} to {made.high:.5f})"))  # fmt: skip
    return rows


def row(step: str, start: float, found: str) -> dict[str, str]:
    """One line of the table."""
    made = {"step": step, "seconds": f"{time.perf_counter() - start:.3g}", "peak GiB": f"{peak():.2f}", "found": found}
    print("; ".join(f"{k} {v}" for k, v in made.items()), flush=True)
    return made


def main() -> None:
    """Generates in another process, so that the peak is that of counting."""
    n = int(sys.argv[1]) if len(sys.argv) > 1 else ROWS
    data = BUILD / f"judgments_{n}"
    maker = multiprocessing.get_context("spawn").Process(target=generate.write, args=(n, data))
    maker.start()
    maker.join()
    if maker.exitcode:
        raise SystemExit("the data could not be generated")
    rows = measured(data)
    if n == ROWS:
        with (ROOT / "benchmarks" / "results" / "hundred_million.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)


if __name__ == "__main__":
    main()
