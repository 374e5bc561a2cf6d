"""How good the votes are as data for a reward model, and how good a reward model is against them."""

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import sparse, special

from ..errors import InvalidData, NotEstimable, Problem
from ..judgments import Judgments
from ..judgments.pairs import Pairs, as_pairs
from ..results import Estimate, Figure, around, resting
from ..stats import check_confidence
from ..stats.means import t_interval, two_way_variances
from ..stats.proportions import two_way_share
from ..stats.variance import cluster_codes

BINS = 5
FEW_VOTES = 50


def repeated_votes(pairs: Any, *, confidence: float = 0.95) -> Estimate:
    """Estimate how often a voter who meets the same two answers again says the same, whichever stood left.

    Raises
    ------
    NotEstimable
        If no voter voted twice on one item.

    Examples
    --------
    >>> rows = [(f"q{i}", f"r{i % 6}", *side, "left") for i in range(60) for side in ("ab", "ba")[: 1 + i % 2]]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"])
    >>> repeated_votes(frame).value
    0.0
    """
    check_confidence(confidence)
    frame = as_pairs(pairs).people().aligned().frame
    each = frame.group_by("item_id", "rater_id", maintain_order=True).agg(pl.col("label").cast(pl.String))
    each = each.filter(pl.col("label").list.len() > 1)
    if each.is_empty():
        raise NotEstimable("no voter met the same two answers twice; show a few again, sides changed", public=True)
    same = each["label"].list.get(0) == each["label"].list.get(1)
    asked: dict[str, Any] = {
        "confidence": confidence,
        "quantity": "share of second votes that repeat the first",
        "measure": "same vote",
    }
    return two_way_share(same.to_numpy(), each["rater_id"], each["item_id"], **asked)


def decided_votes(pairs: Any) -> Judgments:
    """The votes of people that name a winner, each two systems in the same order, for a coefficient of agreement.

    Examples
    --------
    >>> rows = [("q1", "ann", "a", "b", "left"), ("q1", "ben", "b", "a", "right"), ("q1", "cyd", "b", "a", "tie")]
    >>> decided_votes(pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"])).n_judgments
    2
    """
    return as_pairs(pairs).people().filter(pl.col("label") != "tie").aligned()


def accuracy_ceiling(agreement: Estimate) -> Estimate:
    r"""Bound the best accuracy that any model can reach against single votes, from how often two voters agree.

    Where a share p of voters prefers one answer, two of them agree with :math:`p^2 + (1 - p)^2`, and the best guess is
    right with :math:`\max(p, 1 - p)`. Over all items with agreement A it lies between A and
    :math:`1/2 + \sqrt{(A - 1/2) / 2}`, whatever the shares are (Jensen's inequality): the lower end where every item
    is unanimous or even, the upper end where all are divided alike.

    Parameters
    ----------
    agreement : Estimate
        Share of two decided votes on the same answers that agree; with ends of its interval.

    Raises
    ------
    NotEstimable
        If two voters agree in no more than half of the votes.

    Examples
    --------
    >>> shared = Estimate(value=.68, low=.62, high=.74, n_items=90, n_raters=12, n_judgments=180, method="agreement",
    ...                   over="items and raters")
    >>> ceiling = accuracy_ceiling(shared)
    >>> round(ceiling.low, 2), round(ceiling.high, 2)
    (0.62, 0.85)
    """
    if agreement.value <= 0.5:
        raise NotEstimable("two voters agree no more often than a coin, so there is nothing to learn", public=True)
    least, most = max(agreement.low, 0.5), 0.5 + math.sqrt(max(agreement.high - 0.5, 0) / 2)
    middle = 0.5 + math.sqrt((agreement.value - 0.5) / 2)
    ends = {**around((agreement.value + middle) / 2, least, most), "kind": "bounds", "confidence": agreement.confidence}
    rests = resting(agreement.n_items, agreement.n_raters, agreement.n_judgments, agreement.basis)
    method = "best accuracy against single votes; bounds from the agreement of voters"
    return Estimate(**ends, **rests, method=method, over=agreement.over, cautions=agreement.cautions)


@dataclass(frozen=True)
class RewardModel:
    """A model's preferences against the decided votes of people.

    Attributes
    ----------
    name : str
        That of the model rater, or ``reward model`` where columns hold scores or a probability.
    table : DataFrame
        One row per fifth of the votes, by how sure the model was: ``votes``, ``said`` (its mean probability for its
        choice), ``right`` (share), ``low``, ``high``.
    accuracy : Estimate
        Share of the votes that it would have cast too.
    overconfidence : Estimate or None
        Mean probability of its choice less accuracy, where it gives probabilities.
    by : str
        The column of the groups; empty without one.
    estimates : dict of str to Estimate
        Accuracy by group.
    """

    name: str
    table: pd.DataFrame
    accuracy: Estimate
    overconfidence: Estimate | None
    by: str
    estimates: dict[str, Estimate]

    def plot(self) -> Figure:
        """How often the model was right, by how sure it said it was."""
        from ..plots import intervals

        table = self.table.assign(said=[f"said {x:.2f}" for x in self.table["said"]])
        return intervals(table, "said", "right", title=f"How often {self.name} is right, by how sure it was")


def reward_models(pairs: Any, *, by: str | None = None, confidence: float = 0.95) -> list[RewardModel]:
    """Compare each model's preferences with the decided votes of people: accuracy, confidence, groups.

    A model's preferences come from columns ``left_score`` and ``right_score``, whose difference is read as log odds.
    They may also be a column ``probability`` that left wins, or votes of raters with ``rater_type`` model.

    Parameters
    ----------
    pairs : Pairs or frame
    by : str, optional
        The column whose groups are shown, those of fewer than 50 votes left out.
    confidence : float

    Raises
    ------
    NotEstimable
        If there is no model, or none whose preferences meet a decided vote.
    InvalidData
        If a probability is no number from 0 to 1.

    Examples
    --------
    >>> rows = [(f"q{i}", f"r{i % 9}", "a", "b", "left" if i % 4 else "right", 0.9) for i in range(90)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner", "probability"])
    >>> [model] = reward_models(frame)
    >>> round(model.accuracy.value, 2), round(model.overconfidence.value, 2)
    (0.74, 0.16)
    """
    check_confidence(confidence)
    given = as_pairs(pairs)
    votes = given.people().aligned().frame.filter(pl.col("label") != "tie")
    found = {"reward model": _stated(votes, "score" in given.sided())}
    if given.has_models():
        said = pl.col("label").replace_strict({"first": 1.0, "tie": 0.5, "second": 0.0}, return_dtype=pl.Float64)
        models = Pairs(given.judgments.models()).aligned().frame.group_by("rater_id", "item_id").agg(said.mean())
        for (name,), part in sorted(models.partition_by("rater_id", as_dict=True).items()):
            found[str(name)] = votes.join(part, on="item_id", how="left", maintain_order="left")["label_right"]
    made = [
        _against(name, said.is_not_null(), votes.with_columns(said=said), by or "", confidence)
        for name, said in found.items()
        if said is not None and said.count()
    ]
    if not made:
        text = "no model's preferences are here: no `left_score` and `right_score`, no `probability`, no model rater"
        raise NotEstimable(text, public=True)
    return made


def _stated(votes: pl.DataFrame, scored: bool) -> pl.Series | None:
    """The probability that the first in the alphabet wins, by the columns of the file; None where there are none."""
    if scored:
        told = pl.Series(special.expit((votes["left_score"].cast(float) - votes["right_score"].cast(float)).to_numpy()))
    elif "probability" in votes.columns:
        told = votes["probability"].cast(pl.Float64, strict=False)
    else:
        return None
    if not (inside := told.is_between(0, 1).fill_null(False)).all():
        what = f"probability is {votes['probability'][int((~inside).arg_true()[0])]!r}"
        raise InvalidData([Problem(what, "Give the probability that left wins, from 0 to 1.", column="probability")])
    return votes.select(pl.when(pl.col("left") < pl.col("right")).then(told).otherwise(1 - told)).to_series()


def _against(name: str, there: pl.Series, votes: pl.DataFrame, by: str, confidence: float) -> RewardModel:
    """One model against the votes that it has a preference on."""
    p = pl.col("said")
    right = pl.when(p == 0.5).then(0.5).otherwise(((p > 0.5) == (pl.col("label") == "first")).cast(float))
    votes = (
        votes.filter(there)
        .with_columns(right=right, sure=pl.max_horizontal(p, 1 - p))
        .sort("sure", maintain_order=True)
    )

    def accuracy(part: pl.DataFrame) -> Estimate:
        asked: dict[str, Any] = {
            "confidence": confidence,
            "quantity": "share of votes that it shares",
            "measure": f"as {name}",
        }
        return two_way_share(part["right"], part["rater_id"], part["cluster"], **asked)

    whole, excess = accuracy(votes), (votes["sure"] - votes["right"]).to_numpy()
    probable = bool((votes["sure"] < 1).any())
    over = None
    if probable:
        influence = sparse.csr_array(((excess - excess.mean()) / len(excess))[:, None])
        clusters = cluster_codes(votes["cluster"]), cluster_codes(votes["rater_id"])
        variance, df = two_way_variances(influence, *clusters, np.ones((1, 1)))
        ends = t_interval(excess.mean(), np.sqrt(variance[0]), df[0], confidence=confidence)
        place = around(float(excess.mean()), *map(float, ends)) | {"items_only": None}
        over = replace(whole, **place, method="mean probability less share right; two-way cluster t interval")
    rows = []
    for at in np.array_split(np.arange(len(votes)), BINS if probable and len(votes) >= FEW_VOTES else 1):
        part = votes[at]
        fifth = accuracy(part)
        rows.append((len(part), part["sure"].mean(), fifth.value, fifth.low, fifth.high))
    groups = votes.partition_by(by, as_dict=True) if by in votes.columns else {}
    shown = {str(value): accuracy(part) for (value,), part in sorted(groups.items()) if len(part) >= FEW_VOTES}
    table = pd.DataFrame(rows, columns=["votes", "said", "right", "low", "high"])
    return RewardModel(name, table, whole, over, by, shown)
