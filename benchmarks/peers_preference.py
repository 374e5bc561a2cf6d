"""Bradley-Terry strengths of 50 systems from the same generated battles, each in a process of its own.

    python benchmarks/peers_preference.py            1,000,000 battles; writes results/peers_preference.csv
    python benchmarks/peers_preference.py 100000     fewer; prints, writes nothing

How a process is measured, and the environment of the peers, are those of peers.py. A fifth of the battles
are ties, which count as half a win for each, since evalica has no model of ties. Ours are drawn by voter, 50
battles each; evalica draws battles one by one, which is the easier task and too narrow where a voter's votes
are alike. Its own bootstrap is asked for percentiles, because its default would fit each battle left out. The
value is the largest strength less the smallest, on the log scale.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers

SYSTEMS, PER_VOTER = 50, 50
peers.LIMIT = 1800  # 100 fits of a million battles, where others use the machine too
RUNS = (
    ("strengths, resampled", "halo_methods", "checked pairs, 1,000 replicates by voter", "halo_thousand", None),
    ("strengths, resampled", "evalica", "lists, 100 replicates by battle", "evalica_hundred", "bench"),
    ("strengths", "halo_methods", "checked pairs, intervals by item and voter", "halo_sandwich", None),
    ("strengths", "evalica", "lists, no interval", "evalica_once", "bench"),
)


def prepare(n: int, folder: Path) -> None:
    """The battles as a long table."""
    import numpy as np
    import polars as pl
    from scipy import special

    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(1)
    strength = np.linspace(1, -1, SYSTEMS)
    left = rng.integers(0, SYSTEMS, n)
    right = (left + rng.integers(1, SYSTEMS, n)) % SYSTEMS
    won = np.where(rng.random(n) < special.expit(strength[left] - strength[right]), "left", "right")
    winner = np.where(rng.random(n) < 0.2, "tie", won)
    names = np.array([f"system {i:02d}" for i in range(SYSTEMS)])
    frame = pl.DataFrame({"item_id": np.arange(n), "rater_id": np.arange(n) // PER_VOTER, "left": names[left],
                          "right": names[right], "winner": winner})  # fmt: skip
    frame.with_columns(pl.col("item_id", "rater_id").cast(pl.String)).write_parquet(folder / "battles.parquet")


def runner(name: str, folder: Path) -> Callable[[], float]:
    """A call that gives the spread of the strengths, its input read."""
    import numpy as np

    if name.startswith("evalica"):
        import evalica
        import pandas as pd

        frame = pd.read_parquet(folder / "battles.parquet")
        winners = {"left": evalica.Winner.X, "right": evalica.Winner.Y, "tie": evalica.Winner.Draw}
        told: list[Any] = [frame["left"].tolist(), frame["right"].tolist(), frame["winner"].map(winners).tolist()]

        def spread() -> float:
            if name == "evalica_once":
                scores = evalica.bradley_terry(*told).scores
            else:
                more: dict[str, Any] = {"n_resamples": 100, "bootstrap_method": "percentile", "random_state": 1}
                scores = evalica.bootstrap(evalica.bradley_terry, *told, **more).result.scores
            return float(np.log(scores.max() / scores.min()))

        return spread
    import polars as pl

    from halo_methods import preference, read_pairs

    pairs = read_pairs(folder / "battles.parquet")
    assert len(pairs) == pl.scan_parquet(folder / "battles.parquet").select(pl.len()).collect().item()

    def ours() -> float:
        made = preference.bradley_terry(pairs, ties="half", left=False)
        strengths = (preference.bootstrap(made) if name == "halo_thousand" else made).table["strength"]
        return float(strengths.max() - strengths.min())

    return ours


if __name__ == "__main__":
    peers.main(__file__, __doc__ or "", RUNS, prepare, runner, "battles.parquet")
