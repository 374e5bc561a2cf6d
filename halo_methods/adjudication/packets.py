"""Blind packets for adjudicators: the item, the answers, the reasons, and no names; and their decisions back."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from ..atomic_files import write_files
from ..errors import BadOption, HaloError, InvalidData, NotEstimable, Problem
from ..judgments import Judgments, as_judgments
from ..judgments.cause_codes import CAUSES
from ..judgments.cells import cell_text, quoted
from ..judgments.dates import moment
from ..judgments.files import read_raw
from ..judgments.options import number
from ..judgments.spreadsheets import neutral, plain, table_text
from ..results import counted
from ..stats.checks import check_count
from .blinding import names_in, unnamed
from .decisions import ASKS, COLUMNS, DECISION_COLUMNS, OWN_NAMES, Asks, Decisions, clause_name
from .packet_tasks import decided_in_tool

NOT_BLIND = (
    *("rater_id", "label", "comment", "vendor", "rater_type", "queue", "stage", "round", "system"),
    *("suggestion", "gold", "seconds", "cost", "rated_at"),
)
ANYTHING = Asks("optional", "optional", "none")
PLACES = ("../kept_apart/key.csv", "kept_apart/key.csv", "key.csv")


@dataclass(frozen=True, eq=False)
class Packet:
    """A packet for adjudicators, and the key that is kept apart from it.

    Attributes
    ----------
    table : pandas.DataFrame
        What adjudicators see and fill: ``packet_id``, the item, ``guideline``
        and ``cited`` clauses where the data have them, ``answer_1``,
        ``reason_1``, …, then the empty columns of the decision.
    key : pandas.DataFrame
        ``packet_id``, ``item_id``, ``criterion``; for the coordinator alone.
    labels : tuple
        The scale, or the labels that occur.
    notes : tuple of str
        What was left out, and why.
    """

    table: pd.DataFrame
    key: pd.DataFrame
    labels: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def sheet(self) -> str:
        """Return the packet as one readable HTML page without scripts."""
        from jinja2 import Environment, PackageLoader

        page = Environment(loader=PackageLoader("halo_methods.adjudication", ""), autoescape=True)
        columns = [c for c in self.table.columns[1:] if c not in DECISION_COLUMNS]
        return page.get_template("packet.html.j2").render(
            size=counted(len(self.table), "item"),
            labels=self.labels[:30],
            causes=[(code, CAUSES[code].test, asks) for code, asks in ASKS.items()],
            rows=self.table.to_dict("records"),
            head=[c for c in columns if not c.startswith(("answer_", "reason_"))],
            answers=sum(c.startswith("answer_") for c in columns),
        )

    def write(self, out: str | os.PathLike[str], *, beside: Mapping[str, str] | None = None) -> list[Path]:
        """Write ``packet/packet.csv``, ``packet/packet.html`` and ``kept_apart/key.csv`` below a folder.

        Parameters
        ----------
        out : path
        beside : mapping, optional
            Further files for adjudicators, name to text: the guideline.

        Raises
        ------
        HaloError
            If one of them is there already: it may hold decisions.
        """
        texts = {f"packet/{name}": text for name, text in (beside or {}).items()}
        texts |= {"kept_apart/key.csv": table_text(self.key), "packet/packet.html": self.sheet()}
        texts["packet/packet.csv"] = table_text(self.table)
        files: dict[str | os.PathLike[str], str | bytes] = {Path(out) / name: text for name, text in texts.items()}
        if there := [file for file in files if Path(file).exists()]:
            raise HaloError(f"{there[0]} is there already and may hold decisions; choose another folder")
        return write_files(files, private=("key.csv",))


def pack(
    j: Judgments,
    *,
    items: Iterable[str] | None = None,
    most: int | None = None,
    show: Sequence[str] = (),
    clause: str = "clause",
    perspectives: Collection[str] = (),
    seed: int = 0,
) -> Packet:
    """Make a blind packet of the items that an adjudicator decides.

    Of each item it shows every distinct answer once, in random order, and of each answer one reason.
    The reason is the ``comment`` of a rater who gave the answer, drawn at random; more would tell which answer has the
    majority. Identifiers of raters and names of vendors are taken out of the reasons where they have three letters or
    more.
    A rater who is named otherwise stays named, so look through the packet. Of an item on which all agree no answer is
    shown: a
    single one would be a suggestion.

    Parameters
    ----------
    j : Judgments or frame
        One criterion.
    items : iterable of str, optional
        Which items, the most urgent first, such as a queue of `route`. By
        default those with two answers or more, the smallest margin of votes first.
    most : int, optional
        So many items at most.
    show : sequence of str
        Columns that hold the item itself (its text, its source). Without them
        the item's identifier is shown.
    clause : str
        The column that holds the clause cited, if there is one.
    perspectives : collection of str
        Criteria declared as perspectives, which are not adjudicated.
    seed : int
        The same judgments and seed give the same packet, whatever the order of the rows.

    Returns
    -------
    Packet

    Raises
    ------
    NotEstimable
        If the criterion is a declared perspective, or there is nothing to decide.
    BadOption
        If `show` names a column that would tell who judged, or `items` an unknown item.

    Examples
    --------
    >>> rows = [("a", "ann", "good", "polite"), ("a", "bob", "poor", "ann was wrong"), ("b", "ann", "good", "")]
    >>> packet = pack(pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "comment"]), seed=1)
    >>> packet.table.filter(regex="item|answer|reason").iloc[0].tolist()
    ['a', 'good', 'polite', 'poor', '[a rater] was wrong']
    """
    j = as_judgments(j)
    one = j.one()
    criterion = one.frame["criterion"][0] if "criterion" in one.columns else None
    if criterion is not None and criterion in perspectives:
        text = "declared a perspective: the spread of its answers is the result, and nothing in it is adjudicated"
        raise NotEstimable(f"criterion {quoted(criterion)} is {text}", public=f"the criterion is {text}")
    frame = one.frame.with_columns(pl.col("label").map_elements(cell_text, pl.String).alias("answer"))
    chosen, notes = _chosen(j, frame, items, most)
    _blind(frame, show)
    rng = np.random.default_rng(seed)
    order = [chosen[k] for k in rng.permutation(len(chosen))]
    tag = _tag(order, criterion or "")
    names = names_in(frame)
    of_item = frame.filter(pl.col("item_id").is_in(chosen)).partition_by("item_id", as_dict=True)
    cited = {"guideline": "guideline", clause: "cited"}
    rows = []
    for n, item in enumerate(order, start=1):
        group = of_item[(item,)]
        row = {"packet_id": f"{tag}-{n:03d}"}
        row |= {c: _told(group, c, names) for c in show} if show else {"item": item}
        row |= {name: _told(group, column, names) for column, name in cited.items() if column in group.columns}
        rows.append(row | _answers(group, names, rng))
    table = pd.DataFrame(rows).fillna("").assign(**dict.fromkeys(DECISION_COLUMNS, ""))
    key = pd.DataFrame({"packet_id": table["packet_id"], "item_id": order, "criterion": criterion or ""})
    return Packet(table, key, tuple(str(cell_text(x)) for x in one.labels), tuple(notes))


def _chosen(
    j: Judgments, frame: pl.DataFrame, items: Iterable[str] | None, most: int | None
) -> tuple[list[str], list[str]]:
    """Items to decide, sorted, and what was left out of them."""
    if most is not None:
        check_count(most, option="most", least=1)
    n, notes = pl.col("len").sort(descending=True), []
    margin = (n.first() - n.slice(1, 1).sum()) / n.sum()
    votes = (
        frame.group_by("item_id", "answer").len().group_by("item_id").agg(pl.len().alias("n"), margin.alias("margin"))
    )
    if items is None:
        open_ = votes.filter(pl.col("n") > 1).sort("margin", "item_id")["item_id"].to_list()
    else:
        open_ = list(dict.fromkeys(map(str, items)))
        if unknown := [i for i in open_ if i not in set(votes["item_id"])]:
            raise BadOption(f"there is no item {quoted(unknown[0])} among the judgments")
    adjudicated = j.frame.filter(pl.col("stage") == "adjudication") if "stage" in j.columns else j.frame.clear()
    done = set(adjudicated["item_id"])
    left = [i for i in open_ if i not in done]
    if len(left) < len(open_):
        notes.append(f"{counted(len(open_) - len(left), 'item')} left out: decided already")
    if most is not None and len(left) > most:
        notes.append(f"{counted(len(left) - most, 'item')} left for a later packet")
    if not left:
        why = "every disagreement is decided already" if open_ else "no item has two different answers"
        raise NotEstimable(f"there is nothing to adjudicate: {why}", public=True)
    return sorted(left[:most]), notes


def _blind(frame: pl.DataFrame, show: Sequence[str]) -> None:
    for column in show:
        if column not in frame.columns:
            raise BadOption.of("show", column, [c for c in frame.columns if c not in (*NOT_BLIND, "answer")])
        if column in NOT_BLIND:
            raise BadOption(f"{column} cannot be shown: the packet is blind")
        if column in (*DECISION_COLUMNS, "packet_id") or column.startswith(("answer_", "reason_")):
            raise BadOption(f"{column} cannot be shown: the packet has a column of that name")
        told = frame.group_by("item_id").agg(pl.col(column).drop_nulls().n_unique())
        varies = told.filter(pl.col(column) > 1)["item_id"].sort()
        if len(varies):
            text = f"it differs between judgments of one item ({quoted(varies[0])}), so it tells of the raters"
            raise BadOption(f"{column} cannot be shown: {text}")


def _tag(items: Sequence[str], criterion: str) -> str:
    """What the identifiers of a packet begin with: a hash of its items in their order."""
    return "P" + hashlib.sha256(repr((criterion, list(items))).encode()).hexdigest()[:8]


def _told(group: pl.DataFrame, column: str, names: re.Pattern[str]) -> str:
    return unnamed("; ".join(str(cell_text(v)) for v in group[column].drop_nulls().unique().sort()), names)


def _answers(group: pl.DataFrame, names: re.Pattern[str], rng: np.random.Generator) -> dict[str, str]:
    """Each answer to one item with one reason, in random order; none where all agree."""
    answers = group["answer"].unique().sort()
    if len(answers) < 2:
        return {"answer_1": "", "reason_1": ""}
    row: dict[str, str] = {}
    for n, k in enumerate(rng.permutation(len(answers)), start=1):
        said = group.filter(pl.col("answer") == answers[int(k)])
        reasons = said["comment"].drop_nulls().unique().sort().to_list() if "comment" in said.columns else []
        reason = reasons[int(rng.integers(len(reasons)))] if reasons else ""
        row |= {f"answer_{n}": answers[int(k)], f"reason_{n}": unnamed(reason, names)}
    return row


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
        The filled packet: CSV as any spreadsheet writes it, XLSX, or the JSON export of the tool that held it.
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
        With every problem and its row: an unknown packet identifier or cause, or a label off the scale.
        Also a missing clause, decision, reason, name or day, and an item decided twice or by one of its own raters.
    HaloError
        If there is no key.
    """
    j = as_judgments(j)
    kept, key = ("", key) if isinstance(key, pd.DataFrame) else _read_key(path, key)
    criteria = key["criterion"] if "criterion" in key else [""] * len(key)
    place = {p: (str(i), str(c)) for p, i, c in zip(key["packet_id"], key["item_id"], criteria, strict=True)}
    raw = decided_in_tool(path) or read_raw(path, encoding)
    absent = [c for c in ("packet_id", *DECISION_COLUMNS) if c not in raw.frame.columns]
    if absent:
        fix = "Fill the packet that was sent, and keep its header."
        raise InvalidData([*raw.problems, *(Problem(f"the column {c} is missing", fix, None, c) for c in absent)])
    problems, decided, seen, check = list(raw.problems), [], dict[str, int](), _Check(j)
    for row, texts in enumerate(raw.frame.select("packet_id", *DECISION_COLUMNS).fill_null("").iter_rows(), start=1):
        name, *filled = (plain(text).strip() for text in texts)
        if not any(filled):
            continue
        cells = dict(zip(DECISION_COLUMNS, filled, strict=True))
        if name not in place:
            what = f"{quoted(name)} is not in the key"
            faults = [("packet_id", what, "Use this packet's key; keep its identifiers.")]
        elif name in seen:
            what = f"{quoted(name)} is decided twice, first in row {seen[name]}"
            faults = [("packet_id", what, "Keep one decision.")]
        else:
            seen[name], (item, criterion) = row, place[name]
            faults = check.faults(item, criterion, cells)
            clause = clause_name(cells["clause"])
            decided.append({"packet_id": name, "item_id": item, "criterion": criterion, **cells, "clause": clause})
        problems += [Problem(what, fix, row, column) for column, what, fix in faults]
    if problems:
        raise InvalidData(sorted(problems, key=lambda p: p.row or 0))
    columns = ["packet_id", "item_id", "criterion", *DECISION_COLUMNS]
    table = pd.DataFrame(decided, columns=columns).rename(columns={"decided_by": "adjudicator_rater_id"})
    return Decisions(table, tuple(p for p in place if p not in seen), kept)


def _read_key(packet: str | os.PathLike[str], path: str | os.PathLike[str] | None) -> tuple[str, pd.DataFrame]:
    """The key at a path, otherwise the one that was kept apart, and at last one beside the packet; and which it is."""
    beside = [file for place in PLACES if (file := (Path(packet).resolve().parent / place).resolve()).is_file()]
    if path is None and not beside:
        raise HaloError("the packet's key is not found beside the decisions; say where it is with --key FILE")
    path = path or beside[0]
    frame = read_raw(path).frame
    if not {"packet_id", "item_id"} <= set(frame.columns):
        raise HaloError(f"{Path(path).name} is no key of a packet: it has no columns packet_id and item_id")
    key = frame.fill_null("").to_pandas().map(plain)
    rows = sorted(zip(key["packet_id"].str.len(), key["packet_id"], key["item_id"], strict=True))
    tag = _tag([item for *_, item in rows], next(iter(key.get("criterion", ())), ""))
    if {name.rpartition("-")[0] for name in key["packet_id"]} != {tag}:
        raise HaloError(
            f"{Path(path).name} has other items than those its packet was made from; give the key as written"
        )
    return str(path), key


class _Check:
    """What a decision is checked against: the raters of each item, the items decided before, the labels."""

    def __init__(self, j: Judgments):
        stage = pl.col("stage").fill_null("") if "stage" in j.columns else pl.lit("")
        criterion = pl.col("criterion").fill_null("") if "criterion" in j.columns else pl.lit("")
        rows = j.frame.select("item_id", "rater_id", stage.alias("stage"), criterion.alias("criterion"))
        before = pl.col("stage") == "adjudication"
        self.done = set(rows.filter(before).select("item_id", "criterion").iter_rows())
        self.raters = dict(rows.filter(~before).group_by("item_id").agg("rater_id").iter_rows())
        self.j, self.labels = j, [] if j.numeric else [str(cell_text(x)) for x in j.labels]

    def faults(self, item: str, criterion: str, cells: Mapping[str, str]) -> list[tuple[str, str, str]]:
        """Column, fault and fix of whatever is wrong with one decision."""
        about, cause, label, by = f"its item {quoted(item)}", cells["cause"], cells["decision"], cells["decided_by"]
        known, raters, asks = cause in ASKS, self.raters.get(item), ASKS.get(cause, ANYTHING)
        before, own = (item, criterion) in self.done, by in (raters or ())
        no_label, no_place = asks.decision == "required" and not label, label and asks.decision == "none"
        no_clause = asks.clause == "required" and not clause_name(cells["clause"])
        no_reason = known and cause != "rater_slip" and not cells["rationale"]
        off, label_fix = self._off_scale(label)
        causes = f"{_nearest(cause, ASKS)}Allowed: {', '.join(ASKS)}."
        empty = f"{cause} needs a {{}} and the cell is empty"
        rules = [
            (not raters, "packet_id", f"{about} is not among the judgments", "Use the data the packet was made from."),
            (before, "packet_id", f"{about} was adjudicated before", "Remove the row; an appeal is decided elsewhere."),
            (not known, "cause", f"the cause {quoted(cause)} is not on the list", causes),
            (no_label, "decision", empty.format("decision"), "Write one label of the scale."),
            (no_place, "decision", f"{cause} takes no decision", "Empty the cell, or choose another cause."),
            (no_clause, "clause", empty.format("clause"), "Write the clause, as §3.2."),
            (no_reason, "rationale", empty.format("reason"), "One sentence, from the guideline."),
            (label and off, "decision", f"the label {quoted(label)} is {off}", label_fix),
            (not by, "decided_by", "nobody is named", "Say who decided; reports show a pseudonym."),
            (own, "decided_by", "the adjudicator judged this item as a rater", "Give it to one who has not judged it."),
        ]
        faults = [(column, what, fix) for wrong, column, what, fix in rules if wrong]
        try:
            moment(cells["decided_at"])
        except ValueError:
            faults.append(("decided_at", f"{quoted(cells['decided_at'])} is no day", "Write 2026-11-24."))
        return faults

    def _off_scale(self, label: str) -> tuple[str, str]:
        """What is wrong with a label, empty where nothing is, and the fix."""
        if self.j.numeric:
            value, (low, high) = number(label), map(float, self.j.scale or ("-inf", "inf"))
            off = "" if value is not None and low <= value <= high else "outside the scale"
            return off, "Write a number on the scale."
        off = "outside the scale" if self.j.scale else "none that occurs, and no scale was given"
        fix = f"{_nearest(label, self.labels)}There is: {', '.join(self.labels)[:300]}."
        return "" if label in self.labels else off, fix


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
    sheet: str | None = None,
    delimiter: str | None = None,
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
    encoding, sheet, delimiter : str
        Likewise.

    Raises
    ------
    BadOption
        If a value cannot be written so that the same options read it back.
    """
    frame = read_raw(path, encoding, sheet, delimiter).frame.fill_null("").to_pandas()
    names = dict(columns or {})

    def source(name: str, value: str) -> str:
        read_as = (values or {}).get(name, {})
        if read_as.get(value, value) == value:
            return value
        if written := [old for old, new in read_as.items() if new == value]:
            return written[0]
        text = f"values= reads {quoted(value)} in {name} as {quoted(read_as[value])}, so it can't be written"
        raise BadOption(text)

    if names.get("stage", "stage") not in frame:
        frame[names.get("stage", "stage")] = "label"
    added = decisions.table[decisions.table["decision"] != ""].astype(str)
    if added.empty:
        return table_text(frame, safe=False)
    added = added.rename(columns={own: name for name, own in OWN_NAMES.items()})[[*COLUMNS]]
    added["stage"] = "adjudication"
    if not added["criterion"].any():
        del added["criterion"]
    if names.get("rater_type", "rater_type") in frame:
        added["rater_type"] = "human"
    added = added.apply(lambda column: [source(str(column.name), value) for value in column])
    for column in set(added) - {"label"}:  # what the file holds already stays as it is there
        held = set(frame.get(names.get(column, column), ()))
        added[column] = [value if value in held else neutral(value) for value in added[column]]
    return table_text(pd.concat([frame, added.rename(columns=names)]), safe=False)
