"""A log of ten raters to fit, whose truth is known."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from halo_methods.simulation import SimulatedRater

from .raters import labels_of

SCALE = labels_of("assistant_response", "helpful")
PREVALENCE = (0.2, 0.35, 0.45)
ACCURACY = (0.96, 0.95, 0.90, 0.94, 0.93, 0.92, 0.92, 0.94, 0.88, 0.80)
DAILY, LEAN = 18, {"r03": 1.0}
STEP, SHIFT = timedelta(minutes=20), timedelta(hours=8)
"""Between two judgments of a log, unless the day has more than fit into the shift."""


def team() -> tuple[SimulatedRater, ...]:
    """Return who works: ten raters, of whom r03 is strict and nobody drifts."""
    return tuple(SimulatedRater(f"r{n:02}", accuracy, daily=DAILY) for n, accuracy in enumerate(ACCURACY, start=1))


def sample(seed: int = 20268) -> pd.DataFrame:
    """Draw the sample: 18 answers of an assistant a day on twenty working days, two raters each, gold for three in ten.

    >>> sample().shape
    (3600, 5)
    """
    return work_log(team(), 20, lean=LEAN, labels=SCALE, prevalence=PREVALENCE, gold_share=0.3, seed=seed)


def truth() -> dict[str, Any]:
    """Return the raters, as `halo_methods.simulation.SimulatedRater` takes them, and who leans to one side.

    >>> truth()["raters"][2]
    {'rater_id': 'r03', 'accuracy': 0.9, 'daily': 18}
    """
    raters = [{"rater_id": f"r{n:02}", "accuracy": a, "daily": DAILY} for n, a in enumerate(ACCURACY, start=1)]
    return {"raters": raters, "lean": LEAN}


def work_log(
    raters: Sequence[SimulatedRater],
    days: int,
    *,
    lean: Mapping[str, float] | None = None,
    labels: Sequence[str] = ("poor", "fair", "good"),
    prevalence: Sequence[float] | None = None,
    gold_share: float = 0.1,
    overlap: int = 2,
    seed: int = 0,
) -> pd.DataFrame:
    """Draw a log of work: each working day from 2 March 2026 each rater judges the day's items in a random order.

    Raters that follow one another share their items in teams of `overlap`; a rater
    who copies has to share a team with the source. A rater who errs gives a
    neighbouring label, at an end of the scale the only one there is. ``lean`` is,
    by rater, the share of the wrong labels that fall below the true one, otherwise
    one half. Gold, for `gold_share` of the items, is right.

    >>> log = work_log([SimulatedRater("a", 1.0, daily=3)], 2, gold_share=1.0)
    >>> bool((log["label"] == log["gold"]).all()), len(log)
    (True, 6)
    """
    rng = np.random.default_rng(seed)
    names = np.array(list(labels), dtype=object)
    longest = max(rater.daily for rater in raters)
    size = (-(-len(raters) // overlap), days, longest)
    shares = np.full(names.size, 1 / names.size) if prevalence is None else np.asarray(prevalence, float)
    true = rng.choice(names.size, size=size, p=shares)
    golden = rng.random(size) < gold_share
    number = np.arange(true.size).reshape(size)
    start = date(2026, 3, 2)
    dates = [d for d in (start + timedelta(days=n) for n in range(2 * days + 7)) if d.weekday() < 5][:days]
    answers: dict[int, NDArray] = {}
    parts: dict[int, pd.DataFrame] = {}
    for i in sorted(range(len(raters)), key=lambda i: bool(raters[i].copies)):
        rater, team = raters[i], i // overlap
        own = true[team, :, : rater.daily]
        order = rng.permuted(np.tile(np.arange(rater.daily), (days, 1)), axis=1)
        after = np.arange(days)[:, None] >= rater.from_day
        accuracy = np.clip(rater.accuracy - rater.drift * after - rater.fatigue / 100 * order, 0, 1)
        answer = _labels(own, accuracy, (lean or {}).get(rater.rater_id, 0.5), names.size, rng)
        by_model = after & (rng.random(own.shape) < rater.model_share)
        written = _labels(own, np.full(own.shape, rater.model_accuracy), 0.5, names.size, rng)
        answer = np.where(by_model, written, answer)
        if rater.copies:
            source = [other.rater_id for other in raters].index(rater.copies)
            if source // overlap != team:
                raise ValueError(f"{rater.copies} is copied by someone who shares no items")
            copied = after & (rng.random(own.shape) < rater.copy_share)
            common = min(rater.daily, raters[source].daily)
            both = np.s_[:, :common]
            answer[both] = np.where(copied[both], answers[source][both], answer[both])
        answers[i] = answer
        parts[i] = pd.DataFrame(
            {
                "item_id": [f"i{n:04}" for n in number[team, :, : rater.daily].ravel()],
                "rater_id": rater.rater_id,
                "label": names[answer].ravel(),
                "gold": np.where(golden[team, :, : rater.daily], names[own], "").ravel(),
                "rated_at": [
                    _moment(d, int(place), rater.daily) for d, row in zip(dates, order, strict=True) for place in row
                ],
            }
        )
    return pd.concat([parts[i].sort_values("rated_at", kind="stable") for i in sorted(parts)], ignore_index=True)


def _labels(truth: NDArray, accuracy: NDArray, lean: float, n_labels: int, rng: np.random.Generator) -> NDArray:
    right = rng.random(truth.shape) < accuracy
    step = np.where(rng.random(truth.shape) < lean, -1, 1)
    step = np.where(truth == 0, 1, np.where(truth == n_labels - 1, -1, step))
    return np.where(right, truth, truth + step)


def _moment(day: date, place: int, daily: int) -> str:
    fits = daily * STEP <= SHIFT
    when = datetime.combine(day, time(8)) + place * (STEP if fits else SHIFT / daily)
    return when.isoformat(timespec="minutes" if fits else "seconds")


SAMPLES = {"simulation": sample}
