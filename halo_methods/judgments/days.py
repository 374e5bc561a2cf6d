"""Judgments by calendar day."""

from datetime import date, datetime

import polars as pl

from ..errors import BadOption, NotEstimable


def dated(frame: pl.DataFrame) -> pl.DataFrame:
    """Return the judgments that have a moment, with the column ``day``.

    Raises
    ------
    NotEstimable
        If none has one.

    Examples
    --------
    >>> dated(pl.DataFrame({"rated_at": [datetime(2026, 5, 4, 9), None]}))["day"].to_list()
    [datetime.date(2026, 5, 4)]
    """
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        text = "the judgments are not dated; add a `rated_at` column"
        raise NotEstimable(text, public=text)
    return frame.filter(pl.col("rated_at").is_not_null()).with_columns(pl.col("rated_at").dt.date().alias("day"))


def as_day(value: date | str | None, *, option: str) -> date | None:
    """Read an option that is a day: a date, a moment, ISO text, or None.

    Raises
    ------
    BadOption
        If it is none.

    Examples
    --------
    >>> as_day("2026-05-04", option="today")
    datetime.date(2026, 5, 4)
    """
    if isinstance(value, datetime):
        return value.date()
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise BadOption(f"{option} is {value!r}; allowed: a date such as 2026-05-04") from None
