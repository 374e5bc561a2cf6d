"""Aggregation against published values, a slow oracle, planted truths and planted copiers."""

import numpy as np
import oracles
import pandas as pd
import pytest

from halo_methods import aggregation, as_judgments, read_judgments
from halo_methods.errors import BadOption, HaloError, NotEstimable


def table(rows, **options):
    return as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]), **options)


@pytest.fixture(scope="module")
def anaesthetists(root):
    return read_judgments(root / "data" / "samples" / "dawid_skene_1979.csv")


LABELS_1979 = "142222132243121111222222112111131224233111212"


def test_dawid_and_skene_1979(anaesthetists):
    made = aggregation.dawid_skene(anaesthetists)
    assert made.converged
    assert "".join(made.labels["label"]) == LABELS_1979
    assert [round(p, 4) for p in made.prevalence.values()] == [0.3996, 0.422, 0.1118, 0.0667]
    assert made.log_likelihood == pytest.approx(-192.8909, abs=1e-4)
    assert (made.n_items, made.n_raters, made.n_judgments) == (45, 5, 315)
    unsure = made.labels[made.labels["probability"] < 0.99]
    assert unsure["item_id"].tolist() == ["7", "35", "38"]
    shown = made.probabilities.loc[unsure["item_id"]].round(3).to_numpy().tolist()
    assert shown == [[0.981, 0.019, 0, 0], [0, 0.948, 0.052, 0], [0, 0.021, 0.979, 0]]


ERROR_RATES_1979 = {
    "1": [[0.889, 0.111, 0, 0], [0.071, 0.876, 0.053, 0], [0, 0.339, 0.661, 0], [0, 0, 0.556, 0.444]],
    "2": [[0.834, 0.166, 0, 0], [0.053, 0.633, 0.314, 0], [0, 0, 1, 0], [0, 0, 0, 1]],
    "3": [[1, 0, 0, 0], [0.106, 0.788, 0.105, 0], [0, 0.404, 0.199, 0.398], [0, 0, 0.667, 0.333]],
    "4": [[0.944, 0.056, 0, 0], [0.054, 0.843, 0.104, 0], [0, 0, 0.801, 0.199], [0, 0, 0.333, 0.667]],
    "5": [[1, 0, 0, 0], [0.159, 0.735, 0.106, 0], [0, 0.209, 0.791, 0], [0, 0, 0.333, 0.667]],
}


@pytest.mark.parametrize("observer", ERROR_RATES_1979)
def test_error_rates_of_1979(anaesthetists, observer):
    made = aggregation.dawid_skene(anaesthetists).confusion
    rates = made[made["rater_id"] == observer]["probability"].to_numpy().reshape(4, 4)
    np.testing.assert_allclose(rates, ERROR_RATES_1979[observer], atol=6e-4)


def test_majority_of_1979_differs_where_the_paper_says(anaesthetists):
    made = aggregation.majority(anaesthetists, ties="first")
    assert made.no_consensus == {"tie": 1}
    differs = {n + 1: (a, b) for n, (a, b) in enumerate(zip(made.labels["label"], LABELS_1979, strict=True)) if a != b}
    assert differs == {2: ("3", "4"), 12: ("2", "3"), 36: ("3", "4")}


def test_dawid_skene_is_the_slow_oracle(anaesthetists):
    rows = [(i, r, label) for i, r, label in anaesthetists.frame.select("item_id", "rater_id", "label").iter_rows()]
    chance, prior, theta, total = oracles.em(rows, list("1234"), 7)
    made = aggregation.dawid_skene(anaesthetists, max_iterations=7, tolerance=0)
    assert made.log_likelihood == pytest.approx(total, abs=1e-9)
    assert made.prevalence == pytest.approx(prior, abs=1e-12)
    wanted = [[chance[i][k] for k in "1234"] for i in made.probabilities.index]
    np.testing.assert_allclose(made.probabilities.to_numpy(), wanted, atol=1e-10)
    for row in made.confusion.itertuples():
        assert row.probability == pytest.approx(theta[row.rater_id, row.true, row.given], abs=1e-10)


def test_not_converging_is_said(anaesthetists):
    made = aggregation.dawid_skene(anaesthetists, max_iterations=3)
    assert not made.converged
    assert made.iterations == 3
    assert "Not converged after 3 rounds" in made.cautions[0]


def test_ties_are_never_settled_in_silence():
    rows = [
        ("a", "r1", "x"),
        ("a", "r2", "y"),
        ("b", "r1", "y"),
        ("b", "r2", "y"),
        ("c", "r1", "x|z"),
        ("c", "r2", "y"),
    ]
    j = table(rows)
    assert aggregation.majority(j).labels["label"].isna().tolist() == [True, False, True]
    assert aggregation.majority(j, ties="first").labels["label"].tolist() == ["x", "y", "x|z"]
    shared = aggregation.majority(j, ties="share").labels
    assert shared["label"].tolist() == ["x|y", "y", "x||z|y"]
    assert shared["settled"].tolist() == ["tie", "consensus", "tie"]
    with pytest.raises(BadOption):
        aggregation.majority(j, ties="alphabet")


def test_no_consensus_is_counted_with_its_reason():
    rows = [("a", f"r{r}", "xxxxy"[r]) for r in range(5)] + [("b", f"r{r}", "xxxyy"[r]) for r in range(5)]
    rows += [("c", f"r{r}", "xxyyz"[r]) for r in range(5)]
    j = table(rows)
    made = aggregation.majority(j, least=0.5, margin=0.4)
    assert made.labels["settled"].tolist() == ["consensus", "small margin", "low probability"]
    assert made.no_consensus == {"small margin": 1, "low probability": 1}
    assert made.labels["label"].isna().tolist() == [False, True, True]


def test_weights_decide():
    j = table([("a", "r1", "x"), ("a", "r2", "x"), ("a", "r3", "y")])
    made = aggregation.weighted_majority(j, weights={"r1": 1, "r2": 1, "r3": 2})
    assert made.no_consensus == {"tie": 1}
    with pytest.raises(HaloError, match="1 of 3 raters have no weight"):
        aggregation.weighted_majority(j, weights={"r1": 1, "r2": 1})
    with pytest.raises(HaloError, match="only raters of weight 0"):
        aggregation.weighted_majority(j, weights={"r1": 0, "r2": 0, "r3": 0})


def test_too_many_labels_are_refused():
    with pytest.raises(NotEstimable, match="300 different labels"):
        aggregation.dawid_skene(table([(f"i{n}", "r", f"l{n}") for n in range(300)]))
