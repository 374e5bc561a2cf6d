"""A programme for search results that finds a gap in its guideline, adjudicates, amends, and looks again."""

from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from .raters import labels_of

SCALE = labels_of("search_relevance", "relevance")
CLAUSES, GAP = ("2.1", "3.2", "4.1"), "3.2"
VERSIONS = {"1.2": date(2026, 9, 1), "1.3": date(2026, 10, 12)}
STRICT = ("r01", "r02", "r03", "r04")
RATERS = tuple(f"r{n:02d}" for n in range(1, 9))
SLIP = 0.10
REASONS = {
    "2.1": "kind and size compared with the query",
    "4.1": "each requirement read in the title",
    "strict": "wrong voltage, so at most related",
    "lenient": "wrong voltage, but all else fits",
    "3.2": "wrong voltage: at most related by the new sentence",
}


def sample(seed: int = 20266) -> pd.DataFrame:
    """Draw the log of both guideline versions and the adjudicator's decisions between them.

    Eight raters judge 40 search results on each of three clauses under guideline 1.2
    and 40 others under 1.3, four raters per result. Everybody slips one step
    once in ten labels. Under 1.2, clause 3.2 leaves a case open: r01 to r04
    read it as *related*, the others as *substitute*. Under 1.3 it says *related*. Between
    the versions an adjudicator decides every item of 1.2 on which raters differ.

    >>> log = sample()
    >>> log.loc[log["stage"] == "label", "guideline"].value_counts().to_dict()
    {'1.2': 480, '1.3': 480}
    """
    rng = np.random.default_rng(seed)
    rows, item = [], 0
    for version, day in VERSIONS.items():
        for clause in CLAUSES:
            for n in range(40):
                item += 1
                truth = 1 if clause == GAP else int(rng.choice(4, p=[0.15, 0.25, 0.4, 0.2]))
                at = (day + timedelta(days=n // 10)).isoformat()
                for who in rng.choice(RATERS, 4, replace=False):
                    open_case = clause == GAP and version == "1.2"
                    strict = who in STRICT
                    meant = truth if strict or not open_case else 2
                    step = rng.choice([-1, 1]) if rng.random() < SLIP else 0
                    label = int(np.clip(meant + step, 0, 3))
                    reason = REASONS[("strict" if strict else "lenient") if open_case else clause]
                    rows.append((f"a{item:03d}", who, label, at, "label", version, reason, clause, "", truth))
    columns = ["item_id", "rater_id", "label", "rated_at", "stage", "guideline", "comment", "clause", "cause", "truth"]
    log = pd.DataFrame(rows, columns=columns)
    differs = log[log["guideline"] == "1.2"].groupby("item_id").filter(lambda g: len(set(g["label"])) > 1)
    decided = differs.drop_duplicates("item_id").assign(
        rater_id="adjudicator-1",
        stage="adjudication",
        label=lambda t: t["truth"],
        rated_at="2026-09-21",
        cause=lambda t: np.where(t["clause"] == GAP, "guideline_gap", "rater_slip"),
        comment=lambda t: np.where(t["clause"] == GAP, "No sentence says what a wrong voltage costs.", ""),
    )
    whole = pd.concat([log, decided], ignore_index=True)
    return whole.assign(label=np.array(SCALE)[whole["label"]]).drop(columns="truth")


def truth() -> dict[str, Any]:
    """Return the gap, who reads it how, and how often two raters of an item differ on it, before and after.

    >>> [round(row["differ"], 3) for row in truth()["gap"]["by_version"]]
    [0.599, 0.185]
    """
    slips = np.array([SLIP / 2, 1 - SLIP, SLIP / 2])
    reads_related, reads_substitute = np.append(slips, 0.0), np.append(0.0, slips)

    def differ(readings: list[np.ndarray]) -> float:
        pairs = [1 - a @ b for i, a in enumerate(readings) for k, b in enumerate(readings) if i != k]
        return float(np.mean(pairs))

    before = [reads_related if who in STRICT else reads_substitute for who in RATERS]
    return {
        "slip": SLIP,
        "gap": {
            "clause": GAP,
            "strict": STRICT,
            "by_version": [
                {"guideline": "1.2", "differ": differ(before)},
                {"guideline": "1.3", "differ": differ([reads_related] * len(RATERS))},
            ],
        },
    }


SAMPLES = {"adjudication": sample}
