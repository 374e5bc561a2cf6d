"""A share of judgments and its interval over items, over raters, or over both."""

from collections.abc import Callable

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..stats import clopper_pearson, score_interval
from ..errors import BadOption, NotEstimable
from ..results import Estimate, Over, counted

FEW_RATERS = 5


def sums(marked: pl.DataFrame, key: str) -> NDArray:
    """Right answers and judgments for each value of ``key``: one row each, two columns.

    Examples
    --------
    >>> marked = pl.DataFrame({"rater_id": ["a", "a", "b"], "right": [True, False, True]})
    >>> sums(marked, "rater_id").tolist()
    [[1.0, 2.0], [1.0, 1.0]]
    """
    counts = marked.group_by(key).agg(pl.col("right").sum().cast(pl.Float64), pl.len().cast(pl.Float64).alias("n"))
    return counts.sort(key).select("right", "n").to_numpy()


def share_estimate(
    by_item: NDArray, by_rater: NDArray, quantity: str, *, over: Over = "items and raters", confidence: float = 0.95
) -> Estimate:
    """A share of judgments from its sums by item and by rater; see `accuracy` for the method.

    Parameters
    ----------
    by_item, by_rater : ndarray, one row an item or a rater
        Successes and judgments.
    quantity : str
        Its name, for the result.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for.
    confidence : float
        Of the interval.

    Examples
    --------
    >>> import numpy as np
    >>> by_item, by_rater = np.array([[3.0, 4.0]] * 50), np.array([[37.5, 50.0]] * 4)
    >>> share_estimate(by_item, by_rater, "share").value
    0.75
    """
    if over not in ("items", "raters", "items and raters"):
        raise BadOption.of("over", over, ("items", "raters", "items and raters"))
    n_items, n_raters = len(by_item), len(by_rater)
    cautions = []
    if over != "items" and n_raters < 3:
        if over == "raters":
            raise NotEstimable(f"an interval over raters needs at least three; there are {n_raters}")
        over = "items"
        cautions.append(f"With {counted(n_raters, 'rater')} the interval speaks for the items only.")
    right, n = by_item.sum(axis=0)
    items = jackknife_variance(by_item, share)
    items_only = effective_interval(right / n, items, n_items, None, confidence)
    if over == "items":
        low, high = items_only
        how = "exact interval at the effective size"
    else:
        spread = jackknife_variance(by_rater, share) + (items if over == "items and raters" else 0.0)
        size = n_raters if over == "raters" else n_items
        low, high = effective_interval(right / n, spread, size, n_raters - 1, confidence)
        how = f"jackknife over {over}, Wilson's interval at the effective size"
    few = over != "items" and n_raters < FEW_RATERS
    if few:
        cautions.append(f"{n_raters} raters say little about raters in general; the items-only interval is beside it.")
    shown = items_only if few else None
    return Estimate(
        value=right / n,
        low=low,
        high=high,
        confidence=confidence,
        items_only=shown,
        n_items=n_items,
        n_raters=n_raters,
        n_judgments=int(n),
        method=f"{quantity}; {how}",
        over=over,
        cautions=tuple(cautions),
    )


def share(totals: NDArray) -> NDArray:
    return totals[..., 0] / totals[..., 1]


def jackknife_variance(parts: NDArray, statistic: Callable[[NDArray], NDArray]) -> float:
    """Delete-one jackknife variance of a statistic of the column totals of ``parts``.

    Examples
    --------
    >>> import numpy as np
    >>> x = np.array([1.0, 4.0, 7.0])
    >>> parts = np.column_stack([x, np.ones(3)])
    >>> bool(np.isclose(jackknife_variance(parts, share), x.var(ddof=1) / 3))
    True
    """
    m = len(parts)
    if m < 2:
        return 0.0
    left_out = statistic(parts.sum(axis=0) - parts)
    return float((m - 1) / m * ((left_out - left_out.mean()) ** 2).sum())


def effective_interval(p: float, variance: float, most: int, df: int | None, confidence: float) -> tuple[float, float]:
    """Interval of a share at the effective size p(1-p) / variance, at most ``most`` where nothing varies.

    With degrees of freedom a score interval with a t quantile; without, or
    where nothing varies, the exact interval, which a handful of items cannot
    make too short.

    Examples
    --------
    >>> [round(end, 3) for end in effective_interval(0.0, 0.0, 1, None, 0.95)]
    [0.0, 0.975]
    """
    size = p * (1 - p) / variance if variance > 0 else float(most)
    if df is None or variance == 0:
        low, high = clopper_pearson(p * size, size, confidence=confidence)
    else:
        low, high = score_interval(np.asarray(p * size), np.asarray(size), stats.t.ppf((1 + confidence) / 2, df))
    return float(low), float(high)
