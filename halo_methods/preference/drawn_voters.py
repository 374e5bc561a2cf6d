"""Strengths by the bootstrap: voters are drawn anew, their battles with them, and every sample is fitted."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from ..errors import NotEstimable
from ..results import Caution, Figure
from ..stats import check_count
from ..stats.means import percentile_interval
from .bradley_terry import refits
from .strengths import Strengths

MOST_CELLS = 3_000_000
MOST_ENDLESS = 0.05


@dataclass(frozen=True)
class Bootstrap:
    """Strengths with bootstrap intervals.

    Attributes
    ----------
    table : DataFrame
        One row per system, strongest first: ``system``, ``strength``, ``low``, ``high``; ``first``, the share of
        samples in which it is strongest; ``best_place`` and ``worst_place``, between which its place lies in as many
        samples as the confidence says.
    replicates : int
        Samples that have a fit.
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    replicates: int
    cautions: tuple[Caution, ...]

    def plot(self) -> Figure:
        """Strengths with their intervals, strongest first."""
        from ..plots import intervals

        return intervals(self.table, "system", "strength", title="Strength of each system, voters drawn anew")


def bootstrap(made: Strengths, *, replicates: int = 1000, seed: int = 1) -> Bootstrap:
    """Estimate strengths with intervals of a bootstrap over voters, and how sure each place is.

    A voter is drawn with all their battles, so the interval holds for other voters on these items. That of
    `bradley_terry` holds for other items too. The battles are counted by voter and cell first, and voters of one
    battle by cell alone, so that a million of them cost no more than their cells.

    Parameters
    ----------
    made : Strengths
        Of `bradley_terry`.
    replicates, seed : int

    Raises
    ------
    NotEstimable
        If one sample in twenty has no fit, since too few voters hold the systems together.

    Examples
    --------
    >>> from .strengths import bradley_terry
    >>> rows = [(f"q{i}", f"r{i % 9}", "a", "b", "left" if i % 5 < 3 else "right" if i % 5 < 4 else "tie")
    ...         for i in range(90)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"])
    >>> bootstrap(bradley_terry(frame, left=False)).table["first"].tolist()
    [1.0, 0.0]
    """
    check_count(replicates, option="replicates", least=100)
    drawn = _drawn(made, replicates, np.random.default_rng(seed))
    fits = ~np.isnan(drawn[:, 0])
    endless = 1 - fits.mean()
    if endless > MOST_ENDLESS:
        reason = f"in {endless:.0%} of the samples some system never lost or never won; let more voters judge each"
        raise NotEstimable(reason, public=True)
    cautions = list(made.cautions)
    if endless:
        cautions.append(Caution("no_fit", f"{endless:.1%} of the samples have no fit and are left out."))
    value = made.fitted.strengths
    low, high = percentile_interval(value, drawn, made.n_raters, confidence=made.confidence)
    place = (-drawn[fits]).argsort(axis=1).argsort(axis=1) + 1
    tail = (1 - made.confidence) / 2
    best, worst = np.quantile(place, [tail, 1 - tail], axis=0, method="inverted_cdf")
    table = pd.DataFrame({"system": made.systems, "strength": value, "low": low, "high": high})
    table = table.assign(first=(place == 1).mean(axis=0), best_place=best.astype(int), worst_place=worst.astype(int))
    table = table.sort_values("strength", ascending=False, kind="stable", ignore_index=True)
    return Bootstrap(table, int(fits.sum()), tuple(cautions))


def _drawn(made: Strengths, replicates: int, rng: np.random.Generator) -> NDArray:
    """Strengths of each sample of voters, shape (replicates, systems)."""
    width = 3 * len(made.battles.left)
    once = np.bincount(made._raters)[made._raters] == 1
    kind = np.where(once, made._outcomes, width + made._raters)  # voters of one battle alike are one kind
    kinds, kind = np.unique(kind, return_inverse=True)
    counts = sparse.coo_array((np.ones(len(kind)), (kind, made._outcomes)), (len(kinds), width)).tocsr()
    people = np.where(kinds < width, np.bincount(kind), 1) / made.n_raters
    parts, most = [], max(1, MOST_CELLS // width)
    for begin in range(0, replicates, most):
        weights = rng.multinomial(made.n_raters, people, min(most, replicates - begin)).astype(float)
        weights[:, kinds < width] /= np.bincount(kind)[kinds < width]
        sample = (weights @ counts).reshape(len(weights), -1, 3)
        parts.append(refits(made.battles, made.fitted, made.ties, sample)[:, : len(made.systems)])
    return np.concatenate(parts)
