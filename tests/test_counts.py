"""Counts against plain loops over the rows."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods.errors import NotEstimable
from halo_methods.judgments import counts


@st.composite
def tables(draw, raters=5, items=8, labels=4):
    cells = draw(
        st.dictionaries(
            st.tuples(st.integers(0, items - 1), st.integers(0, raters - 1)), st.integers(0, labels - 1), min_size=1
        )
    )
    return [(f"i{i}", f"r{r}", str(k)) for (i, r), k in cells.items()]


def judgments(rows, columns=("item_id", "rater_id", "label"), **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **{"level": "nominal", **options})


@given(tables())
@settings(max_examples=60)
def test_patterns_and_rater_patterns_are_what_loops_count(rows):
    j = judgments(rows, scale=["0", "1", "2", "3"])
    made, by_rater = counts.patterns(j), counts.rater_patterns(j)
    units: dict[str, Counter] = {}
    for item, _, label in rows:
        units.setdefault(item, Counter())[label] += 1
    shown = {item: tuple(c[label] for label in made.labels) for item, c in units.items()}
    expected = Counter(shown.values())
    found = Counter({tuple(map(int, t)): int(f) for t, f in zip(made.table, made.frequency, strict=True)})
    assert found == expected
    assert (made.n_items, made.n_judgments, made.n_raters) == (len(units), len(rows), len({r for _, r, _ in rows}))
    wanted = Counter((rater, label, shown[item]) for item, rater, label in rows)
    got = Counter()
    parts = (by_rater.rater, by_rater.label, by_rater.pattern, by_rater.count)
    for r, k, p, n in zip(*parts, strict=True):
        got[by_rater.raters[r], made.labels[k], tuple(map(int, made.table[p]))] += int(n)
    assert got == wanted


def test_counts_that_need_several_words_and_many_raters():
    rng = np.random.default_rng(3)
    rows = [(f"i{i}", f"r{r}", str(rng.integers(40))) for i in range(30) for r in range(70)]
    made = counts.patterns(judgments(rows))
    assert made.table.sum() == len(rows)
    total = Counter(label for *_, label in rows)
    assert dict(zip(made.labels, (made.frequency @ made.table).tolist(), strict=True)) == dict(total)


def test_many_labels_give_one_pattern_a_unit():
    rng = np.random.default_rng(4)
    rows = [(f"i{i}", f"r{r}", str(rng.integers(500))) for i in range(60) for r in range(3)]
    made, by_rater = counts.patterns(judgments(rows)), counts.rater_patterns(judgments(rows))
    assert made.table.shape[0] == 60
    assert by_rater.count.sum() == len(rows)
    assert made.table.sum() == len(rows)


def test_rounds_are_separate_units():
    rows = [("a", "x", "1", "1"), ("a", "x", "0", "2"), ("a", "y", "1", "1"), ("a", "y", "1", "2")]
    made = counts.patterns(judgments(rows, ("item_id", "rater_id", "label", "round")))
    assert made.frequency.sum() == 2
    assert made.n_items == 1
    assert sorted(made.table.tolist()) == [[0, 2], [1, 1]]


def test_contingency_and_its_refusals():
    rows = [("a", "x", "0"), ("a", "y", "1"), ("b", "x", "1"), ("b", "y", "1"), ("c", "x", "0"), ("d", "z", "0")]
    j = judgments(rows)
    assert counts.contingency(j, "x", "y").tolist() == [[0, 1], [0, 1]]
    assert counts.contingency(j, "y", "x").tolist() == [[0, 0], [1, 1]]
    for a, b, words in (("x", "q", "no judgment by"), ("x", "z", "no item in common"), ("x", "x", "themselves")):
        with pytest.raises(NotEstimable, match=words):
            counts.contingency(j, a, b)


@given(tables(labels=3))
@settings(max_examples=40)
def test_moments_are_sums(rows):
    made = counts.moments(judgments(rows))
    units: dict[str, list[float]] = {}
    for item, _, label in rows:
        units.setdefault(item, []).append(float(label))
    expected = sorted((len(x), sum(x), sum(v * v for v in x)) for x in units.values())
    assert sorted(zip(made.n.tolist(), made.total.tolist(), made.squares.tolist(), strict=True)) == expected
    assert len(made.value) == len(rows)
