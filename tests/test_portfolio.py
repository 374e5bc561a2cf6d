"""Many plans on one page."""

from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

from plans import MONITOR, PLANS, REGISTER, SAFETY, TODAY, excepted, plan, put

from halo_methods.standards import portfolio


class Outline(HTMLParser):
    """Counts tags and keeps the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_portfolio_shows_what_is_open(tmp_path: Path) -> None:
    late = put(plan(MONITOR), "title", "<script>alert(1)</script>")
    late = put(put(late, "sample.per_market", 100), "exceptions", excepted("DAT-004", TODAY + timedelta(days=9)))
    broken = tmp_path / "broken.yml"
    broken.write_text("a: [", encoding="utf-8")
    page = portfolio([*PLANS.values(), late, put(plan(SAFETY), "raters.overlap", 2), broken], REGISTER, today=TODAY)
    seen = Outline(page)
    for words in (
        "2026-12-03", "DAT-004", "CAL-021", "CAL-005", "broken.yml", "not yet recorded", "llm_judge, week 45",
        "No signal in the four weeks after.", "<script>alert(1)</script>", "6 plans on 2026-11-24; 4 clean.",
    ):  # fmt: skip
        assert words in seen.text, words
    tags = [tag for tag, _ in seen.tags]
    assert not {"script", "link", "img", "iframe"} & set(tags)
    assert "http" not in page.replace("http-equiv", "")
    assert tags.count("h1") == tags.count("main") == 1
    assert all("scope" in attributes for tag, attributes in seen.tags if tag == "th")
    assert ("html", {"lang": "en"}) in seen.tags


def test_portfolio_of_nothing_says_so() -> None:
    assert "No plan could be read." in portfolio([], REGISTER, today=TODAY)
