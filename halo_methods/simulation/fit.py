"""Raters fitted to a log: how accurate, how severe, how fast, how tired."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import optimize, stats
from scipy.special import betaln

from ..errors import HaloError, NotEstimable
from ..judgments import Judgments
from ..results import counted
from ..stats import proportion
from .workers import Worker

FEWEST = 3


@dataclass(frozen=True, eq=False)
class Fitted:
    """Raters fitted to a log.

    Attributes
    ----------
    workers : tuple of Worker
    table : pandas.DataFrame
        ``rater_id``, ``gold`` (answers with gold), ``right``, ``raw`` (their share), ``accuracy`` (shrunk towards the
        team), ``low``, ``high`` (95%), ``severity`` (as in `Worker`), ``daily``.
    notes : tuple of str
        What could not be fitted and was taken as none.
    """

    workers: tuple[Worker, ...]
    table: pd.DataFrame
    notes: tuple[str, ...]


def fit(j: Judgments, *, daily: int | None = None) -> Fitted:
    r"""Raters in silico from a log with gold and moments.

    Right answers of rater r on gold are binomial with a chance from
    :math:`\mathrm{Beta}(\mu M, (1-\mu) M)`; :math:`\mu` and M by maximum marginal
    likelihood. A rater's accuracy is the posterior mean: few gold answers pull
    it to the team's. Fatigue is one slope for the team, kept only if its 95%
    interval lies on one side of 0. Model judges are left out: they are not the workforce.

    Do not trust it where gold is easier than the work or is recognised: it
    then fits the rater on gold. Drift within the log is averaged over.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    daily : int, optional
        Judgments a rater does in a working day, where the log does not show it.

    Raises
    ------
    NotEstimable
        If there is no gold, fewer than three raters have it, or nothing is dated and `daily` is not given.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> from halo_methods.simulation import work_log
    >>> team = [Worker(f"r{n}", 0.9, daily=40) for n in range(6)]
    >>> log = work_log(team, 20, gold_share=0.2)
    >>> fitted = fit(as_judgments(log, scale=["poor", "fair", "good"], level="ordinal"))
    >>> fitted.workers[0].daily, round(fitted.workers[0].accuracy, 1)
    (40, 0.9)
    """
    gold = j.marked("gold")
    if "rater_type" in j.columns:
        models = j.one().frame.filter(pl.col("rater_type") == "model")["rater_id"].unique().to_list()
        gold = gold.filter(~pl.col("rater_id").is_in(models))
    counts = gold.group_by("rater_id").agg(pl.len().alias("gold"), pl.col("right").sum()).sort("rater_id")
    if counts.height < FEWEST:
        raise NotEstimable(
            f"{counted(counts.height, 'rater')} of this log answered gold; a team is fitted from {FEWEST} or more"
        )
    k, n = counts["right"].to_numpy(), counts["gold"].to_numpy()
    a, b = _prior(k, n)
    up, down = k + a, n - k + b
    speed = _daily(j, counts["rater_id"].to_list(), daily)
    lean, notes = _lean(j, gold, counts["rater_id"].to_list())
    fatigue, at, said = _fatigue(j, gold)
    mean = up / (up + down)
    start = np.minimum(mean + fatigue / 100 * at, 0.999)
    spread = np.sqrt(up * down / ((up + down) ** 2 * (up + down + 1)))
    workers = tuple(
        Worker(str(r), float(p), float(x), int(d), fatigue, sd=float(s))
        for r, p, x, d, s in zip(counts["rater_id"], start, lean, speed, spread, strict=True)
    )
    table = pd.DataFrame({
        "rater_id": counts["rater_id"].to_list(), "gold": n, "right": k, "raw": k / n, "accuracy": mean,
        "low": stats.beta.ppf(0.025, up, down), "high": stats.beta.ppf(0.975, up, down),
        "severity": (1 - mean) * (1 - 2 * lean), "daily": speed,
    })  # fmt: skip
    return Fitted(workers, table, (*notes, *said))


def gold_in_log(j: Judgments) -> pd.DataFrame:
    """The gold of a log by its answer.

    Returns
    -------
    pandas.DataFrame
        ``gold``, ``items``, ``answers`` (judgments), ``right`` (share), ``low``, ``high`` (95%, over judgments);
        the most frequent first.

    Raises
    ------
    NotEstimable
        If no judged item has gold.

    Examples
    --------
    >>> from halo_methods import as_judgments
    >>> rows = [("a", "r1", "yes", "yes"), ("a", "r2", "no", "yes")]
    >>> j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    >>> gold_in_log(j)[["gold", "answers", "right"]].to_numpy().tolist()
    [['yes', 2, 0.5]]
    """
    parts = (
        j.marked("gold")
        .group_by("answer")
        .agg(pl.col("item_id").n_unique().alias("items"), pl.len().alias("answers"), pl.col("right").sum().alias("k"))
    )
    rows = []
    for gold, items, answers, k in parts.sort("answers", "answer", descending=[True, False]).iter_rows():
        share = proportion(int(k), int(answers))
        rows.append((str(gold), items, answers, share.value, share.low, share.high))
    return pd.DataFrame(rows, columns=["gold", "items", "answers", "right", "low", "high"])


def plant(
    workers: Sequence[Worker],
    *,
    from_day: int = 21,
    drop: float = 0.15,
    copy_share: float = 0.8,
    model_share: float = 0.8,
    model_accuracy: float = 0.75,
    tired: float = 0.30,
) -> tuple[Worker, ...]:
    """The team, and four raters more in whom a fault is planted: drift, copying, model-written answers, fatigue.

    Each is like the middle of the team otherwise. Fatigue is planted from the first day.

    Parameters
    ----------
    workers : sequence of Worker
    from_day : int
        Working day, from 0, on which the fault begins.
    drop : float
        Accuracy lost by the rater who drifts.
    copy_share, model_share, model_accuracy : float
        As in `Worker`.
    tired : float
        Accuracy lost from the first judgment of a day to the last.

    Examples
    --------
    >>> [w.rater_id for w in plant([Worker("a", 0.9)])]
    ['a', 'planted: drift', 'planted: copying', 'planted: model-written', 'planted: fatigue']
    """
    if not workers:
        raise HaloError("a fault is planted beside a team; there are no raters")
    middle = Worker(
        "", float(np.median([w.accuracy for w in workers])), daily=int(np.median([w.daily for w in workers])),
        fatigue=float(np.median([w.fatigue for w in workers])), from_day=from_day,
    )  # fmt: skip
    source = sorted((w for w in workers if not w.copies), key=lambda w: abs(w.accuracy - middle.accuracy))[0]
    return (
        *workers,
        replace(middle, rater_id="planted: drift", fault="drift", drift=min(drop, middle.accuracy)),
        replace(middle, rater_id="planted: copying", fault="copying", copies=source.rater_id, copy_share=copy_share),
        replace(
            middle,
            rater_id="planted: model-written",
            fault="model-written",
            model_share=model_share,
            model_accuracy=model_accuracy,
        ),
        replace(middle, rater_id="planted: fatigue", fault="fatigue", fatigue=100 * tired / middle.daily, from_day=0),
    )


def _prior(k: NDArray, n: NDArray) -> tuple[float, float]:
    """The team's beta distribution, by marginal likelihood."""

    def loss(x: NDArray) -> float:
        mu, size = 1 / (1 + np.exp(-x[0])), np.exp(x[1])
        a, b = mu * size, (1 - mu) * size
        return -float((betaln(k + a, n - k + b) - betaln(a, b)).sum())

    if k.sum() in (0, n.sum()):  # answers all alike show no spread to learn from: Jeffreys' prior
        return 0.5, 0.5

    share = np.clip(k.sum() / n.sum(), 0.01, 0.99)
    ends = [(-6.0, 6.0), (np.log(2.0), np.log(2000.0))]
    found = optimize.minimize(loss, [np.log(share / (1 - share)), np.log(30.0)], bounds=ends, method="L-BFGS-B")
    mu, size = 1 / (1 + np.exp(-found.x[0])), np.exp(found.x[1])
    return float(mu * size), float((1 - mu) * size)


def _daily(j: Judgments, raters: list[str], daily: int | None) -> NDArray:
    if daily is not None:
        if daily < 1:
            raise HaloError(f"daily is a whole number from 1; got {daily!r}")
        return np.full(len(raters), daily)
    frame = j.one().frame
    if "rated_at" not in frame.columns or frame["rated_at"].is_null().all():
        raise NotEstimable(
            "no judgment says when it was made; add `rated_at`, or say how many judgments a rater does a day (`daily`)"
        )
    dated = frame.filter(pl.col("rated_at").is_not_null()).with_columns(pl.col("rated_at").dt.date().alias("day"))
    each = dated.group_by("rater_id", "day").len().group_by("rater_id").agg(pl.col("len").median())
    known = dict(each.iter_rows())
    middle = float(np.median(list(known.values())))
    return np.array([max(1, round(known.get(r, middle))) for r in raters])


def _lean(j: Judgments, gold: pl.DataFrame, raters: list[str]) -> tuple[NDArray, tuple[str, ...]]:
    """Share of wrong labels below the gold, where the scale goes on both ways; pulled to one half by four answers."""
    if j.scale is None or j.level == "nominal" or not isinstance(j.scale[0], str):
        return np.full(len(raters), 0.5), ("Labels have no order, so severity is taken as none.",)
    place = {x: i for i, x in enumerate(j.scale)}
    inner = gold.filter(pl.col("gold").cast(pl.String).is_in(j.scale[1:-1]))
    wrong = inner.filter(~pl.col("right")).with_columns(
        (pl.col("label").cast(pl.String).replace_strict(place, default=None) <
         pl.col("gold").cast(pl.String).replace_strict(place, default=None)).alias("below"),
    )  # fmt: skip
    sums = wrong.group_by("rater_id").agg(pl.col("below").sum(), pl.col("below").count().alias("n"))
    known = {r: (below + 2) / (n + 4) for r, below, n in sums.iter_rows()}
    return np.array([known.get(r, 0.5) for r in raters]), ()


def _fatigue(j: Judgments, gold: pl.DataFrame) -> tuple[float, float, tuple[str, ...]]:
    """Accuracy lost over 100 judgments of a day, the place in the day at which gold lies on average, and notes."""
    frame = j.one().frame
    none = ("The log has no time of day, so fatigue is taken as none.",)
    if "rated_at" not in frame.columns:
        return 0.0, 0.0, none
    dated = frame.filter(pl.col("rated_at").is_not_null()).with_columns(pl.col("rated_at").dt.date().alias("day"))
    if dated.is_empty() or dated["rated_at"].n_unique() == dated["day"].n_unique():
        return 0.0, 0.0, none
    placed = dated.with_columns(pl.col("rated_at").rank("ordinal").over("rater_id", "day").cast(pl.Float64).alias("at"))
    keys = ["item_id", "rater_id"]
    both = gold.join(placed.select(*keys, pl.col("at") - 1).unique(keys), on=keys)
    both = both.with_columns(pl.col("right").cast(pl.Float64)).with_columns(
        (pl.col("right") - pl.col("right").mean().over("rater_id")).alias("y"),
        (pl.col("at") - pl.col("at").mean().over("rater_id")).alias("x"),
    )
    x, y = both["x"].to_numpy(), both["y"].to_numpy()
    if x.size < 30 or not (x**2).sum() > 0:
        return 0.0, 0.0, ("Too few dated gold answers for a slope over the day; fatigue is taken as none.",)
    slope = (x * y).sum() / (x**2).sum()
    error = np.sqrt((x**2 * (y - slope * x) ** 2).sum()) / (x**2).sum()
    lost, low, high = (-100 * float(slope + z * error) for z in (0, 1.96, -1.96))
    said = f"Accuracy lost over 100 judgments of a day: {lost:.2g} (95% interval {low:.2g} to {high:.2g})."
    if low > 0:
        return lost, float(both["at"].mean()), (said,)  # type: ignore[arg-type]
    return 0.0, 0.0, (f"{said} Fatigue is taken as none.",)
