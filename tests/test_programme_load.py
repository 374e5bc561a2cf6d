"""What a plan costs: answers a year, and the share of labels that check labels."""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import LAUNCH, PLANS, REGISTER, plan, put

from halo_methods import cli
from halo_methods.errors import HaloError
from halo_methods.standards import Register
from halo_methods.standards.plan import check_plan
from halo_methods.standards.programme_load import SOURCES, label_shares, programme_load
from halo_methods.standards.sitting import sitting

LOW_RISK = Path(__file__).parent / "low_risk_vendor.yml"
NUMBERS = {"CAL-030": {"share": 0.05}, "CAL-020": {"share": 0.1}, "QUA-011": {"share": 0.1}}


def labels(values, numbers=NUMBERS):
    from halo_methods.standards.model import read_plan

    return {part.name: part for part in label_shares(read_plan({"title": "T", **values}), numbers)}


def test_a_worked_case_in_labels():
    """Of 1,000 items: 100 second labels, 1,100 labels of work; a tenth gold, a fifth tracking: 1,571 shown."""
    plan = {"raters": {"overlap": 2, "tracking_share": 0.2}, "gold": {"share": 0.1}, "audit": {"share": 0.05}}
    found = labels(plan)
    shown, audits = 1100 / 0.7, 55
    second = 0.1 * audits
    whole = shown + audits + second
    assert found["overlap"].share == pytest.approx(100 / whole)
    assert found["gold"].share == pytest.approx(shown / 10 / whole)
    assert found["tracking items"].share == pytest.approx(shown / 5 / whole)
    assert found["audit"].share == pytest.approx(audits / whole)
    assert found["second audit"].share == pytest.approx(second / whole)
    assert sum(part.share for part in found.values()) == pytest.approx(1 - 1000 / whole)


def test_each_share_says_where_it_comes_from():
    found = labels({"gold": {"share": 0.1}})
    assert found["gold"].source == "the plan, `gold.share`"
    assert found["overlap"].source == "CAL-020, as the plan does not say `raters.overlap_share`"
    assert (found["repeats"].setting, found["repeats"].share) == (None, 0)
    assert "no standard that applies sets it" in found["repeats"].source


def test_shares_that_leave_no_work_are_refused():
    with pytest.raises(HaloError, match="lower one of them"):
        labels({"gold": {"share": 0.6}, "raters": {"tracking_share": 0.4}})


@settings(max_examples=50)
@given(st.lists(st.floats(0, 0.3), min_size=6, max_size=6), st.integers(1, 9))
def test_shares_are_shares(values, overlap):
    plan = {}
    for clause, value in zip((source[0] for source in SOURCES.values()), values, strict=True):
        plan = put(plan, clause, value)
    found = labels(put(plan, "raters.overlap", overlap))
    assert all(0 <= part.share < 1 for part in found.values())
    assert 0 <= sum(part.share for part in found.values()) < 1


@pytest.mark.parametrize("name", sorted(PLANS))
def test_answers_are_those_that_the_sittings_of_a_first_year_ask(name):
    values = put(put(plan(name), "attestations", None), "stage", "live")
    load = programme_load(values, REGISTER)
    first = sitting(values, REGISTER, quarter="2027-Q1").questions
    quarterly = [s for s in first if s.evidence.every == "quarter"]
    assert load.answers == len(first) + 3 * len(quarterly)
    assert load.sittings == (4 if quarterly else bool(first))


def test_a_plan_that_is_not_live_yet_is_counted_as_if_it_were():
    early, live = (programme_load(put(plan(LAUNCH), "stage", stage), REGISTER) for stage in ("design", "live"))
    assert early.to_dict() == live.to_dict()


def test_what_a_change_asks_again_is_counted():
    name = next(s.id for s in REGISTER.values() if s.evidence.kind == "attested")
    evidence = REGISTER[name].evidence.model_copy(update={"after": ["amendment"], "every": "year"})
    own = Register([REGISTER[name].model_copy(update={"evidence": evidence, "tier": "core"})])
    load = programme_load(put(plan(LAUNCH), "stage", "live"), own)
    assert (load.answers, load.sittings, load.again) == (1, 1, {"amendment": 1})


def test_the_command(capsys):
    line = ["standards", "load", str(LOW_RISK)]
    assert cli.main(line) == cli.FINE
    said = capsys.readouterr().out
    assert "of all labels are safeguards" in said
    assert cli.main([*line, "--format", "json"]) == cli.FINE
    load = json.loads(capsys.readouterr().out)
    assert load["answers"] == sum(role["answers"] for role in load["roles"])
    assert {part["name"] for part in load["labels"]} == set(SOURCES)


def test_a_low_risk_programme_owes_little():
    load = programme_load(LOW_RISK, REGISTER)
    assert not check_plan(LOW_RISK, REGISTER).problems
    assert load.answers <= 60, load.text()
    assert load.sittings <= 5


def test_each_source_is_a_clause_or_a_number_that_there_is():
    for _, number, _ in SOURCES.values():
        if number:
            standard, _, key = number.partition(".")
            assert key in REGISTER[standard].numbers
