"""A consensus held against gold, and its own confidence held against what happened."""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from ..errors import NotEstimable
from ..judgments import Judgments, accepted_answers
from ..results import Caution, Estimate, counted
from ..stats import wilson
from ..stats.checks import check_confidence, check_probability
from .consensus import Consensus
from .vote_table import Array, accepted

BANDS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)


def _checked(made: Consensus, j: Judgments) -> tuple[npt.NDArray[Any], Array]:
    """Items with gold, and the credit of each: 1 right, 0 wrong, a part where tied labels share, missing where none."""
    allowed = accepted(j)
    if allowed is None:
        raise NotEstimable("no judged item has a gold answer; add a `gold` column, at least for some items")
    known = np.flatnonzero(~np.asarray(allowed.all(axis=1)))
    if not len(known):
        raise NotEstimable("no gold answer is one of the labels")
    number = {str(label): k for k, label in enumerate(made._votes.labels)}
    credit = np.full(len(known), np.nan)
    labels, tied = made.labels["label"].to_numpy(), (made.labels["settled"] == "tie").to_numpy()
    for n, item in enumerate(known):
        if pd.isna(labels[item]):
            continue
        said = accepted_answers(str(labels[item])) if tied[item] and made.ties == "share" else (str(labels[item]),)
        credit[n] = np.mean([allowed[item, number[one]] for one in said])
    return known, credit


def gold_accuracy(made: Consensus, j: Judgments, *, confidence: float = 0.95) -> Estimate:
    """Share of gold items whose consensus label is an accepted answer.

    Of tied labels (``ties="share"``) each counts in part. Items without a
    consensus are left out, and the caution says how many.

    Do not trust it where gold was used in the fit, or where gold items were
    picked because they are clear.

    Parameters
    ----------
    made : Consensus
        From these judgments.
    j : Judgments
        With ``gold``.
    confidence : float
        Of Wilson's interval over items.

    Raises
    ------
    NotEstimable
        If no item has gold, or none of them has a consensus.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "x", "x" if i else "y") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), scale=["x", "y"])
    >>> print(gold_accuracy(aggregation.majority(j), j))
    0.9 (95% interval 0.596 to 0.982 over items; 10 items, 3 raters, 30 judgments)
    """
    check_confidence(confidence)
    known, credit = _checked(made, j)
    there = ~np.isnan(credit)
    if not there.any():
        raise NotEstimable(f"none of the {counted(len(known), 'gold item')} has a consensus")
    n, k = int(there.sum()), float(credit[there].sum())
    low, high = wilson(k, n, confidence=confidence)
    cautions = []
    if n < len(known):
        text = f"{len(known) - n} of {counted(len(known), 'gold item')} have no consensus and are left out."
        cautions.append(Caution("left_out", text))
    if any(caution.code == "gold_used" for caution in made.fit_cautions):
        cautions.append(Caution("gold_used", "Gold was used in the fit: this is no check of it."))
    judged = int(made._votes.n_by_item[known[there]].sum())
    method = f"share of gold items on which the consensus ({made.method}) is right; Wilson's score interval"
    return Estimate(
        value=k / n,
        low=float(low),
        high=float(high),
        confidence=confidence,
        n_items=n,
        n_raters=made.n_raters,
        n_judgments=judged,
        method=method,
        over="items",
        cautions=tuple(cautions),
        basis=made.basis(),
    )


def gold_calibration(made: Consensus, j: Judgments, *, bands: tuple[float, ...] = BANDS) -> pd.DataFrame:
    """Does the consensus know how sure it may be? Its probability beside its accuracy, by bands of probability.

    Returns
    -------
    pandas.DataFrame
        ``band``, ``n`` (gold items with a consensus), ``probability`` (mean),
        ``accuracy``, ``low``, ``high`` (Wilson).

    Raises
    ------
    NotEstimable
        If no item has gold, or none of them has a consensus.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "x", "x" if i else "y") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), scale=["x", "y"])
    >>> gold_calibration(aggregation.majority(j), j)[["band", "n", "probability", "accuracy"]]
              band   n  probability  accuracy
    0  0.99 to 1.0  10          1.0       0.9
    """
    known, credit = _checked(made, j)
    p = made.labels["probability"].to_numpy()[known]
    there = ~np.isnan(credit)
    if not there.any():
        raise NotEstimable(f"none of the {counted(len(known), 'gold item')} has a consensus")
    frame = pd.DataFrame({"at": _band(p, bands), "probability": p, "accuracy": credit})[there]
    table = frame.groupby("at").agg(n=("accuracy", "size"), probability=("probability", "mean"), k=("accuracy", "sum"))
    return _with_interval(table, bands)


def bands(made: Consensus, *, bands: tuple[float, ...] = BANDS) -> pd.DataFrame:
    """How many items have which probability.

    Returns
    -------
    pandas.DataFrame
        ``band``, ``n`` (items), ``share``, ``low``, ``high`` (Wilson, over items).

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "x") for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> from halo_methods.aggregation import bands
    >>> bands(aggregation.majority(j))[["band", "n", "share"]]
              band   n  share
    0  0.99 to 1.0  10    1.0
    """
    at = pd.Series(_band(made.labels["probability"].to_numpy(), bands)).value_counts().sort_index()
    share = at.to_numpy() / made.n_items
    low, high = wilson(at.to_numpy(), np.full(len(at), made.n_items))
    names = [_name(bands, k) for k in at.index]
    return pd.DataFrame({"band": names, "n": at.to_numpy(), "share": share, "low": low, "high": high})


def confident_share(made: Consensus, *, at_least: float = 0.9, confidence: float = 0.95) -> Estimate:
    """Share of items with a consensus of at least this probability.

    The probabilities are taken as the model gives them: where the model is
    wrong, so is this figure, and its interval knows nothing of that.

    Raises
    ------
    NotEstimable
        For a majority: shares of votes are no probabilities of being right.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> confident_share(aggregation.dawid_skene(j)).value
    1.0
    """
    check_confidence(confidence)
    check_probability(at_least, option="at_least")
    if not made.iterations:
        raise NotEstimable(f"{made.method}: shares of votes are no probabilities of being right; fit a model")
    sure = (made.labels["probability"] >= at_least) & (made.labels["settled"] == "consensus")
    k, n = int(sure.sum()), made.n_items
    low, high = wilson(k, n, confidence=confidence)
    method = f"share of items with a consensus of probability {at_least:g} or more ({made.method}); Wilson's interval"
    return Estimate(
        value=k / n,
        low=float(low),
        high=float(high),
        confidence=confidence,
        n_items=n,
        n_raters=made.n_raters,
        n_judgments=made.n_judgments,
        method=method,
        over="items",
        cautions=made.cautions,
        basis=made.basis(),
    )


def _band(p: Array, bands: tuple[float, ...]) -> Array:
    return np.clip(np.digitize(p + 1e-12, bands) - 1, 0, len(bands) - 2)


def _name(bands: tuple[float, ...], k: int) -> str:
    return f"{bands[k]} to {bands[k + 1]}"


def _with_interval(table: pd.DataFrame, bands: tuple[float, ...]) -> pd.DataFrame:
    low, high = wilson(table["k"].to_numpy(), table["n"].to_numpy())
    names = [_name(bands, k) for k in table.index]
    made = table.assign(band=names, accuracy=table["k"] / table["n"], low=low, high=high).reset_index(drop=True)
    return made[["band", "n", "probability", "accuracy", "low", "high"]]
