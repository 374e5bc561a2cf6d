"""Where things stand now: the change since the baseline, each rater's, and what the charts cost in false alarms."""

from dataclasses import replace

import pandas as pd
import polars as pl

from ..stats import proportion
from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate
from .changes import by_part, difference, on_anchors, on_fresh
from .many import expected_estimate
from .periods import Period, dated, split_anchors
from .watch import What, in_use, watch, watch_each

_RATER = ("rater_id", "n_before", "n_after", "change", "low", "high")


def change_now(j: Judgments, what: What = "anchors", *, period: Period = "D", baseline: int = 30) -> Estimate:
    """How far the figure has moved since the baseline of the guideline in use, whichever way.

    For ``anchors`` each item against itself; for ``fresh`` the change beyond
    that on anchors, which is what the items bring.

    Returns
    -------
    Estimate
        The size of the change, from 0, as a share of the scale; its interval is that of the change, folded at 0.

    Raises
    ------
    NotEstimable
        If the guideline in use has no periods after its baseline, or no items are there to compare.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> change_now(j).value < 0.1
    True
    """
    frame = in_use(dated(j, period=period))
    periods = frame["period"].unique().sort()
    if len(periods) <= baseline:
        raise NotEstimable(
            f"the guideline in use has been in use for {len(periods)} periods, and its baseline takes {baseline}; "
            "watch longer, or name a shorter `baseline`"
        )
    before, after = (frame.filter(side) for side in (pl.col("period") < periods[baseline],
                                                     pl.col("period") >= periods[baseline]))  # fmt: skip
    anchors = on_anchors(before, after)
    return folded(anchors if what == "anchors" else difference(on_fresh(before, after), anchors))


def rater_changes(j: Judgments, *, period: Period = "D", baseline: int = 30, rate: float = 0.10) -> pd.DataFrame:
    """Each rater on anchors against the other raters: the last `baseline` periods beside the first.

    Returns
    -------
    pandas.DataFrame
        As `by_part`: ``rater_id``, ``n_before``, ``n_after``, ``change``, ``low``, ``high``, ``listed``.

    Raises
    ------
    NotEstimable
        If there are no anchors, fewer than three raters, or fewer than two baselines of periods.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> rater_changes(j)["rater_id"].iloc[0]
    'r07'
    """
    frame = dated(j, period=period)
    periods = frame["period"].unique().sort()
    anchors = split_anchors(frame)[0].with_columns(pl.col("gap").alias("y"))
    if anchors["rater_id"].n_unique() < 3:
        raise NotEstimable("a rater is held against the others on the same anchors; it takes three raters")
    if len(periods) < 2 * baseline:
        raise NotEstimable(
            f"first and last {baseline} periods overlap: there are {len(periods)}; watch longer, or name a shorter "
            "`baseline`"
        )
    first, last = (anchors.filter(side) for side in (pl.col("period") < periods[baseline],
                                                     pl.col("period") >= periods[-baseline]))  # fmt: skip
    return by_part(first, last, "rater_id", rate=rate)


def rater_estimates(table: pd.DataFrame) -> dict[str, Estimate]:
    """The size of each rater's change, from `rater_changes`, as estimates by rater.

    Examples
    --------
    >>> table = pd.DataFrame({"rater_id": ["r"], "n_before": [9], "n_after": [9], "change": [-.2], "low": [-.3],
    ...                       "high": [-.1]})
    >>> rater_estimates(table)["r"].interval
    '95% interval 0.1 to 0.3 over items'
    """
    made = {}
    how = "a rater's change on anchors against the other raters; Welch's interval"
    for rater, before, after, value, low, high in table[[*_RATER]].itertuples(index=False, name=None):
        n = int(before) + int(after)
        made[str(rater)] = folded(
            Estimate(
                value=float(value), low=low, high=high, n_items=n, n_raters=1, n_judgments=n, method=how, over="items"
            )
        )
    return made


def anchor_share(j: Judgments, *, period: Period = "D") -> Estimate:
    """Share of judgments that are of anchors: items that came back in three periods, and to one rater at least twice.

    Raises
    ------
    NotEstimable
        If nothing is dated, no item comes back, or none comes back to the same rater.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> anchor_share(j).value
    0.5
    """
    anchors, fresh = split_anchors(dated(j, period=period))
    times = anchors.group_by("item_id", "rater_id").agg(pl.col("period").n_unique().alias("times"))
    again = anchors.filter(pl.col("item_id").is_in(times.filter(pl.col("times") > 1)["item_id"].implode()))
    if again.is_empty():
        raise NotEstimable(
            "items come back, but none to the same rater, so they are overlap and no anchors; give every rater the "
            "same known items again, a few each week"
        )
    both = pl.concat([anchors["item_id"], fresh["item_id"]]), pl.concat([anchors["rater_id"], fresh["rater_id"]])
    items, raters = (ids.n_unique() for ids in both)
    method = "share of judgments that are of anchors; Wilson's score interval"
    return replace(proportion(len(again), len(both[0])), n_items=items, n_raters=raters, method=method)


def expected_now(
    j: Judgments, by: str | None = None, *, period: Period = "D", baseline: int = 30, run_length: float = 500
) -> Estimate:
    """False alarms to expect in 30 periods over all the charts that can be drawn, if nothing changes.

    Raises
    ------
    NotEstimable
        If nothing is dated, or no chart can be drawn.

    Examples
    --------
    >>> from halo_methods import read_judgments, reports
    >>> j = read_judgments(reports.sample("drift"), scale=["poor", "fair", "good"], level="ordinal")
    >>> round(expected_now(j, "slice").value, 2)
    0.9
    """
    charts, reason = 0, None
    for make in (lambda: watch(j, "fresh", period=period, baseline=baseline, run_length=run_length),
                 lambda: watch(j, "anchors", period=period, baseline=baseline, run_length=run_length)):  # fmt: skip
        try:
            make()
            charts += 1
        except NotEstimable as why:
            reason = reason or why
    for column in ("rater_id", *([by] if by else [])):
        try:
            charts += len(watch_each(j, column, period=period, baseline=baseline, run_length=run_length)[0].charts)
        except NotEstimable as why:
            reason = reason or why
    if not charts:
        raise reason or NotEstimable("no chart can be drawn")
    return expected_estimate(charts, run_length)


def folded(change: Estimate) -> Estimate:
    """A change without its direction: the size, and its interval from 0.

    Examples
    --------
    >>> folded(Estimate(value=-.1, low=-.3, high=.1, n_items=9, n_raters=9, n_judgments=99, method="a change", over="items")).interval
    '95% interval 0 to 0.3 over items'
    """
    low = 0.0 if change.low <= 0 <= change.high else min(abs(change.low), abs(change.high))
    high = max(abs(change.low), abs(change.high))
    return Estimate(
        value=abs(change.value),
        low=low,
        high=high,
        confidence=change.confidence,
        n_items=change.n_items,
        n_raters=change.n_raters,
        n_judgments=change.n_judgments,
        method=f"size of the {change.method}",
        over=change.over,
        cautions=change.cautions,
    )
