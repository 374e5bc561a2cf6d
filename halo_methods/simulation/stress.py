"""A policy under stress: whom it accuses falsely, how soon it finds what was planted, and at what cost."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from ..stats import proportion
from ..errors import HaloError, NotEstimable
from ..results import Estimate
from .policies import Policy
from .workers import Worker, daily_accuracy

MONTH = 21
"""Working days of a month."""
_FEW, _MOST = 30, 3e8


@dataclass(frozen=True, eq=False)
class Stress:
    """What a policy did in simulated runs.

    Attributes
    ----------
    policy : Policy
    runs, days : int
        Runs, and working days of each.
    alarms, accusations : Estimate
        Alarms on good raters, and those an audit confirmed, in 100 rater-months.
    audits : Estimate
        Audits in a month, of good raters and others.
    cost_a_month : Estimate
        Gold, audits and labels done again, of the whole team.
    found : pandas.DataFrame
        A row for each planted fault: ``fault``, ``found`` (share of the runs), ``found_low``, ``found_high``,
        ``days`` (working days from its beginning to the confirmed alarm; the end of the run where there was none),
        ``low``, ``high``.
    caught, cost_per_defect : Estimate or None
        Of the wrong labels that faulty raters give beyond a good one's, the share done again or never given;
        and what each cost. None if there were no such labels, or none was caught.
    """

    policy: Policy
    runs: int
    days: int
    alarms: Estimate
    accusations: Estimate
    audits: Estimate
    cost_a_month: Estimate
    found: pd.DataFrame
    caught: Estimate | None
    cost_per_defect: Estimate | None
    delays: dict[str, NDArray]

    def days_to_detection(self, fault: str) -> Estimate:
        """Working days from the beginning of a planted fault to its confirmed alarm, on average.

        Raises
        ------
        NotEstimable
            If no such fault was planted.
        """
        if fault not in self.delays:
            raise NotEstimable(f"no fault {fault!r} was planted; planted were {', '.join(self.delays) or 'none'}")
        like = self.accusations
        return _mean(self.delays[fault].astype(float), like.n_raters, like.n_judgments,
                     "working days to a confirmed alarm, cut at the end of the run")  # fmt: skip

    @property
    def table(self) -> pd.DataFrame:
        """``figure``, ``value``, ``low``, ``high``."""
        rows = {"alarms on good raters in 100 rater-months": self.alarms,
                "confirmed, that is false accusations": self.accusations,
                "audits a month": self.audits, "cost a month": self.cost_a_month,
                "share of defects caught": self.caught, "cost per defect caught": self.cost_per_defect}  # fmt: skip
        return pd.DataFrame(
            [(name, e.value, e.low, e.high) for name, e in rows.items() if e is not None],
            columns=["figure", "value", "low", "high"],
        )


def stress(policy: Policy, workers: Sequence[Worker], *, runs: int = 200, days: int = 84, seed: int = 0) -> Stress:
    """Let a policy meet raters in silico before it meets people.

    In each run each rater works `days` days. Gold answers are counted a batch
    at a time; an alarm calls an audit of labels of that day; a confirmed alarm
    stops a faulty rater, whose last labels are done again and whose further
    ones somebody good gives. Others who are accused work on. A rater is
    faulty from the day a fault begins, or while no better than the policy's
    unacceptable accuracy; otherwise good while nearer to its good accuracy
    (`Policy.fair`), and between the two neither. The exam is not part of the run: see
    `Policy.chance_turned_away`.

    The intervals are those of the simulation. They say nothing of how well
    the raters were fitted, beyond the draw of each fitted accuracy in each run.

    Parameters
    ----------
    policy : Policy
    workers : sequence of Worker
        With faults; see `plant`.
    runs : int
        At least 20.
    days : int
        Working days of a run.
    seed : int

    Returns
    -------
    Stress

    Raises
    ------
    NotEstimable
        If no rater is good on any day, or the runs are too many to draw.

    Examples
    --------
    >>> from halo_methods.simulation import plant, policy
    >>> team = [Worker(f"r{n}", 0.92) for n in range(8)]
    >>> made = stress(policy(team, gold_share=0.1), plant(team), runs=50)
    >>> made.found["fault"].iloc[0], made.accusations.value < made.alarms.value
    ('drift', True)
    """
    if runs < 20 or int(runs) != runs or days < 1:
        raise HaloError(f"a stress test takes 20 runs or more, each of a day or more; got runs={runs!r}, days={days!r}")
    drawn = sum(runs * days * w.daily * policy.gold_share for w in workers)
    if drawn > _MOST:
        raise NotEstimable(f"this would draw {drawn:,.0f} gold answers; take fewer runs or days")
    accuracy = daily_accuracy(workers, days, _drawn(workers, runs, np.random.default_rng([seed, 999])))
    begun = np.array([[w.planted and d >= w.from_day for d in range(days)] for w in workers])
    bad = begun[None] | (accuracy <= policy.unacceptable)
    good = ~bad & (accuracy >= policy.fair)
    sums = {k: np.zeros(runs) for k in ("alarms", "accused", "good days", "audits", "cost", "defects", "caught")}
    delays: dict[str, NDArray] = {}
    n_gold = 0
    for i, w in enumerate(workers):
        one = _meets(policy, w, accuracy[:, i], bad[:, i], good[:, i], np.random.default_rng([seed, i]))
        day = np.arange(days)[None, :]
        at_work = day <= one.stopped[:, None]
        sums["good days"] += (good[:, i] & at_work).sum(axis=1)
        sums["alarms"] += one.false_alarms
        sums["accused"] += one.accusations
        sums["audits"] += one.audits
        live = w.daily * (1 - policy.gold_share)
        lost = live * np.maximum(policy.good - accuracy[:, i], 0) * bad[:, i]
        stopped = one.stopped < days
        kept = (day <= one.stopped[:, None] - policy.redo_days) | ~stopped[:, None]
        sums["defects"] += lost.sum(axis=1)
        sums["caught"] += (lost * ~kept).sum(axis=1)
        prices = policy.prices
        looked = policy.audit.n if policy.audit else 0
        again = live * policy.redo_days * one.confirmed
        sums["cost"] += one.gold * prices.gold + one.audits * looked * prices.audit + again * prices.judgment
        n_gold += one.gold * runs
        if w.fault and w.from_day < days:
            delays[w.fault] = np.minimum(one.stopped + 1, days) - w.from_day
    if not sums["good days"].any():
        raise NotEstimable(
            "no rater here is nearer to the good accuracy than to the unacceptable one: nobody to accuse falsely"
        )
    months = days / MONTH
    size = (len(workers), n_gold)
    hundred = sums["good days"] / MONTH / 100
    return Stress(
        policy, runs, days,
        _rate(sums["alarms"], hundred, *size, "alarms on good raters in 100 rater-months"),
        _rate(sums["accused"], hundred, *size, "good raters accused in 100 rater-months"),
        _mean(sums["audits"] / months, *size, "audits a month"),
        _mean(sums["cost"] / months, *size, "cost a month"),
        _found(delays, [w for w in workers if w.fault in delays], days),
        _ratio(sums["caught"], sums["defects"], *size, "share of defects caught", most=1.0),
        _ratio(sums["cost"], sums["caught"], *size, "cost per defect caught"),
        delays,
    )  # fmt: skip


@dataclass(frozen=True)
class _Met:
    """One rater in all runs; ``stopped`` is the day of the stop, or the number of days."""

    stopped: NDArray
    false_alarms: NDArray
    accusations: NDArray
    confirmed: NDArray
    audits: NDArray
    gold: int


def _meets(policy: Policy, w: Worker, accuracy: NDArray, bad: NDArray, good: NDArray, rng: np.random.Generator) -> _Met:
    runs, days = accuracy.shape
    rate, batch = policy.gold_share * w.daily, policy.rule.batch
    gold = int(rate * days + 1e-9)
    looks = gold // batch
    day = np.minimum(np.ceil((np.arange(looks * batch) + 1) / rate - 1e-9).astype(int) - 1, days - 1)
    wrong = (rng.random((runs, day.size)) >= accuracy[:, day]).reshape(runs, looks, batch).sum(axis=2)
    alarm = policy.rule.signals(wrong, rng)
    when = day[batch - 1 :: batch]
    if policy.audit is None:
        confirmed = alarm
    else:
        errors = rng.binomial(policy.audit.n, np.clip(1 - accuracy[:, when], 0, 1))
        confirmed = alarm & (errors > policy.audit.accept)
    ends = confirmed & bad[:, when]
    first = np.column_stack([ends, np.ones(runs, bool)]).argmax(axis=1)
    seen = np.arange(looks)[None, :] <= first[:, None]
    stopped = np.where(first < looks, np.append(when, days)[first], days)
    fine = good[:, when] & seen
    return _Met(
        stopped,
        (alarm & fine).sum(axis=1),
        (confirmed & fine).sum(axis=1),
        (confirmed & seen).sum(axis=1),
        (alarm & seen).sum(axis=1),
        gold,
    )


def _drawn(workers: Sequence[Worker], runs: int, rng: np.random.Generator) -> NDArray:
    """Accuracies of each run: as set, or anew from a beta distribution where they were fitted."""
    made = np.empty((runs, len(workers)))
    for i, w in enumerate(workers):
        size = w.accuracy * (1 - w.accuracy) / w.sd**2 - 1 if w.sd else 0.0
        made[:, i] = rng.beta(w.accuracy * size, (1 - w.accuracy) * size, runs) if size > 0 else w.accuracy
    return made


def _found(delays: dict[str, NDArray], workers: list[Worker], days: int) -> pd.DataFrame:
    rows = []
    for w in workers:
        delay = delays[w.fault]
        share = proportion(int((delay < days - w.from_day).sum()), delay.size)
        mean = _mean(delay.astype(float), 1, 1, "")
        rows.append((w.fault, share.value, share.low, share.high, mean.value, mean.low, mean.high))
    return pd.DataFrame(rows, columns=["fault", "found", "found_low", "found_high", "days", "low", "high"])


_CAUTION = "The interval is that of the simulation; whether the raters are like these it cannot say."


def _estimate(value: float, low: float, high: float, raters: int, judgments: int, runs: int, what: str) -> Estimate:
    how = f"{what}; {runs} simulated runs"
    return Estimate(
        value=value,
        low=low,
        high=high,
        n_items=judgments,
        n_raters=raters,
        n_judgments=judgments,
        method=how,
        over="items and raters",
        cautions=(_CAUTION,),
    )


def _mean(x: NDArray, raters: int, judgments: int, what: str) -> Estimate:
    half = stats.t.ppf(0.975, x.size - 1) * x.std(ddof=1) / np.sqrt(x.size)
    return _estimate(x.mean(), max(x.mean() - half, 0), x.mean() + half, raters, judgments, x.size, what)


def _ratio(
    above: NDArray, below: NDArray, raters: int, judgments: int, what: str, most: float = np.inf
) -> Estimate | None:
    """A ratio of sums over runs, its interval by the delta method."""
    if below.sum() <= 0:
        return None
    value = above.sum() / below.sum()
    error = (above - value * below).std(ddof=1) / np.sqrt(above.size) / below.mean()
    half = stats.t.ppf(0.975, above.size - 1) * error
    return _estimate(value, max(value - half, 0), min(value + half, most), raters, judgments, above.size, what)


def _rate(events: NDArray, exposure: NDArray, raters: int, judgments: int, what: str) -> Estimate:
    """Events for an exposure; few events have the interval of a Poisson count."""
    total, time = events.sum(), exposure.sum()
    if total > _FEW:
        made = _ratio(events, exposure, raters, judgments, what)
        assert made is not None
        return made
    low = stats.chi2.ppf(0.025, 2 * total) / 2 if total else 0.0
    high = stats.chi2.ppf(0.975, 2 * (total + 1)) / 2
    return _estimate(total / time, low / time, high / time, raters, judgments, events.size, what)
