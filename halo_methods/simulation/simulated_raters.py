"""Raters who exist only in a simulation: set by hand, with planted faults, or fitted to a log."""

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right, shares_right
from ..judgments.table import basis_of
from ..results import Caution, Estimate, Figure, counted
from ..stats.between_groups import shrink_shares
from ..stats.checks import check_amount, check_count, check_probability
from ..stats.means import ratio_interval

SHARES = ("accuracy", "drift", "copy_share", "model_share", "model_accuracy")
FEWEST_RATERS, FEWEST_ANSWERS = 3, 30
PRIOR_ANSWERS = 4
"""Wrong answers, half of them to each side, by which a rater's lean is pulled to one half."""


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
            check_amount(getattr(self, option), option=option)
        if bool(self.copies) != bool(self.copy_share):
            raise BadOption(f"copies is {self.copies!r} and copy_share {self.copy_share!r}; allowed: both or neither")

    @property
    def faulty(self) -> bool:
        """Whether a fault begins on ``from_day``: drift, copying, model-written answers, or one named in ``fault``."""
        return bool(self.fault or self.drift or self.copy_share or self.model_share)


def plant_faults(
    raters: Sequence[SimulatedRater], *, from_day: int = 21, drop: float = 0.15
) -> tuple[SimulatedRater, ...]:
    """Add four raters to a team, each with one fault: drift, copying, model-written answers, fatigue.

    Otherwise each is like the middle of the team. A rater who copies does so for 8 answers in 10, and a model that is
    right in .75 writes as many.
    Fatigue begins on the first day and takes .30 of accuracy from the first judgment of a day to the last.

    Parameters
    ----------
    raters : sequence of SimulatedRater
    from_day : int
        Working day, from 0, on which the fault begins.
    drop : float
        Accuracy lost by the rater who drifts.

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

    accuracy, daily, fatigue = np.median([(r.accuracy, r.daily, r.fatigue) for r in raters], axis=0)
    usual = SimulatedRater("", float(accuracy), daily=int(daily), fatigue=float(fatigue), from_day=from_day)
    honest = (rater for rater in raters if not rater.copies)
    source = min(honest, key=lambda rater: abs(rater.accuracy - usual.accuracy)).rater_id
    faults: dict[str, dict[str, Any]] = {
        "drift": {"drift": min(drop, usual.accuracy)},
        "copying": {"copies": source, "copy_share": 0.8},
        "model-written": {"model_share": 0.8, "model_accuracy": 0.75},
        "fatigue": {"fatigue": 100 * 0.30 / usual.daily, "from_day": 0},
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
    sources = {rater.rater_id: i for i, rater in enumerate(raters) if not rater.copies}
    for i, rater in enumerate(raters):
        if rater.copies:
            if rater.copies not in sources:
                text = "allowed: another of these raters, one who does not copy"
                raise BadOption(f"copies is {rater.copies!r}; {text}")
            share = rater.copy_share * after[i]
            expected[:, i] = (1 - share) * expected[:, i] + share * expected[:, sources[rater.copies]]
    return expected


@dataclass(frozen=True, kw_only=True, eq=False)
class RaterFit:
    """Raters fitted to a log.

    Attributes
    ----------
    raters : tuple of SimulatedRater
        In an order without their names, so that other names leave every simulation as it is.
    table : pandas.DataFrame
        ``rater_id``, ``gold`` (answers with gold), ``right``, ``raw`` (their share), ``accuracy`` (shrunk towards the
        team), ``low``, ``high`` (95%), ``strictness`` (label minus true label to expect away
        from the ends of the scale, in steps), ``daily``.
    estimates : dict of str to Estimate
        The share right on gold, of the whole team.
    cautions : tuple of Caution
        What the log says about fatigue, and what could not be fitted and was taken as none.
    """

    raters: tuple[SimulatedRater, ...]
    table: pd.DataFrame
    estimates: dict[str, Estimate]
    cautions: tuple[Caution, ...]

    def plot(self) -> Figure:
        """Draw each rater's accuracy with its interval."""
        from .. import plots

        unit, title = "share right on gold", "Accuracy, pulled towards the team's"
        return plots.intervals(self.table, "rater_id", "accuracy", unit=unit, title=title)


def gold_in_log(j: Judgments) -> pd.DataFrame:
    """List the known answers of a log, and how often people gave each right.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.

    Returns
    -------
    pandas.DataFrame
        ``gold``, ``items``, ``answers`` (judgments), ``right`` (share), ``low``, ``high``; the most frequent first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "yes", "yes"), ("a", "r2", "no", "yes")]
    >>> gold_in_log(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).to_numpy().tolist()[0][:4]
    ['yes', 1, 2, 0.5]
    """
    shares = shares_right(as_judgments(j).people().marked("gold"), "answer")
    table = pd.DataFrame(
        [(answer, e.n_items, e.n_judgments, e.value, e.low, e.high) for answer, e in shares.items()],
        columns=["gold", "items", "answers", "right", "low", "high"],
    )
    return table.sort_values("answers", ascending=False, kind="stable", ignore_index=True)


def fit_raters(j: Judgments, *, daily: int | None = None) -> RaterFit:
    r"""Fit simulated raters to a log with gold and moments.

    Right answers of rater r on gold are binomial with a chance from one beta
    distribution of the team, see `halo_methods.stats.shrink_shares`. A rater's
    accuracy is the posterior mean: few gold answers pull it to the team's.
    Fatigue is one slope for the team, kept only if its 95% interval lies above 0.
    Model judges are left out: they are not the workforce.

    Do not trust it where gold is easier than the work or is recognised: it
    then fits the rater on gold. Drift within the log is averaged over.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    daily : int, optional
        Judgments per rater and working day, where the log does not show it.

    Raises
    ------
    NotEstimable
        If there is no gold, fewer than three raters have it, or nothing is dated and `daily` is not given.

    Examples
    --------
    >>> rows = [(f"i{i}", r, "xy"[i % 10 == int(r)], "x") for i in range(90) for r in "123"]
    >>> fit = fit_raters(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), daily=40)
    >>> fit.raters[0].daily, round(fit.raters[0].accuracy, 2)
    (40, 0.9)
    """
    people = as_judgments(j).people().one()
    rows = people.marked("gold")
    moment = pl.col("rated_at") if "rated_at" in people.columns else pl.lit(None, pl.Datetime)
    dated = people.frame.with_columns(rated_at=moment, day=moment.dt.date()).drop_nulls("rated_at")
    counts = rows.group_by("rater_id").agg(gold=pl.len(), right=pl.col("right").sum()).sort("rater_id").to_pandas()
    if len(counts) < FEWEST_RATERS:
        raise NotEstimable(
            f"{counted(len(counts), 'rater')} of this log answered gold; a team is fitted from {FEWEST_RATERS} up"
        )
    shares, names = shrink_shares(counts["right"], counts["gold"]), counts["rater_id"].tolist()
    lean, no_order = _lean(people, rows, names)
    fatigue, place, tired = _fatigue(dated, rows)
    table = counts.assign(
        raw=counts["right"] / counts["gold"],
        accuracy=shares.value,
        low=shares.low,
        high=shares.high,
        strictness=(1 - shares.value) * (1 - 2 * lean),
        daily=_daily(dated, names, daily),
    )
    start = np.minimum(shares.value + fatigue / 100 * place, 0.999)
    judged = basis_of(rows, "right").judgments
    raters = [
        SimulatedRater(r, float(a), daily=int(d), fatigue=fatigue, sd=float(s), fitted_from=judged[r])
        for r, a, d, s in zip(names, start, table["daily"], shares.sd, strict=True)
    ]
    return RaterFit(
        raters=tuple(sorted(raters, key=lambda r: (r.accuracy, r.sd, r.daily))),
        table=table,
        estimates={"share right on gold": share_right(rows)},
        cautions=(*no_order, tired),
    )


def _daily(dated: pl.DataFrame, raters: list[str], daily: int | None) -> NDArray:
    """Judgments per working day: the median of each rater's days, of the whole team where one has none."""
    if daily is not None:
        return np.full(len(raters), check_count(daily, option="daily", least=1))
    if dated.is_empty():
        raise NotEstimable(
            "no judgment says when it was made; add `rated_at`, or say how many judgments each rater does per day "
            "(`daily`)"
        )
    days = dated.group_by("rater_id", "day").len().group_by("rater_id").agg(pl.col("len").median())
    known = dict(days.iter_rows())
    middle = float(np.median(list(known.values())))
    return np.array([max(1, round(known.get(r, middle))) for r in raters])


def _lean(people: Judgments, rows: pl.DataFrame, raters: list[str]) -> tuple[NDArray, tuple[Caution, ...]]:
    """Share of wrong labels below the gold, where the scale goes on both ways; pulled to one half by four answers."""
    if people.scale is None or people.level == "nominal" or not isinstance(people.scale[0], str):
        text = "Labels have no order, so strictness is taken as none."
        return np.full(len(raters), 0.5), (Caution("no_order", text),)
    place = {label: i for i, label in enumerate(people.scale)}
    inner = rows.filter(pl.col("answer").is_in(people.scale[1:-1]) & ~pl.col("right"))
    label, answer = (pl.col(c).replace_strict(place, default=None) for c in ("label", "answer"))
    sums = inner.group_by("rater_id").agg((label < answer).sum().alias("below"), pl.len().alias("n"))
    half = PRIOR_ANSWERS / 2
    known = {r: (below + half) / (n + PRIOR_ANSWERS) for r, below, n in sums.iter_rows()}
    return np.array([known.get(r, 0.5) for r in raters]), ()


def _fatigue(dated: pl.DataFrame, rows: pl.DataFrame) -> tuple[float, float, Caution]:
    """Accuracy lost over 100 judgments of a day, the place in the day at which gold lies on average, and a caution."""
    if dated.is_empty() or dated["rated_at"].n_unique() == dated["day"].n_unique():
        return 0.0, 0.0, Caution("no_time_of_day", "The log has no time of day, so fatigue is taken as none.")
    at, keys = pl.col("at"), ["item_id", "rater_id"]
    place = pl.col("rated_at").rank("ordinal").over("rater_id", "day").cast(pl.Float64) - 1
    both = rows.join(dated.select(*keys, at=place).unique(keys), on=keys).select(
        at, x=at - at.mean().over("rater_id"), y=pl.col("right") - pl.col("right").mean().over("rater_id")
    )
    x, y = both["x"].to_numpy(), both["y"].to_numpy()
    if x.size < FEWEST_ANSWERS or not (x**2).sum() > 0:
        text = "Too few dated gold answers for a slope over the day; fatigue is taken as none."
        return 0.0, 0.0, Caution("few_dated", text)
    lost, high, low = (-100 * end for end in ratio_interval(x * y, x**2))
    text = f"Accuracy lost over 100 judgments of a day: {lost:.2g} (95% interval {low:.2g} to {high:.2g})."
    if low > 0:
        return lost, float(both["at"].to_numpy().mean()), Caution("fatigue", text)
    return 0.0, 0.0, Caution("no_fatigue", f"{text} Fatigue is taken as none.")
