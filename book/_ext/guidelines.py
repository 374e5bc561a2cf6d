"""The guideline of each rubric in ``data/rubrics`` as pages of the book, and what else it renders to as files.

``{guidelines}`` is a table of them. Pages and files stand in ``guidelines/``: one page for all markets, and one a
market. Nothing of them is kept in the repository: they are made from the rubrics when the book is.
"""

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from halo_methods.rubric import TARGETS, Rubric, read_rubric, render
from halo_methods.rubric.paper import article
from halo_methods.rubric.renders import InMarket, file_stem

ROOT = Path(__file__).resolve().parents[2]
FOLDER = "guidelines"
FILES = {
    "To print or send": {"guideline.html": "guideline", "card.html": "card on one page"},
    "To practise": {"quiz.json": "items", "quiz-answers.json": "answers"},
    "For tools": {
        "label-studio.xml": "Label Studio", "argilla.json": "Argilla", "inspect.py": "Inspect",
        "prompt.md": "prompt of a judge", "schema.json": "schema of its answer",
    },
}  # fmt: skip


def rubrics() -> list[Rubric]:
    """The shipped rubrics, by name."""
    return [read_rubric(path) for path in sorted((ROOT / "data" / "rubrics").glob("*.yml"))]


def markets(rubric: Rubric, folder: str = "", here: str | None = "") -> str:
    """Links to the pages of a rubric's markets; the page itself is none."""
    shown = []
    for market in [None, *rubric.markets]:
        text = market or "all markets"
        link = f'<a href="{folder}{file_stem(rubric, market)}.html">{text}</a>'
        shown.append(f"<strong>{text}</strong>" if market == here else link)
    return ", ".join(shown)


class Guidelines(SphinxDirective):
    def run(self) -> list[nodes.Node]:
        for folder in ("data/rubrics", "halo_methods/rubric"):
            for path in sorted((ROOT / folder).glob("*.*")):
                self.env.note_dependency(str(path))
        rows = "".join(
            f'<tr><th scope="row">{escape(r.title)}</th><td>{r.unit}, {r.seconds} seconds</td>'
            f"<td>{', '.join(escape(c.name) for c in r.criteria)}</td><td>{markets(r, FOLDER + '/')}</td></tr>"
            for r in rubrics()
        )
        head = "".join(f'<th scope="col">{h}</th>' for h in ("rubric", "one item", "criteria", "guideline for"))
        table = f'<table class="halo-table"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>'
        html = f'<div class="halo-scroll" role="group" tabindex="0" aria-label="Guidelines">{table}</div>'
        return [nodes.raw("", html, format="html")]


def page(rubric: Rubric, market: str | None) -> tuple[str, dict[str, Any], str]:
    """The page of a guideline: its address, title and text, with links under its heading."""
    links = [f"<p>For {markets(rubric, here=market)}.</p>"] + [
        f"<p>{kind}: "
        + ", ".join(f'<a href="{file_stem(rubric, market)}.{end}">{text}</a>' for end, text in files.items())
        + ".</p>"
        for kind, files in FILES.items()
    ]
    nav = f'</h1>\n<nav class="halo-guideline-links" aria-label="Guidelines and files">{"".join(links)}</nav>'
    body = article(InMarket(rubric, market), "guideline.md.j2").replace("</h1>", nav, 1)
    title = f"Guideline: {rubric.title}" + (f", {market}" if market else "")
    return f"{FOLDER}/{file_stem(rubric, market)}", {"title": title, "body": body}, "page.html"


def pages(app: Sphinx) -> list[tuple[str, dict[str, Any], str]]:
    """The page of each rubric for all markets, and for each."""
    return [page(rubric, market) for rubric in rubrics() for market in [None, *rubric.markets]]


def write(app: Sphinx, problem: Exception | None) -> None:
    """Write what each rubric renders to."""
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for rubric in rubrics():
        for market in [None, *rubric.markets]:
            for to in TARGETS:
                for name, text in render(rubric, to, market=market).items():
                    (folder / name).write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("guidelines", Guidelines)
    app.connect("html-collect-pages", pages)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
