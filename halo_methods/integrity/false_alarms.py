"""How often a detector lists honest people, and what may be shown when that is known."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
import polars as pl

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.table import rests_on
from ..results import Estimate
from ..stats.checks import check_count, check_probability
from ..stats.proportions import proportion
from .detectors import PEOPLE, Evidence, copied, model_written, people_of, speeders, straight_liners

DETECTORS: dict[str, Callable[..., Evidence]] = {
    detector.__name__: detector for detector in (speeders, straight_liners, copied, model_written)
}
BY = ("locale", "accommodation")
EVERYBODY = "everybody"
NO_BASELINE = "there is no honest baseline, so how often it lists honest people is not known"


def false_positive_rate(
    detector: str,
    honest: Judgments,
    *,
    by: Sequence[str] = BY,
    confidence: float = 0.95,
) -> dict[str, Estimate]:
    """Estimate the share of honest people whom a detector lists: everybody, and by locale and accommodation.

    Parameters
    ----------
    detector : {"speeders", "straight_liners", "copied", "model_written"}
    honest : Judgments
        Work known to be honest: done under supervision, or by staff, on the
        same task, without telling the raters to hurry or to take their time.
    by : sequence of str
        Columns that make the groups; a person belongs to the value they have
        most often. A column that is not there is skipped.
    confidence : float
        Of the exact interval.

    Returns
    -------
    dict of str to Estimate
        ``everybody``, then for instance ``locale fr-FR``; over raters.

    Raises
    ------
    NotEstimable
        What the detector raises on these judgments.
    BadOption
        For an unknown detector.

    Examples
    --------
    >>> rows = [(i, f"r{r}", "x", 20 + (i * r) % 7, "fr-FR") for r in range(12) for i in range(20)]
    >>> honest = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds", "locale"])
    >>> print(false_positive_rate("speeders", honest)["locale fr-FR"])
    0 (95% interval 0 to 0.265 over raters; 20 items, 12 raters, 240 judgments)
    """
    BadOption.unless("detector", detector, DETECTORS)
    honest = as_judgments(honest)
    evidence = DETECTORS[detector](honest)
    tested = people_of(evidence.table)
    frame = honest.frame.filter(pl.col("rater_id").is_in(list(tested)))
    groups = {EVERYBODY: tested, **_groups(frame, by)}
    method = f"share of honest people listed by {evidence.detector}; exact interval"
    rates = {}
    for name, people in groups.items():
        rate = proportion(len(people & evidence.people), len(people), method="exact", confidence=confidence)
        rows = frame.filter(pl.col("rater_id").is_in(list(people)))
        rates[name] = replace(rate, over="raters", method=method, **rests_on(rows, f"listed by {evidence.detector}"))
    return rates


def _groups(frame: pl.DataFrame, by: Sequence[str]) -> dict[str, frozenset[str]]:
    """The people of each value of the columns, each person where most of their judgments are."""
    groups = {}
    for column in [by] if isinstance(by, str) else by:
        if column in frame.columns:
            counts = frame.group_by("rater_id", pl.col(column).cast(pl.String).fill_null("none stated")).len()
            own = counts.sort(["len", column], descending=[True, False]).unique("rater_id", maintain_order=True)
            for (value,), part in sorted(own.group_by(column)):
                groups[f"{column} {value}"] = frozenset(part["rater_id"])
    return groups


@dataclass(frozen=True, kw_only=True)
class Signals:
    """All detectors, as far as they may be used.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a detector: ``detector``, ``state`` (on or off), ``tested``, ``listed`` and ``held_back`` (people, the
        last because the rate of their group is unknown or too high), ``why_off``, ``rule``, ``innocent_reasons``.
    lists : dict of str to pandas.DataFrame
        By detector the listed rows whose people all belong to groups with a known rate.
    rates : dict of str to dict of str to Estimate
        By detector the false-positive rate of everybody and of each group in the honest baseline.
    """

    table: pd.DataFrame
    lists: dict[str, pd.DataFrame]
    rates: dict[str, dict[str, Estimate]]

    def everybody(self) -> dict[str, Estimate]:
        """The false-positive rate of everybody, by detector, as a gate takes it.

        Raises
        ------
        NotEstimable
            If no detector has a measured rate.
        """
        if not self.rates:
            reasons = "; ".join(dict.fromkeys(self.table["why_off"]))
            public = f"all detectors are off: {NO_BASELINE}" if reasons == NO_BASELINE else "all detectors are off"
            raise NotEstimable(f"all detectors are off: {reasons}", public=public)
        return {name: rates[EVERYBODY] for name, rates in self.rates.items()}

    def by_group(self) -> dict[str, Estimate]:
        """The false-positive rates by locale and accommodation; for operations, since they may tell of a health."""
        return {
            f"{detector}: {group}": rate
            for detector, rates in self.rates.items()
            for group, rate in rates.items()
            if group != EVERYBODY
        }


def signals(
    j: Judgments,
    honest: Judgments | None = None,
    *,
    by: Sequence[str] = BY,
    min_people: int = 10,
    max_rate: float = 0.05,
) -> Signals:
    """Run all detectors, each off where its false-positive rate is not known.

    A list is evidence for a look at the work by a named person. It is no
    verdict, and it never feeds pay, certification or a scorecard by itself.

    Parameters
    ----------
    j : Judgments
        One criterion, with the columns named by ``by``.
    honest : Judgments, optional
        The honest baseline; without it everything is off.
    by : sequence of str
        Columns whose groups must each have a known rate.
    min_people : int
        Honest people a group's rate must rest on to count as known.
    max_rate : float
        The highest rate at which the detector is used for a group.

    Returns
    -------
    Signals

    Examples
    --------
    >>> found = signals(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]}))
    >>> found.table["why_off"][0]
    'there is no honest baseline, so how often it lists honest people is not known'
    """
    check_count(min_people, option="min_people", least=1)
    check_probability(max_rate, option="max_rate")
    j, honest = as_judgments(j), None if honest is None else as_judgments(honest)
    rows, lists, rates = [], {}, {}
    for name, detector in DETECTORS.items():
        row: dict[str, Any] = {"detector": name.replace("_", " "), "state": "on", "tested": 0, "listed": 0}
        row |= {"held_back": 0, "why_off": "", "rule": "", "innocent_reasons": ""}
        try:
            rates[name] = known = _known_rates(name, j, honest, by)
            evidence = detector(j)
            tested = people_of(evidence.table)
            good = {group for group, rate in known.items() if rate.n_raters >= min_people and rate.value <= max_rate}
            held = {who for group, people in _groups(j.frame, by).items() if group not in good for who in people}
            if tested <= held:
                people = "1 honest person" if min_people == 1 else f"{min_people} honest people"
                raise NotEstimable(
                    f"no group of these people has a rate of at most {max_rate:g} that rests on {people}"
                )
            columns = [c for c in PEOPLE if c in evidence.table]
            clear = ~evidence.listed[columns].isin(held).any(axis=1)
            lists[name] = evidence.listed[clear].drop(columns="listed").reset_index(drop=True)
            listed = people_of(lists[name])
            row |= {"tested": len(tested), "listed": len(listed), "held_back": len(evidence.people - listed)}
            row |= {"rule": evidence.rule, "innocent_reasons": evidence.innocent}
        except NotEstimable as reason:
            row |= {"state": "off", "why_off": str(reason)}
        rows.append(row)
    return Signals(table=pd.DataFrame(rows), lists=lists, rates=rates)


def _known_rates(name: str, j: Judgments, honest: Judgments | None, by: Sequence[str]) -> dict[str, Estimate]:
    if honest is None:
        raise NotEstimable(NO_BASELINE, public=True)
    for table, where in ((honest, "the honest baseline"), (j, "this table")):
        if absent := [c for c in by if c not in table.columns]:
            lacks = f"{where} has no column {' and no column '.join(absent)}"
            raise NotEstimable(f"{lacks}, so its rate by group is unknown")
    try:
        return false_positive_rate(name, honest, by=by)
    except NotEstimable as reason:
        raise NotEstimable(f"on the honest baseline: {reason}") from None
