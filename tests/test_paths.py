"""The ways of readers, from the landing page to the end, by keyboard alone, without a network, on phone and desktop."""

from pathlib import Path

import pytest
from chromium import CHROMIUM, DESKTOP, PHONE, go, running
from page_language import interface, suffix
from rater_path import forms_there
from test_browser import AXE, too_wide

from halo_methods.judgments import read_judgments

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
WIDTHS = {"phone": PHONE, "desktop": DESKTOP}
FOCUSED = """() => {
  const e = document.activeElement;
  return e?.closest('article') ? (e.matches(':focus-visible') && e.href || '') : null;
}"""
"""The address of the link in the text that has the focus which a reader sees; null where the focus is elsewhere."""
BEFORE_THE_TEXT = 20
"""Keys from the link *Skip to main content* to the text, at most."""

pytestmark = [
    pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make tools"),
]


def tab_to(page, ending):
    """Press Tab through the text until a link with this end of its address has the focus."""
    keys, met = 0, []
    while keys < BEFORE_THE_TEXT:
        page.keyboard.press("Tab")
        address = page.evaluate(FOCUSED)
        if address and address.split("?")[0].endswith(ending):
            return
        met += [] if address is None else [address]
        keys += address is None and (BEFORE_THE_TEXT if met else 1)
    raise AssertionError(f"{page.url}: no link in the text leads to {ending}, only to {sorted(set(met))}")


def walk(page, stops):
    """Go from the page that is open to each stop in turn, such as ``agreement.html``, by links in the text alone.

    The first key is that of the link *Skip to main content*; menus are not used.
    """
    for stop in stops:
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        tab_to(page, stop)
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{stop}")


@pytest.fixture(scope="module")
def browser():
    with running() as chromium:
        yield chromium


@pytest.fixture(params=WIDTHS)
def landed(browser, request):
    """The landing page, without a network."""
    width, height = WIDTHS[request.param]
    page = browser.new_context(viewport={"width": width, "height": height}, offline=True).new_page()
    go(page, (SITE / "index.html").as_uri())
    yield page
    page.context.close()


def test_an_analyst_walks_from_a_question_to_the_report_that_answers_it(landed):
    walk(landed, ["which_report.html", "calibration.html", "certification.html"])


def test_a_manager_walks_from_the_landing_page_through_the_ten_steps(landed):
    walk(landed, ["setting_up.html", "manager_path.html"])
    assert too_wide(landed) <= 0
    begin = landed.url
    walk(landed, ["onboarding.html", "certification.html"])
    go(landed, begin)
    walk(landed, ["vendors.html", "calibration.html"])


JUNIOR = ["agreement", "calibration", "certification", "audit", "disagreement", "adjudication", "drift", "workforce"]


def test_a_junior_analyst_walks_to_each_stage_and_to_the_end(landed):
    """Each chapter, a hint that opens, the capstone's rubric, and the page on mentoring."""
    walk(landed, ["junior_path.html"])
    begin = landed.url
    for chapter in [*JUNIOR, "guidelines"]:
        walk(landed, [f"{chapter}.html"])
        go(landed, begin)
    press(landed, "Tab", "Enter", "Tab")
    tab_down(landed, "details.halo-fold > summary")
    press(landed, "Enter")
    assert landed.locator("details.halo-fold[open] p:visible").count() >= 2
    go(landed, begin)
    walk(landed, ["mentoring.html", "method_intake.html"])


def test_a_way_that_is_not_there_is_found_missing(landed):
    with pytest.raises(AssertionError, match="no link in the text leads to nowhere"):
        walk(landed, ["nowhere.html"])


AHEAD = """place => {
  const stops = [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')].filter((e) =>
    e.checkVisibility() && e.tabIndex >= 0 && (e.type !== 'radio' || document.getElementsByName(e.name)[0] === e));
  const here = document.activeElement ?? document.body;
  const at = stops.findIndex(e => here.compareDocumentPosition(e) === 4);
  return at < 0 ? 0 : stops.slice(at).findIndex(e => e.matches(place)) + 1;
}"""
"""How many presses of Tab lead from where the focus is to a place further down."""


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def tab_down(page, place):
    """Press Tab as often as the page has stops up to a place, or on to the end and around, and find the focus there."""
    press(page, *["Tab"] * page.evaluate(AHEAD, place))
    for _ in range(3 * BEFORE_THE_TEXT):
        if page.evaluate("place => document.activeElement?.matches(place)", place):
            return
        press(page, "Tab")
    raise AssertionError(f"{page.url}: Tab does not lead to {place}")


def practise(page, items):
    """Rate some items of the practice: the first label, *Check*, *Next item*."""
    tab_down(page, ".halo-form input")
    for item in range(1, items + 1):
        press(page, "Space", "Tab", "Enter")
        if item < items:
            press(page, "Enter")
            page.wait_for_function("document.activeElement.type === 'radio'")
    assert page.locator(".halo-agreement figcaption").inner_text().count("%") == 3
    assert page.locator(".halo-landed:visible meter").count() == 3


def check(page):
    """Answer the questions of a section, and be told of each."""
    tab_down(page, ".halo-form input")
    asked = page.locator(".halo-form:visible fieldset").count()
    for _ in range(asked):
        press(page, "Space", "Tab")
    press(page, "Enter")
    assert page.locator(".halo-form:visible .sd-html").count() == asked


IN_THE_FORM = """async () => (await axe.run('#check-practice', {preload: false, resultTypes: ['violations']}))
  .violations.map(({id, nodes}) => `${id}: ${nodes[0].html.slice(0, 200)}`)"""


def path(page, whole):
    """From the first section to the last: all that is asked, or the first check and two items of the practice."""
    press(page, "Tab", "Enter")
    sections = page.locator("article section > section").evaluate_all("all => all.map(e => e.id)")
    for at, name in enumerate(sections):
        assert not at or page.evaluate("document.activeElement.parentElement.id") == name
        if page.locator("#check-practice:visible").count():
            practise(page, 12 if whole else 2)
            page.evaluate(AXE.read_text("utf-8"))
            assert page.evaluate(IN_THE_FORM) == []
        elif whole or not at:
            check(page)
        if name != sections[-1]:
            tab_down(page, ".halo-path .halo-first")
            press(page, "Enter")
    assert too_wide(page) <= 0


@pytest.mark.skipif(not forms_there(), reason="the form library was not fetched: make practice")
def test_a_rater_walks_the_path_in_each_language_and_takes_the_answers_along(landed, tmp_path):
    """All of it in English on a phone, and there the answers are saved; the other languages follow by their links."""
    phone = landed.viewport_size["width"] == PHONE[0]
    walk(landed, ["rater_path.html"])
    landed.wait_for_load_state()
    path(landed, whole=phone)
    if phone:
        assert landed.evaluate("document.activeElement.id") == "halo-code"
        press(landed, *"R-4f21", "Tab")
        with landed.expect_download() as saved:
            press(landed, "Enter")
        saved.value.save_as(file := tmp_path / saved.value.suggested_filename)
        assert file.name == "attempts-R-4f21-en-GB.json"
        assert len(read_judgments(file)) == 30
    for tag in list(interface())[1:]:
        tab_down(landed, "#pst-skip-link a")  # after the last stop of a page comes its first
        press(landed, "Enter")
        tab_to(landed, f"rater_path{suffix(tag)}.html")
        press(landed, "Enter")
        landed.wait_for_url(f"**/rater_path{suffix(tag)}.html")
        landed.wait_for_load_state()
        assert landed.evaluate("document.documentElement.lang") == tag
        path(landed, whole=False)
