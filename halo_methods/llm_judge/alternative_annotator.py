"""Whether a judge may stand in for a person: the alternative annotator test, and how close a judge is to people."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, counted
from ..stats.checks import check_probability
from ..stats.discovery import adjusted_p_values

FEWEST_PEOPLE, FEWEST_ITEMS = 3, 30
LEVEL, WINNING = 0.05, 0.5
ARGUED = (
    "epsilon has no default. It is how much worse than a person the judge may be, for what it saves. Argue it from the "
    "people's expertise: the paper takes .2 for experts, .15 for skilled raters and .1 for crowd workers"
)


def beside(j: Judgments, judge: str | None) -> tuple[Judgments, Judgments]:
    """The people and one judge, each with the latest label of an item.

    Raises
    ------
    NotEstimable
        If there is no judge, no person, or several judges and none is named.

    Examples
    --------
    >>> rows = [("a", "r", "x", "human"), ("a", "m", "x", "model")]
    >>> columns = ["item_id", "rater_id", "label", "rater_type"]
    >>> people, model = beside(as_judgments(pd.DataFrame(rows, columns=columns)), None)
    >>> people.n_raters, model.n_raters
    (1, 1)
    """
    j = as_judgments(j).one()
    models = one_judge(j.models(), judge)
    if not (j.frame["rater_type"] == "human").any():
        raise NotEstimable("no row has `rater_type` 'human', so there is nothing to hold the judge against")
    return j.people().latest(), models.latest()


def one_judge(models: Judgments, judge: str | None) -> Judgments:
    """The rows of one model judge among those of all.

    Raises
    ------
    NotEstimable
        If there are several and none is named.
    """
    models = models if judge is None else models.only(rater_id=judge)
    if models.n_raters > 1:
        raise NotEstimable(f"there are {models.n_raters} model judges; name one with judge=")
    return models


def counted_label(j: Judgments, positive: str | None, quantity: str) -> str:
    """The label that counts: the one named, or the last of two.

    Raises
    ------
    NotEstimable
        If none is named, and there are not two labels.
    """
    if positive is None:
        if j.numeric or len(j.labels) != 2:
            raise NotEstimable(f"{quantity} one label: name it with positive=", public=True)
        positive = str(j.labels[-1])
    return positive


@dataclass(frozen=True, kw_only=True, eq=False)
class AlternativeAnnotator:
    """What the alternative annotator test says.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per person: ``rater_id``, ``n`` (items), ``judge_wins`` and ``person_wins`` (shares of items on which
        the judge, or the person, is at least as close to the other people; both where they tie), ``judge_agrees`` and
        ``person_agrees`` (mean closeness), ``p_value``, ``rejected``.
    epsilon : float
    rows : polars.DataFrame
        The people's judgments that entered.
    cautions : tuple of Caution
    """

    table: pd.DataFrame
    epsilon: float
    rows: pl.DataFrame
    differences: tuple[NDArray[np.float64], ...]
    cautions: tuple[Caution, ...] = ()

    @property
    def winning_rate(self) -> float:
        """The share of people whom the judge may replace, by a test each at a false discovery rate of .05."""
        return float(self.table["rejected"].mean())

    @property
    def advantage_probability(self) -> float:
        """The mean chance that the judge is at least as close to the other people as the person left out."""
        return float(self.table["judge_wins"].mean())

    @property
    def passes(self) -> bool:
        """Whether the judge may replace at least half of the people, as the paper has it."""
        return self.winning_rate >= WINNING

    @cached_property
    def curve(self) -> pd.DataFrame:
        """``epsilon``, ``winning_rate`` and ``passes`` for allowances from 0 to .4: the verdict turns on it."""
        steps = np.round(np.arange(0, 0.401, 0.01), 2)
        rates = [float((adjusted_p_values(_p_values(self.differences, e)) <= LEVEL).mean()) for e in steps]
        return pd.DataFrame({"epsilon": steps, "winning_rate": rates, "passes": np.asarray(rates) >= WINNING})

    @property
    def estimates(self) -> dict[str, Estimate]:
        """Winning rate and advantage probability, of these people; the winning rate already rests on tests."""
        rests: dict[str, Any] = rests_on(self.rows, "people beside the judge") | {"cautions": self.cautions}
        method = f"winning rate of the alternative annotator test, allowance {self.epsilon:g}; of these people"
        winning = Estimate.count(self.winning_rate, method=method, **rests)
        method = "advantage probability, the mean over these people"
        return {
            "winning rate": winning,
            "advantage probability": Estimate.count(self.advantage_probability, method=method, **rests),
        }

    def plot(self) -> Figure:
        """The winning rate over the allowance."""
        from .. import plots

        return plots.allowance(self.curve, at=self.epsilon)

    def __str__(self) -> str:
        replaced = f"{int(self.table['rejected'].sum())} of {len(self.table)} people"
        return f"With an allowance of {self.epsilon:g} the judge may replace {replaced}."


def alternative_annotator_test(
    j: Judgments, epsilon: float | None, *, judge: str | None = None
) -> AlternativeAnnotator:
    r"""Test whether a judge may stand in for a person: leave each out, and see who is closer to the others.

    On each item that a person and at least one other labelled, the judge and the person are held against the others.
    Closeness is the share of the others with the same label; for labels that are numbers, the root mean squared
    distance. A tie counts for both. For each person a one-sided t test asks whether

    .. math:: \rho_{judge} > \rho_{person} - \varepsilon

    and the false discovery rate over the people is held at .05 by Benjamini and Yekutieli's rule.

    Parameters
    ----------
    j : Judgments or frame
        With people and the judge on the same items.
    epsilon : float
        What the judge may be worse by, from 0 to 1. There is no default: argue it from the people's expertise.
    judge : str, optional
        The model's ``rater_id``, where there are several.

    Raises
    ------
    NotEstimable
        Without epsilon, or with fewer than three people who share 30 items each with the judge and another person.
    BadOption
        If epsilon is no share.

    References
    ----------
    Calderon, Reichart and Dror (2025), The Alternative Annotator Test for LLM-as-a-Judge, ACL.

    Examples
    --------
    >>> rows = [(i, r, "xy"[i % 2], "human") for i in range(40) for r in "abc"]
    >>> rows += [(i, "m", "xy"[i % 2], "model") for i in range(40)]
    >>> columns = ["item_id", "rater_id", "label", "rater_type"]
    >>> test = alternative_annotator_test(pd.DataFrame(rows, columns=columns), 0.1)
    >>> test.winning_rate, test.passes, test.advantage_probability
    (1.0, True, 1.0)
    """
    if epsilon is None:
        raise NotEstimable(ARGUED, public=True)
    epsilon = check_probability(epsilon, option="epsilon", example="0.15")
    people, model = beside(j, judge)
    of_judge = model.frame.group_by("item_id").agg(judge=pl.col("label").first())
    rows = people.frame.join(of_judge, on="item_id").filter(pl.len().over("item_id") > 1)
    enough = rows.filter(pl.len().over("rater_id") >= FEWEST_ITEMS)
    n_people, left = enough["rater_id"].n_unique(), rows["rater_id"].n_unique() - enough["rater_id"].n_unique()
    if n_people < FEWEST_PEOPLE:
        raise NotEstimable(
            f"{n_people} people share {FEWEST_ITEMS} items or more with the judge and another person; the test takes "
            f"{FEWEST_PEOPLE} such people",
            public=True,
        )
    close = _closeness(rows, numeric=people.numeric).filter(pl.col("rater_id").is_in(enough["rater_id"].implode()))
    parts = [part for _, part in sorted(close.partition_by("rater_id", as_dict=True).items())]
    differences = tuple(part["person_wins"].to_numpy() * 1.0 - part["judge_wins"].to_numpy() for part in parts)
    table = pd.DataFrame(
        [
            (p["rater_id"][0], p.height, *p.select("judge_wins", "person_wins", "of_judge", "of_person").mean().row(0))
            for p in parts
        ],
        columns=["rater_id", "n", "judge_wins", "person_wins", "judge_agrees", "person_agrees"],
    )
    table["p_value"] = _p_values(differences, epsilon)
    table["rejected"] = adjusted_p_values(table["p_value"]) <= LEVEL
    text = f"{counted(left, 'rater')} with fewer than {FEWEST_ITEMS} shared items left out of the tests."
    cautions = (Caution("few_items", text),) if left else ()
    return AlternativeAnnotator(
        table=table, epsilon=epsilon, rows=enough.drop("judge"), differences=differences, cautions=cautions
    )


def _closeness(rows: pl.DataFrame, *, numeric: bool) -> pl.DataFrame:
    """For each judgment how close the judge and the person are to the other people on the item, and who wins."""
    others = pl.len().over("item_id") - 1
    label = pl.col("label")
    if numeric:
        total, squares = label.sum().over("item_id") - label, (label**2).sum().over("item_id") - label**2

        def close(to: pl.Expr) -> pl.Expr:
            return -((to**2 - 2 * to * total / others + squares / others).clip(0)).sqrt().round(9)

        of_judge, of_person = close(pl.col("judge")), close(label)
    else:
        same = label == pl.col("judge")
        of_judge = (same.sum().over("item_id") - same.cast(pl.Int64)) / others
        of_person = (pl.len().over("item_id", "label") - 1) / others
    made = rows.select("rater_id", of_judge=of_judge, of_person=of_person)
    judge, person = pl.col("of_judge"), pl.col("of_person")
    return made.with_columns(judge_wins=judge >= person, person_wins=person >= judge)


def _p_values(differences: tuple[NDArray[np.float64], ...], epsilon: float) -> list[float]:
    """Of the one-sided t test of each person; where nothing varies, the mean alone decides."""
    return [
        float(stats.ttest_1samp(d, epsilon, alternative="less").pvalue) if d.std() > 0 else float(d[0] >= epsilon)
        for d in differences
    ]
