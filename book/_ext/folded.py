"""Code of the chapters is folded on the page: who wants it opens it; the numbers come first."""

import json

from sphinx.application import Sphinx

SHOWN = {"hide-cell", "hide-input", "remove-cell", "remove-input"}


def folded(text: str) -> str:
    """A notebook whose code cells are folded, but for those whose tags say otherwise.

    >>> folded('{"cells": [{"cell_type": "code", "metadata": {}}]}')
    '{"cells": [{"cell_type": "code", "metadata": {"tags": ["hide-input"]}}]}'
    """
    notebook = json.loads(text)
    for cell in notebook["cells"]:
        tags = cell["metadata"].get("tags", [])
        if cell["cell_type"] == "code" and not SHOWN & set(tags):
            cell["metadata"]["tags"] = [*tags, "hide-input"]
    return json.dumps(notebook)


def fold(app: Sphinx, docname: str, source: list[str]) -> None:
    if str(app.env.doc2path(docname)).endswith(".ipynb"):
        source[0] = folded(source[0])


def setup(app: Sphinx) -> dict[str, object]:
    app.connect("source-read", fold)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
