"""Agreement on the same generated judgments by this package and its peers, each in a process of its own.

    python benchmarks/peers_agreement.py            1,000,000 judgments; writes results/peers_agreement.csv
    python benchmarks/peers_agreement.py 100000     fewer; prints, writes nothing

The peers run in two environments that the script makes in _build/benchmarks from
requirements-bench.lock and requirements-irrcac.lock. Seconds are the median
of up to five calls, the first not counted where there are more; reading the data
and importing are not in them. Peak is the resident memory of the whole process,
its input included. Ratios are to this package's row of the same question.
A peer that takes longer than four minutes is stopped and says so.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import peers

# question, who, what is done, runner, environment
RUNS = (
    ("alpha", "halo_methods", "validated judgments, interval over items (1,000 replicates)", "halo_items", None),
    ("alpha", "halo_methods", "validated judgments, interval over items and raters", "halo_both", None),
    ("alpha", "halo_methods", "a raw frame: every check, then interval over items", "halo_raw", None),
    ("alpha", "krippendorff", "ready-made counts, no interval", "krippendorff_counts", "bench"),
    ("alpha", "krippendorff", "raters by items, no interval", "krippendorff_wide", "bench"),
    ("alpha", "evalica", "raters by items, no interval", "evalica_alpha", "bench"),
    ("alpha", "evalica", "raters by items, 1,000 replicates", "evalica_bootstrap", "bench"),
    ("AC1", "halo_methods", "validated judgments, interval over items", "halo_gwet", None),
    (
        "AC1",
        "irrCAC",
        "five columns of labels, analytic interval over items",
        "irrcac_five",
        "irrcac",
    ),
    ("AC1", "irrCAC", "items by 200 raters, analytic interval over items", "irrcac_wide", "irrcac"),
    ("Fleiss' kappa", "halo_methods", "validated judgments, interval over items", "halo_fleiss", None),
    ("Fleiss' kappa", "statsmodels", "ready-made counts, no interval", "statsmodels_counts", "bench"),
    ("Cohen's kappa", "halo_methods", "validated judgments of two raters, interval over items", "halo_cohen", None),
    ("Cohen's kappa", "scikit-learn", "two arrays, no interval", "sklearn_cohen", "bench"),
)


def prepare(n: int, folder: Path) -> None:
    """The judgments as a long table, as counts of labels by item, as raters by items, and as two raters' labels."""
    import generate
    import numpy as np
    import polars as pl

    folder.mkdir(parents=True, exist_ok=True)
    long = generate.judgments(n)
    item = long["item_id"].str.slice(1).cast(pl.Int64).to_numpy()
    rater = long["rater_id"].str.slice(1).cast(pl.Int64).to_numpy()
    label = long["label"].cast(pl.Int64).to_numpy()
    items = n // generate.PER_ITEM
    np.save(folder / "counts.npy", np.bincount(item * 5 + label - 1, minlength=items * 5).reshape(items, 5))
    wide = np.full((generate.RATERS, items), np.nan)
    wide[rater, item] = label
    np.save(folder / "wide.npy", wide)
    long.write_parquet(folder / "long.parquet")
    half = n // 2
    rng = np.random.default_rng(2)
    first = rng.integers(1, 6, half)
    second = np.where(rng.random(half) < 0.7, first, rng.integers(1, 6, half))
    pl.DataFrame(
        {
            "item_id": [f"i{i}" for i in range(half)] * 2,
            "rater_id": ["a"] * half + ["b"] * half,
            "label": np.concatenate([first, second]).astype(str),
        }
    ).write_parquet(folder / "two.parquet")


def runner(name: str, folder: Path) -> Callable[[], float]:
    """A call that gives the coefficient, its input read."""
    if name.startswith("halo"):
        return halo(name, folder)
    import numpy as np
    import pandas as pd

    if name == "sklearn_cohen":
        from sklearn.metrics import cohen_kappa_score

        two = pd.read_parquet(folder / "two.parquet")["label"].astype(int).to_numpy().reshape(2, -1)
        return lambda: cohen_kappa_score(two[0], two[1])
    data: Any = np.load(folder / ("wide.npy" if "wide" in name or "evalica" in name else "counts.npy"))
    if name.startswith("krippendorff"):
        import krippendorff

        as_what = {"reliability_data" if name.endswith("wide") else "value_counts": data}
        return lambda: krippendorff.alpha(**as_what, level_of_measurement="ordinal")
    if name.startswith("evalica"):
        import evalica

        frame = pd.DataFrame(data)
        if name == "evalica_alpha":
            return lambda: evalica.alpha(frame, "ordinal").alpha
        return lambda: evalica.alpha_bootstrap(frame, "ordinal", n_resamples=1000, random_state=1).alpha
    if name.startswith("irrcac"):
        from irrCAC.raw import CAC

        frame = pd.DataFrame(data.T if name.endswith("wide") else given(data))
        return lambda: CAC(frame).gwet()["est"]["coefficient_value"]
    from statsmodels.stats.inter_rater import fleiss_kappa

    return lambda: fleiss_kappa(data)


def given(counts: Any) -> Any:
    """Items by judgments: each label as often as its count says."""
    import numpy as np

    labels = np.broadcast_to(np.arange(1, counts.shape[1] + 1), counts.shape)
    return np.repeat(labels.ravel(), counts.ravel()).reshape(len(counts), -1)


def halo(name: str, folder: Path) -> Callable[[], float]:
    """A call of this package."""
    import polars as pl

    import halo_methods
    from halo_methods import agreement

    frame = pl.read_parquet(folder / ("two.parquet" if name == "halo_cohen" else "long.parquet"))
    if name == "halo_raw":
        read = {"scale": peers.LABELS, "level": "ordinal"}
        return lambda: agreement.krippendorff_alpha(halo_methods.as_judgments(frame, **read), over="items").value
    calls = {
        "halo_items": lambda j: agreement.krippendorff_alpha(j, over="items"),
        "halo_both": lambda j: agreement.krippendorff_alpha(j),
        "halo_gwet": lambda j: agreement.gwet_ac(j, over="items"),
        "halo_fleiss": lambda j: agreement.fleiss_kappa(j, over="items"),
        "halo_cohen": lambda j: agreement.cohen_kappa(j, "a", "b"),
    }
    table = peers.fresh(frame)
    return lambda: calls[name](table()).value


if __name__ == "__main__":
    peers.main(__file__, __doc__, RUNS, prepare, runner, "two.parquet")
