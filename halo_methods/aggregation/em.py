"""Expectation and maximization for raters who answer independently given the truth."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import linear_sum_assignment

from ..errors import BadOption
from ..judgments import Judgments
from ..results import Caution, counted, readable
from .uncertainty import confusion_table, rater_table
from .vote_table import Array, Votes, accepted, votes

Gold = Literal["ignore", "use"]
Prevalence = Literal["estimated", "uniform"]
Mask = npt.NDArray[np.bool_] | None
Step = Callable[[Array, Any], tuple[Array, Any]]
"""From expected counts (rater, given, true) and the last parameters to chances (rater, given, true) and parameters."""
LOWEST = 1e-300
SMALLEST = 1e-250


@dataclass(frozen=True, eq=False)
class Model:
    """A rater model: its name, how its parameters follow from expected counts, and what it says of raters besides."""

    name: str
    step: Step
    prevalence: Prevalence = "estimated"
    details: Callable[[Any], dict[str, Array]] = lambda state: {}


@dataclass(frozen=True, eq=False)
class Fit:
    """Where expectation and maximization ended."""

    posterior: Array
    prior: Array
    tables: Array
    state: Any
    log_likelihood: float
    converged: bool
    iterations: int
    change: float
    model: Model | None = None
    method: str = ""
    cautions: tuple[Caution, ...] = ()
    raters: pd.DataFrame = field(default_factory=pd.DataFrame)
    confusion: pd.DataFrame = field(default_factory=pd.DataFrame)


def expected(votes: Votes, tables: Array, prior: Array, mask: Mask) -> tuple[Array, float]:
    """Chance of each label being true for each item, and the log-likelihood."""
    chance = np.log(np.maximum(tables, LOWEST)).reshape(-1, tables.shape[2])
    p = votes.given @ chance
    p += np.log(np.maximum(prior, LOWEST))
    if mask is not None:
        p[~mask] = -np.inf
    np.exp(p, out=p)
    total = p @ np.ones(p.shape[1])
    if total.min() < SMALLEST:
        return _far(votes, chance, prior, mask)
    p *= (1 / total)[:, None]
    return p, float(np.log(total).sum())


def _far(votes: Votes, chance: Array, prior: Array, mask: Mask) -> tuple[Array, float]:
    """The same on the scale of logarithms, for items with so many judgments that products vanish."""
    p = votes.given @ chance + np.log(np.maximum(prior, LOWEST))
    if mask is not None:
        p[~mask] = -np.inf
    top = p.max(1, keepdims=True)
    p = np.exp(p - top)
    total = p.sum(1, keepdims=True)
    return p / total, float((top + np.log(total)).sum())


def iterate(votes: Votes, model: Model, start: Array, mask: Mask, max_iterations: int, tolerance: float) -> Fit:
    """Maximize and expect in turn until no parameter moves by more than the tolerance."""
    p, state, prior = start, None, start.mean(0)
    done, change = 0, np.inf
    while done < max_iterations and change > tolerance:
        before, prior_before = state, prior
        done += 1
        prior = np.ones(len(p)) @ p / len(p) if model.prevalence == "estimated" else np.full(p.shape[1], 1 / p.shape[1])
        tables, state = model.step(votes.sums(p), before)
        p, log_likelihood = expected(votes, tables, prior, mask)
        if before is not None:
            change = max(float(np.abs(state - before).max()), float(np.abs(prior - prior_before).max()))
    return Fit(p, prior, tables, state, log_likelihood, change <= tolerance, done, change, model)


def first_guess(votes: Votes, mask: Mask) -> Array:
    """Each item's votes as shares; for known items their accepted labels."""
    if mask is None:
        return votes.shares
    known = ~np.asarray(mask.all(axis=1))
    kept = np.where(mask, votes.shares, 0.0)
    total = kept.sum(1, keepdims=True)
    even = mask / mask.sum(1, keepdims=True)
    kept = np.where(total > 0, kept / np.where(total > 0, total, 1), even)
    made: Array = np.where(known[:, None], kept, votes.shares)
    return made


def fit(
    j: Judgments,
    model: Model,
    *,
    max_iterations: int,
    tolerance: float,
    gold: Gold = "ignore",
    starts: int = 1,
    seed: int = 0,
) -> tuple[Votes, Fit]:
    """The best fit of several starts, oriented, with its raters and cautions."""
    if gold not in get_args(Gold):
        raise BadOption.of("gold", gold, get_args(Gold))
    if model.prevalence not in get_args(Prevalence):
        raise BadOption.of("prevalence", model.prevalence, get_args(Prevalence))
    if int(max_iterations) < 1 or int(starts) < 1 or tolerance < 0:
        raise BadOption("max_iterations and starts are at least 1, and tolerance is at least 0")
    made = votes(j)
    mask = accepted(j) if gold == "use" else None
    guess = first_guess(made, mask)
    tried = [iterate(made, model, guess, mask, max_iterations, tolerance)]
    rng = np.random.default_rng(seed)
    for _ in range(starts - 1):
        noise = rng.dirichlet(np.ones(guess.shape[1]), len(guess))
        mixed = guess if mask is None else guess * mask
        mixed = 0.5 * mixed + 0.5 * (noise if mask is None else noise * mask)
        mixed /= mixed.sum(1, keepdims=True)
        tried.append(iterate(made, model, mixed, mask, max_iterations, tolerance))
    best = max(tried, key=lambda f: f.log_likelihood)
    cautions = []
    if best.log_likelihood > tried[0].log_likelihood + 0.01 * len(tried):
        text = "Another start than the votes fits better: there are several solutions; look at the raters first."
        cautions.append(Caution("other_start", text))
    best, turned = oriented(made, best, mask)
    cautions += turned
    return made, finished(made, best, cautions, tolerance, gold_used=mask is not None)


def oriented(votes: Votes, made: Fit, mask: Mask) -> tuple[Fit, list[Caution]]:
    """Classes named by the labels that raters give them, and a caution where that does not help."""
    counts = votes.sums(made.posterior).sum(0)
    right = float(np.trace(counts))
    cautions = []
    rows, columns = linear_sum_assignment(-counts)
    if mask is None and made.tables.shape[1] > 1 and counts[rows, columns].sum() > right * (1 + 1e-9) + 1e-9:
        p = made.posterior[:, columns]
        made = replace(made, posterior=p, prior=made.prior[columns], tables=made.tables[:, :, columns])
        cautions.append(
            Caution("renamed", "The fitted classes were renamed after the labels that raters give them most.")
        )
        right = float(np.trace(votes.sums(p).sum(0)))
    chance = float((counts.sum(0) * counts.sum(1)).sum() / counts.sum() ** 2)
    if len(counts) > 1 and right / counts.sum() <= chance + 0.01 < 1:
        text = "On the whole the raters are no better than chance under this model: do not use these labels."
        cautions.append(Caution("no_better_than_chance", text))
    return made, cautions


def finished(votes: Votes, made: Fit, found: Sequence[Caution], tolerance: float, *, gold_used: bool) -> Fit:
    """The fit with its raters, and what its reader must know."""
    cautions = list(found)
    if not made.converged:
        text = (
            f"Not converged after {made.iterations:,} rounds: the last one moved a parameter by "
            f"{readable(made.change)}, more than {tolerance:g}; raise max_iterations."
        )
        cautions.insert(0, Caution("not_converged", text))
    if len(votes.raters) < 3:
        text = f"{counted(len(votes.raters), 'rater')}: with fewer than three, nothing in the data tells who is right."
        cautions.append(Caution("few_raters", text))
    each = float(votes.n_by_item.mean())
    if each < 3:
        text = f"{readable(each)} judgments an item: below three, probabilities rest more on the model."
        cautions.append(Caution("few_judgments_an_item", text))
    if made.prior.max() > 0.9:
        top = votes.labels[int(made.prior.argmax())]
        text = (
            f"{100 * made.prior.max():.3g}% of items are {top!r}: rare labels may be lost; compare with the "
            "majority item by item."
        )
        cautions.append(Caution("one_label", text))
    if gold_used:
        text = "Known gold was used: accuracy on these gold items says nothing about the others."
        cautions.append(Caution("gold_used", text))
    model = made.model
    raters = rater_table(votes, made.posterior)
    if model:
        raters = raters.assign(**model.details(made.state))
    confusion = confusion_table(votes, made.posterior, made.tables)
    name = model.name if model else made.method
    return replace(made, method=name, cautions=tuple(cautions), raters=raters, confusion=confusion)
