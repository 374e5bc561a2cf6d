"""Templates in the book: a ``{download}`` of ``data/templates/NAME.md`` offers it as three kinds of file.

The files are made when the pages are, with the numbers of the standards, and stand in ``templates/`` beside them.
"""

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import download_reference
from sphinx.application import Sphinx
from sphinx.util import logging

from halo_methods.errors import HaloError
from halo_methods.standards.templates import KINDS, blocks, folder, source, template, template_names

log = logging.getLogger(__name__)
CALLED = {".docx": "Word", ".xlsx": "Excel", ".md": "Markdown"}


def offer(app: Sphinx, doctree: nodes.document) -> None:
    """Put three links in the place of a download, before Sphinx copies the source."""
    up = "../" * app.builder.get_target_uri(app.env.docname).count("/")
    for node in list(doctree.findall(download_reference)):
        path = Path(app.env.relfn2path(node["reftarget"], app.env.docname)[1])
        if path.resolve().parent != folder().resolve() or path.stem not in template_names():
            continue
        try:
            blocks(source(path.stem))
        except HaloError as unfilled:
            log.warning("%s", unfilled, location=app.env.docname)
        made: list[nodes.Node] = [nodes.Text(f"{node.astext()} (")]
        for at, (kind, called) in enumerate(CALLED.items()):
            link = nodes.reference("", called, refuri=f"{up}templates/{path.stem}{kind}", internal=True)
            made += [nodes.Text(", ")] * bool(at) + [link]
        node.replace_self([*made, nodes.Text(")")])


def write(app: Sphinx, problem: Exception | None) -> None:
    """Write every template as each kind of file."""
    if problem is not None or app.builder.format != "html":
        return
    target = Path(app.outdir, "templates")
    target.mkdir(exist_ok=True)
    for name in template_names():
        for kind in KINDS:
            (target / f"{name}{kind}").write_bytes(template(name, kind))


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("doctree-read", offer, priority=400)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
