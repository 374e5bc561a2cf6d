"""Whatever a document holds, reading it ends soon, in values of JSON or in faults with line and fix."""

import json
import math
import time
from datetime import date
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import Field

from halo_methods.documents import Day, Document, Model, Once, Text, check, load, read, schema, subschema, wrong
from halo_methods.documents.bounded_yaml import DEEPEST, MOST_BYTES, MOST_FAULTS, MOST_VALUES
from halo_methods.errors import HaloError, InvalidData, Problem

fuzz = settings(max_examples=150, deadline=60_000)


class Human(Model):
    kind: Literal["human"]
    name: Text


class Machine(Model):
    kind: Literal["machine"]
    version: Annotated[str, Field(pattern=r"^\d+\.\d+$", description="As 1.0.")]


class Criterion(Model):
    id: Text
    weight: float = Field(default=1, ge=0, le=1, description="Its part of the score.")


class Card(Model):
    """What a card says."""

    title: Text = Field(description="The card's name.")
    level: Literal["nominal", "ordinal"]
    judge: Human | Machine = Field(discriminator="kind")
    criteria: list[Criterion] = Field(default_factory=list, max_length=3)
    markets: Once[Text] = Field(default_factory=list)
    bound: int | float | None = None
    by_market: dict[Annotated[str, Field(pattern="^[a-z]{2}$")], bool] = Field(default_factory=dict)
    until: Day | None = None


CARD: dict[str, Any] = {"title": "A card", "level": "nominal", "judge": {"kind": "human", "name": "Ann"}}


def faults(call: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidData) as raised:
        call()
    return raised.value.problems


# Reading


def test_plain_yaml_is_read_as_it_stands() -> None:
    document = read(b"a: [1, -2.5, 0x1f, yes, ~, text, 2026-11-24]\nb: {c: 'x'}\nd:\n")
    assert document.content == {"a": [1, -2.5, 31, True, None, "text", "2026-11-24"], "b": {"c": "x"}}
    assert (document.lines[("a", 2)], document.lines[("b", "c")], document.faults) == (1, 2, [])


def test_a_mapping_is_read_as_its_yaml() -> None:
    written = b"a: {b: [1, 2.5, x, true], c: 2026-11-24}\nd: ~\n"
    given_here = {"a": {"b": (1, 2.5, "x", True), "c": date(2026, 11, 24)}, "d": None}
    assert read(written).content == read(given_here).content
    assert read(given_here).lines == {}


# Name -> text, the code of its fault, the line.
HOSTILE: dict[str, tuple[str, str, int | None]] = {
    "size": ("a: " + "x" * MOST_BYTES, "large", None),
    "bomb": ("x: 1\na: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "anchor", 2),
    "itself": ("&a [*a]", "anchor", 1),
    "anchor": ("a: &a 1", "anchor", 1),
    "anchored key": ("&a b: 1", "anchor", 1),
    "brackets": ("[" * (MOST_BYTES - 1), "", 1),
    "braces": ("{a: " * 50_000, "deep", 1),
    "levels": ("- " * (DEEPEST + 2), "deep", 1),
    "levels of keys": ("? " * 20_000, "deep", 1),
    "values": ("[" + "1," * MOST_VALUES + "]", "large", 1),
    "keys": ("\n".join(f"k{i}:" for i in range(MOST_VALUES // 2 + 1)), "large", MOST_VALUES // 2),
    "base 60": ("a: 1" + ":1" * 150_000, "value", 1),
    "base 60 fraction": ("a: 1" + ":1" * 150_000 + ".0", "value", 1),
    "hexadecimal": ("a: 0x" + "f" * 5000, "value", 1),
    "binary digits that are none": ("a: 0b_", "value", 1),
    "digits": ("a: " + "9" * 5000, "value", 1),
    "nan": ("b: 1\na: .nan", "value", 2),
    "infinity": ("a: -.inf", "value", 1),
    "too large a float": ("a: 1.0e+999", "value", 1),
    "python": ("a: !!python/object/apply:os.system [ls]", "tag", 1),
    "binary": ("a: !!binary aGFsbG8=", "tag", 1),
    "set": ("a: !!set {x}", "tag", 1),
    "own tag": ("a: !own x", "tag", 1),
    "tagged key": ("!own a: x", "tag", 1),
    "key twice": ("a: 1\nb: 2\na: 3", "twice", 3),
    "key twice, once empty": ("a:\na: 3", "twice", 2),
    "number as key": ("1: a", "key", 1),
    "list as key": ("a: 1\n? [a]\n: b", "key", 2),
    "mapping as key": ("? {a: b}\n: c", "key", 1),
    "merge": ("a: 1\n<<: {b: 1}", "key", 2),
    "long key": ("a" * 100 + ": 1", "key", 1),
    "direction of text": ("a: \u202eb", "text", 1),
    "terminal codes": ('title: "\\e[31m"', "text", 1),
    "two documents": ("a: 1\n---\nb: 1", "second", 3),
    "open quote": ('a: "b', "syntax", 1),
    "tab": ("a:\n\t- b", "syntax", 2),
    "zero byte": ("a: \x00", "syntax", None),
    "surrogate": ('title: "\\ud800"', "", None),
    "beyond Unicode": ('title: "\\U00110000"', "syntax", 1),
    "version": ("%YAML 9.9\n---\na: 1", "syntax", 1),
}


def refused(content: bytes) -> list[Problem]:
    """The faults of reading, whether it ended early or went on."""
    try:
        return list(read(content, name="hostile.yml").faults)
    except InvalidData as error:
        return list(error.problems)


@pytest.mark.parametrize(("text", "code", "line"), HOSTILE.values(), ids=HOSTILE)
def test_hostile_yaml_ends_in_words_at_once(text: str, code: str, line: int | None) -> None:
    started = time.perf_counter()
    found = refused(text.encode())
    assert time.perf_counter() - started < 5
    assert 0 < len(found) <= MOST_FAULTS + 1
    assert all(str(fault).startswith("hostile.yml") and len(str(fault)) < 400 and fault.fix for fault in found)
    assert "\x1b" not in str(found)
    first = found[0]
    assert not code or (first.code, first.line or None) == (code, line)  # type: ignore[attr-defined]


def test_the_pure_loader_refuses_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    import yaml

    monkeypatch.setattr("halo_methods.documents.bounded_yaml._EVENTS", yaml.SafeLoader)
    for name, (text, code, _) in HOSTILE.items():
        if len(text) < 10_000:
            found = refused(text.encode())
            assert found, name
            assert code in ("", found[0].code) or "syntax" in (code, found[0].code), name  # type: ignore[attr-defined]


def test_faults_are_listed_together_and_the_rest_is_read() -> None:
    document = read(b"a: &x 1\nb: !t 2\nc: .nan\nd: 4\nd: 5\n7: x\ne: {f: 1, f: 2}\n")
    assert [(fault.line, fault.code, fault.path) for fault in document.faults] == [
        (1, "anchor", "a"),
        (2, "tag", "b"),
        (3, "value", "c"),
        (5, "twice", "d"),
        (6, "key", "?"),
        (7, "twice", "e.f"),
    ]
    assert (document.content["d"], document.content["e"]) == (4, {"f": 1})


def test_what_is_not_utf8_and_what_is_not_there_end_in_words(tmp_path: Any) -> None:
    (tmp_path / "latin.yml").write_bytes("a: é".encode("latin-1"))
    assert "not UTF-8 at byte 4" in faults(lambda: read(tmp_path / "latin.yml"))[0].what
    for name in ("gone.yml", ".", "a\0b.yml"):
        with pytest.raises(HaloError, match="can't be read"):
            read(tmp_path / name)


def test_a_mapping_is_held_to_the_same_bounds() -> None:
    knot: dict[str, Any] = {}
    knot["knot"] = knot
    assert "nests deeper" in faults(lambda: read(knot))[0].what
    assert "more than 40,000 values" in faults(lambda: read({"a": [[0] * 1000] * 1000}))[0].what
    odd = read({"a": b"x", "b": {1, 2}, "c": math.nan, "d": 10**20, "e": "\x1b[31m", 3: 1, "f": object(), "g": 1})
    assert [fault.code for fault in odd.faults] == ["value", "value", "value", "value", "text", "key", "value"]
    assert odd.content == {"g": 1}


def never(content: bytes) -> None:
    """It is read or refused; what is read is JSON, and no fault is empty."""
    try:
        document = read(content)
    except InvalidData as error:
        assert all(fault.what and fault.fix for fault in error.problems)  # noqa: PT017
        return
    json.dumps(document.content, allow_nan=False)
    assert all(fault.what and fault.fix and fault.line for fault in document.faults)
    made, found = check(Card, document)
    assert (made is None) == bool(found)


@fuzz
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    never(content)


@fuzz
@given(st.text(max_size=200) | st.text(alphabet="[]{}:,-?&*!|>'\"%@`# \n\tab01.~<=_xe+", max_size=80))
def test_any_text_is_read_or_refused(text: str) -> None:
    never(text.encode("utf-8", "surrogatepass"))


@settings(max_examples=40, deadline=60_000)
@given(opens=st.sampled_from(["[", "{a: ", "- ", "? ", "a:\n ", "&a [", "[*a, "]), times=st.integers(1, 40_000))
def test_any_nesting_ends_in_bounded_time(opens: str, times: int) -> None:
    never(opens.encode() * times)


@settings(max_examples=30, deadline=60_000)
@given(levels=st.integers(1, 200), width=st.integers(1, 50))
def test_any_tower_of_aliases_is_refused(levels: int, width: int) -> None:
    tower = "".join(f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * width)}]\n" for i in range(1, levels))
    found = refused(("a0: &a0 [x]\n" + tower).encode())
    assert {fault.code for fault in found} == {"anchor"}  # type: ignore[attr-defined]


# Models


def with_(**changes: Any) -> list[Any]:
    return check(Card, read({**CARD, **changes}))[1]


def test_a_sound_document_is_its_model() -> None:
    content = b"title: A\nlevel: ordinal\njudge: {kind: machine, version: '1.2'}\nuntil: 2027-01-31\nbound: 3\n"
    whole = load(Card, content)
    assert (whole.judge, whole.until, whole.bound) == (Machine(kind="machine", version="1.2"), date(2027, 1, 31), 3)
    assert isinstance(whole.bound, int)


@pytest.mark.parametrize(
    ("changes", "code", "path", "what", "fix"),
    [
        ({"title": None}, "missing", "title", "is missing", "The card's name."),
        ({"level": None}, "missing", "level", "is missing", "One of: nominal, ordinal."),
        ({"title": 3}, "string_type", "title", "is 3; it takes text", "Write it in quotes."),
        ({"title": " "}, "", "", "", ""),
        ({"title": ""}, "string_too_short", "title", "is empty", "Write it"),
        ({"title": "x" * 4001}, "string_too_long", "title", "is longer than 4000", "Shorten it"),
        ({"level": "ordnal"}, "literal_error", "level", "it takes one of: nominal, ordinal", "Did you mean ordinal?"),
        (
            {"level": ["x"]},
            "literal_error",
            "level",
            "is a list of 1; it takes one of: nominal, ordinal",
            "Write one that it takes.",
        ),
        ({"levle": "x"}, "extra_forbidden", "levle", "is not a known key", "Did you mean `level`?"),
        ({"zzz": "x"}, "extra_forbidden", "zzz", "is not a known key", "Allowed: title, level, judge"),
        ({"judge": "x"}, "dict_type", "judge", "is 'x'; it takes a block of keys", "Write its keys"),
        ({"judge": {}}, "missing", "judge.kind", "is missing", "One of: human, machine."),
        ({"judge": {"kind": "humn"}}, "literal_error", "judge.kind", "is 'humn'", "Did you mean human?"),
        ({"judge": {"kind": "human"}}, "missing", "judge.name", "is missing", "Write it."),
        ({"judge": {"kind": "human", "nam": "x", "name": "y"}}, "extra_forbidden", "judge.nam", "", "`judge.name`?"),
        (
            {"judge": {"kind": "machine", "version": "1"}},
            "string_pattern_mismatch",
            "judge.version",
            "not of the form",
            "As 1.0.",
        ),
        ({"criteria": {}}, "list_type", "criteria", "is a block of keys; it takes a list", "as [one, another]"),
        ({"criteria": [{"id": "a"}] * 4}, "too_long", "criteria", "is longer than 3", "Shorten it"),
        ({"judge": {"kind": "human", "name": ""}}, "string_too_short", "judge.name", "is empty", "take the line out"),
        ({"criteria": [{"id": "a", "weight": 2}]}, "less_than_equal", "criteria[a].weight", "at most 1", "Its part"),
        ({"criteria": [{"weight": "2"}, {"id": "b"}]}, "float_type", "criteria[0].weight", "a number", "quotes"),
        ({"criteria": [3]}, "model_type", "criteria[0]", "is 3; it takes a block of keys", ""),
        ({"markets": ["fr", "de", "fr"]}, "value", "markets", "lists something twice", "List each once."),
        ({"bound": "three"}, "int_type", "bound", "it takes a number", "Write"),
        ({"bound": True}, "int_type", "bound", "is true; it takes a number", ""),
        ({"by_market": {"fra": True}}, "string_pattern_mismatch", "by_market.fra", "not of the form", ""),
        ({"by_market": {"fr": 1}}, "bool_type", "by_market.fr", "is 1; it takes true or false", ""),
        ({"until": "31.1.2027"}, "value", "until", "is '31.1.2027'; it takes a date", "Write it as 2027-01-31."),
        ({"until": "2027-02-30"}, "value", "until", "it takes a date", ""),
        ({"until": "20270131"}, "value", "until", "it takes a date", ""),
        ({"until": 1}, "value", "until", "is 1; it takes a date", ""),
    ],
)
def test_each_fault_says_what_and_how(changes: dict[str, Any], code: str, path: str, what: str, fix: str) -> None:
    found = [fault for fault in with_(**changes) if path == "" or fault.path == path]
    if not code:
        assert not found
        return
    (fault,) = found
    assert (fault.code, what in fault.what, fix in fault.fix) == (code, True, True), str(fault)


def test_faults_stand_at_their_lines_in_their_order() -> None:
    content = b"title: 3\nlevle: x\njudge:\n  kind: human\n  nam: x\ncriteria:\n  - id: a\n    weight: 7\n  - {}\n"
    found = faults(lambda: load(Card, content, name="card.yml"))
    assert [(f.line, f.path) for f in found] == [  # type: ignore[attr-defined]
        (1, "title"),
        (1, "level"),
        (2, "levle"),
        (3, "judge.name"),
        (5, "judge.nam"),
        (8, "criteria[a].weight"),
        (9, "criteria[1].id"),
    ]
    assert str(found[0]) == "card.yml, line 1: `title` is 3; it takes text. Write it in quotes."


def test_a_value_refused_in_reading_is_not_called_missing() -> None:
    found = faults(lambda: load(Card, b"title: !t x\nlevel: nominal\njudge: {kind: human, name: .nan}\n"))
    assert [(f.path, f.code) for f in found] == [("title", "tag"), ("judge.name", "value")]  # type: ignore[attr-defined]


def test_a_models_own_check_speaks_for_itself() -> None:
    from pydantic import model_validator

    class Pair(Model):
        low: int
        high: int

        @model_validator(mode="after")
        def _ordered(self) -> "Pair":
            if self.high < self.low:
                raise wrong("ends before it begins", "Exchange low and high.")
            return self

    class Span(Model):
        pair: Pair

    (fault,) = faults(lambda: load(Span, b"pair:\n  low: 2\n  high: 1\n"))
    assert str(fault) == "line 1: `pair` ends before it begins. Exchange low and high."


def test_what_no_words_are_kept_for_is_said_by_pydantic() -> None:
    class Even(Model):
        n: int = Field(multiple_of=2)

    (fault,) = faults(lambda: load(Even, b"n: 3\n"))
    assert str(fault) == "line 1: `n` is 3: Input should be a multiple of 2. Correct it."


def test_a_model_once_read_is_not_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load(Card, json.dumps(CARD).encode()).title = "other"


VALIDATOR = Draft202012Validator(schema(Card), format_checker=FormatChecker(formats=["date"]))
words = st.sampled_from(["", "a", "nominal", "human", "machine", "1.0", "2027-01-31", "fr", "x y"])
keys = st.sampled_from(["kind", "name", "id", "weight", "fr"])
values = st.recursive(
    words | st.booleans() | st.integers(-2, 3) | st.floats(-2, 3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner),
    max_leaves=5,
)


@settings(max_examples=300, deadline=60_000)
@given(key=st.sampled_from([*Card.model_fields, "other"]), value=values)
def test_the_published_schema_and_the_model_refuse_the_same(key: str, value: object) -> None:
    """Oracle: jsonschema on what is published. It calls 1.0 a whole number, and keys of a pattern it lets pass."""
    document = read({**CARD, key: value})
    said = json.dumps(document.content)
    if key == "by_market" or "1.0" in said.replace('"1.0"', "") or "2.0" in said or "0.0" in said:
        return
    assert VALIDATOR.is_valid(document.content) == (check(Card, document)[0] is not None)


def test_a_schema_says_what_each_place_is_for() -> None:
    tree = schema(Card)
    Draft202012Validator.check_schema(tree)
    assert subschema(tree, ["criteria", 0, "weight"])["description"] == "Its part of the score."
    assert subschema(tree, ["judge", "version"], {"judge": {"kind": "machine"}})["description"] == "As 1.0."
    assert subschema(tree, ["nowhere", 3, "at all"]) == {}
    assert "null" not in json.dumps(tree)
    assert "default" not in json.dumps(tree)


def test_a_place_in_words_names_entries_by_id() -> None:
    document = Document(content={"standards": [{"id": "CAL-003"}, {"id": "no word"}, 3]})
    places = [("standards", 0, "level"), ("standards", 1, "level"), ("standards", 2), ()]
    assert [document.path(place) for place in places] == [
        "standards[CAL-003].level",
        "standards[1].level",
        "standards[2]",
        "",
    ]
