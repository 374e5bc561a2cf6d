"""Short public addresses: ``book/chapters/calibration/calibration`` is published as ``calibration.html``.

The folders say where a page is written; the address says only what it is about, so that a chapter may move to another
part without breaking a link. Two pages with one address stop the build.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.errors import ExtensionError
from sphinx.search import js_index

RESERVED = frozenset({"search", "genindex", "py-modindex"})


def flat(docname: str) -> str:
    """The address of a page, without its suffix.

    >>> flat("book/chapters/calibration/calibration"), flat("book/index"), flat("search")
    ('calibration', 'index', 'search')
    """
    return docname.rsplit("/", 1)[1] if docname.startswith("book/") else docname


def clashes(docnames: Iterable[str]) -> list[str]:
    """Addresses that two pages, or a page and a page of the builder's own, would share.

    >>> clashes(["book/drift", "book/chapters/calibration/drift", "book/search", "book/index"])
    ['drift', 'search']
    """
    counted = Counter(flat(name) for name in docnames)
    return sorted(name for name, n in counted.items() if n > 1 or name in RESERVED)


class FlatIndex:
    """The search index with public addresses on disk and document names in memory."""

    def __init__(self, env: Any) -> None:
        self.env = env

    def dump(self, data: dict[str, Any], stream: Any) -> None:
        stream.write(self.dumps(data))

    def dumps(self, data: dict[str, Any]) -> str:
        return str(js_index.dumps({**data, "docnames": [flat(name) for name in data["docnames"]]}))

    def load(self, stream: Any) -> dict[str, Any]:
        return self.loads(stream.read())

    def loads(self, text: str) -> dict[str, Any]:
        deep = {flat(name): name for name in self.env.found_docs}
        data: dict[str, Any] = js_index.loads(text)
        return {**data, "docnames": [deep.get(name, name) for name in data["docnames"]]}


def shorten(app: Sphinx) -> None:
    builder = app.builder
    if not isinstance(builder, StandaloneHTMLBuilder) or builder.name != "html":
        return

    def target(docname: str, typ: str | None = None) -> str:
        return quote(flat(docname)) + builder.link_suffix

    def outfile(pagename: str) -> str:
        return str(Path(builder.outdir) / (flat(pagename) + builder.out_suffix))

    builder.get_target_uri = target  # type: ignore[method-assign]
    builder.get_outfilename = outfile  # type: ignore[method-assign]
    builder.indexer_format = FlatIndex(app.env)


def check(app: Sphinx, env: Any) -> None:
    if found := clashes(env.all_docs):
        raise ExtensionError(f"several pages share an address: {', '.join(found)}")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("builder-inited", shorten, priority=100)
    app.connect("env-updated", check)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
