"""Two questions that come ready: how large a gold share, and which alarm rule; and what raters are told."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from ..errors import NotEstimable
from .alarm_rules import Kind
from .policies import Policy, policy
from .stress import MONTH, Stress, stress
from .workers import Worker

SHARES = (0.02, 0.05, 0.10, 0.15, 0.20)
RULES: tuple[tuple[Kind, int], ...] = (("cusum", 5), ("cusum", 20), ("p-chart", 10), ("p-chart", 20))
DRIFT = "drift"


def how_large_a_gold_share(
    workers: Sequence[Worker],
    *,
    team: Sequence[Worker],
    shares: Sequence[float] = SHARES,
    fault: str = DRIFT,
    runs: int = 200,
    days: int = 84,
    seed: int = 0,
    **options: Any,
) -> pd.DataFrame:
    """The same raters and alarms at several gold shares: time to detection, false accusations, cost.

    The rule is built anew for each share, so that a good rater waits equally
    long for a false alarm: what more gold buys is time.

    Parameters
    ----------
    workers : sequence of Worker
        With planted faults; see `plant`.
    team : sequence of Worker
        The raters the policy is built for, without the planted ones.
    shares : sequence of float
        A share too thin for the rule is left out.
    fault : str
        The planted fault whose detection is timed.
    runs, days, seed
        As in `stress`.
    **options
        As in `policy`.

    Returns
    -------
    pandas.DataFrame
        ``gold_share``, ``days``, ``days_low``, ``days_high``, ``found``, ``accusations`` (in 100 rater-months) with
        ``_low`` and ``_high``, ``caught``, ``cost`` (a month) and ``cost_per_defect`` with ``_low`` and ``_high``.

    Raises
    ------
    NotEstimable
        If every share is too thin.

    Examples
    --------
    >>> from halo_methods.simulation import plant
    >>> team = [Worker(f"r{n}", 0.92) for n in range(6)]
    >>> how_large_a_gold_share(plant(team), team=team, shares=(0.05, 0.2), runs=50)["gold_share"].tolist()
    [0.05, 0.2]
    """
    rows, reason = [], None
    for share in shares:
        try:
            built = policy(team, gold_share=share, **{"exact": True, **options})
        except NotEstimable as why:
            reason = why
            continue
        rows.append({"gold_share": share, **_row(stress(built, workers, runs=runs, days=days, seed=seed), fault)})
    if not rows:
        raise reason or NotEstimable("no gold share was given")
    return pd.DataFrame(rows)


def which_alarm_rule(
    workers: Sequence[Worker],
    *,
    team: Sequence[Worker],
    rules: Sequence[tuple[Kind, int]] = RULES,
    fault: str = DRIFT,
    runs: int = 200,
    days: int = 84,
    seed: int = 0,
    **options: Any,
) -> pd.DataFrame:
    """Rules at one and the same in-control run length: which finds the planted fault soonest.

    Parameters
    ----------
    rules : sequence of (kind, batch)
        As in `alarm_rule`. A rule that looks too seldom for the run length is left out.
    workers, team, fault, runs, days, seed, options
        As in `how_large_a_gold_share`.

    Returns
    -------
    pandas.DataFrame
        ``rule``, ``batch``, ``limit``, ``run_length`` (working days between false alarms of a rater at the
        good accuracy; exact), and the columns of `how_large_a_gold_share`.

    Raises
    ------
    NotEstimable
        If every rule looks too seldom.

    Examples
    --------
    >>> from halo_methods.simulation import plant
    >>> team = [Worker(f"r{n}", 0.92) for n in range(6)]
    >>> made = which_alarm_rule(plant(team), team=team, rules=(("cusum", 5), ("p-chart", 20)), runs=50)
    >>> made["run_length"].round(6).tolist()
    [250.0, 250.0]
    """
    rows, reason = [], None
    daily = float(np.median([w.daily for w in team]))
    for kind, batch in rules:
        try:
            built = policy(team, rule=kind, batch=batch, **{"exact": True, **options})
        except NotEstimable as why:
            reason = why
            continue
        waits = built.rule.run_length * batch / (built.gold_share * daily)
        head = {"rule": f"{kind}, looks after {batch}", "batch": batch, "limit": built.rule.limit, "run_length": waits}
        rows.append({**head, **_row(stress(built, workers, runs=runs, days=days, seed=seed), fault)})
    if not rows:
        raise reason or NotEstimable("no rule was given")
    return pd.DataFrame(rows)


def what_raters_meet(built: Policy, *, daily: int, accuracies: Sequence[float] | None = None) -> pd.DataFrame:
    """What a rater of each accuracy has to expect of a policy; exact, for telling raters before it starts.

    Parameters
    ----------
    built : Policy
    daily : int
        Judgments of a working day.
    accuracies : sequence of float, optional
        Otherwise five, from the policy's unacceptable to halfway between its good and 1.

    Returns
    -------
    pandas.DataFrame
        ``accuracy``, ``alarms`` and ``accusations`` (confirmed alarms) in 100 rater-months,
        ``days_between`` (working days between alarms), ``turned_away`` (chance to fail the exam).

    Examples
    --------
    >>> made = policy([Worker("a", 0.92)], good=0.92, unacceptable=0.80)
    >>> what_raters_meet(made, daily=50, accuracies=(0.92,)).round(2)["alarms"].tolist()
    [7.28]
    """
    low, top = built.unacceptable, built.good
    chosen = accuracies or (low, (low + top) / 2, (low + 3 * top) / 4, top, (1 + top) / 2)
    rows = []
    for accuracy in chosen:
        waits = built.rule.looks_until_signal(accuracy) * built.rule.batch / (built.gold_share * daily)
        stands = 1.0 if built.audit is None else float(1 - built.audit.acceptance(1 - accuracy))
        alarms = 100 * MONTH / waits
        rows.append((accuracy, alarms, alarms * stands, waits, built.chance_turned_away(accuracy)))
    return pd.DataFrame(rows, columns=["accuracy", "alarms", "accusations", "days_between", "turned_away"])


def _row(made: Stress, fault: str) -> dict[str, float | None]:
    days = made.days_to_detection(fault)
    found = made.found.set_index("fault")["found"]
    a, c, price = made.accusations, made.cost_a_month, made.cost_per_defect
    return {
        "days": days.value, "days_low": days.low, "days_high": days.high, "found": float(found[fault]),
        "accusations": a.value, "accusations_low": a.low, "accusations_high": a.high,
        "caught": made.caught.value if made.caught else None, "cost": c.value,
        "cost_per_defect": price.value if price else None, "cost_per_defect_low": price.low if price else None,
        "cost_per_defect_high": price.high if price else None,
    }  # fmt: skip
