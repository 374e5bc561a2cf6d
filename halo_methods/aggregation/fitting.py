"""Ways of turning judgments into one label per item: votes and models of the raters, by name and side by side."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import numpy as np

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Estimate
from .consensus import Consensus, ConsensusShares
from .em import DAWID_SKENE, GLAD, MACE, ONE_COIN, ORDERED, EMOptions, RaterModel, best_fit
from .vote_table import votes

MAX_ITERATIONS, TOLERANCE = 2000, 1e-6
PUBLISHED = EMOptions()


def majority(j: Judgments, *, weights: Mapping[str, float] | None = None) -> Consensus:
    """Take the label given most often to each item, or the one with the largest sum of its raters' weights.

    A label's probability is its share of the item's votes: a description, not a
    chance of being right. All rounds of an item count together. Where labels
    tie there is no consensus, unless `Consensus.decide` says otherwise.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    weights : mapping, optional
        Rater to a weight of 0 or more; every rater needs one. Weights that come
        from the same judgments (an accuracy against the majority, say) count them
        twice: take them from gold or from an earlier round.

    Returns
    -------
    Consensus
        Accuracy in ``.raters`` is agreement with the majority, the rater's own
        vote included, so it flatters; ``.dependence`` is tested under Dawid and
        Skene's model.

    Raises
    ------
    NotEstimable
        If labels are too many to be categories.
    BadOption
        If a rater has no weight, a weight is negative, or an item has none at all.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r1", "x"), ("a", "r2", "x"), ("a", "r3", "y"), ("b", "r1", "x"), ("b", "r2", "y")]
    >>> consensus = majority(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> consensus.labels["label"].fillna("-").tolist(), consensus.no_consensus
    (['x', '-'], {'tie': 1})
    """
    table = votes(as_judgments(j))
    tally = table.tally
    if weights is not None:
        if without := sum(rater not in weights for rater in table.raters):
            text = f"{without} of {len(table.raters)} raters have no weight; give each one, 0 to leave it out"
            raise BadOption(f"weights: {text}")
        weight = np.array([float(weights[rater]) for rater in table.raters])
        if not (np.isfinite(weight).all() and (weight >= 0).all()):
            raise BadOption("weights: allowed: numbers, 0 or more")
        tally = np.asarray(table.given @ np.kron(weight[:, None], np.eye(len(table.labels))))
    total = tally.sum(1, keepdims=True)
    if (total <= 0).any():
        raise BadOption(f"weights: {int((total <= 0).sum())} items have only raters of weight 0")
    p = tally / total
    log_likelihood = float((tally * np.log(np.maximum(p, 1e-300))).sum())
    method = "majority" if weights is None else "weighted majority"
    return Consensus(p, p.mean(0), table.shares_given(p), log_likelihood, method=method, _votes=table)


def _fitted(j: Judgments, model: RaterModel, max_iterations: int, tolerance: float, options: EMOptions) -> Consensus:
    table = votes(as_judgments(j))
    model = replace(model, max_iterations=max_iterations, tolerance=tolerance)
    fit = best_fit(table, model, options)
    return Consensus(**vars(fit), method=model.name, seed=options.seed, _votes=table)


def dawid_skene(
    j: Judgments, *, max_iterations: int = MAX_ITERATIONS, tolerance: float = TOLERANCE, options: EMOptions = PUBLISHED
) -> Consensus:
    r"""Find the labels most likely to be true, where each rater errs in a way of their own.

    Item :math:`i` is truly :math:`k` with chance :math:`\pi_k`, and rater
    :math:`r` then says :math:`l` with chance :math:`\theta_{rkl}`, independently
    of the other raters. Maximum likelihood by expectation and maximization,
    from each item's shares of votes:

    .. math::

        T_{ik} \propto \pi_k \prod_{r,l} \theta_{rkl}^{n_{irl}}, \quad
        \theta_{rkl} \propto \sum_i T_{ik} n_{irl}, \quad \pi_k = \operatorname{mean}_i T_{ik}

    Rounds are repeats of one rater on one item.

    Do not trust it where raters copy from each other (see ``.dependence``) or items have fewer than five judgments.
    The same holds where a rater has too few to learn the table of confusion, or where one label has nearly all items.
    Probabilities lie too near 0 and 1 wherever items differ in
    difficulty.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    max_iterations : int
        Rounds at most; not converging is a caution.
    tolerance : float
        Converged when no prevalence and no chance of a label moves by more.
    options : EMOptions
        Prevalence, smoothing, gold, starts and seed.

    Returns
    -------
    Consensus

    Raises
    ------
    NotEstimable
        If labels are too many to be categories.
    BadOption
        If an option is none of those allowed.

    References
    ----------
    Dawid and Skene (1979), Applied Statistics 28, 20-28. Intervals of raters:
    Wilson's, at the size that Louis' information leaves (1982, J. Royal
    Statistical Society B 44, 226-233), the other raters' parameters held fixed.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(20) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(20)]
    >>> consensus = dawid_skene(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> consensus.raters[["rater_id", "accuracy"]].round(2).values.tolist()
    [['p', 1.0], ['q', 1.0], ['s', 0.75]]
    """
    return _fitted(j, DAWID_SKENE, max_iterations, tolerance, options)


def one_coin(
    j: Judgments, *, max_iterations: int = MAX_ITERATIONS, tolerance: float = TOLERANCE, options: EMOptions = PUBLISHED
) -> Consensus:
    r"""Find the labels most likely to be true, with one chance to be right per rater, whatever the label.

    :math:`\theta_{rkk} = p_r` and each wrong label has :math:`(1-p_r)/(K-1)`.
    Steadier than `dawid_skene`, whose parameters and errors these are, where
    raters judged few items; wrong where raters lean to one label, as most do
    where one label dominates.

    References
    ----------
    Zhang, Chen, Zhou and Jordan (2016), J. Machine Learning Research 17 (102).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(20) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(20)]
    >>> consensus = one_coin(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> consensus.raters["accuracy"].round(2).tolist()
    [1.0, 1.0, 0.75]
    """
    return _fitted(j, ONE_COIN, max_iterations, tolerance, options)


def mace(
    j: Judgments, *, max_iterations: int = MAX_ITERATIONS, tolerance: float = TOLERANCE, options: EMOptions = PUBLISHED
) -> Consensus:
    r"""Find the labels most likely to be true, where a rater either knows or guesses.

    Rater :math:`r` knows with chance :math:`c_r` (the competence) and gives
    the true label; otherwise draws label :math:`l` with chance
    :math:`\xi_{rl}`, whatever the truth:
    :math:`\theta_{rkl} = c_r [l = k] + (1 - c_r)\, \xi_{rl}`.
    Smoothed by .1, as published. The published model takes all labels as equally
    likely, ``EMOptions(prevalence="uniform")``; with a label on a tenth of the items
    that is right less often than the majority. Other parameters and errors are those
    of `dawid_skene`.

    Good against raters who always press one button; wrong where raters err in
    a direction (one step too low), for it calls every error a guess.

    Returns
    -------
    Consensus
        ``.raters`` has ``competence`` besides.

    References
    ----------
    Hovy, Berg-Kirkpatrick, Vaswani and Hovy (2013), NAACL-HLT, 1120-1130.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(40) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes") for i in range(40)]
    >>> consensus = mace(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> consensus.raters["competence"].round(1).tolist()
    [1.0, 1.0, 0.0]
    """
    return _fitted(j, MACE, max_iterations, tolerance, options)


def glad(
    j: Judgments, *, max_iterations: int = 500, tolerance: float = 1e-4, options: EMOptions = PUBLISHED
) -> Consensus:
    r"""Find the labels most likely to be true, where some items are harder for everybody.

    Rater :math:`r` is right on item :math:`i` with chance
    :math:`\sigma(a_r e^{b_i})`, where :math:`a` is the ability (below 0: worse
    than a coin) and :math:`e^{b}` the ease of the item; wrong labels are
    equally likely. Both have normal priors with mean and variance 1, as published;
    the published labels are equally likely too, ``EMOptions(prevalence="uniform")``.
    Each maximization is one damped Newton step
    for all abilities, then one for all items. It has converged when no chance of
    a label moves by more than the tolerance; the other parameters and errors are
    those of `dawid_skene`.

    The only model here that knows hard items. With few judgments per item the
    ease is mostly its prior. It knows no confusion between particular labels.

    Returns
    -------
    Consensus
        ``.raters`` has ``ability`` besides; ``.labels`` has ``ease``, larger
        for easier items (the prior's middle is e = 2.72).

    References
    ----------
    Whitehill, Ruvolo, Wu, Bergsma and Movellan (2009), Advances in Neural
    Information Processing Systems 22, 2035-2043.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "yes" if i % 2 else "no") for i in range(40) for r in ("p", "q")]
    >>> rows += [(i, "s", "yes" if i % 4 else "no") for i in range(40)]
    >>> consensus = glad(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> bool(consensus.raters["ability"].iloc[2] < consensus.raters["ability"].iloc[0])
    True
    """
    return _fitted(j, GLAD, max_iterations, tolerance, options)


def ordinal(
    j: Judgments, *, max_iterations: int = MAX_ITERATIONS, tolerance: float = TOLERANCE, options: EMOptions = PUBLISHED
) -> Consensus:
    r"""Find the labels most likely to be true on an ordered scale, with two numbers per rater.

    The labels are the steps 1 to :math:`K`. On an item of true step :math:`k`
    rater :math:`r` perceives :math:`k + b_r + s_r \varepsilon` with normal
    :math:`\varepsilon`, and gives the nearest step:

    .. math::

        \theta_{rkl} = .99 \left[\Phi\!\left(\tfrac{l + 1/2 - k - b_r}{s_r}\right)
        - \Phi\!\left(\tfrac{l - 1/2 - k - b_r}{s_r}\right)\right] + \tfrac{.01}{K}

    with the lowest and highest step open-ended; one judgment in a hundred is a
    slip to any label. :math:`b` is the bias in steps (below 0: too severe where
    low is bad), :math:`s` the spread. Two numbers instead of :math:`K(K-1)`:
    steady where raters judged few items. Wrong where the steps are not evenly
    far apart to the eye, or raters avoid the ends of the scale. The parameters
    are those of `dawid_skene`.

    Returns
    -------
    Consensus
        ``.raters`` has ``bias`` and ``spread`` besides, in steps of the scale.

    Raises
    ------
    NotEstimable
        If the labels have no order.

    References
    ----------
    A latent class model with the normal rater of Johnson (1996), J. American
    Statistical Association 91, 42-51, and its thresholds held at the
    half-steps; compare DeCarlo (2002), Multivariate Behavioral Research 37,
    423-451. Each maximization is one step of Fisher scoring, halved while it
    does not help.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, str(i % 3 + 1)) for i in range(60) for r in ("p", "q")]
    >>> rows += [(i, "s", str(max(i % 3, 1))) for i in range(60)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    >>> j = as_judgments(frame, scale=list("123"), level="ordinal")
    >>> bool(ordinal(j).raters["bias"].iloc[2] < -0.4)
    True
    """
    j = as_judgments(j)
    if j.level == "nominal" or (j.scale is None and not j.numeric):
        text = 'the labels have no order: give scale=[...] from lowest to highest and level="ordinal"'
        raise NotEstimable(text, public=True)
    return _fitted(j, ORDERED, max_iterations, tolerance, options)


WAYS: dict[str, Callable[[Judgments], Consensus]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "mace": mace,
    "glad": glad,
    "ordinal": ordinal,
}


def aggregate(j: Judgments, *, method: str = "dawid_skene") -> Consensus:
    """Aggregate in the way that has this name, with its published settings.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    method : {"majority", "dawid_skene", "one_coin", "mace", "glad", "ordinal"}

    Raises
    ------
    BadOption
        If the method is none of these.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> aggregate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), method="one_coin").method
    'one coin per rater'
    """
    BadOption.unless("method", method, WAYS)
    return WAYS[method](j)


def compare_methods(j: Judgments) -> ConsensusShares:
    """Aggregate in every way that these judgments allow, ties shared, and compare.

    Choose before looking at the accuracy: the best of six on fifty gold items
    is partly the luckiest.

    Returns
    -------
    ConsensusShares
        Table: ``method``, ``no_consensus`` (items), ``differs`` (items whose label
        is not the majority's), ``probability`` (mean), ``converged``, ``accuracy``,
        ``low``, ``high`` (on gold, missing without it).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> compared = compare_methods(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> compared.table["method"].tolist()
    ['majority', 'Dawid-Skene', 'one coin per rater', 'MACE', 'GLAD']
    """
    j = as_judgments(j)
    plain = majority(j).decide(ties="share")
    rows: dict[str, tuple[dict[str, Any], Estimate | None]] = {}
    for way in WAYS.values():
        with suppress(NotEstimable):
            consensus = way(j).decide(ties="share")
            columns = {
                "no_consensus": sum(consensus.no_consensus.values()),
                "differs": len(consensus.differing(plain)),
                "probability": float(consensus.labels["probability"].mean()),
                "converged": consensus.converged,
            }
            rows[consensus.method] = (columns, None)
            rows[consensus.method] = (columns, consensus.gold_accuracy())
    return ConsensusShares.of("method", "accuracy", rows, unit="accuracy on gold", title="Accuracy on gold")
