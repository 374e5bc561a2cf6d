"""Several consensuses beside each other, and the items on which they differ."""

from collections.abc import Callable
from typing import Literal, get_args

import numpy as np
import pandas as pd
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..results import Caution, Estimate, counted
from .against_gold import gold_accuracy
from .consensus import Consensus, Ties
from .dawid_skene import dawid_skene, one_coin
from .dependence import REPLICATES
from .glad import glad
from .mace import mace
from .majority import majority
from .ordinal import ordinal

FEW_SHARED = 30

Method = Literal["majority", "dawid_skene", "one_coin", "mace", "glad", "ordinal"]
WAYS: dict[str, Callable[..., Consensus]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "mace": mace,
    "glad": glad,
    "ordinal": ordinal,
}


def aggregate(
    j: Judgments,
    *,
    method: Method = "dawid_skene",
    ties: Ties = "none",
    least: float = 0.0,
    margin: float = 0.0,
) -> Consensus:
    """One of the ways of aggregating, by its name; the same call on the same judgments is answered from memory.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    method : {"majority", "dawid_skene", "one_coin", "mace", "glad", "ordinal"}
    ties, least, margin
        As in `majority`. Further options are those of the way's own function.

    Raises
    ------
    BadOption
        If the method is none of these.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> aggregate(j, method="one_coin") is aggregate(j, method="one_coin")
    True
    """
    if method not in get_args(Method):
        raise BadOption.of("method", method, get_args(Method))
    return _aggregate(as_judgments(j), method, ties, least, margin)


@once_a_table
def _aggregate(j: Judgments, method: str, ties: Ties, least: float, margin: float) -> Consensus:
    return WAYS[method](j, ties=ties, least=least, margin=margin)


def label_counts(first: Consensus, second: Consensus) -> pd.DataFrame:
    """How many items each label has under two ways of aggregating, and its prevalence under the second.

    Returns
    -------
    pandas.DataFrame
        ``label``, ``first``, ``second`` (items), ``prevalence``; the last row
        counts the items without one label.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> made = aggregation.majority(j)
    >>> label_counts(made, made)["first"].tolist()
    [5, 5, 0]
    """
    labels = list(second.prevalence)
    rows = [
        {"label": label, "first": int((first.labels["label"] == label).sum()),
         "second": int((second.labels["label"] == label).sum()), "prevalence": second.prevalence[label]}
        for label in labels
    ]  # fmt: skip
    left = [made.n_items - sum(row[k] for row in rows) for made, k in ((first, "first"), (second, "second"))]
    rows.append({"label": "no single label", "first": left[0], "second": left[1], "prevalence": None})
    return pd.DataFrame(rows)


def usual_errors(made: Consensus) -> pd.DataFrame:
    """Each rater's commonest error: what they say how often where something else is true.

    Returns
    -------
    pandas.DataFrame
        ``rater_id``, ``true``, ``given``, ``probability``, ``low``, ``high``;
        the likeliest first, raters who never err left out.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(20) for r in "pqr"] + [(i, "s", "x") for i in range(20)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> usual_errors(aggregation.dawid_skene(j))[["rater_id", "true", "given", "probability"]].values.tolist()
    [['s', 'y', 'x', 1.0]]
    """
    share = pd.Series(made.prevalence)
    wrong = made.confusion[made.confusion["true"] != made.confusion["given"]]
    wrong = wrong.assign(weight=wrong["probability"].to_numpy() * share.loc[list(wrong["true"])].to_numpy())
    worst = wrong[wrong["weight"] > 1e-6].sort_values("weight", ascending=False, kind="stable")
    top = worst.drop_duplicates("rater_id").sort_values("probability", ascending=False, kind="stable")
    return top.drop(columns="weight").reset_index(drop=True)


def differing(first: Consensus, second: Consensus) -> pd.DataFrame:
    """Items to which two ways of aggregating the same judgments give different labels.

    An item without a consensus in one of them only is among them.

    Parameters
    ----------
    first, second : Consensus
        For instance the majority and a model.

    Returns
    -------
    pandas.DataFrame
        ``item_id``, ``votes`` in words, ``first``, ``second`` (missing: no
        consensus), ``probability`` (of the second), ``settled_first``; the
        surest second first.

    Raises
    ------
    BadOption
        If they are of different items.

    Examples
    --------
    >>> from halo_methods import aggregation, as_judgments
    >>> rows = [("a", "r1", "x"), ("a", "r2", "x"), ("a", "r3", "y")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> one, two = aggregation.majority(j), aggregation.weighted_majority(j, weights={"r1": 1, "r2": 1, "r3": 5})
    >>> differing(one, two)[["item_id", "votes", "first", "second"]].values.tolist()
    [['a', 'x 2, y 1', 'x', 'y']]
    """
    a, b = first.labels, second.labels
    if not np.array_equal(a["item_id"].to_numpy(), b["item_id"].to_numpy()):
        raise BadOption("the two are not of the same items")
    left, right = a["label"].astype(object), b["label"].astype(object)
    apart = (left.isna() != right.isna()) | (left.notna() & right.notna() & (left.astype(str) != right.astype(str)))
    rows = np.flatnonzero(apart.to_numpy())
    tally, labels = first._votes.tally, first._votes.labels
    words = []
    for n in rows:
        order = [k for k in np.argsort(-tally[n], kind="stable") if tally[n, k]]
        words.append(", ".join(f"{labels[k]} {int(tally[n, k])}" for k in order))
    table = pd.DataFrame(
        {
            "item_id": a["item_id"].to_numpy()[rows],
            "votes": words,
            "first": left.to_numpy()[rows],
            "second": right.to_numpy()[rows],
            "probability": b["probability"].to_numpy()[rows],
            "settled_first": a["settled"].to_numpy()[rows],
        }
    )
    return table.sort_values("probability", ascending=False, kind="stable", ignore_index=True)


def side_by_side(j: Judgments, *, ties: Ties = "share") -> pd.DataFrame:
    """Every way of aggregating that these judgments allow, one row each.

    Choose before looking at the accuracy: the best of six on fifty gold items
    is partly the luckiest.

    Returns
    -------
    pandas.DataFrame
        ``method``, ``no_consensus`` (items), ``differs`` (items whose label is
        not the majority's), ``probability`` (mean), ``converged``, and where
        there is gold ``accuracy``, ``low``, ``high``.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> side_by_side(j)["method"].tolist()
    ['majority', 'Dawid-Skene', 'one coin a rater', 'MACE', 'GLAD']
    """
    plain = aggregate(j, method="majority", ties=ties)
    rows = []
    for name in get_args(Method):
        try:
            made = aggregate(j, method=name, ties=ties)
        except NotEstimable:
            continue
        settled = ~made.labels["settled"].isin(["consensus"])
        row = {
            "method": made.method,
            "no_consensus": int(settled.sum()),
            "differs": len(differing(plain, made)),
            "probability": float(made.labels["probability"].mean()),
            "converged": made.converged,
        }
        try:
            e = gold_accuracy(made, j)
            row |= {"accuracy": e.value, "low": e.low, "high": e.high}
        except NotEstimable:
            pass
        rows.append(row)
    return pd.DataFrame(rows)


def independence(made: Consensus) -> Estimate:
    """The p-value of the test of dependence, with the interval that its simulation leaves.

    A p-value at or above .05 says that no pair of raters was caught, not that
    nobody copies: with few shared items a pair that copies passes.

    Raises
    ------
    NotEstimable
        If no two raters share five items.

    Examples
    --------
    >>> import numpy as np
    >>> from halo_methods import aggregation, as_judgments
    >>> rng = np.random.default_rng(1)
    >>> rows = [(i, r, "xy"[(i % 2) ^ (rng.random() < 0.2)]) for i in range(40) for r in "pqrs"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> independence(aggregation.dawid_skene(j)).value > 0.05
    True
    """
    found = made.dependence
    if not len(found.pairs):
        raise NotEstimable(f"{found.how}: whether raters copy cannot be tested")
    low = high = found.p_value
    if found.simulated:
        above = round(found.p_value * (REPLICATES + 1)) - 1
        low = float(stats.beta.ppf(0.025, above, REPLICATES - above + 1)) if above else 0.0
        high = float(stats.beta.ppf(0.975, above + 1, REPLICATES - above)) if above < REPLICATES else 1.0
    shared = int(found.pairs["n_shared"].median())
    cautions = list(found.cautions)
    if shared < FEW_SHARED:
        text = f"Half of the pairs share at most {counted(shared, 'item')}: raters who copy may pass."
        cautions.append(Caution("few_shared_items", text))
    method = (
        f"adjusted p-value of the largest excess of agreement over {counted(len(found.pairs), 'pair')}; {found.how}"
    )
    low, high = min(low, found.p_value), max(high, found.p_value)
    return Estimate(
        value=found.p_value,
        low=low,
        high=high,
        confidence=0.95 if low < high else 1,
        kind="p_value",
        n_items=made.n_items,
        n_raters=made.n_raters,
        n_judgments=made.n_judgments,
        method=method,
        over="items",
        cautions=tuple(cautions),
        basis=made.basis(),
    )
