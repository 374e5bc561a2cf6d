"""Error rates of the funnel, and false alarms and power of the detector of copied answers.

python benchmarks/study_workforce.py    writes benchmarks/results/study_workforce.csv; about two minutes on one core
"""

from pathlib import Path

import numpy as np
import pandas as pd

from halo_methods import Judgments, as_judgments, integrity
from halo_methods.workforce import by_vendor

OUT = Path(__file__).parent / "results" / "study_workforce.csv"


def vendors(rng: np.random.Generator, accuracy: dict[str, float], spread: float, raters: int, items: int) -> Judgments:
    """Vendors whose raters differ by ``spread`` (standard deviation of their accuracy), each on its own items."""
    parts = []
    for name, share in accuracy.items():
        own = np.clip(share + rng.normal(0, spread, raters), 0.02, 0.995)
        right = rng.random((raters, items)) < own[:, None]
        parts.append(pd.DataFrame({
            "item_id": np.tile([f"{name}{i}" for i in range(items)], raters),
            "rater_id": np.repeat([f"{name}{r}" for r in range(raters)], items),
            "label": np.where(right, "x", "y").ravel(), "gold": "x", "vendor": name}))  # fmt: skip
    return as_judgments(pd.concat(parts))


def funnel_rows(times: int = 150) -> list[dict]:
    """How often a vendor lies beyond each line: all alike, and one truly bad."""
    rows = []
    for spread in (0.0, 0.03, 0.06):
        for raters, items in ((3, 40), (6, 40), (8, 100)):
            rng = np.random.default_rng(1)
            where, bad, good = [], [], []
            for _ in range(times):
                even = vendors(rng, dict.fromkeys("abcd", 0.9), spread, raters, items)
                where += by_vendor(even).table["funnel"].tolist()
            for _ in range(times // 2):
                given = dict.fromkeys("abc", 0.9) | {"d": 0.75}
                placed = by_vendor(vendors(rng, given, spread, raters, items)).table.set_index("vendor")["funnel"]
                bad.append(placed["d"])
                good += placed.loc[list("abc")].tolist()
            setting = f"4 vendors of {raters} raters, {items} judgments each, raters' sd {spread:g}"
            for quantity, found, hit in (
                ("vendor like the others beyond a 95% line", where, lambda w: w != "inside"),
                ("vendor like the others beyond a 99.8% line", where, lambda w: w.endswith("99.8%")),
                ("vendor at .75 among .90 below the 95% line", bad, lambda w: w.startswith("below")),
                ("vendor at .75 among .90 below the 99.8% line", bad, lambda w: w == "below 99.8%"),
                ("good vendor beside a bad one beyond a 99.8% line", good, lambda w: w.endswith("99.8%")),
            ):
                rows.append(row("funnel", setting, quantity, [hit(w) for w in found]))
    return rows


def shift(rng: np.random.Generator, raters: int, items: int, error: float, copy: float) -> Judgments:
    """Raters on shared items, a tenth of them hard with a lure; the last takes a share of the first's answers."""
    gold = rng.integers(0, 4, items)
    harder = np.where(rng.random(items) < 0.1, 0.5, 0.0)
    lure = (gold + rng.integers(1, 4, items)) % 4
    own = np.clip(error + rng.normal(0, 0.04, raters), 0.02, 0.6)[:, None]
    pick = np.where(rng.random((raters, items)) < 0.6, lure, (gold + rng.integers(1, 4, (raters, items))) % 4)
    given = np.where(rng.random((raters, items)) < own + harder, pick, gold)
    if copy:
        given[-1] = np.where(rng.random(items) < copy, given[0], given[-1])
    names = np.repeat([f"r{r:02d}" for r in range(raters)], items)
    return as_judgments(pd.DataFrame({
        "item_id": np.tile(np.arange(items), raters), "rater_id": names,
        "label": given.ravel(), "gold": np.tile(gold, raters)}))  # fmt: skip


def copy_rows(times: int = 120) -> list[dict]:
    """Tables of honest people with at least one listed; planted pairs found."""
    rows = []
    for raters in (6, 20):
        for items in (40, 80, 160):
            for error in (0.1, 0.2):
                rng = np.random.default_rng(2)
                setting = f"{raters} raters, {items} shared items, {error:.0%} wrong, a tenth of the items hard"
                false = [not integrity.copied(shift(rng, raters, items, error, 0)).listed.empty for _ in range(times)]
                rows.append(row("copied", setting, "honest table in which any pair is listed", false))
                for copy in (0.5, 0.9):
                    found = []
                    for _ in range(times // 4):
                        pairs = integrity.copied(shift(rng, raters, items, error, copy)).listed[["rater_a", "rater_b"]]
                        found.append(["r00", f"r{raters - 1:02d}"] in pairs.to_numpy().tolist())
                    rows.append(row("copied", setting, f"pair that copies {copy:.0%} found", found))
    return rows


def row(method: str, setting: str, quantity: str, hits: list[bool]) -> dict:
    share = float(np.mean(hits))
    return {"method": method, "setting": setting, "quantity": quantity, "share": round(share, 4),
            "error": round((share * (1 - share) / len(hits)) ** 0.5, 4), "times": len(hits)}  # fmt: skip


def main() -> None:
    table = pd.DataFrame(funnel_rows() + copy_rows())
    with OUT.open("w", encoding="utf-8") as file:
        file.write("# made by: python benchmarks/study_workforce.py\n")
        table.to_csv(file, index=False)
    print(table.to_string())


if __name__ == "__main__":
    main()
