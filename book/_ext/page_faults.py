"""What the theme's pages lack to be whole from a disk, without a network and for assistive technology.

MathJax is copied from its wheel. A figure carries its alternative text and keeps its proportions on a narrow screen.
The corner cell of a data table is not an empty heading; the boxes of a checklist and the toggles of the sidebar have a
name. Entries of the bibliography are items of its list. The sidebar's mark is a landmark of its own, in
``_templates/home-link.html``. Templates and source maps of the themes are taken out of the site.
"""

from importlib.util import find_spec
from pathlib import Path
from shutil import copyfile, copytree
from typing import Any

MATHJAX = ("tex-chtml.js", "output/chtml/fonts", "input/tex/extensions")
LEFTOVERS = ("*webpack-macros.html", "*.map")
# Search shows a summary of each hit by fetching its page, which a browser refuses to pages opened from a disk.
NO_FETCH_FROM_DISK = 'DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";'


def mathjax_folder() -> Path:
    spec = find_spec("sphinx-mathjax-offline")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the book needs the sphinx-mathjax-offline package")
    return Path(spec.origin).parent / "static" / "mathjax"


def copy_mathjax(app: Any, exception: Exception | None) -> None:
    if exception is not None or app.builder.format != "html":
        return
    target = Path(app.outdir) / "_static" / "mathjax"
    for name in MATHJAX:
        source = mathjax_folder() / name
        if source.is_dir():
            copytree(source, target / name, dirs_exist_ok=True)
        else:
            target.mkdir(parents=True, exist_ok=True)
            copyfile(source, target / name)


def remove_leftovers(app: Any, exception: Exception | None) -> None:
    """Take away what the themes leave in a site for their own build: templates with raw Jinja, and source maps."""
    if exception is None and app.builder.format == "html":
        for pattern in LEFTOVERS:
            for path in (Path(app.outdir) / "_static").rglob(pattern):
                path.unlink()


def fix(body: str) -> str:
    """Data tables without empty headings, boxes of checklists with a name.

    >>> fix('<tr><th></th><th>rater</th></tr>')
    '<tr><td></td><th>rater</th></tr>'
    """
    box = '<input class="task-list-item-checkbox"'
    return (
        body.replace("<th></th>", "<td></td>")
        .replace('<th class="head"><p></p></th>', '<td class="head"></td>')
        .replace(box, f'{box} aria-label="Done"')
        .replace('role="doc-biblioentry"', 'role="listitem"')
    )


def fixed_body(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if "body" in context:
        context["body"] = fix(context["body"])


def named_toggles(navigation: Any) -> Any:
    """The sidebar's tree of pages, whose toggles say what they do."""

    def tree(*given: Any, **options: Any) -> str:
        return str(navigation(*given, **options)).replace("<summary>", '<summary aria-label="Pages under this one">')

    return tree


def mend_sidebar(app: Any, pagename: str, templatename: str, context: dict[str, Any], doctree: Any) -> None:
    if "generate_toctree_html" in context:
        context["generate_toctree_html"] = named_toggles(context["generate_toctree_html"])


def restyled(app: Any, env: Any, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """The first page, where only a style sheet or script changed: Sphinx copies those when it writes a page."""
    if app.builder.format != "html":
        return []
    built = Path(app.outdir) / "_static"
    folders = [Path(app.srcdir) / folder for folder in app.config.html_static_path]
    sheets = [path for folder in folders for kind in ("*.css", "*.js") for path in folder.glob(kind)]
    stale = [s for s in sheets if not (built / s.name).is_file() or (built / s.name).read_bytes() != s.read_bytes()]
    return [app.config.root_doc] if stale and app.config.root_doc in env.all_docs else []


def described(render: Any) -> Any:
    """MyST-NB's rendering of an image, with the ``alt`` that the output's metadata holds and no fixed height."""

    def render_image(self: Any, data: Any) -> Any:
        made = render(self, data)
        alt = data.output_metadata.get(data.mime_type, {}).get("alt")
        for image in made:
            if alt:
                image["alt"] = alt
                image.attributes.pop("height", None)
        return made

    return render_image


def setup(app: Any) -> dict[str, Any]:
    from myst_nb.core.render import NbElementRenderer

    NbElementRenderer.render_image = described(NbElementRenderer.render_image)
    app.add_config_value("comments_config", {}, "")  # set by Jupyter Book whether or not comments are loaded
    app.add_js_file(None, body=NO_FETCH_FROM_DISK, priority=300)
    app.config.mathjax_path = "mathjax/tex-chtml.js"
    app.connect("env-get-outdated", restyled)
    app.connect("html-page-context", fixed_body)
    app.connect("html-page-context", mend_sidebar, priority=900)
    app.connect("build-finished", copy_mathjax)
    app.connect("build-finished", remove_leftovers)
    return {"version": "1", "env_version": 3, "parallel_read_safe": True, "parallel_write_safe": True}
