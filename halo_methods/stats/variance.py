"""Variances of sums whose parts come in clusters, what such judgments count for, and whose they are."""

from typing import Any

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..results import Basis


def cluster_codes(values: ArrayLike) -> NDArray:
    """Number clusters from 0, in the order in which they first occur.

    Examples
    --------
    >>> cluster_codes(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    import pandas as pd
    import polars as pl

    if isinstance(values, pl.Series) and not values.null_count():
        return values.to_arrow().dictionary_encode().indices.to_numpy().astype(np.int64)
    values = np.asarray(values)
    return pd.factorize(values if values.dtype.kind in "iu" else values.astype(object))[0]


def cluster_variance(influence: NDArray, cluster: NDArray) -> float:
    r"""Compute the variance of a sum of influences whose clusters are drawn anew.

    .. math:: \frac{G}{G-1} \sum_g \Big(\sum_{i \in g} \psi_i\Big)^2

    Parameters
    ----------
    influence : ndarray, shape (n,)
        They sum to 0.
    cluster : ndarray of int, shape (n,)
        From 0; see `cluster_codes`.

    Returns
    -------
    float
        0 with a single cluster.

    Examples
    --------
    >>> x = np.array([0.0, 1.0, 1.0, 0.0])
    >>> bool(np.isclose(cluster_variance((x - 0.5) / 4, np.arange(4)), x.var(ddof=1) / 4))
    True
    """
    sums = np.bincount(cluster, weights=influence)
    return float(len(sums) / (len(sums) - 1) * (sums**2).sum()) if len(sums) > 1 else 0.0


def two_way_variance(influence: NDArray, items: NDArray, raters: NDArray) -> float:
    """Compute the variance over items and raters: by item, plus by rater, less by judgment, and below neither.

    Both one-way variances hold the noise of single judgments, which is therefore taken off once.

    Parameters
    ----------
    influence : ndarray, shape (n,)
    items, raters : ndarray of int, shape (n,)

    References
    ----------
    Cameron, Gelbach and Miller (2011), Robust inference with multiway clustering,
    Journal of Business & Economic Statistics 29, 238-249.

    Examples
    --------
    >>> influence = np.array([0.1, -0.1, 0.1, -0.1])
    >>> round(two_way_variance(influence, np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])), 3)
    0.16
    """
    by_item, by_rater = cluster_variance(influence, items), cluster_variance(influence, raters)
    return max(by_item + by_rater - cluster_variance(influence, cells(items, raters)[1]), by_item, by_rater)


def satterthwaite(a: float, df_a: float, b: float, df_b: float) -> float:
    """Approximate the degrees of freedom of a sum of two variances.

    References
    ----------
    Satterthwaite (1946), Biometrics Bulletin 2, 110-114.

    Examples
    --------
    >>> satterthwaite(1, 4, 1, 4)
    8.0
    """
    return float((a + b) ** 2 / (a**2 / df_a + b**2 / df_b))


def basis_of_arrays(raters: Any, items: Any, measure: str) -> Basis:
    """Number the judgments of each rater, the same item of the same rater by the same number.

    Parameters
    ----------
    raters, items : array_like, shape (n,)
        Without items each judgment is numbered by its place.
    measure : str
        What is counted.

    Examples
    --------
    >>> basis = basis_of_arrays(["r", "r", "s"], ["a", "b", "a"], "right")
    >>> {rater: len(numbers) for rater, numbers in basis.judgments.items()}
    {'r': 2, 's': 1}
    """
    rater = pl.Series("rater", raters)
    item = pl.Series("item", np.arange(len(rater)) if items is None else items)

    def by_rater() -> dict[str, np.ndarray]:
        rows = pl.DataFrame([rater.cast(pl.String), item.cast(pl.String).hash(seed=0).alias("item")])
        numbers = rows.group_by("rater").agg("item").sort("rater")
        arrays = (series.to_numpy() for series in numbers["item"])
        return dict(zip(numbers["rater"].to_list(), arrays, strict=True))

    return Basis(measure, by_rater)


def cells(group: NDArray, unit: NDArray) -> tuple[NDArray, NDArray]:
    """Number the cells of group and unit from 0: the group of each, and the cell of each judgment.

    Examples
    --------
    >>> [x.tolist() for x in cells(np.array([0, 1, 0]), np.array([1, 0, 1]))]
    [[0, 1], [0, 1, 0]]
    """
    width = int(unit.max()) + 1
    codes, cell = np.unique(group.astype(np.int64) * width + unit, return_inverse=True)
    return codes // width, cell


def icc_within_groups(y: ArrayLike, group: NDArray, unit: NDArray, *, least: float = 0.0) -> tuple[float, int]:
    r"""Estimate the intraclass correlation of units, pooled within groups, from a one-way analysis of variance.

    :math:`\rho = (MSB - MSW) / (MSB + (n_0 - 1) MSW)`, set to ``least`` where it is below by chance.
    Because it is taken within groups, a bad group does not add to it.

    Parameters
    ----------
    y : array_like, shape (n,)
    group, unit : ndarray of int, shape (n,)
        From 0 without gaps; see `halo_methods.stats.cluster_codes`. A unit that works in two groups is two units.
    least : float
        0, or ``-numpy.inf`` for the estimate as it is.

    Returns
    -------
    icc : float
    df : int
        Degrees of freedom between units: units less groups.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 3;
    Ridout, Demétrio and Firth (1999), Biometrics 55, 137-148.

    Examples
    --------
    >>> icc, df = icc_within_groups([1, 1, 0, 0, 1, 0], np.zeros(6, int), np.array([0, 0, 1, 1, 2, 2]))
    >>> round(icc, 2), df
    (0.5, 2)
    """
    y = np.asarray(y, float)
    of_cell, cell = cells(group, unit)
    n, sizes = np.bincount(cell).astype(float), np.bincount(group)
    between_df, within_df = len(n) - len(sizes), y.size - len(n)
    if between_df < 1 or within_df < 1:
        return 0.0, max(between_df, 0)
    mean, of_group = np.bincount(cell, weights=y) / n, np.bincount(group, weights=y) / sizes
    between = (n * (mean - of_group[of_cell]) ** 2).sum() / between_df
    within = ((y - mean[cell]) ** 2).sum() / within_df
    typical = (n.sum() - (np.bincount(of_cell, weights=n**2) / sizes).sum()) / between_df
    total = between + (typical - 1) * within
    return (float(np.clip((between - within) / total, least, 1)) if total > 0 else 0.0), between_df


def effective_sizes(group: NDArray, *clusters: tuple[NDArray, float]) -> NDArray:
    r"""Compute the number of independent judgments that each group's judgments are worth.

    :math:`n / (1 + \sum_u \rho_u (\sum n_u^2 / n - 1))`: many judgments by few
    raters, or of few items, count for less.

    Parameters
    ----------
    group : ndarray of int, shape (n,)
        From 0 without gaps.
    *clusters : tuple of ndarray of int and float
        Units, and their intraclass correlation, of `icc_within_groups`.

    Examples
    --------
    >>> effective_sizes(np.zeros(6, int), (np.array([0, 0, 1, 1, 2, 2]), 0.5)).tolist()
    [4.0]
    """
    sizes = np.bincount(group)
    inflation = np.ones(len(sizes))
    for unit, icc in clusters:
        of_cell, cell = cells(group, unit)
        inflation += icc * (np.bincount(of_cell, weights=np.bincount(cell) ** 2.0) / sizes - 1)
    return sizes / inflation
