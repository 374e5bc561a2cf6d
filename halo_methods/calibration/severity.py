"""Severity and leniency: which way a rater leans, and by how much."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Basis, Caution, Estimate, counted
from ..stats import check_confidence
from ..stats.between_groups import effect_spread, rater_effects
from ..stats.means import mean_errors, t_interval
from .many_facet import fit_many_facet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Model = Literal["mean", "random_items", "fixed_items", "many_facet"]
METHODS = {
    "mean": "mean distance from the reference; t interval over items",
    "random_items": "two-way model, items at random; sandwich error over items",
    "fixed_items": "two-way model, items fixed; sandwich error over items",
    "many_facet": "many-facet rating scale model, in log odds; Wald interval",
}
TITLES = {
    "mean": "Severity: mean distance from the reference",
    "random_items": "Severity with the items taken out",
    "fixed_items": "Severity on shared items",
    "many_facet": "Severity in the many-facet model",
}


@dataclass(frozen=True, eq=False, kw_only=True)
class Severities:
    """How far each rater labels above or below the reference.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n`` (judgments), ``severity`` (below 0 the rater labels lower
        than the reference), ``low``, ``high``, ``se``, ``reference``; lowest first.
    estimates : dict of str to Estimate
        The same by rater.
    unit : str
    model : {"mean", "random_items", "fixed_items", "many_facet"}
    steps : pandas.DataFrame or None
        Of the many-facet model: ``lower``, ``upper`` (neighbouring labels), ``step``,
        where on the scale of the items both are equally likely from a rater of severity 0.
    cautions : tuple of Caution
        Among them how many raters are left out.
    """

    table: pd.DataFrame
    estimates: Mapping[str, Estimate]
    unit: str
    model: Model
    steps: pd.DataFrame | None = None
    cautions: tuple[Caution, ...] = ()
    by: str = "rater_id"

    def plot(self) -> "Figure":
        """Draw a dot per rater with its interval, and the reference at 0."""
        from .. import plots

        unit = f"{self.unit} above or below the reference"
        return plots.intervals(self.table, "rater_id", "severity", bar=0, unit=unit, title=TITLES[self.model])


def severity(j: Judgments, *, model: Model = "mean", confidence: float = 0.95) -> Severities:
    r"""Estimate how far above or below the reference each rater labels.

    Ordered labels count as 0, 1, 2, … in the order of the scale. The reference
    is the gold answer where the table has gold.

    ``mean``: the mean distance from the reference, with a t interval over the
    rater's items. Without gold the reference is the mean of the other raters on
    the item, who are taken as given. With few raters, or where raters judge
    different items, the interval is too short for the distance to the team.
    A rater whose every label lies equally far from the reference gets the
    spread of all raters, pooled.

    ``random_items``: :math:`y_{ir} = \mu + a_i + s_r + e_{ir}` with items at
    random (see `stats.between_groups.rater_effects`), for rounds in which chance
    decided who judged what. y is the label minus the gold; without gold it is the
    label, and :math:`s_r` is measured against the mean of the raters.

    ``fixed_items``: the same on shared items only and against the team, for
    rounds in which weak raters were given the hard items; wider intervals.

    ``many_facet``: steps of the scale need not be of one size (see
    `calibration.many_facet.fit_many_facet`). Use it where raters press against an
    end of the scale, because there a step is worth less. Ordinal labels only; gold is not used.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage; ordinal, interval or ratio.
    model : {"mean", "random_items", "fixed_items", "many_facet"}
    confidence : float
        Of each interval.

    Raises
    ------
    NotEstimable
        If labels are nominal, no item has a reference, or no two raters are connected by shared items.

    References
    ----------
    Searle, Casella and McCulloch (1992), Variance Components; Linacre (1989),
    Many-Facet Rasch Measurement. Coverage is in ``benchmarks/results/study_calibration.csv``.

    Examples
    --------
    >>> rows = [(i, "r1", "fair" if i % 2 else "good", "good") for i in range(8)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["poor", "fair", "good"], level="ordinal")
    >>> float(severity(j).table["severity"].iloc[0])
    -0.5
    """
    check_confidence(confidence)
    if model not in get_args(Model):
        raise BadOption.of("model", model, get_args(Model))
    j = as_judgments(j)
    frame, reference, left_out = _compared(j, model)
    rater, item, names = _numbers(frame)
    y = frame["y"].to_numpy().astype(float)
    df: Any = np.maximum(np.bincount(rater) - 1, 1)
    unit, steps = "scale steps" if j.level == "ordinal" else "units of the label", None
    if model == "mean":
        effects, errors = mean_errors(y, rater)
    elif model == "many_facet":
        used, y = np.unique(y, return_inverse=True)
        effects, errors, tau, _ = fit_many_facet(y, item, rater)
        labels = [str(j.labels[int(k)]) for k in used]
        unit, df, steps = "log odds", np.inf, pd.DataFrame({"lower": labels[:-1], "upper": labels[1:], "step": tau})
    else:
        items: Literal["random", "fixed"] = "random" if model == "random_items" else "fixed"
        effects, errors, _ = rater_effects(y, item, rater, centred=reference == "team", items=items)
    low, high = t_interval(effects, errors, df, confidence=confidence)
    method = f"a rater's severity; {METHODS[model]}"
    estimates = {
        str(name): Estimate(
            value=effects[k],
            low=low[k],
            high=high[k],
            confidence=confidence,
            method=method,
            over="items",
            **rests_on(part, "severity"),
        )
        for k, ((name,), part) in enumerate(sorted(frame.group_by("rater_id")))
    }
    columns = {"severity": effects, "low": low, "high": high, "se": errors, "reference": reference}
    table = pd.DataFrame({"rater_id": names, "n": np.bincount(rater), **columns})
    text = f"{counted(left_out, 'rater')} with one item, or none shared with the largest group, left out."
    return Severities(
        table=table.sort_values(["severity", "rater_id"], ignore_index=True),
        estimates=estimates,
        unit=unit,
        model=model,
        steps=steps,
        cautions=(Caution("raters_left_out", text),) if left_out else (),
    )


def severity_spread(j: Judgments, *, confidence: float = 0.95) -> Estimate:
    """Estimate the standard deviation of raters' severities, in steps of an ordinal scale, beyond chance.

    Each severity of the model ``random_items`` is its true value plus error;
    see `stats.between_groups.effect_spread` for the value and its interval.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, ordinal.
    confidence : float

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
    >>> rows = [(i, r, "012"[1 + lean * (i % 2)], "1") for i in range(40)
    ...         for r, lean in [("a", -1), ("b", 0), ("c", 1), ("d", (1, -1)[i // 2 % 2])]]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["0", "1", "2"], level="ordinal")
    >>> severity_spread(j).value > 0.3
    True
    """
    j = as_judgments(j)
    if j.level != "ordinal":
        text = f"the spread is counted in steps of an ordinal scale; these labels are {j.level}"
        raise NotEstimable(text, public=text)
    fitted = severity(j, model="random_items", confidence=confidence)
    weighed = fitted.table[fitted.table["se"] > 0]
    if len(weighed) < 3:
        raise NotEstimable(f"{counted(len(weighed), 'rater')} with a severity and its error; the spread needs three")
    value, low, high = effect_spread(weighed["severity"], weighed["se"], confidence=confidence)
    cautions: tuple[Caution, ...] = ()
    if left := len(fitted.table) - len(weighed):
        text = f"{counted(left, 'rater')} never differed from the reference by more or less; left out."
        cautions = (Caution("raters_left_out", text),)
    judged: dict[str, Any] = {}
    for rater in weighed["rater_id"]:
        judged |= fitted.estimates[rater].basis.judgments  # type: ignore[union-attr]
    return Estimate(
        value=value,
        low=low,
        high=high,
        confidence=confidence,
        n_items=len(np.unique(np.concatenate(list(judged.values())))),
        n_raters=len(weighed),
        n_judgments=int(weighed["n"].sum()),
        method="standard deviation of the raters' severities, in scale steps; Q profile",
        over="items and raters",
        cautions=cautions,
        basis=Basis("severity", judged),
    )


def gaps(j: Judgments) -> pl.DataFrame:
    """List how far each judgment lies from its reference: the columns of the table, ``gap`` and ``reference``.

    Examples
    --------
    >>> rows = [("a", "r1", "1", "3"), ("a", "r2", "3", "3")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["1", "2", "3"], level="ordinal")
    >>> gaps(j)["gap"].to_list()
    [-2.0, 0.0]
    """
    frame = j.one().frame
    if _has_gold(frame):
        marked = j.marked("gold")
        truth = pl.when("right").then(number(j, "label", marked)).otherwise(number(j, "answer", marked))
        return marked.with_columns((number(j, "label", marked) - truth).alias("gap"), pl.lit("gold").alias("reference"))
    unit = ["item_id", *(["round"] if "round" in frame.columns else [])]
    numbered = frame.with_columns(number(j, "label", frame).alias("x"), pl.len().over(unit).alias("m"))
    others = (pl.col("x").sum().over(unit) - pl.col("x")) / (pl.col("m") - 1)
    shared = numbered.with_columns((pl.col("x") - others).alias("gap"), pl.lit("other raters").alias("reference"))
    return shared.filter(pl.col("m") > 1)


def number(j: Judgments, column: str, frame: pl.DataFrame) -> pl.Expr:
    """A column of labels as numbers: as it stands, or the position in an ordered scale."""
    if frame[column].dtype.is_numeric():
        return pl.col(column)
    if j.level == "ordinal":
        return pl.col(column).replace_strict({str(x): float(i) for i, x in enumerate(j.labels)})
    return pl.col(column).cast(pl.Float64)


def connected(j: Judgments) -> tuple[pl.DataFrame, int]:
    """The judgments of the largest group of raters connected by shared items, and how many raters are left out.

    A rater with one item is left out too. An item of another round is another item.

    Raises
    ------
    NotEstimable
        If the group has fewer than two raters or two items.

    Examples
    --------
    >>> rows = [(i, r, "x") for i in "ab" for r in "pq"] + [("c", "s", "x"), ("d", "s", "x")]
    >>> connected(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))[1]
    1
    """
    frame = j.one().frame
    parts = [c for c in ("item_id", "round") if c in frame.columns]
    unit = pl.concat_str(parts, separator="\x1f", ignore_nulls=True)
    frame = frame.select("rater_id", "label", unit.alias("item_id"))
    everybody = frame["rater_id"].n_unique()
    frame = frame.filter(pl.len().over("rater_id") > 1)
    if len(frame):
        rater, item, _ = _numbers(frame)
        shared = sparse.csr_array((np.ones(len(item)), (rater, item)))
        _, group = connected_components(shared @ shared.T, directed=False)
        frame = frame.filter(pl.Series(group[rater] == np.argmax(np.bincount(group))))
    if frame["rater_id"].n_unique() < 2 or frame["item_id"].n_unique() < 2:
        raise NotEstimable("no two raters judged shared items often enough to compare their severity")
    return frame, everybody - frame["rater_id"].n_unique()


def _compared(j: Judgments, model: Model) -> tuple[pl.DataFrame, str, int]:
    """The judgments to compare with their value y, the reference, and how many raters are left out."""
    if j.level == "nominal":
        text = "nominal labels have no direction; give the scale in order and level='ordinal'"
        raise NotEstimable(text, public=text)
    if model == "many_facet" and j.level != "ordinal":
        text = f"the many-facet model needs labels in order; these are {j.level}"
        raise NotEstimable(text, public=text)
    if model != "mean" and not (model == "random_items" and _has_gold(j.one().frame)):
        frame, left_out = connected(j)
        return frame.with_columns(number(j, "label", frame).alias("y")), "team", left_out
    everybody = gaps(j)
    frame = everybody.filter(pl.len().over("rater_id") > 1)
    if frame.is_empty():
        raise NotEstimable("no rater judged two items that have gold or that another rater judged")
    left_out = everybody["rater_id"].n_unique() - frame["rater_id"].n_unique()
    return frame.rename({"gap": "y"}), frame["reference"][0], left_out


def _has_gold(frame: pl.DataFrame) -> bool:
    return "gold" in frame.columns and bool(frame["gold"].is_not_null().any())


def _numbers(frame: pl.DataFrame) -> tuple[NDArray, NDArray, list[str]]:
    """Raters and items as numbers without gaps, and the sorted raters."""
    rater, item = (frame[c].rank("dense").to_numpy().astype(np.int64) - 1 for c in ("rater_id", "item_id"))
    return rater, item, sorted(frame["rater_id"].unique().to_list())
