"""The built site: whole, at short addresses, and free of other hosts. Built by `make book`."""

import json
import re
from pathlib import Path
from types import SimpleNamespace

import check_site
import flat_urls
import page_faults
import pytest
import yaml

from halo_methods.standards import load

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build" / "html"
TOC = ROOT / "_toc.yml"

built = pytest.mark.skipif(not (SITE / "index.html").is_file(), reason="the book is not built: make book")


@pytest.fixture
def small(tmp_path):
    """A site of two pages that link to each other and load one style sheet."""
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static" / "a.css").write_text("body { background: url(data:image/png;base64,AA) }", encoding="utf-8")
    link = '<link rel="stylesheet" href="_static/a.css?v=1"><a href="https://example.org/">elsewhere</a>'
    (tmp_path / "index.html").write_text(f'{link}<a href="drift.html#use">x</a>', encoding="utf-8")
    (tmp_path / "drift.html").write_text(f'{link}<h2 id="use">x</h2><a href="#use">x</a>', encoding="utf-8")
    (tmp_path / "toc.yml").write_text(
        "format: jb-book\nroot: book/index\nchapters:\n- file: book/chapters/calibration/drift\n", encoding="utf-8"
    )
    return tmp_path


def test_a_whole_site_has_no_faults(small):
    assert check_site.faults(small, small / "toc.yml") == []


@pytest.mark.parametrize(
    ("page", "text", "fault"),
    [
        ("index.html", '<a href="gone.html">x</a>', "leads nowhere"),
        ("index.html", '<a href="drift.html#gone">x</a>', "names an anchor"),
        ("index.html", '<img src="_images/gone.png">', "leads nowhere"),
        ("index.html", '<script src="https://cdn.example.org/a.js"></script>', "loads https"),
        ("drift.html", '<link rel="stylesheet" href="//fonts.example.org/a.css">', "loads //"),
        ("_static/a.css", '@import "https://example.org/a.css";', "loads https"),
        ("_static/a.css", "@font-face { src: url('//example.org/a.woff2') }", "loads //"),
    ],
)
def test_each_fault_of_a_site_is_found(small, page, text, fault):
    with (small / page).open("a", encoding="utf-8") as file:
        file.write(text)
    (found,) = check_site.faults(small, small / "toc.yml")
    assert fault in found


def test_a_page_that_was_not_built_is_found(small):
    (small / "drift.html").unlink()
    assert "drift.html: listed in the table of contents, not built" in check_site.faults(small, small / "toc.yml")


def test_addresses_are_those_that_the_table_of_contents_promises():
    for name in check_site.toc_files(yaml.safe_load(TOC.read_text(encoding="utf-8"))):
        assert flat_urls.flat(name) + ".html" == check_site.address(name)


def test_a_style_sheet_that_changed_alone_is_built(tmp_path):
    for folder in ("book/_static", "out/_static"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "a.css").write_text("body {}", encoding="utf-8")
    config = SimpleNamespace(html_static_path=["book/_static"], root_doc="book/index")
    app = SimpleNamespace(
        builder=SimpleNamespace(format="html"), outdir=tmp_path / "out", srcdir=tmp_path, config=config
    )
    env = SimpleNamespace(all_docs={"book/index": 0})
    assert page_faults.restyled(app, env, set(), set(), set()) == []
    (tmp_path / "book/_static/a.css").write_text("body { color: red }", encoding="utf-8")
    assert page_faults.restyled(app, env, set(), set(), set()) == ["book/index"]


def test_the_themes_leave_no_template_and_no_source_map(tmp_path):
    kept = ["_static/a.js", "_static/scripts/a.css", "_static/page.html", "site.map"]
    left = ["_static/webpack-macros.html", "_static/sbt-webpack-macros.html", "_static/scripts/a.js.map"]
    for name in (*kept, *left):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    page_faults.remove_leftovers(SimpleNamespace(builder=SimpleNamespace(format="html"), outdir=tmp_path), None)
    assert sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*.*")) == sorted(kept)


def test_search_index_keeps_its_names_through_disk():
    class Environment:
        found_docs = frozenset({"book/index", "book/chapters/calibration/drift"})

    index = flat_urls.FlatIndex(Environment())
    data = {"docnames": ["book/chapters/calibration/drift", "book/index"], "terms": {"drift": [0, 1]}}
    assert '"docnames":["drift","index"]' in index.dumps(data).replace(" ", "")
    assert index.loads(index.dumps(data)) == data


def test_no_bibliography_entry_or_checkbox_without_a_role_or_name():
    fixed = page_faults.fix('<input class="task-list-item-checkbox" type="checkbox"><div role="doc-biblioentry">')
    assert 'aria-label="Done"' in fixed
    assert "doc-biblioentry" not in fixed


@built
def test_every_page_is_there():
    assert check_site.missing_pages(SITE, TOC) == []


@built
def test_every_internal_link_leads_somewhere():
    assert check_site.broken_links(SITE) == []


@built
def test_nothing_is_loaded_from_another_host():
    assert check_site.foreign_loads(SITE) == []


@built
def test_no_template_and_no_source_map_of_a_theme_is_published():
    assert [path.name for pattern in page_faults.LEFTOVERS for path in SITE.rglob(pattern)] == []


@built
def test_addresses_are_short():
    assert not (SITE / "book").exists()
    pages = [path.relative_to(SITE) for path in SITE.rglob("*.html") if "_static" not in path.parts]
    assert {path.parts[0] for path in pages if len(path.parts) > 1} == {"guidelines", "s"}
    assert {path.parts[1] for path in pages if path.parts[0] == "s"} == set(load())


@built
def test_search_leads_to_pages_that_exist():
    text = (SITE / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(re.fullmatch(r"Search\.setIndex\((.*)\)", text, re.DOTALL)[1])
    assert index["docnames"]
    assert [name for name in index["docnames"] if not (SITE / f"{name}.html").is_file()] == []


@built
def test_pages_carry_no_interactive_service():
    for path in SITE.glob("*.html"):
        text = path.read_text(encoding="utf-8").lower()
        assert "thebe" not in text, path.name
        assert "mybinder" not in text, path.name


@built
def test_mathematics_is_served_from_the_site():
    assert (SITE / "_static" / "mathjax" / "tex-chtml.js").is_file()
    loads = [load for page in check_site.pages(SITE).values() for load in page.loads if "mathjax" in load.lower()]
    assert all(load.startswith("_static/mathjax/") for load in loads)


@built
def test_pages_hold_no_failed_cell_and_no_role_left_in_words():
    for path in SITE.glob("*.html"):
        text = path.read_text(encoding="utf-8")
        assert 'class="output traceback' not in text, path.name
        assert not re.search(r"\{(?:doc|ref|std|term|cite)\}<code", text), path.name


@built
def test_every_figure_says_in_words_what_it_shows():
    images = [
        (page.name, alt)
        for page in sorted(SITE.glob("*.html"))
        for alt in re.findall(r'<img[^>]*alt="([^"]*)"[^>]*src="_images/', page.read_text("utf-8"))
    ]
    assert len(images) > 10
    assert [(page, alt) for page, alt in images if len(alt) < 30 or alt.startswith("_images/")] == []
