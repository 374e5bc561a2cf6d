"""``halo rubric lint`` and ``halo rubric render``."""

from pathlib import Path
from typing import Any

import click

from ..atomic_files import write_files
from ..errors import InvalidData
from ..results import counted
from .answering import FINDINGS, FINE, Answer, Commands, ExistingFile, answering, problems_of


class RubricFile(ExistingFile):
    """A rubric's file, or the name of one: in the working folder, or shipped."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        from ..reports import places

        return super().convert(str(places.rubric(str(value))), param, ctx)


@click.group(cls=Commands)
def rubric() -> None:
    """Rubrics as files, held against the standards for rubric design."""


@rubric.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True, type=RubricFile())
@answering
def lint(files: tuple[str, ...]) -> Answer:
    """What a rubric lacks, with the standard, the line and the fix. An unknown FILE lists the rubrics there are."""
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


@rubric.command()
@click.argument("file", metavar="FILE", type=RubricFile())
@click.option("--to", required=True, metavar="TARGET", help="Such as judge-prompt or guideline; a wrong one lists all.")
@click.option("--market", metavar="fr-FR", help="Adds the market's guideline, names of labels and examples.")
@click.option("--out", required=True, metavar="DIR", help="Folder for the files, each named after the rubric.")
@answering
def render(file: str, to: str, market: str | None, out: str) -> Answer:
    """The rubric for raters, a tool or a model."""
    from ..rubric import read_rubric, render

    try:
        made = read_rubric(Path(file))
    except InvalidData as invalid:
        return problems_of(invalid, file)
    files = write_files({Path(out) / name: text for name, text in render(made, to, market=market).items()})
    return Answer({"file": file, "to": to, "files": list(map(str, files))}, map(str, files))
