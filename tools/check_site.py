"""Whether a built site is whole: its pages exist, its links lead somewhere, and it loads nothing from another host.

Run as ``python tools/check_site.py _build/html``; prints each fault and ends with 1 when there is one.
"""

import re
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import yaml

ROOT = Path(__file__).resolve().parent.parent
LOADING = {
    ("script", "src"),
    ("img", "src"),
    ("iframe", "src"),
    ("source", "src"),
    ("link", "href"),
    ("object", "data"),
}
FOREIGN = re.compile(r"^(https?:)?//", re.IGNORECASE)
CSS_LOADS = re.compile(r"""(?:@import\s+(?:url\()?|url\()\s*["']?((?:https?:)?//[^"')\s]+)""", re.IGNORECASE)


class Page(HTMLParser):
    """Addresses and anchors of one page."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[str] = []
        self.loads: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.anchors |= {given[name] for name in ("id", "name") if given.get(name)}
        for name, value in given.items():
            if (tag, name) in LOADING and given.get("rel") not in ("canonical", "license", "author"):
                self.loads.append(value)
            if name == "href" and tag == "a":
                self.links.append(value)


def pages(site: Path) -> dict[str, Page]:
    return {
        path.relative_to(site).as_posix(): Page(path.read_text(encoding="utf-8"))
        for path in sorted(site.rglob("*.html"))
    }


def toc_files(node: Any) -> Iterator[str]:
    """Every file that a table of contents names.

    >>> list(toc_files({"root": "a", "parts": [{"chapters": [{"file": "b", "sections": [{"file": "c"}]}]}]}))
    ['a', 'b', 'c']
    """
    if isinstance(node, dict):
        for key, value in node.items():
            if key in ("root", "file"):
                yield value
            else:
                yield from toc_files(value)
    elif isinstance(node, list):
        for child in node:
            yield from toc_files(child)


def address(docname: str) -> str:
    return (docname.rsplit("/", 1)[1] if docname.startswith("book/") else docname) + ".html"


def missing_pages(site: Path, toc: Path) -> list[str]:
    wanted = [address(name) for name in toc_files(yaml.safe_load(toc.read_text(encoding="utf-8")))]
    return [f"{name}: listed in the table of contents, not built" for name in wanted if not (site / name).is_file()]


def broken_links(site: Path) -> list[str]:
    found = pages(site)
    faults = []
    for name, page in found.items():
        for link in {*page.links, *page.loads}:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc or not link:
                continue
            target = (site / name).parent / unquote(parts.path) if parts.path else site / name
            target = target.resolve()
            if not target.is_file():
                faults.append(f"{name}: {link} leads nowhere")
            elif parts.fragment and target.suffix == ".html":
                there = found.get(target.relative_to(site.resolve()).as_posix())
                if there and unquote(parts.fragment) not in there.anchors:
                    faults.append(f"{name}: {link} names an anchor that is not there")
    return sorted(faults)


def foreign_loads(site: Path) -> list[str]:
    """What a page or a style sheet would fetch from another host. A link to click is not a load."""
    faults = [
        f"{name}: loads {load}" for name, page in pages(site).items() for load in page.loads if FOREIGN.match(load)
    ]
    for path in sorted(site.rglob("*.css")):
        faults += [f"{path.relative_to(site)}: loads {load}" for load in CSS_LOADS.findall(path.read_text("utf-8"))]
    return faults


def faults(site: Path, toc: Path) -> list[str]:
    return [*missing_pages(site, toc), *broken_links(site), *foreign_loads(site)]


def main() -> int:
    site = Path(sys.argv[1] if len(sys.argv) > 1 else "_build/html")
    found = faults(site, ROOT / "_toc.yml")
    for fault in found:
        print(fault)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
