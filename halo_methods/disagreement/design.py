"""Judgments as numbers, with the repeats, groups and clauses there are, and what to collect for the rest."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import as_numbers, quoted
from ..judgments.coding import once_a_table
from ..results import Caution, counted, readable
from ..stats.crossed import Array, Ints
from .pair_distances import Rows

GROUPS = ("vendor", "locale", "queue")
FEWEST_REPEATS, MOST_LABELS, FEW_RATERS = 10, 50, 5


def as_values(j: Judgments, label: str | None = None) -> tuple[Array, str]:
    """Each judgment as a number, and what the number is.

    Ordinal labels count as 0, 1, 2, … in the order of the scale, interval and
    ratio labels as themselves, two nominal labels as 0 and 1. With ``label``
    the number is 1 where that label was given and 0 elsewhere.

    Parameters
    ----------
    j : Judgments
    label : str, optional
        One label against all others.

    Raises
    ------
    NotEstimable
        If there are three nominal labels or more and none is named.
    BadOption
        If no such label occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "good"), ("b", "r1", "poor")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), scale=["poor", "fair", "good"],
    ...                  level="ordinal")
    >>> as_values(j)
    (array([2., 0.]), 'steps of the scale')
    """
    column = j.frame["label"]
    names = [str(x) for x in j.labels]
    if label is not None:
        if label not in names:
            raise BadOption.of("label", label[:80], [name[:80] for name in names[:20]])
        return (column.cast(pl.String) == label).cast(pl.Float64).to_numpy(), f"share of {quoted(label)}"
    numbers = as_numbers(names)
    if column.dtype.is_numeric():
        return column.to_numpy().astype(float), "the label's unit"
    places, unit = np.arange(len(names), dtype=float), "steps of the scale"
    if numbers is not None and (j.level == "ordinal" or not j.level_given):
        places, unit = numbers, "the label's unit"
    elif j.level != "ordinal" and len(names) <= 2:
        unit = f"share of {quoted(names[-1])}"
    elif j.level != "ordinal":
        raise NotEstimable(
            f"the {len(names)} labels are nominal, so they have no variance; give the scale in order and "
            "level='ordinal', or name one label to set against the others"
        )
    at = dict(zip(names, places, strict=True))
    return column.replace_strict(at, return_dtype=pl.Float64).to_numpy().astype(float), unit


def coded(values: pl.Series) -> Ints:
    """Values as whole numbers from 0, in sorted order.

    Examples
    --------
    >>> coded(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.asarray(values.rank("dense").to_numpy(), dtype=np.int64) - 1


def in_turn(j: Judgments) -> pl.Expr:
    """The place of each judgment's round among the rounds, the missing one last."""
    order = {value: n for n, value in enumerate(j.rounds)}
    return pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64) if order else pl.lit(0)


def of_items(j: Judgments, column: str, missing: str) -> pl.Series:
    """What a column says most often of each item, items in sorted order."""
    said = pl.col(column).cast(pl.String).drop_nulls().mode().sort().first().fill_null(missing)
    return j.frame.group_by("item_id").agg(said).sort("item_id")[column]


def few_raters(n: int) -> list[Caution]:
    """What to beware of where raters are few."""
    if n < 3:
        return [Caution("items_only", "With 2 raters the interval speaks for the items only.")]
    text = f"{n} raters say little about raters in general."
    return [Caution("few_raters", text)] if n < FEW_RATERS else []


def below_zero(value: float) -> list[Caution]:
    """What to beware of where an estimate of what cannot be negative is."""
    text = f"The estimate is negative ({readable(value)}) and is set to zero."
    return [Caution("set_to_zero", text)] if value < 0 else []


def level_rounds(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Caution]]:
    """Takes the mean shift between rounds out, seen where the same rater judged the same item again."""
    cell = ("item_id", "rater_id")
    again = frame.filter(pl.len().over(cell) > 1)
    if "round" not in frame.columns or again["round"].n_unique() < 2:
        return frame, []
    rounds = again["round"].unique().sort()[1:].to_list()
    columns = [*(pl.col("round").eq_missing(r).cast(pl.Float64).alias(r) for r in rounds), pl.col("y")]
    within = again.select(column - column.mean().over(cell) for column in columns).to_numpy()
    shift = np.linalg.lstsq(within[:, :-1], within[:, -1], rcond=None)[0]
    taken = dict(zip(rounds, shift.tolist(), strict=True))
    moved = frame.with_columns(
        pl.col("y") - pl.col("round").replace_strict(taken, default=0.0, return_dtype=pl.Float64)
    )
    largest = float(np.abs(shift).max())
    if largest <= 0.05 * again["y"].std(ddof=0):
        return moved, []
    text = f"A mean shift between rounds of {readable(largest)} at most is taken out."
    return moved, [Caution("rounds_levelled", text)]


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
        nominal = True
        if len(j.labels) > MOST_LABELS:
            raise NotEstimable(
                f"labels take {len(j.labels):,} values and are nominal; disagreement needs {MOST_LABELS} or fewer"
            ) from None
    if j.n_raters < 2 or j.n_items < 2:
        raise NotEstimable(f"{counted(j.n_items, 'item')} and {counted(j.n_raters, 'rater')}: it takes two of each")
    if nominal:
        values = {f"y{k}": as_values(j, str(x))[0] for k, x in enumerate(j.labels)}
    else:
        values = {"y": level_rounds(j.frame.with_columns(y=number))[0]["y"].to_numpy()}
    frame = j.frame.select("item_id", "rater_id", turn=in_turn(j)).with_columns(**values)
    cells = frame.sort("turn", maintain_order=True).group_by("item_id", "rater_id", maintain_order=True)
    cells = cells.agg(pl.col(*values).first(), pl.col(*values).var().name.prefix("again_")).sort("item_id", "rater_id")
    item, rater, y = coded(cells["item_id"]), coded(cells["rater_id"]), cells.select(*values).to_numpy()
    spread = cells.select(again=pl.sum_horizontal(pl.col("^again_.*$"), ignore_nulls=False))["again"]
    again = spread.to_numpy().astype(float)
    collect = {}
    if np.isfinite(again).sum() < FEWEST_REPEATS:
        again[:] = np.nan
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
    named = of_items(j, clause, "(none)") if clause in j.columns and j.frame[clause].n_unique() > 1 else None
    if named is None:
        collect["clause"] = f"collect the guideline clause of each item in a column `{clause}`, for two clauses or more"
    code = None if named is None else coded(named)
    rows = Rows(item, rater, y, again, group, code)
    clauses = [] if named is None else named.unique().sort().to_list()
    return Design(rows=rows, nominal=nominal, collect=collect, groups=column, clauses=clauses)


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
        by_rater = j.frame.group_by("rater_id").agg(pl.col(column).unique()).sort("rater_id")[column]
        one = by_rater.list.first()
        fixed = (by_rater.list.len() == 1).all() and one.null_count() == 0
        if fixed and (one.value_counts()["count"] > 1).sum() > 1:
            if j.frame.select((pl.col(column).n_unique().over("item_id") > 1).any()).item():
                return column, coded(one.cast(pl.String))
            apart = apart or column
    return apart, None
