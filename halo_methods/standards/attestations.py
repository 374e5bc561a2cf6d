"""Answers to audit questions: those a plan lists, those that come back on sheets, and when each is asked again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from ..documents import show
from ..errors import BadOption, HaloError, InvalidData, Problem
from ..results import counted
from .model import Plan
from .register import Register
from .standards_file import Attested

COLUMNS = ("standard", "question", "role", "answer", "date", "note")
ONE_SITTING = 10  # attestations of a plan's own list that one day can carry
LARGEST_SHEET, MOST_ROWS = 2 * 2**20, 5_000


@dataclass(frozen=True)
class Given:
    """An answer to an audit question: by a role, on a day, yes or no."""

    by: str
    date: date
    yes: bool = True
    note: str = ""


@dataclass
class Answers:
    """The answers that count for a plan, what is wrong with others, and whose answer could not be read.

    Attributes
    ----------
    given : dict
        Standard -> its answers.
    problems : list of Problem
        What is wrong with an entry, a sheet or a row of it.
    unread : dict
        Standard -> why its row can't be used; the empty name stands for all of them.
    """

    given: dict[str, list[Given]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)

    def of(self, standard: str) -> list[Given]:
        """The answers to one question."""
        return self.given.get(standard, [])

    def why_unread(self, standard: str) -> str | None:
        """Why an answer to it may be missing, or None."""
        return self.unread.get(standard) or self.unread.get("")


def day_of(text: object) -> date | None:
    """An ISO date, also as a spreadsheet writes it with a clock time; None for anything else."""
    try:
        return datetime.fromisoformat(str(text)).date()
    except ValueError:
        return None


def answers(plan: Plan, register: Register) -> Answers:
    """The answers under `attestations`, and those of the sheets under `attestation_sheets`."""
    found = Answers(problems=list(_listed_wrongly(plan, register)))
    if why := plan.why_unreadable("attestations"):
        found.unread[""] = why
    for entry in plan.entries("attestations"):
        if isinstance(entry, dict) and (day := day_of(entry.get("date"))):
            given = Given(str(entry.get("by")), day, note=str(entry.get("note", "")))
            found.given.setdefault(str(entry.get("standard")), []).append(given)
    for name in plan.entries("attestation_sheets"):
        if isinstance(name, str):
            _take_sheet(name, plan.document.folder, register, found)
    return found


def _listed_wrongly(plan: Plan, register: Register) -> Iterator[Problem]:
    """Entries of the plan's list that name no attested standard, and a list of one day."""
    entries = plan.entries("attestations")
    dates = [e.get("date") for e in entries if isinstance(e, dict)]
    if len(dates) > ONE_SITTING and dates.count(dates[0]) == len(dates):
        what = f"all carry one date, {dates[0]}; {ONE_SITTING} at most can be answered in one sitting"
        yield plan.document.fault(("attestations",), "one_date", what, "Write the day each question was answered.")
    for i, entry in enumerate(entries):
        name = entry.get("standard") if isinstance(entry, dict) else None
        if not isinstance(name, str) or plan.unreadable.get("attestations.standard") or name not in register:
            continue
        if (kind := register[name].evidence.kind) != "attested":
            what = f"is {name}, which is {kind}, not attested"
            yield plan.document.fault(("attestations", i, "standard"), "kind", what, "Take the entry out.")


def _take_sheet(name: str, folder: Path, register: Register, found: Answers) -> None:
    """Take the answers of one sheet; a row that can't be used is a problem."""
    try:
        rows = list(_rows(folder / name))
    except (HaloError, OSError, ValueError) as error:
        fix = "Name a sheet that `halo standards audit` wrote."
        for wrong in getattr(error, "problems", [Problem(str(error).rstrip("."), fix)]):
            what = f"`attestation_sheets` names {show(name)}, which can't be read: {wrong.what}"
            found.problems.append(replace(wrong, what=what))
        found.unread[""] = f"the attestation sheet {show(name)} can't be read"
        return
    for at, row in enumerate(rows, start=1):
        if not row["answer"]:
            continue
        try:
            given = _given(row, register)
        except InvalidData as refused:
            (wrong,) = refused.problems
            found.problems.append(replace(wrong, what=f"{show(name)} {wrong.what}", row=at))
            found.unread[row["standard"]] = f"its row in {show(name)} can't be used"
        else:
            found.given.setdefault(row["standard"], []).append(given)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a sheet as texts; nothing in it is calculated."""
    from ..judgments.files import read_raw  # Polars is heavy, and only a plan with sheets needs it

    if not path.is_file():
        raise HaloError("there is no such file")
    if path.stat().st_size > LARGEST_SHEET:
        raise HaloError(f"it is larger than {LARGEST_SHEET // 2**20} MiB")
    raw = read_raw(path)
    if raw.problems:
        raise InvalidData(raw.problems)
    if missing := [column for column in COLUMNS if column not in raw.frame.columns]:
        raise HaloError(f"it has no column {', '.join(missing)}")
    if len(raw.frame) > MOST_ROWS:
        raise HaloError(f"it has more than {counted(MOST_ROWS, 'row')}")
    for row in raw.frame.select(COLUMNS).iter_rows(named=True):
        yield {key: " ".join((value or "").split()) for key, value in row.items()}


def _given(row: Mapping[str, str], register: Register) -> Given:
    """The answer in a row, held against its standard.

    Raises
    ------
    InvalidData
        With the one thing that is wrong with the row, and its column.
    """

    def wrong(column: str, what: str, fix: str) -> InvalidData:
        return InvalidData([Problem(what, fix, column=column)])

    name, evidence = row["standard"], register[row["standard"]].evidence if row["standard"] in register else None
    if evidence is None:
        raise wrong("standard", f"names {show(name)}, which is no standard", register.meant(name))
    if not isinstance(evidence, Attested):
        raise wrong("standard", f"answers {name}, which is {evidence.kind}, not attested", "Take the row out.")
    if row["question"] != " ".join(evidence.question.split()):
        what = f"has another question for {name} than the standard asks"
        raise wrong("question", what, "Write a new sheet with `halo standards audit`, and answer it there.")
    if row["role"] != evidence.role:
        raise wrong("role", f"has {name} answered by {show(row['role'])}", f"Let the {evidence.role} answer it.")
    if row["answer"].lower() not in ("yes", "no"):
        raise wrong("answer", f"answers {name} with {show(row['answer'])}", "Write yes or no, or leave it empty.")
    if (day := day_of(row["date"])) is None:
        said = show(row["date"]) if row["date"] else "no date"
        raise wrong("date", f"has {said} for {name}", "Write the day of the answer, as 2027-01-31.")
    return Given(evidence.role, day, row["answer"].lower() == "yes", row["note"])


def last_answer(
    evidence: Attested, given: Iterable[Given], plan: Plan, day: date
) -> tuple[Given | None, tuple[date, str] | None]:
    """The last answer of the right role up to a day, and the last change after it that asks the question again.

    Of two answers on one day a *no* counts. This and `asked` are the one rule of what is due.
    """
    past = [g for g in given if g.by == evidence.role and g.date <= day]
    if not past:
        return None, None
    last = max(past, key=lambda g: (g.date, not g.yes))
    changes = [
        (when, str(e["what"]))
        for e in plan.entries("changes")
        if isinstance(e, dict) and e.get("what") in evidence.after and (when := day_of(e.get("date")))
    ]
    return last, max((change for change in changes if last.date < change[0] <= day), default=None)


@dataclass(frozen=True)
class Quarter:
    """The three months of one sitting.

    Examples
    --------
    >>> quarter = Quarter.named("2027-Q1")
    >>> print(quarter, quarter.first, quarter.last, quarter.before(3))
    2027-Q1 2027-01-01 2027-03-31 2026-Q2
    """

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> "Quarter":
        """The quarter of a day."""
        return cls(day.year, (day.month + 2) // 3)

    @classmethod
    def named(cls, text: str) -> "Quarter":
        """The quarter of a text as 2027-Q1."""
        year, _, number = text.partition("-Q")
        if not (len(year) == 4 and year.isdecimal() and year > "0001" and number in ("1", "2", "3", "4")):
            raise BadOption(f"quarter is {show(text)}; write it as 2027-Q1", option="quarter", given=text)
        return cls(int(year), int(number))

    @property
    def first(self) -> date:
        """Its first day."""
        return date(self.year, 3 * self.number - 2, 1)

    @property
    def last(self) -> date:
        """Its last day."""
        return (self.first + timedelta(days=100)).replace(day=1) - timedelta(days=1)

    def before(self, quarters: int) -> "Quarter":
        """The quarter so many earlier."""
        year, number = divmod(4 * self.year + self.number - 1 - quarters, 4)
        return Quarter(year, number + 1)

    def __str__(self) -> str:
        return f"{self.year}-Q{self.number}"


def asked(evidence: Attested, given: Iterable[Given], plan: Plan, quarter: Quarter) -> bool:
    """Whether a question is asked in a quarter's sitting.

    It is where no answer was given in its period, the quarter itself or the four that end with it, or where a change
    came after the last answer.
    Where the last answer was *no*, it is in every quarter until it is *yes*.
    """
    last, change = last_answer(evidence, given, plan, quarter.last)
    if last is None or change is not None:
        return True
    period = quarter.before(evidence.quarters - 1) if last.yes else quarter
    return last.date < period.first
