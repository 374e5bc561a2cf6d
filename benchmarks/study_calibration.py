"""How often the errors and intervals of certification and strictness hold, by simulation.

python benchmarks/study_calibration.py            about two minutes; writes results/study_calibration.csv
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from halo_methods.calibration.strictness import fit_many_facet
from halo_methods.certification import Stopping, exam_plan
from halo_methods.certification.exams import e_above
from halo_methods.stats.between_groups import rater_effects

RESULT = Path(__file__).parent / "results" / "study_calibration.csv"
STEPS = np.array([-1.2, 0.0, 1.2])


def dealt(rng: np.random.Generator, items: int, raters: int, labels: int) -> tuple[NDArray, NDArray]:
    """Which item and which rater each judgment is of: ``labels`` raters an item, drawn by chance."""
    return np.repeat(np.arange(items), labels), np.argsort(rng.random((items, raters)), axis=1)[:, :labels].ravel()


def mixed_rounds(
    rounds: int, *, items: int, raters: int, labels: int, gold: bool, how: str = "random", seed: int = 1
) -> float:
    """Share of strictness values inside their 95% interval; raters differ in strictness and in noise."""
    rng, hits, told = np.random.default_rng(seed), 0, 0
    for _ in range(rounds):
        item, rater = dealt(rng, items, raters, labels)
        strictness, noise = rng.normal(0, 0.4, raters), rng.uniform(0.4, 1.2, raters)
        y = (
            rng.normal(0, 0.3 if gold else 1.0, items)[item]
            + strictness[rater]
            + rng.normal(size=item.size) * noise[rater]
        )
        n = np.bincount(rater, minlength=raters)
        if n.min() < 2:
            continue
        found, se, _ = rater_effects(y, item, rater, centred=not gold, items=how)  # type: ignore[arg-type]
        truth = strictness if gold else strictness - strictness.mean()
        hits += int((np.abs(found - truth) <= stats.t.ppf(0.975, n - 1) * se).sum())
        told += raters
    return hits / told


def labelled_rounds(rounds: int, *, items: int, raters: int, labels: int, seed: int = 2) -> float:
    """The same for ordinal labels against gold: four labels, raters who lean, ends of the scale that stop them."""
    rng, hits, told = np.random.default_rng(seed), 0, 0
    share = np.array([0.15, 0.25, 0.4, 0.2])
    for _ in range(rounds):
        item, rater = dealt(rng, items, raters, labels)
        accuracy, lean = rng.uniform(0.6, 0.95, raters), rng.uniform(0.1, 0.9, raters)
        truth = rng.choice(4, size=items, p=share)[item]
        wrong = rng.random(item.size) > accuracy[rater]
        step = np.where(rng.random(item.size) < lean[rater], -1, 1)
        step = np.where(truth == 0, 1, np.where(truth == 3, -1, step))
        inner = share[1:3].sum()
        true_strictness = (1 - accuracy) * (share[0] - share[3] + inner * (1 - 2 * lean))
        n = np.bincount(rater, minlength=raters)
        found, se, _ = rater_effects(wrong * step.astype(float), item, rater, centred=False)
        hits += int((np.abs(found - true_strictness) <= stats.t.ppf(0.975, n - 1) * se).sum())
        told += raters
    return hits / told


def others_rounds(rounds: int, *, items: int, raters: int, labels: int, seed: int = 3) -> tuple[float, float]:
    """The mean distance without gold: share inside the interval, for the distance to the others and to the team."""
    rng, by_others, by_team, told = np.random.default_rng(seed), 0, 0, 0
    for _ in range(rounds):
        item, rater = dealt(rng, items, raters, labels)
        strictness = rng.normal(0, 0.4, raters)
        y = rng.normal(size=items)[item] + strictness[rater] + rng.normal(size=item.size) * 0.8
        gap = y - (np.bincount(item, y)[item] - y) / (labels - 1)
        n = np.bincount(rater, minlength=raters)
        mean = np.bincount(rater, gap, raters) / n
        sd = np.sqrt(np.bincount(rater, (gap - mean[rater]) ** 2, raters) / (n - 1))
        half = stats.t.ppf(0.975, n - 1) * sd / np.sqrt(n)
        others = (strictness.sum() - strictness) / (raters - 1)
        by_others += int((np.abs(mean - (strictness - others)) <= half).sum())
        by_team += int((np.abs(mean - (strictness - strictness.mean())) <= half).sum())
        told += raters
    return by_others / told, by_team / told


def facet_rounds(rounds: int, *, items: int, raters: int, labels: int, seed: int = 4) -> float:
    """Share of logit strictness values inside their interval; labels drawn from the rating scale model."""
    rng, hits, told, k = np.random.default_rng(seed), 0, 0, np.arange(4)
    for _ in range(rounds):
        item, rater = dealt(rng, items, raters, labels)
        strictness = rng.normal(0, 0.6, raters)
        place = rng.normal(0, 1.5, items)[item] + strictness[rater]
        height = place[:, None] * k - np.concatenate([[0.0], STEPS.cumsum()])
        p = np.exp(height - height.max(axis=1, keepdims=True))
        y = (rng.random(item.size)[:, None] > (p / p.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
        found, se, _, _ = fit_many_facet(y, item, rater)
        hits += int((np.abs(found - (strictness - strictness.mean())) <= stats.norm.ppf(0.975) * se).sum())
        told += raters
    return hits / told


def ever(
    ability: float, *, bar: float, side: str, streams: int, items: int, alpha: float = 0.05, seed: int = 5
) -> float:
    """Share of streams whose e-value reaches 1 / alpha at any of ``items`` looks."""
    right = (np.random.default_rng(seed).random((streams, items)) < ability).cumsum(axis=1)
    done = np.arange(1, items + 1)
    e = e_above(right, done, bar) if side == "above" else e_above(done - right, done, 1 - bar)
    return float((e >= 1 / alpha).any(axis=1).mean())


def peeking(ability: float, *, bar: float, streams: int, items: int, alpha: float = 0.05, seed: int = 5) -> float:
    """Share of streams that an ordinary exact test, looked at after each item, certifies."""
    right = (np.random.default_rng(seed).random((streams, items)) < ability).cumsum(axis=1)
    return float((stats.binom.sf(right - 1, np.arange(1, items + 1), bar) <= alpha).any(axis=1).mean())


def attempts_pass(ability: float, *, raters: int, attempts: int, stop: str, seed: int = 6) -> tuple[float, float]:
    """Share of simulated raters who pass in one of the attempts, and what the plan says."""
    plan = exam_plan(attempts=attempts, stopping=Stopping(stop))  # type: ignore[arg-type]
    rng = np.random.default_rng(seed)
    passed = np.zeros(raters, bool)
    for _ in range(attempts):
        right = (rng.random((raters, plan.n)) < ability).cumsum(axis=1)
        passing = right >= plan.boundaries.pass_at[1:]
        failing = right <= plan.boundaries.fail_at[1:]
        first = np.argmax(passing | failing, axis=1)
        passed |= passing[np.arange(raters), first]
    return float(passed.mean()), plan.passes(ability)


def rows() -> Iterator[tuple[str, str, int, float, str]]:
    for design in ((48, 12, 12), (60, 12, 3), (100, 30, 3), (40, 4, 2)):
        items, raters, labels = design
        named = f"{items} items, {raters} raters, {labels} labels per item"
        size = {"items": items, "raters": raters, "labels": labels}
        yield (
            "strictness, items at random, without gold",
            named,
            1000,
            mixed_rounds(1000, gold=False, **size),
            ".93 to .97",
        )
        yield "strictness, items at random, with gold", named, 1000, mixed_rounds(1000, gold=True, **size), ".93 to .97"
    fixed = mixed_rounds(1000, items=60, raters=12, labels=3, gold=False, how="fixed")
    yield "strictness, items fixed", "60 items, 12 raters, 3 labels per item", 1000, fixed, ".93 to .97"
    ordinal = labelled_rounds(1000, items=60, raters=12, labels=12)
    yield (
        "strictness, items at random, four labels",
        "60 items, 12 raters, 12 labels per item",
        1000,
        ordinal,
        ".93 to .97",
    )
    for raters, labels in ((12, 12), (12, 3), (4, 4)):
        others, team = others_rounds(1000, items=60, raters=raters, labels=labels)
        named = f"60 items, {raters} raters, {labels} labels per item"
        yield "strictness, mean, without gold, about the other raters", named, 1000, others, "see text"
        yield "strictness, mean, without gold, about the team", named, 1000, team, "see text"
    for items, raters, labels in ((60, 12, 3), (48, 12, 12)):
        found = facet_rounds(400, items=items, raters=raters, labels=labels)
        yield (
            "strictness, many facets",
            f"{items} items, {raters} raters, {labels} labels per item",
            400,
            found,
            ".93 to .97",
        )
    for bar in (0.8, 0.9):
        false = ever(bar, bar=bar, side="above", streams=4000, items=1000)
        yield "Certification says met", f"ability at the bar {bar}, 1,000 looks", 4000, false, "at most .05"
        below = ever(bar, bar=bar, side="below", streams=4000, items=1000)
        yield "Certification says not met", f"ability at the bar {bar}, 1,000 looks", 4000, below, "at most .05"
    naive = peeking(0.9, bar=0.9, streams=4000, items=1000)
    yield "an exact test read after each item", "ability at the bar 0.9, 1,000 looks", 4000, naive, "not held"
    for attempts, stop in ((1, "end"), (2, "end"), (3, "clear")):
        for ability in (0.85, 0.95):
            found, said = attempts_pass(ability, raters=20_000, attempts=attempts, stop=stop)
            named = f"ability {ability}, {attempts} attempts, stop {stop}"
            yield "exam_plan: passes", named, 20_000, found, f"{said:.4f}"


def main() -> None:
    table = pd.DataFrame(rows(), columns=["what", "where", "rounds", "share", "expected"])
    table["share"] = table["share"].round(4)
    RESULT.write_text("# made by: python benchmarks/study_calibration.py\n" + table.to_csv(index=False), "utf-8")


if __name__ == "__main__":
    main()
