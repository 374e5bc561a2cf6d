"""Cohen's kappa of two named raters."""

import numpy as np

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from ..judgments.counts import contingency
from ..results import Estimate
from . import coefficients as formulas
from .analytic import is_analytic, over_items_analytic
from .cautions import all_alike, beside_coefficient, check_weights, few_items, order_caution
from .intervals import over_items
from .measures import check
from .sums import pair_totals
from .weights import Weights


def cohen_kappa(
    j: Judgments,
    a: str,
    b: str,
    *,
    weights: Weights = "identity",
    over: str = "items",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
    interval: str = "resampled",
) -> Estimate:
    """Cohen's kappa of two named raters, on the items both judged.

    Parameters
    ----------
    a, b : str
        The two raters.
    weights : str or table
        Partial credit, as `agreement_weights`.
    over : {"items"}
        A named pair is not a sample of raters.
    interval : {"resampled", "analytic"}
        As `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        If they share no item or both gave one and the same label throughout.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Psychological Bulletin 70.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222")})
    >>> round(cohen_kappa(as_judgments(frame), "x", "y").value, 3)
    0.5
    """
    if over != "items":
        raise BadOption.of("over", over, ("items",))
    j = j.one()
    check(over, confidence, replicates)
    name = check_weights(j, weights)
    table = contingency(j, str(a), str(b)).astype(float)
    coefficient = formulas.cohen(j.labels, weights)
    totals = pair_totals(table, coefficient)
    if not np.isfinite(totals.estimate):
        raise NotEstimable(all_alike(j.labels[int(np.argmax(table.sum(0)))]))
    if is_analytic(interval, over):
        ends = over_items_analytic(totals, coefficient, confidence, all_paired=True)
    else:
        ends = over_items(totals, confidence, replicates, seed)
    n = totals.n_units
    raw = float(np.trace(table) / n)
    shares = (table.sum(0) + table.sum(1)) / (2 * n)
    beside, cautions = beside_coefficient(j, raw, shares)
    return Estimate(
        value=totals.estimate,
        low=ends.low,
        high=ends.high,
        confidence=confidence,
        n_items=n,
        n_raters=2,
        n_judgments=2 * n,
        method=f"{coefficient.name} of {a} and {b}; {beside}; {ends.how}",
        over="items",
        cautions=(*order_caution(j, name != "identity"), *cautions, *few_items(n), *ends.cautions),
    )
