"""Which work groups share: where each of them works, and the checked items that two of them judged."""

from itertools import combinations

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import GROUPING, rests_on
from ..results import Estimate
from .group_figures import MISSING, grouped, judged, known

STRATA = ("locale", "queue", "slice")


def overlap(j: Judgments, column: str = "vendor") -> pd.DataFrame:
    """Show where each group works, and how much of its work is where another group works too.

    Parameters
    ----------
    j, column
        As for `comparisons`.

    Returns
    -------
    pandas.DataFrame
        ``column``'s values and, for each of locale, queue and slice that the table has, ``x`` and ``x_shared``.
        ``x`` holds its values, ``x_shared`` the share of the group's judgments in values where another group works too.
        A 0 is a group that
        can't be told apart from its own locale or queue.

    Raises
    ------
    NotEstimable
        If the table has none of these columns, or no such grouping column.

    Examples
    --------
    >>> rows = [(i, v, "x", v, "fr-FR" if i else "de-DE") for v in ("north", "south") for i in range(1, 4)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor", "locale"])
    >>> overlap(j)["locale_shared"].tolist()
    [1.0, 1.0]
    """
    frame = judged(as_judgments(j))
    groups = grouped(frame.select(c for c in frame.columns if c in {column, "rater_id", *GROUPING, *STRATA}), column)
    strata = [c for c in STRATA if c in frame.columns and c != column]
    if not strata:
        reason = f"none of the columns {', '.join(STRATA)} is there, so it is not known which rater does which work"
        raise NotEstimable(reason, public=True)
    rows = []
    for name, part in groups.items():
        row: dict[str, object] = {column: name, "people": part["rater_id"].n_unique(), "judgments": part.height}
        for c in strata:
            others = [p[c].unique() for n, p in groups.items() if n != name]
            elsewhere = part[c].is_in(pl.concat([part[c].clear(), *others]).implode(), nulls_equal=True)
            values = ", ".join(map(str, part[c].unique().sort().to_list()[:8]))
            row |= {c: values, f"{c}_shared": elsewhere.mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def shared_items(j: Judgments, column: str = "vendor") -> dict[str, Estimate]:
    """Count the checked items that both groups of a pair judged, pair by pair in each locale.

    A group alone in a locale is paired with the rows that name no group, for
    instance our own raters; where there are none, it shares 0 items.

    Parameters
    ----------
    j, column
        As for `comparisons`.

    Returns
    -------
    dict of str to Estimate
        By pair and locale, for instance ``north and south in de-DE``; counts, which rest on the checked work of both.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong, or the grouping column is missing or empty.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "x", "x", v) for v in ("north", "south") for r in range(4) for i in range(9)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> {pair: count.value for pair, count in shared_items(j).items()}
    {'north and south': 9.0}
    """
    frame = known(judged(as_judgments(j)), "right")
    split = "locale" in frame.columns and column != "locale"
    counts = {}
    for locale, part in (grouped(frame, "locale") if split else {"": frame}).items():
        groups, where = grouped(part, column), f" in {locale}" if split else ""
        teams = [name for name in groups if name != MISSING]
        teams = [*groups] if len(teams) == 1 else teams
        for a, b in combinations(teams, 2):
            both = set(groups[a]["item_id"]) & set(groups[b]["item_id"])
            counts[f"{a} and {b}{where}"] = _shared(len(both), pl.concat([groups[a], groups[b]]))
        if len(teams) == 1:
            counts[f"{teams[0]} alone{where}"] = _shared(0, part)
    if not counts:
        raise NotEstimable(f"the column {column} has no value", public=True)
    return counts


def _shared(items: int, rows: pl.DataFrame) -> Estimate:
    return Estimate.count(items, method="checked items that both judged", **rests_on(rows, "shared items"))
