"""Three systems that translate, errors planted at known rates, and six raters who find most of them."""

from typing import Any

import numpy as np
import pandas as pd

DOCUMENTS, TEXTS, READERS = 40, 2, 2
SEVERITIES, POINTS = ("minor", "major", "critical"), (1, 5, 25)
RATES = {"amber": (3.0, 1.2, 0.04), "birch": (4.5, 2.4, 0.06), "cedar": (4.5, 2.6, 0.06)}
"""Errors per 100 words, by system and severity."""
FINDS = {"r1": 0.75, "r2": 0.65, "r3": 0.80, "r4": 0.70, "r5": 0.60, "r6": 0.90}
FALSE = {"r1": 0.3, "r2": 0.2, "r3": 0.3, "r4": 0.4, "r5": 0.2, "r6": 1.2}
"""Chance to find an error, and minor marks per 100 words where there is no error, by rater."""
RIGHT = 0.85
"""Chance that a found error gets its severity; otherwise the next one up or down, at random where there are two."""
KINDS = ("accuracy/mistranslation", "accuracy/omission", "fluency/grammar", "fluency/punctuation", "style")
CHANCES = (0.35, 0.15, 0.25, 0.15, 0.10)
COLUMNS = ["item_id", "system", "cluster", "rater_id", "start", "end", "category", "severity", "words", "length"]


def sample(seed: int = 20281) -> pd.DataFrame:
    """Draw the sample.

    Forty documents of two texts, each translated by three systems. Two of six raters read a document, and each of
    them reads all three systems. A row without a place is a reading without an error.

    >>> len(sample().drop_duplicates(["item_id", "system", "rater_id"]))
    480
    """
    rng = np.random.default_rng(seed)
    rows: list[tuple[Any, ...]] = []
    raters = list(FINDS)
    for document in range(DOCUMENTS):
        first = document % 6
        readers = [raters[first], raters[(first + 1 + document // 6 % 5) % 6]]
        hard = rng.gamma(6, 1 / 6)
        for text in range(TEXTS):
            for system, rates in RATES.items():
                words = int(rng.integers(15, 46))
                errors = _errors(rng, words, hard * np.array(rates))
                about = (f"d{document + 1:02d}-{text + 1}", system, f"d{document + 1:02d}")
                for rater in readers:
                    marks = _marks(rng, words, errors, rater)
                    rows += [(*about, rater, *mark, words, 6 * words) for mark in marks or [("", "", "", "")]]
    return pd.DataFrame(rows, columns=COLUMNS)


def truth() -> dict[str, Any]:
    """Return the points per 100 words that the average rater takes from each system.

    >>> {system: round(score, 2) for system, score in truth()["score"].items()}
    {'amber': 10.05, 'birch': 17.59, 'cedar': 18.5}
    """
    finds, false = (float(np.mean(list(by_rater.values()))) for by_rater in (FINDS, FALSE))
    ends = [POINTS[1], (POINTS[0] + POINTS[2]) / 2, POINTS[1]]
    seen = [RIGHT * points + (1 - RIGHT) * other for points, other in zip(POINTS, ends, strict=True)]
    return {"score": {name: false + finds * float(np.dot(rates, seen)) for name, rates in RATES.items()}}


def _errors(rng: np.random.Generator, words: int, rates: np.ndarray) -> list[tuple[int, int, str, int]]:
    """Where the errors of a text are, of which kind and severity."""
    errors = []
    for severity, n in enumerate(rng.poisson(rates * words / 100)):
        for _ in range(n):
            start = 6 * int(rng.integers(words))
            errors.append((start, start + 5 + 6 * int(rng.integers(2)), str(rng.choice(KINDS, p=CHANCES)), severity))
    return errors


def _marks(rng: np.random.Generator, words: int, errors: list[Any], rater: str) -> list[tuple[int, int, str, str]]:
    """What a rater marks in a text, in the order of the places."""
    marks = set()
    for start, end, kind, severity in errors:
        if rng.random() < FINDS[rater]:
            wide = 6 * int(rng.random() < 0.3)
            if rng.random() > RIGHT:
                severity = 1 if severity != 1 else int(rng.choice([0, 2]))
            marks.add((start, min(end + wide, 6 * words), kind, SEVERITIES[severity]))
    for _ in range(rng.poisson(FALSE[rater] * words / 100)):
        start = 6 * int(rng.integers(words))
        marks.add((start, start + 5, str(rng.choice(KINDS, p=CHANCES)), "minor"))
    return sorted(marks)


SAMPLES = {"spans": sample}
