"""A rubric's pages as HTML: whole, each text in its language, and laid out for paper."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from chromium import CHROMIUM, running
from hypothesis import given
from test_rubric_renders import AGENT, MARKETS, RUBRICS, few, hostile, poisoned

from halo_methods.rubric import Rubric, render

ROOT = Path(__file__).parents[1]
VOID = {"meta", "br"}
PAGES = ["guideline", "card"]


class Tags(HTMLParser):
    """The tags of a page, closed in their order, and its text by language."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.open: list[tuple[str, str]] = []
        self.texts: list[tuple[str, str]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(f"{tag} {sorted(name for name, _ in attrs)}")
        if tag not in VOID:
            self.open.append((tag, dict(attrs).get("lang") or ""))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self.texts.append((next((lang for _, lang in reversed(self.open) if lang), ""), data))

    def said(self, language: str) -> str:
        return " ".join(text for lang, text in self.texts if lang == language)


def made(rubric: Rubric, to: str, market: str | None = None) -> str:
    return next(text for name, text in render(rubric, to, market=market).items() if name.endswith(".html"))


@pytest.mark.parametrize("market", MARKETS)
@pytest.mark.parametrize("name", RUBRICS)
def test_a_page_is_whole_and_says_all_that_the_markdown_says(name: str, market: str | None) -> None:
    for to in PAGES:
        page = made(RUBRICS[name], to, market)
        tags = Tags(page)
        assert tags.open == []
        markdown = next(iter(render(RUBRICS[name], to, market=market).values()))
        words = re.findall(r"\w+", "".join(text for _, text in tags.texts).split("</style>")[-1])
        assert [word for word in re.findall(r"\w+", markdown) if word not in words] == []
        assert not re.search(r"(href|src)=", page)


def test_each_text_of_a_market_is_in_its_language() -> None:
    said = Tags(made(AGENT, "guideline", "fr-FR"))
    french, english = said.said("fr-FR"), said.said("en")
    assert "Vous jugez à la place" in french
    assert "dépassées" in french
    assert "Votre billet est réservé" in french
    assert "Did any step go beyond" not in french
    assert "(broken)" in english
    assert not re.search(r"\b(vous|réservé|dépassées)\b", english)
    everywhere = Tags(made(AGENT, "guideline"))
    assert "Das Hotel ist" in everywhere.said("de-DE")
    assert "Das Hotel ist" not in everywhere.said("en")


def test_worked_examples_are_folded_and_nothing_else_is() -> None:
    page = made(AGENT, "guideline")
    (folded,) = re.findall(r"<details.*?</details>", page, re.DOTALL)
    assert f"<summary>{len(AGENT.examples)} examples</summary>" in folded
    assert all(f"<h3>{example.name}, " in folded for example in AGENT.examples)
    assert "<h3>within_limits</h3>" not in folded


CALM = Tags(made(poisoned("calm"), "guideline", "fr-FR")).seen


@few
@given(hostile)
def test_no_text_adds_a_tag_to_a_page(text: str) -> None:
    wild = Tags(made(poisoned(text), "guideline", "fr-FR"))
    assert wild.open == []
    assert [tag for tag in wild.seen if tag[:3] not in ("br ", "em ")] == [tag for tag in CALM if tag[:3] != "em "]


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make tools")
def test_pages_print_whole_a_card_on_one_sheet() -> None:
    with running() as browser:
        page = browser.new_page(viewport={"width": 673, "height": 990})  # what A4 leaves between its margins
        for rubric, to in [(rubric, to) for rubric in RUBRICS.values() for to in PAGES]:
            page.set_content(made(rubric, to, "fr-FR"))
            page.emulate_media(media="print")
            sheets = len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))
            assert sheets == 1 if to == "card" else 3 <= sheets <= 8
            assert page.evaluate("document.documentElement.scrollWidth") <= 673
            shown = page.inner_text("main")
            for example in rubric.examples if to == "guideline" else ():
                if example.market in (None, "fr-FR"):
                    assert f"{example.name}, {example.kind}" in shown
            assert " examples\n" not in shown
            page.emulate_media(media="screen")
            page.set_viewport_size({"width": 1280, "height": 900})
            assert page.evaluate("document.documentElement.scrollHeight") <= 12 * 900
            page.set_viewport_size({"width": 390, "height": 844})
            assert page.evaluate("document.documentElement.scrollWidth") <= 390
            page.set_viewport_size({"width": 673, "height": 990})
