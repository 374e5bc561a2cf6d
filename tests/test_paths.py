"""The ways of readers, from the landing page to the end, by keyboard alone, without a network, on phone and desktop."""

from pathlib import Path

import pytest
from chromium import CHROMIUM, DESKTOP, PHONE, go, running

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
