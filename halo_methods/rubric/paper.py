"""A page of a rubric as HTML: each text in its language, examples folded on a screen, laid out for paper."""

from html import escape
from itertools import pairwise
from pathlib import Path

from .renders import InMarket, pages

FOLDED = "Examples with their reasons"


def article(made: InMarket, template: str) -> str:
    """What a template of pages says, a section per heading; the worked examples are folded.

    Examples
    --------
    >>> from halo_methods.rubric import read_rubric
    >>> made = InMarket(read_rubric(Path("data/rubrics/agent_task.yml")), "fr-FR")
    >>> print(article(made, "card.md.j2")[:35])
    <section>
    <h1>A travel agent's task
    """
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark")
    tokens, parts = reader.parse(made.spoken().page(template)), []
    starts = [at for at, token in enumerate(tokens) if token.type == "heading_open" and token.tag == "h2"]
    for start, end in pairwise([0, *starts, len(tokens)]):
        head, rest = (reader.renderer.render(some, reader.options, {}) for some in
                      (tokens[start : start + 3], tokens[start + 3 : end]))  # fmt: skip
        if tokens[start + 1].content == FOLDED:
            count = sum(token.type == "heading_open" for token in tokens[start + 3 : end])
            rest = f'<details class="halo-fold"><summary>{count} examples</summary>\n{rest}</details>\n'
        parts.append(f"<section>\n{head}{rest}</section>\n")
    return "".join(parts)


def document(made: InMarket, template: str) -> str:
    """The same as a file of its own, which needs nothing else."""
    title = made.rubric.title + (f", {made.market}" if made.market else "")
    sheet = pages(Path(__file__).parent, str).get_template("paper.html.j2")
    text: str = sheet.render(title=escape(title), article=article(made, template))
    return text
