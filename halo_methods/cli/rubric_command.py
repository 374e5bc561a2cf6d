"""``halo rubric lint``."""

from pathlib import Path
from typing import Any

import click

from ..errors import InvalidData
from ..results import counted
from .answering import FINDINGS, FINE, Answer, Commands, ExistingFile, answering, problems_of


@click.group(cls=Commands)
def rubric() -> None:
    """Rubrics as files, held against the standards for rubric design."""


@rubric.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=ExistingFile())
@answering
def lint(files: tuple[str, ...]) -> Answer:
    """What a rubric lacks, with the standard, the line and the fix."""
    from ..rubric import lint

    results: list[dict[str, Any]] = []
    lines: list[str] = []
    for file in files:
        try:
            found = lint(Path(file))
        except InvalidData as invalid:
            refused = problems_of(invalid, file)
            results.append({**refused.result, "findings": []})
            lines += refused.lines
            continue
        results.append({"file": file, "problems": [], "findings": [one.to_dict() for one in found]})
        lines += [f"{file}: {counted(len(found), 'finding')}", *(f"  {one}" for one in found)]
    clean = not any(result["problems"] or result["findings"] for result in results)
    return Answer(results, lines, FINE if clean else FINDINGS)
