"""Disagreement split by where it comes from: people, noise, perspective, clause, item."""

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..judgments.table import basis_of, rests_on
from ..results import Estimate, Over, around
from ..stats.checks import check_confidence
from ..stats.crossed import Array, Ints
from ..stats.resampling import delete_a_group_variance
from .design import Design, below_zero, design_of, few_raters
from .pair_distances import NONE, Apart, Rows, apart, pair_matrices, permuted

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ALPHA, PERMUTATIONS = 0.05, 999
SOURCES = {
    "severity": "raters stricter or milder throughout",
    "noise": "the same rater does not repeat the label",
    "perspective": "groups of raters see the item differently",
    "clause": "a clause that raters read in more than one way",
    "item": "raters read the item in more than one way, in no group and under no unclear clause",
}
ROUTES = {
    "severity": "calibrate: each rater sees where they lie, and works the anchors again",
    "noise": "more labels an item, shorter shifts, a simpler screen; feedback to raters far above the others",
    "perspective": "do not adjudicate: keep the distribution and show results by group",
    "clause": "amend the clause with an example, then calibrate again",
    "item": "write the item up as an edge case, give more context, or allow 'cannot judge'",
}


@dataclass(frozen=True, eq=False)
class Split:
    """Where disagreement comes from.

    Attributes
    ----------
    total : Estimate
        Half the squared difference of two raters' labels on one item; on
        nominal labels the share of pairs that differ.
    shares : dict of str to Estimate
        The share of it that each source has; only what the data identify.
    collect : dict of str to str
        For each source the data do not identify, what to collect.
    perspective_p : float or None
        Of the permutation test of the groups.
    groups : str or None
        The column whose groups were compared.
    clauses : pandas.DataFrame or None
        ``clause``, ``items``, ``disagreement`` (severity and perspective taken
        out), ``times`` (over the mean of the items under clear clauses),
        ``p_value`` (over all clauses together), ``unclear``; most disputed first.
    """

    total: Estimate
    shares: dict[str, Estimate]
    collect: dict[str, str]
    perspective_p: float | None = None
    groups: str | None = None
    clauses: pd.DataFrame | None = None

    @property
    def rest(self) -> str:
        """What the last row is called: ambiguous items, or what cannot be told apart from them."""
        return list(self.shares)[-1]

    def share(self, source: str) -> Estimate:
        """The share of one source.

        Raises
        ------
        NotEstimable
            If the data do not identify it; the message says what to collect.
        BadOption
            If there is no such source.

        Examples
        --------
        >>> import pandas as pd
        >>> from halo_methods import as_judgments
        >>> rows = [(i, r, "y" if i < 5 and r in "ab" else "x") for i in range(20) for r in "abcd"]
        >>> split(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"]))).share("clause")
        Traceback (most recent call last):
        ...
        halo_methods.errors.NotEstimable: collect the guideline clause of each item in a column `clause`,
        for two clauses or more
        """
        if source not in SOURCES:
            raise BadOption.of("source", source, SOURCES)
        if source in self.collect:
            raise NotEstimable(self.collect[source])
        if source not in self.shares:
            raise NotEstimable(f"{self.rest} cannot be told apart")
        return self.shares[source]

    @property
    def estimates(self) -> dict[str, Estimate]:
        """The disagreement and the share of each source that the data identify."""
        return {"disagreement": self.total, **self.shares}

    def plot(self) -> "Figure":
        """The shares with their intervals."""
        from .. import plots

        shown, unit = self.table.dropna(subset="share"), "share of the disagreement"
        return plots.intervals(shown, "source", "share", unit=unit, title="Sources of disagreement")

    @property
    def table(self) -> pd.DataFrame:
        """``source``, ``meaning``, ``share``, ``low``, ``high``, ``remark``, ``route``; None where not identified."""
        rows: list[tuple[object, ...]] = []
        for name, meaning in SOURCES.items():
            if name in self.collect:
                rows.append((name, meaning, None, None, None, f"not identified: {self.collect[name]}", ROUTES[name]))
            elif name in self.shares:
                e, p, remark = self.shares[name], self.perspective_p, ""
                if name == "perspective" and p is not None:
                    apart = "more apart than" if p < ALPHA else "no further apart than"
                    remark = f"groups of {self.groups} are {apart} raters shuffled over them (p = {p:.3g})"
                rows.append((name, meaning, e.value, e.low, e.high, remark, ROUTES[name]))
        if self.rest != "item":
            e = self.shares[self.rest]
            meaning, route = f"{self.rest}, not told apart", "collect what is named above before you act on it"
            rows.append(("rest", meaning, e.value, e.low, e.high, "", route))
        return pd.DataFrame(rows, columns=["source", "meaning", "share", "low", "high", "remark", "route"])


@once_a_table
def split(j: Judgments, *, groups: str | None = None, clause: str = "clause", confidence: float = 0.95) -> Split:
    """How much of the disagreement is people, noise, perspective, guideline, and items.

    Disagreement is half the squared difference of two raters' labels on one
    item, averaged over pairs and items; on nominal labels that is the share of
    pairs that differ. It is taken apart in this order:

    - *severity*: the variance between raters (`variance_components`);
    - *noise*: the variance of a rater's own labels on one item, from repeats
      (rounds), outside unclear clauses; raters who waver on an ambiguous item
      count here;
    - *perspective*: how much further raters of different groups lie apart than
      raters of one group, severity taken out. Groups must be fixed before the
      data are seen; the p-value is that of a permutation of raters;
    - *clause*: what items under unclear clauses have above those under clear
      ones, between raters of one group. A clause is unclear if its items are
      more disputed than items drawn at random, at 5% over all clauses together;
    - *item*: the rest.

    What the data do not identify is not estimated: `Split.collect` says what
    is missing, and the rest carries the names of all it may hold.

    Intervals add the delete-a-group jackknife variances over items (40 groups)
    and over raters (at most 20), with a t on the raters' groups - 1; that of
    severity is taken on the log scale. Unclear clauses are held fixed; where
    none is found, the interval reaches up to what the most disputed one would
    carry.

    Parameters
    ----------
    j : Judgments
        One criterion and one stage.
    groups : str, optional
        Column with each rater's group; by default locale, vendor or queue, the
        first that gives every rater one group and has two groups of two raters.
    clause : str
        Column with the clause of each item; where it differs within an item,
        the one named most often counts.
    confidence : float
        Of each interval.

    Raises
    ------
    NotEstimable
        If fewer than two raters share items, or nobody ever disagrees.

    References
    ----------
    Searle, Casella and McCulloch (1992); Westfall and Young (1993),
    Resampling-Based Multiple Testing, for the test of all clauses together;
    recovery of planted sources is simulated in the tests.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, r, "y" if i < 5 and r in "ab" else "x") for i in range(20) for r in "abcd"]
    >>> made = split(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label"])))
    >>> round(made.total.value, 3), sorted(made.collect)
    (0.167, ['clause', 'noise', 'perspective'])
    """
    check_confidence(confidence)
    j = as_judgments(j).one()
    design, found, unclear, clauses = disputed(j, groups, clause)
    rows, rng, p = design.rows, np.random.default_rng(2026), None
    if rows.group is not None:
        distance, count = pair_matrices(rows)
        p = permuted(distance, count, rows.group[np.unique(rows.rater)], PERMUTATIONS, rng)
    point = _amounts(found, rows, unclear)
    errors, df, over = _jackknife(rows, unclear, rng)
    t = float(stats.t.ppf((1 + confidence) / 2, df))
    top = None
    if clauses is not None and not len(unclear):
        most = np.array([design.clauses.index(clauses["clause"].iloc[0])])
        top = _amounts(found, rows, most)["clause"] + t * _jackknife(rows, most, rng)[0]["clause"]
    rests = rests_on(j.frame.filter(pl.col("rater_id").n_unique().over("item_id") > 1), "disagreement")

    def estimate(name: str, what: str, most: float = 1.0) -> Estimate:
        value, half = point[name], t * errors[name]
        low, high = value - half, value + half
        if name == "severity":  # on the log scale
            factor = np.exp(half / value) if value > half else np.inf
            low, high = value / factor, value * factor if value > half else value + half * (np.e - 1)
        if name == "clause" and top is not None:
            low, high = 0.0, top
        return Estimate(
            **around(min(max(value, 0.0), most), max(low, 0.0), min(high, most)),
            confidence=confidence,
            method=f"{what}; delete-a-group jackknife over {over}",
            over=over,
            cautions=(*few_raters(rests["n_raters"]), *below_zero(value)),
            **rests,
        )

    unit = "share of pairs that differ" if design.nominal else "half the squared difference of two labels of an item"
    names = {k: k for k in ("severity", "noise", "perspective", "clause") if k not in design.collect}
    names["item"] = ", ".join([*(k for k in SOURCES if k in design.collect), "item"])
    shares = {shown: estimate(name, f"share of disagreement: {shown}") for name, shown in names.items()}
    if "noise" in shares:  # what repeats show rests on those who repeated
        repeated = j.frame.filter(pl.len().over("item_id", "rater_id") > 1)
        shares["noise"] = shares["noise"].resting_on(basis_of(repeated, "repeats"))
    total = estimate("total", unit, float("1e300"))
    return Split(total, shares, design.collect, perspective_p=p, groups=design.groups, clauses=clauses)


@once_a_table
def disputed(j: Judgments, groups: str | None, clause: str) -> tuple[Design, Apart, Ints, pd.DataFrame | None]:
    """The judgments as numbers, how far labels lie apart, which clauses are unclear, and the table of clauses."""
    design = design_of(j, groups, clause)
    found = apart(design.rows)
    if found.total <= 0:
        raise NotEstimable("no two raters ever differ on an item")
    if design.rows.clause is None:
        return design, found, NONE, None
    unclear, clauses = _unclear_clauses(found, design.rows.clause, design.clauses)
    return design, apart(design.rows, unclear), unclear, clauses


def _unclear_clauses(found: Apart, clause: Ints, names: list[str]) -> tuple[Ints, pd.DataFrame]:
    """Which clauses are more disputed than items drawn at random."""
    rng = np.random.default_rng(2027)
    has = np.isfinite(found.within)
    code, x = clause[found.item[has]], found.within[has]
    n, spread = np.bincount(code, minlength=len(names)), x.std()
    mean, p = np.bincount(code, x, minlength=len(names)) / np.maximum(n, 1), np.ones(len(names))

    def heights(values: Array) -> Array:
        mean = np.bincount(code, values, minlength=len(names)) / np.maximum(n, 1)
        scale = spread * np.sqrt(np.maximum(1 / np.maximum(n, 1) - 1 / len(x), 1e-12))
        return np.where(n > 1, (mean - x.mean()) / scale, -np.inf)

    if len(x) > 1 and spread > 1e-12:
        highest = np.array([heights(rng.permutation(x)).max() for _ in range(PERMUTATIONS)])
        p = (1 + (highest[:, None] >= heights(x) - 1e-12).sum(axis=0)) / (1 + PERMUTATIONS)
    unclear = (p < ALPHA) & (n > 1)
    clear = x[~unclear[code]].mean()
    table = pd.DataFrame({"clause": names, "items": n, "disagreement": mean})
    table = table.assign(times=mean / clear if clear > 0 else np.nan, p_value=p, unclear=unclear)[n > 0]
    table = table.sort_values(["disagreement", "clause"], ascending=[False, True], ignore_index=True)
    return np.flatnonzero(unclear), table


def _amounts(found: Apart, rows: Rows, unclear: Ints) -> dict[str, float]:
    """The total, and each source's share of it."""
    made = {"severity": found.severity, "noise": found.noise or 0.0, "perspective": found.perspective or 0.0}
    made["clause"] = 0.0
    if rows.clause is not None and len(unclear):
        has = np.isfinite(found.within)
        under, x = np.isin(rows.clause[found.item[has]], unclear), found.within[has]
        if under.any() and not under.all():
            made["clause"] = float(under.mean() * (x[under].mean() - x[~under].mean()))
    made["item"] = found.total - sum(made.values())
    return {"total": found.total, **{k: v / found.total if found.total > 0 else 0.0 for k, v in made.items()}}


def _jackknife(rows: Rows, unclear: Ints, rng: np.random.Generator) -> tuple[dict[str, float], int, Over]:
    """Roots of the delete-a-group variances over items and over raters added up, and what they allow to say."""
    raters = rng.permutation(np.unique(rows.rater))
    if rows.group is not None:
        raters = raters[np.argsort(rows.group[raters], kind="stable")]
    items = rng.permutation(np.unique(rows.item))

    def left_out(what: str, ids: Ints, most: int) -> pd.DataFrame:
        values = []
        for k in range(min(most, len(ids))):
            less = rows.without(**{what: ids[k :: min(most, len(ids))]})
            with suppress(NotEstimable, ValueError):
                values.append(_amounts(apart(less, unclear), less, unclear))
        return pd.DataFrame(values)

    by_item, by_rater = left_out("items", items, 40), left_out("raters", raters if len(raters) > 2 else NONE, 20)
    variances = [{k: delete_a_group_variance(t[k].to_numpy()) for k in t} for t in (by_item, by_rater)]
    errors = {k: sum(v.get(k, 0.0) for v in variances) ** 0.5 for k in ("total", *SOURCES)}
    if len(by_rater) > 1:
        return errors, len(by_rater) - 1, "items and raters"
    return errors, max(len(by_item) - 1, 1), "items"
