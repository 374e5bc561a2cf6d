"""What the agreement chapter shows: printed tables, the truth of its sample, its counts and its pictures."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from samples.agreement import sample as agreement_sample

import halo_methods as halo
from halo_methods import agreement, plots, reports
from halo_methods.errors import BadOption, HaloError, NotEstimable


@pytest.fixture(scope="module")
def sample():
    return halo.read_judgments(reports.sample("agreement"), scale=["1", "2", "3", "4", "5"], level="ordinal")


def test_the_truth_is_the_limit():
    frame = agreement_sample(seed=3, items=3000, shared_by_all=0)
    j = halo.as_judgments(frame[frame["criterion"] == "helpfulness"], scale=list("12345"), level="ordinal")
    truth = reports.truth("agreement")
    alpha, raw = truth["alpha"]["helpfulness"], truth["raw_agreement"]["helpfulness"]
    found = agreement.by(j, "locale", over="items").table.set_index("locale")
    for locale in found.index:
        assert found.loc[locale, "value"] == pytest.approx(alpha[locale], abs=0.015)
        assert found.loc[locale, "raw_agreement"] == pytest.approx(raw[locale], abs=0.015)
    whole = agreement.krippendorff_alpha(j, over="items", replicates=100)
    assert whole.value == pytest.approx(alpha["all"], abs=0.01)
    labels = agreement.by_label(j, over="items").table.set_index("label")["value"]
    assert labels.to_dict() == pytest.approx(truth["label_agreement"], abs=0.03)


def test_intervals_of_specific_agreement_hold_the_truth():
    """For these eight raters the items are what is drawn anew."""
    truth = reports.truth("agreement")["label_agreement"]
    held: dict[str, list[bool]] = {"1": [], "2": [], "3": []}
    for seed in range(60):
        frame = agreement_sample(seed=seed)
        j = halo.as_judgments(frame[frame["criterion"] == "helpfulness"], scale=list("12345"), level="ordinal")
        for label, hits in held.items():
            e = agreement.specific_agreement(j, label, over="items", replicates=400)
            hits.append(e.low <= truth[label] <= e.high)
            assert not any("chance-corrected" in caution for caution in e.cautions)
    assert all(np.mean(hits) >= 0.85 for hits in held.values())


def test_one_criterion(sample):
    assert agreement.one_criterion(sample).frame["criterion"].unique().to_list() == ["helpfulness"]
    assert agreement.one_criterion(sample, "tone").frame["criterion"].unique().to_list() == ["tone"]
    more = halo.as_judgments(sample.frame[:-30].to_pandas(), level="nominal")
    assert agreement.one_criterion(more.only(criterion=["tone", "helpfulness"])).n_judgments == 1035
    with pytest.raises(NotEstimable, match="no judgment has criterion 'style'"):
        agreement.one_criterion(sample, "style")
    bare = halo.as_judgments(sample.frame.drop("criterion").unique(["item_id", "rater_id"]).to_pandas())
    assert agreement.one_criterion(bare) is bare
    with pytest.raises(NotEstimable, match="no column criterion"):
        agreement.one_criterion(bare, "tone")


def test_counts_are_what_a_loop_finds(sample):
    j = agreement.one_criterion(sample).where("item_id IN ('de01', 'fr02', 'pt03') OR rater_id = 'r1'")
    seen = {}
    for item, rater in j.frame.select("item_id", "rater_id").iter_rows():
        seen.setdefault(item, set()).add(rater)
    items = agreement.shared_items(j)
    assert items.value == items.low == items.high == sum(len(who) > 1 for who in seen.values())
    assert agreement.raters(j).value == len(set().union(*seen.values()))
    with pytest.raises(NotEstimable, match="two raters"):
        agreement.shared_items(j.only(rater_id="r1"))


def test_bridge_items_are_those_of_the_two_markets_that_share_fewest():
    rows = [(item, market) for market, items in (("fr", "abcd"), ("de", "abc"), ("es", "cdx")) for item in items]
    frame = pd.DataFrame(rows, columns=["item_id", "locale"]).assign(label=list("xyxyxyxyxy"), criterion="tone")
    frame["rater_id"] = "r-" + frame["locale"]
    found = agreement.bridge_items(frame)  # fr and de share 3, fr and es 2, de and es 1
    assert (found.value, found.exact) == (1, True)
    with pytest.raises(HaloError, match="criterion"):
        agreement.bridge_items(pd.concat([frame, frame.assign(criterion="fit")]))
    with pytest.raises(NotEstimable, match="vendor holds fewer than two values"):
        agreement.bridge_items(frame, by="vendor")


def test_estimates_are_those_of_the_table(sample):
    people = agreement.one_criterion(sample)
    groups = agreement.by(people, "locale")
    table = groups.table.set_index("locale")
    assert set(groups.estimates) == set(table.index)
    for name, e in groups.estimates.items():
        assert (e.value, e.low, e.high) == tuple(table.loc[name, ["value", "low", "high"]])


def test_the_kappas_that_feinstein_and_cicchetti_printed():
    """Kappas .70 and .32 with raw agreement .85; .13 and .26 with raw agreement .60."""
    j = halo.read_judgments(reports.sample("feinstein_cicchetti_1990"), level="nominal")
    table = agreement.side_by_side(j, "criterion")
    assert table["raw_agreement"].round(2).tolist() == [0.85, 0.85, 0.6, 0.6]
    kappas = [agreement.cohen_kappa(group, "A", "B").value for _, group in j.groups("criterion")]
    assert [round(k, 2) for k in kappas] == [0.7, 0.32, 0.13, 0.26]
    assert table["ac1"].iloc[1] > 0.8 > 0.32 > table["alpha"].iloc[1]


def test_agreement_by_prevalence_is_the_limit_of_a_simulation():
    """The values of the prevalence paradox, and two raters judging 200,000 items."""
    table = agreement.by_prevalence(0.9, np.array([0.5, 0.9])).round(2)
    assert table.to_numpy().tolist() == [[0.5, 0.82, 0.64, 0.64], [0.9, 0.82, 0.39, 0.74]]
    rng = np.random.default_rng(6)
    truth = rng.random(200_000) < 0.8
    labels = [np.where(rng.random(truth.size) < 0.85, truth, ~truth) for _ in range(2)]
    frame = pd.concat(
        pd.DataFrame({"item_id": np.arange(truth.size), "rater_id": who, "label": given.astype(int)})
        for who, given in zip("xy", labels, strict=True)
    )
    j = halo.as_judgments(frame.astype(str), level="nominal")
    expected = agreement.by_prevalence(0.85, np.array([0.8])).iloc[0]
    options = {"over": "items", "replicates": 100}
    assert agreement.percent_agreement(j, **options).value == pytest.approx(expected["raw_agreement"], abs=0.005)
    assert agreement.krippendorff_alpha(j, **options).value == pytest.approx(expected["alpha"], abs=0.01)
    assert agreement.gwet_ac(j, **options).value == pytest.approx(expected["ac1"], abs=0.01)
    with pytest.raises(BadOption, match="accuracy is 1"):
        agreement.by_prevalence(1)


def test_the_picture_of_coverage_shows_the_worst_cell_and_who_warned():
    table = pd.DataFrame(
        {"items": [20, 20, 50], "raters": [5, 5, 5], "coverage": [0.95, 0.88, 0.99], "warned": [0.0, 0.9, 0.0]}
    )
    said = plots.coverage(table, title="Held").alt
    assert "items 20, raters 5: 0.88 (below 0.93) warned" in said
    assert "items 50, raters 5: 0.99 (above 0.98)" in said
    assert "warned" not in plots.coverage(table.drop(columns="warned"), title="Held").alt
    assert plots.coverage(reports.study("coverage_agreement")).alt
    with pytest.raises(NotEstimable, match="no rows"):
        plots.coverage(table[:0])


def test_the_picture_of_peers():
    table = reports.study("peers_agreement")
    for question in table["question"].unique():
        assert "halo_methods" in plots.peers(table, question=question).alt
    with pytest.raises(NotEstimable, match="no rater answered 'speed'"):
        plots.peers(table, question="speed")


def test_a_page_shows_tables_and_figures(capsys):
    page = reports.page("How fast")
    page(plots.prevalence(agreement.by_prevalence()))
    page(pd.DataFrame({"a": [1]}))
    printed = capsys.readouterr().out
    assert "Figure: The same raters, another prevalence" in printed


@given(rows=st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from("xyz")), min_size=1, unique=True))
@settings(max_examples=30, deadline=None)
def test_the_share_with_two_labels_is_what_a_loop_finds(rows):
    frame = pd.DataFrame(rows, columns=["item_id", "rater_id"]).assign(label="good")
    raters = {}
    for item, rater in rows:
        raters.setdefault(item, set()).add(rater)
    found = agreement.overlap_share(frame)
    assert found.value == pytest.approx(np.mean([len(who) > 1 for who in raters.values()]))
    assert found.exact


def of_two(common, n=50):
    """Two raters on n items, so many of whose 2n judgments are one label."""
    labels = ["no"] * common + ["yes"] * (2 * n - common)
    rows = [(f"i{i}", rater, labels[i + n * k]) for k, rater in enumerate("ab") for i in range(n)]
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])


def test_alpha_decides_nothing_where_one_label_dominates():
    at_the_line = of_two(90)
    assert agreement.reliability(at_the_line).value == agreement.krippendorff_alpha(at_the_line).value
    with pytest.raises(NotEstimable, match="more than 90% of the judgments") as refused:
        agreement.reliability(of_two(91))
    assert "91" not in refused.value.public
    with pytest.raises(BadOption, match="dominant"):
        agreement.reliability(at_the_line, dominant=1.2)


def test_a_group_that_one_label_dominates_has_no_verdict():
    german, french = of_two(91).assign(locale="de-DE"), of_two(60).assign(locale="fr-FR")
    frame = pd.concat([german, french.assign(item_id="f" + french["item_id"])])
    groups = agreement.by(frame, "locale", measure=agreement.reliability)
    assert groups.unit == "Krippendorff's alpha"
    assert isinstance(groups.estimates["de-DE"], NotEstimable)
    assert groups.estimates["fr-FR"].value == agreement.krippendorff_alpha(of_two(60)).value
