"""What a judgment must pay so that almost everybody earns the hourly floor."""

import numpy as np
import polars as pl
from numpy.typing import ArrayLike, NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Caution, Estimate, Over, counted
from ..stats.checks import check_confidence
from ..stats.proportions import two_way_share
from ..stats.resampling import drawn_people, widening
from ..stats.variance import basis_of_arrays

FEWEST_TIMES = 30
FEW_RATERS = 10
BINS = 2000
ALIKE = "The times of one person are alike, and the interval takes them as independent: it is too short."


def handling_times(seconds: ArrayLike) -> NDArray[np.float64]:
    """The times that were measured: finite and above 0; refused where they are fewer than 30."""
    times = np.asarray(seconds, dtype=float)
    times = times[np.isfinite(times) & (times > 0)]
    if len(times) < FEWEST_TIMES:
        raise NotEstimable(f"{len(times)} measured handling times; at least {FEWEST_TIMES} are needed")
    return times


def piece_rate(
    seconds: ArrayLike,
    hourly_floor: float,
    *,
    unpaid_seconds: float,
    percentile: float = 0.80,
    confidence: float = 0.95,
    raters: ArrayLike | None = None,
    replicates: int = 2000,
    seed: int = 1,
) -> Estimate:
    r"""Pay for one judgment: the hourly floor times a high percentile of active time plus unpaid time.

    .. math:: \text{floor} \cdot (Q_{.8}(\text{seconds}) + \text{unpaid}) / 3600

    Never the mean: about half of the people are slower than it, and work less than
    the floor. Do not use times measured on easy items, or with breaks in them.

    Parameters
    ----------
    seconds : array_like
        Active seconds as measured.
    hourly_floor : float
        The house's floor for an hour, in its currency.
    unpaid_seconds : float
        Per judgment: reading the guideline, waiting, messages, breaks.
    percentile : float
        Share of the measured times that the rate covers; .8 is a house rule.
    confidence : float
        Of the bootstrap interval.
    raters : array_like, optional
        Whose time each is. The interval then draws whole people, since the times of one
        are alike, and is widened by Student's t; simulated, it holds the true rate in .93
        of rounds from 12 people on. Without it times count as independent, and where
        people differ in pace the interval holds the true rate in about .6 of rounds.
    replicates, seed : int

    Returns
    -------
    Estimate
        In the currency of the floor.

    Raises
    ------
    NotEstimable
        With fewer than 30 times, or with the times of one rater.

    Examples
    --------
    >>> round(piece_rate([40, 50, 60, 70, 80] * 8, 15, unpaid_seconds=12).value, 3)
    0.35
    """
    times = handling_times(seconds)
    if not 0.5 <= percentile < 1:
        raise BadOption(
            f"percentile is {percentile!r}; from .5 on, below 1: a rate at less pays most people too little"
        )
    check_confidence(confidence)
    check_amounts(hourly_floor=hourly_floor, unpaid_seconds=unpaid_seconds)
    who = None if raters is None else people_of(seconds, raters)
    n_raters = 1 if who is None else int(who.max()) + 1
    if who is not None and n_raters < 2:
        raise NotEstimable("the times are of one person, and say nothing about anybody else's")
    drawn = _quantiles(times, who, percentile, replicates, np.random.default_rng(seed))
    tail, at = (1 - confidence) / 2, float(np.quantile(times, percentile))
    wider = 1.0 if raters is None else widening(n_raters, confidence)
    ends = (at + wider * (float(q) - at) for q in np.quantile(drawn, [tail, 1 - tail]))
    low, high, value = (hourly_floor * (max(q, 0.0) + unpaid_seconds) / 3600 for q in (*ends, at))
    mean = hourly_floor * (times.mean() + unpaid_seconds) / 3600
    under = float(np.mean(hourly_floor * (times + unpaid_seconds) / 3600 > mean))
    text = f"At a rate from the mean time ({mean:.3g}) {100 * under:.0f}% of the times would earn less than the floor."
    cautions = [Caution("mean_is_too_low", text)]
    if raters is None:
        cautions.append(Caution("times_as_independent", ALIKE))
    elif n_raters < FEW_RATERS:
        text = f"With {counted(n_raters, 'rater')} the interval is too short; have {FEW_RATERS} or more."
        cautions.append(Caution("few_raters", text))
    per = f"{100 * percentile:.0f}th percentile of active time plus {unpaid_seconds:g} unpaid seconds"
    return Estimate(
        value=value,
        low=min(low, value),
        high=max(high, value),
        confidence=confidence,
        n_items=len(times),
        n_raters=n_raters,
        n_judgments=len(times),
        method=f"piece rate at the {per}; bootstrap over {'times' if raters is None else 'raters'}",
        over="items" if raters is None else "raters",
        cautions=tuple(cautions),
        basis=None if raters is None else basis_of_arrays(np.asarray(raters), None, "seconds"),
    )


def check_amounts(**amounts: float) -> None:
    """Refuse a rate or a floor that is not above 0, or a negative number of seconds."""
    for name, amount in amounts.items():
        least = "0 or more" if name == "unpaid_seconds" else "more than 0"
        if not (amount >= 0 if name == "unpaid_seconds" else amount > 0):
            raise BadOption(f"{name} is {amount!r}; allowed: {least}")


def people_of(seconds: ArrayLike, raters: ArrayLike) -> NDArray:
    """Whose each measured time is, as numbers from 0."""
    times, named = np.asarray(seconds, dtype=float), np.asarray(raters, dtype=str)
    if len(named) != len(times):
        raise BadOption(f"{len(times)} times and {len(named)} raters; give the rater of each time")
    return np.unique(named[np.isfinite(times) & (times > 0)], return_inverse=True)[1].ravel()


def _quantiles(
    times: NDArray, who: NDArray | None, percentile: float, replicates: int, rng: np.random.Generator
) -> NDArray:
    """The percentile of the times in each bootstrap sample.

    Of independent times it is an order statistic, whose place follows a beta law. Drawing people counts their times
    in at most `BINS` bins with equally many times, so that a long log needs no more memory than a short one.
    """
    ordered = np.sort(times)
    if who is None:
        rank = max(round(percentile * len(times)), 1)
        at = rng.beta(rank, len(times) - rank + 1, replicates)
        return ordered[np.minimum((at * len(times)).astype(int), len(times) - 1)]
    edges = np.unique(ordered[np.linspace(0, len(times) - 1, min(len(times), BINS)).round().astype(int)])
    counts = np.zeros((who.max() + 1, len(edges)))
    np.add.at(counts, (who, np.searchsorted(edges, times)), 1)
    below = (drawn_people(rng, len(counts), replicates) @ counts).cumsum(axis=1)
    return edges[(below < percentile * below[:, -1:]).sum(axis=1)]


def floor_share(
    j: Judgments,
    rate: float,
    hourly_floor: float,
    *,
    unpaid_seconds: float,
    over: Over = "items and raters",
    confidence: float = 0.95,
) -> Estimate:
    """Share of measured working times that earn at least the hourly floor at a given rate.

    Parameters
    ----------
    j : Judgments
        With a column `seconds` of active time.
    rate : float
        Paid for one judgment.
    hourly_floor : float
        In the same currency.
    unpaid_seconds : float
        Per judgment, added to the active time.
    over : {"items", "raters", "items and raters"}
        Whom the interval speaks for; see `halo_methods.stats.two_way_share`.
    confidence : float
        Of the interval.

    Raises
    ------
    NotEstimable
        If there is no column `seconds`, or fewer than 30 times in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"i{i}", f"r{r}", "x", 40 + 10 * (i % 5)) for i in range(20) for r in range(6)]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"]))
    >>> floor_share(j, rate=.35, hourly_floor=15, unpaid_seconds=10).value
    0.8
    """
    check_amounts(rate=rate, hourly_floor=hourly_floor, unpaid_seconds=unpaid_seconds)
    timed = working_times(j)
    allowed = 3600 * rate / hourly_floor - unpaid_seconds
    return two_way_share(
        (timed["seconds"] <= allowed).to_numpy(),
        timed["rater_id"],
        timed["item_id"],
        over=over,
        confidence=confidence,
        quantity=f"share of working times that earn {hourly_floor:g} an hour at {rate:g} per judgment",
        measure="seconds",
    )


def working_times(j: Judgments) -> pl.DataFrame:
    """Item, rater and active seconds of the judgments that were timed.

    Raises
    ------
    NotEstimable
        If there is no column `seconds`, or fewer than 30 times in it.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(f"i{i}", "r", "x", 40) for i in range(30)]
    >>> working_times(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds"]))).shape
    (30, 3)
    """
    j = as_judgments(j)
    if "seconds" not in j.columns:
        reason = "the data has no column seconds: working times were not measured"
        raise NotEstimable(reason, public=reason)
    timed = j.frame.select("item_id", "rater_id", "seconds").filter(pl.col("seconds") > 0)
    if len(timed) < FEWEST_TIMES:
        raise NotEstimable(f"{len(timed)} measured working times; at least {FEWEST_TIMES} are needed")
    return timed
