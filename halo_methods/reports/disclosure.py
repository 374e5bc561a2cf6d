"""Which cells of a report's tables may be shown, so that no small group can be had by subtraction."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

MOST_COMBINED = 3
TOLERANCE = 1e-9


@dataclass
class Released:
    """The cells a report has shown so far to an audience outside operations.

    A cell is a set of judgments: those of one vendor, or of one vendor in one
    week. A reader who knows the sums of some cells knows every sum that is a
    linear combination of them, whatever tables they stand in; the whole table
    is always known, and so are further totals put into ``known`` at the start.
    Before more cells are shown, every part of the judgments that the cells can
    tell apart, and every union of up to three such parts, that belongs to at
    least one and fewer people than the threshold is tested: if its sum follows
    from what would be known, cells are held back, the smallest first.

    Attributes
    ----------
    people : ndarray of int
        For each judgment the number of its rater; -1 for a model.
    threshold : int
        The smallest group shown, in people.

    Examples
    --------
    >>> people = np.repeat(np.arange(13), 2)
    >>> vendor = np.repeat(["a"] * 6 + ["b"] * 5 + ["c"] * 2, 2)
    >>> sorted(Released(people, 5).choose({v: vendor == v for v in "abc"}))
    ['a']
    """

    people: NDArray
    threshold: int
    known: list[NDArray] = field(default_factory=list)

    def choose(self, cells: Mapping[Hashable, ArrayLike]) -> frozenset[Hashable]:
        """The cells that may be shown, from now on known.

        Parameters
        ----------
        cells : mapping of name to boolean array
            For each cell, which judgments are in it. Cells without people
            (models only) are always shown.
        """
        masks = {name: np.asarray(mask, bool) & (self.people >= 0) for name, mask in cells.items()}
        sizes = {name: len(np.unique(self.people[mask])) for name, mask in masks.items()}
        free = {name for name, size in sizes.items() if size == 0}
        shown = sorted((n for n, size in sizes.items() if size >= self.threshold), key=lambda n: (sizes[n], str(n)))
        base = self.known or [self.people >= 0]
        while shown and self._discloses(base, [masks[n] for n in shown]):
            shown = shown[1:]
        self.known = [*base, *(masks[n] for n in shown)]
        return frozenset(free | set(shown))

    def _discloses(self, base: list[NDArray], more: list[NDArray]) -> bool:
        """Whether the sum of some small part follows from the sums of all these cells, and not from the base alone."""
        known = np.array([*base, *more])
        patterns, part = np.unique(known.T, axis=0, return_inverse=True)
        part = part.ravel()
        members = [frozenset(self.people[part == n].tolist()) - {-1} for n in range(len(patterns))]
        beyond, before = _beyond(patterns.T), _beyond(patterns.T[: len(base)])
        small = [n for n, who in enumerate(members) if 0 < len(who) < self.threshold]
        for count in range(1, MOST_COMBINED + 1):
            for chosen in map(list, combinations(small, count)):
                if len(frozenset().union(*(members[n] for n in chosen))) >= self.threshold:
                    continue
                if _follows(beyond, chosen) and not _follows(before, chosen):
                    return True
        return False


def _beyond(cells: NDArray) -> NDArray:
    """A basis of what the sums of these cells leave open, one row a part."""
    _, size, vectors = np.linalg.svd(cells.astype(float), full_matrices=True)
    return vectors[int((size > TOLERANCE * max(size.max(initial=0), 1)).sum()) :].T


def _follows(beyond: NDArray, parts: list[int]) -> bool:
    return bool((np.abs(beyond[parts].sum(axis=0)) < 1e-7).all())
