"""Which system is preferred, how surely, and what else moved the votes."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, get_args

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import sparse, special, stats

from ..errors import BadOption, InvalidData, NotEstimable, Problem
from ..judgments.pairs import WINNERS, as_pairs
from ..results import Basis, Caution, Estimate, Figure, around, counted, resting
from ..stats import check_confidence, check_count, check_probability
from ..stats.means import t_interval, two_way_variances
from ..stats.proportions import two_way_share
from ..stats.variance import basis_of_arrays, cluster_codes
from .bradley_terry import Battles, Fit, Ties, apart, fit, scores

FEW_RATERS, MOST_BATTLES = 10, 10_000_000


@dataclass(frozen=True, eq=False, kw_only=True)
class Strengths:
    """Strengths of systems that met in pairs.

    Attributes
    ----------
    systems : tuple of str
    ties : {"davidson", "rao-kupper", "half", "drop"}
    fitted : Fit
        Log strengths that sum to 0, effects of covariates, the tie parameter.
    covariates : tuple of str
        Of the effects: ``left`` is the log odds that standing left adds.
    confidence : float
    n_items, n_raters, n_battles : int
    cautions : tuple of Caution
    """

    systems: tuple[str, ...]
    ties: Ties
    fitted: Fit
    covariates: tuple[str, ...]
    confidence: float
    n_items: int
    n_raters: int
    n_battles: int
    cautions: tuple[Caution, ...]
    battles: Battles = field(repr=False)
    basis: Basis = field(repr=False)
    _scores: sparse.csr_array = field(repr=False)
    _items: NDArray = field(repr=False)
    _raters: NDArray = field(repr=False)
    _outcomes: NDArray = field(repr=False)
    _names: tuple[pl.Series, pl.Series] = field(repr=False)

    @property
    def tie(self) -> float | None:
        """Davidson's nu or Rao and Kupper's theta; None where the model has no ties, or none occurred."""
        return None if self.fitted.tie is None else float(np.exp(self.fitted.tie))

    def _interval(self, contrasts: NDArray) -> tuple[NDArray, NDArray, NDArray, NDArray]:
        """Value, standard error and ends of sums of parameters: strengths, effects."""
        wide = np.zeros((len(contrasts), len(self.fitted.inverse)))
        wide[:, : contrasts.shape[1]] = contrasts
        values = contrasts @ np.r_[self.fitted.strengths, self.fitted.effects]
        variances, df = two_way_variances(self._scores, self._items, self._raters, wide @ self.fitted.inverse)
        error = np.sqrt(variances)
        return values, error, *t_interval(values, error, df, confidence=self.confidence)

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per system, strongest first: ``system``, ``strength`` (log scale), ``se``, ``low``, ``high``.

        Also ``wins`` (the share of battles that the model expects against the average of the others, without ties and
        without what stands left or right), and ``battles``.
        """
        k = len(self.systems)
        value, error, low, high = self._interval(np.eye(k, k + len(self.covariates)))
        wins = (special.expit(value[:, None] - value[None, :]).sum(axis=1) - 0.5) / (k - 1)
        n = self.battles.counts.sum(axis=1)
        met = np.bincount(self.battles.left, n, k) + np.bincount(self.battles.right, n, k)
        table = pd.DataFrame(
            {"system": self.systems, "strength": value, "se": error, "low": low, "high": high, "wins": wins}
        ).assign(battles=met.astype(int))
        return table.sort_values("strength", ascending=False, kind="stable", ignore_index=True)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row per two systems: the difference of their log strengths with its interval, the stronger one first."""
        k = len(self.systems)
        order = np.argsort(-self.fitted.strengths, kind="stable")
        a, b = (order[side] for side in np.triu_indices(k, 1))
        contrasts = np.zeros((len(a), k + len(self.covariates)))
        contrasts[np.arange(len(a)), a], contrasts[np.arange(len(a)), b] = 1, -1
        value, error, low, high = self._interval(contrasts)
        names = np.array(self.systems)
        table = pd.DataFrame({"stronger": names[a], "weaker": names[b], "difference": value, "low": low, "high": high})
        return table.assign(se=error, wins=special.expit(value), clear=low > 0)

    @property
    def effects(self) -> dict[str, Estimate]:
        """What else moved the votes, each as log odds of the left one: ``left``, and each covariate by its unit."""
        k, q = len(self.systems), len(self.covariates)
        value, _, low, high = self._interval(np.eye(k + q)[k:])
        return {
            name: self._estimate(value[at], low[at], high[at], f"log odds by {name}")
            for at, name in enumerate(self.covariates)
        }

    def _estimate(self, value: float, low: float, high: float, quantity: str) -> Estimate:
        return Estimate(
            **around(float(value), float(low), float(high)),
            confidence=self.confidence,
            method=f"{quantity}; two-way cluster sandwich",
            over="items and raters",
            cautions=self.cautions,
            **resting(self.n_items, self.n_raters, self.n_battles, self.basis),
        )

    def lead(self, system: str | None = None, over: str | None = None) -> Estimate:
        """Estimate the share of decided battles that a system wins against another.

        Without names it is the strongest against the next. Of equal systems one is then called clearly ahead in at most
        1 - confidence of the cases, though the data chose the two.

        Parameters
        ----------
        system, over : str, optional

        Raises
        ------
        BadOption
            If there is no such system, or only one is named.
        """
        names = [system, over] if system or over else self.table["system"].tolist()[:2]
        for option, name in zip(("system", "over"), names, strict=True):
            BadOption.unless(option, name, self.systems)
        contrast = np.zeros((1, len(self.systems) + len(self.covariates)))
        contrast[0, self.systems.index(names[0])], contrast[0, self.systems.index(names[1])] = 1, -1
        value, _, low, high = (float(special.expit(end[0])) for end in self._interval(contrast))
        return self._estimate(value, low, high, f"share of decided battles that {names[0]} wins over {names[1]}")

    def side(self) -> Estimate:
        """Estimate by how much standing left moves the share of decided battles between two equal systems.

        Raises
        ------
        NotEstimable
            If the model has no effect of the side.
        """
        if "left" not in self.covariates:
            raise NotEstimable("the strengths were estimated without an effect of the side")
        left = self.effects["left"]
        value, low, high = (special.expit(end) - 0.5 for end in (left.value, left.low, left.high))
        return self._estimate(value, low, high, "change of the share won by standing left")

    def tie_share(self) -> Estimate:
        """Estimate the share of battles without a winner."""
        hits = self._outcomes % 3 == 1
        asked: dict[str, Any] = {"confidence": self.confidence, "quantity": "share of ties", "measure": "ties"}
        return two_way_share(hits, self._names[1], self._names[0], **asked)

    def to_separate(self, *, power: float = 0.80) -> pd.DataFrame:
        """List each two systems that are not clearly apart, with how many battles would show which one is stronger.

        ``needed`` is the number of all battles if the difference is the one seen; ``more`` is what is missing. Voters
        have as many votes, and each two systems as large a part of the battles, as now.

        Parameters
        ----------
        power : float
            The chance that the interval then leaves 0 out.
        """
        check_probability(power, option="power", open_ends=True)
        table = self.differences[~self.differences["clear"]]
        z = float(stats.norm.ppf((1 + self.confidence) / 2) + stats.norm.ppf(power))
        ratio = (z * table["se"] / table["difference"].clip(lower=1e-9)) ** 2
        needed = np.ceil(np.minimum(self.n_battles * ratio, MOST_BATTLES)).astype(int)
        made = table[["stronger", "weaker"]].assign(wins=table["wins"], battles=self.n_battles, needed=needed)
        return made.assign(more=np.maximum(needed - self.n_battles, 0)).reset_index(drop=True)

    def plot(self) -> Figure:
        """Strengths with their intervals, strongest first."""
        from ..plots import intervals

        return intervals(self.table, "system", "strength", title="Strength of each system (log scale)")

    def __str__(self) -> str:
        best = self.table["system"][0]
        ahead = self.differences[(self.differences["stronger"] == best)]
        unclear = ahead.loc[~ahead["clear"], "weaker"].tolist()
        end = f"; not clearly ahead of {', '.join(unclear)}" if unclear else ", clearly ahead of every other"
        of = f"{counted(self.n_battles, 'battle')}, {counted(self.n_raters, 'rater')}"
        return f"{best} is strongest of {counted(len(self.systems), 'system')}{end} ({of})"


def bradley_terry(
    pairs: Any,
    *,
    ties: Ties = "davidson",
    left: bool = True,
    covariates: Sequence[str] = (),
    confidence: float = 0.95,
) -> Strengths:
    r"""Estimate how strongly each system is preferred, from judgments that compare two of them.

    A system of log strength :math:`\lambda_i` beats one of :math:`\lambda_j` with log odds
    :math:`\lambda_i - \lambda_j`, plus what standing left adds, plus the covariates. Intervals are those of the
    two-way cluster sandwich: other items and other raters.

    Parameters
    ----------
    pairs : Pairs or frame
        ``item_id``, ``rater_id``, ``left``, ``right``, ``winner``.
    ties : {"davidson", "rao-kupper", "half", "drop"}
        Two models of a tie; ``half`` counts it as half a win for each, which pulls strengths together; ``drop`` leaves
        it out.
    left : bool
        Whether standing left may help or harm. Without it, a preference for a side is taken for strength wherever
        sides were not drawn at random.
    covariates : sequence of str
        Columns that hold left minus right in numbers, for instance the difference in length; ``length`` also where
        there are ``left_length`` and ``right_length``.
    confidence : float

    Raises
    ------
    NotEstimable
        If systems never met, directly or through others; if some never lost to the rest; with one rater or item.
    InvalidData
        If a covariate holds something other than numbers.

    References
    ----------
    Bradley and Terry (1952), Biometrika 39, 324-345; Davidson (1970), Journal of the American Statistical
    Association 65, 317-328; Rao and Kupper (1967), same journal 62, 194-204.

    Examples
    --------
    >>> rows = [(f"q{i}", f"r{i % 9}", "a", "b", "left" if i % 5 < 3 else "right" if i % 5 < 4 else "tie")
    ...         for i in range(90)]
    >>> made = bradley_terry(pd.DataFrame(rows, columns=["item_id", "rater_id", "left", "right", "winner"]), left=False)
    >>> print(made)
    a is strongest of 2 systems, clearly ahead of every other (90 battles, 9 raters)
    """
    BadOption.unless("ties", ties, get_args(Ties))
    check_confidence(confidence)
    given = as_pairs(pairs)
    frame = given.frame.filter(pl.col("winner") != "tie") if ties == "drop" else given.frame
    if frame.is_empty():
        raise NotEstimable("every battle is a tie, and ties are left out", public=True)
    battles, one_by_one, outcomes = _battles(frame, given.systems, left, covariates)
    _connected(battles, given.systems, ties)
    fitted = fit(battles, ties)
    raters, items = cluster_codes(frame["rater_id"]), cluster_codes(frame["cluster"])
    n_raters, n_items = int(raters.max()) + 1, int(items.max()) + 1
    if min(n_raters, n_items) < 2:
        reason = (
            f"the battles come from {counted(n_raters, 'rater')} on {counted(n_items, 'item')}; two of each are needed"
        )
        raise NotEstimable(reason, public=True)
    return Strengths(
        systems=tuple(given.systems),
        ties=ties,
        fitted=fitted,
        covariates=(*(["left"] if left else []), *covariates),
        confidence=confidence,
        n_items=n_items,
        n_raters=n_raters,
        n_battles=frame.height,
        cautions=_cautions(n_raters, ties, given.frame.filter(pl.col("winner") == "tie").height / len(given)),
        battles=battles,
        basis=basis_of_arrays(frame["rater_id"], frame["cluster"], "battles"),
        _scores=scores(one_by_one, fitted, ties),
        _items=items,
        _raters=raters,
        _outcomes=outcomes,
        _names=(frame["cluster"], frame["rater_id"]),
    )


def _battles(
    frame: pl.DataFrame, systems: list[str], left: bool, covariates: Sequence[str]
) -> tuple[Battles, Battles, NDArray]:
    """The battles by cell, one by one as the rows are, and of each three times its cell plus who won."""
    for name in covariates:
        both = [f"{side}_{name}" for side in ("left", "right")]
        if name not in frame.columns and {*both} <= {*frame.columns}:
            one, other = (pl.col(side).cast(pl.Float64, strict=False) for side in both)
            frame = frame.with_columns((one - other).alias(name))
        if name not in frame.columns:
            raise BadOption.of("covariates", name, [c for c in frame.columns if c not in ("item_id", "winner")])
    numbers = [frame[name].cast(pl.Float64, strict=False).alias(f"x{at}") for at, name in enumerate(covariates)]
    for name, column in zip(covariates, numbers, strict=True):
        if wrong := (~column.is_finite()).fill_null(True).arg_true().to_list():
            what = f"{name} is {frame[name][wrong[0]]!r}, no number"
            raise InvalidData([Problem(what, "Give left minus right as a number in each row.", row=wrong[0] + 1)])
    place = {system: at for at, system in enumerate(systems)}
    coded = pl.DataFrame([frame[side].replace_strict(place, return_dtype=pl.Int64) for side in ("left", "right")])
    cells = coded.with_columns(numbers)
    groups = cells.unique(maintain_order=True).with_row_index("cell")
    cell = cells.join(groups, on=cells.columns, how="left", maintain_order="left")["cell"].to_numpy().astype(np.int64)
    codes = {name: at for at, name in enumerate(WINNERS)}
    outcome = frame["winner"].replace_strict(codes, return_dtype=pl.Int64).to_numpy()
    outcomes = cell * 3 + outcome
    counts = np.bincount(outcomes, minlength=3 * groups.height).reshape(-1, 3).astype(float)
    x = groups.select(column.name for column in numbers).to_numpy().reshape(groups.height, len(numbers))
    beside = np.hstack([np.ones((groups.height, 1)), x]) if left else x
    sides = groups["left"].to_numpy(), groups["right"].to_numpy()
    one_by_one = Battles(sides[0][cell], sides[1][cell], np.eye(3)[outcome], beside[cell], len(systems))
    return Battles(*sides, counts, beside, len(systems)), one_by_one, outcomes


def _connected(battles: Battles, systems: Sequence[str], ties: Ties) -> None:
    """Refuse battles between whose groups no order can be estimated."""
    groups = [[systems[at] for at in group] for group in apart(battles, ties)]
    if len(groups) > 1:
        smallest = min(groups, key=len)
        named = ", ".join(smallest[:5]) + (" and others" if len(smallest) > 5 else "")
        reason = (
            f"{named} and the rest never both won and lost against each other, directly or through other systems; "
            "have battles judged between them, or leave them out; the groups are "
            + "; ".join(", ".join(group[:5]) + (" and others" if len(group) > 5 else "") for group in groups[:5])
        )
        raise NotEstimable(reason)


def _cautions(n_raters: int, ties: Ties, share: float) -> tuple[Caution, ...]:
    found = []
    if n_raters < FEW_RATERS:
        text = f"{n_raters} raters say little about raters in general; the intervals are somewhat too short."
        found.append(Caution("few_raters", text))
    if ties in ("half", "drop") and share > 0:
        how = "count as half a win for each" if ties == "half" else "are left out"
        found.append(Caution("ties", f"Ties are {share:.0%} of the battles and {how}; a model of ties uses them."))
    return tuple(found)


def battles_to_separate(
    share: float, *, power: float = 0.80, confidence: float = 0.95, per_rater: int = 1, icc: float = 0.0
) -> int:
    r"""Plan how many untied battles between two systems show which one is stronger.

    The interval of the log odds leaves 0 out with the power when :math:`n = (z_{1-\alpha/2} + z_{1-\beta})^2 /
    (p(1-p) \,\mathrm{logit}(p)^2)`, times the design effect :math:`1 + (m - 1) \rho` where each rater judges m battles.
    Below 2,000 it is counted out: the smallest number from which on the power holds. Ties carry no order: divide by 1
    minus their share.

    Parameters
    ----------
    share : float
        Of the untied battles that the stronger one wins, above .5.
    power, confidence : float
    per_rater : int
        Battles per rater.
    icc : float
        How much alike the votes of one rater are.

    Raises
    ------
    BadOption
        If the share is not above .5 and below 1, or another number is out of range.

    Examples
    --------
    >>> battles_to_separate(0.52), battles_to_separate(0.6)
    (4909, 198)
    """
    check_confidence(confidence)
    check_probability(power, option="power", open_ends=True)
    check_probability(icc, option="icc")
    check_count(per_rater, option="per_rater", least=1)
    if not 0.5 < check_probability(share, option="share") < 1:
        raise BadOption(f"share is {share!r}; the stronger system wins more than half of the battles, and not all")
    z = float(stats.norm.ppf((1 + confidence) / 2))
    n = math.ceil((z + stats.norm.ppf(power)) ** 2 / (share * (1 - share) * special.logit(share) ** 2))
    if n < 2000:
        tried = range(max(n // 2, 2), 2 * n + 20)
        n = 1 + max((m for m in tried if _power(m, share, z) < power), default=tried[0] - 1)
    return math.ceil(n * (1 + (per_rater - 1) * icc))


def _power(n: int, share: float, z: float) -> float:
    """The chance that the interval of the log odds of n battles lies above 0."""
    won = np.arange(n // 2, n + 1)
    seen = np.minimum(won, n - 0.5) / n
    shown = special.logit(seen) > z / np.sqrt(n * seen * (1 - seen))
    return float(stats.binom.pmf(won[shown], n, share).sum())
