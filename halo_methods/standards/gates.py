"""Gates: an estimate held against a standard, with one verdict everywhere, and the gates that reports gave."""

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from ..documents import show
from ..errors import BadOption, HaloError, NotEstimable, Problem
from ..results import Estimate, Verdict, counted, readable, said_once
from .register import house
from .standards_file import Direction, Measured

LARGEST_REPORT = 16 * 2**20
FEW_ITEMS = 10
MOST_TIMES = 50
MOST_MORE = {"rater": 200, "item": 5_000}
STAY_SAFE = "Take it as not met where that is the safer mistake, and write down who decided."
TEST_AGAIN = (
    "A test this near its bar neither clears nor accuses a rater. Look at what stands out most, and test once more, "
    "on items not judged yet, their number declared in advance; more of the same items only sharpen the test."
)

COUNT_AGAIN = (
    "Nothing was drawn, so more work settles nothing: add the seconds, the moments and the classes of harm that are "
    "missing, and count again."
)
RUN_AGAIN = "More simulated runs narrow the interval: ask for more with the parameter `runs`."


def verdict(estimate: Estimate, threshold: float, *, direction: Direction = "at_least") -> Verdict:
    """What an interval says about a threshold.

    Parameters
    ----------
    estimate : Estimate
        Its interval decides; its value does not.
    threshold : float
        In the unit of the estimate.
    direction : {"at_least", "at_most"}
        On which side of the threshold the standard is met.

    Returns
    -------
    {"met", "not_met", "undecided"}
        ``met`` where the whole interval lies on the right side (the threshold
        itself included), ``not_met`` where it lies wholly on the wrong side,
        otherwise ``undecided``.

    Examples
    --------
    >>> rests = {"n_items": 300, "n_raters": 1, "n_judgments": 300}
    >>> e = Estimate(value=.9, low=.86, high=.93, method="share", over="items", **rests)
    >>> [verdict(e, t) for t in (.85, .9, .95)]
    ['met', 'undecided', 'not_met']
    """
    BadOption.unless("direction", direction, ("at_least", "at_most"))
    if direction == "at_least":
        return "met" if estimate.low >= threshold else "not_met" if estimate.high < threshold else "undecided"
    return "met" if estimate.high <= threshold else "not_met" if estimate.low > threshold else "undecided"


@dataclass(frozen=True)
class Gate:
    """A standard's answer for one estimate.

    Attributes
    ----------
    standard, title, level : str
        Of the standard.
    verdict : {"met", "not_met", "undecided", "excepted"}
    estimate : Estimate or None
        None where it could not be estimated; `reason` says why.
    threshold : float
    direction : {"at_least", "at_most"}
    subject : str
        What the estimate is about, where a standard is held against several things.
    reason : str
        Why the verdict is undecided without an estimate.
    to_settle : str
        For an undecided gate: what would settle it.
    house : bool
        The threshold is the house's own.
    """

    standard: str
    title: str
    level: str
    verdict: Verdict
    estimate: Estimate | None
    threshold: float
    direction: Direction
    subject: str = ""
    reason: str = ""
    to_settle: str = ""
    house: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Everything above, ready for JSON."""
        return {**vars(self), "estimate": self.estimate.to_dict() if self.estimate else None}

    def rounded(self, estimate: Estimate) -> "Gate":
        """The same verdict with a coarser estimate, and what would settle it worked out from that."""
        return replace(self, estimate=estimate, to_settle=self.to_settle and to_settle(estimate, self.threshold))

    @property
    def wanted(self) -> str:
        """The threshold in words."""
        return (
            f"{self.direction.replace('_', ' ')} {readable(self.threshold)}{' (house threshold)' if self.house else ''}"
        )

    def __str__(self) -> str:
        about = f" for {self.subject}" if self.subject else ""
        found = self.estimate.found if self.estimate else self.reason
        settle = f" {self.to_settle}" if self.to_settle else ""
        return f"{self.standard} {self.verdict.replace('_', ' ')}{about}: {self.wanted}; {found}.{settle}"

    def _repr_html_(self) -> str:
        badge = f'<span class="halo-gate halo-gate--{self.verdict}">{self.verdict.replace("_", " ")}</span>'
        about = f" for {self.subject}" if self.subject else ""
        asked = f"<strong>{self.standard}</strong> {self.level}. {escape(f'{self.title}{about}: {self.wanted}.')}"
        why = f'<span class="halo-why">{escape(self.reason)}.</span>' if self.reason else ""
        lines = [f"{badge} {asked}", self.estimate.shown() if self.estimate else why, escape(self.to_settle)]
        said = "".join(f"<p>{line}</p>" for line in lines if line)
        behind = said_once(self.estimate.cautions) + self.estimate.behind() if self.estimate else ""
        return f'<div class="halo-verdict">{said}{behind}</div>'


def gate(
    standard: str, estimate: Estimate | NotEstimable | None, *, subject: str = "", threshold: float | None = None
) -> Gate:
    """Hold an estimate against a measured standard.

    Parameters
    ----------
    standard : str
        Identifier, for instance ``"CAL-004"``.
    estimate : Estimate, NotEstimable or None
        Without an estimate the verdict is ``undecided``.
    subject : str
        What it is about.
    threshold : float, optional
        Instead of the standard's, or the house's, own.

    Raises
    ------
    HaloError
        If there is no such standard, or it is not measured.

    Examples
    --------
    >>> print(gate("CAL-004", NotEstimable("no judged item has a gold answer")))
    CAL-004 undecided: at least 0.85; no judged item has a gold answer.
    """
    settings = house()
    asked = settings.register()[standard]
    evidence = asked.evidence
    if not isinstance(evidence, Measured):
        raise HaloError(f"{standard} is {evidence.kind}: no number meets it, so it has no gate")
    own = threshold is None and standard in settings.thresholds
    bar = float(settings.thresholds[standard] if own else evidence.threshold if threshold is None else threshold)
    unknown = Gate(standard, asked.title, asked.level, "undecided", None, bar, evidence.direction, subject, house=own)
    if not isinstance(estimate, Estimate):
        return replace(unknown, reason="nothing was estimated" if estimate is None else str(estimate))
    found = verdict(estimate, bar, direction=evidence.direction)
    settle = to_settle(estimate, bar) if found == "undecided" else ""
    return replace(unknown, verdict=found, estimate=estimate, to_settle=settle)


def to_settle(estimate: Estimate, threshold: float) -> str:
    """What would settle an undecided gate, as a sentence.

    The half of the interval that crosses the threshold shrinks with the root of the sample.
    The sample asked for puts its end on the threshold if the value stays where it is, so it settles the matter about
    half the time.
    No number is named past 200 more raters, 5,000 more items or fifty times
    what there is (house rule): that is too much for one verdict. Below ten
    items none is named either: there the interval does not shrink with the root.

    Parameters
    ----------
    estimate : Estimate
        Undecided against the threshold.
    threshold : float
        In the unit of the estimate.

    Examples
    --------
    >>> rests = {"n_items": 60, "n_raters": 1, "n_judgments": 60}
    >>> print(to_settle(Estimate(value=.9, low=.82, high=.95, method="share", over="items", **rests), .85))
    About 94 more items would settle it if the value holds; collect them once, as a top-up declared in advance.
    """
    if estimate.kind == "p_value":
        return TEST_AGAIN
    if estimate.kind in ("bounds", "count"):
        return COUNT_AGAIN
    if "simulated" in estimate.codes:
        return RUN_AGAIN
    gap = abs(estimate.value - threshold)
    reach = abs((estimate.high if threshold > estimate.value else estimate.low) - estimate.value)
    size, noun = (estimate.n_items, "item") if estimate.over == "items" else (estimate.n_raters, "rater")
    times = (reach / gap) ** 2 if gap > 0 else math.inf
    sizes = {noun: size} | ({"item": estimate.n_items} if estimate.over == "items and raters" else {})
    if estimate.over == "items" and size < FEW_ITEMS:
        return f"With {counted(size, 'item')} how many more it takes cannot be said; have {FEW_ITEMS} at the least."
    more = {of: max(math.ceil(n * (min(times, MOST_TIMES) - 1)), 1) for of, n in sizes.items()}
    if times > MOST_TIMES or any(n > MOST_MORE[of] for of, n in more.items()):
        of = " and ".join(f"{of}s" for of in more)
        return (
            f"No affordable number of {of} would settle it: the value lies too close to the threshold for so wide an "
            f"interval. {STAY_SAFE}"
        )
    what = " and ".join(counted(n, f"more {of}") for of, n in more.items())
    return f"About {what} would settle it if the value holds; collect them once, as a top-up declared in advance."


class ReportedEstimate(BaseModel):
    """What a report's gate rests on."""

    value: float
    low: float
    high: float
    kind: str = "sampled"
    confidence: float = 0.95


class ReportedGate(BaseModel):
    """One gate of a report: its verdict, for what, and what would settle it."""

    standard: str
    verdict: Verdict
    threshold: float = 0
    direction: str = "at_least"
    estimate: ReportedEstimate | None = None
    subject: str = ""
    reason: str = ""
    to_settle: str = ""
    report: str = ""

    @property
    def said(self) -> str:
        """The estimate against the threshold, or why there is none."""
        found = self.estimate
        if found is None:
            return self.reason or "see the report"
        exact = found.kind == "count" or (found.confidence == 1 and found.low == found.value == found.high)
        ends = "exact" if exact else f"{readable(found.low)} to {readable(found.high)}"
        return f"{readable(found.value)} ({ends}) against {self.direction.replace('_', ' ')} {readable(self.threshold)}"


class ReportFile(BaseModel):
    """The part of a report's ``NAME.json`` that a plan reads."""

    gates: list[ReportedGate]


def reported_gates(names: Iterable[str], folder: Path) -> tuple[dict[str, list[ReportedGate]], list[Problem]]:
    """Gates by standard, from the files of reports that a plan names under ``results``.

    A file that can't be read is a problem, and its gates count for nothing.
    """
    gates: dict[str, list[ReportedGate]] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            report = ReportFile.model_validate_json(_content(folder / name))
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            if isinstance(error, ValidationError):
                first = error.errors()[0]
                why = ": ".join(filter(None, (".".join(map(str, first["loc"])), first["msg"])))
            what = f"`results` names {show(name)}, which can't be read as a report: {why}"
            problems.append(Problem(what, "Name the NAME.json that `halo report` wrote."))
            continue
        for gate in report.gates:
            gates.setdefault(gate.standard, []).append(gate.model_copy(update={"report": name}))
    return gates, problems


def _content(path: Path) -> bytes:
    if not path.is_file():
        raise ValueError("there is no such file")
    if path.stat().st_size > LARGEST_REPORT:
        raise ValueError(f"it is larger than {LARGEST_REPORT // 2**20} MiB")
    return path.read_bytes()
