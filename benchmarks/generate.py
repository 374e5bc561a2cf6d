"""Generated judgments: 5 ordinal labels, 200 raters, 5 judgments per item.

    python benchmarks/generate.py 1000000 _build/benchmarks/judgments_1000000

writes Parquet files of 10 million rows each into the folder, in random order
within a file. The same number gives the same data.

    python benchmarks/generate.py programme 1000000 _build/benchmarks/programme_1000000.csv

writes the CSV of a whole programme: 400 raters of six vendors, four locales, 120 days, gold on a tenth.
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


VENDORS, LOCALES = ("north", "south", "east", "west", "harbour", "lumen"), ("de-DE", "es-ES", "fr-FR", "pt-BR")
DAYS, TEAM, PER_TRACKING_ITEM = 120, 400, 15


def programme(n: int, seed: int = 1) -> pl.DataFrame:
    """n judgments in the order of their moments; raters are 100 a locale, of vendors of unlike size and quality.

    Items have five judgments of one locale, all on one day. Items with gold, a tenth of all judgments, have 15 and come
    back: five raters each on three days 20 days apart. A new guideline on day 80 makes every third rater stricter.
    """
    rng = np.random.default_rng([seed, n])
    of_gold = n // 10 // PER_TRACKING_ITEM
    items = of_gold + (n - of_gold * PER_TRACKING_ITEM) // PER_ITEM
    turns = np.where(np.arange(items) < of_gold, 3, 1)
    item = np.repeat(np.arange(items), turns)  # of each group of five judgments
    turn = np.arange(len(item)) - np.repeat(np.cumsum(turns) - turns, turns)
    locale, truth = rng.integers(0, len(LOCALES), items)[item], rng.choice(4, items, p=[0.1, 0.2, 0.4, 0.3])[item]
    first, fresh = rng.integers(0, DAYS - 40, items)[item], rng.integers(0, DAYS, len(item))
    day = np.where(item < of_gold, first + 20 * turn, fresh)
    team = TEAM // len(LOCALES)
    steps = rng.integers(1, team // PER_TRACKING_ITEM + 1, (items, PER_TRACKING_ITEM)).cumsum(axis=1)  # nobody twice
    place = (rng.integers(0, team, (items, 1)) + steps)[item[:, None], turn[:, None] * PER_ITEM + np.arange(PER_ITEM)]
    rater = place % team * len(LOCALES) + locale[:, None]
    vendor = rng.choice(len(VENDORS), TEAM, p=[0.3, 0.25, 0.2, 0.12, 0.08, 0.05])
    accuracy = np.clip(rng.beta(30, 5, TEAM) - 0.02 * vendor, 0, 1)
    strict = (np.arange(TEAM) % 3 == 0)[rater] & (day >= 80)[:, None]
    off = rng.choice([-1, 1], rater.shape) - strict
    said = np.where(rng.random(rater.shape) < accuracy[rater] - 0.1 * strict, truth[:, None], truth[:, None] + off)
    labels, flat = np.array(["poor", "fair", "good", "excellent"]), np.repeat(np.arange(len(item)), PER_ITEM)
    second = day[flat] * 86_400 + rng.integers(28_800, 64_800, len(flat))
    frame = pl.DataFrame(
        {
            "item_id": item[flat],
            "rater_id": rater.ravel(),
            "label": labels[np.clip(said.ravel(), 0, 3)],
            "locale": np.array(LOCALES)[locale[flat]],
            "rated_at": np.datetime64("2026-01-05", "ms") + second * np.timedelta64(1000, "ms"),
            "vendor": np.array(VENDORS)[vendor[rater.ravel()]],
            "guideline": np.where(day[flat] < 80, "1", "2"),
            "gold": pl.Series(labels[truth[flat]]).set(pl.Series(item[flat] >= of_gold), None),
            "seconds": np.round(rng.gamma(4, 10, len(flat)), 1),
        }
    ).sort("rated_at")
    return frame.with_columns(
        pl.format("i{}", pl.col("item_id").cast(pl.String).str.zfill(7)).alias("item_id"),
        pl.format("r{}", pl.col("rater_id").cast(pl.String).str.zfill(3)).alias("rater_id"),
        pl.col("rated_at").dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
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
    if sys.argv[1] == "programme":
        programme(int(sys.argv[2])).write_csv(sys.argv[3])
    else:
        print(write(int(sys.argv[1]), Path(sys.argv[2])))
