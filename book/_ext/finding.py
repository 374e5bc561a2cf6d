"""What the search finds first: standards by identifier, pages by the words people use, chapters before the API.

Sphinx' own search does the work, and it needs no server. This adds to its index the page of each standard, the words
of the glossary, and the entries of ``book/search_words.yml``: page or standard -> words a reader types. An unknown
page there stops the build. Letters with accents may be typed without.
"""

import unicodedata
import zlib
from pathlib import Path
from typing import Any

import yaml
from flat_urls import FlatIndex, flat
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.search.en import SearchEnglish
from standards import page_of

from halo_methods.standards import Standard, house

WORDS = "book/search_words.yml"


def spellings(name: str) -> list[str]:
    """How people type an identifier.

    >>> spellings("CAL-004")
    ['cal-004', 'cal 004', 'cal004']
    """
    return [name.lower().replace("-", between) for between in ("-", " ", "")]


def plain(text: str) -> str:
    """A text without accents, as it is typed on another keyboard; a single letter stays what it is.

    >>> plain("você"), plain("größe"), plain("ñ")
    ('voce', 'grosse', 'ñ')
    """
    bare = "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))
    return bare.replace("ß", "ss") if len(text) > 1 else text


class Index(FlatIndex):
    """The index as it is published, with standards and words added; as it is read back, without them."""

    def __init__(self, env: Any, standards: list[Standard], words: dict[str, list[str]]) -> None:
        super().__init__(env)
        self.lang, self.standards, self.words = SearchEnglish({}), standards, words

    def dumps(self, data: dict[str, Any]) -> str:
        names = [*data["docnames"], *(page_of(s.id) for s in self.standards)]
        titles = [*data["titles"], *(f"{s.id} {s.title}" for s in self.standards)]
        where = {flat(name): i for i, name in enumerate(names)}
        entries = {entry: list(places) for entry, places in data["indexentries"].items()}
        terms = {word: [held] if isinstance(held, int) else list(held) for word, held in data["terms"].items()}
        for word in [accented for accented in terms if plain(accented) != accented]:
            terms[plain(word)] = sorted({*terms.get(plain(word), []), *terms[word]})
        for page, words in self.words.items():
            for word in {spelled for typed in words for spelled in (typed.lower(), plain(typed.lower()))}:
                entries.setdefault(word, []).append((where[page], "", True))
        for (kind, term), (page, place) in self.env.get_domain("std").objects.items():
            meaning = (where[flat(page)], place, True)
            if kind == "term" and meaning not in entries.setdefault(term.lower(), []):  # kept from a page just written
                entries[term.lower()].append(meaning)
        for s in self.standards:
            at = where[page_of(s.id)]
            for spelling in spellings(s.id):
                entries.setdefault(spelling, []).append((at, "", True))
            for word in set(map(self.lang.stem, self.lang.split(f"{s.title} {s.statement} {s.why}".lower()))):
                if self.lang.word_filter(word):
                    terms.setdefault(word, []).append(at)
        more = {"docnames": names, "titles": titles, "filenames": [*data["filenames"], *[""] * len(self.standards)]}
        return super().dumps({**data, **more, "indexentries": entries, "terms": terms})

    def loads(self, text: str) -> dict[str, Any]:
        data = super().loads(text)
        kept = sum(not name.startswith("s/") for name in data["docnames"])  # those added stand last
        ours = {word: [i for i in ([held] if isinstance(held, int) else held) if i < kept]
                for word, held in data["terms"].items()}  # fmt: skip
        cut = {key: data[key][:kept] for key in ("docnames", "titles", "filenames")}
        return {**data, **cut, "terms": ours}


def prepare(app: Sphinx, env: Any) -> None:
    words = yaml.safe_load(Path(app.srcdir, WORDS).read_text("utf-8"))
    register = house().register()
    if wrong := sorted(set(words) - {flat(name) for name in env.all_docs} - set(register)):
        raise ExtensionError(f"{WORDS} names pages that there are not: {', '.join(wrong)}")
    if app.builder.name == "html":
        builder: Any = app.builder
        pages = {page_of(name) if name in register else name: typed for name, typed in words.items()}
        builder.indexer_format = Index(env, list(register.values()), pages)


def _stale(app: Sphinx, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Where words or files of the pages' look have changed, one page is read again, so that they are published."""
    static = sorted(Path(app.srcdir, "book", "_static").glob("*"))
    held = zlib.crc32(b"".join(path.read_bytes() for path in (Path(__file__), Path(app.srcdir, WORDS), *static)))
    before, env.halo_finding = getattr(env, "halo_finding", None), held
    return [str(app.config.root_doc)] if before != held else []


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("env-get-outdated", _stale)
    app.connect("env-updated", prepare)  # before the index is read or written
    app.add_js_file("finding.js")
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
