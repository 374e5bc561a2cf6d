"""Brute force from the definitions, one loop a sentence; slow and independent of the package."""

import math
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, permutations
from math import log

import numpy as np
from scipy import optimize

Row = tuple[str, str, float]  # item, rater, label


def by_item(rows: Sequence[Row]) -> dict[str, list[float]]:
    made: dict[str, list[float]] = {}
    for item, _, label in rows:
        made.setdefault(item, []).append(label)
    return made


def raw_agreement(rows: Sequence[Row]) -> float:
    """Mean over items of the share of pairs of judgments with the same label."""
    shares = []
    for labels in by_item(rows).values():
        pairs = list(combinations(labels, 2))
        if pairs:
            shares.append(sum(a == b for a, b in pairs) / len(pairs))
    return sum(shares) / len(shares)


def prevalence(rows: Sequence[Row]) -> dict[float, float]:
    items = by_item(rows)
    shares: Counter[float] = Counter()
    for labels in items.values():
        for label in labels:
            shares[label] += 1 / len(labels) / len(items)
    return dict(shares)


def fleiss(rows: Sequence[Row]) -> float:
    chance = sum(p**2 for p in prevalence(rows).values())
    return (raw_agreement(rows) - chance) / (1 - chance)


def ac1(rows: Sequence[Row], q: int) -> float:
    chance = sum(p * (1 - p) for p in prevalence(rows).values()) / (q - 1)
    return (raw_agreement(rows) - chance) / (1 - chance)


def brennan_prediger(rows: Sequence[Row], q: int) -> float:
    return (raw_agreement(rows) - 1 / q) / (1 - 1 / q)


def distance(level: str, used: Sequence[float]) -> Callable[[float, float], float]:
    counts = Counter(used)

    def ordinal(a: float, b: float) -> float:
        low, high = min(a, b), max(a, b)
        between = sum(n for label, n in counts.items() if low <= label <= high)
        return (between - (counts[a] + counts[b]) / 2) ** 2

    return {
        "nominal": lambda a, b: float(a != b),
        "ordinal": ordinal,
        "interval": lambda a, b: (a - b) ** 2,
        "ratio": lambda a, b: ((a - b) / (a + b)) ** 2 if a + b else 0.0,
    }[level]


def alpha(rows: Sequence[Row], level: str = "nominal") -> float:
    """1 - mean disagreement within items over mean disagreement among all pairable judgments."""
    units = [labels for labels in by_item(rows).values() if len(labels) > 1]
    used = [label for labels in units for label in labels]
    d, n = distance(level, used), len(used)
    within = sum(sum(d(a, b) for a, b in permutations(labels, 2)) / (len(labels) - 1) for labels in units) / n
    among = sum(d(a, b) for a, b in permutations(used, 2)) / (n * (n - 1))
    return 1 - within / among


def alpha_with(rows: Sequence[Row], d: Callable[[object, object], float]) -> float:
    """Alpha with any distance."""
    units = [labels for labels in by_item(rows).values() if len(labels) > 1]
    used = [label for labels in units for label in labels]
    n = len(used)
    within = sum(sum(d(a, b) for a, b in permutations(labels, 2)) / (len(labels) - 1) for labels in units) / n
    return 1 - within / (sum(d(a, b) for a, b in permutations(used, 2)) / (n * (n - 1)))


def set_distance(kind: str) -> Callable[[object, object], float]:
    """Passonneau (2006), on texts of answers separated by a bar."""

    def d(a: object, b: object) -> float:
        x, y = set(str(a).split("|")), set(str(b).split("|"))
        likeness = len(x & y) / len(x | y)
        if kind == "jaccard":
            return 1 - likeness
        if x == y:
            return 0.0
        return 1 - likeness * (2 / 3 if x <= y or y <= x else 1 / 3 if x & y else 0)

    return d


def weight(kind: str, labels: Sequence[float]) -> Callable[[float, float], float]:
    """Weights as the R package irrCAC writes them; sets are those of one label."""
    low, high, q = min(labels), max(labels), len(labels)

    def ratio(a: float, b: float) -> float:
        return ((a - b) / (a + b)) ** 2 if a + b else 0.0

    def around(a: float, b: float) -> float:
        return math.sin(math.pi * (a - b) / (high - low + 1)) ** 2

    most = max(around(a, b) for a in labels for b in labels)
    return {
        "linear": lambda a, b: 1 - abs(a - b) / (high - low),
        "quadratic": lambda a, b: 1 - (a - b) ** 2 / (high - low) ** 2,
        "radical": lambda a, b: 1 - math.sqrt(abs(a - b)) / math.sqrt(high - low),
        "ordinal": lambda a, b: 1 - math.comb(int(abs(a - b)) + 1, 2) / math.comb(q, 2),
        "ratio": lambda a, b: 1 - ratio(a, b) / max(ratio(x, y) for x in labels for y in labels),
        "circular": lambda a, b: 1 - around(a, b) / most,
    }.get(kind, lambda a, b: float(a == b))


def weighted_agreement(rows: Sequence[Row], w: Callable[[float, float], float]) -> float:
    shares = []
    for labels in by_item(rows).values():
        pairs = list(combinations(labels, 2))
        if pairs:
            shares.append(sum(w(a, b) for a, b in pairs) / len(pairs))
    return sum(shares) / len(shares)


def weighted_fleiss(rows: Sequence[Row], w: Callable[[float, float], float]) -> float:
    p = prevalence(rows)
    chance = sum(w(a, b) * p[a] * p[b] for a in p for b in p)
    return (weighted_agreement(rows, w) - chance) / (1 - chance)


def ac2(rows: Sequence[Row], w: Callable[[float, float], float], labels: Sequence[float]) -> float:
    q, p = len(labels), prevalence(rows)
    total = sum(w(a, b) for a in labels for b in labels)
    chance = total / (q * (q - 1)) * sum(x * (1 - x) for x in p.values())
    return (weighted_agreement(rows, w) - chance) / (1 - chance)


def specific(rows: Sequence[Row], label: float) -> float:
    """For every judgment that gives the label, the share of the item's other judgments that give it; their mean."""
    shares = []
    for labels in by_item(rows).values():
        for at, own in enumerate(labels):
            others = labels[:at] + labels[at + 1 :]
            if own == label and others:
                shares.append(sum(x == label for x in others) / len(others))
    return sum(shares) / len(shares)


def cohen(rows: Sequence[Row], a: str, b: str) -> float:
    given = {(item, rater): label for item, rater, label in rows}
    shared = [(given[i, a], given[i, b]) for i in by_item(rows) if (i, a) in given and (i, b) in given]
    n = len(shared)
    agree = sum(x == y for x, y in shared) / n
    first, second = Counter(x for x, _ in shared), Counter(y for _, y in shared)
    chance = sum(first[k] * second[k] for k in first) / n**2
    return (agree - chance) / (1 - chance)


def without(rows: Sequence[Row], rater: str) -> list[Row]:
    return [row for row in rows if row[1] != rater]


def reml(item: Sequence[int], rater: Sequence[int], y: Sequence[float]) -> tuple[float, float, float]:
    """Variances of items, raters and the residual that maximize the restricted likelihood, with dense matrices."""
    parts = [np.equal.outer(np.asarray(code), np.asarray(code)).astype(float) for code in (item, rater)]
    n, ones, values = len(y), np.ones((len(y), 1)), np.asarray(y, float)

    def loss(logs: Sequence[float]) -> float:
        a, b, e = np.exp(logs)
        v = a * parts[0] + b * parts[1] + e * np.eye(n)
        inverse = np.linalg.inv(v)
        p = inverse - inverse @ ones @ np.linalg.inv(ones.T @ inverse @ ones) @ ones.T @ inverse
        return float(np.linalg.slogdet(v)[1] + np.log((ones.T @ inverse @ ones)[0, 0]) + values @ p @ values)

    start = np.log(np.full(3, values.var() / 3))
    options = {"xatol": 1e-6, "fatol": 1e-9, "maxiter": 2000}
    a, b, e = np.exp(optimize.minimize(loss, start, method="Nelder-Mead", options=options).x)
    return float(a), float(b), float(e)


def quadratic_forms(item: Sequence[int], rater: Sequence[int], y: Sequence[float]) -> dict[str, tuple[float, dict]]:
    """Each fitting-constants sum of squares and its expectation, from dense projections and their traces."""
    zi, zr = (np.eye(max(code) + 1)[list(code)] for code in (item, rater))
    _, cell = np.unique(np.asarray(item) * (max(rater) + 1) + np.asarray(rater), return_inverse=True)
    zc, n = np.eye(cell.max() + 1)[cell], len(y)

    def onto(x: np.ndarray) -> np.ndarray:
        return x @ np.linalg.pinv(x)

    both = onto(np.hstack([zi, zr]))
    forms = {
        "residual": np.eye(n) - onto(zc), "cell": onto(zc) - both, "rater": both - onto(zi), "item": both - onto(zr)
    }  # fmt: skip
    factors = {"item": zi, "rater": zr, "cell": zc, "residual": np.eye(n)}
    values = np.asarray(y, float)
    return {
        name: (float(values @ m @ values), {f: float(np.trace(z.T @ m @ z)) for f, z in factors.items()})
        for name, m in forms.items()
    }


def three_way(y: np.ndarray) -> dict[str, float]:
    """Components of a complete items x raters x criteria table from its expected mean squares (Brennan 2001)."""
    n, r, c = y.shape
    grand = y.mean()
    i, j, k = y.mean((1, 2)) - grand, y.mean((0, 2)) - grand, y.mean((0, 1)) - grand
    ij = y.mean(2) - grand - i[:, None] - j
    ik = y.mean(1) - grand - i[:, None] - k
    jk = y.mean(0) - grand - j[:, None] - k
    rest = y - grand - i[:, None, None] - j[:, None] - k - ij[:, :, None] - ik[:, None, :] - jk
    ms = {
        "i": r * c * (i**2).sum() / (n - 1), "j": n * c * (j**2).sum() / (r - 1),
        "ij": c * (ij**2).sum() / ((n - 1) * (r - 1)), "ik": r * (ik**2).sum() / ((n - 1) * (c - 1)),
        "jk": n * (jk**2).sum() / ((r - 1) * (c - 1)), "e": (rest**2).sum() / ((n - 1) * (r - 1) * (c - 1)),
    }  # fmt: skip
    return {
        "item": (ms["i"] - ms["ij"] - ms["ik"] + ms["e"]) / (r * c),
        "rater": (ms["j"] - ms["ij"] - ms["jk"] + ms["e"]) / (n * c),
        "item_rater": (ms["ij"] - ms["e"]) / c,
        "item_criterion": (ms["ik"] - ms["e"]) / r,
        "rater_criterion": (ms["jk"] - ms["e"]) / n,
        "residual": ms["e"],
    }


def em(rows: Sequence[Row], labels: Sequence[float], rounds: int) -> tuple[dict, dict, dict, float]:
    """Dawid and Skene's maximization and expectation in turn, from shares of votes, as the paper writes it.

    Chances of the true label by item, prevalence, chances (rater, true, given), and the log-likelihood.
    """
    items, raters = list(dict.fromkeys(r[0] for r in rows)), sorted({r[1] for r in rows})
    times = Counter(rows)
    n = Counter(r[0] for r in rows)
    chance = {i: {k: sum(times[i, r, k] for r in raters) / n[i] for k in labels} for i in items}
    prior: dict = {}
    theta: dict = {}
    total = 0.0
    for _ in range(rounds):
        prior = {k: sum(chance[i][k] for i in items) / len(items) for k in labels}
        for r in raters:
            for k in labels:
                given = {m: sum(chance[i][k] * times[i, r, m] for i in items) for m in labels}
                every = sum(given.values())
                for m in labels:
                    theta[r, k, m] = given[m] / every if every > 0 else 1 / len(labels)
        total = 0.0
        for i in items:
            joint = {}
            for k in labels:
                product = prior[k]
                for r in raters:
                    for m in labels:
                        product *= theta[r, k, m] ** times[i, r, m]
                joint[k] = product
            whole = sum(joint.values())
            total += log(whole)
            chance[i] = {k: joint[k] / whole for k in labels}
    return chance, prior, theta, total


def compositions(n: int, parts: int) -> list[tuple[int, ...]]:
    """Every way to write n as a sum of so many whole numbers from 1 up."""
    if parts == 1:
        return [(n,)]
    return [(first, *rest) for first in range(1, n - parts + 2) for rest in compositions(n - first, parts - 1)]
