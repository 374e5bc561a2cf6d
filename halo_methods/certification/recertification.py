"""Who certifies again: by time, by an amendment, by drift, by absence."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import as_day, dated
from ..stats.checks import check_count


@dataclass(frozen=True, eq=False, kw_only=True)
class Recertification:
    """Who is due again, and why.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``last_gold``, ``last_judged`` (dates, empty where
        never), ``guideline`` (of the last gold; empty without the column),
        ``due`` (bool), ``why``; those who are due first.
    today : date
        The day it was decided for.
    latest_guideline : str or None
    """

    table: pd.DataFrame
    today: date
    latest_guideline: str | None
    by: str = "rater_id"


def recertification(
    j: Judgments,
    *,
    today: date | str | None = None,
    after_days: int = 90,
    absent_days: int = 30,
    drifted: Iterable[str] | str = (),
) -> Recertification:
    """List who has to show again that they can: by time, by an amendment, by drift, by absence.

    Certified means here: judged gold on that day. Due are raters without gold in the table, and those whose last gold
    is more than ``after_days`` old.
    Also those who judged no gold under the latest guideline, or who were away for more than ``absent_days`` since their
    last gold.
    Also those whom a drift chart names.
    The latest guideline is the highest version where versions are numbers such as 1.10, otherwise the one that came
    into the table last.

    Absence can only be seen in a table that holds the live work too.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with ``rated_at`` and gold; ``guideline``
        where there are versions.
    today : date or ISO text, optional
        The day to decide for; otherwise the last in the data.
    after_days, absent_days : int
        A certificate ends after so many days, or so many days away.
    drifted : iterable of str, or text with commas
        Raters for whom the drift report gave a signal.

    Raises
    ------
    NotEstimable
        If the table has no ``rated_at`` or no gold.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x", "2026-01-05"), ("b", "r2", "x", "x", "2026-05-04")]
    >>> due = recertification(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "rated_at"]))
    >>> due.table[["rater_id", "due", "why"]].to_numpy().tolist()
    [['r1', True, 'time: last gold 119 days ago; absence: away for 119 days'], ['r2', False, '']]
    """
    check_count(after_days, option="after_days")
    check_count(absent_days, option="absent_days")
    frame = dated(as_judgments(j).one().frame)
    if "gold" not in frame.columns or frame["gold"].is_null().all():
        raise NotEstimable("no judged item has a gold answer, so no rater can be seen to be certified", public=True)
    until: date = as_day(today, option="today") or frame["day"].max()  # type: ignore[assignment]
    frame = frame.filter(pl.col("day") <= until)
    if frame.is_empty():
        raise NotEstimable(f"no judgment is dated {until} or earlier")
    latest = _latest(frame)
    named = {str(d).strip() for d in (drifted.split(",") if isinstance(drifted, str) else drifted)}
    rows = []
    for (rater,), part in sorted(frame.partition_by("rater_id", as_dict=True).items()):
        gold = part.filter(pl.col("gold").is_not_null()).sort("day")
        versions = gold["guideline"].to_list() if latest is not None else []
        last_gold, since = (gold["day"][-1], (until - gold["day"][-1]).days) if len(gold) else (None, 0)
        days = part.filter(pl.col("day") >= (last_gold or until))["day"].append(pl.Series([until])).unique().sort()
        away = int(days.diff().dt.total_days().max() or 0)  # type: ignore[arg-type]
        reasons = {
            "never: no gold in these data": last_gold is None,
            f"time: last gold {since} days ago": since > after_days,
            f"amendment: no gold under guideline {latest}": bool(versions) and latest not in versions,
            f"absence: away for {away} days": away > absent_days,
            "drift: a chart gave a signal": rater in named,
        }
        why = "; ".join(reason for reason, holds in reasons.items() if holds)
        rows.append((rater, last_gold, part["day"].max(), next(reversed(versions), None) or "", bool(why), why))
    table = pd.DataFrame(rows, columns=["rater_id", "last_gold", "last_judged", "guideline", "due", "why"])
    table = table.sort_values(["due", "rater_id"], ascending=[False, True], ignore_index=True)
    return Recertification(table=table, today=until, latest_guideline=latest)


def _latest(frame: pl.DataFrame) -> str | None:
    if "guideline" not in frame.columns or frame["guideline"].is_null().all():
        return None
    first = dict(frame.drop_nulls("guideline").group_by("guideline").agg(pl.col("day").min()).iter_rows())
    if all(re.fullmatch(r"v?\d+(\.\d+)*", version) for version in first):
        return max(first, key=lambda version: [int(part) for part in version.lstrip("v").split(".")])
    return max(first, key=lambda version: (first[version], version))
