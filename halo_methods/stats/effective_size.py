"""What judgments count for where they cluster in raters and in items, group by group."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


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
