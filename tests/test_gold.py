import itertools
from datetime import date, timedelta

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import halo_methods as halo
from halo_methods import gold
from halo_methods.errors import BadOption, NotEstimable

SCALE = ["poor", "fair", "good"]


def table(rows, columns=("item_id", "rater_id", "label", "gold"), **options):
    return halo.as_judgments(pd.DataFrame(rows, columns=list(columns)), **options)


def random_round(seed, n_items=30, n_raters=5, share=0.8):
    rng = np.random.default_rng(seed)
    rows = []
    for i in range(n_items):
        answer = rng.choice(SCALE)
        for r in range(n_raters):
            if rng.random() < share:
                rows.append((f"i{i}", f"r{r}", rng.choice(SCALE) if rng.random() < 0.3 else answer, answer))
    return pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])


class TestSuspects:
    rows = (
        [("same", r, "y", "x") for r in "pqrs"]
        + [("split", r, a, "x") for r, a in zip("pqrs", "yzyz", strict=True)]
        + [("fine", r, "x", "x") for r in "pqrs"]
        + [("two", r, "y", "x") for r in "pq"]
    )

    def test_missed_items_and_what_they_ask_for(self):
        found = gold.suspect_items(table(self.rows))
        assert found.next_steps == {"same": "check the gold", "split": "fix the guideline"}
        assert found.table.set_index("item_id")["usual_answer"].to_dict() == {"same": "y", "split": "y"}
        assert set(gold.suspect_items(table(self.rows), min_raters=1).table["item_id"]) == {"same", "split", "two"}

    def test_their_share_counts_the_items_that_three_judged(self):
        share = gold.suspect_items(table(self.rows)).share
        assert share.value == pytest.approx(2 / 3)
        assert (share.n_items, share.n_raters, share.n_judgments) == (3, 4, 12)
        low, high = stats.binomtest(2, 3).proportion_ci(method="exact")
        assert (share.low, share.high) == pytest.approx((low, high))

    def test_without_enough_raters_no_item_is_suspect_and_there_is_no_share(self):
        found = gold.suspect_items(table([("two", r, "y", "x") for r in "pq"]))
        assert (found.next_steps, found.estimates) == ({}, {})
        with pytest.raises(NotEstimable, match="3 raters or more"):
            _ = found.share

    @pytest.mark.parametrize("options", [{"share_wrong": 50}, {"min_raters": 0}, {"confidence": 95}])
    def test_options_out_of_range_are_refused(self, options):
        with pytest.raises(BadOption):
            gold.suspect_items(table(self.rows), **options)


class TestItems:
    def test_an_item_that_good_raters_miss_is_suspect_and_bad_raters_make_none(self):
        rows = [(i, r, "x", "x") for i in range(20) for r in "pqrs"]
        rows += [("wrong", r, "y", "x") for r in "pqr"] + [("wrong", "s", "x", "x")]
        rows += [(i, b, "y", "x") for i in range(20) for b in ("bad1", "bad2", "bad3", "bad4", "bad5")]
        made = gold.gold_items(table(rows)).table.set_index("item_id")
        assert made.loc["wrong", "action"] == "check the gold"
        assert made.loc["wrong", "good_missed"] == 0.75
        assert made.loc["3", ["action", "good_n", "good_missed"]].tolist() == ["keep", 4, 0.0]
        assert made.loc["3", "missed"] == pytest.approx(5 / 9)
        assert gold.gold_items(table(rows)).refresh_list["item_id"].tolist() == ["wrong"]

    def test_discrimination_is_the_correlation_with_the_rest(self):
        frame = random_round(5)
        made = gold.gold_items(halo.as_judgments(frame)).table.set_index("item_id")["discrimination"]
        frame["right"] = frame["label"] == frame["gold"]
        for item in ("i0", "i7", "i20"):
            here = frame[frame["item_id"] == item]
            others = frame[frame["item_id"] != item].groupby("rater_id")["right"].mean()
            rest = here["rater_id"].map(others)
            if len(set(here["right"])) > 1:
                assert made[item] == pytest.approx(np.corrcoef(here["right"], rest)[0, 1])
            else:
                assert np.isnan(made[item])

    def test_a_worn_item_and_an_old_one_are_replaced(self):
        rows = [("often", f"r{r}", "x", "x", "2026-05-01") for r in range(12)] + [("old", "r0", "x", "x", "2025-01-01")]
        j = table(rows, ("item_id", "rater_id", "label", "gold", "rated_at"))
        made = gold.gold_items(j, most_shown=10).refresh_list.set_index("item_id")
        assert made["why"].to_dict() == {"often": "shown more than 10 times", "old": "in use for more than 180 days"}
        assert made.loc["old", "days"] == 485


class TestComposition:
    def test_items_are_counted_by_answer_and_group(self):
        rows = [
            ("a", "p", "x", "x|y", "one"),
            ("b", "p", "y", "y", "one"),
            ("c", "p", "y", "y", "two"),
            ("c", "q", "y", "y", "two"),
            ("d", "p", "x", "", "two"),
        ]
        j = table(rows, ("item_id", "rater_id", "label", "gold", "slice"), scale=["y", "x"], level="ordinal")
        held = gold.composition(j, by="slice")
        assert held.table.to_dict("list") == {
            "gold": ["y", "x"],
            "items": [2, 1],
            "share": [2 / 3, 1 / 3],
            "one": [1, 1],
            "two": [1, 0],
        }
        assert (held.share.value, held.share.kind) == (0.75, "count")

    def test_without_gold_there_is_no_set(self):
        with pytest.raises(NotEstimable, match="no judged item has a gold"):
            gold.composition(table([("a", "p", "x", "")]))


class TestGates:
    days = ("item_id", "rater_id", "rated_at", "label", "gold")

    @given(st.lists(st.tuples(st.sampled_from("abc"), st.integers(0, 400)), min_size=1, max_size=30))
    @settings(max_examples=30, deadline=None)
    def test_worn_items_are_those_a_loop_finds(self, shown):
        start = date(2026, 1, 1)
        rows = [(item, f"r{k}", str(start + timedelta(days=day)), "x", "x") for k, (item, day) in enumerate(shown)]
        held = {item: [day for name, day in shown if name == item] for item in dict(shown)}
        worn = sum(len(days) > 9 or max(days) - min(days) > 180 for days in held.values())
        assert gold.worn_items(table(rows, self.days), most_shown=9).value == worn

    @given(
        st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("pq"), st.integers(0, 90)), min_size=1, max_size=12)
    )
    @settings(max_examples=20, deadline=None)
    def test_items_met_again_too_soon_are_those_a_loop_finds(self, shown):
        start = date(2026, 1, 1)
        rows = [(i, r, str(start + timedelta(days=d)), "x", "x", str(k)) for k, (i, r, d) in enumerate(shown)]
        again = 0
        for key in {(i, r) for i, r, _ in shown}:
            days = sorted(d for i, r, d in shown if (i, r) == key)
            again += sum(later - day < 30 for day, later in itertools.pairwise(days))
        assert gold.shown_again(table(rows, (*self.days, "round"))).value == again

    def test_an_item_that_left_in_time_is_not_worn(self):
        rows = [("a", "r1", "2026-01-01", "x", "x"), ("b", "r1", "2026-12-01", "x", "x")]
        assert gold.worn_items(table(rows, self.days)).value == 0

    def test_without_dates_nothing_is_said_of_wear(self):
        with pytest.raises(NotEstimable, match="rated_at"):
            gold.worn_items(table([("a", "r1", "x", "x")]))

    def test_a_label_of_the_scale_without_gold_counts_as_none(self):
        rows = [("a", "r1", "poor", "poor"), ("b", "r1", "good", "good"), ("c", "r1", "good", "good")]
        found = gold.fewest_items(table(rows))
        assert (found.value, found.codes) == (1, ("labels_as_seen",))
        scaled = gold.fewest_items(table(rows, scale=SCALE, level="ordinal"))
        assert (scaled.value, scaled.codes) == (0, ())

    def test_numbers_have_no_labels_to_cover(self):
        with pytest.raises(NotEstimable, match="labels are numbers"):
            gold.fewest_items(table([("a", "r1", 3, 3)], scale=(0, 10), level="interval"))
