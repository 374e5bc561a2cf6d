"""What the audit found: error rates, by rater, by group and by kind, and corrected for the auditor's own errors."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import CHANCE, Reference, share_right, shares_right
from ..results import Estimate, Over, counted, readable
from ..stats.checks import check_confidence
from ..stats.proportions import DoubleSampling, clopper_pearson, double_sampling, two_way_share, wilson
from ..stats.variance import cluster_codes, cluster_variance, icc_within_groups

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, kw_only=True)
class Findings:
    """Labels found wrong, by what the rows of the table are about.

    Attributes
    ----------
    table : pandas.DataFrame
        ``by``, ``n`` (labels audited), ``wrong``, ``error_rate``, ``low``, ``high``.
    estimates : dict of str to Estimate
        The error rate of each group; empty for raters, whose intervals are exact and for reading only.
    by : str
        The column: a group, or ``rater_id``.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str

    def plot(self) -> "Figure":
        """The error rates with their intervals."""
        from .. import plots

        unit, title = "share of audited labels found wrong", f"Findings by {self.by.removesuffix('_id')}"
        return plots.intervals(self.table, self.by, "error_rate", unit=unit, title=title)


def error_rate(
    j: Judgments,
    *,
    reference: Reference | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
) -> Estimate:
    """Estimate the share of labels that are wrong, by gold or by the audit, over items and raters.

    It is 1 minus the accuracy of `halo_methods.calibration.accuracy`. A column
    ``inclusion_probability`` on the audits (or labels) weights each label by its
    inverse. The auditor is taken as right; `corrected_rate` corrects for that.

    Parameters
    ----------
    j : Judgments
        One criterion; gold, or rows of stage ``audit`` beside the labels.
    reference : {"gold", "audit"}, optional
        What says that a label is right; by default gold, and the audit for items without gold.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If no judged item has gold or an audit.

    References
    ----------
    See `halo_methods.stats.two_way_share`.

    Examples
    --------
    >>> rows = [(i, f"r{i % 6}", "x" if i % 10 else "y", "x") for i in range(120)]
    >>> error_rate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).value
    0.1
    """
    return share_right(
        as_judgments(j).marked(reference), wrong=True, over=over, confidence=confidence, quantity="error rate found"
    )


def by_group(j: Judgments, column: str, *, reference: Reference | None = None, confidence: float = 0.95) -> Findings:
    """Estimate the error rate of each group, its interval over items and raters.

    Groups that did not label the same items are not compared by this alone: one may have had the harder items.

    Parameters
    ----------
    j : Judgments
    column : str
        For instance ``vendor``; a rater is no group, see `by_rater`.
    reference, confidence
        As in `error_rate`.

    Raises
    ------
    NotEstimable
        If the column is not there or no item has gold or an audit.

    Examples
    --------
    >>> rows = [(i, f"r{i % 6}", "x" if i % 10 else "y", "x", "north") for i in range(120)]
    >>> by_group(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]), "vendor").by
    'vendor'
    """
    not_people(column)
    rows = as_judgments(j).marked(reference)
    shares = shares_right(rows, column, wrong=True, confidence=confidence)
    table = pd.DataFrame([{column: group, "n": e.n_judgments, **vars(e)} for group, e in shares.items()])
    table["wrong"] = (table["value"] * table["n"]).round().astype(int)
    table = table.rename(columns={"value": "error_rate"})[
        [column, "n", "n_raters", "wrong", "error_rate", "low", "high", "over"]
    ]
    return Findings(table=table.drop(columns="wrong") if CHANCE in rows.columns else table, estimates=shares, by=column)


def not_people(column: str) -> None:
    """Refuse a grouping by rater, which belongs in `by_rater`."""
    if column == "rater_id":
        raise NotEstimable("rater_id is no group: what was found for each rater is in the section by rater")


def by_rater(j: Judgments, *, reference: Reference | None = None, confidence: float = 0.95) -> Findings:
    """Show the share of each rater's labels found wrong, with exact intervals; highest first.

    A reason to look at the items with the person, not a verdict: the auditor
    errs too, and with many raters some are high by luck.

    Examples
    --------
    >>> rows = [(i, "r1", "x" if i % 10 else "y", "x") for i in range(20)]
    >>> by_rater(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).table["wrong"].tolist()
    [2]
    """
    rows = as_judgments(j).marked(reference)
    table = rows.group_by("rater_id").agg(n=pl.len(), wrong=(~pl.col("right")).sum()).to_pandas()
    table["error_rate"] = table["wrong"] / table["n"]
    table["low"], table["high"] = clopper_pearson(table["wrong"], table["n"], confidence=confidence)
    table = table.sort_values(["error_rate", "rater_id"], ascending=[False, True], ignore_index=True)
    return Findings(table=table, estimates={}, by="rater_id")


def kinds(j: Judgments, *, reference: Reference | None = None, confidence: float = 0.95) -> pd.DataFrame:
    """List the kinds of findings: which label stood where another is right; most frequent first.

    Returns
    -------
    pandas.DataFrame
        ``label``, ``answer``, ``n``, ``share`` (of all audited labels), ``low``, ``high``.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x"), ("c", "r1", "y", "x")]
    >>> kinds(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))["n"].tolist()
    [2]
    """
    rows = as_judgments(j).marked(reference)
    counts = rows.filter(~pl.col("right")).group_by("label", "answer").agg(n=pl.len())
    table = counts.sort(["n", "label", "answer"], descending=[True, False, False]).to_pandas()
    table["share"] = table["n"] / rows.height
    table["low"], table["high"] = wilson(table["n"], rows.height, confidence=check_confidence(confidence))
    return table


@dataclass(frozen=True, kw_only=True)
class Clustering:
    """How much errors cluster in raters.

    Attributes
    ----------
    n, n_raters : int
    rate : float
        Share of labels found wrong.
    design_effect : float
        Variance of the error rate over that of as many independent labels.
    icc : float
        Share of the variance of errors that lies between raters; can be a
        little below 0 by chance.
    """

    n: int
    n_raters: int
    rate: float
    design_effect: float
    icc: float

    def __str__(self) -> str:
        return (
            f"Design effect {readable(self.design_effect)}, intraclass correlation {readable(self.icc)} "
            f"({counted(self.n, 'label')} of {counted(self.n_raters, 'rater')})."
        )


def clustering(j: Judgments, *, reference: Reference | None = None) -> Clustering:
    """Estimate the design effect and the intraclass correlation of errors within raters.

    Raises
    ------
    NotEstimable
        If there are fewer than two raters, no rater has two labels, or no label differs.

    Examples
    --------
    >>> rows = [(i, f"r{i // 10}", "y" if i < 20 and i % 4 < 2 else "x", "x") for i in range(60)]
    >>> print(clustering(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])))
    Design effect 5.09, intraclass correlation 0.41 (60 labels of 6 raters).
    """
    rows = as_judgments(j).marked(reference)
    e, who = (~rows["right"]).to_numpy().astype(float), cluster_codes(rows["rater_id"])
    n_raters, p = int(who.max()) + 1, float(e.mean())
    if n_raters < 2:
        raise NotEstimable("to see whether errors cluster in raters it takes labels of two raters or more")
    if e.size == n_raters or p in (0, 1):
        raise NotEstimable(
            "errors of at least one rater must repeat, and some labels be right, to see how they cluster"
        )
    effect = float(cluster_variance((e - p) / e.size, who) / (p * (1 - p) / e.size))
    icc, _ = icc_within_groups(e, np.zeros(e.size, int), who, least=-np.inf)
    return Clustering(n=e.size, n_raters=n_raters, rate=p, design_effect=effect, icc=icc)


def audited_twice(j: Judgments, *, expert: str | None = None) -> pl.DataFrame:
    """Labels beside their first audit and what the second says of the same item.

    Returns
    -------
    polars.DataFrame
        The columns of the labels, ``wrong``, ``second_wrong`` (null where nobody audited again) and ``by_expert``.

    Raises
    ------
    NotEstimable
        If nothing was audited, or nothing twice.
    """
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        reason = "no row has stage 'audit': give the auditors' labels as rows of stage 'audit' beside the labels"
        raise NotEstimable(reason, public=reason)
    order, keys = {value: n for n, value in enumerate(j.rounds)}, ["item_id", "rater_id", "turn"]
    turn = pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64) if order else pl.lit(0)
    audits = j.only(stage="audit").one().frame.with_columns(turn=turn, by_expert=pl.col("rater_id") == (expert or ""))
    audits = audits.sort("item_id", "by_expert", "turn", "rater_id")
    first = audits.filter(~pl.col("by_expert")).unique("item_id", keep="first", maintain_order=True)
    first = first.select(*keys, first="label", first_turn="turn")
    again = audits.join(first, on=keys, how="anti").join(first.drop("rater_id", "turn"), on="item_id")
    if again.is_empty():
        reason = (
            "no audited item was audited again: have an expert audit a random part of the audited labels, as stage "
            "'audit' with a later round, or name the expert"
        )
        raise NotEstimable(reason, public=reason)
    if not (j.frame["stage"] == "label").any():
        raise NotEstimable("there are audits but no row has stage 'label'; the audited labels are needed beside them")
    if expert is None:
        again = again.with_columns(by_expert=pl.col("turn") > pl.col("first_turn"))
    second = again.sort("item_id", "by_expert", "turn", "rater_id").unique("item_id", keep="last", maintain_order=True)
    rows = j.one().frame.join(first.select("item_id", "first"), on="item_id", maintain_order="left")
    rows = rows.join(
        second.select("item_id", "by_expert", second="label"), on="item_id", how="left", maintain_order="left"
    )
    return rows.with_columns(wrong=pl.col("label") != pl.col("first"), second_wrong=pl.col("label") != pl.col("second"))


def corrected_rate(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> DoubleSampling:
    """Correct the error rate found by an auditor by the audits of an expert; see `stats.double_sampling`.

    The expert's audits are those of a later round of stage ``audit``, or of the
    rater named by ``expert``. Two auditors of one round are not told apart into
    auditor and expert; for them see `auditor_agreement`. Adjudications are
    left out: items are adjudicated because they are disputed, not at random.

    Parameters
    ----------
    j : Judgments
        One criterion; stages ``label`` and ``audit``.
    expert : str, optional
        The rater whose audits are taken as right.
    confidence : float
        Of the intervals.

    Returns
    -------
    DoubleSampling
        ``.rate .found .sensitivity .specificity``, and all in ``.estimates``.

    Raises
    ------
    NotEstimable
        If nothing was audited, nothing twice, or the second audits name no expert.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> corrected_rate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"])).rate.value
    0.2
    """
    check_confidence(confidence)
    rows = audited_twice(as_judgments(j), expert=expert)
    if not rows["by_expert"].drop_nulls().all():
        raise NotEstimable(
            "two auditors of one round judged the same items, and nothing says who of them is the expert; name the "
            "expert, or mark the second audit with a later round"
        )
    truth = rows["second_wrong"].cast(pl.Float64).fill_null(float("nan"))
    return double_sampling(rows["wrong"], truth, rows["rater_id"], rows["item_id"], confidence=confidence)


def auditor_agreement(j: Judgments, *, expert: str | None = None, confidence: float = 0.95) -> Estimate:
    """Estimate the share of audited labels on which a second audit comes to the same finding.

    Labels found wrong are often audited again more than others, so each part is weighted
    by how much of it was audited again. High agreement is easy where few
    labels are wrong; read sensitivity beside it. The figure is about the
    auditors: its ``basis`` counts them and not the raters.

    Raises
    ------
    NotEstimable
        If nothing was audited twice, or nothing of one kind was.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, f"r{i % 4}", "x" if i % 5 else "y", "label", "1") for i in range(60)]
    >>> rows += [(i, "aud", "x", "audit", "1") for i in range(60)] + [(i, "exp", "x", "audit", "2") for i in range(30)]
    >>> auditor_agreement(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage", "round"])).value
    1.0
    """
    check_confidence(confidence)
    j = as_judgments(j)
    rows = audited_twice(j, expert=expert)
    again = rows.filter(pl.col("second_wrong").is_not_null())
    found, re_audited = (np.bincount(t["wrong"].cast(int), minlength=2) for t in (rows, again))
    if ((re_audited == 0) & (found > 0)).any():
        raise NotEstimable("labels found wrong or labels found right were never audited again; draw some of each")
    share = two_way_share(
        again["second_wrong"] == again["wrong"],
        again["rater_id"],
        again["item_id"],
        weights=(found / np.maximum(re_audited, 1))[again["wrong"].cast(int).to_numpy()],
        over="items",
        confidence=confidence,
        quantity="share of labels with the same finding in both audits",
    )
    return share.resting_on(j.only(stage="audit").basis("same finding"))
