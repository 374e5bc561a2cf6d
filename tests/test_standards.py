"""The register, its gates and the reading of YAML: what is wrong is named, and nothing hangs."""

import json
import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import get_args

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from halo_methods.documents import read
from halo_methods.errors import BadOption, HaloError, InvalidData, NotEstimable
from halo_methods.reports import rendering
from halo_methods.reports.front import first_screen
from halo_methods.results import Estimate
from halo_methods.standards import gate, house, load, threshold, to_settle, verdict
from halo_methods.standards.model import Moment
from halo_methods.standards.register import FAMILIES, FOLDER, distrust, find, standards_schema_text

ONE = """\
topic: drift
family: CAL
part: calibration
standards:
  - id: CAL-901
    level: must
    tier: core
    title: A title
    statement: Verify that it holds.
    why: Because.
    how: By looking.
    applies: {task: [any], risk: [any], market: [any], stage: [live]}
    evidence: {kind: measured, report: drift, gate: g, method: drift.x, threshold: 0.5, direction: at_least, unit: a}
    owner: analyst
    since: "2026.1"
    review_by: 2027-11-30
    subjects: [41]
    responsibilities: [R6]
    source: house rule
    complies: {example: this, because: so}
    violates: {example: that, because: not so}
    do: Look at it
    moments: [each day]
"""
ATTESTED = "evidence: {kind: attested, question: Was it done?, role: quality lead, every: quarter}"
DECLARED = "evidence: {{kind: declared, clause: audit.share, rule: {}}}"
VERBS = """
Add Adopt Agree Allow Announce Answer Ask Audit Call Carry Change Check Choose Close Compare Compute Correct Count
Decide Declare Draw End Find Fix Forbid Forecast Get Give Have Hide Judge Keep Let Limit List Log Make Mark Name Offer
Open Pay Pilot Plan Put Read Record Rest Retire Return Say Set Show Sign Simulate Start Stop Store Take Test Try Use
Write
"""
MEASURED = next(line.strip() for line in ONE.splitlines() if "evidence" in line)


def estimate(value: float, low: float, high: float, over: str = "items", items: int = 60, raters: int = 5) -> Estimate:
    return Estimate(
        value=value,
        low=low,
        high=high,
        n_items=items,
        n_raters=raters,
        n_judgments=items * raters,
        method="a share",
        over=over,
    )  # type: ignore[arg-type]


@pytest.fixture
def register(tmp_path):
    """Loads a folder with the given files; the second folder is a house's."""

    def make(text: str = ONE, *, name: str = "drift.yml", **more: str):
        folder = tmp_path / "standards"
        folder.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
        for topic, content in more.items():
            (folder / f"{topic}.yml").write_text(content, encoding="utf-8")
        load.cache_clear()
        return load(folder)

    yield make
    load.cache_clear()


@pytest.fixture
def halo_toml(tmp_path, monkeypatch):
    def write(text: str) -> Path:
        file = tmp_path / "halo.toml"
        file.write_text(text, encoding="utf-8")
        monkeypatch.setenv("HALO_CONFIG", str(file))
        return file

    return write


def test_the_handbooks_own_register_is_whole():
    register = load()
    assert len(register) >= 60
    assert {s.family for s in register.values()} == set(FAMILIES)
    assert list(register) == sorted(register)
    assert {s.evidence.kind for s in register.values()} == {"measured", "declared", "attested"}
    assert register.expired(date(2026, 11, 24)) == []


def test_a_sound_file_is_read(register):
    read = register()["CAL-901"]
    assert (read.topic, read.part, read.family) == ("drift", "calibration", "CAL")
    assert read.evidence.threshold == 0.5
    assert read.review_by == date(2027, 11, 30)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("id: CAL-901", "id: CAL-1", "line 5: `standards[CAL-1].id` is 'CAL-1', which is not of the form"),
        ("id: CAL-901", "id: XYZ-901", "`standards[XYZ-901].id` is of another family"),
        ("id: CAL-901", "id: VEN-901", "`standards[VEN-901].id` is of another family than the file, CAL"),
        ("family: CAL", "family: CAR", "line 2: `family` is 'CAR'; it takes one of: ALN"),
        ("level: must", "level: shall", "line 6: `standards[CAL-901].level` is 'shall'; it takes one of: must, should"),
        ("    level: must\n", "", "line 5: `standards[CAL-901].level` is missing"),
        ("level: must", "levl: must", "Did you mean `standards[CAL-901].level`?"),
        ("statement: Verify that", "statement: Check that", "Verify that"),
        ("title: A title", f"title: {'x' * 81}", "is longer than 80"),
        ("do: Look at it", f"do: Look {'x' * 60}", "is longer than 60"),
        ("do: Look at it", "do: Look at it.", "`standards[CAL-901].do` is 'Look at it.', which is not of the form"),
        ("    do: Look at it\n", "", "`standards[CAL-901].do` is missing"),
        ("moments: [each day]", "moments: []", "`standards[CAL-901].moments`"),
        ("moments: [each day]", "moments: [each night]", "it takes one of: when the programme is planned"),
        ("moments: [each day]", "moments: [each day, each day]", "`standards[CAL-901].moments"),
        ("moments: [each day]", "moments: [each day, each month, on a change]", "`standards[CAL-901].moments`"),
        (f"    {MEASURED}\n", "", "`standards[CAL-901].evidence` is missing"),
        (MEASURED, "evidence: {kind: hope}", "evidence.kind` is 'hope'; it takes one of: attested, declared, measured"),
        (MEASURED, "evidence: {report: drift}", "evidence.kind` is missing. One of: attested, declared, measured"),
        (MEASURED, "evidence: hope", "evidence` is 'hope'; it takes a block of keys"),
        ("kind: measured, report: drift", "kind: measured", "evidence.report` is missing"),
        ("threshold: 0.5", "threshold: high", "evidence.threshold` is 'high'; it takes a number"),
        ("threshold: 0.5", "threshold: true", "evidence.threshold` is true; it takes a number"),
        ("threshold: 0.5", "threshold: .nan", "line 13: `standards[CAL-901].evidence.threshold` is a number out"),
        ("threshold: 0.5", "threshold: -.inf", "line 13"),
        ("direction: at_least", "direction: above", "at_least, at_most"),
        (MEASURED, ATTESTED.replace("quarter", "month"), "every` is 'month'; it takes one of: quarter, year"),
        (MEASURED, ATTESTED.replace("quality lead", "analyst"), "is answered by its owner, the analyst. Ask another"),
        (MEASURED, ATTESTED.replace("quality lead", "quality lad"), "Did you mean quality lead"),
        (MEASURED, DECLARED.format("{at_leest: 2}"), "Did you mean `standards[CAL-901].evidence.rule.at_least`?"),
        (MEASURED, DECLARED.format("{}"), "evidence.rule` asks for nothing"),
        (MEASURED, DECLARED.format("{at_least: two}"), "at_least` is 'two'; it takes a number"),
        (MEASURED, DECLARED.format("{one_of: two}"), "one_of` is 'two'; it takes a list"),
        ("stage: [live]}", "stage: [live], when: 7}", "when` is 7; it takes a block of keys"),
        ("threshold: 0.5", 'threshold: "{bar}"', "line 13: `standards[CAL-901].evidence.threshold` asks for a number"),
        (MEASURED, DECLARED.format("{equals: [1]}"), "equals` is a list of 1; it takes true or false or a number"),
        (MEASURED, DECLARED.replace("audit.share", "audit.shar").format("{present: true}"), "mean audit.share?"),
        ("owner: analyst", "owner: Bob", "`standards[CAL-901].owner` is 'Bob'; it takes one of: programme manager"),
        ("task: [any]", "task: [lable]", "Did you mean label"),
        ("risk: [any]", "risk: []", "applies.risk` is empty"),
        ("stage: [live]", "stage: [alive]", "Did you mean live"),
        ("stage: [live]", "stage: live", "Write it as a list"),
        ("responsibilities: [R6]", "responsibilities: [R14]", "R14"),
        ("subjects: [41]", "subjects: [73]", "73"),
        ("review_by: 2027-11-30", "review_by: soon", "it takes a date"),
        ("review_by: 2027-11-30", "review_by: 2027-11-30T10:00:00Z", "line 16: `standards[CAL-901].review_by` is"),
        ("review_by: 2027-11-30", "review_by: 2027-13-30", "line 16: `standards[CAL-901].review_by` is '2027-13-30'"),
        ("complies: {example: this, because: so}", "complies: {example: this}", "complies.because` is missing"),
        ("source: house rule", "source: house rule\n    supersedes: [CAL-900]", "is CAL-900, which is no standard"),
        ("topic: drift", "topic: drifting", "Write topic: drift"),
        ("part: calibration", "prt: calibration", "line 3: `prt` is not a known key. Did you mean `part`?"),
        ("why: Because.\n", "why: Because.\n    why: Again.\n", "line 11: `standards[CAL-901].why` stands twice"),
        (ONE, "", "`standards` is missing"),
        (ONE, "- a list", "the document is a list of 1; it takes a block of keys"),
        (ONE, "standards: [1, [2], null]\ntopic: drift", "`standards[1]` is a list of 1; it takes a block of keys"),
        ("level: must", "level: [", "is not YAML"),
    ],
)
def test_each_fault_of_a_standard_is_named(register, old, new, says):
    assert old in ONE
    with pytest.raises(InvalidData) as raised:
        register(ONE.replace(old, new, 1))
    assert says in str(raised.value)
    assert "drift.yml" in str(raised.value) or "CAL-901" in str(raised.value)


def test_all_faults_of_all_standards_are_listed_at_once(register):
    second = ONE[ONE.index("  - id:") :].replace("CAL-901", "CAL-902")
    with pytest.raises(InvalidData) as raised:
        register((ONE + second).replace("level: must", "level: shall").replace("[R6]", "[R60]").replace("why:", "wy:"))
    assert [(p.line, p.path, p.code) for p in raised.value.problems if "CAL-901" in p.path] == [
        (5, "standards[CAL-901].why", "missing"),
        (6, "standards[CAL-901].level", "literal_error"),
        (10, "standards[CAL-901].wy", "extra_forbidden"),
        (18, "standards[CAL-901].responsibilities[0]", "string_pattern_mismatch"),
    ]
    assert len([p for p in raised.value.problems if "CAL-902" in p.path]) == 5  # and the gate that is CAL-901's


def test_the_published_schema_is_the_models():
    stored = (FOLDER / "standards.schema.json").read_text("utf-8")
    assert stored == standards_schema_text(), "write standards_schema_text() to standards.schema.json"
    validator = Draft202012Validator(json.loads(stored))
    validator.check_schema(validator.schema)
    for file in sorted(FOLDER.glob("*.yml")):
        content = read(file).content
        assert list(validator.iter_errors(content)) == []
        content["standards"][0]["level"] = "shall"
        assert len(list(validator.iter_errors(content))) == 1


NUMBERED = ONE.replace(
    "    why: Because.", "    numbers: {bar: 0.5, days: 1000}\n    why: Above {bar} for {days} days; {bar:%}."
)


def test_a_number_is_written_once_and_read_in_text_and_evidence(register):
    (standard,) = register(NUMBERED.replace("threshold: 0.5", 'threshold: "{bar}"')).values()
    assert standard.why == "Above .50 for 1,000 days; 50%."
    assert standard.evidence.threshold == 0.5
    assert standard.to_dict()["numbers"] == {"bar": 0.5, "days": 1000}


def test_another_standards_number_is_named_with_its_identifier(register):
    second = ONE.replace("CAL-901", "CAL-902").replace("gate: g", "gate: h").replace("Because.", "As {CAL-901.days}.")
    made = register(NUMBERED, calibration=second.replace("topic: drift", "topic: calibration"))
    assert made["CAL-902"].why == "As 1,000."


def test_a_number_that_no_standard_has_is_a_fault_with_its_line(register):
    with pytest.raises(
        InvalidData, match=r"line 11: .*why` asks for a number: CAL-901 has no number day; it has bar, days"
    ):
        register(NUMBERED.replace("{days} days", "{day} days"))


def test_an_identifier_used_twice_names_both_files(register):
    other = ONE.replace("topic: drift", "topic: shift").replace("gate: g", "gate: h")
    with pytest.raises(InvalidData, match=r"CAL-901\].id` is used in (drift|shift)\.yml"):
        register(shift=other)


def test_one_gate_belongs_to_one_standard(register):
    other = ONE.replace("topic: drift", "topic: shift").replace("CAL-901", "CAL-902")
    with pytest.raises(InvalidData, match="belongs to CAL-901"):
        register(shift=other)


def test_retired_standards_keep_their_number_and_leave_the_tables(register):
    retired = "\n    amendments: [{date: 2026-01-01, type: retired, effective: 2026-02-01, recalibrate: false, earlier: kept, note: gone}]\n"  # noqa: E501
    read = register(ONE.rstrip() + retired)
    assert read["CAL-901"].retired
    assert list(read.filter(family="CAL")) == []
    assert read.next_id("CAL") == "CAL-902"
    assert read.expired(date(2030, 1, 1)) == []


def test_an_expired_review_names_the_standard(register):
    read = register()
    assert read.expired(date(2027, 11, 30)) == []
    assert [p.what[:7] for p in read.expired(date(2027, 12, 1))] == ["CAL-901"]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({"topic": "drift"}, 1), ({"topic": "x"}, 0), ({"owner": "analyst"}, 1), ({"owner": "x"}, 0),
        ({"stage": "live"}, 1), ({"stage": "design"}, 0), ({"report": "drift"}, 1), ({"report": "x"}, 0),
        ({"kind": "measured"}, 1), ({"kind": "declared"}, 0), ({"level": "must"}, 1), ({"level": "may"}, 0),
        ({"family": "CAL", "level": "must"}, 1), ({"family": "CAL", "level": "may"}, 0),
    ],
)  # fmt: skip
def test_filters_hold_together(register, asked, found):
    assert len(register().filter(**asked)) == found


def test_a_standard_is_a_record_for_json(register):
    record = register()["CAL-901"].to_dict()
    assert record["evidence"]["kind"] == "measured"
    assert record["review_by"] == "2027-11-30"


def test_an_unknown_standard_names_the_nearest(register):
    with pytest.raises(HaloError, match="CAL-9O1; the nearest is CAL-901"):
        register()["CAL-9O1"]


# Verdicts and gates


@given(
    ends=st.tuples(*[st.floats(-10, 10, allow_nan=False)] * 2).map(sorted),
    share=st.floats(0, 1),
    bar=st.floats(-12, 12, allow_nan=False),
)
def test_a_verdict_is_about_the_whole_interval_and_mirrors(ends, share, bar):
    low, high = ends
    value = min(max(low + share * (high - low), low), high)
    found = verdict(estimate(value, low, high), bar)
    inside = [x >= bar for x in (low, high)]
    assert found == ("met" if all(inside) else "undecided" if any(inside) else "not_met")
    assert verdict(estimate(-value, -high, -low), -bar, direction="at_most") == found


@given(bar=st.floats(0, 1), higher=st.floats(0, 1))
def test_a_higher_bar_never_helps(bar, higher):
    order = ("not_met", "undecided", "met")
    bar, higher = sorted((bar, higher))
    found = estimate(0.6, 0.4, 0.8)
    assert order.index(verdict(found, higher)) <= order.index(verdict(found, bar))


def test_a_direction_that_is_none_is_refused():
    with pytest.raises(BadOption, match="at_least"):
        verdict(estimate(0.5, 0.4, 0.6), 0.5, direction="above")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "wanted"),
    [(estimate(0.9, 0.86, 0.93), "met"), (estimate(0.9, 0.8, 0.95), "undecided"), (estimate(0.6, 0.5, 0.7), "not_met"),
     (estimate(0.9, 0.85, 0.95), "met")],
)  # fmt: skip
def test_a_gate_reads_its_standards_threshold(found, wanted):
    made = gate("CAL-004", found)
    assert (made.verdict, made.threshold, made.direction) == (wanted, 0.85, "at_least")
    assert bool(made.to_settle) == (wanted == "undecided")
    assert made.to_dict()["estimate"]["value"] == found.value


@pytest.mark.parametrize("nothing", [NotEstimable("no gold"), None])
def test_a_gate_without_an_estimate_is_undecided_with_a_reason(nothing):
    made = gate("CAL-004", nothing)
    assert (made.verdict, made.estimate) == ("undecided", None)
    assert made.reason
    assert made.to_dict()["estimate"] is None


def test_a_gate_on_what_is_not_measured_or_not_there_is_refused():
    declared = next(s.id for s in load().values() if s.evidence.kind == "declared")
    for name in (declared, "CAL-999"):
        with pytest.raises(HaloError, match=name):
            gate(name, estimate(0.9, 0.8, 1.0))
    with pytest.raises(NotEstimable, match="no threshold"):
        threshold(declared)


def test_a_gate_shows_its_verdict_in_words_and_escapes_its_subject():
    shown = gate("CAL-005", estimate(0.8, 0.7, 0.9), subject="<script>x</script>")._repr_html_()
    assert ">undecided</span>" in shown
    assert "halo-gate--undecided" in shown
    assert "<script>" not in shown
    assert "<th></th>" not in shown


@given(value=st.floats(0.5, 0.9), half=st.floats(0.01, 0.2), inside=st.floats(-0.99, 0.99), items=st.integers(10, 5000))
def test_the_sample_that_settles_brings_the_interval_to_the_bar(value, half, inside, items):
    """Oracle: the half-width at n + more items, by the root law, reaches the gap; at one item fewer it doesn't."""
    bar = value + inside * half
    words = to_settle(estimate(value, value - half, value + half, items=items), bar)
    gap = abs(value - bar)
    if "o affordable" in words:
        assert gap == 0 or (half / gap) ** 2 > 50 * 0.99 or items * ((half / gap) ** 2 - 1) > 5000 * 0.99
        return
    more = int(words.split()[1].replace(",", ""))
    assert half * math.sqrt(items / (items + more)) <= gap * (1 + 1e-9)
    assert more == 1 or half * math.sqrt(items / (items + more - 1)) > gap * (1 - 1e-9)
    assert "once, as a top-up declared in advance" in words


def test_what_settles_is_named_by_whom_the_interval_speaks_for():
    assert "more items" in to_settle(estimate(0.9, 0.8, 1.0, "items"), 0.85)
    assert "more raters" in to_settle(estimate(0.9, 0.8, 1.0, "raters"), 0.85)
    both = to_settle(estimate(0.9, 0.8, 1.0, "items and raters"), 0.85)
    assert "raters and" in both
    assert "items" in both
    assert "o affordable number" in to_settle(estimate(0.85, 0.8, 0.9), 0.85)
    assert to_settle(estimate(1.0, 0.3, 1.0, items=3), 0.85).endswith("have 10 at the least.")


@pytest.mark.parametrize(
    ("over", "items", "n_raters", "few"),
    [("items", 2000, 4, "items"), ("raters", 40, 60, "raters"), ("items and raters", 2000, 8, "raters and items"),
     ("items and raters", 40, 60, "raters and items")],
)  # fmt: skip
def test_no_top_up_is_asked_for_that_nobody_can_pay(over, items, n_raters, few):
    """Ten times what there is would do, and is still too much."""
    found = Estimate(
        value=0.9,
        low=0.9 - math.sqrt(10) * 0.05,
        high=1,
        n_items=items,
        n_raters=n_raters,
        n_judgments=400,
        method="share",
        over=over,
    )
    words = to_settle(found, 0.85)
    assert words == (
        f"No affordable number of {few} would settle it: the value lies too close to the threshold for so wide an "
        "interval. Take it as not met where that is the safer mistake, and write down who decided."
    )


def test_a_count_has_no_interval_to_speak_of():
    made = gate(
        "CAL-024",
        Estimate(
            value=60,
            low=60,
            high=60,
            confidence=1,
            kind="count",
            n_items=60,
            n_raters=3,
            n_judgments=180,
            method="a count",
            over="items",
        ),
    )
    assert made.verdict == "met"
    for text in (str(made), made._repr_html_()):
        assert "counted or computed, so without an interval" in text
        assert "60 to 60" not in text
    row = {**made.to_dict(), "level": "must"}
    for text in (first_screen({"gates": [row]}), *rendering.gate_table([row]), rendering.cell(made.estimate),
                 rendering.estimates({"shared": made.estimate})):  # fmt: skip
        assert "exact" in text
        assert "60 to 60" not in text
    assert "interval 1 to 1" in str(
        Estimate(value=1, low=1, high=1, n_items=9, n_raters=3, n_judgments=27, method="a share", over="items")
    )


def test_a_p_value_is_not_settled_by_counting_items():
    made = gate("PIP-042", replace(estimate(0.06, 0.03, 0.1), kind="p_value"))
    assert made.verdict == "undecided"
    assert "more items would settle" not in made.to_settle
    assert "test once more" in made.to_settle


# A house's own


def test_the_houses_threshold_is_used_and_shown_as_its_own(halo_toml):
    halo_toml("[thresholds]\nCAL-004 = 0.95\n")
    made = gate("CAL-004", estimate(0.9, 0.86, 0.93))
    assert (made.verdict, made.threshold, made.house) == ("not_met", 0.95, True)
    assert "house" in made.wanted
    assert threshold("CAL-004") == 0.95
    given_here = gate("CAL-004", estimate(0.9, 0.86, 0.93), threshold=0.86)
    assert (given_here.verdict, given_here.house) == ("met", False)
    assert not gate("CAL-005", estimate(0.9, 0.86, 0.93)).house


def test_the_houses_standards_join_the_register(halo_toml, tmp_path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "drift.yml").write_text(ONE, encoding="utf-8")
    halo_toml('[standards]\nfolder = "own"\n')
    register = house().register()
    assert register["CAL-901"].house
    assert not register["CAL-004"].house
    assert gate("CAL-901", estimate(0.9, 0.6, 1.0)).verdict == "met"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[threshold]\n", "Did you mean `thresholds`?"),
        ("[thresholds]\nCAL-999 = 1\n", "`thresholds.CAL-999` is no standard"),
        ('[thresholds]\nCAL-004 = "high"\n', "`thresholds.CAL-004` is 'high'; it takes a number"),
        ("[thresholds]\nCAL-004 = nan\n", "`thresholds.CAL-004` is a number out of range"),
        ("[thresholds]\nCAL-004 = true\n", "`thresholds.CAL-004` is true; it takes a number"),
        ("[thresholds]\nCAL-001 = 1\n", "`thresholds.CAL-001` is attested, not measured"),
        ('[standards]\nfolder = "gone"\n', "no folder"),
        ('[standards]\nfolder = ""\n', "`standards.folder` is empty"),
        ("[privacy]\nthreshold = 1\n", "`privacy.threshold` is 1; it is at least 2"),
        ("[privacy]\nthreshold = 5.5\n", "`privacy.threshold` is 5.5; it takes a whole number"),
        ("[privacy]\nkey = 3\n", "`privacy.key` is 3; it takes text"),
        ("thresholds = 3\n", "`thresholds` is 3; it takes a block of keys"),
        ("[thresholds\n", "can't be read"),
        ("a = " + "[" * 5000, "can't be read"),
        ("#" * 100_001, "more than 100,000 bytes"),
    ],
)
def test_each_fault_of_halo_toml_is_named(halo_toml, text, says):
    halo_toml(text)
    with pytest.raises(HaloError) as raised:
        house()
    assert says in str(raised.value)


def test_all_faults_of_halo_toml_are_listed_at_once(halo_toml):
    halo_toml("[thresholds]\nCAL-999 = 1\nCAL-001 = 1\n")
    with pytest.raises(InvalidData) as raised:
        house()
    assert [(p.path, p.code) for p in raised.value.problems] == [
        ("thresholds.CAL-999", "unknown"),
        ("thresholds.CAL-001", "kind"),
    ]


# Whose halo.toml is trusted


@pytest.mark.parametrize(
    ("owner", "mode", "secret", "why"),
    [
        (1000, 0o100644, False, ""),
        (0, 0o100644, False, ""),
        (1001, 0o100644, False, "another user owns it"),
        (1001, 0o041777, False, "another user owns it"),
        (1000, 0o100664, False, "others can change it"),
        (1000, 0o100646, False, "others can change it"),
        (1000, 0o040775, False, "others can change it"),
        (0, 0o040777, False, "others can change it"),
        (0, 0o041777, False, ""),  # the system's temporary folder: nobody changes there what is another's
        (1000, 0o101666, False, "others can change it"),
        (1000, 0o100644, True, "others can read it"),
        (1000, 0o100640, True, ""),
        (1000, 0o100600, True, ""),
    ],
)
def test_what_is_trusted(owner, mode, secret, why):
    assert distrust(os.stat_result((mode, 0, 0, 1, owner, owner, 0, 0, 0, 0)), 1000, secret=secret) == why


@pytest.fixture
def planted(tmp_path, monkeypatch):
    """A working folder inside a folder with a `halo.toml`; the home is elsewhere."""
    if not hasattr(os, "getuid"):
        pytest.skip("this system has no owners of files as POSIX has them: trust of halo.toml is not tested")
    work = tmp_path / "above" / "work"
    work.mkdir(parents=True)
    (tmp_path / "home").mkdir()
    file = tmp_path / "above" / "halo.toml"
    file.write_text('[privacy]\nthreshold = 2\nkey = "pseudonyms.key"\n', "utf-8")
    file.chmod(0o644)
    file.parent.chmod(0o755)
    monkeypatch.delenv("HALO_CONFIG", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(work)
    return file


def test_the_file_that_applies_is_named(planted):
    settings = house()
    assert (settings.source, settings.privacy_threshold) == (planted, 2)
    assert house(None).key_path == planted.parent / "pseudonyms.key"


@pytest.mark.parametrize(("place", "mode"), [("halo.toml", 0o664), ("halo.toml", 0o646), (".", 0o775), (".", 0o757)])
def test_what_others_can_change_is_refused(planted, place, mode):
    (planted.parent / place).chmod(mode)
    with pytest.raises(HaloError, match=r"halo\.toml is not trusted.*others can change it; .*chmod go-w.*HALO_CONFIG"):
        house()


def test_what_another_user_owns_is_refused(planted, monkeypatch):
    mine = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: mine + 1 if mine else 0)
    if not mine:
        os.chown(planted, 12345, 12345)
    with pytest.raises(HaloError, match="another user owns it"):
        house()


def test_a_file_named_by_hand_is_held_to_the_same(planted, monkeypatch):
    planted.chmod(0o666)
    monkeypatch.setenv("HALO_CONFIG", str(planted))
    with pytest.raises(HaloError, match="others can change it"):
        house()


@pytest.mark.parametrize("root", ["repository", "home"])
def test_the_search_ends_at_the_repository_or_the_home(planted, monkeypatch, root):
    work = planted.parent / "work"
    if root == "home":
        monkeypatch.setenv("HOME", str(work))
    else:
        (work / ".git").touch()
    (work / "deeper").mkdir()
    monkeypatch.chdir(work / "deeper")
    assert find() is None
    assert house().source is None
    (work / "halo.toml").write_text("", "utf-8")
    assert find() == work / "halo.toml"


def test_a_key_is_for_its_owner_alone(planted):
    key = planted.parent / "pseudonyms.key"
    with pytest.raises(HaloError, match=r"pseudonyms\.key can't be read"):
        house().key()
    key.write_bytes(b"0123456789abcdef\n")
    for mode, why in ((0o644, "others can read it; .*chmod 600"), (0o620, "others can change it")):
        key.chmod(mode)
        with pytest.raises(HaloError, match=rf"pseudonyms\.key is not trusted.*{why}"):
            house().key()
    key.chmod(0o600)
    assert house().key() == b"0123456789abcdef"
    key.write_bytes(b"short")
    with pytest.raises(HaloError, match="5 bytes"):
        house().key()


def refusal(call: Callable[[], object]) -> str:
    """What it says when it refuses; empty when it doesn't. Any other exception propagates."""
    try:
        call()
    except HaloError as refused:
        return str(refused) or "nothing"
    return ""


@settings(max_examples=40, deadline=60_000)
@given(start=st.integers(0, 3000), length=st.integers(0, 400), put=st.text(alphabet="x:[]{}-\n \"'1&*!", max_size=10))
def test_a_damaged_standard_is_read_or_refused(tmp_path_factory, start, length, put):
    whole = (FOLDER / "calibration.yml").read_text(encoding="utf-8")[:4000]
    folder = tmp_path_factory.mktemp("damaged")
    (folder / "calibration.yml").write_text(whole[:start] + put + whole[start + length :], encoding="utf-8")
    said = refusal(lambda: [standard.to_dict() for standard in load(folder).values()])
    load.cache_clear()
    assert not said or "calibration.yml" in said or "CAL-" in said


def test_what_a_standard_asks_its_owner_to_do_is_short_and_types_no_number():
    written = [s for file in FOLDER.glob("*.yml") for s in yaml.safe_load(file.read_text("utf-8"))["standards"]]
    assert [s["id"] for s in written if re.search(r"\d", s["do"])] == []
    assert [s["id"] for s in written if s["do"].split()[0] not in VERBS.split()] == []
    assert len({s["do"] for s in written}) == len(written)


def test_the_checklists_page_has_every_moment_in_order(root):
    page = (root / "book/checklists.md").read_text("utf-8")
    assert re.findall(r":moment: (.+)", page) == list(get_args(Moment))
    assert [head.lower() for head in re.findall(r"## (.+)", page)] == [moment.lower() for moment in get_args(Moment)]
    few = [moment for moment in get_args(Moment) if len(load().filter(moment=moment)) < 3]
    assert few == []
