"""``halo rubric lint | render | diff``."""

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from ..atomic_files import write_files
from ..errors import InvalidData
from ..results import counted
from .answering import FINDINGS, FINE, Answer, Commands, ExistingFile, answering, problems_of, reading_options


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


def _moment(context: click.Context, option: click.Parameter, text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text) if text else None
    except ValueError:
        at = datetime.min
    if at and at.tzinfo is None:
        raise click.BadParameter(f"{text!r} is no moment with an offset; write it as 2026-11-11T09:00+01:00")
    return at


@rubric.command()
@click.argument("old", metavar="OLD", type=RubricFile())
@click.argument("new", metavar="NEW", type=RubricFile())
@click.option("--out", metavar="DIR", help="Folder for the notice in each language, with its check and its answers.")
@click.option(
    "--effective", callback=_moment, metavar="MOMENT", help="From when NEW binds; otherwise the day it names."
)
@click.option("--data", type=ExistingFile(), metavar="FILE", help="Judgments: lists those given without a pass.")
@click.option(
    "--passes", type=ExistingFile(), metavar="FILE", help="Columns rater_id, guideline, passed_at; for --data."
)
@reading_options
@answering
def diff(
    old: str, new: str, out: str | None, effective: datetime | None, data: str | None, passes: str | None,
    reading: dict[str, Any],
) -> Answer:  # fmt: skip
    """What a new version changes, for whom, and which judgments still compare."""
    from ..guideline_changes import change_notices, compare_rubrics, labels_without_pass
    from ..judgments import read_judgments
    from ..judgments.files import read_raw
    from ..judgments.spreadsheets import table_text
    from ..rubric import read_rubric

    if (data is None) != (passes is None):
        raise click.UsageError("--data FILE and --passes FILE go together")
    rubrics = []
    for file in (old, new):
        try:
            rubrics.append(read_rubric(Path(file)))
        except InvalidData as invalid:
            return problems_of(invalid, file)
    found = compare_rubrics(*rubrics)
    result, lines, status = found.to_dict(), str(found).split("\n"), FINDINGS if found.findings else FINE
    files = change_notices(found, effective=effective) if out else {}
    if data and passes:
        held = labels_without_pass(
            read_judgments(data, **reading), read_raw(passes).frame, version=found.new.version,
            effective=effective or found.new.effective,
        )  # fmt: skip
        result, lines = {**result, "labels_without_pass": held.to_dict()}, [*lines, *str(held).split("\n")]
        status = FINDINGS if len(held.labels) else status
        files |= {"labels_without_pass.csv": table_text(held.labels)} if out else {}
    written = write_files(
        {Path(out or "") / name: text for name, text in files.items()}, private=("labels_without_pass.csv",)
    )
    return Answer({**result, "files": list(map(str, written))}, [*lines, *map(str, written)], status)
