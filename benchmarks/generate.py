"""Generated judgments: 5 ordinal labels, 200 raters, 5 judgments an item.

    python benchmarks/generate.py 1000000 _build/benchmarks/judgments_1000000

writes Parquet files of 10 million rows each into the folder, in random order
within a file. The same number gives the same data.
"""

import sys
from pathlib import Path

import numpy as np
import polars as pl

RATERS, PER_ITEM, LABELS = 200, 5, 5
PART = 10_000_000


def drawn(n: int, seed: int = 1, first_item: int = 0) -> tuple[np.random.Generator, np.ndarray, np.ndarray]:
    """The generator after its first draws, the raters of each item, and each item's true label from 0."""
    rng = np.random.default_rng([seed, first_item])
    items = n // PER_ITEM
    steps = rng.integers(1, RATERS // PER_ITEM, (items, PER_ITEM))
    rater = (rng.integers(0, RATERS, (items, 1)) + np.cumsum(steps, 1)) % RATERS
    return rng, rater, rng.choice(LABELS, items, p=[0.1, 0.15, 0.2, 0.3, 0.25])


def judgments(n: int, seed: int = 1, first_item: int = 0) -> pl.DataFrame:
    """n judgments; raters are right with probability Beta(12, 3), otherwise mostly one label off."""
    rng, rater, truth = drawn(n, seed, first_item)
    truth = truth[:, None]
    items = len(truth)
    accuracy = np.random.default_rng(seed).beta(12, 3, RATERS)
    off = rng.choice([-2, -1, 1, 2], (items, PER_ITEM), p=[0.1, 0.4, 0.4, 0.1])
    label = np.where(rng.random((items, PER_ITEM)) < accuracy[rater], truth, np.clip(truth + off, 0, LABELS - 1))
    frame = pl.DataFrame(
        {
            "item_id": np.repeat(np.arange(first_item, first_item + items), PER_ITEM),
            "rater_id": rater.ravel(),
            "label": label.ravel() + 1,
        }
    )
    frame = frame[rng.permutation(len(frame))]
    return frame.select(
        pl.format("i{}", "item_id").alias("item_id"),
        pl.format("r{}", "rater_id").alias("rater_id"),
        pl.col("label").cast(pl.String),
    )


def write(n: int, folder: Path) -> Path:
    """Parquet files of n judgments; a folder that is already complete is left as it is."""
    done = folder / "_complete"
    if not done.exists():
        folder.mkdir(parents=True, exist_ok=True)
        for part, start in enumerate(range(0, n, PART)):
            made = judgments(min(PART, n - start), first_item=start // PER_ITEM)
            made.write_parquet(folder / f"part-{part:03}.parquet")
        done.touch()
    return folder


if __name__ == "__main__":
    print(write(int(sys.argv[1]), Path(sys.argv[2])))
