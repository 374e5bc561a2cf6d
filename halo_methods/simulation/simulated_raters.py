"""Raters who exist only in a simulation, and the faults that can be planted in them."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import BadOption
from ..stats.checks import check_count, check_probability

SHARES = ("accuracy", "drift", "copy_share", "model_share", "model_accuracy")


@dataclass(frozen=True)
class SimulatedRater:
    """A simulated rater. Without the options below, one who is equally accurate all day, every day.

    Attributes
    ----------
    rater_id : str
    accuracy : float
        Chance of the true label at the start of a day, before any drift.
    daily : int
        Judgments per working day.
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
    model_accuracy : float
        Of those answers.
    sd : float
        How unsure the accuracy is, where it was fitted; `stress_test` draws it anew in each run.
    fault : str
        The name of a planted fault, which `stress_test` times from ``from_day``.
    fitted_from : array_like
        The judgments on gold that the rater was fitted from, see `halo_methods.results.Basis`.

    Raises
    ------
    BadOption
        If a number is out of range, or only one of ``copies`` and ``copy_share`` is given.

    Examples
    --------
    >>> SimulatedRater("a", 0.9, from_day=10, drift=0.2).faulty
    True
    """

    rater_id: str
    accuracy: float
    _: KW_ONLY
    daily: int = 50
    fatigue: float = 0.0
    from_day: int = 0
    drift: float = 0.0
    copies: str = ""
    copy_share: float = 0.0
    model_share: float = 0.0
    model_accuracy: float = 0.8
    sd: float = 0.0
    fault: str = ""
    fitted_from: Any = field(default=(), repr=False, compare=False)

    def __post_init__(self) -> None:
        for option in SHARES:
            check_probability(getattr(self, option), option=option)
        check_count(self.daily, option="daily", least=1)
        check_count(self.from_day, option="from_day")
        for option in ("fatigue", "sd"):
            if not getattr(self, option) >= 0:
                raise BadOption(f"{option} is {getattr(self, option)!r}; allowed: 0 or more")
        if bool(self.copies) != bool(self.copy_share):
            raise BadOption(f"copies is {self.copies!r} and copy_share {self.copy_share!r}; allowed: both or neither")

    @property
    def faulty(self) -> bool:
        """Whether a fault begins on ``from_day``: drift, copying, model-written answers, or one named in ``fault``."""
        return bool(self.fault or self.drift or self.copy_share or self.model_share)


def plant_faults(
    raters: Sequence[SimulatedRater],
    *,
    from_day: int = 21,
    drop: float = 0.15,
    copy_share: float = 0.8,
    model_share: float = 0.8,
    model_accuracy: float = 0.75,
    tired: float = 0.30,
) -> tuple[SimulatedRater, ...]:
    """Add four raters to a team, each with one fault: drift, copying, model-written answers, fatigue.

    Otherwise each is like the middle of the team. Fatigue begins on the first day.

    Parameters
    ----------
    raters : sequence of SimulatedRater
    from_day : int
        Working day, from 0, on which the fault begins.
    drop : float
        Accuracy lost by the rater who drifts.
    copy_share, model_share, model_accuracy : float
        As in `SimulatedRater`.
    tired : float
        Accuracy lost from the first judgment of a day to the last.

    Raises
    ------
    BadOption
        If there are no raters, or a number is out of range.

    Examples
    --------
    >>> [rater.rater_id for rater in plant_faults([SimulatedRater("a", 0.9)])]
    ['a', 'planted: drift', 'planted: copying', 'planted: model-written', 'planted: fatigue']
    """
    if not raters:
        raise BadOption("raters is empty; allowed: one rater or more, beside whom faults are planted")

    def middle(option: str) -> float:
        return float(np.median([getattr(rater, option) for rater in raters]))

    usual = SimulatedRater(
        "", middle("accuracy"), daily=int(middle("daily")), fatigue=middle("fatigue"), from_day=from_day
    )
    honest = (rater for rater in raters if not rater.copies)
    source = min(honest, key=lambda rater: abs(rater.accuracy - usual.accuracy)).rater_id
    faults: dict[str, dict[str, Any]] = {
        "drift": {"drift": min(drop, usual.accuracy)},
        "copying": {"copies": source, "copy_share": copy_share},
        "model-written": {"model_share": model_share, "model_accuracy": model_accuracy},
        "fatigue": {"fatigue": 100 * tired / usual.daily, "from_day": 0},
    }
    planted = (replace(usual, rater_id=f"planted: {name}", fault=name, **fault) for name, fault in faults.items())
    return (*raters, *planted)


def daily_accuracy(raters: Sequence[SimulatedRater], days: int, accuracies: NDArray | None = None) -> NDArray:
    """Compute the share of true labels to expect of each rater on each day, with all faults.

    Parameters
    ----------
    raters : sequence of SimulatedRater
    days : int
    accuracies : ndarray, shape (runs, raters), optional
        Instead of the raters' own, one row per run.

    Returns
    -------
    ndarray, shape (runs, raters, days)
        One run where no accuracies are given.

    Raises
    ------
    BadOption
        If a rater copies from one who is not there or who copies too.

    Examples
    --------
    >>> daily_accuracy([SimulatedRater("a", 0.9, from_day=1, drift=0.2)], 2).round(2).tolist()
    [[[0.9, 0.7]]]
    """
    own = np.array([[rater.accuracy for rater in raters]]) if accuracies is None else np.asarray(accuracies, float)
    after = np.arange(days)[None, :] >= np.array([rater.from_day for rater in raters])[:, None]
    drift = np.array([rater.drift for rater in raters])[:, None]
    start = own[:, :, None] - drift * after
    expected = np.empty((own.shape[0], len(raters), days))
    for i, rater in enumerate(raters):
        lost = rater.fatigue / 100 * np.linspace(0, rater.daily - 1, min(rater.daily, 200))
        day = np.clip(start[:, i, :, None] - lost, 0, 1).mean(axis=-1) if rater.fatigue else np.clip(start[:, i], 0, 1)
        share = rater.model_share * after[i]
        expected[:, i] = (1 - share) * day + share * rater.model_accuracy
    for i, rater in enumerate(raters):
        if rater.copies:
            share = rater.copy_share * after[i]
            expected[:, i] = (1 - share) * expected[:, i] + share * expected[:, _copied(rater, raters)]
    return expected


def _copied(rater: SimulatedRater, raters: Sequence[SimulatedRater]) -> int:
    """The place of the rater who is copied."""
    for i, other in enumerate(raters):
        if other.rater_id == rater.copies != rater.rater_id and not other.copies:
            return i
    raise BadOption(f"copies is {rater.copies!r}; allowed: another of these raters, one who copies from nobody")
