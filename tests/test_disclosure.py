"""Differencing attacks on the tables of one report: no small group follows from what is shown."""

from itertools import chain, combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import NotEstimable, reports
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
@settings(max_examples=20)
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


@pytest.mark.parametrize("audience", ["partner", "operations"])
def test_rows_about_single_items_are_for_operations(audience, capsys):
    report = reports.start("tiny", data=frame(), audience=audience)
    with report.section("S") as show:
        show.items(pd.DataFrame({"item_id": ["0"], "probability": [0.4321]}), caption="Queue")
    said = capsys.readouterr().out
    assert ("0.432" in said) == (audience == "operations")
    assert ("1 item is listed for operations only" in said) == (audience == "partner")


def unequal():
    """Items 0 to 9 by eight people; 10 and 11 by two of them; 12 by a model and one person."""
    rows = [(f"i{i}", f"p{r}", "x", "human") for i in range(10) for r in range(8)]
    rows += [(f"i{i}", f"p{r}", "x", "human") for i in (10, 11) for r in range(2)]
    rows += [("i12", "m", "x", "model"), ("i12", "p0", "x", "human")]
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"])


@pytest.mark.parametrize("audience", ["partner", "operations"])
def test_sets_of_items_are_shown_when_enough_people_labelled_them(audience, capsys):
    report = reports.start("tiny", data=unequal(), audience=audience)
    sets = [["i0", "i1"], ["i10"], ["i12"], ["unknown"]]
    table, drawn = pd.DataFrame({"clause": list("abcd"), "n": range(4)}), []
    with report.section("S") as show:
        kept = show.item_sets(table, sets, figure=lambda rows: drawn.append(len(rows)) or "drawn")
    said = capsys.readouterr().out
    if audience == "operations":
        assert (kept["clause"].tolist(), drawn) == (list("abcd"), [4])
    else:
        assert (kept["clause"].tolist(), drawn) == (["a"], [1])
        assert "3 rows are withheld" in said


def test_a_set_of_items_that_leaves_one_person_over_is_not_shown():
    report = reports.start("tiny", data=unequal(), audience="partner")
    assert report.cells.item_sets([[f"i{i}" for i in range(12)]]) == frozenset()


@pytest.mark.parametrize(("audience", "shown"), [("partner", False), ("operations", True)])
def test_a_report_about_a_part_of_few_people_shows_no_figure(audience, shown, capsys):
    table = frame().assign(round=["2" if v == "tiny" else "1" for v in frame()["vendor"]])
    report = reports.start("tiny", data=table, audience=audience)
    assert not report.too_few
    assert report.about(report.judgments.only(round="1")).n_raters == 12
    assert not report.too_few
    report.about(report.judgments.only(round="2"))
    assert report.too_few != shown
    with report.section("S") as show:
        show(pd.DataFrame({"label": ["x"], "share": [0.4321]}))
    assert ("0.432" in capsys.readouterr().out) == shown


def test_groups_are_ranked_among_those_shown():
    table = frame()
    partner, inside = (reports.start("tiny", data=table, audience=a) for a in ("partner", "operations"))
    assert set(inside.cells.of_shown(inside.judgments, "vendor").frame["vendor"]) == {"north", "south", "tiny"}
    with pytest.raises(NotEstimable, match="fewer than two of the groups"):
        partner.cells.of_shown(partner.judgments, "vendor")
    more = pd.concat(
        [table, table[table["vendor"] == "north"].assign(vendor=None, rater_id=lambda t: "o" + t["rater_id"])]
    )
    partner = reports.start("tiny", data=more, audience="partner")
    assert set(partner.cells.of_shown(partner.judgments, "vendor").frame["vendor"]) <= {"north", "south", None}
    whole = reports.start("tiny", data=table[table["vendor"] != "tiny"], audience="partner")
    assert whole.cells.of_shown(whole.judgments, "vendor") is whole.judgments


def test_a_table_is_drawn_from_the_rows_that_are_shown(capsys):
    report, drawn = reports.start("tiny", data=frame(), audience="partner"), []
    table = pd.DataFrame({"what": ["a", "b"], "value": [0.1, 0.777], "n_raters": [9, 2]})
    with report.section("S") as show:
        show(table, figure=lambda rows: drawn.append(rows["what"].tolist()) or "drawn")
    assert drawn == [["a"]]
    assert "0.777" not in capsys.readouterr().out
