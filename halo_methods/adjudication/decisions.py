"""What adjudicators decide, the changes of the guideline that they propose, and whether disagreement then fell."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from ..errors import BadOption, NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import cell_text, quoted
from ..judgments.spreadsheets import plain
from ..judgments.table import rests_on
from ..results import Caution, Estimate, Figure, around, for_the_items_only
from ..stats import wilson
from ..stats.checks import check_confidence
from ..stats.totals import ratio_contrast


@dataclass(frozen=True)
class Asks:
    """What one cause asks of a decision.

    Attributes
    ----------
    decision, clause : {"required", "optional", "none"}
        Whether the decision holds a label, and names a clause.
    change : {"none", "clarification", "amendment"}
        What it proposes for the guideline.
    """

    decision: str
    clause: str
    change: str


ASKS = {
    "bad_item": Asks("none", "optional", "none"),
    "wrong_gold": Asks("required", "required", "none"),
    "guideline_conflict": Asks("required", "required", "amendment"),
    "guideline_gap": Asks("required", "required", "amendment"),
    "legitimate_perspective": Asks("none", "optional", "none"),
    "ambiguous_item": Asks("optional", "optional", "clarification"),
    "rater_slip": Asks("required", "required", "none"),
}
"""By code, in the order in which an adjudicator tries them; see `halo_methods.judgments.cause_codes`."""

AMENDING = tuple(code for code, asks in ASKS.items() if asks.change == "amendment")
SLIPS_TO_CLARIFY = 3
"""Slips on one clause that propose a clarification (a house rule): then the clause is hard to read."""

COLUMNS = ("item_id", "criterion", "label", "cause", "clause", "comment", "rated_at", "rater_id")
"""Of judgments, in which a decision stands; a table of decisions has its own names for some."""
DECISION_COLUMNS = ("decision", "cause", "clause", "rationale", "decided_by", "decided_at")
OWN_NAMES = {"label": "decision", "comment": "rationale", "rated_at": "decided_at", "rater_id": "adjudicator_rater_id"}
HEAD = """\
# Drafted from adjudicated items. The owner writes `text`, decides, and dates it: `decided_on` is the day of
# the decision, `effective_from` the first day raters judge by it. Where `recalibrate` is true, raters
# calibrate again before that day, and labels from before and after are two measurements.
"""


FEW_ITEMS = 20
CHOSEN_FOR_IT = Caution(
    "chosen_for_it",
    "A clause chosen because raters differed on it shows smaller differences next time by itself; "
    "the other clauses, and items that did not lead to the amendment, show how much.",
)
COMPARISONS = {
    "change": ("clause {}", "change of the share of disagreeing pairs on the clause", [2, 3]),
    "others": ("others than {}", "change of the share of disagreeing pairs on other clauses", [0, 1]),
    "difference": ("{} less others", "change on the clause minus change on other clauses", [2, 3, 0, 1]),
}
"""Their names, the quantity, and its cells: others before and after, the clause before and after."""
SIGNS = (-1.0, 1.0, 1.0, -1.0)


def by_number(text: str) -> list[tuple[int, int, str]]:
    """Return a key that sorts versions and clauses: 3.9 before 3.10, v2 before v10.

    Examples
    --------
    >>> sorted(["3.10", "3.9", "v2"], key=by_number)
    ['v2', '3.9', '3.10']
    """
    parts = re.split(r"[.\s|-]+", text.lstrip("vV"))
    return [(0, int(p), "") if p.isdecimal() else (1, 0, p) for p in parts]


def clause_name(text: str) -> str:
    """Return a clause without its sign and the space around it.

    Examples
    --------
    >>> clause_name(" § 3.10 ")
    '3.10'
    """
    return text.strip().lstrip("§").strip()


@dataclass(frozen=True, eq=False)
class Decisions:
    """What adjudicators decided, checked.

    Attributes
    ----------
    table : pandas.DataFrame
        One row per decision: ``packet_id``, ``item_id``, ``criterion``,
        ``decision`` (empty where the cause takes none), ``cause``, ``clause``
        (without its sign §), ``rationale``, ``decided_at``, ``adjudicator_rater_id``.
    undecided : tuple of str
        Packet identifiers without a decision yet.
    key : str
        The file of the key by which they were read; empty for a table.
    """

    table: pd.DataFrame
    undecided: tuple[str, ...] = ()
    key: str = ""

    def summary(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the share of the decisions by cause and by clause, with Wilson's interval over items.

        Columns ``of`` (cause or clause), ``name``, ``n``, ``share``, ``low``,
        ``high``; most frequent first. The interval holds for items like these,
        decided by these adjudicators; a packet chosen for its disagreement says
        nothing about all items.
        """
        long = self.table.melt(value_vars=["cause", "clause"], var_name="of", value_name="name").query("name != ''")
        counts = long.value_counts().rename("n").reset_index()
        counts = counts.sort_values(["of", "n", "name"], ascending=[True, False, True], ignore_index=True)
        low, high = wilson(counts["n"], len(self.table), confidence=confidence)
        return counts.assign(share=counts["n"] / len(self.table), low=low, high=high)

    def amended(self) -> tuple[str, ...]:
        """List the clauses named with a gap or a conflict, in order.

        Raises
        ------
        NotEstimable
            If there is none.
        """
        named = self.table.loc[self.table["cause"].isin(AMENDING), "clause"]
        clauses = {clause_name(clause) for text in named for clause in text.split("|")} - {""}
        if not clauses:
            raise NotEstimable(f"no decision names a clause with {' or '.join(AMENDING)} as its cause", public=True)
        return tuple(sorted(clauses, key=by_number))

    def drafts(self, *, examples: int = 3) -> list[dict[str, Any]]:
        """Draft what the decisions propose for the guideline, one entry per clause.

        A gap or a conflict proposes an amendment, after which raters calibrate
        again; an ambiguous item, or three slips on one clause, a clarification. A
        decision that names two clauses (``3.1|4.2``) counts for the pair.

        Parameters
        ----------
        examples : int
            Items quoted for each label decided.

        Returns
        -------
        list of dict
            ``clause``, ``change`` (``amendment``, ``clarification``),
            ``recalibrate``, ``items``, ``causes``, ``decided`` (label, items,
            reasons and example items), and, empty, what the owner fills in:
            ``text``, ``decided_on``, ``effective_from``, ``decided_by``.

        Examples
        --------
        >>> row = dict(item_id="a", decision="poor", cause="guideline_gap", clause="3.2", rationale="No clause.")
        >>> (draft,) = Decisions(pd.DataFrame([row])).drafts()
        >>> draft["clause"], draft["change"], draft["recalibrate"], draft["effective_from"]
        ('3.2', 'amendment', True, '')
        """
        drafts = []
        table = self.table[self.table["clause"] != ""]
        for clause, rows in sorted(table.groupby("clause"), key=lambda group: by_number(str(group[0]))):
            causes = {code: n for code in ASKS if (n := int((rows["cause"] == code).sum()))}
            changes = {ASKS[code].change for code in causes}
            if causes.get("rater_slip", 0) >= SLIPS_TO_CLARIFY:
                changes.add("clarification")
            if changes == {"none"}:
                continue
            change = "amendment" if "amendment" in changes else "clarification"
            decided = []
            for label, part in rows.groupby("decision"):
                reasons = list(dict.fromkeys(reason for reason in part["rationale"] if reason))[:examples]
                quoted = {"reasons": reasons, "examples": part["item_id"].tolist()[:examples]}
                decided.append({"label": str(label) or "no label", "items": len(part), **quoted})
            draft = {"clause": str(clause), "change": change, "recalibrate": change == "amendment", "items": len(rows)}
            owner = dict.fromkeys(("text", "decided_on", "effective_from", "decided_by"), "")
            drafts.append({**draft, "causes": causes, "decided": decided, **owner})
        return drafts

    def draft_text(self) -> str:
        """Return the drafts as YAML, for the guideline's owner to finish."""
        import yaml

        return HEAD + yaml.safe_dump({"amendments": self.drafts()}, sort_keys=False, allow_unicode=True, width=100)

    def draft_table(self) -> pd.DataFrame:
        """Return the drafts as a table, one row per clause, with up to five example items."""
        table = pd.DataFrame(self.drafts(), columns=["clause", "change", "recalibrate", "items", "causes", "decided"])
        table["causes"] = [", ".join(f"{code} {n}" for code, n in causes.items()) for causes in table["causes"]]
        named = [[item for label in decided for item in label["examples"]] for decided in table.pop("decided")]
        table["examples"] = pd.Series([items[:5] for items in named], dtype=object)
        return table


def recorded(j: Judgments, *, clause: str = "clause") -> Decisions:
    """Collect the decisions that the judgments hold already: rows of stage ``adjudication`` with a ``cause``.

    Raises
    ------
    NotEstimable
        If there are none.

    Examples
    --------
    >>> row = {"item_id": "a", "rater_id": "eva", "label": "x", "stage": "adjudication", "cause": "rater_slip"}
    >>> recorded(pd.DataFrame([row])).table["decision"].tolist()
    ['x']
    """
    j = as_judgments(j)
    if not {"stage", "cause"} <= set(j.columns):
        raise NotEstimable("no decisions are recorded: the data has no columns stage and cause", public=True)
    rows = j.frame.filter((pl.col("stage") == "adjudication") & pl.col("cause").is_in(list(ASKS)))
    if not len(rows):
        text = "no decisions are recorded: no row of stage adjudication has a cause from the list"
        raise NotEstimable(text, public=True)

    table = pd.DataFrame({"packet_id": [""] * len(rows)})
    for column in COLUMNS:
        source, name = clause if column == "clause" else column, OWN_NAMES.get(column, column)
        table[name] = [cell_text(v) or "" for v in rows[source]] if source in rows.columns else ""
    for name in ("clause", "rationale", "adjudicator_rater_id"):
        table[name] = table[name].map(plain)
    table["clause"] = table["clause"].map(clause_name)
    return Decisions(table)


@dataclass(frozen=True, eq=False)
class ClauseChanges:
    """Disagreement on clauses under two versions of the guideline.

    Attributes
    ----------
    by : str
        The column of clauses.
    before, after : str
        The versions.
    table : pandas.DataFrame
        Per clause one row per comparison (the clause, the others, the difference):
        ``clause``, ``what``, ``share_before``, ``share_after`` (of disagreeing
        pairs), ``change``, ``low``, ``high``, ``n_items``, ``n_raters``.
    estimates : dict of str to Estimate or NotEstimable
        By clause the change, after minus before; below zero where raters differ less.
    others : dict of str to Estimate
        The same on all other clauses together, where there are some.
    differences : dict of str to Estimate
        The change minus that on the others: what is left when whatever happened to
        all clauses is taken off.
    """

    by: str
    before: str
    after: str
    table: pd.DataFrame
    estimates: Mapping[str, Estimate | NotEstimable]
    others: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]

    def plot(self) -> Figure:
        """Draw the changes with their intervals."""
        from .. import plots

        unit, title = "change of the share of pairs that differ", f"{self.after} minus {self.before}"
        return plots.intervals(self.table, "what", "change", bar=0, unit=unit, title=title)


def clause_changes(
    j: Judgments,
    *,
    clauses: Collection[str] | None = None,
    column: str = "clause",
    before: str | None = None,
    after: str | None = None,
    confidence: float = 0.95,
) -> ClauseChanges:
    r"""Estimate whether raters differ less on clauses since the guideline changed.

    The quantity is the share of pairs of judgments of one item that differ,
    :math:`d`, after minus before: :math:`d_{c1} - d_{c0}` on the clause,
    :math:`d_{o1} - d_{o0}` on the others, and the difference of the two; the
    interval is `stats.totals.ratio_contrast` over items and raters.

    It compares before and after; it does not prove that the amendment did it.

    Parameters
    ----------
    j : Judgments or frame
        One criterion, with columns ``guideline`` and the clause of each item.
    clauses : collection of str, optional
        The amended clauses; by default those that recorded decisions name with a
        gap or a conflict as their cause.
    column : str
        The column that holds the clause, one per item.
    before, after : str, optional
        Versions of the guideline; by default the last two, by their first
        judgment if the data are dated, otherwise by number.
    confidence : float

    Raises
    ------
    NotEstimable
        If a column is missing, an item names several clauses, there are not two
        versions, or no clause has two items with a pair in each of them.
    BadOption
        If there is no such version, or the confidence is no share.

    Examples
    --------
    >>> rows = [(f"{v}{i}", r, "ab"[v == "1" and (i + r) % 3 == 0], v, "3.2")
    ...         for v in "12" for i in range(30) for r in range(6)]
    >>> frame = pd.DataFrame(rows, columns=["item_id", "rater_id", "label", "guideline", "clause"])
    >>> changes = clause_changes(frame, clauses=["3.2"])
    >>> changes.table[["what", "share_before", "share_after"]].round(2).to_numpy().tolist()
    [['clause 3.2', 0.53, 0.0]]
    """
    check_confidence(confidence)
    j = as_judgments(j)
    names = recorded(j, clause=column).amended() if clauses is None else [clause_name(c) for c in clauses]
    if not names:
        raise NotEstimable("no clause was named")
    one = j.one()
    first, last = _versions(one, column, before, after)
    pairs = _pairs(one.frame, column, first, last)
    estimates: dict[str, Estimate | NotEstimable] = {}
    found: dict[str, dict[str, Estimate]] = {what: {} for what in COMPARISONS}
    rows = []
    for name in names:
        try:
            compared = _compared(pairs, name, (first, last), confidence)
        except NotEstimable as reason:
            estimates[name] = reason
            continue
        for what, (e, shares) in compared.items():
            found[what][name] = e
            rows.append(
                (name, COMPARISONS[what][0].format(name), *shares, e.value, e.low, e.high, e.n_items, e.n_raters)
            )
        estimates[name] = found["change"][name]
    if not rows:
        raise next(e for e in estimates.values() if isinstance(e, NotEstimable))
    columns = ["clause", "what", "share_before", "share_after", "change", "low", "high", "n_items", "n_raters"]
    table = pd.DataFrame(rows, columns=columns)
    return ClauseChanges(column, first, last, table, estimates, found["others"], found["difference"])


def _versions(j: Judgments, column: str, before: str | None, after: str | None) -> tuple[str, str]:
    """The two versions of the guideline that are compared."""
    for needed in ("guideline", column):
        if needed not in j.columns:
            text = f"the data has no column {needed}: it tells which judgments come before and after"
            raise NotEstimable(text, public=True)
    versions = guideline_versions(j)
    for name, version in (("before", before), ("after", after)):
        BadOption.unless(name, version, (None, *versions))
    if len(versions) < 2:
        text, there = "a change needs two versions of the guideline", ", ".join(map(quoted, versions)) or "none"
        raise NotEstimable(f"{text}; there is {there}", public=text)
    last = after or versions[-1]
    first = before or versions[max(versions.index(last) - 1, 0)]
    if first == last:
        raise BadOption(f"before and after are both {quoted(first)}")
    return first, last


def guideline_versions(j: Judgments) -> tuple[str, ...]:
    """List the versions of the guideline, oldest first: by their first judgment if dated, otherwise by number."""
    frame = j.frame.filter(pl.col("guideline").is_not_null())
    if "rated_at" in j.columns and not frame["rated_at"].has_nulls():
        first = frame.group_by("guideline").agg(pl.col("rated_at").min()).sort("rated_at", "guideline")
        return tuple(first["guideline"])
    return tuple(sorted(frame["guideline"].unique(), key=by_number))


def _pairs(frame: pl.DataFrame, column: str, first: str, last: str) -> pl.DataFrame:
    """Each judgment with a partner: of how many pairs it is part, and in how many of them the labels differ."""
    frame = frame.filter(pl.col("guideline").is_in([first, last]) & pl.col(column).is_not_null())
    frame = frame.with_columns(pl.col(column).str.strip_chars(" §").alias(" clause"))
    varies = frame.group_by("item_id").agg(pl.col(" clause").n_unique()).filter(pl.col(" clause") > 1)["item_id"].sort()
    if len(varies):
        text = f"the column {column} must hold one clause per item"
        named = f"{len(varies):,} items name several clauses, {quoted(varies[0])} first"
        raise NotEstimable(f"{named}; {text}", public=text)
    unit = ["item_id", "guideline", *(c for c in ("round",) if c in frame.columns)]
    pairs = pl.len().over(unit) - 1
    differ = pl.len().over(unit) - pl.len().over([*unit, "label"])
    return frame.with_columns(pairs.alias("pairs"), differ.alias("differ")).filter(pl.col("pairs") > 0)


def _compared(
    pairs: pl.DataFrame, clause: str, versions: tuple[str, str], confidence: float
) -> dict[str, tuple[Estimate, list[float | None]]]:
    """Each comparison that a clause allows, with the shares of disagreeing pairs before and after."""
    cell = (pl.col(" clause") == clause).cast(pl.Int64) * 2 + (pl.col("guideline") == versions[1]).cast(pl.Int64)
    frame = pairs.with_columns(cell.alias("cell"))
    by_item, by_rater = _sums(frame, "item_id") / 2, _sums(frame, "rater_id")  # a pair counts for each of its two
    single = frame.group_by("cell", "differ", "pairs").len().sort("cell", "differ", "pairs").with_row_index("alone")
    by_judgment, times = _sums(single, "alone"), single["len"].to_numpy().astype(float)
    items = (by_item[:, :, 1] > 0).sum(0)
    for n, name in zip(items[2:], versions, strict=True):
        if n < 2:
            text = f"clause {quoted(clause)} has {n} items with two judgments or more under guideline {quoted(name)}"
            raise NotEstimable(f"{text}; two are the least")
    total, compared = by_item.sum(0), {}
    for what in COMPARISONS if (items[:2] >= 2).all() else ("change",):
        _, quantity, cells = COMPARISONS[what]
        of_items, of_raters, alone = (part[:, cells] for part in (by_item, by_rater, by_judgment))
        contrast = ratio_contrast(of_items, of_raters, alone, times, SIGNS[: len(cells)], confidence=confidence)
        cautions = [] if what == "others" else [CHOSEN_FOR_IT]
        if contrast.fewest < FEW_ITEMS:
            text = f"A version has {contrast.fewest} items here: below {FEW_ITEMS} the interval may be too short."
            cautions.append(Caution("few_items", text))
        if contrast.over == "items":
            cautions.append(for_the_items_only(contrast.n_raters))
        place = around(contrast.value, contrast.low, contrast.high) | {"confidence": confidence, "over": contrast.over}
        rests = rests_on(frame.filter(pl.col("cell").is_in(cells)), "disagreement on clauses")
        method = f"{quantity}, {versions[1]} minus {versions[0]}; leave-one-out variances over {contrast.over}"
        estimate = Estimate(**place, **rests, method=method, cautions=tuple(cautions))
        before_and_after = (total[cells, 0] / total[cells, 1]).tolist()
        compared[what] = (estimate, before_and_after if what != "difference" else [None, None])
    return compared


def _sums(frame: pl.DataFrame, key: str) -> NDArray:
    """Disagreements and pairs by item, rater or judgment, and cell."""
    at = frame[key].rank("dense").to_numpy() - 1
    totals = np.zeros((at.max() + 1, 4, 2))
    np.add.at(totals, (at, frame["cell"]), frame.select("differ", "pairs").to_numpy())
    return totals
