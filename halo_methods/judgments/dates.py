"""Moments as people write them: ISO 8601 unless the option `dates` names another form, a zone, or both."""

import contextlib
import re
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ..errors import BadOption
from .cells import quoted

_UNITS = {"epoch": 1, "epoch-ms": 10**3, "epoch-us": 10**6, "epoch-ns": 10**9}
_ORDERS = {"year-first": (0, 1, 2), "day-first": (2, 1, 0), "month-first": (2, 0, 1)}  # where year, month and day stand
FORMS = ("iso", *_ORDERS, *_UNITS, "spreadsheet")
_EPOCH, _DAY_0 = datetime(1970, 1, 1, tzinfo=UTC), datetime(1899, 12, 30)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO_DAY = re.compile(r"^\d{4}(-?\d{2}(-?\d{2})?|-?W\d{2}(-?\d)?)(?=$|[Tt ])")
_WRITTEN = re.compile(
    r"""(?:[a-z]{2,9}\.?,?\s+)??(?P<a>\d{1,4}|[a-z]{3,9})[-/.,\s]+(?P<b>\d{1,2}|[a-z]{3,9})[-/.,\s]+(?P<c>\d{4}|\d\d?)
    (?:(?:,?\s+|T)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,](?P<part>\d{1,9}))?)?
    (?:\s*(?P<half>[ap])\.?m\b\.?)?)?
    (?:\s*(?P<utc>Z|UTC|GMT)?(?:(?P<sign>[-+])(?P<hours>\d\d?)(?::?(?P<minutes>\d\d))?)?)?
    (?:\s*\[?(?P<zone>[a-z_]+(?:/[a-z_+-]+)+)\]?)?(?:\s*\([^()]*\))?""",
    re.VERBOSE | re.IGNORECASE,
)


class Dates(NamedTuple):
    """The form moments are written in, and the zone of those that name none (UTC where it is None).

    Examples
    --------
    >>> Dates.of("day-first Europe/Berlin"), Dates.of("epoch")
    (Dates(form='day-first', zone=zoneinfo.ZoneInfo(key='Europe/Berlin')), Dates(form='epoch', zone=None))
    """

    form: str = "iso"
    zone: ZoneInfo | None = None

    @classmethod
    def of(cls, given: str) -> "Dates":
        """The option as it is given: a form, a zone, or a form and a zone.

        Raises
        ------
        BadOption
            If it names another form, or a zone that is not known.
        """
        words = re.split(r"[,\s]+", str(given).strip())
        form, zones = (words[0], words[1:]) if words[0] in FORMS else ("iso", words)
        try:
            (zone,) = map(ZoneInfo, zones) if zones else (None,)
        except (ValueError, KeyError, OSError):
            allowed = (*FORMS, "a zone such as Europe/Berlin", "a form and a zone")
            raise BadOption.of("dates", given, allowed) from None
        return cls(form, zone)


_ISO = Dates()


def moment(text: str, dates: Dates = _ISO) -> tuple[datetime, bool]:
    """A moment in UTC, and whether its zone was told; a moment in ISO 8601 is read whatever the form.

    Raises
    ------
    ValueError
        If the text is written otherwise, lies outside the years 1 to 9999, or is not a single moment in the zone.

    Examples
    --------
    >>> moment("2026-03-01T09:30:00+02:00")
    (datetime.datetime(2026, 3, 1, 7, 30, tzinfo=datetime.timezone.utc), True)
    >>> str(moment("3/24/16 5:57 PM", Dates.of("month-first America/New_York"))[0])
    '2016-03-24 21:57:00+00:00'
    """
    try:
        found = _read(text, dates.form)
        zone = found.tzinfo or dates.zone
        first, second = (found.replace(tzinfo=zone or UTC, fold=fold).astimezone(UTC) for fold in (0, 1))
    except (ValueError, OverflowError, KeyError, OSError):
        form = "ISO 8601" if dates.form == "iso" else f"a moment in the form {dates.form}"
        raise ValueError(f"{quoted(text)} is not {form}") from None
    if first != second:
        raise ValueError(f"{quoted(text)} is there twice or not at all when clocks change in {zone}")
    return first, zone is not None


def _read(text: str, form: str) -> datetime:
    if _ISO_DAY.match(text):  # Python takes any sign between date and time, and so 1712101200000 for the year 1712
        with contextlib.suppress(ValueError):
            return datetime.fromisoformat(text)
    return _written(text, form)


def _written(text: str, form: str) -> datetime:
    """A moment in a form that is not ISO 8601; ValueError or KeyError for any other text."""
    if form in (*_UNITS, "spreadsheet"):
        size = float(text) if re.fullmatch(r"\d{1,20}(\.\d{1,20})?", text) else -1
        at = _DAY_0 + timedelta(size) if form == "spreadsheet" else _EPOCH + timedelta(seconds=size / _UNITS[form])
        if not 1990 <= at.year < 2100:
            raise ValueError(text)
        return at
    told = _WRITTEN.fullmatch(text) if form in _ORDERS and len(text) <= 80 else None
    if told is None:
        raise ValueError(text)
    parts, hour, half = told.group("a", "b", "c"), int(told["hour"] or 0), (told["half"] or "").lower()
    if parts[0].isalpha() or parts[1].isalpha():  # a month by its name tells the order
        form = "month-first" if parts[0].isalpha() else "day-first"
    year, month, day = (parts[at] for at in _ORDERS["year-first" if len(parts[0]) == 4 else form])
    month = month if month.isdigit() else str(_MONTHS.index(month[:3].lower()) + 1)
    if len(year) not in (2, 4) or (len(year) == 2 and form == "year-first") or (half and not 1 <= hour <= 12):
        raise ValueError(text)
    hour = hour % 12 + 12 * (half == "p") if half else hour
    offset = f"{told['sign']}{told['hours']:0>2}:{told['minutes'] or '00'}" if told["sign"] else "Z" * bool(told["utc"])
    clock = f"{hour:0>2}:{told['minute'] or '00'}:{told['second'] or '00'}.{told['part'] or 0}"
    at = datetime.fromisoformat(f"{year if len(year) == 4 else '20' + year}-{month:0>2}-{day:0>2}T{clock}{offset}")
    return at.replace(tzinfo=ZoneInfo(told["zone"])) if told["zone"] and not offset else at


def fitting(texts: list[str]) -> list[str]:
    """The forms in which all of the texts (of many the first 1,000) are moments; none where there are no texts.

    Examples
    --------
    >>> fitting(["3/4/2026", "24.3.2026"]), fitting(["3/4/2026"]), fitting(["1712101200"]), fitting(["Monday"])
    (['day-first'], ['day-first', 'month-first'], ['epoch'], [])
    """
    found = []
    for form in FORMS if texts else ():
        with contextlib.suppress(ValueError):
            found += [form] * all(moment(text.strip(), Dates(form)) for text in texts[:1000])
    return found[:1] if found[:1] == ["year-first"] else found
