"""Brute force from the definitions, one loop a sentence; slow and independent of the package."""

from collections import Counter
from collections.abc import Callable, Sequence
from itertools import combinations, permutations

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
