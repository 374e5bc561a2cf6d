"""``halo exercise``."""

from pathlib import Path

import click

from ..atomic_files import write_files
from .answering import Answer, answering


@click.command()
@click.argument("name", metavar="NAME")
@click.option(
    "--out", required=True, metavar="DIR", help="Folder for the notebook. A notebook of that name is replaced."
)
@answering
def exercise(name: str, out: str) -> Answer:
    """An exercise as a notebook, to solve and to check there. An unknown NAME lists the exercises there are."""
    from ..reports.exercises import handout

    files = write_files({Path(out) / f"{name}.ipynb": handout(name)})
    return Answer({"exercise": name, "files": list(map(str, files))}, map(str, files))
