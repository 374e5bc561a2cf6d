"""From scorecard and comparisons to what is done next, group by group."""

import pandas as pd

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..stats.checks import check_probability
from .outcomes import MISSING
from .scorecard import by_group
from .vendor_comparisons import comparisons

CORRECT, MORE, KEEP, CHECK = (
    "corrective action",
    "may take more volume",
    "keep the volume",
    "keep the volume; check more work",
)


def next_steps(j: Judgments, column: str = "vendor", *, bar: float, confidence: float = 0.95) -> pd.DataFrame:
    """Say what the figures allow for each group: more volume, corrective action, or neither yet.

    - *Corrective action*: the whole unpooled interval lies below the bar, or the
      share lies beyond the lower 99.8% line of the funnel and the group can be
      compared with another. A line drawn through unlike work accuses nobody.
    - *May take more volume*: the whole interval clears the bar, the share is not
      below a line, and no group it can be compared with is better.
    - *Keep the volume*: it clears the bar, but another is better, or it lies
      between the lines.
    - *Check more work*: the interval straddles the bar.

    Shrunken figures and ranks decide nothing here, integrity signals neither.

    Parameters
    ----------
    j : Judgments
        One criterion.
    column : str
        What makes the groups.
    bar : float
        Of the share right.
    confidence : float
        Of each interval, and of all comparisons together.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``people``, ``quality``, ``low``, ``high``, ``funnel``,
        ``next_step``, ``worse_than``, ``not_compared_with``.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong.

    Examples
    --------
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % m else "y", "x", v)
    ...         for v, m in (("north", 20), ("south", 2)) for r in range(6) for i in range(40)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> next_steps(j, bar=0.85)["next_step"].tolist()
    ['may take more volume', 'corrective action']
    """
    check_probability(bar, option="bar")
    j = as_judgments(j)
    card = by_group(j, column, confidence=confidence)
    if not card.estimates:
        raise NotEstimable(card.missing["quality"], public=card.missing["quality"])
    better: dict[str, list[str]] = {}
    apart: dict[str, list[str]] = {}
    try:
        compared = comparisons(j, column, confidence=confidence)
    except NotEstimable:
        compared = None
    for row in compared.table.to_dict("records") if compared else ():
        if row["low"] > 0:
            better.setdefault(row["b"], []).append(row["a"])
        if row["high"] < 0:
            better.setdefault(row["a"], []).append(row["b"])
    for row in compared.refused.to_dict("records") if compared else ():
        apart.setdefault(row["a"], []).append(row["b"])
        apart.setdefault(row["b"], []).append(row["a"])
    placed = dict(zip(card.table[column], card.table.get("funnel", [""] * len(card.table)), strict=True))
    groups = {name: estimate for name, estimate in card.estimates.items() if name != MISSING}
    rows = []
    for name, quality in groups.items():
        place = placed[name] if isinstance(placed[name], str) else ""
        comparable = len(apart.get(name, [])) < len(groups) - 1
        if quality.high < bar or (place == "below 99.8%" and comparable):
            step = CORRECT
        elif quality.low >= bar:
            step = KEEP if better.get(name) or place.startswith("below") else MORE
        else:
            step = CHECK
        others = [", ".join(names.get(name, [])) for names in (better, apart)]
        rows.append((name, quality.n_raters, quality.value, quality.low, quality.high, place, step, *others))
    figures = ["people", "quality", "low", "high", "funnel", "next_step", "worse_than", "not_compared_with"]
    return pd.DataFrame(rows, columns=[column, *figures])
