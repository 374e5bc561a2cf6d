"""Plans against the standards: worked plans are clean, each planted fault is found, nothing hangs."""

import copy
import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any, get_args

import pytest
import yaml
from jsonschema import Draft202012Validator
from plans import LAUNCH, MONITOR, PLANS, REGISTER, ROOT, SAFETY, TODAY, check, excepted, plan, put
from pydantic import TypeAdapter

from halo_methods.standards import Register
from halo_methods.standards.blank_plan import blank
from halo_methods.standards.model import CLAUSES, REQUIRED, Role, plan_schema_text
from halo_methods.standards.plan import SWITCHES, check_plan
from halo_methods.standards.standards_file import Amendment, Declared, Rule


def test_three_worked_plans_are_clean() -> None:
    assert set(PLANS) == {LAUNCH, SAFETY, MONITOR}
    for path in PLANS.values():
        found = check(path)
        assert found.clean, str(found)
        assert len(found.findings) >= 40
        assert {f.kind for f in found.of("undecided")} <= {"measured"}
        assert all(" report has measured it yet" in f.reason for f in found.of("undecided"))


def test_the_worked_plans_fit_the_published_schema() -> None:
    validator = Draft202012Validator(json.loads(plan_schema_text()))
    for name in PLANS:
        values = json.loads(json.dumps(plan(name), default=str))
        assert not list(validator.iter_errors(values))


def test_schema_is_published_as_generated() -> None:
    stored = (ROOT / "halo_methods/standards/plan.schema.json").read_text(encoding="utf-8")
    assert stored == plan_schema_text(), "write plan_schema_text() to halo_methods/standards/plan.schema.json"
    Draft202012Validator.check_schema(json.loads(stored))


def test_every_clause_a_standard_asks_for_is_in_the_table() -> None:
    for standard in REGISTER.values():
        if isinstance(standard.evidence, Declared):
            asked = [standard.evidence.clause, *standard.applies.when]
            assert not [c for c in asked if c not in CLAUSES], standard.id


def test_every_value_a_rule_wants_fits_the_clause() -> None:
    for standard in REGISTER.values():
        if isinstance(standard.evidence, Declared):
            takes = CLAUSES[standard.evidence.clause].takes
            clause = TypeAdapter(CLAUSES[standard.evidence.clause].type)
            for kind, bound in standard.evidence.rule.bounds.items():
                all_of = dict.fromkeys(bound, "words") if kind == "includes" and takes.startswith("text_by") else bound
                wanted = {"one_of": bound, "equals": [bound], "includes": [all_of]}
                for value in wanted.get(kind, []):
                    clause.validate_python(value, strict=True)


def test_a_blank_plan_is_read_and_names_what_is_missing() -> None:
    found = check(yaml.safe_load(blank()))
    missing, open_switches = {f"`{c}` is missing" for c in REQUIRED}, {f"`{c}` is not said" for c in SWITCHES}
    assert {p.what.split(", so that")[0] for p in found.problems} == missing | open_switches
    assert not found.of("met")


def attest(name: str, by: str, day: date) -> dict[str, Any]:
    return {"standard": name, "by": by, "date": day}


def without(values: dict[str, Any], name: str) -> dict[str, Any]:
    return put(values, "attestations", [a for a in values["attestations"] if a["standard"] != name])


def re_attested(values: dict[str, Any], entry: dict[str, Any]) -> dict[str, Any]:
    changed = without(values, entry["standard"])
    changed["attestations"].append(entry)
    return changed


# The plan, what is changed in it, and the one finding: a standard, or words of a problem.
FAULTS: list[tuple[str, str, object, str]] = [
    (LAUNCH, "decision", None, "ALN-001"),
    (LAUNCH, "owner", None, "ALN-001"),
    (LAUNCH, "use.misuses", [], "USE-002"),
    (SAFETY, "wrong_decision", None, "ALN-006"),
    (LAUNCH, "interval.confidence", 0.8, "EVS-001"),
    (LAUNCH, "interval.over", "items", "EVS-002"),
    (SAFETY, "audit.accept_at_most", 0.2, "QUA-004"),
    (MONITOR, "audit.independent", False, "QUA-002"),
    (LAUNCH, "data.lawful_basis", None, "PIP-021"),
    (MONITOR, "data.retention_days", 731, "PIP-022"),
    (LAUNCH, "sample.method", "hand-picked", "DAT-003"),
    (MONITOR, "sample.per_market", 199, "DAT-004"),
    (SAFETY, "dataset.checked_share", 0.02, "DAT-005"),
    (SAFETY, "judge.human_labels", 199, "DAT-021"),
    (MONITOR, "judge.validation", "none", "DAT-022"),
    (SAFETY, "judge.decides_alone", True, "DAT-025"),
    (LAUNCH, "experiment.power", 0.5, "EXP-003"),
    (LAUNCH, "launch.per_market", False, "EXP-022"),
    (LAUNCH, "launch.rollback_hours", 25, "EXP-024"),
    (SAFETY, "reporting.privacy_threshold", 4, "TOL-003"),
    (MONITOR, "use.expires_days", 181, "USE-003"),
    (MONITOR, "use.expires_with", ["system"], "USE-003"),
    (MONITOR, "rubric.criteria.edge_anchors", 0, "RUB-006"),
    (MONITOR, "rubric.criteria.anchors_per_level", 1, "RUB-005"),
    (MONITOR, "rubric.criteria.labels", "good", "`rubric.criteria[0].labels` is 'good'"),
    (LAUNCH, "reporting.audience", None, "`reporting.audience` is not said"),
    (LAUNCH, "rubric.scale", {"level": "nominal"}, "`rubric.scale` is not a known key"),
    (MONITOR, "rubric.criteria.level", None, "RUB-004"),
    (MONITOR, "rubric.changes.check_before_labelling", False, "RUB-031"),
    (SAFETY, "markets.address", {"de-DE": "du"}, "MKT-004"),
    (MONITOR, "wellbeing.opt_out", "counted", "WEL-032"),
    (LAUNCH, "wellbeing.daily_limit_minutes", None, "WEL-031"),
    (SAFETY, "raters.overlap", 2, "CAL-021"),
    (MONITOR, "raters.certification.valid_days", 181, "CAL-013"),
    (SAFETY, "wellbeing.daily_limit_minutes", 241, "WEL-031"),
    (MONITOR, "agreement.shown_with", ["raw_agreement"], "CAL-022"),
    (LAUNCH, "rubric.exits", ["cannot_judge"], "RUB-008"),
    (LAUNCH, "vendors.subcontracting", "free", "VEN-003"),
    (LAUNCH, "raters.overlapp", 3, "`raters.overlapp` is not a known key"),
    (LAUNCH, "sample.sead", 3, "`sample.sead` is not a known key"),
    (LAUNCH, "overlap", 3, "`overlap` is not a known key"),
    (LAUNCH, "raters.overlap", "three", "`raters.overlap` is 'three'; it takes a whole number"),
    (LAUNCH, "rubric.version", 3.1, "`rubric.version` is 3.1; it takes text"),
    (LAUNCH, "audit.share", 5, "`audit.share` is 5; it is at most 1"),
    (LAUNCH, "decide_by", "29.1.2027", "`decide_by` is '29.1.2027'; it takes a date"),
    (LAUNCH, "decide_by", "2027-02-30", "`decide_by` is '2027-02-30'; it takes a date"),
    (LAUNCH, "markets.locales", ["fr-FR", "de"], "`markets.locales[1]` is 'de', which is not of the form it takes"),
    (LAUNCH, "launch.must_pass", "all of them", "`launch.must_pass` is 'all of them'; it takes a list"),
    (LAUNCH, "judge", "none", "`judge` is 'none'; it takes a block of keys"),
    (LAUNCH, "risk", "hihg", "`risk` is 'hihg'; it takes one of: low, medium, high"),
    (LAUNCH, "task", None, "`task` is missing"),
    (LAUNCH, "results", ["no_such.json"], "`results` names 'no_such.json', which can't be read as a report"),
]  # fmt: skip


def only(found: Any, wanted: str) -> None:
    """The check finds what is wanted and nothing else."""
    faults = [f.standard for f in found.faults]
    problems = [p.what for p in found.problems]
    if wanted[:3].isupper() and wanted[3] == "-":
        assert (faults, problems) == ([wanted], [])
        assert all(f.kind == "measured" for f in found.of("undecided"))
    else:
        assert faults == []
        assert len(problems) == 1
        assert problems[0].startswith(wanted)
    assert not found.clean


@pytest.mark.parametrize(("name", "clause", "value", "wanted"), FAULTS, ids=[f"{f[3][:24]}" for f in FAULTS])
def test_a_planted_fault_is_found_and_no_other(name: str, clause: str, value: object, wanted: str) -> None:
    only(check(put(plan(name), clause, value)), wanted)


def test_a_finding_says_what_to_do() -> None:
    found = check(put(plan(SAFETY), "raters.overlap", 2))
    (fault,) = found.faults
    assert (fault.severity, fault.clause, fault.verdict) == ("error", "raters.overlap", "not_met")
    assert fault.reason == "`raters.overlap` is 2"
    assert fault.fix.startswith("Make it at least 3.")
    assert "CAL-021 must: not met" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["clean"] is False
    assert len(found.table) == len(found.findings)


def test_a_should_warns() -> None:
    (fault,) = check(put(plan(LAUNCH), "experiment.design", "independent groups")).faults
    assert (fault.standard, fault.severity) == ("EXP-005", "warning")


def test_problems_of_a_file_name_their_lines(tmp_path: Path) -> None:
    file = tmp_path / "plan.yml"
    file.write_text("title: A\ntask: label\nrisk: hihg\nstage: design\nraters:\n  overlapp: 3\n", encoding="utf-8")
    found = check(file)
    assert [(p["line"], p["fix"]) for p in found.to_dict()["problems"] if "not said" not in p["what"]] == [
        (3, "Did you mean high?"),
        (6, "Did you mean `raters.overlap`?"),
    ]
    assert "  line 3: `risk` is 'hihg'; it takes one of: low, medium, high. Did you mean high?" in str(found)


def test_near_names_are_offered() -> None:
    def fix(clause: str, value: object) -> str:
        return check(put(plan(LAUNCH), clause, value)).problems[0].fix

    assert fix("raters.overlapp", 3) == "Did you mean `raters.overlap`?"
    assert fix("overlap_share", 1) == "Did you mean `raters.overlap_share`?"
    assert fix("task", "pairwize") == "Did you mean pairwise?"
    assert fix("rubric.version", 3.1) == "Write it in quotes."


def test_a_misspelt_clause_leaves_its_standard_undecided() -> None:
    changed = put(put(plan(SAFETY), "raters.overlap", None), "raters.overlpa", 3)
    found = check(changed)
    only(found, "`raters.overlpa` is not a known key")
    assert "CAL-021" in {f.standard for f in found.of("undecided")}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_each_attestation_taken_out_is_missed(name: str) -> None:
    values = plan(name)
    for entry in values["attestations"]:
        only(check(without(values, entry["standard"])), entry["standard"])


ASKED = REGISTER["DAT-006"].evidence.role  # type: ignore[union-attr]


def test_a_change_asks_its_questions_again() -> None:
    values = put(plan(SAFETY), "changes", [{"what": "new data set", "date": TODAY}])
    found = check(values)
    asked = {s.id for s in REGISTER.values() if "new data set" in getattr(s.evidence, "after", ())}
    assert {f.standard for f in found.faults} == asked & {f.standard for f in found.findings} > {"DAT-006"}


def test_a_clause_may_name_a_standards_number() -> None:
    values = put(plan(LAUNCH), "sample.per_market", "{DAT-004.items}")
    assert check(values).plan.get("sample.per_market") == 200
    problem = check(put(values, "sample.size", "{DAT-004.pages}")).problems[0]
    assert "DAT-004 has no number pages; it has items" in problem.what


def test_attestations_expire_on_their_day() -> None:
    values, valid = plan(SAFETY), REGISTER["DAT-006"].evidence.valid_days  # type: ignore[union-attr]
    last = TODAY - timedelta(days=valid)
    kept = check(re_attested(values, attest("DAT-006", ASKED, last)))
    assert kept.clean
    assert "DAT-006" in {f.standard for f in kept.due()}
    assert "due again in 0 days" in str([f.reason for f in kept.due(0)])
    ended = check(re_attested(values, attest("DAT-006", ASKED, last - timedelta(days=1))))
    only(ended, "DAT-006")
    assert f"ended on {TODAY - timedelta(days=1)}" in ended.faults[0].reason


def test_attestations_by_another_role_or_from_the_future_do_not_count() -> None:
    values = plan(SAFETY)
    only(check(re_attested(values, attest("DAT-006", "analyst", TODAY))), "DAT-006")
    only(check(re_attested(values, attest("DAT-006", ASKED, TODAY + timedelta(days=1)))), "DAT-006")


def test_attestations_of_unknown_or_measured_standards_are_problems() -> None:
    values = plan(SAFETY)
    for name, words in (("DAT-099", "is DAT-099, which is no standard"), ("CAL-004", "which is measured")):
        changed = copy.deepcopy(values)
        changed["attestations"].append(attest(name, "analyst", TODAY))
        found = check(changed)
        assert not found.faults
        assert [words in p.what for p in found.problems] == [True]


def test_exceptions_hold_until_their_day_and_no_longer() -> None:
    values = put(plan(MONITOR), "sample.per_market", 100)
    only(check(values), "DAT-004")
    on_the_day = check(put(values, "exceptions", excepted("DAT-004", TODAY)))
    assert on_the_day.clean
    (finding,) = on_the_day.of("excepted")
    assert (finding.standard, finding.due) == ("DAT-004", TODAY)
    assert "a vendor joins in March" in finding.reason
    after = check(put(values, "exceptions", excepted("DAT-004", TODAY - timedelta(days=1))))
    only(after, "DAT-004")
    assert "the exception ended on" in after.faults[0].reason


def test_an_expired_exception_makes_an_undecided_gate_not_met() -> None:
    only(check(put(plan(SAFETY), "exceptions", excepted("CAL-004", TODAY - timedelta(days=1)))), "CAL-004")


def test_an_exception_without_a_reason_is_a_problem() -> None:
    entry = excepted("DAT-004", TODAY)
    del entry[0]["reason"]
    only(
        check(put(put(plan(MONITOR), "sample.per_market", 1), "exceptions", entry)), "`exceptions[0].reason` is missing"
    )


def test_measured_standards_read_the_reports_gates(tmp_path: Path) -> None:
    def gates(*verdicts: str) -> Any:
        held = [{"standard": "CAL-004", "verdict": v, "subject": f"vendor {i}", "reason": "", "threshold": 0.85,
                 "direction": "at_least", "estimate": {"value": 0.8, "low": 0.7, "high": 0.84}, "to_settle": ""}
                for i, v in enumerate(verdicts)]  # fmt: skip
        (tmp_path / "calibration.json").write_text(json.dumps({"gates": held}), encoding="utf-8")
        file = tmp_path / "plan.yml"
        file.write_text(PLANS[SAFETY].read_text(encoding="utf-8") + "results: [calibration.json]\n", encoding="utf-8")
        return next(f for f in check(file).findings if f.standard == "CAL-004")

    without = gates()
    assert (without.verdict, "holds no gate for it" in without.reason) == ("undecided", True)
    assert gates("met", "met").verdict == "met"
    assert gates("met", "undecided").verdict == "undecided"
    worst = gates("met", "undecided", "not_met")
    assert (worst.verdict, worst.severity) == ("not_met", "error")
    assert "(vendor 2): 0.8 (0.7 to 0.84) against at least 0.85; worst of 3 gates" in worst.reason


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"gates": 3}', '{"gates": [{}]}', "[" * 100_000, "\udcff",
                                     '{"gates": [{"standard": "CAL-004", "verdict": "fine"}]}'])  # fmt: skip
def test_what_is_no_report_is_a_problem(tmp_path: Path, content: str) -> None:
    (tmp_path / "calibration.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    file = tmp_path / "plan.yml"
    file.write_text(PLANS[SAFETY].read_text(encoding="utf-8") + "results: [calibration.json]\n", encoding="utf-8")
    only(check(file), "`results` names 'calibration.json', which can't be read as a report")


def test_a_folder_is_no_report() -> None:
    only(check(put(plan(SAFETY), "results", ["."])), "`results` names '.', which can't be read as a report")


def test_standards_for_vendors_apply_where_vendors_are_used() -> None:
    own = {k: v for k, v in plan(LAUNCH).items() if k != "vendors"} | {"vendors": {"used": False}}
    of_vendors = {s.id for s in REGISTER.values() if "vendors.used" in s.applies.when}
    own["attestations"] = [a for a in own["attestations"] if a["standard"] not in of_vendors]
    found = check(own)
    assert found.clean, str(found)
    assert not of_vendors & {f.standard for f in found.findings}


def test_standards_of_a_later_stage_do_not_apply_yet() -> None:
    early, late = (check(put(plan(MONITOR), "stage", stage)) for stage in ("design", "closing"))
    assert {f.standard for f in early.findings} < {f.standard for f in late.findings}
    assert [f.standard for f in late.faults] == ["LRN-002", "LRN-003", "LRN-010", "USE-004"]


def test_other_markets_have_their_own_standards() -> None:
    added = put(plan(MONITOR), "markets.locales", ["fr-FR", "es-ES", "de-DE"])
    only(check(added), "MKT-004")


def test_a_house_writes_its_own_clauses() -> None:
    assert check(put(plan(LAUNCH), "house", {"badge": {"colour": "blue"}})).clean


def test_a_house_standard_asks_for_a_house_clause() -> None:
    evidence = Declared(kind="declared", clause="house.badges", rule=Rule(at_least=3))
    own = REGISTER["ALN-001"].model_copy(update={"evidence": evidence})
    for badges, verdict in ((2, "not_met"), (3, "met")):
        found = check_plan(put(plan(LAUNCH), "house", {"badges": badges}), Register([own]), today=TODAY)
        assert [f.verdict for f in found.findings] == [verdict]


def test_retired_standards_are_not_asked_from_their_day_on() -> None:
    change = Amendment(
        date=TODAY, type="retired", effective=TODAY, recalibrate=False, earlier="stays as it is", note="nothing"
    )
    old = REGISTER["ALN-001"].model_copy(update={"amendments": (change,)})
    values = put(plan(LAUNCH), "decision", None)
    assert not check_plan(values, Register([old]), today=TODAY).findings
    assert len(check_plan(values, Register([old]), today=TODAY - timedelta(days=1)).faults) == 1


def test_roles_of_plans_are_the_registers_owners() -> None:
    assert {s.owner for s in REGISTER.values()} <= set(get_args(Role))
