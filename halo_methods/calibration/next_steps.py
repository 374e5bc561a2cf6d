"""From the numbers of a round to what somebody does on Monday."""

import pandas as pd

from ..errors import NotEstimable
from ..judgments import Judgments
from .gold import by_rater, missed_items, on_gold

RETRAIN = "train again"
PASS = "pass"
MORE = "more gold items"
GUIDELINE = "mend the guideline"
GOLD = "check the gold"


def rater_steps(j: Judgments, *, bar: float = 0.80, share_wrong: float = 0.5) -> pd.DataFrame:
    """What each rater does next, with suspect items set aside first.

    Items that at least ``share_wrong`` of three or more raters miss are left
    out of a rater's count: they say more about the gold or the guideline than
    about the rater. A rater passes when the whole interval clears the bar,
    trains again when the whole interval lies below it, and otherwise judges
    more gold items.

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
        The columns of `by_rater`, and ``next_step``. ``table.attrs["suspect"]``
        is the number of items set aside.

    Raises
    ------
    NotEstimable
        If no judged item has gold, or every gold item is suspect.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, "r1", "x" if i < 40 else "y", "x") for i in range(41)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> rater_steps(j)["next_step"].tolist()
    ['pass']
    """
    suspect = suspect_items(j, share_wrong=share_wrong)["item_id"].tolist()
    kept = set(on_gold(j)["item_id"]) - set(suspect)
    if not kept:
        raise NotEstimable("most raters miss every gold item: check the gold answers before anybody is judged by them")
    table = by_rater(j.only(item_id=sorted(kept)), bar=bar)
    table["next_step"] = table["verdict"].map({"met": PASS, "not_met": RETRAIN, "undecided": MORE})
    table.attrs["suspect"] = len(suspect)
    return table


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
