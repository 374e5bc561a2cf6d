"""Ordered labels: a rater sees the true step shifted and blurred."""

from typing import Any

import numpy as np
from scipy import special

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from .consensus import Consensus, Ties, settled
from .dawid_skene import MAX_ITERATIONS, TOLERANCE
from .em import Gold, Model, Prevalence, fit
from .vote_table import Array

SLIP = 0.01
NARROWEST, WIDEST = 0.15, 10.0


def ordinal(
    j: Judgments,
    *,
    max_iterations: int = MAX_ITERATIONS,
    tolerance: float = TOLERANCE,
    prevalence: Prevalence = "estimated",
    gold: Gold = "ignore",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
    starts: int = 1,
    seed: int = 0,
) -> Consensus:
    r"""The labels most likely to be true on an ordered scale, with two numbers a rater.

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
    far apart to the eye, or raters avoid the ends of the scale.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with an ordered scale.
    max_iterations, tolerance, prevalence, gold, ties, least, margin, starts, seed
        As in `dawid_skene`.

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
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, str(i % 3 + 1)) for i in range(60) for r in ("p", "q")]
    >>> rows += [(i, "s", str(max(i % 3, 1))) for i in range(60)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    >>> j = as_judgments(frame, scale=list("123"), level="ordinal")
    >>> bool(ordinal(j).raters["bias"].iloc[2] < -0.4)
    True
    """
    j = as_judgments(j)
    if j.level == "nominal" or (j.scale is None and not j.numeric):
        raise NotEstimable('the labels have no order: give scale=[...] from lowest to highest and level="ordinal"')

    def step(counts: Array, before: Any) -> tuple[Array, Any]:
        seen = np.moveaxis(counts, 2, 1)
        if before is None:
            before = first_state(seen)
        state = scored(seen, before)
        return np.moveaxis(chances(state, seen.shape[1])[0], 1, 2), state

    model = Model(
        "ordered errors, a bias and a spread a rater",
        step,
        prevalence,
        lambda state: {"bias": state[:, 0], "spread": np.exp(state[:, 1])},
    )
    made = fit(j, model, max_iterations=max_iterations, tolerance=tolerance, gold=gold, starts=starts, seed=seed)
    return settled(*made, ties=ties, least=least, margin=margin, seed=seed)


def first_state(seen: Array) -> Array:
    """Mean and spread of each rater's distance from the truth, the spread as its logarithm."""
    k = np.arange(seen.shape[1])
    off = (k[None, :] - k[:, None])[None]
    n = seen.sum((1, 2))
    bias = (seen * off).sum((1, 2)) / n
    spread = np.sqrt((seen * (off - bias[:, None, None]) ** 2).sum((1, 2)) / n)
    return np.column_stack([bias, np.log(np.clip(spread, 0.3, 3.0))])


def chances(state: Array, n: int) -> tuple[Array, Array, Array]:
    """Chances (rater, true, given) and their slopes in the bias and in the logarithm of the spread."""
    bias, spread = state[:, 0, None, None], np.exp(state[:, 1])[:, None, None]
    k = np.arange(n)[None, :, None]
    cut = (np.arange(n + 1) - 0.5)[None, None, :]
    z = (cut - k - bias) / spread
    z[..., 0], z[..., -1] = -np.inf, np.inf
    finite = np.where(np.isfinite(z), z, 0.0)
    density = np.where(np.isfinite(z), np.exp(-(finite**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    p = (1 - SLIP) * np.diff(special.ndtr(z), axis=2) + SLIP / n
    return p, -(1 - SLIP) * np.diff(density, axis=2) / spread, -(1 - SLIP) * np.diff(finite * density, axis=2)


def scored(seen: Array, state: Array) -> Array:
    """One step of Fisher scoring a rater, of the length among 1, 1/2, 1/4, 1/8 and 0 that fits best."""
    n = seen.shape[1]
    p, in_bias, in_spread = chances(state, n)
    slopes = np.stack([in_bias, in_spread], axis=1)
    score = (slopes * (seen / p)[:, None]).sum((2, 3))
    trials = seen.sum(2)[:, None, :, None]
    information = np.einsum("raxy,rbxy->rab", slopes * trials / p[:, None], slopes) + 1e-6 * np.eye(2)
    move = np.clip(np.linalg.solve(information, score[..., None])[..., 0], -0.5, 0.5)
    low, high = np.array([-(n - 1.0), np.log(NARROWEST)]), np.array([n - 1.0, np.log(WIDEST)])
    tried = [np.clip(state + length * move, low, high) for length in (1.0, 0.5, 0.25, 0.125, 0.0)]
    fits = np.stack([(seen * np.log(chances(t, n)[0])).sum((1, 2)) for t in tried])
    best = fits.argmax(0)
    made: Array = np.stack(tried)[best, np.arange(len(state))]
    return made
