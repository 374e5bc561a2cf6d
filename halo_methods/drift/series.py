"""Rows of standardised figures, one a period, for the charts."""

from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from .charts import standardised
from .periods import of_periods


def series(table: pd.DataFrame, *, baseline: int) -> NDArray:
    """One figure a period on one footing, begun anew with each version of the guideline.

    Judgments under two versions are two measurements, so each version's first
    `baseline` periods give its own centre and spread and are zero themselves,
    as are versions too short to be watched.

    Parameters
    ----------
    table : pandas.DataFrame
        Of `of_periods`.
    baseline : int
        Periods.

    Raises
    ------
    NotEstimable
        If no version lasts longer than the baseline, or none varies.

    Examples
    --------
    >>> table = pd.DataFrame({"mean": [1, 2, 3, 4, 9], "n": 1, "guideline": [*"aaaab"]})
    >>> series(table, baseline=3).tolist()
    [0.0, 0.0, 0.0, 2.0, 0.0]
    """
    z = np.zeros(len(table))
    reason: NotEstimable | None = None
    watched = False
    runs = (table["guideline"] != table["guideline"].shift()).cumsum()
    for _, part in table.reset_index(drop=True).groupby(runs.to_numpy()):
        try:
            made = standardised(part["mean"], part["n"], baseline=baseline)
        except NotEstimable as why:
            reason = reason or why
            continue
        made[:baseline] = 0
        z[part.index] = made
        watched = True
    if not watched:
        raise reason or NotEstimable("there is no period to watch")
    return z


def series_of(
    frame: pl.DataFrame, by: str, value: str = "y", *, baseline: int, anew: bool = True
) -> tuple[dict[str, NDArray], list[Any]]:
    """A row for each value of a column, all over the same periods; a period without judgments counts as zero.

    Parameters
    ----------
    frame : polars.DataFrame
        Of `dated` or `split_anchors`.
    by : str
        Column whose values get a chart each.
    value : str
        What is averaged.
    baseline : int
        Periods.
    anew : bool
        Begin anew with each version of the guideline; not needed for figures
        that compare raters under one version, such as ``gap``.

    Returns
    -------
    dict of str to ndarray, and the periods
        Values whose own judgments cannot give a baseline are left out.

    Raises
    ------
    NotEstimable
        If there is no such column, or no value of it can be watched.

    Examples
    --------
    >>> frame = pl.DataFrame({"period": [1, 2, 3, 4] * 2, "by": ["a"] * 4 + ["b"] * 4,
    ...                       "y": [0.0, 1.0, 0.5, 1.0, 0.0, 0.0, 0.0, 0.0]})
    >>> made, periods = series_of(frame, "by", baseline=3)
    >>> sorted(made), periods
    (['a'], [1, 2, 3, 4])
    """
    if by not in frame.columns:
        raise NotEstimable(f"there is no `{by}` column to chart by")
    whole = of_periods(frame, value)
    if not anew:
        whole["guideline"] = ""
    position = {p: i for i, p in enumerate(whole["period"])}
    made: dict[str, NDArray] = {}
    reason: NotEstimable | None = None
    for (name,), part in sorted(frame.filter(pl.col(by).is_not_null()).partition_by(by, as_dict=True).items()):
        own = of_periods(part, value)
        places = own["period"].map(position).to_numpy(int)
        own["guideline"] = whole["guideline"].to_numpy()[places]
        z = np.zeros(len(whole))
        try:
            z[places] = _masked(own, places, whole["guideline"].to_numpy(), baseline)
        except NotEstimable as why:
            reason = reason or why
            continue
        made[str(name)] = z
    if not made:
        raise reason or NotEstimable(f"no value of `{by}` can be watched")
    return made, list(whole["period"])


def _masked(own: pd.DataFrame, places: NDArray, versions: NDArray, baseline: int) -> NDArray:
    """As `series`, with the baseline counted in the periods of the whole table."""
    starts = np.r_[0, np.flatnonzero(versions[1:] != versions[:-1]) + 1, len(versions)]
    z, watched = np.zeros(len(own)), False
    reason: NotEstimable | None = None
    for start, end in pairwise(starts):
        inside = (places >= start) & (places < end)
        first = int((places[inside] < start + baseline).sum())
        if end - start <= baseline or inside.sum() <= first:
            reason = reason or NotEstimable(
                f"no version of the guideline lasts longer than the baseline of {baseline} periods; watch longer, or "
                "name a shorter `baseline`"
            )
            continue
        if first < max(3, baseline / 2):
            reason = reason or NotEstimable(f"{first} of the {baseline} periods of a baseline have judgments; too few")
            continue
        try:
            made = standardised(own["mean"][inside], own["n"][inside], baseline=first)
        except NotEstimable as why:
            reason = reason or why
            continue
        made[:first] = 0
        z[inside], watched = made, True
    if not watched:
        raise reason or NotEstimable("nothing to watch")
    return z
