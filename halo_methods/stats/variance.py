"""Variances of sums whose parts come in clusters, what such judgments count for, and whose they are."""

from dataclasses import dataclass
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
    pairs = np.unique(items.astype(np.int64) * (int(raters.max()) + 1) + raters, return_inverse=True)[1]
    return max(by_item + by_rater - cluster_variance(influence, pairs), by_item, by_rater)


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


@dataclass(frozen=True, kw_only=True)
class OneWay:
    """One-way analysis of variance.

    Attributes
    ----------
    between, within : float
        Mean squares.
    groups, n : int
    size : float
        Typical size of a group, :math:`(n - \\sum m^2 / n) / (G - 1)`.
    """

    between: float
    within: float
    groups: int
    n: int
    size: float

    @property
    def icc(self) -> float:
        """Share of the variance that lies between groups; a little below 0 by chance."""
        spread = self.between + (self.size - 1) * self.within
        return (self.between - self.within) / spread if spread > 0 else 0.0

    @property
    def component(self) -> float:
        """Variance between groups; negative where they differ less than chance would have it."""
        return (self.between - self.within) / self.size


def one_way(y: ArrayLike, group: NDArray) -> OneWay:
    """Split the variance of values into between and within groups.

    Parameters
    ----------
    y : array_like, shape (n,)
    group : ndarray of int, shape (n,)
        At least two groups, and one with two values.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 3.

    Examples
    --------
    >>> one_way([1, 2, 5, 6], np.array([0, 0, 1, 1])).between
    16.0
    """
    y = np.asarray(y, float)
    sizes = np.bincount(group)
    means = np.bincount(group, weights=y) / np.maximum(sizes, 1)
    groups, n = int((sizes > 0).sum()), y.size
    between = float((sizes * (means - y.mean()) ** 2).sum() / (groups - 1))
    within = float(((y - means[group]) ** 2).sum() / (n - groups))
    size = float((n - (sizes**2).sum() / n) / (groups - 1))
    return OneWay(between=between, within=within, groups=groups, n=n, size=size)


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


def _cells(group: NDArray, unit: NDArray) -> tuple[NDArray, NDArray]:
    """Return the group of each cell of group and unit, and the cell of each judgment."""
    width = int(unit.max()) + 1
    cells, cell = np.unique(group.astype(np.int64) * width + unit, return_inverse=True)
    return cells // width, cell


def icc_within_groups(y: ArrayLike, group: NDArray, unit: NDArray) -> tuple[float, int]:
    r"""Estimate the intraclass correlation of units, pooled within groups, from a one-way analysis of variance.

    :math:`\rho = (MSB - MSW) / (MSB + (n_0 - 1) MSW)`, set to 0 where negative.
    Because it is taken within groups, a bad group does not add to it.

    Parameters
    ----------
    y : array_like of bool or 0 and 1, shape (n,)
    group, unit : ndarray of int, shape (n,)
        From 0 without gaps; see `halo_methods.stats.cluster_codes`. A unit that works in two groups is two units.

    Returns
    -------
    icc : float
    df : int
        Degrees of freedom between units: units less groups.

    References
    ----------
    Ridout, Demétrio and Firth (1999), Biometrics 55, 137-148.

    Examples
    --------
    >>> icc, df = icc_within_groups([1, 1, 0, 0, 1, 0], np.zeros(6, int), np.array([0, 0, 1, 1, 2, 2]))
    >>> round(icc, 2), df
    (0.5, 2)
    """
    y = np.asarray(y, float)
    of_cell, cell = _cells(group, unit)
    n, k = np.bincount(cell).astype(float), np.bincount(cell, weights=y)
    sizes, squares = np.bincount(group), np.bincount(of_cell, weights=n**2)
    between_df, within_df = len(n) - len(sizes), y.size - len(n)
    if between_df < 1 or within_df < 1:
        return 0.0, max(between_df, 0)
    share = np.bincount(group, weights=y) / sizes
    between = (n * (k / n - share[of_cell]) ** 2).sum() / between_df
    within = (k * (1 - k / n)).sum() / within_df
    typical = (n.sum() - (squares / sizes).sum()) / between_df
    total = between + (typical - 1) * within
    return (float(np.clip((between - within) / total, 0, 1)) if total > 0 else 0.0), between_df


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
        of_cell, cell = _cells(group, unit)
        inflation += icc * (np.bincount(of_cell, weights=np.bincount(cell) ** 2.0) / sizes - 1)
    return sizes / inflation
