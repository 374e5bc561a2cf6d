"""Agreement on the same generated judgments by this package and its peers, each in a process of its own.

    python benchmarks/peers_agreement.py            1,000,000 judgments; writes results/peers_agreement.csv
    python benchmarks/peers_agreement.py 100000     fewer; prints, writes nothing

The peers run in two environments that the script makes in _build/benchmarks from
requirements-bench.lock and requirements-irrcac.lock. Seconds are the median
of up to five calls, the first not counted where there are more; reading the data
and importing are not in them. Peak is the resident memory of the whole process,
its input included. Ratios are to this package's row of the same question.
A peer that takes longer than ten minutes is stopped and says so.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "_build" / "benchmarks"
ROWS = 1_000_000
LIMIT = 600
MOST_CALLS = 6
LABELS = list("12345")

# question, who, what is done, runner, environment
RUNS = (
    ("alpha", "halo_methods", "validated judgments, interval over items (1,000 replicates)", "halo_items", None),
    ("alpha", "halo_methods", "validated judgments, interval over items and raters", "halo_both", None),
    ("alpha", "halo_methods", "a raw frame: every check, then interval over items", "halo_raw", None),
    ("alpha", "krippendorff", "ready-made counts, no interval", "krippendorff_counts", "bench"),
    ("alpha", "krippendorff", "raters by items, no interval", "krippendorff_wide", "bench"),
    ("alpha", "evalica", "raters by items, no interval", "evalica_alpha", "bench"),
    ("alpha", "evalica", "raters by items, 1,000 replicates", "evalica_bootstrap", "bench"),
    ("AC1", "halo_methods", "validated judgments, interval over items", "halo_gwet", None),
    (
        "AC1",
        "irrCAC",
        "five columns of labels, analytic interval over items",
        "irrcac_five",
        "irrcac",
    ),
    ("AC1", "irrCAC", "items by 200 raters, analytic interval over items", "irrcac_wide", "irrcac"),
    ("Fleiss' kappa", "halo_methods", "validated judgments, interval over items", "halo_fleiss", None),
    ("Fleiss' kappa", "statsmodels", "ready-made counts, no interval", "statsmodels_counts", "bench"),
    ("Cohen's kappa", "halo_methods", "validated judgments of two raters, interval over items", "halo_cohen", None),
    ("Cohen's kappa", "scikit-learn", "two arrays, no interval", "sklearn_cohen", "bench"),
)


def prepare(n: int, folder: Path) -> None:
    """The judgments as a long table, as counts of labels by item, as raters by items, and as two raters' labels."""
    import generate
    import numpy as np
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    long = generate.judgments(n)
    item = long["item_id"].str.slice(1).cast(pl.Int64).to_numpy()
    rater = long["rater_id"].str.slice(1).cast(pl.Int64).to_numpy()
    label = long["label"].cast(pl.Int64).to_numpy()
    items = n // generate.PER_ITEM
    np.save(folder / "counts.npy", np.bincount(item * 5 + label - 1, minlength=items * 5).reshape(items, 5))
    wide = np.full((generate.RATERS, items), np.nan)
    wide[rater, item] = label
    np.save(folder / "wide.npy", wide)
    long.write_parquet(folder / "long.parquet")
    half = n // 2
    rng = np.random.default_rng(2)
    first = rng.integers(1, 6, half)
    second = np.where(rng.random(half) < 0.7, first, rng.integers(1, 6, half))
    pl.DataFrame(
        {
            "item_id": [f"i{i}" for i in range(half)] * 2,
            "rater_id": ["a"] * half + ["b"] * half,
            "label": np.concatenate([first, second]).astype(str),
        }
    ).write_parquet(folder / "two.parquet")


def runner(name: str, folder: Path) -> Callable[[], float]:
    """A call that gives the coefficient, its input read."""
    if name.startswith("halo"):
        return halo(name, folder)
    import numpy as np
    import pandas as pd

    if name == "sklearn_cohen":
        from sklearn.metrics import cohen_kappa_score

        two = pd.read_parquet(folder / "two.parquet")["label"].astype(int).to_numpy().reshape(2, -1)
        return lambda: cohen_kappa_score(two[0], two[1])
    data: Any = np.load(folder / ("wide.npy" if "wide" in name or "evalica" in name else "counts.npy"))
    if name.startswith("krippendorff"):
        import krippendorff

        as_what = {"reliability_data" if name.endswith("wide") else "value_counts": data}
        return lambda: krippendorff.alpha(**as_what, level_of_measurement="ordinal")
    if name.startswith("evalica"):
        import evalica

        frame = pd.DataFrame(data)
        if name == "evalica_alpha":
            return lambda: evalica.alpha(frame, "ordinal").alpha
        return lambda: evalica.alpha_bootstrap(frame, "ordinal", n_resamples=1000, random_state=1).alpha
    if name.startswith("irrcac"):
        from irrCAC.raw import CAC

        frame = pd.DataFrame(data.T if name.endswith("wide") else given(data))
        return lambda: CAC(frame).gwet()["est"]["coefficient_value"]
    from statsmodels.stats.inter_rater import fleiss_kappa

    return lambda: fleiss_kappa(data)


def given(counts: Any) -> Any:
    """Items by judgments: each label as often as its count says."""
    import numpy as np

    labels = np.broadcast_to(np.arange(1, counts.shape[1] + 1), counts.shape)
    return np.repeat(labels.ravel(), counts.ravel()).reshape(len(counts), -1)


def halo(name: str, folder: Path) -> Callable[[], float]:
    """A call of this package on a table as checking leaves it: items and raters numbered, nothing counted."""
    from dataclasses import replace

    import polars as pl

    import halo_methods
    from halo_methods import agreement
    from halo_methods.judgments.coding import numbered, once

    frame = pl.read_parquet(folder / ("two.parquet" if name == "halo_cohen" else "long.parquet"))

    def read() -> halo_methods.Judgments:
        return halo_methods.as_judgments(frame, scale=LABELS, level="ordinal")

    if name == "halo_raw":
        return lambda: agreement.krippendorff_alpha(read(), over="items").value
    j = read()
    calls = {
        "halo_items": lambda j: agreement.krippendorff_alpha(j, over="items"),
        "halo_both": lambda j: agreement.krippendorff_alpha(j),
        "halo_gwet": lambda j: agreement.gwet_ac(j, over="items"),
        "halo_fleiss": lambda j: agreement.fleiss_kappa(j, over="items"),
        "halo_cohen": lambda j: agreement.cohen_kappa(j, "a", "b"),
    }

    def call() -> float:
        return calls[name](kept.pop()).value

    kept = []
    for _ in range(MOST_CALLS):
        kept.append(replace(j))
        once(kept[-1], "numbered", lambda: numbered(j))
    return call


def measure(name: str, folder: Path) -> None:
    """Runs up to six times, or until 20 seconds have gone; prints seconds, peak and value as JSON."""
    import resource

    call = runner(name, folder)
    seconds: list[float] = []
    while len(seconds) < MOST_CALLS and sum(seconds) < 20:
        start = time.perf_counter()
        value = float(call())
        seconds.append(time.perf_counter() - start)
    taken = median(seconds[1:] or seconds)
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20
    print(json.dumps({"seconds": taken, "MiB": peak, "value": value}))


def python_of(environment: str | None) -> str:
    """The interpreter of an environment, made from its lock if it is not there."""
    if environment is None:
        return sys.executable
    folder = BUILD / f"env-{environment}"
    python = folder / "bin" / "python"
    if not (folder / "_complete").exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
        lock = HERE / f"requirements-{environment}.lock"
        install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check", "--require-hashes", "-r", lock]
        subprocess.run(install, check=True)
        (folder / "_complete").touch()
    return str(python)


def measured(name: str, environment: str | None, folder: Path) -> dict[str, Any]:
    """One runner in its own process; a note instead of numbers where it fails or takes too long."""
    try:
        python = python_of(environment)
        command = [python, __file__, "--run", name, "--folder", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {LIMIT} s"}
    except subprocess.CalledProcessError as error:
        return {"note": ((error.stderr or "").strip().splitlines() or ["failed"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    """Prints a line a run; with the full number of rows writes the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.run == "prepare":
        prepare(told.rows, told.folder)
        return
    if told.run:
        measure(told.run, told.folder)
        return
    folder, table, ours = BUILD / f"peers_{told.rows}", [], {}
    if not (folder / "two.parquet").exists():  # in a process of its own: a child's peak counts what its parent holds
        making = [sys.executable, __file__, str(told.rows), "--run", "prepare", "--folder", folder]
        subprocess.run(making, check=True)
    for question, who, what, name, environment in RUNS:
        made = measured(name, environment, folder)
        base = ours.setdefault(question, made)
        row = {"question": question, "who": who, "what": what, "judgments": told.rows}
        for column, digits in (("seconds", 3), ("MiB", 3), ("value", 6)):
            row[column] = f"{made[column]:.{digits}g}" if column in made else ""
        for column, of in (("times our seconds", "seconds"), ("times our memory", "MiB")):
            row[column] = f"{made[of] / base[of]:.3g}" if of in made and of in base else ""
        row["note"] = made.get("note", "")
        table.append(row)
        print("; ".join(f"{k} {v}" for k, v in row.items() if v), flush=True)
    if told.rows == ROWS:
        with (HERE / "results" / "peers_agreement.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    main()
