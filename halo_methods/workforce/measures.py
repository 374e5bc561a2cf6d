"""One figure a group, each with its interval clustered by rater."""

from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..calibration.reference import people
from ..calibration.shares import jackknife_variance, share_estimate, sums
from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .outcomes import grouped, known, outcomes

Flag = Literal["right", "accepted", "reworked", "on_time"]
NAMES = {
    "right": "share right on gold or audit",
    "accepted": "share accepted",
    "reworked": "share done again",
    "on_time": "share on time",
}
LONGEST_GAP = 900.0


def rates(
    j: Judgments, column: str = "vendor", *, flag: Flag = "right", confidence: float = 0.95
) -> dict[str, Estimate]:
    """One share for each group, unpooled, with its interval over items and raters: what a gate uses.

    Parameters
    ----------
    j : Judgments
        One criterion; people only where the table tells people from models.
    column : str
        What makes the groups.
    flag : {"right", "accepted", "reworked", "on_time"}
        See `outcomes`.
    confidence : float
        Of each interval.

    Returns
    -------
    dict of str to Estimate
        Groups without a known judgment are left out.

    Raises
    ------
    NotEstimable
        If there is no such column, or nothing is known.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x" if (i + ord(r)) % 5 else "y", "x", "north") for i in range(40) for r in "pqrst"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))
    >>> rates(j)["north"].value
    0.8
    """
    if flag not in get_args(Flag):
        raise BadOption.of("flag", flag, get_args(Flag))
    groups = grouped(known(outcomes(people(j)), flag), column)
    return {name: share_of(rows, flag, confidence=confidence) for name, rows in groups}


def share_of(rows: pl.DataFrame, flag: Flag, *, confidence: float = 0.95) -> Estimate:
    """The share of one group's rows, jackknifed by item and by rater."""
    marked = rows.select("item_id", "rater_id", pl.col(flag).alias("right"))
    return share_estimate(sums(marked, "item_id"), sums(marked, "rater_id"), NAMES[flag], confidence=confidence)


def throughput(rows: pl.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """Judgments an hour of work: from ``seconds``, otherwise from gaps between moments of up to 15 minutes.

    A ratio of sums with a delete-one-rater jackknife on the log scale. Seconds
    count active time only; a piece rate set from them leaves unpaid time out.

    Raises
    ------
    NotEstimable
        If there is neither, or fewer than two raters.
    """
    if "seconds" in rows.columns and (rows["seconds"] > 0).any():
        timed, how = rows.filter(pl.col("seconds") > 0), "from seconds"
        timed = timed.with_columns(pl.lit(1.0).alias("done"))
    elif "rated_at" in rows.columns:
        gap = pl.col("rated_at").diff().over("rater_id").dt.total_microseconds() / 1e6
        timed = rows.filter(pl.col("rated_at").is_not_null()).sort("rater_id", "rated_at").with_columns(
            gap.alias("seconds"), pl.lit(1.0).alias("done"))  # fmt: skip
        timed = timed.filter((pl.col("seconds") > 0) & (pl.col("seconds") <= LONGEST_GAP))
        how = "from gaps between moments of at most 15 minutes"
    else:
        raise NotEstimable("throughput needs `seconds` or `rated_at`")
    if timed.is_empty():
        raise NotEstimable("no judgment has a duration above 0")
    parts = timed.group_by("rater_id").agg(pl.col("done").sum(), pl.col("seconds").sum())
    return _ratio(parts.select(pl.col("done") * 3600, "seconds").to_numpy(), timed, f"judgments an hour, {how}",
                  lambda t: t[..., 0] / t[..., 1], confidence)  # fmt: skip


def cost_per_accepted(rows: pl.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """Mean cost of a judgment divided by the share accepted, in the unit of ``cost``.

    All of the group's judgments that carry a cost pay; the share accepted is
    that of the judgments about which something is known. A delete-one-rater
    jackknife on the log scale. Costs of audit, review and your own staff are
    not in it unless they are in the column.

    Raises
    ------
    NotEstimable
        If there is no cost, nothing known of acceptance, nothing accepted, or fewer than two raters.
    """
    if "cost" not in rows.columns or rows["cost"].is_null().all():
        raise NotEstimable("cost per accepted judgment needs the column `cost`")
    if known(rows, "accepted")["accepted"].sum() == 0:
        raise NotEstimable("no judgment of this group is known to be accepted")
    accepted = pl.col("accepted")
    parts = rows.group_by("rater_id").agg(
        pl.col("cost").sum(), pl.col("cost").count().cast(pl.Float64).alias("n"),
        accepted.sum().cast(pl.Float64).alias("k"), accepted.count().cast(pl.Float64).alias("m"))  # fmt: skip

    def cost(t: NDArray) -> NDArray:
        return t[..., 0] / t[..., 1] * t[..., 3] / t[..., 2]

    return _ratio(parts.select("cost", "n", "k", "m").to_numpy(), rows, "cost per accepted judgment", cost, confidence)


def _ratio(parts: NDArray, rows: pl.DataFrame, name: str, statistic, confidence: float) -> Estimate:  # type: ignore[no-untyped-def]
    if len(parts) < 2:
        raise NotEstimable(f"{counted(len(parts), 'rater')}: the spread between raters, and so an interval, is unknown")
    with np.errstate(all="ignore"):
        value = float(statistic(parts.sum(axis=0)))
        variance = jackknife_variance(parts, lambda t: np.log(statistic(t)))
    if not (np.isfinite(variance) and value > 0):
        raise NotEstimable(f"the {name} rests on one rater alone, so it has no interval")
    times = float(np.exp(stats.t.ppf((1 + confidence) / 2, len(parts) - 1) * variance**0.5))
    cautions = () if variance else ("Nothing varies between raters, so the interval has no width.",)
    return Estimate(
        value=value,
        low=value / times,
        high=value * times,
        confidence=confidence,
        n_items=rows["item_id"].n_unique(),
        n_raters=len(parts),
        n_judgments=rows.height,
        method=f"{name}; jackknife over raters, on the log scale",
        over="raters",
        cautions=cautions,
    )
