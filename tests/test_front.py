"""The first screen of a report, what it says once, and how long it is on a file of 83 raters."""

import re
from html.parser import HTMLParser

import nbformat
import numpy as np
import pandas as pd
import pytest
from chromium import CHROMIUM, running
from hypothesis import given, settings
from hypothesis import strategies as st

from halo_methods import Estimate, NotEstimable, reports
from halo_methods.errors import InvalidData
from halo_methods.reports import rendering, whole_page
from halo_methods.reports.front import first_screen, next_steps
from halo_methods.results import MIME, Caution
from halo_methods.standards import gate, load
from halo_methods.standards.register import house

RESTS = {"n_items": 300, "n_raters": 9, "n_judgments": 900}
FEW = Caution("few_raters", "With few raters the interval holds for the items only.")


def held(standard, value=0.5, width=0.02, *, subject="", cautions=()):
    """A gate as a report publishes it."""
    one = Estimate(value=value, low=value - width, high=value + width, method="share", over="items", cautions=cautions,
                   **RESTS)  # fmt: skip
    return gate(standard, one, subject=subject)


MET, NOT_MET, TOP_UP, FAR, ABSENT, SHOULD = (
    held("CAL-026", 0.9), held("CAL-004", 0.6), held("CAL-027", 0.62, 0.03), held("CAL-028", 0.601, 0.3),
    gate("CAL-030", NotEstimable("there is no column `round`")), held("CAL-012", 0.6),
)  # fmt: skip


def test_what_to_do_next_stands_in_the_order_of_its_worth():
    steps = next_steps([g.to_dict() for g in (SHOULD, ABSENT, FAR, MET, TOP_UP, NOT_MET)])
    assert [s["standards"] for s in steps] == [["CAL-004"], ["CAL-027"], ["CAL-030"], ["CAL-028"], ["CAL-012"]]
    register = load()
    assert [s["by"] for s in steps] == [register[s["standards"][0]].owner for s in steps]
    assert steps[0]["what"] == register["CAL-004"].fix
    assert "more items would settle it" in steps[1]["what"]
    assert steps[2]["what"] == "There is no column `round`."


def test_what_several_standards_ask_alike_is_one_step():
    reason = NotEstimable("there is no `guideline` column")
    steps = next_steps([gate(s, reason).to_dict() for s in ("RUB-013", "RUB-032", "RUB-034")])
    assert [s["standards"] for s in steps] == [["RUB-013", "RUB-032", "RUB-034"]]


def test_people_are_counted_and_not_named():
    gates = [held("CAL-005", v, subject=f"R-{k}").to_dict() for k, v in enumerate((0.5, 0.95, 0.6))]
    steps = next_steps(gates)
    assert steps[0]["what"].endswith("Not met: 2 of 3.")
    page = first_screen({"gates": gates, "next": steps})
    assert "2 not met, 1 met" in page
    assert "R-" not in page


@settings(max_examples=50, deadline=None)
@given(st.lists(st.sampled_from([MET, NOT_MET, TOP_UP, FAR, ABSENT, SHOULD]), max_size=12))
def test_each_standard_has_one_line_and_those_not_met_one_step(gates):
    found = [g.to_dict() for g in gates]
    steps, page = next_steps(found), first_screen({"gates": found})
    assert page.count('class="halo-line"') == len({g.standard for g in gates})
    assert {s for step in steps for s in step["standards"]} == {g.standard for g in gates if g.verdict != "met"}


def test_each_measured_standard_says_what_to_do_where_it_is_not_met():
    assert [s.id for s in load().values() if s.evidence.kind == "measured" and not s.fix] == []


def test_a_house_may_say_where_its_handbook_stands(tmp_path, monkeypatch):
    file = tmp_path / "halo.toml"
    found = {"gates": [NOT_MET.to_dict()]}
    monkeypatch.setenv("HALO_CONFIG", str(file))
    file.write_text("[privacy]\nthreshold = 5\n")
    assert "://" not in first_screen(found)
    file.write_text('site = "https://handbook.example/halo/"\n')
    assert house().site == "https://handbook.example/halo"
    assert 'href="https://handbook.example/halo/s/CAL-004/"' in first_screen(found)
    for wrong in ("javascript:alert(1)", 'https://x.example/"onclick="', "handbook"):
        file.write_text(f"site = '{wrong}'\n")
        with pytest.raises(InvalidData, match="site"):
            house()


# The whole page


def shown(*outputs, about=None):
    """A code cell that shows these outputs."""
    cell = nbformat.v4.new_code_cell("show()")
    cell.outputs = [nbformat.v4.new_output("display_data", data=data, metadata=about or {}) for data in outputs]
    return cell


def gate_cell(*gates):
    return shown(*({"text/html": g._repr_html_(), MIME: {"shows": "gate", **g.to_dict()}} for g in gates))


def book_page(*cells):
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell(c) if isinstance(c, str) else c for c in cells]
    gates = [g for c in notebook.cells for o in c.get("outputs", []) for g in [o["data"].get(MIME)] if g]
    data = {"name": "team.csv", "items": 1500, "raters": 83, "judgments": 6000, "sample": False}
    return whole_page.page(notebook, "made", {"data": data, "gates": gates, "next": next_steps(gates)})


class Links(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.ids, self.to = [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.ids += [v for k, v in attrs if k == "id"]
        self.to += [v for k, v in attrs if k == "href"]


CAUTIONED = [held(s, 0.9, cautions=(FEW,)) for s in ("CAL-004", "CAL-026", "CAL-027")]


def test_a_caution_is_said_once_and_led_to_from_later_sections():
    page = book_page("# R", "## One", gate_cell(*CAUTIONED[:2]), "## *Two*", gate_cell(CAUTIONED[2]))
    assert page.count(str(FEW)) == 1
    assert page.count("A caution above holds here too.") == 1
    links = Links(page)
    assert len(links.ids) == len(set(links.ids))
    assert {to.removeprefix("#") for to in links.to} <= set(links.ids)
    assert {"#section-1", "#section-3", "#said-1"} <= set(links.to)
    assert ">Two</a>" in page


def test_a_reason_is_said_once_and_each_verdict_keeps_one():
    reason = NotEstimable("there is no `guideline` column")
    page = book_page("# R", "## One", gate_cell(*(gate(s, reason) for s in ("RUB-013", "RUB-032", "RUB-034"))))
    body = page[page.index('id="section-1"') :]
    assert body.count("there is no `guideline` column") == 1
    assert body.count("For a reason given above.") == 2


def test_cautions_in_lists_leave_no_empty_list():
    table = rendering.estimates({"a": CAUTIONED[0].estimate})
    page = book_page("# R", "## One", shown({"text/html": table}), shown({"text/html": table}))
    assert page.count(str(FEW)) == 1
    assert page.count("<ul") == 1 + page.count('<ul class="halo-verdicts"')


def test_a_long_table_of_gates_opens_with_the_worst():
    gates = [held("CAL-005", 0.95, subject="fine") for _ in range(40)] + [held("CAL-005", 0.5, subject="worst")]
    html, text = rendering.gate_table([g.to_dict() for g in gates])
    open_part, _, fold = html.partition("<details")
    assert "worst" in open_part
    assert open_part.count("<tr>") == 1 + rendering.FIRST_ROWS
    assert "35 more rows" in fold
    assert len(text.splitlines()) == 42


def test_a_tall_picture_is_folded_where_its_table_stands_beside_it(capsys):
    import matplotlib.pyplot as plt

    for inches, beside, folded in ((12, True, True), (12, False, False), (3, True, False)):
        figure = plt.figure(figsize=(6, inches))
        figure.text(0.1, 0.9, "high")
        figure.add_axes((0, 0, 1, 1))
        data, about = rendering.figure_bundle(figure, "Accuracy. 83 rows", beside_table=beside)
        page = book_page("# R", "## One", shown(data, about=about))
        assert ("<summary>Picture: Accuracy</summary>" in page) == folded


# In a browser


def team(raters=83, items=1500, labels=4, seed=83):
    """Six weeks of a team of two vendors, gold on a tenth of the items."""
    rng = np.random.default_rng(seed)
    scale = np.array(["poor", "fair", "good", "excellent"])
    truth, skill = rng.choice(4, items, p=[0.15, 0.3, 0.35, 0.2]), rng.beta(16, 3, raters)
    item = np.repeat(np.arange(items), labels)
    rater = np.concatenate([rng.choice(raters, labels, replace=False) for _ in range(items)])
    right = rng.random(item.size) < skill[rater]
    near = np.where(truth[item] == 0, 1, np.where(truth[item] == 3, 2, truth[item] + rng.choice([-1, 1], item.size)))
    day = pd.Timestamp("2026-03-02") + pd.to_timedelta(item * 42 // items, unit="D")
    return pd.DataFrame({
        "item_id": [f"i{k:04d}" for k in item],
        "rater_id": [f"w{k:02d}" for k in rater],
        "label": scale[np.where(right, truth[item], near)],
        "gold": np.where(item % 10 == 0, scale[truth[item]], ""),
        "vendor": np.where(rater < 45, "North", "South"),
        "rated_at": day.strftime("%Y-%m-%d"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def large(tmp_path_factory):
    """The calibration report on 83 raters."""
    folder = tmp_path_factory.mktemp("team")
    team().to_csv(folder / "team.csv", index=False)
    scale = ["poor", "fair", "good", "excellent"]
    made = reports.run("calibration", folder / "team.csv", folder, audience="operations", scale=scale, level="ordinal")
    return folder / "calibration.html", made


@pytest.fixture(scope="module")
def browser():
    if CHROMIUM is None:
        pytest.skip("no Chromium here: make tools")
    with running() as chromium:
        yield chromium


BOTTOMS = "all => all.map(e => e.getBoundingClientRect().bottom)"


def test_the_first_screen_answers(browser, tmp_path):
    every = [held(s.id, 0.5) for s in load().values() if s.evidence.kind == "measured"][:9]
    (tmp_path / "made.html").write_text(book_page("# A report", "## One", gate_cell(*every)), encoding="utf-8")
    page = browser.new_page(viewport={"width": 1280, "height": 900}, offline=True)
    page.goto((tmp_path / "made.html").as_uri())
    lines, steps = page.locator(".halo-line"), page.locator(".halo-front > ol > li")
    assert (lines.count(), steps.count()) == (9, min(3, len(next_steps([g.to_dict() for g in every]))))
    assert max(lines.evaluate_all(BOTTOMS) + steps.evaluate_all(BOTTOMS)) <= 900
    page.close()


def test_a_report_on_83_raters_is_short_and_answers_first(browser, large):
    file, made = large
    page = browser.new_page(viewport={"width": 1280, "height": 900}, offline=True)
    page.goto(file.as_uri())
    assert page.evaluate("document.documentElement.scrollHeight") <= 9 * 900
    seen = page.locator(".halo-front").evaluate_all(BOTTOMS)
    assert seen[0] <= 900
    for step in made["next"][:3]:
        assert page.get_by_text(step["what"]).first.is_visible()
        assert page.get_by_text(f"{step['by'].capitalize()} ({', '.join(step['standards'])})").is_visible()
    contents = page.get_by_role("navigation", name="Sections").get_by_role("link")
    assert contents.count() >= 8
    contents.last.click()
    assert page.locator("h2").last.evaluate("e => e.getBoundingClientRect().top") < 900
    assert not Links(file.read_text(encoding="utf-8")).to[0].startswith("http")
    page.set_viewport_size({"width": 390, "height": 844})
    assert not page.get_by_role("navigation", name="Sections").is_visible()
    assert page.locator(".halo-contents--narrow").is_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert max(page.locator(".halo-line").evaluate_all("all => all.map(e => e.offsetHeight)")) <= 130
    page.emulate_media(media="print")
    hidden = "all => all.filter(e => !e.checkVisibility()).length"
    assert page.locator("main details:not(.halo-contents) td").evaluate_all(hidden) == 0
    page.close()


def test_links_of_a_report_lead_somewhere(large):
    links = Links(large[0].read_text(encoding="utf-8"))
    assert all(to.startswith("#") for to in links.to)
    assert {to[1:] for to in links.to} <= set(links.ids)
    assert len(links.ids) == len(set(links.ids))
    texts = re.findall(r'class="halo-said"[^>]*>([^<]+)<', large[0].read_text(encoding="utf-8"))
    assert len(texts) == len(set(texts))
