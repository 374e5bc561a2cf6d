"""Resampling whole people, whose judgments or times are alike."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats


def widening(people: int, confidence: float) -> float:
    """Compute how much too short the percentile interval of so few people is: Student's t, and n - 1 for n.

    Examples
    --------
    >>> round(widening(5, 0.95), 2), round(widening(500, 0.95), 2)
    (1.58, 1.0)
    """
    tail = (1 + confidence) / 2
    return float(stats.t.ppf(tail, people - 1) / stats.norm.ppf(tail) * np.sqrt(people / (people - 1)))


def drawn_people(rng: np.random.Generator, people: int, replicates: int) -> NDArray:
    """Draw how often each of the people stands in each bootstrap sample of as many, shape (replicates, people).

    Examples
    --------
    >>> drawn_people(np.random.default_rng(0), 4, 3).sum(axis=1).tolist()
    [4, 4, 4]
    """
    return rng.multinomial(people, np.full(people, 1 / people), replicates)
