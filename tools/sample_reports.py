"""The report of every executable chapter on its own sample, in one folder."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    out = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "_build" / "reports")
    out.mkdir(parents=True, exist_ok=True)
    failed = 0
    for notebook in sorted((ROOT / "book" / "chapters").glob("*/*.ipynb")):
        sample = ROOT / "data" / "samples" / f"{notebook.stem}.csv"
        if not sample.is_file():
            print(f"{notebook.stem}: no sample of that name, skipped")
            continue
        command = [sys.executable, "-m", "halo_methods.cli", "report", notebook.stem, "--data", sample, "--out", out]
        failed += subprocess.run(command, check=False).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
