"""The same figures for each market, slice or vendor."""

import pandas as pd

from .. import agreement
from ..errors import NotEstimable
from ..judgments import Judgments

GROUPING = ("locale", "slice", "vendor", "queue")


def grouping(j: Judgments) -> str:
    """The column to compare by where nobody named one: locale, slice, vendor or queue, the first with two values.

    Raises
    ------
    NotEstimable
        If none of them has two values.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "fr-FR"), ("b", "r1", "x", "de-DE")]
    >>> grouping(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "locale"])))
    'locale'
    """
    for column in GROUPING:
        if column in j.columns and j.frame[column].n_unique() > 1:
            return column
    raise NotEstimable(
        f"none of the columns {', '.join(GROUPING)} has two values; name another with the parameter `by`"
    )


def by_group(j: Judgments, column: str) -> pd.DataFrame:
    """Agreement in each group: raw, Fleiss' kappa, and alpha with its interval.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    column : str
        Any column of the table.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``n_items``, ``n_raters``, ``raw_agreement``,
        ``fleiss_kappa``, ``alpha``, ``low``, ``high``, ``over``, ``remarks``
        (why a value is missing, and cautions), in the order of the groups.

    Raises
    ------
    NotEstimable
        If there is no such column, or no group has two judgments of an item.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{g}{i}", r, "xy"[i % 2], g) for g in "ab" for i in range(9) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "slice"]))
    >>> by_group(j, "slice")["alpha"].tolist()
    [1.0, 1.0]
    """
    made = agreement.by(j, column).rename(columns={"value": "alpha"})
    if made["alpha"].isna().all():
        raise NotEstimable(f"in no {column} did two raters judge the same item")
    raw = agreement.by(j, column, measure=agreement.percent_agreement, over="items").set_index(column)["value"]
    fleiss = agreement.by(j, column, measure=agreement.fleiss_kappa, over="items").set_index(column)["value"]
    made["raw_agreement"], made["fleiss_kappa"] = made[column].map(raw), made[column].map(fleiss)
    shown = ["n_items", "n_raters", "raw_agreement", "fleiss_kappa", "alpha", "low", "high", "over", "remarks"]
    return made[[column, *shown]]
