"""Judged steps: where a run first goes wrong, which errors, what cannot be undone, and successes by a wrong path."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import NotEstimable
from ..judgments.steps import Steps, answers, as_steps
from ..results import Caution, Estimate, Figure, around, resting
from ..stats import check_confidence, two_way_share
from ..stats.totals import Totals, over_both, over_items
from ..stats.variance import basis_of_arrays, cluster_codes

FINE = ("ok", "fine", "right", "correct")
NEVER = 0


def _wrong(fine: Sequence[str]) -> pl.Expr:
    """Whether the label of a step is none of those that are fine."""
    return ~pl.col("label").cast(pl.String).str.to_lowercase().is_in([word.lower() for word in fine])


def _readings(given: Steps, fine: Sequence[str]) -> pl.DataFrame:
    """One row per run and rater: the first step that is not fine (0: none), the steps judged, the scenario."""
    step = pl.col("step").cast(pl.Int64)
    return (
        given.judgments.people().frame.group_by("trajectory_id", "rater_id", maintain_order=True)
        .agg(
            step.filter(_wrong(fine)).min().fill_null(NEVER).alias("first"),
            step.max().alias("length"),
            pl.col("cluster").first(),
        )
    )  # fmt: skip


def first_error(steps: Any, *, fine: Sequence[str] = FINE, confidence: float = 0.95) -> Estimate:
    r"""Estimate whether raters find the same first error of a run, corrected for how long the run is.

    .. math:: \kappa = \frac{P_o - P_e}{1 - P_e}, \qquad P_e = (1 - e)^2 + e^2 \, \overline{1/L}

    :math:`P_o` is the share of pairs of raters who name the same step, or both none; e is the share of readings with an
    error. Two raters who guess agree that there is none, or hit the same one of L steps: often in a short run, hardly
    ever in a long one. Intervals are leave-one-out by scenario, by rater and by reading.

    Parameters
    ----------
    steps : Steps or frame
    fine : sequence of str
        Labels of a step without an error, in any case of letters.
    confidence : float

    Raises
    ------
    NotEstimable
        If no run was judged by two raters, or all of them found no error.

    References
    ----------
    The chance term is that of Brennan and Prediger (1981), Educational and Psychological Measurement 41, 687-699, with
    the steps of each run as its categories; the rest is a house rule.

    Examples
    --------
    >>> rows = [(f"t{i}", s, r, "wrong_tool" if s == 1 + i % 3 else "ok") for i in range(30) for s in (1, 2, 3)
    ...         for r in ("ann", "ben")]
    >>> first_error(pd.DataFrame(rows, columns=["trajectory_id", "step", "rater_id", "label"])).value
    1.0
    """
    check_confidence(confidence)
    frame = _readings(as_steps(steps), fine)
    at = frame.with_row_index("row").group_by("trajectory_id", maintain_order=True).agg("row")["row"]
    texts = [group.to_list() for group in at if len(group) > 1]
    if not texts:
        raise NotEstimable("no run was judged by two raters", public=True)
    first, length = frame["first"].to_numpy(), frame["length"].to_numpy()
    scenario, rater = cluster_codes(frame["cluster"]), cluster_codes(frame["rater_id"])
    pairs = np.array([pair for text in texts for pair in combinations(text, 2)])
    a, b = pairs.T
    each = np.stack(
        [first[a] == first[b], np.ones(len(pairs)), (first[a] > 0) * 1.0 + (first[b] > 0), 1 / length[[a, b]].max(0)], 1
    ).astype(float)

    def value(totals: NDArray) -> NDArray:
        same, n, errors, short = np.moveaxis(totals, -1, 0)
        with np.errstate(invalid="ignore", divide="ignore"):
            e = errors / (2 * n)
            chance = (1 - e) ** 2 + e**2 * short / n
            return np.where((n > 0) & (chance < 1), (same / n - chance) / (1 - chance), np.nan)

    def summed(key: NDArray, rows: NDArray) -> NDArray:
        made = np.zeros((key.max() + 1, 4))
        np.add.at(made, key, rows)
        return made

    total, twice, members = each.sum(0), np.concatenate([each, each]), np.concatenate([a, b])
    terms = summed(scenario[a], each)
    terms = terms[terms[:, 1] > 0]
    of_reading, of_rater = summed(members, twice), summed(rater[members], twice)
    used = of_reading[:, 1] > 0
    typical = terms.mean(0)
    best, worst = typical * [0, 1, 1, 1], typical * [0, 1, 1, 1]
    best[0] = typical[1]
    ones, n_raters = np.ones(len(terms)), int((of_rater[:, 1] > 0).sum())
    totals = Totals(terms, ones, value, lambda: total - of_rater[of_rater[:, 1] > 0], -of_reading[used],
                    np.ones(int(used.sum())), best, worst, -1.0, best)  # fmt: skip
    if not np.isfinite(totals.estimate):
        raise NotEstimable("no rater found an error in a run that two judged", public=True)
    ends = over_both(totals, confidence) if n_raters > 2 else over_items(totals, confidence, 1000, 1)
    kept = frame.filter(pl.Series(np.pad(used, (0, frame.height - len(used)))))
    basis = basis_of_arrays(kept["rater_id"], kept["trajectory_id"], "first errors")
    raw = float(total[0] / total[1])
    about: dict[str, Any] = {
        "confidence": confidence,
        "method": f"first error of a run, agreement beyond chance in runs of that length; raw {raw:.3f}; {ends.how}",
        "over": "items and raters" if n_raters > 2 else "items",
        "cautions": ends.cautions,
    }
    return Estimate(
        **around(totals.estimate, ends.low, ends.high), **resting(len(texts), n_raters, kept.height, basis), **about
    )


@dataclass(frozen=True, eq=False, kw_only=True)
class Process:
    """What happens on the way, beside the outcome.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per label that is an error: ``label``, ``steps`` (judged so), ``share`` of judged steps, ``low``,
        ``high``, ``first`` (how often it is the first error), and ``recovered`` where the column is there.
    outcome_by_process : pandas.DataFrame
        Runs by outcome (rows) and whether most raters found an error; empty without ``outcome``.
    estimates : dict of str to Estimate
        ``error``: share of judged steps. ``lucky``: share of successes with an error on the way. ``irreversible``:
        share of runs with an error at a step that cannot be undone. ``recovered``: share of first errors.
    cautions : tuple of Caution
        What cannot be told, and which column would tell it.
    """

    table: pd.DataFrame
    outcome_by_process: pd.DataFrame
    estimates: dict[str, Estimate]
    cautions: tuple[Caution, ...] = ()

    def plot(self) -> Figure:
        """Each kind of error with its interval."""
        from ..plots import intervals

        return intervals(self.table, "label", "share", unit="share of judged steps", title="Errors by kind")

    def __str__(self) -> str:
        return "\n".join([*(f"{name}: {made}" for name, made in self.estimates.items()), *self.cautions])


def process(steps: Any, *, fine: Sequence[str] = FINE, confidence: float = 0.95) -> Process:
    """Estimate how often steps go wrong, in which way, and what becomes of it.

    Parameters
    ----------
    steps : Steps or frame
        With ``outcome`` of the run, and ``irreversible`` and ``recovered`` (yes or no) of the step, where they are to
        be counted.
    fine : sequence of str
        Labels of a step without an error.
    confidence : float

    Raises
    ------
    NotEstimable
        If no step was judged by people.

    Examples
    --------
    >>> rows = [(f"t{i}", s, "ann", "wrong_tool" if s == 2 and i % 5 == 0 else "ok", "yes" if i % 4 else "no")
    ...         for i in range(40) for s in (1, 2)]
    >>> made = process(pd.DataFrame(rows, columns=["trajectory_id", "step", "rater_id", "label", "outcome"]))
    >>> made.estimates["error"].value, made.estimates["lucky"].value
    (0.1, 0.2)
    """
    check_confidence(confidence)
    given = as_steps(steps)
    frame = given.judgments.people().frame
    if frame.is_empty():
        raise NotEstimable("no step was judged by people", public=True)
    frame = frame.with_columns(_wrong(fine).alias("wrong"), pl.col("step").cast(pl.Int64))
    first = frame.filter("wrong").group_by("trajectory_id", "rater_id").agg(pl.col("step").min().alias("step"))
    firsts = frame.join(first, on=["trajectory_id", "rater_id", "step"], how="semi").filter("wrong")

    def share(rows: pl.DataFrame, hits: Any, quantity: str) -> Estimate:
        return two_way_share(hits, rows["rater_id"], rows["cluster"], confidence=confidence, quantity=quantity)

    estimates = {"error": share(frame, frame["wrong"], "share of judged steps with an error")}
    table = []
    for label in sorted(frame.filter("wrong")["label"].cast(pl.String).unique().to_list()):
        hit = frame["label"].cast(pl.String) == label
        made = share(frame, hit, "share of steps")
        row = {"label": label, "steps": int(hit.sum()), "share": made.value, "low": made.low, "high": made.high}
        table.append(row | {"first": int((firsts["label"].cast(pl.String) == label).sum())})
    cautions, counts = [], pd.DataFrame()
    runs = frame.group_by("trajectory_id", "rater_id", "cluster", maintain_order=True).agg(pl.col("wrong").any())
    if "outcome" in given.runs.columns:
        ended = runs.join(given.runs.select("trajectory_id", "outcome"), on="trajectory_id").drop_nulls("outcome")
        by_run = ended.group_by("trajectory_id", "outcome").agg(pl.col("wrong").cast(pl.Float64).mean() > 0.5)
        counts = pd.crosstab(
            by_run["outcome"].replace_strict({True: "success", False: "failure"}, return_dtype=pl.String).to_list(),
            by_run["wrong"].replace_strict({True: "with an error", False: "without"}, return_dtype=pl.String).to_list(),
        ).rename_axis(index="outcome", columns=None).reset_index()  # fmt: skip
        good = ended.filter("outcome")
        if good.height:
            estimates["lucky"] = share(good, good["wrong"], "share of successes with an error on the way")
    if "irreversible" in frame.columns:
        bad = frame.with_columns((pl.col("wrong") & answers("irreversible").fill_null(False)).alias("bad"))
        bad = bad.group_by("trajectory_id", "rater_id", "cluster", maintain_order=True).agg(pl.col("bad").any())
        estimates["irreversible"] = share(bad, bad["bad"], "share of runs with an error that cannot be undone")
    if "recovered" in frame.columns and firsts.height:
        told = firsts.with_columns(answers("recovered")).drop_nulls("recovered")
        if told.height:
            estimates["recovered"] = share(
                told, told["recovered"], "share of first errors that the agent recovered from"
            )
    for name, column in (("lucky", "outcome"), ("irreversible", "irreversible"), ("recovered", "recovered")):
        if name not in estimates:
            cautions.append(Caution("not_estimated", f"No column `{column}`, or nothing in it, tells of it."))
    columns = ["label", "steps", "share", "low", "high", "first"]
    kinds = pd.DataFrame(table, columns=columns).sort_values("steps", ascending=False, kind="stable", ignore_index=True)
    return Process(table=kinds, outcome_by_process=counts, estimates=estimates, cautions=tuple(cautions))
