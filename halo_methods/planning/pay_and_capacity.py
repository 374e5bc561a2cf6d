"""How many people a volume needs week by week, and what a judgment must pay: both from measured working times."""

import re
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TypeVar

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Caution, Estimate, Figure, Over, around, counted, readable, resting
from ..stats.checks import check_amount, check_confidence, check_count, check_probability
from ..stats.means import drawn_people, widening
from ..stats.proportions import two_way_share
from ..stats.variance import basis_of_arrays

T = TypeVar("T")
ROUNDS = 4000
FEWEST_TIMES = 30
FEW_RATERS = 10
BINS = 2000
ALIKE = "The times of one person are alike, and the interval takes them as independent: it is too short."


def measured(seconds: ArrayLike, raters: ArrayLike | None = None) -> tuple[NDArray, NDArray | None]:
    """The times that were measured, finite and above 0, and whose each is as numbers from 0; None without raters.

    Raises
    ------
    NotEstimable
        If they are fewer than 30.

    Examples
    --------
    >>> [x.tolist()[:3] for x in measured([40, 50, 0] * 15, [*"aba"] * 15)]
    [[40.0, 50.0, 40.0], [0, 1, 0]]
    """
    times = np.asarray(seconds, dtype=float)
    valid = np.isfinite(times) & (times > 0)
    if valid.sum() < FEWEST_TIMES:
        raise NotEstimable(f"{valid.sum()} measured working times; at least {FEWEST_TIMES} are needed")
    if raters is None:
        return times[valid], None
    named = np.asarray(raters, dtype=str)
    if len(named) != len(times):
        raise BadOption(f"{len(times)} times and {len(named)} raters; give the rater of each time")
    return times[valid], np.unique(named[valid], return_inverse=True)[1].ravel()


@cache
def public_holidays(market: str, year: int) -> frozenset[date]:
    """Days on which a market does not work, in the whole country.

    Regional days (Bavaria's, Catalonia's, a state's or a town's in Brazil, Alsace's)
    are not in it, nor the days that Spain's regions move; give those as ``more``
    where they matter.

    Parameters
    ----------
    market : str
        A language and a country, for instance ``"fr-FR"``.
    year : int

    Raises
    ------
    BadOption
        For a market without a country, or with one whose holidays are not known.

    References
    ----------
    The package ``holidays``, which follows each country's law: for France Code du
    travail, L3133-1; for Germany the days common to all Länder; for Spain Real Decreto
    2001/1983, article 45; for Brazil Lei 662/1949 with Lei 14.759/2023.

    Examples
    --------
    >>> len(public_holidays("fr-FR", 2026)), date(2026, 11, 20) in public_holidays("pt-BR", 2026)
    (11, True)
    """
    import holidays

    tag = re.fullmatch(r"[a-z]{2,3}(?:-[A-Z][a-z]{3})?-([A-Z]{2})", market)
    if tag is None or tag[1] not in holidays.list_supported_countries():
        text = f"market is {market!r}; write a language and a country with known holidays, such as fr-FR or pt-BR"
        raise BadOption(text, option="market", given=market)
    return frozenset(holidays.country_holidays(tag[1], years=year))


def as_monday(given: str | date) -> date:
    """The Monday that names a week, from a date or its text.

    Raises
    ------
    BadOption
        For what is no date, and for another day than a Monday.

    Examples
    --------
    >>> as_monday("2026-05-04")
    datetime.date(2026, 5, 4)
    """
    try:
        day = date.fromisoformat(str(given))
    except ValueError:
        raise BadOption(f"start is {given!r}; write the Monday of the first week as 2026-05-04") from None
    if day.weekday() != 0:
        raise BadOption(f"{day} is not a Monday; a week is named by its Monday", option="start", given=given)
    return day


def working_days(market: str, monday: date, *, more: frozenset[date] = frozenset()) -> int:
    """Working days of the week that begins on a Monday: five, less its public holidays.

    Parameters
    ----------
    market : str
        A language and a country, for instance ``"fr-FR"``.
    monday : datetime.date
    more : frozenset of datetime.date
        Further days off, regional ones or a vendor's own.

    Raises
    ------
    BadOption
        For another day than a Monday, and as `public_holidays`.

    Examples
    --------
    >>> working_days("fr-FR", date(2026, 5, 11)), working_days("es-ES", date(2026, 5, 11))
    (4, 5)
    """
    days = [as_monday(monday) + timedelta(days=n) for n in range(5)]
    off = more.union(*(public_holidays(market, year) for year in {day.year for day in days}))
    return sum(day not in off for day in days)


@dataclass(frozen=True, kw_only=True)
class Staffing:
    """The people there are and will be, and the weeks they work.

    Attributes
    ----------
    start : datetime.date or str
        The Monday of the first week.
    market : str
        Whose public holidays count, for instance ``"de-DE"``.
    staff : int
        People already certified and at full speed.
    volume_error : float
        Standard deviation of the forecast's relative error.
    shrinkage : float
        Share of paid time that is not active work: breaks, calibration, meetings, illness, leave.
    attrition : float
        Chance that a person leaves in a week.
    ramp : sequence of float
        Speed in the first weeks after certification, as a share of full speed.
    certification_yield : float
        Share of hires who pass.
    weeks_to_start : int
        Weeks from hiring to the first live week.
    hours_a_day : float
        Paid hours.
    days_off : frozenset of datetime.date
        Beside the public holidays.
    covered : float
        Chance with which every single week is to be covered.

    Raises
    ------
    BadOption
        If a number is out of range.

    Examples
    --------
    >>> Staffing(start="2026-05-25", market="de-DE").hours_a_day
    7.0
    """

    start: date | str
    market: str
    staff: int = 0
    volume_error: float = 0.10
    shrinkage: float = 0.30
    attrition: float = 0.01
    ramp: Sequence[float] = (0.5, 0.75)
    certification_yield: float = 0.75
    weeks_to_start: int = 2
    hours_a_day: float = 7.0
    days_off: frozenset[date] = frozenset()
    covered: float = 0.90

    def __post_init__(self) -> None:
        for name in ("shrinkage", "attrition", "certification_yield"):
            check_probability(getattr(self, name), option=name)
        for n, speed in enumerate(self.ramp):
            check_probability(speed, option=f"ramp[{n}]")
        if self.shrinkage == 1:
            raise BadOption("shrinkage is 1; allowed: a share below 1")
        check_confidence(self.covered, option="covered")
        check_count(self.staff, option="staff")
        check_count(self.weeks_to_start, option="weeks_to_start")
        if not 0 <= self.volume_error < 2:
            raise BadOption(f"volume_error is {self.volume_error!r}; allowed: from 0 to 2")
        if not 0 < self.hours_a_day <= 24:
            raise BadOption(f"hours_a_day is {self.hours_a_day!r}; allowed: above 0, at most 24")


@dataclass(frozen=True, eq=False)
class Capacity:
    """How many people a forecast needs, week by week.

    Attributes
    ----------
    table : pandas.DataFrame
        A row a week: ``week`` (its Monday), ``volume``, ``working_days``,
        ``hours`` (of active work, median), ``people`` (median), ``low``, ``high``
        (of the people needed), ``productive`` (people at full speed that the
        staff gives, median), ``covered`` (chance that the staff is enough).
    hires : int
        People to start now so that every week is covered with the wanted chance,
        added to those there are.
    confidence : float
        Of ``low`` to ``high``.
    covered : float
        The wanted chance.
    weeks_short : Estimate
        How many weeks the staff and the hires cover with a lower chance.
    cautions : tuple of Caution
    """

    table: pd.DataFrame = field(repr=False)
    hires: int
    confidence: float
    covered: float
    weeks_short: Estimate
    cautions: tuple[Caution, ...] = ()

    def plot(self) -> Figure:
        """People needed by week, beside what the staff gives."""
        from .. import plots

        return plots.people(self.table)

    def __str__(self) -> str:
        return f"Hire now: {self.hires}."


def capacity(
    volume: Sequence[float],
    seconds: ArrayLike,
    staffing: Staffing,
    *,
    raters: ArrayLike | None = None,
    confidence: float = 0.90,
    seed: int = 1,
) -> Capacity:
    r"""People needed by week, and how many to hire now.

    Hours of active work in a week are volume times handling time; a person gives
    ``working days × hours a day × (1 - shrinkage)`` hours. Volume is drawn from a log-normal distribution around the
    forecast, the mean handling time from a bootstrap of the people whose seconds were measured.
    Leavers and passes of the certification are drawn from binomial distributions. Of the hires a share
    ``certification_yield`` passes, starts
    after ``weeks_to_start`` weeks, and works at the speeds of ``ramp`` first.

    Do not read it as a staffing promise where the seconds come from a pilot of easy
    items, or from fewer than 30 judgments.

    Parameters
    ----------
    volume : sequence of float
        Judgments wanted in each week.
    seconds : array_like
        Active seconds of judgments as measured (the `seconds` column).
    staffing : Staffing
        The people there are and will be, and the weeks they work.
    raters : array_like, optional
        Whose time each is. Without it, and with one rater, times count as independent,
        and the interval is too short where people differ in pace.
    confidence : float
        Of the interval of people.
    seed : int

    Raises
    ------
    NotEstimable
        With fewer than 30 measured times, or where the weeks before hires can start
        can't be covered by the staff there is (the table says which).

    Examples
    --------
    >>> two = Staffing(start="2026-05-25", market="de-DE", volume_error=0, staff=2)
    >>> made = capacity([2000] * 4, [60.0] * 50, two)
    >>> made.table["people"].round(2).tolist()
    [1.7, 1.36, 1.36, 1.36]
    """
    times, who = measured(seconds, raters)
    if not len(volume) or not all(np.isfinite(v) and v >= 0 for v in volume):
        raise BadOption("volume must be one number of 0 or more for each week")
    tail, weeks, covered = (1 - check_confidence(confidence)) / 2, len(volume), staffing.covered
    mondays = [as_monday(staffing.start) + timedelta(weeks=n) for n in range(weeks)]
    days = np.array([working_days(staffing.market, monday, more=staffing.days_off) for monday in mondays])
    given = days * staffing.hours_a_day * (1 - staffing.shrinkage)
    if (given == 0).any():
        raise NotEstimable(f"the week of {mondays[int(np.argmin(given))].isoformat()} has no working day")
    rng = np.random.default_rng(seed)
    spread = np.log1p(staffing.volume_error**2) ** 0.5
    error = np.exp(rng.normal(-(spread**2) / 2, spread, (ROUNDS, weeks))) if spread else 1.0
    alone = who is None or who.max() == 0
    mean = _mean_times(rng, times, None if alone else who)
    hours = np.asarray(volume, dtype=float) * error * mean[:, None] / 3600
    needed = hours / given
    base = _stay(rng, staffing.staff, staffing, weeks)
    at, speeds = min(staffing.weeks_to_start, weeks), np.ones(weeks)
    speeds[at : at + len(staffing.ramp)] = list(staffing.ramp)[: weeks - at]
    speeds[:at] = 0
    hires = _hires(rng, needed - base, speeds, staffing)
    productive = base + _joined(rng, hires, speeds, staffing)
    low, middle, high = np.quantile(needed, [tail, 0.5, 1 - tail], axis=0)
    enough = (productive >= needed).mean(0)
    table = pd.DataFrame(
        {
            "week": mondays, "volume": list(volume), "working_days": days,
            "hours": np.median(hours, 0), "people": middle, "low": low, "high": high,
            "productive": np.median(productive, 0), "covered": enough,
        }
    )  # fmt: skip
    cautions = [Caution("times_as_independent", ALIKE)] if alone else []
    early = f"No hire of today can help before week {at + 1}; short until then"
    later = f"Still short of {readable(100 * covered)}%"
    for code, text, which in (("short_before_hires", early, slice(at)), ("still_short", later, slice(at, None))):
        short = table["week"][which][enough[which] < covered]
        if len(short):
            cautions.append(Caution(code, f"{text}: {', '.join(map(str, short))}."))
    basis = None if raters is None else basis_of_arrays(np.asarray(raters), None, "seconds")
    rests = resting(len(times), 1 if who is None else int(who.max()) + 1, len(times), basis)
    method = f"weeks of the forecast covered with a chance below {covered:g}"
    short = Estimate.count(int((enough < covered).sum()), method=method, **rests)
    return Capacity(table, hires, confidence, covered, short, tuple(cautions))


def _mean_times(rng: np.random.Generator, times: NDArray, who: NDArray | None) -> NDArray:
    """The mean time of each round: of times taken as independent, or of people drawn with all their times."""
    if who is None and len(times) > BINS:
        return rng.normal(times.mean(), times.std(ddof=1) / len(times) ** 0.5, ROUNDS)
    if who is None:
        return rng.choice(times, (ROUNDS, len(times))).mean(1)
    sums, counts = np.bincount(who, times), np.bincount(who)
    drawn = drawn_people(rng, len(sums), ROUNDS)
    means = (drawn @ sums) / (drawn @ counts)
    return np.maximum(times.mean() + widening(len(sums), 0.95) * (means - times.mean()), times.min())


def _stay(rng: np.random.Generator, people: ArrayLike, staffing: Staffing, weeks: int) -> NDArray:
    """People still there at the start of each week (ROUNDS, weeks)."""
    there = [np.broadcast_to(people, ROUNDS)]
    for _ in range(1, weeks):
        there.append(rng.binomial(there[-1], 1 - staffing.attrition))
    return np.stack(there, axis=1)


def _joined(rng: np.random.Generator, hires: int, speeds: NDArray, staffing: Staffing) -> NDArray:
    """What those of the hires who pass and stay amount to at full speed (ROUNDS, weeks)."""
    passed = rng.binomial(hires, staffing.certification_yield, ROUNDS)
    return _stay(rng, passed, staffing, len(speeds)) * speeds


def _hires(rng: np.random.Generator, gap: NDArray, speeds: NDArray, staffing: Staffing) -> int:
    """The fewest hires with which every week from the first live one on is covered; a ceiling where none suffices."""
    live, passing = np.arange(len(speeds)) >= staffing.weeks_to_start, staffing.certification_yield
    if not live.any() or passing == 0:
        return 0
    most = float(np.quantile(gap[:, live], 0.999)) / max(passing * speeds[live].min(), 0.05)
    state = rng.bit_generator.state

    def enough(hires: int) -> bool:
        rng.bit_generator.state = state
        covered = (_joined(rng, hires, speeds, staffing) >= gap).mean(0)
        return bool((covered[live] >= staffing.covered).all())

    return bisect_left(range(max(int(np.ceil(most)) * 3 + 10, 0)), True, key=enough)


def piece_rate(
    seconds: ArrayLike,
    hourly_floor: float,
    *,
    unpaid_seconds: float,
    percentile: float = 0.80,
    confidence: float = 0.95,
    raters: ArrayLike | None = None,
    replicates: int = 2000,
    seed: int = 1,
) -> Estimate:
    r"""Pay for one judgment: the hourly floor times a high percentile of active time plus unpaid time.

    .. math:: \text{floor} \cdot (Q_{.8}(\text{seconds}) + \text{unpaid}) / 3600

    Never the mean: about half of the people are slower than it, and work less than
    the floor. Do not use times measured on easy items, or with breaks in them.

    Parameters
    ----------
    seconds : array_like
        Active seconds as measured.
    hourly_floor : float
        The house's floor for an hour, in its currency.
    unpaid_seconds : float
        Per judgment: reading the guideline, waiting, messages, breaks.
    percentile : float
        Share of the measured times that the rate covers; .8 is a house rule.
    confidence : float
        Of the bootstrap interval.
    raters : array_like, optional
        Whose time each is. The interval then draws whole people, since the times of one are alike, and is widened by
        Student's t.
        Simulated, it holds the true rate in .93 of rounds from 12 people on. Without it times count as independent;
        where people differ in pace the interval then holds the true rate in about .6 of rounds.
    replicates, seed : int

    Returns
    -------
    Estimate
        In the currency of the floor.

    Raises
    ------
    NotEstimable
        With fewer than 30 times, or with the times of one rater.

    Examples
    --------
    >>> round(piece_rate([40, 50, 60, 70, 80] * 8, 15, unpaid_seconds=12).value, 3)
    0.35
    """
    times, who = measured(seconds, raters)
    if not 0.5 <= percentile < 1:
        raise BadOption(
            f"percentile is {percentile!r}; from .5 on, below 1: a rate at less pays most people too little"
        )
    check_confidence(confidence)
    check_amount(hourly_floor, option="hourly_floor", above=True)
    check_amount(unpaid_seconds, option="unpaid_seconds")
    n_raters = 1 if who is None else int(who.max()) + 1
    if who is not None and n_raters < 2:
        raise NotEstimable("the times are of one person, and say nothing about another person's")
    drawn = _quantiles(times, who, percentile, replicates, np.random.default_rng(seed))
    tail, at = (1 - confidence) / 2, float(np.quantile(times, percentile))
    wider = 1.0 if who is None else widening(n_raters, confidence)
    ends = (at + wider * (float(q) - at) for q in np.quantile(drawn, [tail, 1 - tail]))
    low, high, value = (hourly_floor * (max(q, 0.0) + unpaid_seconds) / 3600 for q in (*ends, at))
    mean = hourly_floor * (times.mean() + unpaid_seconds) / 3600
    text = f"At a rate from the mean time ({mean:.3g}) {100 * np.mean(times > times.mean()):.0f}% of the times would "
    cautions = [Caution("mean_is_too_low", f"{text}earn less than the floor.")]
    if who is None:
        cautions.append(Caution("times_as_independent", ALIKE))
    elif n_raters < FEW_RATERS:
        text = f"With {counted(n_raters, 'rater')} the interval is too short; have {FEW_RATERS} or more."
        cautions.append(Caution("few_raters", text))
    per = f"{100 * percentile:.0f}th percentile of active time plus {unpaid_seconds:g} unpaid seconds"
    return Estimate(
        **around(value, low, high),
        confidence=confidence,
        n_items=len(times),
        n_raters=n_raters,
        n_judgments=len(times),
        method=f"piece rate at the {per}; bootstrap over {'times' if who is None else 'raters'}",
        over="items" if who is None else "raters",
        cautions=tuple(cautions),
        basis=None if who is None else basis_of_arrays(np.asarray(raters), None, "seconds"),
    )


def _quantiles(
    times: NDArray, who: NDArray | None, percentile: float, replicates: int, rng: np.random.Generator
) -> NDArray:
    """The percentile of the times in each bootstrap sample.

    Of independent times it is an order statistic, whose place follows a beta law. Drawing people counts their times
    in at most `BINS` bins with equally many times, so that a long log needs no more memory than a short one.
    """
    ordered = np.sort(times)
    if who is None:
        rank = max(round(percentile * len(times)), 1)
        at = rng.beta(rank, len(times) - rank + 1, replicates)
        return ordered[np.minimum((at * len(times)).astype(int), len(times) - 1)]
    edges = np.unique(ordered[np.linspace(0, len(times) - 1, min(len(times), BINS)).round().astype(int)])
    counts = np.zeros((who.max() + 1, len(edges)))
    np.add.at(counts, (who, np.searchsorted(edges, times)), 1)
    below = (drawn_people(rng, len(counts), replicates) @ counts).cumsum(axis=1)
    return edges[(below < percentile * below[:, -1:]).sum(axis=1)]


def floor_share(
    j: Judgments,
    rate: float,
    hourly_floor: float,
    *,
    unpaid_seconds: float,
    over: Over = "items and raters",
    confidence: float = 0.95,
) -> Estimate:
    """Share of measured working times that earn at least the hourly floor at a given rate.

    Parameters
    ----------
    j : Judgments
        With a column `seconds` of active time.
    rate : float
        Paid for one judgment.
    hourly_floor : float
        In the same currency.
    unpaid_seconds : float
        Per judgment, added to the active time.
    over : {"items", "raters", "items and raters"}
        What the interval covers; see `halo_methods.stats.two_way_share`.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If there is no column `seconds`, or fewer than 30 times in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"i{i}", f"r{r}", "x", 40 + 10 * (i % 5)) for i in range(20) for r in range(6)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"]))
    >>> floor_share(j, rate=.35, hourly_floor=15, unpaid_seconds=10).value
    0.8
    """
    check_amount(rate, option="rate", above=True)
    check_amount(hourly_floor, option="hourly_floor", above=True)
    check_amount(unpaid_seconds, option="unpaid_seconds")
    timed = working_times(j)
    allowed = 3600 * rate / hourly_floor - unpaid_seconds
    return two_way_share(
        (timed["seconds"] <= allowed).to_numpy(),
        timed["rater_id"],
        timed["item_id"],
        over=over,
        confidence=confidence,
        quantity=f"share of working times that earn {hourly_floor:g} an hour at {rate:g} per judgment",
        measure="seconds",
    )


def working_times(j: Judgments) -> pl.DataFrame:
    """Item, rater and active seconds of the judgments that were timed.

    Raises
    ------
    NotEstimable
        If there is no column `seconds`, or fewer than 30 times in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"i{i}", "r", "x", 40) for i in range(30)]
    >>> working_times(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"]))).shape
    (30, 3)
    """
    j = as_judgments(j)
    if "seconds" not in j.columns:
        reason = "the data has no column seconds: working times were not measured"
        raise NotEstimable(reason, public=True)
    timed = j.frame.select("item_id", "rater_id", "seconds").filter(pl.col("seconds") > 0)
    measured(timed["seconds"])
    return timed


def needed(name: str, value: T | None) -> T:
    """A parameter without which nothing can be computed.

    Examples
    --------
    >>> needed("rate", None)
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: the parameter rate was not given; say it with -p rate=…
    """
    if value is None:
        reason = f"the parameter {name} was not given; say it with -p {name}=…"
        raise NotEstimable(reason, public=True)
    return value
