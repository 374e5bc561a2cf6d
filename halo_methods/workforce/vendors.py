"""Groups side by side and in pairs: scorecard, funnel, ranks, who may be compared with whom, what is done next."""

from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, around, counted
from ..stats.between_groups import funnel, rank_intervals, shrink
from ..stats.change import pair_share, standardised_difference
from ..stats.checks import check_confidence, check_probability
from ..stats.variance import cluster_codes, effective_sizes, icc_within_groups
from .group_figures import MISSING, Measure, each, grouped, judged, known, places
from .shared_work import STRATA

VIEWS: dict[str, tuple[str, list[str]]] = {
    "volume": ("judgments", ["people", "items", "judgments", "checked", "cost", "per_hour"]),
    "funnel": (
        "funnel",
        ["people", "checked", "effective", "quality", "low95", "high95", "low998", "high998", "funnel"],
    ),
    "league": ("rank", ["people", "quality", "shrunken", "rank", "best", "worst"]),
}
FIGURES: dict[str, Measure] = {
    "quality": "right",
    "on_time": "on_time",
    "rework": "reworked",
    "per_hour": "per_hour",
    "cost_per_accepted": "cost_per_accepted",
}
LEAST_SHARED, LEAST_RATERS, LEAST_JUDGMENTS, LEAST_OVERLAP = 20, 2, 10, 0.5
SIDE, STRATUM, PLACE = "_second", "_stratum", "_place"


@dataclass(frozen=True, kw_only=True)
class Scorecard:
    """Groups side by side.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a group; `by_group` lists the columns.
    estimates : dict of str to Estimate
        The share right of each group, unpooled.
    by : str
        What makes the groups.
    around : float or None
        The share the funnel is drawn around.
    missing : dict of str to str
        For each figure that is not there, why.
    """

    table: pd.DataFrame
    estimates: dict[str, Estimate]
    by: str
    around: float | None
    missing: dict[str, str]

    def view(self, name: str) -> pd.DataFrame:
        """Some columns of the table: ``volume``, ``funnel`` or ``league``.

        Raises
        ------
        NotEstimable
            If the figure it is about could not be estimated for any group.
        BadOption
            For another name.
        """
        BadOption.unless("name", name, VIEWS)
        need, columns = VIEWS[name]
        if need in self.missing:
            raise NotEstimable(self.missing[need])
        wanted = [part for column in columns for part in (column, f"{column}_low", f"{column}_high")]
        view = self.table[[self.by, *(c for c in wanted if c in self.table and self.table[c].notna().any())]]
        return view.sort_values(["rank", self.by], ignore_index=True) if name == "league" else view

    def plot(self) -> Figure:
        """The share right of each group against the lines that luck draws."""
        from .. import plots

        if self.around is None:
            raise NotEstimable(self.missing["funnel"])
        return plots.funnel(self.table, self.by, around=self.around)


def by_vendor(j: Judgments, *, confidence: float = 0.95) -> Scorecard:
    """Set vendors side by side; see `by_group`.

    Examples
    --------
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % 10 else "y", "x", v)
    ...         for v in ("north", "south", "west") for r in range(3) for i in range(40)]
    >>> card = by_vendor(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"]))
    >>> card.table[["people", "judgments", "quality"]].iloc[0].tolist(), card.table["funnel"].tolist()
    ([3.0, 120.0, 0.9], ['inside', 'inside', 'inside'])
    """
    return by_group(j, "vendor", confidence=confidence)


def by_group(j: Judgments, column: str, *, confidence: float = 0.95) -> Scorecard:
    """Set vendors, locales, queues or the groups of any other column side by side.

    They are *compared* only by `comparisons`, which asks whether their work can be
    compared at all.

    Parameters
    ----------
    j : Judgments
        One criterion. Models are left out where ``rater_type`` tells them apart.
    column : str
        What makes the groups; rows without a value are the group ``(missing)``.
    confidence : float
        Of each interval.

    Returns
    -------
    Scorecard
        ``.table`` has, besides the group: ``people``, ``items``, ``judgments``;
        ``per_hour``; ``checked`` (judgments with gold or an audit) and
        ``quality`` (share right, unpooled, with its interval over items and
        raters; ``over`` says when items only); ``shrunken``
        (`halo_methods.stats.between_groups.shrink`, for ranking and planning),
        ``rank``, ``best``, ``worst`` (`halo_methods.stats.between_groups.rank_intervals`);
        ``effective``, the limits and ``funnel`` (`halo_methods.stats.between_groups.funnel`);
        ``on_time``, ``rework``; ``cost`` (in all) and ``cost_per_accepted``.
        Each figure ``x`` has ``x_low`` and ``x_high``.

    Raises
    ------
    NotEstimable
        If there is no such column, or it has no value at all.
    """
    check_confidence(confidence)
    frame = judged(as_judgments(j))
    groups = grouped(frame, column, "cost_per_accepted")
    if set(groups) == {MISSING}:
        raise NotEstimable(f"the column {column} is empty", public=True)
    volume = [pl.col("rater_id").n_unique().alias("people"), pl.col("item_id").n_unique().alias("items")]
    volume += [pl.len().alias("judgments"), *([pl.col("cost").sum()] if "cost" in frame.columns else [])]
    rows = [{column: group, **part.select(volume).row(0, named=True)} for group, part in groups.items()]
    missing: dict[str, str] = {}
    quality: dict[str, Estimate] = {}
    for name, measure in FIGURES.items():
        try:
            estimates = each(grouped(frame, column, measure), measure, confidence)
        except NotEstimable as reason:
            missing[name] = str(reason)
            continue
        quality = estimates if name == "quality" else quality
        for row in rows:
            if estimate := estimates.get(row[column]):
                row |= {name: estimate.value, f"{name}_low": estimate.low, f"{name}_high": estimate.high}
                row |= {"over": estimate.over, "checked": estimate.n_judgments} if name == "quality" else {}
    table, around = pd.DataFrame(rows), None
    if quality:
        placed, around = _placed(known(frame, "right"), column, confidence, missing)
        table = table.merge(placed, on=column, how="left")
    else:
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), missing["quality"])
    return Scorecard(table=table, estimates=quality, by=column, around=around, missing=missing)


def _placed(
    marked: pl.DataFrame, column: str, confidence: float, missing: dict[str, str]
) -> tuple[pd.DataFrame, float | None]:
    """Funnel, shrinkage and ranks of each group, and what the funnel is drawn around; why not goes to ``missing``."""
    names = marked[column].cast(pl.String).fill_null(MISSING)
    values, group = np.unique(names.to_numpy(), return_inverse=True)
    raters, items = cluster_codes(marked["rater_id"]), cluster_codes(marked["item_id"])
    right, placed = marked["right"].to_numpy(), pd.DataFrame({column: values})
    (of_raters, df), (of_items, _) = (icc_within_groups(right, group, unit) for unit in (raters, items))
    if df < 1:
        reason = "no group has two raters, so the spread between raters cannot be told from luck"
        missing |= dict.fromkeys(("funnel", "shrunken", "rank"), reason)
        return placed, None
    k, n = np.bincount(group, weights=right), np.bincount(group)
    placed["effective"] = effective = effective_sizes(group, (raters, of_raters), (items, of_items))
    centre = k.sum() / n.sum()
    variances = max(centre * (1 - centre), 1e-4) / effective
    columns: dict[str, Callable[[], dict[str, Any]]] = {
        "funnel": lambda: vars(funnel(k, n, effective=effective, df=df)),
        "shrunken": lambda: vars(shrink(k / n, variances, confidence=confidence)),
        "rank": lambda: vars(rank_intervals(k / n, variances, confidence=confidence)),
    }
    for name, figures in columns.items():
        try:
            placed = placed.assign(**figures())
        except NotEstimable as reason:
            missing[name] = str(reason)
    renamed = {"where": "funnel", "values": "shrunken", "low": "shrunken_low", "high": "shrunken_high"}
    around = float(placed["centre"].iloc[0]) if "centre" in placed else None
    return placed.drop(columns=["centre", "weight"], errors="ignore").rename(columns=renamed), around


@dataclass(frozen=True, kw_only=True)
class Comparisons:
    """Which pairs of groups could be compared, what came out, and which could not and why.

    Attributes
    ----------
    table : pandas.DataFrame
        ``a``, ``b`` (two groups), the quantity, ``low``, ``high``, ``n_items``, ``n_raters``, and more by the method.
    refused : pandas.DataFrame
        ``a``, ``b``, ``reason``.
    estimates : dict of str to Estimate
        By pair, for instance ``north and south``.
    quantity : {"difference", "agreement"}
        The column that holds it.
    """

    table: pd.DataFrame
    refused: pd.DataFrame
    estimates: dict[str, Estimate]
    quantity: str

    @property
    def better(self) -> dict[str, str]:
        """By pair the group that is right more often, beyond chance; empty text where the evidence is not enough.

        Raises
        ------
        BadOption
            For agreement, which says nothing about who is right.

        Examples
        --------
        >>> rows = [(i, f"{v}{r}", "y" if v == "south" and (i + r) % 3 else "x", "x", v)
        ...         for v in ("north", "south") for r in range(4) for i in range(30)]
        >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
        >>> comparisons(j).better
        {'north and south': 'north'}
        """
        BadOption.unless("quantity", self.quantity, ("difference",))
        ends = self.table[["a", "b", "low", "high"]].itertuples(index=False)
        return {f"{a} and {b}": a if low > 0 else b if high < 0 else "" for a, b, low, high in ends}

    def plot(self) -> Figure:
        """The pairs with their intervals."""
        from .. import plots

        differ = self.quantity == "difference"
        named = self.table.assign(pair=self.table["a"] + (" less " if differ else " and ") + self.table["b"])
        unit = "difference of shares right" if differ else "agreement of pairs of judgments"
        title = "Differences where work can be compared" if differ else "Agreement on shared items"
        return plots.intervals(named, "pair", self.quantity, bar=0 if differ else None, unit=unit, title=title)


def comparisons(j: Judgments, column: str = "vendor", *, confidence: float = 0.95) -> Comparisons:
    r"""Compare every pair of groups where that is fair, and refuse it with the reason where it is not.

    A difference is the share right of the one minus that of the other. On shared
    items, where there are at least 20, each item both groups judged counts with
    one weight. Otherwise by case mix: direct standardisation over the strata (locale × queue × slice, as far as the
    table has them).
    A stratum counts where both groups have at least two raters and ten checked judgments; its weight is its share of
    both groups' judgments there. The interval is that of
    `halo_methods.stats.change.standardised_difference`.

    A pair is refused if the groups share no stratum (vendor and locale can't be told apart).
    It is also refused if the shared strata hold less than half of either group's checked judgments. Case mix adjusts
    for the columns named and for nothing
    else. Work assigned at random needs no adjustment, and gets the same answer
    on either ground.

    Parameters
    ----------
    j : Judgments
        One criterion.
    column : str
        What makes the groups.
    confidence : float
        Of all intervals together (Bonferroni).

    Returns
    -------
    Comparisons
        ``.table`` has ``ground`` (shared items or case mix) and ``overlap``, the share of
        both groups' checked judgments that the comparison covers.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong, or there is one group.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "x", "x", v) for v in ("north", "south") for r in range(4) for i in range(9)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> comparisons(j).refused["reason"].str[:48].tolist()
    ['north and south share 9 checked items and there ']
    """
    groups = grouped(known(judged(as_judgments(j)), "right"), column)
    return _all_pairs(groups, column, "difference", confidence)


def agreement_between(j: Judgments, column: str = "vendor", *, confidence: float = 0.95) -> Comparisons:
    """Estimate how often judgments of two groups agree on the items both judged, for every pair of groups.

    Every pair of judgments of an item, one from each group, counts: 1 for equal labels, else 0.
    On an ordinal, interval or ratio scale it counts 1 minus the squared distance of the two, the longest distance being
    1.
    An ordinal scale has the distance of mid-ranks, as for Krippendorff's alpha. The interval is that of
    `halo_methods.stats.change.pair_share`. ``kappa`` takes off what two labels
    drawn from the two groups' own shares would give.

    Low agreement says that two vendors read the guideline differently. It does
    not say which of them is right.

    Parameters
    ----------
    j, column
        As for `comparisons`.
    confidence : float
        Of each interval.

    Returns
    -------
    Comparisons
        ``.table`` has ``kappa``, missing where chance alone makes all labels alike. Pairs with fewer
        than 20 shared items are refused.

    Raises
    ------
    NotEstimable
        If there is one group.

    Examples
    --------
    >>> rows = [(i, f"{v}{r}", "xy"[i % 2], v) for v in ("north", "south") for r in range(3) for i in range(30)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "vendor"])
    >>> agreement_between(j).table[["n_items", "agreement", "kappa"]].to_numpy().tolist()
    [[30.0, 1.0, 1.0]]
    """
    j = as_judgments(j)
    frame = judged(j)
    if j.level != "nominal":
        frame = frame.with_columns(places(j, frame["label"]).alias(PLACE))
    kept = {column, "item_id", "rater_id", PLACE if j.level != "nominal" else "label"}
    groups = grouped(frame.select(c for c in frame.columns if c in kept), column)
    return _all_pairs(groups, column, "agreement", confidence)


def next_steps(j: Judgments, column: str = "vendor", *, bar: float, confidence: float = 0.95) -> pd.DataFrame:
    """Say what the figures allow for each group: more volume, corrective action, or neither yet.

    - *Corrective action*: the whole unpooled interval lies below the bar.
      It is also due where the share lies beyond the lower 99.8% line of the funnel and the group can be compared with
      another. A line drawn through unlike work accuses no rater.
    - *May take more volume*: the whole interval clears the bar, the share is not
      below a line, and no group it can be compared with is better.
    - *Keep the volume*: it clears the bar, but another is better, or it lies
      between the lines.
    - *Check more work*: the interval straddles the bar.

    Shrunken figures and ranks decide nothing here, integrity signals neither.

    Parameters
    ----------
    j : Judgments
        One criterion.
    column : str
        What makes the groups.
    bar : float
        Of the share right.
    confidence : float
        Of each interval, and of all comparisons together.

    Returns
    -------
    pandas.DataFrame
        ``column``, ``people``, ``quality``, ``low``, ``high``, ``funnel``,
        ``next_step``, ``worse_than``, ``not_compared_with``.

    Raises
    ------
    NotEstimable
        If nothing is known to be right or wrong.

    Examples
    --------
    >>> rows = [(f"{i}", f"{v}{r}", "x" if (i * 7 + r) % m else "y", "x", v)
    ...         for v, m in (("north", 20), ("south", 2)) for r in range(6) for i in range(40)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold", "vendor"])
    >>> next_steps(j, bar=0.85)["next_step"].tolist()
    ['may take more volume', 'corrective action']
    """
    check_probability(bar, option="bar")
    j = as_judgments(j)
    card = by_group(j, column, confidence=confidence)
    if not card.estimates:
        raise NotEstimable(card.missing["quality"], public=card.missing["quality"])
    better, apart = defaultdict(list), defaultdict(list)
    with suppress(NotEstimable):
        compared = comparisons(j, column, confidence=confidence)
        for a, b, low, high in compared.table[["a", "b", "low", "high"]].itertuples(index=False):
            if low > 0 or high < 0:
                better[b if low > 0 else a].append(a if low > 0 else b)
        for a, b, _ in compared.refused.itertuples(index=False):
            apart[a].append(b)
            apart[b].append(a)
    placed = dict(zip(card.table[column], card.table.get("funnel", [""] * len(card.table)), strict=True))
    groups = {name: quality for name, quality in card.estimates.items() if name != MISSING}
    rows = []
    for name, quality in groups.items():
        place = placed[name] if isinstance(placed[name], str) else ""
        comparable = len(apart[name]) < len(groups) - 1
        if quality.high < bar or (place == "below 99.8%" and comparable):
            step = "corrective action"
        elif quality.low < bar:
            step = "keep the volume; check more work"
        else:
            step = "keep the volume" if better[name] or place.startswith("below") else "may take more volume"
        others = [", ".join(names[name]) for names in (better, apart)]
        rows.append((name, quality.n_raters, quality.value, quality.low, quality.high, place, step, *others))
    figures = ["people", "quality", "low", "high", "funnel", "next_step", "worse_than", "not_compared_with"]
    return pd.DataFrame(rows, columns=[column, *figures])


def _all_pairs(groups: dict[str, pl.DataFrame], column: str, quantity: str, confidence: float) -> Comparisons:
    """Every pair of groups; intervals of differences all together at the stated confidence."""
    check_confidence(confidence)
    names = [name for name in groups if name != MISSING]
    if len(names) < 2:
        raise NotEstimable(f"{counted(len(names), 'group')} in {column}; it takes two")
    pairs = list(combinations(names, 2))
    of_all = 1 - (1 - confidence) / len(pairs)
    rows, refused, estimates = [], [], {}
    for a, b in pairs:
        pair = TwoGroups(groups, a, b, column)
        try:
            e, more = pair.difference(of_all) if quantity == "difference" else pair.agreement(confidence)
        except NotEstimable as reason:
            refused.append((a, b, str(reason)))
            continue
        estimates[f"{a} and {b}"] = e
        rows.append((a, b, e.value, e.low, e.high, *more, e.n_items, e.n_raters))
    own = ["ground", "overlap"] if quantity == "difference" else ["kappa"]
    columns = ["a", "b", quantity, "low", "high", *own, "n_items", "n_raters"]
    return Comparisons(
        table=pd.DataFrame(rows, columns=columns),
        refused=pd.DataFrame(refused, columns=["a", "b", "reason"]),
        estimates=estimates,
        quantity=quantity,
    )


class TwoGroups:
    """Two groups of a column, and what their work allows."""

    def __init__(self, groups: dict[str, pl.DataFrame], a: str, b: str, column: str):
        self.a, self.b, self.column = a, b, column
        self.left, self.right = groups[a], groups[b]
        of_left, of_right = (part["item_id"].unique() for part in (self.left, self.right))
        self.shared = of_left.filter(of_left.is_in(of_right.implode()))
        self.on_shared = self._rows(pl.col("item_id").is_in(self.shared.implode()))
        self.share = f"{a} and {b} share {counted(len(self.shared), 'checked item')}"

    def _rows(self, kept: Any = True) -> pl.DataFrame:
        """The judgments of both groups, which a column tells apart, as far as they are kept."""
        sides = ((self.left, False), (self.right, True))
        return pl.concat(part.filter(kept).with_columns(pl.lit(side).alias(SIDE)) for part, side in sides)

    def difference(self, confidence: float) -> tuple[Estimate, tuple[Any, ...]]:
        """The difference of shares right, its ground, and the share of the judgments it covers."""
        for name, part in ((self.a, self.left), (self.b, self.right)):
            if part["rater_id"].n_unique() < LEAST_RATERS:
                raise NotEstimable(
                    f"{name} has one rater with checked work: the person can't be told from the {self.column}"
                )
        shared = len(self.shared) >= LEAST_SHARED
        rows = self.on_shared.with_columns(pl.col("item_id").alias(STRATUM)) if shared else self._common()
        cautions = () if shared else self._covered(rows)
        clusters = (rows[c] for c in (SIDE, STRATUM, "rater_id", "item_id"))
        ends = standardised_difference(rows["right"], *clusters, drawn=shared, confidence=confidence)
        if ends[1] == ends[2]:
            text = "Nothing varies between items or raters, so the interval has no width."
            cautions = (*cautions, Caution("no_spread", text))
        how = "on shared items" if shared else "standardised to the same mix of work"
        method = f"difference of shares right, {how}; two-way cluster variance"
        estimate = _estimate(ends, confidence, method, rests_on(rows, "right"))
        ground = "shared items" if shared else "case mix"
        return estimate.with_cautions(*cautions), (ground, rows.height / (self.left.height + self.right.height))

    def agreement(self, confidence: float) -> tuple[Estimate, tuple[Any, ...]]:
        """How far pairs of judgments agree, and kappa."""
        if len(self.shared) < LEAST_SHARED:
            items = counted(len(self.shared), "item")
            raise NotEstimable(f"{self.a} and {self.b} judged {items} in common; it takes {LEAST_SHARED}")
        wanted = ["item_id", "rater_id", PLACE if PLACE in self.left.columns else "label"]
        sides = (part.select(wanted).rename({wanted[-1]: "x"}) for part in (self.left, self.right))
        pairs = next(sides).join(next(sides), on="item_id", suffix="_b")
        if PLACE in wanted:
            x, y = (pairs[c].to_numpy() for c in ("x", "x_b"))
            alike, what = 1 - (x - y) ** 2, "1 minus the squared distance on the scale"
            chance = 1 - float(x.var() + y.var() + (x.mean() - y.mean()) ** 2)
        else:
            alike, what = (pairs["x"] == pairs["x_b"]).to_numpy(), "share that agree"
            first, second = (dict(pairs[c].value_counts(normalize=True).iter_rows()) for c in ("x", "x_b"))
            chance = sum(share * second.get(label, 0.0) for label, share in first.items())
        ends = pair_share(alike, *(pairs[c] for c in ("item_id", "rater_id", "rater_id_b")), confidence=confidence)
        method = f"pairs of judgments, one from each group: {what}; three-way cluster score interval"
        kappa = (ends[0] - chance) / (1 - chance) if chance < 1 else float("nan")
        return _estimate(ends, confidence, method, rests_on(self.on_shared, "labels")), (kappa,)

    def _covered(self, rows: pl.DataFrame) -> tuple[Caution, ...]:
        """Refuse strata that hold less than half of a group's work; say what they hold if not all."""
        sides = ((False, self.left), (True, self.right))
        first, second = (rows.filter(pl.col(SIDE) == side).height / part.height for side, part in sides)
        if min(first, second) < LEAST_OVERLAP:
            raise NotEstimable(
                f"{self.a} and {self.b} do the same kind of work in {first:.0%} and {second:.0%} of their checked "
                f"judgments; a comparison holds for both only from {LEAST_OVERLAP:.0%} of each"
            )
        if min(first, second) == 1:
            return ()
        text = f"It covers {first:.0%} of the checked judgments of {self.a} and {second:.0%} of those of {self.b}."
        return (Caution("part_of_the_work", text),)

    def _common(self) -> pl.DataFrame:
        """The judgments in strata where both groups work, with their stratum."""
        a, b, column = self.a, self.b, self.column
        strata = [c for c in STRATA if c in self.left.columns and c != column]
        if not strata:
            others = ", ".join(c for c in STRATA if c != column)
            raise NotEstimable(
                f"{self.share} and there is no other column ({others}) to adjust by, so a difference could be the "
                "work's and not theirs"
            )
        for c in strata:
            if not set(self.left[c]) & set(self.right[c]):
                raise NotEstimable(
                    f"{a} and {b} never work in the same {c}, and {self.share.removeprefix(f'{a} and {b} ')}: {column} "
                    f"and {c} can't be told apart. Let both judge the same {LEAST_SHARED} items, or give both a part "
                    f"of one {c}"
                )
        values = [pl.col(c).fill_null("") for c in strata]
        rows = self._rows().with_columns(pl.concat_str(values, separator="\x1f").alias(STRATUM))
        cells = rows.group_by(STRATUM, SIDE).agg(pl.col("rater_id").n_unique().alias("r"), pl.len().alias("n"))
        enough = cells.filter((pl.col("r") >= LEAST_RATERS) & (pl.col("n") >= LEAST_JUDGMENTS))
        both = enough.group_by(STRATUM).len().filter(pl.col("len") == 2)[STRATUM]
        rows = rows.filter(pl.col(STRATUM).is_in(both.implode()))
        if rows.is_empty():
            raise NotEstimable(
                f"{a} and {b} share no kind of work ({' × '.join(strata)}) in which each has {LEAST_RATERS} raters and "
                f"{LEAST_JUDGMENTS} checked judgments"
            )
        return rows


def _estimate(ends: tuple[float, float, float], confidence: float, method: str, rests: dict[str, Any]) -> Estimate:
    return Estimate(**around(*ends), confidence=confidence, method=method, over="items and raters", **rests)
