"""Models of raters who answer independently given the truth, and the one loop of expectation and maximization.

A model is a step: from the chances of the labels it makes chances of the raters' answers, and parameters of its own.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
from scipy import special
from scipy.optimize import linear_sum_assignment

from ..errors import BadOption
from ..results import Caution, readable
from ..stats.checks import check_amount, check_count
from .vote_table import Array, Ints, Mask, Votes

Gold = Literal["ignore", "use"]
Prevalence = Literal["estimated", "uniform"]
Step = Callable[[Votes, Array, Any, float], tuple[Array, Any]]
"""From the votes, the chances of the labels, the last parameters and a smoothing to chances (rater, given, true).

It also returns the parameters and, where items differ in difficulty, the strength of each judgment.
"""
LOWEST = 1e-300
SMALLEST = 1e-250
SLIP = 0.01
NARROWEST, WIDEST = 0.15, 10.0


@dataclass(frozen=True, kw_only=True)
class EMOptions:
    """How a model of the raters is fitted, besides how long.

    Attributes
    ----------
    prevalence : {"estimated", "uniform"}, optional
        Of the true labels. MACE and GLAD were published with "uniform"; where a
        label is rare, that gives it to items that do not have it.
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
        BadOption.unless("prevalence", self.prevalence, (None, *get_args(Prevalence)))
        BadOption.unless("gold", self.gold, get_args(Gold))
        check_amount(self.smoothing or 0, option="smoothing")
        check_count(self.starts, option="starts", least=1)
        check_count(self.seed, option="seed")


@dataclass(frozen=True, eq=False)
class RaterModel:
    """A model of raters and how it is fitted.

    Attributes
    ----------
    name : str
    step : Step
    columns : callable
        From the parameters to what they say of raters, by name, and of items.
    hard_items : bool
        Whether items differ in difficulty: then no table of confusion holds for all of them.
    prevalence : {"estimated", "uniform"}
    smoothing : float, optional
        As published; None is one that the model does not take.
    max_iterations, tolerance
        When to stop.
    """

    name: str
    step: Step
    columns: Callable[[Any], tuple[dict[str, Array], dict[str, Array]]] = lambda state: ({}, {})
    hard_items: bool = False
    prevalence: Prevalence = "estimated"
    smoothing: float | None = None
    max_iterations: int = 2000
    tolerance: float = 1e-6


@dataclass(frozen=True, eq=False)
class Fit:
    """Where a fit ended.

    Attributes
    ----------
    posterior, prior, tables : ndarray
        Chance of each label for each item; prevalence; chances (rater, given, true).
    log_likelihood, converged, iterations, change
        Of the judgments; whether the last round's change was within the tolerance.
    of_raters, of_items : dict of str to ndarray
        What the model knows of them besides.
    doubts : tuple of Caution
        What the fit says against its use.
    """

    posterior: Array
    prior: Array
    tables: Array
    log_likelihood: float
    converged: bool = True
    iterations: int = 0
    change: float = 0.0
    of_raters: dict[str, Array] = field(default_factory=dict)
    of_items: dict[str, Array] = field(default_factory=dict)
    doubts: tuple[Caution, ...] = ()


def expected(logs: Array, prior: Array, mask: Mask | None) -> tuple[Array, float]:
    """Compute the chance of each label being true for each item, and the log-likelihood.

    Parameters
    ----------
    logs : ndarray, shape (n_items, n_labels)
        Logarithm of the chance of each item's judgments if the label were true; changed in place.
    """
    logs += np.log(np.maximum(prior, LOWEST))
    if mask is not None:
        logs[~mask] = -np.inf
    p = np.exp(logs)
    total = p @ np.ones(p.shape[1])
    if total.min() < SMALLEST:  # items with so many judgments that products vanish
        return special.softmax(logs, axis=1), float(special.logsumexp(logs, axis=1).sum())
    p *= (1 / total)[:, None]
    return p, float(np.log(total).sum())


def iterate(model: RaterModel, votes: Votes, start: Array, mask: Mask | None) -> Fit:
    """Maximize and expect in turn until no parameter moves by more than the tolerance, or no chance of a label.

    The second where items differ in difficulty.
    """
    p, state = start, None
    n, k = p.shape
    last: tuple[Array, ...] | None = (p,) if model.hard_items else None
    done, change = 0, np.inf
    while done < model.max_iterations and change > model.tolerance:
        done += 1
        prior = np.ones(n) @ p / n if model.prevalence == "estimated" else np.full(k, 1 / k)
        chances, state = model.step(votes, p, state, model.smoothing or 0.0)
        if model.hard_items:
            logs = strength_logs(votes, chances)
        else:
            logs = votes.given @ np.log(np.maximum(chances, LOWEST)).reshape(-1, k)
        p, log_likelihood = expected(logs, prior, mask)
        now = (p,) if model.hard_items else (state, prior)
        if last is not None:
            change = max(float(np.abs(a - b).max()) for a, b in zip(now, last, strict=True))
        last = now
    tables = votes.shares_given(p) if model.hard_items else chances
    return Fit(p, prior, tables, log_likelihood, change <= model.tolerance, done, change, *model.columns(state))


def first_guess(votes: Votes, mask: Mask | None) -> Array:
    """Return each item's votes as shares; for known items their accepted labels."""
    if mask is None:
        return votes.shares
    allowed = votes.shares * mask
    none = ~allowed.any(1)
    allowed[none] = mask[none]
    return np.asarray(allowed / allowed.sum(1, keepdims=True))


def best_fit(votes: Votes, model: RaterModel, options: EMOptions) -> Fit:
    """Fit a model from one or several starts, and keep the likeliest end."""
    check_count(model.max_iterations, option="max_iterations", least=1)
    check_amount(model.tolerance, option="tolerance")
    if options.smoothing is not None:
        if model.smoothing is None:
            raise BadOption(f"smoothing is {options.smoothing!r}; the model {model.name} takes none")
        model = replace(model, smoothing=options.smoothing)
    model = replace(model, prevalence=options.prevalence or model.prevalence)
    mask = votes.accepted if options.gold == "use" else None
    guess = first_guess(votes, mask)
    fits = [iterate(model, votes, guess, mask)]
    rng = np.random.default_rng(options.seed)
    for _ in range(options.starts - 1):
        noise = rng.dirichlet(np.ones(guess.shape[1]), len(guess))
        mixed = 0.5 * guess + 0.5 * (noise if mask is None else noise * mask)
        fits.append(iterate(model, votes, mixed / mixed.sum(1, keepdims=True), mask))
    best, cautions = max(fits, key=lambda fit: fit.log_likelihood), []
    if not best.converged:
        text = (
            f"Not converged after {best.iterations:,} rounds: the last one moved a parameter by "
            f"{readable(best.change)}, more than {model.tolerance:g}; raise max_iterations."
        )
        cautions.append(Caution("not_converged", text))
    if best.log_likelihood > fits[0].log_likelihood + 0.01 * len(fits):
        text = "Another start than the votes fits better: there are several solutions; look at the raters first."
        cautions.append(Caution("other_start", text))
    if mask is not None:
        text = "Known gold was used in the fit: accuracy on these gold items is no check of it."
        cautions.append(Caution("gold_used", text))
    best = replace(best, doubts=tuple(cautions))
    return best if model.hard_items else oriented(votes, best, mask)


def oriented(votes: Votes, fit: Fit, mask: Mask | None) -> Fit:
    """Name the classes by the labels that raters give them, with a caution where that does not help."""
    counts = named = votes.sums(fit.posterior).sum(0)
    cautions = []
    rows, columns = linear_sum_assignment(-counts)
    if mask is None and len(counts) > 1 and counts[rows, columns].sum() > np.trace(counts) * (1 + 1e-9) + 1e-9:
        posterior, prior, tables = fit.posterior[:, columns], fit.prior[columns], fit.tables[:, :, columns]
        fit, named = replace(fit, posterior=posterior, prior=prior, tables=tables), counts[:, columns]
        text = "The fitted classes were renamed after the labels that raters give them most."
        cautions.append(Caution("renamed", text))
    chance = float((counts.sum(0) * counts.sum(1)).sum() / counts.sum() ** 2)
    if len(counts) > 1 and np.trace(named) / counts.sum() <= chance + 0.01 < 1:
        text = "On the whole the raters are no better than chance under this model: do not use these labels."
        cautions.append(Caution("no_better_than_chance", text))
    most, own = named.argmax(0), np.arange(len(named))
    strange = np.flatnonzero((most != own) & (named.max(0) > named[own, own] + 0.5))
    if mask is None and len(strange):
        k = int(strange[named[:, strange].sum(0).argmax()])
        text = (
            f"Items fitted as {votes.labels[k]!r} were labelled {votes.labels[most[k]]!r} more often than "
            f"{votes.labels[k]!r}: the class may be another one under that name. Take the majority, or have these "
            "items decided by an expert."
        )
        cautions.append(Caution("class_not_its_label", text))
    return replace(fit, doubts=(*fit.doubts, *cautions))


def confusion_step(votes: Votes, p: Array, _: Any, smoothing: float) -> tuple[Array, Array]:
    """Dawid and Skene: a table of confusion per rater."""
    more = votes.sums(p) + smoothing
    total = more.sum(1, keepdims=True)
    tables = np.divide(more, total, out=np.full_like(more, 1 / more.shape[1]), where=total > 0)
    return tables, tables


def coin_step(votes: Votes, p: Array, _: Any, __: float) -> tuple[Array, Array]:
    """One coin: a chance to be right per rater, each wrong label equally likely."""
    counts = votes.sums(p)
    right = counts.trace(axis1=1, axis2=2) / counts.sum((1, 2))
    same = np.eye(counts.shape[1])
    wrong = (1 - right) / max(len(same) - 1, 1)
    return right[:, None, None] * same + wrong[:, None, None] * (1 - same), right


def competence_step(votes: Votes, p: Array, before: Any, smoothing: float) -> tuple[Array, Array]:
    """MACE: a chance to know per rater, and a distribution of guesses."""
    counts = votes.sums(p)
    n = counts.shape[1]
    if before is None:
        before = np.hstack([np.full((len(counts), 1), 0.5), np.full((len(counts), n), 1 / n)])
    competence, guess = before[:, :1], before[:, 1:]
    right = counts.diagonal(axis1=1, axis2=2)
    sure = right * competence / np.maximum(competence + (1 - competence) * guess, LOWEST)
    competence = (sure.sum(1) + smoothing) / (counts.sum((1, 2)) + 2 * smoothing)
    guess = counts.sum(2) - sure + smoothing / n
    guess /= np.maximum(guess.sum(1, keepdims=True), LOWEST)
    tables = competence[:, None, None] * np.eye(n) + ((1 - competence)[:, None] * guess)[:, :, None]
    return tables, np.hstack([competence[:, None], guess])


def ordered_step(votes: Votes, p: Array, before: Any, _: float) -> tuple[Array, Array]:
    """Ordered errors: a bias and a spread per rater, by one step of Fisher scoring, halved while it does not help."""
    seen = np.moveaxis(votes.sums(p), 2, 1)
    n = seen.shape[1]
    if before is None:  # mean and spread of each rater's distance from the truth, the spread as its logarithm
        off, total = np.arange(n)[None, :] - np.arange(n)[:, None], seen.sum((1, 2))
        bias = (seen * off).sum((1, 2)) / total
        spread = np.sqrt((seen * (off - bias[:, None, None]) ** 2).sum((1, 2)) / total)
        before = np.column_stack([bias, np.log(np.clip(spread, 0.3, 3.0))])
    chances, in_bias, in_spread = ordered_chances(before, n)
    slopes = np.stack([in_bias, in_spread], axis=1)
    score = (slopes * (seen / chances)[:, None]).sum((2, 3))
    trials = seen.sum(2)[:, None, :, None]
    information = np.einsum("raxy,rbxy->rab", slopes * trials / chances[:, None], slopes) + 1e-6 * np.eye(2)
    move = np.clip(np.linalg.solve(information, score[..., None])[..., 0], -0.5, 0.5)
    low, high = np.array([-(n - 1.0), np.log(NARROWEST)]), np.array([n - 1.0, np.log(WIDEST)])
    tried = np.stack([np.clip(before + length * move, low, high) for length in (1.0, 0.5, 0.25, 0.125, 0.0)])
    likelihood = np.stack([(seen * np.log(ordered_chances(t, n)[0])).sum((1, 2)) for t in tried])
    state = np.asarray(tried[likelihood.argmax(0), np.arange(len(before))])
    return np.moveaxis(ordered_chances(state, n)[0], 1, 2), state


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


def ease_step(votes: Votes, p: Array, before: Any, _: float) -> tuple[Array, tuple[Array, Array]]:
    """GLAD: one damped Newton step for all abilities, then one for the logarithm of all items' ease."""
    (item, rater, label), times = votes.entries, votes.given.data
    ability, ease = before or (np.ones(len(votes.raters)), np.ones(len(votes.items)))
    right, beta = p[item, label], np.exp(ease)[item]
    ability = ability + _newton(rater, times, beta, ability[rater] * beta, right, ability)
    strength = ability[rater] * beta
    ease = np.clip(ease + _newton(item, times, strength, strength, right, ease), -5, 5)
    return ability[rater] * np.exp(ease)[item], (ability, ease)


def strength_logs(votes: Votes, strength: Array) -> Array:
    """Compute the logarithm of the chance of each item's judgments for each label; strength is a right one's logit."""
    (item, _, label), times = votes.entries, votes.given.data
    n_items, n = votes.tally.shape
    yes, no = -np.logaddexp(0, -strength), -np.logaddexp(0, strength) - np.log(max(n - 1, 1))
    logs = np.bincount(item * n + label, times * (yes - no), n_items * n).reshape(n_items, n)
    return np.asarray(logs + np.bincount(item, times * no, n_items)[:, None])


def _newton(at: Ints, times: Array, by: Array, strength: Array, right: Array, value: Array) -> Array:
    """A damped Newton step for parameters with normal priors of mean and variance 1; ``by`` is d strength / d value."""
    chance, n = special.expit(strength), len(value)
    slope = np.bincount(at, times * by * (right - chance), n) - (value - 1)
    bend = np.bincount(at, times * by**2 * chance * (1 - chance), n) + 1
    return np.clip(slope / bend, -1, 1)


DAWID_SKENE = RaterModel("Dawid-Skene", confusion_step, smoothing=0.0)
ONE_COIN = RaterModel("one coin per rater", coin_step)
MACE = RaterModel("MACE", competence_step, lambda state: ({"competence": state[:, 0]}, {}), smoothing=0.1)
ORDERED = RaterModel(
    "ordered errors, a bias and a spread per rater",
    ordered_step,
    lambda state: ({"bias": state[:, 0], "spread": np.exp(state[:, 1])}, {}),
)
GLAD = RaterModel(
    "GLAD",
    ease_step,
    lambda state: ({"ability": state[0]}, {"ease": np.exp(state[1])}),
    hard_items=True,
)
