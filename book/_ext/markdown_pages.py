"""Each page as Markdown beside its HTML: ``calibration.md`` for ``calibration.html``, for assistants and programs.

It is made from the page as it is written, so that the text, the numbers and the tables of standards stand in it as a
reader sees them. The code of chapters is left out. Links between pages lead to their Markdown.
"""

import re
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Comment, NavigableString, Tag
from sphinx.application import Sphinx

DROPPED = {"script", "style", "button", "colgroup"}
CODE = {"headerlink", "collapsed", "expanded", "hide"}
BLOCKS = {"p", "pre", "ul", "ol", "li", "dl", "dt", "dd", "table", "div", "section", "article", "details", "summary",
          "blockquote", "figure", "figcaption", "hr"}  # fmt: skip
BLOCKS |= {f"h{n}" for n in range(1, 7)}
MARKS = {"strong": "**", "b": "**", "em": "*", "i": "*", "cite": "*"}
TITLES = {"admonition-title", "sd-card-title"}
LOOSE = ",;()[]{}\"'|"
SIGNS = re.compile(r"[\\`*\[\]<]|(?<![^\W_])_|_(?![^\W_])|&(?=#?\w+;)")
STARTS = re.compile(r"^(?:(#{1,6}(?=\s|$)|[-+](?=\s|$)|>|-{3,}|~{3,})|(\d+)([.)])(?=\s|$))")
PAGE = re.compile(r"^((?:\.\./)*[^:#.]+)\.html(#.*)?$")  # a name with another dot is a file, not a page


def _dropped(node: Any) -> bool:
    """Whether a reader sees nothing of it, or it is the code behind a result."""
    if isinstance(node, Tag):
        return node.name in DROPPED or bool(CODE & set(node.get_attribute_list("class")))
    return isinstance(node, Comment)


def _plain(text: str) -> str:
    """Text whose signs mean nothing in Markdown."""
    return SIGNS.sub(r"\\\g<0>", re.sub(r"\s+", " ", text))


def _beside(page: re.Match[str]) -> str:
    return f"{page[1]}.md"


def _fenced(text: str, fence: str, around: str = "") -> str:
    """Code between signs that it does not hold itself."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(len(fence), longest + 1) if "`" in text else fence
    return f"{fence}{around}{text}{around}{fence}"


def _marked(text: str, mark: str) -> str:
    """Text between marks of emphasis, its blanks outside of them."""
    bare = text.strip()
    if not bare or bare[0] in LOOSE or bare[-1] in LOOSE:
        return text  # beside such signs a mark would be read as text
    at = text.index(bare)
    return f"{text[:at]}{mark}{bare}{mark}{text[at + len(bare) :]}"


def inline(node: Any) -> str:
    """What stands within a line."""
    if _dropped(node):
        return ""
    if isinstance(node, NavigableString):
        return _plain(node)
    if "math" in node.get_attribute_list("class"):
        return f"${' '.join(node.get_text().split())[2:-2].strip()}$"
    if node.name == "code":
        text = " ".join(node.get_text().split())
        return _fenced(text, "`", " " * ("`" in (text[:1], text[-1:])))
    within = "".join(map(inline, node.children))
    if node.name == "img":
        return f"![{_plain(str(node.get('alt', '')))}]({node.get('src')})"
    if node.name == "a" and within.strip() and not str(node.get("href", "#")).startswith("#"):
        return f"[{within}]({PAGE.sub(_beside, str(node['href'])).replace(' ', '%20')})"
    if node.name in ("br", "input"):
        return "<br>" if node.name == "br" else "[ ]"
    return _marked(within, MARKS[node.name]) if node.name in MARKS else within


def _indented(blocks: Iterable[str], first: str) -> str:
    """Blocks as one item of a list."""
    return first + re.sub(r"\n(?=.)", "\n" + " " * len(first), "\n\n".join(blocks))


def _table(node: Tag) -> list[str]:
    rows = [[_cell(cell) for cell in row.find_all(["td", "th"], recursive=False)] for row in node.find_all("tr")]
    wide = max(map(len, rows), default=0)
    rows = [row + [""] * (wide - len(row)) for row in rows]
    head = rows[:1] if node.find("thead") else [[""] * wide]
    lines = [f"| {' | '.join(row)} |" for row in [*head, ["---"] * wide, *rows[len(head) * bool(node.find("thead")) :]]]
    caption = node.find("caption")
    return [*([inline(caption).strip()] if caption else []), "\n".join(lines)] if wide else []


def _cell(cell: Tag) -> str:
    text = "<br>".join(re.sub(r"\n+", "<br>", block) for block in blocks(cell))
    return text.replace("|", r"\|")


def _items(node: Tag) -> list[str]:
    """A list, each item with its own blocks; terms and what they mean as one."""
    items: list[tuple[str, list[str]]] = []
    for at, child in enumerate(node.find_all(["li", "dt", "dd"], recursive=False), int(str(node.get("start", 1)))):
        if child.name == "dd" and items:
            items[-1][1].extend(blocks(child))
        elif "sig" in child.get_attribute_list("class"):
            items.append(("- ", [_fenced(" ".join(child.get_text().rstrip("#\n").split()), "`")]))
        else:
            items.append((f"{at}. " if node.name == "ol" else "- ", blocks(child) or [""]))
    loose = "\n\n" if any(len(held) > 1 for _, held in items) else "\n"
    return [loose.join(_indented(held, first) for first, held in items)] if items else []


def _block(node: Tag) -> list[str]:
    """One block of the page as blocks of Markdown."""
    kinds = set(node.get_attribute_list("class"))
    level = node.name[1:] if re.fullmatch("h[1-6]", node.name) else node.get("aria-level", "")
    if level:
        return [f"{'#' * min(6, int(str(level)))} {inline(node).strip()}"]
    if node.name == "pre":
        around = next(
            (str(c) for p in node.parents for c in p.get_attribute_list("class") if "highlight-" in str(c)), ""
        )
        language = around.removeprefix("highlight-").replace("default", "python").replace("none", "")
        return [_fenced(f"{language}\n{node.get_text().rstrip()}\n", "```")]
    if node.name == "table":
        return _table(node)
    if node.name in ("ul", "ol", "dl"):
        return _items(node)
    if "math" in kinds:
        return [f"$$\n{node.get_text().strip()[2:-2].strip()}\n$$"]
    if node.name == "summary" or kinds & TITLES:
        return [_marked(inline(node), "**").strip()]
    held = blocks(node)
    quoted = node.name == "blockquote" or "admonition" in kinds
    return ["\n".join(f"> {line}".rstrip() for line in "\n\n".join(held).split("\n"))] if quoted and held else held


def blocks(node: Tag) -> list[str]:
    """What an element holds as blocks of Markdown: paragraphs, headings, lists, tables, code."""
    made: list[str] = []
    line = ""
    for child in [*node.children, None]:
        if child is None or (
            isinstance(child, Tag) and (child.name in BLOCKS or any(one.name in BLOCKS for one in child.descendants))
        ):
            if text := line.strip():
                made.append(STARTS.sub(lambda m: f"\\{m[1]}" if m[1] else f"{m[2]}\\{m[3]}", text))
            line = ""
            made += _block(child) if isinstance(child, Tag) and not _dropped(child) else []
        else:
            line += inline(child)
    return made


def markdown(html: str) -> str:
    """A page's text as Markdown.

    >>> print(markdown("<h1>Audit<a class='headerlink'>#</a></h1><p>See <a href='drift.html#x'>drift</a>, 2 b.</p>"))
    # Audit
    <BLANKLINE>
    See [drift](drift.md), 2 b.
    <BLANKLINE>
    """
    return "\n\n".join(blocks(BeautifulSoup(html, "html.parser"))) + "\n"


def write(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    """Write the Markdown when the page is written, and name it in the page's head."""
    if app.builder.name == "html" and "body" in context:
        builder: Any = app.builder
        target = Path(builder.get_outfilename(pagename)).with_suffix(".md")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(markdown(context["body"]), "utf-8")
        link = f'<link rel="alternate" type="text/markdown" title="This page as Markdown" href="{target.name}" />'
        context["metatags"] = f"{context.get('metatags', '')}\n{link}"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", write, priority=950)
    written = zlib.crc32(Path(__file__).read_bytes())  # pages are written again when this file has changed
    return {"version": "1", "env_version": written, "parallel_read_safe": True, "parallel_write_safe": True}
