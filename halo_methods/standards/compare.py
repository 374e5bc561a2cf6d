"""What a plan's clause is compared with beyond a bound: roles, other clauses, the register, the planned items.

Each function takes the clause's value, the plan, the register and the numbers of the standard that asks.
It returns a verdict, its reason and, where it is *not met*, what to do.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, get_args

import scipy

from ..results import Verdict, readable
from .model import Plan, Role
from .numbers import Number
from .standards_file import Measured, Standard

Compared = tuple[Verdict, str, str]
Named = Mapping[str, Number]
DECIDERS = r"(product|programme|quality|research|policy|market)\b.*\b(lead|manager|owner)|(head|director) of"
BOUND = re.compile(r"(?:below|under|less than|at most|<=?)\s*(\d*\.?\d+)\s*(%?)", re.IGNORECASE)
TAIL = 0.025  # of a two-sided 95% interval
SAFETY = re.compile(r"\b(?:un)?(?:safe|safety|harm\w*)\b", re.IGNORECASE)
ENDS = ("system", "guideline", "population")  # what a claim rests on
EVENTS = ("amendment", "new criterion", "drift signal", "absence")  # end a certificate before its last day


def decision(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The decision has an owner, one role of the list or one that leads a product or a policy, and a day."""
    role, day = str(plan.get("owner") or "").split(",")[0].strip(), plan.get("decide_by")
    alone = len(re.findall(r"\b(?:lead|manager|owner|head|director)\b", role, re.IGNORECASE)) == 1
    if not (role in get_args(Role) or (alone and re.fullmatch(rf"(?:{DECIDERS})\b.*", role, re.IGNORECASE))):
        fix = "Name one role under `owner`, as product lead or head of policy."
        return "not_met", f"is taken by {role or 'no role'}, which is no role of the list", fix
    if day is None:
        return "not_met", "has no day", "Write the day it is due under `decide_by`."
    return "stated", f"is taken by the {role} by {day}", ""


def priority(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The order names each criterion of the rubric, a safety criterion first; one criterion needs no order."""
    order, criteria = [str(name) for name in value], [str(name) for name in plan.entries("rubric.criteria.name")]
    safe = [i for i, name in enumerate(order) if SAFETY.search(name)]
    if safe and safe[0] != 0:
        return "not_met", f"has {order[safe[0]]} in place {safe[0] + 1}", "Put the safety criterion first."
    if len(criteria) < 2:
        return "stated", f"is {', '.join(order)}", ""
    if missing := [name for name in criteria if name not in order]:
        return "not_met", f"leaves out {', '.join(missing)}", "Name each criterion of `rubric.criteria` once."
    return "met", f"orders the {len(criteria)} criteria: {', '.join(order)}", ""


def gates(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """Every entry names measured standards and nothing that the register doesn't measure."""
    for entry in value:
        names = re.findall(r"\b[A-Z]{3}-\d{3}\b", str(entry))
        wrong = [name for name in names if name not in register or not isinstance(register[name].evidence, Measured)]
        if wrong or not names:
            named = ", ".join(wrong) or f"“{entry}”"
            fix = "Name standards that a report measures."
            return "not_met", f"has {named}, which is no measured standard", fix
    return "met", f"names measured standards: {', '.join(map(str, value))}", ""


def exam(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The exam's items and pass mark keep both errors at its two bars, over the attempts that are allowed."""
    from ..certification.exam_plans import attempt_errors  # it is heavy, and only this rule needs it

    keys = ("unacceptable", "good", "pass_mark", "attempts")
    bad, good, passes, attempts = (plan.get(f"raters.certification.{key}") for key in keys)
    if bad is None or good is None or passes is None or attempts is None:
        fix = f"Name all: {', '.join(keys)}."
        return "not_met", f"is {value}, without two bars, a pass mark and attempts", fix
    if attempts > numbers["attempts"]:
        return "not_met", f"has {attempts} attempts", f"Allow {numbers['attempts']} at most."
    lets_in, turns_away = attempt_errors(numbers["lets_in"], numbers["turns_away"], attempts)
    by_chance = scipy.stats.binom.sf(passes - 1, value, bad)
    by_fault = scipy.stats.binom.cdf(passes - 1, value, good)
    if by_chance <= lets_in and by_fault <= turns_away:
        return "met", f"is {value}, pass from {passes}, which keeps both errors over {attempts} attempts", ""
    chances = f"one at {bad} passes with chance {by_chance:.3f}, one at {good} fails with {by_fault:.3f}"
    return "not_met", f"is {value}, pass from {passes}: {chances}", "Take both from `certification.exam_plan`."


def certificate(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The days a certificate lasts at this risk, and the events that end it before."""
    most = numbers["days_high_risk" if plan.get("risk") == "high" else "days"]
    if value > most:
        return "not_met", f"is {value} at {plan.get('risk')} risk", f"Let a certificate end after {most} days at most."
    if missing := [event for event in EVENTS if event not in plan.entries("raters.recalibration")]:
        said = f"is {value}, and `raters.recalibration` lacks {', '.join(missing)}"
        return "not_met", said, "Add what is missing."
    return "met", f"is {value}, and each of the four events ends a certificate", ""


def items_decided_on(plan: Plan) -> int | None:
    """Items behind one decision: a market's own where each passes on its own data, all of them otherwise."""
    n = plan.get("sample.per_market" if plan.get("launch.per_market") else "sample.size")
    return n if isinstance(n, int) else None


def power(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The planned pairs find the smallest difference in a win rate; what is no win rate is only stated."""
    difference, n = plan.get("experiment.smallest_difference"), items_decided_on(plan)
    if not difference:
        fix = "Write `experiment.smallest_difference`, the one that would change the decision."
        return "not_met", f"is {value}, and no smallest difference is named", fix
    if plan.get("task") != "pairwise" or n is None:
        return "stated", f"is {value}, which nothing the plan says lets us compute", ""
    found = float(scipy.stats.norm.cdf(2 * difference * n**0.5 - scipy.stats.norm.isf(TAIL)))
    where = " of the market that has fewest" if plan.get("launch.per_market") else ""
    said = f"is {value}; {n} pairs{where} find {difference} with power {readable(found)}"
    return ("met", said, "") if found >= value else ("not_met", said, "Plan more, or decide on a larger difference.")


def reach(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """Each rare bound is met with the standard's chance by the planned items where the true share is a part of it.

    The criteria are words, so that they are *stated* at best.
    """
    n, expected = items_decided_on(plan), numbers["expected"]
    for entry in map(str, value):
        if not re.search(r"\d|\bno\b", entry, re.IGNORECASE):
            return "not_met", f"has “{entry}”, which holds no number", "Write the number it must keep."
        for number, percent in BOUND.findall(entry):
            bound = float(number) / (100 if percent else 1)
            if n is None or not 0 < bound <= numbers["rare"]:
                continue
            most = scipy.stats.binom.ppf(TAIL, n, bound) - 1  # findings with the interval's upper end below it
            chance = float(scipy.stats.binom.cdf(most, n, expected * bound))
            if chance < numbers["chance"]:
                said = f"{n} items meet with chance {readable(chance)} if the true share is {expected * bound:.3g}"
                fix = "Plan more items or a stratum for it."
                return "not_met", f"has “{entry}”, which {said}, not {numbers['chance']}", fix
    return "stated", f"has {len(value)} criteria; {n} items can meet each rare bound among them", ""


def margin(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """A claim of *not worse* has a margin; *better* needs none."""
    held = plan.get("launch.noninferiority_margin")
    if value == "not worse" and held is None:
        return "not_met", "is not worse, without a margin", "Write `launch.noninferiority_margin`."
    return "met", f"is {value}{f', by at most {held}' if value == 'not worse' else ''}", ""


def rollback(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """At high risk a launch is taken back sooner."""
    most = numbers["hours_high_risk"]
    if plan.get("risk") == "high" and value > most:
        return "not_met", f"is {value} at high risk", f"Make it at most {most}, and rehearse it."
    return "met", f"is {value}", ""


def each_market(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """Each market of the plan has an entry."""
    if missing := [market for market in plan.entries("markets.locales") if market not in value]:
        return "not_met", f"says nothing of {', '.join(missing)}", "Write an entry for each market."
    return "met", f"has an entry for each market: {', '.join(value)}", ""


def checked(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """A change is announced so many days before, and no rater labels under it without a pass."""
    if plan.get("rubric.changes.check_before_labelling") is not True:
        fix = "Write `rubric.changes.check_before_labelling: true`."
        return "not_met", f"is {value}, and raters may label before they pass the check", fix
    return "met", f"is {value}, and raters pass a check before they label", ""


def expiry(value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The claim also ends with a change of what it rests on."""
    if missing := [end for end in ENDS if end not in plan.entries("use.expires_with")]:
        return "not_met", f"is {value}, and `use.expires_with` lacks {', '.join(missing)}", "Name what ends the claim."
    return "met", f"is {value}, or a change of {', '.join(ENDS)}", ""


_SIZE = ("sample.size", "sample.per_market", "launch.per_market")
COMPARISONS: dict[str, tuple[Callable[[Any, Plan, Mapping[str, Standard], Named], Compared], tuple[str, ...]]] = {
    "decision": (decision, ("owner", "decide_by")),
    "priority": (priority, ("rubric.criteria.name",)),
    "gates": (gates, ()),
    "exam": (exam, ("raters.certification",)),
    "certificate": (certificate, ("risk", "raters.recalibration")),
    "power": (power, ("task", "experiment.smallest_difference", *_SIZE)),
    "reach": (reach, _SIZE),
    "margin": (margin, ("launch.noninferiority_margin",)),
    "rollback": (rollback, ("risk",)),
    "each_market": (each_market, ("markets.locales",)),
    "checked": (checked, ("rubric.changes.check_before_labelling",)),
    "expiry": (expiry, ("use.expires_with",)),
}


def compare(rule: str, value: Any, plan: Plan, register: Mapping[str, Standard], numbers: Named) -> Compared:
    """The verdict of a comparison, undecided where another clause that it reads can't be read."""
    by, reads = COMPARISONS[rule]
    if why := next(filter(None, map(plan.why_unreadable, reads)), None):
        return "undecided", f"can't be compared: {why}", ""
    return by(value, plan, register, numbers)
