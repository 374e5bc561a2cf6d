"""What a pool of raters buys for the same money."""

from collections.abc import Iterable
from typing import Any

import pandas as pd

from ..errors import BadOption, NotEstimable
from .designs import Decision, Prices, Shared
from .search import Design, best_design

SIZES = (5, 10, 20, 40)
COLUMNS = ["raters", "items", "labels_per_item", "cost", "half_width"]


def pools(
    components: Any,
    prices: Prices,
    budget: float,
    *,
    sizes: Iterable[int] = SIZES,
    decision: Decision = "mean",
    design: Design = "rotating",
    shared: Shared = "items and raters",
    gap: float | None = None,
    items: int | None = None,
    workload: int | None = None,
    overlap: float = 0.0,
    audit: float = 0.0,
    audited_residual: float | None = None,
) -> pd.DataFrame:
    """The best design for the same budget from pools of several sizes, one row a pool.

    For who does not know yet how many raters can be recruited: it shows from
    which size on another rater buys little.

    Parameters
    ----------
    components, prices, budget
        As `best_design` takes them.
    sizes : iterable of int
        Raters there could be.
    decision, design, shared, gap, items, workload, overlap, audit, audited_residual
        As `best_design` takes them.

    Returns
    -------
    pandas.DataFrame
        ``pool``, ``raters`` the design takes of it, ``items``, ``labels_per_item``, ``cost``, ``half_width`` and
        ``narrower``: by what share of the row above's the interval is narrower (none in the first). A pool that can't
        do the work for this budget has no row.

    Raises
    ------
    NotEstimable
        If the budget buys no design from any of the pools.
    BadOption
        If ``sizes`` is empty.

    Examples
    --------
    >>> made = pools({"item": 1, "rater": .1, "residual": 2}, Prices(label=1), 600)
    >>> made[["pool", "items"]].values.tolist()
    [[5, 600], [10, 600], [20, 600], [40, 600]]
    >>> made["half_width"].round(3).tolist()
    [0.31, 0.24, 0.196, 0.17]
    """
    wanted = sorted(set(sizes))
    if not wanted:
        raise BadOption("sizes is empty; give at least one size of a pool")
    rows: list[dict[str, Any]] = []
    reason = None
    for size in wanted:
        try:
            plan = best_design(
                components,
                prices,
                budget,
                pool=size,
                decision=decision,
                design=design,
                shared=shared,
                gap=gap,
                items=items,
                workload=workload,
                overlap=overlap,
                audit=audit,
                audited_residual=audited_residual,
            )
        except NotEstimable as why:
            reason = why
            continue
        narrower = 1 - plan.half_width / rows[-1]["half_width"] if rows and rows[-1]["half_width"] else None
        rows.append({"pool": size, **{c: getattr(plan, c) for c in COLUMNS}, "narrower": narrower})
    if reason is not None and not rows:
        raise reason
    return pd.DataFrame(rows).astype({"narrower": float})
