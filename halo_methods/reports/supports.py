"""What judgments support today: the reports that can be made of them, and what would open the others.

What a report needs stands in its chapter's notebook, ``halo: {needs: […]}``. A need is a column, ``column=value`` for
one that holds this value, or a word of `NEEDS`. Where one of several is enough, `` | `` stands between them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from ..errors import NotEstimable
from ..judgments import Judgments
from ..judgments.cells import encoded
from ..judgments.coding import numbered, one_rater_each, unit_keys
from ..judgments.spellings import number
from ..judgments.table import in_order, value_filter
from .places import needs


def _has_pairs(j: Judgments) -> bool:
    """Whether an item has two raters; the numbers that checking gave to both are counted several times as fast."""
    people = j.people()
    unit, rater, _ = numbered(people)
    item = unit if unit_keys(people) == ["item_id"] else encoded(people.frame["item_id"])[0]
    return not one_rater_each(item, rater)


def _has_group(j: Judgments) -> bool:
    try:
        return bool(j.default_group())
    except NotEstimable:
        return False


def _has_order(j: Judgments) -> bool:
    in_steps = j.level_given and j.level != "nominal"
    return j.numeric or in_steps or all(number(str(label)) is not None for label in j.labels)


NEEDS: dict[str, tuple[str, Callable[[Judgments], bool]]] = {
    "raters": ("a second rater per item", _has_pairs),
    "group": ("a column `vendor`, `locale`, `slice`, `queue` or `system` with two values", _has_group),
    "order": ("the labels in order, --scale poor,fair,good --level ordinal,", _has_order),
    "honest_baseline": ("a file of honest work, -p honest_baseline=FILE,", lambda j: False),
}
"""What is no column: how a reader is told of it, and whether judgments have it."""


def _told(need: str) -> str:
    """A need as a reader is told of it."""
    column, _, value = need.partition("=")
    return NEEDS[need][0] if need in NEEDS else f"`{column}`" + (f" with the value {value}" if value else "")


def _met(j: Judgments, need: str) -> bool:
    if " | " in need:
        return any(_met(j, one) for one in need.split(" | "))
    if need in NEEDS:
        return NEEDS[need][1](j)
    column, _, value = need.partition("=")
    if column not in j.columns:
        return False
    return bool((j.frame[column] == value).any()) if value else j.frame[column].null_count() < len(j)


@dataclass(frozen=True)
class Supported:
    """The reports that can be made of judgments today, and what would open the others.

    Attributes
    ----------
    reports : list of str
        Those that can be made.
    opens : dict of tuple of str to list of str
        The reports that each set of needs would open; where one of several is enough, the first.
    criteria : list of str
        Where there are several, of which a report takes one.
    where : str or None
        The filter that keeps the first of them; None where there are not several.
    """

    reports: list[str]
    opens: dict[tuple[str, ...], list[str]]
    criteria: list[str]
    where: str | None

    def opened(self) -> list[dict[str, Any]]:
        """What would open which reports: ``columns`` and ``reports``, and ``text``, the same as a sentence."""
        made = []
        for lacking, reports in self.opens.items():
            columns = [need.partition("=")[0] for need in lacking if need not in NEEDS]
            *others, last = map(_told, lacking)
            text = f"{', '.join(others)}{' and ' if others else ''}{last} would open {', '.join(reports)}"
            made.append({"columns": columns, "reports": reports, "text": text})
        return made


def supported(j: Judgments) -> Supported:
    """Say which reports can be made of judgments, and what would open the others.

    Where there are several criteria, this is said of the first.

    Examples
    --------
    >>> import pandas as pd
    >>> from halo_methods.judgments import as_judgments
    >>> rows = [("q1", "ann", "good", "good"), ("q2", "ann", "poor", "good")]
    >>> found = supported(as_judgments(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "gold"])))
    >>> found.reports
    ['audit', 'calibration', 'certification', 'gold']
    >>> found.opened()[0]["text"]
    'a second rater per item would open adjudication, aggregation, agreement, disagreement'
    """
    criteria = in_order(j.frame["criterion"].drop_nulls().unique().to_list()) if "criterion" in j.columns else []
    where = value_filter("criterion", criteria[0]) if len(criteria) > 1 else None
    j = j.where(where) if where else j
    reports, opens = [], dict[tuple[str, ...], list[str]]()
    known: dict[str, bool] = {}
    for name, wanted in needs().items():
        known |= {need: _met(j, need) for need in wanted if need not in known}
        lacking = tuple(need.split(" | ")[0] for need in wanted if not known[need])
        reports += [] if lacking else [name]
        if lacking:
            opens.setdefault(lacking, []).append(name)
    return Supported(reports, dict(sorted(opens.items(), key=lambda one: len(one[0]))), criteria, where)
