"""From the landing page, two clicks to an answer: ten questions of each of four readers, in Chromium, from disk."""

import re
from pathlib import Path
from urllib.parse import urldefrag

import pytest
from chromium import CHROMIUM, running

from halo_methods.standards import load
from halo_methods.standards.numbers import look_up, written

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
SCREEN, PHONE = {"width": 1280, "height": 900}, {"width": 390, "height": 844}

pytestmark = [
    pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the book is not built: make book"),
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: make tools"),
]

DOORS = {
    "I judge items": {
        "An item hurts me. What do I do?": "the item goes, no question asked, the day is paid",
        "May I use ChatGPT or another AI assistant?": "No (VEN-015)",
        "Am I paid while I train?": "Training, exam, waiting and reading this are paid",
        "How often may I try the exam?": "{CAL-009.attempts} in all",
        "When does my certificate end?": "After {CAL-013.days} days",
        "How many minutes of distressing items may I see in a day?": "all classes together {WEL-031.minutes}",
        "How do I appeal?": "answered by another person within {WEL-035.reply_days}",
        "Two rules contradict each other. Which one do I follow?": "applies the higher layer, flags the item",
        "My work was rejected. Am I paid?": "had {WEL-034.days} days to answer",
        "The guideline changed. May I go on?": "amendment {RUB-031.amendment_items} new gold items",
    },
    "I have a file and a question": {
        "May these labels be used?": "alpha at least {CAL-026.bar}",
        "Is each rater right often enough?": "at least {CAL-005.bar}",
        "Which label is it, when raters differ?": "{PIP-044.labels} labels per item",
        "Is this lot used or sent back?": "{QUA-006.rejectable:%} wrong passes at most {QUA-006.risk:%}",
        "Has something changed since last month?": "at most {CAL-031.change:%} of the scale",
        "Which vendor gets more work?": "over {VEN-048.weeks} weeks",
        "What does an alpha of .79 mean?": "raters differ about a fifth as much",
        "My columns have other names. What do I type?": "--columns item_id=task,rater_id=worker",
        "How are my dates read?": "Nothing is guessed",
        "The verdict is undecided. What now?": "Read what the gate says would settle it",
    },
    "I set up the work": {
        "What must be agreed before the first label?": "what each wrong decision costs",
        "How small may the team be?": "Four people can run a programme at low risk",
        "How do I write the plan, and who checks it?": "halo standards check plan.yml",
        "How many items does a market need?": "{DAT-004.items} items",
        "How many anchors does a level need?": "{RUB-005}",
        "How large is the pilot?": "{RUB-015}",
        "How long until a vendor works live?": "about seven weeks",
        "What must the contract say about quality?": "{VEN-001}",
        "What does a rater pass before live work?": "{CAL-018.quiz_right} of {CAL-018.quiz_items}",
        "What is fair pay, and who checks it?": "{OPS-051.share:%} of the working times",
    },
    "Somebody showed me a score": {
        "What may I say with it?": "about nine in ten were acceptable to readers of the market",
        "Until when does it hold?": "{USE-003.days} days after collection",
        "The verdict is undecided. What do I say?": "open until the top-up",
        "One market has 93%, another 90%. Is the first one better?": "Each passed its own bar",
        "None of 300 was harmful. Is the product safe?": "At most about 1 in 100",
        "Two numbers disagree. Which one is right?": "Do both rubrics ask the same question",
        "Why is there an interval?": "a sample of the raters you might have had",
        "May I have one number over all markets?": "the mean weighted by traffic beside it",
        "May I have a number by Friday?": "sign the quick look, with its last day",
        "Who signed it, and whom do I ask?": "every number that leaves the team",
    },
}  # fmt: skip
"""A door, the question as it reads on the page behind it, and words of the answer; braces hold what a standard says."""

LINKS = """() => Object.fromEntries([...document.querySelectorAll('article a')].filter(a => a.checkVisibility())
  .map(a => [a.innerText.trim(), [a.href, a.getBoundingClientRect().top]]))"""
SEEN = """async ([place, words, limit]) => {
  location.hash = place;
  await new Promise(resolve => requestAnimationFrame(resolve));
  const boxes = [...document.querySelectorAll('article :is(p, li, tr, h1, h2, h3, pre)')]
    .filter(e => e.checkVisibility() && e.innerText.replace(/\\s+/g, ' ').includes(words))
    .map(e => e.getBoundingClientRect());
  const top = place ? document.getElementById(place).getBoundingClientRect().top : -scrollY;
  return boxes.some(box => box.bottom > 0 && box.top < limit) && top > -5 && top < innerHeight;
}"""
"""Whether a place is in view and, outside a closed fold and above a limit, words stand there."""


@pytest.fixture(scope="module")
def page():
    with running() as browser:
        opened = browser.new_context(viewport=SCREEN, offline=True).new_page()
        opened.route(re.compile("mathjax|[.](png|woff2?)$"), lambda asked: asked.abort())  # no answer needs them
        yield opened


def go(page, address):
    page.goto(address, wait_until="domcontentloaded")


def filled(words):
    """Words with the numbers or the sentences of standards put in, as the pages show them."""
    register = load()

    def shown(found):
        standard, key, style = found.groups(default="")
        return written(look_up(standard, key, register.numbers), style) if key else register[standard].statement

    return re.sub(r"\{([A-Z]+-\d+)\.?(\w*):?([^}]*)\}", shown, words)


def behind(page, door):
    """The page behind a door, by clicking on it."""
    go(page, (SITE / "index.html").as_uri())
    page.locator("article .sd-card", has_text=door).click()
    page.wait_for_url(lambda address: "index.html" not in address)


@pytest.mark.parametrize("door", DOORS)
def test_a_reader_reaches_ten_answers_in_two_clicks(page, door):
    answers = {question: filled(words) for question, words in DOORS[door].items()}
    assert len(answers) == 10
    behind(page, door)
    links, second = page.evaluate(LINKS), 2 * SCREEN["height"]
    assert [question for question in answers if question not in links or links[question][1] > second] == []
    here = {question for question, words in answers.items() if page.evaluate(SEEN, ["", words, second])}
    for question in sorted(answers.keys() - here, key=links.get):
        address, place = urldefrag(links[question][0])
        if urldefrag(page.url)[0] != address:
            go(page, address)
        assert page.evaluate(SEEN, [place, answers[question], SCREEN["height"]]), (question, *links[question])


@pytest.mark.parametrize(("device", "screens"), [(SCREEN, 2), (PHONE, 4)])
def test_the_landing_page_is_short(page, device, screens):
    page.set_viewport_size(device)
    go(page, (SITE / "index.html").as_uri())
    height, width = page.evaluate("[document.documentElement.scrollHeight, document.documentElement.scrollWidth]")
    page.set_viewport_size(SCREEN)
    assert height <= screens * device["height"]
    assert width <= device["width"]
