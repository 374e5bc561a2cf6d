"""The models of raters, each from expected counts to chances; GLAD, whose items differ, has a loop of its own.

A step takes expected counts by rater, given and true label, the parameters of the
last round and a smoothing, and returns chances of the same shape and the parameters.
"""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .em import Fit, RaterModel, Settings, Step, iterate, oriented
from .vote_table import Array, Mask, Votes

Ints = NDArray[np.int64]
SLIP = 0.01
NARROWEST, WIDEST = 0.15, 10.0


def confusion_step(counts: Array, _: Any, smoothing: float) -> tuple[Array, Array]:
    """Dawid and Skene: a table of confusion per rater."""
    more = counts + smoothing
    total = more.sum(1, keepdims=True)
    tables = np.divide(more, total, out=np.full_like(more, 1 / more.shape[1]), where=total > 0)
    return tables, tables


def coin_step(counts: Array, _: Any, __: float) -> tuple[Array, Array]:
    """One coin: a chance to be right per rater, each wrong label equally likely."""
    k = np.arange(counts.shape[1])
    right = counts[:, k, k].sum(1) / counts.sum((1, 2))
    same = np.eye(len(k))
    wrong = (1 - right) / max(len(k) - 1, 1)
    return right[:, None, None] * same + wrong[:, None, None] * (1 - same), right


def competence_step(counts: Array, before: Any, smoothing: float) -> tuple[Array, Array]:
    """MACE: a chance to know per rater, and a distribution of guesses."""
    n = counts.shape[1]
    k = np.arange(n)
    if before is None:
        before = np.hstack([np.full((len(counts), 1), 0.5), np.full((len(counts), n), 1 / n)])
    competence, guess = before[:, :1], before[:, 1:]
    right = counts[:, k, k]
    sure = right * competence / np.maximum(competence + (1 - competence) * guess, 1e-300)
    total = counts.sum((1, 2))
    competence = (sure.sum(1) + smoothing) / (total + 2 * smoothing)
    guess = counts.sum(2) - sure + smoothing / n
    guess /= np.maximum(guess.sum(1, keepdims=True), 1e-300)
    tables = competence[:, None, None] * np.eye(n) + ((1 - competence)[:, None] * guess)[:, :, None]
    return tables, np.hstack([competence[:, None], guess])


def ordered_step(counts: Array, before: Any, _: float) -> tuple[Array, Array]:
    """Ordered errors: a bias and a spread per rater, by one step of Fisher scoring, halved while it does not help."""
    seen = np.moveaxis(counts, 2, 1)
    state = _scored(seen, _first_state(seen) if before is None else before)
    return np.moveaxis(ordered_chances(state, seen.shape[1])[0], 1, 2), state


def _first_state(seen: Array) -> Array:
    """Mean and spread of each rater's distance from the truth, the spread as its logarithm."""
    k = np.arange(seen.shape[1])
    off = (k[None, :] - k[:, None])[None]
    n = seen.sum((1, 2))
    bias = (seen * off).sum((1, 2)) / n
    spread = np.sqrt((seen * (off - bias[:, None, None]) ** 2).sum((1, 2)) / n)
    return np.column_stack([bias, np.log(np.clip(spread, 0.3, 3.0))])


def ordered_chances(state: Array, n: int) -> tuple[Array, Array, Array]:
    """Compute chances (rater, true, given) and their slopes in the bias and in the logarithm of the spread."""
    bias, spread = state[:, 0, None, None], np.exp(state[:, 1])[:, None, None]
    k = np.arange(n)[None, :, None]
    cut = (np.arange(n + 1) - 0.5)[None, None, :]
    z = (cut - k - bias) / spread
    z[..., 0], z[..., -1] = -np.inf, np.inf
    finite = np.where(np.isfinite(z), z, 0.0)
    density = np.where(np.isfinite(z), np.exp(-(finite**2) / 2) / np.sqrt(2 * np.pi), 0.0)
    p = (1 - SLIP) * np.diff(special.ndtr(z), axis=2) + SLIP / n
    return p, -(1 - SLIP) * np.diff(density, axis=2) / spread, -(1 - SLIP) * np.diff(finite * density, axis=2)


def _scored(seen: Array, state: Array) -> Array:
    """One step of Fisher scoring per rater, of the length among 1, 1/2, 1/4, 1/8 and 0 that fits best."""
    n = seen.shape[1]
    p, in_bias, in_spread = ordered_chances(state, n)
    slopes = np.stack([in_bias, in_spread], axis=1)
    score = (slopes * (seen / p)[:, None]).sum((2, 3))
    trials = seen.sum(2)[:, None, :, None]
    information = np.einsum("raxy,rbxy->rab", slopes * trials / p[:, None], slopes) + 1e-6 * np.eye(2)
    move = np.clip(np.linalg.solve(information, score[..., None])[..., 0], -0.5, 0.5)
    low, high = np.array([-(n - 1.0), np.log(NARROWEST)]), np.array([n - 1.0, np.log(WIDEST)])
    tried = [np.clip(state + length * move, low, high) for length in (1.0, 0.5, 0.25, 0.125, 0.0)]
    likelihood = np.stack([(seen * np.log(ordered_chances(t, n)[0])).sum((1, 2)) for t in tried])
    return np.asarray(np.stack(tried)[likelihood.argmax(0), np.arange(len(state))])


def run_glad(votes: Votes, start: Array, mask: Mask | None, settings: Settings) -> Fit:
    """Fit GLAD: one damped Newton step for all abilities, one for all items, then the chances of the labels."""
    n_items, n_raters, n = len(votes.items), len(votes.raters), len(votes.labels)
    item = np.repeat(np.arange(n_items), np.diff(votes.given.indptr))
    rater, label = np.divmod(votes.given.indices.astype(np.int64), n)
    times, cell = votes.given.data, item * n + label
    p, ability, ease = start, np.ones(n_raters), np.ones(n_items)
    spread = np.log(max(n - 1, 1))
    done, change, log_likelihood = 0, np.inf, 0.0
    prior = np.full(n, 1 / n)
    while done < settings.max_iterations and change > settings.tolerance:
        done += 1
        right = p.ravel()[cell]
        beta = np.exp(ease)[item]
        ability = ability + _newton(rater, n_raters, times, beta, ability[rater] * beta, right, ability)
        strength = ability[rater] * beta
        ease = np.clip(ease + _newton(item, n_items, times, strength, strength, right, ease), -5, 5)
        strength = ability[rater] * np.exp(ease)[item]
        yes, no = -np.logaddexp(0, -strength), -np.logaddexp(0, strength) - spread
        if settings.prevalence == "estimated":
            prior = p.mean(0)
        logs = np.bincount(cell, times * (yes - no), n_items * n).reshape(n_items, n)
        logs += np.bincount(item, times * no, n_items)[:, None] + np.log(np.maximum(prior, 1e-300))
        if mask is not None:
            logs[~mask] = -np.inf
        top = logs.max(1, keepdims=True)
        new = np.exp(logs - top)
        total = new.sum(1, keepdims=True)
        log_likelihood = float((top + np.log(total)).sum())
        new /= total
        change = float(np.abs(new - p).max())
        p = new
    fit = Fit(p, prior, shares_given(votes, p), log_likelihood, change <= settings.tolerance, done, change)
    return replace(fit, raters={"ability": ability}, items={"ease": np.exp(ease)})


def _newton(at: Ints, n: int, times: Array, by: Array, strength: Array, right: Array, value: Array) -> Array:
    """A damped Newton step for parameters with normal priors of mean and variance 1; ``by`` is d strength / d value."""
    chance = special.expit(strength)
    slope = np.bincount(at, times * by * (right - chance), n) - (value - 1)
    bend = np.bincount(at, times * by**2 * chance * (1 - chance), n) + 1
    return np.clip(slope / bend, -1, 1)


def shares_given(votes: Votes, p: Array) -> Array:
    """Compute which labels each rater gives to items of each true label, shape (rater, given, true)."""
    counts = votes.sums(p)
    return np.asarray(counts / np.maximum(counts.sum(1, keepdims=True), 1e-300))


def _by_step(name: str, step: Step, detail: Any = lambda state: {}, **published: Any) -> RaterModel:
    def run(votes: Votes, start: Array, mask: Mask | None, settings: Settings) -> Fit:
        fit = oriented(votes, iterate(step, votes, start, mask, settings), mask)
        return replace(fit, raters=detail(fit.state))

    return RaterModel(name, run, **published)


DAWID_SKENE = _by_step("Dawid-Skene", confusion_step, smoothing=0.0)
ONE_COIN = _by_step("one coin per rater", coin_step)
MACE = _by_step("MACE", competence_step, lambda state: {"competence": state[:, 0]}, prevalence="uniform", smoothing=0.1)
ORDERED = _by_step(
    "ordered errors, a bias and a spread per rater",
    ordered_step,
    lambda state: {"bias": state[:, 0], "spread": np.exp(state[:, 1])},
)
GLAD = RaterModel("GLAD", run_glad, prevalence="uniform")
