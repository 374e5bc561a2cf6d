"""Write the samples that the simulator makes.

make samples
python tools/samples.py drift audit      only these
"""

import sys
from pathlib import Path

from halo_methods.simulation import SAMPLES

FOLDER = Path(__file__).resolve().parent.parent / "data" / "samples"


def main() -> int:
    for name in sys.argv[1:] or SAMPLES:
        SAMPLES[name]().to_csv(FOLDER / f"{name}.csv", index=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
