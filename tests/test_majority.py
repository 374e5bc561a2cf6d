"""The one majority of the house."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import halo_methods as halo
from halo_methods import NotEstimable
from halo_methods.judgments.marking import majority


def frame(seed=0):
    rng = np.random.default_rng(seed)
    rows = [(f"i{i}", f"r{r}", "xyz"[rng.integers(3)]) for i in range(40) for r in range(5) if rng.random() < 0.8]
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])


@pytest.mark.parametrize("seed", range(5))
def test_every_label_that_nothing_beats_is_listed(seed):
    data = frame(seed)
    expected = []
    for item, labels in sorted(data.groupby("item_id")["label"]):
        counts = labels.value_counts()
        winners = sorted(counts.index[counts == counts.max()])
        expected += [(item, label, int(counts.max()), len(winners)) for label in winners]
    assert majority(data.sample(frac=1, random_state=seed)).rows() == expected


def test_rounds_count_together_and_other_stages_do_not_count():
    rows = [("a", "r", "x", "1", "label"), ("a", "r", "x", "2", "label"), ("a", "s", "y", "1", "label")]
    rows += [("a", who, "y", "1", "audit") for who in ("t", "u", "v")]
    data = pl.DataFrame(rows, schema=["item_id", "rater_id", "label", "round", "stage"], orient="row")
    assert majority(halo.as_judgments(data)).rows() == [("a", "x", 2, 1)]


def test_numbers_stay_numbers_and_criteria_are_refused():
    data = frame().assign(label=lambda f: f["label"].map({"x": "10", "y": "9", "z": "2"}))
    assert majority(halo.as_judgments(data, scale=(0, 10), level="interval")).schema["label"] == pl.Float64
    with pytest.raises(NotEstimable):
        majority(frame().assign(criterion=["tone", "style"] * (len(frame()) // 2) + ["tone"] * (len(frame()) % 2)))
