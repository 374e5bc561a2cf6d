"""Judgments as numbers, and how much of their variance is items, raters, and the rest (a generalizability study)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import distinct_numbers, quoted
from ..judgments.coding import codes
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, Over, around, counted, for_the_items_only, readable
from ..stats.checks import check_confidence, check_count
from ..stats.variance import Array, Ints, crossed, spread

Parts = dict[str, Array]
NAMES = {
    "item": "items differ",
    "rater": "raters are stricter or milder",
    "item_rater": "a rater sees an item in a way of their own, and again the next time",
    "item_criterion": "an item is better on one criterion than on another",
    "rater_criterion": "raters are stricter on one criterion than on another",
    "residual": "noise, and all else that is not repeated",
}
FEW_RATERS = 5
ALONE = "everything else: noise, and ways of their own in which raters see an item"


@dataclass(frozen=True, eq=False)
class VarianceComponents:
    """The variance of labels, divided.

    Attributes
    ----------
    item, rater, residual : Estimate
        Variances, in squared units of the label. Without repeated judgments the residual holds what only one rater sees
        in an item, and noise; with them it is noise alone.
    item_rater : Estimate or None
        Only where a rater judged an item more than once (rounds), or with
        ``facets=("criterion",)``.
    item_criterion, rater_criterion : Estimate or None
        Only with ``facets=("criterion",)``.
    n_criteria : int
        Criteria a judgment covers; 1 without that facet.
    unit : str
        What a label is as a number.
    draws : dict of str to ndarray
        5,000 draws of each component from its generalized confidence
        distribution, drawn together: the uncertainty to carry into a plan.
    """

    item: Estimate
    rater: Estimate
    residual: Estimate
    item_rater: Estimate | None = None
    item_criterion: Estimate | None = None
    rater_criterion: Estimate | None = None
    n_criteria: int = 1
    unit: str = ""
    draws: Parts = field(default_factory=dict, repr=False)
    _draws_items_only: Parts = field(default_factory=dict, repr=False)

    @property
    def parts(self) -> dict[str, Estimate]:
        """The components there are, by name."""
        return {name: getattr(self, name) for name in NAMES if getattr(self, name) is not None}

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The components there are, as ``variance_<name>``."""
        return {f"variance_{name}": e for name, e in self.parts.items()}

    def plot(self) -> Figure:
        """The share of each component in the variance of labels."""
        from .. import plots

        shares = self.table.drop(columns=["low", "high"]).rename(columns={"share_low": "low", "share_high": "high"})
        unit, title = "share of the variance of labels", "Items, raters, and the rest"
        return plots.intervals(shares, "component", "share", unit=unit, title=title)

    @property
    def table(self) -> pd.DataFrame:
        """``component``, ``meaning``, ``variance``, ``low``, ``high``, ``share``, ``share_low``, ``share_high``."""
        total, spoken, rows = sum(e.value for e in self.parts.values()), self._spoken(), []
        drawn = np.sum(list(spoken.values()), axis=0)
        for name, e in self.parts.items():
            share = around(e.value / total, *_ends(_ratio(spoken[name], drawn), e.confidence))
            meaning = ALONE if name == "residual" and self.item_rater is None else NAMES[name]
            rows.append((name, meaning, e.value, e.low, e.high, *share.values()))
        columns = ["component", "meaning", "variance", "low", "high", "share", "share_low", "share_high"]
        return pd.DataFrame(rows, columns=columns)

    def reliability(self, n_raters: int, *, n_criteria: int | None = None) -> Estimate:
        """Generalizability coefficient of a mean of ``n_raters`` raters: how well it *orders* items.

        Strictness is left out: it moves all items alike where all are judged by
        the same raters. Erho² = item / (item + relative error), relative error
        being each other component that carries the item over the numbers it is
        averaged over.

        Parameters
        ----------
        n_raters : int
            Raters per item, at least 1.
        n_criteria : int, optional
            Criteria averaged, as many as in the data by default.

        Raises
        ------
        BadOption
            If a number is below 1.
        NotEstimable
            If nothing varies that it could divide.

        Examples
        --------
        >>> import pandas as pd
        >>> from halo_methods import as_judgments
        >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
        >>> rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row)]
        >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
        >>> round(variance_components(j).reliability(4).value, 3)
        0.909
        """
        return self._coefficient(n_raters, n_criteria, absolute=False)

    def dependability(self, n_raters: int, *, n_criteria: int | None = None) -> Estimate:
        """Dependability (Phi) of a mean of ``n_raters`` raters: how well it hits an item's *level*.

        Strictness counts as error, as it does where raters rotate or a score is
        held against a bar. Otherwise as `reliability`.

        Examples
        --------
        >>> import pandas as pd
        >>> from halo_methods import as_judgments
        >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
        >>> rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row)]
        >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
        >>> round(variance_components(j).dependability(4).value, 3)
        0.62
        """
        return self._coefficient(n_raters, n_criteria, absolute=True)

    def d_study(self, most: int = 10) -> pd.DataFrame:
        """Both coefficients for 1 to ``most`` raters per item.

        Returns
        -------
        pandas.DataFrame
            ``n_raters``, ``coefficient`` (``reliability`` or ``dependability``), ``value``, ``low``, ``high``.
        """
        both = {"reliability": self.reliability, "dependability": self.dependability}
        points = [(n, name, of(n)) for name, of in both.items() for n in range(1, most + 1)]
        rows = [(n, name, e.value, e.low, e.high) for n, name, e in points]
        return pd.DataFrame(rows, columns=["n_raters", "coefficient", "value", "low", "high"])

    def _spoken(self) -> Parts:
        """The draws over what the estimates cover."""
        return self.draws if self.rater.over == "items and raters" else self._draws_items_only

    def _coefficient(self, n_raters: int, n_criteria: int | None, *, absolute: bool) -> Estimate:
        criteria = self.n_criteria if n_criteria is None else n_criteria
        check_count(n_raters, option="n_raters", least=1)
        check_count(criteria, option="n_criteria", least=1)
        over = {"rater": n_raters, "item_rater": n_raters, "item_criterion": criteria}
        over |= {"rater_criterion": n_raters * criteria, "residual": n_raters * criteria}
        counts = {k for k in self.parts if k != "item" and (absolute or not k.startswith("rater"))}

        def ratio(parts: Parts) -> Array:
            return _ratio(parts["item"], parts["item"] + sum(parts[k] / over[k] for k in counts))

        if self.item.value + sum(self.parts[k].value for k in counts) == 0:
            raise NotEstimable("neither items nor error vary, so there is nothing to divide")
        value = float(ratio({k: np.array([e.value]) for k, e in self.parts.items()})[0])
        name = f"{'dependability (Phi)' if absolute else 'generalizability coefficient (Erho²)'} of a mean of "
        name += counted(n_raters, "rater") + (f" and {criteria} criteria" if self.n_criteria > 1 else "")
        low, high = _ends(ratio(self._spoken()), self.item.confidence)
        only = _ends(ratio(self._draws_items_only), self.item.confidence) if self.rater.items_only else None
        place = {**around(value, low, high), "items_only": only}
        return replace(self.item, **place, method=f"{name}; generalized interval", over=self.rater.over)


def labels_an_item(j: Judgments) -> int:
    """How many raters judged the usual item (the median, at least 1).

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "x") for i in range(5) for r in "abc"]
    >>> labels_an_item(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    3
    """
    size = as_judgments(j).one(by="criterion").frame.group_by("item_id").agg(pl.col("rater_id").n_unique())["rater_id"]
    return max(int(size.median()), 1)  # type: ignore[arg-type]


def repeats(j: Judgments) -> Estimate:
    """Count the items that the rater with fewest repeats judged in two rounds or more.

    Raises
    ------
    NotEstimable
        If there is no `round`.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "x", 1), ("a", "x", 2), ("a", "y", 1), ("b", "y", 1), ("b", "y", 2)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "round"]).assign(label="good")
    >>> repeats(frame).value
    1.0
    """
    frame = as_judgments(j).one().frame
    if "round" not in frame.columns:
        raise NotEstimable("there is no column `round`, so no repeat can be seen", public=True)
    items = frame.group_by("rater_id", "item_id").agg(pl.col("round").n_unique() > 1)
    fewest = items.group_by("rater_id").agg(pl.col("round").sum())["round"].min()
    method = "items judged again by the rater who repeats fewest; a count, without sampling error"
    return Estimate.count(fewest, method=method, **rests_on(frame, "labels"))  # type: ignore[arg-type]


def variance_components(
    j: Judgments, *, label: str | None = None, facets: Sequence[str] = (), confidence: float = 0.95
) -> VarianceComponents:
    r"""Variance of labels between items, between raters, and the rest.

    The model is label = mean + item + rater (+ item × rater where judgments
    repeat) + residual, all random. Components are unbiased by Henderson's
    third method: sums of squares of each factor adjusted for the other, set
    equal to what they expect. On complete data these are the mean squares of
    the analysis of variance, for instance item = (MS_item - MS_residual) /
    raters. A negative component is set to zero, and said.

    Intervals are generalized confidence intervals: each sum of squares S is
    replaced by S·ν/χ²(ν) in 5,000 draws. ν is Satterthwaite's for unequal
    workloads, and lower where squares spread more than normal ones would
    (items of another kind, raters of another noise).

    Do not read a rater component from three raters as a fact about raters.
    Do not read components of labels crowded at one end of a scale as if the scale had no end.

    Parameters
    ----------
    j : Judgments
        One stage; one criterion unless ``facets`` says otherwise. Ordinal
        labels count as positions in the scale, two nominal labels as 0 and 1.
        A rater who judged an item in several rounds is a repeat; the mean
        shift between rounds is taken out.
    label : str, optional
        Divide the variance of one label against the others (0 and 1).
    facets : sequence of str
        ``("criterion",)`` also divides by criterion; only what was judged on
        every criterion counts, and the differences between the criteria's own
        means are taken out.
    confidence : float
        Of each interval.

    Returns
    -------
    VarianceComponents

    Raises
    ------
    NotEstimable
        If labels are nominal and none is named, if there is one rater or
        nothing varies, or if too few items are shared.
    BadOption
        For another facet or a label that does not occur.

    References
    ----------
    Brennan (2001), Generalizability Theory; Searle, Casella and McCulloch
    (1992), Variance Components, chapter 5; Weerahandi (1993), Journal of the
    American Statistical Association 88, 899-905, for generalized intervals.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> table = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(table) for r, x in enumerate(row)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), level="interval")
    >>> made = variance_components(j)
    >>> [round(e.value, 4) for e in (made.item, made.rater, made.residual)]
    [2.5556, 5.2444, 1.0194]
    """
    check_confidence(confidence)
    for facet in facets:
        BadOption.unless("facets", facet, ("criterion",))
    j = as_judgments(j).one(by="criterion" if facets else None)
    values, unit = as_values(j, label)
    check_two_of_each(j)
    if np.ptp(values) == 0:
        raise NotEstimable("every label is the same: there is no variance to divide")
    frame, rng = j.frame.with_columns(y=values), np.random.default_rng(20010)
    if facets and "criterion" in j.columns:
        frame, wide, cautions = _complete(frame)
        sources = _by_criterion(coded(frame["item_id"]), coded(frame["rater_id"]), wide, rng)
        n_criteria = wide.shape[1]
    else:
        frame, cautions = level_rounds(frame)
        sums = crossed(coded(frame["item_id"]), coded(frame["rater_id"]), frame.select("y").to_numpy())
        sources = [{"item_rater" if k == "cell" else k: v for k, v in part.items()} for part in spread(sums, rng)]
        n_criteria = 1
    if not any(point > 0 for (point,) in sources[0].values()):
        raise NotEstimable(
            "items that two raters judged show no variance, so there is none to divide; judge more items twice"
        )
    points, draws, fixed = sources[0], *({k: np.maximum(v, 0.0) for k, v in part.items()} for part in sources[1:])
    rests = {**rests_on(frame, "variance"), "n_judgments": frame.height * n_criteria}
    cautions += few_raters(rests["n_raters"])
    over: Over = "items and raters" if rests["n_raters"] > 2 else "items"
    parts = {}
    for name, (point,) in points.items():
        value = max(float(point), 0.0)
        parts[name] = Estimate(
            **around(value, *_ends((fixed if over == "items" else draws)[name], confidence)),
            confidence=confidence,
            items_only=_ends(fixed[name], confidence) if 2 < rests["n_raters"] < FEW_RATERS else None,
            method=f"variance component {name.replace('_', ' × ')} ({unit}, squared); generalized interval",
            over=over,
            cautions=(*cautions, *below_zero(float(point))),
            **rests,
        )
    return VarianceComponents(**parts, n_criteria=n_criteria, unit=unit, draws=draws, _draws_items_only=fixed)


def _complete(frame: pl.DataFrame) -> tuple[pl.DataFrame, Array, list[Caution]]:
    """One row per judgment of an item by a rater, its labels on every criterion beside each other."""
    keys = [key for key in ("item_id", "rater_id", "round") if key in frame.columns]
    wide = frame.pivot("criterion", index=keys, values="y").sort(keys)  # noqa: PD010
    whole = wide.drop_nulls([c for c in wide.columns if c not in keys])
    if whole.is_empty():
        raise NotEstimable("no rater judged an item on every criterion; keep the criteria that are judged together")
    if whole.select("item_id", "rater_id").is_duplicated().any():
        raise NotEstimable("judgments repeat over rounds; with criteria as a facet keep one round")
    values = whole.drop(keys).to_numpy()
    if values.shape[1] < 2:
        raise NotEstimable("there is one criterion; leave the facet out")
    dropped = frame.height - values.size
    text = f"{counted(dropped, 'judgment')} without every criterion beside them are left out."
    return whole.select(keys), values, [Caution("dropped", text)] if dropped else []


def _by_criterion(item: Ints, rater: Ints, wide: Array, rng: np.random.Generator) -> list[Parts]:
    """Split scores into the mean over criteria (shared part) and orthonormal contrasts (criterion-specific part)."""
    c = wide.shape[1]
    contrasts = np.linalg.qr(np.column_stack([np.ones(c), np.eye(c)[:, 1:]]))[0][:, 1:]
    mean = spread(crossed(item, rater, wide.mean(axis=1, keepdims=True)), rng)
    apart = spread(crossed(item, rater, wide @ contrasts), rng)
    shared = {"item": "item", "rater": "rater", "item_rater": "residual"}
    own = {"item_criterion": "item", "rater_criterion": "rater", "residual": "residual"}
    return [
        {name: m[k] - a[k] / c for name, k in shared.items()} | {name: a[k] for name, k in own.items()}
        for m, a in zip(mean, apart, strict=True)
    ]


def _ratio(part: Array, whole: Array) -> Array:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _ends(draws: Array, confidence: float) -> tuple[float, float]:
    low, high = np.quantile(draws, [(1 - confidence) / 2, (1 + confidence) / 2])
    return float(low), float(high)


def places(j: Judgments) -> tuple[Array | None, str]:
    """The number each label counts as, and its unit; None for three nominal labels or more."""
    names = [str(x) for x in j.labels]
    if j.numeric or j.level == "ordinal" or not j.level_given:
        numbers = distinct_numbers(names)
        if numbers is not None and not 1e-100 < np.abs(numbers).max() < 1e100 and numbers.any():
            raise NotEstimable(
                f"labels up to {np.abs(numbers).max():.3g} have no squares: divide them by a common unit"
            )
        if numbers is not None:
            return numbers, "the label's unit"
    if j.level != "ordinal" and len(names) > 2:
        return None, ""
    return np.arange(
        len(names), dtype=float
    ), "steps of the scale" if j.level == "ordinal" else f"share of {quoted(names[-1])}"


def as_values(j: Judgments, label: str | None = None) -> tuple[Array, str]:
    """Each judgment as a number, and what the number is.

    Ordinal labels count as 0, 1, 2, … in the order of the scale, interval and
    ratio labels as themselves, two nominal labels as 0 and 1. With ``label``
    the number is 1 where that label was given and 0 elsewhere.

    Parameters
    ----------
    j : Judgments
    label : str, optional
        One label against all others.

    Raises
    ------
    NotEstimable
        If there are three nominal labels or more and none is named.
    BadOption
        If no such label occurs.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "good"), ("b", "r1", "poor")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), scale=["poor", "fair", "good"],
    ...                  level="ordinal")
    >>> as_values(j)
    (array([2., 0.]), 'steps of the scale')
    """
    if label is not None:
        label, names = str(label), [str(x) for x in j.labels]
        if label not in names:
            raise BadOption.of("label", label[:80], [name[:80] for name in names[:20]])
        return (j.frame["label"].cast(pl.String) == label).cast(pl.Float64).to_numpy(), f"share of {quoted(label)}"
    at, unit = places(j)
    if at is None:
        raise NotEstimable(
            f"the {len(j.labels)} labels are nominal, so they have no variance; give the scale in order and "
            "level='ordinal', or name one label to set against the others"
        )
    return at[codes(j.labels, j.frame["label"]).to_numpy()], unit


def check_two_of_each(j: Judgments) -> None:
    """Refuse judgments of one item or by one rater."""
    if j.n_raters < 2 or j.n_items < 2:
        raise NotEstimable(f"{counted(j.n_items, 'item')} and {counted(j.n_raters, 'rater')}: it takes two of each")


def coded(values: pl.Series) -> Ints:
    """Values as whole numbers from 0, in sorted order.

    Examples
    --------
    >>> coded(pl.Series(["b", "a", "b"])).tolist()
    [1, 0, 1]
    """
    return np.asarray(values.rank("dense").to_numpy(), dtype=np.int64) - 1


def few_raters(n: int) -> list[Caution]:
    """What to beware of where raters are few."""
    if n < 3:
        return [for_the_items_only(2)]
    text = f"{n} raters say little about raters in general."
    return [Caution("few_raters", text)] if n < FEW_RATERS else []


def below_zero(value: float) -> list[Caution]:
    """What to beware of where an estimate of what cannot be negative is."""
    text = f"The estimate is negative ({readable(value)}) and is set to zero."
    return [Caution("set_to_zero", text)] if value < 0 else []


def level_rounds(frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Caution]]:
    """Takes the mean shift between rounds out, seen where the same rater judged the same item again."""
    cell = ("item_id", "rater_id")
    again = frame.filter(pl.len().over(cell) > 1)
    if "round" not in frame.columns or again["round"].n_unique() < 2:
        return frame, []
    rounds = again["round"].unique().sort()[1:].to_list()
    columns = [*(pl.col("round").eq_missing(r).cast(pl.Float64).alias(r) for r in rounds), pl.col("y")]
    within = again.select(column - column.mean().over(cell) for column in columns).to_numpy()
    shift = np.linalg.lstsq(within[:, :-1], within[:, -1], rcond=None)[0]
    taken = pl.col("round").replace_strict(rounds, shift.tolist(), default=0.0, return_dtype=pl.Float64)
    moved = frame.with_columns(pl.col("y") - taken)
    largest, spread = float(np.abs(shift).max()), float(again.select(pl.col("y").std(ddof=0)).item())
    if largest <= 0.05 * spread:
        return moved, []
    text = f"A mean shift between rounds of {readable(largest)} at most is taken out."
    return moved, [Caution("rounds_levelled", text)]
