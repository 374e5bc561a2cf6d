"""Before a round and after it."""

from typing import Any

import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .gold import accuracy, on_gold
from .shares import jackknife_variance


def current(j: Judgments, *, repeats: bool = False) -> Judgments:
    """The judgments of the last round; all of them where there are no rounds.

    Parameters
    ----------
    j : Judgments
    repeats : bool
        True where rounds only number a rater's repeated judgments (read with
        ``duplicates="round"``): then all judgments are current.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "1"), ("b", "r1", "x", "2")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"]))
    >>> current(j).n_items
    1
    """
    if repeats or "round" not in j.frame.columns:
        return j
    return j.only(round=rounds(j)[-1])


def rounds(j: Judgments) -> tuple[Any, ...]:
    """The rounds present, in order.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "2"), ("b", "r1", "x", "10")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"]))
    >>> [str(r) for r in rounds(j)]
    ['2', '10']
    """
    if "round" not in j.frame.columns:
        return ()
    found = j.frame["round"].drop_nulls().unique().to_list()
    return tuple(sorted(found, key=lambda r: (0, float(r), "") if str(r).isdigit() else (1, 0.0, str(r))))


def change(j: Judgments, *, before: Any, after: Any, confidence: float = 0.95) -> Estimate:
    r"""Accuracy against gold after a round minus before it, for the raters who did both.

    The variance is the sum of the delete-one-item and delete-one-rater
    jackknife variances of the difference: a rater leaves both rounds at once,
    an item each round it stands in. The interval uses a t quantile on
    raters - 1 degrees of freedom.

    A rise is no proof that the training worked: other items may be easier,
    and items shown twice are remembered.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage, with gold and rounds.
    before, after : object
        The two rounds, as they stand in the table.
    confidence : float
        Of the interval.

    Returns
    -------
    Estimate
        A difference of shares, from -1 to 1.

    Raises
    ------
    NotEstimable
        If a round has no gold judgments, or fewer than two raters did both.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{t}{i}", r, "x" if (i + r) % (2 + 2 * t) else "y", "x", str(t + 1))
    ...         for i in range(40) for r in range(6) for t in (0, 1)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round"]))
    >>> change(j, before="1", after="2").value
    0.25
    """
    marked = {when: on_gold(j.only(round=when)) for when in (before, after)}
    both = set(marked[before]["rater_id"]) & set(marked[after]["rater_id"])
    if len(both) < 2:
        raise NotEstimable(
            f"{counted(len(both), 'rater')} judged gold in both round {before} and round {after}; it takes two"
        )
    stacked = pl.concat(
        frame.filter(pl.col("rater_id").is_in(list(both))).with_columns(pl.lit(sign).alias("sign"))
        for sign, frame in ((-1, marked[before]), (1, marked[after]))
    )
    by_rater, by_item = (_two_sums(stacked, key) for key in ("rater_id", "item_id"))
    value = float(_difference(by_rater.sum(axis=0)))
    variance = jackknife_variance(by_rater, _difference) + jackknife_variance(by_item, _difference)
    half = float(stats.t.ppf((1 + confidence) / 2, len(both) - 1)) * variance**0.5
    left = len(set(marked[before]["rater_id"]) | set(marked[after]["rater_id"])) - len(both)
    cautions = [f"{counted(left, 'rater')} judged gold in one of the rounds only and is left out."] if left else []
    if variance == 0:
        cautions.append("Nothing varies between items or raters, so the interval has no width; do not rely on it.")
    shared = set(marked[before]["item_id"]) & set(marked[after]["item_id"])
    if shared:
        cautions.append(f"{counted(len(shared), 'item')} stood in both rounds; part of a rise may be memory.")
    return Estimate(
        value=value,
        low=max(value - half, -1.0),
        high=min(value + half, 1.0),
        confidence=confidence,
        n_items=len(by_item),
        n_raters=len(both),
        n_judgments=stacked.height,
        method=f"accuracy in round {after} minus accuracy in round {before}; two-way jackknife",
        over="items and raters",
        cautions=tuple(cautions),
    )


def first_and_last(j: Judgments) -> tuple[Any, Any]:
    """The first and the last round.

    Raises
    ------
    NotEstimable
        If there are not two rounds.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "x", "1"), ("b", "r1", "x", "2")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"]))
    >>> [str(r) for r in first_and_last(j)]
    ['1', '2']
    """
    found = rounds(j)
    if len(found) < 2:
        raise NotEstimable("there is one round; to see a change, mark the judgments with a `round` column")
    return found[0], found[-1]


def by_round(j: Judgments, *, confidence: float = 0.95) -> pd.DataFrame:
    """Accuracy against gold in each round.

    Returns
    -------
    pandas.DataFrame
        Columns ``round``, ``n_items``, ``n_raters``, ``accuracy``, ``low``, ``high``.

    Raises
    ------
    NotEstimable
        If no round has gold judgments.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x", "x", "1") for i in range(9) for r in "pqr"]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "round"]))
    >>> by_round(j)["accuracy"].tolist()
    [1.0]
    """
    rows = []
    for number in rounds(j):
        try:
            made = accuracy(j.only(round=number), confidence=confidence)
        except NotEstimable:
            continue
        rows.append({"round": number, "n_items": made.n_items, "n_raters": made.n_raters,
                     "accuracy": made.value, "low": made.low, "high": made.high})  # fmt: skip
    if not rows:
        raise NotEstimable("no round has judgments of items with gold")
    return pd.DataFrame(rows)


def _two_sums(stacked: pl.DataFrame, key: str) -> NDArray:
    """For each value of ``key``: right and all before, right and all after."""
    was, right = pl.col("sign") < 0, pl.col("right")
    return (
        stacked.group_by(key)
        .agg((right & was).sum(), was.sum().alias("n0"), (right & ~was).sum().alias("r1"), (~was).sum().alias("n1"))
        .sort(key)
        .drop(key)
        .to_numpy()
        .astype(float)
    )


def _difference(totals: NDArray) -> NDArray:
    return totals[..., 2] / totals[..., 3] - totals[..., 0] / totals[..., 1]
