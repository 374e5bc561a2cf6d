"""Aggregation of the same generated judgments by this package and its peers, each in a process of its own.

    python benchmarks/peers_aggregation.py            1,000,000 judgments; writes results/peers_aggregation.csv
    python benchmarks/peers_aggregation.py 100000     fewer; prints, writes nothing

The peers run in the environment that the script makes in _build/benchmarks from
requirements-bench.lock. Seconds are the median of up to five calls, the first not
counted where there are more; reading the data and importing are not in them.
Peak is the resident memory of the whole process, its input included. Ratios are to
this package's row of the same question. The value is the share of items whose label
is the true one (ties by the order of the labels, so that all peers can be compared).
Models run 20 rounds except where the row says otherwise; crowd-kit stops its two
fits of Dawid and Skene's kind as soon as a round gains less than a tolerance (at a
tolerance of 0 after 4 rounds of one coin on 20,000 of these judgments), so it is given one that cannot be reached; ours
include each rater's table and its intervals, but not the test of dependence, which
has a row of its own. cleanlab's own consensus weighs raters by the predictions of
a classifier, and there is none here: its majority is compared. A peer that takes
longer than four minutes is stopped and says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers

TWENTY = "20 rounds"
# question, who, what is done, runner, environment
RUNS = (
    ("majority", "halo_methods", "validated judgments", "halo_majority", None),
    ("majority", "crowd-kit", "long frame", "crowd_MajorityVote", "bench"),
    ("majority", "cleanlab", "items by raters", "cleanlab", "bench"),
    ("Dawid-Skene", "halo_methods", f"validated judgments, {TWENTY}", "halo_dawid_skene", None),
    ("Dawid-Skene", "crowd-kit", f"long frame, {TWENTY}", "crowd_DawidSkene", "bench"),
    ("Dawid-Skene", "halo_methods", "validated judgments, to the fixed point", "halo_fixed_point", None),
    ("Dawid-Skene", "halo_methods", f"a raw frame: every check, then {TWENTY}", "halo_raw", None),
    ("Dawid-Skene", "halo_methods", f"validated judgments, {TWENTY}, test of dependence", "halo_dependence", None),
    ("one coin", "halo_methods", f"validated judgments, {TWENTY}", "halo_one_coin", None),
    ("one coin", "crowd-kit", f"long frame, {TWENTY}", "crowd_OneCoinDawidSkene", "bench"),
    ("MACE", "halo_methods", f"validated judgments, {TWENTY}", "halo_mace", None),
    ("MACE", "crowd-kit", f"long frame, {TWENTY}, one start", "crowd_MACE", "bench"),
    ("GLAD", "halo_methods", f"validated judgments, {TWENTY}", "halo_glad", None),
    ("GLAD", "crowd-kit", f"long frame, {TWENTY}", "crowd_GLAD", "bench"),
    ("ordered errors", "halo_methods", f"validated judgments, {TWENTY}", "halo_ordinal", None),
)


def prepare(n: int, folder: Path) -> None:
    """The judgments as a long table, as items by raters, and the truth of each item."""
    import generate
    import numpy as np
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    long = generate.judgments(n)
    items = n // generate.PER_ITEM
    np.save(folder / "truth.npy", generate.drawn(n)[2] + 1)
    item = long["item_id"].str.slice(1).cast(pl.Int64).to_numpy()
    rater = long["rater_id"].str.slice(1).cast(pl.Int64).to_numpy()
    wide = np.full((items, generate.RATERS), np.nan, dtype=np.float32)
    wide[item, rater] = long["label"].cast(pl.Int64).to_numpy() - 1
    np.save(folder / "wide.npy", wide)
    long.write_parquet(folder / "long.parquet")


def runner(name: str, folder: Path) -> Callable[[], float]:
    """A call that gives the share of true labels, its input read."""
    import numpy as np

    truth = np.load(folder / "truth.npy")

    def share(item_ids: Any, labels: Any) -> float:
        item = np.array([int(i[1:]) for i in item_ids])
        return float((np.asarray(labels).astype(int) == truth[item]).mean())

    checked: dict[str, float] = {}

    def of(made: Callable[[], tuple[Any, Any]]) -> Callable[[], Any]:
        """Times only the aggregation: the share is worked out when `float` asks for it, once."""

        class Later:
            def __init__(self) -> None:
                self.made = made()

            def __float__(self) -> float:
                if "share" not in checked:
                    checked["share"] = share(*self.made)
                return checked["share"]

        return Later

    if name == "cleanlab":
        import pandas as pd
        from cleanlab.multiannotator import get_majority_vote_label

        table = pd.DataFrame(np.load(folder / "wide.npy"))
        ids = [f"i{n}" for n in range(len(table))]
        return of(lambda: (ids, np.asarray(get_majority_vote_label(table, verbose=False)) + 1))
    if name.startswith("crowd"):
        import crowdkit.aggregation as crowd
        import pandas as pd

        frame = pd.read_parquet(folder / "long.parquet").set_axis(["task", "worker", "label"], axis=1)
        kind = name.removeprefix("crowd_")
        options: dict[str, Any] = {
            "MajorityVote": {},
            "DawidSkene": {"n_iter": 20, "tol": -1e18},
            "OneCoinDawidSkene": {"n_iter": 20, "tol": -1e18},
            "MACE": {"n_restarts": 1, "n_iter": 20},
            "GLAD": {"n_iter": 20, "tol": 0.0, "silent": True},
        }[kind]
        return of(lambda: (lambda s: (s.index, s.to_numpy()))(getattr(crowd, kind)(**options).fit_predict(frame)))
    return of(halo(name, folder))


def halo(name: str, folder: Path) -> Callable[[], tuple[Any, Any]]:
    """A call of this package."""
    import polars as pl

    import halo_methods
    from halo_methods import aggregation

    frame = pl.read_parquet(folder / "long.parquet")
    twenty, published = {"max_iterations": 20, "tolerance": 0}, aggregation.EMOptions(prevalence="uniform")
    calls = {
        "halo_majority": aggregation.majority,
        "halo_fixed_point": aggregation.dawid_skene,
        **{f"halo_{way}": lambda j, way=way: getattr(aggregation, way)(j, **twenty)
           for way in ("dawid_skene", "one_coin", "ordinal")},
        **{f"halo_{way}": lambda j, way=way: getattr(aggregation, way)(j, **twenty, options=published)
           for way in ("mace", "glad")},
    }  # fmt: skip
    if name == "halo_raw":
        read = {"scale": peers.LABELS, "level": "ordinal"}
        table, call = (lambda: halo_methods.as_judgments(frame, **read)), calls["halo_dawid_skene"]
    else:
        table, call = peers.fresh(frame), calls.get(name, calls["halo_dawid_skene"])

    def labels() -> tuple[Any, Any]:
        made = call(table()).decide(ties="first")
        _ = made.raters, made.confusion  # they are made when asked for
        if name == "halo_dependence":
            _ = made.dependence
        return made.labels["item_id"], made.labels["label"]

    return labels


if __name__ == "__main__":
    peers.main(__file__, __doc__, RUNS, prepare, runner, "long.parquet")
