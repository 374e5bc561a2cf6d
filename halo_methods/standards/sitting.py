"""The sheet of a quarter's sitting: the audit questions that a plan is asked, to be answered in a spreadsheet."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from .attestations import COLUMNS, Quarter, answers, asked
from .model import Plan
from .plan import in_force, opened, scope
from .printed_sheet import saved, set_head, set_text
from .register import Register
from .standards_file import Attested, Standard

WIDTHS = dict(zip(COLUMNS, (11, 70, 20, 10, 13, 50), strict=True))


@dataclass(frozen=True)
class Sitting:
    """The questions of one sitting.

    Attributes
    ----------
    plan : Plan
        As read.
    quarter : Quarter
        When it is held.
    questions : tuple of Standard
        What is asked, by the role that answers.
    unsure : dict
        Standard -> the clause it depends on and the plan doesn't say; it is not asked.
    """

    plan: Plan
    quarter: Quarter
    questions: tuple[Standard, ...]
    unsure: Mapping[str, str]

    @property
    def by_role(self) -> dict[str, int]:
        """How many questions each role answers."""
        roles = [_asks(s).role for s in self.questions]
        return {role: roles.count(role) for role in sorted(set(roles))}

    def to_dict(self) -> dict[str, Any]:
        """What `halo standards audit --format json` prints."""
        listed = [{"standard": s.id, "question": _asks(s).question, "role": _asks(s).role} for s in self.questions]
        return {
            "plan": self.plan.name,
            "quarter": str(self.quarter),
            "questions": listed,
            "by_role": self.by_role,
            "unsure": dict(self.unsure),
        }

    def workbook(self) -> bytes:
        """The sheet as XLSX: answers are yes or no, dates are dates, and no cell is a formula."""
        import openpyxl
        from openpyxl.styles import Alignment
        from openpyxl.worksheet.datavalidation import DataValidation

        book = openpyxl.Workbook()
        sheet: Any = book.active
        sheet.title = f"Sitting {self.quarter}"
        lines = [COLUMNS, *((s.id, _asks(s).question, _asks(s).role, None, None, None) for s in self.questions)]
        for at, line in enumerate(lines, start=1):
            for column, text in enumerate(line, start=1):
                cell = sheet.cell(at, column)
                set_text(cell, text)
                cell.alignment = Alignment(wrap_text=True, vertical="top")
                if at == 1:
                    set_head(cell)
        letters = {name: openpyxl.utils.get_column_letter(at) for at, name in enumerate(COLUMNS, start=1)}
        for name, width in WIDTHS.items():
            sheet.column_dimensions[letters[name]].width = width
        last = max(len(lines), 2)
        options: dict[str, Any] = {"allow_blank": True, "showErrorMessage": True}
        yes_or_no = DataValidation(type="list", formula1='"yes,no"', error="Write yes or no.", **options)
        a_day = DataValidation(type="date", operator="greaterThan", formula1="DATE(2000,1,1)", **options)
        a_day.error = "Write the day of the answer."
        for name, rule in (("answer", yes_or_no), ("date", a_day)):
            rule.add(f"{letters[name]}2:{letters[name]}{last}")
            sheet.add_data_validation(rule)
        for (cell,) in sheet[f"{letters['date']}2:{letters['date']}{last}"]:
            cell.number_format = "yyyy-mm-dd"
        sheet.freeze_panes = "A2"
        sheet.print_title_rows = "1:1"
        return saved(book, landscape=True)


def sitting(
    plan: str | Path | Mapping[str, Any],
    register: Register | None = None,
    *,
    quarter: str = "",
    today: date | None = None,
) -> Sitting:
    """The questions a plan is asked in a quarter's sitting.

    Quarterly questions are asked in each sitting. Yearly ones are asked in the first, then once in four quarters,
    and again after a change that they name. An answer of *no* is asked again in each sitting.

    Parameters
    ----------
    plan : path or mapping
        A YAML file, or what such a file holds.
    register : Register, optional
        The standards; the handbook's with the house's own unless given.
    quarter : str
        As ``2027-Q1``; the quarter of today unless given.
    today : date, optional
        Today unless given.

    Returns
    -------
    Sitting

    Examples
    --------
    >>> asked = sitting({"title": "Trial", "task": "label", "risk": "low", "stage": "live"}, quarter="2027-Q1")
    >>> all(s.evidence.kind == "attested" for s in asked.questions), asked.workbook()[:2]
    (True, b'PK')
    """
    read, standards, day = opened(plan, register, today)
    when = Quarter.named(quarter) if quarter else Quarter.of(day)
    given = answers(read, standards)
    attested = [s for s in in_force(standards, day) if isinstance(s.evidence, Attested)]
    where = {s.id: scope(s, read) for s in attested}
    due = [s for s in attested if where[s.id] == "in" and asked(_asks(s), given.of(s.id), read, when)]
    due.sort(key=lambda s: (_asks(s).role, s.id))
    return Sitting(read, when, tuple(due), {k: v for k, v in where.items() if v not in ("in", "out")})


def _asks(standard: Standard) -> Attested:
    assert isinstance(standard.evidence, Attested)
    return standard.evidence
