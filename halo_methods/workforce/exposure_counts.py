"""What must not happen even once: days over the limit, and people routed after they opted out, known and possible."""

from collections.abc import Mapping
from typing import Any

import polars as pl

from ..errors import HaloError, NotEstimable
from ..judgments.cells import moment, quoted
from ..results import Estimate, counted

YES, NO = ("yes", "true", "1"), ("no", "false", "0", "")
ROUNDING = 1e-9
DAYS_OVER, STILL_ROUTED = "days over the limit", "opted out and still routed"
RATER_DAY = ["rater_id", "day"]
Limits = Mapping[str | None, float]


def against(table: pl.DataFrame, days: pl.DataFrame, limits: Limits) -> pl.DataFrame:
    """Each rater-day beside each limit: ``rater_id, day, class, minutes, limit, minutes_over`` (negative: left)."""
    parts = []
    for name, limit in limits.items():
        rows = days if name is None else table.filter(pl.col("harm") == name)
        rows = rows.select(*RATER_DAY, pl.lit(name or "all").alias("class"), "minutes")
        parts.append(rows.with_columns(limit=pl.lit(float(limit)), minutes_over=pl.col("minutes") - limit))
    return pl.concat(parts)


def opted_out(sittings: pl.DataFrame) -> pl.Series:
    """Whether the rater had opted out when the item came: since a moment not after it, or at all; null: unknown."""
    since: dict[str, Any] = {}
    for text in sittings["opt_out"].unique().to_list():
        low = text.strip().lower()
        try:
            since[text] = True if low in YES else False if low in NO else moment(text.strip())[0]
        except ValueError:
            raise HaloError(f"opt_out holds {quoted(text)}; write yes, no, or the moment since when") from None
    pairs = zip(sittings["opt_out"].to_list(), sittings["rated_at"].to_list(), strict=True)
    told = [s if isinstance(s := since[t], bool) else None if at is None else s <= at for t, at in pairs]
    return pl.Series(told, dtype=pl.Boolean)


def days_over(sittings: pl.DataFrame, over: pl.DataFrame, limits: Limits) -> Estimate:
    """Rater-days over a limit: known, and possible if every gap of the log hides the worst."""
    possible = pl.concat(_possible(sittings, name, limit) for name, limit in limits.items())
    return _count(sittings, over.select(RATER_DAY), possible, "rater-days over the limit")


def still_routed(sittings: pl.DataFrame, known: bool) -> Estimate | NotEstimable:
    """Rater-days with a distressing item after opting out; not estimable where nothing says who opted out."""
    if not known:
        return NotEstimable(
            "no column `opt_out` says who left a class or the queue; have the tool write yes, no or the moment"
        )
    out = opted_out(sittings)
    sure = sittings.filter(out.fill_null(False) & sittings["harm"].is_not_null())
    return _count(sittings, sure.select(RATER_DAY), sittings.filter(out.fill_null(True)).select(RATER_DAY),
                  "rater-days with a distressing item after opting out")  # fmt: skip


def _possible(sittings: pl.DataFrame, name: str | None, limit: float) -> pl.DataFrame:
    """Rater-days that may be over one limit: every class unknown is this one, every undated minute of that day."""
    rows = sittings if name is None else sittings.filter((pl.col("harm") == name) | pl.col("harm").is_null())
    loose = rows.filter(pl.col("day").is_null()).group_by("rater_id").agg(pl.col("most").sum().alias("loose"))
    dated = rows.filter(pl.col("day").is_not_null()).group_by(RATER_DAY).agg(pl.col("most").sum())
    dated = dated.join(loose, on="rater_id", how="left").with_columns(pl.col("loose").fill_null(0))
    alone = loose.filter(pl.col("loose") > limit + ROUNDING).select("rater_id", day=pl.lit(None, dtype=pl.Date))
    return pl.concat([dated.filter(pl.col("most") + pl.col("loose") > limit + ROUNDING).select(RATER_DAY), alone])


def _count(sittings: pl.DataFrame, sure: pl.DataFrame, possible: pl.DataFrame, what: str) -> Estimate:
    known, most = sure.unique().height, pl.concat([sure, possible]).unique().height
    seen, cautions = sittings.filter(pl.col("harm").is_not_null()), []
    if most > known:
        cautions.append(f"{counted(most - known, 'more rater-day')} could be: times, moments or classes are missing.")
    return Estimate(
        value=known,
        low=known,
        high=most,
        confidence=1,
        kind="count" if known == most else "bounds",
        n_items=seen["item_id"].n_unique(),
        n_raters=seen["rater_id"].n_unique(),
        n_judgments=seen.height,
        method=f"{what}, all of the log counted; from what is known to the most that its gaps could hide",
        over="items",
        cautions=tuple(cautions),
    )
