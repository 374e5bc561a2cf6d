"""Runs of agents: what is read, pass^k by its formula and by simulation, first errors by hand, the sample's truth."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import halo_methods as halo
from halo_methods import reports, trajectory
from halo_methods.errors import BadOption, InvalidData, NotEstimable

COLUMNS = ["trajectory_id", "step", "rater_id", "label"]


def table(rows, columns=(), **more):
    return pd.DataFrame(rows, columns=[*COLUMNS, *columns]).assign(**more)


class TestReading:
    def test_faults_have_their_row_and_column(self):
        rows = [("t", 1, "a", "ok", "yes"), ("t", 2, "a", "ok", "no"), ("u", 0, "a", "ok", "maybe")]
        with pytest.raises(InvalidData) as refused:
            halo.as_steps(table(rows, ["outcome"]))
        assert {(p.row, p.column) for p in refused.value.problems} == {(2, "outcome"), (3, "step"), (3, "outcome")}
        with pytest.raises(InvalidData, match="the column step is missing"):
            halo.as_steps(table(rows, ["outcome"]).drop(columns="step"))

    def test_runs_keep_what_is_said_of_them(self):
        rows = [("t", 1, "a", "ok", "Passed", 2), ("t", 2, "a", "bad", "Passed", 2), ("u", 1, "a", "ok", "no", 1)]
        read = halo.as_steps(table(rows, ["result", "cost"]), columns={"outcome": "result"})
        assert read.runs.select("trajectory_id", "steps", "outcome", "cost").rows() == [
            ("t", 2, True, 2),
            ("u", 1, False, 1),
        ]
        assert read.judgments.frame["item_id"].to_list() == ["t | 1", "t | 2", "u | 1"]
        with pytest.raises(NotEstimable, match="`verifier`"):
            read.need("verifier")


class TestPassHatK:
    @given(st.lists(st.tuples(st.integers(0, 6), st.integers(6, 7)), min_size=1, max_size=6), st.integers(1, 6))
    @settings(max_examples=30)
    def test_it_is_the_share_of_sets_of_k_runs_that_all_succeed(self, tasks, k):
        """Yao et al. (2024): the mean over tasks of C(c, k) / C(n, k)."""
        shares = [np.mean([all(s) for s in combinations([True] * c + [False] * (n - c), k)]) for c, n in tasks]
        made = trajectory.pass_hat_k([c for c, _ in tasks], [n for _, n in tasks], k)
        assert made.value == pytest.approx(np.mean(shares))
        assert 0 <= made.low <= made.value <= made.high <= 1

    def test_intervals_hold_the_truth(self):
        """A fixed slice of 1,000 rounds; .94 to .96 of them in all designs tried."""
        rng, held = np.random.default_rng(5), []
        for _ in range(300):
            made = trajectory.pass_hat_k(rng.binomial(5, rng.beta(6, 2, 30)), [5] * 30, 2)
            held.append(made.low <= 6 * 7 / (8 * 9) <= made.high)
        assert 0.92 <= np.mean(held) <= 0.98

    def test_bad_counts_are_refused(self):
        for c, n, k in (([3], [2], 1), ([1], [2], 3), ([1], [2], 0), ([1, 2], [2], 1)):
            with pytest.raises(BadOption):
                trajectory.pass_hat_k(c, n, k)
        with pytest.raises(NotEstimable):
            trajectory.pass_hat_k([], [], 1)
        assert trajectory.pass_hat_k([4] * 10, [4] * 10, 2).low < 0.8


class TestReliability:
    def rows(self):
        return table([(f"t{i}", 1, "a", "ok", f"s{i // 4}", "yes" if i % 4 else "no", "no" if i == 0 else "yes", 1.5)
                      for i in range(40)], ["scenario", "outcome", "valid", "cost"])  # fmt: skip

    def test_invalid_runs_are_counted_and_left_out(self):
        made = trajectory.reliability(self.rows())
        row = made.table.iloc[0]
        assert (row["runs"], row["invalid"], made.k) == (39, 1, 3)
        assert (row["success"], row["success_least"]) == (pytest.approx(30 / 39), 30 / 40)
        assert row["cost_of_success"] == pytest.approx(39 * 1.5 / 30)
        assert "1 run not valid" in made.cautions[-1]

    def test_scenarios_with_too_few_runs_are_left_out_aloud(self):
        made = trajectory.reliability(self.rows(), k=4)
        assert made.estimates["all"].n_items == 9
        assert made.cautions[0].code == "few_runs"
        with pytest.raises(NotEstimable, match="take a smaller k"):
            trajectory.reliability(self.rows(), k=5)


class TestSteps:
    def test_first_error_by_hand(self):
        """Two of three runs agree; e is 4 of 6 readings; two runs of four steps and one of two."""
        said = {"t": (4, 2, 2), "u": (4, 1, 3), "v": (2, 0, 0)}
        rows = [(t, s, r, "bad" if s == first else "ok") for t, (length, *firsts) in said.items()
                for r, first in zip("ab", firsts, strict=True) for s in range(1, length + 1)]  # fmt: skip
        e, short = 4 / 6, (1 / 4 + 1 / 4 + 1 / 2) / 3
        chance = (1 - e) ** 2 + e**2 * short
        assert trajectory.first_error(table(rows)).value == pytest.approx((2 / 3 - chance) / (1 - chance))

    def test_guessing_is_worth_nothing_in_short_and_long_runs(self):
        rng = np.random.default_rng(3)
        rows = [(f"t{i}", s, r, "bad" if s == first else "ok") for i in range(400) for length in [2 + 6 * (i % 2)]
                for r in "ab" for first in [int(rng.integers(1, length + 1)) * int(rng.random() < 0.7)]
                for s in range(1, length + 1)]  # fmt: skip
        made = trajectory.first_error(table(rows))
        assert made.low < 0 < made.high
        with pytest.raises(NotEstimable, match="two raters"):
            trajectory.first_error(table([row for row in rows if row[2] == "a"]))
        with pytest.raises(NotEstimable, match="no rater found"):
            trajectory.first_error(table(rows), fine=["ok", "bad"])

    def test_what_cannot_be_undone_and_what_was_lucky(self):
        rows = [("t", 1, "a", "bad", "yes", "yes", "no"), ("t", 2, "a", "bad", "yes", "no", ""),
                ("u", 1, "a", "bad", "no", "no", "yes"), ("v", 1, "a", "ok", "yes", "yes", "")]  # fmt: skip
        made = trajectory.process(table(rows, ["outcome", "irreversible", "recovered"]))
        values = {name: estimate.value for name, estimate in made.estimates.items()}
        assert values == {"error": 0.75, "lucky": 0.5, "irreversible": pytest.approx(1 / 3), "recovered": 0.5}
        assert made.table[["steps", "first"]].to_numpy().tolist() == [[3, 2]]
        bare = trajectory.process(table([row[:4] for row in rows]))
        assert set(bare.estimates) == {"error"}
        assert len(bare.cautions) == 3


def test_the_truth_of_the_sample_lies_in_the_intervals():
    steps, true = halo.read_steps(reports.sample("trajectory")), reports.truth("trajectory")
    for row in trajectory.reliability(steps).by_k.itertuples():
        assert row.low <= true["pass"][row.system][str(row.k)] <= row.high
    for name, made in trajectory.verifier_against_people(steps).items():
        assert made.low <= true["verifier"][name] <= made.high
