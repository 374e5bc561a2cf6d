"""Disagreement split by where it comes from: people, noise, perspective, clause, item."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import polars as pl
from scipy import stats

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.coding import once_a_table
from ..judgments.table import basis_of
from ..results import Caution, Estimate, Over
from ..stats.checks import check_confidence
from ..stats.crossed import Ints
from ..stats.resampling import delete_a_group_variance
from .design import design_of
from .label_values import coded
from .pair_distances import NONE, Apart, Rows, apart, pair_matrices, permuted
from .unclear_clauses import ALPHA, PERMUTATIONS, unclear_clauses

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "severity": (
            "raters stricter or milder throughout",
            "calibrate: each rater sees where they lie, and works the anchors again",
        ),
        "noise": (
            "the same rater does not repeat the label",
            "more labels an item, shorter shifts, a simpler screen; feedback to raters far above the others",
        ),
        "perspective": (
            "groups of raters see the item differently",
            "do not adjudicate: keep the distribution and show results by group",
        ),
        "clause": (
            "a clause that raters read in more than one way",
            "amend the clause with an example, then calibrate again",
        ),
        "item": (
            "raters read the item in more than one way, in no group and under no unclear clause",
            "write the item up as an edge case, give more context, or allow 'cannot judge'",
        ),
    }
)


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
    nominal: bool = field(default=False, repr=False)

    @property
    def rest(self) -> str:
        """What the last row is called: ambiguous items, or what cannot be told apart from them."""
        return _rest(self.collect)

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
        for name, (meaning, route) in SOURCES.items():
            if name in self.collect:
                rows.append((name, meaning, None, None, None, f"not identified: {self.collect[name]}", route))
            elif name in self.shares:
                e = self.shares[name]
                remark = ""
                if name == "perspective" and self.perspective_p is not None:
                    apart = "more apart than" if self.perspective_p < ALPHA else "no further apart than"
                    remark = (
                        f"groups of {self.groups} are {apart} raters shuffled over them (p = {self.perspective_p:.3g})"
                    )
                rows.append((name, meaning, e.value, e.low, e.high, remark, route))
        if self.rest != "item":
            e = self.shares[self.rest]
            meaning, route = f"{self.rest}, not told apart", "collect what is named above before you act on it"
            rows.append(("rest", meaning, e.value, e.low, e.high, "", route))
        return pd.DataFrame(rows, columns=["source", "meaning", "share", "low", "high", "remark", "route"])


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
    j = as_judgments(j)
    return _split(j, groups, clause, confidence)


@once_a_table
def _split(j: Judgments, groups: str | None, clause: str, confidence: float) -> Split:
    design = design_of(j, groups, clause)
    j, rows, codes = j.one(), design.rows, design.clauses
    rng = np.random.default_rng(2026)
    found = apart(rows)
    if found.total <= 0:
        raise NotEstimable("no two raters ever differ on an item: there is no disagreement to split")
    unclear, clauses = NONE, None
    if rows.clause is not None:
        unclear, clauses = unclear_clauses(found, rows, codes)
        found = apart(rows, unclear)
    p = None
    if rows.group is not None:
        distance, count = pair_matrices(rows)
        p = permuted(distance, count, rows.group[np.unique(rows.rater)], PERMUTATIONS, rng)
    point = _amounts(found, rows, unclear)
    spread, df, over = _jackknife(rows, unclear, point, rng)
    t = float(stats.t.ppf((1 + confidence) / 2, df))
    half = {k: t * v**0.5 for k, v in spread.items()}
    top = 0.0
    if clauses is not None and not len(unclear):
        one = np.array([codes.index(clauses["clause"].iloc[0])])
        top = _amounts(found, rows, one)["clause"] + t * _jackknife(rows, one, point, rng)[0]["clause"] ** 0.5
    shared = np.isin(rows.item, found.item)
    n_raters = len(np.unique(rows.rater[shared]))
    counts = (len(found.item), n_raters, int(np.isin(coded(j.frame["item_id"]), found.item).sum()))
    cautions = []
    if n_raters < 3:
        cautions.append(Caution("items_only", "With 2 raters the interval speaks for the items only."))
    elif n_raters < 5:
        cautions.append(Caution("few_raters", f"{n_raters} raters say little about raters in general."))
    paired = j.frame.filter(pl.col("rater_id").n_unique().over("item_id") > 1)
    repeated = j.frame.filter(pl.len().over("item_id", "rater_id") > 1)

    def estimate(name: str, value: float, what: str, most: float) -> Estimate:
        held = min(max(value, 0.0), most)
        own = list(cautions)
        if value < 0:
            own.append(Caution("set_to_zero", "The estimate is negative and is set to zero."))
        low, high = value - half[name], value + half[name]
        if name == "severity" and value > half[name]:
            low, high = value * np.exp(-half[name] / value), value * np.exp(half[name] / value)
        elif name == "severity":
            low, high = 0.0, value + half[name] * (np.e - 1)
        if name == "clause" and not len(unclear):
            low, high = 0.0, top
        low, high = min(max(low, 0.0), held), max(min(high, most), held)
        method = f"{what}; delete-a-group jackknife over {over}"
        n_items, n_of_raters, n_judgments = counts
        share = Estimate(
            value=held,
            low=low,
            high=high,
            confidence=confidence,
            n_items=n_items,
            n_raters=n_of_raters,
            n_judgments=n_judgments,
            method=method,
            over=over,
            cautions=tuple(own),
            basis=basis_of(paired, "disagreement"),
        )
        # What repeats show rests on those who repeated.
        return share.resting_on(basis_of(repeated, "repeats")) if name == "noise" else share

    unit = "share of pairs that differ" if design.nominal else "half the squared difference of two labels of an item"
    total = estimate("total", found.total, unit, float("1e300"))
    shares = {}
    for name, value in point.items():
        if name != "total" and name not in design.collect:
            shown = _rest(design.collect) if name == "item" else name
            shares[shown] = estimate(name, value, f"share of disagreement: {shown}", 1.0)
    return Split(
        total=total,
        shares=shares,
        collect=design.collect,
        perspective_p=p,
        groups=design.groups,
        clauses=clauses,
        nominal=design.nominal,
    )


def _rest(collect: Mapping[str, str]) -> str:
    names = {"noise": "noise", "perspective": "perspective", "clause": "clause"}
    missing = [names[k] for k in names if k in collect]
    return ", ".join([*missing, "item"]) if missing else "item"


def _amounts(found: Apart, rows: Rows, unclear: Ints) -> dict[str, float]:
    """The total, and each source's share of it."""
    made = {"severity": found.severity, "noise": found.noise or 0.0, "perspective": found.perspective or 0.0}
    made["clause"] = 0.0
    if rows.clause is not None and len(unclear):
        has = np.isfinite(found.within)
        under = np.isin(rows.clause[found.item[has]], unclear)
        x = found.within[has]
        if under.any() and not under.all():
            made["clause"] = float(under.mean() * (x[under].mean() - x[~under].mean()))
    if found.total <= 0:
        return dict.fromkeys(("total", *made, "item"), 0.0)
    made["item"] = found.total - sum(made.values())
    return {"total": found.total, **{k: v / found.total for k, v in made.items()}}


def _jackknife(
    rows: Rows, unclear: Ints, point: dict[str, float], rng: np.random.Generator
) -> tuple[dict[str, float], int, Over]:
    """Delete-a-group variances over items and over raters added up."""
    raters = np.unique(rows.rater)
    order = rng.permutation(raters)
    if rows.group is not None:
        order = order[np.argsort(rows.group[order], kind="stable")]
    folds = {"items": (np.unique(rows.item), 40), "raters": (order, 20)}
    spread = dict.fromkeys(point, 0.0)
    sizes = {}
    for what, (ids, most) in folds.items():
        ids = rng.permutation(ids) if what == "items" else ids
        parts = [ids[k :: min(most, len(ids))] for k in range(min(most, len(ids)))]
        made = []
        for part in parts if what == "items" or len(raters) > 2 else []:
            less = rows.without(items=part) if what == "items" else rows.without(raters=part)
            try:
                made.append(_amounts(apart(less, unclear), less, unclear))
            except (NotEstimable, ValueError):
                continue
        sizes[what] = len(made)
        for k in spread if len(made) > 1 else ():
            spread[k] += delete_a_group_variance(np.array([m[k] for m in made]))
    if sizes["raters"] > 1:
        return spread, sizes["raters"] - 1, "items and raters"
    return spread, max(sizes["items"] - 1, 1), "items"
