"""Each page in Chromium, from disk, without a network: no error, no other host, nothing cut off, accessible."""

import re
from html import unescape
from importlib.metadata import files
from pathlib import Path

import page_heights
import pandas as pd
import pytest
from chromium import CHROMIUM, DESKTOP, PHONE, go, running

from halo_methods.standards import load

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
PAGES = sorted(path.name for path in SITE.glob("*.html"))
CHAPTERS = page_heights.chapters(SITE)
WIDTHS = {"phone": PHONE, "desktop": DESKTOP}

AXE = next(f.locate() for f in files("axe-playwright-python") if f.name == "axe.min.js")

pytestmark = [
    pytest.mark.skipif(not PAGES, reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make tools"),
]


@pytest.fixture(scope="module")
def browser():
    with running() as chromium:
        yield chromium


def opened(browser, device="desktop", **options):
    """An empty page; what goes wrong in it is collected in its `wrong`."""
    width, height = WIDTHS[device]
    page = browser.new_context(viewport={"width": width, "height": height}, offline=True, **options).new_page()
    page.wrong = []
    page.on("pageerror", lambda error: page.wrong.append(f"error in the page: {error}"))
    page.on("requestfailed", lambda asked: page.wrong.append(f"not loaded: {asked.url}"))
    page.on(
        "console",
        lambda said: page.wrong.append(f"console: {said.text}") if said.type in ("error", "warning") else None,
    )
    page.on(
        "request",
        lambda asked: (
            page.wrong.append(f"another host: {asked.url}")
            if not asked.url.startswith(("file:", "data:", "blob:", "about:"))
            else None
        ),
    )
    return page


@pytest.fixture
def visit(browser):
    """Opens an address in a context of its own."""
    pages = []

    def visited(address, device="desktop", **options):
        pages.append(opened(browser, device, **options))
        go(pages[-1], address)
        return pages[-1]

    yield visited
    for page in pages:
        page.context.close()


@pytest.fixture(scope="module")
def window(browser):
    """One page that goes from address to address: a new one each time would read all scripts again."""
    return opened(browser)


EACH_STYLE = """known => {
  const behind = e => {
    for (; e; e = e.parentElement) {
      const colour = getComputedStyle(e).backgroundColor;
      if (!colour.endsWith(', 0)')) return colour;
    }
    return '';
  };
  const seen = new Set(known);
  for (const e of document.querySelectorAll('body *')) {
    if (![...e.childNodes].some(n => n.nodeType === 3 && n.textContent.trim())) continue;
    const s = getComputedStyle(e), shown = e.checkVisibility();
    const style = [shown, s.color, behind(e), s.fontSize, s.fontWeight, s.opacity, s.textShadow].join();
    if (!seen.has(style)) { seen.add(style); e.dataset.style = style; }
  }
}"""
"""Marks the first text of each colour, ground, size and weight: all others of that style have the same contrast."""

FINE = set()
"""The styles whose contrast was found to be enough on an earlier page."""

RUN = """async rules => {
  axe.configure({rules: [{id: 'color-contrast', selector: '[data-style]'}]});
  const quick = {preload: false, resultTypes: ['violations', 'incomplete'], selectors: false, iframes: false};
  const {violations, incomplete, passes} = await axe.run(document, {...quick, elementRef: true, ...rules});
  const ran = [...violations, ...incomplete, ...passes].some(rule => rule.id === 'color-contrast');
  const open = new Set([...violations, ...incomplete].filter(rule => rule.id === 'color-contrast')
    .flatMap(rule => rule.nodes.map(node => node.element.dataset.style)));
  const fine = [...document.querySelectorAll('[data-style]')].map(e => e.dataset.style).filter(s => !open.has(s));
  return {
    faults: violations.map(({id, impact, nodes}) => `${id} (${impact}): ${nodes[0].html.slice(0, 200)}`),
    fine: ran ? fine : [],
  };
}"""
WIDTH_RULES = ["meta-viewport", "scrollable-region-focusable"]
"""The rules whose answer hangs on the width."""


def violations(page, rules=None):
    """Faults found by axe, by all of its usual rules or by some; contrast once for each style of text."""
    if page.evaluate("typeof axe") == "undefined":
        page.evaluate(AXE.read_text("utf-8"))
    page.evaluate(EACH_STYLE, sorted(FINE))
    found = page.evaluate(RUN, {"runOnly": {"type": "rule", "values": rules}} if rules else {})
    FINE.update(found["fine"])
    return found["faults"]


def resize(page, device):
    width, height = WIDTHS[device]
    page.set_viewport_size({"width": width, "height": height})


SETTLED = """async () => {
  const scrolls = e => e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight;
  const reachable = () => [...document.querySelectorAll('pre, .cell_output > .output, .pst-scrollable-table-container')]
    .every(e => scrolls(e) === (e.tabIndex === 0));
  for (let waited = 0; waited < 3000 && !reachable(); waited += 20) await new Promise(done => setTimeout(done, 20));
}"""
"""Waits until what scrolls is reachable: the theme sees to it a moment after the widths have changed."""


def too_wide(page):
    return page.evaluate("document.documentElement.scrollWidth - window.innerWidth")


def answers_first(page, name):
    """The answer box on the first screen, at most twelve screens, no code open; as long as the book says."""
    seen = page_heights.measured(page)
    told = pd.read_csv(page_heights.TABLE, comment="#").set_index("chapter")["screens"]
    assert seen["screens"] <= page_heights.MOST
    assert seen["answer"] is not None, "no answer box"
    assert seen["answer"] <= DESKTOP[1]
    assert seen["open_code"] == 0
    assert abs(seen["screens"] - told[name]) <= 1, "python tools/page_heights.py writes the table anew"


def whole(page, name):
    page.goto("about:blank")
    page.wrong.clear()
    resize(page, "phone")
    go(page, (SITE / name).as_uri())
    for width, rules in (("phone", WIDTH_RULES), ("desktop", None)):
        resize(page, width)
        page.evaluate(SETTLED)
        assert too_wide(page) <= 0, width
        assert page.locator("h1:visible").first.inner_text().strip()
        if width == "desktop" and name.removesuffix(".html") in CHAPTERS:
            answers_first(page, name.removesuffix(".html"))
        if violations(page, rules):  # a change of width may leave what a fresh visit does not have
            go(page, (SITE / name).as_uri())
            page.evaluate(SETTLED)
            assert violations(page, rules) == [], width
    assert page.wrong == []


class TestReference:
    """Apart from the chapters, so that two workers share the pages."""

    @pytest.mark.parametrize("name", [page for page in PAGES if page.startswith("api")])
    def test_page_is_whole(self, window, name):
        whole(window, name)


@pytest.mark.parametrize("name", [page for page in PAGES if not page.startswith("api")])
def test_page_is_whole(window, name):
    whole(window, name)


def test_a_standards_page_is_whole(window):
    whole(window, "s/CAL-005/index.html")


FIRST = """queries => queries.map(query =>
  Search._performSearch(...Search._parseQuery(query)).slice(-3).reverse().map(result => result[0]))"""
WANTED = {
    "rubric": "hallucination, factuality, formality, guillemets, Anrede, duzen, nine criteria, "
    "localisation, chatbot, ¿, «, ß, ñ, ç, é, você, voce, umlaut",
    "scales": "Likert, battles, Elo, how many points, cannot judge",
    "taxonomy": "taxonomy, LQA, MQM, severity",
    "escalation": "suicide, threat, self-harm, crisis, urgent",
    "wellbeing_and_pay": "support line, distress, rater in distress, burnout, disturbing, salary, appeal, opt out, "
    "piece rate",
    "integrity": "ChatGPT, AI assistance, shared account",
    "vendors": "RFP, SLA, bid",
    "workforce": "turnaround, rework",
    "planning": "currency, budget, overlap",
    "exposure": "exposure",
    "rater_day_one": "first day",
    "rater_path": "exercises, beginner, practice",
    "guideline_changes": "changelog, guideline change",
    "qa_gates": "control items",
    "tooling": "Label Studio, Prodigy",
    "data_handling": "columns, GDPR",
    "agreement": "IAA, kappa paradox, inter-annotator agreement",
    "audit": "rejected lot, AQL",
    "reading_scores": "hidden, suppressed, confidence interval, margin of error",
    "alignment": "RACI",
    "situations": "takedown, number by friday, vendor swap, budget cut, contamination",
    "roles": "who decides, sign-off",
    "plan": "ship, launch by Friday",
    "how_to_read": "FAQ, exception",
    "setting_up": "new programme",
    "which_report": "report",
    "s/DAT-006/index": "adversarial, red team",
    "s/DAT-021/index": "LLM judge, judge model",
    "s/DAT-023/index": "judge upgrade",
    "s/CAL-013/index": "certificate expires",
}


@pytest.fixture(scope="module")
def found_first(browser):
    """The first three pages found for each query, on one page of search that stays open."""
    page = opened(browser)
    go(page, (SITE / "search.html").as_uri())
    page.wait_for_function("typeof Search !== 'undefined' && Search.hasIndex()")
    return lambda queries: dict(zip(queries, page.evaluate(FIRST, queries), strict=True))


def test_an_identifier_leads_to_its_own_page(found_first):
    typed = {text: name for name in load() for text in (name, name.lower(), name.replace("-", " "))}
    found = found_first(list(typed))
    assert {text: pages[0] for text, pages in found.items()} == {
        text: f"s/{name}/index" for text, name in typed.items()
    }


def test_words_that_people_use_lead_to_the_page_that_answers(found_first):
    wanted = {word: page for page, words in WANTED.items() for word in words.split(", ")}
    assert len(wanted) >= 60
    found = found_first(list(wanted))
    assert {word: found[word] for word, page in wanted.items() if page not in found[word]} == {}


def test_a_word_of_the_glossary_leads_to_its_meaning(found_first):
    text = (SITE / "glossary.html").read_text("utf-8")
    terms = [unescape(term).replace("’", "'") for term in re.findall(r'<dt id="term-[^"]*">([^<]*)<', text)]
    assert len(terms) > 150
    found = found_first(terms)
    assert {term: pages for term, pages in found.items() if "glossary" not in pages} == {}
    assert [term for term, pages in found.items() if pages[0].startswith("api")] == []


def test_accents_may_be_typed_or_left_out(found_first):
    alike = (("você", "voce", "VOCÊ"), ("Präsentation", "Prasentation"), ("kappa paradox", "káppa pàradox"))
    found = found_first([typed for spellings in alike for typed in spellings])
    assert [len({tuple(found[typed]) for typed in spellings}) for spellings in alike] == [1, 1, 1]


def test_a_question_of_many_words_finds_pages_that_have_most_of_them(found_first):
    (pages,) = found_first(["how many gold items does a rater need to be certified"]).values()
    assert {"certification", "gold"} & set(pages)


def test_the_register_is_filtered_and_sorted(visit):
    page = visit((SITE / "register.html").as_uri())
    rows = page.locator("table.halo-sift tbody tr:visible")
    whole_number = rows.count()
    page.get_by_label("evidence").select_option("measured")
    assert 30 < rows.count() < whole_number
    page.get_by_label("Words").fill("gold")
    assert 0 < rows.count() < 30
    page.get_by_role("button", name="owner").click()
    owners = [row.locator("td").nth(5).inner_text() for row in rows.all()]
    assert owners == sorted(owners)


def test_the_checklists_are_narrowed_to_an_owner(visit):
    page = visit((SITE / "checklists.html").as_uri())
    lines, heads = page.locator(".halo-checklist li:visible"), page.locator("article h2:visible")
    whole = lines.count(), heads.count()
    page.get_by_role("combobox", name="owner").select_option("wellbeing lead")
    assert {line.get_attribute("data-owner") for line in lines.all()} == {"wellbeing lead"}
    assert 0 < heads.count() < whole[1]
    page.get_by_role("combobox", name="owner").select_option("all")
    assert (lines.count(), heads.count()) == whole


def test_pages_are_accessible_in_the_dark(visit):
    for name in ("index.html", "calibration.html", "register.html"):
        page = visit((SITE / name).as_uri())
        page.evaluate("document.documentElement.dataset.theme = 'dark'")
        assert violations(page, ["color-contrast"]) == []


def test_a_wide_table_is_found_to_be_too_wide(visit, tmp_path):
    """The checks above can fail."""
    page = tmp_path / "wide.html"
    faint = "<p>dark</p><p>as dark</p><p style='color:#ccc'>faint</p>"
    page.write_text(f"<img src='http://192.0.2.1/a.png'><div style='width:2000px'>x</div>{faint}", encoding="utf-8")
    opened = visit(page.as_uri(), "phone")
    assert too_wide(opened) > 0
    assert any("another host" in fault for fault in opened.wrong)
    assert {"html-has-lang", "color-contrast"} <= {fault.split()[0] for fault in violations(opened)}


def test_search_finds_a_chapter_and_leads_to_it(visit):
    page = visit((SITE / "vendors.html").as_uri())
    page.locator(".search-button-field:visible").click()
    page.locator("input[type=search]:visible").fill("calibration")
    page.keyboard.press("Enter")
    page.wait_for_url("**/search.html?q=calibration*")
    hit = page.locator("#search-results a[href^='calibration.html']").first
    hit.wait_for(timeout=10_000)
    hit.click()
    page.wait_for_url("**/calibration.html*")
    assert page.wrong == []


def test_formulas_are_set_without_a_network(visit):
    texts = {name: (SITE / name).read_text(encoding="utf-8") for name in PAGES}
    with_formulas = [name for name, text in texts.items() if 'class="math' in text]
    if not with_formulas:
        pytest.skip("no page has a formula")
    page = visit((SITE / with_formulas[0]).as_uri())
    assert page.locator("mjx-container").count() > 0
    assert page.locator("mjx-merror").count() == 0


@pytest.mark.parametrize("name", ["search-relevance.fr-FR", "agent-task", "agent-task.de-DE.card"])
def test_a_guidelines_page_is_whole(window, name):
    whole(window, f"guidelines/{name}.html")
    assert window.evaluate("document.documentElement.scrollHeight") <= page_heights.MOST * WIDTHS["desktop"][1]


def test_a_guideline_is_printed_without_navigation_and_with_its_examples(visit):
    page = visit((SITE / "guidelines" / "search-relevance.fr-FR.html").as_uri())
    assert page.locator("nav.halo-guideline-links a").count() > 10
    page.set_viewport_size({"width": 673, "height": 990})  # what A4 leaves between its margins
    page.emulate_media(media="print")
    assert page.locator("nav:visible, input:visible, button:visible, footer:visible").count() == 0
    assert page.locator(".halo-fold h3:visible").count() == page.locator(".halo-fold h3").count() > 1
    assert page.locator("h1:visible").inner_text() == "Relevance of search results in a shop for the home"
    assert too_wide(page) <= 0
    assert page.locator("[lang='fr-FR']:visible").count() > 5
    assert 3 <= len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True))) <= 9
