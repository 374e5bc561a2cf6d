"""Several coefficients, pairs or groups at once, as tables."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments
from ..judgments.counts import pair_cells, patterns
from ..results import Estimate
from . import coefficients as formulas
from . import measures
from .cautions import check_weights, raw_and_shares
from .intervals import logit_interval, no_spread
from .jackknife import degrees_of_freedom, jackknife_variance, leave_one_unit_out
from .sums import pair_totals
from .weights import Weights

Measure = Callable[..., Estimate]
MOST_RATERS = 60
FEWEST_SHARED = 10


def _row(name: str, measure: Measure, j: Judgments, options: dict[str, Any]) -> dict[str, Any]:
    """A row of a table: the estimate, or the reason why there is none."""
    empty = {"coefficient": name, "value": np.nan, "low": np.nan, "high": np.nan, "n_items": j.n_items}
    empty |= {"n_raters": j.n_raters, "n_judgments": j.n_judgments, "over": "", "remarks": ""}
    try:
        e = measure(j, **options)
    except NotEstimable as reason:
        return empty | {"remarks": f"not estimable: {reason}"}
    return {
        "coefficient": name,
        **{part: getattr(e, part) for part in ("value", "low", "high", "n_items", "n_raters", "n_judgments", "over")},
        "remarks": " ".join(e.cautions),
    }


def summary(j: Judgments, **options: Any) -> pd.DataFrame:
    """Raw agreement, prevalence and the coefficients side by side.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    **options
        `over`, `confidence`, `replicates`, `seed` as in `krippendorff_alpha`.

    Returns
    -------
    pandas.DataFrame
        One row a coefficient: value, low, high, n_items, n_raters, n_judgments,
        over, prevalence (of the most common label) and remarks. Where a value
        is missing, remarks say why.

    Raises
    ------
    NotEstimable
        If no coefficient can be estimated, with the reason of the first.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> summary(as_judgments(frame, level="nominal"))[["coefficient", "value", "prevalence"]].round(2)
                          coefficient  value  prevalence
    0                   raw agreement   0.67         0.5
    1  Krippendorff's alpha (nominal)   0.44         0.5
    2                   Fleiss' kappa   0.33         0.5
    3                      Gwet's AC1   0.33         0.5
    4                Brennan-Prediger   0.33         0.5
    """
    j = j.one()
    shares = patterns(j).frequency @ patterns(j).table
    level = j.level
    made: list[tuple[str, Measure, dict[str, Any]]] = [
        ("raw agreement", measures.percent_agreement, {}),
        (f"Krippendorff's alpha ({level})", measures.krippendorff_alpha, {}),
        ("Fleiss' kappa", measures.fleiss_kappa, {}),
        ("Gwet's AC1", measures.gwet_ac, {}),
        ("Brennan-Prediger", measures.brennan_prediger, {}),
    ]
    if level != "nominal":
        made.insert(4, ("Gwet's AC2 (ordinal weights)", measures.gwet_ac, {"weights": "ordinal"}))
    table = pd.DataFrame([_row(name, measure, j, options | own) for name, measure, own in made])
    if table["value"].isna().all():
        raise NotEstimable(table["remarks"].iloc[0].removeprefix("not estimable: "))
    table.insert(8, "prevalence", float(shares.max() / shares.sum()))
    return table


def by(j: Judgments, column: str, *, measure: Measure = measures.krippendorff_alpha, **options: Any) -> pd.DataFrame:
    """A coefficient for each value of a column.

    Parameters
    ----------
    column : str
        For instance locale, criterion, vendor, or a slice.
    measure : callable
        Any coefficient of this package that needs only the judgments.
    **options
        Passed to it.

    Returns
    -------
    pandas.DataFrame
        One row a group, in sorted order: value, low, high, raw_agreement, most_common
        (label) and its prevalence, n_items, n_raters, n_judgments, over, remarks. Where
        a value is missing, remarks say why.

    Raises
    ------
    NotEstimable
        If there is no such column.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221221"),
    ...                       "locale": ["fr-FR"] * 4 + ["de-DE"] * 4})
    >>> by(as_judgments(frame, level="nominal"), "locale")[["locale", "value"]]
      locale  value
    0  de-DE   -0.5
    1  fr-FR    1.0
    """
    rows = []
    for value, group in j.groups(column):
        row = _row("", measure, group, options)
        ends = {k: row.pop(k) for k in ("value", "low", "high")}
        rows.append({column: value, **ends, **_beside(group), **{k: v for k, v in row.items() if k != "coefficient"}})
    return pd.DataFrame(rows)


def _beside(j: Judgments) -> dict[str, Any]:
    """Raw agreement and prevalence, where they can be told."""
    try:
        j = j.one()
        raw, shares = raw_and_shares(j)
    except NotEstimable:
        return {"raw_agreement": np.nan, "most_common": "", "prevalence": np.nan}
    top = int(np.argmax(shares))
    return {"raw_agreement": raw, "most_common": str(j.labels[top]), "prevalence": float(shares[top])}


def pairs(j: Judgments, *, weights: Weights = "identity", confidence: float = 0.95) -> pd.DataFrame:
    """Cohen's kappa of every two raters who share items.

    With more than 60 raters only pairs with at least 10 shared items are
    listed; ``.attrs["not_listed"]`` counts the others.

    Parameters
    ----------
    weights : str or table
        As in `cohen_kappa`.
    confidence : float
        Of each interval; with many pairs some will miss.

    Returns
    -------
    pandas.DataFrame
        a, b, value, low, high (jackknife over the shared items), raw agreement,
        n_shared and remarks, lowest kappa first. Where a value is missing,
        remarks say why.

    Raises
    ------
    NotEstimable
        If no two raters share an item.

    Examples
    --------
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222")})
    >>> pairs(as_judgments(frame, level="nominal"))[["a", "b", "value", "raw_agreement", "n_shared"]]
       a  b  value  raw_agreement  n_shared
    0  x  y    0.5           0.75         4
    """
    j = j.one()
    check_weights(j, weights)
    coefficient = formulas.cohen(j.labels, weights)
    cells = pair_cells(j)
    if not len(cells):
        raise NotEstimable("no two raters judged an item in common")
    raters = sorted(j.frame["rater_id"].unique().to_list())
    q = len(j.labels)
    shared = cells.group_by("rater", "rater_b").agg(pl.col("count").sum().alias("shared"))
    listed = shared if len(raters) <= MOST_RATERS else shared.filter(pl.col("shared") >= FEWEST_SHARED)
    cells = cells.join(listed, on=["rater", "rater_b"], maintain_order="left")
    rows = []
    for (a, b), part in cells.partition_by(["rater", "rater_b"], as_dict=True, maintain_order=True).items():
        table = np.zeros((q, q))
        table[part["label"].to_numpy(), part["label_b"].to_numpy()] = part["count"].to_numpy()
        rows.append({"a": raters[a], "b": raters[b], **_pair(table, coefficient, confidence)})
    columns = ["a", "b", "value", "low", "high", "raw_agreement", "n_shared", "remarks"]
    made = pd.DataFrame(rows, columns=columns).sort_values(["value", "a", "b"], ignore_index=True)
    made.attrs["not_listed"] = len(shared) - len(listed)
    return made


def _pair(table: np.ndarray, coefficient: formulas.Coefficient, confidence: float) -> dict[str, Any]:
    n = int(table.sum())
    row = {"value": np.nan, "low": np.nan, "high": np.nan, "raw_agreement": float(np.trace(table) / n), "n_shared": n}
    totals = pair_totals(table, coefficient)
    if not np.isfinite(totals.estimate):
        return row | {"remarks": "not estimable: both gave one and the same label throughout"}
    left_out = leave_one_unit_out(totals)
    variance = jackknife_variance(left_out, totals.frequency)
    if variance > 1e-18:
        df = degrees_of_freedom(left_out, totals.frequency)
        low, high = logit_interval(totals.estimate, variance, df, confidence, totals.lowest)
        low, high, remarks = max(low, totals.lowest), min(high, 1.0), ""
    else:
        made = no_spread(totals, confidence)
        low, high, remarks = made.low, made.high, " ".join(made.cautions)
    if n < FEWEST_SHARED:
        remarks = f"only {n} shared items. {remarks}".strip()
    return row | {"value": totals.estimate, "low": low, "high": high, "remarks": remarks}
