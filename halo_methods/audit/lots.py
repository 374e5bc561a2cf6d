"""The verdict on each lot, and what follows from it."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import CHANCE, Reference, share_right
from ..results import Basis, Caution, Estimate, counted
from ..stats.checks import check_confidence, check_probability
from .audit_findings import not_people
from .sampling_plans import RISK, accept_number, chance, check_two_points, smallest_sample

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ACCEPT, REJECT, MORE = "accept", "reject", "draw more"
MOST_UNEVEN = 2.0
STEPS = {
    ACCEPT: ("use the lot; fix the errors found", "found"),
    REJECT: ("send back: paid rework of the whole lot, then a fresh draw", "size"),
    MORE: ("hold; draw this many more, once, before anybody decides", "more"),
}


@dataclass(frozen=True, kw_only=True)
class Lots:
    """Lots, the verdict on each, and what goes out.

    Attributes
    ----------
    table : pandas.DataFrame
        The lot, ``size``, ``drawn``, ``found``, ``accept`` (accept number), ``verdict``, ``consumer_risk``,
        ``producer_risk``, ``error_rate``, ``low``, ``high`` (over the lot's items; its raters are all there are),
        ``more`` (labels still to draw), ``labels`` and ``next_step`` (what the verdict triggers, for how many labels).
    estimates : dict of str to Estimate
        The error rate found in each lot.
    by : str
        The column that names the lot.
    rql : float
        Limiting quality.
    rows : polars.DataFrame
        The audited labels, see `Judgments.marked`.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str
    rql: float
    rows: pl.DataFrame

    def worst_consumer_risk(self) -> Estimate:
        """The largest chance with which any of these lots would be accepted at the limiting quality.

        It follows from sizes and plan alone, so it has no interval and is about nobody.
        """
        return Estimate.count(
            float(self.table["consumer_risk"].max()),
            method=f"consumer's risk, the largest of {counted(len(self.table), 'lot')}; hypergeometric, from the plan",
            n_judgments=int(self.table["drawn"].sum()),
            basis=Basis("plan", {}),
        )

    def outgoing_rate(self, *, confidence: float = 0.95) -> Estimate:
        """Estimate the share of the labels of accepted lots still wrong once the errors found are fixed.

        The error rate found in accepted lots, times the part of them nobody
        audited. It leans low: lots are accepted because few errors were found.

        Raises
        ------
        NotEstimable
            If no lot is accepted.
        """
        check_confidence(confidence)
        accepted = self.table[self.table["verdict"] == ACCEPT]
        if accepted.empty:
            raise NotEstimable("no lot is accepted, so nothing goes out")
        rows = self.rows.filter(pl.col(self.by).is_in(accepted[self.by].tolist()))
        share = share_right(rows, wrong=True, over="items", confidence=confidence)
        left = max(1 - accepted["drawn"].sum() / accepted["size"].sum(), 0.0)
        ends = {name: getattr(share, name) * left for name in ("value", "low", "high")}
        if not left:
            method = "share still wrong in accepted lots; all of them audited"
            return replace(share, **ends, kind="count", confidence=1, items_only=None, method=method, cautions=())
        method = "share still wrong in accepted lots; error rate found × part not audited"
        text = "Lots are accepted because few errors were found, so this leans low."
        return replace(share, **ends, items_only=None, method=method).with_cautions(Caution("leans_low", text))

    def plot(self) -> "Figure":
        """The error rate of each lot; the bar is the limiting quality."""
        from .. import plots

        title = "Error rate of each lot; the bar is the limiting quality"
        shown = self.table.dropna(subset="error_rate")
        return plots.intervals(shown, self.by, "error_rate", bar=self.rql, unit="error rate found", title=title)


def lot_size(j: Judgments, *, by: str | None = None) -> int:
    """Count the labels in the usual lot: the median size, or all labels where no column tells lots apart.

    Examples
    --------
    >>> rows = [(i, "r1", "x", "A" if i < 40 else "B") for i in range(100)]
    >>> lot_size(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "lot"]))
    50
    """
    frame, column = as_judgments(j).one().frame, by or "lot"
    if column not in frame.columns:
        return len(frame)
    return int(np.median(frame.group_by(column).len()["len"].to_numpy()))


def lots(
    j: Judgments,
    *,
    by: str | None = None,
    aql: float = 0.03,
    rql: float = 0.10,
    consumer_risk: float = RISK,
    reference: Reference | None = None,
) -> Lots:
    """Decide on each lot from the labels that were audited, the buyer's risk held first.

    For the number drawn from a lot, the accept number is the largest at which
    a lot of that size with ``rql`` wrong labels is accepted with chance
    ``consumer_risk`` at most (draws without replacement). What this costs the
    producer stands beside it. ``draw more``: even a draw without any error
    would leave the buyer a larger risk. A rejected lot is relabelled whole and
    audited again by a fresh draw; the work is paid, and who bears its cost
    stands in the contract.

    The verdict is on the lot, and counts the auditor's errors as the labellers'.

    Parameters
    ----------
    j : Judgments
        One criterion; stages ``label`` and ``audit``, or ``gold``.
    by : str, optional
        Column that names the lot; ``lot`` where there is one, otherwise all
        labels are one lot.
    aql, rql, consumer_risk : float
        Error rate of a good lot, limiting quality, and the largest chance that
        a lot at the limiting quality is accepted.
    reference : {"gold", "audit"}, optional
        As in `error_rate`.

    Returns
    -------
    Lots

    Raises
    ------
    NotEstimable
        If there is no audit, or labels were drawn with very unequal chances.
    BadOption
        If a rate or risk is no share, or ``aql`` is not below ``rql``.

    Examples
    --------
    >>> rows = [(i, f"r{i % 5}", "x" if i % 50 else "y", "x" if i < 100 else "") for i in range(400)]
    >>> verdicts = lots(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> verdicts.table[["size", "drawn", "found", "accept", "verdict"]].values.tolist()
    [[400, 100, 2, 6, 'accept']]
    """
    check_two_points(aql, rql)
    check_probability(consumer_risk, option="consumer_risk", open_ends=True)
    column = by or "lot"
    not_people(column)
    j = as_judgments(j)
    frame, rows = j.one().frame, j.marked(reference)
    if by and by not in frame.columns:
        raise NotEstimable(f"the data has no column {by}; it has {', '.join(frame.columns)}")
    named = pl.col(column).cast(pl.String).fill_null("(missing)") if column in frame.columns else pl.lit("all labels")
    frame, rows = (t.with_columns(named.alias(column)) for t in (frame, rows))
    table, estimates = [], {}
    for lot, size in frame.group_by(column).len().sort(column).iter_rows():
        part = rows.filter(pl.col(column) == lot)
        if part.height:
            estimates[lot] = share_right(part, wrong=True, over="items")
        table.append({column: lot, **_verdict(part, size, estimates.get(lot), aql, rql, consumer_risk)})
    return Lots(table=pd.DataFrame(table), estimates=estimates, by=column, rql=rql, rows=rows)


def _verdict(
    part: pl.DataFrame, size: int, share: Estimate | None, aql: float, rql: float, risk: float
) -> dict[str, object]:
    drawn, wrong = part.height, int((~part["right"]).sum())
    if CHANCE in part.columns and drawn and not part[CHANCE].is_null().any():
        chances = part[CHANCE].cast(pl.Float64).to_numpy()
        if chances.max() > MOST_UNEVEN * chances.min():
            raise NotEstimable(
                "labels of one lot were drawn with chances that differ more than twofold; an accept number supposes "
                "equal chances: judge such lots by the upper end of the weighted error rate"
            )
    bad, good = min(np.ceil(rql * size - 1e-9), size) / size, np.floor(aql * size + 1e-9) / size
    accept = accept_number(drawn, rql, risk, lot=size) if drawn else None
    verdict = MORE if accept is None else ACCEPT if wrong <= accept else REJECT
    step, counts = STEPS[verdict]
    row = {
        "size": size,
        "drawn": drawn,
        "found": wrong,
        "accept": accept,
        "verdict": verdict,
        "consumer_risk": float(chance(accept or 0, drawn, bad, size)),
        "producer_risk": 1 - float(chance(accept or 0, drawn, good, size)),
        "error_rate": share and share.value,
        "low": share and share.low,
        "high": share and share.high,
        "more": (smallest_sample(0, bad, risk, size, size) or size) - drawn if verdict == MORE else 0,
    }
    return {**row, "labels": row[counts], "next_step": step}
