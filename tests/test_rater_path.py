"""The rater's path in each language: its questions, its practice, its words, and the page that holds them."""

import json
import re
from io import BytesIO
from pathlib import Path
from string import Formatter
from types import SimpleNamespace
from xml.etree import ElementTree
from zipfile import ZipFile

import pandas as pd
import pytest
import rater_path
from page_language import catalogue, interface, suffix

from halo_methods.documents import load
from halo_methods.errors import InvalidData
from halo_methods.judgments import read_judgments
from halo_methods.rubric import lint, read_rubric
from halo_methods.stats import wilson

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
PAGES = {tag: ROOT / f"book/chapters/people/rater_path{suffix(tag)}.md" for tag in interface()}
FENCE = re.compile(r"^```\{check\} (\w+)\n(.*?)^```", re.DOTALL | re.MULTILINE)
SECTIONS = ["purpose", "guideline", "scale", "hard", "escalation", "care", "integrity", "certification"]
LONGEST = 30
built = pytest.mark.skipif(not (SITE / "rater_path.html").is_file(), reason="the book is not built: make book")
each = pytest.mark.parametrize("tag", interface())


def texts(node):
    """Every text of nested data."""
    if isinstance(node, dict):
        node = list(node.values())
    return [node] if isinstance(node, str) else [text for part in node or [] for text in texts(part)]


def places(text):
    return sorted(name for _, name, _, _ in Formatter().parse(text) if name)


def checks(tag):
    return {
        section: load(rater_path.Questions, f"questions:\n{content}".encode()).questions
        for section, content in FENCE.findall(PAGES[tag].read_text("utf-8"))
    }


@each
def test_every_word_of_the_interface_is_there_with_its_places(tag):
    english, words = interface()["en"], interface()[tag]
    assert words.keys() == english.keys()
    assert words["ways"].keys() == english["ways"].keys()
    assert set(english["theme"]) <= set(words["theme"])
    for key, text in english.items():
        if isinstance(text, str) and key != "survey_file":
            assert words[key].strip(), key
            assert places(words[key]) == places(text), key


@each
def test_a_page_has_nine_sections_with_their_questions(tag):
    text = PAGES[tag].read_text("utf-8")
    assert text.startswith(f"---\nlang: {tag}\n---\n")
    assert len(re.findall(r"^## ", text, re.MULTILINE)) == 9
    assert [text.count(f"```{{{name}}}") for name in ("path", "practice", "practice-guideline")] == [1, 1, 1]
    assert list(checks(tag)) == SECTIONS
    assert 4000 < len(text.split()) * 2 < 12000


@each
def test_the_questions_are_those_of_the_english_page(tag):
    """So that an exported answer means the same in each language."""
    english, found = checks("en"), checks(tag)
    for section, questions in english.items():
        assert [one.right for one in found[section]] == [one.right for one in questions], section
        assert [len(one.options) for one in found[section]] == [len(one.options) for one in questions], section
    sentences = [
        s for qs in found.values() for one in qs for t in texts(one.model_dump()) for s in re.split(r"[.!?] ", t)
    ]
    assert [s for s in sentences if len(s.split()) > LONGEST] == []


@each
def test_the_right_answer_stands_in_no_habitual_place(tag):
    rights = [one.right for questions in checks(tag).values() for one in questions]
    assert max(rights.count(letter) for letter in "abc") <= 0.6 * len(rights)


@each
def test_the_practice_is_a_clean_rubric_with_balanced_gold(tag):
    path = rater_path.PRACTICE / f"{tag.partition('-')[0]}.yml"
    assert lint(path) == []
    rubric = read_rubric(path)
    assert rubric.name == f"support-answer-{path.stem}"
    assert [e.name for e in rubric.examples] == [f"P{n}" for n in range(1, 13)]
    frame = pd.DataFrame([(e.kind, e.labels["solves"].label) for e in rubric.examples], columns=["kind", "gold"])
    assert frame["kind"].value_counts().tolist() == [4, 4, 4]
    assert frame["gold"].value_counts().tolist() == [4, 4, 4]


@each
def test_colleagues_judged_every_item_of_the_practice(tag):
    rubric = rater_path.rubric(tag)
    for example in rubric.examples:
        counts = rater_path.colleagues()[f"{rubric.name}/{example.name}", "solves"]
        assert counts.total() == 30
        assert set(counts) <= set(rubric.criterion("solves").names)


def test_what_colleagues_gave_is_not_shown_where_there_is_nothing():
    assert rater_path.landed(rater_path.Counter(), ["a"], interface()["en"]) == ""


@each
def test_the_theme_speaks_the_language_of_the_page(tag):
    for english, own in interface()[tag]["theme"].items():
        assert catalogue("booktheme", tag).gettext(english) == own
    assert catalogue("sphinx", tag).gettext("No such string") == "No such string"


def test_the_intervals_are_wilsons():
    assert rater_path.intervals(12)[9][9] == pytest.approx([float(end) for end in wilson(9, 10)], abs=5e-4)


@each
def test_a_form_asks_what_the_text_asks_and_holds_what_is_said(tag):
    words = interface()[tag]
    forms = list(rater_path.practised(rater_path.rubric(tag), words))
    made = rater_path.survey(forms, paged=True)
    assert len(made["pages"]) == len(forms) == 12
    text = rater_path.block("practice", forms, words, paged=True)
    assert text.count("<details") == 12
    (data,) = re.findall(r'<script type="application/json">(.*?)</script>', text, re.DOTALL)
    assert "<" not in data
    assert [one["label"] for one in json.loads(data)["asked"]] == [f["label"] for f in forms]


@each
def test_a_learning_system_gets_each_item_with_its_gold(tag):
    rubric = rater_path.rubric(tag)
    with ZipFile(BytesIO(rater_path.package(rubric, interface()[tag]))) as package:
        (name,) = [name for name in package.namelist() if re.fullmatch(r"(.+)/\1\.xml", name)]
        assessment = ElementTree.fromstring(package.read(name))
    space = {"q": "http://www.imsglobal.org/xsd/ims_qtiasiv1p2"}
    items = assessment.findall(".//q:item", space)
    assert [item.get("title") for item in items] == [example.name for example in rubric.examples]
    for item, example in zip(items, rubric.examples, strict=True):
        shown = {
            one.get("ident"): "".join(one.itertext()).strip() for one in item.findall(".//q:response_label", space)
        }
        right = item.find(".//q:respcondition[q:setvar]//q:varequal", space).text
        assert re.sub("<[^>]+>", "", shown[right]) == example.labels["solves"].label


@pytest.mark.parametrize(
    ("content", "said"),
    [("- asks: x\n  options: [y]\n  right: a\n  why: z", "options"), ("- asks: x\n  right: f", "right")],
)
def test_a_fault_of_a_check_is_told(content, said):
    with pytest.raises(InvalidData, match=said):
        list(rater_path.checked("care", content, interface()["en"]))


def test_the_exported_file_is_read_as_judgments(tmp_path):
    row = {"rater_id": "R-1", "item_id": "purpose-1", "criterion": "check", "label": "b", "gold": "b",
           "locale": "fr-FR", "guideline": rater_path.VERSION, "section": "purpose", "kind": "check", "seconds": 9,
           "rated_at": "2026-11-28T20:15:02Z", "round": "1"}  # fmt: skip
    file = tmp_path / "attempts-R-1-fr-FR.json"
    file.write_text(json.dumps({"format": "halo-attempts 1", "answers": [row, {**row, "item_id": "purpose-2"}]}))
    assert len(read_judgments(file)) == 2


def test_the_lock_names_no_address_and_the_licence_is_there():
    folder = ROOT / "tools" / "practice"
    lock = json.loads((folder / "package-lock.json").read_text("utf-8"))
    wanted = json.loads((folder / "package.json").read_text("utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
    assert not any("resolved" in package for package in lock["packages"].values())
    assert "MIT License" in (folder / "LICENSE-surveyjs.txt").read_text("utf-8")


def test_the_pages_are_written_again_where_the_form_library_came_or_went(tmp_path, monkeypatch):
    app = SimpleNamespace(outdir=tmp_path, builder=SimpleNamespace(format="html"))
    env = SimpleNamespace(all_docs={"book/index": 0, "book/chapters/people/rater_path_fr": 0})
    asked = (app, env, set(), set(), set())
    monkeypatch.setattr(rater_path, "forms_there", lambda: False)
    assert rater_path.arrived(*asked) == []
    monkeypatch.setattr(rater_path, "forms_there", lambda: True)
    assert rater_path.arrived(*asked) == ["book/chapters/people/rater_path_fr"]


@built
@each
def test_a_built_page_says_its_language_and_links_to_the_others(tag):
    text = (SITE / f"rater_path{suffix(tag)}.html").read_text("utf-8")
    assert re.search(rf'<html[^>]* lang="{tag}"', text)
    assert re.findall(r'<link rel="alternate" hreflang="([^"]+)"', text) == list(interface()) * (len(interface()) > 1)
    assert interface()[tag]["theme"]["Skip to main content"] in text
    assert "halo-path" in text


@built
def test_the_form_library_is_loaded_by_the_path_alone_and_from_the_site():
    if not rater_path.forms_there():
        pytest.skip("the form library was not fetched: make practice")
    with_forms = sorted(p.name for p in SITE.glob("*.html") if "survey.core" in p.read_text("utf-8"))
    assert with_forms == sorted(f"rater_path{suffix(tag)}.html" for tag in interface())
    assert (SITE / "_static" / "practice" / "LICENSE-surveyjs.txt").is_file()
