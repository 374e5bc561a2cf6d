"""What a plan's clause is compared with beyond a bound: roles, the register, the exam it asks for, the planned items.

Each function takes the clause's value, the plan and the register, and returns
a verdict, its reason and, where it is *not met*, what to do.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import scipy

from ..results import Verdict, readable
from .model import Measured, Plan, Role, Standard

Compared = tuple[Verdict, str, str]
DECIDERS = r"(product|programme|quality|research|policy|market)\b.*\b(lead|manager|owner)|(head|director) of"
BOUND = re.compile(r"(?:below|under|less than|at most|<=?)\s*(\d*\.?\d+)\s*(%?)", re.IGNORECASE)
TAIL = 0.025  # of a two-sided 95% interval
RARE = 0.05  # a bound up to which a share counts as a rare harm
EXPECTED = 0.1  # of the bound: the share at which the planned items must still meet it
CHANCE = 0.8
ENDS = ("amendment", "new criterion", "drift signal", "absence")  # of a certificate, before its last day


def owner(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """One role of the list: the register's owners, or somebody who leads a product, a programme or a policy."""
    role = str(value).split(",")[0].strip()
    alone = len(re.findall(r"\b(?:lead|manager|owner|head|director)\b", role, re.IGNORECASE)) == 1
    if role in get_args(Role) or (alone and re.fullmatch(rf"(?:{DECIDERS})\b.*", role, re.IGNORECASE)):
        return "met", f"is one role, {role}", ""
    return "not_met", f"is {role}, which is no role of the list", "Name one role, as product lead or head of policy."


def gates(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """Every entry names measured standards and nothing that the register doesn't measure."""
    for entry in value:
        names = re.findall(r"\b[A-Z]{3}-\d{3}\b", str(entry))
        wrong = [name for name in names if name not in register or not isinstance(register[name].evidence, Measured)]
        if wrong or not names:
            named = ", ".join(wrong) or f"“{entry}”"
            mend = "Name standards that a report measures."
            return "not_met", f"has {named}, which is no measured standard", mend
    return "met", f"names measured standards: {', '.join(map(str, value))}", ""


def exam(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """The exam's items and pass mark keep both errors of CAL-009 at its two bars, over the attempts it allows."""
    from ..certification.exam_plans import attempt_errors  # it is heavy, and only this rule needs it

    keys = ("unacceptable", "good", "pass_mark", "attempts")
    bad, good, passes, attempts = (plan.get(f"raters.certification.{key}") for key in keys)
    if bad is None or good is None or passes is None or attempts is None:
        mend = f"Name all: {', '.join(keys)}."
        return "not_met", f"is {value}, without two bars, a pass mark and attempts", mend
    allowed = register["CAL-009"].numbers
    if attempts > allowed["attempts"]:
        return "not_met", f"has {attempts} attempts", f"Allow {allowed['attempts']} at most."
    lets_in, turns_away = attempt_errors(allowed["lets_in"], allowed["turns_away"], attempts)
    by_chance = scipy.stats.binom.sf(passes - 1, value, bad)
    by_fault = scipy.stats.binom.cdf(passes - 1, value, good)
    if by_chance <= lets_in and by_fault <= turns_away:
        return "met", f"is {value}, pass from {passes}, which keeps both errors over {attempts} attempts", ""
    chances = f"one at {bad} passes with chance {by_chance:.3f}, one at {good} fails with {by_fault:.3f}"
    return "not_met", f"is {value}, pass from {passes}: {chances}", "Take both from `certification.exam_plan`."


def certificate(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """The days a certificate lasts at this risk, and the events of CAL-013 that end it before."""
    most = register["CAL-013"].numbers["days_high_risk" if plan.get("risk") == "high" else "days"]
    if value > most:
        return "not_met", f"is {value} at {plan.get('risk')} risk", f"Let a certificate end after {most} days at most."
    if missing := [event for event in ENDS if event not in plan.entries("raters.recalibration")]:
        said = f"is {value}, and `raters.recalibration` lacks {', '.join(missing)}"
        return "not_met", said, "Add what is missing."
    return "met", f"is {value}, and each of the four events ends a certificate", ""


def items_decided_on(plan: Plan) -> int | None:
    """Items behind one decision: a market's own where each passes on its own data, all of them otherwise."""
    n = plan.get("sample.per_market" if plan.get("launch.per_market") else "sample.size")
    return n if isinstance(n, int) else None


def power(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """The planned pairs find the smallest difference in a win rate; what is no win rate is only stated."""
    difference, n = plan.get("experiment.smallest_difference"), items_decided_on(plan)
    if plan.get("task") != "pairwise" or not difference or n is None:
        return "stated", f"is {value}, which nothing the plan says lets us compute", ""
    found = float(scipy.stats.norm.cdf(2 * difference * n**0.5 - scipy.stats.norm.isf(TAIL)))
    where = " of the market that has fewest" if plan.get("launch.per_market") else ""
    said = f"is {value}; {n} pairs{where} find {difference} with power {readable(found)}"
    return ("met", said, "") if found >= value else ("not_met", said, "Plan more, or decide on a larger difference.")


def reach(value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """Each rare bound is met with chance .80 by the planned items where the true share is a tenth of it.

    The criteria are words, so that they are *stated* at best.
    """
    n = items_decided_on(plan)
    for entry in map(str, value):
        if not re.search(r"\d|\bno\b", entry, re.IGNORECASE):
            return "not_met", f"has “{entry}”, which holds no number", "Write the number it must keep."
        for number, percent in BOUND.findall(entry):
            bound = float(number) / (100 if percent else 1)
            if n is None or not 0 < bound <= RARE:
                continue
            most = scipy.stats.binom.ppf(TAIL, n, bound) - 1  # findings with the interval's upper end below it
            chance = float(scipy.stats.binom.cdf(most, n, EXPECTED * bound))
            if chance < CHANCE:
                said = f"{n} items meet with chance {readable(chance)} if the true share is {EXPECTED * bound:.3g}"
                mend = "Plan more items or a stratum for it."
                return "not_met", f"has “{entry}”, which {said}, not {CHANCE}", mend
    return "stated", f"has {len(value)} criteria; {n} items can meet each rare bound among them", ""


_SIZE = ("sample.size", "sample.per_market", "launch.per_market")
COMPARISONS: dict[str, tuple[Callable[[Any, Plan, Mapping[str, Standard]], Compared], tuple[str, ...]]] = {
    "owner": (owner, ()),
    "gates": (gates, ()),
    "exam": (exam, ("raters.certification",)),
    "certificate": (certificate, ("risk", "raters.recalibration")),
    "power": (power, ("task", "experiment.smallest_difference", *_SIZE)),
    "reach": (reach, _SIZE),
}


def compare(rule: str, value: Any, plan: Plan, register: Mapping[str, Standard]) -> Compared:
    """The verdict of a comparison, undecided where another clause that it reads can't be read."""
    by, reads = COMPARISONS[rule]
    if why := next(filter(None, map(plan.why_unreadable, reads)), None):
        return "undecided", f"can't be compared: {why}", ""
    return by(value, plan, register)
