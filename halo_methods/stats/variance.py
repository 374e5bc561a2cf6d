"""Variances of sums whose parts come in clusters, what such judgments count for and whose they are, and sums of squares
of items crossed with raters, complete or not."""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse import linalg as sparse_linalg

from ..errors import NotEstimable
from ..results import Basis


def cluster_codes(values: ArrayLike) -> NDArray:
    """Number clusters from 0, in the order in which they first occur.

    Examples
    --------
    >>> cluster_codes(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    import pandas as pd

    if isinstance(values, pl.Series) and not values.null_count():
        values = values.to_physical() if values.dtype == pl.Categorical else values
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
    each = [cluster_variance(influence, cluster) for cluster in (items, raters, cells(items, raters)[1])]
    return float(both_ways(*each))


def both_ways(by_item: ArrayLike, by_rater: ArrayLike, by_judgment: ArrayLike) -> NDArray:
    """Put one-way variances together, as `two_way_variance` does.

    Examples
    --------
    >>> both_ways([4.0, 1.0], [2.0, 1.0], [1.0, 3.0]).tolist()
    [5.0, 1.0]
    """
    item, rater = np.asarray(by_item, float), np.asarray(by_rater, float)
    return np.maximum(item + rater - by_judgment, np.maximum(item, rater))


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
    text = item.dtype == pl.String
    item = item.hash(seed=0) if text else item  # now, because it is half as large and most bases are never asked

    def by_rater() -> dict[str, np.ndarray]:
        rows = pl.DataFrame([rater.cast(pl.String), item if text else item.cast(pl.String).hash(seed=0)])
        numbers = rows.group_by("rater").agg("item").sort("rater")
        arrays = (series.to_numpy() for series in numbers["item"])
        return dict(zip(numbers["rater"].to_list(), arrays, strict=True))

    return Basis(measure, by_rater, lambda: rater.unique().cast(pl.String).to_list())


def cells(group: NDArray, unit: NDArray) -> tuple[NDArray, NDArray]:
    """Number the cells of group and unit from 0, in their order: the group of each, and the cell of each judgment.

    Where few cells are possible they are counted, which is sooner done than to sort the judgments.

    Examples
    --------
    >>> [x.tolist() for x in cells(np.array([0, 1, 0]), np.array([1, 0, 1]))]
    [[0, 1], [0, 1, 0]]
    """
    width = int(unit.max()) + 1
    code = group.astype(np.int64) * width + unit
    if (int(group.max()) + 1) * width > 4 * len(code):
        codes, cell = np.unique(code, return_inverse=True)
    else:
        there = np.bincount(code) > 0
        codes, cell = np.flatnonzero(there), (there.cumsum() - 1)[code]
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


Array = NDArray[np.float64]


Ints = NDArray[np.int64]


DENSE, MOST, SMALL, DRAWS = 300, 3000, 100_000, 5000


@dataclass(frozen=True)
class Squares:
    """One sum of squares: its value, what it expects, and how sure it is.

    Attributes
    ----------
    value : float
    expects : dict of str to float
        Component to its factor in the expected value of the sum.
    df : float
        Degrees of freedom of the sum's own spread, at most the nominal ones.
    """

    value: float
    expects: dict[str, float]
    df: float


def crossed(item: Ints, rater: Ints, y: Array) -> dict[str, Squares]:
    """Fitting-constants sums of squares (Henderson's method 3) of items crossed with raters.

    Each sum is adjusted for the other factor, so that harder queues do not
    count as stricter raters. On complete data they are those of the analysis
    of variance. ``cell`` (item by rater) is there where some rater judged some
    item more than once.

    Parameters
    ----------
    item, rater : ndarray of int, shape (n,)
        Codes from 0, each in use.
    y : ndarray of float, shape (n, k)
        Columns are independent contrasts with the same components; sums run over them.

    Returns
    -------
    dict of str to Squares
        ``residual``, ``cell`` where judgments repeat, ``rater``, ``item``.

    Raises
    ------
    NotEstimable
        If no two raters share an item, or nothing is left to estimate the residual.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components, chapter 5.

    Examples
    --------
    >>> table = np.array([[9.0, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]])
    >>> item, rater = (x.ravel() for x in np.indices(table.shape))
    >>> made = crossed(item, rater, table.reshape(-1, 1))
    >>> [round(made[k].value / made[k].expects["residual"], 4) for k in ("item", "rater", "residual")]
    [11.2417, 32.4861, 1.0194]
    """
    n, k = y.shape
    y = y - y.mean(axis=0)
    met = _incidence(item, rater)
    counts, of_item, of_rater, n_parts = met.counts, met.of_item, met.of_rater, met.n_parts
    n_item, n_rater = counts.shape
    m_item, m_rater, rank = n_item - n_parts, n_rater - n_parts, n_item + n_rater - n_parts
    cells = int((counts != 0).sum())
    if of_rater.max() < 2:
        raise NotEstimable(
            "no rater judged two items, so nothing tells raters from items; let every rater of a pilot judge "
            "several items, and every item be judged by three"
        )
    if m_rater < 1 or (n if cells == n else cells) - rank < 1:
        raise NotEstimable(
            "too few items were judged by two raters or more to tell items from raters; let every item of a pilot "
            "be judged by three"
        )
    laplacian, slope = _slopes(met, item, rater, y)
    item_mean, rater_mean = _means(item, y, of_item), _means(rater, y, of_rater)
    base = _means(item, y - slope[rater], of_item)
    rest = ((y - slope[rater] - base[item]) ** 2).sum(axis=1)
    additive = float(rest.sum())
    by_rater = float(((y - item_mean[item]) ** 2).sum()) - additive
    by_item = float(((y - rater_mean[rater]) ** 2).sum()) - additive

    squared, error = counts**2, additive / (n - rank) / k
    trace_rater = n - float((squared.sum(axis=1) / of_item).sum())
    trace_item = n - float((squared.sum(axis=0) / of_rater).sum())
    spread = max((by_rater / k - m_rater * error) / trace_rater, 0.0)
    df_rater = k * _form_df(trace_rater, float((laplacian**2).sum()), m_rater, spread, error)
    weight = 1 / of_rater
    trace_item2 = float((of_item**2).sum() - 2 * of_item @ (squared @ weight) + weight @ (met.shared**2 @ weight))
    between = max((by_item / k - m_item * error) / trace_item, 0.0)
    pull = of_item * ((base - np.average(base, axis=0, weights=of_item)) ** 2).sum(axis=1)
    df_item = min(k * _form_df(trace_item, trace_item2, m_item, between, error), _clustered_df(pull))

    of_raters = Squares(by_rater, {"rater": k * trace_rater, "residual": k * m_rater}, df_rater)
    of_items = Squares(by_item, {"item": k * trace_item, "residual": k * m_item}, df_item)
    if cells == n:
        df = min(float(k * (n - rank)), _two_way_df(rest, item, rater))
        return {"residual": Squares(additive, {"residual": k * (n - rank)}, df), "rater": of_raters, "item": of_items}
    _, first, cell, size = np.unique(item * n_rater + rater, return_index=True, return_inverse=True, return_counts=True)
    cell_mean, again = _means(cell, y, size.astype(float)), size[cell] > 1
    noise = ((y - cell_mean[cell]) ** 2).sum(axis=1)
    df = min(float(k * (n - cells)), _two_way_df(noise[again], item[again], rater[again]))
    residual = Squares(float(noise.sum()), {"residual": k * (n - cells)}, df)
    weight = size.astype(float) ** 2
    crossed_with = float((weight * _leverage(met, item[first], rater[first], _inverse(met, laplacian))).sum())
    of_raters.expects["cell"] = k * (crossed_with - (weight / of_item[item[first]]).sum())
    of_items.expects["cell"] = k * (crossed_with - (weight / of_rater[rater[first]]).sum())
    shift = size * ((cell_mean - slope[rater[first]] - base[item[first]]) ** 2).sum(axis=1)
    df = min(float(k * (cells - rank)), _two_way_df(shift, item[first], rater[first]))
    expects = {"cell": k * (n - crossed_with), "residual": k * (cells - rank)}
    of_cells = Squares(additive - float(noise.sum()), expects, df)
    return {"residual": residual, "cell": of_cells, "rater": of_raters, "item": of_items}


def rater_effects(item: Ints, rater: Ints, y: Array) -> Array:
    """How far each rater lies from the others on the same items, one row per rater.

    Examples
    --------
    >>> item, rater = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> rater_effects(item, rater, np.array([[1.0], [3], [2], [4]])).ravel().round(6).tolist()
    [-1.0, 1.0]
    """
    return _slopes(_incidence(item, rater), item, rater, y)[1]


def solved(squares: dict[str, Squares], values: dict[str, Array]) -> dict[str, Array]:
    """The components from the sums, residual first, each sum's expectation taken apart."""
    made: dict[str, Array] = {}
    for name in ("residual", "cell", "rater", "item"):
        if name in squares:
            expects = squares[name].expects
            rest = values[name] - sum(f * made[other] for other, f in expects.items() if other != name)
            made[name] = rest / expects[name]
    return made


class _Incidence(NamedTuple):
    """How often each rater judged each item, and which raters hang together through items."""

    counts: Any
    shared: Any
    of_item: Array
    of_rater: Array
    part: Ints
    n_parts: int


def _incidence(item: Ints, rater: Ints) -> _Incidence:
    counts: Any = sparse.coo_array((np.ones(len(item)), (item, rater))).tocsr()
    if np.prod(counts.shape) <= SMALL:
        counts = counts.toarray()
    shared = counts.T @ counts
    n_parts, part = csgraph.connected_components(shared)
    return _Incidence(counts, shared, counts.sum(axis=1), counts.sum(axis=0), part, int(n_parts))


def _means(code: Ints, y: Array, size: Array) -> Array:
    return np.stack([np.bincount(code, column, minlength=len(size)) for column in y.T], axis=1) / size[:, None]


def _slopes(met: _Incidence, item: Ints, rater: Ints, y: Array) -> tuple[Any, Array]:
    """The raters' normal equations once items are taken out, and their solution."""
    counts = met.counts
    diagonal = np.diag if isinstance(counts, np.ndarray) else sparse.diags_array
    laplacian = diagonal(met.of_rater) - counts.T @ (counts * (1 / met.of_item)[:, None])
    right = _means(rater, y - _means(item, y, met.of_item)[item], np.ones(len(met.of_rater)))
    if counts.shape[1] <= DENSE:
        return laplacian, _inverse(met, laplacian) @ right
    ease = sparse.diags(1 / np.maximum(laplacian.diagonal(), 1e-12))
    columns = [sparse_linalg.cg(laplacian, column, rtol=1e-10, M=ease, maxiter=5000)[0] for column in right.T]
    return laplacian, np.stack(columns, axis=1)


def _inverse(met: _Incidence, laplacian: Any) -> Array:
    """A generalized inverse of the raters' equations, dense."""
    n = laplacian.shape[0]
    if n > MOST:
        raise NotEstimable(f"{n:,} raters with repeated judgments are more than fit into memory; keep one round")
    dense = laplacian if isinstance(laplacian, np.ndarray) else laplacian.toarray()
    return np.asarray(linalg.inv(dense + (met.part[:, None] == met.part)))


def _leverage(met: _Incidence, item: Ints, rater: Ints, inverse: Array) -> Array:
    """How much of itself each cell gives to the additive fit."""
    made = np.empty(len(item))
    for start in range(0, len(item), 20000):
        i, r = item[start : start + 20000], rater[start : start + 20000]
        aside = met.counts[i] * (1 / met.of_item[i])[:, None]
        tilted = aside @ inverse
        own = (aside * tilted).sum(axis=1)
        made[start : start + 20000] = 1 / met.of_item[i] + inverse[r, r] - 2 * tilted[np.arange(len(r)), r] + own
    return made


def _form_df(trace: float, trace2: float, m: int, effect: float, error: float) -> float:
    """Degrees of freedom of a quadratic form whose eigenvalues are effect × λ + error."""
    up = (trace * effect + m * error) ** 2
    down = trace2 * effect**2 + 2 * trace * effect * error + m * error**2
    return float(up / down) if down > 0 else float(m)


def _clustered_df(parts: Array) -> float:
    """2 T² / Var T of a sum T of independent parts, from their spread."""
    spread = len(parts) / (len(parts) - 1) * ((parts - parts.mean()) ** 2).sum()
    return float(2 * parts.sum() ** 2 / spread) if spread > 0 else np.inf


def _two_way_df(squares: Array, item: Ints, rater: Ints) -> float:
    """2 T² / Var T of a sum of squares whose parts cluster by item and by rater."""
    apart = squares - squares.mean()
    spread = -float((apart**2).sum())
    for code in (item, rater):
        total = np.bincount(code, apart)
        groups = len(np.unique(code))
        spread += groups / max(groups - 1, 1) * float((total**2).sum())
    return max(float(2 * squares.sum() ** 2 / spread), 1.0) if spread > 0 else np.inf


def spread(
    sums: dict[str, Squares], rng: np.random.Generator
) -> tuple[dict[str, Array], dict[str, Array], dict[str, Array]]:
    """Components, their draws, and their draws had there been no other raters."""
    points = solved(sums, {k: np.array([s.value]) for k, s in sums.items()})
    sure = {k: np.full(DRAWS, s.value) for k, s in sums.items()}
    drawn = {k: sure[k] * s.df / rng.chisquare(s.df, DRAWS) if np.isfinite(s.df) else sure[k] for k, s in sums.items()}
    return points, solved(sums, drawn), solved(sums, {**drawn, "rater": sure["rater"]})
