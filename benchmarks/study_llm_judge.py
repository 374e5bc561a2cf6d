"""Write how often intervals of judged rates hold the truth, how wide they are, and how often tests of bias accuse.

OPENBLAS_NUM_THREADS=1 python benchmarks/study_llm_judge.py
"""

import sys
from pathlib import Path

import numpy as np
import pandas as pd

from halo_methods.llm_judge import consistency, corrected_rate, drivers, prediction_powered_mean
from halo_methods.stats.change import difference
from halo_methods.stats.two_phase import two_phase_rate

RESULTS = Path(__file__).resolve().parent / "results"
COLUMNS = ["item_id", "rater_id", "label", "rater_type"]
RUNS = 2000
# Share positive, labelled items, all items, sensitivity, specificity.
REGIMES = [
    (0.9, 50, 1000, 0.9, 0.85),
    (0.9, 100, 1000, 0.9, 0.85),
    (0.98, 200, 1000, 0.9, 0.85),
    (0.97, 100, 4000, 0.97, 0.47),
    (0.5, 100, 1000, 0.9, 0.85),
    (0.3, 200, 2000, 0.7, 0.7),
    (0.02, 200, 2000, 0.9, 0.95),
]


def drawn(rng, rate, n, sensitivity, specificity):
    """The truth of n items, and what a judge says of them."""
    truth = rng.random(n) < rate
    return truth, np.where(truth, rng.random(n) < sensitivity, rng.random(n) > specificity)


def at_random(runs, seed, rate, labelled, items, sensitivity, specificity):
    """Coverage and mean width of a rate corrected by a random part of the items."""
    rng, hit, width = np.random.default_rng(seed), 0, 0.0
    for _ in range(runs):
        truth, found = drawn(rng, rate, items, sensitivity, specificity)
        made = prediction_powered_mean(truth[:labelled], found[:labelled], found[labelled:])
        hit += made.low <= rate <= made.high
        width += made.high - made.low
    return hit / runs, width / runs


def by_truth(runs, seed, rate, labelled, items, sensitivity, specificity):
    """The same of Rogan and Gladen's correction, from the same labelled items; rounds with both kinds among them."""
    rng, hit, width, used = np.random.default_rng(seed), 0, 0.0, 0
    for _ in range(runs):
        truth, found = drawn(rng, rate, items, sensitivity, specificity)
        y, x = truth[:labelled], found[:labelled]
        if y.all() or not y.any() or x[y].mean() <= x[~y].mean():
            continue
        counts = {"sensitivity": (int(x[y].sum()), int(y.sum())), "specificity": (int((~x)[~y].sum()), int((~y).sum()))}
        made = corrected_rate(int(found[labelled:].sum()), items - labelled, **counts)
        used, hit, width = used + 1, hit + (made.low <= rate <= made.high), width + made.high - made.low
    return hit / used, width / used


def peoples_error(runs, seed, people=8, per_item=3, labelled=120, items=1000, rate=0.4):
    """Coverage over people who differ in strictness; and of the interval that takes their labels as the truth."""
    rng, hit, naive, width = np.random.default_rng(seed), 0, 0, 0.0
    target = rate * 0.8 + (1 - rate) * 0.1
    for _ in range(runs):
        truth, found = drawn(rng, rate, items, 0.85, 0.85)
        yes, no = rng.beta(16, 4, people), rng.beta(3, 27, people)
        item = np.repeat(rng.choice(items, labelled, replace=False), per_item)
        who = np.argsort(rng.random((labelled, people)), axis=1)[:, :per_item].ravel()
        y = (rng.random(item.size) < np.where(truth[item], yes[who], no[who])).astype(float)
        over, these = two_phase_rate(found.astype(int), item, y, who), two_phase_rate(found.astype(int), item, y)
        hit, naive = hit + (over.low <= target <= over.high), naive + (these.low <= target <= these.high)
        width += over.high - over.low
    return hit / runs, width / runs, naive / runs


def two_systems(runs, seed, labelled=150, items=1000):
    """Coverage of a difference where the judge is worse for one system: own labelled items, and one correction."""
    rng, own, pooled = np.random.default_rng(seed), 0, 0
    a, b = (0.30, 0.95, 0.95), (0.40, 0.65, 0.95)
    for _ in range(runs):
        of = [drawn(rng, rate, items, se, sp) for rate, se, sp in (a, b)]
        first, second = (prediction_powered_mean(t[:labelled], x[:labelled], x[labelled:]) for t, x in of)
        made = difference(first, second)
        own += made.low <= a[0] - b[0] <= made.high
        y, x = (np.r_[of[0][k][: labelled // 2], of[1][k][: labelled // 2]] for k in (0, 1))
        counts = {"sensitivity": (int(x[y].sum()), int(y.sum())), "specificity": (int((~x)[~y].sum()), int((~y).sum()))}
        one, other = (corrected_rate(int(found.sum()), items, **counts) for _, found in of)
        made = difference(one, other)
        pooled += made.low <= a[0] - b[0] <= made.high
    return own / runs, pooled / runs


def asked_again(seed, pull=0.0, items=120, keep=0.8):
    """A judge that sees each pair in both orders and, with chance ``pull``, takes what stands first."""
    rng = np.random.default_rng(seed)
    wins = rng.integers(0, 2, items)
    rows = []
    for n in (0, 1):
        own = np.where(rng.random(items) < keep, wins, rng.integers(0, 2, items))
        label = np.where(rng.random(items) < pull, n, own)
        rows += [(f"i{i}", "m", "ab"[x], "model", str(n), "ab"[n]) for i, x in enumerate(label)]
    return pd.DataFrame(rows, columns=[*COLUMNS, "round", "first"])


def pulled(seed, verbosity=0.0, own=0.0, items=300, clusters=60):
    """A judge whose chance to say yes follows the truth, and the length or its own authorship by as much."""
    rng = np.random.default_rng(seed)
    truth = rng.random(items) < 0.5
    length, author = rng.normal(size=items), rng.random(items) < 0.3
    drift = rng.normal(0, 0.05, clusters)[np.arange(items) % clusters]
    chance = np.clip(np.where(truth, 0.8, 0.2) + verbosity * length + own * author + drift, 0, 1)
    labels = {"m": rng.random(items) < chance, "r": rng.random(items) < np.where(truth, 0.85, 0.15)}
    rows = [
        (f"i{i}", who, "ny"[int(x[i])], "model" if who == "m" else "human", length[i], "ny"[int(author[i])],
         f"c{i % clusters}")
        for who, x in labels.items() for i in range(items)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=[*COLUMNS, "length", "own", "cluster"])


def accused_of_order(runs, seed, pull):
    """The share of judges whose interval of the place preferred leaves out one half."""
    found = [consistency(asked_again(seed + s, pull), across="first", first="first").first for s in range(runs)]
    return float(np.mean([e is not None and (e.low > 0.5 or e.high < 0.5) for e in found]))


def accused_of_pull(runs, seed, verbosity=0.0, own=0.0):
    """The shares of judges accused of liking length, and their own answers."""
    tables = [drivers(pulled(seed + s, verbosity, own), ["length", "own"], positive="y").table for s in range(runs)]
    return np.mean([(t["p_value"] < 0.05).to_numpy() for t in tables], axis=0)


def main(runs=RUNS):
    rows = []

    def add(what, case, figure, value, wanted=None):
        rows.append((what, case, figure, round(float(value), 4), wanted, runs))
        print(*rows[-1], sep="  ", flush=True)

    for number, regime in enumerate(REGIMES):
        rate, labelled, items, se, sp = regime
        case = f"{labelled} of {items} labelled, {rate:.0%} positive, judge {se:g}/{sp:g}"
        for what, measured in (("labelled at random", at_random), ("Rogan-Gladen", by_truth)):
            hit, width = measured(runs, number, *regime)
            add(what, case, "coverage", hit, 0.95)
            add(what, case, "mean width", width)
    for people in (5, 8, 16):
        hit, width, naive = peoples_error(runs, 20, people)
        case = f"120 of 1000 items labelled by 3 of {people} people who differ"
        add("over items and people", case, "coverage", hit, 0.95)
        add("over items and people", case, "mean width", width)
        add("people taken as right", case, "coverage", naive, 0.95)
    own, pooled = two_systems(runs, 30)
    case = "judge .95/.95 for one system, .65/.95 for the other"
    add("difference, own labels each", case, "coverage", own, 0.95)
    add("difference, one correction", case, "coverage", pooled, 0.95)
    few = max(runs // 4, 1)
    for pull in (0.0, 0.1, 0.2):
        add("position", f"120 pairs in both orders, pull {pull:g}", "share accused", accused_of_order(few, 1, pull))
    for verbosity, own in ((0.0, 0.0), (0.06, 0.12), (0.12, 0.25)):
        case = f"300 items in 60 clusters, pull {verbosity:g} per sd of length, {own:g} for own answers"
        of_length, of_own = accused_of_pull(few, 1, verbosity, own)
        add("verbosity", case, "share accused", of_length)
        add("self-preference", case, "share accused", of_own)
    table = pd.DataFrame(rows, columns=["what", "case", "figure", "value", "nominal", "runs"])
    if runs == RUNS:
        table.to_csv(RESULTS / "study_llm_judge.csv", index=False)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
