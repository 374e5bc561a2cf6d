"""``halo read EXPORT… --from TOOL --out FILE``; what it does is in `halo_methods.exports`."""

import shlex
from pathlib import Path
from typing import Any

import click

from ..errors import BadOption, InvalidData
from .answering import Answer, Command, ExistingFile, answering, listed, pairs, problems_of, several

_DATES = "How the tool wrote moments, such as day-first or 'month-first America/New_York'; its own way unless told."
_FIELDS = "Which field of the task each name is; another name becomes a column. May be repeated."


@click.command(cls=Command)
@click.argument("files", metavar="EXPORT…", type=ExistingFile(), nargs=-1, required=True)
@click.option("--from", "tool", metavar="TOOL", help="Such as label-studio; told from the file unless given.")
@click.option("--out", required=True, metavar="FILE", help="The table: .csv, .parquet or .jsonl.")
@click.option("--columns", **several(pairs), metavar="NAME=FIELD,…", help=_FIELDS)
@click.option("--criteria", **several(listed), metavar="A,B", help="The questions to keep; all unless told.")
@click.option("--rater-from", type=click.Choice(["file"]), help="Name the rater by the file: one file per rater.")
@click.option("--gold", type=ExistingFile(), metavar="FILE", help="People's answers, joined by item_id.")
@click.option("--gold-columns", **several(pairs), metavar="NAME=COLUMN,…", help="Its item_id, label and criterion.")
@click.option("--dates", metavar="FORM [ZONE]", help=_DATES)
@click.option("--encoding", metavar="NAME", default="utf-8", help="Of a table's text.")
@click.option("--sheet", metavar="NAME", help="Of a workbook; the first that is not hidden unless told.")
@click.option("--delimiter", metavar="SIGN", help="Between cells: comma, semicolon, tab, bar, blanks, or a sign.")
@answering
def read(
    files: tuple[str, ...], tool: str | None, out: str, gold: str | None, gold_columns: dict[str, str], **options: Any
) -> Answer:
    """Make a tool's export a table, one row per judgment."""
    from ..exports import TOOLS, read_export, recognise

    if Path(out).resolve() in {Path(file).resolve() for file in (*files, gold or files[0])}:
        raise BadOption(f"--out {out} would overwrite what is read; choose another file")
    tool = tool or recognise(files[0])
    if tool is None:
        raise BadOption(f"no tool is known to write {Path(files[0]).name}; name one: --from {', '.join(TOOLS)}")
    try:
        export = read_export(files, tool, **options)
        export = export.with_gold(gold, gold_columns) if gold else export
    except InvalidData as invalid:
        return problems_of(invalid, Path(files[0]).name if len(files) == 1 else "the export")
    following = f"halo check {shlex.quote(str(export.write(out)))}"
    result = {"file": out, "from": tool, "counts": export.counts, "notes": list(export.notes), "next": following}
    counts = [f"{name}: {n:,}" for name, n in export.counts.items()]
    return Answer(result, [out, f"read as {TOOLS[tool].title}", *counts, *export.notes, f"next: {following}"])
