"""Success over repeated runs of the same task: pass^k, success beside cost and steps, and a verifier against people."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import ArrayLike, NDArray
from scipy import special

from ..errors import BadOption, NotEstimable
from ..judgments.steps import Steps, as_steps
from ..results import Caution, Estimate, Figure, around, counted, resting
from ..stats import check_confidence, check_count, two_way_share
from ..stats.means import ratio_interval
from ..stats.proportions import share_interval
from ..stats.variance import basis_of_arrays, cluster_codes, cluster_variance

FEW_SCENARIOS = 20


def pass_hat_k(
    successes: ArrayLike, trials: ArrayLike, k: int, *, clusters: ArrayLike | None = None, confidence: float = 0.95
) -> Estimate:
    r"""Estimate how often all of k runs of a task succeed.

    .. math:: \widehat{pass^k} = \frac{1}{T} \sum_t \binom{c_t}{k} / \binom{n_t}{k}

    without bias for any k up to n. The interval holds for other tasks; runs of one task count as one draw.

    Parameters
    ----------
    successes, trials : array_like of int, shape (tasks,)
    k : int
        At most the fewest trials of a task.
    clusters : array_like, shape (tasks,), optional
        What tasks belong to, such as a scenario that several of them vary.
    confidence : float

    Raises
    ------
    BadOption
        If k is larger than the trials of a task, or more successes than trials are given.
    NotEstimable
        If there is no task.

    References
    ----------
    Yao, Shinn, Razavi and Narasimhan (2024), τ-bench, arXiv 2406.12045.

    Examples
    --------
    >>> round(pass_hat_k([4, 2], [4, 4], 2).value, 3)
    0.583
    """
    check_confidence(confidence)
    check_count(k, option="k", least=1)
    c, n = np.asarray(successes, float), np.asarray(trials, float)
    if c.size == 0:
        raise NotEstimable("there is no task to run again", public=True)
    if c.shape != n.shape or (c < 0).any() or (c > n).any():
        raise BadOption("successes are counts of each task, from 0 to its trials")
    if (n < k).any():
        raise BadOption(f"k is {k}, and a task has {int(n.min())} trials; take k at most that", option="k")
    each = special.binom(c, k) / special.binom(n, k)
    group = np.arange(c.size) if clusters is None else cluster_codes(clusters)
    value, n_groups = float(each.mean()), int(group.max()) + 1
    variance = cluster_variance((each - value) / c.size, group)
    cautions = []
    if n_groups < FEW_SCENARIOS:
        text = f"{counted(n_groups, 'task')}: below {FEW_SCENARIOS} the interval may be too short."
        cautions.append(Caution("few_tasks", text))
    low, high = share_interval(
        value, variance, n_groups, most=int(n.sum()), df=max(n_groups - 1, 1), confidence=confidence
    )
    method = f"pass^{k}: share of tasks of which all of {k} runs succeed; score interval at the effective size, by task"
    about: dict[str, Any] = {"confidence": confidence, "method": method, "over": "items", "cautions": tuple(cautions)}
    return Estimate(**around(value, low, high), **resting(c.size, 0, int(n.sum())), **about)


@dataclass(frozen=True, eq=False, kw_only=True)
class Reliability:
    """Success of each system over its runs, beside what it cost.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per system: ``system``, ``scenarios``, ``runs`` (valid), ``invalid``, ``success`` with ``low`` and
        ``high``, ``success_least`` (invalid runs counted as failed), ``steps`` and, where there is a cost,
        ``cost_of_success`` with ``cost_low`` and ``cost_high``.
    by_k : pandas.DataFrame
        ``system``, ``k``, ``value``, ``low``, ``high``: pass^k for each k up to the runs that each scenario has.
    estimates : dict of str to Estimate
        Of pass^k by system, for the k asked for.
    k : int
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    by_k: pd.DataFrame
    estimates: dict[str, Estimate]
    k: int
    cautions: tuple[Caution, ...] = ()
    by: str = "system"

    def plot(self) -> Figure:
        """Success and pass^k with their intervals, by system."""
        from ..plots import intervals

        rows = self.by_k.assign(what=self.by_k["system"] + ", k = " + self.by_k["k"].astype(str))
        return intervals(rows, "what", "value", unit="share of tasks", title="All of k runs of a task succeed")

    def __str__(self) -> str:
        return "\n".join([*(f"{name}: {made}" for name, made in self.estimates.items()), *self.cautions])


def reliability(steps: Any, *, k: int | None = None, confidence: float = 0.95) -> Reliability:
    """Estimate how often a system succeeds, and how often it succeeds each time.

    Runs that are not valid are left out and counted. The rule for it is fixed before the runs: a run that a fault of
    the environment ended is invalid, one that the agent ended is not. ``success_least`` counts them as failures.

    Parameters
    ----------
    steps : Steps or frame
        With ``outcome``; ``scenario`` names the task of which a run is one of several.
    k : int, optional
        Of the estimates; the fewest runs that a scenario of some system has, if not given.
    confidence : float

    Raises
    ------
    NotEstimable
        Without ``outcome``, or if no valid run has one.

    Examples
    --------
    >>> rows = [(f"t{i}", 1, "ann", "ok", f"s{i // 4}", "yes" if i % 8 else "no") for i in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["trajectory_id", "step", "rater_id", "label", "scenario", "outcome"])
    >>> made = reliability(frame, k=2)
    >>> made.table["success"].item(), round(made.estimates["all"].value, 3)
    (0.875, 0.75)
    """
    check_confidence(confidence)
    given = as_steps(steps)
    runs = given.need("outcome")
    runs = runs if "system" in runs.columns else runs.with_columns(pl.lit("all").alias("system"))
    valid = pl.col("valid").fill_null(True) if "valid" in runs.columns else pl.lit(True)
    runs = runs.with_columns(valid.alias("valid")).filter(pl.col("outcome").is_not_null() | ~pl.col("valid"))
    kept = runs.filter("valid")
    if kept.is_empty():
        raise NotEstimable("no valid run has an outcome", public=True)
    tasks = kept.group_by("system", "scenario", maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("n"), pl.col("outcome").sum().cast(pl.Int64).alias("c")
    )
    most = int(tasks["n"].min())  # type: ignore[arg-type]
    if k is None:
        k = most
    cautions, table, by_k, estimates = [], [], [], {}
    for system in sorted(kept["system"].unique().to_list()):
        own, every = kept.filter(pl.col("system") == system), runs.filter(pl.col("system") == system)
        counts = tasks.filter(pl.col("system") == system)
        enough = counts.filter(pl.col("n") >= k)
        if enough.is_empty():
            raise NotEstimable(f"no scenario of some system has {k} valid runs; take a smaller k", public=True)
        if short := counts.height - enough.height:
            text = f"{counted(short, 'scenario')} of {system} with fewer than {k} valid runs left out of pass^{k}."
            cautions.append(Caution("few_runs", text))
        estimates[system] = _resting(pass_hat_k(enough["c"], enough["n"], k, confidence=confidence), given, own)
        for j in range(1, most + 1):
            made = pass_hat_k(counts["c"], counts["n"], j, confidence=confidence)
            by_k.append({"system": system, "k": j, "value": made.value, "low": made.low, "high": made.high})
        table.append({"system": system, "scenarios": counts.height, **_row(own, every, confidence)})
    lost = int((~runs["valid"]).sum())
    if lost:
        text = f"{counted(lost, 'run')} not valid, left out; success_least counts each as failed."
        cautions.append(Caution("invalid_runs", text))
    return Reliability(
        table=pd.DataFrame(table), by_k=pd.DataFrame(by_k), estimates=estimates, k=k, cautions=tuple(cautions)
    )


def _row(own: pl.DataFrame, every: pl.DataFrame, confidence: float) -> dict[str, Any]:
    """Success, steps and cost of one system; scenarios are what is drawn."""
    share = two_way_share(own["outcome"], own["scenario"], own["scenario"], over="items", confidence=confidence)
    made = {
        "runs": own.height,
        "invalid": every.height - own.height,
        "success": share.value,
        "low": share.low,
        "high": share.high,
        "success_least": float(own["outcome"].sum()) / every.height,
        "steps": float(own["steps"].mean()),  # type: ignore[arg-type]
    }
    if "cost" in own.columns and own["cost"].null_count() == 0:
        sums = own.group_by("scenario").agg(pl.col("cost").sum(), pl.col("outcome").sum())
        if sums.height > 1 and sums["outcome"].sum():
            cost = ratio_interval(sums["cost"], sums["outcome"], confidence=confidence)
            made |= dict(zip(("cost_of_success", "cost_low", "cost_high"), cost, strict=True))
    return made


def _resting(estimate: Estimate, given: Steps, own: pl.DataFrame) -> Estimate:
    """The same, resting on the people who judged these runs."""
    from dataclasses import replace

    frame = given.judgments.frame.join(own.select("trajectory_id"), on="trajectory_id", how="semi")
    basis = basis_of_arrays(frame["rater_id"], frame["trajectory_id"], "runs")
    return replace(estimate, n_raters=frame["rater_id"].n_unique(), n_judgments=own.height, basis=basis)


def verifier_against_people(steps: Any, *, confidence: float = 0.95) -> dict[str, Estimate]:
    """Estimate how often an automatic verifier passes what people call a success, and fails what they call a failure.

    Parameters
    ----------
    steps : Steps or frame
        With ``outcome`` (people's) and ``verifier`` of each run.
    confidence : float

    Returns
    -------
    dict
        ``sensitivity``: share of people's successes that the verifier passes; ``specificity``: share of their failures
        that it fails. Scenarios are clusters.

    Raises
    ------
    NotEstimable
        Without the two columns, or without a success or a failure.

    Examples
    --------
    >>> rows = [(f"t{i}", 1, "ann", "ok", "yes" if i % 2 else "no", "yes" if i % 10 else "no") for i in range(40)]
    >>> frame = pd.DataFrame(rows, columns=["trajectory_id", "step", "rater_id", "label", "outcome", "verifier"])
    >>> {name: made.value for name, made in verifier_against_people(frame).items()}
    {'sensitivity': 1.0, 'specificity': 0.2}
    """
    check_confidence(confidence)
    given = as_steps(steps)
    runs = given.need("outcome", "verifier").drop_nulls(["outcome", "verifier"])
    if "valid" in runs.columns:
        runs = runs.filter(pl.col("valid").fill_null(True))
    found: dict[str, Estimate] = {}
    for name, kind in (("sensitivity", True), ("specificity", False)):
        own = runs.filter(pl.col("outcome") == kind)
        what = "successes that the verifier passes" if kind else "failures that the verifier fails"
        if own.is_empty():
            raise NotEstimable(f"people call no run a {'success' if kind else 'failure'}", public=True)
        hits: NDArray = (own["verifier"] == kind).to_numpy()
        made = two_way_share(
            hits,
            own["scenario"],
            own["scenario"],
            over="items",
            confidence=confidence,
            quantity=f"share of people's {what}",
        )
        found[name] = _resting(made, given, own)
    return found
