"""National public holidays of the handbook's markets, by rule."""

from datetime import date, timedelta

from ..errors import BadOption

FIXED: dict[str, tuple[tuple[int, int], ...]] = {
    "fr-FR": ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)),
    "de-DE": ((1, 1), (5, 1), (10, 3), (12, 25), (12, 26)),
    "es-ES": ((1, 1), (1, 6), (5, 1), (8, 15), (10, 12), (11, 1), (12, 6), (12, 8), (12, 25)),
    "pt-BR": ((1, 1), (4, 21), (5, 1), (9, 7), (10, 12), (11, 2), (11, 15), (11, 20), (12, 25)),
}
# Days after Easter Sunday: Good Friday -2, Easter Monday 1, Ascension 39, Whit Monday 50.
AFTER_EASTER: dict[str, tuple[int, ...]] = {
    "fr-FR": (1, 39, 50),
    "de-DE": (-2, 1, 39, 50),
    "es-ES": (-2,),
    "pt-BR": (-2,),
}


def easter(year: int) -> date:
    """Easter Sunday in the Gregorian calendar.

    References
    ----------
    The anonymous algorithm printed in Nature 13 (1876), 487.

    Examples
    --------
    >>> easter(2026), easter(2027)
    (datetime.date(2026, 4, 5), datetime.date(2027, 3, 28))
    """
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    l = (32 + 2 * e + 2 * i - h - k) % 7  # noqa: E741
    m = (a + 11 * h + 22 * l) // 451
    month, day = divmod(h + l - 7 * m + 114, 31)
    return date(year, month, day + 1)


def holidays(market: str, year: int) -> frozenset[date]:
    """Days on which a market does not work, in the whole country.

    Regional days (Bavaria's, Catalonia's, a state's or a town's in Brazil, Alsace's)
    are not in it, nor the days that Spain's regions move; give those as ``more``
    where they matter.

    Parameters
    ----------
    market : {"fr-FR", "de-DE", "es-ES", "pt-BR"}
    year : int

    Raises
    ------
    BadOption
        For another market.

    References
    ----------
    France: Code du travail, L3133-1. Germany: the days common to the laws of all
    sixteen Länder. Spain: Real Decreto 2001/1983, article 45. Brazil: Lei 662/1949
    with Lei 6.802/1980 and Lei 14.759/2023; Good Friday by the yearly federal ordinance.

    Examples
    --------
    >>> len(holidays("fr-FR", 2026)), date(2026, 11, 20) in holidays("pt-BR", 2026)
    (11, True)
    """
    if market not in FIXED:
        raise BadOption.of("market", market, FIXED)
    sunday = easter(year)
    moving = {sunday + timedelta(days=n) for n in AFTER_EASTER[market]}
    return frozenset(moving | {date(year, month, day) for month, day in FIXED[market]})


def working_days(market: str, monday: date, *, more: frozenset[date] = frozenset()) -> int:
    """Working days of the week that begins on a Monday: five, less its public holidays.

    Parameters
    ----------
    market : {"fr-FR", "de-DE", "es-ES", "pt-BR"}
    monday : datetime.date
    more : frozenset of datetime.date
        Further days off, regional ones or a vendor's own.

    Examples
    --------
    >>> working_days("fr-FR", date(2026, 5, 11)), working_days("es-ES", date(2026, 5, 11))
    (4, 5)
    """
    if monday.weekday() != 0:
        raise BadOption(f"{monday.isoformat()} is not a Monday; a week is named by its Monday")
    days = [monday + timedelta(days=n) for n in range(5)]
    off = set(more)
    for year in {day.year for day in days}:
        off |= holidays(market, year)
    return sum(day not in off for day in days)
