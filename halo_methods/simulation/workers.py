"""Raters in silico: a working day of somebody who tires, drifts, copies or lets a model answer."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..errors import HaloError
from .raters import Rater, label

STEP, SHIFT = timedelta(minutes=20), timedelta(hours=8)
"""Between two judgments of a log, unless the day has more than fit into the shift."""


@dataclass(frozen=True)
class Worker:
    """One rater in silico. Without the options below, a rater who is equally accurate all day, every day.

    Attributes
    ----------
    rater_id : str
    accuracy : float
        Chance of the true label at the start of a day, before any drift.
    lean : float
        As in `Rater`: share of the wrong labels that fall below the true one.
    daily : int
        Judgments a working day.
    fatigue : float
        Accuracy lost over 100 judgments of a day, in a straight line.
    from_day : int
        First working day, from 0, of what follows.
    drift : float
        Accuracy lost from that day on.
    copies : str
        The rater whose answers are copied.
    copy_share : float
        Chance that an answer is a copy, where the other judged the item too.
    model_share : float
        Share of the answers (those not copied) that a model writes.
    model_accuracy, model_lean : float
        Of those answers.
    sd : float
        How unsure the accuracy is, where it was fitted; `stress` draws it anew in each run.
    fault : str
        The name of a planted fault, which `stress` times from ``from_day``.

    Examples
    --------
    >>> Worker("a", 0.9, lean=0.75).severity
    -0.05
    """

    rater_id: str
    accuracy: float
    lean: float = 0.5
    daily: int = 50
    fatigue: float = 0.0
    from_day: int = 0
    drift: float = 0.0
    copies: str = ""
    copy_share: float = 0.0
    model_share: float = 0.0
    model_accuracy: float = 0.8
    model_lean: float = 0.5
    sd: float = 0.0
    fault: str = ""

    def __post_init__(self) -> None:
        for field in ("accuracy", "lean", "drift", "copy_share", "model_share", "model_accuracy", "model_lean"):
            if not 0 <= getattr(self, field) <= 1:
                raise HaloError(f"{field} of {self.rater_id} is {getattr(self, field)!r}; it lies between 0 and 1")
        if self.daily < 1 or self.fatigue < 0 or self.sd < 0 or self.from_day < 0:
            raise HaloError(f"{self.rater_id}: daily is at least 1; fatigue, sd and from_day are not negative")
        if bool(self.copies) != bool(self.copy_share):
            raise HaloError(f"{self.rater_id}: copying takes both `copies` and `copy_share`")

    @property
    def planted(self) -> bool:
        """Whether a fault begins on ``from_day``: drift, copying, model-written answers, or one named in ``fault``."""
        return bool(self.fault or self.drift or self.copy_share or self.model_share)

    @property
    def severity(self) -> float:
        """Label minus true label to expect away from the ends of the scale, in steps; before any drift or fatigue."""
        return round((1 - self.accuracy) * (1 - 2 * self.lean), 12)


def daily_accuracy(workers: Sequence[Worker], days: int, accuracies: NDArray | None = None) -> NDArray:
    """Share of true labels to expect of each rater on each day, all that is planted included.

    Parameters
    ----------
    workers : sequence of Worker
    days : int
    accuracies : ndarray, shape (runs, workers), optional
        Instead of the workers' own, one row a run.

    Returns
    -------
    ndarray, shape (runs, workers, days)
        One run where no accuracies are given.

    Raises
    ------
    HaloError
        If a rater copies from one who is not there or who copies too.

    Examples
    --------
    >>> daily_accuracy([Worker("a", 0.9, from_day=1, drift=0.2)], 2).round(2).tolist()
    [[[0.9, 0.7]]]
    """
    given = np.array([[w.accuracy for w in workers]]) if accuracies is None else np.asarray(accuracies, float)
    after = np.arange(days)[None, :] >= np.array([w.from_day for w in workers])[:, None]
    drift = np.array([w.drift for w in workers])[:, None]
    start = given[:, :, None] - drift * after
    made = np.empty((given.shape[0], len(workers), days))
    for i, w in enumerate(workers):
        lost = w.fatigue / 100 * np.linspace(0, w.daily - 1, min(w.daily, 200))
        own = np.clip(start[:, i, :, None] - lost, 0, 1).mean(axis=-1) if w.fatigue else np.clip(start[:, i], 0, 1)
        share = w.model_share * after[i]
        made[:, i] = (1 - share) * own + share * w.model_accuracy
    source = {w.rater_id: i for i, w in enumerate(workers)}
    for i, w in enumerate(workers):
        if w.copies:
            other = _source(w, workers, source)
            share = w.copy_share * after[i]
            made[:, i] = (1 - share) * made[:, i] + share * made[:, other]
    return made


def _source(w: Worker, workers: Sequence[Worker], places: dict[str, int]) -> int:
    if w.copies not in places or w.copies == w.rater_id or workers[places[w.copies]].copies:
        raise HaloError(f"{w.rater_id} copies from {w.copies!r}, who must be another rater here and copy from nobody")
    return places[w.copies]


def work_log(
    workers: Sequence[Worker],
    days: int,
    *,
    labels: Sequence[str] = ("poor", "fair", "good"),
    prevalence: Sequence[float] | None = None,
    gold_share: float = 0.1,
    overlap: int = 2,
    start: date = date(2026, 3, 2),
    seed: int = 0,
    truth: bool = False,
) -> pd.DataFrame:
    """A log of work, a judgment a row: each working day each rater judges a day's items in an order of their own.

    Raters that follow one another share their items in teams of `overlap`; who
    copies has to share a team with the source.

    Parameters
    ----------
    workers : sequence of Worker
    days : int
        Working days, Monday to Friday.
    labels : sequence of str
        The scale, in order.
    prevalence : sequence of float, optional
        Shares of the true labels; otherwise all alike.
    gold_share : float
        Share of the items that have gold; it is right.
    overlap : int
        Raters of an item.
    start : datetime.date
        The first day.
    seed : int
    truth : bool
        Add the true label as a column.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``rater_id``, ``label``, ``gold``, ``rated_at`` and, asked for, ``truth``.

    Raises
    ------
    HaloError
        If a rater copies from outside the team.

    Examples
    --------
    >>> log = work_log([Worker("a", 1.0, daily=3)], 2, gold_share=1.0)
    >>> bool((log["label"] == log["gold"]).all()), len(log)
    (True, 6)
    """
    rng = np.random.default_rng(seed)
    names = np.array(list(labels), dtype=object)
    most = max(w.daily for w in workers)
    teams = -(-len(workers) // overlap)
    shares = np.full(names.size, 1 / names.size) if prevalence is None else np.asarray(prevalence, float)
    true = rng.choice(names.size, size=(teams, days, most), p=shares)
    golden = rng.random((teams, days, most)) < gold_share
    number = np.arange(teams * days * most).reshape(teams, days, most)
    dates = [d for d in (start + timedelta(days=n) for n in range(2 * days + 7)) if d.weekday() < 5][:days]
    places = {w.rater_id: i for i, w in enumerate(workers)}
    given: dict[int, NDArray] = {}
    parts: dict[int, pd.DataFrame] = {}
    for i in sorted(range(len(workers)), key=lambda i: bool(workers[i].copies)):
        w, team = workers[i], i // overlap
        own = true[team, :, : w.daily]
        order = rng.permuted(np.tile(np.arange(w.daily), (days, 1)), axis=1)
        after = np.arange(days)[:, None] >= w.from_day
        accuracy = np.clip(w.accuracy - w.drift * after - w.fatigue / 100 * order, 0, 1)
        made = _label(own, accuracy, w.lean, names.size, rng)
        by_model = after & (rng.random(own.shape) < w.model_share)
        models = _label(own, np.full(own.shape, w.model_accuracy), w.model_lean, names.size, rng)
        made = np.where(by_model, models, made)
        if w.copies:
            other = _source(w, workers, places)
            if other // overlap != team:
                raise HaloError(f"{w.rater_id} copies from {w.copies}, who shares no items; put them side by side")
            there = np.full(own.shape, -1)
            common = min(w.daily, workers[other].daily)
            there[:, :common] = given[other][:, :common]
            copied = after & (there >= 0) & (rng.random(own.shape) < w.copy_share)
            made = np.where(copied, there, made)
        given[i] = made
        gold = np.where(golden[team, :, : w.daily], names[own], "")
        frame = pd.DataFrame({
            "item_id": [f"i{n:04}" for n in number[team, :, : w.daily].ravel()],
            "rater_id": w.rater_id,
            "label": names[made].ravel(),
            "gold": gold.ravel(),
            "rated_at": [_moment(d, int(place), w.daily) for d, row in zip(dates, order, strict=True) for place in row],
        })  # fmt: skip
        parts[i] = frame.assign(truth=names[own].ravel()) if truth else frame
    return pd.concat([parts[i].sort_values("rated_at", kind="stable") for i in sorted(parts)], ignore_index=True)


def _label(truth: NDArray, accuracy: NDArray, lean: float, n_labels: int, rng: np.random.Generator) -> NDArray:
    rater = Rater("", 1.0, lean)
    return label(truth.ravel(), 1 - accuracy.ravel(), rater, n_labels, rng).reshape(truth.shape)


def _moment(day: date, place: int, daily: int) -> str:
    fits = daily * STEP <= SHIFT
    when = datetime.combine(day, time(8)) + place * (STEP if fits else SHIFT / daily)
    return when.isoformat(timespec="minutes" if fits else "seconds")
