"""What became of each judgment, and one figure per group of them, unpooled, with its interval over raters."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Literal, get_args

import pandas as pd
import polars as pl
import polars.selectors as cs
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import codes, once_a_table
from ..judgments.dates import moment
from ..judgments.marking import CHANCE, share_right
from ..judgments.table import GROUPING, categorised, in_order, rests_on
from ..results import Caution, Estimate, Figure, around
from ..stats.checks import check_confidence
from ..stats.means import jackknife_ratio
from ..stats.proportions import two_way_share

Measure = Literal["right", "accepted", "reworked", "on_time", "per_hour", "cost_per_accepted"]
NAMES = {
    "right": "share right on gold or audit",
    "accepted": "share accepted",
    "reworked": "share done again",
    "on_time": "share on time",
    "per_hour": "judgments an hour",
    "cost_per_accepted": "cost of an accepted judgment",
}
COLUMNS = {"right": (CHANCE, "label"), "per_hour": ("seconds", "rated_at"), "cost_per_accepted": ("cost", "accepted")}
LONGEST_GAP = 900.0
NO_MOMENTS = "a comparison over time needs the column `rated_at`"
NO_TIMES = "pace needs `seconds` or `rated_at`"
NO_COST = "cost per accepted judgment needs the column `cost`"
ROW = "row of the table"
MISSING = "(missing)"
NEEDS = {
    "right": "no judged item has a gold answer or an audit label; add a `gold` column, or rows of stage `audit`",
    "accepted": "nothing says which work was accepted: no gold, no rows of stage `audit`, none of stage `review`",
    "reworked": "nothing shows rework: there is no `round` with a second round and no row of stage `review`",
    "on_time": "timeliness needs `due` and `rated_at`, both ISO 8601 and both in at least one row",
}


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

    def plot(self) -> Figure:
        """The figures with their intervals, or a panel per group where the rows are weeks."""
        from .. import plots

        name = NAMES[self.measure]
        if "week" in self.table:
            return plots.by_week(self.table, self.by, value=self.measure, unit=name)
        return plots.intervals(self.table, self.by, self.measure, bar=self.bar, unit=name, title=name.capitalize())


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
        The first four are shares.
        First: right on gold or audit. Second: right, or where neither exists not overturned, and not done again.
        Third: overturned by a reviewer or done again in a later round. Fourth: not later than ``due``.
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
    BadOption.unless("measure", measure, get_args(Measure))
    check_confidence(confidence)
    frame = judged(as_judgments(j))
    if weekly:
        frame = _by_week(frame)
    parts: dict[tuple[str, str], pl.DataFrame] = {}
    for group, part in grouped(frame, column, measure).items():
        weeks = grouped(part, "week") if weekly else {"": part}
        parts |= {(group, week): rows for week, rows in weeks.items()}
    estimates = each(parts, measure, confidence)
    rows = [(*key, e.n_raters, e.n_judgments, e.value, e.low, e.high, e.over) for key, e in estimates.items()]
    table = pd.DataFrame(rows, columns=[column, "week", "people", "judgments", measure, "low", "high", "over"])
    table = table if weekly else table.drop(columns="week")
    by_group = {} if weekly else {group: estimate for (group, _), estimate in estimates.items()}
    return GroupFigures(table=table, estimates=by_group, by=column, measure=measure, bar=bar)


def weeks_checked(j: Judgments, column: str = "vendor") -> dict[str, Estimate]:
    """Count the weeks (Monday to Sunday, UTC) in which each group has checked work.

    Parameters
    ----------
    j, column
        As for `rates`.

    Raises
    ------
    NotEstimable
        Without ``rated_at``, without the grouping column, or if nothing is known to be right or wrong.

    Examples
    --------
    >>> rows = [("a", "r", "x", "x", "north", "2026-03-01"), ("b", "r", "x", "x", "north", "2026-03-02")]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor", "rated_at"])
    >>> weeks_checked(j)["north"].value
    2.0
    """
    frame = known(judged(as_judgments(j)), "right")
    method = "weeks with judgments that are known to be right or wrong"
    return {
        group: Estimate.count(rows["week"].n_unique(), method=method, **rests_on(rows, "weeks"))
        for group, rows in grouped(_by_week(frame), column).items()
    }


def _by_week(frame: pl.DataFrame) -> pl.DataFrame:
    """The dated rows with the Monday of their week, as text, in the column ``week``."""
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        raise NotEstimable(NO_MOMENTS, public=True)
    monday = pl.col("rated_at").dt.truncate("1w").dt.strftime("%Y-%m-%d")
    return frame.with_columns(monday.alias("week")).drop_nulls("week")


def each(groups: Mapping[Any, pl.DataFrame], measure: Measure, confidence: float) -> dict[Any, Estimate]:
    """The figure of each group that has it.

    Raises
    ------
    NotEstimable
        If none has, with the reason of the first.
    """
    estimates, reasons = {}, []
    for group, rows in groups.items():
        try:
            estimates[group] = figure(rows, measure, confidence)
        except NotEstimable as reason:
            reasons.append(reason.with_traceback(None))  # whose frames hold the rows
    if not estimates:
        raise reasons.pop(0)
    return estimates


def figure(rows: pl.DataFrame, measure: Measure, confidence: float) -> Estimate:
    """The figure of one group's judgments."""
    if measure == "per_hour":
        return _pace(rows, confidence)
    if measure == "cost_per_accepted":
        return _cost(rows, confidence)
    rows = known(rows, measure)
    if measure == "right":
        return share_right(rows, confidence=confidence, quantity=NAMES[measure])
    columns = (rows[c] for c in (measure, "rater_id", "item_id"))
    return two_way_share(*columns, confidence=confidence, quantity=NAMES[measure], measure=measure)


def _pace(rows: pl.DataFrame, confidence: float) -> Estimate:
    if "seconds" in rows.columns and (rows["seconds"] > 0).any():
        timed, how = rows.filter(pl.col("seconds") > 0), "from seconds"
    elif "rated_at" in rows.columns:
        gap = pl.col("rated_at").diff().over("rater_id").dt.total_microseconds() / 1e6
        timed = rows.drop_nulls("rated_at").sort("rater_id", "rated_at").with_columns(gap.alias("seconds"))
        timed = timed.filter((pl.col("seconds") > 0) & (pl.col("seconds") <= LONGEST_GAP))
        how = "from gaps between moments of at most 15 minutes"
    else:
        raise NotEstimable(NO_TIMES, public=True)
    if timed.is_empty():
        raise NotEstimable("no judgment has a duration above 0")
    totals = [pl.len() * 3600.0, pl.col("seconds").sum()]
    return _ratio(timed, totals, "per_hour", f"{NAMES['per_hour']}, {how}", confidence)


def _cost(rows: pl.DataFrame, confidence: float) -> Estimate:
    if "cost" not in rows.columns or rows["cost"].is_null().all():
        raise NotEstimable(NO_COST, public=True)
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
    ends = jackknife_ratio(parts, lambda t: (t[..., ::2] / t[..., 1::2]).prod(axis=-1), confidence=confidence)
    method = f"{quantity}; jackknife over raters, on the log scale"
    ratio = Estimate(**around(*ends), confidence=confidence, method=method, over="raters", **rests_on(rows, measure))
    text = "Nothing varies between raters, so the interval has no width."
    return ratio if ratio.low < ratio.high else ratio.with_cautions(Caution("no_spread", text))


@once_a_table
def judged(j: Judgments) -> pl.DataFrame:
    """What became of each judgment of stage `label`, once for a table.

    Parameters
    ----------
    j : Judgments
        One criterion; people only where the table tells people from models. Rows
        of the stages `audit` and `review` are looked up by item; where reviewers
        of an item differ, it has no answer from them.

    Returns
    -------
    polars.DataFrame
        The columns of the table, items and raters as categories, and

        - ``right``: as `Judgments.marked` has it; missing where nothing is known;
        - ``overturned``: the reviewer's label differs; missing without a review;
        - ``reworked``: the reviewer's label differs, or the same rater judges
          the item again in a later round; missing where the table has neither
          reviews nor a second round;
        - ``accepted``: not done again, and right, or where neither exists, not
          overturned; missing where nothing is known;
        - ``on_time``: ``rated_at`` is not after ``due``; missing without them.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "label"), ("b", "r1", "x", "label"), ("a", "q", "y", "audit")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"]))
    >>> judged(j)["right"].to_list()
    [False, None]
    """
    people = j.people()
    ours = (ROW, "right", "overturned", "_review", "_redone")
    people = replace(people, frame=people.frame.drop(*ours, strict=False).with_row_index(ROW))
    frame = people.one().frame
    right = frame.select(ROW, pl.lit(None, pl.Boolean).alias("right")).clear()
    with suppress(NotEstimable):
        right = people.marked().select(ROW, "right", cs.by_name(CHANCE, require_all=False))
    keys = [c for c in ("item_id", "criterion") if c in frame.columns]
    found = frame.select(ROW, *keys).join(right, on=ROW, how="left", maintain_order="left")
    found = found.join(_reviewed(people, keys), on=keys, how="left", maintain_order="left", nulls_equal=True)
    frame = frame.drop(CHANCE, strict=False).with_columns(found.drop(ROW, *keys))  # the other columns are not copied
    frame = frame.with_columns(
        (pl.col("label") != pl.col("_review")).alias("overturned"), _redone(frame, people.rounds).alias("_redone")
    )
    known = frame["overturned"].is_not_null().any() or frame["_redone"].any()
    reworked = (pl.col("overturned").fill_null(False) | pl.col("_redone")) if known else pl.lit(None, pl.Boolean)
    accepted = pl.when("_redone").then(False).otherwise(pl.coalesce("right", ~pl.col("overturned")))
    outcome = [reworked.alias("reworked"), accepted.alias("accepted"), _on_time(frame).alias("on_time")]
    return categorised(frame.with_columns(outcome).drop(ROW, "_review", "_redone"))


def known(frame: pl.DataFrame, flag: str) -> pl.DataFrame:
    """The rows whose flag is known.

    Raises
    ------
    NotEstimable
        If there are none; the reason says which column to add.
    """
    rows = frame.filter(pl.col(flag).is_not_null())
    if rows.is_empty():
        raise NotEstimable(NEEDS[flag], public=NEEDS[flag])
    return rows


def grouped(frame: pl.DataFrame, column: str, measure: Measure | None = None) -> dict[str, pl.DataFrame]:
    """The rows of each value of a column, sorted; rows without a value are a group of their own, last.

    With a measure, only the columns that it needs, of rows where it is known.

    Raises
    ------
    NotEstimable
        If there is no such column.
    BadOption
        If each row would be a group of its own.
    """
    if column in ("rater_id", "item_id"):
        raise BadOption(f"column is {column!r}, which makes no groups; allowed: a column such as vendor or locale")
    if column not in frame.columns:
        there = [c for c in GROUPING if c in frame.columns]
        advice = f"name another with `by`: {', '.join(there)}" if there else f"add one of {', '.join(GROUPING)}"
        raise NotEstimable(f"the data has no column {column} to group by; {advice}")
    if measure:
        wanted = {column, "item_id", "rater_id", "week", measure, *COLUMNS.get(measure, ())}
        frame = frame.select(c for c in frame.columns if c in wanted)
        frame = known(frame, measure) if measure in NEEDS else frame
    parts = frame.partition_by(column, as_dict=True)
    order = in_order([key[0] for key in parts])
    return {MISSING if value is None else str(value): parts[(value,)] for value in order}


def _reviewed(j: Judgments, keys: Sequence[str]) -> pl.DataFrame:
    """One label per item from its reviewers, where they agree."""
    stages = set(j.frame["stage"].unique()) if "stage" in j.columns else set()
    reviews = j.only(stage="review").frame if {"label", "review"} <= stages else j.frame.clear()
    labels = reviews.group_by(keys).agg(pl.col("label").unique())
    return labels.filter(pl.col("label").list.len() == 1).select(*keys, pl.col("label").list.first().alias("_review"))


def _redone(frame: pl.DataFrame, rounds: Sequence[str]) -> pl.Series:
    if "round" not in frame.columns:
        return pl.repeat(False, frame.height, eager=True)
    order = {value: n for n, value in enumerate(rounds)}
    place = pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64)
    return frame.select((place < place.max().over("item_id", "rater_id")).alias("redone"))["redone"]


def _on_time(frame: pl.DataFrame) -> pl.Series:
    if not {"due", "rated_at"} <= set(frame.columns):
        return pl.repeat(None, frame.height, dtype=pl.Boolean, eager=True)
    moments: dict[str, datetime] = {}
    for text in frame["due"].cast(pl.String).unique().drop_nulls():
        with suppress(ValueError):
            moments[text] = moment(text.strip())[0].replace(tzinfo=None)
    due = frame["due"].cast(pl.String).replace_strict(moments, default=None, return_dtype=pl.Datetime("us"))
    return frame["rated_at"] <= due.dt.replace_time_zone("UTC")


def places(j: Judgments, labels: pl.Series) -> pl.Series:
    """Where each label stands from 0 to 1: by its number, or on an ordinal scale by the middle of its ranks."""
    if j.level == "ordinal":
        at, ends = stats.rankdata(codes(j.labels, labels)), None
    else:
        at, ends = labels.cast(pl.Float64).to_numpy(), j.scale
    low, high = (float(end) for end in ((ends[0], ends[-1]) if ends else (at.min(), at.max())))
    return pl.Series((at - low) / ((high - low) or 1.0))
