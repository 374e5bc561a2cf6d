"""From decisions to a draft amendment of the guideline; `effect` then measures what it did."""

from typing import Any

import pandas as pd

from ..errors import NotEstimable
from ..judgments import Judgments
from .cause_rules import AMENDING, ASKS, SLIPS_TO_CLARIFY
from .clause_change import Effect, by_number, changes, clauses, effect, effects, effects_table, versions
from .decisions import Decisions, clause_name, recorded

__all__ = [
    "Effect",
    "amended",
    "changes",
    "clauses",
    "draft",
    "draft_table",
    "draft_text",
    "effect",
    "effects",
    "effects_table",
    "versions",
]


def draft(decisions: Decisions, *, examples: int = 3) -> list[dict[str, Any]]:
    """What the decisions propose for the guideline, one entry a clause.

    A gap or a conflict proposes an amendment, after which raters calibrate
    again; an ambiguous item, or three slips on one clause, a clarification. A
    decision that names two clauses (``3.1|4.2``) counts for the pair.

    Parameters
    ----------
    decisions : Decisions
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
    >>> import pandas as pd
    >>> row = dict(packet_id="P", item_id="a", criterion="", decision="poor", cause="guideline_gap", clause="3.2",
    ...            rationale="No clause on refunds.", decided_by="eva", decided_at="2026-11-24")
    >>> made = draft(Decisions(pd.DataFrame([row]), ()))
    >>> made[0]["clause"], made[0]["change"], made[0]["recalibrate"], made[0]["effective_from"]
    ('3.2', 'amendment', True, '')
    """
    made = []
    table = decisions.table[decisions.table["clause"] != ""]
    for clause, rows in sorted(table.groupby("clause"), key=lambda kv: by_number(str(kv[0]))):
        counts = {code: int((rows["cause"] == code).sum()) for code in ASKS}
        changes = {ASKS[code].change for code, n in counts.items() if n}
        if counts["rater_slip"] >= SLIPS_TO_CLARIFY:
            changes.add("clarification")
        change = next((c for c in ("amendment", "clarification") if c in changes), "")
        if not change:
            continue
        decided = [
            {"label": str(label) or "no label", "items": len(part),
             "reasons": list(dict.fromkeys(r for r in part["rationale"] if r))[:examples],
             "examples": part["item_id"].tolist()[:examples]}
            for label, part in rows.groupby("decision")
        ]  # fmt: skip
        owner = {"text": "", "decided_on": "", "effective_from": "", "decided_by": ""}
        made.append({"clause": str(clause), "change": change, "recalibrate": change == "amendment", "items": len(rows),
                     "causes": {code: n for code, n in counts.items() if n}, "decided": decided, **owner})  # fmt: skip
    return made


def draft_text(decisions: Decisions) -> str:
    """`draft` as YAML, for the guideline's owner to finish."""
    import yaml

    head = (
        "# Drafted from adjudicated items. The owner writes `text`, decides, and dates it: `decided_on` is the day of\n"
        "# the decision, `effective_from` the first day raters judge by it. Where `recalibrate` is true, raters\n"
        "# calibrate again before that day, and labels from before and after are two measurements.\n"
    )
    return head + yaml.safe_dump({"amendments": draft(decisions)}, sort_keys=False, allow_unicode=True, width=100)


def amended(j: Judgments, *, column: str = "clause") -> tuple[str, ...]:
    """Clauses that adjudicated rows of the data name with a gap or a conflict.

    Raises
    ------
    NotEstimable
        If there is none.
    """
    made = recorded(j, clause=column).table
    clauses = {clause_name(c) for text in made.loc[made["cause"].isin(AMENDING), "clause"] for c in text.split("|")}
    if not clauses - {""}:
        raise NotEstimable(
            f"no decision names a clause in the column {column} with {' or '.join(AMENDING)} as its cause"
        )
    return tuple(sorted(clauses - {""}, key=by_number))


def draft_table(decisions: Decisions) -> pd.DataFrame:
    """`draft` as a table: ``clause``, ``change``, ``recalibrate``, ``items``, ``causes``, ``examples``."""
    rows = [
        (d["clause"], d["change"], "yes" if d["recalibrate"] else "no", d["items"],
         ", ".join(f"{code} {n}" for code, n in d["causes"].items()),
         ", ".join([x for group in d["decided"] for x in group["examples"]][:5]))
        for d in draft(decisions)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["clause", "change", "recalibrate", "items", "causes", "examples"])
