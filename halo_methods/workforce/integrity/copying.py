"""Pairs of raters who share more mistakes than two people working apart would."""

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ...calibration.reference import people
from ...errors import NotEstimable
from ...judgments import Judgments
from ..outcomes import outcomes
from .evidence import ALPHA, Evidence, benjamini_yekutieli

LEAST_SHARED, LEAST_VOTES, PRIOR = 20, 3, 2.0


def copied(j: Judgments, *, alpha: float = ALPHA) -> Evidence:
    r"""Pairs whose identical mistakes are too many for raters of their accuracy on these items.

    Two good raters agree because both are right; only shared *mistakes* tell.
    An item's reference is gold, otherwise the label of a strict majority of at
    least three raters. For a pair a, b and an item i the chance of the same
    wrong label is :math:`e_{ai} e_{bi} \sum_l s_{il}^2`: each rater's error
    rate moved by the item's difficulty on the logit scale, and how the wrong
    answers on such an item concentrate; difficulty and concentration come from
    the *other* raters of the item, drawn towards the average item by two
    pseudo-judgments. Their sum is scaled up where all pairs together share more
    mistakes than expected, and the number seen is set against a Poisson
    distribution with that mean. P values are adjusted for the number of pairs.

    Parameters
    ----------
    j : Judgments
        One criterion.
    alpha : float
        Bar of the adjusted p value.

    Returns
    -------
    Evidence
        ``a``, ``b``, ``n`` (shared items with a reference), ``agreement``,
        ``same_mistakes``, ``expected``, ``p_value``, ``adjusted``, ``listed``.
        Who copied from whom, and whether one person used both accounts, it
        cannot say.

    Raises
    ------
    NotEstimable
        If no pair shares 20 items with a reference, or nobody made a mistake.

    References
    ----------
    Angoff (1974), Journal of the American Statistical Association 69, 44-49,
    for counts of identical wrong answers; Benjamini and Yekutieli (2001). Power
    and false alarms are simulated in ``benchmarks/study_workforce.py``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rng = np.random.default_rng(1)
    >>> labels = {f"r{r}": np.where(rng.random(80) < .75, 0, rng.integers(1, 4, 80)) for r in range(6)}
    >>> labels["r5"] = labels["r4"]
    >>> rows = [(i, r, x, "0") for r, given in labels.items() for i, x in enumerate(given)]
    >>> found = copied(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])))
    >>> found.listed[["a", "b"]].to_numpy().tolist()
    [['r4', 'r5']]
    """
    raters, label, wrong, key = _matrices(j)
    there = label >= 0
    shared = there.astype(float) @ there.T.astype(float)
    n_labels = int(label.max()) + 1
    same = np.zeros_like(shared)
    agree = np.zeros_like(shared)
    for k in range(n_labels):
        hit = label == k
        agree += hit.astype(float) @ hit.T.astype(float)
        hit = (hit & wrong).astype(float)
        same += hit @ hit.T
    a, b = np.triu_indices(len(raters), 1)
    kept = shared[a, b] >= LEAST_SHARED
    a, b = a[kept], b[kept]
    if not len(a):
        raise NotEstimable(f"no two raters share {LEAST_SHARED} items with gold or a majority")
    if not wrong.any():
        raise NotEstimable("nobody made a mistake, and right answers that agree show nothing")
    expected = _expected(label, wrong, there, key, a, b, n_labels)
    seen = same[a, b]
    scale = max(seen.sum() / max(expected.sum(), 1e-9), 1.0)
    p = stats.poisson.sf(seen - 1, expected * scale)
    table = pd.DataFrame({
        "a": raters[a], "b": raters[b], "n": shared[a, b].astype(int), "agreement": agree[a, b] / shared[a, b],
        "same_mistakes": seen.astype(int), "expected": expected * scale, "p_value": p,
        "adjusted": benjamini_yekutieli(p)})  # fmt: skip
    table["listed"] = table["adjusted"] <= alpha
    return Evidence(
        "copied", table.sort_values(["p_value", "a", "b"], ignore_index=True),
        f"Listed: so many identical mistakes that the p adjusted for {len(a):,} pairs is at most {alpha:g}.",
        "The same wrong training note, the same trainer, gold that is wrong, a clause two people read alike.",
    )  # fmt: skip


def _matrices(j: Judgments) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Raters; raters by units: label codes (-1 is none) and whether wrong; each unit's reference code."""
    frame = outcomes(people(j))
    unit = pl.col("item_id") if "round" not in frame.columns else pl.concat_str(
        [pl.col("item_id"), pl.col("round").cast(pl.String).fill_null("")], separator="\x1f")  # fmt: skip
    gold = pl.col("gold") if "gold" in frame.columns else pl.lit(None, pl.String)
    frame = frame.select(unit.alias("unit"), "rater_id", pl.col("label").cast(pl.String), gold.alias("gold"), "right")
    votes = frame.group_by("unit", "label").agg(pl.len().alias("n"))
    total = pl.col("n").sum().over("unit")
    won = votes.filter((pl.col("n") * 2 > total) & (total >= LEAST_VOTES))
    most = won.select("unit", pl.col("label").alias("most"))
    frame = frame.join(most, on="unit", how="left")
    has_gold = pl.col("gold").is_not_null()
    usable = frame.with_columns(
        pl.when(has_gold).then("right").otherwise(pl.col("label") == pl.col("most")).alias("ok"),
        pl.coalesce("gold", "most").alias("key"),
    )
    usable = usable.filter(pl.col("ok").is_not_null() & pl.col("key").is_not_null()).sort("unit", "rater_id")
    if usable.is_empty():
        raise NotEstimable("no item has gold, and none was judged by three raters with a majority")
    r, raters = pd.factorize(usable["rater_id"].to_numpy(), sort=True)
    u, units = pd.factorize(usable["unit"].to_numpy())
    k, _ = pd.factorize(usable["label"].to_numpy(), sort=True)
    label = np.full((len(raters), len(units)), -1)
    label[r, u] = k
    wrong = np.zeros(label.shape, bool)
    wrong[r, u] = ~usable["ok"].to_numpy()
    key = np.zeros(len(units), int)
    key[u] = pd.factorize(usable["key"].to_numpy())[0]
    return np.asarray(raters), label, wrong, key


def _expected(
    label: NDArray, wrong: NDArray, there: NDArray, key: NDArray, a: NDArray, b: NDArray, n_labels: int
) -> NDArray:
    """Expected identical mistakes of each pair, from their error rates and the items' other raters."""
    judged, errors = there.sum(axis=1), wrong.sum(axis=1)
    overall = np.clip(wrong.sum() / there.sum(), 1e-3, 1 - 1e-3)
    rate = (errors + PRIOR * overall) / (judged + PRIOR)
    by_key = np.zeros((key.max() + 1, n_labels))
    r, u = np.nonzero(wrong)
    np.add.at(by_key, (key[u], label[r, u]), 1.0)
    everywhere = (by_key.sum(axis=0) + 1e-9) / (by_key.sum() + 1e-9 * n_labels)
    base = (by_key + PRIOR * everywhere) / (by_key.sum(axis=1, keepdims=True) + PRIOR)
    n_item, w_item = there.sum(axis=0), wrong.sum(axis=0)
    given = np.zeros((label.shape[1], n_labels))
    np.add.at(given, (u, label[r, u]), 1.0)
    made = np.empty(len(a))
    for place, (one, other) in enumerate(zip(a, b, strict=True)):
        both = np.flatnonzero(there[one] & there[other])
        pair = (one, other)
        n = n_item[both] - 2
        w = w_item[both] - wrong[one, both] - wrong[other, both]
        shift = _logit((w + PRIOR * overall) / (n + PRIOR)) - _logit(overall)
        left = given[both].copy()
        for who in pair:
            hit = wrong[who, both]
            left[hit, label[who, both][hit]] -= 1
        share = (left + PRIOR * base[key[both]]) / (left.sum(axis=1, keepdims=True) + PRIOR)
        chance = [1 / (1 + np.exp(-(_logit(rate[who]) + shift))) for who in pair]
        made[place] = (chance[0] * chance[1] * (share**2).sum(axis=1)).sum()
    return made


def _logit(p: NDArray) -> NDArray:
    return np.log(p / (1 - p))
