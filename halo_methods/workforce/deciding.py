"""From scorecard and comparisons to what is done next, vendor by vendor."""

import pandas as pd

from ..errors import NotEstimable
from ..judgments import Judgments
from .comparing import comparisons
from .measures import rates
from .outcomes import MISSING
from .scorecard import by_group

STEPS = ("corrective action", "may take more volume", "keep the volume", "keep the volume; check more work")


def next_steps(j: Judgments, *, column: str = "vendor", bar: float = 0.85, confidence: float = 0.95) -> pd.DataFrame:
    """What the figures allow for each group: more volume, corrective action, or neither yet.

    *Corrective action*: the whole unpooled interval lies below the bar, or the
    share lies beyond the lower 99.8% line of the funnel and the group can be
    compared with another: a line drawn through unlike work accuses nobody.
    *May take more
    volume*: the whole interval clears the bar, the share is not below a line,
    and no group it can be compared with is better. *Keep the volume*: it
    clears the bar, but another is better, or it lies between the lines.
    *Check more work*: the interval straddles the bar. Shrunken figures and
    ranks decide nothing here, integrity signals neither.

    Parameters
    ----------
    j : Judgments
        One criterion.
    column : str
        What makes the groups.
    bar : float
        Of the share right.

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
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % m else "y", "x", v)
    ...         for v, m in (("north", 20), ("south", 2)) for r in range(6) for i in range(40)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))
    >>> next_steps(j)["next_step"].tolist()
    ['may take more volume', 'corrective action']
    """
    card, known = by_group(j, column, confidence=confidence), rates(j, column, confidence=confidence)
    better: dict[str, list[str]] = {}
    apart: dict[str, list[str]] = {}
    try:
        made = comparisons(j, column=column, confidence=confidence)
    except NotEstimable:
        made = None
    if made is not None:
        for row in made.table.to_dict("records"):
            if row["low"] > 0:
                better.setdefault(row["b"], []).append(row["a"])
            if row["high"] < 0:
                better.setdefault(row["a"], []).append(row["b"])
        for row in made.refused.to_dict("records"):
            for one, other in ((row["a"], row["b"]), (row["b"], row["a"])):
                apart.setdefault(one, []).append(other)
    where = dict(zip(card.table[column], card.table["funnel"], strict=True)) if "funnel" in card.table else {}
    rows = []
    for name, rate in known.items():
        if name == MISSING:
            continue
        place = where.get(name) if isinstance(where.get(name), str) else ""
        alike = len(set(apart.get(name, []))) < sum(other not in (name, MISSING) for other in known)
        if rate.high < bar or (place == "below 99.8%" and alike):
            step = STEPS[0]
        elif rate.low >= bar:
            step = STEPS[2] if better.get(name) or str(place).startswith("below") else STEPS[1]
        else:
            step = STEPS[3]
        rows.append({column: name, "people": rate.n_raters, "quality": rate.value, "low": rate.low, "high": rate.high,
                     "funnel": place, "next_step": step, "worse_than": ", ".join(better.get(name, [])),
                     "not_compared_with": ", ".join(apart.get(name, []))})  # fmt: skip
    return pd.DataFrame(rows)
