"""A cohort in training: who is ready, which items teach badly, which sections of the guideline to fix."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..certification import Certificate, Certificates, certify, exam_plan
from ..errors import NotEstimable
from ..gold import suspect_items
from ..judgments import Judgments, as_judgments
from ..judgments.marking import shares_right
from ..judgments.table import need, rests_on
from ..results import Estimate, Figure, counted
from ..stats import benjamini_hochberg, check_confidence, check_probability, clopper_pearson

EXAM = "exam"
ONE_ROUND = "no rater answered an item again after its rationale; have the practice done in two rounds"


@dataclass(frozen=True, eq=False, kw_only=True)
class Teaching:
    """Shares of wrong answers, against the share from which on something is fixed.

    Attributes
    ----------
    by : str
        What a row is: ``item_id`` or the column of sections.
    table : pandas.DataFrame
        See the function that made it; most often wrong first.
    most_wrong : float
    estimates : dict of str to Estimate
    """

    by: str
    table: pd.DataFrame
    most_wrong: float
    estimates: Mapping[str, Estimate] = field(default_factory=dict)

    @property
    def to_fix(self) -> list[str]:
        """What is wrong too often, beyond chance."""
        return self.table.loc[self.table["verdict"] == "not_met", self.by].tolist()

    def plot(self) -> Figure:
        """Draw a dot per row with its interval, and the share from which on it is fixed."""
        from .. import plots

        when = "after the rationale" if self.by == "item_id" else "at the first answer"
        unit, title = "share of wrong answers", f"Wrong {when}"
        rows = (self.table, self.by, "wrong")
        return plots.intervals(*rows, bar=self.most_wrong, verdict="verdict", unit=unit, title=title)


def readiness(
    j: Judgments,
    *,
    unacceptable: float = 0.85,
    good: float = 0.95,
    alpha: float = 0.05,
    beta: float = 0.10,
    attempts: int = 2,
    suspects: Iterable[str] = (),
) -> Certificates:
    """Say who of a cohort is ready for live work, who is not, and what settles the others.

    An exam decides: rows whose ``kind`` is ``exam``, one round an attempt, each graded by `certification.certify`.
    Attempts beyond those permitted count for nothing.
    Practice makes no rater ready, because its items and answers are known.
    It can show the opposite: so many wrong answers after the rationale that a good rater would seldom give them.

    Parameters
    ----------
    j : Judgments or frame
        One stage, with gold; every criterion counts.
    unacceptable, good, alpha, beta, attempts
        Of the exam, as in `certification.exam_plan`. For a rater without an exam, ``beta`` is the chance that
        a good one is sent back to practice.
    suspects : iterable of str
        Practice items that teach badly, by ``item_id``; they count for no rater.

    Returns
    -------
    Certificates
        Table: ``rater_id``, ``rests_on``, ``n``, ``right``, ``accuracy``, ``low``, ``high``, ``verdict``
        (``met`` is ready), ``next_step``; lowest accuracy first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(f"e{i}", "r1", "x" if i < 54 else "y", "x", "exam") for i in range(56)]
    >>> rows += [(f"p{i}", "r2", "x", "x", "easy") for i in range(12)]
    >>> cohort = readiness(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "kind"]))
    >>> cohort.table[["rater_id", "verdict", "next_step"]].to_numpy().tolist()
    [['r1', 'met', 'shadow week'], ['r2', 'undecided', 'exam of 56 items']]
    """
    bars: dict[str, Any] = {"unacceptable": unacceptable, "good": good, "alpha": alpha, "beta": beta}
    exam = f"exam of {counted(exam_plan(**bars, attempts=attempts).n, 'item')}"
    rows = []
    marked = _marked(j).filter(pl.col("exam") | ~pl.col("item_id").is_in(list(suspects)))
    for (rater,), mine in sorted(marked.partition_by("rater_id", as_dict=True).items()):
        sat = mine.filter("exam").partition_by("turn", as_dict=True)
        exams = [_outcome(sat[turn], attempts=attempts, **bars) for turn in sorted(sat)][:attempts]
        if exams:
            at = next((at for at, one in enumerate(exams) if one.verdict == "met"), len(exams) - 1)
            outcome, rests = exams[at], f"exam, attempt {at + 1}"
            verdict, another = outcome.verdict, f"feedback, then attempt {at + 2}"
            step = "shadow week" if verdict == "met" else another if at + 1 < attempts else "another task"
            step = f"{counted(outcome.items_short, 'more exam item')}" if verdict == "undecided" else step
        else:
            again = _again(mine)
            outcome = _outcome(_first(mine) if again.is_empty() else again, attempts=1, **bars)
            rests = "first answers in practice" if again.is_empty() else "answers after the rationale"
            behind = outcome.verdict == "not_met" and not again.is_empty()
            verdict, step = ("not_met", f"practice again, then the {exam}") if behind else ("undecided", exam)
        counts = (outcome.trials, outcome.passes, outcome.passes / outcome.trials, outcome.low, outcome.high)
        rows.append((rater, rests, *counts, verdict, step))
    columns = ["rater_id", "rests_on", "n", "right", "accuracy", "low", "high", "verdict", "next_step"]
    table = pd.DataFrame(rows, columns=columns).sort_values(["accuracy", "rater_id"], ignore_index=True)
    return Certificates(table=table, marks={"unacceptable": unacceptable, "good": good})


def teaching_items(
    j: Judgments, *, most_wrong: float = 0.25, rate: float = 0.10, confidence: float = 0.95, column: str = "section"
) -> Teaching:
    """List the items that teach badly: raters still miss them after they have read the rationale.

    Of each rater and item the last answer counts that came in a later round than the first.
    An item is listed where its share wrong exceeds ``most_wrong`` by an exact binomial test, and the tests of all items
    together are controlled by `stats.benjamini_hochberg`.
    Where the wrong answers are mostly one label, the gold is checked first; otherwise the rationale is rewritten.

    Parameters
    ----------
    j : Judgments or frame
        One stage, with gold and ``round``; every criterion counts. Rows of an exam are left out.
    most_wrong : float
        An item teaches if at most this share of raters would miss it after its rationale.
    rate : float
        Share of listed items that teach well, on average at most.
    confidence : float
        Of each item's exact interval over raters.
    column : str
        Column that says where in the guideline the item belongs.

    Returns
    -------
    Teaching
        Table: ``item_id``, the column where there is one, ``n`` (raters who answered again), ``wrong_first``, ``wrong``
        (after the rationale), ``low``, ``high``, ``verdict`` (``not_met`` is listed), ``usual_answer``, ``next_step``.

    Raises
    ------
    NotEstimable
        If nothing was answered again.

    Examples
    --------
    >>> rows = [(i, f"r{r}", "y" if i == "bad" else "x", "x", t)
    ...         for i in ("bad", "fine") for r in range(9) for t in "12"]
    >>> items = teaching_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round"]))
    >>> items.to_fix, items.table["next_step"].tolist()
    (['bad'], ['check the gold', ''])
    """
    check_probability(most_wrong, option="most_wrong", open_ends=True)
    j = as_judgments(j)
    practice = _marked(j, column).filter(~pl.col("exam"))
    again = _again(practice)
    if again.is_empty():
        raise NotEstimable(ONE_ROUND, public=True)
    wrong = ~pl.col("right")
    where = [pl.col(column).first()] if column in practice.columns else []
    before = _first(practice).group_by("item_id").agg(*where, wrong_first=wrong.mean())
    after = again.group_by("item_id").agg(n=pl.len().cast(pl.Int64), k=wrong.sum().cast(pl.Int64))
    usual = suspect_items(replace(j, frame=again), share_wrong=0.0, min_raters=1).table
    items = before.join(after, on="item_id").to_pandas()
    items = items.merge(usual[["item_id", "usual_answer", "next_step"]], on="item_id", how="left")
    k, n = items["k"].to_numpy(), items["n"].to_numpy()
    listed = benjamini_hochberg(stats.binom.sf(k - 1, n, most_wrong), rate=rate)
    low, high = clopper_pearson(k, n, confidence=confidence)
    step = np.where(listed, items["next_step"].replace({"fix the guideline": "rewrite the rationale"}), "")
    verdict = np.select([listed, high <= most_wrong], ["not_met", "met"], "undecided")
    items = items.assign(wrong=k / n, low=low, high=high, verdict=verdict, next_step=step)
    items = items.sort_values(["wrong", "n", "item_id"], ascending=[False, False, True], ignore_index=True)
    named = [column] if where else []
    shown = ["item_id", *named, "n", "wrong_first", "wrong", "low", "high", "verdict", "usual_answer", "next_step"]
    method = "items that raters still miss after the rationale, listed with a bounded share of false entries; a count"
    count = Estimate.count(int(listed.sum()), method=method, **rests_on(again, "answers after the rationale"))
    return Teaching(
        by="item_id", table=items[shown], most_wrong=most_wrong, estimates={"items that teach badly": count}
    )


def section_errors(
    j: Judgments, *, most_wrong: float = 0.25, confidence: float = 0.95, column: str = "section"
) -> Teaching:
    """Estimate how often the first answer is wrong, by section of the guideline, before any rationale was seen.

    A section is fixed where its whole interval lies above ``most_wrong``.
    Rows of the section ``practice`` are split by criterion and gold label, each of which is a part of the guideline.

    Parameters
    ----------
    j : Judgments or frame
        One stage, with gold and the column of sections; every criterion counts. Rows of an exam are left out.
    most_wrong : float
    confidence : float
        Of all intervals together (Bonferroni); each is over raters, for these items.
    column : str

    Returns
    -------
    Teaching
        Table: the column, ``n_items``, ``n_raters``, ``n``, ``wrong``, ``low``, ``high``, ``verdict``.

    Raises
    ------
    NotEstimable
        If there is no such column, or no judged item has gold.

    Examples
    --------
    >>> rows = [(f"{s}{i}", f"r{r}", "x" if s == "scale" or r == i else "y", "x", s)
    ...         for s in ("hard", "scale") for i in range(3) for r in range(12)]
    >>> found = section_errors(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "section"]))
    >>> found.to_fix
    ['hard']
    """
    check_probability(most_wrong, option="most_wrong", open_ends=True)
    check_confidence(confidence)
    need(as_judgments(j).frame, column)
    first = _first(_marked(j, column).filter(~pl.col("exam"))).drop_nulls(column)
    if first.is_empty():
        raise NotEstimable("no practice item has gold and a section", public=True)
    each = 1 - (1 - confidence) / first[column].n_unique()
    estimates = shares_right(first, column, wrong=True, over="raters", confidence=each)
    rows = [(s, e.n_items, e.n_raters, e.n_judgments, e.value, e.low, e.high) for s, e in estimates.items()]
    table = pd.DataFrame(rows, columns=[column, "n_items", "n_raters", "n", "wrong", "low", "high"])
    verdict = np.select([table["low"] > most_wrong, table["high"] <= most_wrong], ["not_met", "met"], "undecided")
    table = table.assign(verdict=verdict).sort_values(["wrong", column], ascending=[False, True], ignore_index=True)
    return Teaching(by=column, table=table, most_wrong=most_wrong, estimates=estimates)


def _marked(j: Judgments, column: str = "") -> pl.DataFrame:
    """The answers to items with gold, of every criterion, with ``turn`` (the round's place) and ``exam``.

    An item with several criteria becomes one for each.
    """
    j = as_judgments(j)
    frame, asked = j.frame, pl.lit("answer")
    if "criterion" in frame.columns:
        asked = pl.col("criterion").fill_null("answer")
        several = pl.col("criterion").n_unique().over("item_id") > 1
        one = pl.when(several).then(pl.concat_str("item_id", pl.lit(" / "), asked)).otherwise("item_id")
        frame = frame.with_columns(one.alias("item_id"), asked.alias("_asked")).drop("criterion")
        asked = pl.col("_asked")
    if column in frame.columns:
        part = pl.concat_str(asked, pl.lit(": "), pl.col("gold")) if "gold" in frame.columns else pl.col(column)
        frame = frame.with_columns(pl.when(pl.col(column) == "practice").then(part).otherwise(column).alias(column))
    turns = {name: at for at, name in enumerate(j.rounds)}
    turn = pl.col("round").replace_strict(turns, default=0, return_dtype=pl.Int64) if turns else pl.lit(0)
    exam = pl.col("kind").eq(EXAM).fill_null(False) if "kind" in frame.columns else pl.lit(False)
    return replace(j, frame=frame.with_columns(turn.alias("turn"), exam.alias("exam"))).marked("gold")


def _first(rows: pl.DataFrame) -> pl.DataFrame:
    return rows.filter(pl.col("turn") == pl.col("turn").min().over("rater_id", "item_id"))


def _again(rows: pl.DataFrame) -> pl.DataFrame:
    """Of each rater and item the last answer, where it came in a later round than the first."""
    turn, mine = pl.col("turn"), ("rater_id", "item_id")
    return rows.filter((turn == turn.max().over(mine)) & (turn > turn.min().over(mine)))


def _outcome(rows: pl.DataFrame, **bars: Any) -> Certificate:
    return certify(int(rows["right"].sum()), len(rows), **bars)
