"""How far the severities of raters lie apart."""

import numpy as np
from scipy import optimize, stats

from ..errors import NotEstimable
from ..judgments import Judgments
from ..results import Estimate, counted
from .severity_model import severity_model


def severity_spread(j: Judgments, *, confidence: float = 0.95) -> Estimate:
    r"""How far the severities of raters lie apart: their standard deviation, in steps of an ordinal scale.

    Each severity of `severity_model` is its true value plus error; the value
    is the Paule-Mandel estimate of the standard deviation of the true ones,
    and the interval inverts Cochran's Q (the Q profile), so that 0 is in it
    where the raters' errors alone explain what is seen.

    Raises
    ------
    NotEstimable
        If labels are not ordinal (no step to count in), or fewer than three
        raters have a severity with an error of its own.

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26, 37-52.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "012"[1 + lean * (i % 2)], "1") for i in range(40)
    ...         for r, lean in [("a", -1), ("b", 0), ("c", 1), ("d", (1, -1)[i // 2 % 2])]]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["0", "1", "2"], level="ordinal")
    >>> severity_spread(j).value > 0.3
    True
    """
    if j.level != "ordinal":
        raise NotEstimable(f"the spread is counted in steps of an ordinal scale; these labels are {j.level}")
    table = severity_model(j)
    kept = table[table["se"] > 0]
    if len(kept) < 3:
        raise NotEstimable(f"{counted(len(kept), 'rater')} with a severity and its error; the spread needs three")
    s, v = kept["severity"].to_numpy(), kept["se"].to_numpy() ** 2
    df = len(kept) - 1

    def q(between: float) -> float:
        w = 1 / (v + between)
        return float((w * (s - (w * s).sum() / w.sum()) ** 2).sum())

    def where(target: float) -> float:
        if q(0.0) <= target:
            return 0.0
        top = 10 * (np.var(s) + v.max())
        while q(top) > target:
            top *= 10
        return float(optimize.brentq(lambda t: q(t) - target, 0.0, top))

    tail = (1 - confidence) / 2
    low, value, high = (where(float(t)) ** 0.5 for t in (stats.chi2.ppf(1 - tail, df), df, stats.chi2.ppf(tail, df)))
    cautions = [f"{counted(len(table) - len(kept), 'rater')} never differed from the reference by more or less and "
                "cannot be weighed; left out."] if len(kept) < len(table) else []  # fmt: skip
    return Estimate(
        value=value,
        low=low,
        high=max(high, value),
        confidence=confidence,
        n_items=table.attrs["n_items"],
        n_raters=len(kept),
        n_judgments=int(kept["n"].sum()),
        method="standard deviation of the raters' severities, in scale steps; Q profile",
        over="items and raters",
        cautions=tuple(cautions),
    )
