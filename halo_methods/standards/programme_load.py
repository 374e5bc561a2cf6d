"""What a plan costs beside its first labels: answers to audit questions, and labels that check other labels."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

from ..errors import HaloError
from ..results import counted
from .model import Plan
from .numbers import Numbers
from .plan import in_force, opened, scope
from .register import Register
from .standards_file import Attested

# What takes labels: the plan's clause, else the standard's number, and what it buys.
SOURCES = {
    "gold": ("gold.share", "", "Each rater's errors are seen while the work runs."),
    "tracking items": ("raters.tracking_share", "CAL-030.share", "A rater who drifts is told from items that change."),
    "repeats": ("raters.repeat_share", "", "What raters do not repeat is told from what they read differently."),
    "overlap": ("raters.overlap_share", "CAL-020.share", "Agreement can be stated, and one slip decides no item."),
    "audit": ("audit.share", "", "The error rate of what is delivered is known before use."),
    "second audit": (
        "audit.second_share",
        "QUA-011.share",
        "The error rate is corrected for the auditor's own errors.",
    ),
}
SHOWN = ("gold", "tracking items", "repeats")  # shares of all items shown
PAIR = 2


@dataclass(frozen=True)
class LabelShare:
    """What one safeguard takes of all labels.

    Attributes
    ----------
    name, buys : str
        The safeguard, and what it is good for.
    setting : float or None
        Its share as the plan or the standard sets it; None where neither does.
    source : str
        The plan's clause, or the standard's number.
    share : float
        Of all labels, gold, repeats and audits among them.
    """

    name: str
    setting: float | None
    source: str
    share: float
    buys: str


@dataclass(frozen=True)
class RoleLoad:
    """What one role answers: how often a year, in how many sittings."""

    role: str
    answers: int
    sittings: int


@dataclass(frozen=True)
class Load:
    """What a plan costs in a year of live work.

    Attributes
    ----------
    plan : Plan
        As read, its stage live unless it is closing.
    roles : tuple of RoleLoad
        Answers to audit questions, by role.
    again : dict
        Change -> how many questions it asks again.
    labels : tuple of LabelShare
        What each safeguard takes.
    """

    plan: Plan
    roles: tuple[RoleLoad, ...]
    again: Mapping[str, int]
    labels: tuple[LabelShare, ...]

    @property
    def answers(self) -> int:
        """Answers a year, of all roles."""
        return sum(role.answers for role in self.roles)

    @property
    def sittings(self) -> int:
        """Sittings a year; all roles answer one sheet."""
        return max((role.sittings for role in self.roles), default=0)

    @property
    def share(self) -> float:
        """Of all labels, what the safeguards take together."""
        return sum(part.share for part in self.labels)

    def to_dict(self) -> dict[str, Any]:
        """What `halo standards load --format json` prints."""
        return {
            "plan": self.plan.name,
            "title": self.plan.title,
            "answers": self.answers,
            "sittings": self.sittings,
            "roles": [asdict(role) for role in self.roles],
            "again": dict(self.again),
            "share": self.share,
            "labels": [asdict(part) for part in self.labels],
        }

    def text(self) -> str:
        """What `halo standards load` prints."""
        lines = [f"{self.plan.name}: {self.plan.title}", ""]
        lines.append(f"{counted(self.answers, 'answer')} a year in {counted(self.sittings, 'sitting')}")
        lines += [f"  {r.role}: {r.answers} in {counted(r.sittings, 'sitting')}" for r in self.roles]
        lines += [f"  asked again after {change}: {n}" for change, n in self.again.items()]
        lines += ["", f"{self.share:.0%} of all labels are safeguards; {1 - self.share:.0%} are first labels of items"]
        for part in self.labels:
            if part.setting is None:
                lines.append(f"  {part.name}: not counted; {part.source}")
            else:
                lines.append(
                    f"  {part.name}: {part.share:.1%}, set to {part.setting:.0%} by {part.source}. {part.buys}"
                )
        return "\n".join(lines)

    __str__ = text


def programme_load(
    plan: str | Path | Mapping[str, Any], register: Register | None = None, *, today: date | None = None
) -> Load:
    """What a plan costs in a year of live work: answers to audit questions, and labels that check labels.

    Of what is shown, *g* is the share of gold, *t* of tracking items and *r* of repeats.
    The share *o* of items gets *k* labels, and the share *a* is audited.
    One item then takes ``w = 1 + o (k - 1)`` labels of work, ``w / (1 - g - t - r)`` labels shown and ``a w`` audits.

    Parameters
    ----------
    plan : path or mapping
        A YAML file, or what such a file holds.
    register : Register, optional
        The standards; the handbook's with the house's own unless given.
    today : date, optional
        The day whose standards are in force; today unless given.

    Returns
    -------
    Load

    Examples
    --------
    >>> plan = {"title": "Trial", "task": "label", "risk": "low", "stage": "live", "gold": {"share": .1}}
    >>> load = programme_load(plan)
    >>> load.labels[0].name, round(load.labels[0].setting, 2), load.labels[0].source
    ('gold', 0.1, 'the plan, `gold.share`')
    """
    read, standards, day = opened(plan, register, today)
    if isinstance(read.document.content, dict) and read.get("stage") != "closing":
        read.document.content["stage"] = "live"
    applying = [s for s in in_force(standards, day) if scope(s, read) == "in"]
    asked = [s.evidence for s in applying if isinstance(s.evidence, Attested)]
    roles = []
    for role in sorted({evidence.role for evidence in asked}):
        times = [4 // evidence.quarters for evidence in asked if evidence.role == role]
        roles.append(RoleLoad(role, sum(times), max(times)))
    changes: list[str] = [change for evidence in asked for change in evidence.after]
    again = {change: changes.count(change) for change in sorted(set(changes))}
    return Load(read, tuple(roles), again, label_shares(read, Register(applying).numbers))


def label_shares(plan: Plan, numbers: Numbers) -> tuple[LabelShare, ...]:
    """What each safeguard takes of all labels; see `programme_load`.

    Raises
    ------
    HaloError
        When gold, tracking items and repeats leave no label for work.
    """
    settings = {name: _setting(plan, numbers, *source[:2]) for name, source in SOURCES.items()}
    set_to = {name: value or 0.0 for name, (value, _) in settings.items()}
    left = 1 - sum(set_to[name] for name in SHOWN)
    if left <= 0:
        raise HaloError(f"{', '.join(SHOWN)} take all labels that are shown; lower one of them")
    k = plan.get("raters.overlap")
    second = set_to["overlap"] * (max(k, PAIR) - 1 if isinstance(k, int) else PAIR - 1)
    work = 1 + second
    taken = {name: set_to[name] * work / left for name in SHOWN} | {"overlap": second}
    taken["audit"] = set_to["audit"] * work
    taken["second audit"] = set_to["second audit"] * taken["audit"]
    whole = 1 + sum(taken.values())
    return tuple(LabelShare(n, *settings[n], taken[n] / whole, source[2]) for n, source in SOURCES.items())


def _setting(plan: Plan, numbers: Numbers, clause: str, number: str) -> tuple[float | None, str]:
    """A safeguard's share and where it comes from: the plan's clause, else the standard's number."""
    value = plan.get(clause)
    if isinstance(value, int | float) and not plan.why_unreadable(clause):
        return float(value), f"the plan, `{clause}`"
    standard, _, key = number.partition(".")
    if key in numbers.get(standard, {}):
        return float(numbers[standard][key]), f"{standard}, as the plan does not say `{clause}`"
    return None, f"the plan does not say `{clause}`, and no standard that applies sets it"
