"""``halo read EXPORT… --from TOOL --out FILE`` and ``halo write FILE --to TOOL``; see `halo_methods.exports`."""

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..atomic_files import write_files
from ..errors import BadOption, InvalidData
from ..results import counted
from .answering import Answer, Command, ExistingFile, answering, listed, pairs, problems_of, reading_options, several

if TYPE_CHECKING:
    from ..exports import Export

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
    """Make a tool's export a table, one row per judgment; of a localization file (xliff, po, termbase) its items."""
    from ..exports import TOOLS, read_export, read_units, recognise
    from ..exports.localization_units import KINDS, kind_of
    from ..exports.opened_files import ExportFile

    if Path(out).resolve() in {Path(file).resolve() for file in (*files, gold or files[0])}:
        raise BadOption(f"--out {out} would overwrite what is read; choose another file")
    if tool is None:
        first = ExportFile.at(files[0], xml=True)
        tool = kind_of(first) or recognise(first)
    if tool is None:
        names = ", ".join([*TOOLS, *KINDS])
        raise BadOption(f"no tool is known to write {Path(files[0]).name}; name one: --from {names}")
    try:
        if tool in KINDS:
            how = ("columns", "encoding", "sheet", "delimiter")
            if odd := [f for f, value in {**options, "gold": gold}.items() if value and f not in how]:
                raise BadOption(f"--{odd[0].replace('_', '-')} is for judgments, and {KINDS[tool]} holds items")
            export = read_units(files, tool, **{name: options[name] for name in how})
            return _items(export, out, tool)
        export = read_export(files, tool, **options)
        export = export.with_gold(gold, gold_columns) if gold else export
    except InvalidData as invalid:
        return problems_of(invalid, Path(files[0]).name if len(files) == 1 else "the export")
    following = f"halo check {shlex.quote(str(export.write(out)))}"
    result = {"file": out, "from": tool, "counts": export.counts, "notes": list(export.notes), "next": following}
    counts = [f"{name}: {n:,}" for name, n in export.counts.items()]
    return Answer(result, [out, f"read as {TOOLS[tool].title}", *counts, *export.notes, f"next: {following}"])


def _items(export: "Export", out: str, kind: str) -> Answer:
    """What is said of items, which no report reads."""
    export.write(out)
    counts = [f"{name}: {n:,}" for name, n in export.counts.items()]
    result = {"file": out, "from": kind, "counts": export.counts, "notes": list(export.notes)}
    return Answer(result, [out, *counts, *export.notes])


@click.command(cls=Command)
@click.argument("file", type=ExistingFile())
@click.option("--to", required=True, metavar="TOOL", help="label-studio or argilla.")
@click.option("--out", required=True, metavar="FILE", help="The tasks, as JSON.")
@click.option("--show", **several(listed), metavar="A,B", help="Columns that hold the item itself.")
@click.option("--to-name", default="item", metavar="NAME", help="Of the tag that shows the item, in Label Studio.")
@reading_options
@answering
def write(file: str, to: str, out: str, reading: dict[str, Any], **options: Any) -> Answer:
    """Judgments as tasks for a tool: pre-filled answers, and gold."""
    from ..exports import as_tasks
    from ..judgments import read_judgments

    if Path(out).resolve() == Path(file).resolve():
        raise BadOption(f"--out {out} would overwrite what is read; choose another file")
    text = as_tasks(read_judgments(file, **reading), to, **options)
    n = len(json.loads(text))
    write_files({out: text}, private=(Path(out).name,))
    return Answer({"file": out, "to": to, "tasks": n}, [out, f"{counted(n, 'task')} for {to}"])
