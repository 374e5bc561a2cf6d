"""The ways of aggregating by name, and beside each other."""

from collections.abc import Callable
from contextlib import suppress

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from .consensus import Consensus
from .fitting import dawid_skene, glad, mace, majority, one_coin, ordinal
from .item_shares import ConsensusShares

WAYS: dict[str, Callable[[Judgments], Consensus]] = {
    "majority": majority,
    "dawid_skene": dawid_skene,
    "one_coin": one_coin,
    "mace": mace,
    "glad": glad,
    "ordinal": ordinal,
}


def aggregate(j: Judgments, *, method: str = "dawid_skene") -> Consensus:
    """Aggregate in the way that has this name, with its published settings.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    method : {"majority", "dawid_skene", "one_coin", "mace", "glad", "ordinal"}

    Raises
    ------
    BadOption
        If the method is none of these.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> aggregate(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), method="one_coin").method
    'one coin per rater'
    """
    if method not in WAYS:
        raise BadOption.of("method", method, WAYS)
    return WAYS[method](j)


def compare_methods(j: Judgments) -> ConsensusShares:
    """Aggregate in every way that these judgments allow, ties shared, and compare.

    Choose before looking at the accuracy: the best of six on fifty gold items
    is partly the luckiest.

    Returns
    -------
    ConsensusShares
        Table: ``method``, ``no_consensus`` (items), ``differs`` (items whose label
        is not the majority's), ``probability`` (mean), ``converged``, ``accuracy``,
        ``low``, ``high`` (on gold, missing without it).

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [(i, r, "xy"[i % 2]) for i in range(10) for r in "pqr"]
    >>> compared = compare_methods(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))
    >>> compared.table["method"].tolist()
    ['majority', 'Dawid-Skene', 'one coin per rater', 'MACE', 'GLAD']
    """
    j = as_judgments(j)
    plain = majority(j).decide(ties="share")
    rows, estimates = {}, {}
    for way in WAYS.values():
        try:
            consensus = way(j).decide(ties="share")
        except NotEstimable:
            continue
        rows[consensus.method] = {
            "no_consensus": sum(consensus.no_consensus.values()),
            "differs": len(consensus.differing(plain)),
            "probability": float(consensus.labels["probability"].mean()),
            "converged": consensus.converged,
        }
        with suppress(NotEstimable):
            estimates[consensus.method] = consensus.gold_accuracy()
    unit, title = "accuracy on gold", "Accuracy on gold"
    return ConsensusShares.of("method", "accuracy", rows, estimates, unit=unit, title=title)
