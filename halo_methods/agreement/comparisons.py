"""Several coefficients, groups, labels or pairs at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import CountedJudgments, Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..judgments.counted import RaterPatterns
from ..judgments.counts import pair_cells, patterns, rater_patterns
from ..judgments.table import basis_of
from ..results import Caution, Estimate, Over, counted
from ..stats.checks import check_confidence
from ..stats.totals import over_shared_items
from . import coefficients as formulas
from .agreement_weights import Weights
from .estimates import (
    Asked,
    _need_few_values,
    brennan_prediger,
    check_weights,
    estimated,
    fleiss_kappa,
    gwet_ac,
    krippendorff_alpha,
    percent_agreement,
    raw_and_shares,
)
from .influence_totals import pair_totals

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Measure = Callable[..., Estimate]
MOST_RATERS = 60
FEWEST_SHARED = 10
FEW_GIVEN = 10


@dataclass(frozen=True, kw_only=True)
class Compared:
    """Agreement of several coefficients, groups, labels or pairs, one row each.

    Attributes
    ----------
    table : pandas.DataFrame
        ``by``, ``value``, ``low``, ``high``, what they rest on, and ``remarks``: cautions, or why there is no value.
    estimates : dict of str to Estimate or NotEstimable
        By row; empty for labels and pairs.
    by : str
        The column that names a row: the grouping column, ``coefficient``, ``label``, ``form`` or ``pair``.
    unit, title : str
        Of the picture.
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    by: str
    unit: str
    title: str
    estimates: dict[str, Estimate | NotEstimable] = field(default_factory=dict)
    cautions: tuple[Caution, ...] = ()

    def head(self, n: int) -> "Compared":
        """The first rows only."""
        return replace(self, table=self.table.head(n))

    def plot(self) -> "Figure":
        """The values with their intervals, rows without a value left out."""
        from .. import plots

        rows = self.table.dropna(subset="value")
        if self.by == "pair":
            rows = rows.assign(pair=rows["rater_a"] + " and " + rows["rater_b"])
        return plots.intervals(rows, self.by, "value", unit=self.unit, title=self.title, most=20)


def _row(estimate: Estimate | NotEstimable, j: Judgments) -> dict[str, Any]:
    """A row of a table: the estimate, or the reason why there is none."""
    sizes = ("n_items", "n_raters", "n_judgments")
    if isinstance(estimate, NotEstimable):
        nothing = dict.fromkeys(("value", "low", "high"), np.nan)
        return {**nothing, **{s: getattr(j, s) for s in sizes}, "over": "", "remarks": f"not estimable: {estimate}"}
    parts = {part: getattr(estimate, part) for part in ("value", "low", "high", *sizes, "over")}
    return {**parts, "remarks": " ".join(estimate.cautions)}


def _measured(measure: Measure, j: Any, **options: Any) -> Estimate | NotEstimable:
    try:
        return measure(j, **options)
    except NotEstimable as reason:
        return reason


def summary(j: Judgments, *, over: Over = "items and raters", confidence: float = 0.95) -> Compared:
    """Compare raw agreement and the coefficients of the same judgments.

    They differ in what they call chance and in whether a near miss counts: a higher one is not a better one.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    over, confidence
        As in `krippendorff_alpha`.

    Returns
    -------
    Compared
        By ``coefficient``, with ``prevalence`` of the most common label.

    Raises
    ------
    NotEstimable
        If no coefficient can be estimated, with the reason of the first.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> summary(frame).table[["coefficient", "value", "prevalence"]].round(2)
                          coefficient  value  prevalence
    0                   raw agreement   0.67         0.5
    1  Krippendorff's alpha (nominal)   0.44         0.5
    2                   Fleiss' kappa   0.33         0.5
    3                      Gwet's AC1   0.33         0.5
    4                Brennan-Prediger   0.33         0.5
    """
    j = as_judgments(j).one()
    Asked(over, confidence)
    measures: list[tuple[str, Measure, dict[str, Any]]] = [
        ("raw agreement", percent_agreement, {}),
        (f"Krippendorff's alpha ({j.level})", krippendorff_alpha, {}),
        ("Fleiss' kappa", fleiss_kappa, {}),
        ("Gwet's AC1", gwet_ac, {}),
        ("Brennan-Prediger", brennan_prediger, {}),
    ]
    if j.level != "nominal":
        measures.insert(4, ("Gwet's AC2 (ordinal weights)", gwet_ac, {"weights": "ordinal"}))
    estimates = {name: _measured(m, j, over=over, confidence=confidence, **own) for name, m, own in measures}
    _need_one(estimates)
    shares = patterns(j).frequency @ patterns(j).table
    table = pd.DataFrame([{"coefficient": name, **_row(e, j)} for name, e in estimates.items()])
    table.insert(4, "prevalence", float(shares.max() / shares.sum()))
    title = "The coefficients side by side"
    return Compared(table=table, estimates=estimates, by="coefficient", unit="agreement", title=title)


def _need_one(estimates: dict[str, Estimate | NotEstimable]) -> None:
    if not any(isinstance(e, Estimate) for e in estimates.values()):
        raise next(iter(estimates.values()))  # type: ignore[misc]


def by(
    j: Judgments,
    column: str,
    *,
    measure: Measure = krippendorff_alpha,
    over: Over = "items and raters",
    confidence: float = 0.95,
) -> Compared:
    """Estimate a coefficient in each group of a column.

    A group that does not agree within itself cannot be compared with another.

    Parameters
    ----------
    j : Judgments
    column : str
        For instance ``criterion`` or ``locale``.
    measure : callable
        One of the coefficients that needs only the judgments.
    over, confidence
        Passed to it.

    Returns
    -------
    Compared
        By ``column``, with ``raw_agreement``, ``most_common`` (label) and its ``prevalence``.

    Raises
    ------
    NotEstimable
        If there is no such column.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221221"),
    ...                       "locale": ["fr-FR"] * 4 + ["de-DE"] * 4})
    >>> by(frame, "locale").table[["locale", "value"]]
      locale  value
    0  de-DE   -0.5
    1  fr-FR    1.0
    """
    Asked(over, confidence)
    rows, estimates = [], {}
    for value, group in as_judgments(j).groups(column):
        name = "(missing)" if value is None else str(value)
        estimates[name] = _measured(measure, group, over=over, confidence=confidence)
        rows.append({column: name, **_beside(group), **_row(estimates[name], group)})
    table = pd.DataFrame(rows)
    moved = [c for c in table.columns if c not in ("raw_agreement", "most_common", "prevalence")]
    table = table[[*moved[:4], "raw_agreement", "most_common", "prevalence", *moved[4:]]]
    alpha = measure is krippendorff_alpha
    unit = "Krippendorff's alpha" if alpha else measure.__name__.replace("_", " ")
    return Compared(table=table, estimates=estimates, by=column, unit=unit, title=f"Agreement by {column}")


def _beside(j: Judgments) -> dict[str, Any]:
    """Raw agreement and prevalence, where they can be told."""
    try:
        j = j.one()
        raw, shares = raw_and_shares(j)
    except NotEstimable:
        return {"raw_agreement": np.nan, "most_common": "", "prevalence": np.nan}
    top = int(np.argmax(shares))
    return {"raw_agreement": raw, "most_common": str(j.labels[top]), "prevalence": float(shares[top])}


def pairs(j: Judgments, *, weights: Weights = "identity", confidence: float = 0.95) -> Compared:
    """Estimate Cohen's kappa of every two raters who share items, lowest first.

    With more than 60 raters only pairs with at least 10 shared items are
    listed, and a caution counts the others. Many pairs are compared at once, so
    the lowest is low partly by luck.

    Parameters
    ----------
    j : Judgments
    weights : str or table
        As in `cohen_kappa`.
    confidence : float
        Of each interval; with many pairs some will miss.

    Returns
    -------
    Compared
        ``rater_a``, ``rater_b``, ``value``, ``low``, ``high`` (jackknife over the shared items),
        ``raw_agreement``, ``n_shared``, ``remarks``.

    Raises
    ------
    NotEstimable
        If no two raters share an item.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222")})
    >>> pairs(frame).table[["rater_a", "rater_b", "value", "raw_agreement", "n_shared"]]
      rater_a rater_b  value  raw_agreement  n_shared
    0       x       y    0.5           0.75         4
    """
    check_confidence(confidence)
    j = as_judgments(j).one()
    check_weights(j, weights)
    coefficient = formulas.cohen(j.labels, weights)
    cells = pair_cells(j)
    if not len(cells):
        raise NotEstimable("no two raters judged an item in common")
    names, q = sorted(j.frame["rater_id"].unique().to_list()), len(j.labels)
    shared = cells.group_by("rater", "rater_b").agg(pl.col("count").sum().alias("shared"))
    listed = shared if len(names) <= MOST_RATERS else shared.filter(pl.col("shared") >= FEWEST_SHARED)
    cells = cells.join(listed, on=["rater", "rater_b"], maintain_order="left")
    rows = []
    for (a, b), part in cells.partition_by(["rater", "rater_b"], as_dict=True, maintain_order=True).items():
        table = np.zeros((q, q))
        table[part["label"].to_numpy(), part["label_b"].to_numpy()] = part["count"].to_numpy()
        rows.append({"rater_a": names[a], "rater_b": names[b], **_pair(table, coefficient, confidence)})
    columns = ["rater_a", "rater_b", "value", "low", "high", "raw_agreement", "n_shared", "remarks"]
    ordered = pd.DataFrame(rows, columns=columns).sort_values(["value", "rater_a", "rater_b"], ignore_index=True)
    hidden, cautions = len(shared) - len(listed), ()
    if hidden:
        shared_few = f"{counted(hidden, 'pair')} with fewer than {FEWEST_SHARED} shared items"
        text = f"{shared_few} {'is' if hidden == 1 else 'are'} not listed."
        cautions = (Caution("not_listed", text),)
    title = "Pairs of raters, lowest first"
    return Compared(table=ordered, by="pair", unit="Cohen's kappa", title=title, cautions=cautions)


def _pair(table: np.ndarray, coefficient: formulas.Coefficient, confidence: float) -> dict[str, Any]:
    n = int(table.sum())
    row = {"value": np.nan, "low": np.nan, "high": np.nan, "raw_agreement": float(np.trace(table) / n), "n_shared": n}
    totals = pair_totals(table, coefficient)
    if not np.isfinite(totals.estimate):
        return row | {"remarks": "not estimable: both gave one and the same label throughout"}
    ends = over_shared_items(totals, confidence)
    remarks = " ".join(ends.cautions)
    if n < FEWEST_SHARED:
        remarks = f"only {n} shared items. {remarks}".strip()
    return row | {"value": totals.estimate, "low": ends.low, "high": ends.high, "remarks": remarks}


@once_a_table
def _dichotomies(j: Judgments) -> dict[str, CountedJudgments]:
    """The same judgments as counts of one label and of the rest, for each label."""
    by_label, by_rater = patterns(j), rater_patterns(j)
    return {str(label): _dichotomy(j, at, by_label, by_rater) for at, label in enumerate(j.labels)}


def _dichotomy(j: Judgments, at: int, by_label: Any, by_rater: RaterPatterns) -> CountedJudgments:
    both = np.stack([by_label.table[:, at], by_label.table.sum(1) - by_label.table[:, at]], 1)
    table, new = np.unique(both, axis=0, return_inverse=True)
    new = new.reshape(-1)
    frequency = np.bincount(new, by_label.frequency, len(table)).astype(np.int64)
    names = (str(j.labels[at]), f"not {j.labels[at]}")
    two = replace(by_label, labels=names, table=table, frequency=frequency)
    cells = pd.DataFrame(
        {"rater": by_rater.rater, "label": (by_rater.label != at) * 1, "pattern": new[by_rater.pattern]}
    )
    count = cells.assign(count=by_rater.count).groupby(["rater", "label", "pattern"], as_index=False)["count"].sum()
    parts = (count[c].to_numpy(np.int64) for c in ("rater", "label", "pattern", "count"))
    return CountedJudgments(two, RaterPatterns(by_rater.raters, *parts), names, "nominal", True, j.source)


def specific_agreement(
    j: Judgments, label: Any, *, over: Over = "items and raters", confidence: float = 0.95, replicates: int = 1000
) -> Estimate:
    """Estimate specific agreement on one label: when a rater gives it, how often another rater of the item does too.

    Between 0 and 1; for two raters 2a / (2a + b + c). It is not corrected for chance,
    and does not look at items on which nobody gave the label, so a rare label shows
    what raw agreement hides.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    label : str
        One of the scale.
    over, confidence, replicates
        As in `krippendorff_alpha`.

    Returns
    -------
    Estimate
        It rests on the raters who judged an item on which somebody gave the label.

    Raises
    ------
    NotEstimable
        If nobody gave the label on an item that two raters judged.
    BadOption
        If the scale has no such label.

    References
    ----------
    Cicchetti and Feinstein (1990), Journal of Clinical Epidemiology 43, 551-558.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> round(specific_agreement(frame, "1").value, 3)
    0.667
    """
    j, asked = as_judgments(j).one(), Asked(over, confidence, replicates)
    if str(label) not in map(str, j.labels):
        raise BadOption.of("label", label, j.labels[:20])
    estimate = _specific(_dichotomies(j)[str(label)], str(label), asked)
    rows = j.frame.filter((pl.col("label").cast(pl.String) == str(label)).any().over("item_id"))
    rows = rows.filter(pl.len().over("item_id") > 1)
    named = next(x for x in j.labels if str(x) == str(label))
    gave = j.frame.filter(pl.col("label") == named)["rater_id"].n_unique()
    return replace(estimate, basis=basis_of(rows.filter(pl.col("label") == named), "specific agreement"), n_raters=gave)


def _specific(two: CountedJudgments, label: str, asked: Asked) -> Estimate:
    table, frequency = two.patterns.table, two.patterns.frequency
    paired = table.sum(1) > 1
    if not int(frequency[paired] @ table[paired, 0]):
        raise NotEstimable(f"nobody gave {label!r} on an item that two raters judged")
    estimate = estimated(two, formulas.specific_agreement(label), asked, paired_only=True)  # type: ignore[arg-type]
    cautions = [c for c in estimate.cautions if c.code != "prevalence"]
    given = int(frequency[paired] @ (table[paired, 0] > 0))
    if estimate.value == 0:
        room = 1 - (1 - estimate.confidence) ** (1 / given)
        text = (
            f"Of {counted(given, 'item')} with {label!r} none has it twice: the interval is what so many "
            "leave room for, with these raters only."
        )
        cautions = [*(c for c in cautions if c.code != "no_spread"), Caution("no_spread", text)]
        how = f"specific agreement on {label!r}; rule of three over items with the label"
        estimate = replace(estimate, low=0.0, high=2 * room / (1 + room), items_only=None, method=how, over="items")
    if given < FEW_GIVEN:
        text = f"{label!r} was given on {given} item{'' if given == 1 else 's'} only."
        cautions.append(Caution("rare_label", text))
    return replace(estimate, cautions=tuple(cautions))


def by_label(j: Judgments, *, over: Over = "items and raters", confidence: float = 0.95) -> Compared:
    """Estimate agreement on each label, the label set against all others.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    over, confidence
        As in `specific_agreement`.

    Returns
    -------
    Compared
        By ``label``, in the order of the scale: ``judgments`` and ``share`` (how often it
        was given), ``items`` (on which anybody gave it), ``value``, ``low``, ``high``
        (specific agreement), ``alpha`` and ``ac1`` of the label against the rest, each with
        its ends, ``over``, ``remarks``. Where a value is missing, remarks say why.

    Raises
    ------
    NotEstimable
        If no label can be estimated, with the reason of the first, or if labels are numbers of many values.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> by_label(frame).table[["label", "judgments", "value", "alpha"]].round(2)
      label  judgments  value  alpha
    0     1          3   0.67   0.53
    1     2          5   0.80   0.53
    """
    j, asked = as_judgments(j).one(), Asked(over, confidence)
    _need_few_values(j)
    table = pd.DataFrame([_label_row(two, label, asked) for label, two in _dichotomies(j).items()])
    if table["value"].isna().all():
        raise NotEstimable(table["remarks"].iloc[0])
    return Compared(table=table, by="label", unit="specific agreement", title="Which labels raters agree on")


def _label_row(two: CountedJudgments, label: str, asked: Asked) -> dict[str, Any]:
    table, frequency = two.patterns.table, two.patterns.frequency
    given = int(frequency @ table[:, 0])
    counts = {"judgments": given, "share": given / int(frequency @ table.sum(1))}
    counts["items"] = int(frequency @ (table[:, 0] > 0))
    row: dict[str, Any] = {"label": label, **counts}
    options = {"over": asked.over, "confidence": asked.confidence}
    specific = _measured(lambda two: _specific(two, label, asked), two)
    others = {"alpha": _measured(krippendorff_alpha, two, **options), "ac1": _measured(gwet_ac, two, **options)}
    remarks = list(specific.cautions) if isinstance(specific, Estimate) else [str(specific)]
    for name, e in {"": specific, **others}.items():
        ends = ("value", "low", "high") if not name else (name, f"{name}_low", f"{name}_high")
        found = isinstance(e, Estimate)
        row |= dict(zip(ends, (e.value, e.low, e.high) if found else (np.nan,) * 3, strict=True))
        remarks += [] if found or str(e) in remarks else [str(e)]
    over = next((e.over for e in (specific, *others.values()) if isinstance(e, Estimate)), "")
    return row | {"over": over, "remarks": " ".join(remarks)}


def rarest_label(j: Judgments, *, min_items: int = FEW_GIVEN) -> str:
    """Find the label given least often among those given on at least so many items that two raters judged.

    Raises
    ------
    NotEstimable
        If there is none, or labels are numbers, where no single one matters.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> rarest_label(frame, min_items=1)
    '1'
    """
    j = as_judgments(j).one()
    if j.numeric:
        raise NotEstimable("labels are numbers, and no single number matters by itself; name one with `label`")
    by_label = patterns(j)
    if (by_label.frequency @ by_label.table > 0).sum() < 2:
        raise NotEstimable("every judgment has the same label, so nothing shows whether raters tell it from another")
    paired = by_label.table.sum(1) > 1
    items = by_label.frequency[paired] @ (by_label.table[paired] > 0)
    given = (by_label.frequency[paired] @ by_label.table[paired]).astype(float)
    if not (items >= min_items).any():
        raise NotEstimable(f"no label was given on {min_items} items or more that two raters judged")
    return str(by_label.labels[int(np.argmin(np.where(items >= min_items, given, np.inf)))])


def one_criterion(j: Judgments, criterion: str | None = None) -> Judgments:
    """Keep the judgments of one criterion: the one named, otherwise the one with most judgments.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112"),
    ...                       "criterion": ["tone", "tone", "style"]})
    >>> one_criterion(frame).n_judgments
    2
    """
    j = as_judgments(j)
    if "criterion" not in j.columns:
        if criterion is not None:
            raise NotEstimable(f"the data has no column criterion, so there is no {criterion!r}")
        return j
    if criterion is not None:
        return j.only(criterion=criterion)
    sizes = j.frame["criterion"].value_counts().sort(["count", "criterion"], descending=[True, False])
    return j if len(sizes) < 2 else j.only(criterion=sizes["criterion"][0])
