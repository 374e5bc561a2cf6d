"""Who looks at an item next: another rater, an adjudicator, a model, or none."""

import os
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from ..atomic_files import write_files
from ..errors import BadOption
from ..judgments.spreadsheets import table_text
from ..results import readable
from ..stats.checks import check_amount

Array = NDArray[np.float64]
SAME, RARE = 1e-12, 1e-9
MOST_AHEAD, CHUNK = 3, 20_000
STOP, KEEP = "stop", "keep all answers"


@dataclass(frozen=True, eq=False)
class LabelSource:
    """A role that can give one more label, at a price.

    Attributes
    ----------
    name : str
        As the queue says it: ``another rater``, ``adjudicator``, ``model``.
    price : float
        Of one label, in the unit of the cost of an error.
    confusion : float or array_like
        How it errs. A number is the chance of the right label, its errors falling on all others alike.
        A table (true by given, rows add up to 1) says it label by label.
        Several tables, one each, are a pool from which one member is drawn by `weights`, known when the label arrives.
    weights : array_like, optional
        Of the members of the pool; alike if not given.
    seen : collection of str
        Items it has labelled already; a second look of the same eyes is worth
        nothing here.
    """

    name: str
    price: float
    confusion: Any
    weights: ArrayLike | None = None
    seen: Collection[str] = field(default_factory=frozenset)

    def tables(self, n_labels: int) -> tuple[Array, Array]:
        """Return the confusion tables of the pool, and their weights.

        Examples
        --------
        >>> LabelSource("model", 0.1, 0.8).tables(3)[0][0][0].round(3).tolist()
        [0.8, 0.1, 0.1]
        """
        check_amount(self.price, option=f"the price of {self.name}", above=True)
        tables = np.asarray(self.confusion, float)
        if tables.ndim == 0:
            wrong = (1 - tables) / max(n_labels - 1, 1)
            tables = np.where(np.eye(n_labels, dtype=bool), tables if n_labels > 1 else 1.0, wrong)
        tables = tables[None] if tables.ndim == 2 else tables
        shaped = tables.ndim == 3 and tables.shape[1] == n_labels
        if not (shaped and (tables >= 0).all() and np.allclose(tables.sum(-1), 1)):
            raise BadOption(f"the confusion of {self.name} is no table of {n_labels} labels whose rows add up to 1")
        weight = np.ones(len(tables)) if self.weights is None else np.asarray(self.weights, float)
        if weight.shape != (len(tables),) or not (weight >= 0).all() or not weight.sum() > 0:
            raise BadOption(f"{self.name} has {len(tables)} members and needs as many weights of 0 or more")
        return tables, weight / weight.sum()


def rater_source(
    consensus: Any, *, price: float, name: str = "another rater", raters: Collection[str] = ()
) -> LabelSource:
    """Take the raters of a consensus as a source: one at random, weighted by how much each has labelled.

    Parameters
    ----------
    consensus : Consensus
        With ``raters``, ``probabilities`` and ``confusion`` (each rater's table row by row).
    price : float
    name : str
    raters : collection of str
        Only these; all by default.

    Examples
    --------
    >>> from halo_methods import aggregation
    >>> rows = [(i, r, "xy"[i % 2] if r != "c" else "x") for i in range(20) for r in "abc"]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    >>> rater_source(aggregation.dawid_skene(frame), price=1).tables(2)[0].shape
    (3, 2, 2)
    """
    chosen = consensus.raters["rater_id"].isin(list(raters)) if raters else np.ones(len(consensus.raters), bool)
    if not chosen.any():
        raise BadOption("raters names no rater of the consensus")
    k = len(consensus.probabilities.columns)
    tables = consensus.confusion["probability"].to_numpy(float).reshape(-1, k, k)[chosen] + RARE
    weights = consensus.raters["n"].to_numpy(float)[chosen]
    return LabelSource(name, price, tables / tables.sum(-1, keepdims=True), weights=weights)


@dataclass(frozen=True, eq=False)
class Routing:
    """Who looks at which item next, and why.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per item: ``item_id``, ``label`` (the cheapest decision now),
        ``probability`` (of that label), ``margin`` (between the two likeliest
        labels), ``risk`` (expected cost of error without a further look), ``next`` (a
        source, ``stop``, or ``keep all answers``), ``labels`` (how many of
        them), ``value`` (expected fall of the risk), ``price``, ``net``
        (value less price), ``per_cost`` (value for each unit of price),
        ``reason``.
    values : pandas.DataFrame
        Items by sources: expected fall of the risk from one label.
    cautions : tuple of str
    """

    table: pd.DataFrame
    values: pd.DataFrame
    cautions: tuple[str, ...] = ()

    @property
    def summary(self) -> pd.DataFrame:
        """By what comes next: ``next``, ``items``, ``price`` and ``value`` (in all)."""
        sums = self.table.groupby("next").agg(items=("item_id", "size"), price=("price", "sum"), value=("value", "sum"))
        return sums.sort_values(["items"], ascending=False, kind="stable").reset_index()

    def queue(self, *, budget: float | None = None) -> pd.DataFrame:
        """List the items that get a further look, the most value for the price first.

        With a budget an item that no longer fits is passed over, and cheaper
        ones behind it still get in. ``spent`` adds up the prices.
        """
        waiting = self.table[~self.table["next"].isin([STOP, KEEP])]
        waiting = waiting.sort_values(["per_cost", "value", "item_id"], ascending=[False, False, True])
        if budget is not None:
            left, kept = check_amount(budget, option="budget") + 1e-9, []
            for price in waiting["price"]:
                kept.append(price <= left)
                left -= price if price <= left else 0.0
            waiting = waiting[np.array(kept, bool)]
        return waiting.assign(spent=waiting["price"].cumsum()).reset_index(drop=True)

    def write(self, path: str | os.PathLike[str], *, budget: float | None = None) -> Path:
        """Write the queue as CSV that is safe to open in a spreadsheet.

        It shows probabilities, so it is for the coordinator and never for an
        adjudicator; `pack` and ``halo adjudicate pack --queue`` read it.
        """
        queue = self.queue(budget=budget)
        return write_files({path: table_text(queue)})[0]


def route(
    consensus: Any,
    sources: Sequence[LabelSource],
    *,
    error_cost: float | pd.DataFrame = 1.0,
    ahead: int = 1,
    perspective: bool | Collection[str] = False,
    done: Collection[str] = (),
) -> Routing:
    r"""Name the next look at each item: the source whose label is worth most above its price, or none.

    With :math:`p_k` the chance that label :math:`k` is right and
    :math:`L_{kd}` the cost of deciding :math:`d` where :math:`k` is right, an
    item left alone costs :math:`\min_d \sum_k p_k L_{kd}`. A source that says
    :math:`l` with chance :math:`\theta_{kl}` leaves
    :math:`\sum_l \min_d \sum_k p_k \theta_{kl} L_{kd}`: the difference is the
    expected value of its label, exactly. Where no value exceeds its price, stop.

    It looks one purchase ahead. One rater's label often cannot turn a decision
    that two could; ``ahead=2`` also prices two labels of one source bought
    together, ``ahead=3`` three (of a pool, by its average table).

    Do not trust it where the probabilities are not: raters who copy from each
    other, or items that are hard for all, make a consensus surer than it is right.
    Then it stops too soon.

    Parameters
    ----------
    consensus : Consensus or pandas.DataFrame
        Its ``probabilities``, or such a table: items by labels, rows add up to 1.
    sources : sequence of LabelSource
    error_cost : float or pandas.DataFrame
        What a wrong label costs, in the unit of the prices; or a table, true
        label by decided label.
    ahead : {1, 2, 3}
        Labels of one source bought together, at most.
    perspective : bool or collection of str
        True if the criterion is declared a perspective, or the items that are:
        no rater is asked who is right, and all answers are kept.
    done : collection of str
        Items decided already.

    Returns
    -------
    Routing

    Raises
    ------
    BadOption
        If probabilities, prices, confusion or costs are not what they should be.
    NotEstimable
        If the consensus itself says that its probabilities are not those of the labels.

    References
    ----------
    Raiffa and Schlaifer (1961), Applied Statistical Decision Theory: the
    expected value of sample information.

    Examples
    --------
    >>> p = pd.DataFrame({"good": [.5, .97], "poor": [.5, .03]}, index=["a", "b"])
    >>> routing = route(p, [LabelSource("another rater", 1, .8), LabelSource("adjudicator", 5, .95)], error_cost=20)
    >>> routing.table[["item_id", "next", "value", "price"]].round(3).values.tolist()
    [['a', 'another rater', 6.0, 1.0], ['b', 'stop', 0.0, 0.0]]
    """
    p, items, labels = _posterior(consensus)
    loss = _loss(error_cost, labels)
    BadOption.unless("ahead", ahead, range(1, MOST_AHEAD + 1))
    if not sources or len({STOP, KEEP, *(s.name for s in sources)}) < len(sources) + 2:
        raise BadOption(f"sources need a name each, none twice and none called {STOP!r} or {KEEP!r}")
    costs, rows = p @ loss, np.arange(len(p))
    risk, choice = costs.min(1), costs.argmin(1)
    plans = [(s, n) for s in sources for n in range(1, ahead + 1)]
    value = np.stack([_value(p, risk, loss, s, n, items) for s, n in plans], axis=1)
    bought = pd.DataFrame([(s.name, n, float(s.price * n)) for s, n in plans], columns=["next", "labels", "price"])
    price = bought["price"].to_numpy()
    net = value - price
    order = np.argsort(price, kind="stable")
    best = order[(net[:, order] >= net.max(1, keepdims=True) - SAME).argmax(1)]
    kept = np.full(len(p), perspective) if isinstance(perspective, bool) else _among(items, perspective)
    decided = _among(items, done)
    stop = (net[rows, best] <= SAME) | kept | decided
    top = np.sort(np.pad(p, ((0, 0), (1, 0))))
    table = pd.DataFrame({"item_id": items, "label": np.array(labels, dtype=object)[choice]})
    table = table.assign(probability=p[rows, choice], margin=top[:, -1] - top[:, -2], risk=risk)
    chosen = bought.iloc[best].reset_index(drop=True).assign(value=value[rows, best])
    table = table.join(chosen[["next", "labels", "value", "price"]])
    for column, nothing in (("next", STOP), ("labels", 0), ("value", 0.0), ("price", 0.0)):
        table.loc[stop, column] = nothing
    table.loc[kept, "next"] = KEEP
    table["net"] = table["value"] - table["price"]
    table["per_cost"] = (table["value"] / table["price"]).fillna(0.0)
    why = zip(table.itertuples(), kept, decided, value.max(1), strict=True)
    table["reason"] = [_reason(*about, price.min()) for about in why]
    single = pd.DataFrame(value[:, bought["labels"] == 1], pd.Index(items, name="item_id"), [s.name for s in sources])
    return Routing(table, single, tuple(getattr(consensus, "cautions", ())))


def _posterior(consensus: Any) -> tuple[Array, NDArray[Any], list[Any]]:
    if hasattr(consensus, "trusted"):
        consensus.trusted()
    table = getattr(consensus, "probabilities", consensus)
    if not isinstance(table, pd.DataFrame) or not len(table):
        raise BadOption("route needs a consensus, or a table of probabilities: items by labels")
    p = table.to_numpy(float)
    if not np.isfinite(p).all() or (p < 0).any() or not np.allclose(p.sum(1), 1, atol=1e-6):
        raise BadOption("probabilities are shares, and each item's add up to 1")
    items = np.array([str(i) for i in table.index], dtype=object)
    return p / p.sum(1, keepdims=True), items, list(table.columns)


def _loss(cost: float | pd.DataFrame, labels: list[Any]) -> Array:
    if isinstance(cost, pd.DataFrame):
        lost = [x for x in labels if x not in cost.index or x not in cost.columns]
        if lost:
            raise BadOption(f"error_cost has no row and column for {lost[0]!r}")
        loss = cost.loc[labels, labels].to_numpy(float)
    else:
        loss = float(cost) * (1 - np.eye(len(labels)))
    if not np.isfinite(loss).all() or (loss < 0).any():
        raise BadOption(f"error_cost is {cost!r}; allowed: amounts, 0 or more")
    return np.asarray(loss)


def _among(items: NDArray[Any], chosen: Collection[str]) -> NDArray[np.bool_]:
    return np.asarray(pd.Index(items).isin([str(c) for c in chosen]))


def _value(p: Array, risk: Array, loss: Array, source: LabelSource, n: int, items: NDArray[Any]) -> Array:
    """Expected fall of the risk from n labels of a source; more than one of a pool by its average table."""
    tables, weights = source.tables(p.shape[1])
    if n > 1:  # one column for each way in which n independent labels can fall
        average = [np.tensordot(weights, tables, 1)] * n
        table = reduce(lambda a, b: (a[:, :, None] * b[:, None, :]).reshape(len(a), -1), average)
        tables, weights = table[None], np.ones(1)
    left = np.zeros(len(p))
    for weight, table in zip(weights, tables, strict=True):
        joint = (table[:, :, None] * loss[:, None, :]).reshape(len(table), -1)
        for at in range(0, len(p), CHUNK):
            part = slice(at, at + CHUNK)
            left[part] += weight * (p[part] @ joint).reshape(-1, table.shape[1], loss.shape[1]).min(2).sum(1)
    value = np.maximum(risk - left, 0.0)
    value[(value < SAME) | _among(items, source.seen)] = 0.0
    return value


def _reason(row: Any, kept: bool, decided: bool, most: float, cheapest: float) -> str:
    if kept:
        return "declared perspective: the spread of the answers is the result"
    if decided:
        return "decided already"
    if row.next == STOP and most <= SAME:
        return f"at {row.probability:.3g} no single purchase could change the label"
    if row.next == STOP:
        return f"a look is worth {readable(most)} at most, and the cheapest costs {readable(cheapest)}"
    times = f"{row.labels} labels of " if row.labels > 1 else ""
    buys = f"{times}{row.next}: {readable(row.price)} buys {readable(row.value)}"
    return f"{buys} of the {readable(row.risk)} that errors here are expected to cost"
