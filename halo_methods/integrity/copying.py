"""Pairs of raters who share more mistakes than two people working apart would."""

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..stats.checks import check_probability
from ..stats.discovery import adjusted_p_values
from .evidence import ALPHA, Evidence

LEAST_SHARED, LEAST_VOTES, PRIOR = 20, 3, 2.0


def copied(j: Judgments, *, alpha: float = ALPHA) -> Evidence:
    r"""Find pairs whose identical mistakes are too many for raters of their accuracy on these items.

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
        ``rater_a``, ``rater_b``, ``n`` (shared items with a reference), ``agreement``,
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
    >>> rng = np.random.default_rng(1)
    >>> labels = {f"r{r}": np.where(rng.random(80) < .75, 0, rng.integers(1, 4, 80)) for r in range(6)}
    >>> labels["r5"] = labels["r4"]
    >>> rows = [(i, r, x, "0") for r, given in labels.items() for i, x in enumerate(given)]
    >>> evidence = copied(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> evidence.listed[["rater_a", "rater_b"]].to_numpy().tolist()
    [['r4', 'r5']]
    """
    check_probability(alpha, option="alpha", open_ends=True)
    raters, label, wrong, key = _matrices(as_judgments(j).people())
    there = label >= 0
    shared = there.astype(float) @ there.T.astype(float)
    n_labels = int(label.max()) + 1
    same, agree = np.zeros_like(shared), np.zeros_like(shared)
    for k in range(n_labels):
        hit = (label == k).astype(float)
        agree += hit @ hit.T
        hit *= wrong
        same += hit @ hit.T
    a, b = np.nonzero(np.triu(shared >= LEAST_SHARED, 1))
    if not len(a):
        raise NotEstimable(f"no two raters share {LEAST_SHARED} items with gold or a majority")
    if not wrong.any():
        raise NotEstimable("nobody made a mistake, and right answers that agree show nothing")
    expected = _expected(label, wrong, there, key, a, b, n_labels)
    seen = same[a, b]
    scale = max(seen.sum() / max(expected.sum(), 1e-9), 1.0)
    p = stats.poisson.sf(seen - 1, expected * scale)
    table = pd.DataFrame(
        {
            "rater_a": raters[a],
            "rater_b": raters[b],
            "n": shared[a, b].astype(int),
            "agreement": agree[a, b] / shared[a, b],
            "same_mistakes": seen.astype(int),
            "expected": expected * scale,
            "p_value": p,
            "adjusted": adjusted_p_values(p),
        }
    )
    table["listed"] = table["adjusted"] <= alpha
    return Evidence(
        "copied",
        table.sort_values(["p_value", "rater_a", "rater_b"], ignore_index=True),
        f"Listed: so many identical mistakes that the p adjusted for {len(a):,} pairs is at most {alpha:g}.",
        "The same wrong training note, the same trainer, gold that is wrong, a clause two people read alike.",
    )


def _matrices(j: Judgments) -> tuple[NDArray, NDArray, NDArray, NDArray]:
    """Raters; raters by units: label codes (-1 is none) and whether wrong; each unit's reference code."""
    frame = j.one().frame
    keys = [c for c in ("item_id", "round") if c in frame.columns]
    unit = pl.concat_str([pl.col(c).cast(pl.String).fill_null("") for c in keys], separator="\x1f").alias("unit")
    text = pl.col("label").cast(pl.String)
    frame = frame.select(unit, "rater_id", text)
    votes = frame.group_by("unit", "label").agg(pl.len().alias("n"))
    total = pl.col("n").sum().over("unit")
    won = votes.filter((pl.col("n") * 2 > total) & (total >= LEAST_VOTES)).select("unit", key="label")
    voted = frame.join(won, on="unit").with_columns(ok=pl.col("label") == pl.col("key"))
    try:
        gold = j.marked("gold").select(unit, "rater_id", text, key="gold", ok="right")
    except NotEstimable:
        gold = voted.clear()
    usable = pl.concat([gold, voted.join(gold, on="unit", how="anti")]).sort("unit", "rater_id")
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
    mistakes = np.zeros((label.shape[1], n_labels))
    np.add.at(mistakes, (u, label[r, u]), 1.0)
    expected = np.empty(len(a))
    for place, (one, other) in enumerate(zip(a, b, strict=True)):
        both = np.flatnonzero(there[one] & there[other])
        pair = (one, other)
        n = n_item[both] - 2
        w = w_item[both] - wrong[one, both] - wrong[other, both]
        shift = _logit((w + PRIOR * overall) / (n + PRIOR)) - _logit(overall)
        left = mistakes[both].copy()
        for who in pair:
            hit = wrong[who, both]
            left[hit, label[who, both][hit]] -= 1
        share = (left + PRIOR * base[key[both]]) / (left.sum(axis=1, keepdims=True) + PRIOR)
        chance = [1 / (1 + np.exp(-(_logit(rate[who]) + shift))) for who in pair]
        expected[place] = (chance[0] * chance[1] * (share**2).sum(axis=1)).sum()
    return expected


def _logit(p: NDArray) -> NDArray:
    return np.log(p / (1 - p))
