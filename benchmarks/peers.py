"""What the comparisons with peers share: one process a run, its seconds, its peak, its ratios.

A comparison lists its runs (question, who, what is done, runner, environment), makes its data with
``prepare(n, folder)`` and gives a call for each runner with ``runner(name, folder)``; `main` does the rest.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "_build" / "benchmarks"
ROWS = 1_000_000
LIMIT = 240
MOST_CALLS = 6
LABELS = list("12345")

Run = tuple[str, str, str, str, str | None]


def fresh(frame: Any) -> Callable[[], Any]:
    """Gives tables as checking leaves them, a new one each call: items, raters and labels numbered, nothing counted."""
    from dataclasses import replace

    import halo_methods
    from halo_methods.judgments.coding import labelled, numbered

    j = halo_methods.as_judgments(frame, scale=LABELS, level="ordinal")
    kept = []
    for _ in range(MOST_CALLS):
        kept.append(replace(j))
        numbered(kept[-1])
        labelled(kept[-1])
    return kept.pop


def measure(call: Callable[[], Any]) -> None:
    """Runs up to six times, or until 20 seconds have gone; prints seconds, peak and the number it gave as JSON."""
    import resource

    seconds: list[float] = []
    while len(seconds) < MOST_CALLS and sum(seconds) < 20:
        start = time.perf_counter()
        made = call()
        seconds.append(time.perf_counter() - start)
        value = float(made)
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


def measured(script: str, name: str, environment: str | None, folder: Path) -> dict[str, Any]:
    """One runner in its own process; a note instead of numbers where it fails or takes too long."""
    try:
        python = python_of(environment)
        command = [python, script, "--run", name, "--folder", folder]
        done = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=True)
    except subprocess.TimeoutExpired:
        return {"note": f"stopped after {LIMIT} s"}
    except subprocess.CalledProcessError as error:
        return {"note": ((error.stderr or "").strip().splitlines() or ["failed"])[-1][:200]}
    return dict(json.loads(done.stdout.splitlines()[-1]))


def main(
    script: str,
    about: str,
    runs: Sequence[Run],
    prepare: Callable[[int, Path], None],
    runner: Callable[[str, Path], Callable[[], float]],
    last: str,
) -> None:
    """Prints a line a run; with the full number of rows writes ``results/<name of the script>.csv``.

    ``last`` is the file that `prepare` writes last: where it is, the data are ready.
    """
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="?", type=int, default=ROWS)
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.run == "prepare":
        prepare(told.rows, told.folder)
        return
    if told.run:
        measure(runner(told.run, told.folder))
        return
    name = Path(script).stem
    folder, table, ours = BUILD / f"{name}_{told.rows}", [], {}
    if not (folder / last).exists():  # in a process of its own: a child's peak counts what its parent holds
        making = [sys.executable, script, str(told.rows), "--run", "prepare", "--folder", folder]
        subprocess.run(making, check=True)
    for question, who, what, call, environment in runs:
        made = measured(script, call, environment, folder)
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
        with (HERE / "results" / f"{name}.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)
