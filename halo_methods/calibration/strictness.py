"""Which way raters err, and what each does next: what is taken for what, strictness in three models, the work list."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import optimize, sparse, special, stats
from scipy.sparse.csgraph import connected_components

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import accepted_answers, as_numbers, encoded
from ..judgments.marking import Reference
from ..judgments.table import in_order, rests_on, rests_on_each
from ..results import Caution, Estimate, Figure, around, counted
from ..stats import check_confidence
from ..stats.between_groups import effect_spread, rater_effects
from ..stats.means import mean_errors, t_interval
from .correctness import by_rater

Model = Literal["mean", "random_items", "fixed_items", "many_facet"]
MODELS = {  # what a picture and a result are called
    "mean": ("Strictness: mean distance from the reference", "mean distance from the reference; t interval over items"),
    "random_items": (
        "Strictness with the items taken out",
        "two-way model, items at random; sandwich error over items",
    ),
    "fixed_items": ("Strictness on shared items", "two-way model, items fixed; sandwich error over items"),
    "many_facet": ("Strictness in the many-facet model", "many-facet rating scale model, in log odds; Wald interval"),
}
PASS = "pass"
RETRAIN = "train again"
MORE = "more gold items"
CHECK_GOLD = "check the gold"
FIX_GUIDELINE = "fix the guideline"
MOST_RATERS, MOST_LABELS = 100, 11
INSTEAD = "take items at random instead"
_NODES = np.linspace(-4.5, 4.5, 31)
_LOG_WEIGHTS = stats.norm.logpdf(_NODES) - special.logsumexp(stats.norm.logpdf(_NODES))
_RATER_SD, _LOG_SIGMA_SD = 5.0, 2.0  # of the penalties


@dataclass(frozen=True, eq=False, kw_only=True)
class RaterStrictness:
    """How far each rater labels above or below the reference.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n`` (judgments), ``strictness`` (below 0 the rater labels lower
        than the reference), ``low``, ``high``, ``se``, ``reference``; lowest first.
    estimates : dict of str to Estimate
        The same by rater.
    unit : str
    model : {"mean", "random_items", "fixed_items", "many_facet"}
    steps : pandas.DataFrame or None
        Of the many-facet model: ``lower``, ``upper`` (neighbouring labels), ``step``,
        where on the scale of the items both are equally likely from a rater of strictness 0.
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

    def plot(self) -> Figure:
        """Draw a dot per rater with its interval, and the reference at 0."""
        from .. import plots

        unit = f"{self.unit} above or below the reference"
        return plots.intervals(self.table, "rater_id", "strictness", bar=0, unit=unit, title=MODELS[self.model][0])


def strictness(j: Judgments, *, model: Model = "mean", confidence: float = 0.95) -> RaterStrictness:
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
    `calibration.strictness.fit_many_facet`). Use it where raters press against an
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
    >>> float(strictness(j).table["strictness"].iloc[0])
    -0.5
    """
    check_confidence(confidence)
    BadOption.unless("model", model, get_args(Model))
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
    method = f"a rater's strictness; {MODELS[model][1]}"
    ends = zip(effects, low, high, strict=True)
    estimates = {
        name: Estimate(**around(*found), confidence=confidence, method=method, over="items", **rests)
        for found, (name, rests) in zip(ends, rests_on_each(frame, "strictness").items(), strict=True)
    }
    columns = {"strictness": effects, "low": low, "high": high, "se": errors, "reference": reference}
    table = pd.DataFrame({"rater_id": names, "n": np.bincount(rater), **columns})
    table = table.sort_values(["strictness", "rater_id"], ignore_index=True)
    text = f"{counted(left_out, 'rater')} with one item, or none shared with the largest group, left out."
    cautions = (Caution("raters_left_out", text),) if left_out else ()
    return RaterStrictness(table=table, estimates=estimates, unit=unit, model=model, steps=steps, cautions=cautions)


def strictness_spread(j: Judgments, *, confidence: float = 0.95) -> Estimate:
    """Estimate the standard deviation of raters' strictness, in steps of an ordinal scale, beyond chance.

    Each strictness of the model ``random_items`` is its true value plus error;
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
        raters have a strictness with an error of its own.

    References
    ----------
    Viechtbauer (2007), Statistics in Medicine 26, 37-52.

    Examples
    --------
    >>> rows = [(i, r, "012"[1 + lean * (i % 2)], "1") for i in range(40)
    ...         for r, lean in [("a", -1), ("b", 0), ("c", 1), ("d", (1, -1)[i // 2 % 2])]]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]),
    ...                  scale=["0", "1", "2"], level="ordinal")
    >>> strictness_spread(j).value > 0.3
    True
    """
    j = as_judgments(j)
    if j.level != "ordinal":
        text = f"the spread is counted in steps of an ordinal scale; these labels are {j.level}"
        raise NotEstimable(text, public=True)
    fitted = strictness(j, model="random_items", confidence=confidence)
    weighed = fitted.table[fitted.table["se"] > 0]
    if len(weighed) < 3:
        raise NotEstimable(f"{counted(len(weighed), 'rater')} with a strictness and its error; the spread needs three")
    value, low, high = effect_spread(weighed["strictness"], weighed["se"], confidence=confidence)
    frame, _, _ = _compared(j, "random_items")
    rests = rests_on(frame.filter(pl.col("rater_id").is_in(weighed["rater_id"].to_list())), "strictness")
    left = len(fitted.table) - len(weighed)
    text = f"{counted(left, 'rater')} never differed from the reference by more or less; left out."
    return Estimate(
        **around(value, low, high),
        confidence=confidence,
        method="standard deviation of the raters' strictness, in scale steps; Q profile",
        over="items and raters",
        cautions=(Caution("raters_left_out", text),) if left else (),
        **rests,
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Confusion:
    """How often each right answer was given each label.

    Attributes
    ----------
    table : pandas.DataFrame
        Rows right answers, columns labels, in the order of the scale; counts.
    """

    table: pd.DataFrame

    def plot(self) -> Figure:
        """Draw the table, shaded by the share of each row."""
        from .. import plots

        return plots.confusion(self.table)


def confusion(j: Judgments, *, reference: Reference | None = None) -> Confusion:
    """Count how often each right answer was given each label, all raters together.

    A label accepted as a second right answer counts as that answer.

    Parameters
    ----------
    j : Judgments or frame
    reference : {"gold", "audit"}, optional
        As in `accuracy`.

    Raises
    ------
    NotEstimable
        If no judged item has a right answer, or labels are numbers (use `strictness`).

    Examples
    --------
    >>> rows = [("a", "r1", "x", "x"), ("a", "r2", "y", "x"), ("b", "r1", "y", "y")]
    >>> confusion(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).table.loc["x"].to_dict()
    {'x': 1, 'y': 1}
    """
    j = as_judgments(j)
    marked = j.marked(reference)
    if j.numeric:
        raise NotEstimable("labels are numbers, so there is no table of confusions; see the strictness of each rater")
    truth = pl.when("right").then(pl.col("label")).otherwise(pl.col("answer"))
    frame = marked.select(truth.alias("gold"), "label").to_pandas()
    table = pd.crosstab(frame["gold"], frame["label"])
    order = [str(label) for label in j.labels]
    extra = sorted(set(table.index) - set(order))
    rows = [gold for gold in [*order, *extra] if gold in table.index]
    return Confusion(table=table.reindex(index=rows, columns=[x for x in order if x in table.columns]))


@dataclass(frozen=True, eq=False, kw_only=True)
class NextSteps:
    """What each rater does next, and the work list of the round.

    Attributes
    ----------
    table : pandas.DataFrame
        ``rater_id``, ``n``, ``accuracy``, ``low``, ``high``, ``verdict``,
        ``without_suspects`` (the verdict without suspect items, empty where nothing is left), ``next_step``.
    suspects : mapping of str to str
        Suspect items, and what each asks for.
    """

    table: pd.DataFrame
    suspects: Mapping[str, str]

    @property
    def work(self) -> pd.DataFrame:
        """How many items and raters ask for what (``next_step``, ``items``, ``raters``), in the order of the work."""
        items, raters = Counter(self.suspects.values()), Counter(self.table["next_step"])
        order = (CHECK_GOLD, FIX_GUIDELINE, MORE, RETRAIN, PASS)
        rows = [(step, items[step], raters[step]) for step in order]
        return pd.DataFrame(rows, columns=["next_step", "items", "raters"])


def next_steps(j: Judgments, *, bar: float, suspects: Mapping[str, str] | None = None) -> NextSteps:
    """Tell what each rater does next, with suspect items looked at first.

    Accuracy and verdict count every gold item. The verdict without suspect items is given with them.
    It leans in the raters' favour, because those items are chosen for being missed; it only shows whether the verdict
    depends on them.

    ``pass``: the whole interval clears the bar. ``check the gold``: without
    suspect items the verdict is another. ``train again``: the whole interval
    lies below the bar, with and without suspect items. ``more gold items``: the
    data do not decide.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage, with gold.
    bar : float
        Accuracy to clear.
    suspects : mapping of str to str, optional
        Items that most raters miss, and what each asks for: ``gold.suspect_items(j).next_steps``.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [(i, "r1", "x" if i < 40 else "y", "x") for i in range(41)]
    >>> steps = next_steps(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), bar=0.8)
    >>> steps.table["next_step"].tolist()
    ['pass']
    """
    j, suspects = as_judgments(j), dict(suspects or {})
    table = by_rater(j, bar=bar, reference="gold").table
    table["without_suspects"] = ""
    if rest := sorted(set(j.marked("gold")["item_id"]) - set(suspects)):
        clean = by_rater(j.only(item_id=rest), bar=bar, reference="gold").table.set_index("rater_id")["verdict"]
        table["without_suspects"] = table["rater_id"].map(clean).fillna("")
    verdict, without = table["verdict"], table["without_suspects"]
    found = [verdict == "met", verdict != without, verdict == "not_met"]
    table["next_step"] = np.select(found, [PASS, CHECK_GOLD, RETRAIN], MORE)
    return NextSteps(table=table.drop(columns="right"), suspects=suspects)


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
        off = (number(j, "label", marked) - truth).alias("gap")
        return marked.with_columns(off, pl.lit("gold").alias("reference")).drop_nulls("gap")
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
        places = j.labels
        if j.scale is None and "gold" in frame.columns:  # an answer that nobody gave has its place too
            gold = [a for text in frame["gold"].drop_nulls().unique() for a in accepted_answers(text)]
            places = tuple(in_order([*places, *(a for a in gold if as_numbers([a]) is not None)]))
        steps = {str(x): float(i) for i, x in enumerate(places)}
        return pl.col(column).replace_strict(steps, default=None, return_dtype=pl.Float64)
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
    unit = pl.concat_str(parts, separator="\x1f", ignore_nulls=True) if parts[1:] else pl.col("item_id")
    frame = frame.select("rater_id", "label", unit.alias("item_id"))
    everybody = frame["rater_id"].n_unique()
    frame = frame.filter(pl.len().over("rater_id") > 1)
    if len(frame):
        rater, item, _ = _numbers(frame)
        shared = sparse.csr_array((np.ones(len(item)), (rater, item)))
        _, group = connected_components(shared @ shared.T, directed=False)
        frame = frame.filter(pl.Series(group[rater] == np.argmax(np.bincount(group))))
    if frame["rater_id"].n_unique() < 2 or frame["item_id"].n_unique() < 2:
        raise NotEstimable("no two raters judged shared items often enough to compare their strictness")
    return frame, everybody - frame["rater_id"].n_unique()


def _compared(j: Judgments, model: Model) -> tuple[pl.DataFrame, str, int]:
    """The judgments to compare with their value y, the reference, and how many raters are left out."""
    if j.level == "nominal":
        raise NotEstimable("nominal labels have no direction; give the scale in order and level='ordinal'", public=True)
    if model == "many_facet" and j.level != "ordinal":
        raise NotEstimable(f"the many-facet model needs labels in order; these are {j.level}", public=True)
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
    """Raters and items as numbers without gaps, in sorted order, and the sorted raters."""
    (rater, names), (item, items) = (encoded(frame[c]) for c in ("rater_id", "item_id"))
    rank, place = (np.argsort(kinds.arg_sort().to_numpy()) for kinds in (names, items))
    return rank[rater], place[item], names.sort().to_list()


def fit_many_facet(y: NDArray, item: NDArray, rater: NDArray) -> tuple[NDArray, NDArray, NDArray, float]:
    r"""Fit the rating scale model with raters as a facet.

    .. math:: \log\frac{P(y_{ir}=k)}{P(y_{ir}=k-1)} = \theta_i + s_r - \tau_k,
              \qquad \theta_i \sim N(0, \sigma^2), \quad \textstyle\sum_r s_r = 0

    Items are integrated out (marginal maximum likelihood on 31 nodes), so that
    their number does not bias the strictness estimates as it does in joint maximum
    likelihood. A weak penalty (5 logits) keeps a rater who uses one end of the
    scale only finite. Standard errors are from the observed information.

    A positive strictness raises labels: the rater is lenient. The model supposes that raters differ by a
    shift only: one who spreads labels more than others fits badly.

    Parameters
    ----------
    y : ndarray of int, shape (n_judgments,)
        Labels from 0, each used.
    item, rater : ndarray of int
        Numbers without gaps.

    Returns
    -------
    strictness, errors : ndarray, shape (n_raters,)
        In logits.
    steps : ndarray
        tau, one fewer than labels.
    item_sd : float

    Raises
    ------
    NotEstimable
        If fewer than two or more than eleven labels are used, raters are more than
        100, or the likelihood has no maximum that can be located.

    References
    ----------
    Andrich (1978), Psychometrika 43, 561-573; Linacre (1989), Many-Facet Rasch Measurement.

    Examples
    --------
    >>> y, item, rater = np.array([0, 1, 1, 1, 0, 0]), np.array([0, 0, 1, 1, 2, 2]), np.array([0, 1, 0, 1, 0, 1])
    >>> fit_many_facet(y, item, rater)[0].round(6).sum().item()
    0.0
    """
    n_raters, n_steps = int(rater.max()) + 1, int(y.max())
    if not 1 <= n_steps < MOST_LABELS:
        raise NotEstimable(f"{n_steps + 1} labels are used; the many-facet model takes 2 to {MOST_LABELS}")
    if n_raters > MOST_RATERS:
        raise NotEstimable(f"{n_raters} raters are more than the {MOST_RATERS} of this model; {INSTEAD}")
    n, counts = len(y), np.ones(len(y))
    labels, answers = np.arange(n_steps + 1), sparse.csr_array((counts, (item, rater * (n_steps + 1) + y)))
    answers.resize(int(item.max()) + 1, n_raters * (n_steps + 1))  # items by raters' labels
    shared, totals = sparse.csr_array((counts, (item, rater))), np.bincount(item, y)
    given = np.bincount(rater * (n_steps + 1) + y, minlength=answers.shape[1]).reshape(n_raters, -1)
    total, reached = given @ labels, given[:, ::-1].sum(axis=0).cumsum()[-2::-1]

    def value_and_slope(x: NDArray, items: tuple[Any, ...] = (answers, shared, totals)) -> tuple[float, NDArray]:
        """Of all items; of some, the slope is what theirs adds, up to what does not depend on x."""
        said, met, points = items
        strictness, steps, log_sigma = x[:n_raters], x[n_raters:-1], x[-1]
        theta = np.exp(log_sigma) * _NODES
        height = (theta[None, :] + strictness[:, None])[..., None] * labels - np.concatenate([[0.0], steps.cumsum()])
        log_p = height - special.logsumexp(height, axis=2, keepdims=True)  # raters, nodes, labels
        p = np.exp(log_p)
        expected = p @ labels
        joint = said @ log_p.transpose(0, 2, 1).reshape(-1, len(theta))
        joint += _LOG_WEIGHTS
        highest = joint.max(axis=1, keepdims=True)
        joint -= highest
        posterior = np.exp(joint, out=joint)
        scale = posterior.sum(axis=1, keepdims=True)
        posterior /= scale
        weight = met.T @ posterior  # raters, nodes
        of_rater = total - (weight * expected).sum(axis=1)
        at_least = p[..., ::-1].cumsum(axis=2)[..., ::-1][..., 1:]
        of_step = np.einsum("rq,rqk->k", weight, at_least) - reached
        pulled = points @ (posterior @ theta) - ((weight * expected) @ theta).sum()
        slope = np.concatenate([of_rater, of_step, [pulled]])
        mean = strictness.mean()
        value = (np.log(scale) + highest).sum() - (strictness**2).sum() / (2 * _RATER_SD**2) - n * mean**2 / 2
        slope[:n_raters] -= strictness / _RATER_SD**2 + mean * n / n_raters
        value -= log_sigma**2 / (2 * _LOG_SIGMA_SD**2)
        slope[-1] -= log_sigma / _LOG_SIGMA_SD**2
        return float(-value), -slope

    start = np.zeros(n_raters + n_steps + 1)
    options = {"maxiter": 2000, "ftol": 1e-13, "gtol": 1e-7}
    optimum = optimize.minimize(value_and_slope, start, jac=True, method="L-BFGS-B", options=options)
    if np.abs(optimum.jac).max() > 1e-3 * max(1.0, n**0.5):
        raise NotEstimable(f"the many-facet model did not converge; {INSTEAD}")
    h, information = 1e-4, []
    of_rater = shared.tocsc()
    for at, d in enumerate(np.eye(len(start)) * h):
        items = (answers, shared, totals)
        if at < n_raters:  # whose strictness moves the slope of the items that the rater judged, and of no others
            judged = of_rater.indices[of_rater.indptr[at] : of_rater.indptr[at + 1]]
            items = (answers[judged], shared[judged], totals[judged])
        information.append(
            (value_and_slope(optimum.x + d, items)[1] - value_and_slope(optimum.x - d, items)[1]) / (2 * h)
        )
    covariance = np.linalg.inv((np.array(information) + np.transpose(information)) / 2)
    contrast = np.eye(n_raters) - 1 / n_raters
    variance = np.diag(contrast @ covariance[:n_raters, :n_raters] @ contrast.T)
    if (variance < 0).any():
        raise NotEstimable(f"the many-facet model found no maximum; {INSTEAD}")
    strictness, steps = optimum.x[:n_raters], optimum.x[n_raters:-1]
    mean = strictness.mean()
    return strictness - mean, np.sqrt(variance), steps - mean, float(np.exp(optimum.x[-1]))
