"""What adjudicators decide: what each cause asks of them, and the changes of the guideline that they propose."""

import re
from dataclasses import dataclass
from typing import Any, Literal

import pandas as pd
import polars as pl

from ..errors import NotEstimable
from ..judgments import Judgments, as_judgments
from ..judgments.cells import cell_text
from ..stats import wilson
from .spreadsheets import plain

Needed = Literal["required", "optional", "none"]
Change = Literal["none", "clarification", "amendment"]


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

    decision: Needed
    clause: Needed
    change: Change


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
OWN_NAMES = {"label": "decision", "comment": "rationale", "rated_at": "decided_at", "rater_id": "adjudicator_rater_id"}
HEAD = """\
# Drafted from adjudicated items. The owner writes `text`, decides, and dates it: `decided_on` is the day of
# the decision, `effective_from` the first day raters judge by it. Where `recalibrate` is true, raters
# calibrate again before that day, and labels from before and after are two measurements.
"""


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
    """

    table: pd.DataFrame
    undecided: tuple[str, ...] = ()

    def summary(self, *, confidence: float = 0.95) -> pd.DataFrame:
        """Return the share of the decisions by cause and by clause, with Wilson's interval over items.

        Columns ``of`` (cause or clause), ``name``, ``n``, ``share``, ``low``,
        ``high``; most frequent first. The interval speaks for items like these,
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
            text = f"no decision names a clause with {' or '.join(AMENDING)} as its cause"
            raise NotEstimable(text, public=text)
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
            counts = rows["cause"].value_counts()
            causes = {code: int(counts[code]) for code in ASKS if code in counts}
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
        rows = []
        for draft in self.drafts():
            causes = ", ".join(f"{code} {n}" for code, n in draft["causes"].items())
            examples = [item for group in draft["decided"] for item in group["examples"]][:5]
            rows.append((draft["clause"], draft["change"], draft["recalibrate"], draft["items"], causes, examples))
        return pd.DataFrame(rows, columns=["clause", "change", "recalibrate", "items", "causes", "examples"])


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
        text = "no decisions are recorded: the data has no columns stage and cause"
        raise NotEstimable(text, public=text)
    rows = j.frame.filter((pl.col("stage") == "adjudication") & pl.col("cause").is_in(list(ASKS)))
    if not len(rows):
        text = "no decisions are recorded: no row of stage adjudication has a cause from the list"
        raise NotEstimable(text, public=text)

    table = pd.DataFrame({"packet_id": [""] * len(rows)})
    for column in COLUMNS:
        source, name = clause if column == "clause" else column, OWN_NAMES.get(column, column)
        table[name] = [cell_text(v) or "" for v in rows[source]] if source in rows.columns else ""
    table["clause"], table["rationale"] = table["clause"].map(clause_name), table["rationale"].map(plain)
    return Decisions(table)
