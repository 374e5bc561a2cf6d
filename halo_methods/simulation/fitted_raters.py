"""Raters fitted to a log: how accurate, how strict, how fast, how tired."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.marking import share_right, shares_right
from ..judgments.table import basis_of
from ..results import Caution, Estimate, counted
from ..stats.between_groups import shrink_shares
from ..stats.checks import check_count
from ..stats.means import ratio_interval
from .simulated_raters import SimulatedRater

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FEWEST_RATERS, FEWEST_ANSWERS = 3, 30
PRIOR_ANSWERS = 4
"""Wrong answers, half of them to each side, by which a rater's lean is pulled to one half."""


@dataclass(frozen=True, kw_only=True, eq=False)
class RaterFit:
    """Raters fitted to a log.

    Attributes
    ----------
    raters : tuple of SimulatedRater
        In an order without their names, so that other names leave every simulation as it is.
    table : pandas.DataFrame
        ``rater_id``, ``gold`` (answers with gold), ``right``, ``raw`` (their share), ``accuracy`` (shrunk towards the
        team), ``low``, ``high`` (95%), ``strictness`` (label minus true label to expect away
        from the ends of the scale, in steps), ``daily``.
    estimates : dict of str to Estimate
        The share right on gold, of the whole team.
    cautions : tuple of Caution
        What the log says about fatigue, and what could not be fitted and was taken as none.
    """

    raters: tuple[SimulatedRater, ...]
    table: pd.DataFrame
    estimates: dict[str, Estimate]
    cautions: tuple[Caution, ...]

    def plot(self) -> "Figure":
        """Draw each rater's accuracy with its interval."""
        from .. import plots

        return plots.intervals(
            self.table,
            "rater_id",
            "accuracy",
            unit="share right on gold",
            title="Accuracy, pulled towards the team's",
        )


def gold_in_log(j: Judgments) -> pd.DataFrame:
    """List the known answers of a log, and how often people gave each right.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.

    Returns
    -------
    pandas.DataFrame
        ``gold``, ``items``, ``answers`` (judgments), ``right`` (share), ``low``, ``high``; the most frequent first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> rows = [("a", "r1", "yes", "yes"), ("a", "r2", "no", "yes")]
    >>> gold_in_log(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])).to_numpy().tolist()[0][:4]
    ['yes', 1, 2, 0.5]
    """
    shares = shares_right(as_judgments(j).people().marked("gold"), "answer")
    table = pd.DataFrame(
        [(answer, e.n_items, e.n_judgments, e.value, e.low, e.high) for answer, e in shares.items()],
        columns=["gold", "items", "answers", "right", "low", "high"],
    )
    return table.sort_values("answers", ascending=False, kind="stable", ignore_index=True)


def fit_raters(j: Judgments, *, daily: int | None = None) -> RaterFit:
    r"""Fit simulated raters to a log with gold and moments.

    Right answers of rater r on gold are binomial with a chance from one beta
    distribution of the team, see `halo_methods.stats.shrink_shares`. A rater's
    accuracy is the posterior mean: few gold answers pull it to the team's.
    Fatigue is one slope for the team, kept only if its 95% interval lies above 0.
    Model judges are left out: they are not the workforce.

    Do not trust it where gold is easier than the work or is recognised: it
    then fits the rater on gold. Drift within the log is averaged over.

    Parameters
    ----------
    j : Judgments or frame
        One criterion and one stage.
    daily : int, optional
        Judgments per rater and working day, where the log does not show it.

    Raises
    ------
    NotEstimable
        If there is no gold, fewer than three raters have it, or nothing is dated and `daily` is not given.

    Examples
    --------
    >>> rows = [(f"i{i}", r, "xy"[i % 10 == int(r)], "x") for i in range(90) for r in "123"]
    >>> fit = fit_raters(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]), daily=40)
    >>> fit.raters[0].daily, round(fit.raters[0].accuracy, 2)
    (40, 0.9)
    """
    people = as_judgments(j).people().one()
    rows = people.marked("gold")
    counts = rows.group_by("rater_id").agg(pl.len().alias("gold"), pl.col("right").sum()).sort("rater_id")
    if counts.height < FEWEST_RATERS:
        raise NotEstimable(
            f"{counted(counts.height, 'rater')} of this log answered gold; a team is fitted from {FEWEST_RATERS} up"
        )
    names = counts["rater_id"].to_list()
    k, n = counts["right"].to_numpy(), counts["gold"].to_numpy()
    shares = shrink_shares(k, n)
    speed = _daily(people, names, daily)
    lean, no_order = _lean(people, rows, names)
    fatigue, place, tired = _fatigue(people, rows)
    start = np.minimum(shares.value + fatigue / 100 * place, 0.999)
    judged = basis_of(rows, "right").judgments
    raters = [
        SimulatedRater(r, float(a), daily=int(d), fatigue=fatigue, sd=float(s), fitted_from=judged[r])
        for r, a, d, s in zip(names, start, speed, shares.sd, strict=True)
    ]
    table = pd.DataFrame(
        {
            "rater_id": names,
            "gold": n,
            "right": k,
            "raw": k / n,
            "accuracy": shares.value,
            "low": shares.low,
            "high": shares.high,
            "strictness": (1 - shares.value) * (1 - 2 * lean),
            "daily": speed,
        }
    )
    return RaterFit(
        raters=tuple(sorted(raters, key=lambda r: (r.accuracy, r.sd, r.daily))),
        table=table,
        estimates={"share right on gold": share_right(rows)},
        cautions=(*no_order, tired),
    )


def _daily(people: Judgments, raters: list[str], daily: int | None) -> NDArray:
    """Judgments per working day: the median of each rater's days, of the whole team where one has none."""
    if daily is not None:
        return np.full(len(raters), check_count(daily, option="daily", least=1))
    dated = _dated(people)
    if dated.is_empty():
        raise NotEstimable(
            "no judgment says when it was made; add `rated_at`, or say how many judgments a rater does a day (`daily`)"
        )
    days = dated.group_by("rater_id", "day").len().group_by("rater_id").agg(pl.col("len").median())
    known = dict(days.iter_rows())
    middle = float(np.median(list(known.values())))
    return np.array([max(1, round(known.get(r, middle))) for r in raters])


def _dated(people: Judgments) -> pl.DataFrame:
    """The judgments whose moment is known, with ``day``."""
    if "rated_at" not in people.columns:
        return people.frame.clear()
    dated = people.frame.filter(pl.col("rated_at").is_not_null())
    return dated.with_columns(pl.col("rated_at").dt.date().alias("day"))


def _lean(people: Judgments, rows: pl.DataFrame, raters: list[str]) -> tuple[NDArray, tuple[Caution, ...]]:
    """Share of wrong labels below the gold, where the scale goes on both ways; pulled to one half by four answers."""
    if people.scale is None or people.level == "nominal" or not isinstance(people.scale[0], str):
        text = "Labels have no order, so strictness is taken as none."
        return np.full(len(raters), 0.5), (Caution("no_order", text),)
    place = {label: i for i, label in enumerate(people.scale)}
    inner = rows.filter(pl.col("answer").is_in(people.scale[1:-1]) & ~pl.col("right"))
    label, answer = (pl.col(c).replace_strict(place, default=None) for c in ("label", "answer"))
    sums = inner.group_by("rater_id").agg((label < answer).sum().alias("below"), pl.len().alias("n"))
    half = PRIOR_ANSWERS / 2
    known = {r: (below + half) / (n + PRIOR_ANSWERS) for r, below, n in sums.iter_rows()}
    return np.array([known.get(r, 0.5) for r in raters]), ()


def _fatigue(people: Judgments, rows: pl.DataFrame) -> tuple[float, float, Caution]:
    """Accuracy lost over 100 judgments of a day, the place in the day at which gold lies on average, and a caution."""
    dated = _dated(people)
    if dated.is_empty() or dated["rated_at"].n_unique() == dated["day"].n_unique():
        return 0.0, 0.0, Caution("no_time_of_day", "The log has no time of day, so fatigue is taken as none.")
    placed = dated.select(
        "item_id", "rater_id", at=pl.col("rated_at").rank("ordinal").over("rater_id", "day").cast(pl.Float64) - 1
    )
    keys = ["item_id", "rater_id"]
    both = rows.join(placed.unique(keys), on=keys).select(
        "at",
        y=pl.col("right").cast(pl.Float64) - pl.col("right").mean().over("rater_id"),
        x=pl.col("at") - pl.col("at").mean().over("rater_id"),
    )
    x, y = both["x"].to_numpy(), both["y"].to_numpy()
    if x.size < FEWEST_ANSWERS or not (x**2).sum() > 0:
        text = "Too few dated gold answers for a slope over the day; fatigue is taken as none."
        return 0.0, 0.0, Caution("few_dated", text)
    lost, high, low = (-100 * end for end in ratio_interval(x * y, x**2))
    text = f"Accuracy lost over 100 judgments of a day: {lost:.2g} (95% interval {low:.2g} to {high:.2g})."
    if low > 0:
        return lost, float(both["at"].to_numpy().mean()), Caution("fatigue", text)
    return 0.0, 0.0, Caution("no_fatigue", f"{text} Fatigue is taken as none.")
