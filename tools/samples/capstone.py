"""An export as it comes: one vendor below the bar, and six faults of the file or of the work, each planted once."""

from typing import Any

import numpy as np
import pandas as pd

MARKETS = ("fr-FR", "de-DE", "pt-BR")
ACCURACY = {"north": 0.94, "south": 0.72}
LAZY = "r03"
REPEATED, CONTRADICTED, SERIALS = 14, 6, 25
FIRST_DAY = pd.Timestamp("2026-03-02")
SPREADSHEET_DAY_ZERO = pd.Timestamp("1899-12-30")


def raters() -> dict[str, tuple[str, str]]:
    """Return vendor and market of each rater.

    >>> raters()["r03"], raters()["r12"]
    (('north', 'de-DE'), ('south', 'pt-BR'))
    """
    places = [(vendor, market) for vendor in ACCURACY for market in MARKETS for _ in range(2)]
    return {f"r{number:02d}": place for number, place in enumerate(places, start=1)}


def sample(seed: int = 20269) -> pd.DataFrame:
    """Draw the export: 160 answers of an assistant, each judged as correct or not, and for its tone.

    >>> sample().shape
    (1620, 9)
    """
    rng = np.random.default_rng(seed)
    own = [(f"{market[:2]}{n:02d}", {market}) for market in MARKETS for n in range(1, 41)]
    shared = [(f"x{n:02d}", {"fr-FR", "de-DE"}) for n in range(1, 41)]
    rows = []
    for item, markets in own + shared:
        truth = {"correct": int(rng.random() < 0.6), "tone": int(rng.random() < 0.75)}
        has_gold = rng.random() < 0.6
        for rater, (vendor, market) in raters().items():
            if market not in markets:
                continue
            moment = FIRST_DAY + pd.Timedelta(int(rng.integers(0, 20 * 24 * 60)), "min")
            for criterion, true in truth.items():
                value = 1 if rater == LAZY else true if rng.random() < ACCURACY[vendor] else 1 - true
                rows.append(
                    {
                        "task": item,
                        "annotator": rater,
                        "question": criterion,
                        "answer": str(value) if criterion == "correct" else ("unfitting", "fitting")[value],
                        "expected": f"{true}.0" if criterion == "correct" and has_gold else "",
                        "supplier": vendor,
                        "market": market,
                        "when": moment.strftime("%Y-%m-%dT%H:%MZ"),
                        "seconds": int(rng.integers(2, 5) if rater == LAZY else rng.lognormal(3.6, 0.4)),
                    }
                )
    frame = pd.DataFrame(rows)
    tone = frame.index[frame["question"] == "tone"]
    for change in (str.upper, str.capitalize):
        some = rng.choice(tone, 40, replace=False)
        frame.loc[some, "answer"] = frame.loc[some, "answer"].map(change)
    serials = rng.choice(frame.index, SERIALS, replace=False)
    days = (pd.to_datetime(frame.loc[serials, "when"]).dt.tz_localize(None) - SPREADSHEET_DAY_ZERO).dt.days
    frame.loc[serials, "when"] = days.astype(str)
    again = frame.loc[rng.choice(frame.index[frame["question"] == "correct"], REPEATED + CONTRADICTED, replace=False)]
    other = again.iloc[REPEATED:]
    again = pd.concat([again.iloc[:REPEATED], other.assign(answer=other["answer"].map({"0": "1", "1": "0"}))])
    return pd.concat([frame, again], ignore_index=True)


def truth() -> dict[str, Any]:
    """Return what was planted.

    >>> truth()["without_bridge"]
    'pt-BR'
    """
    return {
        "accuracy": ACCURACY,
        "below_the_bar": "south",
        "lazy": LAZY,
        "without_bridge": "pt-BR",
        "repeated": REPEATED,
        "contradicted": CONTRADICTED,
        "serial_dates": SERIALS,
    }


SAMPLES = {"capstone": sample}
