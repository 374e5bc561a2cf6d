"""*Met* is said only of what was compared: the register's own examples, and one planted fault in a clean plan."""

import re
from datetime import date, timedelta
from typing import Any

import pytest
import yaml
from plans import LAUNCH, MONITOR, REGISTER, TODAY, check, plan, put

from halo_methods.standards.model import CLAUSES
from halo_methods.standards.standards_file import Attested, Declared, Standard

DECLARED = [s for s in REGISTER.values() if isinstance(s.evidence, Declared)]
EVENT = {"standard": "DAT-004", "until": date(2027, 1, 31), "reason": "a vendor joins", "granted_by": "linguist lead"}
FULL: dict[str, Any] = {
    "stage": "live",
    "risk": "high",
    "dataset.synthetic": True,
    "dataset.checked_share": 0.1,
    "raters.per_market": 8,
    "raters.certification.valid_days": 90,
    "purpose.priority": ["correct", "resolved", "locale fit"],
    "rubric.criteria": [
        {"name": name, "level": "nominal", "labels": ["no", "yes"], "anchors_per_level": 2, "edge_anchors": 1}
        for name in ("correct", "resolved", "locale fit")
    ],
    "rubric.taxonomy": {"version": "2.0"},
    "rubric.changes": {"notice_days": 3, "check_before_labelling": True},
    "judge": {
        "used": True,
        "model": "judge",
        "version": "1",
        "human_labels": 300,
        "validation": "corrected rate",
        "revalidate_on_change": True,
        "both_orders": True,
        "decides_alone": False,
    },
    "markets.compared": True,
    "launch.rollback_hours": 1,
    "launch.noninferiority_margin": 0.02,
    "vendors.pilot": {"gates": ["CAL-004", "CAL-005"]},
    "vendors.ramp": {"first_week_share": 0.2},
    "vendors.corrective_action": {"plan_within_days": 5},
    "wellbeing.exposure": "high",
    "wellbeing.daily_limit_minutes": 120,
}


def attestations() -> list[dict[str, Any]]:
    """Every audit question answered by its role, on days of the last week."""
    asked = [s for s in REGISTER.values() if isinstance(s.evidence, Attested)]
    days = [TODAY - timedelta(days=1 + i % 7) for i in range(len(asked))]
    return [{"standard": s.id, "by": s.evidence.role, "date": day} for s, day in zip(asked, days, strict=True)]


def clean() -> dict[str, Any]:
    """A live, high-risk launch by vendors with a judge: what most standards speak of."""
    values = plan(LAUNCH)
    for clause, value in FULL.items():
        values = put(values, clause, value)
    return put(values, "attestations", attestations())


CLEAN = clean()
UNATTESTED = {**CLEAN, "attestations": []}


def test_the_clean_plan_is_clean() -> None:
    found = check(CLEAN)
    assert found.clean, str(found)
    assert len(found.of("met")) > 60
    assert len(found.of("stated")) > 10


def test_words_that_nothing_compared_are_stated() -> None:
    bare = {s.id for s in DECLARED if list(s.evidence.rule.bounds) == ["present"] and not s.evidence.rule.compared}
    stated = {f.standard for f in check(CLEAN).of("stated")}
    assert stated - {"ALN-001", "EXP-021", "RUB-018"} == bare & {f.standard for f in check(CLEAN).findings}


def inside(value: object, path: list[str]) -> object:
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def as_clause(standard: Standard, text: str) -> object:
    """What an example would write into the plan: its fragment of YAML, or its words."""
    assert isinstance(standard.evidence, Declared)
    clause = standard.evidence.clause
    for piece in (*re.findall("`([^`]+)`", text), text, *text.split(";")):
        try:
            held = yaml.safe_load(piece)
        except yaml.YAMLError:
            continue
        for path in (clause.split("."), [clause]):
            if (value := inside(held, path)) is not None:
                return value
        if isinstance(held, {"texts": list, "text_by_market": dict}.get(CLAUSES[clause].takes, ())):
            return held
    words: dict[str, object] = {"texts": [text], "text_by_market": {"fr-FR": text}}
    return words.get(CLAUSES[clause].takes, text)


def said_of(standard: Standard, text: str) -> str:
    assert isinstance(standard.evidence, Declared)
    values = {**UNATTESTED, "task": "label" if "label" in standard.applies.task else "pairwise"}
    for clause, wanted in standard.applies.when.items():
        values = put(values, clause, wanted[0] if isinstance(wanted, list) else wanted)
    found = check(put(values, standard.evidence.clause, as_clause(standard, text)))
    (finding,) = [f for f in found.findings if f.standard == standard.id]
    return finding.verdict


@pytest.mark.parametrize("standard", DECLARED, ids=lambda s: s.id)
def test_an_example_that_does_not_comply_is_never_met(standard: Standard) -> None:
    assert said_of(standard, standard.violates.example) != "met"


@pytest.mark.parametrize("standard", DECLARED, ids=lambda s: s.id)
def test_an_example_that_complies_is_never_not_met(standard: Standard) -> None:
    assert said_of(standard, standard.complies.example) != "not_met"


ONE_DAY = [{**entry, "date": date(2026, 11, 16)} for entry in CLEAN["attestations"]]
EXAM, LASTS = "raters.certification", {"valid_days": 90}
# The clause, what is put there, and the one finding: a standard, or the clause of a problem.
FAULTS: list[tuple[str, object, str]] = [
    ("rubric.pilot.gates", ["vibes"], "RUB-016"),
    ("rubric.pilot.gates", ["CAL-001"], "RUB-016"),
    ("rubric.pilot.gates", ["CAL-004", "CAL-999"], "RUB-016"),
    ("rubric.pilot.gates", None, "RUB-016"),
    ("vendors.subcontracting", "free", "VEN-003"),
    ("raters.locale_proof", ["self_report"], "VEN-004"),
    (EXAM, {"trials": 60, **LASTS}, "CAL-009"),
    (EXAM, {"unacceptable": 0.85, "good": 0.95, "trials": 60, "pass_mark": 54, "attempts": 1, **LASTS}, "CAL-009"),
    (EXAM, {"unacceptable": 0.85, "good": 0.95, "trials": 76, "pass_mark": 70, "attempts": 2, **LASTS}, "CAL-009"),
    (EXAM, {"unacceptable": 0.85, "good": 0.95, "trials": 76, "pass_mark": 76, "attempts": 1, **LASTS}, "CAL-009"),
    (EXAM, {"unacceptable": 0.95, "good": 0.85, "trials": 56, "pass_mark": 53, "attempts": 2, **LASTS}, "CAL-009"),
    ("sample.per_market", 250, "EXP-003 EXP-021"),
    ("experiment.smallest_difference", 0.03, "EXP-003"),
    ("experiment.power", 0.5, "EXP-003"),
    ("experiment.power", 0.9, "EXP-003"),
    ("launch.must_pass", ["harmful share below 0.001"], "EXP-021"),
    ("launch.must_pass", ["win rate above 0.50", "harmful share's interval below 0.2%"], "EXP-021"),
    ("launch.must_pass", ["overall quality improves"], "EXP-021"),
    ("launch.must_pass", None, "EXP-021"),
    ("owner", "the quality working group", "ALN-001"),
    ("owner", "everybody", "ALN-001"),
    ("owner", "product lead and quality lead", "ALN-001"),
    ("owner", None, "ALN-001"),
    ("decide_by", None, "ALN-001"),
    ("decision", None, "ALN-001"),
    ("purpose.priority", ["correct"], "ALN-005"),
    ("purpose.priority", ["correct", "harmless", "resolved", "locale fit"], "ALN-005"),
    ("rubric.anchors_from", "translation", "RUB-007"),
    ("rubric.bias_threats", {"order": "at random"}, "RUB-018"),
    ("rubric.escalation.answer_within_hours", 25, "RUB-021"),
    ("rubric.changes.notice_days", 2, "RUB-031"),
    ("rubric.changes.check_before_labelling", None, "RUB-031"),
    ("launch", {**CLEAN["launch"], "claim": "not worse", "noninferiority_margin": None}, "EXP-023"),
    ("attestations", ONE_DAY, "attestations"),
    ("attestations", CLEAN["attestations"][1:], CLEAN["attestations"][0]["standard"]),
    ("audit.independent", False, "QUA-002"),
    ("audit.blind", False, "QUA-003"),
    ("audit.accept_at_most", 0.11, "QUA-004"),
    ("data.retention_days", 731, "PIP-022"),
    ("data.lawful_basis", None, "PIP-021"),
    ("sample.method", "hand-picked", "DAT-003"),
    ("dataset.checked_share", 0.02, "DAT-005"),
    ("judge.human_labels", 199, "DAT-021"),
    ("judge.validation", "none", "DAT-022"),
    ("judge.revalidate_on_change", False, "DAT-023"),
    ("judge.both_orders", False, "DAT-024"),
    ("judge.decides_alone", True, "DAT-025"),
    ("experiment.stopping", "when clear", "EXP-004"),
    ("experiment.design", "independent groups", "EXP-005"),
    ("launch.rollback_hours", 2, "EXP-024"),
    ("experiment.smallest_difference", None, "EXP-003"),
    ("markets.address", {"fr-FR": "vous"}, "MKT-004"),
    ("use.expires_with", ["system"], "USE-003"),
    ("launch.review_days", 31, "EXP-025"),
    ("people.feedback_days", 11, "LRN-001"),
    ("raters.overlap", 2, "CAL-021"),
    (f"{EXAM}.attempts", 3, "CAL-009"),
    (f"{EXAM}.valid_days", 91, "CAL-013"),
    (f"{EXAM}.valid_days", None, "CAL-013"),
    ("raters.recalibration", ["amendment", "drift signal", "absence"], "CAL-013"),
    ("interval.confidence", 0.8, "EVS-001"),
    ("interval.over", "items", "EVS-002"),
    ("rubric.exits", ["cannot_judge"], "RUB-008"),
    ("rubric.pilot.items", 49, "RUB-015"),
    ("rubric.walkthrough.raters_per_market", 2, "RUB-017"),
    ("wellbeing.daily_limit_minutes", 241, "WEL-031"),
    ("wellbeing.opt_out", "counted", "WEL-032"),
    ("vendors.pay.training_paid", False, "VEN-006"),
    ("vendors.capacity.reserve_share", 0.1, "VEN-007"),
    ("vendors.ramp.first_week_share", 0.3, "VEN-011"),
    ("vendors.corrective_action.plan_within_days", 6, "VEN-013"),
    ("vendors.exit.deletion_within_days", 31, "VEN-017"),
    ("pay.rejected_work", "unpaid", "WEL-034"),
    ("appeal.reply_days", 11, "WEL-035"),
    ("vendors.ai_assistance", "free", "VEN-015"),
    ("use.expires_days", 181, "USE-003"),
    ("reporting.privacy_threshold", 4, "TOL-003"),
]  # fmt: skip


@pytest.mark.parametrize(("clause", "value", "wanted"), FAULTS, ids=[f"{i}-{f[2]}" for i, f in enumerate(FAULTS)])
def test_one_planted_fault_is_found_and_no_other(clause: str, value: object, wanted: str) -> None:
    found = check(put(CLEAN, clause, value))
    problems = [re.findall("`(.*?)`", p.what)[0] for p in found.problems]
    assert [f.standard for f in found.faults] + problems == wanted.split()
    assert all(f.fix for f in found.faults)


@pytest.mark.parametrize("by", ["programme manager", "quality lead"])
def test_an_exception_by_another_role_than_the_owner_counts_for_nothing(by: str) -> None:
    changed = put(CLEAN, "audit.accept_at_most", 0.11)
    entry = {**EVENT, "standard": "QUA-004"}
    (fault,) = check(put(changed, "exceptions", [{**entry, "granted_by": by}])).faults
    assert fault.standard == "QUA-004"
    assert f"granted by the {by}, not by the vendor manager" in fault.reason
    assert check(put(changed, "exceptions", [{**entry, "granted_by": "vendor manager"}])).clean


def test_a_vendors_gates_are_measured_standards_too() -> None:
    gates = ["CAL-004", "CAL-005", "vibes"]
    (fault,) = check(put(plan(MONITOR), "vendors.pilot.gates", gates)).faults
    assert fault.standard == "VEN-008"
    assert "“vibes”, which is no measured standard" in fault.reason


def test_what_cannot_be_read_is_not_compared() -> None:
    found = check(put(CLEAN, "raters.certification.pass_mark", "most"))
    assert not found.faults
    assert [f.verdict for f in found.findings if f.standard == "CAL-009"] == ["undecided"]


@pytest.mark.parametrize("risk", ["low", "high"])
def test_rights_of_raters_hang_on_exposure_and_stopping_on_every_task(risk: str) -> None:
    exposed = {"WEL-031", "WEL-033", "WEL-037", "WEL-038", "WEL-039", "WEL-040"}
    for exposure, owed in (("none", set()), ("low", exposed), ("high", exposed)):
        found = check(put(put(CLEAN, "risk", risk), "wellbeing.exposure", exposure))
        names = {f.standard for f in found.findings}
        assert exposed & names == owed
        assert {"WEL-030", "WEL-032", "WEL-034", "WEL-035", "OPS-051"} <= names
