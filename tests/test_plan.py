"""Plans against the standards: worked plans are clean, each planted fault is found, nothing hangs."""

import copy
import dataclasses
import json
import re
from datetime import date, timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from halo_methods.errors import HaloError
from halo_methods.standards import Register, load
from halo_methods.standards.clauses import CLAUSES, ROLES
from halo_methods.standards.model import Amendment, Declared
from halo_methods.standards.plan import check_plan
from halo_methods.standards.plan_reading import read_plan
from halo_methods.standards.plan_schema import blank, schema, schema_text
from halo_methods.standards.portfolio import portfolio

ROOT = Path(__file__).parents[1]
PLANS = {path.stem: path for path in sorted((ROOT / "data/plans").glob("*.yml"))}
TODAY = date(2026, 11, 24)
REGISTER = load()
LAUNCH, SAFETY, MONITOR = "preference_launch", "safety_annotation", "calibration_programme"


def plan(name: str) -> dict[str, Any]:
    return yaml.safe_load(PLANS[name].read_text(encoding="utf-8"))


def put(values: dict[str, Any], clause: str, value: object) -> dict[str, Any]:
    """The plan with one clause set, or taken out where the value is None."""
    changed = copy.deepcopy(values)
    *path, leaf = clause.split(".")
    node = changed
    for key in path:
        node = node.setdefault(key, {})
    node.pop(leaf, None)
    if value is not None:
        node[leaf] = value
    return changed


def check(values: Any, today: date = TODAY) -> Any:
    return check_plan(values, REGISTER, today=today)


def test_three_worked_plans_are_clean() -> None:
    assert set(PLANS) == {LAUNCH, SAFETY, MONITOR}
    for path in PLANS.values():
        found = check(path)
        assert found.clean, str(found)
        assert found.exit_code == 0
        assert len(found.findings) >= 60
        assert {f.kind for f in found.of("undecided")} <= {"measured"}
        assert all("no calibration report" in f.reason for f in found.of("undecided"))


def test_the_worked_plans_fit_the_published_schema() -> None:
    validator = Draft202012Validator(schema())
    for name in PLANS:
        values = json.loads(json.dumps(plan(name), default=str))
        assert not list(validator.iter_errors(values))


def test_schema_is_published_as_generated() -> None:
    stored = (ROOT / "halo_methods/standards/plan.schema.json").read_text(encoding="utf-8")
    assert stored == schema_text(), "write schema_text() to halo_methods/standards/plan.schema.json"
    Draft202012Validator.check_schema(schema())


def test_every_clause_a_standard_asks_for_is_in_the_table() -> None:
    for standard in REGISTER.values():
        if isinstance(standard.evidence, Declared):
            asked = [standard.evidence.clause, *standard.evidence.rule.get("when", {})]
            assert not [c for c in asked if c not in CLAUSES], standard.id


def test_every_value_a_rule_wants_fits_the_clause() -> None:
    for standard in REGISTER.values():
        if isinstance(standard.evidence, Declared):
            clause = CLAUSES[standard.evidence.clause]
            for kind, bound in standard.evidence.rule.items():
                wanted = {"one_of": bound, "equals": [bound], "includes": [bound]}.get(kind, [])
                for value in wanted:
                    assert Draft202012Validator(clause).is_valid(value), (standard.id, value)


def test_a_blank_plan_is_read_and_names_what_is_missing() -> None:
    found = check(yaml.safe_load(blank()))
    assert {p.what for p in found.problems} == {f"`{c}` is missing" for c in ("title", "task", "risk", "stage")}
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
    (LAUNCH, "owner", None, "ALN-002"),
    (LAUNCH, "purpose.not_for", [], "ALN-004"),
    (SAFETY, "wrong_decision", None, "ALN-006"),
    (LAUNCH, "interval.confidence", 0.8, "EVS-001"),
    (LAUNCH, "interval.over", "items", "EVS-002"),
    (SAFETY, "audit.share", 0.01, "PIP-001"),
    (MONITOR, "audit.independent", False, "PIP-002"),
    (LAUNCH, "data.lawful_basis", None, "PIP-021"),
    (MONITOR, "data.retention_days", 731, "PIP-022"),
    (LAUNCH, "sample.method", "hand-picked", "DAT-003"),
    (LAUNCH, "sample.per_market", 199, "DAT-004"),
    (SAFETY, "dataset.checked_share", 0.02, "DAT-005"),
    (SAFETY, "judge.human_labels", 199, "DAT-021"),
    (MONITOR, "judge.validation", "none", "DAT-022"),
    (SAFETY, "judge.decides_alone", True, "DAT-025"),
    (LAUNCH, "experiment.power", 0.5, "EXP-003"),
    (LAUNCH, "launch.per_market", False, "EXP-022"),
    (LAUNCH, "launch.rollback_hours", 25, "EXP-024"),
    (SAFETY, "reporting.privacy_threshold", 4, "TOL-003"),
    (MONITOR, "use.expires_days", 181, "USE-003"),
    (MONITOR, "people.ranking", True, "LRN-002"),
    (SAFETY, "markets.bridge_items", 29, "MKT-003"),
    (SAFETY, "raters.overlap", 2, "CAL-021"),
    (SAFETY, "wellbeing.daily_limit_minutes", 241, "VEN-031"),
    (MONITOR, "agreement.shown_with", ["raw_agreement"], "CAL-022"),
    (LAUNCH, "rubric.exits", ["cannot_judge"], "RUB-008"),
    (LAUNCH, "vendors.subcontracting", "free", "VEN-003"),
    (LAUNCH, "raters.overlapp", 3, "`raters.overlapp` is not a clause of a plan"),
    (LAUNCH, "sample.sead", 3, "`sample.sead` is not a clause of a plan"),
    (LAUNCH, "overlap", 3, "`overlap` is not a clause of a plan"),
    (LAUNCH, "raters.overlap", "three", "`raters.overlap` is 'three'; it takes a whole number"),
    (LAUNCH, "rubric.version", 3.1, "`rubric.version` is 3.1; it takes text"),
    (LAUNCH, "audit.share", 5, "`audit.share` is 5; it is at most 1"),
    (LAUNCH, "decide_by", "29.1.2027", "`decide_by` is '29.1.2027', which is not of the form it takes"),
    (LAUNCH, "decide_by", "2027-02-30", "`decide_by` is '2027-02-30', which is not of the form it takes"),
    (LAUNCH, "markets.locales", ["fr-FR", "de"], "`markets.locales[1]` is 'de', which is not of the form it takes"),
    (LAUNCH, "launch.must_pass", "all of them", "`launch.must_pass` is 'all of them'; it takes a list"),
    (LAUNCH, "judge", "none", "`judge` is 'none'; it takes a block of clauses"),
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
    assert found.exit_code == 1


@pytest.mark.parametrize(("name", "clause", "value", "wanted"), FAULTS, ids=[f"{f[3][:24]}" for f in FAULTS])
def test_a_planted_fault_is_found_and_no_other(name: str, clause: str, value: object, wanted: str) -> None:
    only(check(put(plan(name), clause, value)), wanted)


def test_a_finding_says_what_to_do() -> None:
    found = check(put(plan(SAFETY), "raters.overlap", 2))
    (fault,) = found.faults
    assert (fault.severity, fault.clause, fault.verdict) == ("error", "raters.overlap", "not_met")
    assert fault.reason == "`raters.overlap` is 2"
    assert fault.mend.startswith("Make it at least 3.")
    assert "CAL-021 must: not met" in str(found)
    assert json.loads(json.dumps(found.to_dict()))["clean"] is False
    assert len(found.table) == len(found.findings)


def test_a_should_warns() -> None:
    (fault,) = check(put(plan(LAUNCH), "audit.blind", False)).faults
    assert (fault.standard, fault.severity) == ("PIP-003", "warning")


def test_near_names_are_offered() -> None:
    def mend(clause: str, value: object) -> str:
        return check(put(plan(LAUNCH), clause, value)).problems[0].mend

    assert mend("raters.overlapp", 3) == "Did you mean `raters.overlap`?"
    assert mend("overlap_share", 1) == "Did you mean `raters.overlap_share`?"
    assert mend("task", "pairwize") == "Did you mean pairwise?"
    assert mend("rubric.version", 3.1) == "Write it in quotes."


def test_a_misspelt_clause_leaves_its_standard_undecided() -> None:
    changed = put(put(plan(SAFETY), "raters.overlap", None), "raters.overlpa", 3)
    found = check(changed)
    only(found, "`raters.overlpa` is not a clause")
    assert "CAL-021" in {f.standard for f in found.of("undecided")}


@pytest.mark.parametrize("name", sorted(PLANS))
def test_each_attestation_taken_out_is_missed(name: str) -> None:
    values = plan(name)
    for entry in values["attestations"]:
        only(check(without(values, entry["standard"])), entry["standard"])


def test_attestations_expire_on_their_day() -> None:
    values, valid = plan(SAFETY), REGISTER["DAT-006"].evidence.valid_days  # type: ignore[union-attr]
    last = TODAY - timedelta(days=valid)
    kept = check(re_attested(values, attest("DAT-006", "data steward", last)))
    assert kept.clean
    assert "DAT-006" in {f.standard for f in kept.due()}
    assert "due again in 0 days" in str([f.reason for f in kept.due(0)])
    ended = check(re_attested(values, attest("DAT-006", "data steward", last - timedelta(days=1))))
    only(ended, "DAT-006")
    assert f"ended on {TODAY - timedelta(days=1)}" in ended.faults[0].reason


def test_attestations_by_another_role_or_from_the_future_do_not_count() -> None:
    values = plan(SAFETY)
    only(check(re_attested(values, attest("DAT-006", "analyst", TODAY))), "DAT-006")
    only(check(re_attested(values, attest("DAT-006", "data steward", TODAY + timedelta(days=1)))), "DAT-006")


def test_attestations_of_unknown_or_measured_standards_are_problems() -> None:
    values = plan(SAFETY)
    for name, words in (("DAT-099", "names DAT-099, which is no standard"), ("CAL-004", "which is measured")):
        changed = copy.deepcopy(values)
        changed["attestations"].append(attest(name, "analyst", TODAY))
        found = check(changed)
        assert not found.faults
        assert [words in p.what for p in found.problems] == [True]


def excepted(name: str, until: date) -> list[dict[str, Any]]:
    return [{"standard": name, "until": until, "reason": "a vendor joins in March", "granted_by": "programme manager"}]


def test_exceptions_hold_until_their_day_and_no_longer() -> None:
    values = put(plan(LAUNCH), "sample.per_market", 100)
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
        check(put(put(plan(LAUNCH), "sample.per_market", 1), "exceptions", entry)), "`exceptions[0].reason` is missing"
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
    own["attestations"] = [a for a in own["attestations"] if not a["standard"].startswith("VEN-0")]
    found = check(own)
    assert found.clean, str(found)
    assert not [f for f in found.findings if f.topic == "vendors"]


def test_standards_of_a_later_stage_do_not_apply_yet() -> None:
    early, late = (check(put(plan(MONITOR), "stage", stage)) for stage in ("design", "closing"))
    assert {f.standard for f in early.findings} < {f.standard for f in late.findings}
    only(late, "USE-004")


def test_other_markets_have_their_own_standards() -> None:
    added = put(plan(MONITOR), "markets.locales", ["fr-FR", "es-ES", "de-DE"])
    only(check(added), "MKT-006")


def test_a_house_writes_its_own_clauses() -> None:
    assert check(put(plan(LAUNCH), "house", {"badge": {"colour": "blue"}})).clean


@pytest.mark.parametrize(
    ("clause", "rule", "words"),
    [
        ("house.badges", {"at_least": "three"}, "MKT-001 has a rule that can't be used"),
        ("house.badges", {"at_least": 3, "when": 7}, "MKT-001 has a rule that can't be used"),
        ("badges", {"at_least": 3}, "MKT-001: a plan has no clause 'badges'"),
    ],
)
def test_a_house_standard_that_cannot_be_asked_is_named(clause: str, rule: dict[str, Any], words: str) -> None:
    odd = dataclasses.replace(REGISTER["MKT-001"], evidence=Declared(clause, rule))
    with pytest.raises(HaloError, match=re.escape(words)):
        check_plan(put(plan(LAUNCH), "house", {"badges": 2}), Register([odd]), today=TODAY)


def test_a_house_standard_asks_for_a_house_clause() -> None:
    own = dataclasses.replace(REGISTER["MKT-001"], evidence=Declared("house.badges", {"at_least": 3}))
    for badges, verdict in ((2, "not_met"), (3, "met")):
        found = check_plan(put(plan(LAUNCH), "house", {"badges": badges}), Register([own]), today=TODAY)
        assert [f.verdict for f in found.findings] == [verdict]


def test_retired_standards_are_not_asked_from_their_day_on() -> None:
    change = Amendment(TODAY, "retired", TODAY, False, "stays as it is", "nothing")
    old = dataclasses.replace(REGISTER["ALN-001"], amendments=(change,))
    values = put(plan(LAUNCH), "decision", None)
    assert not check_plan(values, Register([old]), today=TODAY).findings
    assert len(check_plan(values, Register([old]), today=TODAY - timedelta(days=1)).faults) == 1


# Whatever the file holds, the check ends soon and in words.

quick = settings(max_examples=60, deadline=2000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ends_in_words(file: Path, content: str | bytes) -> None:
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        found = check(file)
    except HaloError as error:
        said = str(error)
    else:
        said = str(found)
        assert all(p.what and p.mend for p in found.problems)
    assert 0 < len(said) < 100_000
    assert "\x1b" not in said


@quick
@given(content=st.one_of(st.text(max_size=300), st.binary(max_size=300)))
def test_any_text_ends_in_words(tmp_path: Path, content: str | bytes) -> None:
    ends_in_words(tmp_path / "plan.yml", content)


@quick
@given(
    name=st.sampled_from(sorted(PLANS)),
    start=st.integers(0, 6000),
    length=st.integers(0, 500),
    put_in=st.text(max_size=5),
)
def test_any_damaged_plan_ends_in_words(tmp_path: Path, name: str, start: int, length: int, put_in: str) -> None:
    text = PLANS[name].read_text(encoding="utf-8")
    ends_in_words(tmp_path / "plan.yml", text[:start] + put_in + text[start + length :])


@quick
@given(name=st.sampled_from(sorted(PLANS)), end=st.integers(0, 6000))
def test_any_truncated_plan_ends_in_words(tmp_path: Path, name: str, end: int) -> None:
    ends_in_words(tmp_path / "plan.yml", PLANS[name].read_text(encoding="utf-8")[:end])


words = st.text(max_size=20)
scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), words, st.dates(), st.binary(max_size=3))
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words | scalars, inner, max_size=4)
)


@quick
@given(name=st.sampled_from(sorted(PLANS)), clause=st.sampled_from(sorted(CLAUSES)), value=anything)
def test_any_value_of_any_clause_ends_in_a_finding(name: str, clause: str, value: object) -> None:
    found = check(put(plan(name), clause, value))
    assert str(found)
    json.dumps(found.to_dict())
    assert "<script" not in portfolio([put(plan(name), clause, value)], REGISTER, today=TODAY)


BOMB = "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}, *a{i - 1}]\n" for i in range(1, 40))


HOSTILE = {
    "alias bomb": BOMB,
    "itself": "&a [*a]",
    "braces": "{" * 5000,
    "brackets": "[" * 200_000,
    "dashes": "- " * 3000 + "x",
    "key twice": "a:\n" * 3,
    "key often": "x: 1\n" * 100_000,
    "many keys": "\n".join(f"k{i}: {i}" for i in range(60_000)),
    "5 MB": "title: " + "x" * 5_000_000,
    "python": "title: !!python/object/apply:os.system [ls]",
    "hex": "sample: {size: 0x" + "f" * 10_000 + "}",
    "digits": "sample: {size: " + "9" * 10_000 + "}",
    "not a number": "sample: {size: .nan}",
    "list": "- a list",
    "no date": "decide_by: 9999-99-99",
    "surrogate": 'title: "\\ud800"',
    "list as key": "? [a, b]\n: c",
    "version": "%YAML 9.9\n---\na: 1",
    "two documents": "a: 1\n---\nb: 2",
    "zero byte": "\x00",
    "nothing": "",
    "terminal codes": 'title: "\\e[31m"',
    "half an exception": "exceptions: [{standard: DAT-004}]",
    "number of exceptions": "exceptions: 3",
    "odd attestations": "attestations: [1, [2], {by: 3}]",
    "device": "results: [/dev/zero]",
    "zero byte in a path": 'results: ["a\\0b"]',
    "month 13": "decisions: [{date: 2026-13-01}]",
    "number as key": "1e999: 3",
    "block for a list": "markets: {locales: {a: b}}",
    "binary": "title: !!binary aGFsbG8=",
    "set": "reports: !!set {a, b}",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
def test_hostile_plans_end_in_words(tmp_path: Path, content: str) -> None:
    ends_in_words(tmp_path / "plan.yml", content)


def test_a_plan_that_holds_itself_ends_in_words() -> None:
    knot: dict[str, Any] = {"title": "knot"}
    knot["sample"] = knot
    assert any("nests deeper" in p.what for p in check(knot).problems)
    wide: dict[str, Any] = {"sample": [[0] * 1000] * 1000}
    with pytest.raises(HaloError, match="more than 20,000 values"):
        check(wide)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HaloError, match=r"gone\.yml"):
        check(tmp_path / "gone.yml")


def test_reading_leaves_the_given_plan_alone() -> None:
    values = plan(LAUNCH)
    before = copy.deepcopy(values)
    read_plan(values)
    assert values == before


class Outline(HTMLParser):
    """Counts tags and keeps the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_portfolio_shows_what_is_open(tmp_path: Path) -> None:
    late = put(plan(LAUNCH), "title", "<script>alert(1)</script>")
    late = put(put(late, "sample.per_market", 100), "exceptions", excepted("DAT-004", TODAY + timedelta(days=9)))
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [", encoding="utf-8")
    page = portfolio([*PLANS.values(), late, put(plan(SAFETY), "raters.overlap", 2), broken], REGISTER, today=TODAY)
    seen = Outline(page)
    for words in (
        "2026-12-03", "DAT-004", "CAL-021", "CAL-005", "broken.yml", "not yet recorded", "llm_judge, week 45",
        "No signal in the four weeks after.", "<script>alert(1)</script>", "6 plans on 2026-11-24; 4 clean.",
    ):  # fmt: skip
        assert words in seen.text, words
    tags = [tag for tag, _ in seen.tags]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "http" not in page.replace("http-equiv", "")
    assert tags.count("h1") == tags.count("main") == 1
    assert all("scope" in attributes for tag, attributes in seen.tags if tag == "th")
    assert ("html", {"lang": "en"}) in seen.tags


def test_portfolio_of_nothing_says_so() -> None:
    assert "No plan could be read." in portfolio([], REGISTER, today=TODAY)


def test_roles_of_plans_are_the_registers_owners() -> None:
    assert {s.owner for s in REGISTER.values()} <= set(ROLES)
