"""An alert: what moved, the standard, the likely cause, and who does what by when."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from ..errors import HaloError
from .causes import DATA, GUIDELINE, NOTHING, SINGLE, TEAM, UNKNOWN


@dataclass(frozen=True)
class Step:
    """A step of the escalation path.

    Attributes
    ----------
    do : str
        What is done.
    who : str
        A role.
    within : str
        Time limit, from the alert.
    """

    do: str
    who: str
    within: str


PATH = {
    GUIDELINE: Step(
        "compare with the effect the amendment announced; report both versions apart, relabel nothing",
        "linguist lead", "3 working days",
    ),
    SINGLE: Step(
        "look at ten of the anchors with the rater, in person; ask about workload, tooling and guideline first",
        "quality lead", "2 working days",
    ),
    TEAM: Step(
        "ask which answers were given in the channel that week; hold a calibration round", "quality lead",
        "5 working days",
    ),
    DATA: Step(
        "read 30 fresh items of the part that moved; tell the owner of the source", "programme manager",
        "2 working days",
    ),
    UNKNOWN: Step("add anchors to the queue, at least one judgment in twenty", "programme manager", "5 working days"),
    NOTHING: Step("note the alert as unexplained and go on watching", "quality lead", "5 working days"),
}  # fmt: skip
"""The house's escalation path, by likely cause."""


def alerts(found: pd.DataFrame, standards: Mapping[str, str], *, path: Mapping[str, Step] = PATH) -> pd.DataFrame:
    """One row an alert: the date, the standard, the likely cause, the step, who takes it and by when.

    Parameters
    ----------
    found : pandas.DataFrame
        Of `causes`.
    standards : mapping of str to str
        The identifier of the standard that each cause touches.
    path : mapping of str to Step
        The escalation path; a house may have its own.

    Returns
    -------
    pandas.DataFrame
        Columns ``at``, ``standard``, ``cause``, ``why``, ``step``, ``who``,
        ``within``, latest first.

    Raises
    ------
    HaloError
        If a cause has no standard or no step: an alert nobody answers is none.

    Examples
    --------
    >>> found = pd.DataFrame({"at": ["2026-01-05"], "cause": ["data drift"], "said": ["Fresh items move."]})
    >>> alerts(found, {"data drift": "CAL-032"})[["standard", "who"]].values.tolist()
    [['CAL-032', 'programme manager']]
    """
    rows = []
    for at, cause, said in found[["at", "cause", "said"]].itertuples(index=False, name=None):
        if cause not in standards or cause not in path:
            raise HaloError(f"the cause {cause!r} has no {'standard' if cause not in standards else 'step'}")
        step = path[cause]
        rows.append({"at": at, "standard": standards[cause], "cause": cause, "why": said, "step": step.do,
                     "who": step.who, "within": step.within})  # fmt: skip
    columns = ["at", "standard", "cause", "why", "step", "who", "within"]
    made = pd.DataFrame(rows, columns=columns).sort_values("at", ascending=False)
    if "fewest" in found.attrs:
        made.attrs["fewest"] = [found.attrs["fewest"][n] for n in made.index]
    return made.reset_index(drop=True)
