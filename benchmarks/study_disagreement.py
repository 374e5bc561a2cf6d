"""How often the intervals of variance components hold the truth, and how far the values lie from it.

python benchmarks/study_disagreement.py
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from halo_methods import as_judgments, disagreement

TRUTH = {"item": 1.0, "rater": 0.2, "residual": 0.8}
DESIGNS = {
    "complete, 12 raters x 60 items": (12, 60, 12, "normal"),
    "complete, 4 raters x 200 items": (4, 200, 4, "normal"),
    "sparse, 3 of 20 raters an item, 300 items": (20, 300, 3, "normal"),
    "sparse, one rater does a third, 300 items": (20, 300, 3, "uneven"),
    "sparse, raters differ in noise, 300 items": (20, 300, 3, "noisy"),
    "sparse, ordinal 1 to 5, 300 items": (20, 300, 3, "ordinal"),
}


def judgments(design: str, rng: np.random.Generator) -> pd.DataFrame:
    """One simulated set of judgments with the components of TRUTH."""
    raters, items, each, kind = DESIGNS[design]
    keys = rng.random((items, raters))
    if kind == "uneven":
        keys[:, 0] /= 6
    chosen = np.argsort(keys, axis=1)[:, :each]
    item = np.repeat(np.arange(items), each)
    rater = chosen.ravel()
    noise = np.full(raters, TRUTH["residual"])
    if kind == "noisy":
        noise = TRUTH["residual"] * np.where(np.arange(raters) % 2, 1.5, 0.5)
    y = (
        rng.normal(0, TRUTH["item"] ** 0.5, items)[item]
        + rng.normal(0, TRUTH["rater"] ** 0.5, raters)[rater]
        + rng.normal(size=len(item)) * np.sqrt(noise[rater])
    )
    if kind == "ordinal":
        y = np.clip(np.rint(3 + y), 1, 5)
    return pd.DataFrame({"item_id": item, "rater_id": rater, "label": y})


def truth(design: str) -> dict[str, float]:
    """The components; for ordinal labels those of a very large simulated set."""
    if DESIGNS[design][3] != "ordinal":
        return TRUTH
    rng = np.random.default_rng(1)
    n = 1500
    latent = rng.normal(0, 1, n)[:, None] + rng.normal(0, TRUTH["rater"] ** 0.5, n)
    y = np.clip(np.rint(3 + latent + rng.normal(0, TRUTH["residual"] ** 0.5, (n, n))), 1, 5)
    by_item, by_rater = y.mean(1), y.mean(0)
    rest = y - by_item[:, None] - by_rater + y.mean()
    return {"item": float(by_item.var()), "rater": float(by_rater.var()), "residual": float(rest.var())}


def study(design: str, runs: int, seed: int = 1) -> Iterator[dict[str, object]]:
    """Coverage, median width and bias of each component and of dependability for three raters."""
    true = truth(design)
    true["dependability(3)"] = true["item"] / (true["item"] + (true["rater"] + true["residual"]) / 3)
    made: dict[str, list[tuple[float, float, float]]] = {k: [] for k in true}
    for run in range(runs):
        v = disagreement.variance_components(
            as_judgments(judgments(design, np.random.default_rng([seed, run])), level="interval")
        )
        for name, e in {**v.parts, "dependability(3)": v.dependability(3)}.items():
            made[name].append((e.value, e.low, e.high))
    for name, rows in made.items():
        yield _row(design, name, true[name], rows)


SOURCES = {"strictness": 0.09, "noise": 0.25, "perspective": 0.15 * 27 / 36, "clause": 0.2 * 2 / 8, "item": 0.2}


def planted(seed: int, raters: int = 18, items: int = 200, each: int = 9) -> pd.DataFrame:
    """Every source of disagreement drawn at random with the amounts of SOURCES, raters and items included."""
    rng = np.random.default_rng([7, seed])
    group = np.arange(raters) % 3
    chosen = np.concatenate(
        [
            np.flatnonzero(group == g)[np.argsort(rng.random((items, raters // 3)), axis=1)[:, : each // 3]]
            for g in range(3)
        ],
        axis=1,
    )
    item, rater = np.repeat(np.arange(items), each), chosen.ravel()
    again = np.concatenate([rng.choice(np.flatnonzero(rater == r), 20, replace=False) for r in range(raters)])
    item, rater = np.concatenate([item, item[again]]), np.concatenate([rater, rater[again]])
    clause = np.arange(items) % 8
    spread = 0.2 * np.where(clause == 5, 3.0, 1.0) * rng.gamma(1, 1, items)
    reading = rng.normal(size=(items, raters)) * np.sqrt(spread)[:, None]
    view = rng.normal(0, 0.15**0.5, (items, 3))
    noise = rng.normal(size=len(item)) * np.sqrt(0.25 * rng.gamma(4, 0.25, raters))[rater]
    level, lean = rng.normal(size=items), rng.normal(0, 0.3, raters)
    return pd.DataFrame(
        {
            "item_id": item,
            "rater_id": rater,
            "label": level[item] + lean[rater] + reading[item, rater] + view[item, group[rater]] + noise,
            "round": np.where(np.arange(len(item)) < items * each, 1, 2),
            "clause": clause[item],
            "locale": group[rater],
        }
    )


def study_split(runs: int) -> Iterator[dict[str, object]]:
    """The same of the shares of the sources of disagreement."""
    true = {name: amount / sum(SOURCES.values()) for name, amount in SOURCES.items()}
    made: dict[str, list[tuple[float, float, float]]] = {k: [] for k in true}
    for run in range(runs):
        found = disagreement.split(as_judgments(planted(run), level="interval"))
        for name in true:
            e = found.shares[name]
            made[name].append((e.value, e.low, e.high))
    for name, rows in made.items():
        yield _row("split, 18 raters in 3 groups, 200 items", f"share: {name}", true[name], rows)


def _row(design: str, quantity: str, true: float, rows: list[tuple[float, float, float]]) -> dict[str, object]:
    value, low, high = np.array(rows).T
    return {
        "design": design,
        "quantity": quantity,
        "truth": round(true, 4),
        "mean": round(float(value.mean()), 4),
        "coverage": round(float(((low <= true) & (true <= high)).mean()), 3),
        "median_width": round(float(np.median(high - low)), 3),
        "runs": len(rows),
    }


def main(runs: int = 1000) -> None:
    """Writes the table."""
    rows = [row for design in DESIGNS for row in study(design, runs)]
    rows += study_split(runs // 10)
    target = Path(__file__).parent / "results" / "study_disagreement.csv"
    text = pd.DataFrame(rows).to_csv(index=False)
    target.write_text(f"# made by: python benchmarks/study_disagreement.py\n{text}", encoding="utf-8")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
