import io

import numpy as np
import pandas as pd
import pytest

from halo_methods import simulation
from halo_methods.errors import HaloError


@pytest.mark.parametrize("name", simulation.SAMPLES)
def test_a_sample_is_what_the_simulator_makes(root, name):
    kept = (root / "data" / "samples" / f"{name}.csv").read_text("utf-8")
    made = io.StringIO()
    simulation.SAMPLES[name]().to_csv(made, index=False)
    assert kept == made.getvalue(), "run `make samples`"


def test_raters_are_as_accurate_and_lean_as_they_were_told():
    rng = np.random.default_rng(3)
    truth = rng.integers(1, 3, size=40_000)
    rater = simulation.Rater("a", accuracy=0.7, lean=0.9)
    given = simulation.label(truth, np.full(truth.size, 0.5), rater, 4, rng)
    wrong = given[given != truth] - truth[given != truth]
    assert (given == truth).mean() == pytest.approx(0.35, abs=0.01)
    assert (wrong == -1).mean() == pytest.approx(0.9, abs=0.01)


def test_at_the_ends_of_the_scale_the_only_neighbour_is_taken():
    rng = np.random.default_rng(3)
    truth = np.repeat([0, 2], 50)
    given = simulation.label(truth, np.zeros(100), simulation.Rater("a", accuracy=0.0), 3, rng)
    assert set(given) == {1}


def test_wrong_gold_is_planted_where_asked():
    frame = simulation.gold_round([simulation.Rater("a", 1.0)], "abc", np.array([0, 1, 2]), item_ids=["x", "y", "z"],
                                  wrong_gold=[0, 2])  # fmt: skip
    assert frame["gold"].tolist() == ["b", "b", "b"]
    assert isinstance(frame, pd.DataFrame)


def test_one_label_is_no_scale():
    with pytest.raises(HaloError, match="at least two labels"):
        simulation.label(np.array([0]), np.zeros(1), simulation.Rater("a", 1.0), 1, np.random.default_rng(0))
