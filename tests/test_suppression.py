"""Differencing attacks on what one report shows: no figure about too few people follows from sums and differences."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods.reports.audience import Shown, judgments_of, one_person
from halo_methods.results import Basis
from halo_methods.stats.variance import basis_of_arrays


def attack(people, shown, threshold):
    """Fewer people than the threshold whose judgments alone carry a combination of the figures shown, by brute force.

    ``people`` is who made each judgment, ``shown`` one 0-1 row per figure: the judgments it sums. A set S is found
    out when some combination of the figures is zero on everybody else and not zero on S.
    """
    matrix = np.array(shown, float).reshape(len(shown), len(people))
    rank = np.linalg.matrix_rank(matrix) if len(matrix) else 0
    for few in combinations(sorted(set(people)), min(threshold - 1, len(set(people)))):
        others = matrix[:, ~np.isin(people, few)]
        if (np.linalg.matrix_rank(others) if others.size else 0) < rank:
            return set(few)
    return None


def basis(people, mask, measure="right"):
    return basis_of_arrays(people[mask], np.arange(len(people))[mask], measure)


def test_the_attack_finds_what_an_open_report_gives_away():
    people = np.array([f"p{n}" for n in range(13)])
    vendor = np.repeat([0, 1, 2], [6, 5, 2])
    assert attack(people, [vendor >= 0, vendor == 0, vendor == 1], 5) >= {"p11", "p12"}
    assert attack(people, [vendor >= 0], 5) is None


@given(st.integers(0, 10_000), st.integers(3, 5))
@settings(max_examples=40)
def test_no_small_group_follows_from_everything_shown(seed, threshold):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(6, 13))
    people = np.repeat([f"p{i}" for i in range(n)], rng.integers(1, 6, n))
    group = rng.integers(0, 4, n)[np.unique(people, return_inverse=True)[1]]
    stray = rng.random(len(people)) < 0.15
    group = np.where(stray, rng.integers(0, 5, len(people)), group)
    gold = rng.random(len(people)) < 0.7
    ledger, rows = Shown(threshold), []

    def whole(mask):
        if ledger.may_show(basis(people, mask)):
            rows.append(mask)

    def groups(mask):
        parts = {str(g): mask & (group == g) for g in np.unique(group[mask])}
        rows.extend(parts[g] for g in ledger.groups({g: basis(people, part) for g, part in parts.items()}))

    everything = np.ones(len(people), bool)
    steps = [lambda: whole(everything), lambda: groups(everything), lambda: whole(gold), lambda: groups(gold)]
    for step in rng.permutation(4):
        steps[step]()
    assert attack(people, rows, threshold) is None


@pytest.mark.parametrize("threshold", [3, 5, 10])
def test_the_smallest_group_shields_one_that_is_too_small(threshold):
    sizes = {"big": 2 * threshold, "next": threshold, "tiny": 1}
    bases = {g: Basis("right", {f"{g}{i}": 10 for i in range(n)}) for g, n in sizes.items()}
    assert Shown(threshold).groups(bases) == ["big"]
    del bases["tiny"]
    assert Shown(threshold).groups(bases) == ["big", "next"]


def test_a_group_that_most_judgments_of_one_person_make_is_not_shown():
    counts = {f"p{i}": 5 for i in range(4)} | {"first": 2000}
    assert not Shown(5).may_show(Basis("right", counts))
    assert Shown(5).may_show(Basis("right", dict.fromkeys(counts, 5)))


def test_spellings_of_one_name_are_one_person():
    names = ["ann", "Ann", "ANN", "a.nn", "ann_", "ａｎｎ"]
    assert {one_person(name) for name in names} == {"ann"}
    assert not Shown(5).may_show(Basis("right", dict.fromkeys(names, 3)))


def test_figures_of_experts_do_not_give_the_others_away():
    everybody, experts = {f"p{i}": 8 for i in range(8)}, {f"p{i}": 8 for i in range(6)}
    ledger = Shown(5)
    assert ledger.may_show(Basis("right", everybody))
    assert not ledger.may_show(Basis("right", experts))
    assert ledger.may_show(Basis("seconds", experts))


def test_models_are_no_people_and_nobody_is_fine():
    ledger = Shown(5, frozenset({"judge"}))
    assert ledger.may_show(Basis("right", {"judge": 100}))
    assert ledger.may_show(Basis("plan", {}))
    assert not ledger.may_show(None)
    assert judgments_of(Basis("right", {"judge": 100}), models=frozenset({"judge"})).is_empty()
