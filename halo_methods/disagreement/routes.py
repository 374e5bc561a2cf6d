"""What is done with each item: settled, adjudicated, or left as a distribution."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import stats

from ..stats import proportion
from ..judgments import Judgments
from ..judgments.coding import once
from ..results import Estimate
from .pairs import group_gaps
from .prepare import perspective_groups, prepared
from .soft import soft_labels

KEEP, LOOK, SETTLED = "keep the distribution", "adjudicate or amend", "settled"


def adjudicate(
    j: Judgments, *, groups: str | None = None, clear: float = 0.6, false_share: float = 0.1
) -> pd.DataFrame:
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
    pandas.DataFrame
        ``item_id``, ``n``, ``divided`` (not all labels are the same),
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
    >>> adjudicate(j, groups="vendor")["route"].value_counts().to_dict()
    {'settled': 36, 'keep the distribution': 4}
    """
    key = f"adjudicate by {groups} at {clear} and {false_share}"
    made = once(j, key, lambda: _adjudicated(j, groups, clear, false_share))
    copied = made.copy()
    copied.attrs = dict(made.attrs)
    return copied


def _adjudicated(j: Judgments, groups: str | None, clear: float, false_share: float) -> pd.DataFrame:
    soft = soft_labels(j)
    lead = soft.loc[soft.groupby("item_id")["soft"].idxmax()].set_index("item_id")
    p = pd.Series(1.0, index=lead.index)
    if groups is not None:
        rows, *_ = prepared(j, perspective_groups(j, groups))
        items, found = group_gaps(rows, 200, np.random.default_rng(3))
        tested = p.to_numpy().copy()
        tested[items] = found
        p = pd.Series(tested, index=lead.index)
    apart = p < 1
    if apart.any():
        apart &= stats.false_discovery_control(p.to_numpy()) <= false_share
    route = np.where(apart, KEEP, np.where(lead["soft"] >= clear, SETTLED, LOOK))
    made = pd.DataFrame(
        {"item_id": lead.index, "n": lead["n"].to_numpy(), "divided": (lead["count"] < lead["n"]).to_numpy(),
         "leading": lead["label"].to_numpy(),
         "soft": lead["soft"].to_numpy(), "entropy": lead["entropy"].to_numpy(),
         "p_value": p.to_numpy(), "route": route}
    )  # fmt: skip
    made = made.sort_values(["entropy", "item_id"], ascending=[False, True], ignore_index=True)
    made.attrs["n_raters"] = j.one().n_raters
    return made


def route_counts(routes: pd.DataFrame) -> pd.DataFrame:
    """How many items take each route, how many of them are divided, and their share, from `adjudicate`.

    Examples
    --------
    >>> routes = pd.DataFrame({"route": ["settled", "settled", "adjudicate or amend"], "divided": [True, False, True]})
    >>> route_counts(routes)["items"].tolist()
    [2, 0, 1]
    """
    rows = []
    for route in (SETTLED, KEEP, LOOK):
        there = routes["route"] == route
        n = int(there.sum())
        rows.append((route, n, int((there & routes["divided"]).sum()), n / max(len(routes), 1)))
    return pd.DataFrame(rows, columns=["route", "items", "divided", "share"])


def settled_share(routes: pd.DataFrame, *, confidence: float = 0.95) -> Estimate:
    """Share of items that need no adjudication, from `adjudicate`; exact interval over items.

    Examples
    --------
    >>> routes = pd.DataFrame({"item_id": ["a", "b"], "n": [3, 3], "route": ["settled", "adjudicate or amend"]})
    >>> settled_share(routes).value
    0.5
    """
    made = proportion(int((routes["route"] != LOOK).sum()), len(routes), method="exact", confidence=confidence)
    what = "share of items that need no adjudication; exact interval over items, these raters given"
    return replace(made, method=what, n_raters=int(routes.attrs.get("n_raters", 1)), n_judgments=int(routes["n"].sum()))
