"""The sample of the agreement chapter, and what it would say with raters and items without end."""

from itertools import permutations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..agreement import coefficients
from .raters import Rater, label

AGREEMENT_SCALE = ("1", "2", "3", "4", "5")
AGREEMENT_LOCALES = {"de-DE": 0.35, "fr-FR": 0.0, "pt-BR": 0.05}
_SHARES = {"helpfulness": (0.05, 0.10, 0.25, 0.40, 0.20), "tone": (0.02, 0.05, 0.10, 0.58, 0.25)}
_ACCURACY = (0.94, 0.92, 0.95, 0.90, 0.93, 0.88, 0.80, 0.94)
_MISSED = 0.40
_ITEMS, _SHARED_BY_ALL, _OVERLAP = 60, 15, 5


def agreement_team() -> list[Rater]:
    """The eight raters of the sample; r7 errs downwards.

    Examples
    --------
    >>> agreement_team()[6]
    Rater(rater_id='r7', accuracy=0.8, lean=0.95, rater_type='human', vendor='south')
    """
    return [
        Rater(f"r{n}", accuracy, 0.95 if n == 7 else 0.5, vendor="north" if n <= 4 else "south")
        for n, accuracy in enumerate(_ACCURACY, start=1)
    ]


def agreement_sample(seed: int = 20263) -> pd.DataFrame:
    """The sample of the agreement chapter; its truth is described in ``data/samples/README.md``.

    60 items in each of three markets, judged for two criteria: 15 of them by all eight
    raters, the others by five drawn at random. Items whose true label is 1 are taken for a
    2 by 40% of raters; in de-DE every rater's accuracy is multiplied by .65.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``criterion``, ``locale``, ``vendor``.

    Examples
    --------
    >>> agreement_sample().shape
    (2070, 6)
    """
    rng = np.random.default_rng(seed)
    team = agreement_team()
    parts = []
    for criterion, shares in _SHARES.items():
        for locale, hard in AGREEMENT_LOCALES.items():
            truth = rng.choice(5, size=_ITEMS, p=shares)
            given = np.stack([_given(truth, hard, rater, rng) for rater in team])
            place = rng.random((_ITEMS, len(team))).argsort(1).argsort(1)
            seen = (place < _OVERLAP) | (np.arange(_ITEMS) < _SHARED_BY_ALL)[:, None]
            item, who = np.nonzero(seen)
            parts.append(
                pd.DataFrame(
                    {
                        "item_id": [f"{locale[:2]}{i + 1:02d}" for i in item],
                        "rater_id": [team[r].rater_id for r in who],
                        "label": np.array(AGREEMENT_SCALE)[given[who, item]],
                        "criterion": criterion,
                        "locale": locale,
                        "vendor": [team[r].vendor for r in who],
                    }
                )
            )
    return pd.concat(parts, ignore_index=True)


def _given(truth: NDArray, hard: float, rater: Rater, rng: np.random.Generator) -> NDArray:
    """One rater's labels; a true 1 is taken for a 2 in four cases of ten."""
    made = label(truth, np.full(truth.size, hard), rater, 5, rng)
    return np.where(truth == 0, (rng.random(truth.size) < _MISSED).astype(int), made)


def _chances(rater: Rater, hard: float) -> NDArray:
    """P(label given | true label), 5 x 5, of `_given`."""
    right = rater.accuracy * (1 - hard)
    made = np.diag(np.full(5, right))
    for truth in range(5):
        down = 0.0 if truth == 0 else 1.0 if truth == 4 else rater.lean
        if truth > 0:
            made[truth, truth - 1] = (1 - right) * down
        if truth < 4:
            made[truth, truth + 1] = (1 - right) * (1 - down)
    made[0] = (1 - _MISSED, _MISSED, 0, 0, 0)
    return made


def _coincidences(criterion: str, locales: tuple[str, ...]) -> NDArray:
    """P(one rater gives k, another gives l) for an item drawn from these markets, 5 x 5."""
    total = np.zeros((5, 5))
    for locale in locales:
        chances = [_chances(rater, AGREEMENT_LOCALES[locale]) for rater in agreement_team()]
        pairs = list(permutations(chances, 2))
        total += sum(a.T @ np.diag(_SHARES[criterion]) @ b for a, b in pairs) / len(pairs) / len(locales)
    return total


def agreement_truth() -> pd.DataFrame:
    """What agreement would be with items without end, by criterion and market.

    Returns
    -------
    pandas.DataFrame
        ``criterion``, ``locale`` (all, or one), ``raw_agreement``, ``alpha`` (ordinal).

    Examples
    --------
    >>> agreement_truth().round(2).head(2)
         criterion locale  raw_agreement  alpha
    0  helpfulness    all           0.67   0.81
    1  helpfulness  de-DE           0.45   0.67
    """
    alpha = coefficients.krippendorff("ordinal", AGREEMENT_SCALE)
    rows = []
    for criterion in _SHARES:
        for locale in ("all", *AGREEMENT_LOCALES):
            both = _coincidences(criterion, tuple(AGREEMENT_LOCALES) if locale == "all" else (locale,))
            n = 1e9
            totals = np.concatenate([[n], n * both.sum(0), n * both.ravel()])
            rows.append((criterion, locale, float(np.trace(both)), float(alpha.value(totals))))
    return pd.DataFrame(rows, columns=["criterion", "locale", "raw_agreement", "alpha"])


def agreement_truth_by_label(criterion: str = "helpfulness") -> pd.DataFrame:
    """Share of each label and specific agreement on it, with items without end.

    Examples
    --------
    >>> agreement_truth_by_label().round(2).head(1)
      label  share  agreement
    0     1   0.04       0.47
    """
    both = _coincidences(criterion, tuple(AGREEMENT_LOCALES))
    shares = both.sum(0)
    return pd.DataFrame({"label": AGREEMENT_SCALE, "share": shares, "agreement": np.diag(both) / shares})
