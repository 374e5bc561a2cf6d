"""One quantity has one answer, whichever chapter is asked."""

import json
import re

import numpy as np
import pandas as pd
import pytest

import halo_methods as halo
from halo_methods import NotEstimable, aggregation, audit, calibration, reports
from halo_methods.judgments.marking import majority
from halo_methods.reports import places
from halo_methods.standards.gates import verdict

BARS = (0.70, 0.75, 0.80, 0.85, 0.90)


def team(seed, raters=6, items=40):
    """Raters and items that differ, some cells missing, gold on every item."""
    rng = np.random.default_rng(seed)
    ability, ease = rng.normal(0.85, 0.07, raters), rng.normal(0, 0.08, items)
    rows = [
        (f"i{i}", f"r{r}", "x" if rng.random() < np.clip(ability[r] + ease[i], 0, 1) else "y", "x", f"v{r % 2}")
        for i in range(items)
        for r in range(raters)
        if rng.random() > 0.1
    ]
    return halo.as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))


@pytest.mark.parametrize("seed", range(40))
def test_accuracy_and_error_rate_are_one_estimate_with_one_verdict(seed):
    j = team(seed)
    right, wrong = calibration.accuracy(j), audit.error_rate(j)
    assert np.allclose([right.value, right.low, right.high], [1 - wrong.value, 1 - wrong.high, 1 - wrong.low])
    assert (right.n_items, right.n_raters, right.n_judgments) == (wrong.n_items, wrong.n_raters, wrong.n_judgments)
    for bar in BARS:
        at_least = verdict(right, bar, direction="at_least")
        at_most = verdict(wrong, round(1 - bar, 12), direction="at_most")
        assert at_least == at_most, bar


@pytest.mark.parametrize("reference", ["gold", "audit"])
def test_the_same_holds_against_gold_and_against_an_audit(reference):
    j = team(1)
    if reference == "audit":
        labels = j.to_pandas().assign(stage="label").drop(columns="gold")
        audits = labels.drop_duplicates("item_id").assign(rater_id="auditor", label="x", stage="audit")
        j = halo.as_judgments(pd.concat([labels, audits]))
    right, wrong = calibration.accuracy(j, reference=reference), audit.error_rate(j, reference=reference)
    assert np.isclose(right.value, 1 - wrong.value)
    assert np.isclose(right.low, 1 - wrong.high)


def test_groups_are_the_same_shares_in_both_chapters():
    j = team(2)
    right, wrong = calibration.accuracy_by(j, "vendor").estimates, audit.by_group(j, "vendor").estimates
    assert right.keys() == wrong.keys() == {"v0", "v1"}
    for group in right:
        assert np.isclose(right[group].low, 1 - wrong[group].high)


@pytest.mark.parametrize("name", reports.names())
def test_no_chapter_has_a_grouping_column_of_its_own(name):
    source = "\n".join(
        "".join(c["source"]) for c in json.loads(places.find(name).read_text("utf-8"))["cells"]
        if c["cell_type"] == "code" and "handbook" not in c["metadata"].get("tags", [])
    )  # fmt: skip
    assert not re.search(r"\.grouping\(|\bor \w+\.grouping|GROUPING", source)
    if re.search(r"^by = ", source, flags=re.MULTILINE):
        assert "by=by" in source


@pytest.mark.parametrize("seed", range(5))
def test_there_is_one_majority_and_one_accuracy_of_it(seed):
    j = team(seed, raters=4)
    consensus = aggregation.majority(j).decide(ties="share")
    winners = majority(j).group_by("item_id", maintain_order=True).agg("label")
    shared = consensus.labels.set_index("item_id")["label"].to_dict()
    assert {item: "|".join(labels) for item, labels in winners.iter_rows()} == shared
    one, other = consensus.gold_accuracy(), calibration.majority_accuracy(j).estimates["all items"]
    for field in ("value", "low", "high", "n_items", "n_raters", "n_judgments"):
        assert np.isclose(getattr(one, field), getattr(other, field)), field


def test_the_default_group_is_the_first_with_two_values():
    frame = team(3).to_pandas()
    assert halo.as_judgments(frame).default_group() == "vendor"
    frame = frame.assign(vendor="one", slice=frame["item_id"].str[-1], locale="fr-FR")
    assert halo.as_judgments(frame).default_group() == "slice"
    with pytest.raises(NotEstimable, match="vendor, locale, slice, queue, system"):
        halo.as_judgments(frame[["item_id", "rater_id", "label"]]).default_group()
