"""Which clauses are more disputed than others."""

import numpy as np
import pandas as pd

from ..stats.crossed import Array, Ints
from .pair_distances import NONE, Apart, Rows

ALPHA, PERMUTATIONS = 0.05, 999


def unclear_clauses(found: Apart, rows: Rows, names: list[str]) -> tuple[Ints, pd.DataFrame]:
    """Which clauses are more disputed than items drawn at random."""
    if rows.clause is None:
        return NONE, pd.DataFrame()
    rng = np.random.default_rng(2027)
    has = np.isfinite(found.within)
    code, x = rows.clause[found.item[has]], found.within[has]
    n, spread = np.bincount(code, minlength=len(names)), x.std()

    def heights(values: Array) -> Array:
        mean = np.bincount(code, values, minlength=len(names)) / np.maximum(n, 1)
        scale = spread * np.sqrt(np.maximum(1 / np.maximum(n, 1) - 1 / len(x), 1e-12))
        return np.where(n > 1, (mean - x.mean()) / scale, -np.inf)

    if len(x) < 2 or spread < 1e-12:
        p = np.ones(len(names))
    else:
        seen = heights(x)
        highest = np.array([heights(rng.permutation(x)).max() for _ in range(PERMUTATIONS)])
        p = (1 + (highest[:, None] >= seen - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    unclear = np.flatnonzero((p < ALPHA) & (n > 1))
    clear = x[~np.isin(code, unclear)].mean()
    mean = np.bincount(code, x, minlength=len(names)) / np.maximum(n, 1)
    table = pd.DataFrame(
        {
            "clause": names,
            "items": n,
            "disagreement": mean,
            "times": mean / clear if clear > 0 else np.nan,
            "p_value": p,
            "unclear": np.isin(np.arange(len(names)), unclear),
        }
    )
    return unclear, table[table["items"] > 0].sort_values(
        ["disagreement", "clause"], ascending=[False, True], ignore_index=True
    )
