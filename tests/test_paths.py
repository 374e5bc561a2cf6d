"""The ways of readers, from the landing page to the end, by keyboard alone, without a network, on phone and desktop."""

from pathlib import Path

import pytest
from chromium import CHROMIUM, DESKTOP, PHONE, go, running
from page_language import interface, suffix
from rater_path import forms_there
from test_browser import too_wide, violations

from halo_methods.judgments import read_judgments

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
WIDTHS = {"phone": PHONE, "desktop": DESKTOP}
FOCUSED = """() => {
  const e = document.activeElement;
  return e.closest('article') ? (e.matches(':focus-visible') && e.href || '') : null;
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


def test_a_way_that_is_not_there_is_found_missing(landed):
    with pytest.raises(AssertionError, match="no link in the text leads to nowhere"):
        walk(landed, ["nowhere.html"])


AHEAD = """place => {
  const stops = [...document.querySelectorAll('a[href], button, input, summary, [tabindex="0"]')].filter((e) =>
    e.checkVisibility() && e.tabIndex >= 0 && (e.type !== 'radio' || document.getElementsByName(e.name)[0] === e));
  const at = stops.findIndex(e => document.activeElement.compareDocumentPosition(e) === 4);
  return stops.slice(at).findIndex(e => e.matches(place)) + 1;
}"""
"""How many presses of Tab lead from where the focus is to a place further down."""
TAGS = list(interface())


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def tab_down(page, place):
    """Press Tab as often as the page has stops up to a place, or a few times more, and find the focus there."""
    press(page, *["Tab"] * page.evaluate(AHEAD, place))
    for _ in range(BEFORE_THE_TEXT):
        if page.evaluate("place => document.activeElement.matches(place)", place):
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


@pytest.mark.skipif(not forms_there(), reason="the form library was not fetched: make practice")
@pytest.mark.parametrize("tag", TAGS)
def test_a_rater_walks_the_path_and_takes_the_answers_along(landed, tag, tmp_path):
    """All of it in English on a phone; else each section, its first and last check and two items of the practice."""
    phone = landed.viewport_size["width"] == PHONE[0]
    whole = phone and tag == TAGS[0]
    stops = ["rater_path.html", f"rater_path{suffix(tag)}.html"]
    walk(landed, stops if tag != TAGS[0] else stops[:1])
    landed.wait_for_load_state()
    press(landed, "Tab", "Enter")
    sections = landed.locator("article section > section").evaluate_all("all => all.map(e => e.id)")
    for at in range(len(sections)):
        if at:
            assert landed.evaluate("document.activeElement.parentElement.id") == sections[at]
        if landed.locator("#check-practice:visible").count():
            practise(landed, 12 if whole else 2)
            assert not phone or violations(landed) == []
        elif whole or at in (0, len(sections) - 1):
            check(landed)
        if at < len(sections) - 1:
            tab_down(landed, ".halo-path .halo-first")
            press(landed, "Enter")
    assert landed.evaluate("document.activeElement.id") == "halo-code"
    press(landed, *"R-4f21", "Tab")
    with landed.expect_download() as saved:
        press(landed, "Enter")
    saved.value.save_as(file := tmp_path / saved.value.suggested_filename)
    assert file.name == f"attempts-R-4f21-{interface()[tag]['locale']}.json"
    rows = read_judgments(file)
    assert len(rows) == (30 if whole else 7)
    assert too_wide(landed) <= 0
