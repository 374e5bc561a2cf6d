"""Judgments as numbers, with the repeats, groups and clauses there are, and what to collect for the rest."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..results import counted
from ..stats.crossed import Ints
from .label_values import as_values, coded
from .pair_distances import Rows
from .variance_parts import level_rounds

GROUPS = ("vendor", "locale", "queue")
FEWEST_REPEATS, MOST_LABELS = 10, 50


@dataclass(frozen=True, kw_only=True)
class Design:
    """Judgments as numbers, with the repeats, groups and clauses there are.

    Attributes
    ----------
    rows : Rows
    nominal : bool
        Whether labels have no order.
    collect : dict of str to str
        What to collect, by the source that it would show.
    groups : str or None
        The column of groups that meet on items.
    clauses : list of str
        Names of the clauses.
    """

    rows: Rows
    nominal: bool
    collect: dict[str, str]
    groups: str | None
    clauses: list[str]


@once_a_table
def design_of(j: Judgments, groups: str | None = None, clause: str = "clause") -> Design:
    """The judgments of one criterion and stage as numbers, and what they lack."""
    j = j.one()
    try:
        number, unit = as_values(j)
        nominal = unit.startswith("share of")
    except NotEstimable:
        number, nominal = np.array([]), True
        if len(j.labels) > MOST_LABELS:
            raise NotEstimable(
                f"labels take {len(j.labels):,} values and are nominal; disagreement needs {MOST_LABELS} or fewer"
            ) from None
    values = np.stack([as_values(j, str(x))[0] for x in j.labels], axis=1) if nominal else number[:, None]
    keys = ["item_id", "rater_id", *(["round"] if "round" in j.columns else [])]
    frame = j.frame.select(*keys).with_columns(pl.Series("row", np.arange(len(values))))
    if not nominal:
        values = level_rounds(frame.with_columns(pl.Series("y", values[:, 0])))[0]["y"].to_numpy()[:, None]
    item, rater = coded(j.frame["item_id"]), coded(j.frame["rater_id"])
    order = coded(j.frame["round"].fill_null("")) if "round" in j.columns else np.zeros(len(item), dtype=np.int64)
    if j.n_raters < 2 or j.n_items < 2:
        raise NotEstimable(f"{counted(j.n_items, 'item')} and {counted(j.n_raters, 'rater')}: it takes two of each")
    by = np.lexsort((order, rater, item))
    item, rater, values = item[by], rater[by], values[by]
    start = np.r_[True, (np.diff(item) != 0) | (np.diff(rater) != 0)]
    cell, first = np.cumsum(start) - 1, np.flatnonzero(start)
    size = np.bincount(cell)
    mean = np.stack([np.bincount(cell, v) for v in values.T], axis=1) / size[:, None]
    spread = np.bincount(cell, ((values - mean[cell]) ** 2).sum(axis=1)) / np.maximum(size - 1, 1)
    again = size > 1
    collect = {}
    if again.sum() < FEWEST_REPEATS:
        collect["noise"] = "collect retests: let each rater judge 20 items again two weeks later, drawn at random"
    column, group = _groups(j, groups)
    if group is None:
        collect["perspective"] = (
            f"let raters of two groups of {column} judge the same items; no item has labels of two"
            if column
            else "collect each rater's group in a column fixed beforehand (market, vendor, user group), "
            "two raters or more a group"
        )
        column = None
    code, names = _clause_of(j, clause)
    if code is None:
        collect["clause"] = f"collect the guideline clause of each item in a column `{clause}`, for two clauses or more"
    made = Rows(
        item[first], rater[first], values[first], item[first][again], rater[first][again],
        spread[again] if "noise" not in collect else spread[:0], group, code,
    )  # fmt: skip
    if "noise" in collect:
        made = Rows(made.item, made.rater, made.y, item[:0], rater[:0], spread[:0], group, code)
    return Design(rows=made, nominal=nominal, collect=collect, groups=column, clauses=names)


def perspective_groups(j: Judgments, groups: str | None = None) -> str:
    """The column of rater groups to compare: the one named, else vendor, locale or queue, the first that fits.

    Raises
    ------
    NotEstimable
        If none gives every rater one group, and two groups two raters each,
        or if no item has labels of two groups.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", f"{v}{r}", "x", v) for v in "ns" for r in range(2)]
    >>> perspective_groups(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"])))
    'vendor'
    """
    column, group = _groups(as_judgments(j).one(), groups)
    if column is not None and group is None:
        raise NotEstimable(f"no two groups of {column} judged the same item")
    if column is None:
        looked = groups or ", ".join(GROUPS)
        raise NotEstimable(f"no column ({looked}) gives every rater one group, and two groups two raters each")
    return column


def _groups(j: Judgments, groups: str | None) -> tuple[str | None, Ints | None]:
    """Each rater's group, where every rater has one and two groups have two raters; None where no groups meet."""
    apart = None
    for column in GROUPS if groups is None else (groups,):
        if column not in j.columns or column in ("item_id", "rater_id", "label", "round"):
            continue
        by_rater = j.frame.group_by("rater_id").agg(pl.col(column).n_unique().alias("n"), pl.col(column).first())
        by_rater = by_rater.sort("rater_id")
        sizes = by_rater[column].drop_nulls().value_counts()["count"]
        if by_rater[column].null_count() == 0 and (by_rater["n"] == 1).all() and (sizes > 1).sum() > 1:
            if (j.frame.group_by("item_id").agg(pl.col(column).n_unique().alias("n"))["n"] > 1).any():
                return column, coded(by_rater[column].cast(pl.String))
            apart = apart or column
    return apart, None


def _clause_of(j: Judgments, clause: str) -> tuple[Ints | None, list[str]]:
    """The clause of each item, where there are two."""
    if clause not in j.columns or j.frame[clause].n_unique() < 2:
        return None, []
    named = j.frame.group_by("item_id", pl.col(clause).cast(pl.String).fill_null("(none)").alias("clause")).len()
    most = named.sort(["item_id", "len", "clause"], descending=[False, True, False]).unique(
        "item_id", keep="first", maintain_order=True
    )["clause"]
    return coded(most), most.unique().sort().to_list()
