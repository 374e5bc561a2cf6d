"""From the numbers of a round to what somebody does on Monday."""

import pandas as pd

from ..judgments import Judgments
from .gold import by_rater, missed_items, on_gold

PASS = "pass"
RETRAIN = "train again"
MORE = "more gold items"
GOLD = "check the gold"
GUIDELINE = "mend the guideline"


def rater_steps(j: Judgments, *, bar: float = 0.80, share_wrong: float = 0.5) -> pd.DataFrame:
    """What each rater does next, with suspect items looked at first.

    Accuracy and verdict count every gold item. Beside them stands the verdict
    without the items that at least ``share_wrong`` of three or more raters
    miss; it leans in the raters' favour, because those items are chosen for
    being missed, and serves only to see whether the verdict hangs on them.

    ``pass``: the whole interval clears the bar. ``train again``: the whole
    interval lies below it, with and without suspect items. ``check the gold``:
    without suspect items the verdict is another. ``more gold items``: the
    data do not decide.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    bar : float
        Accuracy to clear.
    share_wrong : float
        From this share of wrong answers on, an item is suspect.

    Returns
    -------
    pandas.DataFrame
        The columns of `by_rater`, ``without_suspects`` (a verdict, empty where
        nothing is left) and ``next_step``. ``table.attrs["suspect"]`` is the
        number of suspect items.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 40 else "y", "x") for i in range(41)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> rater_steps(j)["next_step"].tolist()
    ['pass']
    """
    suspect = set(suspect_items(j, share_wrong=share_wrong)["item_id"])
    table = by_rater(j, bar=bar)
    kept = sorted(set(on_gold(j)["item_id"]) - suspect)
    without = by_rater(j.only(item_id=kept), bar=bar).set_index("rater_id")["verdict"].to_dict() if kept else {}
    table["without_suspects"] = [without.get(rater, "") for rater in table["rater_id"]]
    table["next_step"] = [_step(*pair) for pair in zip(table["verdict"], table["without_suspects"], strict=True)]
    table.attrs["suspect"] = len(suspect)
    return table


def _step(verdict: str, without_suspects: str) -> str:
    if verdict == "met":
        return PASS
    if verdict != without_suspects:
        return GOLD
    return RETRAIN if verdict == "not_met" else MORE


def next_steps(j: Judgments, *, bar: float = 0.80) -> pd.DataFrame:
    """The round's work list: how many items and raters ask for what.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold.
    bar : float
        Accuracy a rater must clear.

    Returns
    -------
    pandas.DataFrame
        Columns ``next_step``, ``items``, ``raters``; in the order in which the
        work is done.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 40 else "y", "x") for i in range(41)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> next_steps(j).set_index("next_step").loc["pass", "raters"].item()
    1
    """
    items = suspect_items(j)["next_step"].value_counts()
    raters = rater_steps(j, bar=bar)["next_step"].value_counts()
    rows = [
        (step, int(items.get(step, 0)), int(raters.get(step, 0))) for step in (GOLD, GUIDELINE, MORE, RETRAIN, PASS)
    ]
    return pd.DataFrame(rows, columns=["next_step", "items", "raters"])


def suspect_items(j: Judgments, *, share_wrong: float = 0.5) -> pd.DataFrame:
    """Items that most of at least three raters miss, and whether gold or guideline comes first.

    Where at least three quarters of the wrong answers are one and the same
    label, raters agree with each other against the gold: check the gold.
    Where they scatter, the guideline does not settle the item: mend it.

    Returns
    -------
    pandas.DataFrame
        The columns of `missed_items`, and ``next_step``.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", r, "y", "x") for r in "pqr"] + [("b", r, r, "x") for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> suspect_items(j)["next_step"].tolist()
    ['check the gold', 'mend the guideline']
    """
    table = missed_items(j, share_wrong=share_wrong)
    n_items = table.attrs["n_items"]
    table = table[table["n"] >= 3].reset_index(drop=True)
    table["next_step"] = [
        GOLD if u >= 0.75 * w else GUIDELINE for u, w in zip(table["usual"], table["wrong"], strict=True)
    ]
    table.attrs["n_items"] = n_items
    return table
