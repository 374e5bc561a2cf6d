"""Decisions that come back: every problem listed, labels added beside the raw ones, causes counted."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl

from ..errors import BadOption, HaloError, InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cells import cell_text, moment, quoted
from ..judgments.files import read_raw
from ..judgments.options import number
from ..stats import proportion
from .cause_rules import ASKS, Asks
from .packets import DECISION_COLUMNS
from .spreadsheets import neutral, plain, table_text


@dataclass(frozen=True, eq=False)
class Decisions:
    """What adjudicators decided, checked.

    Attributes
    ----------
    table : pandas.DataFrame
        One row a decision: ``packet_id``, ``item_id``, ``criterion``,
        ``decision`` (empty where the cause takes none), ``cause``, ``clause``
        (without its sign §), ``rationale``, ``decided_by``, ``decided_at``.
    undecided : tuple of str
        Packet identifiers without a decision yet.
    """

    table: pd.DataFrame
    undecided: tuple[str, ...]

    def summary(self) -> pd.DataFrame:
        """Share of the decisions by cause and by clause, with Wilson's interval over items.

        Columns ``of`` (cause or clause), ``name``, ``n``, ``share``, ``low``,
        ``high``; most frequent first. The interval speaks for items like these,
        decided by these adjudicators; a packet chosen for its disagreement says
        nothing about all items.
        """
        rows = []
        for column in ("cause", "clause"):
            counts = self.table.loc[self.table[column] != "", column].value_counts()
            for name, n in sorted(counts.items(), key=lambda kv: (-kv[1], str(kv[0]))):
                made = proportion(int(n), len(self.table))
                rows.append((column, str(name), int(n), made.value, made.low, made.high))
        return pd.DataFrame(rows, columns=["of", "name", "n", "share", "low", "high"])


def clause_name(text: str) -> str:
    """A clause without its sign and the space around it.

    Examples
    --------
    >>> clause_name(" § 3.10 ")
    '3.10'
    """
    return text.strip().lstrip("§").strip()


def read_decisions(
    path: str | os.PathLike[str], key: pd.DataFrame, j: Judgments, *, encoding: str = "utf-8"
) -> Decisions:
    """The decisions of a packet, checked against its key and the judgments.

    A row whose decision columns are all empty is not decided yet, and no
    problem. Apostrophes that kept a spreadsheet from running a cell come off.

    Parameters
    ----------
    path : path
        The filled packet: CSV as any spreadsheet writes it, or XLSX.
    key : pandas.DataFrame
        ``packet_id``, ``item_id``, ``criterion``; see `read_key`.
    j : Judgments
        The judgments that the packet was made from.

    Raises
    ------
    InvalidData
        With every problem and its row: an unknown packet identifier or cause,
        a label off the scale, a clause, a decision, a reason, a name or a day
        that is missing, an item decided twice or by one of its own raters.
    """
    raw = read_raw(path, encoding)
    absent = [c for c in ("packet_id", *DECISION_COLUMNS) if c not in raw.frame.columns]
    if absent:
        mend = "Fill the packet that was sent, and keep its header."
        raise InvalidData([*raw.problems, *(Problem(f"the column {c} is missing", mend, None, c) for c in absent)])
    check = _Check(j, key)
    rows = raw.frame.select("packet_id", *DECISION_COLUMNS).fill_null("").rows()
    for row, cells in enumerate(rows, start=1):
        check.row(row, dict(zip(("packet_id", *DECISION_COLUMNS), (plain(c).strip() for c in cells), strict=True)))
    problems = sorted([*raw.problems, *check.problems], key=lambda p: p.row or 0)
    if problems:
        raise InvalidData(problems)
    columns = ["packet_id", "item_id", "criterion", *DECISION_COLUMNS]
    decided = pd.DataFrame(check.decided, columns=columns)
    done = set(decided["packet_id"])
    return Decisions(decided, tuple(p for p in key["packet_id"] if p not in done))


class _Check:
    """One file of decisions on its way."""

    def __init__(self, j: Judgments, key: pd.DataFrame):
        self.j, self.problems, self.decided = j, [], []  # type: tuple[Judgments, list[Problem], list[dict[str, str]]]
        criterion = key["criterion"] if "criterion" in key else pd.Series("", index=key.index)
        self.key = {p: (str(i), str(c)) for p, i, c in zip(key["packet_id"], key["item_id"], criterion, strict=True)}
        self.seen: dict[str, int] = {}
        frame = j.frame.select("item_id", "rater_id", *(c for c in ("criterion", "stage") if c in j.columns))
        raters: dict[str, set[str]] = {}
        self.done: set[tuple[str, str]] = set()
        for one in frame.iter_rows(named=True):
            if one.get("stage") == "adjudication":
                self.done.add((one["item_id"], one.get("criterion") or ""))
            else:
                raters.setdefault(one["item_id"], set()).add(one["rater_id"])
        self.raters = raters
        self.labels = [str(cell_text(x)) for x in j.labels] if not j.numeric else []

    def row(self, row: int, cells: dict[str, str]) -> None:
        filled = {c: cells[c] for c in DECISION_COLUMNS if cells[c]}
        name = cells["packet_id"]
        if not filled:
            return

        def problem(column: str, what: str, mend: str) -> None:
            self.problems.append(Problem(what, mend, row, column))

        if name not in self.key:
            problem("packet_id", f"{quoted(name)} is not in the key", "Use this packet's key; keep its identifiers.")
            return
        if name in self.seen:
            first = self.seen[name]
            problem("packet_id", f"{quoted(name)} is decided twice, first in row {first}", "Keep one decision.")
            return
        self.seen[name] = row
        item, criterion = self.key[name]
        about = f"its item {quoted(item)}"
        if item not in self.raters:
            problem("packet_id", f"{about} is not among the judgments", "Use the data the packet was made from.")
        if (item, criterion) in self.done:
            problem("packet_id", f"{about} was adjudicated before", "Remove the row; an appeal is decided elsewhere.")
        code = cells["cause"]
        if code in ASKS:
            self._asked(problem, code, ASKS[code], cells)
        else:
            mend = f"{_nearest(code, ASKS)}Allowed: {', '.join(ASKS)}."
            problem("cause", f"the cause {quoted(code)} is not on the list", mend)
        if cells["decision"]:
            self._label(problem, cells["decision"])
        if not cells["decided_by"]:
            problem("decided_by", "nobody is named", "Say who decided; reports show a pseudonym.")
        elif cells["decided_by"] in self.raters.get(item, ()):
            problem("decided_by", "the adjudicator judged this item as a rater", "Give it to somebody who has not.")
        try:
            moment(cells["decided_at"])
        except ValueError:
            problem("decided_at", f"{quoted(cells['decided_at'])} is no day", "Write 2026-11-24.")
        decided = {c: cells[c] for c in DECISION_COLUMNS} | {"clause": clause_name(cells["clause"])}
        self.decided.append({"packet_id": name, "item_id": item, "criterion": criterion} | decided)

    def _asked(self, problem: Any, code: str, asks: Asks, cells: Mapping[str, str]) -> None:
        empty = f"{code} needs a {{}} and the cell is empty"
        if asks.decision == "required" and not cells["decision"]:
            problem("decision", empty.format("decision"), "Write one label of the scale.")
        if asks.decision == "none" and cells["decision"]:
            problem("decision", f"{code} takes no decision", "Empty the cell, or choose another cause.")
        if asks.clause == "required" and not clause_name(cells["clause"]):
            problem("clause", empty.format("clause"), "Write the clause, as §3.2.")
        if code != "rater_slip" and not cells["rationale"]:
            problem("rationale", empty.format("reason"), "One sentence, from the guideline.")

    def _label(self, problem: Any, text: str) -> None:
        said = f"the label {quoted(text)} is "
        if self.j.numeric:
            value = number(text)
            low, high = (float(end) for end in (self.j.scale or ("-inf", "inf")))
            if value is None or not low <= value <= high:
                problem("decision", said + "outside the scale", "Write a number on the scale.")
        elif text not in self.labels:
            off = "outside the scale" if self.j.scale else "none that occurs, and no scale was given"
            problem("decision", said + off, f"{_nearest(text, self.labels)}There is: {', '.join(self.labels)[:300]}.")


def _nearest(text: str, known: Iterable[str]) -> str:
    near = get_close_matches(text, list(known), 1)
    return f"If it is {near[0]}, write that. " if near else ""


def judgments_with(
    path: str | os.PathLike[str],
    decisions: Decisions,
    *,
    columns: Mapping[str, str] | None = None,
    values: Mapping[str, Mapping[str, str]] | None = None,
    encoding: str = "utf-8",
) -> str:
    """The file of judgments as CSV, every raw row unchanged, and below them the decided labels.

    A decided label is a row of stage ``adjudication`` whose rater is the
    adjudicator, with ``cause``, ``clause`` and the reason as ``comment``. A
    decision without a label (a perspective, a bad item) adds no row.

    Parameters
    ----------
    path : path
        The file that was read.
    decisions : Decisions
    columns, values : mapping, optional
        As the file was read with; the file keeps its own names and values.

    Raises
    ------
    BadOption
        If a value cannot be written so that the same options read it back.
    """
    frame = read_raw(path, encoding).frame.fill_null("")
    names = dict(columns or {})

    def column(name: str) -> str:
        return names.get(name, name)

    def source(name: str, value: str) -> str:
        told = dict((values or {}).get(name, {}))
        if value not in told or told[value] == value:
            return value
        back = [old for old, new in told.items() if new == value]
        if not back:
            raise BadOption(f"values= reads {quoted(value)} in {name} as {quoted(told[value])}, so it can't be written")
        return back[0]

    added = []
    for one in decisions.table[decisions.table["decision"] != ""].astype(str).to_dict("records"):
        row = {"item_id": one["item_id"], "rater_id": one["decided_by"], "label": one["decision"],
               "stage": "adjudication", "rated_at": one["decided_at"], "comment": neutral(one["rationale"]),
               "cause": one["cause"], "clause": one["clause"]}  # fmt: skip
        row |= {"criterion": one["criterion"]} if one["criterion"] else {}
        row |= {"rater_type": "human"} if column("rater_type") in frame.columns else {}
        added.append({column(c): source(c, v) for c, v in row.items()})
    stage = column("stage")
    if stage not in frame.columns:
        frame = frame.with_columns(pl.lit("label").alias(stage))
    header = list(dict.fromkeys([*frame.columns, *(c for row in added for c in row)]))
    old = ([*row, *[""] * (len(header) - frame.width)] for row in frame.iter_rows())
    new = ([row.get(c, "") for c in header] for row in added)
    return table_text(header, [*old, *new], safe=False)


def summary_text(decisions: Decisions) -> str:
    """`Decisions.summary` as CSV that is safe to open."""
    table = decisions.summary()
    return table_text(list(table.columns), table.itertuples(index=False))


def kept_apart(decisions: str | os.PathLike[str]) -> Path:
    """Where the key of a packet is looked for when nobody says: beside it, or in ``kept_apart`` next to its folder.

    Raises
    ------
    HaloError
        If it is in neither place.
    """
    beside = Path(decisions).resolve().parent
    for place in (beside / "key.csv", beside / "kept_apart" / "key.csv", beside.parent / "kept_apart" / "key.csv"):
        if place.is_file():
            return place
    raise HaloError("the packet's key is not found beside the decisions; say where it is with --key FILE")


def recorded(j: Judgments, *, clause: str = "clause") -> Decisions:
    """The decisions that the judgments hold already: rows of stage ``adjudication`` with a ``cause``.

    Raises
    ------
    NotEstimable
        If there are none.
    """
    j = as_judgments(j)
    if not {"stage", "cause"} <= set(j.columns):
        raise NotEstimable("no decisions are recorded: the data has no columns stage and cause")
    rows = j.frame.filter((pl.col("stage") == "adjudication") & pl.col("cause").is_in(list(ASKS)))
    if not len(rows):
        raise NotEstimable("no decisions are recorded: no row of stage adjudication has a cause from the list")

    def texts(column: str) -> list[str]:
        return [cell_text(v) or "" for v in rows[column]] if column in rows.columns else [""] * len(rows)

    made = {"packet_id": [""] * len(rows), "item_id": texts("item_id"), "criterion": texts("criterion"),
            "decision": texts("label"), "cause": texts("cause"), "clause": [clause_name(c) for c in texts(clause)],
            "rationale": [plain(c) for c in texts("comment")], "decided_by": texts("rater_id"),
            "decided_at": texts("rated_at")}  # fmt: skip
    return Decisions(pd.DataFrame(made), ())
