"""Severity where raters judge different items: a mixed model with items at random."""

from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import optimize, sparse, stats
from scipy.sparse.csgraph import connected_components

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from .severity import gaps, number

Items = Literal["random", "fixed"]


def severity_model(j: Judgments, *, items: Items = "random", confidence: float = 0.95) -> pd.DataFrame:
    r"""Each rater's severity from a two-way model, however the items were dealt out.

    .. math:: y_{ir} = \mu + a_i + s_r + e_{ir}, \qquad a_i \sim N(0, \sigma_a^2)

    With gold, y is the label minus the gold, s_r is measured against the gold
    and a_i is an item that leads everybody one way. Without gold, y is the
    label and s_r is measured against the mean of the raters in the table. The
    variances are found by restricted maximum likelihood; s_r is the
    generalized least squares estimate. Its standard error is the sandwich over
    items, so that a rater who is noisier than the others has a wider interval,
    and its t quantile has the rater's items - 1 degrees of freedom.

    ``items="random"`` supposes that chance decided who judged what. Where weak
    raters were given the hard items, ``items="fixed"`` compares raters on
    shared items only and against the team's mean, whether or not there is
    gold; its intervals are wider.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; ordinal (labels count 0, 1, 2, …),
        interval or ratio.
    items : {"random", "fixed"}
    confidence : float
        Of each interval.

    Returns
    -------
    pandas.DataFrame
        ``rater_id``, ``n`` (items), ``severity`` (scale steps, or the label's
        unit), ``low``, ``high``, ``se``, ``reference`` (``gold`` or ``team``);
        lowest first. ``attrs``: ``item_share`` (of the variance within raters
        that belongs to items), ``left_out`` (raters with one item, or who
        share no item with the largest group), ``n_items``.

    Raises
    ------
    NotEstimable
        If labels are nominal, or fewer than two raters are connected by shared items.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components; Liang and Zeger
    (1986), Biometrika 73, 13-22, for the sandwich. Coverage is in
    ``benchmarks/results/study_calibration.csv``.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, 4 + i % 3 + lean + (i * k) % 2 / 10) for i in range(30)
    ...         for k, (r, lean) in enumerate([("a", -1), ("b", 0), ("c", 1)]) if i % 3 != k]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), scale=(0, 9), level="interval")
    >>> severity_model(j)["severity"].round(1).tolist()
    [-1.0, 0.0, 1.0]
    """
    if items not in get_args(Items):
        raise BadOption.of("items", items, get_args(Items))
    y, item, rater, names, reference, left_out = _rows(j, against_gold=items == "random")
    effects, se, share = fit(y, item, rater, centred=reference == "team", items=items)
    n = np.bincount(rater)
    half = stats.t.ppf((1 + confidence) / 2, np.maximum(n - 1, 1)) * se
    table = pd.DataFrame(
        {
            "rater_id": names,
            "n": n,
            "severity": effects,
            "low": effects - half,
            "high": effects + half,
            "se": se,
            "reference": reference,
        }
    ).sort_values(["severity", "rater_id"], ignore_index=True)
    table.attrs["item_share"] = share
    table.attrs["left_out"] = left_out
    table.attrs["n_items"] = len(np.unique(item))
    return table


def fit(
    y: NDArray, item: NDArray, rater: NDArray, *, centred: bool, items: Items = "random"
) -> tuple[NDArray, NDArray, float]:
    """Severity of each rater, its standard error over items, and the items' share of the variance within raters.

    Parameters
    ----------
    y, item, rater : ndarray, shape (n_judgments,)
        Values, and numbers of items and raters without gaps.
    centred : bool
        Severities against their mean, not against 0.
    items : {"random", "fixed"}

    Examples
    --------
    >>> y, item, rater = np.array([1.0, 3.0, 2.0, 4.0]), np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    >>> fit(y, item, rater, centred=True)[0].round(6).tolist()
    [-1.0, 1.0]
    """
    n_raters = int(rater.max()) + 1
    design = sparse.csr_array((np.ones(len(y)), (np.arange(len(y)), rater)), shape=(len(y), n_raters))
    by_item = sparse.csr_array((np.ones(len(y)), (item, np.arange(len(y)))), shape=(item.max() + 1, len(y)))
    ratio = np.inf if items == "fixed" else _variance_ratio(y, item, design, by_item)
    effects, inverse, scores = _least_squares(y, item, design, by_item, ratio)
    if centred:
        effects = effects - effects.mean()
        inverse = (np.eye(n_raters) - 1 / n_raters) @ inverse
    meat = (scores.T @ scores).toarray()
    n = np.bincount(rater)
    variance = ((inverse @ meat) * inverse).sum(axis=1) * n / np.maximum(n - 1, 1)
    return effects, np.sqrt(np.maximum(variance, 0)), 1.0 if np.isinf(ratio) else float(ratio / (1 + ratio))


def connected(j: Judgments) -> tuple[pl.DataFrame, int]:
    """The judgments of the largest group of raters connected by shared items, and how many raters are left out.

    A rater with one item is left out too. An item of another round is another item.

    Raises
    ------
    NotEstimable
        If the group has fewer than two raters or two items.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x") for i in "ab" for r in "pq"] + [("c", "s", "x"), ("d", "s", "x")]
    >>> connected(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))[1]
    1
    """
    frame = j.one().frame
    parts = [c for c in ("item_id", "round") if c in frame.columns]
    unit = pl.concat_str(parts, separator="\x1f", ignore_nulls=True)
    frame = frame.select("rater_id", "label", unit.alias("item_id"))
    everybody = frame["rater_id"].n_unique()
    frame = frame.filter(pl.len().over("rater_id") > 1)
    if len(frame):
        item, rater = (frame[c].rank("dense").to_numpy().astype(np.int64) - 1 for c in ("item_id", "rater_id"))
        shared = sparse.csr_array((np.ones(len(item)), (rater, item)))
        _, group = connected_components(shared @ shared.T, directed=False)
        frame = frame.filter(pl.Series(group[rater] == np.argmax(np.bincount(group))))
    if frame["rater_id"].n_unique() < 2 or frame["item_id"].n_unique() < 2:
        raise NotEstimable("no two raters judged shared items often enough to compare their severity")
    return frame, everybody - frame["rater_id"].n_unique()


def _rows(j: Judgments, *, against_gold: bool) -> tuple[NDArray, NDArray, NDArray, list[str], str, int]:
    """Values, item and rater numbers, names of raters, the reference, and how many raters are left out."""
    if j.level == "nominal":
        raise NotEstimable("nominal labels have no direction; give the scale in order and level='ordinal'")
    frame = j.one().frame
    if against_gold and "gold" in frame.columns and frame["gold"].is_not_null().any():
        frame, reference = gaps(j).select("item_id", "rater_id", y="gap"), "gold"
        everybody = frame["rater_id"].n_unique()
        frame = frame.filter(pl.len().over("rater_id") > 1)
        if frame["item_id"].n_unique() < 2:
            raise NotEstimable("no rater judged two items with gold")
        left_out = everybody - frame["rater_id"].n_unique()
    else:
        frame, left_out = connected(j)
        frame, reference = frame.select("item_id", "rater_id", y=number(j, "label", frame)), "team"
    names = sorted(frame["rater_id"].unique().to_list())
    numbers = {name: k for k, name in enumerate(names)}
    rater = frame["rater_id"].replace_strict(numbers, return_dtype=pl.Int64).to_numpy()
    item = frame["item_id"].rank("dense").to_numpy().astype(np.int64) - 1
    return frame["y"].to_numpy().astype(float), item, rater, names, reference, left_out


def _incidence(by_item: sparse.csr_array, design: sparse.csr_array) -> Any:
    """Judgments of each item by each rater; dense where that is small."""
    made = by_item @ design
    return made.toarray() if made.shape[0] * made.shape[1] < 1_000_000 else made


def _information(incidence: Any, shrink: NDArray, counts: NDArray) -> tuple[Any, NDArray]:
    """The incidence weighted by item, and the information about raters after items are taken out."""
    if sparse.issparse(incidence):
        weighted = sparse.diags_array(shrink) @ incidence
        return weighted, np.diag(counts) - (incidence.T @ weighted).toarray()
    weighted = incidence * shrink[:, None]
    return weighted, np.diag(counts) - incidence.T @ weighted


def _least_squares(
    y: NDArray, item: NDArray, design: sparse.csr_array, by_item: sparse.csr_array, ratio: float
) -> tuple[NDArray, NDArray, sparse.csr_array]:
    """Rater effects, the inverse of their information, and the scores by item (items by raters)."""
    m = np.bincount(item)
    shrink = 1 / m if np.isinf(ratio) else ratio / (1 + m * ratio)
    incidence = _incidence(by_item, design)
    weighted, information = _information(incidence, shrink, np.asarray(design.sum(axis=0)))
    totals = np.bincount(item, y)
    inverse = np.linalg.pinv(information, hermitian=True)
    effects = inverse @ (design.T @ y - weighted.T @ totals)
    residual = y - design @ effects
    lessened = residual - (shrink * np.bincount(item, residual))[item]
    scores = by_item @ sparse.diags_array(lessened) @ design
    return effects, inverse, scores


def _variance_ratio(y: NDArray, item: NDArray, design: sparse.csr_array, by_item: sparse.csr_array) -> float:
    """Item variance over residual variance by restricted maximum likelihood."""
    m = np.bincount(item)
    if m.max() < 2:
        return 0.0
    df = len(y) - design.shape[1]
    if df < 1 or np.allclose(y, y[0]):
        return 0.0
    incidence = _incidence(by_item, design)
    counts, totals, sums = np.asarray(design.sum(axis=0)), np.bincount(item, y), design.T @ y

    def minus_log_likelihood(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        shrink = ratio / (1 + m * ratio)
        weighted, information = _information(incidence, shrink, counts)
        right = sums - weighted.T @ totals
        try:
            root = np.linalg.cholesky(information)
        except np.linalg.LinAlgError:
            return 1e300
        half = np.linalg.solve(root, right)
        squares = y @ y - (shrink * totals**2).sum() - half @ half
        if squares <= 0:
            return 1e300
        return float(df * np.log(squares) + np.log1p(m * ratio).sum() + 2 * np.log(np.diag(root)).sum())

    found = optimize.minimize_scalar(minus_log_likelihood, bounds=(-12.0, 12.0), method="bounded")
    return float(np.exp(found.x))
