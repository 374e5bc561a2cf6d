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


def parts(audience):
    """Three vendors of 8, 9 and 7 people; of the first only two were checked, against gold, and they were wrong."""
    rows = []
    for vendor, size in {"north": 8, "south": 9, "west": 7}.items():
        for r in range(size):
            checked = vendor != "north" or r < 2
            label = "y" if vendor == "north" and r < 2 else "x"
            rows += [(f"{vendor}{r}-{i}", f"{vendor} {r}", label, "x" if checked else None, vendor) for i in range(6)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    return reports.start("tiny", data=table, audience=audience)


@pytest.mark.parametrize("audience", ["partner", "public", "operations"])
def test_a_group_is_as_large_as_the_people_its_figure_rests_on(audience, capsys):
    from halo_methods.audit import proportion, rows_audited
    from halo_methods.calibration import rows_on_gold
    from halo_methods.workforce import known_rows

    for checked in (known_rows, rows_on_gold, rows_audited):
        report = parts(audience)
        of = checked(report.judgments, *(["right"] if checked is known_rows else []))
        table = pd.DataFrame({"vendor": ["north", "south", "west"], "quality": [0.1234, 1.0, 1.0]})
        with report.section("S", gates=["CAL-004"]) as show:
            assert len(show.groups(table, "vendor")) == 3, "all the data of each are of enough people"
            kept = show.groups(table, "vendor", of=of)
            made = show.gates("CAL-004", {v: proportion(9, 10) for v in ("north", "south")}, by="vendor", of=of)
        said = capsys.readouterr().out
        if audience == "operations":
            assert (len(kept), len(made), said.count("0.123")) == (3, 2, 2)
        else:
            assert kept["vendor"].tolist() == ["south"], "with two of three the third would follow"
            assert set(made) == {"south"}
            assert said.count("0.123") == 1


def test_groups_are_counted_in_the_part_the_report_is_about():
    """In the last round two people of the vendor are left: their figure is the round's less those of the others."""
    first = frame().assign(round="1", vendor=lambda t: t["vendor"].replace("tiny", "west"))
    more = first[first["vendor"] == "north"].assign(vendor="west", rater_id=lambda t: "w" + t["rater_id"])
    table = pd.concat([first, more, first.assign(round="2", item_id=lambda t: t["item_id"] + 100)])
    for audience, shown in (("partner", {("south",)}), ("operations", {("north",), ("south",), ("west",)})):
        report = reports.start("tiny", data=table, audience=audience)
        assert len(report.cells.shown(["vendor"])) == 3
        report = reports.start("tiny", data=table, audience=audience)
        report.about(report.judgments.only(round="2"))
        assert report.cells.shown(["vendor"]) == shown


@pytest.mark.parametrize(("audience", "stops"), [("partner", True), ("operations", False)])
def test_a_figure_is_stopped_that_rests_on_few_or_leaves_few_over(audience, stops):
    report = parts(audience)
    frame_ = report.judgments.frame
    some, rest = (frame_.filter(frame_["vendor"] == v) for v in ("north", "south"))
    two = some.filter(some["gold"].is_not_null())
    report.may_tell_of([some])
    report.may_tell_of([])
    for people, among in (([two], ()), ([some, two], ()), ([frame_.join(two, on="item_id", how="anti")], [frame_])):
        if stops:
            with pytest.raises(NotEstimable, match="withheld"):
                report.may_tell_of(people, among=among)
        else:
            report.may_tell_of(people, among=among)
    report.may_tell_of([rest], among=[frame_])


@pytest.mark.parametrize("audience", ["partner", "operations"])
def test_two_groups_side_by_side_are_as_small_as_the_smaller(audience, capsys):
    """Two vendors of six share twenty checked items, which two people of one of them labelled."""
    from halo_methods import disagreement, workforce

    rows = [(f"i{i}", f"north {r}", "xy"[(i + r) % 2], "x", "north") for i in range(20) for r in range(6)]
    rows += [(f"i{i}", f"south {r}", "xy"[i % 2], "x", "south") for i in range(20) for r in range(2)]
    rows += [(f"s{i}", f"south {r}", "x", "x", "south") for i in range(20) for r in range(2, 6)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    report = reports.start("tiny", data=table, audience=audience)
    j = report.judgments
    pairs = (workforce.comparisons(j).table, workforce.between(j), disagreement.between_groups(j, "vendor"))
    for made in pairs:
        assert made.attrs["fewest"] == [2]
        with report.section("S") as show:
            kept = show.groups(made, "vendor", named_in=["a", "b"])
        assert len(kept) == (audience == "operations")
    with report.section("S") as show:
        show(pd.DataFrame({"n": [0.4321]}).assign())
        one = pd.DataFrame({"n": [0.8765]})
        one.attrs["fewest"] = 2
        show(one)
    said = capsys.readouterr().out
    assert "0.432" in said
    assert ("0.876" in said) == (audience == "operations")


@pytest.mark.parametrize("audience", ["partner", "operations"])
def test_a_label_that_few_gave_is_not_shown(audience, capsys):
    rows = [(f"i{i}", f"p{r}", "xy"[(i + r) % 2]) for i in range(6) for r in range(8)]
    rows += [("i9", "p0", "rare"), ("i9", "p1", "rare")]
    report = reports.start("t", data=pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), audience=audience)
    counts = pd.DataFrame({"label": ["x", "y", "rare", "no single label"], "n": [24, 23, 271, 0]})
    pairs = pd.DataFrame({"a": ["x", "x"], "b": ["y", "rare"], "n": [8, 314]})
    with report.section("S") as show:
        kept = show.groups(counts, "label")
        left = show.groups(pairs, "label", named_in=["a", "b"])
        show("The label 'rare' was given on 1 item only.")
    said = capsys.readouterr().out
    if audience == "operations":
        assert (len(kept), len(left)) == (4, 2)
        assert said.count("rare") == 3
    else:
        assert "rare" not in kept["label"].tolist()
        assert "no single label" in kept["label"].tolist()
        assert not len(left) or left["b"].tolist() == ["y"]
        assert not {"rare", "271", "314"} & set(said.replace("'", " ").split())


def test_labels_that_are_numbers_are_found_in_their_column():
    rows = [(f"i{i}", f"p{r}", str(1 + (i + r) % 2)) for i in range(6) for r in range(8)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    report = reports.start("t", data=table, scale=(1, 5), level="interval", audience="partner")
    with report.section("S") as show:
        assert len(show.groups(pd.DataFrame({"label": ["1", "2"], "n": [24, 24]}), "label")) == 2


def test_counts_of_confusions_by_few_are_missing_and_cannot_be_had():
    from halo_methods import as_judgments, plots
    from halo_methods.calibration import confusion

    rows = [(f"i{i}", f"p{r}", "y" if i % 3 == 0 and r > 2 else "x", "x") for i in range(9) for r in range(9)]
    rows += [(f"j{i}", f"p{r}", "x" if (i, r) == (1, 0) else "y", "y") for i in range(9) for r in range(9)]
    j = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"]))
    assert confusion(j).loc["y", "x"] == 1
    made = confusion(j, least=5)
    assert made.isna().to_numpy().sum() == 2, "with one count missing it would follow from the total"
    assert pd.isna(made.loc["y", "x"])
    assert "x withheld" in plots.confusion(made).alt
    assert confusion(j, least=1).equals(confusion(j))


def test_where_a_group_works_does_not_tell_of_one_person(capsys):
    table = frame().assign(locale=lambda t: ["is-IS" if r == "north 0" else "fr-FR" for r in t["rater_id"]])
    table = table[table["vendor"] != "tiny"]
    works = pd.DataFrame({"vendor": ["north", "south"], "locale": ["fr-FR, is-IS", "fr-FR"], "locale_shared": [0.8, 1]})
    for audience in ("operations", "partner"):
        report = reports.start("tiny", data=table, audience=audience)
        with report.section("S") as show:
            show.groups(works, "vendor")
        said = capsys.readouterr().out
        assert ("is-IS" in said) == ("0.8" in said) == (audience == "operations")


@pytest.mark.parametrize("audience", ["partner", "public", "operations"])
def test_no_sentence_names_a_rater_or_a_small_group(audience, capsys):
    from halo_methods.audit import proportion

    table = frame().replace({"rater_id": {"north 0": "Anna Quist", "north 1": "anna quist"}})
    table.loc[table["vendor"] == "tiny", "locale"] = "is_IS"
    report = reports.start("tiny", data=table, where="rater_id <> 'south 0'", audience=audience)
    names = "raters 'Anna Quist' and 'north 3' judged no item of 'tiny' in common; there are Anna Quist, tiny"
    with report.section("S", gates=["CAL-004", "CAL-006"]) as show:
        show([names])
        show(pd.DataFrame({"remarks": [names]}))
        show.gate("CAL-006", proportion(90, 100).with_cautions(names))
        raise NotEstimable(names)
    said = capsys.readouterr().out + str(report) + str(report.provenance())
    assert "Quist" not in said
    assert "quist" not in said
    assert not {"north 3", "south 0"} & {said[m : m + 7] for m in range(len(said))}
    inside = audience == "operations"
    assert ("tiny" in said, "is_IS" in said, "is-IS" in said) == (inside, inside, inside)
    assert ("judged no item of" in said) is True


def test_what_stopped_a_report_about_few_is_not_told(capsys):
    table = frame()[lambda t: t["vendor"] == "tiny"]
    report = reports.start("tiny", data=table, audience="partner")
    with report.section("S", gates=["CAL-004"]):
        raise NotEstimable("every label is 4")
    assert "every label is 4" not in capsys.readouterr().out


def test_a_person_with_one_judgment_by_a_model_is_a_person():
    table = frame().assign(rater_type="human")
    table.loc[0, "rater_type"] = "model"
    table.loc[table["rater_id"] == "north 1", "rater_type"] = "model"
    report = reports.start("tiny", data=table, audience="operations")
    assert "north 0" in report.raters
    assert report.models == {"north 1"}
    assert report.name_of("north 0").startswith("R-")


def test_a_raters_name_that_is_also_a_label_is_left_in_sentences(capsys):
    table = frame().replace({"rater_id": {"north 0": "x"}})
    report = reports.start("tiny", data=table, audience="operations")
    with report.section("S") as show:
        show("the label 'x' was given")
    assert "the label 'x' was given" in capsys.readouterr().out


def test_alerts_about_single_raters_are_not_told(capsys):
    from halo_methods import as_judgments, drift, simulation

    j = as_judgments(simulation.drift_sample(), scale=["poor", "fair", "good"], level="ordinal")
    found = drift.causes(j, drift.onsets(j, None))
    single = found["cause"] == "drift of single raters"
    assert single.any()
    assert [n < 5 for n in found.attrs["fewest"]] == single.tolist()
    touched = dict.fromkeys(found["cause"], "CAL-033")
    for audience in ("partner", "operations"):
        report = reports.start("drift", data="drift", audience=audience)
        with report.section("S") as show:
            show(found[["at", "cause"]])
            show(drift.alerts(found, touched))
        said = capsys.readouterr().out
        assert ("drift of single raters" in said) == ("moved on the same items" in said) == (audience == "operations")
        assert "guideline change" in said


@pytest.mark.parametrize(("audience", "stops"), [("partner", True), ("operations", False)])
def test_how_one_auditor_fares_is_for_operations(audience, stops):
    from halo_methods.audit import auditors

    table = frame().assign(stage="label")
    audits = table[table["rater_id"] == "north 0"].assign(rater_id="auditor", stage="audit")
    report = reports.start("tiny", data=pd.concat([table, audits]), audience=audience)
    assert auditors(reports.start("tiny", data=frame(), audience=audience).judgments) == []
    if stops:
        with pytest.raises(NotEstimable, match="withheld"):
            report.may_tell_of(auditors(report.judgments))
    else:
        report.may_tell_of(auditors(report.judgments))


@pytest.mark.parametrize(("audience", "kept"), [("partner", 80), ("operations", 120)])
def test_noise_of_the_few_who_repeated_labels_is_not_told(audience, kept):
    from halo_methods.disagreement import repeats_of_enough, split

    rows = [(f"i{i}", f"p{r}", "xy"[(i + (r == 1)) % 2], "1") for i in range(10) for r in range(8)]
    rows += [(f"i{i}", f"p{r}", "xy"[(i + r + 1) % 2], "2") for i in range(10) for r in range(4)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "round"])
    report = reports.start("tiny", data=table, audience=audience)
    people = report.about(repeats_of_enough(report.judgments, report.least()))
    assert people.n_judgments == kept
    assert ("noise" in split(people).shares) == (audience == "operations")
