"""What a budget buys: error rate and cost when items get a second look, by policy.

    python benchmarks/study_adjudication.py

Three of fifteen raters label each item; their confusion is estimated from the
labels alone, by Dawid and Skene's model. Then a budget an item is spent:

none     on nothing
all      on an adjudicator for every item, whatever the budget
random   on an adjudicator for items drawn at random
margin   on an adjudicator for the items with the smallest margin
value    on whoever `adjudication.route` names: another rater, the adjudicator
         or a model, a third of the budget at a time, probabilities updated between

In the scenario "independent" raters err independently. In "hard items" 15% of
the items are hard for everybody, which no model of independent errors knows.

Writes benchmarks/results/study_adjudication.csv, a row a policy and budget;
intervals are 95% over simulated rounds.
"""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from halo_methods import adjudication, aggregation, as_judgments
from halo_methods.adjudication import LabelSource

PRICES = {"another rater": 1.0, "adjudicator": 5.0, "model": 0.1}
ERROR_COST = 50.0
PREVALENCE = np.array([0.55, 0.30, 0.15])
RATERS, EACH = 15, 3
ADJUDICATOR, MODEL = 0.95, 0.75
BUDGETS = (0.1, 0.25, 0.5, 1.0, 2.0)
SCENARIOS = {"independent": 0.0, "hard items": 0.15}
POLICIES = ("none", "all", "random", "margin", "value")
Array = NDArray[np.float64]


@dataclass
class World:
    """Items with their truth, and everybody who can be asked."""

    truth: NDArray[np.int64]
    hard: NDArray[np.bool_]
    raters: Array
    rng: np.random.Generator

    def says(self, confusion: Array, items: NDArray[np.int64], easier: float) -> NDArray[np.int64]:
        """Labels of these items; on hard ones accuracy falls to `easier` of what it was."""
        truth = self.truth[items]
        rows = confusion[truth] if confusion.ndim == 2 else confusion[np.arange(len(items)), truth]
        k = rows.shape[1]
        hard = self.hard[items][:, None]
        right = np.eye(k)[truth]
        lost = (rows * right).sum(1, keepdims=True) * (1 - easier)
        rows = np.where(hard, rows - lost * right + lost * (1 - right) / (k - 1), rows)
        made: NDArray[np.int64] = (rows.cumsum(1) < self.rng.random((len(items), 1))).sum(1).clip(max=k - 1)
        return made


def accurate(accuracy: float, k: int = 3) -> Array:
    """Confusion with one accuracy, its errors falling alike."""
    return np.where(np.eye(k, dtype=bool), accuracy, (1 - accuracy) / (k - 1))


def world(items: int, hard: float, rng: np.random.Generator) -> World:
    k = len(PREVALENCE)
    accuracy = rng.beta(12, 3, (RATERS, k))
    off = rng.dirichlet(np.ones(k - 1), (RATERS, k))
    raters = np.zeros((RATERS, k, k))
    for label in range(k):
        others = [x for x in range(k) if x != label]
        raters[:, label, label] = accuracy[:, label]
        raters[:, label, others] = (1 - accuracy[:, label])[:, None] * off[:, label]
    return World(rng.choice(k, items, p=PREVALENCE), rng.random(items) < hard, raters, rng)


def first_labels(made: World) -> tuple[aggregation.Consensus, NDArray[np.bool_]]:
    """The consensus of the first labels, and who has judged what."""
    n = len(made.truth)
    who = np.argsort(made.rng.random((n, RATERS)), axis=1)[:, :EACH]
    item = np.repeat(np.arange(n), EACH)
    said = made.says(made.raters[who.ravel()], item, 0.6)
    frame = pd.DataFrame({"item_id": [f"i{i:04d}" for i in item], "rater_id": [f"r{w:02d}" for w in who.ravel()],
                          "label": said.astype(str)})  # fmt: skip
    judged = np.zeros((n, RATERS), bool)
    judged[item, who.ravel()] = True
    j = as_judgments(frame, scale=["0", "1", "2"])
    return aggregation.dawid_skene(j, options=aggregation.EMOptions(smoothing=0.5)), judged


def adjudicated(made: World, p: Array, items: NDArray[np.int64]) -> tuple[float, float]:
    """Error rate and cost an item after an adjudicator has seen some items."""
    p = p.copy()
    p[items] *= accurate(ADJUDICATOR)[:, made.says(accurate(ADJUDICATOR), items, 0.85)].T
    return float((p.argmax(1) != made.truth).mean()), PRICES["adjudicator"] * len(items) / len(p)


def routed(
    made: World, consensus: aggregation.Consensus, judged: NDArray[np.bool_], budget: float
) -> tuple[float, float]:
    """Error rate and cost an item when each look goes where it is worth most."""
    judged = judged.copy()
    table = consensus.probabilities.copy()
    names = np.array(table.index)
    pool = adjudication.rater_source(consensus, price=PRICES["another rater"])
    known, _ = pool.tables(table.shape[1])
    seen: dict[str, set[str]] = {"adjudicator": set(), "model": set()}
    left = total = budget * len(names)
    for _ in range(8):
        sources = [pool, LabelSource("adjudicator", PRICES["adjudicator"], ADJUDICATOR, seen=seen["adjudicator"]),
                   LabelSource("model", PRICES["model"], MODEL, seen=seen["model"])]  # fmt: skip
        queue = adjudication.route(table, sources, error_cost=ERROR_COST).queue(budget=min(left, total / 3))
        if queue.empty:
            break
        left = max(left - float(queue["price"].sum()), 0.0)
        p = table.to_numpy(copy=True)
        for name, part in queue.groupby("next"):
            at = np.searchsorted(names, part["item_id"])
            if name == pool.name:
                who = np.where(judged[at], -1.0, made.rng.random(judged[at].shape)).argmax(1)
                judged[at, who] = True
                p[at] *= known[who, :, made.says(made.raters[who], at, 0.6)]
            else:
                seen[name] |= set(part["item_id"])
                table_of, easier = (accurate(ADJUDICATOR), 0.85) if name == "adjudicator" else (accurate(MODEL), 0.7)
                p[at] *= table_of[:, made.says(table_of, at, easier)].T
        table = pd.DataFrame(p / p.sum(1, keepdims=True), index=table.index, columns=table.columns)
    return float((table.to_numpy().argmax(1) != made.truth).mean()), (total - left) / len(names)


def one_round(
    scenario: str, items: int, budgets: Sequence[float], rng: np.random.Generator
) -> Iterator[tuple[str, float, float, float]]:
    """Policy, budget, error rate and cost."""
    made = world(items, SCENARIOS[scenario], rng)
    consensus, judged = first_labels(made)
    p = consensus.probabilities.to_numpy()
    margin = np.argsort(np.diff(np.sort(p, axis=1)[:, -2:], axis=1)[:, 0], kind="stable")
    yield "none", 0.0, float((p.argmax(1) != made.truth).mean()), 0.0
    yield "all", PRICES["adjudicator"], *adjudicated(made, p, np.arange(items))
    for budget in budgets:
        few = int(budget * items / PRICES["adjudicator"])
        yield "random", budget, *adjudicated(made, p, rng.permutation(items)[:few])
        yield "margin", budget, *adjudicated(made, p, margin[:few])
        yield "value", budget, *routed(made, consensus, judged, budget)


def run(
    rounds: int = 40,
    items: int = 400,
    seed: int = 20265,
    budgets: Sequence[float] = BUDGETS,
    scenarios: Sequence[str] = tuple(SCENARIOS),
) -> pd.DataFrame:
    """One row a scenario, policy and budget: error rate and cost an item, and their sum in money."""
    rng = np.random.default_rng(seed)
    rows = [(scenario, *row) for scenario in scenarios for _ in range(rounds)
            for row in one_round(scenario, items, budgets, rng)]  # fmt: skip
    whole = pd.DataFrame(rows, columns=["scenario", "policy", "budget", "error", "cost"])
    whole["total"] = whole["error"] * ERROR_COST + whole["cost"]
    made = []
    for (scenario, policy, budget), part in whole.groupby(["scenario", "policy", "budget"], sort=False):
        row = {"scenario": scenario, "policy": policy, "budget": budget, "rounds": len(part)}
        for column in ("error", "cost", "total"):
            half = 1.96 * part[column].std(ddof=1) / len(part) ** 0.5
            middle = part[column].mean()
            row |= {column: middle, f"{column}_low": middle - half, f"{column}_high": middle + half}
        made.append(row)
    return pd.DataFrame(made).round(5)


def main() -> None:
    target = Path(__file__).parent / "results" / "study_adjudication.csv"
    text = run().to_csv(index=False)
    target.write_text("# made by: python benchmarks/study_adjudication.py\n" + text, encoding="utf-8")
    print(f"wrote {target.name}", file=sys.stderr)


if __name__ == "__main__":
    main()
