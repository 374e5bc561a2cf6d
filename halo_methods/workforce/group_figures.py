"""One figure per group, unpooled, with its interval over raters: quality, punctuality, rework, pace, cost."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeVar, get_args

import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right
from ..judgments.table import rests_on
from ..results import Caution, Estimate
from ..stats.checks import check_confidence
from ..stats.means import jackknife_ratio
from ..stats.proportions import two_way_share
from .outcomes import grouped, judged, known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Group = TypeVar("Group")
Measure = Literal["right", "accepted", "reworked", "on_time", "per_hour", "cost_per_accepted"]
NAMES = {
    "right": "share right on gold or audit",
    "accepted": "share accepted",
    "reworked": "share done again",
    "on_time": "share on time",
    "per_hour": "judgments an hour",
    "cost_per_accepted": "cost of an accepted judgment",
}
LONGEST_GAP = 900.0
NO_MOMENTS = "a comparison over time needs the column `rated_at`"
NO_TIMES = "pace needs `seconds` or `rated_at`"
NO_COST = "cost per accepted judgment needs the column `cost`"


@dataclass(frozen=True, kw_only=True)
class GroupFigures:
    """One figure per group, or per group and week.

    Attributes
    ----------
    table : pandas.DataFrame
        ``by``, perhaps ``week``, ``people``, ``judgments``, the measure, ``low``, ``high``, ``over``.
    estimates : dict of str to Estimate
        By group; empty where the rows are weeks.
    by : str
        What makes the groups.
    measure : str
        The column that holds the figure.
    bar : float or None
        A threshold to draw.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str
    measure: Measure
    bar: float | None = None

    def plot(self) -> "Figure":
        """The figures with their intervals, or a panel per group where the rows are weeks."""
        from .. import plots

        name = NAMES[self.measure]
        if "week" in self.table:
            return plots.by_week(self.table, self.by, value=self.measure, unit=name)
        title = name[0].upper() + name[1:]
        return plots.intervals(self.table, self.by, self.measure, bar=self.bar, unit=name, title=title)


def rates(
    j: Judgments,
    column: str = "vendor",
    *,
    measure: Measure = "right",
    weekly: bool = False,
    bar: float | None = None,
    confidence: float = 0.95,
) -> GroupFigures:
    """Estimate one figure for each group, unpooled, with its interval: what a gate uses.

    Shares have the interval of `halo_methods.stats.two_way_share`. Pace and cost
    are ratios of sums with a jackknife over raters on the log scale.

    - ``per_hour``: judgments an hour of work, from ``seconds``, otherwise from
      gaps between moments of up to 15 minutes. Seconds count active time only; a
      piece rate set from them leaves unpaid time out.
    - ``cost_per_accepted``: the mean cost of a judgment divided by the share
      accepted. Costs of audit, review and your own staff are not in it unless
      they are in the column.

    Parameters
    ----------
    j : Judgments
        One criterion; people only where the table tells people from models.
    column : str
        What makes the groups.
    measure : {"right", "accepted", "reworked", "on_time", "per_hour", "cost_per_accepted"}
        The first four are the shares of `outcomes`.
    weekly : bool
        One figure for each group and week (Monday to Sunday, UTC). A line that
        wanders inside its intervals is no trend: a change is tested by the charts
        of `halo_methods.drift`, with their run length, not by eye.
    bar : float, optional
        A threshold to draw.
    confidence : float
        Of each interval.

    Returns
    -------
    GroupFigures
        Groups without the figure are left out.

    Raises
    ------
    NotEstimable
        If there is no such column, no group has the figure, or weeks are asked for without ``rated_at``.
    BadOption
        For another measure.

    Examples
    --------
    >>> rows = [(i, r, "x" if (i + ord(r)) % 5 else "y", "x", "north") for i in range(40) for r in "pqrst"]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> rates(j).estimates["north"].value
    0.8
    """
    if measure not in get_args(Measure):
        raise BadOption.of("measure", measure, get_args(Measure))
    check_confidence(confidence)
    frame = judged(as_judgments(j))
    keys = [column]
    if weekly:
        keys.append("week")
        if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
            raise NotEstimable(NO_MOMENTS, public=NO_MOMENTS)
        monday = pl.col("rated_at").dt.truncate("1w").dt.strftime("%Y-%m-%d")
        frame = frame.with_columns(monday.alias("week")).drop_nulls("week")
    parts: dict[tuple[str, ...], pl.DataFrame] = {(group,): rows for group, rows in grouped(frame, column).items()}
    if weekly:
        parts = {(*group, week): rows for group, part in parts.items() for week, rows in grouped(part, "week").items()}
    estimates, reasons = each(parts, measure, confidence)
    if not estimates:
        raise next(iter(reasons.values()))
    rows = [{**dict(zip(keys, key, strict=True)), **_row(estimate, measure)} for key, estimate in estimates.items()]
    by_group = {} if weekly else {group: estimate for (group, *_), estimate in estimates.items()}
    return GroupFigures(table=pd.DataFrame(rows), estimates=by_group, by=column, measure=measure, bar=bar)


def _row(estimate: Estimate, measure: Measure) -> dict[str, object]:
    sizes = {"people": estimate.n_raters, "judgments": estimate.n_judgments}
    return {**sizes, measure: estimate.value, "low": estimate.low, "high": estimate.high, "over": estimate.over}


def each(
    groups: dict[Group, pl.DataFrame], measure: Measure, confidence: float
) -> tuple[dict[Group, Estimate], dict[Group, NotEstimable]]:
    """The figure of each group that has it, and why the others have none."""
    estimates, reasons = {}, {}
    for group, rows in groups.items():
        try:
            estimates[group] = figure(rows, measure, confidence)
        except NotEstimable as reason:
            reasons[group] = reason
    return estimates, reasons


def figure(rows: pl.DataFrame, measure: Measure, confidence: float) -> Estimate:
    """The figure of one group's judgments."""
    if measure == "per_hour":
        return _pace(rows, confidence)
    if measure == "cost_per_accepted":
        return _cost(rows, confidence)
    rows = known(rows, measure)
    if measure == "right":
        return share_right(rows, confidence=confidence, quantity=NAMES[measure])
    return two_way_share(
        rows[measure],
        rows["rater_id"],
        rows["item_id"],
        confidence=confidence,
        quantity=NAMES[measure],
        measure=measure,
    )


def _pace(rows: pl.DataFrame, confidence: float) -> Estimate:
    if "seconds" in rows.columns and (rows["seconds"] > 0).any():
        timed, how = rows.filter(pl.col("seconds") > 0), "from seconds"
    elif "rated_at" in rows.columns:
        gap = pl.col("rated_at").diff().over("rater_id").dt.total_microseconds() / 1e6
        timed = rows.drop_nulls("rated_at").sort("rater_id", "rated_at").with_columns(gap.alias("seconds"))
        timed = timed.filter((pl.col("seconds") > 0) & (pl.col("seconds") <= LONGEST_GAP))
        how = "from gaps between moments of at most 15 minutes"
    else:
        raise NotEstimable(NO_TIMES, public=NO_TIMES)
    if timed.is_empty():
        raise NotEstimable("no judgment has a duration above 0")
    totals = [pl.len() * 3600.0, pl.col("seconds").sum()]
    return _ratio(timed, totals, "per_hour", f"{NAMES['per_hour']}, {how}", confidence)


def _cost(rows: pl.DataFrame, confidence: float) -> Estimate:
    if "cost" not in rows.columns or rows["cost"].is_null().all():
        raise NotEstimable(NO_COST, public=NO_COST)
    if not known(rows, "accepted")["accepted"].any():
        raise NotEstimable("no judgment of this group is known to be accepted")
    cost, accepted = pl.col("cost"), pl.col("accepted")
    rows = rows.filter(cost.is_not_null() | accepted.is_not_null())
    totals = [cost.sum(), cost.count(), accepted.count(), accepted.sum()]
    return _ratio(rows, totals, "cost_per_accepted", NAMES["cost_per_accepted"], confidence)


def _ratio(rows: pl.DataFrame, totals: list[pl.Expr], measure: Measure, quantity: str, confidence: float) -> Estimate:
    """The first total over the second, times the third over the fourth where there are four."""
    named = [total.cast(pl.Float64).alias(f"total {n}") for n, total in enumerate(totals)]
    parts = rows.group_by("rater_id").agg(named).drop("rater_id").to_numpy()
    four = parts.shape[1] == 4
    value, low, high = jackknife_ratio(
        parts,
        lambda t: t[..., 0] / t[..., 1] * (t[..., 2] / t[..., 3] if four else 1.0),
        confidence=confidence,
    )
    text = "Nothing varies between raters, so the interval has no width."
    return Estimate(
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        method=f"{quantity}; jackknife over raters, on the log scale",
        over="raters",
        cautions=() if low < high else (Caution("no_spread", text),),
        **rests_on(rows, measure),
    )
