"""What a reader outside operations may be shown: figures that rest on enough people, alone and in combination."""

import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..results import Basis

MOST_BY_ONE = 0.5


def one_person(identifier: str) -> str:
    """Return what look-alike identifiers of one person have in common: letters and digits, case and width folded.

    Examples
    --------
    >>> {one_person(name) for name in ("ann", "Ann", "a.nn", "ann_")}
    {'ann'}
    """
    folded = unicodedata.normalize("NFKC", identifier).casefold()
    return "".join(c for c in folded if c.isalnum()) or folded


def people_in(basis: Basis, *, models: frozenset[str] = frozenset()) -> Counter[str]:
    """Count the judgments of each person, look-alikes together, models left out.

    Examples
    --------
    >>> people_in(Basis("labels", {"ann": 2, "Ann": 1, "judge": 9}), models=frozenset({"judge"}))
    Counter({'ann': 3})
    """
    counts: Counter[str] = Counter()
    for rater, n in basis.judgments.items():
        if rater not in models and n:
            counts[one_person(rater)] += n
    return counts


def enough(counts: Mapping[str, int], threshold: int) -> bool:
    """Tell whether enough people stand behind a figure, and none of them gave more than half of the judgments."""
    return len(counts) >= threshold and max(counts.values()) <= MOST_BY_ONE * sum(counts.values())


@dataclass
class Shown:
    """The figures of one report that a reader has seen, by measure, and which further ones may join them.

    A further figure may be shown if what it rests on is enough people; if the
    judgments by which it differs from any figure shown are of nobody or of enough
    people; and, for groups, if what is left of any whole after all groups shown
    are taken off is of nobody or of enough people. Sums and differences of
    figures shown therefore never rest on fewer people than the threshold.

    Attributes
    ----------
    threshold : int
        The fewest people.
    models : frozenset of str
        Raters who are no people.
    """

    threshold: int
    models: frozenset[str] = frozenset()
    _figures: dict[str, list[Counter[str]]] = field(default_factory=dict)

    def may_show(self, basis: Basis | None) -> bool:
        """Tell whether one figure may be shown, and count it as shown if so."""
        if basis is None:
            return False
        counts = people_in(basis, models=self.models)
        if not counts:  # models only, or nobody
            return True
        earlier = self._figures.setdefault(basis.measure, [])
        if not enough(counts, self.threshold) or not all(self._apart(counts, other) for other in earlier):
            return False
        if counts not in earlier:
            earlier.append(counts)
        return True

    def groups(self, bases: Mapping[str, Basis | None]) -> list[str]:
        """Choose the groups of one partition that may be shown together, and count them as shown.

        Groups that are too small are left out, then the smallest of the others as
        long as the rest would follow by subtraction.

        Parameters
        ----------
        bases : mapping of str to Basis
            What the figure of each group rests on; the groups have no judgment in common.

        Returns
        -------
        list of str
            Their names, in the order given.
        """
        known = {name: basis for name, basis in bases.items() if basis is not None}
        if not known:
            return []
        measure = next(iter(known.values())).measure
        earlier = self._figures.setdefault(measure, [])
        counts = {name: people_in(basis, models=self.models) for name, basis in known.items()}
        whole = sum(counts.values(), Counter())
        wholes = [whole, *(figure for figure in earlier if set(whole) & set(figure))]
        shown = [
            name
            for name, c in counts.items()
            if enough(c, self.threshold) and all(self._apart(c, other) for other in wholes)
        ]
        while shown and not all(self._rest_is_safe(other, [counts[n] for n in shown]) for other in wholes):
            shown.remove(min(shown, key=lambda name: (len(counts[name]), sum(counts[name].values()), name)))
        earlier += [counts[name] for name in shown if counts[name] not in earlier]
        if shown and whole not in earlier:
            earlier.append(whole)
        return shown

    def _apart(self, a: Counter[str], b: Counter[str]) -> bool:
        """Whether the difference of two figures is of nobody or of enough people, or they share nobody."""
        if not set(a) & set(b):
            return True
        rest = Counter({person: abs(a[person] - b[person]) for person in {*a, *b} if a[person] != b[person]})
        return not rest or enough(rest, self.threshold)

    def _rest_is_safe(self, whole: Counter[str], parts: list[Counter[str]]) -> bool:
        taken = sum(parts, Counter())
        rest = Counter({p: abs(whole[p] - taken[p]) for p in {*whole, *taken} if whole[p] != taken[p]})
        return not rest or enough(rest, self.threshold)
