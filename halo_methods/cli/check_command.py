"""``halo check FILE``: every problem with its row, or what was read."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import click

from ..errors import InvalidData
from ..results import counted
from .answering import FINDINGS, Answer, ExistingFile, answering
from .reading_options import in_shell, reading_options


@click.command()
@click.argument("file", type=ExistingFile())
@reading_options
@answering
def check(file: str, reading: dict[str, Any]) -> Answer:
    """List every problem of a file, with its row."""
    from ..judgments import read_judgments

    name = Path(file).name
    try:
        judgments = read_judgments(file, **reading)
    except InvalidData as invalid:
        return problems_of(invalid, name)
    source = judgments.source
    sizes = ((judgments.n_items, "item"), (judgments.n_raters, "rater"), (judgments.n_judgments, "judgment"))
    result = {"file": name, "problems": [], **source.to_dict(), **{f"{noun}s": n for n, noun in sizes}}
    del result["name"]
    lines = [
        f"{name}: no problems",
        f"  {source.rows_read:,} rows read, {source.rows_used:,} used",
        *(f"  {n:,} dropped: {reason}" for reason, n in source.dropped.items()),
        "  " + ", ".join(counted(n, noun) for n, noun in sizes),
        *(f"  note: {note}" for note in source.notes),
    ]
    return Answer(result, "\n".join(lines))


def problems_of(invalid: InvalidData, name: str, after: str = "") -> Answer:
    """All problems of a file, their options as they are typed here."""
    lines = [f"{name}: {counted(len(invalid.problems), 'problem')}{after}"]
    lines += [f"  {problem.text(in_shell)}" for problem in invalid.problems]
    return Answer({"file": name, "problems": [asdict(p) for p in invalid.problems]}, "\n".join(lines), FINDINGS)
