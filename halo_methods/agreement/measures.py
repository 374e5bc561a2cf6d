"""Each coefficient from a table of judgments, with its interval and its cautions."""

from typing import Any

import numpy as np

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments
from ..judgments.counts import moments, patterns
from ..results import Estimate, Over, counted
from . import coefficients as formulas
from .analytic import is_analytic, over_items_analytic
from .cautions import (
    all_alike,
    beside_coefficient,
    check_weights,
    few_items,
    need_order,
    order_caution,
    raw_and_shares,
    why_undefined,
)
from .coefficients import Coefficient
from .intervals import Interval, Totals, over_both, over_items, over_raters
from .sets import SETS, set_distances
from .sums import moment_totals, pattern_totals
from .weights import LEVELS, Weights, as_numbers, weights_name

OVER = ("items", "raters", "items and raters")
MANY_LABELS = 64
_ITEMS: Over = "items"


def percent_agreement(j: Judgments, *, weights: Weights = "identity", **options: Any) -> Estimate:
    """Raw agreement: the mean over items of the share of rater pairs that gave the same label.

    Between 0 and 1. Not corrected for chance: with one label at 90% of
    judgments, raters who guess agree on 82% of items. Options as
    `krippendorff_alpha`, without `level`; `weights` as `gwet_ac`, for pairs that
    agree in part.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or numbers that take more than 64 values.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(percent_agreement(as_judgments(frame)).value, 3)
    0.667
    """
    j = j.one()
    _need_few_values(j)
    stated = check_weights(j, weights) != "identity"
    return _estimate(j, formulas.percent_agreement(j.labels, weights), stated=stated, paired_only=True, **options)


def krippendorff_alpha(
    j: Judgments, *, level: str | None = None, distance: str | None = None, **options: Any
) -> Estimate:
    """Krippendorff's alpha: 1 minus observed over expected disagreement, for any number of raters and missing cells.

    1 is perfect agreement, 0 what chance would give, negative worse than chance.
    Items judged once are not used.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage; rounds are separate units.
    level : {"nominal", "ordinal", "interval", "ratio"}, optional
        What differences between labels mean; the table's own unless given.
    distance : {"jaccard", "masi"}, optional
        In place of a level, for labels that are sets of answers separated by ``|``.
    over : {"items and raters", "items", "raters"}
        Whom the interval speaks for. Items and raters: two-way jackknife. Items:
        bootstrap on label patterns. Raters: jackknife over raters.
    confidence : float
        Between 0 and 1, default .95.
    replicates, seed : int
        Of the bootstrap over items, default 1,000 and 1.
    interval : {"resampled", "analytic"}
        With over="items", "analytic" is Gwet's: value +- t standard errors, no bootstrap.

    Returns
    -------
    Estimate
        With fewer than three raters over items only, with a caution; with three
        or four the items-only interval stands beside.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or one label everywhere.
    HaloError
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
    >>> from halo_methods.judgments import as_judgments
    >>> frame = pd.DataFrame({"item_id": list("aabbcc"), "rater_id": list("xyxyxy"), "label": list("112212")})
    >>> round(krippendorff_alpha(as_judgments(frame, level="nominal")).value, 3)
    0.444
    """
    j = j.one()
    if distance is not None:
        if distance not in SETS:
            raise BadOption.of("distance", distance, SETS)
        if level is not None:
            raise BadOption(f"level is {level!r} and distance {distance!r}; a set of answers has no level: give one")
        apart = formulas.krippendorff_from_distances(distance, set_distances(distance, j.labels))
        return _estimate(j, apart, stated=True, paired_only=True, **options)
    chosen = level or j.level
    if chosen not in LEVELS:
        raise BadOption.of("level", chosen, LEVELS)
    labels = j.labels
    many = len(labels) > MANY_LABELS
    if chosen in ("ordinal", "interval") and many and as_numbers(labels) is not None:
        return _estimate(
            j, formulas.krippendorff_from_moments(), moments_of=chosen, stated=level is not None, **options
        )
    if chosen == "ordinal":
        need_order(j)
    return _estimate(j, formulas.krippendorff(chosen, labels), stated=level is not None, paired_only=True, **options)


def fleiss_kappa(j: Judgments, *, weights: Weights = "identity", **options: Any) -> Estimate:
    """Fleiss' kappa for any number of raters, in Gwet's form for missing cells.

    With the same number of judgments on every item it is Fleiss (1971). Chance
    agreement is the sum of squared prevalences. Options as `krippendorff_alpha`;
    `weights` as `gwet_ac`. When not to trust it: as alpha, it falls with
    uneven prevalence.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or one label everywhere.

    References
    ----------
    Fleiss (1971), Psychological Bulletin 76; Gwet (2014).
    """
    return _chance_corrected(j, "Fleiss' kappa", "fleiss", weights, options)


def scott_pi(j: Judgments, *, weights: Weights = "identity", **options: Any) -> Estimate:
    """Scott's pi for exactly two raters, on the items both judged.

    Options as `krippendorff_alpha`. For more raters use `fleiss_kappa`.

    Raises
    ------
    NotEstimable
        With other than two raters, no shared item, or one label everywhere.

    References
    ----------
    Scott (1955), Public Opinion Quarterly 19.
    """
    if (raters := j.one().n_raters) != 2:
        raise NotEstimable(f"Scott's pi is for two raters; there are {raters:,}. Use fleiss_kappa")
    return _chance_corrected(j, "Scott's pi", "fleiss", weights, {**options, "paired_only": True})


def gwet_ac(j: Judgments, *, weights: Weights = "identity", **options: Any) -> Estimate:
    """Gwet's AC1 (identity weights) or AC2 (any other weights).

    Chance agreement is small where prevalence is uneven, so AC1 stays near raw
    agreement where alpha and kappa fall. Labels of the scale that nobody used
    count. Options as `krippendorff_alpha`.

    Parameters
    ----------
    weights : str or table
        As `agreement_weights`. Gwet's ordinal weights are not Krippendorff's ordinal
        level. Weights for sets are refused: the number of sets counts here, and nobody
        chose it.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or a scale of one label.

    References
    ----------
    Gwet (2008), British Journal of Mathematical and Statistical Psychology 61; Gwet (2014).
    """
    name = "Gwet's AC1" if weights_name(weights) == "identity" else "Gwet's AC2"
    return _chance_corrected(j, name, "gwet", weights, options)


def brennan_prediger(j: Judgments, *, weights: Weights = "identity", **options: Any) -> Estimate:
    """Brennan and Prediger's coefficient: chance agreement as if every label of the scale were equally likely.

    Depends on how many labels the scale has: give the scale. Options as
    `krippendorff_alpha`, weights as `gwet_ac`.

    Raises
    ------
    NotEstimable
        With one rater, no item judged by two, or a scale of one label.

    References
    ----------
    Brennan and Prediger (1981), Educational and Psychological Measurement 41.
    """
    return _chance_corrected(j, "Brennan-Prediger", "uniform", weights, options)


def _need_few_values(j: Judgments) -> None:
    """Refuse to count exact equality among numbers of many values."""
    if j.numeric and len(j.labels) > MANY_LABELS:
        raise NotEstimable(
            f"labels are numbers that take {len(j.labels):,} values: that two are exactly equal says little; "
            "see alpha, or the intraclass correlation"
        )


def _chance_corrected(
    j: Judgments, name: str, chance: formulas.Chance, weights: Weights, options: dict[str, Any]
) -> Estimate:
    j = j.one()
    weighted = check_weights(j, weights)
    if weighted in SETS and chance != "fleiss":
        raise BadOption(f"weights is {weighted!r}; {name} counts labels, and nobody chose how many sets there are: "
                        f'use krippendorff_alpha(j, distance="{weighted}")')  # fmt: skip
    if weighted == "identity":
        _need_few_values(j)
    else:
        name += f" ({weighted} weights)"
    if len(j.labels) < 2 and chance != "fleiss" and j.scale is None:
        raise NotEstimable(f"{all_alike(j.labels[0])}; give the scale, whose other labels this coefficient counts")
    coefficient = formulas.chance_corrected(name, j.labels, chance, weights)
    return _estimate(j, coefficient, stated=weighted != "identity", **options)


def _estimate(
    j: Judgments,
    coefficient: Coefficient,
    *,
    over: str = "items and raters",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 1,
    stated: bool = False,
    paired_only: bool = False,
    moments_of: str | None = None,
    interval: str = "resampled",
) -> Estimate:
    check(over, confidence, replicates)
    analytic = is_analytic(interval, over)
    if moments_of:
        made = moments(j)
        sizes, times = made.n, np.ones(len(made.n), dtype=np.int64)
        n_raters, all_items = len(made.raters), made.n_items
    else:
        by_label = patterns(j)
        sizes, times = by_label.table.sum(1), by_label.frequency
        n_raters, all_items = by_label.n_raters, by_label.n_items
    if n_raters < 2:
        raise NotEstimable("there is one rater; agreement needs at least two")
    paired = int(times[sizes > 1].sum())
    if not paired:
        raise NotEstimable("no item was judged by two raters")
    beside, seen = "", tuple[str, ...]()
    if moments_of:
        totals = moment_totals(moments(j), coefficient, ranks=moments_of == "ordinal")
        name = f"Krippendorff's alpha ({moments_of})"
        if moments_of == "ordinal":
            seen = ("With so many labels the interval holds their ranks fixed; it is approximate.",)
    else:
        totals, name = pattern_totals(j, coefficient, paired_only), coefficient.name
        beside, seen = beside_coefficient(j, *raw_and_shares(j))
    if not np.isfinite(totals.estimate):
        raise NotEstimable(why_undefined(j))
    if analytic:
        ends, aside, spoken, about = over_items_analytic(totals, coefficient, confidence), None, _ITEMS, list[str]()
    else:
        ends, aside, spoken, about = _interval(totals, n_raters, over, confidence, replicates, seed)
    drops_single = paired_only or bool(moments_of)
    used = int(sizes[sizes > 1] @ times[sizes > 1]) if drops_single else j.n_judgments
    single = int(times[sizes == 1].sum())
    notes = list(order_caution(j, stated)) + list(seen)
    if single:
        fate = "not used" if drops_single else "counted only for how common labels are"
        notes.append(f"Judged once and therefore {fate}: {counted(single, 'item')}.")
    n_units = paired if drops_single else int(times.sum())
    n_items = min(n_units, all_items)
    if int(times.sum()) > all_items:
        notes.append("Some items come back in several rounds; the interval takes each round as a separate item.")
    method = "; ".join(part for part in (name, beside, ends.how) if part)
    return Estimate(
        value=totals.estimate,
        low=ends.low,
        high=ends.high,
        confidence=confidence,
        items_only=aside,
        n_items=n_items,
        n_raters=n_raters,
        n_judgments=used,
        method=method,
        over=spoken,
        cautions=(*about, *notes, *few_items(paired), *ends.cautions),
    )


def check(over: str, confidence: float, replicates: int) -> None:
    if over not in OVER:
        raise BadOption.of("over", over, OVER)
    if not 0 < confidence < 1:
        raise BadOption(f"confidence is {confidence!r}; it lies between 0 and 1, for instance .95")
    if replicates < 100:
        raise BadOption(f"replicates is {replicates!r}; at least 100 are needed for an interval")


def _interval(
    totals: Totals, n: int, over: str, confidence: float, replicates: int, seed: int
) -> tuple[Interval, tuple[float, float] | None, Over, list[str]]:
    """The interval, the items-only one to stand beside it, whom it speaks for, and cautions."""
    if over == "items":
        return over_items(totals, confidence, replicates, seed), None, "items", []
    if n < 3:
        caution = f"With {n} raters nothing can be said of other raters: the interval is over items only."
        return over_items(totals, confidence, replicates, seed), None, "items", [caution]
    made = over_raters(totals, confidence) if over == "raters" else over_both(totals, confidence)
    if made.how.startswith(("rule of three", "whole range")):
        return made, None, "items", []
    spoken: Over = "raters" if over == "raters" else "items and raters"
    if n > 4:
        return made, None, spoken, []
    caution = f"{n} raters are few to stand for others: read the interval beside the one for these raters only."
    beside = over_items(totals, confidence, replicates, seed)
    return made, (beside.low, beside.high), spoken, [caution]
