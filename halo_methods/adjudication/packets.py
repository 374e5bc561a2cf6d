"""Blind packets for adjudicators: the item, the answers, the reasons, and nobody's name."""

import hashlib
import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import polars as pl

from ..atomic_files import write_files
from ..errors import BadOption, HaloError, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cause_codes import CAUSES
from ..judgments.cells import cell_text, quoted
from ..results import counted
from ..stats.checks import check_count
from .cause_rules import ASKS
from .spreadsheets import table_text

DECISION_COLUMNS = ("decision", "cause", "clause", "rationale", "decided_by", "decided_at")
NOT_BLIND = (
    *("rater_id", "label", "comment", "vendor", "rater_type", "queue", "stage", "round", "system"),
    *("suggestion", "gold", "seconds", "cost", "rated_at"),
)
SHORTEST_NAME = 3


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
        head = [c for c in columns if not c.startswith(("answer_", "reason_"))]
        return page.get_template("packet.html.j2").render(
            size=counted(len(self.table), "item"),
            labels=self.labels[:30],
            causes=[(code, CAUSES[code].test, asks.in_words) for code, asks in ASKS.items()],
            rows=self.table.to_dict("records"),
            head=head,
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
        key = table_text(list(self.key.columns), self.key.itertuples(index=False))
        table = table_text(list(self.table.columns), self.table.itertuples(index=False))
        texts = {f"packet/{name}": text for name, text in (beside or {}).items()}
        texts |= {"kept_apart/key.csv": key, "packet/packet.html": self.sheet(), "packet/packet.csv": table}
        files: dict[str | os.PathLike[str], str | bytes] = {Path(out) / name: text for name, text in texts.items()}
        if there := [file for file in files if Path(file).exists()]:
            raise HaloError(f"{there[0]} is there already and may hold decisions; choose another folder")
        return write_files(files)


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

    Of each item it shows every distinct answer once, in random order, and of
    each answer one reason (the ``comment`` of a rater who gave it, drawn at
    random): more would tell which answer has the majority. Identifiers of
    raters and names of vendors are taken out of the reasons where they have
    three letters or more; a rater who is named otherwise stays named, so look
    through the packet. Of an item on which all agree no answer is shown: a
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
    criterion = _criterion(one, perspectives)
    frame = one.frame.with_columns(pl.col("label").map_elements(cell_text, pl.String).alias("answer"))
    chosen, notes = _chosen(j, frame, items, most)
    _blind(frame, show)
    rng = np.random.default_rng(seed)
    order = [chosen[k] for k in rng.permutation(len(chosen))]
    tag = hashlib.sha256(repr((seed, criterion, sorted(chosen))).encode()).hexdigest()[:4]
    names = _names(frame)
    of_item = frame.filter(pl.col("item_id").is_in(chosen)).partition_by("item_id", as_dict=True)
    rows = []
    for number, item in enumerate(order, start=1):
        group = of_item[(item,)]
        row = {"packet_id": f"P{tag}-{number:03d}"}
        row |= {c: _told(group, c) for c in show} if show else {"item": item}
        cited = {"guideline": "guideline", clause: "cited"}
        row |= {name: _told(group, column) for column, name in cited.items() if column in group.columns}
        rows.append(row | _answers(group, names, rng))
    table = pd.DataFrame(rows).fillna("")
    answers = [c for c in table.columns if c.startswith(("answer_", "reason_"))]
    answers.sort(key=lambda c: int(c.rpartition("_")[2]))
    table = table[[c for c in table.columns if c not in answers] + answers]
    for column in DECISION_COLUMNS:
        table[column] = ""
    key = pd.DataFrame({"packet_id": table["packet_id"], "item_id": order, "criterion": criterion or ""})
    return Packet(table, key, tuple(str(cell_text(x)) for x in one.labels), tuple(notes))


def _criterion(one: Judgments, perspectives: Collection[str]) -> str | None:
    criterion = one.frame["criterion"][0] if "criterion" in one.columns else None
    if criterion is not None and criterion in perspectives:
        text = "declared a perspective: the spread of its answers is the result, and nothing in it is adjudicated"
        raise NotEstimable(f"criterion {quoted(criterion)} is {text}", public=f"the criterion is {text}")
    return criterion


def decided_items(j: Judgments) -> set[str]:
    """Items that have an adjudicated label already."""
    if "stage" not in j.columns:
        return set()
    return set(j.frame.filter(pl.col("stage") == "adjudication")["item_id"])


def _chosen(
    j: Judgments, frame: pl.DataFrame, items: Iterable[str] | None, most: int | None
) -> tuple[list[str], list[str]]:
    if most is not None:
        check_count(most, option="most", least=1)
    votes = frame.group_by("item_id", "answer").len()
    spread = votes.group_by("item_id").agg(pl.len().alias("answers"), pl.col("len").sort(descending=True).alias("n"))
    second = pl.col("n").list.get(1, null_on_oob=True).fill_null(0)
    spread = spread.with_columns(((pl.col("n").list.get(0) - second) / pl.col("n").list.sum()).alias("margin"))
    done, notes = decided_items(j), []
    if items is None:
        open_ = spread.filter(pl.col("answers") > 1).sort("margin", "item_id")["item_id"].to_list()
    else:
        open_ = list(dict.fromkeys(map(str, items)))
        if unknown := [i for i in open_ if i not in set(spread["item_id"])]:
            raise BadOption(f"there is no item {quoted(unknown[0])} among the judgments")
    left = [i for i in open_ if i not in done]
    if len(left) < len(open_):
        notes.append(f"{counted(len(open_) - len(left), 'item')} left out: decided already")
    if most is not None and len(left) > most:
        notes.append(f"{counted(len(left) - most, 'item')} left for a later packet")
    if not left:
        why = "every disagreement is decided already" if open_ else "no item has two different answers"
        raise NotEstimable(f"there is nothing to adjudicate: {why}", public=f"there is nothing to adjudicate: {why}")
    return sorted(left[:most]), notes


def _blind(frame: pl.DataFrame, show: Sequence[str]) -> None:
    for column in show:
        if column not in frame.columns:
            raise BadOption.of("show", column, [c for c in frame.columns if c not in (*NOT_BLIND, "answer")])
        if column in NOT_BLIND:
            raise BadOption(f"{column} cannot be shown: the packet is blind")
        if column in (*DECISION_COLUMNS, "packet_id") or column.startswith(("answer_", "reason_")):
            raise BadOption(f"{column} cannot be shown: the packet has a column of that name")
        values = frame.group_by("item_id").agg(pl.col(column).drop_nulls().n_unique().alias("n"))
        varies = values.filter(pl.col("n") > 1)
        if len(varies):
            item = quoted(varies["item_id"].sort()[0])
            text = f"it differs between judgments of one item ({item}), so it tells of the raters"
            raise BadOption(f"{column} cannot be shown: {text}")


def _told(group: pl.DataFrame, column: str) -> str:
    return "; ".join(str(cell_text(v)) for v in group[column].drop_nulls().unique().sort())


def _names(frame: pl.DataFrame) -> re.Pattern[str] | None:
    known = {str(v) for c in ("rater_id", "vendor") if c in frame.columns for v in frame[c].drop_nulls().unique()}
    long = sorted((n for n in known if len(n.strip()) >= SHORTEST_NAME), key=lambda n: (-len(n), n))
    return re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, long))})(?!\w)", re.IGNORECASE) if long else None


def _answers(group: pl.DataFrame, names: re.Pattern[str] | None, rng: np.random.Generator) -> dict[str, str]:
    answers = group["answer"].unique().sort().to_list()
    if len(answers) < 2:
        return {"answer_1": "", "reason_1": ""}
    made: dict[str, str] = {}
    for n, k in enumerate(rng.permutation(len(answers)), start=1):
        answer = answers[k]
        reason = ""
        if "comment" in group.columns:
            reasons = group.filter(pl.col("answer") == answer)["comment"].drop_nulls().unique().sort().to_list()
            reason = reasons[int(rng.integers(len(reasons)))] if reasons else ""
        made |= {f"answer_{n}": answer, f"reason_{n}": names.sub("[a rater]", reason) if names else reason}
    return made
