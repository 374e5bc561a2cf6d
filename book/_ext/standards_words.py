"""How a standard's evidence reads in the book."""

import re
from html import escape
from typing import Any

from halo_methods.results import readable
from halo_methods.standards import Standard, house
from halo_methods.standards.model import block_of


def evidence(s: Standard) -> str:
    """What shows that a standard is kept."""
    e: Any = s.evidence
    if e.kind == "measured":
        side = "at least" if e.direction == "at_least" else "at most"
        own = house().thresholds.get(s.id)
        wanted = f"{side} {readable(e.threshold)}{'' if own is None else f', in this house {readable(own)}'}"
        return f"Measured: gate {e.gate} of the report {e.report}, {e.method}, {wanted} ({e.unit})."
    if e.kind == "declared":
        rule = "; ".join(_rule(kind, bound) for kind, bound in e.rule.bounds.items())
        each = f", in each block of {block}" if (block := block_of(e.clause)) else ""
        fits = ", and agrees with what else the plan and the register say" if e.rule.compared else ""
        return f"Declared: the plan's clause {e.clause} {rule}{each}{fits}."
    again = f", and again after {' or '.join(e.after)}" if e.after else ""
    return f"Attested: the {e.role} answers each {e.every}{again}. {e.question}"


def scope(s: Standard) -> str:
    """Which programmes owe a standard."""
    risks = "" if "any" in s.applies.risk else f" at {' or '.join(s.applies.risk)} risk"
    when = " and ".join(f"{k} is {_either(v)}" for k, v in s.applies.when.items())
    return f"Tier: {s.tier.replace('_', ' ')}{risks}{f', where {when}' if when else ''}."


def _either(value: Any) -> str:
    return " or ".join(map(_said, value)) if isinstance(value, list) else _said(value)


def _said(value: Any) -> str:
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value)


def _rule(kind: str, bound: Any) -> str:
    listed = ", ".join(map(_said, bound)) if isinstance(bound, list) else _said(bound)
    return {
        "present": "is written",
        "at_least": f"is at least {listed}",
        "at_most": f"is at most {listed}",
        "one_of": f"is one of {listed}",
        "equals": f"is {listed}",
        "includes": f"includes {listed}",
    }[kind]


def words(text: str) -> str:
    """Text of a standard as HTML; what stands in backticks is code.

    >>> words("read `a.b` < c")
    'read <code>a.b</code> &lt; c'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
