"""The judge's passport: everything that was measured about one judge, what it may be used for, and until when."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..results import Estimate, readable
from .alternative_annotator import AlternativeAnnotator, alternative_annotator_test, beside
from .judge_errors import Consistency, Drivers, StatedConfidence, consistency, drivers, stated_confidence
from .judged_rates import CORRECTED, RARER, JudgedRate, judged_rate

Use = Literal["use alone", "with correction", "for triage", "not"]


@dataclass(frozen=True, kw_only=True)
class Bars:
    """What each use of a judge asks; the values stand in the standards.

    Attributes
    ----------
    winning : float
        Least winning rate of a judge that is used alone.
    half_width : float
        Most half the width of a corrected rate.
    sensitivity : float
        Least sensitivity of a judge that sorts a queue: the lower end of the interval.
    same : float
        Least share of items on which it repeats its verdict, for a judge that is used alone.
    rarer : int
        Labelled items of the rarer kind for sensitivity and specificity.
    """

    winning: float
    half_width: float
    sensitivity: float
    same: float
    rarer: int = RARER


@dataclass(frozen=True, kw_only=True, eq=False)
class Passport:
    """What was measured about a judge. Where something could not be measured, the reason stands in its place.

    Attributes
    ----------
    test : AlternativeAnnotator or NotEstimable
    rate : JudgedRate or NotEstimable
    slices : dict of str to JudgedRate or NotEstimable
        The same by group.
    repeats, orders : Consistency or NotEstimable
    pulls : Drivers or NotEstimable
    stated : StatedConfidence or NotEstimable
    bars : Bars
    version : str
        Of the judge, as the plan names it.
    items : str
        What people said of the items, as the first twelve digits of a SHA-256.
    """

    test: AlternativeAnnotator | NotEstimable
    rate: JudgedRate | NotEstimable
    slices: dict[str, JudgedRate | NotEstimable]
    repeats: Consistency | NotEstimable
    orders: Consistency | NotEstimable
    pulls: Drivers | NotEstimable
    stated: StatedConfidence | NotEstimable
    bars: Bars
    version: str
    items: str
    judge: str | None = field(default=None)

    @property
    def winning_rate(self) -> Estimate | NotEstimable:
        """Of the alternative annotator test."""
        return self.test if isinstance(self.test, NotEstimable) else self.test.estimates["winning rate"]

    @property
    def half_width(self) -> Estimate | NotEstimable:
        """Of the corrected rate."""
        return self.rate if isinstance(self.rate, NotEstimable) else self.rate.half_width

    @property
    def sensitivity(self) -> Estimate | NotEstimable:
        """Of the judge, against the majority of people."""
        return self.rate if isinstance(self.rate, NotEstimable) else self.rate.sensitivity

    @property
    def same(self) -> Estimate | NotEstimable:
        """Share of items on which it repeats its verdict when asked again."""
        return self.repeats if isinstance(self.repeats, NotEstimable) else self.repeats.same

    @property
    def table(self) -> pd.DataFrame:
        """One row per use: ``use``, ``what``, ``value``, ``low``, ``high``, ``bar``, ``met`` (yes, no, not known)."""
        b = self.bars
        asked = [
            ("use alone", "winning rate", self.winning_rate, b.winning, 1),
            ("use alone", "same verdict again", self.same, b.same, 1),
            ("with correction", "half width", self.half_width, b.half_width, -1),
            ("for triage", "sensitivity", self.sensitivity, b.sensitivity, 1),
        ]
        rows: list[tuple[Any, ...]] = []
        for use, what, e, bar, side in asked:
            if isinstance(e, NotEstimable):
                rows.append((use, what, None, None, None, bar, "not known"))
            else:
                good = e.low >= bar if side > 0 else e.high <= bar
                rows.append((use, what, e.value, e.low, e.high, bar, "yes" if good else "no"))
        return pd.DataFrame(rows, columns=["use", "what", "value", "low", "high", "bar", "met"])

    @property
    def verdict(self) -> Use:
        """The freest use all of whose bars are met; what is not known is not met."""
        met = (self.table["met"] == "yes").groupby(self.table["use"]).all()
        helps = isinstance(self.rate, JudgedRate) and self.rate.recommended == CORRECTED
        uses: list[tuple[Use, bool]] = [
            ("use alone", met["use alone"]),
            ("with correction", met["with correction"] and helps),
            ("for triage", met["for triage"]),
        ]
        return next((use for use, good in uses if good), "not")

    @property
    def by_slice(self) -> pd.DataFrame:
        """``slice``, corrected ``rate`` with ``low`` and ``high``, ``sensitivity``, ``specificity``, ``reason``."""
        rows: list[tuple[Any, ...]] = []
        for name, found in self.slices.items():
            if isinstance(found, NotEstimable):
                rows.append((name, None, None, None, "", "", str(found)))
                continue
            both = (found.sensitivity, found.specificity)
            said = ("" if isinstance(e, NotEstimable) else e.found for e in both)
            why = next((str(e) for e in both if isinstance(e, NotEstimable)), "")
            rows.append((name, found.rate.value, found.rate.low, found.rate.high, *said, why))
        columns = ["slice", "rate", "low", "high", "sensitivity", "specificity", "reason"]
        return pd.DataFrame(rows, columns=columns)

    def expired(self, j: Judgments, *, version: str) -> str:
        """Say why this passport no longer holds: another version of the judge, or other labels; empty while it holds.

        Examples
        --------
        >>> rows = [("a", "r", "x", "human"), ("a", "m", "x", "model")]
        >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"])
        >>> held = passport(j, None, bars=Bars(winning=.5, half_width=.05, sensitivity=.9, same=.9), version="1")
        >>> held.expired(j, version="1"), held.expired(j, version="2")
        ('', "the judge is version '2', the passport is of '1'")
        """
        if version != self.version:
            return f"the judge is version {version!r}, the passport is of {self.version!r}"
        people, _ = beside(j, self.judge)
        return "" if frozen(people) == self.items else "people's labels of the frozen items are not those it rests on"

    def __str__(self) -> str:
        lines = [f"{self.verdict}, for version {self.version or 'not named'} on the items {self.items}"]
        for _, row in self.table.iterrows():
            value = "not known" if pd.isna(row["value"]) else readable(row["value"])
            lines.append(f"{row['use']}: {row['what']} {value}, bar {readable(row['bar'])}: {row['met']}")
        return "\n".join(lines)


def frozen(people: Judgments) -> str:
    """The first twelve digits of a SHA-256 of items and people's labels, whatever the order of the rows.

    Examples
    --------
    >>> frozen(as_judgments(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]})))
    'b8bfe415ce20'
    """
    rows = people.frame.select(pl.col("item_id", "rater_id", "label").cast(pl.String)).sort(pl.all())
    return hashlib.sha256(repr(rows.rows()).encode()).hexdigest()[:12]


def passport(
    j: Judgments,
    epsilon: float | None,
    *,
    bars: Bars,
    positive: str | None = None,
    judge: str | None = None,
    columns: Sequence[str] = (),
    by: str | None = None,
    version: str = "",
) -> Passport:
    """Measure everything about one judge that its use is decided by.

    Parameters
    ----------
    j : Judgments or frame
        People and the judge on the same items; repeats of the judge as rounds.
    epsilon : float or None
        Of the `alternative_annotator_test`.
    bars : Bars
        What each use asks.
    positive : str, optional
        The label whose rate is wanted.
    judge : str, optional
    columns : sequence of str
        Properties of items that may pull the judge; see `drivers`.
    by : str, optional
        The column of slices, for instance ``system``.
    version : str
        Of the judge.

    Examples
    --------
    >>> rows = [(i, r, "xy"[i % 2], "human") for i in range(40) for r in "abc"]
    >>> rows += [(i, "m", "xy"[i % 2], "model") for i in range(400)]
    >>> j = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "rater_type"])
    >>> bars = Bars(winning=0.5, half_width=0.1, sensitivity=0.9, same=0.9)
    >>> passport(j, 0.1, bars=bars, positive="y").verdict
    'with correction'
    """
    j = as_judgments(j)
    people, _ = beside(j, judge)

    def tried(function: Callable[..., Any], *given: Any, **options: Any) -> Any:
        try:
            return function(*given, judge=judge, **options)
        except NotEstimable as reason:
            return reason

    slices = {}
    if by:
        for name, part in j.groups(by):
            slices[str(name)] = tried(judged_rate, part, positive=positive, fewest=bars.rarer)
    order = {"across": "first", "first": "first"}
    return Passport(
        test=tried(alternative_annotator_test, j, epsilon),
        rate=tried(judged_rate, j, positive=positive, fewest=bars.rarer),
        slices=slices,
        repeats=tried(consistency, j),
        orders=tried(consistency, j, **order),
        pulls=tried(drivers, j, columns, positive=positive),
        stated=tried(stated_confidence, j),
        bars=bars,
        version=version,
        items=frozen(people),
        judge=judge,
    )
