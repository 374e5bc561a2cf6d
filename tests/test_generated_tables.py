"""A fixed slice of the generated tables; the whole is benchmarks/study_generated_tables.py."""

import numpy as np
import pandas as pd
import pytest
from generated_tables import agreeing, answers, brute_force, tables
from hypothesis import HealthCheck, Phase, given, settings

from halo_methods import NotEstimable, as_judgments, disagreement, drift


@given(tables())
@settings(max_examples=10, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
def test_every_method_answers_within_what_can_be_or_says_why_not(table):
    said = answers(table)
    assert not said.faults
    assert said.estimates or said.refused


def test_brute_force_holds_the_truth_as_often_as_it_says():
    """Items with one pair of raters each: the share that agrees is .8."""
    held = 0
    for k in range(60):
        same = np.random.default_rng(k).random(60) < 0.8
        low, high = brute_force(np.where(same[:, None], [2.0, 0.0], [1.0, 1.0]), agreeing, 0.9)
        held += low <= 0.8 <= high
    assert 0.8 <= held / 60 <= 0.98
    assert brute_force(np.array([[2.0, 0.0]] * 20), agreeing, 0.9)[0] < 0.95


def frame(labels, rounds=None):
    rows = [(f"i{i}", f"r{r}", x) for i, row in enumerate(labels) for r, x in enumerate(row)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])
    return table if rounds is None else table.assign(round=rounds)


def test_labels_that_only_a_later_round_gave_leave_confusions_as_they_are():
    once = frame([["1", "2"], ["2", "2"], ["1", "3"]], "1")
    both = pd.concat([once, frame([["9", "9"]], "2")])
    options = {"level": "interval"}
    assert disagreement.confused_labels(as_judgments(both, **options)).equals(
        disagreement.confused_labels(as_judgments(once, **options))
    )


@pytest.mark.parametrize("labels", [["1e300", "2e300"], ["1e-200", "2e-200"]])
def test_labels_without_squares_are_refused_with_a_way_out(labels):
    j = as_judgments(frame([labels, labels[::-1], labels]), level="interval")
    for method in (disagreement.variance_components, disagreement.changes, disagreement.split):
        with pytest.raises(NotEstimable, match="common unit"):
            method(j)


def test_labels_that_are_one_number_are_refused_where_numbers_are_divided():
    j = as_judgments(frame([["100000000000000001", "100000000000000002"]] * 3), level="ordinal",
                     scale=["100000000000000001", "100000000000000002"])  # fmt: skip
    with pytest.raises(NotEstimable, match="one number at double precision"):
        disagreement.variance_components(j)


def test_a_label_may_be_named_as_the_number_it_is():
    j = as_judgments(frame([["1", "2"], ["2", "2"], ["1", "1"]]), level="interval")
    assert str(disagreement.variance_components(j, label=j.labels[0])) == str(
        disagreement.variance_components(j, label=str(j.labels[0]))
    )


def test_a_chart_that_can_never_signal_runs_for_ever():
    made = drift.normal_approximation(1, 0.9)
    assert np.isfinite(made["exact"][1])  # the other side still signals
    assert np.isinf(drift.normal_approximation(1, 0.5, k=1.1)["exact"]).all()
