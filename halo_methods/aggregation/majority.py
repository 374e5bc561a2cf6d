"""Majority, plain and weighted: no model of who errs where."""

from collections.abc import Mapping

import numpy as np

from ..errors import BadOption
from ..judgments import Judgments
from .consensus import Consensus, Ties, settled
from .em import Fit, finished
from .vote_table import Votes, votes


def majority(j: Judgments, *, ties: Ties = "none", least: float = 0.0, margin: float = 0.0) -> Consensus:
    """The label given most often to each item.

    A label's probability is its share of the item's votes: a description, not
    a chance of being right. All rounds of an item count together.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    ties : {"none", "share", "first"}
        Where labels tie: no consensus (the default); all of them, as
        ``a|b``; or the first in the order of the scale, which is what many
        tools do without a word. ``settled`` says ``tie`` in each case.
    least : float
        Lowest share of votes for a consensus; below it ``low probability``.
    margin : float
        Lowest distance to the runner-up; below it ``small margin``.

    Returns
    -------
    Consensus
        Accuracy in ``.raters`` is agreement with the majority, the rater's own
        vote included, so it flatters; `dependence` is tested under Dawid and
        Skene's model.

    Raises
    ------
    NotEstimable
        If labels are too many to be categories.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x"), ("a", "r2", "x"), ("a", "r3", "y"), ("b", "r1", "x"), ("b", "r2", "y")]
    >>> made = majority(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> made.labels["label"].fillna("-").tolist(), made.no_consensus
    (['x', '-'], {'tie': 1})
    """
    made = votes(j)
    return settled(
        made, voted(made, np.ones(len(made.raters)), "majority"), ties=ties, least=least, margin=margin, seed=0
    )


def weighted_majority(
    j: Judgments,
    *,
    weights: Mapping[str, float],
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
) -> Consensus:
    """The label with the largest sum of its raters' weights.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    weights : mapping
        Rater to a weight of 0 or more; every rater needs one. Weights that
        come from the same judgments (an accuracy against the majority, say)
        count them twice: take them from gold or from an earlier round.
    ties, least, margin
        As in `majority`.

    Raises
    ------
    BadOption
        If a rater has no weight, a weight is negative, or an item has none at all.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x"), ("a", "r2", "x"), ("a", "expert", "y")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> weighted_majority(j, weights={"r1": 1, "r2": 1, "expert": 3}).labels["label"].tolist()
    ['y']
    """
    made = votes(j)
    without = [rater for rater in made.raters if rater not in weights]
    if without:
        raise BadOption(f"{len(without)} of {len(made.raters)} raters have no weight; give each one, 0 to leave it out")
    weight = np.array([float(weights[rater]) for rater in made.raters])
    if not (np.isfinite(weight).all() and (weight >= 0).all()):
        raise BadOption("a weight is a number of 0 or more")
    return settled(made, voted(made, weight, "weighted majority"), ties=ties, least=least, margin=margin, seed=0)


def voted(made: Votes, weight: np.ndarray, method: str) -> Fit:
    """Votes as a fit without a model."""
    n = len(made.labels)
    tally = made.given @ (np.repeat(weight, n)[:, None] * np.tile(np.eye(n), (len(weight), 1)))
    total = tally.sum(1, keepdims=True)
    if (total <= 0).any():
        raise BadOption(f"{int((total <= 0).sum())} items have only raters of weight 0")
    p = tally / total
    counts = made.sums(p)
    tables = counts / np.maximum(counts.sum(1, keepdims=True), 1e-300)
    log_likelihood = float((tally * np.log(np.maximum(p, 1e-300))).sum())
    plain = Fit(p, p.mean(0), tables, None, log_likelihood, True, 0, 0.0, method=method)
    return finished(made, plain, (), 0.0, gold_used=False)
