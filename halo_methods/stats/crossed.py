"""Sums of squares of items crossed with raters, complete or not, and what each is expected to be."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse import linalg as sparse_linalg

from ..errors import NotEstimable

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

DENSE, MOST, DRAWS = 300, 3000, 5000


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
    n_item, n_rater = int(item.max()) + 1, int(rater.max()) + 1
    counts = sparse.coo_matrix((np.ones(n), (item, rater)), shape=(n_item, n_rater)).tocsr()
    of_item, of_rater = np.asarray(counts.sum(1)).ravel(), np.asarray(counts.sum(0)).ravel()
    parts = csgraph.connected_components(sparse.bmat([[None, counts], [counts.T, None]]))
    rank = n_item + n_rater - int(parts[0])
    cells = counts.nnz
    left = n - rank if cells == n else cells - rank
    if of_rater.max() < 2:
        raise NotEstimable(
            "no rater judged two items, so nothing tells raters from items; let every rater of a pilot judge "
            "several items, and every item be judged by three"
        )
    if n_rater - parts[0] < 1 or left < 1:
        raise NotEstimable(
            "too few items were judged by two raters or more to tell items from raters; let every item of a pilot "
            "be judged by three"
        )
    laplacian, solve = _raters_within_items(counts, of_item, of_rater, parts[1][n_item:], int(parts[0]))
    item_mean = _sums(item, y, n_item) / of_item[:, None]
    slope = solve(_sums(rater, y - item_mean[item], n_rater))
    base = _sums(item, y - slope[rater], n_item) / of_item[:, None]
    rest = y - slope[rater] - base[item]
    additive = float((rest**2).sum())
    within_items = float(((y - item_mean[item]) ** 2).sum())
    by_rater = within_items - additive
    rater_mean = _sums(rater, y, n_rater) / of_rater[:, None]
    by_item = float(((y - rater_mean[rater]) ** 2).sum()) - additive

    squared = counts.power(2)
    trace_rater = n - float((np.asarray(squared.sum(1)).ravel() / of_item).sum())
    trace_item = n - float((np.asarray(squared.sum(0)).ravel() / of_rater).sum())
    m_rater, m_item = n_rater - int(parts[0]), n_item - int(parts[0])
    error = additive / (n - rank) / k
    spread = max((by_rater / k - m_rater * error) / trace_rater, 0.0)
    df_rater = k * _form_df(trace_rater, float(laplacian.power(2).sum()), m_rater, spread, error)
    tilted = counts.T @ counts
    scale = sparse.diags(1 / np.sqrt(of_rater))
    cross = counts.multiply(counts.multiply(of_item[:, None])).tocsr() @ (1 / of_rater)
    trace_item2 = float((of_item**2).sum() - 2 * cross.sum() + (scale @ tilted @ scale).power(2).sum())
    between = max((by_item / k - m_item * error) / trace_item, 0.0)
    df_item = k * _form_df(trace_item, trace_item2, m_item, between, error)
    pull = of_item * ((base - np.average(base, axis=0, weights=of_item)) ** 2).sum(axis=1)
    df_item = min(df_item, _clustered_df(pull))

    made: dict[str, Squares] = {}
    if cells == n:
        df = min(float(k * (n - rank)), _two_way_df((rest**2).sum(axis=1), item, rater))
        made["residual"] = Squares(additive, {"residual": k * (n - rank)}, df)
        made["rater"] = Squares(by_rater, {"rater": k * trace_rater, "residual": k * m_rater}, df_rater)
        made["item"] = Squares(by_item, {"item": k * trace_item, "residual": k * m_item}, df_item)
        return made
    cell, size, first = _cells(item, rater, n_rater)
    cell_mean = _sums(cell, y, len(size)) / size[:, None]
    noise = ((y - cell_mean[cell]) ** 2).sum(axis=1)
    again = size[cell] > 1
    df = min(float(k * (n - cells)), _two_way_df(noise[again], item[again], rater[again]))
    made["residual"] = Squares(float(noise.sum()), {"residual": k * (n - cells)}, df)
    inverse = _inverse(laplacian, parts[1][n_item:], int(parts[0]))
    lever = _leverage(item[first], rater[first], counts, of_item, inverse)
    weight = size.astype(float) ** 2
    crossed_with = float((weight * lever).sum())
    per_item, per_rater = ((weight / of[code[first]]).sum() for of, code in ((of_item, item), (of_rater, rater)))
    shift = size * ((cell_mean - slope[rater[first]] - base[item[first]]) ** 2).sum(axis=1)
    df = min(float(k * (cells - rank)), _two_way_df(shift, item[first], rater[first]))
    made["cell"] = Squares(
        additive - float(noise.sum()), {"cell": k * (n - crossed_with), "residual": k * (cells - rank)}, df
    )
    made["rater"] = Squares(
        by_rater,
        {"rater": k * trace_rater, "cell": k * (crossed_with - per_item), "residual": k * m_rater},
        df_rater,
    )
    made["item"] = Squares(
        by_item, {"item": k * trace_item, "cell": k * (crossed_with - per_rater), "residual": k * m_item}, df_item
    )
    return made


def rater_effects(item: Ints, rater: Ints, y: Array) -> Array:
    """How far each rater lies from the others on the same items, one row a rater.

    Examples
    --------
    >>> item, rater = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> rater_effects(item, rater, np.array([[1.0], [3], [2], [4]])).ravel().round(6).tolist()
    [-1.0, 1.0]
    """
    counts = sparse.coo_matrix((np.ones(len(y)), (item, rater))).tocsr()
    of_item, of_rater = np.asarray(counts.sum(1)).ravel(), np.asarray(counts.sum(0)).ravel()
    n_item = len(of_item)
    parts = csgraph.connected_components(sparse.bmat([[None, counts], [counts.T, None]]))
    _, solve = _raters_within_items(counts, of_item, of_rater, parts[1][n_item:], int(parts[0]))
    made: Array = solve(_sums(rater, y - (_sums(item, y, n_item) / of_item[:, None])[item], len(of_rater)))
    return made


def solved(squares: dict[str, Squares], values: dict[str, Array]) -> dict[str, Array]:
    """The components from the sums, residual first, each sum's expectation taken apart."""
    made: dict[str, Array] = {}
    for name in ("residual", "cell", "rater", "item"):
        if name in squares:
            expects = squares[name].expects
            rest = values[name] - sum(f * made[other] for other, f in expects.items() if other != name)
            made[name] = rest / expects[name]
    return made


def _sums(code: Ints, y: Array, size: int) -> Array:
    return np.stack([np.bincount(code, column, minlength=size) for column in y.T], axis=1)


def _cells(item: Ints, rater: Ints, n_rater: int) -> tuple[Ints, Ints, Ints]:
    _, first, cell, size = np.unique(item * n_rater + rater, return_index=True, return_inverse=True, return_counts=True)
    return cell, size, first


def _raters_within_items(counts, of_item, of_rater, part, n_parts):  # type: ignore[no-untyped-def]
    """The raters' normal equations once items are taken out, and how to solve them."""
    laplacian = (sparse.diags(of_rater) - counts.T @ sparse.diags(1 / of_item) @ counts).tocsr()
    if counts.shape[1] <= DENSE:
        inverse = _inverse(laplacian, part, n_parts)
        return laplacian, lambda b: inverse @ b
    ease = sparse.diags(1 / np.maximum(laplacian.diagonal(), 1e-12))

    def iterate(b: Array) -> Array:
        columns = [sparse_linalg.cg(laplacian, column, rtol=1e-10, M=ease, maxiter=5000)[0] for column in b.T]
        return np.stack(columns, axis=1)

    return laplacian, iterate


def _inverse(laplacian, part, n_parts):  # type: ignore[no-untyped-def]
    """A generalized inverse of the raters' equations, dense."""
    n = laplacian.shape[0]
    if n > MOST:
        raise NotEstimable(f"{n:,} raters with repeated judgments are more than fit into memory; keep one round")
    member = np.zeros((n, n_parts))
    member[np.arange(n), part] = 1
    return linalg.inv(laplacian.toarray() + member @ member.T)


def _leverage(item, rater, counts, of_item, inverse):  # type: ignore[no-untyped-def]
    """How much of itself each cell gives to the additive fit."""
    made = np.empty(len(item))
    for start in range(0, len(item), 20000):
        i, r = item[start : start + 20000], rater[start : start + 20000]
        aside = counts[i] / of_item[i][:, None]
        tilted = np.asarray(aside @ inverse)
        own = np.asarray(aside.multiply(tilted).sum(axis=1)).ravel()
        made[start : start + 20000] = 1 / of_item[i] + inverse[r, r] - 2 * tilted[np.arange(len(r)), r] + own
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
    drawn = {k: s.value * s.df / rng.chisquare(s.df, DRAWS) if np.isfinite(s.df) else np.full(DRAWS, s.value)
             for k, s in sums.items()}  # fmt: skip
    return points, solved(sums, drawn), solved(sums, {**drawn, "rater": np.full(DRAWS, sums["rater"].value)})
