"""How many answers are right: of raters, groups, majorities and model judges, before and after a round."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference, majority, share_right, shares_right
from ..judgments.table import need, rests_on, rests_on_each
from ..results import Caution, Estimate, Figure, Over, around, counted
from ..stats import change as stats_change
from ..stats import check_confidence, check_probability, proportion, two_way_share
from ..stats.proportions import clopper_pearson

RIGHT = "right"


@dataclass(frozen=True, eq=False, kw_only=True)
class Accuracies:
    """Shares of right answers, one row per rater or group.

    Attributes
    ----------
    by : str
        The column whose values the rows are; empty where there is one row for all.
    table : pandas.DataFrame
        That column (or ``all``), counts, ``accuracy``, ``low``, ``high`` and, with a bar, ``verdict``.
    estimates : dict of str to Estimate
        The same by value of the column.
    bar : float or None
        The accuracy to clear.
    """

    by: str
    table: pd.DataFrame
    estimates: Mapping[str, Estimate]
    bar: float | None = None

    def plot(self) -> Figure:
        """Draw a dot per row with its interval, and the bar."""
        from .. import plots

        verdict, unit = "verdict" if "verdict" in self.table else None, "share of right answers"
        title = f"Accuracy by {self.by.removesuffix('_id').replace('_', ' ')}" if self.by else "Accuracy"
        rows = (self.table, self.by or "all", "accuracy")
        return plots.intervals(*rows, bar=self.bar, verdict=verdict, unit=unit, title=title)


def accuracy(
    j: Judgments, *, reference: Reference | None = None, over: Over = "items and raters", confidence: float = 0.95
) -> Estimate:
    """Estimate the share of judgments that give a right answer, all raters together.

    It is 1 - `audit.error_rate`, with the same interval: see `stats.two_way_share`.

    Do not read accuracy on gold as the quality of live work: gold items are
    chosen, and raters may know them.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    reference : {"gold", "audit"}, optional
        Where right answers come from; by default gold, and the audit for items without gold.
    over : {"items", "raters", "items and raters"}
        What the interval covers.
    confidence : float

    Raises
    ------
    NotEstimable
        If no judged item has a right answer.
    BadOption
        For another reference or ``over``.

    References
    ----------
    Cameron, Gelbach and Miller (2011), Journal of Business & Economic Statistics
    29, 238-249; Korn and Graubard (1998), Survey Methodology 24, 193-201.

    Examples
    --------
    >>> rows = [(i, r, "x" if (i + r) % 5 else "y", "x") for i in range(40) for r in range(6)]
    >>> accuracy(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).value
    0.8
    """
    marked = as_judgments(j).marked(reference)
    return share_right(marked, over=over, confidence=confidence, quantity=_quantity(reference))


def by_rater(
    j: Judgments, *, bar: float | None = None, reference: Reference | None = None, confidence: float = 0.95
) -> Accuracies:
    """Estimate each rater's accuracy, and tell whether it clears a bar.

    Each interval is exact and over items, so that a verdict on a person errs at
    most as often as it says, however few the items. With many raters some
    intervals miss their true value by luck alone: of raters whose true accuracy
    is the bar itself, up to one in forty falls short of it.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    bar : float, optional
        Accuracy to clear; adds the column ``verdict``.
    reference, confidence
        As in `accuracy`.

    Returns
    -------
    Accuracies
        Table: ``rater_id``, ``n`` (judgments), ``right``, ``accuracy``, ``low``,
        ``high``; lowest accuracy first.

    Raises
    ------
    NotEstimable
        If no judged item has a right answer.

    Examples
    --------
    >>> rows = [(i, "r1", "x" if i < 27 else "y", "x") for i in range(30)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])
    >>> by_rater(frame, bar=0.8).table[["n", "right", "verdict"]].to_numpy().tolist()
    [[30, 27, 'undecided']]
    """
    if bar is not None:
        check_probability(bar, option="bar")
    marked = as_judgments(j).marked(reference)
    counts = marked.group_by("rater_id").agg(pl.col("right").sum(), pl.len()).sort("rater_id")
    k, n = (counts[c].to_numpy().astype(float) for c in ("right", "len"))
    shares = np.column_stack([k / n, *clopper_pearson(k, n, confidence=confidence)]).tolist()
    method = f"a rater's {_quantity(reference)}; exact interval"
    estimates = {
        rater: Estimate(**around(*share), confidence=confidence, method=method, over="items", **rests)
        for share, (rater, rests) in zip(shares, rests_on_each(marked, RIGHT).items(), strict=True)
    }
    table = _tabled("rater_id", estimates).drop(columns=["n_items", "n_raters"]).rename(columns={"n_judgments": "n"})
    table.insert(2, "right", (table["accuracy"] * table["n"]).round().astype(int))
    if bar is not None:
        table["verdict"] = np.select([table["low"] >= bar, table["high"] < bar], ["met", "not_met"], "undecided")
    table = table.sort_values(["accuracy", "rater_id"], ignore_index=True)
    lowest_first = {rater: estimates[rater] for rater in table["rater_id"]}
    return Accuracies(by="rater_id", table=table, estimates=lowest_first, bar=bar)


def accuracy_by(
    j: Judgments,
    by: str,
    *,
    reference: Reference | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
) -> Accuracies:
    """Estimate the accuracy of each group, such as each market or each round.

    Compare groups only where they judge the same items under the same
    guideline; otherwise a low figure may mean harder items.

    Parameters
    ----------
    j : Judgments or frame
        One stage; one criterion unless ``by`` is ``criterion``.
    by : str
        A column.
    reference, over, confidence
        As in `accuracy`.

    Returns
    -------
    Accuracies
        Table: the column, ``n_items``, ``n_raters``, ``n_judgments``, ``accuracy``, ``low``, ``high``.

    Raises
    ------
    NotEstimable
        If there is no such column, or no judged item has a right answer.

    Examples
    --------
    >>> rows = [(f"{g}{i}", r, "x", "x", g) for g in "ab" for i in range(9) for r in "pqr"]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "slice"])
    >>> accuracy_by(frame, "slice").table["accuracy"].tolist()
    [1.0, 1.0]
    """
    estimates = shares_right(_marked(as_judgments(j), by, reference), by, over=over, confidence=confidence)
    return Accuracies(by=by, table=_tabled(by, estimates), estimates=estimates)


def _marked(j: Judgments, by: str, reference: Reference | None) -> pl.DataFrame:
    """Mark judgments of one criterion, or of each criterion where groups are criteria."""
    if by != "criterion":
        need(j.frame, by)
        return j.marked(reference)
    parts, marked = [part for _, part in j.groups(by)], []
    for part in parts:
        with suppress(NotEstimable):
            marked.append(part.marked(reference))
    return pl.concat(marked, how="diagonal") if marked else parts[0].marked(reference)


def change(
    j: Judgments,
    *,
    before: str | None = None,
    after: str | None = None,
    reference: Reference | None = None,
    confidence: float = 0.95,
) -> Estimate:
    """Estimate accuracy after a round minus before it, for the raters who did both.

    Each rater is compared with the same rater: see `stats.change`. A rise is no
    proof that the training worked: other items may be easier, and items shown
    twice are remembered.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with rounds.
    before, after : str, optional
        Two rounds; by default the first and the last.
    reference, confidence
        As in `accuracy`.

    Returns
    -------
    Estimate
        A difference of shares, from -1 to 1.

    Raises
    ------
    NotEstimable
        If there are not two rounds, or fewer than two raters have judgments with right answers in both.
    BadOption
        For a round that is not in the data.

    Examples
    --------
    >>> rows = [(f"{t}{i}", r, "x" if (i + r) % (2 + 2 * t) else "y", "x", str(t + 1))
    ...         for i in range(40) for r in range(6) for t in (0, 1)]
    >>> round(change(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round"])).value, 6)
    0.25
    """
    j = as_judgments(j)
    if len(j.rounds) < 2 or j.rounds_are_repeats:
        raise NotEstimable("there is one round; to see a change, mark the judgments with a `round` column", public=True)
    first, last = j.rounds[0] if before is None else str(before), j.rounds[-1] if after is None else str(after)
    for option, number in (("before", first), ("after", last)):
        BadOption.unless(option, number, j.rounds)
    marked = j.marked(reference).filter(pl.col("round").is_in([first, last]))
    sides = (marked["right"], marked["round"] == last, marked["rater_id"], marked["item_id"])
    estimate = stats_change(*sides, confidence=confidence, quantity=_quantity(reference), measure=RIGHT)
    again = int((marked.group_by("item_id").agg(pl.col("round").n_unique())["round"] == 2).sum())
    if not again:
        return estimate
    text = f"{counted(again, 'item')} stood in both rounds; part of a rise may be memory."
    return estimate.with_cautions(Caution("shared_items", text))


def _quantity(reference: Reference | None) -> str:
    return {None: "accuracy", "gold": "accuracy against gold", "audit": "accuracy against the audit"}[reference]


def _tabled(by: str, estimates: Mapping[str, Estimate]) -> pd.DataFrame:
    rows = [(k, e.n_items, e.n_raters, e.n_judgments, e.value, e.low, e.high) for k, e in estimates.items()]
    return pd.DataFrame(rows, columns=[by, "n_items", "n_raters", "n_judgments", "accuracy", "low", "high"])


def majority_accuracy(j: Judgments, *, by: str | None = None, confidence: float = 0.95) -> Accuracies:
    """Estimate how often the label that most raters gave is an accepted gold answer.

    Of m tied labels each counts 1/m. Many tools let the alphabet decide instead,
    which gives another figure for the same votes; it is given after the first.
    Intervals are over items.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    by : str, optional
        A column; one row for each of its values.
    confidence : float

    Returns
    -------
    Accuracies
        Table: the ``by`` column or ``all``, ``n_items``, ``n_tied``, ``n_differs``
        (items, ties counted in part), ``accuracy``, ``low``, ``high``,
        ``alphabetical`` (the share where the alphabet decides ties).

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "x", "x")]
    >>> majority = majority_accuracy(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> majority.table[["accuracy", "alphabetical"]].to_numpy().tolist()
    [[0.75, 1.0]]
    """
    j = as_judgments(j).one()
    marked = replace(j, frame=j.marked("gold"))
    how: dict[str, Any] = {"confidence": confidence, "quantity": "accuracy of the majority, ties in part"}
    rows, estimates = [], {}
    for value, group in marked.groups(by) if by else [("all items", marked)]:
        name = "(missing)" if value is None else str(value)
        right = group.frame.select("item_id", "label", "right").unique(["item_id", "label"])
        won = majority(group).join(right, on=["item_id", "label"]).sort("item_id", "label")
        items = won.group_by("item_id", maintain_order=True).agg(
            pl.col("right").mean().alias("credit"), pl.col("tied").first(), pl.col("right").first().alias("first")
        )
        share = two_way_share(items["credit"], np.zeros(len(items)), items["item_id"], over="items", **how)
        estimates[name] = replace(share, **rests_on(group.frame, "majority is right"))
        tied, differs = int((items["tied"] > 1).sum()), len(items) - items["credit"].sum()
        rows.append((name, len(items), tied, differs, share.value, share.low, share.high, items["first"].mean()))
    columns = [by or "all", "n_items", "n_tied", "n_differs", "accuracy", "low", "high", "alphabetical"]
    return Accuracies(by=by or "", table=pd.DataFrame(rows, columns=columns), estimates=estimates)


def judges(j: Judgments, *, confidence: float = 0.95) -> Accuracies:
    """Compare each model judge with the majority of the people on the same items.

    Items whose people tie have no reference; they are left out and counted.
    Precision, recall and F1 are macro averages: the plain mean over the labels
    that people or the judge used. A judge that answers like the average person
    still errs where people err: this is not accuracy against the truth.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with ``rater_type``.
    confidence : float

    Returns
    -------
    Accuracies
        Table: ``rater_id``, ``n`` (items), ``n_tied`` (left out), ``accuracy``,
        ``low``, ``high``, ``precision``, ``recall``, ``f1``.

    Raises
    ------
    NotEstimable
        If there are no model judges, no people, or no shared items.

    Examples
    --------
    >>> rows = [(i, r, "xy"[i % 2], "human") for i in range(4) for r in ("p", "q", "s")]
    >>> rows += [(i, "m", "x", "model") for i in range(4)]
    >>> judges(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"])).estimates["m"].value
    0.5
    """
    check_confidence(confidence)
    one = as_judgments(j).one()
    kinds = set(one.frame["rater_type"].drop_nulls()) if "rater_type" in one.columns else set()
    if not {"human", "model"} <= kinds:
        text = "to set model judges beside people, `rater_type` must hold both 'human' and 'model'"
        raise NotEstimable(text, public=True)
    people = one.people()
    won = majority(people).rename({"label": "truth"})
    rows, estimates = [], {}
    for (judge,), labels in sorted(one.models().frame.group_by("rater_id")):
        shared = labels.select("item_id", "label").join(won, on="item_id")
        both = shared.filter(pl.col("tied") == 1)
        if both.is_empty():
            continue
        truth, label = both["truth"].to_numpy(), both["label"].to_numpy()
        share = proportion(int((truth == label).sum()), len(both), method="exact", confidence=confidence)
        judged = people.frame.filter(pl.col("item_id").is_in(both["item_id"].implode()))
        method = "a model judge's agreement with the majority of the people; exact interval"
        estimates[str(judge)] = replace(share, method=method, **rests_on(judged, "majority of the people"))
        counts = {"rater_id": judge, "n": len(both), "n_tied": shared.filter(pl.col("tied") > 1)["item_id"].n_unique()}
        ends = {"accuracy": share.value, "low": share.low, "high": share.high}
        rows.append({**counts, **ends, **_macro(truth, label)})
    if not rows:
        raise NotEstimable("no item was judged by a model and has a majority among the people")
    return Accuracies(by="rater_id", table=pd.DataFrame(rows), estimates=estimates)


def _macro(truth: NDArray, label: NDArray) -> dict[str, float]:
    """Macro averages; 0 for a label with nothing to find, as is usual."""
    used = np.unique(np.concatenate([truth, label]))
    hits = np.array([((truth == x) & (label == x)).sum() for x in used])
    said, true = (np.array([(values == x).sum() for x in used]) for values in (label, truth))
    precision, recall = hits / np.maximum(said, 1), hits / np.maximum(true, 1)
    f1 = 2 * precision * recall / np.where(hits > 0, precision + recall, 1)
    return {"precision": float(precision.mean()), "recall": float(recall.mean()), "f1": float(f1.mean())}
