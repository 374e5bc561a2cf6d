"""Exercises on pages, and as notebooks to download.

``{exercise} agreement`` gives the link to the learner's notebook, and folds a hint and the solution of each task.
The notebooks stand in ``exercises/`` and are made from ``data/exercises`` when the book is. None is kept in the
repository, so that none is older than its solution.
"""

from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from halo_methods.reports import places
from halo_methods.reports.exercises import handout, tasks

FOLDER = "exercises"


class Exercise(SphinxDirective):
    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        (name,) = self.arguments
        self.env.note_dependency(str(places.exercise_file(name)))
        file = f"{FOLDER}/{name}.ipynb"
        link = nodes.reference("", f"{name}.ipynb", refuri=file, internal=True)
        command = nodes.literal(text=f"halo exercise {name} --out exercises")
        shown: list[nodes.Node] = [
            nodes.paragraph("", "", nodes.Text("Exercise: "), link, nodes.Text(", or "), command)
        ]
        for kind in ("Hints", "Solution"):
            shown.append(nodes.raw("", f'<details class="halo-fold"><summary>{kind}: {name}</summary>', format="html"))
            for task, known in tasks(name).items():
                if kind == "Hints":
                    html = f"<p><code>{escape(task)}</code>: {escape(known.hint)}</p>".replace("`", "")
                    shown.append(nodes.raw("", html, format="html"))
                else:
                    shown.append(nodes.literal_block(known.solution, known.solution, language="python"))
            shown.append(nodes.raw("", "</details>", format="html"))
        return shown


def write(app: Sphinx, problem: Exception | None) -> None:
    """Write the learner's notebook of each exercise."""
    if problem is not None or app.builder.format != "html":
        return
    folder = Path(app.outdir, FOLDER)
    folder.mkdir(exist_ok=True)
    for name in places.exercise_names():
        (folder / f"{name}.ipynb").write_text(handout(name), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_directive("exercise", Exercise)
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
