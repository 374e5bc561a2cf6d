"""People by week: forecast volume, handling time, shrinkage, attrition, ramp, certification, holidays."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..results import Caution, readable
from ..stats.checks import check_confidence, check_count, check_probability
from ..stats.resampling import drawn_people, widening
from .piece_rates import ALIKE, handling_times, people_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
T = TypeVar("T")
ROUNDS = 4000


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
    cautions : tuple of Caution
    """

    table: pd.DataFrame = field(repr=False)
    hires: int
    confidence: float
    covered: float
    cautions: tuple[Caution, ...] = ()

    def plot(self) -> "Figure":
        """People needed by week, beside what the staff gives."""
        from .. import plots

        return plots.people(self.table)

    def __str__(self) -> str:
        return f"Hire now: {self.hires}."


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
    if monday.weekday() != 0:
        text = f"{monday.isoformat()} is not a Monday; a week is named by its Monday"
        raise BadOption(text, option="start", given=monday)
    days = [monday + timedelta(days=n) for n in range(5)]
    off = more.union(*(public_holidays(market, year) for year in {day.year for day in days}))
    return sum(day not in off for day in days)


def capacity(
    volume: Sequence[float],
    seconds: ArrayLike,
    *,
    start: date,
    market: str,
    staff: int = 0,
    volume_error: float = 0.10,
    shrinkage: float = 0.30,
    attrition: float = 0.01,
    ramp: Sequence[float] = (0.5, 0.75),
    certification_yield: float = 0.75,
    weeks_to_start: int = 2,
    hours_a_day: float = 7.0,
    days_off: frozenset[date] = frozenset(),
    covered: float = 0.90,
    confidence: float = 0.90,
    raters: ArrayLike | None = None,
    seed: int = 1,
) -> Capacity:
    r"""People needed by week, and how many to hire now.

    Hours of active work in a week are volume times handling time; a person gives
    ``working days × hours a day × (1 - shrinkage)`` hours. Volume is drawn from a
    log-normal distribution around the forecast, the mean handling time from a
    bootstrap of the people whose seconds were measured, leavers and passes of the certification from
    binomial distributions. Of the hires a share ``certification_yield`` passes, starts
    after ``weeks_to_start`` weeks, and works at the speeds of ``ramp`` first.

    Do not read it as a staffing promise where the seconds come from a pilot of easy
    items, or from fewer than 30 judgments.

    Parameters
    ----------
    volume : sequence of float
        Judgments wanted in each week.
    seconds : array_like
        Active seconds of judgments as measured (the `seconds` column).
    start : datetime.date
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
    confidence : float
        Of the interval of people.
    raters : array_like, optional
        Whose time each is. Without it, and with one rater, times count as independent,
        and the interval is too short where people differ in pace.
    seed : int

    Raises
    ------
    NotEstimable
        With fewer than 30 measured times, or where the weeks before hires can start
        can't be covered by the staff there is (the table says which).

    Examples
    --------
    >>> made = capacity([2000] * 4, [60.0] * 50, start=date(2026, 5, 25), market="de-DE", volume_error=0, staff=2)
    >>> made.table["people"].round(2).tolist()
    [1.7, 1.36, 1.36, 1.36]
    """
    times = handling_times(seconds)
    shares = {"shrinkage": shrinkage, "attrition": attrition, "certification_yield": certification_yield}
    shares |= {"covered": covered, "confidence": confidence, **{f"ramp[{n}]": x for n, x in enumerate(ramp)}}
    _check(volume, shares, volume_error, hours_a_day)
    staff = check_count(staff, option="staff")
    weeks = len(volume)
    mondays = [start + timedelta(weeks=n) for n in range(weeks)]
    days = np.array([working_days(market, monday, more=days_off) for monday in mondays], dtype=float)
    rng = np.random.default_rng(seed)
    spread = np.log1p(volume_error**2) ** 0.5
    error = np.exp(rng.normal(-(spread**2) / 2, spread, (ROUNDS, weeks))) if volume_error else 1.0
    who = None if raters is None else people_of(seconds, raters)
    alone = who is None or who.max() == 0
    mean = _means(rng, times) if who is None or alone else _means_of_people(rng, times, who)
    hours = np.asarray(volume, dtype=float) * error * mean[:, None] / 3600
    given = days * hours_a_day * (1 - shrinkage)
    if (given == 0).any():
        raise NotEstimable(f"the week of {mondays[int(np.argmin(given))].isoformat()} has no working day")
    needed = hours / given
    base = _stay(rng, staff, attrition, weeks)
    at, speeds = min(weeks_to_start, weeks), np.ones(weeks)
    speeds[at : at + len(ramp)] = list(ramp)[: weeks - at]
    speeds[:at] = 0
    hires = _hires(rng, needed, base, speeds, certification_yield, attrition, covered, at)
    passed = rng.binomial(hires, certification_yield, ROUNDS)
    productive = base + _stay(rng, passed, attrition, weeks) * speeds
    tail = (1 - confidence) / 2
    low, middle, high = np.quantile(needed, [tail, 0.5, 1 - tail], axis=0)
    enough = (productive >= needed).mean(0)
    table = pd.DataFrame(
        {
            "week": mondays, "volume": list(volume), "working_days": days.astype(int),
            "hours": np.median(hours, 0), "people": middle, "low": low, "high": high,
            "productive": np.median(productive, 0), "covered": enough,
        }
    )  # fmt: skip
    cautions = []
    if alone:
        cautions.append(Caution("times_as_independent", ALIKE))
    short = [monday.isoformat() for monday, share in zip(mondays[:at], enough[:at], strict=True) if share < covered]
    if short:
        text = f"No hire of today can help before week {at + 1}; short until then: {', '.join(short)}."
        cautions.append(Caution("short_before_hires", text))
    later = [m.isoformat() for m, share in zip(mondays[at:], enough[at:], strict=True) if share < covered]
    if later:
        text = f"Still short of {readable(100 * covered)}%: {', '.join(later)}."
        cautions.append(Caution("still_short", text))
    return Capacity(table, hires, confidence, covered, tuple(cautions))


def _check(volume: Sequence[float], shares: Mapping[str, float], volume_error: float, hours_a_day: float) -> None:
    if not len(volume) or not all(np.isfinite(v) and v >= 0 for v in volume):
        raise BadOption("volume must be one number of 0 or more for each week")
    for name, value in shares.items():
        check_probability(value, option=name)
    if shares["shrinkage"] == 1:
        raise BadOption("shrinkage is 1; allowed: a share below 1")
    check_confidence(shares["covered"], option="covered")
    check_confidence(shares["confidence"])
    if not 0 <= volume_error < 2:
        raise BadOption(f"volume_error is {volume_error!r}; allowed: from 0 to 2")
    if not 0 < hours_a_day <= 24:
        raise BadOption(f"hours_a_day is {hours_a_day!r}; allowed: above 0, at most 24")


def _means(rng: np.random.Generator, times: Array) -> Array:
    """The mean time of each round, from times taken as independent."""
    if len(times) <= 2000:
        return rng.choice(times, (ROUNDS, len(times))).mean(1)
    return rng.normal(times.mean(), times.std(ddof=1) / len(times) ** 0.5, ROUNDS)


def _means_of_people(rng: np.random.Generator, times: Array, who: Array) -> Array:
    """The mean time of each round, from as many people as there are, drawn with all their times."""
    sums, counts = np.bincount(who, times), np.bincount(who)
    drawn = drawn_people(rng, len(sums), ROUNDS)
    means = (drawn @ sums) / (drawn @ counts)
    return np.maximum(times.mean() + widening(len(sums), 0.95) * (means - times.mean()), times.min())


def _stay(rng: np.random.Generator, people: ArrayLike, attrition: float, weeks: int) -> Array:
    """People still there at the start of each week (ROUNDS, weeks)."""
    left = np.broadcast_to(np.asarray(people), (ROUNDS,)).astype(int)
    there = np.empty((ROUNDS, weeks))
    for week in range(weeks):
        there[:, week] = left
        left = rng.binomial(left, 1 - attrition)
    return there


def _hires(
    rng: np.random.Generator, needed: Array, base: Array, speeds: Array, passing: float, attrition: float,
    covered: float, at: int,
) -> int:  # fmt: skip
    """The fewest hires with which every week from the first live one on is covered; a ceiling where none suffices."""
    weeks = needed.shape[1]
    if at >= weeks or passing == 0:
        return 0
    gap = needed[:, at:] - base[:, at:]
    ceiling = int(np.ceil(np.quantile(gap, 0.999) / max(passing * min(speeds[at:].min(), 1), 0.05))) * 3 + 10
    state = rng.bit_generator.state
    low, high = 0, max(ceiling, 0)
    while low < high:
        middle = (low + high) // 2
        rng.bit_generator.state = state
        joined = _stay(rng, rng.binomial(middle, passing, ROUNDS), attrition, weeks)[:, at:] * speeds[at:]
        if ((joined >= gap).mean(0) >= covered).all():
            high = middle
        else:
            low = middle + 1
    return low


def monday(text: str | date) -> date:
    """A date written as text.

    Examples
    --------
    >>> monday("2026-05-04")
    datetime.date(2026, 5, 4)
    """
    if isinstance(text, date):
        return text
    try:
        return date.fromisoformat(str(text))
    except ValueError:
        raise BadOption(f"start is {text!r}; write the Monday of the first week as 2026-05-04") from None


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
        raise NotEstimable(reason, public=reason)
    return value
