"""Decisions that come back: every problem listed, and labels added beside the raw ones."""

import os
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

import pandas as pd
import polars as pl

from ..errors import BadOption, HaloError, InvalidData, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cells import cell_text, moment, quoted
from ..judgments.files import read_raw
from ..judgments.options import number
from .cause_rules import ASKS, Asks
from .decisions import Decisions, clause_name
from .packets import DECISION_COLUMNS
from .spreadsheets import neutral, plain, table_text

PLACES = ("key.csv", "kept_apart/key.csv", "../kept_apart/key.csv")


def read_decisions(
    path: str | os.PathLike[str],
    j: Judgments,
    *,
    key: pd.DataFrame | str | os.PathLike[str] | None = None,
    encoding: str = "utf-8",
) -> Decisions:
    """Read the decisions of a packet, checked against its key and the judgments.

    A row whose decision columns are all empty is not decided yet, and no
    problem. Apostrophes that kept a spreadsheet from running a cell come off.

    Parameters
    ----------
    path : path
        The filled packet: CSV as any spreadsheet writes it, or XLSX.
    j : Judgments or frame
        The judgments that the packet was made from.
    key : path or pandas.DataFrame, optional
        ``packet_id``, ``item_id``, ``criterion``, as `Packet.write` kept it apart;
        by default looked for beside the packet, and in ``kept_apart`` next to its folder.
    encoding : str
        Of a CSV file.

    Raises
    ------
    InvalidData
        With every problem and its row: an unknown packet identifier or cause,
        a label off the scale, a clause, a decision, a reason, a name or a day
        that is missing, an item decided twice or by one of its own raters.
    HaloError
        If there is no key.
    """
    key = key if isinstance(key, pd.DataFrame) else _read_key(key or _key_beside(path))
    raw = read_raw(path, encoding)
    absent = [c for c in ("packet_id", *DECISION_COLUMNS) if c not in raw.frame.columns]
    if absent:
        fix = "Fill the packet that was sent, and keep its header."
        raise InvalidData([*raw.problems, *(Problem(f"the column {c} is missing", fix, None, c) for c in absent)])
    check = _Check(as_judgments(j), key)
    rows = raw.frame.select("packet_id", *DECISION_COLUMNS).fill_null("").iter_rows(named=True)
    for row, cells in enumerate(rows, start=1):
        check.row(row, {column: plain(cell).strip() for column, cell in cells.items()})
    problems = sorted([*raw.problems, *check.problems], key=lambda p: p.row or 0)
    if problems:
        raise InvalidData(problems)
    names = [name if name != "decided_by" else "adjudicator_rater_id" for name in DECISION_COLUMNS]
    decided = pd.DataFrame(check.decided, columns=["packet_id", "item_id", "criterion", *names])
    return Decisions(decided, tuple(p for p in key["packet_id"] if p not in set(decided["packet_id"])))


def _key_beside(packet: str | os.PathLike[str]) -> Path:
    for place in PLACES:
        if (file := Path(packet).resolve().parent / place).is_file():
            return file
    raise HaloError("the packet's key is not found beside the decisions; say where it is with --key FILE")


def _read_key(path: str | os.PathLike[str]) -> pd.DataFrame:
    frame = read_raw(path).frame
    if not {"packet_id", "item_id"} <= set(frame.columns):
        raise HaloError(f"{Path(path).name} is no key of a packet: it has no columns packet_id and item_id")
    key = frame.fill_null("").to_pandas()
    return key.map(plain) if len(key) else key


class _Check:
    """The check of one file of decisions, row by row."""

    def __init__(self, j: Judgments, key: pd.DataFrame):
        self.j = j
        self.problems: list[Problem] = []
        self.decided: list[dict[str, str]] = []
        criterion = key["criterion"] if "criterion" in key else pd.Series("", index=key.index)
        self.key = {p: (str(i), str(c)) for p, i, c in zip(key["packet_id"], key["item_id"], criterion, strict=True)}
        self.seen: dict[str, int] = {}
        self.done: set[tuple[str, str]] = set()
        self.raters: dict[str, set[str]] = {}
        columns = ["item_id", "rater_id", *(c for c in ("criterion", "stage") if c in j.columns)]
        for row in j.frame.select(columns).iter_rows(named=True):
            if row.get("stage") == "adjudication":
                self.done.add((row["item_id"], row.get("criterion") or ""))
            else:
                self.raters.setdefault(row["item_id"], set()).add(row["rater_id"])
        self.labels = [str(cell_text(x)) for x in j.labels] if not j.numeric else []

    def row(self, row: int, cells: dict[str, str]) -> None:
        name = cells["packet_id"]
        if not any(cells[column] for column in DECISION_COLUMNS):
            return
        if name in self.key and name not in self.seen:
            self.seen[name] = row
            item, criterion = self.key[name]
            faults = [*self._item(item, criterion), *self._cause(cells), *self._signed(item, cells)]
            decided = {c: cells[c] for c in DECISION_COLUMNS if c != "decided_by"}
            decided |= {"clause": clause_name(cells["clause"]), "adjudicator_rater_id": cells["decided_by"]}
            self.decided.append({"packet_id": name, "item_id": item, "criterion": criterion, **decided})
        elif name in self.key:
            what = f"{quoted(name)} is decided twice, first in row {self.seen[name]}"
            faults = [("packet_id", what, "Keep one decision.")]
        else:
            faults = [
                ("packet_id", f"{quoted(name)} is not in the key", "Use this packet's key; keep its identifiers.")
            ]
        self.problems += [Problem(what, fix, row, column) for column, what, fix in faults]

    def _item(self, item: str, criterion: str) -> Iterable[tuple[str, str, str]]:
        about = f"its item {quoted(item)}"
        if item not in self.raters:
            yield "packet_id", f"{about} is not among the judgments", "Use the data the packet was made from."
        if (item, criterion) in self.done:
            yield "packet_id", f"{about} was adjudicated before", "Remove the row; an appeal is decided elsewhere."

    def _cause(self, cells: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
        code, decision = cells["cause"], cells["decision"]
        if code in ASKS:
            yield from self._asked(code, ASKS[code], cells)
        else:
            fix = f"{_nearest(code, ASKS)}Allowed: {', '.join(ASKS)}."
            yield "cause", f"the cause {quoted(code)} is not on the list", fix
        if not decision:
            return
        label = f"the label {quoted(decision)} is "
        if self.j.numeric:
            value = number(decision)
            low, high = (float(end) for end in (self.j.scale or ("-inf", "inf")))
            if value is None or not low <= value <= high:
                yield "decision", label + "outside the scale", "Write a number on the scale."
        elif decision not in self.labels:
            off = "outside the scale" if self.j.scale else "none that occurs, and no scale was given"
            fix = f"{_nearest(decision, self.labels)}There is: {', '.join(self.labels)[:300]}."
            yield "decision", label + off, fix

    def _asked(self, code: str, asks: Asks, cells: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
        empty = f"{code} needs a {{}} and the cell is empty"
        if asks.decision == "required" and not cells["decision"]:
            yield "decision", empty.format("decision"), "Write one label of the scale."
        if asks.decision == "none" and cells["decision"]:
            yield "decision", f"{code} takes no decision", "Empty the cell, or choose another cause."
        if asks.clause == "required" and not clause_name(cells["clause"]):
            yield "clause", empty.format("clause"), "Write the clause, as §3.2."
        if code != "rater_slip" and not cells["rationale"]:
            yield "rationale", empty.format("reason"), "One sentence, from the guideline."

    def _signed(self, item: str, cells: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
        if not cells["decided_by"]:
            yield "decided_by", "nobody is named", "Say who decided; reports show a pseudonym."
        elif cells["decided_by"] in self.raters.get(item, ()):
            fix = "Give it to an adjudicator who has not."
            yield "decided_by", "the adjudicator judged this item as a rater", fix
        try:
            moment(cells["decided_at"])
        except ValueError:
            yield "decided_at", f"{quoted(cells['decided_at'])} is no day", "Write 2026-11-24."


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
    """Return the file of judgments as CSV, every raw row unchanged, and below them the decided labels.

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
    encoding : str
        Of a CSV file.

    Raises
    ------
    BadOption
        If a value cannot be written so that the same options read it back.
    """
    frame = read_raw(path, encoding).frame.fill_null("")
    names = dict(columns or {})

    def source(name: str, value: str) -> str:
        read_as = dict((values or {}).get(name, {}))
        if read_as.get(value, value) == value:
            return value
        for old, new in read_as.items():
            if new == value:
                return old
        text = f"values= reads {quoted(value)} in {name} as {quoted(read_as[value])}, so it can't be written"
        raise BadOption(text)

    added = []
    for decided in decisions.table[decisions.table["decision"] != ""].astype(str).to_dict("records"):
        row = {"item_id": decided["item_id"], "rater_id": decided["adjudicator_rater_id"], "label": decided["decision"]}
        row |= {"stage": "adjudication", "rated_at": decided["decided_at"], "comment": neutral(decided["rationale"])}
        row |= {column: decided[column] for column in ("cause", "clause")}
        row |= {"criterion": decided["criterion"]} if decided["criterion"] else {}
        row |= {"rater_type": "human"} if names.get("rater_type", "rater_type") in frame.columns else {}
        added.append({names.get(c, c): source(c, v) for c, v in row.items()})
    stage = names.get("stage", "stage")
    if stage not in frame.columns:
        frame = frame.with_columns(pl.lit("label").alias(stage))
    header = list(dict.fromkeys([*frame.columns, *(c for row in added for c in row)]))
    old = ([*row, *[""] * (len(header) - frame.width)] for row in frame.iter_rows())
    new = ([row.get(c, "") for c in header] for row in added)
    return table_text(header, [*old, *new], safe=False)


def summary_text(decisions: Decisions) -> str:
    """Return `Decisions.summary` as CSV that is safe to open."""
    table = decisions.summary()
    return table_text(list(table.columns), table.itertuples(index=False))
