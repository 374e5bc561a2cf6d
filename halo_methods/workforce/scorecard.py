"""A scorecard by vendor, or by any other column: volume, quality, delivery, cost, each with an interval."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right
from ..results import Estimate
from ..stats.between_groups import funnel, rank_intervals, shrink
from ..stats.checks import check_confidence
from ..stats.variance import cluster_codes, effective_sizes, icc_within_groups
from .group_figures import MISSING, Measure, each, grouped, judged, known

if TYPE_CHECKING:
    from matplotlib.figure import Figure

View = Literal["volume", "funnel", "league"]
VIEWS: dict[str, tuple[str, list[str]]] = {
    "volume": ("judgments", ["people", "items", "judgments", "checked", "cost", "per_hour"]),
    "funnel": (
        "funnel",
        ["people", "checked", "effective", "quality", "low95", "high95", "low998", "high998", "funnel"],
    ),
    "league": ("rank", ["people", "quality", "shrunken", "rank", "best", "worst"]),
}
FIGURES: dict[str, Measure] = {
    "quality": "right",
    "on_time": "on_time",
    "rework": "reworked",
    "per_hour": "per_hour",
    "cost_per_accepted": "cost_per_accepted",
}


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Groups side by side.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group; `by_group` lists the columns.
    estimates : dict of str to Estimate
        The share right of each group, unpooled.
    by : str
        What makes the groups.
    overall : Estimate or None
        Share right, all groups together.
    around : float or None
        The share the funnel is drawn around.
    missing : dict of str to str
        For each figure that is not there, why.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str
    overall: Estimate | None
    around: float | None
    missing: dict[str, str]

    def view(self, name: View) -> pd.DataFrame:
        """Some columns of the table: ``volume``, ``funnel`` or ``league``.

        Raises
        ------
        NotEstimable
            If the figure it is about could not be estimated for any group.
        BadOption
            For another name.
        """
        if name not in get_args(View):
            raise BadOption.of("name", name, get_args(View))
        need, columns = VIEWS[name]
        if need in self.missing:
            raise NotEstimable(self.missing[need])
        wanted = [part for column in columns for part in (column, f"{column}_low", f"{column}_high")]
        view = self.table[[self.by, *(c for c in wanted if c in self.table and self.table[c].notna().any())]]
        return view.sort_values(["rank", self.by], ignore_index=True) if name == "league" else view

    def plot(self) -> "Figure":
        """The share right of each group against the lines that luck draws."""
        from .. import plots

        if self.around is None:
            raise NotEstimable(self.missing["funnel"])
        return plots.funnel(self.table, self.by, around=self.around)


def by_vendor(j: Judgments, *, confidence: float = 0.95) -> Scorecard:
    """Set vendors side by side; see `by_group`.

    Examples
    --------
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % 10 else "y", "x", v)
    ...         for v in ("north", "south", "west") for r in range(3) for i in range(40)]
    >>> card = by_vendor(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))
    >>> card.table[["people", "judgments", "quality"]].iloc[0].tolist(), card.table["funnel"].tolist()
    ([3.0, 120.0, 0.9], ['inside', 'inside', 'inside'])
    """
    return by_group(j, "vendor", confidence=confidence)


def by_group(j: Judgments, column: str, *, confidence: float = 0.95) -> Scorecard:
    """Set vendors, locales, queues or the groups of any other column side by side.

    They are *compared* only by `comparisons`, which asks whether their work can be
    compared at all.

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
        ``per_hour``; ``checked`` (judgments with gold or an audit) and
        ``quality`` (share right, unpooled, with its interval over items and
        raters; ``over`` says when items only); ``shrunken``
        (`halo_methods.stats.between_groups.shrink`, for ranking and planning),
        ``rank``, ``best``, ``worst`` (`halo_methods.stats.between_groups.rank_intervals`);
        ``effective``, the limits and ``funnel`` (`halo_methods.stats.between_groups.funnel`);
        ``on_time``, ``rework``; ``cost`` (in all) and ``cost_per_accepted``.
        Each figure ``x`` has ``x_low`` and ``x_high``.

    Raises
    ------
    NotEstimable
        If there is no such column, or it has no value at all.
    """
    check_confidence(confidence)
    frame = judged(as_judgments(j))
    groups = grouped(frame, column)
    if set(groups) == {MISSING}:
        raise NotEstimable(f"the column {column} is empty", public=f"the column {column} is empty")
    volume = [pl.col("rater_id").n_unique().alias("people"), pl.col("item_id").n_unique().alias("items")]
    volume += [pl.len().alias("judgments"), *([pl.col("cost").sum()] if "cost" in frame.columns else [])]
    rows = [{column: group, **part.select(volume).row(0, named=True)} for group, part in groups.items()]
    missing: dict[str, str] = {}
    quality: dict[str, Estimate] = {}
    for name, measure in FIGURES.items():
        estimates, reasons = each(groups, measure, confidence)
        quality = estimates if name == "quality" else quality
        if not estimates:
            missing[name] = str(next(iter(reasons.values())))
        for row in rows:
            if estimate := estimates.get(row[column]):
                row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
                row |= {"over": estimate.over, "checked": estimate.n_judgments} if name == "quality" else {}
    table, overall, around = pd.DataFrame(rows), None, None
    if quality:
        marked = known(frame, "right")
        overall = share_right(marked, confidence=confidence, quantity="share right, all groups together")
        placed, around = _placed(marked, column, confidence, missing)
        table = table.merge(placed, on=column, how="left")
    else:
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), missing["quality"])
    return Scorecard(table=table, estimates=quality, by=column, overall=overall, around=around, missing=missing)


def _placed(
    marked: pl.DataFrame, column: str, confidence: float, missing: dict[str, str]
) -> tuple[pd.DataFrame, float | None]:
    """Funnel, shrinkage and ranks of each group, and what the funnel is drawn around; why not goes to ``missing``."""
    names = marked[column].cast(pl.String).fill_null(MISSING)
    values, group = np.unique(names.to_numpy(), return_inverse=True)
    raters, items = cluster_codes(marked["rater_id"]), cluster_codes(marked["item_id"])
    right, placed = marked["right"].to_numpy(), pd.DataFrame({column: values})
    (of_raters, df), (of_items, _) = (icc_within_groups(right, group, unit) for unit in (raters, items))
    if df < 1:
        reason = "no group has two raters, so the spread between raters cannot be told from luck"
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), reason)
        return placed, None
    k, n = np.bincount(group, weights=right), np.bincount(group)
    placed["effective"] = effective = effective_sizes(group, (raters, of_raters), (items, of_items))
    centre = k.sum() / n.sum()
    variances = max(centre * (1 - centre), 1e-4) / effective
    columns: dict[str, Callable[[], dict[str, Any]]] = {
        "funnel": lambda: vars(funnel(k, n, effective=effective, df=df)),
        "shrunken": lambda: vars(shrink(k / n, variances, confidence=confidence)),
        "rank": lambda: vars(rank_intervals(k / n, variances, confidence=confidence)),
    }
    for name, figures in columns.items():
        try:
            placed = placed.assign(**figures())
        except NotEstimable as reason:
            missing[name] = str(reason)
    renamed = {"where": "funnel", "values": "shrunken", "low": "shrunken_low", "high": "shrunken_high"}
    around = float(placed["centre"].iloc[0]) if "centre" in placed else None
    return placed.drop(columns=["centre", "weight"], errors="ignore").rename(columns=renamed), around
