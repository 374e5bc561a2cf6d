"""Seconds and memory of `halo check` and of three reports on the judgments of a whole programme.

    python benchmarks/programme_reports.py             1 and 5 million judgments; writes results/programme_reports.csv
    python benchmarks/programme_reports.py 100000      fewer; prints, writes nothing

The file is that of ``generate.py programme``: 400 raters, six vendors, four locales, 120 days, gold on a tenth. Each
command starts afresh. Seconds are those of the clock, from start to end. CPU seconds are user and system time of all
processes; a busy machine makes them longer too, but less. The peak is the resident memory of its largest process.
"""

import csv
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import generate
import psutil

HERE = Path(__file__).resolve().parent
BUILD = HERE.parent / "_build" / "benchmarks"
ROWS = (1_000_000, 5_000_000)
READ = ["--scale", "poor,fair,good,excellent", "--level", "ordinal"]
REPORTS = ("calibration", "workforce", "drift")
# The longest time and the largest memory asked for, by command and rows.
ASKED = {("check", ROWS[1]): (4, 2048)} | {
    (r, n): (15, 1024) if n == ROWS[0] else (60, 2048) for r in REPORTS for n in ROWS
}


def measured(command: list[str]) -> tuple[float, float, float]:
    """Seconds, CPU seconds and peak MiB of a command; its processes are looked at 20 times a second."""
    start, peak, busy = time.perf_counter(), 0.0, dict[int, float]()
    with tempfile.TemporaryFile() as log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        top = psutil.Process(process.pid)
        while process.poll() is None:
            for one in [top, *top.children(recursive=True)] if top.is_running() else []:
                try:
                    with one.oneshot():
                        peak, spent = max(peak, one.memory_info().rss / 2**20), one.cpu_times()
                        busy[one.pid] = spent.user + spent.system
                except psutil.Error:
                    continue
            time.sleep(0.05)
        if process.returncode:
            log.seek(0)
            raise SystemExit(log.read().decode()[-2000:])
    return time.perf_counter() - start, sum(busy.values()), peak


def main() -> None:
    """Prints a line a command; without an argument writes the table."""
    asked = tuple(map(int, sys.argv[1:])) or ROWS
    table = []
    for n in asked:
        data = BUILD / f"programme_{n}.csv"
        if not data.exists():  # in a process of its own, so that its memory is given back
            BUILD.mkdir(parents=True, exist_ok=True)
            subprocess.run([sys.executable, generate.__file__, "programme", str(n), data], check=True)
        for name in ("check", *REPORTS):
            halo = [sys.executable, "-m", "halo_methods.cli"]
            with tempfile.TemporaryDirectory() as out:
                way = ["report", name, "--data", str(data), "--out", out, "--audience", "operations"]
                found = measured([*halo, *(["check", str(data)] if name == "check" else way), *READ])
            row = {"command": f"halo {'' if name == 'check' else 'report '}{name}", "judgments": n}
            row |= dict(zip(("seconds", "CPU seconds", "MiB"), (f"{x:.3g}" for x in found), strict=True))
            seconds, memory = ASKED.get((name, n), ("", ""))
            row |= {"seconds asked": seconds, "MiB asked": memory}
            print("; ".join(f"{k} {v}" for k, v in row.items() if v), flush=True)
            table.append(row)
    if asked == ROWS:
        with (HERE / "results" / "programme_reports.csv").open("w", newline="") as file:
            writer = csv.DictWriter(file, list(table[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(table)


if __name__ == "__main__":
    main()
