"""A team that labels two criteria in three markets, and what agreement would be with items without end."""

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .raters import Rater, label

SCALE = ("1", "2", "3", "4", "5")
DIFFICULTY = {"de-DE": 0.35, "fr-FR": 0.0, "pt-BR": 0.05}
SHARES = {"helpfulness": (0.05, 0.10, 0.25, 0.40, 0.20), "tone": (0.02, 0.05, 0.10, 0.58, 0.25)}
MISSED = 0.40
TEAM = tuple(
    Rater(f"r{n}", accuracy, 0.95 if n == 7 else 0.5, vendor="north" if n <= 4 else "south")
    for n, accuracy in enumerate((0.94, 0.92, 0.95, 0.90, 0.93, 0.88, 0.80, 0.94), start=1)
)


def sample(seed: int = 20263, *, items: int = 60, shared_by_all: int = 15, overlap: int = 5) -> pd.DataFrame:
    """Draw the sample: in each market 15 items judged by all eight raters, the others by five drawn at random.

    Items whose true label is 1 are taken for a 2 by 40% of raters; in de-DE every
    rater's accuracy is multiplied by .65.

    >>> sample().shape
    (2070, 6)
    """
    rng = np.random.default_rng(seed)
    parts = []
    for criterion, shares in SHARES.items():
        for locale, hard in DIFFICULTY.items():
            truth = rng.choice(5, size=items, p=shares)
            labels = np.stack([_labels(truth, hard, rater, rng) for rater in TEAM])
            place = rng.random((items, len(TEAM))).argsort(1).argsort(1)
            judged = (place < overlap) | (np.arange(items) < shared_by_all)[:, None]
            item, who = np.nonzero(judged)
            parts.append(
                pd.DataFrame(
                    {
                        "item_id": [f"{locale[:2]}{i + 1:02d}" for i in item],
                        "rater_id": [TEAM[r].rater_id for r in who],
                        "label": np.array(SCALE)[labels[who, item]],
                        "criterion": criterion,
                        "locale": locale,
                        "vendor": [TEAM[r].vendor for r in who],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def truth() -> dict[str, Any]:
    """Return raw agreement and ordinal alpha by criterion and market; shares and agreement by label of helpfulness.

    They are the limits for items without end and these eight raters, from the
    chances of every pair of labels.

    >>> [round(truth()["alpha"]["helpfulness"][market], 2) for market in ("all", "de-DE")]
    [0.81, 0.67]
    """
    markets = {"all": tuple(DIFFICULTY), **{locale: (locale,) for locale in DIFFICULTY}}
    by_market = {c: {name: _pairs(c, locales) for name, locales in markets.items()} for c in SHARES}
    pairs = by_market["helpfulness"]["all"]
    shares = pairs.sum(0)
    return {
        "alpha": {c: {name: _ordinal_alpha(p) for name, p in found.items()} for c, found in by_market.items()},
        "raw_agreement": {c: {name: float(np.trace(p)) for name, p in found.items()} for c, found in by_market.items()},
        "label_share": {name: float(shares[k]) for k, name in enumerate(SCALE)},
        "label_agreement": {name: float(pairs[k, k] / shares[k]) for k, name in enumerate(SCALE)},
    }


def _labels(truth: NDArray, hard: float, rater: Rater, rng: np.random.Generator) -> NDArray:
    """One rater's labels; a true 1 is taken for a 2 in four cases of ten."""
    labels = label(truth, np.full(truth.size, hard), rater, 5, rng)
    return np.where(truth == 0, (rng.random(truth.size) < MISSED).astype(int), labels)


def _chances(rater: Rater, hard: float) -> NDArray:
    """P(label given | true label), 5 x 5, of `_labels`."""
    right = rater.accuracy * (1 - hard)
    chances = np.diag(np.full(5, right))
    for truth in range(1, 5):
        down = 1.0 if truth == 4 else rater.lean
        chances[truth, truth - 1] = (1 - right) * down
        if truth < 4:
            chances[truth, truth + 1] = (1 - right) * (1 - down)
    chances[0] = (1 - MISSED, MISSED, 0, 0, 0)
    return chances


def _pairs(criterion: str, locales: tuple[str, ...]) -> NDArray:
    """P(one rater gives k, another gives l) for an item drawn from these markets, 5 x 5."""
    total = np.zeros((5, 5))
    for locale in locales:
        chances = [_chances(rater, DIFFICULTY[locale]) for rater in TEAM]
        pairs = list(permutations(chances, 2))
        total += sum(a.T @ np.diag(SHARES[criterion]) @ b for a, b in pairs) / len(pairs) / len(locales)
    return total


def _ordinal_alpha(pairs: NDArray) -> float:
    """1 - observed / expected disagreement, the distance of two labels being the shares that lie between them."""
    shares = pairs.sum(0)
    observed = expected = 0.0
    for k in range(5):
        for m in range(5):
            between = shares[min(k, m) : max(k, m) + 1].sum() - (shares[k] + shares[m]) / 2
            observed += pairs[k, m] * between**2
            expected += shares[k] * shares[m] * between**2
    return float(1 - observed / expected)


SAMPLES = {"agreement": sample}
