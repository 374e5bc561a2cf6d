"""Write the samples and what is true of them.

make samples
PYTHONPATH=tools python -m samples drift audit      only these, and the truth
"""

import json
import sys
from pathlib import Path

from samples import TOPICS, generator, truth

FOLDER = Path(__file__).resolve().parents[2] / "data" / "samples"


def main() -> int:
    for topic in sys.argv[1:] or TOPICS:
        for name, make in generator(topic).SAMPLES.items():
            make().to_csv(FOLDER / f"{name}.csv", index=False)
    (FOLDER / "truth.json").write_text(json.dumps(truth(), indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
