"""What the audit found: labels beside the audit's own, error rates by rater, group and kind."""

import numpy as np
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments
from ..judgments.cells import NUMBERS, accepted_answers
from ..judgments.table import in_order
from ..results import Estimate, Over
from .shares import clopper_pearson, wilson
from .weighted import clustered_share

GROUPING = ("vendor", "locale", "slice", "queue")
CHANCE = "inclusion_probability"


def audits(j: Judgments, *, expert: str | None = None) -> tuple[pl.DataFrame, pl.DataFrame]:
    """First and second audits of each item.

    Returns
    -------
    first, second : polars.DataFrame
        One row an item; ``second`` has a column ``expert``: whether it is the
        named expert's, or of a later round.

    Raises
    ------
    NotEstimable
        If nothing was audited.
    """
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        raise NotEstimable(
            "no row has stage 'audit': give the auditors' labels as rows of stage 'audit' beside the labels"
        )
    frame = j.only(stage="audit").one().frame
    if "round" in frame.columns:
        order = {value: i for i, value in enumerate(in_order(frame["round"].unique().to_list()))}
        frame = frame.with_columns(pl.Series("turn", [order[value] for value in frame["round"]], dtype=pl.Int64))
    else:
        frame = frame.with_columns(pl.lit(0).alias("turn"))
    frame = frame.with_columns((pl.col("rater_id") == (expert or "")).alias("expert"))
    frame = frame.sort("item_id", "expert", "turn", "rater_id", nulls_last=True)
    plain = frame if expert is None else frame.filter(~pl.col("expert"))
    first = plain.unique("item_id", keep="first", maintain_order=True)
    rest = frame.join(first.select("item_id", "rater_id", "turn"), on=["item_id", "rater_id", "turn"], how="anti")
    rest = rest.join(first.select("item_id", pl.col("turn").alias("first_turn")), on="item_id", how="inner")
    later = pl.col("expert") if expert is not None else pl.col("turn") > pl.col("first_turn")
    second = rest.with_columns(later.alias("expert")).sort("item_id", "expert", "turn", "rater_id")
    return first, second.unique("item_id", keep="last", maintain_order=True)


def findings(j: Judgments, *, expert: str | None = None) -> pl.DataFrame:
    """Labels beside what the audit says of the same items; a label that differs is a finding.

    Where items were labelled in several rounds the last label of each rater
    counts. Where nothing was audited, ``gold`` takes the audit's place. An
    audit that had to choose between two right answers finds errors that are
    none; give such items several accepted answers in ``gold``.

    Parameters
    ----------
    j : Judgments
        One criterion; stages ``label`` and ``audit``, or ``gold``.
    expert : str, optional
        A rater whose audits are second audits.

    Returns
    -------
    polars.DataFrame
        The columns of the labels, ``audit_label``, ``auditor`` (empty for gold) and ``wrong``.

    Raises
    ------
    NotEstimable
        If there is neither an audit nor gold, or no labelled item was audited.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "label"), ("b", "r1", "y", "label"), ("b", "aud", "x", "audit")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"]))
    >>> findings(j)["wrong"].to_list()
    [True]
    """
    labels = labelled(j)
    if "stage" in j.columns and (j.frame["stage"] == "audit").any():
        first, _ = audits(j, expert=expert)
        taken = ["item_id", pl.col("label").alias("audit_label"), pl.col("rater_id").alias("auditor")]
        if CHANCE in first.columns:
            taken.append(pl.col(CHANCE))
            labels = labels.drop(CHANCE, strict=False)
        made = labels.join(first.select(taken), on="item_id", how="inner").with_columns(
            (pl.col("label") != pl.col("audit_label")).alias("wrong")
        )
    elif "gold" in labels.columns and labels["gold"].is_not_null().any():
        made = _against_gold(labels.filter(pl.col("gold").is_not_null()))
    else:
        raise NotEstimable(
            "there is no audit: give the auditors' labels as rows of stage 'audit' beside the labels, or `gold`"
        )
    if made.is_empty():
        raise NotEstimable(
            "no labelled item was audited: the items of stage 'audit' are none of those of stage 'label'"
        )
    return made.sort("item_id", "rater_id")


def auditors(j: Judgments) -> list[pl.DataFrame]:
    """The audits by who made them, as a report's ``may_tell_of`` counts people; none where there is no audit.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "label"), ("a", "q", "x", "audit")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "stage"]))
    >>> [part["rater_id"].to_list() for part in auditors(j)]
    [['q']]
    """
    if "stage" not in j.columns or not (j.frame["stage"] == "audit").any():
        return []
    return [j.frame.filter(pl.col("stage") == "audit").drop("stage")]


def rows_audited(j: Judgments) -> list[pl.DataFrame]:
    """The labels that the figures of an audit rest on, as a report's ``groups(of=...)`` takes them; none without one.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", None)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> [len(part) for part in rows_audited(j)]
    [1]
    """
    try:
        return [findings(j)]
    except NotEstimable:
        return []


def rows_of_defects(j: Judgments, table: pd.DataFrame) -> list[pl.DataFrame]:
    """The labels that each row of `defects` is about.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments, audit
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> [part["item_id"].to_list() for part in rows_of_defects(j, audit.defects(j))]
    [['b']]
    """
    found = findings(j).filter("wrong")
    pairs = table[["label", "audit_label"]].itertuples(index=False, name=None)
    return [found.filter((pl.col("label") == label) & (pl.col("audit_label") == other)) for label, other in pairs]


def rows_of_lots(j: Judgments, table: pd.DataFrame) -> list[pl.DataFrame]:
    """The audited labels of the lots in a table of `lots`, all together.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments, audit
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> [len(part) for part in rows_of_lots(j, audit.lots(j))]
    [2]
    """
    found, column = findings(j), table.columns[0]
    if column not in found.columns:
        return [found]
    return [found.filter(pl.col(column).cast(pl.String).fill_null("(missing)").is_in(table[column].tolist()))]


def labelled(j: Judgments) -> pl.DataFrame:
    """The labels of the frame, the last of each rater on each item."""
    if "stage" in j.columns and not (j.frame["stage"] == "label").any() and (j.frame["stage"] == "audit").any():
        raise NotEstimable("there are audits but no row has stage 'label'; the audited labels are needed beside them")
    frame = j.one().frame
    if "round" in frame.columns and frame["round"].n_unique() > 1:
        order = {value: i for i, value in enumerate(in_order(frame["round"].unique().to_list()))}
        frame = frame.with_columns(pl.Series("turn", [order[value] for value in frame["round"]], dtype=pl.Int64))
        frame = frame.sort("turn").unique(["item_id", "rater_id"], keep="last", maintain_order=True).drop("turn")
    return frame


def _against_gold(frame: pl.DataFrame) -> pl.DataFrame:
    accepted = [accepted_answers(gold) for gold in frame["gold"]]
    if frame["label"].dtype.is_numeric():
        wrong = [x not in {float(a) for a in answers} for x, answers in zip(frame["label"], accepted, strict=True)]
    else:
        wrong = [x not in answers for x, answers in zip(frame["label"], accepted, strict=True)]
    return frame.with_columns(
        pl.Series("audit_label", [a[0] for a in accepted]), pl.lit("").alias("auditor"), pl.Series("wrong", wrong)
    )


def chances(table: pl.DataFrame) -> list[float] | None:
    """Inclusion probabilities of the findings, where the data hold them."""
    if CHANCE not in table.columns or table[CHANCE].is_null().any():
        return None
    return table[CHANCE].cast(pl.Float64).to_list()


def rate_of(table: pl.DataFrame, *, over: Over = "items and raters", confidence: float = 0.95) -> Estimate:
    """Error rate of some findings, clustered by rater and weighted where chances are known."""
    return clustered_share(
        table["wrong"].to_numpy(), table["rater_id"].to_numpy(), table["item_id"].to_numpy(),
        probability=chances(table), over=over, confidence=confidence, quantity="error rate found",
    )  # fmt: skip


def error_rate(j: Judgments, *, over: Over = "items and raters", confidence: float = 0.95) -> Estimate:
    """Share of labels that the audit finds wrong, with an interval over items and raters.

    A column ``inclusion_probability`` on the audits (or labels) weights each
    label by its inverse. The auditor is taken as right; `corrected_rate` mends
    that.

    Raises
    ------
    NotEstimable
        If there is neither an audit nor gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{i % 6}", "x" if i % 10 else "y", "x") for i in range(120)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> error_rate(j).value
    0.1
    """
    made = rate_of(findings(j), over=over, confidence=confidence)
    return made.with_cautions(NUMBERS) if j.numeric else made


def grouping(j: Judgments) -> str:
    """The column to compare by where nobody named one: vendor, locale, slice or queue, the first with two values.

    Raises
    ------
    NotEstimable
        If none of them has two values among the audited labels.
    """
    table = findings(j)
    for column in GROUPING:
        if column in table.columns and table[column].drop_nulls().n_unique() > 1:
            return column
    raise NotEstimable(
        f"none of the columns {', '.join(GROUPING)} has two values; name another with the parameter `by`"
    )


def by_group(j: Judgments, column: str, *, least: int = 1, confidence: float = 0.95) -> pd.DataFrame:
    """Error rate found in each group, its interval over items and raters.

    Groups of fewer than ``least`` raters are withheld, and the smallest of the
    others with them where the withheld ones could be had by subtraction;
    ``table.attrs["withheld"]`` counts them.

    Returns
    -------
    pandas.DataFrame
        The column, ``n`` (labels audited), ``n_raters``, ``wrong``, ``error_rate``, ``low``, ``high``, ``over``.

    Raises
    ------
    NotEstimable
        If the column is not there or there is no audit.
    """
    table = findings(j)
    if column not in table.columns:
        raise NotEstimable(f"the data has no column {column}; it has {', '.join(j.columns)}")
    not_people(column)
    rows = []
    for value in in_order(table[column].unique().to_list()):
        part = table.filter(pl.col(column).eq_missing(pl.lit(value, dtype=table[column].dtype)))
        made = rate_of(part, confidence=confidence)
        rows.append({column: "(missing)" if value is None else value, "n": len(part), "n_raters": made.n_raters,
                     "wrong": int(part["wrong"].sum()), "error_rate": made.value, "low": made.low, "high": made.high,
                     "over": made.over})  # fmt: skip
    made_table = pd.DataFrame(rows)
    n_raters = made_table["n_raters"].to_numpy()
    small = n_raters < least
    if small.any() and n_raters[small].sum() < least and not small.all():
        small[np.argmin(np.where(small, np.inf, n_raters))] = True
    shown = made_table[~small].reset_index(drop=True)
    shown.attrs["withheld"] = int(small.sum())
    if shown.empty:
        raise NotEstimable(f"every group of {column} has fewer than {least} raters and is withheld")
    return shown


def not_people(column: str) -> None:
    """Refuse a grouping by rater, which belongs in `by_rater`."""
    if column == "rater_id":
        raise NotEstimable("rater_id is no group: what was found for each rater is in the section by rater")


def by_rater(j: Judgments, *, confidence: float = 0.95) -> pd.DataFrame:
    """Share of each rater's audited labels found wrong, with exact intervals; highest first.

    A reason to look at the items with the person, not a verdict: the auditor
    errs too, and with many raters some are high by luck.

    Returns
    -------
    pandas.DataFrame
        Columns ``rater_id``, ``n``, ``wrong``, ``error_rate``, ``low``, ``high``.
    """
    made = findings(j).group_by("rater_id").agg(pl.len().alias("n"), pl.col("wrong").sum())
    table = made.to_pandas()
    table["error_rate"] = table["wrong"] / table["n"]
    table["low"], table["high"] = clopper_pearson(table["wrong"], table["n"], confidence=confidence)
    return table.sort_values(["error_rate", "rater_id"], ascending=[False, True], ignore_index=True)


def defects(j: Judgments, *, confidence: float = 0.95) -> pd.DataFrame:
    """Kinds of findings: which label was given where the audit says which; most frequent first.

    Returns
    -------
    pandas.DataFrame
        Columns ``label``, ``audit_label``, ``n``, ``share`` (of all audited
        labels), ``low``, ``high``; ``table.attrs["n_audited"]``.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x"), ("c", "r1", "y", "x")]
    >>> defects(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])))["n"].tolist()
    [2]
    """
    found = findings(j)
    made = found.filter("wrong").group_by("label", "audit_label").agg(pl.len().alias("n"))
    table = made.sort(["n", "label", "audit_label"], descending=[True, False, False]).to_pandas()
    table["share"] = table["n"] / len(found)
    table["low"], table["high"] = wilson(table["n"], len(found), confidence=confidence)
    table.attrs["n_audited"] = len(found)
    return table
