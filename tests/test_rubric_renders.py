"""One rubric, rendered: each target holds what the rubric says, and no text of it breaks out of its place."""

import ast
import json
import re
import subprocess
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from markdown_it import MarkdownIt

from halo_methods.atomic_files import write_files
from halo_methods.cli import FINE, USAGE, main
from halo_methods.errors import BadOption
from halo_methods.rubric import TARGETS, Rubric, read_rubric, render

ROOT = Path(__file__).parents[1]
RUBRICS = {path.stem: read_rubric(path) for path in sorted((ROOT / "data/rubrics").glob("*.yml"))}
AGENT = RUBRICS["agent_task"]
MARKETS = [None, "fr-FR", "pt-BR"]
TOOL_TARGETS = ("label-studio", "argilla", "inspect")
SIGNS = [
    *("*", "`", "<b>", "]]>", "&amp;", '"', "'", "\\", "\n", "\n# x", "\n- y", "$a", "${b}", "{{ r }}", "{% x %}", "|"),
    *("\x00", "\x1b[2J", "\n```\n", "~~~", "[a](b)", "1. ", "---", "\n:::", "é", "\u202e", "</script>", '"""', "_"),
]
hostile = st.lists(st.sampled_from([*SIGNS, "word", " "]), min_size=1, max_size=8).map("".join)
few = settings(max_examples=15, deadline=60_000, suppress_health_check=[HealthCheck.too_slow])


def answer(rubric: Rubric, **labels: str) -> dict[str, Any]:
    """A judge's valid answer, with the highest label of each criterion unless told."""
    judged = {c.name: {"why": "Seen.", "label": c.labels[-1].name} for c in rubric.criteria}
    for name, label in labels.items():
        judged[name]["label"] = label
    return {"answer": {"labels": judged, "defects": []}}


def poisoned(text: str) -> Rubric:
    """The agent's rubric with a text wherever one may stand that no code refers to."""
    held = AGENT.model_dump(mode="json", exclude_unset=True)
    short = text[:200] or "x"
    held |= {"title": short, "verdict": text, "decision": text, "stands_for": text, "terms": {short: text}}
    held["shows"] |= {"task": short}
    label = text[:60]
    for criterion in held["criteria"][:1]:
        criterion |= {"question": text, "ties": text}
        old = criterion["labels"][0]["name"]
        criterion["labels"][0] |= {"name": label, "means": text, "is_not": text, "needs": short}
        criterion["labels"][0]["anchors"][0] |= {"text": text, "why": text}
        for anchor in (a for one in criterion["labels"] for a in one["anchors"] if a.get("not_label") == old):
            anchor["not_label"] = label
        for example in held["examples"]:
            judged = example["labels"][criterion["name"]]
            judged |= {"label": label if judged["label"] == old else judged["label"], "why": text}
            example["item"]["task"] = text
        for variant in held["markets"].values():
            variant["guideline"] = text
            variant["labels"][criterion["name"]] = {label: short}
    held["exits"][0] |= {"when": text, "score": text, "then": text}
    held["escalation"][0] |= {"sees": text, "meanwhile": text}
    held["defects"][0] |= {"definition": text, "test": text}
    return Rubric.model_validate(held)


def blocks(page: str) -> list[str]:
    """The kinds of a page's blocks and of its links and emphases, without its words."""
    tokens = MarkdownIt("commonmark").enable("table").parse(page)
    return [t.type for token in tokens for t in [token, *(token.children or [])] if t.type not in ("text", "softbreak")]


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("to", TARGETS)
@pytest.mark.parametrize("name", RUBRICS)
def test_a_shipped_rubric_renders_to_every_target(name: str, to: str, market: str | None) -> None:
    files = render(RUBRICS[name], to, market=market)
    assert files
    for file, text in files.items():
        assert file.startswith(RUBRICS[name].name)
        assert text.endswith("\n")
        if file.endswith(".json"):
            json.loads(text)


@pytest.mark.parametrize("name", RUBRICS)
def test_a_schema_accepts_answers_with_labels_or_a_way_out_and_no_other(name: str) -> None:
    rubric = RUBRICS[name]
    schema = json.loads(render(rubric, "judge-prompt")[f"{rubric.name}.schema.json"])
    Draft202012Validator.check_schema(schema)
    valid = Draft202012Validator(schema).is_valid
    for criterion in rubric.criteria:
        for label in [*(one.name for one in criterion.labels), "not_applicable"]:
            assert valid(answer(rubric, **{criterion.name: label}))
        assert not valid(answer(rubric, **{criterion.name: "great"}))
        lacking = answer(rubric)
        del lacking["answer"]["labels"][criterion.name]
        assert not valid(lacking)
    assert valid({"answer": {"why": "Cut off.", "way_out": "invalid_task"}})
    assert not valid({"answer": {"why": "", "way_out": "invalid_task"}})
    assert not valid({"answer": {"why": "So.", "way_out": "not_applicable"}})
    both = answer(rubric)["answer"] | {"why": "So.", "way_out": "invalid_task"}
    assert not valid({"answer": both})
    silent = answer(rubric)
    silent["answer"]["labels"][rubric.criteria[0].name]["why"] = ""
    assert not valid(silent)


@pytest.mark.parametrize("to", ["judge-prompt", "guideline"])
@pytest.mark.parametrize("name", RUBRICS)
def test_a_page_holds_all_that_the_rubric_says(name: str, to: str) -> None:
    rubric = RUBRICS[name]
    page = re.sub(r"\\([!-/:-@[-`{-~])", r"\1", next(iter(render(rubric, to).values())))
    said = [rubric.verdict, rubric.stands_for, *rubric.terms.values(), *(way.when for way in rubric.exits)]
    for criterion in rubric.criteria:
        said += [criterion.question, criterion.ties or ""]
        for label in criterion.labels:
            said += [label.name, label.means, label.is_not, label.needs, *(a.why for a in label.anchors)]
            said += [anchor.text for anchor in label.anchors]
    said += [text for d in rubric.defects for text in (d.definition, d.test, *(n.difference for n in d.near))]
    said += [judged.why for example in rubric.examples for judged in example.labels.values()]
    said += [t.meanwhile for t in rubric.escalation] if to == "guideline" else []
    assert [text for text in said if text not in page] == []


def test_a_market_has_its_guideline_its_labels_and_its_examples() -> None:
    page = render(AGENT, "guideline", market="fr-FR")["agent-task.fr-FR.guideline.md"]
    assert "Vous jugez à la place" in page
    assert "**dépassées (broken)**" in page
    assert "Votre billet est réservé" in page
    assert "Tu mesa para" not in page
    assert "### T3, edge, fr-FR" in page
    assert "### T1" not in page
    assert page.endswith("before labelling. Calibrate again.\n")
    with pytest.raises(BadOption, match="de-AT"):
        render(AGENT, "guideline", market="de-AT")
    with pytest.raises(BadOption, match="poster"):
        render(AGENT, "poster")


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", RUBRICS)
def test_a_card_is_one_page(name: str, market: str | None) -> None:
    card, _ = render(RUBRICS[name], "card", market=market).values()
    assert len(card.split()) <= 450
    assert len(card.splitlines()) <= 50


@few
@given(hostile)
def test_no_text_adds_a_block_to_a_page(text: str) -> None:
    calm, wild = poisoned("calm"), poisoned(text)
    for to in ("guideline", "judge-prompt", "card"):
        pages = [next(iter(render(r, to, market="fr-FR").values())) for r in (calm, wild)]
        kinds = [[kind for kind in blocks(page) if kind not in ("hardbreak", "em_open", "em_close")] for page in pages]
        assert kinds[0] == kinds[1]
        assert "\x00" not in pages[1]


def studio(rubric: Rubric, market: str | None = None) -> ElementTree.Element:
    return ElementTree.fromstring(*render(rubric, "label-studio", market=market).values())


def asked(view: ElementTree.Element) -> dict[str, list[str]]:
    """What an export of the tool holds, by control."""
    return {c.attrib["name"]: [one.attrib["alias"] for one in c.findall("Choice")] for c in view.iter("Choices")}


def test_label_studio_asks_each_criterion_with_its_reason_unless_there_is_a_way_out() -> None:
    view = studio(AGENT, "fr-FR")
    assert asked(view) == {
        "way-out": ["cannot_judge", "invalid_task"],
        **{c.name: [*(label.name for label in c.labels), "not_applicable"] for c in AGENT.criteria},
        "all-defects": [defect.name for defect in AGENT.defects],
    }
    objects = {tag.attrib["name"]: tag.tag for tag in view.iter() if tag.get("value", "").startswith("$")}
    assert objects == {"item-task": "Text", "item-limits": "Text", "item-trace": "Paragraphs",
                       "item-final_state": "Text"}  # fmt: skip
    assert all(tag.attrib["toName"] in objects for tag in view.iter() if "toName" in tag.attrib)
    names = [tag.attrib["name"] for tag in view.iter() if "name" in tag.attrib]
    assert len(set(names)) == len(names)
    assert {f"why-{c.name}" for c in AGENT.criteria} < set(names)
    first = next(c for c in view.iter("Choices") if c.attrib["name"] == "within_limits")
    assert (first.attrib["visibleWhen"], first.attrib["whenTagName"]) == ("choice-unselected", "way-out")
    assert first[0].attrib["value"] == "dépassées (broken)"
    assert "not: A step that failed" in first[0].attrib["hint"]


def test_label_studio_shows_a_pair_side_by_side() -> None:
    held = RUBRICS["search_relevance"].model_dump(mode="json", exclude_unset=True)
    view = studio(Rubric.model_validate(held | {"unit": "pair", "shows": {"left": "One.", "right": "Other."}}))
    side_by_side = next(one for one in view.findall("View") if "flex" in one.get("style", ""))
    assert [text.attrib["value"] for text in side_by_side.iter("Text")] == ["$left", "$right"]


@pytest.mark.parametrize("name", RUBRICS)
def test_a_quiz_keeps_its_answers_in_a_file_of_their_own(name: str) -> None:
    rubric = RUBRICS[name]
    quiz, answers = map(json.loads, render(rubric, "quiz").values())
    assert [one["item"] for one in quiz["items"]] == [one.item for one in rubric.examples]
    assert all(set(one) == {"name", "item"} for one in quiz["items"])
    for example, answer in zip(rubric.examples, answers["answers"], strict=True):
        assert answer["name"] == example.name
        assert answer["labels"] == {key: judged.model_dump() for key, judged in example.labels.items()}
        allowed = {one["criterion"]: one["labels"] for one in quiz["questions"]}
        assert all(judged["label"] in allowed[key] for key, judged in answer["labels"].items())


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", RUBRICS)
def test_argilla_settings_stay_within_what_its_server_takes(name: str, market: str | None) -> None:
    (held,) = map(json.loads, render(RUBRICS[name], "argilla", market=market).values())
    assert 0 < len(held["guidelines"]) <= 10_000
    assert any(one.get("required", True) for one in held["questions"])
    for one in [*held["fields"], *held["questions"]]:
        assert re.fullmatch("[a-z0-9_-]{1,200}", one["name"])
        assert len(one["title"]) <= 500
        assert len(one.get("description", "")) <= 1000
        assert all(len(text) <= 500 for text in one.get("labels", {}).values())


@pytest.mark.parametrize("name", RUBRICS)
def test_an_inspect_scorer_is_python_with_the_prompt_and_the_schema(name: str) -> None:
    rubric = RUBRICS[name]
    (file,) = render(rubric, "inspect").values()
    held = constants(file)
    prompt, schema = render(rubric, "judge-prompt").values()
    assert held["PROMPT"] == prompt
    assert held["SCHEMA"] == json.loads(schema)
    for criterion in rubric.criteria:
        values = held["VALUES"][criterion.name]
        assert list(values) == [label.name for label in criterion.labels]
        assert values[criterion.passes] == 1
        assert list(values.values()) == sorted(values.values())
        assert values[criterion.labels[0].name] == 0


def constants(file: str) -> dict[str, Any]:
    """The values that a Python file gives to names, without running it."""
    given = {
        n.targets[0].id: n.value
        for n in ast.parse(file).body
        if isinstance(n, ast.Assign) and isinstance(n.targets[0], ast.Name)
    }
    values = {name: ast.literal_eval(v.args[0] if isinstance(v, ast.Call) else v) for name, v in given.items()}
    return values | {"SCHEMA": json.loads(values["SCHEMA"])}


@few
@given(hostile)
def test_no_text_breaks_out_of_a_file_for_a_tool(text: str) -> None:
    calm, wild = poisoned("calm"), poisoned(text)
    shapes = [[(tag.tag, sorted(tag.attrib)) for tag in studio(r, "fr-FR").iter()] for r in (calm, wild)]
    assert shapes[0] == shapes[1]
    label = wild.criteria[0].labels[0].name
    readable = re.sub("[\x00-\x08\x0e-\x1f]", "\ufffd", label)
    view = studio(wild, "fr-FR")
    assert asked(view)["within_limits"][0] == readable
    shown = [tag.attrib["value"] for tag in view.iter() if tag.tag in ("Choice", "Header")]
    assert not any(re.search(r"\$\w", value) for value in shown)
    files = [*render(wild, "quiz").values(), *render(wild, "argilla").values()]
    assert all(json.loads(file) for file in files)
    (scorer,) = render(wild, "inspect", market="fr-FR").values()
    held, kept = constants(scorer), constants(*render(calm, "inspect", market="fr-FR").values())
    assert list(held) == list(kept)
    assert next(iter(held["VALUES"]["within_limits"])) == label
    assert held["SCHEMA"] == json.loads(render(wild, "judge-prompt")["agent-task.schema.json"])


def test_the_tools_themselves_take_what_is_rendered(tmp_path: Path, tools_python: Path) -> None:
    made = [(r, to, market) for r in RUBRICS.values() for to in TOOL_TARGETS for market in MARKETS]
    for rubric, to, market in made:
        write_files({tmp_path / name: text for name, text in render(rubric, to, market=market).items()})
    command = [tools_python, ROOT / "tests/tool_acceptance.py", tmp_path]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    assert len(done.stdout.splitlines()) == len(made)


def test_the_command_writes_what_it_renders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = str(ROOT / "data/rubrics/agent_task.yml"), tmp_path / "out"
    assert main(["rubric", "render", file, "--to", "judge-prompt", "--out", str(out)]) == FINE
    assert capsys.readouterr().out == f"{out / 'agent-task.prompt.md'}\n{out / 'agent-task.schema.json'}\n"
    assert {p.name: p.read_text(encoding="utf-8") for p in out.iterdir()} == render(AGENT, "judge-prompt")
    assert main(["rubric", "render", file, "--to", "card", "--market", "de-AT", "--out", str(out)]) == USAGE
    assert "fr-FR" in capsys.readouterr().err
