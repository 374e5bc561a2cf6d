"""Whatever a plan's file holds, the check ends soon and in words."""

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from plans import LAUNCH, PLANS, REGISTER, TODAY, check, plan, put

from halo_methods.errors import HaloError
from halo_methods.standards.model import CLAUSES, read_plan
from halo_methods.standards.portfolio import portfolio

quick = settings(max_examples=60, deadline=60_000, suppress_health_check=[HealthCheck.function_scoped_fixture])


def ends_in_words(file: Path, content: str | bytes) -> None:
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    try:
        found = check(file)
    except HaloError as error:
        said = str(error)
    else:
        said = str(found)
        assert all(p.what and p.fix for p in found.problems)
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
@example(name="calibration_programme", start=1504, length=7, put_in="")  # a list's entry that is like none allowed
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
    with pytest.raises(HaloError, match="nests deeper"):
        check(knot)
    wide: dict[str, Any] = {"sample": [[0] * 1000] * 1000}
    with pytest.raises(HaloError, match="more than 40,000 values"):
        check(wide)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(HaloError, match=r"gone\.yml"):
        check(tmp_path / "gone.yml")


def test_reading_leaves_the_given_plan_alone() -> None:
    values = plan(LAUNCH)
    before = copy.deepcopy(values)
    read_plan(values)
    assert values == before
