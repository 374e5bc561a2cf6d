"""A scorecard by vendor, or by any other column: volume, quality, delivery, cost, each with an interval."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import pandas as pd
import polars as pl

from ..calibration.reference import people
from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate
from .funnel import Spread, effective_sizes, funnel, rank_intervals, shrink, spread
from .measures import Flag, cost_per_accepted, share_of, throughput
from .outcomes import grouped, known, outcomes

VIEWS = {
    "volume": ["people", "items", "judgments", "checked", "per_hour", "per_hour_low", "per_hour_high"],
    "quality": ["people", "checked", "quality", "quality_low", "quality_high", "over", "shrunken", "shrunken_low",
                "shrunken_high", "funnel"],
    "funnel": ["people", "checked", "effective", "quality", "low95", "high95", "low998", "high998", "funnel"],
    "league": ["people", "quality", "quality_low", "quality_high", "shrunken", "rank", "best", "worst"],
    "delivery": ["people", "on_time", "on_time_low", "on_time_high", "rework", "rework_low", "rework_high"],
    "cost": ["people", "cost", "cost_per_accepted", "cost_per_accepted_low", "cost_per_accepted_high"],
}  # fmt: skip
NEEDS = {"volume": "judgments", "quality": "quality", "funnel": "funnel", "league": "rank", "delivery": "on_time",
         "cost": "cost_per_accepted"}  # fmt: skip
FLAGS: dict[str, Flag] = {"quality": "right", "on_time": "on_time", "rework": "reworked"}


@dataclass(frozen=True)
class Scorecard:
    """What `by_group` returns.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group; `by_group` lists the columns.
    column : str
        What makes the groups.
    overall : Estimate or None
        Share right, all groups together.
    spread : Spread or None
        How judgments hang together by rater and item, behind the funnel.
    around : float or None
        The share the funnel is drawn around (`funnel`).
    missing : dict of str to str
        For each figure that is not there, why.
    """

    table: pd.DataFrame
    column: str
    overall: Estimate | None
    spread: Spread | None
    around: float | None
    missing: dict[str, str]

    def view(self, name: str) -> pd.DataFrame:
        """Some columns of the table: ``volume``, ``quality``, ``funnel``, ``league``, ``delivery``, ``cost``.

        Raises
        ------
        NotEstimable
            If the figure it is about could not be estimated for any group.
        """
        need = NEEDS[name]
        if name == "delivery" and "on_time" in self.missing and "rework" not in self.missing:
            need = "rework"
        if need in self.missing:
            raise NotEstimable(self.missing[need])
        shown = [c for c in VIEWS[name] if c in self.table.columns and self.table[c].notna().any()]
        if "over" in shown and (self.table["over"].dropna() == "items and raters").all():
            shown.remove("over")
        made = self.table[[self.column, *shown]]
        return made.sort_values(["rank", self.column], ignore_index=True) if name == "league" else made


def by_vendor(j: Judgments, *, confidence: float = 0.95) -> Scorecard:
    """The scorecard of the vendors; see `by_group`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % 10 else "y", "x", v)
    ...         for v in ("north", "south", "west") for r in range(3) for i in range(40)]
    >>> made = by_vendor(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])))
    >>> made.table[["people", "judgments", "quality"]].iloc[0].tolist(), made.table["funnel"].tolist()
    ([3.0, 120.0, 0.9], ['inside', 'inside', 'inside'])
    """
    return by_group(j, "vendor", confidence=confidence)


def by_group(j: Judgments, column: str, *, confidence: float = 0.95) -> Scorecard:
    """A scorecard by vendor, locale, queue or any other column.

    The groups stand side by side here; they are *compared* only by `compare`,
    which asks whether their work can be compared at all.

    Parameters
    ----------
    j : Judgments
        One criterion. Models are left out where ``rater_type`` tells them apart.
    column : str
        What makes the groups; rows without a value are the group ``(missing)``.
    confidence : float
        Of each interval.

    Returns
    -------
    Scorecard
        ``.table`` has, besides the group: ``people``, ``items``, ``judgments``;
        ``per_hour`` (`throughput`); ``checked`` (judgments with gold or an
        audit) and ``quality`` (share right, unpooled, with its interval over
        items and raters; ``over`` says when items only); ``shrunken`` (`shrink`,
        for ranking and planning), ``rank``, ``best``, ``worst``
        (`rank_intervals`); ``effective``, the limits and ``funnel``
        (`funnel`); ``on_time``, ``rework``; ``cost`` (in all) and
        ``cost_per_accepted``. Each figure ``x`` has ``x_low`` and ``x_high``.

    Raises
    ------
    NotEstimable
        If there is no such column, or it has no value at all.
    """
    frame = outcomes(people(j))
    groups = grouped(frame, column)
    if all(rows[column].is_null().all() for _, rows in groups):
        raise NotEstimable(f"the column {column} is empty")
    missing: dict[str, str] = {}
    rows = [{column: name, "people": part["rater_id"].n_unique(), "items": part["item_id"].n_unique(),
             "judgments": part.height} for name, part in groups]  # fmt: skip
    for name, flag in FLAGS.items():
        _add(rows, groups, name, missing, partial(_share, flag=flag, confidence=confidence))
    _add(rows, groups, "per_hour", missing, lambda part: throughput(part, confidence=confidence))
    _add(rows, groups, "cost_per_accepted", missing, lambda part: cost_per_accepted(part, confidence=confidence))
    if "cost" in frame.columns:
        for row, (_, part) in zip(rows, groups, strict=True):
            row["cost"] = float(part["cost"].sum())
    table, found, around = pd.DataFrame(rows), None, None
    overall = None
    if "quality" not in missing:
        marked = known(frame, "right").with_columns(pl.col(column).cast(pl.String).fill_null("(missing)"))
        overall = share_of(marked, "right", confidence=confidence)
        table, found, around = _placed(table, marked, column, confidence, missing)
    else:
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), missing["quality"])
    return Scorecard(table, column, overall, found, around, missing)


def _share(part: pl.DataFrame, *, flag: Flag, confidence: float) -> Estimate:
    return share_of(known(part, flag), flag, confidence=confidence)


def _add(
    rows: list[dict[str, Any]], groups: list[tuple[str, pl.DataFrame]], name: str, missing: dict[str, str],
    figure: Callable[[pl.DataFrame], Estimate],
) -> None:  # fmt: skip
    reasons = []
    for row, (_, part) in zip(rows, groups, strict=True):
        try:
            made = figure(part)
        except NotEstimable as reason:
            reasons.append(str(reason))
            continue
        row |= {name: made.value, f"{name}_low": made.low, f"{name}_high": made.high}
        if name == "quality":
            row |= {"over": made.over, "checked": made.n_judgments}
    if len(reasons) == len(rows):
        missing[name] = reasons[0]


def _placed(
    table: pd.DataFrame, marked: pl.DataFrame, column: str, confidence: float, missing: dict[str, str]
) -> tuple[pd.DataFrame, Spread | None, float | None]:
    """The table with funnel, shrinkage and ranks, or the reasons why not."""
    try:
        found = spread(marked, column)
    except NotEstimable as reason:
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), str(reason))
        return table, None, None
    sizes = effective_sizes(marked, column, found)
    centre = sizes["right"].sum() / sizes["n"].sum()
    variances = max(centre * (1 - centre), 1e-4) / sizes["effective"]
    values, parts, around = sizes["right"] / sizes["n"], [sizes[[column]]], None
    try:
        placed = funnel(sizes["right"], sizes["n"], effective=sizes["effective"], df=found.df)
        parts.append(placed.drop(columns="rate").rename(columns={"where": "funnel"}))
        around = float(placed.attrs["around"])
    except NotEstimable as reason:
        missing["funnel"] = str(reason)
    try:
        drawn = shrink(values, variances, confidence=confidence).drop(columns="weight")
        parts.append(drawn.rename(columns={"low": "shrunken_low", "high": "shrunken_high"}))
    except NotEstimable as reason:
        missing["shrunken"] = str(reason)
    try:
        parts.append(rank_intervals(values, variances, confidence=confidence))
    except NotEstimable as reason:
        missing["rank"] = str(reason)
    return table.merge(pd.concat(parts, axis=1), on=column, how="left"), found, around
