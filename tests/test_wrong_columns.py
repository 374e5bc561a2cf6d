"""A wrong mapping is noted with what was seen and the column that looks right; a right one never is."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import reports
from halo_methods.judgments import as_judgments, read_judgments
from halo_methods.reports.places import sample_names

RIGHT = {"item_id": "task", "rater_id": "worker", "label": "rating"}


@st.composite
def exports(draw):
    """A tool's table: right columns for all three, and columns that are easily taken for them."""
    n_items, n_raters = draw(st.integers(5, 9)), draw(st.integers(2, 4))
    labels = draw(st.sampled_from([["good", "poor"], ["1", "2", "3"], ["reject", "accept"], ["yes", "no", "unclear"]]))
    rng = np.random.default_rng(draw(st.integers(0, 99)))
    rows = [(f"t{i}", f"w{r}") for i in range(n_items) for r in range(n_raters)]
    table = pd.DataFrame(rows, columns=["task", "worker"])
    answers = [labels[k] for k in rng.integers(0, len(labels), len(table))]
    answers[:3] = [labels[0], labels[1], labels[0]]
    n = range(len(table))
    minute = pd.Timestamp("2026-03-02T09:00Z")
    return table.assign(
        rating=answers,
        submission=[f"s{k:03}" for k in n],
        number=[str(90_000 + k) for k in n],
        state="accept",
        at=[(minute + pd.Timedelta(minutes=int(k))).isoformat() for k in n],
        epoch=[str(1_700_000_000 + 60 * k) for k in n],
        remark=[f"I took answer {k} because of its tone" for k in n],
        site=["north", "south"] * (len(table) // 2) + ["north"] * (len(table) % 2),
    )


WRONG = {
    "label": {"at": "moments in time", "epoch": "moments in time", "submission": "look like an identifier",
              "number": "look like an identifier", "remark": "look like free text",
              "state": "'accept' is every label"},
    "rater_id": {"submission": "a rater of its own"},
    "item_id": {"submission": "has one rater"},
}  # fmt: skip


@given(exports())
@settings(max_examples=10)
def test_a_right_mapping_is_never_noted(table):
    assert as_judgments(table, columns=RIGHT).source.notes == ()


@given(exports(), st.sampled_from([(role, column) for role, seen in WRONG.items() for column in seen]))
@settings(max_examples=25)
def test_a_wrong_mapping_is_noted_with_the_column_that_looks_right(table, wrong):
    role, column = wrong
    (note,) = as_judgments(table, columns={**RIGHT, role: column}).source.notes
    assert note.startswith(f"{role}: ")
    assert WRONG[role][column] in note
    assert repr(RIGHT[role]) in note


def test_a_status_is_told_from_an_answer_by_the_names_of_the_columns():
    rows = [(f"i{n // 2}", "ab"[n % 2], ["accept", "reject"][n // 3 % 2], "xy"[n % 3 % 2]) for n in range(20)]
    table = pd.DataFrame(rows, columns=["item_id", "rater_id", "answer", "accept"])
    seen = "label: 'accept', 'reject' look like a status of the work; 'accept' looks like the answer"
    assert as_judgments(table, columns={"label": "answer"}).source.notes == (seen,)
    for name, other in (("verdict", "score"), ("state", "site")):
        named = table.rename(columns={"answer": name, "accept": other})
        assert as_judgments(named, columns={"label": name}).source.notes == ()


def test_what_cannot_be_told_is_said_without_a_column():
    rows = [(f"i{n}", f"r{n % 3}", "xy"[n % 2]) for n in range(12)]
    notes = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).source.notes
    assert notes == ("item_id: each of the 12 items has one rater, so agreement is not known",)
    rows = [("i", f"r{n}", "xy"[n % 2]) for n in range(12)]
    notes = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])).source.notes
    assert notes == ("item_id: all 12 rows have one value",)


def test_one_answer_of_nearly_all_and_numbers_that_are_moments_are_noted():
    items = [f"i{n // 2}" for n in range(4000)]
    table = pd.DataFrame({"item_id": items, "rater_id": ["a", "b"] * 2000, "label": ["ok"] * 3999 + ["bad"]})
    assert as_judgments(table).source.notes == ("label: 'ok' is 99.98% of the labels",)
    numbers = as_judgments(table.assign(label=["7"] * 3999 + ["1"]), scale=(0, 10), level="interval")
    assert numbers.source.notes == ("label: 7.0 is 99.98% of the labels",)
    moments = as_judgments(table.assign(label=[str(1.7e12 + n) for n in range(4000)]), level="interval")
    assert moments.source.notes == ("label: the labels are moments in time",)


@pytest.mark.parametrize("labels", [[str(n) for n in range(20)], [f"{n + 0.3}" for n in range(20)]])
def test_measurements_may_all_differ(labels):
    table = pd.DataFrame({"item_id": [f"i{n // 2}" for n in range(20)], "rater_id": ["a", "b"] * 10, "label": labels})
    assert as_judgments(table).source.notes == ()


SIGNS = ("has one rater", "of its own", "one value", "is every label", "of the labels", "look like")


@pytest.mark.parametrize("name", sample_names())
def test_no_shipped_sample_is_noted(name):
    file = reports.sample(name)
    if {"item_id", "rater_id", "label"} <= set(file.read_text("utf-8").partition("\n")[0].split(",")):
        assert not [note for note in read_judgments(file).source.notes if any(sign in note for sign in SIGNS)]


DATASETS = {
    "pandalm_pairwise.csv": {"values": {"rater_type": {"llm": "model"}}},
    "wmt23_sxs_mqm.csv.gz": {"columns": {"pair": "locale"}, "scale": "0..25+", "level": "interval"},
    "mhc_hatecheck.csv.gz": {},
    "gal_barzan.csv": {},
    "gal_adult2.csv.gz": {"duplicates": "round"},
    "llmbar_judges.csv.gz": {"values": {"rater_type": {"llm": "model"}}},
}


@pytest.mark.parametrize("file", DATASETS)
def test_no_published_data_set_is_noted(file, datasets):
    notes = read_judgments(datasets(file), **DATASETS[file]).source.notes
    assert not [note for note in notes if any(sign in note for sign in SIGNS)]
