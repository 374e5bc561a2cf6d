"""Whether disagreement on a clause fell after the guideline changed."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import quoted
from ..judgments.table import in_order
from ..results import Caution, Estimate, Over
from ..stats.checks import check_confidence
from ..stats.totals import pattern_variance
from ..stats.variance import satterthwaite
from .decisions import clause_name

FEW_RATERS, FEW_ITEMS = 3, 20
CHOSEN_FOR_IT = Caution(
    "chosen_for_it",
    "A clause chosen because raters differed on it differs less the next time by itself; "
    "the other clauses, and items that did not lead to the amendment, show how much.",
)


def by_number(text: str) -> list[tuple[int, int, str]]:
    """A key that sorts versions and clauses: 3.9 before 3.10, v2 before v10.

    Examples
    --------
    >>> sorted(["3.10", "3.9", "v2"], key=by_number)
    ['v2', '3.9', '3.10']
    """
    parts = re.split(r"[.\s|-]+", text.lstrip("vV"))
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


@dataclass(frozen=True)
class Effect:
    """Disagreement on a clause under two versions of the guideline.

    Attributes
    ----------
    clause, before, after : str
        The clause, and the versions.
    was, became : float
        Share of disagreeing pairs on the clause.
    change : Estimate
        After minus before, on the clause; below zero where raters differ less.
    others : Estimate or None
        The same on all other clauses together; None where there are none.
    difference : Estimate or None
        `change` minus `others`: what is left of the change when whatever
        happened to all clauses is taken off.
    """

    clause: str
    before: str
    after: str
    was: float
    became: float
    change: Estimate
    others: Estimate | None
    difference: Estimate | None

    @property
    def table(self) -> pd.DataFrame:
        """One row a comparison: ``what``, ``value``, ``low``, ``high``, ``n_items``, ``n_raters``."""
        made = {f"clause {self.clause}": self.change, "other clauses": self.others, "difference": self.difference}
        return pd.DataFrame(
            [(what, e.value, e.low, e.high, e.n_items, e.n_raters) for what, e in made.items() if e is not None],
            columns=["what", "value", "low", "high", "n_items", "n_raters"],
        )


def effect(
    j: Judgments,
    clause: str,
    *,
    column: str = "clause",
    before: str | None = None,
    after: str | None = None,
    confidence: float = 0.95,
) -> Effect:
    r"""Whether raters differ less on a clause since the guideline changed.

    The quantity is the share of pairs of judgments of one item that differ,
    :math:`d`, after minus before: :math:`d_{c1} - d_{c0}` on the clause,
    :math:`d_{o1} - d_{o0}` on the others, and the difference of the two.
    Variances over items and over raters, each by leaving one out, are added,
    less the variance over single judgments, which both hold;
    the quantile is a t at Satterthwaite's degrees of freedom. Where nobody or
    everybody differs, Agresti and Coull's adjusted share keeps the interval open.

    It compares before and after; it does not prove that the amendment did it.

    Parameters
    ----------
    j : Judgments
        One criterion, with columns ``guideline`` and the clause of each item.
    clause : str
        The amended clause.
    column : str
        The column that holds the clause, one an item.
    before, after : str, optional
        Versions of the guideline; by default the last two, by their first
        judgment if the data are dated, otherwise by number.
    confidence : float

    Raises
    ------
    NotEstimable
        If a column is missing, an item names several clauses, there are not
        two versions, or a version has fewer than two items with a pair.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{v}{i}", r, "ab"[v == "1" and (i + r) % 3 == 0], v, "3.2")
    ...         for v in "12" for i in range(30) for r in range(6)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline", "clause"]))
    >>> made = effect(j, "3.2")
    >>> round(made.was, 2), made.became, made.change.high < 0, made.others is None
    (0.53, 0.0, True, True)
    """
    j = as_judgments(j)
    check_confidence(confidence)
    cells = _cells(j, clause_name(clause), column, before, after)
    whose = j.basis("judgments")
    was, became = (float(_share(cells.total[cells.at(True, v)])) for v in (0, 1))
    change = _estimate(cells, [True], confidence, "change of the share of disagreeing pairs on the clause")
    others = difference = None
    if cells.has_others:
        others = _estimate(cells, [False], confidence, "change of the share of disagreeing pairs on other clauses")
        difference = _estimate(cells, [True, False], confidence, "change on the clause minus change on other clauses")
    change = replace(change, basis=whose)
    others, difference = (e and replace(e, basis=whose) for e in (others, difference))
    return Effect(clause_name(clause), cells.before, cells.after, was, became, change, others, difference)


@dataclass(frozen=True)
class _Cells:
    """Disagreeing pairs and pairs, in four cells: others before and after, the clause before and after."""

    before: str
    after: str
    by_item: NDArray
    by_rater: NDArray
    by_judgment: NDArray
    times: NDArray
    judged: NDArray

    def at(self, on: bool, version: int) -> int:
        return 2 * on + version

    @property
    def total(self) -> NDArray:
        made: NDArray = self.by_item.sum(0)
        return made

    @property
    def has_others(self) -> bool:
        return all((self.by_item[:, self.at(False, v), 1] > 0).sum() >= 2 for v in (0, 1))


def _share(pairs: NDArray) -> NDArray:
    with np.errstate(invalid="ignore", divide="ignore"):
        return pairs[..., 0] / pairs[..., 1]


def _need(j: Judgments, *columns: str) -> None:
    for column in columns:
        if column not in j.columns:
            raise NotEstimable(f"the data has no column {column}: it tells which judgments come before and after")


def versions(j: Judgments) -> tuple[str, ...]:
    """Versions of the guideline, oldest first: by their first judgment if dated, otherwise by number."""
    j = as_judgments(j)
    _need(j, "guideline")
    frame = j.frame.filter(pl.col("guideline").is_not_null())
    if "rated_at" in j.columns and not frame["rated_at"].has_nulls():
        first = frame.group_by("guideline").agg(pl.col("rated_at").min()).sort("rated_at", "guideline")
        return tuple(first["guideline"])
    return tuple(sorted(frame["guideline"].unique(), key=by_number))


def clauses(j: Judgments, *, column: str = "clause") -> tuple[str, ...]:
    """Clauses that the first judgments name, in order."""
    j = as_judgments(j)
    _need(j, column)
    return tuple(c for c in in_order(j.one().frame[column].drop_nulls().unique().to_list()) if c)


def _cells(j: Judgments, clause: str, column: str, before: str | None, after: str | None) -> _Cells:
    _need(j, "guideline", column)
    one = j.one()
    there = versions(one)
    for name, given in (("before", before), ("after", after)):
        if given is not None and given not in there:
            raise BadOption.of(name, given, there)
    if len(there) < 2:
        raise NotEstimable(
            f"a change needs two versions of the guideline; there is {', '.join(map(quoted, there)) or 'none'}"
        )
    last = after if after is not None else there[-1]
    first = before if before is not None else there[max(there.index(last) - 1, 0)]
    if first == last:
        raise BadOption(f"before and after are both {quoted(first)}")
    frame = one.frame.filter(pl.col("guideline").is_in([first, last]) & pl.col(column).is_not_null())
    frame = frame.with_columns(pl.col(column).str.strip_chars(" §").alias(" clause"))
    varies = frame.group_by("item_id").agg(pl.col(" clause").n_unique().alias("n")).filter(pl.col("n") > 1)
    if len(varies):
        raise NotEstimable(f"{len(varies):,} items name several clauses, {quoted(varies['item_id'].sort()[0])} first; "
                           f"the column {column} must hold one an item")  # fmt: skip
    cell = (pl.col(" clause") == clause).cast(pl.Int64) * 2 + (pl.col("guideline") == last).cast(pl.Int64)
    unit = ["item_id", "guideline", *(c for c in ("round",) if c in frame.columns)]
    frame = frame.with_columns(
        cell.alias("cell"), (pl.len().over(unit) - 1).alias("pairs"), pl.len().over([*unit, "label"]).alias("same")
    ).with_columns((pl.col("pairs") + 1 - pl.col("same")).alias("differ"))
    frame = frame.filter(pl.col("pairs") > 0)
    by_item, by_rater = (_sums(frame, key) for key in ("item_id", "rater_id"))
    for version, name in ((2, first), (3, last)):
        n = int((by_item[:, version, 1] > 0).sum())
        if n < 2:
            raise NotEstimable(f"clause {quoted(clause)} has {n} items with two judgments or more under guideline "
                               f"{quoted(name)}; two are the least")  # fmt: skip
    single = frame.group_by("cell", "differ", "pairs").len().sort("cell", "differ", "pairs")
    alone = np.zeros((len(single), 4, 2))
    alone[np.arange(len(single)), single["cell"]] = single.select("differ", "pairs").to_numpy()
    judged = np.bincount(frame["cell"], minlength=4)
    return _Cells(first, last, by_item / 2, by_rater, alone, single["len"].to_numpy().astype(float), judged)


def _sums(frame: pl.DataFrame, key: str) -> NDArray:
    """Disagreements and pairs by item or rater and cell; each pair counts once for each of its two judgments."""
    sums = frame.group_by(key, "cell").agg(pl.col("differ").sum(), pl.col("pairs").sum()).sort(key, "cell")
    codes = np.unique(sums[key].to_numpy(), return_inverse=True)[1]
    made = np.zeros((codes.max() + 1, 4, 2))
    made[codes, sums["cell"]] = sums.select("differ", "pairs").to_numpy()
    return made


def _estimate(cells: _Cells, groups: Sequence[bool], confidence: float, quantity: str) -> Estimate:
    used = [cells.at(on, v) for on in groups for v in (0, 1)]
    signs = np.array([-1.0, 1.0, 1.0, -1.0][: len(used)])

    def value(totals: NDArray) -> NDArray:
        made: NDArray = _share(totals[..., used, :]) @ signs
        return made

    total = cells.total
    item_rows = cells.by_item[(cells.by_item[:, used, 1] > 0).any(1)]
    rater_rows = cells.by_rater[(cells.by_rater[:, used, 1] > 0).any(1)]
    items = pattern_variance(value(total - item_rows)) + sum(_unseen(cells, c) for c in used)
    n_items, n_raters = len(item_rows), len(rater_rows)
    cautions = [CHOSEN_FOR_IT] if True in groups else []
    few = min(int((cells.by_item[:, c, 1] > 0).sum()) for c in used)
    if few < FEW_ITEMS:
        text = f"A version has {few} items here: below {FEW_ITEMS} the interval may be too short."
        cautions.append(Caution("few_items", text))
    left_out = value(total - rater_rows)
    over: Over = "items"
    spread, df = items, float(max(few - 1, 1))
    if n_raters < FEW_RATERS or np.isfinite(left_out).sum() < FEW_RATERS:
        cautions.append(Caution("few_raters", f"With {n_raters} raters the interval speaks for the items only."))
    else:
        raters = pattern_variance(left_out)
        used_rows = (cells.by_judgment[:, used, 1] > 0).any(1)
        single = pattern_variance(value(total - cells.by_judgment[used_rows]), cells.times[used_rows])
        over, spread = "items and raters", max(items + raters - single, items)
        of_raters = min(raters, spread)
        df = satterthwaite(spread - of_raters, df, of_raters, n_raters - 1) if spread > 0 else df
    middle = float(value(total))
    half = float(stats.t.ppf((1 + confidence) / 2, df)) * spread**0.5
    most = float(len(groups))
    low, high = max(middle - half, -most), min(middle + half, most)
    return Estimate(
        value=middle,
        low=low,
        high=high,
        confidence=confidence,
        n_items=n_items,
        n_raters=n_raters,
        n_judgments=int(cells.judged[used].sum()),
        method=f"{quantity}, {cells.after} minus {cells.before}; leave-one-out variances over {over}",
        over=over,
        cautions=tuple(cautions),
    )


def _unseen(cells: _Cells, cell: int) -> float:
    """Variance of a share in which no item shows a difference, or every one does, from the adjusted share."""
    share = float(_share(cells.total[cell]))
    if 0 < share < 1:
        return 0.0
    n = float((cells.by_item[:, cell, 1] > 0).sum())
    adjusted = 2 / (n + 4)
    return adjusted * (1 - adjusted) / (n + 4)


def effects(
    j: Judgments, names: Collection[str], *, column: str = "clause", confidence: float = 0.95
) -> dict[str, Effect | NotEstimable]:
    """Estimate the `effect` of each clause, or say why it cannot be estimated.

    Raises
    ------
    NotEstimable
        With the last reason, if none can.
    """
    made: dict[str, Effect | NotEstimable] = {}
    for name in names:
        try:
            made[clause_name(name)] = effect(j, name, column=column, confidence=confidence)
        except NotEstimable as reason:
            made[clause_name(name)] = reason
    reasons = [e for e in made.values() if isinstance(e, NotEstimable)]
    if len(reasons) == len(made):
        raise reasons[-1] if reasons else NotEstimable("no clause was named")
    return made


def changes(found: Mapping[str, Effect | NotEstimable]) -> dict[str, Estimate | NotEstimable]:
    """The change on each clause, for a gate; by ``clause 3.2``."""
    return {f"clause {name}": e.change if isinstance(e, Effect) else e for name, e in found.items()}


def effects_table(found: Mapping[str, Effect | NotEstimable]) -> pd.DataFrame:
    """The tables of all clauses below each other, with a column ``amended``."""
    parts = [e.table.assign(amended=name) for name, e in found.items() if isinstance(e, Effect)]
    return pd.concat(parts, ignore_index=True)
