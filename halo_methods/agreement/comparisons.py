"""Several coefficients, groups, labels or pairs at once."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import CountedJudgments, Judgments, as_judgments
from ..judgments.coding import numbered, once_a_table
from ..judgments.counts import pair_cells, patterns, rater_patterns
from ..judgments.table import basis_of
from ..results import Caution, Estimate, Figure, Over, counted
from ..stats.checks import check_confidence
from ..stats.totals import over_shared_items
from . import coefficients as formulas
from . import estimates as single
from .coefficients import Weights, pair_totals

Measure = Callable[..., Estimate]
MOST_RATERS, FEWEST_SHARED, FEW_GIVEN = 60, 10, 10
MOST_ROWS, MOST_PAIRS, MOST_SHARED = 300, 10_000, 5_000_000


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

    def plot(self) -> Figure:
        """The values with their intervals, rows without a value left out."""
        from .. import plots

        rows = self.table.dropna(subset="value")
        if self.by == "pair":
            rows = rows.assign(pair=rows["rater_a"] + " and " + rows["rater_b"])
        return plots.intervals(rows, self.by, "value", unit=self.unit, title=self.title, most=20)


def row_of(estimate: Estimate | NotEstimable, j: Judgments) -> dict[str, Any]:
    """A row of a table: the estimate, or the reason why there is none."""
    sizes = ("n_items", "n_raters", "n_judgments")
    row = {part: getattr(estimate, part, getattr(j, part, np.nan)) for part in ("value", "low", "high", *sizes)}
    remarks = f"not estimable: {estimate}" if isinstance(estimate, NotEstimable) else " ".join(estimate.cautions)
    return {**row, "over": getattr(estimate, "over", ""), "remarks": remarks}


def measured(measure: Measure, j: Any, **options: Any) -> Estimate | NotEstimable:
    """The estimate, or the reason why there is none."""
    try:
        return measure(j, **options)
    except NotEstimable as reason:
        return reason


def need_one(estimates: dict[str, Estimate | NotEstimable]) -> None:
    """Refuse where nothing could be estimated, with the first reason."""
    reasons = [e for e in estimates.values() if isinstance(e, NotEstimable)]
    if len(reasons) == len(estimates):
        raise reasons[0]


def few_rows(n: int, what: str, instead: str, most: int = MOST_ROWS) -> None:
    """Refuse at once what would take minutes and fill a table too long to read.

    Examples
    --------
    >>> few_rows(6983, "labels", "group them")
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: there are 6,983 labels, more than the 300 that are compared at once: group them
    """
    if n > most:
        raise NotEstimable(f"there are {n:,} {what}, more than the {most:,} that are compared at once: {instead}")


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
    single.Asked(over, confidence)
    ordinal: dict[str, Measure] = {"Gwet's AC2 (ordinal weights)": partial(single.gwet_ac, weights="ordinal")}
    measures: dict[str, Measure] = {
        "raw agreement": single.percent_agreement,
        f"Krippendorff's alpha ({j.level})": single.krippendorff_alpha,
        "Fleiss' kappa": single.fleiss_kappa,
        "Gwet's AC1": single.gwet_ac,
        **(ordinal if j.level != "nominal" else {}),
        "Brennan-Prediger": single.brennan_prediger,
    }
    estimates = {name: measured(m, j, over=over, confidence=confidence) for name, m in measures.items()}
    need_one(estimates)
    shares = patterns(j).frequency @ patterns(j).table
    table = pd.DataFrame([{"coefficient": name, **row_of(e, j)} for name, e in estimates.items()])
    table.insert(4, "prevalence", float(shares.max() / shares.sum()))
    title = "The coefficients side by side"
    return Compared(table=table, estimates=estimates, by="coefficient", unit="agreement", title=title)


def by(
    j: Judgments,
    column: str,
    *,
    measure: Measure = single.krippendorff_alpha,
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
    single.Asked(over, confidence)
    j, rows, estimates = as_judgments(j), [], {}
    if column in j.columns:
        few_rows(j.frame[column].n_unique(), f"values of {column}", "keep or merge the groups that matter")
    for value, group in j.groups(column):
        name = "(missing)" if value is None else str(value)
        estimates[name] = measured(measure, group, over=over, confidence=confidence)
        ends = dict.fromkeys(("value", "low", "high"))
        rows.append({column: name, **ends, **_beside(group), **row_of(estimates[name], group)})
    alpha = measure in (single.krippendorff_alpha, single.reliability)
    unit = "Krippendorff's alpha" if alpha else measure.__name__.replace("_", " ")
    named: dict[str, Any] = {"by": column, "unit": unit, "title": f"Agreement by {column}"}
    return Compared(table=pd.DataFrame(rows), estimates=estimates, **named)


def _beside(j: Judgments) -> dict[str, Any]:
    """Raw agreement and prevalence, where they can be told."""
    try:
        j = j.one()
        raw, shares = single.raw_and_shares(j)
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
        If no two raters share an item, or more than 10,000 pairs would be listed.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222")})
    >>> pairs(frame).table[["rater_a", "rater_b", "value", "raw_agreement", "n_shared"]]
      rater_a rater_b  value  raw_agreement  n_shared
    0       x       y    0.5           0.75         4
    """
    check_confidence(confidence)
    j = as_judgments(j).one()
    single.check_weights(j, weights)
    coefficient = formulas.cohen(j.labels, weights)
    judged, instead = np.bincount(numbered(j)[0]), "keep the raters that matter, or compare two with cohen_kappa"
    few_rows(int(judged @ (judged - 1)) // 2, "pairs of judgments on one item", instead, MOST_SHARED)
    cells, both = pair_cells(j), ["rater", "rater_b"]
    if not len(cells):
        raise NotEstimable("no two raters judged an item in common")
    names, q = sorted(j.frame["rater_id"].unique().to_list()), len(j.labels)
    shared = pl.col("count").sum().over(both)
    listed = cells if len(names) <= MOST_RATERS else cells.filter(shared >= FEWEST_SHARED)
    few_rows(listed.select(both).n_unique(), "pairs of raters", instead, MOST_PAIRS)
    rows = []
    for (a, b), part in listed.partition_by(both, as_dict=True, maintain_order=True).items():
        table = np.zeros((q, q))
        table[part["label"].to_numpy(), part["label_b"].to_numpy()] = part["count"].to_numpy()
        rows.append({"rater_a": names[a], "rater_b": names[b], **_pair(table, coefficient, confidence)})
    columns = ["rater_a", "rater_b", "value", "low", "high", "raw_agreement", "n_shared", "remarks"]
    ordered = pd.DataFrame(rows, columns=columns).sort_values(["value", "rater_a", "rater_b"], ignore_index=True)
    hidden = cells.select(both).n_unique() - len(rows)
    few = f"{counted(hidden, 'pair')} with fewer than {FEWEST_SHARED} shared items"
    cautions = (Caution("not_listed", f"{few} {'is' if hidden == 1 else 'are'} not listed."),) if hidden else ()
    title = "Pairs of raters, lowest first"
    return Compared(table=ordered, by="pair", unit="Cohen's kappa", title=title, cautions=cautions)


def _pair(table: np.ndarray, coefficient: formulas.Coefficient, confidence: float) -> dict[str, Any]:
    n = int(table.sum())
    row = {"value": np.nan, "low": np.nan, "high": np.nan, "raw_agreement": float(np.trace(table) / n), "n_shared": n}
    totals = pair_totals(table, coefficient)
    if not np.isfinite(totals.estimate):
        return row | {"remarks": "not estimable: both gave the same label throughout"}
    ends = over_shared_items(totals, confidence)
    remarks = [f"only {n} shared items."] * (n < FEWEST_SHARED) + [*ends.cautions]
    return row | {"value": totals.estimate, "low": ends.low, "high": ends.high, "remarks": " ".join(remarks)}


@once_a_table
def _dichotomy(j: Judgments, at: int) -> CountedJudgments:
    """The same judgments as counts of the label at this place of the scale and of the rest."""
    by_label, by_rater = patterns(j), rater_patterns(j)
    both = np.stack([by_label.table[:, at], by_label.table.sum(1) - by_label.table[:, at]], 1)
    table, new = np.unique(both, axis=0, return_inverse=True)
    frequency = np.bincount(new.ravel(), by_label.frequency, len(table)).astype(np.int64)
    names = (str(j.labels[at]), f"not {j.labels[at]}")
    units = replace(by_label, labels=names, table=table, frequency=frequency)
    cells = replace(by_rater, label=(by_rater.label != at).astype(np.int64), pattern=new.ravel()[by_rater.pattern])
    return CountedJudgments(units, cells, names, "nominal", True, j.source)


def specific_agreement(
    j: Judgments, label: Any, *, over: Over = "items and raters", confidence: float = 0.95, replicates: int = 1000
) -> Estimate:
    """Estimate specific agreement on one label: when a rater gives it, how often another rater of the item does too.

    Between 0 and 1; for two raters 2a / (2a + b + c). It is not corrected for chance,
    and does not look at items on which no rater gave the label, so a rare label shows
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
        It rests on the raters who judged an item on which at least one rater gave the label.

    Raises
    ------
    NotEstimable
        If no rater gave the label on an item that two raters judged.
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
    j, asked, name = as_judgments(j).one(), single.Asked(over, confidence, replicates), str(label)
    at = next((at for at, x in enumerate(j.labels) if str(x) == name), None)
    if at is None:
        raise BadOption.of("label", label, j.labels[:20])
    estimate = _specific(_dichotomy(j, at), name, asked)
    gave = j.frame.filter(j.frame["label"].is_in([j.labels[at]]))
    paired = j.frame.filter(pl.len().over("item_id") > 1).join(gave, on=["item_id", "rater_id"], how="semi")
    return replace(estimate, basis=basis_of(paired, "specific agreement"), n_raters=gave["rater_id"].n_unique())


def _specific(two: CountedJudgments, label: str, asked: single.Asked) -> Estimate:
    table, frequency = two.patterns.table, two.patterns.frequency * (two.patterns.table.sum(1) > 1)
    given = int(frequency @ (table[:, 0] > 0))
    if not given:
        raise NotEstimable(f"no rater gave {label!r} on an item that two raters judged")
    estimate = single.estimated(two, formulas.specific_agreement(label), asked)
    cautions = [c for c in estimate.cautions if c.code != "prevalence"]
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
        cautions.append(Caution("rare_label", f"{label!r} was given on {counted(given, 'item')} only."))
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
        was given), ``items`` (on which at least one rater gave it), ``value``, ``low``, ``high``
        (specific agreement), ``alpha`` and ``ac1`` of the label against the rest, each with
        its ends, ``over``, ``remarks``. Where a value is missing, remarks say why.

    Raises
    ------
    NotEstimable
        If no label can be estimated, with the reason of the first, if labels are numbers of many values, or more
        than 300.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> by_label(frame).table[["label", "judgments", "value", "alpha"]].round(2)
      label  judgments  value  alpha
    0     1          3   0.67   0.53
    1     2          5   0.80   0.53
    """
    j, asked = as_judgments(j).one(), single.Asked(over, confidence)
    single.need_few_values(j)
    few_rows(len(j.labels), "labels", "group them, or see one with specific_agreement")
    table = pd.DataFrame([_label_row(_dichotomy(j, at), str(label), asked) for at, label in enumerate(j.labels)])
    if table["value"].isna().all():
        raise NotEstimable(table["remarks"].iloc[0])
    return Compared(table=table, by="label", unit="specific agreement", title="Which labels raters agree on")


def _label_row(two: CountedJudgments, label: str, asked: single.Asked) -> dict[str, Any]:
    table, frequency = two.patterns.table, two.patterns.frequency
    judged, share = int(frequency @ table[:, 0]), float(frequency @ table[:, 0] / (frequency @ table.sum(1)))
    row = {"label": label, "judgments": judged, "share": share, "items": int(frequency @ (table[:, 0] > 0))}
    options = {"over": asked.over, "confidence": asked.confidence}
    own = measured(partial(_specific, label=label, asked=asked), two)
    parts = {
        ("value", "low", "high"): own,
        ("alpha", "alpha_low", "alpha_high"): measured(single.krippendorff_alpha, two, **options),
        ("ac1", "ac1_low", "ac1_high"): measured(single.gwet_ac, two, **options),
    }
    remarks, over = list(getattr(own, "cautions", ())), ""
    for ends, e in parts.items():
        row |= {end: getattr(e, part, np.nan) for end, part in zip(ends, ("value", "low", "high"), strict=True)}
        over = over or getattr(e, "over", "")
        remarks += [str(e)] if isinstance(e, NotEstimable) and str(e) not in remarks else []
    return row | {"over": over, "remarks": " ".join(remarks)}


def rarest_label(j: Judgments, *, min_items: int = FEW_GIVEN) -> str:
    """Find the label given least often on items that two raters judged.

    Raises
    ------
    NotEstimable
        If a label was given on fewer such items than ``min_items``: leaving the rarest out would hide it. Also
        if there is one label only, or labels are numbers, where no single one matters.

    Examples
    --------
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11122222")})
    >>> rarest_label(frame, min_items=1)
    '1'
    """
    j = as_judgments(j).one()
    if j.numeric:
        raise NotEstimable("labels are numbers, and no single number matters by itself; name one with `label`")
    table, frequency = patterns(j).table, patterns(j).frequency
    used = frequency @ table > 0
    if used.sum() < 2:
        raise NotEstimable("every judgment has the same label, so nothing shows whether raters tell it from another")
    frequency = frequency * (table.sum(1) > 1)
    items = np.where(used, frequency @ (table > 0), np.inf)
    fewest = int(np.argmin(items))
    name = str(j.labels[fewest])
    if items[fewest] < min_items:
        raise NotEstimable(
            f"{name!r} was given on {counted(int(items[fewest]), 'item')} only that two raters judged: "
            f"it takes {min_items} to say whether they agree on it; collect more, or name another label with `label`"
        )
    return str(j.labels[int(np.argmin(np.where(used, frequency @ table, np.inf)))])


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
    sizes = j.frame["criterion"].value_counts().sort(["count", "criterion"], descending=[True, False])
    return j if criterion is None and len(sizes) < 2 else j.only(criterion=criterion or sizes["criterion"][0])


def by_prevalence(accuracy: float = 0.9, prevalence: np.ndarray | None = None) -> pd.DataFrame:
    """What two-label agreement is in the limit, for raters of one accuracy, as one label becomes common.

    Every rater is right with the same chance on both labels and errs alone.
    Raw agreement is a^2 + (1 - a)^2 whatever the prevalence, and the coefficients follow from the share of the labels
    given.

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
    raw = accuracy**2 + (1 - accuracy) ** 2
    fleiss, gwet = given**2 + (1 - given) ** 2, 2 * given * (1 - given)
    coefficients = {"alpha": (raw - fleiss) / (1 - fleiss), "ac1": (raw - gwet) / (1 - gwet)}
    return pd.DataFrame({"prevalence": true, "raw_agreement": raw, **coefficients})


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
    others = {"fleiss_kappa": single.fleiss_kappa, "ac1": single.gwet_ac, "brennan_prediger": single.brennan_prediger}
    for name, measure in others.items():
        table[name] = by(j, column, measure=measure, over="items").table["value"]
    return table
