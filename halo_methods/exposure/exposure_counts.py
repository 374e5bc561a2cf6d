"""What must not happen even once: days over the limit, and people routed after they opted out, known and possible."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments.cells import moment, quoted
from ..judgments.table import rests_on
from ..results import Caution, Estimate, counted

YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
ROUNDING = 1e-9
DAYS_OVER, STILL_ROUTED = "days over the limit", "opted out and still routed"
RATER_DAY = ["rater_id", "day"]
NO_OPT_OUT = "no column `opt_out` says who left a class or the queue; have the tool write yes, no or the moment"
Limits = Mapping[str | None, float]


def against(minutes: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Each rater-day beside each limit: ``rater_id, day, class, minutes, limit, minutes_over`` (negative: left)."""
    parts = []
    for name, limit in limits.items():
        rows = minutes if name is None else minutes.filter(pl.col("harm") == name)
        rows = rows.group_by(RATER_DAY).agg(pl.lit(name or "all").alias("class"), pl.col("minutes").sum())
        parts.append(rows.with_columns(limit=pl.lit(float(limit)), minutes_over=pl.col("minutes") - limit))
    return pl.concat(parts).sort("class", *RATER_DAY)


def since(texts: pl.Series) -> dict[str, Any]:
    """What each entry of ``opt_out`` says: True, False, or the moment since when.

    Raises
    ------
    BadOption
        If an entry is none of these.
    """
    read: dict[str, Any] = {}
    for text in texts.unique().to_list():
        low = text.strip().lower()
        try:
            read[text] = True if low in YES else False if low in NO else moment(text.strip())[0]
        except ValueError:
            raise BadOption(f"opt_out holds {quoted(text)}; allowed: yes, no, or the moment since when") from None
    return read


def opted_out(sittings: pl.DataFrame) -> pl.Series:
    """Whether the rater had opted out when the item came: since a moment not after it, or at all; null: unknown."""
    read = since(sittings["opt_out"])
    pairs = zip(sittings["opt_out"].to_list(), sittings["rated_at"].to_list(), strict=True)
    told = [s if isinstance(s := read[text], bool) else None if at is None else s <= at for text, at in pairs]
    return pl.Series(told, dtype=pl.Boolean)


def days_over(sittings: pl.DataFrame, over: pl.DataFrame, limits: Limits) -> Estimate:
    """Rater-days over a limit: known, and possible if every gap of the log hides the worst.

    It rests on everybody who was exposed.
    """
    possible = pl.concat(_possible(sittings, name, limit) for name, limit in limits.items())
    exposed = sittings.filter(pl.col("harm").is_not_null())
    what = "rater-days over the limit"
    return _count(over, possible, what, rests_on(exposed, DAYS_OVER))


def still_routed(sittings: pl.DataFrame, log: pl.DataFrame) -> Estimate | NotEstimable:
    """Rater-days with a distressing item after opting out; not estimable where nothing says who opted out.

    It rests on those who opted out and on nobody else.
    """
    if "opt_out" not in log.columns:
        return NotEstimable(NO_OPT_OUT, public=NO_OPT_OUT)
    entries = log["opt_out"].cast(pl.String).fill_null("")
    read = since(entries)
    leavers = log.filter(entries.is_in([text for text, said in read.items() if said is not False]))["rater_id"].unique()
    theirs = log.filter(pl.col("rater_id").is_in(leavers.implode()))
    out = opted_out(sittings)
    sure = sittings.filter(out.fill_null(False) & sittings["harm"].is_not_null())
    possible = sittings.filter(out.fill_null(True))
    return _count(sure, possible, "rater-days with a distressing item after opting out", rests_on(theirs, STILL_ROUTED))


def _possible(sittings: pl.DataFrame, name: str | None, limit: float) -> pl.DataFrame:
    """Rater-days that may be over one limit: every class unknown is this one, every undated minute of that day."""
    rows = sittings if name is None else sittings.filter((pl.col("harm") == name) | pl.col("harm").is_null())
    loose = rows.filter(pl.col("day").is_null()).group_by("rater_id").agg(pl.col("most").sum().alias("loose"))
    dated = rows.filter(pl.col("day").is_not_null()).group_by(RATER_DAY).agg(pl.col("most").sum())
    dated = dated.join(loose, on="rater_id", how="left").with_columns(pl.col("loose").fill_null(0))
    alone = loose.filter(pl.col("loose") > limit + ROUNDING).select("rater_id", day=pl.lit(None, dtype=pl.Date))
    return pl.concat([dated.filter(pl.col("most") + pl.col("loose") > limit + ROUNDING).select(RATER_DAY), alone])


def _count(sure: pl.DataFrame, possible: pl.DataFrame, what: str, rests: dict[str, Any]) -> Estimate:
    known = sure.select(RATER_DAY).unique()
    low, high = known.height, pl.concat([known, possible.select(RATER_DAY)]).unique().height
    text = f"{counted(high - low, 'more rater-day')} could be: times, moments or classes are missing."
    return Estimate(
        value=low,
        low=low,
        high=high,
        confidence=1,
        kind="count" if low == high else "bounds",
        method=f"{what}, all of the log counted; from what is known to the most that its gaps could hide",
        over="items",
        cautions=(Caution("gaps", text),) if high > low else (),
        **rests,
    )
