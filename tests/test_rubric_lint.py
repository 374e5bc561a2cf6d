"""The standards for rubric design as a lint: the right finding for each small fault, and no other."""

import copy
import json
import random
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods.cli import COULD_NOT_RUN, FINDINGS, FINE, main
from halo_methods.documents import read
from halo_methods.errors import InvalidData
from halo_methods.rubric import lint, read_rubric
from halo_methods.rubric.questions import two_questions

ROOT = Path(__file__).parents[1]
RUBRICS = {path.stem: path for path in sorted((ROOT / "data/rubrics").glob("*.yml"))}
CONTENT: dict[str, Any] = {name: read(path).content for name, path in RUBRICS.items()}
SEARCH, ANSWER, AGENT = "search_relevance", "assistant_response", "agent_task"
GONE = object()


def changed(rubric: str, path: str, value: object) -> dict[str, Any]:
    """The shipped rubric with one value set, taken out or changed; an entry of a list by its name or its number."""
    content = copy.deepcopy(CONTENT[rubric])
    node, *parts = [content, *path.split("/")]
    for part in parts:
        above = node
        key = (
            next((i for i, one in enumerate(node) if isinstance(one, dict) and str(one.get("name")) == part), None)
            if isinstance(node, list)
            else part
        )
        key = int(part) if key is None else key
        node = node.get(key) if isinstance(node, dict) else node[key]
    if value is GONE:
        del above[key]
    else:
        above[key] = value(node) if callable(value) else value
    return content


def more(text: str) -> Any:
    return lambda said: f"{said} {text}"


LONG = "You look at the title first, " + "and then at the price, " * 4 + "and then at the text."
BAD: dict[str, tuple[str, str, Any, str, str, str]] = {
    "one anchor": (
        SEARCH,
        "criteria/relevance/labels/exact/anchors/0",
        GONE,
        "RUB-005",
        "criteria[relevance].labels[exact]",
        "1 anchor",
    ),
    "two edges as anchors": (
        AGENT,
        "criteria/goals_met/labels/none/anchors/0/not_label",
        "partly",
        "RUB-005",
        "criteria[goals_met].labels[none]",
        "1 anchor",
    ),
    "no edge": (
        SEARCH,
        "criteria/page_language/labels/local/anchors/2",
        GONE,
        "RUB-006",
        "criteria[page_language].labels[local]",
        "against 'mixed'",
    ),
    "edge against a label far away": (
        AGENT,
        "criteria/honest_report/labels/true/anchors/2/not_label",
        "false",
        "RUB-006",
        "criteria[honest_report].labels[true]",
        "against 'incomplete'",
    ),
    "labels by degree": (
        SEARCH,
        "criteria/relevance/labels/exact/means",
        "The product does the job quite well, and at least one requirement of the query is mostly not met.",
        "house rule",
        "criteria[relevance].labels[exact].means",
        "by a degree",
    ),
    "is_not repeats means": (
        AGENT,
        "criteria/goals_met/labels/whole/is_not",
        "The final state fully holds every goal of the task.",
        "house rule",
        "criteria[goals_met].labels[whole].is_not",
        "says what",
    ),
    "and": (
        SEARCH,
        "criteria/relevance/question",
        "Is this product relevant and in stock?",
        "RUB-002",
        "criteria[relevance].question",
        "'and'",
    ),
    "two question marks": (
        ANSWER,
        "criteria/helpful/question",
        "Is it helpful? Can the user take the next step?",
        "RUB-002",
        "criteria[helpful].question",
        "'?'",
    ),
    "et": (
        ANSWER,
        "criteria/helpful/question",
        "Est-ce que la réponse est utile et polie ?",
        "RUB-002",
        "criteria[helpful].question",
        "'et'",
    ),
    "undefined term": (
        SEARCH,
        "criteria/relevance/ties",
        more("In doubt look at the *intent*."),
        "house rule",
        "criteria[relevance].ties",
        "'intent'",
    ),
    "undefined code": (AGENT, "verdict", more("The field `score` has it."), "house rule", "verdict", "'score'"),
    "no cannot judge": (SEARCH, "exits/cannot_judge", GONE, "RUB-008", "exits", "cannot_judge"),
    "no invalid task": (AGENT, "exits/invalid_task", GONE, "RUB-008", "exits", "invalid_task"),
    "no scope": (ANSWER, "out_of_scope", [], "RUB-003", "out_of_scope", "is empty"),
    "interval of names": (
        SEARCH,
        "criteria/relevance/level",
        "interval",
        "RUB-004",
        "criteria[relevance].level",
        "no numbers",
    ),
    "no trap": (
        SEARCH,
        "examples",
        lambda held: [{**e, "kind": "edge"} if e["kind"] == "trap" else e for e in held],
        "house rule",
        "examples",
        "no trap",
    ),
    "a label without an example": (
        SEARCH,
        "examples/S2/labels/relevance/label",
        "related",
        "house rule",
        "examples",
        "'unrelated'",
    ),
    "most have one label": (
        SEARCH,
        "examples/S7/labels/page_language/label",
        "local",
        "house rule",
        "examples",
        "5 of 7",
    ),
    "a label not translated": (
        AGENT,
        "markets/es-ES/labels/honest_report/true",
        GONE,
        "RUB-033",
        "markets.es-ES.labels.honest_report",
        "true",
    ),
    "a criterion not translated": (
        ANSWER,
        "markets/de-DE/labels/refusal",
        GONE,
        "RUB-033",
        "markets.de-DE.labels.refusal",
        "needless, justified, none",
    ),
    "guideline in English": (
        SEARCH,
        "markets/pt-BR/guideline",
        "You judge in the place of the shopper, who lives in Brazil.",
        "RUB-033",
        "markets.pt-BR.guideline",
        "language of the market",
    ),
    "a market without an anchor": (
        SEARCH,
        "criteria/page_language/labels/mixed/anchors/0/market",
        "es-ES",
        "RUB-007",
        "criteria[page_language]",
        "none of fr-FR",
    ),
    "a market that is none": (SEARCH, "examples/S1/market", "de-AT", "RUB-033", "examples[S1].market", "de-AT"),
    "no severities": (ANSWER, "severities", [], "RUB-010", "severities", "is missing"),
    "no version of the taxonomy": (AGENT, "taxonomy", GONE, "RUB-010", "taxonomy", "is missing"),
    "a failing label asks nothing": (
        ANSWER,
        "criteria/safe/labels/unsafe/needs",
        GONE,
        "RUB-010",
        "criteria[safe].labels[unsafe]",
        "asks for nothing more",
    ),
    "a failing example names no defect": (SEARCH, "examples/S4/defects", [], "RUB-010", "examples[S4]", "'related'"),
    "a severity by degree": (
        SEARCH,
        "severities/critical/consequence",
        "A very serious error.",
        "RUB-010",
        "severities[critical].consequence",
        "degree",
    ),
    "two severities alike": (
        AGENT,
        "severities/major/consequence",
        "The user slightly notices it and does nothing.",
        "RUB-010",
        "severities[major].consequence",
        "degree",
    ),
    "no trigger": (SEARCH, "escalation", [], "RUB-021", "escalation", "no trigger"),
    "S1 is flagged": (ANSWER, "escalation/1/presses", "flag", "RUB-021", "escalation[1].presses", "S1"),
    "no note of the version": (ANSWER, "version", "1.2", "RUB-013", "version", "1.2"),
    "two days of effect": (AGENT, "effective", "2027-03-09", "RUB-013", "effective", "2027-03-08"),
    "a weekend's notice": (
        SEARCH,
        "changes/0/decided",
        "2027-01-15",
        "RUB-031",
        "changes[0].effective",
        "1 working day",
    ),
    "amended without calibration": (
        ANSWER,
        "changes/0/recalibrate",
        False,
        "RUB-031",
        "changes[0].recalibrate",
        "amendment",
    ),
    "a criterion without rank": (AGENT, "order", ["within_limits", "goals_met"], "ALN-005", "order", "honest_report"),
    "safety second": (ANSWER, "order", ["helpful", "safe", "refusal"], "ALN-005", "order[0]", "safety"),
    "a long sentence": (
        SEARCH,
        "criteria/relevance/labels/exact/is_not",
        LONG,
        "house rule",
        "criteria[relevance].labels[exact].is_not",
        "31 words",
    ),
    "a long sentence in German": (
        AGENT,
        "markets/de-DE/guideline",
        more("Und " * 26 + "so."),
        "house rule",
        "markets.de-DE.guideline",
        "27 words",
    ),
}


@pytest.mark.parametrize("name", RUBRICS)
def test_a_shipped_rubric_is_clean(name: str) -> None:
    assert lint(RUBRICS[name]) == []
    assert lint(read_rubric(RUBRICS[name])) == []


@pytest.mark.parametrize("name", BAD)
def test_a_bad_rubric_gets_its_finding_and_no_other(name: str) -> None:
    rubric, path, value, standard, place, what = BAD[name]
    (found,) = lint(changed(rubric, path, value))
    assert (found.standard, found.place) == (standard, place)
    assert what in found.what
    assert found.fix.endswith(".")


def numbered(level: str, labels: list[str]) -> dict[str, Any]:
    """A rubric whose labels of `relevance` are these, with the rest of it as shipped."""
    names = dict(zip(("unrelated", "related", "substitute", "exact"), labels, strict=True))
    text = yaml.dump(CONTENT[SEARCH], Dumper=yaml.CSafeDumper, allow_unicode=True)
    content = yaml.safe_load(text)
    criterion = content["criteria"][0]
    criterion |= {"level": level, "passes": names["substitute"]}
    for label in criterion["labels"]:
        label["name"] = names[label["name"]]
        for anchor in label["anchors"]:
            anchor |= {"not_label": names[anchor["not_label"]]} if "not_label" in anchor else {}
    for example in content["examples"]:
        example["labels"]["relevance"]["label"] = names[example["labels"]["relevance"]["label"]]
    for variant in content["markets"].values():
        variant["labels"]["relevance"] = {names[k]: v for k, v in variant["labels"]["relevance"].items()}
    content["terms"] |= {"exact": "As asked.", "substitute": "In place.", "related": "Near."}
    return content


@pytest.mark.parametrize(
    ("level", "labels", "what"),
    [
        ("ordinal", ["1", "2", "4", "9"], ""),
        ("interval", ["-1", "0", "1", "2"], ""),
        ("ratio", ["0", "0.5", "1", "1.5"], ""),
        ("interval", ["1", "2", "4", "9"], "not equally far apart"),
        ("nominal", ["1", "2", "3", "4"], "have an order"),
        ("ordinal", ["4", "3", "2", "1"], "do not rise"),
    ],
)
def test_a_level_fits_the_numbers_that_are_labels(level: str, labels: list[str], what: str) -> None:
    found = lint(numbered(level, labels))
    assert [(f.standard, f.place) for f in found] == [("RUB-004", "criteria[relevance].level")] * bool(what)
    assert all(what in f.what for f in found)


TWO = {
    "Is the answer accurate and polite?": "and",
    "Is the answer accurate, complete and polite?": "and",
    "Can the customer find the label and print it?": "and",
    "Is the answer to the question right and polite?": "and",
    "Does the answer name the step as well as the date?": "as well as",
    "Is the answer rude or misleading?": "or",
    "Does it name the step, or does it say that there is none?": "or",
    "Is it right? Is it polite?": "?",
    "La réponse est-elle exacte et polie ?": "et",
    "Cette réponse est exacte ou complète ?": "ou",
    "Ist die Antwort richtig und höflich?": "und",
    "Ist die Antwort unhöflich oder falsch?": "oder",
    "¿La respuesta es correcta y amable?": "y",
    "¿Es la respuesta confusa o falsa?": "o",
    "A resposta é correta e educada?": "e",
    "As respostas soam naturais e educadas?": "e",
    "Klingen die Antworten höflich und klar?": "und",
    "A resposta é confusa ou falsa?": "ou",
}
ONE = [
    "Does any statement in this answer contradict the knowledge card, or promise what the card does not allow?",
    "After reading only this answer, can the customer take their next step without asking or searching again?",
    "Would a customer in this market notice that the text was not written for them?",
    "Does the answer keep the rules on refunds and returns?",
    "Is the summary of the question and the answer complete?",
    "Is this page meant for shoppers in France and Germany?",
    "How good is this answer between 1 and 5?",
    "Is the statement right or wrong?",
    "Is the answer safe or unsafe?",
    "Can it be read on a phone or tablet?",
    "Is the phrase “bed and breakfast” translated?",
    "Does the answer name the standard (RUB-002 and others)?",
    "Is it late or not?",
    "Une phrase contredit-elle la fiche, ou promet-elle ce que la fiche ne permet pas ?",
    "La réponse respecte-t-elle les règles de retour et de remboursement ?",
    "La réponse respecte-t-elle les règles d’échange et de remboursement ?",
    "Widerspricht eine Aussage der Karte, oder verspricht sie, was die Karte nicht erlaubt?",
    "Hält die Antwort die Regeln für Rückgabe und Erstattung ein?",
    "¿Alguna frase contradice la ficha o promete lo que la ficha no permite?",
    "¿Cumple la respuesta las reglas de cambios y devoluciones?",
    "Alguma frase contradiz a ficha, ou promete o que a ficha não permite?",
    "A resposta segue as regras de troca e devolução?",
]


@pytest.mark.parametrize("question", TWO)
def test_two_questions_in_one_are_heard(question: str) -> None:
    assert two_questions(question) == TWO[question]


@pytest.mark.parametrize("question", ONE)
def test_one_question_is_one(question: str) -> None:
    assert two_questions(question, ["safe", "unsafe"]) == ""


def shuffled(node: Any, chance: random.Random) -> Any:
    if isinstance(node, dict):
        return {key: shuffled(node[key], chance) for key in chance.sample(list(node), len(node))}
    return [shuffled(one, chance) for one in node] if isinstance(node, list) else node


@settings(max_examples=8, deadline=60_000)
@given(
    names=st.lists(st.sampled_from(sorted(BAD)), min_size=1, max_size=1),
    chance=st.randoms(use_true_random=False),
    width=st.integers(20, 300),
    indent=st.integers(2, 6),
    flow=st.booleans(),
)
def test_white_space_and_the_order_of_keys_change_no_finding(
    names: list[str], chance: random.Random, width: int, indent: int, flow: bool
) -> None:
    rubric, path, value, *_ = BAD[names[0]]
    content = changed(rubric, path, value)
    text = yaml.dump(shuffled(content, chance), Dumper=yaml.CSafeDumper, allow_unicode=True, sort_keys=False,
                     width=width, indent=indent, default_flow_style=flow)  # fmt: skip
    (plain,), (found,) = lint(content), lint(text.encode())
    assert (found.standard, found.place, found.what, found.fix) == (plain.standard, plain.place, plain.what, plain.fix)
    assert plain.line is None
    assert found.line is not None
    key = found.place.rpartition(".")[2]
    assert (
        flow
        or "." not in found.place
        or "[" in key
        or "labels" in found.place
        or f"{key}:" in text.split("\n")[found.line - 1]
    )


def test_a_finding_names_its_line_and_prints_in_one() -> None:
    text = RUBRICS[SEARCH].read_text(encoding="utf-8")
    asked = "How well does this product meet the query?"
    (found,) = lint(text.replace(asked, "Is this product relevant and cheap?").encode())
    assert found.line == text[: text.index(asked)].count("\n") + 1
    assert str(found).startswith(f"line {found.line}: RUB-002: `criteria[relevance].question` asks two things")
    assert set(found.to_dict()) == {"standard", "place", "line", "what", "fix"}


def test_what_is_no_rubric_is_refused() -> None:
    with pytest.raises(InvalidData, match="criteria"):
        lint({"name": "x"})


def test_the_command_exits_by_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rubric", "lint", *map(str, RUBRICS.values())]) == FINE
    assert capsys.readouterr().out.count(": 0 findings\n") == len(RUBRICS)
    bad, broken = tmp_path / "bad.yml", tmp_path / "broken.yml"
    text = RUBRICS[SEARCH].read_text(encoding="utf-8")
    bad.write_text(text.replace("presses: stop\n    urgency: S1", "presses: flag\n    urgency: S1"), encoding="utf-8")
    broken.write_text("name: x\nname: y", encoding="utf-8")
    assert main(["rubric", "lint", str(bad)]) == FINDINGS
    said = capsys.readouterr().out
    assert "1 finding\n" in said
    assert "RUB-021: `escalation[1].presses` is flag" in said
    assert main(["rubric", "lint", str(broken), str(bad), "--format", "json"]) == FINDINGS
    refused, found = json.loads(capsys.readouterr().out)
    assert refused["findings"] == found["problems"] == []
    assert any("`name` stands twice" in problem["what"] for problem in refused["problems"])
    assert [(f["standard"], f["line"]) for f in found["findings"]] == [
        ("RUB-021", text[: text.index("stop\n    urgency: S1")].count("\n") + 1)
    ]
    assert main(["rubric", "lint", str(tmp_path / "gone.yml")]) == COULD_NOT_RUN
