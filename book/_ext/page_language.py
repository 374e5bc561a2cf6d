"""Pages in another language than the book's: the front matter of a page names it, as ``lang: fr``.

The page then carries that ``lang``, and the theme's strings come in that language, from the themes' own catalogues and
from ``book/interface.yml``. The sidebar stays English and says so. Pages whose names differ only by the language
(``rater_path``, ``rater_path_fr``) link to each other, in their heads and under the heading. The search finds such a
page by its title only, because its index is of English words.
"""

import gettext
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import pydata_sphinx_theme
import sphinx
import sphinx_book_theme
from sphinx.application import Sphinx

from halo_methods.documents import read

WORDS = Path(__file__).resolve().parents[1] / "interface.yml"
CATALOGUES = {
    "sphinx": (Path(pydata_sphinx_theme.__file__).parent / "locale", Path(sphinx.__file__).parent / "locale"),
    "booktheme": (Path(sphinx_book_theme.get_html_theme_path()) / "static" / "locales",),
}
BOOK = "en"


@cache
def interface() -> dict[str, dict[str, Any]]:
    """The words of each language, by its tag."""
    return dict(read(WORDS).content)


def language(env: Any, docname: str) -> str:
    """The language of a page.

    >>> from types import SimpleNamespace
    >>> language(SimpleNamespace(metadata={"a": {"lang": "pt-BR"}}), "a"), language(SimpleNamespace(metadata={}), "b")
    ('pt-BR', 'en')
    """
    return str((env.metadata.get(docname) or {}).get("lang", BOOK))


def suffix(tag: str) -> str:
    """What the name of a page in a language ends with.

    >>> suffix("en"), suffix("fr"), suffix("pt-BR")
    ('', '_fr', '_pt')
    """
    return "" if tag == BOOK else f"_{tag.partition('-')[0]}"


def family(env: Any, docname: str) -> dict[str, str]:
    """The same page in each language it has, itself included, in the order of ``interface.yml``."""
    stem = docname.removesuffix(suffix(language(env, docname)))
    names = {tag: stem + suffix(tag) for tag in interface()}
    return {tag: name for tag, name in names.items() if name in env.all_docs and language(env, name) == tag}


class Ours(gettext.NullTranslations):
    """The theme's strings that ``interface.yml`` has; the others are looked up in the themes' catalogues."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.theme = interface()[tag]["theme"]

    def gettext(self, message: str) -> str:
        return self.theme.get(message) or super().gettext(message)


@cache
def catalogue(domain: str, tag: str) -> gettext.NullTranslations:
    """A theme's translations, ours before its own; what has none stays English."""
    tags, made = [tag.replace("-", "_"), tag.partition("-")[0]], Ours(tag)
    for place in CATALOGUES[domain]:
        made.add_fallback(gettext.translation(domain, place, tags, fallback=True))
    return made


def links(env: Any, docname: str, address: Any) -> tuple[str, str]:
    """Links to the page in other languages: for its head, and under its heading."""
    pages = family(env, docname)
    if len(pages) < 2:
        return "", ""
    here, words = language(env, docname), interface()
    head = "\n".join(f'<link rel="alternate" hreflang="{tag}" href="{address(name)}" />' for tag, name in pages.items())
    named = [(tag, address(name), escape(words[tag]["name"])) for tag, name in pages.items() if tag != here]
    shown = ", ".join(f'<a href="{to}" hreflang="{tag}" lang="{tag}">{name}</a>' for tag, to, name in named)
    return head, f'<p class="halo-languages">{escape(interface()[here]["also_in"])} {shown}</p>'


def in_english(navigation: Any) -> Any:
    """The sidebar's tree of pages, which says that it is in English."""

    def tree(*given: Any, **options: Any) -> str:
        return f'<div lang="{BOOK}">{navigation(*given, **options)}</div>'

    return tree


def spoken(app: Sphinx, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    here = language(app.env, pagename)
    install: Any = app.builder.templates.environment.install_gettext_translations  # type: ignore[attr-defined]
    install(app.translator if here == BOOK else catalogue("sphinx", here))
    if doctree is None or "lang" not in (app.env.metadata.get(pagename) or {}):
        return
    head, body = links(app.env, pagename, lambda name: app.builder.get_relative_uri(pagename, name))
    context["metatags"] = f"{context.get('metatags', '')}\n{head}"
    context["body"] = context["body"].replace("</h1>", f"</h1>\n{body}", 1)
    if here != BOOK:
        search = interface()[here]["theme"]["Search the handbook"]
        context |= {"language": here, "translate": catalogue("booktheme", here).gettext, "prev": None, "next": None}
        context["theme_search_bar_text"] = search
        context["generate_toctree_html"] = in_english(context["generate_toctree_html"])


def unsearched(app: Sphinx, doctree: Any) -> None:
    """A page of other words than English ones stays out of the index, its title apart."""
    if language(app.env, app.env.docname) != BOOK:
        app.env.metadata[app.env.docname]["nosearch"] = "true"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", unsearched)
    app.connect("html-page-context", spoken, priority=910)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
