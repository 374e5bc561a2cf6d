"""Groups in pairs: which may be compared, how they differ, how often they agree, and where each works."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Literal, get_args

import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Estimate, Figure, counted
from ..stats.checks import check_confidence
from .outcomes import MISSING, grouped, judged, known
from .two_groups import STRATA, Ground, TwoGroups


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """Which pairs of groups could be compared, what came out, and which could not and why.

    Attributes
    ----------
    table : pandas.DataFrame
        ``a``, ``b`` (two groups), the quantity, ``low``, ``high``, ``n_items``, ``n_raters``, and more by the method.
    refused : pandas.DataFrame
        ``a``, ``b``, ``reason``.
    estimates : dict of str to Estimate
        By pair, for instance ``north and south``.
    quantity : {"difference", "agreement"}
        The column that holds it.
    """

    table: pd.DataFrame
    refused: pd.DataFrame
    estimates: dict[str, Estimate]
    quantity: Literal["difference", "agreement"]

    def plot(self) -> Figure:
        """The pairs with their intervals."""
        from .. import plots

        differ = self.quantity == "difference"
        named = self.table.assign(pair=self.table["a"] + (" less " if differ else " and ") + self.table["b"])
        unit = "difference of shares right" if differ else "share of pairs of judgments that agree"
        title = "Differences where work can be compared" if differ else "Agreement on shared items"
        return plots.intervals(named, "pair", self.quantity, bar=0 if differ else None, unit=unit, title=title)


def compare(
    j: Judgments, a: str, b: str, *, column: str = "vendor", ground: Ground = "best", confidence: float = 0.95
) -> Estimate:
    r"""Estimate the share right of one group less that of another, where their work can be compared.

    On shared items: each item both groups judged counts with one weight, the
    mean of a less the mean of b. By case mix: direct standardisation over the
    strata (locale × queue × slice, as far as the table has them) in which both
    groups have at least two raters and ten checked judgments; a stratum's
    weight is its share of both groups' judgments there. The interval is that of
    `halo_methods.stats.change.standardised_difference`.

    Parameters
    ----------
    j : Judgments
        One criterion.
    a, b : str
        Two values of the column.
    column : str
        What makes the groups.
    ground : {"best", "shared items", "case mix"}
        Best takes shared items where there are at least 20, otherwise case mix.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If there are too few shared items and no strata, if the groups share no
        stratum (vendor and locale can't be told apart), or if the shared
        strata hold less than half of either group's checked judgments.
    BadOption
        For another ground.

    Notes
    -----
    Case mix adjusts for the columns named and for nothing else. Work assigned
    at random needs no adjustment, and gets the same answer on either ground.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "x" if (i + r) % m else "y", "x", v)
    ...         for v, m in (("north", 10), ("south", 5)) for r in range(4) for i in range(40)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> round(compare(j, "north", "south").value, 2)
    0.1
    """
    check_confidence(confidence)
    if ground not in get_args(Ground):
        raise BadOption.of("ground", ground, get_args(Ground))
    groups = grouped(known(judged(as_judgments(j)), "right"), column)
    for name in (a, b):
        if name not in groups:
            raise NotEstimable(f"no checked judgment has {column} {name!r}; there are {', '.join(groups)}")
    return TwoGroups(groups, a, b, column).difference(ground, confidence)[0]


def comparisons(j: Judgments, column: str = "vendor", *, confidence: float = 0.95) -> Comparisons:
    """Compare every pair of groups where that is fair, and refuse it with the reason where it is not.

    Parameters
    ----------
    j : Judgments
        One criterion.
    column : str
        What makes the groups.
    confidence : float
        Of all intervals together (Bonferroni).

    Returns
    -------
    Comparisons
        ``.table`` has ``ground`` (shared items or case mix) and ``overlap``, the share of
        both groups' checked judgments that the comparison speaks for.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong, or there is one group.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "x", "x", v) for v in ("north", "south") for r in range(4) for i in range(9)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> comparisons(j).refused["reason"].str[:48].tolist()
    ['north and south share 9 checked items and there ']
    """
    check_confidence(confidence)
    groups = grouped(known(judged(as_judgments(j)), "right"), column)
    return _all_pairs(groups, column, "difference", lambda pair, each: pair.difference("best", each), confidence)


def agreement_between(j: Judgments, column: str = "vendor", *, confidence: float = 0.95) -> Comparisons:
    """Estimate how often judgments of two groups agree on the items both judged, for every pair of groups.

    Every pair of judgments of an item, one from each group, counts; the
    interval is that of `halo_methods.stats.change.pair_share`. ``kappa`` takes off the chance that two
    labels drawn from the two groups' own shares are the same.

    Low agreement says that two vendors read the guideline differently. It does
    not say which of them is right.

    Parameters
    ----------
    j, column
        As for `comparisons`.
    confidence : float
        Of each interval.

    Returns
    -------
    Comparisons
        ``.table`` has ``kappa``, missing where chance alone makes all labels alike. Pairs with fewer
        than 20 shared items are refused.

    Raises
    ------
    NotEstimable
        If there is one group.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "xy"[i % 2], v) for v in ("north", "south") for r in range(3) for i in range(30)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"])
    >>> agreement_between(j).table[["n_items", "agreement", "kappa"]].to_numpy().tolist()
    [[30.0, 1.0, 1.0]]
    """
    check_confidence(confidence)
    groups = grouped(judged(as_judgments(j)), column)
    return _all_pairs(groups, column, "agreement", lambda pair, _: pair.agreement(confidence), confidence)


def overlap(j: Judgments, column: str = "vendor") -> pd.DataFrame:
    """Show where each group works, and how much of its work is where another group works too.

    Parameters
    ----------
    j, column
        As for `comparisons`.

    Returns
    -------
    pandas.DataFrame
        ``column``'s values and, for each of locale, queue and slice that the
        table has, ``x`` (its values) and ``x_shared`` (share of the group's
        judgments in values where another group works too). A 0 is a group that
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
    groups = grouped(frame, column)
    strata = [c for c in STRATA if c in frame.columns and c != column]
    if not strata:
        reason = f"none of the columns {', '.join(STRATA)} is there, so nobody can see who does which work"
        raise NotEstimable(reason, public=reason)
    rows = []
    for name, part in groups.items():
        row: dict[str, object] = {column: name, "people": part["rater_id"].n_unique(), "judgments": part.height}
        others = pl.concat([frame.clear(), *(p for n, p in groups.items() if n != name)])
        for c in strata:
            elsewhere = part[c].is_in(others[c].unique().implode(), nulls_equal=True)
            values = ", ".join(map(str, part[c].unique().sort().to_list()[:8]))
            row |= {c: values, f"{c}_shared": elsewhere.mean()}
        rows.append(row)
    return pd.DataFrame(rows)


def _all_pairs(
    groups: dict[str, pl.DataFrame],
    column: str,
    quantity: Literal["difference", "agreement"],
    estimated: Callable[[TwoGroups, float], tuple[Estimate, dict[str, object]]],
    confidence: float,
) -> Comparisons:
    """Every pair of groups, all intervals together at the stated confidence."""
    names = [name for name in groups if name != MISSING]
    if len(names) < 2:
        raise NotEstimable(f"{counted(len(names), 'group')} in {column}; it takes two")
    pairs = list(combinations(names, 2))
    each = 1 - (1 - confidence) / len(pairs)
    rows, refused, estimates = [], [], {}
    for a, b in pairs:
        try:
            estimate, more = estimated(TwoGroups(groups, a, b, column), each)
        except NotEstimable as reason:
            refused.append({"a": a, "b": b, "reason": str(reason)})
            continue
        estimates[f"{a} and {b}"] = estimate
        ends = {quantity: estimate.value, "low": estimate.low, "high": estimate.high}
        rows.append({"a": a, "b": b, **ends, **more, "n_items": estimate.n_items, "n_raters": estimate.n_raters})
    columns = ["a", "b", quantity, "low", "high", "n_items", "n_raters"]
    return Comparisons(
        table=pd.DataFrame(rows) if rows else pd.DataFrame(columns=columns),
        refused=pd.DataFrame(refused, columns=["a", "b", "reason"]),
        estimates=estimates,
        quantity=quantity,
    )
