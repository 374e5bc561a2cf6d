"""How often a detector lists honest people, and what may be shown when that is known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import pandas as pd
import polars as pl

from ...stats import proportion
from ...errors import BadOption, NotEstimable
from ...judgments import Judgments
from ...results import Estimate, counted
from .copying import copied
from .evidence import Evidence
from .pace import speeders, straight_liners
from .texts import model_written

Detector = Literal["speeders", "straight_liners", "copied", "model_written"]
DETECTORS: dict[str, Callable[..., Evidence]] = {
    "speeders": speeders,
    "straight_liners": straight_liners,
    "copied": copied,
    "model_written": model_written,
}
BY = ("locale", "accommodation")
NONE = "none stated"


def false_positive_rate(
    detector: Detector | Callable[[Judgments], Evidence], honest: Judgments, *, by: str | Sequence[str] | None = BY,
    confidence: float = 0.95,
) -> dict[str, Estimate]:  # fmt: skip
    """Share of honest people whom a detector lists: everybody, and by locale and accommodation.

    Parameters
    ----------
    detector : {"speeders", "straight_liners", "copied", "model_written"} or callable
        Or a function of judgments that returns `Evidence`.
    honest : Judgments
        Work known to be honest: done under supervision, or by staff, on the
        same task, without telling anybody to hurry or to take their time.
    by : str or sequence of str
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

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> rows = [(i, f"r{r}", "x", 20 + (i * r) % 7, "fr-FR") for r in range(12) for i in range(20)]
    >>> honest = as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "seconds", "locale"]))
    >>> print(false_positive_rate("speeders", honest)["locale fr-FR"])
    0 (95% interval 0 to 0.265 over raters; 20 items, 12 raters, 240 judgments)
    """
    if isinstance(detector, str) and detector not in get_args(Detector):
        raise BadOption.of("detector", detector, get_args(Detector))
    found = (DETECTORS[detector] if isinstance(detector, str) else detector)(honest)
    frame = honest.frame.filter(pl.col("rater_id").is_in(list(found.tested)))
    groups = {"everybody": found.tested}
    for column in [by] if isinstance(by, str) else by or ():
        if column in frame.columns:
            for value, people in _members(frame, column).items():
                groups[f"{column} {value}"] = people
    made = {}
    for name, people in groups.items():
        part = frame.filter(pl.col("rater_id").is_in(list(people)))
        rate = proportion(len(people & found.people), len(people), method="exact", confidence=confidence)
        made[name] = replace(
            rate, n_items=part["item_id"].n_unique(), n_raters=len(people), n_judgments=part.height, over="raters",
            method=f"share of honest people listed by {found.detector}; exact interval")  # fmt: skip
    return made


def _members(frame: pl.DataFrame, column: str) -> dict[str, frozenset[str]]:
    """The people of each value of a column, each person where most of their judgments are."""
    counts = frame.group_by("rater_id", pl.col(column).cast(pl.String).fill_null(NONE)).len()
    own = counts.sort(["len", column], descending=[True, False]).unique("rater_id", keep="first", maintain_order=True)
    return {value: frozenset(part["rater_id"]) for (value,), part in sorted(own.group_by(column))}


@dataclass(frozen=True)
class Signal:
    """One detector, as far as it may be used.

    Attributes
    ----------
    detector : str
    off : str
        Why it is off; empty where it is on.
    rates : dict of str to Estimate
        The false-positive rate of everybody and of each group in the honest baseline.
    table : pandas.DataFrame
        The listed rows whose people all belong to groups with a known rate.
    tested, listed, held_back : int
        People tested, people on the list, people not listed because the rate
        of their group is unknown or too high.
    rule, innocent : str
        As in `Evidence`.
    """

    detector: str
    off: str
    rates: Mapping[str, Estimate]
    table: pd.DataFrame
    tested: int = 0
    listed: int = 0
    held_back: int = 0
    rule: str = ""
    innocent: str = ""


def signals(
    j: Judgments, honest: Judgments | None = None, *, by: Sequence[str] = BY, least: int = 10, most: float = 0.05
) -> dict[str, Signal]:
    """All detectors, each off where its false-positive rate is not known.

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
    least : int
        Honest people a group's rate must rest on to count as known.
    most : float
        The highest rate at which the detector is used for a group.

    Returns
    -------
    dict of str to Signal

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> j = as_judgments(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]}))
    >>> signals(j)["copied"].off
    'there is no honest baseline, so nobody knows how often it lists honest people'
    """
    return {name: _signal(name, j, honest, by, least, most) for name in DETECTORS}


def _signal(name: str, j: Judgments, honest: Judgments | None, by: Sequence[str], least: int, most: float) -> Signal:
    nothing: dict[str, Any] = {"detector": name, "rates": {}, "table": pd.DataFrame()}
    if honest is None:
        return Signal(off="there is no honest baseline, so nobody knows how often it lists honest people", **nothing)
    for table, where in ((honest, "the honest baseline"), (j, "this table")):
        absent = [c for c in by if c not in table.columns]
        if absent:
            lacks = f"{where} has no column {' and no column '.join(absent)}"
            return Signal(off=f"{lacks}, so its rate by group is unknown", **nothing)
    try:
        rates = false_positive_rate(name, honest, by=by)  # type: ignore[arg-type]
    except NotEstimable as reason:
        return Signal(off=f"on the honest baseline: {reason}", **nothing)
    nothing["rates"] = rates
    try:
        found = DETECTORS[name](j)
    except NotEstimable as reason:
        return Signal(off=str(reason), **nothing)
    good = {group for group, rate in rates.items() if rate.n_raters >= least and rate.value <= most}
    held: set[str] = set()
    for column in by:
        for value, people in _members(j.frame, column).items():
            if f"{column} {value}" not in good:
                held |= people
    if found.tested <= held:
        return Signal(off=f"no group of these people has a rate of at most {most:g} that rests on "
                          f"{counted(least, 'honest person').replace('persons', 'people')}", **nothing)  # fmt: skip
    columns = [c for c in ("rater_id", "a", "b") if c in found.table.columns]
    clear = ~found.listed[columns].isin(held).any(axis=1)
    shown = found.listed[clear].drop(columns="listed").reset_index(drop=True)
    listed = frozenset(str(p) for c in columns for p in shown[c])
    return Signal(
        name, "", rates, shown, len(found.tested), len(listed), len(found.people - listed), found.rule, found.innocent
    )


def rates(found: Mapping[str, Signal], *, groups: bool = True) -> dict[str, Estimate]:
    """The false-positive rates of all detectors that have one, as a gate takes them.

    Parameters
    ----------
    found : mapping of str to Signal
        From `signals`.
    groups : bool
        Also by locale and accommodation; otherwise everybody together, since an
        accommodation may tell of somebody's health.

    Raises
    ------
    NotEstimable
        If no detector has a measured rate.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> j = as_judgments(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]}))
    >>> rates(signals(j))
    Traceback (most recent call last):
    ...
    halo_methods.errors.NotEstimable: all detectors are off: there is no honest baseline, so nobody knows how often it
    lists honest people
    """
    made = {
        f"{signal.detector}: {group}": rate
        for signal in found.values() for group, rate in signal.rates.items() if groups or group == "everybody"
    }  # fmt: skip
    if not made:
        reasons = dict.fromkeys(signal.off for signal in found.values())
        raise NotEstimable(f"all detectors are off: {'; '.join(reasons)}")
    return made


def status(found: Mapping[str, Signal], *, counts: bool = True) -> pd.DataFrame:
    """One row a detector: on or off and why, how many people were tested, and what else explains a listing.

    Parameters
    ----------
    found : mapping of str to Signal
        From `signals`.
    counts : bool
        Also how many are listed or held back; for operations only.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods import as_judgments
    >>> j = as_judgments(pd.DataFrame({"item_id": ["a"], "rater_id": ["r"], "label": ["x"]}))
    >>> status(signals(j))["detector"].tolist()
    ['speeders', 'straight liners', 'copied', 'model written']
    """
    rows = []
    for signal in found.values():
        row: dict[str, Any] = {"detector": signal.detector.replace("_", " "), "state": "off" if signal.off else "on"}
        if counts:
            row |= {"tested": signal.tested, "listed": signal.listed, "held_back": signal.held_back}
        rows.append(row | {"why_off": signal.off, "rule": signal.rule, "innocent_reasons": signal.innocent})
    return pd.DataFrame(rows)
