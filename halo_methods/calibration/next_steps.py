"""From the numbers of a round to what each rater does next."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from ..judgments import Judgments, as_judgments
from .correctness import by_rater

PASS = "pass"
RETRAIN = "train again"
MORE = "more gold items"
CHECK_GOLD = "check the gold"
FIX_GUIDELINE = "fix the guideline"


@dataclass(frozen=True, eq=False, kw_only=True)
class NextSteps:
    """What each rater does next, and the work list of the round.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n``, ``accuracy``, ``low``, ``high``, ``verdict``,
        ``without_suspects`` (the verdict without suspect items, empty where nothing is left), ``next_step``.
    suspects : mapping of str to str
        Suspect items, and what each asks for.
    """

    table: pd.DataFrame
    suspects: Mapping[str, str]

    @property
    def work(self) -> pd.DataFrame:
        """How many items and raters ask for what (``next_step``, ``items``, ``raters``), in the order of the work."""
        items, raters = Counter(self.suspects.values()), Counter(self.table["next_step"])
        order = (CHECK_GOLD, FIX_GUIDELINE, MORE, RETRAIN, PASS)
        return pd.DataFrame(
            {"next_step": order, "items": [items[s] for s in order], "raters": [raters[s] for s in order]}
        )


def next_steps(j: Judgments, *, bar: float, suspects: Mapping[str, str] | None = None) -> NextSteps:
    """Tell what each rater does next, with suspect items looked at first.

    Accuracy and verdict count every gold item. Beside them stands the verdict
    without suspect items; it leans in the raters' favour, because those items
    are chosen for being missed, and serves only to see whether the verdict
    hangs on them.

    ``pass``: the whole interval clears the bar. ``check the gold``: without
    suspect items the verdict is another. ``train again``: the whole interval
    lies below the bar, with and without suspect items. ``more gold items``: the
    data do not decide.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    bar : float
        Accuracy to clear.
    suspects : mapping of str to str, optional
        Items that most raters miss, and what each asks for: ``gold.suspect_items(j).next_steps``.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(i, "r1", "x" if i < 40 else "y", "x") for i in range(41)]
    >>> steps = next_steps(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), bar=0.8)
    >>> steps.table["next_step"].tolist()
    ['pass']
    """
    j, suspects = as_judgments(j), dict(suspects or {})
    table = by_rater(j, bar=bar, reference="gold").table
    without: dict[Any, str] = {}
    if rest := sorted(set(j.marked("gold")["item_id"]) - set(suspects)):
        clean = by_rater(j.only(item_id=rest), bar=bar, reference="gold").table
        without = dict(zip(clean["rater_id"], clean["verdict"], strict=True))
    table["without_suspects"] = [without.get(rater, "") for rater in table["rater_id"]]
    table["next_step"] = [_step(*pair) for pair in zip(table["verdict"], table["without_suspects"], strict=True)]
    return NextSteps(table=table.drop(columns="right"), suspects=suspects)


def _step(verdict: str, without_suspects: str) -> str:
    if verdict == "met":
        return PASS
    if verdict != without_suspects:
        return CHECK_GOLD
    return RETRAIN if verdict == "not_met" else MORE
