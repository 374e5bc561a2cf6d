"""What is done with each item: settled, adjudicated, or left as a distribution."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..results import Basis, Estimate
from ..stats.checks import check_probability
from ..stats.discovery import benjamini_hochberg
from ..stats.proportions import proportion
from .design import design_of, perspective_groups
from .pair_distances import group_gaps
from .soft import soft_labels

KEEP, LOOK, SETTLED = "keep the distribution", "adjudicate or amend", "settled"


@dataclass(frozen=True, kw_only=True)
class Routes:
    """What is done with each item.

    Attributes
    ----------
    table : pandas.DataFrame
        ``item_id``, ``n``, ``divided``, ``leading``, ``soft``, ``entropy``, ``p_value``, ``route``; see `adjudicate`.
    basis : Basis
        Whose labels they are.
    """

    table: pd.DataFrame
    basis: Basis

    def counts(self) -> pd.DataFrame:
        """Count how many items take each route, how many of them are divided, and their share."""
        rows = []
        for route in (SETTLED, KEEP, LOOK):
            there = self.table["route"] == route
            n = int(there.sum())
            rows.append((route, n, int((there & self.table["divided"]).sum()), n / max(len(self.table), 1)))
        return pd.DataFrame(rows, columns=["route", "items", "divided", "share"])

    def kept(self) -> pd.DataFrame:
        """The items that keep their distribution."""
        return self.table[self.table["route"] == KEEP]

    def settled_share(self, *, confidence: float = 0.95) -> Estimate:
        """Estimate the share of items that need no adjudication; exact interval over items."""
        n = int((self.table["route"] != LOOK).sum())
        share = proportion(n, len(self.table), method="exact", confidence=confidence)
        what = "share of items that need no adjudication; exact interval over items, these raters taken as they are"
        return replace(share, method=what, n_judgments=int(self.table["n"].sum())).resting_on(self.basis)


def adjudicate(j: Judgments, *, groups: str | None = None, clear: float = 0.6, false_share: float = 0.1) -> Routes:
    """Which items are settled, which are looked at, and which must not be adjudicated.

    ``keep the distribution``: groups of raters label the item differently,
    beyond what labels shuffled over the groups do, with at most
    ``false_share`` of such items false on average (Benjamini and Hochberg
    1995); one answer would silence a group. ``settled``: the leading label's
    soft share is at least ``clear``. ``adjudicate or amend``: the rest.

    That groups differ does not make the difference legitimate: the guideline
    must ask for the rater's own view. Where it does not, one group has learnt
    another rule.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups : str, optional
        Column of the groups of raters fixed beforehand; without it nothing is
        found to be a matter of perspective.
    clear : float
        Soft share from which a label has settled the item.
    false_share : float
        Expected share of false ones among the items kept.

    Returns
    -------
    Routes
        Its table: ``item_id``, ``n``, ``divided`` (not all labels are the same),
        ``leading``, ``soft``, ``entropy``, ``p_value`` (of the groups; 1 where
        not tested), ``route``; highest entropy first.

    Raises
    ------
    NotEstimable
        If the groups do not fit (see `perspective_groups`), or as `soft_labels`.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"{g}{r}", "x" if g == "n" or i > 3 else "y", g) for i in range(40) for g in "ns" for r in range(4)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"]))
    >>> adjudicate(j, groups="vendor").table["route"].value_counts().to_dict()
    {'settled': 36, 'keep the distribution': 4}
    """
    check_probability(clear, option="clear")
    check_probability(false_share, option="false_share", open_ends=True)
    return _adjudicated(as_judgments(j), groups, clear, false_share)


@once_a_table
def _adjudicated(j: Judgments, groups: str | None, clear: float, false_share: float) -> Routes:
    soft = soft_labels(j).table
    lead = soft.loc[soft.groupby("item_id")["soft"].idxmax()].set_index("item_id")
    p = np.ones(len(lead))
    if groups is not None:
        rows = design_of(j, perspective_groups(j, groups)).rows
        items, tested = group_gaps(rows, 200, np.random.default_rng(3))
        p[items] = tested
    apart = (p < 1) & benjamini_hochberg(p, false_share)
    route = np.where(apart, KEEP, np.where(lead["soft"] >= clear, SETTLED, LOOK))
    table = pd.DataFrame(
        {
            "item_id": lead.index,
            "n": lead["n"].to_numpy(),
            "divided": (lead["count"] < lead["n"]).to_numpy(),
            "leading": lead["label"].to_numpy(),
            "soft": lead["soft"].to_numpy(),
            "entropy": lead["entropy"].to_numpy(),
            "p_value": p,
            "route": route,
        }
    )
    table = table.sort_values(["entropy", "item_id"], ascending=[False, True], ignore_index=True)
    return Routes(table=table, basis=j.one().basis("labels"))
