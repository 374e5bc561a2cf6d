"""Expectation and maximization for raters who answer independently given the truth."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from scipy.optimize import linear_sum_assignment

from ..errors import BadOption
from ..results import Caution
from ..stats.checks import check_count
from .vote_table import Array, Mask, Votes

Gold = Literal["ignore", "use"]
Prevalence = Literal["estimated", "uniform"]
Step = Callable[[Array, Any, float], tuple[Array, Any]]
"""From expected counts (rater, given, true), the last parameters and a smoothing to chances (rater, given, true) and
parameters."""
LOWEST = 1e-300
SMALLEST = 1e-250


@dataclass(frozen=True, kw_only=True)
class EMOptions:
    """How a model of the raters is fitted, besides how long.

    Attributes
    ----------
    prevalence : {"estimated", "uniform"}, optional
        Of the true labels; by default what the model was published with.
    smoothing : float, optional
        Added to each expected count of a rater's label. 0 is Dawid and Skene's
        published model; .1 to 1 steadies raters with few judgments. By default
        what the model was published with; one coin, ordered errors and GLAD take none.
    gold : {"ignore", "use"}
        Whether items with gold are taken as known. Ignored by default, so that
        gold can check the result.
    starts : int
        Starts beyond the first mix the votes with noise; the likeliest end wins.
    seed : int
        For the starts and the test of dependence.

    Raises
    ------
    BadOption
        For any other value.

    Examples
    --------
    >>> EMOptions(gold="use", starts=4).starts
    4
    """

    prevalence: Prevalence | None = None
    smoothing: float | None = None
    gold: Gold = "ignore"
    starts: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.prevalence not in (None, *get_args(Prevalence)):
            raise BadOption.of("prevalence", self.prevalence, get_args(Prevalence))
        if self.gold not in get_args(Gold):
            raise BadOption.of("gold", self.gold, get_args(Gold))
        if self.smoothing is not None and not 0 <= self.smoothing < np.inf:
            raise BadOption(f"smoothing is {self.smoothing!r}; allowed: a count, 0 or more")
        check_count(self.starts, option="starts", least=1)
        check_count(self.seed, option="seed")


@dataclass(frozen=True)
class Settings:
    """What one run needs to know."""

    prevalence: Prevalence
    smoothing: float
    max_iterations: int
    tolerance: float

    def __post_init__(self) -> None:
        check_count(self.max_iterations, option="max_iterations", least=1)
        if not 0 <= self.tolerance < np.inf:
            raise BadOption(f"tolerance is {self.tolerance!r}; allowed: a number, 0 or more")


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a fit ended.

    Attributes
    ----------
    posterior, prior, tables : ndarray
        Chance of each label for each item; prevalence; chances (rater, given, true).
    log_likelihood, converged, iterations, change
        Of the judgments; whether the last round's change was within the tolerance.
    state : Any
        The model's own parameters.
    raters, items : dict of str to ndarray
        What the model knows of them besides.
    cautions : tuple of Caution
    """

    posterior: Array
    prior: Array
    tables: Array
    log_likelihood: float
    converged: bool = True
    iterations: int = 0
    change: float = 0.0
    state: Any = None
    raters: dict[str, Array] = field(default_factory=dict)
    items: dict[str, Array] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()


Run = Callable[[Votes, Array, Mask | None, Settings], Fit]


@dataclass(frozen=True, eq=False)
class RaterModel:
    """A model of raters: its name, how it is fitted from a start, and its published settings."""

    name: str
    run: Run
    prevalence: Prevalence = "estimated"
    smoothing: float | None = None


def expected(votes: Votes, tables: Array, prior: Array, mask: Mask | None) -> tuple[Array, float]:
    """Compute the chance of each label being true for each item, and the log-likelihood."""
    chance = np.log(np.maximum(tables, LOWEST)).reshape(-1, tables.shape[2])
    p = votes.given @ chance
    p += np.log(np.maximum(prior, LOWEST))
    if mask is not None:
        p[~mask] = -np.inf
    top = np.zeros((len(p), 1))
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[1])
    if total.min() < SMALLEST:  # items with so many judgments that products vanish
        p = votes.given @ chance + np.log(np.maximum(prior, LOWEST))
        p = p if mask is None else np.where(mask, p, -np.inf)
        top = p.max(1, keepdims=True)
        p = np.exp(p - top)
        total = p.sum(1)
    p *= (1 / total)[:, None]
    return p, float(top.sum() + np.log(total).sum())


def iterate(step: Step, votes: Votes, start: Array, mask: Mask | None, settings: Settings) -> Fit:
    """Maximize and expect in turn until no parameter moves by more than the tolerance."""
    p, state, prior = start, None, start.mean(0)
    done, change = 0, np.inf
    while done < settings.max_iterations and change > settings.tolerance:
        before, prior_before = state, prior
        done += 1
        n, k = p.shape
        prior = np.ones(n) @ p / n if settings.prevalence == "estimated" else np.full(k, 1 / k)
        tables, state = step(votes.sums(p), before, settings.smoothing)
        p, log_likelihood = expected(votes, tables, prior, mask)
        if before is not None:
            change = max(float(np.abs(state - before).max()), float(np.abs(prior - prior_before).max()))
    return Fit(p, prior, tables, log_likelihood, change <= settings.tolerance, done, change, state)


def first_guess(votes: Votes, mask: Mask | None) -> Array:
    """Return each item's votes as shares; for known items their accepted labels."""
    if mask is None:
        return votes.shares
    allowed = np.where(mask, votes.shares, 0.0)
    total = allowed.sum(1, keepdims=True)
    even = mask / mask.sum(1, keepdims=True)
    return np.where(total > 0, allowed / np.where(total > 0, total, 1), even)


def best_fit(votes: Votes, model: RaterModel, options: EMOptions, max_iterations: int, tolerance: float) -> Fit:
    """Fit a model from one or several starts, and keep the likeliest end."""
    if options.smoothing is not None and model.smoothing is None:
        raise BadOption(f"smoothing is {options.smoothing!r}; the model {model.name} takes none")
    smoothing = options.smoothing if options.smoothing is not None else model.smoothing or 0.0
    settings = Settings(options.prevalence or model.prevalence, smoothing, max_iterations, tolerance)
    mask = votes.accepted if options.gold == "use" else None
    guess = first_guess(votes, mask)
    fits = [model.run(votes, guess, mask, settings)]
    rng = np.random.default_rng(options.seed)
    for _ in range(options.starts - 1):
        noise = rng.dirichlet(np.ones(guess.shape[1]), len(guess))
        mixed = 0.5 * guess + 0.5 * (noise if mask is None else noise * mask)
        fits.append(model.run(votes, mixed / mixed.sum(1, keepdims=True), mask, settings))
    best = max(fits, key=lambda fit: fit.log_likelihood)
    if best.log_likelihood > fits[0].log_likelihood + 0.01 * len(fits):
        text = "Another start than the votes fits better: there are several solutions; look at the raters first."
        best = replace(best, cautions=(Caution("other_start", text), *best.cautions))
    return best


def oriented(votes: Votes, fit: Fit, mask: Mask | None) -> Fit:
    """Name the classes by the labels that raters give them, with a caution where that does not help."""
    counts = votes.sums(fit.posterior).sum(0)
    right = float(np.trace(counts))
    cautions = []
    rows, columns = linear_sum_assignment(-counts)
    if mask is None and len(counts) > 1 and counts[rows, columns].sum() > right * (1 + 1e-9) + 1e-9:
        p = fit.posterior[:, columns]
        fit = replace(fit, posterior=p, prior=fit.prior[columns], tables=fit.tables[:, :, columns])
        text = "The fitted classes were renamed after the labels that raters give them most."
        cautions.append(Caution("renamed", text))
        right = float(np.trace(votes.sums(p).sum(0)))
    chance = float((counts.sum(0) * counts.sum(1)).sum() / counts.sum() ** 2)
    if len(counts) > 1 and right / counts.sum() <= chance + 0.01 < 1:
        text = "On the whole the raters are no better than chance under this model: do not use these labels."
        cautions.append(Caution("no_better_than_chance", text))
    return replace(fit, cautions=(*fit.cautions, *cautions))
