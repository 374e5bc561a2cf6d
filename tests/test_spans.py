"""Marked errors: what is read, points by hand and published weights, overlap from first principles, the truth."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods import agreement, reports, spans
from halo_methods.errors import BadOption, InvalidData, NotEstimable
from halo_methods.spans.overlap import _compared

COLUMNS = ["item_id", "rater_id", "start", "end", "category", "severity"]
CLEAN = ("", "", "", "")


def table(rows, columns=(), **more):
    return pd.DataFrame(rows, columns=[*COLUMNS, *columns]).assign(**more)


def problems(rows):
    with pytest.raises(InvalidData) as refused:
        halo.as_spans(table(rows))
    return [(p.row, p.column) for p in refused.value.problems]


class TestReading:
    def test_a_reading_without_an_error_is_there(self):
        read = halo.as_spans(table([("s", "a", 0, 2, "x", "minor"), ("s", "b", *CLEAN), ("", "", "", "", "", "")]))
        assert read.judgments.frame.select("item_id", "rater_id", "label").rows() == [("s", "a", 1.0), ("s", "b", 0.0)]
        assert read.marks.rows() == [(0, 0, 2, "x", "minor")]
        assert not read.judgments.source.notes

    def test_a_tool_s_word_for_no_error_is_read(self):
        rows = [("s", "a", "", "", "No-error", "No-error"), ("t", "a", 1, 2, "x", "Minor")]
        none = {"No-error": ""}
        read = halo.as_spans(table(rows), values={"category": none, "severity": none})
        assert read.judgments.frame["label"].to_list() == [0.0, 1.0]

    def test_faults_have_their_row_and_column(self):
        rows = [("s", "a", 3, 1, "x", "minor"), ("s", "b", 0, "", "x", "minor"), ("s", "c", -1, 4, "x", "minor"),
                ("s", "d", 0, 1, "x", ""), ("s", "e", "one", 2, "x", "minor"),
                ("", "f", 0, 1, "x", "minor")]  # fmt: skip
        assert problems(rows) == [(1, "start"), (2, "end"), (3, "start"), (4, "severity"), (5, "start"), (6, "item_id")]
        assert problems([("s", "a", 0, 1, "x", "minor"), ("s", "a", *CLEAN)]) == [(2, None)]
        with pytest.raises(InvalidData, match="the column severity is missing"):
            halo.as_spans(table([("s", "a", 0, 1, "x", "y")]).drop(columns="severity"))

    def test_where_nothing_is_without_an_error_it_must_be_said(self):
        rows = [(f"s{i}", f"r{i % 3}", 0, 2, "x", "minor") for i in range(9)]
        for method in (spans.mqm_score, spans.overlap):
            with pytest.raises(NotEstimable, match="may have been left out"):
                method(table(rows))
        assert spans.mqm_score(halo.as_spans(table(rows), complete=True)).estimates["all"].value == 1

    def test_two_systems_of_one_item_are_two_readings(self):
        rows = [("s", "a", 0, 2, "x", "minor", "one"), ("s", "a", *CLEAN, "two")]
        read = halo.as_spans(table(rows, ["system"]))
        assert read.judgments.frame["item_id"].to_list() == ["s | one", "s | two"]
        assert read.judgments.frame["cluster"].to_list() == ["s", "s"]


class TestPoints:
    def scored(self, marks, weights, **options):
        rows = [("s0", "a", *CLEAN), *((f"s{i}", "abc"[i % 3], 0, 1, *mark) for i, mark in enumerate(marks, 1))]
        return spans.mqm_score(table(rows), weights=weights, **options).by_category

    def test_published_weights(self):
        """Freitag et al. (2021), table 4: non-translation 25, major 5, minor 1, minor punctuation .1, neutral 0."""
        marks = [("Non-translation!", "Major"), ("Accuracy/Mistranslation", "Major"), ("Fluency/Punctuation", "Major"),
                 ("Style/Awkward", "Minor"), ("Fluency/Punctuation", "Minor"), ("Other", "Neutral")]  # fmt: skip
        assert self.scored(marks, "freitag2021")["points"].tolist() == [25, 5, 5, 1, 0.1, 0]

    def test_weights_of_one_s_own(self):
        marks = [("style", "minor"), ("other", "minor")]
        assert self.scored(marks, {"minor": 2, "Style: minor": 0.5})["points"].tolist() == [2, 0.5]
        assert self.scored([("style", "3.5")], "given")["points"].tolist() == [3.5]

    def test_a_severity_without_a_weight_is_refused(self):
        for weights in ("halo", {"minor": 1}, "given"):
            with pytest.raises(InvalidData, match="severity 'blocker' has no weight"):
                self.scored([("style", "blocker")], weights)
        with pytest.raises(BadOption, match="weights is 'mqm'"):
            self.scored([("style", "minor")], "mqm")

    def test_by_hand(self):
        """Six documents, three raters, no rater twice in one document: by document, plus by rater, less by reading."""
        points, words = np.array([5.0, 0, 1, 5, 1, 0]), np.array([20.0, 10, 30, 20, 10, 10])
        rows = [(f"s{i}", "abc"[i % 3], *((0, 4, "x", {1: "minor", 5: "major"}[p]) if p else CLEAN), w)
                for i, (p, w) in enumerate(zip(points, words, strict=True))]  # fmt: skip
        made = spans.mqm_score(table(rows, ["words"])).table.iloc[0]
        ratio = points.sum() / words.sum()
        assert made["score"] == pytest.approx(100 * ratio)
        influence = 100 * (points - ratio * words) / words.sum()
        raters = influence.reshape(2, 3).sum(0)
        by_document, by_rater = 6 / 5 * (influence**2).sum(), 3 / 2 * (raters**2).sum()
        assert made["se"] == pytest.approx(max(by_document, by_rater) ** 0.5)

    def test_words(self):
        rows = [(f"s{i}", "abc"[i % 3], *((0, 4, "x", "minor") if i % 2 else CLEAN)) for i in range(8)]
        assert spans.mqm_score(table(rows)).unit == "points per text"
        assert spans.mqm_score(table(rows), 200).estimates["all"].value == 2
        named = spans.mqm_score(table(rows, n=25), "n")
        assert (named.unit, named.estimates["all"].value) == ("points per 100 words", 2)
        with pytest.raises(InvalidData, match="n of item 's0' is '0'"):
            spans.mqm_score(table(rows, n=0), "n")
        with pytest.raises(BadOption, match="words"):
            spans.mqm_score(table(rows), 0)

    def test_two_raters_speak_for_the_items_only(self):
        rows = [(f"s{i}", "ab"[i % 2], *((0, 4, "x", "minor") if i % 3 else CLEAN)) for i in range(30)]
        made = spans.mqm_score(table(rows)).estimates["all"]
        assert made.over == "items"
        assert {c.code for c in made.cautions} == {"items_only"}
        with pytest.raises(NotEstimable, match="one document"):
            spans.mqm_score(table(rows, cluster="d"))

    def test_who_read_only_some_systems_is_counted(self):
        rows = [(f"s{d}", r, *CLEAN, s, f"d{d}") for d in range(4) for r in "abc" for s in ("x", "y")]
        assert spans.mqm_score(table(rows, ["system", "cluster"])).crossed.value == 1
        assert spans.mqm_score(table(rows[1:], ["system", "cluster"])).crossed.value == pytest.approx(11 / 12)

    def test_real_scores(self, datasets):
        """Segment scores of WMT 2023 as their points: means by system, intervals by document and rater."""
        frame = pd.read_csv(datasets("wmt23_sxs_mqm.csv.gz"))
        frame = frame[frame["locale"] == "en-de"]
        on = frame["label"] > 0
        place = {"start": 0, "end": 1, "category": "all", "severity": frame["label"]}
        made = frame.assign(**place, cluster=frame["item_id"].str.split("|").str[1])
        made[list(place)] = made[list(place)].astype(object).where(on, "")
        scores = spans.mqm_score(halo.as_spans(made[[*COLUMNS, "system", "cluster"]]), weights="given")
        means = frame.groupby("system")["label"].mean()
        assert scores.table.set_index("system")["score"].sort_index().tolist() == pytest.approx(means.tolist())
        naive = frame.groupby("system")["label"].sem()
        wide = scores.table.set_index("system")["se"]
        assert (wide > 1.5 * naive[wide.index]).all()
        strict = scores.by_rater["score"]
        assert strict.max() > 3 * strict.min()


MARKS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(1, 5), st.sampled_from("xy"), st.sampled_from(["minor", "major"])),
    max_size=4, unique_by=lambda m: m[:2],
).map(lambda marks: [(s, s + n, c, v) for s, n, c, v in marks])  # fmt: skip


class TestOverlap:
    @given(MARKS, MARKS)
    @settings(max_examples=50)
    def test_it_is_the_same_both_ways_and_never_more_than_all(self, a, b):
        one, other = _compared(a, b), _compared(b, a)
        assert one[:3] == other[:3]
        assert all(0 <= shared <= of for shared, of in one)
        assert one[0][0] <= one[1][0]
        assert [k / n for k, n in _compared(a, a) if n] == [1] * (5 if a else 0)

    def test_the_best_matches_are_taken_once(self):
        one = [(0, 10, "x", "minor")]
        two = [(0, 6, "x", "minor"), (6, 10, "y", "minor")]
        assert _compared(one, two) == [(0, 3), (2, 3), (20, 20), (1, 1), (1, 1)]

    def test_alpha_is_krippendorff_s_on_characters(self):
        rng, rows, characters = np.random.default_rng(4), [], []
        for i in range(24):
            for r in "abcd"[: 2 + i % 3]:
                starts = rng.choice(4, rng.integers(0, 3), replace=False)
                rows += [(f"s{i}", r, 5 * s, 5 * s + 3, "x", "minor", 20) for s in starts] or [(f"s{i}", r, *CLEAN, 20)]
                on = {c for s in starts for c in range(5 * s, 5 * s + 3)}
                characters += [(f"s{i}-{c}", r, str(c in on)) for c in range(20)]
        made = spans.overlap(table(rows, ["length"])).estimates["alpha"]
        whole = agreement.krippendorff_alpha(pd.DataFrame(characters, columns=["item_id", "rater_id", "label"]))
        assert made.value == pytest.approx(whole.value)

    def test_what_cannot_be_told_is_refused(self):
        clean = [(f"s{i}", r, *CLEAN) for i in range(3) for r in "ab"]
        with pytest.raises(NotEstimable, match="no text was read by two"):
            spans.overlap(table(clean[::2]))
        with pytest.raises(NotEstimable, match="there is none"):
            spans.overlap(table(clean))
        marked = [("s0", "c", 0, 9, "x", "minor"), *clean]
        assert "no column `length`" in " ".join(spans.overlap(table(marked)).cautions)
        with pytest.raises(InvalidData, match="ends after the text"):
            spans.overlap(table(marked, length=8))


class TestTheSample:
    def test_its_truth_lies_in_the_intervals(self):
        made, true = spans.mqm_score(halo.read_spans(reports.sample("spans"))), reports.truth("spans")["score"]
        for name, estimate in made.estimates.items():
            assert estimate.low <= true[name] <= estimate.high
        assert made.table["system"].tolist() == sorted(true, key=true.get)
        assert made.crossed.value == 1
