"""What the audit found: error rates, by rater, group and kind, corrected for the auditor's errors; verdicts on lots."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import CHANCE, Reference, share_right, shares_right
from ..judgments.table import need
from ..results import Basis, Caution, Estimate, Figure, Over, counted, readable
from ..stats.checks import check_ascending, check_confidence, check_probability
from ..stats.proportions import clopper_pearson, two_way_share, wilson
from ..stats.two_phase import DoubleSampling, double_sampling
from ..stats.variance import cluster_codes, cluster_variance, icc_within_groups
from .sampling_plans import RISK, Plan, accept_number, smallest_sample, whole_errors

ACCEPT, REJECT, MORE = "accept", "reject", "draw more"
MOST_UNEVEN = 2.0
STEPS = {
    ACCEPT: "use the lot; fix the errors found",
    REJECT: "send back: paid rework of the whole lot, then a fresh draw",
    MORE: "hold; draw this many more, once, before the lot is decided",
}


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

    def plot(self) -> Figure:
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
        What the interval covers.
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
    facts = [
        (group, e.n_judgments, e.n_raters, round(e.value * e.n_judgments), e.value, e.low, e.high, e.over)
        for group, e in shares.items()
    ]
    table = pd.DataFrame(facts, columns=[column, "n", "n_raters", "wrong", "error_rate", "low", "high", "over"])
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
    table["low"], table["high"] = wilson(table["n"], rows.height, confidence=confidence)
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
        The columns of the labels, ``wrong``, ``second_wrong`` (null where it was not audited again) and ``by_expert``.

    Raises
    ------
    NotEstimable
        If nothing was audited, or nothing twice.
    """
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        reason = "no row has stage 'audit': give the auditors' labels as rows of stage 'audit' beside the labels"
        raise NotEstimable(reason, public=True)
    order, auditor = {value: n for n, value in enumerate(j.rounds)}, ~pl.col("by_expert")
    turn = pl.col("round").replace_strict(order, default=len(order), return_dtype=pl.Int64) if order else pl.lit(0)
    audits = j.only(stage="audit").one().frame.with_columns(turn=turn, by_expert=pl.col("rater_id") == (expert or ""))
    items = (
        audits.sort("item_id", "by_expert", "turn", "rater_id")
        .group_by("item_id")
        .agg(
            by_expert=pl.col("by_expert").last() if expert else pl.col("turn").last() > pl.col("turn").first(),
            first=pl.col("label").filter(auditor).first(),
            second=pl.col("label").last(),
            again=pl.len() > 1,
        )
        .drop_nulls("first")
    )
    if not items["again"].any():
        reason = (
            "no audited item was audited again: have an expert audit a random part of the audited labels, as stage "
            "'audit' with a later round, or name the expert"
        )
        raise NotEstimable(reason, public=True)
    if not (j.frame["stage"] == "label").any():
        raise NotEstimable("there are audits but no row has stage 'label'; the audited labels are needed beside them")
    again = pl.when("again").then(pl.col("by_expert", "second"))
    rows = j.one().frame.join(items.with_columns(again).drop("again"), on="item_id", maintain_order="left")
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

        It follows from sizes and plan alone, so it has no interval and is about no person.
        """
        return Estimate.count(
            float(self.table["consumer_risk"].max()),
            method=f"consumer's risk, the largest of {counted(len(self.table), 'lot')}; hypergeometric, from the plan",
            n_judgments=int(self.table["drawn"].sum()),
            basis=Basis("plan", {}),
        )

    def outgoing_rate(self, *, confidence: float = 0.95) -> Estimate:
        """Estimate the share of the labels of accepted lots still wrong once the errors found are fixed.

        The error rate found in accepted lots, times the part of them that was not audited. It leans low: lots are
        accepted because few errors were found.

        Raises
        ------
        NotEstimable
            If no lot is accepted.
        """
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

    def plot(self) -> Figure:
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


def in_lots(j: Judgments, by: str | None, reference: Reference | None) -> tuple[pl.DataFrame, pl.DataFrame, str]:
    """All labels and the audited ones, and the column that names their lot.

    The column is the one asked for or ``lot``; without it all labels are one lot.

    Raises
    ------
    NotEstimable
        If the column that was asked for is not there, or no label was audited.
    """
    column = by or "lot"
    not_people(column)
    labels, audited = j.one().frame, j.marked(reference)
    if by:
        need(labels, by)
    lot = pl.col(column).cast(pl.String).fill_null("(missing)") if column in labels.columns else pl.lit("all labels")
    labels, audited = (t.with_columns(lot.alias(column)) for t in (labels, audited))
    return labels, audited, column


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

    For the number drawn from a lot, the accept number is the largest that keeps the consumer's risk.
    That is: a lot of that size with ``rql`` wrong labels is accepted with chance ``consumer_risk`` at most.
    Labels are drawn without replacement. What this costs the producer is given with it. ``draw more``: even a draw
    without any error
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
    check_ascending(aql=aql, rql=rql)
    check_probability(consumer_risk, option="consumer_risk", open_ends=True)
    frame, rows, column = in_lots(as_judgments(j), by, reference)
    chances = pl.col(CHANCE).cast(pl.Float64)
    uneven = (chances.null_count() == 0) & (chances.max() > MOST_UNEVEN * chances.min())
    if CHANCE in rows.columns and rows.group_by(column).agg(uneven=uneven)["uneven"].any():
        raise NotEstimable(
            "labels of one lot were drawn with chances that differ more than twofold, but an accept number supposes "
            "equal chances. Judge such lots by the upper end of the weighted error rate"
        )
    audited = rows.group_by(column).agg(drawn=pl.len(), found=(~pl.col("right")).sum())
    sizes = frame.group_by(column).agg(size=pl.len()).join(audited, on=column, how="left").fill_null(0).sort(column)
    estimates, lots_seen = shares_right(rows, column, wrong=True, over="items"), []
    for lot, size, drawn, found in sizes.iter_rows():
        accept = accept_number(drawn, rql, consumer_risk, lot=size) if drawn else None
        more, plan = 0, Plan(drawn, accept or 0, aql, rql, size)
        if accept is None:
            more = (smallest_sample(0, whole_errors(aql, rql, size)[1], consumer_risk, size, size) or size) - drawn
        verdict = MORE if accept is None else ACCEPT if found <= accept else REJECT
        share = estimates.get(lot)
        ends = (share.value, share.low, share.high) if share else (None, None, None)
        risks = plan.consumer_risk, plan.producer_risk
        lots_seen.append((lot, size, drawn, found, accept, verdict, *risks, *ends, more))
    columns = [column, "size", "drawn", "found", "accept", "verdict", "consumer_risk", "producer_risk"]
    table = pd.DataFrame(lots_seen, columns=[*columns, "error_rate", "low", "high", "more"])
    done = [table["verdict"] == verdict for verdict in (ACCEPT, REJECT)]
    table["labels"] = np.select(done, [table["found"], table["size"]], table["more"])
    table["next_step"] = table["verdict"].map(STEPS)
    return Lots(table=table, estimates=estimates, by=column, rql=rql, rows=rows)
