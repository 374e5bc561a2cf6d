"""Why a coefficient is never read alone: the same raters at other prevalences, and tables that were printed."""

import numpy as np
import pandas as pd

from ..errors import BadOption
from ..judgments import Judgments, as_judgments
from .comparisons import by
from .estimates import brennan_prediger, fleiss_kappa, gwet_ac


def by_prevalence(accuracy: float = 0.9, prevalence: "np.ndarray | None" = None) -> pd.DataFrame:
    """What two-label agreement is in the limit, for raters of one accuracy, as one label becomes common.

    Every rater is right with the same chance on both labels and errs alone: raw agreement
    is a^2 + (1 - a)^2 whatever the prevalence, and the coefficients follow from the share of
    the labels given.

    Parameters
    ----------
    accuracy : float
        Between .5 and 1.
    prevalence : array, optional
        True shares of the first label; .5 to .99 unless given.

    Returns
    -------
    pandas.DataFrame
        ``prevalence``, ``raw_agreement``, ``alpha`` (kappa is the same here), ``ac1``.

    Raises
    ------
    BadOption
        For an accuracy that is none.

    Examples
    --------
    >>> by_prevalence(.9, np.array([.5, .9])).round(2)
       prevalence  raw_agreement  alpha   ac1
    0         0.5           0.82   0.64  0.64
    1         0.9           0.82   0.39  0.74
    """
    if not 0.5 <= accuracy < 1:
        raise BadOption(f"accuracy is {accuracy!r}; it lies between .5 and 1")
    true = np.linspace(0.5, 0.99, 50) if prevalence is None else np.asarray(prevalence, dtype=float)
    given = true * accuracy + (1 - true) * (1 - accuracy)
    raw = np.full(len(true), accuracy**2 + (1 - accuracy) ** 2)
    fleiss, gwet = given**2 + (1 - given) ** 2, 2 * given * (1 - given)
    return pd.DataFrame(
        {
            "prevalence": true,
            "raw_agreement": raw,
            "alpha": (raw - fleiss) / (1 - fleiss),
            "ac1": (raw - gwet) / (1 - gwet),
        }
    )


def side_by_side(j: Judgments, column: str) -> pd.DataFrame:
    """The coefficients of each value of a column, without intervals, to see how they differ.

    Parameters
    ----------
    column : str
        For instance criterion or locale.

    Returns
    -------
    pandas.DataFrame
        One row a group: the column, raw_agreement, prevalence (of the most common label),
        alpha, fleiss_kappa, ac1, brennan_prediger; nan where one is undefined.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222"),
    ...                       "slice": ["s"] * 8})
    >>> side_by_side(frame, "slice").round(2)[["slice", "raw_agreement", "alpha", "ac1"]]
      slice  raw_agreement  alpha   ac1
    0     s           0.75   0.53  0.53
    """
    j = as_judgments(j)
    alpha = by(j, column, over="items").table
    table = alpha[[column, "raw_agreement", "prevalence"]].assign(alpha=alpha["value"])
    others = {"fleiss_kappa": fleiss_kappa, "ac1": gwet_ac, "brennan_prediger": brennan_prediger}
    for name, measure in others.items():
        table[name] = by(j, column, measure=measure, over="items").table["value"]
    return table
