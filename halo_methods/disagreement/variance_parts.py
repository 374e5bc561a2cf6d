"""What goes into a division of variance: rounds made level, criteria beside each other, sums drawn."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..results import Caution, readable
from ..stats.crossed import Array, crossed, spread
from .label_values import coded


def level_rounds(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Caution]]:
    """Takes the mean shift between rounds out, seen where the same rater judged the same item again."""
    cell = pl.len().over("item_id", "rater_id")
    again = frame.filter(cell > 1)
    if "round" not in frame.columns or again.is_empty() or again["round"].n_unique() < 2:
        return frame, []
    rounds = again["round"].unique().sort()
    marks = np.stack([(again["round"] == r).to_numpy() for r in rounds[1:]], axis=1).astype(float)
    code = coded(again.select((pl.col("item_id").rank("dense").cast(pl.Int64) * (frame.height + 1)
                               + pl.col("rater_id").rank("dense").cast(pl.Int64)).alias("c"))["c"])  # fmt: skip
    size = np.bincount(code)[:, None]
    y = again["y"].to_numpy()[:, None]
    within = [x - (np.stack([np.bincount(code, c) for c in x.T], 1) / size)[code] for x in (marks, y)]
    shift = np.linalg.lstsq(within[0], within[1], rcond=None)[0].ravel()
    taken = dict(zip(rounds[1:].to_list(), shift.tolist(), strict=True))
    moved = frame.with_columns(
        pl.col("y") - pl.col("round").replace_strict(taken, default=0.0, return_dtype=pl.Float64)
    )
    largest = max(abs(x) for x in taken.values())
    if largest <= 0.05 * float(y.std()):
        return moved, []
    text = f"A mean shift between rounds of {readable(largest)} at most is taken out."
    return moved, [Caution("rounds_levelled", text)]


def complete(frame: pl.DataFrame, keys: list[str]) -> tuple[pl.DataFrame, Array, int]:
    """One row a judgment of an item by a rater, its labels on every criterion beside each other."""
    wide = frame.pivot("criterion", index=keys, values="y").sort(keys)
    whole = wide.drop_nulls([c for c in wide.columns if c not in keys])
    if whole.is_empty():
        raise NotEstimable("no rater judged an item on every criterion; keep the criteria that are judged together")
    if whole.select("item_id", "rater_id").is_duplicated().any():
        raise NotEstimable("judgments repeat over rounds; with criteria as a facet keep one round")
    values = whole.drop(keys).to_numpy()
    if values.shape[1] < 2:
        raise NotEstimable("there is one criterion; leave the facet out")
    return whole.select(keys), values, frame.height - whole.height * values.shape[1]


def by_criterion(
    item: NDArray, rater: NDArray, wide: Array, rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Split scores into the mean over criteria (shared part) and orthonormal contrasts (criterion-specific part)."""
    c = wide.shape[1]
    contrasts = np.linalg.qr(np.column_stack([np.ones(c), np.eye(c)[:, 1:]]))[0][:, 1:]
    mean = spread(crossed(item, rater, wide.mean(axis=1, keepdims=True)), rng)
    apart = spread(crossed(item, rater, wide @ contrasts), rng)
    made = []
    for m, a in zip(mean, apart, strict=True):
        made.append(
            {
                "item": m["item"] - a["item"] / c,
                "rater": m["rater"] - a["rater"] / c,
                "item_rater": m["residual"] - a["residual"] / c,
                "item_criterion": a["item"],
                "rater_criterion": a["rater"],
                "residual": a["residual"],
            }
        )
    return made[0], made[1], made[2]
