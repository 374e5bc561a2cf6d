"""The gold set, item by item: what it holds, which items are suspect, which are worn.

Functions take one criterion and one stage of a `Judgments` table, or a frame.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cached_property

import numpy as np
import pandas as pd
import polars as pl

from .errors import NotEstimable
from .judgments import Judgments, as_judgments
from .judgments.table import as_day, dated, rests_on
from .results import Caution, Estimate
from .stats import proportion
from .stats.checks import check_confidence, check_count, check_probability

__all__ = [
    "GoldItems",
    "GoldSet",
    "SuspectItems",
    "composition",
    "fewest_items",
    "gold_items",
    "shown_again",
    "suspect_items",
    "worn_items",
]

CHECK, FIX, REVIEW, REPLACE, KEEP = "check the gold", "fix the guideline", "talk it over", "replace", "keep"
SAME_ANSWER = 0.75


@dataclass(frozen=True, eq=False, kw_only=True)
class SuspectItems:
    """Gold items that most of their raters miss.

    Attributes
    ----------
    table : pandas.DataFrame
        ``item_id``, ``gold``, ``n`` (judgments), ``wrong``, ``share_wrong``,
        ``usual_answer`` (the wrong label given most often; ties in alphabetical
        order), ``usual`` (how often), ``next_step``; most missed first.
    n_items : int
        Gold items judged by enough raters.
    missed : Estimate or None
        Their share of those items; None where there are none.
    min_raters : int
    """

    table: pd.DataFrame
    n_items: int
    missed: Estimate | None
    min_raters: int

    @property
    def share(self) -> Estimate:
        """The share of gold items, judged by enough raters, that most of them miss.

        Raises
        ------
        NotEstimable
            If no gold item was judged by enough raters.
        """
        if self.missed is None:
            text = f"no gold item was judged by {self.min_raters} raters or more, so no item can be called suspect"
            raise NotEstimable(text, public=True)
        return self.missed

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The share, under its name."""
        return {} if self.missed is None else {"share of gold items missed": self.missed}

    @property
    def next_steps(self) -> Mapping[str, str]:
        """What each suspect item asks for."""
        return dict(zip(self.table["item_id"], self.table["next_step"], strict=True))


def suspect_items(
    j: Judgments, *, share_wrong: float = 0.5, min_raters: int = 3, confidence: float = 0.95
) -> SuspectItems:
    """List the gold items that at least this share of their raters miss, and estimate how many there are.

    Look at the gold and the guideline clause of such an item before you look at
    people. Where at least three quarters of the wrong answers are one label,
    raters agree with each other against the gold: ``check the gold``. Where they
    scatter, the guideline does not settle the item: ``fix the guideline``.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    share_wrong : float
        From this share of wrong answers on, an item is suspect.
    min_raters : int
        Judgments needed to call an item suspect.
    confidence : float
        Of the share's exact interval over items.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [("a", r, "y", "x") for r in "pqr"] + [("b", r, r, "x") for r in "pqr"]
    >>> suspects = suspect_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> suspects.next_steps, suspects.share.value
    ({'a': 'check the gold', 'b': 'fix the guideline'}, 1.0)
    """
    share_wrong = check_probability(share_wrong, option="share_wrong")
    min_raters = check_count(min_raters, option="min_raters", least=1)
    check_confidence(confidence)
    marked = as_judgments(j).marked("gold")
    wrong = pl.col("label").filter(~pl.col("right"))
    items = marked.group_by("item_id").agg(
        gold=pl.col("answer").first(),
        n=pl.len(),
        wrong=wrong.len().cast(pl.Int64),
        share_wrong=(~pl.col("right")).mean(),
        usual_answer=wrong.mode().min(),
        usual=wrong.unique_counts().max(),
    )
    judged = items.filter(pl.col("n") >= min_raters)
    suspect = judged.filter((pl.col("wrong") > 0) & (pl.col("share_wrong") >= share_wrong))
    same = pl.col("usual") >= SAME_ANSWER * pl.col("wrong")
    table = suspect.with_columns(next_step=pl.when(same).then(pl.lit(CHECK)).otherwise(pl.lit(FIX))).sort(
        ["share_wrong", "n", "item_id"], descending=[True, True, False]
    )
    missed = None
    if len(judged):
        missed = replace(
            proportion(len(suspect), len(judged), method="exact", confidence=confidence),
            method="share of gold items that most of their raters miss; exact interval",
            **rests_on(marked.join(judged.select("item_id"), on="item_id"), "gold items missed"),
        )
    return SuspectItems(table=table.to_pandas(), n_items=len(judged), missed=missed, min_raters=min_raters)


@dataclass(frozen=True, eq=False, kw_only=True)
class GoldItems:
    """What each gold item has been through.

    Attributes
    ----------
    table : pandas.DataFrame
        ``item_id``, ``gold``, ``n`` (judgments), ``missed`` (share of all),
        ``good_n``, ``good_missed`` (share of the good raters' judgments, empty
        without any), ``discrimination`` (correlation of being right here with
        accuracy on the other items; empty where nothing varies), ``days``
        (since first shown; empty without ``rated_at``), ``action``, ``why``.
    """

    table: pd.DataFrame

    @cached_property
    def refresh_list(self) -> pd.DataFrame:
        """The items that are not simply kept, most urgent first."""
        return self.table[self.table["action"] != KEEP].reset_index(drop=True)

    def __str__(self) -> str:
        return f"{len(self.refresh_list):,} of {len(self.table):,} gold items need a decision."


def gold_items(
    j: Judgments, *, good: float = 0.85, most_shown: int = 200, most_days: int = 180, today: date | str | None = None
) -> GoldItems:
    """Describe each gold item: how hard, how telling, how often shown, how old, and what to do with it.

    A good rater is right on at least ``good`` of the *other* gold items, five of
    them or more, so that an item cannot make its own judges. Actions, in order:
    ``check the gold`` (at least half of three or more good raters miss it), then ``talk it over`` (good raters miss it
    more than the others do).
    Then ``replace`` (raters know it by now) and ``keep``.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold; all rounds.
    good : float
        Accuracy on the other items that makes a rater good.
    most_shown, most_days : int
        An item shown more often, or for longer, is replaced.
    today : date or ISO text, optional
        For the age; otherwise the last day in the data.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(i, r, "y" if i == 0 else "x", "x") for i in range(10) for r in "pqr"]
    >>> items = gold_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> items.refresh_list[["item_id", "good_n", "action"]].to_numpy().tolist()
    [['0', 3, 'check the gold']]
    """
    good = check_probability(good, option="good")
    most_shown = check_count(most_shown, option="most_shown")
    most_days = check_count(most_days, option="most_days")
    items = _counts(as_judgments(j).marked("gold"), good, as_day(today, option="today")).to_pandas()
    enough = (items["good_n"] >= 3) & (items["n"] - items["good_n"] >= 3)
    doubtful = enough & (items["good_missed"] > items["others_missed"] + 0.2)
    suspect = (items["good_n"] >= 3) & (items["good_missed"] >= 0.5)
    worn, old = items["n"] > most_shown, items["days"].fillna(0) > most_days
    actions = {
        (CHECK, "most good raters miss it"): suspect,
        (REVIEW, "good raters miss it more than the others do"): doubtful,
        (REPLACE, f"shown more than {most_shown} times"): worn,
        (REPLACE, f"in use for more than {most_days} days"): old,
    }
    items["action"] = np.select(list(actions.values()), [action for action, _ in actions], KEEP)
    items["why"] = np.select(list(actions.values()), [why for _, why in actions], "")
    order = {action: k for k, action in enumerate((CHECK, REVIEW, REPLACE, KEEP))}
    items = items.assign(order=items["action"].map(order)).sort_values(
        ["order", "missed", "item_id"], ascending=[True, False, True], ignore_index=True
    )
    shown = ["item_id", "gold", "n", "missed", "good_n", "good_missed", "discrimination", "days", "action", "why"]
    return GoldItems(table=items[shown])


def _counts(marked: pl.DataFrame, good: float, today: date | None) -> pl.DataFrame:
    """How often each item was judged and missed, by all and by good raters, its discrimination and its age."""
    right, mine, age = pl.col("right").sum(), ("rater_id", "item_id"), pl.lit(None, pl.Float64)
    if "rated_at" in marked.columns:
        day = pl.col("rated_at").dt.date()
        until = pl.lit(today or marked.select(day.max()).item(), pl.Date)
        age = (until - day.min()).dt.total_days().cast(pl.Float64)
    other = marked.with_columns(
        (right.over("rater_id") - right.over(mine)).alias("others"),
        (pl.len().over("rater_id") - pl.len().over(mine)).alias("of"),
    ).with_columns(pl.when(pl.col("of") > 0).then(pl.col("others") / pl.col("of")).alias("elsewhere"))
    is_good, wrong = (pl.col("of") >= 5) & (pl.col("elsewhere") >= good), ~pl.col("right")
    return other.group_by("item_id").agg(
        gold=pl.col("answer").first(),
        n=pl.len(),
        missed=wrong.mean(),
        good_n=is_good.sum(),
        good_missed=wrong.filter(is_good).mean(),
        others_missed=wrong.filter(~is_good).mean(),
        discrimination=pl.corr(pl.col("right").cast(pl.Float64), "elsewhere").fill_nan(None),
        days=age,
    )


def worn_items(j: Judgments, *, most_shown: int = 200, most_days: int = 180) -> Estimate:
    """Count the gold items that were still shown after either limit.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold and ``rated_at``; all rounds.
    most_shown, most_days : int
        The most judgments of an item, and days from its first to its last.

    Raises
    ------
    NotEstimable
        If there is no ``rated_at``, or no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "2026-01-05"), ("a", "r2", "2026-09-01"), ("b", "r1", "2026-01-05")]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "rated_at"]).assign(label="x", gold="x")
    >>> worn_items(frame).value
    1.0
    """
    most_shown = check_count(most_shown, option="most_shown")
    most_days = check_count(most_days, option="most_days")
    marked = as_judgments(j).marked("gold")
    day = pl.col("day")
    items = dated(marked).group_by("item_id").agg(pl.len(), (day.max() - day.min()).dt.total_days().alias("days"))
    worn = (items["len"] > most_shown) | (items["days"] > most_days)
    method = f"gold items shown more than {most_shown} times or for more than {most_days} days; a count"
    return Estimate.count(int(worn.sum()), method=method, **rests_on(marked, "gold judgments"))


def shown_again(j: Judgments, *, days: int = 30) -> Estimate:
    """Count the judgments of gold items that the same rater had judged less than so many days before.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold and ``rated_at``; all rounds.
    days : int
        Days that must lie between two showings of an item to one rater.

    Raises
    ------
    NotEstimable
        If there is no ``rated_at``, or no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", day, n) for n, day in enumerate(("2026-01-05", "2026-01-20", "2026-02-19"))]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "rated_at", "round"]).assign(label="x", gold="x")
    >>> shown_again(frame).value
    1.0
    """
    days = check_count(days, option="days", least=1)
    marked = as_judgments(j).marked("gold")
    waits = dated(marked).sort("day").select(pl.col("day").diff().over("item_id", "rater_id").dt.total_days())
    method = f"judgments of gold items that the rater had judged less than {days} days before; a count"
    again = int((waits["day"] < days).sum())
    return Estimate.count(again, method=method, **rests_on(marked, "gold judgments"))


def fewest_items(j: Judgments) -> Estimate:
    """Count the gold items of the label that has fewest.

    Where a scale is stated, a label of it without any gold item counts as 0.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.

    Raises
    ------
    NotEstimable
        If no judged item has gold, or labels are numbers without a list.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x"), ("c", "r1", "y", "y")]
    >>> fewest_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).value
    1.0
    """
    j = as_judgments(j).one()
    marked = j.marked("gold")
    if j.numeric:
        raise NotEstimable("labels are numbers, so no label has gold items of its own", public=True)
    answers = marked.unique("item_id")["answer"].to_list()
    counts = [answers.count(str(label)) for label in j.labels]
    text = "No scale is given: a label that no rater gave is not missed here. Give scale=."
    cautions = (Caution("labels_as_seen", text),) if j.scale is None else ()
    method = "gold items of the label that has fewest; a count, without sampling error"
    return Estimate.count(min(counts), method=method, cautions=cautions, **rests_on(marked, "gold judgments"))


@dataclass(frozen=True, eq=False, kw_only=True)
class GoldSet:
    """What a gold set holds.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per gold answer, in the order of the scale: ``gold``, ``items``,
        ``share`` (of the gold items), and a column of counts per group.
    share : Estimate
        Share of the judged items that have gold.
    """

    table: pd.DataFrame
    share: Estimate


def composition(j: Judgments, *, by: str | None = None) -> GoldSet:
    """Count the gold items by their answer, and by group.

    The largest share is what a rater scores who always gives the most common answer.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    by : str, optional
        A column such as ``slice`` or ``locale``; an item counts in each of its groups.

    Raises
    ------
    NotEstimable
        If no judged item has gold, or there is no such column.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("b", "r1", "y", "x"), ("c", "r1", "y", "y"), ("d", "r1", "x", "")]
    >>> held = composition(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> held.table["items"].tolist(), held.share.value
    ([2, 1], 0.75)
    """
    j = as_judgments(j).one()
    marked = j.marked("gold")
    answers = marked.unique("item_id").select("item_id", "answer").to_pandas().set_index("item_id")["answer"]
    counts = answers.value_counts()
    order = [str(label) for label in j.labels if str(label) in counts.index]
    order += sorted(set(counts.index) - set(order))
    table = pd.DataFrame({"gold": order, "items": counts.reindex(order).to_numpy()})
    table["share"] = table["items"] / len(answers)
    if by:
        for value, part in replace(j, frame=marked).groups(by):
            items = part.frame["item_id"].unique().to_list()
            table[str(value)] = answers.loc[items].value_counts().reindex(order, fill_value=0).to_numpy()
    share = Estimate.count(
        len(answers) / j.n_items, method="share of judged items that have gold", **rests_on(j.frame, "judgments")
    )
    return GoldSet(table=table, share=share)
