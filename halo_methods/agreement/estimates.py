"""Each coefficient from a table of judgments, with its interval and its cautions."""

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import CountedJudgments, Judgments, as_judgments
from ..judgments.cells import as_numbers, distinct_numbers
from ..judgments.coding import numbered, once_a_table
from ..judgments.counts import contingency, moments, patterns, rater_patterns
from ..judgments.table import basis_of, rests_on
from ..results import Basis, Caution, Estimate, Over, around, counted, readable, resting
from ..stats.checks import check_confidence, check_count, check_probability
from ..stats.totals import Interval, Totals, over_both, over_items, over_items_analytic, over_raters
from . import coefficients as formulas
from .coefficients import LEVELS, SETS, Array, Coefficient, Weights

BOTH: Over = "items and raters"
MANY_LABELS, FEW_ITEMS = 64, 44
ROUNDS = "Some items come back in several rounds; the interval takes each round as a separate item."
NEED_NO_ORDER = ("identity", "given", "jaccard", "masi")


@dataclass(frozen=True)
class Asked:
    """How an interval is to be made, checked once.

    Attributes
    ----------
    over : {"items and raters", "items", "raters"}
        What the interval covers. Items and raters: two-way jackknife. Items:
        bootstrap on label patterns. Raters: jackknife over raters.
    confidence : float
        Above 0 and below 1.
    replicates : int
        Of the bootstrap over items; 0 with over="items" takes Gwet's analytic interval instead.
    seed : int
        Of the bootstrap.
    """

    over: Over = "items and raters"
    confidence: float = 0.95
    replicates: int = 1000
    seed: int = 1

    def __post_init__(self) -> None:
        BadOption.unless("over", self.over, get_args(Over))
        check_confidence(self.confidence)
        check_count(self.replicates, option="replicates")
        if self.replicates == 0 and self.over != "items":
            raise BadOption('replicates is 0, the analytic interval, which is for these raters only: say over="items"')
        if 0 < self.replicates < 100:
            raise BadOption(f"replicates is {self.replicates!r}; allowed: 100 or more, or 0 for the analytic interval")


def percent_agreement(
    j: Judgments,
    *,
    weights: Weights = "identity",
    over: Over = "items and raters",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
) -> Estimate:
    """Estimate raw agreement: the mean over items of the share of rater pairs that gave the same label.

    Between 0 and 1. Not corrected for chance: with one label at 90% of
    judgments, raters who guess agree on 82% of items.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; rounds are separate units.
    weights : str or table
        As in `gwet_ac`, for pairs that agree in part.
    over, confidence, replicates, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or numbers that take more than 64 values.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(percent_agreement(frame).value, 3)
    0.667
    """
    asked, j = Asked(over, confidence, replicates, seed), as_judgments(j).one()
    need_few_values(j)
    stated = check_weights(j, weights) != "identity"
    return estimated(j, formulas.percent_agreement(j.labels, weights), asked, stated=stated)


def krippendorff_alpha(
    j: Judgments,
    *,
    level: Literal["nominal", "ordinal", "interval", "ratio"] | None = None,
    distance: Literal["jaccard", "masi"] | None = None,
    over: Over = "items and raters",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
) -> Estimate:
    """Estimate Krippendorff's alpha: 1 minus observed over expected disagreement, for any raters and missing cells.

    1 is perfect agreement, 0 what chance would give, negative worse than chance.
    Items judged once are not used.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; rounds are separate units.
    level : {"nominal", "ordinal", "interval", "ratio"}, optional
        What differences between labels mean; the table's own unless stated.
    distance : {"jaccard", "masi"}, optional
        In place of a level, for labels that are sets of answers separated by ``|``.
    over : {"items and raters", "items", "raters"}
        What the interval covers. Items and raters: two-way jackknife. Items:
        bootstrap on label patterns. Raters: jackknife over raters.
    confidence : float
        Above 0 and below 1.
    replicates : int
        Of the bootstrap over items. 0 with over="items" takes Gwet's interval instead: value +- t standard errors.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Estimate
        With fewer than three raters over items only, with a caution; with three
        or four the items-only interval is given too. ``n_raters`` counts raters whose
        labels could be paired.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or one label everywhere.
    BadOption
        If the level needs numbers or an order that the labels do not have.

    Notes
    -----
    Do not gate on it alone: at prevalence .9 the same raters get a much lower
    alpha than at .5. Read it beside raw agreement, which `method` states.

    References
    ----------
    Krippendorff (2011), Computing Krippendorff's Alpha-Reliability.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(krippendorff_alpha(frame, level="nominal").value, 3)
    0.444
    """
    asked, j = Asked(over, confidence, replicates, seed), as_judgments(j).one()
    if distance is not None:
        BadOption.unless("distance", distance, SETS)
        if level is not None:
            raise BadOption(f"level is {level!r} and distance {distance!r}; a set of answers has no level: give one")
        apart = formulas.krippendorff_from_distances(distance, formulas.set_distances(distance, j.labels))
        return estimated(j, apart, asked, stated=True)
    chosen, stated = level or j.level, level is not None
    BadOption.unless("level", chosen, LEVELS)
    if chosen in ("ordinal", "interval") and len(j.labels) > MANY_LABELS and distinct_numbers(j.labels) is not None:
        return estimated(j, formulas.krippendorff_from_moments(chosen), asked, stated=stated)
    if chosen == "ordinal":
        need_order(j)
    return estimated(j, formulas.krippendorff(chosen, j.labels), asked, stated=stated)


def fleiss_kappa(
    j: Judgments,
    *,
    weights: Weights = "identity",
    over: Over = "items and raters",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
) -> Estimate:
    """Estimate Fleiss' kappa for any number of raters, in Gwet's form for missing cells.

    With the same number of judgments on every item it is Fleiss (1971). Chance
    agreement is the sum of squared prevalences. As alpha, it falls with uneven
    prevalence. The options are those of `gwet_ac`.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or one label everywhere.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76; Gwet (2014).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(fleiss_kappa(frame).value, 3)
    0.333
    """
    return _corrected(j, "Fleiss' kappa", "fleiss", weights, Asked(over, confidence, replicates, seed))


def scott_pi(
    j: Judgments, *, weights: Weights = "identity", over: Over = BOTH, confidence: float = 0.95, replicates: int = 1000
) -> Estimate:
    """Estimate Scott's pi for exactly two raters, on the items both judged; for more raters use `fleiss_kappa`.

    The options are those of `gwet_ac`, without a seed.

    Raises
    ------
    NotEstimable
        With other than two raters, no shared item, or one label everywhere.

    References
    ----------
    Scott (1955), Public Opinion Quarterly 19.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(scott_pi(frame).value, 3)
    0.333
    """
    asked, j = Asked(over, confidence, replicates), as_judgments(j).one()
    if j.n_raters != 2:
        raise NotEstimable(f"Scott's pi is for two raters; there are {j.n_raters:,}. Use fleiss_kappa")
    return _corrected(j, "Scott's pi", "fleiss", weights, asked, paired_only=True)


def gwet_ac(
    j: Judgments,
    *,
    weights: Weights = "identity",
    over: Over = "items and raters",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
) -> Estimate:
    """Estimate Gwet's AC1 (identity weights) or AC2 (any other weights).

    Chance agreement is small where prevalence is uneven, so AC1 stays near raw
    agreement where alpha and kappa fall. Labels of the scale that no rater used count.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; rounds are separate units.
    weights : str or table
        As in `agreement_weights`. Gwet's ordinal weights are not Krippendorff's ordinal
        level. Weights for sets are refused: the number of sets counts here, and it is not known.
    over, confidence, replicates, seed
        As in `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or a scale of one label.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61; Gwet (2014).

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(gwet_ac(frame).value, 3)
    0.333
    """
    name = "Gwet's AC1" if formulas.weights_name(weights) == "identity" else "Gwet's AC2"
    return _corrected(j, name, "gwet", weights, Asked(over, confidence, replicates, seed))


def brennan_prediger(
    j: Judgments, *, weights: Weights = "identity", over: Over = BOTH, confidence: float = 0.95, replicates: int = 1000
) -> Estimate:
    """Estimate Brennan and Prediger's coefficient: chance agreement as if every label of the scale were equally likely.

    Depends on how many labels the scale has: give the scale. The options are those of `gwet_ac`, without a seed.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or a scale of one label.

    References
    ----------
    Brennan and Prediger (1981), Educational and Psychological Measurement 41.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(brennan_prediger(frame).value, 3)
    0.333
    """
    return _corrected(j, "Brennan-Prediger", "uniform", weights, Asked(over, confidence, replicates))


def cohen_kappa(
    j: Judgments, a: str, b: str, *, weights: Weights = "identity", confidence: float = 0.95, replicates: int = 1000
) -> Estimate:
    """Estimate Cohen's kappa of two named raters, on the items both judged, over items.

    Parameters
    ----------
    j : Judgments
    a, b : str
        The two raters; a named pair is not a sample of raters.
    weights : str or table
        Partial credit, as in `agreement_weights`.
    confidence, replicates
        As in `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        If they share no item or both gave the same label throughout.

    References
    ----------
    Cohen (1960), Educational and Psychological Measurement 20; Cohen (1968), Psychological Bulletin 70.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbccdd"), "rater_id": list("xyxyxyxy"), "label": list("11221222")})
    >>> round(cohen_kappa(frame, "x", "y").value, 3)
    0.5
    """
    asked, j = Asked("items", confidence, replicates), as_judgments(j).one()
    stated = check_weights(j, weights) != "identity"
    table = contingency(j, str(a), str(b)).astype(float)
    coefficient = formulas.cohen(j.labels, weights)
    totals = formulas.pair_totals(table, coefficient)
    if not np.isfinite(totals.estimate):
        raise NotEstimable(all_alike(j.labels[int(np.argmax(table.sum(0)))]))
    ends, n = _over_items(totals, coefficient, asked, all_paired=True), totals.n_units
    shares = (table.sum(0) + table.sum(1)) / (2 * n)
    beside, cautions = beside_coefficient(j, float(np.trace(table) / n), shares)
    place = {**around(totals.estimate, ends.low, ends.high), "confidence": confidence, "over": "items"}
    rests = resting(n, 2, 2 * n, Basis("agreement of a pair", {str(a): n, str(b): n}))
    cautions = (*order_caution(j, stated), *cautions, *few_items(n), *ends.cautions)
    method = f"{coefficient.name} of two named raters; {beside}; {ends.how}"
    return Estimate(**place, **rests, method=method, cautions=cautions)


def shared_items(j: Judgments) -> Estimate:
    """Count the items that two raters or more judged.

    Raises
    ------
    NotEstimable
        If there is none.

    Examples
    --------
    >>> import pandas as pd
    >>> shared_items(pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112")})).value
    1.0
    """
    j = as_judgments(j).one()
    n = int(patterns(j).frequency[patterns(j).table.sum(1) > 1].sum())
    if not n:
        raise NotEstimable("no item was judged by two raters")
    method = "items that two raters or more judged; a count, without sampling error"
    return Estimate.count(n, method=method, **rests_on(j.frame, "labels"))


def bridge_items(j: Judgments, *, by: str = "locale") -> Estimate:
    """Count the items that two groups of raters share, for the two groups that share fewest.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage: items shared on one criterion say nothing about another.
    by : str
        Column whose values are compared, such as the market.

    Raises
    ------
    NotEstimable
        If the column is not there or has one value only.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = [("a", "r", "x", "fr-FR"), ("a", "s", "x", "de-DE"), ("b", "r", "y", "fr-FR"), ("c", "s", "x", "de-DE")]
    >>> bridge_items(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "locale"])).value
    1.0
    """
    j = as_judgments(j).one()
    groups = j.frame[by].drop_nulls().unique().sort().to_list() if by in j.frame.columns else []
    if len(groups) < 2:
        alone = f"the column {by} holds fewer than two values, so there is nothing to compare over a bridge"
        raise NotEstimable(alone, public=True)
    judged = [set(j.frame.filter(pl.col(by) == group)["item_id"]) for group in groups]
    fewest = min(len(one & other) for one, other in combinations(judged, 2))
    method = f"items that both of two values of {by} share, for the two that share fewest; a count"
    return Estimate.count(fewest, method=method, **rests_on(j.frame, "labels"))


def overlap_share(j: Judgments) -> Estimate:
    """Count the items that two raters or more judged, as a share of all items.

    Examples
    --------
    >>> import pandas as pd
    >>> overlap_share(pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112")})).value
    0.5
    """
    frame = as_judgments(j).one().frame
    shared = frame.group_by("item_id").agg(pl.col("rater_id").n_unique() > 1)["rater_id"].mean()
    method = "share of items that two raters or more judged; a count, without sampling error"
    return Estimate.count(shared, method=method, **rests_on(frame, "labels"))  # type: ignore[arg-type]


def reliability(
    j: Judgments, *, dominant: float = 0.9, over: Over = "items and raters", confidence: float = 0.95
) -> Estimate:
    """Estimate Krippendorff's alpha, unless one label dominates.

    Where nearly all labels are alike, alpha is low for careful raters too; it then decides nothing, and specific
    agreement on the rare label does.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; rounds are separate units.
    dominant : float
        The share of judgments that one label may have at most.
    over, confidence
        As in `krippendorff_alpha`.

    Raises
    ------
    NotEstimable
        If one label has a larger share, or as `krippendorff_alpha`.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("111112")})
    >>> reliability(frame, dominant=0.8)  # doctest: +ELLIPSIS
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: one label has more than 80% of the judgments, so alpha decides nothing here ...
    """
    j, most = as_judgments(j).one(), check_probability(dominant, option="dominant")
    share = float(j.frame["label"].value_counts()["count"].to_numpy().max()) / j.n_judgments
    if share > most:
        public = f"one label has more than {readable(100 * most)}% of the judgments, so alpha decides nothing here"
        instead = f"({readable(100 * share)}%); specific agreement on the rare label does"
        raise NotEstimable(f"{public} {instead}", public=public)
    return krippendorff_alpha(j, over=over, confidence=confidence)


def raters(j: Judgments) -> Estimate:
    """Count the raters whose judgments there are.

    Examples
    --------
    >>> import pandas as pd
    >>> raters(pd.DataFrame({"item_id": list("aab"), "rater_id": list("xyx"), "label": list("112")})).value
    2.0
    """
    j, method = as_judgments(j).one(), "raters; a count, without sampling error"
    return Estimate.count(j.n_raters, method=method, **rests_on(j.frame, "labels"))


def need_few_values(j: Judgments) -> None:
    """Refuse to count exact equality among numbers of many values."""
    if j.numeric and len(j.labels) > MANY_LABELS:
        raise NotEstimable(
            f"labels are numbers that take {len(j.labels):,} values: that two are exactly equal says little; "
            "see alpha, or the intraclass correlation"
        )


def _corrected(
    j: Judgments, name: str, chance: formulas.Chance, weights: Weights, asked: Asked, *, paired_only: bool = False
) -> Estimate:
    """A chance-corrected coefficient in Gwet's family."""
    j = as_judgments(j).one()
    weighted = check_weights(j, weights)
    if weighted in SETS and chance != "fleiss":
        raise BadOption(
            f"weights is {weighted!r}; {name} counts labels, and it is not known how many sets there are: "
            f'use krippendorff_alpha(j, distance="{weighted}")'
        )
    if weighted == "identity":
        need_few_values(j)
    if len(j.labels) < 2 and chance != "fleiss" and j.scale is None:
        raise NotEstimable(f"{all_alike(j.labels[0])}; give the scale, whose other labels this coefficient counts")
    coefficient = formulas.chance_corrected(formulas.with_weights(name, weights), j.labels, chance, weights)
    coefficient = replace(coefficient, paired_only=paired_only)
    return estimated(j, coefficient, asked, stated=weighted != "identity")


def estimated(
    j: Judgments | CountedJudgments, coefficient: Coefficient, asked: Asked, *, stated: bool = False
) -> Estimate:
    """A coefficient of a table with its interval.

    Parameters
    ----------
    j : Judgments or CountedJudgments
        One criterion and one stage.
    coefficient : Coefficient
    asked : Asked
    stated : bool
        Whether the caller said what differences between labels mean.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or one label everywhere.
    """
    if j.n_raters < 2:
        raise NotEstimable("there is one rater; agreement needs at least two")
    many, paired_only = coefficient.moments_of, coefficient.paired_only
    sizes = moments(j).n if many else patterns(j).table.sum(1)
    times = np.ones(len(sizes), dtype=np.int64) if many else patterns(j).frequency
    units, paired, single = int(times.sum()), int(times[sizes > 1].sum()), int(times[sizes == 1].sum())
    if not paired:
        raise NotEstimable("no item was judged by two raters")
    name, notes = [coefficient.name], [*order_caution(j, stated)]
    if many:
        totals = formulas.moment_totals(moments(j), coefficient)
        text = "With so many labels the interval holds their ranks fixed; it is approximate."
        notes += [Caution("fixed_ranks", text)] if many == "ordinal" else []
    else:
        totals = formulas.pattern_totals(j, coefficient)
        beside, seen = beside_coefficient(j, *raw_and_shares(j))
        name, notes = [*name, beside], [*notes, *seen]
    if not np.isfinite(totals.estimate):
        raise NotEstimable(why_undefined(j))
    rests = {**_paired(j)}
    ends, aside, spoken, about = _interval(totals, coefficient, rests["n_raters"], asked)
    if single:
        fate = "not used" if paired_only else "counted only for how common labels are"
        notes.append(Caution("judged_once", f"Judged once and therefore {fate}: {counted(single, 'item')}."))
    n_items = j.n_items if many else patterns(j).n_items
    if units > n_items:
        notes.append(Caution("rounds_as_items", ROUNDS))
    place = {**around(totals.estimate, ends.low, ends.high), "confidence": asked.confidence, "items_only": aside}
    rests["n_items"] = min(paired if paired_only else units, n_items)
    rests["n_judgments"] = sizes[sizes > 1] @ times[sizes > 1] if paired_only else j.n_judgments
    cautions = (*about, *notes, *few_items(paired), *ends.cautions)
    return Estimate(**place, **rests, method="; ".join([*name, ends.how]), over=spoken, cautions=cautions)


@once_a_table
def _paired(j: Judgments | CountedJudgments) -> dict[str, Any]:
    """How many raters gave a label that another's can be held against, and, where rows are there, these labels."""
    if isinstance(j, CountedJudgments):
        cells = rater_patterns(j)
        return {"n_raters": len(np.unique(cells.rater[patterns(j).table.sum(1)[cells.pattern] > 1]))}
    unit, rater, _ = numbered(j)
    shared = np.bincount(unit)[unit] > 1
    rows = j.frame.select("item_id", "rater_id")
    rows = rows if shared.all() else rows.filter(pl.Series(shared))
    return {"n_raters": np.count_nonzero(np.bincount(rater[shared])), "basis": basis_of(rows, "agreement")}


def _over_items(totals: Totals, coefficient: Coefficient, asked: Asked, *, all_paired: bool = False) -> Interval:
    if asked.replicates == 0:
        return over_items_analytic(totals, formulas.standard_error(totals, coefficient, all_paired), asked.confidence)
    return over_items(totals, asked.confidence, asked.replicates, asked.seed)


def _interval(
    totals: Totals, coefficient: Coefficient, n: int, asked: Asked
) -> tuple[Interval, tuple[float, float] | None, Over, list[Caution]]:
    """The interval, the items-only one to show with it, what it covers, and cautions."""
    if asked.over == "items" or n < 3:
        text = f"With {n} raters nothing can be said of other raters: the interval is over items only."
        about = [Caution("items_only", text)] if asked.over != "items" else []
        return _over_items(totals, coefficient, asked), None, "items", about
    ends = over_raters(totals, asked.confidence) if asked.over == "raters" else over_both(totals, asked.confidence)
    if {"no_spread", "whole_range"} & {caution.code for caution in ends.cautions}:
        return ends, None, "items", []
    hangs = "hangs_on_one_rater" in {caution.code for caution in ends.cautions}
    if n > 4 and not hangs:
        return ends, None, asked.over, []
    beside = _over_items(totals, coefficient, asked)
    if hangs:
        return ends, (beside.low, beside.high), asked.over, []
    text = f"{n} raters are few to stand for others: read the interval beside the one for these raters only."
    return ends, (beside.low, beside.high), asked.over, [Caution("few_raters", text)]


def raw_and_shares(j: Judgments | CountedJudgments) -> tuple[float, Array]:
    """Raw agreement, and the share of judgments that each label has."""
    by_label = patterns(j)
    raw = formulas.percent_agreement(by_label.labels)
    total = by_label.frequency @ raw.sums(by_label.table.astype(float))
    shares = by_label.frequency @ by_label.table
    return float(raw.value(total)), shares / shares.sum()


def beside_coefficient(j: Any, raw: float, shares: Array) -> tuple[str, tuple[Caution, ...]]:
    """Raw agreement and prevalence as text, and the cautions they call for."""
    top = int(np.argmax(shares))
    text = f"raw agreement {raw:.3f}, most common label {j.labels[top]!r} {shares[top]:.3f}"
    caution = (
        f"{100 * shares[top]:.3g}% of judgments are {j.labels[top]!r}: chance-corrected agreement is low and "
        "unsteady at such prevalence; read it beside raw agreement."
    )
    return text, (Caution("prevalence", caution),) if shares[top] > 0.9 else ()


def few_items(n: int) -> tuple[Caution, ...]:
    """Warn below 44 items with two raters or more (the standard's 50, less what missing judgments usually cost)."""
    text = f"{n:,} shared item{'' if n == 1 else 's'}: below {FEW_ITEMS} the interval may be too short."
    return (Caution("few_items", text),) if n < FEW_ITEMS else ()


def order_caution(j: Any, stated: bool) -> tuple[Caution, ...]:
    """A caution if it was not said what differences between labels mean."""
    text = "Labels are taken as nominal; give level= if their order or distance matters."
    return () if j.level_given or stated else (Caution("taken_as_nominal", text),)


def check_weights(j: Judgments, weights: Weights) -> str:
    """Return the name of the weights; refuse those that need an order where none is known."""
    name = formulas.weights_name(weights)
    if name not in NEED_NO_ORDER:
        need_order(j)
    return name


def need_order(j: Judgments) -> None:
    """Refuse labels that are words without a scale."""
    if j.scale is None and as_numbers(j.labels) is None:
        reason = "labels are words and their order is not known: give scale=[...] from lowest to highest"
        raise NotEstimable(reason, public=True)


def all_alike(label: object) -> str:
    """Why a coefficient is undefined where one label is all there is."""
    return f"every judgment is {label!r}: chance-corrected agreement is undefined; raw agreement is 1"


def why_undefined(j: Judgments | CountedJudgments) -> str:
    """The reason in words."""
    by_label = patterns(j)
    used = np.flatnonzero(by_label.table[by_label.table.sum(1) > 1].sum(0))
    if len(used) > 1:
        return "the coefficient is undefined for these judgments"
    where = "" if (by_label.table.sum(0) > 0).sum() == 1 else " on items that two raters judged"
    return all_alike(by_label.labels[int(used[0])]).replace("every judgment", f"every judgment{where}")
