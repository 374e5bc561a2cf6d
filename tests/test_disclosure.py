"""Differencing attacks on the tables of one report: no small group follows from what is shown."""

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import reports
from halo_methods.reports.disclosure import Released


def attack(people, known, threshold):
    """Every set of fewer people whose sum follows from known sums, by brute force over their judgments' parts."""
    matrix = np.array(known, float)
    rank = np.linalg.matrix_rank(matrix)
    patterns, part = np.unique(matrix.T, axis=0, return_inverse=True)
    part = part.ravel()
    for chosen in chain.from_iterable(combinations(range(len(patterns)), n) for n in range(1, len(patterns) + 1)):
        target = np.isin(part, chosen)
        if 0 < len(set(people[target])) < threshold and np.linalg.matrix_rank(np.vstack([matrix, target])) == rank:
            return set(people[target])
    return None


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_no_small_group_follows_from_three_tables(seed):
    rng = np.random.default_rng(seed)
    people = np.repeat(np.arange(16), 3)
    vendor, locale = rng.integers(0, 3, 16)[people], rng.integers(0, 3, 16)[people]
    week = rng.integers(0, 2, 48)
    released = Released(people, 4)
    for keys in (vendor, locale, 3 * week + vendor):
        shown = released.choose({int(k): keys == k for k in np.unique(keys)})
        assert all(len(set(people[keys == k])) >= 4 for k in shown)
    assert attack(people, released.known, 4) is None


def test_the_attack_finds_what_an_open_report_gives_away():
    people = np.arange(13)
    vendor = np.repeat([0, 1, 2], [6, 5, 2])
    assert attack(people, [people >= 0, vendor == 0, vendor == 1], 5) == {11, 12}


def test_a_vendor_inside_a_locale_is_not_had_by_the_difference_of_two_tables():
    people = np.arange(20)
    vendor, locale = np.repeat([0, 1, 2], [6, 2, 12]), np.repeat([0, 1], [8, 12])
    released = Released(people, 5)
    assert released.choose({k: locale == k for k in (0, 1)}) == {0, 1}
    assert released.choose({k: vendor == k for k in (0, 1, 2)}) == {2}


def test_models_are_no_people():
    people = np.array([-1, -1, 0, 1, 2, 3, 4])
    cells = {"model": people < 0, "human": people >= 0}
    assert Released(people, 5).choose(cells) == {"model", "human"}


def frame():
    rows = []
    for vendor, size in {"north": 6, "south": 6, "tiny": 2}.items():
        rows += [(i, f"{vendor} {r}", "x", vendor, "fr-FR") for r in range(size) for i in range(4)]
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor", "locale"])


@pytest.mark.parametrize("audience", ["partner", "public", "rater", "operations"])
def test_groups_shows_what_the_audience_may_see(audience, capsys):
    report = reports.start("tiny", data=frame(), audience=audience)
    table = pd.DataFrame({"vendor": ["north", "south", "tiny"], "quality": [0.9, 0.8, 0.123]})
    pairs = pd.DataFrame({"a": ["north", "north"], "b": ["south", "tiny"], "difference": [0.1, 0.777]})
    drawn = []
    with report.section("S") as show:
        kept = show.groups(table, "vendor", figure=lambda t: drawn.append(len(t)) or "drawn")
        left = show.groups(pairs, "vendor", named_in=["a", "b"])
    said = capsys.readouterr().out
    if audience == "operations":
        assert (len(kept), len(left), drawn) == (3, 2, [3])
        assert "withheld" not in said
    else:
        assert (kept["vendor"].tolist(), len(left), drawn) == (["south"], 0, [1])
        assert "0.123" not in said
        assert "0.777" not in said
        assert "2 rows are withheld" in said


@pytest.mark.parametrize("audience", ["partner", "operations"])
def test_gates_about_groups_hide_small_ones(audience, capsys):
    from halo_methods.audit import proportion

    report = reports.start("tiny", data=frame(), audience=audience)
    given = {"north": proportion(90, 100), "south": proportion(80, 100), "tiny": proportion(1, 100)}
    with report.section("S", gates=["CAL-004"]) as show:
        made = show.gates("CAL-004", given, by="vendor")
    said = capsys.readouterr().out
    assert set(made) == (set(given) if audience == "operations" else {"south"})
    assert ("tiny" in said) == (audience == "operations")
    assert ("2 groups withheld" in said) == (audience == "partner")


def test_auditors_do_not_hide_a_small_vendor(capsys):
    more = frame().assign(stage="label")
    audits = pd.DataFrame([(i, f"q{i % 3}", "x", "house", "fr-FR", "audit") for i in range(4)], columns=more.columns)
    report = reports.start("tiny", data=pd.concat([more, audits]), audience="partner")
    table = pd.DataFrame({"vendor": ["north", "south"], "worse_than": ["tiny, south", ""]})
    with report.section("S") as show:
        kept = show.groups(table, "vendor")
        left = show.groups(pd.DataFrame({"vendor": ["south"], "worse_than": ["tiny, north, south"]}), "vendor")
    assert kept["vendor"].tolist() == ["south"]
    assert left["worse_than"].tolist() == ["withheld, withheld, south"]


def test_evidence_about_people_is_for_operations_only(capsys):
    table = pd.DataFrame({"rater_id": [f"north {n}" for n in range(6)], "ratio": [0.4321] * 6})
    for audience in ("partner", "operations"):
        report = reports.start("tiny", data=frame(), audience=audience)
        with report.section("S") as show:
            show.people(table, operations_only=True)
        said = capsys.readouterr().out
        assert ("0.432" in said) == (audience == "operations")
        assert "north" not in said
