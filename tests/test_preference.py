"""Strengths from pairs: published values, invariances, a brute-force likelihood, coverage, and what is refused."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from halo_methods import as_pairs, preference, read_pairs
from halo_methods.errors import BadOption, InvalidData, NotEstimable
from halo_methods.preference import battles_to_separate, bradley_terry
from halo_methods.preference.bradley_terry import Battles, apart, fit

COLUMNS = ["item_id", "rater_id", "left", "right", "winner"]
# Agresti, Categorical Data Analysis, 2nd edition, Table 10.10: American League East 1987, wins of row over column.
TEAMS = ["Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore"]
WINS = np.array(
    [
        [0, 7, 9, 7, 7, 9, 11],
        [6, 0, 7, 5, 11, 9, 9],
        [4, 6, 0, 7, 7, 8, 12],
        [6, 8, 6, 0, 6, 7, 10],
        [6, 2, 6, 7, 0, 7, 12],
        [4, 4, 5, 6, 6, 0, 6],
        [2, 4, 1, 3, 1, 7, 0],
    ]
)
PUBLISHED = [1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0]


@pytest.mark.parametrize("own", ["label", "left", "winner"])
def test_a_column_is_not_replaced_by_the_one_that_is_named_for_it(own):
    frame = pd.DataFrame([("q1", "ann", "a", "b", "left")], columns=["item_id", "rater_id", "first", "second", "won"])
    named = {"left": "first", "right": "second", "winner": "won"}
    assert len(as_pairs(frame, columns=named)) == 1
    with pytest.raises(InvalidData, match=f"two columns would be called {own}: it and '(won|first)'"):
        as_pairs(frame.assign(**{own: "x"}), columns=named)


def counted(wins, ties=None, covariates=None) -> Battles:
    wins = np.asarray(wins, float)
    left, right = np.triu_indices(len(wins), 1)
    drawn = np.zeros(len(left)) if ties is None else np.asarray(ties, float)[left, right]
    counts = np.stack([wins[left, right], drawn, wins[right, left]], axis=1)
    beside = np.zeros((len(left), 0)) if covariates is None else covariates
    return Battles(left, right, counts, beside, len(wins))


def battles(n=600, k=4, raters=30, items=60, seed=0, tie=0.5, spread=1.0, side=0.0, alike=0.0):
    """Votes by Davidson's model; the votes of one rater may lean to one side together, with the same probabilities."""
    rng = np.random.default_rng(seed)
    strength = np.linspace(spread, -spread, k)
    left = rng.integers(0, k, n)
    right = (left + rng.integers(1, k, n)) % k
    rater = rng.integers(0, raters, n)
    odds = strength[left] - strength[right] + side
    weights = np.exp(np.stack([odds / 2, np.full(n, np.log(tie)), -odds / 2], axis=1))
    normal = rng.normal(size=n)
    if alike:
        normal = np.sqrt(alike) * rng.normal(size=raters)[rater] + np.sqrt(1 - alike) * normal
    chosen = (special.ndtr(normal)[:, None] > (weights / weights.sum(axis=1, keepdims=True)).cumsum(axis=1)).sum(axis=1)
    frame = pd.DataFrame(
        {
            "item_id": rng.integers(0, items, n).astype(str),
            "rater_id": rater.astype(str),
            "left": [f"s{i}" for i in left],
            "right": [f"s{i}" for i in right],
            "winner": np.array(["left", "tie", "right"])[chosen],
        }
    )
    return frame.drop_duplicates(COLUMNS[:4]), strength


def test_baseball_as_published():
    fitted = fit(counted(WINS), "drop")
    assert np.round(fitted.strengths - fitted.strengths[-1], 2).tolist() == PUBLISHED
    variance = fitted.inverse[:7, :7]
    errors = np.sqrt(variance.diagonal() + variance[-1, -1] - 2 * variance[-1])
    assert np.allclose(errors, [0.3433, 0.3396, 0.3367, 0.3359, 0.3339, 0.3319, 0], atol=5e-5)


@pytest.mark.parametrize(("ties", "ratio"), [("davidson", 4.0), ("half", 2.5), ("drop", 4.0)])
def test_two_systems_by_hand(ties, ratio):
    """40 wins, 20 ties and 10 losses: Davidson's ratio is that of the wins, half a win each gives 50 to 20."""
    fitted = fit(counted([[0, 40], [10, 0]], ties=[[0, 20], [20, 0]]), ties)
    assert np.exp(fitted.strengths[0] - fitted.strengths[1]) == pytest.approx(ratio)
    if ties == "davidson":
        assert np.exp(fitted.tie) == pytest.approx(20 / np.sqrt(40 * 10))


def likelihood(at, battles, ties):
    """The log likelihood written out battle by battle, from the papers' ratios."""
    k, total = battles.n_systems, 0.0
    worth = np.exp(np.r_[at[: k - 1], 0.0])
    for left, right, counts in zip(battles.left, battles.right, battles.counts, strict=True):
        a, b, tie = worth[left], worth[right], np.exp(at[-1])
        if ties == "davidson":
            parts = np.array([a, tie * np.sqrt(a * b), b]) / (a + b + tie * np.sqrt(a * b))
        else:
            theta = 1 + tie
            won, lost = a / (a + theta * b), b / (b + theta * a)
            parts = np.array([won, 1 - won - lost, lost])
        total += (counts * np.log(parts)).sum()
    return -total


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("seed", range(3))
def test_a_general_optimizer_finds_the_same(ties, seed):
    rng = np.random.default_rng(seed)
    drawn = np.triu(rng.integers(1, 9, (4, 4)), 1)
    made = counted(rng.integers(2, 30, (4, 4)) * (1 - np.eye(4)), ties=drawn + drawn.T)
    found = optimize.minimize(likelihood, np.zeros(4), (made, ties), method="BFGS", options={"gtol": 1e-8})
    ours = fit(made, ties)
    assert ours.log_likelihood == pytest.approx(-found.fun, abs=1e-6)
    assert np.allclose(ours.strengths - ours.strengths[-1], np.r_[found.x[:3], 0], atol=1e-4)


@given(st.randoms(use_true_random=False), st.sampled_from(["davidson", "rao-kupper", "half", "drop"]))
@settings(max_examples=8)
def test_what_must_not_matter(random, ties):
    frame, _ = battles(seed=random.randrange(1000))
    made = bradley_terry(frame, ties=ties)
    table = made.table.set_index("system")
    mixed = frame.sample(frac=1, random_state=random.randrange(1000))
    assert np.allclose(bradley_terry(mixed, ties=ties).table["strength"], made.table["strength"], atol=1e-7)
    turned = frame.rename(columns={"left": "right", "right": "left"})
    turned["winner"] = turned["winner"].map({"left": "right", "right": "left", "tie": "tie"})
    other = bradley_terry(turned, ties=ties)
    assert np.allclose(
        other.table.set_index("system").loc[table.index, ["low", "high"]], table[["low", "high"]], atol=1e-6
    )
    assert other.effects["left"].value == pytest.approx(-made.effects["left"].value, abs=1e-6)
    won = frame.assign(winner=frame["winner"].map({"left": "right", "right": "left", "tie": "tie"}))
    worst = bradley_terry(won, ties=ties).table.set_index("system").loc[table.index]
    assert np.allclose(worst["strength"], -table["strength"], atol=1e-6)
    renamed = frame.replace({"s0": "z", "s3": "a"})
    assert np.allclose(bradley_terry(renamed, ties=ties).table["strength"], made.table["strength"], atol=1e-7)
    assert table["strength"].sum() == pytest.approx(0, abs=1e-9)


def test_sandwich_of_independent_votes_is_that_of_the_model():
    """One vote a rater and an item: the cluster sandwich and the model's own errors agree."""
    frame, _ = battles(n=20_000, raters=10**9, items=10**9, seed=3)
    made = bradley_terry(frame, left=False)
    k = len(made.systems)
    own = np.sqrt(made.fitted.inverse[:k, :k].diagonal())
    assert np.allclose(made.table.set_index("system")["se"].loc[list(made.systems)], own, rtol=0.03)


def coverage(rounds, **how):
    """Share of the differences of all two systems whose interval holds the true one."""
    held = []
    for seed in range(rounds):
        frame, strength = battles(seed=seed, **how)
        true = dict(zip([f"s{i}" for i in range(len(strength))], strength, strict=True))
        table = bradley_terry(frame).differences
        gap = table["stronger"].map(true) - table["weaker"].map(true)
        held.append(((table["low"] <= gap) & (gap <= table["high"])).mean())
    return np.mean(held)


def test_intervals_cover_with_voters_clustered():
    assert 0.92 < coverage(50, n=900, raters=60, items=200, alike=0.2, side=0.3) < 0.98


@pytest.mark.parametrize("share", [0.52, 0.6, 0.75, 0.9])
def test_the_planned_number_of_battles_has_its_power(share):
    """Wald's interval of the log odds, as the sandwich's is for two systems, on the planned number."""
    n = battles_to_separate(share)
    won = np.random.default_rng(1).binomial(n, share, 40_000)
    share = np.minimum(won, n - 0.5) / n
    low = special.logit(share) - 1.959964 / np.sqrt(n * share * (1 - share))
    assert 0.79 < (low > 0).mean() < 0.80 + 1.5 / np.sqrt(n)


def test_a_side_that_helps_is_told_from_strength():
    """The stronger system stands left more often; without the effect of the side its strength is too high."""
    frame, strength = battles(n=8000, k=2, side=1.0, raters=200, items=4000, seed=5)
    often = frame[(frame["left"] == "s0") | (np.arange(len(frame)) % 4 == 0)]
    true = strength[0] - strength[1]
    with_side, without = (bradley_terry(often, left=left).differences.iloc[0] for left in (True, False))
    assert with_side["low"] < true < with_side["high"]
    assert without["low"] > true


def test_a_covariate_is_told_from_strength():
    rng = np.random.default_rng(2)
    n = 6000
    frame, _ = battles(n=n, k=3, raters=300, items=3000, seed=2)
    longer = rng.normal(0, 1, len(frame)) + 0.8 * (frame["left"] == "s2") - 0.8 * (frame["right"] == "s2")
    keen = rng.random(len(frame)) < 0.6
    liked = np.where(longer > 0, "left", "right")
    frame = frame.assign(length=longer, winner=np.where(keen, liked, frame["winner"]))
    plain, adjusted = bradley_terry(frame), bradley_terry(frame, covariates=["length"])
    assert adjusted.effects["length"].low > 0
    position = [one.table.set_index("system")["strength"]["s2"] for one in (plain, adjusted)]
    assert position[0] > position[1] + 0.2


def test_what_cannot_be_ordered_is_refused_in_words():
    rows = [(f"q{i}", f"r{i % 5}", a, b, w) for i in range(20) for a, b, w in [("a", "b", "left"), ("c", "d", "right")]]
    island = pd.DataFrame(rows, columns=COLUMNS)
    island.loc[::3, "winner"] = "right"
    island.loc[1::3, "winner"] = "left"
    with pytest.raises(NotEstimable, match="and the rest never both won and lost"):
        bradley_terry(island)
    unbeaten = pd.DataFrame([(f"q{i}", f"r{i % 5}", "a", "b", "left") for i in range(20)], columns=COLUMNS)
    with pytest.raises(NotEstimable, match=r"[ab] and the rest"):
        bradley_terry(unbeaten)
    tied = unbeaten.assign(winner="tie")
    with pytest.raises(NotEstimable, match="every battle is a tie"):
        bradley_terry(tied, ties="drop")
    alone = pd.DataFrame([(f"q{i}", "r", "a", "b", ["left", "right"][i % 2]) for i in range(20)], columns=COLUMNS)
    with pytest.raises(NotEstimable, match="1 rater"):
        bradley_terry(alone, left=False)
    with pytest.raises(NotEstimable, match="draw sides at random"):
        bradley_terry(alone)
    assert [group.tolist() for group in apart(counted(WINS), "drop")] == [list(range(7))]


def test_bad_arguments_are_named():
    frame, _ = battles()
    with pytest.raises(BadOption, match="ties"):
        bradley_terry(frame, ties="bt")
    with pytest.raises(BadOption, match="covariates"):
        bradley_terry(frame, covariates=["length"])
    with pytest.raises(InvalidData, match="no number"):
        bradley_terry(frame.assign(length="long"), covariates=["length"])
    with pytest.raises(NotEstimable, match="fewer `covariates`"):
        bradley_terry(frame.assign(length=1.0), covariates=["length"])
    for wrong in (0.5, 0.4, 1.0):
        with pytest.raises(BadOption, match="share"):
            battles_to_separate(wrong)


def test_pairs_are_checked(file):
    path = file("item_id,rater_id,left,right,winner\nq1,ann,a,a,left\nq2,ann,a,b,first\n")
    with pytest.raises(InvalidData) as refused:
        read_pairs(path)
    text = str(refused.value)
    assert "row 1" in text
    assert "two different systems" in text
    assert "'first'" in text
    with pytest.raises(InvalidData, match="the column winner is missing"):
        as_pairs(pd.DataFrame({"item_id": ["q"], "rater_id": ["r"], "left": ["a"], "right": ["b"]}))
    named = as_pairs(
        pd.DataFrame({"q": ["1"], "who": ["r"], "A": ["x"], "B": ["y"], "better": ["A"]}),
        columns={"item_id": "q", "rater_id": "who", "left": "A", "right": "B", "winner": "better"},
        values={"winner": {"A": "left", "B": "right"}},
    )
    assert named.frame.select("rater_id", "left", "right", "winner", "cluster").row(0) == ("r", "x", "y", "left", "1")


def test_pandalm_as_people_voted(datasets):
    """Three people on 999 prompts and five models; 1 is the first, 2 the second, 0 a tie."""
    frame = pd.read_csv(datasets("pandalm_pairwise.csv"), dtype=str)
    people = frame[frame["rater_type"] == "human"]
    pairs = as_pairs(
        people,
        columns={"left": "model_a", "right": "model_b", "winner": "label"},
        values={"winner": {"0": "tie", "1": "left", "2": "right"}},
    )
    made = preference.bradley_terry(pairs)
    assert made.n_raters == 3
    assert [caution.code for caution in made.cautions] == ["few_raters"]
    points = people.assign(a=people["label"].map({"1": 1.0, "0": 0.5, "2": 0.0})).groupby("model_a")["a"].mean()
    assert points.idxmax() in set(made.table["system"][:2])
