"""Bradley-Terry strengths from counted battles: likelihoods with and without ties, Newton's method, who beat whom."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special
from scipy.sparse import csgraph

from ..errors import NotEstimable

Ties = Literal["davidson", "rao-kupper", "half", "drop"]
Array = NDArray[np.float64]
MOST_STEPS, CLOSE, ENDLESS = 60, 1e-10, 30.0


@dataclass(frozen=True)
class Battles:
    """Battles counted by who met whom.

    Attributes
    ----------
    left, right : ndarray of int, shape (cells,)
        The two systems of each cell, from 0.
    counts : ndarray, shape (cells, 3)
        How often the left one won, neither won, the right one won. Halves may occur.
    covariates : ndarray, shape (cells, q)
        Left minus right, for instance 1 for standing left, or a difference in length.
    n_systems : int
    """

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    counts: Array
    covariates: Array
    n_systems: int

    def design(self) -> sparse.csr_array:
        """One row per cell: 1 for the left system, -1 for the right one, then the covariates."""
        cells = np.arange(len(self.left))
        ones = np.ones(len(cells))
        met = sparse.coo_array(
            (np.r_[ones, -ones], (np.r_[cells, cells], np.r_[self.left, self.right])), (len(cells), self.n_systems)
        )
        return sparse.csr_array(sparse.hstack([met, sparse.csr_array(self.covariates)]))


class Slopes(NamedTuple):
    """Score and information per cell, by the log odds of the two systems and by the tie parameter."""

    by_odds: Array
    by_tie: Array
    odds_odds: Array
    odds_tie: Array
    tie_tie: Array
    log_likelihood: Array


def davidson(odds: Array, tie: Array | float, counts: Array) -> Slopes:
    r"""Davidson's model: a tie has probability proportional to :math:`\nu \sqrt{s_i s_j}`; ``tie`` is log nu.

    References
    ----------
    Davidson (1970), Journal of the American Statistical Association 65, 317-328.
    """
    logits = np.stack([odds / 2, np.full_like(odds, tie), -odds / 2], axis=-1)
    logs = logits - special.logsumexp(logits, axis=-1, keepdims=True)
    p, n = np.exp(logs), counts.sum(axis=-1)
    lead = (p[..., 0] - p[..., 2]) / 2
    return Slopes(
        (counts[..., 0] - counts[..., 2]) / 2 - n * lead,
        counts[..., 1] - n * p[..., 1],
        n * ((p[..., 0] + p[..., 2]) / 4 - lead**2),
        -n * p[..., 1] * lead,
        n * p[..., 1] * (1 - p[..., 1]),
        (counts * logs).sum(axis=-1),
    )


def rao_kupper(odds: Array, tie: Array | float, counts: Array) -> Slopes:
    r"""Rao and Kupper's model: the left one wins with :math:`s_i / (s_i + \theta s_j)`; ``tie`` is log theta, above 0.

    References
    ----------
    Rao and Kupper (1967), Journal of the American Statistical Association 62, 194-204.
    """
    ahead, behind = counts[..., 0] + counts[..., 1], counts[..., 2] + counts[..., 1]
    log_u, log_v = special.log_expit(odds - tie), special.log_expit(-odds - tie)
    u, v, wide = np.exp(log_u), np.exp(log_v), np.exp(2 * tie)
    a, b, c, d = ahead * (1 - u), behind * (1 - v), ahead * u * (1 - u), behind * v * (1 - v)
    return Slopes(
        a - b,
        -a - b + counts[..., 1] * 2 * wide / (wide - 1),
        c + d,
        d - c,
        c + d + counts[..., 1] * 4 * wide / (wide - 1) ** 2,
        ahead * log_u + behind * log_v + counts[..., 1] * np.log(wide - 1),
    )


def untied(odds: Array, tie: Array | float, counts: Array) -> Slopes:
    """Bradley and Terry's model, for counts without ties.

    References
    ----------
    Bradley and Terry (1952), Biometrika 39, 324-345.
    """
    p, n, none = special.expit(odds), counts[..., 0] + counts[..., 2], np.zeros_like(odds)
    likely = counts[..., 0] * special.log_expit(odds) + counts[..., 2] * special.log_expit(-odds)
    return Slopes(counts[..., 0] - n * p, none, n * p * (1 - p), none, none, likely)


MODELS = {"davidson": davidson, "rao-kupper": rao_kupper, "half": untied, "drop": untied}


@dataclass(frozen=True)
class Fit:
    """The most likely parameters.

    Attributes
    ----------
    strengths : ndarray, shape (systems,)
        Log strengths; they sum to 0.
    effects : ndarray, shape (q,)
        Of the covariates, on the log odds of the left one.
    tie : float or None
        Davidson's log nu, Rao and Kupper's log theta; None where the model has no ties, or none occurred.
    inverse : ndarray, shape (p, p)
        Of the information: strengths, effects, tie.
    log_likelihood : float
    steps : int
    """

    strengths: Array
    effects: Array
    tie: float | None
    inverse: Array
    log_likelihood: float
    steps: int


def prepared(counts: Array, ties: Ties) -> Array:
    """The counts as a model reads them: ties left out, or half a win for each.

    Examples
    --------
    >>> prepared(np.array([[4.0, 1.0, 2.0]]), "half").tolist()
    [[4.5, 0.0, 2.5]]
    """
    if ties not in ("half", "drop"):
        return counts
    none = np.zeros_like(counts[..., 1])
    half = counts[..., 1] / 2 if ties == "half" else none
    return np.stack([counts[..., 0] + half, none, counts[..., 2] + half], axis=-1)


def fit(battles: Battles, ties: Ties = "davidson") -> Fit:
    """Find the most likely strengths, effects and tie parameter by Newton's method with halved steps.

    Raises
    ------
    NotEstimable
        If some parameter has no finite most likely value.
    """
    counts = prepared(battles.counts, ties)
    with_ties = bool(counts[:, 1].any())
    model = MODELS[ties] if with_ties else untied
    x, k, q = battles.design(), battles.n_systems, battles.covariates.shape[1]
    at = np.zeros(k + q + 1)
    if with_ties:
        share = counts[:, 1].sum() / counts.sum()
        at[-1] = np.log(share / (1 - share) * 2) if model is davidson else -np.log1p(-share) + 1e-3
    slopes = model(x @ at[:-1], at[-1], counts)
    for step in range(1, MOST_STEPS + 1):
        score, information = _assembled(x, slopes, k, with_ties)
        move = np.linalg.lstsq(information, score, rcond=None)[0]
        now = slopes.log_likelihood.sum()
        while True:
            moved = at + move
            if model is not rao_kupper or moved[-1] > 0:
                slopes = model(x @ moved[:-1], moved[-1], counts)
                if slopes.log_likelihood.sum() >= now - 1e-9 * abs(now):
                    break
            move = move / 2
        at = moved
        if np.abs(at[:k]).max(initial=0) > ENDLESS:
            break
        if np.abs(move).max() < CLOSE:
            information = _assembled(x, slopes, k, with_ties)[1]
            if np.linalg.cond(information) > 1e14:
                reason = (
                    "the side or a covariate goes with the systems, so the two can't be told apart: "
                    "draw sides at random, or leave it out (`left=False`, fewer `covariates`)"
                )
                raise NotEstimable(reason, public=True)
            inverse = np.asarray(np.linalg.inv(information), np.float64)
            inverse[:k, :k] -= 1 / k  # what the constraint that strengths sum to 0 added
            tie = float(at[-1]) if with_ties else None
            return Fit(at[:k], at[k:-1], tie, inverse, float(slopes.log_likelihood.sum()), step)
    reason = "the most likely strengths have no end: some system or group of systems never lost to the others"
    raise NotEstimable(reason, public=True)


def _assembled(x: sparse.csr_array, slopes: Slopes, k: int, with_ties: bool) -> tuple[Array, Array]:
    """Score and information of all parameters; strengths are held to a sum of 0, an absent tie parameter to itself."""
    p = x.shape[1] + 1
    score, information = np.zeros(p), np.zeros((p, p))
    score[:-1], score[-1] = x.T @ slopes.by_odds, slopes.by_tie.sum()
    information[:-1, :-1] = (x.T @ (x * slopes.odds_odds[:, None])).toarray()
    information[:k, :k] += 1 / k
    information[:-1, -1] = information[-1, :-1] = x.T @ slopes.odds_tie
    information[-1, -1] = slopes.tie_tie.sum() if with_ties else 1.0
    return score, information


def slopes_at(battles: Battles, fitted: Fit, ties: Ties, counts: Array) -> Slopes:
    """Score and information of counts of the same cells, shape (cells, 3), at a fit of theirs or of others."""
    model = untied if fitted.tie is None else MODELS[ties]
    odds = battles.design() @ np.r_[fitted.strengths, fitted.effects]
    return model(odds, fitted.tie or 0.0, prepared(counts, ties))


def refits(battles: Battles, fitted: Fit, ties: Ties, counts: Array) -> Array:
    """Fit many samples of the same cells at once, each by Newton's method from the fit of the whole.

    Parameters
    ----------
    counts : ndarray, shape (samples, cells, 3)

    Returns
    -------
    ndarray, shape (samples, p)
        Strengths, effects, tie; not a number where the most likely strengths have no end.
    """
    counts = prepared(counts, ties)
    model = untied if fitted.tie is None else MODELS[ties]
    x, k, n = battles.design(), battles.n_systems, len(counts)
    p, dense = x.shape[1] + 1, x.toarray()
    outer = sparse.csr_array((dense[:, :, None] * dense[:, None, :]).reshape(len(dense), -1))
    at = np.tile(np.r_[fitted.strengths, fitted.effects, fitted.tie or 0.0], (n, 1))
    going = np.arange(n)
    for _ in range(MOST_STEPS):
        slopes = model(at[going, :-1] @ x.T, at[going, -1:], counts[going])
        score = np.column_stack([slopes.by_odds @ x, slopes.by_tie.sum(axis=-1)])
        information = np.zeros((len(going), p, p))
        information[:, :-1, :-1] = (slopes.odds_odds @ outer).reshape(-1, p - 1, p - 1)
        information[:, :k, :k] += 1 / k
        information[:, :-1, -1] = information[:, -1, :-1] = slopes.odds_tie @ x
        information[:, -1, -1] = slopes.tie_tie.sum(axis=-1) if fitted.tie is not None else 1.0
        move = np.linalg.solve(information + 1e-10 * np.eye(p), score[:, :, None])[:, :, 0]
        most = np.abs(move).max(axis=1)
        at[going] += move / np.maximum(most, 1.0)[:, None]
        if model is rao_kupper:
            at[:, -1] = np.maximum(at[:, -1], 1e-4)
        endless = np.abs(at[going, :k]).max(axis=1) > ENDLESS
        at[going[endless]] = np.nan
        going = going[(most > 1e-6) & ~endless]
        if not len(going):
            break
    at[going] = np.nan
    return at


def scores(battles: Battles, fitted: Fit, ties: Ties) -> sparse.csr_array:
    """The score of each cell, by parameter: strengths, effects, tie; they sum to 0."""
    x, slopes = battles.design(), slopes_at(battles, fitted, ties, battles.counts)
    return sparse.csr_array(sparse.hstack([x * slopes.by_odds[:, None], sparse.csr_array(slopes.by_tie[:, None])]))


def apart(battles: Battles, ties: Ties) -> list[NDArray[np.int64]]:
    """Groups of systems between which no order can be estimated, best first where there is an order at all.

    One group: every strength is finite. Several: no chain of wins leads from each group to each other one.

    References
    ----------
    Ford (1957), American Mathematical Monthly 64 (8), 28-33.
    """
    counts = prepared(battles.counts, ties)
    n = battles.n_systems
    tied = counts[:, 1]
    wins = sparse.coo_array(
        (
            np.r_[counts[:, 0] + tied, counts[:, 2] + tied],
            (np.r_[battles.left, battles.right], np.r_[battles.right, battles.left]),
        ),
        (n, n),
    ).tocsr()
    wins.eliminate_zeros()
    _, group = csgraph.connected_components(wins, directed=True, connection="strong")
    return [np.flatnonzero(group == g) for g in np.unique(group)]
