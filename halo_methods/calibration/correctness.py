"""Raters against gold: how many answers are right, by rater and by group, before and after a round."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import Reference, share_right, shares_right
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Over, counted
from ..stats import change as stats_change
from ..stats import proportion
from ..stats.checks import check_probability

if TYPE_CHECKING:
    from matplotlib.figure import Figure

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

    def plot(self) -> "Figure":
        """Draw a dot per row with its interval, and the bar."""
        from .. import plots

        verdict = "verdict" if "verdict" in self.table else None
        label = self.by or "all"
        title = f"Accuracy by {label.removesuffix('_id').replace('_', ' ')}" if self.by else "Accuracy"
        return plots.intervals(
            self.table, label, "accuracy", bar=self.bar, verdict=verdict, unit="share of right answers", title=title
        )


def accuracy(
    j: Judgments,
    *,
    reference: Reference | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
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
        Whom the interval speaks for.
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
    estimates = {}
    for (rater,), part in sorted(marked.group_by("rater_id")):
        share = proportion(int(part["right"].sum()), len(part), method="exact", confidence=confidence)
        method = f"a rater's {_quantity(reference)}; exact interval"
        estimates[str(rater)] = replace(share, method=method, **rests_on(part, RIGHT))
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
    parts = [part for _, part in j.groups(by)]
    marked, reason = [], None
    for part in parts if by == "criterion" else [j]:
        try:
            marked.append(part.marked(reference))
        except NotEstimable as why:
            reason = why
    if reason and not marked:
        raise reason
    return pl.concat(marked, how="diagonal")


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
        text = "there is one round; to see a change, mark the judgments with a `round` column"
        raise NotEstimable(text, public=text)
    first, last = j.rounds[0] if before is None else str(before), j.rounds[-1] if after is None else str(after)
    for option, number in (("before", first), ("after", last)):
        if number not in j.rounds:
            raise BadOption.of(option, number, j.rounds)
    marked = j.marked(reference).filter(pl.col("round").is_in([first, last]))
    estimate = stats_change(
        marked["right"],
        marked["round"] == last,
        marked["rater_id"],
        marked["item_id"],
        confidence=confidence,
        quantity=_quantity(reference),
        measure=RIGHT,
    )
    estimate = replace(estimate, low=max(estimate.low, -1.0), high=min(estimate.high, 1.0))
    shown = marked.group_by("item_id").agg(pl.col("round").n_unique())
    again = int((shown["round"] == 2).sum())
    if not again:
        return estimate
    text = f"{counted(again, 'item')} stood in both rounds; part of a rise may be memory."
    return estimate.with_cautions(Caution("shared_items", text))


@dataclass(frozen=True, eq=False, kw_only=True)
class Confusion:
    """How often each right answer was given each label.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows right answers, columns labels, in the order of the scale; counts.
    """

    table: pd.DataFrame

    def plot(self) -> "Figure":
        """Draw the table, shaded by the share of each row."""
        from .. import plots

        return plots.confusion(self.table)


def confusion(j: Judgments, *, reference: Reference | None = None) -> Confusion:
    """Count how often each right answer was given each label, all raters together.

    A label accepted as a second right answer counts as that answer.

    Parameters
    ----------
    j : Judgments or frame
    reference : {"gold", "audit"}, optional
        As in `accuracy`.

    Raises
    ------
    NotEstimable
        If no judged item has a right answer, or labels are numbers (use `severity`).

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "y", "y")]
    >>> confusion(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).table.loc["x"].to_dict()
    {'x': 1, 'y': 1}
    """
    j = as_judgments(j)
    marked = j.marked(reference)
    if j.numeric:
        raise NotEstimable("labels are numbers, so there is no table of confusions; see the severity of each rater")
    truth = pl.when("right").then(pl.col("label")).otherwise(pl.col("answer"))
    frame = marked.select(truth.alias("gold"), "label").to_pandas()
    table = pd.crosstab(frame["gold"], frame["label"])
    order = [str(label) for label in j.labels]
    extra = sorted(set(table.index) - set(order))
    rows = [gold for gold in [*order, *extra] if gold in table.index]
    return Confusion(table=table.reindex(index=rows, columns=[x for x in order if x in table.columns]))


def _quantity(reference: Reference | None) -> str:
    return {None: "accuracy", "gold": "accuracy against gold", "audit": "accuracy against the audit"}[reference]


def _tabled(by: str, estimates: Mapping[str, Estimate]) -> pd.DataFrame:
    rows = [(k, e.n_items, e.n_raters, e.n_judgments, e.value, e.low, e.high) for k, e in estimates.items()]
    return pd.DataFrame(rows, columns=[by, "n_items", "n_raters", "n_judgments", "accuracy", "low", "high"])
